/*
 * The engine on LMDB: the one file that includes lmdb.h.
 *
 * The map is reserved once, with mdb_env_set_mapsize before mdb_env_open, and never resized: with a
 * reader open a resize answers 0 and the next access dies.  Address space may be short (a limit on
 * the process, valgrind), so the wish is halved until the kernel grants it.
 *
 * All environments open with MDB_NOTLS, so that a read transaction belongs to its object and not to
 * its thread, and for 1 024 readers.  The lock file is given real blocks before LMDB maps it: a
 * hole in a mapped file on a full disk is a SIGBUS at the first touch.
 *
 * LMDB writes pages with pwrite and reports a short write, which is what a filling disk gives, as
 * EIO.  An EIO must end the journal, a full disk must not: so engine_reserve asks for the room
 * first, where the kernel's own ENOSPC comes through.
 *
 * A writing transaction keeps one cursor a table for its gets and puts: LMDB looks at the page on
 * which a cursor stands before it goes down from the root, and whoever writes much goes in the
 * order of keys.  In a transaction with many changed pages each step down costs a search among
 * these.  A delete closes the cursor first.
 */

#include "engine.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PATH_SIZE 3200
#define READERS_MAX 1024
#define MAP_SIZE_MIN ((size_t)1 << 20)
#define MAP_SIZE_VALGRIND ((size_t)16 << 30)      /* it keeps books of the address space itself */
#define LOCK_FILE_BYTES (READERS_MAX * 64 + 4096) /* 64 a reader, and a head */
#define RESERVE_STEP ((uint64_t)4 << 20) /* ask seldom: each request changes the file's extents */

struct engine {
    MDB_env *environment;
    MDB_dbi *tables; /* table_count, owned */
    size_t table_count;
    size_t page_size;
    size_t map_size;
    uint64_t reserved; /* the file has blocks up to here; touched by the one writer only */
    char path[PATH_SIZE];
};

struct engine_transaction {
    MDB_txn *transaction;
    struct engine *engine;
    bool writing;
    MDB_cursor *cursors[]; /* of a writing one, by table; NULL: not yet opened */
};

static enum status status_of_code(int code)
{
    switch (code) {
    case 0: return STATUS_OK;
    case MDB_NOTFOUND:
    case ENOENT: return STATUS_NOT_FOUND;
    case MDB_MAP_FULL:
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return STATUS_FULL;
    case MDB_READERS_FULL: return STATUS_BUSY;
    case ENOMEM: return STATUS_NO_MEMORY;
    default: return STATUS_STORAGE;
    }
}

static enum status fail(const char *path, const char *what, int code, struct error *error)
{
    enum status status = status_of_code(code);
    return FAIL(error, status, path, 0, "%s: %s", what, mdb_strerror(code));
}

static MDB_val val_of(struct slice slice)
{
    /* LMDB has no const: it does not write through keys and values that it is given. */
    union {
        const char *borrowed;
        void *data;
    } pointer = {.borrowed = slice.data};
    return (MDB_val){.mv_size = slice.size, .mv_data = pointer.data};
}

static struct slice slice_of_val(MDB_val val)
{
    return (struct slice){.data = val.mv_data, .size = val.mv_size};
}

static bool is_in_valgrind(void)
{
    const char *preloaded = getenv("LD_PRELOAD");
    return preloaded && strstr(preloaded, "vgpreload");
}

/* Best effort: what can't be had here shows again when LMDB opens the file. */
static void lock_file_fill(const char *path, unsigned flags)
{
    char name[PATH_SIZE + 16];
    if (flags & ENGINE_SEALED)
        return;
    snprintf(name, sizeof name, flags & ENGINE_ONE_FILE ? "%s-lock" : "%s/lock.mdb", path);
    int file = open(name, O_RDWR | O_CLOEXEC | (flags & ENGINE_CREATE ? O_CREAT : 0), 0600);
    if (file < 0)
        return;
    (void)!fallocate(file, FALLOC_FL_KEEP_SIZE, 0, LOCK_FILE_BYTES);
    close(file);
}

static unsigned environment_flags(unsigned flags)
{
    unsigned all = MDB_NOTLS;
    if (flags & (ENGINE_READ_ONLY | ENGINE_SEALED))
        all |= MDB_RDONLY;
    if (flags & ENGINE_SEALED)
        all |= MDB_NOLOCK;
    if (flags & ENGINE_ONE_FILE)
        all |= MDB_NOSUBDIR;
    if (flags & ENGINE_UNSYNCED)
        all |= MDB_NOSYNC;
    return all;
}

/* One attempt with one size of map; the code of LMDB. */
static int environment_open(struct engine *engine, const struct engine_options *options)
{
    int code = mdb_env_create(&engine->environment);
    if (code)
        return code;
    code = mdb_env_set_mapsize(engine->environment, engine->map_size);
    if (!code)
        code = mdb_env_set_maxreaders(engine->environment, READERS_MAX);
    if (!code)
        code = mdb_env_set_maxdbs(engine->environment, (MDB_dbi)options->table_count);
    if (!code)
        code = mdb_env_open(engine->environment, engine->path, environment_flags(options->flags),
                            0600);
    if (code) {
        mdb_env_close(engine->environment);
        engine->environment = NULL;
    }
    return code;
}

static enum status environment_open_halving(struct engine *engine,
                                            const struct engine_options *options,
                                            struct error *error)
{
    engine->map_size = options->map_size;
    if (is_in_valgrind() && engine->map_size > MAP_SIZE_VALGRIND)
        engine->map_size = MAP_SIZE_VALGRIND;
    lock_file_fill(engine->path, options->flags);
    int code = environment_open(engine, options);
    while (code == ENOMEM && engine->map_size / 2 >= MAP_SIZE_MIN) {
        engine->map_size /= 2;
        code = environment_open(engine, options);
    }
    return code ? fail(engine->path, "cannot open", code, error) : STATUS_OK;
}

/* Table handles stay with the environment only where the transaction that opened them commits. */
static enum status tables_open(struct engine *engine, const struct engine_options *options,
                               struct error *error)
{
    bool create = options->flags & ENGINE_CREATE;
    MDB_txn *transaction = NULL;
    int code = mdb_txn_begin(engine->environment, NULL, create ? 0 : MDB_RDONLY, &transaction);
    for (size_t i = 0; !code && i < options->table_count; i++)
        code = mdb_dbi_open(transaction, options->tables[i], create ? MDB_CREATE : 0,
                            &engine->tables[i]);
    if (code) {
        mdb_txn_abort(transaction);
        return fail(engine->path, "cannot open its tables", code, error);
    }
    code = mdb_txn_commit(transaction);
    return code ? fail(engine->path, "cannot make its tables", code, error) : STATUS_OK;
}

enum status engine_open(const char *path, const struct engine_options *options,
                        struct engine **engine, struct error *error)
{
    if (strlen(path) >= PATH_SIZE)
        return FAIL(error, STATUS_INVALID, path, 0, "the path is too long");
    struct engine *made = calloc(1, sizeof *made);
    if (!made)
        return FAIL(error, STATUS_NO_MEMORY, path, 0, "no memory to open it");
    snprintf(made->path, sizeof made->path, "%s", path);
    made->tables = calloc(options->table_count, sizeof *made->tables);
    made->table_count = options->table_count;
    enum status status = STATUS_OK;
    if (!made->tables)
        status = FAIL(error, STATUS_NO_MEMORY, path, 0, "no memory to open it");
    if (!status)
        status = environment_open_halving(made, options, error);
    if (!status)
        status = tables_open(made, options, error);
    if (status) {
        engine_close(made);
        return status;
    }
    MDB_stat stat;
    mdb_env_stat(made->environment, &stat);
    made->page_size = stat.ms_psize;
    *engine = made;
    return STATUS_OK;
}

void engine_close(struct engine *engine)
{
    if (!engine)
        return;
    if (engine->environment)
        mdb_env_close(engine->environment);
    free(engine->tables);
    free(engine);
}

size_t engine_map_size(const struct engine *engine)
{
    return engine->map_size;
}

uint64_t engine_bytes(const struct engine *engine)
{
    MDB_envinfo info;
    mdb_env_info(engine->environment, &info);
    return ((uint64_t)info.me_last_pgno + 1) * engine->page_size;
}

enum status engine_reserve(struct engine *engine, uint64_t size, struct error *error)
{
    uint64_t needed = engine_bytes(engine) + size;
    uint64_t wanted = needed + RESERVE_STEP;
    mdb_filehandle_t file;
    if (needed <= engine->reserved)
        return STATUS_OK;
    if (needed > engine->map_size)
        return STATUS_OK; /* the map is full first, and LMDB says so well */
    if (mdb_env_get_fd(engine->environment, &file) != 0)
        return STATUS_OK;
    if (fallocate(file, 0, 0, (off_t)wanted) == 0) {
        engine->reserved = wanted;
        return STATUS_OK;
    }
    if (fallocate(file, 0, 0, (off_t)needed) == 0) {
        engine->reserved = needed;
        return STATUS_OK;
    }
    int number = errno;
    if (number == ENOSPC || number == EDQUOT || number == EFBIG)
        return FAIL(error, STATUS_FULL, engine->path, 0, "cannot grow: %s", strerror(number));
    engine->reserved = wanted; /* a file system that can't tell: don't ask for each commit */
    return STATUS_OK;
}

enum status engine_sync(struct engine *engine, struct error *error)
{
    int code = mdb_env_sync(engine->environment, 1);
    if (!code)
        code = mdb_env_set_flags(engine->environment, MDB_NOSYNC, 0);
    return code ? fail(engine->path, "cannot sync", code, error) : STATUS_OK;
}

void engine_reader_check(struct engine *engine)
{
    int dead;
    (void)mdb_reader_check(engine->environment, &dead);
}

enum status engine_begin(struct engine *engine, bool writing,
                         struct engine_transaction **transaction, struct error *error)
{
    size_t cursors = writing ? engine->table_count : 0;
    struct engine_transaction *made = calloc(1, sizeof *made + cursors * sizeof *made->cursors);
    if (!made)
        return FAIL(error, STATUS_NO_MEMORY, engine->path, 0, "no memory for a transaction");
    made->engine = engine;
    made->writing = writing;
    int code =
        mdb_txn_begin(engine->environment, NULL, writing ? 0 : MDB_RDONLY, &made->transaction);
    if (code) {
        free(made);
        return fail(engine->path, "cannot begin a transaction", code, error);
    }
    *transaction = made;
    return STATUS_OK;
}

static void cursor_forget(struct engine_transaction *transaction, size_t table)
{
    if (transaction->writing && transaction->cursors[table]) {
        mdb_cursor_close(transaction->cursors[table]);
        transaction->cursors[table] = NULL;
    }
}

static void cursors_forget(struct engine_transaction *transaction)
{
    for (size_t i = 0; i < transaction->engine->table_count; i++)
        cursor_forget(transaction, i);
}

/* The code of LMDB. */
static int cursor_of(struct engine_transaction *transaction, size_t table, MDB_cursor **cursor)
{
    int code = 0;
    if (!transaction->cursors[table])
        code = mdb_cursor_open(transaction->transaction, transaction->engine->tables[table],
                               &transaction->cursors[table]);
    *cursor = transaction->cursors[table];
    return code;
}

enum status engine_commit(struct engine_transaction *transaction, struct error *error)
{
    cursors_forget(transaction);
    int code = mdb_txn_commit(transaction->transaction);
    struct engine *engine = transaction->engine;
    free(transaction);
    return code ? fail(engine->path, "cannot commit", code, error) : STATUS_OK;
}

void engine_abort(struct engine_transaction *transaction)
{
    if (!transaction)
        return;
    cursors_forget(transaction);
    mdb_txn_abort(transaction->transaction);
    free(transaction);
}

static int get(struct engine_transaction *transaction, size_t table, MDB_val *key, MDB_val *value)
{
    MDB_cursor *cursor;
    if (!transaction->writing)
        return mdb_get(transaction->transaction, transaction->engine->tables[table], key, value);
    int code = cursor_of(transaction, table, &cursor);
    return code ? code : mdb_cursor_get(cursor, key, value, MDB_SET);
}

enum status engine_get(struct engine_transaction *transaction, size_t table, struct slice key,
                       struct slice *value, struct error *error)
{
    struct engine *engine = transaction->engine;
    MDB_val name = val_of(key);
    MDB_val found;
    int code = get(transaction, table, &name, &found);
    if (code == MDB_NOTFOUND)
        return STATUS_NOT_FOUND;
    if (code)
        return fail(engine->path, "cannot read", code, error);
    *value = slice_of_val(found);
    return STATUS_OK;
}

static enum status put(struct engine_transaction *transaction, size_t table, struct slice key,
                       MDB_val *value, unsigned flags, struct error *error)
{
    struct engine *engine = transaction->engine;
    MDB_val name = val_of(key);
    MDB_cursor *cursor;
    int code = cursor_of(transaction, table, &cursor);
    if (!code)
        code = mdb_cursor_put(cursor, &name, value, flags);
    return code ? fail(engine->path, "cannot write", code, error) : STATUS_OK;
}

enum status engine_put(struct engine_transaction *transaction, size_t table, struct slice key,
                       struct slice value, struct error *error)
{
    MDB_val bytes = val_of(value);
    return put(transaction, table, key, &bytes, 0, error);
}

enum status engine_append(struct engine_transaction *transaction, size_t table, struct slice key,
                          struct slice value, struct error *error)
{
    MDB_val bytes = val_of(value);
    return put(transaction, table, key, &bytes, MDB_APPEND, error);
}

enum status engine_put_room(struct engine_transaction *transaction, size_t table, struct slice key,
                            size_t size, char **room, struct error *error)
{
    MDB_val bytes = {.mv_size = size};
    enum status status = put(transaction, table, key, &bytes, MDB_RESERVE, error);
    if (!status)
        *room = bytes.mv_data;
    return status;
}

enum status engine_delete(struct engine_transaction *transaction, size_t table, struct slice key,
                          struct error *error)
{
    struct engine *engine = transaction->engine;
    MDB_val name = val_of(key);
    cursor_forget(transaction, table);
    int code = mdb_del(transaction->transaction, engine->tables[table], &name, NULL);
    if (code && code != MDB_NOTFOUND)
        return fail(engine->path, "cannot delete", code, error);
    return STATUS_OK;
}

enum status engine_cursor_open(struct engine_transaction *transaction, size_t table,
                               struct engine_cursor *cursor, struct error *error)
{
    struct engine *engine = transaction->engine;
    MDB_cursor *opened;
    int code = mdb_cursor_open(transaction->transaction, engine->tables[table], &opened);
    if (code)
        return fail(engine->path, "cannot open a cursor", code, error);
    cursor->handle = opened;
    return STATUS_OK;
}

void engine_cursor_close(struct engine_cursor *cursor)
{
    if (cursor->handle)
        mdb_cursor_close(cursor->handle);
    cursor->handle = NULL;
}

static enum status cursor_move(struct engine_cursor *cursor, MDB_cursor_op move, struct slice key,
                               struct slice *found, struct slice *value, struct error *error)
{
    MDB_val name = val_of(key);
    MDB_val bytes;
    int code = mdb_cursor_get(cursor->handle, &name, &bytes, move);
    if (code == MDB_NOTFOUND)
        return STATUS_NOT_FOUND;
    if (code)
        return fail("", "cannot read on", code, error);
    *found = slice_of_val(name);
    *value = slice_of_val(bytes);
    return STATUS_OK;
}

enum status engine_cursor_seek(struct engine_cursor *cursor, struct slice key, struct slice *found,
                               struct slice *value, struct error *error)
{
    return cursor_move(cursor, key.size ? MDB_SET_RANGE : MDB_FIRST, key, found, value, error);
}

enum status engine_cursor_next(struct engine_cursor *cursor, struct slice *found,
                               struct slice *value, struct error *error)
{
    return cursor_move(cursor, MDB_NEXT, (struct slice){0}, found, value, error);
}
