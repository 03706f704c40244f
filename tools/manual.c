/*
 * Pages of the manual of commands, made of their tables.  How a page is set stands in
 * manual_page.h.
 */

#include "manual.h"

#include "command.h"
#include "manual_page.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void write_option(struct page *page, const struct option_row *row)
{
    char term[96];
    char meaning[1024];
    int size = 0;
    if (row->letter)
        size = snprintf(term, sizeof term, "-%c, ", row->letter);
    snprintf(term + size, sizeof term - (size_t)size, "--%s%s%s", row->name,
             row->argument ? " " : "", row->argument ? row->argument : "");
    size = snprintf(meaning, sizeof meaning, "%s", row->help);
    if (row->choices)
        size +=
            snprintf(meaning + size, sizeof meaning - (size_t)size, "; one of %s", row->choices);
    if (row->fallback)
        size += snprintf(meaning + size, sizeof meaning - (size_t)size, "; %s unless given",
                         row->fallback);
    if (row->type == OPTION_SIZE)
        size +=
            snprintf(meaning + size, sizeof meaning - (size_t)size, "; bytes, or with k, M, G, T");
    snprintf(meaning + size, sizeof meaning - (size_t)size, ".");
    meaning[0] = (char)toupper((unsigned char)meaning[0]);
    page_item(page, term, meaning);
}

static void write_options(struct page *page, const struct command *command)
{
    const struct option_row *row;
    page_heading(page, "OPTIONS");
    for (size_t i = 0; (row = command_option(command, i)); i++)
        write_option(page, row);
    page_item(page, "-h, --help", "A screen of the options, to standard output.");
    page_item(page, "--", "Ends the options.");
}

static void write_examples(struct page *page, const struct manual *manual)
{
    if (!manual)
        return;
    page_heading(page, "EXAMPLES");
    for (const struct manual_example *example = manual->examples; example->line; example++) {
        page_paragraphs(page, example->does);
        page_verbatim_begin(page);
        page_verbatim(page, slice_of(example->line));
        page_verbatim_end(page);
        if (!page->is_roff && example[1].line)
            buffer_add_byte(page->out, '\n');
    }
}

static void write_terms(struct page *page, const struct manual *manual)
{
    if (!manual || !manual->terms)
        return;
    page_heading(page, "HOW TO READ IT");
    for (const struct manual_term *one = manual->terms; one->term; one++)
        page_item(page, one->term, one->meaning);
}

static void write_exits(struct page *page, const struct manual *manual)
{
    char answer[256];
    page_heading(page, "EXIT STATUS");
    page_item(page, "0", "Done; the answer is yes.");
    if (manual && manual->answer_no) {
        snprintf(answer, sizeof answer, "Done; the answer is no: %s.", manual->answer_no);
        page_item(page, "1", answer);
    }
    page_item(page, "2", "The call is wrong: an option, an argument, a name that there is not.");
    page_item(page, "3",
              "Could not do it: a store that is missing, in use, damaged or full; "
              "experiment files with errors.");
    page_item(page, "128+n", "Ended by signal n.");
    if (manual && manual->trouble) {
        char here[512];
        snprintf(here, sizeof here, "Here: %s", manual->trouble);
        page_paragraphs(page, here);
    }
}

static void write_environment_shared(struct page *page, unsigned shared)
{
    if (shared & SHARED_STORE)
        page_item(page, "STATE_DIRECTORY, XDG_STATE_HOME, HOME",
                  "The store is the first of $STATE_DIRECTORY, $XDG_STATE_HOME/gangway and "
                  "~/.local/state/gangway, unless named.");
    if (shared & SHARED_COLOR)
        page_item(page, "NO_COLOR, TERM", "No colour where NO_COLOR is set or TERM is dumb.");
}

static void write_environment(struct page *page, const struct command *command)
{
    const struct option_row *row;
    size_t count = 0;
    page_heading(page, "ENVIRONMENT");
    for (; (row = command_option(command, count)); count++) {
        char term[64] = "GANGWAY_";
        char meaning[96];
        size_t size = strlen(term);
        for (const char *c = row->name; *c && size < sizeof term - 1; c++)
            term[size++] = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
        snprintf(meaning, sizeof meaning, "Stands for --%s where that is not given.", row->name);
        page_item(page, term, meaning);
    }
    write_environment_shared(page, command->shared);
    if (!count)
        page_paragraphs(page, "None.");
}

static void write_files(struct page *page, unsigned shared)
{
    if (!(shared & (SHARED_STORE | SHARED_EXPERIMENTS | SHARED_KEYS)))
        return;
    page_heading(page, "FILES");
    if (shared & SHARED_EXPERIMENTS)
        page_item(page, "experiments/*.yaml", "Experiments, metrics, segments (--experiments).");
    if (shared & SHARED_STORE)
        page_item(page, "~/.local/state/gangway",
                  "The store, mode 0700: the journal, and the state made of it (--store).");
    if (shared & SHARED_KEYS)
        page_item(page, "STORE/keys", "Digests of the keys that callers show, mode 0600 (--keys).");
}

static void write_sections(struct page *page, const struct command *command)
{
    const struct manual *manual = manual_of(command->name);
    char line[512];
    snprintf(line, sizeof line, "gangway-%s", command->name);
    page_name(page, line, command->summary);
    page_heading(page, "SYNOPSIS");
    snprintf(line, sizeof line, "gangway %s %s", command->name, command->arguments);
    if (page->is_roff) {
        page_paragraphs(page, line);
    } else {
        size_t column = 4;
        buffer_format(page->out, "    ");
        manual_wrap(page->out, line, &column, 8);
    }
    if (command->note) {
        page_heading(page, "DESCRIPTION");
        page_paragraphs(page, command->note);
    }
    write_options(page, command);
    write_terms(page, manual);
    write_exits(page, manual);
    write_environment(page, command);
    write_files(page, command->shared);
    write_examples(page, manual);
}

void manual_write_text(const struct command *command, struct buffer *out)
{
    struct page page = {.out = out};
    write_sections(&page, command);
}

static void write_commands(struct page *page)
{
    page_heading(page, "COMMANDS");
    for (size_t i = 0; commands[i]; i++) {
        char term[64];
        char meaning[512];
        snprintf(term, sizeof term, "gangway-%s(1)", commands[i]->name);
        snprintf(meaning, sizeof meaning, "%s.", commands[i]->summary);
        meaning[0] = (char)toupper((unsigned char)meaning[0]);
        page_item(page, term, meaning);
    }
}

static const char program_text[] =
    "An experimentation service in one program. Experiments are declared in files;\n"
    "front ends ask which variant a unit gets; exposures and outcomes are logged;\n"
    "a report says what each variant did, and how sure that is.\n"
    "\n"
    "Results go to standard output, everything else to standard error. No\n"
    "command asks a question; what destroys wants --yes. There is no file of\n"
    "settings: an option may come from the environment.\n"
    "\n"
    "To begin: `gangway demo` shows all of it at work, `gangway new KEY` prints a\n"
    "file of an experiment, `gangway validate` tells every mistake in one, `gangway\n"
    "serve` takes a folder of them into service, `gangway report KEY` says what\n"
    "came out. What may stand in the files is in gangway-experiments(5).";

static void write_program(struct page *page)
{
    page_name(page, "gangway", "experiments of product onboarding, self-hosted");
    page_heading(page, "SYNOPSIS");
    page_paragraphs(page, "gangway COMMAND [OPTION...] [ARGUMENT...]");
    page_heading(page, "DESCRIPTION");
    page_paragraphs(page, program_text);
    write_commands(page);
    page_heading(page, "OPTIONS");
    page_item(page, "-h, --help", "A line a command, to standard output.");
    page_item(page, "--version", "The version, and those of journal and state.");
    page_item(page, "--name VALUE, --name=VALUE",
              "An option of a command; the command line wins over the environment.");
    page_item(page, "-", "Standard input, where a file is wanted.");
    page_item(page, "--", "Ends the options.");
    write_exits(page, &(struct manual){.answer_no = "see the command"});
    page_heading(page, "ENVIRONMENT");
    page_item(page, "GANGWAY_NAME",
              "Stands for --name where that is not given: GANGWAY_STORE for --store, "
              "GANGWAY_AS_OF for --as-of. An empty one counts as unset.");
    write_environment_shared(page, SHARED_STORE | SHARED_COLOR);
    write_files(page, SHARED_STORE | SHARED_EXPERIMENTS | SHARED_KEYS);
    page_heading(page, "SEE ALSO");
    page_paragraphs(page, "gangway-experiments(5), gangway-serve(1), gangway-report(1)");
}

void manual_write_page(const struct command *command, struct buffer *out)
{
    struct page page = {.out = out, .is_roff = true};
    char name[64] = "gangway";
    if (command)
        snprintf(name, sizeof name, "gangway-%s", command->name);
    page_title(&page, name, "1", "the command's own tables");
    if (!command) {
        write_program(&page);
        return;
    }
    write_sections(&page, command);
    page_heading(&page, "SEE ALSO");
    page_paragraphs(&page, command->shared & SHARED_EXPERIMENTS
                               ? "gangway(1), gangway-experiments(5)"
                               : "gangway(1)");
}
