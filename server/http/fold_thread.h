#ifndef HTTP_FOLD_THREAD_H
#define HTTP_FOLD_THREAD_H

/*
 * The fold's thread: folds what is committed, at nice 10, and sleeps when there is nothing.  A
 * failure is logged, told to the health, and tried again; events are taken all the same.
 */

#include "base/status.h"

struct fold_thread;
struct service;

MUST_CHECK enum status fold_thread_start(struct service *service, struct fold_thread **thread,
                                         struct error *error);
void fold_thread_wake(struct fold_thread *thread); /* something was committed; any thread */
void fold_thread_stop(struct fold_thread *thread); /* joins and frees; NULL is fine */

#endif
