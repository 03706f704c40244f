/*
 * Implementation of form.h.  What is decoded is never longer than what came, so the limit of the
 * body holds.  JSON that is percent-encoded and no base64 is taken as well.
 */

#include "form.h"

#include "query.h"

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == ' ') /* a plus that was not percent-encoded reads as a space */
        return 62;
    return c == '/' ? 63 : -1;
}

/* Decodes after `out` (RFC 4648, 4; padding may be missing); false where it is no base64. */
static bool base64_decode(struct buffer *out, struct slice text)
{
    uint32_t bits = 0;
    unsigned count = 0;
    while (text.size && text.data[text.size - 1] == '=')
        text.size--;
    for (size_t i = 0; i < text.size; i++) {
        int value = base64_value(text.data[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        count += 6;
        if (count < 8)
            continue;
        count -= 8;
        buffer_add_byte(out, (char)(unsigned char)(bits >> count));
        bits &= (1U << count) - 1;
    }
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
        is_good = base64_decode(&out, parameter.value);
    if (!is_good || out.failed) {
        bool failed = out.failed;
        buffer_done(&out);
        return failed ? PROBLEM_INTERNAL : PROBLEM_BAD_ENCODED;
    }
    buffer_done(&request->body);
    request->body = out;
    return PROBLEM_NONE;
}
