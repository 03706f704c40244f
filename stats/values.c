/*
 * Exact sums of a list of doubles: a researcher's values in place of the cube's cells.
 *
 * Reading   a value is the shortest decimal that gives the double back, as a person would have
 *           written it: 15 digits where they do, else 16 or 17.
 * Step      the power of ten at which every value is whole, at most 1.  Where that would take the
 *           squares past 2^126, the smallest power of ten that does not, and the values are
 *           rounded to it, halves away from 0.
 *
 * Assumes   nothing of the values but that they are finite.
 * Not for   values whose binary tails mean something beyond 17 digits.
 * Accuracy  the decimals of the list are exact (tests/stats/test_sums.c); a rounded list loses
 *           less than 2^-52 of its largest value, or is refused.
 * Reference Steele and White (1990), PLDI, on the shortest decimal.
 */

#include "exact.h"

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
