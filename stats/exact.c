/*
 * From exact fractions to doubles.
 *
 * Rounding  the quotient is cut to 62 bits, or to fewer where the result is subnormal; what was
 *           cut sets the last bit, which lies below those that a double keeps and so only breaks
 *           ties.  The conversion of a 63-bit integer to a double then rounds once.
 * Accuracy  half a unit in the last place: no double is nearer (tests/stats/test_sums.c).
 * Reference Goldberg (1991), ACM Computing Surveys 23:5-48, on the sticky bit.
 */

#include "exact.h"

#include <float.h>
#include <math.h>

#define KEPT_BITS 62

/* The difference of two products below 2^126 leaves no int128. */
#define SMALL_BITS 126

/* The exponent of the last bit of a subnormal double. */
#define EXPONENT_MIN (DBL_MIN_EXP - DBL_MANT_DIG)

__extension__ typedef unsigned __int128 uint128;

static uint128 size_of(int128 value)
{
    return value < 0 ? -(uint128)value : (uint128)value;
}

static int bit_length(int128 value)
{
    uint64_t high = (uint64_t)(size_of(value) >> 64), low = (uint64_t)size_of(value);
    if (high)
        return 128 - __builtin_clzll(high);
    return low ? 64 - __builtin_clzll(low) : 0;
}

void exact_set(mpz_t value, int128 from)
{
    uint128 size = size_of(from);
    uint64_t halves[2] = {(uint64_t)(size >> 64), (uint64_t)size};
    mpz_import(value, 2, 1, sizeof *halves, 0, 0, halves);
    if (from < 0)
        mpz_neg(value, value);
}

void exact_set_count(mpz_t value, uint64_t from)
{
    mpz_import(value, 1, 1, sizeof from, 0, 0, &from);
}

bool exact_small_cross(uint64_t n, int128 ab, int128 a, int128 b, int128 *cross)
{
    if (bit_length((int128)n) + bit_length(ab) > SMALL_BITS ||
        bit_length(a) + bit_length(b) > SMALL_BITS)
        return false;
    *cross = (int128)n * ab - a * b;
    return true;
}

void exact_set_cross(mpz_t value, uint64_t n, int128 ab, int128 a, int128 b)
{
    int128 cross;
    mpz_t left, right;
    if (exact_small_cross(n, ab, a, b, &cross)) {
        exact_set(value, cross);
        return;
    }
    mpz_inits(left, right, NULL);
    exact_set_count(left, n);
    exact_set(right, ab);
    mpz_mul(value, left, right);
    exact_set(left, a);
    exact_set(right, b);
    mpz_submul(value, left, right);
    mpz_clears(left, right, NULL);
}

/* The integer part of |numerator| / denominator 2^-exponent, its last bit set when that is not
 * all. */
static int64_t cut_quotient(const mpz_t numerator, const mpz_t denominator, long exponent)
{
    mpz_t quotient, rest, divisor;
    mpz_inits(quotient, rest, divisor, NULL);
    mpz_abs(quotient, numerator);
    mpz_set(divisor, denominator);
    if (exponent < 0)
        mpz_mul_2exp(quotient, quotient, (mp_bitcnt_t)-exponent);
    else
        mpz_mul_2exp(divisor, divisor, (mp_bitcnt_t)exponent);
    mpz_tdiv_qr(quotient, rest, quotient, divisor);
    int64_t cut = (int64_t)mpz_get_ui(quotient);
    if (mpz_sgn(rest) != 0)
        cut |= 1;
    mpz_clears(quotient, rest, divisor, NULL);
    return cut;
}

double exact_quotient(const mpz_t numerator, const mpz_t denominator)
{
    int sign = mpz_sgn(numerator);
    if (sign == 0)
        return 0;
    /* The quotient is inside (2^(length - 1), 2^(length + 1)). */
    long length = (long)mpz_sizeinbase(numerator, 2) - (long)mpz_sizeinbase(denominator, 2);
    long exponent = length - (KEPT_BITS - 1);
    /* Two bits below the last that a subnormal keeps: the tie and the sticky one. */
    if (exponent < EXPONENT_MIN - 2)
        exponent = EXPONENT_MIN - 2;
    int64_t cut = cut_quotient(numerator, denominator, exponent);
    if (exponent > DBL_MAX_EXP)
        return sign < 0 ? -HUGE_VAL : HUGE_VAL;
    return ldexp((double)(sign < 0 ? -cut : cut), (int)exponent);
}

/* 10^power as a fraction. */
static void ten_fraction(long power, mpz_t numerator, mpz_t denominator)
{
    mpz_ui_pow_ui(numerator, 10, power > 0 ? (unsigned long)power : 0);
    mpz_ui_pow_ui(denominator, 10, power < 0 ? (unsigned long)-power : 0);
}

double exact_ten(int power)
{
    mpz_t numerator, denominator;
    mpz_inits(numerator, denominator, NULL);
    ten_fraction(power, numerator, denominator);
    double ten = exact_quotient(numerator, denominator);
    mpz_clears(numerator, denominator, NULL);
    return ten;
}

/* A finite double as a fraction. */
static void double_fraction(double value, mpz_t numerator, mpz_t denominator)
{
    mpq_t exact;
    mpq_init(exact);
    mpq_set_d(exact, value);
    mpz_set(numerator, mpq_numref(exact));
    mpz_set(denominator, mpq_denref(exact));
    mpq_clear(exact);
}

/* The steps that there are, which need no search. */
static const struct {
    double step;
    unsigned long inverse;
} usual_steps[] = {{1e-6, 1000000}, {1e-2, 100}, {1e-1, 10}, {1e-3, 1000}};

/* 1 / step of a step of 1 and of the usual ones; 0 of others. */
static unsigned long usual_inverse(double step)
{
    if (step == 1)
        return 1;
    for (size_t i = 0; i < sizeof usual_steps / sizeof *usual_steps; i++)
        if (step == usual_steps[i].step)
            return usual_steps[i].inverse;
    return 0;
}

/* Integers up to it are doubles. */
#define DOUBLE_INTEGER_MAX ((int128)1 << DBL_MANT_DIG)

bool exact_small_quotient(int128 numerator, int128 denominator, double step, double *quotient)
{
    unsigned long inverse = usual_inverse(step);
    if (inverse == 0 || numerator > DOUBLE_INTEGER_MAX || numerator < -DOUBLE_INTEGER_MAX ||
        denominator > DOUBLE_INTEGER_MAX / (int128)inverse)
        return false;
    *quotient = (double)numerator / (double)(denominator * (int128)inverse);
    return true;
}

static void step_fraction(double step, mpz_t numerator, mpz_t denominator)
{
    unsigned long inverse = usual_inverse(step);
    if (inverse) {
        mpz_set_ui(numerator, 1);
        mpz_set_ui(denominator, inverse);
        return;
    }
    long power = lround(log10(step));
    if (power >= TEN_POWER_MIN && power <= TEN_POWER_MAX) {
        ten_fraction(power, numerator, denominator);
        if (exact_quotient(numerator, denominator) == step)
            return;
    }
    double_fraction(step, numerator, denominator);
}

void exact_scale(mpz_t numerator, mpz_t denominator, double step, unsigned power)
{
    if (step == 1)
        return;
    mpz_t up, down;
    mpz_inits(up, down, NULL);
    step_fraction(step, up, down);
    for (unsigned i = 0; i < power; i++) {
        mpz_mul(numerator, numerator, up);
        mpz_mul(denominator, denominator, down);
    }
    mpz_clears(up, down, NULL);
}
