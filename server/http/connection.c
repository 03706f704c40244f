/*
 * Implementation of connection.h.
 *
 *     IDLE -> HEAD -> BODY -> WAITING -> WRITING -> IDLE ...     or, at the end,     LINGER
 *                                  or STREAMING, to the end
 *
 * With TLS a HANDSHAKE comes first, and every byte goes through the stream.
 *
 * Most requests go from HEAD to IDLE in one turn: the handler answers at once and the socket takes
 * the answer in one sendmsg, without a round through the event loop.  WAITING and WRITING are for
 * those that can't; there reading is off.  After the last answer the connection lingers: closing a
 * socket with unread bytes would reset it, and the client might lose the answer with it.
 *
 * Time-outs are no timers of their own; the worker sweeps over its connections.
 */

#include "connection.h"

#include "accept.h"
#include "address.h"
#include "admission.h"
#include "answer.h"
#include "audit.h"
#include "body.h"
#include "gate.h"
#include "tls.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum phase { HANDSHAKE, IDLE, HEAD, BODY, WAITING, WRITING, STREAMING, LINGER };

struct connection {
    struct worker *worker;
    struct connection *previous, *next;
    struct bufferevent *stream; /* owns the socket */
    int fd;
    struct ip peer;
    enum phase phase;
    bool is_secure;      /* by TLS */
    bool in_turn;        /* connection_turn is on the stack */
    bool has_unread;     /* a body was not read to its end */
    bool was_served;     /* a request was answered here */
    int64_t since_us;    /* the phase began; WRITING, STREAMING: the last progress */
    int64_t window_us;   /* BODY: begin of the second that is watched */
    size_t window_bytes; /* BODY: what came in it */
    size_t output_left;  /* WRITING, STREAMING: at the last look */
    struct request *request;
};

struct connection *connection_next(const struct connection *connection)
{
    return connection->next;
}

void connection_peer(const struct connection *connection, struct address *address)
{
    address_of_peer(connection->fd, address);
}

void connection_close(struct connection *connection)
{
    struct worker *worker = connection->worker;
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        worker->connections = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    struct request *request = connection->request;
    if (request && connection->phase == WAITING)
        request->connection = NULL;
    else if (request)
        worker_give_request(worker, request);
    if (connection->is_secure)
        tls_say_goodbye(connection->stream);
    if (connection->phase == STREAMING)
        atomic_fetch_sub_explicit(worker->options.streams, 1, memory_order_relaxed);
    bufferevent_free(connection->stream);
    free(connection);
    if (worker->options.connections)
        atomic_fetch_sub_explicit(worker->options.connections, 1, memory_order_relaxed);
    worker_check_end(worker);
}

static void connection_set(struct connection *connection, enum phase phase)
{
    connection->phase = phase;
    connection->since_us = monotonic_us();
}

static void connection_end_output(struct connection *connection)
{
    if (connection->is_secure)
        tls_say_goodbye(connection->stream);
    shutdown(connection->fd, SHUT_WR);
}

/* Says goodbye: nothing more is sent, what still comes is thrown away until the peer closes. */
static void connection_linger(struct connection *connection)
{
    connection_set(connection, LINGER);
    connection_end_output(connection);
    bufferevent_enable(connection->stream, EV_READ);
    struct evbuffer *input = bufferevent_get_input(connection->stream);
    evbuffer_drain(input, evbuffer_get_length(input));
}

static void connection_count(struct connection *connection, int64_t now_us)
{
    struct worker *worker = connection->worker;
    const struct request *request = connection->request;
    metrics_count(&worker->metrics, worker->options.routes, request->route, request->status,
                  now_us - request->begin_us);
}

/* The answer is with the kernel. */
static void connection_answered(struct connection *connection)
{
    struct worker *worker = connection->worker;
    struct request *request = connection->request;
    bool close = request->close;
    int64_t now_us = monotonic_us();
    if (!request->streams || request->method == METHOD_HEAD) /* else it was, when it began */
        connection_count(connection, now_us);
    connection->request = NULL;
    connection->was_served = true;
    worker_give_request(worker, request);
    connection->phase = IDLE;
    connection->since_us = now_us;
    if (close)
        connection_linger(connection);
}

/* Adds both in one piece, so that TLS makes one record of what fits into one. */
static bool output_add(struct evbuffer *output, struct slice head, struct slice body)
{
    struct evbuffer_iovec room;
    size_t size = head.size + body.size;
    if (evbuffer_reserve_space(output, (ev_ssize_t)size, &room, 1) != 1)
        return false;
    if (head.size)
        memcpy(room.iov_base, head.data, head.size);
    if (body.size)
        memcpy((char *)room.iov_base + head.size, body.data, body.size);
    room.iov_len = size;
    return evbuffer_commit_space(output, &room, 1) == 0;
}

/* Writes what the socket takes at once; the rest goes the way of the event loop.  False: the
 * peer is gone. */
static bool connection_send(struct connection *connection, struct slice head, struct slice body)
{
    struct evbuffer *output = bufferevent_get_output(connection->stream);
    struct iovec parts[2] = {
        {.iov_base = (void *)(uintptr_t)head.data, .iov_len = head.size},
        {.iov_base = (void *)(uintptr_t)body.data, .iov_len = body.size},
    };
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = body.size ? 2 : 1};
    ssize_t sent = 0;
    if (evbuffer_get_length(output) == 0 && !connection->is_secure) {
        sent = sendmsg(connection->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            return false;
    }
    size_t done = sent > 0 ? (size_t)sent : 0;
    if (done == head.size + body.size)
        return true;
    struct slice head_rest = slice_from(head, done);
    struct slice body_rest = slice_from(body, done > head.size ? done - head.size : 0);
    return output_add(output, head_rest, body_rest);
}

bool connection_streams(const struct connection *connection)
{
    return connection->phase == STREAMING;
}

bool connection_stream(struct connection *connection, struct slice piece)
{
    const bool is_chunked = !connection->request->is_http10;
    struct buffer *framed = &connection->worker->head;
    buffer_clear(framed);
    if (is_chunked)
        buffer_format(framed, "%zx\r\n", piece.size);
    buffer_add(framed, piece);
    if (is_chunked)
        buffer_add(framed, SLICE("\r\n"));
    if (framed->failed || !connection_send(connection, buffer_slice(framed), (struct slice){0})) {
        connection_close(connection);
        return false;
    }
    connection->since_us = monotonic_us();
    connection->output_left = evbuffer_get_length(bufferevent_get_output(connection->stream));
    return true;
}

void connection_stream_end(struct connection *connection)
{
    const struct slice end = SLICE("0\r\n\r\n");
    bool is_chunked = !connection->request->is_http10;
    if (is_chunked && !connection_send(connection, end, (struct slice){0})) {
        connection_close(connection);
        return;
    }
    connection->output_left = evbuffer_get_length(bufferevent_get_output(connection->stream));
    if (!connection->output_left) {
        connection_end_output(connection); /* libevent closes a turn later, if there is one */
        connection_close(connection);
        return;
    }
    atomic_fetch_sub_explicit(connection->worker->options.streams, 1, memory_order_relaxed);
    connection_set(connection, WRITING);
}

/* The head is sent. */
static bool connection_stream_begin(struct connection *connection)
{
    const int wait_ms = (int)connection->worker->options.limits->write_ms;
    atomic_fetch_add_explicit(connection->worker->options.streams, 1, memory_order_relaxed);
    connection_set(connection, STREAMING);
    connection_count(connection, connection->since_us);
    /* A peer that is gone without a word acknowledges nothing.  No meaning to unix sockets. */
    setsockopt(connection->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &wait_ms, sizeof wait_ms);
    return connection_stream(connection, buffer_slice(&connection->request->answer));
}

/* Sends the answer that is in the request.  False: the connection is gone. */
static bool connection_reply(struct connection *connection)
{
    struct worker *worker = connection->worker;
    struct request *request = connection->request;
    if (request->answer.failed || request->extra.failed)
        answer_problem(request, PROBLEM_INTERNAL, "out of memory");
    audit_answer(request);
    gate_counts(worker->options.gate, request);
    bool begins_stream = request->streams && request->method != METHOD_HEAD;
    if (!request->keep_alive || worker->is_draining || connection->has_unread || begins_stream)
        request->close = true;
    buffer_clear(&worker->head);
    answer_write_head(request, worker_date(worker), &worker->head);
    struct slice body = buffer_slice(&request->answer);
    if (request->method == METHOD_HEAD || request->status == 304 || begins_stream)
        body.size = 0;
    if (worker->head.failed || !connection_send(connection, buffer_slice(&worker->head), body)) {
        connection->phase = IDLE;
        connection_close(connection);
        return false;
    }
    if (begins_stream)
        return connection_stream_begin(connection);
    size_t left = evbuffer_get_length(bufferevent_get_output(connection->stream));
    if (!left) {
        connection_answered(connection);
        return true;
    }
    connection_set(connection, WRITING);
    connection->output_left = left;
    bufferevent_disable(connection->stream, EV_READ);
    return true;
}

/* Answers a request that was not read to its end, or not understood. */
static bool connection_refuse(struct connection *connection, enum problem problem,
                              const char *detail)
{
    struct request *request = connection->request;
    request->close = true;
    answer_problem(request, problem, "%s", detail);
    return connection_reply(connection);
}

static void refuse_encoded(struct request *request, enum problem problem)
{
    if (problem == PROBLEM_ENCODING)
        answer_problem(request, problem, "gzip and deflate are taken, not '%.*s'",
                       SLICE_ARGS(request->content_encoding));
    else if (problem == PROBLEM_TOO_LARGE)
        answer_problem(request, problem, "at most %zu bytes are taken, after inflating too",
                       request->route->body_max);
    else
        answer_problem(request, problem, "the body is not whole, or not what its encoding says");
}

static bool connection_handle(struct connection *connection)
{
    struct request *request = connection->request;
    struct worker *worker = connection->worker;
    if (worker->is_draining && connection->was_served) {
        answer_problem(request, PROBLEM_DRAINING, "the server is about to stop; ask again");
        return connection_reply(connection);
    }
    const struct gate *gate = worker->options.gate;
    const bool is_awaited = request->key_is_awaited;
    if (!is_awaited && gate_refuses(gate, request))
        return connection_reply(connection);
    enum problem problem = body_decode(request);
    if (problem) {
        refuse_encoded(request, problem);
        return connection_reply(connection);
    }
    if (is_awaited && (!admission_body(request) || gate_refuses(gate, request)))
        return connection_reply(connection);
    enum handled handled = request->route->handle(request);
    request->streams = handled == HANDLED_STREAM;
    if (handled != HANDLED_LATER)
        return connection_reply(connection);
    worker->waiting++;
    connection_set(connection, WAITING);
    bufferevent_disable(connection->stream, EV_READ);
    return true;
}

static bool refuse_method(struct connection *connection, unsigned allowed)
{
    struct request *request = connection->request;
    char room[METHODS_TEXT_SIZE];
    struct slice text = methods_write(allowed, room);
    answer_problem(request, PROBLEM_METHOD, "this path takes %.*s", SLICE_ARGS(text));
    answer_header(request, "Allow", text);
    connection->has_unread = request->has_body;
    return connection_reply(connection);
}

static bool expects_continue(const struct request *request)
{
    return !request->is_http10 && request->expect.size == strlen("100-continue") &&
           strncasecmp(request->expect.data, "100-continue", request->expect.size) == 0;
}

/* The head is complete: finds the route, refuses what can be refused before the body comes. */
static bool connection_head(struct connection *connection)
{
    struct request *request = connection->request;
    unsigned allowed = 0;
    const struct worker_options *options = &connection->worker->options;
    enum problem problem = route_find(options->routes, request, &allowed);
    connection->has_unread = request->has_body;
    if (gate_answers(options->gate, request, options->routes, allowed))
        return connection_reply(connection);
    if (problem == PROBLEM_METHOD)
        return refuse_method(connection, allowed);
    if (problem) {
        if (problem == PROBLEM_NO_ROUTE && accept_is_page(request->accept))
            request->form = FORM_PAGE;
        answer_problem(request, problem, "there is no %.*s", SLICE_ARGS(request->path));
        if (problem == PROBLEM_NO_ROUTE)
            answer_header(request, "Vary", SLICE("Accept"));
        return connection_reply(connection);
    }
    if (!admission_head(request))
        return connection_reply(connection);
    request->body_max = request->route->body_max;
    if (request->body_left > request->body_max || (request->has_body && !request->body_max)) {
        answer_problem(request, PROBLEM_TOO_LARGE, "at most %zu bytes are taken here",
                       request->body_max);
        return connection_reply(connection);
    }
    if (request->body_max && !request->has_length && !request->route->body_is_optional) {
        answer_problem(request, PROBLEM_NO_LENGTH, "a body is needed, with its Content-Length");
        return connection_reply(connection);
    }
    if (!request->has_body)
        return connection_handle(connection);
    connection_set(connection, BODY);
    connection->window_us = connection->since_us;
    connection->window_bytes = 0;
    if (!expects_continue(request) ||
        connection_send(connection, SLICE("HTTP/1.1 100 Continue\r\n\r\n"), (struct slice){0}))
        return true;
    connection_close(connection);
    return false;
}

/* The first bytes of a request are here. */
static bool connection_begin(struct connection *connection)
{
    struct request *request = worker_take_request(connection->worker);
    if (!request) {
        connection_close(connection);
        return false;
    }
    connection->request = request;
    request->connection = connection;
    request->client = connection->peer;
    request->is_secure = connection->is_secure;
    connection_set(connection, HEAD);
    request->begin_us = connection->since_us;
    connection->has_unread = false;
    return true;
}

/* Feeds the parser with the piece at the front of the input.  False: the connection is gone. */
static bool connection_step(struct connection *connection)
{
    struct evbuffer *input = bufferevent_get_input(connection->stream);
    if (connection->phase == IDLE && !connection_begin(connection))
        return false;
    struct evbuffer_iovec piece = {0};
    evbuffer_peek(input, -1, NULL, &piece, 1);
    struct slice bytes = {.data = piece.iov_base, .size = piece.iov_len};
    enum request_step step;
    size_t used = request_feed(connection->request, bytes, &step);
    evbuffer_drain(input, used);
    connection->window_bytes += used;
    switch (step) {
    case REQUEST_MORE: return true;
    case REQUEST_HEAD: return connection_head(connection);
    case REQUEST_DONE: connection->has_unread = false; return connection_handle(connection);
    case REQUEST_BAD:
        return connection_refuse(connection, connection->request->problem,
                                 connection->request->detail);
    }
    return true;
}

/* Works through what has come, request by request, until more is needed or one has to wait. */
static void connection_turn(struct connection *connection)
{
    struct evbuffer *input = bufferevent_get_input(connection->stream);
    connection->in_turn = true;
    while (evbuffer_get_length(input) > 0) {
        if (connection->phase == LINGER || connection->phase == STREAMING)
            evbuffer_drain(input, evbuffer_get_length(input));
        else if (connection->phase == WAITING || connection->phase == WRITING)
            break;
        else if (!connection_step(connection))
            return;
    }
    connection->in_turn = false;
}

/* After an answer that took its time. */
static void connection_resume(struct connection *connection)
{
    if (connection->phase != IDLE)
        return;
    bufferevent_enable(connection->stream, EV_READ);
    if (!connection->in_turn)
        connection_turn(connection);
}

void connection_answer(struct connection *connection)
{
    connection->phase = IDLE;
    if (connection_reply(connection))
        connection_resume(connection);
}

static void stream_has_bytes(struct bufferevent *stream, void *context)
{
    (void)stream;
    connection_turn(context);
}

/* The output is empty again. */
static void stream_is_written(struct bufferevent *stream, void *context)
{
    struct connection *connection = context;
    (void)stream;
    if (connection->phase != WRITING)
        return;
    connection_answered(connection);
    connection_resume(connection);
}

static void stream_ended(struct bufferevent *stream, short what, void *context)
{
    (void)stream;
    if (what & BEV_EVENT_CONNECTED)
        connection_set(context, IDLE);
    else
        connection_close(context);
}

void connection_open(struct worker *worker, int fd)
{
    struct connection *connection = calloc(1, sizeof *connection);
    struct tls *tls = worker->options.gate ? worker->options.gate->tls : NULL;
    struct bufferevent *stream = NULL;
    struct address peer;
    struct ip ip;
    address_of_peer(fd, &peer);
    ip_of_address(&peer, &ip);
    bool is_secure = tls && !ip_is_unix(&ip);
    if (connection && is_secure)
        stream = tls_stream(tls, worker->base, fd);
    else if (connection)
        stream = bufferevent_socket_new(worker->base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (!stream) {
        free(connection);
        close(fd);
        if (worker->options.connections)
            atomic_fetch_sub_explicit(worker->options.connections, 1, memory_order_relaxed);
        return;
    }
    *connection = (struct connection){.worker = worker,
                                      .next = worker->connections,
                                      .stream = stream,
                                      .fd = fd,
                                      .peer = ip,
                                      .is_secure = is_secure};
    if (connection->next)
        connection->next->previous = connection;
    worker->connections = connection;
    connection_set(connection, is_secure ? HANDSHAKE : IDLE);
    bufferevent_setcb(stream, stream_has_bytes, stream_is_written, stream_ended, connection);
    bufferevent_enable(stream, EV_READ | EV_WRITE);
}

/* A body has to come on at its least speed, second by second, after its first ten. */
static bool body_is_stalled(struct connection *connection, int64_t now_us)
{
    const struct http_limits *limits = connection->worker->options.limits;
    int64_t window_us = now_us - connection->window_us;
    if (now_us - connection->since_us < limits->body_grace_ms * 1000) {
        connection->window_us = now_us;
        connection->window_bytes = 0;
        return false;
    }
    if (window_us < SECOND_MS * 1000)
        return false;
    double wanted = (double)limits->body_bytes_second * (double)window_us * 1e-6;
    bool is_stalled = (double)connection->window_bytes < wanted;
    connection->window_us = now_us;
    connection->window_bytes = 0;
    return is_stalled;
}

static bool write_is_stalled(struct connection *connection, int64_t now_us)
{
    size_t left = evbuffer_get_length(bufferevent_get_output(connection->stream));
    if (left != connection->output_left) {
        connection->output_left = left;
        connection->since_us = now_us;
    }
    return now_us - connection->since_us >= connection->worker->options.limits->write_ms * 1000;
}

static void stream_sweep(struct connection *connection, int64_t now_us)
{
    const struct http_limits *limits = connection->worker->options.limits;
    if (evbuffer_get_length(bufferevent_get_output(connection->stream))) {
        if (write_is_stalled(connection, now_us))
            connection_close(connection);
        return;
    }
    if (now_us - connection->since_us >= limits->heartbeat_ms * 1000)
        connection_stream(connection, SLICE(":\n\n"));
}

void connection_sweep(struct connection *connection, int64_t now_us)
{
    const struct worker *worker = connection->worker;
    const struct http_limits *limits = worker->options.limits;
    int64_t age_us = now_us - connection->since_us;
    int64_t idle_ms = worker->is_draining ? limits->drain_idle_ms : limits->idle_ms;
    switch (connection->phase) {
    case HANDSHAKE:
        if (age_us >= (worker->is_draining ? idle_ms : limits->head_ms) * 1000)
            connection_close(connection);
        break;
    case IDLE:
        if (age_us >= idle_ms * 1000 &&
            (!worker->is_draining || now_us - worker->drain_us >= idle_ms * 1000))
            connection_close(connection);
        break;
    case HEAD:
        if (age_us >= limits->head_ms * 1000)
            connection_refuse(connection, PROBLEM_TIME_OUT, "the head did not come in time");
        break;
    case BODY:
        if (body_is_stalled(connection, now_us))
            connection_refuse(connection, PROBLEM_TIME_OUT, "the body came too slowly");
        break;
    case WAITING: break;
    case WRITING:
        if (write_is_stalled(connection, now_us))
            connection_close(connection);
        break;
    case STREAMING: stream_sweep(connection, now_us); break;
    case LINGER:
        if (age_us >= limits->linger_ms * 1000)
            connection_close(connection);
        break;
    }
}
