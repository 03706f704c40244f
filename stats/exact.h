#ifndef STATS_EXACT_H
#define STATS_EXACT_H

/*
 * Exact integers and fractions of stats/, and the one rounding that makes a double of them.
 *
 * A fraction is a pair of GMP integers that need not be in lowest terms.  GMP's own conversions
 * round towards 0; these round to the nearest double, ties to even, subnormal results too, with
 * integer operations only, so that every compiler and machine gives the same bits.
 */

#include "stats/sums.h"

#include <gmp.h>
#include <stdbool.h>

/* value := from. */
void exact_set(mpz_t value, int128 from);
void exact_set_count(mpz_t value, uint64_t from);

/* *cross = n ab - a b where no product needs more than 126 bits, as real sums hardly ever do; false
 * elsewhere, and *cross untouched. */
bool exact_small_cross(uint64_t n, int128 ab, int128 a, int128 b, int128 *cross);

/* value := n ab - a b. */
void exact_set_cross(mpz_t value, uint64_t n, int128 ab, int128 a, int128 b);

/* The double nearest to numerator / denominator; infinite beyond the largest.  denominator > 0. */
double exact_quotient(const mpz_t numerator, const mpz_t denominator);

/* numerator step / denominator, the double nearest to it, where one division of two doubles gives
 * it: the step 1 or a usual one, and both sides below 2^53; false elsewhere, *quotient untouched.
 * denominator > 0. */
bool exact_small_quotient(int128 numerator, int128 denominator, double step, double *quotient);

/* The double nearest to 10^power, TEN_POWER_MIN <= power <= TEN_POWER_MAX: those that are normal.
 */
#define TEN_POWER_MIN (-307)
#define TEN_POWER_MAX 308
double exact_ten(int power);

/* numerator / denominator times step^power.  A step that is the nearest double to a power of ten
 * counts as that power of ten; any other as itself.  step > 0 and finite. */
void exact_scale(mpz_t numerator, mpz_t denominator, double step, unsigned power);

#endif
