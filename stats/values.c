/*
 * Exact sums of a list of doubles: a researcher's values in place of the cube's cells.
 *
 * Reading   a value is the shortest decimal that gives the double back, as a person would have
 *           written it: 15 digits where they do, else 16 or 17.
 *           Or, asked so, the binary fraction that the double is.
 * Step      the power of ten (two) at which every value is whole, at most 1.  Where that would take
 * the squares past 2^126, the smallest power of ten that does not, and the values are rounded to
 * it, halves away from 0.
 *
 * Assumes   nothing of the values but that they are finite.
 * Not for   values whose binary tails mean something beyond 17 digits.
 * Accuracy  the decimals of the list are exact (tests/stats/test_sums.c); a rounded list loses
 *           less than 2^-52 of its largest value, or is refused.
 * Reference Steele and White (1990), PLDI, on the shortest decimal.
 */

#include "exact.h"
#include "stats/ratio.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Square root of the limit of the squares, 2^126, with room for the rounding of its estimate. */
#define NORM_MAX (0x1p63 * (1 - 1e-9))

/* digits 10^power */
struct decimal {
    int64_t digits;
    int power;
};

static struct decimal decimal_of(double value)
{
    char text[40];
    int places = DBL_DIG - 1;
    do
        snprintf(text, sizeof text, "%.*e", places, value);
    while (strtod(text, NULL) != value && places++ < DBL_DECIMAL_DIG - 1);
    struct decimal decimal = {0};
    char *at = text;
    for (; *at != 'e'; at++)
        if (*at >= '0' && *at <= '9')
            decimal.digits = 10 * decimal.digits + (*at - '0');
    if (decimal.digits == 0)
        return decimal;
    decimal.power = (int)strtol(at + 1, NULL, 10) - places;
    for (; decimal.digits % 10 == 0; decimal.power++)
        decimal.digits /= 10;
    if (value < 0)
        decimal.digits = -decimal.digits;
    return decimal;
}

/* The decimal in steps of 10^power; false when that is past an int64_t. */
static bool decimal_steps(struct decimal decimal, int power, int64_t *steps)
{
    int64_t result = decimal.digits;
    for (; result != 0 && decimal.power > power; decimal.power--)
        if (__builtin_mul_overflow(result, 10, &result))
            return false;
    int64_t rest = 0;
    for (; result != 0 && decimal.power < power; decimal.power++) {
        rest = result % 10;
        result /= 10;
    }
    if (decimal.power == power && (rest >= 5 || rest <= -5))
        result += rest > 0 ? 1 : -1;
    *steps = result;
    return true;
}

/* The power of ten that is the step of the values. */
static bool step_power(const double *values, size_t count, int *power)
{
    double largest = 0, squares = 0;
    int finest = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i]))
            return false;
        largest = fmax(largest, fabs(values[i]));
        int own = decimal_of(values[i]).power;
        finest = own < finest ? own : finest;
    }
    for (size_t i = 0; i < count && largest > 0; i++)
        squares += values[i] / largest * (values[i] / largest);
    int chosen = finest < TEN_POWER_MIN ? TEN_POWER_MIN : finest;
    double norm = sqrt(squares), room = NORM_MAX - sqrt((double)count);
    while (chosen < TEN_POWER_MAX && largest / exact_ten(chosen) * norm > room)
        chosen++;
    if (chosen > finest && exact_ten(chosen) > 0x1p-52 * largest)
        return false;
    *power = chosen;
    return true;
}

/* The i-th value in steps, or false. */
static bool value_steps(const double *values, size_t i, int power, int64_t *steps)
{
    return decimal_steps(decimal_of(values[i]), power, steps);
}

enum reason joint_sums_of_values(const double *x, const double *y, size_t count,
                                 struct joint_sums *sums)
{
    int power_x, power_y;
    if (!step_power(x, count, &power_x) || !step_power(y, count, &power_y))
        return REASON_INVALID;
    struct joint_sums result = {
        .units = count, .step_x = exact_ten(power_x), .step_y = exact_ten(power_y)};
    for (size_t i = 0; i < count; i++) {
        int64_t a, b;
        if (!value_steps(x, i, power_x, &a) || !value_steps(y, i, power_y, &b))
            return REASON_INVALID;
        result.x += a;
        result.y += b;
        result.xx += (int128)a * a;
        result.yy += (int128)b * b;
        result.xy += (int128)a * b;
    }
    *sums = result;
    return REASON_NONE;
}

enum reason sums_of_values(const double *values, size_t count, struct sums *sums)
{
    int power;
    if (!step_power(values, count, &power))
        return REASON_INVALID;
    struct sums result = {.units = count, .step = exact_ten(power)};
    for (size_t i = 0; i < count; i++) {
        int64_t steps;
        if (!value_steps(values, i, power, &steps))
            return REASON_INVALID;
        result.sum += steps;
        result.squares += (int128)steps * steps;
    }
    *sums = result;
    return REASON_NONE;
}

enum reason steps_of_values(const double *values, size_t count, int64_t *steps, double *step)
{
    int power;
    if (!step_power(values, count, &power))
        return REASON_INVALID;
    for (size_t i = 0; i < count; i++)
        if (!value_steps(values, i, power, &steps[i]))
            return REASON_INVALID;
    *step = exact_ten(power);
    return REASON_NONE;
}

/* A double as mantissa 2^exponent, the mantissa odd or 0. */
static int64_t binary_of(double value, int *exponent)
{
    int64_t mantissa = (int64_t)ldexp(frexp(value, exponent), DBL_MANT_DIG);
    *exponent -= DBL_MANT_DIG;
    for (; mantissa != 0 && mantissa % 2 == 0; ++*exponent)
        mantissa /= 2;
    return mantissa;
}

/* The power of two that is the step of the values: at most 1, a normal double. */
static bool step_exponent(const double *values, size_t count, int *exponent)
{
    double largest = 0, squares = 0;
    int finest = 0, own;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i]))
            return false;
        largest = fmax(largest, fabs(values[i]));
        if (binary_of(values[i], &own) != 0 && own < finest)
            finest = own;
    }
    for (size_t i = 0; i < count && largest > 0; i++)
        squares += values[i] / largest * (values[i] / largest);
    int chosen = finest < DBL_MIN_EXP ? DBL_MIN_EXP : finest;
    double norm = sqrt(squares), room = NORM_MAX - sqrt((double)count);
    while (chosen < DBL_MAX_EXP - 1 && ldexp(largest, -chosen) * norm > room)
        chosen++;
    if (chosen > finest && ldexp(1, chosen) > 0x1p-52 * largest)
        return false;
    *exponent = chosen;
    return true;
}

enum reason sums_of_doubles(const double *values, size_t count, struct sums *sums)
{
    int exponent;
    if (!step_exponent(values, count, &exponent))
        return REASON_INVALID;
    struct sums result = {.units = count, .step = ldexp(1, exponent)};
    for (size_t i = 0; i < count; i++) {
        int64_t steps = llround(ldexp(values[i], -exponent));
        result.sum += steps;
        result.squares += (int128)steps * steps;
    }
    *sums = result;
    return REASON_NONE;
}

/* The powers of ten of the steps at which a sum and its squares are whole, coarser where the
 * squares would pass 2^126. */
static bool totals_power(double sum, double squares, int *power)
{
    if (!isfinite(sum) || !isfinite(squares) || squares < 0)
        return false;
    int own = decimal_of(sum).power, of_squares = decimal_of(squares).power;
    int half = of_squares < 0 ? (of_squares - 1) / 2 : 0;
    int chosen = own < half ? own : half;
    if (chosen > 0)
        chosen = 0;
    if (chosen < TEN_POWER_MIN)
        chosen = TEN_POWER_MIN;
    while (chosen < TEN_POWER_MAX && (sqrt(squares) / exact_ten(chosen) >= NORM_MAX ||
                                      fabs(sum) / exact_ten(chosen) >= 0x1p126))
        chosen++;
    *power = chosen;
    return true;
}

/* A total in steps of 10^power; |total| / 10^power < 2^126. */
static int128 total_steps(double total, int power)
{
    struct decimal decimal = decimal_of(total);
    int128 steps = decimal.digits;
    for (; steps != 0 && decimal.power > power; decimal.power--)
        steps *= 10;
    int rest = 0;
    for (; steps != 0 && decimal.power < power; decimal.power++) {
        rest = (int)(steps % 10);
        steps /= 10;
    }
    if (decimal.power == power && (rest >= 5 || rest <= -5))
        steps += rest > 0 ? 1 : -1;
    return steps;
}

enum reason sums_of_totals(uint64_t units, double sum, double squares, struct sums *sums)
{
    int power;
    if (!totals_power(sum, squares, &power))
        return REASON_INVALID;
    *sums = (struct sums){.units = units,
                          .sum = total_steps(sum, power),
                          .squares = total_steps(squares, 2 * power),
                          .step = exact_ten(power)};
    return REASON_NONE;
}

enum reason ratio_sums_of_totals(uint64_t units, const struct ratio_totals *totals,
                                 struct ratio_sums *sums)
{
    int y, s;
    if (!totals_power(totals->y, totals->yy, &y) || !totals_power(totals->s, totals->ss, &s) ||
        !isfinite(totals->ys))
        return REASON_INVALID;
    /* No units have more than this, so the limit of an integer is not met either. */
    if (fabs(totals->ys) > sqrt(totals->yy) * sqrt(totals->ss) * (1 + 1e-9))
        return REASON_INVALID;
    *sums = (struct ratio_sums){
        .units = units,
        .y = total_steps(totals->y, y),
        .s = total_steps(totals->s, s),
        .yy = total_steps(totals->yy, 2 * y),
        .ss = total_steps(totals->ss, 2 * s),
        .ys = total_steps(totals->ys, y + s),
        .step_y = exact_ten(y),
        .step_s = exact_ten(s),
    };
    return REASON_NONE;
}
