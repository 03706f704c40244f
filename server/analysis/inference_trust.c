/*
 * Whether the data can be trusted, and whether segments differ: the sample ratio over all looks
 * and by segment (T1, T2), crossed units (T3), Cochran's Q (F5a).  inference.md, "Families and
 * alpha"; statistics.md, sections 5 and 8.
 *
 * The Bayes factor is read at the end of every cohort day; under a fair split it ever passes 100
 * in at most one experiment of 100, so it may be.  A segment's e-value is the mean of those of its
 * values.
 */

#include "analysis/inference.h"

#include <math.h>
#include <stdlib.h>

/* Variants without a weight get no units and have no place in the test. */
struct weighted {
    struct sample_ratio ratio;
    double weights[VARIANTS_MAX];
    size_t variants[VARIANTS_MAX]; /* of the plan */
};

static void weighted_of(const struct plan *plan, struct weighted *weighted)
{
    size_t used = 0;
    for (size_t j = 0; j < plan->variants; j++) {
        if (!(plan->weights[j] > 0))
            continue;
        weighted->weights[used] = plan->weights[j];
        weighted->variants[used++] = j;
    }
    weighted->ratio = (struct sample_ratio){.weights = weighted->weights,
                                            .variants = used,
                                            .concentration = SAMPLE_RATIO_CONCENTRATION};
}

static void weighted_counts(const struct weighted *weighted, const uint64_t *all,
                            uint64_t counts[static VARIANTS_MAX])
{
    for (size_t i = 0; i < weighted->ratio.variants; i++)
        counts[i] = all[weighted->variants[i]];
}

static double ratio_gap(const struct weighted *weighted, const uint64_t *counts)
{
    double total = 0, gap = 0;
    for (size_t i = 0; i < weighted->ratio.variants; i++)
        total += (double)counts[i];
    for (size_t i = 0; i < weighted->ratio.variants; i++)
        gap = fmax(gap, fabs((double)counts[i] / total - weighted->weights[i]));
    return gap;
}

/* The alarm comes when enough units have met the other shares; they changed before. */
static void ratio_date(const struct weighted *weighted, const struct count_series *counts,
                       struct ratio_report *report)
{
    struct sample_ratio_break found;
    if (report->state != SAMPLE_RATIO_ALARM)
        return;
    uint64_t *looks = calloc(counts->days * weighted->ratio.variants, sizeof *looks);
    if (!looks)
        return;
    for (size_t day = 0; day < counts->days; day++)
        for (size_t i = 0; i < weighted->ratio.variants; i++)
            looks[day * weighted->ratio.variants + i] =
                counts->cumulative[day * counts->variants + weighted->variants[i]];
    report->has_break = !sample_ratio_break(&weighted->ratio, looks, counts->days, &found);
    if (report->has_break)
        report->break_day = counts->first + (int32_t)(found.look - 1);
    free(looks);
}

void ratio_watch(const struct plan *plan, const struct count_series *counts,
                 struct ratio_report *report)
{
    struct weighted weighted;
    struct sample_ratio_watch watch = {0};
    uint64_t now[VARIANTS_MAX] = {0};
    *report = (struct ratio_report){.state = SAMPLE_RATIO_FITS};
    weighted_of(plan, &weighted);
    for (size_t day = 0; day < counts->days; day++) {
        weighted_counts(&weighted, &counts->cumulative[day * counts->variants], now);
        if (sample_ratio_look(&weighted.ratio, now, &watch))
            return;
    }
    if (sample_ratio_test(&weighted.ratio, now, &report->now))
        return;
    report->tested = true;
    report->log_factor = watch.log_factor;
    report->log_factor_max = watch.log_max;
    report->state = sample_ratio_state(&watch, &report->now);
    report->gap = ratio_gap(&weighted, now);
    report->has_since = watch.first_bad > 0;
    if (report->has_since)
        report->since = counts->first + (int32_t)(watch.first_bad - 1);
    ratio_date(&weighted, counts, report);
}

/* Logs of the Bayes factors of a segment's values at the end of one day. */
static bool segment_factors(const struct weighted *weighted, const struct count_series *values,
                            size_t count, size_t day, double *factors)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t now[VARIANTS_MAX] = {0};
        factors[i] = 0;
        if (!values[i].days)
            continue;
        size_t at = day < values[i].days ? day : values[i].days - 1;
        weighted_counts(weighted, &values[i].cumulative[at * values[i].variants], now);
        if (sample_ratio_log_bayes_factor(&weighted->ratio, now, &factors[i]))
            return false;
    }
    return true;
}

static void segment_name(const double *factors, size_t count, bool *named)
{
    struct evidence family[HETEROGENEITY_VALUES_MAX];
    for (size_t i = 0; i < count; i++)
        family[i] = (struct evidence){.log_e = factors[i]};
    if (multiplicity_e_bh(.01, family, count))
        return;
    for (size_t i = 0; i < count; i++)
        named[i] = family[i].rejected;
}

void ratio_watch_segment(const struct plan *plan, const struct count_series *values, size_t count,
                         size_t segments, struct ratio_segment *report)
{
    struct weighted weighted;
    double factors[HETEROGENEITY_VALUES_MAX];
    weighted_of(plan, &weighted);
    size_t days = 0;
    int32_t first = 0; /* one for all: values without units have no series */
    for (size_t i = 0; i < count; i++) {
        days = values[i].days > days ? values[i].days : days;
        first = values[i].days ? values[i].first : first;
    }
    for (size_t day = 0; day < days && count <= HETEROGENEITY_VALUES_MAX; day++) {
        bool warns;
        double mean;
        if (!segment_factors(&weighted, values, count, day, factors) ||
            sample_ratio_segment(factors, count, segments, &mean, &warns))
            return;
        report->log_factor = mean;
        report->log_factor_max = day ? fmax(report->log_factor_max, mean) : mean;
        report->warns = report->warns || warns;
        if (warns && !report->has_since) {
            report->has_since = true;
            report->since = first + (int32_t)day;
        }
    }
    if (report->warns)
        segment_name(factors, count, report->named);
}

void crossed_check(const uint64_t *crossed, const uint64_t *exposed, size_t variants,
                   struct crossed_report *report)
{
    struct proportion rates[VARIANTS_MAX];
    struct chi_square test;
    uint64_t met = 0, all = 0;
    *report = (struct crossed_report){.p = 1};
    for (size_t j = 0; j < variants; j++) {
        rates[j] = (struct proportion){.successes = crossed[j], .units = exposed[j]};
        met += crossed[j];
        all += exposed[j];
    }
    if (!all)
        return;
    report->share = (double)met / (double)all;
    report->tested = chi_square_homogeneity(rates, variants, &test) == REASON_NONE;
    if (report->tested)
        report->p = test.p;
    report->alarm = report->p < CROSSED_P || report->share > CROSSED_SHARE;
}

static bool value_counts(const struct observed *observed)
{
    const struct proportion *share = &observed->sample.proportion;
    if (observed->sample.estimator == ESTIMATOR_PROPORTION)
        return share->successes >= HETEROGENEITY_OUTCOMES &&
               share->units - share->successes >= HETEROGENEITY_OUTCOMES;
    return observed->contributing >= HETEROGENEITY_OUTCOMES;
}

bool segment_effect(const struct plan *plan, const struct metric_result *value, size_t variant,
                    struct effect *effect)
{
    const struct observed *treatment = &value->observed[variant];
    const struct observed *control = &value->observed[plan->control];
    const struct effect_report *difference = &value->comparisons[variant].difference;
    struct estimate estimate;
    if (!value->computed || !value_counts(treatment) || !value_counts(control))
        return false;
    if (difference->estimated && difference->se > 0) {
        *effect = (struct effect){.estimate = difference->estimate, .se = difference->se};
        return true;
    }
    if (sample_difference(&treatment->sample, &control->sample, plan->planned_pair[variant],
                          &estimate) ||
        !(estimate.se > 0))
        return false;
    *effect = (struct effect){.estimate = estimate.value, .se = estimate.se};
    return true;
}
