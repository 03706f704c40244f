#ifndef ANALYSIS_UNIT_VIEW_H
#define ANALYSIS_UNIT_VIEW_H

/*
 * All that belongs to a unit, put together from the records of the ids that links tie to it
 * (architecture 9).  Records stay under the id they came with; whose they are is found here, each
 * time, so links may come in any order and go again.
 *
 *     user      its own, and what a visitor owes to users at the times at which the visitor was
 * this user's: of its last link at or before, else of its first link after visitor   its own, and
 * what a user owes to visitors from the moment on at which this is the visitor that the user was
 * linked to last account   its own, and what users (and their visitors) owe to accounts at the
 * times at which the user was tied to this account, by the rule of the first line
 *
 * A visitor that was linked to more than SHARED_DEVICE_USERS is a shared device: its links are
 * passed over.
 */

#include "contribution.h"

#define SHARED_DEVICE_USERS 20
#define ACCOUNT_MEMBERS_MAX 10000

/* Where records come from. */
struct unit_source {
    /* Borrowed from the arena or the state, good while the view is; an unknown unit is an empty
     * record. */
    enum status (*record)(void *context, struct arena *arena, uint64_t unit,
                          struct unit_record *record, struct error *error);
    /* The users ever tied to the account, at most `room`, by their hash; `count` may be more. */
    enum status (*members)(void *context, uint64_t account, uint64_t *users, size_t room,
                           size_t *count, struct error *error);
    void *context;
};

/* Makes the view of `unit` in the arena; members of an account only when asked for. */
MUST_CHECK enum status unit_view_make(struct arena *arena, const struct unit_source *source,
                                      uint64_t unit, bool with_members, struct unit_view *view,
                                      struct error *error);

/* The users ever tied to the account, in the arena: *count, of which at most ACCOUNT_MEMBERS_MAX
 * are there. */
MUST_CHECK enum status unit_members(struct arena *arena, const struct unit_source *source,
                                    uint64_t account, uint64_t **users, size_t *count,
                                    struct error *error);

bool unit_is_linked(const struct unit_record *record);

/* The units whose view reads a record, as it was or as it is now: itself first, then those that it
 * owes to.  `kinds` are the bits of the kinds analysed. */
struct unit_set {
    uint64_t *items; /* owned */
    size_t count, capacity;
    bool failed;
};
void unit_set_add(struct unit_set *set, uint64_t unit);
void unit_set_settle(struct unit_set *set); /* sorted, each once */
void unit_set_done(struct unit_set *set);
/* The accounts to which a user was ever tied; false without memory. */
bool unit_accounts(struct arena *arena, const struct unit_record *user, struct unit_set *set);
MUST_CHECK enum status unit_dependents(struct arena *arena, const struct unit_source *source,
                                       uint64_t unit, const struct unit_record *record,
                                       unsigned kinds, struct unit_set *set, struct error *error);

#endif
