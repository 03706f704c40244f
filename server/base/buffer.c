/*
 * Buffers and the integers of records: little-endian of fixed size, and LEB128 (seven bits a byte,
 * lowest first, the top bit says that more follow) with the zigzag form for signed ones.  A varint
 * has one spelling only: the reader refuses superfluous zero bytes and more than 64 bits.
 */

#include "base/buffer.h"

#include "base/int128.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define CAPACITY_MIN ((size_t)64)
#define VARINT_SIZE_MAX 10

void buffer_done(struct buffer *buffer)
{
    if (!buffer)
        return;
    free(buffer->data);
    *buffer = (struct buffer){.limit = buffer->limit};
}

void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
    buffer->failed = false;
}

static char *buffer_refuse(struct buffer *buffer)
{
    buffer->failed = true;
    return NULL;
}

static char *buffer_enlarge(struct buffer *buffer, size_t needed)
{
    size_t capacity = buffer->capacity ? buffer->capacity : CAPACITY_MIN;
    while (capacity < needed)
        capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
    char *data = realloc(buffer->data, capacity);
    if (!data)
        return buffer_refuse(buffer);
    buffer->data = data;
    buffer->capacity = capacity;
    return data + buffer->size;
}

char *buffer_room(struct buffer *buffer, size_t size)
{
    size_t needed;
    if (buffer->failed)
        return NULL;
    if (__builtin_add_overflow(buffer->size, size, &needed) ||
        (buffer->limit && needed > buffer->limit))
        return buffer_refuse(buffer);
    if (needed > buffer->capacity || !buffer->data)
        return buffer_enlarge(buffer, needed);
    return buffer->data + buffer->size;
}

void buffer_grow(struct buffer *buffer, size_t size)
{
    assert(size <= buffer->capacity - buffer->size);
    buffer->size += size;
}

void buffer_add(struct buffer *buffer, struct slice text)
{
    char *room = text.size ? buffer_room(buffer, text.size) : NULL;
    if (!room)
        return;
    memcpy(room, text.data, text.size);
    buffer->size += text.size;
}

void buffer_add_harmless(struct buffer *buffer, struct slice text)
{
    size_t plain = 0;
    while (plain < text.size) {
        size_t harmful = slice_harmful_size(slice_from(text, plain));
        if (!harmful) {
            plain++;
            continue;
        }
        buffer_add(buffer, (struct slice){.data = text.data, .size = plain});
        buffer_add(buffer, SLICE("?"));
        text = slice_from(text, plain + harmful);
        plain = 0;
    }
    buffer_add(buffer, text);
}

void buffer_add_byte(struct buffer *buffer, char byte)
{
    char *room = buffer_room(buffer, 1);
    if (!room)
        return;
    *room = byte;
    buffer->size++;
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size < 0) {
        buffer_refuse(buffer);
        return;
    }
    /* vsnprintf ends with a NUL, which is not part of the text and does not count for the limit. */
    char *room = buffer_room(buffer, (size_t)size);
    if (room && buffer->capacity - buffer->size == (size_t)size)
        room = buffer_enlarge(buffer, buffer->capacity + 1);
    if (!room)
        return;
    va_start(arguments, format);
    vsnprintf(room, (size_t)size + 1, format, arguments);
    va_end(arguments);
    buffer->size += (size_t)size;
}

enum status buffer_status(const struct buffer *buffer, struct error *error)
{
    if (!buffer->failed)
        return STATUS_OK;
    if (buffer->limit)
        return FAIL(error, STATUS_TOO_LARGE, "", 0, "the text is longer than %zu bytes",
                    buffer->limit);
    return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory for a text of more than %zu bytes",
                buffer->size);
}

static void add_little_endian(struct buffer *buffer, uint64_t value, size_t size)
{
    char *room = buffer_room(buffer, size);
    if (!room)
        return;
    for (size_t i = 0; i < size; i++)
        room[i] = (char)(unsigned char)(value >> (8 * i));
    buffer->size += size;
}

void buffer_add_u8(struct buffer *buffer, uint8_t value)
{
    add_little_endian(buffer, value, 1);
}

void buffer_add_u16(struct buffer *buffer, uint16_t value)
{
    add_little_endian(buffer, value, 2);
}

void buffer_add_u32(struct buffer *buffer, uint32_t value)
{
    add_little_endian(buffer, value, 4);
}

void buffer_add_u64(struct buffer *buffer, uint64_t value)
{
    add_little_endian(buffer, value, 8);
}

void buffer_add_varint(struct buffer *buffer, uint64_t value)
{
    char bytes[VARINT_SIZE_MAX];
    size_t size = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[size++] = (char)(unsigned char)(value | 0x80);
    bytes[size++] = (char)(unsigned char)value;
    buffer_add(buffer, (struct slice){.data = bytes, .size = size});
}

void buffer_add_zigzag(struct buffer *buffer, int64_t value)
{
    uint64_t sign = value < 0 ? UINT64_MAX : 0;
    buffer_add_varint(buffer, ((uint64_t)value << 1) ^ sign);
}

void buffer_add_sized(struct buffer *buffer, struct slice text)
{
    buffer_add_varint(buffer, text.size);
    buffer_add(buffer, text);
}

struct slice read_bytes(struct reader *reader, size_t size)
{
    if (reader->failed || size > reader->rest.size) {
        reader->failed = true;
        return (struct slice){0};
    }
    struct slice bytes = {.data = reader->rest.data, .size = size};
    reader->rest = slice_from(reader->rest, size);
    return bytes;
}

static uint64_t read_little_endian(struct reader *reader, size_t size)
{
    struct slice bytes = read_bytes(reader, size);
    uint64_t value = 0;
    for (size_t i = bytes.size; i > 0; i--)
        value = value << 8 | (unsigned char)bytes.data[i - 1];
    return value;
}

uint8_t read_u8(struct reader *reader)
{
    return (uint8_t)read_little_endian(reader, 1);
}

uint16_t read_u16(struct reader *reader)
{
    return (uint16_t)read_little_endian(reader, 2);
}

uint32_t read_u32(struct reader *reader)
{
    return (uint32_t)read_little_endian(reader, 4);
}

uint64_t read_u64(struct reader *reader)
{
    return read_little_endian(reader, 8);
}

uint64_t read_varint(struct reader *reader)
{
    uint64_t value = 0;
    size_t size = reader->failed ? 0 : reader->rest.size;
    for (size_t i = 0; i < size && i < VARINT_SIZE_MAX; i++) {
        unsigned char byte = (unsigned char)reader->rest.data[i];
        bool is_superfluous = i > 0 && byte == 0;
        if (is_superfluous || (i == VARINT_SIZE_MAX - 1 && byte > 1))
            break;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            reader->rest = slice_from(reader->rest, i + 1);
            return value;
        }
    }
    reader->failed = true;
    return 0;
}

int64_t read_zigzag(struct reader *reader)
{
    uint64_t value = read_varint(reader);
    uint64_t sign = value & 1 ? UINT64_MAX : 0;
    return (int64_t)((value >> 1) ^ sign);
}

struct slice read_sized(struct reader *reader)
{
    return read_bytes(reader, read_varint(reader));
}

void int128_format(struct buffer *out, int128 value)
{
    char digits[40]; /* 2^127 has 39 digits */
    size_t at = sizeof digits;
    uint128 magnitude = value < 0 ? -(uint128)value : (uint128)value;
    do {
        digits[--at] = (char)('0' + (int)(magnitude % 10));
        magnitude /= 10;
    } while (magnitude);
    if (value < 0)
        buffer_add_byte(out, '-');
    buffer_add(out, (struct slice){.data = digits + at, .size = sizeof digits - at});
}
