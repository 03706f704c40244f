#ifndef EXPERIMENT_CATALOGUE_H
#define EXPERIMENT_CATALOGUE_H

/*
 * A catalogue is all files of a folder, checked together and compiled to an immutable, counted
 * snapshot (architecture 3, 13).
 *
 *     struct sources sources = {0};                                   texts and names
 *     sources_read(&sources, "experiments", &error);                  or from a journal record
 *     struct catalogue *catalogue = NULL;
 *     struct diagnostics found = {0};
 *     catalogue_compile(&sources, &catalogue, &found, &error);        all mistakes of all files
 *     ... catalogue_acquire / catalogue_release
 *
 * catalogue_compile gives a catalogue whenever it can: with the files that have no error.  Whether
 * that may go into service is the caller's decision (catalogue_settle).
 * Snapshots may be read by any thread; acquire and release are atomic.
 */

#include "base/hash.h"
#include "experiment/experiment.h"

struct source {
    struct slice path; /* as shown in diagnostics: "experiments/crm-first-run.yaml" */
    struct slice name; /* within the folder: "crm-first-run.yaml" */
    struct slice text;
};

struct sources {
    struct arena arena;   /* owns everything here */
    struct source *files; /* sorted by path, bytes */
    size_t count;
    size_t skipped_count; /* subfolders that hold *.yaml: warning not-read */
    struct slice *skipped;
};

/* Reads DIR by the rule of grammar.md, 1.  NOT_FOUND when missing or not a folder.  A file over
 * FILE_SIZE_MAX keeps only its first FILE_SIZE_MAX + 1 bytes; the parser refuses it. */
MUST_CHECK enum status sources_read(struct sources *sources, const char *folder,
                                    struct error *error);
/* Adds a file held in memory (borrowed texts are copied).  Keeps the order. */
MUST_CHECK enum status sources_add(struct sources *sources, struct slice path, struct slice name,
                                   struct slice text, struct error *error);
void sources_done(struct sources *sources);

struct diagnostic {
    bool warning;
    const char *code; /* "unknown-metric": grammar.md, 7 */
    struct slice path;
    unsigned line, column, width; /* from 1, code points; width of the mark, at least 1 */
    struct slice text;            /* what is wrong */
    struct slice hint;            /* "did you mean 'activated'?", may be empty */
    struct slice source_line;     /* without its line end */
};

struct diagnostics {
    struct arena arena;       /* owns everything here */
    struct diagnostic *items; /* sorted by path, line, column */
    size_t count;
    size_t capacity;
    size_t errors;
    size_t warnings;
    size_t experiments, metrics, segments; /* so many are declared, broken ones too */
};
void diagnostics_done(struct diagnostics *diagnostics);
/* Takes `diagnostic` as it is (its texts are in the arena, or outlive it) and counts it. */
void diagnostics_add(struct diagnostics *diagnostics, const struct diagnostic *diagnostic);
void diagnostics_cut(struct diagnostics *diagnostics, size_t count); /* forgets what came later */
void diagnostics_sort(struct diagnostics *diagnostics);              /* by path, line, column */
/* For people, as experiment-files.md shows it: `PATH:LINE:COLUMN: error: TEXT [CODE]`, the line,
 * the mark and the hint. */
void diagnostics_write_text(struct buffer *out, const struct diagnostics *diagnostics);
/* "5 experiments, 19 metrics, 3 segments: 1 error, 2 warnings" and a line end. */
void diagnostics_write_count(struct buffer *out, const struct diagnostics *diagnostics);

struct catalogue {
    struct arena arena;
    struct sources sources;               /* the texts compiled, owned */
    struct digest digest;                 /* of names and texts */
    const struct experiment *experiments; /* sorted by key */
    size_t experiment_count;
    const struct experiment *holdouts; /* `holdout:GROUP` of each group, sorted by key */
    size_t holdout_count;
    const struct metric *metrics; /* sorted by name */
    size_t metric_count;
    const struct segment *segments; /* sorted by name */
    size_t segment_count;
    const struct slice *not_activity;
    size_t not_activity_count;
    struct core_actions core_actions;
    const struct slice *traits; /* dotted paths that some definition reads, sorted, each once */
    size_t trait_count;
    const struct regex_list *patterns; /* compiled regular expressions, to free */
    int references;                    /* atomic */
};

/* Takes `sources` over (leaves it empty), also on failure.  STATUS_OK even where `found` has
 * errors: those files are then left out of *catalogue, and the experiments that lean on one of
 * them; other statuses are for memory.  A limit of the sources' arena holds for the catalogue's
 * too. */
MUST_CHECK enum status catalogue_compile(struct sources *sources, struct catalogue **catalogue,
                                         struct diagnostics *found, struct error *error);
struct catalogue *catalogue_acquire(struct catalogue *catalogue);
void catalogue_release(struct catalogue *catalogue); /* NULL is fine */

const struct experiment *catalogue_experiment(const struct catalogue *catalogue, struct slice key);
/* The same among experiments and holdouts: all that is analysed. */
const struct experiment *catalogue_analysed(const struct catalogue *catalogue, struct slice key);
const struct metric *catalogue_metric(const struct catalogue *catalogue, struct slice name);
const struct segment *catalogue_segment(const struct catalogue *catalogue, struct slice name);
/* The nearest known key, or name, at distance 1 or 2 (grammar.md, 1, Form), or an empty slice. */
struct slice catalogue_nearest(const struct catalogue *catalogue, struct slice key);
struct slice catalogue_nearest_metric(const struct catalogue *catalogue, struct slice name);
struct slice catalogue_nearest_segment(const struct catalogue *catalogue, struct slice name);
#define NEAREST_HINT_SIZE 192
/* ", did you mean 'NAME'?" for the end of a message about one that there is not; empty where none
 * is near.  Written into `hint`, and given back. */
const char *nearest_hint(struct slice nearest, char hint[static NEAREST_HINT_SIZE]);

/*
 * Which files go into service when a folder was read again (architecture 13): broken or vanished
 * experiment files, and those with a breaking change without a raised phase, keep what `previous`
 * (may be NULL: none yet) had for them; a broken shared file keeps all of `previous`; a vanished
 * draft or stopped experiment leaves.  *settled is compiled from the texts chosen; `kept` gets one
 * line a file that stays behind, with its reason.  INVALID when nothing at all can serve: errors in
 * `found` and no `previous`.
 */
struct kept {
    struct slice path;
    struct slice reason; /* "2 errors", "breaking change of weights without a raised phase", "file
                            is gone" */
};
struct settlement {
    struct arena arena;
    struct catalogue *catalogue; /* one reference, the caller's: settlement_done leaves it */
    struct kept *kept;
    size_t kept_count;
};
MUST_CHECK enum status catalogue_settle(struct sources *read, struct catalogue *previous,
                                        struct settlement *settlement, struct diagnostics *found,
                                        struct error *error);
void settlement_done(struct settlement *settlement);

#endif
