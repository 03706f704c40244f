/*
 * The two forms of a page: manual_page.h.
 *
 * Roff reads a line that begins with `.` or `'` as a request and `\` as an escape, and groff may
 * turn `-`, `'`, `` ` ``, `^` and `~` into typographic ones: all of them are escaped
 * (groff_char(7)), so that what a page shows can be copied into a shell.
 */

#include "manual_page.h"

#include "manual.h"

#include <ctype.h>
#include <string.h>

void page_add(struct page *page, struct slice text)
{
    static const struct {
        char byte;
        const char *roff;
    } escapes[] = {{'\\', "\\(rs"}, {'-', "\\-"},   {'\'', "\\(aq"}, {'`', "\\(ga"},
                   {'^', "\\(ha"},  {'~', "\\(ti"}, {'"', "\\(dq"}};
    for (size_t i = 0; i < text.size; i++) {
        size_t row = 0;
        while (row < sizeof escapes / sizeof *escapes && escapes[row].byte != text.data[i])
            row++;
        if (page->is_roff && row < sizeof escapes / sizeof *escapes)
            buffer_add(page->out, slice_of(escapes[row].roff));
        else if (page->is_roff && i == 0 && text.data[0] == '.')
            buffer_format(page->out, "\\&.");
        else
            buffer_add_byte(page->out, text.data[i]);
    }
}

void page_heading(struct page *page, const char *text)
{
    if (page->is_roff)
        buffer_format(page->out, ".SH %s\n", text);
    else
        buffer_format(page->out, "%s%s\n", page->out->size ? "\n" : "", text);
}

static void add_line(struct page *page, struct slice line)
{
    if (page->is_roff && line.size)
        buffer_format(page->out, "\\&"); /* a blank at the beginning is a request to break */
    page_add(page, line);
    buffer_add_byte(page->out, '\n');
}

void page_verbatim_begin(struct page *page)
{
    buffer_format(page->out, page->is_roff ? ".PP\n.nf\n.RS 4\n" : "\n");
}

void page_verbatim(struct page *page, struct slice line)
{
    if (!page->is_roff && line.size)
        buffer_format(page->out, "        ");
    add_line(page, line);
}

void page_verbatim_end(struct page *page)
{
    buffer_format(page->out, page->is_roff ? ".RE\n.fi\n" : "");
}

/* The lines up to an empty one, or one that is laid out, as one paragraph; gives what follows. */
static const char *add_filled(struct page *page, const char *text)
{
    size_t column = 4;
    struct buffer filled = {0};
    while (*text && *text != '\n' && *text != ' ') {
        size_t size = strcspn(text, "\n");
        buffer_format(&filled, "%s%.*s", filled.size ? " " : "", (int)size, text);
        text += size + (text[size] == '\n');
    }
    buffer_add_byte(&filled, '\0');
    buffer_format(page->out, "    ");
    if (filled.failed)
        page->out->failed = true;
    else
        manual_wrap(page->out, filled.data, &column, 4);
    buffer_done(&filled);
    return text;
}

static void text_paragraphs(struct page *page, const char *text)
{
    while (*text) {
        size_t size = strcspn(text, "\n");
        if (size && *text != ' ') {
            text = add_filled(page, text);
            continue;
        }
        buffer_format(page->out, "%s%.*s\n", size ? "    " : "", (int)size, text);
        text += size + (text[size] == '\n');
    }
}

void page_paragraphs(struct page *page, const char *text)
{
    bool is_laid_out = false;
    if (!page->is_roff) {
        text_paragraphs(page, text);
        return;
    }
    buffer_format(page->out, ".PP\n");
    while (*text) {
        struct slice line = {.data = text, .size = strcspn(text, "\n")};
        bool lays_out = line.size && line.data[0] == ' ';
        if (lays_out != is_laid_out)
            buffer_format(page->out, lays_out ? ".nf\n" : ".fi\n");
        is_laid_out = lays_out;
        if (line.size)
            add_line(page, line);
        else
            buffer_format(page->out, ".PP\n");
        text += line.size + (text[line.size] == '\n');
    }
    if (is_laid_out)
        buffer_format(page->out, ".fi\n");
}

void page_item(struct page *page, const char *term, const char *meaning)
{
    if (page->is_roff) {
        buffer_format(page->out, ".TP\n\\fB");
        page_add(page, slice_of(term));
        buffer_format(page->out, "\\fR\n");
        page_add(page, slice_of(meaning));
        buffer_add_byte(page->out, '\n');
        return;
    }
    size_t column = 8;
    buffer_format(page->out, "    %s\n        ", term);
    manual_wrap(page->out, meaning, &column, 8);
}

void page_title(struct page *page, const char *name, const char *section, const char *made_from)
{
    if (!page->is_roff)
        return;
    buffer_format(page->out,
                  ".\\\" Made by `gangway help --man` from %s.\n"
                  ".TH \"",
                  made_from);
    for (const char *c = name; *c; c++)
        page_add(page,
                 (struct slice){.data = &(char){(char)toupper((unsigned char)*c)}, .size = 1});
    buffer_format(page->out, "\" \"%s\" \"\" \"gangway %s\" \"Gangway\"\n.nh\n.ad l\n", section,
                  GANGWAY_VERSION);
}

void page_name(struct page *page, const char *name, const char *summary)
{
    struct buffer line = {0};
    page_heading(page, "NAME");
    buffer_format(&line, "%s - %s", name, summary);
    if (page->is_roff) { /* apropos reads it: a bare \- between name and summary */
        page_add(page, buffer_slice(&line));
        buffer_add_byte(page->out, '\n');
    } else {
        buffer_add_byte(&line, '\0');
        page_paragraphs(page, line.failed ? "" : line.data);
    }
    buffer_done(&line);
}
