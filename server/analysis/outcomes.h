#ifndef ANALYSIS_OUTCOMES_H
#define ANALYSIS_OUTCOMES_H

/*
 * The outcomes of one unit as metrics ask for them (grammar.md, 4).
 *
 * A window is half open, [from, until); outcomes at the instant of the exposure count.  A day of
 * `distinct_days` is 24 hours elapsed since the exposure; before it, the days count backwards.
 *
 * Activity is kept as the first and the last instant of each UTC day, which is exact for every
 * bracket of 24 h or more: a UTC day that the bracket cuts is entered by its last instant or left
 * by its first.  In a shorter bracket (the rest of a window that is no whole number of days) only
 * those two instants count.
 */

#include "scheme.h"

struct window {
    int64_t exposure_ms;
    int64_t from_ms, until_ms; /* instants */
};

static inline struct window window_of(const struct scheme_metric *metric, int64_t exposure_ms)
{
    return (struct window){.exposure_ms = exposure_ms,
                           .from_ms = exposure_ms + metric->from_ms,
                           .until_ms = exposure_ms + metric->until_ms};
}

/* Whether what the metric asks for is met within the window, and at which moment it first was. */
bool outcomes_meet(const struct scheme_metric *metric, const struct unit_record *record,
                   const struct window *window);
bool outcomes_met_at(const struct scheme_metric *metric, const struct unit_record *record,
                     const struct window *window, int64_t *moment_ms);
/* The first event of that number in the window. */
bool outcome_first(const struct unit_record *record, uint16_t event, const struct window *window,
                   int64_t *moment_ms);

/* The events of one item in a window, in record order, one after another:
 *     struct outcome_walk walk = outcome_walk_of(item, record, &window);
 *     while (outcome_next(&walk)) ... walk.entry
 * An item with `times` or `distinct_days` has events only where the unit has so many. */
struct outcome_walk {
    const struct scheme_item *item;
    const char *entry; /* the one at hand */
    const char *next, *end;
    uint32_t size;
    int64_t until_ms;
};
struct outcome_walk outcome_walk_of(const struct scheme_item *item,
                                    const struct unit_record *record, const struct window *window);
bool outcome_next(struct outcome_walk *walk);
/* Whether the event at hand is one of that item too. */
bool outcome_is_of(const struct outcome_walk *walk, const struct scheme_item *item);
/* The property's value in micro-units; false where it is no number. */
bool outcome_value(const struct outcome_walk *walk, int64_t *micro);

#endif
