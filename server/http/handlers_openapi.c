/*
 * GET /openapi.json: made once, at the first question, and kept as long as the process lives; who
 * has it asks by its tag.
 */

#include "answer.h"
#include "handlers.h"
#include "openapi.h"
#include "service_state.h"
#include "tag.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct buffer document; /* under the lock until it is made, then never changed */
static char document_tag[TAG_TEXT_SIZE];

static enum status document_make(const char *version, struct error *error)
{
    pthread_mutex_lock(&lock);
    enum status status = STATUS_OK;
    if (!document.size) {
        status = openapi_write(routes, version, &document, error);
        if (status)
            buffer_done(&document);
        else
            tag_format(buffer_slice(&document), document_tag);
    }
    pthread_mutex_unlock(&lock);
    return status;
}

enum handled handle_openapi(struct request *request)
{
    struct error error = {0};
    if (document_make(request->worker->options.service->options->version, &error))
        return answer_problem(request, PROBLEM_INTERNAL, "%s: %s", error.where, error.text);
    bool is_known = tag_matches(request->if_none_match, slice_of(document_tag));
    struct buffer *out = answer_begin(request, is_known ? 304 : 200, is_known ? NULL : TYPE_JSON);
    request->cache_control = "public, max-age=300";
    answer_header(request, "ETag", slice_of(document_tag));
    if (!is_known)
        buffer_add(out, buffer_slice(&document));
    return HANDLED;
}
