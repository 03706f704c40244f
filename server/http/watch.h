#ifndef HTTP_WATCH_H
#define HTTP_WATCH_H

/*
 * Watching the experiments folder by inotify: once it was quiet for 300 ms after a change, and at
 * most 3 s after the first one, `changed` is called (architecture 13).  A folder that is replaced
 * (a link of Kubernetes, a new checkout) is found again within a second.  The main thread's.
 */

#include "base/status.h"

struct event_base;
struct watch;

MUST_CHECK enum status watch_new(struct event_base *base, const char *folder,
                                 void (*changed)(void *context), void *context,
                                 struct watch **watch, struct error *error);
void watch_free(struct watch *watch); /* NULL is fine */

#endif
