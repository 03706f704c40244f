/* Buffers and the integers of records: what is written is read back, and nothing else is read. */

#include "base/buffer.h"
#include "base/random.h"
#include "support/support.h"

static struct slice whole(const struct buffer *buffer)
{
    return buffer_slice(buffer);
}

static void appends_join(void **state)
{
    (void)state;
    struct buffer out = {0};
    struct error error = {0};
    buffer_add(&out, (struct slice){0});
    buffer_add_byte(&out, '[');
    for (int i = 0; i < 1000; i++)
        buffer_format(&out, "%d,", i % 10);
    buffer_add(&out, SLICE("]"));
    assert_int_equal(buffer_status(&out, &error), STATUS_OK);
    assert_int_equal(out.size, 2002);
    assert_true(slice_starts_with(whole(&out), SLICE("[0,1,2")));
    assert_true(slice_ends_with(whole(&out), SLICE("8,9,]")));
    buffer_done(&out);
    buffer_done(&out);
    buffer_done(NULL);
}

/* A format that ends where the memory ends needs a byte more for its NUL, at every size. */
static void a_format_fits_at_every_fill(void **state)
{
    (void)state;
    for (int fill = 0; fill < 200; fill++) {
        struct buffer out = {0};
        for (int i = 0; i < fill; i++)
            buffer_add_byte(&out, 'x');
        buffer_format(&out, "%s", "abcd");
        assert_int_equal(out.size, fill + 4);
        assert_true(slice_ends_with(whole(&out), SLICE("abcd")));
        buffer_done(&out);
    }
}

static void a_limit_is_met_and_what_passes_it_is_lost_whole(void **state)
{
    (void)state;
    struct buffer out = {.limit = 8};
    struct error error = {0};
    buffer_format(&out, "%s", "1234");
    buffer_add(&out, SLICE("5678"));
    assert_int_equal(buffer_status(&out, &error), STATUS_OK);
    buffer_add_byte(&out, '9');
    assert_int_equal(buffer_status(&out, &error), STATUS_TOO_LARGE);
    assert_true(slice_equals(whole(&out), "12345678"));
    buffer_clear(&out);
    assert_int_equal(buffer_status(&out, &error), STATUS_OK);
    buffer_add(&out, SLICE("123456789"));
    buffer_add_byte(&out, 'x'); /* after a lost append, a document must not go on */
    assert_int_equal(out.size, 0);
    assert_null(buffer_room(&out, 1));
    buffer_done(&out);
    assert_int_equal(out.limit, 8);
}

static void room_is_filled_and_counted(void **state)
{
    (void)state;
    struct buffer out = {0};
    char *room = buffer_room(&out, 100);
    assert_non_null(room);
    memcpy(room, "abc", 3);
    buffer_grow(&out, 3);
    assert_true(slice_equals(whole(&out), "abc"));
    assert_non_null(buffer_room(&out, 0));
    assert_null(buffer_room(&out, SIZE_MAX));
    assert_true(out.failed);
    buffer_done(&out);
}

/* The bytes of the LEB128 article and of the protocol buffers' page on encoding. */
static void bytes_are_the_published_ones(void **state)
{
    (void)state;
    struct buffer out = {0};
    buffer_add_varint(&out, 624485);
    buffer_add_varint(&out, 150);
    buffer_add_zigzag(&out, -1);
    buffer_add_zigzag(&out, 2147483647);
    buffer_add_u8(&out, 0xfe);
    buffer_add_u16(&out, 0x0102);
    buffer_add_u32(&out, 0x01020304);
    buffer_add_u64(&out, UINT64_C(0x0102030405060708));
    buffer_add_sized(&out, SLICE("ab"));
    static const char want[] = "\xe5\x8e\x26"
                               "\x96\x01"
                               "\x01"
                               "\xfe\xff\xff\xff\x0f"
                               "\xfe"
                               "\x02\x01"
                               "\x04\x03\x02\x01"
                               "\x08\x07\x06\x05\x04\x03\x02\x01"
                               "\x02"
                               "ab";
    assert_int_equal(out.size, sizeof want - 1);
    assert_memory_equal(out.data, want, sizeof want - 1);
    buffer_done(&out);
}

static uint64_t random_any_size(struct random *random)
{
    return random_next(random) >> random_below(random, 64);
}

static void write_record(struct buffer *out, struct random *random)
{
    char text[40];
    uint64_t value = random_any_size(random);
    memset(text, 'a' + (int)(value % 26), sizeof text);
    buffer_add_u8(out, (uint8_t)value);
    buffer_add_u16(out, (uint16_t)value);
    buffer_add_u32(out, (uint32_t)value);
    buffer_add_u64(out, value);
    buffer_add_varint(out, value);
    buffer_add_zigzag(out, (int64_t)value);
    buffer_add_zigzag(out, -(int64_t)(value >> 1));
    buffer_add_sized(out, (struct slice){.data = text, .size = value % 40});
}

static bool read_record(struct reader *reader, struct random *random)
{
    uint64_t value = random_any_size(random);
    bool same = read_u8(reader) == (uint8_t)value;
    same = (read_u16(reader) == (uint16_t)value) && same;
    same = (read_u32(reader) == (uint32_t)value) && same;
    same = (read_u64(reader) == value) && same;
    same = (read_varint(reader) == value) && same;
    same = (read_zigzag(reader) == (int64_t)value) && same;
    same = (read_zigzag(reader) == -(int64_t)(value >> 1)) && same;
    struct slice text = read_sized(reader);
    return same && text.size == value % 40 &&
           (text.size == 0 || text.data[text.size - 1] == 'a' + (int)(value % 26));
}

static void what_is_written_is_read_and_every_cut_is_noticed(void **state)
{
    (void)state;
    struct random writes = {.state = 8}, reads = {.state = 8};
    for (int i = 0; i < 2000; i++) {
        struct buffer out = {0};
        write_record(&out, &writes);
        struct random before = reads;
        struct reader reader = {.rest = buffer_slice(&out)};
        assert_true(read_record(&reader, &reads));
        assert_false(reader.failed);
        assert_int_equal(reader.rest.size, 0);
        size_t cut = random_below(&writes, out.size);
        reads.state = writes.state;
        reader = (struct reader){.rest = {.data = out.data, .size = cut}};
        read_record(&reader, &before);
        assert_true(reader.failed);
        buffer_done(&out);
    }
}

static void a_bad_varint_fails_and_so_does_all_after_it(void **state)
{
    (void)state;
    static const struct slice bad[] = {
        SLICE_INIT(""),
        SLICE_INIT("\x80"),
        SLICE_INIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),     /* 65 bits */
        SLICE_INIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x01"), /* eleven bytes */
        SLICE_INIT("\x80\x00"),                                     /* 0 in two bytes */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct reader reader = {.rest = bad[i]};
        assert_true(read_varint(&reader) == 0);
        assert_true(reader.failed);
        assert_int_equal(read_u8(&reader), 0);
        assert_true(slice_is_empty(read_bytes(&reader, 0)));
        assert_true(reader.failed);
    }
    struct reader reader = {.rest = SLICE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")};
    assert_true(read_varint(&reader) == UINT64_MAX && !reader.failed);
    reader = (struct reader){.rest = SLICE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                                           "ab")};
    assert_true(slice_is_empty(read_sized(&reader)) && reader.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_join),
        cmocka_unit_test(a_format_fits_at_every_fill),
        cmocka_unit_test(a_limit_is_met_and_what_passes_it_is_lost_whole),
        cmocka_unit_test(room_is_filled_and_counted),
        cmocka_unit_test(bytes_are_the_published_ones),
        cmocka_unit_test(what_is_written_is_read_and_every_cut_is_noticed),
        cmocka_unit_test(a_bad_varint_fails_and_so_does_all_after_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
