/* Implementation of chunks.h: one state a place in the grammar. */

#include "chunks.h"

#define DIGITS_MAX 8 /* 4 GiB, far over every limit of a body */

enum {
    SIZE,     /* digits of a chunk's size; the initial state */
    SIZE_LF,  /* after the CR behind the size */
    DATA,     /* `left` bytes of data */
    DATA_CR,  /* the CR behind the data */
    DATA_LF,  /* the LF behind the data */
    LAST_LF,  /* after the CR behind the size 0 */
    FINAL_CR, /* the CR of the empty line at the end */
    FINAL_LF, /* its LF */
};

static int hex_value(unsigned char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    unsigned char lower = byte | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static enum chunks_step chunks_size(struct chunks *chunks, unsigned char byte)
{
    int digit = hex_value(byte);
    if (digit >= 0 && chunks->digits < DIGITS_MAX) {
        chunks->left = chunks->left << 4 | (unsigned)digit;
        chunks->digits++;
        return CHUNKS_MORE;
    }
    if (byte != '\r' || chunks->digits == 0)
        return CHUNKS_BAD;
    chunks->state = chunks->left ? SIZE_LF : LAST_LF;
    return CHUNKS_MORE;
}

/* A byte that has to be `wanted`. */
static enum chunks_step chunks_expect(struct chunks *chunks, unsigned char byte,
                                      unsigned char wanted, int state)
{
    if (byte != wanted)
        return CHUNKS_BAD;
    chunks->state = state;
    return CHUNKS_MORE;
}

static enum chunks_step chunks_byte(struct chunks *chunks, unsigned char byte)
{
    switch (chunks->state) {
    case SIZE: return chunks_size(chunks, byte);
    case SIZE_LF: return chunks_expect(chunks, byte, '\n', DATA);
    case DATA_CR: return chunks_expect(chunks, byte, '\r', DATA_LF);
    case DATA_LF: chunks->digits = 0; return chunks_expect(chunks, byte, '\n', SIZE);
    case LAST_LF: return chunks_expect(chunks, byte, '\n', FINAL_CR);
    case FINAL_CR: return chunks_expect(chunks, byte, '\r', FINAL_LF);
    case FINAL_LF: return byte == '\n' ? CHUNKS_END : CHUNKS_BAD;
    default: return CHUNKS_BAD;
    }
}

size_t chunks_feed(struct chunks *chunks, struct slice bytes, struct slice *data,
                   enum chunks_step *step)
{
    *step = CHUNKS_MORE;
    for (size_t i = 0; i < bytes.size; i++) {
        if (chunks->state == DATA) {
            size_t rest = bytes.size - i;
            size_t size = chunks->left < rest ? (size_t)chunks->left : rest;
            *data = (struct slice){.data = bytes.data + i, .size = size};
            chunks->left -= size;
            if (!chunks->left)
                chunks->state = DATA_CR;
            *step = CHUNKS_DATA;
            return i + size;
        }
        *step = chunks_byte(chunks, (unsigned char)bytes.data[i]);
        if (*step != CHUNKS_MORE)
            return i + 1;
    }
    return bytes.size;
}
