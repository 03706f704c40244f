/*
 * Association of two binary outcomes, and of a score with one.
 *
 * Phi        (n11 n00 - n10 n01) / sqrt(product of the four margins);
 *            interval tanh(atanh(phi) +- z/sqrt(N-3)).  N phi^2 is Pearson's chi-square.
 * Ratios     of shares p1/p0 and of odds n11 n00/(n10 n01), intervals on the log scale.
 * AUC        with m scores X of those who came back, n scores Y of the others: the mean of
 *            psi(X, Y) = 1 above, 1/2 equal, 0 below.
 * DeLong     V10(i) = mean of psi(X_i, .), V01(j) = mean of psi(., Y_j); the variance of the AUC
 *            is S10/m + S01/n, S the sample variances.
 *
 * Assumes    independent units.  Phi's interval is that of a correlation of normal values: rough
 *            where a margin is small.
 * Not for    proof: who activates differs from who does not.  AUC near 0 or 1 with few of a kind
 *            (the interval is cut at the border).
 * Accuracy   1e-9 of R's cor, epitools and pROC; a histogram says what its rows say
 *            (tests/stats/test_association.c).
 * Reference  Fisher (1921), Metron 1:3-32; Katz et al. (1978), Biometrics 34:469-474; Woolf
 *            (1955), Annals of Human Genetics 19:251-253; DeLong, DeLong, Clarke-Pearson (1988),
 *            Biometrics 44:837-845.
 */

#include "stats/association.h"
#include "stats/normal.h"

#include <math.h>

__extension__ typedef __int128 wide;

/* Products of two counts stay exact, and a margin in doubles too. */
#define UNITS_MAX ((uint64_t)1 << 40)

struct margins {
    double activated, others, retained, lost;
};

static enum reason margins_of(const struct two_by_two *table, struct margins *margins)
{
    uint64_t largest = table->n11 | table->n10 | table->n01 | table->n00;
    if (largest >= UNITS_MAX)
        return REASON_INVALID;
    if (largest == 0)
        return REASON_NO_UNITS;
    *margins = (struct margins){
        (double)(table->n11 + table->n10),
        (double)(table->n01 + table->n00),
        (double)(table->n11 + table->n01),
        (double)(table->n10 + table->n00),
    };
    return REASON_NONE;
}

enum reason association_shares(const struct two_by_two *table, double *activated, double *others)
{
    struct margins m;
    enum reason reason = margins_of(table, &m);
    if (reason)
        return reason;
    if (m.activated == 0 || m.others == 0)
        return REASON_NO_UNITS;
    *activated = (double)table->n11 / m.activated;
    *others = (double)table->n01 / m.others;
    return REASON_NONE;
}

enum reason association_phi(const struct two_by_two *table, double *phi)
{
    struct margins m;
    enum reason reason = margins_of(table, &m);
    if (reason)
        return reason;
    if (m.activated == 0 || m.others == 0 || m.retained == 0 || m.lost == 0)
        return REASON_NO_VARIATION;
    double cross =
        (double)((wide)table->n11 * (wide)table->n00 - (wide)table->n10 * (wide)table->n01);
    double scale = sqrt(m.activated) * sqrt(m.others) * sqrt(m.retained) * sqrt(m.lost);
    /* An empty diagonal is a phi of 1 or -1, which the roots may miss by a bit. */
    if ((table->n10 | table->n01) == 0 || (table->n11 | table->n00) == 0)
        *phi = copysign(1, cross);
    else
        *phi = cross / scale;
    return REASON_NONE;
}

enum reason association_phi_interval(const struct two_by_two *table, double alpha,
                                     struct interval *interval)
{
    double phi,
        units = (double)table->n11 + (double)table->n10 + (double)table->n01 + (double)table->n00;
    enum reason reason = association_phi(table, &phi);
    if (reason)
        return reason;
    if (!alpha_is_valid(alpha))
        return REASON_INVALID;
    if (units <= 3)
        return REASON_TOO_FEW;
    if (fabs(phi) == 1) {
        *interval = (struct interval){phi, phi};
        return REASON_NONE;
    }
    double half = normal_z_two_sided(alpha) / sqrt(units - 3), z = atanh(phi);
    *interval = (struct interval){tanh(z - half), tanh(z + half)};
    return REASON_NONE;
}

enum reason association_chi_square(const struct two_by_two *table, struct chi_square *test)
{
    double phi,
        units = (double)table->n11 + (double)table->n10 + (double)table->n01 + (double)table->n00;
    enum reason reason = association_phi(table, &phi);
    return reason ? reason : chi_square_tail(units * phi * phi, 1, test);
}

static enum reason ratio_finish(double ratio, double log_variance, double alpha,
                                struct association_ratio *result)
{
    if (!alpha_is_valid(alpha))
        return REASON_INVALID;
    double se = sqrt(fmax(0, log_variance)), half = normal_z_two_sided(alpha) * se;
    struct interval interval = {ratio * exp(-half), ratio * exp(half)};
    if (!isfinite(interval.high))
        return REASON_NOT_FINITE;
    *result = (struct association_ratio){ratio, se, interval};
    return REASON_NONE;
}

enum reason association_risk_ratio(const struct two_by_two *table, double alpha,
                                   struct association_ratio *ratio)
{
    double activated, others;
    enum reason reason = association_shares(table, &activated, &others);
    if (reason)
        return reason;
    if (table->n11 == 0 || table->n01 == 0)
        return REASON_NO_EVENTS;
    /* (1 - p)/x for 1/x - 1/n, which cancels when nearly all came back. */
    double n1 = (double)(table->n11 + table->n10), n0 = (double)(table->n01 + table->n00);
    double variance =
        (double)table->n10 / n1 / (double)table->n11 + (double)table->n00 / n0 / (double)table->n01;
    return ratio_finish(activated / others, variance, alpha, ratio);
}

enum reason association_odds_ratio(const struct two_by_two *table, double alpha,
                                   struct association_ratio *ratio)
{
    struct margins m;
    enum reason reason = margins_of(table, &m);
    if (reason)
        return reason;
    if (table->n11 == 0 || table->n10 == 0 || table->n01 == 0 || table->n00 == 0)
        return REASON_NO_EVENTS;
    double a = (double)table->n11, b = (double)table->n10;
    double c = (double)table->n01, d = (double)table->n00;
    return ratio_finish(a / b * (d / c), 1 / a + 1 / b + 1 / c + 1 / d, alpha, ratio);
}

enum reason association_auc(const struct ranked *retained, const struct ranked *others, double *auc)
{
    struct mann_whitney ranks;
    enum reason reason = mann_whitney_of(retained, others, &ranks);
    if (reason == REASON_NO_VARIATION) {
        *auc = .5; /* every pair is a tie */
        return REASON_NONE;
    }
    if (!reason)
        *auc = ranks.superiority;
    return reason;
}

static double score_at(const struct ranked *ranked, size_t i)
{
    return ranked->values ? ranked->values[i] : (double)i;
}

static uint64_t units_at(const struct ranked *ranked, size_t i)
{
    return ranked->units ? ranked->units[i] : 1;
}

/* How the units of `own` are placed among the others: the share of `against` below each, an equal
 * one counting 1/2, as squares about `share`.  Equal scores are one step, so that a histogram and
 * its rows give the same sums. */
struct placements {
    double units, squares;
};

static struct placements placements_of(const struct ranked *own, const struct ranked *against,
                                       double share)
{
    struct placements sums = {0};
    uint64_t below = 0, all = 0;
    for (size_t j = 0; j < against->count; j++)
        all += units_at(against, j);
    for (size_t i = 0, j = 0; i < own->count;) {
        double score = score_at(own, i);
        uint64_t units = 0, equal = 0;
        for (; i < own->count && score_at(own, i) == score; i++)
            units += units_at(own, i);
        for (; j < against->count && score_at(against, j) < score; j++)
            below += units_at(against, j);
        for (; j < against->count && score_at(against, j) == score; j++)
            equal += units_at(against, j);
        double gap = ((double)below + (double)equal / 2) / (double)all - share;
        sums.units += (double)units;
        sums.squares += (double)units * gap * gap;
        below += equal;
    }
    return sums;
}

enum reason association_auc_variance(const struct ranked *retained, const struct ranked *others,
                                     double *variance)
{
    double auc;
    enum reason reason = association_auc(retained, others, &auc);
    if (reason)
        return reason;
    /* V01 counts who is below, not above: its gap from 1 - auc has the same square. */
    struct placements v10 = placements_of(retained, others, auc);
    struct placements v01 = placements_of(others, retained, 1 - auc);
    if (v10.units < 2 || v01.units < 2)
        return REASON_ONE_UNIT;
    *variance =
        v10.squares / (v10.units - 1) / v10.units + v01.squares / (v01.units - 1) / v01.units;
    return REASON_NONE;
}

enum reason association_auc_interval(const struct ranked *retained, const struct ranked *others,
                                     double alpha, struct interval *interval)
{
    double auc, variance;
    enum reason reason = association_auc(retained, others, &auc);
    if (!reason)
        reason = association_auc_variance(retained, others, &variance);
    if (reason)
        return reason;
    if (!alpha_is_valid(alpha))
        return REASON_INVALID;
    double half = normal_z_two_sided(alpha) * sqrt(variance);
    *interval = (struct interval){fmax(0, auc - half), fmin(1, auc + half)};
    return REASON_NONE;
}

void association_scores_of(const struct two_by_two *table, struct association_scores *scores)
{
    *scores = (struct association_scores){
        .units = {table->n01, table->n11, table->n00, table->n10},
        .retained = {.units = scores->units, .count = 2},
        .others = {.units = scores->units + 2, .count = 2},
    };
}
