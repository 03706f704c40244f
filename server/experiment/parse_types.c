/*
 * The types of grammar.md, section 2: each reads one scalar by the type that its key has, quoted or
 * not, and never by YAML's guess.
 */

#include "parse.h"

#include "base/limits.h"
#include "base/number.h"

#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX 2000
#define LINE_MAX_POINTS 120
#define EVENT_MAX_POINTS 128
#define MICRO_WHOLE_MAX INT64_C(9200000000000) /* grammar: magnitude below 9.2e12 */

struct slice keep(struct parser *parser, struct slice text)
{
    return arena_copy(parser->arena, text);
}

bool type_scalar(struct parser *parser, const struct node *node, const char *wanted)
{
    struct slice name = shown(parser, node_name(node));
    if (node->kind == NODE_REFUSED)
        return false;
    if (node->kind != NODE_SCALAR) {
        fault(parser, node->place, "wrong-type", "'%.*s' takes %s, not %s", SLICE_ARGS(name),
              wanted, node_kind_text(node));
        return false;
    }
    if (node->text.size == 0 && node->style == STYLE_PLAIN) {
        fault(parser, node->place, "wrong-type", "'%.*s' has no value: it takes %s",
              SLICE_ARGS(name), wanted);
        return false;
    }
    return true;
}

static bool wrong_container(struct parser *parser, const struct node *node, const char *wanted)
{
    if (node->kind == NODE_REFUSED)
        return false;
    bool is_empty = node->kind == NODE_SCALAR && node->text.size == 0;
    fault(parser, node->place, "wrong-type", "'%.*s' takes %s, not %s",
          SLICE_ARGS(shown(parser, node_name(node))), wanted,
          is_empty ? "nothing" : node_kind_text(node));
    return false;
}

bool type_mapping(struct parser *parser, const struct node *node)
{
    return node->kind == NODE_MAPPING || wrong_container(parser, node, "a mapping");
}

bool type_list(struct parser *parser, const struct node *node, size_t least, size_t most)
{
    if (node->kind != NODE_LIST)
        return wrong_container(parser, node, "a list");
    if (node->count >= least && node->count <= most)
        return true;
    struct slice name = shown(parser, node_name(node));
    if (least == most)
        fault(parser, node->place, "out-of-range", "'%.*s' has %zu item%s; it takes %zu",
              SLICE_ARGS(name), node->count, node->count == 1 ? "" : "s", least);
    else
        fault(parser, node->place, "out-of-range", "'%.*s' has %zu item%s; it takes %zu to %zu",
              SLICE_ARGS(name), node->count, node->count == 1 ? "" : "s", least, most);
    return false;
}

/* ---- Names ---- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_digits(struct slice text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!is_digit(text.data[i]))
            return false;
    return text.size > 0;
}

/* First a letter, a digit where allowed, or one of `first`; then also one of `others`. */
static bool has_form(struct slice text, bool digit_first, const char *first, const char *others,
                     size_t size_max)
{
    if (text.size == 0 || text.size > size_max)
        return false;
    char c = text.data[0];
    if (!is_letter(c) && !(digit_first && is_digit(c)) && !strchr(first, c))
        return false;
    for (size_t i = 1; i < text.size; i++) {
        c = text.data[i];
        if (!is_letter(c) && !is_digit(c) && !strchr(others, c))
            return false;
    }
    return true;
}

static bool key_has_good_parts(struct slice key)
{
    for (size_t from = 0; from <= key.size;) {
        size_t to = from;
        while (to < key.size && key.data[to] != '/')
            to++;
        struct slice part = {.data = key.data + from, .size = to - from};
        if (part.size == 0 || slice_equals(part, ".") || slice_equals(part, ".."))
            return false;
        from = to + 1;
    }
    return true;
}

static bool bad_name(struct parser *parser, const struct node *node, const char *why)
{
    fault(parser, node->place, "bad-name", "'%.*s' %s", SLICE_ARGS(shown(parser, node->text)), why);
    return false;
}

bool type_key(struct parser *parser, const struct node *node, struct slice *out)
{
    if (!type_scalar(parser, node, "a key"))
        return false;
    if (slice_starts_with(node->text, SLICE("holdout:")))
        return bad_name(parser, node, "cannot be a key: 'holdout:' belongs to the holdouts");
    if (!has_form(node->text, true, "", "_.:/-", 128))
        return bad_name(parser, node,
                        "cannot be a key: letters, digits and _ . : / -, at most 128, "
                        "the first a letter or digit");
    if (!key_has_good_parts(node->text))
        return bad_name(parser, node,
                        "cannot be a key: no empty part, '.' or '..' between slashes");
    *out = keep(parser, node->text);
    return true;
}

bool type_name(struct parser *parser, const struct node *node, struct slice *out)
{
    if (!type_scalar(parser, node, "a name"))
        return false;
    if (!has_form(node->text, true, "_", "_.-", 64))
        return bad_name(parser, node,
                        "cannot be a name: letters, digits and _ . -, at most 64, "
                        "the first a letter, digit or _");
    *out = keep(parser, node->text);
    return true;
}

bool type_trait(struct parser *parser, const struct node *node, struct slice *out)
{
    if (!type_scalar(parser, node, "the name of a trait"))
        return false;
    bool is_word = slice_equals(node->text, "all") || slice_equals(node->text, "any") ||
                   slice_equals(node->text, "not");
    if (is_word)
        return bad_name(parser, node, "cannot be a trait: it is a word of conditions");
    if (!has_form(node->text, false, "_$", "_.$-", 64))
        return bad_name(parser, node,
                        "cannot be a trait: letters, digits and _ . $ -, at most 64, "
                        "the first a letter, _ or $");
    *out = keep(parser, node->text);
    return true;
}

bool type_event(struct parser *parser, const struct node *node, struct slice *out)
{
    if (!type_scalar(parser, node, "the name of an event"))
        return false;
    struct slice text = node->text;
    bool spaced = text.size && (text.data[0] == ' ' || text.data[text.size - 1] == ' ');
    if (text.size == 0 || spaced || slice_has_control(text) ||
        slice_code_points(text) > EVENT_MAX_POINTS) {
        fault(parser, node->place, "bad-name",
              "an event name is 1 to 128 characters without control characters, "
              "and without a space at its ends");
        return false;
    }
    *out = keep(parser, text);
    return true;
}

bool type_id(struct parser *parser, const struct node *node, struct slice *out)
{
    if (!type_scalar(parser, node, "an id"))
        return false;
    const char *why = unit_id_fault(node->text);
    if (why) {
        fault(parser, node->place, "bad-name", "'%.*s' cannot be an id: %s",
              SLICE_ARGS(shown(parser, node->text)), why);
        return false;
    }
    *out = keep(parser, node->text);
    return true;
}

static bool is_short(struct parser *parser, const struct node *node, size_t most)
{
    size_t points = slice_code_points(node->text);
    if (points <= most)
        return true;
    fault(parser, node->place, "out-of-range", "'%.*s' is too long: %zu of %zu characters",
          SLICE_ARGS(shown(parser, node_name(node))), points, most);
    return false;
}

bool type_text(struct parser *parser, const struct node *node, struct slice *out)
{
    struct slice text = node->text;
    if (!type_scalar(parser, node, "a text") || !is_short(parser, node, TEXT_MAX))
        return false;
    /* The line end of `>` and `|` is YAML's, not the writer's. */
    while (node->style == STYLE_BLOCK && text.size && text.data[text.size - 1] == '\n')
        text.size--;
    *out = keep(parser, text);
    return true;
}

bool type_line(struct parser *parser, const struct node *node, struct slice *out)
{
    struct slice line = node->text;
    if (!type_scalar(parser, node, "a line of text") || !is_short(parser, node, LINE_MAX_POINTS))
        return false;
    if (line.size && (memchr(line.data, '\n', line.size) || memchr(line.data, '\r', line.size))) {
        fault(parser, node->place, "wrong-type", "'%.*s' takes one line: no line break%s",
              SLICE_ARGS(shown(parser, node_name(node))),
              node->style == STYLE_BLOCK ? ", also not the one that '>' and '|' end with" : "");
        return false;
    }
    *out = keep(parser, line);
    return true;
}

/* ---- Values ---- */

static bool wrong(struct parser *parser, const struct node *node, const char *why)
{
    fault(parser, node->place, "wrong-type", "'%.*s' %s", SLICE_ARGS(shown(parser, node->text)),
          why);
    return false;
}

bool type_boolean(struct parser *parser, const struct node *node, bool *out)
{
    if (!type_scalar(parser, node, "true or false"))
        return false;
    bool is_true = slice_equals(node->text, "true");
    if (!is_true && !slice_equals(node->text, "false"))
        return wrong(parser, node, "is not true or false");
    *out = is_true;
    return true;
}

bool type_date(struct parser *parser, const struct node *node, int64_t *out)
{
    struct error error = {0};
    if (!type_scalar(parser, node, "a date"))
        return false;
    if (time_parse(node->text, out, &error)) {
        fault(parser, node->place, "wrong-type", "%s", error.text);
        return false;
    }
    return true;
}

/* A whole number and a unit, whatever the size. */
static bool is_duration_form(struct slice text)
{
    static const char *const units[] = {"s", "min", "h", "d", "w"};
    size_t digits = 0;
    while (digits < text.size && is_digit(text.data[digits]))
        digits++;
    for (size_t i = 0; digits && i < sizeof units / sizeof *units; i++)
        if (slice_equals(slice_from(text, digits), units[i]))
            return true;
    return false;
}

bool type_duration(struct parser *parser, const struct node *node, int64_t *out)
{
    struct error error = {0};
    if (!type_scalar(parser, node, "a duration such as '7d'"))
        return false;
    if (duration_parse(node->text, out, &error)) {
        fault(parser, node->place, is_duration_form(node->text) ? "out-of-range" : "wrong-type",
              "%s", error.text);
        return false;
    }
    return true;
}

bool type_integer(struct parser *parser, const struct node *node, uint64_t least, uint64_t most,
                  uint64_t *out)
{
    uint64_t value = UINT64_MAX; /* also where the digits are too many */
    if (!type_scalar(parser, node, "a whole number"))
        return false;
    if (!is_digits(node->text))
        return wrong(parser, node, "is not a whole number");
    if (!unsigned_parse(node->text, &value) || value < least || value > most) {
        struct slice text = shown(parser, node->text);
        if (most == UINT64_MAX)
            fault(parser, node->place, "out-of-range", "%.*s is out of range: %llu or more",
                  SLICE_ARGS(text), (unsigned long long)least);
        else
            fault(parser, node->place, "out-of-range", "%.*s is out of range: %llu to %llu",
                  SLICE_ARGS(text), (unsigned long long)least, (unsigned long long)most);
        return false;
    }
    *out = value;
    return true;
}

/* `[-]D[.D]`, at most `places` of them. */
static bool is_decimal(struct slice text, size_t places)
{
    size_t at = text.size && text.data[0] == '-', from = at;
    while (at < text.size && is_digit(text.data[at]))
        at++;
    if (at == from || at == text.size)
        return at > from;
    from = ++at;
    while (at < text.size && is_digit(text.data[at]))
        at++;
    return text.data[from - 1] == '.' && at == text.size && at > from && at - from <= places;
}

bool form_number(struct slice text, int64_t *micro)
{
    int64_t value;
    if (!is_decimal(text, 6) || !micro_parse(text, &value))
        return false;
    if (value / MICRO >= MICRO_WHOLE_MAX || value / MICRO <= -MICRO_WHOLE_MAX)
        return false;
    *micro = value;
    return true;
}

bool type_number(struct parser *parser, const struct node *node, int64_t *micro)
{
    double number;
    if (!type_scalar(parser, node, "a number"))
        return false;
    if (form_number(node->text, micro))
        return true;
    if (!number_parse(node->text, &number))
        return wrong(parser, node, "is not a number");
    if (!is_decimal(node->text, SIZE_MAX))
        return wrong(parser, node, "is not a number: write it without an exponent or a plus");
    if (is_decimal(node->text, 6))
        return wrong(parser, node, "is not a number: its magnitude is 9.2e12 or more");
    return wrong(parser, node, "is not a number: it has more than 6 decimal places");
}

bool form_percent(struct slice text, int64_t *micro_percent)
{
    if (text.size == 0 || text.data[text.size - 1] != '%')
        return false;
    text.size--;
    return is_decimal(text, 4) && form_number(text, micro_percent);
}

bool type_percent(struct parser *parser, const struct node *node, int64_t *micro_percent)
{
    if (!type_scalar(parser, node, "a percentage such as '50%'"))
        return false;
    if (form_percent(node->text, micro_percent))
        return true;
    struct slice text = shown(parser, node->text);
    if (is_decimal(node->text, 4))
        fault(parser, node->place, "wrong-type", "'%.*s' is not a percentage; write '%.*s%%'",
              SLICE_ARGS(text), SLICE_ARGS(text));
    else
        fault(parser, node->place, "wrong-type", "'%.*s' is not a percentage; write '50%%'",
              SLICE_ARGS(text));
    return false;
}

bool type_share(struct parser *parser, const struct node *node, double least, double most,
                double *share)
{
    char low[NUMBER_TEXT_SIZE], high[NUMBER_TEXT_SIZE];
    int64_t micro_percent;
    if (!type_percent(parser, node, &micro_percent))
        return false;
    double percent = (double)micro_percent / (double)MICRO;
    if (percent < least || percent > most) {
        fault(parser, node->place, "out-of-range", "%.*s is out of range: %s%% to %s%%",
              SLICE_ARGS(shown(parser, node->text)), number_format(least, low),
              number_format(most, high));
        return false;
    }
    *share = (double)micro_percent / (100 * (double)MICRO);
    return true;
}

struct slice words_joined(struct parser *parser, const char *const *words)
{
    struct buffer out = {0};
    for (size_t i = 0; words[i]; i++) {
        if (!words[i][0])
            continue;
        bool is_last = i && !words[i + 1];
        if (out.size)
            buffer_add(&out, is_last ? SLICE(" or ") : SLICE(", "));
        buffer_add(&out, slice_of(words[i]));
    }
    struct slice joined = arena_copy(&parser->scratch, buffer_slice(&out));
    parser->scratch.failed |= out.failed;
    buffer_done(&out);
    return joined;
}

bool type_word(struct parser *parser, const struct node *node, const struct word_list *list,
               unsigned *out)
{
    struct nearest nearest = {.typed = node->text};
    if (!type_scalar(parser, node, list->what))
        return false;
    for (unsigned i = 0; list->words[i]; i++) {
        if (list->words[i][0] && slice_equals(node->text, list->words[i])) {
            *out = i;
            return true;
        }
        nearest_try(&nearest, slice_of(list->words[i]));
    }
    fault(parser, node->place, "bad-value", "'%.*s' is not %s: %.*s",
          SLICE_ARGS(shown(parser, node->text)), list->what,
          SLICE_ARGS(words_joined(parser, list->words)));
    hint_nearest(parser, &nearest);
    return false;
}
