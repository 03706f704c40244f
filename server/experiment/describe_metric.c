/* Metrics and segments in words. */

#include "experiment/describe.h"

#include "diff_rows.h"

#include "base/number.h"

#include <inttypes.h>
#include <math.h>

void duration_describe(struct buffer *out, int64_t duration_ms)
{
    static const struct {
        const char *name;
        int64_t size_ms;
    } units[] = {
        {"day", DAY_MS},
        {"hour", HOUR_MS},
        {"minute", MINUTE_MS},
        {"second", SECOND_MS},
    };
    size_t unit = 0;
    while (unit + 1 < sizeof units / sizeof units[0] && duration_ms % units[unit].size_ms)
        unit++;
    int64_t count = duration_ms / units[unit].size_ms;
    buffer_format(out, "%" PRId64 " %s%s", count, units[unit].name, count == 1 ? "" : "s");
}

/* ---- events ---- */

static void event(struct buffer *out, const struct event_condition *event)
{
    json_write_text(out, event->event);
    if (event->where) {
        buffer_add(out, SLICE(" where "));
        condition_write(out, event->where);
    }
    if (event->times > 1)
        buffer_format(out, " %" PRIu32 " times", event->times);
    if (event->distinct_days > 1)
        buffer_format(out, " on %" PRIu32 " different days", event->distinct_days);
}

static void events(struct buffer *out, const struct metric *metric)
{
    if (metric->form == FORM_ACTIVITY) {
        buffer_add(out, SLICE("any activity"));
        if (metric->activity_days > 1)
            buffer_format(out, " on %" PRIu32 " different days", metric->activity_days);
        return;
    }
    if (metric->form == FORM_ALL_OF)
        buffer_add(out, SLICE("all of "));
    if (metric->form == FORM_ANY_OF && metric->at_least > 1)
        buffer_format(out, "at least %" PRIu32 " different ones of ", metric->at_least);
    else if (metric->form == FORM_ANY_OF)
        buffer_add(out, SLICE("any of "));
    for (size_t i = 0; i < metric->event_count; i++) {
        diff_comma(out, i);
        event(out, &metric->events[i]);
    }
}

/* ---- windows ---- */

static void window(struct buffer *out, const struct metric *metric)
{
    if (metric->from_ms == 0) {
        buffer_add(out, SLICE(", within "));
        duration_describe(out, metric->until_ms);
        buffer_add(out, SLICE(" of first exposure"));
        return;
    }
    buffer_add(out, SLICE(", from "));
    duration_describe(out, metric->from_ms);
    buffer_add(out, SLICE(" to before "));
    duration_describe(out, metric->until_ms);
    buffer_add(out, SLICE(" after first exposure"));
}

static void cap(struct buffer *out, const struct metric *metric)
{
    if (metric->cap_micro)
        diff_micro(out, ", at most ", metric->cap_micro);
}

static void events_in_window(struct buffer *out, const struct metric *metric)
{
    events(out, metric);
    window(out, metric);
}

/* ---- one sentence a kind ---- */

static void share_of_units(struct buffer *out, const struct metric *metric)
{
    buffer_add(out, SLICE("share with "));
    events_in_window(out, metric);
}

static void curve(struct buffer *out, const struct metric *metric)
{
    buffer_add(out, SLICE("share with "));
    events(out, metric);
    buffer_add(out, SLICE(", every "));
    duration_describe(out, metric->every_ms);
    buffer_add(out, SLICE(" until "));
    duration_describe(out, metric->until_ms);
    buffer_add(out, SLICE(" after first exposure"));
}

static void time_to(struct buffer *out, const struct metric *metric)
{
    buffer_add(out, SLICE("time to "));
    events_in_window(out, metric);
    if (metric->competing_count)
        buffer_add(out, SLICE(", or to the end by "));
    for (size_t i = 0; i < metric->competing_count; i++) {
        diff_comma(out, i);
        json_write_text(out, metric->competing[i]);
    }
}

static void count(struct buffer *out, const struct metric *metric)
{
    buffer_add(out, SLICE("number of "));
    events_in_window(out, metric);
    cap(out, metric);
}

static void of_property(struct buffer *out, const char *what, const struct metric *metric)
{
    buffer_format(out, "%s %.*s of ", what, SLICE_ARGS(metric->property));
    events_in_window(out, metric);
    cap(out, metric);
}

static void sum(struct buffer *out, const struct metric *metric)
{
    of_property(out, "sum of", metric);
}

static void mean(struct buffer *out, const struct metric *metric)
{
    of_property(out, "mean", metric);
}

static void nps(struct buffer *out, const struct metric *metric)
{
    of_property(out, "promoters less detractors by", metric);
}

static void ratio(struct buffer *out, const struct metric *metric)
{
    buffer_format(out, "%.*s for each of %.*s", SLICE_ARGS(metric->numerator->name),
                  SLICE_ARGS(metric->denominator->name));
}

static void breadth(struct buffer *out, const struct metric *metric)
{
    buffer_add(out, SLICE("share of an account's users with "));
    events(out, metric->counts);
    window(out, metric);
    if (metric->of == OF_AT_EXPOSURE)
        buffer_add(out, SLICE(", of the users there at that moment"));
    else if (metric->of == OF_WITHIN)
        buffer_add(out, SLICE(", of the users there by the end of the window"));
    else
        buffer_format(out, ", of the seats in trait %.*s", SLICE_ARGS(metric->of_trait));
}

void metric_describe(struct buffer *out, const struct metric *metric)
{
    static void (*const sentences[METRIC_KIND_COUNT])(struct buffer *, const struct metric *) = {
        [METRIC_CONVERSION] = share_of_units,
        [METRIC_RETENTION] = share_of_units,
        [METRIC_RETENTION_CURVE] = curve,
        [METRIC_TIME_TO] = time_to,
        [METRIC_COUNT] = count,
        [METRIC_SUM] = sum,
        [METRIC_MEAN] = mean,
        [METRIC_RATIO] = ratio,
        [METRIC_NPS] = nps,
        [METRIC_BREADTH] = breadth,
    };
    sentences[metric->kind](out, metric);
    bool by_itself = metric->lower_is_better == (metric->kind == METRIC_TIME_TO);
    if (!by_itself)
        buffer_format(out, "; %s is better", metric->lower_is_better ? "lower" : "higher");
}

/* ---- segments ---- */

/* Labels as the reports have them (grammar.md, 5): `1`, `2-10`, `1001+`; else `1.5 to <3`. */
static void band(struct buffer *out, const struct segment *segment, size_t index)
{
    bool whole = true;
    for (size_t i = 0; i < segment->band_count; i++)
        whole = whole && floor(segment->bands[i]) >= segment->bands[i];
    double low = segment->bands[index];
    diff_number(out, "", low);
    if (index + 1 == segment->band_count) {
        buffer_add_byte(out, '+');
        return;
    }
    double next = segment->bands[index + 1];
    if (!whole)
        diff_number(out, " to <", next);
    else if (next - low > 1)
        diff_number(out, "-", next - 1);
}

void segment_describe(struct buffer *out, const struct segment *segment)
{
    buffer_format(out, "trait %.*s: ", SLICE_ARGS(segment->trait));
    if (segment->band_count)
        buffer_add(out, SLICE("(below), "));
    for (size_t i = 0; i < segment->band_count; i++) {
        diff_comma(out, i);
        band(out, segment, i);
    }
    diff_names(out, segment->values, segment->value_count);
    if (segment->value_count)
        buffer_add(out, SLICE(", (other)"));
    buffer_add(out, SLICE(", (unknown)"));
}
