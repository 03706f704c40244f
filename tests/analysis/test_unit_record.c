/* Unit records: what a list holds depends on the set of its entries alone; hostile bytes. */

#include "../../server/analysis/unit_record.h"

#include "base/random.h"
#include "support/support.h"

#include <stdlib.h>

static enum unit_change put_event(struct arena *arena, struct unit_record *record, int64_t time_ms,
                                  uint64_t content, uint64_t key)
{
    struct entry_head head = {.time_ms = time_ms, .content = content, .key = key};
    return unit_record_put(arena, record, UNIT_LIST_EVENTS, 3, &head, SLICE("\5"));
}

static struct buffer written(const struct unit_record *record)
{
    struct buffer out = {0};
    unit_record_write(&out, record);
    assert_false(out.failed);
    return out;
}

static void of_one_key_the_first_in_record_order_stays(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct unit_record record = {.kind = UNIT_USER};
    assert_int_equal(put_event(&arena, &record, 100, 7, 1), UNIT_CHANGED);
    assert_int_equal(put_event(&arena, &record, 100, 7, 1), UNIT_DUPLICATE);
    assert_int_equal(put_event(&arena, &record, 100, 6, 1), UNIT_DUPLICATE);
    assert_int_equal(put_event(&arena, &record, 200, 1, 1), UNIT_DUPLICATE);
    assert_int_equal(put_event(&arena, &record, 50, 9, 2), UNIT_CHANGED);
    const struct unit_list *list = unit_list_find(&record, UNIT_LIST_EVENTS, 3);
    assert_int_equal(list->count, 2);
    assert_int_equal(entry_time(list->entries), 50);
    assert_int_equal(load_u64(list->entries + entry_size(list, list->entries) + 8), 6);
    assert_null(unit_list_find(&record, UNIT_LIST_EVENTS, 2));
    arena_done(&arena);
}

struct entry {
    int64_t time_ms;
    uint64_t content, key;
};

/* More keys than a list may hold, each with several bodies. */
static void a_full_list_depends_on_no_order(void **state)
{
    (void)state;
    static struct entry entries[5000];
    struct random random = {.state = 3};
    struct buffer expected = {0};
    for (size_t i = 0; i < 5000; i++)
        entries[i] = (struct entry){.time_ms = (int64_t)random_below(&random, 900),
                                    .content = random_below(&random, 50),
                                    .key = random_below(&random, 2600)};
    for (int round = 0; round < 6; round++) {
        struct arena arena = {0};
        struct unit_record record = {.kind = UNIT_ACCOUNT};
        for (size_t i = 5000; i > 1; i--) {
            size_t j = random_below(&random, i);
            struct entry swapped = entries[i - 1];
            entries[i - 1] = entries[j];
            entries[j] = swapped;
        }
        for (size_t i = 0; i < 5000; i++)
            put_event(&arena, &record, entries[i].time_ms, entries[i].content, entries[i].key);
        const struct unit_list *list = unit_list_find(&record, UNIT_LIST_EVENTS, 3);
        assert_int_equal(list->count, UNIT_LIST_MAX);
        assert_true(list->overflow);
        struct buffer bytes = written(&record);
        if (round > 0)
            assert_true(slice_equal(buffer_slice(&bytes), buffer_slice(&expected)));
        buffer_done(&expected);
        expected = bytes;
        arena_done(&arena);
    }
    buffer_done(&expected);
}

static void the_bound_itself_is_no_overflow(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct unit_record record = {.kind = UNIT_USER};
    for (uint64_t i = 0; i < UNIT_LIST_MAX; i++)
        assert_int_equal(put_event(&arena, &record, (int64_t)i, i, i), UNIT_CHANGED);
    const struct unit_list *list = unit_list_find(&record, UNIT_LIST_EVENTS, 3);
    assert_false(list->overflow);
    assert_int_equal(put_event(&arena, &record, UNIT_LIST_MAX, 1, UNIT_LIST_MAX), UNIT_CHANGED);
    assert_true(list->overflow);
    assert_int_equal(list->count, UNIT_LIST_MAX);
    assert_int_equal(put_event(&arena, &record, UNIT_LIST_MAX, 1, UNIT_LIST_MAX), UNIT_UNCHANGED);
    assert_int_equal(put_event(&arena, &record, -1, 1, 99999), UNIT_CHANGED);
    assert_int_equal(entry_time(list->entries), -1);
    arena_done(&arena);
}

static void activity_keeps_the_first_and_last_instant_of_a_day(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct unit_record record = {.kind = UNIT_USER};
    assert_int_equal(unit_record_activity(&arena, &record, UNIT_LIST_ACTIVITY, 0, 3 * DAY_MS + 50),
                     UNIT_CHANGED);
    assert_int_equal(unit_record_activity(&arena, &record, UNIT_LIST_ACTIVITY, 0, 3 * DAY_MS + 50),
                     UNIT_UNCHANGED);
    assert_int_equal(unit_record_activity(&arena, &record, UNIT_LIST_ACTIVITY, 0, 3 * DAY_MS + 70),
                     UNIT_CHANGED);
    assert_int_equal(unit_record_activity(&arena, &record, UNIT_LIST_ACTIVITY, 0, 3 * DAY_MS + 60),
                     UNIT_UNCHANGED);
    assert_int_equal(unit_record_activity(&arena, &record, UNIT_LIST_ACTIVITY, 0, 3 * DAY_MS),
                     UNIT_CHANGED);
    assert_int_equal(unit_record_activity(&arena, &record, UNIT_LIST_ACTIVITY, 0, -1),
                     UNIT_CHANGED);
    const struct unit_list *list = unit_list_find(&record, UNIT_LIST_ACTIVITY, 0);
    assert_int_equal(list->count, 2);
    assert_int_equal((int32_t)load_u32(list->entries), -1);
    assert_int_equal(load_u32(list->entries + 4), DAY_MS - 1);
    assert_int_equal(load_u32(list->entries + 12), 3);
    assert_int_equal(load_u32(list->entries + 16), 0);
    assert_int_equal(load_u32(list->entries + 20), 70);
    arena_done(&arena);
}

static struct unit_record mixed_record(struct arena *arena)
{
    struct unit_record record = {.kind = UNIT_ANONYMOUS};
    struct entry_head head = {.time_ms = 5, .content = 6, .key = 7};
    struct exposure_payload exposure = {.reason = 12, .variant = 1, .computed = 2, .phase = 300};
    char bytes[EXPOSURE_PAYLOAD_SIZE];
    exposure_payload_write(&exposure, bytes);
    put_event(arena, &record, 10, 1, 1);
    unit_record_put(arena, &record, UNIT_LIST_TRAITS, 0, &head, SLICE("\3\0abc"));
    head.key = 8;
    unit_record_put(arena, &record, UNIT_LIST_TRAITS, 0, &head, SLICE("\xff\xff"));
    unit_record_activity(arena, &record, UNIT_LIST_ACTIVITY, 1, 1234);
    unit_record_put(arena, &record, UNIT_LIST_EXPOSURES, 300, &head,
                    (struct slice){.data = bytes, .size = sizeof bytes});
    return record;
}

static void a_record_survives_the_way_to_bytes_and_back(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct unit_record record = mixed_record(&arena), read;
    struct buffer bytes = written(&record);
    assert_int_equal(unit_record_read(&arena, buffer_slice(&bytes), &read, NULL), STATUS_OK);
    assert_int_equal(read.kind, UNIT_ANONYMOUS);
    assert_int_equal(read.count, 4);
    const struct unit_list *list = unit_list_find(&read, UNIT_LIST_EXPOSURES, 300);
    struct exposure_payload exposure = exposure_payload_read(list->entries);
    assert_int_equal(exposure.phase, 300);
    assert_int_equal(exposure.variant, 1);
    assert_int_equal(exposure.computed, 2);
    struct buffer again = written(&read);
    assert_true(slice_equal(buffer_slice(&bytes), buffer_slice(&again)));
    buffer_done(&again);
    buffer_done(&bytes);
    arena_done(&arena);
}

/* Every cut and every changed byte is refused or read within its bounds (run under ASan). */
static void hostile_bytes_are_refused_or_read_in_bounds(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct unit_record record = mixed_record(&arena), read;
    struct buffer bytes = written(&record);
    for (size_t size = 0; size < bytes.size; size++) {
        char *copy = malloc(size + 1);
        assert_non_null(copy);
        memcpy(copy, bytes.data, size);
        enum status status =
            unit_record_read(&arena, (struct slice){.data = copy, .size = size}, &read, NULL);
        assert_true(status == STATUS_STORAGE || status == STATUS_OK);
        free(copy);
    }
    for (size_t at = 0; at < bytes.size; at++) {
        for (int change = 1; change < 256; change += 7) {
            char *copy = malloc(bytes.size);
            assert_non_null(copy);
            memcpy(copy, bytes.data, bytes.size);
            copy[at] = (char)(copy[at] ^ change);
            struct slice slice = {.data = copy, .size = bytes.size};
            if (!unit_record_read(&arena, slice, &read, NULL)) {
                struct buffer out = written(&read);
                buffer_done(&out);
            }
            free(copy);
        }
    }
    buffer_done(&bytes);
    arena_done(&arena);
}

static enum status status_of_list(enum unit_list_type type, size_t entry_size)
{
    struct arena arena = {0};
    struct buffer bytes = {0};
    struct unit_record read;
    static const char entry[64];
    buffer_add_u8(&bytes, UNIT_FORMAT);
    buffer_add_u8(&bytes, UNIT_USER);
    buffer_add_u8(&bytes, (uint8_t)type);
    buffer_add_varint(&bytes, 0);
    buffer_add_varint(&bytes, 2);
    buffer_add_sized(&bytes, (struct slice){.data = entry, .size = entry_size});
    enum status status = unit_record_read(&arena, buffer_slice(&bytes), &read, NULL);
    buffer_done(&bytes);
    arena_done(&arena);
    return status;
}

/* A shorter one would be read past its end. */
static void an_entry_of_another_size_is_damage(void **state)
{
    (void)state;
    static const struct {
        enum unit_list_type type;
        size_t size;
    } rows[] = {
        {UNIT_LIST_EXPOSURES, ENTRY_HEAD_SIZE + EXPOSURE_PAYLOAD_SIZE},
        {UNIT_LIST_STEPS, ENTRY_HEAD_SIZE + 1},
        {UNIT_LIST_ACTIVITY, ACTIVITY_ENTRY_SIZE},
        {UNIT_LIST_USERS, LINK_ENTRY_SIZE},
        {UNIT_LIST_OWED(UNIT_USER, UNIT_LIST_STEPS), ENTRY_HEAD_SIZE + 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(status_of_list(rows[i].type, rows[i].size), STATUS_OK);
        assert_int_equal(status_of_list(rows[i].type, rows[i].size - 1), STATUS_STORAGE);
        assert_int_equal(status_of_list(rows[i].type, rows[i].size + 1), STATUS_STORAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_one_key_the_first_in_record_order_stays),
        cmocka_unit_test(a_full_list_depends_on_no_order),
        cmocka_unit_test(the_bound_itself_is_no_overflow),
        cmocka_unit_test(activity_keeps_the_first_and_last_instant_of_a_day),
        cmocka_unit_test(a_record_survives_the_way_to_bytes_and_back),
        cmocka_unit_test(hostile_bytes_are_refused_or_read_in_bounds),
        cmocka_unit_test(an_entry_of_another_size_is_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
