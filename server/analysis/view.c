/*
 * Views and their transactions.  The compiled declarations of a view are replaced when a
 * transaction finds that the state goes by a later catalogue.
 */

#include "analysis/view.h"

#include "view_state.h"

#include "analysis/fold.h"

#include <pthread.h>
#include <stdlib.h>

struct view {
    int references; /* atomic */
    struct state *state;
    pthread_mutex_t lock; /* of `declared` */
    struct declared *declared;
};

struct view_transaction {
    struct view *view;
    struct state_transaction *state;
    struct declared *declared;
    struct progress progress;
};

static const struct slice progress_key = {.data = "progress", .size = 8};

enum status progress_read(struct state_transaction *transaction, struct progress *progress,
                          struct error *error)
{
    struct slice bytes;
    enum status status = state_get(transaction, STATE_META, progress_key, &bytes, error);
    if (status)
        return status;
    struct reader reader = {.rest = bytes};
    struct progress there = {0};
    uint32_t format = read_u32(&reader), version = read_u32(&reader);
    struct slice digest = read_bytes(&reader, DIGEST_SIZE);
    uint64_t *const numbers[] = {&there.watermark, &there.used,     &there.seen,
                                 &there.units,     &there.messages, &there.duplicates,
                                 &there.late,      &there.damaged,  &there.purged};
    there.received_ms = (int64_t)read_u64(&reader);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        *numbers[i] = read_u64(&reader);
    if (reader.failed || format != PROGRESS_FORMAT || version != CONTRIBUTION_VERSION)
        return FAIL(error, STATUS_INVALID, "state", 0, "this state is of another version");
    memcpy(there.scheme.bytes, digest.data, DIGEST_SIZE);
    *progress = there;
    return STATUS_OK;
}

enum status progress_write(struct state_transaction *transaction, const struct progress *progress,
                           struct error *error)
{
    const uint64_t numbers[] = {progress->watermark, progress->used,     progress->seen,
                                progress->units,     progress->messages, progress->duplicates,
                                progress->late,      progress->damaged,  progress->purged};
    struct buffer out = {0};
    buffer_add_u32(&out, PROGRESS_FORMAT);
    buffer_add_u32(&out, CONTRIBUTION_VERSION);
    buffer_add(&out,
               (struct slice){.data = (const char *)progress->scheme.bytes, .size = DIGEST_SIZE});
    buffer_add_u64(&out, (uint64_t)progress->received_ms);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        buffer_add_u64(&out, numbers[i]);
    enum status status = buffer_status(&out, error);
    if (!status)
        status = state_put(transaction, STATE_META, progress_key, buffer_slice(&out), error);
    buffer_done(&out);
    return status;
}

enum status view_new(struct state *state, struct view **view, struct error *error)
{
    struct view *made = calloc(1, sizeof *made);
    if (!made || pthread_mutex_init(&made->lock, NULL) != 0) {
        free(made);
        state_close(state);
        return FAIL(error, STATUS_NO_MEMORY, "view", 0, "no memory");
    }
    made->references = 1;
    made->state = state;
    *view = made;
    return STATUS_OK;
}

enum status view_open(const struct store *store, struct view **view, struct error *error)
{
    struct state *state = NULL;
    enum status status = state_open(store, &(struct state_options){0}, &state, error);
    return status ? status : view_new(state, view, error);
}

struct view *view_acquire(struct view *view)
{
    __atomic_add_fetch(&view->references, 1, __ATOMIC_RELAXED);
    return view;
}

void view_release(struct view *view)
{
    if (!view || __atomic_sub_fetch(&view->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    declared_release(view->declared);
    pthread_mutex_destroy(&view->lock);
    state_close(view->state);
    free(view);
}

struct state *view_owned_state(struct view *view)
{
    return view->state;
}

void view_keep(struct view *view, struct declared *declared)
{
    pthread_mutex_lock(&view->lock);
    struct declared *old = view->declared;
    view->declared = declared_acquire(declared);
    pthread_mutex_unlock(&view->lock);
    declared_release(old);
}

/* The declarations up to `used`: those at hand, else read from the state. */
static enum status view_find_declared(struct view_transaction *transaction, struct error *error)
{
    struct view *view = transaction->view;
    pthread_mutex_lock(&view->lock);
    if (view->declared && declared_last(view->declared) == transaction->progress.used)
        transaction->declared = declared_acquire(view->declared);
    pthread_mutex_unlock(&view->lock);
    if (transaction->declared)
        return STATUS_OK;
    enum status status = declared_load(transaction->state, transaction->progress.used,
                                       &transaction->declared, error);
    if (!status)
        view_keep(view, transaction->declared);
    return status;
}

enum status view_begin(struct view *view, struct view_transaction **transaction,
                       struct error *error)
{
    struct view_transaction *made = calloc(1, sizeof *made);
    if (!made)
        return FAIL(error, STATUS_NO_MEMORY, "view", 0, "no memory");
    made->view = view_acquire(view);
    enum status status = state_begin(view->state, false, &made->state, error);
    if (!status)
        status = progress_read(made->state, &made->progress, error);
    if (status == STATUS_NOT_FOUND) {
        made->progress = (struct progress){.received_ms = TIME_NONE};
        status = STATUS_OK;
    }
    if (!status)
        status = view_find_declared(made, error);
    if (status) {
        view_end(made);
        return status;
    }
    *transaction = made;
    return STATUS_OK;
}

void view_end(struct view_transaction *transaction)
{
    if (!transaction)
        return;
    state_abort(transaction->state);
    declared_release(transaction->declared);
    view_release(transaction->view);
    free(transaction);
}

void view_pause(struct view_transaction *transaction)
{
    state_abort(transaction->state);
    transaction->state = NULL;
}

enum status view_resume(struct view_transaction *transaction, struct error *error)
{
    struct progress progress = {.received_ms = TIME_NONE};
    struct state_transaction *state = NULL;
    enum status status = state_begin(transaction->view->state, false, &state, error);
    if (status)
        return status;
    status = progress_read(state, &progress, error);
    if (status == STATUS_NOT_FOUND)
        status = STATUS_OK; /* empty, as view_begin has it */
    if (!status && progress.watermark != transaction->progress.watermark)
        status = FAIL(error, STATUS_CONFLICT, "state", 0, "the state has moved on");
    if (status)
        state_abort(state);
    else
        transaction->state = state;
    return status;
}

const struct history *view_history(const struct view_transaction *transaction)
{
    return &transaction->declared->history;
}

uint64_t view_watermark(const struct view_transaction *transaction)
{
    return transaction->progress.watermark;
}

int64_t view_received_ms(const struct view_transaction *transaction)
{
    return transaction->progress.received_ms;
}

struct state_transaction *view_state(struct view_transaction *transaction)
{
    return transaction->state;
}

const struct declared *view_declared(const struct view_transaction *transaction)
{
    return transaction->declared;
}

const struct progress *view_progress(const struct view_transaction *transaction)
{
    return &transaction->progress;
}

struct delivery view_delivery(const struct view_transaction *transaction)
{
    const struct progress *progress = &transaction->progress;
    return (struct delivery){.messages = progress->messages,
                             .duplicates = progress->duplicates,
                             .late = progress->late,
                             .damaged = progress->damaged};
}

const struct definition *view_definitions(const struct view_transaction *transaction, size_t *count)
{
    *count = transaction->declared->definition_count;
    return transaction->declared->definitions;
}

/* The roles of one phase: registered and current, the same where there is one; or earlier. */
const struct definition *view_definition(const struct view_transaction *transaction,
                                         struct slice experiment, uint16_t phase,
                                         enum definition_role role)
{
    const struct declared *declared = transaction->declared;
    const struct definition *found = NULL;
    for (size_t i = 0; i < declared->definition_count; i++) {
        const struct definition *definition = &declared->definitions[i];
        if (!slice_equal(definition->experiment->key, experiment) ||
            (phase ? definition->experiment->phase != phase
                   : definition->role == DEFINITION_EARLIER))
            continue;
        if (!found || role == DEFINITION_CURRENT)
            found = definition;
    }
    return found;
}

enum status view_knows(struct view *view, const struct hash128 *hash, bool *known,
                       struct error *error)
{
    struct state_transaction *transaction = NULL;
    struct slice key = {.data = (const char *)hash->bytes, .size = sizeof hash->bytes};
    struct slice value;
    enum status status = state_begin(view->state, false, &transaction, error);
    if (!status)
        status = state_get(transaction, STATE_DICTIONARY, key, &value, error);
    if (!status || status == STATUS_NOT_FOUND)
        *known = !status;
    state_abort(transaction);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}
