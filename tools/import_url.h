#ifndef TOOLS_IMPORT_URL_H
#define TOOLS_IMPORT_URL_H

#include "options.h"

/* `import --url`: sends the files to a running server; the exit status. */
int import_to_server(const struct options *options);

#endif
