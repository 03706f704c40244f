/*
 * The reader of requests: bytes to head and body, each limit at the limit and one past it, and what
 * RFC 9112 tells a server to refuse, above all what two servers could read as two different things.
 */

#include "../../server/http/request.h"

#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>

struct reading {
    struct request request;
    enum request_step step;
    size_t used;
};

/* Feeds `text` in pieces of `piece` bytes until it is used or the request is done or bad. */
static void read_pieces(struct reading *reading, struct slice text, size_t piece)
{
    *reading = (struct reading){.step = REQUEST_MORE};
    reading->request.body_max = BODY_SIZE_MAX;
    while (reading->used < text.size) {
        struct slice rest = slice_from(text, reading->used);
        if (rest.size > piece)
            rest.size = piece;
        reading->used += request_feed(&reading->request, rest, &reading->step);
        bool ends_here = reading->step == REQUEST_HEAD && !reading->request.has_body;
        if (ends_here || reading->step == REQUEST_DONE || reading->step == REQUEST_BAD)
            break;
    }
}

/* The problem of a request, PROBLEM_NONE when it is read to its end; whole and byte by byte. */
static enum problem problem_of(struct slice text)
{
    enum problem found[2];
    for (size_t i = 0; i < 2; i++) {
        struct reading reading;
        read_pieces(&reading, text, i ? 1 : text.size);
        if (reading.step != REQUEST_BAD)
            assert_true(reading.step == REQUEST_DONE || !reading.request.has_body);
        found[i] = reading.request.problem;
        request_done(&reading.request);
    }
    assert_int_equal(found[0], found[1]);
    return found[0];
}

static enum problem problem_of_text(const char *text)
{
    return problem_of(slice_of(text));
}

static void a_request_is_read_in_any_pieces(void **state)
{
    (void)state;
    const char *text = "POST /v1/batch/?a=1 HTTP/1.1\r\nHost: x\r\nX-Request-ID:  abc \t\r\n"
                       "Content-Length: 11\r\n\r\nhello worldGET / HTTP/1.1\r\n";
    for (size_t piece = 1; piece <= strlen(text); piece++) {
        struct reading reading;
        read_pieces(&reading, slice_of(text), piece);
        struct request *request = &reading.request;
        assert_int_equal(reading.step, REQUEST_DONE);
        assert_int_equal(request->method, METHOD_POST);
        assert_true(slice_equals(request->path, "/v1/batch/"));
        assert_true(slice_equals(request->query, "a=1"));
        assert_true(slice_equals(request->request_id, "abc"));
        assert_true(slice_equals(request_header(request, "x-request-id"), "abc"));
        assert_true(slice_equals(buffer_slice(&request->body), "hello world"));
        assert_true(request->keep_alive);
        assert_string_equal(text + reading.used, "GET / HTTP/1.1\r\n");
        request_done(request);
    }
}

static void the_next_request_of_a_pipeline_stays_untouched(void **state)
{
    (void)state;
    struct slice text =
        SLICE("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n");
    struct reading reading;
    read_pieces(&reading, text, text.size);
    assert_int_equal(reading.step, REQUEST_HEAD);
    assert_int_equal(reading.used, text.size / 2);
    request_done(&reading.request);
}

static void chunks_are_joined(void **state)
{
    (void)state;
    const char *text = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "4\r\nWiki\r\n5\r\npedia\r\n0000000A\r\n\r\nin chunks\r\n0\r\n\r\nGET";
    for (size_t piece = 1; piece <= strlen(text); piece++) {
        struct reading reading;
        read_pieces(&reading, slice_of(text), piece);
        assert_int_equal(reading.step, REQUEST_BAD); /* "\r\nin chunks" is 11 bytes, not 10 */
        request_done(&reading.request);
    }
    text = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
           "4\r\nWiki\r\n5\r\npedia\r\n0000000b\r\n\r\nin chunks\r\n0\r\n\r\nGET";
    for (size_t piece = 1; piece <= strlen(text); piece++) {
        struct reading reading;
        read_pieces(&reading, slice_of(text), piece);
        assert_int_equal(reading.step, REQUEST_DONE);
        assert_true(slice_equals(buffer_slice(&reading.request.body), "Wikipedia\r\nin chunks"));
        assert_string_equal(text + reading.used, "GET");
        request_done(&reading.request);
    }
}

#define HEAD_OF(lines) "POST /a HTTP/1.1\r\nHost: x\r\n" lines "\r\n"

static void what_two_servers_could_read_differently_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        HEAD_OF("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n") "0\r\n\r\n",
        HEAD_OF("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n") "0\r\n\r\n",
        HEAD_OF("Content-Length: 2\r\nContent-Length: 2\r\n") "{}",
        HEAD_OF("Content-Length: 2\r\nContent-Length: 3\r\n") "{}",
        HEAD_OF("Content-Length: 2, 2\r\n") "{}",
        HEAD_OF("Content-Length: +2\r\n") "{}",
        HEAD_OF("Content-Length: 0x2\r\n") "{}",
        HEAD_OF("Content-Length: 99999999999999999999\r\n") "{}",
        HEAD_OF("Content-Length: \r\n") "{}",
        HEAD_OF("Transfer-Encoding: identity\r\n"),
        HEAD_OF("Transfer-Encoding: gzip, chunked\r\n") "0\r\n\r\n",
        HEAD_OF("Transfer-Encoding: xchunked\r\n") "0\r\n\r\n",
        HEAD_OF("Transfer-Encoding: chunked, identity\r\n") "0\r\n\r\n",
        HEAD_OF("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") "0\r\n\r\n",
        HEAD_OF("Transfer-Encoding : chunked\r\n") "0\r\n\r\n",
        HEAD_OF("Host: y\r\n"),
        HEAD_OF("X: a\r\n folded\r\n"),
        HEAD_OF("X\r\n"),
        HEAD_OF(": x\r\n"),
        HEAD_OF("X: a\rY: b\r\n"),
        "GET /a HTTP/1.1\nHost: x\n\n",
        "GET /a HTTP/1.1\r\nHost: x\n\r\n",
        "GET /a HTTP/1.1\r\nHost: x\r\n\n",
        "GET /a HTTP/1.1\r\n\r\n",
        " GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
        "\r\n\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /a\r\n\r\n",
        "GET a HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /a\tb HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET  /a HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /a  HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /a HTTP/1.1 \r\nHost: x\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: x y\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: x/y\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: y@x\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: x, y\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: \xc3\xa4\r\n\r\n",
        "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n",
        "NONSENSE /a HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\x16\x03\x01\x02\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        enum problem problem = problem_of_text(texts[i]);
        if (problem != PROBLEM_BAD_REQUEST && problem != PROBLEM_VERSION)
            fail_msg("taken: %s", texts[i]);
    }
}

static void broken_chunks_are_refused(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "2\r\n{}XX0\r\n\r\n",           "2\n{}\n0\n\n",          "2\rX{}\r\n0\r\n\r\n",
        "2;a=b\r\n{}\r\n0\r\n\r\n",     "2 \r\n{}\r\n0\r\n\r\n", "-2\r\n{}\r\n0\r\n\r\n",
        "0x2\r\n{}\r\n0\r\n\r\n",       "\r\n{}\r\n0\r\n\r\n",   "000000002\r\n{}\r\n0\r\n\r\n",
        "2\r\n{}\r\n0\r\nX: y\r\n\r\n", "2\r\n{}\r\n0\r\n\rX",   "fffffffff\r\n{}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        char text[256];
        snprintf(text, sizeof text, "%s%s", HEAD_OF("Transfer-Encoding: chunked\r\n"), bodies[i]);
        if (problem_of_text(text) != PROBLEM_BAD_REQUEST)
            fail_msg("taken: %s", bodies[i]);
    }
}

static void what_is_odd_but_right_is_taken(void **state)
{
    (void)state;
    static const char *const texts[] = {
        HEAD_OF("transfer-encoding: Chunked\r\n") "0\r\n\r\n",
        HEAD_OF("Content-Length: 2\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk\r\n") "{}",
        HEAD_OF("X:\r\nY: \xc3\xa4\r\n"),
        "\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET http://x:80/a?b HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /a HTTP/1.0\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost:\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: [2001:db8::1]:8400\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: my_host.example:80\r\n\r\n",
        "OPTIONS /a HTTP/1.1\r\nHost: x\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (problem_of_text(texts[i]) != PROBLEM_NONE)
            fail_msg("refused: %s", texts[i]);
}

/* "GET /aaa... HTTP/1.1" of `size` bytes without its CRLF, and a Host. */
static enum problem problem_of_line(size_t size)
{
    struct buffer text = {0};
    buffer_add(&text, SLICE("GET /"));
    while (text.size < size - 9)
        buffer_add_byte(&text, 'a');
    buffer_add(&text, SLICE(" HTTP/1.1\r\nHost: x\r\n\r\n"));
    enum problem problem = problem_of(buffer_slice(&text));
    buffer_done(&text);
    return problem;
}

static void a_request_line_has_8192_bytes_at_most(void **state)
{
    (void)state;
    assert_int_equal(problem_of_line(8192), PROBLEM_NONE);
    assert_int_equal(problem_of_line(8193), PROBLEM_TARGET_TOO_LONG);
}

/* A head with `count` header fields, the last of `size` bytes. */
static enum problem problem_of_fields(size_t count, size_t size)
{
    struct buffer text = {0};
    buffer_add(&text, SLICE("GET / HTTP/1.1\r\nHost: x\r\n"));
    for (size_t i = 2; i < count; i++)
        buffer_add(&text, SLICE("A: b\r\n"));
    buffer_add(&text, SLICE("L: "));
    for (size_t i = 3; i < size; i++)
        buffer_add_byte(&text, 'v');
    buffer_add(&text, SLICE("\r\n\r\n"));
    enum problem problem = problem_of(buffer_slice(&text));
    buffer_done(&text);
    return problem;
}

static void a_header_field_has_8192_bytes_at_most(void **state)
{
    (void)state;
    assert_int_equal(problem_of_fields(2, 8192), PROBLEM_NONE);
    assert_int_equal(problem_of_fields(2, 8193), PROBLEM_HEAD_TOO_LARGE);
}

static void a_head_has_100_fields_at_most(void **state)
{
    (void)state;
    assert_int_equal(problem_of_fields(100, 4), PROBLEM_NONE);
    assert_int_equal(problem_of_fields(101, 4), PROBLEM_HEAD_TOO_LARGE);
}

/* A head of exactly `size` bytes, all line ends included. */
static enum problem problem_of_head(size_t size)
{
    struct buffer text = {0};
    buffer_add(&text, SLICE("GET / HTTP/1.1\r\nHost: x\r\n"));
    while (text.size < size - 2) {
        size_t left = size - 2 - text.size;
        size_t line = left > 8000 ? 4000 : left;
        buffer_add(&text, SLICE("A: "));
        for (size_t i = 5; i < line; i++)
            buffer_add_byte(&text, 'v');
        buffer_add(&text, SLICE("\r\n"));
    }
    buffer_add(&text, SLICE("\r\n"));
    assert_int_equal(text.size, size);
    enum problem problem = problem_of(buffer_slice(&text));
    buffer_done(&text);
    return problem;
}

static void a_head_has_32768_bytes_at_most(void **state)
{
    (void)state;
    assert_int_equal(problem_of_head(32768), PROBLEM_NONE);
    assert_int_equal(problem_of_head(32769), PROBLEM_HEAD_TOO_LARGE);
}

static void a_head_without_end_takes_no_memory(void **state)
{
    (void)state;
    struct request request = {0};
    char piece[4096];
    memset(piece, 'a', sizeof piece);
    enum request_step step = REQUEST_MORE;
    for (size_t i = 0; i < 1000 && step == REQUEST_MORE; i++)
        request_feed(&request, (struct slice){.data = piece, .size = sizeof piece}, &step);
    assert_int_equal(step, REQUEST_BAD);
    assert_true(request.head.capacity <= 2 * HEAD_SIZE_MAX);
    request_done(&request);
}

/* A body of `size` bytes against a limit of 1000, chunked or with its length. */
static enum problem problem_of_body(size_t size, bool chunked)
{
    struct buffer text = {0};
    struct request request = {.body_max = 1000};
    enum request_step step = REQUEST_MORE;
    buffer_format(&text, "POST / HTTP/1.1\r\nHost: x\r\n");
    if (chunked)
        buffer_format(&text, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", size);
    else
        buffer_format(&text, "Content-Length: %zu\r\n\r\n", size);
    for (size_t i = 0; i < size; i++)
        buffer_add_byte(&text, 'b');
    if (chunked)
        buffer_add(&text, SLICE("\r\n0\r\n\r\n"));
    size_t used = 0;
    while (used < text.size && step != REQUEST_BAD && step != REQUEST_DONE)
        used += request_feed(&request, slice_from(buffer_slice(&text), used), &step);
    enum problem problem = request.problem;
    if (!problem)
        assert_int_equal(request.body.size, size);
    buffer_done(&text);
    request_done(&request);
    return problem;
}

static void a_body_is_bounded_however_it_comes(void **state)
{
    (void)state;
    assert_int_equal(problem_of_body(1000, false), PROBLEM_NONE);
    assert_int_equal(problem_of_body(1000, true), PROBLEM_NONE);
    assert_int_equal(problem_of_body(1001, false), PROBLEM_TOO_LARGE);
    assert_int_equal(problem_of_body(1001, true), PROBLEM_TOO_LARGE);
}

static void a_request_used_again_remembers_nothing(void **state)
{
    (void)state;
    struct request request = {.body_max = 100};
    enum request_step step;
    struct slice first = SLICE(HEAD_OF("Transfer-Encoding: chunked\r\nAccept: a\r\nExpect: b\r\n"
                                       "If-None-Match: c\r\nContent-Encoding: d\r\n"
                                       "X-Request-Id: e\r\nConnection: close\r\n"));
    struct slice second = SLICE("GET /b HTTP/1.1\r\nHost: y\r\n\r\n");
    request_feed(&request, first, &step);
    assert_int_equal(step, REQUEST_HEAD);
    request_reset(&request);
    request_feed(&request, second, &step);
    assert_int_equal(step, REQUEST_HEAD);
    assert_true(slice_equals(request.host, "y"));
    assert_int_equal(request.header_count, 1);
    assert_false(request.has_body || request.has_length || request.is_chunked || request.close);
    assert_true(request.keep_alive);
    assert_false(request.accept.data || request.expect.data || request.if_none_match.data ||
                 request.content_encoding.data || request.request_id.data);
    request_done(&request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_read_in_any_pieces),
        cmocka_unit_test(the_next_request_of_a_pipeline_stays_untouched),
        cmocka_unit_test(chunks_are_joined),
        cmocka_unit_test(what_two_servers_could_read_differently_is_refused),
        cmocka_unit_test(broken_chunks_are_refused),
        cmocka_unit_test(what_is_odd_but_right_is_taken),
        cmocka_unit_test(a_request_line_has_8192_bytes_at_most),
        cmocka_unit_test(a_header_field_has_8192_bytes_at_most),
        cmocka_unit_test(a_head_has_100_fields_at_most),
        cmocka_unit_test(a_head_has_32768_bytes_at_most),
        cmocka_unit_test(a_head_without_end_takes_no_memory),
        cmocka_unit_test(a_body_is_bounded_however_it_comes),
        cmocka_unit_test(a_request_used_again_remembers_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
