/*
 * Chandrupatla's method: inverse quadratic interpolation where the three latest points say that it
 * is safe, bisection else.  At most a few times slower than bisection, usually 5 to 10 evaluations.
 *
 * Accuracy  the bracket ends within 4 units in the last place of x.
 * Reference Chandrupatla (1997), Advances in Engineering Software 28:145-149.
 */

#include "stats/root.h"

#include <float.h>
#include <math.h>

/* Halvings of the widest bracket of doubles, far more than interpolation needs. */
#define STEPS_MAX 2200

struct point {
    double x, y;
};

/* The fraction of the bracket, counted from `a`, at which to look next. */
static double next_fraction(struct point a, struct point b, struct point c)
{
    double xi = (a.x - b.x) / (c.x - b.x);
    double phi = (a.y - b.y) / (c.y - b.y);
    if (!(phi * phi < xi && (1 - phi) * (1 - phi) < 1 - xi))
        return .5;
    return a.y / (b.y - a.y) * c.y / (b.y - c.y) +
           (c.x - a.x) / (b.x - a.x) * a.y / (c.y - a.y) * b.y / (c.y - b.y);
}

/* The least step that is worth a look beside x. */
static double nearness(double x)
{
    return 2 * DBL_EPSILON * fabs(x) + DBL_MIN;
}

/* Inside the bracket, not nearer to its ends than is worth a look: rounding alone can carry a step
 * from a far end past a near one. */
static double step_inside(struct point a, struct point b, double fraction)
{
    double left = fmin(a.x, b.x), right = fmax(a.x, b.x);
    double x = a.x + fraction * (b.x - a.x);
    return fmax(left + nearness(left), fmin(right - nearness(right), x));
}

double root_between(root_function *function, const void *about, double low, double high)
{
    struct point a = {high, function(high, about)}, b = {low, function(low, about)}, c = a;
    double fraction = .5;
    for (int step = 0; step < STEPS_MAX; step++) {
        struct point best = fabs(a.y) < fabs(b.y) ? a : b;
        if (best.y == 0 || fabs(b.x - a.x) < 2 * nearness(best.x))
            return best.x;
        struct point t = {.x = step_inside(a, b, fraction)};
        t.y = function(t.x, about);
        if (signbit(t.y) == signbit(a.y)) {
            c = a;
        } else {
            c = b;
            b = a;
        }
        a = t;
        fraction = next_fraction(a, b, c);
    }
    return a.x;
}
