/*
 * The saved file: the article in one HTML file that needs nothing else, not even a network.  Style
 * and scripts stand inside; a Content-Security-Policy names them by their SHA-256 and forbids all
 * else, so that a text in the document can neither run nor fetch anything.
 *
 *     <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src
 *      'sha256-...'; script-src 'sha256-...' ...">
 *
 * The same document and program give the same bytes.
 */

#include "report/article.h"

#include "html_parts.h"
#include "render_parts.h"

#include "base/hash.h"

/* The scripts of a page, in the order in which they run; one that is not built in is left out. */
static const char *const scripts[] = {"d3.min.js", "plot.umd.min.js", "charts.mjs"};
#define SCRIPT_COUNT (sizeof scripts / sizeof *scripts)

const struct asset *report_asset_find(const char *name)
{
    for (const struct asset *asset = report_assets; asset->path; asset++)
        if (strcmp(asset->name, name) == 0)
            return asset;
    return NULL;
}

/* RFC 4648, section 4, of a digest: 32 bytes are 44 characters. */
static void digest_base64(struct buffer *out, const struct digest *digest)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < DIGEST_SIZE; i += 3) {
        uint32_t bits = (uint32_t)digest->bytes[i] << 16;
        bits |= i + 1 < DIGEST_SIZE ? (uint32_t)digest->bytes[i + 1] << 8 : 0;
        bits |= i + 2 < DIGEST_SIZE ? (uint32_t)digest->bytes[i + 2] : 0;
        for (size_t k = 0; k < 4; k++)
            buffer_add_byte(out, i + k <= DIGEST_SIZE ? digits[bits >> (18 - 6 * k) & 63] : '=');
    }
}

/* Empty: it is not built in. */
static struct slice asset_bytes(const char *name)
{
    const struct asset *asset = report_asset_find(name);
    return asset ? asset->bytes : (struct slice){0};
}

static void policy_hash(struct buffer *out, struct slice bytes)
{
    struct digest digest = hash_sha256(bytes);
    html_words(out, " 'sha256-");
    digest_base64(out, &digest);
    html_words(out, "'");
}

/* All of them or none: what draws needs what it draws with. */
static bool has_scripts(void)
{
    for (size_t i = 0; i < SCRIPT_COUNT; i++)
        if (!report_asset_find(scripts[i]))
            return false;
    return true;
}

static void html_policy(struct buffer *out, struct slice style)
{
    html_words(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                    "style-src");
    policy_hash(out, style);
    html_words(out, "; script-src");
    for (size_t i = 0; has_scripts() && i < SCRIPT_COUNT; i++)
        policy_hash(out, asset_bytes(scripts[i]));
    html_words(out, has_scripts() ? "" : " 'none'");
    html_words(out, "; img-src data:; base-uri 'none'; form-action 'none'\">\n");
}

static void html_scripts(struct buffer *out)
{
    const struct asset *licences = report_asset_find("licences.txt");
    if (!has_scripts()) {
        html_words(out, "<p class=\"no-charts\">Charts are not built into this program: the tables "
                        "have all figures.</p>\n");
        return;
    }
    if (licences) {
        html_words(out, "<details class=\"how licences\"><summary>Licences of what draws the "
                        "charts</summary>\n<pre>");
        html_safe(out, licences->bytes);
        html_words(out, "</pre></details>\n");
    }
    for (size_t i = 0; i < SCRIPT_COUNT; i++) {
        const char *type = strcmp(scripts[i], "charts.mjs") == 0 ? " type=\"module\"" : "";
        buffer_format(out, "<script%s>", type);
        buffer_add(out, asset_bytes(scripts[i]));
        html_words(out, "</script>\n");
    }
}

void render_html(struct buffer *out, const struct value *document,
                 const struct render_options *options)
{
    struct slice style = asset_bytes("report.css");
    (void)options;
    html_words(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html_policy(out, style);
    html_words(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    html_safe(out, member_text(document, "name"));
    html_words(out, "</title>\n<style>");
    buffer_add(out, style);
    html_words(out, "</style>\n</head>\n<body>\n<main>\n");
    article_write(out, document);
    html_scripts(out);
    html_words(out, "</main>\n</body>\n</html>\n");
}
