/* Implementation of cors.h. */

#include "cors.h"

#include "answer.h"
#include "forwarded.h"

#include <strings.h>

/* What the SDKs set: RudderStack's AnonymousId, an event stream's Last-Event-ID among them. */
#define HEADERS_TAKEN                                                                              \
    "authorization, content-type, content-encoding, if-none-match, x-api-key, x-request-id, "      \
    "cache-control, last-event-id, anonymousid"
#define HEADERS_SHOWN "ETag, Retry-After, X-Request-Id"
#define PREFLIGHT_SECONDS "7200" /* Chromium believes no longer */

static bool is_host_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
           byte == '.' || byte == '_';
}

/* A name, IPv4 address, or [IPv6 address], then perhaps a port; in lower case, as browsers say. */
static bool is_host_port(struct slice text)
{
    size_t at = 0;
    if (text.size && text.data[0] == '[') {
        struct ip ip;
        const char *end = memchr(text.data, ']', text.size);
        at = end ? (size_t)(end - text.data) + 1 : 0;
        if (!end || !ip_parse((struct slice){.data = text.data, .size = at}, &ip))
            return false;
    } else {
        while (at < text.size && is_host_byte(text.data[at]))
            at++;
    }
    if (at == 0 || at == text.size)
        return at > 0;
    if (text.data[at] != ':' || at + 1 == text.size || text.size - at > 6)
        return false;
    for (size_t i = at + 1; i < text.size; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return true;
}

/* Where the host begins: after `scheme://`; 0 when there is no scheme. */
static size_t scheme_size(struct slice origin)
{
    size_t size = 0;
    while (size < origin.size && (is_host_byte(origin.data[size]) || origin.data[size] == '+'))
        size++;
    struct slice rest = slice_from(origin, size);
    return size && slice_starts_with(rest, SLICE("://")) ? size + 3 : 0;
}

static bool has_own_port(struct slice origin)
{
    return (slice_starts_with(origin, SLICE("https:")) && slice_ends_with(origin, SLICE(":443"))) ||
           (slice_starts_with(origin, SLICE("http:")) && slice_ends_with(origin, SLICE(":80")));
}

enum status origins_add(struct origins *origins, const char *text, struct error *error)
{
    struct slice origin = slice_of(text);
    struct slice host = slice_from(origin, scheme_size(origin));
    if (slice_equals(origin, "*")) {
        origins->any = true;
        return STATUS_OK;
    }
    if (origins->count == ORIGINS_MAX)
        return FAIL(error, STATUS_INVALID, "--cors-origin", 0, "at most %d origins", ORIGINS_MAX);
    if (slice_starts_with(host, SLICE("*.")))
        host = slice_from(host, 2);
    if (host.size == origin.size || !is_host_port(host) || has_own_port(origin))
        return FAIL(error, STATUS_INVALID, "--cors-origin", 0,
                    "an origin is https://app.example, in lower case, with no path, and no port "
                    "that is the scheme's own; https://*.app.example; or *; not '%s'",
                    text);
    origins->items[origins->count++] = origin;
    return STATUS_OK;
}

/* The star stands at `star` of `item`; one label or more stand for it. */
static bool wildcard_holds(struct slice item, size_t star, struct slice origin)
{
    struct slice head = {.data = item.data, .size = star};
    struct slice tail = slice_from(item, star + 1);
    if (origin.size <= head.size + tail.size || !slice_starts_with(origin, head) ||
        !slice_ends_with(origin, tail))
        return false;
    for (size_t i = head.size; i < origin.size - tail.size; i++)
        if (!is_host_byte(origin.data[i]))
            return false;
    return true;
}

bool origins_name(const struct origins *origins, struct slice origin)
{
    for (size_t i = 0; i < origins->count; i++) {
        struct slice item = origins->items[i];
        size_t star = scheme_size(item);
        bool is_wild = star < item.size && item.data[star] == '*';
        if (is_wild ? wildcard_holds(item, star, origin) : slice_equal(item, origin))
            return true;
    }
    return false;
}

bool roles_are_shared(unsigned roles)
{
    return roles == ROLE_NONE || (roles & ROLE_CLIENT);
}

struct slice origin_host(struct slice origin)
{
    size_t at = scheme_size(origin);
    return at ? slice_from(origin, at) : (struct slice){0};
}

bool host_is_loopback(struct slice host)
{
    struct ip ip;
    if (ip_parse(host, &ip))
        return ip_is_loopback(&ip);
    const char *colon = host.size ? memchr(host.data, ':', host.size) : NULL;
    if (colon)
        host.size = (size_t)(colon - host.data);
    const size_t size = strlen("localhost");
    return host.size >= size && strncasecmp(host.data + host.size - size, "localhost", size) == 0 &&
           (host.size == size || host.data[host.size - size - 1] == '.');
}

/* Something to repeat: an origin's text, or `null`. */
static bool origin_is_sane(struct slice origin)
{
    struct slice host = origin_host(origin);
    return slice_equals(origin, "null") || (host.size && is_host_port(host));
}

void cors_judge(const struct origins *origins, struct request *request, unsigned roles)
{
    bool is_open = origins->any || origins->count;
    if (!is_open || !roles_are_shared(roles))
        return;
    request->sharing = SHARING_VARIES;
    if ((origins->any && origin_is_sane(request->origin)) || origins_name(origins, request->origin))
        request->sharing = SHARING_ALLOWED;
}

void cors_write(const struct request *request, struct buffer *out)
{
    if (request->sharing == SHARING_NONE)
        return;
    buffer_add(out, SLICE("Vary: Origin\r\n"));
    if (request->sharing != SHARING_ALLOWED)
        return;
    buffer_add(out, SLICE("Access-Control-Allow-Origin: "));
    buffer_add(out, request->origin);
    buffer_add(out, SLICE("\r\nAccess-Control-Allow-Credentials: true\r\n"
                          "Access-Control-Expose-Headers: " HEADERS_SHOWN "\r\n"));
}

struct slice methods_write(unsigned methods, char text[static METHODS_TEXT_SIZE])
{
    static const struct {
        enum method method;
        struct slice text;
    } names[] = {{METHOD_GET, SLICE_INIT("GET, HEAD")},
                 {METHOD_POST, SLICE_INIT("POST")},
                 {METHOD_DELETE, SLICE_INIT("DELETE")},
                 {METHOD_OPTIONS, SLICE_INIT("OPTIONS")}};
    size_t size = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!(methods & names[i].method))
            continue;
        if (size)
            memcpy(text + size, ", ", 2);
        size += size ? 2 : 0;
        memcpy(text + size, names[i].text.data, names[i].text.size);
        size += names[i].text.size;
    }
    return (struct slice){.data = text, .size = size};
}

static enum method method_named(struct slice name)
{
    static const struct {
        struct slice name;
        enum method method;
    } names[] = {{SLICE_INIT("GET"), METHOD_GET},
                 {SLICE_INIT("HEAD"), METHOD_HEAD},
                 {SLICE_INIT("POST"), METHOD_POST},
                 {SLICE_INIT("DELETE"), METHOD_DELETE}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_equal(names[i].name, name))
            return names[i].method;
    return METHOD_OTHER;
}

void cors_preflight(const struct origins *origins, struct request *request,
                    const struct route *table, unsigned allowed)
{
    char text[METHODS_TEXT_SIZE];
    unsigned others;
    struct slice wanted = request_header(request, "access-control-request-method");
    struct slice methods = methods_write(allowed | METHOD_OPTIONS, text);
    answer_begin(request, 204, NULL);
    answer_header(request, "Allow", methods);
    request->method = method_named(wanted);
    bool is_route = route_find(table, request, &others) == PROBLEM_NONE;
    request->method = METHOD_OPTIONS;
    if (!is_route)
        return;
    cors_judge(origins, request, request->route->roles);
    if (request->sharing != SHARING_ALLOWED)
        return;
    answer_header(request, "Access-Control-Allow-Methods", methods);
    answer_header(request, "Access-Control-Allow-Headers", SLICE(HEADERS_TAKEN));
    answer_header(request, "Access-Control-Max-Age", SLICE(PREFLIGHT_SECONDS));
}
