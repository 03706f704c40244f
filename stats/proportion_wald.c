/*
 * Wald's interval and test, and their kin: for comparison only.
 *
 * Wald      d +- z se,  d = p1 - p0, se^2 = p1 q1/n1 + p0 q0/n0;  test (d - null) / se.
 * Agresti   the same of (x+1)/(n+2) of each.
 * Yates     sum over the four cells of (|O - E| - c)^2 / E, c = min(1/2, |O - E|); all four |O - E|
 *           are |d| n1 n0 / (n1+n0).
 *
 * Assumes   independent units, one outcome a unit, and counts that are large: no guarantee else.
 * Not for   decisions.  Coverage of Wald's at .01 with 100 v 900 units is 64 % (test_simulation.c).
 * Accuracy  1e-9 of R's prop.test and of statsmodels (tests/stats/reference/proportion_wald.csv).
 * Reference Agresti and Caffo (2000), American Statistician 54:280-288; Yates (1934), Supplement to
 *           the JRSS 1:217-235.
 */

#include "stats/proportion_wald.h"
#include "stats/normal.h"

#include <math.h>

enum reason proportion_wald(const struct proportion_pair *pair, double alpha,
                            struct interval *interval)
{
    double difference, se;
    enum reason reason = proportion_difference(pair, &difference, &se);
    if (reason)
        return reason;
    if (!alpha_is_valid(alpha))
        return REASON_INVALID;
    double half = normal_z_two_sided(alpha) * se;
    *interval = (struct interval){.low = difference - half, .high = difference + half};
    return REASON_NONE;
}

enum reason proportion_agresti_caffo(const struct proportion_pair *pair, double alpha,
                                     struct interval *interval)
{
    enum reason reason = proportion_pair_check(pair);
    if (reason)
        return reason;
    const struct proportion t = pair->treatment, c = pair->control;
    return proportion_wald(&(struct proportion_pair){.treatment = {t.successes + 1, t.units + 2},
                                                     .control = {c.successes + 1, c.units + 2}},
                           alpha, interval);
}

enum reason proportion_unpooled_z(const struct proportion_pair *pair, double null,
                                  struct test *test)
{
    double difference, se;
    enum reason reason = proportion_difference(pair, &difference, &se);
    if (reason)
        return reason;
    if (!(fabs(null) < 1))
        return REASON_INVALID;
    if (se == 0)
        return REASON_NO_VARIATION;
    *test = normal_test((difference - null) / se);
    return REASON_NONE;
}

enum reason proportion_wald_non_inferiority(const struct proportion_pair *pair, double margin,
                                            struct test *test)
{
    struct test both;
    enum reason reason = proportion_pair_check(pair);
    if (reason)
        return reason;
    if (pair->control.successes == 0)
        return REASON_NO_EVENTS;
    reason = proportion_unpooled_z(pair, -margin, &both);
    if (reason)
        return reason;
    *test = normal_test_upper(both.statistic);
    return REASON_NONE;
}

enum reason proportion_yates(const struct proportion_pair *pair, struct chi_square *test)
{
    double difference, se;
    enum reason reason = proportion_difference(pair, &difference, &se);
    if (reason)
        return reason;
    double n1 = (double)pair->treatment.units, n0 = (double)pair->control.units, n = n1 + n0;
    double x = (double)pair->treatment.successes + (double)pair->control.successes;
    if (x == 0 || x == n)
        return REASON_NO_VARIATION;
    double gap = fmax(0, fabs(difference) * (n1 * (n0 / n)) - .5);
    double statistic = gap * gap * (1 / n1 + 1 / n0) / (x / n * ((n - x) / n));
    return chi_square_tail(statistic, 1, test);
}
