/* Many runs as shares, quantiles and means, each with what the number of runs leaves open. */

#include "simulation_parts.h"

#include "stats/proportion.h"

#include <math.h>
#include <stdlib.h>

#define SHARE_ALPHA .05

static struct simulation_share share_of(uint64_t count, uint64_t of)
{
    struct simulation_share share = {
        .count = count, .of = of, .share = of ? (double)count / (double)of : 0};
    struct proportion rate = {.successes = count, .units = of};
    if (proportion_wilson(rate, SHARE_ALPHA, &share.interval))
        share.interval = (struct interval){.low = 0, .high = 1};
    return share;
}

/* Adds up twice: squares about the mean. */
struct sum_of {
    uint64_t count;
    double sum, squares, mean;
};

static void sum_add(struct sum_of *sums, int pass, double value)
{
    if (pass == 0) {
        sums->count++;
        sums->sum += value;
        sums->mean = sums->sum / (double)sums->count;
    } else {
        sums->squares += (value - sums->mean) * (value - sums->mean);
    }
}

static struct simulation_mean mean_of(const struct sum_of *sums)
{
    double n = (double)sums->count;
    return (struct simulation_mean){.count = sums->count,
                                    .mean = sums->mean,
                                    .se = n > 1 ? sqrt(sums->squares / (n - 1) / n) : 0};
}

static void reads_sum(const struct simulation_run *runs, size_t count,
                      struct simulation_summary *summary)
{
    struct sum_of read = {0}, excess = {0}, corrected = {0};
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < count; i++) {
            const struct simulation_run *run = &runs[i];
            if (!run->has_read)
                continue;
            double best = run->has_corrected ? run->corrected : run->read;
            sum_add(&read, pass, run->read);
            sum_add(&excess, pass, run->read - run->truth);
            sum_add(&corrected, pass, best - run->truth);
        }
    summary->read = mean_of(&read);
    summary->excess = mean_of(&excess);
    summary->corrected = mean_of(&corrected);
}

static int compare_unsigned(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
    return (x > y) - (x < y);
}

/* The smallest evening by which the share of those that decided had. */
static unsigned evening_quantile(const unsigned *sorted, size_t count, double share)
{
    size_t place = (size_t)ceil(share * (double)count);
    return sorted[place ? place - 1 : 0];
}

enum status simulation_summary(const struct simulation_run *runs, size_t count,
                               struct simulation_summary *summary, struct error *error)
{
    struct simulation_summary made = {0};
    uint64_t codes[VERDICT_CODE_COUNT] = {0}, wrong = 0, unshown = 0;
    uint64_t intervals = 0, holding = 0, passed[SIMULATION_METRICS_MAX] = {0};
    unsigned *evenings = calloc(count + 1, sizeof *evenings);
    size_t decided = 0;
    if (!evenings)
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory");
    for (size_t i = 0; i < count; i++) {
        const struct simulation_run *run = &runs[i];
        codes[run->code]++;
        wrong += run->is_wrong;
        unshown += run->is_unshown;
        for (size_t k = 0; k < SIMULATION_METRICS_MAX; k++)
            passed[k] += run->passed >> k & 1;
        intervals += run->intervals;
        holding += run->holding;
        if (run->code != VERDICT_KEEP_RUNNING && run->code != VERDICT_NOT_STARTED)
            evenings[decided++] = run->evening;
    }
    qsort(evenings, decided, sizeof *evenings, compare_unsigned);
    for (size_t code = 0; code < VERDICT_CODE_COUNT; code++)
        made.codes[code] = share_of(codes[code], count);
    made.wrong = share_of(wrong, count);
    made.unshown = share_of(unshown, count);
    for (size_t k = 0; k < SIMULATION_METRICS_MAX; k++)
        made.passed[k] = share_of(passed[k], count);
    made.holding = share_of(holding, intervals);
    made.has_evening = decided > 0;
    if (decided) {
        made.evening_median = evening_quantile(evenings, decided, .5);
        made.evening_most = evening_quantile(evenings, decided, .9);
    }
    reads_sum(runs, count, &made);
    free(evenings);
    *summary = made;
    return STATUS_OK;
}
