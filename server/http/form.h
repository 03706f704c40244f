#ifndef HTTP_FORM_H
#define HTTP_FORM_H

/* Bodies of analytics SDKs that hold JSON in a form: `data=` and base64 of it, percent-encoded, as
 * older browsers and PostHog's pages send them without a preflight. */

#include "request.h"

/* Replaces request->body by the JSON in it where it begins with `data=`, as no JSON does.
 * PROBLEM_NONE, BAD_ENCODED, INTERNAL. */
enum problem form_unwrap(struct request *request);

#endif
