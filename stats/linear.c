/*
 * Cholesky's factorisation with columns left out: A = L L' over the columns kept.
 *
 * A column k is kept when its pivot A_kk - sum L_km^2 exceeds 1e-10 of A_kk: what is left of it
 * after the columns before it have explained theirs.  Scaling a column changes no decision.
 *
 * Assumes   A is a matrix of sums of squares and products, centred by whoever formed it.
 * Not for   columns that differ by less than 1e-5 of their size: the later one is left out.
 * Reference Golub and Van Loan (2013), Matrix Computations, 4.2.
 */

#include "linear.h"

#include <math.h>

/* The part of entry (row, column) that the columns before `column` do not explain. */
static double remainder_of(const struct linear *linear, size_t row, size_t column, double entry)
{
    for (size_t m = 0; m < column; m++)
        if (linear->kept[m])
            entry -= linear->factor[row][m] * linear->factor[column][m];
    return entry;
}

void linear_factor(struct linear *linear, size_t size, const double matrix[LINEAR_MAX][LINEAR_MAX])
{
    *linear = (struct linear){.size = size};
    for (size_t k = 0; k < size; k++) {
        double pivot = remainder_of(linear, k, k, matrix[k][k]);
        linear->kept[k] = pivot > LINEAR_PIVOT_MIN * matrix[k][k];
        if (!linear->kept[k])
            continue;
        linear->rank++;
        linear->factor[k][k] = sqrt(pivot);
        for (size_t row = k + 1; row < size; row++)
            linear->factor[row][k] =
                remainder_of(linear, row, k, matrix[row][k]) / linear->factor[k][k];
    }
}

/* L y = v, over the columns kept; 0 elsewhere. */
static void solve_lower(const struct linear *linear, const double *v, double *y)
{
    for (size_t k = 0; k < linear->size; k++) {
        double rest = v[k];
        for (size_t m = 0; m < k; m++)
            rest -= linear->factor[k][m] * y[m];
        y[k] = linear->kept[k] ? rest / linear->factor[k][k] : 0;
    }
}

void linear_solve(const struct linear *linear, const double *right, double *solution)
{
    solve_lower(linear, right, solution);
    for (size_t k = linear->size; k-- > 0;) {
        double rest = solution[k];
        for (size_t m = k + 1; m < linear->size; m++)
            rest -= linear->factor[m][k] * solution[m];
        solution[k] = linear->kept[k] ? rest / linear->factor[k][k] : 0;
    }
}

double linear_quadratic(const struct linear *linear, const double *v)
{
    double y[LINEAR_MAX], sum = 0;
    solve_lower(linear, v, y);
    for (size_t k = 0; k < linear->size; k++)
        sum += y[k] * y[k];
    return sum;
}
