#ifndef ANALYSIS_CONTRIBUTION_H
#define ANALYSIS_CONTRIBUTION_H

/*
 * What one unit adds to the cells of one definition: a pure function of its record and the scheme
 * (architecture 2, 7, 8).  The fold subtracts what it was before a batch and adds what it is after.
 *
 * A unit's exposures, in record order, are judged by the definition:
 *     before its start     `not_started`, or, when a declaration of an earlier phase was in force,
 *                          passed over
 *     at its phase's end   passed over, as is all after it
 *     otherwise            as judged when it was met (judge.c); an unknown variant of a split
 *                          exposure is `unknown_variant`
 * None counts: outside, by the reason and on the day of the first that was not passed over.
 * Some count, but the first exposure ever (skewed ones aside) lies before the start: carried over,
 * on that first day.  Else the unit is of the cohort and the variant of the first that counts; in
 * `crossed` when another names another variant.  A unit that was erased adds one to UNITS_ERASED
 * in that place, in the slice `all`, and nothing else; outside, nothing.
 */

#include "cell_map.h"
#include "metric.h"

#define POPULATION_NONE 255
#define CONTRIBUTION_SLICES_MAX (EXPERIMENT_SEGMENTS_MAX + 2)

struct contribution {
    uint8_t population; /* POPULATION_NONE: nothing, and all below is 0 */
    uint8_t variant;
    uint8_t slice_count;
    int32_t cohort;
    int64_t exposure_ms; /* of main and crossed: the first exposure that counts */
    uint16_t slices[CONTRIBUTION_SLICES_MAX];     /* of OUTSIDE: the reason */
    uint8_t slice_kinds[CONTRIBUTION_SLICES_MAX]; /* one bit of enum cube_slice_kind each */
    int128 *row;                 /* the definition's cells side by side; NULL: nothing */
    const struct unit_bin *bins; /* by number, then bin */
    size_t bin_count;
};

/* Row and bins are in the arena.  False without memory. */
bool contribution_of(struct arena *arena, const struct scheme_definition *definition,
                     const struct unit_view *view, struct contribution *contribution);

/* What an exposure is to the definition, by itself: OUTSIDE_COUNT where it counts, the reason where
 * it does not, EXPOSURE_PASSED_OVER where it is another phase's. */
enum { EXPOSURE_PASSED_OVER = OUTSIDE_COUNT + 1 };
int exposure_reason(const struct scheme_definition *definition, int64_t time_ms,
                    const struct exposure_payload *exposure);

/* Variant (index in the definition) and instant of the first exposure that counts of a unit that is
 * analysed; false: it is outside, carried over, or erased. */
bool contribution_met(const struct scheme_definition *definition, const struct unit_record *record,
                      uint8_t *variant, int64_t *met_ms);

/* The index of the segment's value that the unit had at that instant. */
size_t segment_at(const struct scheme_segment *segment, const struct unit_record *record,
                  int64_t time_ms);

/* Adds `after` and subtracts `before`, touching no cell where nothing changed. */
MUST_CHECK enum status contribution_add(struct cell_map *cells,
                                        const struct scheme_definition *definition,
                                        const struct contribution *before,
                                        const struct contribution *after, struct error *error);

#endif
