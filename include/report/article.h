#ifndef REPORT_ARTICLE_H
#define REPORT_ARTICLE_H

/*
 * The result document as an HTML article: semantic, complete without scripts, the nine parts of a
 * report in the order in which a reader needs them.  The saved file (render format "html") and the
 * dashboard's page of an experiment are this article, each in its own frame.
 *
 *     <article class="report">...</article>
 *     <script type="application/json" id="document">{...}</script>
 *
 * Headings begin at h1, once.  Ids: `document`, `verdict`, `trust`, `metrics`, `segments`, `flow`,
 * `times`, `retention`, `over-time`, `sensitivity`, `notes`, and `metric-N` (from 1 on); a frame
 * uses others.  The data block is not executed, so it needs no leave of a Content-Security-Policy.
 *
 * That is much: 10 metrics, 8 segments and 90 cohorts are 1.6 MB.  A page that is served may leave
 * out what is folded away, how figures came about, series and curves by day and the segments that
 * stand closed, and the document; it then says where they are:
 *
 *     <article class="report" data-report="/v1/experiments/K/report?..." data-figures="9f86...">
 *     <details data-part="over-time-3-1"><summary>...</summary>
 *     <p class="part"><a href="/experiments/K?...&amp;part=over-time-3-1">...</a></p></details>
 *
 * Such a part is an article by itself, so the page is whole without scripts too; a script may put
 * its <section id="part"> into the fold when it is opened.  `data-figures` is another one exactly
 * when what charts are drawn from is.
 */

#include "base/asset.h"
#include "base/value.h"

void article_write(struct buffer *out, const struct value *document);

/* Where the rest is; both are paths with a query, so that "&..." can follow. */
struct article_links {
    struct slice page;   /* of the article; parts are at it + "&part=NAME" */
    struct slice report; /* of the document, as JSON */
};
void article_write_light(struct buffer *out, const struct value *document,
                         const struct article_links *links);
/* One part of it; false, and nothing written: there is none of that name. */
bool article_part_write(struct buffer *out, const struct value *document,
                        const struct article_links *links, struct slice name);

/* What the article needs of a frame: report.css always; charts.mjs, which draws every
 * <figure class="chart">, and the libraries that it draws with, in the order in which they are
 * loaded before it, where the build had them.  Paths are below /assets/. */
extern const struct asset report_assets[];
const struct asset *report_asset_find(const char *name); /* "report.css"; NULL: not built in */

#endif
