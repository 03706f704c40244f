/*
 * Values of cells in bytes (analysis/cube.h): the form itself, what is refused, bins merged at a
 * flush and summed over cohorts, and the names of fields.
 */

#include "../../server/analysis/cell_map.h"
#include "../../server/analysis/cube_cells.h"

#include "base/number.h"
#include "base/random.h"
#include "world.h"

static const struct cube_bin some_bins[] = {{.bin = CUBE_BIN(0, 3), .count = 2},
                                            {.bin = CUBE_BIN(0, 300), .count = -1},
                                            {.bin = CUBE_BIN(1, 0), .count = 1}};

static struct buffer written(const int128 *values, size_t count, const struct cube_bin *bins,
                             size_t bin_count)
{
    struct buffer out = {0};
    cell_value_write(&out, values, count, bins, bin_count);
    assert_false(out.failed);
    return out;
}

static void a_value_is_count_integers_and_rising_bins(void **state)
{
    (void)state;
    const int128 values[] = {1, -2};
    struct buffer out = written(values, 2, some_bins, 3);
    /* 300 - 3 and 2^24 - 300 as varints; 2, -1 and 1 in zigzag form */
    static const unsigned char tail[] = {3, 3, 4, 0xa9, 2, 1, 0xd4, 0xfd, 0xff, 7, 2};
    assert_int_equal(out.size, 1 + 32 + sizeof tail);
    assert_int_equal(out.data[0], 2);
    assert_int_equal(out.data[1], 1);
    assert_int_equal((unsigned char)out.data[17], 0xfe);
    assert_int_equal((unsigned char)out.data[32], 0xff);
    assert_memory_equal(out.data + 33, tail, sizeof tail);
    buffer_done(&out);
    out = written(values, 2, NULL, 0);
    assert_int_equal(out.size, 33);
    buffer_done(&out);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct error error = {0};
    struct cell_value value;
    int128 values[CUBE_FIELDS_MAX];
    for (size_t i = 0; i < CUBE_FIELDS_MAX; i++)
        values[i] = (int128)((uint128)(i + 1) << 2 * i) * (i % 2 ? -1 : 1);
    struct buffer out = written(values, CUBE_FIELDS_MAX, some_bins, 3);
    must(cell_value_read(&arena, buffer_slice(&out), &value, &error), &error);
    assert_int_equal(value.field_count, CUBE_FIELDS_MAX);
    assert_memory_equal(value.values, values, sizeof values);
    assert_true(value.has_map);
    assert_int_equal(value.bin_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(value.bins[i].bin, some_bins[i].bin);
        assert_int_equal(value.bins[i].count, some_bins[i].count);
    }
    buffer_done(&out);
    arena_done(&arena);
}

static void assert_refused(const char *bytes, size_t size)
{
    struct arena arena = {0};
    struct error error = {0};
    struct cell_value value;
    struct slice text = {.data = bytes, .size = size};
    assert_int_equal(cell_value_read(&arena, text, &value, &error), STATUS_STORAGE);
    arena_done(&arena);
}

/* `tail` after one integer of 0. */
#define REFUSED(tail) assert_refused("\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" tail, 16 + sizeof tail)

static void damaged_values_are_refused(void **state)
{
    (void)state;
    assert_refused("", 0);
    assert_refused("\0", 1);
    assert_refused("\1\0\0", 3);
    assert_refused("\x41", 1);
    REFUSED("\1");         /* one bin, and none there */
    REFUSED("\1\5\0");     /* a bin of zero */
    REFUSED("\1\5\2\2");   /* bytes after the last */
    REFUSED("\2\5\2\0\2"); /* the same bin twice */
    REFUSED("\xff\xff\xff\xff\xff\xff\xff\xff\x7f\5\2");
    REFUSED("\1\xff\xff\xff\xff\x1f\2");         /* past 32 bits */
    REFUSED("\2\xff\xff\xff\xff\x0f\2\1\2");     /* the second one is */
    REFUSED("\1\5\x80\x80\x80\x80\x80\x80\x80"); /* a number that does not end */
}

static void hostile_bytes_are_refused_or_read_in_bounds(void **state)
{
    (void)state;
    struct random random = {.state = 5};
    struct arena arena = {0};
    const int128 values[] = {7, 9, -1};
    struct buffer sound = written(values, 3, some_bins, 3);
    for (int round = 0; round < 20000; round++) {
        struct cell_value value;
        size_t size = random_below(&random, sound.size + 1);
        char *bytes = malloc(size + 1); /* of that size, so that a tool sees what goes past it */
        assert_non_null(bytes);
        memcpy(bytes, sound.data, size);
        for (int i = 0; size && i < 3; i++)
            bytes[random_below(&random, size)] = (char)random_below(&random, 256);
        arena_reset(&arena);
        (void)!cell_value_read(&arena, (struct slice){.data = bytes, .size = size}, &value, NULL);
        free(bytes);
    }
    buffer_done(&sound);
    arena_done(&arena);
}

static void bins_of_a_cell_are_kept_rising_and_added_up(void **state)
{
    (void)state;
    struct cell_map map = {0};
    struct random random = {.state = 9};
    int64_t expected[97] = {0};
    struct cell_key key = {.definition = 1, .cohort = -3, .metric = 2};
    struct cell_sums *sums = cell_map_at(&map, &key, 1, true);
    for (int i = 0; i < 5000; i++) {
        uint32_t bin = (uint32_t)random_below(&random, 97);
        int64_t count = (int64_t)random_below(&random, 5) - 2;
        expected[bin] += count;
        assert_true(cell_add_bin(&map, sums, bin, count));
    }
    assert_ptr_equal(sums, cell_map_at(&map, &key, 1, true));
    for (uint32_t i = 0; i < sums->bin_count; i++) {
        if (i > 0)
            assert_true(sums->bins[i - 1].bin < sums->bins[i].bin);
        assert_int_equal(sums->bins[i].count, expected[sums->bins[i].bin]);
    }
    cell_map_done(&map);
}

static void bins_are_summed_over_the_cohorts_selected(void **state)
{
    (void)state;
    struct arena arena = {0};
    static const struct cube_bin first[] = {{.bin = 1, .count = 2}, {.bin = 4, .count = 5}};
    static const struct cube_bin second[] = {{.bin = 1, .count = 3}, {.bin = 4, .count = -5}};
    struct cube_entry entries[] = {
        {.key = {.definition = 1, .cohort = 1, .metric = 3}, .bins = first, .bin_count = 2},
        {.key = {.definition = 1, .cohort = 2, .metric = 3}, .bins = second, .bin_count = 2},
        {.key = {.definition = 1, .cohort = 2, .metric = 4}, .bins = first, .bin_count = 2},
        {.key = {.definition = 1, .cohort = 3, .metric = 3}, .bins = first, .bin_count = 2}};
    struct cube cube = {.entries = entries, .count = 4};
    struct cube_select select = {.metric = 3, .first = 1, .last = 2};
    size_t count;
    const struct cube_bin *sums = cube_sum_bins(&cube, &select, &arena, &count);
    assert_int_equal(count, 1); /* bin 4 comes to nothing */
    assert_int_equal(sums[0].bin, 1);
    assert_int_equal(sums[0].count, 5);
    select.first = 9;
    assert_non_null(cube_sum_bins(&cube, &select, &arena, &count));
    assert_int_equal(count, 0);
    arena_done(&arena);
}

static void assert_names(const struct experiment *experiment, uint8_t metric, const char *wanted)
{
    struct buffer text = {0};
    struct cube_fields fields = cube_fields_of(experiment, metric);
    for (size_t i = 0; i < fields.count; i++) {
        char name[CUBE_FIELD_NAME_SIZE];
        cube_field_name(experiment, metric, i, name);
        buffer_format(&text, "%s%s", i ? " " : "", name);
    }
    buffer_add_byte(&text, '\0');
    assert_string_equal(text.data, wanted);
    buffer_done(&text);
}

static void every_field_has_a_name(void **state)
{
    (void)state;
    const struct metric sum = {.kind = METRIC_SUM, .cap_micro = MICRO};
    const struct metric share = {.kind = METRIC_CONVERSION};
    const struct metric curve = {
        .kind = METRIC_RETENTION_CURVE, .every_ms = DAY_MS, .until_ms = 53 * DAY_MS};
    const struct metric score = {.kind = METRIC_NPS};
    const struct metric *const secondaries[] = {&sum, &score, &curve};
    const struct covariate covariates[3] = {{.cap_micro = 1}};
    const struct flow_step steps[2] = {{.step = {.data = "a", .size = 1}}};
    const struct variant variants[2] = {{.flow = steps, .flow_count = 1},
                                        {.flow = steps, .flow_count = 2}};
    struct experiment experiment = {.goals = {&share},
                                    .goal_count = 1,
                                    .secondaries = secondaries,
                                    .secondary_count = 3,
                                    .covariates = covariates,
                                    .covariate_count = 3,
                                    .variants = variants,
                                    .variant_count = 2};
    assert_names(&experiment, 0,
                 "n erased clamped mismatch mixed hot skewed unread early viewed flag_called "
                 "flag_evaluated z1 z2 z3 z1z1 z1z2 z1z3 z2z2 z2z3 z3z3");
    assert_names(&experiment, 1, "n x z1y z2y z3y");
    assert_names(&experiment, 2, "n s ss raw_s raw_ss nonzero capped z1y z2y z3y gy");
    assert_names(&experiment, 3, "n responded promoters detractors");
    assert_int_equal(cube_fields_of(&experiment, 4).count, 54);
    assert_true(cube_fields_of(&experiment, 4).count <= CUBE_FIELDS_MAX);
    assert_names(&experiment, 5, "n reached completed dismissed failed");
    assert_int_equal(cube_number_count(&experiment), 7);
    assert_int_equal(cube_fields_of(&experiment, 6).subject, CUBE_STEP);
    assert_int_equal(cube_fields_of(&experiment, 7).subject, CUBE_NOTHING);
    experiment.goals[0] = &score; /* no unit value: nothing joins */
    assert_names(&experiment, 2, "n s ss raw_s raw_ss nonzero capped z1y z2y z3y");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_count_integers_and_rising_bins),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(damaged_values_are_refused),
        cmocka_unit_test(hostile_bytes_are_refused_or_read_in_bounds),
        cmocka_unit_test(bins_of_a_cell_are_kept_rising_and_added_up),
        cmocka_unit_test(bins_are_summed_over_the_cohorts_selected),
        cmocka_unit_test(every_field_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
