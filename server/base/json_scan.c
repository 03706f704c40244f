/*
 * The elements of a list without reading them.  A value is what stands up to the comma or closing
 * bracket at its own depth, strings left aside, whatever it is; so an element's fault stays within
 * that element, as long as its quotes and brackets add up.  No recursion: depth is a count.
 */

#include "base/json.h"

#include "json_place.h"

enum scanner_state {
    SCANNER_BEGIN,        /* before the object */
    SCANNER_MEMBER,       /* where a member has to stand */
    SCANNER_AFTER_MEMBER, /* a comma or the object's end */
    SCANNER_ELEMENT,      /* where an element has to stand */
    SCANNER_AFTER_ELEMENT,
    SCANNER_END,
};

struct json_place json_place_of(struct slice text, size_t at)
{
    struct json_place place = {.line = 1, .column = 1};
    for (size_t i = 0; i < at && i < text.size; i++) {
        place.column++;
        if (text.data[i] != '\n')
            continue;
        place.line++;
        place.column = 1;
    }
    return place;
}

static enum status fail_scan(const struct json_scanner *scanner, const char *why,
                             struct error *error)
{
    struct json_place place = json_place_of(scanner->text, scanner->at);
    if (scanner->at >= scanner->text.size)
        why = "the text ends too early";
    return FAIL(error, STATUS_INVALID, "", place.line, "column %d: %s", place.column, why);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* The next byte that is no space, NUL at the end (a NUL of the text is never expected either). */
static char next_byte(struct json_scanner *scanner)
{
    while (scanner->at < scanner->text.size && is_space(scanner->text.data[scanner->at]))
        scanner->at++;
    return scanner->at < scanner->text.size ? scanner->text.data[scanner->at] : '\0';
}

static bool take_byte(struct json_scanner *scanner, char wanted)
{
    if (next_byte(scanner) != wanted)
        return false;
    scanner->at++;
    return true;
}

/* From a quote to behind the closing one, or to the end of the text. */
static size_t string_end(struct slice text, size_t at)
{
    for (at++; at < text.size; at++) {
        if (text.data[at] == '"')
            return at + 1;
        at += text.data[at] == '\\';
    }
    return text.size;
}

/* Where the value ends that begins at `at`: the comma or closing bracket, or the text's end. */
static size_t value_end(struct slice text, size_t at)
{
    size_t depth = 0;
    while (at < text.size) {
        char c = text.data[at];
        if (c == '"') {
            at = string_end(text, at);
            continue;
        }
        bool is_open = c == '[' || c == '{';
        bool is_close = c == ']' || c == '}';
        if (depth == 0 && (is_close || c == ','))
            break;
        depth += is_open;
        depth -= is_close;
        at++;
    }
    return at;
}

static enum status take_value(struct json_scanner *scanner, struct slice *value,
                              struct error *error)
{
    next_byte(scanner);
    size_t from = scanner->at;
    size_t to = value_end(scanner->text, from);
    if (to == from || to >= scanner->text.size) {
        scanner->at = to;
        return fail_scan(scanner, "a value is missing", error);
    }
    scanner->at = to;
    while (is_space(scanner->text.data[to - 1]))
        to--;
    *value = (struct slice){.data = scanner->text.data + from, .size = to - from};
    return STATUS_OK;
}

static enum status scan_element(struct json_scanner *scanner, struct json_part *part,
                                struct error *error)
{
    struct slice text;
    enum status status = take_value(scanner, &text, error);
    if (status)
        return status;
    *part = (struct json_part){.kind = JSON_PART_ELEMENT, .index = scanner->index++, .text = text};
    scanner->state = SCANNER_AFTER_ELEMENT;
    return STATUS_OK;
}

/* Behind the list's opening bracket. */
static enum status scan_list(struct json_scanner *scanner, struct error *error)
{
    if (scanner->has_list)
        return fail_scan(scanner, "the list is there twice", error);
    scanner->has_list = true;
    scanner->at++;
    bool is_empty = next_byte(scanner) == ']';
    scanner->state = is_empty ? SCANNER_AFTER_ELEMENT : SCANNER_ELEMENT;
    return STATUS_OK;
}

/* Hands out a member, or steps into the list. */
static enum status scan_member(struct json_scanner *scanner, struct json_part *part,
                               struct error *error)
{
    struct slice text;
    if (next_byte(scanner) != '"')
        return fail_scan(scanner, "a member's name is missing", error);
    size_t from = scanner->at + 1;
    scanner->at = string_end(scanner->text, scanner->at);
    struct slice name = {.data = scanner->text.data + from, .size = scanner->at - from - 1};
    if (!take_byte(scanner, ':'))
        return fail_scan(scanner, "a colon is missing", error);
    bool is_list = slice_equal(name, scanner->list_name);
    if (is_list && next_byte(scanner) == '[')
        return scan_list(scanner, error);
    enum status status = take_value(scanner, &text, error);
    if (status)
        return status;
    *part = (struct json_part){.kind = JSON_PART_MEMBER, .name = name, .text = text};
    scanner->state = SCANNER_AFTER_MEMBER;
    return STATUS_OK;
}

static enum status scan_begin(struct json_scanner *scanner, struct error *error)
{
    if (!take_byte(scanner, '{'))
        return fail_scan(scanner, "this is no JSON object", error);
    scanner->state = SCANNER_MEMBER;
    if (take_byte(scanner, '}'))
        scanner->state = SCANNER_END;
    return STATUS_OK;
}

/* A comma leads on to `more`, `bracket` out to `outer`. */
static enum status scan_after(struct json_scanner *scanner, char bracket, int more, int outer,
                              struct error *error)
{
    if (take_byte(scanner, ','))
        scanner->state = more;
    else if (take_byte(scanner, bracket))
        scanner->state = outer;
    else
        return fail_scan(scanner, "a comma or closing bracket is missing", error);
    return STATUS_OK;
}

struct json_scanner json_scanner_of(struct slice text, struct slice list_name)
{
    return (struct json_scanner){.text = text, .list_name = list_name};
}

static enum status scan_end(struct json_scanner *scanner, struct json_part *part,
                            struct error *error)
{
    next_byte(scanner);
    if (scanner->at < scanner->text.size)
        return fail_scan(scanner, "text after the object", error);
    *part = (struct json_part){.kind = JSON_PART_END};
    return STATUS_OK;
}

enum status json_scan(struct json_scanner *scanner, struct json_part *part, struct error *error)
{
    enum status status = STATUS_OK;
    while (!status) {
        switch ((enum scanner_state)scanner->state) {
        case SCANNER_BEGIN: status = scan_begin(scanner, error); break;
        case SCANNER_AFTER_MEMBER:
            status = scan_after(scanner, '}', SCANNER_MEMBER, SCANNER_END, error);
            break;
        case SCANNER_AFTER_ELEMENT:
            status = scan_after(scanner, ']', SCANNER_ELEMENT, SCANNER_AFTER_MEMBER, error);
            break;
        case SCANNER_ELEMENT: return scan_element(scanner, part, error);
        case SCANNER_MEMBER:
            status = scan_member(scanner, part, error);
            if (status || scanner->state == SCANNER_AFTER_MEMBER)
                return status;
            break;
        case SCANNER_END: return scan_end(scanner, part, error);
        }
    }
    return status;
}
