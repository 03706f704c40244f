/*
 * What `explain` found, in a sentence: the change, whether it is clear at all, and the part that
 * makes most of it: the segment that moved most by who came, or by what each brings; else the value
 * whose own change stands out most.
 */

#include "explain_parts.h"

#include "document_parts.h"

#include "analysis/measure.h"
#include "stats/normal.h"

#define ALPHA .05

/* The segment of the largest part in the direction of the change. */
struct share {
    struct slice segment;
    double part;
    bool has;
};

/* The value of the largest change of its own: what it exceeds its part of a change that were the
 * same for all. */
struct own {
    struct slice segment, value;
    double within, part, excess;
    bool has;
};

struct finding {
    double sign;
    struct share mix, weight;
    struct own own;
};

static void share_see(struct share *share, double sign, struct slice segment, double part)
{
    if (share->has && sign * part <= sign * share->part)
        return;
    *share = (struct share){.segment = segment, .part = part, .has = true};
}

static void split_see(struct finding *finding, const struct explain *explain,
                      const struct explain_split *split, const struct mix_ratio_value *all)
{
    if (split->reason)
        return;
    share_see(&finding->mix, finding->sign, split->group->name, split->total.mix.value);
    share_see(&finding->weight, finding->sign, split->group->name, split->total.weight.value);
    for (size_t i = 0; i < split->group->count; i++) {
        const struct mix_ratio *before = &split->values[i].before;
        const struct mix_ratio *after = &split->values[i].after;
        double share = (before->units * before->weight / all->before.units / all->before.weight +
                        after->units * after->weight / all->after.units / all->after.weight) /
                       2;
        double part = split->parts[i].within.value;
        double excess = finding->sign * (part - share * split->total.within.value);
        if (finding->own.has && excess <= finding->own.excess)
            continue;
        finding->own = (struct own){.has = true,
                                    .excess = excess,
                                    .segment = split->group->name,
                                    .value = explain->cells[split->group->first + i].label,
                                    .part = part,
                                    .within = split->total.within.value};
    }
}

static void write_cause(struct buffer *out, const struct explain *explain, double change,
                        const struct finding *finding)
{
    enum metric_kind kind = explain->metric->kind;
    struct slice divisor = explain_divisor(explain->metric);
    const char *units = unit_words[explain->experiment ? explain->experiment->unit : UNIT_USER];
    double half = finding->sign * change / 2, sign = finding->sign;
    if (!finding->mix.has) {
        buffer_add(out, SLICE(" No segment is declared to split it by."));
    } else if (sign * finding->mix.part >= half) {
        buffer_format(out, " Mostly other %s came: by %.*s, who came makes ", units,
                      SLICE_ARGS(finding->mix.segment));
        measure_difference(out, kind, finding->mix.part);
        buffer_add(out, SLICE(" of it."));
    } else if (divisor.size && sign * finding->weight.part >= half) {
        buffer_format(out,
                      " Mostly the same kinds of %s count for more or less than they did: by "
                      "%.*s, \"%.*s\" of each kind makes ",
                      units, SLICE_ARGS(finding->weight.segment), SLICE_ARGS(divisor));
        measure_difference(out, kind, finding->weight.part);
        buffer_add(out, SLICE(" of it."));
    } else {
        buffer_format(out, " Mostly the same kinds of %s behaved otherwise, ", units);
        buffer_format(out, "%.*s: %.*s most of all, ", SLICE_ARGS(finding->own.segment),
                      SLICE_ARGS(finding->own.value));
        measure_difference(out, kind, finding->own.part);
        buffer_add(out, SLICE(" of the "));
        measure_difference(out, kind, finding->own.within);
        buffer_add(out, SLICE(" within."));
    }
}

struct value explain_sentence(const struct explain *explain, const struct mix_ratio_value *all,
                              const struct mix_part *change, const struct explain_split *splits)
{
    struct buffer out = {0};
    enum metric_kind kind = explain->metric->kind;
    double half = normal_z_two_sided(ALPHA) * change->se;
    struct interval interval = {.low = change->value - half, .high = change->value + half};
    struct finding finding = {.sign = change->value < 0 ? -1 : 1};
    for (size_t i = 0; i < explain->group_count; i++)
        split_see(&finding, explain, &splits[i], all);
    if (explain->experiment)
        buffer_format(&out, "In %.*s: ", SLICE_ARGS(explain->experiment->key));
    buffer_format(&out, "%.*s went from ", SLICE_ARGS(explain->metric->title));
    measure_value(&out, kind, all->before.rate);
    buffer_add(&out, SLICE(" to "));
    measure_value(&out, kind, all->after.rate);
    buffer_add(&out, SLICE(", "));
    measure_difference(&out, kind, change->value);
    buffer_add(&out, SLICE(" ("));
    measure_interval(&out, kind, &interval);
    buffer_add(&out, SLICE(")."));
    if (interval.low <= 0 && interval.high >= 0)
        buffer_add(&out, SLICE(" It is not clear that it changed at all."));
    else
        write_cause(&out, explain, change->value, &finding);
    struct value made = text_value(explain->arena, buffer_slice(&out));
    explain->arena->failed |= out.failed;
    buffer_done(&out);
    return made;
}
