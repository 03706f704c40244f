/* Implementation of audit.h. */

#include "audit.h"

#include "address.h"
#include "answer.h"
#include "connection.h"

#include "base/unit.h"

static const char *method_text(enum method method)
{
    switch (method) {
    case METHOD_GET: return "GET";
    case METHOD_HEAD: return "HEAD";
    case METHOD_POST: return "POST";
    case METHOD_DELETE: return "DELETE";
    case METHOD_OPTIONS:
    case METHOD_OTHER: break;
    }
    return "other";
}

void audit_begin(struct request *request)
{
    struct address peer = {0};
    bool is_due = request->route->roles == ROLE_ADMIN || request->caller.role == ROLE_ADMIN;
    if (!is_due || !request->connection)
        return;
    connection_peer(request->connection, &peer);
    request->audited_peer = arena_copy(&request->arena, slice_of(peer.text));
}

static bool is_number(struct slice text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.size > 0;
}

/* What of the path may be told: the kind of a unit, never its id; the number of a note or of an
 * erasure. */
static struct log_field subject_of(const struct request *request)
{
    struct slice first = request->parameters[0];
    enum unit_kind kind;
    if (strstr(request->route->pattern, "/{kind}") && unit_kind_parse(first, &kind))
        return LOG_TEXT("kind", unit_kind_text(kind));
    if (strstr(request->route->pattern, "/{n}") && is_number(first))
        return LOG_SLICE("n", first);
    return LOG_TEXT("subject", "-");
}

void audit_answer(struct request *request)
{
    if (!request->audited_peer.size)
        return;
    const struct caller *caller = &request->caller;
    char client[IP_TEXT_SIZE];
    struct slice id =
        request_id_is_sane(request->request_id) ? request->request_id : slice_of(request->id);
    const struct log_field fields[] = {LOG_TEXT("method", method_text(request->method)),
                                       LOG_TEXT("route", request->route->pattern),
                                       subject_of(request),
                                       LOG_TEXT("key", caller->is_known ? caller->name : "-"),
                                       LOG_TEXT("role", role_text(caller->role)),
                                       LOG_SLICE("peer", request->audited_peer),
                                       LOG_TEXT("client", ip_write(&request->client, client)),
                                       LOG_INT("status", request->status),
                                       LOG_SLICE("request", id),
                                       {.key = NULL}};
    log_write(LOG_LEVEL_AUDIT, "http", "request", fields);
    request->audited_peer = (struct slice){0};
}

void audit_reload(const char *cause, const char *outcome, const char *digest, size_t changes)
{
    log_audit("http", "reload", LOG_TEXT("cause", cause), LOG_TEXT("outcome", outcome),
              LOG_INT("changes", changes), LOG_TEXT("digest", digest), );
}

void audit_key(const char *outcome, const struct key *key, const char *cause)
{
    log_audit("http", "key", LOG_TEXT("outcome", outcome), LOG_TEXT("key", key->name),
              LOG_TEXT("role", role_text(key->role)), LOG_TEXT("cause", cause), );
}

void audit_keys(const char *outcome, const char *path, const char *cause, size_t count)
{
    log_audit("http", "keys", LOG_TEXT("outcome", outcome), LOG_TEXT("path", path),
              LOG_INT("keys", count), LOG_TEXT("cause", cause), );
}
