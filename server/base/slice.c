/*
 * Text as bytes: the UTF-8 check (RFC 3629, the table of section 4) and the distance between two
 * words that the "did you mean" of the experiment files asks for.
 */

#include "base/slice.h"

#define DISTANCE_SIZE_MAX 64

/* Whether eight bytes are all ASCII and none is NUL. */
static bool word_is_plain(const unsigned char *bytes)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t tops = UINT64_C(0x8080808080808080);
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return ((word | (word - ones)) & tops) == 0;
}

/* Bytes of the well-formed sequence at `bytes`, of which `left` >= 1 remain; 0 when there is none.
 * The second byte's range depends on the first, which is what keeps out overlong forms,
 * surrogates and what lies above U+10FFFF. */
static size_t sequence_size(const unsigned char *bytes, size_t left)
{
    unsigned char first = bytes[0];
    if (first < 0x80)
        return first != 0;
    size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || left < size)
        return 0;
    unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (bytes[1] < low || bytes[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

bool slice_is_utf8(struct slice s)
{
    const unsigned char *bytes = (const unsigned char *)s.data;
    size_t at = 0;
    while (at < s.size) {
        if (s.size - at >= 8 && word_is_plain(bytes + at)) {
            at += 8;
            continue;
        }
        size_t size = sequence_size(bytes + at, s.size - at);
        if (size == 0)
            return false;
        at += size;
    }
    return true;
}

bool slice_has_control(struct slice s)
{
    for (size_t i = 0; i < s.size; i++) {
        unsigned char byte = (unsigned char)s.data[i];
        unsigned char before = i ? (unsigned char)s.data[i - 1] : 0;
        if (byte < 0x20 || byte == 0x7f || (before == 0xc2 && byte < 0xa0))
            return true;
    }
    return false;
}

size_t slice_harmful_size(struct slice s)
{
    static const struct slice marks[] = {
        SLICE_INIT("\xd8\x9c"),     SLICE_INIT("\xe2\x80\x8e"), SLICE_INIT("\xe2\x80\x8f"),
        SLICE_INIT("\xe2\x80\xaa"), SLICE_INIT("\xe2\x80\xab"), SLICE_INIT("\xe2\x80\xac"),
        SLICE_INIT("\xe2\x80\xad"), SLICE_INIT("\xe2\x80\xae"), SLICE_INIT("\xe2\x81\xa6"),
        SLICE_INIT("\xe2\x81\xa7"), SLICE_INIT("\xe2\x81\xa8"), SLICE_INIT("\xe2\x81\xa9"),
    };
    unsigned char first = s.size ? (unsigned char)s.data[0] : 'a';
    if ((first < 0x20 && first != '\n' && first != '\t') || first == 0x7f)
        return 1;
    if (first == 0xc2 && s.size > 1 && (unsigned char)s.data[1] < 0xa0)
        return 2;
    for (size_t i = 0; first >= 0x80 && i < sizeof marks / sizeof *marks; i++)
        if (slice_starts_with(s, marks[i]))
            return marks[i].size;
    return 0;
}

size_t slice_code_points(struct slice s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.size; i++)
        count += ((unsigned char)s.data[i] & 0xc0) != 0x80;
    return count;
}

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* The optimal string alignment form: no part is edited twice, which for words of a grammar is the
 * same and needs three rows only. */
unsigned slice_distance(struct slice a, struct slice b, unsigned limit)
{
    if (a.size > DISTANCE_SIZE_MAX || b.size > DISTANCE_SIZE_MAX)
        return limit + 1;
    unsigned rows[3][DISTANCE_SIZE_MAX + 1];
    unsigned *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.size; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= a.size; i++) {
        unsigned *oldest = before;
        before = above;
        above = row;
        row = oldest;
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b.size; j++) {
            unsigned cost = a.data[i - 1] != b.data[j - 1];
            row[j] = smaller(above[j - 1] + cost, smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1])
                row[j] = smaller(row[j], before[j - 2] + 1);
        }
    }
    return smaller(row[b.size], limit + 1);
}
