/* Implementation of openapi.h. */

#include "openapi.h"

#include "answer.h"
#include "base/asset.h"
#include "base/json.h"

#define FILE_DEPTH 64 /* schemas within schemas */

/* Made by embed_files from server/http/openapi/. */
extern const struct asset openapi_files[];

struct description {
    struct arena *arena;
    struct value operations; /* of the files, by "METHOD /path" */
    struct value components;
    struct value paths;
};

static bool is_paths_file(const struct asset *file)
{
    return slice_starts_with(slice_of(file->name), SLICE("paths"));
}

/* The member of that name of an object, made where it is not there. */
static struct value *member_made(struct arena *arena, struct value *object, struct slice name)
{
    for (size_t i = 0; i < object->count; i++)
        if (slice_equal(object->members[i].name, name))
            return &object->members[i].value;
    return value_add_named(arena, object, name, value_object());
}

static void members_merge(struct arena *arena, struct value *object, const struct value *more)
{
    for (size_t i = 0; i < more->count; i++)
        if (!value_member(object, more->members[i].name))
            value_add_named(arena, object, more->members[i].name, more->members[i].value);
}

static enum status file_take(struct description *description, const struct asset *file,
                             struct error *error)
{
    struct value tree;
    struct error cause = {0};
    if (json_read(description->arena, file->bytes, FILE_DEPTH, &tree, &cause))
        return FAIL(error, STATUS_INVALID, file->name, cause.line, "%s", cause.text);
    if (is_paths_file(file)) {
        members_merge(description->arena, &description->operations, &tree);
        return STATUS_OK;
    }
    for (size_t i = 0; i < tree.count; i++)
        members_merge(
            description->arena,
            member_made(description->arena, &description->components, tree.members[i].name),
            &tree.members[i].value);
    return STATUS_OK;
}

static const char *method_text(enum method method)
{
    switch (method) {
    case METHOD_GET: return "GET";
    case METHOD_POST: return "POST";
    case METHOD_DELETE: return "DELETE";
    case METHOD_HEAD: return "HEAD";
    case METHOD_OPTIONS: return "OPTIONS";
    case METHOD_OTHER: break;
    }
    return "";
}

/* The operation of the files; one that is a text is that of another route. */
static const struct value *operation_find(const struct description *description,
                                          const struct route *route)
{
    struct slice key =
        arena_format(description->arena, "%s %s", method_text(route->method), route->pattern);
    const struct value *found = value_member(&description->operations, key);
    if (found && found->kind == VALUE_TEXT)
        found = value_member(&description->operations, found->text);
    return found && found->kind == VALUE_OBJECT ? found : NULL;
}

static struct value reference_to(struct arena *arena, const char *part, const char *name,
                                 const char *suffix)
{
    struct value object = value_object();
    value_add(arena, &object, "$ref",
              value_text(arena_format(arena, "#/components/%s/%s%s", part, name, suffix)));
    return object;
}

/* ---- Answers that a kind of route may give ---- */

static bool has_key(const struct route *route)
{
    return route->roles != ROLE_NONE;
}

static bool has_body(const struct route *route)
{
    return route->body_max > 0;
}

static bool has_parameters(const struct route *route)
{
    return strchr(route->pattern, '{') != NULL;
}

static bool is_limited(const struct route *route)
{
    return !route->is_unlimited;
}

static bool is_any(const struct route *route)
{
    (void)route;
    return true;
}

static const struct {
    const char *status;
    const char *name;
    const char *text;
    bool (*applies)(const struct route *route);
    bool retry; /* with Retry-After */
} common[] = {
    {"400", "BadRequest", "What was sent is not as it has to be", is_any, false},
    {"401", "NoKey", "No key, or none that is known", has_key, false},
    {"403", "Forbidden", "Not with this key, not by this host name, not from a page of that origin",
     is_any, false},
    {"404", "NotFound", "There is no such thing", has_parameters, false},
    {"408", "TimeOut", "The request did not come in time", is_any, false},
    {"411", "NoLength", "A body is needed, with its Content-Length", has_body, false},
    {"413", "TooLarge", "Over a limit, which is named", is_any, false},
    {"415", "Encoding", "The body's encoding is not known; gzip and deflate are", has_body, false},
    {"429", "TooManyRequests", "Too many with one key from one address", is_limited, true},
    {"500", "Internal", "The server could not do it", is_any, false},
    {"503", "Unavailable", "Not now: it drains, the journal is full, or can't be written", is_any,
     true},
};
#define COMMON (sizeof common / sizeof *common)

/* The form of errors: of its own on the routes of a protocol. */
static const struct {
    const char *suffix, *type, *schema;
} forms[] = {
    [FORM_PROBLEM] = {"", TYPE_PROBLEM, "Problem"},
    [FORM_SEGMENT] = {"Events", TYPE_JSON, "EventsError"},
    [FORM_OFREP] = {"Ofrep", TYPE_JSON, "OfrepFailure"},
    [FORM_POSTHOG] = {"PostHog", TYPE_JSON, "PostHogError"},
    [FORM_AMPLITUDE] = {"Amplitude", TYPE_JSON, "AmplitudeError"},
    [FORM_EITHER] = {"Either", TYPE_JSON, "EitherError"},
    [FORM_PAGE] = {"Page", "text/html", "Page"},
};
#define FORMS (sizeof forms / sizeof *forms)

static struct value retry_header(struct arena *arena)
{
    struct value headers = value_object(), header = value_object(), schema = value_object();
    value_add(arena, &schema, "type", value_text(SLICE("integer")));
    value_add(arena, &schema, "minimum", value_integer(1));
    value_add(arena, &header, "description", value_text(SLICE("In whole seconds")));
    value_add(arena, &header, "schema", schema);
    value_add(arena, &headers, "Retry-After", header);
    return headers;
}

static struct value answer_of(struct arena *arena, size_t row, size_t form)
{
    struct value answer = value_object(), content = value_object(), media = value_object();
    value_add(arena, &answer, "description", value_text(slice_of(common[row].text)));
    if (common[row].retry)
        value_add(arena, &answer, "headers", retry_header(arena));
    value_add(arena, &media, "schema", reference_to(arena, "schemas", forms[form].schema, ""));
    value_add(arena, &content, forms[form].type, media);
    value_add(arena, &answer, "content", content);
    return answer;
}

/* The answers of every form, once; operations refer to them. */
static void answers_describe(struct description *description)
{
    struct arena *arena = description->arena;
    struct value *answers = member_made(arena, &description->components, SLICE("responses"));
    for (size_t form = 0; form < FORMS; form++)
        for (size_t i = 0; i < COMMON; i++)
            value_add_named(arena, answers,
                            arena_format(arena, "%s%s", common[i].name, forms[form].suffix),
                            answer_of(arena, i, form));
}

/* Every code of the table of problems. */
static void codes_describe(struct description *description)
{
    struct arena *arena = description->arena;
    struct value *schemas = member_made(arena, &description->components, SLICE("schemas"));
    struct value codes = value_list(), schema = value_object();
    for (size_t i = PROBLEM_NONE + 1; i < PROBLEM_COUNT; i++)
        value_append(arena, &codes, value_text(slice_of(problems[i].code)));
    value_add(arena, &schema, "description", value_text(SLICE("What clients may rely on")));
    value_add(arena, &schema, "type", value_text(SLICE("string")));
    value_add(arena, &schema, "enum", codes);
    value_add(arena, schemas, "ProblemCode", schema);
}

static struct value answers_of(struct arena *arena, const struct route *route,
                               const struct value *own)
{
    struct value answers = value_object();
    const char *suffix = forms[(size_t)route->form < FORMS ? route->form : FORM_PROBLEM].suffix;
    if (own)
        members_merge(arena, &answers, own);
    for (size_t i = 0; i < COMMON; i++)
        if (common[i].applies(route) && !value_member(&answers, slice_of(common[i].status)))
            value_add(arena, &answers, common[i].status,
                      reference_to(arena, "responses", common[i].name, suffix));
    return answers;
}

/* ---- One operation ---- */

/* Who may call it: the roles of the table, and admin, who may all. */
static struct value roles_of(struct arena *arena, const struct route *route)
{
    struct value list = value_list();
    unsigned taken = route->roles | (has_key(route) ? ROLE_ADMIN : 0);
    for (unsigned role = ROLE_CLIENT; role <= ROLE_ADMIN; role <<= 1)
        if (taken & role)
            value_append(arena, &list, value_text(slice_of(role_text((enum role)role))));
    return list;
}

/* Any of the ways to show a key; none, where none is asked for. */
static struct value security_of(struct arena *arena, const struct route *route)
{
    static const char *const schemes[] = {"bearer", "header", "basic", "query"};
    struct value list = value_list();
    if (!has_key(route))
        return list;
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        struct value one = value_object();
        value_add(arena, &one, schemes[i], value_list());
        value_append(arena, &list, one);
    }
    if (route->open_nearby)
        value_append(arena, &list, value_object()); /* or none at all */
    return list;
}

static bool describes(const struct value *parameters, struct slice name)
{
    for (size_t i = 0; parameters && i < parameters->count; i++)
        if (slice_equal(value_member_text(&parameters->items[i], "name"), name) &&
            slice_equals(value_member_text(&parameters->items[i], "in"), "path"))
            return true;
    return false;
}

/* The path as OpenAPI writes it, without the dots of `{name...}`. */
static struct slice path_of(struct arena *arena, const char *pattern)
{
    const char *dots = strstr(pattern, "...}");
    if (!dots)
        return slice_of(pattern);
    return arena_format(arena, "%.*s}", (int)(dots - pattern), pattern);
}

static struct value parameters_of(struct arena *arena, const struct route *route,
                                  const struct value *own)
{
    struct value list = value_list();
    for (const char *at = strchr(route->pattern, '{'); at; at = strchr(at + 1, '{')) {
        struct slice name = {.data = at + 1, .size = strcspn(at + 1, ".}")};
        struct value one = value_object(), schema = value_object();
        if (describes(own, name))
            continue;
        value_add(arena, &schema, "type", value_text(SLICE("string")));
        value_add(arena, &one, "name", value_text(name));
        value_add(arena, &one, "in", value_text(SLICE("path")));
        value_add(arena, &one, "required", value_boolean(true));
        value_add(arena, &one, "schema", schema);
        value_append(arena, &list, one);
    }
    for (size_t i = 0; own && i < own->count; i++)
        value_append(arena, &list, own->items[i]);
    return list;
}

/* "post_v1_assign": what tools that write clients call it. */
static struct slice operation_id(struct arena *arena, const struct route *route)
{
    struct slice text = arena_format(arena, "%s%s", method_text(route->method), route->pattern);
    char *name = arena_text(arena, text);
    size_t size = 0;
    for (size_t i = 0; name && i < text.size; i++) {
        unsigned char lower = (unsigned char)(name[i] | 0x20);
        bool is_letter = lower >= 'a' && lower <= 'z';
        if (is_letter || (name[i] >= '0' && name[i] <= '9'))
            name[size++] = is_letter ? (char)lower : name[i];
        else if (size && name[size - 1] != '_')
            name[size++] = '_';
    }
    while (size && name[size - 1] == '_')
        size--;
    return (struct slice){.data = name, .size = size};
}

static struct value operation_of(const struct description *description, const struct route *route)
{
    struct arena *arena = description->arena;
    const struct value *own = operation_find(description, route);
    struct value operation = value_object();
    struct value parameters = parameters_of(arena, route, value_member(own, SLICE("parameters")));
    value_add(arena, &operation, "operationId", value_text(operation_id(arena, route)));
    value_add(arena, &operation, "summary", value_text(slice_of(route->help)));
    value_add(arena, &operation, "security", security_of(arena, route));
    value_add(arena, &operation, "x-roles", roles_of(arena, route));
    if (has_body(route))
        value_add(arena, &operation, "x-body-max-bytes", value_integer((int64_t)route->body_max));
    if (strstr(route->pattern, "...}")) /* the last parameter may hold slashes */
        value_add(arena, &operation, "x-rest-of-path", value_boolean(true));
    if (parameters.count)
        value_add(arena, &operation, "parameters", parameters);
    value_add(arena, &operation, "responses",
              answers_of(arena, route, value_member(own, SLICE("responses"))));
    if (own)
        members_merge(arena, &operation, own);
    return operation;
}

static void route_describe(struct description *description, const struct route *route)
{
    struct arena *arena = description->arena;
    struct value *path = member_made(arena, &description->paths, path_of(arena, route->pattern));
    static const struct {
        enum method method;
        const char *name;
    } names[] = {{METHOD_GET, "get"}, {METHOD_POST, "post"}, {METHOD_DELETE, "delete"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (route->method == names[i].method)
            value_add(arena, path, names[i].name, operation_of(description, route));
}

/* ---- The whole ---- */

static struct value info_of(struct arena *arena, const char *version)
{
    struct value info = value_object();
    value_add(arena, &info, "title", value_text(SLICE("Gangway")));
    value_add(arena, &info, "version", value_text(slice_of(version)));
    value_add(arena, &info, "summary",
              value_text(SLICE("Experiments with onboarding flows: who gets which variant, what "
                               "they did, and how sure that is.")));
    value_add(arena, &info, "description",
              value_text(SLICE("HEAD is answered where GET is. A slash at the end of a path is "
                               "passed over. Every answer has X-Request-Id. What a path does not "
                               "take by its method is 405 with Allow.")));
    return info;
}

static struct value document_of(struct description *description, const char *version)
{
    struct arena *arena = description->arena;
    struct value document = value_object(), servers = value_list(), here = value_object();
    value_add(arena, &here, "url", value_text(SLICE("/")));
    value_append(arena, &servers, here);
    value_add(arena, &document, "openapi", value_text(SLICE("3.1.0")));
    value_add(arena, &document, "info", info_of(arena, version));
    value_add(arena, &document, "servers", servers);
    value_add(arena, &document, "paths", description->paths);
    value_add(arena, &document, "components", description->components);
    return document;
}

enum status openapi_write(const struct route *table, const char *version, struct buffer *out,
                          struct error *error)
{
    struct arena arena = {0};
    struct description description = {.arena = &arena,
                                      .operations = value_object(),
                                      .components = value_object(),
                                      .paths = value_object()};
    enum status status = STATUS_OK;
    for (const struct asset *file = openapi_files; file->path && !status; file++)
        status = file_take(&description, file, error);
    for (const struct route *route = table; route->pattern && !status; route++)
        route_describe(&description, route);
    answers_describe(&description);
    codes_describe(&description);
    struct value document = document_of(&description, version);
    if (!status && arena.failed)
        status = FAIL(error, STATUS_NO_MEMORY, "openapi", 0, "no memory");
    if (!status)
        value_write(out, &document);
    arena_done(&arena);
    return status ? status : buffer_status(out, error);
}
