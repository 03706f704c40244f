/* Look-ups in one experiment. */

#include "experiment/experiment.h"

#include "base/number.h"

int experiment_variant(const struct experiment *experiment, struct slice name)
{
    for (size_t i = 0; i < experiment->variant_count; i++)
        if (slice_equal(experiment->variants[i].name, name))
            return (int)i;
    return -1;
}

int experiment_variant_reported(const struct experiment *experiment, struct slice text)
{
    int64_t index;
    int found = experiment_variant(experiment, text);
    if (found >= 0 || !integer_parse(text, &index) || text.data[0] == '-')
        return found;
    return (uint64_t)index < experiment->variant_count ? (int)index : -1;
}
