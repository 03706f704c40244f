/*
 * JSON in, by jansson, after one light pass over the text.  The pass checks the depth and finds
 * what jansson refuses but real clients send: JavaScript prints 2^64 as `18446744073709552000`, and
 * cuts an emoji in two as `\ud83d`.  Only then the text is copied, with `.0` after such integers
 * and `\ufffd` in the place of such escapes.  Everything else that is wrong is left to jansson, so
 * there is one judge of what JSON is (RFC 8259).
 */

#include "base/json.h"

#include "base/limits.h"
#include "base/number.h"

#include "json_memory.h"
#include "json_place.h"

#define INTEGER_DIGITS_SAFE 18 /* so many digits always fit into 64 bits */
#define ESCAPE_SIZE 6          /* \uXXXX */

/* The pass over the text: `copied` bytes of it are in `repaired` already. */
struct scan {
    struct slice text;
    size_t at;
    size_t copied;
    struct buffer repaired; /* used when has_repairs */
    struct buffer inserted; /* u64s: the places after which ".0" was put in */
    bool has_repairs;
};

static struct slice part_of(struct slice text, size_t from, size_t to)
{
    return (struct slice){.data = text.data + from, .size = to - from};
}

/* Replaces the text from `from` to `to`. */
static void scan_repair(struct scan *scan, size_t from, size_t to, struct slice by)
{
    buffer_add(&scan->repaired, part_of(scan->text, scan->copied, from));
    buffer_add(&scan->repaired, by);
    scan->copied = to;
    scan->has_repairs = true;
}

static bool is_number_byte(char c)
{
    return (c >= '0' && c <= '9') || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-';
}

/* A number begins at `at`.  Digits only, and more than an integer holds: a real then. */
static void scan_number(struct scan *scan)
{
    int64_t integer;
    size_t from = scan->at;
    size_t to = from + 1;
    while (to < scan->text.size && is_number_byte(scan->text.data[to]))
        to++;
    scan->at = to;
    if (to - from <= INTEGER_DIGITS_SAFE)
        return;
    struct slice number = part_of(scan->text, from, to);
    struct slice digits = slice_from(number, number.data[0] == '-');
    for (size_t i = 0; i < digits.size; i++)
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return;
    if (integer_parse(number, &integer))
        return;
    scan_repair(scan, to, to, SLICE(".0"));
    buffer_add_u64(&scan->inserted, to);
}

/* The 16 bits of the escape \uXXXX at `at`, -1 when there is none. */
static int escape_value(struct slice text, size_t at)
{
    int value = 0;
    if (at > text.size || text.size - at < ESCAPE_SIZE || text.data[at] != '\\' ||
        text.data[at + 1] != 'u')
        return -1;
    for (size_t i = at + 2; i < at + ESCAPE_SIZE; i++) {
        char c = text.data[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static bool is_between(int value, int low, int high)
{
    return value >= low && value <= high;
}

/* A backslash is at `at`. */
static void scan_escape(struct scan *scan)
{
    size_t from = scan->at;
    int value = escape_value(scan->text, from);
    if (value < 0) {
        scan->at = from + 2; /* may be past the end; the caller's loops stop there */
        return;
    }
    scan->at = from + ESCAPE_SIZE;
    if (!is_between(value, 0xd800, 0xdfff))
        return;
    int next = escape_value(scan->text, scan->at);
    if (value < 0xdc00 && is_between(next, 0xdc00, 0xdfff))
        scan->at += ESCAPE_SIZE;
    else
        scan_repair(scan, from, scan->at, SLICE("\\ufffd"));
}

/* A quote is at `at`. */
static void scan_string(struct scan *scan)
{
    scan->at++;
    while (scan->at < scan->text.size) {
        char c = scan->text.data[scan->at];
        if (c == '\\') {
            scan_escape(scan);
            continue;
        }
        scan->at++;
        if (c == '"')
            return;
    }
}

static enum status fail_depth(struct slice text, size_t at, unsigned depth_max, struct error *error)
{
    struct json_place place = json_place_of(text, at);
    return FAIL(error, STATUS_INVALID, "", place.line,
                "column %d: more than %u brackets are open at once", place.column, depth_max);
}

static enum status scan_text(struct scan *scan, unsigned depth_max, struct error *error)
{
    unsigned depth = 0;
    while (scan->at < scan->text.size) {
        char c = scan->text.data[scan->at];
        if (c == '"') {
            scan_string(scan);
            continue;
        }
        if (c == '-' || (c >= '0' && c <= '9')) {
            scan_number(scan);
            continue;
        }
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && depth)
            depth--;
        if (depth > depth_max)
            return fail_depth(scan->text, scan->at, depth_max, error);
        scan->at++;
    }
    if (scan->has_repairs)
        buffer_add(&scan->repaired, slice_from(scan->text, scan->copied));
    if (scan->repaired.failed || scan->inserted.failed)
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory to read the text");
    return STATUS_OK;
}

/* Where the repaired text's byte `at` stands in the text that came. */
static size_t scan_origin(const struct scan *scan, size_t at)
{
    size_t before = 0;
    struct reader reader = {.rest = buffer_slice(&scan->inserted)};
    while (reader.rest.size && read_u64(&reader) + before < at)
        before += 2;
    return at > before ? at - before : 0;
}

static enum status fail_jansson(const struct scan *scan, const json_error_t *problem,
                                struct error *error)
{
    /* jansson's position is behind the last byte that it read. */
    size_t read = problem->position > 0 ? (size_t)problem->position - 1 : 0;
    struct json_place place = json_place_of(scan->text, scan_origin(scan, read));
    const char *why = slice_is_utf8(slice_of(problem->text)) ? problem->text : "bad text";
    return FAIL(error, STATUS_INVALID, "", place.line, "column %d: %s", place.column, why);
}

static struct value convert(struct arena *arena, const json_t *json);

static struct value convert_list(struct arena *arena, const json_t *json)
{
    size_t count = json_array_size(json);
    struct value list = value_list();
    list.items = count ? ARENA_ARRAY(arena, count, struct value) : NULL;
    if (!list.items)
        return list;
    for (size_t i = 0; i < count; i++)
        list.items[i] = convert(arena, json_array_get(json, i));
    list.count = list.capacity = count;
    return list;
}

static struct value convert_object(struct arena *arena, json_t *json)
{
    const char *name;
    json_t *member;
    size_t count = json_object_size(json);
    struct value object = value_object();
    object.members = count ? ARENA_ARRAY(arena, count, struct member) : NULL;
    if (!object.members)
        return object;
    json_object_foreach(json, name, member)
    {
        struct member *to = &object.members[object.count++];
        to->name = arena_copy(arena, slice_of(name));
        to->value = convert(arena, member);
    }
    object.capacity = count;
    return object;
}

static struct value convert(struct arena *arena, const json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT: return convert_object(arena, (json_t *)(uintptr_t)json);
    case JSON_ARRAY: return convert_list(arena, json);
    case JSON_STRING: break;
    case JSON_INTEGER: return value_integer(json_integer_value(json));
    case JSON_REAL: return value_real(json_real_value(json));
    case JSON_TRUE: return value_boolean(true);
    case JSON_FALSE: return value_boolean(false);
    case JSON_NULL: return value_null();
    }
    struct slice text = {.data = json_string_value(json), .size = json_string_length(json)};
    return value_text(arena_copy(arena, text));
}

static enum status fail_memory(const struct arena *arena, struct error *error)
{
    return FAIL(error, arena->limit ? STATUS_TOO_LARGE : STATUS_NO_MEMORY, "", 0,
                "no memory to keep the values of the text");
}

static enum status read_scanned(struct arena *arena, const struct scan *scan, struct arena *scratch,
                                struct value *value, struct error *error)
{
    json_error_t problem;
    struct slice text = scan->has_repairs ? buffer_slice(&scan->repaired) : scan->text;
    json_t *json = json_load_in(scratch, text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
    if (scratch->failed)
        return fail_memory(scratch, error);
    if (!json)
        return fail_jansson(scan, &problem, error);
    bool had_failed = arena->failed;
    arena->failed = false;
    struct value converted = convert(arena, json);
    bool has_failed = arena->failed;
    arena->failed = had_failed || has_failed;
    if (has_failed)
        return fail_memory(arena, error);
    *value = converted;
    return STATUS_OK;
}

enum status json_read(struct arena *arena, struct slice text, unsigned depth_max,
                      struct value *value, struct error *error)
{
    struct scan scan = {.text = text};
    struct arena scratch = {0};
    enum status status = scan_text(&scan, depth_max ? depth_max : JSON_DEPTH_MAX, error);
    if (!status)
        status = read_scanned(arena, &scan, &scratch, value, error);
    buffer_done(&scan.repaired);
    buffer_done(&scan.inserted);
    arena_done(&scratch);
    return status;
}
