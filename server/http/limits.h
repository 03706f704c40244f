#ifndef HTTP_LIMITS_H
#define HTTP_LIMITS_H

/*
 * The limits and time-outs of connections (http-api.md, the table).  Sizes that are the same for
 * every server stand in base/limits.h; what a test has to shorten is here.  Private to this folder:
 * the options of the service do not carry them yet.
 */

#include "base/limits.h"
#include "base/time.h"

struct http_limits {
    size_t connections_max; /* past it: accepted, answered with 503, closed */
    int64_t head_ms;        /* from the first byte to the end of the head */
    int64_t body_grace_ms;  /* after it, body_bytes_second bytes must come in every second */
    size_t body_bytes_second;
    int64_t idle_ms;       /* between two requests */
    int64_t write_ms;      /* the client takes nothing of the answer for so long */
    int64_t linger_ms;     /* after the last answer: what still comes is read and thrown away */
    int64_t drain_idle_ms; /* draining: an idle connection is closed after so long */
    size_t streams_max;    /* connections that stream; past it: 503 */
    int64_t heartbeat_ms;  /* of a stream's silence; proxies wait for 30 s and more */
};

#define HTTP_LIMITS_DEFAULT                                                                        \
    {                                                                                              \
        .connections_max = CONNECTIONS_MAX, .head_ms = 10 * SECOND_MS,                             \
        .body_grace_ms = 10 * SECOND_MS, .body_bytes_second = 1024, .idle_ms = 60 * SECOND_MS,     \
        .write_ms = 30 * SECOND_MS, .linger_ms = 2 * SECOND_MS, .drain_idle_ms = 500,              \
        .streams_max = STREAMS_MAX, .heartbeat_ms = 15 * SECOND_MS,                                \
    }

#endif
