/*
 * Versions of programs, ordered as Semantic Versioning 2.0.0 orders them (section 11): numbers by
 * value, a pre-release before its release, its identifiers one by one (numbers before words), a
 * longer row after its own beginning; build metadata decides nothing.
 *
 * More lenient than the standard in two things: the second and third number may be missing, and
 * then count as 0, and leading zeros are passed over.  Numbers may have any length.
 */

#include "experiment/version.h"

#define VERSION_NUMBERS 3

struct version {
    struct slice numbers[VERSION_NUMBERS]; /* digits without leading zeros; "" for 0 */
    struct slice prerelease;               /* after the '-'; empty: a release */
};

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_identifier_byte(char byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           byte == '-';
}

static size_t digits_count(struct slice text)
{
    size_t count = 0;
    while (count < text.size && is_digit(text.data[count]))
        count++;
    return count;
}

/* The first `size` bytes, all digits, without leading zeros. */
static struct slice digits_cut(struct slice text, size_t size)
{
    size_t zeros = 0;
    while (zeros < size && text.data[zeros] == '0')
        zeros++;
    return (struct slice){.data = text.data + zeros, .size = size - zeros};
}

/* Takes identifiers joined by dots, none empty, off the front of `rest`. */
static bool identifiers_take(struct slice *rest, struct slice *identifiers)
{
    size_t size = 0, length = 0;
    for (; size < rest->size; size++) {
        char byte = rest->data[size];
        if (is_identifier_byte(byte))
            length++;
        else if (byte == '.' && length)
            length = 0;
        else
            break;
    }
    *identifiers = (struct slice){.data = rest->data, .size = size};
    *rest = slice_from(*rest, size);
    return length > 0;
}

/* `1.2.3[-pre][+build]` with one to three numbers. */
static bool version_parse(struct slice text, struct version *version)
{
    *version = (struct version){0};
    for (size_t i = 0; i < VERSION_NUMBERS; i++) {
        size_t size = digits_count(text);
        if (size == 0)
            return false;
        version->numbers[i] = digits_cut(text, size);
        text = slice_from(text, size);
        if (text.size == 0 || text.data[0] != '.')
            break;
        if (i + 1 < VERSION_NUMBERS)
            text = slice_from(text, 1);
    }
    struct slice build;
    if (text.size && text.data[0] == '-') {
        text = slice_from(text, 1);
        if (!identifiers_take(&text, &version->prerelease))
            return false;
    }
    if (text.size && text.data[0] == '+') {
        text = slice_from(text, 1);
        if (!identifiers_take(&text, &build))
            return false;
    }
    return text.size == 0;
}

static int digits_compare(struct slice a, struct slice b)
{
    return a.size != b.size ? (a.size > b.size) - (a.size < b.size) : slice_compare(a, b);
}

/* Cuts the next identifier off. */
static struct slice identifier_next(struct slice *rest)
{
    size_t size = 0;
    while (size < rest->size && rest->data[size] != '.')
        size++;
    struct slice identifier = {.data = rest->data, .size = size};
    *rest = slice_from(*rest, size + 1);
    return identifier;
}

/* Numbers before words, numbers by value, words by bytes. */
static int identifier_compare(struct slice a, struct slice b)
{
    bool a_number = digits_count(a) == a.size, b_number = digits_count(b) == b.size;
    if (a_number != b_number)
        return a_number ? -1 : 1;
    if (a_number)
        return digits_compare(digits_cut(a, a.size), digits_cut(b, b.size));
    return slice_compare(a, b);
}

static int prerelease_compare(struct slice a, struct slice b)
{
    if (a.size == 0 || b.size == 0)
        return (a.size == 0) - (b.size == 0); /* a release comes after what led to it */
    while (a.size && b.size) {
        int order = identifier_compare(identifier_next(&a), identifier_next(&b));
        if (order)
            return order;
    }
    return (a.size > 0) - (b.size > 0);
}

static int version_compare(const struct version *a, const struct version *b)
{
    for (size_t i = 0; i < VERSION_NUMBERS; i++) {
        int order = digits_compare(a->numbers[i], b->numbers[i]);
        if (order)
            return order;
    }
    return prerelease_compare(a->prerelease, b->prerelease);
}

bool version_valid(struct slice text)
{
    struct version version;
    return version_parse(text, &version);
}

bool version_order(struct slice a, struct slice b, int *order)
{
    struct version first, second;
    if (!version_parse(a, &first) || !version_parse(b, &second))
        return false;
    *order = version_compare(&first, &second);
    return true;
}
