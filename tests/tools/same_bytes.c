/*
 * The families of `gangway calc` without the rest of the program, for test_same_bytes.py, which
 * builds this by several compilers: a line is the family's name, a tab, and a line of its input.
 */

#include "../../tools/calc.h"

#include <gsl/gsl_errno.h>
#include <stdio.h>
#include <stdlib.h>

static void answer(const char *line, size_t size, uint64_t number, struct buffer *out)
{
    const char *tab = memchr(line, '\t', size);
    size_t name = tab ? (size_t)(tab - line) : size;
    const struct calc_family *family = calc_family_find((struct slice){.data = line, .size = name});
    struct error error = {0};
    if (!family || !tab) {
        buffer_add(out, SLICE("no such family\n"));
        return;
    }
    struct slice text = {.data = tab + 1, .size = size - name - 1};
    if (calc_answer(family, text, number, out, &error) == STATUS_NO_MEMORY)
        buffer_add(out, SLICE("no memory\n"));
}

int main(void)
{
    struct buffer out = {0};
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    uint64_t number = 0;
    gsl_set_error_handler_off();
    while ((size = getline(&line, &capacity, stdin)) > 0) {
        answer(line, (size_t)size - (line[size - 1] == '\n'), ++number, &out);
        fwrite(out.data, 1, out.size, stdout);
        buffer_clear(&out);
    }
    buffer_done(&out);
    free(line);
    return 0;
}
