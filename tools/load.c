/* What load.h promises: one way for all commands to read the experiment files. */

#include "load.h"

#include "command.h"

#include <stdio.h>

/* Errors only: a warning is no reason to hold an answer back. */
static void write_errors(const struct diagnostics *found)
{
    struct diagnostics errors = {0};
    struct buffer out = {0};
    for (size_t i = 0; i < found->count; i++)
        if (!found->items[i].warning)
            diagnostics_add(&errors, &found->items[i]);
    diagnostics_write_text(&out, &errors);
    fwrite(out.data, 1, out.size, stderr);
    buffer_done(&out);
    diagnostics_done(&errors);
}

static int failed(struct sources *sources, const struct error *error)
{
    sources_done(sources);
    return command_failed(error);
}

int catalogue_load(const char *folder, struct catalogue **catalogue)
{
    struct sources sources = {0};
    struct diagnostics found = {0};
    struct catalogue *compiled = NULL;
    struct error error = {0};
    if (sources_read(&sources, folder, &error) ||
        catalogue_compile(&sources, &compiled, &found, &error))
        return failed(&sources, &error);

    size_t errors = found.errors;
    if (errors)
        write_errors(&found);
    diagnostics_done(&found);
    if (errors) {
        catalogue_release(compiled);
        fprintf(stderr, "gangway: %s: %zu error%s; see 'gangway validate'\n", folder, errors,
                errors == 1 ? "" : "s");
        return 3;
    }
    *catalogue = compiled;
    return 0;
}

const struct experiment *catalogue_require(const struct catalogue *catalogue, const char *key)
{
    const struct experiment *experiment = catalogue_experiment(catalogue, slice_of(key));
    if (experiment)
        return experiment;
    struct slice nearest = catalogue_nearest(catalogue, slice_of(key));
    fprintf(stderr, "gangway: there is no experiment '%s'", key);
    if (nearest.size)
        fprintf(stderr, ", did you mean '%.*s'?", SLICE_ARGS(nearest));
    fputc('\n', stderr);
    return NULL;
}
