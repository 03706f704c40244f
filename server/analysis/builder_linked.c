/*
 * Units that are tied to others: judged when all records of a batch have changed, each once.
 *
 * A record is read by the views of the units that it owes to, so those are judged again with it:
 * the ids named, the units these belong to, and the accounts of those (architecture 2).  What a
 * record was before the batch is remembered as bytes; all else is as it stands in the state.
 */

#include "builder_parts.h"

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

/* Exposures are never owed: without one of its own there is nothing to judge. */
static enum status side_judge(struct judgement *judgement, struct linked_side *side, uint64_t unit,
                              enum status (*judge)(struct judgement *judgement,
                                                   const struct unit_view *view))
{
    struct builder *builder = side->builder;
    struct unit_source source = linked_source(side);
    struct unit_record record;
    struct unit_view view;
    enum status status = source.record(side, &builder->unit_arena, unit, &record, judgement->error);
    if (status || !record.count || record.lists[0].type != UNIT_LIST_EXPOSURES)
        return status;
    status = unit_view_make(&builder->unit_arena, &source, unit, builder->scheme->with_members,
                            &view, judgement->error);
    return status ? status : judge(judgement, &view);
}

static enum status unit_judge(struct builder *builder, uint64_t unit, struct error *error)
{
    struct judgement judgement = {.builder = builder, .error = error};
    struct linked_side before = {.builder = builder, .before = true}, now = {.builder = builder};
    arena_reset(&builder->unit_arena);
    linked_trim(&builder->linked);
    enum status status = side_judge(&judgement, &before, unit, judge_before);
    return status ? status : side_judge(&judgement, &now, unit, judge_after);
}

enum status linked_view(struct builder *reading, struct arena *arena, uint64_t unit,
                        bool with_members, struct unit_view *view, struct error *error)
{
    struct linked_side now = {.builder = reading};
    struct unit_source source = linked_source(&now);
    linked_trim(&reading->linked);
    return unit_view_make(arena, &source, unit, with_members, view, error);
}

enum status linked_judge_new(struct builder *builder, uint64_t unit, struct error *error)
{
    struct judgement judgement = {.builder = builder, .error = error};
    struct linked_side now = {.builder = builder};
    arena_reset(&builder->unit_arena);
    linked_trim(&builder->linked);
    struct unit_source source = linked_source(&now);
    struct unit_record record;
    enum status status = source.record(&now, &builder->unit_arena, unit, &record, error);
    if (!status)
        status = side_judge(&judgement, &now, unit, judge_after);
    bool mixes = builder->scheme->with_mixing && record.kind == UNIT_ACCOUNT;
    return status || !mixes ? status : mixing_judge(builder, unit, true, error);
}

/* The units to be judged, and the accounts whose users may be mixed otherwise. */
struct gathering {
    struct unit_set units, accounts;
};

static enum status item_gather(struct builder *builder, const struct remembered *item,
                               struct gathering *gathering, struct error *error)
{
    struct arena *arena = &builder->unit_arena;
    struct linked_side now = {.builder = builder};
    struct unit_source source = linked_source(&now);
    struct unit_record record;
    arena_reset(arena);
    linked_trim(&builder->linked);
    enum status status = source.record(&now, arena, item->unit, &record, error);
    if (status)
        return status;
    if (builder->scheme->with_mixing && item->reach & REACH_MIXING &&
        !unit_accounts(arena, &record, &gathering->accounts))
        return FAIL(error, STATUS_NO_MEMORY, "fold", 0, "no memory");
    return unit_dependents(arena, &source, item->unit, &record,
                           builder->scheme->kinds & item->reach, &gathering->units, error);
}

/* Both in the order of units, so that what one of them reads is still there for the other. */
static enum status gathering_judge(struct builder *builder, const struct gathering *gathering,
                                   struct error *error)
{
    const struct unit_set *units = &gathering->units, *accounts = &gathering->accounts;
    enum status status = STATUS_OK;
    for (size_t i = 0, j = 0; !status && (i < units->count || j < accounts->count);) {
        if (j == accounts->count || (i < units->count && units->items[i] <= accounts->items[j]))
            status = unit_judge(builder, units->items[i++], error);
        else
            status = mixing_judge(builder, accounts->items[j++], false, error);
    }
    return status;
}

enum status linked_judge(struct builder *builder, struct error *error)
{
    struct gathering gathering = {0};
    const struct linked *linked = &builder->linked;
    enum status status = STATUS_OK;
    linked_settle(&builder->linked);
    for (size_t i = 0; !status && i < linked->count; i++)
        status = item_gather(builder, &linked->items[i], &gathering, error);
    unit_set_settle(&gathering.units);
    unit_set_settle(&gathering.accounts);
    if (!status && (gathering.units.failed || gathering.accounts.failed))
        status = FAIL(error, STATUS_NO_MEMORY, "fold", 0, "no memory");
    if (!status)
        status = gathering_judge(builder, &gathering, error);
    unit_set_done(&gathering.units);
    unit_set_done(&gathering.accounts);
    return status;
}
