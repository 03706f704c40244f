/*
 * Percent encoding and the parameters of a query, and the moments of `as_of`.
 *
 * Holds for every input: what is decoded is no longer than its source and good UTF-8; a name or
 * value that is encoded again is read back equal; a time that was read is written and read equal.
 */

#include "../../server/http/query.h"

#include "fuzz.h"

#include "base/buffer.h"
#include "base/time.h"

#define NOW_MS INT64_C(1795176000000) /* 2026-11-20T12:00:00Z */

static void encode(struct buffer *out, struct slice text)
{
    for (size_t i = 0; i < text.size; i++)
        buffer_format(out, "%%%02X", (unsigned)(unsigned char)text.data[i]);
}

static void check_again(struct arena *arena, const struct parameter *parameter)
{
    struct buffer query = {0};
    struct parameter again;
    const char *fault;
    encode(&query, parameter->name);
    buffer_add_byte(&query, '=');
    encode(&query, parameter->value);
    struct slice rest = buffer_slice(&query);
    CHECK(query_next(arena, &rest, &again, &fault));
    CHECK(slice_equal(again.name, parameter->name) && slice_equal(again.value, parameter->value));
    CHECK(!query_next(arena, &rest, &again, &fault) && !fault);
    buffer_done(&query);
}

static void check_query(struct arena *arena, struct slice query)
{
    struct parameter parameter;
    const char *fault = NULL;
    struct slice rest = query;
    size_t size = 0;
    while (query_next(arena, &rest, &parameter, &fault)) {
        CHECK(!fault);
        CHECK(slice_is_utf8(parameter.name) && slice_is_utf8(parameter.value));
        size += parameter.name.size + parameter.value.size;
        CHECK(size <= query.size);
        check_again(arena, &parameter);
        bool value;
        boolean_parse(parameter.value, &value);
    }
}

static void check_time(struct slice text)
{
    int64_t moment_ms = 0, again_ms = 0;
    struct error error = {0};
    if (time_parse_relative(text, NOW_MS, &moment_ms, &error)) {
        CHECK(error.text[0] && moment_ms == 0);
        return;
    }
    char written[TIME_TEXT_SIZE];
    time_format(moment_ms, written);
    CHECK(!time_parse(slice_of(written), &again_ms, NULL));
    CHECK(moment_ms == again_ms);
}

void fuzz_one(struct slice input)
{
    struct arena arena = {0};
    struct slice decoded;
    if (percent_decode(&arena, input, false, &decoded))
        CHECK(decoded.size <= input.size && slice_is_utf8(decoded));
    check_query(&arena, input);
    check_time(input);
    arena_done(&arena);
}
