/*
 * Numbers and their texts.  The program never calls setlocale, so strtod and printf keep to the "C"
 * locale; strtod_l says so once more, for the day a library breaks this.
 *
 * Reading is exact: up to 2^53 times or over a power of ten up to 10^22 takes one rounding (Clinger
 * 1990, "How to read floating point numbers accurately"), everything else is left to the C library,
 * which rounds correctly.
 */

#include "base/number.h"

#include "base/int128.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_ON_STACK 128
#define EXPONENT_EXACT 22 /* 10^22 is the last power of ten that a double holds exactly */
#define DIGITS_EXACT 15   /* so many digits always fit into 53 bits */
#define WHOLE_PLAIN 1e15
#define SHORT_PLACES 6
#define SHORT_MIN 1e-3 /* below, an exponent may be due */
#define SHORT_MAX 1e9  /* with six places, 15 digits */

static const double tens[EXPONENT_EXACT + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};

static locale_t plain_locale;

static void plain_locale_make(void)
{
    plain_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits from `at` on; returns where they end. */
static size_t digits_end(struct slice text, size_t at)
{
    while (at < text.size && is_digit(text.data[at]))
        at++;
    return at;
}

/* What a number is made of: value = digits * 10^exponent while `count` <= DIGITS_EXACT. */
struct decimal {
    bool negative;
    uint64_t digits;
    size_t count; /* of digits, without leading zeros */
    int exponent;
};

static void decimal_add(struct decimal *decimal, struct slice text, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (decimal->count == 0 && text.data[i] == '0')
            continue;
        if (decimal->count++ < DIGITS_EXACT)
            decimal->digits = decimal->digits * 10 + (uint64_t)(text.data[i] - '0');
    }
}

/* Splits the whole of `text`; false when it is no number. */
static bool decimal_split(struct slice text, struct decimal *decimal)
{
    size_t at = text.size && (text.data[0] == '-' || text.data[0] == '+');
    decimal->negative = text.size && text.data[0] == '-';
    size_t end = digits_end(text, at);
    if (end == at)
        return false;
    decimal_add(decimal, text, at, end);
    at = end;
    if (at < text.size && text.data[at] == '.') {
        end = digits_end(text, ++at);
        if (end == at)
            return false;
        decimal_add(decimal, text, at, end);
        decimal->exponent = end - at < 1000 ? -(int)(end - at) : -1000;
        at = end;
    }
    if (at == text.size)
        return true;
    if (text.data[at] != 'e' && text.data[at] != 'E')
        return false;
    at++;
    bool negative = at < text.size && text.data[at] == '-';
    at += at < text.size && (text.data[at] == '-' || text.data[at] == '+');
    end = digits_end(text, at);
    int exponent = 0;
    for (size_t i = at; i < end && exponent < 100000; i++)
        exponent = exponent * 10 + (text.data[i] - '0');
    decimal->exponent += negative ? -exponent : exponent;
    return end > at && end == text.size;
}

static bool number_convert(struct slice text, double *value)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, plain_locale_make);
    char small[TEXT_ON_STACK];
    char *copy = text.size < sizeof small ? small : malloc(text.size + 1);
    if (!copy)
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    double number = strtod_l(copy, NULL, plain_locale);
    if (copy != small)
        free(copy);
    if (!isfinite(number))
        return false;
    *value = number;
    return true;
}

bool number_parse(struct slice text, double *value)
{
    struct decimal decimal = {0};
    if (!decimal_split(text, &decimal))
        return false;
    int exponent = decimal.exponent;
    if (decimal.count > DIGITS_EXACT || exponent > EXPONENT_EXACT || exponent < -EXPONENT_EXACT)
        return number_convert(text, value);
    double number = (double)decimal.digits;
    number = exponent < 0 ? number / tens[-exponent] : number * tens[exponent];
    *value = decimal.negative ? -number : number;
    return true;
}

static bool magnitude_parse(struct slice digits, uint64_t *value)
{
    uint64_t sum = 0;
    if (digits.size == 0 || digits_end(digits, 0) != digits.size)
        return false;
    for (size_t i = 0; i < digits.size; i++)
        if (__builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)(digits.data[i] - '0'), &sum))
            return false;
    *value = sum;
    return true;
}

bool integer_parse(struct slice text, int64_t *value)
{
    uint64_t magnitude;
    bool negative = text.size && text.data[0] == '-';
    if (!magnitude_parse(slice_from(text, negative), &magnitude))
        return false;
    if (magnitude > (uint64_t)INT64_MAX + negative)
        return false;
    *value = (int64_t)(negative ? -magnitude : magnitude);
    return true;
}

bool unsigned_parse(struct slice text, uint64_t *value)
{
    return magnitude_parse(text, value);
}

/* "1e-07" -> "1e-7", "1.5e+300" -> "1.5e300" */
static void exponent_shorten(char *text)
{
    char *from = strchr(text, 'e');
    if (!from)
        return;
    char *to = ++from;
    if (*from == '-')
        to++;
    from++;
    while (*from == '0')
        from++;
    memmove(to, from, strlen(from) + 1);
}

/* Amounts such as 49.99, several times faster than by printf: digits / 10^places, one exact
 * rounding (see above), so it reads back as `value`; and what has at most 15 digits has one such
 * text. */
static bool short_format(double value, char text[static NUMBER_TEXT_SIZE])
{
    const double magnitude = fabs(value);
    if (magnitude < SHORT_MIN || magnitude >= SHORT_MAX)
        return false;
    for (int places = 1; places <= SHORT_PLACES; places++) {
        long long digits = llrint(magnitude * tens[places]);
        long long unit = (long long)tens[places];
        if ((double)digits / tens[places] != magnitude)
            continue;
        snprintf(text, NUMBER_TEXT_SIZE, "%s%lld.%0*lld", value < 0 ? "-" : "", digits / unit,
                 places, digits % unit);
        return true;
    }
    return false;
}

char *number_format(double value, char text[static NUMBER_TEXT_SIZE])
{
    if (fabs(value) < WHOLE_PLAIN && value == trunc(value)) {
        snprintf(text, NUMBER_TEXT_SIZE, "%lld", (long long)value);
        return text;
    }
    if (short_format(value, text))
        return text;
    for (int digits = 15; digits <= 17; digits++) {
        double back;
        snprintf(text, NUMBER_TEXT_SIZE, "%.*g", digits, value);
        if (number_parse(slice_of(text), &back) && back == value)
            break;
    }
    exponent_shorten(text);
    return text;
}

/* In whole numbers: value = mantissa / 2^shift, so value * 10^6 is known to the last bit. */
bool micro_from_number(double value, int64_t *micro)
{
    if (!isfinite(value))
        return false;
    int exponent;
    uint64_t mantissa = (uint64_t)ldexp(frexp(fabs(value), &exponent), 53);
    int shift = 53 - exponent;
    if (shift <= 0 && mantissa)
        return false;                                      /* from 2^53 on, far over the range */
    uint128 product = (uint128)mantissa * (uint64_t)MICRO; /* below 2^73 */
    uint128 nearest = 0;
    if (shift < 100) {
        uint128 half = (uint128)1 << (shift - 1);
        nearest = product >> shift;
        uint128 rest = product - (nearest << shift);
        nearest += rest > half || (rest == half && nearest % 2 == 1);
    }
    if (nearest > (uint128)INT64_MAX)
        return false;
    *micro = value < 0 ? -(int64_t)nearest : (int64_t)nearest;
    return true;
}

bool micro_parse(struct slice text, int64_t *micro)
{
    const uint64_t whole_max = UINT64_C(9200000000000);
    uint64_t whole, part = 0;
    bool negative = text.size && text.data[0] == '-';
    struct slice rest = slice_from(text, negative);
    size_t end = digits_end(rest, 0);
    if (!magnitude_parse((struct slice){.data = rest.data, .size = end}, &whole) ||
        whole >= whole_max)
        return false;
    if (end < rest.size) {
        struct slice places = slice_from(rest, end + 1);
        if (rest.data[end] != '.' || places.size > 6 || !magnitude_parse(places, &part))
            return false;
        for (size_t i = places.size; i < 6; i++)
            part *= 10;
    }
    int64_t magnitude = (int64_t)(whole * (uint64_t)MICRO + part);
    *micro = negative ? -magnitude : magnitude;
    return true;
}

char *micro_format(int64_t micro, char text[static NUMBER_TEXT_SIZE])
{
    uint64_t magnitude = micro < 0 ? -(uint64_t)micro : (uint64_t)micro;
    unsigned part = (unsigned)(magnitude % (uint64_t)MICRO);
    unsigned long long whole = magnitude / (uint64_t)MICRO;
    const char *sign = micro < 0 ? "-" : "";
    if (part == 0) {
        snprintf(text, NUMBER_TEXT_SIZE, "%s%llu", sign, whole);
        return text;
    }
    size_t size = (size_t)snprintf(text, NUMBER_TEXT_SIZE, "%s%llu.%06u", sign, whole, part);
    while (text[size - 1] == '0')
        text[--size] = '\0';
    return text;
}
