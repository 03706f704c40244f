#ifndef HTTP_HANDLERS_H
#define HTTP_HANDLERS_H

/* The handlers, a line each, in the order of the table in routes.c. */

#include "routes.h"

/* handlers_assign.c, handlers_bulk.c */
handle_fn handle_assign_one;
handle_fn handle_assign_many;

/* handlers_ofrep.c */
handle_fn handle_ofrep_one;
handle_fn handle_ofrep_many;

/* handlers_growthbook.c */
handle_fn handle_growthbook;

/* notices.c */
handle_fn handle_ofrep_events;

/* handlers_intake.c */
handle_fn handle_intake;
handle_fn handle_settings;

/* handlers_pages.c */
handle_fn handle_experiments;
handle_fn handle_experiment;
handle_fn handle_report;
handle_fn handle_events;
handle_fn handle_core_actions;
handle_fn handle_explain, handle_explain_page; /* handlers_explain.c */
handle_fn handle_actions;
handle_fn handle_notes;
handle_fn handle_metrics;

/* handlers_units.c */
handle_fn handle_unit;
handle_fn handle_unit_erase;
handle_fn handle_erasure;

/* handlers_notes.c */
handle_fn handle_note_add;
handle_fn handle_note_delete;

/* handlers_dashboard.c */
handle_fn handle_overview;
handle_fn handle_definitions;
handle_fn handle_article;

/* handlers_assets.c */
handle_fn handle_asset;

/* handlers_operations.c */
handle_fn handle_healthz;
handle_fn handle_readyz;
handle_fn handle_reload;

/* handlers_openapi.c */
handle_fn handle_openapi;

#endif
