#ifndef HTTP_ACCEPTOR_H
#define HTTP_ACCEPTOR_H

/*
 * The listening sockets, and handing what they accept to the workers, round robin.  One acceptor
 * and not one socket a worker: with SO_REUSEPORT a second server could bind the same port unnoticed
 * and closing a socket would reset the connections in its queue (reference/probes/two.c).
 *
 * The main thread's.
 */

#include "base/status.h"

struct acceptor;
struct event_base;
struct service;

/* Binds and listens: "127.0.0.1:8400", "[::1]:0", "localhost:80", "unix:PATH".  INVALID for a text
 * that is none of these, or an address off loopback; CONFLICT for one in use. */
MUST_CHECK enum status acceptor_new(struct service *service, struct acceptor **acceptor,
                                    struct error *error);
/* Says where it listens on standard output and `ready_fd` (-1: none), and begins to accept. */
MUST_CHECK enum status acceptor_start(struct acceptor *acceptor, struct event_base *base,
                                      int ready_fd, struct error *error);
/* Accepts what waits in the queues and closes the sockets. */
void acceptor_drain(struct acceptor *acceptor);
void acceptor_free(struct acceptor *acceptor); /* NULL is fine */

#endif
