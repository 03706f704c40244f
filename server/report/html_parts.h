#ifndef REPORT_HTML_PARTS_H
#define REPORT_HTML_PARTS_H

/*
 * The pieces of the article, each from the document.  For server/report alone.
 *
 * What is written is well formed and safe by these functions alone: text of other people goes
 * through html_safe or html_safe_name (base/html.h), never through buffer_add.  A figure is
 *
 *     <data class="estimate" value="0.09193616827240858">+9.19</data>
 *
 * the exact number of the document beside the form that people read (include/analysis/measure.h).
 */

#include "text_parts.h"

#include "base/html.h"

void html_words(struct buffer *out, const char *words);   /* ours: copied */
void html_reading(struct buffer *out, struct slice code); /* "keep_running" as "keep running" */

/* The number that the document has, with how it is read; "–" where it is null. */
void html_figure(struct buffer *out, const char *of, const struct value *exact, struct slice shown);
void html_count(struct buffer *out, const char *of, const struct value *exact);
void html_p(struct buffer *out, const struct value *exact, const char *of);
void html_percent(struct buffer *out, const char *of, const struct value *exact, int digits);
void html_value(struct buffer *out, const char *of, enum metric_kind kind,
                const struct value *exact);
void html_change(struct buffer *out, const char *of, enum metric_kind kind,
                 const struct value *exact);
/* "+2.91 to +15.48" of a list of two; nothing where it is null. */
void html_interval(struct buffer *out, const char *of, enum metric_kind kind,
                   const struct value *pair);
void html_levels(struct buffer *out, const char *of, enum metric_kind kind,
                 const struct value *pair); /* the same of values: "29.3% to 33.5%" */

/* Tables: the caption, then the columns; a column that begins with '#' holds figures. */
void html_table(struct buffer *out, const char *class, struct slice caption,
                const char *const *columns, size_t count);
void html_table_end(struct buffer *out);

/* What the terminal says in so many lines, each as an item: a list, or nothing. */
typedef void html_lines_fn(struct painter *painter, const void *about);
void html_lines(struct buffer *out, const char *class, html_lines_fn *write, const void *about);

/* A chart to be drawn, with the line that says how to read it. */
struct html_chart {
    const char *kind, *reading;
    const struct value *metric; /* NULL: of the whole document */
    size_t metric_at;           /* its place in `metrics` */
    size_t segment_at;          /* its place in `segments`, of a forest */
};
void html_chart(struct buffer *out, const struct html_chart *chart);
/* A chart and its tables: side by side where there is room. */
#define HTML_PAIR "<div class=\"pair\">\n<div>\n"
#define HTML_PAIR_THEN "</div>\n<div>\n"
#define HTML_PAIR_END "</div>\n</div>\n"

/* A metric with what is asked of it again and again. */
struct html_metric {
    const struct value *document, *metric, *control;
    enum metric_kind kind;
    size_t at; /* its place in `metrics` */
};
struct html_metric html_metric_at(const struct value *document, size_t at);
void html_metric_name(struct buffer *out, const struct html_metric *about);
/* "95% interval", "99% anytime interval": which one is shown; empty: none. */
void html_shown_words(struct buffer *out, const struct shown *shown);
/* <td>: the shown interval of a comparison. */
void html_shown(struct buffer *out, enum metric_kind kind, const struct value *effect);

/* What is folded away: within a page that has all, or left to a page of its own (html_part.c). */
struct article_links;
typedef void html_part_fn(struct buffer *out, const struct html_metric *about, size_t at);
struct html_part {
    const char *name; /* "over-time": with the metric's place it is the part's name */
    html_part_fn *write;
    size_t at; /* which one of the metric's, from 0 */
};
/* What stands in <details>, after its summary. */
void html_part(struct buffer *out, const struct html_metric *about,
               const struct article_links *links, const struct html_part *part);
/* ` data-part="over-time-3-1"` of a <details>, where it is left out. */
void html_part_mark(struct buffer *out, const struct html_metric *about,
                    const struct article_links *links, const struct html_part *part);

/* <article>, with where its document is. */
void html_article_begin(struct buffer *out, const struct value *document,
                        const struct article_links *links);

/* How a figure came about: counts, the definition in words, the formula and where it stands. */
void html_how(struct buffer *out, const struct html_metric *about,
              const struct article_links *links);

void html_how_part(struct buffer *out, const struct html_metric *about, size_t at);
void html_series_part(struct buffer *out, const struct html_metric *about, size_t at);
void html_curve_part(struct buffer *out, const struct html_metric *about, size_t at);
void html_segment_part(struct buffer *out, const struct html_metric *about, size_t at);

void html_verdict(struct buffer *out, const struct value *document);
void html_health(struct buffer *out, const struct value *document);
void html_metrics(struct buffer *out, const struct value *document,
                  const struct article_links *links);
void html_segments(struct buffer *out, const struct value *document,
                   const struct article_links *links);
void html_flow(struct buffer *out, const struct value *document);
void html_times(struct buffer *out, const struct value *document,
                const struct article_links *links);
void html_retention(struct buffer *out, const struct value *document);
void html_over_time(struct buffer *out, const struct value *document,
                    const struct article_links *links);
void html_sensitivity(struct buffer *out, const struct value *document);
void html_notes(struct buffer *out, const struct value *document);

#endif
