#ifndef STORE_KEYS_H
#define STORE_KEYS_H

/*
 * The keys of a service (http-api.md, "Who may do what"): who may ask, and for what.  A key is a
 * text of `gw_ROLE_` and 32 random characters; the file, described at the head of
 * server/store/keys.c, holds only its SHA-256.
 *
 *     struct keys keys = {0};
 *     status = keys_read("STORE/keys", &keys, &error);      NOT_FOUND: there is no file
 *     const struct key *key = keys_find(&keys, given);      NULL: nobody's
 *     if (key && key_state(key, now_ms) == KEY_GOOD) ... role_means(key->role)
 *     keys_done(&keys);
 *
 * A key that has ended stays in the file, so that who still uses it can be told by its name.
 */

#include "base/buffer.h"
#include "base/hash.h"
#include "base/status.h"

/* What a caller may do; a set of them is an unsigned.  ROLE_NONE: no key at all. */
enum role { ROLE_NONE = 0, ROLE_CLIENT = 1, ROLE_SERVER = 2, ROLE_ANALYST = 4, ROLE_ADMIN = 8 };
#define ROLES_ALL (ROLE_CLIENT | ROLE_SERVER | ROLE_ANALYST | ROLE_ADMIN)

const char *role_text(enum role role); /* "client"; "none" */
bool role_parse(struct slice text, enum role *role);
/* All that a key of that role may act as: `admin` all, `server` as a `client` too. */
unsigned role_means(enum role role);

#define KEYS_MAX 1000        /* each is compared with what a request brings */
#define KEY_NAME_SIZE_MAX 64 /* letters, digits, - _ . ; begins with a letter or digit */
#define KEY_RANDOM_SIZE 32   /* of 62 characters: 190 bits */
#define KEY_TEXT_SIZE 48     /* "gw_analyst_", the random characters, NUL, and some room */
#define KEY_GRACE_MAX_MS (INT64_C(400) * 24 * 3600 * 1000)

enum key_end { KEY_END_NONE, KEY_END_REVOKED, KEY_END_ROTATED };

struct key {
    char name[KEY_NAME_SIZE_MAX + 1];
    enum role role;
    struct digest digest;
    int64_t created_ms;
    int64_t expires_ms; /* TIME_NONE: never */
    enum key_end end;
    int64_t end_ms; /* when it was revoked; of a rotated one the end of its grace */
};

struct keys {
    struct key *items; /* owned */
    size_t count;
};
void keys_done(struct keys *keys);

/* `name` may be that of a key. */
bool key_name_is_good(struct slice name);

enum key_state { KEY_GOOD, KEY_EXPIRED, KEY_REVOKED, KEY_ROTATED };
enum key_state key_state(const struct key *key, int64_t now_ms);
const char *key_state_text(enum key_state state); /* "good", "expired", "revoked", "rotated" */

/* The key whose text `given` is, in whatever state, or NULL.  Takes the same time whoever's it is:
 * every row is compared, each in constant time. */
const struct key *keys_find(const struct keys *keys, struct slice given);

/* Fills `keys`, which the caller has set to zero.  NOT_FOUND: there is no file; STORAGE: others
 * than its owner may read or write it, or it is not whole, and the error names path and line. */
MUST_CHECK enum status keys_read(const char *path, struct keys *keys, struct error *error);
/* The same of a text; `path` is for the error. */
MUST_CHECK enum status keys_parse(struct slice text, const char *path, struct keys *keys,
                                  struct error *error);

/* The text of such a file. */
void keys_format(const struct keys *keys, struct buffer *out);

/* Reads the file (none: no keys), has it changed, and writes it whole with mode 0600, or not at all
 * where `change` fails.  Others that change it wait meanwhile.  Run by root, the file keeps its
 * owner (a new one gets its folder's), or the service could not read it. */
typedef enum status keys_change_fn(struct keys *keys, void *context, struct error *error);
MUST_CHECK enum status keys_change(const char *path, keys_change_fn *change, void *context,
                                   struct error *error);

/* Makes the folder of a store that is not there yet, and what is missing on the way to it. */
MUST_CHECK enum status keys_make_folder(const char *folder, struct error *error);

/* The changes.  `text` gets a new key's text, which is told nowhere else. */
/* CONFLICT: a key of that name is in use; INVALID: the name, or `expires_ms` is not to come. */
MUST_CHECK enum status keys_add(struct keys *keys, const struct key *wanted, int64_t now_ms,
                                char text[static KEY_TEXT_SIZE], struct error *error);
/* Ends every key of that name now.  NOT_FOUND: there is none that has not ended. */
MUST_CHECK enum status keys_revoke(struct keys *keys, const char *name, int64_t now_ms,
                                   struct error *error);
/* A new key of the same name, role and expiry; the one before ends after `grace_ms`. */
MUST_CHECK enum status keys_rotate(struct keys *keys, const char *name, int64_t grace_ms,
                                   int64_t now_ms, char text[static KEY_TEXT_SIZE],
                                   struct error *error);

#endif
