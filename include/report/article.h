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
 */

#include "base/asset.h"
#include "base/value.h"

void article_write(struct buffer *out, const struct value *document);

/* What the article needs of a frame: report.css always; charts.mjs, which draws every
 * <figure class="chart">, and the libraries that it draws with, in the order in which they are
 * loaded before it, where the build had them.  Paths are below /assets/. */
extern const struct asset report_assets[];
const struct asset *report_asset_find(const char *name); /* "report.css"; NULL: not built in */

#endif
