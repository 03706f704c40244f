/*
 * Core actions: users into 2 x 2 tables and histograms of the score (how many different candidates
 * a user did), a cell a slice as cube.md has them, and the document formed from these.
 *
 * Computed on demand from the journal (population.h), not kept in the cube: a candidate counts from
 * everyone's first message, and the fold keeps events from the start of an experiment on alone.
 */

#include "analysis/core_actions.h"

#include "core_actions_parts.h"
#include "document_parts.h"

#include "analysis/population.h"
#include "experiment/describe.h"
#include "stats/association.h"
#include "stats/multiplicity.h"

#define ALPHA .05
#define CANDIDATES_MAX 64

/* One slice. */
struct core_slice {
    uint64_t users, retained;
    uint64_t scores[2][CANDIDATES_MAX + 1]; /* not retained, retained; by how many were done */
    struct two_by_two *tables;              /* a candidate each */
    struct hypothesis *family;              /* its place in that of all slices */
};

struct core {
    const struct core_actions_options *options;
    struct arena *arena;
    struct catalogue *catalogue;
    const struct core_actions *declared;
    const struct metric *retained;
    int64_t landmark_ms, as_of_ms;
    struct population_slices slices;
    struct core_slice *items;
    struct hypothesis *family;
    uint64_t users, immature;
};

static enum status no_memory(struct error *error)
{
    return FAIL(error, STATUS_NO_MEMORY, "core actions", 0, "no memory");
}

struct slice core_action_label(struct arena *arena, const struct event_condition *candidate)
{
    struct buffer text = {0};
    buffer_add(&text, candidate->event);
    if (candidate->where) {
        buffer_add(&text, SLICE(" where "));
        condition_write_canonical(&text, candidate->where);
    }
    if (candidate->times > 1)
        buffer_format(&text, " (%u times)", candidate->times);
    if (candidate->distinct_days > 1)
        buffer_format(&text, " (on %u days)", candidate->distinct_days);
    struct slice label = arena_copy(arena, buffer_slice(&text));
    arena->failed |= text.failed;
    buffer_done(&text);
    return label;
}

/* ---- what is asked ---- */

static enum status core_check(struct core *core, struct error *error)
{
    struct slice wanted = core->options->metric;
    char text[TIME_TEXT_SIZE];
    char hint[NEAREST_HINT_SIZE];
    core->declared = &core->catalogue->core_actions;
    if (core->declared->count == 0)
        return FAIL(error, STATUS_NOT_FOUND, "core_actions", 0,
                    "no candidates are declared: metrics.yaml has no core_actions (candidates, "
                    "landmark, retained)");
    core->retained =
        wanted.size ? catalogue_metric(core->catalogue, wanted) : core->declared->retained;
    core->landmark_ms =
        core->options->landmark_ms ? core->options->landmark_ms : core->declared->landmark_ms;
    if (!core->retained)
        return FAIL(error, STATUS_NOT_FOUND, "metric", 0, "no metric '%.*s' is declared%s",
                    SLICE_ARGS(wanted),
                    nearest_hint(catalogue_nearest_metric(core->catalogue, wanted), hint));
    if (core->retained->kind != METRIC_RETENTION)
        return FAIL(error, STATUS_INVALID, "metric", 0, "'%.*s' is no retention metric",
                    SLICE_ARGS(core->retained->name));
    if (core->retained->from_ms < core->landmark_ms)
        return FAIL(error, STATUS_INVALID, "landmark", 0,
                    "'%.*s' begins %s after the first message, before the landmark: who came back "
                    "would have had more time to act",
                    SLICE_ARGS(core->retained->name),
                    duration_format(core->retained->from_ms, text));
    return STATUS_OK;
}

static enum status core_open(struct view *view, struct core *core, struct error *error)
{
    const struct core_actions_options *options = core->options;
    const struct document_options moment = {.as_of_ms = options->as_of_ms,
                                            .now_ms = options->now_ms};
    enum status status = population_open(view, options->journal, &moment, &core->catalogue,
                                         &core->as_of_ms, "core_actions", error);
    return status ? status : core_check(core, error);
}

/* ---- users into cells ---- */

static void unit_add(void *context, const struct population_unit *unit)
{
    struct core *core = context;
    bool retained = unit->y > 0;
    core->users++;
    if (!unit->is_mature) {
        core->immature++;
        return;
    }
    for (size_t i = 0; i < unit->slice_count; i++) {
        struct core_slice *slice = &core->items[unit->slices[i]];
        slice->users++;
        slice->retained += retained;
        slice->scores[retained][__builtin_popcountll(unit->actions)]++;
        for (size_t j = 0; j < core->declared->count; j++) {
            struct two_by_two *table = &slice->tables[j];
            if (unit->actions >> j & 1)
                *(retained ? &table->n11 : &table->n10) += 1;
            else
                *(retained ? &table->n01 : &table->n00) += 1;
        }
    }
}

static enum status core_read(struct core *core, struct error *error)
{
    const struct population_options options = {.journal = core->options->journal,
                                               .catalogue = core->catalogue,
                                               .metric = core->retained,
                                               .candidates = core->declared->candidates,
                                               .candidate_count = core->declared->count,
                                               .landmark_ms = core->landmark_ms,
                                               .segments_ms = core->landmark_ms - 1,
                                               .segment = core->options->segment,
                                               .as_of_ms = core->as_of_ms,
                                               .stop = core->options->stop,
                                               .progress = core->options->progress,
                                               .visit = unit_add,
                                               .context = core};
    enum status status = population_slices_of(&options, &core->slices, error);
    if (status)
        return status;
    size_t slices = core->slices.slices.count, candidates = core->declared->count;
    core->items = ARENA_ARRAY(core->arena, slices, struct core_slice);
    core->family = ARENA_ARRAY(core->arena, slices * candidates, struct hypothesis);
    for (size_t i = 0; core->items && i < slices; i++)
        core->items[i].tables = ARENA_ARRAY(core->arena, candidates, struct two_by_two);
    return core->arena->failed ? no_memory(error) : population_read(&options, error);
}

/* The family: every candidate in every slice with users. */
static enum status core_correct(struct core *core, struct error *error)
{
    size_t count = 0;
    for (size_t i = 0; i < core->slices.slices.count; i++) {
        struct core_slice *slice = &core->items[i];
        slice->family = core->family + count;
        for (size_t j = 0; slice->users && j < core->declared->count; j++) {
            struct chi_square test;
            bool tested = !association_chi_square(&slice->tables[j], &test);
            core->family[count++].p = tested ? test.p : 1;
        }
    }
    if (multiplicity_adjust(CORRECTION_BENJAMINI_HOCHBERG, core->family, count))
        return FAIL(error, STATUS_STORAGE, "core actions", 0, "a p is not within 0 and 1");
    return STATUS_OK;
}

/* ---- the document ---- */

static struct value share_value(uint64_t part, uint64_t whole)
{
    return number_or_null(whole > 0, whole ? (double)part / (double)whole : 0);
}

static void add_ratio(struct arena *arena, const struct two_by_two *table, struct value *object)
{
    struct association_ratio ratio = {0};
    struct interval interval = {0};
    double phi = 0;
    bool has = !association_risk_ratio(table, ALPHA, &ratio);
    value_add(arena, object, "risk_ratio", number_or_null(has, ratio.ratio));
    value_add(arena, object, "risk_ratio_interval", interval_or_null(arena, has, &ratio.interval));
    has = !association_phi(table, &phi);
    value_add(arena, object, "phi", number_or_null(has, phi));
    has = !association_phi_interval(table, ALPHA, &interval);
    value_add(arena, object, "phi_interval", interval_or_null(arena, has, &interval));
}

/* How many did it, of all: Wilson's interval. */
static void add_did(const struct core *core, const struct core_slice *slice, uint64_t did,
                    struct value *object)
{
    struct interval interval = {0};
    struct proportion share = {.units = slice->users, .successes = did};
    bool has = !proportion_wilson(share, ALPHA, &interval);
    value_add(core->arena, object, "did_share", share_value(did, slice->users));
    value_add(core->arena, object, "did_share_interval",
              interval_or_null(core->arena, has, &interval));
}

static struct value action_value(const struct core *core, const struct core_slice *slice,
                                 size_t index)
{
    struct arena *arena = core->arena;
    const struct two_by_two *table = &slice->tables[index];
    struct proportion_pair pair = {
        .treatment = {.successes = table->n11, .units = table->n11 + table->n10},
        .control = {.successes = table->n01, .units = table->n01 + table->n00}};
    struct chi_square test = {0};
    struct interval interval = {0};
    double difference = 0, se = 0;
    enum reason reason = proportion_difference(&pair, &difference, &se);
    bool has_interval = !reason && !proportion_score_interval(&pair, ALPHA, &interval);
    bool tested = !association_chi_square(table, &test);
    double adjusted = slice->family[index].adjusted;
    struct value made = value_object();
    value_add(arena, &made, "action",
              value_text(core_action_label(arena, &core->declared->candidates[index])));
    value_add(arena, &made, "did", value_integer((int64_t)pair.treatment.units));
    add_did(core, slice, pair.treatment.units, &made);
    value_add(arena, &made, "retained_with",
              share_value(pair.treatment.successes, pair.treatment.units));
    value_add(arena, &made, "retained_without",
              share_value(pair.control.successes, pair.control.units));
    value_add(arena, &made, "retained_of_did", value_integer((int64_t)table->n11));
    value_add(arena, &made, "retained_of_others", value_integer((int64_t)table->n01));
    value_add(arena, &made, "difference", number_or_null(!reason, difference));
    value_add(arena, &made, "difference_interval",
              interval_or_null(arena, has_interval, &interval));
    add_ratio(arena, table, &made);
    value_add(arena, &made, "p", p_or_null(tested, test.p));
    value_add(arena, &made, "p_adjusted", p_or_null(tested, adjusted));
    value_add(arena, &made, "clear", value_boolean(tested && adjusted < ALPHA));
    value_add(arena, &made, "reason",
              reason ? text_value(arena, slice_of(reason_text(reason))) : value_null());
    return made;
}

static struct value score_value(const struct core *core, const struct core_slice *slice)
{
    struct arena *arena = core->arena;
    size_t places = core->declared->count + 1;
    struct ranked others = {.units = slice->scores[0], .count = places};
    struct ranked retained = {.units = slice->scores[1], .count = places};
    struct interval interval = {0};
    double auc = 0;
    enum reason reason = association_auc(&retained, &others, &auc);
    bool has_interval = !reason && !association_auc_interval(&retained, &others, ALPHA, &interval);
    struct value made = value_object(), rows = value_list();
    for (size_t i = 0; i < places; i++) {
        struct value row = value_object();
        uint64_t units = slice->scores[0][i] + slice->scores[1][i];
        value_add(arena, &row, "actions", value_integer((int64_t)i));
        value_add(arena, &row, "users", value_integer((int64_t)units));
        value_add(arena, &row, "retained", value_integer((int64_t)slice->scores[1][i]));
        value_append(arena, &rows, row);
    }
    value_add(arena, &made, "auc", number_or_null(!reason, auc));
    value_add(arena, &made, "auc_interval", interval_or_null(arena, has_interval, &interval));
    value_add(arena, &made, "by_actions", rows);
    return made;
}

static struct value slice_value(const struct core *core, size_t index)
{
    struct arena *arena = core->arena;
    const struct core_slice *slice = &core->items[index];
    const struct cube_slice *about = &core->slices.slices.items[index];
    struct value made = value_object(), actions = value_list();
    bool is_all = about->kind == CUBE_SLICE_ALL;
    for (size_t i = 0; i < core->declared->count; i++)
        value_append(arena, &actions, action_value(core, slice, i));
    value_add(arena, &made, "segment",
              is_all ? value_null()
                     : text_value(arena, core->slices.segments[about->segmentation]->name));
    value_add(arena, &made, "value", is_all ? value_null() : text_value(arena, about->label));
    value_add(arena, &made, "users", value_integer((int64_t)slice->users));
    value_add(arena, &made, "retained", value_integer((int64_t)slice->retained));
    value_add(arena, &made, "retained_share", share_value(slice->retained, slice->users));
    value_add(arena, &made, "actions", actions);
    value_add(arena, &made, "score", score_value(core, slice));
    return made;
}

static struct value retained_value(const struct core *core)
{
    struct arena *arena = core->arena;
    struct value made = value_object();
    struct buffer text = {0};
    duration_describe(&text, core->retained->from_ms);
    buffer_add(&text, SLICE(" to before "));
    duration_describe(&text, core->retained->until_ms);
    buffer_add(&text, SLICE(" after the first message"));
    value_add(arena, &made, "metric", text_value(arena, core->retained->name));
    value_add(arena, &made, "name", text_value(arena, core->retained->title));
    value_add(arena, &made, "window", text_value(arena, buffer_slice(&text)));
    buffer_done(&text);
    return made;
}

static struct value landmark_value(const struct core *core)
{
    struct buffer text = {0};
    duration_describe(&text, core->landmark_ms);
    struct value made = text_value(core->arena, buffer_slice(&text));
    buffer_done(&text);
    return made;
}

static struct value core_value(const struct core *core, struct value effects)
{
    struct arena *arena = core->arena;
    struct value made = value_object(), slices = value_list();
    for (size_t i = 0; i < core->slices.slices.count; i++)
        if (core->items[i].users)
            value_append(arena, &slices, slice_value(core, i));
    value_add(arena, &made, "kind", value_text(SLICE("association")));
    value_add(arena, &made, "meaning",
              value_text(SLICE("An association, not an effect: who acts may be who would have "
                               "stayed anyway. Whether the action itself helps, an experiment "
                               "that moves it tells.")));
    value_add(arena, &made, "as_of", time_value(arena, core->as_of_ms));
    value_add(arena, &made, "confidence", value_real(1 - ALPHA));
    value_add(arena, &made, "correction", value_text(SLICE("benjamini_hochberg")));
    value_add(arena, &made, "landmark", landmark_value(core));
    value_add(arena, &made, "retained", retained_value(core));
    value_add(arena, &made, "users_seen", value_integer((int64_t)core->users));
    value_add(arena, &made, "users_too_new", value_integer((int64_t)core->immature));
    value_add(arena, &made, "records_dropped",
              value_integer((int64_t)journal_dropped(core->options->journal)));
    value_add(arena, &made, "slices", slices);
    value_add(arena, &made, "experiments", effects);
    return made;
}

enum status core_actions_build(struct view *view, const struct core_actions_options *options,
                               struct arena *arena, struct value *document, struct error *error)
{
    struct core core = {.options = options, .arena = arena};
    struct value effects;
    enum status status = core_open(view, &core, error);
    if (!status)
        status = core_read(&core, error);
    if (!status)
        status = core_correct(&core, error);
    if (!status)
        status = core_effects_value(view, options, core.catalogue, core.retained, core.as_of_ms,
                                    arena, &effects, error);
    if (!status)
        *document = core_value(&core, effects);
    if (!status && arena->failed)
        status = no_memory(error);
    population_slices_done(&core.slices);
    catalogue_release(core.catalogue);
    return status;
}
