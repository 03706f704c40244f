/*
 * Digests by OpenSSL.  Fetching an algorithm walks OpenSSL's tables under a lock, so that is done
 * once for the process; the working memory is made once for a thread, because most of what is
 * hashed is a few dozen bytes.  A thread also keeps the last secret keyed in: the store has one.
 * The only way to fail is to have no memory for a thread's first digest; there is nothing to go on
 * with then, and the process stops.
 */

#include "base/hash.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

#define SECRET_SIZE_MAX 64 /* longer ones work too, but are keyed in anew each time */

static const char digest_prefix[] = "sha256:";

struct hasher {
    EVP_MD_CTX *digest;
    EVP_MAC_CTX *keyed;
    char secret[SECRET_SIZE_MAX];
    size_t secret_size;
    bool has_secret;
};

static EVP_MD *sha256;
static EVP_MAC *hmac;
static pthread_key_t hasher_key;
static pthread_once_t hasher_once = PTHREAD_ONCE_INIT;
static _Thread_local struct hasher *hasher;

static void hasher_free(void *memory)
{
    struct hasher *old = memory;
    EVP_MD_CTX_free(old->digest);
    EVP_MAC_CTX_free(old->keyed);
    OPENSSL_cleanse(old->secret, sizeof old->secret);
    free(old);
    hasher = NULL; /* another key's destructor may still hash */
}

static void hasher_fetch(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (!sha256 || !hmac || pthread_key_create(&hasher_key, hasher_free) != 0)
        abort();
}

static struct hasher *hasher_make(void)
{
    pthread_once(&hasher_once, hasher_fetch);
    struct hasher *made = calloc(1, sizeof *made);
    if (!made)
        abort();
    made->digest = EVP_MD_CTX_new();
    made->keyed = EVP_MAC_CTX_new(hmac);
    if (!made->digest || !made->keyed || pthread_setspecific(hasher_key, made) != 0)
        abort();
    hasher = made;
    return made;
}

static struct hasher *hasher_get(void)
{
    return hasher ? hasher : hasher_make();
}

struct digest hash_sha256_parts(const struct slice *parts, size_t count)
{
    struct digest digest;
    EVP_MD_CTX *work = hasher_get()->digest;
    bool good = EVP_DigestInit_ex2(work, sha256, NULL) == 1;
    for (size_t i = 0; i < count; i++)
        good = good && EVP_DigestUpdate(work, parts[i].data, parts[i].size) == 1;
    good = good && EVP_DigestFinal_ex(work, digest.bytes, NULL) == 1;
    if (!good)
        abort();
    return digest;
}

struct digest hash_sha256(struct slice data)
{
    return hash_sha256_parts(&data, 1);
}

char *digest_format(const struct digest *digest, char text[static DIGEST_TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    char *to = text + sizeof digest_prefix - 1;
    memcpy(text, digest_prefix, sizeof digest_prefix - 1);
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        *to++ = digits[digest->bytes[i] >> 4];
        *to++ = digits[digest->bytes[i] & 15];
    }
    *to = '\0';
    return text;
}

/* -1 when it is no lower-case hexadecimal digit. */
static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool digest_parse(struct slice text, struct digest *digest)
{
    struct digest parsed;
    if (!slice_starts_with(text, SLICE("sha256:")))
        return false;
    text = slice_from(text, sizeof digest_prefix - 1);
    if (text.size != 2 * (size_t)DIGEST_SIZE)
        return false;
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        int high = digit_value(text.data[2 * i]);
        int low = digit_value(text.data[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        parsed.bytes[i] = (unsigned char)(high * 16 + low);
    }
    *digest = parsed;
    return true;
}

unsigned digest_equal_in_constant_time(const struct digest *a, const struct digest *b)
{
    return CRYPTO_memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static struct hash128 first_half(const struct digest *digest)
{
    struct hash128 half;
    memcpy(half.bytes, digest->bytes, sizeof half.bytes);
    return half;
}

struct hash128 hash_content(struct slice data)
{
    struct digest digest = hash_sha256(data);
    return first_half(&digest);
}

static bool secret_is_keyed(const struct hasher *mine, struct slice secret)
{
    return mine->has_secret &&
           slice_equal(secret, (struct slice){.data = mine->secret, .size = mine->secret_size});
}

/* Readies the thread's HMAC for a text under `secret`. */
static bool secret_key(struct hasher *mine, struct slice secret)
{
    if (secret_is_keyed(mine, secret))
        return EVP_MAC_init(mine->keyed, NULL, 0, NULL) == 1;
    char name[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
        OSSL_PARAM_construct_end(),
    };
    const unsigned char *key = (const unsigned char *)(secret.size ? secret.data : "");
    mine->has_secret = secret.size <= sizeof mine->secret;
    mine->secret_size = mine->has_secret ? secret.size : 0;
    if (mine->secret_size)
        memcpy(mine->secret, secret.data, secret.size);
    return EVP_MAC_init(mine->keyed, key, secret.size, parameters) == 1;
}

struct hash128 hash_keyed(struct slice secret, unsigned char kind, struct slice id)
{
    struct digest digest;
    size_t size = 0;
    struct hasher *mine = hasher_get();
    bool good = secret_key(mine, secret) && EVP_MAC_update(mine->keyed, &kind, 1) == 1 &&
                EVP_MAC_update(mine->keyed, (const unsigned char *)id.data, id.size) == 1 &&
                EVP_MAC_final(mine->keyed, digest.bytes, &size, sizeof digest.bytes) == 1;
    if (!good)
        abort();
    return first_half(&digest);
}

uint64_t hash_checksum(struct slice key, struct slice value)
{
    char size[8];
    for (size_t i = 0; i < sizeof size; i++)
        size[i] = (char)(unsigned char)((uint64_t)key.size >> (8 * i));
    struct slice parts[] = {{.data = size, .size = sizeof size}, key, value};
    struct digest digest = hash_sha256_parts(parts, 3);
    uint64_t sum = 0;
    for (size_t i = 0; i < 8; i++)
        sum = sum << 8 | digest.bytes[i];
    return sum;
}
