/* Implementation of safety.h. */

#include "safety.h"

#include "answer.h"
#include "dashboard/dashboard.h"
#include "service_state.h"

static const struct {
    const char *name;
    struct slice value;
} headers[] = {
    {"Content-Security-Policy",
     SLICE_INIT("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                "connect-src 'self'; base-uri 'none'; form-action 'self'; "
                "frame-ancestors 'none'")},
    {"X-Content-Type-Options", SLICE_INIT("nosniff")},
    {"Referrer-Policy", SLICE_INIT("no-referrer")},
};

/* Who opened a page keeps no hold of it, where that may have been a stranger.  Not where the
 * browser says that it was the reader or a page of ours: it would put the page into another
 * process, which it has to start first, a quarter of a second for nothing. */
static bool is_opened_by_us(const struct request *request)
{
    struct slice site = request_header(request, "sec-fetch-site");
    return slice_equals(site, "none") || slice_equals(site, "same-origin");
}

void answer_safely(struct request *request)
{
    request->cache_control = "private, no-cache";
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        answer_header(request, headers[i].name, headers[i].value);
    if (!is_opened_by_us(request))
        answer_header(request, "Cross-Origin-Opener-Policy", SLICE("same-origin"));
}

void answer_problem_page(struct request *request, const struct problem_row *row,
                         struct slice detail, struct slice nearest)
{
    const struct service *service = request->worker->options.service;
    struct buffer main = {0};
    const struct dashboard_frame frame = {
        .place = DASHBOARD_ELSEWHERE,
        .title = slice_of(row->title),
        .version = slice_of(service && service->options ? service->options->version : ""),
    };
    struct buffer *out = answer_begin(request, row->status, TYPE_HTML);
    answer_safely(request);
    request->cache_control = NULL;
    dashboard_problem(&main, row->status, slice_of(row->title), detail, nearest);
    dashboard_page(out, &frame, buffer_slice(&main));
    buffer_done(&main);
}
