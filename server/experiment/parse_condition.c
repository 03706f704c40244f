/*
 * Conditions: `audience` of experiments and `where` of metrics (grammar.md, section 6).
 *
 * A mapping with one part is that part; with more, all of them must hold.  `all`, `any` and `not`
 * each open a level; the key that opens one too many is told and not followed, so the recursion is
 * bounded.  What an operator takes stands in one table; its word comes from condition.h.
 *
 * Regular expressions are compiled here, once.  glibc's compiler writes counted repetitions out, so
 * a short pattern such as ((a{99}){99}){99} would cost gigabytes: the parts that a pattern has then
 * are counted before regcomp sees it.  Back-references, a glibc extension that makes matching
 * exponential, are refused.
 */

#include "parse.h"

#include "base/limits.h"
#include "base/number.h"
#include "experiment/version.h"

#include <stdlib.h>

#define PATTERN_PARTS_MAX 400 /* at most 0.2 s and 40 MB in glibc's compiler, measured */

static const char *const level_words[] = {"all", "any", "not"};

typedef bool operand_read(struct parser *parser, const struct node *node, struct operand *operand);

/* ---- Operands ---- */

static bool read_scalar(struct parser *parser, const struct node *node, struct operand *operand)
{
    if (!type_scalar(parser, node, "a value"))
        return false;
    operand->text = keep(parser, node->text);
    operand->is_number = number_parse(node->text, &operand->number);
    return true;
}

static bool read_number(struct parser *parser, const struct node *node, struct operand *operand)
{
    int64_t micro;
    return type_number(parser, node, &micro) && read_scalar(parser, node, operand);
}

static bool read_boolean(struct parser *parser, const struct node *node, struct operand *operand)
{
    return type_boolean(parser, node, &operand->boolean) && read_scalar(parser, node, operand);
}

static bool read_text(struct parser *parser, const struct node *node, struct operand *operand)
{
    struct slice text;
    return type_text(parser, node, &text) && read_scalar(parser, node, operand);
}

static bool read_version(struct parser *parser, const struct node *node, struct operand *operand)
{
    if (!read_scalar(parser, node, operand))
        return false;
    if (version_valid(node->text))
        return true;
    fault(parser, node->place, "wrong-type", "'%.*s' is not a version; write '1.2.3'",
          SLICE_ARGS(shown(parser, node->text)));
    return false;
}

static bool read_date(struct parser *parser, const struct node *node, struct operand *operand)
{
    return type_date(parser, node, &operand->time_ms) && read_scalar(parser, node, operand);
}

/* ---- Regular expressions ---- */

/* The end of a bracket expression that begins at `at`: `]` first is one of its characters. */
static size_t brackets_end(struct slice pattern, size_t at)
{
    at++;
    at += at < pattern.size && pattern.data[at] == '^';
    at += at < pattern.size && pattern.data[at] == ']';
    while (at < pattern.size && pattern.data[at] != ']')
        at++;
    return at;
}

/* The larger count of `{m,n}` at `*at`, which moves to the closing brace. */
static size_t braces_count(struct slice pattern, size_t *at)
{
    size_t most = 1, count = 0;
    for (++*at; *at < pattern.size && pattern.data[*at] != '}'; ++*at) {
        char c = pattern.data[*at];
        count = c >= '0' && c <= '9' ? count * 10 + (size_t)(c - '0') : 0;
        count = count > PATTERN_PARTS_MAX ? PATTERN_PARTS_MAX + 1 : count;
        most = count > most ? count : most;
    }
    return most;
}

/* How many parts the pattern has when its counts are written out; a group counts as its parts. */
static size_t pattern_parts(struct slice pattern)
{
    size_t sums[PATTERN_SIZE_MAX + 1] = {0}, depth = 0, last = 0;
    for (size_t at = 0; at < pattern.size && sums[depth] <= PATTERN_PARTS_MAX; at++) {
        char c = pattern.data[at];
        if (c == '(' && depth < PATTERN_SIZE_MAX) {
            sums[++depth] = 0;
            continue;
        }
        if (c == '{') {
            size_t count = braces_count(pattern, &at);
            sums[depth] += last * (count - 1);
            last *= count;
            continue;
        }
        last = 1;
        if (c == ')' && depth)
            last = sums[depth--];
        else if (c == '[')
            at = brackets_end(pattern, at);
        else if (c == '\\')
            at++;
        sums[depth] += last;
    }
    size_t most = 0;
    for (size_t i = 0; i <= depth; i++)
        most = sums[i] > most ? sums[i] : most;
    return most;
}

static bool has_back_reference(struct slice pattern)
{
    for (size_t i = 0; i + 1 < pattern.size; i++)
        if (pattern.data[i] == '\\' && pattern.data[++i] >= '1' && pattern.data[i] <= '9')
            return true;
    return false;
}

static const char *pattern_refusal(struct slice pattern)
{
    if (has_back_reference(pattern))
        return "back-references are not supported";
    if (pattern_parts(pattern) > PATTERN_PARTS_MAX)
        return "its repetitions, written out, make more than 400 parts";
    return NULL;
}

static bool pattern_compile(struct parser *parser, const struct node *node, struct condition *test)
{
    const char *refusal = pattern_refusal(node->text);
    char words[128];
    size_t points = slice_code_points(node->text);
    if (points > PATTERN_SIZE_MAX) {
        fault(parser, node->place, "out-of-range",
              "the regular expression is too long: %zu of %d characters", points, PATTERN_SIZE_MAX);
        return false;
    }
    struct regex_list *regex = ARENA_NEW(parser->arena, struct regex_list);
    const char *text = arena_text(&parser->scratch, node->text);
    if (!regex || !text)
        return false;
    if (!refusal) {
        int wrong = regcomp(&regex->regex, text, REG_EXTENDED);
        if (wrong) {
            regerror(wrong, &regex->regex, words, sizeof words);
            refusal = words;
        }
    }
    if (refusal) {
        fault(parser, node->place, "bad-regex", "'%.*s' is not a regular expression: %s",
              SLICE_ARGS(shown(parser, node->text)), refusal);
        return false;
    }
    regex->next = parser->patterns;
    parser->patterns = regex;
    test->pattern = &regex->regex;
    return true;
}

/* ---- Tests ---- */

static const struct {
    operand_read *read;
    bool is_list;
    size_t least, most; /* items of a list */
} operators[OPERATOR_COUNT] = {
    [OPERATOR_EQ] = {.read = read_scalar},
    [OPERATOR_NE] = {.read = read_scalar},
    [OPERATOR_IN] = {.read = read_scalar, .is_list = true, .least = 1, .most = CONDITION_LIST_MAX},
    [OPERATOR_NOT_IN] = {.read = read_scalar,
                         .is_list = true,
                         .least = 1,
                         .most = CONDITION_LIST_MAX},
    [OPERATOR_GT] = {.read = read_number},
    [OPERATOR_GTE] = {.read = read_number},
    [OPERATOR_LT] = {.read = read_number},
    [OPERATOR_LTE] = {.read = read_number},
    [OPERATOR_BETWEEN] = {.read = read_number, .is_list = true, .least = 2, .most = 2},
    [OPERATOR_EXISTS] = {.read = read_boolean},
    [OPERATOR_STARTS_WITH] = {.read = read_text},
    [OPERATOR_ENDS_WITH] = {.read = read_text},
    [OPERATOR_CONTAINS] = {.read = read_text},
    [OPERATOR_MATCHES] = {.read = read_text},
    [OPERATOR_VERSION_GTE] = {.read = read_version},
    [OPERATOR_VERSION_LT] = {.read = read_version},
    [OPERATOR_BEFORE] = {.read = read_date},
    [OPERATOR_AFTER] = {.read = read_date},
};

static int compare_operands(const void *a, const void *b)
{
    return slice_compare(((const struct operand *)a)->text, ((const struct operand *)b)->text);
}

static bool empty_refuse(struct parser *parser, const struct node *node)
{
    if (node->kind == NODE_SCALAR || node->kind == NODE_REFUSED || node->count)
        return false;
    fault(parser, node->place, "wrong-type", "'%.*s' takes %s that is not empty",
          SLICE_ARGS(shown(parser, node_name(node))), node_kind_text(node));
    return true;
}

/* What the operands say together. */
static bool operands_judge(struct parser *parser, const struct node *node, struct condition *test,
                           struct operand *operands)
{
    if (test->operator== OPERATOR_IN || test->operator== OPERATOR_NOT_IN)
        qsort(operands, node->count, sizeof *operands, compare_operands);
    if (test->operator== OPERATOR_BETWEEN && operands[0].number> operands[1].number) {
        fault(parser, node->items[1].place, "bad-range", "%.*s is below %.*s",
              SLICE_ARGS(shown(parser, operands[1].text)),
              SLICE_ARGS(shown(parser, operands[0].text)));
        return false;
    }
    return test->operator!= OPERATOR_MATCHES || pattern_compile(parser, node, test);
}

/* Operands of one test, whose operator is set. */
static bool operands_read(struct parser *parser, const struct node *node, struct condition *test)
{
    enum condition_operator word = test->operator;
    bool is_list = operators[word].is_list, good = true;
    if (is_list && (empty_refuse(parser, node) ||
                    !type_list(parser, node, operators[word].least, operators[word].most)))
        return false;
    size_t count = is_list ? node->count : 1;
    struct operand *operands = ARENA_ARRAY(parser->arena, count, struct operand);
    if (!operands)
        return false;
    for (size_t i = 0; i < count; i++)
        good &= operators[word].read(parser, is_list ? &node->items[i] : node, &operands[i]);
    test->operands = operands;
    test->operand_count = count;
    return good && operands_judge(parser, node, test, operands);
}

static bool operator_find(struct parser *parser, const struct node *key,
                          enum condition_operator *operator)
{
    struct nearest nearest = {.typed = key->text};
    if (condition_operator_parse(key->text, operator))
        return true;
    for (int i = 0; i < OPERATOR_COUNT; i++)
        nearest_try(&nearest, slice_of(condition_operator_text((enum condition_operator)i)));
    fault(parser, key->place, "unknown-operator", "'%.*s' is not an operator",
          SLICE_ARGS(shown(parser, key->text)));
    hint_nearest(parser, &nearest);
    return false;
}

/* TRAIT: test.  Several operators become ALL of a test each. */
static bool test_read(struct parser *parser, struct slice trait, const struct node *node,
                      struct condition *out)
{
    *out = (struct condition){.kind = CONDITION_TEST, .trait = trait};
    if (node->kind != NODE_MAPPING) {
        out->operator= node->kind == NODE_LIST ? OPERATOR_IN : OPERATOR_EQ;
        return operands_read(parser, node, out);
    }
    if (empty_refuse(parser, node))
        return false;
    struct condition *tests = ARENA_ARRAY(parser->arena, node->count, struct condition);
    bool good = true;
    for (size_t i = 0; tests && i < node->count; i++) {
        const struct pair *pair = &node->pairs[i];
        tests[i] = (struct condition){.kind = CONDITION_TEST, .trait = trait};
        good &= operator_find(parser, &pair->key, &tests[i].operator) &&
                operands_read(parser, &pair->value, &tests[i]);
    }
    if (!tests)
        return false;
    *out =
        node->count == 1
            ? tests[0]
            : (struct condition){.kind = CONDITION_ALL, .parts = tests, .part_count = node->count};
    return good;
}

/* ---- Levels ---- */

static bool mapping_parts(struct parser *parser, const struct node *node, unsigned level,
                          struct condition *out);

/* all, any, not: `kind` is the word's index, which is the enum's. */
static bool level_read(struct parser *parser, const struct pair *pair, enum condition_kind kind,
                       unsigned level, struct condition *out)
{
    const struct node *node = &pair->value;
    bool is_not = kind == CONDITION_NOT, good = true;
    if (level > CONDITION_DEPTH_MAX) {
        fault(parser, pair->key.place, "too-deep",
              "conditions go %d levels deep: '%s' opens one more", CONDITION_DEPTH_MAX,
              level_words[kind]);
        return false;
    }
    if (!is_not && (empty_refuse(parser, node) || !type_list(parser, node, 1, CONDITION_LIST_MAX)))
        return false;
    size_t count = is_not ? 1 : node->count;
    struct condition *parts = ARENA_ARRAY(parser->arena, count, struct condition);
    for (size_t i = 0; parts && i < count; i++)
        good &= mapping_parts(parser, is_not ? node : &node->items[i], level, &parts[i]);
    *out = (struct condition){.kind = kind, .parts = parts, .part_count = count};
    return good && parts;
}

static bool part_read(struct parser *parser, const struct pair *pair, unsigned level,
                      struct condition *out)
{
    struct slice trait;
    for (size_t i = 0; i < sizeof level_words / sizeof *level_words; i++)
        if (slice_equals(pair->key.text, level_words[i]))
            return level_read(parser, pair, (enum condition_kind)i, level + 1, out);
    return type_trait(parser, &pair->key, &trait) && test_read(parser, trait, &pair->value, out);
}

static bool mapping_parts(struct parser *parser, const struct node *node, unsigned level,
                          struct condition *out)
{
    if (!type_mapping(parser, node) || empty_refuse(parser, node))
        return false;
    struct condition *parts = ARENA_ARRAY(parser->arena, node->count, struct condition);
    bool good = true;
    for (size_t i = 0; parts && i < node->count; i++)
        good &= part_read(parser, &node->pairs[i], level, &parts[i]);
    if (!parts)
        return false;
    *out =
        node->count == 1
            ? parts[0]
            : (struct condition){.kind = CONDITION_ALL, .parts = parts, .part_count = node->count};
    return good;
}

const struct condition *condition_read(struct parser *parser, const struct node *node)
{
    struct condition *condition = ARENA_NEW(parser->arena, struct condition);
    if (!condition || !mapping_parts(parser, node, 0, condition))
        return NULL;
    return condition;
}
