/*
 * /metrics in the text format of Prometheus (routes.md, the table).  Labels are routes of the table
 * and declared names, never what a client sent, so the number of series is bounded.
 */

#include "pages_make.h"
#include "service_state.h"
#include "snapshot.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void add_type(struct buffer *out, const char *name, const char *type, const char *help)
{
    buffer_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_gauge(struct buffer *out, const char *name, const char *help, double value)
{
    add_type(out, name, "gauge", help);
    buffer_format(out, "%s %.17g\n", name, value);
}

static void add_counter(struct buffer *out, const char *name, const char *help, double value)
{
    add_type(out, name, "counter", help);
    buffer_format(out, "%s %.17g\n", name, value);
}

/* A label's value, with its quotes. */
static void add_label(struct buffer *out, struct slice text)
{
    buffer_add_byte(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '\n') {
            buffer_add(out, SLICE("\\n"));
            continue;
        }
        if (c == '"' || c == '\\')
            buffer_add_byte(out, '\\');
        buffer_add_byte(out, c);
    }
    buffer_add_byte(out, '"');
}

/* The sum over the workers of the counter `offset` bytes into their metrics. */
static uint64_t sum_at(const struct service *service, size_t offset)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < service->worker_count; i++) {
        const char *metrics = (const char *)&service->workers[i]->metrics;
        sum += counter_read((const counter *)(const void *)(metrics + offset));
    }
    return sum;
}
#define SUM(service, member) sum_at((service), offsetof(struct metrics, member))

static uint64_t requests_of(const struct service *service, size_t row, size_t column)
{
    return sum_at(service, offsetof(struct metrics, requests) +
                               (row * METRICS_CODES_MAX + column) * sizeof(counter));
}

static void add_requests(struct buffer *out, const struct service *service)
{
    add_type(out, "gangway_http_requests_total", "counter", "Answers given.");
    for (size_t row = 0; row <= ROUTES_MAX; row++) {
        bool is_route = row < ROUTES_MAX;
        if (is_route && !routes[row].pattern)
            row = ROUTES_MAX;
        const char *pattern = row < ROUTES_MAX ? routes[row].pattern : "none";
        for (size_t column = 0; column < METRICS_CODES_MAX; column++) {
            uint64_t count = requests_of(service, row, column);
            if (!count)
                continue;
            const char *method = "";
            if (row < ROUTES_MAX)
                method = routes[row].method == METHOD_GET ? "GET " : "POST ";
            buffer_format(out, "gangway_http_requests_total{route=\"%s%s\",code=\"%d\"} %llu\n",
                          method, pattern, metrics_code(column), (unsigned long long)count);
        }
    }
}

static void add_histogram(struct buffer *out, const char *name, const double *bounds,
                          const uint64_t *counts, size_t bound_count, double sum)
{
    uint64_t total = 0;
    for (size_t i = 0; i < bound_count; i++) {
        total += counts[i];
        buffer_format(out, "%s_bucket{le=\"%g\"} %llu\n", name, bounds[i],
                      (unsigned long long)total);
    }
    total += counts[bound_count];
    buffer_format(out, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %.17g\n%s_count %llu\n", name,
                  (unsigned long long)total, name, sum, name, (unsigned long long)total);
}

static void add_http(struct buffer *out, struct service *service)
{
    uint64_t counts[DURATION_BUCKETS + 1];
    add_requests(out, service);
    for (size_t i = 0; i <= DURATION_BUCKETS; i++)
        counts[i] = sum_at(service, offsetof(struct metrics, durations) + i * sizeof(counter));
    add_type(out, "gangway_http_request_duration_seconds", "histogram",
             "From the first byte of a request to the last of its answer.");
    add_histogram(out, "gangway_http_request_duration_seconds", duration_bounds, counts,
                  DURATION_BUCKETS, (double)SUM(service, duration_sum_us) * 1e-6);
    add_gauge(out, "gangway_http_connections", "Connections that are open.",
              (double)atomic_load(&service->connections));
}

static void add_ingest(struct buffer *out, const struct service *service)
{
    add_type(out, "gangway_ingest_events_total", "counter", "Messages that came.");
    buffer_format(out,
                  "gangway_ingest_events_total{result=\"accepted\"} %llu\n"
                  "gangway_ingest_events_total{result=\"duplicate\"} %llu\n"
                  "gangway_ingest_events_total{result=\"rejected\"} %llu\n",
                  (unsigned long long)SUM(service, accepted),
                  (unsigned long long)SUM(service, duplicates),
                  (unsigned long long)SUM(service, rejected));
    add_type(out, "gangway_ingest_rejected_total", "counter", "Messages refused, by reason.");
    for (size_t i = 0; i < REJECTION_COUNT; i++)
        buffer_format(out, "gangway_ingest_rejected_total{reason=\"%s\"} %llu\n",
                      rejection_text((enum rejection)i),
                      (unsigned long long)sum_at(service, offsetof(struct metrics, rejected_by) +
                                                              i * sizeof(counter)));
}

static double fold_lag(struct service *service, const struct fold_progress *progress,
                       int64_t now_ms)
{
    if (progress->watermark >= journal_last_sequence(service->journal) ||
        progress->received_ms == TIME_NONE)
        return 0;
    return (double)(now_ms - progress->received_ms) / 1000;
}

/* What the states take on disk: the files of STORE/state/N. */
static double state_folder_bytes(const char *store)
{
    struct arena arena = {0};
    double bytes = 0;
    char *path = arena_text(&arena, arena_format(&arena, "%s/state", store));
    DIR *folder = path ? opendir(path) : NULL;
    const struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        struct stat about;
        struct slice name = arena_format(&arena, "%s/data.mdb", entry->d_name);
        bool is_state = entry->d_type == DT_DIR && entry->d_name[0] != '.' && name.size;
        if (is_state && fstatat(dirfd(folder), name.data, &about, 0) == 0)
            bytes += (double)about.st_blocks * 512;
    }
    if (folder)
        closedir(folder);
    arena_done(&arena);
    return bytes;
}

static void add_store(struct buffer *out, struct service *service, int64_t now_ms)
{
    struct fold_progress progress;
    uint64_t counts[COMMIT_BUCKETS + 1];
    fold_progress(service->fold, &progress);
    add_gauge(out, "gangway_journal_sequence", "The last record that is durable.",
              (double)journal_last_sequence(service->journal));
    add_gauge(out, "gangway_fold_sequence", "The last record in the state that reports read.",
              (double)progress.watermark);
    add_gauge(out, "gangway_fold_lag_seconds", "Age of the state, 0 when it has read all.",
              fold_lag(service, &progress, now_ms));
    add_gauge(out, "gangway_fold_damaged_records", "Records that can't be read.",
              (double)progress.damaged);
    add_gauge(out, "gangway_journal_bytes", "All files of the journal.",
              (double)journal_bytes(service->journal));
    add_gauge(out, "gangway_state_bytes", "The state.", state_folder_bytes(service->store.path));
    add_gauge(out, "gangway_store_free_bytes", "Free space where the store is.",
              (double)store_free_bytes(&service->store));
    for (size_t i = 0; i <= COMMIT_BUCKETS; i++)
        counts[i] = counter_read(&service->commits[i]);
    add_type(out, "gangway_commit_duration_seconds", "histogram", "Commits of the journal.");
    add_histogram(out, "gangway_commit_duration_seconds", commit_bounds, counts, COMMIT_BUCKETS,
                  (double)counter_read(&service->commit_sum_us) * 1e-6);
}

static void add_config(struct buffer *out, struct service *service)
{
    pthread_mutex_lock(&service->health.lock);
    bool is_good = service->health.is_good;
    size_t errors = service->health.errors;
    int64_t success_ms = service->health.success_ms;
    pthread_mutex_unlock(&service->health.lock);
    add_gauge(out, "gangway_config_last_reload_successful",
              "Whether all files as they stand are in service.", is_good);
    add_gauge(out, "gangway_config_last_reload_success_timestamp_seconds", "When they last were.",
              success_ms == TIME_NONE ? 0 : (double)success_ms / 1000);
    add_gauge(out, "gangway_config_errors", "Mistakes in the files.", (double)errors);
}

static unsigned descriptors_open(void)
{
    unsigned count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder && readdir(folder))
        count++;
    if (folder)
        closedir(folder);
    return count > 3 ? count - 3 : 0; /* ., .. and the folder's own */
}

static double resident_bytes(void)
{
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file && fscanf(file, "%*s %llu", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

static void add_process(struct buffer *out, const struct service *service)
{
    struct rusage usage = {0};
    struct rlimit limit = {0};
    getrusage(RUSAGE_SELF, &usage);
    getrlimit(RLIMIT_NOFILE, &limit);
    add_type(out, "gangway_build_info", "gauge", "The version that runs.");
    buffer_format(out, "gangway_build_info{version=\"%s\"} 1\n", service->options->version);
    add_counter(out, "process_cpu_seconds_total", "User and system time.",
                seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime));
    add_gauge(out, "process_resident_memory_bytes", "Resident memory.", resident_bytes());
    add_gauge(out, "process_start_time_seconds", "When the process began.",
              (double)service->start_ms / 1000);
    add_gauge(out, "process_open_fds", "Descriptors that are open.", descriptors_open());
    add_gauge(out, "process_max_fds", "Descriptors that may be.", (double)limit.rlim_cur);
}

/* One series a member of `counts`, an object of numbers. */
static void add_counts(struct buffer *out, const char *name, struct slice experiment,
                       const char *label, const struct value *counts)
{
    for (size_t i = 0; counts && counts->kind == VALUE_OBJECT && i < counts->count; i++) {
        const struct member *member = &counts->members[i];
        if (!value_is_number(&member->value))
            continue;
        buffer_format(out, "%s{experiment=", name);
        add_label(out, experiment);
        buffer_format(out, ",%s=", label);
        add_label(out, member->name);
        buffer_format(out, "} %.17g\n", member->value.number);
    }
}

static void add_experiments(struct buffer *out, struct page *page,
                            struct view_transaction *transaction)
{
    const struct catalogue *catalogue = page->question.snapshot->catalogue;
    size_t count = catalogue->experiment_count;
    struct value *summaries = ARENA_ARRAY(&page->arena, count ? count : 1, struct value);
    for (size_t i = 0; summaries && i < count; i++)
        summaries[i] = page_summary(transaction, &page->arena, catalogue->experiments[i].key, 0,
                                    page->question.now_ms);
    if (!summaries)
        return;
    add_type(out, "gangway_exposures_total", "gauge", "Units exposed, by variant.");
    for (size_t i = 0; i < count; i++)
        add_counts(out, "gangway_exposures_total", catalogue->experiments[i].key, "variant",
                   value_member(&summaries[i], SLICE("exposed")));
    add_type(out, "gangway_exposures_outside_total", "gauge",
             "Units whose exposures are not analysed, by reason.");
    for (size_t i = 0; i < count; i++)
        add_counts(out, "gangway_exposures_outside_total", catalogue->experiments[i].key, "reason",
                   value_member(&summaries[i], SLICE("outside")));
    add_type(out, "gangway_sample_ratio_alarm", "gauge",
             "Whether the variants have other shares than declared.");
    for (size_t i = 0; i < count; i++) {
        const struct value *alarm = value_member(&summaries[i], SLICE("sample_ratio_alarm"));
        if (!alarm || alarm->kind != VALUE_BOOLEAN)
            continue;
        buffer_add(out, SLICE("gangway_sample_ratio_alarm{experiment="));
        add_label(out, catalogue->experiments[i].key);
        buffer_format(out, "} %d\n", alarm->boolean);
    }
}

enum problem page_make_metrics(struct service *service, struct page *page)
{
    struct buffer *out = &page->body;
    page->content_type = "text/plain; version=0.0.4; charset=utf-8";
    add_process(out, service);
    add_config(out, service);
    add_http(out, service);
    add_ingest(out, service);
    add_store(out, service, page->question.now_ms);
    struct view *view = fold_view(service->fold);
    struct view_transaction *transaction = NULL;
    if (!view_begin(view, &transaction, NULL))
        add_experiments(out, page, transaction);
    view_end(transaction);
    view_release(view);
    return PROBLEM_NONE;
}
