/*
 * Kaplan-Meier: how many are still waiting at each time.
 *
 * Estimate  S(t) = prod over times <= t of (1 - d/n).
 * Variance  Greenwood: G = sum d/(n (n - d)), var S = S^2 G.  Cumulative hazard sum d/n.
 * Band      with se = sqrt(G): log S exp(+- z se); log-log S^exp(+- z se/|ln S|); plain
 *           S (1 +- z se); cut at 0 and 1.
 * Quantile  the first time with S <= 1 - p; where S rests at 1 - p (within 1.5e-8, for the rounding
 *           of the product), the middle of the rest.  Its limits the same of the band's two edges.
 *
 * Assumes   independent units; censoring that tells nothing of the event.
 * Not for   competing ends (incidence.h).  Past the last event nothing is extrapolated: "not
 *           reached" is an answer.  The band is of one time, not of the whole curve at once.
 * Accuracy  1e-9 of R survival 3.5.3, survfit and quantile, all three bands
 *           (tests/stats/test_kaplan_meier.c).
 * Reference Kaplan and Meier (1958), JASA 53:457-481; Greenwood (1926); Brookmeyer and Crowley
 *           (1982), Biometrics 38:29-41.  Where a band rises again at its end, the crossing is
 *           taken at the nearest value of the band, as survfit does.
 */

#include "stats/kaplan_meier.h"
#include "stats/normal.h"

#include <math.h>

/* What counts as S resting exactly at 1 - p. */
#define REST_TOLERANCE 0x1p-26

enum reason survival_curve(const struct life_table *table, struct survival_point *points)
{
    enum reason reason = life_table_check(table);
    if (reason)
        return reason;
    double survival = 1, greenwood = 0, hazard = 0;
    for (size_t i = 0; i < table->count; i++) {
        const struct life_row *row = &table->rows[i];
        if (row->events > 0) {
            double n = (double)row->at_risk, d = (double)row->events;
            double stay = (double)(row->at_risk - row->events);
            survival *= stay / n;
            hazard += d / n;
            if (stay > 0)
                greenwood += d / n / stay;
        }
        points[i] = (struct survival_point){.time = row->time,
                                            .at_risk = row->at_risk,
                                            .events = row->events,
                                            .censored = row->censored,
                                            .survival = survival,
                                            .greenwood = greenwood,
                                            .hazard = hazard};
    }
    return REASON_NONE;
}

enum reason survival_at(const struct survival_point *points, size_t count, double time,
                        struct survival_point *point)
{
    if (count == 0)
        return REASON_NO_UNITS;
    if (!(time >= 0) || !isfinite(time))
        return REASON_INVALID;
    struct survival_point result = {.survival = 1};
    size_t i = 0;
    for (; i < count && points[i].time <= time; i++)
        result = points[i];
    if (!(i > 0 && result.time == time)) {
        result.at_risk = i < count ? points[i].at_risk : 0;
        result.events = result.censored = 0;
    }
    result.time = time;
    *point = result;
    return REASON_NONE;
}

static bool point_is_valid(const struct survival_point *point)
{
    return point->survival >= 0 && point->survival <= 1 && point->greenwood >= 0 &&
           isfinite(point->greenwood);
}

enum reason survival_se(const struct survival_point *point, double *se)
{
    if (!point_is_valid(point))
        return REASON_INVALID;
    if (point->survival == 0)
        return REASON_NOT_FINITE;
    *se = point->survival * sqrt(point->greenwood);
    return REASON_NONE;
}

enum reason survival_band(const struct survival_point *point, enum survival_scale scale,
                          double critical, struct interval *band)
{
    if (!point_is_valid(point) || !(critical >= 0) || !isfinite(critical))
        return REASON_INVALID;
    double s = point->survival, half = critical * sqrt(point->greenwood);
    if (s == 0)
        return REASON_NOT_FINITE;
    if (scale == SURVIVAL_LOG_LOG) {
        if (s == 1)
            return REASON_NO_EVENTS;
        double log_s = log(s), power = exp(half / -log_s);
        *band = (struct interval){exp(log_s * power), exp(log_s / power)};
    } else if (scale == SURVIVAL_LOG)
        *band = (struct interval){s * exp(-half), fmin(1, s * exp(half))};
    else
        *band = (struct interval){fmax(0, s - s * half), fmin(1, s + s * half)};
    return REASON_NONE;
}

enum reason survival_interval(const struct survival_point *point, enum survival_scale scale,
                              double alpha, struct interval *interval)
{
    if (!alpha_is_valid(alpha))
        return REASON_INVALID;
    return survival_band(point, scale, normal_z_two_sided(alpha), interval);
}

/* Where one curve crosses a share, followed from point to point: the time of the smallest share of
 * at least the one asked for, the earliest of them, once with the tolerance below and once above.
 */
struct crossing {
    double share;
    struct survival_time from, until;
    double nearest_from, nearest_until;
    double last_share, last_time;
};

static void nearest_take(double least, double share, double time, double *nearest,
                         struct survival_time *first)
{
    if (!(share >= least && share < *nearest))
        return;
    *nearest = share;
    *first = (struct survival_time){.reached = true, .time = time};
}

/* The share that has ended by `time`; NAN where a band has no value. */
static void crossing_add(struct crossing *of, double share, double time)
{
    nearest_take(of->share - REST_TOLERANCE, share, time, &of->nearest_from, &of->from);
    nearest_take(of->share + REST_TOLERANCE, share, time, &of->nearest_until, &of->until);
    of->last_share = share;
    of->last_time = time;
}

/* Time 0 has share 0. */
static struct crossing crossing_of(double share)
{
    struct crossing of = {
        .share = share, .nearest_from = (double)INFINITY, .nearest_until = (double)INFINITY};
    crossing_add(&of, 0, 0);
    return of;
}

static struct survival_time crossing_time(const struct crossing *of)
{
    struct survival_time until = of->until;
    if (!of->from.reached)
        return of->from;
    /* The last value is the share asked for: the curve rests there until the end. */
    if (fabs(of->last_share - of->share) < REST_TOLERANCE)
        until = (struct survival_time){true, of->last_time};
    if (!until.reached)
        return until;
    return (struct survival_time){true, of->from.time + (until.time - of->from.time) / 2};
}

enum reason survival_quantile(const struct survival_point *points, size_t count, double share,
                              struct survival_time *quantile)
{
    if (count == 0)
        return REASON_NO_UNITS;
    if (!(share > 0 && share < 1))
        return REASON_INVALID;
    struct crossing curve = crossing_of(share);
    for (size_t i = 0; i < count; i++)
        crossing_add(&curve, 1 - points[i].survival, points[i].time);
    *quantile = crossing_time(&curve);
    return REASON_NONE;
}

/* The band of a point; NAN where there is none. */
static struct interval band_or_nan(const struct survival_point *point, enum survival_scale scale,
                                   double z)
{
    struct interval band;
    if (survival_band(point, scale, z, &band))
        return (struct interval){(double)NAN, (double)NAN};
    return band;
}

static struct survival_time_interval crossings_of(const struct crossing *low,
                                                  const struct crossing *high)
{
    return (struct survival_time_interval){.low = crossing_time(low), .high = crossing_time(high)};
}

enum reason survival_quantile_interval(const struct survival_point *points, size_t count,
                                       double share, enum survival_scale scale, double alpha,
                                       struct survival_time_interval *interval)
{
    if (count == 0)
        return REASON_NO_UNITS;
    if (!(share > 0 && share < 1) || !alpha_is_valid(alpha))
        return REASON_INVALID;
    double z = normal_z_two_sided(alpha);
    struct crossing low = crossing_of(share), high = low;
    for (size_t i = 0; i < count; i++) {
        struct interval band = band_or_nan(&points[i], scale, z);
        crossing_add(&low, 1 - band.low, points[i].time);
        crossing_add(&high, 1 - band.high, points[i].time);
    }
    *interval = crossings_of(&low, &high);
    return REASON_NONE;
}

enum reason survival_bands(const struct survival_point *points, size_t count,
                           enum survival_scale scale, double alpha, struct interval *bands)
{
    if (count == 0)
        return REASON_NO_UNITS;
    if (!alpha_is_valid(alpha))
        return REASON_INVALID;
    double z = normal_z_two_sided(alpha);
    for (size_t i = 0; i < count; i++) {
        bool same = i > 0 && points[i].survival == points[i - 1].survival &&
                    points[i].greenwood == points[i - 1].greenwood;
        bands[i] = same ? bands[i - 1] : band_or_nan(&points[i], scale, z);
    }
    return REASON_NONE;
}

enum reason survival_bands_quantile(const struct survival_point *points,
                                    const struct interval *bands, size_t count, double share,
                                    struct survival_time_interval *interval)
{
    if (count == 0)
        return REASON_NO_UNITS;
    if (!(share > 0 && share < 1))
        return REASON_INVALID;
    struct crossing low = crossing_of(share), high = low;
    for (size_t i = 0; i < count; i++) {
        crossing_add(&low, 1 - bands[i].low, points[i].time);
        crossing_add(&high, 1 - bands[i].high, points[i].time);
    }
    *interval = crossings_of(&low, &high);
    return REASON_NONE;
}
