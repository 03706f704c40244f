/* What the sections on metrics share: a metric with its place, the interval that is shown, how a
 * figure came about. */

#include "html_parts.h"

#include <math.h>

struct html_metric html_metric_at(const struct value *document, size_t at)
{
    const struct value *metric = &member(document, "metrics")->items[at];
    return (struct html_metric){.document = document,
                                .metric = metric,
                                .control = control_of(document),
                                .kind = kind_of(metric),
                                .at = at};
}

void html_metric_name(struct buffer *out, const struct html_metric *about)
{
    struct slice name = member_text(about->metric, "metric");
    struct slice title = member_text(about->metric, "name");
    html_safe_name(out, title.size ? title : name);
    if (title.size && !slice_equal(name, title)) {
        html_words(out, " <code>");
        html_safe_name(out, name);
        html_words(out, "</code>");
    }
}

void html_shown_words(struct buffer *out, const struct shown *shown)
{
    if (shown->has_interval)
        buffer_format(out, "%.4g%% %s", 100 * shown->level,
                      shown->anytime ? "anytime interval" : "interval");
}

void html_shown(struct buffer *out, enum metric_kind kind, const struct value *effect)
{
    struct shown shown = shown_of(effect);
    html_words(out, "<td class=\"n\">");
    if (shown.has_interval && shown.anytime)
        html_interval(out, "anytime_interval", kind, member(effect, "anytime_interval"));
    else if (shown.has_interval)
        html_interval(out, "interval", kind, member(effect, "interval"));
    else
        html_words(out, "<span class=\"none\">–</span>");
    html_words(out, "</td>");
}

/* What a kind of metric is in words, what its value is made of, and the formula of its difference.
 */
static const struct {
    const char *definition, *parts, *formula, *file;
} kinds[METRIC_KIND_COUNT] = {
    [METRIC_CONVERSION] = {"Share of the units that did it within the window after their first "
                           "exposure. Units whose window is still open are not counted.",
                           "units that did it, over units",
                           "difference of two rates by Miettinen and Nurminen; each rate by Wilson",
                           "proportion.c"},
    [METRIC_RETENTION] = {"Share of the units that came back between the two days after their "
                          "first exposure. Units whose days are not over are not counted.",
                          "units that came back, over units",
                          "difference of two rates by Miettinen and Nurminen; each rate by Wilson",
                          "proportion.c"},
    [METRIC_RETENTION_CURVE] = {"Share of the units that came back in each bracket of days after "
                                "their first exposure.",
                                "by bracket, under Retention", "each bracket as a rate of its own",
                                "proportion.c"},
    [METRIC_TIME_TO] = {"Mean days without it up to the last day of the window (restricted mean "
                        "time); units not followed to the end count for as long as they were.",
                        "none: the value is the area under a curve, under Time to value",
                        "restricted mean time; p by log-rank", "restricted_mean.c"},
    [METRIC_COUNT] = {"Mean number of times a unit did it within the window, units that never did "
                      "it with 0.",
                      "how often, of all units together, over units",
                      "difference of two means, by Welch", "two_sample.c"},
    [METRIC_SUM] = {"Mean sum of a property over the events of a unit within the window, units "
                    "without any with 0.",
                    "the sum of all units together, over units",
                    "difference of two means, by Welch", "two_sample.c"},
    [METRIC_MEAN] = {"Mean of the property over the events of all units.",
                     "the sum of the property, over events; units vary, not events",
                     "ratio of two means by the delta method", "ratio.c"},
    [METRIC_RATIO] = {"Sum of the numerators over the sum of the denominators of all units.",
                      "the sums of the two metrics", "ratio of two means by the delta method",
                      "ratio.c"},
    [METRIC_NPS] = {"Share of promoters less share of detractors among those who answered, from "
                    "-100 to 100.",
                    "100 times promoters less detractors, over answers",
                    "difference of two scores with the multinomial variance", "mean.c"},
    [METRIC_BREADTH] = {"Mean over accounts of the share of their members who did it.",
                        "members who did it, over members: the pooled share",
                        "means of accounts' shares; pooled over members as a clustered ratio",
                        "cluster.c"},
};

static void how_item(struct buffer *out, const char *label, const char *words, const char *file)
{
    buffer_format(out, "<div><dt>%s</dt><dd>%s", label, words);
    if (file)
        buffer_format(out, " (<code>%s</code> in <code>stats/README.md</code>)", file);
    html_words(out, "</dd></div>\n");
}

/* A sum of counts is whole, one of a property need not be. */
static void html_sum(struct buffer *out, const char *of, const struct value *exact)
{
    struct buffer shown = {0};
    bool known = exact && value_is_number(exact);
    if (known && exact->number >= 0 && exact->number < 1e15 &&
        exact->number == floor(exact->number))
        measure_count(&shown, (uint64_t)exact->number);
    else if (known)
        measure_cell(&shown, METRIC_SUM, exact->number);
    html_figure(out, of, exact, buffer_slice(&shown));
    buffer_done(&shown);
}

/* Of a share, its successes. */
static void html_contributing(struct buffer *out, const struct value *variant)
{
    const char *name = member(variant, "successes") ? "successes" : "contributing";
    html_count(out, name, member(variant, name));
}

/* The file's own words on it, and what Gangway understood; a kept document may have neither. */
static void how_definition(struct buffer *out, const struct value *metric)
{
    static const char *const labels[][2] = {{"description", "Described as"},
                                            {"in_words", "A unit’s figure"}};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        struct slice words = member_text(metric, labels[i][0]);
        if (!words.size)
            continue;
        buffer_format(out, "<div><dt>%s</dt><dd dir=\"auto\">", labels[i][1]);
        html_safe(out, words);
        html_words(out, "</dd></div>\n");
    }
}

static void how_counts(struct buffer *out, const struct html_metric *about)
{
    static const char *const columns[] = {"Variant",       "#Units",     "#Still open",
                                          "#Contributing", "#Numerator", "#Denominator"};
    static const char *const names[] = {"units", "immature"};
    static const char *const parts[] = {"numerator", "denominator"};
    const struct value *variants = member(about->metric, "variants");
    html_table(out, "plain", SLICE("Counts"), columns, 6);
    for (size_t i = 0; variants && i < variants->count; i++) {
        html_words(out, "<tr><th scope=\"row\">");
        html_safe_name(out, member_text(&variants->items[i], "variant"));
        html_words(out, "</th>");
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
            html_words(out, "<td class=\"n\">");
            html_count(out, names[k], member(&variants->items[i], names[k]));
            html_words(out, "</td>");
        }
        html_words(out, "<td class=\"n\">");
        html_contributing(out, &variants->items[i]);
        html_words(out, "</td>");
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
            html_words(out, "<td class=\"n\">");
            html_sum(out, parts[k], member(&variants->items[i], parts[k]));
            html_words(out, "</td>");
        }
        html_words(out, "</tr>\n");
    }
    html_table_end(out);
}

static void how_tests(struct buffer *out, const struct html_metric *about)
{
    static const char *const columns[] = {"Variant", "#Standard error",    "#p, final",
                                          "#p now",  "#smallest p so far", "#p, corrected"};
    static const char *const names[] = {"p", "p_now", "p_anytime", "p_adjusted"};
    const struct value *comparisons = member(about->metric, "comparisons");
    if (!comparisons || !comparisons->count)
        return;
    html_table(out, "plain", SLICE("Tests against the control"), columns, 6);
    for (size_t i = 0; i < comparisons->count; i++) {
        const struct value *one = &comparisons->items[i];
        const struct value *se = member(member(one, "difference"), "se");
        struct buffer shown = {0};
        if (se && value_is_number(se))
            buffer_format(&shown, "%.4g", se->number);
        html_words(out, "<tr><th scope=\"row\">");
        html_safe_name(out, member_text(one, "variant"));
        html_words(out, "</th><td class=\"n\">");
        html_figure(out, "se", se, buffer_slice(&shown));
        html_words(out, "</td>");
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
            html_words(out, "<td class=\"n\">");
            html_p(out, member(one, names[k]), names[k]);
            html_words(out, "</td>");
        }
        html_words(out, "</tr>\n");
        buffer_done(&shown);
    }
    html_table_end(out);
}

void html_how_part(struct buffer *out, const struct html_metric *about, size_t at)
{
    if (at)
        return;
    struct slice cohort = member_text(about->metric, "cohort");
    struct slice correction = member_text(about->document, "correction");
    how_counts(out, about);
    how_tests(out, about);
    html_words(out, "<dl>\n");
    how_definition(out, about->metric);
    how_item(out, "What it is", kinds[about->kind].definition, NULL);
    how_item(out, "Numerator, denominator", kinds[about->kind].parts, NULL);
    how_item(out, "Formula", kinds[about->kind].formula, kinds[about->kind].file);
    how_item(out, "Anytime interval", "holds at every look, however often one looks", "anytime.c");
    if (member_count(about->metric, "adjusted_for") ||
        member(about->metric, "adjusted_for")->count > 0)
        how_item(out, "Adjustment", "traits known before the exposure, by least squares in strata",
                 "adjustment.c");
    html_words(out, "<div><dt>Corrected p</dt><dd>goals by Holm, secondary metrics by ");
    html_reading(out, correction);
    html_words(out, " (<code>multiplicity.c</code> in <code>stats/README.md</code>)</dd></div>\n");
    if (cohort.size) {
        html_words(out, "<div><dt>Whose</dt><dd>units first exposed up to ");
        html_safe(out, cohort);
        html_words(out, member_is_true(about->metric, "final") ? ", the final set"
                                                               : ", the latest look");
        html_words(out, "</dd></div>\n");
    }
    html_words(out, "<div><dt>Definition</dt><dd><code>");
    html_safe(out, member_text(about->metric, "definition"));
    html_words(out, "</code></dd></div>\n</dl>");
}

void html_how(struct buffer *out, const struct html_metric *about,
              const struct article_links *links)
{
    static const struct html_part part = {.name = "how", .write = html_how_part};
    html_words(out, "<details class=\"how\"");
    html_part_mark(out, about, links, &part);
    html_words(out, "><summary>How these figures came about</summary>\n");
    html_part(out, about, links, &part);
    html_words(out, "</details>\n");
}
