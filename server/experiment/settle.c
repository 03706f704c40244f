/*
 * Which files go into service when a folder was read again (architecture 13).
 *
 * Files are chosen one by one, by their name within the folder: the text just read, the text that
 * is in service, or none.  Then the chosen texts are compiled together, as one catalogue.
 *
 *   1. A shared file (metrics, segments) with errors: all of `previous` stays.
 *   2. An experiment file with errors: its previous text stays, if there is one.
 *   3. An experiment changed in what makes units comparable, without a raised phase: so too.
 *   4. An experiment that is gone while running or paused: so too.  A draft or a stopped one
 * leaves.
 *   5. What was chosen is compiled.  An error now is one between files: a new text that cannot
 * stand beside an old one.  That new text goes back as well, and again, until nothing is left to go
 *      back; if the old texts cannot stand beside what is left (a metric is gone that they use),
 * all of `previous` stays.
 *
 * Step 5 ends: each turn sends at least one more file back.
 */

#include "experiment/catalogue.h"
#include "experiment/diff.h"

#include <stdlib.h>

/* One file name: what was read under it, what serves under it, and which of them is chosen. */
struct file {
    struct slice name;
    const struct source *read;     /* NULL: the folder has no such file */
    const struct source *previous; /* NULL: nothing serves under that name */
    size_t errors;                 /* in the text chosen at the moment */
    struct diagnostic *first;      /* of these errors */
    bool stays;                    /* `previous` is chosen, or nothing where it is NULL */
};

struct choice {
    struct settlement *settlement; /* its arena holds everything here */
    struct catalogue *read;        /* compiled from what was read, broken files left out */
    struct catalogue *previous;
    struct file *files; /* sorted by name */
    size_t count;
};

/* ---- files by name ---- */

static struct slice name_of_path(struct slice path)
{
    size_t at = path.size;
    while (at && path.data[at - 1] != '/')
        at--;
    return slice_from(path, at);
}

static int file_order(const void *a, const void *b)
{
    return slice_compare(((const struct file *)a)->name, ((const struct file *)b)->name);
}

static struct file *file_find(const struct choice *choice, struct slice path)
{
    struct file wanted = {.name = name_of_path(path)};
    return bsearch(&wanted, choice->files, choice->count, sizeof wanted, file_order);
}

static bool file_is_shared(const struct file *file)
{
    return slice_starts_with(file->name, SLICE("metrics.")) ||
           slice_starts_with(file->name, SLICE("segments."));
}

static bool file_changed(const struct file *file)
{
    return !file->read || !file->previous || !slice_equal(file->read->text, file->previous->text);
}

/* Both lists in one, each name once. */
static enum status files_merge(struct choice *choice, struct error *error)
{
    const struct sources *read = &choice->read->sources;
    const struct sources *previous = &choice->previous->sources;
    struct file *files =
        ARENA_ARRAY(&choice->settlement->arena, read->count + previous->count + 1, struct file);
    if (!files)
        return FAIL(error, STATUS_NO_MEMORY, "settle", 0, "out of memory");
    size_t count = 0;
    for (size_t i = 0; i < read->count; i++)
        files[count++] = (struct file){.name = read->files[i].name, .read = &read->files[i]};
    for (size_t i = 0; i < previous->count; i++)
        files[count++] =
            (struct file){.name = previous->files[i].name, .previous = &previous->files[i]};
    qsort(files, count, sizeof *files, file_order);
    size_t unique = 0;
    for (size_t i = 0; i < count; i++) {
        struct file *last = unique ? &files[unique - 1] : NULL;
        if (!last || !slice_equal(last->name, files[i].name)) {
            files[unique++] = files[i];
            continue;
        }
        last->read = last->read ? last->read : files[i].read;
        last->previous = last->previous ? last->previous : files[i].previous;
    }
    choice->files = files;
    choice->count = unique;
    return STATUS_OK;
}

/* ---- what stays, and why ---- */

static void kept_add(struct settlement *settlement, struct slice path, struct slice reason)
{
    if (!settlement->kept || settlement->arena.failed)
        return;
    settlement->kept[settlement->kept_count++] = (struct kept){
        .path = arena_copy(&settlement->arena, path),
        .reason = reason,
    };
}

/* The first reason of a file is the one that is told. */
static void file_stays(struct choice *choice, struct file *file, struct slice reason)
{
    if (file->stays)
        return;
    file->stays = true;
    kept_add(choice->settlement, file->read ? file->read->path : file->previous->path, reason);
}

static void count_errors(struct choice *choice, const struct diagnostics *found)
{
    for (size_t i = 0; i < choice->count; i++)
        choice->files[i].errors = 0;
    for (size_t i = 0; i < found->count; i++) {
        struct diagnostic *diagnostic = &found->items[i];
        struct file *file = diagnostic->warning ? NULL : file_find(choice, diagnostic->path);
        if (file && file->errors++ == 0)
            file->first = diagnostic;
    }
}

static struct slice errors_reason(struct choice *choice, const struct file *file)
{
    return arena_format(&choice->settlement->arena, "%zu error%s", file->errors,
                        file->errors == 1 ? "" : "s");
}

/* A shared file is broken: what else changed stays behind with it. */
static void others_stay(struct choice *choice, const struct file *shared)
{
    struct slice reason =
        arena_format(&choice->settlement->arena, "%.*s has errors", SLICE_ARGS(shared->name));
    for (size_t i = 0; i < choice->count; i++)
        if (file_changed(&choice->files[i]))
            file_stays(choice, &choice->files[i], reason);
}

/* Steps 1 and 2.  False: a shared file is broken. */
static bool broken_files_stay(struct choice *choice)
{
    const struct file *shared = NULL;
    for (size_t i = 0; i < choice->count; i++) {
        struct file *file = &choice->files[i];
        if (!file->errors)
            continue;
        file_stays(choice, file, errors_reason(choice, file));
        if (file_is_shared(file))
            shared = file;
    }
    if (shared)
        others_stay(choice, shared);
    return !shared;
}

/* An experiment that serves and that no file declares any more. */
static void vanished_stays(struct choice *choice, const struct experiment *old_one)
{
    struct file *file = file_find(choice, old_one->path);
    bool lives = old_one->status == EXPERIMENT_RUNNING || old_one->status == EXPERIMENT_PAUSED;
    if (!file || !lives)
        return;
    if (file->read)
        file_stays(choice, file,
                   arena_format(&choice->settlement->arena, "it no longer declares '%.*s'",
                                SLICE_ARGS(old_one->key)));
    else
        file_stays(choice, file, SLICE("file is gone"));
}

/* Steps 3 and 4. */
static void experiments_stay(struct choice *choice)
{
    for (size_t i = 0; i < choice->previous->experiment_count; i++) {
        const struct experiment *old_one = &choice->previous->experiments[i];
        const struct experiment *new_one = catalogue_experiment(choice->read, old_one->key);
        if (!new_one) {
            vanished_stays(choice, old_one);
            continue;
        }
        const char *broken = experiment_breaks(old_one, new_one);
        if (!broken)
            continue;
        struct file *old_file = file_find(choice, old_one->path);
        struct file *new_file = file_find(choice, new_one->path);
        struct slice reason = arena_format(&choice->settlement->arena,
                                           "breaking change of %s without a raised phase", broken);
        if (new_file)
            file_stays(choice, new_file, reason);
        if (old_file && old_file != new_file) /* the file was renamed as well */
            file_stays(choice, old_file, SLICE("file is gone"));
    }
}

static bool all_as_read(const struct choice *choice)
{
    for (size_t i = 0; i < choice->count; i++)
        if (choice->files[i].stays)
            return false;
    return true;
}

/* ---- the catalogue ---- */

static enum status compile_chosen(const struct choice *choice, struct catalogue **catalogue,
                                  struct diagnostics *found, struct error *error)
{
    struct sources sources = {0};
    for (size_t i = 0; i < choice->count; i++) {
        const struct file *file = &choice->files[i];
        const struct source *source = file->stays ? file->previous : file->read;
        if (!source)
            continue;
        enum status status = sources_add(&sources, source->path, source->name, source->text, error);
        if (status) {
            sources_done(&sources);
            return status;
        }
    }
    return catalogue_compile(&sources, catalogue, found, error);
}

/* Sends back the new texts that are in error beside the old ones.  False: there was none. */
static bool conflicts_stay(struct choice *choice)
{
    bool moved = false;
    for (size_t i = 0; i < choice->count; i++) {
        struct file *file = &choice->files[i];
        if (!file->errors || file->stays || !file_changed(file))
            continue;
        file_stays(choice, file,
                   arena_format(&choice->settlement->arena, "%zu error%s beside what serves",
                                file->errors, file->errors == 1 ? "" : "s"));
        moved = true;
    }
    return moved;
}

/* What is left cannot stand beside an old text: everything that changed stays behind. */
static void everything_stays(struct choice *choice)
{
    const struct file *victim = NULL;
    for (size_t i = 0; i < choice->count && !victim; i++)
        victim = choice->files[i].errors ? &choice->files[i] : NULL;
    for (size_t i = 0; victim && i < choice->count; i++) {
        struct file *file = &choice->files[i];
        if (!file->stays && file_changed(file))
            file_stays(choice, file,
                       arena_format(&choice->settlement->arena, "%.*s would be in error: %.*s",
                                    SLICE_ARGS(victim->name), SLICE_ARGS(victim->first->text)));
    }
}

/* What a file sent back took with it: experiments that had moved there.  False: nobody is lost. */
static bool lost_stay(struct choice *choice, const struct catalogue *tried)
{
    size_t before = choice->settlement->kept_count;
    for (size_t i = 0; i < choice->previous->experiment_count; i++) {
        const struct experiment *old_one = &choice->previous->experiments[i];
        if (!catalogue_experiment(tried, old_one->key))
            vanished_stays(choice, old_one);
    }
    return choice->settlement->kept_count > before;
}

/* One turn of step 5.  *again: the choice has changed.  NULL in *catalogue with nothing changed:
 * all of `previous` stays. */
static enum status try_choice(struct choice *choice, struct catalogue **catalogue, bool *again,
                              struct error *error)
{
    struct diagnostics found = {0};
    enum status status = compile_chosen(choice, catalogue, &found, error);
    if (!status && found.errors) {
        count_errors(choice, &found);
        *again = conflicts_stay(choice);
        if (!*again)
            everything_stays(choice);
    } else if (!status) {
        *again = lost_stay(choice, *catalogue);
    }
    if (found.errors || *again) {
        catalogue_release(*catalogue);
        *catalogue = NULL;
    }
    diagnostics_done(&found);
    return status;
}

static enum status choose(struct choice *choice, struct catalogue **catalogue, struct error *error)
{
    enum status status = STATUS_OK;
    for (bool again = true; again && !status;) {
        again = false;
        status = try_choice(choice, catalogue, &again, error);
    }
    return status;
}

static enum status settle(struct choice *choice, const struct diagnostics *found,
                          struct catalogue **catalogue, struct error *error)
{
    enum status status = files_merge(choice, error);
    if (status)
        return status;
    struct settlement *settlement = choice->settlement;
    settlement->kept = ARENA_ARRAY(&settlement->arena, choice->count + 1, struct kept);
    count_errors(choice, found);
    if (broken_files_stay(choice)) {
        experiments_stay(choice);
        if (all_as_read(choice))
            *catalogue = catalogue_acquire(choice->read);
        else
            status = choose(choice, catalogue, error);
    }
    if (!status && settlement->arena.failed)
        status = FAIL(error, STATUS_NO_MEMORY, "settle", 0, "out of memory");
    if (!status && !*catalogue)
        *catalogue = catalogue_acquire(choice->previous);
    return status;
}

enum status catalogue_settle(struct sources *read, struct catalogue *previous,
                             struct settlement *settlement, struct diagnostics *found,
                             struct error *error)
{
    struct catalogue *compiled = NULL;
    enum status status = catalogue_compile(read, &compiled, found, error);
    if (status)
        return status;
    struct settlement settled = {0};
    if (!previous && found->errors)
        status = FAIL(error, STATUS_INVALID, "", 0, "%zu error%s, and no earlier version to serve",
                      found->errors, found->errors == 1 ? "" : "s");
    else if (!previous)
        settled.catalogue = catalogue_acquire(compiled);
    else
        status =
            settle(&(struct choice){.settlement = &settled, .read = compiled, .previous = previous},
                   found, &settled.catalogue, error);
    catalogue_release(compiled);
    if (status) {
        catalogue_release(settled.catalogue);
        settlement_done(&settled);
        return status;
    }
    *settlement = settled;
    return STATUS_OK;
}

void settlement_done(struct settlement *settlement)
{
    arena_done(&settlement->arena);
    *settlement = (struct settlement){0};
}
