/* The log: a line a call, nothing in a value can fake another one. */

#include "base/json.h"
#include "base/log.h"
#include "support/support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static FILE *captured;
static int kept_stderr;

static void capture_begin(void)
{
    captured = tmpfile();
    assert_non_null(captured);
    kept_stderr = dup(STDERR_FILENO);
    dup2(fileno(captured), STDERR_FILENO);
}

/* What was written since, in the arena. */
static struct slice capture_end(struct arena *arena)
{
    dup2(kept_stderr, STDERR_FILENO);
    close(kept_stderr);
    long size = ftell(captured) >= 0 && fseek(captured, 0, SEEK_END) == 0 ? ftell(captured) : 0;
    char *text = arena_alloc(arena, (size_t)size + 1);
    rewind(captured);
    assert_int_equal(fread(text, 1, (size_t)size, captured), size);
    fclose(captured);
    return (struct slice){.data = text, .size = (size_t)size};
}

static size_t count_of(struct slice text, char byte)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += text.data[i] == byte;
    return count;
}

static void a_line_has_time_level_module_message_and_fields(void **state)
{
    (void)state;
    struct arena arena = {0};
    log_setup(LOG_LEVEL_INFO, false);
    capture_begin();
    log_info("reload", "catalogue in service", LOG_TEXT("digest", "ab"), LOG_INT("files", -5), );
    log_warn("reload", "nothing to do");
    log_debug("reload", "not at this level");
    struct slice text = capture_end(&arena);
    assert_int_equal(text.data[10], 'T');
    const char *rest = strchr(text.data, 'Z');
    assert_non_null(rest);
    assert_memory_equal(rest, "Z info reload catalogue in service digest=ab files=-5\n", 54);
    assert_true(slice_ends_with(text, SLICE("Z warn reload nothing to do\n")));
    assert_int_equal(count_of(text, '\n'), 2);
    arena_done(&arena);
}

static void no_text_of_a_client_can_fake_a_line(void **state)
{
    (void)state;
    struct arena arena = {0};
    log_setup(LOG_LEVEL_INFO, false);
    capture_begin();
    log_info("m", "t", LOG_TEXT("a", "x\n2026 error m fake=1"), LOG_TEXT("b", "\x1b[2J \"q\" \\"),
             LOG_TEXT("c", "\xc2\x9b"), LOG_TEXT("d", "\xff"), LOG_TEXT("e", "k=v"),
             LOG_TEXT("f", ""), LOG_TEXT("g", "\xc3\xa4"),
             LOG_TEXT("h", "\xe2\x80\xae \xd8\x9c"), );
    struct slice text = capture_end(&arena);
    assert_true(slice_ends_with(text, SLICE(" m t a=\"x\\u000a2026 error m fake=1\""
                                            " b=\"\\u001b[2J \\\"q\\\" \\\\\" c=\"\\u009b\""
                                            " d=\"\\ufffd\" e=\"k=v\" f=\"\" g=\"\xc3\xa4\""
                                            " h=\"\\u202e \\u061c\"\n")));
    arena_done(&arena);
}

static void json_lines_are_json_whatever_the_values(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct value value;
    char all[256];
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    log_setup(LOG_LEVEL_DEBUG, true);
    capture_begin();
    log_debug("m\n", "a \"message\"", LOG_SLICE("k", ((struct slice){all, 256})),
              LOG_TEXT("t", "\xc3\xa4\n"), LOG_INT("n", INT64_MIN), );
    struct slice text = capture_end(&arena);
    assert_int_equal(json_read(&arena, text, 0, &value, NULL), STATUS_INVALID); /* it has a NUL */
    capture_begin();
    log_debug("m\n", "a \"message\"", LOG_SLICE("k", ((struct slice){all + 1, 255})),
              LOG_TEXT("t", "\xc3\xa4\n"), LOG_INT("n", INT64_MIN), );
    text = capture_end(&arena);
    assert_int_equal(json_read(&arena, text, 0, &value, NULL), STATUS_OK);
    assert_true(slice_equals(value_member_text(&value, "message"), "a \"message\""));
    assert_true(slice_equals(value_member_text(&value, "level"), "debug"));
    assert_true(slice_equals(value_member_text(&value, "t"), "\xc3\xa4\n"));
    assert_true(value_member(&value, SLICE("n"))->integer == INT64_MIN);
    arena_done(&arena);
}

static void a_field_that_is_too_long_is_left_out_alone(void **state)
{
    (void)state;
    struct arena arena = {0};
    char *many = calloc(1, 100001);
    assert_non_null(many);
    memset(many, 'x', 100000);
    log_setup(LOG_LEVEL_INFO, false);
    capture_begin();
    log_info("m", "t", LOG_TEXT("a", "1"), LOG_TEXT("many", many), LOG_TEXT("b", "2"), );
    struct slice text = capture_end(&arena);
    assert_true(slice_ends_with(text, SLICE(" m t a=1 b=2\n")));
    free(many);
    arena_done(&arena);
}

static void *write_many(void *name)
{
    for (int i = 0; i < 500; i++)
        log_info("m", "t", LOG_TEXT("thread", name), LOG_INT("i", i), );
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    (void)state;
    struct arena arena = {0};
    pthread_t threads[3];
    static char names[3][2] = {"a", "b", "c"};
    log_setup(LOG_LEVEL_INFO, false);
    capture_begin();
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, names[i]), 0);
    for (size_t i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    struct slice text = capture_end(&arena);
    assert_int_equal(count_of(text, '\n'), 1500);
    assert_int_equal(count_of(text, '='), 3000);
    for (size_t from = 0; from < text.size;) {
        const char *end = memchr(text.data + from, '\n', text.size - from);
        size_t size = (size_t)(end - text.data) - from;
        struct slice line = {.data = text.data + from, .size = size};
        assert_int_equal(count_of(line, '='), 2);
        from += size + 1;
    }
    arena_done(&arena);
}

static void levels_have_names(void **state)
{
    (void)state;
    enum log_level level = LOG_LEVEL_INFO;
    assert_true(log_level_parse(SLICE("debug"), &level) && level == LOG_LEVEL_DEBUG);
    assert_true(log_level_parse(SLICE("error"), &level) && level == LOG_LEVEL_ERROR);
    assert_false(log_level_parse(SLICE("Error"), &level));
    assert_false(log_level_parse(SLICE(""), &level));
    assert_int_equal(level, LOG_LEVEL_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_time_level_module_message_and_fields),
        cmocka_unit_test(no_text_of_a_client_can_fake_a_line),
        cmocka_unit_test(json_lines_are_json_whatever_the_values),
        cmocka_unit_test(a_field_that_is_too_long_is_left_out_alone),
        cmocka_unit_test(lines_of_threads_do_not_mix),
        cmocka_unit_test(levels_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
