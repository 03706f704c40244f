#ifndef ANALYSIS_NAMES_H
#define ANALYSIS_NAMES_H

/*
 * Names of events and traits seen, with how often and when (`GET /v1/events`; never_received).
 * Every message counts, duplicates too, so counts do not depend on order.  The first NAMES_MAX
 * names of the journal are kept, and beyond them those that a definition uses, so that a client
 * which makes names up does not grow the state without bound.
 *
 * NAMES: key 'e' or 't' and the name (of a long one its first bytes and a hash), value varint
 * count, zigzag first and last time, then the whole name.
 *
 * The table is also where an event's name becomes its number in the scheme.
 */

#include "scheme.h"

#define NAMES_MAX 10000

struct name_entry {
    struct slice name;
    uint64_t hash;
    bool is_trait;
    bool is_kept;         /* false: looked up only, beyond NAMES_MAX */
    int event;            /* the scheme's number, or -1 */
    int step;             /* `Onboarding Step ...`: enum step_outcome, else -1 */
    const bool *activity; /* for each filter: passes */
    uint64_t count;       /* since the last flush */
    int64_t first_ms, last_ms;
};

struct names_table {
    struct arena arena;
    struct name_entry **places; /* open hash table, owned */
    size_t capacity, count;
    size_t kept;
};

/* Starts with the names of the state. */
MUST_CHECK enum status names_load(struct names_table *table, const struct scheme *scheme,
                                  struct state_transaction *transaction, struct error *error);
/* The entry, made when it is new; NULL without memory. */
struct name_entry *names_find(struct names_table *table, const struct scheme *scheme,
                              struct slice name, bool is_trait);
static inline void name_count(struct name_entry *entry, int64_t time_ms)
{
    if (entry->count == 0 || time_ms < entry->first_ms)
        entry->first_ms = time_ms;
    if (entry->count == 0 || time_ms > entry->last_ms)
        entry->last_ms = time_ms;
    entry->count++;
}
/* Adds what was counted to the table NAMES. */
MUST_CHECK enum status names_flush(struct names_table *table, struct state_transaction *transaction,
                                   struct error *error);
void names_done(struct names_table *table);

/* A number for a text, for tables in memory and for message keys: FNV-1a with a last mixing. */
uint64_t text_hash(uint64_t seed, struct slice text);

#endif
