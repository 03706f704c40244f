#ifndef TOOLS_DEV_SIMULATE_SHARES_H
#define TOOLS_DEV_SIMULATE_SHARES_H

/*
 * What simulations of shares have in common: counts drawn as binomials, which is exact for units
 * that succeed independently, the gate of a report, and the plain tests.
 */

#include "simulate.h"

#include "stats/proportion.h"

/* The counts before anyone came. */
extern const struct proportion_pair nobody;

/* Adds `units` new ones to each variant. */
void pair_draw(struct proportion_pair *counts, gsl_rng *random, unsigned units, double treatment,
               double control);

/* The gate before which a report shows no share under peeking (inference.md): 100 units, 10
 * successes and 10 failures in each variant. */
bool gate_is_open(const struct proportion_pair *counts);

/* Whether the pooled z test, or Miettinen and Nurminen's score test, rejects; a pair without
 * variation is not rejected. */
bool z_rejects(const struct proportion_pair *counts, double alpha);
bool score_rejects(const struct proportion_pair *counts, double alpha);

#endif
