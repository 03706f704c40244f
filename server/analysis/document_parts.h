#ifndef ANALYSIS_DOCUMENT_PARTS_H
#define ANALYSIS_DOCUMENT_PARTS_H

/*
 * The inside of the document: a study is one experiment's phase, read and inferred; the parts of
 * the tree are written from it.  For document*.c only.
 *
 *     study_read    declarations, cells, plan      document_study.c
 *     study_infer   per slice and metric           document_infer.c, document_segments.c; cells in
 *                                                  document_cells.c, document_samples.c,
 *                                                  document_time.c
 *     study_decide  health facts, verdict          document_verdict.c
 *     *_value       parts of the tree              document_metrics.c, document_curve.c,
 *                                                  document_flow.c, document_health.c, document.c
 *
 * Everything a study points to lives in its arena, which is the caller's, or in the history.
 */

#include "analysis/document.h"
#include "analysis/verdict.h"
#include "base/hash.h"
#include "stats/kaplan_meier.h"

/* Cohort days that a report looks back; older ones are added to the first. */
#define COHORT_DAYS_MAX 3660
#define AMENDMENTS_MAX 100

/* The cells of one definition by slice, as sums over cohort days. */
struct cells {
    struct cube cube;
    size_t variants;
    int32_t first; /* cohort day; days 0: nobody yet */
    size_t days;   /* up to the last one with units that had begun by as_of */
    int32_t begun; /* the last cohort day that had begun by as_of */
    bool damaged;  /* a cell holds what no cell can hold */
};

/* A metric in its role. */
struct metric_plan metric_plan_of(const struct experiment_metric *declared);

/* A metric as analysed. */
struct study_metric {
    struct metric_plan plan;
    const struct metric *metric;
    const struct guardrail *guardrail;
    struct digest digest;
    uint8_t number; /* in the cube; 0: its cells are not there */
};

/* A point of the share that has reached an event: by the end of a bin. */
struct curve_point {
    double day;
    uint64_t at_risk; /* in the bin that ends then */
    double share;
    bool has_interval;
    struct interval interval;
};
struct curve {
    struct curve_point *points;
    size_t count;
};

/* What one variant has beside the result of a time to an event or of a retention curve. */
struct study_curve {
    struct survival_time median;
    struct survival_time_interval median_interval;
    struct curve *causes; /* of a time, the event first; NULL in a segment */
    size_t cause_count;
    struct proportion *brackets; /* of a retention curve: mature units, and who came back */
    size_t bracket_count;
};

/* One slice with units: results of all metrics of its group. */
struct study_slice {
    bool present;
    struct metric_result *results; /* [metric] */
    struct study_curve *curves;    /* [metric * variants + variant]; NULL: no such metric */
    struct count_series met;       /* main and crossed units by day */
    struct count_series main;      /* main units by day */
};

/* The metrics that one definition's cells answer: the registered ones, or the exploratory. */
struct study_group {
    const struct definition *definition;
    struct cells cells;
    struct study_metric metrics[EXPERIMENT_METRICS_MAX];
    size_t metric_count;
    struct study_slice *slices; /* [cells.cube.slices.count] */
};

/* One segmentation's test of one goal and variant. */
struct study_difference {
    enum reason reason;
    bool read; /* on the final set, or in `always` */
    struct heterogeneity found;
    double p_adjusted;
};

struct study_quality {
    uint64_t erased, clamped, mismatched, hot, skewed, unread, early;
    uint64_t accounts, mixed_accounts; /* with two exposed users; of these, of two variants */
    uint64_t sources[EXPOSURE_SOURCE_COUNT];
    uint64_t outside[OUTSIDE_COUNT];
    uint64_t erased_by[VARIANTS_MAX]; /* the erased, by variant */
};

struct study {
    struct arena *arena;
    const struct document_options *options;
    int64_t as_of_ms;
    uint16_t phase;
    const struct experiment *experiment; /* as declared last in this phase */
    const struct catalogue *catalogue;   /* its catalogue */
    const struct experiment *registered; /* whose plan decides */
    const struct declaration *registration;
    struct declared declared;
    struct amendment amendments[AMENDMENTS_MAX]; /* the first is the registered plan */
    size_t amendment_count;
    const char *damage; /* NULL: none */
    uint64_t watermark;

    struct plan plan;
    struct progress progress;
    struct study_group main, exploratory;
    uint64_t *exposed;       /* [variant] */
    uint64_t *crossed;       /* [variant] */
    struct exposures totals; /* of all variants */
    struct study_quality quality;
    int64_t lacks_before_ms; /* view_lacks_before */
    struct ratio_report ratio;
    struct ratio_segment *ratio_segments; /* [segmentation], plain ones */
    struct crossed_report crossing;
    struct crossed_report erasure;        /* shares erased; its alarm is not read */
    struct study_difference *differences; /* [segmentation][goal][variant] */
    const struct metric_result *goals[GOALS_MAX];
    const struct metric_result *guardrails[GUARDRAILS_MAX];
    struct forecast forecast;
    struct verdict verdict;
    struct slice verdict_text;
    struct seen_name *names;
    size_t name_count;
    bool names_known;
};

/* "users", "accounts", "visitors" */
extern const char *const unit_words[];

/* One metric's integers by day, cumulative: values[(day * variants + variant) * field_count + i].
 */
struct metric_fields {
    size_t field_count; /* 0: no cell has any */
    bool is_share;
    int128 *values;
    const uint32_t *places; /* of breadth: the sizes that accounts have, rising; else NULL */
    size_t size_count;
    struct cluster_size *sizes; /* [(day * variants + variant) * size_count + i], cumulative */
};

/* Reads one slice's cells of the main population for the cube's metrics 1..; units of main and of
 * crossed, cumulative too.  Buffers are the caller's, filled from 0. */
struct cells_slice {
    struct metric_fields *metrics; /* [number - 1] */
    size_t metric_count;
    uint64_t *main, *crossed; /* [day][variant], may be NULL */
    /* Z_1..Z_q and Z_k Z_l of the units, as the metrics' integers; field_count 0: none declared */
    struct metric_fields covariates;
};
/* How many integers each metric's cells have. */
void cells_fields(const struct cells *cells, struct cells_slice *sums);
void cells_sum(struct cells *cells, uint16_t slice, struct cells_slice *sums);
/* document_breadth.c: the clusters of a breadth metric in those fields; `block` is days * variants,
 * `at` a place in it.  False: without memory; a bin that none can be. */
bool breadth_prepare(struct arena *arena, const struct cells *cells, uint8_t number, size_t block,
                     struct metric_fields *fields);
void breadth_clear(const struct metric_fields *fields, size_t block);
bool breadth_add(const struct metric_fields *fields, size_t at, const struct cube_entry *entry);
void breadth_accumulate(const struct metric_fields *fields, size_t days, size_t variants);
/* Copies what a result keeps of the scratch; for other kinds nothing. */
void breadth_keep(struct arena *arena, struct observed *observed);
/* The members that breadth has beside the others: of a variant, of a comparison. */
void breadth_add_variant(struct arena *arena, const struct observed *observed, double alpha,
                         struct value *object);
void breadth_add_comparison(struct arena *arena, const struct observed *treatment,
                            const struct observed *control, double alpha, struct value *object);

/* document_samples.c: one metric's sums as a source of samples; `about` has to outlive it.  A
 * metric whose cells are not there reads as one without units. */
struct metric_cells {
    const struct cells *cells;
    const struct metric *metric;
    const struct metric_fields *fields;
    const struct metric_fields *covariates; /* of the units of the slice */
    struct adjuster *adjuster;              /* NULL: not adjusted */
    uint8_t number;                         /* in the cube */
    size_t own, covariate_count;            /* fields of its kind; ZY_1.. after them */
    bool in_strata;
};
struct metric_source metric_cells_source(const struct cells *cells,
                                         const struct study_metric *metric,
                                         const struct cells_slice *sums,
                                         struct metric_cells *about);
/* One variant's integers of a metric as what they show; `units` is set for every kind. */
void metric_observe(const struct metric *metric, const int128 *fields, size_t field_count,
                    struct observed *observed);

/*
 * document_adjusted.c: what a group's experiment adjusts for, and the cells of its strata.  Strata
 * are read for slice all alone; in a segment covariates are.
 */
struct adjuster;
/* NULL without memory, and where nothing is declared. */
struct adjuster *adjuster_new(struct arena *arena, struct study_group *group);
/* Makes the source's estimates the adjusted ones where the kind can be adjusted. */
void metric_source_adjust(struct metric_source *source, struct metric_cells *about,
                          struct adjuster *adjuster, const struct study_metric *metric, bool whole);
/* Names of what a metric of that kind is adjusted for: segments and covariates. */
struct value adjusted_for_value(struct arena *arena, const struct study_group *group,
                                const struct study_metric *metric);

/* The range of entries of one population and slice. */
struct cells_range {
    size_t from, to;
};
struct cells_range cells_range_of(const struct cube *cube, enum population population,
                                  uint16_t slice);
/* The index of the cohort's day; false where it had not begun by as_of. */
bool cells_day(const struct cells *cells, int32_t cohort, size_t *day);

/* document_time.c: the cells of a time to an event in one slice, as a source that forms its own
 * estimates.  NULL without memory; all of it lives in the arena. */
struct time_cells;
struct time_cells *time_cells_make(struct arena *arena, struct cells *cells, uint16_t slice,
                                   const struct study_metric *metric);
struct metric_source time_cells_source(struct time_cells *times);
/* The life table of one cause at the end of the cohort day, the other causes competing; `rows` has
 * room for time_cells_bins.  Row b is the bin b. */
size_t time_cells_causes(const struct time_cells *times);
size_t time_cells_bins(const struct time_cells *times);
struct life_table time_cells_table(const struct metric_source *source, int32_t cohort,
                                   size_t variant, size_t cause, struct life_row *rows);
/* document_curve.c: medians and curves where the result was read; curves of all units alone.
 * `curves` are the variants'.  `scratch` is for what the study need not keep. */
void study_curve_times(struct study *study, struct arena *scratch,
                       const struct metric_source *source, const struct metric_result *result,
                       bool with_curves, struct study_curve *curves);
void study_curve_brackets(struct study *study, const struct metric_source *source,
                          const struct metric *metric, struct study_curve *curves);

/* Finds first and days. */
void cells_span(struct cells *cells, int64_t as_of_ms);
void cells_quality(const struct cells *cells, struct study_quality *quality);
/* The first slice of a segmentation, and how many it has. */
size_t slices_of(const struct cube_slices *slices, size_t segmentation, size_t *count);

MUST_CHECK enum status study_make(struct view_transaction *transaction,
                                  const struct document_options *options, struct arena *arena,
                                  struct study *study, struct error *error);
MUST_CHECK enum status study_infer(struct study *study, struct error *error);
/* document_segments.c; false without memory. */
bool study_segments(struct study *study);
void study_decide(struct study *study);
void study_done(struct study *study);
static inline struct study_difference *
study_difference_at(const struct study *study, size_t segmentation, size_t goal, size_t variant)
{
    size_t goals = study->plan.goals, variants = study->plan.variants;
    return &study->differences[(segmentation * goals + goal) * variants + variant];
}

/* document_sensitivity.c: what stands beside a goal; null in other roles. */
struct value sensitivity_value(const struct study *study, const struct study_group *group,
                               const struct study_metric *metric,
                               const struct metric_result *result);
struct value drift_value(const struct study *study, const struct study_group *group,
                         const struct study_metric *metric, const struct metric_result *result);
struct value per_cost_value(const struct study *study, const struct study_metric *metric,
                            const struct comparison *comparison, size_t variant);
/* chance_to_beat_control with the reason where there is none, and expected_loss: in points of rate,
 * of shipping the variant and of keeping the control; by the two samples alone. */
void add_chance(const struct study *study, const struct study_metric *metric,
                const struct metric_result *result, size_t variant, struct value *object);
struct value corrected_value(const struct study *study, const struct comparison *comparison);
/* Of an nps: whether response rates differ between variants; null of other kinds. */
struct value response_value(const struct study *study, const struct metric_result *result);
bool response_differs(const struct study *study, const struct metric_result *result);

/* Pieces of values. */
struct value number_or_null(bool has, double number);
struct value p_or_null(bool has, double p); /* never 0: at least 1e-300 */
struct value level_value(double alpha);     /* null where alpha is 0 */
struct value interval_or_null(struct arena *arena, bool has, const struct interval *interval);
struct value text_value(struct arena *arena, struct slice text); /* copied; empty: null */
struct value day_value(struct arena *arena, int32_t day);
struct value time_value(struct arena *arena, int64_t time_ms); /* TIME_NONE: null */
struct value digest_value(struct arena *arena, const struct digest *digest);

/* Parts of the tree. */
/* document_curve.c: the member `curve` of a metric of the whole; null where it has none. */
struct value curve_value(const struct study *study, const struct study_metric *metric,
                         const struct study_curve *curves);
/* Of a variant: `unit`, `median`; of a comparison: `test`, `interval_of`. */
void add_time_variant(const struct study *study, const struct study_curve *curve,
                      struct value *object);
void add_time_comparison(const struct study *study, const struct metric *metric,
                         struct value *object);
/* document_flow.c */
struct value flow_value(const struct study *study);
struct value flow_differs_value(const struct study *study);
struct value metrics_value(const struct study *study);
struct value health_value(struct view_transaction *transaction, const struct study *study);
struct value notes_value(struct view_transaction *transaction, const struct study *study);
const char *health_state(const struct study *study); /* ok, warn, alarm */
struct value verdict_value(const struct study *study);
/* Names of events and traits that the file uses and nobody has sent. */
struct value never_received_value(const struct study *study);
struct value windows_past_value(struct view_transaction *transaction, const struct study *study);
/* document_sums.c: what the value is made of */
void sums_add_variant(struct arena *arena, const struct observed *observed, struct value *object);

#endif
