/*
 * Making a backup, and checking one (store/backup.h).  Bringing it back: restore.c.
 *
 * The order is: state, journal, the rest, manifest.  The state goes first, so that the journal
 * copied after it reaches at least as far.  The manifest goes last, and only when the copy of the
 * journal has been read back without a fault.
 */

#include "store/backup.h"

#include "folder.h"
#include "journal_copy.h"
#include "journal_kept.h"
#include "manifest.h"

#include "base/file.h"
#include "base/observer.h"
#include "store/state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_ATTEMPTS 10

/* What the making of a backup works on. */
struct making {
    const struct backup_options *options;
    struct store copy;   /* the backup as a store, for its parts that are one */
    struct buffer names; /* of the files, each with a line end */
    struct buffer erasures;
    struct backup made;
};

static void name_add(struct making *making, const char *name)
{
    buffer_format(&making->names, "%s\n", name);
}

static enum status part_make(const struct making *making, const char *name, struct error *error)
{
    char path[FOLDER_PATH_SIZE];
    enum status status = folder_path(path, making->options->to, name, error);
    return status ? status : folder_make(path, 0700, error);
}

static enum status one_file_copy(struct making *making, const char *from, const char *name,
                                 struct error *error)
{
    char to[FOLDER_PATH_SIZE];
    struct copied copied = {0}; /* small files, of which nobody is told */
    enum status status = folder_path(to, making->options->to, name, error);
    if (!status)
        status = file_copy(from, to, &copied, error);
    if (!status)
        name_add(making, name);
    return status;
}

/* A file of the store's folder that need not be there. */
static enum status own_file_copy(struct making *making, const char *name, struct error *error)
{
    char from[FOLDER_PATH_SIZE];
    enum status status = folder_path(from, making->options->store->path, name, error);
    if (status || access(from, F_OK) != 0)
        return status;
    return one_file_copy(making, from, name, error);
}

/* Those of the store, or the file that was named, which may be a link to where a secret is mounted
 * and has to be there. */
static enum status keys_copy(struct making *making, struct error *error)
{
    const char *named = making->options->keys;
    if (!named)
        return own_file_copy(making, "keys", error);
    char *from = realpath(named, NULL);
    if (!from)
        return FAIL(error, STATUS_STORAGE, named, 0, "cannot find the file of keys: %s",
                    strerror(errno));
    enum status status = one_file_copy(making, from, "keys", error);
    free(from);
    return status;
}

/* A state of the store to the same place of the copy. */
static enum status state_copy_once(const struct store *from, const struct store *to,
                                   struct error *error)
{
    struct store reading = *from;
    struct store writing = *to;
    struct state *source = NULL;
    struct state *copy = NULL;
    const struct state_options unsynced = {.unsynced = true};
    reading.mode = STORE_READ;
    writing.mode = STORE_CREATE;
    enum status status = state_open(&reading, NULL, &source, error);
    if (!status)
        status = state_create(&writing, &unsynced, &copy, error);
    if (!status)
        status = state_copy(source, copy, from->observer, error);
    if (!status)
        status = state_publish(copy, error);
    state_close(copy);
    state_close(source);
    return status;
}

/* The base without which the rest of a journal can't be folded. */
static enum status base_take(struct making *making, struct error *error)
{
    struct store from;
    struct store to;
    enum status status = part_make(making, "base", error);
    if (!status)
        status = part_make(making, "base/state", error);
    if (!status)
        status = store_base(making->options->store, &from, error);
    if (!status)
        status = store_base(&making->copy, &to, error);
    if (!status)
        status = state_copy_once(&from, &to, error);
    if (!status)
        name_add(making, "base/state/1/data.mdb");
    return status;
}

static enum status state_take(struct making *making, struct error *error)
{
    enum status status = part_make(making, "state", error);
    struct error last = {0};
    if (status)
        return status;
    for (int i = 0; i < STATE_ATTEMPTS; i++) {
        last = (struct error){0};
        status = state_copy_once(making->options->store, &making->copy, &last);
        if (status != STATUS_CONFLICT)
            break;
    }
    if (status == STATUS_CONFLICT)
        return FAIL(error, status, "state", 0,
                    "the server goes on faster than its state can be copied; without "
                    "--with-state `restore` builds it anew");
    if (status)
        return FAIL(error, status, last.where, 0, "%s", last.text);
    name_add(making, "state/1/data.mdb");
    making->made.has_state = true;
    return STATUS_OK;
}

static enum status journal_take(struct making *making, struct error *error)
{
    char folder[FOLDER_PATH_SIZE];
    struct journal_copy copy;
    struct journal_files files = {0};
    enum status status = part_make(making, "journal", error);
    if (!status)
        status = folder_path(folder, making->options->to, "journal", error);
    if (!status)
        status = journal_copy(making->options->journal, folder, &copy, error);
    if (!status)
        status = journal_files_list(folder, &files, error);
    for (size_t i = 0; !status && i < files.count; i++)
        buffer_format(&making->names, "journal/%020" PRIu64 ".mdb\n", files.firsts[i]);
    journal_files_done(&files);
    uint64_t dropped = 0;
    if (!status)
        status = journal_kept_through(folder, &dropped, error);
    if (!status && dropped)
        name_add(making, "journal/" JOURNAL_KEPT_NAME);
    if (!status && dropped)
        status = base_take(making, error);
    if (status)
        return status;
    making->made.sequence = copy.last;
    making->made.received_ms = copy.received_ms;
    return STATUS_OK;
}

static enum status erasure_visit(void *context, const struct record *record, struct error *error)
{
    struct making *making = context;
    if (record->damaged || record->kind != RECORD_ERASURE)
        return STATUS_OK;
    buffer_format(&making->erasures, "%" PRIu64 " %" PRId64 " %u ", record->sequence,
                  record->received_ms, record->flags);
    for (size_t i = 0; i < record->body.size; i++)
        buffer_format(&making->erasures, "%02x", (unsigned char)record->body.data[i]);
    buffer_add_byte(&making->erasures, '\n');
    making->made.erasures++;
    return buffer_status(&making->erasures, error);
}

static enum status experiment_write(struct making *making, struct slice name, struct slice text,
                                    struct error *error)
{
    char path[FOLDER_PATH_SIZE];
    struct buffer inner = {0};
    if (memchr(name.data, '/', name.size) || name.data[0] == '.' || slice_has_control(name))
        return STATUS_OK; /* none that a folder of experiments has */
    buffer_format(&inner, "experiments/%.*s", SLICE_ARGS(name));
    buffer_add_byte(&inner, '\0');
    enum status status = buffer_status(&inner, error);
    if (!status)
        status = folder_path(path, making->options->to, inner.data, error);
    if (!status)
        status = file_write_whole(path, 0600, text, error);
    if (!status)
        name_add(making, inner.data);
    buffer_done(&inner);
    return status;
}

static enum status catalogue_visit(void *context, const struct record *record, struct error *error)
{
    struct catalogue_files files;
    struct slice path;
    struct slice name;
    struct slice text;
    if (record->damaged || record->kind != RECORD_CATALOGUE)
        return STATUS_OK; /* `verify` tells; the backup is of what there is */
    enum status status = catalogue_body_read(record->body, &files, error);
    while (!status && catalogue_body_next(&files, &path, &name, &text))
        if (name.size)
            status = experiment_write(context, name, text, error);
    return status;
}

/* The copy of the journal: without a fault, and for what stands in it. */
static enum status copy_read(struct making *making, struct error *error)
{
    struct journal *journal = NULL;
    struct journal_check check = {0};
    struct journal_scan erasures = {.from = 1, .visit = erasure_visit, .context = making};
    enum status status = journal_open(&making->copy, NULL, &journal, error);
    if (!status)
        status = journal_verify(journal, &check, error);
    if (!status && (check.damaged || check.gaps || check.chain_breaks))
        status = FAIL(error, STATUS_STORAGE, making->options->to, 0,
                      "the journal has faults, the first at sequence %" PRIu64
                      "; `gangway verify` tells",
                      check.first_fault);
    if (!status)
        status = journal_scan(journal, &erasures, error);
    struct journal_scan catalogue = {.limit = 1, .visit = catalogue_visit, .context = making};
    catalogue.from = status ? 0 : journal_last_catalogue(journal);
    if (!status && catalogue.from)
        status = journal_scan(journal, &catalogue, error);
    journal_close(journal);
    return status;
}

/* What reading the copy has left: locks that nobody needs, of files that nobody has open. */
static void locks_remove(const char *to)
{
    char folder[FOLDER_PATH_SIZE];
    char path[FOLDER_PATH_SIZE];
    struct journal_files files;
    if (folder_path(folder, to, "journal", NULL) || journal_files_list(folder, &files, NULL))
        return;
    for (size_t i = 0; i < files.count; i++)
        journal_lock_remove(folder, files.firsts[i]);
    journal_files_done(&files);
    if (!folder_path(path, to, "state/1/lock.mdb", NULL))
        unlink(path);
    if (!folder_path(path, to, "base/state/1/lock.mdb", NULL))
        unlink(path);
}

static enum status manifest_write(struct making *making, struct error *error)
{
    char path[FOLDER_PATH_SIZE];
    struct buffer text = {0};
    enum status status = buffer_status(&making->names, error);
    manifest_begin(&text, making->made.sequence, making->made.received_ms);
    struct slice rest = buffer_slice(&making->names);
    while (!status && rest.size) {
        size_t size = (size_t)((const char *)memchr(rest.data, '\n', rest.size) - rest.data);
        char name[300] = {0};
        if (size < sizeof name)
            memcpy(name, rest.data, size);
        status = manifest_add(&text, &making->made, making->options->to, name, error);
        rest = slice_from(rest, size + 1);
        observer_tell(making->options->store->observer, "digest", OBSERVER_BYTES,
                      making->made.bytes, 0);
    }
    if (!status)
        status = buffer_status(&text, error);
    if (!status)
        status = folder_path(path, making->options->to, "manifest", error);
    making->made.digest = hash_sha256(buffer_slice(&text));
    if (!status)
        status = file_write_whole(path, 0600, buffer_slice(&text), error);
    buffer_done(&text);
    return status;
}

static enum status erasures_write(struct making *making, struct error *error)
{
    char path[FOLDER_PATH_SIZE];
    enum status status = folder_path(path, making->options->to, "erasures", error);
    if (!status)
        status = file_write_whole(path, 0600, buffer_slice(&making->erasures), error);
    if (!status)
        name_add(making, "erasures");
    return status;
}

static enum status parts_make(struct making *making, struct error *error)
{
    enum status status = own_file_copy(making, "secret", error);
    if (!status)
        status = keys_copy(making, error);
    if (!status && making->options->with_state)
        status = state_take(making, error);
    if (!status)
        status = journal_take(making, error);
    if (!status)
        status = part_make(making, "experiments", error);
    if (!status)
        status = copy_read(making, error);
    if (!status)
        status = erasures_write(making, error);
    locks_remove(making->options->to);
    return status ? status : manifest_write(making, error);
}

enum status backup_make(const struct backup_options *options, struct backup *backup,
                        struct error *error)
{
    struct making making = {
        .options = options,
        .copy = {.mode = STORE_READ, .lock_fd = -1, .observer = options->store->observer}};
    struct stat info;
    bool was_there = stat(options->to, &info) == 0;
    if (snprintf(making.copy.path, sizeof making.copy.path, "%s", options->to) >=
        (int)sizeof making.copy.path)
        return FAIL(error, STATUS_INVALID, options->to, 0, "the path is too long");
    enum status status = folder_must_be_empty(options->to, error);
    if (!status)
        status = folder_make(options->to, 0700, error);
    if (status)
        return status;
    status = parts_make(&making, error);
    buffer_done(&making.names);
    buffer_done(&making.erasures);
    if (status) {
        folder_remove_tree(options->to);
        if (was_there)
            (void)!mkdir(options->to, info.st_mode & 0777);
        return status;
    }
    *backup = making.made;
    return STATUS_OK;
}
