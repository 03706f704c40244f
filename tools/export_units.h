#ifndef TOOLS_EXPORT_UNITS_H
#define TOOLS_EXPORT_UNITS_H

#include "options.h"

/* A row a unit of `--experiment`: NOT_FOUND without such an experiment. */
MUST_CHECK enum status export_units(const struct options *options, const char *path,
                                    struct error *error);
/* A row an exposure as received, of `--experiment` or of all. */
MUST_CHECK enum status export_exposures(const struct options *options, const char *path,
                                        struct error *error);

#endif
