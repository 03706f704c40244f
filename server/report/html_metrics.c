/*
 * The metrics: first all at a glance, a line a comparison, then each with its variants, the
 * intervals drawn, what stands under a comparison in the terminal's words, and how it came about.
 */

#include "html_parts.h"

#include <stdio.h>

#define ALPHA_ROUNDING 1e-9

/* The p that decides: corrected where there is a family, else of the final test, else of now. */
static const char *deciding_p(const struct value *comparison)
{
    static const char *const names[] = {"p_adjusted", "p", "p_now"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!member_is_null(comparison, names[i]))
            return names[i];
    return NULL;
}

static void html_deciding_p(struct buffer *out, const struct value *comparison)
{
    const char *name = deciding_p(comparison);
    html_words(out, "<td class=\"n\">");
    if (name) {
        html_p(out, member(comparison, name), name);
        html_words(out, strcmp(name, "p_adjusted") == 0 ? " <small>corrected</small>"
                        : strcmp(name, "p_now") == 0    ? " <small>now</small>"
                                                        : "");
    } else {
        html_words(out, "<span class=\"none\">–</span>");
    }
    html_words(out, "</td>");
}

/* What a comparison says in a word, with a sign that is no colour. */
struct reading {
    const char *look, *sign, *words;
};

static struct reading guardrail_reading(struct slice state)
{
    if (slice_equals(state, "passed"))
        return (struct reading){"good", "✓", "within its margin"};
    if (slice_equals(state, "harmed"))
        return (struct reading){"bad", "✕", "harmed"};
    if (slice_equals(state, "blind"))
        return (struct reading){"warn", "?", "cannot be told"};
    return (struct reading){"warn", "…", "not yet shown to be safe"};
}

static struct reading comparison_reading(const struct html_metric *about,
                                         const struct value *comparison)
{
    struct shown shown = shown_of(member(comparison, "difference"));
    struct slice state = member_text(member(comparison, "guardrail"), "state");
    const char *name = deciding_p(comparison);
    double alpha = 1 - member_number(about->document, "confidence");
    bool lower = slice_equals(member_text(about->metric, "better"), "lower");
    if (state.size)
        return guardrail_reading(state);
    if (!shown.estimated)
        return (struct reading){"none", "–", "cannot be told"};
    bool told = name ? member_number(comparison, name) <= alpha + ALPHA_ROUNDING
                     : shown.has_interval && (shown.low > 0 || shown.high < 0);
    if (!told)
        return (struct reading){"none", "·", "no difference shown"};
    if (slice_equals(member_text(about->metric, "better"), "none"))
        return (struct reading){"note", "≠", "differs"};
    return (shown.estimate < 0) == lower ? (struct reading){"good", "✓", "better"}
                                         : (struct reading){"bad", "✕", "worse"};
}

static void html_reads(struct buffer *out, const struct html_metric *about,
                       const struct value *comparison)
{
    struct reading reading = comparison_reading(about, comparison);
    buffer_format(out,
                  "<td class=\"reads %s\"><span class=\"mark\" aria-hidden=\"true\">%s</span> %s",
                  reading.look, reading.sign, reading.words);
    if (!shown_of(member(comparison, "difference")).estimated) {
        html_words(out, ": ");
        html_reading(out, member_text(comparison, "reason"));
    }
    html_words(out, "</td>");
}

static void glance_row(struct buffer *out, const struct html_metric *about, size_t at)
{
    const struct value *comparisons = member(about->metric, "comparisons");
    const struct value *comparison = &comparisons->items[at];
    const struct value *variants = member(about->metric, "variants");
    const struct value *difference = member(comparison, "difference");
    struct slice name = member_text(comparison, "variant");
    struct slice control = member_text(about->control, "variant");
    html_words(out, "<tr data-metric=\"");
    html_safe(out, member_text(about->metric, "metric"));
    html_words(out, "\" data-variant=\"");
    html_safe(out, name);
    html_words(out, "\">");
    if (at == 0) {
        buffer_format(out, "<th scope=\"rowgroup\" rowspan=\"%zu\"><a href=\"#metric-%zu\">",
                      comparisons->count, about->at + 1);
        html_metric_name(out, about);
        html_words(out, "</a><small>");
        html_reading(out, member_text(about->metric, "role"));
        html_words(out, "</small></th>");
    }
    html_words(out, "<th scope=\"row\">");
    html_safe_name(out, name);
    html_words(out, "</th>");
    html_reads(out, about, comparison);
    html_words(out, "<td class=\"n\">");
    html_change(out, "estimate", about->kind, member(difference, "estimate"));
    if (shown_of(difference).estimated)
        buffer_format(out, " <small>%s</small>", measure_unit(about->kind));
    html_words(out, "</td>");
    html_shown(out, about->kind, difference);
    html_words(out, "<td class=\"n\">");
    html_value(out, "value", about->kind, member(variant_in(variants, name), "value"));
    html_words(out, "</td><td class=\"n\">");
    html_value(out, "control", about->kind, member(variant_in(variants, control), "value"));
    html_words(out, "</td></tr>\n");
}

static void html_glance(struct buffer *out, const struct value *document)
{
    static const char *const columns[] = {"Metric",    "Variant", "In a word", "#Difference",
                                          "#Interval", "#Value",  "#Control"};
    const struct value *metrics = member(document, "metrics");
    html_table(out, "glance", SLICE("All metrics, each variant against the control"), columns, 7);
    for (size_t i = 0; i < metrics->count; i++) {
        struct html_metric about = html_metric_at(document, i);
        const struct value *comparisons = member(about.metric, "comparisons");
        for (size_t j = 0;
             comparisons && !curve_is_brackets(about.metric) && j < comparisons->count; j++)
            glance_row(out, &about, j);
    }
    html_table_end(out);
}

static void metric_heading(struct buffer *out, const struct html_metric *about)
{
    const struct value *comparisons = member(about->metric, "comparisons");
    buffer_format(out, "<h3 id=\"metric-%zu\">", about->at + 1);
    html_metric_name(out, about);
    html_words(out, "</h3>\n<p class=\"meta\">");
    html_reading(out, member_text(about->metric, "role"));
    html_words(out, ", ");
    html_reading(out, member_text(about->metric, "kind"));
    if (slice_equals(member_text(about->metric, "better"), "lower"))
        html_words(out, ", lower is better");
    if (measure_unit(about->kind)[0])
        buffer_format(out, ", differences in %s", measure_unit(about->kind));
    for (size_t i = 0; comparisons && i < comparisons->count; i++) {
        struct shown shown = shown_of(member(&comparisons->items[i], "difference"));
        if (!shown.has_interval)
            continue;
        html_words(out, ", ");
        html_shown_words(out, &shown);
        break;
    }
    html_words(out, "</p>\n");
}

static void variant_cells(struct buffer *out, const struct html_metric *about,
                          const struct value *variant, bool control)
{
    html_words(out, "<tr data-metric=\"");
    html_safe(out, member_text(about->metric, "metric"));
    html_words(out, "\" data-variant=\"");
    html_safe(out, member_text(variant, "variant"));
    html_words(out, "\"><th scope=\"row\">");
    html_safe_name(out, member_text(variant, "variant"));
    html_words(out, control ? " <small>control</small>" : "");
    html_words(out, "</th><td class=\"n\">");
    html_count(out, "units", member(variant, "units"));
    html_words(out, "</td><td class=\"n\">");
    html_count(out, "immature", member(variant, "immature"));
    html_words(out, "</td><td class=\"n\">");
    html_value(out, "value", about->kind, member(variant, "value"));
    html_words(out, " <small>");
    html_levels(out, "level", about->kind, member(variant, "interval"));
    html_words(out, "</small></td>");
}

static void lift_cell(struct buffer *out, const struct value *lift)
{
    struct shown shown = shown_of(lift);
    const struct value *pair = member(lift, shown.anytime ? "anytime_interval" : "interval");
    html_words(out, "<td class=\"n\">");
    if (shown.estimated) {
        char text[P_TEXT_SIZE];
        snprintf(text, sizeof text, "%+.1f%%", 100 * shown.estimate);
        html_figure(out, "lift", member(lift, "estimate"), slice_of(text));
    } else {
        html_words(out, "<span class=\"none\">–</span>");
    }
    if (shown.has_interval) {
        char low[P_TEXT_SIZE], high[P_TEXT_SIZE];
        snprintf(low, sizeof low, "%+.1f%%", 100 * shown.low);
        snprintf(high, sizeof high, "%+.1f%%", 100 * shown.high);
        html_words(out, " <small>");
        html_figure(out, "lift-low", &pair->items[0], slice_of(low));
        html_words(out, " to ");
        html_figure(out, "lift-high", &pair->items[1], slice_of(high));
        html_words(out, "</small>");
    }
    html_words(out, "</td>");
}

static void comparison_row(struct buffer *out, const struct html_metric *about,
                           const struct value *comparison)
{
    const struct value *difference = member(comparison, "difference");
    const struct value *variant =
        variant_in(member(about->metric, "variants"), member_text(comparison, "variant"));
    if (!variant)
        return;
    variant_cells(out, about, variant, false);
    if (shown_of(difference).estimated) {
        html_words(out, "<td class=\"n\">");
        html_change(out, "estimate", about->kind, member(difference, "estimate"));
        html_words(out, "</td>");
        html_shown(out, about->kind, difference);
        lift_cell(out, member(comparison, "lift"));
        html_deciding_p(out, comparison);
    } else {
        html_words(out, "<td colspan=\"4\" class=\"none\">");
        html_reading(out, member_text(comparison, "reason"));
        html_words(out, "</td>");
    }
    html_reads(out, about, comparison);
    html_words(out, "</tr>\n");
}

struct beside {
    const struct html_metric *about;
    const struct value *comparison;
};

static void beside_lines(struct painter *painter, const void *passed)
{
    const struct beside *beside = passed;
    const struct html_metric *about = beside->about;
    const struct value *variants = member(about->metric, "variants");
    struct slice name = member_text(beside->comparison, "variant");
    comparison_guardrail(painter, about->kind, beside->comparison);
    text_breadth(painter, variant_in(variants, name), beside->comparison, 0);
    text_beside(painter, about->kind, about->metric, beside->comparison, 0);
}

static void html_beside(struct buffer *out, const struct html_metric *about)
{
    const struct value *comparisons = member(about->metric, "comparisons");
    for (size_t i = 0; i < comparisons->count; i++) {
        struct beside beside = {.about = about, .comparison = &comparisons->items[i]};
        struct buffer lines = {0};
        html_lines(&lines, "beside", beside_lines, &beside);
        if (lines.size) {
            html_words(out, "<p class=\"of\">");
            html_safe_name(out, member_text(beside.comparison, "variant"));
            html_words(out, "</p>\n");
            buffer_add(out, buffer_slice(&lines));
        }
        buffer_done(&lines);
    }
}

static void metric_table(struct buffer *out, const struct html_metric *about)
{
    static const char *const columns[] = {"Variant", "#Units",      "#Still open",
                                          "#Value",  "#Difference", "#Interval",
                                          "#Lift",   "#p",          "In a word"};
    const struct value *variants = member(about->metric, "variants");
    const struct value *comparisons = member(about->metric, "comparisons");
    const struct value *control = variant_in(variants, member_text(about->control, "variant"));
    html_table(out, "metric", SLICE("Each variant, and its difference to the control"), columns, 9);
    if (control) {
        variant_cells(out, about, control, true);
        html_words(out, "<td colspan=\"5\"></td></tr>\n");
    }
    for (size_t i = 0; i < comparisons->count; i++)
        comparison_row(out, about, &comparisons->items[i]);
    html_table_end(out);
}

static bool any_interval(const struct value *comparisons)
{
    for (size_t i = 0; i < comparisons->count; i++)
        if (shown_of(member(&comparisons->items[i], "difference")).has_interval)
            return true;
    return false;
}

static void html_metric(struct buffer *out, const struct html_metric *about,
                        const struct article_links *links)
{
    html_words(out, "<section class=\"metric\">\n");
    metric_heading(out, about);
    if (curve_is_brackets(about->metric)) {
        html_words(out, "<p>Shown under <a href=\"#retention\">Retention</a>.</p>\n");
    } else {
        metric_table(out, about);
        if (any_interval(member(about->metric, "comparisons")))
            html_chart(out, &(struct html_chart){.kind = "interval",
                                                 .metric = about->metric,
                                                 .metric_at = about->at,
                                                 .reading = "Difference to the control with its "
                                                            "interval; the upright line is no "
                                                            "difference."});
        html_beside(out, about);
    }
    html_how(out, about, links);
    html_words(out, "</section>\n");
}

void html_metrics(struct buffer *out, const struct value *document,
                  const struct article_links *links)
{
    const struct value *metrics = member(document, "metrics");
    html_words(out, "<section id=\"metrics\" aria-labelledby=\"metrics-title\">\n"
                    "<h2 id=\"metrics-title\">Metrics</h2>\n");
    if (metrics->count)
        html_glance(out, document);
    for (size_t i = 0; i < metrics->count; i++) {
        struct html_metric about = html_metric_at(document, i);
        html_metric(out, &about, links);
    }
    html_words(out, "</section>\n");
}
