#ifndef STATS_REGRESSION_H
#define STATS_REGRESSION_H

/*
 * Regression adjustment from rows, one a unit: what R's lm with sandwich errors says.  The report
 * has no rows and uses adjustment.h; this is for checking it, and for whoever has the rows.
 */

#include "stats/adjustment.h"

/* Rows are borrowed; `treated` is 0 or 1.  Covariates are columns of their own. */
struct unit_rows {
    size_t count;
    const double *metric, *treated;
    const double *covariates[COVARIATES_MAX];
    size_t covariate_count;
};

enum regression_form {
    REGRESSION_UNADJUSTED, /* y ~ t */
    REGRESSION_ANCOVA,     /* y ~ t + x: one slope for both variants */
    REGRESSION_LIN,        /* y ~ t * (x - mean x): a slope for each */
};

enum regression_error {
    REGRESSION_OLS, /* one variance for all units */
    REGRESSION_HC0, /* White's */
    REGRESSION_HC1, /* times n/(n-k) */
    REGRESSION_HC2, /* unbiased if the variance is one; the one to use */
    REGRESSION_HC3, /* near the jackknife */
    REGRESSION_ERROR_COUNT
};

struct regression {
    double units;
    double estimate; /* the coefficient of the treatment */
    double df;       /* units - coefficients estimated */
    double treatment_slopes[COVARIATES_MAX], control_slopes[COVARIATES_MAX];
    double variances[REGRESSION_ERROR_COUNT]; /* read by regression_se */
    bool is_saturated; /* one unit alone decides a coefficient: no HC2, no HC3 */
};

/* NO_UNITS when a variant has none; TOO_FEW without degrees of freedom; INVALID on a row that is
 * not finite or a `treated` that is neither.  A covariate that the others already hold is left out,
 * its slope 0. */
MUST_CHECK enum reason regression_of(const struct unit_rows *rows, enum regression_form form,
                                     struct regression *regression);

/* TOO_FEW for HC2 and HC3 of a saturated fit. */
MUST_CHECK enum reason regression_se(const struct regression *regression,
                                     enum regression_error kind, double *se);

/* With HC2 and t of df degrees of freedom. */
MUST_CHECK enum reason regression_estimate(const struct regression *regression, double planned,
                                           struct estimate *estimate);

/* The pooled CUPED slope of the first covariate, cov(y, x)/var(x) over all units.  NO_VARIATION
 * when x has none. */
MUST_CHECK enum reason regression_cuped_slope(const struct unit_rows *rows, double *slope);

#endif
