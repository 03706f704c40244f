#ifndef TOOLS_METER_H
#define TOOLS_METER_H

/*
 * How far a long command is: one line on standard error, written over in place, on a terminal only.
 * A process has one.
 *
 *     meter_begin("rebuild", OBSERVER_RECORDS, !quiet);
 *     fold_rebuild(..., {.progress = meter_set}, ...);
 *     meter_end();
 *
 *     rebuild: 6%, 120 000 of 2 000 000 records, 98 000/s, 0:19 left
 *
 * On a narrow terminal parts are left out, the rate first and the percentage last.  What works in
 * steps of its own, and tells an observer, has a line a step; what can't tell how far it is has the
 * time that has passed.
 */

#include "base/observer.h"

#include <stdbool.h>

/* From here on meter_set shows, where `is_wanted` and standard error is a terminal that can erase a
 * line.  SIGINT, SIGTERM and SIGHUP then erase it before they end the process.  `what` is kept. */
void meter_begin(const char *what, enum observer_unit unit, bool is_wanted);
/* `total` 0: not known.  Cheap: it writes ten times a second.  The shape is that of progress
 * callbacks; the context is not looked at. */
void meter_set(void *context, uint64_t done, uint64_t total);
/* Whom work that goes in steps tells: each step begins a line of its own name.  NULL where nothing
 * is wanted.  Tells from one thread. */
const struct observer *meter_observer(bool is_wanted);
/* From the second second on until meter_end, or until there is more to say: "report: 2 s". */
void meter_wait(const char *what, bool is_wanted);
/* Erases the line, before something else is said; the next meter_set writes it again. */
void meter_pause(void);
void meter_end(void); /* erases it for good; harmless where none was begun */

#endif
