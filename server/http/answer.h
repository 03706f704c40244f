#ifndef HTTP_ANSWER_H
#define HTTP_ANSWER_H

/*
 * Making an answer: status, type and body go into the request, and are written as HTTP when the
 * handler is done.
 *
 *     struct buffer *out = answer_begin(request, 200, "application/json");
 *     buffer_add(out, ...);
 *     return HANDLED;
 *
 * A handler that meets trouble says `return answer_problem(...)`: what was begun is thrown away.
 */

#include "problem.h"
#include "routes.h"

struct catalogue;

#define TYPE_JSON "application/json"
#define TYPE_PROBLEM "application/problem+json"
#define TYPE_HTML "text/html; charset=utf-8"

struct buffer *answer_begin(struct request *request, int status, const char *content_type);
/* A further header line; the value has no line end. */
void answer_header(struct request *request, const char *name, struct slice value);

/* All return HANDLED.  `parent` is a JSON pointer into the body, for `errors`; with a `member`, its
 * name as it is in the JSON, or an empty slice.  What is quoted may be no UTF-8; the answer is. */
enum handled answer_problem(struct request *request, enum problem problem, const char *format, ...)
    PRINTF_LIKE(3, 4);
enum handled answer_problem_at(struct request *request, enum problem problem, const char *parent,
                               struct slice member, const char *format, ...) PRINTF_LIKE(5, 6);
/* The same with more members: `more` is JSON text that begins with a comma, or empty. */
enum handled answer_problem_with(struct request *request, enum problem problem, struct slice detail,
                                 struct slice more);
/* 404, with the key that was perhaps meant. */
enum handled answer_no_experiment(struct request *request, const struct catalogue *catalogue,
                                  struct slice key);
/* What a status of the layers below means to a caller. */
enum handled answer_status(struct request *request, enum status status, const struct error *error);

/* `date` is an HTTP date.  Writes status line and headers for the answer after `out`. */
void answer_write_head(struct request *request, struct slice date, struct buffer *out);
/* "Sun, 06 Nov 1994 08:49:37 GMT" */
#define DATE_TEXT_SIZE 32
void date_format(int64_t time_ms, char text[static DATE_TEXT_SIZE]);
/* In any of the three forms that a client may write (RFC 9110, 5.6.7); false: it is no date. */
bool date_parse(struct slice text, int64_t *time_ms);
/* Whether a client's X-Request-Id is taken over: 1 to 64 of letters, digits, - _ . : */
bool request_id_is_sane(struct slice id);

#endif
