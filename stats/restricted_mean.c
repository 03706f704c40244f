/*
 * The restricted mean time: the area under Kaplan-Meier's curve up to tau.
 *
 * Estimate  sum of S over the stretches between events, up to tau.
 * Variance  sum over event times t <= tau of A^2 d/(n (n - d)), A the area from t to tau; terms
 *           with d = n are 0, because S and so A is 0 there.
 * Two       the difference is normal, the variances add.
 *
 * Assumes   as Kaplan-Meier, and a tau fixed before the data, within the follow-up of both
 *           variants.  A later tau carries the last S on and says so (`extended`).
 * Not for   competing ends (incidence.h): those who left would count as still waiting for ever.
 * Accuracy  1e-9 of R survival 3.5.3, summary(survfit, rmean = tau)
 *           (tests/stats/test_restricted_mean.c).
 * Reference Irwin (1949), Journal of Hygiene 47:188-189; Royston and Parmar (2013), BMC Medical
 *           Research Methodology 13:152.
 */

#include "stats/restricted_mean.h"

#include <math.h>

/* Sums over the event times so far, h = d/(n (n - d)) and A the area since.  When the area grows by
 * w, sum A^2 h grows by 2 w sum A h + w^2 sum h: nothing is subtracted. */
struct area {
    double survival, mean;
    double h, area_h, area2_h;
};

static void area_grow(struct area *sums, double width)
{
    double w = sums->survival * width;
    sums->mean += w;
    sums->area2_h += w * (2 * sums->area_h + w * sums->h);
    sums->area_h += w * sums->h;
}

static void area_count(struct area *sums, const struct life_row *row)
{
    double n = (double)row->at_risk, d = (double)row->events;
    double stay = (double)(row->at_risk - row->events);
    sums->survival *= stay / n;
    if (stay > 0)
        sums->h += d / n / stay;
}

enum reason restricted_mean_of(const struct life_table *table, double tau,
                               struct restricted_mean *mean)
{
    enum reason reason = life_table_check(table);
    if (reason)
        return reason;
    if (!(tau > 0) || !isfinite(tau))
        return REASON_INVALID;
    struct area sums = {.survival = 1};
    double from = 0;
    for (size_t i = 0; i < table->count && table->rows[i].time <= tau; i++) {
        area_grow(&sums, table->rows[i].time - from);
        from = table->rows[i].time;
        if (table->rows[i].events > 0)
            area_count(&sums, &table->rows[i]);
    }
    area_grow(&sums, tau - from);
    struct restricted_mean result = {.mean = sums.mean,
                                     .se = sqrt(sums.area2_h),
                                     .extended = tau > table->rows[table->count - 1].time};
    if (!isfinite(result.mean) || !isfinite(result.se))
        return REASON_NOT_FINITE;
    *mean = result;
    return REASON_NONE;
}

enum reason restricted_mean_difference(const struct restricted_mean *treatment,
                                       const struct restricted_mean *control, double *difference,
                                       double *se)
{
    if (!isfinite(treatment->mean) || !isfinite(control->mean) || !(treatment->se >= 0) ||
        !(control->se >= 0) || !isfinite(treatment->se) || !isfinite(control->se))
        return REASON_INVALID;
    double gap = treatment->mean - control->mean, spread = hypot(treatment->se, control->se);
    if (!isfinite(gap) || !isfinite(spread))
        return REASON_NOT_FINITE;
    *difference = gap;
    *se = spread;
    return REASON_NONE;
}
