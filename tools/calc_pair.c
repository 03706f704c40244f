/* Two rates, as several families of `gangway calc` read them. */

#include "calc_pair.h"

#include <math.h>

struct proportion calc_rate(struct calc *call, const char *successes, const char *units)
{
    struct proportion rate = {.successes = calc_count(call, successes),
                              .units = calc_count(call, units)};
    if (!calc_failed(call) && rate.successes > rate.units)
        calc_bad(call, successes, "is above %s", units);
    return rate;
}

struct proportion_pair calc_pair(struct calc *call)
{
    return (struct proportion_pair){
        .treatment = calc_rate(call, "x_treatment", "n_treatment"),
        .control = calc_rate(call, "x_control", "n_control"),
    };
}

void calc_put_ratio(struct calc *call, const char *name, const struct proportion_pair *pair,
                    enum score_variance variance, double alpha)
{
    struct ratio_interval interval = {0};
    enum reason reason = proportion_ratio_interval(pair, variance, alpha, &interval);
    if (reason)
        calc_put_reason(call, name, reason);
    else
        calc_put_limits(call, name, interval.low, interval.unbounded ? HUGE_VAL : interval.high);
}
