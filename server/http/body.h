#ifndef HTTP_BODY_H
#define HTTP_BODY_H

/* Bodies that come compressed: Content-Encoding gzip (or deflate in its zlib form). */

#include "request.h"

/* Replaces request->body by what it is inflated; nothing to do without Content-Encoding.
 * PROBLEM_NONE, ENCODING (not known), BAD_ENCODED, TOO_LARGE (over route->body_max), INTERNAL. */
enum problem body_decode(struct request *request);

#endif
