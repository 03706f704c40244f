#ifndef TOOLS_IMPORT_URL_H
#define TOOLS_IMPORT_URL_H

#include "options.h"

/* `import --url`: sends the files to a running server; the exit status. */
int import_to_server(const struct options *options);

/* Of all files that are named; 0 where one is a pipe, whose end nobody knows. */
uint64_t import_bytes(const struct options *options);

#endif
