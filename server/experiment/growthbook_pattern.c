/*
 * POSIX extended regular expressions as JavaScript's, where both match the same texts.
 *
 * regcomp works on bytes in the C locale, JavaScript on UTF-16 code units, and each has what the
 * other lacks.  What is taken: literals, `.`, brackets of ASCII, groups, `|`, anchors, and one
 * quantifier an atom.  What is refused: backreferences and letters after a backslash (glibc's own),
 * classes like [:alpha:], two quantifiers in a row (lazy in one language, nested in the other), a
 * quantifier of nothing, braces that are none.
 *
 * `.` and [^...] match one byte here and one code unit there, which are not the same beyond ASCII.
 * So such an atom needs `*` or `+`; and since `.+.+` wants two bytes here and two units there, only
 * one with `+` is taken before a literal of which there is exactly one has parted it from the next,
 * and a group that holds one has no quantifier of its own.  A literal beyond ASCII is several
 * bytes, so no quantifier may follow it.
 *
 * `.` and [^...] match a line break in POSIX: `.` becomes [\s\S].
 */

#include "experiment/growthbook.h"

#define GROUPS_MAX 32

enum atom { ATOM_NONE, ATOM_NARROW, ATOM_WIDE, ATOM_LONG, ATOM_ANCHOR };

struct translation {
    struct slice rest;
    struct buffer *out;
    enum atom last;    /* what a quantifier would be of */
    bool is_start;     /* nothing that takes text came before: `^` may stand here */
    bool is_end;       /* after a `$`: nothing that takes text may come */
    bool is_wide_open; /* a wide atom with `+` came, and no single literal since */
    bool failed;
    size_t depth; /* of open groups */
    struct {
        bool is_single; /* it has a wide atom or an anchor, and so can't be repeated */
        bool was_start; /* is_start where it begins */
        bool was_open;  /* is_wide_open where it begins */
        bool ends_open; /* and at the end of one of its alternatives so far */
        bool has_end;   /* one of its alternatives so far ends in `$` */
    } groups[GROUPS_MAX + 1];
};

static char peek(const struct translation *translation)
{
    return translation->rest.size ? translation->rest.data[0] : '\0';
}

static char take(struct translation *translation)
{
    char byte = peek(translation);
    translation->rest = slice_from(translation->rest, 1);
    return byte;
}

static bool is_quantifier(char byte)
{
    return byte == '*' || byte == '+' || byte == '?' || byte == '{';
}

static bool is_special(char byte)
{
    return byte && strchr("\\^$.|?*+()[]{}/", byte);
}

static void write_literal(struct buffer *out, char byte)
{
    if (is_special(byte))
        buffer_add_byte(out, '\\');
    buffer_add_byte(out, byte);
}

static void atom_set(struct translation *translation, enum atom atom, bool is_literal)
{
    translation->last = atom;
    translation->is_start = false;
    if (atom == ATOM_WIDE)
        translation->groups[translation->depth].is_single = true;
    if (is_literal && !is_quantifier(peek(translation)))
        translation->is_wide_open = false;
}

static void take_literal(struct translation *translation, char byte)
{
    write_literal(translation->out, byte);
    if ((unsigned char)byte < 0x80) {
        atom_set(translation, ATOM_NARROW, true);
        return;
    }
    while (((unsigned char)peek(translation) & 0xc0) == 0x80)
        buffer_add_byte(translation->out, take(translation));
    atom_set(translation, ATOM_LONG, true);
}

static void take_escaped(struct translation *translation)
{
    char byte = take(translation);
    bool is_letter = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                     (byte >= 'A' && byte <= 'Z');
    if (is_letter || !byte || strchr("<>`'", byte) || (unsigned char)byte >= 0x80)
        translation->failed = true;
    else
        take_literal(translation, byte);
}

/* The inside of brackets, where POSIX knows no escapes. */
static void take_brackets(struct translation *translation)
{
    struct buffer *out = translation->out;
    bool is_negated = peek(translation) == '^';
    buffer_add_byte(out, '[');
    if (is_negated)
        buffer_add_byte(out, take(translation));
    bool is_first = true;
    while (translation->rest.size && (is_first || peek(translation) != ']')) {
        char byte = take(translation);
        bool opens_class = byte == '[' && strchr(".:=", peek(translation)) && peek(translation);
        if (opens_class || (unsigned char)byte >= 0x80)
            translation->failed = true;
        if (byte == '\\' || byte == ']' || byte == '[' || byte == '^' || byte == '/')
            buffer_add_byte(out, '\\');
        if (byte == '-' && (is_first || peek(translation) == ']'))
            buffer_add_byte(out, '\\'); /* a minus that is no range */
        buffer_add_byte(out, byte);
        is_first = false;
    }
    if (take(translation) != ']')
        translation->failed = true;
    buffer_add_byte(out, ']');
    atom_set(translation, is_negated ? ATOM_WIDE : ATOM_NARROW, false);
}

/* `{2}`, `{2,}`, `{2,5}`, as they stand. */
static bool take_braces(struct translation *translation)
{
    size_t size = 0, digits = 0, commas = 0;
    struct slice rest = translation->rest;
    while (size < rest.size && rest.data[size] != '}') {
        bool is_digit = rest.data[size] >= '0' && rest.data[size] <= '9';
        digits += is_digit;
        commas += rest.data[size] == ',';
        if (!is_digit && (rest.data[size] != ',' || !digits || commas > 1))
            return false;
        size++;
    }
    if (size == rest.size || !digits || digits > 6)
        return false;
    buffer_add(translation->out, (struct slice){.data = rest.data, .size = size + 1});
    translation->rest = slice_from(rest, size + 1);
    return true;
}

static void take_quantifier(struct translation *translation, char byte)
{
    bool is_wide = translation->last == ATOM_WIDE;
    if (translation->last == ATOM_NONE || translation->last == ATOM_LONG ||
        translation->last == ATOM_ANCHOR)
        translation->failed = true;
    if (is_wide && byte != '*' && byte != '+')
        translation->failed = true;
    if (is_wide && byte == '+') {
        if (translation->is_wide_open)
            translation->failed = true;
        translation->is_wide_open = true;
    }
    buffer_add_byte(translation->out, byte);
    if (byte == '{' && !take_braces(translation))
        translation->failed = true;
    if (is_quantifier(peek(translation)))
        translation->failed = true;
    translation->last = ATOM_NONE;
}

static void group_open(struct translation *translation)
{
    if (translation->depth == GROUPS_MAX) {
        translation->failed = true;
        return;
    }
    buffer_add(translation->out, SLICE("(?:"));
    translation->depth++;
    translation->groups[translation->depth].is_single = false;
    translation->groups[translation->depth].was_open = translation->is_wide_open;
    translation->groups[translation->depth].ends_open = false;
    translation->groups[translation->depth].was_start = translation->is_start;
    translation->groups[translation->depth].has_end = false;
    translation->last = ATOM_NONE;
}

static void group_close(struct translation *translation)
{
    if (!translation->depth) {
        translation->failed = true; /* a literal one in POSIX */
        return;
    }
    size_t depth = translation->depth--;
    bool is_repeated = is_quantifier(peek(translation));
    buffer_add_byte(translation->out, ')');
    if (translation->groups[depth].ends_open ||
        (is_repeated && translation->groups[depth].was_open))
        translation->is_wide_open = true;
    if (translation->groups[depth].is_single) {
        translation->groups[depth - 1].is_single = true;
        translation->failed |= is_repeated;
    }
    translation->is_end |= translation->groups[depth].has_end;
    translation->is_start = false;
    translation->last = ATOM_NARROW;
}

static void take_bar(struct translation *translation)
{
    size_t depth = translation->depth;
    buffer_add_byte(translation->out, '|');
    translation->groups[depth].ends_open |= translation->is_wide_open;
    translation->is_wide_open = translation->groups[depth].was_open;
    translation->groups[depth].has_end |= translation->is_end;
    translation->is_end = false;
    translation->is_start = translation->groups[depth].was_start;
    translation->last = ATOM_NONE;
}

/* At the ends alone: glibc takes an anchor between others for more than it is. */
static void take_anchor(struct translation *translation, char byte)
{
    bool is_begin = byte == '^';
    if (is_begin ? !translation->is_start : translation->is_end)
        translation->failed = true;
    buffer_add_byte(translation->out, byte);
    translation->groups[translation->depth].is_single = true;
    translation->is_start = false;
    translation->is_end = !is_begin;
    translation->last = ATOM_ANCHOR;
}

static void take_one(struct translation *translation)
{
    char byte = take(translation);
    if (translation->last == ATOM_WIDE && !is_quantifier(byte))
        translation->failed = true;
    if (translation->is_end && byte != ')' && byte != '|')
        translation->failed = true;
    switch (byte) {
    case '\\': take_escaped(translation); break;
    case '[': take_brackets(translation); break;
    case '(': group_open(translation); break;
    case ')': group_close(translation); break;
    case '.':
        buffer_add(translation->out, SLICE("[\\s\\S]"));
        atom_set(translation, ATOM_WIDE, false);
        break;
    case '^':
    case '$': take_anchor(translation, byte); break;
    case '|': take_bar(translation); break;
    case '*':
    case '+':
    case '?':
    case '{': take_quantifier(translation, byte); break;
    default: take_literal(translation, byte); break;
    }
}

bool growthbook_pattern_write(struct buffer *out, struct slice pattern)
{
    size_t start = out->size;
    struct translation translation = {.rest = pattern, .out = out, .is_start = true};
    translation.groups[0].was_start = true;
    while (translation.rest.size && !translation.failed)
        take_one(&translation);
    bool is_right = !translation.failed && !translation.depth && translation.last != ATOM_WIDE;
    if (!is_right && !out->failed)
        out->size = start;
    return is_right;
}
