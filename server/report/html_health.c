/*
 * "Can it be trusted?": the split as a table, and every line that the terminal has on it, in its
 * words, each under the label that it has there.
 */

#include "html_parts.h"

static void split_table(struct buffer *out, const struct value *document)
{
    static const char *const columns[] = {"Variant", "#Planned", "#Exposed", "#Share"};
    const struct value *variants = member(document, "variants");
    double all = 0;
    for (size_t i = 0; i < variants->count; i++)
        all += member_number(&variants->items[i], "exposed");
    html_table(out, "shares", SLICE("Units by variant"), columns, 4);
    for (size_t i = 0; i < variants->count; i++) {
        const struct value *one = &variants->items[i];
        html_words(out, "<tr><th scope=\"row\">");
        html_safe_name(out, member_text(one, "variant"));
        if (!slice_equal(member_text(one, "variant"), member_text(one, "name"))) {
            html_words(out, " <small>");
            html_safe_name(out, member_text(one, "name"));
            html_words(out, "</small>");
        }
        html_words(out, member_is_true(one, "control") ? " <small>(control)</small>" : "");
        html_words(out, "</th><td class=\"n\">");
        html_percent(out, "weight", member(one, "weight"), 1);
        html_words(out, "</td><td class=\"n\">");
        html_count(out, "exposed", member(one, "exposed"));
        html_words(out, "</td><td class=\"n\">");
        if (all > 0)
            buffer_format(out, "%.1f%%", 100 * member_number(one, "exposed") / all);
        html_words(out, "</td></tr>\n");
    }
    html_table_end(out);
}

static void health_item(struct buffer *out, struct slice line)
{
    size_t label = 0;
    while (line.size && line.data[0] == ' ')
        line = slice_from(line, 1);
    while (label < line.size && line.data[label] != ' ')
        label++;
    struct slice text = slice_from(line, label);
    while (text.size && text.data[0] == ' ')
        text = slice_from(text, 1);
    html_words(out, "<div><dt>");
    html_safe(out, (struct slice){.data = line.data, .size = label});
    html_words(out, "</dt><dd dir=\"auto\">");
    html_safe(out, text);
    html_words(out, "</dd></div>\n");
}

#define LINE_COLUMNS 1000000

/* What the terminal says after its heading, a line an item. */
static void health_items(struct buffer *out, const struct value *document)
{
    struct buffer text = {0};
    struct painter painter = {.out = &text, .columns = LINE_COLUMNS};
    bool headed = false;
    text_health(&painter, document);
    html_words(out, "<dl class=\"facts health\">\n");
    for (struct slice rest = buffer_slice(&text); rest.size;) {
        const char *end = memchr(rest.data, '\n', rest.size);
        size_t size = end ? (size_t)(end - rest.data) : rest.size;
        struct slice line = {.data = rest.data, .size = size};
        rest = slice_from(rest, end ? size + 1 : size);
        if (line.size && headed)
            health_item(out, line);
        headed = headed || line.size;
    }
    html_words(out, "</dl>\n");
    buffer_done(&text);
}

static void ratio_how(struct buffer *out, const struct value *document)
{
    static const struct {
        const char *member, *words;
    } figures[] = {
        {"chi_square", "chi-square of the counts against the planned shares"},
        {"p", "its p, read once"},
        {"bayes_factor", "Bayes factor now, safe at every look"},
        {"bayes_factor_max", "the largest Bayes factor so far; the alarm goes by it"},
        {"gap", "the largest distance of a share from its plan"},
    };
    const struct value *ratio = member(member(document, "health"), "sample_ratio");
    html_words(out, "<details class=\"how\"><summary>How the split is judged</summary>\n<dl>\n");
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        const struct value *exact = member(ratio, figures[i].member);
        struct buffer shown = {0};
        if (exact && value_is_number(exact))
            buffer_format(&shown, "%.4g", exact->number);
        html_words(out, "<div><dt>");
        html_reading(out, slice_of(figures[i].member));
        html_words(out, "</dt><dd>");
        html_figure(out, figures[i].member, exact, buffer_slice(&shown));
        buffer_format(out, " — %s</dd></div>\n", figures[i].words);
        buffer_done(&shown);
    }
    html_words(out, "<div><dt>formula</dt><dd>sample ratio, <code>sample_ratio.c</code> in "
                    "<code>stats/README.md</code></dd></div>\n</dl></details>\n");
}

void html_health(struct buffer *out, const struct value *document)
{
    html_words(out, "<section id=\"trust\" aria-labelledby=\"trust-title\">\n"
                    "<h2 id=\"trust-title\">Can it be trusted?</h2>\n");
    split_table(out, document);
    health_items(out, document);
    ratio_how(out, document);
    html_words(out, "</section>\n");
}
