#ifndef HTTP_KEYRING_H
#define HTTP_KEYRING_H

/*
 * The keys in force.  The main thread watches the file and reads it again when it changes; a worker
 * holds a reference to the table that it used last and looks at a counter with every request, so
 * the first request after a change goes by it.
 *
 * The door only shuts.  Without a file everybody may all (and only loopback is listened on); once
 * there was one, a key is asked for, also when the file is gone.  A changed file that can't be read
 * leaves the last good keys in force, or, where there was none, no key at all opens; log and
 * /healthz say so until it can.
 */

#include "store/keys.h"

struct event_base;
struct health;
struct keyring;
struct key_table;

/* What a worker holds; begin with zero. */
struct keyring_hold {
    struct key_table *table;
    uint64_t generation;
};

/* Reads the file.  `is_wanted`: it was named, and has to be there (NOT_FOUND).  Other failures are
 * those of keys_read. */
MUST_CHECK enum status keyring_new(const char *path, bool is_wanted, struct keyring **keyring,
                                   struct error *error);
/* Watches from here on; the folder of the file may be made later. */
MUST_CHECK enum status keyring_watch(struct keyring *keyring, struct event_base *base,
                                     struct health *health, struct error *error);
void keyring_free(
    struct keyring *keyring); /* after its workers and before its base; NULL is fine */

/* The main thread: whether the file is there; reads it now, for that cause. */
bool keyring_has_keys(const struct keyring *keyring);
void keyring_read(struct keyring *keyring, const char *cause);

/* Any thread, each with its own hold: the keys in force, until the next call.  NULL: no file, and
 * everybody may all. */
const struct keys *keyring_keys(struct keyring *keyring, struct keyring_hold *hold);
void keyring_let_go(struct keyring_hold *hold);

#endif
