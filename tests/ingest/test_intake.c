/*
 * Segment messages to records: the rules of http-api.md, "Events", and of the clients that were
 * watched (reference/protocols/ingest.md), each with the odd input that it is there for.  By what a
 * message is known, and the way through export and import: test_intake_identity.c.
 */

#include "intake_reader.h"

#include <stdlib.h>

static void one_odd_event_loses_only_itself(void **state)
{
    (void)state;
    struct intake intake = intake_of(
        "{\"batch\":["
        "{\"type\":\"track\",\"userId\":\"u1\",\"event\":\"A\",\"properties\":{\"v\":1e999}},"
        "{\"type\":\"track\",\"userId\":\"u2\",\"event\":\"B\","
        "\"properties\":{\"id\":12345678901234567000}},"
        "{\"type\":\"track\",\"userId\":\"u3\",\"event\":\"cut \\ud83d\"},"
        "{\"type\":\"track\",\"userId\":\"u4\",\"event\":\"C\",\"messageId\":\"m4\",\"userId\":1},"
        "17,"
        "{\"type\":\"track\",\"userId\":\"u\\u00006\",\"event\":\"D\"},"
        "{\"type\":\"track\",\"userId\":\"u7\",\"event\":\"\xff\"},"
        "{\"type\":\"track\",\"userId\":\"u8\",\"event\":\"E\"}]}");
    assert_int_equal(intake.status, STATUS_OK);
    assert_int_equal(intake.batch.record_count, 3);
    assert_slice(intake.messages[0].user, "u2");
    assert_slice(intake.messages[0].properties, "{\"id\":1.2345678901234567e19}");
    assert_slice(intake.messages[1].event, "cut \xef\xbf\xbd");
    assert_slice(intake.messages[2].user, "u8");
    static const size_t indexes[] = {0, 3, 4, 5, 6};
    assert_int_equal(intake.batch.rejected_count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(intake.batch.rejected[i].index, indexes[i]);
    assert_int_equal(intake.batch.rejected[2].reason, REJECTION_BAD_TYPE);
    assert_int_equal(intake.batch.rejected[0].reason, REJECTION_BAD_JSON);
    intake_batch_done(&intake.batch);
}

static void a_body_that_is_no_json_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int line;
        const char *part;
    } cases[] = {
        {"", 1, "column 1"},
        {"[1]", 1, "column 1"},
        {"{\"batch\":[{\"type\":\"track\"}", 1, "column"},
        {"{\n \"batch\": [{}, , {}]}", 2, "column 16"},
        {"{\"batch\":[]} x", 1, "column 14"},
        {"{\"sentAt\":\"2026-11-01T08:00:00Z\"}", 1, "no list 'batch'"},
        {"{\"batch\":{}}", 1, "no list 'batch'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct intake intake = intake_of(cases[i].body);
        assert_int_equal(intake.status, STATUS_INVALID);
        if (intake.error.line != cases[i].line || !strstr(intake.error.text, cases[i].part))
            fail_msg("%s: line %d, %s", cases[i].body, intake.error.line, intake.error.text);
        intake_batch_done(&intake.batch);
    }
}

static void an_empty_batch_is_fine(void **state)
{
    (void)state;
    struct intake intake = intake_of("{\"batch\":[]}");
    assert_int_equal(intake.status, STATUS_OK);
    assert_int_equal(intake.batch.record_count, 0);
    assert_int_equal(intake.batch.rejected_count, 0);
    intake_batch_done(&intake.batch);
}

static void the_key_of_the_body_is_found_wherever_sdks_put_it(void **state)
{
    (void)state;
    static const char *const bodies[] = {"{\"batch\":[],\"writeKey\":\"gw_client_1\"}",
                                         "{\"api_key\":\"gw_client_1\",\"batch\":[]}"};
    for (size_t i = 0; i < 2; i++) {
        struct intake intake = intake_of(bodies[i]);
        assert_slice(intake.batch.key, "gw_client_1");
        intake_batch_done(&intake.batch);
    }
    struct intake intake = {.options = {.route = INTAKE_TRACK}};
    intake_text(&intake, SLICE("{\"event\":\"A\",\"userId\":\"u\",\"writeKey\":\"gw_client_2\"}"));
    assert_slice(intake.batch.key, "gw_client_2");
    assert_int_equal(intake.batch.record_count, 1);
    intake_batch_done(&intake.batch);
}

/* Seconds are since 2026-11-01T08:00:00Z, the time of receipt; NONE: not sent. */
#define NONE INT64_C(-1000000000)

static int64_t occurred_by(int64_t original_ms, int64_t sent_ms)
{
    char original[TIME_TEXT_SIZE], sent[TIME_TEXT_SIZE], text[512];
    int size = snprintf(text, sizeof text, "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\"");
    if (original_ms != NONE)
        size += snprintf(text + size, sizeof text - (size_t)size, ",\"timestamp\":\"%s\"",
                         time_format(RECEIVED + original_ms, original));
    if (sent_ms != NONE)
        size += snprintf(text + size, sizeof text - (size_t)size, ",\"sentAt\":\"%s\"",
                         time_format(RECEIVED + sent_ms, sent));
    snprintf(text + size, sizeof text - (size_t)size, "}");
    struct intake intake = message_of(text);
    assert_int_equal(intake.batch.record_count, 1);
    assert_int_equal(intake.messages[0].original_ms,
                     original_ms == NONE ? TIME_NONE : RECEIVED + original_ms);
    assert_int_equal(intake.messages[0].sent_ms, sent_ms == NONE ? TIME_NONE : RECEIVED + sent_ms);
    int64_t occurred_ms = intake.messages[0].occurred_ms;
    intake_batch_done(&intake.batch);
    return occurred_ms - RECEIVED;
}

static void a_clock_is_corrected_only_beyond_a_minute_and_in_whole_seconds(void **state)
{
    (void)state;
    static const struct {
        int64_t original_ms, sent_ms, occurred_ms;
    } cases[] = {
        {-5000, -1000, -5000},           /* network delay */
        {-65000, -60000, -65000},        /* a shift of 60 s: still delay */
        {-65001, -60001, -5001},         /* one ms more: a clock 60.001 s slow, 60 s of it taken */
        {-65000, -61999, -4000},         /* whole seconds: 61 of 61.999 */
        {3600000, 3605000, -5000},       /* an hour fast */
        {3600250, 3605999, -5000 + 250}, /* an hour fast, and the rest stays */
        {60000, 60000, 0},      /* 60 s fast: no correction, but never later than receipt */
        {-9000, -10000, -9000}, /* "before it was sent" is not so: no correction */
        {3600000, 3500000, 0},  /* the same in the future: set back to receipt */
        {-5000, NONE, -5000},   /* no sentAt: as it is */
        {5000, NONE, 0},        /* the future is set back to receipt */
        {NONE, -1000, 0},       /* no time of its own: receipt */
        {NONE, NONE, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t got = occurred_by(cases[i].original_ms, cases[i].sent_ms);
        if (got != cases[i].occurred_ms)
            fail_msg("case %zu: occurred %lld ms, not %lld", i, (long long)got,
                     (long long)cases[i].occurred_ms);
    }
}

static void an_events_own_times_win_over_the_batches(void **state)
{
    (void)state;
    struct intake intake = intake_of(
        "{\"sentAt\":\"2026-11-01T07:00:00Z\",\"batch\":["
        "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\",\"timestamp\":\"2026-11-01T06:59:"
        "00Z\"},"
        "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\",\"timestamp\":\"2026-11-01T06:59:"
        "00Z\","
        "\"sentAt\":\"2026-11-01T08:00:00Z\"},"
        "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\",\"timestamp\":\"2026-11-01T06:58:"
        "00Z\","
        "\"originalTimestamp\":\"2026-11-01T06:59:59Z\"},"
        "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\","
        "\"originalTimestamp\":\"2026-11-01T06:57:00Z\"},"
        "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\",\"timestamp\":1793516340000}]}");
    assert_int_equal(intake.batch.record_count, 5);
    assert_int_equal(intake.messages[0].occurred_ms, RECEIVED - 60000);
    assert_int_equal(intake.messages[1].occurred_ms, RECEIVED - 3660000);
    assert_int_equal(intake.messages[2].occurred_ms, RECEIVED - 120000);
    assert_int_equal(intake.messages[3].occurred_ms, RECEIVED - 180000);
    assert_int_equal(intake.messages[4].occurred_ms, RECEIVED - 60000); /* ms since 1970 */
    intake_batch_done(&intake.batch);
    intake = intake_of("{\"batch\":[{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\","
                       "\"timestamp\":1793516340000}],\"sentAt\":1793516400000}");
    assert_int_equal(intake.messages[0].occurred_ms, RECEIVED - 60000);
    intake_batch_done(&intake.batch);
}

static void a_time_that_is_none_is_refused_by_name(void **state)
{
    (void)state;
    static const char *const times[] = {"\"yesterday\"",
                                        "\"2026-02-30T00:00:00Z\"",
                                        "-1",
                                        "253402300800000",
                                        "1.5e12",
                                        "true",
                                        "{}"};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\",\"timestamp\":%s}",
                 times[i]);
        assert_refused(text, REJECTION_BAD_TIME, "RFC 3339");
    }
    assert_taken(
        "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\",\"timestamp\":253402300799999}");
    assert_taken("{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\",\"timestamp\":null}");
}

static void ids_that_are_nobodys_are_refused(void **state)
{
    (void)state;
    static const char *const ids[] = {"\"\"",
                                      "\"null\"",
                                      "\"undefined\"",
                                      "\"Anonymous\"",
                                      "\"UNKNOWN\"",
                                      "\"0\"",
                                      "0",
                                      "\"00000000-0000-0000-0000-000000000000\"",
                                      "true",
                                      "1.5",
                                      "12345678901234567000",
                                      "[]"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        char text[256];
        enum rejection reason = i >= 1 && i <= 7 ? REJECTION_PLACEHOLDER : REJECTION_BAD_UNIT;
        snprintf(text, sizeof text, "{\"type\":\"track\",\"userId\":%s,\"event\":\"A\"}", ids[i]);
        assert_refused(text, reason, "userId");
        snprintf(text, sizeof text,
                 "{\"type\":\"track\",\"userId\":\"u\",\"anonymousId\":%s,\"event\":\"A\"}",
                 ids[i]);
        assert_refused(text, reason, "anonymousId");
        snprintf(
            text, sizeof text,
            "{\"type\":\"track\",\"userId\":\"u\",\"context\":{\"groupId\":%s},\"event\":\"A\"}",
            ids[i]);
        assert_refused(text, reason, "groupId");
    }
    assert_refused("{\"type\":\"track\",\"event\":\"A\"}", REJECTION_NO_UNIT, "neither");
    assert_refused("{\"type\":\"track\",\"userId\":null,\"event\":\"A\"}", REJECTION_NO_UNIT,
                   "neither");
    assert_refused("{\"type\":\"alias\",\"userId\":\"u\"}", REJECTION_NO_UNIT, "previousId");
    assert_refused("{\"type\":\"alias\",\"previousId\":\"a\",\"anonymousId\":\"b\"}",
                   REJECTION_NO_UNIT, "userId");
    assert_refused("{\"type\":\"group\",\"userId\":\"u\"}", REJECTION_NO_UNIT, "groupId");
    assert_taken("{\"type\":\"track\",\"userId\":42,\"event\":\"A\"}");
}

/* An event of exactly `size` bytes, the rest of it in one property. */
static char *event_of_size(size_t size)
{
    static const char head[] =
        "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\",\"messageId\":\"big\","
        "\"properties\":{\"x\":\"";
    char *text = malloc(size + 1);
    assert_non_null(text);
    memset(text, 'x', size);
    memcpy(text, head, sizeof head - 1);
    memcpy(text + size - 3, "\"}}", 4);
    return text;
}

static void an_event_over_its_size_is_refused_and_one_at_it_is_not(void **state)
{
    (void)state;
    char *text = event_of_size(EVENT_SIZE_MAX);
    assert_taken(text);
    free(text);
    text = event_of_size(EVENT_SIZE_MAX + 1);
    assert_refused(text, REJECTION_TOO_LARGE, "32769 bytes, at most 32768");
    free(text);
    char id[UNIT_ID_SIZE_MAX + 2];
    for (size_t size = UNIT_ID_SIZE_MAX; size <= UNIT_ID_SIZE_MAX + 1; size++) {
        char event[512];
        memset(id, 'i', size);
        id[size] = '\0';
        snprintf(event, sizeof event, "{\"type\":\"track\",\"userId\":\"%s\",\"event\":\"A\"}", id);
        if (size == UNIT_ID_SIZE_MAX)
            assert_taken(event);
        else
            assert_refused(event, REJECTION_BAD_UNIT, "longer than 256 bytes");
    }
}

static void an_event_name_has_up_to_128_characters(void **state)
{
    (void)state;
    for (int count = 128; count <= 129; count++) {
        char text[1024] = "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"";
        for (int i = 0; i < count; i++)
            text_add(text, sizeof text, "\xf0\x9f\x98\xba"); /* four bytes each */
        text_add(text, sizeof text, "\"}");
        if (count == 128)
            assert_taken(text);
        else
            assert_refused(text, REJECTION_BAD_EVENT, "128 characters");
    }
    assert_refused("{\"type\":\"track\",\"userId\":\"u\"}", REJECTION_NO_EVENT, "event name");
    assert_refused("{\"type\":\"track\",\"userId\":\"u\",\"event\":\"\"}", REJECTION_NO_EVENT,
                   "name");
    assert_refused("{\"type\":\"track\",\"userId\":\"u\",\"event\":7}", REJECTION_NO_EVENT, "name");
    assert_refused("{\"type\":\"track\",\"userId\":\"u\",\"event\":\" A\"}", REJECTION_BAD_EVENT,
                   "space");
    assert_refused("{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A \"}", REJECTION_BAD_EVENT,
                   "space");
    assert_refused("{\"type\":\"track\",\"userId\":\"u\",\"event\":\"a\\tb\"}", REJECTION_BAD_EVENT,
                   "control");
    assert_refused("{\"type\":\"track\",\"userId\":\"u\",\"event\":\"a\xc2\x85"
                   "b\"}",
                   REJECTION_BAD_EVENT, "control");
}

static void the_depth_of_an_event_is_32(void **state)
{
    (void)state;
    for (int depth = 32; depth <= 33; depth++) {
        char text[256] =
            "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\",\"properties\":{\"a\":";
        for (int i = 2; i < depth; i++)
            text_add(text, sizeof text, "[");
        for (int i = 2; i < depth; i++)
            text_add(text, sizeof text, "]");
        text_add(text, sizeof text, "}}");
        if (depth == 32)
            assert_taken(text);
        else
            assert_refused(text, REJECTION_BAD_JSON, "brackets");
    }
}

static void three_dialects_of_an_exposure_are_understood(void **state)
{
    (void)state;
    static const char *const events[][3] = {
        {"Experiment Viewed", "experiment_id", "variation_id"},
        {"$feature_flag_called", "$feature_flag", "$feature_flag_response"},
        {"feature_flag.evaluation", "feature_flag.key", "feature_flag.result.variant"},
    };
    for (size_t i = 0; i < 3; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"%s\",\"properties\":"
                 "{\"%s\":\"gate\",\"phase\":2,\"%s\":\"late\"}}",
                 events[i][0], events[i][1], events[i][2]);
        struct intake intake = message_of(text);
        assert_int_equal(intake.batch.record_count, 1);
        assert_int_equal(intake.messages[0].type, MESSAGE_EXPOSURE);
        assert_slice(intake.messages[0].experiment, "gate");
        assert_slice(intake.messages[0].variation, "late");
        assert_slice(intake.messages[0].properties, "{\"phase\":2}");
        intake_batch_done(&intake.batch);
        snprintf(text, sizeof text,
                 "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"%s\",\"properties\":"
                 "{\"%s\":\"gate\",\"%s\":1}}",
                 events[i][0], events[i][1], events[i][2]);
        intake = message_of(text); /* an index, as GrowthBook's callback sends it */
        assert_slice(intake.messages[0].variation, "1");
        intake_batch_done(&intake.batch);
        snprintf(text, sizeof text, "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"%s\"}",
                 events[i][0]);
        assert_refused(text, REJECTION_BAD_EXPOSURE, events[i][1]);
        snprintf(text, sizeof text,
                 "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"%s\",\"properties\":{\"%s\":"
                 "\"gate\"}}",
                 events[i][0], events[i][1]);
        assert_refused(text, REJECTION_BAD_EXPOSURE, events[i][2]);
    }
}

static void an_exposure_without_the_id_of_its_experiments_kind_is_refused_by_name(void **state)
{
    (void)state;
    assert_refused(VIEWED("\"anonymousId\":\"x\",", "gate", ""), REJECTION_NO_UNIT,
                   "experiment 'gate' is for user units: no userId");
    assert_refused(VIEWED("\"userId\":\"u\",", "landing", ""), REJECTION_NO_UNIT, "no anonymousId");
    assert_refused(VIEWED("\"userId\":\"u\",", "breadth", ""), REJECTION_NO_UNIT,
                   "no context.groupId");
    assert_taken(VIEWED("\"userId\":\"u\",", "gate", ""));
    assert_taken(VIEWED("\"userId\":\"u\",\"anonymousId\":\"x\",", "landing", ""));
    assert_taken(VIEWED("", "breadth", ",\"context\":{\"groupId\":\"acme\"}"));
    assert_taken(VIEWED("\"anonymousId\":\"x\",", "not-declared-here", ""));
    assert_taken(VIEWED("\"anonymousId\":\"x\",", "holdout:q4", ""));
}

static void an_old_exposure_of_a_client_key_is_skewed_and_history_of_a_server_is_not(void **state)
{
    (void)state;
    static const struct {
        const char *time;
        bool trusted;
        uint16_t flags;
    } cases[] = {
        {"2026-10-02T08:00:00Z", false, 0}, /* 30 days */
        {"2026-10-02T07:59:59.999Z", false, RECORD_SKEWED},
        {"2026-10-02T07:59:59.999Z", true, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        struct intake intake = {.options = {.route = INTAKE_MESSAGE, .trusted = cases[i].trusted}};
        snprintf(text, sizeof text,
                 VIEWED("\"userId\":\"u\",\"messageId\":\"m\",", "gate", ",\"timestamp\":\"%s\""),
                 cases[i].time);
        intake_text(&intake, slice_of(text));
        assert_int_equal(intake.batch.records[0].flags, cases[i].flags);
        intake_batch_done(&intake.batch);
    }
    struct intake intake = message_of("{\"type\":\"track\",\"userId\":\"u\",\"messageId\":\"m\","
                                      "\"event\":\"A\",\"timestamp\":\"2020-01-01\"}");
    assert_int_equal(intake.batch.records[0].flags, 0); /* outcomes never are */
    intake_batch_done(&intake.batch);
}

static void of_the_context_only_path_locale_campaign_group_and_traits_are_kept(void **state)
{
    (void)state;
    struct intake intake = message_of(
        "{\"type\":\"page\",\"anonymousId\":\"x\",\"name\":\"Deals\",\"properties\":{\"url\":\"/"
        "d\"},"
        "\"context\":{\"ip\":\"192.0.2.1\",\"userAgent\":\"Mozilla\",\"locale\":\"de-DE\","
        "\"page\":{\"path\":\"/deals\",\"url\":\"https://crm.example/deals?token=1\"},"
        "\"campaign\":{\"name\":\"spring\"},\"groupId\":\"acme\",\"traits\":{\"role\":\"rep\"}}}");
    const struct message *message = &intake.messages[0];
    assert_int_equal(message->type, MESSAGE_PAGE);
    assert_slice(message->event, "Page Viewed");
    assert_slice(message->context, "{\"campaign\":{\"name\":\"spring\"},\"locale\":\"de-DE\","
                                   "\"page\":{\"path\":\"/deals\"}}");
    assert_slice(message->account, "acme");
    assert_slice(message->traits, "{\"role\":\"rep\"}");
    assert_slice(message->properties, "{\"name\":\"Deals\",\"url\":\"/d\"}");
    intake_batch_done(&intake.batch);
    intake = message_of("{\"type\":\"identify\",\"userId\":\"u\",\"traits\":{\"plan\":\"pro\"},"
                        "\"context\":{\"traits\":{\"plan\":\"old\"},\"page\":{\"path\":1}}}");
    assert_slice(intake.messages[0].traits, "{\"plan\":\"pro\"}");
    assert_true(slice_is_empty(intake.messages[0].context));
    intake_batch_done(&intake.batch);
    assert_refused("{\"type\":\"identify\",\"userId\":\"u\",\"traits\":[]}", REJECTION_BAD_TYPE,
                   "traits is no object");
    assert_refused("{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\",\"properties\":1}",
                   REJECTION_BAD_TYPE, "properties is no object");
}

static void a_refused_event_is_named_by_its_id_whatever_is_wrong(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"messageId\":\"m\",\"type\":\"click\",\"userId\":\"u\"}",
        "{\"messageId\":\"m\",\"type\":\"track\",\"event\":\"A\"}",
        ("{\"messageId\":\"m\",\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\",\"timestamp\":"
         "\"no\"}"),
        "{\"messageId\":\"m\",\"type\":\"track\",\"userId\":\"u\",\"event\":\"Experiment Viewed\"}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct intake intake = message_of(texts[i]);
        assert_slice(intake.batch.rejected[0].message_id, "m");
        intake_batch_done(&intake.batch);
    }
    char text[512] = "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\",\"messageId\":\"";
    for (int i = 0; i < 257; i++)
        text_add(text, sizeof text, "m");
    text_add(text, sizeof text, "\"}");
    assert_refused(text, REJECTION_BAD_TYPE, "messageId");
}

static void the_answer_counts_the_good_and_names_the_bad(void **state)
{
    (void)state;
    struct intake intake =
        intake_of("{\"batch\":[{\"type\":\"track\",\"userId\":\"u\",\"event\":\"A\"},"
                  "{\"type\":\"track\",\"event\":\"A\",\"messageId\":\"m\\\"1\"},7,"
                  "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"B\"}]}");
    struct buffer out = {0};
    intake_write_answer(&out, &intake.batch, 1);
    assert_slice(
        buffer_slice(&out),
        "{\"success\":true,\"accepted\":1,\"duplicates\":1,\"rejected\":["
        "{\"index\":1,\"messageId\":\"m\\\"1\",\"error\":\"neither userId nor anonymousId\","
        "\"reason\":\"no_unit\"},"
        "{\"index\":2,\"messageId\":null,\"error\":\"no JSON object\",\"reason\":\"bad_type\"}]}");
    buffer_done(&out);
    intake_batch_done(&intake.batch);
}

static void exposures_of_our_own_are_messages_like_others(void **state)
{
    (void)state;
    struct intake_batch batch = {0};
    struct error error = {0};
    for (int i = 0; i < 1000; i++) {
        struct message exposure = {
            .user = SLICE("u"), .experiment = SLICE("gate"), .variation = SLICE("late")};
        assert_int_equal(intake_add_exposure(&batch, &exposure, RECEIVED + i, NULL, NULL, &error),
                         STATUS_OK);
    }
    assert_int_equal(batch.record_count, 1000);
    assert_true(batch.arena.used <
                2 * 1024 * 1024); /* room grows by doubling, not by copying all */
    struct message message;
    assert_int_equal(message_read(batch.records[999].body, &message, &error), STATUS_OK);
    assert_int_equal(message.type, MESSAGE_EXPOSURE);
    assert_int_equal(message.occurred_ms, RECEIVED + 999);
    assert_int_equal(batch.records[999].flags, RECORD_FRESH_ID);
    assert_slice(message.event, "Experiment Viewed");
    intake_batch_done(&batch);
}

static void a_body_of_refuse_alone_cannot_eat_the_memory(void **state)
{
    (void)state;
    struct buffer body = {0};
    buffer_add(&body, SLICE("{\"batch\":[0"));
    while (body.size < BODY_SIZE_MAX - 4)
        buffer_add(&body, SLICE(",0"));
    buffer_add(&body, SLICE("]}"));
    struct intake intake = {.options = {.route = INTAKE_BATCH}};
    intake_text(&intake, buffer_slice(&body));
    assert_int_equal(intake.status, STATUS_TOO_LARGE);
    assert_true(intake.batch.arena.used <= 64 * (size_t)BODY_SIZE_MAX);
    intake_batch_done(&intake.batch);
    buffer_done(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_odd_event_loses_only_itself),
        cmocka_unit_test(a_body_that_is_no_json_is_refused_with_its_place),
        cmocka_unit_test(an_empty_batch_is_fine),
        cmocka_unit_test(the_key_of_the_body_is_found_wherever_sdks_put_it),
        cmocka_unit_test(a_clock_is_corrected_only_beyond_a_minute_and_in_whole_seconds),
        cmocka_unit_test(an_events_own_times_win_over_the_batches),
        cmocka_unit_test(a_time_that_is_none_is_refused_by_name),
        cmocka_unit_test(ids_that_are_nobodys_are_refused),
        cmocka_unit_test(an_event_over_its_size_is_refused_and_one_at_it_is_not),
        cmocka_unit_test(an_event_name_has_up_to_128_characters),
        cmocka_unit_test(the_depth_of_an_event_is_32),
        cmocka_unit_test(three_dialects_of_an_exposure_are_understood),
        cmocka_unit_test(an_exposure_without_the_id_of_its_experiments_kind_is_refused_by_name),
        cmocka_unit_test(an_old_exposure_of_a_client_key_is_skewed_and_history_of_a_server_is_not),
        cmocka_unit_test(of_the_context_only_path_locale_campaign_group_and_traits_are_kept),
        cmocka_unit_test(a_refused_event_is_named_by_its_id_whatever_is_wrong),
        cmocka_unit_test(the_answer_counts_the_good_and_names_the_bad),
        cmocka_unit_test(exposures_of_our_own_are_messages_like_others),
        cmocka_unit_test(a_body_of_refuse_alone_cannot_eat_the_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
