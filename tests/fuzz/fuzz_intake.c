/*
 * Bodies of the event routes, and the lines of `import`: the first line of an input names the route
 * (batch, message, import, track, ..., posthog; with a + also pseudonymous), the rest is the body.
 *
 * Holds for every input: each event is either a record or refused with a reason, in order; what is
 * refused as a whole says where; each record is a sound message; the answer is JSON; and what
 * `export` writes of a record `import` takes back, to the last byte of its body.
 */

#include "ingest/intake.h"

#include "base/limits.h"
#include "fuzz.h"
#include "ingest/privacy.h"

#define RECEIVED INT64_C(1795176000000) /* 2026-11-20T12:00:00Z */

static const struct {
    const char *name;
    enum intake_route route;
    bool import;
} bodies[] = {
    {"batch", INTAKE_BATCH, false},         {"message", INTAKE_MESSAGE, false},
    {"import", INTAKE_MESSAGE, true},       {"track", INTAKE_TRACK, false},
    {"identify", INTAKE_IDENTIFY, false},   {"group", INTAKE_GROUP, false},
    {"alias", INTAKE_ALIAS, false},         {"page", INTAKE_PAGE, false},
    {"screen", INTAKE_SCREEN, false},       {"posthog", INTAKE_POSTHOG, false},
    {"amplitude", INTAKE_AMPLITUDE, false}, {"either", INTAKE_EITHER, false},
};

static const char account_experiment[] = "experiment: gate\nname: g\nowner: t\nunit: account\n"
                                         "variants:\n  a: {control: true, weight: 50%}\n"
                                         "  b: {weight: 50%}\n";
static struct catalogue *catalogue;
static struct privacy privacy = {.secret = SLICE_INIT("0123456789abcdef0123456789abcdef"),
                                 .is_pseudonymous = true};

void fuzz_begin(void)
{
    struct sources sources = {0};
    struct diagnostics found = {0};
    struct slice name = SLICE("gate.yaml");
    CHECK(!sources_add(&sources, name, name, slice_of(account_experiment), NULL));
    CHECK(!catalogue_compile(&sources, &catalogue, &found, NULL));
    CHECK(catalogue->experiment_count == 1);
    CHECK(privacy_names(&privacy, SLICE(PRIVATE_NAMES)));
    diagnostics_done(&found);
}

/* The record comes back from its line of JSON as it was. */
static void check_round(const struct intake_record *made)
{
    const struct intake_options options = {.route = INTAKE_MESSAGE,
                                           .received_ms = RECEIVED + 400 * DAY_MS,
                                           .trusted = true,
                                           .notes = true,
                                           .import = true};
    const struct record record = {
        .flags = made->flags, .received_ms = made->received_ms, .body = made->body};
    struct intake_batch batch = {0};
    struct buffer line = {0};
    CHECK(!intake_write_message(&line, &record, NULL));
    CHECK(!memchr(line.data, '\n', line.size));
    CHECK(!intake_read(&options, buffer_slice(&line), &batch, NULL));
    CHECK(batch.record_count == 1);
    CHECK(slice_equal(batch.records[0].body, made->body));
    CHECK(batch.records[0].received_ms == made->received_ms);
    CHECK((batch.records[0].flags | RECORD_FRESH_ID) == (made->flags | RECORD_FRESH_ID));
    intake_batch_done(&batch);
    buffer_done(&line);
}

static void check_record(const struct intake_record *record, bool is_plain)
{
    struct message message;
    struct buffer again = {0};
    CHECK(!message_read(record->body, &message, NULL));
    message_write(&again, &message);
    CHECK(slice_equal(buffer_slice(&again), record->body));
    CHECK(message.occurred_ms <= record->received_ms);
    CHECK(message.user.size || message.anonymous.size || message.account.size ||
          message.type == MESSAGE_NOTE);
    CHECK(message.message_id.size || (record->flags & RECORD_HASH_ID));
    CHECK(message.event.size <= EVENT_NAME_SIZE_MAX);
    buffer_done(&again);
    if (is_plain) /* a pseudonym is a plain id to import, which says nothing of the flag */
        check_round(record);
}

static void check_batch(const struct intake_batch *batch, bool is_plain)
{
    struct arena arena = {0};
    struct buffer answer = {0};
    struct value value;
    for (size_t i = 0; i < batch->record_count; i++)
        check_record(&batch->records[i], is_plain);
    for (size_t i = 0; i < batch->rejected_count; i++) {
        const struct rejected *rejected = &batch->rejected[i];
        CHECK(rejected->text.size && rejected->reason < REJECTION_COUNT);
        CHECK(rejected->index < batch->record_count + batch->rejected_count);
        CHECK(!i || rejected->index > rejected[-1].index);
    }
    intake_write_answer(&answer, batch, 0);
    CHECK(!json_read(&arena, buffer_slice(&answer), 0, &value, NULL));
    buffer_done(&answer);
    arena_done(&arena);
}

static void body_read(struct slice body, size_t row, bool is_plain)
{
    const struct intake_options options = {.route = bodies[row].route,
                                           .received_ms = RECEIVED,
                                           .trusted = bodies[row].import,
                                           .notes = bodies[row].import,
                                           .import = bodies[row].import,
                                           .catalogue = catalogue,
                                           .privacy = is_plain ? NULL : &privacy};
    struct intake_batch batch = {0};
    struct error error = {0};
    enum status status = intake_read(&options, body, &batch, &error);
    CHECK(status == STATUS_OK || status == STATUS_INVALID || status == STATUS_TOO_LARGE);
    CHECK(!status == !error.text[0]);
    if (!status)
        check_batch(&batch, is_plain);
    intake_batch_done(&batch);
}

void fuzz_one(struct slice input)
{
    struct slice name = line_cut(&input);
    bool is_plain = !slice_ends_with(name, SLICE("+"));
    if (!is_plain)
        name.size--;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        if (slice_equals(name, bodies[i].name))
            body_read(input, i, is_plain);
}
