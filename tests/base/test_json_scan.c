/* The scanner over a batch: good elements come out whatever stands between them. */

#include "base/json.h"
#include "base/random.h"
#include "support/support.h"

/* Every part as text: `name=text;` for members, `index:text;` for elements; then the status. */
static struct slice scan_all(struct arena *arena, struct slice text, struct error *error)
{
    struct buffer out = {0};
    struct json_scanner scanner = json_scanner_of(text, SLICE("batch"));
    struct json_part part = {.kind = JSON_PART_MEMBER};
    enum status status;
    while (!(status = json_scan(&scanner, &part, error)) && part.kind != JSON_PART_END) {
        if (part.kind == JSON_PART_ELEMENT)
            buffer_format(&out, "%zu:", part.index);
        buffer_add(&out, part.name);
        buffer_add(&out, part.kind == JSON_PART_MEMBER ? SLICE("=") : SLICE(""));
        buffer_add(&out, part.text);
        buffer_add_byte(&out, ';');
    }
    buffer_add(&out, status ? SLICE("INVALID") : SLICE("END"));
    struct slice all = arena_copy(arena, buffer_slice(&out));
    buffer_done(&out);
    return all;
}

static const struct {
    struct slice text, want;
} good[] = {
    {SLICE_INIT("{}"), SLICE_INIT("END")},
    {SLICE_INIT(" { } "), SLICE_INIT("END")},
    {SLICE_INIT("{\"batch\":[]}"), SLICE_INIT("END")},
    {SLICE_INIT("{\"batch\":[ ] , \"a\":1}"), SLICE_INIT("a=1;END")},
    {SLICE_INIT("{\"batch\":3}"), SLICE_INIT("batch=3;END")},
    {SLICE_INIT("{\"batch\":{\"x\":[1,2]}}"), SLICE_INIT("batch={\"x\":[1,2]};END")},
    {SLICE_INIT("{\"a\" : [1,2] , \"batch\" : [ 1 ,\n2 ], \"z\" : \"x\" }"),
     SLICE_INIT("a=[1,2];0:1;1:2;z=\"x\";END")},
    /* depth 1 only: a member of that name deeper down is not the list */
    {SLICE_INIT("{\"a\":{\"batch\":[7]},\"batch\":[8]}"), SLICE_INIT("a={\"batch\":[7]};0:8;END")},
    /* brackets and quotes in strings, odd elements between good ones */
    {SLICE_INIT("{\"batch\":[{\"a\":\"]},[\\\"\"},2]}"),
     SLICE_INIT("0:{\"a\":\"]},[\\\"\"};1:2;END")},
    {SLICE_INIT("{\"batch\":[tru e, \"\xff\", \"a\0b\", 1e999, {} {}, \"\\\\\", [[1],[2]] ]}"),
     SLICE_INIT("0:tru e;1:\"\xff\";2:\"a\0b\";3:1e999;4:{} {};5:\"\\\\\";6:[[1],[2]];END")},
    {SLICE_INIT("{\"batch\":[{\"a\":1],{\"b\":2}]}"), SLICE_INIT("0:{\"a\":1];1:{\"b\":2};END")},
};

static void parts_come_out_as_they_stand(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct arena arena = {0};
        struct error error = {0};
        struct slice all = scan_all(&arena, good[i].text, &error);
        if (!slice_equal(all, good[i].want))
            fail_msg("case %zu: %.*s %s", i, SLICE_ARGS(all), error.text);
        arena_done(&arena);
    }
}

static const struct {
    struct slice text;
    int line;
    const char *why;
} bad[] = {
    {SLICE_INIT(""), 1, "column 1: the text ends too early"},
    {SLICE_INIT("[1]"), 1, "column 1: this is no JSON object"},
    {SLICE_INIT("7"), 1, "no JSON object"},
    {SLICE_INIT("\xef\xbb\xbf{}"), 1, "no JSON object"},
    {SLICE_INIT("{"), 1, "ends too early"},
    {SLICE_INIT("{\""), 1, "ends too early"},
    {SLICE_INIT("{\"a"), 1, "ends too early"},
    {SLICE_INIT("{\"a\\\""), 1, "ends too early"},
    {SLICE_INIT("{\"a\\"), 1, "ends too early"},
    {SLICE_INIT("{\"a\""), 1, "ends too early"},
    {SLICE_INIT("{\"a\":"), 1, "ends too early"},
    {SLICE_INIT("{\"a\":1"), 1, "ends too early"},
    {SLICE_INIT("{\"a\" 1}"), 1, "column 6: a colon is missing"},
    {SLICE_INIT("{a:1}"), 1, "column 2: a member's name is missing"},
    {SLICE_INIT("{\"a\":1,}"), 1, "name is missing"},
    {SLICE_INIT("{,}"), 1, "name is missing"},
    {SLICE_INIT("{\"a\":}"), 1, "value is missing"},
    {SLICE_INIT("{\"a\":1]"), 1, "comma or closing bracket"},
    {SLICE_INIT("{\"a\":1}\n x"), 2, "column 2: text after the object"},
    {SLICE_INIT("{}\0"), 1, "text after the object"},
    {SLICE_INIT("{\"batch\":["), 1, "ends too early"},
    {SLICE_INIT("{\"batch\":[1"), 1, "ends too early"},
    {SLICE_INIT("{\"batch\":[1,"), 1, "ends too early"},
    {SLICE_INIT("{\"batch\":[1]"), 1, "ends too early"},
    {SLICE_INIT("{\"batch\":[\"x]}"), 1, "ends too early"},
    {SLICE_INIT("{\"batch\":[[1]}"), 1, "column 14: a comma or closing bracket"},
    {SLICE_INIT("{\"batch\":[1,]}"), 1, "value is missing"},
    {SLICE_INIT("{\"batch\":[,1]}"), 1, "value is missing"},
    {SLICE_INIT("{\"batch\":[1}}"), 1, "comma or closing bracket"},
    {SLICE_INIT("{\"batch\":[1],\n\"batch\":[2]}"), 2, "twice"},
};

static void a_broken_structure_is_invalid_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct arena arena = {0};
        struct error error = {0};
        struct slice all = scan_all(&arena, bad[i].text, &error);
        if (!slice_ends_with(all, SLICE("INVALID")))
            fail_msg("case %zu: %.*s", i, SLICE_ARGS(all));
        if (error.line != bad[i].line || !strstr(error.text, bad[i].why))
            fail_msg("case %zu: line %d, %s", i, error.line, error.text);
        arena_done(&arena);
    }
}

static void depth_costs_no_stack(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct buffer text = {0};
    buffer_add(&text, SLICE("{\"batch\":["));
    for (int i = 0; i < 1000000; i++)
        buffer_add_byte(&text, '[');
    for (int i = 0; i < 1000000; i++)
        buffer_add_byte(&text, ']');
    buffer_add(&text, SLICE(",{\"good\":1}]}"));
    struct slice all = scan_all(&arena, buffer_slice(&text), NULL);
    assert_true(slice_ends_with(all, SLICE("1:{\"good\":1};END")));
    buffer_done(&text);
    arena_done(&arena);
}

/* What reads as JSON has elements; the scanner has to find the same ones. */
static void check_elements(struct arena *arena, struct slice text, const struct value *body)
{
    const struct value *batch = value_member(body, SLICE("batch"));
    struct json_scanner scanner = json_scanner_of(text, SLICE("batch"));
    struct json_part part = {.kind = JSON_PART_MEMBER};
    size_t count = 0;
    do {
        struct value value;
        assert_int_equal(json_scan(&scanner, &part, NULL), STATUS_OK);
        if (part.kind != JSON_PART_ELEMENT)
            continue;
        assert_int_equal(json_read(arena, part.text, 0, &value, NULL), STATUS_OK);
        struct buffer got = {0}, want = {0};
        value_write(&got, &value);
        value_write(&want, &batch->items[part.index]);
        assert_true(slice_equal(buffer_slice(&got), buffer_slice(&want)));
        buffer_done(&got);
        buffer_done(&want);
        count++;
    } while (part.kind != JSON_PART_END);
    if (batch && batch->kind == VALUE_LIST)
        assert_int_equal(count, batch->count);
}

static void whatever_reads_as_json_is_scanned_the_same(void **state)
{
    (void)state;
    static const char text[] =
        "{\"a\":\"b\",\"batch\":[{\"x\":[1,2]},\"t\\\"]\",3 , [\"{\"]],\"c\":[]}";
    static const char odd[] = "\"\\[]{},:1 \n";
    struct random random = {.state = 10};
    int count = 0;
    for (int i = 0; i < 50000; i++) {
        char damaged[sizeof text - 1];
        memcpy(damaged, text, sizeof damaged);
        for (int j = 0; j <= i % 3; j++)
            damaged[random_below(&random, sizeof damaged)] =
                odd[random_below(&random, sizeof odd - 1)];
        struct slice part = {.data = damaged, .size = sizeof damaged};
        struct arena arena = {0};
        struct value body;
        scan_all(&arena, part, NULL);
        if (json_read(&arena, part, 0, &body, NULL) == STATUS_OK && body.kind == VALUE_OBJECT) {
            check_elements(&arena, part, &body);
            count++;
        }
        arena_done(&arena);
    }
    assert_true(count > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_come_out_as_they_stand),
        cmocka_unit_test(a_broken_structure_is_invalid_with_its_place),
        cmocka_unit_test(depth_costs_no_stack),
        cmocka_unit_test(whatever_reads_as_json_is_scanned_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
