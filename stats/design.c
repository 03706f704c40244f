/*
 * Levels of the three designs, and the one p of a comparison.
 *
 * p_h: hybrid min(1, 5 p_now), from the final look on min(1, 5 p_now, 1.25 p_fixed); always p_now;
 * fixed 1, from the final look on p_fixed.  So p_h <= a is the union of p_now <= a/5 and
 * p_fixed <= 4a/5, whose errors add up to at most a.
 *
 * Not for   a final test that is read again on more data: recomputed daily it errs at .12, not .05
 *           (stats/EVIDENCE.md shows it).
 */

#include "stats/design.h"

#include <math.h>

/* How a design shares its error out, in fifths. */
struct shares {
    double fixed, anytime;
};

static const struct shares shares[] = {
    [DESIGN_HYBRID] = {.fixed = 4, .anytime = 1},
    [DESIGN_ALWAYS] = {.fixed = 0, .anytime = 5},
    [DESIGN_FIXED] = {.fixed = 5, .anytime = 0},
};

struct design_levels design_levels(enum design design, double alpha)
{
    return (struct design_levels){.fixed = alpha * shares[design].fixed / 5,
                                  .anytime = alpha * shares[design].anytime / 5};
}

double design_p(enum design design, const struct design_evidence *evidence)
{
    double p = 1;
    if (shares[design].anytime > 0)
        p = fmin(p, evidence->p_now * 5 / shares[design].anytime);
    if (shares[design].fixed > 0 && evidence->final)
        p = fmin(p, evidence->p_fixed * 5 / shares[design].fixed);
    return p;
}
