/*
 * A request, an answer: client.h.  `Connection: close` makes the end of the answer that of the
 * stream, so there are neither chunks nor lengths to count; a length that was announced is checked,
 * since half an answer is none.
 */

#include "client.h"

#include "base/json.h"
#include "base/number.h"
#include "base/time.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define WAIT_SECONDS 120 /* for each part of an answer: a batch waits for its commit */
#define RETRY_SECONDS 60 /* the longest pause that a server can ask for here */
#define HEAD_SIZE_MAX 32768

static enum status url_invalid(const char *url, struct error *error)
{
    return FAIL(error, STATUS_INVALID, url, 0, "a server is http://HOST[:PORT] or unix:PATH");
}

static bool text_take(char *out, size_t room, const char *text, size_t size)
{
    if (size >= room)
        return false;
    memcpy(out, text, size);
    out[size] = '\0';
    return true;
}

/* HOST[:PORT] or [HOST][:PORT] */
static bool authority_read(struct client *client, const char *text, size_t size)
{
    const char *end = text + size, *name = text, *name_end = memchr(text, ':', size);
    if (size && *text == '[') {
        name++;
        name_end = memchr(text, ']', size);
        if (!name_end)
            return false;
    }
    if (!name_end)
        name_end = end;
    const char *port = name_end + (name > text);
    bool has_port = port < end && *port == ':';
    return text_take(client->host, sizeof client->host, text, size) &&
           text_take(client->name, sizeof client->name, name, (size_t)(name_end - name)) &&
           (has_port || port == end) &&
           text_take(client->port, sizeof client->port, has_port ? port + 1 : "80",
                     has_port ? (size_t)(end - port - 1) : 2) &&
           client->name[0] && client->port[0];
}

enum status client_read(struct client *client, const char *url, const char *key,
                        struct error *error)
{
    *client = (struct client){.url = url, .key = key};
    if (strncmp(url, "https://", 8) == 0)
        return FAIL(error, STATUS_INVALID, url, 0,
                    "there is no TLS in the command line: use http:// through a tunnel, or on the "
                    "server's own machine, or unix:PATH");
    if (strncmp(url, "unix:", 5) == 0) {
        client->is_unix = true;
        memcpy(client->host, "localhost", sizeof "localhost");
        return text_take(client->path, sizeof client->path, url + 5, strlen(url + 5)) && url[5]
                   ? STATUS_OK
                   : url_invalid(url, error);
    }
    if (strncmp(url, "http://", 7) != 0)
        return url_invalid(url, error);
    const char *authority = url + 7;
    size_t size = strcspn(authority, "/?#");
    size_t rest = strlen(authority + size);
    while (rest && authority[size + rest - 1] == '/')
        rest--;
    if (!authority_read(client, authority, size) || strpbrk(authority + size, "?#\r\n ") ||
        !text_take(client->prefix, sizeof client->prefix, authority + size, rest))
        return url_invalid(url, error);
    return STATUS_OK;
}

static enum status unreachable(const struct client *client, const char *why, struct error *error)
{
    return FAIL(error, STATUS_STORAGE, client->url, 0, "the server can't be reached: %s", why);
}

static int connect_to(const struct sockaddr *address, socklen_t size, int family)
{
    const struct timeval wait = {.tv_sec = WAIT_SECONDS};
    int line = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (line < 0)
        return -1;
    setsockopt(line, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(line, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    if (connect(line, address, size) == 0)
        return line;
    int number = errno;
    close(line);
    errno = number;
    return -1;
}

static enum status line_open(const struct client *client, int *line, struct error *error)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    *line = -1;
    if (client->is_unix) {
        memcpy(local.sun_path, client->path, sizeof local.sun_path);
        *line = connect_to((const struct sockaddr *)&local, sizeof local, AF_UNIX);
        return *line >= 0 ? STATUS_OK : unreachable(client, strerror(errno), error);
    }
    int failed = getaddrinfo(client->name, client->port, &hints, &found);
    if (failed)
        return unreachable(client, gai_strerror(failed), error);
    for (const struct addrinfo *one = found; one && *line < 0; one = one->ai_next)
        *line = connect_to(one->ai_addr, one->ai_addrlen, one->ai_family);
    int number = errno;
    freeaddrinfo(found);
    return *line >= 0 ? STATUS_OK : unreachable(client, strerror(number), error);
}

static bool send_all(int line, struct slice bytes)
{
    for (size_t at = 0; at < bytes.size;) {
        ssize_t sent = send(line, bytes.data + at, bytes.size - at, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        at += (size_t)sent;
    }
    return true;
}

static bool receive_all(int line, struct buffer *out)
{
    char bytes[16384];
    for (;;) {
        ssize_t size = recv(line, bytes, sizeof bytes, 0);
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return size == 0 && !out->failed;
        buffer_add(out, (struct slice){.data = bytes, .size = (size_t)size});
    }
}

/* The value of a header line; empty: it is not there. */
static struct slice header_find(struct slice head, const char *name)
{
    size_t size = strlen(name);
    for (size_t at = 0; at + size + 1 < head.size; at++) {
        const char *line = head.data + at;
        if (at < 2 || line[-1] != '\n' || strncasecmp(line, name, size) != 0 || line[size] != ':')
            continue;
        const char *value = line + size + 1, *end = memchr(value, '\r', head.size - at - size - 1);
        while (end && value < end && *value == ' ')
            value++;
        return end ? (struct slice){.data = value, .size = (size_t)(end - value)}
                   : (struct slice){0};
    }
    return (struct slice){0};
}

/* "HTTP/1.1 200 ..." and what belongs to it; false: no answer, or half of one. */
static bool answer_read(struct arena *arena, struct slice text, struct client_answer *answer)
{
    size_t head_size = text.size < HEAD_SIZE_MAX ? text.size : HEAD_SIZE_MAX;
    const char *end = text.size ? memmem(text.data, head_size, "\r\n\r\n", 4) : NULL;
    uint64_t status, length, seconds;
    if (!end || text.size < 12 || memcmp(text.data, "HTTP/1.", 7) != 0 ||
        !unsigned_parse((struct slice){.data = text.data + 9, .size = 3}, &status))
        return false;
    struct slice head = {.data = text.data, .size = (size_t)(end - text.data) + 2};
    struct slice body = slice_from(text, head.size + 2);
    if (unsigned_parse(header_find(head, "Content-Length"), &length) && length != body.size)
        return false;
    *answer = (struct client_answer){.status = (int)status, .body = arena_copy(arena, body)};
    if (unsigned_parse(header_find(head, "Retry-After"), &seconds))
        answer->retry_seconds = seconds < RETRY_SECONDS ? (int)seconds : RETRY_SECONDS;
    return !arena->failed;
}

static void request_write(const struct client *client, const char *method, struct slice target,
                          struct slice body, struct buffer *out)
{
    buffer_format(out, "%s %s%.*s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", method,
                  client->prefix, SLICE_ARGS(target), client->host);
    if (client->key)
        buffer_format(out, "Authorization: Bearer %s\r\n", client->key);
    if (body.size)
        buffer_add(out, SLICE("Content-Type: application/json\r\n"));
    buffer_format(out, "Content-Length: %zu\r\n\r\n", body.size);
    buffer_add(out, body);
}

static enum status ask_once(const struct client *client, struct arena *arena, struct slice message,
                            struct client_answer *answer, struct error *error)
{
    struct buffer bytes = {0};
    int line;
    enum status status = line_open(client, &line, error);
    if (status)
        return status;
    bool is_sent = send_all(line, message);
    bool is_whole = receive_all(line, &bytes); /* a refusal may come before all was sent */
    bool is_answer = answer_read(arena, buffer_slice(&bytes), answer);
    if (!is_answer && is_sent && is_whole)
        status = FAIL(error, STATUS_STORAGE, client->url, 0, "this is no answer of a server");
    else if (!is_answer)
        status = unreachable(client, "the connection broke", error);
    buffer_done(&bytes);
    close(line);
    return status;
}

enum status client_ask(const struct client *client, struct arena *arena, const char *method,
                       struct slice target, struct slice body, struct client_answer *answer,
                       struct error *error)
{
    struct buffer message = {0};
    if (client->key && strpbrk(client->key, "\r\n"))
        return FAIL(error, STATUS_INVALID, "--key", 0, "a key is one line");
    request_write(client, method, target, body, &message);
    enum status status = buffer_status(&message, error);
    for (int i = 1; !status; i++) {
        status = ask_once(client, arena, buffer_slice(&message), answer, error);
        if (status || (answer->status != 429 && answer->status != 503) || i == CLIENT_ATTEMPTS)
            break;
        sleep(answer->retry_seconds ? (unsigned)answer->retry_seconds : 1);
    }
    buffer_done(&message);
    return status;
}

enum status client_refused(const struct client *client, struct arena *arena,
                           const struct client_answer *answer, struct error *error)
{
    struct value problem = value_null();
    if (json_read(arena, answer->body, 0, &problem, NULL))
        problem = value_null();
    struct slice detail = value_member_text(&problem, "detail");
    if (!detail.size)
        detail = value_member_text(&problem, "title");
    enum status status = answer->status == 404   ? STATUS_NOT_FOUND
                         : answer->status == 503 ? STATUS_BUSY
                         : answer->status >= 500 ? STATUS_STORAGE
                                                 : STATUS_INVALID;
    return FAIL(error, status, client->url, 0, "the server says %d: %.*s", answer->status,
                SLICE_ARGS(detail));
}

void client_add_part(struct buffer *target, struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                     (byte >= 'a' && byte <= 'z') || (byte && strchr("-._~", byte));
        if (plain)
            buffer_add_byte(target, text.data[i]);
        else
            buffer_format(target, "%%%02X", byte);
    }
}
