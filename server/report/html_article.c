/*
 * The article of a report: head, verdict, the nine parts, notes, what was planned, the foot, and
 * the document itself as a data block for the script that draws.  See report/article.h.
 */

#include "report/article.h"

#include "html_parts.h"

#include <stdio.h>

static struct slice html_day(struct slice time)
{
    if (time.size > 10)
        time.size = 10;
    return time;
}

static void html_time(struct buffer *out, struct slice time)
{
    html_words(out, "<time datetime=\"");
    html_safe(out, time);
    html_words(out, "\">");
    html_safe(out, html_day(time));
    if (time.size > 16 && memcmp(time.data + 10, "T00:00", 6) != 0) {
        html_words(out, " ");
        html_safe(out, (struct slice){.data = time.data + 11, .size = 5});
    }
    html_words(out, "</time>");
}

static void fact(struct buffer *out, const char *label, struct slice text)
{
    if (!text.size)
        return;
    buffer_format(out, "<div><dt>%s</dt><dd>", label);
    html_safe_name(out, text);
    html_words(out, "</dd></div>\n");
}

static void fact_dates(struct buffer *out, const struct value *document)
{
    struct slice start = member_text(document, "start"), end = member_text(document, "end");
    if (start.size || end.size) {
        html_words(out, "<div><dt>Dates</dt><dd>");
        if (start.size)
            html_time(out, start);
        html_words(out, start.size && end.size ? " to " : start.size ? " on" : "until ");
        if (end.size)
            html_time(out, end);
        html_words(out, "</dd></div>\n");
    }
    html_words(out, "<div><dt>As of</dt><dd>");
    html_time(out, member_text(document, "as_of"));
    html_words(out, " UTC</dd></div>\n");
}

static void fact_rules(struct buffer *out, const struct value *document)
{
    html_words(out, "<div><dt>Rules</dt><dd>");
    html_safe(out, member_text(document, "peeking"));
    html_words(out, ", ");
    html_percent(out, "confidence", member(document, "confidence"), 0);
    if (member_number(document, "phase") > 1) {
        html_words(out, ", phase ");
        html_count(out, "phase", member(document, "phase"));
    }
    html_words(out, "</dd></div>\n");
}

static void html_head(struct buffer *out, const struct value *document)
{
    html_words(out, "<header class=\"head\">\n<p class=\"key\">");
    html_safe_name(out, member_text(document, "experiment"));
    html_words(out, " <span class=\"status\">");
    html_reading(out, member_text(document, "status"));
    html_words(out, "</span></p>\n<h1 dir=\"auto\">");
    html_safe(out, member_text(document, "name"));
    html_words(out, "</h1>\n<dl class=\"facts\">\n");
    fact(out, "Hypothesis", member_text(document, "hypothesis"));
    fact(out, "Why", member_text(document, "why"));
    html_words(out, "</dl>\n<dl class=\"facts line\">\n");
    fact(out, "Owner", member_text(document, "owner"));
    fact_dates(out, document);
    fact_rules(out, document);
    html_words(out, "</dl>\n</header>\n");
}

static void planned_item(struct buffer *out, const char *label, const struct value *planned,
                         const char *name, const char *after)
{
    if (member_is_null(planned, name) || member_number(planned, name) <= 0)
        return;
    const struct value *exact = member(planned, name);
    char text[COUNT_TEXT_SIZE];
    buffer_format(out, "<div><dt>%s</dt><dd>", label);
    html_figure(out, name, exact, slice_of(count_format((uint64_t)exact->number, text)));
    buffer_format(out, "%s</dd></div>\n", after);
}

/* The smallest difference, in the words of the first goal's kind. */
static void planned_detectable(struct buffer *out, const struct value *document,
                               const struct value *planned, struct slice label)
{
    const struct value *metrics = member(document, "metrics");
    if (!metrics || !metrics->count || member_is_null(planned, "detectable_difference"))
        return;
    enum metric_kind kind = kind_of(&metrics->items[0]);
    html_words(out, "<div><dt>");
    html_safe(out, label);
    html_words(out, "</dt><dd>");
    html_change(out, "detectable_difference", kind, member(planned, "detectable_difference"));
    buffer_format(out, " %s of ", measure_unit(kind));
    html_safe_name(out, member_text(&metrics->items[0], "metric"));
    if (!member_is_null(planned, "detectable_lift")) {
        html_words(out, " (lift ");
        html_percent(out, "detectable_lift", member(planned, "detectable_lift"), 1);
        html_words(out, ")");
    }
    html_words(out, "</dd></div>\n");
}

static void planned_by_end(struct buffer *out, const struct value *document,
                           const struct value *planned)
{
    const struct value *by_end = member(planned, "by_end");
    struct buffer label = {0};
    if (!by_end || by_end->kind != VALUE_OBJECT)
        return;
    buffer_format(&label, "Smallest difference that those until %.*s can show, at this rate",
                  SLICE_ARGS(member_text(by_end, "cohort")));
    planned_detectable(out, document, by_end, buffer_slice(&label));
    buffer_done(&label);
}

static void html_planned(struct buffer *out, const struct value *document)
{
    const struct value *planned = member(document, "planned");
    struct slice cohort = member_text(planned, "final_cohort");
    html_words(out, "<h3>What is still missing</h3>\n<dl class=\"facts\">\n");
    if (member_is_null(planned, "units"))
        html_words(out, "<div><dt>Planned size</dt><dd>no size is planned</dd></div>\n");
    planned_item(out, "Planned size", planned, "units", " units");
    planned_item(out, "To go", planned, "units_left", " units");
    planned_item(out, "Lately", planned, "units_a_day", " units a day");
    fact(out, "That size, at this rate, on", member_text(planned, "size_cohort"));
    planned_item(out, "Left", planned, "days_left", " days");
    fact(out, "Final set up to", cohort);
    planned_detectable(out, document, planned,
                       SLICE("Smallest difference that today’s units can show"));
    planned_by_end(out, document, planned);
    html_words(out, "</dl>\n");
}

static void html_amendments(struct buffer *out, const struct value *document)
{
    static const char *const columns[] = {"Amended", "#Mature units then", "Plan"};
    const struct value *list = member(member(document, "registered"), "amendments");
    if (!list || !list->count) {
        html_words(out, "<h3>Amendments</h3>\n<p>None: the plan is the one that was "
                        "registered.</p>\n");
        return;
    }
    html_words(out, "<h3>Amendments</h3>\n");
    html_table(out, "plain", SLICE("Changes to the registered plan; the registered one decides."),
               columns, 3);
    for (size_t i = 0; i < list->count; i++) {
        struct slice plan = member_text(&list->items[i], "plan");
        plan.size = plan.size > 19 ? 19 : plan.size;
        html_words(out, "<tr><th scope=\"row\">");
        html_safe(out, member_text(&list->items[i], "date"));
        html_words(out, "</th><td class=\"n\">");
        html_count(out, "mature_units", member(&list->items[i], "mature_units"));
        html_words(out, "</td><td><code>");
        html_safe(out, plan);
        html_words(out, "</code></td></tr>\n");
    }
    html_table_end(out);
}

static void html_foot(struct buffer *out, const struct value *document)
{
    struct buffer words = {0};
    write_adjusted(&words, document);
    html_words(out, "<footer class=\"colophon\">\n<p>");
    html_safe(out, buffer_slice(&words));
    html_words(out, "</p>\n<p>Definition <code>");
    html_safe(out, member_text(document, "definition"));
    html_words(out, "</code>, gangway ");
    html_safe(out, member_text(document, "gangway"));
    html_words(out, ". Formulas by name stand in <code>stats/README.md</code>.</p>\n</footer>\n");
    buffer_done(&words);
}

/* As JSON, its '<' escaped: no text can end the block or open a comment in it. */
static void html_data(struct buffer *out, const struct value *document)
{
    struct buffer text = {0};
    value_write(&text, document);
    html_words(out, "<script type=\"application/json\" id=\"document\">");
    struct slice rest = buffer_slice(&text);
    while (rest.size) {
        const char *at = memchr(rest.data, '<', rest.size);
        size_t size = at ? (size_t)(at - rest.data) : rest.size;
        buffer_add(out, (struct slice){.data = rest.data, .size = size});
        if (at)
            html_words(out, "\\u003c");
        rest = slice_from(rest, at ? size + 1 : size);
    }
    html_words(out, "</script>\n");
    out->failed = out->failed || text.failed;
    buffer_done(&text);
}

/* Links to the parts that this report has. */
static void html_contents(struct buffer *out, struct slice parts)
{
    static const char *const names[][2] = {
        {"trust", "Trust"},         {"metrics", "Metrics"},
        {"segments", "Segments"},   {"flow", "Onboarding flow"},
        {"times", "Time to value"}, {"retention", "Retention"},
        {"over-time", "Over time"}, {"sensitivity", "Read otherwise, and what is missing"},
        {"notes", "Notes"},
    };
    html_words(out, "<nav class=\"contents\" aria-label=\"Parts of the report\">\n<ul>\n");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char section[COUNT_TEXT_SIZE];
        int size = snprintf(section, sizeof section, "<section id=\"%s\"", names[i][0]);
        if (memmem(parts.data, parts.size, section, (size_t)size))
            buffer_format(out, "<li><a href=\"#%s\">%s</a></li>\n", names[i][0], names[i][1]);
    }
    html_words(out, "</ul>\n</nav>\n");
}

static void html_parts(struct buffer *out, const struct value *document,
                       const struct article_links *links)
{
    html_health(out, document);
    if (text_is_exposed(document)) {
        html_metrics(out, document, links);
        html_segments(out, document, links);
        html_flow(out, document);
        html_times(out, document, links);
        html_retention(out, document);
        html_over_time(out, document, links);
    }
    html_words(out, "<section id=\"sensitivity\" aria-labelledby=\"sensitivity-title\">\n"
                    "<h2 id=\"sensitivity-title\">Read otherwise, and what is missing</h2>\n");
    if (text_is_exposed(document))
        html_sensitivity(out, document);
    html_planned(out, document);
    html_amendments(out, document);
    html_words(out, "</section>\n");
    html_notes(out, document);
}

static void html_article(struct buffer *out, const struct value *document,
                         const struct article_links *links)
{
    struct buffer parts = {0};
    html_parts(&parts, document, links);
    html_article_begin(out, document, links);
    html_head(out, document);
    html_verdict(out, document);
    html_contents(out, buffer_slice(&parts));
    buffer_add(out, buffer_slice(&parts));
    out->failed = out->failed || parts.failed;
    buffer_done(&parts);
    html_foot(out, document);
    html_words(out, "</article>\n");
}

void article_write(struct buffer *out, const struct value *document)
{
    html_article(out, document, NULL);
    html_data(out, document);
}

void article_write_light(struct buffer *out, const struct value *document,
                         const struct article_links *links)
{
    html_article(out, document, links);
}
