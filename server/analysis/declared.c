/*
 * The history compiled, and the definitions that a state folds: per experiment the registered and
 * the current definition of its phase, and the last of each earlier phase; equal digests once.
 */

#include "declared.h"

#include "analysis/fold.h"

#include <stdlib.h>

static struct declared *declared_new(size_t capacity)
{
    struct declared *declared = calloc(1, sizeof *declared);
    if (!declared)
        return NULL;
    declared->references = 1;
    declared->items = calloc(capacity, sizeof *declared->items);
    declared->capacity = capacity;
    if (!declared->items) {
        declared_release(declared);
        return NULL;
    }
    return declared;
}

struct declared *declared_copy(const struct declared *before)
{
    size_t count = before ? before->count : 0;
    struct declared *declared = declared_new(count + 1);
    if (!declared)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        declared->items[i] = before->items[i];
        catalogue_acquire(declared->items[i].catalogue);
    }
    declared->count = count;
    declared->history = (struct history){.items = declared->items, .count = count};
    return declared;
}

struct declared *declared_acquire(struct declared *declared)
{
    if (declared)
        __atomic_add_fetch(&declared->references, 1, __ATOMIC_RELAXED);
    return declared;
}

void declared_release(struct declared *declared)
{
    if (!declared || __atomic_sub_fetch(&declared->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    for (size_t i = 0; i < declared->count; i++)
        catalogue_release(declared->items[i].catalogue);
    free(declared->items);
    arena_done(&declared->arena);
    free(declared);
}

uint64_t declared_last(const struct declared *declared)
{
    return declared && declared->count ? declared->items[declared->count - 1].sequence : 0;
}

static enum status body_sources(struct slice body, struct sources *sources, struct error *error)
{
    struct catalogue_files files;
    enum status status = catalogue_body_read(body, &files, error);
    struct slice path, name, text;
    while (!status && catalogue_body_next(&files, &path, &name, &text))
        status = sources_add(sources, path, name, text, error);
    if (!status && files.reader.failed)
        status = FAIL(error, STATUS_INVALID, "catalogue", 0, "the record is cut short");
    return status;
}

bool declared_is_sound(struct slice body)
{
    struct catalogue_files files;
    struct slice path, name, text;
    if (catalogue_body_read(body, &files, NULL))
        return false;
    while (catalogue_body_next(&files, &path, &name, &text))
        ;
    return !files.reader.failed;
}

static enum status body_compile(struct slice body, struct catalogue **catalogue,
                                struct error *error)
{
    struct sources sources = {0};
    struct diagnostics found = {0};
    enum status status = body_sources(body, &sources, error);
    if (!status)
        status = catalogue_compile(&sources, catalogue, &found, error);
    sources_done(&sources);
    diagnostics_done(&found);
    return status;
}

static bool declared_has_room(struct declared *declared)
{
    if (declared->count < declared->capacity)
        return true;
    size_t capacity = declared->capacity * 2 + 1;
    struct declaration *items = realloc(declared->items, capacity * sizeof *items);
    if (!items)
        return false;
    declared->items = items;
    declared->capacity = capacity;
    return true;
}

enum status declared_add(struct declared *declared, uint64_t sequence, int64_t time_ms,
                         struct slice body, struct error *error)
{
    struct catalogue *catalogue = NULL;
    enum status status = body_compile(body, &catalogue, error);
    if (status)
        return status;
    if (!declared_has_room(declared)) {
        catalogue_release(catalogue);
        return FAIL(error, STATUS_NO_MEMORY, "history", 0, "no memory");
    }
    declared->items[declared->count++] =
        (struct declaration){.sequence = sequence, .time_ms = time_ms, .catalogue = catalogue};
    declared->history = (struct history){.items = declared->items, .count = declared->count};
    return STATUS_OK;
}

/* Keys and phases of the history, sorted, each once. */
struct declared_phase {
    struct slice key;
    uint16_t phase;
};

static int phase_compare(const void *a, const void *b)
{
    const struct declared_phase *one = a, *other = b;
    int order = slice_compare(one->key, other->key);
    return order ? order : (one->phase > other->phase) - (one->phase < other->phase);
}

static struct declared_phase phase_of(const struct experiment *experiment)
{
    return (struct declared_phase){.key = experiment->key, .phase = experiment->phase};
}

static size_t declared_phases(const struct declared *declared, struct declared_phase **phases)
{
    size_t count = 0;
    for (size_t i = 0; i < declared->count; i++)
        count += declared->items[i].catalogue->experiment_count +
                 declared->items[i].catalogue->holdout_count;
    *phases = calloc(count + 1, sizeof **phases);
    if (!*phases)
        return 0;
    size_t filled = 0;
    for (size_t i = 0; i < declared->count; i++) {
        const struct catalogue *catalogue = declared->items[i].catalogue;
        for (size_t j = 0; j < catalogue->experiment_count; j++)
            (*phases)[filled++] = phase_of(&catalogue->experiments[j]);
        for (size_t j = 0; j < catalogue->holdout_count; j++)
            (*phases)[filled++] = phase_of(&catalogue->holdouts[j]);
    }
    qsort(*phases, filled, sizeof **phases, phase_compare);
    size_t unique = 0;
    for (size_t i = 0; i < filled; i++)
        if (unique == 0 || phase_compare(&(*phases)[unique - 1], &(*phases)[i]) != 0)
            (*phases)[unique++] = (*phases)[i];
    return unique;
}

static const struct experiment *last_of_phase(const struct history *history,
                                              const struct declared_phase *phase,
                                              const struct declaration **declaration)
{
    for (size_t i = history->count; i-- > 0;) {
        const struct experiment *experiment =
            catalogue_analysed(history->items[i].catalogue, phase->key);
        if (!experiment || experiment->phase != phase->phase)
            continue;
        *declaration = &history->items[i];
        return experiment;
    }
    return NULL;
}

static void definition_add(struct declared *declared, enum definition_role role,
                           const struct experiment *experiment,
                           const struct declaration *declaration)
{
    struct digest digest =
        definition_digest(declaration->catalogue, experiment, CONTRIBUTION_VERSION);
    size_t count = declared->definition_count;
    const struct definition *before = count ? &declared->definitions[count - 1] : NULL;
    if (role == DEFINITION_CURRENT && before && digest_equal(&before->digest, &digest))
        return;
    declared->definitions[count] = (struct definition){.number = (uint32_t)count + 1,
                                                       .digest = digest,
                                                       .role = role,
                                                       .experiment = experiment,
                                                       .catalogue = declaration->catalogue};
    declared->definition_count++;
}

static void phase_definitions(struct declared *declared, const struct declared_phase *phase)
{
    const struct declaration *declaration = NULL;
    const struct experiment *last = history_last(&declared->history, phase->key, &declaration);
    if (last->phase != phase->phase) {
        last = last_of_phase(&declared->history, phase, &declaration);
        definition_add(declared, DEFINITION_EARLIER, last, declaration);
        return;
    }
    const struct declaration *first = NULL;
    const struct experiment *registered =
        history_registered(&declared->history, phase->key, phase->phase, &first);
    definition_add(declared, DEFINITION_REGISTERED, registered, first);
    definition_add(declared, DEFINITION_CURRENT, last, declaration);
}

enum status declared_settle(struct declared *declared, struct error *error)
{
    struct declared_phase *phases = NULL;
    size_t count = declared_phases(declared, &phases);
    declared->definition_count = 0;
    declared->definitions = ARENA_ARRAY(&declared->arena, 2 * count + 1, struct definition);
    bool enough = phases && declared->definitions;
    for (size_t i = 0; enough && i < count; i++)
        phase_definitions(declared, &phases[i]);
    free(phases);
    return enough ? STATUS_OK : FAIL(error, STATUS_NO_MEMORY, "definitions", 0, "no memory");
}

struct loading {
    struct declared *declared;
    uint64_t last;
    enum status status;
    struct error *error;
};

static bool load_catalogue(void *context, struct slice key, struct slice value)
{
    struct loading *loading = context;
    uint64_t sequence = 0;
    for (size_t i = 0; i < key.size && i < 8; i++)
        sequence = sequence << 8 | (unsigned char)key.data[i];
    if (sequence > loading->last)
        return false;
    struct reader reader = {.rest = value};
    int64_t time_ms = (int64_t)read_u64(&reader);
    if (reader.failed)
        loading->status = FAIL(loading->error, STATUS_STORAGE, "catalogues", 0, "bad entry");
    else
        loading->status =
            declared_add(loading->declared, sequence, time_ms, reader.rest, loading->error);
    return loading->status == STATUS_OK;
}

enum status declared_load(struct state_transaction *transaction, uint64_t last,
                          struct declared **declared, struct error *error)
{
    struct loading loading = {.declared = declared_copy(NULL), .last = last, .error = error};
    if (!loading.declared)
        return FAIL(error, STATUS_NO_MEMORY, "history", 0, "no memory");
    struct state_scan scan = {
        .table = STATE_CATALOGUES, .visit = load_catalogue, .context = &loading};
    enum status status = state_scan(transaction, &scan, error);
    if (!status)
        status = loading.status;
    if (!status)
        status = declared_settle(loading.declared, error);
    if (status) {
        declared_release(loading.declared);
        return status;
    }
    *declared = loading.declared;
    return STATUS_OK;
}
