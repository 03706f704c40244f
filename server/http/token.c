/* Implementation of token.h. */

#include "token.h"

#include "base/number.h"
#include "base/time.h"

#include <stdio.h>

#define TOKEN_PERIOD_S (12 * 3600)
#define TOKEN_DOMAIN 'T' /* keeps it apart from what else is keyed */
#define MAC_TEXT_SIZE (2 * 16 + 1)

/* `signed_part`: "NAME.SECONDS". */
static void mac_write(const struct key *key, struct slice signed_part,
                      char text[static MAC_TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    const struct slice secret = {.data = (const char *)key->digest.bytes,
                                 .size = sizeof key->digest.bytes};
    struct hash128 mac = hash_keyed(secret, TOKEN_DOMAIN, signed_part);
    for (size_t i = 0; i < sizeof mac.bytes; i++) {
        text[2 * i] = digits[mac.bytes[i] >> 4];
        text[2 * i + 1] = digits[mac.bytes[i] & 15];
    }
    text[MAC_TEXT_SIZE - 1] = '\0';
}

void token_write(const struct key *key, int64_t now_ms, char text[static TOKEN_TEXT_SIZE])
{
    char mac[MAC_TEXT_SIZE];
    int64_t ends_s = (now_ms / SECOND_MS / TOKEN_PERIOD_S + 2) * TOKEN_PERIOD_S;
    int size = snprintf(text, TOKEN_TEXT_SIZE, "%s.%lld", key->name, (long long)ends_s);
    mac_write(key, (struct slice){.data = text, .size = (size_t)size}, mac);
    snprintf(text + size, TOKEN_TEXT_SIZE - (size_t)size, ".%s", mac);
}

/* Cuts the last part, after a dot, off `*text`; empty where there is no dot. */
static struct slice last_part_cut(struct slice *text)
{
    for (size_t i = text->size; i-- > 0;) {
        if (text->data[i] != '.')
            continue;
        struct slice part = slice_from(*text, i + 1);
        text->size = i;
        return part;
    }
    return (struct slice){0};
}

static bool mac_is_of(const struct key *key, struct slice signed_part, struct slice mac)
{
    char wanted[MAC_TEXT_SIZE];
    struct digest ours = {{0}};
    struct digest theirs = {{0}};
    mac_write(key, signed_part, wanted);
    memcpy(ours.bytes, wanted, MAC_TEXT_SIZE - 1);
    memcpy(theirs.bytes, mac.data, MAC_TEXT_SIZE - 1);
    return digest_equal_in_constant_time(&ours, &theirs);
}

const struct key *token_find(const struct keys *keys, struct slice token, int64_t now_ms)
{
    struct slice rest = token;
    struct slice mac = last_part_cut(&rest);
    struct slice signed_part = rest;
    int64_t ends_s;
    if (!integer_parse(last_part_cut(&rest), &ends_s) || ends_s <= now_ms / SECOND_MS ||
        mac.size != MAC_TEXT_SIZE - 1)
        return NULL;
    for (size_t i = 0; i < keys->count; i++) {
        const struct key *key = &keys->items[i];
        if (slice_equals(rest, key->name) && key_state(key, now_ms) == KEY_GOOD &&
            mac_is_of(key, signed_part, mac))
            return key;
    }
    return NULL;
}
