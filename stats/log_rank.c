/*
 * The log-rank test: are the curves of two or more variants the same?
 *
 * At each event time, d events among n at risk, n_j of them in group j:
 *   expected  E_j = w d n_j/n
 *   variance  V_jl = w^2 d (n - d)/(n - 1) (n_j/n) ([j = l] - n_l/n), hypergeometric
 *   weight    w = 1 (log-rank), or S(t-) of all groups together (Peto and Peto's, rho = 1)
 * summed over times and strata; chi-square = (O - E)' V^-1 (O - E) over all groups but one.
 *
 * Assumes   independent units; censoring that tells nothing of the event, and alike in the groups.
 * Not for   curves that cross: early and late differences cancel; compare restricted means.  With
 *           competing ends it compares cause-specific hazards, not the shares that arrive.
 * Accuracy  1e-9 of R survival 3.5.3, survdiff with rho 0 and 1, two and four groups, strata
 *           (tests/stats/test_log_rank.c).
 * Reference Mantel (1966), Cancer Chemotherapy Reports 50:163-170; Peto and Peto (1972), JRSS A
 *           135:185-207; Harrington and Fleming (1982), Biometrika 69:553-566.
 */

#include "stats/log_rank.h"

#include <math.h>

/* A pivot below this share of its diagonal is rounding: the groups never met at risk. */
#define PIVOT_MIN 1e-10

static void log_rank_count(struct log_rank *sums, const struct life_moment *at, double weight)
{
    double n = at->all_at_risk, d = at->all_events;
    double spread = n > 1 ? weight * weight * d * ((n - d) / (n - 1)) : 0;
    double shares[LIFE_TABLES_MAX];
    for (size_t j = 0; j < sums->groups; j++)
        shares[j] = at->at_risk[j] / n;
    for (size_t j = 0; j < sums->groups; j++) {
        sums->observed[j] += weight * at->events[j];
        sums->expected[j] += weight * d * shares[j];
        /* 1 - share, without loss when the group is nearly all. */
        double others = 0;
        for (size_t l = 0; l < sums->groups; l++) {
            if (l == j)
                continue;
            others += shares[l];
            sums->variance[j][l] -= spread * shares[j] * shares[l];
        }
        sums->variance[j][j] += spread * shares[j] * others;
    }
}

static enum reason tables_check(const struct life_table *tables, size_t groups)
{
    for (size_t j = 0; j < groups; j++) {
        enum reason reason = life_table_check(&tables[j]);
        if (reason && reason != REASON_NO_UNITS)
            return reason;
    }
    return REASON_NONE;
}

enum reason log_rank_add(struct log_rank *sums, const struct life_table *tables, size_t groups,
                         enum log_rank_weight weight)
{
    if (groups < 2 || groups > LIFE_TABLES_MAX || (sums->groups && sums->groups != groups))
        return REASON_INVALID;
    enum reason reason = tables_check(tables, groups);
    if (reason)
        return reason;
    struct life_walk walk = {.tables = tables, .count = groups};
    struct life_moment moment;
    double survival = 1;
    sums->groups = groups;
    while (life_walk_next(&walk, &moment)) {
        log_rank_count(sums, &moment, survival);
        if (weight == LOG_RANK_PETO)
            survival *= (moment.all_at_risk - moment.all_events) / moment.all_at_risk;
    }
    return REASON_NONE;
}

/* gap' V^-1 gap by Cholesky, in place; negative when V is singular. */
static double quadratic_form(double v[LIFE_TABLES_MAX][LIFE_TABLES_MAX], double *gap, size_t size)
{
    double sum = 0;
    for (size_t i = 0; i < size; i++) {
        double diagonal = v[i][i];
        for (size_t j = 0; j < i; j++) {
            for (size_t k = 0; k < j; k++)
                v[i][j] -= v[i][k] * v[j][k];
            v[i][j] /= v[j][j];
            v[i][i] -= v[i][j] * v[i][j];
            gap[i] -= v[i][j] * gap[j];
        }
        if (!(v[i][i] > PIVOT_MIN * diagonal))
            return -1;
        v[i][i] = sqrt(v[i][i]);
        gap[i] /= v[i][i];
        sum += gap[i] * gap[i];
    }
    return sum;
}

static enum reason sums_check(const struct log_rank *sums)
{
    if (sums->groups < 2 || sums->groups > LIFE_TABLES_MAX)
        return REASON_INVALID;
    double expected = 0, variance = 0;
    size_t groups = 0;
    for (size_t j = 0; j < sums->groups; j++) {
        expected += sums->expected[j];
        variance += sums->variance[j][j];
        groups += sums->expected[j] > 0;
    }
    if (!isfinite(expected) || !isfinite(variance))
        return REASON_INVALID;
    if (!(expected > 0))
        return REASON_NO_EVENTS;
    if (groups < 2)
        return REASON_TOO_FEW;
    return variance > 0 ? REASON_NONE : REASON_NO_VARIATION;
}

enum reason log_rank_test(const struct log_rank *sums, struct chi_square *test)
{
    enum reason reason = sums_check(sums);
    if (reason)
        return reason;
    /* Groups that expect an event; any one of them can be left out. */
    size_t kept[LIFE_TABLES_MAX], size = 0;
    for (size_t j = 0; j < sums->groups; j++)
        if (sums->expected[j] > 0)
            kept[size++] = j;
    size--;
    double v[LIFE_TABLES_MAX][LIFE_TABLES_MAX], gap[LIFE_TABLES_MAX];
    for (size_t i = 0; i < size; i++) {
        gap[i] = sums->observed[kept[i + 1]] - sums->expected[kept[i + 1]];
        for (size_t j = 0; j < size; j++)
            v[i][j] = sums->variance[kept[i + 1]][kept[j + 1]];
    }
    double statistic = quadratic_form(v, gap, size);
    if (statistic < 0)
        return REASON_NO_VARIATION;
    return chi_square_tail(statistic, (unsigned)size, test);
}

enum reason log_rank_score_of(const struct log_rank *sums, struct log_rank_score *score)
{
    if (sums->groups != 2)
        return REASON_INVALID;
    enum reason reason = sums_check(sums);
    if (reason)
        return reason;
    *score = (struct log_rank_score){.score = sums->observed[1] - sums->expected[1],
                                     .variance = sums->variance[1][1]};
    return REASON_NONE;
}
