/*
 * Who was declared what, and when: questions to a row of catalogues (architecture 3; inference.md,
 * "The registered plan").
 *
 * A declaration is in force for exposures later than its time of receipt.  Messages are dated no
 * later than their own receipt, and receipt never falls along the journal; so a declaration never
 * judges what was received before it, and judging does not depend on what is declared later.
 */

#include "analysis/view.h"

static const struct experiment *declared_there(const struct declaration *declaration,
                                               struct slice key)
{
    return catalogue_analysed(declaration->catalogue, key);
}

const struct experiment *history_at(const struct history *history, struct slice key,
                                    int64_t time_ms)
{
    const struct experiment *first = NULL;
    for (size_t i = history->count; i-- > 0;) {
        const struct experiment *experiment = declared_there(&history->items[i], key);
        if (!experiment)
            continue;
        if (history->items[i].time_ms < time_ms)
            return experiment;
        first = experiment;
    }
    return first;
}

struct slice history_nearest(const struct history *history, struct slice key)
{
    struct slice nearest = {0};
    for (size_t i = history->count; i-- > 0 && slice_is_empty(nearest);)
        nearest = catalogue_nearest(history->items[i].catalogue, key);
    return nearest;
}

const struct experiment *history_last(const struct history *history, struct slice key,
                                      const struct declaration **declaration)
{
    for (size_t i = history->count; i-- > 0;) {
        const struct experiment *experiment = declared_there(&history->items[i], key);
        if (!experiment)
            continue;
        if (declaration)
            *declaration = &history->items[i];
        return experiment;
    }
    return NULL;
}

/* The experiment in that declaration when it is of that phase. */
static const struct experiment *declared_in_phase(const struct declaration *declaration,
                                                  struct slice key, uint16_t phase)
{
    const struct experiment *experiment = declared_there(declaration, key);
    return experiment && experiment->phase == phase ? experiment : NULL;
}

static bool plans_equal(const struct declaration *a, const struct experiment *one,
                        const struct declaration *b, const struct experiment *other)
{
    if (one == other)
        return true;
    struct digest first = plan_digest(a->catalogue, one);
    struct digest second = plan_digest(b->catalogue, other);
    return digest_equal(&first, &second);
}

/* Whether the plan of declaration `at` was still the declared one at its own start. */
static bool holds_at_start(const struct history *history, struct slice key, uint16_t phase,
                           size_t at)
{
    const struct declaration *mine = &history->items[at];
    const struct experiment *experiment = declared_in_phase(mine, key, phase);
    if (!experiment)
        return false;
    if (experiment->start_ms == TIME_NONE)
        return true;
    for (size_t i = at + 1; i < history->count; i++) {
        const struct declaration *later = &history->items[i];
        if (later->time_ms >= experiment->start_ms)
            return true;
        const struct experiment *next = declared_there(later, key);
        if (!next)
            continue;
        if (next->phase != phase || next->status != EXPERIMENT_RUNNING ||
            !plans_equal(mine, experiment, later, next))
            return false;
    }
    return true;
}

const struct experiment *history_registered(const struct history *history, struct slice key,
                                            uint16_t phase, const struct declaration **declaration)
{
    const struct declaration *running = NULL, *last = NULL;
    for (size_t i = 0; i < history->count; i++) {
        const struct experiment *experiment = declared_in_phase(&history->items[i], key, phase);
        if (!experiment)
            continue;
        last = &history->items[i];
        if (experiment->status != EXPERIMENT_RUNNING)
            continue;
        if (!running)
            running = last;
        if (holds_at_start(history, key, phase, i)) {
            running = last;
            break;
        }
    }
    const struct declaration *chosen = running ? running : last;
    if (!chosen)
        return NULL;
    if (declaration)
        *declaration = chosen;
    return declared_there(chosen, key);
}

size_t history_amendments(const struct history *history, struct slice key, uint16_t phase,
                          struct amendment *amendments, size_t room)
{
    const struct declaration *registered = NULL;
    if (!history_registered(history, key, phase, &registered))
        return 0;
    size_t count = 0;
    struct digest before = {0};
    for (const struct declaration *item = registered; item < history->items + history->count;
         item++) {
        const struct experiment *experiment = declared_in_phase(item, key, phase);
        if (!experiment)
            continue;
        struct digest plan = plan_digest(item->catalogue, experiment);
        if (count > 0 && digest_equal(&plan, &before))
            continue;
        before = plan;
        if (count < room)
            amendments[count] =
                (struct amendment){.declaration = item, .experiment = experiment, .plan = plan};
        count++;
    }
    return count < room ? count : room;
}
