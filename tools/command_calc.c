/*
 * gangway calc: the statistics library from the command line, for who wants to check a figure by
 * hand, from R or in a notebook.
 *
 *     echo '{"counts": [5000, 5210], "weights": [1, 1]}' | gangway calc srm_chisq_gof
 *
 * A line in, a line out, in order; what is complete is answered before more is waited for, so that
 * a program may keep the pipe open and talk.  A line that is wrong has its answer too, an object
 * with status "error", and is told on standard error; the exit status is 2 then.
 */

#include "calc.h"
#include "command.h"

#include "base/limits.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define READ_SIZE 65536

static int list_families(void)
{
    const struct calc_family *family;
    for (size_t i = 0; (family = calc_family_at(i)); i++)
        printf("%-24s  %s\n", family->name, family->line);
    return 0;
}

static int family_unknown(const char *name)
{
    const struct calc_family *family;
    const char *nearest = NULL;
    unsigned best = 4;
    for (size_t i = 0; (family = calc_family_at(i)); i++) {
        unsigned distance = slice_distance(slice_of(name), slice_of(family->name), 3);
        if (distance < best) {
            best = distance;
            nearest = family->name;
        }
    }
    fprintf(stderr, "gangway: unknown family '%s'", name);
    if (nearest)
        fprintf(stderr, ", did you mean '%s'?", nearest);
    fprintf(stderr, "; see 'gangway calc --list'\n");
    return 2;
}

/* The lines of standard input as they come. */
struct lines {
    const struct calc_family *family;
    struct buffer input; /* what was read and not answered */
    struct buffer out;
    uint64_t number;  /* of the latest line */
    bool is_too_long; /* the line at hand is passed over to its end */
    int status;       /* the exit status so far */
};

static bool is_blank(struct slice text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!strchr(" \t\r", text.data[i]))
            return false;
    return true;
}

static void line_told(struct lines *lines, const struct error *error)
{
    fprintf(stderr, "gangway: line %llu: %s%s%s\n", (unsigned long long)lines->number, error->where,
            error->where[0] ? ": " : "", error->text);
    lines->status = status_exit(error->status);
}

static void line_answer(struct lines *lines, struct slice text)
{
    struct error error = {0};
    lines->number++;
    if (is_blank(text) && !lines->is_too_long)
        return;
    if (lines->is_too_long) {
        error_set(&error, STATUS_TOO_LARGE, "", 0, "is longer than %d bytes", CALC_LINE_MAX);
        buffer_format(&lines->out, "{\"error\":\"line %llu: %s\",\"status\":\"error\"}\n",
                      (unsigned long long)lines->number, error.text);
        lines->is_too_long = false;
        line_told(lines, &error);
    } else if (calc_answer(lines->family, text, lines->number, &lines->out, &error)) {
        line_told(lines, &error);
    }
}

/* Answers every whole line that has been read, and forgets it.  `ended`: so is the last. */
static void lines_answer(struct lines *lines, bool ended)
{
    struct buffer *input = &lines->input;
    size_t from = 0;
    while (from < input->size && lines->status < 3) {
        const char *end = memchr(input->data + from, '\n', input->size - from);
        size_t to = end ? (size_t)(end - input->data) : input->size;
        if (!end && !ended && to - from <= CALC_LINE_MAX)
            break;
        lines->is_too_long = lines->is_too_long || to - from > CALC_LINE_MAX;
        if (end || ended)
            line_answer(lines, (struct slice){.data = input->data + from, .size = to - from});
        from = to + (end != NULL);
    }
    if (from && from < input->size)
        memmove(input->data, input->data + from, input->size - from);
    input->size -= from;
}

static int told(const char *text)
{
    fprintf(stderr, "gangway: %s\n", text);
    return 3;
}

/* Writes what has been answered. */
static void lines_write(struct lines *lines)
{
    struct buffer *out = &lines->out;
    if (out->failed)
        lines->status = told("no memory for the answer");
    else if ((out->size && fwrite(out->data, 1, out->size, stdout) != out->size) || fflush(stdout))
        lines->status = told("cannot write to standard output");
    buffer_clear(out);
}

/* Reads what there is, waiting for something; false at the end or when it fails. */
static bool lines_read(struct lines *lines)
{
    char *room = buffer_room(&lines->input, READ_SIZE);
    ssize_t size = -1;
    while (room && (size = read(STDIN_FILENO, room, READ_SIZE)) < 0 && errno == EINTR)
        ;
    if (size > 0)
        buffer_grow(&lines->input, (size_t)size);
    else if (size < 0)
        lines->status = told(room ? "cannot read standard input" : "no memory for the input");
    return size > 0;
}

static int run(const struct options *options)
{
    const char *name = argument_at(options, 0);
    if (option_flag(options, "list"))
        return list_families();
    if (!name) {
        fprintf(stderr, "gangway: which family? 'gangway calc --list' names them\n");
        return 2;
    }
    struct lines lines = {.family = calc_family_find(slice_of(name))};
    if (!lines.family)
        return family_unknown(name);
    while (lines.status < 3 && lines_read(&lines)) {
        lines_answer(&lines, false);
        lines_write(&lines);
    }
    if (lines.status < 3) {
        lines_answer(&lines, true);
        if (lines.is_too_long)
            line_answer(&lines, (struct slice){0});
        lines_write(&lines);
    }
    buffer_done(&lines.input);
    buffer_done(&lines.out);
    return lines.status;
}

static const struct option_row calc_options[] = {
    {.name = "list", .type = OPTION_FLAG, .help = "name the families, a line each"},
    {.name = NULL},
};

const struct command command_calc = {
    .name = "calc",
    .arguments = "FAMILY | --list",
    .summary = "computes a family of statistics from JSON lines",
    .note =
        "Reads an object a line from standard input and answers each with one line, in order and\n"
        "at once. `{\"name\": N, \"input\": {...}}` is taken too, and N comes back.\n"
        "\n"
        "    echo '{\"counts\":[50,61],\"weights\":[1,1]}' | gangway calc srm_chisq_gof\n"
        "\n"
        "A figure that cannot be estimated is null; `status` is then not_estimable, `reason` says\n"
        "why, `reasons` says it for each figure. A limit without bound is \"inf\" or \"-inf\".\n"
        "Keys that the family does not know stand in `ignored`. `conf` is .95 unless given.\n"
        "\n"
        "A line that is wrong is answered with {\"error\": ..., \"status\": \"error\"} and told "
        "on\n"
        "standard error with its number and key; the others are answered, and the exit status\n"
        "is 2. Blank lines have no answer.",
    .options = calc_options,
    .arguments_max = 1,
    .run = run,
};
