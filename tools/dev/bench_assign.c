/*
 * How many assignments a second one core makes by the C call (CPU time): one experiment, a
 * three-clause audience, coverage 80 %, a holdout and an exclusive range, so that every rule is
 * asked.
 *
 *     cmake --preset release && cmake --build --preset release --target bench_assign
 *     build/release/tools/dev/bench_assign [SECONDS]
 *
 * The last line writes each answer as the JSON of /v1/assign, with a flow of two steps.
 *
 * The traits are a tree that was read before, as a bulk call has it; ids are ready too.  A plain
 * build without holdout and range is timed beside it: that is what another SDK is compared with.
 */

#include "experiment/assign.h"

#include "base/number.h"

#include <stdio.h>
#include <time.h>

#define UNITS 4096 /* ids and traits stay in the cache; the work is what is timed */

static const struct operand roles[] = {{.text = SLICE_INIT("sales_manager")},
                                       {.text = SLICE_INIT("sales_rep")}};
static const struct operand two = {.text = SLICE_INIT("2"), .is_number = true, .number = 2};
static const struct operand domain = {.text = SLICE_INIT("@example.com")};
static const struct condition ends_with = {.kind = CONDITION_TEST,
                                           .trait = SLICE_INIT("email"),
                                           .operator= OPERATOR_ENDS_WITH,
                                           .operands = &domain,
                                           .operand_count = 1};
static const struct condition clauses[] = {
    {.kind = CONDITION_TEST,
     .trait = SLICE_INIT("role"),
     .operator= OPERATOR_IN,
     .operands = roles,
     .operand_count = 2},
    {.kind = CONDITION_TEST,
     .trait = SLICE_INIT("employees"),
     .operator= OPERATOR_GTE,
     .operands = &two,
     .operand_count = 1},
    {.kind = CONDITION_NOT, .parts = &ends_with, .part_count = 1},
};
static const struct condition audience = {.kind = CONDITION_ALL, .parts = clauses, .part_count = 3};
static const struct flow_step steps[] = {
    {.step = SLICE_INIT("welcome"), .pattern = PATTERN_MESSAGE},
    {.step = SLICE_INIT("tour"),
     .pattern = PATTERN_TOUR,
     .done_when = SLICE_INIT("Tour Finished"),
     .minutes_micro = 4000000},
};
#define FLOW                                                                                       \
    .has_flow = true, .flow = steps, .flow_count = 2, .value = SLICE_INIT("{\"max\":3}"),          \
    .config = SLICE_INIT("{\"max\":3}")
static const struct variant variants[] = {
    {.name = SLICE_INIT("tour"), .control = true, .weight = 0.5, FLOW},
    {.name = SLICE_INIT("checklist"), .weight = 0.5, FLOW},
};

struct unit {
    char id[24];
    struct slice slice;
    struct member members[3];
    struct value traits;
};

static void unit_fill(struct unit *unit, unsigned number)
{
    int size = snprintf(unit->id, sizeof unit->id, "user-%08u", number);
    unit->slice = (struct slice){.data = unit->id, .size = (size_t)size};
    unit->members[0] = (struct member){
        .name = SLICE("role"),
        .value = {.kind = VALUE_TEXT,
                  .text = number % 4 ? SLICE("sales_rep") : SLICE("sales_manager")}};
    unit->members[1] = (struct member){
        .name = SLICE("employees"), .value = {.kind = VALUE_INTEGER, .integer = 40, .number = 40}};
    unit->members[2] = (struct member){
        .name = SLICE("email"), .value = {.kind = VALUE_TEXT, .text = SLICE("rep@crm.example")}};
    unit->traits =
        (struct value){.kind = VALUE_OBJECT, .members = unit->members, .count = 3, .capacity = 3};
}

/* CPU time of this thread: what other programs do on the machine does not count. */
static int64_t cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* Assigns all units once; `out` NULL: without writing.  How many are in the experiment. */
static uint64_t units_assign(const struct experiment *experiment, const struct unit *units,
                             struct buffer *out)
{
    const struct assign_options options = {.now_ms = 1000};
    uint64_t in = 0;
    for (unsigned i = 0; i < UNITS; i++) {
        struct assignment got = assign(experiment, units[i].slice, &units[i].traits, &options);
        in += got.in_experiment;
        if (out)
            assignment_write(out, &got, units[i].slice, "sha256:0123456789abcdef");
    }
    return in;
}

static void measure(const char *name, const struct experiment *experiment, double seconds,
                    struct buffer *out)
{
    static struct unit units[UNITS];
    for (unsigned i = 0; i < UNITS; i++)
        unit_fill(&units[i], i);

    uint64_t calls = 0, in = 0;
    int64_t start_us = cpu_us(), spent_us = 0;
    do {
        if (out)
            buffer_clear(out);
        in += units_assign(experiment, units, out);
        calls += UNITS;
        spent_us = cpu_us() - start_us;
    } while ((double)spent_us < seconds * 1e6);
    printf("%-28s %8.2f million/s %8.1f ns/op   %4.1f%% in the experiment\n", name,
           (double)calls / (double)spent_us, (double)spent_us * 1000 / (double)calls,
           100.0 * (double)in / (double)calls);
}

int main(int argc, char **argv)
{
    double seconds = 1;
    if (argc > 1 && (!number_parse(slice_of(argv[1]), &seconds) || seconds <= 0)) {
        fprintf(stderr, "usage: bench_assign [SECONDS]\n");
        return 2;
    }
    struct experiment experiment = {
        .key = SLICE("crm-first-run"),
        .salt = SLICE("crm-first-run"),
        .status = EXPERIMENT_RUNNING,
        .phase = 1,
        .start_ms = 0,
        .end_ms = 2000,
        .coverage = 0.8,
        .audience = &audience,
        .variants = variants,
        .variant_count = 2,
    };
    measure("three-clause audience", &experiment, seconds, NULL);
    experiment.holdout_group = SLICE("q4");
    experiment.holdout_share = 0.05;
    experiment.exclusive_group = SLICE("first-run");
    experiment.exclusive_high = 0.5;
    measure("with holdout and range", &experiment, seconds, NULL);
    struct buffer out = {0};
    measure("the same, written as JSON", &experiment, seconds, &out);
    buffer_done(&out);
    return 0;
}
