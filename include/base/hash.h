#ifndef BASE_HASH_H
#define BASE_HASH_H

/*
 * Digests, all by OpenSSL: SHA-256 for what is published or chained, its first 128 or 64 bits where
 * a shorter key or a checksum is enough, and a keyed 128-bit hash (HMAC-SHA-256 truncated, RFC
 * 2104) for ids, so that nobody without the secret can look an id up.  Thread-safe.
 */

#include "base/slice.h"

#define DIGEST_SIZE 32
#define DIGEST_TEXT_SIZE 72 /* "sha256:" and 64 hexadecimal digits and NUL */

struct digest {
    unsigned char bytes[DIGEST_SIZE];
};
struct hash128 {
    unsigned char bytes[16];
};

struct digest hash_sha256(struct slice data);
struct digest hash_sha256_parts(const struct slice *parts, size_t count);
char *digest_format(const struct digest *digest, char text[static DIGEST_TEXT_SIZE]);
bool digest_parse(struct slice text, struct digest *digest); /* "sha256:..." */
static inline bool digest_equal(const struct digest *a, const struct digest *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* 1 or 0, in a time that does not depend on where they differ: for what may not be guessed. */
unsigned digest_equal_in_constant_time(const struct digest *a, const struct digest *b);

/* The first 128 bits of SHA-256. */
struct hash128 hash_content(struct slice data);
static inline int hash128_compare(const struct hash128 *a, const struct hash128 *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}
/* Keyed: of (kind, id) under the store's secret. */
struct hash128 hash_keyed(struct slice secret, unsigned char kind, struct slice id);
/* The checksum of records: the first 64 bits of SHA-256 over the size of `key`, `key`, `value`. */
uint64_t hash_checksum(struct slice key, struct slice value);

#endif
