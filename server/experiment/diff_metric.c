/*
 * The rows of metrics and segments, in the order of the grammar.  Their classes are those that they
 * have where a goal or a segment of an adjustment uses them: diff.c lowers them elsewhere.
 */

#include "diff_rows.h"

#include <inttypes.h>

static bool has_form(const struct metric *metric)
{
    return metric->kind != METRIC_RATIO && metric->kind != METRIC_BREADTH;
}

static void write_event(struct buffer *out, const struct event_condition *event)
{
    diff_name(out, event->event);
    if (event->where) {
        diff_word(out, " where ");
        condition_write(out, event->where);
    }
    if (event->times != 1)
        buffer_format(out, " %" PRIu32 " times", event->times);
    if (event->distinct_days != 1)
        buffer_format(out, " on %" PRIu32 " days", event->distinct_days);
}

/* The events, if they combine in that way. */
static void write_events(struct buffer *out, const struct metric *metric, enum metric_form form)
{
    if (!has_form(metric) || metric->form != form)
        return;
    for (size_t i = 0; i < metric->event_count; i++) {
        diff_comma(out, i);
        write_event(out, &metric->events[i]);
    }
}

static void metric_title(struct buffer *out, const void *thing)
{
    const struct metric *it = thing;
    diff_text(out, it->title);
}

static void metric_description(struct buffer *out, const void *thing)
{
    const struct metric *it = thing;
    diff_text(out, it->description);
}

static void metric_kind(struct buffer *out, const void *thing)
{
    const struct metric *it = thing;
    diff_word(out, metric_kind_texts[it->kind]);
}

static void metric_stage(struct buffer *out, const void *thing)
{
    const struct metric *it = thing;
    diff_word(out, metric_stage_texts[it->stage]);
}

static void metric_better(struct buffer *out, const void *thing)
{
    const struct metric *it = thing;
    diff_word(out, it->lower_is_better ? "lower" : "higher");
}

static void metric_vanity(struct buffer *out, const void *thing)
{
    const struct metric *it = thing;
    diff_word(out, it->vanity ? "true" : "false");
}

static void metric_event(struct buffer *out, const void *thing)
{
    const struct metric *it = thing;
    write_events(out, it, FORM_EVENT);
}

static void metric_all_of(struct buffer *out, const void *thing)
{
    const struct metric *it = thing;
    write_events(out, it, FORM_ALL_OF);
}

static void metric_any_of(struct buffer *out, const void *thing)
{
    const struct metric *it = thing;
    write_events(out, it, FORM_ANY_OF);
}

static void metric_at_least(struct buffer *out, const void *thing)
{
    const struct metric *it = thing;
    if (has_form(it) && it->form == FORM_ANY_OF)
        buffer_format(out, "%" PRIu32, it->at_least);
}

static void metric_any_event(struct buffer *out, const void *thing)
{
    const struct metric *it = thing;
    if (has_form(it) && it->form == FORM_ACTIVITY)
        buffer_format(out, "on %" PRIu32 " days", it->activity_days);
}

static void metric_within(struct buffer *out, const void *thing)
{
    const struct metric *it = thing;
    if (it->kind != METRIC_RATIO && it->from_ms == 0 && it->every_ms == 0)
        diff_duration(out, it->until_ms);
}

static void metric_between(struct buffer *out, const void *thing)
{
    const struct metric *it = thing;
    if (it->from_ms == 0)
        return;
    diff_duration(out, it->from_ms);
    diff_word(out, "..");
    diff_duration(out, it->until_ms);
}

static void metric_every(struct buffer *out, const void *thing)
{
    const struct metric *it = thing;
    if (it->every_ms)
        diff_duration(out, it->every_ms);
}

static void metric_until(struct buffer *out, const void *thing)
{
    const struct metric *it = thing;
    if (it->every_ms)
        diff_duration(out, it->until_ms);
}

static void metric_property(struct buffer *out, const void *thing)
{
    const struct metric *it = thing;
    diff_text(out, it->property);
}

static void metric_cap(struct buffer *out, const void *thing)
{
    const struct metric *it = thing;
    if (it->cap_micro)
        diff_micro(out, "", it->cap_micro);
}

static void metric_competing(struct buffer *out, const void *thing)
{
    const struct metric *it = thing;
    diff_names(out, it->competing, it->competing_count);
}

static void metric_numerator(struct buffer *out, const void *thing)
{
    const struct metric *it = thing;
    if (it->numerator)
        diff_text(out, it->numerator->name);
}

static void metric_denominator(struct buffer *out, const void *thing)
{
    const struct metric *it = thing;
    if (it->denominator)
        diff_text(out, it->denominator->name);
}

static void metric_counts(struct buffer *out, const void *thing)
{
    const struct metric *it = thing;
    if (it->counts)
        diff_text(out, it->counts->name);
}

static void metric_of(struct buffer *out, const void *thing)
{
    const struct metric *it = thing;
    if (it->kind != METRIC_BREADTH)
        return;
    diff_word(out, breadth_of_texts[it->of]);
    diff_word(out, it->of == OF_TRAIT ? " " : "");
    diff_text(out, it->of_trait);
}

const struct diff_row diff_metric_rows[] = {
    {.key = "name", .class = CHANGE_SAFE, .write = metric_title},
    {.key = "description", .class = CHANGE_SAFE, .write = metric_description},
    {.key = "kind", .class = CHANGE_AMENDMENT, .write = metric_kind},
    {.key = "stage", .class = CHANGE_SAFE, .write = metric_stage},
    {.key = "better", .class = CHANGE_AMENDMENT, .write = metric_better},
    {.key = "vanity", .class = CHANGE_SAFE, .write = metric_vanity},
    {.key = "event", .class = CHANGE_AMENDMENT, .write = metric_event},
    {.key = "all_of", .class = CHANGE_AMENDMENT, .write = metric_all_of},
    {.key = "any_of", .class = CHANGE_AMENDMENT, .write = metric_any_of},
    {.key = "at_least", .class = CHANGE_AMENDMENT, .write = metric_at_least},
    {.key = "any_event", .class = CHANGE_AMENDMENT, .write = metric_any_event},
    {.key = "within", .class = CHANGE_AMENDMENT, .write = metric_within},
    {.key = "between", .class = CHANGE_AMENDMENT, .write = metric_between},
    {.key = "every", .class = CHANGE_AMENDMENT, .write = metric_every},
    {.key = "until", .class = CHANGE_AMENDMENT, .write = metric_until},
    {.key = "property", .class = CHANGE_AMENDMENT, .write = metric_property},
    {.key = "cap", .class = CHANGE_AMENDMENT, .write = metric_cap},
    {.key = "competing", .class = CHANGE_AMENDMENT, .write = metric_competing},
    {.key = "numerator", .class = CHANGE_AMENDMENT, .write = metric_numerator},
    {.key = "denominator", .class = CHANGE_AMENDMENT, .write = metric_denominator},
    {.key = "counts", .class = CHANGE_AMENDMENT, .write = metric_counts},
    {.key = "of", .class = CHANGE_AMENDMENT, .write = metric_of},
    {.key = NULL},
};

/* ---- segments ---- */

static void segment_title(struct buffer *out, const void *thing)
{
    const struct segment *it = thing;
    diff_text(out, it->title);
}

static void segment_trait(struct buffer *out, const void *thing)
{
    const struct segment *it = thing;
    diff_text(out, it->trait);
}

static void segment_values(struct buffer *out, const void *thing)
{
    const struct segment *it = thing;
    diff_names(out, it->values, it->value_count);
}

static void segment_bands(struct buffer *out, const void *thing)
{
    const struct segment *it = thing;
    for (size_t i = 0; i < it->band_count; i++)
        diff_number(out, i ? ", " : "", it->bands[i]);
}

const struct diff_row diff_segment_rows[] = {
    {.key = "trait", .class = CHANGE_AMENDMENT, .write = segment_trait},
    {.key = "values", .class = CHANGE_AMENDMENT, .write = segment_values},
    {.key = "bands", .class = CHANGE_AMENDMENT, .write = segment_bands},
    {.key = "name", .class = CHANGE_SAFE, .write = segment_title},
    {.key = NULL},
};
