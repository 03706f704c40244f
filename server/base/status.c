/* Statuses and errors: the table behind include/base/status.h. */

#include "base/status.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

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

void error_set(struct error *error, enum status status, const char *where, int line,
               const char *format, ...)
{
    if (!error || error->status != STATUS_OK)
        return; /* the first failure names the cause */
    error->status = status;
    error->line = line;
    snprintf(error->where, sizeof error->where, "%s", where ? where : "");
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
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
