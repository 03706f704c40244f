/* Implementation of metrics.h. */

#include "metrics.h"

const double duration_bounds[DURATION_BUCKETS] = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5,
};

/* Every status that the service gives; the last column is for one that is missing here. */
static const int codes[METRICS_CODES_MAX] = {
    200, 304, 400, 401, 403, 404, 405, 406, 408, 409, 411, 413,
    414, 415, 422, 429, 431, 500, 503, 505, 100, 201, 202, 204,
};

static size_t code_index(int status)
{
    for (size_t i = 0; i < METRICS_CODES_MAX; i++)
        if (codes[i] == status)
            return i;
    return METRICS_CODES_MAX - 1;
}

static size_t duration_index(int64_t duration_us)
{
    double seconds = (double)duration_us * 1e-6;
    size_t i = 0;
    while (i < DURATION_BUCKETS && seconds > duration_bounds[i])
        i++;
    return i;
}

void metrics_count(struct metrics *metrics, const struct route *table, const struct route *route,
                   int status, int64_t duration_us)
{
    size_t row = route ? (size_t)(route - table) : ROUTES_MAX;
    counter_add(&metrics->requests[row][code_index(status)], 1);
    counter_add(&metrics->durations[duration_index(duration_us)], 1);
    counter_add(&metrics->duration_sum_us, duration_us > 0 ? (uint64_t)duration_us : 0);
}

int metrics_code(size_t index)
{
    return index < METRICS_CODES_MAX ? codes[index] : 0;
}
