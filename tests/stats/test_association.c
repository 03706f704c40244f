/* Phi, ratios and AUC against R, epitools and pROC; surrogates against least squares, the
 * definition of Fieller's set, and a simulation in which the naive line is wrong. */

#include "stats/association.h"
#include "stats/normal.h"
#include "stats/random.h"
#include "stats/reference.h"
#include "stats/regression.h"
#include "stats/surrogate.h"

#include <gsl/gsl_errno.h>

/* R 4.2.2 cor and cor.test; epitools 0.5.10.1; pROC 1.18.0. */
static const struct {
    struct two_by_two table;
    double phi;
    struct interval phi_interval;
    double risk;
    struct interval risk_interval;
    double odds;
    struct interval odds_interval;
    double chi, p, auc;
    struct interval auc_interval;
} published[] = {
    {{51, 38, 38, 73},
     0.23069136552282618,
     {0.09499065486029473, 0.3579749089847692},
     1.6738616203429921,
     {1.2226951978510698, 2.291505461853087},
     2.5782548476454292,
     {1.4514245693828134, 4.579912866042923},
     10.643701225357248,
     0.0011044641602769556,
     0.6153456827614131,
     {0.5472594244084262, 0.6834319411144}},
    {{2, 3, 3, 92},
     0.3684210526315789,
     {0.1854208337954105, 0.5267230812057001},
     12.666666666666666,
     {2.697180797181609, 59.48598055128495},
     20.444444444444443,
     {2.4372471084307135, 171.4948423556033},
     13.573407202216066,
     0.00022941257493082397,
     0.6842105263157894,
     {0.443515023895073, 0.924906028736506}},
    {{10, 10, 10, 10},
     0,
     {-0.31150934897669896, 0.31150934897669896},
     1,
     {0.5380547101270896, 1.8585470606953667},
     1,
     {0.28950287108994643, 3.4541971768193873},
     0,
     1,
     0.5,
     {0.3410259285314003, 0.6589740714685997}},
    {{5, 25, 20, 10},
     -0.5070925528371101,
     {-0.6742044483580775, -0.2905844736120143},
     0.25,
     {0.10801331180202155, 0.5786323829655067},
     0.1,
     {0.029405245298639176, 0.3400753810566846},
     15.428571428571429,
     8.568298010910458e-05,
     0.24285714285714283,
     {0.1325533559934264, 0.35316092972085933}},
};

static void assert_interval(struct interval got, struct interval want)
{
    assert_close(got.low, want.low, 1e-9);
    assert_close(got.high, want.high, 1e-9);
}

static void tables_match_r(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        const struct two_by_two *table = &published[i].table;
        struct interval interval;
        struct association_ratio ratio;
        struct chi_square test;
        struct association_scores scores;
        double value;
        assert_int_equal(association_phi(table, &value), REASON_NONE);
        assert_close(value, published[i].phi, 1e-9);
        assert_int_equal(association_phi_interval(table, .05, &interval), REASON_NONE);
        assert_interval(interval, published[i].phi_interval);
        assert_int_equal(association_risk_ratio(table, .05, &ratio), REASON_NONE);
        assert_close(ratio.ratio, published[i].risk, 1e-9);
        assert_interval(ratio.interval, published[i].risk_interval);
        assert_int_equal(association_odds_ratio(table, .05, &ratio), REASON_NONE);
        assert_close(ratio.ratio, published[i].odds, 1e-9);
        assert_interval(ratio.interval, published[i].odds_interval);
        assert_int_equal(association_chi_square(table, &test), REASON_NONE);
        assert_close(test.statistic, published[i].chi, 1e-9);
        assert_close(test.p, published[i].p, 1e-9);
        association_scores_of(table, &scores);
        assert_int_equal(association_auc(&scores.retained, &scores.others, &value), REASON_NONE);
        assert_close(value, published[i].auc, 1e-12);
        assert_int_equal(association_auc_interval(&scores.retained, &scores.others, .05, &interval),
                         REASON_NONE);
        assert_interval(interval, published[i].auc_interval);
    }
}

static void perfect_association_is_one(void **state)
{
    (void)state;
    struct two_by_two perfect = {10, 0, 0, 10}, opposite = {0, 7, 13, 0};
    struct association_ratio ratio = {.ratio = 7};
    struct interval interval;
    double phi;
    assert_int_equal(association_phi(&perfect, &phi), REASON_NONE);
    assert_true(phi == 1);
    assert_int_equal(association_phi_interval(&perfect, .05, &interval), REASON_NONE);
    assert_true(interval.low == 1 && interval.high == 1);
    assert_int_equal(association_phi(&opposite, &phi), REASON_NONE);
    assert_true(phi == -1);
    assert_int_equal(association_risk_ratio(&perfect, .05, &ratio), REASON_NO_EVENTS);
    assert_int_equal(association_odds_ratio(&perfect, .05, &ratio), REASON_NO_EVENTS);
    assert_true(ratio.ratio == 7);
}

static void exchanging_rows_mirrors_a_table(void **state)
{
    (void)state;
    struct random random = {.state = 61};
    for (int i = 0; i < 300; i++) {
        struct two_by_two a = {
            1 + (uint64_t)random_log(&random, 1, 1e9), 1 + (uint64_t)random_log(&random, 1, 1e9),
            1 + (uint64_t)random_log(&random, 1, 1e9), 1 + (uint64_t)random_log(&random, 1, 1e9)};
        struct two_by_two b = {a.n01, a.n00, a.n11, a.n10};
        struct association_ratio one, two;
        double phi_a, phi_b;
        assert_int_equal(association_phi(&a, &phi_a), REASON_NONE);
        assert_int_equal(association_phi(&b, &phi_b), REASON_NONE);
        assert_close(phi_b, -phi_a, 1e-12);
        assert_true(fabs(phi_a) <= 1);
        assert_int_equal(association_risk_ratio(&a, .05, &one), REASON_NONE);
        assert_int_equal(association_risk_ratio(&b, .05, &two), REASON_NONE);
        assert_close(one.ratio * two.ratio, 1, 1e-12);
        assert_close(one.log_se, two.log_se, 1e-12);
        assert_int_equal(association_odds_ratio(&a, .05, &one), REASON_NONE);
        assert_int_equal(association_odds_ratio(&b, .05, &two), REASON_NONE);
        assert_close(one.interval.low * two.interval.high, 1, 1e-9);
    }
}

#define SCORES 40

/* AUC and DeLong's variance by their definition: every pair looked at. */
static void auc_by_pairs(const double *x, size_t m, const double *y, size_t n, double *auc,
                         double *variance)
{
    double v10[SCORES] = {0}, v01[SCORES] = {0}, s10 = 0, s01 = 0;
    *auc = 0;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            double psi = x[i] > y[j] ? 1 : x[i] == y[j] ? .5 : 0;
            v10[i] += psi / (double)n;
            v01[j] += psi / (double)m;
            *auc += psi / (double)(m * n);
        }
    for (size_t i = 0; i < m; i++)
        s10 += (v10[i] - *auc) * (v10[i] - *auc) / (double)(m - 1);
    for (size_t j = 0; j < n; j++)
        s01 += (v01[j] - *auc) * (v01[j] - *auc) / (double)(n - 1);
    *variance = s10 / (double)m + s01 / (double)n;
}

static void auc_is_that_of_all_pairs(void **state)
{
    (void)state;
    struct random random = {.state = 67};
    for (int i = 0; i < 200; i++) {
        double x[SCORES], y[SCORES], auc, variance, want_auc, want_variance, swapped;
        uint64_t positive[12] = {0}, negative[12] = {0};
        size_t m = 2 + random_next(&random) % (SCORES - 2),
               n = 2 + random_next(&random) % (SCORES - 2);
        for (size_t k = 0; k < m; k++)
            positive[(size_t)(x[k] = (double)(2 + random_next(&random) % 10))]++;
        for (size_t k = 0; k < n; k++)
            negative[(size_t)(y[k] = (double)(random_next(&random) % 10))]++;
        auc_by_pairs(x, m, y, n, &want_auc, &want_variance);
        assert_int_equal(values_sort(x, m), REASON_NONE);
        assert_int_equal(values_sort(y, n), REASON_NONE);
        struct ranked retained = {.values = x, .count = m}, others = {.values = y, .count = n};
        struct ranked p = {.units = positive, .count = 12}, q = {.units = negative, .count = 12};
        assert_int_equal(association_auc(&retained, &others, &auc), REASON_NONE);
        assert_int_equal(association_auc_variance(&retained, &others, &variance), REASON_NONE);
        assert_close(auc, want_auc, 1e-12);
        assert_close(variance, want_variance, 1e-11);
        /* Histograms say the same, and exchanging the two mirrors. */
        double from_counts;
        assert_int_equal(association_auc_variance(&p, &q, &from_counts), REASON_NONE);
        assert_true(fabs(from_counts - variance) <= 1e-15);
        assert_int_equal(association_auc_variance(&others, &retained, &swapped), REASON_NONE);
        assert_close(swapped, variance, 1e-11);
    }
}

static void tables_without_an_answer_say_why(void **state)
{
    (void)state;
    struct two_by_two none = {0}, row = {5, 5, 0, 0}, tiny = {1, 0, 1, 1},
                      huge = {(uint64_t)1 << 41, 1, 1, 1};
    struct two_by_two column = {5, 0, 5, 0};
    struct interval interval = {7, 7};
    double value = 7, other = 7;
    double scores[] = {1, 2};
    struct ranked two = {.values = scores, .count = 2}, one = {.values = scores, .count = 1};
    struct ranked empty = {.values = scores};
    assert_int_equal(association_phi(&none, &value), REASON_NO_UNITS);
    assert_int_equal(association_phi(&row, &value), REASON_NO_VARIATION);
    assert_int_equal(association_phi(&column, &value), REASON_NO_VARIATION);
    assert_int_equal(association_phi(&huge, &value), REASON_INVALID);
    assert_int_equal(association_shares(&row, &value, &other), REASON_NO_UNITS);
    assert_int_equal(association_phi_interval(&tiny, .05, &interval), REASON_TOO_FEW);
    assert_int_equal(association_phi_interval(&published[0].table, 1, &interval), REASON_INVALID);
    assert_int_equal(association_auc(&two, &empty, &value), REASON_NO_UNITS);
    assert_int_equal(association_auc_variance(&two, &one, &value), REASON_ONE_UNIT);
    assert_int_equal(association_auc_interval(&two, &two, 0, &interval), REASON_INVALID);
    assert_true(value == 7 && other == 7 && interval.low == 7);
    /* All the same score: every pair is a tie. */
    double same[] = {3, 3, 3};
    struct ranked constant = {.values = same, .count = 3};
    assert_int_equal(association_auc(&constant, &constant, &value), REASON_NONE);
    assert_true(value == .5);
}

/* ---- Surrogates ---- */

static void joint_add(struct joint_sums *sums, int64_t x, int64_t y)
{
    sums->units++;
    sums->x += x;
    sums->y += y;
    sums->xx += (int128)x * x;
    sums->yy += (int128)y * y;
    sums->xy += (int128)x * y;
}

#define ROWS 80

/* Rows of both variants, as integers of steps of 1e-3, and their sums. */
struct experiment {
    double y[ROWS], t[ROWS], g[ROWS];
    struct joint_pair pair;
};

static void experiment_fill(struct experiment *experiment, struct random *random, int64_t shift)
{
    *experiment = (struct experiment){
        .pair = {{.step_x = 1e-3, .step_y = 1e-3}, {.step_x = 1e-3, .step_y = 1e-3}}};
    for (size_t i = 0; i < ROWS; i++) {
        bool treated = i % 3 == 0;
        double g = random_normal(random) + (treated ? .7 : 0);
        int64_t gs = llround(1000 * g), ys = llround(1000 * (g + random_normal(random)));
        joint_add(treated ? &experiment->pair.treatment : &experiment->pair.control, gs + shift,
                  ys + shift);
        experiment->g[i] = (double)gs / 1000;
        experiment->y[i] = (double)ys / 1000;
        experiment->t[i] = treated;
    }
}

static void effects_are_those_of_the_rows(void **state)
{
    (void)state;
    struct random random = {.state = 71};
    struct experiment experiment, far;
    struct joint_effect effect, moved;
    experiment_fill(&experiment, &random, 0);
    random.state = 71;
    experiment_fill(&far, &random, 100000000000);
    struct unit_rows rows = {.count = ROWS, .metric = experiment.y, .treated = experiment.t};
    struct regression fit;
    double se;
    assert_int_equal(joint_effect_of(&experiment.pair, &effect), REASON_NONE);
    assert_int_equal(regression_of(&rows, REGRESSION_UNADJUSTED, &fit), REASON_NONE);
    assert_int_equal(regression_se(&fit, REGRESSION_HC2, &se), REASON_NONE);
    assert_close(effect.metric, fit.estimate, 1e-12);
    assert_close(sqrt(effect.metric_variance), se, 1e-12);
    /* 1e8 on every value of both changes nothing. */
    assert_int_equal(joint_effect_of(&far.pair, &moved), REASON_NONE);
    assert_memory_equal(&moved, &effect, sizeof effect);
}

/* The ends are where |d_y - R d_g| is exactly the critical multiple of its own error. */
static void the_ends_of_fieller_lie_on_its_border(void **state)
{
    (void)state;
    struct random random = {.state = 73};
    for (int i = 0; i < 500; i++) {
        double df = i % 2 ? 0 : 17, c = critical_value(.025, df);
        struct joint_effect e = {.goal_variance = random_log(&random, 1e-4, 1),
                                 .metric_variance = random_log(&random, 1e-4, 1)};
        e.covariance =
            .9 * (2 * random_unit(&random) - 1) * sqrt(e.goal_variance * e.metric_variance);
        e.goal = sqrt(e.goal_variance) * random_log(&random, c * 1.01, 40) * (i % 3 ? 1 : -1);
        e.metric = random_normal(&random);
        struct encouragement result;
        assert_int_equal(encouragement_of(&e, .05, df, &result), REASON_NONE);
        assert_true(result.interval.low <= result.ratio && result.ratio <= result.interval.high);
        const double ends[] = {result.interval.low, result.interval.high};
        for (size_t k = 0; k < 2; k++) {
            double r = ends[k], gap = e.metric - r * e.goal;
            double variance = e.metric_variance - 2 * r * e.covariance + r * r * e.goal_variance;
            assert_close(fabs(gap), c * sqrt(variance), 1e-7);
        }
        struct joint_effect mirrored = e;
        struct encouragement other;
        mirrored.metric = -e.metric;
        mirrored.covariance = -e.covariance;
        assert_int_equal(encouragement_of(&mirrored, .05, df, &other), REASON_NONE);
        assert_true(other.ratio == -result.ratio && other.interval.low == -result.interval.high);
    }
}

/* Without errors of the goal it is y's own interval, divided. */
static void a_goal_without_error_only_scales(void **state)
{
    (void)state;
    struct joint_effect effect = {.goal = .5, .metric = .2, .metric_variance = .01};
    struct encouragement result;
    assert_int_equal(encouragement_of(&effect, .05, 0, &result), REASON_NONE);
    assert_close(result.interval.low, (.2 - 1.959963984540054 * .1) / .5, 1e-12);
    assert_close(result.interval.high, (.2 + 1.959963984540054 * .1) / .5, 1e-12);
}

static void the_adjusted_effect_is_that_of_least_squares(void **state)
{
    (void)state;
    struct random random = {.state = 79};
    struct experiment experiment;
    for (int i = 0; i < 50; i++) {
        struct estimate estimate;
        struct regression fit;
        experiment_fill(&experiment, &random, 0);
        struct unit_rows rows = {.count = ROWS,
                                 .metric = experiment.y,
                                 .treated = experiment.t,
                                 .covariates = {experiment.g},
                                 .covariate_count = 1};
        assert_int_equal(surrogate_adjusted(&experiment.pair, 100, &estimate), REASON_NONE);
        assert_int_equal(regression_of(&rows, REGRESSION_ANCOVA, &fit), REASON_NONE);
        assert_close(estimate.value, fit.estimate, 1e-10);
        assert_true(estimate.df == ROWS - 3);
    }
}

/* Two variants that scatter alike, one moved: the error is lm's own. */
static void equal_scatter_gives_the_classical_error(void **state)
{
    (void)state;
    struct random random = {.state = 83};
    double y[ROWS], t[ROWS], g[ROWS], se;
    struct joint_pair pair = {{.step_x = 1e-3, .step_y = 1e-3}, {.step_x = 1e-3, .step_y = 1e-3}};
    struct estimate estimate;
    struct regression fit;
    for (size_t i = 0; i < ROWS; i += 2) {
        int64_t gs = llround(1000 * random_normal(&random)),
                ys = gs + llround(1000 * random_normal(&random));
        joint_add(&pair.control, gs, ys);
        joint_add(&pair.treatment, gs + 400, ys + 900);
        t[i] = 0;
        t[i + 1] = 1;
        g[i] = (double)gs / 1000;
        g[i + 1] = g[i] + .4;
        y[i] = (double)ys / 1000;
        y[i + 1] = y[i] + .9;
    }
    struct unit_rows rows = {
        .count = ROWS, .metric = y, .treated = t, .covariates = {g}, .covariate_count = 1};
    assert_int_equal(surrogate_adjusted(&pair, 100, &estimate), REASON_NONE);
    assert_int_equal(regression_of(&rows, REGRESSION_ANCOVA, &fit), REASON_NONE);
    assert_int_equal(regression_se(&fit, REGRESSION_OLS, &se), REASON_NONE);
    assert_close(estimate.se, se, 1e-10);
}

#define EXPERIMENTS 14

/* Effects with true line y = .1 + .5 g, and errors whose own slope is 2. */
static void effects_draw(struct joint_effect *effects, size_t count, struct random *random,
                         double noise)
{
    for (size_t i = 0; i < count; i++) {
        double truth = random_normal(random), error = noise * random_normal(random);
        double other = noise * random_normal(random), v = noise * noise;
        effects[i] = (struct joint_effect){
            .goal = truth + error,
            .metric = .1 + .5 * truth + 2 * error + other,
            .goal_variance = v,
            .metric_variance = 5 * v,
            .covariance = 2 * v,
        };
    }
}

static void the_corrected_line_is_right_where_the_naive_one_is_not(void **state)
{
    (void)state;
    struct random random = {.state = 89};
    const int draws = 800;
    double corrected = 0, naive = 0, intercept = 0, reliability = 0;
    for (int i = 0; i < draws; i++) {
        struct joint_effect effects[200];
        struct surrogate_line line;
        effects_draw(effects, 200, &random, .6);
        assert_int_equal(surrogate_across(effects, 200, &line), REASON_NONE);
        corrected += line.slope / draws;
        naive += line.naive_slope / draws;
        intercept += line.intercept / draws;
        reliability += line.reliability / draws;
    }
    assert_close(corrected, .5, .02);
    assert_close(intercept, .1, .1);
    assert_close(naive, (.5 + 2 * .36) / 1.36, .02);
    assert_close(reliability, 1 / 1.36, .02);
}

static void the_jackknife_covers(void **state)
{
    (void)state;
    struct random random = {.state = 97};
    const int draws = 1500;
    int covered = 0, answered = 0;
    for (int i = 0; i < draws; i++) {
        struct joint_effect effects[40];
        struct surrogate_line line;
        effects_draw(effects, 40, &random, .3);
        if (surrogate_across(effects, 40, &line))
            continue;
        answered++;
        double reach = critical_value(.025, line.df) * line.slope_se;
        covered += fabs(line.slope - .5) <= reach;
    }
    assert_true(answered == draws);
    assert_true(covered >= .92 * answered && covered <= .985 * answered);
}

/* Effects without errors: the slope of least squares, and the jackknife by leaving each out. */
static void without_errors_it_is_least_squares(void **state)
{
    (void)state;
    struct random random = {.state = 101};
    struct joint_effect effects[EXPERIMENTS];
    struct surrogate_line line, rest;
    double x = 0, y = 0, xx = 0, xy = 0, slopes[EXPERIMENTS], mean = 0, squares = 0;
    effects_draw(effects, EXPERIMENTS, &random, 0);
    for (size_t i = 0; i < EXPERIMENTS; i++) {
        effects[i].metric += .2 * random_normal(&random);
        x += effects[i].goal / EXPERIMENTS;
        y += effects[i].metric / EXPERIMENTS;
    }
    for (size_t i = 0; i < EXPERIMENTS; i++) {
        xx += (effects[i].goal - x) * (effects[i].goal - x);
        xy += (effects[i].goal - x) * (effects[i].metric - y);
    }
    assert_int_equal(surrogate_across(effects, EXPERIMENTS, &line), REASON_NONE);
    assert_close(line.slope, xy / xx, 1e-12);
    assert_close(line.intercept, y - xy / xx * x, 1e-10);
    assert_true(line.slope == line.naive_slope && line.reliability == 1);
    for (size_t i = 0; i < EXPERIMENTS; i++) {
        struct joint_effect others[EXPERIMENTS];
        for (size_t k = 0, at = 0; k < EXPERIMENTS; k++)
            if (k != i)
                others[at++] = effects[k];
        assert_int_equal(surrogate_across(others, EXPERIMENTS - 1, &rest), REASON_NONE);
        slopes[i] = rest.slope;
        mean += rest.slope / EXPERIMENTS;
    }
    for (size_t i = 0; i < EXPERIMENTS; i++)
        squares += (slopes[i] - mean) * (slopes[i] - mean);
    assert_close(line.slope_se, sqrt(squares * (EXPERIMENTS - 1) / EXPERIMENTS), 1e-9);
}

static void surrogates_without_an_answer_say_why(void **state)
{
    (void)state;
    struct random random = {.state = 103};
    struct joint_effect effects[EXPERIMENTS],
        effect = {.goal = .1, .metric = 1, .goal_variance = 1};
    struct encouragement ratio = {.ratio = 7};
    struct surrogate_line line = {.slope = 7};
    struct estimate estimate = {.se = 7};
    struct experiment experiment;
    assert_int_equal(encouragement_of(&effect, .05, 0, &ratio), REASON_NEAR_ZERO);
    effect.goal = 0;
    effect.goal_variance = 0;
    assert_int_equal(encouragement_of(&effect, .05, 0, &ratio), REASON_NEAR_ZERO);
    effect.goal = NOT_A_NUMBER;
    assert_int_equal(encouragement_of(&effect, .05, 0, &ratio), REASON_INVALID);
    effect = (struct joint_effect){.goal = 1e-300, .metric = 1e300};
    assert_int_equal(encouragement_of(&effect, .05, 0, &ratio), REASON_NEAR_ZERO);
    effect = (struct joint_effect){.goal = 1, .metric = 1, .metric_variance = -1};
    assert_int_equal(encouragement_of(&effect, .05, 0, &ratio), REASON_INVALID);
    effects_draw(effects, EXPERIMENTS, &random, .1);
    assert_int_equal(surrogate_across(effects, SURROGATE_EXPERIMENTS_MIN - 1, &line),
                     REASON_TOO_FEW);
    assert_int_equal(surrogate_across(effects, SURROGATE_EXPERIMENTS_MIN, &line), REASON_NONE);
    line.slope = 7;
    for (size_t i = 0; i < EXPERIMENTS; i++)
        effects[i].goal_variance = 1e6;
    assert_int_equal(surrogate_across(effects, EXPERIMENTS, &line), REASON_NEAR_ZERO);
    effects[3].metric = INFINITE;
    assert_int_equal(surrogate_across(effects, EXPERIMENTS, &line), REASON_INVALID);
    experiment_fill(&experiment, &random, 0);
    experiment.pair.treatment.step_x = 1;
    assert_int_equal(surrogate_adjusted(&experiment.pair, 100, &estimate), REASON_INVALID);
    struct joint_pair pair = {{.step_x = 1, .step_y = 1}, {.step_x = 1, .step_y = 1}};
    assert_int_equal(surrogate_adjusted(&pair, 100, &estimate), REASON_NO_UNITS);
    for (int i = 0; i < 5; i++) {
        joint_add(&pair.treatment, 3, i);
        joint_add(&pair.control, 4, 2 * i);
    }
    assert_int_equal(surrogate_adjusted(&pair, 100, &estimate), REASON_NO_VARIATION);
    assert_int_equal(surrogate_adjusted(&pair, 0, &estimate), REASON_INVALID);
    assert_true(ratio.ratio == 7 && line.slope == 7 && estimate.se == 7);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_match_r),
        cmocka_unit_test(perfect_association_is_one),
        cmocka_unit_test(exchanging_rows_mirrors_a_table),
        cmocka_unit_test(auc_is_that_of_all_pairs),
        cmocka_unit_test(tables_without_an_answer_say_why),
        cmocka_unit_test(effects_are_those_of_the_rows),
        cmocka_unit_test(the_ends_of_fieller_lie_on_its_border),
        cmocka_unit_test(a_goal_without_error_only_scales),
        cmocka_unit_test(the_adjusted_effect_is_that_of_least_squares),
        cmocka_unit_test(equal_scatter_gives_the_classical_error),
        cmocka_unit_test(the_corrected_line_is_right_where_the_naive_one_is_not),
        cmocka_unit_test(the_jackknife_covers),
        cmocka_unit_test(without_errors_it_is_least_squares),
        cmocka_unit_test(surrogates_without_an_answer_say_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
