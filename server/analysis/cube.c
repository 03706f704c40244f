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

static void big_endian_write(unsigned char *bytes, uint32_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(value >> (8 * (size - 1 - i)));
}

static uint32_t big_endian_read(const char *bytes, size_t size)
{
    uint32_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | (unsigned char)bytes[i];
    return value;
}

void cell_key_write(const struct cell_key *key, unsigned char bytes[static CELL_KEY_SIZE])
{
    big_endian_write(bytes, key->definition, 4);
    bytes[4] = key->population;
    big_endian_write(bytes + 5, key->slice, 2);
    big_endian_write(bytes + 7, (uint32_t)key->cohort ^ UINT32_C(0x80000000), 4);
    bytes[11] = key->variant;
    bytes[12] = key->metric;
}

bool cell_key_read(struct slice bytes, struct cell_key *key)
{
    if (bytes.size != CELL_KEY_SIZE)
        return false;
    *key = (struct cell_key){
        .definition = big_endian_read(bytes.data, 4),
        .population = (uint8_t)bytes.data[4],
        .slice = (uint16_t)big_endian_read(bytes.data + 5, 2),
        .cohort = (int32_t)(big_endian_read(bytes.data + 7, 4) ^ UINT32_C(0x80000000)),
        .variant = (uint8_t)bytes.data[11],
        .metric = (uint8_t)bytes.data[12],
    };
    return true;
}

void cell_value_write(const int128 *values, size_t count, unsigned char *bytes)
{
    bytes[0] = (unsigned char)count;
    for (size_t i = 0; i < count; i++) {
        uint128 value = (uint128)values[i];
        for (size_t j = 0; j < 16; j++)
            bytes[1 + 16 * i + j] = (unsigned char)(value >> (8 * j));
    }
}

bool cell_value_read(struct slice bytes, int128 values[static CUBE_FIELDS_MAX], size_t *count)
{
    size_t fields = bytes.size ? (unsigned char)bytes.data[0] : 0;
    if (fields == 0 || fields > CUBE_FIELDS_MAX || bytes.size != 1 + 16 * fields)
        return false;
    for (size_t i = 0; i < fields; i++) {
        uint128 value = 0;
        for (size_t j = 16; j-- > 0;)
            value = value << 8 | (unsigned char)bytes.data[1 + 16 * i + j];
        values[i] = (int128)value;
    }
    *count = fields;
    return true;
}

static int metric_name_compare(const void *a, const void *b)
{
    const struct experiment_metric *one = a, *other = b;
    return slice_compare(one->metric->name, other->metric->name);
}

size_t metrics_by_name(const struct experiment *experiment,
                       struct experiment_metric metrics[static EXPERIMENT_METRICS_MAX])
{
    size_t count = experiment_metrics(experiment, metrics);
    qsort(metrics, count, sizeof *metrics, metric_name_compare);
    return count;
}

size_t metric_numbers(const struct experiment *experiment,
                      uint8_t numbers[static EXPERIMENT_METRICS_MAX + 1])
{
    struct experiment_metric by_role[EXPERIMENT_METRICS_MAX], by_name[EXPERIMENT_METRICS_MAX];
    size_t count = experiment_metrics(experiment, by_role);
    metrics_by_name(experiment, by_name);
    numbers[0] = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++)
            if (slice_equal(by_name[i].metric->name, by_role[j].metric->name))
                numbers[i + 1] = (uint8_t)(j + 1);
    return count;
}

struct cube_reading {
    struct cube *cube;
    size_t capacity;
    uint8_t numbers[EXPERIMENT_METRICS_MAX + 1];
    size_t metric_count;
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

bool cells_are_beside(const struct cell_key *a, const struct cell_key *b)
{
    return a->population == b->population && a->slice == b->slice && a->cohort == b->cohort &&
           a->variant == b->variant;
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

/* Keeps the integers of a cell, with zeros for fields of its metric that it does not have. */
static bool cube_keep_values(struct cube *cube, const int128 *values, size_t fields)
{
    struct cube_entry *entry = &cube->entries[cube->count];
    size_t least = entry->key.metric == 0 ? (size_t)UNITS_FIELD_COUNT : (size_t)SHARE_FIELD_COUNT;
    size_t kept_count = fields < least ? least : fields;
    int128 *kept = ARENA_ARRAY(&cube->arena, kept_count, int128);
    if (!kept)
        return false;
    memcpy(kept, values, fields * sizeof *kept);
    entry->values = kept;
    entry->field_count = (uint8_t)kept_count;
    return true;
}

static bool read_cell(void *context, struct slice key, struct slice value)
{
    struct cube_reading *reading = context;
    struct cube *cube = reading->cube;
    int128 values[CUBE_FIELDS_MAX];
    size_t fields = 0;
    struct cube_entry *entry = cube_has_room(reading) ? &cube->entries[cube->count] : NULL;
    if (entry && (!cell_key_read(key, &entry->key) || entry->key.metric > reading->metric_count ||
                  !cell_value_read(value, values, &fields))) {
        reading->status = FAIL(reading->error, STATUS_STORAGE, "cube", 0, "this is no cell");
        return false;
    }
    if (!entry || !cube_keep_values(cube, values, fields)) {
        reading->status = FAIL(reading->error, STATUS_NO_MEMORY, "cube", 0, "no memory");
        return false;
    }
    entry->key.metric = reading->numbers[entry->key.metric];
    cube->count++;
    cube_settle_last(cube);
    return true;
}

enum status cube_read(struct view_transaction *transaction, const struct definition *definition,
                      struct cube *cube, struct error *error)
{
    struct cube fresh = {.watermark = view_watermark(transaction)};
    struct cube_reading reading = {.cube = &fresh, .error = error};
    reading.metric_count = metric_numbers(definition->experiment, reading.numbers);
    enum status status = cube_slices_of(&fresh.arena, definition->experiment, &fresh.slices, error);
    unsigned char prefix[4];
    big_endian_write(prefix, definition->number, 4);
    struct state_scan scan = {
        .table = STATE_CUBE,
        .prefix = {.data = (const char *)prefix, .size = sizeof prefix},
        .visit = read_cell,
        .context = &reading,
    };
    if (!status)
        status = state_scan(view_state(transaction), &scan, error);
    if (!status)
        status = reading.status;
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

void cube_sum(const struct cube *cube, const struct cube_select *select,
              int128 sums[static CUBE_FIELDS_MAX])
{
    memset(sums, 0, CUBE_FIELDS_MAX * sizeof *sums);
    if (cube->count == 0)
        return;
    struct cell_key from = {.definition = cube->entries[0].key.definition,
                            .population = (uint8_t)select->population,
                            .slice = select->slice,
                            .cohort = select->first};
    for (size_t i = cube_find(cube, &from); i < cube->count; i++) {
        const struct cube_entry *entry = &cube->entries[i];
        if (entry->key.population != select->population || entry->key.slice != select->slice ||
            entry->key.cohort > select->last)
            return;
        if (entry->key.variant != select->variant || entry->key.metric != select->metric)
            continue;
        for (size_t f = 0; f < entry->field_count; f++)
            sums[f] = (int128)((uint128)sums[f] + (uint128)entry->values[f]);
    }
}

bool cube_cohorts(const struct cube *cube, int32_t *first, int32_t *last)
{
    bool found = false;
    for (size_t i = 0; i < cube->count; i++) {
        const struct cell_key *key = &cube->entries[i].key;
        if (key->metric != 0 || key->slice != 0 || key->population == POPULATION_OUTSIDE)
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
