#ifndef HTTP_CHUNKS_H
#define HTTP_CHUNKS_H

/*
 * The chunked transfer coding (RFC 9112, 7.1), strictly: a size of 1 to 8 hexadecimal digits, CRLF,
 * the data, CRLF; at the end size 0 and an empty line.  Chunk extensions and trailer fields, which
 * no client of ours sends and proxies read differently, are refused.
 */

#include "base/slice.h"

struct chunks {
    int state;
    unsigned digits;
    uint64_t left; /* of the chunk's data */
};

enum chunks_step { CHUNKS_MORE, CHUNKS_DATA, CHUNKS_END, CHUNKS_BAD };

/* Uses some of `bytes` and returns how many; DATA: `data` is a part of the body, a slice of `bytes`
 * that is used up. */
size_t chunks_feed(struct chunks *chunks, struct slice bytes, struct slice *data,
                   enum chunks_step *step);

#endif
