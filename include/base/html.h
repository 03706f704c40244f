#ifndef BASE_HTML_H
#define BASE_HTML_H

/*
 * Text within HTML: the one function that every name, sentence and attribute goes through.  What
 * comes out holds no markup wherever it stands: between tags, or in an attribute within quotes.
 */

#include "base/buffer.h"

/* Escapes & < > " and '; control characters, and those that turn the text beside them around,
 * become U+FFFD. */
void html_safe(struct buffer *out, struct slice text);
/* The same within <bdi>: a name whose letters run from right to left moves nothing beside it. */
void html_safe_name(struct buffer *out, struct slice name);

#endif
