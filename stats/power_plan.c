/*
 * One plan for every design and kind of metric.
 *
 * The design picks the test and its level (power_alpha), the kind its variance:
 *     rate    fixed: power.c, with R's pooled null variance; always: p(1 - p) of each variant
 *     mean    fixed: t, power_mean.c; always: sd^2
 *     normal  sd^2 a unit, both designs
 * An inflation (design effect, 1 - r^2) multiplies the units, so n units are worth n/inflation.
 * Guardrails: the adverse bound at 4a/10 (hybrid), a/2 (fixed), or anytime at a/2 (always) inside
 * the margin; power Phi((M - h)/se - z).
 *
 * Not for   the chance of an early `ship`; it is small by design (hybrid needs 1.23 times the
 *           planned effect at full size to cross at a/5).
 * Accuracy  that of its parts; the three answers undo each other (tests/stats/test_power_plan.c).
 * Reference inference.md of the design, "Sample size under the plan"; see power.c, power_mean.c,
 *           power_normal.c, power_always.c.
 */

#include "stats/power_plan.h"
#include "stats/normal.h"
#include "stats/power_mean.h"
#include "stats/root.h"

#include <math.h>

/* A question with its test. */
struct plan {
    const struct power_question *question;
    struct power_design design;
    double inflation, planned;
};

static enum reason plan_of(const struct power_question *question, struct plan *plan)
{
    double inflation = question->inflation == 0 ? 1 : question->inflation;
    if (!(inflation > 0) || !isfinite(inflation) || !alpha_is_valid(question->alpha))
        return REASON_INVALID;
    bool rate = question->kind == POWER_RATE;
    if (rate ? !(question->baseline > 0 && question->baseline < 1)
             : !(question->sd > 0) || !isfinite(question->sd))
        return REASON_INVALID;
    *plan = (struct plan){
        .question = question,
        .design = {.alpha = power_alpha(question->design, question->alpha, question->members),
                   .allocation = question->allocation},
        .inflation = inflation,
        .planned = question->planned / inflation,
    };
    return REASON_NONE;
}

/* With the treatment that far from the control; a rate outside [0, 1] makes them invalid. */
static struct power_variances variances_of(const struct power_question *question, double difference)
{
    double variance = question->sd * question->sd;
    if (question->kind != POWER_RATE)
        return (struct power_variances){variance, variance};
    double control = question->baseline, treatment = control + difference;
    return (struct power_variances){control * (1 - control), treatment * (1 - treatment)};
}

static enum reason fixed_units(const struct plan *plan, double difference, double power,
                               double *units)
{
    const struct power_question *question = plan->question;
    double control = question->baseline, sd = question->sd;
    if (question->kind == POWER_RATE)
        return power_proportion_units(&plan->design, control, control + difference, power, units);
    if (question->kind == POWER_MEAN)
        return power_mean_units(&plan->design, sd, difference, power, units);
    return power_normal_units(&plan->design, variances_of(question, 0), difference, power, units);
}

static enum reason fixed_power(const struct plan *plan, double difference, double units,
                               double *power)
{
    const struct power_question *question = plan->question;
    double control = question->baseline, sd = question->sd;
    if (question->kind == POWER_RATE)
        return power_proportion(&plan->design, control, control + difference, units, power);
    if (question->kind == POWER_MEAN)
        return power_mean(&plan->design, sd, difference, units, power);
    return power_normal(&plan->design, variances_of(question, 0), difference, units, power);
}

enum reason power_plan_units(const struct power_question *question, double difference, double power,
                             double *units)
{
    struct plan plan;
    double found = 0;
    enum reason reason = plan_of(question, &plan);
    if (reason)
        return reason;
    if (question->design == DESIGN_ALWAYS)
        reason = power_always_units(&plan.design, variances_of(question, difference), plan.planned,
                                    difference, power, &found);
    else
        reason = fixed_units(&plan, difference, power, &found);
    found *= plan.inflation;
    if (!reason && !isfinite(found))
        reason = REASON_NOT_DETECTABLE;
    if (!reason)
        *units = found;
    return reason;
}

enum reason power_plan(const struct power_question *question, double difference, double units,
                       double *power)
{
    struct plan plan;
    enum reason reason = plan_of(question, &plan);
    if (reason)
        return reason;
    units /= plan.inflation;
    if (question->design == DESIGN_ALWAYS)
        return power_always(&plan.design, variances_of(question, difference), plan.planned,
                            difference, units, power);
    return fixed_power(&plan, difference, units, power);
}

struct search {
    const struct plan *plan;
    double units, power;
};

static double always_rate_gap(double difference, const void *about)
{
    const struct search *search = about;
    const struct plan *plan = search->plan;
    double power;
    if (power_always(&plan->design, variances_of(plan->question, difference), plan->planned,
                     difference, search->units, &power))
        return 1 - search->power;
    return power - search->power;
}

/* A rate's variance changes with the difference, so it is solved for. */
static enum reason always_rate_detectable(const struct plan *plan, double units, double power,
                                          enum side side, double *difference)
{
    struct search search = {.plan = plan, .units = units, .power = power};
    double control = plan->question->baseline, scratch;
    double furthest = side == SIDE_HIGH ? 1 - control : -control;
    enum reason reason = power_always_detectable(&plan->design, variances_of(plan->question, 0),
                                                 plan->planned, units, power, &scratch);
    if (reason)
        return reason;
    if (always_rate_gap(0, &search) >= 0 || always_rate_gap(furthest, &search) < 0)
        return REASON_NOT_DETECTABLE;
    *difference = root_between(always_rate_gap, &search, 0, furthest);
    return REASON_NONE;
}

/* Of a mean or a normal: a size, which `side` signs. */
static enum reason size_detectable(const struct plan *plan, double units, double power,
                                   double *size)
{
    const struct power_question *question = plan->question;
    struct power_variances variances = variances_of(question, 0);
    if (question->design == DESIGN_ALWAYS)
        return power_always_detectable(&plan->design, variances, plan->planned, units, power, size);
    if (question->kind == POWER_MEAN)
        return power_mean_detectable(&plan->design, question->sd, units, power, size);
    return power_normal_detectable(&plan->design, variances, units, power, size);
}

enum reason power_plan_detectable(const struct power_question *question, double units, double power,
                                  enum side side, double *difference)
{
    struct plan plan;
    double size = 0;
    enum reason reason = plan_of(question, &plan);
    if (reason)
        return reason;
    units /= plan.inflation;
    if (question->kind == POWER_RATE && question->design == DESIGN_ALWAYS)
        return always_rate_detectable(&plan, units, power, side, difference);
    if (question->kind == POWER_RATE)
        return power_proportion_detectable(&plan.design, question->baseline, units, power, side,
                                           difference);
    reason = size_detectable(&plan, units, power, &size);
    if (!reason)
        *difference = side == SIDE_HIGH ? size : -size;
    return reason;
}

double power_guardrail_alpha(enum design design, double alpha)
{
    struct design_levels levels = design_levels(design, alpha);
    return (design == DESIGN_ALWAYS ? levels.anytime : levels.fixed) / 2;
}

enum reason power_plan_guardrail(const struct power_question *question, double margin, double harm,
                                 double units, double *power)
{
    struct plan plan;
    enum reason reason = plan_of(question, &plan);
    if (reason)
        return reason;
    struct power_variances variances = variances_of(question, 0);
    plan.design.alpha = power_guardrail_alpha(question->design, question->alpha);
    plan.design.one_sided = true;
    units /= plan.inflation;
    if (question->design != DESIGN_ALWAYS)
        return power_margin(&plan.design, variances, margin, harm, units, power);
    /* A harm beyond the margin is not told from one as far inside: no power to speak of. */
    if (!(margin > 0) || !isfinite(margin) || !isfinite(harm))
        return REASON_INVALID;
    if (harm >= margin) {
        double scratch;
        reason = power_always(&plan.design, variances, plan.planned, margin, units, &scratch);
        if (!reason)
            *power = 0;
        return reason;
    }
    return power_always(&plan.design, variances, plan.planned, margin - harm, units, power);
}

enum reason power_guardrail_share(double power, size_t guardrails, double *each)
{
    if (!(power > 0 && power < 1) || guardrails == 0)
        return REASON_INVALID;
    *each = 1 - (1 - power) / (double)guardrails;
    return REASON_NONE;
}
