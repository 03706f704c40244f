/*
 * What is read from the journal: the first line of an input names the form (value, message,
 * catalogue, erasure), the rest are its bytes.
 *
 * Holds for every input: a value that is not damaged is written again as it was; a message that was
 * read is written and read equal; scrubbing the same person twice changes nothing more, and leaves
 * a sound message without the id.
 */

#include "store/erasure.h"

#include "../../server/analysis/declared.h"
#include "fuzz.h"

#define RECEIVED INT64_C(1795176000000)
#define SECRET "0123456789abcdef0123456789abcdef"

static struct erasure_row person = {.request = 2, .is_person = true};

void fuzz_begin(void)
{
    person.key.kind = UNIT_USER;
    person.key.hash = hash_keyed(SLICE(SECRET), UNIT_USER, SLICE("ann"));
}

static void check_value(struct slice bytes)
{
    struct buffer again = {0};
    struct record record = record_read(7, bytes);
    if (!record.damaged) {
        record_write(&again, &record);
        CHECK(slice_equal(buffer_slice(&again), bytes));
    }
    buffer_done(&again);
}

static void check_scrubbed(const struct record *scrubbed)
{
    struct message message;
    CHECK(scrubbed->flags & RECORD_SCRUBBED);
    CHECK(!message_read(scrubbed->body, &message, NULL));
    CHECK(!slice_equals(message.user, "ann"));
}

static void check_scrub(uint8_t kind, struct slice body)
{
    const struct erasure_run run = {.secret = SLICE(SECRET), .rows = &person, .count = 1};
    const struct record record = {
        .sequence = 1, .kind = kind, .received_ms = RECEIVED, .body = body};
    struct record scrubbed = {0}, twice = {0};
    struct buffer first = {0}, second = {0};
    bool changed = false, changed_again = false;
    if (!erasure_scrub(&run, &record, &scrubbed, &first, &changed, NULL) && changed) {
        check_scrubbed(&scrubbed);
        CHECK(!erasure_scrub(&run, &scrubbed, &twice, &second, &changed_again, NULL));
        CHECK(!changed_again);
    }
    buffer_done(&first);
    buffer_done(&second);
}

static void check_message(struct slice body)
{
    struct message message, again;
    struct buffer first = {0}, second = {0};
    struct error error = {0};
    enum status status = message_read(body, &message, &error);
    CHECK(!status || (status == STATUS_INVALID && error.text[0]));
    if (!status) {
        CHECK(message.type < MESSAGE_TYPE_COUNT);
        message_write(&first, &message);
        CHECK(!message_read(buffer_slice(&first), &again, NULL));
        message_write(&second, &again);
        CHECK(slice_equal(buffer_slice(&first), buffer_slice(&second)));
    }
    check_scrub(RECORD_MESSAGE, body);
    buffer_done(&first);
    buffer_done(&second);
}

static void check_catalogue(struct slice body)
{
    struct catalogue_files files;
    struct slice path, name, text;
    size_t size = 0;
    if (!catalogue_body_read(body, &files, NULL))
        while (catalogue_body_next(&files, &path, &name, &text))
            size += path.size + name.size + text.size;
    CHECK(size <= body.size);
    declared_is_sound(body);
}

void fuzz_one(struct slice input)
{
    struct slice form = line_cut(&input);
    if (slice_equals(form, "value"))
        check_value(input);
    else if (slice_equals(form, "message"))
        check_message(input);
    else if (slice_equals(form, "catalogue"))
        check_catalogue(input);
    else if (slice_equals(form, "erasure"))
        check_scrub(RECORD_ERASURE, input);
}
