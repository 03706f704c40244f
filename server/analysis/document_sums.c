/*
 * What a variant's value is made of, for whoever wants to divide it again: a numerator over a
 * denominator, by the kind of metric.
 *
 *     shares            units that did it      units
 *     counts, sums      what they add up to    units
 *     means, ratios     the numerators' sum    the denominators' sum
 *     nps               promoters less detractors, times 100      answers
 *     breadth           members that did it    members, of all accounts (the pooled share)
 *     times             there are none: a mean time is an area under a curve
 */

#include "document_parts.h"

struct parts {
    bool known;
    double numerator, denominator;
};

static struct parts cluster_parts(const struct cluster *cluster)
{
    struct parts parts = {.known = true};
    for (size_t i = 0; i < cluster->count; i++) {
        parts.numerator += (double)cluster->sizes[i].y;
        parts.denominator += (double)cluster->sizes[i].size * (double)cluster->sizes[i].accounts;
    }
    return parts;
}

static struct parts parts_of(const struct sample *sample)
{
    const struct ratio_sums *ratio = &sample->ratio;
    const struct score_counts *score = &sample->score;
    switch (sample->estimator) {
    case ESTIMATOR_PROPORTION:
        return (struct parts){true, (double)sample->proportion.successes,
                              (double)sample->proportion.units};
    case ESTIMATOR_MEAN:
        return (struct parts){true, (double)sample->mean.sum * sample->mean.step,
                              (double)sample->mean.units};
    case ESTIMATOR_RATIO:
        return (struct parts){true, (double)ratio->y * ratio->step_y,
                              (double)ratio->s * ratio->step_s};
    case ESTIMATOR_SCORE:
        return (struct parts){true, 100 * ((double)score->promoters - (double)score->detractors),
                              (double)score->responded};
    case ESTIMATOR_CLUSTER_POOLED:
    case ESTIMATOR_CLUSTER_MEAN: return cluster_parts(&sample->cluster);
    case ESTIMATOR_TIME:
    case ESTIMATOR_COUNT: break;
    }
    return (struct parts){.known = false};
}

void sums_add_variant(struct arena *arena, const struct observed *observed, struct value *object)
{
    struct parts parts = parts_of(&observed->sample);
    value_add(arena, object, "numerator", number_or_null(parts.known, parts.numerator));
    value_add(arena, object, "denominator", number_or_null(parts.known, parts.denominator));
}
