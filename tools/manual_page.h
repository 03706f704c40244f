#ifndef TOOLS_MANUAL_PAGE_H
#define TOOLS_MANUAL_PAGE_H

/*
 * How a page of the manual is set: as text for a terminal, or as roff for man(1).  The two forms
 * differ in how a heading, a paragraph and an item are set, and in nothing else, so a page is
 * written by one walk.
 */

#include "base/buffer.h"

struct page {
    struct buffer *out;
    bool is_roff;
};

/* The head of a page in roff, which says what it was made from: "the command's own tables". */
void page_title(struct page *page, const char *name, const char *section, const char *made_from);
void page_heading(struct page *page, const char *text);
void page_name(struct page *page, const char *name, const char *summary);
void page_add(struct page *page, struct slice text); /* escaped, where it stands */
/* Lines as they are, indented by eight in text; between these two. */
void page_verbatim_begin(struct page *page);
void page_verbatim(struct page *page, struct slice line);
void page_verbatim_end(struct page *page);
/* Paragraphs, with empty lines between them; a line that begins with a blank is laid out: it stays
 * a line of its own.  Indented by four in text. */
void page_paragraphs(struct page *page, const char *text);
/* A term with what it means below it. */
void page_item(struct page *page, const char *term, const char *meaning);

#endif
