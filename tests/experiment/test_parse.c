/*
 * What the parser makes of good files: the example of the design, every key once, and how values
 * are typed.  Expected values are read off the files by hand.
 */

#include "experiment/catalogue.h"

#include "support/support.h"

#include <stdio.h>

#define DAY(year_day) ((int64_t)(year_day)*DAY_MS)
#define NOVEMBER_1 DAY(20758)  /* 2026-11-01, days since 1970 */
#define DECEMBER_15 DAY(20802) /* 2026-12-15 */

static struct catalogue *compile_folder(const char *name, struct diagnostics *found)
{
    struct sources sources = {0};
    struct catalogue *catalogue = NULL;
    char folder[600];
    snprintf(folder, sizeof folder, SOURCE_DIR "/tests/cases/valid/%s", name);
    assert_int_equal(sources_read(&sources, folder, NULL), STATUS_OK);
    assert_int_equal(catalogue_compile(&sources, &catalogue, found, NULL), STATUS_OK);
    assert_int_equal(sources.count, 0); /* taken over */
    return catalogue;
}

/* One experiment file and optionally metrics and segments. */
static struct catalogue *compile_text(const char *experiment, const char *metrics,
                                      const char *segments, struct diagnostics *found)
{
    struct sources sources = {0};
    struct catalogue *catalogue = NULL;
    const struct {
        struct slice name;
        const char *text;
    } files[] = {
        {SLICE("segments.yaml"), segments},
        {SLICE("a.yaml"), experiment},
        {SLICE("metrics.yaml"), metrics},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (files[i].text)
            assert_int_equal(
                sources_add(&sources, files[i].name, files[i].name, slice_of(files[i].text), NULL),
                STATUS_OK);
    assert_int_equal(catalogue_compile(&sources, &catalogue, found, NULL), STATUS_OK);
    return catalogue;
}

static void drop(struct catalogue *catalogue, struct diagnostics *found)
{
    diagnostics_done(found);
    catalogue_release(catalogue);
}

#define assert_slice(slice, text)                                                                  \
    do {                                                                                           \
        char got_[2048];                                                                           \
        snprintf(got_, sizeof got_, "%.*s", SLICE_ARGS(slice));                                    \
        assert_string_equal(got_, text);                                                           \
    } while (0)

/* ---- The example of experiment-files.md ---- */

static void the_example_has_its_variants(void **state)
{
    struct diagnostics found = {0};
    struct catalogue *catalogue = compile_folder("crm-first-run", &found);
    const struct experiment *one = catalogue_experiment(catalogue, SLICE("crm-first-run"));
    (void)state;
    assert_non_null(one);
    assert_int_equal(one->variant_count, 2);
    const struct variant *tour = &one->variants[0], *checklist = &one->variants[1];
    assert_slice(tour->name, "tour");
    assert_slice(tour->title, "tour");
    assert_true(tour->control && !checklist->control);
    assert_int_equal(one->control, 0);
    assert_close(tour->weight, 0.5, 0);
    assert_int_equal(tour->flow_count, 2);
    assert_slice(tour->flow[1].done_when, "Tour Finished");
    assert_int_equal(tour->flow[1].pattern, PATTERN_TOUR);
    /* Where one has a cost, the others count as 0. */
    assert_true(tour->has_cost && checklist->has_cost);
    assert_int_equal(tour->cost_micro, 0);
    assert_int_equal(checklist->cost_micro, 400000);
    assert_int_equal(checklist->flow_count, 3);
    assert_int_equal(checklist->flow[1].minutes_micro, 5000000);
    assert_int_equal(checklist->flow[2].trigger, TRIGGER_ON_IDLE);
    assert_true(checklist->flow[2].optional && !checklist->flow[1].optional);
    assert_slice(checklist->config, "{\"dismissible\":true,\"max_items\":3}");
    assert_slice(tour->config, "");
    assert_true(one->serves_flow);
    assert_slice(tour->value,
                 "{\"flow\":[{\"done_when\":null,\"minutes\":null,\"optional\":false,"
                 "\"pattern\":\"message\",\"step\":\"welcome\",\"trigger\":\"on_start\"},"
                 "{\"done_when\":\"Tour Finished\",\"minutes\":null,\"optional\":false,"
                 "\"pattern\":\"tour\",\"step\":\"tour\",\"trigger\":\"on_start\"}]}");
    assert_int_equal(one->forced_count, 1);
    assert_slice(one->forced[0].id, "qa-user-1");
    assert_int_equal(one->forced[0].variant, 1);
    drop(catalogue, &found);
}

static void the_example_has_its_traffic_and_audience(void **state)
{
    struct diagnostics found = {0};
    struct catalogue *catalogue = compile_folder("crm-first-run", &found);
    const struct experiment *one = catalogue_experiment(catalogue, SLICE("crm-first-run"));
    (void)state;
    assert_slice(one->title, "Checklist instead of product tour");
    assert_slice(one->owner, "growth-onboarding");
    assert_slice(one->hypothesis,
                 "A short checklist takes sales reps to their first contact faster than the tour "
                 "does.");
    assert_slice(one->salt, "crm-first-run");
    assert_int_equal(one->status, EXPERIMENT_RUNNING);
    assert_int_equal(one->unit, UNIT_USER);
    assert_int_equal(one->phase, 1);
    assert_true(one->start_ms == NOVEMBER_1 && one->end_ms == DECEMBER_15);
    assert_int_equal(one->exposure, EXPOSURE_ON_VIEW);
    assert_int_equal(one->assignment, ASSIGNMENT_HERE);
    assert_int_equal(one->serve, SERVE_CONFIG);
    assert_close(one->coverage, 0.8, 0);
    assert_int_equal(one->ramp_count, 0);
    assert_slice(one->exclusive_group, "first-run");
    assert_close(one->exclusive_low, 0, 0);
    assert_close(one->exclusive_high, 0.5, 0);
    assert_slice(one->holdout_group, "q4");
    assert_close(one->holdout_share, 0.05, 0);
    assert_false(one->has_rollout);

    const struct condition *audience = one->audience;
    assert_int_equal(audience->kind, CONDITION_ALL);
    assert_int_equal(audience->part_count, 3);
    assert_slice(audience->parts[0].trait, "role");
    assert_int_equal(audience->parts[0].operator, OPERATOR_IN);
    assert_slice(audience->parts[0].operands[0].text, "sales_manager"); /* sorted */
    assert_int_equal(audience->parts[1].operator, OPERATOR_GTE);
    assert_true(audience->parts[1].operands[0].is_number);
    assert_close(audience->parts[1].operands[0].number, 2, 0);
    assert_int_equal(audience->parts[2].kind, CONDITION_NOT);
    assert_int_equal(audience->parts[2].parts[0].operator, OPERATOR_ENDS_WITH);
    drop(catalogue, &found);
}

static void the_example_has_its_analysis(void **state)
{
    struct diagnostics found = {0};
    struct catalogue *catalogue = compile_folder("crm-first-run", &found);
    const struct experiment *one = catalogue_experiment(catalogue, SLICE("crm-first-run"));
    (void)state;
    assert_int_equal(one->segment_count, 3);
    assert_slice(one->segments[1].segments[0]->name, "company_size");
    assert_int_equal(one->goal_count, 1);
    assert_true(one->goals[0] == catalogue_metric(catalogue, SLICE("activated")));
    assert_int_equal(one->secondary_count, 5);
    assert_slice(one->secondaries[4]->name, "became_pql");
    assert_int_equal(one->guardrail_count, 1);
    assert_int_equal(one->guardrails[0].worse_by_micro, 5000000);
    assert_false(one->guardrails[0].relative || one->guardrails[0].points);
    assert_slice(one->guardrails[0].text, "5");
    assert_int_equal(one->diagnostic_count, 1);
    assert_close(one->confidence, 0.95, 0);
    assert_int_equal(one->peeking, PEEKING_HYBRID);
    assert_int_equal(one->min_days, 7);
    assert_true(one->flow_within_ms == 30 * DAY_MS);
    assert_int_equal(one->adjust_segment_count, 2);
    assert_true(one->adjust_segments[1] == catalogue_segment(catalogue, SLICE("channel")));
    assert_true(one->expect.given);
    assert_int_equal(one->expect.baseline_micro, 220000);
    assert_close(one->expect.lift, 0.1, 0);
    assert_close(one->expect.power, 0.8, 0);
    assert_int_equal(one->expect.units_per_week, 1500);
    drop(catalogue, &found);
}

static void the_example_has_its_metrics_and_segments(void **state)
{
    struct diagnostics found = {0};
    struct catalogue *catalogue = compile_folder("crm-first-run", &found);
    (void)state;
    assert_int_equal(catalogue->metric_count, 19);
    assert_int_equal(found.metrics, 19);
    for (size_t i = 1; i < catalogue->metric_count; i++)
        assert_true(slice_compare(catalogue->metrics[i - 1].name, catalogue->metrics[i].name) < 0);
    const struct metric *metric = catalogue_metric(catalogue, SLICE("activated"));
    assert_int_equal(metric->form, FORM_ALL_OF);
    assert_int_equal(metric->event_count, 2);
    assert_slice(metric->events[1].event, "Email Sent");
    assert_int_equal(metric->events[1].where->operator, OPERATOR_EQ);
    assert_slice(metric->events[1].where->operands[0].text, "true");
    assert_true(metric->from_ms == 0 && metric->until_ms == 7 * DAY_MS);
    metric = catalogue_metric(catalogue, SLICE("habit"));
    assert_int_equal(metric->form, FORM_ACTIVITY);
    assert_int_equal(metric->activity_days, 3);
    metric = catalogue_metric(catalogue, SLICE("retained_week_12"));
    assert_true(metric->from_ms == 84 * DAY_MS && metric->until_ms == 91 * DAY_MS);
    metric = catalogue_metric(catalogue, SLICE("weekly_retention"));
    assert_true(metric->every_ms == 7 * DAY_MS && metric->until_ms == 91 * DAY_MS);
    metric = catalogue_metric(catalogue, SLICE("time_to_value"));
    assert_true(metric->lower_is_better);
    metric = catalogue_metric(catalogue, SLICE("seats"));
    assert_true(metric->cap_micro == INT64_C(2000000000)); /* the default of a count: 2000 */
    metric = catalogue_metric(catalogue, SLICE("revenue_per_seat"));
    assert_true(metric->numerator == catalogue_metric(catalogue, SLICE("revenue")));
    assert_true(metric->denominator == catalogue_metric(catalogue, SLICE("seats")));
    assert_true(metric->until_ms == 90 * DAY_MS);
    metric = catalogue_metric(catalogue, SLICE("two_of_three"));
    assert_int_equal(metric->form, FORM_ANY_OF);
    assert_int_equal(metric->at_least, 2);
    metric = catalogue_metric(catalogue, SLICE("three_lessons"));
    assert_int_equal(metric->events[0].times, 3);
    metric = catalogue_metric(catalogue, SLICE("value_or_gone"));
    assert_slice(metric->competing[0], "Account Closed");
    metric = catalogue_metric(catalogue, SLICE("team_breadth"));
    assert_true(metric->counts == catalogue_metric(catalogue, SLICE("activated")));
    assert_int_equal(metric->of, OF_AT_EXPOSURE);
    assert_true(catalogue_metric(catalogue, SLICE("tour_finished"))->vanity);
    const struct segment *segment = catalogue_segment(catalogue, SLICE("company_size"));
    assert_int_equal(segment->band_count, 6);
    assert_close(segment->bands[5], 1001, 0);
    assert_slice(segment->trait, "employees");
    assert_null(catalogue_segment(catalogue, SLICE("plan")));
    drop(catalogue, &found);
}

/* ---- Every key, in JSON ---- */

static void every_key_of_an_experiment_is_kept(void **state)
{
    struct diagnostics found = {0};
    struct catalogue *catalogue = compile_folder("every-key", &found);
    const struct experiment *one = catalogue_experiment(catalogue, SLICE("growth/first:run.1"));
    (void)state;
    assert_non_null(one);
    assert_int_equal(found.count, 0);
    assert_slice(one->title, "Smile \xf0\x9f\x98\x80 \xc3\xa9");
    assert_int_equal(one->phase, 65535);
    assert_slice(one->salt, "seed");
    assert_true(one->start_ms == NOVEMBER_1 - 2 * HOUR_MS);
    assert_int_equal(one->assignment, ASSIGNMENT_ELSEWHERE);
    assert_int_equal(one->ramp_count, 2);
    assert_close(one->ramp[1].coverage, 0.805, 0);
    assert_close(one->exclusive_high, 0.333, 0);
    assert_int_equal(one->audience->kind, CONDITION_ANY);
    assert_int_equal(one->audience->part_count, 5);
    assert_int_equal(one->audience->parts[0].kind, CONDITION_ALL);
    assert_int_equal(one->audience->parts[2].part_count, 2);
    assert_non_null(one->audience->parts[3].parts[1].parts[3].pattern);
    assert_slice(one->variants[0].value, "{\"flow\":[],\"l\":[1,\"1\",true],\"n\":1.5,\"z\":null}");
    assert_slice(one->variants[2].value, "{\"flow\":[]}");
    assert_int_equal(one->variants[1].flow[0].trigger, TRIGGER_ON_EVENT);
    assert_slice(one->variants[1].flow[0].trigger_event, "Idle");
    assert_slice(one->forced[0].id, "qa-0"); /* sorted */
    assert_int_equal(one->segments[1].count, 2);
    assert_int_equal(one->goal_count, 2);
    assert_true(one->guardrails[0].points && one->guardrails[0].worse_by_micro == 20000);
    assert_true(one->guardrails[1].worse_by_micro == 5500000);
    assert_true(one->guardrails[2].relative && one->guardrails[2].worse_by_micro == 30000);
    assert_close(one->confidence, 0.9999, 0);
    assert_true(one->flow_within_ms == 7 * DAY_MS);
    assert_int_equal(one->covariate_count, 2);
    assert_true(one->covariates[0].missing_micro == -1000000);
    assert_true(one->covariates[1].before_ms == 14 * DAY_MS);
    assert_close(one->expect.lift, 0.025, 0);
    assert_close(one->expect.members_icc, 0.05, 0);
    assert_true(one->has_rollout && one->rollout_to == 1);
    assert_close(one->rollout_coverage, 0.125, 0);
    drop(catalogue, &found);
}

static void every_key_of_metrics_is_kept(void **state)
{
    struct diagnostics found = {0};
    struct catalogue *catalogue = compile_folder("every-key", &found);
    (void)state;
    const struct metric *metric = catalogue_metric(catalogue, SLICE("seats"));
    assert_slice(metric->title, "Seats");
    assert_slice(metric->description, "Seats bought");
    assert_slice(metric->property, "seats.count");
    assert_int_equal(metric->stage, STAGE_MONETISATION);
    assert_true(metric->cap_micro == 100500000);
    metric = catalogue_metric(catalogue, SLICE("lessons"));
    assert_true(metric->from_ms == 0 && metric->until_ms == 30 * DAY_MS);
    assert_int_equal(metric->events[0].times, 3);
    assert_int_equal(metric->events[0].distinct_days, 2);
    metric = catalogue_metric(catalogue, SLICE("mailed"));
    assert_int_equal(metric->events[0].times, 2);
    assert_non_null(metric->events[0].where);
    metric = catalogue_metric(catalogue, SLICE("wide"));
    assert_int_equal(metric->of, OF_TRAIT);
    assert_slice(metric->of_trait, "seats");
    assert_int_equal(catalogue->not_activity_count, 2);
    assert_slice(catalogue->not_activity[1], "Ping");
    assert_int_equal(catalogue->core_actions.count, 2);
    assert_true(catalogue->core_actions.landmark_ms == 7 * DAY_MS);
    assert_true(catalogue->core_actions.retained == catalogue_metric(catalogue, SLICE("back")));
    const struct segment *segment = catalogue_segment(catalogue, SLICE("flag"));
    assert_slice(segment->values[0], "true");
    assert_slice(segment->values[2], "no");
    segment = catalogue_segment(catalogue, SLICE("half"));
    assert_close(segment->bands[0], -1.5, 0);
    drop(catalogue, &found);
}

/* ---- Types ---- */

/* The smallest draft, with more keys. */
#define DRAFT(more) "experiment: a\nvariants: {x: {control: true}, y: {}}\n" more

static void a_scalar_is_read_by_its_key_not_by_yaml(void **state)
{
    struct diagnostics found = {0};
    struct catalogue *catalogue = compile_text(
        DRAFT("owner: no\nname: 0x10\nsalt: ~\nphase: '1'\naudience: {a: yes, b: '3', c: 1_0}\n"),
        NULL, NULL, &found);
    (void)state;
    assert_int_equal(found.errors, 0);
    const struct experiment *one = &catalogue->experiments[0];
    assert_slice(one->owner, "no");
    assert_slice(one->title, "0x10");
    assert_slice(one->salt, "~");
    assert_slice(one->audience->parts[0].operands[0].text, "yes");
    assert_false(one->audience->parts[0].operands[0].is_number);
    assert_true(one->audience->parts[1].operands[0].is_number); /* quotes change nothing */
    assert_false(one->audience->parts[2].operands[0].is_number);
    drop(catalogue, &found);
}

/* YAML 1.2.2, 10.3.2, the table of the core schema. */
static void config_is_read_by_the_core_schema(void **state)
{
    struct diagnostics found = {0};
    struct catalogue *catalogue = compile_text(
        "experiment: a\nvariants:\n  x: {control: true}\n  y:\n    config:\n"
        "      a: [null, Null, NULL, ~, ]\n      b: [true, True, TRUE, false, False, FALSE]\n"
        "      c: [0, -19, +3, 0o7, 0x3A, 007]\n"
        "      d: [0., -0.0, .5, +12e03, -2E+05, 1.5, 123456789012345678901]\n"
        "      e: [yes, no, on, 'true', \"3\", 1_000, 0b1, 1.2.3, 1e, ., +, -.]\n"
        "      f: {z: 1, é: {}, a: []}\n      g:\n",
        NULL, NULL, &found);
    (void)state;
    assert_int_equal(found.errors, 0);
    assert_slice(
        catalogue->experiments[0].variants[1].config,
        "{\"a\":[null,null,null,null],\"b\":[true,true,true,false,false,false],"
        "\"c\":[0,-19,3,7,58,7],\"d\":[0,0,0.5,12000,-200000,1.5,1.2345678901234568e20],"
        "\"e\":[\"yes\",\"no\",\"on\",\"true\",\"3\",\"1_000\",\"0b1\",\"1.2.3\",\"1e\",\".\","
        "\"+\",\"-.\"],\"f\":{\"a\":[],\"z\":1,\"\xc3\xa9\":{}},\"g\":null}");
    drop(catalogue, &found);
}

static void the_value_has_one_type_for_all_variants(void **state)
{
    static const struct {
        const char *text;
        const char *values[2];
    } cases[] = {
        {"variants: {x: {control: true}, y: {}}", {"\"x\"", "\"y\""}},
        {"variants: {x: {control: true, flow: []}, y: {}}", {"\"x\"", "\"y\""}},
        {"variants: {x: {control: true, config: {a: 1}}, y: {}}", {"{\"a\":1}", "{}"}},
        {"variants: {x: {control: true, config: 1}, y: {config: 2.5}}", {"1", "2.5"}},
        {"variants: {x: {control: true, config: on}, y: {config: \"\"}}", {"\"on\"", "\"\""}},
        {"serve: variant\nvariants: {x: {control: true, config: 1}, y: {config: 2}}",
         {"\"x\"", "\"y\""}},
        {"serve: config\nvariants: {x: {control: true}, y: {}}", {"{}", "{}"}},
        {"serve: config\nvariants: {x: {control: true}, y: {flow: []}}",
         {"{\"flow\":[]}", "{\"flow\":[]}"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct diagnostics found = {0};
        char text[300];
        snprintf(text, sizeof text, "experiment: a\n%s\n", cases[i].text);
        struct catalogue *catalogue = compile_text(text, NULL, NULL, &found);
        assert_int_equal(found.errors, 0);
        for (size_t k = 0; k < 2; k++)
            assert_slice(catalogue->experiments[0].variants[k].value, cases[i].values[k]);
        drop(catalogue, &found);
    }
}

static void a_draft_may_be_short(void **state)
{
    struct diagnostics found = {0};
    struct catalogue *catalogue = compile_text(DRAFT(""), NULL, NULL, &found);
    const struct experiment *one = &catalogue->experiments[0];
    (void)state;
    assert_int_equal(found.errors, 0);
    assert_int_equal(one->status, EXPERIMENT_DRAFT);
    assert_true(one->start_ms == TIME_NONE && one->end_ms == TIME_NONE);
    assert_close(one->coverage, 1, 0);
    assert_close(one->variants[1].weight, 0.5, 0);
    assert_false(one->variants[0].has_cost || one->expect.given);
    assert_null(one->audience);
    assert_slice(one->audience_text, "");
    drop(catalogue, &found);
}

/* ---- What is left out ---- */

static void a_broken_file_leaves_the_others_in(void **state)
{
    struct diagnostics found = {0};
    struct catalogue *catalogue = compile_text(
        DRAFT("metrics: {goal: m}\n"), "metrics:\n  m: {kind: conversion, event: A, within: 7d}\n",
        "segments: {s: {trait: t}}\n", &found);
    (void)state;
    assert_int_equal(found.errors, 1);
    assert_int_equal(catalogue->experiment_count, 1); /* leans on metrics only */
    assert_int_equal(catalogue->metric_count, 1);
    assert_int_equal(catalogue->segment_count, 0);
    assert_int_equal(found.segments, 1);
    drop(catalogue, &found);
}

static void what_leans_on_a_broken_file_is_left_out(void **state)
{
    struct diagnostics found = {0};
    struct catalogue *catalogue = compile_text(DRAFT("metrics: {goal: m}\n"),
                                               "metrics:\n  m: {kind: conversion}\n", NULL, &found);
    (void)state;
    assert_int_equal(catalogue->experiment_count + catalogue->metric_count, 0);
    for (size_t i = 0; i < found.count; i++) /* the name counts as declared */
        assert_true(found.items[i].warning || slice_equals(found.items[i].path, "metrics.yaml"));
    drop(catalogue, &found);
}

static void equal_files_have_an_equal_digest(void **state)
{
    struct diagnostics found = {0};
    struct catalogue *a = compile_text(DRAFT(""), NULL, NULL, &found);
    struct catalogue *b = compile_text(DRAFT(""), NULL, NULL, &found);
    struct catalogue *c = compile_text(DRAFT("#"), NULL, NULL, &found);
    (void)state;
    assert_true(digest_equal(&a->digest, &b->digest));
    assert_false(digest_equal(&a->digest, &c->digest));
    catalogue_release(c);
    catalogue_release(b);
    drop(a, &found);
}

static void a_snapshot_lives_as_long_as_it_is_held(void **state)
{
    struct diagnostics found = {0};
    struct catalogue *catalogue = compile_text(DRAFT(""), NULL, NULL, &found);
    (void)state;
    assert_ptr_equal(catalogue_acquire(catalogue), catalogue);
    catalogue_release(catalogue);
    assert_slice(catalogue->experiments[0].key, "a"); /* the sanitizer would tell */
    catalogue_release(NULL);
    drop(catalogue, &found);
}

static void the_nearest_key_is_near(void **state)
{
    struct diagnostics found = {0};
    struct catalogue *catalogue = compile_folder("crm-first-run", &found);
    (void)state;
    assert_slice(catalogue_nearest(catalogue, SLICE("crm-frist-run")), "crm-first-run");
    assert_slice(catalogue_nearest(catalogue, SLICE("crm-frst-rn")), "crm-first-run");
    assert_slice(catalogue_nearest(catalogue, SLICE("crm-frt-rn")), "");
    drop(catalogue, &found);
}

static void a_reported_variant_is_a_name_or_an_index(void **state)
{
    struct diagnostics found = {0};
    struct catalogue *catalogue = compile_text(DRAFT(""), NULL, NULL, &found);
    const struct experiment *one = &catalogue->experiments[0];
    (void)state;
    assert_int_equal(experiment_variant(one, SLICE("y")), 1);
    assert_int_equal(experiment_variant(one, SLICE("1")), -1);
    assert_int_equal(experiment_variant_reported(one, SLICE("y")), 1);
    assert_int_equal(experiment_variant_reported(one, SLICE("1")), 1);
    assert_int_equal(experiment_variant_reported(one, SLICE("2")), -1);
    assert_int_equal(experiment_variant_reported(one, SLICE("-1")), -1);
    assert_int_equal(experiment_variant_reported(one, SLICE("")), -1);
    drop(catalogue, &found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_has_its_variants),
        cmocka_unit_test(the_example_has_its_traffic_and_audience),
        cmocka_unit_test(the_example_has_its_analysis),
        cmocka_unit_test(the_example_has_its_metrics_and_segments),
        cmocka_unit_test(every_key_of_an_experiment_is_kept),
        cmocka_unit_test(every_key_of_metrics_is_kept),
        cmocka_unit_test(a_scalar_is_read_by_its_key_not_by_yaml),
        cmocka_unit_test(config_is_read_by_the_core_schema),
        cmocka_unit_test(the_value_has_one_type_for_all_variants),
        cmocka_unit_test(a_draft_may_be_short),
        cmocka_unit_test(a_broken_file_leaves_the_others_in),
        cmocka_unit_test(what_leans_on_a_broken_file_is_left_out),
        cmocka_unit_test(equal_files_have_an_equal_digest),
        cmocka_unit_test(a_snapshot_lives_as_long_as_it_is_held),
        cmocka_unit_test(the_nearest_key_is_near),
        cmocka_unit_test(a_reported_variant_is_a_name_or_an_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
