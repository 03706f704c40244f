/* Whether the service lives and can serve, and reading the files again. */

#include "answer.h"
#include "handlers.h"
#include "reload.h"
#include "service_state.h"

/* 200 while the process turns, also with broken files; the reasons name files, and are not for a
 * key that stands in a front end. */
enum handled handle_healthz(struct request *request)
{
    struct service *service = request->worker->options.service;
    struct health *health = &service->health;
    struct buffer *out = answer_begin(request, 200, TYPE_JSON);
    pthread_mutex_lock(&health->lock);
    bool is_good = health->is_good && !health->is_fold_broken && !health->is_keys_broken;
    buffer_format(out, "{\"status\":\"%s\"", is_good ? "ok" : "degraded");
    if (!is_good && caller_may(&request->caller, ROLE_SERVER | ROLE_ANALYST | ROLE_ADMIN)) {
        buffer_add(out, SLICE(",\"reasons\":"));
        buffer_add(out, health->reasons.size ? buffer_slice(&health->reasons) : SLICE("[]"));
        buffer_format(out, ",\"fold\":\"%s\",\"keys\":\"%s\"",
                      health->is_fold_broken ? "broken" : "ok",
                      health->is_keys_broken ? "broken" : "ok");
    }
    pthread_mutex_unlock(&health->lock);
    buffer_add_byte(out, '}');
    return HANDLED;
}

enum handled handle_readyz(struct request *request)
{
    struct service *service = request->worker->options.service;
    if (atomic_load(&service->is_draining))
        return answer_problem(request, PROBLEM_DRAINING, "the server is about to stop");
    if (!writer_may_work(service->writer))
        return answer_problem(request, PROBLEM_STORAGE, "the journal can't be written");
    struct buffer *out = answer_begin(request, 200, TYPE_JSON);
    buffer_add(out, SLICE("{\"status\":\"ready\"}"));
    return HANDLED;
}

enum handled handle_reload(struct request *request)
{
    struct service *service = request->worker->options.service;
    return reload_ask(service->reloader, request);
}
