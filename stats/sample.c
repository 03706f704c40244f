/*
 * From the kind of a sample to its estimator: the rows of `methods` are all that differs.
 *
 * Most kinds give a struct variant_value and are compared by two_sample.c.  A proportion has its
 * own comparison, because its counts carry the score test and interval.
 *
 * Assumes    what the kind's own file assumes.
 * Accuracy   that of the kind's own file; the kinds agree where they meet: accounts of one member
 *            are a mean, a mean of 0 and 1 has a proportion's value (tests/stats/test_sample.c).
 */

#include "stats/sample.h"
#include "stats/normal.h"

#include <math.h>

struct method {
    /* The value alone. */
    enum reason (*value)(const struct sample *, double *value);
    /* The value with its variance; `beside` is the variant it is compared with, or NULL. */
    enum reason (*variance)(const struct sample *, const struct sample *beside,
                            struct variant_value *);
    double (*units)(const struct sample *);
    /* NULL: t. */
    enum reason (*interval)(const struct sample *, double alpha, struct interval *);
    /* NULL: of two struct variant_value. */
    enum reason (*difference)(const struct sample *treatment, const struct sample *control,
                              double planned, struct estimate *);
    enum reason (*lift)(const struct sample *treatment, const struct sample *control,
                        double planned, struct estimate *);
};

static double proportion_units(const struct sample *sample)
{
    return (double)sample->proportion.units;
}

static enum reason proportion_value(const struct sample *sample, double *value)
{
    const struct proportion rate = sample->proportion;
    if (rate.units == 0)
        return REASON_NO_UNITS;
    if (rate.successes > rate.units)
        return REASON_INVALID;
    *value = (double)rate.successes / (double)rate.units;
    return REASON_NONE;
}

static enum reason proportion_variance(const struct sample *sample, const struct sample *beside,
                                       struct variant_value *value)
{
    (void)beside;
    double rate, units = (double)sample->proportion.units;
    enum reason reason = proportion_value(sample, &rate);
    if (reason)
        return reason;
    double failures = (double)(sample->proportion.units - sample->proportion.successes);
    double variance = rate * (failures / units) / units;
    *value = (struct variant_value){
        .units = units, .value = rate, .variance = variance, .weight = variance, .df = units - 1};
    return REASON_NONE;
}

static enum reason proportion_interval(const struct sample *sample, double alpha,
                                       struct interval *interval)
{
    return proportion_wilson(sample->proportion, alpha, interval);
}

static struct proportion_pair pair_of(const struct sample *treatment, const struct sample *control)
{
    return (struct proportion_pair){.treatment = treatment->proportion,
                                    .control = control->proportion};
}

/* Satterthwaite's df where the units are accounts, of the two variances times c1 and c0. */
static enum reason accounts_df(const struct sample *treatment, double c1,
                               const struct sample *control, double c0, double *df)
{
    struct variant_value t, c;
    if (!treatment->accounts && !control->accounts)
        return REASON_NONE;
    enum reason reason = proportion_variance(treatment, control, &t);
    if (!reason)
        reason = proportion_variance(control, treatment, &c);
    if (reason)
        return reason;
    if (treatment->proportion.units < 2 || control->proportion.units < 2)
        return REASON_ONE_UNIT;
    *df = two_sample_df(&t, c1, &c, c0);
    return REASON_NONE;
}

static enum reason proportion_estimate(const struct sample *treatment, const struct sample *control,
                                       double planned, struct estimate *estimate)
{
    const struct proportion_pair pair = pair_of(treatment, control);
    struct estimate result;
    enum reason reason = estimate_of_proportions(&pair, planned, &result);
    if (!reason)
        reason = accounts_df(treatment, 1, control, 1, &result.df);
    if (!reason)
        *estimate = result;
    return reason;
}

static enum reason proportion_lift(const struct sample *treatment, const struct sample *control,
                                   double planned, struct estimate *estimate)
{
    const struct proportion_pair pair = pair_of(treatment, control);
    struct estimate result;
    enum reason reason = estimate_of_lift(&pair, planned, &result);
    if (reason)
        return reason;
    double p1 = (double)pair.treatment.successes / (double)pair.treatment.units;
    double p0 = (double)pair.control.successes / (double)pair.control.units;
    reason = accounts_df(treatment, 1 / (p1 * p1), control, 1 / (p0 * p0), &result.df);
    if (!reason)
        *estimate = result;
    return reason;
}

static double mean_units(const struct sample *sample)
{
    return (double)sample->mean.units;
}

static enum reason mean_value(const struct sample *sample, double *value)
{
    return sums_mean(&sample->mean, value);
}

static enum reason mean_variance(const struct sample *sample, const struct sample *beside,
                                 struct variant_value *value)
{
    (void)beside;
    return mean_of_sums(&sample->mean, value);
}

static double ratio_units(const struct sample *sample)
{
    return (double)sample->ratio.units;
}

static enum reason ratio_alone(const struct sample *sample, double *value)
{
    return ratio_value(&sample->ratio, value);
}

static enum reason ratio_variance(const struct sample *sample, const struct sample *beside,
                                  struct variant_value *value)
{
    (void)beside;
    return ratio_of_sums(&sample->ratio, value);
}

static double score_units(const struct sample *sample)
{
    return (double)sample->score.responded;
}

static enum reason score_value(const struct sample *sample, double *value)
{
    struct sums sums;
    enum reason reason = score_sums(&sample->score, &sums);
    return reason ? reason : sums_mean(&sums, value);
}

static enum reason score_variance(const struct sample *sample, const struct sample *beside,
                                  struct variant_value *value)
{
    (void)beside;
    struct sums sums;
    enum reason reason = score_sums(&sample->score, &sums);
    return reason ? reason : mean_of_sums(&sums, value);
}

static double cluster_units(const struct sample *sample)
{
    struct cluster_totals totals;
    return cluster_totals(&sample->cluster, &totals) ? 0 : (double)totals.accounts;
}

static enum reason pooled_value(const struct sample *sample, double *value)
{
    return cluster_pooled_share(&sample->cluster, value);
}

static enum reason pooled_variance(const struct sample *sample, const struct sample *beside,
                                   struct variant_value *value)
{
    enum cluster_method method = cluster_method(&sample->cluster, beside ? &beside->cluster : NULL);
    return cluster_pooled(&sample->cluster, method, value);
}

static enum reason share_value(const struct sample *sample, double *value)
{
    return cluster_mean_share(&sample->cluster, value);
}

static enum reason share_variance(const struct sample *sample, const struct sample *beside,
                                  struct variant_value *value)
{
    (void)beside;
    return cluster_mean(&sample->cluster, value);
}

/* Degrees of freedom that are the normal's; accounts have t, as everywhere. */
#define TIME_DF 4e15

static double time_units(const struct sample *sample)
{
    return (double)sample->time.units;
}

static enum reason time_value(const struct sample *sample, double *value)
{
    if (!sample->time.units)
        return REASON_NO_UNITS;
    if (!sample->time.reason)
        *value = sample->time.mean;
    return sample->time.reason;
}

static enum reason time_variance(const struct sample *sample, const struct sample *beside,
                                 struct variant_value *value)
{
    (void)beside;
    double mean, variance = sample->time.se * sample->time.se;
    enum reason reason = time_value(sample, &mean);
    if (reason)
        return reason;
    if (!isfinite(mean) || !isfinite(variance))
        return REASON_INVALID;
    if (sample->accounts && sample->time.units < 2)
        return REASON_ONE_UNIT;
    *value = (struct variant_value){.units = time_units(sample),
                                    .value = mean,
                                    .variance = variance,
                                    .weight = variance,
                                    .df = sample->accounts ? time_units(sample) - 1 : TIME_DF};
    return REASON_NONE;
}

static const struct method methods[] = {
    [ESTIMATOR_PROPORTION] = {.value = proportion_value,
                              .variance = proportion_variance,
                              .units = proportion_units,
                              .interval = proportion_interval,
                              .difference = proportion_estimate,
                              .lift = proportion_lift},
    [ESTIMATOR_MEAN] = {.value = mean_value, .variance = mean_variance, .units = mean_units},
    [ESTIMATOR_RATIO] = {.value = ratio_alone, .variance = ratio_variance, .units = ratio_units},
    [ESTIMATOR_SCORE] = {.value = score_value, .variance = score_variance, .units = score_units},
    [ESTIMATOR_CLUSTER_POOLED] = {.value = pooled_value,
                                  .variance = pooled_variance,
                                  .units = cluster_units},
    [ESTIMATOR_CLUSTER_MEAN] = {.value = share_value,
                                .variance = share_variance,
                                .units = cluster_units},
    [ESTIMATOR_TIME] = {.value = time_value, .variance = time_variance, .units = time_units},
};
_Static_assert(sizeof methods / sizeof *methods == ESTIMATOR_COUNT, "an estimator has no row");

/* The row of one kind, NULL for none. */
static const struct method *method_of(const struct sample *sample)
{
    return sample->estimator < ESTIMATOR_COUNT ? &methods[sample->estimator] : NULL;
}

/* The row of two of one kind, NULL for none. */
static const struct method *method_of_pair(const struct sample *treatment,
                                           const struct sample *control)
{
    return treatment->estimator == control->estimator ? method_of(treatment) : NULL;
}

double sample_units(const struct sample *sample)
{
    const struct method *method = method_of(sample);
    return method ? method->units(sample) : 0;
}

enum reason sample_value(const struct sample *sample, const struct sample *beside,
                         struct variant_value *value)
{
    const struct method *method = beside ? method_of_pair(sample, beside) : method_of(sample);
    return method ? method->variance(sample, beside, value) : REASON_INVALID;
}

/* The t interval of a value whose variance is above 0. */
static bool t_interval(const struct variant_value *value, double alpha, struct interval *interval)
{
    double reach = critical_value(alpha / 2, value->df) * sqrt(value->variance);
    struct interval result = {.low = value->value - reach, .high = value->value + reach};
    if (!(value->variance > 0) || !isfinite(result.low) || !isfinite(result.high))
        return false;
    *interval = result;
    return true;
}

enum reason sample_level(const struct sample *sample, double alpha, struct level *level)
{
    const struct method *method = method_of(sample);
    struct level result = {0};
    struct variant_value value;
    if (!method || !alpha_is_valid(alpha))
        return REASON_INVALID;
    enum reason reason = method->value(sample, &result.value);
    if (reason)
        return reason;
    result.units = method->units(sample);
    reason = method->variance(sample, NULL, &value);
    if (reason == REASON_INVALID)
        return reason;
    if (!reason) {
        result.se = sqrt(value.variance);
        result.has_interval = method->interval ? !method->interval(sample, alpha, &result.interval)
                                               : t_interval(&value, alpha, &result.interval);
    }
    *level = result;
    return REASON_NONE;
}

static enum reason values_of(const struct method *method, const struct sample *treatment,
                             const struct sample *control, struct variant_value *t,
                             struct variant_value *c)
{
    enum reason reason = method->variance(treatment, control, t);
    return reason ? reason : method->variance(control, treatment, c);
}

enum reason sample_difference(const struct sample *treatment, const struct sample *control,
                              double planned, struct estimate *estimate)
{
    const struct method *method = method_of_pair(treatment, control);
    struct variant_value t, c;
    if (!method)
        return REASON_INVALID;
    if (method->difference)
        return method->difference(treatment, control, planned, estimate);
    enum reason reason = values_of(method, treatment, control, &t, &c);
    return reason ? reason : two_sample_difference(&t, &c, planned, estimate);
}

enum reason sample_lift(const struct sample *treatment, const struct sample *control,
                        double planned, struct estimate *estimate)
{
    const struct method *method = method_of_pair(treatment, control);
    struct variant_value t, c;
    if (!method)
        return REASON_INVALID;
    if (method->lift)
        return method->lift(treatment, control, planned, estimate);
    enum reason reason = values_of(method, treatment, control, &t, &c);
    return reason ? reason : two_sample_lift(&t, &c, planned, estimate);
}

enum reason sample_fieller(const struct sample *treatment, const struct sample *control,
                           double alpha, struct interval *interval)
{
    const struct method *method = method_of_pair(treatment, control);
    struct variant_value t, c;
    if (!method || method->lift)
        return REASON_INVALID;
    enum reason reason = values_of(method, treatment, control, &t, &c);
    return reason ? reason : two_sample_fieller_t(&t, &c, alpha, interval);
}

static bool outcomes_suffice(struct proportion rate, uint64_t outcomes)
{
    return rate.successes >= outcomes && rate.units - rate.successes >= outcomes;
}

bool sample_passes(const struct sample *sample, const struct sample_gate *gate)
{
    if (sample->estimator == ESTIMATOR_TIME)
        return sample->time.followed >= gate->units && sample->time.events >= gate->outcomes;
    if (sample_units(sample) < (double)gate->units)
        return false;
    if (sample->estimator == ESTIMATOR_PROPORTION)
        return outcomes_suffice(sample->proportion, gate->outcomes);
    return sample->estimator != ESTIMATOR_MEAN || sample->nonzero >= gate->nonzero;
}

bool sample_is_small(const struct sample *treatment, const struct sample *control)
{
    bool accounts = treatment->accounts || treatment->estimator == ESTIMATOR_CLUSTER_POOLED ||
                    treatment->estimator == ESTIMATOR_CLUSTER_MEAN;
    return accounts && fmin(sample_units(treatment), sample_units(control)) < CLUSTER_ACCOUNTS_FEW;
}
