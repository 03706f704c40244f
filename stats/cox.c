/*
 * Cox's model with the variant as its one covariate.
 *
 * At each event time, n_1 and n_0 at risk, d = d_1 + d_0 events, h = exp(b), f_l = l/d (Efron) or
 * 0 (Breslow), l = 0..d-1:
 *   p_l    = h (n_1 - f_l d_1) / D_l,  D_l = h n_1 + n_0 - f_l (h d_1 + d_0)
 *   log L  = sum b d_1 - sum ln D_l;  U = sum d_1 - sum p_l;  I = sum p_l (1 - p_l)
 * b solves U = 0 by Newton's step inside a bracket: log L is concave.  It is finite exactly when
 * each variant has an event while the other is at risk.
 * Tests: Wald b sqrt(I(b)); likelihood ratio 2 (log L(b) - log L(0)); score U(0)^2/I(0).
 * Proportionality: b + c g(t), g = 1 - S(t-) of both together less its mean over events; score
 * test of c = 0: (sum g U_t)^2 / (sum g^2 I_t - (sum g I_t)^2 / sum I_t) at b.
 *
 * Assumes   hazards in one ratio at all times; censoring that tells nothing of the event.
 * Not for   a headline: when the ratio moves, the one number depends on who was censored.
 * Accuracy  1e-6 of R survival 3.5.3, coxph and cox.zph (tests/stats/test_cox.c).  Rows with more
 *           than 10^4 events are summed by gamma functions: log L then keeps 1e-5 absolute at 10^9
 *           units.
 * Reference Cox (1972), JRSS B 34:187-220; Efron (1977), JASA 72:557-565; Breslow (1974),
 *           Biometrics 30:89-99; Grambsch and Therneau (1994), Biometrika 81:515-526.
 */

#include "stats/cox.h"
#include "stats/normal.h"

#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sf_psi.h>
#include <math.h>

/* Above this the sums over tied events are taken in closed form: to here they are quick. */
#define TIES_SUMMED_MAX 1e4

/* Newton's steps: about 6 are needed, bisection adds some when it starts far away. */
#define STEPS_MAX 200
#define STEP_SIZE_MAX 3.0
#define STEP_DONE 1e-12

/* exp of it is still a double with room for 10^19 units. */
#define LOG_RATIO_MAX 650.0

/* Below this share the variance of the trend is rounding: g has one value only. */
#define VARIATION_MIN 1e-12

enum { CONTROL, TREATMENT };

struct terms {
    double log_likelihood, score, information;
};

/* One time's tied events, as p_l = (a - l slope_a)/(b - l slope_b). */
struct ties {
    double count;      /* d */
    double a, slope_a; /* treatment's part of the risk */
    double b, slope_b; /* the whole risk, D_l */
    double c, slope_c; /* the control's part */
};

static struct ties ties_of(const struct life_moment *at, enum cox_ties method, double ratio)
{
    double d = at->all_events, part = method == COX_EFRON ? 1 / d : 0;
    struct ties ties = {
        .count = d,
        .a = ratio * at->at_risk[TREATMENT],
        .slope_a = ratio * at->events[TREATMENT] * part,
        .c = at->at_risk[CONTROL],
        .slope_c = at->events[CONTROL] * part,
    };
    ties.b = ties.a + ties.c;
    ties.slope_b = ties.slope_a + ties.slope_c;
    return ties;
}

/* sum ln D, sum p, sum p (1 - p) over l, one by one. */
static struct terms ties_add_up(const struct ties *ties)
{
    struct terms sums = {0};
    for (double l = 0; l < ties->count; l++) {
        double a = ties->a - l * ties->slope_a, c = ties->c - l * ties->slope_c;
        double b = a + c;
        sums.log_likelihood += log(b);
        sums.score += a / b;
        sums.information += a / b * (c / b);
    }
    return sums;
}

/* The same without a loop: D_l = slope_b (m - l), so p_l = q + k/(m - l), and sums of ln(m - l) and
 * powers of 1/(m - l) are differences of the gamma function's log and its derivatives. */
static struct terms ties_closed_form(const struct ties *ties)
{
    double d = ties->count, m = ties->b / ties->slope_b, rest = fmax(m - d, 0) + 1;
    double q = ties->slope_a / ties->slope_b, k = ties->a / ties->slope_b - q * m;
    double first = gsl_sf_psi(m + 1) - gsl_sf_psi(rest);
    double second = gsl_sf_psi_1(rest) - gsl_sf_psi_1(m + 1);
    double score = d * q + k * first;
    return (struct terms){
        .log_likelihood = d * log(ties->slope_b) + gsl_sf_lngamma(m + 1) - gsl_sf_lngamma(rest),
        .score = score,
        .information = score - (d * q * q + 2 * q * k * first + k * k * second),
    };
}

static struct terms ties_together(const struct ties *ties)
{
    double p = ties->a / ties->b;
    return (struct terms){.log_likelihood = ties->count * log(ties->b),
                          .score = ties->count * p,
                          .information = ties->count * p * (ties->c / ties->b)};
}

static struct terms moment_terms(const struct life_moment *at, enum cox_ties method,
                                 double log_ratio)
{
    struct ties ties = ties_of(at, method, exp(log_ratio));
    struct terms sums;
    if (method == COX_BRESLOW || ties.count == 1)
        sums = ties_together(&ties);
    else if (ties.count <= TIES_SUMMED_MAX)
        sums = ties_add_up(&ties);
    else
        sums = ties_closed_form(&ties);
    double events = at->events[TREATMENT];
    /* With one variant at risk nothing is learnt: exactly, not up to rounding. */
    bool learnt = at->at_risk[TREATMENT] > 0 && at->at_risk[CONTROL] > 0;
    return (struct terms){
        .log_likelihood = log_ratio * events - sums.log_likelihood,
        .score = learnt ? events - sums.score : 0,
        .information = learnt ? sums.information : 0,
    };
}

static struct life_walk pair_walk(const struct life_table tables[2])
{
    return (struct life_walk){.tables = tables, .count = 2};
}

static struct terms pair_terms(const struct cox_pair *pair, enum cox_ties method, double log_ratio)
{
    const struct life_table tables[] = {[CONTROL] = pair->control, [TREATMENT] = pair->treatment};
    struct life_walk walk = pair_walk(tables);
    struct life_moment at;
    struct terms sums = {0};
    while (life_walk_next(&walk, &at)) {
        struct terms terms = moment_terms(&at, method, log_ratio);
        sums.log_likelihood += terms.log_likelihood;
        sums.score += terms.score;
        sums.information += terms.information;
    }
    return sums;
}

enum reason cox_null_of(const struct cox_pair *pair, enum cox_ties ties, struct cox_null *null)
{
    enum reason reason = life_table_check(&pair->treatment);
    if (!reason)
        reason = life_table_check(&pair->control);
    if (reason)
        return reason;
    const struct life_table tables[] = {pair->control, pair->treatment};
    struct life_walk walk = pair_walk(tables);
    struct life_moment at;
    if (!life_walk_next(&walk, &at))
        return REASON_NO_EVENTS;
    struct terms terms = pair_terms(pair, ties, 0);
    if (!(terms.information > 0))
        return REASON_NO_VARIATION;
    *null = (struct cox_null){.log_likelihood = terms.log_likelihood,
                              .score = terms.score,
                              .information = terms.information};
    return REASON_NONE;
}

/* Whether each variant has an event while the other is at risk. */
static bool ratio_is_finite(const struct cox_pair *pair)
{
    const struct life_table tables[] = {[CONTROL] = pair->control, [TREATMENT] = pair->treatment};
    struct life_walk walk = pair_walk(tables);
    struct life_moment at;
    bool treatment = false, control = false;
    while (life_walk_next(&walk, &at)) {
        treatment |= at.events[TREATMENT] > 0 && at.at_risk[CONTROL] > 0;
        control |= at.events[CONTROL] > 0 && at.at_risk[TREATMENT] > 0;
    }
    return treatment && control;
}

/* The next log ratio, inside the bracket that the scores so far have left. */
static double step_from(double log_ratio, double step, double low, double high)
{
    double next = log_ratio + fmax(-STEP_SIZE_MAX, fmin(STEP_SIZE_MAX, step));
    return next > low && next < high ? next : low + (high - low) / 2;
}

enum reason cox_fit(const struct cox_pair *pair, enum cox_ties ties, struct cox *cox)
{
    struct cox_null null;
    enum reason reason = cox_null_of(pair, ties, &null);
    if (reason)
        return reason;
    if (!ratio_is_finite(pair))
        return REASON_NOT_FINITE;
    double log_ratio = 0, low = -LOG_RATIO_MAX, high = LOG_RATIO_MAX;
    struct terms terms = {0};
    for (int i = 0; i < STEPS_MAX; i++) {
        terms = pair_terms(pair, ties, log_ratio);
        double step = terms.score / terms.information;
        if (fabs(step) <= STEP_DONE * (1 + fabs(log_ratio)))
            break;
        *(terms.score > 0 ? &low : &high) = log_ratio;
        log_ratio = step_from(log_ratio, step, low, high);
    }
    struct cox result = {.log_ratio = log_ratio,
                         .se = 1 / sqrt(terms.information),
                         .log_likelihood = terms.log_likelihood,
                         .null = null};
    if (!isfinite(result.log_ratio) || !isfinite(result.log_likelihood) || !isfinite(result.se))
        return REASON_NOT_FINITE;
    *cox = result;
    return REASON_NONE;
}

static bool cox_is_valid(const struct cox *cox)
{
    return isfinite(cox->log_ratio) && cox->se > 0 && isfinite(cox->se);
}

enum reason cox_interval(const struct cox *cox, double alpha, struct interval *interval)
{
    if (!cox_is_valid(cox) || !alpha_is_valid(alpha))
        return REASON_INVALID;
    double half = normal_z_two_sided(alpha) * cox->se;
    struct interval result = {exp(cox->log_ratio - half), exp(cox->log_ratio + half)};
    if (!isfinite(result.high))
        return REASON_NOT_FINITE;
    *interval = result;
    return REASON_NONE;
}

enum reason cox_wald_test(const struct cox *cox, struct test *test)
{
    if (!cox_is_valid(cox))
        return REASON_INVALID;
    *test = normal_test(cox->log_ratio / cox->se);
    return REASON_NONE;
}

enum reason cox_likelihood_test(const struct cox *cox, struct chi_square *test)
{
    double gain = cox->log_likelihood - cox->null.log_likelihood;
    if (!isfinite(gain))
        return REASON_INVALID;
    /* The maximum is at least the value at 0; rounding may say otherwise. */
    return chi_square_tail(2 * fmax(0, gain), 1, test);
}

enum reason cox_score_test(const struct cox_null *null, struct chi_square *test)
{
    if (!isfinite(null->score) || !(null->information > 0))
        return REASON_INVALID;
    return chi_square_tail(null->score / null->information * null->score, 1, test);
}

/* One pass for the mean of g over events, one for the sums about it. */
struct trend {
    double log_ratio, mean;
    double events, g_events;
    double score, information, g_information, g2_information; /* score: sum g U_t */
};

static void trend_pass(const struct life_table tables[2], struct trend *trend)
{
    struct life_walk walk = pair_walk(tables);
    struct life_moment at;
    double survival = 1;
    trend->events = trend->g_events = 0;
    trend->score = trend->information = trend->g_information = trend->g2_information = 0;
    while (life_walk_next(&walk, &at)) {
        struct terms terms = moment_terms(&at, COX_EFRON, trend->log_ratio);
        double g = 1 - survival - trend->mean;
        trend->events += at.all_events;
        trend->g_events += g * at.all_events;
        trend->score += g * terms.score;
        trend->information += terms.information;
        trend->g_information += g * terms.information;
        trend->g2_information += g * g * terms.information;
        survival *= (at.all_at_risk - at.all_events) / at.all_at_risk;
    }
}

enum reason cox_proportional(const struct cox_pair *pair, const struct cox *cox,
                             struct chi_square *test)
{
    enum reason reason = life_table_check(&pair->treatment);
    if (!reason)
        reason = life_table_check(&pair->control);
    if (reason)
        return reason;
    if (!cox_is_valid(cox))
        return REASON_INVALID;
    const struct life_table tables[] = {[CONTROL] = pair->control, [TREATMENT] = pair->treatment};
    struct trend trend = {.log_ratio = cox->log_ratio};
    trend_pass(tables, &trend);
    if (!(trend.events > 0))
        return REASON_NO_EVENTS;
    trend.mean = trend.g_events / trend.events;
    trend_pass(tables, &trend);
    double left =
        trend.g2_information - trend.g_information / trend.information * trend.g_information;
    if (!(left > VARIATION_MIN * trend.g2_information))
        return REASON_NO_VARIATION;
    return chi_square_tail(trend.score / left * trend.score, 1, test);
}
