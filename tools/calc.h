#ifndef TOOLS_CALC_H
#define TOOLS_CALC_H

/*
 * What a family of `gangway calc` is made of.  A family is a row: its name, one line for --list,
 * and a function that reads its input by key, asks stats/, and puts the figures under their names:
 *
 *     static void wilson(struct calc *call)
 *     {
 *         struct proportion rate = {.successes = calc_count(call, "x"),
 *                                   .units = calc_count(call, "n")};
 *         double alpha = calc_alpha(call);
 *         struct interval interval = {0};
 *         if (calc_failed(call))
 *             return;
 *         enum reason reason = proportion_wilson(rate, alpha, &interval);
 *         calc_put_interval(call, "wilson", reason, interval);
 *     }
 *
 *     const struct calc_family calc_proportion_families[] = {
 *         {"prop_one_sample_ci", "intervals of one rate", wilson},
 *         {.name = NULL},
 *     };
 *
 * A part is one file tools/calc_<part>.c with one such table, and a line in CALC_PARTS below.
 *
 * Reading.  Keys that are missing or of a wrong type, and numbers out of range, are the line's
 * error; the first one stands, everything after it reads as 0, an empty text or an empty list, and
 * what was put is not shown.  So a family reads all that it needs, then looks once (calc_failed)
 * before it calls stats/.  Keys that nobody read are named in `ignored` of the answer.
 *
 * Writing.  A figure without an answer is null and its reason is kept: the answer has `status`
 * ("ok", or "not_estimable" when one figure has none), `reason` (of the first) and `reasons` (of
 * each, by name), where there are any.  NaN is null as well, an infinite limit the text "inf" or
 * "-inf".  A name is put once.  All memory is the call's arena: nothing is freed by a family.
 */

#include "base/value.h"
#include "stats/result.h"

#define CALC_NESTED_MAX 4

struct calc {
    struct arena *arena;       /* of one line */
    const struct value *input; /* the object that the readers read */
    struct error *error;       /* where: the key; text: what is wrong with it */
    struct value output;       /* an object */

    /* Of calc.c alone. */
    bool *is_read;                 /* by member of the outermost input */
    const struct value *outermost; /* the input of the line */
    struct slice inside;           /* "strata[2]." */
    struct value *open[CALC_NESTED_MAX];
    struct slice open_names[CALC_NESTED_MAX];
    size_t open_count;
    struct value reasons; /* an object: figure -> text */
    enum reason first_reason;
};

struct calc_family {
    const char *name; /* NULL ends a table */
    const char *line; /* for --list: at most 72 columns */
    void (*run)(struct calc *call);
};

/* The parts, a line each, sorted.  X(part): tools/calc_<part>.c has calc_<part>_families. */
#define CALC_PARTS(X)                                                                              \
    X(adjustment)                                                                                  \
    X(association)                                                                                 \
    X(cluster)                                                                                     \
    X(distributions)                                                                               \
    X(exact)                                                                                       \
    X(growthbook)                                                                                  \
    X(mean)                                                                                        \
    X(multiplicity)                                                                                \
    X(power)                                                                                       \
    X(proportion)                                                                                  \
    X(sample_ratio)                                                                                \
    X(sequential)                                                                                  \
    X(shrinkage)                                                                                   \
    X(survival)

#define X(part) extern const struct calc_family calc_##part##_families[];
CALC_PARTS(X)
#undef X

/* ---- Reading ---- */

bool calc_failed(const struct calc *call);
/* The line is wrong at `key`, for a reason that the readers cannot know. */
void calc_bad(struct calc *call, const char *key, const char *format, ...) PRINTF_LIKE(3, 4);

bool calc_has(struct calc *call, const char *key); /* there, and not null */

double calc_number(struct calc *call, const char *key); /* finite */
double calc_number_or(struct calc *call, const char *key, double fallback);
double calc_number_in(struct calc *call, const char *key, double low, double high); /* both in */
double calc_positive(struct calc *call, const char *key);                           /* > 0 */
/* A whole number from 0 to 2^53, however it is written (1e9). */
uint64_t calc_count(struct calc *call, const char *key);
uint64_t calc_count_or(struct calc *call, const char *key, uint64_t fallback);
/* Like calc_count, at most `most`: for what decides how long the work takes. */
uint64_t calc_count_in(struct calc *call, const char *key, uint64_t least, uint64_t most);
struct slice calc_text(struct calc *call, const char *key);
struct slice calc_text_or(struct calc *call, const char *key, const char *fallback);
/* true and false, or 1 and 0. */
bool calc_flag_or(struct calc *call, const char *key, bool fallback);

/* Alpha inside (0, 1): of `alpha` if it is there, else 1 - `conf`, else .05.  1 - .95 is .05. */
double calc_alpha(struct calc *call);
/* The same of another key that holds a confidence. */
double calc_alpha_of(struct calc *call, const char *key, double fallback);

/* Lists: the call's arena owns them; *count is 0 and the result NULL after a failure.  An empty
 * list is no failure. */
const double *calc_numbers(struct calc *call, const char *key, size_t *count);
const uint64_t *calc_counts(struct calc *call, const char *key, size_t *count);
/* Events and arms: every item 0 or 1 (true and false too). */
const uint8_t *calc_flags(struct calc *call, const char *key, size_t *count);
/* The two lists belong together, item by item. */
void calc_same_size(struct calc *call, const char *key, size_t count, const char *other,
                    size_t other_count);
/* How many items a list has; NULL-safe for what comes next: */
size_t calc_list_size(struct calc *call, const char *key);
/* Item `index` of a list of lists of counts; `count` items. */
const uint64_t *calc_counts_at(struct calc *call, const char *key, size_t index, size_t *count);
/* From here the readers read item `index`, an object, of the list `key`; calc_leave goes back to
 * the outermost input.  One level. */
void calc_enter(struct calc *call, const char *key, size_t index);
void calc_leave(struct calc *call);

/* Memory of the line; a failure is the line's error and gives NULL. */
void *calc_array(struct calc *call, size_t count, size_t size);
#define CALC_ARRAY(call, count, type) ((type *)calc_array((call), (count), sizeof(type)))

/* ---- Writing ---- */

void calc_put(struct calc *call, const char *name, double value);
void calc_put_count(struct calc *call, const char *name, uint64_t value);
void calc_put_text(struct calc *call, const char *name, const char *text);
/* null, and why. */
void calc_put_reason(struct calc *call, const char *name, enum reason reason);
/* null that is an answer by itself: a quantile that was not reached.  No reason is kept. */
void calc_put_null(struct calc *call, const char *name);
/* The value, or null and why. */
void calc_put_value(struct calc *call, const char *name, enum reason reason, double value);
/* [low, high], or null and why. */
void calc_put_interval(struct calc *call, const char *name, enum reason reason,
                       struct interval interval);
/* [low, high] whose ends may be infinite or (NaN) missing. */
void calc_put_limits(struct calc *call, const char *name, double low, double high);
/* Lists; NaN is null in them. */
void calc_put_numbers(struct calc *call, const char *name, const double *values, size_t count);
void calc_put_counts(struct calc *call, const char *name, const uint64_t *values, size_t count);
/* What follows goes into an object of that name, until calc_close. */
void calc_open(struct calc *call, const char *name);
void calc_close(struct calc *call);

/* ---- For the command and its tests ---- */

/* The family of that name, or NULL. */
const struct calc_family *calc_family_find(struct slice name);
/* Each family in the order of its name; NULL past the last.  `index` from 0. */
const struct calc_family *calc_family_at(size_t index);

/* Answers one line of input: appends one line, canonical JSON, to `out`.  INVALID with `where` (the
 * key, or nothing) and a text when the input is at fault; an object with status "error" is appended
 * then too.  `line` is its number from 1, for that text. */
MUST_CHECK enum status calc_answer(const struct calc_family *family, struct slice text,
                                   uint64_t line, struct buffer *out, struct error *error);

#endif
