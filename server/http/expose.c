/* Implementation of expose.h. */

#include "expose.h"

#include "answer.h"
#include "exposures.h"
#include "ingest/writer.h"
#include "service_state.h"
#include "snapshot.h"
#include "submit.h"
#include "worker.h"

struct expose *expose_new(struct request *request, int64_t now_ms)
{
    struct expose *expose = ARENA_NEW(&request->arena, struct expose);
    if (expose) {
        expose->request = request;
        expose->now_ms = now_ms;
    }
    return expose;
}

void expose_free(struct expose *expose)
{
    if (expose)
        intake_batch_done(&expose->batch);
}

/* The last request by which the id was erased, 0: none.  Who begins anew is exposed anew. */
static uint64_t id_erased(struct request *request, enum unit_kind kind, struct slice id)
{
    const struct service *service = request->worker->options.service;
    struct erasure_row row = {.request = 0};
    if (!service || !service->privacy.erasures || !erasures_last(service->privacy.erasures))
        return 0;
    const struct privacy *privacy = &service->privacy;
    if (privacy->is_pseudonymous)
        id = privacy_pseudonym(privacy->secret, &request->arena, kind, id);
    struct hash128 hash = hash_keyed(privacy->secret, (unsigned char)kind, id);
    return erasures_find(privacy->erasures, kind, &hash, &row) ? row.request : 0;
}

/* What makes two exposures the same to the memory: all that the fold would look at. */
static struct hash128 exposure_key(const struct expose *expose, struct arena *arena,
                                   const struct assignment *assignment, struct slice id)
{
    const struct experiment *experiment = assignment->experiment;
    struct slice text = arena_format(
        arena, "%llu %d %d %d %zu %.*s %.*s",
        (unsigned long long)id_erased(expose->request, experiment->unit, id), (int)experiment->unit,
        (int)experiment->phase, assignment->reason == ASSIGN_HOLDOUT, assignment->variant,
        SLICE_ARGS(experiment->key), SLICE_ARGS(id));
    return hash_content(text);
}

static void message_set_id(struct message *message, enum unit_kind kind, struct slice id)
{
    switch (kind) {
    case UNIT_USER: message->user = id; break;
    case UNIT_ACCOUNT: message->account = id; break;
    case UNIT_ANONYMOUS: message->anonymous = id; break;
    case UNIT_KIND_COUNT: break;
    }
}

static enum status expose_add(struct expose *expose, const struct assignment *assignment,
                              struct slice id, const struct value *traits, struct error *error)
{
    const struct experiment *experiment = assignment->experiment;
    struct arena *arena = &expose->batch.arena;
    struct message message = {.type = MESSAGE_EXPOSURE};
    message_set_id(&message, experiment->unit, id);
    if (assignment->reason == ASSIGN_HOLDOUT) {
        message.experiment =
            arena_format(arena, "holdout:%.*s", SLICE_ARGS(experiment->holdout_group));
        message.variation = SLICE(HOLDOUT_VARIATION);
    } else {
        message.experiment = experiment->key;
        message.variation = experiment->variants[assignment->variant].name;
    }
    struct buffer text = {0};
    if (traits && traits->count)
        value_write(&text, traits);
    message.traits = arena_copy(arena, buffer_slice(&text));
    enum status status = buffer_status(&text, error);
    buffer_done(&text);
    if (status)
        return status;
    const struct service *service = expose->request->worker->options.service;
    return intake_add_exposure(&expose->batch, &message, expose->now_ms,
                               service ? &service->privacy : NULL,
                               expose->request->worker->snapshot->catalogue, error);
}

static bool keys_grow(struct expose *expose)
{
    size_t count = expose->batch.record_count;
    if (count < expose->key_capacity)
        return true;
    size_t capacity = expose->key_capacity ? 2 * expose->key_capacity : 8;
    struct hash128 *keys = ARENA_ARRAY(&expose->batch.arena, capacity, struct hash128);
    if (!keys)
        return false;
    if (count)
        memcpy(keys, expose->keys, count * sizeof *keys);
    expose->keys = keys;
    expose->key_capacity = capacity;
    return true;
}

enum status expose_note(struct expose *expose, const struct assignment *assignment, struct slice id,
                        const struct value *traits, struct error *error)
{
    if (!assignment->exposed)
        return STATUS_OK;
    struct hash128 key = exposure_key(expose, &expose->batch.arena, assignment, id);
    if (exposures_has(expose->request->worker->exposures, &key))
        return STATUS_OK;
    if (!keys_grow(expose))
        return FAIL(error, STATUS_NO_MEMORY, "exposure", 0, "no memory for an exposure");
    size_t index = expose->batch.record_count;
    enum status status = expose_add(expose, assignment, id, traits, error);
    if (!status && expose->batch.record_count > index)
        expose->keys[index] = key;
    return status;
}

/* The commit is done: the answer may go. */
static void expose_committed(void *waiter, enum status status, uint64_t last_sequence,
                             size_t duplicates)
{
    struct expose *expose = waiter;
    struct request *request = expose->request;
    (void)last_sequence;
    (void)duplicates;
    if (status)
        answer_status(request, status, NULL);
    for (size_t i = 0; i < expose->batch.record_count && !status; i++)
        exposures_add(request->worker->exposures, &expose->keys[i]);
    expose_free(expose);
    request_finish(request);
}

enum handled expose_submit(struct expose *expose)
{
    if (!expose || !expose->batch.record_count) {
        expose_free(expose);
        return HANDLED;
    }
    struct request *request = expose->request;
    struct error error = {0};
    enum status status = submit_batch(request, &expose->batch, expose_committed, expose, &error);
    if (!status)
        return HANDLED_LATER;
    expose_free(expose);
    return answer_status(request, status, &error);
}
