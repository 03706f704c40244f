#ifndef REPORT_PAINT_H
#define REPORT_PAINT_H

/*
 * Lines for a terminal: columns, clipping, wrapping, colour, bars.  For server/report alone.
 *
 * A painter knows in which column it stands.  Texts of other people go through paint_text or
 * paint_clipped: control characters, escapes, bidirectional overrides and bad UTF-8 become '?', so
 * no name can move the cursor, colour the screen or fake a line.
 */

#include "base/buffer.h"

#include <stdarg.h>

enum paint_style {
    PAINT_PLAIN,
    PAINT_BOLD,
    PAINT_DIM,
    PAINT_GOOD,
    PAINT_BAD,
    PAINT_WARN,
    PAINT_NOTE,
    PAINT_STYLE_COUNT
};

struct painter {
    struct buffer *out;
    unsigned columns;
    bool color;
    unsigned at; /* column of the next character, from 0 */
};

void paint_style(struct painter *painter, enum paint_style style); /* PLAIN ends one */
void paint_text(struct painter *painter, struct slice text);
void paint_clipped(struct painter *painter, struct slice text, unsigned width);
void paint_format(struct painter *painter, const char *format, ...) PRINTF_LIKE(2, 3);
void paint_to(struct painter *painter, unsigned column); /* spaces up to there, at least none */
/* So that its last character stands before `column`. */
void paint_right(struct painter *painter, struct slice text, unsigned column);
void paint_end(struct painter *painter); /* ends the line */
/* A paragraph from the present column on, its lines indented by `indent`, and the line's end. */
void paint_wrapped(struct painter *painter, struct slice text, unsigned indent);
/* Columns that the text takes, as paint_text writes it. */
unsigned paint_width(struct slice text);

/* An interval with its estimate on a scale from low to high, and where 0 is. */
struct paint_bar {
    double low, high;    /* of the scale; low < high */
    double from, to, at; /* the interval and its estimate */
    unsigned width;
};
void paint_bar(struct painter *painter, const struct paint_bar *bar);

#endif
