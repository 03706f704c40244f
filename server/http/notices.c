/* Implementation of notices.h. */

#include "notices.h"

#include "answer.h"
#include "base/log.h"
#include "base/value.h"
#include "connection.h"
#include "handlers.h"
#include "keyring.h"
#include "query.h"
#include "service_state.h"
#include "snapshot.h"
#include "store/journal.h"
#include "token.h"

#include <stdlib.h>

#define SINCE_SIZE 16          /* hexadecimal digits of the catalogue's digest */
#define INACTIVITY_SECONDS 120 /* a page that is hidden for so long may close its stream */

static enum status place_visit(void *context, const struct record *record, struct error *error)
{
    struct snapshot *snapshot = context;
    (void)error;
    snapshot->sequence = record->sequence;
    snapshot->received_ms = record->received_ms;
    return STATUS_OK;
}

enum status notices_place(struct journal *journal, struct snapshot *snapshot, struct error *error)
{
    struct journal_scan scan = {
        .from = journal_last_catalogue(journal),
        .limit = 1,
        .visit = place_visit,
        .context = snapshot,
    };
    return scan.from ? journal_scan(journal, &scan, error) : STATUS_OK;
}

/* What stands for the digest in a URL. */
static struct slice snapshot_since(const struct snapshot *snapshot)
{
    struct slice digest = slice_from(slice_of(snapshot->digest), strlen("sha256:"));
    digest.size = SINCE_SIZE;
    return digest;
}

static void notice_write(struct buffer *out, const struct snapshot *snapshot)
{
    buffer_format(out,
                  "id: %llu\nevent: message\ndata: {\"type\":\"refetchEvaluation\",\"etag\":\"%s\","
                  "\"lastModified\":%lld}\n\n",
                  (unsigned long long)snapshot->sequence, snapshot->digest,
                  (long long)(snapshot->received_ms / SECOND_MS));
}

/* On the worker's thread. */
static void announce_run(struct worker *worker, struct task *task)
{
    free(task);
    buffer_clear(&worker->text);
    notice_write(&worker->text, worker->snapshot);
    for (struct connection *connection = worker->connections; connection;) {
        struct connection *next = connection_next(connection);
        if (connection_streams(connection))
            connection_stream(connection, buffer_slice(&worker->text));
        connection = next;
    }
}

void notices_announce(struct service *service)
{
    for (size_t i = 0; i < service->worker_count; i++) {
        struct task *task = calloc(1, sizeof *task);
        if (!task) {
            log_error("notices", "no memory to tell who listens", );
            return;
        }
        task->run = announce_run;
        worker_post(service->workers[i], task);
    }
}

/* Whether the client has not seen what serves now. */
static bool is_behind(struct request *request)
{
    const struct snapshot *snapshot = request->worker->snapshot;
    struct slice last = request_header(request, "last-event-id");
    struct slice since;
    if (last.size)
        return !slice_equal(
            last, arena_format(&request->arena, "%llu", (unsigned long long)snapshot->sequence));
    return query_find(&request->arena, request->query, "since", &since) &&
           !slice_equal(since, snapshot_since(snapshot));
}

enum handled handle_ofrep_events(struct request *request)
{
    const struct worker *worker = request->worker;
    if (worker->is_draining)
        return answer_problem(request, PROBLEM_DRAINING, "the server is about to stop; ask again");
    if (atomic_load(worker->options.streams) >= worker->options.limits->streams_max)
        return answer_problem(request, PROBLEM_CONNECTIONS, "too many streams are open");
    struct buffer *out = answer_begin(request, 200, "text/event-stream");
    answer_header(request, "X-Accel-Buffering", SLICE("no")); /* nginx would hold notices back */
    buffer_add(out, SLICE(":\n\n")); /* so that the head goes through all proxies at once */
    if (is_behind(request))
        notice_write(out, worker->snapshot);
    return HANDLED_STREAM;
}

/* The key that the caller asked with; NULL: there are no keys, or it has ended since. */
static const struct key *caller_key(const struct request *request)
{
    struct worker *worker = request->worker;
    struct service *service = worker->options.service;
    const struct keys *keys = service && service->keyring && request->caller.is_known
                                  ? keyring_keys(service->keyring, &worker->keyring_hold)
                                  : NULL;
    int64_t now_ms = clock_now_ms(&clock_system);
    const struct key *found = NULL;
    for (size_t i = 0; keys && i < keys->count; i++) {
        const struct key *key = &keys->items[i];
        bool is_ours =
            !strcmp(key->name, request->caller.name) && key->role == request->caller.role;
        if (is_ours && key_state(key, now_ms) == KEY_GOOD && (!found || key->end == KEY_END_NONE))
            found = key;
    }
    return found;
}

void notices_write_streams(struct buffer *out, const struct request *request)
{
    const struct snapshot *snapshot = request->worker->snapshot;
    const struct key *key = caller_key(request);
    buffer_add(
        out,
        SLICE("\"eventStreams\":[{\"type\":\"sse\",\"endpoint\":{\"requestUri\":\"" NOTICES_PATH
              "?since="));
    buffer_add(out, snapshot_since(snapshot));
    if (key) {
        char token[TOKEN_TEXT_SIZE];
        token_write(key, clock_now_ms(&clock_system), token);
        buffer_format(out, "&token=%s", token);
    }
    buffer_format(out, "\"},\"inactivityDelaySec\":%d}]", INACTIVITY_SECONDS);
}
