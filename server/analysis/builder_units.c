/*
 * The units touched by a batch, one after another in the order of their numbers: load, change,
 * store.  A unit that is tied to no other one is judged here, before and after; the others are
 * judged when all records of the batch have changed (builder_linked.c).
 */

#include "builder_parts.h"

#include <stdlib.h>

/* A unit under change. */
struct unit_work {
    struct builder *builder;
    uint64_t unit;
    struct slice old; /* stored bytes; empty: a new unit */
    struct unit_record record;
    struct error *error;
};

static enum status unit_open(struct unit_work *work, enum unit_kind kind)
{
    struct builder *builder = work->builder;
    arena_reset(&builder->unit_arena);
    enum status status =
        builder_bytes(builder, &builder->unit_arena, work->unit, &work->old, work->error);
    if (status == STATUS_NOT_FOUND) {
        work->record = (struct unit_record){.kind = kind};
        return STATUS_OK;
    }
    if (!status)
        status = unit_record_read(&builder->unit_arena, work->old, &work->record, work->error);
    return status;
}

static enum status unit_close(struct unit_work *work)
{
    size_t old_size = work->old.size ? work->old.size + 4 : 0;
    return builder_store(work->builder, work->unit, &work->record, old_size, work->error);
}

static enum unit_change item_apply(struct unit_work *work, const struct touch *touch,
                                   const struct touch_item *item)
{
    struct arena *arena = &work->builder->unit_arena;
    enum unit_list_type type = (enum unit_list_type)item->type;
    if (UNIT_LIST_BASE(type) == UNIT_LIST_ACTIVITY)
        return unit_record_activity(arena, &work->record, type, item->index, touch->head.time_ms);
    if (UNIT_LIST_BASE(type) < UNIT_LIST_USERS)
        return unit_record_put(arena, &work->record, type, item->index, &touch->head,
                               item->payload);
    struct unit_link link = {.hash = load_u64(item->payload.data),
                             .number = load_u64(item->payload.data + 8),
                             .time_ms = touch->head.time_ms};
    if (type != UNIT_LIST_MEMBERS)
        return unit_record_link(arena, &work->record, type, &link);
    return UNIT_UNCHANGED;
}

/* Whose views an entry of a list of that type can change, as bits of the kinds; those of members
 * read all but exposures of a user, and what its visitors owe to it. */
static unsigned list_reach(const struct unit_work *work, enum unit_list_type type)
{
    enum unit_list_type base = (enum unit_list_type)UNIT_LIST_BASE(type);
    if (base >= UNIT_LIST_USERS)
        return ((1U << UNIT_KIND_COUNT) - 1) | (base == UNIT_LIST_ACCOUNTS ? REACH_MIXING : 0);
    enum unit_kind to = type == base ? work->record.kind : (enum unit_kind)((type >> 4) - 1);
    bool is_members =
        to == UNIT_USER && base != UNIT_LIST_EXPOSURES && work->builder->scheme->with_members;
    bool is_met = to == UNIT_USER && base == UNIT_LIST_EXPOSURES;
    return 1U << to | (is_members ? 1U << UNIT_ACCOUNT : 0) | (is_met ? REACH_MIXING : 0);
}

/* Whose views may be others now; 0: the record is as it was. */
static unsigned touch_apply(struct unit_work *work, const struct touch *touch)
{
    struct builder *builder = work->builder;
    unsigned reach = 0;
    for (uint32_t i = 0; i < touch->item_count; i++) {
        const struct touch_item *item = &builder->touches.entries[touch->first_item + i];
        enum unit_change change = item_apply(work, touch, item);
        if (change == UNIT_DUPLICATE)
            builder->duplicate[touch->order] = true;
        if (change != UNIT_UNCHANGED)
            reach |= list_reach(work, (enum unit_list_type)item->type);
    }
    return reach;
}

/* Users that a batch ties to an account, as rows of the table LINKS. */
static enum status members_apply(struct unit_work *work, const struct touch *touches, size_t count,
                                 bool *is_new)
{
    const struct builder *builder = work->builder;
    enum status status = STATUS_OK;
    for (size_t i = 0; !status && i < count; i++) {
        const struct touch_item *item = &builder->touches.entries[touches[i].first_item];
        if (item->type == UNIT_LIST_MEMBERS)
            status = builder_member_add(work->builder, work->unit, load_u64(item->payload.data),
                                        load_u64(item->payload.data + 8), is_new, work->error);
    }
    return status;
}

static bool unit_will_link(const struct unit_work *work, const struct touch *touches, size_t count)
{
    const struct touch_item *entries = work->builder->touches.entries;
    if (work->record.kind == UNIT_ACCOUNT || unit_is_linked(&work->record))
        return true;
    for (size_t i = 0; i < count; i++)
        if (UNIT_LIST_BASE(entries[touches[i].first_item].type) >= UNIT_LIST_USERS)
            return true;
    return false;
}

static enum status unit_apply_linked(struct unit_work *work, const struct touch *touches,
                                     size_t count)
{
    unsigned reach = 0;
    bool is_new = false;
    for (size_t i = 0; i < count; i++)
        reach |= touch_apply(work, &touches[i]);
    if (work->builder->unit_arena.failed)
        return FAIL(work->error, STATUS_NO_MEMORY, "fold", 0, "no memory");
    bool changed = reach != 0;
    enum status status = members_apply(work, touches, count, &is_new);
    if (is_new)
        reach |= 1U << UNIT_ACCOUNT;
    const struct remembered item = {.unit = work->unit,
                                    .bytes = work->old,
                                    .kind = (uint8_t)work->record.kind,
                                    .reach = (uint8_t)reach};
    if (!status && reach)
        status = linked_remember(work->builder, &item, work->error);
    if (!status && (changed || !work->old.size))
        status = unit_close(work);
    return status;
}

static enum status unit_apply(struct builder *builder, const struct touch *touches, size_t count,
                              struct error *error)
{
    struct unit_work work = {.builder = builder, .unit = touches[0].unit, .error = error};
    struct judgement judgement = {.builder = builder, .error = error};
    struct unit_view view = {.record = &work.record};
    enum status status = unit_open(&work, (enum unit_kind)touches[0].kind);
    if (!status && unit_will_link(&work, touches, count))
        return unit_apply_linked(&work, touches, count);
    if (!status)
        status = judge_before(&judgement, &view);
    if (status)
        return status;
    unsigned reach = 0;
    for (size_t i = 0; i < count; i++)
        reach |= touch_apply(&work, &touches[i]);
    if (builder->unit_arena.failed)
        return FAIL(error, STATUS_NO_MEMORY, "fold", 0, "no memory");
    if (!reach)
        return STATUS_OK;
    status = judge_after(&judgement, &view);
    return status ? status : unit_close(&work);
}

enum status builder_apply(struct builder *builder, struct error *error)
{
    struct touches *touches = &builder->touches;
    free(builder->duplicate);
    builder->duplicate = calloc((size_t)touches->messages + 1, sizeof *builder->duplicate);
    if (!builder->duplicate)
        return FAIL(error, STATUS_NO_MEMORY, "fold", 0, "no memory");
    touches_sort(touches);
    enum status status = STATUS_OK;
    for (size_t at = 0; !status && at < touches->count;) {
        size_t next = at + 1;
        while (next < touches->count && touches->items[next].unit == touches->items[at].unit)
            next++;
        status = unit_apply(builder, touches->items + at, next - at, error);
        at = next;
    }
    if (!status)
        status = linked_judge(builder, error);
    for (uint32_t i = 0; i < touches->messages; i++)
        builder->progress.duplicates += builder->duplicate[i];
    return status;
}
