/* Curves: the time until something happens, with its median, and retention by brackets of days. */

#include "html_parts.h"

#include <math.h>

static bool has_curve(const struct value *metric, bool brackets)
{
    const struct value *curve = member(metric, "curve");
    return curve && curve->kind == VALUE_LIST && curve->count &&
           curve_is_brackets(metric) == brackets;
}

static void day_figure(struct buffer *out, const char *of, const struct value *exact)
{
    struct buffer text = {0};
    if (exact && value_is_number(exact))
        buffer_format(&text, "%.3g", exact->number);
    html_figure(out, of, exact, buffer_slice(&text));
    buffer_done(&text);
}

static void median_cells(struct buffer *out, const struct value *median)
{
    const struct value *pair = member(median, "interval");
    html_words(out, "<td class=\"n\">");
    if (member_is_null(median, "value"))
        html_words(out, "not reached");
    else
        day_figure(out, "median", member(median, "value"));
    html_words(out, "</td><td class=\"n\">");
    if (pair && pair->kind == VALUE_LIST && pair->count == 2) {
        day_figure(out, "median-low", &pair->items[0]);
        html_words(out, " to ");
        day_figure(out, "median-high", &pair->items[1]);
    }
    html_words(out, "</td>");
}

static void medians_table(struct buffer *out, const struct html_metric *about)
{
    static const char *const columns[] = {"Variant",      "#Units",        "#Have done it",
                                          "#Mean days",   "#Its interval", "#Median days",
                                          "#Its interval"};
    const struct value *variants = member(about->metric, "variants");
    html_table(out, "medians", SLICE("Days until it happens"), columns, 7);
    for (size_t i = 0; i < variants->count; i++) {
        const struct value *one = &variants->items[i];
        html_words(out, "<tr><th scope=\"row\">");
        html_safe_name(out, member_text(one, "variant"));
        html_words(out, "</th><td class=\"n\">");
        html_count(out, "units", member(one, "units"));
        html_words(out, "</td><td class=\"n\">");
        html_count(out, "contributing", member(one, "contributing"));
        html_words(out, "</td><td class=\"n\">");
        html_value(out, "value", about->kind, member(one, "value"));
        html_words(out, "</td><td class=\"n\">");
        html_levels(out, "level", about->kind, member(one, "interval"));
        html_words(out, "</td>");
        median_cells(out, member(one, "median"));
        html_words(out, "</tr>\n");
    }
    html_table_end(out);
}

static void point_row(struct buffer *out, const struct value *point)
{
    html_words(out, "<tr><th scope=\"row\">");
    day_figure(out, "day", member(point, "day"));
    html_words(out, "</th><td class=\"n\">");
    html_count(out, "at_risk", member(point, "at_risk"));
    html_words(out, "</td><td class=\"n\">");
    html_value(out, "value", METRIC_CONVERSION, member(point, "value"));
    html_words(out, "</td><td class=\"n\">");
    html_levels(out, "level", METRIC_CONVERSION, member(point, "interval"));
    html_words(out, "</td></tr>\n");
}

/* A row a day, that of its last point: a curve may have one every quarter of an hour. */
static void points_table(struct buffer *out, struct slice caption, const struct value *points)
{
    static const char *const columns[] = {"Day", "#At risk", "#Have done it", "#Interval"};
    html_table(out, "plain", caption, columns, 4);
    for (size_t i = 0; points && i < points->count; i++) {
        double day = member_number(&points->items[i], "day");
        bool is_last = i + 1 == points->count ||
                       floor(member_number(&points->items[i + 1], "day")) > floor(day);
        if (i == 0 || is_last)
            point_row(out, &points->items[i]);
    }
    html_table_end(out);
}

void html_curve_part(struct buffer *out, const struct html_metric *about, size_t at)
{
    const struct value *curve = member(about->metric, "curve");
    if (at || !has_curve(about->metric, false))
        return;
    for (size_t j = 0; j < curve->count; j++) {
        const struct value *competing = member(&curve->items[j], "competing");
        struct slice variant = member_text(&curve->items[j], "variant");
        points_table(out, variant, member(&curve->items[j], "points"));
        for (size_t k = 0; competing && k < competing->count; k++) {
            struct buffer caption = {0};
            buffer_add(&caption, variant);
            buffer_add(&caption, SLICE(": ended first by "));
            buffer_add(&caption, member_text(&competing->items[k], "event"));
            points_table(out, buffer_slice(&caption), member(&competing->items[k], "points"));
            buffer_done(&caption);
        }
    }
}

static void html_time_to(struct buffer *out, const struct html_metric *about,
                         const struct article_links *links)
{
    static const struct html_part part = {.name = "curve", .write = html_curve_part};
    html_words(out, "<h3>");
    html_metric_name(out, about);
    html_words(out, "</h3>\n" HTML_PAIR);
    html_chart(out, &(struct html_chart){.kind = "survival",
                                         .metric = about->metric,
                                         .metric_at = about->at,
                                         .reading = "Share of the units that have done it by each "
                                                    "day after their first exposure, with its 95% "
                                                    "band; below, how many were still followed."});
    html_words(out, HTML_PAIR_THEN);
    medians_table(out, about);
    html_words(out, "<details class=\"how\"");
    html_part_mark(out, about, links, &part);
    html_words(out, "><summary>The curves as a table, a row a day</summary>\n");
    html_part(out, about, links, &part);
    html_words(out, "</details>\n");
    html_words(out, HTML_PAIR_END);
}

void html_times(struct buffer *out, const struct value *document, const struct article_links *links)
{
    const struct value *metrics = member(document, "metrics");
    size_t shown = 0;
    for (size_t i = 0; i < metrics->count; i++) {
        struct html_metric about = html_metric_at(document, i);
        if (!has_curve(about.metric, false))
            continue;
        if (!shown++)
            html_words(out, "<section id=\"times\" aria-labelledby=\"times-title\">\n"
                            "<h2 id=\"times-title\">Time to value</h2>\n");
        html_time_to(out, &about, links);
    }
    if (shown)
        html_words(out, "</section>\n");
}

static void bracket_row(struct buffer *out, const struct value *point)
{
    const struct value *difference = member(point, "difference");
    html_words(out, "<tr><th scope=\"row\">");
    day_figure(out, "from_days", member(point, "from_days"));
    html_words(out, " to ");
    day_figure(out, "to_days", member(point, "to_days"));
    html_words(out, "</th><td class=\"n\">");
    html_count(out, "units", member(point, "units"));
    html_words(out, "</td><td class=\"n\">");
    html_value(out, "value", METRIC_CONVERSION, member(point, "value"));
    html_words(out, "</td><td class=\"n\">");
    html_levels(out, "level", METRIC_CONVERSION, member(point, "interval"));
    html_words(out, "</td><td class=\"n\">");
    html_change(out, "estimate", METRIC_CONVERSION, member(difference, "estimate"));
    html_words(out, "</td><td class=\"n\">");
    html_interval(out, "interval", METRIC_CONVERSION, member(difference, "interval"));
    html_words(out, "</td></tr>\n");
}

static void html_brackets(struct buffer *out, const struct html_metric *about)
{
    static const char *const columns[] = {"Days",      "#Units",      "#Came back",
                                          "#Interval", "#Difference", "#Its interval"};
    const struct value *curve = member(about->metric, "curve");
    html_words(out, "<h3>");
    html_metric_name(out, about);
    html_words(out, "</h3>\n" HTML_PAIR);
    html_chart(out, &(struct html_chart){.kind = "retention",
                                         .metric = about->metric,
                                         .metric_at = about->at,
                                         .reading = "Share of the units that came back in each "
                                                    "bracket of days, in percent, with the 95% "
                                                    "interval of each bracket alone."});
    html_words(out, HTML_PAIR_THEN);
    for (size_t j = 0; j < curve->count; j++) {
        const struct value *points = member(&curve->items[j], "points");
        html_table(out, "brackets", member_text(&curve->items[j], "variant"), columns, 6);
        for (size_t b = 0; points && b < points->count; b++)
            bracket_row(out, &points->items[b]);
        html_table_end(out);
    }
    html_words(out, HTML_PAIR_END);
}

void html_retention(struct buffer *out, const struct value *document)
{
    const struct value *metrics = member(document, "metrics");
    size_t shown = 0;
    for (size_t i = 0; i < metrics->count; i++) {
        struct html_metric about = html_metric_at(document, i);
        if (!curve_is_brackets(about.metric))
            continue;
        if (!shown++)
            html_words(out, "<section id=\"retention\" aria-labelledby=\"retention-title\">\n"
                            "<h2 id=\"retention-title\">Retention</h2>\n");
        if (has_curve(about.metric, true))
            html_brackets(out, &about);
        else
            html_words(out, "<p class=\"none\">No bracket of days is over yet.</p>\n");
    }
    if (shown)
        html_words(out, "</section>\n");
}
