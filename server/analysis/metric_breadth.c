/*
 * Breadth of use: how many of an account's members did something after the account was exposed.
 *
 * Members are the users that were tied to the account at its first exposure, or with `of: within`
 * at that moment or by the end of the window; with `of: {trait}` the size is the account's own
 * figure (seats bought), whole and not negative, at the exposure, and members are as with `within`.
 * What is counted is judged for each member in [exposure, exposure + within); who came back to the
 * account is one member.
 *
 * The unit's bins are one account of its size, its active members and their square, so that sums by
 * size hold all that an estimator by account asks for (cube.md, breadth).
 */

#include "metric.h"

#include <math.h>

static bool span_is_tied(const struct scheme_metric *metric, const struct unit_member *span,
                         const struct window *window)
{
    if (metric->of == OF_AT_EXPOSURE)
        return span->from_ms <= window->exposure_ms && window->exposure_ms < span->until_ms;
    return span->from_ms < window->until_ms && window->exposure_ms < span->until_ms;
}

/* The members tied, those of them that are active, and how many different core actions these did,
 * each on its own.  Spans of one user lie side by side. */
struct members {
    int64_t tied, active, actions;
};

static int64_t actions_of(const struct scheme_metric *metric, const struct unit_record *record,
                          const struct window *window)
{
    int64_t count = 0;
    for (size_t i = 0; i < metric->core_count; i++)
        count += outcomes_meet(&metric->core[i], record, window);
    return count;
}

static struct members members_of(const struct unit_view *view, const struct scheme_metric *metric,
                                 const struct window *window)
{
    struct members members = {0};
    for (size_t i = 0; i < view->member_count;) {
        const struct unit_member *member = &view->members[i];
        bool tied = false;
        for (; i < view->member_count && view->members[i].user == member->user; i++)
            tied |= span_is_tied(metric, &view->members[i], window);
        members.tied += tied;
        if (!tied || !outcomes_meet(metric->counts, member->record, window))
            continue;
        members.active++;
        members.actions += actions_of(metric, member->record, window);
    }
    return members;
}

/* The account's own figure of its size. */
static int64_t size_of_trait(const struct unit_reading *reading, const struct scheme_metric *metric)
{
    struct slice text;
    double number;
    if (unit_trait_at(reading->record, metric->of_trait, reading->exposure_ms, &text) !=
            TRAIT_IS_TEXT ||
        !number_parse(text, &number) || !(number >= 0))
        return 0;
    return (int64_t)fmin(floor(number), (double)CUBE_BIN_PLACE(UINT32_MAX));
}

/* Depth: core actions per active member, a ratio over accounts. */
static void depth_fill(const struct scheme_metric *metric, const struct members *members,
                       int128 *fields)
{
    int64_t y = members->actions, s = members->active;
    if (!metric->core_count)
        return;
    fields[BREADTH_DEPTH_Y] = y;
    fields[BREADTH_DEPTH_S] = s;
    fields[BREADTH_DEPTH_YY] = (int128)y * y;
    fields[BREADTH_DEPTH_SS] = (int128)s * s;
    fields[BREADTH_DEPTH_YS] = (int128)y * s;
    fields[BREADTH_DEPTH_UNITS] = s > 0;
}

void breadth_fill(struct unit_reading *reading, const struct scheme_metric *metric, int128 *fields)
{
    struct window window = window_of(metric, reading->exposure_ms);
    struct members members = members_of(reading->view, metric, &window);
    int64_t size = metric->of == OF_TRAIT ? size_of_trait(reading, metric) : members.tied;
    fields[BREADTH_N] = 1;
    fields[BREADTH_CUT] = reading->view->members_cut;
    depth_fill(metric, &members, fields);
    unit_bin_add(reading, metric, CUBE_BIN(0, size), 1);
    if (!members.active)
        return;
    unit_bin_add(reading, metric, CUBE_BIN(1, size), members.active);
    unit_bin_add(reading, metric, CUBE_BIN(2, size), members.active * members.active);
}
