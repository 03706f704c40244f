/*
 * Every mistake of the grammar, told as the files under tests/cases say.
 *
 *     tests/cases/invalid/NAME/   files with mistakes, and `error`: what is told of them, one a
 *                                 line, `[FILE:]LINE:COLUMN: error|warning: TEXT[; HINT] [CODE]`;
 *                                 the file's name where the folder has more than one experiment
 *     tests/cases/valid/NAME/     files without an error; `error`, where it is, has the warnings
 *
 * CASES_UPDATE=1 rewrites the `error` files; the difference is then to be read.
 */

#include "experiment/catalogue.h"

#include "base/file.h"
#include "support/support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Each code of grammar.md, 7, with the number of times that a case told it. */
static struct {
    const char *code;
    unsigned told;
} codes[] = {
    {"syntax", 0},
    {"not-supported", 0},
    {"two-files", 0},
    {"wrong-type", 0},
    {"bad-value", 0},
    {"bad-name", 0},
    {"bad-range", 0},
    {"out-of-range", 0},
    {"unknown-key", 0},
    {"repeated-key", 0},
    {"missing-key", 0},
    {"either-or", 0},
    {"unknown-metric", 0},
    {"unknown-segment", 0},
    {"unknown-variant", 0},
    {"unknown-operator", 0},
    {"repeated-experiment", 0},
    {"repeated-metric", 0},
    {"repeated-segment", 0},
    {"repeated-step", 0},
    {"no-control", 0},
    {"two-controls", 0},
    {"weights-sum", 0},
    {"end-before-start", 0},
    {"not-ascending", 0},
    {"ramp-falls", 0},
    {"exclusive-overlap", 0},
    {"holdout-differs", 0},
    {"unit-differs", 0},
    {"no-final-look", 0},
    {"vanity-goal", 0},
    {"wrong-kind", 0},
    {"breadth-needs-account", 0},
    {"metric-cycle", 0},
    {"windows-differ", 0},
    {"too-deep", 0},
    {"too-many-strata", 0},
    {"bad-regex", 0},
    {"config-type", 0},
    {"reserved-member", 0},
    {"rollout-needs-stopped", 0},
    {"no-hypothesis", 0},
    {"no-goal", 0},
    {"no-why", 0},
    {"many-steps", 0},
    {"long-window", 0},
    {"no-correction", 0},
    {"cannot-detect", 0},
    {"personal-id", 0},
    {"not-read", 0},
};

static void code_count(const char *code)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(codes[i].code, code) == 0) {
            codes[i].told++;
            return;
        }
    fail_msg("'%s' is not a code of the grammar", code);
}

/* The path within the case's folder: the source's name, or a skipped folder's. */
static struct slice name_in(struct slice path, const char *folder)
{
    return slice_from(path, strlen(folder) + 1);
}

static void write_found(struct buffer *out, const struct diagnostics *found, const char *folder)
{
    for (size_t i = 0; i < found->count; i++) {
        const struct diagnostic *one = &found->items[i];
        struct slice name = name_in(one->path, folder);
        buffer_format(out, "%.*s:%u:%u: %s: %.*s%s%.*s [%s]\n", SLICE_ARGS(name), one->line,
                      one->column, one->warning ? "warning" : "error", SLICE_ARGS(one->text),
                      one->hint.size ? "; " : "", SLICE_ARGS(one->hint), one->code);
        code_count(one->code);
        assert_true(one->width >= 1);
    }
}

static struct slice read_expected(struct arena *arena, const char *path)
{
    struct slice text = {0};
    if (file_read(path, 1 << 20, arena, &text, NULL) == STATUS_NOT_FOUND)
        return SLICE("");
    return text;
}

static void case_run(const char *folder, bool valid)
{
    struct sources sources = {0};
    struct catalogue *catalogue = NULL;
    struct diagnostics found = {0};
    struct error error = {0};
    struct arena arena = {0};
    struct buffer got = {0};
    char path[600];
    snprintf(path, sizeof path, "%s/error", folder);
    assert_int_equal(sources_read(&sources, folder, &error), STATUS_OK);
    assert_int_equal(catalogue_compile(&sources, &catalogue, &found, &error), STATUS_OK);
    write_found(&got, &found, folder);
    buffer_add_byte(&got, '\0');
    const char *update = getenv("CASES_UPDATE");
    if (update && *update && got.size > 1)
        assert_int_equal(file_write_whole(path, 0644,
                                          (struct slice){.data = got.data, .size = got.size - 1},
                                          &error),
                         STATUS_OK);
    struct slice expected = read_expected(&arena, path);
    char *text = arena_text(&arena, expected);
    if (strcmp(got.data, text) != 0)
        print_message("in %s:\n--- expected\n%s--- told\n%s", folder, text, got.data);
    assert_string_equal(got.data, text);
    assert_int_equal(valid, found.errors == 0);
    buffer_done(&got);
    arena_done(&arena);
    diagnostics_done(&found);
    catalogue_release(catalogue);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void cases_run(const char *kind, size_t least)
{
    char *names[512], folder[512];
    size_t count = 0;
    snprintf(folder, sizeof folder, SOURCE_DIR "/tests/cases/%s", kind);
    DIR *open_folder = opendir(folder);
    assert_non_null(open_folder);
    for (struct dirent *entry; (entry = readdir(open_folder));)
        if (entry->d_name[0] != '.' && count < 512)
            names[count++] = strdup(entry->d_name);
    closedir(open_folder);
    qsort(names, count, sizeof *names, compare_names);
    assert_true(count >= least);
    for (size_t i = 0; i < count; i++) {
        snprintf(folder, sizeof folder, SOURCE_DIR "/tests/cases/%s/%s", kind, names[i]);
        case_run(folder, strcmp(kind, "valid") == 0);
        free(names[i]);
    }
}

static void every_mistake_is_told_at_its_place(void **state)
{
    (void)state;
    cases_run("invalid", 40);
}

static void valid_files_have_no_errors(void **state)
{
    (void)state;
    cases_run("valid", 3);
}

static void every_code_has_a_case(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].told == 0)
            fail_msg("no case tells '%s'", codes[i].code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mistake_is_told_at_its_place),
        cmocka_unit_test(valid_files_have_no_errors),
        cmocka_unit_test(every_code_has_a_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
