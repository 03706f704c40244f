/*
 * The article on whole documents: tests/golden/NAME.html is what was reviewed of NAME.json, without
 * the data block (which is NAME.json again).  GOLDEN_UPDATE=1 writes it anew.  That the figures are
 * those of the documents, and that the markup is well formed, is asked of the same files by
 * tests/docs/test_article.py, which reads them with another parser.
 */

#include "report/article.h"
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
#define DATA "<script type=\"application/json\" id=\"document\">"

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

static struct buffer article(const struct value *document)
{
    struct buffer out = {0};
    article_write(&out, document);
    assert_false(out.failed);
    return out;
}

static struct buffer saved(const struct value *document)
{
    struct buffer out = {0};
    render_format_find(SLICE("html"))->render(&out, document, &(struct render_options){0});
    assert_false(out.failed);
    return out;
}

static const char *found(struct slice text, const char *words)
{
    return memmem(text.data, text.size, words, strlen(words));
}

/* The article without its data block. */
static struct slice shown_of_article(const struct buffer *out)
{
    const char *end = found(buffer_slice(out), DATA);
    assert_non_null(end);
    return (struct slice){.data = out->data, .size = (size_t)(end - out->data)};
}

static void the_article_is_what_was_reviewed(void **state)
{
    (void)state;
    for (size_t i = 0; i < DOCUMENT_COUNT; i++) {
        struct golden golden;
        struct slice want = {0};
        struct error error = {0};
        char path[512];
        golden_read(documents[i], &golden);
        struct buffer out = article(&golden.document);
        struct slice shown = shown_of_article(&out);
        golden_path(path, documents[i], "html");
        if (getenv("GOLDEN_UPDATE"))
            assert_int_equal(file_write_whole(path, 0644, shown, &error), STATUS_OK);
        assert_int_equal(file_read(path, 1 << 24, &golden.arena, &want, &error), STATUS_OK);
        if (!slice_equal(want, shown))
            fail_msg("%s differs", path);
        buffer_done(&out);
        arena_done(&golden.arena);
    }
}

static void the_data_block_is_the_document(void **state)
{
    (void)state;
    for (size_t i = 0; i < DOCUMENT_COUNT; i++) {
        struct golden golden;
        struct value again;
        struct error error = {0};
        struct buffer canonical = {0};
        golden_read(documents[i], &golden);
        struct buffer out = article(&golden.document);
        const char *from = found(buffer_slice(&out), DATA) + strlen(DATA);
        struct slice rest = {.data = from, .size = out.size - (size_t)(from - out.data)};
        rest.size = (size_t)(found(rest, "</script>") - rest.data);
        assert_int_equal(json_read(&golden.arena, rest, 0, &again, &error), STATUS_OK);
        value_write(&canonical, &again);
        buffer_add_byte(&canonical, '\n');
        assert_true(slice_equal(buffer_slice(&canonical), golden.bytes));
        buffer_done(&canonical);
        buffer_done(&out);
        arena_done(&golden.arena);
    }
}

/* Every text of the tree becomes `text`, but for the words that choose a look. */
static void replace_texts(struct value *value, struct slice text)
{
    if (value->kind == VALUE_TEXT)
        value->text = text;
    for (size_t i = 0; value->kind == VALUE_LIST && i < value->count; i++)
        replace_texts(&value->items[i], text);
    for (size_t i = 0; value->kind == VALUE_OBJECT && i < value->count; i++) {
        struct slice name = value->members[i].name;
        if (!slice_equals(name, "kind") && !slice_equals(name, "role"))
            replace_texts(&value->members[i].value, text);
    }
}

static void hostile_texts_stay_text(void **state)
{
    static const struct slice hostile[] = {
        SLICE_INIT("</script><script>evil()</script>"),
        SLICE_INIT("\"><img src=x onerror='evil()'>"),
        SLICE_INIT("<!--<script>evil(\xe2\x80\xae"),
        SLICE_INIT("]]>evil(\033[2J\x7f"),
    };
    static const char *const banned[] = {"<script>evil", "<img", "<!--", "\xe2\x80\xae</", "\033"};
    (void)state;
    for (size_t i = 0; i < DOCUMENT_COUNT * (sizeof hostile / sizeof *hostile); i++) {
        struct golden golden;
        golden_read(documents[i % DOCUMENT_COUNT], &golden);
        replace_texts(&golden.document, hostile[i / DOCUMENT_COUNT]);
        struct buffer out = article(&golden.document);
        struct slice all = buffer_slice(&out);
        for (size_t k = 0; k < sizeof banned / sizeof *banned; k++)
            assert_null(found(all, banned[k]));
        /* Only our own element ends what is a script. */
        const char *end = found(all, "</script>");
        assert_true(end && end + strlen("</script>\n") == all.data + all.size);
        buffer_done(&out);
        arena_done(&golden.arena);
    }
}

static void the_saved_file_needs_nothing_else(void **state)
{
    static const char *const banned[] = {"<link", " src=", "@import", "url(http", " style=\""};
    struct golden golden;
    (void)state;
    golden_read("first-value", &golden);
    struct buffer out = saved(&golden.document);
    struct buffer again = saved(&golden.document);
    assert_true(slice_equal(buffer_slice(&out), buffer_slice(&again)));
    struct slice shown = {.data = out.data,
                          .size = (size_t)(found(buffer_slice(&out), DATA) - out.data)};
    assert_non_null(found(shown, "default-src 'none'; style-src 'sha256-"));
    for (size_t k = 0; k < sizeof banned / sizeof *banned; k++)
        assert_null(found(shown, banned[k]));
    buffer_done(&again);
    buffer_done(&out);
    arena_done(&golden.arena);
}

static void the_verdict_stands_before_all_else(void **state)
{
    struct golden golden;
    (void)state;
    golden_read("cookie-cats", &golden);
    struct buffer out = article(&golden.document);
    struct slice all = buffer_slice(&out);
    const char *verdict = found(all, "Stop: harm <bdi>gate_40</bdi>");
    const char *table = found(all, "<table");
    assert_true(verdict && table && verdict < table);
    buffer_done(&out);
    arena_done(&golden.arena);
}

/* setup-steps is to keep running, one variant out; the same document when nobody comes any more. */
static void what_to_do_goes_by_what_the_experiment_is_doing(void **state)
{
    static const char *const cases[][2] = {
        {"running", "Take out the variant that harms; let the others run."},
        {"stopped", "Wait for the result: nobody new comes."},
        {"paused", "It is paused: let it run on, or stop it."},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct golden golden;
        golden_read("setup-steps", &golden);
        for (size_t k = 0; k < golden.document.count; k++)
            if (slice_equals(golden.document.members[k].name, "status"))
                golden.document.members[k].value = value_text(slice_of(cases[i][0]));
        struct buffer out = article(&golden.document);
        assert_non_null(found(buffer_slice(&out), cases[i][1]));
        buffer_done(&out);
        arena_done(&golden.arena);
    }
}

static const struct article_links links = {.page = SLICE_INIT("/experiments/e?as_of=now"),
                                           .report = SLICE_INIT("/v1/experiments/e/report?a=b")};

static struct buffer light(const struct value *document)
{
    struct buffer out = {0};
    article_write_light(&out, document, &links);
    assert_false(out.failed);
    return out;
}

/* What stands between two words, after `*rest`, which is moved behind them. */
static struct slice cut(struct slice *rest, const char *before, const char *after)
{
    const char *from = rest->size ? found(*rest, before) : NULL;
    if (!from)
        return (struct slice){0};
    from += strlen(before);
    *rest = slice_from(*rest, (size_t)(from - rest->data));
    const char *to = found(*rest, after);
    assert_non_null(to);
    struct slice between = {.data = from, .size = (size_t)(to - from)};
    *rest = slice_from(*rest, between.size);
    return between;
}

static void part_add(struct buffer *out, const struct value *document, struct slice name)
{
    struct buffer part = {0};
    assert_true(article_part_write(&part, document, &links, name));
    struct slice rest = buffer_slice(&part);
    buffer_add(out, cut(&rest, "<section id=\"part\">\n", "</section>\n</article>\n"));
    buffer_done(&part);
}

/* The whole article again: each link to a part replaced by what the part says. */
static struct buffer unfolded(const struct value *document, size_t *parts)
{
    struct buffer out = {0}, small = light(document);
    struct slice rest = buffer_slice(&small);
    *parts = 0;
    buffer_add(&out, SLICE("<article class=\"report\""));
    cut(&rest, "<article", ">");
    for (;;) {
        const char *mark = found(rest, " data-part=\"");
        if (!mark)
            break;
        buffer_add(&out, (struct slice){.data = rest.data, .size = (size_t)(mark - rest.data)});
        struct slice name = cut(&rest, " data-part=\"", "\"");
        buffer_add(&out, cut(&rest, "\"", "<p class=\"part\">"));
        assert_true(slice_ends_with(cut(&rest, "&amp;part=", "\""), name));
        part_add(&out, document, name);
        cut(&rest, "</p>", "\n");
        rest = slice_from(rest, 1);
        ++*parts;
    }
    buffer_add(&out, rest);
    buffer_done(&small);
    return out;
}

static void a_light_article_with_its_parts_is_the_whole_one(void **state)
{
    size_t all = 0;
    (void)state;
    for (size_t i = 0; i < DOCUMENT_COUNT; i++) {
        struct golden golden;
        size_t parts;
        golden_read(documents[i], &golden);
        struct buffer whole = article(&golden.document);
        struct buffer again = unfolded(&golden.document, &parts);
        struct slice want = shown_of_article(&whole), got = buffer_slice(&again);
        assert_int_equal(got.size, want.size);
        assert_memory_equal(got.data, want.data, want.size);
        all += parts;
        buffer_done(&whole);
        buffer_done(&again);
        arena_done(&golden.arena);
    }
    assert_true(all > 10);
}

static void there_is_no_part_of_another_name(void **state)
{
    static const char *const names[] = {
        "",           "over-time",     "over-time-1",    "over-time-0-1",  "over-time-99-1",
        "curve-1-",   "over-time-1-2", "over-time-1-1x", "segment-1-99",   "segment-1-0",
        "over-time-", "over-time--1",  "verdict-1-1",    "over-time-1-1-1"};
    struct golden golden;
    struct buffer out = {0};
    (void)state;
    golden_read("first-value", &golden);
    assert_true(article_part_write(&out, &golden.document, &links, SLICE("over-time-1-1")));
    size_t size = out.size;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_false(article_part_write(&out, &golden.document, &links, slice_of(names[i])));
    assert_int_equal(out.size, size);
    buffer_done(&out);
    arena_done(&golden.arena);
}

static void digest_read(char digest[static 17], const struct value *document)
{
    struct buffer out = light(document);
    struct slice rest = buffer_slice(&out);
    struct slice shown = cut(&rest, "data-figures=\"", "\"");
    assert_int_equal(shown.size, 16);
    memcpy(digest, shown.data, 16);
    digest[16] = 0;
    buffer_done(&out);
}

/* What tells a page that its charts are others: not the moment, the figures. */
static void the_digest_of_an_article_is_that_of_its_figures(void **state)
{
    struct golden golden;
    char first[17], later[17], other[17];
    (void)state;
    golden_read("first-value", &golden);
    digest_read(first, &golden.document);
    value_add(&golden.arena, &golden.document, "later", value_null());
    digest_read(later, &golden.document);
    for (size_t i = 0; i < golden.document.count; i++)
        if (slice_equals(golden.document.members[i].name, "metrics"))
            golden.document.members[i].value.count--;
    digest_read(other, &golden.document);
    assert_string_equal(first, later);
    assert_string_not_equal(first, other);
    arena_done(&golden.arena);
}

/* A full buffer: the writer goes on, and the mark tells. */
static void a_lost_allocation_leaves_a_marked_buffer(void **state)
{
    struct golden golden;
    (void)state;
    golden_read("first-value", &golden);
    for (size_t limit = 1; limit < 40000; limit += 977) {
        struct buffer out = {.limit = limit};
        article_write(&out, &golden.document);
        assert_true(out.failed);
        assert_in_range(out.size, 0, limit);
        buffer_done(&out);
    }
    arena_done(&golden.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_article_is_what_was_reviewed),
        cmocka_unit_test(the_data_block_is_the_document),
        cmocka_unit_test(hostile_texts_stay_text),
        cmocka_unit_test(the_saved_file_needs_nothing_else),
        cmocka_unit_test(the_verdict_stands_before_all_else),
        cmocka_unit_test(what_to_do_goes_by_what_the_experiment_is_doing),
        cmocka_unit_test(a_light_article_with_its_parts_is_the_whole_one),
        cmocka_unit_test(there_is_no_part_of_another_name),
        cmocka_unit_test(the_digest_of_an_article_is_that_of_its_figures),
        cmocka_unit_test(a_lost_allocation_leaves_a_marked_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
