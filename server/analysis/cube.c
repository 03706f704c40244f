/*
 * The cube read: cells of one definition to memory, and their sums over cohorts.
 *
 * In the state the metrics of a definition are numbered by name, so that a metric that changes its
 * role changes no key; in memory they stand in the order of experiment_metrics().
 */

#include "analysis/cube.h"

#include "cube_cells.h"

#include <stdlib.h>

const char *const outside_texts[] = {
#define X(name, text) text,
    OUTSIDE_MAP(X)
#undef X
};

struct cube_reading {
    struct cube *cube;
    size_t capacity;
    struct cube_numbering numbering;
    struct arena scratch;    /* of one value */
    struct cell_value value; /* the one at hand */
    enum status status;
    struct error *error;
};

/* Entries grow by realloc: an arena would keep, and clear, every size they had on the way. */
static bool cube_has_room(struct cube_reading *reading)
{
    struct cube *cube = reading->cube;
    if (cube->count < reading->capacity)
        return true;
    size_t capacity = reading->capacity ? 2 * reading->capacity : 256;
    struct cube_entry *entries = realloc(cube->entries, capacity * sizeof *entries);
    if (!entries)
        return false;
    cube->entries = entries;
    reading->capacity = capacity;
    return true;
}

/* The state has the metrics of a cell's neighbours by name; here they stand by number. */
static void cube_settle_last(struct cube *cube)
{
    struct cube_entry entry = cube->entries[cube->count - 1];
    size_t at = cube->count - 1;
    for (; at > 0 && cells_are_beside(&cube->entries[at - 1].key, &entry.key) &&
           cube->entries[at - 1].key.metric > entry.key.metric;
         at--)
        cube->entries[at] = cube->entries[at - 1];
    cube->entries[at] = entry;
}

static enum status keep_cell(struct cube_reading *reading, struct slice key, struct slice value)
{
    struct cube *cube = reading->cube;
    struct cell_key place;
    struct error *error = reading->error;
    if (!cell_key_read(key, &place))
        return FAIL(error, STATUS_STORAGE, "cube", 0, "this is no cell");
    arena_reset(&reading->scratch);
    enum status status = cell_value_read(&reading->scratch, value, &reading->value, error);
    if (!status)
        status = cell_translate(&reading->numbering, &reading->value, &place.metric, error);
    if (status)
        return status;
    if (!cube_has_room(reading) || !cell_entry(&cube->arena, &reading->numbering, &place,
                                               &reading->value, &cube->entries[cube->count]))
        return FAIL(error, STATUS_NO_MEMORY, "cube", 0, "no memory");
    cube->count++;
    cube_settle_last(cube);
    return STATUS_OK;
}

static bool read_cell(void *context, struct slice key, struct slice value)
{
    struct cube_reading *reading = context;
    reading->status = keep_cell(reading, key, value);
    return reading->status == STATUS_OK;
}

enum status cube_read(struct view_transaction *transaction, const struct definition *definition,
                      struct cube *cube, struct error *error)
{
    struct cube fresh = {.watermark = view_watermark(transaction)};
    struct cube_reading reading = {.cube = &fresh, .error = error};
    cube_numbering_of(definition->experiment, &reading.numbering);
    enum status status = cube_slices_of(&fresh.arena, definition->experiment, &fresh.slices, error);
    unsigned char key[CELL_KEY_SIZE];
    cell_key_write(&(struct cell_key){.definition = definition->number}, key);
    struct state_scan scan = {
        .table = STATE_CUBE,
        .prefix = {.data = (const char *)key, .size = sizeof definition->number},
        .visit = read_cell,
        .context = &reading,
    };
    if (!status)
        status = state_scan(view_state(transaction), &scan, error);
    if (!status)
        status = reading.status;
    arena_done(&reading.scratch);
    if (status) {
        cube_done(&fresh);
        return status;
    }
    *cube = fresh;
    return STATUS_OK;
}

void cube_done(struct cube *cube)
{
    free(cube->entries);
    arena_done(&cube->arena);
    *cube = (struct cube){0};
}

static int key_compare(const struct cell_key *a, const struct cell_key *b)
{
    unsigned char one[CELL_KEY_SIZE], other[CELL_KEY_SIZE];
    cell_key_write(a, one);
    cell_key_write(b, other);
    return memcmp(one, other, CELL_KEY_SIZE);
}

static size_t cube_find(const struct cube *cube, const struct cell_key *key)
{
    size_t low = 0, high = cube->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (key_compare(&cube->entries[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t cube_find_first(const struct cube *cube, const struct cube_select *select)
{
    struct cell_key from = {.definition = cube->count ? cube->entries[0].key.definition : 0,
                            .population = (uint8_t)select->population,
                            .slice = select->slice,
                            .cohort = select->first};
    return cube_find(cube, &from);
}

bool cube_is_in_range(const struct cube *cube, size_t index, const struct cube_select *select)
{
    if (index >= cube->count)
        return false;
    const struct cell_key *key = &cube->entries[index].key;
    return key->population == select->population && key->slice == select->slice &&
           key->cohort <= select->last;
}

bool cube_is_selected(const struct cube_entry *entry, const struct cube_select *select)
{
    return entry->key.variant == select->variant && entry->key.metric == select->metric;
}

void cube_sum(const struct cube *cube, const struct cube_select *select,
              int128 sums[static CUBE_FIELDS_MAX])
{
    memset(sums, 0, CUBE_FIELDS_MAX * sizeof *sums);
    for (size_t i = cube_find_first(cube, select); cube_is_in_range(cube, i, select); i++) {
        const struct cube_entry *entry = &cube->entries[i];
        for (size_t f = 0; cube_is_selected(entry, select) && f < entry->field_count; f++)
            sums[f] = (int128)((uint128)sums[f] + (uint128)entry->values[f]);
    }
}

bool cube_cohorts(const struct cube *cube, int32_t *first, int32_t *last)
{
    bool found = false;
    for (size_t i = 0; i < cube->count; i++) {
        const struct cell_key *key = &cube->entries[i].key;
        if (key->metric != 0 || key->slice != 0 || key->population >= POPULATION_OUTSIDE)
            continue;
        if (cube->entries[i].values[UNITS_N] == 0)
            continue;
        if (!found || key->cohort < *first)
            *first = key->cohort;
        if (!found || key->cohort > *last)
            *last = key->cohort;
        found = true;
    }
    return found;
}
