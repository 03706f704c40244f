/*
 * Per segment: the effect by value, raw and drawn toward the whole, with one test of whether the
 * values differ at all, so that nobody reads noise as insight.  Goals stand open; crossings where
 * their effect differs.
 */

#include "html_parts.h"

static const char *const columns[] = {"Value",       "#Units",    "#Control",  "#Variant",
                                      "#Difference", "#Interval", "#Shrunken", "#Its interval"};

static void units_cell(struct buffer *out, const struct value *control, const struct value *own)
{
    html_words(out, "<td class=\"n\">");
    html_count(out, "control-units", member(control, "units"));
    html_words(out, " : ");
    html_count(out, "units", member(own, "units"));
    html_words(out, "</td>");
}

static void segment_row(struct buffer *out, const struct html_metric *about,
                        const struct value *value, size_t at)
{
    const struct value *comparison = &member(value, "comparisons")->items[at];
    const struct value *variants = member(value, "variants");
    const struct value *difference = member(comparison, "difference");
    const struct value *shrunken = member(comparison, "shrunken");
    const struct value *own = variant_in(variants, member_text(comparison, "variant"));
    const struct value *control = variant_in(variants, member_text(about->control, "variant"));
    html_words(out, "<tr><th scope=\"row\">");
    html_safe_name(out, member_text(value, "value"));
    html_words(out, "</th>");
    units_cell(out, control, own);
    html_words(out, "<td class=\"n\">");
    html_value(out, "control", about->kind, member(control, "value"));
    html_words(out, "</td><td class=\"n\">");
    html_value(out, "value", about->kind, member(own, "value"));
    html_words(out, "</td>");
    if (!shown_of(difference).estimated) {
        html_words(out, "<td colspan=\"4\" class=\"none\">");
        html_reading(out, member_text(comparison, "reason"));
        html_words(out, "</td></tr>\n");
        return;
    }
    html_words(out, "<td class=\"n\">");
    html_change(out, "estimate", about->kind, member(difference, "estimate"));
    html_words(out, "</td>");
    html_shown(out, about->kind, difference);
    html_words(out, "<td class=\"n\">");
    html_change(out, "shrunken", about->kind, member(shrunken, "estimate"));
    html_words(out, "</td><td class=\"n\">");
    html_interval(out, "shrunken", about->kind, member(shrunken, "interval"));
    html_words(out, "</td></tr>\n");
}

static void segment_table(struct buffer *out, const struct html_metric *about,
                          const struct value *segment, size_t at)
{
    const struct value *values = member(segment, "values");
    struct slice variant =
        member_text(&member(&values->items[0], "comparisons")->items[at], "variant");
    const struct value *test = test_of(segment, variant);
    struct buffer caption = {0};
    buffer_add(&caption, variant);
    segment_words(&caption, test, about->document);
    if (!member_is_null(test, "q"))
        buffer_format(&caption, "; Q %.3g on %g df, I² %.0f%%", member_number(test, "q"),
                      member_number(test, "df"), 100 * member_number(test, "i2"));
    html_table(out, "segment", buffer_slice(&caption), columns, 8);
    for (size_t i = 0; i < values->count; i++)
        segment_row(out, about, &values->items[i], at);
    html_table_end(out);
    buffer_done(&caption);
}

static bool is_open(const struct html_metric *about, const struct value *segment)
{
    struct slice name = member_text(segment, "segment");
    bool crossing = name.size && memmem(name.data, name.size, " x ", 3);
    return slice_equals(member_text(about->metric, "role"), "goal") &&
           (!crossing || effect_differs(member(segment, "heterogeneity"), about->document));
}

static bool any_shrunken(const struct value *values)
{
    for (size_t i = 0; i < values->count; i++) {
        const struct value *comparisons = member(&values->items[i], "comparisons");
        for (size_t j = 0; j < comparisons->count; j++)
            if (!member_is_null(&comparisons->items[j], "shrunken"))
                return true;
    }
    return false;
}

void html_segment_part(struct buffer *out, const struct html_metric *about, size_t at)
{
    static const char both[] =
        "Difference to the control by value: filled as measured, hollow drawn "
        "toward the whole, which is the dotted line; trust the hollow ones.";
    static const char raw[] = "Difference to the control by value, as measured; the dotted line is "
                              "the whole.";
    const struct value *segments = member(about->metric, "segments");
    if (!segments || segments->kind != VALUE_LIST || at >= segments->count)
        return;
    const struct value *segment = &segments->items[at];
    const struct value *values = member(segment, "values");
    if (!values->count)
        return;
    html_words(out, HTML_PAIR);
    html_chart(out, &(struct html_chart){.kind = "forest",
                                         .metric = about->metric,
                                         .metric_at = about->at,
                                         .segment_at = at,
                                         .reading = any_shrunken(values) ? both : raw});
    html_words(out, HTML_PAIR_THEN);
    for (size_t j = 0; j < member(&values->items[0], "comparisons")->count; j++)
        segment_table(out, about, segment, j);
    html_words(out, HTML_PAIR_END);
}

static void html_segment(struct buffer *out, const struct html_metric *about,
                         const struct article_links *links, size_t at)
{
    const struct html_part part = {.name = "segment", .write = html_segment_part, .at = at};
    const struct value *segment = &member(about->metric, "segments")->items[at];
    bool opens = is_open(about, segment);
    if (!member(segment, "values")->count)
        return;
    html_words(out, "<details class=\"segment\"");
    html_words(out, opens ? " open" : "");
    html_part_mark(out, about, opens ? NULL : links, &part);
    html_words(out, "><summary>");
    html_metric_name(out, about);
    html_words(out, " by ");
    html_safe_name(out, member_text(segment, "segment"));
    html_words(out, "</summary>\n");
    html_part(out, about, opens ? NULL : links, &part);
    html_words(out, "</details>\n");
}

void html_segments(struct buffer *out, const struct value *document,
                   const struct article_links *links)
{
    const struct value *metrics = member(document, "metrics");
    size_t shown = 0;
    for (size_t i = 0; i < metrics->count; i++) {
        struct html_metric about = html_metric_at(document, i);
        const struct value *segments = member(about.metric, "segments");
        size_t order[SEGMENTS_SHOWN_MAX], count = 0;
        if (segments && segments->kind == VALUE_LIST)
            count = segments_order(segments, order);
        for (size_t k = 0; k < count; k++) {
            if (!shown++)
                html_words(out,
                           "<section id=\"segments\" aria-labelledby=\"segments-title\">\n"
                           "<h2 id=\"segments-title\">Segments</h2>\n<p class=\"lead\">Values of a "
                           "segment differ by chance. Believe a difference between them only where "
                           "the test says that the effect differs (<code>heterogeneity.c</code>, "
                           "<code>shrinkage.c</code> in <code>stats/README.md</code>).</p>\n");
            html_segment(out, &about, links, order[k]);
        }
    }
    if (shown)
        html_words(out, "</section>\n");
}
