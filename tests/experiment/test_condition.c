/*
 * Conditions by hand-written rows, most of them from the words of the grammar (section 6), and
 * versions by the rows that Semantic Versioning 2.0.0 itself gives.
 */

#include "experiment/condition.h"
#include "experiment/version.h"

#include "base/json.h"
#include "base/number.h"
#include "base/time.h"
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>

#define OPERANDS_MAX 6

/* A test of trait `t`, as the parser would compile it. */
struct compiled {
    struct operand operands[OPERANDS_MAX];
    struct condition condition;
    regex_t pattern;
};

static int operand_compare(const void *a, const void *b)
{
    const struct operand *first = a, *second = b;
    return slice_compare(first->text, second->text);
}

static void compile(struct compiled *compiled, enum condition_operator operator,
                    const char * const texts[OPERANDS_MAX])
{
    size_t count = 0;
    for (; count < OPERANDS_MAX && texts[count]; count++) {
        struct operand *operand = &compiled->operands[count];
        *operand = (struct operand){.text = slice_of(texts[count])};
        operand->is_number = number_parse(operand->text, &operand->number);
        operand->boolean = slice_equals(operand->text, "true");
        if (operator== OPERATOR_BEFORE || operator== OPERATOR_AFTER)
            assert_int_equal(time_parse(operand->text, &operand->time_ms, NULL), STATUS_OK);
    }
    if (operator== OPERATOR_IN || operator== OPERATOR_NOT_IN)
        qsort(compiled->operands, count, sizeof *compiled->operands, operand_compare);
    if (operator== OPERATOR_MATCHES)
        assert_int_equal(regcomp(&compiled->pattern, texts[0], REG_EXTENDED), 0);
    compiled->condition = (struct condition){
        .kind = CONDITION_TEST,
        .trait = SLICE("t"),
        .operator= operator,
        .operands = compiled->operands,
        .operand_count = count,
        .pattern = &compiled->pattern,
    };
}

struct row {
    enum condition_operator operator;
    const char *operands[OPERANDS_MAX];
    const char *traits; /* JSON; NULL: none at all */
    bool holds;
};

static bool row_holds(const struct row *row)
{
    struct arena arena = {0};
    struct value traits;
    struct compiled compiled = {0};
    compile(&compiled, row->operator, row->operands);
    if (row->traits)
        assert_int_equal(json_read(&arena, slice_of(row->traits), 0, &traits, NULL), STATUS_OK);
    bool holds = condition_holds(&compiled.condition, row->traits ? &traits : NULL);
    if (row->operator== OPERATOR_MATCHES)
        regfree(&compiled.pattern);
    arena_done(&arena);
    return holds;
}

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (row_holds(&rows[i]) == rows[i].holds)
            continue;
        fail_msg("t %s %s with %s should %s", condition_operator_text(rows[i].operator),
                 rows[i].operands[0], rows[i].traits, rows[i].holds ? "hold" : "fail");
    }
}
#define CHECK(rows) check((rows), sizeof(rows) / sizeof *(rows))

static void operands_meet_the_type_of_the_value(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {OPERATOR_EQ, {"12"}, "{\"t\": 12}", true},
        {OPERATOR_EQ, {"12"}, "{\"t\": \"12\"}", true},
        {OPERATOR_EQ, {"12"}, "{\"t\": 12.0}", true},
        {OPERATOR_EQ, {"12.0"}, "{\"t\": 12}", true},
        {OPERATOR_EQ, {"12.0"}, "{\"t\": \"12\"}", false}, /* texts are compared */
        {OPERATOR_EQ, {"owner"}, "{\"t\": \"owner\"}", true},
        {OPERATOR_EQ, {"owner"}, "{\"t\": \"Owner\"}", false},
        {OPERATOR_EQ, {"owner"}, "{\"t\": \"owner \"}", false},
        {OPERATOR_EQ, {"owner"}, "{\"t\": 0}", false},
        {OPERATOR_EQ, {"true"}, "{\"t\": true}", true},
        {OPERATOR_EQ, {"true"}, "{\"t\": \"true\"}", true},
        {OPERATOR_EQ, {"false"}, "{\"t\": false}", true},
        {OPERATOR_EQ, {"1"}, "{\"t\": true}", false},
        {OPERATOR_EQ, {"true"}, "{\"t\": 1}", false},
        {OPERATOR_EQ, {""}, "{\"t\": \"\"}", true},
        {OPERATOR_EQ, {"x"}, "{\"t\": {\"x\": 1}}", false},
        {OPERATOR_EQ, {"\xc3\xa9"}, "{\"t\": \"e\\u0301\"}", false}, /* no normal forms */
        {OPERATOR_EQ, {"\xc3\xa9"}, "{\"t\": \"\\u00e9\"}", true},
        {OPERATOR_NE, {"owner"}, "{\"t\": \"rep\"}", true},
        {OPERATOR_NE, {"owner"}, "{\"t\": \"owner\"}", false},
        {OPERATOR_NE, {"12"}, "{\"t\": 12}", false},
        {OPERATOR_NE, {"12"}, "{\"t\": 13}", true},
    };
    CHECK(rows);
}

static void a_missing_trait_fails_all_but_exists_false(void **state)
{
    (void)state;
    static const char *const traits[] = {"{}", "{\"t\": null}", "{\"T\": 1}", NULL};
    for (size_t k = 0; k < sizeof traits / sizeof *traits; k++) {
        for (size_t i = 0; i < OPERATOR_COUNT; i++) {
            struct row row = {(enum condition_operator)i, {"1"}, traits[k], false};
            if (row.operator== OPERATOR_EXISTS)
                continue;
            if (row.operator== OPERATOR_BEFORE || row.operator== OPERATOR_AFTER)
                row.operands[0] = "2026-11-01";
            if (row.operator== OPERATOR_BETWEEN)
                row.operands[1] = "3";
            assert_false(row_holds(&row));
        }
        struct row is_missing = {OPERATOR_EXISTS, {"false"}, traits[k], true};
        struct row is_there = {OPERATOR_EXISTS, {"true"}, traits[k], false};
        assert_true(row_holds(&is_missing));
        assert_false(row_holds(&is_there));
    }
    static const struct row there[] = {
        {OPERATOR_EXISTS, {"true"}, "{\"t\": false}", true},
        {OPERATOR_EXISTS, {"false"}, "{\"t\": false}", false},
        {OPERATOR_EXISTS, {"true"}, "{\"t\": []}", true},
        {OPERATOR_EXISTS, {"true"}, "{\"t\": \"\"}", true},
    };
    CHECK(there);
}

static void lists_hold_when_one_item_does(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {OPERATOR_IN, {"b", "a", "7", "c"}, "{\"t\": \"a\"}", true},
        {OPERATOR_IN, {"b", "a", "7", "c"}, "{\"t\": \"c\"}", true},
        {OPERATOR_IN, {"b", "a", "7", "c"}, "{\"t\": \"d\"}", false},
        {OPERATOR_IN, {"b", "a", "7", "c"}, "{\"t\": \"\"}", false},
        {OPERATOR_IN, {"b", "a", "7.0", "c"}, "{\"t\": 7}", true},
        {OPERATOR_IN, {"b", "a", "7.0", "c"}, "{\"t\": \"7\"}", false},
        {OPERATOR_IN, {"false", "x"}, "{\"t\": false}", true},
        {OPERATOR_IN, {"a", "b"}, "{\"t\": [\"z\", \"b\"]}", true},
        {OPERATOR_IN, {"a", "b"}, "{\"t\": [\"z\", null]}", false},
        {OPERATOR_IN, {"a", "b"}, "{\"t\": []}", false},
        {OPERATOR_IN, {"a", "b"}, "{\"t\": [[\"a\"]]}", false},
        {OPERATOR_EQ, {"b"}, "{\"t\": [\"a\", \"b\"]}", true},
        {OPERATOR_EQ, {"3"}, "{\"t\": [1, 3]}", true},
        {OPERATOR_NE, {"b"}, "{\"t\": [\"a\", \"b\"]}", false},
        {OPERATOR_NE, {"b"}, "{\"t\": [\"a\"]}", true},
        {OPERATOR_NOT_IN, {"a", "b"}, "{\"t\": \"c\"}", true},
        {OPERATOR_NOT_IN, {"a", "b"}, "{\"t\": \"b\"}", false},
        {OPERATOR_NOT_IN, {"a", "b"}, "{\"t\": [\"c\", \"b\"]}", false},
        {OPERATOR_NOT_IN, {"a", "5"}, "{\"t\": 5}", false},
    };
    CHECK(rows);
}

static void order_is_of_numbers_and_of_texts_that_are_wholly_numbers(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {OPERATOR_GT, {"2"}, "{\"t\": 2}", false},
        {OPERATOR_GT, {"2"}, "{\"t\": 2.000001}", true},
        {OPERATOR_GT, {"2"}, "{\"t\": \"10\"}", true}, /* not by bytes */
        {OPERATOR_GT, {"2"}, "{\"t\": \"10 seats\"}", false},
        {OPERATOR_GT, {"2"}, "{\"t\": \"\"}", false},
        {OPERATOR_GT, {"0"}, "{\"t\": true}", false},
        {OPERATOR_GT, {"0"}, "{\"t\": [5]}", false},
        {OPERATOR_GTE, {"2"}, "{\"t\": 2}", true},
        {OPERATOR_GTE, {"2"}, "{\"t\": \"1.99\"}", false},
        {OPERATOR_LT, {"-1"}, "{\"t\": -2}", true},
        {OPERATOR_LT, {"7"}, "{\"t\": 7}", false},
        {OPERATOR_LTE, {"7"}, "{\"t\": 7}", true},
        {OPERATOR_LTE, {"7"}, "{\"t\": \"nan\"}", false},
        {OPERATOR_BETWEEN, {"2", "10"}, "{\"t\": 2}", true},
        {OPERATOR_BETWEEN, {"2", "10"}, "{\"t\": 10}", true},
        {OPERATOR_BETWEEN, {"2", "10"}, "{\"t\": 10.5}", false},
        {OPERATOR_BETWEEN, {"2", "10"}, "{\"t\": \"1\"}", false},
    };
    CHECK(rows);
}

static void texts_are_searched_by_bytes(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {OPERATOR_STARTS_WITH, {"ab"}, "{\"t\": \"abc\"}", true},
        {OPERATOR_STARTS_WITH, {"abc"}, "{\"t\": \"ab\"}", false},
        {OPERATOR_STARTS_WITH, {"1"}, "{\"t\": 12}", false},
        {OPERATOR_ENDS_WITH, {"@example.com"}, "{\"t\": \"jo@example.com\"}", true},
        {OPERATOR_ENDS_WITH, {"@example.com"}, "{\"t\": \"jo@example.com.org\"}", false},
        {OPERATOR_CONTAINS, {"\xc3\xa9"}, "{\"t\": \"caf\\u00e9s\"}", true},
        {OPERATOR_CONTAINS, {"x"}, "{\"t\": \"abc\"}", false},
        {OPERATOR_CONTAINS, {"vip"}, "{\"t\": [\"new\", \"vip\"]}", true},
        {OPERATOR_CONTAINS, {"vip"}, "{\"t\": [\"vip-gold\"]}", false},
        {OPERATOR_CONTAINS, {"1"}, "{\"t\": [1]}", false}, /* a list of texts */
        {OPERATOR_CONTAINS, {"1"}, "{\"t\": 1}", false},
        {OPERATOR_MATCHES, {"^crm-[0-9]+$"}, "{\"t\": \"crm-17\"}", true},
        {OPERATOR_MATCHES, {"^crm-[0-9]+$"}, "{\"t\": \"xcrm-17\"}", false},
        {OPERATOR_MATCHES, {"b"}, "{\"t\": \"abc\"}", true}, /* not anchored */
        {OPERATOR_MATCHES, {"c$"}, "{\"t\": \"abc\"}", true},
        {OPERATOR_MATCHES, {"^$"}, "{\"t\": \"\"}", true},
        {OPERATOR_MATCHES, {"1"}, "{\"t\": 1}", false},
    };
    CHECK(rows);
}

static void a_pattern_sees_the_text_and_not_what_follows_it(void **state)
{
    (void)state;
    regex_t pattern;
    assert_int_equal(regcomp(&pattern, "b$", REG_EXTENDED), 0);
    struct condition test = {
        .kind = CONDITION_TEST, .trait = SLICE("t"), .operator= OPERATOR_MATCHES };
    test.pattern = &pattern;
    struct member member = {.name = SLICE("t"),
                            .value = {.kind = VALUE_TEXT, .text = {.data = "abc", .size = 2}}};
    struct value traits = {.kind = VALUE_OBJECT, .members = &member, .count = 1};
    assert_true(condition_holds(&test, &traits));
    member.value.text.size = 3;
    assert_false(condition_holds(&test, &traits));
    regfree(&pattern);
}

static void times_are_dates_rfc3339_or_seconds(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {OPERATOR_BEFORE, {"2026-11-01"}, "{\"t\": \"2026-10-31\"}", true},
        {OPERATOR_BEFORE, {"2026-11-01"}, "{\"t\": \"2026-11-01\"}", false}, /* strictly */
        {OPERATOR_AFTER, {"2026-11-01"}, "{\"t\": \"2026-11-01\"}", false},
        {OPERATOR_AFTER, {"2026-11-01"}, "{\"t\": \"2026-11-01T00:00:00.001Z\"}", true},
        {OPERATOR_BEFORE, {"2026-11-01"}, "{\"t\": \"2026-11-01T01:00:00+02:00\"}", true},
        {OPERATOR_BEFORE,
         {"2026-11-01T00:00:00+02:00"},
         "{\"t\": \"2026-10-31T22:00:00Z\"}",
         false},
        {OPERATOR_AFTER, {"2026-11-01"}, "{\"t\": 1793491200}", false}, /* that very second */
        {OPERATOR_AFTER, {"2026-11-01"}, "{\"t\": 1793491200.5}", true},
        {OPERATOR_BEFORE, {"2026-11-01"}, "{\"t\": \"1793491199\"}", true},
        {OPERATOR_BEFORE, {"2026-11-01"}, "{\"t\": -1e300}", true},
        {OPERATOR_AFTER, {"2026-11-01"}, "{\"t\": 1e300}", true},
        {OPERATOR_BEFORE, {"2026-11-01"}, "{\"t\": \"2026-02-30\"}", false},
        {OPERATOR_BEFORE, {"2026-11-01"}, "{\"t\": \"yesterday\"}", false},
        {OPERATOR_BEFORE, {"2026-11-01"}, "{\"t\": false}", false},
    };
    CHECK(rows);
}

static void versions_follow_semver_precedence(void **state)
{
    (void)state;
    /* Section 11 of the specification, in rising order. */
    static const char *const rising[] = {
        "0.9.9",      "1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta",
        "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
        "1.0.0",      "1.9.0",        "1.10.0",        "1.11.0",
        "2.0.0",      "2.1.0",        "2.1.1",         "99999999999999999999.0.1",
    };
    size_t count = sizeof rising / sizeof *rising;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < count; k++) {
            int order = 99;
            assert_true(version_order(slice_of(rising[i]), slice_of(rising[k]), &order));
            assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
        }
    }
    static const struct row rows[] = {
        {OPERATOR_VERSION_GTE, {"2.1"}, "{\"t\": \"2.1.0\"}", true},
        {OPERATOR_VERSION_GTE, {"2"}, "{\"t\": \"2.0.0-rc.1\"}", false},
        {OPERATOR_VERSION_LT, {"2.10"}, "{\"t\": \"2.9.7\"}", true},
        {OPERATOR_VERSION_LT, {"2.1.0"}, "{\"t\": \"2.1.0+build.5\"}", false},
        {OPERATOR_VERSION_LT, {"2.1.0+a"}, "{\"t\": \"2.1.0+b\"}", false},
        {OPERATOR_VERSION_GTE, {"1"}, "{\"t\": \"v2.0\"}", false},
        {OPERATOR_VERSION_LT, {"1"}, "{\"t\": \"v0.1\"}", false},
        {OPERATOR_VERSION_GTE, {"1"}, "{\"t\": 2}", false},
    };
    CHECK(rows);
}

static void what_is_no_version_is_refused(void **state)
{
    (void)state;
    static const char *const good[] = {"1",        "1.2", "1.2.3", "01.2", "1-a", "1.2.3-a.b-c+d.e",
                                       "1.2.3+001"};
    static const char *const bad[] = {"",        "v1",     "1.",        "1..2",     ".1",
                                      "1.2.3.4", "1.2.x",  "1.2.3-",    "1.2.3-a.", "1.2.3-.",
                                      "1.2+",    "1.2.3 ", "1.2.3-a_b", "-1"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(version_valid(slice_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(version_valid(slice_of(bad[i])));
}

/* ---- Combinations and texts ---- */

static const struct operand owner = {.text = SLICE_INIT("sales rep")};
static const struct operand two = {.text = SLICE_INIT("2.0"), .is_number = true, .number = 2};
static const struct operand yes = {.text = SLICE_INIT("true"), .boolean = true};
#define TEST_OF(name, which, operand)                                                              \
    {                                                                                              \
        .kind = CONDITION_TEST, .trait = SLICE_INIT(name), .operator=(which),                      \
        .operands = (operand), .operand_count = 1                                                  \
    }
static const struct condition is_owner = TEST_OF("role", OPERATOR_EQ, &owner);
static const struct condition some_seats = TEST_OF("plan.seats", OPERATOR_GTE, &two);
static const struct condition has_mail = TEST_OF("email", OPERATOR_EXISTS, &yes);

static bool holds(const struct condition *condition, const char *traits)
{
    struct arena arena = {0};
    struct value value;
    assert_int_equal(json_read(&arena, slice_of(traits), 0, &value, NULL), STATUS_OK);
    bool answer = condition_holds(condition, &value);
    arena_done(&arena);
    return answer;
}

static void all_any_and_not_combine(void **state)
{
    (void)state;
    const struct condition parts[] = {is_owner, some_seats};
    const struct condition all = {.kind = CONDITION_ALL, .parts = parts, .part_count = 2};
    const struct condition any = {.kind = CONDITION_ANY, .parts = parts, .part_count = 2};
    const struct condition none = {.kind = CONDITION_NOT, .parts = &any};
    static const char *const both = "{\"role\": \"sales rep\", \"plan\": {\"seats\": 3}}";
    static const char *const dotted = "{\"plan.seats\": 3}";
    static const char *const neither = "{\"role\": \"x\"}";

    assert_true(holds(&all, both) && !holds(&all, dotted) && !holds(&all, neither));
    assert_true(holds(&any, both) && holds(&any, dotted) && !holds(&any, neither));
    assert_true(!holds(&none, both) && !holds(&none, dotted) && holds(&none, neither));
    assert_true(condition_holds(NULL, NULL));
}

static void assert_texts(const struct condition *condition, const char *line, const char *canonical)
{
    struct buffer out = {0};
    condition_write(&out, condition);
    buffer_add_byte(&out, '\0');
    assert_string_equal(out.data, line);
    buffer_clear(&out);
    condition_write_canonical(&out, condition);
    buffer_add_byte(&out, '\0');
    assert_string_equal(out.data, canonical);
    buffer_done(&out);
}

static void texts_say_what_the_condition_is(void **state)
{
    (void)state;
    const struct condition either[] = {some_seats, has_mail};
    const struct condition any = {.kind = CONDITION_ANY, .parts = either, .part_count = 2};
    const struct condition wrapped = {.kind = CONDITION_ALL, .parts = &any, .part_count = 1};
    const struct condition not_mail = {.kind = CONDITION_NOT, .parts = &has_mail};
    const struct condition parts[] = {is_owner, wrapped, not_mail};
    const struct condition all = {.kind = CONDITION_ALL, .parts = parts, .part_count = 3};
    assert_texts(&all,
                 "role = \"sales rep\" and (plan.seats >= 2.0 or email exists) and "
                 "not (email exists)",
                 "{\"all\":[{\"role\":{\"eq\":\"sales rep\"}},{\"all\":[{\"any\":["
                 "{\"plan.seats\":{\"gte\":2}},{\"email\":{\"exists\":true}}]}]},"
                 "{\"not\":{\"email\":{\"exists\":true}}}]}");

    struct compiled compiled = {0};
    compile(&compiled, OPERATOR_IN, (const char *const[OPERANDS_MAX]){"owner", "a,b"});
    assert_texts(&compiled.condition, "t in [\"a,b\", owner]",
                 "{\"t\":{\"in\":[\"a,b\",\"owner\"]}}");
    compile(&compiled, OPERATOR_AFTER, (const char *const[OPERANDS_MAX]){"2026-11-01"});
    assert_texts(&compiled.condition, "t after 2026-11-01",
                 "{\"t\":{\"after\":\"2026-11-01T00:00:00Z\"}}");
}

static void operators_are_the_words_of_the_grammar(void **state)
{
    (void)state;
    static const char *const words[] = {
        "eq",       "ne",      "in",          "not_in",     "gt",          "gte",
        "lt",       "lte",     "between",     "exists",     "starts_with", "ends_with",
        "contains", "matches", "version_gte", "version_lt", "before",      "after"};
    assert_int_equal(sizeof words / sizeof *words, OPERATOR_COUNT);
    for (size_t i = 0; i < OPERATOR_COUNT; i++) {
        enum condition_operator found = OPERATOR_COUNT;
        assert_true(condition_operator_parse(slice_of(words[i]), &found));
        assert_int_equal(found, i);
        assert_string_equal(condition_operator_text(found), words[i]);
    }
    enum condition_operator untouched = OPERATOR_COUNT;
    assert_false(condition_operator_parse(SLICE("equals"), &untouched));
    assert_int_equal(untouched, OPERATOR_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operands_meet_the_type_of_the_value),
        cmocka_unit_test(a_missing_trait_fails_all_but_exists_false),
        cmocka_unit_test(lists_hold_when_one_item_does),
        cmocka_unit_test(order_is_of_numbers_and_of_texts_that_are_wholly_numbers),
        cmocka_unit_test(texts_are_searched_by_bytes),
        cmocka_unit_test(a_pattern_sees_the_text_and_not_what_follows_it),
        cmocka_unit_test(times_are_dates_rfc3339_or_seconds),
        cmocka_unit_test(versions_follow_semver_precedence),
        cmocka_unit_test(what_is_no_version_is_refused),
        cmocka_unit_test(all_any_and_not_combine),
        cmocka_unit_test(texts_say_what_the_condition_is),
        cmocka_unit_test(operators_are_the_words_of_the_grammar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
