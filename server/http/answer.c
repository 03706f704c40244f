/* Implementation of answer.h. */

#include "answer.h"

#include "base/time.h"
#include "base/value.h"
#include "cors.h"
#include "experiment/catalogue.h"
#include "ofrep.h"
#include "safety.h"
#include "shims.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#define REQUEST_ID_SIZE_MAX 64
#define DETAIL_SIZE 512
#define POINTER_SIZE 256 /* more than a person looks at */

const struct problem_row problems[PROBLEM_COUNT] = {
#define X(name, status_, code_, title_, retry)                                                     \
    [PROBLEM_##name] = {.status = status_, .code = code_, .title = title_, .retry_seconds = retry},
    PROBLEM_MAP(X)
#undef X
};

static const struct {
    int status;
    const char *line;
} status_lines[] = {
    {200, "HTTP/1.1 200 OK\r\n"},
    {201, "HTTP/1.1 201 Created\r\n"},
    {202, "HTTP/1.1 202 Accepted\r\n"},
    {204, "HTTP/1.1 204 No Content\r\n"},
    {304, "HTTP/1.1 304 Not Modified\r\n"},
    {308, "HTTP/1.1 308 Permanent Redirect\r\n"},
    {400, "HTTP/1.1 400 Bad Request\r\n"},
    {401, "HTTP/1.1 401 Unauthorized\r\n"},
    {403, "HTTP/1.1 403 Forbidden\r\n"},
    {404, "HTTP/1.1 404 Not Found\r\n"},
    {405, "HTTP/1.1 405 Method Not Allowed\r\n"},
    {406, "HTTP/1.1 406 Not Acceptable\r\n"},
    {408, "HTTP/1.1 408 Request Timeout\r\n"},
    {409, "HTTP/1.1 409 Conflict\r\n"},
    {411, "HTTP/1.1 411 Length Required\r\n"},
    {413, "HTTP/1.1 413 Content Too Large\r\n"},
    {414, "HTTP/1.1 414 URI Too Long\r\n"},
    {415, "HTTP/1.1 415 Unsupported Media Type\r\n"},
    {422, "HTTP/1.1 422 Unprocessable Content\r\n"},
    {429, "HTTP/1.1 429 Too Many Requests\r\n"},
    {431, "HTTP/1.1 431 Request Header Fields Too Large\r\n"},
    {500, "HTTP/1.1 500 Internal Server Error\r\n"},
    {503, "HTTP/1.1 503 Service Unavailable\r\n"},
    {505, "HTTP/1.1 505 HTTP Version Not Supported\r\n"},
};

static const char *status_line(int status)
{
    for (size_t i = 0; i < sizeof status_lines / sizeof *status_lines; i++)
        if (status_lines[i].status == status)
            return status_lines[i].line;
    return status_line(500);
}

struct buffer *answer_begin(struct request *request, int status, const char *content_type)
{
    request->status = status;
    request->content_type = content_type;
    request->cache_control = NULL;
    request->streams = false;
    buffer_clear(&request->answer);
    buffer_clear(&request->extra);
    return &request->answer;
}

static void add_text(struct buffer *out, const char *text)
{
    buffer_add(out, slice_of(text));
}

void answer_header(struct request *request, const char *name, struct slice value)
{
    add_text(&request->extra, name);
    buffer_add(&request->extra, SLICE(": "));
    buffer_add(&request->extra, value);
    buffer_add(&request->extra, SLICE("\r\n"));
}

static void write_segment_error(struct buffer *out, const struct problem_row *row,
                                struct slice detail)
{
    buffer_add(out, SLICE("{\"success\":false,\"code\":"));
    json_write_text(out, slice_of(row->code));
    buffer_add(out, SLICE(",\"message\":"));
    json_write_text(out, detail.size ? detail : slice_of(row->title));
    buffer_add_byte(out, '}');
}

static void write_problem(struct buffer *out, const struct problem_row *row, struct slice detail,
                          struct slice more)
{
    buffer_format(out, "{\"type\":\"/problems/%s\",\"title\":", row->code);
    json_write_text(out, slice_of(row->title));
    buffer_format(out, ",\"status\":%d,\"detail\":", row->status);
    json_write_text(out, detail);
    buffer_format(out, ",\"code\":\"%s\"", row->code);
    buffer_add(out, more);
    buffer_add_byte(out, '}');
}

enum handled answer_problem_with(struct request *request, enum problem problem, struct slice detail,
                                 struct slice more)
{
    const struct problem_row *row = &problems[problem];
    struct buffer *out = answer_begin(request, row->status,
                                      request->form == FORM_PROBLEM ? TYPE_PROBLEM : TYPE_JSON);
    switch (request->form) {
    case FORM_PROBLEM: write_problem(out, row, detail, more); break;
    case FORM_PAGE: answer_problem_page(request, row, detail, (struct slice){0}); break;
    case FORM_SEGMENT: write_segment_error(out, row, detail); break;
    case FORM_OFREP:
        ofrep_write_failure(out, request->parameters[0], OFREP_GENERAL,
                            detail.size ? detail : slice_of(row->title));
        break;
    case FORM_POSTHOG:
    case FORM_AMPLITUDE:
    case FORM_EITHER: shim_write_failure(out, request->form, row, detail); break;
    }
    if (row->retry_seconds) {
        char seconds[16];
        snprintf(seconds, sizeof seconds, "%d", row->retry_seconds);
        answer_header(request, "Retry-After", slice_of(seconds));
    }
    return HANDLED;
}

/* Details quote what a client sent, and an answer is JSON: of a text that filled its `room`, and so
 * may have been cut within a character, that character is left out; what is no UTF-8 for another
 * reason becomes question marks. */
static void text_mend(char *text, size_t room)
{
    size_t size = strlen(text);
    size_t cut_max = size + 1 == room ? 4 : 1;
    for (size_t cut = 0; cut < cut_max; cut++) {
        if (!slice_is_utf8((struct slice){.data = text, .size = size - cut}))
            continue;
        text[size - cut] = '\0';
        return;
    }
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] >= 0x80)
            text[i] = '?';
}

enum handled answer_problem(struct request *request, enum problem problem, const char *format, ...)
{
    char detail[DETAIL_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    text_mend(detail, sizeof detail);
    return answer_problem_with(request, problem, slice_of(detail), (struct slice){0});
}

/* The pointer `parent`/`member` (RFC 6901, 3), as much of it as `text` has room for. */
static void pointer_write(char text[static POINTER_SIZE], const char *parent, struct slice member)
{
    size_t size = (size_t)snprintf(text, POINTER_SIZE, "%s%s", parent, member.size ? "/" : "");
    for (size_t i = 0; i < member.size && size + 1 < POINTER_SIZE; i++) {
        char c = member.data[i];
        bool is_escaped = c == '~' || c == '/';
        if (is_escaped && size + 2 >= POINTER_SIZE)
            break;
        if (is_escaped)
            text[size++] = '~';
        text[size++] = is_escaped ? (c == '~' ? '0' : '1') : c;
    }
    text[size] = '\0';
    text_mend(text, POINTER_SIZE);
}

enum handled answer_problem_at(struct request *request, enum problem problem, const char *parent,
                               struct slice member, const char *format, ...)
{
    char detail[DETAIL_SIZE];
    char pointer[POINTER_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    text_mend(detail, sizeof detail);
    pointer_write(pointer, parent, member);
    struct buffer more = {0};
    buffer_add(&more, SLICE(",\"errors\":[{\"pointer\":"));
    json_write_text(&more, slice_of(pointer));
    buffer_format(&more, ",\"code\":\"%s\",\"detail\":", problems[problem].code);
    json_write_text(&more, slice_of(detail));
    buffer_add(&more, SLICE("}]"));
    enum handled handled =
        answer_problem_with(request, problem, slice_of(detail), buffer_slice(&more));
    buffer_done(&more);
    return handled;
}

enum handled answer_no_experiment(struct request *request, const struct catalogue *catalogue,
                                  struct slice key)
{
    struct slice nearest = catalogue_nearest(catalogue, key);
    struct slice detail =
        arena_format(&request->arena, "there is no experiment '%.*s'", SLICE_ARGS(key));
    if (request->form == FORM_PAGE) {
        answer_problem_page(request, &problems[PROBLEM_NO_EXPERIMENT], detail, nearest);
        return HANDLED;
    }
    struct buffer more = {0};
    if (nearest.size) {
        buffer_add(&more, SLICE(",\"did_you_mean\":"));
        json_write_text(&more, nearest);
    }
    enum handled handled =
        answer_problem_with(request, PROBLEM_NO_EXPERIMENT, detail, buffer_slice(&more));
    buffer_done(&more);
    return handled;
}

enum handled answer_status(struct request *request, enum status status, const struct error *error)
{
    static const enum problem meanings[STATUS_COUNT] = {
        [STATUS_OK] = PROBLEM_INTERNAL,         [STATUS_INVALID] = PROBLEM_BAD_PARAMETER,
        [STATUS_NOT_FOUND] = PROBLEM_NO_ROUTE,  [STATUS_CONFLICT] = PROBLEM_NOT_YET,
        [STATUS_TOO_LARGE] = PROBLEM_TOO_LARGE, [STATUS_NUMERIC] = PROBLEM_INTERNAL,
        [STATUS_BUSY] = PROBLEM_JOURNAL_FULL,   [STATUS_STORAGE] = PROBLEM_STORAGE,
        [STATUS_FULL] = PROBLEM_DISK_FULL,      [STATUS_NO_MEMORY] = PROBLEM_INTERNAL,
    };
    const char *text = error && error->text[0] ? error->text : status_text(status);
    return answer_problem(request, meanings[status], "%s", text);
}

bool request_id_is_sane(struct slice id)
{
    if (!id.size || id.size > REQUEST_ID_SIZE_MAX)
        return false;
    for (size_t i = 0; i < id.size; i++) {
        unsigned char byte = (unsigned char)id.data[i];
        unsigned char lower = byte | 0x20;
        bool is_plain = (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9');
        if (!is_plain && byte != '-' && byte != '_' && byte != '.' && byte != ':')
            return false;
    }
    return true;
}

void date_format(int64_t time_ms, char text[static DATE_TEXT_SIZE])
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = (time_t)(time_ms / SECOND_MS);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    snprintf(text, DATE_TEXT_SIZE, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
             days + (ptrdiff_t)3 * parts.tm_wday, (unsigned)parts.tm_mday % 100,
             months + (ptrdiff_t)3 * parts.tm_mon, (unsigned)(parts.tm_year + 1900) % 10000,
             (unsigned)parts.tm_hour % 100, (unsigned)parts.tm_min % 100,
             (unsigned)parts.tm_sec % 100);
}

static void write_number(struct buffer *out, size_t number)
{
    char digits[24];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + (int)(number % 10));
        number /= 10;
    } while (number);
    buffer_add(out, (struct slice){.data = digits + at, .size = sizeof digits - at});
}

void answer_write_head(struct request *request, struct slice date, struct buffer *out)
{
    struct slice id = request->request_id;
    if (!request_id_is_sane(id))
        id = slice_of(request->id);
    add_text(out, status_line(request->status));
    buffer_add(out, SLICE("Date: "));
    buffer_add(out, date);
    buffer_add(out, SLICE("\r\nX-Request-Id: "));
    buffer_add(out, id);
    buffer_add(out, SLICE("\r\nCache-Control: "));
    add_text(out, request->cache_control ? request->cache_control : "no-store");
    buffer_add(out, SLICE("\r\n"));
    cors_write(request, out);
    buffer_add(out, buffer_slice(&request->extra));
    if (request->content_type) {
        buffer_add(out, SLICE("Content-Type: "));
        add_text(out, request->content_type);
        buffer_add(out, SLICE("\r\n"));
    }
    if (request->streams && !request->is_http10) {
        buffer_add(out, SLICE("Transfer-Encoding: chunked\r\n"));
    } else if (request->status != 304 && request->status != 204 && !request->streams) {
        buffer_add(out, SLICE("Content-Length: "));
        write_number(out, request->answer.size);
        buffer_add(out, SLICE("\r\n"));
    }
    if (request->close)
        buffer_add(out, SLICE("Connection: close\r\n"));
    else if (request->is_http10)
        buffer_add(out, SLICE("Connection: keep-alive\r\n"));
    buffer_add(out, SLICE("\r\n"));
}

bool date_parse(struct slice text, int64_t *time_ms)
{
    static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                        "%a %b %e %H:%M:%S %Y"};
    char copy[64];
    if (text.size >= sizeof copy)
        return false;
    memcpy(copy, text.size ? text.data : "", text.size);
    copy[text.size] = '\0';
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm parts = {0};
        const char *end = strptime(copy, forms[i], &parts);
        if (!end || *end)
            continue;
        *time_ms = (int64_t)timegm(&parts) * SECOND_MS;
        return true;
    }
    return false;
}
