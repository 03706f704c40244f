/*
 * The table of routes.  The hot rows stand first, since the first match wins.
 */

#include "routes.h"

#include "handlers.h"
#include "ingest/intake.h"
#include "notices.h"

#include <assert.h>

#define TAKES_EVENTS ROLE_CLIENT | ROLE_SERVER
#define ASSIGNS ROLE_CLIENT | ROLE_SERVER | ROLE_ANALYST /* the last to explain only */
#define NOTE_BODY_MAX (32 * 1024) /* 2 000 characters, each escaped, and names */
#define RELOAD_BODY_MAX 1024      /* nothing is read of it; some clients send {} */

#define INTAKE_ROW(long_path, short_path, route, text)                                             \
    {.method = METHOD_POST,                                                                        \
     .pattern = long_path,                                                                         \
     .handle = handle_intake,                                                                      \
     .roles = TAKES_EVENTS,                                                                        \
     .body_max = BODY_SIZE_MAX,                                                                    \
     .form = FORM_SEGMENT,                                                                         \
     .key_in_body = true,                                                                          \
     .argument = route,                                                                            \
     .help = text},                                                                                \
    {                                                                                              \
        .method = METHOD_POST, .pattern = short_path, .handle = handle_intake,                     \
        .roles = TAKES_EVENTS, .body_max = BODY_SIZE_MAX, .form = FORM_SEGMENT,                    \
        .key_in_body = true, .argument = route, .help = text                                       \
    }

/* The same of other SDKs: the key stands in the body. */
#define SHIM_ROW(path, form_, route, text)                                                         \
    {                                                                                              \
        .method = METHOD_POST, .pattern = path, .handle = handle_intake, .roles = TAKES_EVENTS,    \
        .body_max = BODY_SIZE_MAX, .key_in_body = true, .form = form_, .argument = route,          \
        .help = text                                                                               \
    }

const struct route routes[] = {
    {.method = METHOD_GET,
     .pattern = "/v1/assign/{experiment}",
     .handle = handle_assign_one,
     .roles = ASSIGNS,
     .help = "Which variant does this unit get?"},
    {.method = METHOD_POST,
     .pattern = "/v1/assign",
     .handle = handle_assign_many,
     .roles = ASSIGNS,
     .body_max = BODY_SIZE_MAX,
     .help = "Which variants do these units get?"},

    {.method = METHOD_POST,
     .pattern = "/ofrep/v1/evaluate/flags/{key...}",
     .handle = handle_ofrep_one,
     .roles = ROLE_CLIENT | ROLE_SERVER,
     .body_max = BODY_SIZE_MAX,
     .form = FORM_OFREP,
     .help = "OpenFeature: the value of one experiment"},
    {.method = METHOD_POST,
     .pattern = "/ofrep/v1/evaluate/flags",
     .handle = handle_ofrep_many,
     .roles = ROLE_CLIENT | ROLE_SERVER,
     .body_max = BODY_SIZE_MAX,
     .form = FORM_OFREP,
     .help = "OpenFeature: the values of all experiments"},
    {.method = METHOD_GET,
     .pattern = NOTICES_PATH,
     .handle = handle_ofrep_events,
     .roles = ROLE_CLIENT | ROLE_SERVER,
     .takes_token = true,
     .form = FORM_OFREP,
     .help = "OpenFeature: a stream of change notices"},

    {.method = METHOD_GET,
     .pattern = "/api/features/{key}",
     .handle = handle_growthbook,
     .roles = ROLE_CLIENT | ROLE_SERVER,
     .key_in_path = true,
     .help = "What the GrowthBook SDKs evaluate from"},

    INTAKE_ROW("/v1/batch", "/v1/b", INTAKE_BATCH, "Takes many Segment messages"),
    INTAKE_ROW("/v1/track", "/v1/t", INTAKE_TRACK, "Takes one event"),
    INTAKE_ROW("/v1/identify", "/v1/i", INTAKE_IDENTIFY, "Takes traits of a user"),
    INTAKE_ROW("/v1/group", "/v1/g", INTAKE_GROUP, "Takes the account of a user, and its traits"),
    INTAKE_ROW("/v1/alias", "/v1/a", INTAKE_ALIAS, "Joins a visitor to a user"),
    INTAKE_ROW("/v1/page", "/v1/p", INTAKE_PAGE, "Takes a page view"),
    INTAKE_ROW("/v1/screen", "/v1/s", INTAKE_SCREEN, "Takes a screen view"),
    SHIM_ROW("/batch", FORM_EITHER, INTAKE_EITHER, "Takes events of PostHog or Amplitude"),
    SHIM_ROW("/capture", FORM_POSTHOG, INTAKE_POSTHOG, "Takes events of PostHog"),
    SHIM_ROW("/i/v0/e", FORM_POSTHOG, INTAKE_POSTHOG, "Takes events of PostHog"),
    SHIM_ROW("/e", FORM_POSTHOG, INTAKE_POSTHOG, "Takes events of PostHog"),
    SHIM_ROW("/2/httpapi", FORM_AMPLITUDE, INTAKE_AMPLITUDE, "Takes events of Amplitude"),
    {.method = METHOD_GET,
     .pattern = "/v1/projects/{key}/settings",
     .handle = handle_settings,
     .roles = ROLE_NONE,
     .help = "What analytics.js asks for before it sends"},

    {.method = METHOD_GET,
     .pattern = "/v1/experiments",
     .handle = handle_experiments,
     .roles = ROLE_ANALYST,
     .help = "All experiments with their verdicts"},
    {.method = METHOD_GET,
     .pattern = "/v1/experiments/{id}",
     .handle = handle_experiment,
     .roles = ROLE_ANALYST,
     .help = "One experiment and its declaration"},
    {.method = METHOD_GET,
     .pattern = "/v1/experiments/{id}/report",
     .handle = handle_report,
     .roles = ROLE_ANALYST,
     .help = "The report, as JSON or text"},
    {.method = METHOD_GET,
     .pattern = "/v1/core-actions",
     .handle = handle_core_actions,
     .roles = ROLE_ANALYST,
     .help = "Which early actions go with coming back"},
    {.method = METHOD_GET,
     .pattern = "/v1/explain",
     .handle = handle_explain,
     .roles = ROLE_ANALYST,
     .help = "Why a metric changed: who came, or what they did"},
    {.method = METHOD_GET,
     .pattern = "/v1/events",
     .handle = handle_events,
     .roles = ROLE_ANALYST,
     .help = "Names of events and traits seen"},

    {.method = METHOD_GET,
     .pattern = "/v1/units/{kind}/{id}",
     .handle = handle_unit,
     .roles = ROLE_ADMIN,
     .help = "All that is stored of one person"},
    {.method = METHOD_DELETE,
     .pattern = "/v1/units/{kind}/{id}",
     .handle = handle_unit_erase,
     .roles = ROLE_ADMIN,
     .help = "Erases a person"},
    {.method = METHOD_GET,
     .pattern = "/v1/erasures/{n}",
     .handle = handle_erasure,
     .roles = ROLE_ADMIN,
     .help = "Whether an erasure is done"},

    {.method = METHOD_POST,
     .pattern = "/v1/notes",
     .handle = handle_note_add,
     .roles = ROLE_ANALYST,
     .body_max = NOTE_BODY_MAX,
     .help = "Ties a note to an experiment"},
    {.method = METHOD_GET,
     .pattern = "/v1/notes",
     .handle = handle_notes,
     .roles = ROLE_ANALYST,
     .help = "The notes of an experiment"},
    {.method = METHOD_DELETE,
     .pattern = "/v1/notes/{n}",
     .handle = handle_note_delete,
     .roles = ROLE_ADMIN,
     .help = "Takes a note away"},

    {.method = METHOD_POST,
     .pattern = "/v1/reload",
     .handle = handle_reload,
     .roles = ROLE_ADMIN,
     .body_max = RELOAD_BODY_MAX,
     .body_is_optional = true,
     .help = "Reads the experiment files again"},
    {.method = METHOD_GET,
     .pattern = "/healthz",
     .handle = handle_healthz,
     .is_unlimited = true,
     .roles = ROLE_NONE,
     .help = "Whether the process turns"},
    {.method = METHOD_GET,
     .pattern = "/readyz",
     .handle = handle_readyz,
     .is_unlimited = true,
     .roles = ROLE_NONE,
     .help = "Whether it can serve and write"},
    {.method = METHOD_GET,
     .pattern = "/metrics",
     .handle = handle_metrics,
     .is_unlimited = true,
     .roles = ROLE_ANALYST,
     .open_nearby = true,
     .help = "Counters for Prometheus"},
    {.method = METHOD_GET,
     .pattern = "/",
     .handle = handle_overview,
     .roles = ROLE_ANALYST,
     .form = FORM_PAGE,
     .help = "The dashboard: all experiments"},
    {.method = METHOD_GET,
     .pattern = "/experiments/{key...}",
     .handle = handle_article,
     .roles = ROLE_ANALYST,
     .form = FORM_PAGE,
     .help = "The dashboard: one experiment, its report"},
    {.method = METHOD_GET,
     .pattern = "/core-actions",
     .handle = handle_actions,
     .roles = ROLE_ANALYST,
     .form = FORM_PAGE,
     .help = "The dashboard: which early actions go with coming back"},
    {.method = METHOD_GET,
     .pattern = "/explain",
     .handle = handle_explain_page,
     .roles = ROLE_ANALYST,
     .form = FORM_PAGE,
     .help = "The dashboard: why a metric changed"},
    {.method = METHOD_GET,
     .pattern = "/definitions",
     .handle = handle_definitions,
     .roles = ROLE_ANALYST,
     .form = FORM_PAGE,
     .help = "The dashboard: what was written beside what was understood"},
    {.method = METHOD_GET,
     .pattern = "/assets/{name}",
     .handle = handle_asset,
     .roles = ROLE_NONE,
     .help = "A style or script of the dashboard"},
    {.method = METHOD_GET,
     .pattern = "/example",
     .handle = handle_asset,
     .roles = ROLE_NONE,
     .help = "The example page, where it is served (gangway demo)"},
    {.method = METHOD_GET,
     .pattern = "/example/{file}",
     .handle = handle_asset,
     .roles = ROLE_NONE,
     .help = "A file of it"},
    {.method = METHOD_GET,
     .pattern = "/openapi.json",
     .handle = handle_openapi,
     .roles = ROLE_NONE,
     .help = "This service as an OpenAPI 3.1 document"},
    {.pattern = NULL},
};

static_assert(sizeof routes / sizeof *routes <= ROUTES_MAX, "metrics has a row a route");
