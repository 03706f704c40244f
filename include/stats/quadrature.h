#ifndef STATS_QUADRATURE_H
#define STATS_QUADRATURE_H

/*
 * Integrals of smooth functions by Gauss and Legendre's rule of 16 points a panel: what the beta
 * tails, Dunnett's value and the group sequential levels are summed by.  The caller chooses panels
 * narrow enough for its function; a bell of standard deviation s is exact to the last digits with
 * panels of 2 s.
 */

#include <stddef.h>

#define GAUSS_POINTS 16

struct gauss_panel {
    double at[GAUSS_POINTS];     /* ascending, inside the panel */
    double weight[GAUSS_POINTS]; /* their sum is the panel's width */
};

/* The points and weights of the panel from `low` to `high`. */
void gauss_panel(double low, double high, struct gauss_panel *panel);

typedef double integrand(double x, const void *about);

/* The integral of `function` from `low` to `high` as one panel, or as `panels` equal ones. */
double integral_panel(integrand *function, const void *about, double low, double high);
double integral_panels(integrand *function, const void *about, double low, double high,
                       size_t panels);

#endif
