#ifndef ANALYSIS_POPULATION_H
#define ANALYSIS_POPULATION_H

/*
 * Everyone, whether or not an experiment has met them: each user with the day on which they were
 * first seen, what they did early and what became of them.  What `core-actions` and `explain` stand
 * on.
 *
 * A user is first seen at the first message that carries the user's id (sign-up, mostly); every
 * window of a metric runs from there.  What a visitor did before the id was known, and in messages
 * without the id, is not counted.  Left aside: exposures dated more than 30 days before receipt,
 * notes, and what was erased.
 *
 * The state keeps what its experiments ask for and from their start alone, so this is read from the
 * journal, on demand, JOURNAL_SCAN_SLICE records a read transaction.  Users are taken in parts by
 * the hash of their id, so memory does not grow with the journal: it is read once for each
 * POPULATION_PART_RECORDS that it holds.  Entries, conditions and windows are those of the fold
 * (server/analysis/outcomes.h), so a metric says of a user what it says in an experiment.
 */

#include "analysis/cube.h"
#include "analysis/document.h"
#include "store/journal.h"

#define POPULATION_PART_RECORDS 2000000

/* What is asked of everyone goes by: the newest catalogue of the history, one reference, the
 * caller's also after a failure (NULL: none was found), and the moment that counts.  Of `moment`
 * as_of_ms and now_ms are read, as of a report's (document_as_of).  NOT_FOUND, with `where`:
 * nothing is declared yet. */
MUST_CHECK enum status population_open(struct view *view, struct journal *journal,
                                       const struct document_options *moment,
                                       struct catalogue **catalogue, int64_t *as_of_ms,
                                       const char *where, struct error *error);

struct population_unit {
    int64_t first_ms;
    int32_t cohort;         /* its UTC day */
    bool is_mature;         /* the cohort day and the windows asked for ended by as_of */
    const uint16_t *slices; /* of population_slices(), `all` first */
    size_t slice_count;
    uint64_t actions; /* bit i: met candidate i before the landmark */
    /* Of the metric, which over units is sum y / sum s (population_scale_of): 0 or 1 of a share,
     * events of a count, micro-units of a sum, and milliseconds of a time to an event, the whole
     * window where it never came, with s = 1; numerator and denominator of a ratio, the total and
     * the events of a mean, 100, 0 or -100 and whether there is an answer of an nps. */
    int64_t y, s;
};

struct population_options {
    struct journal *journal;                  /* borrowed, as all here */
    const struct catalogue *catalogue;        /* whose metrics and segments these are */
    const struct metric *metric;              /* population_can_read */
    const struct event_condition *candidates; /* at most 64 */
    size_t candidate_count;
    int64_t landmark_ms;  /* candidates count before it */
    int64_t segments_ms;  /* so long after the first message a segment's trait is read */
    struct slice segment; /* that one alone; empty: all declared */
    int64_t as_of_ms;
    const _Atomic bool *stop; /* BUSY at the next slice once it is true; NULL: read to the end */
    /* Told after each slice how many records are read, of how many; NULL: nobody. */
    void (*progress)(void *context, uint64_t done, uint64_t total);
    /* For each user, in no order; the unit dies with the call. */
    void (*visit)(void *context, const struct population_unit *unit);
    void *context;
};

struct population_slices {
    struct arena arena;
    struct cube_slices slices; /* `segmentation` is the place in `segments` */
    const struct segment **segments;
    size_t segment_count;
};
/* NOT_FOUND: no such segment. */
MUST_CHECK enum status population_slices_of(const struct population_options *options,
                                            struct population_slices *slices, struct error *error);
void population_slices_done(struct population_slices *slices);

/* Whether a metric is a mean over users, or a quotient of two.  Not a curve, which is many; nor
 * breadth, whose accounts have members only where an experiment meets them. */
bool population_can_read(const struct metric *metric);
/* What y and s are multiplied by to be what the metric's reader sees. */
struct population_scale {
    double y, s;
};
struct population_scale population_scale_of(const struct metric *metric);
MUST_CHECK enum status population_read(const struct population_options *options,
                                       struct error *error);

#endif
