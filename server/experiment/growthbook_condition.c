/*
 * Conditions in the language of the GrowthBook SDKs ("mongrule"), so that both hold for the same
 * traits: of every type, missing ones too.
 *
 * That language compares as JavaScript does, and ours by the type of the trait (grammar.md, section
 * 6), so most operators need more than their namesake:
 *
 *     eq, in              $in with the operand as text, as number, as boolean: $in compares type
 * and value, and of a list trait takes one item that is in ne, not_in          $nin, with $exists,
 * since ours fail on a missing trait gt ... between      apart for numbers and texts: JavaScript
 * takes "" for 0 and true for 1 starts_with ...     $regex on texts; contains on a list: $in
 *     matches             where the expression means the same in both (growthbook_pattern.c)
 *     version_gte, _lt    $regex: $vgte pads to five digits and knows no "1.2".  Not for an operand
 *                         with a pre-release
 *     before, after       not at all: RFC 3339 with its offsets can't be compared there
 *
 * One thing is left: a trait whose whole name has a dot wins here over a step into an object; the
 * SDK only steps.
 */

#include "experiment/growthbook.h"

#include "base/number.h"

/* A number, as number_parse takes it, and what JavaScript prints of one. */
#define NUMBER_PATTERN "^[-+]?[0-9]+(?:\\\\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$"
#define NUMBER_MOST "1.7976931348623157e308" /* a text beyond is no number here, Infinity there */

#define IDENTIFIERS "[0-9A-Za-z-]+(?:\\\\.[0-9A-Za-z-]+)*"
#define PRERELEASE "(?:-" IDENTIFIERS ")?"
#define BUILD "(?:\\\\+" IDENTIFIERS ")?$"
#define VERSION_PATTERN "^[0-9]+(?:\\\\.[0-9]+){0,2}" PRERELEASE BUILD

/* ---- Names ---- */

/* Whether JavaScript finds that name in every object, or in a list. */
static bool is_inherited(struct slice step, bool is_first)
{
    static const char *const names[] = {
        "constructor",          "toString",         "valueOf",
        "hasOwnProperty",       "isPrototypeOf",    "toLocaleString",
        "propertyIsEnumerable", "__proto__",        "__defineGetter__",
        "__defineSetter__",     "__lookupGetter__", "__lookupSetter__",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_equals(step, names[i]))
            return true;
    uint64_t index;
    return !is_first && (slice_equals(step, "length") || unsigned_parse(step, &index));
}

static bool trait_is_plain(struct slice trait, struct buffer *why)
{
    struct slice rest = trait;
    bool is_first = true, is_plain = true;
    static const char *const words[] = {"$or", "$nor", "$and", "$not", "$savedGroup"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        is_plain &= !slice_equals(trait, words[i]);
    while (rest.size && is_plain) {
        const char *dot = memchr(rest.data, '.', rest.size);
        size_t size = dot ? (size_t)(dot - rest.data) : rest.size;
        is_plain = !is_inherited((struct slice){.data = rest.data, .size = size}, is_first);
        rest = slice_from(rest, size + 1);
        is_first = false;
    }
    if (!is_plain)
        buffer_format(why, "a trait '%.*s' means something else there", SLICE_ARGS(trait));
    return is_plain;
}

/* ---- Texts and numbers ---- */

/* `{"trait":{` */
static void write_begin(struct buffer *out, const struct condition *test)
{
    buffer_add_byte(out, '{');
    json_write_text(out, test->trait);
    buffer_add(out, SLICE(":{"));
}

static void write_number(struct buffer *out, double number)
{
    char text[NUMBER_TEXT_SIZE];
    buffer_add(out, slice_of(number_format(number, text)));
}

/* All that equals one of the operands, by type. */
static void write_equals(struct buffer *out, const struct condition *test)
{
    buffer_add_byte(out, '[');
    for (size_t i = 0; i < test->operand_count; i++) {
        const struct operand *operand = &test->operands[i];
        if (i)
            buffer_add_byte(out, ',');
        json_write_text(out, operand->text);
        if (operand->is_number) {
            buffer_add_byte(out, ',');
            write_number(out, operand->number);
        }
        if (slice_equals(operand->text, "true") || slice_equals(operand->text, "false")) {
            buffer_add_byte(out, ',');
            buffer_add(out, operand->text);
        }
    }
    buffer_add_byte(out, ']');
}

/* A literal inside a regular expression, itself inside a JSON text. */
static void pattern_literal(struct buffer *out, struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (strchr("\\^$.|?*+()[]{}/", text.data[i]))
            buffer_add_byte(out, '\\');
        buffer_add_byte(out, text.data[i]);
    }
}

/* ---- One operator each; true: it is said exactly ---- */

typedef bool write_fn(struct buffer *out, const struct condition *test, struct buffer *why);

static bool write_in(struct buffer *out, const struct condition *test, struct buffer *why)
{
    (void)why;
    write_begin(out, test);
    buffer_add(out, SLICE("\"$in\":"));
    write_equals(out, test);
    buffer_add(out, SLICE("}}"));
    return true;
}

static bool write_not_in(struct buffer *out, const struct condition *test, struct buffer *why)
{
    (void)why;
    write_begin(out, test);
    buffer_add(out, SLICE("\"$exists\":true,\"$nin\":"));
    write_equals(out, test);
    buffer_add(out, SLICE("}}"));
    return true;
}

static void write_bounds(struct buffer *out, const struct condition *test)
{
    static const char *const lows[OPERATOR_COUNT] = {
        [OPERATOR_GT] = "$gt", [OPERATOR_GTE] = "$gte", [OPERATOR_BETWEEN] = "$gte"};
    static const char *const highs[OPERATOR_COUNT] = {
        [OPERATOR_LT] = "$lt", [OPERATOR_LTE] = "$lte", [OPERATOR_BETWEEN] = "$lte"};
    const char *low = lows[test->operator], *high = highs[test->operator];
    buffer_format(out, "\"%s\":", low ? low : "$gte");
    if (low)
        write_number(out, test->operands[0].number);
    else
        buffer_add(out, SLICE("-" NUMBER_MOST));
    buffer_format(out, ",\"%s\":", high ? high : "$lte");
    if (high)
        write_number(out, test->operands[test->operand_count - 1].number);
    else
        buffer_add(out, SLICE(NUMBER_MOST));
}

static bool write_order(struct buffer *out, const struct condition *test, struct buffer *why)
{
    (void)why;
    buffer_add(out, SLICE("{\"$or\":["));
    write_begin(out, test);
    buffer_add(out, SLICE("\"$type\":\"number\","));
    write_bounds(out, test);
    buffer_add(out, SLICE("}},"));
    write_begin(out, test);
    buffer_add(out, SLICE("\"$type\":\"string\",\"$regex\":\"" NUMBER_PATTERN "\","));
    write_bounds(out, test);
    buffer_add(out, SLICE("}}]}"));
    return true;
}

static bool write_exists(struct buffer *out, const struct condition *test, struct buffer *why)
{
    (void)why;
    write_begin(out, test);
    buffer_format(out, "\"$exists\":%s}}", test->operands[0].boolean ? "true" : "false");
    return true;
}

/* A text that matches; the group keeps the SDK's table of expressions from finding a name that it
 * inherits. */
static void write_regex(struct buffer *out, const struct condition *test, const char *before,
                        struct slice pattern, const char *after)
{
    struct buffer whole = {0};
    buffer_format(&whole, "%s(?:%.*s)%s", before, SLICE_ARGS(pattern), after);
    write_begin(out, test);
    buffer_add(out, SLICE("\"$type\":\"string\",\"$regex\":"));
    json_write_text(out, buffer_slice(&whole));
    buffer_add(out, SLICE("}}"));
    out->failed |= whole.failed;
    buffer_done(&whole);
}

static bool write_part(struct buffer *out, const struct condition *test, struct buffer *why)
{
    struct buffer literal = {0};
    (void)why;
    pattern_literal(&literal, test->operands[0].text);
    if (test->operator== OPERATOR_CONTAINS)
        buffer_add(out, SLICE("{\"$or\":["));
    write_regex(out, test, test->operator== OPERATOR_STARTS_WITH ? "^" : "", buffer_slice(&literal),
                test->operator== OPERATOR_ENDS_WITH ? "$" : "");
    if (test->operator== OPERATOR_CONTAINS) {
        buffer_add_byte(out, ',');
        write_begin(out, test);
        buffer_add(out, SLICE("\"$type\":\"array\",\"$in\":["));
        json_write_text(out, test->operands[0].text);
        buffer_add(out, SLICE("]}}]}"));
    }
    out->failed |= literal.failed;
    buffer_done(&literal);
    return true;
}

static bool write_matches(struct buffer *out, const struct condition *test, struct buffer *why)
{
    struct buffer pattern = {0};
    bool is_same = growthbook_pattern_write(&pattern, test->operands[0].text);
    if (is_same)
        write_regex(out, test, "", buffer_slice(&pattern), "");
    else
        buffer_format(why, "matches: the expression of '%.*s' may mean something else there",
                      SLICE_ARGS(test->trait));
    out->failed |= pattern.failed;
    buffer_done(&pattern);
    return is_same;
}

static bool write_no_time(struct buffer *out, const struct condition *test, struct buffer *why)
{
    (void)out;
    buffer_format(why, "%s: of '%.*s': times can't be compared there",
                  condition_operator_text(test->operator), SLICE_ARGS(test->trait));
    return false;
}

/* ---- Versions, as expressions over their digits ---- */

#define NUMBERS 3

/* The numbers of a valid version without leading zeros ("" for 0); false with a pre-release. */
static bool version_split(struct slice text, struct slice numbers[static NUMBERS])
{
    for (size_t i = 0; i < NUMBERS; i++) {
        size_t size = 0, zeros = 0;
        while (size < text.size && text.data[size] >= '0' && text.data[size] <= '9')
            size++;
        while (zeros < size && text.data[zeros] == '0')
            zeros++;
        numbers[i] = (struct slice){.data = text.data + zeros, .size = size - zeros};
        text = slice_from(text, size);
        if (!text.size || text.data[0] != '.')
            break;
        text = slice_from(text, 1);
    }
    return !text.size || text.data[0] == '+';
}

/* A number above `digits`. */
static void write_above(struct buffer *out, struct slice digits)
{
    buffer_format(out, "0*(?:[1-9][0-9]{%zu,}", digits.size);
    for (size_t i = 0; i < digits.size; i++)
        if (digits.data[i] != '9')
            buffer_format(out, "|%.*s[%c-9][0-9]{%zu}", (int)i, digits.data, digits.data[i] + 1,
                          digits.size - i - 1);
    buffer_add_byte(out, ')');
}

static void write_same(struct buffer *out, struct slice digits)
{
    buffer_format(out, "0%s%.*s", digits.size ? "*" : "+", SLICE_ARGS(digits));
}

/* A version that is no earlier: one whose numbers are above, with any pre-release, or the same
 * ones, of which those that are 0 may be missing at the end, without any. */
static void write_version(struct buffer *out, const struct slice numbers[static NUMBERS])
{
    buffer_add(out, SLICE("^(?:(?:"));
    write_above(out, numbers[0]);
    buffer_add(out, SLICE("(?:\\\\.[0-9]+){0,2}|"));
    write_same(out, numbers[0]);
    buffer_add(out, SLICE("\\\\."));
    write_above(out, numbers[1]);
    buffer_add(out, SLICE("(?:\\\\.[0-9]+)?|"));
    write_same(out, numbers[0]);
    buffer_add(out, SLICE("\\\\."));
    write_same(out, numbers[1]);
    buffer_add(out, SLICE("\\\\."));
    write_above(out, numbers[2]);
    buffer_add(out, SLICE(")" PRERELEASE "|"));
    write_same(out, numbers[0]);
    bool may_end = !numbers[1].size && !numbers[2].size;
    buffer_add(out, SLICE("(?:\\\\."));
    write_same(out, numbers[1]);
    buffer_add(out, SLICE("(?:\\\\."));
    write_same(out, numbers[2]);
    buffer_format(out, ")%s)%s)" BUILD, numbers[2].size ? "" : "?", may_end ? "?" : "");
}

static bool write_version_test(struct buffer *out, const struct condition *test, struct buffer *why)
{
    struct slice numbers[NUMBERS] = {{0}};
    if (!version_split(test->operands[0].text, numbers)) {
        buffer_format(why, "%s: of '%.*s': a pre-release can't be compared there",
                      condition_operator_text(test->operator), SLICE_ARGS(test->trait));
        return false;
    }
    bool is_below = test->operator== OPERATOR_VERSION_LT;
    write_begin(out, test);
    buffer_add(out, SLICE("\"$type\":\"string\","));
    if (is_below)
        buffer_add(out, SLICE("\"$regex\":\"" VERSION_PATTERN "\",\"$not\":{"));
    buffer_add(out, SLICE("\"$regex\":\""));
    write_version(out, numbers);
    buffer_add(out, is_below ? SLICE("\"}}}") : SLICE("\"}}"));
    return true;
}

/* ---- Conditions ---- */

static write_fn *const writers[OPERATOR_COUNT] = {
    [OPERATOR_EQ] = write_in,
    [OPERATOR_NE] = write_not_in,
    [OPERATOR_IN] = write_in,
    [OPERATOR_NOT_IN] = write_not_in,
    [OPERATOR_GT] = write_order,
    [OPERATOR_GTE] = write_order,
    [OPERATOR_LT] = write_order,
    [OPERATOR_LTE] = write_order,
    [OPERATOR_BETWEEN] = write_order,
    [OPERATOR_EXISTS] = write_exists,
    [OPERATOR_STARTS_WITH] = write_part,
    [OPERATOR_ENDS_WITH] = write_part,
    [OPERATOR_CONTAINS] = write_part,
    [OPERATOR_MATCHES] = write_matches,
    [OPERATOR_VERSION_GTE] = write_version_test,
    [OPERATOR_VERSION_LT] = write_version_test,
    [OPERATOR_BEFORE] = write_no_time,
    [OPERATOR_AFTER] = write_no_time,
};

static bool write_parts(struct buffer *out, const struct condition *condition, struct buffer *why)
{
    bool is_said = true;
    buffer_add(out, condition->kind == CONDITION_ALL ? SLICE("{\"$and\":[") : SLICE("{\"$or\":["));
    for (size_t i = 0; i < condition->part_count && is_said; i++) {
        if (i)
            buffer_add_byte(out, ',');
        is_said = growthbook_condition_write(out, &condition->parts[i], why);
    }
    buffer_add(out, SLICE("]}"));
    return is_said;
}

bool growthbook_condition_write(struct buffer *out, const struct condition *condition,
                                struct buffer *why)
{
    bool is_said;
    switch (condition->kind) {
    case CONDITION_TEST:
        return trait_is_plain(condition->trait, why) &&
               writers[condition->operator](out, condition, why);
    case CONDITION_NOT:
        buffer_add(out, SLICE("{\"$not\":"));
        is_said = growthbook_condition_write(out, condition->parts, why);
        buffer_add_byte(out, '}');
        return is_said;
    case CONDITION_ALL:
    case CONDITION_ANY: break;
    }
    return write_parts(out, condition, why);
}
