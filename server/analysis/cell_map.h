#ifndef ANALYSIS_CELL_MAP_H
#define ANALYSIS_CELL_MAP_H

/*
 * What a batch adds to the cube, gathered in memory and written once: an open hash table from cell
 * key to integers.  Sums are modulo 2^128.
 */

#include "analysis/cube.h"

struct cell {
    struct cell_key key;
    uint8_t field_count; /* 0: a free place */
    int128 *values;      /* field_count of them */
};

struct cell_map {
    struct arena arena;     /* of the values */
    struct cell *cells;     /* capacity places, owned */
    size_t count, capacity; /* capacity: a power of two, or 0 */
};

/* The integers of a cell, made as zeros where missing; NULL without memory. */
int128 *cell_map_at(struct cell_map *map, const struct cell_key *key, size_t field_count);
/* Adds every cell to the table CUBE (one that becomes zero is deleted) and empties the map. */
MUST_CHECK enum status cell_map_flush(struct cell_map *map, struct state_transaction *transaction,
                                      struct error *error);
void cell_map_clear(struct cell_map *map);
void cell_map_done(struct cell_map *map);

#endif
