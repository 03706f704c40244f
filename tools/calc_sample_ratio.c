/* `gangway calc`: sample ratio mismatch, at one look and at every look (stats/sample_ratio.h). */

#include "calc.h"

#include "stats/sample_ratio.h"

#include <math.h>

/* The weights under `key`, all above 0. */
static struct sample_ratio ratio_read(struct calc *call, const char *key, size_t *count)
{
    const double *weights = calc_numbers(call, key, count);
    for (size_t i = 0; i < *count; i++)
        if (!(weights[i] > 0))
            calc_bad(call, key, "has %g, not above 0", weights[i]);
    if (!calc_failed(call) && *count < 2)
        calc_bad(call, key, "wants two variants or more");
    return (struct sample_ratio){
        .weights = weights, .variants = *count, .concentration = SAMPLE_RATIO_CONCENTRATION};
}

static void chi_square(struct calc *call)
{
    size_t count, weights;
    const uint64_t *counts = calc_counts(call, "counts", &count);
    struct sample_ratio ratio = ratio_read(call, "weights", &weights);
    struct chi_square test = {0};
    calc_same_size(call, "counts", count, "weights", weights);
    if (calc_failed(call))
        return;
    enum reason reason = sample_ratio_test(&ratio, counts, &test);
    calc_put_value(call, "chisq", reason, test.statistic);
    calc_put_count(call, "df", count - 1);
    calc_put_value(call, "p_value", reason, test.p);
    calc_put_value(call, "log_p", reason, test.log_p);
}

/* Dirichlet parameters: the concentration times its mean, which is the weights unless given. */
static const double *prior_read(struct calc *call, struct sample_ratio *ratio)
{
    size_t count;
    double concentration = calc_number_or(call, "concentration", SAMPLE_RATIO_CONCENTRATION);
    if (!calc_failed(call) && !(concentration > 0))
        calc_bad(call, "concentration", "is %g, not above 0", concentration);
    ratio->concentration = concentration;
    if (!calc_has(call, "dirichlet_mean"))
        return NULL;
    const double *mean = calc_numbers(call, "dirichlet_mean", &count);
    calc_same_size(call, "dirichlet_mean", count, "null", ratio->variants);
    double *prior = CALC_ARRAY(call, count, double);
    for (size_t j = 0; prior && j < count; j++) {
        prior[j] = concentration * mean[j];
        if (!(prior[j] > 0))
            calc_bad(call, "dirichlet_mean", "has %g, not above 0", mean[j]);
    }
    return prior;
}

/* Adds the counts of one row to the totals; a total above 2^53 is no experiment's. */
static void row_add(struct calc *call, size_t row, uint64_t *totals, size_t variants)
{
    size_t count;
    const uint64_t *counts = calc_counts_at(call, "rows", row, &count);
    if (!calc_failed(call) && count != variants)
        calc_bad(call, "rows", "row %zu has %zu counts, null has %zu", row, count, variants);
    for (size_t j = 0; !calc_failed(call) && j < variants; j++) {
        totals[j] += counts[j];
        if (totals[j] > UINT64_C(1) << 53)
            calc_bad(call, "rows", "the counts add up to more than 2^53");
    }
}

static void sequential(struct calc *call)
{
    size_t rows = calc_list_size(call, "rows"), variants;
    struct sample_ratio ratio = ratio_read(call, "null", &variants);
    struct sample_ratio_watch watch = {0};
    ratio.prior = prior_read(call, &ratio);
    uint64_t *totals = CALC_ARRAY(call, variants, uint64_t);
    double *log_factors = CALC_ARRAY(call, rows, double), *p = CALC_ARRAY(call, rows, double);
    enum reason reason = rows ? REASON_NONE : REASON_NO_UNITS;
    for (size_t i = 0; i < rows && !reason && !calc_failed(call); i++) {
        row_add(call, i, totals, variants);
        if (calc_failed(call))
            return;
        reason = sample_ratio_look(&ratio, totals, &watch);
        log_factors[i] = watch.log_factor;
        p[i] = watch.p_anytime;
    }
    if (calc_failed(call))
        return;
    if (reason) {
        calc_put_reason(call, "log_bayes_factor", reason);
        calc_put_reason(call, "log_bayes_factor_mp", reason);
        calc_put_reason(call, "p_value", reason);
        calc_put_reason(call, "posterior_prob", reason);
        return;
    }
    calc_put_numbers(call, "log_bayes_factor", log_factors, rows);
    /* The vectors have the figure twice, in doubles and from 40 digits; this one is both. */
    calc_put_numbers(call, "log_bayes_factor_mp", log_factors, rows);
    calc_put_numbers(call, "p_value", p, rows);
    calc_put(call, "posterior_prob", 1 / (1 + exp(-watch.log_factor)));
}

const struct calc_family calc_sample_ratio_families[] = {
    {"seq_srm", "sample ratio at every look: log Bayes factor and its running p", sequential},
    {"srm_chisq_gof", "sample ratio at one look: do counts fit the weights (chi-square)",
     chi_square},
    {.name = NULL},
};
