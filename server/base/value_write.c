/*
 * Values as canonical JSON text, so that equal values have equal bytes and equal digests: members
 * by the order of their names' bytes, no space, numbers by number_format, and no escape that RFC
 * 8259 does not ask for.
 */

#include "base/value.h"

#include "base/number.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define MEMBERS_ON_STACK 32

static bool needs_escape(unsigned char byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\';
}

static void write_escape(struct buffer *out, unsigned char byte)
{
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
    };
    char letter = byte < 0x20 ? letters[byte] : (char)byte;
    if (!letter) {
        buffer_format(out, "\\u%04x", byte);
        return;
    }
    buffer_add_byte(out, '\\');
    buffer_add_byte(out, letter);
}

void json_write_text(struct buffer *out, struct slice text)
{
    size_t from = 0;
    buffer_add_byte(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (!needs_escape(byte))
            continue;
        buffer_add(out, (struct slice){.data = text.data + from, .size = i - from});
        write_escape(out, byte);
        from = i + 1;
    }
    buffer_add(out, slice_from(text, from));
    buffer_add_byte(out, '"');
}

static void write_integer(struct buffer *out, int64_t integer)
{
    char text[NUMBER_TEXT_SIZE];
    snprintf(text, sizeof text, "%lld", (long long)integer);
    buffer_add(out, slice_of(text));
}

static void write_real(struct buffer *out, double number)
{
    char text[NUMBER_TEXT_SIZE];
    buffer_add(out, slice_of(number_format(number, text)));
}

static void write_list(struct buffer *out, const struct value *list)
{
    buffer_add_byte(out, '[');
    for (size_t i = 0; i < list->count; i++) {
        if (i)
            buffer_add_byte(out, ',');
        value_write(out, &list->items[i]);
    }
    buffer_add_byte(out, ']');
}

static int member_compare(const void *a, const void *b)
{
    const struct member *const *left = a;
    const struct member *const *right = b;
    return slice_compare((*left)->name, (*right)->name);
}

static void write_members(struct buffer *out, const struct member **members, size_t count)
{
    bool is_sorted = true;
    for (size_t i = 1; i < count && is_sorted; i++)
        is_sorted = member_compare(&members[i - 1], &members[i]) < 0;
    if (!is_sorted)
        qsort(members, count, sizeof(const struct member *), member_compare);
    buffer_add_byte(out, '{');
    for (size_t i = 0; i < count; i++) {
        if (i)
            buffer_add_byte(out, ',');
        json_write_text(out, members[i]->name);
        buffer_add_byte(out, ':');
        value_write(out, &members[i]->value);
    }
    buffer_add_byte(out, '}');
}

static void write_object(struct buffer *out, const struct value *object)
{
    const struct member *few[MEMBERS_ON_STACK];
    const struct member **members = few;
    if (object->count > MEMBERS_ON_STACK)
        members = calloc(object->count, sizeof(const struct member *));
    if (!members) {
        out->failed = true;
        return;
    }
    for (size_t i = 0; i < object->count; i++)
        members[i] = &object->members[i];
    write_members(out, members, object->count);
    if (members != few)
        free(members);
}

void value_write(struct buffer *out, const struct value *value)
{
    switch (value->kind) {
    case VALUE_NULL: buffer_add(out, SLICE("null")); break;
    case VALUE_BOOLEAN: buffer_add(out, value->boolean ? SLICE("true") : SLICE("false")); break;
    case VALUE_INTEGER: write_integer(out, value->integer); break;
    case VALUE_REAL: write_real(out, value->number); break;
    case VALUE_TEXT: json_write_text(out, value->text); break;
    case VALUE_LIST: write_list(out, value); break;
    case VALUE_OBJECT: write_object(out, value); break;
    }
}
