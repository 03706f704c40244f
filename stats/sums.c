/*
 * Means, variances and covariances of exact integer sums.
 *
 * Mean       S/n.
 * Variance   (n SS - S^2) / (n (n - 1)).
 * Covariance (n S_xy - S_x S_y) / (n (n - 1)).
 * How        numerators and denominators are formed in integers of any length; the unit of the
 *            steps, a power of ten, is part of the fraction; the double is the nearest one.
 *
 * Assumes    nothing.
 * Not for    sums that have already overflowed: the cube's limits see to that.
 * Accuracy   half a unit in the last place; a constant of 1e8, or of 1e12 steps, added to every
 *            value changes no bit of a variance (tests/stats/test_sums.c).
 * Reference  Chan, Golub, LeVeque (1983), American Statistician 37:242-247, on what is lost
 *            otherwise.
 */

#include "stats/sums.h"
#include "exact.h"

#include <gmp.h>
#include <math.h>
#include <stdbool.h>

__extension__ typedef unsigned __int128 uint128;

static bool step_is_valid(double step)
{
    return isfinite(step) && step > 0;
}

/* numerator step^power / denominator; uses both up. */
static double scaled_quotient(mpz_t numerator, mpz_t denominator, double step, unsigned power)
{
    exact_scale(numerator, denominator, step, power);
    return exact_quotient(numerator, denominator);
}

static double mean_of(uint64_t units, int128 sum, double step)
{
    double small;
    mpz_t numerator, denominator;
    if (exact_small_quotient(sum, (int128)units, step, &small))
        return small;
    mpz_inits(numerator, denominator, NULL);
    exact_set(numerator, sum);
    exact_set_count(denominator, units);
    double mean = scaled_quotient(numerator, denominator, step, 1);
    mpz_clears(numerator, denominator, NULL);
    return mean;
}

/* cross / (n (n - 1)) in the two steps. */
static double central_moment(const mpz_t cross, uint64_t units, double step_x, double step_y)
{
    mpz_t numerator, denominator, less;
    mpz_inits(numerator, denominator, less, NULL);
    mpz_set(numerator, cross);
    exact_set_count(denominator, units);
    exact_set_count(less, units - 1);
    mpz_mul(denominator, denominator, less);
    exact_scale(numerator, denominator, step_x, 1);
    double moment = scaled_quotient(numerator, denominator, step_y, 1);
    mpz_clears(numerator, denominator, less, NULL);
    return moment;
}

enum reason sums_mean(const struct sums *sums, double *mean)
{
    if (!step_is_valid(sums->step))
        return REASON_INVALID;
    if (sums->units == 0)
        return REASON_NO_UNITS;
    double result = mean_of(sums->units, sums->sum, sums->step);
    if (!isfinite(result))
        return REASON_NOT_FINITE;
    *mean = result;
    return REASON_NONE;
}

enum reason sums_moments(const struct sums *sums, struct moments *moments)
{
    struct moments result = {.units = (double)sums->units};
    enum reason reason = sums_mean(sums, &result.mean);
    if (reason)
        return reason;
    if (sums->squares < 0)
        return REASON_INVALID;
    if (sums->units == 1)
        return REASON_ONE_UNIT;
    mpz_t cross;
    mpz_init(cross);
    exact_set_cross(cross, sums->units, sums->squares, sums->sum, sums->sum);
    if (mpz_sgn(cross) < 0)
        reason = REASON_INVALID;
    else
        result.variance = central_moment(cross, sums->units, sums->step, sums->step);
    mpz_clear(cross);
    if (reason)
        return reason;
    if (!isfinite(result.variance))
        return REASON_NOT_FINITE;
    *moments = result;
    return REASON_NONE;
}

static struct sums sums_of_x(const struct joint_sums *sums)
{
    return (struct sums){
        .units = sums->units, .sum = sums->x, .squares = sums->xx, .step = sums->step_x};
}

static struct sums sums_of_y(const struct joint_sums *sums)
{
    return (struct sums){
        .units = sums->units, .sum = sums->y, .squares = sums->yy, .step = sums->step_y};
}

/* Whether some values can have the cross product: its square is at most the product of the
 * centred squares. */
static bool cross_is_possible(const struct joint_sums *sums, const mpz_t cross)
{
    mpz_t squares, other;
    mpz_inits(squares, other, NULL);
    exact_set_cross(squares, sums->units, sums->xx, sums->x, sums->x);
    exact_set_cross(other, sums->units, sums->yy, sums->y, sums->y);
    mpz_mul(squares, squares, other);
    mpz_submul(squares, cross, cross);
    bool possible = mpz_sgn(squares) >= 0;
    mpz_clears(squares, other, NULL);
    return possible;
}

enum reason sums_covariance(const struct joint_sums *sums, struct moments *x, struct moments *y,
                            double *covariance)
{
    const struct sums of_x = sums_of_x(sums), of_y = sums_of_y(sums);
    struct moments moments_x, moments_y;
    enum reason reason = sums_moments(&of_x, &moments_x);
    if (!reason)
        reason = sums_moments(&of_y, &moments_y);
    if (reason)
        return reason;
    mpz_t cross;
    mpz_init(cross);
    exact_set_cross(cross, sums->units, sums->xy, sums->x, sums->y);
    double result = central_moment(cross, sums->units, sums->step_x, sums->step_y);
    if (!cross_is_possible(sums, cross))
        reason = REASON_INVALID;
    else if (!isfinite(result))
        reason = REASON_NOT_FINITE;
    mpz_clear(cross);
    if (reason)
        return reason;
    *x = moments_x;
    *y = moments_y;
    *covariance = result;
    return REASON_NONE;
}

double exact_cross(uint64_t n, int128 ab, int128 a, int128 b)
{
    int128 small;
    mpz_t cross, one;
    if (exact_small_cross(n, ab, a, b, &small))
        return (double)small; /* rounded to nearest, ties to even */
    mpz_init(cross);
    mpz_init_set_ui(one, 1);
    exact_set_cross(cross, n, ab, a, b);
    double result = exact_quotient(cross, one);
    mpz_clears(cross, one, NULL);
    return result;
}

/* Unsigned, so that sums past their limit wrap, and are then refused as impossible, instead of
 * being undefined. */
static int128 wrapping_sum(int128 a, int128 b)
{
    return (int128)((uint128)a + (uint128)b);
}

void sums_add(struct sums *a, const struct sums *b)
{
    a->units += b->units;
    a->sum = wrapping_sum(a->sum, b->sum);
    a->squares = wrapping_sum(a->squares, b->squares);
}
