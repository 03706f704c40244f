/*
 * Unit records, as the state holds them.
 *
 * Holds for every input: what is read is written and read equal; putting an entry in twice is a
 * duplicate and changes no byte; what is asked of a list lies within it.
 */

#include "../../server/analysis/unit_record.h"

#include "fuzz.h"

static struct buffer written(const struct unit_record *record)
{
    struct buffer out = {0};
    unit_record_write(&out, record);
    CHECK(!out.failed);
    return out;
}

static void check_round(struct arena *arena, const struct unit_record *record)
{
    struct unit_record again;
    struct buffer first = written(record);
    CHECK(!unit_record_read(arena, buffer_slice(&first), &again, NULL));
    struct buffer second = written(&again);
    CHECK(slice_equal(buffer_slice(&first), buffer_slice(&second)));
    buffer_done(&first);
    buffer_done(&second);
}

static void check_put(struct arena *arena, struct unit_record *record)
{
    const struct entry_head head = {.time_ms = 77, .content = 78, .key = 79};
    if (unit_record_put(arena, record, UNIT_LIST_STEPS, 1, &head, SLICE("\1")) != UNIT_CHANGED)
        return;
    struct buffer once = written(record);
    CHECK(unit_record_put(arena, record, UNIT_LIST_STEPS, 1, &head, SLICE("\1")) == UNIT_DUPLICATE);
    struct buffer twice = written(record);
    CHECK(slice_equal(buffer_slice(&once), buffer_slice(&twice)));
    buffer_done(&once);
    buffer_done(&twice);
}

/* What is read of an entry lies within it: the sanitizer sees the end of the record. */
static void check_exposures(const struct unit_list *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const char *entry = list->entries + (size_t)i * entry_size(list, list->entries);
        struct exposure_payload payload = exposure_payload_read(entry);
        char bytes[EXPOSURE_PAYLOAD_SIZE];
        exposure_payload_write(&payload, bytes);
    }
}

static void check_asked(const struct unit_record *record)
{
    for (size_t i = 0; i < record->count; i++)
        if (UNIT_LIST_BASE(record->lists[i].type) == UNIT_LIST_EXPOSURES)
            check_exposures(&record->lists[i]);
    struct unit_link link, others[8];
    struct slice text;
    for (size_t trait = 0; trait < 3; trait++)
        if (unit_trait_at(record, trait, INT64_MAX, &text) == TRAIT_IS_TEXT)
            CHECK(text.size <= UNIT_TRAIT_TEXT_MAX);
    for (enum unit_list_type type = UNIT_LIST_USERS; type <= UNIT_LIST_ACCOUNTS; type++) {
        const struct unit_list *list = unit_list_find(record, type, 0);
        if (unit_link_at(list, 0, true, &link))
            CHECK(list->count);
        size_t count = unit_links_others(list, others, sizeof others / sizeof *others);
        CHECK(count <= (list ? list->count : 0));
    }
}

void fuzz_one(struct slice input)
{
    struct arena arena = {0};
    struct unit_record record;
    enum status status = unit_record_read(&arena, input, &record, NULL);
    CHECK(!status || status == STATUS_STORAGE);
    if (!status) {
        check_asked(&record);
        check_round(&arena, &record);
        check_put(&arena, &record);
        check_round(&arena, &record);
    }
    arena_done(&arena);
}
