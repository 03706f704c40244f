#ifndef TOOLS_DEMO_PEOPLE_H
#define TOOLS_DEMO_PEOPLE_H

/*
 * Made-up people for `gangway demo`: who signed up, what each met, what came of it, as messages of
 * which `import` takes a line each.  Assigned by the catalogue itself; what the variants do to them
 * is declared in demo_people.c.  The same catalogue, seed and day give the same people, as far as
 * the day has come.
 */

#include "base/buffer.h"
#include "experiment/catalogue.h"

struct demo_people_counts {
    size_t people;   /* who signed up */
    size_t exposed;  /* exposures, a unit and experiment each */
    size_t messages; /* lines */
};

/* Adds the lines to `out`, in the order of their times, none of them after `now_ms`. */
MUST_CHECK enum status demo_people_write(const struct catalogue *catalogue, uint64_t seed,
                                         int64_t now_ms, struct buffer *out,
                                         struct demo_people_counts *counts, struct error *error);

#endif
