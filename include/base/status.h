#ifndef BASE_STATUS_H
#define BASE_STATUS_H

/*
 * How a function says that it could not do its work: a status about what the caller can do, and,
 * where the caller asked, an error with the place and the reason.
 *
 *     struct error error = {0};
 *     if (catalogue_load(..., &error))
 *         return error.status;
 *
 * The error is the caller's; its first failure wins.  FAIL is an expression whose value is the
 * status, so the flow of control stays visible: `return FAIL(error, STATUS_INVALID, ...)`.
 * NULL is a good error for a caller that asks only whether.
 */

#include "base/attributes.h"

/* name, HTTP status, exit status of the command line, text */
#define STATUS_MAP(X)                                                                              \
    X(OK, 200, 0, "ok")                                                                            \
    X(INVALID, 400, 2, "invalid input")                                                            \
    X(NOT_FOUND, 404, 2, "not found")                                                              \
    X(CONFLICT, 409, 3, "conflict")                                                                \
    X(TOO_LARGE, 413, 2, "over a limit")                                                           \
    X(NUMERIC, 422, 1, "no finite answer")                                                         \
    X(BUSY, 503, 3, "busy, retry")                                                                 \
    X(STORAGE, 500, 3, "storage failed")                                                           \
    X(FULL, 503, 3, "no space left")                                                               \
    X(NO_MEMORY, 500, 3, "out of memory")

enum status {
#define X(name, http, exit, text) STATUS_##name,
    STATUS_MAP(X)
#undef X
        STATUS_COUNT
};

struct error {
    enum status status; /* STATUS_OK: nothing went wrong yet */
    int line;           /* 1-based line in `where`, 0 if none */
    char where[96];     /* file, key or thing at fault */
    char text[256];     /* what is wrong, for a person */
};

/* Fills `error` unless it is NULL or already holds a failure.  Use FAIL. */
void error_set(struct error *error, enum status status, const char *where, int line,
               const char *format, ...) PRINTF_LIKE(5, 6);

#define FAIL(error, status, where, line, ...)                                                      \
    (error_set((error), (status), (where), (line), __VA_ARGS__), (status))

const char *status_text(enum status status);
int status_http(enum status status);
int status_exit(enum status status);

#endif
