/*
 * What was written beside what was understood: each file of the folder, its text on one side, on
 * the other the experiment, metrics or segments that it declares, in the words of
 * experiment/describe.h.  Names of events and traits that nobody has sent are flagged where they
 * are used: mostly they are misspelt.
 */

#include "parts.h"

#include "analysis/missing_names.h"
#include "analysis/view.h"
#include "experiment/definition.h"
#include "experiment/describe.h"

struct reading {
    struct buffer *out;
    const struct catalogue *catalogue;
    const struct seen_name *names;
    size_t name_count;
};

/* ---- Names that were never received ---- */

static struct missing_names missing_of(const struct reading *reading)
{
    return (struct missing_names){.seen = reading->names, .seen_count = reading->name_count};
}

static void write_missing(struct buffer *out, const struct missing_names *missing)
{
    if (!missing->count)
        return;
    markup_add(out,
               "<p class=\"flag\"><strong><span aria-hidden=\"true\">\xe2\x96\xb2</span> Never "
               "received:</strong> ");
    for (size_t i = 0; i < missing->count; i++) {
        markup_add(out, i ? ", " : "");
        markup_add(out, missing->items[i].is_trait ? "trait <code>" : "event <code>");
        html_safe_name(out, missing->items[i].name);
        markup_add(out, "</code>");
    }
    markup_add(out, "</p>\n");
}

/* ---- What was understood ---- */

static struct slice line_cut(struct slice *rest)
{
    const char *end = rest->size ? memchr(rest->data, '\n', rest->size) : NULL;
    size_t size = end ? (size_t)(end - rest->data) : rest->size;
    struct slice line = {.data = rest->data, .size = size};
    *rest = slice_from(*rest, size + 1);
    return line;
}

static struct slice spaces_cut(struct slice text)
{
    while (text.size && text.data[0] == ' ')
        text = slice_from(text, 1);
    return text;
}

/* A line of experiment_describe: its label and what it says; what has no label is a remark. */
static void write_line(struct buffer *out, struct slice line)
{
    line = spaces_cut(line);
    const char *space = line.size ? memchr(line.data, ' ', line.size) : NULL;
    size_t size = space ? (size_t)(space - line.data) : line.size;
    struct slice rest = spaces_cut(slice_from(line, size));
    bool is_remark = slice_equals((struct slice){.data = line.data, .size = size}, "no");
    markup_add(out, "<div><dt>");
    html_safe(out, is_remark ? SLICE("goal") : (struct slice){.data = line.data, .size = size});
    markup_add(out, "</dt><dd dir=\"auto\">");
    html_safe(out, is_remark ? line : rest);
    markup_add(out, "</dd></div>\n");
}

static void write_experiment(const struct reading *reading, const struct experiment *experiment)
{
    struct buffer *out = reading->out;
    struct buffer words = {0};
    struct missing_names missing = missing_of(reading);
    experiment_describe(&words, experiment);
    struct slice rest = buffer_slice(&words);
    line_cut(&rest); /* the heading has it */
    markup_add(out, "<dl>\n");
    if (experiment->hypothesis.size) {
        markup_add(out, "<div><dt>hypothesis</dt><dd dir=\"auto\">");
        html_safe(out, experiment->hypothesis);
        markup_add(out, "</dd></div>\n");
    }
    while (rest.size) {
        struct slice line = line_cut(&rest);
        if (line.size)
            write_line(out, line);
    }
    markup_add(out, "</dl>\n");
    out->failed |= words.failed;
    buffer_done(&words);
    missing_names_experiment(&missing, experiment);
    write_missing(out, &missing);
}

/* Which experiments use it: a link each.  One of the two is NULL. */
static void write_users(const struct reading *reading, const struct metric *metric,
                        const struct segment *segment)
{
    size_t count = 0;
    markup_add(reading->out, "<p class=\"under\">");
    for (size_t i = 0; i < reading->catalogue->experiment_count; i++) {
        const struct experiment *experiment = &reading->catalogue->experiments[i];
        if (metric ? !experiment_uses_metric(experiment, metric)
                   : !experiment_uses_segment(experiment, segment))
            continue;
        markup_add(reading->out, count++ ? ", " : "Used by ");
        markup_add(reading->out, "<a href=\"#experiment-");
        url_text(reading->out, experiment->key, true);
        markup_add(reading->out, "\">");
        html_safe_name(reading->out, experiment->key);
        markup_add(reading->out, "</a>");
    }
    markup_add(reading->out, count ? "</p>\n" : "Used by no experiment</p>\n");
}

static void write_title(struct buffer *out, struct slice name, struct slice title)
{
    markup_add(out, "<h3><code>");
    html_safe_name(out, name);
    markup_add(out, "</code>");
    if (title.size && !slice_equal(title, name)) {
        markup_add(out, " ");
        html_safe_name(out, title);
    }
    markup_add(out, "</h3>\n");
}

static void write_said(struct buffer *out, const struct buffer *words)
{
    markup_add(out, "<p dir=\"auto\">");
    html_safe(out, buffer_slice(words));
    markup_add(out, "</p>\n");
    out->failed |= words->failed;
}

static void write_metric(const struct reading *reading, const struct metric *metric)
{
    struct missing_names missing = missing_of(reading);
    struct buffer words = {0};
    write_title(reading->out, metric->name, metric->title);
    buffer_format(&words, "%s: ", metric_kind_texts[metric->kind]);
    metric_describe(&words, metric);
    write_said(reading->out, &words);
    buffer_done(&words);
    missing_names_metric(&missing, metric);
    write_missing(reading->out, &missing);
    write_users(reading, metric, NULL);
}

static void write_segment(const struct reading *reading, const struct segment *segment)
{
    struct missing_names missing = missing_of(reading);
    struct buffer words = {0};
    write_title(reading->out, segment->name, segment->title);
    segment_describe(&words, segment);
    write_said(reading->out, &words);
    buffer_done(&words);
    missing_names_trait(&missing, segment->trait);
    write_missing(reading->out, &missing);
    write_users(reading, NULL, segment);
}

/* ---- Files ---- */

static const struct experiment *experiment_in(const struct catalogue *catalogue,
                                              const struct source *source)
{
    for (size_t i = 0; i < catalogue->experiment_count; i++)
        if (slice_equal(catalogue->experiments[i].path, source->path))
            return &catalogue->experiments[i];
    return NULL;
}

static void write_source(struct buffer *out, const struct source *source)
{
    markup_add(out, "<div class=\"source\">\n<p class=\"eyebrow\">Written in <code>");
    html_safe_name(out, source->name);
    markup_add(out, "</code></p>\n<pre tabindex=\"0\" role=\"region\" aria-label=\"Text of ");
    html_safe(out, source->name);
    markup_add(out, "\"><code>");
    html_safe(out, source->text);
    markup_add(out, "</code></pre>\n</div>\n");
}

static void pair_begin(struct buffer *out, const struct source *source)
{
    markup_add(out, "<div class=\"pair\">\n");
    write_source(out, source);
    markup_add(out, "<div class=\"understood\">\n<p class=\"eyebrow\">Understood as</p>\n");
}

static void write_experiment_file(const struct reading *reading, const struct source *source)
{
    struct buffer *out = reading->out;
    const struct experiment *experiment = experiment_in(reading->catalogue, source);
    if (!experiment)
        return;
    markup_add(out, "<article id=\"experiment-");
    html_safe(out, experiment->key);
    markup_add(out, "\">\n<h2>");
    html_safe_name(out, experiment->title);
    markup_add(out, "</h2>\n<p class=\"under\"><a href=\"/experiments/");
    url_text(out, experiment->key, true);
    markup_add(out, "\">");
    html_safe_name(out, experiment->key);
    buffer_format(out, "</a> \xc2\xb7 <span class=\"badge status-%s\">%s</span>",
                  experiment_status_texts[experiment->status],
                  experiment_status_texts[experiment->status]);
    if (experiment->owner.size) {
        markup_add(out, " \xc2\xb7 ");
        html_safe_name(out, experiment->owner);
    }
    markup_add(out, "</p>\n");
    pair_begin(out, source);
    write_experiment(reading, experiment);
    markup_add(out, "</div>\n</div>\n</article>\n");
}

static void write_metrics_file(const struct reading *reading, const struct source *source)
{
    markup_add(reading->out, "<article id=\"metrics\">\n<h2>Metrics</h2>\n");
    pair_begin(reading->out, source);
    for (size_t i = 0; i < reading->catalogue->metric_count; i++)
        write_metric(reading, &reading->catalogue->metrics[i]);
    markup_add(reading->out, "</div>\n</div>\n</article>\n");
}

static void write_segments_file(const struct reading *reading, const struct source *source)
{
    markup_add(reading->out, "<article id=\"segments\">\n<h2>Segments</h2>\n");
    pair_begin(reading->out, source);
    for (size_t i = 0; i < reading->catalogue->segment_count; i++)
        write_segment(reading, &reading->catalogue->segments[i]);
    markup_add(reading->out, "</div>\n</div>\n</article>\n");
}

static void write_contents(struct buffer *out, const struct catalogue *catalogue)
{
    markup_add(out, "<nav class=\"choices\" aria-label=\"On this page\"><ul>\n");
    for (size_t i = 0; i < catalogue->experiment_count; i++) {
        markup_add(out, "<li><a href=\"#experiment-");
        url_text(out, catalogue->experiments[i].key, true);
        markup_add(out, "\">");
        html_safe_name(out, catalogue->experiments[i].key);
        markup_add(out, "</a></li>\n");
    }
    if (catalogue->metric_count)
        markup_add(out, "<li><a href=\"#metrics\">Metrics</a></li>\n");
    if (catalogue->segment_count)
        markup_add(out, "<li><a href=\"#segments\">Segments</a></li>\n");
    markup_add(out, "</ul></nav>\n");
}

void dashboard_definitions(struct buffer *out, const struct catalogue *catalogue,
                           const struct seen_name *names, size_t name_count)
{
    const struct reading reading = {
        .out = out, .catalogue = catalogue, .names = names, .name_count = name_count};
    const struct sources *sources = &catalogue->sources;
    markup_add(out, "<h1>Definitions</h1>\n<p class=\"lead\">What was written, beside what Gangway "
                    "understood.</p>\n");
    write_contents(out, catalogue);
    if (!sources->count)
        markup_add(out, "<p class=\"empty\">There is no file yet. "
                        "<a href=\"/\">How to write one</a></p>\n");
    for (size_t i = 0; i < sources->count; i++)
        write_experiment_file(&reading, &sources->files[i]);
    for (size_t i = 0; i < sources->count; i++)
        if (slice_equals(sources->files[i].name, "metrics.yaml"))
            write_metrics_file(&reading, &sources->files[i]);
    for (size_t i = 0; i < sources->count; i++)
        if (slice_equals(sources->files[i].name, "segments.yaml"))
            write_segments_file(&reading, &sources->files[i]);
}
