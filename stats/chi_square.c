/*
 * The chi-square tail, and the homogeneity of shares over variants.
 *
 * Tail         Q(df/2, x/2), from GSL; its log far out by the continued fraction of the incomplete
 *              gamma function, ln Q = a ln y - y - lnG(a) + ln f, a = df/2, y = x/2.
 * Homogeneity  sum over variants of n_j (p_j - p)^2 / (p (1 - p)), p the common rate, on one less
 *              degrees of freedom than variants.  With two it is the square of the pooled z.
 *
 * Assumes   independent units; about 5 expected in each of the 2 x k cells.
 * Not for   rare crossings in a handful of units (Fisher's test).
 * Accuracy  p and log p 1e-9 of R's pchisq (tests/stats/test_chi_square.c, sample_ratio.csv).
 * Reference Pearson (1900); Abramowitz and Stegun 6.5.31 (continued fraction), by Lentz's method.
 */

#include "stats/chi_square.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>

/* Beyond this the continued fraction converges in a few steps, for any df met here. */
#define FRACTION_FROM 500.0
#define FRACTION_STEPS_MAX 100000

/* ln Q(a, y) for y > a + 1. */
static double log_gamma_tail(double a, double y)
{
    double b = y + 1 - a, c = 1 / DBL_MIN, d = 1 / b, h = d;
    for (int i = 1; i < FRACTION_STEPS_MAX; i++) {
        double an = -i * (i - a);
        b += 2;
        d = 1 / (an * d + b);
        c = b + an / c;
        h *= d * c;
        if (fabs(d * c - 1) < DBL_EPSILON)
            break;
    }
    return a * log(y) - y - gsl_sf_lngamma(a) + log(h);
}

enum reason chi_square_tail(double statistic, unsigned df, struct chi_square *test)
{
    if (!(statistic >= 0) || !isfinite(statistic) || df == 0)
        return REASON_INVALID;
    double p = gsl_cdf_chisq_Q(statistic, df);
    double log_p = statistic > FRACTION_FROM && statistic > 2. * df
                       ? log_gamma_tail(df / 2., statistic / 2)
                       : log(p);
    if (!isfinite(log_p))
        return REASON_NOT_FINITE;
    *test = (struct chi_square){.statistic = statistic, .df = df, .p = p, .log_p = log_p};
    return REASON_NONE;
}

enum reason chi_square_homogeneity(const struct proportion *rates, size_t count,
                                   struct chi_square *test)
{
    double successes = 0, units = 0;
    unsigned variants = 0;
    for (size_t j = 0; j < count; j++) {
        if (rates[j].successes > rates[j].units)
            return REASON_INVALID;
        successes += (double)rates[j].successes;
        units += (double)rates[j].units;
        variants += rates[j].units > 0;
    }
    if (variants < 2)
        return REASON_TOO_FEW;
    if (successes == 0 || successes == units)
        return REASON_NO_VARIATION;
    double p = successes / units, sum = 0;
    for (size_t j = 0; j < count; j++) {
        if (rates[j].units == 0)
            continue;
        double n = (double)rates[j].units, gap = (double)rates[j].successes / n - p;
        sum += n * gap * gap;
    }
    return chi_square_tail(sum / (p * ((units - successes) / units)), variants - 1, test);
}
