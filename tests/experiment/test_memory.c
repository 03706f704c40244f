/*
 * Out of memory: every allocation of a comparison and of a settlement fails in its turn; the answer
 * is then NO_MEMORY and nothing is left behind, and never a wrong answer.  The files are JSON, so
 * that what fails is ours.  The allocator of this program stands before the C library's; under a
 * sanitizer that place is taken, and the test says that it skips.
 */

#include "support/support.h"

#include "experiment/definition.h"
#include "experiment/diff.h"
#include "files.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_OWN_ALLOCATOR 0
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_OWN_ALLOCATOR 0
#endif
#ifndef HAS_OWN_ALLOCATOR
#define HAS_OWN_ALLOCATOR 1
#endif

/* Allocations until one fails, and all after it; negative: none fails.  Smaller ones than
 * `refused_min` are not asked: a digest that finds no memory ends the process (base/hash), and
 * OpenSSL's are small. */
static long allocations_left = -1;
static size_t refused_min;

#if HAS_OWN_ALLOCATOR
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

static bool is_refused(size_t size)
{
    if (size < refused_min)
        return false;
    if (allocations_left > 0)
        allocations_left--;
    return allocations_left == 0;
}

void *malloc(size_t size)
{
    return is_refused(size) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return is_refused(count * size) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    return is_refused(size) ? NULL : __libc_realloc(memory, size);
}
#endif

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define HEAD(key) "{\"experiment\":\"" key "\",\"status\":\"running\","
#define TAIL                                                                                       \
    "\"analysis\":{\"peeking\":\"always\"},\"metrics\":{\"goal\":\"m\",\"why\":\"value\","         \
    "\"secondary\":[\"back\"]}}"
#define WEIGHTS(x, y)                                                                              \
    "\"variants\":{\"x\":{\"control\":true,\"weight\":\"" x "\"},\"y\":{\"weight\":\"" y "\"}},"
#define METRICS(window)                                                                            \
    "{\"not_activity\":[\"Z\"],\"metrics\":{"                                                      \
    "\"m\":{\"kind\":\"conversion\",\"event\":\"A\",\"within\":\"" window "\"},"                   \
    "\"back\":{\"kind\":\"retention\",\"between\":[\"7d\",\"14d\"]}}}"

static const struct file_text before[] = {
    {"a.json", HEAD("a") WEIGHTS("50%", "50%") TAIL},
    {"b.json", HEAD("b") WEIGHTS("50%", "50%") TAIL},
    {"metrics.json", METRICS("7d")},
};
static const struct file_text after[] = {
    {"a.json", HEAD("a") WEIGHTS("40%", "60%") TAIL},
    {"b.json", HEAD("b") "\"name\":\"B\"," WEIGHTS("50%", "50%") TAIL},
    {"c.json", HEAD("c") TAIL},
    {"metrics.json", METRICS("8d")},
};

static void comparing_says_no_memory_wherever_it_runs_out(void **state)
{
    (void)state;
    if (!HAS_OWN_ALLOCATOR) {
        print_message("skipped: the sanitizer has the allocator\n");
        skip();
    }
    struct catalogue *old_side = catalogue_of(before, LENGTH(before));
    struct file_text good[] = {after[0], after[1], after[3]};
    struct catalogue *new_side = catalogue_of(good, LENGTH(good));
    struct changes whole = {0};
    assert_int_equal(catalogue_diff(old_side, new_side, &whole, NULL), STATUS_OK);
    assert_true(whole.count >= 4);
    enum status status = STATUS_NO_MEMORY;
    long left = 1;
    for (; status; left++) {
        struct changes changes = {0};
        struct error error = {0};
        allocations_left = left;
        status = catalogue_diff(old_side, new_side, &changes, &error);
        allocations_left = -1;
        assert_int_equal(error.status, status);
        assert_int_equal(changes.count, status ? 0 : whole.count);
        assert_true(status == STATUS_OK || status == STATUS_NO_MEMORY);
        changes_done(&changes);
    }
    assert_true(left > 10);
    allocations_left = 1; /* nothing passes unseen */
    const char *noun = experiment_breaks(&old_side->experiments[0], &new_side->experiments[0]);
    allocations_left = -1;
    assert_non_null(noun);
    changes_done(&whole);
    catalogue_release(old_side);
    catalogue_release(new_side);
}

/* One settlement with so many allocations; whether they were enough. */
static bool settle_with(struct catalogue *previous, long left, const struct digest *wanted)
{
    struct sources sources = {0};
    struct diagnostics found = {0};
    struct settlement settlement = {0};
    struct error error = {0};
    sources_fill(&sources, after, LENGTH(after));
    allocations_left = left;
    enum status status = catalogue_settle(&sources, previous, &settlement, &found, &error);
    allocations_left = -1;
    if (status) {
        assert_int_equal(status, STATUS_NO_MEMORY);
        assert_int_equal(error.status, STATUS_NO_MEMORY);
        assert_null(settlement.catalogue);
    } else {
        assert_true(digest_equal(&settlement.catalogue->digest, wanted));
        assert_int_equal(settlement.kept_count, 2);
    }
    catalogue_release(settlement.catalogue);
    settlement_done(&settlement);
    diagnostics_done(&found);
    return status == STATUS_OK;
}

static void settling_says_no_memory_wherever_it_runs_out(void **state)
{
    (void)state;
    if (!HAS_OWN_ALLOCATOR)
        skip();
    struct file_text chosen[] = {before[0], after[1], after[3]};
    struct catalogue *previous = catalogue_of(before, LENGTH(before));
    struct catalogue *wanted = catalogue_of(chosen, LENGTH(chosen));
    long left = 1;
    refused_min = 512;
    while (!settle_with(previous, left, &wanted->digest))
        left++;
    refused_min = 0;
    assert_true(left > 10);
    catalogue_release(previous);
    catalogue_release(wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparing_says_no_memory_wherever_it_runs_out),
        cmocka_unit_test(settling_says_no_memory_wherever_it_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
