/*
 * Linear probing, at most half full; flushed in key order, so that the tree is walked once.
 */

#include "cell_map.h"

#include "cube_cells.h"

#include <stdlib.h>

#define MAP_CAPACITY_MIN 1024

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

int128 *cell_map_at(struct cell_map *map, const struct cell_key *key, size_t field_count)
{
    if (2 * map->count >= map->capacity && !map_grow(map))
        return NULL;
    struct cell *cell = map_place(map->cells, map->capacity, key);
    if (cell->field_count)
        return cell->values;
    int128 *values = ARENA_ARRAY(&map->arena, field_count, int128);
    if (!values)
        return NULL;
    *cell = (struct cell){.key = *key, .field_count = (uint8_t)field_count, .values = values};
    map->count++;
    return values;
}

static bool all_zero(const int128 *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (values[i] != 0)
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

static enum status cell_flush(const struct cell *cell, struct state_transaction *transaction,
                              struct error *error)
{
    unsigned char key_bytes[CELL_KEY_SIZE], value_bytes[CELL_VALUE_SIZE_MAX];
    cell_key_write(&cell->key, key_bytes);
    struct slice key = {.data = (const char *)key_bytes, .size = sizeof key_bytes};
    struct slice value;
    int128 sums[CUBE_FIELDS_MAX] = {0};
    size_t fields = cell->field_count;
    enum status status = state_get(transaction, STATE_CUBE, key, &value, error);
    if (status && status != STATUS_NOT_FOUND)
        return status;
    if (!status && (!cell_value_read(value, sums, &fields) || fields != cell->field_count))
        return FAIL(error, STATUS_STORAGE, "cube", 0, "this is no cell");
    for (size_t i = 0; i < fields; i++)
        sums[i] = (int128)((uint128)sums[i] + (uint128)cell->values[i]);
    if (all_zero(sums, fields))
        return state_delete(transaction, STATE_CUBE, key, error);
    cell_value_write(sums, fields, value_bytes);
    value = (struct slice){.data = (const char *)value_bytes, .size = 1 + 16 * fields};
    return state_put(transaction, STATE_CUBE, key, value, error);
}

enum status cell_map_flush(struct cell_map *map, struct state_transaction *transaction,
                           struct error *error)
{
    size_t count = 0;
    for (size_t i = 0; i < map->capacity; i++) {
        struct cell *cell = &map->cells[i];
        if (cell->field_count && !all_zero(cell->values, cell->field_count))
            map->cells[count++] = *cell;
    }
    if (count)
        qsort(map->cells, count, sizeof *map->cells, cell_compare);
    enum status status = STATUS_OK;
    for (size_t i = 0; !status && i < count; i++)
        status = cell_flush(&map->cells[i], transaction, error);
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
