/*
 * Dunnett's critical value, two-sided, of normal statistics.
 *
 * Given the common part u of all z, standard normal, they are independent:
 *     P(max |z_j| > c) = integral over u of phi(u) [1 - prod (1 - t_j(u))],
 *     t_j(u) = Q((c - lambda_j u)/s_j) + Q((c + lambda_j u)/s_j),  s_j^2 = 1 - lambda_j^2,
 * an even function of u: twice the integral from 0 on, in panels narrower than the steepest t_j.
 * The tail itself is summed, never 1 - P, so that alpha = 1e-12 has its digits.  The critical value
 * lies between the two-sided z of alpha and Bonferroni's.
 *
 * Assumes   normal statistics of independent treatments against one shared control, one variance.
 * Not for   a handful of units a variant (there it is a t with common degrees of freedom), nor for
 *           treatments that are compared with each other.
 * Accuracy  1e-10 of mpmath; 1e-4 of R's mvtnorm, which is that exact; without correlation Sidak's
 *           value 1e-12 (tests/stats/test_dunnett.c).
 * Reference Dunnett (1955), JASA 50:1096-1121; Dunnett and Sobel (1955), Biometrika 42:258-260.
 */

#include "stats/dunnett.h"
#include "stats/normal.h"
#include "stats/quadrature.h"
#include "stats/root.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

/* Beyond it the common part has no density left in a double. */
#define COMMON_MAX 39.0

/* `copies` of each lambda. */
struct family {
    const double *lambdas;
    size_t count;
    double copies;
    double critical;
    double log_alpha;
};

static double excess_at(double u, const void *about)
{
    const struct family *family = about;
    double log_inside = 0;
    for (size_t j = 0; j < family->count; j++) {
        double lambda = family->lambdas[j], s = sqrt(1 - lambda * lambda);
        double passes = normal_test_upper((family->critical - lambda * u) / s).p +
                        normal_test_upper((family->critical + lambda * u) / s).p;
        log_inside += family->copies * log1p(-fmin(passes, 1));
    }
    return -expm1(log_inside) * exp(-u * u / 2);
}

/* ln P(max |z| > critical). */
static double log_excess(const struct family *family)
{
    double width = 2;
    for (size_t j = 0; j < family->count; j++) {
        double lambda = family->lambdas[j];
        if (lambda > 0)
            width = fmin(width, 2 * sqrt(1 - lambda * lambda) / lambda);
    }
    double sum =
        integral_panels(excess_at, family, 0, COMMON_MAX, (size_t)ceil(COMMON_MAX / width));
    return log_at_most_zero(log(sum * sqrt(2 / M_PI)));
}

static double critical_distance(double critical, const void *about)
{
    struct family family = *(const struct family *)about;
    family.critical = critical;
    return fmax(log_excess(&family), -DBL_MAX) - family.log_alpha;
}

static bool family_is_valid(const struct family *family)
{
    if (family->count == 0 || !(family->copies >= 1))
        return false;
    for (size_t j = 0; j < family->count; j++)
        if (!(family->lambdas[j] >= 0 && family->lambdas[j] <= DUNNETT_LAMBDA_MAX))
            return false;
    return true;
}

static enum reason family_critical(struct family *family, double alpha, double *critical)
{
    if (!family_is_valid(family) || !alpha_is_valid(alpha))
        return REASON_INVALID;
    double comparisons = (double)family->count * family->copies;
    double low = normal_z_two_sided(alpha), high = normal_z_two_sided(alpha / comparisons);
    if (!isfinite(high))
        return REASON_NOT_FINITE;
    family->log_alpha = log(alpha);
    /* Both ends may be the answer: give them the room that rounding needs. */
    double room = 1e-9 * high;
    *critical = root_between(critical_distance, family, fmax(0, low - room), high + room);
    return REASON_NONE;
}

enum reason dunnett_lambda(uint64_t treatment, uint64_t control, double *lambda)
{
    if (treatment == 0 || control == 0)
        return REASON_NO_UNITS;
    double units = (double)treatment;
    *lambda = sqrt(units / (units + (double)control));
    return REASON_NONE;
}

enum reason dunnett_test(const double *lambdas, size_t count, double critical, struct test *test)
{
    struct family family = {.lambdas = lambdas, .count = count, .copies = 1, .critical = critical};
    if (!family_is_valid(&family) || !(critical >= 0) || !isfinite(critical))
        return REASON_INVALID;
    double log_p = critical == 0 ? 0 : log_excess(&family);
    if (!isfinite(log_p))
        return REASON_NOT_FINITE;
    *test = (struct test){.statistic = critical, .p = exp(log_p), .log_p = log_p};
    return REASON_NONE;
}

enum reason dunnett_critical(const double *lambdas, size_t count, double alpha, double *critical)
{
    struct family family = {.lambdas = lambdas, .count = count, .copies = 1};
    return family_critical(&family, alpha, critical);
}

enum reason dunnett_critical_equal(size_t count, double rho, double alpha, double *critical)
{
    if (!(rho >= 0 && rho < 1))
        return REASON_INVALID;
    double lambda = sqrt(rho);
    struct family family = {.lambdas = &lambda, .count = 1, .copies = (double)count};
    return family_critical(&family, alpha, critical);
}
