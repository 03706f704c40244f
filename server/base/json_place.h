#ifndef BASE_JSON_PLACE_H
#define BASE_JSON_PLACE_H

/* Where in a JSON text something is, for the errors of json.c and json_scan.c. */

#include "base/slice.h"

struct json_place {
    int line;   /* from 1 */
    int column; /* from 1, in bytes */
};

struct json_place json_place_of(struct slice text, size_t at);

#endif
