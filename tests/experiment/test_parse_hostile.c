/*
 * Hostile files: whatever the bytes, the parser neither crashes nor hangs nor runs out of bounds,
 * and what it lets into the catalogue is whole.  Mutations of the good and bad examples by a fixed
 * seed; PARSE_RUNS sets how many (1 500 each).  Meant to run under the address sanitizer too.
 */

#include "experiment/catalogue.h"

#include "base/file.h"
#include "base/limits.h"
#include "base/random.h"
#include "support/support.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* ---- Running the parser on texts in memory ---- */

struct text_file {
    const char *name;
    struct slice text;
};

/* Invariants of everything that is in service. */
static void check_experiment(const struct experiment *experiment)
{
    double sum = 0;
    size_t controls = 0;
    assert_true(experiment->key.size > 0 && experiment->salt.size > 0);
    assert_true(experiment->title.size > 0);
    assert_in_range(experiment->variant_count, 2, VARIANTS_MAX);
    for (size_t i = 0; i < experiment->variant_count; i++) {
        const struct variant *variant = &experiment->variants[i];
        assert_true(variant->name.size > 0 && variant->value.size > 0 && variant->title.size > 0);
        sum += variant->weight;
        controls += variant->control;
    }
    assert_int_equal(controls, 1);
    assert_true(experiment->variants[experiment->control].control);
    assert_true(fabs(sum - 1) < 0.00011);
    for (size_t i = 0; i < experiment->goal_count; i++)
        assert_true(experiment->goals[i]->name.size > 0);
    for (size_t i = 0; i < experiment->segment_count; i++)
        for (size_t k = 0; k < experiment->segments[i].count; k++)
            assert_true(experiment->segments[i].segments[k]->trait.size > 0);
    for (size_t i = 0; i < experiment->forced_count; i++)
        assert_true(experiment->forced[i].variant < experiment->variant_count);
}

static void check_metric(const struct metric *metric)
{
    assert_true(metric->name.size > 0 && metric->title.size > 0);
    assert_true(metric->until_ms > metric->from_ms && metric->from_ms >= 0);
    assert_true((metric->kind == METRIC_RATIO) == (metric->numerator && metric->denominator));
    assert_true((metric->kind == METRIC_BREADTH) == (metric->counts != NULL));
    for (size_t i = 0; i < metric->event_count; i++)
        assert_true(metric->events[i].event.size > 0 && metric->events[i].times >= 1);
}

static void check_found(const struct diagnostics *found)
{
    size_t errors = 0;
    for (size_t i = 0; i < found->count; i++) {
        const struct diagnostic *one = &found->items[i];
        assert_true(one->line >= 1 && one->column >= 1 && one->width >= 1);
        assert_true(one->text.size > 0 && one->path.size > 0);
        assert_true(slice_is_utf8(one->text));
        errors += !one->warning;
    }
    assert_int_equal(errors, found->errors);
}

/* The number of errors. */
static size_t parse(const struct text_file *files, size_t count, size_t limit,
                    enum status *compiled)
{
    struct sources sources = {0};
    struct catalogue *catalogue = NULL;
    struct diagnostics found = {0};
    struct buffer out = {0};
    enum status status = STATUS_OK;
    sources.arena.limit = limit;
    found.arena.limit = limit;
    for (size_t i = 0; i < count && !status; i++)
        status = sources_add(&sources, slice_of(files[i].name), slice_of(files[i].name),
                             files[i].text, NULL);
    if (status)
        sources_done(&sources);
    else
        status = catalogue_compile(&sources, &catalogue, &found, NULL);
    assert_true((status == STATUS_OK) == (catalogue != NULL));
    if (catalogue) {
        check_found(&found);
        for (size_t i = 0; i < catalogue->experiment_count; i++)
            check_experiment(&catalogue->experiments[i]);
        for (size_t i = 0; i < catalogue->metric_count; i++)
            check_metric(&catalogue->metrics[i]);
    }
    diagnostics_write_text(&out, &found);
    assert_true(status || slice_is_utf8(buffer_slice(&out)));
    size_t errors = found.errors;
    buffer_done(&out);
    diagnostics_done(&found);
    catalogue_release(catalogue);
    if (compiled)
        *compiled = status;
    else
        assert_int_equal(status, STATUS_OK);
    return errors;
}

/* ---- The examples ---- */

#define FILES_MAX 512
static struct text_file examples[FILES_MAX];
static size_t example_count;
static struct arena example_arena;

static void load_folder(const char *folder)
{
    DIR *open_folder = opendir(folder);
    assert_non_null(open_folder);
    for (struct dirent *entry; (entry = readdir(open_folder));) {
        char path[1024];
        struct slice text;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] == '.' || !strchr(entry->d_name, '.'))
            continue;
        if (file_read(path, 1 << 15, &example_arena, &text, NULL) || example_count == FILES_MAX)
            continue; /* the largest ones have tests of their own */
        examples[example_count++] = (struct text_file){
            .name = arena_text(&example_arena, slice_of(entry->d_name)), .text = text};
    }
    closedir(open_folder);
}

static void load_all(const char *kind)
{
    char folder[600];
    snprintf(folder, sizeof folder, SOURCE_DIR "/tests/cases/%s", kind);
    DIR *open_folder = opendir(folder);
    assert_non_null(open_folder);
    for (struct dirent *entry; (entry = readdir(open_folder));) {
        char inner[900];
        snprintf(inner, sizeof inner, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.')
            load_folder(inner);
    }
    closedir(open_folder);
}

static int setup(void **state)
{
    (void)state;
    load_all("valid");
    load_all("invalid");
    return example_count < 50;
}

static int teardown(void **state)
{
    (void)state;
    arena_done(&example_arena);
    return 0;
}

/* ---- Mutations ---- */

static const char *const pieces[] = {
    ": ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "'",
    "#",
    "|\n",
    ">\n",
    "\n",
    "\r\n",
    "\t",
    "  ",
    "&a ",
    "*a",
    "!!int ",
    "<<: ",
    "? ",
    "---\n",
    "...\n",
    "%TAG ",
    "\\",
    "\\u0000",
    "\xc3",
    "\xff",
    "\x01",
    "\x7f",
    "\xef\xbb\xbf",
    "~",
    "null",
    "true",
    "1e999",
    "-",
    "9999999999999999999",
    "0%..50%",
    "50%",
    "7d",
    "2026-11-01",
    "all: ",
    "not: ",
    "any: ",
    "flow: ",
    "config: ",
    "control: true",
    "metrics: ",
    "kind: ratio",
    "\xc2\x85",
};

static void mutate_once(struct random *random, struct buffer *text)
{
    struct buffer out = {0};
    size_t size = text->size, at = (size_t)random_below(random, size + 1);
    size_t length = (size_t)random_below(random, 40), end = at + length > size ? size : at + length;
    struct slice head = {.data = text->data, .size = at};
    struct slice middle = {.data = text->data + at, .size = end - at};
    struct slice tail = {.data = text->data + end, .size = size - end};
    struct slice piece = slice_of(pieces[random_below(random, sizeof pieces / sizeof *pieces)]);
    buffer_add(&out, head);
    switch (random_below(random, 6)) {
    case 0: /* cut out */ break;
    case 1: /* twice */
        buffer_add(&out, middle);
        buffer_add(&out, middle);
        break;
    case 2: /* a byte */
        buffer_add_byte(&out, (char)random_below(random, 256));
        buffer_add(&out, middle);
        break;
    case 3: /* the rest is missing */ tail.size = 0; break;
    case 4: /* in place of */ buffer_add(&out, piece); break;
    default: /* put in */
        buffer_add(&out, piece);
        buffer_add(&out, middle);
        break;
    }
    buffer_add(&out, tail);
    assert_false(out.failed);
    buffer_done(text);
    *text = out;
}

static size_t runs(size_t usual)
{
    const char *text = getenv("PARSE_RUNS");
    return text ? strtoul(text, NULL, 10) : usual;
}

/* Loads one folder after the others; returns how many files it has. */
static size_t load_case(const char *name, struct text_file files[static 8])
{
    char folder[600];
    size_t from = example_count;
    snprintf(folder, sizeof folder, SOURCE_DIR "/tests/cases/valid/%s", name);
    load_folder(folder);
    size_t count = example_count - from;
    assert_in_range(count, 3, 8);
    memcpy(files, &examples[from], count * sizeof *files);
    example_count = from;
    return count;
}

/* Four files of any folders, each changed up to three times. */
static void any_files_break_nothing(void **state)
{
    struct random random = {.state = 20261101};
    (void)state;
    for (size_t run = 0; run < runs(1500); run++) {
        struct text_file files[4];
        struct buffer texts[4] = {0};
        for (size_t i = 0; i < 4; i++) {
            const struct text_file *one = &examples[random_below(&random, example_count)];
            buffer_add(&texts[i], one->text);
            for (uint64_t k = random_below(&random, 4); k > 0; k--)
                mutate_once(&random, &texts[i]);
            files[i] = (struct text_file){.name = one->name, .text = buffer_slice(&texts[i])};
        }
        parse(files, 4, 0, NULL);
        for (size_t i = 0; i < 4; i++)
            buffer_done(&texts[i]);
    }
}

/* A good folder with one file changed a little: some of it stays good, and is then looked at. */
static void a_slip_in_a_good_folder_breaks_nothing(void **state)
{
    static const char *const names[] = {"every-key", "crm-first-run"};
    struct random random = {.state = 20261215};
    size_t good = 0, bad = 0;
    (void)state;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        struct text_file files[8];
        size_t count = load_case(names[k], files);
        for (size_t run = 0; run < runs(1500); run++) {
            struct buffer text = {0};
            size_t index = (size_t)random_below(&random, count);
            struct slice whole = files[index].text;
            buffer_add(&text, whole);
            mutate_once(&random, &text);
            files[index].text = buffer_slice(&text);
            size_t errors = parse(files, count, 0, NULL);
            good += errors == 0;
            bad += errors > 0;
            files[index].text = whole;
            buffer_done(&text);
        }
    }
    print_message("%zu folders without errors, %zu with\n", good, bad);
    assert_true(good > 0 && bad > 0);
}

/* ---- Large and deep ones ---- */

static struct slice repeated(struct buffer *out, const char *head, const char *piece,
                             const char *tail, size_t size)
{
    buffer_clear(out);
    buffer_add(out, slice_of(head));
    while (out->size + strlen(piece) + strlen(tail) <= size)
        buffer_add(out, slice_of(piece));
    buffer_add(out, slice_of(tail));
    return buffer_slice(out);
}

static void a_megabyte_of_anything_ends_soon(void **state)
{
    static const struct {
        const char *head, *piece, *tail;
    } texts[] = {
        {"a: ", "[", ""},
        {"a: ", "{a: ", ""},
        {"", "- ", ""},
        {"", "? ", ""},
        {"", "a: ", ""},
        {"a: ", "[],", ""},
        {"a: \"", "x", "\""},
        {"a: '", "''", "'"},
        {"a: \"", "\\", ""},
        {"a: ", "x ", "\n"},
        {"", "#", "\n"},
        {"", "# x\n", ""},
        {"", "\n", "a: b\n"},
        {"", " ", "a: b\n"},
        {"a: |\n", "  x\n", ""},
        {"a: >\n", "  x\n\n", ""},
        {"", "&a ", "b: c\n"},
        {"", "---\n", ""},
        {"", "!!a ", "b: c\n"},
        {"", "*a : 1\n", ""},
        {"", "%A b\n", "---\na: b\n"},
        {"experiment: a\nvariants:\n", "  v: {}\n", ""},
        {"a: [", "x, ", "y]\n"},
        {"{", "\"a\": 1, ", "\"b\": 2}"},
        {"", "\xe2\x82\xac: 1\n", ""},
        {"a:\n", "\t", "\n"},
        {"", "a: b\r\n", ""},
        {"", "@", ""},
        {"", "`", ""},
        {"", "\"a\" ", ""},
    };
    struct buffer out = {0};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct text_file file = {.name = "a.yaml"};
        file.text = repeated(&out, texts[i].head, texts[i].piece, texts[i].tail, FILE_SIZE_MAX);
        clock_t start = clock(); /* of the processor: the machine may be busy with others */
        parse(&file, 1, 0, NULL);
        file.name = "a.json";
        parse(&file, 1, 0, NULL);
        double took_s = (double)(clock() - start) / CLOCKS_PER_SEC;
        if (took_s > 1)
            print_message("'%s' took %.1f s\n", texts[i].piece, took_s);
        assert_true(took_s < 30); /* what is quadratic takes minutes */
    }
    buffer_done(&out);
}

static void files_over_the_limits_are_refused(void **state)
{
    struct buffer out = {0};
    struct text_file file = {.name = "a.yaml"};
    static const char good[] = "experiment: a\nvariants: {x: {control: true}, y: {}}\n#";
    (void)state;
    file.text = repeated(&out, good, "#", "", FILE_SIZE_MAX);
    assert_int_equal(file.text.size, FILE_SIZE_MAX);
    assert_int_equal(parse(&file, 1, 0, NULL), 0);
    file.text = repeated(&out, good, "#", "", FILE_SIZE_MAX + 1);
    assert_int_equal(parse(&file, 1, 0, NULL), 1);
    /* Levels: the root, variants, y, config, and brackets. */
    for (size_t depth = FILE_DEPTH_MAX - 4; depth <= FILE_DEPTH_MAX - 3; depth++) {
        buffer_clear(&out);
        buffer_add(&out, SLICE("experiment: a\nvariants: {x: {control: true}, y: {config: {a: "));
        for (size_t i = 0; i < depth; i++)
            buffer_add_byte(&out, '[');
        for (size_t i = 0; i < depth; i++)
            buffer_add_byte(&out, ']');
        buffer_add(&out, SLICE("}}}\n"));
        file.text = buffer_slice(&out);
        assert_int_equal(parse(&file, 1, 0, NULL), depth == FILE_DEPTH_MAX - 3);
    }
    buffer_done(&out);
}

/* ---- Memory ---- */

/* With less memory than it takes there is an error, no crash and nothing left behind. */
static void short_memory_is_an_error(void **state)
{
    static const char *const names[] = {"every-key", "crm-first-run"};
    (void)state;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        struct text_file files[8];
        size_t count = load_case(names[k], files);
        enum status status = STATUS_NO_MEMORY;
        size_t failures = 0;
        for (size_t limit = 1; status; limit += 239) {
            parse(files, count, limit, &status);
            assert_true(status == STATUS_OK || status == STATUS_NO_MEMORY);
            failures += status != STATUS_OK;
            assert_true(limit < 1 << 22);
        }
        assert_true(failures > 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_files_break_nothing),
        cmocka_unit_test(a_slip_in_a_good_folder_breaks_nothing),
        cmocka_unit_test(a_megabyte_of_anything_ends_soon),
        cmocka_unit_test(files_over_the_limits_are_refused),
        cmocka_unit_test(short_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
