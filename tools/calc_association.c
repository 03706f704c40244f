/* `gangway calc`: order of values, and association of activation with retention (stats/rank.h,
 * association.h, surrogate.h). */

#include "calc.h"

#include "stats/association.h"
#include "stats/surrogate.h"

#include <math.h>
#include <string.h>

/* ---- Ranks ---- */

/* The numbers under `key`, sorted. */
static struct ranked ranked_read(struct calc *call, const char *key)
{
    size_t count;
    const double *given = calc_numbers(call, key, &count);
    double *values = CALC_ARRAY(call, count, double);
    if (!values || !given)
        return (struct ranked){0};
    memcpy(values, given, count * sizeof *values);
    if (values_sort(values, count))
        calc_bad(call, key, "has what is no number");
    return (struct ranked){.values = values, .count = count};
}

static const struct {
    const char *name;
    enum quantile_type type;
} quantile_types[] = {
    {"type1", QUANTILE_1}, {"type2", QUANTILE_2}, {"type6", QUANTILE_6},
    {"type7", QUANTILE_7}, {"type8", QUANTILE_8},
};

static void quantiles_put(struct calc *call, const struct ranked *ranked, const double *shares,
                          size_t count)
{
    double *quantiles = CALC_ARRAY(call, count, double);
    for (size_t t = 0; t < sizeof quantile_types / sizeof *quantile_types; t++) {
        enum reason reason = REASON_NONE;
        for (size_t i = 0; i < count && quantiles && !reason; i++)
            reason = ranked_quantile(ranked, quantile_types[t].type, shares[i], &quantiles[i]);
        if (reason)
            calc_put_reason(call, quantile_types[t].name, reason);
        else if (quantiles)
            calc_put_numbers(call, quantile_types[t].name, quantiles, count);
    }
}

static void quantile_winsor(struct calc *call)
{
    const struct winsor both = {.01, .99}, top = {0, .99};
    struct ranked ranked = ranked_read(call, "x");
    size_t count;
    const double *shares = calc_numbers(call, "probs", &count);
    for (size_t i = 0; i < count; i++)
        if (!(shares[i] >= 0 && shares[i] <= 1))
            calc_bad(call, "probs", "has %g, outside 0 to 1", shares[i]);
    if (calc_failed(call))
        return;
    double mean_both = 0, mean_top = 0, variance = 0;
    quantiles_put(call, &ranked, shares, count);
    enum reason reason = ranked_winsorised_mean(&ranked, both, &mean_both);
    calc_put_value(call, "winsor_p01_p99_type7_mean", reason, mean_both);
    reason = ranked_winsorised_mean(&ranked, top, &mean_top);
    calc_put_value(call, "winsor_p99_type7_mean", reason, mean_top);
    reason = ranked_winsorised_variance(&ranked, top, &variance);
    calc_put_value(call, "winsor_p99_type7_var", reason, variance);
}

static void mann_whitney(struct calc *call)
{
    struct ranked control = ranked_read(call, "control"),
                  treatment = ranked_read(call, "treatment");
    struct mann_whitney ranks = {0};
    if (calc_failed(call))
        return;
    enum reason reason = mann_whitney_of(&treatment, &control, &ranks);
    if (reason == REASON_NO_VARIATION) { /* all pairs are ties: a count, but no test */
        calc_put(call, "W", (double)treatment.count * (double)control.count / 2);
        calc_put(call, "superiority", .5);
    } else {
        calc_put_value(call, "W", reason, ranks.pairs);
        calc_put_value(call, "superiority", reason, ranks.superiority);
    }
    calc_put_value(call, "p_normal_cc", reason, ranks.with_continuity.p);
    calc_put_value(call, "p_normal_nocc", reason, ranks.test.p);
}

static void woodruff(struct calc *call)
{
    struct ranked ranked = ranked_read(call, "x");
    double share = calc_number_in(call, "prob", 0, 1), alpha = calc_alpha(call), value = 0;
    struct quantile quantile = {0};
    if (calc_failed(call))
        return;
    enum reason reason = ranked_quantile(&ranked, QUANTILE_7, share, &value);
    calc_put_value(call, "quantile", reason, value);
    reason = ranked_quantile_interval(&ranked, share, alpha, &quantile);
    calc_put_interval(call, "interval", reason, quantile.interval);
    calc_put_value(call, "se", reason, quantile.se);
}

/* ---- Association ---- */

static void auc_put(struct calc *call, const struct ranked *retained, const struct ranked *others,
                    double alpha)
{
    double auc = 0, variance = 0;
    struct interval interval = {0};
    enum reason reason = association_auc(retained, others, &auc);
    calc_put_value(call, "auc", reason, auc);
    reason = association_auc_variance(retained, others, &variance);
    calc_put_value(call, "auc_var_delong", reason, variance);
    reason = association_auc_interval(retained, others, alpha, &interval);
    calc_put_interval(call, "auc_ci_delong", reason, interval);
}

/* A score a unit, and whether it came back. */
static void association_scores(struct calc *call)
{
    size_t count, outcomes, retained_count = 0, others_count = 0;
    const double *scores = calc_numbers(call, "score", &count);
    const uint8_t *outcome = calc_flags(call, "outcome", &outcomes);
    double alpha = calc_alpha(call);
    calc_same_size(call, "outcome", outcomes, "score", count);
    double *retained = CALC_ARRAY(call, count, double), *others = CALC_ARRAY(call, count, double);
    if (calc_failed(call))
        return;
    for (size_t i = 0; i < count; i++) {
        if (outcome[i])
            retained[retained_count++] = scores[i];
        else
            others[others_count++] = scores[i];
    }
    if (values_sort(retained, retained_count) || values_sort(others, others_count))
        calc_bad(call, "score", "has what is no number");
    if (calc_failed(call))
        return;
    struct ranked above = {.values = retained, .count = retained_count};
    struct ranked below = {.values = others, .count = others_count};
    auc_put(call, &above, &below, alpha);
}

/* A ratio x/y of which one side may be 0: 0 or infinite, with one limit that is known. */
static void ratio_put(struct calc *call, const char *name, const char *interval_name,
                      enum reason reason, const struct association_ratio *ratio, double x, double y)
{
    if (reason != REASON_NO_EVENTS || (x == 0 && y == 0)) {
        calc_put_value(call, name, reason, ratio->ratio);
        calc_put_interval(call, interval_name, reason, ratio->interval);
    } else if (y == 0) {
        calc_put(call, name, (double)INFINITY);
        calc_put_limits(call, interval_name, (double)NAN, (double)INFINITY);
    } else {
        calc_put(call, name, 0);
        calc_put_limits(call, interval_name, 0, (double)NAN);
    }
}

static void ratios_put(struct calc *call, const struct two_by_two *table, double alpha)
{
    struct association_ratio risk = {0}, odds = {0};
    enum reason reason = association_risk_ratio(table, alpha, &risk);
    ratio_put(call, "risk_ratio", "risk_ratio_ci", reason, &risk, (double)table->n11,
              (double)table->n01);
    reason = association_odds_ratio(table, alpha, &odds);
    ratio_put(call, "odds_ratio", "odds_ratio_ci", reason, &odds,
              (double)table->n11 * (double)table->n00, (double)table->n10 * (double)table->n01);
}

static void association(struct calc *call)
{
    if (calc_has(call, "score")) {
        association_scores(call);
        return;
    }
    struct two_by_two table = {calc_count(call, "n11"), calc_count(call, "n10"),
                               calc_count(call, "n01"), calc_count(call, "n00")};
    double alpha = calc_alpha(call), phi = 0, activated = 0, others = 0;
    struct interval interval = {0};
    struct chi_square test = {0};
    struct association_scores scores;
    if (calc_failed(call))
        return;
    enum reason reason = association_phi(&table, &phi);
    calc_put_value(call, "phi", reason, phi);
    reason = association_phi_interval(&table, alpha, &interval);
    calc_put_interval(call, "phi_ci_fisher_z", reason, interval);
    reason = association_shares(&table, &activated, &others);
    calc_put_value(call, "p_retained_activated", reason, activated);
    calc_put_value(call, "p_retained_not", reason, others);
    ratios_put(call, &table, alpha);
    reason = association_chi_square(&table, &test);
    calc_put_value(call, "chisq", reason, test.statistic);
    calc_put_value(call, "p", reason, test.p);
    association_scores_of(&table, &scores);
    auc_put(call, &scores.retained, &scores.others, alpha);
}

/* ---- Surrogates ---- */

static void encouragement(struct calc *call)
{
    struct joint_effect effect = {.goal = calc_number(call, "goal"),
                                  .metric = calc_number(call, "metric"),
                                  .goal_variance = calc_number_in(call, "goal_variance", 0, 1e300),
                                  .metric_variance =
                                      calc_number_in(call, "metric_variance", 0, 1e300),
                                  .covariance = calc_number_or(call, "covariance", 0)};
    double alpha = calc_alpha(call), df = calc_number_or(call, "df", 0);
    struct encouragement result = {0};
    if (calc_failed(call))
        return;
    enum reason reason = encouragement_of(&effect, alpha, df, &result);
    calc_put_value(call, "ratio", reason, result.ratio);
    calc_put_interval(call, "interval", reason, result.interval);
}

const struct calc_family calc_association_families[] = {
    {"association_surrogate", "activated x retained (n11, n10, n01, n00), or score and outcome",
     association},
    {"encouragement", "effect on a metric per effect on the goal, by Fieller", encouragement},
    {"mann_whitney", "do the treatment's values tend to be larger (control, treatment)",
     mann_whitney},
    {"quantile_winsor", "quantiles of five types, winsorised means (x, probs)", quantile_winsor},
    {"woodruff", "a quantile with Woodruff's interval (x, prob)", woodruff},
    {.name = NULL},
};
