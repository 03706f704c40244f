/* Implementation of admission.h. */

#include "admission.h"

#include "answer.h"
#include "audit.h"
#include "credentials.h"
#include "query.h"
#include "service_state.h"
#include "token.h"

#include <stdio.h>

#define REFUSALS_LOGGED 10 /* in each stretch */
#define REFUSALS_US (10 * 1000 * 1000)
#define ROLES_TEXT_SIZE 64

/* "client, server or admin": whose key it takes. */
static void roles_write(unsigned roles, char text[static ROLES_TEXT_SIZE])
{
    static const enum role all[] = {ROLE_CLIENT, ROLE_SERVER, ROLE_ANALYST, ROLE_ADMIN};
    size_t size = 0;
    unsigned asked = roles | ROLE_ADMIN; /* which may all */
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (!(asked & all[i]))
            continue;
        const char *between = !size ? "" : asked & ~(all[i] * 2U - 1) ? ", " : " or ";
        size += (size_t)snprintf(text + size, ROLES_TEXT_SIZE - size, "%s%s", between,
                                 role_text(all[i]));
    }
}

/* Somebody was not let in.  Events that an SDK drops for good on a 401 are lost: that is an error
 * for somebody to act on. */
static void refusal_log(struct request *request, const char *reason, const char *name)
{
    struct refusals *refusals = &request->worker->refusals;
    int64_t now_us = monotonic_us();
    char client[IP_TEXT_SIZE];
    if (now_us - refusals->begin_us >= REFUSALS_US || !refusals->begin_us) {
        refusals->begin_us = now_us;
        refusals->logged = 0;
    }
    if (refusals->logged == REFUSALS_LOGGED) {
        refusals->silent++;
        return;
    }
    refusals->logged++;
    bool loses = request->route->key_in_body;
    log_write(loses ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, "keys",
              loses ? "events are refused; analytics SDKs drop such a batch for good"
                    : "a request is refused",
              (const struct log_field[]){LOG_TEXT("reason", reason),
                                         LOG_TEXT("key", name && *name ? name : "-"),
                                         LOG_TEXT("route", request->route->pattern),
                                         LOG_TEXT("client", ip_write(&request->client, client)),
                                         LOG_INT("unlogged", refusals->silent),
                                         {.key = NULL}});
    refusals->silent = 0;
}

/* 401.  `key` may be NULL; its holder may know how it has ended. */
static bool refuse_key(struct request *request, const struct key *key, enum key_state state,
                       bool is_given)
{
    static const char *const details[] = {
        [KEY_GOOD] = "this key is not known here",
        [KEY_EXPIRED] = "this key has expired",
        [KEY_REVOKED] = "this key was revoked",
        [KEY_ROTATED] = "this key was replaced, and its grace is over",
    };
    if (is_given)
        answer_problem(request, PROBLEM_BAD_KEY, "%s", details[state]);
    else
        answer_problem(request, PROBLEM_NO_KEY,
                       "give a key as Authorization: Bearer, X-API-Key, the password of Basic, or "
                       "?key=");
    /* A line each: of a list in one line browsers read none, and ask their user for nothing. */
    answer_header(request, "WWW-Authenticate", SLICE("Basic realm=\"gangway\""));
    answer_header(request, "WWW-Authenticate", SLICE("Bearer"));
    refusal_log(request,
                !is_given ? "no-key"
                : key     ? key_state_text(state)
                          : "bad-key",
                key ? key->name : NULL);
    return false;
}

bool admission_of(struct request *request, unsigned roles, const char *what)
{
    char text[ROLES_TEXT_SIZE];
    if (caller_may(&request->caller, roles))
        return true;
    roles_write(roles, text);
    answer_problem(request, PROBLEM_ROLE, "%s takes a key of role %s; this one is of role %s", what,
                   text, role_text(request->caller.role));
    refusal_log(request, "role", request->caller.name);
    return false;
}

bool admission_assign(struct request *request, bool explain, bool expose)
{
    if (explain && !admission_of(request, ROLE_SERVER | ROLE_ANALYST, "explain"))
        return false;
    if (!explain && !admission_of(request, ROLE_CLIENT | ROLE_SERVER, "this without explain"))
        return false;
    return !expose || admission_of(request, ROLE_CLIENT | ROLE_SERVER, "expose");
}

/* Over loopback, and not from a proxy there that speaks for others. */
static bool is_nearby(const struct request *request)
{
    static const char *const marks[] = {"forwarded", "x-forwarded-for", "x-real-ip", "via"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (request_header(request, marks[i]).data)
            return false;
    return ip_is_loopback(&request->client) || ip_is_unix(&request->client);
}

/* Whether the route asks for no key of this caller. */
static bool needs_no_key(const struct request *request)
{
    const struct route *route = request->route;
    const struct service *service = request->worker->options.service;
    return route->roles == ROLE_NONE ||
           (route->open_nearby && (service->options->public_metrics || is_nearby(request)));
}

static void caller_take(struct caller *caller, const struct key *key)
{
    *caller = (struct caller){.roles = role_means(key->role), .role = key->role, .is_known = true};
    memcpy(caller->name, key->name, sizeof caller->name);
}

/* The caller by what was given. */
static bool admit(struct request *request, const struct keys *keys,
                  const struct credentials *credentials)
{
    bool is_given = credentials->key.size || credentials->is_other;
    const struct key *key = credentials->key.size ? keys_find(keys, credentials->key) : NULL;
    int64_t now_ms = clock_now_ms(&clock_system);
    struct slice token;
    if (!is_given && request->route->takes_token &&
        query_find(&request->arena, request->query, "token", &token)) {
        is_given = true;
        key = token_find(keys, token, now_ms);
    }
    enum key_state state = key ? key_state(key, now_ms) : KEY_GOOD;
    if (key && state == KEY_GOOD)
        caller_take(&request->caller, key);
    if (!request->caller.is_known && !needs_no_key(request))
        return refuse_key(request, key, state, is_given);
    if (!caller_may(&request->caller, request->route->roles) && !needs_no_key(request))
        return admission_of(request, request->route->roles, "this");
    audit_begin(request);
    return true;
}

/* NULL: there are no keys. */
static const struct keys *keys_in_force(const struct request *request)
{
    struct worker *worker = request->worker;
    struct service *service = worker->options.service;
    return service && service->keyring ? keyring_keys(service->keyring, &worker->keyring_hold)
                                       : NULL;
}

bool admission_head(struct request *request)
{
    struct credentials credentials = credentials_of_head(request);
    const struct keys *keys = keys_in_force(request);
    if (!keys) {
        request->caller = CALLER_EVERYBODY;
        audit_begin(request);
        return true;
    }
    request->key_is_awaited = !credentials.key.size && request->route->key_in_body;
    request->key_was_other = credentials.is_other;
    return request->key_is_awaited || admit(request, keys, &credentials);
}

bool admission_body(struct request *request)
{
    if (!request->key_is_awaited)
        return true;
    struct credentials credentials = credentials_of_body(request);
    const struct keys *keys = keys_in_force(request);
    credentials.is_other |= request->key_was_other;
    request->key_is_awaited = false;
    return admit(request, keys, &credentials);
}
