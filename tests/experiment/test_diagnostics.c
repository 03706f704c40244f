/* How mistakes are shown, and how a folder is read. */

#include "experiment/catalogue.h"

#include "support/support.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char *show(const char *path, const char *text)
{
    static char shown[65536];
    struct sources sources = {0};
    struct catalogue *catalogue = NULL;
    struct diagnostics found = {0};
    struct buffer out = {0};
    assert_int_equal(sources_add(&sources, slice_of(path), slice_of(path), slice_of(text), NULL),
                     STATUS_OK);
    assert_int_equal(catalogue_compile(&sources, &catalogue, &found, NULL), STATUS_OK);
    diagnostics_write_text(&out, &found);
    diagnostics_write_count(&out, &found);
    snprintf(shown, sizeof shown, "%.*s", (int)out.size, out.data);
    buffer_done(&out);
    diagnostics_done(&found);
    catalogue_release(catalogue);
    return shown;
}

/* The form of experiment-files.md, "Diagnostics". */
static void a_mistake_is_shown_under_its_line(void **state)
{
    (void)state;
    assert_string_equal(show("experiments/crm.yaml", "experiment: crm\n"
                                                     "hypothesis: h\n"
                                                     "status: runing\n"
                                                     "variants: {x: {control: true}, y: {}}\n"
                                                     "metrics: {goal: activatd, why: w}\n"),
                        "experiments/crm.yaml:3:9: error: 'runing' is not a status: draft, "
                        "running, paused or stopped [bad-value]\n"
                        "    3 | status: runing\n"
                        "      |         ^^^^^^ did you mean 'running'?\n"
                        "experiments/crm.yaml:5:17: error: metric 'activatd' is not declared: "
                        "there is no metrics.yaml [unknown-metric]\n"
                        "    5 | metrics: {goal: activatd, why: w}\n"
                        "      |                 ^^^^^^^^\n"
                        "1 experiment, 0 metrics, 0 segments: 2 errors, 0 warnings\n");
}

static void tabs_and_letters_keep_the_mark_in_place(void **state)
{
    (void)state;
    assert_non_null(
        strstr(show("a.yaml", "experiment: a\nhypothesis: h\nname: "
                              "\"\xc3\xa9\xe2\x82\xac\"\t\nvariants: {x: {control: "
                              "true}, y: {}}\nmetrics: {goal:\t\"\xc3\xa9\", why: w}\n"),
               "a.yaml:5:17: error: metric '\xc3\xa9' is not declared"));
    assert_non_null(strstr(show("a.yaml", "experiment: a\nmetrics: {goal:\t\"\xc3\xa9\"}\n"),
                           "    2 | metrics: {goal:\t\"\xc3\xa9\"}\n"
                           "      |                \t^^^\n"));
}

/* A terminal obeys escape sequences; a file must not reach it. */
static void control_characters_and_marks_that_turn_text_are_not_repeated(void **state)
{
    (void)state;
    const char *shown = show("a\x1b[31m.yaml", "experiment: \"\x1b[2J\"\n");
    assert_null(strchr(shown, '\x1b'));
    shown = show("a.yaml", "experiment: a\n\"\\e[31m\xc2\x85\": 1\n");
    assert_null(strchr(shown, '\x1b'));
    assert_null(strstr(shown, "\xc2\x85"));
    assert_non_null(strstr(shown, "'?[31m?' is not a key of an experiment"));
    shown = show("a.yaml", "experiment: a\n\"\xe2\x80\xaex\": 1\n");
    assert_null(strstr(shown, "\xe2\x80\xae"));
    assert_non_null(strstr(shown, "'?x' is not a key of an experiment"));
}

static void a_long_line_is_shown_around_the_mark(void **state)
{
    char text[3000];
    int size = snprintf(text, sizeof text, "{\"experiment\": \"a\", \"owner\": \"");
    memset(text + size, 'o', 1000);
    snprintf(text + size + 1000, sizeof text - (size_t)size - 1000,
             "\", \"status\": \"runing\", \"name\": \"%0500d\"}", 0);
    (void)state;
    const char *shown = show("a.json", text), *line = strstr(shown, "    1 | ...ooo");
    assert_non_null(line);
    for (const char *at = shown; *at; at++) {
        const char *end = strchr(at, '\n');
        assert_true(end - at < 250);
        at = end;
    }
    /* The mark stands under the word. */
    line = strstr(shown, "\"runing\"");
    const char *start = line;
    while (start[-1] != '\n')
        start--;
    const char *mark = strstr(line, "^^^^^^^^");
    const char *mark_start = mark;
    while (mark_start[-1] != '\n')
        mark_start--;
    assert_int_equal(line - start, mark - mark_start);
}

static void a_repeated_text_is_cut(void **state)
{
    char text[3000] = "experiment: a\n";
    size_t size = strlen(text);
    memset(text + size, 'k', 1000);
    memcpy(text + size + 1000, ": 1\n", 5);
    (void)state;
    const char *shown = show("a.yaml", text);
    assert_non_null(strstr(shown, "kkk...' is not a key"));
}

/* ---- Folders ---- */

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void make_folder(const char *folder, const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void a_folder_is_read_by_the_rule(void **state)
{
    char folder[64], link[200];
    struct sources sources = {0};
    (void)state;
    assert_non_null(tempdir_make(folder));
    write_file(folder, "b.yaml", "b");
    write_file(folder, "a.yml", "a");
    write_file(folder, "c.json", "c");
    write_file(folder, "README.md", "x");
    write_file(folder, ".d.yaml", "x");
    write_file(folder, "_e.yaml", "x");
    make_folder(folder, "schema");
    write_file(folder, "schema/x.json", "x");
    make_folder(folder, "old");
    write_file(folder, "old/x.yaml", "x");
    make_folder(folder, "odd.yaml");
    snprintf(link, sizeof link, "%s/linked.yaml", folder);
    assert_int_equal(symlink("a.yml", link), 0);
    snprintf(link, sizeof link, "%s/nowhere.yaml", folder);
    assert_int_equal(symlink("gone", link), 0);
    snprintf(link, sizeof link, "%s/pipe.yaml", folder);
    assert_int_equal(mkfifo(link, 0600), 0);
    assert_int_equal(sources_read(&sources, folder, NULL), STATUS_OK);
    static const char *const names[] = {"a.yml", "b.yaml", "c.json", "linked.yaml"};
    assert_int_equal(sources.count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_true(slice_equals(sources.files[i].name, names[i]));
    assert_true(slice_equals(sources.files[3].text, "a"));
    assert_int_equal(sources.skipped_count, 1);
    assert_true(slice_ends_with(sources.skipped[0], SLICE("/old")));
    sources_done(&sources);
    tempdir_remove(folder);
}

static void a_folder_that_is_none_is_not_found(void **state)
{
    char folder[64], path[100];
    struct sources sources = {0};
    struct error error = {0};
    (void)state;
    assert_non_null(tempdir_make(folder));
    write_file(folder, "a.yaml", "x");
    snprintf(path, sizeof path, "%s/gone", folder);
    assert_int_equal(sources_read(&sources, path, &error), STATUS_NOT_FOUND);
    snprintf(path, sizeof path, "%s/a.yaml", folder);
    assert_int_equal(sources_read(&sources, path, NULL), STATUS_NOT_FOUND);
    assert_int_equal(error.status, STATUS_NOT_FOUND);
    sources_done(&sources);
    tempdir_remove(folder);
}

static void sources_stay_in_order(void **state)
{
    struct sources sources = {0};
    char name[8];
    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "%03d", (i * 37) % 100);
        assert_int_equal(sources_add(&sources, slice_of(name), slice_of(name), SLICE("x"), NULL),
                         STATUS_OK);
    }
    for (size_t i = 1; i < 100; i++)
        assert_true(slice_compare(sources.files[i - 1].path, sources.files[i].path) < 0);
    sources_done(&sources);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mistake_is_shown_under_its_line),
        cmocka_unit_test(tabs_and_letters_keep_the_mark_in_place),
        cmocka_unit_test(control_characters_and_marks_that_turn_text_are_not_repeated),
        cmocka_unit_test(a_long_line_is_shown_around_the_mark),
        cmocka_unit_test(a_repeated_text_is_cut),
        cmocka_unit_test(a_folder_is_read_by_the_rule),
        cmocka_unit_test(a_folder_that_is_none_is_not_found),
        cmocka_unit_test(sources_stay_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
