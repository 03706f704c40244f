/*
 * All that a state's contents depend on, as text: what is kept, under which numbers, and the
 * definitions.  Equal texts, equal states.  Texts of files stand in their sized form, so that no
 * two schemes can be written alike.
 */

#include "scheme_parts.h"

#include "analysis/fold.h"
#include "cube_cells.h"
#include "slices.h"

static void write_tables(struct buffer *out, const struct scheme *scheme)
{
    for (size_t i = 0; i < scheme->event_count; i++) {
        const struct scheme_event *event = &scheme->events[i];
        buffer_add(out, SLICE("event"));
        buffer_add_sized(out, event->name);
        buffer_add_varint(out, event->kinds);
        buffer_add_zigzag(out, event->kept_from_ms);
        buffer_add_varint(out, event->condition_count);
        for (size_t j = 0; j < event->condition_count; j++)
            buffer_add_sized(out, event->condition_texts[j]);
        for (size_t j = 0; j < event->property_count; j++)
            buffer_add_sized(out, event->properties[j]);
    }
    for (size_t i = 0; i < scheme->trait_count; i++) {
        buffer_add(out, SLICE("trait"));
        buffer_add_sized(out, scheme->traits[i].path);
        buffer_add_varint(out, scheme->traits[i].kinds);
    }
    for (size_t i = 0; i < scheme->filter_count; i++) {
        buffer_add(out, SLICE("filter"));
        buffer_add_sized(out, scheme->filters[i].text);
        buffer_add_varint(out, scheme->filters[i].kinds);
        buffer_add_zigzag(out, scheme->filters[i].kept_from_ms);
    }
}

static void write_experiments(struct buffer *out, const struct scheme *scheme)
{
    for (size_t i = 0; i < scheme->experiment_count; i++) {
        const struct scheme_experiment *experiment = &scheme->experiments[i];
        buffer_add(out, SLICE("experiment"));
        buffer_add_sized(out, experiment->key);
        buffer_add_varint(out, experiment->kinds);
        buffer_add_varint(out, experiment->variant_count);
        for (size_t j = 0; j < experiment->variant_count; j++)
            buffer_add_sized(out, experiment->variants[j]);
        for (size_t j = 0; j < experiment->step_count; j++) {
            buffer_add_sized(out, experiment->steps[j].name);
            buffer_add_varint(out, experiment->steps[j].kinds);
            buffer_add_zigzag(out, experiment->steps[j].kept_from_ms);
        }
    }
}

/* The covariates and the flows stand in the definition's own text; which goal is first does not. */
static void write_goal(struct buffer *out, const struct experiment *experiment)
{
    const struct metric *goal = cube_joint_goal(experiment);
    buffer_add_sized(out, goal ? goal->name : SLICE(""));
}

static void write_definition(struct buffer *out, const struct scheme_definition *definition)
{
    const struct experiment *experiment = definition->definition->experiment;
    const struct digest *digest = &definition->definition->digest;
    buffer_add(out, SLICE("definition"));
    buffer_add(out, (struct slice){.data = (const char *)digest->bytes, .size = DIGEST_SIZE});
    buffer_add_varint(out, definition->experiment);
    buffer_add_varint(out, definition->definition->role);
    buffer_add_zigzag(out, definition->phase_end_ms);
    for (size_t i = 0; i < experiment->variant_count; i++)
        buffer_add_sized(out, experiment->variants[i].name);
    for (size_t i = 0; i < definition->slices_count; i++) {
        const struct scheme_slices *group = &definition->slices[i];
        buffer_add_varint(out, group->base);
        for (size_t j = 0; j < group->count; j++)
            segment_write_canonical(out, group->segments[j].segment);
    }
    write_goal(out, experiment);
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    size_t count = metrics_by_name(experiment, metrics);
    for (size_t i = 0; i < count; i++) {
        struct digest metric = metric_digest(definition->definition->catalogue, metrics[i].metric);
        buffer_add_sized(out, metrics[i].metric->name);
        buffer_add(out, (struct slice){.data = (const char *)metric.bytes, .size = DIGEST_SIZE});
    }
}

void scheme_write(struct buffer *out, const struct scheme *scheme)
{
    buffer_add_varint(out, UNIT_FORMAT);
    buffer_add_varint(out, CONTRIBUTION_VERSION);
    write_tables(out, scheme);
    write_experiments(out, scheme);
    for (size_t i = 0; i < scheme->definition_count; i++)
        write_definition(out, &scheme->definitions[i]);
}
