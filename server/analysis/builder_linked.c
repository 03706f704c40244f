/*
 * Units that are tied to others: judged when all records of a batch have changed, each once.
 *
 * A record is read by the views of the units that it owes to, so those are judged again with it:
 * the ids named, the units these belong to, and the accounts of those (architecture 2).  What a
 * record was before the batch is remembered as bytes; all else is as it stands in the state.
 */

#include "builder_parts.h"

#include <stdlib.h>

#define MEMBER_KEY_SIZE 24

/* What a record was before the batch. */
struct remembered {
    uint64_t unit;
    struct slice bytes; /* empty: there was none */
    uint8_t kind;
};

static int remembered_compare(const void *a, const void *b)
{
    const struct remembered *one = a, *other = b;
    return (one->unit > other->unit) - (one->unit < other->unit);
}

/* Units come in the order of their numbers, so the row stays sorted. */
enum status linked_remember(struct builder *builder, uint64_t unit, enum unit_kind kind,
                            struct slice bytes, struct error *error)
{
    struct linked *linked = &builder->linked;
    if (linked->count == linked->capacity) {
        size_t capacity = linked->capacity ? 2 * linked->capacity : 256;
        struct remembered *items = realloc(linked->items, capacity * sizeof *items);
        if (!items)
            return FAIL(error, STATUS_NO_MEMORY, "fold", 0, "no memory");
        linked->items = items;
        linked->capacity = capacity;
    }
    linked->items[linked->count++] = (struct remembered){
        .unit = unit, .bytes = arena_copy(&linked->arena, bytes), .kind = (uint8_t)kind};
    return linked->arena.failed ? FAIL(error, STATUS_NO_MEMORY, "fold", 0, "no memory") : STATUS_OK;
}

static struct slice member_key(uint64_t account, uint64_t hash, uint64_t user,
                               char bytes[static MEMBER_KEY_SIZE])
{
    uint64_t numbers[3] = {htobe64(account), htobe64(hash), htobe64(user)};
    memcpy(bytes, numbers, MEMBER_KEY_SIZE);
    return (struct slice){.data = bytes, .size = MEMBER_KEY_SIZE};
}

enum status builder_member_add(struct builder *builder, uint64_t account, uint64_t hash,
                               uint64_t user, struct error *error)
{
    char key[MEMBER_KEY_SIZE];
    return state_put(builder->transaction, STATE_LINKS, member_key(account, hash, user, key),
                     SLICE("m"), error);
}

/* Records as they were before the batch, or as they are. */
struct time_side {
    struct builder *builder;
    bool before;
};

static enum status side_record(void *context, struct arena *arena, uint64_t unit,
                               struct unit_record *record, struct error *error)
{
    const struct time_side *side = context;
    const struct linked *linked = &side->builder->linked;
    struct remembered wanted = {.unit = unit};
    const struct remembered *found =
        side->before && linked->count
            ? bsearch(&wanted, linked->items, linked->count, sizeof wanted, remembered_compare)
            : NULL;
    struct slice bytes;
    enum status status = STATUS_OK;
    *record = (struct unit_record){.kind = found ? (enum unit_kind)found->kind : UNIT_USER};
    if (found)
        bytes = found->bytes;
    else
        status = builder_bytes(side->builder, arena, unit, &bytes, error);
    if (status == STATUS_NOT_FOUND || (!status && !bytes.size))
        return STATUS_OK;
    return status ? status : unit_record_read(arena, bytes, record, error);
}

struct member_scan {
    uint64_t *users;
    size_t room, count;
};

static bool member_found(void *context, struct slice key, struct slice value)
{
    struct member_scan *scan = context;
    uint64_t user;
    (void)value;
    if (key.size != MEMBER_KEY_SIZE)
        return true;
    memcpy(&user, key.data + 16, sizeof user);
    if (scan->count < scan->room)
        scan->users[scan->count] = be64toh(user);
    scan->count++;
    return scan->count <= scan->room;
}

static enum status side_members(void *context, uint64_t account, uint64_t *users, size_t room,
                                size_t *count, struct error *error)
{
    const struct time_side *side = context;
    uint64_t prefix = htobe64(account);
    struct member_scan scan = {.users = users, .room = room};
    struct state_scan state = {.table = STATE_LINKS,
                               .prefix = {.data = (const char *)&prefix, .size = sizeof prefix},
                               .visit = member_found,
                               .context = &scan};
    enum status status = state_scan(side->builder->transaction, &state, error);
    *count = scan.count;
    return status;
}

/* Calls for each definition of each experiment to which the record was exposed. */
static enum status each_definition(struct judgement *judgement, const struct unit_view *view,
                                   enum status (*visit)(struct judgement *judgement,
                                                        const struct unit_view *view, size_t index))
{
    const struct scheme *scheme = judgement->builder->scheme;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < view->record->count; i++) {
        const struct unit_list *list = &view->record->lists[i];
        if (list->type != UNIT_LIST_EXPOSURES)
            break; /* they come first */
        if (list->index >= scheme->experiment_count)
            return FAIL(judgement->error, STATUS_STORAGE, "units", 0, "this is no unit record");
        const struct scheme_experiment *experiment = &scheme->experiments[list->index];
        for (size_t j = 0; !status && j < experiment->definition_count; j++)
            status = visit(judgement, view, experiment->definitions[j]);
    }
    return status;
}

static enum status contribution_before(struct judgement *judgement, const struct unit_view *view,
                                       size_t index)
{
    struct builder *builder = judgement->builder;
    const struct scheme *scheme = builder->scheme;
    if (!judgement->before) {
        judgement->before =
            ARENA_ARRAY(&builder->unit_arena, scheme->definition_count, struct contribution);
        if (!judgement->before)
            return FAIL(judgement->error, STATUS_NO_MEMORY, "fold", 0, "no memory");
        for (size_t i = 0; i < scheme->definition_count; i++)
            judgement->before[i].population = POPULATION_NONE;
    }
    if (!contribution_of(&builder->unit_arena, &scheme->definitions[index], view,
                         &judgement->before[index]))
        return FAIL(judgement->error, STATUS_NO_MEMORY, "fold", 0, "no memory");
    return STATUS_OK;
}

static enum status contribution_after(struct judgement *judgement, const struct unit_view *view,
                                      size_t index)
{
    static const struct contribution nothing = {.population = POPULATION_NONE};
    struct builder *builder = judgement->builder;
    const struct scheme_definition *definition = &builder->scheme->definitions[index];
    struct contribution after;
    if (!contribution_of(&builder->unit_arena, definition, view, &after))
        return FAIL(judgement->error, STATUS_NO_MEMORY, "fold", 0, "no memory");
    return contribution_add(&builder->cells, definition,
                            judgement->before ? &judgement->before[index] : &nothing, &after,
                            judgement->error);
}

enum status judge_before(struct judgement *judgement, const struct unit_view *view)
{
    return each_definition(judgement, view, contribution_before);
}

enum status judge_after(struct judgement *judgement, const struct unit_view *view)
{
    return each_definition(judgement, view, contribution_after);
}

static enum status unit_judge(struct builder *builder, uint64_t unit, struct error *error)
{
    struct judgement judgement = {.builder = builder, .error = error};
    bool with_members = builder->scheme->with_members;
    enum status status = STATUS_OK;
    arena_reset(&builder->unit_arena);
    for (unsigned now = 0; !status && now < 2; now++) {
        struct time_side side = {.builder = builder, .before = !now};
        struct unit_source source = {
            .record = side_record, .members = side_members, .context = &side};
        struct unit_view view;
        status = unit_view_make(&builder->unit_arena, &source, unit, with_members, &view, error);
        if (!status)
            status = now ? judge_after(&judgement, &view) : judge_before(&judgement, &view);
    }
    return status;
}

enum status linked_view(struct builder *reading, struct arena *arena, uint64_t unit,
                        bool with_members, struct unit_view *view, struct error *error)
{
    struct time_side side = {.builder = reading};
    struct unit_source source = {.record = side_record, .members = side_members, .context = &side};
    return unit_view_make(arena, &source, unit, with_members, view, error);
}

enum status linked_judge_new(struct builder *builder, uint64_t unit, struct error *error)
{
    struct judgement judgement = {.builder = builder, .error = error};
    struct unit_view view;
    arena_reset(&builder->unit_arena);
    enum status status = linked_view(builder, &builder->unit_arena, unit,
                                     builder->scheme->with_members, &view, error);
    return status ? status : judge_after(&judgement, &view);
}

static enum status linked_gather(struct builder *builder, struct unit_set *set, struct error *error)
{
    const struct linked *linked = &builder->linked;
    struct time_side side = {.builder = builder};
    struct unit_source source = {.record = side_record, .members = side_members, .context = &side};
    enum status status = STATUS_OK;
    for (size_t i = 0; !status && i < linked->count; i++) {
        struct unit_record record;
        arena_reset(&builder->unit_arena);
        status = side_record(&side, &builder->unit_arena, linked->items[i].unit, &record, error);
        if (!status)
            status = unit_dependents(&builder->unit_arena, &source, linked->items[i].unit, &record,
                                     builder->scheme->kinds, set, error);
    }
    unit_set_settle(set);
    if (!status && set->failed)
        status = FAIL(error, STATUS_NO_MEMORY, "fold", 0, "no memory");
    return status;
}

enum status linked_judge(struct builder *builder, struct error *error)
{
    struct unit_set set = {0};
    enum status status = linked_gather(builder, &set, error);
    for (size_t i = 0; !status && i < set.count; i++)
        status = unit_judge(builder, set.items[i], error);
    unit_set_done(&set);
    return status;
}

void linked_clear(struct linked *linked)
{
    linked->count = 0;
    arena_reset(&linked->arena);
}

void linked_done(struct linked *linked)
{
    free(linked->items);
    arena_done(&linked->arena);
    *linked = (struct linked){0};
}
