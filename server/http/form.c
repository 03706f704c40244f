/*
 * Implementation of form.h.  What is decoded is never longer than what came, so the limit of the
 * body holds.  JSON that is percent-encoded and no base64 is taken as well.
 */

#include "form.h"

#include "base64.h"
#include "query.h"

/* Decodes after `out`, which fails where memory runs out; false where it is no base64. */
static bool data_decode(struct buffer *out, struct slice text)
{
    size_t size = 0;
    char *place = buffer_room(out, text.size);
    if (!place)
        return true;
    if (!base64_decode(text, true, place, &size))
        return false;
    buffer_grow(out, size);
    return true;
}

static bool is_json(struct slice text)
{
    return text.size && (text.data[0] == '{' || text.data[0] == '[');
}

enum problem form_unwrap(struct request *request)
{
    struct slice rest = buffer_slice(&request->body);
    struct parameter parameter;
    const char *fault;
    if (!slice_starts_with(rest, SLICE("data=")))
        return PROBLEM_NONE;
    if (!query_next(&request->arena, &rest, &parameter, &fault))
        return PROBLEM_BAD_ENCODED;
    struct buffer out = {0};
    bool is_good = true;
    if (is_json(parameter.value))
        buffer_add(&out, parameter.value);
    else
        is_good = data_decode(&out, parameter.value);
    if (!is_good || out.failed) {
        bool failed = out.failed;
        buffer_done(&out);
        return failed ? PROBLEM_INTERNAL : PROBLEM_BAD_ENCODED;
    }
    buffer_done(&request->body);
    request->body = out;
    return PROBLEM_NONE;
}
