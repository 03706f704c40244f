/*
 * How the verdict reads: tests/golden/verdicts.txt has the sentences of every row in every design
 * that reaches it, with one and two treatments, with a guardrail, with an expectation, with fewer
 * being better, and of every addition; GOLDEN_UPDATE=1 writes it anew.  Read it as somebody who
 * reads nothing else would.
 *
 * What inference.md says that a text must say is asked apart from that file.
 */

#include "verdict_worlds.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const design_words[] = {
    [DESIGN_HYBRID] = "hybrid", [DESIGN_ALWAYS] = "always", [DESIGN_FIXED] = "fixed"};
static const char *const variant_titles[] = {"tour", "Short checklist", "video", "chat"};

static const struct {
    const char *words;
    struct variation variation;
} told[] = {
    {"", {.variants = 2}},
    {", two treatments", {.variants = 3}},
    {", a guardrail", {.variants = 2, .has_guard = true}},
    {", an expected lift", {.variants = 2, .has_expect = true}},
    {", fewer is better", {.variants = 2, .is_lower = true}},
};
#define TOLD_COUNT (sizeof told / sizeof *told)

static void name_things(struct fixture *f)
{
    for (size_t j = 0; j < f->plan.variants; j++)
        f->names[j] = slice_of(variant_titles[j]);
    for (size_t i = 0; i < f->metric_count; i++) {
        struct metric_plan *metric = &f->metrics[i].result.metric;
        metric->title =
            metric->role == ROLE_GUARDRAIL ? SLICE("asked_for_help") : SLICE("First contact made");
    }
}

static void tell(struct buffer *out, struct fixture *f, const char *design, const char *words)
{
    name_things(f);
    fixture_verdict(f);
    buffer_format(out, "  %s%s: %s\n", design, words, f->text);
}

/* Each text of a case once, where it is first met. */
static void tell_case(struct buffer *out, const struct row_case *tried)
{
    static struct fixture f;
    struct buffer lines = {0};
    for (size_t at = 0; at < TOLD_COUNT; at++) {
        for (enum design design = DESIGN_HYBRID; design <= DESIGN_FIXED; design++) {
            struct variation variation = told[at].variation;
            struct buffer line = {0};
            variation.design = design;
            if (!(tried->designs & 1u << design) || (variation.has_guard && tried->has_own_guard) ||
                (variation.has_expect && tried->has_own_expect))
                continue;
            judge(&tried->world, variation, &f);
            tell(&line, &f, design_words[design], told[at].words);
            size_t text = strlen(f.text) + 1; /* with its line's end */
            if (!lines.size ||
                !memmem(lines.data, lines.size, line.data + line.size - text - 2, text + 2))
                buffer_add(&lines, buffer_slice(&line));
            buffer_done(&line);
        }
    }
    buffer_add(out, buffer_slice(&lines));
    buffer_done(&lines);
}

static void tell_rows(struct buffer *out)
{
    for (unsigned row = 1; row <= 22; row++)
        for (size_t i = 0; i < CASE_COUNT; i++) {
            if (cases[i].row != row)
                continue;
            buffer_format(out, "\n%u %s: %s\n", row, verdict_code_texts[cases[i].code],
                          cases[i].name);
            tell_case(out, &cases[i]);
        }
}

/* A world of its own, on 2 or 3 variants in hybrid. */
static struct fixture *world_of(const struct world *world, size_t variants)
{
    static struct fixture f;
    struct variation variation = {.design = DESIGN_HYBRID, .variants = variants};
    judge(world, variation, &f);
    return &f;
}

#define FINAL_WIN                                                                                  \
    {                                                                                              \
        .days = PLANNED_DAYS, .treatment = 40, .status = EXPERIMENT_RUNNING                        \
    }

static struct fixture *split_off(void)
{
    struct fixture *f = world_of(&(struct world)FINAL_WIN, 2);
    f->ratio = (struct ratio_report){.tested = true,
                                     .state = SAMPLE_RATIO_ALARM,
                                     .gap = .0123,
                                     .has_since = true,
                                     .since = FIXTURE_FIRST + 3};
    f->input.ratio_segment = SLICE("role = owner");
    return f;
}

static struct fixture *two_winners(void)
{
    struct fixture *f = world_of(&(struct world)FINAL_WIN, 3);
    f->metrics[0].daily[2].successes = 45;
    fixture_infer(f);
    set_health(f, &(struct world)FINAL_WIN);
    return f;
}

static struct fixture *one_harms(void)
{
    struct fixture *f = world_of(&(struct world)FINAL_WIN, 3);
    f->metrics[0].daily[2].successes = 20;
    fixture_infer(f);
    set_health(f, &(struct world)FINAL_WIN);
    return f;
}

/* Ahead for twelve days of thirty, by what the days after them did not keep. */
static struct fixture *win_lapsed(void)
{
    struct world world = {.days = 20, .treatment = 31, .status = EXPERIMENT_RUNNING};
    struct fixture *f = world_of(&world, 2);
    struct comparison *comparison = &f->metrics[0].comparisons[1];
    comparison->p_anytime = .0002;
    comparison->p_anytime_cohort = FIXTURE_FIRST + 11;
    f->metrics[0].looks[11 * 2 + 1].difference = .08;
    return f;
}

static struct fixture *end_moved(void)
{
    struct world world = {.days = 20, .treatment = 31, .status = EXPERIMENT_RUNNING};
    struct fixture *f = world_of(&world, 2);
    f->declared.end_ms = fixture_end(20, 0);
    fixture_infer(f);
    return f;
}

/* A size of 200 days, an end after 30. */
static struct fixture *end_before_size(void)
{
    struct world world = {.days = 20, .treatment = 31, .status = EXPERIMENT_RUNNING};
    struct fixture *f = world_of(&world, 2);
    f->plan.planned = 200.0 * 200;
    fixture_infer(f);
    return f;
}

static struct fixture *nobody_new(void)
{
    struct world world = {
        .days = 12, .treatment = 31, .planned_days = 30, .status = EXPERIMENT_RUNNING};
    struct fixture *f = world_of(&world, 2);
    f->as_of_ms = fixture_end(30, 0);
    fixture_infer(f);
    return f;
}

static struct fixture *all_additions(void)
{
    struct fixture *f = one_harms();
    f->input.flags = VERDICT_BIT(VERDICT_FLAG_NEAR_NOT_FAR) | VERDICT_BIT(VERDICT_FLAG_AMENDED) |
                     VERDICT_BIT(VERDICT_FLAG_MIXED_ACCOUNTS) | VERDICT_BIT(VERDICT_FLAG_RESPONSE) |
                     VERDICT_BIT(VERDICT_FLAG_ERASURE) | VERDICT_BIT(VERDICT_FLAG_SEGMENTS) |
                     VERDICT_BIT(VERDICT_FLAG_ROLLOUT);
    f->input.near = SLICE("First contact made");
    f->input.far = SLICE("Back in week 4");
    f->input.response = SLICE("Would recommend");
    f->input.segments_differ = SLICE("Role, Role x Channel");
    f->input.rollout = SLICE("Short checklist");
    return f;
}

static struct fixture *a_holdout(void)
{
    struct fixture *f = world_of(&(struct world)FINAL_WIN, 2);
    f->input.is_holdout = true;
    return f;
}

static const struct {
    const char *name;
    struct fixture *(*make)(void);
    unsigned row;
    const char *says[4]; /* that inference.md asks for */
} apart[] = {
    {"the split, with its first bad day and slice",
     split_off,
     3,
     {"off by 1.23 points", "7 October 2024", "role = owner"}},
    {"the best and the second",
     two_winners,
     10,
     {"Ship video", "“Short checklist” is better than the control too",
      "Between the two: +5.00 points, 96% interval +2.3"}},
    {"one of two variants harms",
     one_harms,
     10,
     {"Ship “Short checklist”", "Take video out: it harms “First contact made”."}},
    {"a win that lapsed",
     win_lapsed,
     22,
     {"“Short checklist” was ahead on 17 October 2024 (“First contact made”)"}},
    {"the end brought forward", end_moved, 15, {"brought forward by hand, to 67% of the plan"}},
    {"an end before the planned size",
     end_before_size,
     22,
     {"Keep running until 4 November 2024", "It ends before that size", "By its end on",
      "today a difference of"}},
    {"a week without anybody new", nobody_new, 21, {"never ends"}},
    {"every addition",
     all_additions,
     10,
     {"Take video out", "“First contact made” moved; “Back in week 4” has not been shown to follow",
      "differs by Role, Role x Channel: look at the segments before shipping",
      "“Short checklist” is being rolled out"}},
    {"a holdout", a_holdout, 22, {"nothing to decide", "“First contact made” is 40.0%"}},
};
#define APART_COUNT (sizeof apart / sizeof *apart)

static void tell_apart(struct buffer *out)
{
    buffer_add(out, SLICE("\napart\n"));
    for (size_t i = 0; i < APART_COUNT; i++)
        tell(out, apart[i].make(), apart[i].name, "");
}

static void every_sentence_is_what_was_reviewed(void **state)
{
    struct buffer out = {0};
    struct arena arena = {0};
    struct error error = {0};
    struct slice want = {0};
    (void)state;
    buffer_add(&out, SLICE("The verdict's sentences, by row of the table in inference.md: made by "
                           "tests/analysis/test_verdict_words.c.\n"));
    tell_rows(&out);
    tell_apart(&out);
    if (getenv("GOLDEN_UPDATE"))
        assert_int_equal(file_write_whole(SOURCE_DIR "/tests/golden/verdicts.txt", 0644,
                                          buffer_slice(&out), &error),
                         STATUS_OK);
    assert_int_equal(
        file_read(SOURCE_DIR "/tests/golden/verdicts.txt", 1 << 20, &arena, &want, &error),
        STATUS_OK);
    if (!slice_equal(want, buffer_slice(&out)))
        fail_msg("tests/golden/verdicts.txt differs:\n%.*s", SLICE_ARGS(buffer_slice(&out)));
    buffer_done(&out);
    arena_done(&arena);
}

static void texts_say_what_the_table_asks_of_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < APART_COUNT; i++) {
        struct fixture *f = apart[i].make();
        name_things(f);
        struct verdict verdict = fixture_verdict(f);
        if (verdict.row != apart[i].row)
            fail_msg("%s: row %u: %s", apart[i].name, verdict.row, f->text);
        for (size_t k = 0; k < 4 && apart[i].says[k]; k++)
            if (!strstr(f->text, apart[i].says[k]))
                fail_msg("%s: no '%s' in: %s", apart[i].name, apart[i].says[k], f->text);
    }
}

/* Where it does not win any more: one that wins still was not "ahead on a day". */
static void a_win_that_stands_has_not_lapsed(void **state)
{
    struct world world = {.days = 20, .treatment = 60, .status = EXPERIMENT_RUNNING};
    struct fixture *f = world_of(&world, 2);
    (void)state;
    name_things(f);
    fixture_verdict(f);
    assert_null(strstr(f->text, "was ahead"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sentence_is_what_was_reviewed),
        cmocka_unit_test(texts_say_what_the_table_asks_of_them),
        cmocka_unit_test(a_win_that_stands_has_not_lapsed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
