/*
 * Where the judging of linked units has its records and members from: as they were before the
 * batch, or as they stand.
 *
 * Nothing is written while units are judged, so what the state gives is borrowed until then.  Each
 * record is read once for both sides, and for the units near it that ask for it too: they are
 * judged in the order of their numbers, and who is tied to whom came at about the same time.
 */

#include "builder_parts.h"

#include <stdlib.h>

#define MEMBER_KEY_SIZE 24
#define READ_PLACES ((size_t)1 << 12)          /* a power of two */
#define READ_MEMORY_MAX ((size_t)4 << 20)      /* of lists; looked at between two units */
#define MEMBERS_ROOM (ACCOUNT_MEMBERS_MAX + 1) /* one more says that there are more */

/* A record that was read; `before` is the same one where it is not remembered. */
struct read_record {
    uint64_t next; /* unit + 1; 0: free */
    struct unit_record now, before;
};

static enum status no_memory(struct error *error)
{
    return FAIL(error, STATUS_NO_MEMORY, "fold", 0, "no memory");
}

static int remembered_compare(const void *a, const void *b)
{
    const struct remembered *one = a, *other = b;
    return (one->unit > other->unit) - (one->unit < other->unit);
}

static enum status record_of(struct arena *arena, enum status status, struct slice bytes,
                             enum unit_kind kind, struct unit_record *record, struct error *error)
{
    *record = (struct unit_record){.kind = kind};
    if (status == STATUS_NOT_FOUND || (!status && !bytes.size))
        return STATUS_OK;
    return status ? status : unit_record_read(arena, bytes, record, error);
}

static enum status read_both(struct builder *builder, uint64_t unit, struct read_record *place,
                             struct error *error)
{
    struct linked *linked = &builder->linked;
    struct remembered wanted = {.unit = unit};
    struct slice bytes = {0};
    place->next = 0;
    enum status status = builder_borrow(builder, &linked->read_arena, unit, &bytes, error);
    status = record_of(&linked->read_arena, status, bytes, UNIT_USER, &place->now, error);
    if (status)
        return status;
    place->before = place->now;
    const struct remembered *found = linked->count ? bsearch(&wanted, linked->items, linked->count,
                                                             sizeof wanted, remembered_compare)
                                                   : NULL;
    if (found)
        status = record_of(&linked->read_arena, STATUS_OK, found->bytes,
                           (enum unit_kind)found->kind, &place->before, error);
    if (!status)
        place->next = unit + 1;
    return status;
}

static enum status side_record(void *context, struct arena *arena, uint64_t unit,
                               struct unit_record *record, struct error *error)
{
    const struct linked_side *side = context;
    struct linked *linked = &side->builder->linked;
    (void)arena;
    if (!linked->read)
        linked->read = calloc(READ_PLACES, sizeof *linked->read);
    if (!linked->read)
        return no_memory(error);
    struct read_record *place = &linked->read[unit & (READ_PLACES - 1)];
    if (place->next != unit + 1) {
        enum status status = read_both(side->builder, unit, place, error);
        if (status)
            return status;
    }
    *record = side->before ? place->before : place->now;
    return STATUS_OK;
}

static void read_forget(struct linked *linked)
{
    arena_reset(&linked->read_arena);
    linked->members_of = 0;
    if (linked->read)
        memset(linked->read, 0, READ_PLACES * sizeof *linked->read);
}

void linked_trim(struct linked *linked)
{
    if (linked->read_arena.used > READ_MEMORY_MAX)
        read_forget(linked);
}

static int joined_compare(const void *a, const void *b)
{
    const struct joined *one = a, *other = b;
    if (one->account != other->account)
        return one->account < other->account ? -1 : 1;
    return (one->user > other->user) - (one->user < other->user);
}

static struct slice member_key(uint64_t account, uint64_t hash, uint64_t user,
                               char bytes[static MEMBER_KEY_SIZE])
{
    uint64_t numbers[3] = {htobe64(account), htobe64(hash), htobe64(user)};
    memcpy(bytes, numbers, MEMBER_KEY_SIZE);
    return (struct slice){.data = bytes, .size = MEMBER_KEY_SIZE};
}

static enum status joined_add(struct linked *linked, uint64_t account, uint64_t user,
                              struct error *error)
{
    if (linked->joined_count == linked->joined_capacity) {
        size_t capacity = linked->joined_capacity ? 2 * linked->joined_capacity : 256;
        struct joined *joined = realloc(linked->joined, capacity * sizeof *joined);
        if (!joined)
            return no_memory(error);
        linked->joined = joined;
        linked->joined_capacity = capacity;
    }
    linked->joined[linked->joined_count++] = (struct joined){.account = account, .user = user};
    return STATUS_OK;
}

enum status builder_member_add(struct builder *builder, uint64_t account, uint64_t hash,
                               uint64_t user, bool *is_new, struct error *error)
{
    char bytes[MEMBER_KEY_SIZE];
    struct slice key = member_key(account, hash, user, bytes);
    struct slice value;
    enum status status = state_get(builder->transaction, STATE_LINKS, key, &value, error);
    if (status != STATUS_NOT_FOUND)
        return status;
    *is_new = true;
    status = state_put(builder->transaction, STATE_LINKS, key, SLICE("m"), error);
    return status ? status : joined_add(&builder->linked, account, user, error);
}

struct member_scan {
    struct linked *linked;
    uint64_t account;
    bool before; /* without those who joined in this batch */
    bool skipped;
};

static bool has_joined(struct member_scan *scan, uint64_t user)
{
    const struct linked *linked = scan->linked;
    struct joined wanted = {.account = scan->account, .user = user};
    return scan->before && linked->joined_count &&
           bsearch(&wanted, linked->joined, linked->joined_count, sizeof wanted, joined_compare);
}

static bool member_found(void *context, struct slice key, struct slice value)
{
    struct member_scan *scan = context;
    struct linked *linked = scan->linked;
    uint64_t user;
    (void)value;
    if (key.size != MEMBER_KEY_SIZE)
        return true;
    memcpy(&user, key.data + 16, sizeof user);
    user = be64toh(user);
    if (has_joined(scan, user)) {
        scan->skipped = true;
        return true;
    }
    linked->members[linked->member_count++] = user;
    return linked->member_count < MEMBERS_ROOM;
}

/* Those of the account asked for last are kept, and serve both sides where nobody joined. */
static enum status members_scan(const struct linked_side *side, uint64_t account,
                                struct error *error)
{
    struct linked *linked = &side->builder->linked;
    uint64_t prefix = htobe64(account);
    struct member_scan scan = {.linked = linked, .account = account, .before = side->before};
    struct state_scan state = {.table = STATE_LINKS,
                               .prefix = {.data = (const char *)&prefix, .size = sizeof prefix},
                               .visit = member_found,
                               .context = &scan};
    if (!linked->members)
        linked->members = malloc(MEMBERS_ROOM * sizeof *linked->members);
    if (!linked->members)
        return no_memory(error);
    linked->member_count = 0;
    linked->members_of = 0;
    enum status status = state_scan(side->builder->transaction, &state, error);
    if (status)
        return status;
    linked->members_of = account + 1;
    linked->members_now = !side->before || !scan.skipped;
    linked->members_before = side->before || !linked->joined_count;
    return STATUS_OK;
}

static enum status side_members(void *context, uint64_t account, uint64_t *users, size_t room,
                                size_t *count, struct error *error)
{
    const struct linked_side *side = context;
    struct linked *linked = &side->builder->linked;
    bool known = linked->members_of == account + 1 &&
                 (side->before ? linked->members_before : linked->members_now);
    enum status status = known ? STATUS_OK : members_scan(side, account, error);
    if (status)
        return status;
    *count = linked->member_count;
    memcpy(users, linked->members, (*count < room ? *count : room) * sizeof *users);
    return STATUS_OK;
}

struct unit_source linked_source(struct linked_side *side)
{
    return (struct unit_source){.record = side_record, .members = side_members, .context = side};
}

/* Units come in the order of their numbers, so the row stays sorted. */
enum status linked_remember(struct builder *builder, const struct remembered *item,
                            struct error *error)
{
    struct linked *linked = &builder->linked;
    if (linked->count == linked->capacity) {
        size_t capacity = linked->capacity ? 2 * linked->capacity : 256;
        struct remembered *items = realloc(linked->items, capacity * sizeof *items);
        if (!items)
            return no_memory(error);
        linked->items = items;
        linked->capacity = capacity;
    }
    struct remembered *kept = &linked->items[linked->count++];
    *kept = *item;
    kept->bytes = arena_copy(&linked->arena, item->bytes);
    return linked->arena.failed ? no_memory(error) : STATUS_OK;
}

void linked_settle(struct linked *linked)
{
    if (linked->joined_count)
        qsort(linked->joined, linked->joined_count, sizeof *linked->joined, joined_compare);
}

void linked_clear(struct linked *linked)
{
    linked->count = 0;
    linked->joined_count = 0;
    arena_reset(&linked->arena);
    read_forget(linked);
}

void linked_done(struct linked *linked)
{
    free(linked->items);
    free(linked->joined);
    free(linked->members);
    free(linked->read);
    arena_done(&linked->arena);
    arena_done(&linked->read_arena);
    *linked = (struct linked){0};
}
