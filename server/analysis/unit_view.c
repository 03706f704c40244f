/*
 * Views: own lists borrowed, owed entries put among them by the rules of a unit record, so that one
 * message that came under two ids stands once, and bounds hold for the whole.
 */

#include "unit_view.h"

#include "unit_lists.h"

#include <stdlib.h>

#define ACCOUNT_MEMBERS_USUAL 64

/* Whose an entry is at its time: every rule has to name the number that is asked for. */
struct owner_rule {
    const struct unit_list *links;
    bool or_after;
    uint64_t number;
};
struct owner {
    struct owner_rule rules[2];
    size_t count;
    bool always; /* at any time: the usual case of who has been tied to one alone */
};

static bool rule_holds_always(const struct owner_rule *rule)
{
    const struct unit_list *links = rule->links;
    if (!links || !rule->or_after)
        return false;
    for (uint32_t i = 0; i < links->count; i++)
        if (load_u64(links->entries + i * LINK_ENTRY_SIZE + LINK_ENTRY_SIZE - 8) != rule->number)
            return false;
    return true;
}

/* `more` may be NULL. */
static struct owner owner_of(const struct owner_rule *rule, const struct owner_rule *more)
{
    struct owner owner = {
        .rules = {*rule}, .count = more ? 2 : 1, .always = rule_holds_always(rule)};
    if (more) {
        owner.rules[1] = *more;
        owner.always = owner.always && rule_holds_always(more);
    }
    return owner;
}

static bool owner_holds(const struct owner *owner, int64_t time_ms)
{
    for (size_t i = 0; i < owner->count && !owner->always; i++) {
        const struct owner_rule *rule = &owner->rules[i];
        struct unit_link link;
        if (!unit_link_at(rule->links, time_ms, rule->or_after, &link) ||
            link.number != rule->number)
            return false;
    }
    return true;
}

static void activity_add(struct arena *arena, struct unit_record *to, const struct unit_list *list,
                         const struct owner *owner)
{
    for (uint32_t i = 0; i < 2 * list->count; i++) {
        const char *entry = list->entries + (i / 2) * ACTIVITY_ENTRY_SIZE;
        int64_t time_ms =
            day_start_ms((int32_t)load_u32(entry)) + load_u32(entry + 4 + 4 * (i % 2));
        if (owner_holds(owner, time_ms))
            (void)unit_record_activity(arena, to, UNIT_LIST_ACTIVITY, list->index, time_ms);
    }
}

/* The whole list, borrowed, where there is none of that base type yet; false: there is. */
static bool list_borrow(struct arena *arena, struct unit_record *to, const struct unit_list *list)
{
    enum unit_list_type base = (enum unit_list_type)UNIT_LIST_BASE(list->type);
    if (unit_list_find(to, base, list->index))
        return false;
    struct unit_list *made = unit_list_make(arena, to, base, list->index);
    if (made) {
        made->count = list->count;
        made->size = list->size;
        made->entries = list->entries;
    }
    return true;
}

/* Entries of one list into the own list of that base type. */
static void list_add(struct arena *arena, struct unit_record *to, const struct unit_list *list,
                     const struct owner *owner)
{
    unsigned base = UNIT_LIST_BASE(list->type);
    if (owner->always && list_borrow(arena, to, list))
        return;
    if (base == UNIT_LIST_ACTIVITY) {
        activity_add(arena, to, list, owner);
        return;
    }
    const char *entry = list->entries;
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t size = entry_size(list, entry);
        struct entry_head head = {.time_ms = entry_time(entry),
                                  .content = load_u64(entry + 8),
                                  .key = load_u64(entry + 16)};
        struct slice payload = {.data = entry + ENTRY_HEAD_SIZE, .size = size - ENTRY_HEAD_SIZE};
        if (owner_holds(owner, head.time_ms))
            (void)unit_record_put(arena, to, (enum unit_list_type)base, list->index, &head,
                                  payload);
        entry += size;
    }
}

static bool is_own(const struct unit_list *list)
{
    return list->type == UNIT_LIST_BASE(list->type) && list->type < UNIT_LIST_USERS;
}

/* What `from` owes to units of that kind. */
static void owed_add(struct arena *arena, struct unit_record *to, const struct unit_record *from,
                     enum unit_kind kind, const struct owner *owner)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct unit_list *list = &from->lists[i];
        if (list->type == UNIT_LIST_OWED(kind, UNIT_LIST_BASE(list->type)))
            list_add(arena, to, list, owner);
    }
}

/* The record's own lists alone, borrowed. */
static bool own_lists(struct arena *arena, const struct unit_record *record,
                      struct unit_record *own)
{
    *own = (struct unit_record){.kind = record->kind};
    own->capacity = record->count + 4;
    own->lists = ARENA_ARRAY(arena, own->capacity, struct unit_list);
    for (size_t i = 0; own->lists && i < record->count; i++)
        if (is_own(&record->lists[i])) {
            own->lists[own->count] = record->lists[i];
            own->lists[own->count++].capacity = 0;
        }
    return own->lists != NULL;
}

/* What is being put together. */
struct view_work {
    struct arena *arena;
    const struct unit_source *source;
    uint64_t unit;
    struct unit_record own;    /* as stored */
    struct unit_record merged; /* own lists and what is owed */
    struct error *error;
};

static enum status no_memory(struct error *error)
{
    return FAIL(error, STATUS_NO_MEMORY, "fold", 0, "no memory");
}

static enum status record_load(const struct view_work *work, uint64_t unit,
                               struct unit_record *record)
{
    return work->source->record(work->source->context, work->arena, unit, record, work->error);
}

static bool device_is_shared(const struct unit_list *users)
{
    struct unit_link others[SHARED_DEVICE_USERS];
    return unit_links_others(users, others, SHARED_DEVICE_USERS) > SHARED_DEVICE_USERS;
}

/* The other ids of a list, in the arena; NULL without memory. */
static struct unit_link *others_of(struct arena *arena, const struct unit_list *list, size_t *count)
{
    size_t room = list ? list->count : 0;
    struct unit_link *others = ARENA_ARRAY(arena, room + 1, struct unit_link);
    *count = others ? unit_links_others(list, others, room) : 0;
    return others;
}

/* A visit of each visitor of a user that is no shared device: its record, its users. */
typedef void visitor_visit(struct arena *arena, const struct unit_record *visitor,
                           const struct unit_list *users, void *context);

static enum status each_visitor(const struct view_work *work, const struct unit_record *user,
                                visitor_visit *visit, void *context)
{
    size_t count;
    struct unit_link *visitors =
        others_of(work->arena, unit_list_find(user, UNIT_LIST_VISITORS, 0), &count);
    if (!visitors)
        return no_memory(work->error);
    for (size_t i = 0; i < count; i++) {
        struct unit_record visitor;
        enum status status = record_load(work, visitors[i].number, &visitor);
        if (status)
            return status;
        const struct unit_list *users = unit_list_find(&visitor, UNIT_LIST_USERS, 0);
        if (!device_is_shared(users))
            visit(work->arena, &visitor, users, context);
    }
    return STATUS_OK;
}

/* What visitors owe to a user goes to `to`, perhaps only while a second rule holds. */
struct visitor_gathering {
    struct unit_record *to;
    enum unit_kind kind; /* to which it is owed */
    uint64_t user;
    const struct owner_rule *more; /* NULL: none */
};

static void visitor_gather(struct arena *arena, const struct unit_record *visitor,
                           const struct unit_list *users, void *context)
{
    const struct visitor_gathering *gathering = context;
    const struct owner_rule rule = {.links = users, .or_after = true, .number = gathering->user};
    const struct owner owner = owner_of(&rule, gathering->more);
    owed_add(arena, gathering->to, visitor, gathering->kind, &owner);
}

static enum status user_view(struct view_work *work)
{
    struct visitor_gathering gathering = {
        .to = &work->merged, .kind = UNIT_USER, .user = work->unit};
    return each_visitor(work, &work->own, visitor_gather, &gathering);
}

/* The user's links without those to shared devices; a copy in the arena where there is one. */
static enum status links_to_visitors(const struct view_work *work, const struct unit_record *user,
                                     struct unit_list *links)
{
    const struct unit_list *list = unit_list_find(user, UNIT_LIST_VISITORS, 0);
    *links = (struct unit_list){0};
    if (list)
        links->entries = arena_alloc(work->arena, list->size);
    if (list && !links->entries)
        return no_memory(work->error);
    for (uint32_t i = 0; list && i < list->count; i++) {
        const char *entry = list->entries + i * LINK_ENTRY_SIZE;
        uint64_t number = load_u64(entry + LINK_ENTRY_SIZE - sizeof number);
        struct unit_record visitor = {0};
        enum status status = number == work->unit ? STATUS_OK : record_load(work, number, &visitor);
        if (status)
            return status;
        if (device_is_shared(unit_list_find(&visitor, UNIT_LIST_USERS, 0)))
            continue;
        memcpy(links->entries + links->size, entry, LINK_ENTRY_SIZE);
        links->size += LINK_ENTRY_SIZE;
        links->count++;
    }
    return STATUS_OK;
}

static enum status visitor_view(struct view_work *work)
{
    const struct unit_list *list = unit_list_find(&work->own, UNIT_LIST_USERS, 0);
    size_t count;
    struct unit_link *users = others_of(work->arena, list, &count);
    if (!users)
        return no_memory(work->error);
    for (size_t i = 0; i < count && count <= SHARED_DEVICE_USERS; i++) {
        struct unit_record user;
        struct unit_list links;
        enum status status = record_load(work, users[i].number, &user);
        if (!status)
            status = links_to_visitors(work, &user, &links);
        if (status)
            return status;
        const struct owner_rule rule = {.links = &links, .number = work->unit};
        const struct owner owner = owner_of(&rule, NULL);
        owed_add(work->arena, &work->merged, &user, UNIT_ANONYMOUS, &owner);
    }
    return STATUS_OK;
}

/* An account's members as they are found. */
struct member_list {
    struct unit_member *items;
    size_t count, capacity;
};

static bool member_append(struct arena *arena, struct member_list *members,
                          const struct unit_member *member)
{
    if (members->count == members->capacity) {
        size_t capacity = members->capacity ? 2 * members->capacity : 16;
        struct unit_member *items = ARENA_ARRAY(arena, capacity, struct unit_member);
        if (!items)
            return false;
        if (members->count)
            memcpy(items, members->items, members->count * sizeof *items);
        members->items = items;
        members->capacity = capacity;
    }
    members->items[members->count++] = *member;
    return true;
}

/* One entry for each time span in which the account is the one that the user was tied to last. */
static bool member_spans(struct arena *arena, const struct unit_list *accounts, uint64_t account,
                         const struct unit_member *member, struct member_list *members)
{
    struct unit_link *instants =
        ARENA_ARRAY(arena, accounts ? 2 * (size_t)accounts->count + 1 : 1, struct unit_link);
    size_t count = instants ? unit_link_instants(accounts, instants) : 0;
    struct unit_member span = *member;
    bool open = false;
    for (size_t i = 0; i < count; i++) {
        bool here = instants[i].number == account;
        if (here && !open)
            span.from_ms = instants[i].time_ms;
        span.until_ms = here ? INT64_MAX : instants[i].time_ms;
        if (!here && open && span.until_ms > span.from_ms && !member_append(arena, members, &span))
            return false;
        open = here;
    }
    return instants && (!open || member_append(arena, members, &span));
}

/* The user's own outcomes, and its visitors', while it was of the account. */
static enum status member_record(const struct view_work *work, uint64_t user,
                                 const struct unit_record *record, const struct owner_rule *rule,
                                 struct unit_record *outcomes)
{
    const struct owner owner = owner_of(rule, NULL);
    struct visitor_gathering gathering = {
        .to = outcomes, .kind = UNIT_USER, .user = user, .more = rule};
    *outcomes = (struct unit_record){.kind = UNIT_USER};
    for (size_t i = 0; i < record->count; i++)
        if (is_own(&record->lists[i]) && record->lists[i].type != UNIT_LIST_EXPOSURES)
            list_add(work->arena, outcomes, &record->lists[i], &owner);
    return each_visitor(work, record, visitor_gather, &gathering);
}

static enum status member_take(struct view_work *work, uint64_t user, bool with_members,
                               struct member_list *members)
{
    struct unit_record record;
    enum status status = record_load(work, user, &record);
    if (status)
        return status;
    const struct unit_list *accounts = unit_list_find(&record, UNIT_LIST_ACCOUNTS, 0);
    const struct owner_rule rule = {.links = accounts, .or_after = true, .number = work->unit};
    const struct owner owner = owner_of(&rule, NULL);
    struct visitor_gathering gathering = {
        .to = &work->merged, .kind = UNIT_ACCOUNT, .user = user, .more = &rule};
    owed_add(work->arena, &work->merged, &record, UNIT_ACCOUNT, &owner);
    status = each_visitor(work, &record, visitor_gather, &gathering);
    if (status || !with_members)
        return status;
    struct unit_record *outcomes = ARENA_NEW(work->arena, struct unit_record);
    if (!outcomes)
        return no_memory(work->error);
    struct unit_member member = {.user = user, .record = outcomes};
    status = member_record(work, user, &record, &rule, outcomes);
    if (!status && !member_spans(work->arena, accounts, work->unit, &member, members))
        status = no_memory(work->error);
    return status;
}

/* Most have few: room for all that may be read would be cleared for each account at each batch. */
enum status unit_members(struct arena *arena, const struct unit_source *source, uint64_t account,
                         uint64_t **users, size_t *count, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t room = ACCOUNT_MEMBERS_USUAL;; room = ACCOUNT_MEMBERS_MAX) {
        *users = ARENA_ARRAY(arena, room, uint64_t);
        if (!*users)
            return no_memory(error);
        status = source->members(source->context, account, *users, room, count, error);
        if (status || *count <= room || room == ACCOUNT_MEMBERS_MAX)
            return status;
    }
}

static enum status account_view(struct view_work *work, bool with_members, struct unit_view *view)
{
    uint64_t *users;
    struct member_list members = {0};
    size_t count = 0;
    enum status status =
        unit_members(work->arena, work->source, work->unit, &users, &count, work->error);
    view->members_cut = count > ACCOUNT_MEMBERS_MAX;
    if (view->members_cut)
        count = ACCOUNT_MEMBERS_MAX;
    for (size_t i = 0; !status && i < count; i++)
        status = member_take(work, users[i], with_members, &members);
    view->members = members.items;
    view->member_count = members.count;
    return status;
}

enum status unit_view_make(struct arena *arena, const struct unit_source *source, uint64_t unit,
                           bool with_members, struct unit_view *view, struct error *error)
{
    struct view_work work = {.arena = arena, .source = source, .unit = unit, .error = error};
    struct unit_view made = {0};
    enum status status = record_load(&work, unit, &work.own);
    if (status)
        return status;
    if (!own_lists(arena, &work.own, &work.merged))
        return no_memory(error);
    switch (work.own.kind) {
    case UNIT_USER: status = user_view(&work); break;
    case UNIT_ANONYMOUS: status = visitor_view(&work); break;
    case UNIT_ACCOUNT: status = account_view(&work, with_members, &made); break;
    case UNIT_KIND_COUNT: break;
    }
    struct unit_record *merged = ARENA_NEW(arena, struct unit_record);
    if (!status && (!merged || arena->failed))
        status = no_memory(error);
    if (status)
        return status;
    *merged = work.merged;
    made.record = merged;
    *view = made;
    return STATUS_OK;
}

bool unit_is_linked(const struct unit_record *record)
{
    for (size_t i = 0; i < record->count; i++)
        if (record->lists[i].type == UNIT_LIST_BASE(record->lists[i].type) &&
            record->lists[i].type >= UNIT_LIST_USERS)
            return true;
    return false;
}

void unit_set_add(struct unit_set *set, uint64_t unit)
{
    if (set->count == set->capacity) {
        size_t capacity = set->capacity ? 2 * set->capacity : 256;
        uint64_t *items = realloc(set->items, capacity * sizeof *items);
        if (!items) {
            set->failed = true;
            return;
        }
        set->items = items;
        set->capacity = capacity;
    }
    set->items[set->count++] = unit;
}

static int unit_compare(const void *a, const void *b)
{
    const uint64_t *one = a, *other = b;
    return (*one > *other) - (*one < *other);
}

void unit_set_settle(struct unit_set *set)
{
    size_t unique = 0;
    if (set->count)
        qsort(set->items, set->count, sizeof *set->items, unit_compare);
    for (size_t i = 0; i < set->count; i++)
        if (!unique || set->items[unique - 1] != set->items[i])
            set->items[unique++] = set->items[i];
    set->count = unique;
}

void unit_set_done(struct unit_set *set)
{
    free(set->items);
    *set = (struct unit_set){0};
}

static void links_add(const struct unit_link *links, size_t count, struct unit_set *set)
{
    for (size_t i = 0; i < count; i++)
        unit_set_add(set, links[i].number);
}

bool unit_accounts(struct arena *arena, const struct unit_record *user, struct unit_set *set)
{
    size_t count;
    struct unit_link *accounts =
        others_of(arena, unit_list_find(user, UNIT_LIST_ACCOUNTS, 0), &count);
    if (accounts)
        links_add(accounts, count, set);
    return accounts != NULL;
}

static enum status user_dependents(struct arena *arena, const struct unit_record *record,
                                   unsigned kinds, struct unit_set *set, struct error *error)
{
    static const struct {
        enum unit_list_type list;
        enum unit_kind kind;
    } ties[] = {{UNIT_LIST_VISITORS, UNIT_ANONYMOUS}, {UNIT_LIST_ACCOUNTS, UNIT_ACCOUNT}};
    for (size_t i = 0; i < sizeof ties / sizeof *ties; i++) {
        size_t count;
        if (!(kinds >> ties[i].kind & 1))
            continue;
        struct unit_link *others =
            others_of(arena, unit_list_find(record, ties[i].list, 0), &count);
        if (!others)
            return no_memory(error);
        links_add(others, count, set);
    }
    return STATUS_OK;
}

enum status unit_dependents(struct arena *arena, const struct unit_source *source, uint64_t unit,
                            const struct unit_record *record, unsigned kinds, struct unit_set *set,
                            struct error *error)
{
    if (kinds >> record->kind & 1)
        unit_set_add(set, unit);
    if (record->kind == UNIT_USER)
        return user_dependents(arena, record, kinds, set, error);
    size_t count;
    struct unit_link *users = others_of(arena, unit_list_find(record, UNIT_LIST_USERS, 0), &count);
    if (!users)
        return no_memory(error);
    if (kinds >> UNIT_USER & 1)
        links_add(users, count, set);
    /* A device that becomes a shared one leaves its users' other visitors what it had of them. */
    kinds &= count > 1 ? 1U << UNIT_ACCOUNT | 1U << UNIT_ANONYMOUS : 1U << UNIT_ACCOUNT;
    for (size_t i = 0; i < count && kinds; i++) {
        struct unit_record user;
        enum status status = source->record(source->context, arena, users[i].number, &user, error);
        if (!status)
            status = user_dependents(arena, &user, kinds, set, error);
        if (status)
            return status;
    }
    return STATUS_OK;
}
