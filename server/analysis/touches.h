#ifndef ANALYSIS_TOUCHES_H
#define ANALYSIS_TOUCHES_H

/*
 * Messages of a batch turned into what they change: for each unit that a message names, of a kind
 * that some definition analyses, the entries that its record takes.  Exposures are judged here,
 * where the id is known: the declaration in force at the exposure's time decides, passing over
 * the audience (architecture, Walks).
 *
 * A message goes to the records of all ids it carries, and its links to both ids that it ties.
 * Which units then own it is found when a unit is judged (unit_view.h).
 *
 * The key of an entry stands for its message id within its unit and event name (of an exposure,
 * the experiment too; of a step of a flow, within the experiment and step): equal keys are one
 * message.  A message without an id has its content.
 */

#include "names.h"

#include "store/record.h"

struct touch_item {
    uint8_t type; /* enum unit_list_type */
    uint32_t index;
    struct slice payload; /* in the arena of the batch, or a constant */
};

struct touch {
    uint64_t unit;  /* its number */
    uint32_t order; /* of the message in the batch */
    uint8_t kind;
    struct entry_head head; /* `key` is that of traits and outcomes too */
    uint32_t first_item, item_count;
};

/* From a unit's kind and id to its number. */
struct unit_numbers {
    enum status (*number)(void *context, enum unit_kind kind, struct slice id, uint64_t *unit,
                          struct error *error);
    void *context;
};

struct touches {
    struct arena arena;   /* of payloads; emptied with each batch */
    struct arena scratch; /* of one message */
    struct touch *items;
    size_t count, capacity;
    struct touch_item *entries;
    size_t entry_count, entry_capacity;
    uint32_t messages; /* read in this batch */
};

/* Adds what `message`, of a record with those flags, changes. */
MUST_CHECK enum status touches_add(struct touches *touches, const struct scheme *scheme,
                                   struct names_table *names, const struct unit_numbers *numbers,
                                   const struct message *message, uint16_t flags,
                                   struct error *error);
/* By unit, then in the order of the messages. */
void touches_sort(struct touches *touches);
void touches_clear(struct touches *touches);
void touches_done(struct touches *touches);

/* judge.c: what an exposure of an experiment, judged `met` by that ruling, says of its holdout;
 * false: nothing. */
bool exposure_judge_holdout(const struct scheme *scheme, const struct scheme_ruling *ruling,
                            const struct message *message, struct slice id,
                            const struct exposure_payload *met, struct exposure_payload *payload);
/* judge.c: the payload of an exposure of unit `id` of that kind, in a record of those flags; false
 * when it says nothing of a unit of that kind.  Where the id is not the one that assignment saw
 * (erased, or a pseudonym), status and dates alone are checked. */
bool exposure_judge(const struct scheme_experiment *experiment, const struct message *message,
                    enum unit_kind kind, struct slice id, uint16_t flags,
                    struct exposure_payload *payload);

#endif
