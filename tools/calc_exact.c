/* `gangway calc`: exact and Bayesian answers for two rates (stats/proportion_exact.h,
 * stats/beta_binomial.h). */

#include "calc_pair.h"

#include "stats/beta_binomial.h"
#include "stats/proportion_exact.h"

#include <math.h>

/* Fisher's test takes time as the root of the units: seconds at this many. */
#define UNITS_MAX 1000000000

static void fisher(struct calc *call)
{
    calc_count_in(call, "n_treatment", 0, UNITS_MAX);
    calc_count_in(call, "n_control", 0, UNITS_MAX);
    struct proportion_pair pair = calc_pair(call);
    double alpha = calc_alpha(call);
    struct fisher tests = {0};
    struct ratio_value odds = {0};
    struct ratio_interval interval = {0};
    if (calc_failed(call))
        return;
    enum reason reason = proportion_fisher(&pair, &tests);
    calc_put_value(call, "p_value", reason, tests.two_sided.p);
    calc_put_value(call, "p_greater", reason, tests.higher.p);
    calc_put_value(call, "p_less", reason, tests.lower.p);
    reason = proportion_conditional_odds(&pair, &odds);
    calc_put_value(call, "odds_ratio_cmle", reason, odds.infinite ? HUGE_VAL : odds.value);
    reason = proportion_conditional_odds_interval(&pair, alpha, &interval);
    if (reason)
        calc_put_reason(call, "odds_ratio_ci", reason);
    else
        calc_put_limits(call, "odds_ratio_ci", interval.low,
                        interval.unbounded ? HUGE_VAL : interval.high);
}

static void bayes(struct calc *call)
{
    struct proportion_pair pair = calc_pair(call);
    struct beta prior = {.a =
                             calc_has(call, "prior_alpha") ? calc_positive(call, "prior_alpha") : 1,
                         .b = calc_has(call, "prior_beta") ? calc_positive(call, "prior_beta") : 1};
    struct beta_binomial answer = {0};
    if (calc_failed(call))
        return;
    enum reason reason = beta_binomial(&pair, prior, &answer);
    calc_put_value(call, "p_treatment_better", reason, answer.treatment_better);
    calc_put_value(call, "expected_loss_ship_treatment", reason, answer.loss_treatment);
    calc_put_value(call, "expected_loss_keep_control", reason, answer.loss_control);
    calc_put_value(call, "post_mean_control", reason, answer.mean_control);
    calc_put_value(call, "post_mean_treatment", reason, answer.mean_treatment);
}

const struct calc_family calc_exact_families[] = {
    {"beta_binomial", "chance to beat and expected loss of two rates, any beta prior", bayes},
    {"fisher_exact", "Fisher's exact test, conditional odds ratio and its exact interval", fisher},
    {.name = NULL},
};
