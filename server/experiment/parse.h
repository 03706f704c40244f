#ifndef EXPERIMENT_PARSE_H
#define EXPERIMENT_PARSE_H

/*
 * What the files of the parser share; private, because a node tree is nobody else's business.
 *
 *     text -> parse_file.c (UTF-8, places) -> parse_yaml.c or parse_json.c -> parse_tree.c
 *          -> a tree of nodes with places
 *          -> parse_metrics.c, parse_segments.c, parse_experiment.c ..., which walk tables of keys
 *             (parse_mapping.c) whose rows read typed scalars (parse_types.c)
 *          -> parse_check.c, what only two files together can get wrong
 *
 * Memory: nodes and notes live in `scratch` and die with the parser; what the catalogue keeps is
 * copied into `arena`, which is the catalogue's; diagnostics own theirs.  A failed allocation is
 * noticed once, at the end (parser_failed): until then every reader copes with empty results.
 *
 * Faults: `fault` tells of an error and makes its file one with errors, `caution` of a warning;
 * both take the place, which every node carries (grammar.md, 1, Places).
 */

#include "experiment/catalogue.h"

struct place {
    unsigned line, column, width; /* from 1, in code points; line 0: not known */
};

enum node_kind {
    NODE_SCALAR,
    NODE_LIST,
    NODE_MAPPING,
    NODE_REFUSED /* an alias and the like: told already, to be passed over without a word */
};
enum node_style { STYLE_PLAIN, STYLE_QUOTED, STYLE_BLOCK };

struct node {
    enum node_kind kind;
    enum node_style style;
    struct place place;        /* where a fault of it is shown */
    const struct node *holder; /* the key that holds it, at whatever depth of lists; NULL: root */
    struct slice text;         /* of a scalar */
    struct node *items;        /* of a list: count */
    struct pair *pairs;        /* of a mapping: count, no key twice */
    size_t count;
    bool is_partial; /* a mapping of which a key was refused: what is missing may stand there */
};
struct pair {
    struct node key, value;
};

/* One file while it is parsed. */
struct document {
    const struct source *source;
    struct slice text;   /* without the byte order mark */
    size_t *line_starts; /* offsets into text, line_count of them */
    size_t line_count;
    size_t cursor_offset; /* where the column was counted last: places come in order, mostly */
    unsigned cursor_line, cursor_column;
    struct slice shown; /* the diagnostics' copy of text, made for the first of them */
    struct node root;
    bool has_root; /* false: syntax or wrong-type at 1:1, nothing more to say */
    size_t errors;
};

struct metric_reading {
    struct metric *metric;
    const struct node *key;
    const struct node *body;
    bool kind_known;
    /* Names that wait until all metrics are known; NULL: not given. */
    const struct node *numerator, *denominator, *counts;
    bool in_circle; /* told: nothing else is said of its references */
};
struct segment_reading {
    struct segment *segment;
    const struct node *key;
};

/* metrics or segments: what is declared there. */
struct shared {
    struct document *document; /* NULL: there is no such file */
    bool any_name;             /* unreadable: every name counts as declared */
};

struct experiment_reading {
    struct experiment *experiment;
    struct document *document;
    const struct node *key; /* the scalar; NULL: none */
    bool key_good;
    bool unit_good;
    bool times_good;       /* status, start and end: when it takes units is known */
    bool peeking_bad;      /* given, and told as no way of peeking */
    bool variants_known;   /* all of them, so that a name can be unknown */
    bool leans_on_metrics; /* refers to one, so it can't stand without metrics.yaml */
    bool leans_on_segments;
    const struct node *exclusive_group, *exclusive_range; /* NULL unless good */
    const struct node *holdout_group, *holdout_share;
};

struct regex_list {
    regex_t regex;
    const struct regex_list *next;
};

struct parser {
    struct arena *arena; /* of the catalogue */
    struct arena scratch;
    struct diagnostics *found;
    struct catalogue *catalogue;
    struct document *document; /* the file being read */
    const struct regex_list *patterns;

    struct shared metrics_file, segments_file;
    struct metric_reading *metrics; /* in the file's order */
    struct metric_reading **metrics_by_name;
    size_t metric_count;
    struct segment_reading *segments;
    struct segment_reading **segments_by_name;
    size_t segment_count;
    struct experiment_reading *experiments;
    size_t experiment_count;
};
bool parser_failed(const struct parser *parser);

/* ---- parse_file.c ---- */

/* Finds the lines; false after telling of a file that is too large or no text. */
bool document_open(struct parser *parser, struct document *document, const struct source *source);
/* The place of [from, to) of the document's text, the width cut at the line's end. */
struct place document_place(struct document *document, size_t from, size_t to);

void fault(struct parser *parser, struct place place, const char *code, const char *format, ...)
    PRINTF_LIKE(4, 5);
void caution(struct parser *parser, struct place place, const char *code, const char *format, ...)
    PRINTF_LIKE(4, 5);
/* Adds a hint to the diagnostic told last. */
void hint(struct parser *parser, const char *format, ...) PRINTF_LIKE(2, 3);
/* A text as a message may repeat it: cut, without control characters.  Lives in scratch. */
struct slice shown(struct parser *parser, struct slice text);

/* The nearest known word (grammar.md, 1, Form). */
struct nearest {
    struct slice typed, best;
    unsigned distance; /* 0: none yet */
};
void nearest_try(struct nearest *nearest, struct slice known);
void hint_nearest(struct parser *parser, const struct nearest *nearest);

/* Decodes one code point at *at and steps over it; -1 where it is not UTF-8. */
int32_t text_next(struct slice text, size_t *at);

/* ---- parse_yaml.c, parse_json.c, parse_tree.c ---- */

/* Text to tree; sets document->root and has_root.  Tells of syntax. */
void yaml_read(struct parser *parser, struct document *document);
void json_tree_read(struct parser *parser, struct document *document);
/* Gives every node its holder and place, and drops repeated keys after telling of them. */
void tree_finish(struct parser *parser, struct node *root);

/* Children while their number is not known. */
struct children {
    struct node *nodes; /* keys and values in turn, of a mapping */
    size_t count, capacity;
};
struct node *children_add(struct parser *parser, struct children *children);
/* The list or mapping of these children. */
void children_close(struct parser *parser, const struct children *children, struct node *node);

const struct node *node_member(const struct node *mapping, const char *key); /* value or NULL */
const char *node_kind_text(const struct node *node);                         /* "a list" */
struct slice node_name(const struct node *node); /* the key that holds it, for messages */

/* ---- parse_types.c: the types of grammar.md, 2.  False after telling; *out untouched then. ----
 */

bool type_scalar(struct parser *parser, const struct node *node, const char *wanted);
bool type_list(struct parser *parser, const struct node *node, size_t least, size_t most);
bool type_mapping(struct parser *parser, const struct node *node);
bool type_key(struct parser *parser, const struct node *node, struct slice *out);
bool type_name(struct parser *parser, const struct node *node, struct slice *out);
bool type_trait(struct parser *parser, const struct node *node, struct slice *out);
bool type_event(struct parser *parser, const struct node *node, struct slice *out);
bool type_id(struct parser *parser, const struct node *node, struct slice *out);
bool type_text(struct parser *parser, const struct node *node, struct slice *out);
bool type_line(struct parser *parser, const struct node *node, struct slice *out);
bool type_boolean(struct parser *parser, const struct node *node, bool *out);
bool type_date(struct parser *parser, const struct node *node, int64_t *out);
bool type_duration(struct parser *parser, const struct node *node, int64_t *out);
bool type_integer(struct parser *parser, const struct node *node, uint64_t least, uint64_t most,
                  uint64_t *out);
bool type_number(struct parser *parser, const struct node *node, int64_t *micro);
/* In micro-units of a percent: 50% is 50 000 000. */
bool type_percent(struct parser *parser, const struct node *node, int64_t *micro_percent);
bool type_share(struct parser *parser, const struct node *node, double least, double most,
                double *share);
struct word_list {
    const char *what;         /* "a status" */
    const char *const *words; /* ends with NULL */
};
bool type_word(struct parser *parser, const struct node *node, const struct word_list *list,
               unsigned *out);
/* "draft, running, paused or stopped" */
struct slice words_joined(struct parser *parser, const char *const *words);
/* Copies into the catalogue's arena. */
struct slice keep(struct parser *parser, struct slice text);
bool form_percent(struct slice text, int64_t *micro_percent);
bool form_number(struct slice text, int64_t *micro);

/* ---- parse_mapping.c: mappings with known keys ---- */

struct row;
typedef bool row_read(struct parser *parser, const struct row *row, const struct node *value,
                      void *target);

struct row {
    const char *key;
    row_read *read; /* NULL: read by hand after the rest */
    size_t offset;  /* of the field in the target */
    uint32_t kinds; /* bits of the kinds that have this key, 0: all */
    uint32_t needs; /* bits of the kinds that require it */
    const struct word_list *words;
    double least, most; /* limits of numbers, shares and integers */
};
#define NEEDED UINT32_MAX     /* for `needs` */
#define NUMBER_LEAST 0.000001 /* of what is above 0: the smallest with 6 places */
#define NUMBER_LIMIT 9.2e12   /* no upper limit but that of all numbers */

struct table {
    const char *what; /* "an experiment" */
    const struct row *rows;
    size_t count;
    const char *note; /* added to the message about an unknown key, or NULL */
};
#define TABLE_OF(name, rows_)                                                                      \
    {                                                                                              \
        .what = (name), .rows = (rows_), .count = sizeof(rows_) / sizeof *(rows_)                  \
    }

#define ROWS_MAX 32
struct fields {
    const struct table *table;
    const struct node *mapping;
    const struct pair *given[ROWS_MAX]; /* by row; NULL: not given */
    bool good[ROWS_MAX];                /* given and read without a fault */
};

/* Reads `mapping` by the table: unknown, misplaced and missing keys are told, each row that is
 * given is read in the table's order.  `kind`: the bit for rows' kinds and needs (1 where there
 * are none).  False when `mapping` is no mapping. */
bool mapping_read(struct parser *parser, const struct node *mapping, const struct table *table,
                  uint32_t kind, void *target, struct fields *fields);
const struct pair *fields_pair(const struct fields *fields, const char *key); /* NULL: not given */
const struct node *fields_value(const struct fields *fields, const char *key);
bool fields_good(const struct fields *fields, const char *key);
/* Of two keys that exclude each other: told at the later; true if both are given. */
bool fields_either(struct parser *parser, const struct fields *fields, const char *first,
                   const char *second);

static inline void *row_field(const struct row *row, void *target)
{
    return (char *)target + row->offset;
}

/* Rows whose field is a ...: */
bool row_key(struct parser *, const struct row *, const struct node *, void *);
bool row_name(struct parser *, const struct row *, const struct node *, void *);
bool row_trait(struct parser *, const struct row *, const struct node *, void *);
bool row_event(struct parser *, const struct row *, const struct node *, void *);
bool row_line(struct parser *, const struct row *, const struct node *, void *);
bool row_text(struct parser *, const struct row *, const struct node *, void *);
bool row_boolean(struct parser *, const struct row *, const struct node *, void *);
bool row_date(struct parser *, const struct row *, const struct node *, void *);
bool row_duration(struct parser *, const struct row *, const struct node *, void *);
bool row_word(struct parser *, const struct row *, const struct node *, void *);
bool row_share(struct parser *, const struct row *, const struct node *, void *);  /* double */
bool row_count(struct parser *, const struct row *, const struct node *, void *);  /* uint32_t */
bool row_micro(struct parser *, const struct row *, const struct node *, void *);  /* int64_t */
bool row_number(struct parser *, const struct row *, const struct node *, void *); /* double */
bool row_node(struct parser *, const struct row *, const struct node *, void *); /* node pointer */

/* ---- The kinds of files and their parts ---- */

void metrics_read(struct parser *parser); /* of parser->metrics_file.document */
void metric_bodies_read(struct parser *parser);
void segments_read(struct parser *parser); /* of parser->segments_file.document */
void experiment_read(struct parser *parser, struct experiment_reading *reading);

/* NULL after telling of an unknown one, or where it can't be known. */
struct metric_reading *metric_find(struct parser *parser, const struct node *name);
struct segment_reading *segment_find(struct parser *parser, const struct node *name);
/* A list of event conditions, or one. */
bool event_condition_read(struct parser *parser, const struct node *node,
                          struct event_condition *event);
const struct event_condition *event_conditions_read(struct parser *parser, const struct node *list,
                                                    size_t most, size_t *count);
bool events_read(struct parser *parser, const struct node *list, const struct slice **events,
                 size_t *count);

/* NULL after telling. */
const struct condition *condition_read(struct parser *parser, const struct node *node);

/* The parts of an experiment, in the order in which they need each other. */
void traffic_read(struct parser *parser, struct experiment_reading *reading,
                  const struct node *traffic);
void variants_read(struct parser *parser, struct experiment_reading *reading,
                   const struct node *variants, bool serve_given);
void force_read(struct parser *parser, struct experiment_reading *reading,
                const struct node *force);
void rollout_read(struct parser *parser, struct experiment_reading *reading,
                  const struct node *rollout);
void segmentations_read(struct parser *parser, struct experiment_reading *reading,
                        const struct node *segments);
void roles_read(struct parser *parser, struct experiment_reading *reading,
                const struct node *metrics, struct place top);
void analysis_read(struct parser *parser, struct experiment_reading *reading,
                   const struct node *analysis);
bool flow_read(struct parser *parser, const struct pair *flow, struct variant *variant);
/* Index of the variant named, told as unknown-variant when there is none; -1 then. */
int variant_find(struct parser *parser, const struct experiment_reading *reading,
                 const struct node *name);

/* One `config`: its canonical JSON, kept, and its value, in scratch. */
bool config_take(struct parser *parser, const struct pair *pair, struct slice *config,
                 struct value *value);
/* Objects, or on every variant one of the same other type; by variant, NULL: none. */
void configs_agree(struct parser *parser, const struct pair *const *pairs,
                   const struct value *configs, size_t count, const struct node *variants);
/* Sets `value` of each variant; configs by variant. */
void values_fill(struct parser *parser, struct experiment *experiment, struct variant *variants,
                 const struct value *configs);

/* What only two experiments together get wrong. */
void check_together(struct parser *parser);

/* All files; fills the catalogue with what is good and sorts the diagnostics. */
void files_read(struct parser *parser, const struct sources *sources);

/* Units that the registered plan needs, by the normal approximation; 0: can't be said. */
double plan_units(const struct experiment *experiment);

#endif
