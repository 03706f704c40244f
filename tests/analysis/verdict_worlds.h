#ifndef TESTS_ANALYSIS_VERDICT_WORLDS_H
#define TESTS_ANALYSIS_VERDICT_WORLDS_H

/*
 * Worlds for the rows of the verdict's table: each row met, and with one small change the row above
 * it.  test_verdict_table.c says what of them is tried, test_verdict_words.c how they read.
 *
 * Counts: 100 units a variant and cohort day, 30 of the control succeed, windows of a day, 30 days
 * planned.  What a case calls `treatment` is how many of the others do.
 */

#include "inference_fixture.h"

#define PLANNED_DAYS 30
#define CONTROL 30

enum {
    HYBRID = 1 << DESIGN_HYBRID,
    ALWAYS = 1 << DESIGN_ALWAYS,
    FIXED = 1 << DESIGN_FIXED,
    PEEKING = HYBRID | ALWAYS,
    REGISTERED = HYBRID | FIXED, /* has a registered size or end: a stop before it is by hand */
    EVERY = HYBRID | ALWAYS | FIXED
};

/* A world in the numbers that the table speaks of. */
struct world {
    size_t days; /* cohort days, mature unless `before_ms` says otherwise */
    int64_t before_ms;
    uint64_t treatment;
    uint64_t units;   /* a variant and day, 0: 100, of which CONTROL succeed; else a third */
    uint64_t guard;   /* successes of 100 in the treatments, 50 in the control; 0: none */
    double margin;    /* of the guardrail */
    int guard_days;   /* its window, 0: 1 */
    double expected;  /* difference, 0: none is declared */
    size_t end_days;  /* 0: PLANNED_DAYS */
    size_t stop_days; /* stopped then, 0: not */
    enum experiment_status status;
    double planned_days; /* units planned, in days of exposure; then there is no end; 0: an end */
    bool is_draft, is_before_start, has_no_goal, is_blind, is_damaged;
    enum sample_ratio_state ratio;
    double crossed_share;
    unsigned mismatch_more; /* units past one in a hundred, plus 1; 0: none at all */
};

struct row_case {
    const char *name;
    unsigned row;
    enum verdict_code code;
    bool is_named; /* the verdict names the first treatment */
    unsigned designs;
    bool has_own_guard;  /* not tried with another guardrail */
    bool has_own_expect; /* not tried with another expectation */
    struct world world;
    unsigned above; /* what `nearly` gives, 0: nothing stands above */
    struct world nearly;
};

#define RUNNING .status = EXPERIMENT_RUNNING
#define STOPPED .status = EXPERIMENT_STOPPED
#define PAUSED .status = EXPERIMENT_PAUSED

/* clang-format off */
static const struct row_case cases[] = {
    {"a draft", 1, VERDICT_NOT_STARTED, false, EVERY, false, false,
     {.days = 20, .treatment = 60, .status = EXPERIMENT_DRAFT}, 0, {0}},
    {"damage, on the first moment", 2, VERDICT_DO_NOT_TRUST, false, EVERY, false, false,
     {.days = 20, .treatment = 60, RUNNING, .is_damaged = true}, 1,
     {.days = 20, .treatment = 60, RUNNING, .is_damaged = true, .is_before_start = true}},
    {"a split that does not fit", 3, VERDICT_DO_NOT_TRUST, false, EVERY, false, false,
     {.days = 20, .treatment = 60, RUNNING, .ratio = SAMPLE_RATIO_ALARM}, 2,
     {.days = 20, .treatment = 60, RUNNING, .ratio = SAMPLE_RATIO_ALARM, .is_damaged = true}},
    {"crossed units, and a split that is only warned of", 4, VERDICT_DO_NOT_TRUST, false, EVERY,
     false, false,
     {.days = 20, .treatment = 60, RUNNING, .ratio = SAMPLE_RATIO_WARNING, .crossed_share = .06}, 3,
     {.days = 20, .treatment = 60, RUNNING, .ratio = SAMPLE_RATIO_ALARM, .crossed_share = .06}},
    {"mismatches, with one in twenty crossed", 5, VERDICT_DO_NOT_TRUST, false, EVERY, false, false,
     {.days = 20, .treatment = 60, RUNNING, .crossed_share = .05, .mismatch_more = 2}, 4,
     {.days = 20, .treatment = 60, RUNNING, .crossed_share = .0505, .mismatch_more = 2}},
    {"harm, with one in a hundred mismatched", 6, VERDICT_STOP_HARM, true, PEEKING, false, false,
     {.days = 20, .treatment = 10, RUNNING, .mismatch_more = 1}, 5,
     {.days = 20, .treatment = 10, RUNNING, .mismatch_more = 2}},
    {"harm to a guardrail, in spite of a win", 6, VERDICT_STOP_HARM, true, EVERY, true, false,
     {.days = 20, .treatment = 60, .guard = 20, .margin = .02, RUNNING, .mismatch_more = 1}, 5,
     {.days = 20, .treatment = 60, .guard = 20, .margin = .02, RUNNING, .mismatch_more = 2}},
    {"harm on the final set", 6, VERDICT_STOP_HARM, true, EVERY, false, false,
     {.days = PLANNED_DAYS, .treatment = 10, RUNNING, .mismatch_more = 1}, 5,
     {.days = PLANNED_DAYS, .treatment = 10, RUNNING, .mismatch_more = 2}},
    {"no goal, and a guardrail that is not harmed yet", 7, VERDICT_KEEP_RUNNING, false, EVERY, true,
     false,
     {.days = 20, .treatment = 60, .guard = 48, .margin = .1, RUNNING, .has_no_goal = true}, 6,
     {.days = 20, .treatment = 60, .guard = 20, .margin = .1, RUNNING, .has_no_goal = true}},
    {"no goal, stopped", 8, VERDICT_INCONCLUSIVE, false, EVERY, false, false,
     {.days = 20, .treatment = 60, STOPPED, .stop_days = 20, .has_no_goal = true}, 7,
     {.days = 20, .treatment = 60, PAUSED, .has_no_goal = true}},
    {"a win before the end, stopped by hand", 9, VERDICT_SHIP, true, HYBRID, false, false,
     {.days = 20, .treatment = 60, STOPPED, .stop_days = 20}, 8,
     {.days = 20, .treatment = 60, STOPPED, .stop_days = 20, .has_no_goal = true}},
    {"a win before the end", 9, VERDICT_SHIP, true, PEEKING, false, false,
     {.days = 20, .treatment = 60, RUNNING}, 8,
     {.days = 20, .treatment = 60, STOPPED, .stop_days = 20, .has_no_goal = true}},
    {"a win, the last cohort just in", 10, VERDICT_SHIP, true, PEEKING, false, false,
     {.days = PLANNED_DAYS, .treatment = 60, RUNNING}, 9,
     {.days = PLANNED_DAYS, .before_ms = 1, .treatment = 60, RUNNING}},
    {"a win on the final set", 10, VERDICT_SHIP, true, EVERY, false, false,
     {.days = PLANNED_DAYS, .treatment = 60, RUNNING}, 6,
     {.days = PLANNED_DAYS, .treatment = 10, RUNNING}},
    {"ahead for six days", 11, VERDICT_KEEP_RUNNING, false, PEEKING, false, false,
     {.days = 6, .treatment = 60, RUNNING}, 10,
     {.days = 6, .treatment = 60, .end_days = 6, RUNNING}},
    {"ahead for six days, of which a week is near", 11, VERDICT_KEEP_RUNNING, false, PEEKING, false,
     false, {.days = 7, .before_ms = 1, .treatment = 60, RUNNING}, 9,
     {.days = 7, .treatment = 60, RUNNING}},
    {"a win that waits for its guardrail, a week old", 12, VERDICT_KEEP_RUNNING, false, PEEKING,
     true, false, {.days = 7, .treatment = 60, .guard = 50, .margin = .02, RUNNING}, 11,
     {.days = 7, .before_ms = 1, .treatment = 60, .guard = 50, .margin = .02, RUNNING}},
    {"a final win that waits for a slow guardrail", 12, VERDICT_KEEP_RUNNING, false, EVERY, true,
     false,
     {.days = PLANNED_DAYS, .treatment = 60, .guard = 50, .margin = .02, .guard_days = 20, RUNNING},
     10, {.days = PLANNED_DAYS, .treatment = 60, .guard = 50, .margin = .1, RUNNING}},
    {"a final win that is not shown harmless", 13, VERDICT_INCONCLUSIVE, true, EVERY, true, false,
     {.days = PLANNED_DAYS, .treatment = 60, .guard = 50, .margin = .01, .guard_days = 1, RUNNING},
     12,
     {.days = PLANNED_DAYS, .treatment = 60, .guard = 50, .margin = .01, .guard_days = 2, RUNNING}},
    {"a goal that nobody can estimate, and a guardrail still open", 14, VERDICT_INCONCLUSIVE, false,
     EVERY, true, false,
     {.days = PLANNED_DAYS, .treatment = 60, .guard = 50, .margin = .01, .is_blind = true, RUNNING},
     13, {.days = PLANNED_DAYS, .treatment = 60, .guard = 50, .margin = .01, RUNNING}},
    {"stopped by hand where a naive test is significant", 15, VERDICT_INCONCLUSIVE, false,
     REGISTERED, false, false, {.days = 20, .treatment = 33, STOPPED, .stop_days = 20}, 0, {0}},
    {"stopped by hand, with nothing to estimate, a day before the end", 15, VERDICT_INCONCLUSIVE,
     false, REGISTERED, false, false,
     {.days = 29, .treatment = 33, .is_blind = true, STOPPED, .stop_days = 29}, 14,
     {.days = PLANNED_DAYS, .treatment = 33, .is_blind = true, STOPPED, .stop_days = PLANNED_DAYS}},
    {"stopped by hand, far ahead", 15, VERDICT_INCONCLUSIVE, false, HYBRID, false, false,
     {.days = 20, .treatment = 33, STOPPED, .stop_days = 20}, 9,
     {.days = 20, .treatment = 60, STOPPED, .stop_days = 20}},
    {"stopped by hand after six days, ahead", 15, VERDICT_INCONCLUSIVE, false, HYBRID, false, false,
     {.days = 6, .treatment = 60, STOPPED, .stop_days = 6}, 11,
     {.days = 6, .treatment = 60, RUNNING}},
    {"no improvement as large as planned, stopped on the last day", 16, VERDICT_NO_DIFFERENCE,
     false, REGISTERED, false, true,
     {.days = PLANNED_DAYS, .treatment = 30, .expected = .06, STOPPED, .stop_days = PLANNED_DAYS},
     15, {.days = 29, .treatment = 30, .expected = .06, STOPPED, .stop_days = 29}},
    {"no improvement as large as planned", 16, VERDICT_NO_DIFFERENCE, false, EVERY, false, true,
     {.days = PLANNED_DAYS, .treatment = 30, .expected = .06, RUNNING}, 10,
     {.days = PLANNED_DAYS, .treatment = 40, .expected = .06, RUNNING}},
    {"the planned improvement is not ruled out", 17, VERDICT_INCONCLUSIVE, false, EVERY, false,
     true, {.days = PLANNED_DAYS, .treatment = 31, .expected = .02, RUNNING}, 16,
     {.days = PLANNED_DAYS, .treatment = 31, .expected = .08, RUNNING}},
    {"nothing is expected, so nothing is ruled out", 17, VERDICT_INCONCLUSIVE, false, EVERY, false,
     true, {.days = PLANNED_DAYS, .treatment = 31, RUNNING}, 16,
     {.days = PLANNED_DAYS, .treatment = 31, .expected = .08, RUNNING}},
    {"the end has passed, the last cohort is nearly in", 18, VERDICT_KEEP_RUNNING, false, EVERY,
     false, true, {.days = PLANNED_DAYS, .before_ms = 1, .treatment = 31, RUNNING}, 17,
     {.days = PLANNED_DAYS, .treatment = 31, RUNNING}},
    {"stopped by hand, the last cohort is nearly in", 18, VERDICT_KEEP_RUNNING, false, REGISTERED,
     false, true, {.days = 20, .before_ms = 1, .treatment = 33, STOPPED, .stop_days = 20}, 15,
     {.days = 20, .treatment = 33, STOPPED, .stop_days = 20}},
    {"paused, a moment before the end", 19, VERDICT_KEEP_RUNNING, false, EVERY, false, false,
     {.days = PLANNED_DAYS, .before_ms = DAY_MS + 1, .treatment = 31, PAUSED}, 18,
     {.days = PLANNED_DAYS, .before_ms = DAY_MS, .treatment = 31, PAUSED}},
    {"too few units, running", 20, VERDICT_KEEP_RUNNING, false, EVERY, false, false,
     {.days = 11, .treatment = 4, .units = 9, RUNNING}, 19,
     {.days = 11, .treatment = 4, .units = 9, PAUSED}},
    {"a hundred units, and no end in sight", 21, VERDICT_KEEP_RUNNING, false, REGISTERED, false,
     true, {.days = 12, .treatment = 4, .units = 9, .planned_days = 5000, RUNNING}, 20,
     {.days = 11, .treatment = 4, .units = 9, .planned_days = 5000, RUNNING}},
    {"eight weeks to go, to the day", 22, VERDICT_KEEP_RUNNING, false, REGISTERED, false, true,
     {.days = 20, .before_ms = DAY_MS, .treatment = 31, .planned_days = 75, RUNNING}, 21,
     {.days = 20, .before_ms = DAY_MS, .treatment = 31, .planned_days = 76, RUNNING}},
    {"a hundred units, and an end", 22, VERDICT_KEEP_RUNNING, false, EVERY, false, false,
     {.days = 12, .treatment = 4, .units = 9, RUNNING}, 20,
     {.days = 11, .treatment = 4, .units = 9, RUNNING}},
};
/* clang-format on */
#define CASE_COUNT (sizeof cases / sizeof *cases)

/* What a case is tried with. */
struct variation {
    enum design design;
    size_t variants;
    bool is_lower;
    bool has_guard;
    bool has_expect;
};

static inline void mirror(struct fixture *f)
{
    for (size_t i = 0; i < f->metric_count; i++) {
        f->metrics[i].plan.lower_is_better = true;
        for (size_t j = 0; j < f->plan.variants; j++) {
            struct proportion *daily = &f->metrics[i].daily[j];
            daily->successes = daily->units - daily->successes;
        }
    }
}

static inline void add_metrics(struct fixture *f, const struct world *world,
                               struct variation variation)
{
    uint64_t units = world->units ? world->units : 100;
    enum metric_role role = world->has_no_goal ? ROLE_SECONDARY : ROLE_GOAL;
    struct fixture_metric *goal = fixture_metric(f, "m", role, 1);
    fixture_counts(goal, units, world->units ? units / 3 : CONTROL, world->treatment);
    if (world->is_blind)
        goal->plan.kind = METRIC_RETENTION_CURVE; /* of which a fixture's counts say nothing */
    uint64_t guard = variation.has_guard && !world->guard ? 50 : world->guard;
    if (guard) {
        struct fixture_metric *guardrail =
            fixture_metric(f, "g", ROLE_GUARDRAIL, world->guard_days ? world->guard_days : 1);
        guardrail->plan.margin = world->guard ? world->margin : .45;
        fixture_counts(guardrail, 100, 50, guard);
    }
    for (size_t i = 0; i < f->metric_count; i++)
        for (size_t j = 2; j < f->plan.variants; j++)
            f->metrics[i].daily[j] = f->metrics[i].daily[1];
    if (variation.is_lower)
        mirror(f);
}

static inline void set_dates(struct fixture *f, const struct world *world)
{
    size_t end_days = world->end_days ? world->end_days : PLANNED_DAYS;
    f->days = world->days;
    f->plan.end_ms = f->declared.end_ms = fixture_end(end_days, 0);
    if (world->planned_days > 0) {
        double units = (double)(world->units ? world->units : 100) * (double)f->plan.variants;
        f->plan.end_ms = f->declared.end_ms = TIME_NONE;
        f->plan.planned = units * world->planned_days;
    }
    f->declared.status = world->status;
    if (world->stop_days)
        f->declared.stopped_ms = fixture_end(world->stop_days, 0);
    f->as_of_ms = fixture_end(world->days, 1) - world->before_ms;
    if (world->is_damaged)
        f->as_of_ms = f->plan.start_ms - world->is_before_start;
}

static inline void set_health(struct fixture *f, const struct world *world)
{
    uint64_t exposed = 0;
    for (size_t j = 0; j < f->plan.variants; j++) {
        exposed += f->exposed[j];
        f->crossed[j] = (uint64_t)(world->crossed_share * (double)f->exposed[j] + .5);
    }
    crossed_check(f->crossed, f->exposed, f->plan.variants, &f->crossing);
    f->ratio = (struct ratio_report){.tested = true, .state = world->ratio};
    if (world->is_damaged)
        f->input.damage = "a cell of the cube fails its checksum";
    if (world->mismatch_more)
        f->input.mismatched = exposed / 100 + world->mismatch_more - 1;
}

static inline struct verdict judge(const struct world *world, struct variation variation,
                                   struct fixture *f)
{
    fixture_init(f, variation.variants, variation.design);
    add_metrics(f, world, variation);
    set_dates(f, world);
    f->plan.expected_difference = variation.has_expect ? .06 : world->expected;
    fixture_infer(f);
    set_health(f, world);
    return fixture_verdict(f);
}

#endif
