/*
 * Pages of the manual, as text for a terminal and as roff for man(1), written by one walk: the two
 * forms differ in how a heading, a paragraph and an item are set, and in nothing else.
 *
 * A line of a note that begins with a blank is laid out: it stays a line of its own.  Roff reads a
 * line that begins with `.` or `'` as a request and `\` as an escape, and groff may turn `-`, `'`,
 * `` ` ``, `^` and `~` into typographic ones: all of them are escaped (groff_char(7)), so that what
 * a page shows can be copied into a shell.
 */

#include "manual.h"

#include "command.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct page {
    struct buffer *out;
    bool is_roff;
};

static void add_escaped(struct page *page, struct slice text)
{
    static const struct {
        char byte;
        const char *roff;
    } escapes[] = {{'\\', "\\(rs"}, {'-', "\\-"},   {'\'', "\\(aq"}, {'`', "\\(ga"},
                   {'^', "\\(ha"},  {'~', "\\(ti"}, {'"', "\\(dq"}};
    for (size_t i = 0; i < text.size; i++) {
        size_t row = 0;
        while (row < sizeof escapes / sizeof *escapes && escapes[row].byte != text.data[i])
            row++;
        if (page->is_roff && row < sizeof escapes / sizeof *escapes)
            buffer_add(page->out, slice_of(escapes[row].roff));
        else if (page->is_roff && i == 0 && text.data[0] == '.')
            buffer_format(page->out, "\\&.");
        else
            buffer_add_byte(page->out, text.data[i]);
    }
}

static void heading(struct page *page, const char *text)
{
    if (page->is_roff)
        buffer_format(page->out, ".SH %s\n", text);
    else
        buffer_format(page->out, "%s%s\n", page->out->size ? "\n" : "", text);
}

/* Lines as they are. */
static void verbatim(struct page *page, struct slice line)
{
    if (page->is_roff && line.size)
        buffer_format(page->out, "\\&"); /* a blank at the beginning is a request to break */
    add_escaped(page, line);
    buffer_add_byte(page->out, '\n');
}

/* Paragraphs with lines that are laid out among them, all indented by four in text. */
static void paragraphs(struct page *page, const char *text)
{
    bool is_laid_out = false;
    if (page->is_roff)
        buffer_format(page->out, ".PP\n");
    while (*text) {
        struct slice line = {.data = text, .size = strcspn(text, "\n")};
        bool lays_out = line.size && line.data[0] == ' ';
        if (page->is_roff && lays_out != is_laid_out)
            buffer_format(page->out, lays_out ? ".nf\n" : ".fi\n");
        is_laid_out = lays_out;
        if (!page->is_roff && line.size)
            buffer_format(page->out, "    ");
        if (page->is_roff && !line.size)
            buffer_format(page->out, ".PP\n");
        else if (lays_out)
            verbatim(page, line);
        else {
            add_escaped(page, line);
            buffer_add_byte(page->out, '\n');
        }
        text += line.size + (text[line.size] == '\n');
    }
    if (page->is_roff && is_laid_out)
        buffer_format(page->out, ".fi\n");
}

/* A term with what it means below it. */
static void item(struct page *page, const char *term, const char *meaning)
{
    if (page->is_roff) {
        buffer_format(page->out, ".TP\n\\fB");
        add_escaped(page, slice_of(term));
        buffer_format(page->out, "\\fR\n");
        add_escaped(page, slice_of(meaning));
        buffer_add_byte(page->out, '\n');
        return;
    }
    size_t column = 8;
    buffer_format(page->out, "    %s\n        ", term);
    manual_wrap(page->out, meaning, &column, 8);
}

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
    item(page, term, meaning);
}

static void write_options(struct page *page, const struct command *command)
{
    const struct option_row *row;
    heading(page, "OPTIONS");
    for (size_t i = 0; (row = command_option(command, i)); i++)
        write_option(page, row);
    item(page, "-h, --help", "A screen of the options, to standard output.");
    item(page, "--", "Ends the options.");
}

static void write_examples(struct page *page, const struct manual *manual)
{
    if (!manual)
        return;
    heading(page, "EXAMPLES");
    for (const struct manual_example *example = manual->examples; example->line; example++) {
        paragraphs(page, example->does);
        buffer_format(page->out, page->is_roff ? ".PP\n.nf\n.RS 4\n" : "\n        ");
        verbatim(page, slice_of(example->line));
        buffer_format(page->out, page->is_roff ? ".RE\n.fi\n" : "%s", example[1].line ? "\n" : "");
    }
}

static void write_exits(struct page *page, const struct manual *manual)
{
    char answer[256];
    heading(page, "EXIT STATUS");
    item(page, "0", "Done; the answer is yes.");
    if (manual && manual->answer_no) {
        snprintf(answer, sizeof answer, "Done; the answer is no: %s.", manual->answer_no);
        item(page, "1", answer);
    }
    item(page, "2", "The call is wrong: an option, an argument, a name that there is not.");
    item(page, "3",
         "Could not do it: a store that is missing, in use, damaged or full; "
         "experiment files with errors.");
    item(page, "128+n", "Ended by signal n.");
    if (manual && manual->trouble)
        paragraphs(page, manual->trouble);
}

static void write_environment(struct page *page, const struct command *command)
{
    const struct option_row *row;
    size_t count = 0;
    heading(page, "ENVIRONMENT");
    for (; (row = command_option(command, count)); count++) {
        char term[64] = "GANGWAY_";
        char meaning[96];
        size_t size = strlen(term);
        for (const char *c = row->name; *c && size < sizeof term - 1; c++)
            term[size++] = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
        snprintf(meaning, sizeof meaning, "Stands for --%s where that is not given.", row->name);
        item(page, term, meaning);
    }
    if (command->shared & SHARED_STORE)
        item(page, "STATE_DIRECTORY, XDG_STATE_HOME, HOME",
             "The store is the first of $STATE_DIRECTORY, $XDG_STATE_HOME/gangway and "
             "~/.local/state/gangway, unless named.");
    if (command->shared & SHARED_COLOR)
        item(page, "NO_COLOR, TERM", "No colour where NO_COLOR is set or TERM is dumb.");
    if (!count)
        paragraphs(page, "None.");
}

static void write_files(struct page *page, const struct command *command)
{
    if (!(command->shared & (SHARED_STORE | SHARED_EXPERIMENTS | SHARED_KEYS)))
        return;
    heading(page, "FILES");
    if (command->shared & SHARED_EXPERIMENTS)
        item(page, "experiments/*.yaml", "Experiments, metrics, segments (--experiments).");
    if (command->shared & SHARED_STORE)
        item(page, "~/.local/state/gangway",
             "The store, mode 0700: the journal, and the state made of it (--store).");
    if (command->shared & SHARED_KEYS)
        item(page, "STORE/keys", "Digests of the keys that callers show, mode 0600 (--keys).");
}

static void write_sections(struct page *page, const struct command *command)
{
    const struct manual *manual = manual_of(command->name);
    heading(page, "NAME");
    char line[512];
    snprintf(line, sizeof line, "gangway-%s - %s", command->name, command->summary);
    if (page->is_roff) { /* apropos reads it: a bare \- between name and summary */
        add_escaped(page, slice_of(line));
        buffer_add_byte(page->out, '\n');
    } else {
        paragraphs(page, line);
    }
    heading(page, "SYNOPSIS");
    snprintf(line, sizeof line, "gangway %s %s", command->name, command->arguments);
    if (page->is_roff) {
        paragraphs(page, line);
    } else {
        size_t column = 4;
        buffer_format(page->out, "    ");
        manual_wrap(page->out, line, &column, 8);
    }
    if (command->note) {
        heading(page, "DESCRIPTION");
        paragraphs(page, command->note);
    }
    write_options(page, command);
    write_exits(page, manual);
    write_environment(page, command);
    write_files(page, command);
    write_examples(page, manual);
}

void manual_write_text(const struct command *command, struct buffer *out)
{
    struct page page = {.out = out};
    write_sections(&page, command);
}

static void write_program(struct page *page)
{
    heading(page, "NAME");
    buffer_format(page->out, "gangway \\- experiments of product onboarding, self\\-hosted\n");
    heading(page, "SYNOPSIS");
    paragraphs(page, "gangway COMMAND [OPTION...] [ARGUMENT...]");
    heading(page, "DESCRIPTION");
    paragraphs(page, "An experimentation service in one program. Experiments are declared in files;"
                     "\nfront ends ask which variant a unit gets; exposures and outcomes are"
                     " logged;\na report says what each variant did, and how sure that is.\n\n"
                     "Results go to standard output, everything else to standard error. No\n"
                     "command asks a question; what destroys wants --yes. There is no file of\n"
                     "settings: an option may come from the environment.");
    heading(page, "COMMANDS");
    for (size_t i = 0; commands[i]; i++) {
        char term[64];
        char meaning[512];
        snprintf(term, sizeof term, "gangway-%s(1)", commands[i]->name);
        snprintf(meaning, sizeof meaning, "%s.", commands[i]->summary);
        meaning[0] = (char)toupper((unsigned char)meaning[0]);
        item(page, term, meaning);
    }
    heading(page, "OPTIONS");
    item(page, "-h, --help", "A line a command, to standard output.");
    item(page, "--version", "The version, and those of journal and state.");
    item(page, "--name VALUE, --name=VALUE",
         "An option, and GANGWAY_NAME in the environment stands"
         " for it; the command line wins.");
    item(page, "-", "Standard input, where a file is wanted.");
    write_exits(page, &(struct manual){.answer_no = "see the command"});
}

void manual_write_page(const struct command *command, struct buffer *out)
{
    struct page page = {.out = out, .is_roff = true};
    char title[64] = "GANGWAY";
    size_t size = strlen(title);
    if (command) {
        title[size++] = '-';
        for (const char *c = command->name; *c && size < sizeof title - 1; c++)
            title[size++] = (char)toupper((unsigned char)*c);
    }
    buffer_format(out, ".\\\" Made by `gangway help --man` from the command's own tables.\n"
                       ".TH \"");
    add_escaped(&page, slice_of(title));
    buffer_format(out, "\" \"1\" \"\" \"gangway %s\" \"Gangway\"\n.nh\n.ad l\n", GANGWAY_VERSION);
    if (!command) {
        write_program(&page);
        return;
    }
    write_sections(&page, command);
    heading(&page, "SEE ALSO");
    buffer_format(out, "\\fBgangway\\fR(1)\n");
}
