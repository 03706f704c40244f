/* Implementation of acceptor.h. */

#include "acceptor.h"

#include "address.h"
#include "gate.h"
#include "keyring.h"
#include "service_state.h"

#include <event2/event.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 4096
#define SCRAPS_MAX 128 /* pieces read of one that is turned away: a whole body, and no more */
#define TURN_MAX 64    /* accepted before other events get their turn */

struct listener {
    struct acceptor *acceptor;
    int fd;
    struct event *event;
    struct address address;
};

struct acceptor {
    struct service *service;
    struct listener *listeners;
    size_t count;
    size_t next_worker;
    int spare_fd; /* given up when descriptors run out, to accept and refuse with it */
    bool is_limit_logged;
};

#define REFUSAL_BODY                                                                               \
    "{\"type\":\"/problems/connections\",\"title\":\"Too many connections\",\"status\":503,"       \
    "\"detail\":\"try again soon\",\"code\":\"connections\"}"
#define REFUSAL_HEAD                                                                               \
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n"               \
    "Content-Length: %zu\r\nRetry-After: 1\r\nConnection: close\r\n\r\n%s"

/* Whether what is accepted there begins with a handshake. */
static bool is_sealed(const struct acceptor *acceptor, int fd)
{
    int family = AF_UNIX;
    socklen_t size = sizeof family;
    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
    return acceptor->service->gate->tls && family != AF_UNIX;
}

/* Over the limit: an answer, as far as the socket takes it at once, and away; with TLS,
 * where an answer would cost a handshake, just away. */
static void connection_turn_away(struct acceptor *acceptor, int fd)
{
    char text[512];
    char scrap[4096];
    int size = snprintf(text, sizeof text, REFUSAL_HEAD, sizeof REFUSAL_BODY - 1, REFUSAL_BODY);
    if (!acceptor->is_limit_logged)
        log_warn("acceptor", "too many connections",
                 LOG_INT("limit", acceptor->service->limits.connections_max), );
    acceptor->is_limit_logged = true;
    ssize_t sent = 0;
    if (!is_sealed(acceptor, fd))
        sent = send(fd, text, (size_t)size, MSG_NOSIGNAL | MSG_DONTWAIT);
    shutdown(fd, SHUT_WR);
    /* What is unread at close would reset the connection, and the answer with it. */
    for (unsigned i = 0; sent > 0 && i < SCRAPS_MAX; i++)
        if (recv(fd, scrap, sizeof scrap, MSG_DONTWAIT) <= 0)
            break;
    close(fd);
}

static void connection_hand_over(struct acceptor *acceptor, int fd)
{
    struct service *service = acceptor->service;
    const int on = 1;
    size_t count = atomic_fetch_add(&service->connections, 1);
    if (count >= service->limits.connections_max) {
        atomic_fetch_sub(&service->connections, 1);
        connection_turn_away(acceptor, fd);
        return;
    }
    acceptor->is_limit_logged = false;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* of no meaning to unix sockets */
    struct worker *worker = service->workers[acceptor->next_worker++ % service->worker_count];
    if (worker_add(worker, fd))
        return;
    atomic_fetch_sub(&service->connections, 1);
    close(fd);
}

/* No descriptor is left: the spare one makes room to accept and refuse, so that the queue does not
 * fill up and the loop does not spin. */
static void accept_with_spare(struct acceptor *acceptor, int listener)
{
    if (acceptor->spare_fd < 0)
        return;
    close(acceptor->spare_fd);
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
        connection_turn_away(acceptor, fd);
    acceptor->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Accepts one; false when none waits. */
static bool accept_one(struct acceptor *acceptor, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        connection_hand_over(acceptor, fd);
        return true;
    }
    if (errno == EMFILE || errno == ENFILE) {
        accept_with_spare(acceptor, listener);
        return false;
    }
    return errno == ECONNABORTED || errno == EINTR;
}

static void listener_has_some(evutil_socket_t fd, short what, void *context)
{
    struct listener *listener = context;
    (void)what;
    for (unsigned i = 0; i < TURN_MAX && accept_one(listener->acceptor, fd); i++)
        continue;
}

static enum status listener_open(struct listener *listener, const char *text, struct error *error)
{
    const int on = 1;
    struct address *address = &listener->address;
    enum status status = address_parse(text, address, error);
    if (status)
        return status;
    const struct service *service = listener->acceptor->service;
    if (!address_is_local(address) && !keyring_has_keys(service->keyring))
        return FAIL(error, STATUS_INVALID, text, 0,
                    "without keys only loopback is listened on; `gangway key add --role client "
                    "--name web --store %s` makes one",
                    service->options->store);
    listener->fd =
        socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->fd < 0)
        return FAIL(error, STATUS_STORAGE, text, 0, "no socket: %s", strerror(errno));
    setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->storage.ss_family == AF_INET6)
        setsockopt(listener->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    address_unlink_dead(address);
    if (bind(listener->fd, (struct sockaddr *)&address->storage, address->size) ||
        listen(listener->fd, BACKLOG))
        return FAIL(error, STATUS_CONFLICT, text, 0, "can't listen: %s", strerror(errno));
    return address_of_socket(listener->fd, address, error);
}

enum status acceptor_new(struct service *service, struct acceptor **acceptor, struct error *error)
{
    size_t count = service->options->listen_count;
    struct acceptor *made = calloc(1, sizeof *made);
    if (made)
        made->listeners = calloc(count, sizeof *made->listeners);
    if (!made || !made->listeners) {
        free(made);
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory for the listeners");
    }
    made->service = service;
    made->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (size_t i = 0; i < count; i++) {
        struct listener *listener = &made->listeners[made->count++];
        *listener = (struct listener){.acceptor = made, .fd = -1};
        enum status status = listener_open(listener, service->options->listen[i], error);
        if (status) {
            acceptor_free(made);
            return status;
        }
    }
    *acceptor = made;
    return STATUS_OK;
}

enum status acceptor_start(struct acceptor *acceptor, struct event_base *base, int ready_fd,
                           struct error *error)
{
    const struct service_options *options = acceptor->service->options;
    for (size_t i = 0; i < acceptor->count; i++) {
        struct listener *listener = &acceptor->listeners[i];
        listener->event =
            event_new(base, listener->fd, EV_READ | EV_PERSIST, listener_has_some, listener);
        if (!listener->event || event_add(listener->event, NULL))
            return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory for the listeners");
    }
    for (size_t i = 0; i < acceptor->count; i++) {
        const char *text = acceptor->listeners[i].address.text;
        printf("listening on %s\n", text);
        if (ready_fd >= 0)
            dprintf(ready_fd, "listening on %s\n", text);
        log_info("serve", "listening", LOG_TEXT("address", text), );
        if (options->listening)
            options->listening(options->context, text);
    }
    fflush(stdout);
    return STATUS_OK;
}

static void listener_close(struct listener *listener)
{
    if (listener->event)
        event_free(listener->event);
    listener->event = NULL;
    if (listener->fd >= 0) {
        close(listener->fd);
        address_unlink(&listener->address);
    }
    listener->fd = -1;
}

void acceptor_drain(struct acceptor *acceptor)
{
    for (size_t i = 0; i < acceptor->count; i++) {
        while (accept_one(acceptor, acceptor->listeners[i].fd))
            continue;
        listener_close(&acceptor->listeners[i]);
    }
}

void acceptor_free(struct acceptor *acceptor)
{
    if (!acceptor)
        return;
    for (size_t i = 0; i < acceptor->count; i++)
        listener_close(&acceptor->listeners[i]);
    if (acceptor->spare_fd >= 0)
        close(acceptor->spare_fd);
    free(acceptor->listeners);
    free(acceptor);
}
