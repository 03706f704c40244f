#ifndef BASE_ASSET_H
#define BASE_ASSET_H

/*
 * A file that is compiled into the program: a page, a script, an example.  Tables of them are made
 * from files of the tree by embed_files (cmake/embed.cmake), end with a row without a path, and
 * live as long as the process.  Who uses a table declares it: `extern const struct asset NAME[];`.
 */

#include "base/slice.h"

/* Of `etag`, after its quote, in a URL that never names other bytes: ?v=0123456789abcdef. */
#define ASSET_DIGITS 16

struct asset {
    const char *path; /* of a URL: "/example/app.mjs"; NULL ends a table */
    const char *name; /* of the file: "app.mjs" */
    const char *type; /* Content-Type */
    const char *etag; /* of the bytes, strong, with its quotes */
    struct slice bytes;
};

#endif
