/* What becomes of a message of an erased person: the rules stand in store/erasure.h. */

#include "store/erasure.h"

#include <stdio.h>
#include <stdlib.h>

static int key_compare(const struct erasure_key *one, const struct erasure_key *other)
{
    if (one->kind != other->kind)
        return one->kind < other->kind ? -1 : 1;
    return hash128_compare(&one->hash, &other->hash);
}

/* By key, of one key the last request last. */
static int row_compare(const void *a, const void *b)
{
    const struct erasure_row *one = a, *other = b;
    int order = key_compare(&one->key, &other->key);
    return order ? order : (one->request > other->request) - (one->request < other->request);
}

void erasure_rows_sort(struct erasure_row *rows, size_t count)
{
    if (count)
        qsort(rows, count, sizeof *rows, row_compare);
}

/* Whether that key is erased from a record of that sequence: by a request that came after it, or
 * by one that suppresses. */
static bool key_is_erased(const struct erasure_run *run, const struct erasure_key *key,
                          uint64_t sequence)
{
    size_t low = 0, high = run->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (key_compare(&run->rows[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < run->count && key_compare(&run->rows[low].key, key) == 0; low++)
        if (run->rows[low].key.suppressed || sequence < run->rows[low].request)
            return true;
    return false;
}

/* An id of a message. */
struct named {
    struct erasure_key key;
    struct slice *id; /* in the message */
    bool is_erased;
    char replaced[ERASURE_ID_SIZE + 1];
};

static struct named named_of(const struct erasure_run *run, enum unit_kind kind, struct slice *id,
                             uint64_t sequence)
{
    struct named named = {.key = {.kind = (uint8_t)kind}, .id = id};
    if (slice_is_empty(*id) || erasure_is_replaced(*id))
        return named;
    named.key.hash = hash_keyed(run->secret, (unsigned char)kind, *id);
    named.is_erased = key_is_erased(run, &named.key, sequence);
    return named;
}

static void named_replace(const struct erasure_run *run, struct named *named)
{
    if (slice_is_empty(*named->id) || erasure_is_replaced(*named->id))
        return;
    const unsigned char *hash = named->key.hash.bytes;
    struct hash128 chance = hash_keyed(
        (struct slice){.data = (const char *)run->salt, .size = ERASURE_SALT_SIZE}, named->key.kind,
        (struct slice){.data = (const char *)hash, .size = sizeof named->key.hash.bytes});
    named->replaced[0] = 1;
    for (size_t i = 0; i < sizeof chance.bytes; i++)
        snprintf(named->replaced + 1 + 2 * i, 3, "%02x", chance.bytes[i]);
    *named->id = (struct slice){.data = named->replaced, .size = ERASURE_ID_SIZE};
}

enum { ID_USER, ID_VISITOR, ID_ACCOUNT, ID_PREVIOUS, ID_COUNT };

/* Whose message it is: user, else visitor, else account. */
static const struct named *owner_of(const struct named ids[static ID_COUNT])
{
    for (int i = ID_USER; i <= ID_ACCOUNT; i++)
        if (!slice_is_empty(*ids[i].id))
            return &ids[i];
    return &ids[ID_USER];
}

/* An account bears the text of an erased id of another kind: a company of one. */
static bool account_tells(const struct erasure_run *run, struct slice account, uint64_t sequence)
{
    for (unsigned kind = 0; account.size && kind < UNIT_KIND_COUNT; kind++) {
        struct erasure_key key = {.kind = (uint8_t)kind,
                                  .hash = hash_keyed(run->secret, (unsigned char)kind, account)};
        if (key_is_erased(run, &key, sequence))
            return true;
    }
    return false;
}

/* Of an owner that is erased only this is left. */
static void message_empty(struct message *message, const struct record *record)
{
    bool is_exposure = message->type == MESSAGE_EXPOSURE;
    struct message left = {
        .type = message->type,
        .user = message->user,
        .anonymous = message->anonymous,
        .account = message->account,
        .previous = message->previous,
        .occurred_ms =
            is_exposure ? day_start_ms(day_of(message->occurred_ms)) : record->received_ms,
        .original_ms = TIME_NONE,
        .sent_ms = TIME_NONE,
    };
    if (is_exposure) {
        left.experiment = message->experiment;
        left.variation = message->variation;
    }
    *message = left;
}

/* The content hash is one that nobody can make from a guess: of the salt and the sequence. */
static struct hash128 content_of(const struct erasure_run *run, uint64_t sequence)
{
    char bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(unsigned char)(sequence >> (8 * i));
    return hash_keyed((struct slice){.data = (const char *)run->salt, .size = ERASURE_SALT_SIZE},
                      0xff, (struct slice){.data = bytes, .size = sizeof bytes});
}

enum status erasure_scrub(const struct erasure_run *run, const struct record *record,
                          struct record *scrubbed, struct buffer *body, bool *changed,
                          struct error *error)
{
    struct message message;
    *changed = false;
    if (record->damaged || record->kind != RECORD_MESSAGE || record->flags & RECORD_SCRUBBED ||
        message_read(record->body, &message, NULL))
        return STATUS_OK;
    uint64_t sequence = record->sequence;
    struct named ids[ID_COUNT] = {
        [ID_USER] = named_of(run, UNIT_USER, &message.user, sequence),
        [ID_VISITOR] = named_of(run, UNIT_ANONYMOUS, &message.anonymous, sequence),
        [ID_ACCOUNT] = named_of(run, UNIT_ACCOUNT, &message.account, sequence),
        [ID_PREVIOUS] = named_of(run, UNIT_ANONYMOUS, &message.previous, sequence),
    };
    bool whole = owner_of(ids)->is_erased;
    for (size_t i = 0; i < ID_COUNT; i++)
        *changed |= ids[i].is_erased;
    if (!*changed)
        return STATUS_OK;
    bool keeps_account = !ids[ID_ACCOUNT].is_erased && message.type == MESSAGE_EXPOSURE &&
                         !account_tells(run, message.account, sequence);
    for (size_t i = 0; i < ID_COUNT; i++)
        if (ids[i].is_erased || (whole && (i != ID_ACCOUNT || !keeps_account)))
            named_replace(run, &ids[i]);
    if (whole)
        message_empty(&message, record);
    else if (ids[ID_ACCOUNT].is_erased && message.type == MESSAGE_GROUP)
        message.traits = (struct slice){0}; /* they are the account's */
    message.content = content_of(run, sequence);
    buffer_clear(body);
    message_write(body, &message);
    *scrubbed = *record;
    scrubbed->flags =
        whole ? (uint16_t)((record->flags & RECORD_SKEWED) | RECORD_SCRUBBED) : record->flags;
    scrubbed->body = buffer_slice(body);
    return buffer_status(body, error);
}
