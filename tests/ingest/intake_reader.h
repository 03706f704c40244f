#ifndef TESTS_INGEST_INTAKE_READER_H
#define TESTS_INGEST_INTAKE_READER_H

/* What the tests of intake share: a catalogue, messages read as a batch or by themselves, and what
 * is said of one that is taken or refused. */

#include "support/support.h"

#include "base/limits.h"
#include "ingest/intake.h"

#include <stdio.h>

#define RECEIVED INT64_C(1793520000000) /* 2026-11-01T08:00:00Z */

/* Four experiments, one for each kind of unit; sorted by key, as a catalogue has them. */
static const struct experiment experiments[] = {
    {.key = SLICE_INIT("breadth"), .unit = UNIT_ACCOUNT},
    {.key = SLICE_INIT("gate"), .unit = UNIT_USER},
    {.key = SLICE_INIT("landing"), .unit = UNIT_ANONYMOUS},
};
static const struct catalogue catalogue = {.experiments = experiments, .experiment_count = 3};

/* What a test reads: options with defaults, the batch, the messages decoded from its records. */
struct intake {
    struct intake_options options;
    struct intake_batch batch;
    enum status status;
    struct error error;
    struct message messages[8];
};

static inline void intake_text(struct intake *intake, struct slice body)
{
    if (!intake->options.received_ms)
        intake->options.received_ms = RECEIVED;
    intake->status = intake_read(&intake->options, body, &intake->batch, &intake->error);
    for (size_t i = 0; i < intake->batch.record_count && i < 8; i++)
        assert_int_equal(
            message_read(intake->batch.records[i].body, &intake->messages[i], &intake->error),
            STATUS_OK);
}

static inline struct intake intake_of(const char *body)
{
    struct intake intake = {.options = {.route = INTAKE_BATCH}};
    intake_text(&intake, slice_of(body));
    return intake;
}

/* One message by the route of import, but without its rights. */
static inline struct intake message_of(const char *text)
{
    struct intake intake = {.options = {.route = INTAKE_MESSAGE, .catalogue = &catalogue}};
    intake_text(&intake, slice_of(text));
    assert_int_equal(intake.status, STATUS_OK);
    assert_int_equal(intake.batch.record_count + intake.batch.rejected_count, 1);
    return intake;
}

static inline void text_add(char *text, size_t capacity, const char *more)
{
    size_t size = strlen(text);
    assert_true(size + strlen(more) < capacity);
    snprintf(text + size, capacity - size, "%s", more);
}

static inline void assert_slice(struct slice got, const char *want)
{
    if (!slice_equals(got, want))
        fail_msg("'%.*s' is not '%s'", SLICE_ARGS(got), want);
}

static inline void assert_refused(const char *text, enum rejection reason, const char *part)
{
    struct intake intake = message_of(text);
    assert_int_equal(intake.batch.rejected_count, 1);
    const struct rejected *rejected = &intake.batch.rejected[0];
    if (rejected->reason != reason || !strstr(rejected->text.data, part))
        fail_msg("%s: refused as %s, '%.*s'", text, rejection_text(rejected->reason),
                 SLICE_ARGS(rejected->text));
    intake_batch_done(&intake.batch);
}

static inline void assert_taken(const char *text)
{
    struct intake intake = message_of(text);
    if (intake.batch.record_count != 1)
        fail_msg("%s: %.*s", text, SLICE_ARGS(intake.batch.rejected[0].text));
    intake_batch_done(&intake.batch);
}

#define VIEWED(ids, experiment, more)                                                              \
    "{\"type\":\"track\"," ids                                                                     \
    "\"event\":\"Experiment Viewed\",\"properties\":{\"experiment_id\":\"" experiment              \
    "\",\"variation_id\":\"a\"}" more "}"

#endif
