/*
 * Dated links between ids (architecture 9): a visitor's users, a user's visitors and accounts.
 *
 * A chatty client says the same link with every event, so of a UTC day and pair the first and the
 * last instant are kept.  That is exact but where one id changes hands more than once in a day and
 * comes back.  Entries stand by day, then by the hash of the other id.
 */

#include "unit_lists.h"

#include <stdlib.h>

static int32_t link_day(const char *entry)
{
    return (int32_t)load_u32(entry);
}

static uint64_t link_hash(const char *entry)
{
    return load_u64(entry + 12);
}

/* Instant 0 is the first of the day, 1 the last. */
static struct unit_link link_instant(const char *entry, unsigned which)
{
    return (struct unit_link){.hash = link_hash(entry),
                              .number = load_u64(entry + 20),
                              .time_ms =
                                  day_start_ms(link_day(entry)) + load_u32(entry + 4 + 4 * which)};
}

static void link_write(char *bytes, int32_t day, uint32_t first_ms, uint32_t last_ms)
{
    uint32_t numbers[3] = {htole32((uint32_t)day), htole32(first_ms), htole32(last_ms)};
    memcpy(bytes, numbers, sizeof numbers);
}

static int link_place(const char *entry, int32_t day, uint64_t hash)
{
    if (link_day(entry) != day)
        return link_day(entry) < day ? -1 : 1;
    return (link_hash(entry) > hash) - (link_hash(entry) < hash);
}

static enum unit_change link_insert(struct arena *arena, struct unit_list *list, uint32_t at,
                                    const struct unit_link *link)
{
    int32_t day = day_of(link->time_ms);
    uint32_t instant_ms = (uint32_t)(link->time_ms - day_start_ms(day));
    uint64_t numbers[2] = {htole64(link->hash), htole64(link->number)};
    enum unit_change change;
    if (!unit_list_admits(list, at, &change))
        return change;
    if (!unit_list_splice(arena, list, at * LINK_ENTRY_SIZE, 0, LINK_ENTRY_SIZE))
        return UNIT_UNCHANGED;
    char *entry = list->entries + at * LINK_ENTRY_SIZE;
    link_write(entry, day, instant_ms, instant_ms);
    memcpy(entry + 12, numbers, sizeof numbers);
    list->count++;
    return UNIT_CHANGED;
}

enum unit_change unit_record_link(struct arena *arena, struct unit_record *record,
                                  enum unit_list_type type, const struct unit_link *link)
{
    struct unit_list *list = unit_list_make(arena, record, type, 0);
    int32_t day = day_of(link->time_ms);
    if (!list)
        return UNIT_UNCHANGED;
    uint32_t at = list->count;
    while (at > 0 && link_place(list->entries + (at - 1) * LINK_ENTRY_SIZE, day, link->hash) >= 0)
        at--;
    const char *entry = list->entries ? list->entries + at * LINK_ENTRY_SIZE : NULL;
    if (at == list->count || !entry || link_place(entry, day, link->hash) != 0)
        return link_insert(arena, list, at, link);
    uint32_t instant_ms = (uint32_t)(link->time_ms - day_start_ms(day));
    uint32_t first_ms = load_u32(entry + 4), last_ms = load_u32(entry + 8);
    if (first_ms <= instant_ms && instant_ms <= last_ms)
        return UNIT_UNCHANGED;
    if (list->capacity == 0 && !unit_list_splice(arena, list, 0, 0, 0))
        return UNIT_UNCHANGED;
    link_write(list->entries + at * LINK_ENTRY_SIZE, day,
               instant_ms < first_ms ? instant_ms : first_ms,
               instant_ms > last_ms ? instant_ms : last_ms);
    return UNIT_CHANGED;
}

/* Whether `a` is later than `b`, by hash where the times are equal. */
static bool link_is_later(const struct unit_link *a, const struct unit_link *b)
{
    return a->time_ms != b->time_ms ? a->time_ms > b->time_ms : a->hash > b->hash;
}

bool unit_link_at(const struct unit_list *list, int64_t time_ms, bool or_after,
                  struct unit_link *link)
{
    struct unit_link before = {0}, after = {0};
    bool has_before = false, has_after = false;
    for (uint32_t i = 0; list && i < 2 * list->count; i++) {
        struct unit_link instant = link_instant(list->entries + (i / 2) * LINK_ENTRY_SIZE, i % 2);
        if (instant.time_ms <= time_ms) {
            if (!has_before || link_is_later(&instant, &before))
                before = instant;
            has_before = true;
        } else {
            /* of equal times the larger hash here too */
            if (!has_after || instant.time_ms < after.time_ms ||
                (instant.time_ms == after.time_ms && instant.hash > after.hash))
                after = instant;
            has_after = true;
        }
    }
    if (!has_before && !(or_after && has_after))
        return false;
    *link = has_before ? before : after;
    return true;
}

size_t unit_links_others(const struct unit_list *list, struct unit_link *others, size_t room)
{
    size_t count = 0;
    for (uint32_t i = 0; list && i < list->count; i++) {
        struct unit_link link = link_instant(list->entries + i * LINK_ENTRY_SIZE, 0);
        size_t at = 0, kept = count < room ? count : room;
        while (at < kept && others[at].number != link.number)
            at++;
        if (at < kept)
            continue; /* days rise: the first is the earliest */
        if (count < room)
            others[count] = link;
        count++;
    }
    return count;
}

static int link_time_compare(const void *a, const void *b)
{
    const struct unit_link *one = a, *other = b;
    return link_is_later(one, other) - link_is_later(other, one);
}

size_t unit_link_instants(const struct unit_list *list, struct unit_link *instants)
{
    size_t count = 0;
    for (uint32_t i = 0; list && i < 2 * list->count; i++)
        instants[count++] = link_instant(list->entries + (i / 2) * LINK_ENTRY_SIZE, i % 2);
    if (count)
        qsort(instants, count, sizeof *instants, link_time_compare);
    return count;
}
