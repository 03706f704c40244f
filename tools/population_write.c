/* Implementation of population_write.h. */

#include "population_write.h"

#include "meter.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COLUMNS 80

enum status population_write(const struct options *options, const struct value *document,
                             population_text *as_text, population_csv *as_csv, struct error *error)
{
    const char *format = option_text(options, "format");
    struct render_options render = {.columns = COLUMNS,
                                    .color = option_color(options, STDOUT_FILENO)};
    struct buffer out = {0};
    meter_end();
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
