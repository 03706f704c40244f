#ifndef EXPERIMENT_DIFF_H
#define EXPERIMENT_DIFF_H

/*
 * What changed between two catalogues, and what it does to a running experiment
 * (experiment-files.md, "Changing a running experiment").
 */

#include "experiment/catalogue.h"

enum change_class { CHANGE_SAFE, CHANGE_AMENDMENT, CHANGE_ANALYSIS, CHANGE_BREAKING };
extern const char *const change_class_texts[];

struct change {
    enum change_class class;
    struct slice
        experiment;        /* empty: of a shared file's metric or segment that no experiment uses */
    struct slice key;      /* "variants.tour.weight" */
    struct slice old_text; /* one line; empty: was not there */
    struct slice new_text;
};
struct changes {
    struct arena arena;
    struct change *items; /* by experiment, then in the order of the grammar */
    size_t count, capacity;
};

/* Either may be NULL: empty.  A breaking change beside a raised phase is listed as an amendment:
 * the phase parts what came before from what comes after. */
MUST_CHECK enum status catalogue_diff(const struct catalogue *old_catalogue,
                                      const struct catalogue *new_catalogue,
                                      struct changes *changes, struct error *error);
/* The first breaking change of `new_one` against `old_one` without a raised phase, else NULL: a
 * text such as "weights" for messages.  Drafts can't break. */
const char *experiment_breaks(const struct experiment *old_one, const struct experiment *new_one);
void changes_done(struct changes *changes);

#endif
