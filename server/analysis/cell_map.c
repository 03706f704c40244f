/*
 * Linear probing, at most half full; flushed in key order, so that the tree is walked once.
 */

#include "cell_map.h"

#include "cube_cells.h"

#include <stdlib.h>

#define MAP_CAPACITY_MIN 1024
#define BINS_CAPACITY_MIN 16

static uint64_t key_hash(const struct cell_key *key)
{
    uint64_t hash = key->definition;
    hash = hash * 4 + key->population;
    hash = hash << 16 ^ key->slice;
    hash ^= (uint64_t)(uint32_t)key->cohort << 32;
    hash ^= (uint64_t)key->variant << 24 ^ (uint64_t)key->metric << 16;
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static bool key_equal(const struct cell_key *a, const struct cell_key *b)
{
    return a->definition == b->definition && a->population == b->population &&
           a->slice == b->slice && a->cohort == b->cohort && a->variant == b->variant &&
           a->metric == b->metric;
}

static struct cell *map_place(struct cell *cells, size_t capacity, const struct cell_key *key)
{
    size_t at = key_hash(key) & (capacity - 1);
    while (cells[at].field_count && !key_equal(&cells[at].key, key))
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
            *map_place(cells, capacity, &map->cells[i].key) = map->cells[i];
    free(map->cells);
    map->cells = cells;
    map->capacity = capacity;
    return true;
}

struct cell *cell_map_at(struct cell_map *map, const struct cell_key *key, size_t field_count,
                         bool has_map)
{
    if (2 * map->count >= map->capacity && !map_grow(map))
        return NULL;
    struct cell *cell = map_place(map->cells, map->capacity, key);
    if (cell->field_count)
        return cell;
    int128 *values = ARENA_ARRAY(&map->arena, field_count, int128);
    if (!values)
        return NULL;
    *cell = (struct cell){
        .key = *key, .field_count = (uint8_t)field_count, .has_map = has_map, .values = values};
    map->count++;
    return cell;
}

static bool bins_grow(struct cell_map *map, struct cell *cell)
{
    uint32_t capacity = cell->bin_capacity ? 2 * cell->bin_capacity : BINS_CAPACITY_MIN;
    struct cube_bin *bins = ARENA_ARRAY(&map->arena, capacity, struct cube_bin);
    if (!bins)
        return false;
    if (cell->bin_count)
        memcpy(bins, cell->bins, cell->bin_count * sizeof *bins);
    cell->bins = bins;
    cell->bin_capacity = capacity;
    return true;
}

bool cell_add_bin(struct cell_map *map, struct cell *cell, uint32_t bin, int64_t count)
{
    uint32_t low = 0, high = cell->bin_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (cell->bins[middle].bin < bin)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < cell->bin_count && cell->bins[low].bin == bin) {
        cell->bins[low].count = (int64_t)((uint64_t)cell->bins[low].count + (uint64_t)count);
        return true;
    }
    if (cell->bin_count == cell->bin_capacity && !bins_grow(map, cell))
        return false;
    struct cube_bin *place = &cell->bins[low];
    memmove(place + 1, place, (cell->bin_count - low) * sizeof *place);
    *place = (struct cube_bin){.bin = bin, .count = count};
    cell->bin_count++;
    return true;
}

static bool cell_is_zero(const struct cell *cell)
{
    for (size_t i = 0; i < cell->field_count; i++)
        if (cell->values[i] != 0)
            return false;
    for (size_t i = 0; i < cell->bin_count; i++)
        if (cell->bins[i].count != 0)
            return false;
    return true;
}

static int cell_compare(const void *a, const void *b)
{
    const struct cell *one = a, *other = b;
    unsigned char first[CELL_KEY_SIZE], second[CELL_KEY_SIZE];
    cell_key_write(&one->key, first);
    cell_key_write(&other->key, second);
    return memcmp(first, second, CELL_KEY_SIZE);
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
static bool bins_merge(struct flush *flush, struct cell *cell)
{
    const struct cell_value *there = &flush->there;
    size_t room = cell->bin_count + there->bin_count + 1, filled = 0, i = 0, j = 0;
    struct cube_bin *sums = ARENA_ARRAY(&flush->arena, room, struct cube_bin);
    if (!sums)
        return false;
    while (i < cell->bin_count || j < there->bin_count) {
        bool own = i < cell->bin_count &&
                   (j == there->bin_count || cell->bins[i].bin <= there->bins[j].bin);
        uint32_t bin = own ? cell->bins[i].bin : there->bins[j].bin;
        bool other = j < there->bin_count && there->bins[j].bin == bin;
        uint64_t count = own ? (uint64_t)cell->bins[i++].count : 0;
        if (other)
            count += (uint64_t)there->bins[j++].count;
        filled = bins_append(sums, filled, bin, count);
    }
    cell->bins = sums;
    cell->bin_count = (uint32_t)filled;
    return true;
}

static enum status cell_merge(struct flush *flush, struct cell *cell, struct slice key)
{
    struct error *error = flush->error;
    struct slice value;
    enum status status = state_get(flush->transaction, STATE_CUBE, key, &value, error);
    flush->there = (struct cell_value){.field_count = 0};
    if (status && status != STATUS_NOT_FOUND)
        return status;
    if (!status) {
        status = cell_value_read(&flush->arena, value, &flush->there, error);
        if (status)
            return status;
        if (flush->there.field_count != cell->field_count || flush->there.has_map != cell->has_map)
            return FAIL(error, STATUS_STORAGE, "cube", 0, "this is no cell");
    }
    for (size_t i = 0; i < flush->there.field_count; i++)
        cell->values[i] = (int128)((uint128)cell->values[i] + (uint128)flush->there.values[i]);
    if (cell->has_map && !bins_merge(flush, cell))
        return FAIL(error, STATUS_NO_MEMORY, "cube", 0, "no memory");
    return STATUS_OK;
}

static enum status cell_flush(struct flush *flush, struct cell *cell)
{
    unsigned char key_bytes[CELL_KEY_SIZE];
    cell_key_write(&cell->key, key_bytes);
    struct slice key = {.data = (const char *)key_bytes, .size = sizeof key_bytes};
    arena_reset(&flush->arena);
    enum status status = cell_merge(flush, cell, key);
    if (status)
        return status;
    if (cell_is_zero(cell))
        return state_delete(flush->transaction, STATE_CUBE, key, flush->error);
    buffer_clear(&flush->value);
    cell_value_write(&flush->value, cell->values, cell->field_count,
                     cell->has_map ? cell->bins : NULL, cell->bin_count);
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
