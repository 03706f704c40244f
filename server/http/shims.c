/* Implementation of shims.h. */

#include "shims.h"

#include "answer.h"
#include "base/time.h"

/* The member of an Amplitude event that is at fault. */
static const struct {
    const char *member;
    bool is_missing;
} faults[REJECTION_COUNT] = {
    [REJECTION_BAD_JSON] = {"event", false},
    [REJECTION_TOO_LARGE] = {"event", false},
    [REJECTION_NO_UNIT] = {"user_id", true},
    [REJECTION_BAD_UNIT] = {"user_id", false},
    [REJECTION_PLACEHOLDER] = {"user_id", false},
    [REJECTION_NO_EVENT] = {"event_type", true},
    [REJECTION_BAD_EVENT] = {"event_type", false},
    [REJECTION_BAD_TYPE] = {"event_properties", false},
    [REJECTION_BAD_EXPOSURE] = {"event_properties", false},
    [REJECTION_BAD_TIME] = {"time", false},
    [REJECTION_SUPPRESSED] = {"user_id", false},
};
static const char *const members[] = {"event", "user_id", "event_type", "event_properties", "time"};

static const char *posthog_type(int status)
{
    if (status == 401 || status == 403)
        return "authentication_error";
    if (status == 429)
        return "throttled_error";
    return status >= 500 ? "server_error" : "validation_error";
}

static void write_posthog_failure(struct buffer *out, int status, const char *code,
                                  struct slice detail)
{
    buffer_format(out, "{\"type\":\"%s\",\"code\":\"%s\",\"detail\":", posthog_type(status), code);
    json_write_text(out, detail);
    buffer_add(out, SLICE(",\"attr\":null}"));
}

/* Its SDK drops a batch for good where the text begins with these words. */
static const char *amplitude_head(int status)
{
    return status == 401 || status == 403 ? "Invalid API key: " : "";
}

static void write_amplitude_failure(struct buffer *out, const struct problem_row *row,
                                    struct slice detail, bool with_posthog)
{
    struct buffer error = {0};
    buffer_format(&error, "%s%.*s", amplitude_head(row->status), SLICE_ARGS(detail));
    buffer_format(out, "{\"code\":%d,\"error\":", row->status);
    json_write_text(out, buffer_slice(&error));
    if (with_posthog) {
        buffer_format(out, ",\"type\":\"%s\",\"detail\":", posthog_type(row->status));
        json_write_text(out, detail);
        buffer_add(out, SLICE(",\"attr\":null"));
    }
    buffer_add_byte(out, '}');
    out->failed |= error.failed;
    buffer_done(&error);
}

void shim_write_failure(struct buffer *out, enum error_form form, const struct problem_row *row,
                        struct slice detail)
{
    if (!detail.size)
        detail = slice_of(row->title);
    if (form == FORM_POSTHOG)
        write_posthog_failure(out, row->status, row->code, detail);
    else
        write_amplitude_failure(out, row, detail, form == FORM_EITHER);
}

static void posthog_answer(struct request *request, const struct intake_batch *batch)
{
    bool is_refused = batch->is_single && batch->rejected_count;
    struct buffer *out = answer_begin(request, is_refused ? 400 : 200, TYPE_JSON);
    if (is_refused) {
        write_posthog_failure(out, 400, rejection_text(batch->rejected[0].reason),
                              batch->rejected[0].text);
        return;
    }
    buffer_add(out, SLICE("{\"status\":1"));
    if (batch->rejected_count) {
        buffer_add(out, SLICE(",\"rejected\":"));
        intake_write_rejected(out, batch);
    }
    buffer_add_byte(out, '}');
}

/* "user_id":[0,3], the places of the events that are refused for a member; nothing where there are
 * none.  Whether there are. */
static bool write_places(struct buffer *out, const struct intake_batch *batch, const char *member,
                         bool is_missing, const char *before)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->rejected_count; i++) {
        const struct rejected *rejected = &batch->rejected[i];
        if (strcmp(faults[rejected->reason].member, member) != 0 ||
            faults[rejected->reason].is_missing != is_missing)
            continue;
        if (!count)
            buffer_format(out, "%s\"%s\":[", before, member);
        buffer_format(out, "%s%zu", count ? "," : "", rejected->index);
        count++;
    }
    if (count)
        buffer_add_byte(out, ']');
    return count > 0;
}

static void write_faults(struct buffer *out, const struct intake_batch *batch, bool is_missing)
{
    bool has_some = false;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        has_some |= write_places(out, batch, members[i], is_missing, has_some ? "," : "");
}

static void amplitude_refuse(struct request *request, const struct intake_batch *batch)
{
    struct buffer *out = answer_begin(request, 400, TYPE_JSON);
    const struct rejected *first = &batch->rejected[0];
    struct slice error = arena_format(
        &request->arena, "%zu of %zu events refused; event %zu: %.*s", batch->rejected_count,
        batch->rejected_count + batch->record_count, first->index, SLICE_ARGS(first->text));
    buffer_add(out, SLICE("{\"code\":400,\"error\":"));
    json_write_text(out, error);
    buffer_add(out, SLICE(",\"events_with_invalid_fields\":{"));
    write_faults(out, batch, false);
    buffer_add(out, SLICE("},\"events_with_missing_fields\":{"));
    write_faults(out, batch, true);
    buffer_format(out, "},\"events_ingested\":%zu,\"rejected\":", batch->record_count);
    intake_write_rejected(out, batch);
    buffer_add_byte(out, '}');
}

static void amplitude_answer(struct request *request, const struct intake_batch *batch)
{
    if (batch->rejected_count) {
        amplitude_refuse(request, batch);
        return;
    }
    struct buffer *out = answer_begin(request, 200, TYPE_JSON);
    buffer_format(out,
                  "{\"code\":200,\"events_ingested\":%zu,\"payload_size_bytes\":%zu,"
                  "\"server_upload_time\":%lld}",
                  batch->record_count, request->body.size, (long long)clock_now_ms(&clock_system));
}

void shim_answer(struct request *request, const struct intake_batch *batch)
{
    if (batch->dialect == DIALECT_AMPLITUDE)
        amplitude_answer(request, batch);
    else
        posthog_answer(request, batch);
}
