/*
 * The variants of an experiment, and what names them: `force` and `rollout`.
 *
 * The order in the file is the order of the buckets, so it is kept.
 */

#include "parse.h"

#include "base/limits.h"
#include "base/number.h"

#include <math.h>
#include <stdlib.h>

#define VARIANTS_MIN 2
#define WEIGHTS_TOLERANCE 0.0001000001 /* 0.01 %, and what ten additions of doubles lose */

static const struct word_list help_list = {"a kind of help", help_mode_texts};

#define AT(field) offsetof(struct variant, field)
static const struct row variant_rows[] = {
    {.key = "control", .read = row_boolean, .offset = AT(control)},
    {.key = "name", .read = row_line, .offset = AT(title)},
    {.key = "weight", .read = row_share, .offset = AT(weight), .least = 0, .most = 100},
    {.key = "help", .read = row_word, .offset = AT(help), .words = &help_list},
    {.key = "cost_per_unit",
     .read = row_micro,
     .offset = AT(cost_micro),
     .least = 0,
     .most = NUMBER_LIMIT},
    {.key = "flow"},
    {.key = "config"},
};
static const struct table variant_table = TABLE_OF("a variant", variant_rows);

/* All variants while they are read; pairs are NULL where not given. */
struct reading {
    struct variant variants[VARIANTS_MAX];
    struct value configs[VARIANTS_MAX];
    const struct pair *config_pairs[VARIANTS_MAX];
    const struct pair *weights[VARIANTS_MAX];
    const struct pair *controls[VARIANTS_MAX];
    size_t count;
    bool weights_good;
};

static void name_read(struct parser *parser, const struct node *key, struct slice *name)
{
    *name = keep(parser, key->text);
    if (!type_name(parser, key, name))
        return;
    for (size_t i = 0; i < name->size; i++)
        if (name->data[i] < '0' || name->data[i] > '9')
            return;
    fault(parser, key->place, "bad-name",
          "'%.*s' cannot be a variant: clients take digits for an index",
          SLICE_ARGS(shown(parser, *name)));
}

static void variant_read(struct parser *parser, const struct pair *pair, struct reading *reading)
{
    struct fields fields;
    size_t index = reading->count++;
    struct variant *variant = &reading->variants[index];
    name_read(parser, &pair->key, &variant->name);
    variant->title = variant->name;
    if (!mapping_read(parser, &pair->value, &variant_table, 1, variant, &fields)) {
        reading->weights_good = false;
        return;
    }
    if (!variant->title.size)
        variant->title = variant->name;
    variant->has_cost = fields_good(&fields, "cost_per_unit");
    reading->weights[index] = fields_pair(&fields, "weight");
    reading->weights_good &= !reading->weights[index] || fields_good(&fields, "weight");
    const struct pair *control = fields_pair(&fields, "control");
    reading->controls[index] = control;
    const struct pair *flow = fields_pair(&fields, "flow"),
                      *config = fields_pair(&fields, "config");
    if (flow)
        flow_read(parser, flow, variant);
    if (config && config_take(parser, config, &variant->config, &reading->configs[index]))
        reading->config_pairs[index] = config;
}

static void controls_check(struct parser *parser, struct reading *reading,
                           const struct node *variants, size_t *control)
{
    const struct variant *first = NULL;
    bool judged = true;
    for (size_t i = 0; i < reading->count; i++) {
        const struct variant *variant = &reading->variants[i];
        const struct pair *pair = reading->controls[i];
        if (pair && !variant->control && !slice_equals(pair->value.text, "false"))
            judged = false; /* told as no boolean; it may be meant as the control */
        if (!pair || !variant->control)
            continue;
        if (first) {
            fault(parser, pair->key.place, "two-controls",
                  "'%.*s' is the control already: there is one", SLICE_ARGS(first->name));
            return;
        }
        first = variant;
        *control = i;
    }
    if (!first && judged)
        fault(parser, variants->place, "no-control",
              "no variant is the control: write 'control: true' in the one to compare with");
}

static void weights_check(struct parser *parser, struct reading *reading,
                          const struct node *variants)
{
    size_t given = 0;
    double sum = 0;
    char text[NUMBER_TEXT_SIZE];
    for (size_t i = 0; i < reading->count; i++) {
        given += reading->weights[i] != NULL;
        sum += reading->variants[i].weight;
    }
    for (size_t i = 0; i < reading->count; i++) {
        if (given == 0)
            reading->variants[i].weight = 1 / (double)reading->count;
        else if (!reading->weights[i] && variants->pairs[i].value.kind == NODE_MAPPING &&
                 !variants->pairs[i].value.is_partial)
            fault(parser, variants->pairs[i].key.place, "missing-key",
                  "variant '%.*s' needs 'weight': give it to all variants or to none",
                  SLICE_ARGS(shown(parser, reading->variants[i].name)));
    }
    if (given && given == reading->count && reading->weights_good &&
        fabs(sum - 1) > WEIGHTS_TOLERANCE)
        fault(parser, variants->place, "weights-sum", "the weights add up to %s%%, not 100%%",
              number_format(round(sum * 1e6) / 1e4, text));
}

static void costs_fill(struct reading *reading)
{
    bool any = false;
    for (size_t i = 0; i < reading->count; i++)
        any |= reading->variants[i].has_cost;
    for (size_t i = 0; i < reading->count; i++)
        reading->variants[i].has_cost = any;
}

/* `serve` is config where any variant has one, unless the file says otherwise. */
static void serve_choose(struct experiment *experiment, const struct reading *reading,
                         bool serve_given)
{
    for (size_t i = 0; i < reading->count && !serve_given; i++)
        if (reading->config_pairs[i])
            experiment->serve = SERVE_CONFIG;
}

void variants_read(struct parser *parser, struct experiment_reading *out,
                   const struct node *variants, bool serve_given)
{
    struct reading *reading = ARENA_NEW(&parser->scratch, struct reading);
    struct experiment *experiment = out->experiment;
    if (!reading || !type_mapping(parser, variants))
        return;
    if (variants->count < VARIANTS_MIN || variants->count > VARIANTS_MAX)
        fault(parser, variants->place, "out-of-range",
              "an experiment has %d to %d variants, not %zu", VARIANTS_MIN, VARIANTS_MAX,
              variants->count);
    reading->weights_good = true;
    for (size_t i = 0; i < variants->count && i < VARIANTS_MAX; i++)
        variant_read(parser, &variants->pairs[i], reading);
    if (variants->count <= VARIANTS_MAX) {
        controls_check(parser, reading, variants, &experiment->control);
        weights_check(parser, reading, variants);
        configs_agree(parser, reading->config_pairs, reading->configs, reading->count, variants);
    }
    costs_fill(reading);
    serve_choose(experiment, reading, serve_given);
    struct variant *kept = ARENA_ARRAY(parser->arena, reading->count, struct variant);
    if (!kept)
        return;
    memcpy(kept, reading->variants, reading->count * sizeof *kept);
    experiment->variants = kept;
    experiment->variant_count = reading->count;
    values_fill(parser, experiment, kept, reading->configs);
    out->variants_known = variants->count <= VARIANTS_MAX;
}

int variant_find(struct parser *parser, const struct experiment_reading *reading,
                 const struct node *name)
{
    const struct experiment *experiment = reading->experiment;
    struct nearest nearest = {.typed = name->text};
    if (!type_scalar(parser, name, "the name of a variant") || !reading->variants_known)
        return -1;
    for (size_t i = 0; i < experiment->variant_count; i++) {
        if (slice_equal(experiment->variants[i].name, name->text))
            return (int)i;
        nearest_try(&nearest, experiment->variants[i].name);
    }
    fault(parser, name->place, "unknown-variant", "'%.*s' is not a variant of this experiment",
          SLICE_ARGS(shown(parser, name->text)));
    hint_nearest(parser, &nearest);
    return -1;
}

/* ---- force ---- */

static int compare_ids(const void *a, const void *b)
{
    return slice_compare(((const struct forced_unit *)a)->id, ((const struct forced_unit *)b)->id);
}

void force_read(struct parser *parser, struct experiment_reading *reading, const struct node *force)
{
    if (!type_mapping(parser, force))
        return;
    if (force->count > FORCED_MAX) {
        fault(parser, force->place, "out-of-range", "%zu units are forced; %d is the most",
              force->count, FORCED_MAX);
        return;
    }
    struct forced_unit *units = ARENA_ARRAY(parser->arena, force->count, struct forced_unit);
    for (size_t i = 0; units && i < force->count; i++) {
        const struct pair *pair = &force->pairs[i];
        type_id(parser, &pair->key, &units[i].id);
        int index = variant_find(parser, reading, &pair->value);
        units[i].variant = index < 0 ? 0 : (size_t)index;
        if (pair->key.text.size && memchr(pair->key.text.data, '@', pair->key.text.size))
            caution(parser, pair->key.place, "personal-id",
                    "this id looks like an address of a person; the file stays under version "
                    "control");
    }
    if (units && force->count)
        qsort(units, force->count, sizeof *units, compare_ids);
    reading->experiment->forced = units;
    reading->experiment->forced_count = units ? force->count : 0;
}

/* ---- rollout ---- */

static const struct row rollout_rows[] = {
    {.key = "to", .needs = NEEDED},
    {.key = "coverage",
     .read = row_share,
     .offset = offsetof(struct experiment, rollout_coverage),
     .least = 0,
     .most = 100},
};
static const struct table rollout_table = TABLE_OF("rollout", rollout_rows);

void rollout_read(struct parser *parser, struct experiment_reading *reading,
                  const struct node *rollout)
{
    struct fields fields;
    struct experiment *experiment = reading->experiment;
    experiment->rollout_coverage = 1;
    if (!mapping_read(parser, rollout, &rollout_table, 1, experiment, &fields))
        return;
    const struct node *to = fields_value(&fields, "to");
    int index = to ? variant_find(parser, reading, to) : -1;
    experiment->has_rollout = index >= 0;
    experiment->rollout_to = index < 0 ? 0 : (size_t)index;
}
