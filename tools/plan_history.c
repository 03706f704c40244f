/*
 * The shares are taken from the report's first metric that has segments: its units by value, all
 * variants together.  A report needs no more time for that than for itself.
 */

#include "plan_history.h"

#include "report_source.h"

/* Values over all segments, far above what files may declare of them. */
#define SHARES_MAX 4096

static double units_of(const struct value *value)
{
    const struct value *variants = value_member(value, SLICE("variants"));
    double units = 0;
    for (size_t i = 0; variants && variants->kind == VALUE_LIST && i < variants->count; i++) {
        const struct value *found = value_member(&variants->items[i], SLICE("units"));
        units += found && value_is_number(found) ? found->number : 0;
    }
    return units;
}

static void segment_take(const struct value *segment, struct plan_share *shares, size_t *count)
{
    const struct value *values = value_member(segment, SLICE("values"));
    double all = 0;
    for (size_t i = 0; values && i < values->count; i++)
        all += units_of(&values->items[i]);
    for (size_t i = 0; all > 0 && i < values->count && *count < SHARES_MAX; i++) {
        double units = units_of(&values->items[i]);
        if (units > 0)
            shares[(*count)++] =
                (struct plan_share){.segment = value_member_text(segment, "segment"),
                                    .value = value_member_text(&values->items[i], "value"),
                                    .share = units / all};
    }
}

static const struct value *segments_of(const struct value *document)
{
    const struct value *metrics = value_member(document, SLICE("metrics"));
    for (size_t i = 0; metrics && i < metrics->count; i++) {
        const struct value *segments = value_member(&metrics->items[i], SLICE("segments"));
        if (segments && segments->kind == VALUE_LIST && segments->count)
            return segments;
    }
    return NULL;
}

static enum status history_take(const struct value *document, struct arena *arena,
                                struct plan_history *history, struct error *error)
{
    const struct value *segments = segments_of(document);
    struct plan_share *shares = ARENA_ARRAY(arena, SHARES_MAX, struct plan_share);
    size_t count = 0;
    if (!shares)
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "out of memory");
    for (size_t i = 0; segments && i < segments->count; i++)
        segment_take(&segments->items[i], shares, &count);
    *history = (struct plan_history){.shares = shares, .count = count};
    return STATUS_OK;
}

enum status plan_history_read(const char *store, struct slice experiment, struct arena *arena,
                              struct plan_history *history, struct error *error)
{
    struct report_source source;
    struct value document;
    enum status status = report_source_open(store, false, &source, error);
    if (!status) {
        struct document_options options = {
            .experiment = experiment,
            .as_of_ms = TIME_NONE,
            .now_ms = clock_now_ms(&clock_system),
            .journal_sequence = journal_last_sequence(source.journal),
            .journal_received_ms = journal_last_received_ms(source.journal),
            .version = GANGWAY_VERSION,
        };
        struct error unknown = {0};
        status = document_build(source.transaction, &options, arena, &document, &unknown);
        if (status == STATUS_NOT_FOUND)
            status = STATUS_OK;
        else if (status)
            *error = unknown;
        else
            status = history_take(&document, arena, history, error);
    }
    report_source_close(&source);
    return status;
}
