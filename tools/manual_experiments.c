/*
 * gangway-experiments(5): what may stand in the files of a folder of experiments.  It is made of
 * the JSON Schemas that ship (experiments/schema/), which tests/schema holds against the parser, so
 * that page, schema and parser can't disagree: each key with its path, its type, and its
 * description.
 *
 * A path is written as in a file: `variants.NAME.flow[].step` is the key `step` of an item of the
 * list `flow` of a variant.  What stands in many places (conditions, events) has a section of its
 * own, at which a path ends.
 */

#include "manual_page.h"

#include "manual.h"

#include "base/asset.h"
#include "base/json.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define PATH_SIZE 128
#define TERM_COLUMNS 60 /* a longer type stands below its key */

extern const struct asset schemas[]; /* experiment.schema.json, metrics, segments */

/* Definitions that have a section of their own. */
static const char *const apart[] = {"condition", "conditions", "event_condition",
                                    "event_conditions"};

struct walk {
    struct page *page;
    const struct value *schema; /* the root, which has the definitions */
    struct buffer text;         /* of one item */
};

static bool name_is_apart(struct slice name)
{
    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++)
        if (slice_equals(name, apart[i]))
            return true;
    return false;
}

/* The name of what is referred to; empty where a schema says it itself. */
static struct slice reference_of(const struct value *schema)
{
    static const char head[] = "#/definitions/";
    struct slice reference = value_member_text(schema, "$ref");
    return reference.size ? slice_from(reference, sizeof head - 1) : reference;
}

static const struct value *resolve(const struct walk *walk, const struct value *schema)
{
    struct slice name;
    while (schema && (name = reference_of(schema)).size)
        schema = value_member(value_member(walk->schema, SLICE("definitions")), name);
    return schema;
}

/* ---- types in words ---- */

static bool is_scalar(const struct walk *walk, const struct value *schema)
{
    schema = resolve(walk, schema);
    struct slice type = value_member_text(schema, "type");
    return !slice_equals(type, "object") && !slice_equals(type, "array");
}

static void add_type(struct walk *walk, const struct value *schema);

/* Whether a definition is told by its name: one without parts, or with a section of its own. */
static bool is_named(const struct walk *walk, const struct value *schema, struct slice name)
{
    const struct value *meant = resolve(walk, schema);
    bool is_plain =
        !value_member(meant, SLICE("anyOf")) || value_member_text(meant, "description").size;
    return name_is_apart(name) || (is_scalar(walk, schema) && is_plain);
}

static void add_spaced(struct buffer *out, struct slice name)
{
    for (size_t i = 0; i < name.size; i++)
        buffer_add_byte(out, name.data[i] == '_' ? ' ' : name.data[i]);
}

static void add_choices(struct walk *walk, const struct value *choices)
{
    for (size_t i = 0; i < choices->count; i++)
        if (choices->items[i].kind == VALUE_TEXT)
            buffer_format(&walk->text, "%s%.*s", i ? " | " : "",
                          SLICE_ARGS(choices->items[i].text));
}

/* Of alternatives those that say more than "a text of this pattern", each once. */
static void add_alternatives(struct walk *walk, const struct value *any)
{
    struct buffer *text = &walk->text;
    size_t begin = text->size;
    size_t last = begin;
    for (size_t i = 0; i < any->count; i++) {
        size_t end = text->size;
        if (value_member(&any->items[i], SLICE("pattern")))
            continue;
        buffer_format(text, "%s", end > begin ? " or " : "");
        size_t from = text->size;
        add_type(walk, &any->items[i]);
        size_t size = text->size - from;
        if (!text->failed && end > begin && end - last == size &&
            memcmp(text->data + last, text->data + from, size) == 0)
            text->size = end;
        else
            last = from;
    }
    if (text->size == begin)
        buffer_format(text, "text");
}

static void add_list(struct walk *walk, const struct value *items)
{
    if (items && items->kind == VALUE_LIST) {
        for (size_t i = 0; i < items->count; i++) {
            buffer_format(&walk->text, "%s", i ? ", " : "[");
            add_type(walk, &items->items[i]);
        }
        buffer_add_byte(&walk->text, ']');
        return;
    }
    buffer_format(&walk->text, "list of ");
    size_t from = walk->text.size;
    add_type(walk, items);
    struct slice words = slice_from(buffer_slice(&walk->text), from);
    if (words.size && !memmem(words.data, words.size, " or ", 4))
        buffer_add_byte(&walk->text, 's');
}

/* A definition by its name where it has no parts: "duration", "holdout share". */
static void add_type(struct walk *walk, const struct value *schema)
{
    struct slice name = reference_of(schema);
    const struct value *all = value_member(schema, SLICE("allOf"));
    if (name.size && is_named(walk, schema, name)) {
        add_spaced(&walk->text, name);
        return;
    }
    schema = resolve(walk, schema);
    const struct value *any = value_member(schema, SLICE("anyOf"));
    const struct value *choices = value_member(schema, SLICE("enum"));
    const struct value *one = value_member(schema, SLICE("const"));
    struct slice type = value_member_text(schema, "type");
    if (any && !type.size)
        add_alternatives(walk, any);
    else if (one)
        buffer_add(&walk->text, one->text);
    else if (choices)
        add_choices(walk, choices);
    else if (slice_equals(type, "array"))
        add_list(walk, value_member(schema, SLICE("items")));
    else if (slice_equals(type, "object"))
        buffer_format(&walk->text, "mapping");
    else if (all)
        add_type(walk, &all->items[0]);
    else if (type.size && !slice_equals(type, "string"))
        buffer_add(&walk->text, type);
    else if (value_member(schema, SLICE("type")))
        buffer_format(&walk->text, "text");
    else
        buffer_format(&walk->text, "any value");
}

/* ---- keys ---- */

static struct slice description_of(const struct walk *walk, const struct value *schema)
{
    struct slice text = value_member_text(schema, "description");
    return text.size || !schema ? text : value_member_text(resolve(walk, schema), "description");
}

/* `of`: which kinds have the key, and which need it; NULL: all that is to be said is `needed`. */
static void write_key(struct walk *walk, const char *path, const struct value *schema, bool needed,
                      const char *of)
{
    char term[PATH_SIZE + TERM_COLUMNS];
    struct buffer meaning = {0};
    buffer_clear(&walk->text);
    add_type(walk, schema);
    struct slice description = description_of(walk, schema);
    if (strlen(path) + walk->text.size < TERM_COLUMNS) {
        snprintf(term, sizeof term, "%s  %.*s", path, (int)walk->text.size, walk->text.data);
    } else {
        snprintf(term, sizeof term, "%s", path);
        buffer_format(&meaning, "%.*s; ", (int)walk->text.size, walk->text.data);
    }
    bool is_first = meaning.size == 0;
    buffer_add(&meaning, description);
    if (is_first && meaning.size)
        meaning.data[0] = (char)toupper((unsigned char)meaning.data[0]);
    if (needed)
        buffer_format(&meaning, "; needed");
    if (of)
        buffer_format(&meaning, "%s", of);
    buffer_add_byte(&meaning, '.');
    buffer_add_byte(&meaning, '\0');
    if (!meaning.failed)
        page_item(walk->page, term, meaning.data);
    else
        walk->text.failed = true;
    buffer_done(&meaning);
}

static bool is_needed(const struct value *schema, struct slice key)
{
    const struct value *required = value_member(schema, SLICE("required"));
    for (size_t i = 0; required && i < required->count; i++)
        if (slice_equal(required->items[i].text, key))
            return true;
    return false;
}

static void write_keys(struct walk *walk, const char *path, const struct value *schema);

/* What is inside of a value: the keys of a mapping, of its members, of the items of a list. */
static void write_inside(struct walk *walk, const char *path, const struct value *schema)
{
    char inner[PATH_SIZE];
    if (name_is_apart(reference_of(schema)))
        return;
    schema = resolve(walk, schema);
    const struct value *any = value_member(schema, SLICE("anyOf"));
    const struct value *items = value_member(schema, SLICE("items"));
    const struct value *members = value_member(schema, SLICE("additionalProperties"));
    write_keys(walk, path, schema);
    for (size_t i = 0; any && i < any->count; i++)
        write_inside(walk, path, &any->items[i]);
    snprintf(inner, sizeof inner, "%s[]", path);
    if (items && items->kind == VALUE_OBJECT)
        write_inside(walk, inner, items);
    snprintf(inner, sizeof inner, "%s.NAME", path);
    if (members && members->kind == VALUE_OBJECT && value_member(members, SLICE("$ref")))
        write_inside(walk, inner, members);
}

static void write_keys(struct walk *walk, const char *path, const struct value *schema)
{
    const struct value *keys = value_member(schema, SLICE("properties"));
    for (size_t i = 0; keys && i < keys->count; i++) {
        const struct member *key = &keys->members[i];
        char inner[PATH_SIZE];
        snprintf(inner, sizeof inner, "%s%s%.*s", path, *path ? "." : "", SLICE_ARGS(key->name));
        write_key(walk, inner, &key->value, is_needed(schema, key->name), NULL);
        write_inside(walk, inner, &key->value);
    }
}

/* ---- metrics: a kind has keys of its own, and most keys are of many kinds ---- */

/* The schema of kind `index`; NULL after the last. */
static const struct value *kind_at(const struct walk *walk, const struct value *metric,
                                   size_t index, struct slice *name)
{
    const struct value *all = value_member(metric, SLICE("allOf"));
    if (index >= all->count)
        return NULL;
    const struct value *then = value_member(&all->items[index], SLICE("then"));
    *name = reference_of(then);
    return resolve(walk, then);
}

static void add_kinds(const struct walk *walk, const struct value *metric, struct slice key,
                      struct buffer *of)
{
    struct buffer needed = {0};
    struct slice name;
    const struct value *kind;
    size_t having = 0;
    for (size_t i = 0; (kind = kind_at(walk, metric, i, &name)); i++) {
        if (value_member(value_member(kind, SLICE("properties")), key))
            buffer_format(of, "%s%.*s", having++ ? ", " : "; of ", SLICE_ARGS(name));
        if (is_needed(kind, key))
            buffer_format(&needed, "%s%.*s", needed.size ? ", " : "", SLICE_ARGS(name));
    }
    if (having == value_member(metric, SLICE("allOf"))->count)
        buffer_clear(of);
    if (of->size && needed.size == of->size - strlen("; of "))
        buffer_format(of, "; needed");
    else if (needed.size)
        buffer_format(of, "; needed by %.*s", (int)needed.size, needed.data);
    buffer_add_byte(of, '\0');
    buffer_done(&needed);
}

/* Whether an earlier kind has had the key. */
static bool is_told(const struct walk *walk, const struct value *metric, size_t kinds,
                    struct slice key)
{
    struct slice name;
    for (size_t i = 0; i < kinds; i++)
        if (value_member(value_member(kind_at(walk, metric, i, &name), SLICE("properties")), key))
            return true;
    return false;
}

static void write_metric_key(struct walk *walk, const struct value *metric,
                             const struct member *key)
{
    char path[PATH_SIZE];
    struct buffer of = {0};
    snprintf(path, sizeof path, "metrics.NAME.%.*s", SLICE_ARGS(key->name));
    add_kinds(walk, metric, key->name, &of);
    write_key(walk, path, &key->value, false, of.failed ? "" : of.data);
    write_inside(walk, path, &key->value);
    buffer_done(&of);
}

static void write_metric_keys(struct walk *walk, const struct value *metric)
{
    const struct value *kind;
    struct slice name;
    write_key(walk, "metrics.NAME.kind",
              value_member(value_member(metric, SLICE("properties")), SLICE("kind")), true, NULL);
    for (size_t i = 0; (kind = kind_at(walk, metric, i, &name)); i++) {
        const struct value *keys = value_member(kind, SLICE("properties"));
        for (size_t k = 0; k < keys->count; k++)
            if (!slice_equals(keys->members[k].name, "kind") &&
                !is_told(walk, metric, i, keys->members[k].name))
                write_metric_key(walk, metric, &keys->members[k]);
    }
}

/* ---- the page ---- */

static const struct value *definition(const struct walk *walk, const char *name)
{
    return value_member(value_member(walk->schema, SLICE("definitions")), slice_of(name));
}

static void write_experiment(struct walk *walk)
{
    page_heading(walk->page, "EXPERIMENTS");
    page_paragraphs(walk->page, "A file an experiment, of any name but the two below.");
    write_keys(walk, "", walk->schema);
}

static void write_metrics(struct walk *walk)
{
    const struct value *keys = value_member(walk->schema, SLICE("properties"));
    page_heading(walk->page, "METRICS");
    page_paragraphs(walk->page, "metrics.yaml, which all experiments share.");
    for (size_t i = 0; i < keys->count; i++) {
        const struct member *key = &keys->members[i];
        char path[PATH_SIZE];
        snprintf(path, sizeof path, "%.*s", SLICE_ARGS(key->name));
        write_key(walk, path, &key->value, is_needed(walk->schema, key->name), NULL);
        if (slice_equals(key->name, "metrics"))
            write_metric_keys(walk, definition(walk, "metric"));
        else
            write_inside(walk, path, &key->value);
    }
    page_heading(walk->page, "EVENTS OF METRICS");
    page_paragraphs(walk->page, "An event is its name, or a mapping with a condition on its\n"
                                "properties. any_event is every event but those of not_activity.");
    write_keys(walk, "", definition(walk, "event_where"));
    page_heading(walk->page, "CONDITIONS");
    page_paragraphs(walk->page,
                    "A mapping of traits, or of properties of an event, to tests; all of them\n"
                    "must hold. A test is a value, a list of values of which one is equal, or\n"
                    "a mapping of the operators below. all, any and not take conditions\n"
                    "instead of a trait.");
    write_keys(walk, "", definition(walk, "condition"));
    write_keys(walk, "", definition(walk, "operators"));
}

static void write_segments(struct walk *walk)
{
    page_heading(walk->page, "SEGMENTS");
    page_paragraphs(walk->page, "segments.yaml, which all experiments share.");
    write_keys(walk, "", walk->schema);
}

static void write_type(struct walk *walk, struct slice name, struct slice meaning)
{
    struct buffer *text = &walk->text;
    buffer_clear(text);
    add_spaced(text, name);
    buffer_add_byte(text, '\0');
    size_t from = text->size;
    buffer_format(text, "%.*s.", SLICE_ARGS(meaning));
    buffer_add_byte(text, '\0');
    if (text->failed)
        return;
    text->data[from] = (char)toupper((unsigned char)text->data[from]);
    page_item(walk->page, text->data, text->data + from);
}

/* Types that the sections above name, from every schema once. */
static void write_types(struct walk *walk, const struct value roots[static 3])
{
    page_heading(walk->page, "TYPES");
    for (size_t i = 0; i < 3; i++) {
        const struct value *types = value_member(&roots[i], SLICE("definitions"));
        walk->schema = &roots[i];
        for (size_t t = 0; t < types->count; t++) {
            const struct member *type = &types->members[t];
            struct slice meaning = value_member_text(&type->value, "description");
            bool is_told = false;
            for (size_t before = 0; before < i; before++)
                is_told |= value_member(value_member(&roots[before], SLICE("definitions")),
                                        type->name) != NULL;
            if (is_told || !meaning.size || !is_scalar(walk, &type->value))
                continue;
            write_type(walk, type->name, meaning);
        }
    }
}

static const char files_text[] =
    "A folder of files in YAML 1.2 or JSON says what is tried. Each file in it is an\n"
    "experiment, but metrics.yaml and segments.yaml (or .yml, .json), which all\n"
    "experiments share. Names that begin with a dot or an underscore, and folders in\n"
    "it, are passed over. A scalar is read by the type of its key, quoted or not, and\n"
    "never guessed: `owner: no` is the text \"no\".\n"
    "\n"
    "`gangway validate` tells every mistake at its line, with the nearest word that\n"
    "there is; `gangway new KEY` prints a file to begin with. An editor completes and\n"
    "checks with the JSON Schemas that this page is made of, by the line\n"
    "\n"
    "  # yaml-language-server: $schema=experiment.schema.json\n"
    "\n"
    "A key is written here with the way to it: variants.NAME.flow[].step is the key\n"
    "step of an item of the list flow of a variant of any name.";

/* Whole files, which tests/tools/test_manual.py hands to `gangway validate`. */
static const struct {
    const char *file;
    const char *text;
} examples[] = {
    {"shorter-tour.yaml", "experiment: shorter-tour\n"
                          "name: Three steps instead of five\n"
                          "owner: growth-onboarding\n"
                          "hypothesis: A shorter tour loses fewer people on the way.\n"
                          "status: running\n"
                          "start: 2026-11-01\n"
                          "end: 2026-12-15\n"
                          "traffic: {coverage: 50%}\n"
                          "audience:\n"
                          "  role: {in: [owner, sales_rep]}\n"
                          "  employees: {gte: 2}\n"
                          "variants:\n"
                          "  five_steps: {control: true}\n"
                          "  three_steps:\n"
                          "    flow:\n"
                          "      - {step: import, pattern: checklist, done_when: Contact Created}\n"
                          "      - {step: email, pattern: checklist, done_when: Email Sent}\n"
                          "      - {step: invite, pattern: tooltip, optional: true}\n"
                          "segments: [role]\n"
                          "metrics:\n"
                          "  goal: activated\n"
                          "  why: Who has done this has replaced the spreadsheet.\n"
                          "  guardrails:\n"
                          "    - {metric: asked_for_help, worse_by: 2pp}\n"
                          "analysis:\n"
                          "  expect: {baseline: 22%, lift: 10%, units_per_week: 3000}\n"},
    {"metrics.yaml", "metrics:\n"
                     "  activated:\n"
                     "    kind: conversion\n"
                     "    all_of:\n"
                     "      - {event: Contact Created, times: 5}\n"
                     "      - Email Sent\n"
                     "    within: 7d\n"
                     "  asked_for_help:\n"
                     "    kind: conversion\n"
                     "    better: lower\n"
                     "    event: Support Ticket Created\n"
                     "    within: 7d\n"},
    {"segments.yaml", "segments:\n"
                      "  role:\n"
                      "    trait: role\n"
                      "    values: [owner, sales_rep]\n"
                      "  size:\n"
                      "    name: Employees\n"
                      "    trait: employees\n"
                      "    bands: [1, 2, 11, 51]\n"},
};

static void write_examples(struct page *page)
{
    page_heading(page, "EXAMPLES");
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        page_paragraphs(page, examples[i].file);
        page_verbatim_begin(page);
        for (const char *line = examples[i].text; *line;) {
            size_t size = strcspn(line, "\n");
            page_verbatim(page, (struct slice){.data = line, .size = size});
            line += size + (line[size] == '\n');
        }
        page_verbatim_end(page);
    }
}

static enum status schemas_read(struct arena *arena, struct value roots[static 3],
                                struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; schemas[i].path && !status; i++)
        status = json_read(arena, schemas[i].bytes, 0, &roots[i], error);
    return status;
}

enum status manual_write_experiments(bool is_roff, struct buffer *out, struct error *error)
{
    /* In the order in which they are embedded. */
    static void (*const sections[])(struct walk * walk) = {write_experiment, write_metrics,
                                                           write_segments};
    struct page page = {.out = out, .is_roff = is_roff};
    struct walk walk = {.page = &page};
    struct arena arena = {0};
    struct value roots[3];
    enum status status = schemas_read(&arena, roots, error);
    if (status) {
        arena_done(&arena);
        return status;
    }
    page_title(&page, "gangway-experiments", "5", "the JSON Schemas of experiments");
    page_name(&page, "gangway-experiments", "files that declare experiments");
    page_heading(&page, "SYNOPSIS");
    page_paragraphs(&page,
                    "experiments/*.yaml, experiments/metrics.yaml, experiments/segments.yaml");
    page_heading(&page, "DESCRIPTION");
    page_paragraphs(&page, files_text);
    for (size_t i = 0; i < 3; i++) {
        walk.schema = &roots[i];
        sections[i](&walk);
    }
    write_types(&walk, roots);
    write_examples(&page);
    page_heading(&page, "SEE ALSO");
    page_paragraphs(&page, "gangway-validate(1), gangway-new(1), gangway-diff(1), gangway(1)");
    if (walk.text.failed)
        out->failed = true;
    buffer_done(&walk.text);
    arena_done(&arena);
    return STATUS_OK;
}
