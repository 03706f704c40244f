/*
 * gangway demo: the service with the example experiments, made-up people and the example page, in a
 * folder of its own that goes away with it (cli.md).  Nothing but this program is needed.
 *
 * Signals: held back while the folder is filled, then the service's own; SIGTERM or SIGINT ends it
 * and the folder is removed.  A demo that is killed leaves its folder to the system.
 */

#include "command.h"
#include "demo_folder.h"
#include "http/service.h"

#include "base/time.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#define SEED_DEFAULT "20261124"

extern const struct asset demo_pages[];

static const struct option_row rows[] = {
    {.name = "seed",
     .type = OPTION_COUNT,
     .argument = "N",
     .fallback = SEED_DEFAULT,
     .max = INT64_MAX,
     .help = "of the made-up people"},
    {.name = "experiments",
     .type = OPTION_TEXT,
     .argument = "DIR",
     .help = "a folder of your own instead of the examples"},
    {.name = NULL},
};

struct demo {
    struct demo_folder folder;
    struct demo_people_counts counts;
    bool is_told;
};

/* What to try, once it listens. */
static void demo_listens(void *context, const char *address)
{
    struct demo *demo = context;
    if (demo->is_told || strncmp(address, "unix:", 5) == 0)
        return;
    demo->is_told = true;
    printf("\nGangway's demo, with %zu made-up people. Nothing here is real, and nothing is kept.\n"
           "\n"
           "  http://%s/example/\n"
           "      an onboarding page: it asks for its variant, shows it, says so\n"
           "  http://%s/\n"
           "      what a researcher reads: every experiment, its report, its definition\n"
           "  curl 'http://%s/v1/assign/crm-first-run?unit=rep-2&role=sales_rep&employees=12'\n"
           "      what a front end is told\n"
           "  %s\n"
           "      what a product manager writes: change a file, it is taken within a second\n"
           "\nCtrl-C ends it and removes its folder.\n",
           demo->counts.people, address, address, address, demo->folder.experiments);
}

static void signals_hold(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static enum status demo_serve(struct demo *demo, const struct options *options, struct error *error)
{
    const struct option_value *listen = option_list(options, "listen");
    const struct service_options service = {
        .listen = listen->texts,
        .listen_count = listen->count,
        .store = demo->folder.store,
        .experiments = demo->folder.experiments,
        .keys = demo->folder.keys,
        .ready_fd =
            option_given(options, "ready-fd") ? (int)option_number(options, "ready-fd") : -1,
        .drain_timeout_ms = 2 * SECOND_MS,
        .watch = true,
        .private_names = "email,phone,name,address,ip",
        .version = GANGWAY_VERSION,
        .assets = demo_pages,
        .listening = demo_listens,
        .context = demo,
    };
    return service_run(&service, error);
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static int demo_run(const struct options *options)
{
    struct demo demo = {0};
    struct error error = {0};
    int64_t now_ms = clock_now_ms(&clock_system);
    log_setup(LOG_LEVEL_ERROR, false); /* files with mistakes, not that there are no keys */
    signals_hold();
    enum status status =
        demo_folder_make(&demo.folder, option_text(options, "experiments"), now_ms, &error);
    if (!status)
        status = demo_folder_fill(&demo.folder, (uint64_t)option_number(options, "seed"), now_ms,
                                  &demo.counts, &error);
    if (!status)
        status = demo_serve(&demo, options, &error);
    bool is_filled = demo.counts.people > 0;
    demo_folder_remove(&demo.folder);
    if (!status)
        return 0;
    int exit_status = command_failed(&error);
    return status == STATUS_INVALID && !is_filled && is_folder(demo.folder.experiments)
               ? 3 /* files with errors, not a folder that is none */
               : exit_status;
}

const struct command command_demo = {
    .name = "demo",
    .arguments = "[--listen HOST:PORT] [--seed N]",
    .summary = "shows all of it at work: examples, made-up people, a page",
    .note =
        "The example experiments (or your own, by --experiments) in a folder of their own under\n"
        "$TMPDIR, with some weeks of made-up people; reports, the dashboard, and at /example/ a "
        "page\n"
        "that asks, shows and reports. All of it is removed when it ends.",
    .options = rows,
    .shared = SHARED_LISTEN,
    .run = demo_run,
};
