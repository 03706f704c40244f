/*
 * Whether a condition on traits or properties holds (grammar.md, section 6).
 *
 * One test an operator, in one table.  A test sees a trait that is there: missing and null have
 * failed before.  The value and the operand meet by the value's type: texts against a JSON string,
 * numbers against a number, `true` and `false` against a boolean.  So `employees=12` of a query and
 * 12 of JSON meet the same rule.
 *
 * Nothing here allocates or locks, but for what glibc's regexec does inside.
 */

#include "experiment/condition.h"

#include "base/number.h"
#include "base/time.h"
#include "experiment/version.h"

typedef bool test_fn(const struct condition *test, const struct value *value);

/* ---- Equality ---- */

static bool operand_equals(const struct operand *operand, const struct value *value)
{
    if (value->kind == VALUE_TEXT)
        return slice_equal(value->text, operand->text);
    if (value_is_number(value))
        return operand->is_number && operand->number == value->number;
    if (value->kind == VALUE_BOOLEAN)
        return slice_equals(operand->text, value->boolean ? "true" : "false");
    return false;
}

static bool text_among(const struct operand *operands, size_t count, struct slice text)
{
    size_t low = 0;
    while (low < count) {
        size_t middle = low + (count - low) / 2;
        int order = slice_compare(text, operands[middle].text);
        if (order == 0)
            return true;
        if (order < 0)
            count = middle;
        else
            low = middle + 1;
    }
    return false;
}

/* One operand (eq) or the sorted ones of a list (in). */
static bool scalar_among(const struct condition *test, const struct value *value)
{
    if (value->kind == VALUE_TEXT)
        return text_among(test->operands, test->operand_count, value->text);
    for (size_t i = 0; i < test->operand_count; i++)
        if (operand_equals(&test->operands[i], value))
            return true;
    return false;
}

static bool holds_in(const struct condition *test, const struct value *value)
{
    if (value->kind != VALUE_LIST)
        return scalar_among(test, value);
    for (size_t i = 0; i < value->count; i++)
        if (scalar_among(test, &value->items[i]))
            return true;
    return false;
}

static bool holds_not_in(const struct condition *test, const struct value *value)
{
    return !holds_in(test, value);
}

/* ---- Order ---- */

/* The number that a trait is, or that its text wholly is. */
static bool trait_number(const struct value *value, double *number)
{
    if (value->kind == VALUE_TEXT)
        return number_parse(value->text, number);
    *number = value->number;
    return value_is_number(value);
}

static bool holds_gt(const struct condition *test, const struct value *value)
{
    double number;
    return trait_number(value, &number) && number > test->operands[0].number;
}

static bool holds_gte(const struct condition *test, const struct value *value)
{
    double number;
    return trait_number(value, &number) && number >= test->operands[0].number;
}

static bool holds_lt(const struct condition *test, const struct value *value)
{
    double number;
    return trait_number(value, &number) && number < test->operands[0].number;
}

static bool holds_lte(const struct condition *test, const struct value *value)
{
    double number;
    return trait_number(value, &number) && number <= test->operands[0].number;
}

static bool holds_between(const struct condition *test, const struct value *value)
{
    double number;
    return trait_number(value, &number) && number >= test->operands[0].number &&
           number <= test->operands[1].number;
}

/* ---- Text ---- */

static bool holds_starts_with(const struct condition *test, const struct value *value)
{
    return value->kind == VALUE_TEXT && slice_starts_with(value->text, test->operands[0].text);
}

static bool holds_ends_with(const struct condition *test, const struct value *value)
{
    return value->kind == VALUE_TEXT && slice_ends_with(value->text, test->operands[0].text);
}

/* Of a text: a part of it.  Of a list: one of its texts, whole. */
static bool holds_contains(const struct condition *test, const struct value *value)
{
    struct slice part = test->operands[0].text;
    if (value->kind == VALUE_TEXT)
        return part.size == 0 || (value->text.size >= part.size &&
                                  memmem(value->text.data, value->text.size, part.data, part.size));
    if (value->kind != VALUE_LIST)
        return false;
    for (size_t i = 0; i < value->count; i++)
        if (value->items[i].kind == VALUE_TEXT && slice_equal(value->items[i].text, part))
            return true;
    return false;
}

static bool holds_matches(const struct condition *test, const struct value *value)
{
    if (value->kind != VALUE_TEXT)
        return false;
    regmatch_t span = {.rm_so = 0, .rm_eo = (regoff_t)value->text.size};
    const char *text = value->text.data ? value->text.data : "";
    return regexec(test->pattern, text, 1, &span, REG_STARTEND) == 0;
}

/* ---- Versions ---- */

static bool holds_version_gte(const struct condition *test, const struct value *value)
{
    int order;
    return value->kind == VALUE_TEXT &&
           version_order(value->text, test->operands[0].text, &order) && order >= 0;
}

static bool holds_version_lt(const struct condition *test, const struct value *value)
{
    int order;
    return value->kind == VALUE_TEXT &&
           version_order(value->text, test->operands[0].text, &order) && order < 0;
}

/* ---- Times ---- */

/* RFC 3339, a date, or seconds since 1970 (a number or its text), as ms.  In double: seconds may
 * be any number, and ms of the years that can be written are exact. */
static bool trait_time(const struct value *value, double *time_ms)
{
    int64_t parsed;
    double seconds;
    if (value->kind == VALUE_TEXT && time_parse(value->text, &parsed, NULL) == STATUS_OK) {
        *time_ms = (double)parsed;
        return true;
    }
    if (!trait_number(value, &seconds))
        return false;
    *time_ms = seconds * (double)SECOND_MS;
    return true;
}

static bool holds_before(const struct condition *test, const struct value *value)
{
    double time_ms;
    return trait_time(value, &time_ms) && time_ms < (double)test->operands[0].time_ms;
}

static bool holds_after(const struct condition *test, const struct value *value)
{
    double time_ms;
    return trait_time(value, &time_ms) && time_ms > (double)test->operands[0].time_ms;
}

/* ---- Evaluation ---- */

static test_fn *const tests[OPERATOR_COUNT] = {
    [OPERATOR_EQ] = holds_in,
    [OPERATOR_NE] = holds_not_in,
    [OPERATOR_IN] = holds_in,
    [OPERATOR_NOT_IN] = holds_not_in,
    [OPERATOR_GT] = holds_gt,
    [OPERATOR_GTE] = holds_gte,
    [OPERATOR_LT] = holds_lt,
    [OPERATOR_LTE] = holds_lte,
    [OPERATOR_BETWEEN] = holds_between,
    [OPERATOR_EXISTS] = NULL, /* the only one that asks about what is not there */
    [OPERATOR_STARTS_WITH] = holds_starts_with,
    [OPERATOR_ENDS_WITH] = holds_ends_with,
    [OPERATOR_CONTAINS] = holds_contains,
    [OPERATOR_MATCHES] = holds_matches,
    [OPERATOR_VERSION_GTE] = holds_version_gte,
    [OPERATOR_VERSION_LT] = holds_version_lt,
    [OPERATOR_BEFORE] = holds_before,
    [OPERATOR_AFTER] = holds_after,
};

static bool test_holds(const struct condition *test, const struct value *traits)
{
    const struct value *value = value_at(traits, test->trait);
    bool there = value && value->kind != VALUE_NULL;
    test_fn *holds = tests[test->operator];
    if (!holds)
        return there == test->operands[0].boolean;
    return there && holds(test, value);
}

/* Depth is bounded by the parser (CONDITION_DEPTH_MAX). */
bool condition_holds(const struct condition *condition, const struct value *traits)
{
    if (!condition)
        return true;
    switch (condition->kind) {
    case CONDITION_TEST: return test_holds(condition, traits);
    case CONDITION_NOT: return !condition_holds(condition->parts, traits);
    case CONDITION_ALL:
        for (size_t i = 0; i < condition->part_count; i++)
            if (!condition_holds(&condition->parts[i], traits))
                return false;
        return true;
    case CONDITION_ANY: break;
    }
    for (size_t i = 0; i < condition->part_count; i++)
        if (condition_holds(&condition->parts[i], traits))
            return true;
    return false;
}
