/*
 * GET /api/features/{key}: what the GrowthBook SDKs evaluate from.  Off unless `--growthbook` is
 * given, since it shows every rule, ids of forced units included, to whoever has the client's key.
 *
 * The SDKs hold on to what they have: so the answer may be kept but has to be asked about again,
 * by its ETag.  It has no `dateUpdated`, by which they would pass over a change of the same date.
 */

#include "answer.h"
#include "experiment/growthbook.h"
#include "growthbook.h"
#include "handlers.h"
#include "service_state.h"
#include "snapshot.h"
#include "tag.h"
#include "worker.h"

enum handled handle_growthbook(struct request *request)
{
    struct buffer *text = &request->worker->text;
    char tag[TAG_TEXT_SIZE];
    if (!request->worker->options.service->options->growthbook)
        return answer_problem(request, PROBLEM_NO_ROUTE,
                              "the GrowthBook payload is off; 'gangway serve --growthbook' has it");
    buffer_clear(text);
    growthbook_write(text, request->worker->snapshot->catalogue, clock_now_ms(&clock_system));
    if (text->failed)
        return answer_status(request, STATUS_NO_MEMORY, NULL);
    tag_format(buffer_slice(text), tag);
    bool is_known = tag_matches(request->if_none_match, slice_of(tag));
    struct buffer *out = answer_begin(request, is_known ? 304 : 200, is_known ? NULL : TYPE_JSON);
    request->cache_control = "no-cache";
    answer_header(request, "ETag", slice_of(tag));
    if (!is_known)
        buffer_add(out, buffer_slice(text));
    return HANDLED;
}

void growthbook_log(const struct service *service, const struct catalogue *catalogue)
{
    struct buffer why = {0};
    if (!service->options->growthbook)
        return;
    for (size_t i = 0; i < catalogue->experiment_count; i++) {
        const struct experiment *experiment = &catalogue->experiments[i];
        buffer_clear(&why);
        if (!growthbook_expresses(experiment, &why))
            log_warn("growthbook", "left out of the payload: its audience can't be said there",
                     LOG_SLICE("experiment", experiment->key),
                     LOG_SLICE("reason", buffer_slice(&why)), );
    }
    buffer_done(&why);
}
