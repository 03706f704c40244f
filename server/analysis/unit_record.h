#ifndef ANALYSIS_UNIT_RECORD_H
#define ANALYSIS_UNIT_RECORD_H

/*
 * What is kept of one unit (architecture 10): lists of entries in record order, each list bounded.
 * What a list holds is a function of the set of its entries, never of their order of arrival.
 *
 * Bytes of a unit record, UNIT_FORMAT 3, all numbers little endian:
 *     u8 format, u8 kind of unit, then for each list that is not empty, by (type, index):
 *         u8 type | varint index | varint 2 * count + overflow | varint size | entries
 *     an entry of exposures, traits, events, steps:
 *         i64 time, ms | u64 first 8 bytes of the content hash, as a number | u64 key | payload
 *     an entry of activity:
 *         i32 UTC day | u32 first instant of it, ms | u32 last instant
 *     an entry of links, visitors and accounts:
 *         the same, then u64 text_hash of the other id | u64 its unit number
 * Payloads: exposures struct exposure_payload, 7 bytes; traits u16 size and the text of the value
 * (UNIT_TRAIT_NONE, _OTHER instead of a size: null, and what is no scalar or too long); events
 * one bit for each condition of the scheme's event, in whole bytes, then for each of its properties
 * i64 micro-units (UNIT_NO_NUMBER: it is no number, or none that micro-units can hold); steps u8
 * enum step_outcome.
 *
 * index is that of the scheme: experiment, trait, event, activity filter, step.  The bytes are
 * stored in parts of UNIT_VALUE_MAX: key u64 unit number, u16 part, big endian; the first part
 * begins with u32 size of the whole.
 *
 * The lists of an id hold what carries it.  What carries this id and none of another kind is owed
 * to the units of that kind to which links tie the id: such entries stand a second time, in a list
 * of type UNIT_LIST_OWED.  So a unit's view is its own lists and what others owe to it
 * (unit_view.h).
 *
 * Record order within a list: time, content, key.  One key (message id within an event name)
 * stands once: the first in record order.  Of each list the first UNIT_LIST_MAX stay; `overflow`
 * says that there were more.
 */

#include "base/arena.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "base/time.h"
#include "base/unit.h"

#include <endian.h>

#define UNIT_FORMAT 3

enum unit_list_type {
    UNIT_LIST_EXPOSURES = 1,
    UNIT_LIST_TRAITS,
    UNIT_LIST_EVENTS,
    UNIT_LIST_ACTIVITY,
    UNIT_LIST_STEPS,
    UNIT_LIST_USERS = 8, /* of a visitor: the users it was linked to */
    UNIT_LIST_VISITORS,  /* of a user: the visitors it was linked to */
    UNIT_LIST_ACCOUNTS,  /* of a user: the accounts it was tied to */
    UNIT_LIST_MEMBERS    /* of an account: never in its record, but rows of the table LINKS */
};

/* What happened to a step of a flow. */
enum step_outcome {
    STEP_WAS_VIEWED,
    STEP_WAS_COMPLETED,
    STEP_WAS_DISMISSED,
    STEP_WAS_FAILED,
    STEP_OUTCOME_COUNT
};

#define ENTRY_HEAD_SIZE 24
#define EXPOSURE_PAYLOAD_SIZE 7
#define ACTIVITY_ENTRY_SIZE 12
#define LINK_ENTRY_SIZE 28
#define UNIT_TRAIT_TEXT_MAX 512 /* longer texts are no value of a segment */
#define UNIT_TRAIT_NONE 0xffff
#define UNIT_TRAIT_OTHER 0xfffe
#define UNIT_NO_NUMBER INT64_MIN

/* The list of what this id owes to units of that kind. */
#define UNIT_LIST_OWED(kind, type)                                                                 \
    ((enum unit_list_type)((unsigned)(type) | ((unsigned)(kind) + 1) << 4))
#define UNIT_LIST_BASE(type) ((unsigned)(type)&15U)

struct unit_list {
    uint8_t type;
    bool overflow;
    uint32_t index;
    uint32_t count;
    uint32_t size;     /* bytes of the entries */
    uint32_t capacity; /* 0: `entries` is borrowed */
    char *entries;
};

struct unit_record {
    enum unit_kind kind;
    struct unit_list *lists; /* sorted by (type, index) */
    size_t count;
    size_t capacity;
};

/* A unit that was tied to another one for a while: a user to an account. */
struct unit_member {
    uint64_t user;                    /* its number: who came back has two spans */
    const struct unit_record *record; /* its outcomes while it was tied, all spans */
    int64_t from_ms, until_ms;        /* a span: [from, until) */
};

/* All that is known of a unit when it is judged. */
struct unit_view {
    const struct unit_record *record; /* NULL: a unit not seen yet */
    const struct unit_member *members;
    size_t member_count;
    bool members_cut; /* there were more than are read */
};

struct entry_head {
    int64_t time_ms;
    uint64_t content;
    uint64_t key;
};

struct exposure_payload {
    uint8_t skewed;   /* 0 or 1; first, so that of equal bodies the one that is not skewed stays */
    uint8_t reason;   /* enum outside; OUTSIDE_COUNT: it counts */
    uint8_t variant;  /* as reported: the scheme's number, or VARIANT_NONE */
    uint8_t computed; /* the same as computed; VARIANT_NONE: not asked */
    uint16_t phase;   /* of the declaration in force */
    uint8_t erased;   /* 0 or 1: of a person that was erased; bit 1 of the first byte */
    uint8_t source;   /* enum exposure_source */
};
#define VARIANT_NONE 255

static inline uint64_t load_u64(const char *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return le64toh(value);
}

static inline uint32_t load_u32(const char *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return le32toh(value);
}

static inline uint16_t load_u16(const char *bytes)
{
    uint16_t value;
    memcpy(&value, bytes, sizeof value);
    return le16toh(value);
}

static inline int64_t entry_time(const char *entry)
{
    return (int64_t)load_u64(entry);
}

/* The list of that type and index, NULL when it is empty. */
const struct unit_list *unit_list_find(const struct unit_record *record, enum unit_list_type type,
                                       size_t index);

/* Borrows `bytes`, which have to outlive `record`.  STORAGE when they are no unit record. */
MUST_CHECK enum status unit_record_read(struct arena *arena, struct slice bytes,
                                        struct unit_record *record, struct error *error);
void unit_record_write(struct buffer *out, const struct unit_record *record);

enum unit_change { UNIT_UNCHANGED, UNIT_CHANGED, UNIT_DUPLICATE };

/* Puts an entry where it belongs.  DUPLICATE: an entry of that key was there (the first in record
 * order stays); UNCHANGED: past the bound of a list that overflowed before.  With a failed arena
 * nothing is changed; see arena->failed. */
enum unit_change unit_record_put(struct arena *arena, struct unit_record *record,
                                 enum unit_list_type type, size_t index,
                                 const struct entry_head *head, struct slice payload);
/* Widens the day's first and last instant; `type` is ACTIVITY, own or owed. */
enum unit_change unit_record_activity(struct arena *arena, struct unit_record *record,
                                      enum unit_list_type type, size_t index, int64_t time_ms);

/* unit_links.c: a link to another id at that time, kept as the first and last instant of the UTC
 * day and pair.  `hash` is text_hash of the other's kind and id: it orders, where times are equal.
 */
struct unit_link {
    uint64_t hash, number;
    int64_t time_ms;
};
enum unit_change unit_record_link(struct arena *arena, struct unit_record *record,
                                  enum unit_list_type type, const struct unit_link *link);
/* The last link at or before `time_ms`; with `or_after`, where there is none, the first after it.
 * Of equal times the larger hash.  False: none.  `list` may be NULL. */
bool unit_link_at(const struct unit_list *list, int64_t time_ms, bool or_after,
                  struct unit_link *link);
/* The other ids, each once with its first instant, in the order of their days; at most `room`.
 * Gives how many there are, also past the room. */
size_t unit_links_others(const struct unit_list *list, struct unit_link *others, size_t room);
/* The instants of the list in the order of time, two an entry; the caller's array of 2 * count. */
size_t unit_link_instants(const struct unit_list *list, struct unit_link *instants);

/* What a trait was at that instant: the last entry that is no later. */
enum unit_trait { TRAIT_IS_MISSING, TRAIT_IS_OTHER, TRAIT_IS_TEXT };
enum unit_trait unit_trait_at(const struct unit_record *record, size_t trait, int64_t time_ms,
                              struct slice *text);

/* Size of the entry at `entry` of a list of that type. */
uint32_t entry_size(const struct unit_list *list, const char *entry);

void exposure_payload_write(const struct exposure_payload *payload,
                            char bytes[static EXPOSURE_PAYLOAD_SIZE]);
struct exposure_payload exposure_payload_read(const char *entry);

#endif
