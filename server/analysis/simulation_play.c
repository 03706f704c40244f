/*
 * One run: cells are drawn, then the report is read evening by evening until it decides.
 *
 * A player has the cube of a whole run: an entry for each cohort day, variant and metric, whose
 * places never change and whose integers each run fills anew.  From there on everything is the
 * report's: cells_sum, time_cells_make, metric_infer, families_adjust, verdict_of.  An evening sees
 * the cohorts that had begun by then, and each metric those that are mature, as a report of that
 * moment does from the cube of today.
 */

#include "simulation_parts.h"

#include <math.h>
#include <stdlib.h>

/* Of the verdict's table: better on a goal, not shown harmless on a guardrail. */
#define ROW_UNSHOWN 13

struct player {
    const struct simulation *simulation;
    struct arena arena;   /* what is made once */
    struct arena scratch; /* of one run */
    struct random random;
    struct cells cells;
    int128 **values; /* of the cube's entries, by their places */
    struct cube_bin **bins;
    struct cells_slice sums;
    struct metric_cells about[SIMULATION_METRICS_MAX];
    struct metric_source sources[SIMULATION_METRICS_MAX];
    struct time_cells *times[SIMULATION_METRICS_MAX]; /* in the scratch */
    struct metric_result results[SIMULATION_METRICS_MAX];
    uint64_t *tallies;
    uint64_t *totals; /* by day, cumulative */
    struct look *looks;
    struct slice names[VARIANTS_MAX];
    uint64_t crossed[VARIANTS_MAX];
};

/* ---- Cells ---- */

static size_t place_of(const struct player *player, size_t day, size_t variant, size_t number)
{
    const struct simulation *simulation = player->simulation;
    return (day * simulation->plan.variants + variant) * (simulation->metric_count + 1) + number;
}

static void entry_make(struct player *player, size_t day, size_t variant, size_t number)
{
    const struct simulation *simulation = player->simulation;
    size_t place = place_of(player, day, variant, number), fields = UNITS_FIELD_COUNT;
    if (number) {
        enum metric_kind kind = simulation->metrics[number - 1].plan.kind;
        fields = law_field_count(kind);
        if (kind == METRIC_TIME_TO)
            player->bins[place] = ARENA_ARRAY(
                &player->arena, law_of(simulation, number - 1, variant)->count, struct cube_bin);
    }
    player->values[place] = ARENA_ARRAY(&player->arena, fields, int128);
    player->cells.cube.entries[place] =
        (struct cube_entry){.key = {.population = POPULATION_MAIN,
                                    .cohort = simulation->first + (int32_t)day,
                                    .variant = (uint8_t)variant,
                                    .metric = (uint8_t)number},
                            .field_count = (uint8_t)fields,
                            .values = player->values[place],
                            .bins = player->bins[place]};
}

static void cube_make(struct player *player)
{
    const struct simulation *simulation = player->simulation;
    size_t variants = simulation->plan.variants, numbers = simulation->metric_count + 1;
    struct cube *cube = &player->cells.cube;
    cube->count = simulation->days * variants * numbers;
    cube->entries = ARENA_ARRAY(&player->arena, cube->count, struct cube_entry);
    player->values = ARENA_ARRAY(&player->arena, cube->count, int128 *);
    player->bins = ARENA_ARRAY(&player->arena, cube->count, struct cube_bin *);
    for (size_t i = 0; !player->arena.failed && i < cube->count; i++)
        entry_make(player, i / numbers / variants, i / numbers % variants, i % numbers);
    player->cells.variants = variants;
    player->cells.first = simulation->first;
    player->cells.days = simulation->days;
}

static void sums_make(struct player *player)
{
    const struct simulation *simulation = player->simulation;
    size_t block = simulation->days * simulation->plan.variants;
    struct cells_slice *sums = &player->sums;
    sums->metrics = ARENA_ARRAY(&player->arena, simulation->metric_count + 1, struct metric_fields);
    sums->metric_count = simulation->metric_count;
    sums->main = ARENA_ARRAY(&player->arena, block + 1, uint64_t);
    for (size_t i = 0; sums->metrics && i < simulation->metric_count; i++) {
        enum metric_kind kind = simulation->metrics[i].plan.kind;
        struct metric_fields *fields = &sums->metrics[i];
        fields->field_count = law_field_count(kind);
        fields->is_share = kind == METRIC_CONVERSION || kind == METRIC_RETENTION;
        fields->values = ARENA_ARRAY(&player->arena, block * fields->field_count + 1, int128);
    }
}

struct player *player_new(const struct simulation *simulation)
{
    struct player *player = calloc(1, sizeof *player);
    size_t variants = simulation->plan.variants;
    if (!player)
        return NULL;
    player->simulation = simulation;
    cube_make(player);
    sums_make(player);
    player->tallies = ARENA_ARRAY(&player->arena, simulation->laws->widest + 1, uint64_t);
    player->totals = ARENA_ARRAY(&player->arena, simulation->days + 1, uint64_t);
    player->looks = ARENA_ARRAY(&player->arena, simulation->evenings * variants + 1, struct look);
    for (size_t i = 0; i < simulation->metric_count; i++)
        player->results[i] = (struct metric_result){
            .observed = ARENA_ARRAY(&player->arena, variants, struct observed),
            .comparisons = ARENA_ARRAY(&player->arena, variants, struct comparison)};
    for (size_t j = 0; j < variants; j++)
        player->names[j] = simulation->experiment->variants[j].name;
    if (player->arena.failed) {
        player_free(player);
        return NULL;
    }
    return player;
}

void player_free(struct player *player)
{
    if (!player)
        return;
    arena_done(&player->arena);
    arena_done(&player->scratch);
    free(player);
}

/* ---- Drawing ---- */

/* The day's units by variant: each goes its own way by the weights. */
static void split_draw(struct player *player, uint64_t units, uint64_t *split)
{
    const struct plan *plan = &player->simulation->plan;
    double rest = 1;
    for (size_t j = 0; j < plan->variants; j++) {
        bool is_last = j + 1 == plan->variants;
        split[j] = is_last ? units
                           : random_binomial(&player->random, units,
                                             fmin(1, rest > 0 ? plan->weights[j] / rest : 0));
        units -= split[j];
        rest -= plan->weights[j];
    }
}

static void entry_draw(struct player *player, size_t place, uint64_t units)
{
    struct cube_entry *entry = &player->cells.cube.entries[place];
    struct cube_bin *bins = player->bins[place];
    const struct law *law = law_of(player->simulation, entry->key.metric - 1U, entry->key.variant);
    law_draw(law, &player->random, units, player->tallies);
    law_fill(law, units, player->tallies, player->values[place]);
    entry->bin_count = 0;
    for (size_t i = 0; bins && i < law->count; i++)
        if (player->tallies[i])
            bins[entry->bin_count++] = (struct cube_bin){.bin = CUBE_BIN(0, law->steps[i]),
                                                         .count = (int64_t)player->tallies[i]};
}

static void run_draw(struct player *player)
{
    const struct simulation *simulation = player->simulation;
    uint64_t before = 0, split[VARIANTS_MAX];
    for (size_t day = 0; day < simulation->days; day++) {
        uint64_t arrived = simulation_arrived(simulation, day + 1);
        split_draw(player, arrived - before, split);
        before = player->totals[day] = arrived;
        for (size_t j = 0; j < simulation->plan.variants; j++) {
            size_t place = place_of(player, day, j, 0);
            player->values[place][UNITS_N] = split[j];
            for (size_t i = 1; i <= simulation->metric_count; i++)
                entry_draw(player, place + i, split[j]);
        }
    }
}

/* The run's sums and sources, as a report makes them. */
static bool run_sum(struct player *player)
{
    const struct simulation *simulation = player->simulation;
    size_t block = simulation->days * simulation->plan.variants;
    memset(player->sums.main, 0, block * sizeof *player->sums.main);
    for (size_t i = 0; i < simulation->metric_count; i++) {
        struct metric_fields *fields = &player->sums.metrics[i];
        memset(fields->values, 0, block * fields->field_count * sizeof *fields->values);
    }
    cells_sum(&player->cells, 0, &player->sums);
    arena_reset(&player->scratch);
    for (size_t i = 0; i < simulation->metric_count; i++) {
        const struct study_metric *metric = &simulation->laws->metrics[i];
        if (metric->plan.kind != METRIC_TIME_TO) {
            player->sources[i] =
                metric_cells_source(&player->cells, metric, &player->sums, &player->about[i]);
            continue;
        }
        player->times[i] = time_cells_make(&player->scratch, &player->cells, 0, metric);
        if (!player->times[i])
            return false;
        player->sources[i] = time_cells_source(player->times[i]);
    }
    return true;
}

/* ---- Reading ---- */

struct evening {
    size_t days; /* cohort days begun */
    struct progress progress;
    struct verdict verdict;
};

static void evening_infer(struct player *player, size_t number, struct evening *evening)
{
    const struct simulation *simulation = player->simulation;
    const struct declared declared = {
        .status = EXPERIMENT_RUNNING, .stopped_ms = TIME_NONE, .end_ms = simulation->plan.end_ms};
    struct metric_result *results[SIMULATION_METRICS_MAX];
    evening->days = number < simulation->days ? number : simulation->days;
    const struct exposures exposures = {
        .first = simulation->first, .days = evening->days, .total = player->totals};
    progress_of(&simulation->plan, &declared, &exposures,
                day_start_ms(simulation->first + (int32_t)number), &evening->progress);
    for (size_t i = 0; i < simulation->metric_count; i++) {
        struct metric_source source = player->sources[i];
        if (simulation->metrics[i].plan.kind != METRIC_TIME_TO)
            source.days = evening->days;
        metric_infer(&simulation->plan, &evening->progress, &simulation->metrics[i].plan, &source,
                     &player->results[i]);
        results[i] = &player->results[i];
    }
    families_adjust(&simulation->plan, results, simulation->metric_count);
}

static void evening_decide(struct player *player, struct evening *evening)
{
    const struct simulation *simulation = player->simulation;
    const struct plan *plan = &simulation->plan;
    const struct metric_result *results[SIMULATION_METRICS_MAX];
    const struct count_series counts = {.first = simulation->first,
                                        .days = evening->days,
                                        .variants = plan->variants,
                                        .cumulative = player->sums.main};
    const struct crossed_report crossing = {0};
    const struct forecast forecast = {0};
    struct ratio_report ratio = {0};
    for (size_t i = 0; i < simulation->metric_count; i++)
        results[i] = &player->results[i];
    ratio_watch(plan, &counts, &ratio);
    struct verdict_input input = {
        .plan = plan,
        .progress = &evening->progress,
        .forecast = &forecast,
        .status = EXPERIMENT_RUNNING,
        .variants = player->names,
        .exposed = &player->sums.main[(evening->days - 1) * plan->variants],
        .crossed = player->crossed,
        .unit_words = "units",
        .ratio = &ratio,
        .crossing = &crossing,
        .goals = results,
        .goal_count = plan->goals,
        .guardrails = results + plan->goals,
        .guardrail_count = plan->guardrails,
    };
    verdict_of(&input, &evening->verdict, NULL);
}

static bool verdict_decides(enum verdict_code code)
{
    return code != VERDICT_KEEP_RUNNING && code != VERDICT_NOT_STARTED;
}

/* ---- What came of it ---- */

static bool is_better(const struct simulation_metric *metric)
{
    return metric->plan.lower_is_better ? metric->difference < 0 : metric->difference > 0;
}

/* The first goal's true difference of a variant. */
static double truth_of(const struct simulation *simulation, size_t variant)
{
    return variant == simulation->treated ? simulation->metrics[0].difference : 0;
}

static void run_intervals(const struct player *player, struct simulation_run *run)
{
    const struct simulation *simulation = player->simulation;
    for (size_t j = 0; j < simulation->plan.variants; j++) {
        const struct effect_report *effect = &player->results[0].comparisons[j].difference;
        double truth = truth_of(simulation, j);
        if (j == simulation->plan.control || (!effect->has_interval && !effect->has_anytime))
            continue;
        const struct interval *interval =
            effect->has_interval ? &effect->interval : &effect->anytime;
        run->intervals++;
        run->holding += interval->low <= truth && truth <= interval->high;
    }
}

/* The first goal again, with the looks that the correction for an early end asks for. */
static void run_correct(struct player *player, const struct evening *evening, size_t variant,
                        struct simulation_run *run)
{
    const struct simulation *simulation = player->simulation;
    struct metric_result result = player->results[0];
    struct metric_source source = player->sources[0];
    if (result.final || result.look_count > simulation->evenings)
        return;
    if (result.metric.kind != METRIC_TIME_TO)
        source.days = evening->days;
    result.looks = player->looks;
    metric_infer(&simulation->plan, &evening->progress, &result.metric, &source, &result);
    metric_correct(&simulation->plan, &result);
    run->has_corrected = result.comparisons[variant].has_corrected;
    run->corrected = result.comparisons[variant].corrected.central;
}

static void run_tell(struct player *player, const struct evening *evening,
                     struct simulation_run *run)
{
    const struct simulation *simulation = player->simulation;
    const struct verdict *verdict = &evening->verdict;
    bool treated = verdict->variant == (int)simulation->treated;
    run->code = verdict->code;
    run->variant = verdict->variant;
    if (verdict->code == VERDICT_SHIP)
        run->is_wrong = !treated || !is_better(&simulation->metrics[0]);
    if (verdict->code == VERDICT_STOP_HARM)
        run->is_wrong =
            simulation->metrics[0].difference == 0 || is_better(&simulation->metrics[0]);
    run->is_unshown = verdict->row == ROW_UNSHOWN;
    for (size_t i = simulation->plan.goals; i < simulation->metric_count; i++)
        if (player->results[i].comparisons[simulation->treated].state == GUARDRAIL_PASSED)
            run->passed |= 1u << i;
    run_intervals(player, run);
    if (verdict->code != VERDICT_SHIP || verdict->metric != &player->results[0])
        return;
    size_t variant = (size_t)verdict->variant;
    run->has_read = true;
    run->read = player->results[0].comparisons[variant].difference.estimate;
    run->truth = truth_of(simulation, variant);
    run_correct(player, evening, variant, run);
}

/* Seeds of runs are far apart in the one sequence that SplitMix64 has. */
static void run_seed(struct player *player, uint64_t number)
{
    struct random mixed = {.state = player->simulation->seed * UINT64_C(0xd1342543de82ef95) +
                                    number * UINT64_C(0xaef17502108ef2d9)};
    player->random.state = random_next(&mixed);
}

enum status player_play(struct player *player, uint64_t number, struct simulation_run *run,
                        struct error *error)
{
    const struct simulation *simulation = player->simulation;
    struct evening evening = {0};
    size_t last = 0;
    run_seed(player, number);
    run_draw(player);
    if (!run_sum(player))
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory");
    do {
        evening_infer(player, ++last, &evening);
        evening_decide(player, &evening);
    } while (!verdict_decides(evening.verdict.code) && last < simulation->evenings);
    *run = (struct simulation_run){.evening = (unsigned)last};
    run_tell(player, &evening, run);
    return STATUS_OK;
}
