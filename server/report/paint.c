/* Lines for a terminal: see paint.h. */

#include "paint.h"

#include <math.h>
#include <stdio.h>

/* ANSI, the sixteen colours that every terminal has. */
static const char *const styles[] = {
    [PAINT_PLAIN] = "\033[0m",   [PAINT_BOLD] = "\033[1m",   [PAINT_DIM] = "\033[2m",
    [PAINT_GOOD] = "\033[1;32m", [PAINT_BAD] = "\033[1;31m", [PAINT_WARN] = "\033[1;33m",
    [PAINT_NOTE] = "\033[1;36m",
};

void paint_style(struct painter *painter, enum paint_style style)
{
    if (painter->color)
        buffer_add(painter->out, slice_of(styles[style]));
}

/* One character of a text: its bytes, its code point (0: not fit to print), its columns. */
struct glyph {
    struct slice bytes;
    uint32_t code;
    unsigned width;
};

static bool code_is_in(uint32_t code, const uint32_t (*ranges)[2], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (code >= ranges[i][0] && code <= ranges[i][1])
            return true;
    return false;
}

/* Control characters, line and paragraph separators, marks that turn or hide text. */
static bool code_is_harmful(uint32_t code)
{
    static const uint32_t ranges[][2] = {{0, 0x1F},          {0x7F, 0x9F},     {0xAD, 0xAD},
                                         {0x61C, 0x61C},     {0x200B, 0x200F}, {0x2028, 0x202E},
                                         {0x2060, 0x206F},   {0xFEFF, 0xFEFF}, {0xFFF0, 0xFFFB},
                                         {0xE0000, 0x10FFFF}};
    return code_is_in(code, ranges, sizeof ranges / sizeof ranges[0]);
}

static bool code_is_wide(uint32_t code)
{
    static const uint32_t ranges[][2] = {{0x1100, 0x115F}, {0x2E80, 0xA4CF},   {0xAC00, 0xD7A3},
                                         {0xF900, 0xFAFF}, {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
                                         {0xFFE0, 0xFFE6}, {0x1F300, 0x1FAFF}, {0x20000, 0x3FFFD}};
    return code_is_in(code, ranges, sizeof ranges / sizeof ranges[0]);
}

static bool code_combines(uint32_t code)
{
    static const uint32_t ranges[][2] = {
        {0x300, 0x36F}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}};
    return code_is_in(code, ranges, sizeof ranges / sizeof ranges[0]);
}

/* Bytes of the sequence that a first byte opens; 0: none does. */
static size_t sequence_size(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first < 0xE0)
        return 2;
    if (first >= 0xE0 && first < 0xF0)
        return 3;
    return first >= 0xF0 && first < 0xF5 ? 4 : 0;
}

/* The first character of `text`, which is not empty. */
static struct glyph glyph_of(struct slice text)
{
    static const unsigned char masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    unsigned char first = (unsigned char)text.data[0];
    size_t size = sequence_size(first);
    struct glyph glyph = {.bytes = {.data = text.data, .size = 1}, .width = 1};
    if (size == 0 || size > text.size ||
        (size > 1 && !slice_is_utf8((struct slice){.data = text.data, .size = size})))
        return glyph;
    glyph.bytes.size = size;
    uint32_t code = first & masks[size];
    for (size_t i = 1; i < size; i++)
        code = code << 6 | ((unsigned char)text.data[i] & 0x3F);
    if (code_is_harmful(code))
        return glyph;
    glyph.code = code;
    glyph.width = code_combines(code) ? 0 : code_is_wide(code) ? 2 : 1;
    return glyph;
}

/* No line gets wider than was asked, whatever is written on it. */
static void paint_glyph(struct painter *painter, const struct glyph *glyph)
{
    if (painter->at + glyph->width > painter->columns)
        return;
    buffer_add(painter->out, glyph->code ? glyph->bytes : SLICE("?"));
    painter->at += glyph->width;
}

void paint_text(struct painter *painter, struct slice text)
{
    while (text.size) {
        struct glyph glyph = glyph_of(text);
        paint_glyph(painter, &glyph);
        text = slice_from(text, glyph.bytes.size);
    }
}

unsigned paint_width(struct slice text)
{
    unsigned width = 0;
    while (text.size) {
        struct glyph glyph = glyph_of(text);
        width += glyph.width;
        text = slice_from(text, glyph.bytes.size);
    }
    return width;
}

void paint_clipped(struct painter *painter, struct slice text, unsigned width)
{
    unsigned end = painter->at + width;
    if (paint_width(text) <= width) {
        paint_text(painter, text);
        return;
    }
    while (text.size) {
        struct glyph glyph = glyph_of(text);
        if (painter->at + glyph.width + 1 > end)
            break;
        paint_glyph(painter, &glyph);
        text = slice_from(text, glyph.bytes.size);
    }
    paint_text(painter, SLICE("…"));
}

void paint_format(struct painter *painter, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (size > 0)
        paint_text(painter, slice_of(text));
}

void paint_to(struct painter *painter, unsigned column)
{
    while (painter->at < column && painter->at < painter->columns) {
        buffer_add_byte(painter->out, ' ');
        painter->at++;
    }
}

void paint_right(struct painter *painter, struct slice text, unsigned column)
{
    unsigned width = paint_width(text);
    if (width < column)
        paint_to(painter, column - width);
    paint_text(painter, text);
}

void paint_end(struct painter *painter)
{
    struct buffer *out = painter->out;
    while (out->size && out->data[out->size - 1] == ' ')
        out->size--;
    buffer_add_byte(out, '\n');
    painter->at = 0;
}

/* The first word of the text and the spaces before it. */
static struct slice word_of(struct slice text, size_t *skipped)
{
    size_t from = 0, to;
    while (from < text.size && (text.data[from] == ' ' || text.data[from] == '\n'))
        from++;
    for (to = from; to < text.size && text.data[to] != ' ' && text.data[to] != '\n';)
        to++;
    *skipped = from;
    return (struct slice){.data = text.data + from, .size = to - from};
}

void paint_wrapped(struct painter *painter, struct slice text, unsigned indent)
{
    bool first = true;
    while (text.size) {
        size_t skipped;
        struct slice word = word_of(text, &skipped);
        text = slice_from(text, skipped + word.size);
        unsigned width = paint_width(word);
        if (!word.size)
            break;
        if (!first && painter->at + 1 + width > painter->columns) {
            paint_end(painter);
            first = true;
        }
        paint_to(painter, indent);
        if (!first)
            paint_text(painter, SLICE(" "));
        unsigned room = painter->columns > painter->at ? painter->columns - painter->at : 1;
        paint_clipped(painter, word, room);
        first = false;
    }
    paint_end(painter);
}

static unsigned bar_place(const struct paint_bar *bar, double x)
{
    double share = (x - bar->low) / (bar->high - bar->low);
    return (unsigned)lround(fmin(1, fmax(0, share)) * (bar->width - 1));
}

void paint_bar(struct painter *painter, const struct paint_bar *bar)
{
    unsigned from = bar_place(bar, bar->from), to = bar_place(bar, bar->to);
    unsigned at = bar_place(bar, bar->at), zero = bar_place(bar, 0);
    for (unsigned i = 0; i < bar->width; i++) {
        struct slice mark = SLICE(" ");
        if (i > from && i < to)
            mark = i == zero ? SLICE("┼") : SLICE("─");
        else if (i == zero)
            mark = SLICE("│");
        if (i == from)
            mark = SLICE("├");
        if (i == to)
            mark = SLICE("┤");
        if (i == at)
            mark = SLICE("●");
        paint_text(painter, mark);
    }
}
