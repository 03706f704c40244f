/* Token buckets on a clock of the test's own. */

#include "../../server/http/rate.h"

#include "support/support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#define SECOND_US ((int64_t)1000 * 1000)
#define BEGIN_US (1000 * SECOND_US)
#define WEB SLICE("web")

static struct rate *made(int64_t per_second)
{
    struct rate *rate = NULL;
    assert_int_equal(rate_new(per_second, &rate, NULL), STATUS_OK);
    return rate;
}

static struct ip ip_of(const char *text)
{
    struct ip ip;
    assert_true(ip_parse(slice_of(text), &ip));
    return ip;
}

/* How many of `count` at that moment go on. */
static unsigned taken(struct rate *rate, struct slice name, const char *text, int64_t now_us,
                      unsigned count)
{
    struct ip ip = ip_of(text);
    unsigned went = 0;
    for (unsigned i = 0; i < count; i++)
        went += rate_take(rate, name, &ip, now_us);
    return went;
}

static void a_second_s_worth_is_in_reserve_and_then_one_by_one(void **state)
{
    (void)state;
    struct rate *rate = made(10);
    assert_int_equal(taken(rate, WEB, "203.0.113.9", BEGIN_US, 11), 10);
    assert_int_equal(taken(rate, WEB, "203.0.113.9", BEGIN_US + 99999, 1), 0);
    assert_int_equal(taken(rate, WEB, "203.0.113.9", BEGIN_US + 100000, 2), 1);
    assert_int_equal(taken(rate, WEB, "203.0.113.9", BEGIN_US + 500000, 9), 4);
    assert_int_equal(taken(rate, WEB, "203.0.113.9", BEGIN_US + 100 * SECOND_US, 99), 10);
    rate_free(rate);
}

static void over_a_long_time_it_is_the_rate(void **state)
{
    (void)state;
    struct rate *rate = made(1000);
    struct ip ip = ip_of("203.0.113.9");
    unsigned went = 0;
    for (int64_t at_us = 0; at_us < 60 * SECOND_US; at_us += 333)
        went += rate_take(rate, WEB, &ip, BEGIN_US + at_us);
    assert_in_range(went, 60 * 1000 + 999, 61 * 1000 + 1);
    rate_free(rate);
}

static void who_is_refused_waits_no_longer_for_having_asked(void **state)
{
    (void)state;
    struct rate *rate = made(1);
    assert_int_equal(taken(rate, WEB, "203.0.113.9", BEGIN_US, 1000), 1);
    assert_int_equal(taken(rate, WEB, "203.0.113.9", BEGIN_US + SECOND_US, 1), 1);
    rate_free(rate);
}

static void keys_and_addresses_have_their_own(void **state)
{
    (void)state;
    struct rate *rate = made(3);
    assert_int_equal(taken(rate, WEB, "203.0.113.9", BEGIN_US, 5), 3);
    assert_int_equal(taken(rate, SLICE("app"), "203.0.113.9", BEGIN_US, 5), 3);
    assert_int_equal(taken(rate, SLICE(""), "203.0.113.9", BEGIN_US, 5), 3);
    assert_int_equal(taken(rate, WEB, "203.0.113.8", BEGIN_US, 5), 3);
    assert_int_equal(taken(rate, WEB, "2001:db8:0:1::", BEGIN_US, 5), 3);
    rate_free(rate);
}

static void an_address_of_the_new_kind_counts_by_its_network(void **state)
{
    (void)state;
    struct rate *rate = made(3);
    assert_int_equal(taken(rate, WEB, "2001:db8:0:1::1", BEGIN_US, 2), 2);
    assert_int_equal(taken(rate, WEB, "2001:db8:0:1:ffff::2", BEGIN_US, 2), 1);
    assert_int_equal(taken(rate, WEB, "2001:db8:0:2::1", BEGIN_US, 5), 3);
    rate_free(rate);
}

static void looking_costs_nothing(void **state)
{
    (void)state;
    struct rate *rate = made(2);
    struct ip ip = ip_of("203.0.113.9");
    for (unsigned i = 0; i < 10; i++)
        assert_true(rate_has_room(rate, WEB, &ip, BEGIN_US));
    assert_int_equal(taken(rate, WEB, "203.0.113.9", BEGIN_US, 2), 2);
    assert_false(rate_has_room(rate, WEB, &ip, BEGIN_US));
    assert_true(rate_has_room(rate, WEB, &ip, BEGIN_US + SECOND_US / 2));
    rate_free(rate);
}

/* A quarter of a million addresses, four times the table: each is limited by itself while it asks,
 * and the one that asks on all the time is never forgotten by much. */
static void a_flood_of_addresses_takes_no_memory_and_lets_nobody_through_for_good(void **state)
{
    (void)state;
    struct rate *rate = made(10);
    struct ip mine = ip_of("203.0.113.9");
    unsigned went = 0;
    for (unsigned i = 0; i < 250 * 1000; i++) {
        char text[IP_TEXT_SIZE];
        snprintf(text, sizeof text, "10.%u.%u.%u", i >> 16 & 255, i >> 8 & 255, i & 255);
        int64_t now_us = BEGIN_US + (int64_t)i * 40; /* ten seconds in all */
        assert_int_equal(taken(rate, WEB, text, now_us, 1), 1);
        went += rate_take(rate, WEB, &mine, now_us);
    }
    assert_in_range(went, 109, 111); /* a second in reserve, and ten */
    rate_free(rate);
}

struct flood {
    struct rate *rate;
    _Atomic unsigned went;
};

static void *flood_main(void *context)
{
    struct flood *flood = context;
    atomic_fetch_add(&flood->went, taken(flood->rate, WEB, "203.0.113.9", BEGIN_US, 20000));
    return NULL;
}

static void many_workers_share_one_limit(void **state)
{
    (void)state;
    struct flood flood = {.rate = made(5000)};
    pthread_t threads[4];
    /* The bucket is made by one: at a first meeting two workers may each make it. */
    assert_int_equal(taken(flood.rate, WEB, "203.0.113.9", BEGIN_US, 1), 1);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, flood_main, &flood), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&flood.went), 4999);
    rate_free(flood.rate);
}

static void a_rate_is_a_number_a_second(void **state)
{
    (void)state;
    int64_t number = -1;
    assert_int_equal(rate_parse("1000/s", &number, NULL), STATUS_OK);
    assert_int_equal(number, 1000);
    assert_int_equal(rate_parse("0", &number, NULL), STATUS_OK);
    assert_int_equal(number, 0);
    assert_int_equal(rate_parse("1000000/s", &number, NULL), STATUS_OK);
    static const char *const wrong[] = {"", "/s", "-1/s", "1/m", "1.5/s", "x", "1000001/s", "1 /s"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(rate_parse(wrong[i], &number, NULL), STATUS_INVALID);
    assert_int_equal(number, 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_s_worth_is_in_reserve_and_then_one_by_one),
        cmocka_unit_test(over_a_long_time_it_is_the_rate),
        cmocka_unit_test(who_is_refused_waits_no_longer_for_having_asked),
        cmocka_unit_test(keys_and_addresses_have_their_own),
        cmocka_unit_test(an_address_of_the_new_kind_counts_by_its_network),
        cmocka_unit_test(looking_costs_nothing),
        cmocka_unit_test(a_flood_of_addresses_takes_no_memory_and_lets_nobody_through_for_good),
        cmocka_unit_test(many_workers_share_one_limit),
        cmocka_unit_test(a_rate_is_a_number_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
