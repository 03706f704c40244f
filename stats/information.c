/*
 * Time to event under looks: the ratio of informations, and the doors to the one layer.
 *
 * Ratio     r_k = (I_k/I_0) (units_0/N*), I the variance of the log-rank score or 1/s^2.
 * Log-rank  value U/V, se 1/sqrt(V): z = U/sqrt(V).
 *
 * Assumes   units that enter over time, each watched from its first exposure; then scores and
 *           differences have independent increments in information, asymptotically.
 * Not for   a tau, an N* or a first look chosen after the data; units / N* as the clock.
 * Accuracy  closed forms; the any-look error by simulation (tests/stats/test_information.c).
 * Reference Tsiatis (1981), Biometrika 68:311-315; Jennison and Turnbull (2000), Group Sequential
 *           Methods, 13; Peto et al. (1977), British Journal of Cancer 35:1-39 (one-step ratio).
 */

#include "stats/information.h"

#include <math.h>

static bool is_positive(double value)
{
    return value > 0 && isfinite(value);
}

enum reason information_of_se(double se, double *information)
{
    if (!(se >= 0) || !isfinite(se))
        return REASON_INVALID;
    if (se == 0)
        return REASON_NO_VARIATION;
    double result = 1 / se / se;
    if (!is_positive(result))
        return REASON_NOT_FINITE;
    *information = result;
    return REASON_NONE;
}

enum reason information_ratio(const struct information *first, double planned, double information,
                              double *ratio)
{
    if (!is_positive(first->information) || !is_positive(first->units) || !is_positive(planned) ||
        !is_positive(information))
        return REASON_INVALID;
    double result = information / first->information * (first->units / planned);
    if (!is_positive(result))
        return REASON_NOT_FINITE;
    *ratio = result;
    return REASON_NONE;
}

/* A difference whose se is 0 has no test. */
static enum reason estimate_finish(double value, double se, double ratio, struct estimate *estimate)
{
    if (se == 0)
        return REASON_NO_VARIATION;
    return estimate_of_value(value, se, 0, ratio, estimate);
}

enum reason estimate_of_log_rank(const struct log_rank_score *score, double ratio,
                                 struct estimate *estimate)
{
    if (!isfinite(score->score) || !is_positive(score->variance))
        return REASON_INVALID;
    return estimate_finish(score->score / score->variance, 1 / sqrt(score->variance), ratio,
                           estimate);
}

enum reason estimate_of_restricted_means(const struct restricted_mean *treatment,
                                         const struct restricted_mean *control, double ratio,
                                         struct estimate *estimate)
{
    double difference, se;
    enum reason reason = restricted_mean_difference(treatment, control, &difference, &se);
    return reason ? reason : estimate_finish(difference, se, ratio, estimate);
}

enum reason estimate_of_reached(const struct survival_point *treatment,
                                const struct survival_point *control, double ratio,
                                struct estimate *estimate)
{
    double se_treatment, se_control;
    enum reason reason = survival_se(treatment, &se_treatment);
    if (!reason)
        reason = survival_se(control, &se_control);
    if (reason)
        return reason;
    return estimate_finish(control->survival - treatment->survival, hypot(se_treatment, se_control),
                           ratio, estimate);
}

enum reason estimate_of_incidence(const struct incidence_point *treatment,
                                  const struct incidence_point *control, double ratio,
                                  struct estimate *estimate)
{
    double difference, se;
    enum reason reason = incidence_difference(treatment, control, &difference, &se);
    return reason ? reason : estimate_finish(difference, se, ratio, estimate);
}
