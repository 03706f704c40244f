#ifndef EXPERIMENT_EXPERIMENT_H
#define EXPERIMENT_EXPERIMENT_H

/*
 * What a PM declared, checked and typed: experiments, metrics, segments (grammar.md).  Values of
 * these types come from the parser alone, live in a catalogue's arena and are never changed; all
 * pointers below point into the same catalogue.  Shares are fractions (50% is 0.5), times are ms
 * since 1970, durations ms, decimal numbers micro-units.  An empty slice or TIME_NONE means "not
 * given"; a default of the grammar is filled in where there is one.
 */

#include "base/time.h"
#include "base/unit.h"
#include "experiment/condition.h"

enum experiment_status {
    EXPERIMENT_DRAFT,
    EXPERIMENT_RUNNING,
    EXPERIMENT_PAUSED,
    EXPERIMENT_STOPPED
};
enum exposure_mode { EXPOSURE_ON_VIEW, EXPOSURE_ON_ASSIGN };
enum assignment_mode { ASSIGNMENT_HERE, ASSIGNMENT_ELSEWHERE };
enum serve_mode { SERVE_VARIANT, SERVE_CONFIG };
enum help_mode { HELP_SELF_SERVE, HELP_HUMAN_ASSISTED };
enum peeking { PEEKING_HYBRID, PEEKING_ALWAYS, PEEKING_FIXED };
enum lift_scale { LIFT_RELATIVE, LIFT_ABSOLUTE };
enum declared_correction { DECLARED_NONE, DECLARED_HOLM, DECLARED_BENJAMINI_HOCHBERG };
enum step_trigger { TRIGGER_ON_START, TRIGGER_ON_IDLE, TRIGGER_ON_FAILED_TASK, TRIGGER_ON_EVENT };
enum step_pattern {
    PATTERN_MESSAGE,
    PATTERN_TOUR,
    PATTERN_TOOLTIP,
    PATTERN_WALKTHROUGH,
    PATTERN_CHECKLIST,
    PATTERN_PROGRESS,
    PATTERN_VIDEO,
    PATTERN_EMAIL,
    PATTERN_CHAT,
    PATTERN_SURVEY
};

enum metric_kind {
    METRIC_CONVERSION,
    METRIC_RETENTION,
    METRIC_RETENTION_CURVE,
    METRIC_TIME_TO,
    METRIC_COUNT,
    METRIC_SUM,
    METRIC_MEAN,
    METRIC_RATIO,
    METRIC_NPS,
    METRIC_BREADTH,
    METRIC_KIND_COUNT
};
enum metric_stage {
    STAGE_NONE,
    STAGE_ACQUISITION,
    STAGE_ACTIVATION,
    STAGE_RETENTION,
    STAGE_MONETISATION
};
enum metric_form { FORM_ACTIVITY, FORM_EVENT, FORM_ALL_OF, FORM_ANY_OF };
enum breadth_of { OF_AT_EXPOSURE, OF_WITHIN, OF_TRAIT };
enum metric_role { ROLE_GOAL, ROLE_SECONDARY, ROLE_GUARDRAIL, ROLE_DIAGNOSTIC, ROLE_EXPLORATORY };

/* The words of the grammar for each enum, in its order; parser, renderers and digests read them. */
extern const char *const experiment_status_texts[];
extern const char *const exposure_mode_texts[];
extern const char *const assignment_mode_texts[];
extern const char *const serve_mode_texts[];
extern const char *const help_mode_texts[];
extern const char *const peeking_texts[];
extern const char *const lift_scale_texts[];
extern const char *const correction_texts[];
extern const char *const step_trigger_texts[];
extern const char *const step_pattern_texts[];
extern const char *const metric_kind_texts[];
extern const char *const metric_stage_texts[]; /* "" for STAGE_NONE */
extern const char *const breadth_of_texts[];
extern const char *const metric_role_texts[];

/* Whether a unit's value is a share, so that people write it in percent, a difference in points. */
bool metric_is_share(enum metric_kind kind);

struct event_condition {
    struct slice event;
    const struct condition *where; /* on properties; NULL: any */
    uint32_t times;                /* so many events, at least 1 */
    uint32_t distinct_days;        /* on so many elapsed 24-hour days, at least 1 */
};

struct metric {
    struct slice name;
    struct slice title; /* `name:`; the key when not given */
    struct slice description;
    enum metric_kind kind;
    enum metric_stage stage;
    bool lower_is_better;
    bool vanity;
    enum metric_form form;                /* how `events` combine; ACTIVITY: any outcome */
    const struct event_condition *events; /* of EVENT one, of ALL_OF, ANY_OF event_count */
    size_t event_count;
    uint32_t at_least;      /* ANY_OF of a conversion: so many different items */
    uint32_t activity_days; /* ACTIVITY: any_event: {distinct_days}, at least 1 */
    int64_t from_ms;        /* the window [from, until) after first exposure */
    int64_t until_ms;
    int64_t every_ms; /* retention_curve: bracket width; until_ms is the end */
    struct slice property;
    int64_t cap_micro; /* count, sum, mean; 0: none */
    const struct slice *competing;
    size_t competing_count;
    const struct metric *numerator; /* ratio */
    const struct metric *denominator;
    const struct metric *counts; /* breadth */
    enum breadth_of of;
    struct slice of_trait;
};

struct segment {
    struct slice name;
    struct slice title;
    struct slice trait;
    const struct slice *values; /* or bands */
    size_t value_count;
    const double *bands; /* rising; band i is [b_i, b_i+1), the last is open */
    size_t band_count;
};

/* `core_actions` of metrics.yaml: which early actions go with staying. */
struct core_actions {
    const struct event_condition *candidates; /* count of them; 0: not given */
    size_t count;
    int64_t landmark_ms;           /* actions count before it */
    const struct metric *retained; /* METRIC_RETENTION, from the landmark on */
};

struct flow_step {
    struct slice step;
    enum step_pattern pattern;
    struct slice done_when;
    int64_t minutes_micro; /* 0: not given */
    enum step_trigger trigger;
    struct slice trigger_event; /* of ON_EVENT */
    bool optional;
};

struct variant {
    struct slice name;
    struct slice title;
    bool control;
    double weight;
    enum help_mode help;
    bool has_cost;
    int64_t cost_micro;
    bool has_flow;
    const struct flow_step *flow;
    size_t flow_count;
    struct slice config; /* canonical JSON; empty: none */
    struct slice value;  /* what an SDK gets (`serve`, section 8), canonical JSON; always there */
};

struct ramp_step {
    int64_t from_ms;
    double coverage;
};

/* A member of `segments`: one segment, or a declared crossing of two or three. */
struct segmentation {
    const struct segment *segments[3];
    size_t count; /* 1: plain */
};

struct guardrail {
    const struct metric *metric;
    int64_t worse_by_micro; /* metric's own unit; a fraction for shares (2pp is 20000) and for
                               relative (2% is 20000) */
    bool relative;          /* a part of the control's value */
    bool points;            /* written with pp */
    struct slice text;      /* as written */
};

struct covariate {
    struct slice trait; /* or metric + before */
    const struct metric *metric;
    int64_t before_ms;
    int64_t cap_micro;
    int64_t missing_micro;
};

/* `expect`: values as written are in micro-units (fractions for percentages, ms for durations). */
struct expectation {
    bool given;
    int64_t baseline_micro;
    double lift; /* signed; a fraction of the baseline, or absolute with `lift: absolute` */
    double power;
    uint64_t units_per_week; /* 0: not given */
    uint64_t units;          /* 0: from the others */
    bool has_members;
    double members_mean, members_cv, members_icc;
    double sd; /* 0: not given */
};

struct forced_unit {
    struct slice id;
    size_t variant; /* index */
};

struct experiment {
    struct slice key;
    struct slice title;
    struct slice owner;
    struct slice hypothesis;
    enum experiment_status status;
    enum unit_kind unit;
    uint16_t phase;
    struct slice salt;
    int64_t start_ms; /* TIME_NONE: none */
    int64_t end_ms;
    enum exposure_mode exposure;
    enum assignment_mode assignment;
    enum serve_mode serve;
    bool serves_flow; /* `serve: config` with objects and some variant has a flow */

    double coverage; /* constant; unused where there is a ramp */
    const struct ramp_step *ramp;
    size_t ramp_count;
    struct slice exclusive_group; /* empty: none */
    double exclusive_low, exclusive_high;
    struct slice holdout_group;
    double holdout_share;
    const struct condition *audience; /* NULL: everyone */
    struct slice audience_text;       /* one line, for people */

    const struct variant *variants; /* file order: the order of the buckets */
    size_t variant_count;
    size_t control;                   /* index */
    const struct forced_unit *forced; /* sorted by id */
    size_t forced_count;

    const struct segmentation *segments;
    size_t segment_count;

    const struct metric *goals[3];
    size_t goal_count;
    struct slice why;
    const struct metric *const *secondaries;
    size_t secondary_count;
    const struct guardrail *guardrails;
    size_t guardrail_count;
    const struct metric *const *diagnostics;
    size_t diagnostic_count;

    double confidence;
    enum peeking peeking;
    uint32_t min_days;
    int64_t flow_within_ms;
    enum lift_scale lift;
    enum declared_correction correction;
    const struct segment *const *adjust_segments;
    size_t adjust_segment_count;
    const struct covariate *covariates;
    size_t covariate_count;
    struct expectation expect;

    bool has_rollout;
    size_t rollout_to; /* index */
    double rollout_coverage;

    struct slice path; /* the file it stands in, as given to the parser */

    const struct experiment *const *members; /* of a holdout: those that name its group, by key */
    size_t member_count;                     /* 0: this is none */
};

/* A holdout as an experiment (catalogue_analysed): its key, and its variants by index. */
#define HOLDOUT_PREFIX "holdout:"
enum holdout_variant { HOLDOUT_OPEN, HOLDOUT_HELD };

/* The index of the variant of that name, or -1. */
int experiment_variant(const struct experiment *experiment, struct slice name);
/* The same as an exposure names it: a name, else, all digits, an index (routes.md, Exposures). */
int experiment_variant_reported(const struct experiment *experiment, struct slice text);

#endif
