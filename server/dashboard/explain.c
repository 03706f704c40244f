/*
 * Why a metric changed, as a page: a form that asks by its address, so that it works without
 * scripts and any answer can be sent to somebody; below it the document of `gangway explain`
 * (analysis/explain.h).
 *
 * First the sentence; then one picture, a bar for each part of each segment with its interval, on
 * one scale, and the same figures beside the bars; then a folded table a segment, a row a value.
 */

#include "figures.h"

#include "analysis/measure.h"

#include <math.h>

#define PICTURE_HALF 100.0 /* of the picture's width on each side of no change */

static const char *const part_names[] = {"within", "weight", "mix"};
#define PARTS (sizeof part_names / sizeof *part_names)

/* ---- The form ---- */

static void option_add(struct buffer *out, struct slice value, struct slice words,
                       struct slice chosen)
{
    markup_add(out, "<option value=\"");
    html_safe(out, value);
    markup_add(out, slice_equal(value, chosen) ? "\" selected>" : "\">");
    html_safe(out, words);
    markup_add(out, "</option>\n");
}

static void select_begin(struct buffer *out, const char *name, const char *words)
{
    buffer_format(out, "<label><span>%s</span>\n<select name=\"%s\">\n", words, name);
}

static void select_end(struct buffer *out)
{
    markup_add(out, "</select></label>\n");
}

static void write_metrics(struct buffer *out, const struct catalogue *catalogue,
                          struct slice chosen)
{
    select_begin(out, "metric", "Metric");
    for (size_t i = 0; i < catalogue->metric_count; i++)
        if (catalogue->metrics[i].kind != METRIC_RETENTION_CURVE)
            option_add(out, catalogue->metrics[i].name, catalogue->metrics[i].title, chosen);
    select_end(out);
}

static void write_experiments(struct buffer *out, const struct catalogue *catalogue,
                              struct slice chosen)
{
    select_begin(out, "experiment", "Of whom");
    option_add(out, SLICE(""), SLICE("Everyone"), chosen);
    for (size_t i = 0; i < catalogue->experiment_count; i++)
        if (catalogue->experiments[i].status != EXPERIMENT_DRAFT)
            option_add(out, catalogue->experiments[i].key, catalogue->experiments[i].key, chosen);
    select_end(out);
}

static void write_segments(struct buffer *out, const struct catalogue *catalogue,
                           struct slice chosen)
{
    select_begin(out, "segment", "By");
    option_add(out, SLICE(""), SLICE("Each segment"), chosen);
    option_add(out, SLICE("variant"), SLICE("Variant, of an experiment"), chosen);
    for (size_t i = 0; i < catalogue->segment_count; i++)
        option_add(out, catalogue->segments[i].name, catalogue->segments[i].name, chosen);
    select_end(out);
}

/* A day to be picked; a range as it was written. */
static void write_day(struct buffer *out, const char *name, const char *words, struct slice value)
{
    bool is_range = value.size && memmem(value.data, value.size, "..", 2);
    buffer_format(out, "<label><span>%s</span>\n<input type=\"%s\" name=\"%s\" required value=\"",
                  words, is_range ? "text" : "date", name);
    html_safe(out, value);
    markup_add(out, "\"></label>\n");
}

static void write_form(struct buffer *out, const struct dashboard_question *question,
                       const struct catalogue *catalogue)
{
    markup_add(out, "<form class=\"ask\" method=\"get\" action=\"/explain\">\n");
    write_metrics(out, catalogue, question->metric);
    write_experiments(out, catalogue, question->experiment);
    write_day(out, "from", "Who came from", question->from);
    write_day(out, "to", "against who came from", question->to);
    buffer_format(
        out,
        "<label><span>Days of each</span>\n<input type=\"number\" name=\"days\" min=\"1\" "
        "max=\"365\" required value=\"%lld\"></label>\n",
        (long long)question->days);
    write_segments(out, catalogue, question->segment);
    if (question->variant.size) {
        markup_add(out, "<input type=\"hidden\" name=\"variant\" value=\"");
        html_safe(out, question->variant);
        markup_add(out, "\">\n");
    }
    markup_add(out, "<button>Explain</button>\n</form>\n");
}

/* ---- Figures ---- */

/* "+15.45 points" and, below, its interval. */
static void part_add(struct buffer *out, enum metric_kind kind, const struct value *part)
{
    struct interval interval;
    double value;
    if (!number_of(part, "value", &value)) {
        none_add(out);
        return;
    }
    measure_difference(out, kind, value);
    if (!limits_of(part, "interval", &interval))
        return;
    markup_add(out, " <span class=\"under\">");
    measure_interval(out, kind, &interval);
    markup_add(out, "</span>");
}

static void part_cell(struct buffer *out, const char *label, enum metric_kind kind,
                      const struct value *row, const char *name)
{
    cell_begin(out, label, "number");
    part_add(out, kind, member_of(row, name));
    markup_add(out, "</td>\n");
}

static void units_cell(struct buffer *out, const struct value *row)
{
    cell_begin(out, "Units", "number");
    count_add(out, count_of(member_of(row, "from"), "units"));
    markup_add(out, " to ");
    count_add(out, count_of(member_of(row, "to"), "units"));
    markup_add(out, "</td>\n");
}

/* "50.0% to 25.0%" */
static void pair_cell(struct buffer *out, const char *label, enum metric_kind kind,
                      const struct value *row, const char *name)
{
    static const char *const ends[] = {"from", "to"};
    cell_begin(out, label, "number");
    for (size_t i = 0; i < 2; i++) {
        double value;
        markup_add(out, i ? " to " : "");
        if (number_of(member_of(row, ends[i]), name, &value))
            measure_cell(out, kind, value);
        else
            none_add(out);
    }
    markup_add(out, "</td>\n");
}

/* ---- The picture ---- */

/* The largest of what is drawn, without sign; 0: nothing is. */
static double reach_of(const struct value *segments)
{
    double reach = 0;
    for (size_t i = 0; segments && i < segments->count; i++)
        for (size_t j = 0; j < PARTS; j++) {
            struct interval interval;
            if (limits_of(member_of(&segments->items[i], part_names[j]), "interval", &interval))
                reach = fmax(reach, fmax(fabs(interval.low), fabs(interval.high)));
        }
    return reach;
}

static void picture_cell(struct buffer *out, const struct value *part, const char *name,
                         double reach)
{
    struct interval interval;
    double value;
    cell_begin(out, "Bar", "picture");
    if (reach > 0 && number_of(part, "value", &value) && limits_of(part, "interval", &interval)) {
        double scale = PICTURE_HALF / reach, from = value < 0 ? value : 0;
        buffer_format(out,
                      "<svg class=\"parts\" viewBox=\"-102 0 204 14\" aria-hidden=\"true\">"
                      "<rect class=\"%s\" x=\"%.1f\" width=\"%.1f\" y=\"2\" height=\"10\"/>"
                      "<line class=\"span\" x1=\"%.1f\" x2=\"%.1f\" y1=\"7\" y2=\"7\"/>"
                      "<line class=\"zero\" x1=\"0\" x2=\"0\" y1=\"0\" y2=\"14\"/></svg>",
                      name, scale * from, scale * fabs(value), scale * interval.low,
                      scale * interval.high);
    }
    markup_add(out, "</td>\n");
}

static void write_picture_row(struct buffer *out, enum metric_kind kind,
                              const struct value *segment, const char *name, double reach)
{
    const struct value *part = member_of(segment, name);
    if (!part || part->kind != VALUE_OBJECT)
        return;
    markup_add(out, "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\">");
    html_safe_name(out, value_member_text(segment, "segment"));
    buffer_format(out, ": %s</th>\n", name);
    picture_cell(out, part, name, reach);
    cell_begin(out, "Part of the change", "number");
    part_add(out, kind, part);
    markup_add(out, "</td>\n</tr>\n");
}

static void write_picture(struct buffer *out, enum metric_kind kind, const struct value *segments)
{
    static const char *const columns[] = {"Segment", "Bar", "Part of the change"};
    double reach = reach_of(segments);
    const char *unit = measure_unit(kind);
    markup_add(out, "<figure class=\"parts\">\n<figcaption>How to read it: each bar is a part of "
                    "the change");
    buffer_format(out,
                  "%s%s, from no change in the middle; the line through it is its 95%% "
                  "interval. The bars of one segment add up to the whole change.",
                  *unit ? ", in " : "", unit);
    markup_add(out, "</figcaption>\n<table role=\"table\" class=\"figures\">\n"
                    "<caption>What the change is made of</caption>\n");
    table_begin(out, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < segments->count; i++)
        for (size_t j = 0; j < PARTS; j++)
            write_picture_row(out, kind, &segments->items[i], part_names[j], reach);
    markup_add(out, "</tbody></table>\n</figure>\n");
}

/* ---- A table a segment ---- */

static void write_value(struct buffer *out, enum metric_kind kind, const struct value *row,
                        bool has_weight)
{
    markup_add(out, "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\">");
    html_safe_name(out, value_member_text(row, "value"));
    markup_add(out, "</th>\n");
    units_cell(out, row);
    pair_cell(out, "Share", METRIC_CONVERSION, row, "share");
    if (has_weight)
        pair_cell(out, "Weight a unit", METRIC_COUNT, row, "weight");
    pair_cell(out, "Rate", kind, row, "rate");
    part_cell(out, "Within", kind, row, "within");
    if (has_weight)
        part_cell(out, "Weight", kind, row, "weight");
    part_cell(out, "Mix", kind, row, "mix");
    markup_add(out, "</tr>\n");
}

static void write_segment(struct buffer *out, enum metric_kind kind, const struct value *segment,
                          bool has_weight)
{
    static const char *const plain[] = {"Value", "Units", "Share", "Rate", "Within", "Mix"};
    static const char *const weighted[] = {"Value", "Units",  "Share",  "Weight a unit",
                                           "Rate",  "Within", "Weight", "Mix"};
    const struct value *values = member_of(segment, "values");
    struct slice reason = value_member_text(segment, "reason");
    markup_add(out, "<details class=\"by\"><summary><h2>By ");
    html_safe_name(out, value_member_text(segment, "segment"));
    markup_add(out, "</h2></summary>\n");
    if (reason.size) {
        markup_add(out, "<p class=\"lead\">It cannot be split by this one: ");
        html_safe(out, reason);
        markup_add(out, ".</p>\n");
    }
    markup_add(out,
               "<table role=\"table\" class=\"figures split\">\n<caption>Before to after, and each "
               "value's part</caption>\n");
    if (has_weight)
        table_begin(out, weighted, sizeof weighted / sizeof *weighted);
    else
        table_begin(out, plain, sizeof plain / sizeof *plain);
    for (size_t i = 0; values && i < values->count; i++)
        write_value(out, kind, &values->items[i], has_weight);
    markup_add(out, "</tbody></table>\n</details>\n");
}

/* ---- The answer ---- */

static void write_range(struct buffer *out, const struct value *document, const char *name)
{
    const struct value *range = member_of(document, name);
    html_safe(out, value_member_text(range, "first"));
    markup_add(out, " to ");
    html_safe(out, value_member_text(range, "last"));
    markup_add(out, " (");
    count_add(out, count_of(range, "units"));
    markup_add(out, " ");
    html_safe(out, value_member_text(document, "unit"));
    markup_add(out, ")");
}

static void write_link(struct buffer *out, const struct dashboard_question *question)
{
    const struct {
        const char *name;
        struct slice value;
    } parameters[] = {
        {"from", question->from},       {"to", question->to},
        {"metric", question->metric},   {"variant", question->variant},
        {"segment", question->segment}, {"experiment", question->experiment},
    };
    buffer_format(out, "<a href=\"/v1/explain?days=%lld", (long long)question->days);
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
        if (!parameters[i].value.size)
            continue;
        buffer_format(out, "&amp;%s=", parameters[i].name);
        url_text(out, parameters[i].value, false);
    }
    markup_add(out, "\">The same as JSON</a>");
}

static void write_facts(struct buffer *out, const struct dashboard_question *question,
                        const struct value *document)
{
    struct slice divisor = value_member_text(document, "divided_by");
    markup_add(out, "<p class=\"lead\">Of ");
    html_safe(out, value_member_text(document, "population"));
    markup_add(out, ": ");
    write_range(out, document, "from");
    markup_add(out, ", against ");
    write_range(out, document, "to");
    if (count_of(document, "units_too_new")) {
        markup_add(out, "; ");
        count_add(out, count_of(document, "units_too_new"));
        markup_add(out, " more came too late to be followed long enough");
    }
    markup_add(out, ". As of ");
    html_safe(out, value_member_text(document, "as_of"));
    markup_add(out, ". ");
    write_link(out, question);
    markup_add(out, "</p>\n<p class=\"lead\"><strong>within</strong>: the same kind behaved "
                    "otherwise; ");
    if (divisor.size) {
        markup_add(out, "<strong>weight</strong>: the same kind brought more or less of \"");
        html_safe_name(out, divisor);
        markup_add(out, "\"; ");
    }
    markup_add(out, "<strong>mix</strong>: others came.</p>\n<p class=\"flag\"><strong>No "
                    "cause.</strong> ");
    html_safe(out, value_member_text(document, "meaning"));
    markup_add(out, "</p>\n");
}

static void write_answer(struct buffer *out, const struct dashboard_question *question,
                         const struct value *document)
{
    enum metric_kind kind = measure_kind(value_member_text(document, "kind"));
    const struct value *segments = member_of(document, "segments");
    bool has_weight = value_member_text(document, "divided_by").size > 0;
    markup_add(out, "<p class=\"answer\">");
    html_safe(out, value_member_text(document, "sentence"));
    markup_add(out, "</p>\n");
    write_facts(out, question, document);
    if (!segments || !segments->count)
        return;
    write_picture(out, kind, segments);
    for (size_t i = 0; i < segments->count; i++)
        write_segment(out, kind, &segments->items[i], has_weight);
}

void dashboard_explain(struct buffer *out, const struct dashboard_question *question,
                       const struct catalogue *catalogue, const struct value *document,
                       struct slice fault)
{
    markup_add(out, "<h1>Why did a metric change?</h1>\n<p class=\"lead\">Because others came, or "
                    "because the same kind of people did otherwise: two ranges of days of "
                    "arrival, taken apart.</p>\n");
    write_form(out, question, catalogue);
    if (fault.size && !document) {
        markup_add(out,
                   "<p class=\"flag\" role=\"alert\"><strong>This cannot be answered.</strong> ");
        html_safe(out, fault);
        markup_add(out, ".</p>\n");
    }
    if (document)
        write_answer(out, question, document);
}
