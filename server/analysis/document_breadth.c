/*
 * Breadth of use in a report: the cube's maps by size become clusters, and what stands beside the
 * mean of the accounts' shares: the pooled share of all members, members and active members per
 * account, the design effect, and the depth: different core actions per active member
 * (statistics.md, 3; cube.md).
 *
 * A slice's clusters are sums by cohort day and size, over the sizes that any account of the metric
 * has; they lie in the scratch of the slice, and those that a result keeps are copied.
 */

#include "document_parts.h"

#include <stdlib.h>

static int place_compare(const void *a, const void *b)
{
    const uint32_t *one = a, *other = b;
    return (*one > *other) - (*one < *other);
}

/* The places of map 0 of that metric, in all cells; how many are different. */
static size_t places_of(const struct cells *cells, uint8_t number, uint32_t *places)
{
    size_t count = 0, unique = 0;
    for (size_t i = 0; i < cells->cube.count; i++) {
        const struct cube_entry *entry = &cells->cube.entries[i];
        for (size_t j = 0; entry->key.metric == number && j < entry->bin_count; j++) {
            if (CUBE_BIN_MAP(entry->bins[j].bin) != 0)
                continue;
            if (places)
                places[count] = CUBE_BIN_PLACE(entry->bins[j].bin);
            count++;
        }
    }
    if (!places)
        return count;
    if (count)
        qsort(places, count, sizeof *places, place_compare);
    for (size_t i = 0; i < count; i++)
        if (!unique || places[unique - 1] != places[i])
            places[unique++] = places[i];
    return unique;
}

bool breadth_prepare(struct arena *arena, const struct cells *cells, uint8_t number, size_t block,
                     struct metric_fields *fields)
{
    size_t room = places_of(cells, number, NULL);
    uint32_t *places = ARENA_ARRAY(arena, room + 1, uint32_t);
    if (!places)
        return false;
    fields->size_count = places_of(cells, number, places);
    fields->places = places;
    fields->sizes = ARENA_ARRAY(arena, block * fields->size_count + 1, struct cluster_size);
    return fields->sizes != NULL;
}

void breadth_clear(const struct metric_fields *fields, size_t block)
{
    for (size_t i = 0; i < block * fields->size_count; i++)
        fields->sizes[i] = (struct cluster_size){.size = fields->places[i % fields->size_count]};
}

bool breadth_add(const struct metric_fields *fields, size_t at, const struct cube_entry *entry)
{
    struct cluster_size *sizes = &fields->sizes[at * fields->size_count];
    for (size_t i = 0; i < entry->bin_count; i++) {
        uint32_t place = CUBE_BIN_PLACE(entry->bins[i].bin);
        const uint32_t *found =
            fields->size_count
                ? bsearch(&place, fields->places, fields->size_count, sizeof place, place_compare)
                : NULL;
        if (!found || entry->bins[i].count < 0)
            return false;
        struct cluster_size *size = &sizes[found - fields->places];
        switch (CUBE_BIN_MAP(entry->bins[i].bin)) {
        case 0: size->accounts += (uint64_t)entry->bins[i].count; break;
        case 1: size->y += entry->bins[i].count; break;
        case 2: size->yy += entry->bins[i].count; break;
        default: return false;
        }
    }
    return true;
}

void breadth_accumulate(const struct metric_fields *fields, size_t days, size_t variants)
{
    size_t step = variants * fields->size_count;
    for (size_t i = step; i < days * step; i++) {
        fields->sizes[i].accounts += fields->sizes[i - step].accounts;
        fields->sizes[i].y += fields->sizes[i - step].y;
        fields->sizes[i].yy += fields->sizes[i - step].yy;
    }
}

void breadth_keep(struct arena *arena, struct observed *observed)
{
    struct cluster *cluster = &observed->sample.cluster;
    if (observed->sample.estimator != ESTIMATOR_CLUSTER_MEAN)
        return;
    struct cluster_size *kept = ARENA_ARRAY(arena, cluster->count + 1, struct cluster_size);
    if (kept && cluster->count)
        memcpy(kept, cluster->sizes, cluster->count * sizeof *kept);
    cluster->sizes = kept;
}

/* The same accounts, each member counted alike. */
static struct sample pooled_of(const struct observed *observed)
{
    struct sample sample = observed->sample;
    sample.estimator = ESTIMATOR_CLUSTER_POOLED;
    return sample;
}

static void add_per_account(struct arena *arena, const struct cluster *cluster,
                            struct value *object)
{
    struct sums sizes, active;
    double members, used, effect;
    bool has_sizes = !cluster_size_sums(cluster, &sizes) && !sums_mean(&sizes, &members);
    bool has_active = !cluster_y_sums(cluster, &active) && !sums_mean(&active, &used);
    bool has_effect = !cluster_design_effect(cluster, &effect);
    value_add(arena, object, "members_per_account",
              number_or_null(has_sizes, has_sizes ? members : 0));
    value_add(arena, object, "active_per_account",
              number_or_null(has_active, has_active ? used : 0));
    value_add(arena, object, "design_effect", number_or_null(has_effect, has_effect ? effect : 0));
}

static struct sample depth_of(const struct observed *observed)
{
    return (struct sample){.estimator = ESTIMATOR_RATIO, .ratio = observed->depth};
}

static struct value level_object(struct arena *arena, const struct sample *sample, double alpha)
{
    struct level level = {0};
    struct value object = value_object();
    bool has = !sample_level(sample, alpha, &level);
    value_add(arena, &object, "value", number_or_null(has, level.value));
    value_add(arena, &object, "interval",
              interval_or_null(arena, has && level.has_interval, &level.interval));
    return object;
}

/* A difference beside the one that is tested: one look, no family. */
static struct value difference_object(struct arena *arena, const struct sample *treatment,
                                      const struct sample *control, double alpha)
{
    struct estimate estimate;
    struct interval interval;
    struct value object = value_object();
    enum reason reason = sample_difference(treatment, control, 1, &estimate);
    bool has_interval = !reason && !estimate_fixed_interval(&estimate, alpha, &interval);
    value_add(arena, &object, "estimate", number_or_null(!reason, reason ? 0 : estimate.value));
    value_add(arena, &object, "se", number_or_null(!reason, reason ? 0 : estimate.se));
    value_add(arena, &object, "df", number_or_null(!reason, reason ? 0 : estimate.df));
    value_add(arena, &object, "interval", interval_or_null(arena, has_interval, &interval));
    value_add(arena, &object, "level", level_value(alpha));
    value_add(arena, &object, "label", value_text(SLICE("one look, not corrected")));
    return object;
}

void breadth_add_variant(struct arena *arena, const struct observed *observed, double alpha,
                         struct value *object)
{
    const struct sample pooled = pooled_of(observed), depth = depth_of(observed);
    struct cluster_totals totals = {0};
    if (observed->sample.estimator != ESTIMATOR_CLUSTER_MEAN)
        return;
    if (cluster_totals(&observed->sample.cluster, &totals))
        totals = (struct cluster_totals){0};
    value_add(arena, object, "members", value_integer((int64_t)totals.members));
    value_add(arena, object, "without_members", value_integer((int64_t)totals.empty));
    add_per_account(arena, &observed->sample.cluster, object);
    value_add(arena, object, "pooled", level_object(arena, &pooled, alpha));
    if (observed->depth.units)
        value_add(arena, object, "depth", level_object(arena, &depth, alpha));
}

void breadth_add_comparison(struct arena *arena, const struct observed *treatment,
                            const struct observed *control, double alpha, struct value *object)
{
    const struct sample pooled[] = {pooled_of(treatment), pooled_of(control)};
    const struct sample depth[] = {depth_of(treatment), depth_of(control)};
    if (treatment->sample.estimator != ESTIMATOR_CLUSTER_MEAN)
        return;
    value_add(arena, object, "pooled", difference_object(arena, &pooled[0], &pooled[1], alpha));
    if (treatment->depth.units && control->depth.units)
        value_add(arena, object, "depth", difference_object(arena, &depth[0], &depth[1], alpha));
    value_add(arena, object, "few_accounts",
              value_boolean(sample_is_small(&treatment->sample, &control->sample)));
}
