/*
 * Regression adjustment from rows: least squares with classical and heteroscedastic errors.
 *
 * Columns   t, x_k, and for Lin's form t (x_k - mean x_k); all and y centred, which is what an
 *           intercept does.  A = C'C, b = inverse(A) C'y, once refined on its residuals e;
 *           a = first row of inverse(A), h_i = 1/n + c_i' inverse(A) c_i, k coefficients.
 * Errors    of the coefficient of t:  OLS a_1 sum e^2/(n-k);  HC0 sum (a c_i)^2 e_i^2;
 *           HC1 times n/(n-k);  HC2 e_i^2/(1-h_i);  HC3 e_i^2/(1-h_i)^2.
 * Unadjusted HC2 is Welch's standard error.  CUPED's pooled slope is cov(y,x)/var(x).
 *
 * Assumes   independent units; x before the treatment.  Nothing about linearity: the estimate of
 *           Lin's form is right on average for any x.
 * Not for   covariates that the treatment can move; few units far out in x (see h_i: HC3).
 * Accuracy  1e-9 of R's lm, sandwich::vcovHC and estimatr::lm_lin
 *           (tests/stats/test_adjustment.c, tests/stats/reference/regression_adjustment.ndjson).
 * Reference Lin (2013), Annals of Applied Statistics 7:295-318; MacKinnon and White (1985),
 *           Journal of Econometrics 29:305-325; Deng, Xu, Kohavi, Walker (2013), WSDM (CUPED).
 */

#include "stats/regression.h"
#include "linear.h"

#include <math.h>

/* A unit counts as alone on its coefficient when its leverage is this near to 1. */
#define LEVERAGE_MAX (1 - 1e-10)

/* Column 0 is the treatment; then the covariates; then their products with it. */
struct design {
    const struct unit_rows *rows;
    enum regression_form form;
    size_t columns;
    double metric_mean;
    double covariate_means[COVARIATES_MAX];
    double column_means[LINEAR_MAX];
};

static double mean_of(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i] - values[0];
    return values[0] + sum / (double)count;
}

static enum reason rows_check(const struct unit_rows *rows)
{
    size_t treated = 0;
    if (rows->covariate_count > COVARIATES_MAX)
        return REASON_INVALID;
    for (size_t i = 0; i < rows->count; i++) {
        bool finite = isfinite(rows->metric[i]);
        for (size_t k = 0; k < rows->covariate_count; k++)
            finite = finite && isfinite(rows->covariates[k][i]);
        if (!finite || (rows->treated[i] != 0 && rows->treated[i] != 1))
            return REASON_INVALID;
        treated += rows->treated[i] == 1;
    }
    return treated == 0 || treated == rows->count ? REASON_NO_UNITS : REASON_NONE;
}

/* The row of a unit, less the columns' means. */
static void design_row(const struct design *design, size_t i, double *row)
{
    const struct unit_rows *rows = design->rows;
    size_t q = design->form == REGRESSION_UNADJUSTED ? 0 : rows->covariate_count;
    double t = rows->treated[i];
    row[0] = t - design->column_means[0];
    for (size_t k = 0; k < q; k++) {
        double x = rows->covariates[k][i] - design->covariate_means[k];
        row[1 + k] = x - design->column_means[1 + k];
        if (design->form == REGRESSION_LIN)
            row[1 + q + k] = t * x - design->column_means[1 + q + k];
    }
}

static void design_init(struct design *design, const struct unit_rows *rows,
                        enum regression_form form)
{
    size_t q = form == REGRESSION_UNADJUSTED ? 0 : rows->covariate_count;
    double row[LINEAR_MAX], sums[LINEAR_MAX] = {0};
    *design = (struct design){.rows = rows, .form = form};
    design->columns = 1 + (form == REGRESSION_LIN ? 2 * q : q);
    design->metric_mean = mean_of(rows->metric, rows->count);
    for (size_t k = 0; k < q; k++)
        design->covariate_means[k] = mean_of(rows->covariates[k], rows->count);
    for (size_t i = 0; i < rows->count; i++) {
        design_row(design, i, row);
        for (size_t k = 0; k < design->columns; k++)
            sums[k] += row[k];
    }
    for (size_t k = 0; k < design->columns; k++)
        design->column_means[k] = sums[k] / (double)rows->count;
}

static double product(const double *a, const double *b, size_t size)
{
    double sum = 0;
    for (size_t k = 0; k < size; k++)
        sum += a[k] * b[k];
    return sum;
}

static void design_factor(const struct design *design, struct linear *linear)
{
    double matrix[LINEAR_MAX][LINEAR_MAX] = {{0}}, row[LINEAR_MAX];
    for (size_t i = 0; i < design->rows->count; i++) {
        design_row(design, i, row);
        for (size_t k = 0; k < design->columns; k++)
            for (size_t l = 0; l <= k; l++)
                matrix[k][l] += row[k] * row[l];
    }
    linear_factor(linear, design->columns, (const double(*)[LINEAR_MAX])matrix);
}

/* Adds to the coefficients those of the residuals that they leave. */
static void coefficients_refine(const struct design *design, const struct linear *linear,
                                double *coefficients)
{
    double right[LINEAR_MAX] = {0}, row[LINEAR_MAX];
    for (size_t i = 0; i < design->rows->count; i++) {
        design_row(design, i, row);
        double residual = design->rows->metric[i] - design->metric_mean -
                          product(row, coefficients, design->columns);
        for (size_t k = 0; k < design->columns; k++)
            right[k] += row[k] * residual;
    }
    linear_solve(linear, right, right);
    for (size_t k = 0; k < design->columns; k++)
        coefficients[k] += right[k];
}

/* The errors of the treatment's coefficient, all five. */
static void errors_add(const struct design *design, const struct linear *linear,
                       const double *coefficients, struct regression *result)
{
    double first[LINEAR_MAX] = {1}, row[LINEAR_MAX], squares = 0, n = result->units;
    double *v = result->variances;
    linear_solve(linear, first, first);
    for (size_t i = 0; i < design->rows->count; i++) {
        design_row(design, i, row);
        double residual = design->rows->metric[i] - design->metric_mean -
                          product(row, coefficients, design->columns);
        double leverage = 1 / n + linear_quadratic(linear, row);
        double weight = product(first, row, design->columns);
        double part = weight * weight * residual * residual;
        squares += residual * residual;
        v[REGRESSION_HC0] += part;
        if (leverage >= LEVERAGE_MAX) {
            result->is_saturated = true;
            continue;
        }
        v[REGRESSION_HC2] += part / (1 - leverage);
        v[REGRESSION_HC3] += part / (1 - leverage) / (1 - leverage);
    }
    v[REGRESSION_OLS] = squares / result->df * first[0];
    v[REGRESSION_HC1] = v[REGRESSION_HC0] * n / result->df;
}

static void slopes_set(const struct design *design, const double *coefficients,
                       struct regression *result)
{
    size_t q = design->form == REGRESSION_UNADJUSTED ? 0 : design->rows->covariate_count;
    for (size_t k = 0; k < q; k++) {
        result->control_slopes[k] = result->treatment_slopes[k] = coefficients[1 + k];
        if (design->form == REGRESSION_LIN)
            result->treatment_slopes[k] += coefficients[1 + q + k];
    }
}

static bool regression_is_finite(const struct regression *result)
{
    bool finite = isfinite(result->estimate);
    for (size_t i = 0; i < REGRESSION_ERROR_COUNT; i++)
        finite = finite && isfinite(result->variances[i]);
    for (size_t k = 0; k < COVARIATES_MAX; k++)
        finite =
            finite && isfinite(result->treatment_slopes[k]) && isfinite(result->control_slopes[k]);
    return finite;
}

enum reason regression_of(const struct unit_rows *rows, enum regression_form form,
                          struct regression *regression)
{
    struct design design;
    struct linear linear;
    enum reason reason = rows_check(rows);
    if (reason)
        return reason;
    design_init(&design, rows, form);
    design_factor(&design, &linear);
    struct regression result = {.units = (double)rows->count};
    result.df = result.units - 1 - (double)linear.rank;
    if (!linear.kept[0] || result.df < 1)
        return linear.kept[0] ? REASON_TOO_FEW : REASON_NOT_FINITE;
    double coefficients[LINEAR_MAX] = {0};
    coefficients_refine(&design, &linear, coefficients);
    coefficients_refine(&design, &linear, coefficients);
    result.estimate = coefficients[0];
    slopes_set(&design, coefficients, &result);
    errors_add(&design, &linear, coefficients, &result);
    if (!regression_is_finite(&result))
        return REASON_NOT_FINITE;
    *regression = result;
    return REASON_NONE;
}

enum reason regression_se(const struct regression *regression, enum regression_error kind,
                          double *se)
{
    if (kind >= REGRESSION_ERROR_COUNT)
        return REASON_INVALID;
    if (regression->is_saturated && (kind == REGRESSION_HC2 || kind == REGRESSION_HC3))
        return REASON_TOO_FEW;
    *se = sqrt(regression->variances[kind]);
    return REASON_NONE;
}

enum reason regression_estimate(const struct regression *regression, double planned,
                                struct estimate *estimate)
{
    double se;
    enum reason reason = regression_se(regression, REGRESSION_HC2, &se);
    if (reason)
        return reason;
    if (!(planned > 0))
        return REASON_INVALID;
    return estimate_of_value(regression->estimate, se, regression->df, regression->units / planned,
                             estimate);
}

enum reason regression_cuped_slope(const struct unit_rows *rows, double *slope)
{
    enum reason reason = rows_check(rows);
    if (reason)
        return reason;
    if (rows->covariate_count == 0)
        return REASON_INVALID;
    const double *x = rows->covariates[0];
    double y_mean = mean_of(rows->metric, rows->count), x_mean = mean_of(x, rows->count);
    double cross = 0, spread = 0;
    for (size_t i = 0; i < rows->count; i++) {
        cross += (x[i] - x_mean) * (rows->metric[i] - y_mean);
        spread += (x[i] - x_mean) * (x[i] - x_mean);
    }
    if (spread == 0)
        return REASON_NO_VARIATION;
    if (!isfinite(cross / spread))
        return REASON_NOT_FINITE;
    *slope = cross / spread;
    return REASON_NONE;
}
