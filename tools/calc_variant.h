#ifndef TOOLS_CALC_VARIANT_H
#define TOOLS_CALC_VARIANT_H

/*
 * `gangway calc`: keys and figures of two variants, "mean_control" and "mean_treatment".
 */

#include "calc.h"

enum { CONTROL, TREATMENT, VARIANTS };

/* "<name>_control" or "<name>_treatment", kept by the line's memory; `name` when there is none. */
static inline const char *variant_key(struct calc *call, const char *name, size_t variant)
{
    const char *ending = variant == CONTROL ? "control" : "treatment";
    struct slice key = arena_format(call->arena, "%s_%s", name, ending);
    return key.size ? key.data : name;
}

static inline double variant_number(struct calc *call, const char *name, size_t variant)
{
    return calc_number(call, variant_key(call, name, variant));
}

static inline uint64_t variant_count(struct calc *call, const char *name, size_t variant)
{
    return calc_count(call, variant_key(call, name, variant));
}

#endif
