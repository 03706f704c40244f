/* Implementation of include/ingest/privacy.h. */

#include "ingest/privacy.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/value.h"

#define VALUE_KIND 0xfe /* no kind of unit: keys of values are none of ids */

bool privacy_names(struct privacy *privacy, struct slice names)
{
    privacy->name_count = 0;
    while (names.size) {
        const char *comma = memchr(names.data, ',', names.size);
        struct slice name = names;
        if (comma)
            name.size = (size_t)(comma - names.data);
        names = comma ? slice_from(names, name.size + 1) : (struct slice){0};
        if (!name.size || privacy->name_count == PRIVATE_NAMES_MAX)
            return false;
        privacy->names[privacy->name_count++] = name;
    }
    return true;
}

static struct slice hash_text(struct arena *arena, const struct hash128 *hash)
{
    static const char digits[] = "0123456789abcdef";
    char text[2 * sizeof hash->bytes];
    for (size_t i = 0; i < sizeof hash->bytes; i++) {
        text[2 * i] = digits[hash->bytes[i] >> 4];
        text[2 * i + 1] = digits[hash->bytes[i] & 15];
    }
    return arena_copy(arena, (struct slice){.data = text, .size = sizeof text});
}

struct slice privacy_pseudonym(struct slice secret, struct arena *arena, enum unit_kind kind,
                               struct slice id)
{
    struct hash128 hash = hash_keyed(secret, (unsigned char)kind, id);
    return hash_text(arena, &hash);
}

static bool is_private(const struct privacy *privacy, struct slice name)
{
    for (size_t i = 0; i < privacy->name_count; i++)
        if (slice_equal(privacy->names[i], name))
            return true;
    return false;
}

/* The key of a value: of a text its bytes, else of its canonical form. */
static void value_hide(const struct privacy *privacy, struct arena *arena, struct value *value)
{
    struct buffer text = {0};
    if (value->kind == VALUE_NULL)
        return;
    if (value->kind == VALUE_TEXT)
        buffer_add(&text, value->text);
    else
        value_write(&text, value);
    arena->failed |= text.failed;
    struct hash128 hash = hash_keyed(privacy->secret, VALUE_KIND, buffer_slice(&text));
    buffer_done(&text);
    *value = value_text(hash_text(arena, &hash));
}

/* Nested no deeper than JSON_DEPTH_MAX, which the reader has seen to. */
static void value_walk(const struct privacy *privacy, struct arena *arena, struct value *value)
{
    for (size_t i = 0; i < value->count; i++) {
        if (value->kind == VALUE_LIST)
            value_walk(privacy, arena, &value->items[i]);
        else if (value->kind == VALUE_OBJECT && is_private(privacy, value->members[i].name))
            value_hide(privacy, arena, &value->members[i].value);
        else if (value->kind == VALUE_OBJECT)
            value_walk(privacy, arena, &value->members[i].value);
    }
}

/* Takes private members out, as deep as value_walk. */
static void value_drop(const struct privacy *privacy, struct value *value)
{
    size_t kept = 0;
    for (size_t i = 0; value->kind == VALUE_LIST && i < value->count; i++)
        value_drop(privacy, &value->items[i]);
    if (value->kind != VALUE_OBJECT)
        return;
    for (size_t i = 0; i < value->count; i++) {
        if (is_private(privacy, value->members[i].name))
            continue;
        value->members[kept] = value->members[i];
        value_drop(privacy, &value->members[kept++].value);
    }
    value->count = kept;
}

static void object_hide(const struct privacy *privacy, struct arena *arena, struct slice *object)
{
    struct value value;
    struct buffer out = {0};
    if (!object->size || !privacy->name_count)
        return;
    if (json_read(arena, *object, JSON_DEPTH_MAX, &value, NULL)) {
        *object = (struct slice){0}; /* we wrote it, so memory has run out */
        arena->failed = true;
        return;
    }
    value_walk(privacy, arena, &value);
    value_write(&out, &value);
    arena->failed |= out.failed;
    *object = arena_copy(arena, buffer_slice(&out));
    buffer_done(&out);
}

/* The paths that go on below a member; those that end there keep it whole. */
struct paths {
    const struct slice *items;
    size_t count;
    size_t skip; /* bytes of each path that are behind: they begin alike */
};

/* The paths through the member of that name, which are neighbours as paths are sorted. */
static struct paths paths_below(const struct paths *paths, struct slice name, bool *whole)
{
    struct paths below = {.skip = paths->skip + name.size + 1};
    *whole = false;
    for (size_t i = 0; i < paths->count; i++) {
        struct slice rest = slice_from(paths->items[i], paths->skip);
        if (slice_equal(rest, name))
            *whole = true;
        if (rest.size <= name.size || rest.data[name.size] != '.' || !slice_starts_with(rest, name))
            continue;
        if (!below.count)
            below.items = &paths->items[i];
        below.count = (size_t)(&paths->items[i] - below.items) + 1;
    }
    return below;
}

/* Leaves in an object the members that some path names, and none that is private. */
static void object_keep(const struct privacy *privacy, const struct paths *paths,
                        struct value *object)
{
    size_t kept = 0;
    for (size_t i = 0; i < object->count; i++) {
        struct member member = object->members[i];
        bool whole;
        struct paths below = paths_below(paths, member.name, &whole);
        if (is_private(privacy, member.name))
            continue;
        if (whole)
            value_drop(privacy, &member.value);
        else if (below.count && member.value.kind == VALUE_OBJECT)
            object_keep(privacy, &below, &member.value);
        if (whole || (member.value.kind == VALUE_OBJECT && below.count && member.value.count))
            object->members[kept++] = member;
    }
    object->count = kept;
}

static void traits_keep(const struct privacy *privacy, const struct catalogue *catalogue,
                        struct arena *arena, struct message *message)
{
    struct paths paths = {0};
    struct value traits;
    struct buffer out = {0};
    if (!message->traits.size)
        return;
    if (catalogue)
        paths = (struct paths){.items = catalogue->traits, .count = catalogue->trait_count};
    if (json_read(arena, message->traits, JSON_DEPTH_MAX, &traits, NULL) ||
        traits.kind != VALUE_OBJECT) {
        message->traits = (struct slice){0}; /* we wrote it, so memory has run out */
        arena->failed = true;
        return;
    }
    object_keep(privacy, &paths, &traits);
    if (traits.count)
        value_write(&out, &traits);
    arena->failed |= out.failed;
    message->traits = arena_copy(arena, buffer_slice(&out));
    buffer_done(&out);
}

void privacy_apply(const struct privacy *privacy, const struct catalogue *catalogue,
                   struct arena *arena, struct message *message, uint16_t *flags)
{
    if (privacy && privacy->keeps_declared)
        traits_keep(privacy, catalogue, arena, message);
    if (!privacy || !privacy->is_pseudonymous)
        return;
    const struct {
        enum unit_kind kind;
        struct slice *id;
    } ids[] = {{UNIT_USER, &message->user},
               {UNIT_ANONYMOUS, &message->anonymous},
               {UNIT_ACCOUNT, &message->account},
               {UNIT_ANONYMOUS, &message->previous}};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (!slice_is_empty(*ids[i].id))
            *ids[i].id = privacy_pseudonym(privacy->secret, arena, ids[i].kind, *ids[i].id);
    object_hide(privacy, arena, &message->traits);
    object_hide(privacy, arena, &message->properties);
    *flags |= RECORD_PSEUDONYM;
}

bool privacy_refuses(const struct privacy *privacy, const struct message *message)
{
    if (!privacy || !privacy->erasures)
        return false;
    const struct {
        enum unit_kind kind;
        struct slice id;
    } ids[] = {{UNIT_USER, message->user},
               {UNIT_ANONYMOUS, message->anonymous},
               {UNIT_ACCOUNT, message->account},
               {UNIT_ANONYMOUS, message->previous}};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (!slice_is_empty(ids[i].id) &&
            erasures_suppress(privacy->erasures, privacy->secret, ids[i].kind, ids[i].id))
            return true;
    return false;
}
