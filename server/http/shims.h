#ifndef HTTP_SHIMS_H
#define HTTP_SHIMS_H

/*
 * Answers that the SDKs of PostHog and Amplitude understand.
 *
 *     PostHog     {"status": 1}; events that were refused are named beside it, which its SDKs pass
 *                 over.  A body of one event that is refused is a 400.  Errors:
 *                 {"type", "code", "detail", "attr": null}
 *     Amplitude   {"code": 200, "events_ingested", "payload_size_bytes", "server_upload_time"};
 *                 where events were refused a 400 that names them by place and member: the SDK
 *                 drops these and sends the rest again, which was kept and is known by insert_id.
 *                 Errors: {"code", "error"}, and `code` has to be there, or the SDK sends for ever
 *
 * `/batch` is a path of both; before its body is read, an error has the members of both.
 */

#include "ingest/intake.h"
#include "problem.h"
#include "request.h"

/* The answer after the commit. */
void shim_answer(struct request *request, const struct intake_batch *batch);

/* An error in the form FORM_POSTHOG, FORM_AMPLITUDE or FORM_EITHER. */
void shim_write_failure(struct buffer *out, enum error_form form, const struct problem_row *row,
                        struct slice detail);

#endif
