#ifndef REPORT_TEXT_COLUMNS_H
#define REPORT_TEXT_COLUMNS_H

/*
 * The table of the metrics: its columns, and what its lines, those of the segments and those over
 * time write in them.  For server/report/text_*.c alone.
 */

#include "text_parts.h"

/* On a wide line; on a narrow one all but the first move left by NARROW_SHIFT. */
enum column {
    COLUMN_NAME = 2,
    COLUMN_UNITS = 28, /* right edges up to CHANGE */
    COLUMN_VALUE = 36,
    COLUMN_CHANGE = 44,
    COLUMN_INTERVAL = 46,
    COLUMN_SHRUNKEN = 53, /* right edge, of segments alone */
    COLUMN_BAR = 55,      /* theirs */
    COLUMN_P = 64
};
#define WIDE_COLUMNS 76
#define NARROW_SHIFT 10
#define NAME_WIDTH 17
#define BAR_WIDTH_MAX 34u

static inline unsigned shift_of(const struct painter *painter)
{
    return painter->columns < WIDE_COLUMNS ? NARROW_SHIFT : 0;
}

static inline unsigned column_at(const struct painter *painter, enum column column)
{
    return (unsigned)column - (column == COLUMN_NAME ? 0 : shift_of(painter));
}

/* A bar that begins there, as wide as there is room. */
static inline struct paint_bar bar_from(const struct painter *painter, unsigned column)
{
    unsigned room = painter->columns > column ? painter->columns - column : 1;
    return (struct paint_bar){.width = room < BAR_WIDTH_MAX ? room : BAR_WIDTH_MAX};
}

/* text_metrics.c */
void bar_add(struct paint_bar *bar, const struct shown *shown); /* widens the scale to hold it */
void paint_shown_bar(struct painter *painter, const struct paint_bar *scale,
                     const struct shown *shown);
void paint_value(struct painter *painter, enum metric_kind kind, const struct value *variant,
                 unsigned column);
void paint_change(struct painter *painter, enum metric_kind kind, double difference,
                  enum column column);

/* text_segments.c, text_looks.c: below the comparisons of a goal. */
void text_segments(struct painter *painter, const struct value *metric,
                   const struct value *document);
void text_looks(struct painter *painter, const struct value *metric);

#endif
