#ifndef REPORT_TEXT_PARTS_H
#define REPORT_TEXT_PARTS_H

/* The sections of the text report, each from the document.  For server/report alone. */

#include "analysis/measure.h"
#include "base/value.h"
#include "paint.h"

void text_health(struct painter *painter, const struct value *document);
void text_metrics(struct painter *painter, const struct value *document);
/* text_adjusted.c: what stands under a comparison, dim; nothing where there is nothing. */
void text_beside(struct painter *painter, enum metric_kind kind, const struct value *metric,
                 const struct value *comparison, unsigned column);
/* text_breadth.c: the pooled share, members and depth of an account, where a variant has them. */
void text_breadth(struct painter *painter, const struct value *variant,
                  const struct value *comparison, unsigned column);
/* One sentence: what decides, the adjusted results or the unadjusted ones. */
void write_adjusted(struct buffer *out, const struct value *document);
/* text_time.c: the curve below a metric, where it has one.  A retention curve has nothing else. */
bool curve_is_brackets(const struct value *metric);
void text_curve(struct painter *painter, const struct value *metric, struct slice control);
void text_flow(struct painter *painter, const struct value *document);
void text_notes(struct painter *painter, const struct value *document);

/* Members by name, with a default where they are missing or null. */
const struct value *member(const struct value *object, const char *name);
double member_number(const struct value *object, const char *name);
uint64_t member_count(const struct value *object, const char *name);
bool member_is_true(const struct value *object, const char *name);
bool member_is_null(const struct value *object, const char *name); /* or missing */
struct slice member_text(const struct value *object, const char *name);
/* The two ends of a list of two numbers; false: null. */
bool interval_of(const struct value *list, double *low, double *high);

/* What a comparison shows: the fixed interval where there is one, else the anytime one. */
struct shown {
    bool estimated, has_interval, anytime;
    double estimate, low, high, level;
};
struct shown shown_of(const struct value *effect);

/* text_metrics.c: the variant of that name in a list, or NULL; the control of a document. */
const struct value *variant_in(const struct value *variants, struct slice name);
const struct value *control_of(const struct value *document);
enum metric_kind kind_of(const struct value *metric); /* one that is not known is plain */
/* text_segments.c: the test of whether segments differ, of the variant's own effect; what it says
 * in words. */
const struct value *test_of(const struct value *segment, struct slice variant);
bool effect_differs(const struct value *test, const struct value *document);
void segment_words(struct buffer *text, const struct value *test, const struct value *document);
/* Places of the segments, the one with the smallest p first: where the evidence is. */
#define SEGMENTS_SHOWN_MAX 128
size_t segments_order(const struct value *segments, size_t order[static SEGMENTS_SHOWN_MAX]);
/* A line on the state of a guardrail; nothing in other roles. */
void comparison_guardrail(struct painter *painter, enum metric_kind kind,
                          const struct value *comparison);
/* text_flow.c: "12 s", "3.5 min"; the step at which variants differ most, as a sentence. */
void seconds_format(double seconds, char text[static 32]);
void flow_differs(struct painter *painter, const struct value *differs);

/* Whether anybody has met a variant. */
bool text_is_exposed(const struct value *document);

/* A heading in bold. */
void text_heading(struct painter *painter, const char *heading);
/* "0.0031", "<0.0001" */
#define P_TEXT_SIZE 32
char *p_format(double p, char text[static P_TEXT_SIZE]);

#endif
