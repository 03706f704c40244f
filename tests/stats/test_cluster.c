/* Accounts against survey and clubSandwich, exact shares, and what must hold for any accounts. */

#include "stats/accounts.h"
#include "stats/hostile.h"
#include "stats/mean.h"
#include "stats/random.h"
#include "support/support.h"

#include <gsl/gsl_errno.h>
#include <math.h>

#define COUNT(list) (sizeof(list) / sizeof *(list))

struct expected {
    double difference, cr0, cr2, df, p;
    double mean0, mean1, mean_se, mean_df, mean_p;
};

static void pooled_matches_club_sandwich(const struct cluster *t, const struct cluster *c,
                                         const struct expected *expected)
{
    struct variant_value vt, vc;
    struct estimate estimate;
    struct test test;
    double cr0_t, cr0_c;
    assert_int_equal(cluster_method(t, c), CLUSTER_CR2);
    assert_int_equal(cluster_pooled(t, CLUSTER_CR2, &vt), REASON_NONE);
    assert_int_equal(cluster_pooled(c, CLUSTER_CR2, &vc), REASON_NONE);
    assert_int_equal(two_sample_difference(&vt, &vc, 1, &estimate), REASON_NONE);
    assert_int_equal(estimate_fixed_test(&estimate, 0, &test), REASON_NONE);
    assert_close(estimate.value, expected->difference, 1e-9);
    assert_close(estimate.se, expected->cr2, 1e-9);
    assert_close(estimate.df, expected->df, 1e-9);
    assert_close(test.p, expected->p, 1e-9);
    assert_int_equal(cluster_cr0(t, &cr0_t), REASON_NONE);
    assert_int_equal(cluster_cr0(c, &cr0_c), REASON_NONE);
    assert_close(sqrt(cr0_t + cr0_c), expected->cr0, 1e-9);
}

static void means_match_r(const struct cluster *t, const struct cluster *c,
                          const struct expected *expected)
{
    struct variant_value vt, vc;
    struct estimate estimate;
    struct test test;
    assert_int_equal(cluster_mean(t, &vt), REASON_NONE);
    assert_int_equal(cluster_mean(c, &vc), REASON_NONE);
    assert_int_equal(two_sample_difference(&vt, &vc, 1, &estimate), REASON_NONE);
    assert_int_equal(estimate_fixed_test(&estimate, 0, &test), REASON_NONE);
    assert_close(vc.value, expected->mean0, 1e-9);
    assert_close(vt.value, expected->mean1, 1e-9);
    assert_close(estimate.se, expected->mean_se, 1e-9);
    assert_close(estimate.df, expected->mean_df, 1e-9);
    assert_close(test.p, expected->mean_p, 1e-9);
}

/* R 4.2.2, clubSandwich 0.5.8, family ratio_cluster. */
static void both_estimands_match_r(void **state)
{
    (void)state;
    struct account control[] = {{4, 3}, {7, 2}, {4, 1}, {5, 0}, {5, 2},
                                {6, 2}, {2, 0}, {5, 2}, {3, 3}};
    struct account treatment[] = {{1, 0}, {5, 0}, {3, 1}, {6, 3}, {5, 3}, {5, 1},
                                  {7, 1}, {4, 0}, {6, 3}, {2, 1}, {4, 4}};
    const struct expected n20 = {-0.011686991869918673, 0.1182734472937533,  0.12462444328399451,
                                 15.332373089629435,    0.9265002758257226,  0.3798941798941799,
                                 0.3432900432900433,    0.14355213705872033, 16.993407437226455,
                                 0.8017923790155789};
    struct accounts c, t;
    accounts_group(&c, control, COUNT(control), 1);
    accounts_group(&t, treatment, COUNT(treatment), 1);
    pooled_matches_club_sandwich(&t.cluster, &c.cluster, &n20);
    means_match_r(&t.cluster, &c.cluster, &n20);
}

static void one_huge_account_is_not_taken_for_many(void **state)
{
    (void)state;
    struct account control[] = {{500, 490}, {4, 3}, {5, 1}, {4, 1}, {1, 0}, {1, 1},
                                {5, 1},     {3, 1}, {4, 1}, {3, 1}, {8, 4}, {10, 7},
                                {1, 1},     {6, 4}, {4, 1}, {5, 1}, {5, 0}, {6, 4}};
    struct account treatment[] = {{5, 0}, {4, 0}, {5, 3}, {7, 5}, {2, 1}, {4, 1},
                                  {5, 4}, {5, 4}, {2, 1}, {3, 1}, {3, 2}, {6, 4}};
    const struct expected one_huge = {
        -0.39802216538789437, 0.10857182323549708, 0.19712854288030435, 10.870923158897718,
        0.06882631406946474,  0.45999999999999996, 0.4859126984126984,  0.11305691920797706,
        26.191294257009265,   0.8204934939027019};
    struct accounts c, t;
    double effect;
    accounts_group(&c, control, COUNT(control), 1);
    accounts_group(&t, treatment, COUNT(treatment), 1);
    pooled_matches_club_sandwich(&t.cluster, &c.cluster, &one_huge);
    means_match_r(&t.cluster, &c.cluster, &one_huge);
    assert_int_equal(cluster_design_effect(&c.cluster, &effect), REASON_NONE);
    /* survey's error over that of 575 independent members. */
    assert_close(effect,
                 0.06713918583944531 * 0.06713918583944531 /
                     (0.9078260869565218 * (1 - 0.9078260869565218) / 575),
                 1e-9);
}

static size_t random_accounts(struct random *random, struct account *list, uint64_t largest)
{
    size_t count = 2 + random_next(random) % 40;
    for (size_t i = 0; i < count; i++) {
        list[i].size = 1 + random_next(random) % largest;
        list[i].active = (int64_t)(random_next(random) % (list[i].size + 1));
    }
    return count;
}

/* The plain formulas in long doubles, account by account. */
static void sums_by_size_give_what_the_accounts_give(void **state)
{
    (void)state;
    struct random random = {.state = 21};
    struct account list[64];
    struct accounts grouped;
    for (int i = 0; i < 500; i++) {
        size_t count = random_accounts(&random, list, 30);
        const struct cluster *cluster = accounts_group(&grouped, list, count, 1);
        long double g = count, m = 0, y = 0, shares = 0, delta = 0, cr2 = 0, squares = 0;
        for (size_t k = 0; k < count; k++) {
            m += list[k].size;
            y += list[k].active;
            shares += (long double)list[k].active / list[k].size;
        }
        for (size_t k = 0; k < count; k++) {
            long double s = list[k].size, e = list[k].active - y / m * s;
            long double d = list[k].active / s - shares / g;
            delta += e * e;
            cr2 += e * e / (1 - s / m);
            squares += d * d;
        }
        struct variant_value value;
        assert_int_equal(cluster_pooled(cluster, CLUSTER_DELTA, &value), REASON_NONE);
        assert_close(value.value, (double)(y / m), 1e-15);
        assert_close(value.variance, (double)(g / (g - 1) * delta / m / m), 1e-12);
        assert_int_equal(cluster_pooled(cluster, CLUSTER_CR2, &value), REASON_NONE);
        assert_close(value.variance, (double)(cr2 / m / m), 1e-12);
        assert_int_equal(cluster_mean(cluster, &value), REASON_NONE);
        assert_close(value.value, (double)(shares / g), 1e-15);
        assert_close(value.variance, (double)(squares / (g - 1) / g), 1e-12);
    }
}

/* Satterthwaite's df of CR2 as it is written for a difference, on random accounts. */
static void df_of_cr2_is_satterthwaite_s(void **state)
{
    (void)state;
    struct random random = {.state = 22};
    struct account lists[2][64];
    for (int i = 0; i < 300; i++) {
        struct accounts grouped[2];
        struct variant_value values[2];
        double numerator = 0, denominator = 0;
        for (int j = 0; j < 2; j++) {
            size_t count = random_accounts(&random, lists[j], 12);
            double m = 0, s2 = 0, h = 0, h2 = 0;
            accounts_group(&grouped[j], lists[j], count, 1);
            for (size_t k = 0; k < count; k++)
                m += (double)lists[j][k].size;
            for (size_t k = 0; k < count; k++) {
                double s = (double)lists[j][k].size, own = s * s / (1 - s / m);
                s2 += s * s;
                h += own;
                h2 += own * own;
            }
            numerator += 1 / m;
            denominator += s2 / pow(m, 4) + (h * h - h2) / pow(m, 6);
            assert_int_equal(cluster_pooled(&grouped[j].cluster, CLUSTER_CR2, &values[j]),
                             REASON_NONE);
        }
        assert_close(two_sample_df(&values[0], 1, &values[1], 1),
                     numerator * numerator / denominator, 1e-11);
    }
}

static void shares_that_nearly_agree_keep_their_variance(void **state)
{
    (void)state;
    /* Of doubles, sum of squares less square of sum: 8.33222e-14. */
    struct account list[] = {
        {1000003, 500001}, {1000033, 500017}, {1000037, 500018}, {1000039, 500020}};
    struct accounts grouped;
    struct variant_value value;
    const struct cluster *cluster = accounts_group(&grouped, list, 4, 1);
    assert_int_equal(cluster_mean(cluster, &value), REASON_NONE);
    assert_true(value.value == 0.49999999999600014);
    assert_true(value.variance == 8.332866691057159e-14);
}

static void equal_shares_have_no_variance_at_all(void **state)
{
    (void)state;
    struct account list[] = {{3, 1}, {9, 3}, {30, 10}, {300003, 100001}};
    struct accounts grouped;
    struct variant_value value;
    double effect = 77;
    const struct cluster *cluster = accounts_group(&grouped, list, 4, 7);
    for (int method = CLUSTER_DELTA; method <= CLUSTER_CR2; method++) {
        assert_int_equal(cluster_pooled(cluster, (enum cluster_method)method, &value), REASON_NONE);
        assert_true(value.variance == 0 && value.value == 1. / 3);
    }
    assert_int_equal(cluster_mean(cluster, &value), REASON_NONE);
    assert_true(value.variance == 0 && value.value == 1. / 3);
    assert_int_equal(cluster_design_effect(cluster, &effect), REASON_NONE);
    assert_true(effect == 0);
    for (size_t i = 0; i < 4; i++)
        list[i].active = (int64_t)list[i].size;
    accounts_group(&grouped, list, 4, 7);
    effect = 77;
    assert_int_equal(cluster_pooled(cluster, CLUSTER_CR2, &value), REASON_NONE);
    assert_true(value.variance == 0 && value.value == 1);
    assert_int_equal(cluster_design_effect(cluster, &effect), REASON_NO_VARIATION);
    assert_true(effect == 77);
}

static void accounts_of_one_member_are_two_samples(void **state)
{
    (void)state;
    struct random random = {.state = 23};
    for (int i = 0; i < 200; i++) {
        uint64_t n = 2 + random_next(&random) % 1000, x = random_next(&random) % (n + 1);
        struct cluster_size size = {.size = 1, .accounts = n, .y = (int128)x, .yy = (int128)x};
        struct cluster cluster = {.sizes = &size, .count = 1};
        struct sums sums = {n, (int128)x, (int128)x, 1};
        struct variant_value mean, value;
        assert_int_equal(mean_of_sums(&sums, &mean), REASON_NONE);
        assert_int_equal(cluster_mean(&cluster, &value), REASON_NONE);
        assert_true(value.value == mean.value && value.df == mean.df);
        assert_true(value.variance == mean.variance ||
                    fabs(value.variance / mean.variance - 1) < 4e-16);
        for (int method = CLUSTER_DELTA; method <= CLUSTER_CR2; method++) {
            assert_int_equal(cluster_pooled(&cluster, (enum cluster_method)method, &value),
                             REASON_NONE);
            assert_true(value.value == mean.value);
            assert_close(value.variance, mean.variance, 1e-14);
        }
    }
}

static void empty_accounts_are_counted_and_inform_nothing(void **state)
{
    (void)state;
    struct account list[] = {{3, 1}, {9, 3}, {30, 11}},
                   more[] = {{3, 1}, {9, 3}, {30, 11}, {0, 0}, {0, 0}};
    struct accounts with, without;
    struct cluster_totals totals;
    struct variant_value a, b;
    struct sums sums;
    const struct cluster *cluster = accounts_group(&with, more, 5, 1);
    const struct cluster *plain = accounts_group(&without, list, 3, 1);
    assert_int_equal(cluster_totals(cluster, &totals), REASON_NONE);
    assert_true(totals.accounts == 3 && totals.empty == 2 && totals.members == 42);
    assert_int_equal(cluster_pooled(cluster, CLUSTER_DELTA, &a), REASON_NONE);
    assert_int_equal(cluster_pooled(plain, CLUSTER_DELTA, &b), REASON_NONE);
    assert_true(a.value == b.value && a.variance == b.variance && a.df == b.df);
    assert_int_equal(cluster_mean(cluster, &a), REASON_NONE);
    assert_int_equal(cluster_mean(plain, &b), REASON_NONE);
    assert_true(a.value == b.value && a.variance == b.variance && a.units == b.units);
    /* Counts per account have the empty ones too. */
    assert_int_equal(cluster_y_sums(cluster, &sums), REASON_NONE);
    assert_true(sums.units == 5 && sums.sum == 15 && sums.squares == 131 && sums.step == 1);
    assert_int_equal(cluster_size_sums(cluster, &sums), REASON_NONE);
    assert_true(sums.units == 5 && sums.sum == 42 && sums.squares == 990 && sums.step == 1);
}

static void cr2_is_taken_below_twenty_accounts(void **state)
{
    (void)state;
    struct cluster_size small = {.size = 2, .accounts = 19, .y = 19, .yy = 19};
    struct cluster_size large = {.size = 2, .accounts = 20, .y = 20, .yy = 20};
    struct cluster few = {.sizes = &small, .count = 1}, many = {.sizes = &large, .count = 1};
    assert_int_equal(cluster_method(&few, &many), CLUSTER_CR2);
    assert_int_equal(cluster_method(&many, &few), CLUSTER_CR2);
    assert_int_equal(cluster_method(&many, &many), CLUSTER_DELTA);
    assert_int_equal(cluster_method(&few, NULL), CLUSTER_CR2);
    assert_int_equal(cluster_method(&many, NULL), CLUSTER_DELTA);
}

/* An account of a billion members beside one of a single: what is squared of the first must not
 * drown the other. */
static void nearly_all_members_in_one_account_leave_one_degree_of_freedom(void **state)
{
    (void)state;
    struct account list[] = {{1000 * 1000 * 1000, 500 * 1000 * 1000}, {1, 1}};
    struct accounts grouped;
    struct variant_value value;
    const struct cluster *cluster = accounts_group(&grouped, list, 2, 1);
    assert_int_equal(cluster_pooled(cluster, CLUSTER_CR2, &value), REASON_NONE);
    /* u1 = 1 - 1e-9: sum u^2 = 1 - 2e-9, the pairs add 2 (u1 u2)^2/(u1 u2) = 2e-9. */
    assert_close(value.df, 1, 1e-12);
    assert_true(value.variance > 0);
}

static void a_billion_accounts_have_an_estimate(void **state)
{
    (void)state;
    uint64_t half = 500 * 1000 * 1000;
    struct cluster_size sizes[] = {{1, half, half / 2, half / 2}, {2, half, half, 2 * half}};
    struct cluster cluster = {.sizes = sizes, .count = 2};
    struct variant_value value;
    assert_int_equal(cluster_pooled(&cluster, CLUSTER_DELTA, &value), REASON_NONE);
    assert_true(value.value == .5 && value.units == 1e9);
    /* Residuals: 1/4 of size 1, and 1 of size 2, each half a billion times. */
    assert_close(value.variance, (.25 * 5e8 + 5e8) / (1.5e9 * 1.5e9) * (1e9 / (1e9 - 1)), 1e-14);
    assert_int_equal(cluster_mean(&cluster, &value), REASON_NONE);
    assert_close(value.variance, .25 / (1e9 - 1), 1e-14);
}

struct hostile {
    struct cluster_size sizes[2];
    size_t count;
    enum reason reason;
};

static void what_no_accounts_have_is_refused(void **state)
{
    (void)state;
    static const struct hostile cases[] = {
        {{{0}}, 0, REASON_NO_UNITS},
        {{{0, 5, 0, 0}}, 1, REASON_NO_UNITS},
        {{{5, 0, 0, 0}}, 1, REASON_NO_UNITS},
        {{{5, 1, 2, 4}}, 1, REASON_TOO_FEW},
        {{{0, 3, 0, 0}, {5, 1, 2, 4}}, 2, REASON_TOO_FEW},
        {{{5, 2, 2, 4}, {5, 2, 2, 4}}, 2, REASON_INVALID},
        {{{5, 2, 2, 4}, {4, 2, 2, 4}}, 2, REASON_INVALID},
        {{{5, 2, 4, 7}}, 1, REASON_INVALID},
        {{{5, 2, 2, -4}}, 1, REASON_INVALID},
        {{{5, 0, 2, 4}}, 1, REASON_INVALID},
        {{{UINT64_MAX, 2, 2, 4}}, 1, REASON_INVALID},
        {{{2, UINT64_MAX, 2, 4}}, 1, REASON_INVALID},
        {{{5, 2, (int128)1 << 120, (int128)1 << 126}}, 1, REASON_INVALID},
    };
    struct variant_value value = {.value = 77};
    double out = 78;
    struct cluster_totals totals = {.accounts = 79};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cluster cluster = {.sizes = cases[i].sizes, .count = cases[i].count};
        enum reason reason = cases[i].reason;
        assert_int_equal(cluster_pooled(&cluster, CLUSTER_DELTA, &value), reason);
        assert_int_equal(cluster_pooled(&cluster, CLUSTER_CR2, &value), reason);
        assert_int_equal(cluster_mean(&cluster, &value), reason);
        assert_int_equal(cluster_cr0(&cluster, &out), reason);
        assert_int_equal(cluster_design_effect(&cluster, &out), reason);
        if (reason == REASON_INVALID)
            assert_int_equal(cluster_totals(&cluster, &totals), reason);
        if (reason == REASON_TOO_FEW)
            continue;
        assert_int_equal(cluster_pooled_share(&cluster, &out), reason);
        assert_int_equal(cluster_mean_share(&cluster, &out), reason);
    }
    assert_true(value.value == 77 && out == 78 && totals.accounts == 79);
    const double steps[] = {-1, NOT_A_NUMBER, INFINITE};
    for (size_t i = 0; i < COUNT(steps); i++) {
        struct cluster_size size = {5, 2, 2, 4};
        struct cluster cluster = {.sizes = &size, .count = 1, .step = steps[i]};
        assert_int_equal(cluster_pooled(&cluster, CLUSTER_CR2, &value), REASON_INVALID);
        assert_int_equal(cluster_mean(&cluster, &value), REASON_INVALID);
        assert_int_equal(cluster_mean_share(&cluster, &out), REASON_INVALID);
    }
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_estimands_match_r),
        cmocka_unit_test(one_huge_account_is_not_taken_for_many),
        cmocka_unit_test(sums_by_size_give_what_the_accounts_give),
        cmocka_unit_test(df_of_cr2_is_satterthwaite_s),
        cmocka_unit_test(shares_that_nearly_agree_keep_their_variance),
        cmocka_unit_test(equal_shares_have_no_variance_at_all),
        cmocka_unit_test(accounts_of_one_member_are_two_samples),
        cmocka_unit_test(empty_accounts_are_counted_and_inform_nothing),
        cmocka_unit_test(cr2_is_taken_below_twenty_accounts),
        cmocka_unit_test(nearly_all_members_in_one_account_leave_one_degree_of_freedom),
        cmocka_unit_test(a_billion_accounts_have_an_estimate),
        cmocka_unit_test(what_no_accounts_have_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
