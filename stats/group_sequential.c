/*
 * Critical values of group sequential designs.
 *
 * On the scale of scores, S_k = Z_k sqrt(t_k) moves by independent normal steps of variance
 * t_k - t_{k-1}.  The density of S_k among those not stopped before follows from that of S_{k-1},
 *     g_k(s) = integral over s' below the boundary of g_{k-1}(s') phi((s - s')/d) / d,
 *     d^2 = t_k - t_{k-1},  P(stop at k) = integral of g_{k-1}(s') Q((c_k sqrt t_k - s')/d),
 * kept at Gauss and Legendre's points in panels of 1.5 d.  Spending designs solve each c_k for the
 * share of alpha that its look may spend; the classic ones solve their constant for the whole.
 *
 * Assumes   independent increments of information, looks whose times do not depend on the data, a
 *           superiority boundary only: nothing stops for futility.
 * Not for   more looks than planned, or earlier ones: use the anytime interval.
 * Accuracy  1e-6 of rpact 3.3.4 (tests/stats/reference/group_sequential.csv), to whose own
 *           integration that is the limit; sums of the spent alpha 1e-10, a single look exact.
 * Reference Armitage, McPherson, Rowe (1969), JRSS A 132:235-244; Lan and DeMets (1983), Biometrika
 *           70:659-663; Jennison and Turnbull (2000), Group Sequential Methods, chapter 19.
 */

#include "stats/group_sequential.h"
#include "stats/normal.h"
#include "stats/quadrature.h"
#include "stats/root.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#define POINTS_MAX 6144

/* Standard deviations below 0 from which no path comes back to a boundary; kernels end there too.
 */
#define REACH 7.0

/* Panels, in standard deviations of the narrower of the steps before and after. */
#define PANEL_WIDTH 1.5

/* The least step, relative to the information before it, that POINTS_MAX resolve. */
#define STEP_MIN .001

/* What is left of the paths after a look: points of S, and the mass at each. */
struct paths {
    double at[POINTS_MAX], mass[POINTS_MAX];
    size_t count;
    double information; /* of that look; 0 before the first */
};

static void paths_start(struct paths *paths)
{
    paths->at[0] = 0;
    paths->mass[0] = 1;
    paths->count = 1;
    paths->information = 0;
}

struct stop {
    const struct paths *paths;
    double information; /* of the look */
    double log_target;
};

/* P(stop at this look with critical value c, and not before). */
static double stop_chance(const struct stop *stop, double critical)
{
    double boundary = critical * sqrt(stop->information), sum = 0;
    double step = sqrt(stop->information - stop->paths->information);
    for (size_t i = 0; i < stop->paths->count; i++)
        sum += stop->paths->mass[i] * normal_test_upper((boundary - stop->paths->at[i]) / step).p;
    return sum;
}

static double stop_distance(double critical, const void *about)
{
    const struct stop *stop = about;
    return fmax(log(stop_chance(stop, critical)), -DBL_MAX) - stop->log_target;
}

/* The density at s of the next look, from the paths that were left. */
static double paths_density(const struct paths *paths, double s, double step)
{
    double sum = 0;
    for (size_t i = 0; i < paths->count; i++) {
        double z = (s - paths->at[i]) / step;
        if (fabs(z) < REACH)
            sum += paths->mass[i] * exp(-z * z / 2);
    }
    return sum / (step * sqrt(2 * M_PI));
}

/* From `before` to the paths that this look leaves; `next` is the information of the look after. */
static void paths_advance(const struct paths *before, double information, double critical,
                          double next, struct paths *after)
{
    double step = sqrt(information - before->information), root = sqrt(information);
    double width = PANEL_WIDTH * fmin(step, sqrt(next - information));
    double low = -REACH * root, high = fmin(critical, REACH) * root;
    size_t panels = (size_t)fmin(ceil((high - low) / width), POINTS_MAX / GAUSS_POINTS);
    width = (high - low) / (double)panels;
    after->count = 0;
    after->information = information;
    for (size_t p = 0; p < panels; p++) {
        struct gauss_panel panel;
        gauss_panel(low + width * (double)p, low + width * (double)(p + 1), &panel);
        for (size_t i = 0; i < GAUSS_POINTS; i++, after->count++) {
            after->at[after->count] = panel.at[i];
            after->mass[after->count] = panel.weight[i] * paths_density(before, panel.at[i], step);
        }
    }
}

static double alpha_spent(const struct group_design *design, double t)
{
    if (design->boundary == BOUNDARY_SPEND_POCOCK)
        return design->alpha * log1p((M_E - 1) * t);
    return 2 * normal_test_upper(normal_z_two_sided(design->alpha) / sqrt(t)).p;
}

/* The critical value of a look: what its share of alpha asks for, or the constant's. */
static double look_critical(const struct group_design *design, size_t k, const struct paths *paths,
                            double constant)
{
    double t = design->information[k], last = design->information[design->looks - 1];
    if (design->boundary == BOUNDARY_POCOCK)
        return constant;
    if (design->boundary == BOUNDARY_OBRIEN_FLEMING)
        return fmin(GROUP_CRITICAL_MAX, constant * sqrt(last / t));
    double before = k ? alpha_spent(design, design->information[k - 1]) : 0;
    double share = alpha_spent(design, t) - before;
    struct stop stop = {.paths = paths, .information = t, .log_target = log(share)};
    if (!(share > 0) || stop_chance(&stop, GROUP_CRITICAL_MAX) > share)
        return GROUP_CRITICAL_MAX;
    return root_between(stop_distance, &stop, -REACH, GROUP_CRITICAL_MAX);
}

/* All looks with the given constant, which spending designs do not use. */
static void looks_fill(const struct group_design *design, double constant, struct group_look *looks)
{
    struct paths paths[2];
    double spent = 0;
    paths_start(&paths[0]);
    for (size_t k = 0; k < design->looks; k++) {
        struct paths *now = &paths[k % 2], *after = &paths[1 - k % 2];
        double t = design->information[k], critical = look_critical(design, k, now, constant);
        struct stop stop = {.paths = now, .information = t};
        spent += stop_chance(&stop, critical);
        looks[k] = (struct group_look){
            .critical = critical, .spent = spent, .level = normal_test_upper(critical).p};
        if (k + 1 < design->looks)
            paths_advance(now, t, critical, design->information[k + 1], after);
    }
}

static double constant_distance(double constant, const void *about)
{
    const struct group_design *design = about;
    struct group_look looks[GROUP_LOOKS_MAX];
    looks_fill(design, constant, looks);
    return log(looks[design->looks - 1].spent) - log(design->alpha);
}

static bool design_is_valid(const struct group_design *design)
{
    if (design->looks == 0 || design->looks > GROUP_LOOKS_MAX || !(design->alpha > 0) ||
        !(design->alpha < .5) || design->boundary > BOUNDARY_POCOCK)
        return false;
    double before = 0;
    for (size_t k = 0; k < design->looks; k++) {
        double t = design->information[k];
        if (!(t > before * (1 + STEP_MIN)) || !(t <= 1))
            return false;
        before = t;
    }
    return true;
}

enum reason group_sequential(const struct group_design *design, struct group_look *looks)
{
    if (!design_is_valid(design))
        return REASON_INVALID;
    double constant = 0;
    if (design->boundary == BOUNDARY_OBRIEN_FLEMING || design->boundary == BOUNDARY_POCOCK) {
        double low = normal_z_one_sided(design->alpha);
        double high = normal_z_one_sided(design->alpha / (double)design->looks);
        if (!isfinite(high) || high > GROUP_CRITICAL_MAX)
            return REASON_NOT_FINITE;
        /* With one look both ends are the answer. */
        constant = root_between(constant_distance, design, low - 1e-9, high + 1e-9);
    }
    looks_fill(design, constant, looks);
    return REASON_NONE;
}
