/*
 * Two readings of the journal: which visitors were linked to the users asked for; and to how many
 * users each of these was linked.  The second only where the first found any.
 */

#include "ties.h"

#include <stdlib.h>

struct reading {
    struct ties *ties;
    struct slice secret;
    const struct erasure_row *rows;
    size_t count;
};

/* The visitor that a message links to its user; empty: none. */
static struct slice linked_visitor(const struct record *record, struct message *message)
{
    if (record->damaged || record->kind != RECORD_MESSAGE || record->flags & RECORD_SCRUBBED ||
        message_read(record->body, message, NULL) || slice_is_empty(message->user))
        return (struct slice){0};
    if (message->type == MESSAGE_ALIAS)
        return message->previous;
    return message->type == MESSAGE_IDENTIFY ? message->anonymous : (struct slice){0};
}

static bool tie_add(struct ties *ties, size_t person, struct slice visitor)
{
    for (size_t i = ties->count; i > 0 && ties->count - i < 64; i--) /* the same again, mostly */
        if (ties->items[i - 1].person == person && slice_equal(ties->items[i - 1].visitor, visitor))
            return true;
    if (ties->count == ties->capacity) {
        size_t capacity = ties->capacity ? 2 * ties->capacity : 16;
        struct tie *larger = realloc(ties->items, capacity * sizeof *larger);
        if (!larger)
            return false;
        ties->items = larger;
        ties->capacity = capacity;
    }
    ties->items[ties->count++] =
        (struct tie){.person = person, .visitor = arena_copy(&ties->arena, visitor)};
    return !ties->arena.failed;
}

static enum status first_visit(void *context, const struct record *record, struct error *error)
{
    struct reading *reading = context;
    struct message message;
    struct slice visitor = linked_visitor(record, &message);
    if (slice_is_empty(visitor) || erasure_is_replaced(visitor))
        return STATUS_OK;
    struct hash128 hash = hash_keyed(reading->secret, UNIT_USER, message.user);
    for (size_t i = 0; i < reading->count; i++) {
        const struct erasure_row *row = &reading->rows[i];
        if (row->key.kind != UNIT_USER || hash128_compare(&row->key.hash, &hash) != 0 ||
            !(row->key.suppressed || record->sequence < row->request))
            continue;
        if (!tie_add(reading->ties, i, visitor))
            return FAIL(error, STATUS_NO_MEMORY, "erasure", 0, "no memory for visitors");
    }
    return STATUS_OK;
}

static int tie_compare(const void *a, const void *b)
{
    const struct tie *one = a, *other = b;
    int order = slice_compare(one->visitor, other->visitor);
    return order ? order : (one->person > other->person) - (one->person < other->person);
}

static void user_add(struct tie *tie, const struct hash128 *hash)
{
    uint64_t number;
    memcpy(&number, hash->bytes, sizeof number);
    for (size_t i = 0; i < tie->users; i++)
        if (tie->hashes[i] == number)
            return;
    if (tie->users <= ERASE_SHARED_USERS)
        tie->hashes[tie->users++] = number;
}

static enum status second_visit(void *context, const struct record *record, struct error *error)
{
    struct reading *reading = context;
    struct ties *ties = reading->ties;
    struct message message;
    struct slice visitor = linked_visitor(record, &message);
    size_t low = 0, high = ties->count;
    (void)error;
    if (slice_is_empty(visitor))
        return STATUS_OK;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (slice_compare(ties->items[middle].visitor, visitor) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == ties->count || !slice_equal(ties->items[low].visitor, visitor))
        return STATUS_OK;
    struct hash128 hash = hash_keyed(reading->secret, UNIT_USER, message.user);
    for (; low < ties->count && slice_equal(ties->items[low].visitor, visitor); low++)
        user_add(&ties->items[low], &hash);
    return STATUS_OK;
}

/* Each once, and no shared device. */
static void ties_settle(struct ties *ties)
{
    size_t kept = 0;
    for (size_t i = 0; i < ties->count; i++)
        if (ties->items[i].users <= ERASE_SHARED_USERS &&
            (kept == 0 || tie_compare(&ties->items[kept - 1], &ties->items[i]) != 0))
            ties->items[kept++] = ties->items[i];
    ties->count = kept;
}

enum status ties_find(struct journal *journal, struct slice secret, const struct erasure_row *rows,
                      size_t count, struct ties *ties, struct error *error)
{
    struct reading reading = {.ties = ties, .secret = secret, .rows = rows, .count = count};
    struct journal_scan scan = {
        .from = 1, .visit = first_visit, .context = &reading, .doing = "search"};
    bool any = false;
    for (size_t i = 0; i < count; i++)
        any |= rows[i].key.kind == UNIT_USER;
    enum status status = any ? journal_scan(journal, &scan, error) : STATUS_OK;
    if (status || !ties->count)
        return status;
    qsort(ties->items, ties->count, sizeof *ties->items, tie_compare);
    scan = (struct journal_scan){
        .from = 1, .visit = second_visit, .context = &reading, .doing = "search"};
    status = journal_scan(journal, &scan, error);
    ties_settle(ties);
    return status;
}

void ties_done(struct ties *ties)
{
    free(ties->items);
    arena_done(&ties->arena);
    *ties = (struct ties){0};
}
