/*
 * The texts of a condition: the words of its operators, one line for people, and the canonical JSON
 * that definitions are made of.
 *
 * For people: `role in [sales_rep, owner] and not (plan exists or employees >= 2)`.  What is not
 * plain letters and digits stands in quotes, so two different conditions never read the same.
 *
 * Canonical: {"all": [part, ...]}, {"any": [...]}, {"not": part}, {"trait": {"operator": operand}};
 * numbers, times and booleans in their shortest form, everything else as text, since a file's
 * quotes change nothing.
 */

#include "experiment/condition.h"

#include "base/number.h"
#include "base/time.h"

enum operand_form { FORM_TEXT, FORM_NUMBER, FORM_TIME, FORM_BOOLEAN };

struct operator_row {
    const char *word; /* of the grammar */
    const char *sign; /* for people, between trait and operand */
    enum operand_form form;
    bool list; /* several operands, in brackets */
};

/* clang-format off */
static const struct operator_row operators[OPERATOR_COUNT] = {
    [OPERATOR_EQ] = {.word = "eq", .sign = "="},
    [OPERATOR_NE] = {.word = "ne", .sign = "!="},
    [OPERATOR_IN] = {.word = "in", .sign = "in", .list = true},
    [OPERATOR_NOT_IN] = {.word = "not_in", .sign = "not in", .list = true},
    [OPERATOR_GT] = {.word = "gt", .sign = ">", .form = FORM_NUMBER},
    [OPERATOR_GTE] = {.word = "gte", .sign = ">=", .form = FORM_NUMBER},
    [OPERATOR_LT] = {.word = "lt", .sign = "<", .form = FORM_NUMBER},
    [OPERATOR_LTE] = {.word = "lte", .sign = "<=", .form = FORM_NUMBER},
    [OPERATOR_BETWEEN] = {.word = "between", .sign = "between", .form = FORM_NUMBER, .list = true},
    [OPERATOR_EXISTS] = {.word = "exists", .sign = "exists", .form = FORM_BOOLEAN},
    [OPERATOR_STARTS_WITH] = {.word = "starts_with", .sign = "starts with"},
    [OPERATOR_ENDS_WITH] = {.word = "ends_with", .sign = "ends with"},
    [OPERATOR_CONTAINS] = {.word = "contains", .sign = "contains"},
    [OPERATOR_MATCHES] = {.word = "matches", .sign = "matches"},
    [OPERATOR_VERSION_GTE] = {.word = "version_gte", .sign = "version >="},
    [OPERATOR_VERSION_LT] = {.word = "version_lt", .sign = "version <"},
    [OPERATOR_BEFORE] = {.word = "before", .sign = "before", .form = FORM_TIME},
    [OPERATOR_AFTER] = {.word = "after", .sign = "after", .form = FORM_TIME},
};
/* clang-format on */

const char *condition_operator_text(enum condition_operator operator)
{
    return operators[operator].word;
}

bool condition_operator_parse(struct slice text, enum condition_operator *found)
{
    for (size_t i = 0; i < OPERATOR_COUNT; i++) {
        if (slice_equals(text, operators[i].word)) {
            *found = (enum condition_operator)i;
            return true;
        }
    }
    return false;
}

/* ---- For people ---- */

static bool is_plain(struct slice text)
{
    static const char others[] = "_.@:/+-";
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.data[i];
        bool alphanumeric = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                            (byte >= 'A' && byte <= 'Z');
        if (!alphanumeric && !memchr(others, byte, sizeof others - 1))
            return false;
    }
    return text.size > 0;
}

static void write_operand(struct buffer *out, const struct operand *operand)
{
    if (is_plain(operand->text))
        buffer_add(out, operand->text);
    else
        json_write_text(out, operand->text);
}

static void write_operands(struct buffer *out, const struct condition *test)
{
    for (size_t i = 0; i < test->operand_count; i++) {
        if (i)
            buffer_add(out, SLICE(", "));
        write_operand(out, &test->operands[i]);
    }
}

static void write_test(struct buffer *out, const struct condition *test)
{
    const struct operator_row *row = &operators[test->operator];
    buffer_add(out, test->trait);
    buffer_add_byte(out, ' ');
    if (row->form == FORM_BOOLEAN) {
        buffer_add(out, test->operands[0].boolean ? SLICE("exists") : SLICE("is missing"));
        return;
    }
    buffer_add(out, slice_of(row->sign));
    buffer_add(out, row->list ? SLICE(" [") : SLICE(" "));
    write_operands(out, test);
    if (row->list)
        buffer_add_byte(out, ']');
}

/* What `all` or `any` of a single part comes down to. */
static const struct condition *unwrapped(const struct condition *condition)
{
    while ((condition->kind == CONDITION_ALL || condition->kind == CONDITION_ANY) &&
           condition->part_count == 1)
        condition = condition->parts;
    return condition;
}

static void write_parts(struct buffer *out, const struct condition *condition, struct slice between)
{
    for (size_t i = 0; i < condition->part_count; i++) {
        const struct condition *part = unwrapped(&condition->parts[i]);
        bool enclose = (part->kind == CONDITION_ALL || part->kind == CONDITION_ANY) &&
                       part->kind != condition->kind;
        if (i)
            buffer_add(out, between);
        if (enclose)
            buffer_add_byte(out, '(');
        condition_write(out, part);
        if (enclose)
            buffer_add_byte(out, ')');
    }
}

void condition_write(struct buffer *out, const struct condition *condition)
{
    if (!condition)
        return;
    condition = unwrapped(condition);
    switch (condition->kind) {
    case CONDITION_TEST: write_test(out, condition); break;
    case CONDITION_ALL: write_parts(out, condition, SLICE(" and ")); break;
    case CONDITION_ANY: write_parts(out, condition, SLICE(" or ")); break;
    case CONDITION_NOT:
        buffer_add(out, SLICE("not ("));
        condition_write(out, condition->parts);
        buffer_add_byte(out, ')');
        break;
    }
}

/* ---- Canonical ---- */

static void write_canonical_operand(struct buffer *out, enum operand_form form,
                                    const struct operand *operand)
{
    char text[NUMBER_TEXT_SIZE > TIME_TEXT_SIZE ? NUMBER_TEXT_SIZE : TIME_TEXT_SIZE];
    switch (form) {
    case FORM_TEXT: json_write_text(out, operand->text); break;
    case FORM_NUMBER: buffer_add(out, slice_of(number_format(operand->number, text))); break;
    case FORM_TIME: json_write_text(out, slice_of(time_format(operand->time_ms, text))); break;
    case FORM_BOOLEAN: buffer_add(out, operand->boolean ? SLICE("true") : SLICE("false")); break;
    }
}

static void write_canonical_test(struct buffer *out, const struct condition *test)
{
    const struct operator_row *row = &operators[test->operator];
    buffer_add_byte(out, '{');
    json_write_text(out, test->trait);
    buffer_add(out, SLICE(":{"));
    json_write_text(out, slice_of(row->word));
    buffer_add(out, row->list ? SLICE(":[") : SLICE(":"));
    for (size_t i = 0; i < test->operand_count; i++) {
        if (i)
            buffer_add_byte(out, ',');
        write_canonical_operand(out, row->form, &test->operands[i]);
    }
    buffer_add(out, row->list ? SLICE("]}}") : SLICE("}}"));
}

static void write_canonical_parts(struct buffer *out, struct slice head,
                                  const struct condition *condition)
{
    buffer_add(out, head);
    for (size_t i = 0; i < condition->part_count; i++) {
        if (i)
            buffer_add_byte(out, ',');
        condition_write_canonical(out, &condition->parts[i]);
    }
    buffer_add(out, SLICE("]}"));
}

void condition_write_canonical(struct buffer *out, const struct condition *condition)
{
    if (!condition) {
        buffer_add(out, SLICE("null"));
        return;
    }
    switch (condition->kind) {
    case CONDITION_TEST: write_canonical_test(out, condition); break;
    case CONDITION_ALL: write_canonical_parts(out, SLICE("{\"all\":["), condition); break;
    case CONDITION_ANY: write_canonical_parts(out, SLICE("{\"any\":["), condition); break;
    case CONDITION_NOT:
        buffer_add(out, SLICE("{\"not\":"));
        condition_write_canonical(out, condition->parts);
        buffer_add_byte(out, '}');
        break;
    }
}
