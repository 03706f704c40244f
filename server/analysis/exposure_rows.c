/*
 * Exposures as they were received (analysis/units.h), each judged as the fold judges it: by the
 * declaration in force at its time, and by the definition of that declaration's phase.
 */

#include "analysis/units.h"

#include "contribution.h"
#include "touches.h"
#include "view_state.h"

#include "store/erasure.h"

#include <stdlib.h>

struct exposures {
    struct exposures_options options;
    struct scheme *scheme;
    uint64_t next, end; /* sequences of the journal */
};

static enum status exposures_prepare(struct exposures *exposures, struct view *view,
                                     struct error *error)
{
    struct view_transaction *transaction = NULL;
    struct declared *declared = NULL;
    struct slice key = exposures->options.experiment;
    char hint[NEAREST_HINT_SIZE];
    enum status status = view_begin(view, &transaction, error);
    if (!status && key.size && !history_last(view_history(transaction), key, NULL))
        status = FAIL(error, STATUS_NOT_FOUND, "experiment", 0,
                      "no experiment '%.*s' in the store%s", SLICE_ARGS(key),
                      nearest_hint(history_nearest(view_history(transaction), key), hint));
    if (!status)
        status = declared_load(view_state(transaction), view_progress(transaction)->used, &declared,
                               error);
    if (!status)
        status = scheme_compile(declared, &exposures->scheme, error);
    declared_release(declared);
    view_end(transaction);
    exposures->next = 1;
    exposures->end = journal_last_sequence(exposures->options.journal);
    return status;
}

enum status exposures_open(struct view *view, const struct exposures_options *options,
                           struct exposures **exposures, struct error *error)
{
    struct exposures *made = calloc(1, sizeof *made);
    if (!made)
        return FAIL(error, STATUS_NO_MEMORY, "exposures", 0, "no memory");
    made->options = *options;
    enum status status = exposures_prepare(made, view, error);
    if (status) {
        exposures_close(made);
        return status;
    }
    *exposures = made;
    return STATUS_OK;
}

void exposures_close(struct exposures *exposures)
{
    if (!exposures)
        return;
    scheme_free(exposures->scheme);
    free(exposures);
}

/* A definition of that phase; they judge single exposures alike. */
static const struct scheme_definition *definition_of(const struct scheme *scheme,
                                                     const struct scheme_experiment *experiment,
                                                     uint16_t phase)
{
    for (size_t i = 0; i < experiment->definition_count; i++) {
        const struct scheme_definition *one = &scheme->definitions[experiment->definitions[i]];
        if (one->phase == phase)
            return one;
    }
    return NULL;
}

static const char *reason_text(const struct scheme_definition *definition,
                               const struct message *message, const struct exposure_payload *judged)
{
    int reason =
        definition ? exposure_reason(definition, message->occurred_ms, judged) : judged->reason;
    if (reason < OUTSIDE_COUNT)
        return outside_texts[reason];
    return reason == OUTSIDE_COUNT ? NULL : outside_texts[OUTSIDE_NOT_STARTED];
}

/* Of a declared experiment. */
static void row_judge(const struct scheme *scheme, const struct scheme_experiment *experiment,
                      const struct record *record, struct exposure_row *row)
{
    const struct message *message = row->message;
    const struct scheme_ruling *ruling = scheme_ruling(experiment, message->occurred_ms);
    struct exposure_payload judged;
    if (!ruling)
        return;
    const struct slice ids[UNIT_KIND_COUNT] = {[UNIT_USER] = message->user,
                                               [UNIT_ACCOUNT] = message->account,
                                               [UNIT_ANONYMOUS] = message->anonymous};
    row->experiment = ruling->experiment;
    row->kind = ruling->experiment->unit;
    row->id = ids[row->kind];
    row->erased = erasure_is_replaced(row->id);
    if (slice_is_empty(row->id) ||
        !exposure_judge(experiment, message, row->kind, row->id, record->flags, &judged))
        row->reason = "no_id";
    else
        row->reason =
            reason_text(definition_of(scheme, experiment, judged.phase), message, &judged);
    if (row->erased) {
        row->reason = "erased";
        row->id = (struct slice){0};
    }
}

static enum status exposure_visit(void *context, const struct record *record, struct error *error)
{
    const struct exposures *exposures = context;
    struct slice key = exposures->options.experiment;
    struct message message;
    if (record->damaged || record->kind != RECORD_MESSAGE ||
        message_read(record->body, &message, NULL) || message.type != MESSAGE_EXPOSURE ||
        (key.size && !slice_equal(key, message.experiment)))
        return STATUS_OK;
    struct exposure_row row = {.sequence = record->sequence,
                               .received_ms = record->received_ms,
                               .message = &message,
                               .reason = "not_declared"};
    int index = scheme_experiment(exposures->scheme, message.experiment);
    if (index >= 0)
        row_judge(exposures->scheme, &exposures->scheme->experiments[index], record, &row);
    return exposures->options.visit(exposures->options.context, &row, error);
}

enum status exposures_step(struct exposures *exposures, bool *more, struct error *error)
{
    struct journal_scan scan = {.doing = "read",
                                .from = exposures->next,
                                .limit = JOURNAL_SCAN_SLICE,
                                .visit = exposure_visit,
                                .context = exposures};
    enum status status = journal_scan(exposures->options.journal, &scan, error);
    *more = scan.next > exposures->next && scan.next <= exposures->end;
    exposures->next = scan.next;
    return status;
}
