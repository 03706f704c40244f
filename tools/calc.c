/*
 * The readers and writers that every family of `gangway calc` shares, and the way of one line from
 * its text to its answer (calc.h).
 *
 *     {"x": 3, "n": 10}                               the keys of a family
 *     {"name": "a", "input": {...}, "expected": ...}  the same inside `input`; `name` comes back
 *
 * Assumes that a figure is put once; that families read before they put.
 */

#include "calc.h"

#include "base/json.h"
#include "base/limits.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WHOLE_MAX (INT64_C(1) << 53) /* from here a double skips whole numbers */

/* ---- Reading ---- */

bool calc_failed(const struct calc *call)
{
    return call->error->status != STATUS_OK || call->arena->failed;
}

void calc_bad(struct calc *call, const char *key, const char *format, ...)
{
    char text[sizeof call->error->text], where[sizeof call->error->where];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    snprintf(where, sizeof where, "%.*s%s", SLICE_ARGS(call->inside), key);
    error_set(call->error, STATUS_INVALID, where, 0, "%s", text);
}

static const char *kind_text(const struct value *value)
{
    static const char *const texts[] = {
        [VALUE_NULL] = "null",        [VALUE_BOOLEAN] = "true or false",
        [VALUE_INTEGER] = "a number", [VALUE_REAL] = "a number",
        [VALUE_TEXT] = "a text",      [VALUE_LIST] = "a list",
        [VALUE_OBJECT] = "an object",
    };
    return texts[value->kind];
}

/* The member, marked as read; NULL when it is not there or null. */
static const struct value *member_find(struct calc *call, const char *key)
{
    const struct value *value = value_member(call->input, slice_of(key));
    if (value && call->input == call->outermost && call->is_read) {
        const struct member *members = call->input->members;
        for (size_t i = 0; i < call->input->count; i++)
            call->is_read[i] |= &members[i].value == value;
    }
    return value && value->kind != VALUE_NULL ? value : NULL;
}

/* The member, or NULL and the line's error. */
static const struct value *member_need(struct calc *call, const char *key)
{
    if (calc_failed(call))
        return NULL;
    const struct value *value = member_find(call, key);
    if (!value)
        calc_bad(call, key, "is missing");
    return value;
}

bool calc_has(struct calc *call, const char *key)
{
    return !calc_failed(call) && member_find(call, key);
}

static double number_of(struct calc *call, const char *key, const struct value *value)
{
    if (!value)
        return 0;
    if (value_is_number(value))
        return value->number;
    calc_bad(call, key, "wants a number, not %s", kind_text(value));
    return 0;
}

double calc_number(struct calc *call, const char *key)
{
    return number_of(call, key, member_need(call, key));
}

double calc_number_or(struct calc *call, const char *key, double fallback)
{
    return calc_has(call, key) ? calc_number(call, key) : fallback;
}

double calc_number_in(struct calc *call, const char *key, double low, double high)
{
    double value = calc_number(call, key);
    if (!calc_failed(call) && !(value >= low && value <= high))
        calc_bad(call, key, "is %g, outside %g to %g", value, low, high);
    return calc_failed(call) ? 0 : value;
}

double calc_positive(struct calc *call, const char *key)
{
    double value = calc_number(call, key);
    if (!calc_failed(call) && !(value > 0))
        calc_bad(call, key, "is %g, not above 0", value);
    return calc_failed(call) ? 0 : value;
}

/* A whole number from 0 to 2^53; an integer above is refused though its double is 2^53. */
static bool value_is_count(const struct value *value)
{
    double number = value->number;
    if (value->kind == VALUE_INTEGER)
        return value->integer >= 0 && value->integer <= WHOLE_MAX;
    return value->kind == VALUE_REAL && number >= 0 && number <= (double)WHOLE_MAX &&
           number == floor(number);
}

static uint64_t count_of(struct calc *call, const char *key, const struct value *value)
{
    double number = number_of(call, key, value);
    if (calc_failed(call))
        return 0;
    if (value_is_count(value))
        return (uint64_t)number;
    calc_bad(call, key, "wants a whole number from 0 to 2^53, not %.17g", number);
    return 0;
}

uint64_t calc_count(struct calc *call, const char *key)
{
    return count_of(call, key, member_need(call, key));
}

uint64_t calc_count_or(struct calc *call, const char *key, uint64_t fallback)
{
    return calc_has(call, key) ? calc_count(call, key) : fallback;
}

uint64_t calc_count_in(struct calc *call, const char *key, uint64_t least, uint64_t most)
{
    uint64_t count = calc_count(call, key);
    if (!calc_failed(call) && (count < least || count > most))
        calc_bad(call, key, "is %llu, outside %llu to %llu", (unsigned long long)count,
                 (unsigned long long)least, (unsigned long long)most);
    return calc_failed(call) ? 0 : count;
}

struct slice calc_text(struct calc *call, const char *key)
{
    const struct value *value = member_need(call, key);
    if (value && value->kind == VALUE_TEXT)
        return value->text;
    if (value)
        calc_bad(call, key, "wants a text, not %s", kind_text(value));
    return (struct slice){0};
}

struct slice calc_text_or(struct calc *call, const char *key, const char *fallback)
{
    return calc_has(call, key) ? calc_text(call, key) : slice_of(fallback);
}

static bool flag_of(struct calc *call, const char *key, const struct value *value)
{
    if (!value)
        return false;
    if (value->kind == VALUE_BOOLEAN)
        return value->boolean;
    double number = number_of(call, key, value);
    if (!calc_failed(call) && number != 0 && number != 1)
        calc_bad(call, key, "wants 0 or 1, not %g", number);
    return number == 1;
}

bool calc_flag_or(struct calc *call, const char *key, bool fallback)
{
    return calc_has(call, key) ? flag_of(call, key, member_need(call, key)) : fallback;
}

/* An error between 0 and 1. */
static double alpha_check(struct calc *call, const char *key, double number, double alpha)
{
    if (!calc_failed(call) && !(alpha > 0 && alpha < 1))
        calc_bad(call, key, "is %g, not between 0 and 1", number);
    return calc_failed(call) ? .05 : alpha;
}

double calc_alpha_of(struct calc *call, const char *key, double fallback)
{
    double confidence = calc_number_or(call, key, fallback);
    /* To 15 places, so that 1 - .95 is .05 and not 5.0000000000000044e-2. */
    double alpha = round((1 - confidence) * 1e15) / 1e15;
    return alpha_check(call, key, confidence, alpha > 0 ? alpha : 1 - confidence);
}

double calc_alpha(struct calc *call)
{
    if (!calc_has(call, "alpha"))
        return calc_alpha_of(call, "conf", .95);
    double alpha = calc_number(call, "alpha");
    return alpha_check(call, "alpha", alpha, alpha);
}

void *calc_array(struct calc *call, size_t count, size_t size)
{
    if (calc_failed(call))
        return NULL;
    void *array = arena_array(call->arena, count ? count : 1, size);
    if (!array)
        error_set(call->error, STATUS_NO_MEMORY, "", 0, "no memory for this line");
    return array;
}

static const struct value *list_need(struct calc *call, const char *key)
{
    const struct value *value = member_need(call, key);
    if (!value || value->kind == VALUE_LIST)
        return value;
    calc_bad(call, key, "wants a list, not %s", kind_text(value));
    return NULL;
}

size_t calc_list_size(struct calc *call, const char *key)
{
    const struct value *list = list_need(call, key);
    return list ? list->count : 0;
}

/* `key[index]`, for what is said of an item. */
static const char *item_key(struct calc *call, const char *key, size_t index)
{
    struct slice text = arena_format(call->arena, "%s[%zu]", key, index);
    return text.size ? text.data : key;
}

/* Whether the item is of a kind that a number list holds; else the line's error. */
static bool item_is_number(struct calc *call, const char *key, size_t index,
                           const struct value *item)
{
    if (value_is_number(item))
        return true;
    calc_bad(call, item_key(call, key, index), "wants a number, not %s", kind_text(item));
    return false;
}

const double *calc_numbers(struct calc *call, const char *key, size_t *count)
{
    const struct value *list = list_need(call, key);
    double *numbers = list ? CALC_ARRAY(call, list->count, double) : NULL;
    *count = 0;
    for (size_t i = 0; numbers && i < list->count; i++) {
        if (!item_is_number(call, key, i, &list->items[i]))
            return NULL;
        numbers[i] = list->items[i].number;
    }
    *count = numbers ? list->count : 0;
    return numbers;
}

static const uint64_t *counts_of(struct calc *call, const char *key, const struct value *list,
                                 size_t *count)
{
    uint64_t *counts = list ? CALC_ARRAY(call, list->count, uint64_t) : NULL;
    *count = 0;
    for (size_t i = 0; counts && i < list->count; i++) {
        const struct value *item = &list->items[i];
        counts[i] = value_is_count(item) ? (uint64_t)item->number
                                         : count_of(call, item_key(call, key, i), item);
        if (calc_failed(call))
            return NULL;
    }
    *count = counts ? list->count : 0;
    return counts;
}

const uint64_t *calc_counts(struct calc *call, const char *key, size_t *count)
{
    return counts_of(call, key, list_need(call, key), count);
}

const uint64_t *calc_counts_at(struct calc *call, const char *key, size_t index, size_t *count)
{
    const struct value *outer = list_need(call, key);
    *count = 0;
    if (!outer || index >= outer->count)
        return NULL;
    const struct value *list = &outer->items[index];
    const char *name = item_key(call, key, index);
    if (list->kind != VALUE_LIST) {
        calc_bad(call, name, "wants a list, not %s", kind_text(list));
        return NULL;
    }
    return counts_of(call, name, list, count);
}

const uint8_t *calc_flags(struct calc *call, const char *key, size_t *count)
{
    const struct value *list = list_need(call, key);
    uint8_t *flags = list ? CALC_ARRAY(call, list->count, uint8_t) : NULL;
    *count = 0;
    for (size_t i = 0; flags && i < list->count; i++) {
        const struct value *item = &list->items[i];
        bool is_flag = item->kind == VALUE_BOOLEAN ||
                       (value_is_number(item) && (item->number == 0 || item->number == 1));
        flags[i] = flag_of(call, is_flag ? key : item_key(call, key, i), item);
        if (calc_failed(call))
            return NULL;
    }
    *count = flags ? list->count : 0;
    return flags;
}

void calc_same_size(struct calc *call, const char *key, size_t count, const char *other,
                    size_t other_count)
{
    if (!calc_failed(call) && count != other_count)
        calc_bad(call, key, "has %zu items, %s has %zu", count, other, other_count);
}

void calc_enter(struct calc *call, const char *key, size_t index)
{
    assert(call->input == call->outermost);
    const struct value *list = list_need(call, key);
    if (!list || index >= list->count)
        return;
    const struct value *item = &list->items[index];
    if (item->kind != VALUE_OBJECT) {
        calc_bad(call, item_key(call, key, index), "wants an object, not %s", kind_text(item));
        return;
    }
    call->inside = arena_format(call->arena, "%s[%zu].", key, index);
    call->input = item;
}

void calc_leave(struct calc *call)
{
    call->input = call->outermost;
    call->inside = (struct slice){0};
}

/* ---- Writing ---- */

static struct value *output_object(struct calc *call)
{
    return call->open_count ? call->open[call->open_count - 1] : &call->output;
}

/* Puts a value under a name into the object that is open. */
static struct value *output_add(struct calc *call, const char *name, struct value value)
{
    struct value *object = output_object(call);
    assert((call->arena->failed || !value_member(object, slice_of(name))) && "a name put twice");
    return value_add(call->arena, object, name, value);
}

/* A number, "inf" or "-inf", or null for NaN. */
static struct value number_value(double number)
{
    if (isinf(number))
        return value_text(number > 0 ? SLICE("inf") : SLICE("-inf"));
    return value_real(number);
}

void calc_put_null(struct calc *call, const char *name)
{
    output_add(call, name, value_null());
}

void calc_put_reason(struct calc *call, const char *name, enum reason reason)
{
    assert(reason != REASON_NONE);
    struct slice inside = call->open_count ? call->open_names[call->open_count - 1] : SLICE("");
    struct slice figure = arena_format(call->arena, "%.*s%s", SLICE_ARGS(inside), name);
    calc_put_null(call, name);
    value_add_named(call->arena, &call->reasons, figure, value_text(slice_of(reason_text(reason))));
    if (call->first_reason == REASON_NONE)
        call->first_reason = reason;
}

void calc_put(struct calc *call, const char *name, double value)
{
    if (isnan(value))
        calc_put_reason(call, name, REASON_NOT_FINITE);
    else
        output_add(call, name, number_value(value));
}

void calc_put_count(struct calc *call, const char *name, uint64_t value)
{
    output_add(call, name,
               value <= INT64_MAX ? value_integer((int64_t)value) : value_real((double)value));
}

void calc_put_text(struct calc *call, const char *name, const char *text)
{
    output_add(call, name, value_text(slice_of(text)));
}

void calc_put_value(struct calc *call, const char *name, enum reason reason, double value)
{
    if (reason)
        calc_put_reason(call, name, reason);
    else
        calc_put(call, name, value);
}

void calc_put_numbers(struct calc *call, const char *name, const double *values, size_t count)
{
    struct value list = value_list();
    for (size_t i = 0; i < count; i++)
        value_append(call->arena, &list, number_value(values[i]));
    output_add(call, name, list);
}

void calc_put_limits(struct calc *call, const char *name, double low, double high)
{
    calc_put_numbers(call, name, (double[]){low, high}, 2);
}

void calc_put_interval(struct calc *call, const char *name, enum reason reason,
                       struct interval interval)
{
    if (reason)
        calc_put_reason(call, name, reason);
    else
        calc_put_limits(call, name, interval.low, interval.high);
}

void calc_put_counts(struct calc *call, const char *name, const uint64_t *values, size_t count)
{
    struct value list = value_list();
    for (size_t i = 0; i < count; i++)
        value_append(call->arena, &list, value_integer((int64_t)values[i]));
    output_add(call, name, list);
}

void calc_open(struct calc *call, const char *name)
{
    assert(call->open_count < CALC_NESTED_MAX);
    struct slice inside = call->open_count ? call->open_names[call->open_count - 1] : SLICE("");
    struct value *object = output_add(call, name, value_object());
    call->open_names[call->open_count] =
        arena_format(call->arena, "%.*s%s.", SLICE_ARGS(inside), name);
    call->open[call->open_count++] = object;
}

void calc_close(struct calc *call)
{
    assert(call->open_count > 0);
    call->open_count--;
}

/* ---- One line ---- */

/* The family's input: the line itself, or `input` of a whole case. */
static enum status input_take(struct calc *call, const struct value *line)
{
    if (line->kind != VALUE_OBJECT)
        return FAIL(call->error, STATUS_INVALID, "", 0, "wants an object, not %s", kind_text(line));
    const struct value *input = value_member(line, SLICE("input"));
    if (input && input->kind != VALUE_OBJECT)
        return FAIL(call->error, STATUS_INVALID, "input", 0, "wants an object, not %s",
                    kind_text(input));
    call->input = call->outermost = input ? input : line;
    call->is_read = CALC_ARRAY(call, call->outermost->count, bool);
    return call->error->status;
}

static void ignored_add(struct calc *call)
{
    struct value list = value_list();
    for (size_t i = 0; i < call->outermost->count; i++) {
        struct slice key = call->outermost->members[i].name;
        if (!call->is_read[i] && !slice_equals(key, "name"))
            value_append(call->arena, &list, value_text(key));
    }
    if (list.count)
        output_add(call, "ignored", list);
}

static void answer_add(struct calc *call)
{
    assert(call->open_count == 0);
    ignored_add(call);
    calc_put_text(call, "status", call->first_reason ? "not_estimable" : "ok");
    if (!call->first_reason)
        return;
    calc_put_text(call, "reason", reason_text(call->first_reason));
    output_add(call, "reasons", call->reasons);
}

static void error_add(struct calc *call, uint64_t line)
{
    const struct error *error = call->error;
    struct slice text = arena_format(call->arena, "line %llu: %s%s%s", (unsigned long long)line,
                                     error->where, error->where[0] ? ": " : "", error->text);
    call->output = value_object();
    call->open_count = 0;
    calc_put_text(call, "status", "error");
    output_add(call, "error", value_text(text));
}

/* Reads and runs; the output is complete unless the error says otherwise. */
static void line_run(struct calc *call, const struct calc_family *family, struct slice text,
                     struct value *line)
{
    if (json_read(call->arena, text, 0, line, call->error) || input_take(call, line))
        return;
    family->run(call);
    if (!calc_failed(call))
        answer_add(call);
    if (call->arena->failed)
        error_set(call->error, STATUS_NO_MEMORY, "", 0, "no memory for this line");
}

enum status calc_answer(const struct calc_family *family, struct slice text, uint64_t line,
                        struct buffer *out, struct error *error)
{
    struct arena arena = {0};
    struct value input = value_null();
    struct calc call = {
        .arena = &arena, .error = error, .output = value_object(), .reasons = value_object()};
    line_run(&call, family, text, &input);
    const struct value *name = value_member(&input, SLICE("name"));
    if (error->status && error->status != STATUS_NO_MEMORY)
        error_add(&call, line);
    if (name && !value_member(&call.output, SLICE("name")))
        output_add(&call, "name", *name);
    if (error->status != STATUS_NO_MEMORY) {
        value_write(out, &call.output);
        buffer_add_byte(out, '\n');
    }
    error->line = 0; /* of json_read: always 1 here */
    arena_done(&arena);
    return error->status;
}

/* ---- The families ---- */

static const struct calc_family *const parts[] = {
#define X(part) calc_##part##_families,
    CALC_PARTS(X)
#undef X
};

const struct calc_family *calc_family_find(struct slice name)
{
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        for (const struct calc_family *family = parts[i]; family->name; family++)
            if (slice_equals(name, family->name))
                return family;
    return NULL;
}

/* The first family whose name comes after `name`. */
static const struct calc_family *family_after(const char *name)
{
    const struct calc_family *next = NULL;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        for (const struct calc_family *family = parts[i]; family->name; family++)
            if (strcmp(family->name, name) > 0 && (!next || strcmp(family->name, next->name) < 0))
                next = family;
    return next;
}

const struct calc_family *calc_family_at(size_t index)
{
    const struct calc_family *family = family_after("");
    while (family && index-- > 0)
        family = family_after(family->name);
    return family;
}
