/*
 * `gangway calc`: shares of members within accounts, of two arms (stats/cluster.h).
 *
 * The input is a list of accounts: `arm` (0 control, 1 treatment), `size`, and `active`, members or
 * any other value.  Accounts without members stand in n; of the rest the arms' own error is that of
 * all accounts given, as survey::svyratio has it, and the others are of accounts with members.
 * What users alone can have (their regression) is there when every active is a whole number of
 * members.
 */

#include "calc_variant.h"

#include "stats/cluster.h"
#include "stats/normal.h"
#include "stats/ratio.h"

#include <math.h>
#include <stdlib.h>

static const char *const arm_names[VARIANTS] = {"arm0", "arm1"};

struct account {
    uint64_t size;
    int64_t active; /* in steps */
};

struct arm {
    struct ratio_sums sums; /* of all accounts */
    struct cluster cluster;
    struct cluster_totals totals;
    bool members_alone; /* 0 <= active <= size, whole */
};

static int by_size(const void *left, const void *right)
{
    const struct account *a = left, *b = right;
    return (a->size > b->size) - (a->size < b->size);
}

/* The accounts of one arm, by size. */
static struct account *accounts_of(struct calc *call, const struct account *all,
                                   const uint8_t *arms, size_t count, uint8_t arm, size_t *found)
{
    struct account *accounts = CALC_ARRAY(call, count, struct account);
    *found = 0;
    for (size_t i = 0; accounts && i < count; i++)
        if (arms[i] == arm)
            accounts[(*found)++] = all[i];
    if (accounts && *found)
        qsort(accounts, *found, sizeof *accounts, by_size);
    return accounts;
}

/* Groups the accounts, which are in order, by size. */
static void arm_fill(struct calc *call, const struct account *accounts, size_t count, double step,
                     struct arm *arm)
{
    struct cluster_size *sizes = CALC_ARRAY(call, count, struct cluster_size);
    size_t used = 0;
    *arm = (struct arm){.sums = {.units = count, .step_y = step, .step_s = 1},
                        .members_alone = step == 1};
    for (size_t i = 0; sizes && i < count; i++) {
        int128 size = (int128)accounts[i].size, active = accounts[i].active;
        if (i == 0 || accounts[i].size != accounts[i - 1].size)
            sizes[used++] = (struct cluster_size){.size = accounts[i].size};
        struct cluster_size *at = &sizes[used - 1];
        at->accounts++;
        at->y += active;
        at->yy += active * active;
        arm->sums.y += active;
        arm->sums.s += size;
        arm->sums.yy += active * active;
        arm->sums.ss += size * size;
        arm->sums.ys += active * size;
        arm->members_alone = arm->members_alone && active >= 0 && active <= size;
    }
    arm->cluster = (struct cluster){.sizes = sizes, .count = used, .step = step};
    if (cluster_totals(&arm->cluster, &arm->totals))
        calc_bad(call, "size", "and active are too large to be added");
}

/* Sizes stay where their squares, summed, are exact. */
#define SIZE_MAX_READ (UINT64_C(1) << 40)

static void arms_read(struct calc *call, struct arm arms[VARIANTS])
{
    size_t count, sizes, actives, names;
    const uint8_t *arm = calc_flags(call, "arm", &count);
    const uint64_t *size = calc_counts(call, "size", &sizes);
    const double *active = calc_numbers(call, "active", &actives);
    if (calc_has(call, "account")) {
        names = calc_list_size(call, "account");
        calc_same_size(call, "arm", count, "account", names);
    }
    calc_same_size(call, "arm", count, "size", sizes);
    calc_same_size(call, "arm", count, "active", actives);
    struct account *all = CALC_ARRAY(call, count, struct account);
    int64_t *steps = CALC_ARRAY(call, count, int64_t);
    double step = 1;
    if (!calc_failed(call) && steps_of_values(active, count, steps, &step))
        calc_bad(call, "active", "has values too far apart to be added exactly");
    for (size_t i = 0; i < count && !calc_failed(call); i++) {
        if (size[i] > SIZE_MAX_READ)
            calc_bad(call, "size", "has more than 2^40 members");
        all[i] = (struct account){.size = size[i], .active = steps[i]};
    }
    for (uint8_t j = 0; j < VARIANTS && !calc_failed(call); j++) {
        size_t found;
        struct account *accounts = accounts_of(call, all, arm, count, j, &found);
        if (accounts)
            arm_fill(call, accounts, found, step, &arms[j]);
    }
}

/* Each arm's ratio and its error over all accounts given. */
static void put_arm(struct calc *call, const char *name, const struct arm *arm)
{
    struct variant_value value = {0};
    double ratio = 0, effect = 0;
    calc_open(call, name);
    calc_put_count(call, "n", arm->sums.units);
    calc_put_count(call, "empty", arm->totals.empty);
    calc_put_count(call, "members", arm->totals.members);
    enum reason reason = ratio_value(&arm->sums, &ratio);
    calc_put_value(call, "ratio", reason, ratio);
    reason = ratio_of_sums(&arm->sums, &value);
    calc_put_value(call, "se", reason, sqrt(value.variance));
    if (arm->members_alone) {
        reason = cluster_design_effect(&arm->cluster, &effect);
        calc_put_value(call, "design_effect", reason, effect);
    }
    calc_close(call);
}

/* An error whose square is the sum of the two arms', by `variance`. */
static enum reason added_se(const struct arm arms[VARIANTS],
                            enum reason (*variance)(const struct cluster *, double *), double *se)
{
    double parts[VARIANTS];
    for (size_t j = 0; j < VARIANTS; j++) {
        enum reason reason = variance(&arms[j].cluster, &parts[j]);
        if (reason)
            return reason;
    }
    *se = sqrt(parts[CONTROL] + parts[TREATMENT]);
    return REASON_NONE;
}

/* The regression of members on the arm, with the sandwich by account and its usual corrections. */
static void put_user_lm(struct calc *call, const struct arm arms[VARIANTS], double difference,
                        enum reason has_difference)
{
    double se = 0;
    double accounts =
        (double)arms[CONTROL].totals.accounts + (double)arms[TREATMENT].totals.accounts;
    double members = (double)arms[CONTROL].totals.members + (double)arms[TREATMENT].totals.members;
    enum reason reason = added_se(arms, cluster_cr0, &se);
    double adjusted = se * sqrt(accounts / (accounts - 1));
    calc_open(call, "user_lm");
    calc_put_value(call, "est", has_difference, difference);
    calc_put_value(call, "se_CR0", reason, se);
    calc_put_value(call, "se_CR0_clusteradj", reason, adjusted);
    if (!reason && members <= 2)
        reason = REASON_TOO_FEW;
    calc_put_value(call, "se_CR1_stata", reason, adjusted * sqrt((members - 1) / (members - 2)));
    calc_close(call);
}

/* The error that a regression of members gives that takes them for independent. */
static void put_naive(struct calc *call, const struct arm arms[VARIANTS])
{
    double squares = 0, inverse = 0, members = 0;
    enum reason reason = REASON_NONE;
    for (size_t j = 0; j < VARIANTS && !reason; j++) {
        double share = 0, m = (double)arms[j].totals.members;
        reason = cluster_pooled_share(&arms[j].cluster, &share);
        squares += m * share * (1 - share);
        inverse += 1 / m;
        members += m;
    }
    if (!reason && members <= 2)
        reason = REASON_TOO_FEW;
    calc_put_value(call, "naive_se_ignoring_cluster", reason,
                   sqrt(squares / (members - 2) * inverse));
}

/* se, df and p of a comparison; df does not need a spread where the model alone gives it. */
static void put_comparison(struct calc *call, enum reason reason,
                           const struct variant_value values[VARIANTS])
{
    struct estimate estimate = {0};
    struct test test = {0};
    const struct variant_value *t = &values[TREATMENT], *c = &values[CONTROL];
    calc_put_value(call, "se", reason, sqrt(t->variance + c->variance));
    double df = reason ? 0 : two_sample_df(t, 1, c, 1);
    calc_put_value(call, "df", reason || df > 0 ? reason : REASON_NO_VARIATION, df);
    if (!reason)
        reason = two_sample_difference(t, c, 1, &estimate);
    if (!reason)
        reason = estimate_fixed_test(&estimate, 0, &test);
    calc_put_value(call, "p", reason, test.p);
}

static enum reason pooled_values(const struct arm arms[VARIANTS], enum cluster_method method,
                                 struct variant_value values[VARIANTS])
{
    enum reason control = cluster_pooled(&arms[CONTROL].cluster, method, &values[CONTROL]);
    enum reason treatment = cluster_pooled(&arms[TREATMENT].cluster, method, &values[TREATMENT]);
    return control ? control : treatment;
}

static void put_pooled(struct calc *call, const struct arm arms[VARIANTS])
{
    struct variant_value values[VARIANTS] = {0};
    enum cluster_method method = cluster_method(&arms[TREATMENT].cluster, &arms[CONTROL].cluster);
    if (arms[CONTROL].members_alone && arms[TREATMENT].members_alone) {
        calc_open(call, "user_lm_CR2");
        put_comparison(call, pooled_values(arms, CLUSTER_CR2, values), values);
        calc_close(call);
    }
    calc_open(call, "pooled");
    calc_put_text(call, "method", method == CLUSTER_CR2 ? "CR2" : "delta");
    put_comparison(call, pooled_values(arms, method, values), values);
    calc_close(call);
}

static void put_mean_shares(struct calc *call, const struct arm arms[VARIANTS])
{
    struct variant_value values[VARIANTS] = {0};
    double means[VARIANTS] = {0};
    enum reason control = cluster_mean_share(&arms[CONTROL].cluster, &means[CONTROL]);
    enum reason treatment = cluster_mean_share(&arms[TREATMENT].cluster, &means[TREATMENT]);
    calc_open(call, "mean_of_account_shares");
    calc_put_value(call, "mean0", control, means[CONTROL]);
    calc_put_value(call, "mean1", treatment, means[TREATMENT]);
    control = cluster_mean(&arms[CONTROL].cluster, &values[CONTROL]);
    treatment = cluster_mean(&arms[TREATMENT].cluster, &values[TREATMENT]);
    put_comparison(call, control ? control : treatment, values);
    calc_close(call);
}

static void ratio_cluster(struct calc *call)
{
    struct arm arms[VARIANTS] = {0};
    double ratios[VARIANTS] = {0};
    arms_read(call, arms);
    if (calc_failed(call))
        return;
    for (size_t j = 0; j < VARIANTS; j++)
        put_arm(call, arm_names[j], &arms[j]);
    enum reason control = ratio_value(&arms[CONTROL].sums, &ratios[CONTROL]);
    enum reason treatment = ratio_value(&arms[TREATMENT].sums, &ratios[TREATMENT]);
    enum reason reason = control ? control : treatment;
    double difference = ratios[TREATMENT] - ratios[CONTROL];
    calc_put_value(call, "diff", reason, difference);
    if (arms[CONTROL].members_alone && arms[TREATMENT].members_alone) {
        put_user_lm(call, arms, difference, reason);
        put_naive(call, arms);
    }
    put_pooled(call, arms);
    put_mean_shares(call, arms);
}

const struct calc_family calc_cluster_families[] = {
    {"ratio_cluster", "active members of accounts: pooled (delta, CR2) and mean of shares",
     ratio_cluster},
    {.name = NULL},
};
