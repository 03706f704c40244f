/*
 * Families: which p answer for each other (inference.md, "Families and alpha").
 *
 * A family has the size that was declared, however many of its members can be estimated; one that
 * can't has p = 1.  So a goal's corrected p does not change because another metric is late, and
 * adding a secondary changes no number of a goal.
 */

#include "analysis/inference.h"

#define FAMILY_MAX ((GOALS_MAX + SECONDARY_MAX) * VARIANTS_MAX)

struct family {
    enum metric_role role;
    enum correction correction;
    size_t size; /* declared */
};

/* Whether a p that is corrected says anything yet. */
static bool comparison_speaks(const struct comparison *comparison)
{
    return !comparison->reason && (comparison->has_p || comparison->has_p_now);
}

static void family_adjust(const struct plan *plan, const struct family *family,
                          struct metric_result *const *results, size_t count)
{
    struct hypothesis members[FAMILY_MAX];
    struct comparison *owners[FAMILY_MAX];
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < plan->variants && used < FAMILY_MAX; j++) {
            if (results[i]->metric.role != family->role || j == plan->control)
                continue;
            owners[used] = &results[i]->comparisons[j];
            members[used] = (struct hypothesis){.p = owners[used]->p_h};
            used++;
        }
    }
    size_t size = used;
    while (size < family->size && size < FAMILY_MAX)
        members[size++] = (struct hypothesis){.p = 1};
    if (!size || multiplicity_adjust(family->correction, members, size))
        return;
    for (size_t i = 0; i < used; i++) {
        owners[i]->p_adjusted = members[i].adjusted;
        owners[i]->has_p_adjusted = comparison_speaks(owners[i]);
    }
}

void families_adjust(const struct plan *plan, struct metric_result *const *results, size_t count)
{
    const struct family families[] = {
        {.role = ROLE_GOAL,
         .correction = CORRECTION_HOLM,
         .size = plan->goals * plan_treatments(plan)},
        {.role = ROLE_SECONDARY,
         .correction = plan->correction,
         .size = plan->secondaries * plan_treatments(plan)},
    };
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        family_adjust(plan, &families[i], results, count);
}
