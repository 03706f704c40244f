/* SplitMix64 against its published stream; draws below a bound by counting; binomial draws against
 * their probabilities. */

#include "base/random.h"
#include "support/support.h"

#include <math.h>

/* The first numbers from seed 1234567, as published with implementations in many languages. */
static void a_seed_gives_the_published_stream(void **state)
{
    (void)state;
    static const uint64_t stream[] = {
        UINT64_C(6457827717110365317),  UINT64_C(3203168211198807973),
        UINT64_C(9817491932198370423),  UINT64_C(4593380528125082431),
        UINT64_C(16408922859458223821),
    };
    struct random random = {.state = 1234567};
    for (size_t i = 0; i < sizeof stream / sizeof *stream; i++)
        assert_true(random_next(&random) == stream[i]);
}

/* 3/4 of 2^64 is the bound where plain remainders are worst: the lower third would come twice as
 * often.  The fraction's standard deviation is 0.0011, so 0.01 is nine of them. */
static void draws_below_a_bound_favour_nobody(void **state)
{
    (void)state;
    struct random random = {.state = 6};
    uint64_t bound = UINT64_C(3) << 62;
    int low = 0, draws = 200000;
    for (int i = 0; i < draws; i++) {
        uint64_t draw = random_below(&random, bound);
        assert_true(draw < bound);
        low += draw < UINT64_C(1) << 62;
    }
    assert_true(low > draws * (1 / 3.0 - 0.01) && low < draws * (1 / 3.0 + 0.01));
    for (int i = 0; i < 100; i++)
        assert_true(random_below(&random, 1) == 0);
}

static void uniform_draws_stay_below_one(void **state)
{
    (void)state;
    struct random random = {.state = 7};
    double sum = 0;
    for (int i = 0; i < 100000; i++) {
        double draw = random_uniform(&random);
        assert_true(draw >= 0 && draw < 1);
        sum += draw;
    }
    assert_true(sum > 49000 && sum < 51000); /* the standard deviation is 91 */
}

/* The distance of 100 000 draws from the probabilities that the recurrence of the binomial gives,
 * by chi-square over the counts of which at least 20 are expected; the others are one more. */
static double binomial_distance(uint64_t count, double chance, double *cells)
{
    enum { DRAWS = 100000, COUNTS = 6000 };
    static unsigned seen[COUNTS];
    struct random random = {.state = count};
    double distance = 0, rest = DRAWS, rest_seen = DRAWS;
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < DRAWS; i++) {
        uint64_t draw = random_binomial(&random, count, chance);
        assert_true(draw <= count);
        seen[draw]++;
    }
    double log_mass = (double)count * log1p(-chance);
    *cells = 0;
    for (uint64_t k = 0; k <= count; k++) {
        double expected = DRAWS * exp(log_mass);
        log_mass += log((double)(count - k) / (double)(k + 1) * chance / (1 - chance));
        if (expected < 20)
            continue;
        distance += pow(seen[k] - expected, 2) / expected;
        rest -= expected;
        rest_seen -= seen[k];
        (*cells)++;
    }
    return distance + (rest > 1 ? pow(rest_seen - rest, 2) / rest : 0);
}

/* Both methods, both sides of a half, and where one gives way to the other. */
static void binomial_draws_have_the_binomial_s_probabilities(void **state)
{
    static const struct {
        uint64_t count;
        double chance;
    } rows[] = {{1, .3},   {20, .3},    {20, .499}, {20, .5},   {1000, .004},
                {50, .21}, {2000, .22}, {5000, .9}, {100, .95}, {40, .25}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double cells;
        double distance = binomial_distance(rows[i].count, rows[i].chance, &cells);
        assert_true(distance < cells + 5 * sqrt(2 * cells));
    }
    struct random random = {.state = 1};
    assert_true(random_binomial(&random, 100, 0) == 0);
    assert_true(random_binomial(&random, 100, 1) == 100);
    assert_true(random_binomial(&random, 0, .5) == 0);
    /* 10^12 of them at 1/4: 5 standard deviations are 2.2 million. */
    double gap = (double)random_binomial(&random, UINT64_C(1000000000000), .25) - 2.5e11;
    assert_true(fabs(gap) < 2.2e6);
}

static void kernel_bytes_differ(void **state)
{
    (void)state;
    unsigned char a[1000] = {0}, b[1000] = {0};
    assert_int_equal(random_bytes(a, sizeof a, NULL), STATUS_OK);
    assert_int_equal(random_bytes(b, sizeof b, NULL), STATUS_OK);
    assert_memory_not_equal(a, b, 16);
    assert_memory_not_equal(a + 984, b + 984, 16);
    assert_int_equal(random_bytes(a, 0, NULL), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_gives_the_published_stream),
        cmocka_unit_test(draws_below_a_bound_favour_nobody),
        cmocka_unit_test(uniform_draws_stay_below_one),
        cmocka_unit_test(binomial_draws_have_the_binomial_s_probabilities),
        cmocka_unit_test(kernel_bytes_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
