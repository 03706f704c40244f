/*
 * The one layer: every interval, p and guardrail bound of (estimate, standard error, information).
 *
 * Fixed     value +- z se, or t with df degrees of freedom; a difference of rates instead by the
 *           score of proportion.c.  The rows of `fixed_methods` are all that differs by kind.
 * Anytime   value +- c se, c from anytime.c, scaled to t when df > 0; the unpooled se throughout.
 * Guardrail a bound on the adverse side against the margin (passed), one on the other side
 *           against 0 (harmed), and the same as p.
 *
 * With df > 0 the statistic t is turned into the normal z with the same tail before it becomes
 * evidence, so that the p and the t-scaled interval agree.
 *
 * Assumes   what the estimator and anytime.c assume.
 * Not for   an se of 0 (every unit the same): no anytime answer; the fixed one of rates stands.
 * Accuracy  that of its parts; p < alpha exactly when the interval excludes the null
 *           (tests/stats/test_estimate.c).
 * Reference Welch (1947) for df; see proportion.c, anytime.c.
 */

#include "stats/estimate.h"
#include "stats/normal.h"

#include <math.h>

static bool level_is_one_sided(double alpha)
{
    return alpha > 0 && alpha < .5;
}

enum reason estimate_of_proportions(const struct proportion_pair *counts, double planned,
                                    struct estimate *estimate)
{
    if (!(planned > 0) || !isfinite(planned))
        return REASON_INVALID;
    struct estimate result = {.kind = ESTIMATE_PROPORTIONS, .counts = *counts};
    enum reason reason = proportion_difference(counts, &result.value, &result.se);
    if (reason)
        return reason;
    result.ratio = ((double)counts->treatment.units + (double)counts->control.units) / planned;
    *estimate = result;
    return REASON_NONE;
}

enum reason estimate_of_lift(const struct proportion_pair *counts, double planned,
                             struct estimate *estimate)
{
    struct lift lift;
    enum reason reason = lift_of_proportions(counts, &lift);
    if (reason)
        return reason;
    if (!(planned > 0))
        return REASON_INVALID;
    double units = (double)counts->treatment.units + (double)counts->control.units;
    return estimate_of_value(lift.log_ratio, lift.log_se, 0, units / planned, estimate);
}

enum reason estimate_of_value(double value, double se, double df, double ratio,
                              struct estimate *estimate)
{
    if (!isfinite(value) || !isfinite(se) || se < 0 || !isfinite(df) || df < 0 ||
        !isfinite(ratio) || !(ratio > 0))
        return REASON_INVALID;
    if (se == 0)
        return REASON_NO_VARIATION;
    *estimate = (struct estimate){
        .kind = ESTIMATE_NORMAL, .value = value, .se = se, .df = df, .ratio = ratio};
    return REASON_NONE;
}

/* The bound `reach` standard errors out on one side. */
static enum reason bound_at(const struct estimate *estimate, enum side side, double reach,
                            double *bound)
{
    double result = estimate->value + (side == SIDE_LOW ? -reach : reach) * estimate->se;
    if (!isfinite(result))
        return REASON_NOT_FINITE;
    *bound = result;
    return REASON_NONE;
}

static enum reason statistic_of(const struct estimate *estimate, double null, double *statistic)
{
    if (!isfinite(null))
        return REASON_INVALID;
    if (estimate->se == 0)
        return REASON_NO_VARIATION;
    double result = (estimate->value - null) / estimate->se;
    if (!isfinite(result))
        return REASON_NOT_FINITE;
    *statistic = result;
    return REASON_NONE;
}

static enum reason normal_fixed_test(const struct estimate *estimate, double null,
                                     struct test *test)
{
    double t;
    enum reason reason = statistic_of(estimate, null, &t);
    if (!reason)
        *test = t_test(t, estimate->df);
    return reason;
}

static enum reason normal_fixed_one_sided(const struct estimate *estimate, double null,
                                          enum side side, struct test *test)
{
    double t;
    enum reason reason = statistic_of(estimate, null, &t);
    if (reason)
        return reason;
    *test = t_test_upper(side == SIDE_HIGH ? t : -t, estimate->df);
    test->statistic = t;
    return REASON_NONE;
}

static enum reason normal_fixed_bound(const struct estimate *estimate, enum side side, double tail,
                                      double *bound)
{
    return bound_at(estimate, side, critical_value(tail, estimate->df), bound);
}

static enum reason proportions_fixed_test(const struct estimate *estimate, double null,
                                          struct test *test)
{
    return proportion_score(&estimate->counts, null, test);
}

static enum reason proportions_fixed_one_sided(const struct estimate *estimate, double null,
                                               enum side side, struct test *test)
{
    return proportion_score_one_sided(&estimate->counts, null, side, test);
}

static enum reason proportions_fixed_bound(const struct estimate *estimate, enum side side,
                                           double tail, double *bound)
{
    return proportion_score_bound(&estimate->counts, side, tail, bound);
}

struct fixed_method {
    enum reason (*test)(const struct estimate *, double null, struct test *);
    enum reason (*one_sided)(const struct estimate *, double null, enum side, struct test *);
    enum reason (*bound)(const struct estimate *, enum side, double tail, double *bound);
};

static const struct fixed_method fixed_methods[] = {
    [ESTIMATE_NORMAL] = {.test = normal_fixed_test,
                         .one_sided = normal_fixed_one_sided,
                         .bound = normal_fixed_bound},
    [ESTIMATE_PROPORTIONS] = {.test = proportions_fixed_test,
                              .one_sided = proportions_fixed_one_sided,
                              .bound = proportions_fixed_bound},
};

enum reason estimate_fixed_interval(const struct estimate *estimate, double alpha,
                                    struct interval *interval)
{
    if (!alpha_is_valid(alpha))
        return REASON_INVALID;
    const struct fixed_method *method = &fixed_methods[estimate->kind];
    struct interval result;
    enum reason reason = method->bound(estimate, SIDE_LOW, alpha / 2, &result.low);
    if (!reason)
        reason = method->bound(estimate, SIDE_HIGH, alpha / 2, &result.high);
    if (!reason)
        *interval = result;
    return reason;
}

enum reason estimate_fixed_test(const struct estimate *estimate, double null, struct test *test)
{
    return fixed_methods[estimate->kind].test(estimate, null, test);
}

enum reason estimate_fixed_bound(const struct estimate *estimate, enum side side, double alpha,
                                 double *bound)
{
    if (!level_is_one_sided(alpha))
        return REASON_INVALID;
    return fixed_methods[estimate->kind].bound(estimate, side, alpha, bound);
}

/* The anytime critical value of the estimate, two-sided or (one_sided) for one bound. */
static enum reason anytime_reach(const struct estimate *estimate, double alpha, bool one_sided,
                                 double *reach)
{
    struct anytime at = {.ratio = estimate->ratio};
    double c;
    enum reason reason = one_sided ? anytime_w_one_sided(alpha, &at.w) : anytime_w(alpha, &at.w);
    if (reason)
        return reason;
    if (estimate->se == 0)
        return REASON_NO_VARIATION;
    reason = one_sided ? anytime_c_one_sided(at, alpha, &c) : anytime_c(at, alpha, &c);
    return reason ? reason : anytime_c_scaled(c, estimate->df, reach);
}

enum reason estimate_anytime_interval(const struct estimate *estimate, double alpha,
                                      struct interval *interval)
{
    double reach;
    struct interval result;
    enum reason reason = anytime_reach(estimate, alpha, false, &reach);
    if (!reason)
        reason = bound_at(estimate, SIDE_LOW, reach, &result.low);
    if (!reason)
        reason = bound_at(estimate, SIDE_HIGH, reach, &result.high);
    if (!reason)
        *interval = result;
    return reason;
}

enum reason estimate_anytime_bound(const struct estimate *estimate, enum side side, double alpha,
                                   double *bound)
{
    double reach;
    if (!level_is_one_sided(alpha))
        return REASON_INVALID;
    enum reason reason = anytime_reach(estimate, alpha, true, &reach);
    return reason ? reason : bound_at(estimate, side, reach, bound);
}

enum reason estimate_anytime_test(const struct estimate *estimate, double null, double alpha,
                                  struct test *test)
{
    struct anytime at = {.ratio = estimate->ratio};
    double t;
    enum reason reason = statistic_of(estimate, null, &t);
    if (!reason)
        reason = anytime_w(alpha, &at.w);
    if (!reason)
        reason = anytime_test(at, normal_equivalent(t, estimate->df), test);
    return reason;
}

/* One-sided anytime test that the effect is above (SIDE_HIGH) or below the null. */
static enum reason anytime_one_sided(const struct estimate *estimate, double null, enum side side,
                                     double alpha, struct test *test)
{
    struct anytime at = {.ratio = estimate->ratio};
    double t;
    if (!level_is_one_sided(alpha))
        return REASON_INVALID;
    enum reason reason = statistic_of(estimate, null, &t);
    if (!reason)
        reason = anytime_w_one_sided(alpha, &at.w);
    if (reason)
        return reason;
    double z = normal_equivalent(t, estimate->df);
    return anytime_test_one_sided(at, side == SIDE_HIGH ? z : -z, test);
}

bool margin_holds(struct margin margin, double adverse_bound)
{
    return margin.adverse == SIDE_LOW ? adverse_bound > -margin.size : adverse_bound < margin.size;
}

bool margin_is_harmed(struct margin margin, double other_bound)
{
    return margin.adverse == SIDE_LOW ? other_bound < 0 : other_bound > 0;
}

static double margin_null(struct margin margin)
{
    return margin.adverse == SIDE_LOW ? -margin.size : margin.size;
}

static enum side other_side(enum side side)
{
    return side == SIDE_LOW ? SIDE_HIGH : SIDE_LOW;
}

enum reason estimate_non_inferiority(const struct estimate *estimate, struct margin margin,
                                     struct test *test)
{
    if (!(margin.size >= 0))
        return REASON_INVALID;
    return fixed_methods[estimate->kind].one_sided(estimate, margin_null(margin),
                                                   other_side(margin.adverse), test);
}

enum reason estimate_anytime_non_inferiority(const struct estimate *estimate, struct margin margin,
                                             double alpha, struct test *test)
{
    if (!(margin.size >= 0))
        return REASON_INVALID;
    return anytime_one_sided(estimate, margin_null(margin), other_side(margin.adverse), alpha,
                             test);
}

enum reason estimate_anytime_harm(const struct estimate *estimate, enum side adverse, double alpha,
                                  struct test *test)
{
    return anytime_one_sided(estimate, 0, adverse, alpha, test);
}
