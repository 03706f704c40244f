/* gangway serve: the whole service in this process (cli.md). */

#include "command.h"
#include "http/service.h"

#include <string.h>

static const struct option_row rows[] = {
    {.name = "workers",
     .type = OPTION_COUNT,
     .argument = "N",
     .min = 1,
     .max = 256,
     .help = "threads that serve (default: one a core)"},
    {.name = "tls-cert",
     .type = OPTION_TEXT,
     .argument = "FILE",
     .help = "serves TLS with this chain of certificates (PEM); read again on SIGHUP"},
    {.name = "tls-key", .type = OPTION_TEXT, .argument = "FILE", .help = "its private key (PEM)"},
    {.name = "cors-origin",
     .type = OPTION_LIST,
     .argument = "ORIGIN",
     .help = "whose pages may ask; repeatable: https://app.example, *"},
    {.name = "rate-limit",
     .type = OPTION_TEXT,
     .argument = "N/s",
     .fallback = "1000/s",
     .help = "requests a second of one key from one address; 0: no limit"},
    {.name = "trusted-proxy",
     .type = OPTION_LIST,
     .argument = "CIDR",
     .help = "whose X-Forwarded-For is believed; repeatable; 10.0.0.0/8, unix"},
    {.name = "map-size",
     .type = OPTION_SIZE,
     .argument = "SIZE",
     .help = "address space of the state (default 1T)"},
    {.name = "journal-file-size",
     .type = OPTION_SIZE,
     .argument = "SIZE",
     .fallback = "1G",
     .min = 64 * 1024,
     .max = 1024 * 1024 * 1024,
     .help = "largest journal file; whole ones are dropped by --retention"},
    {.name = "retention",
     .type = OPTION_DURATION,
     .argument = "DURATION",
     .min = 1000,
     .max = INT64_MAX,
     .help = "how long messages are kept (default: for good)"},
    {.name = "drain-timeout",
     .type = OPTION_DURATION,
     .argument = "DURATION",
     .fallback = "20s",
     .min = 1000,
     .max = 3600 * 1000,
     .help = "how long a stopping server waits for its connections"},
    {.name = "growthbook",
     .type = OPTION_FLAG,
     .help = "serve the GrowthBook SDK payload; it shows all rules"},
    {.name = "pseudonymous",
     .type = OPTION_FLAG,
     .help = "write keyed hashes for ids; fixed when the store is made"},
    {.name = "private",
     .type = OPTION_TEXT,
     .argument = "NAMES",
     .fallback = "email,phone,name,address,ip",
     .help = "traits and properties that it hashes too"},
    {.name = "keep-traits",
     .type = OPTION_CHOICE,
     .argument = "WHICH",
     .choices = "all|declared",
     .fallback = "all",
     .help = "declared: those that a definition reads, and none of --private"},
    {.name = "no-watch", .type = OPTION_FLAG, .help = "reload on SIGHUP and POST /v1/reload only"},
    {.name = "public-metrics", .type = OPTION_FLAG, .help = "/metrics asks nobody for a key"},
    {.name = "log-format",
     .type = OPTION_CHOICE,
     .argument = "FORMAT",
     .choices = "text|json",
     .fallback = "text",
     .help = "of the log on standard error"},
    {.name = "log-level",
     .type = OPTION_CHOICE,
     .argument = "LEVEL",
     .choices = "error|warn|info|debug",
     .fallback = "info",
     .help = "the least that is logged"},
    {.name = NULL},
};

static int serve_run(const struct options *options)
{
    const struct option_value *listen = option_list(options, "listen");
    enum log_level level = LOG_LEVEL_INFO;
    const struct option_value *origins = option_list(options, "cors-origin");
    const struct option_value *proxies = option_list(options, "trusted-proxy");
    struct error error = {0};
    (void)log_level_parse(slice_of(option_text(options, "log-level")), &level);
    log_setup(level, slice_equals(slice_of(option_text(options, "log-format")), "json"));
    const struct service_options service = {
        .listen = listen->texts,
        .listen_count = listen->count,
        .store = option_store(options),
        .experiments = option_text(options, "experiments"),
        .keys = option_keys(options),
        .keys_are_named = option_text(options, "keys") != NULL,
        .public_metrics = option_flag(options, "public-metrics"),
        .workers = (unsigned)option_number(options, "workers"),
        .ready_fd =
            option_given(options, "ready-fd") ? (int)option_number(options, "ready-fd") : -1,
        .map_size = (size_t)option_number(options, "map-size"),
        .journal_file_bytes = option_number(options, "journal-file-size"),
        .retention_ms = option_number(options, "retention"),
        .drain_timeout_ms = option_number(options, "drain-timeout"),
        .watch = !option_flag(options, "no-watch"),
        .growthbook = option_flag(options, "growthbook"),
        .pseudonymous = option_flag(options, "pseudonymous"),
        .private_names = option_text(options, "private"),
        .keeps_declared = strcmp(option_text(options, "keep-traits"), "declared") == 0,
        .cors_origins = origins->texts,
        .cors_origin_count = origins->count,
        .trusted_proxies = proxies->texts,
        .trusted_proxy_count = proxies->count,
        .tls_certificate = option_text(options, "tls-cert"),
        .tls_key = option_text(options, "tls-key"),
        .rate_limit = option_text(options, "rate-limit"),
        .version = GANGWAY_VERSION,
    };
    return service_run(&service, &error) ? command_failed(&error) : 0;
}

const struct command command_serve = {
    .name = "serve",
    .arguments = "[--listen HOST:PORT ...]",
    .summary = "takes a folder of experiments into service over HTTP",
    .note =
        "Takes the folder of experiments into service, and again whenever a file changes; a file\n"
        "with a mistake leaves the last good version of its experiment in force. Prints "
        "`listening\n"
        "on HOST:PORT` for each listener and logs on standard error. Without keys it listens on\n"
        "loopback only. SIGTERM or SIGINT ends it when what is under way is answered, a second "
        "one\n"
        "at once; SIGHUP reads experiments, keys and certificates again.",
    .options = rows,
    .shared = SHARED_EXPERIMENTS | SHARED_STORE | SHARED_LISTEN | SHARED_KEYS,
    .run = serve_run,
};
