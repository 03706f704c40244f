/* Over time: the difference by day of the last cohort with its confidence sequence; and the first
 * half of the cohorts against the second. */

#include "html_parts.h"

static void look_rows(struct buffer *out, const struct html_metric *about, const struct value *look)
{
    const struct value *comparisons = member(look, "comparisons");
    for (size_t j = 0; comparisons && j < comparisons->count; j++) {
        const struct value *one = &comparisons->items[j];
        const struct value *difference = member(one, "difference");
        html_words(out, "<tr><th scope=\"row\">");
        html_safe(out, member_text(look, "cohort"));
        html_words(out, "</th><td>");
        html_safe_name(out, member_text(one, "variant"));
        html_words(out, "</td><td class=\"n\">");
        html_change(out, "estimate", about->kind, member(difference, "estimate"));
        html_words(out, "</td><td class=\"n\">");
        html_interval(out, "anytime_interval", about->kind, member(difference, "anytime_interval"));
        html_words(out, "</td><td class=\"n\">");
        html_percent(out, "lift", member(member(one, "lift"), "estimate"), 1);
        html_words(out, "</td><td class=\"n\">");
        html_p(out, member(one, "p_now"), "p_now");
        html_words(out, "</td></tr>\n");
    }
}

static void drift_list(struct buffer *out, const struct html_metric *about)
{
    const struct value *drift = member(about->metric, "drift");
    if (!drift || drift->kind != VALUE_LIST || !drift->count)
        return;
    html_words(out, "<ul class=\"beside\">\n");
    for (size_t i = 0; i < drift->count; i++) {
        html_words(out, "<li>");
        html_safe_name(out, member_text(&drift->items[i], "variant"));
        html_words(out, ": second half of the cohorts against the first ");
        html_change(out, "drift", about->kind, member(&drift->items[i], "estimate"));
        buffer_format(out, " %s (p ", measure_unit(about->kind));
        html_p(out, member(&drift->items[i], "p"), "p");
        html_words(out, ")</li>\n");
    }
    html_words(out, "</ul>\n");
}

static bool has_series(const struct html_metric *about)
{
    const struct value *series = member(about->metric, "over_time");
    return series && series->kind == VALUE_LIST && series->count;
}

/* In a plan that is read once only guardrails have one. */
static bool has_band(const struct html_metric *about)
{
    const struct value *series = member(about->metric, "over_time");
    const struct value *comparisons = member(&series->items[series->count - 1], "comparisons");
    for (size_t i = 0; comparisons && i < comparisons->count; i++)
        if (!member_is_null(member(&comparisons->items[i], "difference"), "anytime_interval"))
            return true;
    return false;
}

void html_series_part(struct buffer *out, const struct html_metric *about, size_t at)
{
    static const char *const columns[] = {"Cohorts up to",     "Variant", "#Difference",
                                          "#Anytime interval", "#Lift",   "#p now"};
    const struct value *series = member(about->metric, "over_time");
    if (at || !has_series(about))
        return;
    html_table(out, "plain", member_text(about->metric, "name"), columns, 6);
    for (size_t i = 0; i < series->count; i++)
        look_rows(out, about, &series->items[i]);
    html_table_end(out);
}

static void html_series(struct buffer *out, const struct html_metric *about,
                        const struct article_links *links)
{
    static const char with_band[] =
        "Effect against the control of all cohorts up to each day, with the band that holds "
        "however often one looks; wide early bands are cut.";
    static const char bare[] =
        "Effect against the control of all cohorts up to each day, without a band: no interval of "
        "this metric holds at every look.";
    static const struct html_part part = {.name = "over-time", .write = html_series_part};
    html_words(out, "<h3>");
    html_metric_name(out, about);
    html_words(out, "</h3>\n");
    html_chart(out, &(struct html_chart){.kind = "over-time",
                                         .metric = about->metric,
                                         .metric_at = about->at,
                                         .reading = has_band(about) ? with_band : bare});
    drift_list(out, about);
    html_words(out, "<details class=\"how\"");
    html_part_mark(out, about, links, &part);
    html_words(out, "><summary>The series as a table</summary>\n");
    html_part(out, about, links, &part);
    html_words(out, "</details>\n");
}

void html_over_time(struct buffer *out, const struct value *document,
                    const struct article_links *links)
{
    const struct value *metrics = member(document, "metrics");
    size_t shown = 0;
    for (size_t i = 0; i < metrics->count; i++) {
        struct html_metric about = html_metric_at(document, i);
        if (!has_series(&about))
            continue;
        if (!shown++)
            html_words(out, "<section id=\"over-time\" aria-labelledby=\"over-time-title\">\n"
                            "<h2 id=\"over-time-title\">Over time</h2>\n");
        html_series(out, &about, links);
    }
    if (shown)
        html_words(out, "</section>\n");
}
