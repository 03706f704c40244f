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

/*
 * Streams: an answer that a handler left with HANDLED_STREAM.  What is in the request is its first
 * piece; more go out as chunks, or plainly to HTTP/1.0.  The connection serves no other request
 * after it, and what its client still sends is thrown away.  In silence a comment of server-sent
 * events keeps proxies awake; who takes nothing for `write_ms` is closed, so what waits to be
 * written stays small.  Draining ends all streams at once.
 */
bool connection_streams(const struct connection *connection);
/* False: the connection is gone. */
bool connection_stream(struct connection *connection, struct slice piece);
void connection_stream_end(struct connection *connection); /* and of the connection */

#endif
