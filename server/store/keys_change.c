/*
 * Making, revoking and rotating keys, in the table that keys.c reads and writes.
 *
 * What has ended stays, as a name to tell; it leaves the table when its name is given anew.
 */

#include "store/keys.h"

#include "folder.h"

#include "base/random.h"
#include "base/time.h"

#include <stdio.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
#define ALPHABET_SIZE (sizeof alphabet - 1)
/* Bytes from here on are thrown away: 256 is no multiple of 62, and the first letters would come
 * more often than the others. */
#define BYTES_FAIR (256 - 256 % ALPHABET_SIZE)

enum status keys_make_folder(const char *folder, struct error *error)
{
    return folder_make_with_parents(folder, error);
}

static enum status text_make(enum role role, char text[static KEY_TEXT_SIZE], struct error *error)
{
    unsigned char bytes[2 * KEY_RANDOM_SIZE];
    size_t size = (size_t)snprintf(text, KEY_TEXT_SIZE, "gw_%s_", role_text(role));
    size_t wanted = size + KEY_RANDOM_SIZE;
    while (size < wanted) {
        enum status status = random_bytes(bytes, sizeof bytes, error);
        if (status)
            return status;
        for (size_t i = 0; i < sizeof bytes && size < wanted; i++)
            if (bytes[i] < BYTES_FAIR)
                text[size++] = alphabet[bytes[i] % ALPHABET_SIZE];
    }
    text[size] = '\0';
    return STATUS_OK;
}

static bool is_named(const struct key *key, const char *name)
{
    return strcmp(key->name, name) == 0;
}

/* The key of that name that has not been ended, or NULL. */
static struct key *current_find(const struct keys *keys, const char *name)
{
    for (size_t i = 0; i < keys->count; i++)
        if (is_named(&keys->items[i], name) && keys->items[i].end == KEY_END_NONE)
            return &keys->items[i];
    return NULL;
}

/* Drops what is of that name and opens nothing any more. */
static void ended_drop(struct keys *keys, const char *name, int64_t now_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < keys->count; i++) {
        const struct key *key = &keys->items[i];
        if (!is_named(key, name) || key_state(key, now_ms) == KEY_GOOD)
            keys->items[kept++] = *key;
    }
    keys->count = kept;
}

static enum status key_append(struct keys *keys, const struct key *wanted, int64_t now_ms,
                              char text[static KEY_TEXT_SIZE], struct error *error)
{
    if (keys->count == KEYS_MAX)
        return FAIL(error, STATUS_TOO_LARGE, wanted->name, 0, "there are %d keys already",
                    KEYS_MAX);
    enum status status = text_make(wanted->role, text, error);
    if (status)
        return status;
    struct key *key = &keys->items[keys->count++];
    *key = *wanted;
    key->digest = hash_sha256(slice_of(text));
    key->created_ms = now_ms;
    key->end = KEY_END_NONE;
    key->end_ms = 0;
    return STATUS_OK;
}

enum status keys_add(struct keys *keys, const struct key *wanted, int64_t now_ms,
                     char text[static KEY_TEXT_SIZE], struct error *error)
{
    if (!key_name_is_good(slice_of(wanted->name)))
        return FAIL(error, STATUS_INVALID, "--name", 0,
                    "a key's name has 1 to %d letters, digits, - _ . and begins with a letter or "
                    "digit",
                    KEY_NAME_SIZE_MAX);
    if (wanted->expires_ms != TIME_NONE && wanted->expires_ms <= now_ms)
        return FAIL(error, STATUS_INVALID, "--expires", 0, "that time is not to come");
    ended_drop(keys, wanted->name, now_ms);
    for (size_t i = 0; i < keys->count; i++)
        if (is_named(&keys->items[i], wanted->name))
            return FAIL(error, STATUS_CONFLICT, wanted->name, 0,
                        "a key of that name is in use; `gangway key rotate %s` replaces it",
                        wanted->name);
    return key_append(keys, wanted, now_ms, text, error);
}

enum status keys_revoke(struct keys *keys, const char *name, int64_t now_ms, struct error *error)
{
    size_t ended = 0;
    for (size_t i = 0; i < keys->count; i++) {
        struct key *key = &keys->items[i];
        if (!is_named(key, name) || key_state(key, now_ms) != KEY_GOOD)
            continue;
        key->end = KEY_END_REVOKED;
        key->end_ms = now_ms;
        ended++;
    }
    return ended ? STATUS_OK
                 : FAIL(error, STATUS_NOT_FOUND, name, 0, "no key of that name is in use");
}

enum status keys_rotate(struct keys *keys, const char *name, int64_t grace_ms, int64_t now_ms,
                        char text[static KEY_TEXT_SIZE], struct error *error)
{
    struct key *old = current_find(keys, name);
    if (!old || key_state(old, now_ms) != KEY_GOOD)
        return FAIL(error, STATUS_NOT_FOUND, name, 0, "no key of that name is in use");
    ended_drop(keys, name, now_ms);
    old = current_find(keys, name); /* it has moved */
    if (!old)
        return FAIL(error, STATUS_NOT_FOUND, name, 0, "no key of that name is in use");
    const struct key wanted = *old;
    old->end = KEY_END_ROTATED;
    old->end_ms = now_ms + grace_ms;
    return key_append(keys, &wanted, now_ms, text, error);
}
