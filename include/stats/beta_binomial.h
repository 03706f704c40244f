#ifndef STATS_BETA_BINOMIAL_H
#define STATS_BETA_BINOMIAL_H

/*
 * How likely is it that the treatment's rate is the higher one, and what is lost if not?
 *
 * Not adjusted for peeking: label it so.  With a flat prior, beta {1, 1}; with one from history, at
 * most as strong as 100 units.
 */

#include "stats/beta.h"
#include "stats/proportion.h"

/* Given the counts: chances that sum to 1, losses in points of rate, both >= 0. */
struct beta_binomial {
    double treatment_better; /* P(treatment's rate > control's) */
    double control_better;
    double loss_treatment; /* E max(control - treatment, 0): of shipping the treatment */
    double loss_control;   /* E max(treatment - control, 0): of keeping the control */
    double mean_treatment, mean_control;
};

/* Shapes of the prior from .05 to 1e9.  No units are allowed: the prior then speaks.  INVALID. */
MUST_CHECK enum reason beta_binomial(const struct proportion_pair *pair, struct beta prior,
                                     struct beta_binomial *answer);

#endif
