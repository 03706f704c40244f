/*
 * `gangway import --url`: lines to a running server, in batches of one body each.  A batch is
 * answered after its commit, and where the server is busy asked again, so what was answered is
 * kept; after a failure the same files are sent again, and what is there counts once.
 *
 * A line that is no JSON is named here, since it would break the body; all else is the server's to
 * judge, and its answer names the message by its place in the batch.
 */

#include "import_url.h"

#include "client.h"
#include "command.h"
#include "meter.h"

#include "base/json.h"
#include "base/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define BATCH_LINES 1000

struct sending {
    struct client client;
    struct buffer body;
    uint64_t lines[BATCH_LINES]; /* in the file, of the messages of the batch */
    size_t count;
    struct arena arena; /* of one line, or one answer */
    const char *path;
    uint64_t line;
    uint64_t accepted, duplicates, rejected;
    uint64_t bytes; /* read, of all files */
    uint64_t total; /* of all files; 0: one of them is a pipe */
};

static void line_reject(struct sending *sending, uint64_t line, struct slice text)
{
    sending->rejected++;
    meter_pause();
    fprintf(stderr, "%s:%" PRIu64 ": %.*s\n", sending->path, line, SLICE_ARGS(text));
}

static int64_t member_count(const struct value *object, const char *name)
{
    const struct value *value = value_member(object, slice_of(name));
    return value && value->kind == VALUE_INTEGER ? value->integer : 0;
}

static void answer_take(struct sending *sending, const struct value *answer)
{
    const struct value *rejected = value_member(answer, SLICE("rejected"));
    sending->accepted += (uint64_t)member_count(answer, "accepted");
    sending->duplicates += (uint64_t)member_count(answer, "duplicates");
    for (size_t i = 0; rejected && rejected->kind == VALUE_LIST && i < rejected->count; i++) {
        int64_t index = member_count(&rejected->items[i], "index");
        bool known = index >= 0 && (uint64_t)index < sending->count;
        line_reject(sending, known ? sending->lines[index] : sending->line,
                    value_member_text(&rejected->items[i], "error"));
    }
}

static enum status batch_send(struct sending *sending, struct error *error)
{
    struct client_answer answer;
    struct value said = value_null();
    if (!sending->count)
        return STATUS_OK;
    buffer_add(&sending->body, SLICE("]}"));
    arena_reset(&sending->arena);
    enum status status = buffer_status(&sending->body, error);
    if (!status)
        status = client_ask(&sending->client, &sending->arena, "POST", SLICE("/v1/batch"),
                            buffer_slice(&sending->body), &answer, error);
    if (!status && answer.status != 200)
        status = client_refused(&sending->client, &sending->arena, &answer, error);
    if (!status)
        status = json_read(&sending->arena, answer.body, 0, &said, error);
    if (!status)
        answer_take(sending, &said);
    sending->count = 0;
    buffer_clear(&sending->body);
    meter_set(NULL, sending->bytes, sending->total);
    return status;
}

static bool line_is_json(struct sending *sending, struct slice line)
{
    struct value value;
    struct error found = {0};
    arena_reset(&sending->arena);
    if (line.size > EVENT_SIZE_MAX)
        line_reject(sending, sending->line, SLICE("the message is too large"));
    else if (json_read(&sending->arena, line, 0, &value, &found))
        line_reject(sending, sending->line, slice_of(found.text));
    else
        return true;
    return false;
}

static enum status line_add(struct sending *sending, struct slice line, struct error *error)
{
    enum status status = STATUS_OK;
    if (!line_is_json(sending, line))
        return STATUS_OK;
    if (sending->count == BATCH_LINES || sending->body.size + line.size + 3 > BODY_SIZE_MAX)
        status = batch_send(sending, error);
    buffer_add(&sending->body, sending->count ? SLICE(",") : SLICE("{\"batch\":["));
    buffer_add(&sending->body, line);
    sending->lines[sending->count++] = sending->line;
    return status;
}

static enum status stream_send(struct sending *sending, FILE *in, struct error *error)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    enum status status = STATUS_OK;
    sending->line = 0;
    while (!status && (size = getline(&line, &capacity, in)) >= 0) {
        struct slice text = {.data = line, .size = (size_t)size};
        while (text.size && (text.data[text.size - 1] == '\n' || text.data[text.size - 1] == '\r'))
            text.size--;
        sending->line++;
        sending->bytes += (uint64_t)size;
        if (text.size)
            status = line_add(sending, text, error);
    }
    if (!status)
        status = batch_send(sending, error);
    if (!status && ferror(in))
        status = FAIL(error, STATUS_STORAGE, sending->path, 0, "%s", strerror(errno));
    free(line);
    return status;
}

static enum status files_send(struct sending *sending, const struct options *options,
                              struct error *error)
{
    enum status status = STATUS_OK;
    size_t count = options->argument_count ? options->argument_count : 1;
    for (size_t i = 0; i < count && !status; i++) {
        const char *path = argument_at(options, i);
        bool standard = !path || strcmp(path, "-") == 0;
        sending->path = standard ? "standard input" : path;
        FILE *in = standard ? stdin : fopen(path, "r");
        if (!in)
            return FAIL(error, STATUS_INVALID, path, 0, "%s", strerror(errno));
        status = stream_send(sending, in, error);
        if (!standard)
            fclose(in);
    }
    return status;
}

uint64_t import_bytes(const struct options *options)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < options->argument_count; i++) {
        struct stat info;
        const char *path = argument_at(options, i);
        if (strcmp(path, "-") == 0 || stat(path, &info) || !S_ISREG(info.st_mode))
            return 0;
        bytes += (uint64_t)info.st_size;
    }
    return bytes;
}

int import_to_server(const struct options *options)
{
    struct error error = {0};
    struct sending *sending = calloc(1, sizeof *sending);
    if (!sending) {
        (void)FAIL(&error, STATUS_NO_MEMORY, "import", 0, "no memory");
        return command_failed(&error);
    }
    sending->total = import_bytes(options);
    meter_begin("import", OBSERVER_BYTES, !option_flag(options, "quiet"));
    enum status status = client_read(&sending->client, option_text(options, "url"),
                                     option_text(options, "key"), &error);
    if (!status)
        status = files_send(sending, options, &error);
    meter_end();
    uint64_t rejected = sending->rejected;
    if (!status || sending->accepted + sending->duplicates + rejected)
        printf("%" PRIu64 " accepted, %" PRIu64 " duplicates, %" PRIu64 " rejected\n",
               sending->accepted, sending->duplicates, rejected);
    buffer_done(&sending->body);
    arena_done(&sending->arena);
    free(sending);
    if (status)
        return command_failed(&error);
    return rejected ? 1 : 0;
}
