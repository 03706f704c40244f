/*
 * The hash and the ranges against the cases that the GrowthBook SDKs share, and, for what those
 * leave out (text beyond ASCII, the seeds of our own), against figures of two programs in other
 * languages that hash the code units of their own strings.
 */

#include "experiment/assign.h"

#include "base/json.h"
#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define RANGES_MAX 16

/* ---- The shared cases ---- */

static struct {
    struct arena arena;
    struct value root;
    bool there;
} shared;

static char *file_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *data = NULL;
    size_t used = 0, got = 0;
    do {
        data = realloc(data, used + 65536);
        assert_non_null(data);
        got = fread(data + used, 1, 65536, file);
        used += got;
    } while (got);
    fclose(file);
    *size = used;
    return data;
}

static int shared_read(void **state)
{
    (void)state;
    const char *folder = getenv("GANGWAY_REFERENCE");
    char path[512];
    snprintf(path, sizeof path, "%s/growthbook/cases.json",
             folder && *folder ? folder : SOURCE_DIR "/../shared/reference");
    size_t size = 0;
    char *text = file_read(path, &size);
    if (!text) {
        fprintf(stderr, "SKIPPED: the shared cases of the SDKs are not at %s\n", path);
        return 0;
    }
    struct error error = {0};
    struct slice all = {.data = text, .size = size};
    enum status status = json_read(&shared.arena, all, 0, &shared.root, &error);
    free(text);
    if (status)
        fprintf(stderr, "%s:%d: %s\n", path, error.line, error.text);
    shared.there = status == STATUS_OK;
    return status == STATUS_OK ? 0 : -1;
}

static int shared_done(void **state)
{
    (void)state;
    arena_done(&shared.arena);
    return 0;
}

/* The cases of a section, at least `least` of them, or skips. */
static const struct value *section(const char *name, size_t least)
{
    if (!shared.there)
        skip();
    const struct value *cases = value_member(&shared.root, slice_of(name));
    assert_non_null(cases);
    assert_true(cases->count >= least);
    return cases;
}

static size_t ranges_read(const struct value *list, struct bucket_range ranges[static RANGES_MAX])
{
    assert_true(list->count <= RANGES_MAX);
    for (size_t i = 0; i < list->count; i++) {
        ranges[i].low = list->items[i].items[0].number;
        ranges[i].high = list->items[i].items[1].number;
    }
    return list->count;
}

static void hash_agrees_with_the_shared_cases(void **state)
{
    (void)state;
    const struct value *cases = section("hash", 15);
    for (size_t i = 0; i < cases->count; i++) {
        const struct value *tuple = cases->items[i].items;
        if (tuple[3].kind == VALUE_NULL)
            continue; /* a version that nobody knows */
        struct slice seed = tuple[0].text, id = tuple[1].text;
        double got = tuple[2].integer == 1 ? bucket_version1(seed, id) : bucket_version2(seed, id);
        assert_true(got == tuple[3].number);
    }
}

static void ranges_agree_with_the_shared_cases(void **state)
{
    (void)state;
    const struct value *cases = section("getBucketRange", 13);
    for (size_t i = 0; i < cases->count; i++) {
        const struct value *input = cases->items[i].items[1].items;
        const struct value *weights = &input[2];
        size_t count = (size_t)input[0].integer;
        double weight[RANGES_MAX];
        for (size_t k = 0; k < weights->count; k++)
            weight[k] = weights->items[k].number;
        struct bucket_range want[RANGES_MAX], got[RANGES_MAX];
        assert_int_equal(ranges_read(&cases->items[i].items[2], want), count);
        bool usable = weights->kind == VALUE_LIST && weights->count == count;
        bucket_ranges(count, input[1].number, usable ? weight : NULL, got);
        for (size_t k = 0; k < count; k++) {
            /* The cases round the ends to a few places. */
            assert_true(fabs(got[k].low - want[k].low) < 1e-9);
            assert_true(fabs(got[k].high - want[k].high) < 1e-9);
        }
    }
}

static void choice_agrees_with_the_shared_cases(void **state)
{
    (void)state;
    const struct value *cases = section("chooseVariation", 13);
    for (size_t i = 0; i < cases->count; i++) {
        const struct value *tuple = cases->items[i].items;
        struct bucket_range ranges[RANGES_MAX];
        size_t count = ranges_read(&tuple[2], ranges);
        assert_int_equal(bucket_choose(tuple[1].number, ranges, count), tuple[3].integer);
    }
}

static void namespaces_agree_with_the_shared_cases(void **state)
{
    (void)state;
    const struct value *cases = section("inNamespace", 16);
    for (size_t i = 0; i < cases->count; i++) {
        const struct value *tuple = cases->items[i].items, *space = tuple[2].items;
        bool in =
            bucket_in_namespace(tuple[1].text, space[0].text, space[1].number, space[2].number);
        assert_int_equal(in, tuple[3].boolean);
    }
}

static void equal_weights_agree_with_the_shared_cases(void **state)
{
    (void)state;
    const struct value *cases = section("getEqualWeights", 6);
    for (size_t i = 0; i < cases->count; i++) {
        const struct value *count = &cases->items[i].items[0], *weights = &cases->items[i].items[1];
        struct bucket_range ranges[RANGES_MAX];
        size_t used = count->integer > 0 ? (size_t)count->integer : 0;
        assert_int_equal(weights->count, used);
        bucket_ranges(used, 1, NULL, ranges);
        for (size_t k = 0; k < used; k++)
            assert_true(fabs(ranges[k].high - ranges[k].low - weights->items[k].number) < 1e-8);
    }
}

/* ---- Beyond ASCII ---- */

static void texts_are_hashed_by_utf16_code_unit(void **state)
{
    (void)state;
    static const struct {
        const char *seed, *id;
        uint32_t hash; /* of seed and id joined */
        double bucket1, bucket2;
    } cases[] = {
        {"", "José", 0xd4c11d02, 0.666, 0.0217},
        {"crm", "José", 0x23601ae8, 0.37, 0.9782},
        {"x", "\U0001f600", 0x71c60a4a, 0.192, 0.6015}, /* an emoji is a surrogate pair */
        {"\U0001f600", "user", 0x8f95fb3b, 0.191, 0.4265},
        {"née:", "日本語", 0x28401150, 0.472, 0.4044},
        {"a", "\U0010ffff", 0x9a3e77e2, 0.718, 0.347},                /* the last code point */
        {"b", "\xed\x9f\xbf\xee\x80\x80", 0xc31fd8aa, 0.144, 0.0764}, /* beside the surrogates */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slice seed = slice_of(cases[i].seed), id = slice_of(cases[i].id);
        assert_int_equal(bucket_fnv1a(seed, id), cases[i].hash);
        assert_true(bucket_version1(seed, id) == cases[i].bucket1);
        assert_true(bucket_version2(seed, id) == cases[i].bucket2);
    }
}

static void own_seeds_are_those_that_the_design_names(void **state)
{
    (void)state;
    struct slice id = SLICE("zoë-1");
    assert_true(bucket_of_holdout(id, SLICE("q4")) == 0.641);
    assert_true(bucket_of_namespace(id, SLICE("first-run")) == 0.519);
    assert_true(bucket_of_rollout(SLICE("crm"), id) == 0.1346);
    assert_true(bucket_in_holdout(id, SLICE("q4"), 0.642));
    assert_false(bucket_in_holdout(id, SLICE("q4"), 0.641));
    assert_true(bucket_in_namespace(id, SLICE("first-run"), 0.519, 0.52));
    assert_false(bucket_in_namespace(id, SLICE("first-run"), 0.4, 0.519));
}

static void text_that_is_no_utf8_is_never_read_past_its_end(void **state)
{
    (void)state;
    static const char *const broken[] = {"\xf0", "a\xe2\x82", "\xff\xff", "\x80", "\xf0\x9f\x98"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        size_t size = strlen(broken[i]);
        char *exact = malloc(size); /* the sanitizer sees one byte too many */
        assert_non_null(exact);
        memcpy(exact, broken[i], size);
        double bucket = bucket_version2(SLICE("s"), (struct slice){.data = exact, .size = size});
        free(exact);
        assert_true(bucket >= 0 && bucket < 1);
    }
}

/* ---- Ranges ---- */

static void left_ends_do_not_depend_on_the_coverage(void **state)
{
    (void)state;
    static const double weights[] = {0.1, 0.2, 0.3, 0.4};
    struct bucket_range full[4], part[4];
    bucket_ranges(4, 1, weights, full);
    for (int percent = 0; percent <= 100; percent++) {
        bucket_ranges(4, percent / 100.0, weights, part);
        for (size_t i = 0; i < 4; i++) {
            assert_true(part[i].low == full[i].low);
            assert_true(part[i].high <= full[i].high);
        }
    }
}

static void weights_that_do_not_add_up_give_equal_ranges(void **state)
{
    (void)state;
    static const double weights[] = {0.4, 0.4};
    struct bucket_range ranges[2];
    bucket_ranges(2, 1, weights, ranges);
    assert_true(ranges[0].high == 0.5 && ranges[1].low == 0.5 && ranges[1].high == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_agrees_with_the_shared_cases),
        cmocka_unit_test(ranges_agree_with_the_shared_cases),
        cmocka_unit_test(choice_agrees_with_the_shared_cases),
        cmocka_unit_test(namespaces_agree_with_the_shared_cases),
        cmocka_unit_test(equal_weights_agree_with_the_shared_cases),
        cmocka_unit_test(texts_are_hashed_by_utf16_code_unit),
        cmocka_unit_test(own_seeds_are_those_that_the_design_names),
        cmocka_unit_test(text_that_is_no_utf8_is_never_read_past_its_end),
        cmocka_unit_test(left_ends_do_not_depend_on_the_coverage),
        cmocka_unit_test(weights_that_do_not_add_up_give_equal_ranges),
    };
    return cmocka_run_group_tests(tests, shared_read, shared_done);
}
