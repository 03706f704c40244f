#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

/*
 * One client's connection: bytes in, one request at a time, bytes out.  Reading goes on only while
 * there is no request to answer, so answers keep their order and a pipeline costs no memory.
 *
 * A connection lives until the peer or a time-out ends it; a request that waits (for the commit of
 * its events, for a report) outlives it: its `connection` is then NULL.
 */

#include "worker.h"

void connection_open(struct worker *worker, int fd); /* takes the socket */
void connection_close(struct connection *connection);
/* All time-outs: called a few times a second for every connection. */
void connection_sweep(struct connection *connection, int64_t now_us);
struct connection *connection_next(const struct connection *connection);
/* For the log: the peer's address. */
struct address;
void connection_peer(const struct connection *connection, struct address *address);
/* The answer of a waiting request is ready. */
void connection_answer(struct connection *connection);

#endif
