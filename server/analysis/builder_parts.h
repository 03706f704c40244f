#ifndef ANALYSIS_BUILDER_PARTS_H
#define ANALYSIS_BUILDER_PARTS_H

/* The inside of a builder, for its own files. */

#include "builder.h"
#include "contribution.h"

#define NUMBER_CACHE_SIZE ((size_t)1 << 17) /* units lately seen; a power of two */
#define NUMBER_CACHE_ID_MAX 46              /* longer ids are looked up each time */

/* Ids in memory alone: an id that stands here needs no keyed hash and no look-up. */
struct number_cached {
    uint64_t next; /* number + 1; 0: free */
    uint8_t kind, size;
    char id[NUMBER_CACHE_ID_MAX];
};

struct builder {
    struct builder_options options;
    struct view *view;
    struct progress progress; /* with the batch under way; after a failure without it */
    struct scheme *scheme;
    struct names_table names;
    struct touches touches;
    struct cell_map cells;
    struct number_cached *numbers;
    struct arena unit_arena;
    struct buffer unit_bytes;
    bool *duplicate; /* by message of the batch */
    struct state_transaction *transaction;
    uint64_t batch_last;
    bool has_new_catalogue;
    bool is_loaded; /* false after a failure: what is in memory is not what is in the state */
};

/* Dictionary: the number of a unit, a new one where it is new. */
enum status builder_number(void *context, enum unit_kind kind, struct slice id, uint64_t *unit,
                           struct error *error);
/* Changes all units touched, and gathers what that changes in the cube. */
MUST_CHECK enum status builder_apply(struct builder *builder, struct error *error);
/* A catalogue on the way. */
MUST_CHECK enum status builder_meet(struct builder *builder, const struct record *record,
                                    struct error *error);

#endif
