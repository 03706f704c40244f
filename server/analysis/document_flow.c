/*
 * The document's member `flow`: what each variant's steps did, and at which of the steps that
 * variants share they differ most (reports.md, section 5; inference.md, family F6).
 *
 * Units     main units of the cohorts that are mature for flow_within.
 * Shares    reached of all units; completed, dismissed and failed of those who reached the step.
 *           The drop-off is the share of those who reached a step and did not complete it.
 * Times     medians from the bins: from the step before (or the exposure) to this one, and in it.
 * Differs   chi-square of the reached shares, Holm over the steps that at least two variants show;
 *           exploratory, never a verdict.
 */

#include "document_parts.h"

#include "base/number.h"
#include "stats/chi_square.h"
#include "stats/multiplicity.h"

/* One step of one variant. */
struct step_counts {
    uint64_t units, reached, completed, dismissed, failed;
    bool has_wait, has_inside;
    double wait_seconds, inside_seconds; /* medians */
};

static uint64_t count_or_zero(int128 value)
{
    return value > 0 && value <= (int128)INT64_MAX ? (uint64_t)value : 0;
}

/* The middle of the bin that holds the member of that rank, from 0. */
static double wait_at(const struct cube_bin *bins, size_t count, unsigned map, uint64_t rank)
{
    uint64_t before = 0;
    for (size_t i = 0; i < count; i++) {
        if (CUBE_BIN_MAP(bins[i].bin) != map || bins[i].count < 0)
            continue;
        before += (uint64_t)bins[i].count;
        if (rank < before)
            return wait_bin_seconds(CUBE_BIN_PLACE(bins[i].bin));
    }
    return 0;
}

/* The median of a map; false when it is empty. */
static bool wait_median(const struct cube_bin *bins, size_t count, unsigned map, double *seconds)
{
    uint64_t all = 0;
    for (size_t i = 0; i < count; i++)
        if (CUBE_BIN_MAP(bins[i].bin) == map && bins[i].count > 0)
            all += (uint64_t)bins[i].count;
    if (!all)
        return false;
    *seconds = (wait_at(bins, count, map, (all - 1) / 2) + wait_at(bins, count, map, all / 2)) / 2;
    return true;
}

/* The experiment whose cells these are, and the number of its first step. */
static const struct experiment *flow_experiment(const struct study *study, size_t *first)
{
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    const struct experiment *experiment =
        study->main.definition ? study->main.definition->experiment : NULL;
    *first = experiment ? 1 + experiment_metrics(experiment, metrics) : 0;
    return experiment;
}

static void step_count(const struct study *study, size_t variant, size_t step,
                       struct step_counts *counts)
{
    size_t first, bin_count;
    const struct experiment *experiment = flow_experiment(study, &first);
    const struct cube *cube = &study->main.cells.cube;
    struct cube_select select = {.population = POPULATION_MAIN,
                                 .variant = (uint8_t)variant,
                                 .metric = (uint8_t)(first + step),
                                 .first = INT32_MIN};
    int128 sums[CUBE_FIELDS_MAX];
    *counts = (struct step_counts){0};
    if (!experiment)
        return;
    select.last = cohort_mature(study->as_of_ms, experiment->flow_within_ms);
    cube_sum(cube, &select, sums);
    *counts = (struct step_counts){.units = count_or_zero(sums[STEP_N]),
                                   .reached = count_or_zero(sums[STEP_REACHED]),
                                   .completed = count_or_zero(sums[STEP_COMPLETED]),
                                   .dismissed = count_or_zero(sums[STEP_DISMISSED]),
                                   .failed = count_or_zero(sums[STEP_FAILED])};
    struct arena scratch = {0};
    const struct cube_bin *bins = cube_sum_bins(cube, &select, &scratch, &bin_count);
    if (bins) {
        counts->has_wait = wait_median(bins, bin_count, 0, &counts->wait_seconds);
        counts->has_inside = wait_median(bins, bin_count, 1, &counts->inside_seconds);
    }
    study->arena->failed = study->arena->failed || scratch.failed;
    arena_done(&scratch);
}

/* {"value", "interval"} of a share; null of nobody. */
static struct value share_value(const struct study *study, uint64_t part, uint64_t whole)
{
    const struct proportion rate = {.successes = part, .units = whole};
    struct value object = value_object();
    struct interval interval;
    if (part > whole || proportion_wilson(rate, study->plan.alpha, &interval))
        return value_null();
    value_add(study->arena, &object, "value", value_real((double)part / (double)whole));
    value_add(study->arena, &object, "interval", interval_or_null(study->arena, true, &interval));
    return object;
}

static struct value step_value(const struct study *study, const struct flow_step *step,
                               const struct step_counts *counts)
{
    struct arena *arena = study->arena;
    struct value object = value_object();
    uint64_t left = counts->reached > counts->completed ? counts->reached - counts->completed : 0;
    value_add(arena, &object, "step", text_value(arena, step->step));
    value_add(arena, &object, "pattern", value_text(slice_of(step_pattern_texts[step->pattern])));
    value_add(arena, &object, "optional", value_boolean(step->optional));
    value_add(arena, &object, "reached", value_integer((int64_t)counts->reached));
    value_add(arena, &object, "completed", value_integer((int64_t)counts->completed));
    value_add(arena, &object, "dismissed", value_integer((int64_t)counts->dismissed));
    value_add(arena, &object, "failed", value_integer((int64_t)counts->failed));
    value_add(arena, &object, "reached_share", share_value(study, counts->reached, counts->units));
    value_add(arena, &object, "drop_off", share_value(study, left, counts->reached));
    value_add(arena, &object, "median_seconds",
              number_or_null(counts->has_wait, counts->wait_seconds));
    value_add(arena, &object, "expected_minutes",
              number_or_null(step->minutes_micro > 0, (double)step->minutes_micro / (double)MICRO));
    value_add(arena, &object, "actual_minutes",
              number_or_null(counts->has_inside, counts->inside_seconds / 60));
    return object;
}

static struct value variant_value_of(const struct study *study, const struct variant *variant,
                                     size_t index)
{
    struct arena *arena = study->arena;
    struct value object = value_object(), steps = value_list();
    struct step_counts counts = {0};
    value_add(arena, &object, "variant", text_value(arena, variant->name));
    for (size_t i = 0; i < variant->flow_count; i++) {
        step_count(study, index, i, &counts);
        value_append(arena, &steps, step_value(study, &variant->flow[i], &counts));
    }
    value_add(arena, &object, "units", value_integer((int64_t)counts.units));
    value_add(arena, &object, "level", level_value(study->plan.alpha));
    value_add(arena, &object, "steps", steps);
    return object;
}

struct value flow_value(const struct study *study)
{
    size_t first;
    const struct experiment *experiment = flow_experiment(study, &first);
    struct value list = value_list();
    for (size_t j = 0; experiment && j < experiment->variant_count; j++)
        if (experiment->variants[j].flow_count)
            value_append(study->arena, &list, variant_value_of(study, &experiment->variants[j], j));
    return list.count ? list : value_null();
}

/* A step by its name, and how many of each variant that shows it have reached it. */
struct shared_step {
    struct slice step;
    size_t count;
    size_t variants[VARIANTS_MAX];
    struct proportion rates[VARIANTS_MAX];
    bool tested;
    struct chi_square test;
};

static void shared_find(const struct study *study, const struct experiment *experiment,
                        struct slice name, struct shared_step *shared)
{
    *shared = (struct shared_step){.step = name};
    for (size_t j = 0; j < experiment->variant_count; j++) {
        const struct variant *variant = &experiment->variants[j];
        for (size_t i = 0; i < variant->flow_count; i++) {
            struct step_counts counts;
            if (!slice_equal(variant->flow[i].step, name))
                continue;
            step_count(study, j, i, &counts);
            shared->variants[shared->count] = j;
            shared->rates[shared->count++] =
                (struct proportion){.successes = counts.reached, .units = counts.units};
        }
    }
    shared->tested = shared->count > 1 && chi_square_homogeneity(shared->rates, shared->count,
                                                                 &shared->test) == REASON_NONE;
}

/* Whether the step stands in the flow of a variant before this one. */
static bool step_was_before(const struct experiment *experiment, size_t variant, struct slice name)
{
    for (size_t j = 0; j < variant; j++)
        for (size_t i = 0; i < experiment->variants[j].flow_count; i++)
            if (slice_equal(experiment->variants[j].flow[i].step, name))
                return true;
    return false;
}

/* Every step that two variants or more show. */
static size_t shared_all(const struct study *study, const struct experiment *experiment,
                         struct shared_step *steps, size_t room)
{
    size_t count = 0;
    for (size_t j = 0; j < experiment->variant_count; j++)
        for (size_t i = 0; i < experiment->variants[j].flow_count && count < room; i++) {
            struct slice name = experiment->variants[j].flow[i].step;
            if (step_was_before(experiment, j, name))
                continue;
            shared_find(study, experiment, name, &steps[count]);
            count += steps[count].count > 1;
        }
    return count;
}

static struct value shared_value(const struct study *study, const struct shared_step *step,
                                 double p_adjusted)
{
    struct arena *arena = study->arena;
    struct value object = value_object(), shares = value_list();
    for (size_t i = 0; i < step->count; i++) {
        struct value one = value_object();
        value_add(arena, &one, "variant",
                  text_value(arena, study->registered->variants[step->variants[i]].name));
        value_add(arena, &one, "units", value_integer((int64_t)step->rates[i].units));
        value_add(arena, &one, "reached", value_integer((int64_t)step->rates[i].successes));
        value_append(arena, &shares, one);
    }
    value_add(arena, &object, "step", text_value(arena, step->step));
    value_add(arena, &object, "chi_square", value_real(step->test.statistic));
    value_add(arena, &object, "df", value_integer(step->test.df));
    value_add(arena, &object, "p", p_or_null(true, step->test.p));
    value_add(arena, &object, "p_adjusted", p_or_null(true, p_adjusted));
    value_add(arena, &object, "label", value_text(SLICE("exploratory")));
    value_add(arena, &object, "variants", shares);
    return object;
}

struct value flow_differs_value(const struct study *study)
{
    size_t first, clearest = 0;
    const struct experiment *experiment = flow_experiment(study, &first);
    size_t room = experiment ? experiment->variant_count * FLOW_STEPS_MAX : 0;
    struct arena scratch = {0};
    struct shared_step *steps = ARENA_ARRAY(&scratch, room + 1, struct shared_step);
    struct hypothesis *family = ARENA_ARRAY(&scratch, room + 1, struct hypothesis);
    struct value found = value_null();
    size_t count = steps && experiment ? shared_all(study, experiment, steps, room) : 0;
    for (size_t i = 0; family && i < count; i++) {
        family[i].p = steps[i].tested ? steps[i].test.p : 1;
        if (family[i].p < family[clearest].p)
            clearest = i;
    }
    if (family && count && steps[clearest].tested &&
        !multiplicity_adjust(CORRECTION_HOLM, family, count))
        found = shared_value(study, &steps[clearest], family[clearest].adjusted);
    study->arena->failed = study->arena->failed || scratch.failed;
    arena_done(&scratch);
    return found;
}
