/* Adjusted p against R's p.adjust, and the order of the corrections. */

#include "stats/multiplicity.h"
#include "stats/random.h"
#include "stats/reference.h"

#include <gsl/gsl_errno.h>

#define MEMBERS 100

static void adjusted_p_match_r(void **state)
{
    (void)state;
    static struct reference table;
    static const struct {
        enum correction correction;
        const char *column;
    } methods[] = {
        {CORRECTION_NONE, "p"},
        {CORRECTION_BONFERRONI, "bonferroni"},
        {CORRECTION_HOLM, "holm"},
        {CORRECTION_BENJAMINI_HOCHBERG, "benjamini_hochberg"},
        {CORRECTION_BENJAMINI_YEKUTIELI, "benjamini_yekutieli"},
        {CORRECTION_HOCHBERG, "hochberg"},
        {CORRECTION_HOMMEL, "hommel"},
    };
    reference_load(&table, "multiplicity");
    for (size_t row = 0, count; row < table.row_count; row += count) {
        struct hypothesis family[MEMBERS];
        count = reference_members(&table, row);
        assert_true(count <= MEMBERS);
        for (size_t i = 0; i < count; i++)
            family[i].p = reference_at(&table, row + i, "p");
        for (size_t method = 0; method < sizeof methods / sizeof *methods; method++) {
            assert_int_equal(multiplicity_adjust(methods[method].correction, family, count),
                             REASON_NONE);
            for (size_t i = 0; i < count; i++)
                assert_close(family[i].adjusted,
                             reference_at(&table, row + i, methods[method].column), 1e-12);
        }
    }
}

static void cookie_cats_holm_and_benjamini_hochberg(void **state)
{
    (void)state;
    for (int bh = 0; bh < 2; bh++) {
        struct hypothesis family[] = {{.p = 0.074411262258869028}, {.p = 0.0015543436722140505}};
        assert_int_equal(
            multiplicity_adjust(bh ? CORRECTION_BENJAMINI_HOCHBERG : CORRECTION_HOLM, family, 2),
            REASON_NONE);
        assert_close(family[0].adjusted, 0.074411262258869028, 1e-12);
        assert_close(family[1].adjusted, 0.003108687344428101, 1e-12);
    }
}

static void adjust_all(enum correction correction, const double *p, double *adjusted)
{
    struct hypothesis family[MEMBERS];
    for (size_t i = 0; i < MEMBERS; i++)
        family[i].p = p[i];
    assert_int_equal(multiplicity_adjust(correction, family, MEMBERS), REASON_NONE);
    for (size_t i = 0; i < MEMBERS; i++)
        adjusted[i] = family[i].adjusted;
}

static void benjamini_hochberg_never_exceeds_holm_nor_holm_bonferroni(void **state)
{
    (void)state;
    struct random random = {.state = 43};
    for (int i = 0; i < 200; i++) {
        double p[MEMBERS], bonferroni[MEMBERS], holm[MEMBERS], bh[MEMBERS];
        for (size_t k = 0; k < MEMBERS; k++)
            p[k] = i % 2 ? random_log(&random, 1e-6, 1) : floor(9 * random_unit(&random)) / 8;
        adjust_all(CORRECTION_BONFERRONI, p, bonferroni);
        adjust_all(CORRECTION_HOLM, p, holm);
        adjust_all(CORRECTION_BENJAMINI_HOCHBERG, p, bh);
        for (size_t k = 0; k < MEMBERS; k++) {
            assert_true(p[k] <= bh[k] && bh[k] <= holm[k] && holm[k] <= bonferroni[k]);
            assert_true(bonferroni[k] <= 1);
        }
        for (size_t k = 1; k < MEMBERS; k++)
            if (p[k] == p[k - 1])
                assert_true(holm[k] == holm[k - 1] && bh[k] == bh[k - 1]);
    }
}

/* Hommel's p by what it means: the largest Simes p of all sets of members that hold the member. */
static double hommel_of_all_sets(const double *p, size_t count, size_t member)
{
    double largest = 0;
    for (unsigned set = 1; set < 1u << count; set++) {
        if (!(set >> member & 1))
            continue;
        double simes = 1, size = 0;
        for (size_t i = 0; i < count; i++)
            size += set >> i & 1;
        for (size_t i = 0; i < count; i++) {
            double rank = 0;
            for (size_t k = 0; k < count; k++)
                rank += (set >> k & 1) && p[k] <= p[i];
            if (set >> i & 1)
                simes = fmin(simes, size / rank * p[i]);
        }
        largest = fmax(largest, simes);
    }
    return largest;
}

static void hommel_is_simes_over_all_sets_and_between_p_and_hochberg(void **state)
{
    (void)state;
    struct random random = {.state = 61};
    for (int i = 0; i < 60; i++) {
        struct hypothesis family[7], hochberg[7];
        double p[7];
        for (size_t k = 0; k < 7; k++)
            p[k] = family[k].p = hochberg[k].p =
                i % 2 ? random_log(&random, 1e-3, 1) : floor(9 * random_unit(&random)) / 9;
        assert_int_equal(multiplicity_adjust(CORRECTION_HOMMEL, family, 7), REASON_NONE);
        assert_int_equal(multiplicity_adjust(CORRECTION_HOCHBERG, hochberg, 7), REASON_NONE);
        for (size_t k = 0; k < 7; k++) {
            assert_close(family[k].adjusted, hommel_of_all_sets(p, 7, k), 1e-12);
            assert_true(family[k].adjusted >= p[k]);
            assert_true(family[k].adjusted <= hochberg[k].adjusted + 1e-12);
        }
    }
}

static void the_callers_order_is_kept_and_does_not_matter(void **state)
{
    (void)state;
    struct random random = {.state = 47};
    double p[MEMBERS], reversed[MEMBERS], a[MEMBERS], b[MEMBERS];
    for (size_t k = 0; k < MEMBERS; k++)
        reversed[MEMBERS - 1 - k] = p[k] = random_unit(&random);
    for (int correction = CORRECTION_NONE; correction <= CORRECTION_BENJAMINI_HOCHBERG;
         correction++) {
        adjust_all((enum correction)correction, p, a);
        adjust_all((enum correction)correction, reversed, b);
        for (size_t k = 0; k < MEMBERS; k++)
            assert_true(a[k] == b[MEMBERS - 1 - k]);
    }
}

/* By hand: with 4 members at .05 the thresholds are 80, 40, 26.7 and 20; 30 alone passes nothing,
 * but as the third of three it passes 26.7 and carries the two above it. */
static void e_bh_takes_the_largest_k_that_passes(void **state)
{
    (void)state;
    struct evidence family[] = {
        {.log_e = log(30)}, {.log_e = log(1)}, {.log_e = log(35)}, {.log_e = log(32)}};
    assert_int_equal(multiplicity_e_bh(.05, family, 4), REASON_NONE);
    assert_true(family[0].rejected && family[2].rejected && family[3].rejected);
    assert_false(family[1].rejected);
    struct evidence alone[] = {{.log_e = log(30)}, {.log_e = 0}, {.log_e = 0}, {.log_e = 0}};
    assert_int_equal(multiplicity_e_bh(.05, alone, 4), REASON_NONE);
    assert_false(alone[0].rejected);
    struct evidence huge[] = {{.log_e = 1e6}, {.log_e = -1e6}};
    assert_int_equal(multiplicity_e_bh(.05, huge, 2), REASON_NONE);
    assert_true(huge[0].rejected && !huge[1].rejected);
}

static void the_mean_of_huge_e_values_does_not_overflow(void **state)
{
    (void)state;
    double mean = NOT_A_NUMBER;
    assert_int_equal(log_mean_e((const double[]){2000, 2000 + log(3)}, 2, &mean), REASON_NONE);
    assert_close(mean, 2000 + log(2), 1e-14);
    assert_int_equal(log_mean_e((const double[]){-5000}, 1, &mean), REASON_NONE);
    assert_close(mean, -5000, 1e-14);
}

static void a_p_outside_its_range_is_refused_and_nothing_is_written(void **state)
{
    (void)state;
    const double bad[] = {NOT_A_NUMBER, -1e-9, 1.0000001, INFINITE, -INFINITE};
    for (size_t i = 0; i < 5; i++) {
        struct hypothesis family[] = {{.p = .5, .adjusted = 7}, {.p = bad[i], .adjusted = 7}};
        assert_int_equal(multiplicity_adjust(CORRECTION_HOLM, family, 2), REASON_INVALID);
        assert_true(family[0].adjusted == 7 && family[1].adjusted == 7);
    }
    double mean = 3;
    assert_int_equal(log_mean_e(NULL, 0, &mean), REASON_NO_UNITS);
    assert_int_equal(log_mean_e(&bad[0], 1, &mean), REASON_INVALID);
    assert_true(mean == 3);
    struct evidence broken[] = {{.log_e = NOT_A_NUMBER}};
    assert_int_equal(multiplicity_e_bh(.05, broken, 1), REASON_INVALID);
    assert_int_equal(multiplicity_e_bh(0, broken, 1), REASON_INVALID);
    assert_int_equal(multiplicity_adjust(CORRECTION_HOLM, NULL, 0), REASON_NONE);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adjusted_p_match_r),
        cmocka_unit_test(cookie_cats_holm_and_benjamini_hochberg),
        cmocka_unit_test(benjamini_hochberg_never_exceeds_holm_nor_holm_bonferroni),
        cmocka_unit_test(hommel_is_simes_over_all_sets_and_between_p_and_hochberg),
        cmocka_unit_test(the_callers_order_is_kept_and_does_not_matter),
        cmocka_unit_test(e_bh_takes_the_largest_k_that_passes),
        cmocka_unit_test(the_mean_of_huge_e_values_does_not_overflow),
        cmocka_unit_test(a_p_outside_its_range_is_refused_and_nothing_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
