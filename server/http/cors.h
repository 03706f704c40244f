#ifndef HTTP_CORS_H
#define HTTP_CORS_H

/*
 * Pages of other origins (the Fetch standard, 3.2; RFC 6454): which may read answers, and how they
 * are told so.
 *
 * Allowed origins are named by the operator; none by default.  The answer repeats the origin that
 * asked, never `*`: a beacon has credentials mode `include`, for which browsers refuse `*`.  Only
 * routes that a client's key opens, or no key at all, are shared; reports and administration are
 * for the service's own pages.  Errors are shared as answers are, so that a front end reads its 401
 * and its 429.
 */

#include "request.h"

#define ORIGINS_MAX 64

struct origins {
    struct slice items[ORIGINS_MAX];
    size_t count;
    bool any; /* `*` was among them */
};

/* `https://app.example`, with a port where it is not the scheme's own; with `*.` before the host
 * for all names below it; `*` alone for every origin.  The text is kept, not copied.  INVALID
 * otherwise. */
MUST_CHECK enum status origins_add(struct origins *origins, const char *text, struct error *error);
/* Whether it is named, by `*` not. */
bool origins_name(const struct origins *origins, struct slice origin);

/* Whether routes that these roles open are for pages of other origins. */
bool roles_are_shared(unsigned roles);

/* "localhost:80", "app.example": an origin without its scheme; empty for `null`. */
struct slice origin_host(struct slice origin);
/* A name or address of this machine, its port aside: localhost, *.localhost, 127.x.y.z, [::1]. */
bool host_is_loopback(struct slice host);

/* Decides about the request's Origin, before any answer to it is written. `roles` are those that
 * open its route. */
void cors_judge(const struct origins *origins, struct request *request, unsigned roles);
/* The header lines of an answer, by what was judged. */
void cors_write(const struct request *request, struct buffer *out);

/* "GET, HEAD, POST" of a set of methods. */
#define METHODS_TEXT_SIZE 48
struct slice methods_write(unsigned methods, char text[static METHODS_TEXT_SIZE]);
/* Answers an OPTIONS request; `allowed` are the methods of its path. */
void cors_preflight(const struct origins *origins, struct request *request,
                    const struct route *table, unsigned allowed);

#endif
