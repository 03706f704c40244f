/*
 * The golden assignments: every folder of tests/cases/assign is parsed as `gangway` would and each
 * row of its units.csv asked for.  The answers come from an oracle in another language
 * (tests/oracle/assign.py) and are frozen: nobody's variant changes by a new version.
 */

#include "experiment/assign.h"

#include "base/json.h"
#include "support/support.h"

#include <dirent.h>
#include <stdio.h>

#define CASES SOURCE_DIR "/tests/cases/assign"
#define CASES_MIN 50 /* fewer: the folder was not found, or lost some */
#define FIELDS_MAX 4
#define LINE_MAX_BYTES 4096

/* One line of a CSV file (RFC 4180, no line break in a field), cut in place. */
struct record {
    char line[LINE_MAX_BYTES];
    struct slice fields[FIELDS_MAX];
    size_t count;
};

/* Takes the field at *from, drops its quotes, and moves *from behind the comma. */
static struct slice field_take(char **from)
{
    char *read = *from, *write = *from;
    struct slice field = {.data = write};
    bool quoted = *read == '"';
    read += quoted;
    while (*read && (quoted || *read != ',')) {
        if (quoted && *read == '"' && *++read != '"')
            break; /* the closing one; a doubled one stands for itself */
        *write++ = *read++;
    }
    field.size = (size_t)(write - field.data);
    *from = *read == ',' ? read + 1 : NULL;
    return field;
}

static bool record_read(FILE *file, struct record *record)
{
    if (!fgets(record->line, sizeof record->line, file))
        return false;
    size_t size = strlen(record->line);
    assert_true(size && record->line[size - 1] == '\n');
    record->line[size - 1] = '\0';
    record->count = 0;
    for (char *from = record->line; from;) {
        assert_true(record->count < FIELDS_MAX);
        record->fields[record->count++] = field_take(&from);
    }
    return true;
}

static FILE *case_open(const char *folder, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    return file;
}

static struct catalogue *catalogue_of(const char *folder)
{
    struct sources sources = {0};
    struct catalogue *catalogue = NULL;
    struct diagnostics found = {0};
    struct error error = {0};
    if (sources_read(&sources, folder, &error) ||
        catalogue_compile(&sources, &catalogue, &found, &error))
        fail_msg("%s: %s", folder, error.text);
    for (size_t i = 0; i < found.count; i++)
        if (!found.items[i].warning)
            fail_msg("%.*s:%u: %.*s", SLICE_ARGS(found.items[i].path), found.items[i].line,
                     SLICE_ARGS(found.items[i].text));
    diagnostics_done(&found);
    assert_int_equal(catalogue->experiment_count, 1);
    return catalogue;
}

/* Whether the unit gets what is expected; says so when not. */
static bool row_holds(const struct experiment *experiment, const struct record *unit,
                      const struct record *expected)
{
    struct arena arena = {0};
    struct value traits;
    struct assign_options options = {0};
    assert_int_equal(time_parse(unit->fields[1], &options.now_ms, NULL), STATUS_OK);
    assert_int_equal(json_read(&arena, unit->fields[2], 0, &traits, NULL), STATUS_OK);
    assert_true(slice_equal(unit->fields[0], expected->fields[0]));

    struct assignment got = assign(experiment, unit->fields[0], &traits, &options);
    const char *reason = assign_reason_text(got.reason);
    struct slice variant = experiment->variants[got.variant].name;
    bool holds = slice_equal(variant, expected->fields[1]) &&
                 slice_equals(expected->fields[2], reason) &&
                 slice_equals(expected->fields[3], got.in_experiment ? "true" : "false");
    if (!holds)
        fprintf(stderr, "%.*s: %.*s with %.*s gets %.*s, %s, not %.*s, %.*s\n",
                SLICE_ARGS(experiment->key), SLICE_ARGS(unit->fields[0]),
                SLICE_ARGS(unit->fields[2]), SLICE_ARGS(variant), reason,
                SLICE_ARGS(expected->fields[1]), SLICE_ARGS(expected->fields[2]));
    arena_done(&arena);
    return holds;
}

/* How many rows of the case do not hold. */
static size_t case_run(const char *folder)
{
    static struct record unit, expected;
    struct catalogue *catalogue = catalogue_of(folder);
    FILE *units = case_open(folder, "units.csv"), *answers = case_open(folder, "expected.csv");
    assert_true(record_read(units, &unit) && unit.count == 3);
    assert_true(record_read(answers, &expected) && expected.count == 4);
    size_t rows = 0, wrong = 0;
    while (record_read(units, &unit)) {
        assert_true(record_read(answers, &expected));
        wrong += !row_holds(&catalogue->experiments[0], &unit, &expected);
        rows++;
    }
    assert_false(record_read(answers, &expected));
    assert_true(rows > 0);
    fclose(units);
    fclose(answers);
    catalogue_release(catalogue);
    return wrong;
}

static void golden_assignments_never_change(void **state)
{
    (void)state;
    DIR *folder = opendir(CASES);
    assert_non_null(folder);
    size_t cases = 0, wrong = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        char path[1024];
        snprintf(path, sizeof path, CASES "/%s", entry->d_name);
        wrong += case_run(path);
        cases++;
    }
    closedir(folder);
    assert_true(cases >= CASES_MIN);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_assignments_never_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
