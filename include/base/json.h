#ifndef BASE_JSON_H
#define BASE_JSON_H

/*
 * JSON in: jansson behind one function, with the leniency that real clients need (http-api.md,
 * Events): an integer beyond 64 bits is read as a real, a lone surrogate escape becomes U+FFFD;
 * NUL, bad UTF-8, a repeated name, a number that is not finite, text after the value, and depth
 * over the limit are INVALID.  The error's `line` and its text's "column N" say where.
 */

#include "base/value.h"

/* Reads all of `text` into a tree in `arena`.  depth_max: brackets open at once (0:
 * JSON_DEPTH_MAX). */
MUST_CHECK enum status json_read(struct arena *arena, struct slice text, unsigned depth_max,
                                 struct value *value, struct error *error);

/*
 * Walks the elements of one list of an object without reading them, so that one bad element does
 * not lose the others: it knows strings, brackets and depth only.  Hands out, in the order of the
 * text, the elements of the member `list_name` where that is a list, and every other member of the
 * object (and `list_name` too, where it is no list).  A part's text is what stands there, without
 * space around it, never empty, and may be anything: too deep, no UTF-8, a bad number, two values;
 * json_read tells.
 *
 *     struct json_scanner scanner = json_scanner_of(body, SLICE("batch"));
 *     do
 *         status = json_scan(&scanner, &part, error);
 *     while (!status && part.kind != JSON_PART_END);
 *
 * A broken structure (no object, an open string or bracket, a missing comma or value, text after
 * the object, `list_name` twice) is INVALID with line and column, found only when the scanner comes
 * there: collect the parts and use them after END.
 */
struct json_scanner {
    struct slice text; /* borrowed */
    struct slice list_name;
    size_t at;    /* the next byte */
    size_t index; /* of the next element */
    int state;
    bool has_list;
};

enum json_part_kind { JSON_PART_MEMBER, JSON_PART_ELEMENT, JSON_PART_END };

struct json_part {
    enum json_part_kind kind;
    struct slice name; /* of a MEMBER: between its quotes, escapes as they stand */
    size_t index;      /* of an ELEMENT, from 0 */
    struct slice text; /* a slice of the scanner's text */
};

struct json_scanner json_scanner_of(struct slice text, struct slice list_name);
MUST_CHECK enum status json_scan(struct json_scanner *scanner, struct json_part *part,
                                 struct error *error);

#endif
