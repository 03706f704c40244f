#ifndef ANALYSIS_INFERENCE_H
#define ANALYSIS_INFERENCE_H

/*
 * What is tested, when, and at which level (inference.md): pure functions from counts by cohort
 * day to everything that a report prints about a metric.  No store, no clock, no allocation.
 *
 *     plan_of(registered experiment)          levels, families, N*, dates
 *     progress_of(plan, declared, exposures)  K*, stopped by hand, closed
 *     metric_infer(...)                       per metric and slice: looks, intervals, p, guardrail
 *     families_adjust(...)                    Holm over goals, the declared correction over others
 *
 * Everything reads the *registered* plan; `declared` is what the files say now.  A cohort is a UTC
 * day; it is mature for a window when its end plus the window has passed at `as_of`.
 */

#include "base/limits.h"
#include "experiment/experiment.h"
#include "stats/design.h"
#include "stats/estimate.h"
#include "stats/heterogeneity.h"
#include "stats/multiplicity.h"
#include "stats/power_plan.h"
#include "stats/sample.h"
#include "stats/sample_ratio.h"
#include "stats/shrinkage.h"
#include "stats/winner.h"

/* Before these counts nothing is estimated while it may be peeked at. */
#define GATE_UNITS 100
#define GATE_ACCOUNTS 20
#define GATE_OUTCOMES 10 /* successes, and failures, in each variant */
#define GATE_NONZERO 30  /* units with a value, of money and means */
/* N* of a comparison where the file expects nothing. */
#define PLANNED_UNITS_DEFAULT 2000.0
#define PLANNED_ACCOUNTS_DEFAULT 200.0

struct plan {
    enum design design;
    double alpha; /* 1 - confidence */
    bool accounts;
    size_t variants, control;
    double weights[VARIANTS_MAX];          /* shares; they add up to 1 */
    size_t goals, secondaries, guardrails; /* as declared, per non-control variant */
    enum correction correction;            /* of the secondaries */
    int64_t start_ms, end_ms;              /* TIME_NONE: none */
    uint32_t min_days;                     /* mature cohort days before an early `ship` */
    double planned;                        /* units in all; 0: nothing expected */
    double planned_pair[VARIANTS_MAX];     /* N_j*: of the control and variant j together */
    double power;                          /* to plan with */
    double expected_difference;            /* of the first goal, of any kind, > 0; 0: none */
    struct power_question expected;        /* of the first goal, where it can be planned */
};
void plan_of(const struct experiment *registered, struct plan *plan);
static inline size_t plan_treatments(const struct plan *plan)
{
    return plan->variants - 1;
}

/* The first goal as power_plan.h asks about it, of variant j against the control.  What is expected
 * of a metric that cannot be planned (a time, an nps without its spread) has no units. */
struct power_question plan_question(const struct plan *plan, size_t variant);
/* What the file expects of its first goal, times in days: the control's value, and the signed
 * difference to it.  0: none. */
double plan_baseline(const struct experiment *experiment);
double plan_difference(const struct experiment *experiment);

/* First exposures by the end of each cohort day, all variants together, erased ones too. */
struct exposures {
    int32_t first; /* the cohort day of total[0] */
    size_t days;
    const uint64_t *total; /* cumulative */
};

enum final_because { FINAL_UNKNOWN, FINAL_SIZE, FINAL_END };
struct final_set {
    enum final_because because;
    int32_t cohort; /* K*, where because is not UNKNOWN */
};
/* K* = min(K_N, K_end), from the plan and the exposures alone; UNKNOWN in `always`. */
struct final_set final_set_of(const struct plan *plan, const struct exposures *exposures);

/* What the files say now. */
struct declared {
    enum experiment_status status;
    int64_t stopped_ms; /* when it was declared stopped; TIME_NONE: is not */
    int64_t end_ms;     /* the file's; TIME_NONE: none */
};

struct progress {
    int64_t as_of_ms;
    struct final_set final;
    bool hand;           /* stopped, or its end moved, before K*: no final test (never in always) */
    bool closed;         /* no new units: stopped, or an end has passed */
    int64_t close_ms;    /* the moment of the stop or end, also a future one; TIME_NONE: none */
    int32_t last_cohort; /* of `close_ms`; INT32_MAX: none */
};
void progress_of(const struct plan *plan, const struct declared *declared,
                 const struct exposures *exposures, int64_t as_of_ms, struct progress *progress);

/* The last cohort day that is mature for the window. */
int32_t cohort_mature(int64_t as_of_ms, int64_t window_ms);
/* The first moment at which the cohort is mature for the window. */
int64_t cohort_mature_ms(int32_t cohort, int64_t window_ms);

struct metric_plan {
    struct slice name;
    struct slice title; /* what people call it; empty: its name */
    enum metric_role role;
    enum metric_kind kind;
    enum metric_stage stage;
    bool lower_is_better;
    int64_t window_ms;
    double margin; /* GUARDRAIL: > 0; a difference, or with `relative` a part of the control */
    bool relative;
};
static inline struct slice metric_title(const struct metric_plan *metric)
{
    return slice_is_empty(metric->title) ? metric->name : metric->title;
}
/* The window after a cohort day's end at which it becomes a look: the metric's own, and none for a
 * time to an event, which reads what is known of every cohort at the end of each day. */
int64_t metric_look_ms(const struct metric_plan *metric);
/* Whether this version computes the kind. */
bool metric_kind_is_computed(enum metric_kind kind);

/* What the units of one variant show of a metric. */
struct observed {
    uint64_t units;        /* mature and exposed */
    uint64_t contributing; /* of them those with a success, a value, an answer, a member */
    struct sample sample;
    struct ratio_sums depth; /* of breadth: core actions over active members */
};

/* How a comparison was adjusted for what is known of units before their exposure. */
struct pair_adjustment {
    bool adjusted;     /* false: by the two samples alone */
    size_t strata;     /* compared within and averaged over; 0: none */
    size_t merged;     /* of the strata with units, those that went into "other" */
    size_t covariates; /* that explain something in one of the two variants */
};

/* What a variant must have before its comparison is peeked at: see the GATE_ counts. */
bool observed_passes(const struct plan *plan, enum metric_kind kind,
                     const struct observed *observed);

/* The difference to the control and the log ratio, each with the reason why there is none. */
struct pair_estimates {
    enum reason difference_reason, lift_reason;
    struct estimate difference, lift;
    struct pair_adjustment adjustment;
    /* The fixed test of no difference is `test`, and not that of `difference` (log-rank). */
    bool tested_apart;
    enum reason test_reason;
    struct test test;
};

/*
 * One metric in one slice, as it stood at the end of each cohort day.  Days count from `first`.
 * `observe` gives the cohorts up to and with that day.  `estimates` is for what is not formed from
 * two samples alone (adjusted for covariates and strata, times to an event); NULL: it is.  It finds
 * the estimates of the two samples in place, and leaves or replaces them.
 * With `followed` the cohorts are those of the final set, each watched to the end of its window; a
 * time to an event else sees them as far as they were watched at the end of that day.
 */
struct metric_source {
    int32_t first;
    size_t days, variants;
    bool followed;
    const void *about; /* theirs */
    void (*observe)(const struct metric_source *source, size_t day, size_t variant,
                    struct observed *observed);
    void (*estimates)(const struct metric_source *source, const struct plan *plan, size_t day,
                      size_t variant, struct pair_estimates *estimates);
};
/* All cohorts up to and with `cohort`; without units before the first day. */
void observed_until(const struct metric_source *source, int32_t cohort, size_t variant,
                    struct observed *observed);

enum guardrail_state { GUARDRAIL_OPEN, GUARDRAIL_PASSED, GUARDRAIL_HARMED, GUARDRAIL_BLIND };
extern const char *const guardrail_state_texts[];

/* An estimate with what may be said about it; the lift's `se` is that of the log ratio. */
struct effect_report {
    bool estimated;
    double estimate, se;
    bool has_interval; /* fixed, on the final set */
    struct interval interval;
    bool has_anytime; /* at the latest look */
    struct interval anytime;
    bool has_adjusted; /* difference of a goal among several comparisons */
    struct interval adjusted;
};

/* What the two samples alone say, beside a comparison that was adjusted. */
struct unadjusted_report {
    struct effect_report difference, lift;
    bool has_p, has_p_now;
    double p, p_now;
};

/* A variant against the control, on the final set once it is mature, else at the latest look. */
struct comparison {
    enum reason reason; /* why there is no estimate; NONE: there is one */
    struct effect_report difference, lift;
    bool has_p; /* the fixed test, on the final set; of a time to an event the log-rank */
    double p;
    bool has_p_now; /* of a guardrail: one-sided, of harm */
    double p_now, p_anytime;
    int32_t p_anytime_cohort; /* whose look had the smallest */
    double p_h;               /* 1 where there is none yet */
    double difference_h;      /* the estimate that p_h speaks of */
    bool has_p_adjusted;
    double p_adjusted;
    bool has_shrunken; /* of a segment's value: its difference, given those of the others */
    struct shrunken shrunken;
    bool has_bound; /* of a guardrail: the adverse bound that passes it, a lift where relative */
    double bound;
    enum guardrail_state state;
    struct pair_adjustment adjustment;
    struct unadjusted_report unadjusted; /* of one that was adjusted */
    bool has_corrected; /* of a goal found before the final set: for the winner's curse */
    struct winner corrected;
};

/* One look at one variant: what is drawn over time. */
struct look {
    bool estimated;
    double difference, se;
    double ratio; /* of analysed units to N* */
    double lift;
    bool has_lift, has_anytime, has_lift_anytime;
    struct interval anytime, lift_anytime;
    double p_now;
};

struct metric_result {
    struct metric_plan metric;
    bool computed;
    bool final;                     /* the final set is mature: the fixed test is read */
    bool final_look;                /* nothing more will come: final, or closed and all mature */
    int32_t first;                  /* cohort day */
    int32_t last_mature;            /* the last cohort day that is mature for the window */
    int32_t last_look;              /* cohort day of the latest look */
    int32_t analysed;               /* cohort day up to which `observed` and estimates count */
    size_t run;                     /* mature cohort days */
    size_t look_count;              /* looks at `looks`, from the first cohort day on */
    struct look *looks;             /* [day * variants + variant]; NULL: not asked for; caller's */
    struct observed *observed;      /* [variant], mature; caller's */
    struct comparison *comparisons; /* [variant], the control's is unused; caller's */
};

/* Fills `result`, whose looks (source->days * variants, or NULL), observed and comparisons the
 * caller has made. Without looks there is no p_anytime. */
void metric_infer(const struct plan *plan, const struct progress *progress,
                  const struct metric_plan *metric, const struct metric_source *source,
                  struct metric_result *result);

/* Corrects the effects of a goal that were found before the final set (inference_corrected.c). */
void metric_correct(const struct plan *plan, struct metric_result *result);

/* The errors at which a metric's intervals stand; 0: there is none. */
struct metric_levels {
    double fixed;   /* two-sided */
    double anytime; /* two-sided; of a guardrail twice that of one harm bound */
};
struct metric_levels metric_levels_of(const struct plan *plan, enum metric_role role);
/* One-sided error of a guardrail's anytime harm bound: a over all guardrails and variants. */
double plan_harm_alpha(const struct plan *plan);

/* Corrects within the families of declared size: goals by Holm, secondaries as declared. */
void families_adjust(const struct plan *plan, struct metric_result *const *results, size_t count);

/* Whether the split fits the weights, and since when not. */
struct ratio_report {
    bool tested;
    struct chi_square now;
    double log_factor, log_factor_max; /* natural logs of Bayes factors */
    enum sample_ratio_state state;
    double gap; /* largest distance of a share from its weight, a fraction */
    bool has_since;
    int32_t since;     /* cohort day of the first look with a factor >= 100 */
    bool has_break;    /* there is an alarm, so a break is asked for */
    int32_t break_day; /* cohort day from which on the shares are most likely others */
};
struct count_series {
    int32_t first;
    size_t days, variants;
    const uint64_t *cumulative; /* [day * variants + variant] */
};
void ratio_watch(const struct plan *plan, const struct count_series *counts,
                 struct ratio_report *report);

/* The same of a segment's values: one e-value, their mean. */
struct ratio_segment {
    double log_factor, log_factor_max;
    bool warns; /* at some look the mean reached 100 times the number of segments */
    bool has_since;
    int32_t since;
    bool *named; /* [value]: e-BH at 1 % names it, of a segment that warns; caller's */
};
void ratio_watch_segment(const struct plan *plan, const struct count_series *values, size_t count,
                         size_t segments, struct ratio_segment *report);

/* Units that met two variants: alarm when shares differ (p < .001) or exceed 5 %. */
#define CROSSED_P .001
#define CROSSED_SHARE .05
#define MISMATCH_SHARE .01
/* Of the accounts with two exposed users or more, those whose users met different variants. */
#define MIXED_SHARE .20
struct crossed_report {
    bool tested;
    double p;
    double share;
    bool alarm;
};
void crossed_check(const uint64_t *crossed, const uint64_t *exposed, size_t variants,
                   struct crossed_report *report);

/* A segment value's effect, for the test whether the values differ; false where it takes no part:
 * fewer than HETEROGENEITY_OUTCOMES successes or failures (of a share), or units that contribute,
 * in one of the two variants. */
#define HETEROGENEITY_OUTCOMES 5
#define HETEROGENEITY_VALUES_MAX 256
bool segment_effect(const struct plan *plan, const struct metric_result *value, size_t variant,
                    struct effect *effect);

/* Where the experiment is going at the present rate. */
struct forecast {
    double per_day;      /* the present rate: first exposures a day, over the last 7 whole ones */
    bool stalled;        /* a size is planned, and those days brought nobody: K* is never */
    bool has_final;      /* K* can be told */
    int32_t cohort;      /* K*, reached or foreseen */
    bool has_size;       /* the planned size is not reached, and can be foreseen */
    int32_t size_cohort; /* K_N, whether or not the end comes before it */
    bool has_detectable; /* of the first goal */
    double detectable;   /* smallest difference now, > 0 */
    double detectable_lift;
    bool has_by_end;       /* the same when new units end, or FORECAST_DAYS from now */
    int32_t by_end_cohort; /* the last that counts then */
    double by_end, by_end_lift;
};
#define FORECAST_DAYS (8 * 7) /* farther off, a plan is a warning: row 21 */
void forecast_of(const struct plan *plan, const struct progress *progress,
                 const struct exposures *exposures, const struct metric_result *first_goal,
                 struct forecast *forecast);

#endif
