/*
 * Mistakes and how they are shown: as a good compiler shows them.
 *
 *     experiments/crm-first-run.yaml:43:9: error: metric 'activatd' is not declared ... [CODE]
 *        43 |   goal: activatd
 *           |         ^^^^^^^^ did you mean 'activated'?
 *
 * Files come from anywhere, terminals obey control characters: those of paths and source lines are
 * shown as `?`.  A tab stays a tab in both lines, so the mark stands under its word.  Of a line
 * longer than LINE_SHOWN_MAX a window around the mark is shown.
 */

#include "experiment/catalogue.h"

#include <stdlib.h>

#define LINE_SHOWN_MAX 160 /* code points */
#define LINE_BEFORE_MAX 60 /* of them at most before the mark, when the line is cut */

void diagnostics_done(struct diagnostics *diagnostics)
{
    arena_done(&diagnostics->arena);
    *diagnostics = (struct diagnostics){0};
}

void diagnostics_add(struct diagnostics *diagnostics, const struct diagnostic *diagnostic)
{
    if (diagnostics->count == diagnostics->capacity) {
        size_t capacity = diagnostics->capacity ? diagnostics->capacity * 2 : 16;
        struct diagnostic *items = ARENA_ARRAY(&diagnostics->arena, capacity, struct diagnostic);
        if (!items)
            return; /* the arena has failed, which the parser looks at */
        if (diagnostics->count)
            memcpy(items, diagnostics->items, diagnostics->count * sizeof *items);
        diagnostics->items = items;
        diagnostics->capacity = capacity;
    }
    diagnostics->items[diagnostics->count++] = *diagnostic;
    diagnostics->warnings += diagnostic->warning;
    diagnostics->errors += !diagnostic->warning;
}

void diagnostics_cut(struct diagnostics *diagnostics, size_t count)
{
    while (diagnostics->count > count) {
        bool is_warning = diagnostics->items[--diagnostics->count].warning;
        diagnostics->warnings -= is_warning;
        diagnostics->errors -= !is_warning;
    }
}

static int compare_numbers(unsigned a, unsigned b)
{
    return (a > b) - (a < b);
}

static int compare(const void *left, const void *right)
{
    const struct diagnostic *a = left, *b = right;
    int order = slice_compare(a->path, b->path);
    order = order ? order : compare_numbers(a->line, b->line);
    order = order ? order : compare_numbers(a->column, b->column);
    order = order ? order : strcmp(a->code, b->code);
    return order ? order : slice_compare(a->text, b->text);
}

void diagnostics_sort(struct diagnostics *diagnostics)
{
    if (diagnostics->count)
        qsort(diagnostics->items, diagnostics->count, sizeof *diagnostics->items, compare);
}

/* Steps over one code point, or one byte of what is no UTF-8. */
static size_t point_end(struct slice text, size_t at)
{
    at++;
    while (at < text.size && ((unsigned char)text.data[at] & 0xc0) == 0x80)
        at++;
    return at;
}

/* One code point, made harmless. */
static void write_point(struct buffer *out, struct slice point, bool keep_tab)
{
    char first = point.data[0];
    bool is_space = first == '\t' || first == '\n';
    if (first == '\t' && keep_tab)
        buffer_add_byte(out, '\t');
    else if (is_space || slice_harmful_size(point) || !slice_is_utf8(point))
        buffer_add_byte(out, '?');
    else
        buffer_add(out, point);
}

static void write_harmless(struct buffer *out, struct slice text)
{
    for (size_t at = 0, end; at < text.size; at = end) {
        end = point_end(text, at);
        write_point(out, (struct slice){.data = text.data + at, .size = end - at}, false);
    }
}

/* The part of the line that is shown: [first, first + LINE_SHOWN_MAX) in code points. */
static size_t window_start(const struct diagnostic *diagnostic)
{
    size_t column = diagnostic->column - 1;
    if (slice_code_points(diagnostic->source_line) <= LINE_SHOWN_MAX || column <= LINE_BEFORE_MAX)
        return 0;
    return column - LINE_BEFORE_MAX;
}

static void write_source(struct buffer *out, const struct diagnostic *diagnostic)
{
    struct slice line = diagnostic->source_line;
    size_t first = window_start(diagnostic), point = 0, column = diagnostic->column - 1;
    struct buffer mark = {0};
    buffer_format(out, "%5u | %s", diagnostic->line, first ? "..." : "");
    buffer_add(&mark, first ? SLICE("      |    ") : SLICE("      | "));
    for (size_t at = 0, end; at < line.size; at = end, point++) {
        end = point_end(line, at);
        if (point < first)
            continue;
        if (point >= first + LINE_SHOWN_MAX) {
            buffer_add(out, SLICE("..."));
            break;
        }
        write_point(out, (struct slice){.data = line.data + at, .size = end - at}, true);
        if (point < column)
            buffer_add_byte(&mark, line.data[at] == '\t' ? '\t' : ' ');
    }
    for (; point < column && point < first + LINE_SHOWN_MAX; point++)
        buffer_add_byte(&mark, ' '); /* the place is after the line's end */
    size_t room = first + LINE_SHOWN_MAX - column;
    for (size_t i = 0; i < diagnostic->width && i < room; i++)
        buffer_add_byte(&mark, '^');
    buffer_add_byte(out, '\n');
    buffer_add(out, buffer_slice(&mark));
    out->failed |= mark.failed;
    buffer_done(&mark);
}

void diagnostics_write_text(struct buffer *out, const struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < diagnostics->count; i++) {
        const struct diagnostic *diagnostic = &diagnostics->items[i];
        bool has_line = diagnostic->source_line.size > 0;
        write_harmless(out, diagnostic->path);
        buffer_format(out, ":%u:%u: %s: ", diagnostic->line, diagnostic->column,
                      diagnostic->warning ? "warning" : "error");
        write_harmless(out, diagnostic->text);
        if (!has_line && diagnostic->hint.size)
            buffer_format(out, "; %.*s", SLICE_ARGS(diagnostic->hint));
        buffer_format(out, " [%s]\n", diagnostic->code);
        if (!has_line)
            continue;
        write_source(out, diagnostic);
        if (diagnostic->hint.size)
            buffer_format(out, " %.*s", SLICE_ARGS(diagnostic->hint));
        buffer_add_byte(out, '\n');
    }
}

static void write_number_of(struct buffer *out, size_t count, const char *what, const char *after)
{
    buffer_format(out, "%zu %s%s%s", count, what, count == 1 ? "" : "s", after);
}

void diagnostics_write_count(struct buffer *out, const struct diagnostics *diagnostics)
{
    write_number_of(out, diagnostics->experiments, "experiment", ", ");
    write_number_of(out, diagnostics->metrics, "metric", ", ");
    write_number_of(out, diagnostics->segments, "segment", ": ");
    write_number_of(out, diagnostics->errors, "error", ", ");
    write_number_of(out, diagnostics->warnings, "warning", "\n");
}
