/*
 * The ordered table of inference.md, row by row: a row holds where its condition does, and one
 * small change, which makes the row above it true, gives that one.  So each row is met with a row
 * above it nearly true, and the order itself is what is tested.
 *
 * Each case is tried in every design that can reach it, with one and two treatments, with better
 * being higher and lower (counts are mirrored), without a guardrail and with one that has passed,
 * without `expect` and with it; where a case is about one of these, that one is fixed.
 */

#include "verdict_worlds.h"

static void say(const struct row_case *tried, struct variation variation, const char *what,
                struct verdict verdict, const char *text)
{
    static const char *const designs[] = {
        [DESIGN_HYBRID] = "hybrid", [DESIGN_ALWAYS] = "always", [DESIGN_FIXED] = "fixed"};
    print_error("%u, %s%s (%s, %zu variants%s%s%s): row %u, %s, variant %d: %s\n", tried->row,
                tried->name, what, designs[variation.design], variation.variants,
                variation.is_lower ? ", lower" : "", variation.has_guard ? ", guardrail" : "",
                variation.has_expect ? ", expect" : "", verdict.row,
                verdict_code_texts[verdict.code], verdict.variant, text);
}

static unsigned try_one(const struct row_case *tried, struct variation variation)
{
    static struct fixture f;
    unsigned wrong = 0;
    struct verdict verdict = judge(&tried->world, variation, &f);
    if (verdict.row != tried->row || verdict.code != tried->code ||
        verdict.variant != (tried->is_named ? 1 : -1)) {
        say(tried, variation, "", verdict, f.text);
        wrong++;
    }
    if (tried->above) {
        verdict = judge(&tried->nearly, variation, &f);
        if (verdict.row != tried->above) {
            say(tried, variation, ", with the row above true", verdict, f.text);
            wrong++;
        }
    }
    return wrong;
}

static unsigned try_variations(const struct row_case *tried, enum design design, size_t *count)
{
    unsigned wrong = 0;
    for (unsigned bits = 0; bits < 16; bits++) {
        struct variation variation = {.design = design,
                                      .variants = bits & 1 ? 3 : 2,
                                      .is_lower = bits & 2,
                                      .has_guard = bits & 4,
                                      .has_expect = bits & 8};
        if ((variation.has_guard && tried->has_own_guard) ||
            (variation.has_expect && tried->has_own_expect))
            continue;
        wrong += try_one(tried, variation);
        ++*count;
    }
    return wrong;
}

static void each_row_holds_and_gives_way_to_the_row_above(void **state)
{
    unsigned wrong = 0;
    size_t count = 0;
    (void)state;
    for (size_t i = 0; i < CASE_COUNT; i++)
        for (enum design design = DESIGN_HYBRID; design <= DESIGN_FIXED; design++)
            if (cases[i].designs & 1u << design)
                wrong += try_variations(&cases[i], design, &count);
    print_message("%zu worlds\n", count);
    assert_int_equal(wrong, 0);
}

static void every_row_has_a_case(void **state)
{
    (void)state;
    for (unsigned row = 1; row <= 22; row++) {
        bool is_met = false;
        for (size_t i = 0; i < CASE_COUNT; i++)
            is_met = is_met || cases[i].row == row;
        if (!is_met)
            fail_msg("row %u", row);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_holds_and_gives_way_to_the_row_above),
        cmocka_unit_test(every_row_has_a_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
