/* `gangway calc`: adjusted p of a family of tests (stats/multiplicity.h). */

#include "calc.h"

#include "stats/multiplicity.h"

/* The corrections, by the name that the answer gives them. */
static const struct {
    const char *name;
    enum correction correction;
} corrections[] = {
    {"bonferroni", CORRECTION_BONFERRONI}, {"holm", CORRECTION_HOLM},
    {"hochberg", CORRECTION_HOCHBERG},     {"hommel", CORRECTION_HOMMEL},
    {"BH", CORRECTION_BENJAMINI_HOCHBERG}, {"BY", CORRECTION_BENJAMINI_YEKUTIELI},
};

static void adjust(struct calc *call)
{
    size_t count;
    const double *p = calc_numbers(call, "p", &count);
    struct hypothesis *family = CALC_ARRAY(call, count, struct hypothesis);
    double *adjusted = CALC_ARRAY(call, count, double);
    for (size_t i = 0; i < count && adjusted; i++) {
        if (!(p[i] >= 0 && p[i] <= 1))
            calc_bad(call, "p", "has %g, outside 0 to 1", p[i]);
        family[i].p = p[i];
    }
    if (calc_failed(call))
        return;
    for (size_t c = 0; c < sizeof corrections / sizeof *corrections; c++) {
        enum reason reason = multiplicity_adjust(corrections[c].correction, family, count);
        if (reason) {
            calc_put_reason(call, corrections[c].name, reason);
            continue;
        }
        for (size_t i = 0; i < count; i++)
            adjusted[i] = family[i].adjusted;
        calc_put_numbers(call, corrections[c].name, adjusted, count);
    }
}

const struct calc_family calc_multiplicity_families[] = {
    {"p_adjust", "adjusted p: Bonferroni, Holm, Hochberg, Hommel, BH, BY", adjust},
    {.name = NULL},
};
