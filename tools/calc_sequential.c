/* `gangway calc`: the anytime interval and its kin, several treatments, group sequential designs
 * (stats/anytime.h, dunnett.h, group_sequential.h). */

#include "calc.h"

#include "stats/anytime.h"
#include "stats/dunnett.h"
#include "stats/group_sequential.h"
#include "stats/normal.h"

#include <math.h>
#include <string.h>

/* Comparisons that an experiment can have. */
#define COMPARISONS_MAX 1000000

/* Multiples of the standard error, at each of the numbers of units. */
struct margins {
    const double *units;
    size_t count;
    double *margin, *ratio;
};

static enum reason margins_fill(const struct margins *margins, double w, double planned,
                                double variance, double alpha)
{
    enum reason reason = REASON_NONE;
    for (size_t i = 0; i < margins->count && !reason; i++) {
        double c = 0, n = margins->units[i];
        reason = anytime_c((struct anytime){.w = w, .ratio = n / planned}, alpha, &c);
        margins->margin[i] = c * sqrt(variance / n);
        margins->ratio[i] = c / normal_z_two_sided(alpha);
    }
    return reason;
}

static void put_margins(struct calc *call, const struct margins *margins, enum reason reason)
{
    if (reason) {
        calc_put_reason(call, "margin", reason);
        calc_put_reason(call, "ratio_to_fixed", reason);
        return;
    }
    calc_put_numbers(call, "margin", margins->margin, margins->count);
    calc_put_numbers(call, "ratio_to_fixed", margins->ratio, margins->count);
}

static void asymptotic(struct calc *call)
{
    double alpha = calc_alpha(call), planned = calc_positive(call, "t_opt");
    double variance = calc_has(call, "variance") ? calc_positive(call, "variance") : 1;
    double w = 0, w_near = 0;
    struct margins margins = {.units = calc_numbers(call, "n", &margins.count)};
    margins.margin = CALC_ARRAY(call, margins.count, double);
    margins.ratio = CALC_ARRAY(call, margins.count, double);
    for (size_t i = 0; i < margins.count; i++)
        if (!(margins.units[i] > 0))
            calc_bad(call, "n", "has %g, not above 0", margins.units[i]);
    if (calc_failed(call))
        return;
    enum reason reason = anytime_w(alpha, &w);
    calc_put_value(call, "rho2_exact", reason, w / planned);
    if (!reason)
        reason = margins_fill(&margins, w, planned, variance, alpha);
    put_margins(call, &margins, reason);
    reason = anytime_w_approximate(alpha, &w_near);
    calc_put_value(call, "rho2_approx", reason, w_near / planned);
}

static void halfwidth(struct calc *call)
{
    double alpha = calc_alpha(call), planned = calc_positive(call, "tuning_n");
    double n = calc_positive(call, "n"), variance = calc_positive(call, "s2");
    struct anytime two_sided = {.ratio = n / planned}, one_sided = two_sided;
    double c = 0;
    if (calc_failed(call))
        return;
    enum reason reason = anytime_w_approximate(alpha, &two_sided.w);
    calc_put_value(call, "rho", reason, sqrt(two_sided.w / planned));
    if (!reason)
        reason = anytime_c(two_sided, alpha, &c);
    calc_put_value(call, "halfwidth", reason, c * sqrt(variance / n));
    reason = anytime_w_approximate(2 * alpha, &one_sided.w);
    if (!reason)
        reason = anytime_c_one_sided(one_sided, alpha, &c);
    calc_put_value(call, "halfwidth_one_sided", reason, c * sqrt(variance / n));
}

/* The mixture over N(0, tau^2) is the anytime e-value at w r = tau^2 / se^2. */
static void mixture(struct calc *call)
{
    double difference = calc_number(call, "diff"), se = calc_positive(call, "se");
    double tau = calc_positive(call, "tau"), log_e = 0;
    struct test test = {0};
    if (calc_failed(call))
        return;
    struct anytime at = {.w = 1, .ratio = tau / se * (tau / se)};
    enum reason reason = anytime_log_e(at, difference / se, &log_e);
    calc_put_value(call, "mixture_lr", reason, exp(log_e));
    calc_put_value(call, "log_lr", reason, log_e);
    reason = anytime_test(at, difference / se, &test);
    calc_put_value(call, "p_value", reason, test.p);
}

static void dunnett(struct calc *call)
{
    uint64_t comparisons = calc_count_in(call, "comparisons", 1, COMPARISONS_MAX);
    double rho = calc_has(call, "rho") ? calc_number_in(call, "rho", 0, 1) : .5;
    double alpha = calc_alpha(call), critical = 0;
    if (calc_failed(call))
        return;
    enum reason reason = dunnett_critical_equal(comparisons, rho, alpha, &critical);
    calc_put_value(call, "critical", reason, critical);
}

static enum boundary boundary_read(struct calc *call)
{
    static const char *const names[] = {
        [BOUNDARY_SPEND_OBRIEN_FLEMING] = "asOF",
        [BOUNDARY_SPEND_POCOCK] = "asP",
        [BOUNDARY_OBRIEN_FLEMING] = "OF",
        [BOUNDARY_POCOCK] = "P",
    };
    struct slice type = calc_text(call, "type");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_equals(type, names[i]))
            return (enum boundary)i;
    if (!calc_failed(call))
        calc_bad(call, "type", "wants asOF, asP, OF or P");
    return BOUNDARY_POCOCK;
}

/* The information of each look: as given, or in equal steps. */
static const double *information_read(struct calc *call, size_t looks)
{
    size_t count;
    if (calc_has(call, "information")) {
        const double *given = calc_numbers(call, "information", &count);
        if (!calc_failed(call) && count != looks)
            calc_bad(call, "information", "has %zu items for %zu looks", count, looks);
        return given;
    }
    double *equal = CALC_ARRAY(call, looks, double);
    for (size_t k = 0; equal && k < looks; k++)
        equal[k] = (double)(k + 1) / (double)looks;
    return equal;
}

static void put_looks(struct calc *call, const struct group_look *looks, size_t count)
{
    double critical[GROUP_LOOKS_MAX], spent[GROUP_LOOKS_MAX], level[GROUP_LOOKS_MAX];
    for (size_t k = 0; k < count; k++) {
        critical[k] = looks[k].critical;
        spent[k] = looks[k].spent;
        level[k] = looks[k].level;
    }
    calc_put_numbers(call, "critical_values", critical, count);
    calc_put_numbers(call, "alpha_spent", spent, count);
    calc_put_numbers(call, "stage_levels", level, count);
}

static void groups(struct calc *call)
{
    struct group_design design = {
        .boundary = boundary_read(call),
        .looks = calc_count_in(call, "looks", 1, GROUP_LOOKS_MAX),
        .alpha = calc_has(call, "alpha_one_sided") ? calc_positive(call, "alpha_one_sided") : .025,
    };
    struct group_look looks[GROUP_LOOKS_MAX];
    design.information = information_read(call, design.looks);
    if (calc_failed(call))
        return;
    enum reason reason = group_sequential(&design, looks);
    if (!reason) {
        put_looks(call, looks, design.looks);
        return;
    }
    calc_put_reason(call, "critical_values", reason);
    calc_put_reason(call, "alpha_spent", reason);
    calc_put_reason(call, "stage_levels", reason);
}

const struct calc_family calc_sequential_families[] = {
    {"dunnett_critical", "critical value of several treatments against one control", dunnett},
    {"group_sequential", "critical values of a few planned looks: asOF, asP, OF, P", groups},
    {"msprt_normal_mixture", "mixture likelihood ratio of an estimate (mSPRT)", mixture},
    {"seq_asymptotic_cs", "anytime interval: its margin at numbers of units", asymptotic},
    {"seq_halfwidth_growthbook", "anytime half-width with the approximate w", halfwidth},
    {.name = NULL},
};
