/*
 * Adjusted comparisons in the document, over a real journal and fold.  What they must be is worked
 * out here a second time, from the persons themselves in plain doubles: means within roles, their
 * average by the roles' shares, least squares by hand.
 */

#include "report_world.h"

#include "stats/adjustment.h"

#include <math.h>

#define PERSONS 1200
#define DAYS 8
#define CALLS_CAP 5

struct person {
    bool list;    /* its variant; else tour, the control */
    size_t role;  /* 0 rep, 1 manager, 2 unknown */
    double seats; /* a whole number */
    bool activated;
    unsigned calls;
    bool answered;
};

struct persons {
    struct person of[PERSONS];
    struct arena arena;
    struct world_message *messages;
    size_t count;
};

static const char metrics_file[] =
    "metrics:\n"
    "  activated: {kind: conversion, event: Contact Created, within: 2d}\n"
    "  calls: {kind: count, event: Call Made, within: 2d, cap: 5}\n"
    "  per_call: {kind: ratio, numerator: activated, denominator: calls}\n"
    "  score: {kind: nps, event: NPS Answered, property: score, within: 2d}\n";
static const char segments_file[] = "segments:\n"
                                    "  role: {trait: role, values: [rep, manager]}\n"
                                    "  all: {trait: kind, values: [one]}\n";

static void declare(struct world *world, const char *adjust_for)
{
    struct buffer text = {0};
    buffer_format(
        &text,
        "experiment: first-run\nhypothesis: shorter is better\nstatus: running\n"
        "start: 2026-01-01\nend: 2026-01-11\nassignment: elsewhere\n"
        "variants: {tour: {control: true, cost_per_unit: 0.5}, list: {cost_per_unit: 2.5}}\n"
        "segments: [role, all]\n"
        "metrics: {goal: [activated, calls], why: value, secondary: [per_call, score]}\n%s",
        adjust_for);
    buffer_add_byte(&text, '\0');
    const struct world_file files[] = {{"first-run.yaml", text.data},
                                       {"metrics.yaml", metrics_file},
                                       {"segments.yaml", segments_file}};
    world_declare(world, WORLD_START - DAY_MS, files, 3);
    buffer_done(&text);
}

/* A number below `limit` that follows from the two. */
static unsigned draw(size_t person, unsigned what, unsigned limit)
{
    uint64_t x = (person * 16 + what + 1) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (unsigned)((x ^ x >> 31) % limit);
}

/* Managers act more often whatever they see, and more of them see the list: there is no effect. */
static void persons_make(struct persons *persons)
{
    *persons = (struct persons){0};
    for (size_t i = 0; i < PERSONS; i++) {
        struct person *person = &persons->of[i];
        unsigned role = draw(i, 0, 10);
        person->role = role < 5 ? 0 : role < 9 ? 1 : 2;
        person->list = draw(i, 1, 10) < (person->role == 1 ? 7 : 4);
        person->seats = 1 + draw(i, 2, 40);
        person->activated = draw(i, 3, 100) < (person->role == 1 ? 55 : 15) + person->seats / 2;
        person->calls = draw(i, 4, 4) + (unsigned)person->seats / 8;
        person->answered = draw(i, 5, 100) < (person->list ? 60 : 30);
    }
}

static struct message *persons_put(struct persons *persons, size_t person, int64_t time_ms)
{
    struct world_message *message = &persons->messages[persons->count++];
    *message = (struct world_message){
        .message = {.type = MESSAGE_TRACK,
                    .user = arena_format(&persons->arena, "user-%zu", person),
                    .message_id = arena_format(&persons->arena, "m%zu", persons->count),
                    .occurred_ms = time_ms}};
    return &message->message;
}

static void person_send(struct persons *persons, size_t i)
{
    static const char *const roles[] = {"\"role\":\"rep\",", "\"role\":\"manager\",", ""};
    const struct person *person = &persons->of[i];
    int64_t time_ms = WORLD_START + (int64_t)(i % DAYS) * DAY_MS + 1000 * (int64_t)i;
    struct message *exposure = persons_put(persons, i, time_ms);
    exposure->type = MESSAGE_EXPOSURE;
    exposure->event = SLICE("Experiment Viewed");
    exposure->experiment = SLICE("first-run");
    exposure->variation = person->list ? SLICE("list") : SLICE("tour");
    exposure->traits = arena_format(&persons->arena, "{%s\"kind\":\"one\",\"seats\":%.0f}",
                                    roles[person->role], person->seats);
    if (person->activated)
        persons_put(persons, i, time_ms + HOUR_MS)->event = SLICE("Contact Created");
    if (person->answered) {
        struct message *answer = persons_put(persons, i, time_ms + 2 * HOUR_MS);
        answer->event = SLICE("NPS Answered");
        answer->properties = SLICE("{\"score\":9}");
    }
    for (unsigned call = 0; call < person->calls; call++)
        persons_put(persons, i, time_ms + HOUR_MS + 1000 * (call + 1))->event = SLICE("Call Made");
}

static void report_at(struct persons *persons, const char *adjust_for, size_t days,
                      struct report *report)
{
    struct world world;
    struct error error = {0};
    struct document_options options = {.experiment = SLICE("first-run"),
                                       .as_of_ms = WORLD_START + (int64_t)days * DAY_MS,
                                       .now_ms = WORLD_START + 100 * DAY_MS,
                                       .version = "1"};
    world_make(&world);
    declare(&world, adjust_for);
    persons->count = 0;
    persons->messages = ARENA_ARRAY(&persons->arena, 16 * PERSONS, struct world_message);
    assert_non_null(persons->messages);
    for (size_t i = 0; i < PERSONS; i++)
        person_send(persons, i);
    world_send(&world, persons->messages, persons->count);
    world_fold(&world, 0);
    must(report_try(&world, &options, report, &error), &error);
    world_remove(&world);
}

static void report_of(struct persons *persons, const char *adjust_for, struct report *report)
{
    report_at(persons, adjust_for, 60, report);
}

/* Plain sums of one variant, of one role or (3) all. */
struct plain {
    double n, mean, variance; /* s^2 */
};

static double value_of(const struct person *person, bool calls)
{
    if (calls)
        return person->calls < CALLS_CAP ? person->calls : CALLS_CAP;
    return person->activated;
}

static struct plain plain_of(const struct persons *persons, bool list, size_t role, bool calls)
{
    struct plain plain = {0};
    for (size_t i = 0; i < PERSONS; i++) {
        const struct person *person = &persons->of[i];
        if (person->list != list || (role < 3 && person->role != role))
            continue;
        plain.n++;
        plain.mean += value_of(person, calls);
    }
    plain.mean /= plain.n;
    for (size_t i = 0; i < PERSONS; i++) {
        const struct person *person = &persons->of[i];
        double gap = value_of(person, calls) - plain.mean;
        if (person->list == list && (role == 3 || person->role == role))
            plain.variance += gap * gap;
    }
    plain.variance /= plain.n - 1;
    return plain;
}

/* The difference within roles, averaged by their shares, and its error. */
static void stratified_of(const struct persons *persons, bool calls, double *difference, double *se)
{
    double d[3], w[3], variance = 0, spread = 0;
    *difference = 0;
    for (size_t role = 0; role < 3; role++) {
        struct plain list = plain_of(persons, true, role, calls);
        struct plain tour = plain_of(persons, false, role, calls);
        w[role] = (list.n + tour.n) / PERSONS;
        d[role] = list.mean - tour.mean;
        *difference += w[role] * d[role];
        variance += w[role] * w[role] * (list.variance / list.n + tour.variance / tour.n);
    }
    for (size_t role = 0; role < 3; role++)
        spread += w[role] * (d[role] - *difference) * (d[role] - *difference);
    *se = sqrt(variance + spread / PERSONS);
}

static void assert_difference(const struct report *report, const char *place, double difference,
                              double se, double tolerance)
{
    char path[120];
    snprintf(path, sizeof path, "%s/difference/estimate", place);
    assert_close(number_at(report, path), difference, tolerance);
    snprintf(path, sizeof path, "%s/difference/se", place);
    assert_close(number_at(report, path), se, tolerance);
}

static void planted_imbalance_is_corrected(void **state)
{
    struct persons persons;
    struct report report;
    double difference, se;
    (void)state;
    persons_make(&persons);
    report_of(&persons, "analysis: {adjust_for: [role]}\n", &report);
    assert_text(&report, "metrics/0/adjusted_for/0", "role");
    /* Without adjustment the list seems better beyond doubt; within roles it is not. */
    assert_true(number_at(&report, "metrics/0/comparisons/0/unadjusted/p") < 1e-4);
    assert_true(number_at(&report, "metrics/0/comparisons/0/p") > .05);
    assert_int_equal(integer_at(&report, "metrics/0/comparisons/0/adjustment/strata"), 3);
    stratified_of(&persons, false, &difference, &se);
    assert_difference(&report, "metrics/0/comparisons/0", difference, se, 1e-12);
    stratified_of(&persons, true, &difference, &se);
    assert_difference(&report, "metrics/1/comparisons/0", difference, se, 1e-12);
    /* The verdict reads the adjusted one. */
    assert_text(&report, "verdict/code", "inconclusive");
    double plain = number_at(&report, "metrics/0/comparisons/0/unadjusted/difference/se");
    assert_close(number_at(&report, "metrics/0/comparisons/0/narrower"),
                 1 - number_at(&report, "metrics/0/comparisons/0/difference/se") / plain, 1e-15);
    arena_done(&report.arena);
    arena_done(&persons.arena);
}

/* Two reports have the same comparisons, members that tell of adjustment aside. */
static void assert_same_decisions(const struct report *a, const struct report *b)
{
    static const char *const members[] = {"difference", "lift",      "p",
                                          "p_now",      "p_anytime", "p_adjusted"};
    for (size_t metric = 0; metric < 4; metric++)
        for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
            struct buffer one = {0}, other = {0};
            char path[80];
            snprintf(path, sizeof path, "metrics/%zu/comparisons/0/%s", metric, members[i]);
            value_write(&one, at(a, path));
            value_write(&other, at(b, path));
            buffer_add_byte(&one, '\0');
            buffer_add_byte(&other, '\0');
            assert_string_equal(one.data, other.data);
            buffer_done(&one);
            buffer_done(&other);
        }
}

static void one_stratum_and_a_constant_covariate_change_nothing(void **state)
{
    static const char *const ways[] = {
        "analysis: {adjust_for: [all]}\n",
        "analysis: {adjust_for: [{trait: rank, cap: 10, missing: 3}]}\n",
        "analysis: {adjust_for: [all, {trait: rank, cap: 10, missing: 3}]}\n"};
    struct persons persons;
    struct report plain, report;
    (void)state;
    persons_make(&persons);
    report_of(&persons, "", &plain);
    assert_int_equal(at(&plain, "metrics/0/adjusted_for")->count, 0);
    for (size_t i = 0; i < 3; i++) {
        report_of(&persons, ways[i], &report);
        assert_same_decisions(&plain, &report);
        assert_nothing(&report, "metrics/0/comparisons/0/unadjusted");
        arena_done(&report.arena);
    }
    arena_done(&plain.arena);
    arena_done(&persons.arena);
}

/* Least squares of one variant on the seats. */
struct line {
    double n, z, y, zz, slope, residual;
};

static struct line line_of(const struct persons *persons, bool list, bool calls)
{
    struct line line = {0};
    double zy = 0, yy = 0;
    for (size_t i = 0; i < PERSONS; i++) {
        if (persons->of[i].list != list)
            continue;
        line.n++;
        line.z += persons->of[i].seats;
        line.y += value_of(&persons->of[i], calls);
    }
    line.z /= line.n;
    line.y /= line.n;
    for (size_t i = 0; i < PERSONS; i++) {
        double z = persons->of[i].seats - line.z, y = value_of(&persons->of[i], calls) - line.y;
        if (persons->of[i].list != list)
            continue;
        line.zz += z * z;
        zy += z * y;
        yy += y * y;
    }
    line.slope = zy / line.zz;
    line.residual = yy - line.slope * zy;
    return line;
}

static double line_variance(const struct line *line, double z)
{
    return line->residual / (line->n - 2) *
           (1 / line->n + (line->z - z) * (line->z - z) / line->zz);
}

static void a_covariate_is_adjusted_for_by_lin(void **state)
{
    struct persons persons;
    struct report report;
    (void)state;
    persons_make(&persons);
    report_of(&persons, "analysis: {adjust_for: [{trait: seats, cap: 1000, missing: 0}]}\n",
              &report);
    for (size_t metric = 0; metric < 2; metric++) {
        struct line list = line_of(&persons, true, metric), tour = line_of(&persons, false, metric);
        double z = (list.n * list.z + tour.n * tour.z) / PERSONS, spread = 0;
        char place[40];
        for (size_t i = 0; i < PERSONS; i++)
            spread += (persons.of[i].seats - z) * (persons.of[i].seats - z);
        double gap = list.slope - tour.slope;
        double variance = line_variance(&list, z) + line_variance(&tour, z) +
                          gap * gap * spread / PERSONS / (PERSONS - 1.0);
        double difference =
            list.y - list.slope * (list.z - z) - (tour.y - tour.slope * (tour.z - z));
        snprintf(place, sizeof place, "metrics/%zu/comparisons/0", metric);
        assert_difference(&report, place, difference, sqrt(variance), 1e-12);
    }
    assert_text(&report, "metrics/0/adjusted_for/0", "seats");
    assert_int_equal(at(&report, "metrics/2/adjusted_for")->count, 0); /* a ratio */
    assert_nothing(&report, "metrics/2/comparisons/0/unadjusted");
    assert_true(number_at(&report, "metrics/1/comparisons/0/narrower") > .1);
    arena_done(&report.arena);
    arena_done(&persons.arena);
}

static void a_constant_added_to_a_covariate_changes_no_error(void **state)
{
    static const char *const ways[] = {
        "analysis: {adjust_for: [{trait: seats, cap: 1000000000, missing: 0}]}\n",
        "analysis: {adjust_for: [role, {trait: seats, cap: 1000000000, missing: 0}]}\n"};
    (void)state;
    for (size_t way = 0; way < 2; way++) {
        struct persons persons;
        struct report report, moved;
        persons_make(&persons);
        report_of(&persons, ways[way], &report);
        for (size_t i = 0; i < PERSONS; i++)
            persons.of[i].seats += 1e8;
        report_of(&persons, ways[way], &moved);
        for (size_t metric = 0; metric < 2; metric++) {
            char path[80];
            snprintf(path, sizeof path, "metrics/%zu/comparisons/0/difference/se", metric);
            assert_close(number_at(&moved, path), number_at(&report, path), 1e-12);
        }
        arena_done(&report.arena);
        arena_done(&moved.arena);
        arena_done(&persons.arena);
    }
}

/* Slices of a segment's values know the covariates and not the strata. */
static void segments_are_adjusted_for_covariates_alone(void **state)
{
    struct persons persons;
    struct report report;
    (void)state;
    persons_make(&persons);
    report_of(&persons, "analysis: {adjust_for: [role, {trait: seats, cap: 1000, missing: 0}]}\n",
              &report);
    assert_int_equal(integer_at(&report, "metrics/1/comparisons/0/adjustment/strata"), 3);
    assert_int_equal(integer_at(&report, "metrics/1/comparisons/0/adjustment/covariates"), 1);
    const char *value = "metrics/1/segments/0/values/0/comparisons/0";
    char path[120];
    snprintf(path, sizeof path, "%s/adjustment/strata", value);
    assert_int_equal(integer_at(&report, path), 0);
    snprintf(path, sizeof path, "%s/adjustment/covariates", value);
    assert_int_equal(integer_at(&report, path), 1);
    snprintf(path, sizeof path, "%s/narrower", value);
    assert_true(number_at(&report, path) > .1);
    arena_done(&report.arena);
    arena_done(&persons.arena);
}

/* Role (unknown) is left with one of the control: it goes to "other" with the smallest other. */
static void small_strata_are_added_up(void **state)
{
    struct persons persons;
    struct report report;
    bool kept = false;
    (void)state;
    persons_make(&persons);
    for (size_t i = 0; i < PERSONS; i++) {
        struct person *person = &persons.of[i];
        if (person->role != 2 || person->list)
            continue;
        person->list = kept;
        kept = true;
    }
    report_of(&persons, "analysis: {adjust_for: [role]}\n", &report);
    assert_int_equal(integer_at(&report, "metrics/0/comparisons/0/adjustment/strata"), 2);
    assert_int_equal(integer_at(&report, "metrics/0/comparisons/0/adjustment/merged"), 2);
    arena_done(&report.arena);
    arena_done(&persons.arena);
}

/* The plain difference of activation over persons whose day lies in the range. */
static double difference_between(const struct persons *persons, size_t from, size_t to)
{
    double n[2] = {0}, x[2] = {0};
    for (size_t i = 0; i < PERSONS; i++) {
        if (i % DAYS < from || i % DAYS > to)
            continue;
        n[persons->of[i].list]++;
        x[persons->of[i].list] += persons->of[i].activated;
    }
    return x[1] / n[1] - x[0] / n[0];
}

static double raw_difference(const struct persons *persons)
{
    double n[2] = {0}, s[2] = {0};
    for (size_t i = 0; i < PERSONS; i++) {
        n[persons->of[i].list]++;
        s[persons->of[i].list] += persons->of[i].calls;
    }
    return s[1] / n[1] - s[0] / n[0];
}

/* The final set is the cohort days 0 to 9, of which 0 to 4 are the first half. */
static void a_goal_is_read_otherwise_too(void **state)
{
    struct persons persons;
    struct report report;
    (void)state;
    persons_make(&persons);
    report_of(&persons, "analysis: {adjust_for: [role]}\n", &report);
    const char *goal = "metrics/0/sensitivity/";
    static const char *const names[] = {"unadjusted", "first_half", "second_half"};
    double early = difference_between(&persons, 0, 4), late = difference_between(&persons, 5, 9);
    const double wanted[] = {difference_between(&persons, 0, 9), early, late};
    for (size_t i = 0; i < 3; i++) {
        char path[80];
        snprintf(path, sizeof path, "%s%zu/reading", goal, i);
        assert_text(&report, path, names[i]);
        snprintf(path, sizeof path, "%s%zu/comparisons/0/estimate", goal, i);
        assert_close(number_at(&report, path), wanted[i], 1e-12);
    }
    assert_int_equal(at(&report, "metrics/0/sensitivity")->count, 3);
    assert_close(number_at(&report, "metrics/0/drift/0/estimate"), late - early, 1e-12);
    double z = (late - early) / number_at(&report, "metrics/0/drift/0/se");
    assert_close(number_at(&report, "metrics/0/drift/0/p"), erfc(fabs(z) / sqrt(2)), 1e-12);
    assert_text(&report, "metrics/1/sensitivity/1/reading", "uncapped");
    assert_close(number_at(&report, "metrics/1/sensitivity/1/comparisons/0/estimate"),
                 raw_difference(&persons), 1e-12);
    assert_nothing(&report, "metrics/2/sensitivity"); /* no goal */
    arena_done(&report.arena);
    arena_done(&persons.arena);
}

static void an_effect_is_told_by_what_it_costs(void **state)
{
    struct persons persons;
    struct report report;
    (void)state;
    persons_make(&persons);
    report_of(&persons, "", &report);
    const char *cost = "metrics/0/comparisons/0/per_cost";
    double estimate = number_at(&report, "metrics/0/comparisons/0/difference/estimate");
    double low = number_at(&report, "metrics/0/comparisons/0/difference/interval/0");
    char path[80];
    snprintf(path, sizeof path, "%s/estimate", cost);
    assert_close(number_at(&report, path), estimate / 2, 1e-15);
    snprintf(path, sizeof path, "%s/interval/0", cost);
    assert_close(number_at(&report, path), low / 2, 1e-15);
    assert_nothing(&report, "metrics/2/comparisons/0/per_cost"); /* no goal */
    arena_done(&report.arena);
    arena_done(&persons.arena);
}

/* Many more of the list activate, and it is found before the final set: the estimate is drawn back
 * by more, the closer it lies to the boundary that it crossed. */
static void an_effect_found_early_is_corrected(void **state)
{
    double shares[2];
    (void)state;
    for (size_t way = 0; way < 2; way++) {
        struct persons persons;
        struct report report;
        persons_make(&persons);
        for (size_t i = 0; i < PERSONS; i++)
            persons.of[i].activated = draw(i, 3, 100) < (persons.of[i].list ? (way ? 70 : 47) : 25);
        report_at(&persons, "", 5, &report);
        double found = number_at(&report, "metrics/0/comparisons/0/difference/estimate");
        double corrected = number_at(&report, "metrics/0/comparisons/0/corrected/estimate");
        assert_true(corrected > 0 && corrected < found);
        shares[way] = corrected / found;
        assert_nothing(&report, "metrics/2/comparisons/0/corrected"); /* no goal */
        arena_done(&report.arena);
        report_of(&persons, "", &report);
        assert_nothing(&report, "metrics/0/comparisons/0/corrected"); /* final */
        arena_done(&report.arena);
        arena_done(&persons.arena);
    }
    assert_true(shares[0] < shares[1]);
}

/* The chance that one rate beats another given flat priors, and what is lost on average where it
 * does not: by sums over a fine grid. */
static void chance_of(const double n[2], const double x[2], double *chance, double *loss)
{
    enum { POINTS = 20000 };
    double below = 0, below_treatment = 0;
    *chance = *loss = 0;
    for (size_t i = 0; i < POINTS; i++) {
        double p = ((double)i + .5) / POINTS, density[2];
        for (size_t j = 0; j < 2; j++)
            density[j] = exp(lgamma(n[j] + 2) - lgamma(x[j] + 1) - lgamma(n[j] - x[j] + 1) +
                             x[j] * log(p) + (n[j] - x[j]) * log1p(-p)) /
                         POINTS;
        *chance += density[1] * (below + density[0] / 2);
        below += density[0];
        below_treatment += density[1];
        *loss += below_treatment * (1 - below) / POINTS; /* the integral of F1 (1 - F0) */
    }
}

static void the_chance_to_beat_the_control_is_told_at_the_end(void **state)
{
    struct persons persons;
    struct report report;
    double n[2] = {0}, x[2] = {0}, chance, loss;
    (void)state;
    persons_make(&persons);
    for (size_t i = 0; i < PERSONS; i++) {
        persons.of[i].activated = draw(i, 3, 100) < (persons.of[i].list ? 33 : 30);
        n[persons.of[i].list]++;
        x[persons.of[i].list] += persons.of[i].activated;
    }
    chance_of(n, x, &chance, &loss);
    report_of(&persons, "", &report);
    const char *place = "metrics/0/comparisons/0";
    char path[80];
    snprintf(path, sizeof path, "%s/chance_to_beat_control", place);
    assert_close(number_at(&report, path), chance, 1e-6);
    snprintf(path, sizeof path, "%s/expected_loss/ship", place);
    assert_close(number_at(&report, path), loss, 1e-3);
    assert_nothing(&report, "metrics/1/comparisons/0/chance_to_beat_control");
    assert_text(&report, "metrics/1/comparisons/0/chance_reason", "told of shares alone");
    arena_done(&report.arena);
    report_at(&persons, "", 5, &report);
    assert_nothing(&report, "metrics/0/comparisons/0/chance_to_beat_control");
    assert_text(&report, "metrics/0/comparisons/0/chance_reason", "before_final");
    arena_done(&report.arena);
    arena_done(&persons.arena);
}

static bool has_flag(const struct report *report, const char *flag)
{
    const struct value *flags = at(report, "verdict/flags");
    for (size_t i = 0; i < flags->count; i++)
        if (slice_equals(flags->items[i].text, flag))
            return true;
    return false;
}

/* Twice as many of the list answer: what they say is of other people. */
static void another_response_rate_is_warned_of(void **state)
{
    struct persons persons;
    struct report report;
    (void)state;
    persons_make(&persons);
    report_of(&persons, "", &report);
    assert_text(&report, "metrics/3/kind", "nps");
    assert_true(at(&report, "metrics/3/response/warning")->boolean);
    assert_true(has_flag(&report, "response"));
    assert_false(has_flag(&report, "erasure"));
    assert_nothing(&report, "metrics/0/response");
    arena_done(&report.arena);
    for (size_t i = 0; i < PERSONS; i++)
        persons.of[i].answered = draw(i, 5, 100) < 45;
    report_of(&persons, "", &report);
    assert_false(at(&report, "metrics/3/response/warning")->boolean);
    assert_false(has_flag(&report, "response"));
    arena_done(&report.arena);
    arena_done(&persons.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planted_imbalance_is_corrected),
        cmocka_unit_test(one_stratum_and_a_constant_covariate_change_nothing),
        cmocka_unit_test(a_covariate_is_adjusted_for_by_lin),
        cmocka_unit_test(a_constant_added_to_a_covariate_changes_no_error),
        cmocka_unit_test(segments_are_adjusted_for_covariates_alone),
        cmocka_unit_test(small_strata_are_added_up),
        cmocka_unit_test(a_goal_is_read_otherwise_too),
        cmocka_unit_test(an_effect_is_told_by_what_it_costs),
        cmocka_unit_test(another_response_rate_is_warned_of),
        cmocka_unit_test(an_effect_found_early_is_corrected),
        cmocka_unit_test(the_chance_to_beat_the_control_is_told_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
