#ifndef HTTP_RELOAD_H
#define HTTP_RELOAD_H

/*
 * Taking changed experiment files into service (architecture 13), on a thread of its own:
 *
 *     read the folder -> settle against what serves -> catalogue record to the journal, committed
 *     -> a new snapshot -> every worker exchanges its reference -> who listens is told (notices.h),
 *     who asked is answered
 *
 * Whoever is answered after that, by whichever worker, is answered by the new files.  What is
 * broken keeps its last good version; log, /healthz and /metrics say so.
 */

#include "request.h"
#include "routes.h"

struct reloader;
struct service;
struct snapshot;

/* Takes a reference of its own to what serves already. */
MUST_CHECK enum status reloader_new(struct service *service, struct snapshot *snapshot,
                                    struct reloader **reloader, struct error *error);
MUST_CHECK enum status reloader_start(struct reloader *reloader, struct error *error);
/* Ends the thread after what it is doing; who asks later is told that the server drains. */
void reloader_stop(struct reloader *reloader);
void reloader_free(struct reloader *reloader); /* after stop; NULL is fine */

void reload_soon(struct reloader *reloader, const char *cause); /* any thread */
enum handled reload_ask(struct reloader *reloader, struct request *request);

#endif
