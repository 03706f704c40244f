/*
 * One experiment (grammar.md, section 3): the keys at its top, and the order in which its parts are
 * read, each of which may lean on those before.
 */

#include "parse.h"

static const struct word_list status_list = {"a status", experiment_status_texts};
static const struct word_list exposure_list = {"an exposure", exposure_mode_texts};
static const struct word_list assignment_list = {"an assignment", assignment_mode_texts};
static const struct word_list serve_list = {"a value to serve", serve_mode_texts};

static bool read_unit(struct parser *parser, const struct row *row, const struct node *node,
                      void *target)
{
    const char *words[UNIT_KIND_COUNT + 1] = {NULL};
    unsigned word;
    for (int i = 0; i < UNIT_KIND_COUNT; i++)
        words[i] = unit_kind_text((enum unit_kind)i);
    if (!type_word(parser, node, &(struct word_list){"a unit", words}, &word))
        return false;
    *(enum unit_kind *)row_field(row, target) = (enum unit_kind)word;
    return true;
}

static bool read_phase(struct parser *parser, const struct row *row, const struct node *node,
                       void *target)
{
    uint64_t phase;
    if (!type_integer(parser, node, 1, UINT16_MAX, &phase))
        return false;
    *(uint16_t *)row_field(row, target) = (uint16_t)phase;
    return true;
}

#define AT(field) offsetof(struct experiment, field)
static const struct row experiment_rows[] = {
    {.key = "experiment", .read = row_key, .offset = AT(key), .needs = NEEDED},
    {.key = "name", .read = row_line, .offset = AT(title)},
    {.key = "owner", .read = row_line, .offset = AT(owner)},
    {.key = "hypothesis", .read = row_text, .offset = AT(hypothesis)},
    {.key = "status", .read = row_word, .offset = AT(status), .words = &status_list},
    {.key = "unit", .read = read_unit, .offset = AT(unit)},
    {.key = "phase", .read = read_phase, .offset = AT(phase)},
    {.key = "salt", .read = row_line, .offset = AT(salt)},
    {.key = "start", .read = row_date, .offset = AT(start_ms)},
    {.key = "end", .read = row_date, .offset = AT(end_ms)},
    {.key = "exposure", .read = row_word, .offset = AT(exposure), .words = &exposure_list},
    {.key = "assignment", .read = row_word, .offset = AT(assignment), .words = &assignment_list},
    {.key = "serve", .read = row_word, .offset = AT(serve), .words = &serve_list},
    {.key = "traffic"},
    {.key = "audience"},
    {.key = "variants", .needs = NEEDED},
    {.key = "force"},
    {.key = "segments"},
    {.key = "metrics"},
    {.key = "analysis"},
    {.key = "rollout"},
};
static const struct table experiment_table = TABLE_OF("an experiment", experiment_rows);

/* The defaults of the grammar. */
static void defaults_set(struct experiment *experiment, const struct document *document)
{
    *experiment = (struct experiment){
        .phase = 1,
        .start_ms = TIME_NONE,
        .end_ms = TIME_NONE,
        .coverage = 1,
        .rollout_coverage = 1,
        .confidence = 0.95,
        .peeking = PEEKING_HYBRID,
        .min_days = 7,
        .flow_within_ms = 30 * DAY_MS,
        .lift = LIFT_RELATIVE,
        .correction = DECLARED_BENJAMINI_HOCHBERG,
        .expect.power = 0.8,
        .path = document->source->path,
    };
}

static void audience_read(struct parser *parser, struct experiment *experiment,
                          const struct node *audience)
{
    struct buffer words = {0};
    experiment->audience = condition_read(parser, audience);
    if (experiment->audience && parser->document->errors == 0)
        condition_write(&words, experiment->audience);
    experiment->audience_text = keep(parser, buffer_slice(&words));
    parser->arena->failed |= words.failed;
    buffer_done(&words);
}

static void dates_check(struct parser *parser, const struct experiment *experiment,
                        const struct fields *fields)
{
    if (fields_good(fields, "phase") && experiment->phase > 1 && !fields_pair(fields, "start"))
        fault(parser, fields->mapping->place, "missing-key",
              "phase %u needs 'start': it parts the phases", experiment->phase);
    if (fields_good(fields, "start") && fields_good(fields, "end") &&
        experiment->end_ms <= experiment->start_ms)
        fault(parser, fields_value(fields, "end")->place, "end-before-start",
              "the end is not later than the start");
}

static bool good_if_given(const struct fields *fields, const char *key)
{
    return !fields_pair(fields, key) || fields_good(fields, key);
}

static bool is_given(const struct node *mapping, const char *key)
{
    return mapping && node_member(mapping, key);
}

static void final_look_check(struct parser *parser, const struct experiment_reading *reading,
                             const struct fields *fields)
{
    const struct experiment *experiment = reading->experiment;
    const struct node *analysis = fields_value(fields, "analysis");
    bool is_on =
        experiment->status == EXPERIMENT_RUNNING || experiment->status == EXPERIMENT_PAUSED;
    if (!is_on || reading->peeking_bad || experiment->peeking == PEEKING_ALWAYS ||
        fields_pair(fields, "end") || is_given(analysis, "expect"))
        return;
    fault(parser, fields->mapping->place, "no-final-look",
          "with peeking '%s' the final look needs 'end' or 'analysis: expect'",
          peeking_texts[experiment->peeking]);
}

static void rollout_check(struct parser *parser, struct experiment_reading *reading,
                          const struct fields *fields)
{
    const struct pair *rollout = fields_pair(fields, "rollout");
    bool status_known = good_if_given(fields, "status");
    if (!rollout)
        return;
    rollout_read(parser, reading, &rollout->value);
    if (status_known && reading->experiment->status != EXPERIMENT_STOPPED)
        fault(parser, rollout->key.place, "rollout-needs-stopped",
              "'rollout' goes with 'status: stopped' only");
}

static void parts_read(struct parser *parser, struct experiment_reading *reading,
                       const struct fields *fields)
{
    struct experiment *experiment = reading->experiment;
    const struct node *part;
    if ((part = fields_value(fields, "traffic")))
        traffic_read(parser, reading, part);
    if ((part = fields_value(fields, "audience")))
        audience_read(parser, experiment, part);
    if ((part = fields_value(fields, "variants")))
        variants_read(parser, reading, part, fields_pair(fields, "serve") != NULL);
    if ((part = fields_value(fields, "force")))
        force_read(parser, reading, part);
    rollout_check(parser, reading, fields);
    if ((part = fields_value(fields, "segments")))
        segmentations_read(parser, reading, part);
    roles_read(parser, reading, fields_value(fields, "metrics"), fields->mapping->place);
    if ((part = fields_value(fields, "analysis")))
        analysis_read(parser, reading, part);
}

void experiment_read(struct parser *parser, struct experiment_reading *reading)
{
    struct fields fields;
    struct experiment *experiment = reading->experiment;
    const struct node *root = &reading->document->root;
    parser->document = reading->document;
    defaults_set(experiment, reading->document);
    mapping_read(parser, root, &experiment_table, 1, experiment, &fields);
    reading->key = fields_value(&fields, "experiment");
    reading->key_good = fields_good(&fields, "experiment");
    reading->unit_good = good_if_given(&fields, "unit");
    reading->times_good = good_if_given(&fields, "status") && good_if_given(&fields, "start") &&
                          good_if_given(&fields, "end");
    if (!experiment->title.size)
        experiment->title = experiment->key;
    if (!experiment->salt.size)
        experiment->salt = experiment->key;
    dates_check(parser, experiment, &fields);
    if (!fields_pair(&fields, "hypothesis"))
        caution(parser, root->place, "no-hypothesis",
                "there is no 'hypothesis': say what should change, for whom, and why");
    parts_read(parser, reading, &fields);
    final_look_check(parser, reading, &fields);
}
