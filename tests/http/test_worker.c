/*
 * A worker with its connections, over socket pairs and with time-outs of a tenth of a second: what
 * clients may do to it, and what it promises them.
 */

#include "../../server/http/answer.h"
#include "../../server/http/connection.h"

#include "support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#define LARGE_SIZE ((size_t)8 * 1024 * 1024)

struct rig {
    struct http_limits limits;
    _Atomic size_t connections, streams;
    struct worker *worker;
};

static enum handled echo(struct request *request)
{
    struct buffer *out = answer_begin(request, 200, "text/plain");
    buffer_add(out, request->path);
    buffer_add_byte(out, ':');
    buffer_add(out, buffer_slice(&request->body));
    return HANDLED;
}

static enum handled large(struct request *request)
{
    struct buffer *out = answer_begin(request, 200, "text/plain");
    char *room = buffer_room(out, LARGE_SIZE);
    if (!room)
        return answer_problem(request, PROBLEM_INTERNAL, "no memory");
    memset(room, 'x', LARGE_SIZE);
    buffer_grow(out, LARGE_SIZE);
    return HANDLED;
}

/* Answers 150 ms later, from another thread through the mailbox. */
struct later {
    struct task task;
    struct request *request;
};

static void later_run(struct worker *worker, struct task *task)
{
    struct later *later = (struct later *)task;
    (void)worker;
    echo(later->request);
    request_finish(later->request);
    free(later);
}

static void *later_main(void *context)
{
    struct later *later = context;
    usleep(150 * 1000);
    worker_post(later->request->worker, &later->task);
    return NULL;
}

static enum handled answer_later(struct request *request)
{
    struct later *later = calloc(1, sizeof *later);
    pthread_t thread;
    assert_non_null(later);
    later->task.run = later_run;
    later->request = request;
    assert_int_equal(pthread_create(&thread, NULL, later_main, later), 0);
    pthread_detach(thread);
    return HANDLED_LATER;
}

static enum handled stream(struct request *request)
{
    buffer_add(answer_begin(request, 200, "text/event-stream"), SLICE(":first\n\n"));
    return HANDLED_STREAM;
}

static const struct route test_routes[] = {
    {.method = METHOD_GET, .pattern = "/echo", .handle = echo, .help = ""},
    {.method = METHOD_GET, .pattern = "/echo/{name}", .handle = echo, .help = ""},
    {.method = METHOD_POST, .pattern = "/echo", .handle = echo, .body_max = 1000, .help = ""},
    {.method = METHOD_GET, .pattern = "/later", .handle = answer_later, .help = ""},
    {.method = METHOD_GET, .pattern = "/large", .handle = large, .help = ""},
    {.method = METHOD_GET, .pattern = "/stream", .handle = stream, .help = ""},
    {.method = METHOD_GET, .pattern = "/rest/{name...}", .handle = echo, .help = ""},
    {.pattern = NULL},
};

static int rig_setup(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);
    rig->limits = (struct http_limits){.connections_max = 100,
                                       .head_ms = 300,
                                       .body_grace_ms = 300,
                                       .body_bytes_second = 1024,
                                       .idle_ms = 600,
                                       .write_ms = 300,
                                       .linger_ms = 500,
                                       .drain_idle_ms = 100,
                                       .heartbeat_ms = 200};
    const struct worker_options options = {.limits = &rig->limits,
                                           .routes = test_routes,
                                           .connections = &rig->connections,
                                           .streams = &rig->streams};
    if (worker_new(&options, &rig->worker, NULL) || worker_start(rig->worker, NULL))
        return -1;
    *state = rig;
    return 0;
}

static int rig_teardown(void **state)
{
    struct rig *rig = *state;
    worker_free(rig->worker);
    free(rig);
    return 0;
}

static int rig_connect(struct rig *rig)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    struct timeval wait = {.tv_sec = 5};
    setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    atomic_fetch_add(&rig->connections, 1);
    assert_int_equal(fcntl(pair[1], F_SETFL, O_NONBLOCK), 0);
    assert_true(worker_add(rig->worker, pair[1]));
    return pair[0];
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Everything until the other side closes; -1 where it does not within 5 s. */
static ssize_t hear_all(int fd, char *text, size_t size)
{
    size_t used = 0;
    ssize_t got;
    while (used < size - 1 && (got = recv(fd, text + used, size - 1 - used, 0)) != 0) {
        if (got < 0 && errno == ECONNRESET)
            break;
        if (got < 0)
            return -1;
        used += (size_t)got;
    }
    text[used] = '\0';
    return (ssize_t)used;
}

/* Sends `text`, hears all, closes. */
static const char *talk(struct rig *rig, const char *text)
{
    static char answer[65536];
    int fd = rig_connect(rig);
    say(fd, text);
    assert_true(hear_all(fd, answer, sizeof answer) >= 0);
    close(fd);
    return answer;
}

static unsigned count_of(const char *text, const char *part)
{
    unsigned count = 0;
    while ((text = strstr(text, part))) {
        text += strlen(part);
        count++;
    }
    return count;
}

#define CLOSE "Connection: close\r\n"
#define GET(path, lines) "GET " path " HTTP/1.1\r\nHost: x\r\n" lines "\r\n"

static void answers_of_a_pipeline_keep_their_order(void **state)
{
    const char *answer = talk(*state, GET("/echo/1", "") GET("/later", "") GET("/echo/2", "")
                                          GET("/later", "") GET("/echo/3", CLOSE));
    const char *first = strstr(answer, "/echo/1:");
    const char *second = first ? strstr(first, "/later:") : NULL;
    const char *third = second ? strstr(second, "/echo/2:") : NULL;
    const char *fourth = third ? strstr(third, "/later:") : NULL;
    assert_non_null(fourth ? strstr(fourth, "/echo/3:") : NULL);
    assert_int_equal(count_of(answer, "HTTP/1.1 200 OK\r\n"), 5);
    assert_int_equal(count_of(answer, "Connection: close\r\n"), 1);
}

static void a_body_of_a_pipeline_goes_to_its_request(void **state)
{
    const char *answer =
        talk(*state, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                     "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "3\r\ndef\r\n0\r\n\r\n" GET("/echo", CLOSE));
    assert_non_null(strstr(answer, "/echo:abc"));
    assert_non_null(strstr(answer, "/echo:def"));
    assert_int_equal(count_of(answer, "200 OK"), 3);
}

static void head_gives_the_head_alone(void **state)
{
    const char *answer = talk(*state, "HEAD /echo HTTP/1.1\r\nHost: x\r\n" CLOSE "\r\n");
    assert_non_null(strstr(answer, "Content-Length: 6\r\n"));
    assert_non_null(strstr(answer, "\r\n\r\n"));
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
}

static void every_answer_has_an_id_of_the_request_if_sane(void **state)
{
    const char *answer = talk(*state, GET("/echo", "X-Request-Id: a-B_9.c:d\r\n" CLOSE));
    assert_non_null(strstr(answer, "X-Request-Id: a-B_9.c:d\r\n"));
    answer = talk(*state, GET("/echo", "X-Request-Id: a b\r\n" CLOSE));
    assert_non_null(strstr(answer, "X-Request-Id: "));
    assert_null(strstr(answer, "a b"));
    answer = talk(*state, GET("/nothing", CLOSE));
    assert_non_null(strstr(answer, "X-Request-Id: "));
}

static void a_wrong_method_is_told_the_right_ones(void **state)
{
    const char *answer = talk(*state, "DELETE /echo HTTP/1.1\r\nHost: x\r\n" CLOSE "\r\n");
    assert_non_null(strstr(answer, "HTTP/1.1 405 "));
    assert_non_null(strstr(answer, "Allow: GET, HEAD, POST\r\n"));
    assert_non_null(strstr(answer, "application/problem+json"));
    answer = talk(*state, "PUT /later HTTP/1.1\r\nHost: x\r\n" CLOSE "\r\n");
    assert_non_null(strstr(answer, "Allow: GET, HEAD\r\n"));
}

static void what_is_not_there_is_404(void **state)
{
    assert_non_null(strstr(talk(*state, GET("/", CLOSE)), "\"code\":\"no-route\""));
    assert_non_null(strstr(talk(*state, GET("/echo/a/b", CLOSE)), "\"code\":\"no-route\""));
    assert_non_null(strstr(talk(*state, GET("/echo//", CLOSE)), "\"code\":\"no-route\""));
    assert_non_null(strstr(talk(*state, GET("/echo/", CLOSE)), "200 OK"));
    assert_non_null(strstr(talk(*state, GET("/echo/%zz", CLOSE)), "\"code\":\"bad-parameter\""));
    assert_non_null(strstr(talk(*state, GET("/echo/%00", CLOSE)), "\"code\":\"bad-parameter\""));
}

static void a_broken_request_is_answered_and_closed(void **state)
{
    const char *answer = talk(*state, "GET /echo HTTP/1.1\nHost: x\n\n" GET("/echo", ""));
    assert_non_null(strstr(answer, "HTTP/1.1 400 "));
    assert_int_equal(count_of(answer, "HTTP/1.1"), 1);
    assert_non_null(strstr(answer, "Connection: close\r\n"));
}

static void a_body_over_the_limit_is_refused_before_it_comes(void **state)
{
    struct rig *rig = *state;
    char answer[4096];
    char body[4096];
    int fd = rig_connect(rig);
    memset(body, 'b', sizeof body);
    say(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n");
    send(fd, body, 1001, MSG_NOSIGNAL); /* a client that sends before it listens */
    assert_true(hear_all(fd, answer, sizeof answer) > 0);
    assert_non_null(strstr(answer, "HTTP/1.1 413 "));
    assert_non_null(strstr(answer, "1000 bytes"));
    close(fd);
}

static void post_without_length_is_411(void **state)
{
    const char *answer = talk(*state, "POST /echo HTTP/1.1\r\nHost: x\r\n" CLOSE "\r\n");
    assert_non_null(strstr(answer, "HTTP/1.1 411 "));
}

static void who_expects_to_continue_may(void **state)
{
    struct rig *rig = *state;
    char answer[4096] = "";
    int fd = rig_connect(rig);
    say(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n" CLOSE
            "\r\n");
    assert_true(recv(fd, answer, sizeof answer - 1, 0) > 0);
    assert_string_equal(answer, "HTTP/1.1 100 Continue\r\n\r\n");
    say(fd, "abc");
    assert_true(hear_all(fd, answer, sizeof answer) > 0);
    assert_non_null(strstr(answer, "/echo:abc"));
    close(fd);
    answer[0] = '\0';
    fd = rig_connect(rig);
    say(fd,
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n");
    assert_true(hear_all(fd, answer, sizeof answer) > 0);
    assert_memory_equal(answer, "HTTP/1.1 413 ", 13);
    close(fd);
}

/* A POST of `size` times 'z', compressed. */
static const char *talk_gzip(struct rig *rig, size_t size, const char *encoding, bool cut)
{
    static char answer[8192];
    unsigned char packed[4096];
    char *plain = malloc(size);
    char head[256];
    assert_non_null(plain);
    memset(plain, 'z', size);
    z_stream stream = {.next_in = (Bytef *)plain, .avail_in = (uInt)size};
    deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
    stream.next_out = packed;
    stream.avail_out = sizeof packed;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t packed_size = sizeof packed - stream.avail_out - (cut ? 4 : 0);
    deflateEnd(&stream);
    free(plain);
    snprintf(head, sizeof head,
             "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Encoding: %s\r\nContent-Type: "
             "application/x-www-form-urlencoded\r\n" CLOSE "Content-Length: %zu\r\n\r\n",
             encoding, packed_size);
    int fd = rig_connect(rig);
    say(fd, head);
    assert_int_equal(send(fd, packed, packed_size, MSG_NOSIGNAL), (ssize_t)packed_size);
    assert_true(hear_all(fd, answer, sizeof answer) > 0);
    close(fd);
    return answer;
}

static void a_gzip_body_is_bounded_after_inflating(void **state)
{
    const char *answer = talk_gzip(*state, 1000, "gzip", false);
    assert_non_null(strstr(answer, "200 OK"));
    assert_int_equal(count_of(answer, "z"), 1000);
    assert_non_null(strstr(talk_gzip(*state, 1001, "gzip", false), "HTTP/1.1 413 "));
    assert_non_null(strstr(talk_gzip(*state, 1000 * 1000, "gzip", false), "HTTP/1.1 413 "));
    assert_non_null(strstr(talk_gzip(*state, 1000, "gzip", true), "\"code\":\"bad-encoding\""));
    assert_non_null(strstr(talk_gzip(*state, 1000, "br", false), "HTTP/1.1 415 "));
}

static void a_head_that_does_not_come_is_408(void **state)
{
    int64_t begin_us = monotonic_us();
    const char *answer = talk(*state, "GET /echo HTTP/1.1\r\nHost:");
    assert_non_null(strstr(answer, "HTTP/1.1 408 "));
    assert_true(monotonic_us() - begin_us >= 290 * 1000);
}

static void a_head_that_drips_is_408(void **state)
{
    struct rig *rig = *state;
    char answer[4096];
    int fd = rig_connect(rig);
    const char *text =
        GET("/echo", "X: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n");
    for (size_t i = 0; i < strlen(text); i++) {
        if (send(fd, text + i, 1, MSG_NOSIGNAL) != 1)
            break;
        usleep(20 * 1000);
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        if (poll(&poller, 1, 0) > 0)
            break;
    }
    assert_true(hear_all(fd, answer, sizeof answer) > 0);
    assert_non_null(strstr(answer, "HTTP/1.1 408 "));
    close(fd);
}

static void a_body_that_stalls_is_408(void **state)
{
    const char *answer =
        talk(*state, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na");
    assert_non_null(strstr(answer, "HTTP/1.1 408 "));
}

static void an_idle_connection_is_closed_without_a_word(void **state)
{
    struct rig *rig = *state;
    char answer[4096];
    int fd = rig_connect(rig);
    assert_int_equal(hear_all(fd, answer, sizeof answer), 0);
    close(fd);
    fd = rig_connect(rig);
    say(fd, GET("/echo", ""));
    assert_true(hear_all(fd, answer, sizeof answer) > 0);
    assert_int_equal(count_of(answer, "HTTP/1.1"), 1);
    close(fd);
}

static void who_does_not_read_the_answer_is_closed(void **state)
{
    struct rig *rig = *state;
    int fd = rig_connect(rig);
    say(fd, GET("/large", ""));
    for (unsigned i = 0; i < 50 && atomic_load(&rig->connections); i++)
        usleep(50 * 1000);
    assert_int_equal(atomic_load(&rig->connections), 0);
    close(fd);
}

static void a_large_answer_comes_whole_to_a_slow_reader(void **state)
{
    struct rig *rig = *state;
    int fd = rig_connect(rig);
    char *text = malloc(LARGE_SIZE + 4096);
    size_t used = 0;
    assert_non_null(text);
    say(fd, GET("/large", "") GET("/echo", CLOSE));
    for (unsigned i = 0; i < 6; i++) { /* longer than write_ms in all, with progress */
        usleep(100 * 1000);
        ssize_t got = recv(fd, text + used, 300 * 1000, 0);
        assert_true(got > 0);
        used += (size_t)got;
    }
    ssize_t got;
    while ((got = recv(fd, text + used, LARGE_SIZE + 4095 - used, 0)) > 0)
        used += (size_t)got;
    text[used] = '\0';
    assert_true(used > LARGE_SIZE);
    assert_non_null(strstr(text + LARGE_SIZE - 64, "/echo:"));
    free(text);
    close(fd);
}

static void a_peer_that_leaves_while_it_waits_hurts_nobody(void **state)
{
    struct rig *rig = *state;
    int fd = rig_connect(rig);
    say(fd, GET("/later", ""));
    usleep(20 * 1000);
    close(fd);
    usleep(250 * 1000);
    assert_non_null(strstr(talk(rig, GET("/echo", CLOSE)), "200 OK"));
}

static void a_half_closed_peer_gets_its_answer(void **state)
{
    struct rig *rig = *state;
    char answer[4096];
    int fd = rig_connect(rig);
    say(fd, GET("/later", ""));
    shutdown(fd, SHUT_WR);
    assert_true(hear_all(fd, answer, sizeof answer) > 0);
    assert_non_null(strstr(answer, "/later:"));
    close(fd);
}

static void draining_answers_what_is_in_flight(void **state)
{
    struct rig *rig = *state;
    char answer[4096];
    int waiting = rig_connect(rig);
    int idle = rig_connect(rig);
    int fresh = rig_connect(rig);
    say(waiting, GET("/later", ""));
    say(idle, GET("/echo", ""));
    usleep(50 * 1000);
    assert_true(recv(idle, answer, sizeof answer, 0) > 0);
    worker_drain(rig->worker);
    usleep(20 * 1000);
    say(fresh, GET("/echo", ""));
    say(idle, GET("/echo", ""));
    assert_true(hear_all(fresh, answer, sizeof answer) > 0); /* its first request: served */
    assert_non_null(strstr(answer, "200 OK"));
    assert_non_null(strstr(answer, "Connection: close"));
    assert_true(hear_all(idle, answer, sizeof answer) > 0);
    assert_non_null(strstr(answer, "\"code\":\"draining\""));
    assert_non_null(strstr(answer, "Retry-After: 1\r\n"));
    assert_true(hear_all(waiting, answer, sizeof answer) > 0);
    assert_non_null(strstr(answer, "/later:"));
    close(waiting);
    close(idle);
    close(fresh);
    worker_join(rig->worker);
    assert_int_equal(atomic_load(&rig->connections), 0);
}

static void leaving_closes_what_is_open_but_waits_for_handlers(void **state)
{
    struct rig *rig = *state;
    char answer[4096];
    int waiting = rig_connect(rig);
    int idle = rig_connect(rig);
    say(waiting, GET("/later", ""));
    usleep(50 * 1000);
    worker_leave(rig->worker);
    worker_join(rig->worker); /* the sanitizers would see a request freed too early */
    assert_true(hear_all(waiting, answer, sizeof answer) >= 0);
    assert_int_equal(hear_all(idle, answer, sizeof answer), 0);
    close(waiting);
    close(idle);
}

/* What comes within `wait_ms`. */
static const char *hear_for(int fd, int wait_ms)
{
    static char text[65536];
    size_t used = 0;
    int64_t end_us = monotonic_us() + (int64_t)wait_ms * 1000;
    for (int64_t left_us; (left_us = end_us - monotonic_us()) > 0;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, (int)(left_us / 1000) + 1) <= 0)
            break;
        ssize_t got = recv(fd, text + used, sizeof text - 1 - used, 0);
        if (got <= 0)
            break;
        used += (size_t)got;
    }
    text[used] = '\0';
    return text;
}

struct piece {
    struct task task;
    const char *text;
};

static void piece_run(struct worker *worker, struct task *task)
{
    const struct piece *piece = (const struct piece *)task;
    for (struct connection *one = worker->connections, *next; one; one = next) {
        next = connection_next(one);
        if (connection_streams(one))
            connection_stream(one, slice_of(piece->text));
    }
}

static void a_stream_goes_on_in_chunks_and_outlives_every_time_out(void **state)
{
    struct rig *rig = *state;
    struct piece piece = {.task = {.run = piece_run}, .text = "data: 1\n\n"};
    int fd = rig_connect(rig);
    say(fd, GET("/stream", ""));
    const char *text = hear_for(fd, 1000); /* all limits are below */
    assert_non_null(strstr(text, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(text, "Transfer-Encoding: chunked\r\n"));
    assert_null(strstr(text, "Content-Length"));
    assert_non_null(strstr(text, "\r\n\r\n8\r\n:first\n\n\r\n3\r\n:\n\n\r\n3\r\n:\n\n\r\n"));
    assert_int_equal(atomic_load(&rig->streams), 1);
    worker_post(rig->worker, &piece.task);
    assert_non_null(strstr(hear_for(fd, 100), "9\r\ndata: 1\n\n\r\n"));
    say(fd, GET("/echo", "")); /* nobody listens to it */
    assert_null(strstr(hear_for(fd, 100), "HTTP/1.1"));
    close(fd);
    usleep(50 * 1000);
    assert_int_equal(atomic_load(&rig->streams), 0);
    assert_int_equal(atomic_load(&rig->connections), 0);
}

static void a_stream_is_plain_to_http10_and_a_head_to_head(void **state)
{
    struct rig *rig = *state;
    int fd = rig_connect(rig);
    say(fd, "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const char *text = hear_for(fd, 600);
    assert_null(strstr(text, "Transfer-Encoding"));
    assert_non_null(strstr(text, "Connection: close\r\n"));
    assert_non_null(strstr(text, "\r\n\r\n:first\n\n:\n\n"));
    close(fd);
    text = talk(rig, "HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n" GET("/echo", CLOSE));
    assert_int_equal(count_of(text, "HTTP/1.1 200 OK\r\n"), 2);
    assert_null(strstr(text, ":first"));
}

static void draining_ends_streams_at_once(void **state)
{
    struct rig *rig = *state;
    char text[4096];
    int fd = rig_connect(rig);
    say(fd, GET("/stream", ""));
    assert_non_null(strstr(hear_for(fd, 50), ":first"));
    worker_drain(rig->worker);
    worker_join(rig->worker); /* though the peer has not closed */
    assert_true(hear_all(fd, text, sizeof text) > 0);
    assert_string_equal(text, "0\r\n\r\n");
    close(fd);
    assert_int_equal(atomic_load(&rig->streams), 0);
}

static void who_does_not_read_a_stream_is_closed(void **state)
{
    static char text[LARGE_SIZE + 1];
    struct rig *rig = *state;
    struct piece piece = {.task = {.run = piece_run}, .text = text};
    memset(text, 'x', LARGE_SIZE);
    int fd = rig_connect(rig);
    say(fd, GET("/stream", ""));
    usleep(50 * 1000);
    worker_post(rig->worker, &piece.task);
    for (unsigned i = 0; i < 100 && atomic_load(&rig->streams); i++) /* slow under TSan */
        usleep(50 * 1000);
    assert_int_equal(atomic_load(&rig->streams), 0);
    int other = rig_connect(rig);
    say(other, GET("/echo", CLOSE));
    assert_non_null(strstr(hear_for(other, 200), "200 OK"));
    close(fd);
    close(other);
}

static void the_rest_of_a_path_is_one_parameter(void **state)
{
    assert_non_null(strstr(talk(*state, GET("/rest/a", CLOSE)), "200 OK"));
    assert_non_null(strstr(talk(*state, GET("/rest/a/b//c/", CLOSE)), "200 OK"));
    assert_non_null(strstr(talk(*state, GET("/rest", CLOSE)), "404 "));
    assert_non_null(strstr(talk(*state, GET("/rest/", CLOSE)), "404 "));
    assert_non_null(strstr(talk(*state, GET("/rest//", CLOSE)), "404 "));
}

#define RIG_TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(answers_of_a_pipeline_keep_their_order),
        RIG_TEST(a_body_of_a_pipeline_goes_to_its_request),
        RIG_TEST(head_gives_the_head_alone),
        RIG_TEST(every_answer_has_an_id_of_the_request_if_sane),
        RIG_TEST(a_wrong_method_is_told_the_right_ones),
        RIG_TEST(what_is_not_there_is_404),
        RIG_TEST(a_broken_request_is_answered_and_closed),
        RIG_TEST(a_body_over_the_limit_is_refused_before_it_comes),
        RIG_TEST(post_without_length_is_411),
        RIG_TEST(who_expects_to_continue_may),
        RIG_TEST(a_gzip_body_is_bounded_after_inflating),
        RIG_TEST(a_head_that_does_not_come_is_408),
        RIG_TEST(a_head_that_drips_is_408),
        RIG_TEST(a_body_that_stalls_is_408),
        RIG_TEST(an_idle_connection_is_closed_without_a_word),
        RIG_TEST(who_does_not_read_the_answer_is_closed),
        RIG_TEST(a_large_answer_comes_whole_to_a_slow_reader),
        RIG_TEST(a_peer_that_leaves_while_it_waits_hurts_nobody),
        RIG_TEST(a_half_closed_peer_gets_its_answer),
        RIG_TEST(draining_answers_what_is_in_flight),
        RIG_TEST(a_stream_goes_on_in_chunks_and_outlives_every_time_out),
        RIG_TEST(a_stream_is_plain_to_http10_and_a_head_to_head),
        RIG_TEST(draining_ends_streams_at_once),
        RIG_TEST(who_does_not_read_a_stream_is_closed),
        RIG_TEST(the_rest_of_a_path_is_one_parameter),
        RIG_TEST(leaving_closes_what_is_open_but_waits_for_handlers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
