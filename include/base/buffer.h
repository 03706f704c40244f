#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

/*
 * Bytes that grow.  Appending never fails visibly: when memory or the limit runs out the buffer is
 * marked and stays as it was, and one look at the end (buffer_status) tells.  So what writes a
 * document is free of checks.
 *
 *     struct buffer out = {0};
 *     buffer_add(&out, SLICE("["));
 *     buffer_format(&out, "%d", 3);
 *     if (buffer_status(&out, error)) ...
 *     buffer_done(&out);
 *
 * Slices of a buffer live until the next append.
 */

#include "base/slice.h"
#include "base/status.h"

struct buffer {
    char *data;      /* owned */
    size_t size;     /* bytes in use */
    size_t capacity; /* bytes allocated; size <= capacity */
    size_t limit;    /* most bytes allowed, 0: none */
    bool failed;     /* an append was lost */
};

void buffer_done(struct buffer *buffer);
void buffer_clear(struct buffer *buffer); /* keeps the memory; forgets a failure */
void buffer_add(struct buffer *buffer, struct slice text);
void buffer_add_byte(struct buffer *buffer, char byte);
/* The text with '?' for all that is harmful in it (slice_harmful_size), for a terminal. */
void buffer_add_harmless(struct buffer *buffer, struct slice text);
void buffer_format(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
/* Makes room for `size` more bytes and returns where they go, NULL when there is none; the caller
 * then fills them and has them counted by buffer_grow. */
char *buffer_room(struct buffer *buffer, size_t size);
void buffer_grow(struct buffer *buffer, size_t size);
MUST_CHECK enum status buffer_status(const struct buffer *buffer, struct error *error);
static inline struct slice buffer_slice(const struct buffer *buffer)
{
    return (struct slice){.data = buffer->data, .size = buffer->size};
}

/* Little-endian and variable-length integers, for records. */
void buffer_add_u8(struct buffer *buffer, uint8_t value);
void buffer_add_u16(struct buffer *buffer, uint16_t value);
void buffer_add_u32(struct buffer *buffer, uint32_t value);
void buffer_add_u64(struct buffer *buffer, uint64_t value);
void buffer_add_varint(struct buffer *buffer, uint64_t value);   /* LEB128 */
void buffer_add_zigzag(struct buffer *buffer, int64_t value);    /* LEB128 of the zigzag form */
void buffer_add_sized(struct buffer *buffer, struct slice text); /* varint size, then the bytes */

/* Reads what the above wrote.  Reading past the end or a bad varint sets `failed`, gives 0 or an
 * empty slice, and everything after it fails too: one check at the end. */
struct reader {
    struct slice rest;
    bool failed;
};
uint8_t read_u8(struct reader *reader);
uint16_t read_u16(struct reader *reader);
uint32_t read_u32(struct reader *reader);
uint64_t read_u64(struct reader *reader);
uint64_t read_varint(struct reader *reader);
int64_t read_zigzag(struct reader *reader);
struct slice read_bytes(struct reader *reader, size_t size);
struct slice read_sized(struct reader *reader);

#endif
