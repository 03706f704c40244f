/* The memory of exposures against a plain model of it: the last so many different keys. */

#include "../../server/http/exposures.h"

#include "base/random.h"
#include "support/support.h"

#include <stdlib.h>

#define KEPT 64
#define KEYS 200

static struct hash128 key_of(uint64_t number, bool collides)
{
    /* The first bytes choose the place in the table: equal ones make every key a neighbour. */
    struct hash128 key = {{0}};
    if (!collides)
        memcpy(key.bytes, &number, sizeof number);
    memcpy(key.bytes + 8, &number, sizeof number);
    return key;
}

static void check_against_model(bool collides)
{
    struct exposures *exposures = exposures_new(KEPT);
    struct random random = {.state = 20261124};
    uint64_t model[KEPT];
    size_t count = 0;
    assert_non_null(exposures);
    for (unsigned step = 0; step < 5000; step++) {
        uint64_t number = random_below(&random, KEYS);
        size_t held = count < KEPT ? count : KEPT;
        bool is_known = false;
        for (size_t i = 0; i < held; i++)
            is_known |= model[i] == number;
        struct hash128 key = key_of(number, collides);
        assert_int_equal(exposures_has(exposures, &key), is_known);
        exposures_add(exposures, &key);
        if (!is_known)
            model[count++ % KEPT] = number;
    }
    for (uint64_t number = 0; number < KEYS; number++) {
        bool is_known = false;
        for (size_t i = 0; i < KEPT; i++)
            is_known |= model[i] == number;
        struct hash128 key = key_of(number, collides);
        assert_int_equal(exposures_has(exposures, &key), is_known);
    }
    exposures_free(exposures);
}

static void the_last_keys_are_known_and_older_ones_forgotten(void **state)
{
    (void)state;
    check_against_model(false);
}

static void keys_that_collide_are_told_apart(void **state)
{
    (void)state;
    check_against_model(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_keys_are_known_and_older_ones_forgotten),
        cmocka_unit_test(keys_that_collide_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
