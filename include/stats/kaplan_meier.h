#ifndef STATS_KAPLAN_MEIER_H
#define STATS_KAPLAN_MEIER_H

/*
 * Kaplan-Meier: the share S(t) still waiting at each time, its band, and its quantiles.
 *
 * The curve of time to value is shown as 1 - S, the share that has reached it.  Competing ends
 * count as censored here; where there are any, incidence.h is the right curve.
 */

#include "stats/survival.h"

#include <stdbool.h>

/* The curve at one time. */
struct survival_point {
    double time;
    uint64_t at_risk; /* just before `time` */
    uint64_t events, censored;
    double survival;  /* S(time) */
    double greenwood; /* sum of d/(n(n-d)) over the times where some stay; var S = S^2 of it */
    double hazard;    /* cumulative, Nelson and Aalen: sum of d/n */
};

enum survival_scale {
    SURVIVAL_LOG,     /* S exp(+- z sqrt G), at most 1: survfit's own default */
    SURVIVAL_LOG_LOG, /* S^exp(+- z sqrt G/|ln S|): inside (0, 1), the one to show */
    SURVIVAL_PLAIN    /* S +- z S sqrt G, cut at 0 and 1 */
};

/* One point a row: `points` holds table->count of them. */
MUST_CHECK enum reason survival_curve(const struct life_table *table,
                                      struct survival_point *points);

/* The curve at any time >= 0: S and its variance after the events at `time`, at_risk those still
 * there at `time`, events and censored those of a row at exactly `time`.  Past the last row the
 * curve stays where it was, with nobody at risk. */
MUST_CHECK enum reason survival_at(const struct survival_point *points, size_t count, double time,
                                   struct survival_point *point);

/* Greenwood's standard error of S.  NOT_FINITE where S = 0: then nothing is left to vary. */
MUST_CHECK enum reason survival_se(const struct survival_point *point, double *se);

/* The pointwise interval of S.  NOT_FINITE where S = 0; log-log also NO_EVENTS where S = 1. */
MUST_CHECK enum reason survival_interval(const struct survival_point *point,
                                         enum survival_scale scale, double alpha,
                                         struct interval *interval);

/* The same, `critical` standard errors wide (>= 0): for many points of one alpha, and for bands of
 * another critical value than the normal's. */
MUST_CHECK enum reason survival_band(const struct survival_point *point, enum survival_scale scale,
                                     double critical, struct interval *band);

/* A time that the data may not reach; `time` means nothing then. */
struct survival_time {
    bool reached;
    double time;
};

/* When the share `share` inside (0, 1) has had the event: the first time with S <= 1 - share, and
 * the midpoint when S stays at exactly 1 - share for a while.  share .5: the median. */
MUST_CHECK enum reason survival_quantile(const struct survival_point *points, size_t count,
                                         double share, struct survival_time *quantile);

/* Its limits by Brookmeyer and Crowley: where the band of S crosses 1 - share. */
struct survival_time_interval {
    struct survival_time low, high;
};

MUST_CHECK enum reason survival_quantile_interval(const struct survival_point *points, size_t count,
                                                  double share, enum survival_scale scale,
                                                  double alpha,
                                                  struct survival_time_interval *interval);

/* The bands of a whole curve, and limits of any share from them: where both are shown.  A band that
 * is not there (nobody has ended yet, or all) has NAN for its ends. */
MUST_CHECK enum reason survival_bands(const struct survival_point *points, size_t count,
                                      enum survival_scale scale, double alpha,
                                      struct interval *bands);
MUST_CHECK enum reason survival_bands_quantile(const struct survival_point *points,
                                               const struct interval *bands, size_t count,
                                               double share,
                                               struct survival_time_interval *interval);

#endif
