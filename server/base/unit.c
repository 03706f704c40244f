/* Kinds of units, and which ids are none: front ends send placeholders where they know nobody, and
 * one such "user" with a million events would spoil every experiment. */

#include "base/unit.h"

#include "base/limits.h"

#include <strings.h>

static const char *const kinds[UNIT_KIND_COUNT] = {
    [UNIT_USER] = "user",
    [UNIT_ACCOUNT] = "account",
    [UNIT_ANONYMOUS] = "anonymous",
};

static const char *const placeholders[] = {"null", "undefined", "anonymous", "unknown"};

const char *unit_kind_text(enum unit_kind kind)
{
    return kinds[kind];
}

bool unit_kind_parse(struct slice text, enum unit_kind *kind)
{
    for (int i = 0; i < UNIT_KIND_COUNT; i++) {
        if (!slice_equals(text, kinds[i]))
            continue;
        *kind = (enum unit_kind)i;
        return true;
    }
    return false;
}

static bool is_zeros(struct slice text)
{
    bool has_zero = false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] != '0' && text.data[i] != '-')
            return false;
        has_zero = has_zero || text.data[i] == '0';
    }
    return has_zero;
}

bool unit_id_is_placeholder(struct slice text)
{
    for (size_t i = 0; i < sizeof placeholders / sizeof *placeholders; i++)
        if (text.size == strlen(placeholders[i]) &&
            strncasecmp(text.data, placeholders[i], text.size) == 0)
            return true;
    return is_zeros(text);
}

const char *unit_id_fault(struct slice id)
{
    if (id.size == 0)
        return "the id is empty";
    if (id.size > UNIT_ID_SIZE_MAX)
        return "the id is longer than 256 bytes";
    if (!slice_is_utf8(id))
        return "the id is not UTF-8";
    if (slice_has_control(id))
        return "the id has a control character";
    if (unit_id_is_placeholder(id))
        return "the id is a placeholder, not somebody's";
    return NULL;
}
