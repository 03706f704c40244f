#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/*
 * The limits that are always on, in one place, each with its reason and a test at the limit and one
 * past it.  Those of a module that nobody else needs to know stand in that module.
 */

/* Files that people write (grammar.md, 1). */
#define FILE_SIZE_MAX (1024 * 1024) /* a larger experiment file is not one a person wrote */
#define FILE_DEPTH_MAX 64
#define FILE_NODES_MAX 10000

#define EXPERIMENTS_MAX 10000 /* files in one folder; start-up is measured with 1 000 */
#define METRICS_MAX 1000
#define SEGMENTS_MAX 100
#define VARIANTS_MAX 16
#define FLOW_STEPS_MAX 50
#define EXPERIMENT_SEGMENTS_MAX 12
#define CROSSING_MAX 200 /* combinations of one declared crossing: architecture 6 */
#define STRATA_MAX 256   /* combinations of the adjust_for segments */
#define GOALS_MAX 3
#define SECONDARY_MAX 20
#define GUARDRAILS_MAX 10
#define DIAGNOSTICS_MAX 20
#define COVARIATES_MAX 3
#define FORCED_MAX 1000
#define RAMP_MAX 32
#define CONDITION_DEPTH_MAX 16
#define CONDITION_LIST_MAX 1000
#define PATTERN_SIZE_MAX 256
#define CONFIG_SIZE_MAX (16 * 1024)

#define UNIT_ID_SIZE_MAX 256
#define EVENT_NAME_SIZE_MAX 512 /* 128 characters of up to four bytes */

/* HTTP (http-api.md, the table of limits). */
#define REQUEST_LINE_MAX 8192
#define HEADER_FIELD_MAX 8192
#define HEAD_SIZE_MAX 32768
#define HEADER_COUNT_MAX 100
#define BODY_SIZE_MAX 512000
#define EVENT_SIZE_MAX 32768
#define JSON_DEPTH_MAX 32
#define ASSIGN_UNITS_MAX 10000
#define ASSIGN_RESULTS_MAX 100000
#define ASSIGN_ANSWER_MAX (8 * 1024 * 1024)
#define CONNECTIONS_MAX 10000
#define STREAMS_MAX 5000 /* half of them: who listens must not crowd out who asks */

/* Journal and state (architecture 1, 10, 15). */
#define JOURNAL_QUEUE_BYTES (64 * 1024 * 1024)
#define JOURNAL_FILE_BYTES (1024LL * 1024 * 1024)
#define JOURNAL_FILE_DAYS 7
#define UNIT_LIST_MAX 2000  /* entries of each list of a unit record, the first in record order */
#define UNIT_VALUE_MAX 2000 /* bytes of one state value; longer unit records are split */

/* A line of `gangway calc`: a million values; a tree of them takes some hundred MB. */
#define CALC_LINE_MAX (16 * 1024 * 1024)

#endif
