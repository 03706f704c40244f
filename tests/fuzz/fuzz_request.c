/*
 * The reader of requests, the finder of routes and the inflater, as a connection uses them, without
 * the sockets (fuzz_service.c has those).
 *
 * Holds for every input: cut into pieces anywhere it gives the same request, problem and number of
 * bytes used; a request that is bad stays bad and uses nothing more; path and query are parts of
 * the target; a body is never over its limit, before and after it is inflated.
 */

#include "../../server/http/body.h"
#include "../../server/http/routes.h"

#include "fuzz.h"

#define BODY_MAX 2000

struct reading {
    struct request request;
    enum request_step step;
    size_t used;
};

/* Feeds `text` in pieces of 1 to `most` bytes, whose sizes follow from `number`. */
static void read_pieces(struct reading *reading, struct slice text, size_t most, uint64_t number)
{
    *reading = (struct reading){.step = REQUEST_MORE};
    reading->request.body_max = BODY_MAX;
    while (reading->used < text.size) {
        struct slice rest = slice_from(text, reading->used);
        number = number * UINT64_C(6364136223846793005) + 1442695040888963407;
        size_t size = 1 + (size_t)(number >> 33) % most;
        if (rest.size > size)
            rest.size = size;
        size_t used = request_feed(&reading->request, rest, &reading->step);
        CHECK(used <= rest.size);
        reading->used += used;
        bool ends_here = reading->step == REQUEST_HEAD && !reading->request.has_body;
        if (ends_here || reading->step == REQUEST_DONE || reading->step == REQUEST_BAD)
            break;
        CHECK(used == rest.size || reading->step == REQUEST_HEAD);
    }
}

static void check_equal(const struct reading *one, const struct reading *other)
{
    const struct request *first = &one->request, *second = &other->request;
    CHECK(first->problem == second->problem);
    if (one->step == REQUEST_BAD) /* how much of it was looked at may differ */
        return;
    CHECK(one->used == other->used && first->method == second->method);
    CHECK(slice_equal(first->path, second->path) && slice_equal(first->query, second->query));
    CHECK(slice_equal(first->host, second->host) && slice_equal(first->accept, second->accept));
    CHECK(first->header_count == second->header_count);
    for (size_t i = 0; i < first->header_count; i++)
        CHECK(slice_equal(first->headers[i].name, second->headers[i].name) &&
              slice_equal(first->headers[i].value, second->headers[i].value));
    CHECK(first->keep_alive == second->keep_alive && first->has_body == second->has_body);
    CHECK(slice_equal(buffer_slice(&first->body), buffer_slice(&second->body)));
}

static void check_head(const struct request *request)
{
    CHECK(request->path.size && request->path.data[0] == '/');
    CHECK(request->path.size + request->query.size <= request->target.size + 1);
    CHECK(request->header_count <= HEADER_COUNT_MAX);
    CHECK(request->is_http10 || request->host.data);
    CHECK(!memchr(request->path.data, '\r', request->path.size));
    for (size_t i = 0; i < request->header_count; i++) {
        struct slice value = request->headers[i].value;
        CHECK(request->headers[i].name.size);
        CHECK(!value.size || !memchr(value.data, '\n', value.size));
    }
}

/* What connection_head and connection_handle do next. */
static void route_and_inflate(struct request *request)
{
    unsigned allowed = 0;
    enum problem problem = route_find(routes, request, &allowed);
    CHECK((problem == PROBLEM_NONE || problem == PROBLEM_BAD_PARAMETER) ==
          (request->route != NULL));
    CHECK((problem == PROBLEM_METHOD) == (!request->route && allowed));
    if (problem)
        return;
    for (size_t i = 0; i < ROUTE_PARAMETERS_MAX; i++)
        CHECK(slice_is_utf8(request->parameters[i]));
    if (!body_decode(request) && request->content_encoding.size)
        CHECK(request->body.size <= request->route->body_max);
}

void fuzz_one(struct slice input)
{
    struct reading whole, cut, bytes;
    uint64_t number = number_of(input);
    read_pieces(&whole, input, input.size + 1, number);
    read_pieces(&cut, input, 7, number);
    read_pieces(&bytes, input, 1, number);
    check_equal(&whole, &cut);
    check_equal(&whole, &bytes);
    CHECK(whole.request.body.size <= BODY_MAX);
    if (whole.step == REQUEST_BAD) {
        CHECK(whole.request.problem && whole.request.detail && whole.request.close);
        CHECK(request_feed(&whole.request, SLICE("GET / HTTP/1.1\r\n"), &whole.step) == 0);
        CHECK(whole.step == REQUEST_BAD);
    } else if (whole.request.path.size) {
        check_head(&whole.request);
        if (whole.step == REQUEST_DONE)
            route_and_inflate(&whole.request);
    }
    request_done(&whole.request);
    request_done(&cut.request);
    request_done(&bytes.request);
}
