/*
 * Units of one experiment (analysis/units.h).
 *
 * The journal is read from its beginning, some records at a time; of each exposure the id is looked
 * up in the dictionary, and a unit that was not met yet is judged.  Which ones were met is a bit
 * each, so memory does not grow with what is written.  Then, where records were dropped, the units
 * that nothing named.
 */

#include "analysis/units.h"

#include "builder_parts.h"
#include "cube_cells.h"

#include <stdlib.h>

#define RECORDS_AT_ONCE JOURNAL_SCAN_SLICE
#define STEP_US_MAX 500000 /* half a second: architecture 15 allows a whole one */
#define CLOCK_EVERY                                                                                \
    16 /* units between two looks at the clock: an account may have many members                   \
        */

struct units {
    struct units_options options;
    struct view *view;
    struct scheme *scheme;
    const struct scheme_definition *definition;
    struct cube_numbering numbering;
    struct arena slices_arena;
    struct cube_slices slices;
    uint64_t next, end; /* sequences of the journal */
    bool by_number;     /* what the journal names is done */
    uint64_t next_unit;
    struct arena ids_arena;
    struct slice *ids; /* of exposures, waiting to be judged */
    size_t id_count, id_at;
    unsigned char *met; /* a bit a unit */
    uint64_t met_size;  /* units */
    struct arena unit_arena;
    struct cube_entry *entries; /* by number of cube.h */
    uint64_t watermark;
    bool moved;
};

static enum status no_memory(struct error *error)
{
    return FAIL(error, STATUS_NO_MEMORY, "units", 0, "no memory");
}

static enum status units_compile(struct units *units, struct view_transaction *transaction,
                                 struct error *error)
{
    struct declared *declared = NULL;
    char hint[NEAREST_HINT_SIZE];
    const struct definition *wanted = view_definition(transaction, units->options.experiment,
                                                      units->options.phase, DEFINITION_REGISTERED);
    if (!wanted)
        return FAIL(
            error, STATUS_NOT_FOUND, "experiment", 0,
            "no experiment '%.*s' of that phase in the store%s",
            SLICE_ARGS(units->options.experiment),
            nearest_hint(history_nearest(view_history(transaction), units->options.experiment),
                         hint));
    enum status status =
        declared_load(view_state(transaction), view_progress(transaction)->used, &declared, error);
    if (!status)
        status = scheme_compile(declared, &units->scheme, error);
    declared_release(declared);
    for (size_t i = 0; !status && i < units->scheme->definition_count; i++)
        if (units->scheme->definitions[i].definition->number == wanted->number)
            units->definition = &units->scheme->definitions[i];
    if (!status && !units->definition)
        status = FAIL(error, STATUS_STORAGE, "state", 0, "this state is of another version");
    return status;
}

static enum status units_prepare(struct units *units, struct error *error)
{
    struct view_transaction *transaction = NULL;
    enum status status = view_begin(units->view, &transaction, error);
    if (!status)
        status = units_compile(units, transaction, error);
    if (!status)
        units->watermark = view_watermark(transaction);
    view_end(transaction);
    if (status)
        return status;
    const struct experiment *experiment = units->definition->definition->experiment;
    cube_numbering_of(experiment, &units->numbering);
    units->entries = calloc(units->numbering.count, sizeof *units->entries);
    units->ids = calloc(RECORDS_AT_ONCE, sizeof *units->ids);
    units->next = 1;
    units->end = journal_last_sequence(units->options.journal);
    return units->entries && units->ids
               ? cube_slices_of(&units->slices_arena, experiment, &units->slices, error)
               : no_memory(error);
}

enum status units_open(struct view *view, const struct units_options *options, struct units **units,
                       struct error *error)
{
    struct units *made = calloc(1, sizeof *made);
    if (!made)
        return no_memory(error);
    made->options = *options;
    made->view = view_acquire(view);
    enum status status = units_prepare(made, error);
    if (status) {
        units_close(made);
        return status;
    }
    *units = made;
    return STATUS_OK;
}

void units_close(struct units *units)
{
    if (!units)
        return;
    view_release(units->view);
    scheme_free(units->scheme);
    arena_done(&units->slices_arena);
    arena_done(&units->ids_arena);
    arena_done(&units->unit_arena);
    free(units->ids);
    free(units->met);
    free(units->entries);
    free(units);
}

/* ---- who is there ---- */

/* Exposures of a holdout are those of any experiment of its group. */
static bool is_wanted(const struct units *units, const struct message *message)
{
    const struct experiment *experiment = units->definition->definition->experiment;
    return message->type == MESSAGE_EXPOSURE &&
           (experiment->member_count || slice_equal(message->experiment, experiment->key));
}

static enum status id_gather(void *context, const struct record *record, struct error *error)
{
    struct units *units = context;
    struct message message;
    if (record->damaged || record->kind != RECORD_MESSAGE ||
        message_read(record->body, &message, NULL) || !is_wanted(units, &message))
        return STATUS_OK;
    const struct slice ids[UNIT_KIND_COUNT] = {[UNIT_USER] = message.user,
                                               [UNIT_ACCOUNT] = message.account,
                                               [UNIT_ANONYMOUS] = message.anonymous};
    struct slice id = ids[units->definition->kind];
    if (slice_is_empty(id))
        return STATUS_OK;
    units->ids[units->id_count++] = arena_copy(&units->ids_arena, id);
    return units->ids_arena.failed ? no_memory(error) : STATUS_OK;
}

static enum status ids_gather(struct units *units, struct error *error)
{
    struct journal_scan scan = {.doing = "read",
                                .from = units->next,
                                .limit = RECORDS_AT_ONCE,
                                .visit = id_gather,
                                .context = units};
    arena_reset(&units->ids_arena);
    units->id_count = units->id_at = 0;
    enum status status = journal_scan(units->options.journal, &scan, error);
    units->by_number = scan.next <= units->next || scan.next > units->end;
    units->next = scan.next;
    return status;
}

/* True when it was not met before. */
static bool is_new(struct units *units, uint64_t unit)
{
    unsigned char bit = (unsigned char)(1U << unit % 8);
    if (unit >= units->met_size || units->met[unit / 8] & bit)
        return false;
    units->met[unit / 8] |= bit;
    return true;
}

static bool met_grow(struct units *units, uint64_t count)
{
    uint64_t bytes = count / 8 + 1, old = units->met ? units->met_size / 8 + 1 : 0;
    if (bytes > old) {
        unsigned char *met = realloc(units->met, bytes);
        if (!met)
            return false;
        memset(met + old, 0, bytes - old);
        units->met = met;
    }
    if (count > units->met_size)
        units->met_size = count;
    return true;
}

/* ---- what it is ---- */

/* The integers of one number, and its bins, which come in the order of the state's numbers. */
static bool entry_fill(struct units *units, const struct contribution *contribution, size_t number,
                       size_t *at)
{
    const struct scheme_cell *cell = &units->definition->cells[number];
    uint8_t place = units->numbering.numbers[number];
    size_t count = 0;
    while (*at + count < contribution->bin_count &&
           contribution->bins[*at + count].number == number)
        count++;
    struct cube_bin *bins = ARENA_ARRAY(&units->unit_arena, count + 1, struct cube_bin);
    for (size_t i = 0; bins && i < count; i++)
        bins[i] = (struct cube_bin){.bin = contribution->bins[*at + i].bin,
                                    .count = contribution->bins[*at + i].count};
    *at += count;
    units->entries[place] = (struct cube_entry){.key = {.metric = place},
                                                .field_count = cell->count,
                                                .values = contribution->row + cell->first,
                                                .bins = bins,
                                                .bin_count = count};
    return bins != NULL;
}

static enum status unit_visit(struct units *units, struct slice id,
                              const struct contribution *contribution, struct error *error)
{
    size_t at = 0;
    for (size_t i = 0; i < units->definition->cell_count && i < units->numbering.count; i++)
        if (!entry_fill(units, contribution, i, &at))
            return no_memory(error);
    const struct unit_row row = {.id = id,
                                 .population = (enum population)contribution->population,
                                 .variant = contribution->variant,
                                 .cohort = contribution->cohort,
                                 .exposure_ms = contribution->exposure_ms,
                                 .slices = contribution->slices,
                                 .slice_count = contribution->slice_count,
                                 .entries = units->entries,
                                 .entry_count = units->numbering.count};
    return units->options.visit(units->options.context, &row, error);
}

static enum status unit_judge(struct units *units, struct builder *reading, uint64_t unit,
                              struct slice id, struct error *error)
{
    struct unit_view view;
    struct contribution contribution;
    arena_reset(&units->unit_arena);
    enum status status =
        linked_view(reading, &units->unit_arena, unit, units->scheme->with_members, &view, error);
    if (status)
        return status;
    if (!contribution_of(&units->unit_arena, units->definition, &view, &contribution))
        return no_memory(error);
    bool is_analysed =
        contribution.population == POPULATION_MAIN || contribution.population == POPULATION_CROSSED;
    if (!is_analysed || contribution.row[UNITS_N] == 0)
        return STATUS_OK; /* outside, or erased */
    return unit_visit(units, id, &contribution, error);
}

static enum status id_judge(struct units *units, struct builder *reading, struct slice id,
                            struct error *error)
{
    struct hash128 hash =
        hash_keyed(units->options.secret, (unsigned char)units->definition->kind, id);
    struct slice key = {.data = (const char *)hash.bytes, .size = sizeof hash.bytes};
    struct slice value;
    enum status status = state_get(reading->transaction, STATE_DICTIONARY, key, &value, error);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK; /* not folded yet */
    if (!status && value.size != 8)
        status = FAIL(error, STATUS_STORAGE, "dictionary", 0, "this is no unit number");
    if (status || !is_new(units, load_u64(value.data)))
        return status;
    return unit_judge(units, reading, load_u64(value.data), id, error);
}

static bool step_is_over(size_t done, int64_t begun_us)
{
    return done % CLOCK_EVERY == 0 && monotonic_us() - begun_us > STEP_US_MAX;
}

/* In one transaction. */
static enum status ids_judge(struct units *units, struct builder *reading, struct error *error)
{
    int64_t begun_us = monotonic_us();
    enum status status = STATUS_OK;
    for (size_t done = 1; !status && units->id_at < units->id_count; done++) {
        status = id_judge(units, reading, units->ids[units->id_at++], error);
        if (step_is_over(done, begun_us))
            break;
    }
    return status;
}

static enum status numbers_judge(struct units *units, struct builder *reading, struct error *error)
{
    int64_t begun_us = monotonic_us();
    enum status status = STATUS_OK;
    for (size_t done = 1; !status && units->next_unit < units->met_size; done++) {
        uint64_t unit = units->next_unit++;
        if (is_new(units, unit))
            status = unit_judge(units, reading, unit, (struct slice){0}, error);
        if (step_is_over(done, begun_us))
            break;
    }
    return status;
}

static enum status transaction_judge(struct units *units, struct error *error)
{
    struct view_transaction *transaction = NULL;
    struct builder reading = {0};
    enum status status = view_begin(units->view, &transaction, error);
    if (status)
        return status;
    units->moved |= view_watermark(transaction) != units->watermark;
    reading.transaction = view_state(transaction);
    if (!met_grow(units, view_progress(transaction)->units))
        status = no_memory(error);
    else if (units->id_at < units->id_count)
        status = ids_judge(units, &reading, error);
    else
        status = numbers_judge(units, &reading, error);
    linked_done(&reading.linked);
    view_end(transaction);
    return status;
}

enum status units_step(struct units *units, bool *more, struct error *error)
{
    enum status status = STATUS_OK;
    bool dropped = journal_dropped(units->options.journal) > 0;
    if (units->id_at == units->id_count && !units->by_number)
        status = ids_gather(units, error);
    if (!status && (units->id_at < units->id_count || (units->by_number && dropped)))
        status = transaction_judge(units, error);
    *more = !units->by_number || units->id_at < units->id_count ||
            (dropped && units->next_unit < units->met_size);
    return status;
}

const struct definition *units_definition(const struct units *units)
{
    return units->definition->definition;
}

const struct cube_slices *units_slices(const struct units *units)
{
    return &units->slices;
}

bool units_moved(const struct units *units)
{
    return units->moved;
}
