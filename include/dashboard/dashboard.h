#ifndef DASHBOARD_DASHBOARD_H
#define DASHBOARD_DASHBOARD_H

/*
 * The pages that people look at in a browser, as HTML that is whole without scripts.  Each function
 * writes what stands within <main>; dashboard_page puts it into the frame that all pages share.
 * Scripts and styles are files of their own under /assets/ (dashboard_assets), so that the policy
 * of the pages may be strict: nothing here writes a style attribute or a script.
 *
 *     dashboard_overview(&main, &list, &view);
 *     dashboard_page(&out, &frame, buffer_slice(&main));
 */

#include "base/asset.h"
#include "base/html.h"
#include "base/value.h"
#include "experiment/catalogue.h"

struct seen_name;

/* The files under /assets/, made from server/dashboard/assets/. */
extern const struct asset dashboard_assets[];

enum dashboard_place {
    DASHBOARD_EXPERIMENTS,
    DASHBOARD_CORE_ACTIONS,
    DASHBOARD_EXPLAIN,
    DASHBOARD_DEFINITIONS,
    DASHBOARD_ELSEWHERE
};

struct dashboard_frame {
    enum dashboard_place place;
    struct slice title;   /* of the page, in words */
    struct slice tag;     /* the page's ETag, by which a script knows it again; empty: never new */
    struct slice version; /* of the program */
    struct slice data;    /* path of the same as JSON, or empty */
    struct slice file;    /* path of the same as a file to keep, or empty */
    struct slice styles;  /* more elements of <head>, as HTML */
};
void dashboard_page(struct buffer *out, const struct dashboard_frame *frame, struct slice main);

/* Adds what a file under /assets/ needs in <head>: a style, a module, a script that a module loads
 * when it needs it (<meta name="draws-with">); others nothing. */
void dashboard_head_add(struct buffer *styles, const struct asset *asset);
/* The path of an experiment's page, or of another by its parts: percent-encoded. */
void dashboard_path_add(struct buffer *out, struct slice key);

/* How the list is looked at; empty slices: the default. */
struct dashboard_view {
    struct slice status, owner, sort;
};
/* Whether `sort` names a column. */
bool dashboard_sort_is_known(struct slice sort);
/* `experiments`: the entries of GET /v1/experiments, each with `begun` (RFC 3339, since when units
 * are taken, or null) and `as_of` beside.  Without any it is the page of a first run. */
void dashboard_overview(struct buffer *out, const struct value *experiments,
                        const struct dashboard_view *view);

/* What was written beside what was understood; `names`: what was ever received. */
void dashboard_definitions(struct buffer *out, const struct catalogue *catalogue,
                           const struct seen_name *names, size_t name_count);

/* Which early actions go with coming back: the document of core_actions_build
 * (analysis/core_actions.h). */
void dashboard_core_actions(struct buffer *out, const struct value *document);

/* Why a metric changed: a form, which asks by its address and needs no script, and below it what
 * was asked.  `document`: of explain_build (analysis/explain.h); NULL: nothing is asked, or `fault`
 * says what is wrong with it. */
struct dashboard_question {
    struct slice metric, experiment, variant, segment, from, to;
    int64_t days; /* of a date alone */
};
void dashboard_explain(struct buffer *out, const struct dashboard_question *question,
                       const struct catalogue *catalogue, const struct value *document,
                       struct slice fault);

/* What is wrong, and where to go from here. `nearest`: the key that was perhaps meant, or empty. */
void dashboard_problem(struct buffer *out, int status, struct slice title, struct slice detail,
                       struct slice nearest);

#endif
