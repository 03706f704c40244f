/* Store, journal and view for the commands that look at everyone; no transaction is held. */

#include "population_source.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COLUMNS 80

enum status population_source_open(const char *path, struct population_source *source,
                                   struct error *error)
{
    *source = (struct population_source){0};
    enum status status = store_open(&source->store, path, STORE_READ, error);
    if (status)
        return status;
    source->store_is_open = true;
    status = journal_open(&source->store, &(struct journal_options){0}, &source->journal, error);
    if (!status)
        status = view_open(&source->store, &source->view, error);
    if (status != STATUS_NOT_FOUND)
        return status;
    *error = (struct error){0};
    return FAIL(error, STATUS_STORAGE, path, 0,
                "nothing has been read from this journal yet: run 'gangway rebuild'");
}

void population_source_close(struct population_source *source)
{
    view_release(source->view);
    if (source->journal)
        journal_close(source->journal);
    if (source->store_is_open)
        store_close(&source->store);
}

enum status population_write(const struct options *options, const struct value *document,
                             population_text *as_text, population_csv *as_csv, struct error *error)
{
    const char *format = option_text(options, "format");
    struct render_options render = {.columns = COLUMNS,
                                    .color = option_color(options, STDOUT_FILENO)};
    struct buffer out = {0};
    if (strcmp(format, "json") == 0) {
        value_write(&out, document);
        buffer_add_byte(&out, '\n');
    } else if (strcmp(format, "csv") == 0) {
        as_csv(&out, document);
    } else {
        as_text(&out, document, &render);
    }
    enum status status = buffer_status(&out, error);
    if (!status && (fwrite(out.data, 1, out.size, stdout) != out.size || fflush(stdout)))
        status = FAIL(error, STATUS_STORAGE, "standard output", 0, "could not be written");
    buffer_done(&out);
    return status;
}
