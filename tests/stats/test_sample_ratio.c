/* The sample ratio against R, the authors' package at 40 digits, and Cookie Cats. */

#include "stats/random.h"
#include "stats/reference.h"
#include "stats/sample_ratio.h"

#include <gsl/gsl_errno.h>

#define VARIANTS_MAX 16

static const double halves[] = {.5, .5};
static const struct sample_ratio fair = {
    .weights = halves, .variants = 2, .concentration = SAMPLE_RATIO_CONCENTRATION};

static void chi_square_matches_r(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "sample_ratio");
    for (size_t row = 0, variants; row < table.row_count; row += variants) {
        uint64_t counts[VARIANTS_MAX];
        double weights[VARIANTS_MAX];
        variants = reference_members(&table, row);
        assert_true(variants <= VARIANTS_MAX);
        for (size_t j = 0; j < variants; j++) {
            counts[j] = reference_count(&table, row + j, "count");
            weights[j] = reference_at(&table, row + j, "weight");
        }
        struct sample_ratio ratio = {.weights = weights, .variants = variants};
        struct chi_square test;
        enum reason reason = sample_ratio_test(&ratio, counts, &test);
        if (isnan(reference_at(&table, row, "p"))) {
            assert_int_equal(reason, REASON_NO_UNITS);
            continue;
        }
        assert_int_equal(reason, REASON_NONE);
        assert_true(fabs(test.statistic - reference_at(&table, row, "chi_square")) <=
                    1e-9 * fmax(1e-3, test.statistic));
        assert_int_equal(test.df, (int)reference_at(&table, row, "df"));
        assert_close(test.p, reference_at(&table, row, "p"), 1e-9);
        assert_true(fabs(test.log_p - reference_at(&table, row, "log_p")) <=
                    1e-9 * fmax(1, fabs(test.log_p)));
    }
}

static void log_bayes_factor_and_its_p_match_the_authors_code(void **state)
{
    (void)state;
    static struct reference table;
    static const char *const columns[][3] = {{"count_1", "weight_1", "prior_1"},
                                             {"count_2", "weight_2", "prior_2"},
                                             {"count_3", "weight_3", "prior_3"}};
    reference_load(&table, "sample_ratio_sequential");
    struct sample_ratio_watch watch = {0};
    for (size_t row = 0; row < table.row_count; row++) {
        uint64_t counts[3];
        double weights[3], prior[3];
        size_t variants = (size_t)reference_at(&table, row, "variants");
        for (size_t j = 0; j < variants; j++) {
            counts[j] = reference_count(&table, row, columns[j][0]);
            weights[j] = reference_at(&table, row, columns[j][1]);
            prior[j] = reference_at(&table, row, columns[j][2]);
        }
        struct sample_ratio ratio = {.weights = weights, .variants = variants, .prior = prior};
        if (reference_at(&table, row, "look") == 1)
            watch = (struct sample_ratio_watch){0};
        assert_int_equal(sample_ratio_look(&ratio, counts, &watch), REASON_NONE);
        double expected = reference_at(&table, row, "log_factor");
        assert_true(fabs(watch.log_factor - expected) < 1e-8);
        assert_close(watch.p_anytime, reference_at(&table, row, "p"), 1e-5);
    }
}

static void a_prior_from_the_concentration_is_the_weights_times_it(void **state)
{
    (void)state;
    const double weights[] = {3, 1}, prior[] = {750, 250};
    const uint64_t counts[] = {7600, 2400};
    struct sample_ratio by_concentration = {
        .weights = weights, .variants = 2, .concentration = 1000};
    struct sample_ratio by_prior = {.weights = weights, .variants = 2, .prior = prior};
    double a, b;
    assert_int_equal(sample_ratio_log_bayes_factor(&by_concentration, counts, &a), REASON_NONE);
    assert_int_equal(sample_ratio_log_bayes_factor(&by_prior, counts, &b), REASON_NONE);
    assert_close(a, b, 1e-12);
}

/* Chi-square of R; Bayes factors 7.06 at concentration 10 000 (the vectors) and 3.18 at 1 000 (the
 * formula with lgamma): neither is evidence. */
static void cookie_cats_raises_no_alarm(void **state)
{
    (void)state;
    const uint64_t counts[] = {44700, 45489};
    struct chi_square test;
    struct sample_ratio wide = fair;
    double log_factor;
    wide.concentration = 10000;
    assert_int_equal(sample_ratio_test(&fair, counts, &test), REASON_NONE);
    assert_close(test.statistic, 6.9024049496058275, 1e-9);
    assert_close(test.p, 0.008607987810836255, 1e-9);
    assert_int_equal(sample_ratio_log_bayes_factor(&wide, counts, &log_factor), REASON_NONE);
    assert_close(log_factor, 1.9545372374382537, 1e-9);
    struct sample_ratio_watch watch = {0};
    assert_int_equal(sample_ratio_look(&fair, counts, &watch), REASON_NONE);
    double plain = lgamma(1000) - lgamma(1000. + 90189) + lgamma(500. + 44700) +
                   lgamma(500. + 45489) - 2 * lgamma(500) + 90189 * log(2);
    assert_close(watch.log_max, plain, 1e-7);
    assert_int_equal(sample_ratio_state(&watch, &test), SAMPLE_RATIO_FITS);
}

static void the_factor_needs_the_chi_square_to_alarm_and_dates_the_break(void **state)
{
    (void)state;
    struct sample_ratio_watch watch = {0};
    struct chi_square test;
    uint64_t counts[] = {0, 0};
    for (int day = 1; day <= 30; day++) {
        counts[0] += day < 11 ? 500 : 600;
        counts[1] += day < 11 ? 500 : 400;
        double before = watch.log_max;
        assert_int_equal(sample_ratio_look(&fair, counts, &watch), REASON_NONE);
        assert_true(day == 1 || watch.log_max >= before);
    }
    assert_true(watch.first_bad > 10 && watch.first_bad <= 15);
    assert_int_equal(watch.looks, 30);
    assert_int_equal(watch.look_max, 30);
    assert_int_equal(sample_ratio_test(&fair, counts, &test), REASON_NONE);
    assert_int_equal(sample_ratio_state(&watch, &test), SAMPLE_RATIO_ALARM);
    test.p = .002;
    assert_int_equal(sample_ratio_state(&watch, &test), SAMPLE_RATIO_WARNING);
}

static void permuting_the_variants_changes_nothing(void **state)
{
    (void)state;
    struct random random = {.state = 53};
    for (int i = 0; i < 200; i++) {
        double weights[3], weights_back[3];
        uint64_t counts[3], counts_back[3];
        for (size_t j = 0; j < 3; j++) {
            weights_back[2 - j] = weights[j] = random_log(&random, .01, 10);
            counts_back[2 - j] = counts[j] = (uint64_t)random_log(&random, 1, 1e6);
        }
        struct sample_ratio a = {.weights = weights, .variants = 3, .concentration = 100}, b = a;
        b.weights = weights_back;
        double x, y;
        struct chi_square p, q;
        assert_int_equal(sample_ratio_log_bayes_factor(&a, counts, &x), REASON_NONE);
        assert_int_equal(sample_ratio_log_bayes_factor(&b, counts_back, &y), REASON_NONE);
        assert_close(x, y, 1e-10);
        assert_int_equal(sample_ratio_test(&a, counts, &p), REASON_NONE);
        assert_int_equal(sample_ratio_test(&b, counts_back, &q), REASON_NONE);
        assert_close(p.statistic, q.statistic, 1e-10);
    }
}

static void a_segment_warns_by_the_mean_of_its_factors(void **state)
{
    (void)state;
    double log_mean = NOT_A_NUMBER;
    bool warns = false;
    const double one_bad[] = {log(1e4), 0, 0, 0};
    assert_int_equal(sample_ratio_segment(one_bad, 4, 1, &log_mean, &warns), REASON_NONE);
    assert_close(log_mean, log(10003. / 4), 1e-12);
    assert_true(warns);
    assert_int_equal(sample_ratio_segment(one_bad, 4, 26, &log_mean, &warns), REASON_NONE);
    assert_false(warns);
}

static void impossible_input_has_a_reason_and_leaves_the_output(void **state)
{
    (void)state;
    const uint64_t counts[] = {10, 10}, none[] = {0, 0};
    const double bad[][2] = {{0, 1}, {-1, 1}, {NOT_A_NUMBER, 1}, {INFINITE, 1}};
    double log_factor = 5;
    struct chi_square test = {.p = 5};
    struct sample_ratio_watch watch = {.looks = 3};
    for (size_t i = 0; i < 4; i++) {
        struct sample_ratio ratio = fair;
        ratio.weights = bad[i];
        assert_int_equal(sample_ratio_log_bayes_factor(&ratio, counts, &log_factor),
                         REASON_INVALID);
        assert_int_equal(sample_ratio_test(&ratio, counts, &test), REASON_INVALID);
        assert_int_equal(sample_ratio_look(&ratio, counts, &watch), REASON_INVALID);
    }
    struct sample_ratio one = fair, flat = fair;
    one.variants = 1;
    flat.concentration = 0;
    assert_int_equal(sample_ratio_test(&one, counts, &test), REASON_INVALID);
    assert_int_equal(sample_ratio_log_bayes_factor(&flat, counts, &log_factor), REASON_INVALID);
    assert_int_equal(sample_ratio_test(&fair, none, &test), REASON_NO_UNITS);
    assert_true(log_factor == 5 && test.p == 5 && watch.looks == 3);
    assert_int_equal(sample_ratio_log_bayes_factor(&fair, none, &log_factor), REASON_NONE);
    assert_true(log_factor == 0);
}

static void one_sided_traffic_of_a_thousand_million_stays_finite(void **state)
{
    (void)state;
    const uint64_t counts[] = {1000000000, 0};
    double log_factor;
    struct chi_square test;
    assert_int_equal(sample_ratio_log_bayes_factor(&fair, counts, &log_factor), REASON_NONE);
    assert_true(log_factor > 6e8 && log_factor < 7e8);
    assert_int_equal(sample_ratio_test(&fair, counts, &test), REASON_NONE);
    assert_true(test.p == 0 && test.log_p < -4.9e8);
}

#define BREAK_LOOKS 40
#define UNITS_A_LOOK 1000

/* 1000 units a look, half of them in the treatment before look `first`, `share` from it on. */
static size_t simulated_break(struct random *random, size_t first, double share)
{
    uint64_t counts[2 * BREAK_LOOKS], totals[2] = {0, 0};
    struct sample_ratio_break found = {0};
    for (size_t look = 0; look < BREAK_LOOKS; look++) {
        for (int i = 0; i < UNITS_A_LOOK; i++)
            totals[random_unit(random) < (look + 1 < first ? .5 : share)]++;
        counts[2 * look] = totals[0];
        counts[2 * look + 1] = totals[1];
    }
    assert_int_equal(sample_ratio_break(&fair, counts, BREAK_LOOKS, &found), REASON_NONE);
    return found.look;
}

static void a_break_is_dated_to_the_look_where_it_began(void **state)
{
    (void)state;
    struct random random = {.state = 20261124};
    int near = 0, exact = 0;
    for (int i = 0; i < 200; i++) {
        size_t first = 6 + (size_t)(i % 30);
        size_t found = simulated_break(&random, first, i % 2 ? .56 : .44);
        near += found + 2 >= first && found <= first + 2;
        exact += found == first;
    }
    assert_true(near >= 180 && exact >= 100);
    /* The first bad look of the watch comes later: it waits for evidence. */
    assert_int_equal(simulated_break(&random, 1, .56), 1);
}

/* 10 of each a look, then 20 and 0: look 3, and 20 ln 2 by hand. */
static void a_break_without_noise_is_exact(void **state)
{
    (void)state;
    const uint64_t counts[] = {10, 10, 20, 20, 40, 20, 40, 20};
    struct sample_ratio_break found;
    assert_int_equal(sample_ratio_break(&fair, counts, 3, &found), REASON_NONE);
    assert_int_equal(found.look, 3);
    assert_close(found.log_ratio, 20 * M_LN2, 1e-12);
    assert_int_equal(sample_ratio_break(&fair, counts, 4, &found), REASON_NONE);
    assert_int_equal(found.look, 3);
    const double thirds[] = {2, 1};
    struct sample_ratio uneven = {.weights = thirds, .variants = 2};
    const uint64_t other[] = {20, 10, 40, 20, 40, 50};
    assert_int_equal(sample_ratio_break(&uneven, other, 3, &found), REASON_NONE);
    assert_int_equal(found.look, 3);
    assert_close(found.log_ratio, 30 * log(3), 1e-12);
}

static void a_break_needs_units_and_counts_that_never_fall(void **state)
{
    (void)state;
    const uint64_t none[] = {0, 0}, falling[] = {5, 5, 4, 9};
    const uint64_t huge[] = {500000000, 500000000, 1000000000, 1000100000};
    struct sample_ratio_break found = {.look = 42};
    assert_int_equal(sample_ratio_break(&fair, none, 0, &found), REASON_NO_UNITS);
    assert_int_equal(sample_ratio_break(&fair, none, 1, &found), REASON_NO_UNITS);
    assert_int_equal(sample_ratio_break(&fair, falling, 2, &found), REASON_INVALID);
    struct sample_ratio one = {.weights = halves, .variants = 1};
    assert_int_equal(sample_ratio_break(&one, huge, 2, &found), REASON_INVALID);
    assert_int_equal(found.look, 42);
    assert_int_equal(sample_ratio_break(&fair, huge, 2, &found), REASON_NONE);
    assert_int_equal(found.look, 2);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_break_is_dated_to_the_look_where_it_began),
        cmocka_unit_test(a_break_without_noise_is_exact),
        cmocka_unit_test(a_break_needs_units_and_counts_that_never_fall),
        cmocka_unit_test(chi_square_matches_r),
        cmocka_unit_test(log_bayes_factor_and_its_p_match_the_authors_code),
        cmocka_unit_test(a_prior_from_the_concentration_is_the_weights_times_it),
        cmocka_unit_test(cookie_cats_raises_no_alarm),
        cmocka_unit_test(the_factor_needs_the_chi_square_to_alarm_and_dates_the_break),
        cmocka_unit_test(permuting_the_variants_changes_nothing),
        cmocka_unit_test(a_segment_warns_by_the_mean_of_its_factors),
        cmocka_unit_test(impossible_input_has_a_reason_and_leaves_the_output),
        cmocka_unit_test(one_sided_traffic_of_a_thousand_million_stays_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
