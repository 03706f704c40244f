/*
 * The frame of every page: head, the way past the links, the links between pages, the page itself,
 * and a foot that says how fresh it is.  Landmarks are those of HTML: header, nav, main, footer.
 *
 * <html data-tag> is the ETag of the page, by which dashboard.mjs sees that a newer one is there;
 * `#live` is the one place where it says so to people who do not see the page.
 */

#include "parts.h"

static const struct {
    const char *path, *words;
} places[] = {
    [DASHBOARD_EXPERIMENTS] = {"/", "Experiments"},
    [DASHBOARD_CORE_ACTIONS] = {"/core-actions", "Core actions"},
    [DASHBOARD_EXPLAIN] = {"/explain", "Explain"},
    [DASHBOARD_DEFINITIONS] = {"/definitions", "Definitions"},
};

/* With the digest of its bytes, so that a browser need never ask for the same ones again. */
static void asset_path(struct buffer *out, const struct asset *asset)
{
    html_safe(out, slice_of(asset->path));
    buffer_format(out, "?v=%.*s", ASSET_DIGITS, asset->etag + 1);
}

void dashboard_head_add(struct buffer *styles, const struct asset *asset)
{
    static const struct {
        const char *ending, *before, *after;
    } forms[] = {
        {".css", "<link rel=\"stylesheet\" href=\"", "\">\n"},
        {".js", "<meta name=\"draws-with\" content=\"", "\">\n"},
        {".mjs", "<script type=\"module\" src=\"", "\"></script>\n"},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (!slice_ends_with(slice_of(asset->name), slice_of(forms[i].ending)))
            continue;
        markup_add(styles, forms[i].before);
        asset_path(styles, asset);
        markup_add(styles, forms[i].after);
    }
}

void dashboard_path_add(struct buffer *out, struct slice key)
{
    url_text(out, key, true);
}

static void write_head(struct buffer *out, const struct dashboard_frame *frame)
{
    markup_add(out, "<!doctype html>\n<html lang=\"en\"");
    if (frame->tag.size) {
        markup_add(out, " data-tag=\"");
        html_safe(out, frame->tag);
        markup_add(out, "\"");
    }
    markup_add(out, ">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    html_safe(out, frame->title);
    markup_add(out, " \xc2\xb7 Gangway</title>\n"
                    "<link rel=\"icon\" href=\"/assets/gangway.svg\" type=\"image/svg+xml\">\n");
    for (const struct asset *asset = dashboard_assets; asset->path; asset++)
        dashboard_head_add(out, asset);
    buffer_add(out, frame->styles);
    markup_add(out, "</head>\n");
}

static void write_places(struct buffer *out, const struct dashboard_frame *frame)
{
    markup_add(out,
               "<body class=\"frame\">\n<a class=\"skip\" href=\"#main\">Skip to the page</a>\n"
               "<header class=\"top\">\n<a class=\"brand\" href=\"/\">Gangway</a>\n"
               "<nav aria-label=\"Pages\">\n<ul>\n");
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        buffer_format(out, "<li><a href=\"%s\"%s>%s</a></li>\n", places[i].path,
                      i == frame->place ? " aria-current=\"page\"" : "", places[i].words);
    markup_add(out, "</ul>\n</nav>\n</header>\n");
}

void dashboard_page(struct buffer *out, const struct dashboard_frame *frame, struct slice main)
{
    write_head(out, frame);
    write_places(out, frame);
    markup_add(out, "<main id=\"main\" tabindex=\"-1\">\n");
    buffer_add(out, main);
    markup_add(out, "</main>\n<footer class=\"page-foot\">\n"
                    "<p id=\"fresh\">Reload for newer figures.</p>\n"
                    "<p id=\"live\" class=\"unseen\" role=\"status\"></p>\n<p>");
    if (frame->data.size) {
        markup_add(out, "<a href=\"");
        html_safe(out, frame->data);
        markup_add(out, "\">The same as JSON</a> \xc2\xb7 ");
    }
    if (frame->file.size) {
        markup_add(out, "<a href=\"");
        html_safe(out, frame->file);
        markup_add(out, "\" download>Save as a file</a> \xc2\xb7 ");
    }
    markup_add(out, "Gangway ");
    html_safe(out, frame->version);
    markup_add(out, "</p>\n</footer>\n</body>\n</html>\n");
}
