#ifndef EXPERIMENT_USED_TRAITS_H
#define EXPERIMENT_USED_TRAITS_H

#include "experiment/catalogue.h"

/* Fills the catalogue's `traits`; without memory its arena has failed. */
void used_traits_make(struct catalogue *catalogue);

#endif
