/*
 * JSON: the reader, the writer, and the scanner that cuts a body into its events.
 *
 * Holds for every input: what is read is written and read back equal, byte for byte; the parts that
 * the scanner hands out lie in the text, in order, and name elements from 0 without gaps; a text
 * that the reader takes as an object is one that the scanner takes, with as many members.
 */

#include "base/json.h"

#include "fuzz.h"

static void check_round(struct arena *arena, const struct value *value)
{
    struct buffer once = {0}, twice = {0};
    struct value again;
    value_write(&once, value);
    CHECK(slice_is_utf8(buffer_slice(&once)));
    CHECK(!json_read(arena, buffer_slice(&once), 0, &again, NULL));
    value_write(&twice, &again);
    CHECK(slice_equal(buffer_slice(&once), buffer_slice(&twice)));
    buffer_done(&once);
    buffer_done(&twice);
}

struct scan {
    enum status status;
    size_t elements, members;
    bool has_list;
};

static struct scan scan_all(struct slice text)
{
    struct json_scanner scanner = json_scanner_of(text, SLICE("batch"));
    struct scan scan = {0};
    struct json_part part;
    struct error error = {0};
    const char *at = text.data;
    while (!(scan.status = json_scan(&scanner, &part, &error)) && part.kind != JSON_PART_END) {
        CHECK(part.text.size && part.text.data >= at);
        at = part.text.data + part.text.size;
        CHECK(at <= text.data + text.size);
        if (part.kind == JSON_PART_ELEMENT)
            CHECK(part.index == scan.elements++);
        else
            scan.members++;
    }
    CHECK(!scan.status || (error.line >= 1 && error.text[0]));
    scan.has_list = scanner.has_list;
    return scan;
}

void fuzz_one(struct slice input)
{
    struct arena arena = {0};
    struct error error = {0};
    struct value value;
    struct scan scan = scan_all(input);
    enum status status = json_read(&arena, input, 0, &value, &error);
    CHECK(status == STATUS_OK || status == STATUS_INVALID);
    CHECK(!status == !error.text[0]);
    if (!status) {
        check_round(&arena, &value);
        CHECK((value.kind == VALUE_OBJECT) == !scan.status);
    }
    if (!status && value.kind == VALUE_OBJECT) {
        const struct value *list = value_member(&value, SLICE("batch"));
        size_t members = value.count - (scan.has_list ? 1 : 0);
        CHECK(scan.members == members);
        /* A name may be spelt with escapes, which the scanner leaves as they stand. */
        CHECK(!scan.has_list || (list && list->kind == VALUE_LIST && list->count == scan.elements));
    }
    arena_done(&arena);
}
