/*
 * `gangway verify`: the journal against its checksums and seals, and the state against one built
 * anew from it.  Works while a server has the store, and then follows it: each part of the state is
 * compared at a sequence that both have folded.  Exit status 1 when something differs.
 */

#include "command.h"
#include "meter.h"

#include "analysis/fold.h"

#include <stdio.h>

static void write_difference(void *context, enum state_table table, struct slice key)
{
    (void)context;
    meter_pause();
    printf("differs: %s ", state_table_text(table));
    for (size_t i = 0; i < key.size; i++)
        printf("%02x", (unsigned char)key.data[i]);
    printf("\n");
}

/* What retention has taken away can't be checked again: what stands for it can. */
static bool base_is_sound(const struct fold_base_check *base, const struct journal_check *check)
{
    if (!base->dropped)
        return true;
    printf("dropped: all messages up to sequence %llu, %llu records of catalogues and erasures "
           "kept; the state at their end can't be checked against them any more\n",
           (unsigned long long)base->dropped, (unsigned long long)check->kept);
    printf("base: at sequence %llu, %s\n", (unsigned long long)base->sequence,
           base->sound ? "its rows give its digest" : "MISSING OR DAMAGED");
    return base->sound;
}

static bool journal_is_sound(const struct journal_check *check)
{
    printf("journal: %llu records, %llu files, %llu sealed; %llu damaged, %llu missing, %llu "
           "breaks of the chain\n",
           (unsigned long long)check->records, (unsigned long long)check->files,
           (unsigned long long)check->sealed, (unsigned long long)check->damaged,
           (unsigned long long)check->gaps, (unsigned long long)check->chain_breaks);
    if (check->rewritten)
        printf("journal: %llu files were rewritten by erasures, the last of them by erasure %llu\n",
               (unsigned long long)check->rewritten, (unsigned long long)check->erasure);
    if (check->first_fault)
        printf("journal: first fault at sequence %llu\n", (unsigned long long)check->first_fault);
    return check->damaged == 0 && check->gaps == 0 && check->chain_breaks == 0;
}

static enum status verify(const struct options *options, struct store *store, bool *sound,
                          struct error *error)
{
    struct journal *journal = NULL;
    struct journal_check check = {0};
    struct fold_base_check base = {0};
    uint64_t differences = 0;
    enum status status = journal_open(store, &(struct journal_options){0}, &journal, error);
    if (status)
        return status;
    struct fold_options fold = {.store = store, .journal = journal, .batch = FOLD_BATCH_WHOLE};
    struct fold_verify_options how = {.difference = write_difference, .progress = meter_set};
    status = journal_verify(journal, &check, error);
    meter_end();
    if (!status) {
        *sound = journal_is_sound(&check);
        status = fold_base_verify(&fold, &base, error);
    }
    if (!status) {
        *sound = base_is_sound(&base, &check) && *sound;
        meter_begin("verify", OBSERVER_RECORDS, !option_flag(options, "quiet"));
        status = fold_verify(&fold, &how, &differences, error);
        meter_end();
    }
    if (!status) {
        printf("state: %llu differences\n", (unsigned long long)differences);
        *sound = *sound && differences == 0;
    }
    journal_close(journal);
    return status;
}

static int run(const struct options *options)
{
    struct error error = {0};
    struct store store;
    bool sound = false;
    if (store_open(&store, option_store(options), STORE_READ, &error)) {
        command_failed(&error);
        return 3; /* also a store that is missing */
    }
    store.observer = meter_observer(!option_flag(options, "quiet"));
    enum status status = verify(options, &store, &sound, &error);
    store_close(&store);
    if (status) {
        command_failed(&error);
        return 3; /* also a state that is missing */
    }
    return sound ? 0 : 1;
}

static const struct option_row no_options[] = {{.name = NULL}};

const struct command command_verify = {
    .name = "verify",
    .arguments = "",
    .summary = "checks the journal, and the state against the journal",
    .note = "Works while a server has the store, and follows it: each part of the state is\n"
            "compared at a sequence that both the server's state and the one built here have\n"
            "folded. A state that the server swaps in meanwhile is for the next run. What\n"
            "`serve --retention` has dropped can't be checked again: the state is built from the\n"
            "base that stands for it, whose rows are checked against their digest.",
    .options = no_options,
    .shared = SHARED_STORE | SHARED_QUIET,
    .run = run,
};
