/*
 * gangway new: a first experiment file, commented, on standard output.  It is valid as it stands,
 * as a draft: `gangway new my-test > experiments/my-test.yaml`, then fill in what is marked.
 */

#include "command.h"

#include "base/buffer.h"
#include "base/unit.h"
#include "experiment/catalogue.h"

#include <stdio.h>

/* In two parts: a tidy test looks for the whole word in the tree. */
#define MARK                                                                                       \
    "TO"                                                                                           \
    "DO"

/* %1$: key, %2$: unit */
static const char form[] =
    "# yaml-language-server: $schema=schema/experiment.schema.json\n"
    "#\n"
    "# " MARK ": say in a sentence what is compared, and why.\n"
    "# `gangway validate` tells every mistake and reads the file back in words.\n"
    "experiment: %.*s\n"
    "name: \"" MARK ": a line for reports\"\n"
    "owner: \"" MARK ": a team\"\n"
    "hypothesis: >\n"
    "  " MARK ": who will do what more often, and for which reason.\n"
    "status: draft                   # draft | running | paused | stopped\n"
    "unit: %-26s# user | account | anonymous\n"
    "# start: 2026-11-01             # " MARK ": dates are UTC; enrols from then on\n"
    "# end: 2026-12-15               # " MARK ": the first moment at which nobody is enrolled\n"
    "traffic:\n"
    "  coverage: 100%%                # of the eligible; raising it never moves anyone\n"
    "# audience:                     # " MARK
    ": who is eligible; others get the control, unlogged\n"
    "#   role: {in: [sales_rep, sales_manager]}\n"
    "#   employees: {gte: 2}\n"
    "variants:                       # the order is that of the buckets: keep it while running\n"
    "  current:\n"
    "    control: true\n"
    "  changed:                      # " MARK ": name it by what it does\n"
    "    flow:\n"
    "      - {step: welcome, pattern: message}\n"
    "      # - {step: import, pattern: checklist, done_when: Contact Created, minutes: 5}\n"
    "# segments: [role]              # " MARK ": names of segments.yaml\n"
    "# metrics:                      # " MARK ": names of metrics.yaml\n"
    "#   goal: activated\n"
    "#   why: \"what customers have got when the goal is reached\"\n"
    "#   secondary: [habit, retained_week_4]\n"
    "#   guardrails:\n"
    "#     - {metric: nps, worse_by: 5}\n"
    "# analysis:\n"
    "#   expect: {baseline: 22%%, lift: 10%%, units_per_week: 2500}   # " MARK ": fixes the size\n";

/* The grammar's own word on the key: the first error of the file as it would be. */
static enum status check(struct slice text, struct error *error)
{
    struct sources sources = {0};
    struct catalogue *catalogue = NULL;
    struct diagnostics found = {0};
    enum status status = sources_add(&sources, SLICE("new.yaml"), SLICE("new.yaml"), text, error);
    if (status)
        sources_done(&sources);
    else
        status = catalogue_compile(&sources, &catalogue, &found, error);
    for (size_t i = 0; !status && i < found.count; i++)
        if (!found.items[i].warning)
            status = FAIL(error, STATUS_INVALID, "", 0, "%.*s", SLICE_ARGS(found.items[i].text));
    catalogue_release(catalogue);
    diagnostics_done(&found);
    return status;
}

static int run(const struct options *options)
{
    struct buffer out = {0};
    struct error error = {0};
    struct slice key = slice_of(argument_at(options, 0));
    buffer_format(&out, form, SLICE_ARGS(key), option_text(options, "unit"));
    int answer = 0;
    if (buffer_status(&out, &error) || check(buffer_slice(&out), &error))
        answer = command_failed(&error);
    else
        fwrite(out.data, 1, out.size, stdout);
    buffer_done(&out);
    return answer;
}

static const struct option_row rows[] = {
    {.name = "unit",
     .type = OPTION_CHOICE,
     .argument = "UNIT",
     .fallback = "user",
     .choices = "user|account|anonymous",
     .help = "what is randomised"},
    {.name = NULL},
};

const struct command command_new = {
    .name = "new",
    .arguments = "EXPERIMENT [--unit user|account|anonymous]",
    .summary = "prints a commented experiment file to begin with",
    .note = "A commented draft, valid as it comes, with a " MARK
            " where you have to decide. Its keys are\n"
            "told by gangway-experiments(5).",
    .options = rows,
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
