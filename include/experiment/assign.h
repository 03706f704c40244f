#ifndef EXPERIMENT_ASSIGN_H
#define EXPERIMENT_ASSIGN_H

/*
 * Who gets what: a pure function of the experiment, the unit's id, its traits and the time
 * (architecture 12; the table of grammar.md, section 8).  No store, no lock, no allocation.
 */

#include "experiment/catalogue.h"

/* name, text, in_experiment, OFREP reason */
#define ASSIGN_REASON_MAP(X)                                                                       \
    X(ASSIGNED_ELSEWHERE, "assigned_elsewhere", false, "DISABLED")                                 \
    X(FORCED, "forced", false, "TARGETING_MATCH")                                                  \
    X(DRAFT, "draft", false, "DISABLED")                                                           \
    X(PAUSED, "paused", false, "DISABLED")                                                         \
    X(STOPPED, "stopped", false, "DISABLED")                                                       \
    X(NOT_STARTED, "not_started", false, "DISABLED")                                               \
    X(NOT_IN_AUDIENCE, "not_in_audience", false, "STATIC")                                         \
    X(HOLDOUT, "holdout", false, "STATIC")                                                         \
    X(ROLLED_OUT, "rolled_out", false, "STATIC")                                                   \
    X(EXCLUDED, "excluded", false, "STATIC")                                                       \
    X(NOT_IN_COVERAGE, "not_in_coverage", false, "STATIC")                                         \
    X(ENDED, "ended", false, "SPLIT")                                                              \
    X(SPLIT, "split", true, "SPLIT")

enum assign_reason {
#define X(name, text, in, ofrep) ASSIGN_##name,
    ASSIGN_REASON_MAP(X)
#undef X
        ASSIGN_REASON_COUNT
};
const char *assign_reason_text(enum assign_reason reason);
const char *assign_reason_ofrep(enum assign_reason reason);

struct assignment {
    const struct experiment *experiment;
    size_t variant; /* index */
    enum assign_reason reason;
    bool in_experiment;
    bool exposed; /* there is an exposure to log: split, or holdout (then of holdout:GROUP) where
                     it would be split without: both sides of a holdout enter at the same point */
};

struct assign_options {
    int64_t now_ms;
    bool any_audience; /* pass over the audience: the fold's question (architecture, Walks) */
    bool any_holdout;  /* pass over the holdout: what would the unit get without it? */
};

/* `id` is a valid unit id of the experiment's kind; `traits` an object or NULL. */
struct assignment assign(const struct experiment *experiment, struct slice id,
                         const struct value *traits, const struct assign_options *options);

/* The coverage in force at that time. */
double assign_coverage(const struct experiment *experiment, int64_t now_ms);

/* The pieces, as the GrowthBook SDKs define them.  Texts are UTF-8 and hashed by UTF-16 code unit.
 */
uint32_t bucket_fnv1a(struct slice first, struct slice second); /* of the two, joined */
double bucket_version1(struct slice seed, struct slice id);     /* [0,1) in steps of .001 */
double bucket_version2(struct slice seed, struct slice id);     /* [0,1) in steps of .0001 */
struct bucket_range {
    double low, high; /* [low, high) */
};
/* Ranges of `count` variants; weights NULL or not adding up to 1: equal ones. */
void bucket_ranges(size_t count, double coverage, const double *weights,
                   struct bucket_range *ranges);
int bucket_choose(double bucket, const struct bucket_range *ranges, size_t count); /* or -1 */
/* [0,1) in steps of .001: version 1 of `id__group` and of `id__holdout:group`. */
double bucket_of_namespace(struct slice id, struct slice group);
double bucket_of_holdout(struct slice id, struct slice group);
double bucket_of_rollout(struct slice salt, struct slice id); /* version 2, seed `SALT:rollout` */
bool bucket_in_namespace(struct slice id, struct slice group, double low, double high);
bool bucket_in_holdout(struct slice id, struct slice group, double share);

/* One line a rule of section 8 in order, up to the one that decides, with its inputs, its outcome,
 * the bucket and the ranges; then the decision.  Each line ends with '\n'. */
void assign_explain(struct buffer *out, const struct experiment *experiment, struct slice id,
                    const struct value *traits, const struct assign_options *options);

/* The object of routes.md, "An assignment", without a line end.  `definition_text`: "sha256:...".
 * What is exposed and how is here too: `experiment_id` is the experiment's key, or `holdout:GROUP`
 * with the variation `held`. */
void assignment_write(struct buffer *out, const struct assignment *assignment, struct slice id,
                      const char *definition_text);
#define HOLDOUT_VARIATION "held"
/* The same with a last member `explain`: the text of assign_explain. */
void assignment_write_explained(struct buffer *out, const struct assignment *assignment,
                                struct slice id, const char *definition_text,
                                const struct value *traits, const struct assign_options *options);

#endif
