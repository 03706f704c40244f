#ifndef EXPERIMENT_HOLDOUT_H
#define EXPERIMENT_HOLDOUT_H

/* Fills `holdouts` of a catalogue whose experiments are complete.  Without memory its arena is
 * marked and there are none. */

#include "experiment/catalogue.h"

void holdouts_make(struct catalogue *catalogue);

#endif
