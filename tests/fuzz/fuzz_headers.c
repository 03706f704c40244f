/*
 * What a header may say of who asks: each line of an input is one, `authorization: ...`,
 * `x-api-key: ...`, `origin: ...`, `x-forwarded-for: ...`, `if-none-match: ...`, or `target: ...`
 * for the path and query.
 *
 * Holds for every input: a key lies in what was sent or in the request's own memory, and is not
 * left in the query; a client's address is written and read equal, and nobody can say that he is a
 * unix socket; header lines that are answered have no line end of the client's within.
 */

#include "../../server/http/cors.h"
#include "../../server/http/credentials.h"
#include "../../server/http/forwarded.h"
#include "../../server/http/query.h"
#include "../../server/http/routes.h"
#include "../../server/http/tag.h"

#include "fuzz.h"

static struct origins origins;
static struct proxies proxies;

void fuzz_begin(void)
{
    CHECK(!origins_add(&origins, "https://app.example", NULL));
    CHECK(!origins_add(&origins, "https://*.wild.example", NULL));
    CHECK(!proxies_add(&proxies, "10.0.0.0/8", NULL));
    CHECK(!proxies_add(&proxies, "2001:db8::/32", NULL));
}

static void check_credentials(struct request *request)
{
    unsigned allowed;
    if (route_find(routes, request, &allowed))
        request->route = &routes[0];
    struct credentials found = credentials_of_head(request);
    CHECK(found.key.size <= HEADER_FIELD_MAX);
    if (found.key.size)
        CHECK(!memchr(found.key.data, '\0', found.key.size));
    struct slice rest = request->query;
    struct parameter parameter;
    const char *fault;
    while (query_next(&request->arena, &rest, &parameter, &fault)) /* to where it is broken */
        CHECK(!slice_equals(parameter.name, "key"));
    credentials_of_body(request);
}

static void check_client(struct slice value)
{
    static const struct ip near = {.bytes = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1}};
    struct ip client = proxies_client(&proxies, &near, &value, 1), again;
    char text[IP_TEXT_SIZE];
    CHECK(!ip_is_unix(&client));
    CHECK(ip_parse(slice_of(ip_write(&client, text)), &again) && ip_equal(&client, &again));
}

static void check_answer(struct request *request)
{
    struct buffer out = {0};
    cors_judge(&origins, request, 1);
    cors_write(request, &out);
    size_t lines = 0;
    for (size_t i = 0; i < out.size; i++)
        lines += out.data[i] == '\n';
    CHECK(lines <= 4 && (!out.size || out.data[out.size - 1] == '\n'));
    CHECK(!out.size || !memchr(out.data, '\0', out.size));
    buffer_done(&out);
}

static void request_take(struct request *request, struct slice name, struct slice value)
{
    if (slice_equals(name, "target")) {
        const char *mark = value.size ? memchr(value.data, '?', value.size) : NULL;
        request->path = value;
        if (mark)
            request->path.size = (size_t)(mark - value.data);
        request->query = mark ? slice_from(value, request->path.size + 1) : (struct slice){0};
    } else if (request->header_count < HEADER_COUNT_MAX) {
        request->headers[request->header_count++] = (struct header){.name = name, .value = value};
    }
    if (slice_equals(name, "origin"))
        request->origin = value;
    else if (slice_equals(name, "x-forwarded-for"))
        check_client(value);
    else if (slice_equals(name, "if-none-match"))
        tag_matches(value, SLICE("\"0123456789abcdef\""));
}

void fuzz_one(struct slice input)
{
    struct request request = {0};
    while (input.size) {
        struct slice line = line_cut(&input);
        const char *colon = line.size ? memmem(line.data, line.size, ": ", 2) : NULL;
        if (!colon || memchr(line.data, '\r', line.size) || memchr(line.data, '\0', line.size))
            continue; /* the reader of requests lets no such line through */
        struct slice name = {.data = line.data, .size = (size_t)(colon - line.data)};
        request_take(&request, name, slice_from(line, name.size + 2));
    }
    check_credentials(&request);
    check_answer(&request);
    request_done(&request);
}
