/*
 * "Can it be trusted?" as text: the split always, everything else only where it says something.
 */

#include "text_parts.h"

#include "stats/sample_ratio.h"

#include <math.h>
#include <stdio.h>

/* What a count under health means; shown where it is not 0. */
static const struct {
    const char *member, *words;
} counts[] = {
    {"mismatch", "reported another variant than the one assigned"},
    {"carried_over", "were first exposed before this phase began (not analysed)"},
    {"skewed", "had an exposure dated long before its receipt"},
    {"erased", "were erased"},
    {"hot", "sent more than is kept of one unit"},
    {"clamped", "had a value over the limit"},
    {"before_exposure", "did something that a metric counts less than a day before their exposure"},
};

#define LOOKS_BAD_P .05 /* below, who knows one test alone wonders that it fits */
#define LATE_SHARE .01  /* below, it says nothing */

/* ": fits, off by 0.44 points", and what a p below LOOKS_BAD_P is worth when it is read daily. */
static void write_fit(struct buffer *line, const struct value *ratio)
{
    bool alarm = member_is_true(ratio, "alarm"), warning = member_is_true(ratio, "warning");
    double p = member_number(ratio, "p");
    char text[P_TEXT_SIZE];
    buffer_format(line, ": %s, off by %.2f points (p %s",
                  alarm     ? "does not fit"
                  : warning ? "worth a look"
                            : "fits",
                  100 * member_number(ratio, "gap"), p_format(p, text));
    if (!alarm && !warning && p < LOOKS_BAD_P)
        buffer_format(line,
                      ", but it is looked at every day: the odds against it are %.3g to 1 so far, "
                      "%.0f to 1 is an alarm",
                      fmax(1, exp(member_number(ratio, "log_bayes_factor_max"))),
                      SAMPLE_RATIO_FACTOR);
    buffer_add_byte(line, ')');
}

static void health_split(struct painter *painter, const struct value *document)
{
    const struct value *ratio = member(member(document, "health"), "sample_ratio");
    const struct value *variants = member(document, "variants");
    char text[COUNT_TEXT_SIZE];
    struct buffer line = {0};
    for (size_t i = 0; i < variants->count; i++)
        buffer_format(&line, "%s%s", i ? " : " : "",
                      count_format(member_count(&variants->items[i], "exposed"), text));
    buffer_add(&line, SLICE(" exposed, planned "));
    for (size_t i = 0; i < variants->count; i++)
        buffer_format(&line, "%s%.4g%%", i ? " : " : "",
                      100 * member_number(&variants->items[i], "weight"));
    if (!member_is_null(ratio, "p"))
        write_fit(&line, ratio);
    if (!member_is_null(ratio, "since"))
        buffer_format(&line, ", since %.*s", SLICE_ARGS(member_text(ratio, "since")));
    if (!member_is_null(ratio, "break"))
        buffer_format(&line, "; most likely off from %.*s on",
                      SLICE_ARGS(member_text(ratio, "break")));
    paint_text(painter, SLICE("  split"));
    paint_to(painter, 12);
    paint_wrapped(painter, buffer_slice(&line), 12);
    buffer_done(&line);
}

static void health_line(struct painter *painter, const char *label, const struct buffer *line)
{
    paint_format(painter, "  %s", label);
    paint_to(painter, 12);
    paint_wrapped(painter, buffer_slice(line), 12);
}

static void health_segments(struct painter *painter, const struct value *document)
{
    const struct value *list =
        member(member(member(document, "health"), "sample_ratio"), "segments");
    for (size_t i = 0; list && i < list->count; i++) {
        struct buffer line = {0};
        const struct value *values = member(&list->items[i], "values");
        if (!member_is_true(&list->items[i], "warning"))
            continue;
        buffer_format(&line, "the split does not fit within %.*s",
                      SLICE_ARGS(member_text(&list->items[i], "segment")));
        for (size_t k = 0; values && k < values->count; k++)
            buffer_format(&line, "%s%.*s", k ? ", " : ": ", SLICE_ARGS(values->items[k].text));
        health_line(painter, "segment", &line);
        buffer_done(&line);
    }
}

static void health_crossed(struct painter *painter, const struct value *document)
{
    const struct value *health = member(document, "health");
    const struct value *crossed = member(health, "crossed");
    const struct value *variants = member(document, "variants");
    struct buffer line = {0};
    char text[COUNT_TEXT_SIZE];
    bool any = false;
    for (size_t i = 0; i < variants->count; i++) {
        struct slice name = member_text(&variants->items[i], "variant");
        const struct value *count = value_member(crossed, name);
        if (!count || count->kind != VALUE_INTEGER)
            continue;
        buffer_format(&line, "%s%.*s %s", line.size ? ", " : "", SLICE_ARGS(name),
                      count_format((uint64_t)count->integer, text));
        any = any || count->integer > 0;
    }
    buffer_format(&line, " met a second variant (%.2g%%): left out%s",
                  100 * member_number(member(health, "crossed_test"), "share"),
                  member_is_true(crossed, "alarm") ? ", and too many or too unequal" : "");
    if (any)
        health_line(painter, "crossed", &line);
    buffer_done(&line);
}

/* Why exposures are from outside the experiment, as what is said of so many units; a reason that
 * this page does not know comes under its own name. */
static const struct {
    const char *reason, *words;
} outside_words[] = {
    {"forced", "given a variant by the file"},
    {"not_started", "exposed before the start"},
    {"holdout", "held out"},
    {"excluded", "of another experiment's share"},
    {"not_in_coverage", "beyond the coverage"},
    {"ended", "exposed after the end"},
    {"unknown_variant", "of an unknown variant"},
    {"draft", "exposed while it was a draft"},
    {"paused", "exposed while it was paused"},
    {"stopped", "exposed after it was stopped"},
    {"skewed", "dated too far back"},
    {"carried_over", "carried over from an earlier phase"},
};

static struct slice outside_text(struct slice reason)
{
    for (size_t i = 0; i < sizeof outside_words / sizeof *outside_words; i++)
        if (slice_equals(reason, outside_words[i].reason))
            return slice_of(outside_words[i].words);
    return reason;
}

static void health_outside(struct painter *painter, const struct value *document)
{
    const struct value *outside = member(member(document, "health"), "outside");
    struct buffer line = {0};
    char text[COUNT_TEXT_SIZE];
    for (size_t i = 0; i < outside->count; i++) {
        const struct member *one = &outside->members[i];
        if (one->value.kind == VALUE_INTEGER && one->value.integer > 0)
            buffer_format(&line, "%s%s %.*s", line.size ? ", " : "",
                          count_format((uint64_t)one->value.integer, text),
                          SLICE_ARGS(outside_text(one->name)));
    }
    if (line.size)
        health_line(painter, "outside", &line);
    buffer_done(&line);
}

static void health_counts(struct painter *painter, const struct value *document)
{
    const struct value *health = member(document, "health");
    char text[COUNT_TEXT_SIZE];
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        uint64_t count = member_count(health, counts[i].member);
        struct buffer line = {0};
        if (!count)
            continue;
        buffer_format(&line, "%s %s", count_format(count, text), counts[i].words);
        health_line(painter, "units", &line);
        buffer_done(&line);
    }
}

static void health_unknown(struct painter *painter, const struct value *document)
{
    const struct value *unknown = member(member(document, "health"), "unknown_traits");
    struct buffer line = {0};
    char text[COUNT_TEXT_SIZE];
    const char *between = "not known at first exposure: ";
    for (size_t i = 0; i < unknown->count; i++) {
        const struct member *one = &unknown->members[i];
        if (one->value.integer <= 0)
            continue;
        buffer_format(&line, "%s%.*s %s", between, SLICE_ARGS(one->name),
                      count_format((uint64_t)one->value.integer, text));
        between = ", ";
    }
    if (line.size)
        health_line(painter, "traits", &line);
    buffer_done(&line);
}

/* Where exposures come from, if from more than one place. */
static void health_sources(struct painter *painter, const struct value *document)
{
    const struct value *sources = member(member(document, "health"), "exposure_sources");
    struct buffer line = {0};
    char text[COUNT_TEXT_SIZE];
    size_t places = 0;
    for (size_t i = 0; sources && i < sources->count; i++) {
        const struct member *one = &sources->members[i];
        if (one->value.integer <= 0)
            continue;
        buffer_format(&line, "%s%.*s %s",
                      places++ ? ", " : "units by first exposure: ", SLICE_ARGS(one->name),
                      count_format((uint64_t)one->value.integer, text));
    }
    if (places > 1)
        health_line(painter, "sources", &line);
    buffer_done(&line);
}

/* Values that could not be read, and messages that came late. */
static void health_messages(struct painter *painter, const struct value *document)
{
    const struct value *delivery = member(document, "delivery");
    uint64_t unread = member_count(member(document, "health"), "unread");
    uint64_t late = member_count(delivery, "late"), all = member_count(delivery, "messages");
    char text[COUNT_TEXT_SIZE];
    struct buffer line = {0};
    if (unread)
        buffer_format(&line, "%s of properties are no number (not counted)",
                      count_format(unread, text));
    if (line.size)
        health_line(painter, "values", &line);
    buffer_clear(&line);
    if (late < all && (double)late > LATE_SHARE * (double)all) /* all: history was imported */
        buffer_format(&line, "%.1f%% of all messages came more than 6 hours late",
                      100 * (double)late / (double)all);
    if (line.size)
        health_line(painter, "late", &line);
    buffer_done(&line);
}

#define LISTED_MAX 8

/* A line with the first texts of a list, where there are any. */
static void health_list(struct painter *painter, const char *label, const char *words,
                        const struct value *list)
{
    struct buffer line = {0};
    if (!list || list->kind != VALUE_LIST || !list->count)
        return;
    buffer_format(&line, "%s: ", words);
    for (size_t i = 0; i < list->count && i < LISTED_MAX; i++)
        buffer_format(&line, "%s%.*s", i ? ", " : "", SLICE_ARGS(list->items[i].text));
    if (list->count > LISTED_MAX)
        buffer_format(&line, " and %zu more", list->count - LISTED_MAX);
    health_line(painter, label, &line);
    buffer_done(&line);
}

#define LAG_SECONDS 600.0

static void health_lag(struct painter *painter, const struct value *document)
{
    double lag = member_number(member(document, "delivery"), "fold_lag_seconds");
    struct buffer line = {0};
    if (lag <= LAG_SECONDS)
        return;
    buffer_format(&line, "%.0f minutes of messages are not read yet", lag / 60);
    health_line(painter, "behind", &line);
    buffer_done(&line);
}

/* Accounts whose users met different variants. */
static void health_mixed(struct painter *painter, const struct value *health)
{
    const struct value *mixed = member(health, "mixed_accounts");
    char some[COUNT_TEXT_SIZE], all[COUNT_TEXT_SIZE];
    struct buffer line = {0};
    if (!member_count(mixed, "mixed"))
        return;
    buffer_format(
        &line, "%s of %s with two exposed users or more have users of different variants (%.2g%%)",
        count_format(member_count(mixed, "mixed"), some),
        count_format(member_count(mixed, "accounts"), all), 100 * member_number(mixed, "share"));
    health_line(painter, "accounts", &line);
    buffer_done(&line);
}

/* Units whose window was open when it was paused, stopped or rolled out. */
static void health_windows(struct painter *painter, const struct value *health)
{
    const struct value *moments = member(health, "windows_past");
    char text[COUNT_TEXT_SIZE];
    for (size_t i = 0; moments && moments->kind == VALUE_LIST && i < moments->count; i++) {
        const struct value *one = &moments->items[i];
        struct slice what = member_text(one, "what"), at = member_text(one, "at");
        const char *words = slice_equals(what, "paused")    ? "pause"
                            : slice_equals(what, "stopped") ? "stop"
                                                            : "rollout";
        struct buffer line = {0};
        if (!member_count(one, "units"))
            continue;
        buffer_format(
            &line, "%s reach past the %s of %.*s; they count all the same",
            count_format(member_count(one, "units"), text), words,
            SLICE_ARGS(((struct slice){.data = at.data, .size = at.size < 10 ? at.size : 10})));
        health_line(painter, "windows", &line);
        buffer_done(&line);
    }
}

/* Messages were dropped by retention before the definition was declared. */
static void health_lacks(struct painter *painter, const struct value *health)
{
    struct buffer line = {0};
    if (member_is_null(health, "lacks_before"))
        return;
    buffer_format(&line,
                  "declared after the messages up to %.*s were dropped: of these it has what was "
                  "kept for earlier definitions",
                  SLICE_ARGS(member_text(health, "lacks_before")));
    health_line(painter, "lacks", &line);
    buffer_done(&line);
}

void text_health(struct painter *painter, const struct value *document)
{
    const struct value *health = member(document, "health");
    struct slice state = member_text(health, "state");
    bool alarm = slice_equals(state, "alarm"), warn = slice_equals(state, "warn");
    if (!text_is_exposed(document) && !alarm) {
        text_heading(painter, "Can it be trusted?  ");
        paint_text(painter, SLICE("there is nothing to judge yet"));
        paint_end(painter);
        health_lag(painter, document);
        health_lacks(painter, health);
        health_outside(painter, document);
        health_counts(painter, document);
        health_list(painter, "names", "never received", member(health, "never_received"));
        return;
    }
    text_heading(painter, "Can it be trusted?  ");
    paint_style(painter, alarm ? PAINT_BAD : warn ? PAINT_WARN : PAINT_GOOD);
    paint_text(painter, alarm  ? SLICE("NO")
                        : warn ? SLICE("yes, with a look at this")
                               : SLICE("yes"));
    paint_style(painter, PAINT_PLAIN);
    paint_end(painter);
    health_lag(painter, document);
    health_lacks(painter, health);
    if (!member_is_null(health, "damage")) {
        paint_text(painter, SLICE("  damage"));
        paint_to(painter, 12);
        paint_wrapped(painter, member_text(health, "damage"), 12);
    }
    health_split(painter, document);
    health_segments(painter, document);
    health_crossed(painter, document);
    health_outside(painter, document);
    health_counts(painter, document);
    health_windows(painter, health);
    health_mixed(painter, health);
    health_unknown(painter, document);
    health_sources(painter, document);
    health_messages(painter, document);
    health_list(painter, "names", "never received", member(health, "never_received"));
    health_list(painter, "gaps", "days without a first exposure", member(health, "gaps"));
}
