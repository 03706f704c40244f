/*
 * A strict reader of JSON (RFC 8259) that keeps places: for `.json` files, where YAML's reader
 * would let comments and trailing commas pass, and would refuse surrogate pairs.  base/json.h reads
 * what machines send; it has no places to point at.
 */

#include "parse.h"

#include "base/limits.h"

struct json {
    struct parser *parser;
    struct document *document;
    struct slice text;
    size_t at;
    size_t nodes;
    bool stopped;
};

static bool stop(struct json *json, size_t at, const char *why)
{
    if (!json->stopped)
        fault(json->parser, document_place(json->document, at, at + 1), "syntax", "%s", why);
    json->stopped = true;
    return false;
}

static char peek(struct json *json)
{
    while (json->at < json->text.size && strchr(" \t\r\n", json->text.data[json->at]))
        json->at++;
    return json->at < json->text.size ? json->text.data[json->at] : (char)0;
}

static bool take(struct json *json, char wanted)
{
    if (peek(json) != wanted)
        return false;
    json->at++;
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits of \uXXXX at `at`, -1 when they are none. */
static int32_t unit_at(const struct json *json, size_t at)
{
    int32_t unit = 0;
    if (at + 4 > json->text.size)
        return -1;
    for (size_t i = 0; i < 4; i++) {
        int digit = hex_digit(json->text.data[at + i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static void point_add(struct buffer *out, int32_t point)
{
    if (point < 0x80) {
        buffer_add_byte(out, (char)point);
        return;
    }
    int tails = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    static const int heads[] = {0, 0xc0, 0xe0, 0xf0};
    buffer_add_byte(out, (char)(heads[tails] | point >> (6 * tails)));
    while (tails--)
        buffer_add_byte(out, (char)(0x80 | (point >> (6 * tails) & 0x3f)));
}

/* After the backslash and `u`. */
static bool unicode_read(struct json *json, struct buffer *out)
{
    int32_t point = unit_at(json, json->at);
    if (point <= 0)
        return stop(json, json->at,
                    point ? "four hexadecimal digits are wanted" : "this text holds NUL");
    json->at += 4;
    if (point >= 0xd800 && point < 0xe000) {
        bool is_pair =
            point < 0xdc00 && slice_starts_with(slice_from(json->text, json->at), SLICE("\\u"));
        int32_t low = is_pair ? unit_at(json, json->at + 2) : -1;
        if (low < 0xdc00 || low > 0xdfff)
            return stop(json, json->at, "this text holds half of a surrogate pair");
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        json->at += 6;
    }
    point_add(out, point);
    return true;
}

static bool escape_read(struct json *json, struct buffer *out)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    char letter = json->at < json->text.size ? json->text.data[json->at] : (char)0;
    if (letter == 'u') {
        json->at++;
        return unicode_read(json, out);
    }
    const char *found = letter ? strchr(letters, letter) : NULL;
    if (!found)
        return stop(json, json->at, "this escape is not one of JSON");
    json->at++;
    buffer_add_byte(out, meant[found - letters]);
    return true;
}

/* At the opening quote. */
static bool text_read(struct json *json, struct node *node)
{
    struct buffer out = {0};
    size_t from = json->at++;
    bool good = true, closed = false;
    while (good && !closed && json->at < json->text.size) {
        char c = json->text.data[json->at];
        if (c == '"')
            closed = true;
        else if (c == '\n' || c == '\t' || c == '\r')
            good = stop(json, json->at, "a tab or line break in a text is written \\t or \\n");
        json->at++;
        if (c == '\\')
            good = escape_read(json, &out);
        else if (!closed && good)
            buffer_add_byte(&out, c);
    }
    if (good && !closed)
        good = stop(json, from, "this text is not closed");
    node->kind = NODE_SCALAR;
    node->style = STYLE_QUOTED;
    node->place = document_place(json->document, from, json->at);
    node->text = arena_copy(&json->parser->scratch, buffer_slice(&out));
    json->parser->scratch.failed |= out.failed;
    buffer_done(&out);
    return good;
}

static bool is_number(struct slice text)
{
    size_t at = text.size && text.data[0] == '-', digits = 0;
    bool zero = at < text.size && text.data[at] == '0';
    for (; at < text.size && text.data[at] >= '0' && text.data[at] <= '9'; at++)
        digits++;
    if (digits == 0 || (zero && digits > 1))
        return false;
    if (at < text.size && text.data[at] == '.') {
        for (digits = 0, at++; at < text.size && text.data[at] >= '0' && text.data[at] <= '9'; at++)
            digits++;
        if (digits == 0)
            return false;
    }
    if (at < text.size && (text.data[at] | 0x20) == 'e') {
        at++;
        at += at < text.size && (text.data[at] == '+' || text.data[at] == '-');
        for (digits = 0; at < text.size && text.data[at] >= '0' && text.data[at] <= '9'; at++)
            digits++;
    }
    return digits > 0 && at == text.size;
}

/* true, false, null or a number. */
static bool word_read(struct json *json, struct node *node)
{
    size_t from = json->at;
    while (json->at < json->text.size && !strchr(" \t\r\n,:[]{}\"", json->text.data[json->at]))
        json->at++;
    struct slice word = {.data = json->text.data + from, .size = json->at - from};
    if (!slice_equals(word, "true") && !slice_equals(word, "false") &&
        !slice_equals(word, "null") && !is_number(word))
        return stop(json, from,
                    "a value is wanted: a text in quotes, a number, true, false, null, "
                    "a list or a mapping");
    node->kind = NODE_SCALAR;
    node->place = document_place(json->document, from, json->at);
    node->text = arena_copy(&json->parser->scratch, word);
    return true;
}

static bool value_read(struct json *json, unsigned depth, struct node *node);

static bool member_key_read(struct json *json, struct children *children)
{
    struct node key = {0};
    if (peek(json) != '"')
        return stop(json, json->at, "a key in double quotes is wanted");
    if (++json->nodes > FILE_NODES_MAX)
        return stop(json, json->at, "the file holds more than 10000 values");
    if (!text_read(json, &key))
        return false;
    if (!take(json, ':'))
        return stop(json, json->at, "':' is wanted after a key");
    struct node *added = children_add(json->parser, children);
    if (added)
        *added = key;
    return added;
}

static bool children_read(struct json *json, unsigned depth, char closing, struct node *node)
{
    struct children children = {0};
    bool good = true, more = !take(json, closing);
    while (good && more) {
        struct node child = {0};
        if (node->kind == NODE_MAPPING)
            good = member_key_read(json, &children);
        good = good && value_read(json, depth, &child);
        struct node *added = good ? children_add(json->parser, &children) : NULL;
        good = added != NULL;
        if (!added)
            break;
        *added = child;
        more = take(json, ',');
        if (!more && !take(json, closing))
            good = stop(json, json->at,
                        closing == ']' ? "',' or ']' is wanted" : "',' or '}' is wanted");
    }
    children_close(json->parser, &children, node);
    return good;
}

static bool value_read(struct json *json, unsigned depth, struct node *node)
{
    char first = peek(json);
    if (++json->nodes > FILE_NODES_MAX)
        return stop(json, json->at, "the file holds more than 10000 values");
    if (first == '"')
        return text_read(json, node);
    if (first != '[' && first != '{')
        return word_read(json, node);
    if (depth >= FILE_DEPTH_MAX)
        return stop(json, json->at, "lists and mappings are more than 64 levels deep");
    json->at++;
    node->kind = first == '[' ? NODE_LIST : NODE_MAPPING;
    return children_read(json, depth + 1, first == '[' ? ']' : '}', node);
}

void json_tree_read(struct parser *parser, struct document *document)
{
    struct json json = {.parser = parser, .document = document, .text = document->text};
    if (peek(&json) == '\0' && json.at == json.text.size)
        return;
    document->has_root = value_read(&json, 0, &document->root);
    if (document->has_root && (peek(&json) != '\0' || json.at < json.text.size))
        document->has_root = stop(&json, json.at, "the file goes on after its value");
}
