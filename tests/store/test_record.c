/*
 * The record formats.  The golden bytes were written by hand of the description in store/record.h
 * with Python's struct and hashlib (the snippet below), not by the code under test:
 *
 *     def varint(n): LEB128;  zz(n) = varint(2n if n >= 0 else -2n - 1)
 *     def f(tag, b): return bytes([tag]) + varint(len(b)) + b
 *     body = f(1, zz(6)) + f(2, b"u1") + f(8, zz(1764000000123)) + f(9, zz(-5)) + f(11, b"crm")
 *          + f(12, b"1") + f(13, b'{"a":1}') + f(16, bytes(range(16)))
 *     key = pack(">Q", 0x0102030405060708); head = bytes([1, 1]) + pack("<H", 0x0403)
 *     rest = pack("<q", 1764000001000) + body
 *     sum = sha256(pack("<Q", 12) + key + head + rest).digest()[:8][::-1]
 *     value = head + sum + rest
 */

#include "store/record.h"

#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>

static const char golden_body[] =
    "01010c020275310806f6a1bfe9d6660901090b0363726d0c01310d077b2261223a317d1010000102"
    "030405060708090a0b0c0d0e0f";
static const char golden_value[] =
    "01010304258efba163d02b2ce8eb97b69a01000001010c020275310806f6a1bfe9d6660901090b03"
    "63726d0c01310d077b2261223a317d1010000102030405060708090a0b0c0d0e0f";
#define GOLDEN_SEQUENCE UINT64_C(0x0102030405060708)

static void assert_hex(struct slice bytes, const char *want)
{
    char got[512];
    assert_true(2 * bytes.size < sizeof got);
    got[0] = '\0';
    for (size_t i = 0; i < bytes.size; i++)
        snprintf(got + 2 * i, 3, "%02x", (unsigned char)bytes.data[i]);
    assert_string_equal(got, want);
}

static struct message golden_message(void)
{
    struct message message = {
        .type = MESSAGE_EXPOSURE,
        .user = SLICE("u1"),
        .occurred_ms = 1764000000123,
        .original_ms = -5,
        .sent_ms = TIME_NONE,
        .experiment = SLICE("crm"),
        .variation = SLICE("1"),
        .properties = SLICE("{\"a\":1}"),
    };
    for (unsigned char i = 0; i < 16; i++)
        message.content.bytes[i] = i;
    return message;
}

static void the_bytes_of_a_message_are_frozen(void **state)
{
    (void)state;
    struct message message = golden_message();
    struct buffer body = {0};
    message_write(&body, &message);
    assert_hex(buffer_slice(&body), golden_body);
    buffer_done(&body);
}

static void the_bytes_of_a_record_are_frozen(void **state)
{
    (void)state;
    struct message message = golden_message();
    struct buffer body = {0};
    struct buffer value = {0};
    message_write(&body, &message);
    struct record record = {
        .sequence = GOLDEN_SEQUENCE,
        .kind = RECORD_MESSAGE,
        .flags = 0x0403,
        .received_ms = 1764000001000,
        .body = buffer_slice(&body),
    };
    record_write(&value, &record);
    assert_hex(buffer_slice(&value), golden_value);
    struct record read = record_read(GOLDEN_SEQUENCE, buffer_slice(&value));
    assert_false(read.damaged);
    assert_int_equal(read.kind, RECORD_MESSAGE);
    assert_int_equal(read.flags, 0x0403);
    assert_int_equal(read.received_ms, 1764000001000);
    assert_true(slice_equal(read.body, buffer_slice(&body)));
    buffer_done(&value);
    buffer_done(&body);
}

static void a_message_reads_back_as_it_was(void **state)
{
    (void)state;
    struct message want = {
        .type = MESSAGE_PAGE,
        .user = SLICE("u"),
        .anonymous = SLICE("a"),
        .account = SLICE("acc"),
        .previous = SLICE("p"),
        .event = SLICE("Page Viewed"),
        .message_id = SLICE("m-1"),
        .occurred_ms = INT64_MAX,
        .original_ms = INT64_MIN + 1,
        .sent_ms = 0,
        .experiment = SLICE("e"),
        .variation = SLICE("v"),
        .properties = SLICE("{}"),
        .traits = SLICE("{\"t\":null}"),
        .context = SLICE("{\"c\":[]}"),
        .content = {.bytes = {255, 1}},
    };
    struct buffer body = {0};
    struct message got;
    message_write(&body, &want);
    assert_int_equal(message_read(buffer_slice(&body), &got, NULL), STATUS_OK);
    assert_int_equal(got.type, want.type);
    assert_true(slice_equal(got.user, want.user));
    assert_true(slice_equal(got.anonymous, want.anonymous));
    assert_true(slice_equal(got.account, want.account));
    assert_true(slice_equal(got.previous, want.previous));
    assert_true(slice_equal(got.event, want.event));
    assert_true(slice_equal(got.message_id, want.message_id));
    assert_true(got.occurred_ms == want.occurred_ms && got.original_ms == want.original_ms);
    assert_true(got.sent_ms == 0);
    assert_true(slice_equal(got.experiment, want.experiment));
    assert_true(slice_equal(got.variation, want.variation));
    assert_true(slice_equal(got.properties, want.properties));
    assert_true(slice_equal(got.traits, want.traits));
    assert_true(slice_equal(got.context, want.context));
    assert_memory_equal(got.content.bytes, want.content.bytes, 16);
    buffer_done(&body);
}

static size_t bytes_of_hex(const char *hex, char *bytes)
{
    size_t size = strlen(hex) / 2;
    for (size_t i = 0; i < size; i++) {
        char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        bytes[i] = (char)(unsigned char)strtoul(pair, NULL, 16);
    }
    return size;
}

static void every_flipped_bit_is_damage(void **state)
{
    (void)state;
    char bytes[128];
    size_t size = bytes_of_hex(golden_value, bytes);
    struct slice value = {.data = bytes, .size = size};
    for (size_t bit = 0; bit < 8 * size; bit++) {
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
        assert_true(record_read(GOLDEN_SEQUENCE, value).damaged);
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
    }
    assert_false(record_read(GOLDEN_SEQUENCE, value).damaged);
    assert_true(record_read(GOLDEN_SEQUENCE + 1, value).damaged); /* under another's key */
    for (value.size = 0; value.size < size; value.size++)
        assert_true(record_read(GOLDEN_SEQUENCE, value).damaged); /* cut off */
}

static void a_tag_of_a_newer_writer_is_passed_over(void **state)
{
    (void)state;
    char bytes[128];
    size_t size = bytes_of_hex(golden_body, bytes);
    memcpy(bytes + size, "\x63\x02hi", 4); /* tag 99 */
    struct message message;
    struct slice body = {.data = bytes, .size = size + 4};
    assert_int_equal(message_read(body, &message, NULL), STATUS_OK);
    assert_true(slice_equals(message.user, "u1"));
}

static void no_garbled_message_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        const char *why;
    } cases[] = {
        {"", "everything is missing"},
        {"01010c0801021010000102030405060708090a0b0c0d0e", "content is cut off"},
        {"01010c1010000102030405060708090a0b0c0d0e0f", "no time"},
        {"0801021010000102030405060708090a0b0c0d0e0f", "no type"},
        {"01010c080102", "no content"},
        {"0101100801021010000102030405060708090a0b0c0d0e0f", "type 8"},
        {"0101010801021010000102030405060708090a0b0c0d0e0f", "type -1"},
        {"01020c000801021010000102030405060708090a0b0c0d0e0f", "a number and a byte"},
        {"01010c08001010000102030405060708090a0b0c0d0e0f", "an empty number"},
        {"01010c080102080102"
         "1010000102030405060708090a0b0c0d0e0f",
         "a tag twice"},
        {"08010201010c1010000102030405060708090a0b0c0d0e0f", "tags out of order"},
        {"00000101"
         "0c0801021010000102030405060708090a0b0c0d0e0f",
         "tag 0"},
        {"01010c080102100f000102030405060708090a0b0c0d0e", "a content of 15 bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char bytes[128];
        struct slice body = {.data = bytes, .size = bytes_of_hex(cases[i].hex, bytes)};
        struct message message = {.type = MESSAGE_ALIAS, .occurred_ms = 77};
        struct error error = {0};
        if (message_read(body, &message, &error) != STATUS_INVALID)
            fail_msg("%s", cases[i].why);
        assert_int_equal(error.status, STATUS_INVALID);
        assert_true(message.occurred_ms == 77 && message.type == MESSAGE_ALIAS); /* untouched */
    }
}

static void a_catalogue_body_gives_its_files_back(void **state)
{
    (void)state;
    struct buffer body = {0};
    catalogue_body_begin(&body, 2);
    catalogue_body_add(&body, SLICE("e/a.yaml"), SLICE("a.yaml"), SLICE("key: a\n"));
    catalogue_body_add(&body, SLICE("e/b.yaml"), SLICE("b.yaml"), SLICE(""));
    assert_memory_equal(body.data,
                        "\x02\x08"
                        "e/a.yaml\x06"
                        "a.yaml\x07"
                        "key: a\n\x08",
                        26);
    struct catalogue_files files;
    struct slice path, name, text;
    assert_int_equal(catalogue_body_read(buffer_slice(&body), &files, NULL), STATUS_OK);
    assert_true(catalogue_body_next(&files, &path, &name, &text));
    assert_true(slice_equals(path, "e/a.yaml") && slice_equals(name, "a.yaml"));
    assert_true(slice_equals(text, "key: a\n"));
    assert_true(catalogue_body_next(&files, &path, &name, &text));
    assert_true(slice_equals(name, "b.yaml") && slice_is_empty(text));
    assert_false(catalogue_body_next(&files, &path, &name, &text));
    assert_false(files.reader.failed);
    buffer_done(&body);
}

static void a_catalogue_body_that_promises_too_much_is_refused(void **state)
{
    (void)state;
    struct catalogue_files files;
    struct slice path, name, text;
    assert_int_equal(catalogue_body_read(SLICE("\xff\xff\x03zzzzzz"), &files, NULL),
                     STATUS_INVALID);
    assert_int_equal(catalogue_body_read(SLICE(""), &files, NULL), STATUS_INVALID);
    assert_int_equal(catalogue_body_read(SLICE("\x01\x7fzzzz"), &files, NULL), STATUS_OK);
    assert_false(catalogue_body_next(&files, &path, &name, &text));
    assert_true(files.reader.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_of_a_message_are_frozen),
        cmocka_unit_test(the_bytes_of_a_record_are_frozen),
        cmocka_unit_test(a_message_reads_back_as_it_was),
        cmocka_unit_test(every_flipped_bit_is_damage),
        cmocka_unit_test(a_tag_of_a_newer_writer_is_passed_over),
        cmocka_unit_test(no_garbled_message_is_read),
        cmocka_unit_test(a_catalogue_body_gives_its_files_back),
        cmocka_unit_test(a_catalogue_body_that_promises_too_much_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
