/* Implementation of gate.h. */

#include "gate.h"

#include "answer.h"
#include "base/log.h"
#include "base/time.h"
#include "http/service.h"
#include "tls.h"

#include <stdlib.h>
#include <strings.h>

#define WRONG_KEYS SLICE("\n") /* in the place of a key's name, and no name */

enum status gate_new(const struct service_options *options, struct gate **gate, struct error *error)
{
    struct gate *made = calloc(1, sizeof *made);
    int64_t per_second = 0;
    enum status status = STATUS_OK;
    if (!made)
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory for the gate");
    for (size_t i = 0; i < options->cors_origin_count && !status; i++)
        status = origins_add(&made->origins, options->cors_origins[i], error);
    for (size_t i = 0; i < options->trusted_proxy_count && !status; i++)
        status = proxies_add(&made->proxies, options->trusted_proxies[i], error);
    if (!status && options->rate_limit)
        status = rate_parse(options->rate_limit, &per_second, error);
    if (!status && per_second)
        status = rate_new(per_second, &made->rate, error);
    if (!status && (options->tls_certificate || options->tls_key))
        status = tls_new(options->tls_certificate, options->tls_key, &made->tls, error);
    if (status)
        gate_free(made);
    else
        *gate = made;
    return status;
}

void gate_free(struct gate *gate)
{
    if (!gate)
        return;
    rate_free(gate->rate);
    tls_free(gate->tls);
    free(gate);
}

void gate_reload(struct gate *gate)
{
    struct error error = {0};
    if (!gate->tls)
        return;
    if (tls_reload(gate->tls, &error))
        log_error("tls", "the certificate can't be taken; the old one stays",
                  LOG_TEXT("path", error.where), LOG_TEXT("reason", error.text), );
    else
        log_info("tls", "the certificate was read again", );
}

/* The first of a list with commas, such as chained proxies make of X-Forwarded-Host. */
static struct slice first_item(struct slice list)
{
    const char *comma = list.size ? memchr(list.data, ',', list.size) : NULL;
    if (comma)
        list.size = (size_t)(comma - list.data);
    return list;
}

/* What a name or address and its port may be made of. */
static bool host_is_sane(struct slice host)
{
    for (size_t i = 0; i < host.size; i++) {
        char c = host.data[i];
        if (c <= ' ' || c > '~' || c == '/' || c == '\\' || c == '"')
            return false;
    }
    return host.size > 0;
}

/* Believes what a trusted proxy says of its client. */
static void request_unwrap(const struct gate *gate, struct request *request)
{
    struct slice values[HEADER_COUNT_MAX];
    size_t count = 0;
    for (size_t i = 0; i < request->header_count; i++)
        if (request->headers[i].name.size == strlen("x-forwarded-for") &&
            strncasecmp(request->headers[i].name.data, "x-forwarded-for",
                        request->headers[i].name.size) == 0)
            values[count++] = request->headers[i].value;
    request->client = proxies_client(&gate->proxies, &request->client, values, count);
    struct slice host = first_item(request_header(request, "x-forwarded-host"));
    if (host_is_sane(host))
        request->forwarded_host = host;
    struct slice scheme = first_item(request_header(request, "x-forwarded-proto"));
    if (scheme.size)
        request->is_secure = scheme.size == 5 && strncasecmp(scheme.data, "https", 5) == 0;
}

bool gate_answers(const struct gate *gate, struct request *request, const struct route *table,
                  unsigned allowed)
{
    if (!gate)
        return false;
    if (gate->proxies.count && proxies_trust(&gate->proxies, &request->client))
        request_unwrap(gate, request);
    if (request->method == METHOD_OPTIONS && allowed) {
        cors_preflight(&gate->origins, request, table, allowed);
        return true;
    }
    cors_judge(&gate->origins, request, request->route ? request->route->roles : ROLE_NONE);
    if (!gate->rate || !request->route || request->route->is_unlimited ||
        rate_has_room(gate->rate, WRONG_KEYS, &request->client, monotonic_us()))
        return false;
    answer_problem(request, PROBLEM_RATE, "too many wrong keys from one address");
    return true;
}

void gate_counts(const struct gate *gate, const struct request *request)
{
    if (gate && gate->rate && request->status == 401)
        rate_take(gate->rate, WRONG_KEYS, &request->client, monotonic_us());
}

struct slice gate_host(const struct request *request)
{
    return request->forwarded_host.size ? request->forwarded_host : request->host;
}

/* A name of one label is no public one. */
static bool host_is_near(struct slice host)
{
    const char *end = host.size ? memchr(host.data, ':', host.size) : NULL;
    if (end)
        host.size = (size_t)(end - host.data);
    return !host.size || (host.data[0] != '[' && !memchr(host.data, '.', host.size));
}

static bool origin_is_own(const struct request *request)
{
    struct slice host = origin_host(request->origin);
    struct slice own = gate_host(request);
    return host.size && host.size == own.size && strncasecmp(host.data, own.data, own.size) == 0;
}

/* A page elsewhere asks, or made a browser ask. */
static bool is_led_by_stranger(const struct gate *gate, const struct request *request)
{
    bool is_shared = roles_are_shared(request->route->roles);
    if (request->origin.size) {
        bool is_any = gate->origins.any && !request->caller.is_known;
        bool is_named = is_shared && (is_any || origins_name(&gate->origins, request->origin));
        bool is_near = !request->caller.is_known && host_is_loopback(origin_host(request->origin));
        return !is_named && !is_near && !origin_is_own(request);
    }
    struct slice site = request_header(request, "sec-fetch-site");
    if (!slice_equals(site, "cross-site") && !slice_equals(site, "same-site"))
        return false;
    bool is_link = slice_equals(request_header(request, "sec-fetch-mode"), "navigate");
    bool is_read = request->method == METHOD_GET || request->method == METHOD_HEAD;
    return !is_link || !is_read || is_shared;
}

bool gate_refuses(const struct gate *gate, struct request *request)
{
    if (!gate)
        return false;
    struct slice name = slice_of(request->caller.name);
    if (gate->rate && !request->route->is_unlimited &&
        !rate_take(gate->rate, name, &request->client, monotonic_us())) {
        answer_problem(request, PROBLEM_RATE, "too many requests with one key from one address");
        return true;
    }
    if (request->route->roles == ROLE_NONE ||
        !caller_may(&request->caller, ROLE_ANALYST | ROLE_ADMIN))
        return false;
    if (!request->caller.is_known && !ip_is_unix(&request->client) &&
        !host_is_loopback(request->host) && !host_is_near(request->host)) {
        answer_problem(request, PROBLEM_HOST,
                       "without keys only loopback is answered, by its own names; not '%.*s'",
                       SLICE_ARGS(request->host));
        return true;
    }
    if (!is_led_by_stranger(gate, request))
        return false;
    answer_problem(request, PROBLEM_ORIGIN,
                   "a page of another origin asks; --cors-origin names "
                   "those that may");
    return true;
}
