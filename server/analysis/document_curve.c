/*
 * Curves of the report: the share that has reached an event by day, with its median, and the share
 * that came back in each bracket of a retention curve (reports.md, "The document"; statistics.md,
 * section 6).
 *
 * Time      1 - S by Kaplan and Meier, or with competing ends the incidence of each cause, by the
 *           end of a bin; pointwise log-log intervals, for both: an incidence F has those of
 *           S = 1 - F with the same standard error.  At most CURVE_POINTS_MAX points a curve, every
 *           k-th bin and the last.
 * Brackets  each over the cohorts that are mature for its own end; Wilson, and Newcombe for the
 *           difference to the control.  They are diagnostics: no p, no family.
 */

#include "document_parts.h"

#include "stats/incidence.h"
#include "stats/normal.h"

#include <math.h>

#define CURVE_POINTS_MAX 200
/* Less than that is what rounding leaves of nobody. */
#define LEFT_MIN 1e-12

/* The curve as survival: by Kaplan and Meier, or 1 - incidence where ends compete. */
static bool points_of(const struct life_table *table, size_t causes, struct arena *scratch,
                      struct survival_point *points)
{
    if (causes == 1)
        return survival_curve(table, points) == REASON_NONE;
    struct incidence_point *shares = ARENA_ARRAY(scratch, table->count + 1, struct incidence_point);
    if (!shares || incidence_curve(table, shares))
        return false;
    for (size_t i = 0; i < table->count; i++) {
        double left = 1 - shares[i].incidence;
        if (left < LEFT_MIN)
            left = 0;
        double spread = left > 0 ? shares[i].se / left : 0;
        points[i] = (struct survival_point){.time = shares[i].time,
                                            .at_risk = table->rows[i].at_risk,
                                            .events = table->rows[i].events,
                                            .survival = left,
                                            .greenwood = spread * spread};
    }
    return true;
}

static struct curve_point point_of(const struct survival_point *points, size_t bin, double critical)
{
    struct curve_point point = {
        .day = (double)time_bin_until_ms((uint32_t)bin) / (double)DAY_MS,
        .at_risk = points[bin].at_risk,
        .share = 1 - points[bin].survival,
    };
    struct interval band;
    if (survival_band(&points[bin], SURVIVAL_LOG_LOG, critical, &band))
        return point;
    point.has_interval = true;
    point.interval = (struct interval){.low = 1 - band.high, .high = 1 - band.low};
    return point;
}

/* The origin, every k-th bin and the last one. */
static void curve_make(struct arena *arena, const struct survival_point *points, size_t bins,
                       double critical, struct curve *curve)
{
    size_t step = (bins + CURVE_POINTS_MAX - 3) / (CURVE_POINTS_MAX - 2);
    curve->points = ARENA_ARRAY(arena, CURVE_POINTS_MAX, struct curve_point);
    if (!curve->points || !bins)
        return;
    curve->points[curve->count++] = (struct curve_point){.at_risk = points[0].at_risk};
    for (size_t bin = step - 1; bin + 1 < bins; bin += step)
        curve->points[curve->count++] = point_of(points, bin, critical);
    curve->points[curve->count++] = point_of(points, bins - 1, critical);
}

/* One variant's median, and its curves where they are asked for. */
static void curve_of_variant(struct study *study, struct arena *scratch,
                             const struct metric_source *source, int32_t cohort, size_t variant,
                             struct study_curve *curve)
{
    const struct time_cells *times = source->about;
    size_t causes = time_cells_causes(times), bins = time_cells_bins(times);
    double alpha = study->plan.alpha, critical = normal_z_two_sided(alpha);
    struct life_row *rows = ARENA_ARRAY(scratch, bins + 1, struct life_row);
    struct survival_point *points = ARENA_ARRAY(scratch, bins + 1, struct survival_point);
    for (size_t cause = 0; rows && points && cause < causes; cause++) {
        struct life_table table = time_cells_table(source, cohort, variant, cause, rows);
        if (!table.count || !points_of(&table, causes, scratch, points))
            return;
        if (cause == 0 && (survival_quantile(points, table.count, .5, &curve->median) ||
                           survival_quantile_interval(points, table.count, .5, SURVIVAL_LOG_LOG,
                                                      alpha, &curve->median_interval)))
            return;
        if (!curve->causes)
            return;
        curve_make(study->arena, points, table.count, critical, &curve->causes[cause]);
    }
}

void study_curve_times(struct study *study, struct arena *scratch,
                       const struct metric_source *source, const struct metric_result *result,
                       bool with_curves, struct study_curve *curves)
{
    struct metric_source analysed = *source;
    analysed.followed = result->final;
    for (size_t j = 0; j < source->variants; j++) {
        if (with_curves) {
            curves[j].cause_count = time_cells_causes(source->about);
            curves[j].causes = ARENA_ARRAY(study->arena, curves[j].cause_count, struct curve);
        }
        curve_of_variant(study, scratch, &analysed, result->analysed, j, &curves[j]);
    }
}

void study_curve_brackets(struct study *study, const struct metric_source *source,
                          const struct metric *metric, struct study_curve *curves)
{
    const struct metric_cells *about = source->about;
    size_t count = (size_t)(metric->until_ms / metric->every_ms);
    for (size_t j = 0; source->days && j < source->variants; j++) {
        const struct metric_fields *fields = about->fields;
        curves[j].brackets = ARENA_ARRAY(study->arena, count, struct proportion);
        if (!curves[j].brackets)
            return;
        curves[j].bracket_count = count;
        for (size_t b = 0; b < count && CURVE_X + b < fields->field_count; b++) {
            int64_t end_ms = (int64_t)(b + 1) * metric->every_ms;
            int64_t day = (int64_t)cohort_mature(study->as_of_ms, end_ms) - source->first;
            if (day < 0)
                continue;
            size_t place = (size_t)day < source->days ? (size_t)day : source->days - 1;
            const int128 *values =
                &fields->values[(place * source->variants + j) * fields->field_count];
            curves[j].brackets[b] = (struct proportion){.units = (uint64_t)values[CURVE_N],
                                                        .successes = (uint64_t)values[CURVE_X + b]};
        }
    }
}

static struct value point_value(struct arena *arena, const struct curve_point *point)
{
    struct value object = value_object();
    value_add(arena, &object, "day", value_real(point->day));
    value_add(arena, &object, "at_risk", value_integer((int64_t)point->at_risk));
    value_add(arena, &object, "value", value_real(point->share));
    value_add(arena, &object, "interval",
              interval_or_null(arena, point->has_interval, &point->interval));
    return object;
}

static struct value points_value(struct arena *arena, const struct curve *curve)
{
    struct value list = value_list();
    for (size_t i = 0; i < curve->count; i++)
        value_append(arena, &list, point_value(arena, &curve->points[i]));
    return list;
}

static void add_causes(struct arena *arena, const struct metric *metric,
                       const struct study_curve *curve, struct value *object)
{
    struct value list = value_list();
    value_add(arena, object, "points",
              curve->cause_count ? points_value(arena, &curve->causes[0]) : value_list());
    for (size_t cause = 1; cause < curve->cause_count; cause++) {
        struct value one = value_object();
        value_add(arena, &one, "event", text_value(arena, metric->competing[cause - 1]));
        value_add(arena, &one, "points", points_value(arena, &curve->causes[cause]));
        value_append(arena, &list, one);
    }
    if (metric->competing_count)
        value_add(arena, object, "competing", list);
}

static struct value bracket_difference(const struct study *study, struct proportion treatment,
                                       struct proportion control)
{
    const struct proportion_pair pair = {.treatment = treatment, .control = control};
    struct arena *arena = study->arena;
    struct value object = value_object();
    double difference, se;
    struct interval band;
    if (proportion_difference(&pair, &difference, &se) ||
        proportion_newcombe(&pair, study->plan.alpha, &band))
        return value_null();
    value_add(arena, &object, "estimate", value_real(difference));
    value_add(arena, &object, "interval", interval_or_null(arena, true, &band));
    return object;
}

static struct value bracket_value(const struct study *study, const struct metric *metric,
                                  const struct study_curve *curves, size_t variant, size_t b)
{
    struct arena *arena = study->arena;
    const struct study_curve *control = &curves[study->plan.control];
    struct proportion rate = curves[variant].brackets[b];
    struct value object = value_object();
    struct interval interval;
    double days = (double)metric->every_ms / (double)DAY_MS;
    bool has = rate.units > 0;
    value_add(arena, &object, "from_days", value_real((double)b * days));
    value_add(arena, &object, "to_days", value_real((double)(b + 1) * days));
    value_add(arena, &object, "units", value_integer((int64_t)rate.units));
    value_add(arena, &object, "successes", value_integer((int64_t)rate.successes));
    value_add(arena, &object, "value",
              number_or_null(has, has ? (double)rate.successes / (double)rate.units : 0));
    has = proportion_wilson(rate, study->plan.alpha, &interval) == REASON_NONE;
    value_add(arena, &object, "interval", interval_or_null(arena, has, &interval));
    if (variant != study->plan.control)
        value_add(arena, &object, "difference",
                  b < control->bracket_count ? bracket_difference(study, rate, control->brackets[b])
                                             : value_null());
    return object;
}

struct value curve_value(const struct study *study, const struct study_metric *metric,
                         const struct study_curve *curves)
{
    struct arena *arena = study->arena;
    enum metric_kind kind = metric->plan.kind;
    struct value list = value_list();
    if (!curves || (kind != METRIC_TIME_TO && kind != METRIC_RETENTION_CURVE))
        return value_null();
    for (size_t j = 0; j < study->plan.variants; j++) {
        struct value object = value_object(), points = value_list();
        value_add(arena, &object, "variant",
                  text_value(arena, study->registered->variants[j].name));
        for (size_t b = 0; b < curves[j].bracket_count; b++)
            value_append(arena, &points, bracket_value(study, metric->metric, curves, j, b));
        if (kind == METRIC_TIME_TO)
            add_causes(arena, metric->metric, &curves[j], &object);
        else
            value_add(arena, &object, "points", points);
        value_append(arena, &list, object);
    }
    return list;
}

static struct value end_or_null(const struct survival_time *time)
{
    return number_or_null(time->reached, time->time);
}

void add_time_variant(const struct study *study, const struct study_curve *curve,
                      struct value *object)
{
    struct arena *arena = study->arena;
    struct value median = value_object(), interval = value_list();
    value_add(arena, object, "unit", value_text(SLICE("days")));
    value_add(arena, &median, "value", end_or_null(&curve->median));
    value_append(arena, &interval, end_or_null(&curve->median_interval.low));
    value_append(arena, &interval, end_or_null(&curve->median_interval.high));
    value_add(arena, &median, "interval", interval);
    value_add(arena, &median, "reason",
              curve->median.reached ? value_null() : value_text(SLICE("not reached")));
    value_add(arena, object, "median", median);
}

void add_time_comparison(const struct study *study, const struct metric *metric,
                         struct value *object)
{
    bool competing = metric->competing_count > 0;
    value_add(study->arena, object, "test",
              value_text(competing ? SLICE("log_rank_cause_specific") : SLICE("log_rank")));
    value_add(
        study->arena, object, "interval_of",
        value_text(competing ? SLICE("restricted_time_without_value") : SLICE("restricted_mean")));
}
