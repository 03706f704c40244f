/*
 * `gangway calc`: heterogeneity, shrunken effects and the winner's curse (stats/heterogeneity.h,
 * stats/shrinkage.h, stats/winner.h).
 */

#include "calc.h"

#include "stats/winner.h"

#include <math.h>

/* Effects from estimates under `estimates` and variances under `variances`. */
static struct effect *effects_read(struct calc *call, const char *estimates, const char *variances,
                                   size_t *count)
{
    size_t others;
    const double *y = calc_numbers(call, estimates, count);
    const double *v = calc_numbers(call, variances, &others);
    calc_same_size(call, estimates, *count, variances, others);
    struct effect *effects = CALC_ARRAY(call, *count, struct effect);
    for (size_t i = 0; effects && !calc_failed(call) && i < *count; i++) {
        if (!(v[i] >= 0))
            calc_bad(call, variances, "has %g, below 0", v[i]);
        effects[i] = (struct effect){.estimate = y[i], .se = sqrt(v[i])};
    }
    return effects;
}

static void put_heterogeneity(struct calc *call, enum reason reason, const struct heterogeneity *h)
{
    calc_put_value(call, "Q", reason, h->q.statistic);
    calc_put_value(call, "Q_p", reason, h->q.p);
    calc_put_value(call, "Q_log_p", reason, h->q.log_p);
    calc_put_value(call, "I2", reason, 100 * h->i_squared);
    calc_put_value(call, "H2", reason, h->h_squared);
    calc_put_value(call, "tau2_DL", reason, h->tau_squared);
    calc_put_value(call, "mu_FE", reason, h->fixed);
    calc_put_value(call, "se_FE", reason, h->fixed_se);
}

static void put_mean(struct calc *call, const struct effect *effects, size_t count, double alpha,
                     double tau_squared)
{
    struct mean_effect mean = {0};
    struct interval interval = {0};
    struct test test = {0};
    enum reason reason = heterogeneity_mean(effects, count, tau_squared, &mean);
    calc_put_value(call, "mu_RE", reason, mean.estimate);
    calc_put_value(call, "se_RE", reason, mean.se);
    calc_put_value(call, "se_knha", reason, mean.knapp_se);
    enum reason known = reason;
    if (!reason)
        reason = mean_effect_interval(mean.estimate, mean.se, 0, alpha, &interval, &test);
    calc_put_interval(call, "ci_RE", reason, interval);
    calc_put_value(call, "p_RE", reason, test.p);
    if (!known)
        known = mean_effect_interval(mean.estimate, mean.knapp_se, count, alpha, &interval, &test);
    /* Effects that are all the same have no Hartung-Knapp interval; that takes nothing from the
     * others. */
    if (known == REASON_NO_VARIATION && !reason)
        return;
    calc_put_interval(call, "ci_knha", known, interval);
    calc_put_value(call, "p_knha", known, test.p);
}

/* Where each figure of the shrunken effects goes. */
struct shrunken_names {
    const char *estimate, *se, *low, *high;
};

static void put_shrunken(struct calc *call, const struct shrunken_names *names, enum reason reason,
                         const struct shrunken *shrunken, size_t count)
{
    const char *const all[] = {names->estimate, names->se, names->low, names->high};
    for (size_t k = 0; k < 4; k++) {
        double *values = CALC_ARRAY(call, count, double);
        if (reason) {
            calc_put_reason(call, all[k], reason);
            continue;
        }
        for (size_t i = 0; values && i < count; i++) {
            const double figures[] = {shrunken[i].estimate, shrunken[i].se,
                                      shrunken[i].interval.low, shrunken[i].interval.high};
            values[i] = figures[k];
        }
        calc_put_numbers(call, all[k], values, count);
    }
}

static void meta_dl_blup(struct calc *call)
{
    static const struct shrunken_names names = {"blup", "blup_se", "blup_pi_lb", "blup_pi_ub"};
    size_t count;
    struct effect *effects = effects_read(call, "yi", "vi", &count);
    struct shrunken *shrunken = CALC_ARRAY(call, count, struct shrunken);
    struct heterogeneity h = {0};
    double alpha = calc_alpha(call), paule_mandel = 0;
    if (calc_failed(call))
        return;
    calc_put_count(call, "k", count);
    put_heterogeneity(call, heterogeneity_of(effects, count, &h), &h);
    put_mean(call, effects, count, alpha, h.tau_squared);
    enum reason reason = heterogeneity_paule_mandel(effects, count, &paule_mandel);
    calc_put_value(call, "tau2_PM", reason, paule_mandel);
    put_shrunken(call, &names, shrinkage_blup(effects, count, alpha, shrunken), shrunken, count);
}

static void shrunken(struct calc *call)
{
    static const struct shrunken_names names = {"estimate", "se", "low", "high"};
    size_t count;
    struct effect *effects = effects_read(call, "yi", "vi", &count);
    struct shrunken *shrunken = CALC_ARRAY(call, count, struct shrunken);
    double alpha = calc_alpha(call);
    if (calc_failed(call))
        return;
    put_shrunken(call, &names, shrinkage_integrated(effects, count, alpha, shrunken), shrunken,
                 count);
}

/* The looks of `ratios` and `boundaries`; `stop` is the number of one of them, from 1. */
static struct winner_look *looks_read(struct calc *call, size_t *count, size_t *stop)
{
    size_t others;
    const double *ratios = calc_numbers(call, "ratios", count);
    const double *boundaries = calc_numbers(call, "boundaries", &others);
    calc_same_size(call, "ratios", *count, "boundaries", others);
    *stop = calc_count_in(call, "stop", 1, *count ? *count : 1) - 1;
    struct winner_look *looks = CALC_ARRAY(call, *count, struct winner_look);
    for (size_t k = 0; looks && !calc_failed(call) && k < *count; k++)
        looks[k] = (struct winner_look){.ratio = ratios[k], .boundary = boundaries[k]};
    return looks;
}

static void put_winner(struct calc *call, enum reason reason, const struct winner *winner,
                       const char *central)
{
    calc_put_value(call, "conditional_mle", reason, winner->likely);
    calc_put_value(call, central, reason, winner->central);
    calc_put_interval(call, "ci", reason, winner->interval);
}

/* After one look at `boundary`, or after a stop at one of several. */
static void put_corrected(struct calc *call, struct effect effect, double alpha)
{
    struct winner winner = {0};
    size_t count, stop;
    if (!calc_has(call, "ratios")) {
        double boundary = calc_number(call, "boundary");
        if (calc_failed(call))
            return;
        enum reason reason = winner_correct(effect, boundary, alpha, &winner);
        put_winner(call, reason, &winner, "median_unbiased");
        return;
    }
    const struct winner_look *looks = looks_read(call, &count, &stop);
    if (calc_failed(call))
        return;
    enum reason reason = winner_stopped(looks, count, stop, effect, alpha, &winner);
    put_winner(call, reason, &winner, "conditional_mean");
}

static void winner(struct calc *call)
{
    struct effect effect = {.estimate = calc_number(call, "estimate"),
                            .se = calc_number(call, "se")};
    struct shrunken expected = {0};
    double alpha = calc_alpha(call);
    size_t count = 0;
    put_corrected(call, effect, alpha);
    if (!calc_has(call, "past_yi"))
        return;
    const struct effect *past = effects_read(call, "past_yi", "past_vi", &count);
    if (calc_failed(call))
        return;
    enum reason reason = winner_expected(past, count, effect, alpha, &expected);
    calc_put_value(call, "expected", reason, expected.estimate);
    calc_put_value(call, "expected_se", reason, expected.se);
    calc_put_interval(call, "expected_ci", reason, expected.interval);
}

const struct calc_family calc_shrinkage_families[] = {
    {"meta_dl_blup", "effects over segments: Q, tau2, mean effect, each one shrunken",
     meta_dl_blup},
    {"shrunken", "effects shrunken with tau integrated out, as the report does", shrunken},
    {"winner", "an effect selected by crossing a boundary, corrected for it", winner},
    {.name = NULL},
};
