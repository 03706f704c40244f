/* Post-stratification and Mantel-Haenszel against estimatr, R and metafor, and what must hold. */

#include "stats/mantel_haenszel.h"
#include "stats/random.h"
#include "stats/reference.h"
#include "stats/strata.h"

#include <gsl/gsl_errno.h>
#include <string.h>

/* Family post_stratification, case blocks1: y in steps of 1e-4. */
static const int64_t blocks_y[] = {11714, 2529,  96,    10825, 22534, 28564, 13333, 775,
                                   -3459, 20984, 16198, 20588, 8812,  13754, 43414, 23175,
                                   18136, 22581, 7103,  18088, 30361, 9841,  13813, 8635};
static const int blocks_t[] = {0, 1, 0, 0, 1, 0, 1, 0, 1, 1, 0, 1,
                               0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0};
static const size_t blocks_stratum[] = {1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 1, 1,
                                        1, 1, 2, 2, 2, 2, 2, 1, 2, 2, 1, 1};
#define BLOCKS_ROWS (sizeof blocks_y / sizeof *blocks_y)

static void value_add(struct sums *sums, int64_t value)
{
    sums->units++;
    sums->sum += value;
    sums->squares += (int128)value * value;
}

/* estimatr 1.0.0, difference_in_means(y ~ t, blocks = stratum). */
static void blocks_match_estimatr(void **state)
{
    (void)state;
    struct stratum_sums sums[2] = {{{.step = 1e-4}, {.step = 1e-4}},
                                   {{.step = 1e-4}, {.step = 1e-4}}};
    struct stratum strata[2];
    struct post_stratified result;
    struct estimate estimate;
    size_t left;
    for (size_t i = 0; i < BLOCKS_ROWS; i++) {
        struct stratum_sums *own = &sums[blocks_stratum[i] - 1];
        value_add(blocks_t[i] ? &own->treatment : &own->control, blocks_y[i]);
    }
    assert_int_equal(strata_of_sums(sums, 2, strata, &left), REASON_NONE);
    assert_int_equal(left, 2);
    assert_int_equal(post_stratify(strata, 2, &result), REASON_NONE);
    assert_close(result.difference, 0.24516438492063497, 1e-12);
    assert_close(sqrt(result.variance), 0.3638367526558663, 1e-12);
    assert_int_equal(strata_difference(strata, 2, 0, 48, &estimate), REASON_NONE);
    assert_close(estimate.se * estimate.se, result.variance + result.superpopulation, 1e-14);
    assert_close(estimate.ratio, .5, 1e-15);
}

static struct stratum stratum_random(struct random *random)
{
    return (struct stratum){
        {floor(random_log(random, 2, 1e4)), 5 + random_normal(random), random_log(random, 1e-4, 1)},
        {floor(random_log(random, 2, 1e4)), 5 + random_normal(random), random_log(random, 1e-4, 1)},
        0,
    };
}

static void swapping_the_variants_mirrors(void **state)
{
    (void)state;
    struct random random = {.state = 31};
    for (int i = 0; i < 200; i++) {
        struct stratum strata[5], other[5];
        struct estimate a, b;
        for (size_t k = 0; k < 5; k++) {
            strata[k] = stratum_random(&random);
            other[k] = (struct stratum){strata[k].control, strata[k].treatment, 0};
        }
        assert_int_equal(strata_difference(strata, 5, 0, 100, &a), REASON_NONE);
        assert_int_equal(strata_difference(other, 5, 0, 100, &b), REASON_NONE);
        assert_close(b.value, -a.value, 1e-12);
        assert_close(b.se, a.se, 1e-12);
        assert_int_equal(strata_log_ratio(strata, 5, 100, &a), REASON_NONE);
        assert_int_equal(strata_log_ratio(other, 5, 100, &b), REASON_NONE);
        assert_close(b.value, -a.value, 1e-10);
        assert_close(b.se, a.se, 1e-12);
    }
}

static void four_times_the_data_halve_the_error(void **state)
{
    (void)state;
    struct random random = {.state = 37};
    for (int i = 0; i < 100; i++) {
        struct stratum strata[4], more[4];
        struct estimate a, b;
        for (size_t k = 0; k < 4; k++) {
            strata[k] = more[k] = stratum_random(&random);
            more[k].treatment.units *= 4;
            more[k].control.units *= 4;
            more[k].treatment.variance /= 4;
            more[k].control.variance /= 4;
        }
        assert_int_equal(strata_difference(strata, 4, 0, 100, &a), REASON_NONE);
        assert_int_equal(strata_difference(more, 4, 0, 100, &b), REASON_NONE);
        assert_close(b.value, a.value, 1e-12);
        assert_close(b.se, a.se / 2, 1e-12);
    }
}

static void one_stratum_is_the_plain_comparison(void **state)
{
    (void)state;
    struct stratum one = {{120, 4.5, .02}, {80, 4.25, .03}, 0};
    struct post_stratified result;
    struct estimate estimate;
    struct lift lift;
    assert_int_equal(post_stratify(&one, 1, &result), REASON_NONE);
    assert_true(result.difference == .25 && result.superpopulation == 0);
    assert_close(result.variance, .05, 1e-14);
    assert_close(result.df, .05 * .05 / (.02 * .02 / 119 + .03 * .03 / 79), 1e-12);
    assert_int_equal(lift_of_means((struct lift_mean){4.5, sqrt(.02)},
                                   (struct lift_mean){4.25, sqrt(.03)}, &lift),
                     REASON_NONE);
    assert_int_equal(strata_log_ratio(&one, 1, 100, &estimate), REASON_NONE);
    assert_close(estimate.value, lift.log_ratio, 1e-14);
    assert_close(estimate.se, lift.log_se, 1e-14);
}

/* By hand: w = .75 and .25, so the parts of the variance are .5625 and .0625 of those given. */
static void the_degrees_of_freedom_are_satterthwaites(void **state)
{
    (void)state;
    struct stratum strata[] = {{{20, 1, .16}, {10, 1, .32}, 0}, {{5, 1, .48}, {5, 1, .64}, 0}};
    struct post_stratified result;
    double parts[] = {.09, .18, .03, .04}, free[] = {19, 9, 4, 4}, squares = 0;
    for (size_t i = 0; i < 4; i++)
        squares += parts[i] * parts[i] / free[i];
    assert_int_equal(post_stratify(strata, 2, &result), REASON_NONE);
    assert_close(result.variance, .34, 1e-14);
    assert_close(result.df, .34 * .34 / squares, 1e-12);
}

/* Strata drawn, not given: the whole variance is right, and without its second term too small. */
static void the_strata_of_a_sample_are_themselves_a_draw(void **state)
{
    (void)state;
    struct random random = {.state = 41};
    const int draws = 6000;
    double mean = 0, square = 0, whole = 0, given = 0;
    for (int i = 0; i < draws; i++) {
        struct stratum_sums sums[2] = {{{.step = .001}, {.step = .001}},
                                       {{.step = .001}, {.step = .001}}};
        struct stratum strata[2];
        struct post_stratified result;
        size_t left;
        for (int u = 0; u < 120; u++) {
            size_t b = random_unit(&random) < .4;
            bool treated = random_next(&random) % 2;
            double y = 3 * (double)b + (treated && b ? 4 : 0) + random_normal(&random);
            value_add(treated ? &sums[b].treatment : &sums[b].control, llround(1000 * y));
        }
        assert_int_equal(strata_of_sums(sums, 2, strata, &left), REASON_NONE);
        assert_int_equal(post_stratify(strata, left, &result), REASON_NONE);
        mean += result.difference / draws;
        square += result.difference * result.difference / draws;
        whole += (result.variance + result.superpopulation) / draws;
        given += result.variance / draws;
    }
    assert_close(mean, 1.6, .01);
    assert_close(whole, square - mean * mean, .07);
    assert_true(given < .6 * (square - mean * mean));
}

static void small_strata_become_one(void **state)
{
    (void)state;
    static const struct {
        struct stratum_units units[4];
        size_t places[4], left;
    } cases[] = {
        {{{5, 5}, {9, 9}, {2, 2}, {3, 3}}, {0, 1, 2, 3}, 4},
        {{{5, 5}, {1, 9}, {7, 7}, {9, 1}}, {0, 2, 1, 2}, 3},
        {{{5, 5}, {0, 1}, {7, 7}, {9, 9}}, {2, 2, 0, 1}, 3}, /* "other" takes the smallest */
        {{{1, 1}, {1, 1}, {1, 1}, {1, 1}}, {0, 0, 0, 0}, 1},
        {{{5, 5}, {0, 0}, {7, 7}, {0, 0}}, {0, 1, 1, 1}, 2}, /* nobody: the last place */
        {{{0, 9}, {9, 0}, {5, 5}, {6, 6}}, {2, 2, 0, 1}, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t places[4], left;
        assert_int_equal(strata_merge(cases[i].units, 4, places, &left), REASON_NONE);
        assert_int_equal(left, cases[i].left);
        assert_memory_equal(places, cases[i].places, sizeof places);
    }
}

/* Whatever the counts: places are complete, and each has two units of both variants. */
static void every_place_can_be_compared(void **state)
{
    (void)state;
    struct random random = {.state = 43};
    for (int i = 0; i < 2000; i++) {
        struct stratum_units units[12], sums[12] = {0}, all = {0};
        size_t places[12], left;
        for (size_t b = 0; b < 12; b++) {
            units[b].treatment = random_next(&random) % 4;
            units[b].control = random_next(&random) % 4;
            all.treatment += units[b].treatment;
            all.control += units[b].control;
        }
        if (all.treatment < 2 || all.control < 2)
            continue;
        assert_int_equal(strata_merge(units, 12, places, &left), REASON_NONE);
        for (size_t b = 0; b < 12; b++) {
            assert_true(places[b] < left);
            sums[places[b]].treatment += units[b].treatment;
            sums[places[b]].control += units[b].control;
        }
        for (size_t place = 0; place < left; place++)
            assert_true(sums[place].treatment >= 2 && sums[place].control >= 2);
    }
}

static void a_constant_added_changes_no_error(void **state)
{
    (void)state;
    struct random random = {.state = 47};
    struct stratum_sums near[3], far[3];
    struct stratum a[3], b[3];
    struct estimate first, second;
    size_t left;
    for (size_t k = 0; k < 3; k++) {
        near[k] = (struct stratum_sums){{.step = 1e-6}, {.step = 1e-6}};
        far[k] = near[k];
        for (int u = 0; u < 50; u++) {
            int64_t value = llround(1e6 * random_normal(&random));
            bool treated = u % 2;
            value_add(treated ? &near[k].treatment : &near[k].control, value);
            value_add(treated ? &far[k].treatment : &far[k].control, value + 100000000000000);
        }
    }
    assert_int_equal(strata_of_sums(near, 3, a, &left), REASON_NONE);
    assert_int_equal(strata_of_sums(far, 3, b, &left), REASON_NONE);
    for (size_t k = 0; k < 3; k++)
        assert_true(a[k].treatment.variance == b[k].treatment.variance);
    assert_int_equal(strata_difference(a, 3, 0, 100, &first), REASON_NONE);
    assert_int_equal(strata_difference(b, 3, 0, 100, &second), REASON_NONE);
    assert_close(second.se, first.se, 1e-12);
    assert_close(second.value, first.value, 1e-10);
}

static void strata_without_an_answer_say_why(void **state)
{
    (void)state;
    struct stratum good = {{10, 1, .1}, {10, 2, .1}, 0}, strata[] = {good, good};
    struct post_stratified result = {.units = 7};
    struct estimate estimate = {.se = 7};
    size_t places[2] = {7, 7}, left = 7;
    assert_int_equal(post_stratify(NULL, 0, &result), REASON_NO_UNITS);
    strata[1].control.units = 0;
    assert_int_equal(post_stratify(strata, 2, &result), REASON_TOO_FEW);
    strata[1] = (struct stratum){{10, NOT_A_NUMBER, .1}, {10, 2, .1}, 0};
    assert_int_equal(post_stratify(strata, 2, &result), REASON_INVALID);
    strata[1] = (struct stratum){{10, 1, -.1}, {10, 2, .1}, 0};
    assert_int_equal(post_stratify(strata, 2, &result), REASON_INVALID);
    strata[1] = (struct stratum){{10, 1, .1}, {10, 2, .1}, INFINITE};
    assert_int_equal(post_stratify(strata, 2, &result), REASON_INVALID);
    strata[1] = (struct stratum){{10, 1e308, .1}, {10, -1e308, .1}, 0};
    assert_int_equal(post_stratify(strata, 2, &result), REASON_NOT_FINITE);
    struct stratum constant = {{10, 1, 0}, {10, 2, 0}, 0};
    assert_int_equal(strata_difference(&constant, 1, 0, 10, &estimate), REASON_NO_VARIATION);
    assert_int_equal(strata_difference(&good, 1, 0, 0, &estimate), REASON_INVALID);
    struct stratum below = {{10, -1, .1}, {10, 2, .1}, 0};
    assert_int_equal(strata_log_ratio(&below, 1, 10, &estimate), REASON_NEAR_ZERO);
    struct stratum_units none[] = {{0, 5}, {0, 5}}, one[] = {{1, 5}, {0, 5}};
    assert_int_equal(strata_merge(none, 2, places, &left), REASON_NO_UNITS);
    assert_int_equal(strata_merge(one, 2, places, &left), REASON_ONE_UNIT);
    assert_int_equal(strata_merge(one, STRATA_MAX + 1, places, &left), REASON_INVALID);
    struct stratum_sums steps[] = {{{.step = 1}, {.step = 1}}, {{.step = 1}, {.step = .1}}};
    assert_int_equal(strata_of_sums(steps, 2, strata, &left), REASON_INVALID);
    assert_true(result.units == 7 && estimate.se == 7 && left == 7 && places[0] == 7);
}

/* The limit is 256 strata, and 256 are taken. */
static void as_many_strata_as_the_cube_keeps(void **state)
{
    (void)state;
    static struct stratum_units units[STRATA_MAX + 1];
    static size_t places[STRATA_MAX + 1];
    size_t left;
    for (size_t b = 0; b <= STRATA_MAX; b++)
        units[b] = (struct stratum_units){2, 2};
    assert_int_equal(strata_merge(units, STRATA_MAX, places, &left), REASON_NONE);
    assert_int_equal(left, STRATA_MAX);
    assert_int_equal(strata_merge(units, STRATA_MAX + 1, places, &left), REASON_INVALID);
}

/* Cells of the treatment, then of the control: successes, failures. */
struct cells {
    uint64_t a, b, c, d;
};

static size_t pairs_of(const struct cells *cells, size_t count, struct proportion_pair *pairs)
{
    for (size_t i = 0; i < count; i++)
        pairs[i] = (struct proportion_pair){{cells[i].a, cells[i].a + cells[i].b},
                                            {cells[i].c, cells[i].c + cells[i].d}};
    return count;
}

/* R 4.2.2 mantelhaen.test, metafor 3.8.1 rma.mh. */
static const struct {
    struct cells cells[6];
    size_t count;
    double chi, p, chi_cc, p_cc, rd, rd_se, logrr, logrr_se, logor, logor_se, tarone, bd;
} published[] = {
    {{{512, 89, 313, 19},
      {353, 17, 207, 8},
      {120, 202, 205, 391},
      {138, 131, 279, 244},
      {53, 94, 138, 299},
      {22, 24, 351, 317}},
     6,
     1.5246066604434356,
     0.21692369705551837,
     1.4269462285866883,
     0.23226346281704827,
     -0.017263626103323316,
     0.013874824750681424,
     -0.027980739976945213,
     0.022304557600808624,
     -0.10015538780535076,
     0.08098890965622091,
     0.00207140139788083,
     0.002071390349917576},
    {{{12, 20, 40, 35}, {30, 44, 15, 20}},
     2,
     1.4670039409596636,
     0.2258189998733768,
     1.1311580418990554,
     0.2875284612251468,
     -0.08880144042470252,
     0.07285355364848975,
     -0.20483488946292183,
     0.17398052663613905,
     -0.3611566120132202,
     0.2972261903737518,
     0.359327201424681,
     0.3593265423753517},
    {{{0, 2, 5, 4}, {1, 3, 0, 8}, {2, 0, 2, 6}},
     3,
     0.8372685806278509,
     0.36017912837227817,
     0.1911809095787497,
     0.6619355688760291,
     0.162217659137577,
     0.19917500427984963,
     0.5489773897303669,
     0.6375279363895858,
     0.7194644888773186,
     0.881320927355316,
     0.03166916776065035,
     0.03087009179533329},
    {{{100, 130, 900, 880}, {40, 52, 160, 150}, {5, 3, 95, 99}},
     3,
     5.195441829297827,
     0.022646197567858625,
     4.927810837376256,
     0.026427776701210232,
     -0.06786652512503548,
     0.02957949323741771,
     -0.14345625882558638,
     0.06592355620146782,
     -0.2725296641147308,
     0.11975396799869141,
     0.5092023596191378,
     0.5092018767081774},
};

static void mantel_haenszel_matches_metafor(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        struct proportion_pair pairs[6];
        struct mantel_haenszel_test test;
        struct estimate estimate;
        struct breslow_day homogeneity;
        size_t k = pairs_of(published[i].cells, published[i].count, pairs);
        assert_int_equal(mantel_haenszel_test(pairs, k, &test), REASON_NONE);
        assert_close(test.plain.statistic, published[i].chi, 1e-9);
        assert_close(test.plain.p, published[i].p, 1e-9);
        assert_close(test.with_continuity.statistic, published[i].chi_cc, 1e-9);
        assert_close(test.with_continuity.p, published[i].p_cc, 1e-9);
        assert_int_equal(mantel_haenszel_difference(pairs, k, 1, &estimate), REASON_NONE);
        assert_close(estimate.value, published[i].rd, 1e-9);
        assert_close(estimate.se, published[i].rd_se, 1e-9);
        assert_int_equal(mantel_haenszel_log_risk(pairs, k, 1, &estimate), REASON_NONE);
        assert_close(estimate.value, published[i].logrr, 1e-9);
        assert_close(estimate.se, published[i].logrr_se, 1e-9);
        assert_int_equal(mantel_haenszel_log_odds(pairs, k, 1, &estimate), REASON_NONE);
        assert_close(estimate.value, published[i].logor, 1e-9);
        assert_close(estimate.se, published[i].logor_se, 1e-9);
        assert_int_equal(breslow_day_test(pairs, k, &homogeneity), REASON_NONE);
        assert_close(homogeneity.tarone.p, published[i].tarone, 1e-9);
        assert_close(homogeneity.plain.p, published[i].bd, 1e-9);
    }
}

typedef enum reason common_effect(const struct proportion_pair *, size_t, double,
                                  struct estimate *);

static void swapping_mirrors_every_common_effect(void **state)
{
    (void)state;
    static common_effect *const effects[] = {mantel_haenszel_log_odds, mantel_haenszel_log_risk,
                                             mantel_haenszel_difference};
    struct random random = {.state = 53};
    for (int i = 0; i < 200; i++) {
        struct proportion_pair pairs[4], other[4], more[4];
        struct breslow_day a, b;
        for (size_t k = 0; k < 4; k++) {
            uint64_t n1 = (uint64_t)random_log(&random, 4, 1e6);
            uint64_t n0 = (uint64_t)random_log(&random, 4, 1e6);
            pairs[k] = (struct proportion_pair){{1 + random_next(&random) % (n1 - 1), n1},
                                                {1 + random_next(&random) % (n0 - 1), n0}};
            other[k] = (struct proportion_pair){pairs[k].control, pairs[k].treatment};
            more[k] = (struct proportion_pair){{4 * pairs[k].treatment.successes, 4 * n1},
                                               {4 * pairs[k].control.successes, 4 * n0}};
        }
        for (size_t e = 0; e < 3; e++) {
            struct estimate first, mirrored, larger;
            assert_int_equal(effects[e](pairs, 4, 1e6, &first), REASON_NONE);
            assert_int_equal(effects[e](other, 4, 1e6, &mirrored), REASON_NONE);
            assert_int_equal(effects[e](more, 4, 1e6, &larger), REASON_NONE);
            assert_true(fabs(first.value + mirrored.value) <= 1e-11 * fabs(first.value) + 1e-14);
            assert_close(mirrored.se, first.se, 1e-9);
            assert_close(larger.se, first.se / 2, 1e-9);
        }
        assert_int_equal(breslow_day_test(pairs, 4, &a), REASON_NONE);
        assert_int_equal(breslow_day_test(other, 4, &b), REASON_NONE);
        assert_close(a.plain.statistic, b.plain.statistic, 1e-9);
        assert_close(a.tarone.statistic, b.tarone.statistic, 1e-9);
    }
}

/* Woolf's case: odds ratio 4 in both strata, 2 x 2 tables of different margins. */
static void equal_odds_are_homogeneous(void **state)
{
    (void)state;
    const struct cells cells[] = {{40, 10, 20, 20}, {10, 10, 20, 80}};
    struct proportion_pair pairs[2];
    struct breslow_day test;
    struct estimate odds;
    pairs_of(cells, 2, pairs);
    assert_int_equal(mantel_haenszel_log_odds(pairs, 2, 1, &odds), REASON_NONE);
    assert_close(exp(odds.value), 4, 1e-14);
    assert_int_equal(breslow_day_test(pairs, 2, &test), REASON_NONE);
    assert_true(test.plain.statistic < 1e-20 && test.tarone.statistic < 1e-20);
}

/* In one table the common odds ratio is its own, the difference that of the rates. */
static void one_table_is_itself(void **state)
{
    (void)state;
    const struct cells cells = {23, 41, 17, 53};
    struct proportion_pair pair;
    struct estimate odds, difference;
    double gap, se;
    pairs_of(&cells, 1, &pair);
    assert_int_equal(mantel_haenszel_log_odds(&pair, 1, 1, &odds), REASON_NONE);
    assert_close(odds.value, log(23. * 53 / 41 / 17), 1e-14);
    assert_close(odds.se * odds.se, 1. / 23 + 1. / 41 + 1. / 17 + 1. / 53, 1e-12);
    assert_int_equal(mantel_haenszel_difference(&pair, 1, 1, &difference), REASON_NONE);
    assert_int_equal(proportion_difference(&pair, &gap, &se), REASON_NONE);
    assert_close(difference.value, gap, 1e-12);
    assert_close(difference.se, se, 1e-12);
}

static void tables_without_an_answer_say_why(void **state)
{
    (void)state;
    struct mantel_haenszel_test test = {.plain = {.df = 7}};
    struct breslow_day homogeneity = {.plain = {.df = 7}};
    struct estimate estimate = {.se = 7};
    static common_effect *const effects[] = {mantel_haenszel_log_odds, mantel_haenszel_log_risk,
                                             mantel_haenszel_difference};
    struct proportion_pair empty = {{0, 0}, {3, 10}}, bad = {{4, 3}, {3, 10}};
    struct proportion_pair none = {{0, 10}, {0, 10}}, half = {{0, 10}, {5, 10}};
    for (size_t e = 0; e < 3; e++) {
        assert_int_equal(effects[e](NULL, 0, 1, &estimate), REASON_NO_UNITS);
        assert_int_equal(effects[e](&empty, 1, 1, &estimate), REASON_NO_UNITS);
        assert_int_equal(effects[e](&bad, 1, 1, &estimate), REASON_INVALID);
        assert_int_equal(effects[e](&half, 1, 0, &estimate), REASON_INVALID);
        if (e < 2) {
            assert_int_equal(effects[e](&none, 1, 1, &estimate), REASON_NO_EVENTS);
            assert_int_equal(effects[e](&half, 1, 1, &estimate), REASON_NO_EVENTS);
        }
    }
    assert_int_equal(mantel_haenszel_difference(&none, 1, 1, &estimate), REASON_NO_VARIATION);
    assert_int_equal(mantel_haenszel_test(&none, 1, &test), REASON_NO_VARIATION);
    assert_int_equal(mantel_haenszel_test(&empty, 1, &test), REASON_NO_UNITS);
    assert_int_equal(mantel_haenszel_test(&bad, 1, &test), REASON_INVALID);
    assert_int_equal(breslow_day_test(&none, 1, &homogeneity), REASON_NO_EVENTS);
    struct proportion_pair one = {{3, 10}, {5, 10}};
    assert_int_equal(breslow_day_test(&one, 1, &homogeneity), REASON_TOO_FEW);
    assert_true(test.plain.df == 7 && homogeneity.plain.df == 7 && estimate.se == 7);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_match_estimatr),
        cmocka_unit_test(swapping_the_variants_mirrors),
        cmocka_unit_test(four_times_the_data_halve_the_error),
        cmocka_unit_test(one_stratum_is_the_plain_comparison),
        cmocka_unit_test(the_degrees_of_freedom_are_satterthwaites),
        cmocka_unit_test(the_strata_of_a_sample_are_themselves_a_draw),
        cmocka_unit_test(small_strata_become_one),
        cmocka_unit_test(every_place_can_be_compared),
        cmocka_unit_test(a_constant_added_changes_no_error),
        cmocka_unit_test(strata_without_an_answer_say_why),
        cmocka_unit_test(as_many_strata_as_the_cube_keeps),
        cmocka_unit_test(mantel_haenszel_matches_metafor),
        cmocka_unit_test(swapping_mirrors_every_common_effect),
        cmocka_unit_test(equal_odds_are_homogeneous),
        cmocka_unit_test(one_table_is_itself),
        cmocka_unit_test(tables_without_an_answer_say_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
