#ifndef HTTP_OPENAPI_H
#define HTTP_OPENAPI_H

/*
 * The service as an OpenAPI 3.1 document (GET /openapi.json), made from the table of routes and the
 * JSON files of server/http/openapi/, which are compiled into the program.
 *
 * From the table, so that no route can be missing and none can be described otherwise than it is:
 * path, method, path parameters, summary, who may call it, how large a body may be, and the errors
 * that any route of that kind may give.  From the files: schemas, parameters of the query, bodies,
 * answers, examples.
 *
 *     paths*.json        {"POST /v1/assign": operation | "GET /other": the same as that one}
 *     all others         {"schemas": {...}, "responses": {...}, ...}: merged into `components`
 *
 * An operation of a file may have every member of an OpenAPI operation; its `responses` come before
 * those of the table.  tests/service/test_openapi.py refuses a route without one.
 */

#include "base/arena.h"
#include "base/buffer.h"
#include "routes.h"

/* Appends the document of that table.  INVALID (with the file's name) where a file can't be read,
 * NO_MEMORY. */
MUST_CHECK enum status openapi_write(const struct route *table, const char *version,
                                     struct buffer *out, struct error *error);

#endif
