/* Cells, slices and their labels (cube.md; grammar.md, 5). */

#include "analysis/cube.h"
#include "base/random.h"
#include "support/support.h"

static const double bands[] = {1, 2, 11, 51};
static const double odd_bands[] = {1.5, 3};
static const struct slice role_values[] = {{.data = "rep", .size = 3}, {.data = "3", .size = 1}};
static const struct segment size_segment = {.name = {.data = "size", .size = 4},
                                            .trait = {.data = "company.size", .size = 12},
                                            .bands = bands,
                                            .band_count = 4};
static const struct segment odd_segment = {
    .trait = {.data = "x", .size = 1}, .bands = odd_bands, .band_count = 2};
static const struct segment role_segment = {.name = {.data = "role", .size = 4},
                                            .trait = {.data = "role", .size = 4},
                                            .values = role_values,
                                            .value_count = 2};

static void assert_label(const struct segment *segment, size_t index, const char *label)
{
    struct arena arena = {0};
    struct slice made = segment_value_label(&arena, segment, index);
    if (!slice_equals(made, label))
        fail_msg("'%.*s' is not '%s'", SLICE_ARGS(made), label);
    arena_done(&arena);
}

static void values_and_bands_have_the_labels_of_the_grammar(void **state)
{
    (void)state;
    static const char *const size_labels[] = {"1", "2-10", "11-50", "51+", "(below)", "(unknown)"};
    static const char *const odd_labels[] = {"1.5 to <3", "3+", "(below)", "(unknown)"};
    static const char *const role_labels[] = {"rep", "3", "(other)", "(unknown)"};
    assert_int_equal(segment_value_count(&size_segment), 6);
    for (size_t i = 0; i < 6; i++)
        assert_label(&size_segment, i, size_labels[i]);
    for (size_t i = 0; i < 4; i++)
        assert_label(&odd_segment, i, odd_labels[i]);
    for (size_t i = 0; i < 4; i++)
        assert_label(&role_segment, i, role_labels[i]);
}

static size_t value_with(const struct segment *segment, const char *name, struct value value)
{
    struct arena arena = {0};
    struct value traits = value_object();
    value_add_named(&arena, &traits, slice_of(name), value);
    size_t index = segment_value_of(segment, &traits);
    arena_done(&arena);
    return index;
}

static void traits_fall_into_values_and_half_open_bands(void **state)
{
    (void)state;
    assert_int_equal(value_with(&size_segment, "company.size", value_integer(1)), 0);
    assert_int_equal(value_with(&size_segment, "company.size", value_real(1.999)), 0);
    assert_int_equal(value_with(&size_segment, "company.size", value_integer(2)), 1);
    assert_int_equal(value_with(&size_segment, "company.size", value_integer(51)), 3);
    assert_int_equal(value_with(&size_segment, "company.size", value_real(0.5)), 4);
    assert_int_equal(value_with(&size_segment, "company.size", value_text(SLICE("12"))), 2);
    assert_int_equal(value_with(&size_segment, "company.size", value_text(SLICE("many"))), 5);
    assert_int_equal(value_with(&size_segment, "company.size", value_boolean(true)), 5);
    assert_int_equal(value_with(&size_segment, "other", value_integer(1)), 5);
    assert_int_equal(segment_value_of(&size_segment, NULL), 5);
    assert_int_equal(value_with(&role_segment, "role", value_text(SLICE("rep"))), 0);
    assert_int_equal(value_with(&role_segment, "role", value_integer(3)), 1);
    assert_int_equal(value_with(&role_segment, "role", value_real(3.0)), 1);
    assert_int_equal(value_with(&role_segment, "role", value_text(SLICE("Rep"))), 2);
    assert_int_equal(value_with(&role_segment, "role", value_list()), 2);
    assert_int_equal(value_with(&role_segment, "role", value_null()), 3);
}

static void slices_are_all_then_segments_then_strata(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct error error = {0};
    struct cube_slices slices;
    const struct segmentation segmentations[] = {
        {.segments = {&role_segment}, .count = 1},
        {.segments = {&role_segment, &odd_segment}, .count = 2},
    };
    const struct segment *const strata[] = {&role_segment};
    struct experiment experiment = {.segments = segmentations,
                                    .segment_count = 2,
                                    .adjust_segments = strata,
                                    .adjust_segment_count = 1};
    assert_int_equal(cube_slices_of(&arena, &experiment, &slices, &error), STATUS_OK);
    assert_int_equal(slices.count, 1 + 4 + 16 + 4);
    assert_int_equal(slices.items[0].kind, CUBE_SLICE_ALL);
    assert_int_equal(slices.items[4].kind, CUBE_SLICE_SEGMENT);
    assert_int_equal(slices.items[5].kind, CUBE_SLICE_CROSSING);
    assert_int_equal(slices.items[5].segmentation, 1);
    assert_true(slice_equals(slices.items[5].label, "rep x 1.5 to <3"));
    assert_true(slice_equals(slices.items[6].label, "rep x 3+"));
    assert_true(slice_equals(slices.items[20].label, "(unknown) x (unknown)"));
    assert_int_equal(slices.items[21].kind, CUBE_SLICE_STRATUM);
    arena_done(&arena);
}

static void the_order_of_key_bytes_is_that_of_the_keys(void **state)
{
    (void)state;
    const struct cell_key rising[] = {
        {.definition = 1, .cohort = -5},
        {.definition = 1, .cohort = 5},
        {.definition = 1, .cohort = 5, .metric = 1},
        {.definition = 1, .cohort = 5, .variant = 1},
        {.definition = 1, .slice = 1, .cohort = -9},
        {.definition = 1, .slice = 256, .cohort = -9},
        {.definition = 1, .population = 1, .cohort = -9},
        {.definition = 256, .cohort = -9},
    };
    unsigned char before[CELL_KEY_SIZE], bytes[CELL_KEY_SIZE];
    for (size_t i = 0; i < sizeof rising / sizeof *rising; i++) {
        struct cell_key read;
        cell_key_write(&rising[i], bytes);
        if (i > 0)
            assert_true(memcmp(before, bytes, CELL_KEY_SIZE) < 0);
        memcpy(before, bytes, CELL_KEY_SIZE);
        assert_true(cell_key_read((struct slice){.data = (const char *)bytes, .size = sizeof bytes},
                                  &read));
        assert_int_equal(read.definition, rising[i].definition);
        assert_int_equal(read.cohort, rising[i].cohort);
        assert_int_equal(read.slice, rising[i].slice);
    }
    struct cell_key read;
    assert_false(cell_key_read(SLICE("short"), &read));
}

/* The sum over a range of cohorts is that of the cells one by one. */
static void sums_are_those_of_the_cells_selected(void **state)
{
    (void)state;
    struct cube_entry entries[400];
    int128 values[400][3];
    struct cube cube = {.entries = entries};
    for (uint8_t population = 0; population < 2; population++)
        for (uint16_t slice = 0; slice < 4; slice++)
            for (int32_t cohort = -12; cohort < 13; cohort++)
                for (uint8_t variant = 0; variant < 2; variant++) {
                    int128 *own = values[cube.count];
                    own[0] = cohort * cohort;
                    own[1] = slice;
                    own[2] = variant;
                    entries[cube.count++] = (struct cube_entry){.key = {.definition = 1,
                                                                        .population = population,
                                                                        .slice = slice,
                                                                        .cohort = cohort,
                                                                        .variant = variant},
                                                                .field_count = 3,
                                                                .values = own};
                }
    int128 sums[CUBE_FIELDS_MAX];
    struct cube_select select = {
        .population = POPULATION_CROSSED, .slice = 3, .variant = 1, .first = -2, .last = 3};
    cube_sum(&cube, &select, sums);
    assert_int_equal((int64_t)sums[0], 4 + 1 + 0 + 1 + 4 + 9);
    assert_int_equal((int64_t)sums[1], 6 * 3);
    assert_int_equal((int64_t)sums[2], 6);
    int32_t first, last;
    assert_true(cube_cohorts(&cube, &first, &last)); /* the cell of day 0 has no unit */
    assert_int_equal(first, -12);
    assert_int_equal(last, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_bands_have_the_labels_of_the_grammar),
        cmocka_unit_test(traits_fall_into_values_and_half_open_bands),
        cmocka_unit_test(slices_are_all_then_segments_then_strata),
        cmocka_unit_test(the_order_of_key_bytes_is_that_of_the_keys),
        cmocka_unit_test(sums_are_those_of_the_cells_selected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
