#ifndef TESTS_ANALYSIS_REPORT_WORLD_H
#define TESTS_ANALYSIS_REPORT_WORLD_H

/* The document of a world's journal, and its members by path. */

#include "world.h"

#include "analysis/document.h"

struct report {
    struct arena arena;
    struct value document;
};

static inline enum status report_try(struct world *world, const struct document_options *options,
                                     struct report *report, struct error *error)
{
    struct view *view = NULL;
    struct view_transaction *transaction = NULL;
    *report = (struct report){0};
    must(view_open(&world->store, &view, error), error);
    must(view_begin(view, &transaction, error), error);
    enum status status =
        document_build(transaction, options, &report->arena, &report->document, error);
    view_end(transaction);
    view_release(view);
    return status;
}

/* Steps by "metrics/0/variants/1/units". */
static inline const struct value *at_or_null(const struct report *report, const char *path)
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

/* The member; the test fails where there is none. */
static inline const struct value *at(const struct report *report, const char *path)
{
    const struct value *value = at_or_null(report, path);
    if (!value) {
        fail_msg("no %s", path);
        abort();
    }
    return value;
}

static inline int64_t integer_at(const struct report *report, const char *path)
{
    const struct value *value = at(report, path);
    assert_int_equal(value->kind, VALUE_INTEGER);
    return value->integer;
}

static inline void assert_count(const struct report *report, const char *path, int64_t want)
{
    if (integer_at(report, path) != want)
        fail_msg("%s is %lld, not %lld", path, (long long)integer_at(report, path),
                 (long long)want);
}

static inline double number_at(const struct report *report, const char *path)
{
    const struct value *value = at(report, path);
    assert_true(value_is_number(value));
    return value->number;
}

static inline void assert_text(const struct report *report, const char *path, const char *want)
{
    const struct value *value = at(report, path);
    assert_int_equal(value->kind, VALUE_TEXT);
    if (!slice_equals(value->text, want))
        fail_msg("%s is '%.*s', not '%s'", path, SLICE_ARGS(value->text), want);
}

static inline void assert_nothing(const struct report *report, const char *path)
{
    const struct value *value = at(report, path);
    assert_int_equal(value->kind, VALUE_NULL);
}

#endif
