/*
 * The fold: one state that is published, and at times a second one on its way.
 *
 * The first goes on by the declarations it was built for.  When it is outdated (builder.h), a
 * second is built by all catalogues met so far, from the journal's beginning.  A still newer
 * catalogue with another scheme starts it afresh.  When the second stands where the first stands
 * it is published, and takes the first one's place; readers of the old one end in peace.
 *
 * A state that proves damaged on the way (STORAGE: a value that fails its checksum) is built anew
 * in the same manner: it stays where it stands until the second has come there too.  A second one
 * whose step fails for damage is tried once more, since to build it took time, and then given up:
 * after a failed write the engine may refuse an environment for good.
 *
 * An erasure that changed records of the journal (architecture 16) asks for a second state too:
 * what the person gave to the first can't be told apart from what others gave, counts and names
 * seen among it, and its pages keep old bytes.  So what the fold gives after an erasure is what a
 * rebuild gives.  The journal has been read as a whole for the scrubbing already.
 */

#include "analysis/fold.h"

#include "base.h"
#include "builder.h"
#include "store/erasure.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct fold {
    struct fold_options options;
    struct builder *first;
    struct builder *second;      /* NULL: none on its way */
    struct builder *base;        /* of retention; NULL: none on its way */
    uint64_t base_through;       /* where it ends */
    uint64_t second_seen;        /* the last catalogue that was weighed for it */
    bool second_failed;          /* its last step did, for damage */
    bool is_mending;             /* the first is damaged, and not folded any further */
    atomic_uint_least64_t purge; /* states begun before this erasure was scrubbed have to go */
    pthread_mutex_t lock;        /* of what other threads ask for, below */
    struct view *view;           /* of `first`, one reference */
    uint64_t published;          /* how often another view was shown */
    struct fold_progress progress;
};

static struct builder_options builder_options_of(const struct fold_options *options)
{
    /* The secret is borrowed, and a store made for a base or for verifying may go before. */
    const struct store *owner = options->origin ? options->origin : options->store;
    return (struct builder_options){
        .secret = store_secret(owner), .journal = options->journal, .batch = options->batch};
}

/* A state built by these catalogues, with nothing folded yet. */
enum status builder_start(const struct fold_options *options,
                          const struct catalogue_records *catalogues, uint64_t purged,
                          bool unsynced, struct builder **builder, struct error *error)
{
    struct state *state = NULL;
    struct view *view = NULL;
    struct state_options state_options = {.unsynced = unsynced};
    struct builder_options builder_options = builder_options_of(options);
    enum status status = state_create(options->store, &state_options, &state, error);
    if (status)
        return status;
    status = builder_prepare(state, catalogues, purged, error);
    if (status) {
        state_close(state);
        return status;
    }
    status = view_new(state, &view, error);
    if (status)
        return status;
    if (journal_dropped(options->journal))
        status = base_load(options, &builder_options, view, error);
    if (status) {
        view_release(view);
        return status;
    }
    return builder_open(&builder_options, view, builder, error);
}

uint64_t journal_purged(const struct fold_options *options)
{
    return erasure_progress_read(options->store).changed;
}

enum status builder_start_over(const struct fold_options *options, bool unsynced,
                               struct builder **builder, struct error *error)
{
    struct catalogue_records catalogues = {0};
    uint64_t purged = journal_purged(options);
    enum status status = catalogues_of_journal(
        options->journal, journal_last_sequence(options->journal), &catalogues, error);
    if (!status)
        status = builder_start(options, &catalogues, purged, unsynced, builder, error);
    catalogue_records_done(&catalogues);
    return status;
}

static enum status builder_publish(struct builder *builder, struct error *error)
{
    return state_publish(view_owned_state(builder_view(builder)), error);
}

/* The current state, where there is one that this version can go on with. */
static enum status first_resume(const struct fold_options *options, struct builder **first,
                                struct error *error)
{
    struct view *view = NULL;
    struct builder_options builder_options = builder_options_of(options);
    enum status status = view_open(options->store, &view, error);
    return status ? status : builder_open(&builder_options, view, first, error);
}

static enum status first_open(const struct fold_options *options, struct builder **first,
                              struct error *error)
{
    struct error why = {0};
    enum status status = first_resume(options, first, &why);
    if (!status)
        return STATUS_OK;
    if (status != STATUS_NOT_FOUND && status != STATUS_INVALID && status != STATUS_STORAGE)
        return FAIL(error, status, why.where, 0, "%s", why.text);
    status = builder_start_over(options, false, first, error);
    return status ? status : builder_publish(*first, error);
}

static void fold_tell(struct fold *fold)
{
    const struct progress *first = builder_progress(fold->first);
    const struct progress *second = fold->second ? builder_progress(fold->second) : NULL;
    pthread_mutex_lock(&fold->lock);
    fold->progress = (struct fold_progress){.watermark = first->watermark,
                                            .published = fold->published,
                                            .received_ms = first->received_ms,
                                            .damaged = first->damaged,
                                            .purged = first->purged,
                                            .building = second,
                                            .build_watermark = second ? second->watermark : 0};
    pthread_mutex_unlock(&fold->lock);
}

/* Readers get the view of the first builder from here on. */
static void fold_show(struct fold *fold)
{
    struct view *view = view_acquire(builder_view(fold->first));
    pthread_mutex_lock(&fold->lock);
    struct view *old = fold->view;
    fold->view = view;
    fold->published++;
    pthread_mutex_unlock(&fold->lock);
    view_release(old);
}

enum status fold_open(const struct fold_options *options, struct fold **fold, struct error *error)
{
    struct fold *made = calloc(1, sizeof *made);
    if (!made || pthread_mutex_init(&made->lock, NULL) != 0) {
        free(made);
        return FAIL(error, STATUS_NO_MEMORY, "fold", 0, "no memory");
    }
    made->options = *options;
    atomic_store(&made->purge, journal_purged(options));
    enum status status = first_open(options, &made->first, error);
    if (status) {
        fold_close(made);
        return status;
    }
    fold_show(made);
    fold_tell(made);
    *fold = made;
    return STATUS_OK;
}

void fold_close(struct fold *fold)
{
    if (!fold)
        return;
    builder_free(fold->base);
    builder_free(fold->second);
    builder_free(fold->first);
    view_release(fold->view);
    pthread_mutex_destroy(&fold->lock);
    free(fold);
}

/* The scheme of a state built by these catalogues. */
static enum status scheme_of(const struct catalogue_records *catalogues, struct digest *digest,
                             struct error *error)
{
    struct declared *declared = declared_copy(NULL);
    struct scheme *scheme = NULL;
    if (!declared)
        return FAIL(error, STATUS_NO_MEMORY, "history", 0, "no memory");
    enum status status = STATUS_OK;
    for (size_t i = 0; !status && i < catalogues->count; i++) {
        const struct catalogue_record *item = &catalogues->items[i];
        status = declared_add(declared, item->sequence, item->time_ms, item->body, error);
    }
    if (!status)
        status = declared_settle(declared, error);
    if (!status)
        status = scheme_compile(declared, &scheme, error);
    if (!status)
        *digest = scheme->digest;
    scheme_free(scheme);
    declared_release(declared);
    return status;
}

/* Starts the second builder where the states there are were begun before the last erasure. */
static enum status second_purge(struct fold *fold, struct error *error)
{
    uint64_t purge = atomic_load(&fold->purge);
    if (builder_progress(fold->first)->purged >= purge ||
        (fold->second && builder_progress(fold->second)->purged >= purge))
        return STATUS_OK;
    builder_free(fold->second);
    fold->second = NULL;
    fold->second_seen = builder_progress(fold->first)->seen;
    return builder_start_over(&fold->options, false, &fold->second, error);
}

void fold_purge(struct fold *fold, uint64_t erasure)
{
    atomic_store(&fold->purge, erasure);
}

/* Starts the second builder, or starts it afresh, where what is declared asks for it. */
static enum status second_weigh(struct fold *fold, struct error *error)
{
    const struct progress *first = builder_progress(fold->first);
    if (fold->is_mending || first->seen == first->used ||
        (fold->second && fold->second_seen == first->seen))
        return STATUS_OK;
    struct catalogue_records catalogues = {0};
    struct state *state = view_owned_state(builder_view(fold->first));
    enum status status = catalogues_of_state(state, &catalogues, error);
    bool fits = false;
    if (!status && fold->second && builder_scheme(fold->second)) {
        struct digest digest;
        status = scheme_of(&catalogues, &digest, error);
        fits = !status && digest_equal(&digest, &builder_scheme(fold->second)->digest);
    }
    if (!status && !fits) {
        builder_free(fold->second);
        fold->second = NULL;
        status = builder_start(&fold->options, &catalogues, journal_purged(&fold->options), false,
                               &fold->second, error);
    }
    if (!status)
        fold->second_seen = first->seen;
    catalogue_records_done(&catalogues);
    return status;
}

static enum status second_publish(struct fold *fold, struct error *error)
{
    enum status status = builder_publish(fold->second, error);
    if (status)
        return status;
    struct builder *old = fold->first;
    fold->first = fold->second;
    fold->second = NULL;
    fold->is_mending = false;
    fold_show(fold);
    builder_free(old);
    return STATUS_OK;
}

static enum status second_advance(struct fold *fold, bool *more, struct error *error)
{
    bool stepped = false;
    uint64_t watermark = builder_progress(fold->first)->watermark;
    *more = true;
    enum status status = STATUS_OK;
    if (builder_progress(fold->second)->watermark < watermark)
        status = builder_step(fold->second, watermark, &stepped, error);
    if (!status && builder_progress(fold->second)->watermark >= watermark)
        status = second_publish(fold, error);
    return status;
}

/* A step of the first, or, where it is damaged, a second one begun to take its place. */
static enum status first_advance(struct fold *fold, bool *more, struct error *error)
{
    struct error why = {0};
    if (fold->is_mending)
        return STATUS_OK;
    enum status status = builder_step(fold->first, 0, more, &why);
    if (status != STATUS_STORAGE)
        return status ? FAIL(error, status, why.where, 0, "%s", why.text) : STATUS_OK;
    builder_free(fold->second);
    fold->second = NULL;
    if (builder_start_over(&fold->options, false, &fold->second, NULL))
        return FAIL(error, status, why.where, 0, "%s", why.text);
    fold->is_mending = true;
    return STATUS_OK;
}

/* Without a second one, what asked for it asks again at the next step. */
static void second_judge(struct fold *fold, enum status status)
{
    bool again = fold->second_failed;
    fold->second_failed = status == STATUS_STORAGE && !again;
    if (status != STATUS_STORAGE || !again)
        return;
    builder_free(fold->second);
    fold->second = NULL;
    fold->is_mending = false;
}

enum status fold_advance(struct fold *fold, bool *more, struct error *error)
{
    *more = false;
    enum status status = first_advance(fold, more, error);
    if (!status)
        status = second_purge(fold, error);
    if (!status)
        status = second_weigh(fold, error);
    if (!status && fold->second) {
        status = second_advance(fold, more, error);
        second_judge(fold, status);
    }
    fold_tell(fold);
    return status;
}

/* Begins a base where there is something to drop. */
static enum status base_begin(struct fold *fold, int64_t before_ms, struct error *error)
{
    struct journal *journal = fold->options.journal;
    struct catalogue_records catalogues = {0};
    uint64_t through = 0;
    enum status status = journal_droppable(journal, before_ms, &through, error);
    bool has_more =
        through > journal_dropped(journal) && through <= builder_progress(fold->first)->watermark;
    if (status || (!has_more && !base_is_stale(&fold->options)))
        return status;
    if (!has_more)
        through = journal_dropped(journal);
    status = catalogues_of_state(view_owned_state(builder_view(fold->first)), &catalogues, error);
    if (!status)
        status = base_start(&fold->options, &catalogues, &fold->base, error);
    catalogue_records_done(&catalogues);
    fold->base_through = through;
    return status;
}

static enum status base_finish(struct fold *fold, uint64_t *through, struct error *error)
{
    bool fits =
        digest_equal(&builder_progress(fold->base)->scheme, &builder_progress(fold->first)->scheme);
    enum status status = STATUS_OK;
    if (fits)
        status = base_publish(fold->base, error);
    builder_free(fold->base);
    fold->base = NULL;
    if (!status && fits && fold->base_through > journal_dropped(fold->options.journal))
        status = journal_drop(fold->options.journal, fold->base_through, error);
    if (!status && fits)
        *through = fold->base_through; /* dropped now, or before */
    return status;
}

enum status fold_retain(struct fold *fold, int64_t before_ms, bool *more, uint64_t *through,
                        struct error *error)
{
    const struct progress *first = builder_progress(fold->first);
    bool is_settled = !fold->second && !fold->is_mending && first->seen == first->used;
    enum status status = STATUS_OK;
    *more = false;
    *through = 0;
    if (!is_settled) {
        builder_free(fold->base);
        fold->base = NULL;
        return STATUS_OK;
    }
    if (!fold->base)
        status = base_begin(fold, before_ms, error);
    if (status || !fold->base)
        return status;
    status = builder_step(fold->base, fold->base_through, more, error);
    if (!status && builder_progress(fold->base)->watermark >= fold->base_through)
        return base_finish(fold, through, error);
    if (status) {
        builder_free(fold->base);
        fold->base = NULL;
    }
    return status;
}

void fold_progress(struct fold *fold, struct fold_progress *progress)
{
    pthread_mutex_lock(&fold->lock);
    *progress = fold->progress;
    pthread_mutex_unlock(&fold->lock);
}

struct view *fold_view(struct fold *fold)
{
    pthread_mutex_lock(&fold->lock);
    struct view *view = view_acquire(fold->view);
    pthread_mutex_unlock(&fold->lock);
    return view;
}
