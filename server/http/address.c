/* Implementation of address.h.  No name service is asked: it could block, and answer differently.
 */

#include "address.h"

#include "base/number.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/un.h>
#include <unistd.h>

static enum status parse_unix(const char *path, struct address *address, struct error *error)
{
    struct sockaddr_un *local = (struct sockaddr_un *)&address->storage;
    struct slice text = slice_of(path);
    if (!text.size || text.size >= sizeof local->sun_path)
        return FAIL(error, STATUS_INVALID, path, 0, "a path of a unix socket has 1 to %zu bytes",
                    sizeof local->sun_path - 1);
    local->sun_family = AF_UNIX;
    memcpy(local->sun_path, text.data, text.size + 1);
    address->size = sizeof *local;
    return STATUS_OK;
}

/* `host` is without brackets. */
static bool parse_host(const char *host, bool is_six, in_port_t port, struct address *address)
{
    struct sockaddr_in *four = (struct sockaddr_in *)&address->storage;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address->storage;
    if (is_six) {
        six->sin6_family = AF_INET6;
        six->sin6_port = port;
        address->size = sizeof *six;
        return inet_pton(AF_INET6, host, &six->sin6_addr) == 1;
    }
    four->sin_family = AF_INET;
    four->sin_port = port;
    address->size = sizeof *four;
    return inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host,
                     &four->sin_addr) == 1;
}

enum status address_parse(const char *text, struct address *address, struct error *error)
{
    struct address made = {0};
    char host[INET6_ADDRSTRLEN + 8] = "";
    const char *colon = strrchr(text, ':');
    uint64_t port = 0;
    if (strncmp(text, "unix:", 5) == 0) {
        enum status status = parse_unix(text + 5, &made, error);
        if (!status)
            *address = made;
        return status;
    }
    bool is_right = colon && unsigned_parse(slice_of(colon + 1), &port) && port <= 65535 &&
                    (size_t)(colon - text) < sizeof host;
    if (is_right) {
        size_t size = (size_t)(colon - text);
        bool is_six = size > 2 && text[0] == '[' && text[size - 1] == ']';
        memcpy(host, text + is_six, size - 2 * (size_t)is_six);
        is_right = parse_host(host, is_six, htons((in_port_t)port), &made);
    }
    if (!is_right)
        return FAIL(error, STATUS_INVALID, text, 0,
                    "an address is HOST:PORT with numbers, [HOST]:PORT, or unix:PATH");
    *address = made;
    return STATUS_OK;
}

bool address_is_local(const struct address *address)
{
    const struct sockaddr_in *four = (const struct sockaddr_in *)&address->storage;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&address->storage;
    switch (address->storage.ss_family) {
    case AF_UNIX: return true;
    case AF_INET: return ntohl(four->sin_addr.s_addr) >> 24 == 127;
    case AF_INET6: return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
    default: return false;
    }
}

/* The text of an address of IPv4 or IPv6. */
static void address_print(struct address *address)
{
    const struct sockaddr_in *four = (const struct sockaddr_in *)&address->storage;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&address->storage;
    char host[INET6_ADDRSTRLEN] = "";
    if (address->storage.ss_family == AF_INET) {
        inet_ntop(AF_INET, &four->sin_addr, host, sizeof host);
        snprintf(address->text, sizeof address->text, "%s:%u", host, ntohs(four->sin_port));
    } else {
        inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof host);
        snprintf(address->text, sizeof address->text, "[%s]:%u", host, ntohs(six->sin6_port));
    }
}

enum status address_of_socket(int fd, struct address *address, struct error *error)
{
    const struct sockaddr_un *local = (const struct sockaddr_un *)&address->storage;
    if (address->storage.ss_family == AF_UNIX) {
        snprintf(address->text, sizeof address->text, "unix:%s", local->sun_path);
        return STATUS_OK;
    }
    address->size = sizeof address->storage;
    if (getsockname(fd, (struct sockaddr *)&address->storage, &address->size))
        return FAIL(error, STATUS_STORAGE, "", 0, "getsockname: %s", strerror(errno));
    address_print(address);
    return STATUS_OK;
}

void address_of_peer(int fd, struct address *address)
{
    *address = (struct address){.size = sizeof address->storage};
    if (getpeername(fd, (struct sockaddr *)&address->storage, &address->size))
        snprintf(address->text, sizeof address->text, "unknown");
    else if (address->storage.ss_family == AF_UNIX)
        snprintf(address->text, sizeof address->text, "unix");
    else
        address_print(address);
}

void address_unlink_dead(const struct address *address)
{
    if (address->storage.ss_family != AF_UNIX)
        return;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (connect(fd, (const struct sockaddr *)&address->storage, address->size) &&
        errno == ECONNREFUSED)
        address_unlink(address);
    close(fd);
}

void address_unlink(const struct address *address)
{
    const struct sockaddr_un *local = (const struct sockaddr_un *)&address->storage;
    if (address->storage.ss_family == AF_UNIX)
        unlink(local->sun_path);
}
