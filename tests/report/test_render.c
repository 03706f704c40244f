/*
 * The renderers on whole documents: tests/golden/NAME.json is a document as the program made it,
 * NAME.txt what a terminal shows of it.  GOLDEN_UPDATE=1 writes the texts anew; read the difference
 * before committing it.
 */

#include "report/render.h"
#include "support/support.h"

#include "base/file.h"
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const documents[] = {"cookie-cats",    "setup-steps", "first-value",
                                        "adjusted-early", "invite-team", "value-kinds",
                                        "accounts",       "holdout"};
#define DOCUMENT_COUNT (sizeof documents / sizeof documents[0])

struct golden {
    struct arena arena;
    struct slice bytes;
    struct value document;
};

static void golden_path(char path[static 512], const char *name, const char *ending)
{
    snprintf(path, 512, "%s/tests/golden/%s.%s", SOURCE_DIR, name, ending);
}

static void golden_read(const char *name, struct golden *golden)
{
    struct error error = {0};
    char path[512];
    *golden = (struct golden){0};
    golden_path(path, name, "json");
    if (file_read(path, 1 << 24, &golden->arena, &golden->bytes, &error) ||
        json_read(&golden->arena, golden->bytes, 0, &golden->document, &error))
        fail_msg("%s: %s", path, error.text);
}

static struct buffer render(const char *format, const struct value *document, unsigned columns,
                            bool color)
{
    struct buffer out = {0};
    const struct render_format *found = render_format_find(slice_of(format));
    assert_non_null(found);
    found->render(&out, document, &(struct render_options){.columns = columns, .color = color});
    assert_false(out.failed);
    return out;
}

static void json_is_canonical_to_the_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < DOCUMENT_COUNT; i++) {
        struct golden golden;
        golden_read(documents[i], &golden);
        struct buffer out = render("json", &golden.document, 80, false);
        assert_int_equal(out.size, golden.bytes.size);
        assert_memory_equal(out.data, golden.bytes.data, out.size);
        buffer_done(&out);
        arena_done(&golden.arena);
    }
}

static void text_is_what_was_reviewed(void **state)
{
    (void)state;
    for (size_t i = 0; i < DOCUMENT_COUNT; i++) {
        struct golden golden;
        struct slice want = {0};
        struct error error = {0};
        char path[512];
        golden_read(documents[i], &golden);
        struct buffer out = render("text", &golden.document, 80, false);
        golden_path(path, documents[i], "txt");
        if (getenv("GOLDEN_UPDATE"))
            assert_int_equal(file_write_whole(path, 0644, buffer_slice(&out), &error), STATUS_OK);
        assert_int_equal(file_read(path, 1 << 24, &golden.arena, &want, &error), STATUS_OK);
        if (!slice_equal(want, buffer_slice(&out)))
            fail_msg("%s differs:\n%.*s", path, SLICE_ARGS(buffer_slice(&out)));
        buffer_done(&out);
        arena_done(&golden.arena);
    }
}

/* The longest line in characters; all that is drawn here is one column wide. */
static size_t longest_line(struct slice text)
{
    size_t longest = 0, from = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] != '\n')
            continue;
        size_t size = slice_code_points((struct slice){.data = text.data + from, .size = i - from});
        longest = size > longest ? size : longest;
        from = i + 1;
    }
    return longest;
}

static void no_line_is_wider_than_asked(void **state)
{
    static const unsigned widths[] = {60, 80, 132};
    (void)state;
    for (size_t i = 0; i < DOCUMENT_COUNT; i++) {
        for (size_t width = 0; width < 3; width++) {
            struct golden golden;
            golden_read(documents[i], &golden);
            struct buffer out = render("text", &golden.document, widths[width], false);
            assert_true(slice_is_utf8(buffer_slice(&out)));
            assert_in_range(longest_line(buffer_slice(&out)), 40, widths[width]);
            buffer_done(&out);
            arena_done(&golden.arena);
        }
    }
}

/* Removes ESC [ ... m. */
static size_t strip_color(char *text, size_t size)
{
    size_t kept = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\033')
            while (i < size && text[i] != 'm')
                i++;
        else
            text[kept++] = text[i];
    }
    return kept;
}

static void colour_adds_nothing_but_colour(void **state)
{
    struct golden golden;
    (void)state;
    golden_read("setup-steps", &golden);
    struct buffer plain = render("text", &golden.document, 80, false);
    struct buffer color = render("text", &golden.document, 80, true);
    assert_null(memchr(plain.data, '\033', plain.size));
    assert_non_null(memchr(color.data, '\033', color.size));
    color.size = strip_color(color.data, color.size);
    /* Spaces at the end of a line may stand before an escape. */
    assert_in_range(color.size, plain.size, plain.size + 64);
    buffer_done(&plain);
    buffer_done(&color);
    arena_done(&golden.arena);
}

/* Every text of the tree becomes `text`; codes that the renderer looks for stay. */
static void replace_texts(struct value *value, struct slice text)
{
    if (value->kind == VALUE_TEXT)
        value->text = text;
    for (size_t i = 0; value->kind == VALUE_LIST && i < value->count; i++)
        replace_texts(&value->items[i], text);
    for (size_t i = 0; value->kind == VALUE_OBJECT && i < value->count; i++) {
        struct slice name = value->members[i].name;
        if (!slice_equals(name, "variant") && !slice_equals(name, "role"))
            replace_texts(&value->members[i].value, text);
    }
}

static void hostile_texts_cannot_move_the_cursor(void **state)
{
    static const struct slice hostile[] = {
        SLICE_INIT("\033[2J\033]0;owned\007\r\n\b\t\x7f"),
        SLICE_INIT("a\xc2\x9b"
                   "31mb"),                             /* a C1 control */
        SLICE_INIT("\xe2\x80\xae\xe2\x81\xa6 evil"),    /* bidirectional overrides */
        SLICE_INIT("\xff\xfe\xc0\xaf\xed\xa0\x80\xf5"), /* no UTF-8 */
        SLICE_INIT(
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"),
    };
    (void)state;
    for (size_t i = 0; i < 2 * (sizeof hostile / sizeof hostile[0]); i++) {
        struct golden golden;
        golden_read(i % 2 ? "first-value" : "setup-steps", &golden);
        replace_texts(&golden.document, hostile[i / 2]);
        struct buffer out = render("text", &golden.document, 80, false);
        assert_true(slice_is_utf8(buffer_slice(&out)));
        for (size_t k = 0; k < out.size; k++)
            assert_true((unsigned char)out.data[k] >= 0x20 || out.data[k] == '\n');
        assert_null(memmem(out.data, out.size, "\xc2\x9b", 2));
        assert_null(memmem(out.data, out.size, "\xe2\x80\xae", 3));
        assert_in_range(longest_line(buffer_slice(&out)), 1, 80);
        buffer_done(&out);
        arena_done(&golden.arena);
    }
}

static void the_verdict_stands_first(void **state)
{
    struct golden golden;
    (void)state;
    golden_read("cookie-cats", &golden);
    struct buffer out = render("text", &golden.document, 80, false);
    buffer_add_byte(&out, '\0');
    const char *verdict = strstr(out.data, "STOP: HARM  gate_40");
    const char *health = strstr(out.data, "Can it be trusted?");
    const char *metrics = strstr(out.data, "Metrics");
    assert_true(verdict && health && metrics && verdict < health && health < metrics);
    buffer_done(&out);
    arena_done(&golden.arena);
}

static void curves_and_the_flow_are_drawn(void **state)
{
    struct golden golden;
    (void)state;
    golden_read("first-value", &golden);
    struct buffer out = render("text", &golden.document, 80, false);
    buffer_add_byte(&out, '\0');
    assert_non_null(strstr(out.data, "median 4.79 days (4.27 to 5.27)"));
    assert_non_null(strstr(out.data, "p by log-rank, cause-specific"));
    assert_non_null(strstr(out.data, "Account Closed came first to"));
    assert_non_null(strstr(out.data, "  7 to 14            51.4%      57.7%    +6.31"));
    assert_non_null(strstr(out.data, "  first_contact  █"));
    assert_non_null(strstr(out.data, "They differ most at company"));
    buffer_done(&out);
    arena_done(&golden.arena);
}

static void formats_are_found_by_name(void **state)
{
    (void)state;
    assert_string_equal(render_format_find(SLICE("json"))->content_type, "application/json");
    assert_string_equal(render_format_find(SLICE("text"))->content_type,
                        "text/plain; charset=utf-8");
    assert_null(render_format_find(SLICE("tex")));
}

/* By hand, after RFC 4180: what has a comma, a quote or a line end is quoted, quotes are doubled;
 * an empty text is not what is missing; numbers are the shortest that read back. */
static void csv_is_what_rfc_4180_has(void **state)
{
    static const char document[] =
        "{\"experiment\":\"a,b\",\"phase\":2,\"as_of\":\"\",\"definition\":null,"
        "\"delivery\":{\"watermark\":9007199254740993},\"variants\":[],\"flow\":null,"
        "\"metrics\":[{\"metric\":\"m\",\"role\":\"goal\",\"kind\":\"count\",\"segments\":[{"
        "\"segment\":\"say \\\"hi\\\"\",\"heterogeneity\":{\"variant\":\"two\\nlines\","
        "\"q\":0.1,\"df\":1,\"p\":1e-300,\"p_adjusted\":-0.5,\"i2\":null,\"tau2\":1e22,"
        "\"reason\":\"=1+1\"}}]}]}";
    static const char wanted[] =
        "experiment,phase,as_of,watermark,definition,metric,role,kind,segment,variant,q,df,p,"
        "p_adjusted,i2,tau2,reason\n"
        "\"a,b\",2,\"\",9007199254740993,,m,goal,count,\"say \"\"hi\"\"\",\"two\nlines\","
        "0.1,1,1e-300,-0.5,,1e22,=1+1\n";
    struct render_options options = {0};
    struct arena arena = {0};
    struct error error = {0};
    struct buffer out = {0};
    struct value value;
    (void)state;
    assert_true(render_table_find(SLICE("segment_tests"), &options.table));
    assert_int_equal(json_read(&arena, slice_of(document), 0, &value, &error), STATUS_OK);
    render_format_find(SLICE("csv"))->render(&out, &value, &options);
    if (!slice_equals(buffer_slice(&out), wanted))
        fail_msg("%.*s", SLICE_ARGS(buffer_slice(&out)));
    assert_false(render_table_find(SLICE("segment_test"), &options.table));
    buffer_done(&out);
    arena_done(&arena);
}

/* A full buffer: the renderer goes on, and the mark tells. */
static void a_lost_allocation_leaves_a_marked_buffer(void **state)
{
    struct golden golden;
    (void)state;
    golden_read("cookie-cats", &golden);
    for (size_t limit = 1; limit < 1500; limit += 97) {
        struct buffer out = {.limit = limit};
        const struct render_format *text = render_format_find(SLICE("text"));
        text->render(&out, &golden.document, &(struct render_options){.columns = 80});
        assert_true(out.failed);
        assert_in_range(out.size, 0, limit);
        buffer_done(&out);
    }
    arena_done(&golden.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_canonical_to_the_byte),
        cmocka_unit_test(text_is_what_was_reviewed),
        cmocka_unit_test(no_line_is_wider_than_asked),
        cmocka_unit_test(colour_adds_nothing_but_colour),
        cmocka_unit_test(hostile_texts_cannot_move_the_cursor),
        cmocka_unit_test(the_verdict_stands_first),
        cmocka_unit_test(curves_and_the_flow_are_drawn),
        cmocka_unit_test(formats_are_found_by_name),
        cmocka_unit_test(csv_is_what_rfc_4180_has),
        cmocka_unit_test(a_lost_allocation_leaves_a_marked_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
