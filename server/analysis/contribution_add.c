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

static bool bins_add(struct cell_map *map, struct cell_sums *sums, const struct bin_range *bins,
                     int64_t sign)
{
    for (size_t i = 0; i < bins->count; i++)
        if (!cell_add_bin(map, sums, bins->items[i].bin, sign * bins->items[i].count))
            return false;
    return true;
}

/* What one number changes: its integers' differences, and bins taken and given. */
struct change {
    const struct scheme_cell *cell;
    const int128 *values;
    struct bin_range taken, given;
};

static bool change_apply(struct cell_map *map, const struct cell_key *key,
                         const struct change *change)
{
    size_t count = change->cell->count;
    struct cell_sums *sums = cell_map_at(map, key, count, change->cell->has_map);
    if (!sums)
        return false;
    for (size_t i = 0; i < count; i++)
        if (change->values[i] != 0)
            sums->values[i] = (int128)((uint128)sums->values[i] + (uint128)change->values[i]);
    return bins_add(map, sums, &change->taken, -1) && bins_add(map, sums, &change->given, 1);
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

/* after - before; NULL: zeros.  Whether they differ. */
static bool differences(const int128 *before, const int128 *after, size_t count,
                        int128 values[static CUBE_FIELDS_MAX])
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        values[i] = (int128)((uint128)(after ? after[i] : 0) - (uint128)(before ? before[i] : 0));
        any |= values[i] != 0;
    }
    return any;
}

/* All of one contribution, given or taken away. */
static bool contribution_apply(struct cell_map *map, const struct scheme_definition *definition,
                               const struct contribution *whole, bool given)
{
    size_t at = 0;
    int128 values[CUBE_FIELDS_MAX];
    struct cell_key key = key_of(definition, whole);
    for (size_t i = 0; whole->row && i < definition->cell_count; i++) {
        const struct scheme_cell *cell = &definition->cells[i];
        const int128 *fields = whole->row + cell->first;
        struct bin_range bins = bins_of(whole, i, &at), none = {0};
        struct change change = {.cell = cell,
                                .values = values,
                                .taken = given ? none : bins,
                                .given = given ? bins : none};
        key.metric = (uint8_t)i;
        if (differences(given ? NULL : fields, given ? fields : NULL, cell->count, values) &&
            !change_spread(map, &key, whole, &change))
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
    int128 values[CUBE_FIELDS_MAX];
    struct cell_key key = key_of(definition, after);
    for (size_t i = 0; i < definition->cell_count; i++) {
        const struct scheme_cell *cell = &definition->cells[i];
        struct change change = {.cell = cell,
                                .values = values,
                                .taken = bins_of(before, i, &before_at),
                                .given = bins_of(after, i, &after_at)};
        key.metric = (uint8_t)i;
        bool differ =
            differences(before->row + cell->first, after->row + cell->first, cell->count, values);
        if ((differ || !bins_equal(&change.taken, &change.given)) &&
            !change_spread(map, &key, after, &change))
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
