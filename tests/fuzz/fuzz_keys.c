/*
 * Where keys come from: the file of keys, and what a request brings.  The first line of an input
 * names the form (file, authorization, query, body), the rest is what stands there.
 *
 * Holds for every input: a file that is taken is written and read equal, and its names are names;
 * what a request brings as a key begins with gw_, and is no longer than what it came in; a query
 * has no `key` left up to where it is broken, and is no longer than before.
 */

#include "../../server/http/credentials.h"
#include "../../server/http/query.h"
#include "../../server/http/routes.h"

#include "fuzz.h"

static const struct route plain = {.pattern = "/"};

static void check_file(struct slice text)
{
    struct keys keys = {0}, again = {0};
    struct buffer first = {0}, second = {0};
    struct error error = {0};
    if (keys_parse(text, "keys", &keys, &error)) {
        CHECK(!keys.items && !keys.count && error.text[0]);
        return;
    }
    CHECK(keys.count <= KEYS_MAX);
    for (size_t i = 0; i < keys.count; i++)
        CHECK(key_name_is_good(slice_of(keys.items[i].name)) && keys.items[i].role != ROLE_NONE);
    keys_format(&keys, &first);
    CHECK(!keys_parse(buffer_slice(&first), "keys", &again, NULL));
    keys_format(&again, &second);
    CHECK(slice_equal(buffer_slice(&first), buffer_slice(&second)));
    CHECK(!keys_find(&keys, text));
    buffer_done(&first);
    buffer_done(&second);
    keys_done(&keys);
    keys_done(&again);
}

static void check_key(const struct credentials *credentials, struct slice source)
{
    if (!credentials->key.size)
        return;
    CHECK(slice_starts_with(credentials->key, SLICE("gw_")));
    CHECK(credentials->key.size <= source.size);
}

static void check_query_left(struct request *request)
{
    struct slice rest = request->query;
    struct parameter parameter;
    const char *fault;
    while (query_next(&request->arena, &rest, &parameter, &fault))
        CHECK(!slice_equals(parameter.name, "key"));
}

static void check_request(struct request *request, struct slice form, struct slice text)
{
    struct credentials credentials;
    request->route = &plain;
    if (slice_equals(form, "authorization"))
        request->authorization = text;
    else
        request->query = text;
    credentials = credentials_of_head(request);
    check_key(&credentials, text);
    CHECK(request->query.size <= text.size);
    check_query_left(request);
}

void fuzz_one(struct slice input)
{
    struct request *request = calloc(1, sizeof *request);
    struct slice rest = input;
    struct slice form = line_cut(&rest);
    if (!request)
        return;
    if (slice_equals(form, "file")) {
        check_file(rest);
    } else if (slice_equals(form, "body")) {
        request->route = &plain;
        buffer_add(&request->body, rest);
        struct credentials credentials = credentials_of_body(request);
        check_key(&credentials, rest);
    } else if (slice_equals(form, "authorization") || slice_equals(form, "query")) {
        check_request(request, form, rest);
    }
    request_done(request);
    free(request);
}
