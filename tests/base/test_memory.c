/*
 * Out of memory: every allocation of a piece of work fails in its turn, and the work says so and
 * leaves its outputs alone.  The allocator of this program stands before the C library's; under a
 * sanitizer that place is taken, and the test says that it skips.
 */

#include "base/json.h"
#include "support/support.h"

#include <stdlib.h>

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

/* Allocations until one fails, and all after it; negative: none fails. */
static long allocations_left = -1;
static long failures;

#if HAS_OWN_ALLOCATOR
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

static bool is_refused(void)
{
    if (allocations_left < 0)
        return false;
    if (allocations_left > 0) {
        allocations_left--;
        return false;
    }
    failures++;
    return true;
}

void *malloc(size_t size)
{
    return is_refused() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return is_refused() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    return is_refused() ? NULL : __libc_realloc(memory, size);
}
#endif

/* A text that needs a repair, and more than one block. */
static struct slice long_json(struct buffer *text)
{
    buffer_add(text, SLICE("{\"list\":["));
    for (int i = 0; i < 300; i++)
        buffer_format(text, "{\"n\":12345678901234567%03d,\"t\":\"\\ud83d\"},", i);
    buffer_add(text, SLICE("1.5]}"));
    return buffer_slice(text);
}

/* Reads and writes with `left` allocations; whether that was enough. */
static bool read_and_write(struct slice text, long left)
{
    struct arena arena = {0};
    struct buffer out = {0};
    struct error error = {0};
    struct value value = value_integer(7);
    allocations_left = left;
    enum status status = json_read(&arena, text, 0, &value, &error);
    if (!status) {
        value_write(&out, &value);
        status = buffer_status(&out, &error);
    } else {
        assert_int_equal(value.integer, 7);
    }
    allocations_left = -1;
    if (status) {
        assert_int_equal(status, STATUS_NO_MEMORY);
        assert_int_equal(error.status, STATUS_NO_MEMORY);
    }
    buffer_done(&out);
    arena_done(&arena);
    return status == STATUS_OK;
}

static void json_says_no_memory_wherever_it_runs_out(void **state)
{
    (void)state;
    if (!HAS_OWN_ALLOCATOR) {
        print_message("skipped: the sanitizer has the allocator\n");
        skip();
    }
    struct buffer text = {0};
    struct slice json = long_json(&text);
    long left = 0;
    failures = 0;
    while (!read_and_write(json, left))
        left++;
    assert_true(left > 10 && failures > 10);
    buffer_done(&text);
}

static void a_buffer_keeps_what_it_has(void **state)
{
    (void)state;
    if (!HAS_OWN_ALLOCATOR)
        skip();
    struct buffer out = {0};
    for (int i = 0; i < 64; i++)
        buffer_add_byte(&out, 'x');
    allocations_left = 0;
    buffer_add_byte(&out, 'y');
    buffer_format(&out, "%d", 1);
    allocations_left = -1;
    assert_int_equal(buffer_status(&out, NULL), STATUS_NO_MEMORY);
    assert_int_equal(out.size, 64);
    buffer_done(&out);
}

static void an_arena_remembers(void **state)
{
    (void)state;
    if (!HAS_OWN_ALLOCATOR)
        skip();
    struct arena arena = {0};
    struct value list = value_list();
    allocations_left = 2;
    for (int i = 0; i < 100000; i++)
        value_append(&arena, &list, value_integer(i));
    void *more = arena_alloc(&arena, 1000000);
    allocations_left = -1;
    assert_null(more);
    assert_true(arena.failed);
    for (size_t i = 0; i < list.count; i++)
        assert_true(list.items[i].integer == (int64_t)i);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_says_no_memory_wherever_it_runs_out),
        cmocka_unit_test(a_buffer_keeps_what_it_has),
        cmocka_unit_test(an_arena_remembers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
