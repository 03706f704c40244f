#ifndef EXPERIMENT_ASSIGN_RULES_H
#define EXPERIMENT_ASSIGN_RULES_H

/*
 * The inside of assignment: grammar.md, section 8, as a table.  assign takes the first rule that
 * fits; assign_explain walks the same table and says why.  For these two files only.
 */

#include "base/limits.h"
#include "experiment/assign.h"

enum rule {
    RULE_ELSEWHERE,
    RULE_DRAFT_FORCED,
    RULE_DRAFT,
    RULE_PAUSED,
    RULE_NO_ROLLOUT,
    RULE_FORCED,
    RULE_NOT_STARTED,
    RULE_AUDIENCE,
    RULE_HOLDOUT,
    RULE_ROLLED_OUT,
    RULE_NOT_ROLLED_OUT,
    RULE_EXCLUSIVE,
    RULE_COVERAGE,
    RULE_ENDED,
    RULE_SPLIT,
    RULE_COUNT
};

/* One question, and what the rules found out on their way. */
struct assign_question {
    const struct experiment *experiment;
    struct slice id;
    const struct value *traits;
    const struct assign_options *options;
    size_t forced; /* index of the variant, once a rule of forced units fits */
    int split;     /* index of the variant, -1 outside the coverage; from RULE_COVERAGE on */
};

enum rule_gives { GIVES_CONTROL, GIVES_FORCED, GIVES_ROLLOUT, GIVES_SPLIT };

struct assign_rule {
    const char *line;  /* of the table in the grammar */
    unsigned statuses; /* bits of enum experiment_status that it is asked for */
    bool (*fits)(struct assign_question *question); /* NULL: always */
    enum rule_gives gives;
    enum assign_reason reason;
};
extern const struct assign_rule assign_rules[RULE_COUNT];

bool assign_rule_fits(enum rule rule, struct assign_question *question);
size_t assign_rule_variant(enum rule rule, const struct assign_question *question);

/* The ranges of the variants under that coverage. */
void assign_ranges(const struct experiment *experiment, double coverage,
                   struct bucket_range ranges[static VARIANTS_MAX]);

#endif
