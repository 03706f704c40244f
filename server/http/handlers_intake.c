/*
 * Events of Segment's, PostHog's and Amplitude's SDKs: a body of messages to the journal, and an
 * answer after its commit, never before (architecture 1).  What a body means is the work of
 * ingest/intake; how PostHog and Amplitude are answered, of shims.
 */

#include "answer.h"
#include "gate.h"
#include "handlers.h"
#include "service_state.h"
#include "shims.h"
#include "snapshot.h"
#include "submit.h"
#include "worker.h"

/* A batch on its way, in the request's arena. */
struct arrival {
    struct request *request;
    struct intake_batch batch;
};

static void count_rejected(struct metrics *metrics, const struct intake_batch *batch)
{
    counter_add(&metrics->rejected, batch->rejected_count);
    for (size_t i = 0; i < batch->rejected_count; i++)
        counter_add(&metrics->rejected_by[batch->rejected[i].reason], 1);
}

static void arrival_answer(struct arrival *arrival, size_t duplicates)
{
    struct metrics *metrics = &arrival->request->worker->metrics;
    if (arrival->batch.dialect == DIALECT_SEGMENT)
        intake_write_answer(answer_begin(arrival->request, 200, TYPE_JSON), &arrival->batch,
                            duplicates);
    else
        shim_answer(arrival->request, &arrival->batch);
    counter_add(&metrics->accepted, arrival->batch.record_count - duplicates);
    counter_add(&metrics->duplicates, duplicates);
    count_rejected(metrics, &arrival->batch);
}

static void arrival_committed(void *waiter, enum status status, uint64_t last_sequence,
                              size_t duplicates)
{
    struct arrival *arrival = waiter;
    struct request *request = arrival->request;
    (void)last_sequence;
    if (status)
        answer_status(request, status, NULL);
    else
        arrival_answer(arrival, duplicates);
    intake_batch_done(&arrival->batch);
    request_finish(request);
}

enum handled handle_intake(struct request *request)
{
    struct arrival *arrival = ARENA_NEW(&request->arena, struct arrival);
    const struct service *service = request->worker->options.service;
    struct error error = {0};
    if (!arrival)
        return answer_status(request, STATUS_NO_MEMORY, NULL);
    const struct intake_options options = {
        .route = (enum intake_route)request->route->argument,
        .received_ms = clock_now_ms(&clock_system),
        .trusted = caller_may(&request->caller, ROLE_SERVER),
        .catalogue = request->worker->snapshot->catalogue,
        .privacy = &service->privacy,
    };
    arrival->request = request;
    enum status status =
        intake_read(&options, buffer_slice(&request->body), &arrival->batch, &error);
    if (!status && arrival->batch.record_count)
        status = submit_batch(request, &arrival->batch, arrival_committed, arrival, &error);
    else if (!status)
        arrival_answer(arrival, 0);
    if (!status && arrival->batch.record_count)
        return HANDLED_LATER;
    intake_batch_done(&arrival->batch);
    if (status == STATUS_INVALID)
        return answer_problem(request, PROBLEM_BAD_JSON, "line %d: %s", error.line, error.text);
    return status ? answer_status(request, status, &error) : HANDLED;
}

/* What analytics.js wants to know before it sends: where to. */
enum handled handle_settings(struct request *request)
{
    struct buffer *out = answer_begin(request, 200, TYPE_JSON);
    struct slice place = arena_format(&request->arena, "%.*s/v1", SLICE_ARGS(gate_host(request)));
    buffer_add(out, SLICE("{\"integrations\":{\"Segment.io\":{\"apiKey\":"));
    json_write_text(out, request->parameters[0]);
    buffer_add(out, SLICE(",\"apiHost\":"));
    json_write_text(out, place);
    buffer_format(out, ",\"protocol\":\"%s\"}},\"plan\":{\"track\":{}}}",
                  request->is_secure ? "https" : "http");
    return HANDLED;
}
