/* Statuses and errors: the table behind include/base/status.h. */

#include "base/status.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int http;
    int exit;
    const char *text;
} statuses[STATUS_COUNT] = {
#define X(name, http_code, exit_code, words)                                                       \
    [STATUS_##name] = {.http = http_code, .exit = exit_code, .text = words},
    STATUS_MAP(X)
#undef X
};

static_assert(STATUS_OK == 0, "callers write: if (status) return status");

/* Takes an unfinished UTF-8 sequence off the end of a text that was cut to fit. */
static void text_trim(char *text)
{
    size_t size = strlen(text), at = size;
    while (at > 0 && size - at < 3 && ((unsigned char)text[at - 1] & 0xc0) == 0x80)
        at--;
    unsigned char first = at ? (unsigned char)text[at - 1] : 0;
    size_t wanted = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    if (first >= 0xc0 && size - (at - 1) < wanted)
        text[at - 1] = '\0';
}

void error_set(struct error *error, enum status status, const char *where, int line,
               const char *format, ...)
{
    if (!error || error->status != STATUS_OK)
        return; /* the first failure names the cause */
    error->status = status;
    error->line = line;
    snprintf(error->where, sizeof error->where, "%s", where ? where : "");
    text_trim(error->where);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    text_trim(error->text);
}

const char *status_text(enum status status)
{
    return statuses[status].text;
}

int status_http(enum status status)
{
    return statuses[status].http;
}

int status_exit(enum status status)
{
    return statuses[status].exit;
}
