#ifndef STATS_SAMPLE_RATIO_H
#define STATS_SAMPLE_RATIO_H

/*
 * Sample ratio mismatch: do the counts of units fit the weights of the variants?
 *
 * Two answers.  The chi-square is for one look.  The Dirichlet-multinomial Bayes factor may be read
 * at every look; under fitting weights its maximum ever exceeds 100 at most once in 100
 * experiments. The alarm asks for both.
 *
 *     struct sample_ratio ratio = {.weights = weights, .variants = 2,
 *                                  .concentration = SAMPLE_RATIO_CONCENTRATION};
 *     struct sample_ratio_watch watch = {0};
 *     for each look:
 *         reason = sample_ratio_look(&ratio, cumulative_counts, &watch);
 */

#include "stats/chi_square.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* K for the volumes of an onboarding; measured to detect 51/49 soonest at 1 000 units a day. */
#define SAMPLE_RATIO_CONCENTRATION 1000.0
/* The Bayes factor from which there is evidence, and the chi-square p that confirms it. */
#define SAMPLE_RATIO_FACTOR 100.0
#define SAMPLE_RATIO_P .001

struct sample_ratio {
    const double *weights; /* `variants` of them, > 0; any sum: they are made shares here */
    size_t variants;       /* >= 2 */
    double concentration;  /* K > 0 */
    const double *prior;   /* Dirichlet parameters, or NULL for K times the shares */
};

/* Chi-square of goodness of fit.  NO_UNITS when all counts are 0; INVALID on a weight that is not
 * a positive number or fewer than two variants. */
MUST_CHECK enum reason sample_ratio_test(const struct sample_ratio *ratio, const uint64_t *counts,
                                         struct chi_square *test);

/* ln of the Bayes factor of "some other shares" against the weights, of cumulative counts; 0 when
 * there are no units. */
MUST_CHECK enum reason sample_ratio_log_bayes_factor(const struct sample_ratio *ratio,
                                                     const uint64_t *counts, double *log_factor);

/* What a sequence of looks has shown.  Starts as {0}. */
struct sample_ratio_watch {
    size_t looks;      /* so far */
    size_t look_max;   /* 1-based look of the largest Bayes factor; 0: none yet */
    size_t first_bad;  /* 1-based first look with a factor >= 100; 0: none */
    double log_max;    /* the largest log Bayes factor so far; 0 before any look */
    double log_factor; /* of the latest look */
    double p_anytime;  /* min(1, 1 / largest factor); 1 after the first look of a fair split */
};

/* Adds one look at cumulative counts. */
MUST_CHECK enum reason sample_ratio_look(const struct sample_ratio *ratio, const uint64_t *counts,
                                         struct sample_ratio_watch *watch);

/* When did the shares change? */
struct sample_ratio_break {
    size_t look;      /* 1-based first look of the other shares */
    double log_ratio; /* ln of their likelihood over that of the weights, from there on */
};

/* The most likely break: units fit the weights before a look and have other shares, which are
 * constant, from it on.  `counts` are cumulative, `variants` a look, one look after the other,
 * never falling.  Read it when the watch has alarmed: it names a look always.  NO_UNITS when all
 * counts are 0; INVALID as sample_ratio_test, and when a count falls. */
MUST_CHECK enum reason sample_ratio_break(const struct sample_ratio *ratio, const uint64_t *counts,
                                          size_t looks, struct sample_ratio_break *found);

enum sample_ratio_state { SAMPLE_RATIO_FITS, SAMPLE_RATIO_WARNING, SAMPLE_RATIO_ALARM };

/* Alarm: the largest factor so far >= 100 and chi-square now p < .001; the factor alone: warning.
 */
enum sample_ratio_state sample_ratio_state(const struct sample_ratio_watch *watch,
                                           const struct chi_square *now);

/* Whether a segment with the given log Bayes factors of its values warns: their mean reaches 100
 * times the number of segments that are watched.  `log_mean` is the log of the mean. */
MUST_CHECK enum reason sample_ratio_segment(const double *log_factors, size_t values,
                                            size_t segments, double *log_mean, bool *warns);

#endif
