/* The pieces of the article: text, figures, tables, charts.  See html_parts.h. */

#include "html_parts.h"

#include <stdio.h>

void html_words(struct buffer *out, const char *words)
{
    buffer_add(out, slice_of(words));
}

void html_reading(struct buffer *out, struct slice code)
{
    struct buffer words = {0};
    for (size_t i = 0; i < code.size; i++)
        buffer_add_byte(&words, code.data[i] == '_' ? ' ' : code.data[i]);
    html_safe(out, buffer_slice(&words));
    buffer_done(&words);
}

void html_figure(struct buffer *out, const char *of, const struct value *exact, struct slice shown)
{
    if (!exact || !value_is_number(exact)) {
        html_words(out, "<span class=\"none\">–</span>");
        return;
    }
    buffer_format(out, "<data class=\"%s\" value=\"", of);
    value_write(out, exact);
    html_words(out, "\">");
    html_safe(out, shown);
    html_words(out, "</data>");
}

void html_count(struct buffer *out, const char *of, const struct value *exact)
{
    char text[COUNT_TEXT_SIZE] = "";
    if (exact && exact->kind == VALUE_INTEGER && exact->integer >= 0)
        count_format((uint64_t)exact->integer, text);
    html_figure(out, of, exact, slice_of(text));
}

void html_p(struct buffer *out, const struct value *exact, const char *of)
{
    char text[P_TEXT_SIZE] = "";
    if (exact && value_is_number(exact))
        p_format(exact->number, text);
    html_figure(out, of, exact, slice_of(text));
}

void html_percent(struct buffer *out, const char *of, const struct value *exact, int digits)
{
    char text[COUNT_TEXT_SIZE] = "";
    if (exact && value_is_number(exact))
        snprintf(text, sizeof text, "%.*f%%", digits, 100 * exact->number);
    html_figure(out, of, exact, slice_of(text));
}

typedef void measure_fn(struct buffer *out, enum metric_kind kind, double figure);

static void html_measured(struct buffer *out, const char *of, enum metric_kind kind,
                          const struct value *exact, measure_fn *measure)
{
    struct buffer text = {0};
    if (exact && value_is_number(exact))
        measure(&text, kind, exact->number);
    html_figure(out, of, exact, buffer_slice(&text));
    buffer_done(&text);
}

void html_value(struct buffer *out, const char *of, enum metric_kind kind,
                const struct value *exact)
{
    html_measured(out, of, kind, exact, measure_cell);
}

void html_change(struct buffer *out, const char *of, enum metric_kind kind,
                 const struct value *exact)
{
    html_measured(out, of, kind, exact, measure_change);
}

/* Both ends in one measure, so that both have the same decimals. */
void html_interval(struct buffer *out, const char *of, enum metric_kind kind,
                   const struct value *pair)
{
    struct interval ends;
    struct buffer text = {0};
    char low[COUNT_TEXT_SIZE];
    if (!interval_of(pair, &ends.low, &ends.high))
        return;
    measure_interval(&text, kind, &ends);
    struct slice shown = buffer_slice(&text);
    const char *between = shown.size ? memmem(shown.data, shown.size, " to ", 4) : NULL;
    size_t size = between ? (size_t)(between - shown.data) : 0;
    snprintf(low, sizeof low, "%s-low", of);
    html_figure(out, low, &pair->items[0], (struct slice){.data = shown.data, .size = size});
    html_words(out, " to ");
    snprintf(low, sizeof low, "%s-high", of);
    html_figure(out, low, &pair->items[1], slice_from(shown, between ? size + 4 : 0));
    buffer_done(&text);
}

void html_levels(struct buffer *out, const char *of, enum metric_kind kind,
                 const struct value *pair)
{
    char name[COUNT_TEXT_SIZE];
    if (!pair || pair->kind != VALUE_LIST || pair->count != 2)
        return;
    snprintf(name, sizeof name, "%s-low", of);
    html_value(out, name, kind, &pair->items[0]);
    html_words(out, " to ");
    snprintf(name, sizeof name, "%s-high", of);
    html_value(out, name, kind, &pair->items[1]);
}

void html_table(struct buffer *out, const char *class, struct slice caption,
                const char *const *columns, size_t count)
{
    buffer_format(out, "<div class=\"scroll\"><table class=\"%s\">\n<caption>", class);
    html_safe(out, caption);
    html_words(out, "</caption>\n<thead><tr>");
    for (size_t i = 0; i < count; i++) {
        bool figures = columns[i][0] == '#';
        buffer_format(out, "<th scope=\"col\"%s>%s</th>", figures ? " class=\"n\"" : "",
                      columns[i] + (figures ? 1 : 0));
    }
    html_words(out, "</tr></thead>\n<tbody>\n");
}

void html_table_end(struct buffer *out)
{
    html_words(out, "</tbody>\n</table></div>\n");
}

#define LINE_COLUMNS 1000000

void html_lines(struct buffer *out, const char *class, html_lines_fn *write, const void *about)
{
    struct buffer text = {0};
    struct painter painter = {.out = &text, .columns = LINE_COLUMNS};
    bool open = false;
    write(&painter, about);
    struct slice rest = buffer_slice(&text);
    while (rest.size) {
        const char *end = memchr(rest.data, '\n', rest.size);
        size_t size = end ? (size_t)(end - rest.data) : rest.size;
        struct slice line = {.data = rest.data, .size = size};
        rest = slice_from(rest, end ? size + 1 : size);
        while (line.size && line.data[0] == ' ')
            line = slice_from(line, 1);
        if (!line.size)
            continue;
        if (!open)
            buffer_format(out, "<ul class=\"%s\">\n", class);
        open = true;
        html_words(out, "<li dir=\"auto\">");
        html_safe(out, line);
        html_words(out, "</li>\n");
    }
    if (open)
        html_words(out, "</ul>\n");
    buffer_done(&text);
}

void html_chart(struct buffer *out, const struct html_chart *chart)
{
    buffer_format(out, "<figure class=\"chart\" data-chart=\"%s\"", chart->kind);
    if (chart->metric) {
        html_words(out, " data-metric=\"");
        html_safe(out, member_text(chart->metric, "metric"));
        buffer_format(out, "\" data-at=\"%zu\" data-segment=\"%zu\"", chart->metric_at,
                      chart->segment_at);
    }
    html_words(out, "><figcaption>");
    html_safe(out, slice_of(chart->reading));
    html_words(out, "</figcaption></figure>\n");
}
