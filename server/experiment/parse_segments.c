/* segments.yaml (grammar.md, section 5): groupings of units by a trait. */

#include "parse.h"

#include "base/limits.h"
#include "base/number.h"

#include <stdlib.h>

#define VALUES_MAX 64
#define BANDS_MAX 32

static bool read_values(struct parser *parser, const struct row *row, const struct node *list,
                        void *target)
{
    (void)row;
    struct segment *segment = target;
    if (!type_list(parser, list, 1, VALUES_MAX))
        return false;
    struct slice *values = ARENA_ARRAY(parser->arena, list->count, struct slice);
    bool good = values != NULL;
    for (size_t i = 0; values && i < list->count; i++) {
        const struct node *item = &list->items[i];
        bool is_text = type_text(parser, item, &values[i]);
        good &= is_text;
        if (is_text && slice_starts_with(values[i], SLICE("("))) {
            fault(parser, item->place, "bad-value",
                  "'%.*s' cannot be a value: '(' begins the names of the others, such as (other)",
                  SLICE_ARGS(shown(parser, values[i])));
            good = false;
        }
        for (size_t before = 0; is_text && before < i; before++) {
            if (!values[before].data || !slice_equal(values[before], values[i]))
                continue;
            fault(parser, item->place, "bad-value", "'%.*s' stands twice",
                  SLICE_ARGS(shown(parser, values[i])));
            good = false;
            break;
        }
    }
    segment->values = values;
    segment->value_count = list->count;
    return good;
}

static bool read_bands(struct parser *parser, const struct row *row, const struct node *list,
                       void *target)
{
    (void)row;
    struct segment *segment = target;
    if (!type_list(parser, list, 1, BANDS_MAX))
        return false;
    double *bands = ARENA_ARRAY(parser->arena, list->count, double);
    int64_t micro, before = 0;
    bool good = bands != NULL, has_before = false;
    for (size_t i = 0; bands && i < list->count; i++) {
        const struct node *item = &list->items[i];
        if (!type_number(parser, item, &micro)) {
            good = false;
            continue;
        }
        if (has_before && micro <= before) {
            fault(parser, item->place, "not-ascending", "%.*s does not rise above the one before",
                  SLICE_ARGS(shown(parser, item->text)));
            good = false;
        }
        bands[i] = (double)micro / (double)MICRO;
        before = micro;
        has_before = true;
    }
    segment->bands = bands;
    segment->band_count = list->count;
    return good;
}

static const struct row segment_rows[] = {
    {.key = "trait", .read = row_trait, .offset = offsetof(struct segment, trait), .needs = NEEDED},
    {.key = "name", .read = row_line, .offset = offsetof(struct segment, title)},
    {.key = "values", .read = read_values},
    {.key = "bands", .read = read_bands},
};
static const struct table segment_table = TABLE_OF("a segment", segment_rows);

static const struct row file_rows[] = {
    {.key = "segments", .needs = NEEDED},
};
static const struct table file_table = TABLE_OF("segments.yaml", file_rows);

static void segment_read(struct parser *parser, const struct pair *pair, struct segment *segment)
{
    struct fields fields;
    if (!type_name(parser, &pair->key, &segment->name))
        segment->name = keep(parser, pair->key.text);
    segment->title = segment->name;
    if (!mapping_read(parser, &pair->value, &segment_table, 1, segment, &fields))
        return;
    if (!segment->title.size)
        segment->title = segment->name;
    bool both = fields_either(parser, &fields, "values", "bands");
    if (!both && !fields_pair(&fields, "values") && !fields_pair(&fields, "bands") &&
        !pair->value.is_partial)
        fault(parser, pair->value.place, "missing-key", "a segment needs 'values' or 'bands'");
}

static int compare_names(const void *a, const void *b)
{
    return slice_compare((*(const struct segment_reading *const *)a)->key->text,
                         (*(const struct segment_reading *const *)b)->key->text);
}

void segments_read(struct parser *parser)
{
    struct fields fields;
    struct document *document = parser->segments_file.document;
    const struct node *all = NULL;
    parser->document = document;
    if (mapping_read(parser, &document->root, &file_table, 1, NULL, &fields))
        all = fields_value(&fields, "segments");
    if (!all || !type_mapping(parser, all)) {
        parser->segments_file.any_name = true;
        return;
    }
    if (all->count > SEGMENTS_MAX)
        fault(parser, all->place, "out-of-range", "%zu segments are declared; %d is the most",
              all->count, SEGMENTS_MAX);
    size_t count = all->count;
    struct segment *segments = ARENA_ARRAY(parser->arena, count, struct segment);
    struct segment_reading *readings = ARENA_ARRAY(&parser->scratch, count, struct segment_reading);
    struct segment_reading **sorted =
        ARENA_ARRAY(&parser->scratch, count, struct segment_reading *);
    if (!segments || !readings || !sorted)
        return;
    for (size_t i = 0; i < count; i++) {
        readings[i].key = &all->pairs[i].key;
        sorted[i] = &readings[i];
    }
    if (count)
        qsort(sorted, count, sizeof(struct segment_reading *), compare_names);
    for (size_t i = 0; i < count; i++)
        sorted[i]->segment = &segments[i];
    for (size_t i = 0; i < count; i++)
        segment_read(parser, &all->pairs[i], readings[i].segment);
    parser->segments = readings;
    parser->segments_by_name = sorted;
    parser->segment_count = count;
    parser->found->segments = count;
}

struct segment_reading *segment_find(struct parser *parser, const struct node *name)
{
    struct nearest nearest = {.typed = name->text};
    const struct shared *file = &parser->segments_file;
    if (!type_scalar(parser, name, "the name of a segment"))
        return NULL;
    for (size_t i = 0; i < parser->segment_count; i++) {
        if (slice_equal(parser->segments[i].key->text, name->text))
            return &parser->segments[i];
        nearest_try(&nearest, parser->segments[i].key->text);
    }
    struct slice text = shown(parser, name->text);
    if (file->any_name)
        return NULL;
    if (!file->document)
        fault(parser, name->place, "unknown-segment",
              "segment '%.*s' is not declared: there is no segments.yaml", SLICE_ARGS(text));
    else
        fault(parser, name->place, "unknown-segment", "segment '%.*s' is not declared in %.*s",
              SLICE_ARGS(text), SLICE_ARGS(shown(parser, file->document->source->name)));
    hint_nearest(parser, &nearest);
    return NULL;
}
