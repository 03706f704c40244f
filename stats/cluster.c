/*
 * Shares of members within accounts, the account being what was randomised.
 *
 * Over the sizes s >= 1 of accounts with members: G accounts, M members, Y active, R = Y/M,
 * E_s = Q_s - 2 R s Y_s + R^2 s^2 G_s, the squared residuals of the accounts of size s.
 *
 * Pooled, delta  var R = G/(G - 1) sum E_s / M^2, G - 1 degrees of freedom: ratio.c's with the
 *                accounts as units.
 * Pooled, CR2    var R = sum E_s/(1 - s/M) / M^2.  Of a difference the degrees of freedom are
 *                    (sum_j 1/M_j)^2 / sum_j {sum G_s s^2/M_j^4 +
 *                                             [(sum G_s h_s)^2 - sum G_s h_s^2]/M_j^6},
 *                h_s = s^2/(1 - s/M_j): Satterthwaite's, with 1/M_j as weights and
 *                1/{M_j^2 ...} as each variant's own.
 * Mean of shares a/G with s^2 = (b - a^2/G)/(G - 1), a = sum Y_s/s, b = sum Q_s/s^2, variance
 *                s^2/G, G - 1 degrees of freedom: Welch on the accounts' shares.
 * How            sums and E_s are exact; the CR2 sum adds them, each rounded once and none below 0.
 *                a and b are binary fractions with so many digits that what is cut cannot reach the
 *                double: two shares that differ do so by 1/s^2 or more, so G b - a^2 is 0 or at
 *                least s_max^-4.
 *
 * Assumes        independent accounts; their number, not that of members, is the sample.
 * Not for        a handful of accounts, or one that holds most members: CR2 with 3 degrees of
 *                freedom is honest and says little.
 * Accuracy       1e-9 relative to R's survey and clubSandwich (tests/stats/reference:
 *                ratio_cluster.ndjson).  A 95 % interval of the delta kind with t covers 92.2 %
 *                with 10 accounts a variant, 93.4 % with 20, 94.2 % with 50 (statistics.md).
 * Reference      Deng, Knoblich, Lu (2018), KDD, arXiv 1803.06336; Bell and McCaffrey (2002),
 *                Survey Methodology 28:169-181; Pustejovsky and Tipton (2018), JBES 36:672-683.
 */

#include "stats/cluster.h"
#include "exact.h"
#include "stats/ratio.h"

#include <math.h>

/* Sums stay below this, so that no product of two fields leaves an int128. */
#define SUM_BITS 120
#define SUM_MAX 0x1p120

/* Binary digits beyond those that an error analysis asks for. */
#define GUARD_BITS 128

#define SMALL_SUM ((int128)1 << 31)
#define SMALL_SQUARES ((int128)1 << 62)

/* Everything that the estimators ask of the sizes, over accounts with members. */
struct totals {
    struct ratio_sums sums; /* y over members, the accounts as units */
    uint64_t empty;         /* accounts without members */
    uint64_t largest;       /* size */
};

static double step_of(const struct cluster *cluster)
{
    return cluster->step == 0 ? 1 : cluster->step;
}

/* Sums of a size as those of any real experiment. */
static bool size_is_small(const struct cluster_size *at)
{
    return at->y > -SMALL_SUM && at->y < SMALL_SUM && at->yy > -SMALL_SQUARES &&
           at->yy < SMALL_SQUARES && at->size < 1 << 25 && at->accounts < UINT64_C(1) << 38;
}

/* Whether accounts can have the sums of this size: y^2 <= accounts yy. */
static bool size_is_possible(const struct cluster_size *at)
{
    if (size_is_small(at))
        return at->yy >= 0 && at->y * at->y <= (int128)at->accounts * at->yy;
    double size = (double)at->size, accounts = (double)at->accounts;
    if (at->yy < 0 || fabs((double)at->y) * size > SUM_MAX || (double)at->yy > SUM_MAX ||
        size * size * accounts > SUM_MAX || size * accounts >= 0x1p63)
        return false;
    if (fabs((double)at->y) < 0x1p62 && accounts * (double)at->yy < SUM_MAX)
        return at->y * at->y <= (int128)at->accounts * at->yy;
    mpz_t cross;
    mpz_init(cross);
    exact_set_cross(cross, at->accounts, at->yy, at->y, at->y);
    bool possible = mpz_sgn(cross) >= 0;
    mpz_clear(cross);
    return possible;
}

static bool sum_fits(int128 sum)
{
    int128 most = (int128)1 << SUM_BITS;
    return sum < most && sum > -most;
}

static bool totals_fit(const struct ratio_sums *sums)
{
    return sums->units < UINT64_C(1) << 63 && sums->s < (int128)1 << 63 && sum_fits(sums->ss) &&
           sum_fits(sums->yy) && sum_fits(sums->ys) && sum_fits(sums->y);
}

static enum reason totals_of(const struct cluster *cluster, struct totals *totals)
{
    struct totals result = {.sums = {.step_y = step_of(cluster), .step_s = 1}};
    struct ratio_sums *sums = &result.sums;
    for (size_t i = 0; i < cluster->count; i++) {
        const struct cluster_size *at = &cluster->sizes[i];
        if ((i && at->size <= at[-1].size) || !size_is_possible(at) || !totals_fit(sums))
            return REASON_INVALID;
        if (at->accounts == 0)
            continue;
        if (at->size == 0) {
            result.empty = at->accounts;
            continue;
        }
        result.largest = at->size;
        sums->units += at->accounts;
        sums->s += (int128)at->size * (int128)at->accounts;
        sums->ss += (int128)at->size * (int128)at->size * (int128)at->accounts;
        sums->y += at->y;
        sums->yy += at->yy;
        sums->ys += (int128)at->size * at->y;
    }
    if (!totals_fit(sums))
        return REASON_INVALID;
    *totals = result;
    return REASON_NONE;
}

enum reason cluster_totals(const struct cluster *cluster, struct cluster_totals *totals)
{
    struct totals found;
    enum reason reason = totals_of(cluster, &found);
    if (!reason)
        *totals = (struct cluster_totals){
            .accounts = found.sums.units, .empty = found.empty, .members = (uint64_t)found.sums.s};
    return reason;
}

static bool is_few(const struct cluster *cluster)
{
    struct cluster_totals totals;
    return cluster_totals(cluster, &totals) || totals.accounts < CLUSTER_ACCOUNTS_FEW;
}

enum cluster_method cluster_method(const struct cluster *treatment, const struct cluster *control)
{
    return is_few(treatment) || (control && is_few(control)) ? CLUSTER_CR2 : CLUSTER_DELTA;
}

/* The next two take the sums of accounts with members, of which there is one or more. */
static enum reason members_of(const struct cluster *cluster, struct totals *totals)
{
    struct totals result;
    enum reason reason = totals_of(cluster, &result);
    if (!reason && result.sums.units == 0)
        reason = REASON_NO_UNITS;
    if (!reason)
        *totals = result;
    return reason;
}

static enum reason two_of(const struct cluster *cluster, struct totals *totals)
{
    struct totals result;
    enum reason reason = members_of(cluster, &result);
    if (!reason && result.sums.units == 1)
        reason = REASON_TOO_FEW;
    if (!reason)
        *totals = result;
    return reason;
}

enum reason cluster_pooled_share(const struct cluster *cluster, double *share)
{
    struct totals totals;
    enum reason reason = members_of(cluster, &totals);
    return reason ? reason : ratio_value(&totals.sums, share);
}

/* M^2 E_s = M^2 Q_s - 2 M Y s Y_s + Y^2 s^2 G_s where no term passes 2^125; false elsewhere. */
static bool small_residuals(const struct ratio_sums *sums, const struct cluster_size *at,
                            int128 *value)
{
    int128 m = sums->s, y = sums->y, size = (int128)at->size;
    if (m >= 1 << 30 || y <= -SMALL_SUM || y >= SMALL_SUM || !size_is_small(at))
        return false;
    *value =
        m * m * at->yy - 2 * m * y * size * at->y + y * y * size * (size * (int128)at->accounts);
    return true;
}

/* The same of any size. */
static double large_residuals(const struct ratio_sums *sums, const struct cluster_size *at)
{
    mpz_t value, size, share, term;
    mpz_inits(value, size, share, term, NULL);
    exact_set(size, sums->s);
    exact_set(share, sums->y);
    exact_set_count(term, at->size);
    mpz_mul(share, share, term);
    exact_set(value, at->yy);
    mpz_mul(value, value, size);
    exact_set(term, 2 * at->y);
    mpz_submul(value, term, share);
    mpz_mul(value, value, size);
    exact_set_count(term, at->accounts);
    mpz_mul(term, term, share);
    mpz_addmul(value, term, share);
    mpz_set_ui(term, 1);
    double result = exact_quotient(value, term);
    mpz_clears(value, size, share, term, NULL);
    return result;
}

/* sum E_s/(1 - s/M) / M^2 */
static double cr2_variance(const struct cluster *cluster, const struct ratio_sums *sums)
{
    double sum = 0, members = (double)sums->s;
    for (size_t i = 0; i < cluster->count; i++) {
        const struct cluster_size *at = &cluster->sizes[i];
        int128 small;
        if (at->accounts == 0 || at->size == 0)
            continue;
        double residuals =
            small_residuals(sums, at, &small) ? (double)small : large_residuals(sums, at);
        sum += residuals / (double)(sums->s - (int128)at->size);
    }
    /* M^2 E_s/(M - s) was added where E_s/(M (M - s)) was asked for. */
    return sum / members / members / members * sums->step_y * sums->step_y;
}

/* One variant's degrees of freedom under CR2: 1 / {sum u^2 + (sum t)^2 - sum t^2} over accounts,
 * u = s/M, t = u^2/(1 - u).  The last two as sums over pairs, for an account may hold nearly all
 * members. */
static double cr2_df(const struct cluster *cluster, const struct ratio_sums *sums)
{
    double squares = 0, pairs = 0, before = 0, members = (double)sums->s;
    for (size_t i = 0; i < cluster->count; i++) {
        const struct cluster_size *at = &cluster->sizes[i];
        if (at->accounts == 0 || at->size == 0)
            continue;
        double u = (double)at->size / members, accounts = (double)at->accounts;
        double t = u * ((double)at->size / (double)(sums->s - (int128)at->size));
        squares += accounts * u * u;
        pairs += accounts * t * (2 * before + (accounts - 1) * t);
        before += accounts * t;
    }
    return 1 / (squares + pairs);
}

static enum reason cr2_value(const struct cluster *cluster, const struct ratio_sums *sums,
                             struct variant_value *value)
{
    struct variant_value result = {.units = (double)sums->units};
    enum reason reason = ratio_value(sums, &result.value);
    if (reason)
        return reason;
    result.variance = cr2_variance(cluster, sums);
    result.weight = 1 / (double)sums->s;
    result.df = cr2_df(cluster, sums);
    if (!isfinite(result.variance))
        return REASON_NOT_FINITE;
    *value = result;
    return REASON_NONE;
}

enum reason cluster_pooled(const struct cluster *cluster, enum cluster_method method,
                           struct variant_value *value)
{
    struct totals totals;
    enum reason reason = two_of(cluster, &totals);
    if (!reason && method == CLUSTER_CR2)
        return cr2_value(cluster, &totals.sums, value);
    return reason ? reason : ratio_of_sums(&totals.sums, value);
}

/* Sums of shares as binary fractions: a = sum Y_s/s and b = sum Q_s/s^2, times 2^bits. */
struct shares {
    mpz_t a, b;
    mp_bitcnt_t bits;
};

static unsigned bit_length(uint64_t value)
{
    return value ? 64 - (unsigned)__builtin_clzll(value) : 0;
}

static void shares_init(struct shares *shares, const struct cluster *cluster,
                        const struct totals *totals)
{
    mpz_t term, size;
    mpz_inits(shares->a, shares->b, term, size, NULL);
    exact_set(term, totals->sums.y);
    shares->bits = GUARD_BITS + mpz_sizeinbase(term, 2) + 4 * bit_length(totals->largest) +
                   bit_length(totals->sums.units) + bit_length(cluster->count);
    for (size_t i = 0; i < cluster->count; i++) {
        const struct cluster_size *at = &cluster->sizes[i];
        if (at->accounts == 0 || at->size == 0)
            continue;
        exact_set_count(size, at->size);
        exact_set(term, at->y);
        mpz_mul_2exp(term, term, shares->bits);
        mpz_fdiv_q(term, term, size);
        mpz_add(shares->a, shares->a, term);
        mpz_mul(size, size, size);
        exact_set(term, at->yy);
        mpz_mul_2exp(term, term, shares->bits);
        mpz_fdiv_q(term, term, size);
        mpz_add(shares->b, shares->b, term);
    }
    mpz_clears(term, size, NULL);
}

static void shares_done(struct shares *shares)
{
    mpz_clears(shares->a, shares->b, NULL);
}

/* a/G */
static double shares_mean(const struct shares *shares, const struct totals *totals)
{
    mpz_t numerator, denominator;
    mpz_inits(numerator, denominator, NULL);
    mpz_set(numerator, shares->a);
    exact_set_count(denominator, totals->sums.units);
    mpz_mul_2exp(denominator, denominator, shares->bits);
    exact_scale(numerator, denominator, totals->sums.step_y, 1);
    double mean = exact_quotient(numerator, denominator);
    mpz_clears(numerator, denominator, NULL);
    return mean;
}

/* (G b - a^2) / (G^2 (G - 1)): below 0 only for sums that no accounts have. */
static double shares_variance(const struct shares *shares, const struct totals *totals)
{
    mpz_t numerator, denominator, units;
    mpz_inits(numerator, denominator, units, NULL);
    exact_set_count(units, totals->sums.units);
    mpz_mul(numerator, shares->b, units);
    mpz_mul_2exp(numerator, numerator, shares->bits);
    mpz_submul(numerator, shares->a, shares->a);
    mpz_mul(denominator, units, units);
    mpz_sub_ui(units, units, 1);
    mpz_mul(denominator, denominator, units);
    mpz_mul_2exp(denominator, denominator, 2 * shares->bits);
    exact_scale(numerator, denominator, totals->sums.step_y, 2);
    double variance = exact_quotient(numerator, denominator);
    mpz_clears(numerator, denominator, units, NULL);
    return variance;
}

enum reason cluster_mean_share(const struct cluster *cluster, double *share)
{
    struct totals totals;
    struct shares shares;
    enum reason reason = members_of(cluster, &totals);
    double pooled;
    if (!reason)
        reason = ratio_value(&totals.sums, &pooled);
    if (reason)
        return reason;
    shares_init(&shares, cluster, &totals);
    double result = shares_mean(&shares, &totals);
    shares_done(&shares);
    if (!isfinite(result))
        return REASON_NOT_FINITE;
    *share = result;
    return REASON_NONE;
}

enum reason cluster_mean(const struct cluster *cluster, struct variant_value *value)
{
    struct totals totals;
    struct variant_value pooled;
    struct shares shares;
    enum reason reason = two_of(cluster, &totals);
    if (!reason)
        reason = ratio_of_sums(&totals.sums, &pooled);
    if (reason)
        return reason;
    shares_init(&shares, cluster, &totals);
    double mean = shares_mean(&shares, &totals);
    /* All accounts have the same share exactly when none has a residual from the pooled one. */
    double variance = pooled.variance > 0 ? shares_variance(&shares, &totals) : 0;
    shares_done(&shares);
    if (variance < 0)
        return REASON_INVALID;
    if (!isfinite(mean) || !isfinite(variance))
        return REASON_NOT_FINITE;
    *value = (struct variant_value){.units = pooled.units,
                                    .value = mean,
                                    .variance = variance,
                                    .weight = variance,
                                    .df = pooled.df};
    return REASON_NONE;
}

enum reason cluster_cr0(const struct cluster *cluster, double *variance)
{
    struct variant_value pooled;
    enum reason reason = cluster_pooled(cluster, CLUSTER_DELTA, &pooled);
    if (!reason)
        *variance = pooled.variance * (pooled.df / pooled.units);
    return reason;
}

enum reason cluster_naive_variance(const struct cluster *cluster, double *variance)
{
    struct totals totals;
    double share;
    enum reason reason = members_of(cluster, &totals);
    if (!reason)
        reason = ratio_value(&totals.sums, &share);
    if (reason)
        return reason;
    double result = share * (1 - share) / (double)totals.sums.s;
    if (!(result > 0))
        return REASON_NO_VARIATION;
    *variance = result;
    return REASON_NONE;
}

enum reason cluster_design_effect(const struct cluster *cluster, double *effect)
{
    struct variant_value pooled;
    double naive;
    enum reason reason = cluster_pooled(cluster, CLUSTER_DELTA, &pooled);
    if (!reason)
        reason = cluster_naive_variance(cluster, &naive);
    if (!reason)
        *effect = pooled.variance / naive;
    return reason;
}

enum reason cluster_y_sums(const struct cluster *cluster, struct sums *sums)
{
    struct totals totals;
    enum reason reason = totals_of(cluster, &totals);
    if (!reason)
        *sums = (struct sums){.units = totals.sums.units + totals.empty,
                              .sum = totals.sums.y,
                              .squares = totals.sums.yy,
                              .step = totals.sums.step_y};
    return reason;
}

enum reason cluster_size_sums(const struct cluster *cluster, struct sums *sums)
{
    struct totals totals;
    enum reason reason = totals_of(cluster, &totals);
    if (!reason)
        *sums = (struct sums){.units = totals.sums.units + totals.empty,
                              .sum = totals.sums.s,
                              .squares = totals.sums.ss,
                              .step = 1};
    return reason;
}
