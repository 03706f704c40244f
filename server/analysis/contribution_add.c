/*
 * The difference of two contributions in cells: number by number, and of each only what changed.
 */

#include "contribution.h"

/* The bins of one number. */
struct bin_range {
    const struct unit_bin *items;
    size_t count;
};

/* Moves *at past the bins of that number, which come in order. */
static struct bin_range bins_of(const struct contribution *contribution, size_t number, size_t *at)
{
    struct bin_range range = {.items = contribution->bins + *at};
    while (*at < contribution->bin_count && contribution->bins[*at].number == number) {
        (*at)++;
        range.count++;
    }
    return range;
}

static bool bins_equal(const struct bin_range *one, const struct bin_range *other)
{
    if (one->count != other->count)
        return false;
    for (size_t i = 0; i < one->count; i++)
        if (one->items[i].bin != other->items[i].bin ||
            one->items[i].count != other->items[i].count)
            return false;
    return true;
}

static bool bins_add(struct cell_map *map, struct cell *cell, const struct bin_range *bins,
                     int64_t sign)
{
    for (size_t i = 0; i < bins->count; i++)
        if (!cell_add_bin(map, cell, bins->items[i].bin, sign * bins->items[i].count))
            return false;
    return true;
}

/* What one number changes: fields from one row to another, bins taken and given. */
struct change {
    const struct scheme_cell *cell;
    const int128 *before, *after; /* NULL: zeros */
    struct bin_range taken, given;
};

static bool change_apply(struct cell_map *map, struct cell_key *key, const struct change *change)
{
    size_t count = change->cell->count;
    struct cell *cell = cell_map_at(map, key, count, change->cell->has_map);
    if (!cell)
        return false;
    for (size_t i = 0; i < count; i++) {
        uint128 value = (uint128)cell->values[i];
        if (change->after)
            value += (uint128)change->after[i];
        if (change->before)
            value -= (uint128)change->before[i];
        cell->values[i] = (int128)value;
    }
    return bins_add(map, cell, &change->taken, -1) && bins_add(map, cell, &change->given, 1);
}

/* In every slice of `place` in which the number stands. */
static bool change_spread(struct cell_map *map, struct cell_key *key,
                          const struct contribution *place, const struct change *change)
{
    for (size_t i = 0; i < place->slice_count; i++) {
        if (!(place->slice_kinds[i] & change->cell->slices))
            continue;
        key->slice = place->slices[i];
        if (!change_apply(map, key, change))
            return false;
    }
    return true;
}

static struct cell_key key_of(const struct scheme_definition *definition,
                              const struct contribution *contribution)
{
    return (struct cell_key){.definition = definition->definition->number,
                             .population = contribution->population,
                             .cohort = contribution->cohort,
                             .variant = contribution->variant};
}

static bool row_is_zero(const int128 *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (fields[i] != 0)
            return false;
    return true;
}

/* All of one contribution, given or taken away. */
static bool contribution_apply(struct cell_map *map, const struct scheme_definition *definition,
                               const struct contribution *whole, bool given)
{
    size_t at = 0;
    struct cell_key key = key_of(definition, whole);
    for (size_t i = 0; whole->row && i < definition->cell_count; i++) {
        const struct scheme_cell *cell = &definition->cells[i];
        const int128 *fields = whole->row + cell->first;
        struct bin_range bins = bins_of(whole, i, &at), none = {0};
        struct change change = {.cell = cell,
                                .before = given ? NULL : fields,
                                .after = given ? fields : NULL,
                                .taken = given ? none : bins,
                                .given = given ? bins : none};
        key.metric = (uint8_t)i;
        if (row_is_zero(fields, cell->count))
            continue;
        if (!change_spread(map, &key, whole, &change))
            return false;
    }
    return true;
}

/* The same unit in the same place: the usual case. */
static bool same_place(const struct contribution *before, const struct contribution *after)
{
    return before->row && after->row && before->population == after->population &&
           before->variant == after->variant && before->cohort == after->cohort &&
           before->slice_count == after->slice_count &&
           memcmp(before->slices, after->slices, sizeof before->slices) == 0;
}

static bool difference_apply(struct cell_map *map, const struct scheme_definition *definition,
                             const struct contribution *before, const struct contribution *after)
{
    size_t before_at = 0, after_at = 0;
    struct cell_key key = key_of(definition, after);
    for (size_t i = 0; i < definition->cell_count; i++) {
        const struct scheme_cell *cell = &definition->cells[i];
        struct change change = {.cell = cell,
                                .before = before->row + cell->first,
                                .after = after->row + cell->first,
                                .taken = bins_of(before, i, &before_at),
                                .given = bins_of(after, i, &after_at)};
        key.metric = (uint8_t)i;
        if (memcmp(change.before, change.after, cell->count * sizeof *change.before) == 0 &&
            bins_equal(&change.taken, &change.given))
            continue;
        if (!change_spread(map, &key, after, &change))
            return false;
    }
    return true;
}

enum status contribution_add(struct cell_map *cells, const struct scheme_definition *definition,
                             const struct contribution *before, const struct contribution *after,
                             struct error *error)
{
    bool done = same_place(before, after) ? difference_apply(cells, definition, before, after)
                                          : contribution_apply(cells, definition, before, false) &&
                                                contribution_apply(cells, definition, after, true);
    return done ? STATUS_OK : FAIL(error, STATUS_NO_MEMORY, "cube", 0, "no memory");
}
