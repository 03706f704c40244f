/*
 * The cube for those who take all of it: copied in short read transactions, then visited.
 *
 * The copy is a row of cells as they stand in the state: key, u32 size of the value (of this
 * machine), value.  It is a file that has no name, so that it goes with the process; it holds sums
 * and no ids.  What is visited is therefore always whole and of one moment, and a slow visitor
 * holds up nobody.
 *
 * A cube that half a second reads is copied in one transaction and thus at the first attempt,
 * whatever a server does meanwhile.  A larger one needs a pause of the fold as long as its copy;
 * without one, COPY_ATTEMPTS end in CONFLICT.
 */

#include "cube_cells.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SLICE_US_MAX 500000 /* half a second: architecture 15 allows a whole one */
#define CLOCK_EVERY 256     /* cells between two looks at the clock */
#define COPY_ATTEMPTS 10

/* ---- the copy ---- */

struct copy {
    FILE *file;
    struct view_transaction *transaction;
    const struct cube_walk *walk;
    unsigned char next[CELL_KEY_SIZE + 1]; /* where to go on: the last key, and a zero byte */
    size_t next_size;
    size_t cells; /* of this transaction */
    int64_t begun_us;
    bool more;               /* the transaction was cut off */
    struct arena arena;      /* of one value */
    struct cell_value value; /* the one at hand */
    enum status status;
    struct error *error;
};

static bool slice_is_full(const struct copy *copy)
{
    if (copy->walk->slice_cells && copy->cells >= copy->walk->slice_cells)
        return true;
    return copy->cells % CLOCK_EVERY == 0 && monotonic_us() - copy->begun_us > SLICE_US_MAX;
}

static bool write_all(struct copy *copy, const void *bytes, size_t size)
{
    return fwrite(bytes, 1, size, copy->file) == size;
}

static enum status copy_one(struct copy *copy, struct slice key, struct slice value)
{
    struct cell_key cell;
    uint32_t size = (uint32_t)value.size;
    if (!cell_key_read(key, &cell) || value.size > UINT32_MAX)
        return FAIL(copy->error, STATUS_STORAGE, "cube", 0, "this is no cell");
    arena_reset(&copy->arena);
    enum status status = cell_value_read(&copy->arena, value, &copy->value, copy->error);
    if (status)
        return status;
    if (!write_all(copy, key.data, key.size) || !write_all(copy, &size, sizeof size) ||
        !write_all(copy, value.data, value.size))
        return FAIL(copy->error, STATUS_STORAGE, "TMPDIR", 0, "cannot write the copy of the cube");
    return STATUS_OK;
}

static bool copy_cell(void *context, struct slice key, struct slice value)
{
    struct copy *copy = context;
    copy->status = copy_one(copy, key, value);
    if (copy->status)
        return false;
    memcpy(copy->next, key.data, CELL_KEY_SIZE);
    copy->next_size = sizeof copy->next;
    copy->cells++;
    copy->more = slice_is_full(copy);
    return !copy->more;
}

/* What is left of the definition, or as much as one transaction takes. */
static enum status copy_slice(struct copy *copy, struct slice prefix)
{
    unsigned char from[sizeof copy->next];
    memcpy(from, copy->next, sizeof from);
    struct state_scan scan = {.table = STATE_CUBE,
                              .from = {.data = (const char *)from, .size = copy->next_size},
                              .prefix = prefix,
                              .visit = copy_cell,
                              .context = copy};
    copy->more = false;
    copy->status = STATUS_OK;
    enum status status = state_scan(view_state(copy->transaction), &scan, copy->error);
    return status ? status : copy->status;
}

static enum status copy_definition(struct copy *copy, const struct definition *definition)
{
    unsigned char key[CELL_KEY_SIZE];
    cell_key_write(&(struct cell_key){.definition = definition->number}, key);
    struct slice prefix = {.data = (const char *)key, .size = sizeof definition->number};
    copy->next_size = 0;
    enum status status = copy_slice(copy, prefix);
    while (!status && copy->more) {
        view_pause(copy->transaction);
        status = view_resume(copy->transaction, copy->error);
        copy->cells = 0;
        copy->begun_us = monotonic_us();
        if (!status)
            status = copy_slice(copy, prefix);
    }
    return status;
}

static bool is_wanted(const struct cube_walk *walk, const struct definition *definition)
{
    return !walk->experiment.size || slice_equal(walk->experiment, definition->experiment->key);
}

static enum status copy_definitions(struct copy *copy)
{
    size_t count, wanted = 0;
    char hint[NEAREST_HINT_SIZE];
    const struct definition *definitions = view_definitions(copy->transaction, &count);
    enum status status = STATUS_OK;
    for (size_t i = 0; !status && i < count; i++) {
        if (!is_wanted(copy->walk, &definitions[i]))
            continue;
        status = copy_definition(copy, &definitions[i]);
        wanted++;
    }
    if (!status && copy->walk->experiment.size && !wanted)
        return FAIL(
            copy->error, STATUS_NOT_FOUND, "experiment", 0, "no experiment '%.*s' in the store%s",
            SLICE_ARGS(copy->walk->experiment),
            nearest_hint(history_nearest(view_history(copy->transaction), copy->walk->experiment),
                         hint));
    return status;
}

/* One moment of the state, whole, with what was declared in it: *transaction is paused. */
static enum status copy_make(struct view *view, const struct cube_walk *walk, FILE *file,
                             struct view_transaction **transaction, struct error *error)
{
    enum status status = STATUS_CONFLICT;
    for (int i = 0; i < COPY_ATTEMPTS && status == STATUS_CONFLICT; i++) {
        struct error why = {0};
        struct copy copy = {.file = file, .walk = walk, .error = &why};
        if (fseek(file, 0, SEEK_SET) != 0 || ftruncate(fileno(file), 0) != 0)
            return FAIL(error, STATUS_STORAGE, "TMPDIR", 0, "cannot write the copy of the cube");
        copy.begun_us = monotonic_us();
        status = view_begin(view, &copy.transaction, &why);
        if (!status)
            status = copy_definitions(&copy);
        arena_done(&copy.arena);
        if (!status) {
            view_pause(copy.transaction);
            *transaction = copy.transaction;
            return STATUS_OK;
        }
        view_end(copy.transaction);
        if (error)
            *error = why;
    }
    if (status == STATUS_CONFLICT)
        return FAIL(error, status, "state", 0,
                    "the server took in messages each time before the cube was copied; try "
                    "again when fewer come, or with one experiment");
    return status;
}

/* ---- the visits ---- */

struct visits {
    FILE *file;
    const struct view_transaction *transaction;
    const struct cube_walk *walk;
    const struct definition *definition; /* of the cells at hand */
    struct arena arena;                  /* of the definition */
    struct cube_slices slices;
    struct cube_numbering numbering;
    struct buffer bytes;     /* of one value */
    struct arena scratch;    /* of the same */
    struct cell_value value; /* the one at hand */
    /* Cells that differ in their metric alone, in the order of their metrics. */
    struct arena group; /* of their values */
    struct cube_entry entries[CUBE_NUMBERS_MAX];
    size_t count;
    struct error *error;
};

static enum status visit_group(struct visits *visits)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; !status && i < visits->count; i++) {
        struct cube_cell cell = {.definition = visits->definition,
                                 .slices = &visits->slices,
                                 .entry = &visits->entries[i]};
        status = visits->walk->visit(visits->walk->context, &cell, visits->error);
    }
    visits->count = 0;
    arena_reset(&visits->group);
    return status;
}

static enum status visit_definition(struct visits *visits, uint32_t number)
{
    size_t count;
    const struct definition *definitions = view_definitions(visits->transaction, &count);
    for (size_t i = 0; i < count; i++) {
        if (definitions[i].number != number)
            continue;
        arena_reset(&visits->arena);
        visits->definition = &definitions[i];
        cube_numbering_of(definitions[i].experiment, &visits->numbering);
        return cube_slices_of(&visits->arena, definitions[i].experiment, &visits->slices,
                              visits->error);
    }
    return FAIL(visits->error, STATUS_STORAGE, "cube", 0, "a cell of no definition");
}

/* Puts the cell at hand among its neighbours. */
static enum status group_add(struct visits *visits, const struct cell_key *key)
{
    struct cube_entry entry;
    size_t at = visits->count;
    if (at >= visits->numbering.count)
        return FAIL(visits->error, STATUS_STORAGE, "cube", 0, "this is no cell");
    if (!cell_entry(&visits->group, &visits->numbering, key, &visits->value, &entry))
        return FAIL(visits->error, STATUS_NO_MEMORY, "cube", 0, "no memory");
    for (; at > 0 && visits->entries[at - 1].key.metric > key->metric; at--)
        visits->entries[at] = visits->entries[at - 1];
    visits->entries[at] = entry;
    visits->count++;
    return STATUS_OK;
}

static enum status visit_cell(struct visits *visits, struct cell_key key)
{
    enum status status = STATUS_OK;
    bool other = !visits->definition || visits->definition->number != key.definition;
    if (other || (visits->count && !cells_are_beside(&visits->entries[0].key, &key)))
        status = visit_group(visits);
    if (!status && other)
        status = visit_definition(visits, key.definition);
    if (!status)
        status = cell_translate(&visits->numbering, &visits->value, &key.metric, visits->error);
    return status ? status : group_add(visits, &key);
}

/* The next cell of the copy; *end where there is none. */
static enum status visit_next(struct visits *visits, bool *end)
{
    char head[CELL_KEY_SIZE + sizeof(uint32_t)];
    struct cell_key key;
    uint32_t rest = 0;
    size_t size = fread(head, 1, sizeof head, visits->file);
    *end = size == 0 && feof(visits->file);
    if (*end)
        return STATUS_OK;
    buffer_clear(&visits->bytes);
    memcpy(&rest, head + CELL_KEY_SIZE, sizeof rest);
    char *room = size == sizeof head ? buffer_room(&visits->bytes, rest) : NULL;
    if (!room || fread(room, 1, rest, visits->file) != rest ||
        !cell_key_read((struct slice){.data = head, .size = CELL_KEY_SIZE}, &key))
        return FAIL(visits->error, STATUS_STORAGE, "TMPDIR", 0, "cannot read the copy of the cube");
    arena_reset(&visits->scratch);
    enum status status =
        cell_value_read(&visits->scratch, (struct slice){.data = room, .size = rest},
                        &visits->value, visits->error);
    return status ? status : visit_cell(visits, key);
}

static enum status copy_visit(FILE *file, const struct view_transaction *transaction,
                              const struct cube_walk *walk, struct error *error)
{
    struct visits *visits = calloc(1, sizeof *visits);
    if (!visits)
        return FAIL(error, STATUS_NO_MEMORY, "cube", 0, "no memory");
    visits->file = file;
    visits->transaction = transaction;
    visits->walk = walk;
    visits->error = error;
    enum status status = STATUS_OK;
    bool end = false;
    if (fseek(file, 0, SEEK_SET) != 0) /* writes out what was held back */
        status = FAIL(error, STATUS_STORAGE, "TMPDIR", 0, "cannot write the copy of the cube");
    while (!status && !end)
        status = visit_next(visits, &end);
    if (!status)
        status = visit_group(visits);
    arena_done(&visits->arena);
    arena_done(&visits->scratch);
    arena_done(&visits->group);
    buffer_done(&visits->bytes);
    free(visits);
    return status;
}

static FILE *file_without_name(struct error *error)
{
    char path[4096];
    const char *temporary = getenv("TMPDIR");
    int size = snprintf(path, sizeof path, "%s/gangway-cube-XXXXXX",
                        temporary && *temporary ? temporary : "/tmp");
    int number = size > 0 && (size_t)size < sizeof path ? mkstemp(path) : -1;
    if (number >= 0)
        unlink(path);
    FILE *file = number >= 0 ? fdopen(number, "w+b") : NULL;
    if (!file && number >= 0)
        close(number);
    if (!file)
        (void)FAIL(error, STATUS_STORAGE, "TMPDIR", 0, "cannot make a file for the cube");
    return file;
}

enum status cube_walk(struct view *view, struct cube_walk *walk, struct error *error)
{
    struct view_transaction *transaction = NULL;
    FILE *file = file_without_name(error);
    if (!file)
        return STATUS_STORAGE;
    enum status status = copy_make(view, walk, file, &transaction, error);
    if (!status)
        status = copy_visit(file, transaction, walk, error);
    if (!status)
        walk->watermark = view_watermark(transaction);
    view_end(transaction);
    fclose(file);
    return status;
}
