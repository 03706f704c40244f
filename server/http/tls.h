#ifndef HTTP_TLS_H
#define HTTP_TLS_H

/*
 * TLS of the listeners that are not unix sockets: TLS 1.2 and 1.3 by OpenSSL through libevent's
 * bufferevent.  A certificate is read at start and again on SIGHUP; connections that are open keep
 * theirs.  No clients' certificates are asked for.
 *
 * A stream's callbacks come from the loop, never out of a call that writes or enables, so that a
 * connection can't be closed under the feet of who uses it; and they begin with BEV_EVENT_CONNECTED
 * when the handshake is done.
 */

#include "base/status.h"

#include <stdbool.h>

struct bufferevent;
struct event_base;
struct tls;

/* Reads a chain of certificates and its private key, both PEM.  INVALID when only one is given;
 * STORAGE with OpenSSL's reason when one can't be read, or they do not belong together.  The names
 * are kept, not copied. */
MUST_CHECK enum status tls_new(const char *certificate, const char *key, struct tls **tls,
                               struct error *error);
void tls_free(struct tls *tls); /* NULL is fine */
/* Reads both again; the old ones stay when that fails.  Any thread. */
MUST_CHECK enum status tls_reload(struct tls *tls, struct error *error);

/* A stream that owns `fd` and waits for the client's handshake; NULL: no memory, and `fd` is still
 * the caller's.  Any thread, with a base of its own. */
struct bufferevent *tls_stream(struct tls *tls, struct event_base *base, int fd);
/* Tells the peer that nothing more comes (close_notify), as far as the socket takes it; once. */
void tls_say_goodbye(struct bufferevent *stream);

#endif
