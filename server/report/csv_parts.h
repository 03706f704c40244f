#ifndef REPORT_CSV_PARTS_H
#define REPORT_CSV_PARTS_H

/* Fields and lines of a table, and the tables of the report.  For server/report alone. */

#include "base/buffer.h"
#include "base/value.h"

/* What a cell may be read from; NULL: it has no such part, the cell is empty. */
enum csv_source {
    CSV_DOCUMENT,
    CSV_METRIC,
    CSV_SEGMENT,    /* of `segments`: NULL for the whole */
    CSV_VALUE,      /* of a segment's `values` */
    CSV_VARIANT,    /* of the document's `variants`: exposed, control */
    CSV_FIGURE,     /* of the metric's or the value's `variants` */
    CSV_COMPARISON, /* of their `comparisons`; NULL for the control */
    CSV_ITEM,       /* the line's own: a step, a day, a point, a test */
    CSV_SOURCE_COUNT
};

enum csv_part {
    CSV_WHOLE,
    CSV_LOW, /* of an interval */
    CSV_HIGH,
    CSV_PRESENT, /* TRUE where it is there, FALSE where it is null */
    CSV_ALL      /* `(all)` where the source is NULL */
};

struct csv_line {
    const struct value *sources[CSV_SOURCE_COUNT];
};

struct csv_column {
    const char *name;
    enum csv_source source;
    const char *path; /* members by dots */
    enum csv_part part;
    bool has_other; /* where `source` is NULL, the other is read */
    enum csv_source other;
};

#define CSV_CELL(header, of, members)                                                              \
    {                                                                                              \
        .name = header, .source = of, .path = members                                              \
    }
#define CSV_PART(header, of, members, which)                                                       \
    {                                                                                              \
        .name = header, .source = of, .path = members, .part = which                               \
    }
#define CSV_EITHER(header, of, or_of, members)                                                     \
    {                                                                                              \
        .name = header, .source = of, .path = members, .has_other = true, .other = or_of           \
    }

struct csv_table {
    const char *name;
    const struct csv_column *columns; /* ended by a row without a name */
    void (*write)(struct buffer *out, const struct csv_table *table, const struct value *document);
};
extern const struct csv_table csv_tables[]; /* in the order of render_tables */

void csv_line_write(struct buffer *out, const struct csv_table *table, const struct csv_line *line);
/* One field, quoted where it must be; missing or null: nothing. */
void csv_field(struct buffer *out, const struct value *value);
/* The member of `list` whose member `name` is that text, or NULL. */
const struct value *csv_named(const struct value *list, const char *name, struct slice text);

/* csv_health.c */
extern const struct csv_column csv_health_columns[];
void csv_health(struct buffer *out, const struct csv_table *table, const struct value *document);

/* What every table begins with: of which report its lines are. */
#define CSV_REPORT_COLUMNS                                                                         \
    CSV_CELL("experiment", CSV_DOCUMENT, "experiment"), CSV_CELL("phase", CSV_DOCUMENT, "phase"),  \
        CSV_CELL("as_of", CSV_DOCUMENT, "as_of"),                                                  \
        CSV_CELL("watermark", CSV_DOCUMENT, "delivery.watermark"),                                 \
        CSV_CELL("definition", CSV_DOCUMENT, "definition")

#endif
