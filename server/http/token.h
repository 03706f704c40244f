#ifndef HTTP_TOKEN_H
#define HTTP_TOKEN_H

/*
 * A token stands for a key where a URL is all that a client can send, on routes that say so
 * (`takes_token`):
 *
 *     NAME.SECONDS.MAC     the key's name; when it ends, in seconds since 1970; 32 hexadecimal
 *                          digits of HMAC-SHA-256 over both, keyed by the digest of the key
 *
 * It is worth no more than that route, it ends by itself after 12 to 24 hours and at once with its
 * key, and the key can't be told from it.  Servers with the same file of keys take each other's.
 * Within half a day all tokens of a key are the same, so that an answer with one keeps its tag.
 */

#include "store/keys.h"

#define TOKEN_TEXT_SIZE (KEY_NAME_SIZE_MAX + 64)

void token_write(const struct key *key, int64_t now_ms, char text[static TOKEN_TEXT_SIZE]);
/* The key that it stands for, and that is in use; NULL: none, or the token has ended. */
const struct key *token_find(const struct keys *keys, struct slice token, int64_t now_ms);

#endif
