/* The onboarding flow: a table a variant, a line a step, and where the variants differ. */

#include "html_parts.h"

#include <stdio.h>

static void share_cells(struct buffer *out, const char *of, const struct value *share)
{
    html_words(out, "<td class=\"n\">");
    html_value(out, of, METRIC_CONVERSION, member(share, "value"));
    html_words(out, " <small>");
    html_levels(out, of, METRIC_CONVERSION, member(share, "interval"));
    html_words(out, "</small></td>");
}

static void minutes_cell(struct buffer *out, const struct value *step)
{
    char actual[COUNT_TEXT_SIZE], expected[COUNT_TEXT_SIZE];
    snprintf(actual, sizeof actual, "%.2g", member_number(step, "actual_minutes"));
    snprintf(expected, sizeof expected, "%.3g", member_number(step, "expected_minutes"));
    html_words(out, "<td class=\"n\">");
    html_figure(out, "actual_minutes", member(step, "actual_minutes"), slice_of(actual));
    if (!member_is_null(step, "expected_minutes")) {
        html_words(out, " of ");
        html_figure(out, "expected_minutes", member(step, "expected_minutes"), slice_of(expected));
    }
    html_words(out, "</td>");
}

static void step_row(struct buffer *out, const struct value *step)
{
    static const char *const counts[] = {"reached", "completed", "dismissed", "failed"};
    char wait[COUNT_TEXT_SIZE];
    seconds_format(member_number(step, "median_seconds"), wait);
    html_words(out, "<tr><th scope=\"row\">");
    html_safe_name(out, member_text(step, "step"));
    html_words(out, member_is_true(step, "optional") ? " <small>optional</small>" : "");
    html_words(out, "</th>");
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        html_words(out, "<td class=\"n\">");
        html_count(out, counts[i], member(step, counts[i]));
        html_words(out, "</td>");
    }
    share_cells(out, "reached_share", member(step, "reached_share"));
    share_cells(out, "drop_off", member(step, "drop_off"));
    html_words(out, "<td class=\"n\">");
    html_figure(out, "median_seconds", member(step, "median_seconds"), slice_of(wait));
    html_words(out, "</td>");
    minutes_cell(out, step);
    html_words(out, "</tr>\n");
}

static void flow_table(struct buffer *out, const struct value *variant)
{
    static const char *const columns[] = {"Step",         "#Reached",     "#Completed",
                                          "#Dismissed",   "#Failed",      "#Reached, share",
                                          "#Dropped off", "#Median wait", "#Minutes in it"};
    const struct value *steps = member(variant, "steps");
    char text[COUNT_TEXT_SIZE];
    struct buffer caption = {0};
    buffer_add(&caption, member_text(variant, "variant"));
    buffer_format(&caption, ", %s units", count_format(member_count(variant, "units"), text));
    html_table(out, "flow", buffer_slice(&caption), columns, 9);
    for (size_t i = 0; steps && i < steps->count; i++)
        step_row(out, &steps->items[i]);
    html_table_end(out);
    buffer_done(&caption);
}

static void differs_lines(struct painter *painter, const void *differs)
{
    flow_differs(painter, differs);
}

void html_flow(struct buffer *out, const struct value *document)
{
    const struct value *flow = member(document, "flow");
    if (!flow || flow->kind != VALUE_LIST || !flow->count)
        return;
    html_words(out, "<section id=\"flow\" aria-labelledby=\"flow-title\">\n"
                    "<h2 id=\"flow-title\">Onboarding flow</h2>\n");
    html_lines(out, "beside", differs_lines, member(document, "flow_differs"));
    html_chart(out, &(struct html_chart){.kind = "funnel",
                                         .reading = "Share of the exposed units that reached each "
                                                    "step, in percent, by variant; the thin line "
                                                    "is its 95% interval."});
    for (size_t j = 0; j < flow->count; j++)
        flow_table(out, &flow->items[j]);
    html_words(out, "<details class=\"how\"><summary>How these figures came about</summary>\n"
                    "<p>Reached: units with any message of the step; dropped off: of those that "
                    "reached it, the share that did nothing further. Shares with intervals by "
                    "Wilson (<code>proportion.c</code>), steps compared by chi-square "
                    "(<code>chi_square.c</code> in <code>stats/README.md</code>).</p></details>\n"
                    "</section>\n");
}
