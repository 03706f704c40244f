/*
 * Which early actions go with coming back, as a page: the document of `gangway core-actions` and of
 * GET /v1/core-actions (analysis/core_actions.h).  That it is an association stands above all
 * figures; beside them stands what experiments that moved an action did, the one thing that tells
 * whether the action helps.
 *
 * Everyone first, then a folded part for each segment, a table a value.  In each row a picture of
 * the two shares: hollow where people did not do it, filled where they did.
 */

#include "figures.h"

#include "analysis/measure.h"

#define PICTURE_WIDTH 100.0

/* ---- Cells ---- */

static void share_cell(struct buffer *out, const char *label, const struct value *object,
                       const char *name)
{
    double share;
    cell_begin(out, label, "number");
    if (number_of(object, name, &share))
        measure_cell(out, METRIC_CONVERSION, share);
    else
        none_add(out);
    markup_add(out, "</td>\n");
}

/* "+15.45 points" and, below, its interval. */
static void difference_add(struct buffer *out, const struct value *object, const char *estimate,
                           const char *limits)
{
    struct interval interval;
    double difference;
    if (!number_of(object, estimate, &difference)) {
        none_add(out);
        return;
    }
    measure_difference(out, METRIC_CONVERSION, difference);
    if (!limits_of(object, limits, &interval))
        return;
    markup_add(out, " <span class=\"under\">");
    measure_interval(out, METRIC_CONVERSION, &interval);
    markup_add(out, "</span>");
}

static void ratio_cell(struct buffer *out, const struct value *action)
{
    struct interval interval;
    double ratio;
    cell_begin(out, "Risk ratio", "number");
    if (!number_of(action, "risk_ratio", &ratio)) {
        none_add(out);
    } else {
        buffer_format(out, "%.2f", ratio);
        if (limits_of(action, "risk_ratio_interval", &interval))
            buffer_format(out, " <span class=\"under\">%.2f to %.2f</span>", interval.low,
                          interval.high);
    }
    markup_add(out, "</td>\n");
}

static void phi_cell(struct buffer *out, const struct value *action)
{
    struct interval interval;
    double phi;
    cell_begin(out, "phi", "number");
    if (!number_of(action, "phi", &phi)) {
        none_add(out);
    } else {
        buffer_format(out, "%.2f", phi);
        if (limits_of(action, "phi_interval", &interval))
            buffer_format(out, " <span class=\"under\">%.2f to %.2f</span>", interval.low,
                          interval.high);
    }
    markup_add(out, "</td>\n");
}

static void p_cell(struct buffer *out, const struct value *action)
{
    const struct value *clear = member_of(action, "clear");
    double p;
    cell_begin(out, "p", "number");
    if (!number_of(action, "p_adjusted", &p))
        none_add(out);
    else if (p < 0.0001)
        markup_add(out, "&lt;0.0001");
    else
        buffer_format(out, p < 0.1 ? "%.3f" : "%.2f", p);
    if (clear && clear->kind == VALUE_BOOLEAN && !clear->boolean)
        markup_add(out, " <span class=\"under\">not clear</span>");
    markup_add(out, "</td>\n");
}

static void picture_cell(struct buffer *out, const struct value *action)
{
    double with, without;
    cell_begin(out, "Came back", "picture");
    if (number_of(action, "retained_with", &with) &&
        number_of(action, "retained_without", &without))
        buffer_format(out,
                      "<svg class=\"shares\" viewBox=\"-4 0 108 12\" aria-hidden=\"true\">"
                      "<line class=\"scale\" x1=\"0\" x2=\"100\" y1=\"6\" y2=\"6\"/>"
                      "<line class=\"span\" x1=\"%.1f\" x2=\"%.1f\" y1=\"6\" y2=\"6\"/>"
                      "<circle class=\"hollow\" cx=\"%.1f\" cy=\"6\" r=\"3\"/>"
                      "<circle class=\"filled\" cx=\"%.1f\" cy=\"6\" r=\"3\"/></svg>",
                      PICTURE_WIDTH * without, PICTURE_WIDTH * with, PICTURE_WIDTH * without,
                      PICTURE_WIDTH * with);
    markup_add(out, "</td>\n");
}

static void write_action(struct buffer *out, const struct value *action)
{
    markup_add(out, "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\">");
    html_safe_name(out, value_member_text(action, "action"));
    markup_add(out, "</th>\n");
    share_cell(out, "Did it", action, "did_share");
    share_cell(out, "Back, of who did", action, "retained_with");
    share_cell(out, "Back, of who did not", action, "retained_without");
    picture_cell(out, action);
    cell_begin(out, "Difference", "number");
    difference_add(out, action, "difference", "difference_interval");
    markup_add(out, "</td>\n");
    ratio_cell(out, action);
    phi_cell(out, action);
    p_cell(out, action);
    markup_add(out, "</tr>\n");
}

/* ---- Tables ---- */

static void write_caption(struct buffer *out, const struct value *slice)
{
    double share;
    markup_add(out, "<table role=\"table\" class=\"figures\">\n<caption>");
    if (value_member_text(slice, "segment").size)
        html_safe_name(out, value_member_text(slice, "value"));
    else
        markup_add(out, "Everyone");
    markup_add(out, ": ");
    number_of_add(out, count_of(slice, "users"), "user");
    if (number_of(slice, "retained_share", &share)) {
        markup_add(out, ", ");
        measure_cell(out, METRIC_CONVERSION, share);
        markup_add(out, " came back");
    }
    markup_add(out, "</caption>\n");
}

static void write_score(struct buffer *out, const struct value *score)
{
    struct interval interval;
    double area;
    if (!number_of(score, "auc", &area))
        return;
    buffer_format(out, "<p class=\"under\">How many different ones: AUC %.3f", area);
    if (limits_of(score, "auc_interval", &interval))
        buffer_format(out, ", %.3f to %.3f", interval.low, interval.high);
    markup_add(out, " (0.5 says nothing; 1 parts those who stay from the others).</p>\n");
}

static void write_slice(struct buffer *out, const struct value *slice)
{
    static const char *const columns[] = {
        "Action",    "Did it",     "Back, of who did", "Back, of who did not",
        "0 to 100%", "Difference", "Risk ratio",       "phi",
        "p"};
    const struct value *actions = member_of(slice, "actions");
    write_caption(out, slice);
    table_begin(out, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; actions && i < actions->count; i++)
        write_action(out, &actions->items[i]);
    markup_add(out, "</tbody></table>\n");
    write_score(out, member_of(slice, "score"));
}

/* Slices of one segment stand together. */
static void write_slices(struct buffer *out, const struct value *slices)
{
    struct slice open = {0};
    if (!slices || !slices->count) {
        markup_add(out, "<p class=\"empty\">Nobody has been followed long enough yet.</p>\n");
        return;
    }
    for (size_t i = 0; i < slices->count; i++) {
        struct slice segment = value_member_text(&slices->items[i], "segment");
        if (!slice_equal(segment, open)) {
            markup_add(out, open.size ? "</details>\n" : "");
            markup_add(out, "<details class=\"by\"><summary><h2>By ");
            html_safe_name(out, segment);
            markup_add(out, "</h2></summary>\n");
        }
        open = segment;
        write_slice(out, &slices->items[i]);
    }
    markup_add(out, open.size ? "</details>\n" : "");
}

static void effect_cell(struct buffer *out, const char *label, const struct value *row,
                        const char *name, const char *missing)
{
    const struct value *effect = member_of(row, name);
    cell_begin(out, label, "number");
    if (effect && effect->kind == VALUE_OBJECT)
        difference_add(out, effect, "estimate", "interval");
    else
        markup_add(out, missing);
    markup_add(out, "</td>\n");
}

static void write_experiment(struct buffer *out, const struct value *row)
{
    const struct value *measured = member_of(row, "retention_measured");
    bool is_measured = measured && measured->kind == VALUE_BOOLEAN && measured->boolean;
    markup_add(out, "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\">");
    html_safe_name(out, value_member_text(row, "action"));
    markup_add(out, "</th>\n");
    cell_begin(out, "Experiment", "name");
    markup_add(out, "<a href=\"/experiments/");
    dashboard_path_add(out, value_member_text(row, "experiment"));
    markup_add(out, "\">");
    html_safe_name(out, value_member_text(row, "experiment"));
    markup_add(out, "</a> <span class=\"under\">");
    html_safe_name(out, value_member_text(row, "variant"));
    markup_add(out, "</span></td>\n");
    effect_cell(out, "Effect on the action", row, "action_effect", "no result yet");
    effect_cell(out, "Effect on retention", row, "retention_effect",
                is_measured ? "no result yet" : "not measured there");
    markup_add(out, "</tr>\n");
}

static void write_experiments(struct buffer *out, const struct value *list)
{
    static const char *const columns[] = {"Action", "Experiment", "Effect on the action",
                                          "Effect on retention"};
    markup_add(out, "<h2>What experiments that pushed an action did</h2>\n");
    if (!list || !list->count) {
        markup_add(out, "<p class=\"lead\">None has a conversion on one of these events as its "
                        "goal or a secondary metric, so nothing here is shown to help.</p>\n");
        return;
    }
    markup_add(out, "<table role=\"table\" class=\"figures\">\n<caption>Effects, not "
                    "associations: each against its control</caption>\n");
    table_begin(out, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < list->count; i++)
        write_experiment(out, &list->items[i]);
    markup_add(out, "</tbody></table>\n");
}

static void write_facts(struct buffer *out, const struct value *document)
{
    const struct value *retained = member_of(document, "retained");
    markup_add(out, "<p class=\"flag\"><strong>An association.</strong> ");
    html_safe(out, value_member_text(document, "meaning"));
    markup_add(out, "</p>\n<p class=\"lead\">Actions in the first ");
    html_safe(out, value_member_text(document, "landmark"));
    markup_add(out, "; back: ");
    html_safe_name(out, value_member_text(retained, "name"));
    markup_add(out, ", ");
    html_safe(out, value_member_text(retained, "window"));
    markup_add(out, ". p is corrected for all actions and segments shown (Benjamini and "
                    "Hochberg). Hollow: who did not; filled: who did.</p>\n<p class=\"lead\">");
    number_of_add(out, count_of(document, "users_seen"), "user");
    markup_add(out, " seen, ");
    count_add(out, count_of(document, "users_too_new"));
    markup_add(out, " of them too new to tell; as of ");
    html_safe(out, value_member_text(document, "as_of"));
    markup_add(out, ".</p>\n");
}

void dashboard_core_actions(struct buffer *out, const struct value *document)
{
    markup_add(out, "<h1>Core actions</h1>\n");
    write_facts(out, document);
    write_slices(out, member_of(document, "slices"));
    write_experiments(out, member_of(document, "experiments"));
}
