#ifndef STATS_LINEAR_H
#define STATS_LINEAR_H

/*
 * Small symmetric systems, as least squares need them: Cholesky's factor of up to LINEAR_MAX
 * columns, which leaves out a column that the ones before it already hold.
 */

#include <stdbool.h>
#include <stddef.h>

/* Treatment, three covariates, and their three products. */
#define LINEAR_MAX 7

/* A column whose pivot is below this share of its diagonal is a combination of those before. */
#define LINEAR_PIVOT_MIN 1e-10

struct linear {
    size_t size, rank;
    bool kept[LINEAR_MAX];
    double factor[LINEAR_MAX][LINEAR_MAX]; /* lower triangle; rows and columns kept only */
};

/* Factors the matrix, of which the lower triangle is read. */
void linear_factor(struct linear *linear, size_t size, const double matrix[LINEAR_MAX][LINEAR_MAX]);

/* Solves for one right side; 0 where a column was left out.  May be done in place. */
void linear_solve(const struct linear *linear, const double *right, double *solution);

/* v' inverse(A) v over the columns kept. */
double linear_quadratic(const struct linear *linear, const double *v);

#endif
