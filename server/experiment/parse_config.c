/*
 * Configurations of variants: any JSON, read by the YAML 1.2 core schema (grammar.md, 1: plain
 * `true`, `3`, `null` become JSON's, quoted stays text, `no` and `on` are text), and the values
 * that clients are handed (section 8).
 */

#include "parse.h"

#include "base/limits.h"
#include "base/number.h"

/* ---- The core schema ---- */

static bool is_one_of(struct slice text, const char *const *words)
{
    while (*words && !slice_equals(text, *words))
        words++;
    return *words != NULL;
}

/* 0o17 and 0xff: false when it is none or too large for 64 bits. */
static bool radix_parse(struct slice text, int64_t *integer)
{
    bool is_octal = slice_starts_with(text, SLICE("0o"));
    if ((!is_octal && !slice_starts_with(text, SLICE("0x"))) || text.size < 3)
        return false;
    int64_t value = 0;
    for (size_t i = 2; i < text.size; i++) {
        char c = text.data[i], low = (char)(c | 0x20);
        int digit = c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : 99;
        if (digit >= (is_octal ? 8 : 16) || value > (INT64_MAX - digit) / 16)
            return false;
        value = value * (is_octal ? 8 : 16) + digit;
    }
    *integer = value;
    return true;
}

/* [-+]? ( . [0-9]+ | [0-9]+ ( . [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?, as number_parse wants it: a
 * digit on both sides of the point. */
static bool real_parse(struct parser *parser, struct slice text, double *number)
{
    char *copy = arena_alloc(&parser->scratch, text.size + 3);
    size_t size = 0;
    if (!copy || text.size > 400)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        bool before = i && text.data[i - 1] >= '0' && text.data[i - 1] <= '9';
        bool after = i + 1 < text.size && text.data[i + 1] >= '0' && text.data[i + 1] <= '9';
        if (text.data[i] == '.' && !before && !after)
            return false;
        if (text.data[i] == '.' && !before)
            copy[size++] = '0';
        copy[size++] = text.data[i];
        if (text.data[i] == '.' && !after)
            copy[size++] = '0';
        if (size > text.size + 2)
            return false; /* two points: no number */
    }
    return number_parse((struct slice){.data = copy, .size = size}, number);
}

static bool plain_read(struct parser *parser, const struct node *node, struct value *value)
{
    static const char *const nulls[] = {"", "null", "Null", "NULL", "~", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    static const char *const endless[] = {".inf",  ".Inf",  ".INF",  "+.inf", "+.Inf",
                                          "+.INF", "-.inf", "-.Inf", "-.INF", ".nan",
                                          ".NaN",  ".NAN",  NULL};
    struct slice text = node->text;
    struct slice digits = slice_from(text, text.size && text.data[0] == '+');
    int64_t integer;
    double number;
    if (is_one_of(text, endless)) {
        fault(parser, node->place, "wrong-type", "JSON has no '%.*s'", SLICE_ARGS(text));
        return false;
    }
    if (is_one_of(text, nulls))
        *value = value_null();
    else if (is_one_of(text, trues) || is_one_of(text, falses))
        *value = value_boolean(is_one_of(text, trues));
    else if (integer_parse(digits, &integer) || radix_parse(text, &integer))
        *value = value_integer(integer);
    else if (real_parse(parser, text, &number))
        *value = value_real(number);
    else
        *value = value_text(text);
    return true;
}

static bool config_read(struct parser *parser, const struct node *node, struct value *value)
{
    struct value child;
    bool good = true;
    if (node->kind == NODE_REFUSED)
        return false;
    if (node->kind == NODE_SCALAR && node->style == STYLE_PLAIN)
        return plain_read(parser, node, value);
    if (node->kind == NODE_SCALAR) {
        *value = value_text(node->text);
        return true;
    }
    *value = node->kind == NODE_LIST ? value_list() : value_object();
    for (size_t i = 0; i < node->count; i++) {
        const struct node *part = node->kind == NODE_LIST ? &node->items[i] : &node->pairs[i].value;
        if (!config_read(parser, part, &child))
            good = false;
        else if (node->kind == NODE_LIST)
            value_append(&parser->scratch, value, child);
        else
            value_add_named(&parser->scratch, value, node->pairs[i].key.text, child);
    }
    return good;
}

/* ---- What a client gets ---- */

static struct slice canonical(struct parser *parser, const struct value *value)
{
    struct buffer out = {0};
    value_write(&out, value);
    struct slice text = keep(parser, buffer_slice(&out));
    parser->arena->failed |= out.failed;
    buffer_done(&out);
    return text;
}

static struct value optional_text(struct slice text)
{
    return text.size ? value_text(text) : value_null();
}

/* The members that routes.md's `flow` has, each always there. */
static struct value step_value(struct arena *arena, const struct flow_step *step)
{
    struct value value = value_object(), trigger = value_object();
    value_add(arena, &value, "step", value_text(step->step));
    value_add(arena, &value, "pattern", value_text(slice_of(step_pattern_texts[step->pattern])));
    value_add(arena, &value, "done_when", optional_text(step->done_when));
    value_add(arena, &value, "minutes",
              step->minutes_micro ? value_real((double)step->minutes_micro / (double)MICRO)
                                  : value_null());
    if (step->trigger == TRIGGER_ON_EVENT)
        value_add(arena, &trigger, "on_event", value_text(step->trigger_event));
    else
        trigger = value_text(slice_of(step_trigger_texts[step->trigger]));
    value_add(arena, &value, "trigger", trigger);
    value_add(arena, &value, "optional", value_boolean(step->optional));
    return value;
}

static struct value flow_value(struct arena *arena, const struct variant *variant)
{
    struct value list = value_list();
    for (size_t i = 0; i < variant->flow_count; i++)
        value_append(arena, &list, step_value(arena, &variant->flow[i]));
    return list;
}

void values_fill(struct parser *parser, struct experiment *experiment, struct variant *variants,
                 const struct value *configs)
{
    bool has_flow = false, is_object = true;
    for (size_t i = 0; i < experiment->variant_count; i++) {
        has_flow |= variants[i].has_flow;
        is_object &= !variants[i].config.size || configs[i].kind == VALUE_OBJECT;
    }
    bool is_config = experiment->serve == SERVE_CONFIG;
    experiment->serves_flow = is_config && is_object && has_flow;
    for (size_t i = 0; i < experiment->variant_count; i++) {
        struct variant *variant = &variants[i];
        struct value value = variant->config.size ? configs[i] : value_object();
        if (!is_config)
            value = value_text(variant->name);
        if (experiment->serves_flow)
            value_add(&parser->scratch, &value, "flow", flow_value(&parser->scratch, variant));
        variant->value = canonical(parser, &value);
    }
}

static const char *config_kind(const struct value *value)
{
    return value->kind == VALUE_OBJECT    ? "an object"
           : value->kind == VALUE_BOOLEAN ? "a boolean"
           : value->kind == VALUE_TEXT    ? "a text"
           : value_is_number(value)       ? "a number"
                                          : NULL;
}

static bool config_check(struct parser *parser, const struct pair *pair, const struct value *value,
                         size_t size)
{
    const struct node *flow = node_member(&pair->value, "flow");
    const char *kind = config_kind(value);
    if (size > CONFIG_SIZE_MAX)
        fault(parser, pair->key.place, "out-of-range",
              "'config' is %zu bytes of JSON; %d is the most", size, CONFIG_SIZE_MAX);
    else if (!kind)
        fault(parser, pair->value.place, "config-type",
              "'config' is an object, a boolean, a number or a text, not %s",
              value->kind == VALUE_LIST ? "a list" : "null");
    else if (flow)
        fault(parser, flow->holder->place, "reserved-member",
              "'flow' is the name under which clients get the flow: call it something else");
    else
        return true;
    return false;
}

bool config_take(struct parser *parser, const struct pair *pair, struct slice *config,
                 struct value *value)
{
    const struct node *node = &pair->value;
    if (node->kind == NODE_SCALAR && node->style == STYLE_PLAIN && !node->text.size) {
        fault(parser, node->place, "wrong-type", "'config' has no value");
        return false;
    }
    if (!config_read(parser, node, value))
        return false;
    struct slice text = canonical(parser, value);
    if (!config_check(parser, pair, value, text.size))
        return false;
    *config = text;
    return true;
}

void configs_agree(struct parser *parser, const struct pair *const *pairs,
                   const struct value *configs, size_t count, const struct node *variants)
{
    const struct value *first = NULL;
    for (size_t i = 0; i < count && !first; i++)
        first = pairs[i] ? &configs[i] : NULL;
    if (!first)
        return;
    const char *wanted = config_kind(first);
    for (size_t i = 0; i < count; i++) {
        const char *kind = pairs[i] ? config_kind(&configs[i]) : NULL;
        if (!wanted || (pairs[i] && (!kind || strcmp(kind, wanted) == 0)))
            continue;
        if (pairs[i])
            fault(parser, pairs[i]->value.place, "config-type",
                  "'config' is %s here and %s elsewhere: clients get one type for all variants",
                  kind, wanted);
        else if (first->kind != VALUE_OBJECT && !node_member(&variants->pairs[i].value, "config"))
            fault(parser, variants->pairs[i].key.place, "config-type",
                  "'config' is %s elsewhere, so every variant needs one", wanted);
    }
}
