/* Implementation of credentials.h. */

#include "credentials.h"

#include "base/json.h"
#include "base64.h"
#include "query.h"
#include "routes.h"

#include <strings.h>

static bool reads_like_a_key(struct slice text)
{
    return slice_starts_with(text, SLICE("gw_"));
}

/* Takes `text` as the key where none was found yet. */
static void credentials_take(struct credentials *credentials, struct slice text)
{
    if (credentials->key.size || !text.size)
        return;
    if (reads_like_a_key(text))
        credentials->key = text;
    else
        credentials->is_other = true;
}

/* Cuts the scheme off, in any case; false: it is another. */
static bool scheme_cut(struct slice *value, struct slice scheme)
{
    if (value->size <= scheme.size || value->data[scheme.size] != ' ' ||
        strncasecmp(value->data, scheme.data, scheme.size) != 0)
        return false;
    *value = slice_from(*value, scheme.size);
    while (value->size && value->data[0] == ' ')
        *value = slice_from(*value, 1);
    return true;
}

/* Empty: it is no base64, or no memory. */
static struct slice basic_decode(struct arena *arena, struct slice text)
{
    char *out = arena_alloc(arena, text.size + 1);
    size_t size = 0;
    if (!out || !base64_decode(text, false, out, &size))
        return (struct slice){0};
    return (struct slice){.data = out, .size = size};
}

/* `USER:PASSWORD`: Segment's SDKs have the key as the user and no password, people type any user
 * and the key as the password. */
static void take_basic(struct credentials *credentials, struct slice pair)
{
    const char *colon = pair.size ? memchr(pair.data, ':', pair.size) : NULL;
    size_t at = colon ? (size_t)(colon - pair.data) : pair.size;
    struct slice password = slice_from(pair, at + 1);
    credentials_take(credentials,
                     password.size ? password : (struct slice){.data = pair.data, .size = at});
    credentials->is_other |= !pair.size;
}

static void take_authorization(struct credentials *credentials, struct request *request)
{
    struct slice value = request->authorization;
    if (scheme_cut(&value, SLICE("basic")))
        take_basic(credentials, basic_decode(&request->arena, value));
    else if (scheme_cut(&value, SLICE("bearer")) || value.size)
        credentials_take(credentials, value);
}

/* Takes `key=...` from the query; the rest of it stays, as it stands. */
static void take_query(struct credentials *credentials, struct request *request)
{
    struct slice rest = request->query;
    struct parameter parameter;
    const char *fault;
    char *kept = NULL;
    size_t size = 0;
    while (rest.size) {
        struct slice before = rest;
        bool is_one = query_next(&request->arena, &rest, &parameter, &fault);
        if (!is_one) /* only & is left, or it is broken from here on: who reads the query says so */
            rest = (struct slice){0};
        size_t piece = before.size - rest.size;
        if (is_one && slice_equals(parameter.name, "key")) {
            if (!kept) {
                size = (size_t)(before.data - request->query.data);
                kept = arena_alloc(&request->arena, request->query.size);
                if (!kept)
                    return;
                memcpy(kept, request->query.data, size);
            }
            credentials_take(credentials, parameter.value);
        } else if (kept) {
            memcpy(kept + size, before.data, piece);
            size += piece;
        }
    }
    if (!kept)
        return;
    request->query = (struct slice){.data = kept, .size = size};
    request->target = request->path;
}

struct credentials credentials_of_head(struct request *request)
{
    struct credentials credentials = {0};
    if (request->authorization.size)
        take_authorization(&credentials, request);
    credentials_take(&credentials, request->api_key);
    if (request->route->key_in_path)
        credentials_take(&credentials, request->parameters[0]);
    if (request->query.size)
        take_query(&credentials, request);
    return credentials;
}

/* The text of a JSON string without escapes, which no key has. */
static struct slice json_text(struct slice part)
{
    if (part.size < 2 || part.data[0] != '"')
        return (struct slice){0};
    return (struct slice){.data = part.data + 1, .size = part.size - 2};
}

/* The members of one object; `inner`: those of its `properties`, where PostHog's page script has
 * its token, as well. */
static void take_object(struct credentials *credentials, struct slice object, bool inner)
{
    static const char *const names[] = {"writeKey", "api_key", "token"};
    struct json_scanner scanner = json_scanner_of(object, SLICE("batch"));
    struct json_part part;
    while (!credentials->key.size && !json_scan(&scanner, &part, NULL)) {
        if (part.kind == JSON_PART_END)
            break;
        if (part.kind != JSON_PART_MEMBER)
            continue;
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (slice_equals(part.name, names[i]))
                credentials_take(credentials, json_text(part.text));
        if (inner && slice_equals(part.name, "properties"))
            take_object(credentials, part.text, false);
    }
}

struct credentials credentials_of_body(const struct request *request)
{
    struct credentials credentials = {0};
    struct slice text = buffer_slice(&request->body);
    while (text.size && memchr(" \t\r\n[", text.data[0], 5)) /* of a list, the first one tells */
        text = slice_from(text, 1);
    take_object(&credentials, text, true);
    return credentials;
}
