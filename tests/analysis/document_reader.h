#ifndef TESTS_ANALYSIS_DOCUMENT_READER_H
#define TESTS_ANALYSIS_DOCUMENT_READER_H

/* A document of a world, and its figures by path: "metrics/0/variants/1/units". */

#include "analysis/document.h"
#include "world.h"

struct report {
    struct arena arena;
    struct value document;
};

static inline void report_at(struct world *world, const char *experiment, int64_t as_of_ms,
                             struct report *report)
{
    struct error error = {0};
    struct view *view = NULL;
    struct view_transaction *transaction = NULL;
    struct document_options options = {.experiment = slice_of(experiment),
                                       .as_of_ms = as_of_ms,
                                       .now_ms = WORLD_START + 1000 * DAY_MS,
                                       .version = "1"};
    *report = (struct report){0};
    must(view_open(&world->store, &view, &error), &error);
    must(view_begin(view, &transaction, &error), &error);
    must(document_build(transaction, &options, &report->arena, &report->document, &error), &error);
    view_end(transaction);
    view_release(view);
}

/* NULL where there is nothing of that name. */
static inline const struct value *found_at(const struct report *report, const char *path)
{
    const struct value *value = &report->document;
    while (value && *path) {
        size_t size = strcspn(path, "/");
        struct slice step = {.data = path, .size = size};
        if (value->kind == VALUE_LIST) {
            size_t index = (size_t)strtoul(path, NULL, 10);
            value = index < value->count ? &value->items[index] : NULL;
        } else {
            value = value_member(value, step);
        }
        path += size + (path[size] == '/');
    }
    return value;
}

static inline const struct value *at(const struct report *report, const char *path)
{
    const struct value *value = found_at(report, path);
    if (!value)
        fail_msg("there is no %s", path);
    return value;
}

static inline double number_at(const struct report *report, const char *path)
{
    const struct value *value = at(report, path);
    if (!value_is_number(value))
        fail_msg("%s is no number", path);
    return value->number;
}

static inline void assert_count(const struct report *report, const char *path, int64_t want)
{
    const struct value *value = at(report, path);
    if (value->kind != VALUE_INTEGER || value->integer != want)
        fail_msg("%s is %lld, not %lld", path, (long long)value->integer, (long long)want);
}

static inline void assert_text(const struct report *report, const char *path, const char *want)
{
    const struct value *value = at(report, path);
    if (value->kind != VALUE_TEXT || !slice_equals(value->text, want))
        fail_msg("%s is '%.*s', not '%s'", path, SLICE_ARGS(value->text), want);
}

static inline void assert_nothing(const struct report *report, const char *path)
{
    if (at(report, path)->kind != VALUE_NULL)
        fail_msg("%s is not null", path);
}

#endif
