#ifndef TOOLS_REPORT_SOURCE_H
#define TOOLS_REPORT_SOURCE_H

/* A store opened for reading, as far as a report needs it: also while a server has it open. */

#include "analysis/document.h"
#include "store/journal.h"

/* Opened and closed together. */
struct report_source {
    struct store store;
    bool store_is_open;
    struct journal *journal;
    struct view *view;
    struct view_transaction *transaction;
};

/* To be closed whether or not it could be opened.  With `is_shown` the meter tells how the reading
 * goes, until meter_end.  Without a transaction, for who begins their own: */
MUST_CHECK enum status report_source_open_view(const char *path, bool is_shown,
                                               struct report_source *source, struct error *error);
/* With one. */
MUST_CHECK enum status report_source_open(const char *path, bool is_shown,
                                          struct report_source *source, struct error *error);
void report_source_close(struct report_source *source);

#endif
