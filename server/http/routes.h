#ifndef HTTP_ROUTES_H
#define HTTP_ROUTES_H

/*
 * What can be asked: one row a route, in one table (routes.c), the first match wins.  A path
 * pattern is made of whole segments, `{name}` stands for any one segment and gives the handler a
 * decoded parameter; `{name...}`, at the end, for all the rest, slashes too.  One slash at the end
 * of a path is tolerated (analytics SDKs send one).
 *
 * Adding a route: a handler in handlers_<family>.c, its line in handlers.h, a row in routes.c.
 */

#include "request.h"

/* How a handler leaves: with the answer ready, or to be finished by request_finish later, or with
 * the first piece of an answer that goes on until either side ends it (connection.h, Streams). */
enum handled { HANDLED, HANDLED_LATER, HANDLED_STREAM };
typedef enum handled handle_fn(struct request *request);

struct route {
    enum method method;  /* GET stands for HEAD too */
    const char *pattern; /* NULL ends a table */
    handle_fn *handle;
    unsigned roles;  /* any of these; ROLE_NONE: no key at all */
    size_t body_max; /* bytes, before and after inflating; 0: no body is taken */
    bool body_is_optional;
    bool is_unlimited; /* not counted by the rate limit: what a supervisor asks */
    bool key_in_body;  /* the key may be `writeKey`, `api_key` or `token` of a JSON body */
    bool key_in_path;  /* its first {parameter} may be the key */
    bool takes_token;  /* `token` of the query may stand for a key (token.h) */
    bool open_nearby;  /* no key is asked for over loopback, nor with --public-metrics */
    enum error_form form;
    int argument;     /* for the handler: an enum intake_route */
    const char *help; /* one line, for people */
};

#define ROUTES_MAX 64
extern const struct route routes[];

/* Sets request->route and its parameters.  NO_ROUTE, METHOD (then *allowed are the methods there
 * are, a set), BAD_PARAMETER (a segment that can't be decoded). */
enum problem route_find(const struct route *table, struct request *request, unsigned *allowed);

#endif
