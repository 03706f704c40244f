/*
 * By what a message is known: its id, or its content without what belongs to delivery; what export
 * writes, import takes back to the last byte, with rights that a request does not have.
 */

#include "intake_reader.h"

#include <stdlib.h>

#define ID_ROOM 64

/* Its record, without the body, which dies with the batch; and its message id. */
static struct intake_record record_of(const char *text, char id[static ID_ROOM])
{
    struct intake intake = message_of(text);
    assert_int_equal(intake.batch.record_count, 1);
    struct intake_record record = intake.batch.records[0];
    record.body = (struct slice){0};
    snprintf(id, ID_ROOM, "%.*s", SLICE_ARGS(intake.messages[0].message_id));
    intake_batch_done(&intake.batch);
    return record;
}

static void a_message_is_known_by_its_id_else_by_its_content_else_it_is_new(void **state)
{
    (void)state;
    char id[ID_ROOM], other[ID_ROOM];
    struct intake_record record =
        record_of("{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\",\"messageId\":\"m1\"}", id);
    assert_int_equal(record.flags, 0);
    assert_string_equal(id, "m1");
    record = record_of("{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\",\"messageId\":\"\","
                       "\"timestamp\":\"2026-11-01T07:00:00Z\"}",
                       id);
    assert_int_equal(record.flags, RECORD_HASH_ID);
    assert_string_equal(id, "");
    record = record_of("{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\"}", id);
    assert_int_equal(record.flags, RECORD_FRESH_ID);
    assert_int_equal(strlen(id), 32);
    record_of("{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\"}", other);
    assert_string_not_equal(id, other);
}

static bool same_content(const char *left, const char *right)
{
    char id[ID_ROOM];
    struct intake_record a = record_of(left, id);
    struct intake_record b = record_of(right, id);
    return hash128_compare(&a.content, &b.content) == 0;
}

#define SENT(more)                                                                                 \
    "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\",\"messageId\":\"m\"" more "}"

static void the_content_hash_leaves_delivery_out_and_nothing_else(void **state)
{
    (void)state;
    const char *plain = SENT(",\"timestamp\":\"2026-11-01T06:00:00Z\"");
    assert_true(same_content(
        plain,
        SENT(",\"timestamp\":\"2026-11-01T06:00:00Z\",\"sentAt\":\"2026-11-01T06:00:01Z\"")));
    assert_true(same_content(plain, SENT(",\"originalTimestamp\":\"2026-11-01T07:00:00+01:00\"")));
    assert_true(same_content(SENT(",\"properties\":{\"a\":1,\"b\":2}"),
                             SENT(",\"properties\": {\"b\": 2.0, \"a\": 1}")));
    assert_false(same_content(plain, SENT(",\"timestamp\":\"2026-11-01T06:00:00.001Z\"")));
    assert_false(same_content(plain, SENT("")));
    assert_false(same_content(SENT(""), SENT(",\"properties\":{\"a\":1}")));
    assert_false(same_content(SENT(""), SENT(",\"anonymousId\":\"x\"")));
    assert_false(same_content(SENT(""), SENT(",\"context\":{\"groupId\":\"g\"}")));
    assert_false(same_content(SENT(""), SENT(",\"context\":{\"traits\":{\"a\":1}}")));
    assert_false(
        same_content(SENT(",\"properties\":{\"a\":\"1\"}"), SENT(",\"properties\":{\"a\":1}")));
    char id[ID_ROOM];
    struct intake_record early = record_of(plain, id);
    struct intake_record late = record_of(
        SENT(",\"timestamp\":\"2026-11-01T06:00:00Z\",\"sentAt\":\"2026-11-01T06:00:01Z\""), id);
    assert_true(hash128_compare(&early.message_key, &late.message_key) != 0);
}

/* Export, import, export: the same bytes and the same record. */
static void assert_round_trip(const char *text, int64_t raised_ms)
{
    struct intake first = {.options = {.route = INTAKE_MESSAGE}};
    struct intake second = {.options = {.route = INTAKE_MESSAGE,
                                        .received_ms = RECEIVED + 400 * DAY_MS,
                                        .trusted = true,
                                        .import = true}};
    struct buffer left = {0}, right = {0};
    struct error error = {0};
    intake_text(&first, slice_of(text));
    assert_int_equal(first.batch.record_count, 1);
    const struct intake_record *made = &first.batch.records[0];
    struct record record = {
        .flags = made->flags, .received_ms = made->received_ms + raised_ms, .body = made->body};
    assert_int_equal(intake_write_message(&left, &record, &error), STATUS_OK);
    intake_text(&second, buffer_slice(&left));
    if (second.batch.record_count != 1)
        fail_msg("%.*s: %.*s", SLICE_ARGS(buffer_slice(&left)),
                 SLICE_ARGS(second.batch.rejected[0].text));
    const struct intake_record *again = &second.batch.records[0];
    assert_int_equal(again->received_ms, record.received_ms);
    assert_int_equal(again->flags | RECORD_FRESH_ID, made->flags | RECORD_FRESH_ID);
    assert_true(slice_equal(again->body, made->body));
    record = (struct record){
        .flags = again->flags, .received_ms = again->received_ms, .body = again->body};
    assert_int_equal(intake_write_message(&right, &record, &error), STATUS_OK);
    assert_true(slice_equal(buffer_slice(&left), buffer_slice(&right)));
    buffer_done(&left);
    buffer_done(&right);
    intake_batch_done(&first.batch);
    intake_batch_done(&second.batch);
}

static void what_export_writes_import_takes_back_to_the_last_byte(void **state)
{
    (void)state;
    static const char *const texts[] = {
        SENT(""),
        SENT(",\"timestamp\":\"2026-11-01T06:00:00.250Z\",\"sentAt\":\"2026-11-01T06:00:01Z\""),
        SENT(",\"timestamp\":\"2030-01-01T00:00:00Z\""),
        SENT(",\"timestamp\":253402300799999,\"sentAt\":253402300799999"),
        SENT(",\"properties\":{\"z\":[1,2.5,1e14,1e300,null,true],\"a\":\"\\u0007\\ud83d\\\"\"}"),
        SENT(",\"context\":{\"groupId\":\"g\",\"traits\":{\"role\":\"rep\"},\"locale\":\"de\"}"),
        "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\"}",
        "{\"type\":\"track\",\"userId\":7,\"event\":\"A\",\"timestamp\":\"2026-11-01T06:00:00Z\"}",
        "{\"type\":\"identify\",\"userId\":\"u\",\"anonymousId\":\"x\",\"traits\":{\"a\":{\"b\":[]}"
        "}}",
        "{\"type\":\"identify\",\"userId\":\"u\",\"context\":{\"groupId\":\"g\"}}",
        "{\"type\":\"group\",\"userId\":\"u\",\"groupId\":\"g\",\"traits\":{\"size\":3}}",
        "{\"type\":\"alias\",\"userId\":\"u\",\"previousId\":\"x\"}",
        "{\"type\":\"page\",\"anonymousId\":\"x\",\"name\":\"Deals\",\"category\":\"Sales\"}",
        "{\"type\":\"screen\",\"anonymousId\":\"x\",\"properties\":{\"name\":\"Deals\"}}",
        VIEWED("\"userId\":\"u\",", "gate", ""),
        VIEWED("\"userId\":\"u\",", "gate", ",\"timestamp\":\"2026-01-01\""), /* skewed */
        "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"$feature_flag_called\",\"properties\":"
        "{\"$feature_flag\":\"gate\",\"$feature_flag_response\":\"a\",\"token\":\"t\"}}",
        "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"feature_flag.evaluation\",\"properties\":"
        "{\"feature_flag.key\":\"gate\",\"feature_flag.result.variant\":\"a\"}}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_round_trip(texts[i], 0);
        /* a journal raises the time of receipt to that of the record before */
        assert_round_trip(texts[i], 90 * DAY_MS);
    }
    static char large[EVENT_SIZE_MAX + 1]; /* canonical form makes it longer than an event may be */
    int size = snprintf(
        large, sizeof large,
        "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\",\"properties\":{\"a\":[1e14");
    while (size < EVENT_SIZE_MAX - 8)
        size += snprintf(large + size, sizeof large - (size_t)size, ",1e14");
    snprintf(large + size, sizeof large - (size_t)size, "]}}");
    assert_round_trip(large, 0);
}

static void the_rights_of_import_are_not_those_of_a_request(void **state)
{
    (void)state;
    struct intake intake = message_of(
        SENT(",\"receivedAt\":\"2026-01-01T00:00:00Z\",\"timestamp\":\"2026-10-31T00:00:00Z\","
             "\"originalTimestamp\":\"2026-01-01T00:00:00Z\",\"skewed\":true"));
    assert_int_equal(intake.batch.records[0].received_ms, RECEIVED);
    assert_int_equal(intake.messages[0].occurred_ms, RECEIVED - 32 * HOUR_MS);
    assert_int_equal(intake.batch.records[0].flags, 0);
    intake_batch_done(&intake.batch);
    intake = (struct intake){.options = {.route = INTAKE_MESSAGE, .import = true}};
    intake_text(&intake, slice_of(SENT(",\"receivedAt\":\"2027-01-01T00:00:00Z\"")));
    assert_int_equal(intake.batch.records[0].received_ms, RECEIVED); /* not from the future */
    intake_batch_done(&intake.batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_known_by_its_id_else_by_its_content_else_it_is_new),
        cmocka_unit_test(the_content_hash_leaves_delivery_out_and_nothing_else),
        cmocka_unit_test(what_export_writes_import_takes_back_to_the_last_byte),
        cmocka_unit_test(the_rights_of_import_are_not_those_of_a_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
