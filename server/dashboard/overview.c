/*
 * All experiments at a glance: a row each, with what it says and whether it can be trusted.  Rows
 * are chosen and ordered here, by plain links, so that it works without scripts and any view has
 * an address.  On narrow screens the same table is laid out as cards, which takes its roles away in
 * browsers: they are written out.
 */

#include "parts.h"

#include "base/time.h"

#include <math.h>
#include <stdlib.h>

#define VARIANT_HUES 8 /* dashboard.css has so many */

/* ---- One entry ---- */

static uint64_t exposed_total(const struct value *entry)
{
    const struct value *exposed = value_member(entry, SLICE("exposed"));
    uint64_t total = 0;
    for (size_t i = 0; exposed && exposed->kind == VALUE_OBJECT && i < exposed->count; i++)
        total += (uint64_t)exposed->members[i].value.integer;
    return total;
}

static int64_t entry_time(const struct value *entry, const char *name)
{
    int64_t time_ms = TIME_NONE;
    struct slice text = value_member_text(entry, name);
    if (!text.size || time_parse(text, &time_ms, NULL))
        return TIME_NONE;
    return time_ms;
}

/* Days since the first unit could be taken, up to what has been read, or the end; negative: it has
 * not begun, or nobody knows. */
static double entry_days(const struct value *entry)
{
    int64_t begun_ms = entry_time(entry, "begun");
    int64_t end_ms = entry_time(entry, "end");
    int64_t until_ms = entry_time(entry, "as_of");
    if (begun_ms == TIME_NONE || until_ms == TIME_NONE || until_ms < begun_ms)
        return -1;
    if (end_ms != TIME_NONE && end_ms < until_ms)
        until_ms = end_ms;
    return (double)(until_ms - begun_ms) / (double)DAY_MS;
}

/* At the present rate, over the last seven whole days; of one that is over, over all its days. */
static double entry_rate(const struct value *entry)
{
    const struct value *now = value_member(entry, SLICE("units_a_day"));
    if (now && value_is_number(now))
        return now->number;
    double days = entry_days(entry);
    return days > 0 ? (double)exposed_total(entry) / fmax(days, 1) : -1;
}

/* ---- Order ---- */

static int order_text(const struct value *a, const struct value *b, const char *name)
{
    return slice_compare(value_member_text(a, name), value_member_text(b, name));
}

static int order_name(const struct value *a, const struct value *b)
{
    int order = order_text(a, b, "name");
    return order ? order : order_text(a, b, "experiment");
}

/* Places of a word in what is looked at first. */
static size_t word_place(struct slice word, const char *const *words)
{
    size_t place = 0;
    while (words[place] && !slice_equals(word, words[place]))
        place++;
    return place;
}

static int order_places(const struct value *a, const struct value *b, const char *name,
                        const char *const *words)
{
    size_t first = word_place(value_member_text(a, name), words);
    size_t second = word_place(value_member_text(b, name), words);
    return first != second ? (first > second) - (first < second) : order_name(a, b);
}

static int order_status(const struct value *a, const struct value *b)
{
    static const char *const words[] = {"running", "paused", "draft", "stopped", NULL};
    return order_places(a, b, "status", words);
}

static int order_units(const struct value *a, const struct value *b)
{
    uint64_t first = exposed_total(a), second = exposed_total(b);
    return first != second ? (first < second) - (first > second) : order_name(a, b);
}

static int order_rate(const struct value *a, const struct value *b)
{
    double first = entry_rate(a), second = entry_rate(b);
    int order = (first < second) - (first > second);
    return order ? order : order_name(a, b);
}

static int order_days(const struct value *a, const struct value *b)
{
    double first = entry_days(a), second = entry_days(b);
    int order = (first < second) - (first > second);
    return order ? order : order_name(a, b);
}

static int order_health(const struct value *a, const struct value *b)
{
    static const char *const words[] = {"alarm", "warn", "ok", NULL};
    return order_places(a, b, "health", words);
}

static struct slice verdict_code(const struct value *entry)
{
    return value_member_text(value_member(entry, SLICE("verdict")), "code");
}

static int order_verdict(const struct value *a, const struct value *b)
{
    static const char *const words[] = {
        "stop_harm",    "do_not_trust", "ship",        "no_difference",
        "inconclusive", "keep_running", "not_started", NULL};
    size_t first = word_place(verdict_code(a), words), second = word_place(verdict_code(b), words);
    return first != second ? (first > second) - (first < second) : order_name(a, b);
}

/* The columns: what each is ordered by, and how its heading says so. */
static const struct column {
    const char *sort, *words, *class;
    int (*order)(const struct value *a, const struct value *b);
    bool falls; /* the greatest first */
} columns[] = {
    {"name", "Experiment", "name", order_name, false},
    {"status", "Status", "status", order_status, false},
    {"units", "Units exposed", "units number", order_units, true},
    {"rate", "A day", "rate number", order_rate, true},
    {"days", "Days", "days number", order_days, true},
    {"verdict", "Verdict", "verdict", order_verdict, false},
    {"health", "Health", "health", order_health, false},
};
#define COLUMNS (sizeof columns / sizeof *columns)
#define COLUMN_DEFAULT 1

static const struct column *column_find(struct slice sort)
{
    for (size_t i = 0; i < COLUMNS; i++)
        if (slice_equals(sort, columns[i].sort))
            return &columns[i];
    return NULL;
}

bool dashboard_sort_is_known(struct slice sort)
{
    return !sort.size || column_find(sort);
}

/* ---- Links that change one thing of the view ---- */

static void link_begin(struct buffer *out, const struct dashboard_view *view, bool is_current)
{
    const struct {
        const char *name;
        struct slice value;
    } parts[] = {{"status", view->status}, {"owner", view->owner}, {"sort", view->sort}};
    const char *between = "?";
    markup_add(out, "<a href=\"/");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!parts[i].value.size)
            continue;
        buffer_format(out, "%s%s=", between, parts[i].name);
        url_text(out, parts[i].value, false);
        between = "&amp;";
    }
    markup_add(out, is_current ? "\" aria-current=\"true\">" : "\">");
}

static bool entry_fits(const struct value *entry, const struct dashboard_view *view)
{
    return (!view->status.size || slice_equal(value_member_text(entry, "status"), view->status)) &&
           (!view->owner.size || slice_equal(value_member_text(entry, "owner"), view->owner));
}

static size_t count_fitting(const struct value *experiments, const struct dashboard_view *view)
{
    size_t count = 0;
    for (size_t i = 0; i < experiments->count; i++)
        count += entry_fits(&experiments->items[i], view);
    return count;
}

/* One way of choosing, with how many there are of it.  `word` NULL: all. */
static void write_choice(struct buffer *out, const struct value *experiments,
                         const struct dashboard_view *choice, struct slice words, bool is_current)
{
    size_t count = count_fitting(experiments, choice);
    if (!count && !is_current)
        return;
    markup_add(out, "<li>");
    link_begin(out, choice, is_current);
    html_safe_name(out, words);
    buffer_format(out, " <span class=\"count\">%zu</span></a></li>\n", count);
}

static void write_statuses(struct buffer *out, const struct value *experiments,
                           const struct dashboard_view *view)
{
    static const char *const words[] = {"running", "paused", "draft", "stopped"};
    struct dashboard_view choice = *view;
    markup_add(out, "<nav class=\"choices\" aria-label=\"By status\"><ul>\n");
    choice.status = (struct slice){0};
    write_choice(out, experiments, &choice, SLICE("All"), !view->status.size);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        choice.status = slice_of(words[i]);
        write_choice(out, experiments, &choice, choice.status,
                     slice_equal(choice.status, view->status));
    }
    markup_add(out, "</ul></nav>\n");
}

/* Whether no entry before `at` is of the same owner. */
static bool owner_is_new(const struct value *experiments, size_t at)
{
    struct slice owner = value_member_text(&experiments->items[at], "owner");
    for (size_t i = 0; i < at; i++)
        if (slice_equal(value_member_text(&experiments->items[i], "owner"), owner))
            return false;
    return owner.size > 0;
}

static void write_owners(struct buffer *out, const struct value *experiments,
                         const struct dashboard_view *view)
{
    size_t owners = 0;
    for (size_t i = 0; i < experiments->count; i++)
        owners += owner_is_new(experiments, i);
    if (owners < 2 && !view->owner.size)
        return;
    struct dashboard_view choice = *view;
    markup_add(out, "<nav class=\"choices\" aria-label=\"By owner\"><ul>\n");
    choice.owner = (struct slice){0};
    write_choice(out, experiments, &choice, SLICE("All owners"), !view->owner.size);
    for (size_t i = 0; i < experiments->count; i++) {
        choice.owner = value_member_text(&experiments->items[i], "owner");
        if (owner_is_new(experiments, i))
            write_choice(out, experiments, &choice, choice.owner,
                         slice_equal(choice.owner, view->owner));
    }
    markup_add(out, "</ul></nav>\n");
}

/* ---- Cells ---- */

/* The heading of its column goes before it where the table is laid out as cards. */
static void cell_begin(struct buffer *out, size_t column)
{
    buffer_format(out, "<td role=\"cell\" class=\"%s\" data-label=\"%s\">", columns[column].class,
                  columns[column].words);
}

static bool is_holdout(struct slice key)
{
    return slice_starts_with(key, SLICE(HOLDOUT_PREFIX));
}

static void write_name(struct buffer *out, const struct value *entry)
{
    struct slice key = value_member_text(entry, "experiment");
    struct slice name = value_member_text(entry, "name");
    struct slice owner = value_member_text(entry, "owner");
    markup_add(out, "<th role=\"rowheader\" scope=\"row\" class=\"name\"><a href=\"/experiments/");
    url_text(out, key, true);
    markup_add(out, "\">");
    html_safe_name(out, name.size ? name : key);
    markup_add(out, "</a>\n<span class=\"under\">");
    html_safe_name(out, key);
    if (owner.size && !is_holdout(key)) {
        markup_add(out, " \xc2\xb7 ");
        html_safe_name(out, owner);
    }
    if (is_holdout(key))
        markup_add(out, " \xc2\xb7 holdout");
    markup_add(out, "</span></th>\n");
}

static void write_status(struct buffer *out, const struct value *entry)
{
    struct slice status = value_member_text(entry, "status");
    cell_begin(out, 1);
    buffer_format(out, "<span class=\"badge status-%.*s\">%.*s</span></td>\n", SLICE_ARGS(status),
                  SLICE_ARGS(status));
}

/* The shares of the variants as a strip: a glance at the split, in numbers beside it. */
static void write_strip(struct buffer *out, const struct value *exposed, uint64_t total)
{
    double at = 0;
    markup_add(out, "<svg class=\"strip\" viewBox=\"0 0 1000 60\" preserveAspectRatio=\"none\" "
                    "aria-hidden=\"true\">");
    for (size_t i = 0; i < exposed->count; i++) {
        double width = 1000.0 * (double)exposed->members[i].value.integer / (double)total;
        buffer_format(out,
                      "<rect class=\"v%zu\" x=\"%.1f\" width=\"%.1f\" y=\"0\" "
                      "height=\"60\"></rect>",
                      i % VARIANT_HUES, at, width);
        at += width;
    }
    markup_add(out, "</svg>");
}

static void write_units(struct buffer *out, const struct value *entry)
{
    const struct value *exposed = value_member(entry, SLICE("exposed"));
    uint64_t total = exposed_total(entry);
    cell_begin(out, 2);
    count_data_add(out, total);
    if (total) {
        write_strip(out, exposed, total);
        markup_add(out, "<span class=\"split\">");
        for (size_t i = 0; i < exposed->count; i++) {
            buffer_format(out, "<span class=\"part\"><span class=\"swatch v%zu\"></span>",
                          i % VARIANT_HUES);
            html_safe_name(out, exposed->members[i].name);
            markup_add(out, " ");
            count_data_add(out, (uint64_t)exposed->members[i].value.integer);
            markup_add(out, "</span> ");
        }
        markup_add(out, "</span>");
    }
    markup_add(out, "</td>\n");
}

static void write_rate(struct buffer *out, const struct value *entry)
{
    double rate = entry_rate(entry);
    cell_begin(out, 3);
    if (rate > 0 && rate < 10)
        buffer_format(out, "%.1f", rate);
    else if (rate >= 0)
        count_add(out, (uint64_t)llround(rate));
    else
        markup_add(out, "<span class=\"none\">\xe2\x80\x93</span>");
    markup_add(out, "</td>\n");
}

static void write_days(struct buffer *out, const struct value *entry)
{
    int64_t begun_ms = entry_time(entry, "begun"), end_ms = entry_time(entry, "end");
    double days = entry_days(entry);
    cell_begin(out, 4);
    if (days < 0) {
        markup_add(out, "<span class=\"none\">\xe2\x80\x93</span>");
    } else {
        markup_add(out, "<span>");
        count_data_add(out, (uint64_t)days);
        if (end_ms != TIME_NONE && end_ms > begun_ms) {
            markup_add(out, " <span class=\"of\">of ");
            count_add(out, (uint64_t)((end_ms - begun_ms) / DAY_MS));
            markup_add(out, "</span>");
        }
        markup_add(out, "</span>");
    }
    markup_add(out, "</td>\n");
}

static const struct {
    const char *code, *words, *sign;
} verdicts[] = {
    {"ship", "Ship", "\xe2\x9c\x93"},           {"stop_harm", "Stop: harm", "\xe2\x9c\x95"},
    {"do_not_trust", "Do not trust", "!"},      {"no_difference", "No difference", "="},
    {"inconclusive", "Inconclusive", "?"},      {"keep_running", "Keep running", "\xe2\x80\xa6"},
    {"not_started", "Not started", "\xc2\xb7"},
};

/* The sentence that says why stands there; what is to be thought of besides is a click away. */
static void write_reason(struct buffer *out, struct slice text)
{
    struct slice first = text;
    for (size_t i = 0; i + 2 < text.size && first.size == text.size; i++)
        if (text.data[i] == '.' && text.data[i + 1] == ' ')
            first.size = i + 1;
    struct slice rest = slice_from(text, first.size + 1);
    markup_add(out, "<span class=\"why\" dir=\"auto\">");
    html_safe(out, text.size ? first : SLICE("not read yet"));
    markup_add(out, "</span>");
    if (!rest.size)
        return;
    markup_add(out, "<details class=\"more\"><summary>And besides</summary><p dir=\"auto\">");
    html_safe(out, rest);
    markup_add(out, "</p></details>");
}

static void write_verdict(struct buffer *out, const struct value *entry)
{
    const struct value *verdict = value_member(entry, SLICE("verdict"));
    struct slice code = value_member_text(verdict, "code");
    cell_begin(out, 5);
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
        if (slice_equals(code, verdicts[i].code))
            buffer_format(out,
                          "<span class=\"badge verdict-%s\" data-announce><span "
                          "aria-hidden=\"true\">%s</span> %s</span>\n",
                          verdicts[i].code, verdicts[i].sign, verdicts[i].words);
    write_reason(out, value_member_text(verdict, "text"));
    markup_add(out, "</td>\n");
}

static void write_health(struct buffer *out, const struct value *entry)
{
    static const struct {
        const char *state, *words;
    } states[] = {{"ok", "\xe2\x97\x8f</span> ok</span>"},
                  {"warn", "\xe2\x96\xb2</span> warning</span>"},
                  {"alarm", "\xe2\x96\xa0</span> alarm</span>"}};
    struct slice state = value_member_text(entry, "health");
    cell_begin(out, 6);
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (slice_equals(state, states[i].state))
            buffer_format(out,
                          "<span class=\"state health-%s\" data-announce><span "
                          "aria-hidden=\"true\">%s</span>",
                          states[i].state, states[i].words);
    markup_add(out, "</td>\n");
}

static void write_row(struct buffer *out, const struct value *entry)
{
    markup_add(out, "<tr role=\"row\" data-key=\"");
    html_safe(out, value_member_text(entry, "experiment"));
    markup_add(out, "\">\n");
    write_name(out, entry);
    write_status(out, entry);
    write_units(out, entry);
    write_rate(out, entry);
    write_days(out, entry);
    write_verdict(out, entry);
    write_health(out, entry);
    markup_add(out, "</tr>\n");
}

/* ---- The table ---- */

static void write_headings(struct buffer *out, const struct dashboard_view *view,
                           const struct column *sorted)
{
    markup_add(out, "<thead role=\"rowgroup\"><tr role=\"row\">\n");
    for (size_t i = 0; i < COLUMNS; i++) {
        struct dashboard_view link = *view;
        bool is_sorted = &columns[i] == sorted;
        link.sort = i == COLUMN_DEFAULT ? (struct slice){0} : slice_of(columns[i].sort);
        buffer_format(out, "<th role=\"columnheader\" scope=\"col\" class=\"%s\"%s>",
                      columns[i].class,
                      !is_sorted         ? ""
                      : columns[i].falls ? " aria-sort=\"descending\""
                                         : " aria-sort=\"ascending\"");
        link_begin(out, &link, false);
        buffer_format(out, "%s%s</a></th>\n", columns[i].words,
                      !is_sorted ? "" : " <span aria-hidden=\"true\">\xe2\x86\x93</span>");
    }
    markup_add(out, "</tr></thead>\n<tbody role=\"rowgroup\">\n");
}

/* By insertion, which keeps the order of equals: a folder has tens of experiments, not thousands.
 */
static void entries_sort(const struct value **entries, size_t count, const struct column *column)
{
    for (size_t i = 1; i < count; i++) {
        const struct value *entry = entries[i];
        size_t at = i;
        for (; at && column->order(entry, entries[at - 1]) < 0; at--)
            entries[at] = entries[at - 1];
        entries[at] = entry;
    }
}

static void write_table(struct buffer *out, const struct value *experiments,
                        const struct dashboard_view *view)
{
    const struct column *column = column_find(view->sort);
    const struct value **entries = calloc(experiments->count, sizeof *entries);
    size_t count = 0;
    if (!column)
        column = &columns[COLUMN_DEFAULT];
    if (!entries) {
        out->failed = true;
        return;
    }
    for (size_t i = 0; i < experiments->count; i++)
        if (entry_fits(&experiments->items[i], view))
            entries[count++] = &experiments->items[i];
    entries_sort(entries, count, column);
    markup_add(out, "<table role=\"table\" class=\"overview\">\n<caption class=\"unseen\">");
    number_of_add(out, count, "experiment");
    markup_add(out, ", each with its traffic, verdict and health</caption>\n");
    write_headings(out, view, column);
    for (size_t i = 0; i < count; i++)
        write_row(out, entries[i]);
    markup_add(out, "</tbody>\n</table>\n");
    free(entries);
    if (!count)
        markup_add(out, "<p class=\"empty\">No experiment is like that. "
                        "<a href=\"/\">Show all of them</a></p>\n");
}

/* ---- A first run ---- */

static void write_first_run(struct buffer *out)
{
    markup_add(
        out,
        "<div class=\"first\">\n<h1>No experiment yet</h1>\n"
        "<p>An experiment is a file in the folder that <code>--experiments</code> names. Write "
        "one, "
        "and it is here a moment later: the folder is watched.</p>\n<ol>\n"
        "<li><p>What is measured: <code>metrics.yaml</code></p>\n<pre tabindex=\"0\" "
        "role=\"region\" "
        "aria-label=\"metrics.yaml\"><code>metrics:\n  activated:\n    kind: conversion\n"
        "    event: Contact Created\n    within: 7d\n</code></pre></li>\n"
        "<li><p>Who gets what: <code>first-run.yaml</code></p>\n<pre tabindex=\"0\" "
        "role=\"region\" "
        "aria-label=\"first-run.yaml\"><code>experiment: first-run\n"
        "name: Checklist instead of a tour\nowner: growth\n"
        "hypothesis: A checklist takes more people to their first contact than the tour does.\n"
        "status: running\nunit: user\nvariants:\n  tour: {control: true, weight: 50%}\n"
        "  checklist: {weight: 50%}\nmetrics:\n  goal: activated\n"
        "  why: Who has a contact has begun to use the product.\n</code></pre></li>\n"
        "<li><p>Is it as you meant it? <code>gangway validate</code> reads it back in "
        "words.</p></li>\n"
        "<li><p>Ask for a variant: <code>GET /v1/assign/first-run?unit=user-1&amp;expose=true"
        "</code>, and send events to <code>POST /v1/batch</code>, as analytics SDKs do.</p></li>\n"
        "</ol>\n<p>Only a look? <code>gangway demo</code> has examples and people who use "
        "them.</p>\n</div>\n");
}

void dashboard_overview(struct buffer *out, const struct value *experiments,
                        const struct dashboard_view *view)
{
    if (!experiments->count) {
        write_first_run(out);
        return;
    }
    markup_add(out, "<h1>Experiments</h1>\n<div class=\"bar\">\n");
    write_statuses(out, experiments, view);
    write_owners(out, experiments, view);
    markup_add(out, "</div>\n");
    write_table(out, experiments, view);
}
