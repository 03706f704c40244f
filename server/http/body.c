/*
 * Implementation of body.h.  Inflating stops at the limit, so a body that would unfold to a
 * gigabyte costs no more than one that is a byte too long.
 */

#include "body.h"

#include "form.h"
#include "routes.h"

#include <strings.h>
#include <zlib.h>

#define WINDOW_AUTO (MAX_WBITS + 32) /* zlib tells gzip and zlib apart by their heads */
#define STEP_SIZE ((size_t)16 * 1024)

static bool encoding_is(struct slice encoding, const char *name)
{
    return encoding.size == strlen(name) && strncasecmp(encoding.data, name, encoding.size) == 0;
}

/* Inflates one member of the stream's input after `out`, which gets at most `size_max` bytes. */
static enum problem inflate_member(z_stream *stream, size_t size_max, struct buffer *out)
{
    int result = Z_OK;
    while (result != Z_STREAM_END) {
        size_t left = size_max - out->size;
        size_t room = left < STEP_SIZE ? left + 1 : STEP_SIZE; /* 1: to see that there is more */
        char *place = buffer_room(out, room);
        if (!place)
            return PROBLEM_INTERNAL;
        stream->next_out = (Bytef *)place;
        stream->avail_out = (uInt)room;
        result = inflate(stream, Z_NO_FLUSH);
        size_t size = room - stream->avail_out;
        if (size > left)
            return PROBLEM_TOO_LARGE;
        buffer_grow(out, size);
        if (result != Z_OK && result != Z_STREAM_END)
            return PROBLEM_BAD_ENCODED;
    }
    return PROBLEM_NONE;
}

/* A gzip file is a series of members (RFC 1952, 2.2): who packs in parallel sends several. */
static enum problem inflate_all(z_stream *stream, size_t size_max, struct buffer *out)
{
    enum problem problem = inflate_member(stream, size_max, out);
    while (!problem && stream->avail_in) {
        if (inflateReset(stream) != Z_OK)
            return PROBLEM_INTERNAL;
        problem = inflate_member(stream, size_max, out);
    }
    return problem;
}

/* What PostHog's pages send with `?compression=gzip-js`, and no header for it, so that there is no
 * preflight.  No text begins so. */
static bool is_gzip(struct slice body)
{
    return body.size > 2 && memcmp(body.data, "\x1f\x8b\x08", 3) == 0;
}

static enum problem body_inflate(struct request *request)
{
    struct slice encoding = request->content_encoding;
    bool is_plain = !encoding.size || encoding_is(encoding, "identity");
    if (is_plain && !is_gzip(buffer_slice(&request->body)))
        return PROBLEM_NONE;
    if (!is_plain && !encoding_is(encoding, "gzip") && !encoding_is(encoding, "x-gzip") &&
        !encoding_is(encoding, "deflate"))
        return PROBLEM_ENCODING;
    z_stream stream = {.next_in = (Bytef *)request->body.data,
                       .avail_in = (uInt)request->body.size};
    if (inflateInit2(&stream, WINDOW_AUTO) != Z_OK)
        return PROBLEM_INTERNAL;
    struct buffer out = {0};
    enum problem problem = inflate_all(&stream, request->route->body_max, &out);
    inflateEnd(&stream);
    if (problem) {
        buffer_done(&out);
        return problem;
    }
    buffer_done(&request->body);
    request->body = out;
    return PROBLEM_NONE;
}

enum problem body_decode(struct request *request)
{
    if (!request->has_body)
        return PROBLEM_NONE;
    enum problem problem = body_inflate(request);
    return problem ? problem : form_unwrap(request);
}
