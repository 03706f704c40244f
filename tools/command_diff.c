/*
 * gangway diff: what changed between two folders of experiment files, and what each change does to
 * an experiment that is running.  Either side is a folder or REV:PATH of git.
 *
 *     breaking   crm-first-run variants.tour.weight: 50% -> 60%
 */

#include "command.h"
#include "git_folder.h"

#include "base/buffer.h"
#include "base/value.h"
#include "experiment/diff.h"

#include <stdio.h>
#include <sys/stat.h>

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Compiles one side.  INVALID_FILES when it has errors, which are told. */
static int side_read(const char *folder, struct catalogue **catalogue)
{
    struct sources sources = {0};
    struct diagnostics found = {0};
    struct error error = {0};
    int answer = 0;
    enum status status = !is_folder(folder) && strchr(folder, ':')
                             ? git_folder_read(&sources, folder, &error)
                             : sources_read(&sources, folder, &error);
    if (status)
        sources_done(&sources);
    else
        status = catalogue_compile(&sources, catalogue, &found, &error);
    if (status) {
        answer = command_failed(&error);
    } else if (found.errors) {
        struct buffer out = {0};
        diagnostics_write_text(&out, &found);
        diagnostics_write_count(&out, &found);
        fwrite(out.data, 1, out.size, stderr);
        buffer_done(&out);
        answer = 3;
    }
    diagnostics_done(&found);
    return answer;
}

static const char *shown(struct slice text)
{
    return text.size ? text.data : "(none)";
}

static void write_text(struct buffer *out, const struct changes *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        const struct change *change = &changes->items[i];
        buffer_format(out, "%-10s %s%s%.*s: %s -> %s\n", change_class_texts[change->class],
                      change->experiment.size ? change->experiment.data : "",
                      change->experiment.size ? " " : "", SLICE_ARGS(change->key),
                      shown(change->old_text), shown(change->new_text));
    }
}

static struct value text_or_null(struct slice text)
{
    return text.size ? value_text(text) : value_null();
}

static void write_json(struct buffer *out, const struct changes *changes)
{
    struct arena arena = {0};
    struct value list = value_list();
    for (size_t i = 0; i < changes->count; i++) {
        const struct change *change = &changes->items[i];
        struct value object = value_object();
        value_add(&arena, &object, "class",
                  value_text(slice_of(change_class_texts[change->class])));
        value_add(&arena, &object, "experiment", text_or_null(change->experiment));
        value_add(&arena, &object, "key", value_text(change->key));
        value_add(&arena, &object, "old", text_or_null(change->old_text));
        value_add(&arena, &object, "new", text_or_null(change->new_text));
        value_append(&arena, &list, object);
    }
    value_write(out, &list);
    buffer_add_byte(out, '\n');
    out->failed = out->failed || arena.failed;
    arena_done(&arena);
}

static int show(const struct options *options, const struct changes *changes)
{
    struct buffer out = {0};
    struct error error = {0};
    int answer = 0;
    if (strcmp(option_text(options, "format"), "json") == 0)
        write_json(&out, changes);
    else
        write_text(&out, changes);
    for (size_t i = 0; i < changes->count; i++)
        if (changes->items[i].class == CHANGE_BREAKING)
            answer = 1;
    if (buffer_status(&out, &error))
        answer = command_failed(&error);
    else if (out.size)
        fwrite(out.data, 1, out.size, stdout);
    buffer_done(&out);
    return answer;
}

static int run(const struct options *options)
{
    struct catalogue *old_side = NULL;
    struct catalogue *new_side = NULL;
    struct changes changes = {0};
    struct error error = {0};
    int answer = side_read(argument_at(options, 0), &old_side);
    if (!answer)
        answer = side_read(argument_at(options, 1), &new_side);
    if (!answer && catalogue_diff(old_side, new_side, &changes, &error))
        answer = command_failed(&error);
    else if (!answer)
        answer = show(options, &changes);
    changes_done(&changes);
    catalogue_release(old_side);
    catalogue_release(new_side);
    return answer;
}

static const struct option_row rows[] = {
    {.name = "format",
     .type = OPTION_CHOICE,
     .argument = "FORMAT",
     .fallback = "text",
     .choices = "text|json",
     .help = "form of the answer"},
    {.name = NULL},
};

const struct command command_diff = {
    .name = "diff",
    .arguments = "OLD NEW [--format text|json]",
    .summary = "says what changed between two folders, and what that breaks",
    .note = "OLD and NEW are folders, or REV:PATH of the git repository that one is in. A line a "
            "change:\n"
            "`safe` moves nobody; `analysis` adds to what is looked at; `amendment` changes the "
            "plan, and\n"
            "the report lists it; `breaking` makes old and new exposures incomparable, and wants a "
            "raised\n"
            "phase.",
    .options = rows,
    .arguments_min = 2,
    .arguments_max = 2,
    .run = run,
};
