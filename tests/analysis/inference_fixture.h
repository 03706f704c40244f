#ifndef TESTS_ANALYSIS_INFERENCE_FIXTURE_H
#define TESTS_ANALYSIS_INFERENCE_FIXTURE_H

/*
 * An experiment in a few numbers: plan, dates, and metrics whose counts come in equal parts over
 * the cohort days.  What a test does not set is an ordinary running experiment of two variants.
 */

#include "analysis/inference.h"
#include "analysis/verdict.h"
#include "support/support.h"

#define FIXTURE_DAYS_MAX 120
#define FIXTURE_METRICS_MAX 6
#define FIXTURE_FIRST 20000 /* a cohort day: 2024-10-04 */

struct fixture_metric {
    struct metric_plan plan;
    struct proportion daily[VARIANTS_MAX]; /* of each cohort day */
    struct proportion cumulative[FIXTURE_DAYS_MAX * VARIANTS_MAX];
    struct look looks[FIXTURE_DAYS_MAX * VARIANTS_MAX];
    struct observed observed[VARIANTS_MAX];
    struct comparison comparisons[VARIANTS_MAX];
    struct metric_result result;
};

struct fixture {
    struct plan plan;
    struct declared declared;
    size_t days; /* cohort days with units */
    int64_t as_of_ms;
    struct fixture_metric metrics[FIXTURE_METRICS_MAX];
    size_t metric_count;
    struct slice names[VARIANTS_MAX];
    uint64_t totals[FIXTURE_DAYS_MAX];
    uint64_t exposed[VARIANTS_MAX], crossed[VARIANTS_MAX];
    struct progress progress;
    struct forecast forecast;
    struct ratio_report ratio;
    struct crossed_report crossing;
    const struct metric_result *goals[GOALS_MAX], *guardrails[GUARDRAILS_MAX];
    struct verdict_input input;
    char text[2048];
};

static const char *const fixture_names[VARIANTS_MAX] = {"control", "b", "c", "d"};

/* `experiment` may be changed before plan_of. */
static inline void fixture_init(struct fixture *f, size_t variants, enum design design)
{
    memset(f, 0, sizeof *f);
    f->plan = (struct plan){.design = design,
                            .alpha = .05,
                            .variants = variants,
                            .start_ms = day_start_ms(FIXTURE_FIRST),
                            .end_ms = TIME_NONE,
                            .min_days = 7,
                            .power = .8,
                            .correction = CORRECTION_BENJAMINI_HOCHBERG};
    f->declared = (struct declared){
        .status = EXPERIMENT_RUNNING, .stopped_ms = TIME_NONE, .end_ms = TIME_NONE};
    for (size_t j = 0; j < variants; j++) {
        f->plan.weights[j] = 1 / (double)variants;
        f->plan.planned_pair[j] = PLANNED_UNITS_DEFAULT;
        f->names[j] = slice_of(fixture_names[j]);
    }
}

/* Adds a metric with a window of whole days and returns it; `daily` is then set by the test. */
static inline struct fixture_metric *fixture_metric(struct fixture *f, const char *name,
                                                    enum metric_role role, int window_days)
{
    struct fixture_metric *metric = &f->metrics[f->metric_count++];
    metric->plan = (struct metric_plan){.name = slice_of(name),
                                        .role = role,
                                        .kind = METRIC_CONVERSION,
                                        .window_ms = window_days * DAY_MS};
    f->plan.goals += role == ROLE_GOAL;
    f->plan.secondaries += role == ROLE_SECONDARY;
    f->plan.guardrails += role == ROLE_GUARDRAIL;
    return metric;
}

static inline void fixture_counts(struct fixture_metric *metric, uint64_t units, uint64_t control,
                                  uint64_t treatment)
{
    metric->daily[0] = (struct proportion){.successes = control, .units = units};
    metric->daily[1] = (struct proportion){.successes = treatment, .units = units};
}

/* The source of a metric of the fixture: its counts as they stand. */
static inline void fixture_observe(const struct metric_source *source, size_t day, size_t variant,
                                   struct observed *observed)
{
    const struct proportion *cumulative = source->about;
    observed->sample = (struct sample){.estimator = ESTIMATOR_PROPORTION,
                                       .proportion = cumulative[day * source->variants + variant]};
    observed->units = observed->sample.proportion.units;
    observed->contributing = observed->sample.proportion.successes;
}

static inline struct metric_source fixture_source(const struct proportion *cumulative, size_t days,
                                                  size_t variants)
{
    return (struct metric_source){.first = FIXTURE_FIRST,
                                  .days = days,
                                  .variants = variants,
                                  .about = cumulative,
                                  .observe = fixture_observe};
}

static inline void fixture_infer_metric(struct fixture *f, struct fixture_metric *metric)
{
    size_t variants = f->plan.variants;
    for (size_t day = 0; day < f->days; day++)
        for (size_t j = 0; j < variants; j++)
            metric->cumulative[day * variants + j] =
                (struct proportion){.successes = metric->daily[j].successes * (day + 1),
                                    .units = metric->daily[j].units * (day + 1)};
    struct metric_source source = fixture_source(metric->cumulative, f->days, variants);
    metric->result = (struct metric_result){
        .looks = metric->looks, .observed = metric->observed, .comparisons = metric->comparisons};
    metric_infer(&f->plan, &f->progress, &metric->plan, &source, &metric->result);
}

/* Everything up to the verdict's input. */
static inline void fixture_infer(struct fixture *f)
{
    struct metric_result *results[FIXTURE_METRICS_MAX];
    size_t goals = 0, guardrails = 0;
    for (size_t j = 0; j < f->plan.variants; j++)
        f->exposed[j] = f->metrics[0].daily[j].units * f->days;
    for (size_t day = 0; day < f->days; day++) {
        f->totals[day] = 0;
        for (size_t j = 0; j < f->plan.variants; j++)
            f->totals[day] += f->metrics[0].daily[j].units * (day + 1);
    }
    struct exposures exposures = {.first = FIXTURE_FIRST, .days = f->days, .total = f->totals};
    progress_of(&f->plan, &f->declared, &exposures, f->as_of_ms, &f->progress);
    for (size_t i = 0; i < f->metric_count; i++) {
        fixture_infer_metric(f, &f->metrics[i]);
        results[i] = &f->metrics[i].result;
        if (results[i]->metric.role == ROLE_GOAL)
            f->goals[goals++] = results[i];
        if (results[i]->metric.role == ROLE_GUARDRAIL)
            f->guardrails[guardrails++] = results[i];
    }
    families_adjust(&f->plan, results, f->metric_count);
    forecast_of(&f->plan, &f->progress, &exposures, goals ? f->goals[0] : NULL, &f->forecast);
    f->input = (struct verdict_input){.plan = &f->plan,
                                      .progress = &f->progress,
                                      .forecast = &f->forecast,
                                      .status = f->declared.status,
                                      .variants = f->names,
                                      .exposed = f->exposed,
                                      .crossed = f->crossed,
                                      .unit_words = "users",
                                      .ratio = &f->ratio,
                                      .crossing = &f->crossing,
                                      .goals = f->goals,
                                      .goal_count = goals,
                                      .guardrails = f->guardrails,
                                      .guardrail_count = guardrails};
}

static inline struct verdict fixture_verdict(struct fixture *f)
{
    struct verdict verdict;
    struct buffer text = {0};
    verdict_of(&f->input, &verdict, &text);
    buffer_add_byte(&text, '\0');
    assert_false(text.failed);
    assert_true(text.size <= sizeof f->text);
    memcpy(f->text, text.data, text.size);
    buffer_done(&text);
    return verdict;
}

/* The end of that many cohort days, plus that many more days: when so long windows are mature. */
static inline int64_t fixture_end(size_t days, int more_days)
{
    return day_start_ms(FIXTURE_FIRST + (int32_t)days) + more_days * DAY_MS;
}

#endif
