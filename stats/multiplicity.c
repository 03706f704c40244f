/*
 * Adjusted p of a family.
 *
 * With p_(1) <= ... <= p_(m):  Bonferroni m p;  Holm, the running maximum of (m - i + 1) p_(i);
 * Hochberg, the running minimum from the top of the same;  Benjamini-Hochberg, the running minimum
 * from the top of p_(i) m/i;  Benjamini-Yekutieli, that times 1 + 1/2 + ... + 1/m;  Hommel, the
 * least level at which Simes' test rejects every intersection that holds the member; all at most 1.
 * e-BH rejects the k* largest e, k* the largest k with e_(k) >= m/(alpha k).
 *
 * Assumes   Holm, Bonferroni and Benjamini-Yekutieli: nothing.  Benjamini-Hochberg, Hochberg and
 *           Hommel: independent or positively dependent p.  e-BH: nothing, but e-values of one look
 * (a running maximum is no e-value). Not for   p that came from a selection of the family: declare
 * the family first. Accuracy  1e-12 of R's p.adjust (tests/stats/reference/multiplicity.csv).
 * Reference Holm (1979), Scandinavian Journal of Statistics 6:65-70; Benjamini and Hochberg (1995),
 *           JRSS B 57:289-300; Benjamini and Yekutieli (2001), Annals of Statistics 29:1165-1188;
 *           Hochberg (1988), Biometrika 75:800-802; Hommel (1988), 75:383-386; Wang and Ramdas
 * (2022), JRSS B 84:822-852.
 */

#include "stats/multiplicity.h"
#include "stats/normal.h"

#include <math.h>

static bool p_comes_after(const struct hypothesis *family, size_t a, size_t b)
{
    return family[a].p > family[b].p || (family[a].p == family[b].p && a > b);
}

/* family[i].order becomes the index of the i-th smallest p; equal p keep the caller's order.
 * Shell's sort: in place, so that nothing is allocated, and quick enough for any family. */
static void order_by_p(struct hypothesis *family, size_t count)
{
    for (size_t i = 0; i < count; i++)
        family[i].order = i;
    for (size_t gap = count / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11)
        for (size_t i = gap; i < count; i++) {
            size_t moving = family[i].order, j = i;
            for (; j >= gap && p_comes_after(family, family[j - gap].order, moving); j -= gap)
                family[j].order = family[j - gap].order;
            family[j].order = moving;
        }
}

static void adjust_none(struct hypothesis *family, size_t count)
{
    for (size_t i = 0; i < count; i++)
        family[i].adjusted = family[i].p;
}

static void adjust_bonferroni(struct hypothesis *family, size_t count)
{
    for (size_t i = 0; i < count; i++)
        family[i].adjusted = fmin(1, (double)count * family[i].p);
}

static void adjust_holm(struct hypothesis *family, size_t count)
{
    double largest = 0;
    order_by_p(family, count);
    for (size_t i = 0; i < count; i++) {
        struct hypothesis *member = &family[family[i].order];
        largest = fmax(largest, fmin(1, (double)(count - i) * member->p));
        member->adjusted = largest;
    }
}

static void adjust_hochberg(struct hypothesis *family, size_t count)
{
    double smallest = 1;
    order_by_p(family, count);
    for (size_t i = count; i > 0; i--) {
        struct hypothesis *member = &family[family[i - 1].order];
        smallest = fmin(smallest, (double)(count - i + 1) * member->p);
        member->adjusted = smallest;
    }
}

/* The running minimum from the top of p_(i) m/i, times `factor`. */
static void adjust_step_up(struct hypothesis *family, size_t count, double factor)
{
    double smallest = 1;
    order_by_p(family, count);
    for (size_t i = count; i > 0; i--) {
        struct hypothesis *member = &family[family[i - 1].order];
        smallest = fmin(smallest, factor * ((double)count / (double)i) * member->p);
        member->adjusted = smallest;
    }
}

static void adjust_benjamini_hochberg(struct hypothesis *family, size_t count)
{
    adjust_step_up(family, count, 1);
}

static void adjust_benjamini_yekutieli(struct hypothesis *family, size_t count)
{
    double factor = 0;
    for (size_t i = count; i > 0; i--)
        factor += 1 / (double)i;
    adjust_step_up(family, count, factor);
}

/* The least p that Simes' test gives to an intersection of `size` members, when the largest
 * size - 1 are among them, but for its smallest member. */
static double simes_of_largest(const struct hypothesis *family, size_t count, size_t size)
{
    double least = 1;
    for (size_t i = 2; i <= size; i++) {
        double p = family[family[count - size + i - 1].order].p;
        least = fmin(least, (double)size / (double)i * p);
    }
    return least;
}

static void adjust_hommel(struct hypothesis *family, size_t count)
{
    double whole = 1;
    order_by_p(family, count);
    for (size_t i = 1; i <= count; i++)
        whole = fmin(whole, (double)count / (double)i * family[family[i - 1].order].p);
    for (size_t i = 0; i < count; i++)
        family[i].adjusted = fmax(whole, family[i].p);
    for (size_t size = count; size-- > 2;) {
        double simes = simes_of_largest(family, count, size);
        double rest = fmin(simes, (double)size * family[family[count - size].order].p);
        for (size_t i = 0; i < count; i++) {
            struct hypothesis *member = &family[family[i].order];
            double own = i <= count - size ? fmin(simes, (double)size * member->p) : rest;
            member->adjusted = fmax(member->adjusted, own);
        }
    }
}

typedef void adjust_function(struct hypothesis *family, size_t count);

static adjust_function *const adjusters[] = {
    [CORRECTION_NONE] = adjust_none,
    [CORRECTION_BONFERRONI] = adjust_bonferroni,
    [CORRECTION_HOLM] = adjust_holm,
    [CORRECTION_BENJAMINI_HOCHBERG] = adjust_benjamini_hochberg,
    [CORRECTION_BENJAMINI_YEKUTIELI] = adjust_benjamini_yekutieli,
    [CORRECTION_HOCHBERG] = adjust_hochberg,
    [CORRECTION_HOMMEL] = adjust_hommel,
};

enum reason multiplicity_adjust(enum correction correction, struct hypothesis *family, size_t count)
{
    if ((size_t)correction >= sizeof adjusters / sizeof *adjusters)
        return REASON_INVALID;
    for (size_t i = 0; i < count; i++)
        if (!(family[i].p >= 0 && family[i].p <= 1))
            return REASON_INVALID;
    adjusters[correction](family, count);
    return REASON_NONE;
}

static bool e_comes_after(const struct evidence *family, size_t a, size_t b)
{
    return family[a].log_e < family[b].log_e || (family[a].log_e == family[b].log_e && a > b);
}

static void order_by_e(struct evidence *family, size_t count)
{
    for (size_t i = 0; i < count; i++)
        family[i].order = i;
    for (size_t gap = count / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11)
        for (size_t i = gap; i < count; i++) {
            size_t moving = family[i].order, j = i;
            for (; j >= gap && e_comes_after(family, family[j - gap].order, moving); j -= gap)
                family[j].order = family[j - gap].order;
            family[j].order = moving;
        }
}

enum reason multiplicity_e_bh(double alpha, struct evidence *family, size_t count)
{
    if (!alpha_is_valid(alpha))
        return REASON_INVALID;
    for (size_t i = 0; i < count; i++)
        if (isnan(family[i].log_e))
            return REASON_INVALID;
    order_by_e(family, count);
    size_t rejected = 0;
    for (size_t k = 1; k <= count; k++)
        if (family[family[k - 1].order].log_e >= log((double)count / (alpha * (double)k)))
            rejected = k;
    for (size_t k = 0; k < count; k++)
        family[family[k].order].rejected = k < rejected;
    return REASON_NONE;
}

enum reason log_mean_e(const double *log_e, size_t count, double *log_mean)
{
    if (count == 0)
        return REASON_NO_UNITS;
    double largest = -HUGE_VAL, sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(log_e[i]))
            return REASON_INVALID;
        largest = fmax(largest, log_e[i]);
    }
    for (size_t i = 0; i < count; i++)
        sum += exp(log_e[i] - largest);
    *log_mean = largest + log(sum / (double)count);
    return REASON_NONE;
}
