#ifndef TOOLS_METER_H
#define TOOLS_METER_H

/*
 * How far a long command is: one line on standard error, written over in place, on a terminal only.
 * A process has one.
 *
 *     meter_begin("rebuild", METER_RECORDS, !quiet);
 *     fold_rebuild(..., {.progress = meter_set}, ...);
 *     meter_end();
 *
 *     rebuild: 120 000 of 2 000 000 records, 6%, 98 000/s, 0:19 left
 */

#include <stdbool.h>
#include <stdint.h>

enum meter_unit {
    METER_RECORDS,
    METER_BYTES /* told in MB */
};

/* From here on meter_set shows, where `is_wanted` and standard error is a terminal that can erase a
 * line.  SIGINT, SIGTERM and SIGHUP then erase it before they end the process.  `what` is kept. */
void meter_begin(const char *what, enum meter_unit unit, bool is_wanted);
/* `total` 0: not known.  Cheap: it writes ten times a second.  The shape is that of progress
 * callbacks; the context is not looked at. */
void meter_set(void *context, uint64_t done, uint64_t total);
/* Erases the line, before something else is said; the next meter_set writes it again. */
void meter_pause(void);
void meter_end(void); /* erases it for good; harmless where none was begun */

#endif
