#ifndef ANALYSIS_BUILDER_PARTS_H
#define ANALYSIS_BUILDER_PARTS_H

/* The inside of a builder, for its own files. */

#include "builder.h"
#include "contribution.h"
#include "unit_view.h"

#define NUMBER_CACHE_SIZE ((size_t)1 << 18) /* units lately seen; a power of two */
#define NUMBER_CACHE_ID_MAX 46              /* longer ids are looked up each time */

/* Ids in memory alone: an id that stands here needs no keyed hash and no look-up. */
struct number_cached {
    uint64_t next; /* number + 1; 0: free */
    uint8_t kind, size;
    char id[NUMBER_CACHE_ID_MAX];
};

#define REACH_MIXING (1U << UNIT_KIND_COUNT)

/* What a unit's record was before the batch, and whose views what changed can change. */
struct remembered {
    uint64_t unit;
    struct slice bytes; /* empty: there was none */
    uint8_t kind;
    uint8_t reach; /* bits of enum unit_kind, and REACH_MIXING: of the accounts of a user */
};
/* A member that an account has got in this batch. */
struct joined {
    uint64_t account, user;
};

/* Units of a batch that are tied to others; and, while they are judged, what was read for that. */
struct read_record;
struct linked {
    struct arena arena;
    struct remembered *items; /* by unit; owned */
    size_t count, capacity;
    struct joined *joined; /* sorted by linked_settle; owned */
    size_t joined_count, joined_capacity;
    struct arena read_arena;
    struct read_record *read; /* owned */
    uint64_t *members;        /* of account `members_of` - 1, owned; 0: of none */
    size_t member_count;
    uint64_t members_of;
    bool members_now, members_before; /* the sides for which they hold */
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
    struct linked linked;
    bool *duplicate; /* by message of the batch */
    struct state_transaction *transaction;
    uint64_t batch_last;
    bool has_new_catalogue;
    bool is_loaded; /* false after a failure: what is in memory is not what is in the state */
};

/* Dictionary: the number of a unit, a new one where it is new. */
enum status builder_number(void *context, enum unit_kind kind, struct slice id, uint64_t *unit,
                           struct error *error);
/* builder_records.c: the bytes of a unit's record, in the arena; NOT_FOUND.  The second may borrow
 * them from the state, good until it is written to.  And back, where `old_size` bytes stood. */
MUST_CHECK enum status builder_bytes(const struct builder *builder, struct arena *arena,
                                     uint64_t unit, struct slice *bytes, struct error *error);
MUST_CHECK enum status builder_borrow(const struct builder *builder, struct arena *arena,
                                      uint64_t unit, struct slice *bytes, struct error *error);
MUST_CHECK enum status builder_store(struct builder *builder, uint64_t unit,
                                     const struct unit_record *record, size_t old_size,
                                     struct error *error);

/* builder_sources.c: a user is a member of an account; *is_new becomes true where it was not. */
MUST_CHECK enum status builder_member_add(struct builder *builder, uint64_t account, uint64_t hash,
                                          uint64_t user, bool *is_new, struct error *error);
/* In the order of units; the bytes are copied. */
MUST_CHECK enum status linked_remember(struct builder *builder, const struct remembered *item,
                                       struct error *error);
/* All of the batch is remembered; from here on nothing is written until linked_clear. */
void linked_settle(struct linked *linked);
/* Records as they were before the batch, or as they are.  What the source gives stays until
 * linked_trim, which keeps the memory for it small. */
struct linked_side {
    struct builder *builder;
    bool before;
};
struct unit_source linked_source(struct linked_side *side);
void linked_trim(struct linked *linked);
void linked_clear(struct linked *linked);
void linked_done(struct linked *linked);

/* builder_linked.c: judges all units whose view reads a record that is remembered. */
MUST_CHECK enum status linked_judge(struct builder *builder, struct error *error);
/* Judges a unit that has contributed nothing yet. */
MUST_CHECK enum status linked_judge_new(struct builder *builder, uint64_t unit,
                                        struct error *error);
/* The view of a unit as its records are now; of `reading` the transaction and `linked` are used,
 * which the caller clears with the transaction. */
MUST_CHECK enum status linked_view(struct builder *reading, struct arena *arena, uint64_t unit,
                                   bool with_members, struct unit_view *view, struct error *error);

/* builder_mixing.c: which accounts hold users of two variants; an account judged before and after,
 * or, where it has added nothing yet, after alone. */
MUST_CHECK enum status mixing_judge(struct builder *builder, uint64_t account, bool is_new,
                                    struct error *error);

/* One unit judged before and after, by the definitions of the experiments that it was exposed to;
 * begins with builder and error alone. */
struct judgement {
    struct builder *builder;
    struct contribution *before; /* by definition, of those with exposures in the view */
    struct error *error;
};
MUST_CHECK enum status judge_before(struct judgement *judgement, const struct unit_view *view);
MUST_CHECK enum status judge_after(struct judgement *judgement, const struct unit_view *view);

/* Changes all units touched, and gathers what that changes in the cube. */
MUST_CHECK enum status builder_apply(struct builder *builder, struct error *error);
/* A catalogue on the way. */
MUST_CHECK enum status builder_meet(struct builder *builder, const struct record *record,
                                    struct error *error);

#endif
