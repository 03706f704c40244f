#ifndef HTTP_BODY_H
#define HTTP_BODY_H

/* Bodies that come compressed: Content-Encoding gzip (or deflate in its zlib form), or gzip without
 * a header that says so; and JSON in a form (form.h). */

#include "request.h"

/* Replaces request->body by the JSON that it stands for.
 * PROBLEM_NONE, ENCODING (not known), BAD_ENCODED, TOO_LARGE (over route->body_max), INTERNAL. */
enum problem body_decode(struct request *request);

#endif
