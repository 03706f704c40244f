#ifndef HTTP_ADDRESS_H
#define HTTP_ADDRESS_H

/* Addresses to listen on: `127.0.0.1:8400`, `[::1]:0`, `localhost:80`, `unix:PATH`. */

#include "base/slice.h"
#include "base/status.h"

#include <sys/socket.h>

#define ADDRESS_TEXT_SIZE 160

struct address {
    struct sockaddr_storage storage;
    socklen_t size;
    char text[ADDRESS_TEXT_SIZE]; /* as printed */
};

MUST_CHECK enum status address_parse(const char *text, struct address *address,
                                     struct error *error);
/* Loopback, or a unix socket. */
bool address_is_local(const struct address *address);
/* Where a socket is bound, with the port that was picked. */
MUST_CHECK enum status address_of_socket(int fd, struct address *address, struct error *error);
/* Who is at the other end; "unix" for a unix socket, "unknown" when it is gone. */
void address_of_peer(int fd, struct address *address);
/* A unix socket's file: removed when nobody listens there any more; removed. */
void address_unlink_dead(const struct address *address);
void address_unlink(const struct address *address);

#endif
