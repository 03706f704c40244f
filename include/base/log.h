#ifndef BASE_LOG_H
#define BASE_LOG_H

/*
 * One line a fact, on standard error: `time level module message key=value ...`, or the same as
 * JSON.  Values are escaped, so no text of a client can fake a line.  Only row 4 and the ingest
 * writer log; everything below returns errors.  Unit ids are never logged.
 *
 *     log_info("reload", "catalogue in service", LOG_TEXT("digest", digest), LOG_INT("files", 5));
 *
 * audit: who did what (http/audit.h), never left out; error: someone must act; warn: we coped;
 * info: lifecycle; debug.
 */

#include "base/slice.h"

enum log_level {
    LOG_LEVEL_AUDIT,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARN,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG
};

struct log_field {
    const char *key; /* NULL ends the list */
    struct slice text;
    int64_t number;
    bool is_number;
};
#define LOG_TEXT(k, t) ((struct log_field){.key = (k), .text = slice_of(t)})
#define LOG_SLICE(k, s) ((struct log_field){.key = (k), .text = (s)})
#define LOG_INT(k, n) ((struct log_field){.key = (k), .number = (int64_t)(n), .is_number = true})

void log_setup(enum log_level level, bool as_json); /* default: info, text; once, before threads */
bool log_level_parse(struct slice text, enum log_level *level);
void log_write(enum log_level level, const char *module, const char *message,
               const struct log_field *fields);

#define LOG_AT(level, module, message, ...)                                                        \
    log_write((level), (module), (message), (const struct log_field[]){__VA_ARGS__{.key = NULL}})
/* Fields follow the message, each followed by a comma: log_info("m", "text", LOG_INT("n", 1), ) */
#define log_audit(module, message, ...) LOG_AT(LOG_LEVEL_AUDIT, module, message, __VA_ARGS__)
#define log_error(module, message, ...) LOG_AT(LOG_LEVEL_ERROR, module, message, __VA_ARGS__)
#define log_warn(module, message, ...) LOG_AT(LOG_LEVEL_WARN, module, message, __VA_ARGS__)
#define log_info(module, message, ...) LOG_AT(LOG_LEVEL_INFO, module, message, __VA_ARGS__)
#define log_debug(module, message, ...) LOG_AT(LOG_LEVEL_DEBUG, module, message, __VA_ARGS__)

#endif
