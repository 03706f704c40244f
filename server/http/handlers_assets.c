/*
 * Files that are compiled into the program: pages, their scripts and styles (base/asset.h).  A file
 * is served under the path that its table gives it, and no other; there is nothing of a file system
 * here, so no path leads out of it.
 *
 * Pages load nothing from elsewhere and hold no inline script or style, so that the policy can be
 * strict; browsers keep a file and ask by its tag whether it is still the same, or, where a page
 * names it with the digest of its bytes (?v=), never.
 */

#include "answer.h"
#include "dashboard/dashboard.h"
#include "handlers.h"
#include "report/article.h"
#include "service_state.h"
#include "tag.h"

static const struct {
    const char *name;
    struct slice value;
} safety[] = {
    {"Content-Security-Policy",
     SLICE_INIT("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
                "frame-ancestors 'none'")},
    {"X-Content-Type-Options", SLICE_INIT("nosniff")},
    {"Referrer-Policy", SLICE_INIT("no-referrer")},
    {"Cross-Origin-Opener-Policy", SLICE_INIT("same-origin")},
};

static const struct asset *asset_find(const struct asset *table, struct slice path)
{
    for (const struct asset *asset = table; asset && asset->path; asset++)
        if (slice_equals(path, asset->path))
            return asset;
    return NULL;
}

/* "?v=" and the first digits of its tag: under that name it never is another. */
static bool is_asked_by_digest(const struct request *request, const struct asset *asset)
{
    struct slice asked = request->query;
    return slice_starts_with(asked, SLICE("v=")) && asked.size == 2 + ASSET_DIGITS &&
           memcmp(asked.data + 2, asset->etag + 1, ASSET_DIGITS) == 0;
}

static enum handled asset_answer(struct request *request, const struct asset *asset)
{
    struct slice tag = slice_of(asset->etag);
    bool is_known = tag_matches(request->if_none_match, tag);
    struct buffer *out = answer_begin(request, is_known ? 304 : 200, is_known ? NULL : asset->type);
    request->cache_control =
        is_asked_by_digest(request, asset) ? "public, max-age=31536000, immutable" : "no-cache";
    answer_header(request, "ETag", tag);
    for (size_t i = 0; i < sizeof safety / sizeof *safety; i++)
        answer_header(request, safety[i].name, safety[i].value);
    if (!is_known)
        buffer_add(out, asset->bytes);
    return HANDLED;
}

/* A folder without its slash: links within its page are relative to it. */
static enum handled folder_answer(struct request *request, struct slice folder)
{
    answer_begin(request, 308, NULL);
    answer_header(request, "Location", folder);
    return HANDLED;
}

enum handled handle_asset(struct request *request)
{
    const struct asset *table = request->worker->options.service->options->assets;
    const struct asset *asset = asset_find(dashboard_assets, request->path);
    if (!asset)
        asset = asset_find(report_assets, request->path);
    if (!asset)
        asset = asset_find(table, request->path);
    if (asset)
        return asset_answer(request, asset);
    struct slice folder = arena_format(&request->arena, "%.*s/", SLICE_ARGS(request->path));
    if (asset_find(table, folder))
        return folder_answer(request, folder);
    return answer_problem(request, PROBLEM_NO_ROUTE, "there is nothing here");
}
