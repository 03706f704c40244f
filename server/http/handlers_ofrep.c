/*
 * OFREP: one flag (`evaluate/flags/{key}`) and all of them (`evaluate/flags`).
 *
 * A single evaluation writes the exposure itself where the file says `exposure: on_assign`; the
 * bulk one never does, since a page that fetches all flags has shown none.  In bulk, drafts are
 * left out unless the unit is forced, and an id that is missing or bad is a failure of that flag,
 * not of the call.
 *
 * The tag of a bulk answer is the digest of its bytes, so it covers configuration and context: a
 * client whose context changed asks with the tag it had and must not be told that nothing did.  The
 * hints `flagConfigEtag` and `flagConfigLastModified` of a query are passed over: there is one
 * catalogue, and whoever was told of a change was told after it.
 */

#include "answer.h"
#include "expose.h"
#include "handlers.h"
#include "notices.h"
#include "ofrep.h"
#include "snapshot.h"
#include "tag.h"
#include "worker.h"

static enum handled answer_failure(struct request *request, int status, struct ofrep_fault fault)
{
    struct buffer *out = answer_begin(request, status, TYPE_JSON);
    ofrep_write_failure(out, request->parameters[0], fault.code, fault.detail);
    return HANDLED;
}

static enum handled answer_no_flag(struct request *request, struct slice key)
{
    const struct ofrep_fault fault = {
        .code = OFREP_FLAG_NOT_FOUND,
        .detail = arena_format(&request->arena, "there is no experiment '%.*s'", SLICE_ARGS(key)),
    };
    return answer_failure(request, 404, fault);
}

/* Writes the exposure that goes with an answer which is made already. */
static enum handled expose_one(struct request *request, const struct assignment *assignment,
                               struct slice id, const struct value *traits, int64_t now_ms)
{
    struct error error = {0};
    struct expose *expose = expose_new(request, now_ms);
    if (!expose)
        return answer_status(request, STATUS_NO_MEMORY, NULL);
    enum status status = expose_note(expose, assignment, id, traits, &error);
    if (!status)
        return expose_submit(expose);
    expose_free(expose);
    return answer_status(request, status, &error);
}

enum handled handle_ofrep_one(struct request *request)
{
    const struct snapshot *snapshot = request->worker->snapshot;
    struct slice key = request->parameters[0];
    const struct experiment *experiment = catalogue_experiment(snapshot->catalogue, key);
    if (!experiment)
        return answer_no_flag(request, key);
    struct ofrep_context context;
    struct slice id;
    struct ofrep_fault fault = ofrep_read(&request->arena, buffer_slice(&request->body), &context);
    if (!fault.code)
        fault = ofrep_unit(&request->arena, &context, experiment->unit, &id);
    if (fault.code)
        return answer_failure(request, 400, fault);
    const struct assign_options options = {.now_ms = clock_now_ms(&clock_system)};
    struct assignment assignment = assign(experiment, id, &context.traits, &options);
    ofrep_write(answer_begin(request, 200, TYPE_JSON), &assignment, snapshot);
    if (experiment->exposure != EXPOSURE_ON_ASSIGN || !assignment.exposed)
        return HANDLED;
    return expose_one(request, &assignment, id, &context.traits, options.now_ms);
}

/* One experiment of the bulk answer, with the comma before it. */
static void bulk_write_one(struct request *request, const struct ofrep_context *context,
                           const struct experiment *experiment,
                           const struct assign_options *options, bool *is_first)
{
    struct buffer *out = &request->answer;
    struct slice id = {0};
    struct ofrep_fault fault = ofrep_unit(&request->arena, context, experiment->unit, &id);
    struct assignment assignment = {0};
    if (!fault.code)
        assignment = assign(experiment, id, &context->traits, options);
    bool is_forced = !fault.code && assignment.reason == ASSIGN_FORCED;
    if (experiment->status == EXPERIMENT_DRAFT && !is_forced)
        return;
    if (!*is_first)
        buffer_add_byte(out, ',');
    *is_first = false;
    if (fault.code)
        ofrep_write_failure(out, experiment->key, fault.code, fault.detail);
    else
        ofrep_write(out, &assignment, request->worker->snapshot);
}

/* Turns the answer that is made into 304 where the client has it. */
static enum handled bulk_tag(struct request *request)
{
    char text[TAG_TEXT_SIZE];
    tag_format(buffer_slice(&request->answer), text);
    if (tag_matches(request->if_none_match, slice_of(text)))
        answer_begin(request, 304, NULL);
    answer_header(request, "ETag", slice_of(text));
    return HANDLED;
}

enum handled handle_ofrep_many(struct request *request)
{
    const struct snapshot *snapshot = request->worker->snapshot;
    const struct catalogue *catalogue = snapshot->catalogue;
    struct ofrep_context context;
    struct ofrep_fault fault = ofrep_read(&request->arena, buffer_slice(&request->body), &context);
    if (fault.code)
        return answer_failure(request, 400, fault);
    const struct assign_options options = {.now_ms = clock_now_ms(&clock_system)};
    bool is_first = true;
    struct buffer *out = answer_begin(request, 200, TYPE_JSON);
    out->limit = ASSIGN_ANSWER_MAX;
    buffer_add(out, SLICE("{\"flags\":["));
    for (size_t i = 0; i < catalogue->experiment_count; i++)
        bulk_write_one(request, &context, &catalogue->experiments[i], &options, &is_first);
    buffer_format(out, "],\"metadata\":{\"catalogue\":\"%s\"},", snapshot->digest);
    notices_write_streams(out, request);
    buffer_add_byte(out, '}');
    out->limit = 0;
    if (out->failed)
        return answer_problem(request, PROBLEM_TOO_LARGE, "the answer would be larger than 8 MiB");
    return bulk_tag(request);
}
