/*
 * Implementation of envelope.h.  A body is an object with a list of events, or one event; PostHog's
 * pages send a bare list as well, which is read as if it stood in an object.  `/batch` is a path of
 * both PostHog and Amplitude: the member that holds the list says whose body it is.
 */

#include "envelope.h"

#include "dialect.h"

/* What a route takes. */
static const struct {
    enum intake_dialect dialect;
    bool list, one;
    bool or_amplitude;
} bodies[] = {
    [INTAKE_BATCH] = {.list = true},
    [INTAKE_MESSAGE] = {.one = true},
    [INTAKE_TRACK] = {.one = true},
    [INTAKE_IDENTIFY] = {.one = true},
    [INTAKE_GROUP] = {.one = true},
    [INTAKE_ALIAS] = {.one = true},
    [INTAKE_PAGE] = {.one = true},
    [INTAKE_SCREEN] = {.one = true},
    [INTAKE_POSTHOG] = {.dialect = DIALECT_POSTHOG, .list = true, .one = true},
    [INTAKE_AMPLITUDE] = {.dialect = DIALECT_AMPLITUDE, .list = true},
    [INTAKE_EITHER] = {.dialect = DIALECT_POSTHOG, .list = true, .or_amplitude = true},
};

void *envelope_grown(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    size_t wanted = *capacity ? 2 * *capacity : 16;
    void *more = arena_array(arena, wanted, size);
    if (!more)
        return NULL;
    if (count)
        memcpy(more, items, count * size);
    *capacity = wanted;
    return more;
}

static bool envelope_add(struct arena *arena, struct envelope *envelope, struct slice text)
{
    struct slice *events = envelope_grown(arena, envelope->events, envelope->count,
                                          &envelope->capacity, sizeof *events);
    if (!events)
        return false;
    envelope->events = events;
    envelope->events[envelope->count++] = text;
    return true;
}

static struct slice unquoted(struct slice text)
{
    if (text.size < 2 || text.data[0] != '"')
        return (struct slice){0};
    return (struct slice){.data = text.data + 1, .size = text.size - 2};
}

static void envelope_member(struct intake_batch *batch, struct envelope *envelope,
                            const struct json_part *part)
{
    if (slice_equals(part->name, dialect_frames[batch->dialect].sent_at))
        envelope->sent_at = part->text;
    else if (slice_equals(part->name, "writeKey") || slice_equals(part->name, "api_key"))
        batch->key = arena_copy(&batch->arena, unquoted(part->text));
}

/* One walk over the body, in the words of the batch's dialect. */
static enum status envelope_scan(struct slice body, bool takes_list, struct intake_batch *batch,
                                 struct envelope *envelope, bool *has_list, struct error *error)
{
    struct slice list = slice_of(dialect_frames[batch->dialect].list);
    struct json_scanner scanner = json_scanner_of(body, list);
    struct json_part part;
    enum status status;
    *envelope = (struct envelope){0};
    while ((status = json_scan(&scanner, &part, error)) == STATUS_OK &&
           part.kind != JSON_PART_END) {
        if (part.kind == JSON_PART_MEMBER)
            envelope_member(batch, envelope, &part);
        else if (takes_list && !envelope_add(&batch->arena, envelope, part.text))
            return FAIL(error, STATUS_TOO_LARGE, "body", 0, "the batch takes too much memory");
    }
    *has_list = takes_list && scanner.has_list;
    return status;
}

/* A bare list becomes the list of an object. */
static struct slice wrapped(struct intake_batch *batch, struct slice body)
{
    size_t at = 0;
    while (at < body.size && strchr(" \t\r\n", body.data[at]) && body.data[at])
        at++;
    if (at == body.size || body.data[at] != '[')
        return body;
    struct slice list = slice_of(dialect_frames[batch->dialect].list);
    struct buffer object = {0};
    buffer_format(&object, "{\"%.*s\":", SLICE_ARGS(list));
    buffer_add(&object, body);
    buffer_add_byte(&object, '}');
    struct slice kept = arena_copy(&batch->arena, buffer_slice(&object));
    batch->arena.failed |= object.failed;
    buffer_done(&object);
    return kept;
}

enum status envelope_read(const struct intake_options *options, struct slice body,
                          struct intake_batch *batch, struct envelope *envelope,
                          struct error *error)
{
    bool has_list = false;
    bool takes_list = bodies[options->route].list, takes_one = bodies[options->route].one;
    batch->dialect = bodies[options->route].dialect;
    if (takes_list && takes_one)
        body = wrapped(batch, body);
    enum status status = envelope_scan(body, takes_list, batch, envelope, &has_list, error);
    if (!status && !has_list && bodies[options->route].or_amplitude) {
        batch->dialect = DIALECT_AMPLITUDE;
        status = envelope_scan(body, takes_list, batch, envelope, &has_list, error);
    }
    if (status || has_list)
        return status;
    if (!takes_one && bodies[options->route].or_amplitude)
        return FAIL(error, STATUS_INVALID, "body", 1, "no list 'batch' or 'events' in the body");
    if (!takes_one)
        return FAIL(error, STATUS_INVALID, "body", 1, "no list '%s' in the body",
                    dialect_frames[batch->dialect].list);
    batch->is_single = true;
    return envelope_add(&batch->arena, envelope, body)
               ? STATUS_OK
               : FAIL(error, STATUS_NO_MEMORY, "body", 0, "no memory for an event");
}
