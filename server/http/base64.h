#ifndef HTTP_BASE64_H
#define HTTP_BASE64_H

/* Base64 (RFC 4648, 4) as clients send it: the padding at the end may be missing. */

#include "base/slice.h"

/* Decodes into `out`, which has room for text.size bytes; the size of what came of it in *size.
 * `space_is_plus`: of a form, where a plus that was not percent-encoded reads as a space.  False
 * where it is no base64; *size is then untouched. */
bool base64_decode(struct slice text, bool space_is_plus, char *out, size_t *size);

#endif
