/* Digests against FIPS 180-4 and RFC 4231, from several threads. */

#include "base/hash.h"
#include "support/support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static void check_digest(struct slice data, const char *want)
{
    char text[DIGEST_TEXT_SIZE];
    struct digest digest = hash_sha256(data);
    assert_string_equal(digest_format(&digest, text) + strlen("sha256:"), want);
}

static void sha_256_has_the_published_vectors(void **state)
{
    (void)state;
    check_digest(SLICE("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_digest((struct slice){0},
                 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_digest(SLICE("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
                 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    size_t size = 1000000;
    char *many = malloc(size);
    assert_non_null(many);
    memset(many, 'a', size);
    check_digest((struct slice){.data = many, .size = size},
                 "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(many);
}

static void parts_hash_as_their_whole(void **state)
{
    (void)state;
    struct slice parts[] = {SLICE("a"), {0}, SLICE("b"), SLICE("c")};
    struct digest whole = hash_sha256(SLICE("abc"));
    struct digest joined = hash_sha256_parts(parts, 4);
    assert_true(digest_equal(&whole, &joined));
    struct hash128 half = hash_content(SLICE("abc"));
    assert_memory_equal(half.bytes, whole.bytes, sizeof half.bytes);
}

static void every_bit_of_a_digest_counts_in_constant_time_too(void **state)
{
    (void)state;
    struct digest digest = hash_sha256(SLICE("abc"));
    for (size_t bit = 0; bit < 8 * DIGEST_SIZE; bit++) {
        struct digest other = digest;
        assert_int_equal(digest_equal_in_constant_time(&digest, &other), 1);
        other.bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
        assert_int_equal(digest_equal_in_constant_time(&digest, &other), 0);
    }
}

static void digests_survive_their_text_and_odd_texts_are_refused(void **state)
{
    (void)state;
    char text[DIGEST_TEXT_SIZE];
    struct digest digest = hash_sha256(SLICE("abc")), back = {{0}};
    digest_format(&digest, text);
    assert_true(digest_parse(slice_of(text), &back));
    assert_true(digest_equal(&digest, &back));
    struct slice good = slice_of(text);
    assert_false(digest_parse((struct slice){.data = text, .size = good.size - 1}, &back));
    assert_false(digest_parse(slice_from(good, 1), &back));
    text[20] = 'g';
    assert_false(digest_parse(good, &back));
    text[20] = 'A';
    assert_false(digest_parse(good, &back));
    assert_false(digest_parse((struct slice){0}, &back));
    assert_true(digest_equal(&digest, &back));
}

/* RFC 4231: secret, text (the kind is its first byte), the first 128 bits. */
static void check_keyed(struct slice secret, struct slice text, const char *want)
{
    struct hash128 hash = hash_keyed(secret, (unsigned char)text.data[0], slice_from(text, 1));
    char hexadecimal[33];
    for (size_t i = 0; i < 16; i++)
        snprintf(hexadecimal + 2 * i, 3, "%02x", hash.bytes[i]);
    assert_string_equal(hexadecimal, want);
}

static void *check_all_keyed(void *unused)
{
    (void)unused;
    char eleven[20], many[131];
    memset(eleven, 0x0b, sizeof eleven);
    memset(many, 0xaa, sizeof many);
    struct slice long_secret = {.data = many, .size = sizeof many};
    for (int round = 0; round < 3; round++) {
        for (int again = 0; again < 2; again++)
            check_keyed(SLICE("Jefe"), SLICE("what do ya want for nothing?"),
                        "5bdcc146bf60754e6a042426089575c7");
        check_keyed((struct slice){.data = eleven, .size = 20}, SLICE("Hi There"),
                    "b0344c61d8db38535ca8afceaf0bf12b");
        for (int again = 0; again < 2; again++)
            check_keyed(long_secret,
                        SLICE("Test Using Larger Than Block-Size Key - Hash Key First"),
                        "60e431591ee0b67f0d8a26aacbf5b77f");
    }
    return NULL;
}

static void keyed_hashes_have_the_vectors_of_rfc_4231_whatever_came_before(void **state)
{
    (void)state;
    check_all_keyed(NULL);
}

static void threads_hash_apart(void **state)
{
    (void)state;
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, check_all_keyed, NULL), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void an_empty_secret_or_id_is_an_input_like_others(void **state)
{
    (void)state;
    struct hash128 a = hash_keyed((struct slice){0}, 1, (struct slice){0});
    struct hash128 b = hash_keyed((struct slice){0}, 2, (struct slice){0});
    struct hash128 c = hash_keyed(SLICE("s"), 1, (struct slice){0});
    struct hash128 again = hash_keyed((struct slice){0}, 1, (struct slice){0});
    assert_true(hash128_compare(&a, &b) != 0 && hash128_compare(&a, &c) != 0);
    assert_true(hash128_compare(&a, &again) == 0);
}

/* python3: sha256(struct.pack('<Q', 3) + b'abc' + b'de').digest()[:8] as a number, first byte
 * highest. */
static void a_checksum_covers_where_the_key_ends(void **state)
{
    (void)state;
    assert_true(hash_checksum(SLICE("abc"), SLICE("de")) == UINT64_C(0x8ad0fe6e4559dd04));
    assert_true(hash_checksum(SLICE("ab"), SLICE("cde")) !=
                hash_checksum(SLICE("abc"), SLICE("de")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha_256_has_the_published_vectors),
        cmocka_unit_test(parts_hash_as_their_whole),
        cmocka_unit_test(every_bit_of_a_digest_counts_in_constant_time_too),
        cmocka_unit_test(digests_survive_their_text_and_odd_texts_are_refused),
        cmocka_unit_test(keyed_hashes_have_the_vectors_of_rfc_4231_whatever_came_before),
        cmocka_unit_test(threads_hash_apart),
        cmocka_unit_test(an_empty_secret_or_id_is_an_input_like_others),
        cmocka_unit_test(a_checksum_covers_where_the_key_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
