/*
 * Reading the journal: slices of a file, each in a read transaction of its own, so that no scan
 * pins old pages for long, however slow its visitor.  What a scan will see is fixed when it begins
 * (the last sequence then), so it always ends.
 *
 * Verifying reads the same way and recomputes the chains.  Of the open file it checks what stood in
 * its progress when it began.
 */

#include "journal_internal.h"
#include "journal_kept.h"

#include "base/observer.h"

#include <stdlib.h>

#define SLICE_US_MAX 500000 /* of a read transaction; the promise is a second */
#define CLOCK_EVERY 64      /* records between two looks at the clock */
#define TELL_EVERY 256      /* records between two words to the observer */

/* A walk through one file: raw keys and values. */
struct walk {
    uint64_t next; /* first sequence wanted; advanced past each one visited */
    uint64_t end;  /* last sequence wanted */
    uint64_t left; /* most records */
    uint64_t gaps;
    uint64_t first_gap; /* 0: none */
    enum status (*visit)(void *context, uint64_t sequence, struct slice key, struct slice value,
                         struct error *error);
    void *context;
};

static void walk_gap(struct walk *walk, uint64_t until)
{
    if (walk->next == until)
        return;
    if (!walk->first_gap)
        walk->first_gap = walk->next;
    walk->gaps += until - walk->next;
    walk->next = until;
}

static enum status walk_one(struct walk *walk, struct slice key, struct slice value,
                            struct error *error)
{
    uint64_t sequence = journal_key_read(key);
    if (sequence < walk->next)
        return STATUS_OK; /* a garbled key; what should stand here is a gap */
    enum status status = walk->visit(walk->context, sequence, key, value, error);
    if (status)
        return status;
    walk_gap(walk, sequence);
    walk->next++;
    walk->left--;
    return STATUS_OK;
}

/* *more: the slice ended before the file did. */
static enum status walk_cursor(struct engine_cursor *cursor, struct walk *walk, bool *more,
                               struct error *error)
{
    int64_t start_us = monotonic_us();
    struct journal_key from = journal_key_of(walk->next);
    struct slice key;
    struct slice value;
    enum status status = engine_cursor_seek(cursor, journal_key_slice(&from), &key, &value, error);
    for (unsigned visited = 0; !status; visited++) {
        if (walk->left == 0 || journal_key_read(key) > walk->end)
            return STATUS_OK;
        bool late = visited % CLOCK_EVERY == 0 && monotonic_us() - start_us > SLICE_US_MAX;
        if (visited == JOURNAL_SCAN_SLICE || (visited > 0 && late)) {
            *more = true;
            return STATUS_OK;
        }
        status = walk_one(walk, key, value, error);
        if (status)
            return status;
        status = engine_cursor_next(cursor, &key, &value, error);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status walk_slice(struct engine *engine, struct walk *walk, bool *more,
                              struct error *error)
{
    struct engine_transaction *transaction;
    struct engine_cursor cursor = {0};
    enum status status = engine_begin(engine, false, &transaction, error);
    if (status)
        return status;
    status = engine_cursor_open(transaction, JOURNAL_RECORDS, &cursor, error);
    if (!status)
        status = walk_cursor(&cursor, walk, more, error);
    engine_cursor_close(&cursor);
    engine_abort(transaction);
    return status;
}

static enum status walk_file(struct engine *engine, struct walk *walk, struct error *error)
{
    bool more = true;
    enum status status = STATUS_OK;
    while (more && !status) {
        more = false;
        status = walk_slice(engine, walk, &more, error);
    }
    return status;
}

/* A scan, and whom it tells. */
struct scanning {
    const struct journal_scan *scan;
    const struct observer *observer; /* NULL: nobody */
    uint64_t end;
};

static void tell(const struct observer *observer, const char *doing, uint64_t sequence,
                 uint64_t end)
{
    if (sequence % TELL_EVERY == 1)
        observer_tell(observer, doing, OBSERVER_RECORDS, sequence, end);
}

static enum status scan_visit(void *context, uint64_t sequence, struct slice key,
                              struct slice value, struct error *error)
{
    const struct scanning *scanning = context;
    const struct journal_scan *scan = scanning->scan;
    (void)key;
    struct record record = record_read(sequence, value);
    tell(scanning->observer, scan->doing, sequence, scanning->end);
    return scan->visit(scan->context, &record, error);
}

/* The files that hold the walk's sequences, one after the other. */
static enum status scan_files(struct journal *journal, const struct journal_files *files,
                              struct walk *walk, struct error *error)
{
    for (size_t i = 0; i < files->count; i++) {
        bool is_last = i + 1 == files->count;
        if (!is_last && files->firsts[i + 1] <= walk->next)
            continue;
        if (files->firsts[i] > walk->end || walk->left == 0)
            break;
        struct open_file *file;
        enum status status = journal_file_acquire(journal, files->firsts[i], &file, error);
        if (status)
            return status;
        status = walk_file(file->engine, walk, error);
        journal_file_release(journal, file);
        if (status)
            return status;
    }
    return STATUS_OK;
}

/* What is kept of the records that were dropped; no gaps are counted among them. */
static enum status scan_dropped(struct journal *journal, struct walk *walk, struct error *error)
{
    struct journal_kept kept;
    enum status status = journal_kept_open(journal->folder, &kept, error);
    if (status || kept.through < walk->next) {
        journal_kept_close(&kept);
        return status;
    }
    struct walk inner = *walk;
    uint64_t end = kept.through < walk->end ? kept.through : walk->end;
    inner.end = end;
    status = walk_file(kept.engine, &inner, error);
    journal_kept_close(&kept);
    walk->left = inner.left;
    walk->next = status || inner.left == 0 ? inner.next : end + 1;
    return status;
}

static enum status scan_all(struct journal *journal, struct walk *walk, struct error *error)
{
    struct journal_files files;
    enum status status = scan_dropped(journal, walk, error);
    if (!status)
        status = journal_files_live(journal->folder, &files, error);
    if (status)
        return status;
    if (walk->next <= walk->end && walk->left > 0)
        status = scan_files(journal, &files, walk, error);
    journal_files_done(&files);
    return status;
}

enum status journal_scan(struct journal *journal, struct journal_scan *scan, struct error *error)
{
    struct scanning scanning = {.scan = scan, .observer = scan->doing ? journal->observer : NULL};
    struct walk walk = {
        .next = scan->from,
        .left = scan->limit ? scan->limit : UINT64_MAX,
        .visit = scan_visit,
        .context = &scanning,
    };
    scan->next = scan->from;
    scan->gaps = 0;
    enum status status = journal_refresh(journal, error);
    if (status)
        return status;
    walk.end = atomic_load(&journal->last_sequence);
    scanning.end = walk.end;
    if (walk.next > walk.end)
        return STATUS_OK;
    status = scan_all(journal, &walk, error);
    if (!status && walk.left > 0) /* missing at the end */
        walk_gap(&walk, walk.end + 1);
    scan->next = walk.next;
    scan->gaps = walk.gaps;
    return status;
}

struct verify {
    struct journal *journal;
    struct journal_check *check;
    struct digest chain;
    uint64_t count;
};

static void verify_fault(struct journal_check *check, uint64_t sequence)
{
    if (!check->first_fault || sequence < check->first_fault)
        check->first_fault = sequence;
}

static enum status verify_visit(void *context, uint64_t sequence, struct slice key,
                                struct slice value, struct error *error)
{
    struct verify *verify = context;
    (void)error;
    struct record record = record_read(sequence, value);
    tell(verify->journal->observer, "check", sequence,
         atomic_load(&verify->journal->last_sequence));
    verify->check->records++;
    verify->count++;
    verify->chain = journal_chain(&verify->chain, key, value);
    if (record.damaged) {
        verify->check->damaged++;
        verify_fault(verify->check, sequence);
    }
    return STATUS_OK;
}

/* The marks of one file; a mark that can't be read is a break of the chain. */
struct file_marks {
    struct journal_mark start, end, rewrite;
    bool sealed;
    bool rewritten; /* by an erasure: the records have the digest of `rewrite` */
    bool readable;
};

static enum status verify_marks(struct engine *engine, struct file_marks *marks,
                                struct error *error)
{
    struct engine_transaction *transaction;
    enum status status = engine_begin(engine, false, &transaction, error);
    if (status)
        return status;
    *marks = (struct file_marks){0};
    enum status seal = journal_mark_read(transaction, MARK_SEAL, &marks->end, NULL);
    marks->sealed = seal != STATUS_NOT_FOUND;
    marks->readable = seal == STATUS_OK || seal == STATUS_NOT_FOUND;
    if (!marks->sealed &&
        journal_mark_read(transaction, MARK_PROGRESS, &marks->end, NULL) != STATUS_OK)
        marks->readable = false;
    if (journal_mark_read(transaction, MARK_START, &marks->start, NULL) != STATUS_OK)
        marks->readable = false;
    enum status rewrite = journal_mark_read(transaction, MARK_REWRITE, &marks->rewrite, NULL);
    marks->rewritten = rewrite == STATUS_OK;
    if (rewrite != STATUS_OK && rewrite != STATUS_NOT_FOUND)
        marks->readable = false;
    engine_abort(transaction);
    return STATUS_OK;
}

static void verify_rewritten(const struct file_marks *marks, struct journal_check *check)
{
    if (!marks->rewritten)
        return;
    check->rewritten++;
    if (marks->rewrite.erasure > check->erasure)
        check->erasure = marks->rewrite.erasure;
}

/* `before`: the end of the file before, `last` 0 where there is none. */
static enum status verify_file(struct journal *journal, struct engine *engine, uint64_t first,
                               struct journal_mark *before, struct journal_check *check,
                               struct error *error)
{
    struct file_marks marks;
    enum status status = verify_marks(engine, &marks, error);
    if (status)
        return status;
    struct verify verify = {.journal = journal, .check = check, .chain = marks.start.digest};
    struct walk walk = {
        .next = first,
        .end = marks.readable ? marks.end.last : UINT64_MAX,
        .left = UINT64_MAX,
        .visit = verify_visit,
        .context = &verify,
    };
    uint64_t damaged = check->damaged;
    status = walk_file(engine, &walk, error);
    if (status)
        return status;
    if (marks.readable)
        walk_gap(&walk, marks.end.last + 1);
    check->gaps += walk.gaps;
    check->files++;
    check->sealed += marks.sealed;
    verify_rewritten(&marks, check);
    const struct digest *records = marks.rewritten ? &marks.rewrite.digest : &marks.end.digest;
    bool whole = marks.readable && marks.start.first == first &&
                 digest_equal(&verify.chain, records) && verify.count == marks.end.count &&
                 (!before->last || (digest_equal(&marks.start.digest, &before->digest) &&
                                    first == before->last + 1));
    check->chain_breaks += !whole;
    if (walk.gaps)
        verify_fault(check, walk.first_gap);
    if (!whole && !walk.gaps && check->damaged == damaged)
        verify_fault(check, first); /* nothing nearer to be named */
    *before = marks.end;
    return STATUS_OK;
}

/* What is kept of dropped files; *before gets the end of the last of them. */
static enum status verify_kept(struct journal *journal, struct journal_check *check,
                               struct journal_mark *before, struct error *error)
{
    struct journal_kept kept;
    enum status status = journal_kept_open(journal->folder, &kept, error);
    if (status || !kept.engine)
        return status;
    struct verify verify = {.journal = journal, .check = check};
    struct walk walk = {.next = 1,
                        .end = kept.through,
                        .left = UINT64_MAX,
                        .visit = verify_visit,
                        .context = &verify};
    status = walk_file(kept.engine, &walk, error);
    check->dropped = kept.through;
    check->kept = verify.count;
    if (verify.count != kept.count || !digest_equal(&verify.chain, &kept.digest)) {
        check->chain_breaks++;
        verify_fault(check, 1);
    }
    *before = kept.seal;
    journal_kept_close(&kept);
    return status;
}

enum status journal_verify(struct journal *journal, struct journal_check *check,
                           struct error *error)
{
    *check = (struct journal_check){0};
    enum status status = journal_refresh(journal, error);
    if (status)
        return status;
    struct journal_files files = {0};
    struct journal_mark before = {0};
    status = verify_kept(journal, check, &before, error);
    if (!status)
        status = journal_files_live(journal->folder, &files, error);
    uint64_t last = journal_open_first(journal); /* a later file has come since */
    for (size_t i = 0; !status && i < files.count && files.firsts[i] <= last; i++) {
        struct open_file *file;
        status = journal_file_acquire(journal, files.firsts[i], &file, error);
        if (status)
            break;
        status = verify_file(journal, file->engine, files.firsts[i], &before, check, error);
        journal_file_release(journal, file);
    }
    journal_files_done(&files);
    return status;
}
