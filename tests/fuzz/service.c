/* Implementation of service.h. */

#include "service.h"

#include "fuzz.h"

#include "base/json.h"
#include "base/limits.h"
#include "http/service.h"

#include <gsl/gsl_errno.h>

#include <errno.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PATH_SIZE 200
#define WAIT_SECONDS 10

static char folder[PATH_SIZE];
static struct sockaddr_un place = {.sun_family = AF_UNIX};
static pthread_t thread;
static pid_t owner;

static const char metrics_file[] = "metrics:\n"
                                   "  activated:\n"
                                   "    stage: activation\n"
                                   "    kind: conversion\n"
                                   "    event: Contact Created\n"
                                   "    within: 7d\n"
                                   "  deal_value:\n"
                                   "    stage: monetisation\n"
                                   "    kind: sum\n"
                                   "    event: Deal Won\n"
                                   "    property: amount\n"
                                   "    within: 7d\n"
                                   "    cap: 1000\n";
static const char segments_file[] = "segments:\n"
                                    "  role:\n"
                                    "    trait: role\n"
                                    "    values: [sales_rep, manager]\n";
static const char experiment_file[] = "experiment: one\n"
                                      "name: one\n"
                                      "owner: tests\n"
                                      "hypothesis: It is shorter, so more users go on.\n"
                                      "status: running\n"
                                      "unit: user\n"
                                      "start: 2020-01-01\n"
                                      "exposure: on_assign\n"
                                      "audience: {not: {role: robot}}\n"
                                      "variants:\n"
                                      "  old: {control: true, weight: 50%}\n"
                                      "  new: {weight: 50%}\n"
                                      "metrics:\n"
                                      "  goal: activated\n"
                                      "  why: Who has created a contact uses it.\n"
                                      "  secondary: [deal_value]\n"
                                      "segments: [role]\n"
                                      "analysis: {peeking: always}\n";

static int path_remove(const char *path, const struct stat *found, int kind, struct FTW *walk)
{
    (void)found;
    (void)kind;
    (void)walk;
    return remove(path);
}

/* libFuzzer's workers and forks are not the owner. */
static void folder_remove(void)
{
    if (getpid() == owner)
        nftw(folder, path_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static void file_make(const char *name, const char *text)
{
    char path[2 * PATH_SIZE];
    snprintf(path, sizeof path, "%s/experiments/%s", folder, name);
    FILE *file = fopen(path, "w");
    CHECK(file && fputs(text, file) >= 0);
    CHECK(fclose(file) == 0);
}

static void folder_begin(void)
{
    const char *parent = getenv("TMPDIR");
    char path[2 * PATH_SIZE];
    snprintf(folder, sizeof folder, "%s/gangway-fuzz-XXXXXX", parent ? parent : "/tmp");
    CHECK(mkdtemp(folder));
    owner = getpid();
    CHECK(atexit(folder_remove) == 0);
    snprintf(path, sizeof path, "%s/experiments", folder);
    CHECK(mkdir(path, 0700) == 0);
    file_make("metrics.yaml", metrics_file);
    file_make("segments.yaml", segments_file);
    file_make("one.yaml", experiment_file);
}

static void *service_thread(void *ready)
{
    char store[2 * PATH_SIZE], experiments[2 * PATH_SIZE], listener[2 * PATH_SIZE];
    char keys[2 * PATH_SIZE];
    const char *listen[] = {listener};
    struct error error = {0};
    snprintf(store, sizeof store, "%s/store", folder);
    snprintf(experiments, sizeof experiments, "%s/experiments", folder);
    snprintf(keys, sizeof keys, "%s/keys", folder);
    snprintf(listener, sizeof listener, "unix:%s", place.sun_path);
    const struct service_options options = {.listen = listen,
                                            .listen_count = 1,
                                            .store = store,
                                            .experiments = experiments,
                                            .keys = keys, /* none: everybody may all */
                                            .growthbook = true,
                                            .workers = 1,
                                            .ready_fd = *(int *)ready,
                                            .map_size = (size_t)16 << 30,
                                            .journal_file_bytes = 64 * 1024 * 1024,
                                            .drain_timeout_ms = 5000,
                                            .private_names = "email",
                                            .version = "fuzz"};
    enum status status = service_run(&options, &error);
    fprintf(stderr, "the service ended: %s: %s\n", status_text(status), error.text);
    abort();
}

void service_begin(void)
{
    int ready[2];
    char line[PATH_SIZE];
    gsl_set_error_handler_off();
    folder_begin();
    size_t size = strlen(folder);
    CHECK(size + sizeof "/socket" <= sizeof place.sun_path);
    memcpy(place.sun_path, folder, size);
    memcpy(place.sun_path + size, "/socket", sizeof "/socket");
    CHECK(pipe(ready) == 0);
    CHECK(pthread_create(&thread, NULL, service_thread, &ready[1]) == 0);
    CHECK(read(ready[0], line, sizeof line) > 0);
}

static void hear_all(int fd, struct buffer *answer)
{
    ssize_t got = 1;
    while (got > 0) {
        char *room = buffer_room(answer, 65536);
        CHECK(room);
        do /* libFuzzer's alarm rings now and then */
            got = recv(fd, room, 65536, 0);
        while (got < 0 && errno == EINTR);
        if (got > 0)
            buffer_grow(answer, (size_t)got);
    }
    CHECK(got == 0 || errno == ECONNRESET);
}

void service_ask(struct slice request, struct buffer *answer)
{
    const struct timeval wait = {.tv_sec = WAIT_SECONDS};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    CHECK(connect(fd, (const struct sockaddr *)&place, sizeof place) == 0);
    /* The service may answer and stop reading before the end. */
    if (request.size)
        (void)!send(fd, request.data, request.size, MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    hear_all(fd, answer);
    close(fd);
}

static struct slice head_value(struct slice head, const char *name)
{
    while (head.size) {
        struct slice line = line_cut(&head);
        if (!slice_starts_with(line, slice_of(name)))
            continue;
        line = slice_from(line, strlen(name) + 2);
        line.size -= line.size > 0; /* its CR */
        return line;
    }
    return (struct slice){0};
}

struct parted answer_cut(struct slice *answers)
{
    struct parted answer = {0};
    CHECK(slice_starts_with(*answers, SLICE("HTTP/1.1 ")));
    const char *end = memmem(answers->data, answers->size, "\r\n\r\n", 4);
    CHECK(end);
    answer.head = (struct slice){.data = answers->data, .size = (size_t)(end - answers->data) + 4};
    answer.status = (int)strtol(answers->data + 9, NULL, 10);
    *answers = slice_from(*answers, answer.head.size);
    struct slice length = head_value(answer.head, "Content-Length");
    /* HEAD has a length without a body, and what follows is the next answer or nothing. */
    bool has_body = answers->size && !slice_starts_with(*answers, SLICE("HTTP/1.1 "));
    if (!has_body)
        return answer;
    answer.body = *answers;
    if (slice_equals(head_value(answer.head, "Content-Type"), "text/event-stream")) {
        *answers = (struct slice){0}; /* a stream ends with the connection */
        return answer;
    }
    CHECK(length.size);
    answer.body.size = (size_t)strtoull(length.data, NULL, 10);
    CHECK(answer.body.size <= answers->size);
    *answers = slice_from(*answers, answer.body.size);
    return answer;
}

void answer_check(const struct parted *answer)
{
    struct slice type = head_value(answer->head, "Content-Type");
    bool is_json =
        slice_starts_with(type, SLICE("application/")) && slice_ends_with(type, SLICE("json"));
    CHECK(answer->status >= 100 && answer->status <= 505);
    CHECK(answer->status != 500);
    if (answer->status != 100)
        CHECK(head_value(answer->head, "X-Request-Id").size);
    if (is_json && answer->body.size) {
        struct arena arena = {0};
        struct value value;
        CHECK(!json_read(&arena, answer->body, 2 * FILE_DEPTH_MAX, &value, NULL));
        arena_done(&arena);
    }
}
