/* Implementation of include/ingest/declare.h: between the catalogue and the journal. */

#include "ingest/declare.h"

/* Copies the catalogue's files out of the record, whose bytes die with the visit. */
static enum status last_visit(void *context, const struct record *record, struct error *error)
{
    struct sources *sources = context;
    struct catalogue_files files;
    struct slice path;
    struct slice name;
    struct slice text;
    if (record->damaged || record->kind != RECORD_CATALOGUE)
        return FAIL(error, STATUS_STORAGE, "journal", 0, "the catalogue in record %llu is damaged",
                    (unsigned long long)record->sequence);
    enum status status = catalogue_body_read(record->body, &files, error);
    while (!status && catalogue_body_next(&files, &path, &name, &text))
        status = sources_add(sources, path, name, text, error);
    if (!status && files.reader.failed)
        status =
            FAIL(error, STATUS_STORAGE, "journal", 0, "the catalogue in record %llu is cut off",
                 (unsigned long long)record->sequence);
    return status;
}

enum status declare_last(struct journal *journal, struct catalogue **catalogue, struct error *error)
{
    uint64_t sequence = journal_last_catalogue(journal);
    struct catalogue *compiled = NULL;
    struct sources sources = {0};
    struct diagnostics found = {0};
    struct journal_scan scan = {
        .from = sequence,
        .limit = 1,
        .visit = last_visit,
        .context = &sources,
    };
    enum status status = STATUS_OK;
    if (sequence)
        status = journal_scan(journal, &scan, error);
    if (!status && sequence && scan.gaps)
        status = FAIL(error, STATUS_STORAGE, "journal", 0,
                      "the catalogue in record %llu is missing", (unsigned long long)sequence);
    /* It was good when it was declared: what an older grammar allowed is left out, as then. */
    if (!status && sequence)
        status = catalogue_compile(&sources, &compiled, &found, error);
    sources_done(&sources);
    diagnostics_done(&found);
    if (!status)
        *catalogue = compiled;
    return status;
}

enum status declare_read(const char *folder, struct catalogue *previous,
                         struct settlement *settlement, struct diagnostics *found,
                         struct error *error)
{
    struct sources sources = {0};
    enum status status = sources_read(&sources, folder, error);
    if (!status)
        status = catalogue_settle(&sources, previous, settlement, found, error);
    sources_done(&sources);
    return status;
}

void declare_write(struct buffer *body, const struct catalogue *catalogue)
{
    const struct sources *sources = &catalogue->sources;
    catalogue_body_begin(body, sources->count);
    for (size_t i = 0; i < sources->count; i++)
        catalogue_body_add(body, sources->files[i].path, sources->files[i].name,
                           sources->files[i].text);
}
