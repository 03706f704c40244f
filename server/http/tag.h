#ifndef HTTP_TAG_H
#define HTTP_TAG_H

/* Entity tags (RFC 9110, 8.8.3). */

#include "base/slice.h"

/* Whether a header If-None-Match names the tag, quotes included (RFC 9110, 13.1.2): a list, `*`,
 * and W/ makes no difference. */
bool tag_matches(struct slice header, struct slice tag);

#endif
