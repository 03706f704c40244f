/* The goals read otherwise: each reading beside the one that decides; and what this version does
 * not compute, in words. */

#include "html_parts.h"

static void reading_row(struct buffer *out, const struct html_metric *about,
                        const struct value *reading, size_t at)
{
    const struct value *one = &member(reading, "comparisons")->items[at];
    html_words(out, "<tr><th scope=\"row\">");
    html_reading(out, member_text(reading, "reading"));
    html_words(out, "</th><td>");
    html_safe_name(out, member_text(one, "variant"));
    html_words(out, "</td><td class=\"n\">");
    html_change(out, "estimate", about->kind, member(one, "estimate"));
    html_words(out, "</td><td class=\"n\">");
    html_interval(out, "interval", about->kind, member(one, "interval"));
    html_words(out, "</td><td class=\"n\">");
    html_percent(out, "level", member(one, "level"), 1);
    html_words(out, "</td><td class=\"n\">");
    html_p(out, member(one, "p"), "p");
    html_words(out, "</td><td class=\"none\">");
    html_reading(out, member_text(one, "reason"));
    html_words(out, "</td></tr>\n");
}

static void readings_table(struct buffer *out, const struct html_metric *about)
{
    static const char *const columns[] = {"Reading", "Variant", "#Difference", "#Interval",
                                          "#Level",  "#p",      "Remark"};
    const struct value *readings = member(about->metric, "sensitivity");
    html_words(out, "<h3>");
    html_metric_name(out, about);
    html_words(out, "</h3>\n");
    html_table(out, "plain", SLICE("The difference to the control, read otherwise"), columns, 7);
    for (size_t i = 0; i < readings->count; i++) {
        const struct value *comparisons = member(&readings->items[i], "comparisons");
        for (size_t j = 0; comparisons && j < comparisons->count; j++)
            reading_row(out, about, &readings->items[i], j);
    }
    html_table_end(out);
}

void html_sensitivity(struct buffer *out, const struct value *document)
{
    const struct value *metrics = member(document, "metrics");
    const struct value *missing = member(document, "not_computed");
    for (size_t i = 0; i < metrics->count; i++) {
        struct html_metric about = html_metric_at(document, i);
        const struct value *readings = member(about.metric, "sensitivity");
        if (readings && readings->kind == VALUE_LIST && readings->count)
            readings_table(out, &about);
    }
    if (!missing || missing->kind != VALUE_OBJECT || !missing->count)
        return;
    html_words(out, "<details class=\"how\"><summary>What is not in this report</summary>\n<dl>\n");
    for (size_t i = 0; i < missing->count; i++) {
        html_words(out, "<div><dt>");
        html_reading(out, missing->members[i].name);
        html_words(out, "</dt><dd>");
        html_safe(out, missing->members[i].value.text);
        html_words(out, "</dd></div>\n");
    }
    html_words(out, "</dl></details>\n");
}
