#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

/*
 * One request from its first byte to its answer.  The reader here turns bytes into head and body
 * and knows nothing of sockets:
 *
 *     used = request_feed(request, bytes, &step);    again with the rest while there is some
 *
 *     REQUEST_MORE  all bytes are used, more are needed
 *     REQUEST_HEAD  the head is complete; the next bytes are the body's, if there is one
 *     REQUEST_DONE  the body is complete
 *     REQUEST_BAD   `problem` and `detail` say why; the connection has to be closed after the
 * answer
 *
 * Never a byte past the end of the request is used, so the next one of a pipeline stays where it
 * is.  Head lines are cut and bounded here and read by http_parser in one piece; chunks are read
 * here, because the http_parser of Debian is built to be lenient: it takes chunk data that is not
 * followed by CRLF, and bare LF, and spaces before a colon, all of them ways to smuggle.
 *
 * Requests are kept and used again by a worker; what they point to lives in `head`, `body` and
 * `arena` until request_reset.
 */

#include "base/arena.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "caller.h"
#include "chunks.h"
#include "forwarded.h"
#include "problem.h"

struct connection;
struct route;
struct snapshot;
struct worker;

enum method {
    METHOD_OTHER = 0,
    METHOD_GET = 1,
    METHOD_HEAD = 2,
    METHOD_POST = 4,
    METHOD_DELETE = 8,
    METHOD_OPTIONS = 16 /* of no route: answered for all of them (cors.h) */
};

enum request_step { REQUEST_MORE, REQUEST_HEAD, REQUEST_DONE, REQUEST_BAD };

struct header {
    struct slice name;
    struct slice value; /* without space around it */
};

/* The form of errors: RFC 9457 on own routes, the protocol's own on others. */
enum error_form {
    FORM_PROBLEM,
    FORM_SEGMENT,
    FORM_OFREP,
    FORM_POSTHOG,
    FORM_AMPLITUDE,
    FORM_EITHER, /* of these two: it is not known yet whose SDK asks */
    FORM_PAGE    /* a page of the dashboard */
};

/* What pages of other origins get (cors.h). */
enum sharing { SHARING_NONE, SHARING_VARIES, SHARING_ALLOWED };

#define ROUTE_PARAMETERS_MAX 2

struct request {
    struct worker *worker;
    struct connection *connection; /* NULL: the peer is gone, the answer goes nowhere */
    struct request *next;          /* in the worker's list of unused ones */
    struct arena arena;

    /* The head. */
    enum request_step step;
    struct buffer head;
    size_t line_start;  /* of the line that comes in, in `head` */
    bool is_blank_seen; /* one empty line before the request line is passed over */
    unsigned line_count;
    enum method method;
    struct slice target, path, query;
    struct header headers[HEADER_COUNT_MAX];
    size_t header_count;
    struct slice host, request_id, content_encoding, accept, if_none_match, expect, origin;
    struct slice if_modified_since;
    struct slice authorization, api_key;
    bool keep_alive;
    bool is_http10;

    /* The body. */
    bool has_body;
    bool has_length; /* Content-Length or chunked stood in the head */
    bool is_chunked;
    uint64_t body_left; /* of a Content-Length */
    size_t body_max;    /* set by who read the head; past it: TOO_LARGE */
    struct chunks chunks;
    struct buffer body;

    /* What is wrong with it. */
    enum problem problem;
    const char *detail;

    /* Who asks: set before the handler runs (gate.h). */
    struct ip client; /* the peer, or who stands behind trusted proxies */
    bool is_secure;   /* by TLS, here or at a trusted proxy */
    struct slice forwarded_host;
    enum sharing sharing;
    struct caller caller;
    bool key_is_awaited;       /* in the body (admission.h) */
    bool key_was_other;        /* the head had something in a key's place that is none */
    struct slice audited_peer; /* not empty: the answer is a line of the audit (audit.h) */

    /* The route, and the values of its {parameters}, decoded. */
    const struct route *route;
    enum error_form form; /* of the route, or of one with this path and another method */
    struct slice parameters[ROUTE_PARAMETERS_MAX];
    int64_t begin_us; /* monotonic, at the first byte */
    void *work;       /* of the handler, while it waits */

    /* The answer. */
    int status;
    const char *content_type;
    const char *cache_control; /* NULL: no-store */
    struct buffer answer;      /* the body */
    struct buffer extra;       /* further header lines */
    bool close;                /* after this answer */
    bool streams;              /* the answer goes on: its size is not known */
    char id[20];               /* X-Request-Id where the request has none */
};

void request_reset(struct request *request); /* keeps memory of ordinary size */
void request_done(struct request *request);
size_t request_feed(struct request *request, struct slice bytes, enum request_step *step);
/* The first header of that name (lower case), or an empty slice. */
struct slice request_header(const struct request *request, const char *name);

#endif
