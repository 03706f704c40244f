/*
 * Implementation of request.h.  A head is collected line by line, so that each limit is kept before
 * anything else looks at the bytes; http_parser then reads the whole of it at once, which makes
 * every name and value one slice of `head`.
 */

#include "request.h"

#include <http_parser.h>

#include <strings.h>

#define KEPT_BYTES_MAX ((size_t)64 * 1024) /* larger buffers are given back after a request */

static enum request_step request_refuse(struct request *request, enum problem problem,
                                        const char *detail)
{
    request->problem = problem;
    request->detail = detail;
    request->close = true;
    return REQUEST_BAD;
}

static enum request_step request_refuse_head(struct request *request, const char *detail)
{
    return request_refuse(request, PROBLEM_BAD_REQUEST, detail);
}

static int parser_found_target(http_parser *parser, const char *at, size_t size)
{
    struct request *request = parser->data;
    request->target = (struct slice){.data = at, .size = size};
    return 0;
}

static int parser_found_name(http_parser *parser, const char *at, size_t size)
{
    struct request *request = parser->data;
    if (request->header_count == HEADER_COUNT_MAX)
        return -1;
    request->headers[request->header_count++] = (struct header){.name = {.data = at, .size = size}};
    return 0;
}

static int parser_found_value(http_parser *parser, const char *at, size_t size)
{
    struct request *request = parser->data;
    if (request->header_count == 0)
        return -1;
    while (size > 0 && (at[size - 1] == ' ' || at[size - 1] == '\t'))
        size--;
    request->headers[request->header_count - 1].value = (struct slice){.data = at, .size = size};
    return 0;
}

/* 1: there is no body for the parser to read; the body is read here. */
static int parser_ended_head(http_parser *parser)
{
    struct request *request = parser->data;
    parser->upgrade = 0; /* Java's client asks for h2c with its first call */
    request->keep_alive = http_should_keep_alive(parser) != 0;
    return 1;
}

static const http_parser_settings settings = {
    .on_url = parser_found_target,
    .on_header_field = parser_found_name,
    .on_header_value = parser_found_value,
    .on_headers_complete = parser_ended_head,
};

static bool name_is(struct slice name, const char *lower, size_t size)
{
    return name.size == size && strncasecmp(name.data, lower, size) == 0;
}

/* RFC 9110, 5.6.2: what a name may hold. */
static bool is_token(struct slice name)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < name.size; i++) {
        unsigned char byte = (unsigned char)name.data[i];
        unsigned char lower = byte | 0x20;
        bool is_plain = (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9');
        if (!is_plain && (!byte || !memchr(others, byte, sizeof others - 1)))
            return false;
    }
    return name.size > 0;
}

/* The headers that the server itself reads; `once` ones may not come twice. */
static const struct {
    const char *name;
    size_t offset;
    bool once;
} known_headers[] = {
    {"host", offsetof(struct request, host), true},
    {"accept", offsetof(struct request, accept), false},
    {"expect", offsetof(struct request, expect), false},
    {"origin", offsetof(struct request, origin), true},
    {"x-request-id", offsetof(struct request, request_id), false},
    {"if-none-match", offsetof(struct request, if_none_match), false},
    {"if-modified-since", offsetof(struct request, if_modified_since), true},
    {"x-api-key", offsetof(struct request, api_key), true},
    {"authorization", offsetof(struct request, authorization), true},
    {"content-encoding", offsetof(struct request, content_encoding), true},
};
#define KNOWN_COUNT (sizeof known_headers / sizeof *known_headers)

/* Where a known header's value goes, or NULL. */
static struct slice *known_place(struct request *request, struct slice name, bool *once)
{
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        if (!name_is(name, known_headers[i].name, strlen(known_headers[i].name)))
            continue;
        *once = known_headers[i].once;
        return (struct slice *)(void *)((char *)request + known_headers[i].offset);
    }
    return NULL;
}

static enum request_step head_header(struct request *request, const struct header *header)
{
    if (!is_token(header->name))
        return request_refuse_head(request, "a header's name has a character it may not have");
    if (name_is(header->name, "transfer-encoding", 17)) {
        if (request->is_chunked || !name_is(header->value, "chunked", 7))
            return request_refuse_head(request, "the only transfer coding taken is chunked, once");
        request->is_chunked = true;
        return REQUEST_HEAD;
    }
    bool once = false;
    struct slice *place = known_place(request, header->name, &once);
    if (!place)
        return REQUEST_HEAD;
    if (place->data && once)
        return request_refuse_head(request, "a header that may come once comes twice");
    if (!place->data)
        *place = header->value.data ? header->value : SLICE("");
    return REQUEST_HEAD;
}

/* RFC 3986, 3.2.2 and 3.2.3: what a name or address and its port may hold. */
static bool is_host(struct slice host)
{
    static const char others[] = "-._~!$&'()*+,;=:[]%";
    for (size_t i = 0; i < host.size; i++) {
        unsigned char byte = (unsigned char)host.data[i];
        unsigned char lower = byte | 0x20;
        bool is_plain = (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9');
        if (!is_plain && !memchr(others, byte, sizeof others - 1))
            return false;
    }
    return true;
}

static enum request_step head_headers(struct request *request)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (head_header(request, &request->headers[i]) == REQUEST_BAD)
            return REQUEST_BAD;
    if (!request->host.data && !request->is_http10)
        return request_refuse_head(request, "HTTP/1.1 wants a Host");
    if (!is_host(request->host))
        return request_refuse_head(request, "Host is no name or address");
    return REQUEST_HEAD;
}

static enum request_step head_length(struct request *request, const http_parser *parser)
{
    bool has_length = (parser->flags & F_CONTENTLENGTH) != 0;
    if (request->is_chunked && has_length)
        return request_refuse_head(request, "Content-Length and Transfer-Encoding exclude each "
                                            "other");
    if (request->is_chunked && request->is_http10)
        return request_refuse_head(request, "HTTP/1.0 has no transfer codings");
    request->has_length = has_length || request->is_chunked;
    request->body_left = has_length ? parser->content_length : 0;
    request->has_body = request->is_chunked || request->body_left > 0;
    return REQUEST_HEAD;
}

static enum method method_of(unsigned method)
{
    switch (method) {
    case HTTP_GET: return METHOD_GET;
    case HTTP_HEAD: return METHOD_HEAD;
    case HTTP_POST: return METHOD_POST;
    case HTTP_DELETE: return METHOD_DELETE;
    case HTTP_OPTIONS: return METHOD_OPTIONS;
    default: return METHOD_OTHER;
    }
}

/* One space on each side of the target: http_parser passes over more, others do not. */
static bool request_line_is_tight(const struct request *request)
{
    struct slice head = buffer_slice(&request->head);
    const char *end = memchr(head.data, '\r', head.size);
    size_t spaces = 0;
    for (const char *at = head.data; end && at < end; at++)
        spaces += *at == ' ';
    return spaces <= 2;
}

/* Path and query of a target in origin form, or in absolute form (RFC 9112, 3.2). */
static enum request_step head_target(struct request *request)
{
    struct slice target = request->target;
    if (target.size > 7 && strncasecmp(target.data, "http://", 7) == 0) {
        const char *slash = memchr(target.data + 7, '/', target.size - 7);
        if (slash == target.data + 7)
            return request_refuse_head(request, "the target names no host");
        target = slash ? slice_from(target, (size_t)(slash - target.data)) : SLICE("/");
    }
    if (target.size == 0 || target.data[0] != '/')
        return request_refuse_head(request, "the target is no path");
    for (size_t i = 0; i < target.size; i++) {
        unsigned char byte = (unsigned char)target.data[i];
        if (byte <= ' ' || byte >= 0x7f || byte == '#')
            return request_refuse_head(request, "the target has a character it may not have");
    }
    const char *mark = memchr(target.data, '?', target.size);
    request->path = target;
    if (mark) {
        request->path.size = (size_t)(mark - target.data);
        request->query = slice_from(target, request->path.size + 1);
    }
    return REQUEST_HEAD;
}

static enum request_step head_parse(struct request *request)
{
    http_parser parser;
    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = request;
    size_t used = http_parser_execute(&parser, &settings, request->head.data, request->head.size);
    if (HTTP_PARSER_ERRNO(&parser) != HPE_OK || used != request->head.size)
        return request_refuse_head(request, http_errno_description(HTTP_PARSER_ERRNO(&parser)));
    if (!request_line_is_tight(request))
        return request_refuse_head(request, "the request line has more than two spaces");
    if (parser.http_major != 1)
        return request_refuse(request, PROBLEM_VERSION, "HTTP/1.1 or HTTP/1.0, please");
    request->is_http10 = parser.http_minor == 0;
    request->method = method_of(parser.method);
    enum request_step step = head_target(request);
    if (step == REQUEST_HEAD)
        step = head_headers(request);
    if (step == REQUEST_HEAD)
        step = head_length(request, &parser);
    return step;
}

/* A line without its CRLF is as long as it may be. */
static enum request_step line_check(struct request *request, size_t size)
{
    if (request->line_count == 0 && size > REQUEST_LINE_MAX)
        return request_refuse(request, PROBLEM_TARGET_TOO_LONG,
                              "a request line has at most 8192 bytes");
    if (request->line_count > 0 && size > HEADER_FIELD_MAX)
        return request_refuse(request, PROBLEM_HEAD_TOO_LARGE,
                              "a header field has at most 8192 bytes");
    if (request->head.size > HEAD_SIZE_MAX)
        return request_refuse(request, PROBLEM_HEAD_TOO_LARGE, "a head has at most 32768 bytes");
    if (request->head.failed)
        return request_refuse(request, PROBLEM_INTERNAL, "out of memory");
    return REQUEST_MORE;
}

/* The line that ends at head.size is whole. */
static enum request_step line_ended(struct request *request)
{
    const char *line = request->head.data + request->line_start;
    size_t size = request->head.size - request->line_start;
    if (size < 2 || line[size - 2] != '\r')
        return request_refuse_head(request, "a line of the head ends without CR");
    size -= 2;
    if (line_check(request, size) == REQUEST_BAD)
        return REQUEST_BAD;
    if (size == 0 && request->line_count == 0) {
        if (request->is_blank_seen)
            return request_refuse_head(request, "empty lines stand before the request line");
        request->is_blank_seen = true;
        buffer_clear(&request->head);
        return REQUEST_MORE;
    }
    if (size == 0)
        return head_parse(request);
    if (line[0] == ' ' || line[0] == '\t')
        return request_refuse_head(request, "a line of the head begins with space");
    if (request->line_count > HEADER_COUNT_MAX)
        return request_refuse(request, PROBLEM_HEAD_TOO_LARGE, "a head has at most 100 fields");
    request->line_count++;
    request->line_start = request->head.size;
    return REQUEST_MORE;
}

static size_t feed_head(struct request *request, struct slice bytes)
{
    size_t used = 0;
    while (used < bytes.size && request->step == REQUEST_MORE) {
        struct slice rest = slice_from(bytes, used);
        const char *end = memchr(rest.data, '\n', rest.size);
        size_t size = end ? (size_t)(end - rest.data) + 1 : rest.size;
        buffer_add(&request->head, (struct slice){.data = rest.data, .size = size});
        used += size;
        if (end)
            request->step = line_ended(request);
        else /* without the CR that may be its last byte */
            request->step = line_check(request, request->head.size - request->line_start - 1);
    }
    return used;
}

static void body_take(struct request *request, struct slice data)
{
    if (data.size > request->body_max - request->body.size) {
        request->step = request_refuse(request, PROBLEM_TOO_LARGE, "the body is over the limit");
        return;
    }
    buffer_add(&request->body, data);
    if (request->body.failed)
        request->step = request_refuse(request, PROBLEM_INTERNAL, "out of memory");
}

static size_t feed_chunked(struct request *request, struct slice bytes)
{
    size_t used = 0;
    while (used < bytes.size && request->step == REQUEST_HEAD) {
        struct slice data = {0};
        enum chunks_step step;
        used += chunks_feed(&request->chunks, slice_from(bytes, used), &data, &step);
        if (step == CHUNKS_DATA)
            body_take(request, data);
        else if (step == CHUNKS_END)
            request->step = REQUEST_DONE;
        else if (step == CHUNKS_BAD)
            request->step = request_refuse_head(request, "the chunks of the body are broken");
    }
    return used;
}

static size_t feed_body(struct request *request, struct slice bytes)
{
    if (request->is_chunked)
        return feed_chunked(request, bytes);
    if (request->body_left < bytes.size)
        bytes.size = (size_t)request->body_left;
    body_take(request, bytes);
    request->body_left -= bytes.size;
    if (request->body_left == 0 && request->step == REQUEST_HEAD)
        request->step = REQUEST_DONE;
    return bytes.size;
}

size_t request_feed(struct request *request, struct slice bytes, enum request_step *step)
{
    size_t used = 0;
    bool in_body = request->step == REQUEST_HEAD;
    if (request->step == REQUEST_MORE)
        used = feed_head(request, bytes);
    else if (in_body)
        used = feed_body(request, bytes);
    *step = in_body && request->step == REQUEST_HEAD ? REQUEST_MORE : request->step;
    return used;
}

struct slice request_header(const struct request *request, const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < request->header_count; i++)
        if (name_is(request->headers[i].name, name, size))
            return request->headers[i].value;
    return (struct slice){0};
}

static void buffer_trim(struct buffer *buffer)
{
    if (buffer->capacity > KEPT_BYTES_MAX)
        buffer_done(buffer);
    buffer->limit = 0;
    buffer_clear(buffer);
}

void request_reset(struct request *request)
{
    buffer_trim(&request->head);
    buffer_trim(&request->body);
    buffer_trim(&request->answer);
    buffer_trim(&request->extra);
    arena_reset(&request->arena);
    request->connection = NULL;
    request->next = NULL;
    request->step = REQUEST_MORE;
    request->line_start = 0;
    request->is_blank_seen = false;
    request->line_count = 0;
    request->header_count = 0;
    request->query = request->path = request->target = (struct slice){0};
    request->host = request->request_id = request->content_encoding = (struct slice){0};
    request->accept = request->if_none_match = request->expect = (struct slice){0};
    request->if_modified_since = (struct slice){0};
    request->method = METHOD_OTHER;
    request->keep_alive = request->is_http10 = false;
    request->has_body = request->has_length = request->is_chunked = false;
    request->body_left = 0;
    request->body_max = 0;
    request->chunks = (struct chunks){0};
    request->problem = PROBLEM_NONE;
    request->detail = NULL;
    request->route = NULL;
    request->form = FORM_PROBLEM;
    memset(request->parameters, 0, sizeof request->parameters);
    request->caller = (struct caller){0};
    request->key_is_awaited = request->key_was_other = false;
    request->audited_peer = (struct slice){0};
    request->authorization = request->api_key = (struct slice){0};
    request->client = (struct ip){0};
    request->is_secure = false;
    request->origin = request->forwarded_host = (struct slice){0};
    request->sharing = SHARING_NONE;
    request->work = NULL;
    request->status = 0;
    request->content_type = NULL;
    request->close = false;
    request->streams = false;
}

void request_done(struct request *request)
{
    buffer_done(&request->head);
    buffer_done(&request->body);
    buffer_done(&request->answer);
    buffer_done(&request->extra);
    arena_done(&request->arena);
}
