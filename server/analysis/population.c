/*
 * The population from the journal (analysis/population.h).  A definition is made that no file
 * declares, of all users, with the metric, the candidates and the segments asked for; the scheme
 * compiled from it tells which entries to keep, and touches.c makes them, as for the fold.
 */

#include "analysis/population.h"

#include "contribution.h"
#include "population_value.h"
#include "slices.h"
#include "touches.h"

#include "base/hash.h"

#include <stdlib.h>

#define PERSONS_MIN 1024

struct person {
    struct hash128 hash; /* of the id */
    int64_t first_ms;
    struct unit_record record; /* its lists are in the arena */
};

struct census {
    const struct population_options *options;
    struct population_slices *slices;
    struct arena arena; /* of the definition */
    struct scheme *scheme;
    const struct scheme_definition *definition;
    const struct scheme_metric *metric;
    const struct scheme_metric *candidates; /* one metric, an item each; NULL: none asked */
    struct names_table names;
    struct touches touches;
    uint64_t part, parts;
    struct arena records;  /* of the part's persons */
    struct person *places; /* open hash table; free where first_ms is TIME_NONE */
    size_t capacity, count;
    uint16_t *standing; /* the slices of the person at hand */
};

static enum status no_memory(struct error *error)
{
    return FAIL(error, STATUS_NO_MEMORY, "population", 0, "no memory");
}

/* ---- what is asked ---- */

/* A segment each, as an experiment would declare them. */
static const struct segmentation *segmentations_of(struct arena *arena,
                                                   const struct population_slices *slices)
{
    struct segmentation *made = ARENA_ARRAY(arena, slices->segment_count + 1, struct segmentation);
    for (size_t i = 0; made && i < slices->segment_count; i++) {
        made[i].segments[0] = slices->segments[i];
        made[i].count = 1;
    }
    return made;
}

enum status population_slices_of(const struct population_options *options,
                                 struct population_slices *slices, struct error *error)
{
    const struct catalogue *catalogue = options->catalogue;
    char hint[NEAREST_HINT_SIZE];
    *slices = (struct population_slices){0};
    slices->segments =
        ARENA_ARRAY(&slices->arena, catalogue->segment_count + 1, const struct segment *);
    if (!slices->segments)
        return no_memory(error);
    for (size_t i = 0; i < catalogue->segment_count; i++)
        if (slice_is_empty(options->segment) ||
            slice_equal(options->segment, catalogue->segments[i].name))
            slices->segments[slices->segment_count++] = &catalogue->segments[i];
    if (options->segment.size && !slices->segment_count)
        return FAIL(error, STATUS_NOT_FOUND, "segment", 0, "no segment '%.*s' is declared%s",
                    SLICE_ARGS(options->segment),
                    nearest_hint(catalogue_nearest_segment(catalogue, options->segment), hint));
    struct experiment all = {.segments = segmentations_of(&slices->arena, slices),
                             .segment_count = slices->segment_count};
    if (!all.segments)
        return no_memory(error);
    return cube_slices_of(&slices->arena, &all, &slices->slices, error);
}

void population_slices_done(struct population_slices *slices)
{
    arena_done(&slices->arena);
}

/* The experiment in which everybody is. */
static struct experiment *everybody_of(struct census *population)
{
    struct arena *arena = &population->arena;
    const struct population_options *options = population->options;
    struct experiment *made = ARENA_NEW(arena, struct experiment);
    struct metric *candidates = ARENA_NEW(arena, struct metric);
    const struct metric **metrics = ARENA_ARRAY(arena, 2, const struct metric *);
    const struct segmentation *segments = segmentations_of(arena, population->slices);
    if (!made || !candidates || !metrics || !segments)
        return NULL;
    *candidates = (struct metric){.kind = METRIC_CONVERSION, /* without a name it is the first */
                                  .form = FORM_ANY_OF,
                                  .events = options->candidates,
                                  .event_count = options->candidate_count,
                                  .until_ms = options->landmark_ms};
    metrics[0] = options->metric;
    metrics[1] = candidates;
    *made = (struct experiment){.unit = UNIT_USER,
                                .phase = 1,
                                .start_ms = TIME_NONE,
                                .end_ms = TIME_NONE,
                                .segments = segments,
                                .segment_count = population->slices->segment_count,
                                .secondaries = metrics,
                                .secondary_count = options->candidate_count ? 2 : 1};
    return made;
}

static enum status population_compile(struct census *population, struct error *error)
{
    struct declared *declared = declared_copy(NULL);
    const struct experiment *everybody = everybody_of(population);
    if (!declared || !everybody) {
        declared_release(declared);
        return no_memory(error);
    }
    declared->definitions = ARENA_NEW(&declared->arena, struct definition);
    enum status status = declared->definitions ? STATUS_OK : no_memory(error);
    if (!status) {
        declared->definitions[declared->definition_count++] = (struct definition){
            .number = 1, .experiment = everybody, .catalogue = population->options->catalogue};
        status = scheme_compile(declared, &population->scheme, error);
    }
    declared_release(declared);
    if (status)
        return status;
    population->definition = &population->scheme->definitions[0];
    bool acts = population->options->candidate_count > 0;
    population->candidates = acts ? &population->definition->metrics[0] : NULL;
    population->metric = &population->definition->metrics[acts ? 1 : 0];
    population->standing =
        ARENA_ARRAY(&population->arena, population->slices->segment_count + 1, uint16_t);
    return population->standing ? STATUS_OK : no_memory(error);
}

/* ---- who there is ---- */

static struct person *person_place(struct person *places, size_t capacity,
                                   const struct hash128 *hash)
{
    size_t at = load_u64((const char *)hash->bytes) & (capacity - 1);
    while (places[at].first_ms != TIME_NONE && hash128_compare(&places[at].hash, hash) != 0)
        at = (at + 1) & (capacity - 1);
    return &places[at];
}

static struct person *persons_new(size_t capacity)
{
    struct person *places = calloc(capacity, sizeof *places);
    for (size_t i = 0; places && i < capacity; i++)
        places[i].first_ms = TIME_NONE;
    return places;
}

static bool persons_grow(struct census *population)
{
    size_t capacity = population->capacity ? 2 * population->capacity : PERSONS_MIN;
    struct person *places = persons_new(capacity);
    if (!places)
        return false;
    for (size_t i = 0; i < population->capacity; i++) {
        const struct person *person = &population->places[i];
        if (person->first_ms != TIME_NONE)
            *person_place(places, capacity, &person->hash) = *person;
    }
    free(population->places);
    population->places = places;
    population->capacity = capacity;
    return true;
}

static struct person *person_meet(struct census *population, const struct hash128 *hash,
                                  int64_t time_ms)
{
    if (2 * population->count >= population->capacity && !persons_grow(population))
        return NULL;
    struct person *person = person_place(population->places, population->capacity, hash);
    if (person->first_ms == TIME_NONE) {
        *person =
            (struct person){.hash = *hash, .first_ms = time_ms, .record = {.kind = UNIT_USER}};
        population->count++;
    }
    if (time_ms < person->first_ms)
        person->first_ms = time_ms;
    return person;
}

/* One person is touched at a time. */
static enum status person_number(void *context, enum unit_kind kind, struct slice id,
                                 uint64_t *unit, struct error *error)
{
    (void)context;
    (void)kind;
    (void)id;
    (void)error;
    *unit = 0;
    return STATUS_OK;
}

static enum status person_apply(struct census *population, struct person *person,
                                struct error *error)
{
    const struct touches *touches = &population->touches;
    for (size_t i = 0; i < touches->count; i++) {
        const struct touch *touch = &touches->items[i];
        for (uint32_t j = 0; j < touch->item_count; j++) {
            const struct touch_item *item = &touches->entries[touch->first_item + j];
            if (item->type == UNIT_LIST_ACTIVITY)
                (void)unit_record_activity(&population->records, &person->record,
                                           UNIT_LIST_ACTIVITY, item->index, touch->head.time_ms);
            else
                (void)unit_record_put(&population->records, &person->record,
                                      (enum unit_list_type)item->type, item->index, &touch->head,
                                      item->payload);
        }
    }
    return population->records.failed ? no_memory(error) : STATUS_OK;
}

static enum status record_visit(void *context, const struct record *record, struct error *error)
{
    static const struct unit_numbers numbers = {.number = person_number};
    struct census *population = context;
    struct message message;
    if (record->damaged || record->kind != RECORD_MESSAGE ||
        record->flags & (RECORD_SCRUBBED | RECORD_SKEWED) ||
        message_read(record->body, &message, NULL) || slice_is_empty(message.user) ||
        message.type == MESSAGE_NOTE)
        return STATUS_OK;
    struct hash128 hash = hash_content(message.user);
    if (load_u64((const char *)hash.bytes + 8) % population->parts != population->part)
        return STATUS_OK;
    struct person *person = person_meet(population, &hash, message.occurred_ms);
    if (!person)
        return no_memory(error);
    message.anonymous = message.account = message.previous = (struct slice){0};
    enum status status = touches_add(&population->touches, population->scheme, &population->names,
                                     &numbers, &message, record->flags, error);
    if (!status)
        status = person_apply(population, person, error);
    touches_clear(&population->touches);
    return status;
}

static enum status part_read(struct census *population, struct error *error)
{
    struct journal *journal = population->options->journal;
    uint64_t next = 1, end = journal_last_sequence(journal);
    enum status status = STATUS_OK;
    while (!status && next <= end) {
        if (population->options->stop && *population->options->stop)
            return FAIL(error, STATUS_BUSY, "population", 0, "the reading was stopped");
        struct journal_scan scan = {.doing = "read",
                                    .from = next,
                                    .limit = JOURNAL_SCAN_SLICE,
                                    .visit = record_visit,
                                    .context = population};
        status = journal_scan(journal, &scan, error);
        if (scan.next <= next)
            break;
        next = scan.next;
        if (population->options->progress)
            population->options->progress(population->options->context,
                                          population->part * end + next - 1,
                                          population->parts * end);
    }
    return status;
}

/* ---- what became of them ---- */

static uint64_t actions_of(const struct census *population, const struct person *person)
{
    uint64_t actions = 0;
    for (size_t i = 0; population->candidates && i < population->candidates->item_count; i++) {
        struct scheme_metric one = *population->candidates;
        one.items += i;
        one.item_count = one.at_least = 1;
        struct window window = window_of(&one, person->first_ms);
        if (outcomes_meet(&one, &person->record, &window))
            actions |= UINT64_C(1) << i;
    }
    return actions;
}

static void unit_read(const struct census *population, const struct person *person,
                      struct population_unit *unit)
{
    struct unit_reading reading = {.definition = population->definition,
                                   .record = &person->record,
                                   .exposure_ms = person->first_ms};
    population_value_read(&reading, population->metric, unit);
}

static size_t slices_fill(const struct census *population, const struct person *person)
{
    const struct scheme_definition *definition = population->definition;
    int64_t time_ms = person->first_ms + population->options->segments_ms;
    population->standing[0] = 0;
    for (size_t i = 0; i < definition->slices_count; i++)
        population->standing[i + 1] =
            (uint16_t)(definition->slices[i].base +
                       segment_at(&definition->slices[i].segments[0], &person->record, time_ms));
    return definition->slices_count + 1;
}

/* When all that is read of a user has passed, since the first message. */
static int64_t window_end(const struct population_options *options)
{
    int64_t end_ms = options->metric->until_ms;
    if (options->candidate_count && options->landmark_ms > end_ms)
        end_ms = options->landmark_ms;
    return options->segments_ms >= end_ms ? options->segments_ms + 1 : end_ms;
}

static void part_judge(struct census *population)
{
    const struct population_options *options = population->options;
    for (size_t i = 0; i < population->capacity; i++) {
        const struct person *person = &population->places[i];
        if (person->first_ms == TIME_NONE)
            continue;
        struct population_unit unit = {.first_ms = person->first_ms,
                                       .cohort = day_of(person->first_ms),
                                       .slices = population->standing,
                                       .slice_count = slices_fill(population, person),
                                       .actions = actions_of(population, person)};
        unit_read(population, person, &unit);
        unit.is_mature = day_start_ms(unit.cohort + 1) + window_end(options) <= options->as_of_ms;
        options->visit(options->context, &unit);
    }
}

static enum status parts_read(struct census *population, struct error *error)
{
    enum status status = STATUS_OK;
    population->parts =
        1 + journal_last_sequence(population->options->journal) / POPULATION_PART_RECORDS;
    for (population->part = 0; !status && population->part < population->parts;
         population->part++) {
        status = part_read(population, error);
        if (!status)
            part_judge(population);
        free(population->places);
        population->places = NULL;
        population->capacity = population->count = 0;
        arena_done(&population->records);
        population->records = (struct arena){0};
    }
    return status;
}

enum status population_open(struct view *view, struct journal *journal,
                            const struct document_options *moment, struct catalogue **catalogue,
                            int64_t *as_of_ms, const char *where, struct error *error)
{
    struct view_transaction *transaction = NULL;
    struct document_options known = *moment;
    known.journal_sequence = journal_last_sequence(journal);
    known.journal_received_ms = journal_last_received_ms(journal);
    enum status status = view_begin(view, &transaction, error);
    const struct history *history = status ? NULL : view_history(transaction);
    if (!status && !history->count)
        status = FAIL(error, STATUS_NOT_FOUND, where, 0, "nothing is declared yet");
    if (!status) {
        *catalogue = catalogue_acquire(history->items[history->count - 1].catalogue);
        status = document_as_of(transaction, &known, as_of_ms, error);
    }
    view_end(transaction);
    return status;
}

enum status population_read(const struct population_options *options, struct error *error)
{
    struct population_slices slices;
    struct census population = {.options = options, .slices = &slices};
    enum status status = population_slices_of(options, &slices, error);
    if (!status)
        status = population_compile(&population, error);
    if (!status)
        status = parts_read(&population, error);
    scheme_free(population.scheme);
    names_done(&population.names);
    touches_done(&population.touches);
    arena_done(&population.arena);
    population_slices_done(&slices);
    return status;
}
