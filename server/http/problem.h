#ifndef HTTP_PROBLEM_H
#define HTTP_PROBLEM_H

/*
 * Everything that can be wrong with a request, a row each: HTTP status, the code that clients may
 * rely on, title (routes.md, the table of errors).  `retry_seconds` > 0 gives Retry-After.
 */

/* name, status, code, title, retry_seconds */
#define PROBLEM_MAP(X)                                                                             \
    X(NONE, 200, "", "", 0)                                                                        \
    X(BAD_REQUEST, 400, "bad-request", "Not HTTP as it should be", 0)                              \
    X(BAD_JSON, 400, "bad-json", "The body is not JSON", 0)                                        \
    X(BAD_ENCODED, 400, "bad-encoding", "The body can't be inflated", 0)                           \
    X(WRONG_TYPE, 400, "wrong-type", "A member has the wrong type", 0)                             \
    X(MISSING_MEMBER, 400, "missing-member", "A member is missing", 0)                             \
    X(UNKNOWN_MEMBER, 400, "unknown-member", "A member is not known", 0)                           \
    X(BAD_UNIT, 400, "bad-unit", "The id is no id of a unit", 0)                                   \
    X(BAD_PARAMETER, 400, "bad-parameter", "A parameter can't be read", 0)                         \
    X(NO_KEY, 401, "no-key", "A key is asked for", 0)                                              \
    X(BAD_KEY, 401, "bad-key", "The key does not open this", 0)                                    \
    X(ROLE, 403, "role", "The key may not do this", 0)                                             \
    X(HOST, 403, "host", "Not by this name", 0)                                                    \
    X(ORIGIN, 403, "origin", "Not for pages of that origin", 0)                                    \
    X(NO_ROUTE, 404, "no-route", "There is nothing here", 0)                                       \
    X(NO_EXPERIMENT, 404, "no-experiment", "No such experiment", 0)                                \
    X(NO_UNIT, 404, "no-unit", "Nothing is stored of that unit", 0)                                \
    X(NO_NOTE, 404, "no-note", "No such note", 0)                                                  \
    X(NO_ERASURE, 404, "no-erasure", "No such erasure", 0)                                         \
    X(NO_CORE_ACTIONS, 404, "no-core-actions", "No core actions are declared", 0)                  \
    X(NO_PHASE, 404, "no-phase", "No such phase", 0)                                               \
    X(METHOD, 405, "method", "Not by this method", 0)                                              \
    X(ACCEPT, 406, "accept", "No format that is accepted", 0)                                      \
    X(TIME_OUT, 408, "time-out", "The request did not come in time", 0)                            \
    X(NOT_YET, 409, "not-yet", "That moment is not known yet", 0)                                  \
    X(NO_LENGTH, 411, "no-length", "A body is needed", 0)                                          \
    X(TOO_LARGE, 413, "too-large", "Over a limit", 0)                                              \
    X(TARGET_TOO_LONG, 414, "target-too-long", "The request line is too long", 0)                  \
    X(ENCODING, 415, "encoding", "The body's encoding is not known", 0)                            \
    X(TOO_MANY, 422, "too-many", "Too many in one call", 0)                                        \
    X(BROKEN_FILES, 422, "broken-files", "Files were not taken", 0)                                \
    X(RATE, 429, "rate", "Too many requests", 1)                                                   \
    X(HEAD_TOO_LARGE, 431, "head-too-large", "The head is too large", 0)                           \
    X(INTERNAL, 500, "internal", "The server could not do it", 0)                                  \
    X(STORAGE, 503, "storage", "The journal can't be written", 5)                                  \
    X(JOURNAL_FULL, 503, "journal-full", "Too much waits to be written", 1)                        \
    X(DISK_FULL, 503, "disk-full", "No space is left", 5)                                          \
    X(DRAINING, 503, "draining", "The server is about to stop", 1)                                 \
    X(NO_CATALOGUE, 503, "no-catalogue", "No experiments are in service", 1)                       \
    X(CONNECTIONS, 503, "connections", "Too many connections", 1)                                  \
    X(VERSION, 505, "http-version", "HTTP/1.1 or HTTP/1.0, please", 0)

enum problem {
#define X(name, status, code, title, retry) PROBLEM_##name,
    PROBLEM_MAP(X)
#undef X
        PROBLEM_COUNT
};

struct problem_row {
    int status;
    const char *code;
    const char *title;
    int retry_seconds;
};
extern const struct problem_row problems[PROBLEM_COUNT];

#endif
