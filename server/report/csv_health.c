/*
 * The table `health`: a line for every figure of the document's member `health`, also for those
 * that are null.  `figure` is its path without the names of things (`sample_ratio.p`,
 * `outside.forced`, `unknown_traits`), `of` the thing that it is about (a variant, a segment, a
 * trait, a source); a number or a boolean stands in `value` (0 and 1), anything else in `text`.  A
 * list of texts is a line each, an empty one no line.
 */

#include "csv_parts.h"

const struct csv_column csv_health_columns[] = {
    CSV_REPORT_COLUMNS,
    CSV_CELL("figure", CSV_ITEM, "figure"),
    CSV_CELL("of", CSV_ITEM, "of"),
    CSV_CELL("value", CSV_ITEM, "value"),
    CSV_CELL("text", CSV_ITEM, "text"),
    {.name = NULL},
};

struct health_walk {
    struct buffer *out;
    const struct csv_table *table;
    const struct value *document;
};

static void figure_write(const struct health_walk *walk, struct slice figure, struct slice of,
                         const struct value *value)
{
    struct arena arena = {0};
    struct value item = value_object();
    bool is_text = value->kind == VALUE_TEXT;
    value_add(&arena, &item, "figure", value_text(figure));
    value_add(&arena, &item, "of", of.size ? value_text(of) : value_null());
    if (value->kind == VALUE_BOOLEAN)
        value_add(&arena, &item, "value", value_integer(value->boolean));
    else
        value_add(&arena, &item, "value", is_text ? value_null() : *value);
    value_add(&arena, &item, "text", is_text ? *value : value_null());
    const struct csv_line line = {.sources = {[CSV_DOCUMENT] = walk->document, [CSV_ITEM] = &item}};
    csv_line_write(walk->out, walk->table, &line);
    if (arena.failed)
        walk->out->failed = true;
    arena_done(&arena);
}

/* Whether the members of that object are named after things, and not fixed words. */
static bool is_named_by_things(struct slice figure, struct slice name)
{
    if (slice_equals(figure, "crossed"))
        return !slice_equals(name, "alarm");
    return slice_equals(figure, "unknown_traits") || slice_equals(figure, "exposure_sources");
}

static void health_walk(const struct health_walk *walk, struct slice figure, struct slice of,
                        const struct value *value);

static void list_walk(const struct health_walk *walk, struct slice figure, struct slice of,
                      const struct value *list)
{
    const struct value *variants = value_member(walk->document, SLICE("variants"));
    for (size_t i = 0; i < list->count; i++) {
        const struct value *item = &list->items[i];
        struct slice about = of;
        if (item->kind == VALUE_OBJECT)
            about =
                value_member_text(item, slice_equals(figure, "windows_past") ? "at" : "segment");
        else if (value_is_number(item) && variants && variants->count == list->count)
            about = value_member_text(&variants->items[i], "variant");
        health_walk(walk, figure, about, item);
    }
}

/* Two steps down at most: health has lists of objects, and these have no objects. */
static void health_walk(const struct health_walk *walk, struct slice figure, struct slice of,
                        const struct value *value)
{
    if (value->kind == VALUE_LIST) {
        list_walk(walk, figure, of, value);
        return;
    }
    if (value->kind != VALUE_OBJECT) {
        figure_write(walk, figure, of, value);
        return;
    }
    for (size_t i = 0; i < value->count; i++) {
        const struct member *member = &value->members[i];
        struct buffer path = {0};
        if (slice_equals(member->name, "segment"))
            continue; /* it is what the line is about */
        buffer_add(&path, figure);
        if (is_named_by_things(figure, member->name)) {
            health_walk(walk, figure, member->name, &member->value);
        } else {
            if (figure.size)
                buffer_add_byte(&path, '.');
            buffer_add(&path, member->name);
            health_walk(walk, buffer_slice(&path), of, &member->value);
        }
        if (path.failed)
            walk->out->failed = true;
        buffer_done(&path);
    }
}

void csv_health(struct buffer *out, const struct csv_table *table, const struct value *document)
{
    const struct health_walk walk = {.out = out, .table = table, .document = document};
    const struct value *health = value_member(document, SLICE("health"));
    if (health)
        health_walk(&walk, (struct slice){0}, (struct slice){0}, health);
}
