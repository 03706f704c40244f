#ifndef ANALYSIS_VERDICT_H
#define ANALYSIS_VERDICT_H

/*
 * The verdict: one code and one plain sentence from the ordered table of inference.md.  The first
 * row whose condition holds decides; additions never change the code.
 *
 *     verdict_of(&input, &verdict, &text);      pure: plain structs in, a code and words out
 */

#include "analysis/inference.h"
#include "base/buffer.h"

#define VERDICT_CODE_MAP(X)                                                                        \
    X(NOT_STARTED, "not_started")                                                                  \
    X(KEEP_RUNNING, "keep_running")                                                                \
    X(SHIP, "ship")                                                                                \
    X(STOP_HARM, "stop_harm")                                                                      \
    X(NO_DIFFERENCE, "no_difference")                                                              \
    X(INCONCLUSIVE, "inconclusive")                                                                \
    X(DO_NOT_TRUST, "do_not_trust")
enum verdict_code {
#define X(name, text) VERDICT_##name,
    VERDICT_CODE_MAP(X)
#undef X
        VERDICT_CODE_COUNT
};
extern const char *const verdict_code_texts[];

/* Additions: a bit each. */
#define VERDICT_FLAG_MAP(X)                                                                        \
    X(HARMS, "harms")                   /* some variants are harmed, others remain */              \
    X(NEAR_NOT_FAR, "near_not_far")     /* an early metric moved, a declared late one did not */   \
    X(AMENDED, "amended")               /* the plan was changed after registration */              \
    X(MIXED_ACCOUNTS, "mixed_accounts") /* over 20 % of accounts have users of two variants */     \
    X(RESPONSE, "response")             /* response rates differ */                                \
    X(ERASURE, "erasure")               /* erased shares differ */                                 \
    X(SEGMENTS, "segments")             /* the effect differs between values of a segment */       \
    X(ROLLOUT, "rollout")               /* a rollout is declared */
enum verdict_flag {
#define X(name, text) VERDICT_FLAG_##name,
    VERDICT_FLAG_MAP(X)
#undef X
        VERDICT_FLAG_COUNT
};
extern const char *const verdict_flag_texts[];
#define VERDICT_BIT(flag) (1u << (flag))

struct verdict_input {
    const struct plan *plan;
    const struct progress *progress;
    const struct forecast *forecast;
    enum experiment_status status; /* as declared now */
    const struct slice *variants;  /* names, by index */
    const uint64_t *exposed;       /* by variant, crossed ones by the first */
    const uint64_t *crossed;       /* by variant */
    const char *unit_words;        /* "users" */
    const char *damage;            /* what can't be read; NULL: all can */
    const struct ratio_report *ratio;
    struct slice ratio_segment; /* "role = owner": worst value of a segment, may be empty */
    const struct crossed_report *crossing;
    uint64_t mismatched;
    const struct metric_result *const *goals; /* in declared order */
    size_t goal_count;
    const struct metric_result *const *guardrails;
    size_t guardrail_count;
    unsigned flags;               /* what the caller found: bits; HARMS is found here */
    struct slice response;        /* metric for RESPONSE */
    struct slice segments_differ; /* names for SEGMENTS */
    struct slice near, far;       /* metrics for NEAR_NOT_FAR */
    struct slice rollout;         /* variant for ROLLOUT */
    bool is_holdout;              /* rows 1 to 5, then the last: there is nothing to decide */
};

struct verdict {
    enum verdict_code code;
    unsigned row;                       /* of the table, from 1 */
    const struct metric_result *metric; /* the one named, or NULL */
    int variant;                        /* the one named, or -1 */
    int about;                          /* the one that the text speaks of, or -1 */
    unsigned flags;
};

/* `text` gets the sentences, without a line end; NULL: they are not written. */
void verdict_of(const struct verdict_input *input, struct verdict *verdict, struct buffer *text);

#endif
