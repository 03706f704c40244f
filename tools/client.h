#ifndef TOOLS_CLIENT_H
#define TOOLS_CLIENT_H

/*
 * A small client of a running server, for commands with --url: one request a connection, blocking,
 * over http:// or a socket's path (unix:PATH).  There is no TLS here: for a server elsewhere there
 * is a proxy or a tunnel, and https:// is refused with words that say so.
 */

#include "base/arena.h"
#include "base/buffer.h"

#include <sys/un.h>

struct client {
    const char *url;
    const char *key; /* NULL: none */
    bool is_unix;
    char host[256]; /* as in the URL; of a socket "localhost" */
    char name[256]; /* the host's, without brackets */
    char port[8];
    char prefix[256]; /* path before that of the routes */
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

/* INVALID: it is no URL that this client can use. */
MUST_CHECK enum status client_read(struct client *client, const char *url, const char *key,
                                   struct error *error);

struct client_answer {
    int status;
    int retry_seconds; /* of Retry-After, 0: none */
    struct slice body; /* in the arena */
};
/* STORAGE: the server can't be reached, or what it says is no answer.  429 and 503 are waited for
 * and asked again, CLIENT_ATTEMPTS times at most; then they are the answer. */
#define CLIENT_ATTEMPTS 20
MUST_CHECK enum status client_ask(const struct client *client, struct arena *arena,
                                  const char *method, struct slice target, struct slice body,
                                  struct client_answer *answer, struct error *error);
/* Fails by what a problem document says, with the status of the answer. */
MUST_CHECK enum status client_refused(const struct client *client, struct arena *arena,
                                      const struct client_answer *answer, struct error *error);

/* A path's part, with all but letters, digits and -._~ as %XX. */
void client_add_part(struct buffer *target, struct slice text);

#endif
