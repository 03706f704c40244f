#ifndef ANALYSIS_CELL_MAP_H
#define ANALYSIS_CELL_MAP_H

/*
 * What a batch adds to the cube, gathered in memory and written once: an open hash table from cell
 * key to integers and bins.  Sums are modulo 2^128, those of bins modulo 2^64.
 */

#include "analysis/cube.h"

/* What a cell holds; in an allocation of its own, so that the table is small. */
struct cell_sums {
    uint32_t bin_count, bin_capacity;
    struct cube_bin *bins; /* rising */
    int128 values[];
};

/* The key as two numbers whose order is that of its bytes: definition, population, slice; cohort,
 * variant, metric. */
struct cell {
    uint64_t high, low;
    struct cell_sums *sums;
    uint8_t field_count; /* 0: a free place */
    bool has_map;
};

struct cell_map {
    struct arena arena;     /* of sums and bins */
    struct cell *cells;     /* capacity places, owned */
    size_t count, capacity; /* capacity: a power of two, or 0 */
};

/* The sums of a cell, made as zeros where missing; NULL without memory. */
struct cell_sums *cell_map_at(struct cell_map *map, const struct cell_key *key, size_t field_count,
                              bool has_map);
/* Adds to one bin of a cell; false without memory. */
bool cell_add_bin(struct cell_map *map, struct cell_sums *sums, uint32_t bin, int64_t count);
/* Adds every cell to the table CUBE (one that becomes zero is deleted) and empties the map. */
MUST_CHECK enum status cell_map_flush(struct cell_map *map, struct state_transaction *transaction,
                                      struct error *error);
void cell_map_clear(struct cell_map *map);
void cell_map_done(struct cell_map *map);

#endif
