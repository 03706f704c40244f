#ifndef TESTS_EXPERIMENT_FILES_H
#define TESTS_EXPERIMENT_FILES_H

/* Catalogues from texts in the test itself, for tests of what the parser made. */

#include "experiment/catalogue.h"

#include <stdio.h>
#include <stdlib.h>

struct file_text {
    const char *name;
    const char *text; /* NULL: there is no such file */
};

static inline void sources_fill(struct sources *sources, const struct file_text *files,
                                size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char path[128];
        if (!files[i].text)
            continue;
        snprintf(path, sizeof path, "experiments/%s", files[i].name);
        assert_int_equal(sources_add(sources, slice_of(path), slice_of(files[i].name),
                                     slice_of(files[i].text), NULL),
                         STATUS_OK);
    }
}

/* The catalogue of files that have no error. */
static inline struct catalogue *catalogue_of(const struct file_text *files, size_t count)
{
    struct sources sources = {0};
    struct diagnostics found = {0};
    struct catalogue *catalogue = NULL;
    sources_fill(&sources, files, count);
    assert_int_equal(catalogue_compile(&sources, &catalogue, &found, NULL), STATUS_OK);
    for (size_t i = 0; i < found.count; i++)
        if (!found.items[i].warning)
            fail_msg("%.*s:%u: %.*s", SLICE_ARGS(found.items[i].path), found.items[i].line,
                     SLICE_ARGS(found.items[i].text));
    diagnostics_done(&found);
    return catalogue;
}

/* `text` with the first `from` in it turned to `to`; malloc'd.  A `from` that is not there is a
 * mistake of the test. */
static inline char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    if (!at)
        fail_msg("the test's text has no '%s'", from);
    size_t size = strlen(text) - strlen(from) + strlen(to) + 1;
    char *out = malloc(size);
    assert_non_null(out);
    snprintf(out, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return out;
}

#endif
