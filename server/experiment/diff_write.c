/* Values as one line of text, as the files write them: the pieces of diff_rows.h. */

#include "diff_rows.h"

#include "base/number.h"

#include <math.h>

void diff_text(struct buffer *out, struct slice text)
{
    for (size_t i = 0; i < text.size; i++)
        buffer_add_byte(out, (unsigned char)text.data[i] < ' ' ? ' ' : text.data[i]);
}

void diff_word(struct buffer *out, const char *word)
{
    buffer_add(out, slice_of(word));
}

void diff_number(struct buffer *out, const char *label, double value)
{
    char text[NUMBER_TEXT_SIZE];
    diff_word(out, label);
    diff_word(out, number_format(value, text));
}

void diff_micro(struct buffer *out, const char *label, int64_t micro)
{
    char text[NUMBER_TEXT_SIZE];
    diff_word(out, label);
    diff_word(out, micro_format(micro, text));
}

void diff_share(struct buffer *out, double share)
{
    diff_micro(out, "", llround(share * 100 * (double)MICRO));
    buffer_add_byte(out, '%');
}

void diff_duration(struct buffer *out, int64_t duration_ms)
{
    char text[TIME_TEXT_SIZE];
    diff_word(out, duration_ms ? duration_format(duration_ms, text) : "0d");
}

void diff_time(struct buffer *out, int64_t time_ms)
{
    char text[TIME_TEXT_SIZE];
    if (time_ms == TIME_NONE)
        return;
    bool midnight = time_ms == day_start_ms(day_of(time_ms));
    diff_word(out, midnight ? day_format(day_of(time_ms), text) : time_format(time_ms, text));
}

void diff_comma(struct buffer *out, size_t index)
{
    if (index)
        buffer_add(out, SLICE(", "));
}

static bool is_plain(struct slice name)
{
    for (size_t i = 0; i < name.size; i++) {
        char byte = name.data[i];
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        if (!letter && !(byte >= '0' && byte <= '9') && !memchr("_.-", byte, 3))
            return false;
    }
    return name.size > 0;
}

void diff_name(struct buffer *out, struct slice name)
{
    if (is_plain(name))
        buffer_add(out, name);
    else
        json_write_text(out, name);
}

void diff_names(struct buffer *out, const struct slice *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        diff_comma(out, i);
        diff_name(out, names[i]);
    }
}
