/*
 * The document of `core-actions` as JSON, text and csv.  Text: everyone first, then a table a
 * segment value, then what experiments did; every table says that it is an association.
 */

#include "report/core_actions.h"

#include "csv_members.h"
#include "render_parts.h"
#include "text_parts.h"

#include <stdio.h>

#define COLUMN_DID 38 /* the last column of each, and 1 */
#define COLUMN_WITH 53
#define COLUMN_WITHOUT 68
#define COLUMN_P 78
#define LABEL_WIDTH 24

static void right_measure(struct painter *painter, const struct value *object, const char *name,
                          unsigned column)
{
    struct buffer text = {0};
    if (member_is_null(object, name))
        buffer_add(&text, SLICE("-"));
    else
        measure_cell(&text, METRIC_CONVERSION, member_number(object, name));
    paint_right(painter, buffer_slice(&text), column);
    buffer_done(&text);
}

static void add_difference(struct buffer *text, const struct value *object, const char *estimate,
                           const struct value *limits)
{
    struct interval interval;
    if (member_is_null(object, estimate)) {
        buffer_add(text, SLICE("not known"));
        return;
    }
    measure_difference(text, METRIC_CONVERSION, member_number(object, estimate));
    if (interval_of(limits, &interval.low, &interval.high)) {
        buffer_add(text, SLICE(", "));
        measure_interval(text, METRIC_CONVERSION, &interval);
    }
}

/* A line of its own, wrapped. */
static void paint_line(struct painter *painter, struct buffer *text, unsigned column,
                       enum paint_style style)
{
    paint_to(painter, column);
    paint_style(painter, style);
    paint_wrapped(painter, buffer_slice(text), column);
    paint_style(painter, PAINT_PLAIN);
    buffer_done(text);
}

static void action_beside(struct painter *painter, const struct value *action)
{
    struct buffer text = {0};
    double low, high;
    add_difference(&text, action, "difference", member(action, "difference_interval"));
    if (interval_of(member(action, "risk_ratio_interval"), &low, &high))
        buffer_format(&text, "; risk ratio %.2f, %.2f to %.2f", member_number(action, "risk_ratio"),
                      low, high);
    if (!member_is_null(action, "phi"))
        buffer_format(&text, "; phi %.2f", member_number(action, "phi"));
    if (!member_is_null(action, "reason"))
        buffer_format(&text, ": %.*s", SLICE_ARGS(member_text(action, "reason")));
    else if (!member_is_true(action, "clear"))
        buffer_add(&text, SLICE("; not clear"));
    paint_line(painter, &text, 4, PAINT_DIM);
}

static void text_action(struct painter *painter, const struct value *action)
{
    char p[P_TEXT_SIZE] = "-";
    if (!member_is_null(action, "p_adjusted"))
        p_format(member_number(action, "p_adjusted"), p);
    paint_to(painter, 2);
    paint_clipped(painter, member_text(action, "action"), LABEL_WIDTH + 2);
    right_measure(painter, action, "did_share", COLUMN_DID);
    right_measure(painter, action, "retained_with", COLUMN_WITH);
    right_measure(painter, action, "retained_without", COLUMN_WITHOUT);
    paint_right(painter, slice_of(p), COLUMN_P);
    paint_end(painter);
    action_beside(painter, action);
}

static void text_score(struct painter *painter, const struct value *score)
{
    struct buffer text = {0};
    double low, high;
    if (member_is_null(score, "auc"))
        return;
    buffer_format(&text, "How many different ones: AUC %.3f", member_number(score, "auc"));
    if (interval_of(member(score, "auc_interval"), &low, &high))
        buffer_format(&text, ", %.3f to %.3f", low, high);
    buffer_add(&text, SLICE(" (0.5: says nothing; 1: parts those who stay from the others)"));
    paint_line(painter, &text, 2, PAINT_PLAIN);
}

static void text_slice(struct painter *painter, const struct value *slice)
{
    const struct value *actions = member(slice, "actions");
    char count[COUNT_TEXT_SIZE];
    struct buffer text = {0};
    paint_end(painter);
    paint_style(painter, PAINT_BOLD);
    if (member_is_null(slice, "segment")) {
        paint_text(painter, SLICE("Everyone"));
    } else {
        paint_clipped(painter, member_text(slice, "segment"), LABEL_WIDTH);
        paint_text(painter, SLICE(": "));
        paint_clipped(painter, member_text(slice, "value"), LABEL_WIDTH);
    }
    paint_style(painter, PAINT_PLAIN);
    measure_cell(&text, METRIC_CONVERSION, member_number(slice, "retained_share"));
    paint_format(painter, ", %s users, %.*s came back",
                 count_format(member_count(slice, "users"), count),
                 SLICE_ARGS(buffer_slice(&text)));
    buffer_done(&text);
    paint_end(painter);
    paint_style(painter, PAINT_DIM);
    paint_right(painter, SLICE("did it"), COLUMN_DID);
    paint_right(painter, SLICE("back, did it"), COLUMN_WITH);
    paint_right(painter, SLICE("back, did not"), COLUMN_WITHOUT);
    paint_right(painter, SLICE("p"), COLUMN_P);
    paint_style(painter, PAINT_PLAIN);
    paint_end(painter);
    for (size_t i = 0; actions && i < actions->count; i++)
        text_action(painter, &actions->items[i]);
    text_score(painter, member(slice, "score"));
}

static void effect_line(struct painter *painter, const char *what, const struct value *effect,
                        const char *missing)
{
    struct buffer text = {0};
    buffer_format(&text, "%s: ", what);
    if (!effect || effect->kind != VALUE_OBJECT) {
        buffer_add(&text, slice_of(missing));
    } else {
        add_difference(&text, effect, "estimate", member(effect, "interval"));
        buffer_format(&text, " (%.*s)", SLICE_ARGS(member_text(effect, "metric")));
    }
    paint_line(painter, &text, 4, PAINT_PLAIN);
}

static void text_experiments(struct painter *painter, const struct value *document)
{
    const struct value *list = member(document, "experiments");
    text_heading(painter, "What experiments that pushed an action did");
    paint_end(painter);
    if (!list || !list->count) {
        struct buffer text = {0};
        buffer_add(&text, SLICE("None has a conversion on one of these events as its goal or a "
                                "secondary metric, so nothing above is shown to help."));
        paint_line(painter, &text, 2, PAINT_PLAIN);
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct value *row = &list->items[i];
        paint_to(painter, 2);
        paint_clipped(painter, member_text(row, "action"), LABEL_WIDTH);
        paint_text(painter, SLICE(" in "));
        paint_clipped(painter, member_text(row, "experiment"), LABEL_WIDTH);
        paint_text(painter, SLICE(", "));
        paint_clipped(painter, member_text(row, "variant"), LABEL_WIDTH - 2);
        paint_end(painter);
        effect_line(painter, "the action", member(row, "action_effect"), "no result yet");
        effect_line(painter, "retention", member(row, "retention_effect"),
                    member_is_true(row, "retention_measured") ? "no result yet"
                                                              : "not measured there");
    }
}

static void text_head(struct painter *painter, const struct value *document)
{
    const struct value *retained = member(document, "retained");
    char seen[COUNT_TEXT_SIZE], fresh[COUNT_TEXT_SIZE];
    struct buffer text = {0};
    paint_style(painter, PAINT_BOLD);
    paint_text(painter, SLICE("Which early actions go with coming back"));
    paint_style(painter, PAINT_PLAIN);
    paint_end(painter);
    buffer_add(&text, member_text(document, "meaning"));
    paint_line(painter, &text, 0, PAINT_NOTE);
    text = (struct buffer){0};
    buffer_format(&text,
                  "Actions in the first %.*s; back: %.*s, %.*s. p is corrected for all "
                  "actions and segments shown (Benjamini and Hochberg).",
                  SLICE_ARGS(member_text(document, "landmark")),
                  SLICE_ARGS(member_text(retained, "name")),
                  SLICE_ARGS(member_text(retained, "window")));
    paint_line(painter, &text, 0, PAINT_PLAIN);
    text = (struct buffer){0};
    buffer_format(&text, "%s users seen, %s of them too new to tell; as of %.*s.",
                  count_format(member_count(document, "users_seen"), seen),
                  count_format(member_count(document, "users_too_new"), fresh),
                  SLICE_ARGS(member_text(document, "as_of")));
    if (member_count(document, "records_dropped"))
        buffer_add(&text, SLICE(" Older records were dropped (--retention): whoever was first seen "
                                "in them counts from what is left."));
    paint_line(painter, &text, 0, PAINT_PLAIN);
}

void core_actions_text(struct buffer *out, const struct value *document,
                       const struct render_options *options)
{
    struct painter painter = {.out = out, .columns = options->columns, .color = options->color};
    const struct value *slices = member(document, "slices");
    text_head(&painter, document);
    if (!slices || !slices->count) {
        paint_text(&painter, SLICE("Nobody has been followed long enough yet."));
        paint_end(&painter);
    }
    for (size_t i = 0; slices && i < slices->count; i++)
        text_slice(&painter, &slices->items[i]);
    text_experiments(&painter, document);
}

void core_actions_csv(struct buffer *out, const struct value *document)
{
    static const char *const slice_columns[] = {"segment", "value", "users", "retained"};
    static const char *const columns[] = {"action",
                                          "did",
                                          "did_share",
                                          "retained_of_did",
                                          "retained_of_others",
                                          "retained_with",
                                          "retained_without",
                                          "difference",
                                          "difference_interval",
                                          "risk_ratio",
                                          "risk_ratio_interval",
                                          "phi",
                                          "p",
                                          "p_adjusted",
                                          "clear",
                                          "did_share_interval",
                                          "phi_interval"};
    const struct value *slices = member(document, "slices");
    csv_names(out, slice_columns, sizeof slice_columns / sizeof *slice_columns);
    csv_names(out, columns, sizeof columns / sizeof *columns);
    csv_end(out);
    for (size_t i = 0; slices && i < slices->count; i++) {
        const struct value *actions = member(&slices->items[i], "actions");
        for (size_t j = 0; actions && j < actions->count; j++) {
            csv_members(out, &slices->items[i], slice_columns,
                        sizeof slice_columns / sizeof *slice_columns);
            csv_members(out, &actions->items[j], columns, sizeof columns / sizeof *columns);
            csv_end(out);
        }
    }
}
