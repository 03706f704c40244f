/*
 * The bins of maps: times since the exposure, waits of a flow, and the bins of cells added up.
 *
 * Times: 288 bins of 5 minutes, then one an hour (cube.md).  Waits: whole seconds up to 127, then
 * each octave [2^e, 2^(e+1)) in 64 equal parts, so that a bin is at most 1/64 of its place wide.
 */

#include "analysis/cube.h"

#include "cube_cells.h"

#include <stdlib.h>

#define TIME_BIN_MS (5 * MINUTE_MS)
#define WAIT_EXACT 128 /* seconds below have a bin each */
#define WAIT_PARTS 64
#define WAIT_FIRST_OCTAVE 7 /* 2^7 is WAIT_EXACT */

uint32_t time_bin(int64_t elapsed_ms)
{
    if (elapsed_ms < 0)
        return 0;
    if (elapsed_ms < DAY_MS)
        return (uint32_t)(elapsed_ms / TIME_BIN_MS);
    return (uint32_t)(TIME_BINS_FIRST_DAY + (elapsed_ms - DAY_MS) / HOUR_MS);
}

int64_t time_bin_from_ms(uint32_t bin)
{
    if (bin < TIME_BINS_FIRST_DAY)
        return bin * TIME_BIN_MS;
    return DAY_MS + (int64_t)(bin - TIME_BINS_FIRST_DAY) * HOUR_MS;
}

int64_t time_bin_until_ms(uint32_t bin)
{
    return time_bin_from_ms(bin) + (bin < TIME_BINS_FIRST_DAY ? TIME_BIN_MS : HOUR_MS);
}

uint32_t wait_bin(int64_t elapsed_ms)
{
    uint64_t seconds = elapsed_ms > 0 ? (uint64_t)elapsed_ms / 1000 : 0;
    if (seconds < WAIT_EXACT)
        return (uint32_t)seconds;
    unsigned octave = 63 - (unsigned)__builtin_clzll(seconds);
    uint64_t part = (seconds >> (octave - WAIT_FIRST_OCTAVE + 1)) - WAIT_PARTS;
    return (uint32_t)(WAIT_EXACT + (octave - WAIT_FIRST_OCTAVE) * WAIT_PARTS + part);
}

double wait_bin_seconds(uint32_t bin)
{
    if (bin < WAIT_EXACT)
        return bin + 0.5;
    uint32_t octave = (bin - WAIT_EXACT) / WAIT_PARTS, part = (bin - WAIT_EXACT) % WAIT_PARTS;
    double width = (double)(UINT64_C(2) << octave);
    return (WAIT_PARTS + part + 0.5) * width;
}

static int bin_compare(const void *a, const void *b)
{
    const struct cube_bin *one = a, *other = b;
    return (one->bin > other->bin) - (one->bin < other->bin);
}

/* Of equal bins one, with their sum; none that is zero. */
static size_t bins_merge(struct cube_bin *bins, size_t count)
{
    size_t merged = 0;
    qsort(bins, count, sizeof *bins, bin_compare);
    for (size_t i = 0; i < count;) {
        uint64_t sum = 0;
        uint32_t bin = bins[i].bin;
        for (; i < count && bins[i].bin == bin; i++)
            sum += (uint64_t)bins[i].count;
        if (sum)
            bins[merged++] = (struct cube_bin){.bin = bin, .count = (int64_t)sum};
    }
    return merged;
}

const struct cube_bin *cube_sum_bins(const struct cube *cube, const struct cube_select *select,
                                     struct arena *arena, size_t *count)
{
    size_t from = cube_find_first(cube, select), room = 0, filled = 0;
    for (size_t i = from; cube_is_in_range(cube, i, select); i++)
        if (cube_is_selected(&cube->entries[i], select))
            room += cube->entries[i].bin_count;
    *count = room;
    struct cube_bin *bins = ARENA_ARRAY(arena, room + 1, struct cube_bin);
    if (!bins)
        return NULL;
    for (size_t i = from; cube_is_in_range(cube, i, select); i++) {
        const struct cube_entry *entry = &cube->entries[i];
        if (!cube_is_selected(entry, select) || !entry->bin_count)
            continue;
        memcpy(bins + filled, entry->bins, entry->bin_count * sizeof *bins);
        filled += entry->bin_count;
    }
    *count = filled ? bins_merge(bins, filled) : 0;
    return bins;
}
