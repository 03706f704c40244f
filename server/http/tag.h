#ifndef HTTP_TAG_H
#define HTTP_TAG_H

/* Entity tags (RFC 9110, 8.8.3). */

#include "base/slice.h"

/* Whether a header If-None-Match names the tag, quotes included (RFC 9110, 13.1.2): a list, `*`,
 * and W/ makes no difference. */
bool tag_matches(struct slice header, struct slice tag);

/* A strong tag of an answer's bytes, with its quotes. */
#define TAG_TEXT_SIZE 36
void tag_format(struct slice body, char text[static TAG_TEXT_SIZE]);

#endif
