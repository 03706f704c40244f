#ifndef INGEST_PRIVACY_H
#define INGEST_PRIVACY_H

/*
 * What of a message reaches the disk (architecture 16, 17).
 *
 * In a pseudonymous store ids are replaced by their keyed hash, and so is the value of every trait
 * and property that is named private, at any depth, before the message is hashed and written.  The
 * same id or value gives the same key, so units stay units and segments by a private trait still
 * group.  Assignment is made by the id as it came; the fold can't ask it again, and
 * RECORD_PSEUDONYM says so.
 *
 * With `keeps_declared` a trait that no definition in service reads is not written, nor is one that
 * is named private, at any depth, whoever reads it: a segment by such a trait has (unknown) alone.
 * Properties of events are kept, as ever.
 *
 * Events of an id that was erased for good are refused.
 */

#include "base/arena.h"
#include "experiment/catalogue.h"
#include "store/erasure.h"

#define PRIVATE_NAMES_MAX 32
#define PRIVATE_NAMES "email,phone,name,address,ip" /* where nobody says otherwise */

struct privacy {
    struct slice secret; /* of the store */
    bool is_pseudonymous;
    bool keeps_declared;                   /* else all traits */
    struct slice names[PRIVATE_NAMES_MAX]; /* private traits and properties */
    size_t name_count;
    struct erasures *erasures; /* NULL: nobody was erased */
};

/* `names` with commas between, kept by reference.  False: too many, or an empty one. */
bool privacy_names(struct privacy *privacy, struct slice names);

/* 32 hexadecimal digits in the arena, for the id of a unit of that kind. */
struct slice privacy_pseudonym(struct slice secret, struct arena *arena, enum unit_kind kind,
                               struct slice id);
/* Leaves out and replaces what has to be; `catalogue` (NULL: none) is in service.  Texts are in the
 * arena, whose `failed` tells when memory ran out. */
void privacy_apply(const struct privacy *privacy, const struct catalogue *catalogue,
                   struct arena *arena, struct message *message, uint16_t *flags);
/* Whether an id of the message, as it would be written, is refused. */
bool privacy_refuses(const struct privacy *privacy, const struct message *message);

#endif
