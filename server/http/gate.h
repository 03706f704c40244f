#ifndef HTTP_GATE_H
#define HTTP_GATE_H

/*
 * What a request passes before its handler: where it comes from (a peer, or a client behind trusted
 * proxies), whether pages of its origin may read the answer, and how often it may ask.
 *
 *     gate_answers   the head is here: client, CORS; an OPTIONS request is answered, and who tried
 *                    too many wrong keys is refused, whatever the next one is
 *     gate_counts    of an answer: a wrong key counts against its address, under the same limit
 *     gate_refuses   the caller is known: rate, and whether a browser was led here by a stranger
 *
 * The last is for who is trusted by place or by what a browser keeps: a service without keys takes
 * whoever reaches loopback for an admin, and a browser sends a password that it once was given with
 * every request.  A page from anywhere may make a browser ask 127.0.0.1, by a form, an image, or
 * through a name of its own that it lets point there (DNS rebinding).  So, where the caller may act
 * as analyst or admin:
 *
 *     Host      without keys it is a loopback name, or one label without a dot, which no public
 *               name has; a rebound name is 403 `host`.  Over a unix socket it may be anything.
 *     Origin    is the service's own (the Host that it gets, so a proxy in front passes that on or
 *               is a trusted one), or named by --cors-origin for a route that is shared, or,
 *               without keys, itself on loopback; others are 403 `origin`.  `*` names everybody
 *               without keys, and nobody where it is the browser that adds the password.
 *     Sec-Fetch-Site   (where there is no Origin: images, links) is not `cross-site` or
 *               `same-site`, but for a link that leads to a page or a report
 *
 * SDKs on servers send none of the three and pass; a front end's origin is named by --cors-origin,
 * which it needs anyway to read answers.  Routes without a role pass always.
 */

#include "cors.h"
#include "forwarded.h"
#include "rate.h"

struct service_options;
struct tls;

struct gate {
    struct tls *tls; /* NULL: plain */
    struct origins origins;
    struct proxies proxies;
    struct rate *rate; /* NULL: no limit */
};

/* INVALID for an option that can't be read.  What it points to in the options is kept. */
MUST_CHECK enum status gate_new(const struct service_options *options, struct gate **gate,
                                struct error *error);
/* Reads the certificate again, if there is one, and logs what came of it. */
void gate_reload(struct gate *gate);
void gate_free(struct gate *gate); /* NULL is fine */

/* `allowed` are the methods of a path for which route_find found none.  True: there is an answer
 * in the request.  `gate` may be NULL, in both: everybody passes. */
bool gate_answers(const struct gate *gate, struct request *request, const struct route *table,
                  unsigned allowed);
bool gate_refuses(const struct gate *gate, struct request *request);
/* The answer is about to be written. */
void gate_counts(const struct gate *gate, const struct request *request);

/* The host that clients know the service by, with its port: X-Forwarded-Host of a trusted proxy, or
 * Host. */
struct slice gate_host(const struct request *request);

#endif
