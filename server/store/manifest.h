#ifndef STORE_MANIFEST_H
#define STORE_MANIFEST_H

/* The manifest of a backup: its text stands in store/backup.h. */

#include "base/arena.h"
#include "base/buffer.h"
#include "store/backup.h"

#define MANIFEST_FORMAT 1
#define MANIFEST_SIZE_MAX ((size_t)64 << 20) /* of 400 000 files */

/* Digest and size of a file; *digest of its bytes as they are now. */
MUST_CHECK enum status file_digest(const char *path, struct digest *digest, uint64_t *size,
                                   struct error *error);

void manifest_begin(struct buffer *text, uint64_t sequence, int64_t received_ms);
/* Adds the file `name` of `folder`, and counts it. */
MUST_CHECK enum status manifest_add(struct buffer *text, struct backup *backup, const char *folder,
                                    const char *name, struct error *error);

struct manifest_entry {
    char name[256];
    struct digest digest;
    uint64_t size;
};
/* The lines of a manifest. */
struct manifest {
    struct arena arena; /* owns the text */
    struct slice rest;  /* lines not yet read */
    int line;
    struct backup backup; /* sequence, received_ms, digest */
};
/* Statuses as of backup_check. */
MUST_CHECK enum status manifest_open(const char *folder, struct manifest *manifest,
                                     struct error *error);
/* NOT_FOUND (error untouched) after the last one.  A name is one that a backup has: below its
 * folder, and nowhere else. */
MUST_CHECK enum status manifest_next(struct manifest *manifest, struct manifest_entry *entry,
                                     struct error *error);
void manifest_done(struct manifest *manifest);

#endif
