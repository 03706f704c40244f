#ifndef BASE_OBSERVER_H
#define BASE_OBSERVER_H

/*
 * Whom long work tells how far it is: a command that shows it on a terminal.  What works calls
 * observer_tell as often as is cheap, from the thread that it was called by; who listens decides
 * what is worth showing.
 */

#include <stddef.h>
#include <stdint.h>

enum observer_unit { OBSERVER_RECORDS, OBSERVER_RUNS, OBSERVER_BYTES };

struct observer {
    /* `doing` is a constant word of the step: "copy".  `total` 0: not known. */
    void (*tell)(const struct observer *observer, const char *doing, enum observer_unit unit,
                 uint64_t done, uint64_t total);
};

/* `observer` NULL: nobody listens. */
static inline void observer_tell(const struct observer *observer, const char *doing,
                                 enum observer_unit unit, uint64_t done, uint64_t total)
{
    if (observer)
        observer->tell(observer, doing, unit, done, total);
}

#endif
