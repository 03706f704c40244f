#ifndef TESTS_SUPPORT_FAULTS_H
#define TESTS_SUPPORT_FAULTS_H

/*
 * Calls to the engine's library and to the file system that fail once, at a turn that a test
 * chooses:
 *
 *     faults_begin(MAP_FULL, 17);      the 18th call from here on fails with that code
 *     ...
 *     bool failed = faults_end();      whether there was such a call
 *
 * The functions below stand in front of the libraries' own, which they call unless it is their
 * turn; the engine's own calls of the file system count too.  A commit that fails has ended its
 * transaction, as the real one does.  Included by one file of a program.
 */

#include "support/support.h"

#include <dlfcn.h>
#include <errno.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define MAP_FULL (-30792)  /* MDB_MAP_FULL */
#define CORRUPTED (-30796) /* MDB_CORRUPTED */

/* Counts down to the call that fails; negative: none does. */
static long faults_left = -1;
static int faults_code;

static inline void faults_begin(int code, long number)
{
    faults_code = code;
    faults_left = number;
}

static inline bool faults_end(void)
{
    bool failed = faults_left < 0;
    faults_left = -1;
    return failed;
}

static inline bool fails(void)
{
    if (faults_left < 0)
        return false;
    return faults_left-- == 0;
}

static inline void *real(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    assert_non_null(function);
    return function;
}

/* ISO C has no way from void * to a function; POSIX has this one. */
#define REAL(name, type) (*(type *)(void *[]){real(name)})

int mdb_env_create(void **environment);
int mdb_env_open(void *environment, const char *path, unsigned flags, mode_t mode);
int mdb_txn_begin(void *environment, void *parent, unsigned flags, void **transaction);
int mdb_dbi_open(void *transaction, const char *name, unsigned flags, unsigned *table);
int mdb_put(void *transaction, unsigned table, void *key, void *value, unsigned flags);
int mdb_get(void *transaction, unsigned table, void *key, void *value);
int mdb_del(void *transaction, unsigned table, void *key, void *value);
int mdb_cursor_open(void *transaction, unsigned table, void **cursor);
int mdb_cursor_get(void *cursor, void *key, void *value, int move);
int mdb_cursor_put(void *cursor, void *key, void *value, unsigned flags);
int mdb_txn_commit(void *transaction);
void mdb_txn_abort(void *transaction);
int mdb_env_sync(void *environment, int force);

int mdb_env_create(void **environment)
{
    typedef int function(void **);
    return fails() ? faults_code : REAL("mdb_env_create", function *)(environment);
}

int mdb_env_open(void *environment, const char *path, unsigned flags, mode_t mode)
{
    typedef int function(void *, const char *, unsigned, mode_t);
    return fails() ? faults_code : REAL("mdb_env_open", function *)(environment, path, flags, mode);
}

int mdb_txn_begin(void *environment, void *parent, unsigned flags, void **transaction)
{
    typedef int function(void *, void *, unsigned, void **);
    return fails() ? faults_code
                   : REAL("mdb_txn_begin", function *)(environment, parent, flags, transaction);
}

int mdb_dbi_open(void *transaction, const char *name, unsigned flags, unsigned *table)
{
    typedef int function(void *, const char *, unsigned, unsigned *);
    return fails() ? faults_code
                   : REAL("mdb_dbi_open", function *)(transaction, name, flags, table);
}

int mdb_put(void *transaction, unsigned table, void *key, void *value, unsigned flags)
{
    typedef int function(void *, unsigned, void *, void *, unsigned);
    return fails() ? faults_code
                   : REAL("mdb_put", function *)(transaction, table, key, value, flags);
}

int mdb_get(void *transaction, unsigned table, void *key, void *value)
{
    typedef int function(void *, unsigned, void *, void *);
    return fails() ? faults_code : REAL("mdb_get", function *)(transaction, table, key, value);
}

int mdb_del(void *transaction, unsigned table, void *key, void *value)
{
    typedef int function(void *, unsigned, void *, void *);
    return fails() ? faults_code : REAL("mdb_del", function *)(transaction, table, key, value);
}

int mdb_cursor_open(void *transaction, unsigned table, void **cursor)
{
    typedef int function(void *, unsigned, void **);
    return fails() ? faults_code : REAL("mdb_cursor_open", function *)(transaction, table, cursor);
}

int mdb_cursor_get(void *cursor, void *key, void *value, int move)
{
    typedef int function(void *, void *, void *, int);
    return fails() ? faults_code : REAL("mdb_cursor_get", function *)(cursor, key, value, move);
}

int mdb_cursor_put(void *cursor, void *key, void *value, unsigned flags)
{
    typedef int function(void *, void *, void *, unsigned);
    return fails() ? faults_code : REAL("mdb_cursor_put", function *)(cursor, key, value, flags);
}

int mdb_txn_commit(void *transaction)
{
    typedef int function(void *);
    if (!fails())
        return REAL("mdb_txn_commit", function *)(transaction);
    mdb_txn_abort(transaction);
    return faults_code;
}

int mdb_env_sync(void *environment, int force)
{
    typedef int function(void *, int);
    return fails() ? faults_code : REAL("mdb_env_sync", function *)(environment, force);
}

/* A library's own code is no errno. */
static inline int fail_call(void)
{
    errno = faults_code > 0 ? faults_code : ENOSPC;
    return -1;
}

int rename(const char *from, const char *to)
{
    typedef int function(const char *, const char *);
    return fails() ? fail_call() : REAL("rename", function *)(from, to);
}

int symlink(const char *to, const char *path)
{
    typedef int function(const char *, const char *);
    return fails() ? fail_call() : REAL("symlink", function *)(to, path);
}

int mkdir(const char *path, mode_t mode)
{
    typedef int function(const char *, mode_t);
    return fails() ? fail_call() : REAL("mkdir", function *)(path, mode);
}

int fsync(int file)
{
    typedef int function(int);
    return fails() ? fail_call() : REAL("fsync", function *)(file);
}

int fdatasync(int file)
{
    typedef int function(int);
    return fails() ? fail_call() : REAL("fdatasync", function *)(file);
}

ssize_t pwrite(int file, const void *bytes, size_t size, off_t offset)
{
    typedef ssize_t function(int, const void *, size_t, off_t);
    return fails() ? fail_call() : REAL("pwrite", function *)(file, bytes, size, offset);
}

#endif
