#ifndef ANALYSIS_NOTE_FOLD_H
#define ANALYSIS_NOTE_FOLD_H

/* One record of a note or of its deletion, put into the table NOTES (analysis/notes.h); what it
 * can't read it passes over.  `scratch` takes what is read of it. */

#include "store/record.h"
#include "store/state.h"

MUST_CHECK enum status note_fold(struct state_transaction *transaction, struct arena *scratch,
                                 const struct record *record, const struct message *message,
                                 struct error *error);

#endif
