#ifndef TESTS_FUZZ_SERVICE_H
#define TESTS_FUZZ_SERVICE_H

/*
 * The whole service in the process of a fuzz target: store, journal, fold, workers, on a socket in
 * a folder of its own, which is removed at the end.  In memory where there is /dev/shm.
 */

#include "base/buffer.h"

/* Starts it; aborts where it does not start. */
void service_begin(void);

/* Sends `request` over a connection of its own, closes that side, and takes all that comes back.
 * Aborts when the service does not close within ten seconds. */
void service_ask(struct slice request, struct buffer *answer);

/* One answer off the front of what came back; aborts where that is no HTTP. */
struct parted {
    int status;
    struct slice head; /* with the empty line */
    struct slice body;
};
struct parted answer_cut(struct slice *answers);
/* What every answer keeps to, whatever was asked. */
void answer_check(const struct parted *answer);

#endif
