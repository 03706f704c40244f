/*
 * Linear probing, at most half full; flushed in key order, so that the tree is walked once.
 */

#include "cell_map.h"

#include "cube_cells.h"

#include <stdlib.h>

#define MAP_CAPACITY_MIN 1024
#define BINS_CAPACITY_MIN 16

#define COHORT_SIGN UINT32_C(0x80000000) /* flipped, so that days before 1970 come first */

static uint64_t key_high(const struct cell_key *key)
{
    return (uint64_t)key->definition << 24 | (uint64_t)key->population << 16 | key->slice;
}

static uint64_t key_low(const struct cell_key *key)
{
    return (uint64_t)((uint32_t)key->cohort ^ COHORT_SIGN) << 16 | (uint64_t)key->variant << 8 |
           key->metric;
}

static struct cell_key key_of(const struct cell *cell)
{
    return (struct cell_key){.definition = (uint32_t)(cell->high >> 24),
                             .population = (uint8_t)(cell->high >> 16),
                             .slice = (uint16_t)cell->high,
                             .cohort = (int32_t)((uint32_t)(cell->low >> 16) ^ COHORT_SIGN),
                             .variant = (uint8_t)(cell->low >> 8),
                             .metric = (uint8_t)cell->low};
}

static struct cell *map_place(struct cell *cells, size_t capacity, uint64_t high, uint64_t low)
{
    uint64_t hash = (high ^ low << 21 ^ low >> 43) * UINT64_C(0x9e3779b97f4a7c15);
    size_t at = (hash ^ hash >> 29) & (capacity - 1);
    while (cells[at].field_count && (cells[at].low != low || cells[at].high != high))
        at = (at + 1) & (capacity - 1);
    return &cells[at];
}

static bool map_grow(struct cell_map *map)
{
    size_t capacity = map->capacity ? 2 * map->capacity : MAP_CAPACITY_MIN;
    struct cell *cells = calloc(capacity, sizeof *cells);
    if (!cells)
        return false;
    for (size_t i = 0; i < map->capacity; i++)
        if (map->cells[i].field_count)
            *map_place(cells, capacity, map->cells[i].high, map->cells[i].low) = map->cells[i];
    free(map->cells);
    map->cells = cells;
    map->capacity = capacity;
    return true;
}

struct cell_sums *cell_map_at(struct cell_map *map, const struct cell_key *key, size_t field_count,
                              bool has_map)
{
    if (2 * map->count >= map->capacity && !map_grow(map))
        return NULL;
    uint64_t high = key_high(key), low = key_low(key);
    struct cell *cell = map_place(map->cells, map->capacity, high, low);
    if (cell->field_count)
        return cell->sums;
    struct cell_sums *sums = arena_alloc(&map->arena, sizeof *sums + field_count * sizeof(int128));
    if (!sums)
        return NULL;
    *cell = (struct cell){.high = high,
                          .low = low,
                          .sums = sums,
                          .field_count = (uint8_t)field_count,
                          .has_map = has_map};
    map->count++;
    return sums;
}

static bool bins_grow(struct cell_map *map, struct cell_sums *sums)
{
    uint32_t capacity = sums->bin_capacity ? 2 * sums->bin_capacity : BINS_CAPACITY_MIN;
    struct cube_bin *bins = ARENA_ARRAY(&map->arena, capacity, struct cube_bin);
    if (!bins)
        return false;
    if (sums->bin_count)
        memcpy(bins, sums->bins, sums->bin_count * sizeof *bins);
    sums->bins = bins;
    sums->bin_capacity = capacity;
    return true;
}

bool cell_add_bin(struct cell_map *map, struct cell_sums *sums, uint32_t bin, int64_t count)
{
    uint32_t low = 0, high = sums->bin_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (sums->bins[middle].bin < bin)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < sums->bin_count && sums->bins[low].bin == bin) {
        sums->bins[low].count = (int64_t)((uint64_t)sums->bins[low].count + (uint64_t)count);
        return true;
    }
    if (sums->bin_count == sums->bin_capacity && !bins_grow(map, sums))
        return false;
    struct cube_bin *place = &sums->bins[low];
    memmove(place + 1, place, (sums->bin_count - low) * sizeof *place);
    *place = (struct cube_bin){.bin = bin, .count = count};
    sums->bin_count++;
    return true;
}

static bool cell_is_zero(const struct cell *cell)
{
    const struct cell_sums *sums = cell->sums;
    for (size_t i = 0; i < cell->field_count; i++)
        if (sums->values[i] != 0)
            return false;
    for (size_t i = 0; i < sums->bin_count; i++)
        if (sums->bins[i].count != 0)
            return false;
    return true;
}

static int cell_compare(const void *a, const void *b)
{
    const struct cell *one = a, *other = b;
    if (one->high != other->high)
        return one->high < other->high ? -1 : 1;
    return (one->low > other->low) - (one->low < other->low);
}

/* The memory of a flush. */
struct flush {
    struct arena arena; /* of one cell */
    struct cell_value there;
    struct buffer value;
    struct state_transaction *transaction;
    struct error *error;
};

static size_t bins_append(struct cube_bin *sums, size_t filled, uint32_t bin, uint64_t count)
{
    if (count)
        sums[filled++] = (struct cube_bin){.bin = bin, .count = (int64_t)count};
    return filled;
}

/* Adds the bins of the state to those of the cell. */
static bool bins_merge(struct flush *flush, struct cell_sums *sums)
{
    const struct cell_value *there = &flush->there;
    size_t room = sums->bin_count + there->bin_count + 1, filled = 0, i = 0, j = 0;
    struct cube_bin *merged = ARENA_ARRAY(&flush->arena, room, struct cube_bin);
    if (!merged)
        return false;
    while (i < sums->bin_count || j < there->bin_count) {
        bool own = i < sums->bin_count &&
                   (j == there->bin_count || sums->bins[i].bin <= there->bins[j].bin);
        uint32_t bin = own ? sums->bins[i].bin : there->bins[j].bin;
        bool other = j < there->bin_count && there->bins[j].bin == bin;
        uint64_t count = own ? (uint64_t)sums->bins[i++].count : 0;
        if (other)
            count += (uint64_t)there->bins[j++].count;
        filled = bins_append(merged, filled, bin, count);
    }
    sums->bins = merged;
    sums->bin_count = (uint32_t)filled;
    return true;
}

static enum status cell_merge(struct flush *flush, const struct cell *cell, struct slice key)
{
    struct error *error = flush->error;
    struct cell_value *there = &flush->there;
    struct slice value;
    enum status status = state_get(flush->transaction, STATE_CUBE, key, &value, error);
    there->field_count = 0;
    there->bin_count = 0;
    if (status && status != STATUS_NOT_FOUND)
        return status;
    if (!status) {
        status = cell_value_read(&flush->arena, value, there, error);
        if (status)
            return status;
        if (there->field_count != cell->field_count || there->has_map != cell->has_map)
            return FAIL(error, STATUS_STORAGE, "cube", 0, "this is no cell");
    }
    int128 *values = cell->sums->values;
    for (size_t i = 0; i < there->field_count; i++)
        values[i] = (int128)((uint128)values[i] + (uint128)there->values[i]);
    if (cell->has_map && !bins_merge(flush, cell->sums))
        return FAIL(error, STATUS_NO_MEMORY, "cube", 0, "no memory");
    return STATUS_OK;
}

static enum status cell_flush(struct flush *flush, const struct cell *cell)
{
    unsigned char key_bytes[CELL_KEY_SIZE];
    struct cell_key cell_key = key_of(cell);
    cell_key_write(&cell_key, key_bytes);
    struct slice key = {.data = (const char *)key_bytes, .size = sizeof key_bytes};
    arena_reset(&flush->arena);
    enum status status = cell_merge(flush, cell, key);
    if (status)
        return status;
    if (cell_is_zero(cell))
        return state_delete(flush->transaction, STATE_CUBE, key, flush->error);
    buffer_clear(&flush->value);
    const struct cell_sums *sums = cell->sums;
    cell_value_write(&flush->value, sums->values, cell->field_count,
                     cell->has_map ? sums->bins : NULL, sums->bin_count);
    status = buffer_status(&flush->value, flush->error);
    if (status)
        return status;
    return state_put(flush->transaction, STATE_CUBE, key, buffer_slice(&flush->value),
                     flush->error);
}

enum status cell_map_flush(struct cell_map *map, struct state_transaction *transaction,
                           struct error *error)
{
    struct flush flush = {.transaction = transaction, .error = error};
    size_t count = 0;
    for (size_t i = 0; i < map->capacity; i++) {
        struct cell *cell = &map->cells[i];
        if (cell->field_count && !cell_is_zero(cell))
            map->cells[count++] = *cell;
    }
    if (count)
        qsort(map->cells, count, sizeof *map->cells, cell_compare);
    enum status status = STATUS_OK;
    for (size_t i = 0; !status && i < count; i++)
        status = cell_flush(&flush, &map->cells[i]);
    arena_done(&flush.arena);
    buffer_done(&flush.value);
    cell_map_clear(map);
    return status;
}

void cell_map_clear(struct cell_map *map)
{
    if (map->capacity)
        memset(map->cells, 0, map->capacity * sizeof *map->cells);
    map->count = 0;
    arena_reset(&map->arena);
}

void cell_map_done(struct cell_map *map)
{
    free(map->cells);
    arena_done(&map->arena);
    *map = (struct cell_map){0};
}
