/*
 * Erasure records and what they say together.  Rows stand in the order in which they came; they are
 * few (a row an erased id), so looking one up walks them, and ingest is spared that by a count of
 * those that are suppressed.
 */

#include "store/erasure.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define BODY_FORMAT 1
#define KEY_SIZE 17
#define KEY_SUPPRESSED 0x80

struct erasures {
    pthread_rwlock_t lock;
    struct erasure_row *rows; /* owned */
    size_t count, capacity;
    uint64_t last;
    atomic_size_t suppressed;
};

void erasure_write(struct buffer *out, uint64_t of, uint64_t previous,
                   const struct erasure_key *keys, size_t count)
{
    buffer_add_u8(out, BODY_FORMAT);
    buffer_add_varint(out, of);
    buffer_add_varint(out, previous);
    buffer_add_varint(out, count);
    for (size_t i = 0; i < count; i++) {
        const struct hash128 *hash = &keys[i].hash;
        buffer_add_u8(out, (uint8_t)(keys[i].kind | (keys[i].suppressed ? KEY_SUPPRESSED : 0)));
        buffer_add(out,
                   (struct slice){.data = (const char *)hash->bytes, .size = sizeof hash->bytes});
    }
}

static bool row_add(struct erasures *erasures, const struct erasure_row *row)
{
    if (erasures->count == erasures->capacity) {
        size_t capacity = erasures->capacity ? 2 * erasures->capacity : 16;
        struct erasure_row *larger = realloc(erasures->rows, capacity * sizeof *larger);
        if (!larger)
            return false;
        erasures->rows = larger;
        erasures->capacity = capacity;
    }
    erasures->rows[erasures->count++] = *row;
    if (row->key.suppressed)
        atomic_fetch_add(&erasures->suppressed, 1);
    return true;
}

enum status erasures_add(struct erasures *erasures, uint64_t sequence, uint64_t of,
                         const struct erasure_key *keys, size_t count, struct error *error)
{
    bool good = true;
    pthread_rwlock_wrlock(&erasures->lock);
    for (size_t i = 0; good && i < count; i++) {
        struct erasure_row row = {
            .key = keys[i], .request = of ? of : sequence, .is_person = of == 0};
        good = row_add(erasures, &row);
    }
    if (sequence > erasures->last)
        erasures->last = sequence;
    pthread_rwlock_unlock(&erasures->lock);
    return good ? STATUS_OK
                : FAIL(error, STATUS_NO_MEMORY, "erasure", 0, "no memory for an erasure");
}

struct opening {
    struct erasures *erasures;
    uint64_t previous; /* out: 0 at the end */
};

/* A record that is damaged or of another kind ends the row of them. */
static enum status opening_visit(void *context, const struct record *record, struct error *error)
{
    struct opening *opening = context;
    struct reader reader = {.rest = record->body};
    opening->previous = 0;
    if (record->damaged || record->kind != RECORD_ERASURE)
        return STATUS_OK;
    uint8_t format = read_u8(&reader);
    uint64_t of = read_varint(&reader);
    uint64_t previous = read_varint(&reader);
    uint64_t count = read_varint(&reader);
    if (reader.failed || format != BODY_FORMAT || count > reader.rest.size / KEY_SIZE)
        return STATUS_OK;
    enum status status = STATUS_OK;
    for (uint64_t i = 0; !status && i < count; i++) {
        struct erasure_key key = {.kind = read_u8(&reader)};
        struct slice hash = read_bytes(&reader, sizeof key.hash.bytes);
        key.suppressed = key.kind & KEY_SUPPRESSED;
        key.kind &= KEY_SUPPRESSED - 1;
        memcpy(key.hash.bytes, hash.data, sizeof key.hash.bytes);
        status = erasures_add(opening->erasures, record->sequence, of, &key, 1, error);
    }
    opening->previous = previous < record->sequence ? previous : 0;
    return status;
}

enum status erasures_open(struct journal *journal, struct erasures **erasures, struct error *error)
{
    struct erasures *made = calloc(1, sizeof *made);
    if (!made || pthread_rwlock_init(&made->lock, NULL) != 0) {
        free(made);
        return FAIL(error, STATUS_NO_MEMORY, "erasure", 0, "no memory");
    }
    struct opening opening = {.erasures = made, .previous = journal_last_erasure(journal)};
    made->last = opening.previous;
    enum status status = STATUS_OK;
    while (!status && opening.previous) {
        struct journal_scan scan = {
            .from = opening.previous, .limit = 1, .visit = opening_visit, .context = &opening};
        opening.previous = 0;
        status = journal_scan(journal, &scan, error);
    }
    if (status) {
        erasures_close(made);
        return status;
    }
    *erasures = made;
    return STATUS_OK;
}

void erasures_close(struct erasures *erasures)
{
    if (!erasures)
        return;
    pthread_rwlock_destroy(&erasures->lock);
    free(erasures->rows);
    free(erasures);
}

uint64_t erasures_last(struct erasures *erasures)
{
    pthread_rwlock_rdlock(&erasures->lock);
    uint64_t last = erasures->last;
    pthread_rwlock_unlock(&erasures->lock);
    return last;
}

bool erasures_request(struct erasures *erasures, uint64_t sequence, struct erasure_row *row)
{
    bool found = false;
    pthread_rwlock_rdlock(&erasures->lock);
    for (size_t i = 0; !found && i < erasures->count; i++) {
        found = erasures->rows[i].is_person && erasures->rows[i].request == sequence;
        if (found)
            *row = erasures->rows[i];
    }
    pthread_rwlock_unlock(&erasures->lock);
    return found;
}

static bool key_equal(const struct erasure_key *key, enum unit_kind kind,
                      const struct hash128 *hash)
{
    return key->kind == (uint8_t)kind && hash128_compare(&key->hash, hash) == 0;
}

bool erasures_find(struct erasures *erasures, enum unit_kind kind, const struct hash128 *hash,
                   struct erasure_row *row)
{
    bool found = false;
    pthread_rwlock_rdlock(&erasures->lock);
    for (size_t i = 0; i < erasures->count; i++) {
        const struct erasure_row *one = &erasures->rows[i];
        if (!key_equal(&one->key, kind, hash) || (found && one->request <= row->request))
            continue;
        *row = *one;
        found = true;
    }
    pthread_rwlock_unlock(&erasures->lock);
    return found;
}

bool erasures_suppress(struct erasures *erasures, struct slice secret, enum unit_kind kind,
                       struct slice id)
{
    bool found = false;
    if (!erasures || atomic_load(&erasures->suppressed) == 0)
        return false;
    struct hash128 hash = hash_keyed(secret, (unsigned char)kind, id);
    pthread_rwlock_rdlock(&erasures->lock);
    for (size_t i = 0; !found && i < erasures->count; i++)
        found = erasures->rows[i].key.suppressed && key_equal(&erasures->rows[i].key, kind, &hash);
    pthread_rwlock_unlock(&erasures->lock);
    return found;
}

enum status erasures_rows(struct erasures *erasures, uint64_t done, struct erasure_row **rows,
                          size_t *count, struct error *error)
{
    size_t taken = 0;
    pthread_rwlock_rdlock(&erasures->lock);
    struct erasure_row *copy = calloc(erasures->count + 1, sizeof *copy);
    for (size_t i = 0; copy && i < erasures->count; i++)
        if (erasures->rows[i].request > done)
            copy[taken++] = erasures->rows[i];
    pthread_rwlock_unlock(&erasures->lock);
    if (!copy)
        return FAIL(error, STATUS_NO_MEMORY, "erasure", 0, "no memory");
    *rows = copy;
    *count = taken;
    return STATUS_OK;
}
