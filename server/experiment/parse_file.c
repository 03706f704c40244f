/*
 * The text of a file: is it one, where are its lines, and how a mistake in it is told.
 *
 * libfyaml and our JSON reader give offsets in bytes; people count lines and code points.  The
 * column is counted from where it was counted last, because a reader asks for its places in rising
 * order: so a file of one line of a megabyte with ten thousand nodes costs one pass, not ten
 * thousand.
 */

#include "parse.h"

#include "base/limits.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#define SHOWN_MAX 60 /* code points of a text that a message repeats */

bool parser_failed(const struct parser *parser)
{
    return parser->arena->failed || parser->scratch.failed || parser->found->arena.failed;
}

int32_t text_next(struct slice text, size_t *at)
{
    static const struct {
        unsigned char mask, head;
        int32_t least; /* shorter forms are overlong */
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    unsigned char first = (unsigned char)text.data[*at];
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if ((first & forms[i].mask) != forms[i].head)
            continue;
        if (text.size - *at <= i)
            return -1;
        int32_t point = first & (unsigned char)~forms[i].mask;
        for (size_t k = 1; k <= i; k++) {
            unsigned char byte = (unsigned char)text.data[*at + k];
            if ((byte & 0xc0) != 0x80)
                return -1;
            point = point << 6 | (byte & 0x3f);
        }
        if (point < forms[i].least || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
            return -1;
        *at += i + 1;
        return point;
    }
    return -1;
}

/* ---- Messages ---- */

struct slice shown(struct parser *parser, struct slice text)
{
    char *out = arena_alloc(&parser->scratch, SHOWN_MAX * 4 + 4);
    size_t size = 0, points = 0, at = 0;
    while (out && at < text.size && points < SHOWN_MAX) {
        size_t from = at;
        int32_t point = text_next(text, &at);
        at += point < 0;
        points++;
        if (point < 0x20 || (point >= 0x7f && point < 0xa0)) {
            out[size++] = '?';
        } else {
            memcpy(out + size, text.data + from, at - from);
            size += at - from;
        }
    }
    if (out && at < text.size) {
        for (int i = 0; i < 3; i++)
            out[size++] = '.';
    }
    return (struct slice){.data = out, .size = size};
}

static struct slice line_of(struct parser *parser, struct document *document, unsigned line)
{
    if (line == 0 || line > document->line_count)
        return (struct slice){0};
    if (!document->shown.data)
        document->shown = arena_copy(&parser->found->arena, document->text);
    if (document->shown.size != document->text.size)
        return (struct slice){0}; /* out of memory, noticed at the end */
    size_t from = document->line_starts[line - 1];
    size_t to =
        line < document->line_count ? document->line_starts[line] - 1 : document->shown.size;
    if (to > from && document->shown.data[to - 1] == '\r')
        to--;
    return (struct slice){.data = document->shown.data + from, .size = to - from};
}

PRINTF_LIKE(5, 0)
static void tell(struct parser *parser, bool warning, struct place place, const char *code,
                 const char *format, va_list values)
{
    struct diagnostic diagnostic = {
        .warning = warning,
        .code = code,
        .line = place.line ? place.line : 1,
        .column = place.column ? place.column : 1,
        .width = place.width ? place.width : 1,
    };
    struct document *document = parser->document;
    if (document) {
        diagnostic.path = arena_copy(&parser->found->arena, document->source->path);
        diagnostic.source_line = line_of(parser, document, diagnostic.line);
        document->errors += !warning;
    }
    char text[1024]; /* every text that is repeated was cut by `shown` */
    vsnprintf(text, sizeof text, format, values);
    diagnostic.text = arena_copy(&parser->found->arena, slice_of(text));
    diagnostics_add(parser->found, &diagnostic);
}

void fault(struct parser *parser, struct place place, const char *code, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    tell(parser, false, place, code, format, values);
    va_end(values);
}

void caution(struct parser *parser, struct place place, const char *code, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    tell(parser, true, place, code, format, values);
    va_end(values);
}

void hint(struct parser *parser, const char *format, ...)
{
    struct diagnostics *found = parser->found;
    if (found->count == 0 || found->arena.failed)
        return;
    char text[512];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    found->items[found->count - 1].hint = arena_copy(&found->arena, slice_of(text));
}

void nearest_try(struct nearest *nearest, struct slice known)
{
    bool is_short = slice_code_points(nearest->typed) < 4 || slice_code_points(known) < 4;
    unsigned limit = is_short ? 1 : 2;
    if (nearest->distance && nearest->distance - 1 < limit)
        limit = nearest->distance - 1;
    if (limit == 0)
        return;
    unsigned distance = slice_distance(nearest->typed, known, limit);
    if (distance == 0 || distance > limit)
        return;
    nearest->distance = distance;
    nearest->best = known;
}

void hint_nearest(struct parser *parser, const struct nearest *nearest)
{
    if (nearest->distance)
        hint(parser, "did you mean '%.*s'?", SLICE_ARGS(nearest->best));
}

/* ---- Lines and places ---- */

struct place document_place(struct document *document, size_t from, size_t to)
{
    if (from < document->cursor_offset) {
        size_t low = 0, high = document->line_count;
        while (high - low > 1) {
            size_t middle = low + (high - low) / 2;
            if (document->line_starts[middle] <= from)
                low = middle;
            else
                high = middle;
        }
        document->cursor_offset = document->line_starts[low];
        document->cursor_line = (unsigned)low + 1;
        document->cursor_column = 1;
    }
    struct slice text = document->text;
    size_t at = document->cursor_offset;
    while (at < from && at < text.size) {
        bool is_end = text.data[at] == '\n';
        at++;
        while (at < text.size && ((unsigned char)text.data[at] & 0xc0) == 0x80)
            at++;
        document->cursor_line += is_end;
        document->cursor_column = is_end ? 1 : document->cursor_column + 1;
    }
    document->cursor_offset = at;
    unsigned width = 0;
    for (size_t i = at; i < to && i < text.size && text.data[i] != '\n' && text.data[i] != '\r';
         i++)
        width += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return (struct place){.line = document->cursor_line,
                          .column = document->cursor_column,
                          .width = width ? width : 1};
}

static bool is_line_end(struct slice text, size_t at)
{
    return text.data[at] == '\n' ||
           (text.data[at] == '\r' && at + 1 < text.size && text.data[at + 1] == '\n');
}

/* NULL, or what is wrong with the code point read from `from`. */
static const char *point_fault(struct slice text, size_t from, int32_t point)
{
    if (point < 0)
        return "this is not UTF-8";
    if (point == '\r' && !is_line_end(text, from))
        return "lines end with LF or CRLF, not with CR alone";
    if ((point < 0x20 && point != '\t' && point != '\n' && point != '\r') ||
        (point >= 0x7f && point < 0xa0 && point != 0x85) || point == 0xfffe || point == 0xffff)
        return "a control character stands here";
    if (point == 0xfeff)
        return "a byte order mark stands here; it may stand at the beginning of the file only";
    return NULL;
}

static bool lines_find(struct parser *parser, struct document *document)
{
    struct slice text = document->text;
    size_t lines = 1;
    for (size_t i = 0; i < text.size; i++)
        lines += text.data[i] == '\n';
    document->line_starts = ARENA_ARRAY(&parser->scratch, lines, size_t);
    if (!document->line_starts)
        return false;
    document->line_count = 1;
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == '\n')
            document->line_starts[document->line_count++] = i + 1;
    assert(document->line_count == lines);
    return true;
}

bool document_open(struct parser *parser, struct document *document, const struct source *source)
{
    struct slice text = source->text;
    if (slice_starts_with(text, SLICE("\xef\xbb\xbf")))
        text = slice_from(text, 3);
    *document = (struct document){.source = source, .text = text, .cursor_line = 1};
    document->cursor_column = 1;
    parser->document = document;
    if (source->text.size > FILE_SIZE_MAX) {
        document->text = (struct slice){0}; /* its line is not shown: it may be all of it */
        fault(parser, (struct place){0}, "syntax", "the file is larger than 1 MiB");
        return false;
    }
    if (!lines_find(parser, document))
        return false;
    for (size_t at = 0; at < text.size;) {
        size_t from = at;
        int32_t point = text_next(text, &at);
        const char *wrong = point_fault(text, from, point);
        if (!wrong)
            continue;
        fault(parser, document_place(document, from, from + 1), "syntax", "%s", wrong);
        return false;
    }
    return true;
}
