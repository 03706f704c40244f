/*
 * The document as text for a terminal, in the order in which a reader needs it: the verdict, can it
 * be trusted, the metrics, what is planned.  Fits `columns`; without colour it says the same.
 */

#include "render_parts.h"
#include "text_parts.h"

#include "analysis/measure.h"

#include <math.h>
#include <stdio.h>

const struct value *member(const struct value *object, const char *name)
{
    return value_member(object, slice_of(name));
}

double member_number(const struct value *object, const char *name)
{
    const struct value *found = member(object, name);
    return found && value_is_number(found) ? found->number : 0;
}

uint64_t member_count(const struct value *object, const char *name)
{
    const struct value *found = member(object, name);
    return found && found->kind == VALUE_INTEGER && found->integer > 0 ? (uint64_t)found->integer
                                                                       : 0;
}

bool member_is_true(const struct value *object, const char *name)
{
    const struct value *found = member(object, name);
    return found && found->kind == VALUE_BOOLEAN && found->boolean;
}

bool member_is_null(const struct value *object, const char *name)
{
    const struct value *found = member(object, name);
    return !found || found->kind == VALUE_NULL;
}

struct slice member_text(const struct value *object, const char *name)
{
    return value_member_text(object, name);
}

bool interval_of(const struct value *list, double *low, double *high)
{
    if (!list || list->kind != VALUE_LIST || list->count != 2)
        return false;
    *low = list->items[0].number;
    *high = list->items[1].number;
    return true;
}

bool text_is_exposed(const struct value *document)
{
    const struct value *variants = member(document, "variants");
    for (size_t i = 0; variants && i < variants->count; i++)
        if (member_count(&variants->items[i], "exposed"))
            return true;
    return false;
}

void text_heading(struct painter *painter, const char *heading)
{
    paint_end(painter);
    paint_style(painter, PAINT_BOLD);
    paint_text(painter, slice_of(heading));
    paint_style(painter, PAINT_PLAIN);
}

char *p_format(double p, char text[static P_TEXT_SIZE])
{
    if (p < 1e-4)
        snprintf(text, P_TEXT_SIZE, "<0.0001");
    else
        snprintf(text, P_TEXT_SIZE, "%.2g", p);
    return text;
}

/* The day of a time "2026-11-23T18:00:00Z". */
static struct slice day_text(struct slice time)
{
    if (time.size > 10)
        time.size = 10;
    return time;
}

static void text_title(struct painter *painter, const struct value *document)
{
    struct slice key = member_text(document, "experiment");
    unsigned key_width = paint_width(key);
    if (key_width > painter->columns / 3)
        key_width = painter->columns / 3;
    unsigned room = painter->columns - key_width - 2;
    paint_style(painter, PAINT_BOLD);
    paint_clipped(painter, member_text(document, "name"), room);
    paint_style(painter, PAINT_PLAIN);
    paint_to(painter, painter->columns - key_width);
    paint_style(painter, PAINT_DIM);
    paint_clipped(painter, key, key_width);
    paint_style(painter, PAINT_PLAIN);
    paint_end(painter);
}

/* Whose it is, and when its intervals may be read. */
static void text_design(struct painter *painter, const struct value *document)
{
    static const struct {
        const char *peeking, *words;
    } designs[] = {{"hybrid", "read on any day, and one final test"},
                   {"always", "read on any day, no final test"},
                   {"fixed", "one final test"}};
    struct slice owner = member_text(document, "owner");
    const char *words = "";
    for (size_t i = 0; i < sizeof designs / sizeof designs[0]; i++)
        if (slice_equals(member_text(document, "peeking"), designs[i].peeking))
            words = designs[i].words;
    paint_style(painter, PAINT_DIM);
    paint_format(painter, "confidence %.4g%%, %s", 100 * member_number(document, "confidence"),
                 words);
    if (owner.size && painter->at + 20 < painter->columns) {
        paint_text(painter, SLICE("; owner "));
        paint_clipped(painter, owner, painter->columns - painter->at);
    }
    paint_style(painter, PAINT_PLAIN);
    paint_end(painter);
}

static void text_dates(struct painter *painter, const struct value *document)
{
    struct slice start = day_text(member_text(document, "start"));
    struct slice end = day_text(member_text(document, "end"));
    struct slice as_of = member_text(document, "as_of");
    paint_style(painter, PAINT_DIM);
    paint_text(painter, member_text(document, "status"));
    if (start.size) {
        paint_text(painter, end.size ? SLICE(", ") : SLICE(" since "));
        paint_text(painter, start);
    }
    if (end.size) {
        paint_text(painter, start.size ? SLICE(" to ") : SLICE(" until "));
        paint_text(painter, end);
    }
    if (member_number(document, "phase") > 1)
        paint_format(painter, ", phase %.0f", member_number(document, "phase"));
    paint_format(painter, ", as of %.*s %.*s UTC", SLICE_ARGS(day_text(as_of)), 5,
                 as_of.size > 16 ? as_of.data + 11 : "");
    paint_style(painter, PAINT_PLAIN);
    paint_end(painter);
    text_design(painter, document);
}

static void text_paragraph(struct painter *painter, const char *label, struct slice text)
{
    if (!text.size)
        return;
    paint_style(painter, PAINT_DIM);
    paint_text(painter, slice_of(label));
    paint_style(painter, PAINT_PLAIN);
    paint_to(painter, 12);
    paint_wrapped(painter, text, 12);
}

struct verdict_look {
    const char *code, *label;
    enum paint_style style;
};
static const struct verdict_look verdict_looks[] = {
    {"not_started", "NOT STARTED", PAINT_NOTE},
    {"keep_running", "KEEP RUNNING", PAINT_NOTE},
    {"ship", "SHIP", PAINT_GOOD},
    {"stop_harm", "STOP: HARM", PAINT_BAD},
    {"no_difference", "NO DIFFERENCE", PAINT_WARN},
    {"inconclusive", "INCONCLUSIVE", PAINT_WARN},
    {"do_not_trust", "DO NOT TRUST", PAINT_BAD},
};

static void text_verdict(struct painter *painter, const struct value *document)
{
    const struct value *verdict = member(document, "verdict");
    struct slice code = member_text(verdict, "code"), variant = member_text(verdict, "variant");
    struct verdict_look look = {.label = "", .style = PAINT_BOLD};
    for (size_t i = 0; i < sizeof verdict_looks / sizeof verdict_looks[0]; i++)
        if (slice_equals(code, verdict_looks[i].code))
            look = verdict_looks[i];
    paint_end(painter);
    paint_style(painter, look.style);
    paint_format(painter, "▌ %s", look.label);
    if (variant.size) {
        paint_text(painter, SLICE("  "));
        paint_clipped(painter, variant, painter->columns - painter->at);
    }
    paint_style(painter, PAINT_PLAIN);
    struct slice title = member_text(variant_in(member(document, "variants"), variant), "name");
    if (variant.size && title.size && !slice_equal(title, variant) &&
        painter->at + 6 < painter->columns) {
        paint_text(painter, SLICE("  "));
        paint_clipped(painter, title, painter->columns - painter->at);
    }
    paint_end(painter);
    paint_wrapped(painter, member_text(verdict, "text"), 2);
}

/* In the words of the first goal's kind. */
static void text_detectable(struct painter *painter, const struct value *document,
                            const struct value *planned, const char *words)
{
    const struct value *metrics = member(document, "metrics");
    enum metric_kind kind =
        metrics->count ? measure_kind(member_text(&metrics->items[0], "kind")) : METRIC_KIND_COUNT;
    struct buffer text = {0};
    if (kind == METRIC_KIND_COUNT || member_is_null(planned, "detectable_difference"))
        return;
    measure_extent(&text, kind, member_number(planned, "detectable_difference"));
    paint_text(painter, slice_of(words));
    paint_text(painter, buffer_slice(&text));
    if (!member_is_null(planned, "detectable_lift"))
        paint_format(painter, " (lift %.1f%%)", 100 * member_number(planned, "detectable_lift"));
    paint_end(painter);
    buffer_done(&text);
}

static void text_planned(struct painter *painter, const struct value *document)
{
    const struct value *planned = member(document, "planned");
    char text[COUNT_TEXT_SIZE];
    struct slice cohort = member_text(planned, "final_cohort");
    text_heading(painter, "Planned");
    paint_end(painter);
    paint_text(painter, SLICE("  "));
    if (member_is_null(planned, "units"))
        paint_text(painter, SLICE("no size is planned"));
    else
        paint_format(painter, "%s units",
                     count_format((uint64_t)member_number(planned, "units"), text));
    if (member_number(planned, "units_left") > 0)
        paint_format(painter, ", %s to go",
                     count_format((uint64_t)member_number(planned, "units_left"), text));
    if (member_number(planned, "units_a_day") > 0)
        paint_format(painter, ", %s a day lately",
                     count_format((uint64_t)member_number(planned, "units_a_day"), text));
    if (!member_is_null(planned, "size_cohort"))
        paint_format(painter, ", that size on %.*s",
                     SLICE_ARGS(member_text(planned, "size_cohort")));
    if (cohort.size)
        paint_format(painter, ", final set up to %.*s", SLICE_ARGS(cohort));
    if (!member_is_null(planned, "days_left") && member_number(planned, "days_left") > 0)
        paint_format(painter, ", %.0f days left", member_number(planned, "days_left"));
    paint_end(painter);
    text_detectable(painter, document, planned,
                    "  smallest difference that today's units can show: ");
    const struct value *by_end = member(planned, "by_end");
    struct buffer words = {0};
    if (!by_end || by_end->kind != VALUE_OBJECT)
        return;
    buffer_format(&words,
                  "  those until %.*s, at this rate: ", SLICE_ARGS(member_text(by_end, "cohort")));
    buffer_add_byte(&words, '\0');
    if (!words.failed)
        text_detectable(painter, document, by_end, words.data);
    buffer_done(&words);
}

static void text_amendments(struct painter *painter, const struct value *document)
{
    const struct value *list = member(member(document, "registered"), "amendments");
    char text[COUNT_TEXT_SIZE];
    if (!list || !list->count)
        return;
    text_heading(painter, "Amendments to the registered plan");
    paint_end(painter);
    for (size_t i = 0; i < list->count; i++) {
        paint_format(painter, "  %.*s, with %s mature units",
                     SLICE_ARGS(member_text(&list->items[i], "date")),
                     count_format(member_count(&list->items[i], "mature_units"), text));
        paint_end(painter);
    }
}

static void text_foot(struct painter *painter, const struct value *document)
{
    struct slice definition = member_text(document, "definition");
    if (definition.size > 19)
        definition.size = 19;
    paint_end(painter);
    paint_style(painter, PAINT_DIM);
    struct buffer words = {0};
    write_adjusted(&words, document);
    buffer_add(&words, SLICE(" In segments: the change as measured, then drawn toward the whole, "
                             "with the interval of that. All else: --format json or csv."));
    if (text_is_exposed(document))
        buffer_add(&words,
                   SLICE(" Bars: ● the estimate, ├─┤ its interval, │ no difference. p adj.: "
                         "corrected for all that is compared; p now: of today's units, not "
                         "the test that decides."));
    paint_wrapped(painter, buffer_slice(&words), 0);
    buffer_done(&words);
    paint_format(painter, "definition %.*s, gangway %.*s", SLICE_ARGS(definition),
                 SLICE_ARGS(member_text(document, "gangway")));
    paint_style(painter, PAINT_PLAIN);
    paint_end(painter);
}

void render_text(struct buffer *out, const struct value *document,
                 const struct render_options *options)
{
    struct painter painter = {.out = out,
                              .columns = options->columns < 60 ? 60 : options->columns,
                              .color = options->color};
    text_title(&painter, document);
    text_dates(&painter, document);
    text_verdict(&painter, document);
    text_health(&painter, document);
    if (text_is_exposed(document)) {
        text_metrics(&painter, document);
        text_flow(&painter, document);
    }
    text_planned(&painter, document);
    text_amendments(&painter, document);
    text_notes(&painter, document);
    if (member_text(document, "hypothesis").size || member_text(document, "why").size) {
        paint_end(&painter);
        text_paragraph(&painter, "Hypothesis", member_text(document, "hypothesis"));
        text_paragraph(&painter, "Why", member_text(document, "why"));
    }
    text_foot(&painter, document);
}
