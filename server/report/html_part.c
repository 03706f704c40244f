/*
 * What an article that is served leaves out, and where it says that it is.
 *
 *     how-3-1         how the figures of the third metric came about
 *     over-time-3-1   its series, by day
 *     curve-3-1       its curves, by day
 *     segment-3-2     its second segment
 *
 * See report/article.h.
 */

#include "report/article.h"

#include "html_parts.h"

#include "base/hash.h"
#include "base/number.h"

#include <stdio.h>

#define PART_NAME_SIZE 64

static void part_name(char name[static PART_NAME_SIZE], const struct html_metric *about,
                      const struct html_part *part)
{
    snprintf(name, PART_NAME_SIZE, "%s-%zu-%zu", part->name, about->at + 1, part->at + 1);
}

void html_part_mark(struct buffer *out, const struct html_metric *about,
                    const struct article_links *links, const struct html_part *part)
{
    char name[PART_NAME_SIZE];
    if (!links)
        return;
    part_name(name, about, part);
    buffer_format(out, " data-part=\"%s\"", name);
}

void html_part(struct buffer *out, const struct html_metric *about,
               const struct article_links *links, const struct html_part *part)
{
    char name[PART_NAME_SIZE];
    if (!links) {
        part->write(out, about, part->at);
        return;
    }
    part_name(name, about, part);
    html_words(out, "<p class=\"part\"><a href=\"");
    html_safe(out, links->page);
    buffer_format(out, "&amp;part=%s\">On a page of its own</a></p>\n", name);
}

/* Of what charts are drawn from: enough of a digest to tell two apart. */
static void figures_digest(struct buffer *out, const struct value *document)
{
    char text[DIGEST_TEXT_SIZE];
    struct buffer drawn = {0};
    value_write(&drawn, member(document, "metrics"));
    value_write(&drawn, member(document, "flow"));
    struct digest digest = hash_sha256(buffer_slice(&drawn));
    struct slice shown = slice_of(digest_format(&digest, text));
    out->failed |= drawn.failed;
    buffer_add(out, (struct slice){.data = shown.data + shown.size - 16, .size = 16});
    buffer_done(&drawn);
}

void html_article_begin(struct buffer *out, const struct value *document,
                        const struct article_links *links)
{
    html_words(out, "<article class=\"report\"");
    if (links) {
        html_words(out, " data-report=\"");
        html_safe(out, links->report);
        html_words(out, "\" data-figures=\"");
        figures_digest(out, document);
        html_words(out, "\"");
    }
    html_words(out, ">\n");
}

static const struct html_part parts[] = {
    {.name = "how-", .write = html_how_part},
    {.name = "over-time-", .write = html_series_part},
    {.name = "curve-", .write = html_curve_part},
    {.name = "segment-", .write = html_segment_part},
};

/* "3-2" as the places 2 and 1. */
static bool places_read(struct slice text, uint64_t *metric, uint64_t *at)
{
    const char *mark = text.size ? memchr(text.data, '-', text.size) : NULL;
    if (!mark)
        return false;
    struct slice first = {.data = text.data, .size = (size_t)(mark - text.data)};
    if (!unsigned_parse(first, metric) || !unsigned_parse(slice_from(text, first.size + 1), at) ||
        !*metric || !*at)
        return false;
    --*metric;
    --*at;
    return true;
}

/* What the part has to say; empty: there is none of that name. */
static void part_body(struct buffer *out, const struct value *document, struct slice name,
                      struct html_metric *about)
{
    const struct value *metrics = member(document, "metrics");
    uint64_t metric, at;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t size = strlen(parts[i].name);
        if (!slice_starts_with(name, slice_of(parts[i].name)) ||
            !places_read(slice_from(name, size), &metric, &at) || metric >= metrics->count)
            continue;
        *about = html_metric_at(document, metric);
        parts[i].write(out, about, at);
    }
}

bool article_part_write(struct buffer *out, const struct value *document,
                        const struct article_links *links, struct slice name)
{
    struct html_metric about;
    struct buffer body = {0};
    if (!text_is_exposed(document))
        return false;
    part_body(&body, document, name, &about);
    if (!body.size && !body.failed)
        return false;
    html_article_begin(out, document, links);
    html_words(out, "<header class=\"head\">\n<p class=\"key\"><a href=\"");
    html_safe(out, links->page);
    html_words(out, "\">");
    html_safe_name(out, member_text(document, "name"));
    html_words(out, "</a></p>\n<h1>");
    if (!body.failed)
        html_metric_name(out, &about);
    html_words(out, "</h1>\n</header>\n<section id=\"part\">\n");
    buffer_add(out, buffer_slice(&body));
    html_words(out, "</section>\n</article>\n");
    out->failed |= body.failed;
    buffer_done(&body);
    return true;
}
