/* Arenas: memory is apart, aligned and clear; limits hold to the byte. */

#include "base/arena.h"
#include "base/random.h"
#include "support/support.h"

#include <stdalign.h>

static bool is_filled(const unsigned char *memory, size_t size, unsigned char byte)
{
    for (size_t i = 0; i < size; i++)
        if (memory[i] != byte)
            return false;
    return true;
}

/* Each piece is filled with its own byte; had two shared memory, one would find the other's. */
static void pieces_are_aligned_clear_and_apart(void **state)
{
    (void)state;
    struct random random = {.state = 1};
    struct arena arena = {0};
    unsigned char *pieces[500];
    size_t sizes[500];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 500; i++) {
            sizes[i] = random_below(&random, i % 50 == 0 ? 600000 : 300);
            pieces[i] = arena_alloc(&arena, sizes[i]);
            assert_non_null(pieces[i]);
            assert_true((uintptr_t)pieces[i] % alignof(max_align_t) == 0);
            assert_true(is_filled(pieces[i], sizes[i], 0));
            memset(pieces[i], (int)(i % 255 + 1), sizes[i]);
        }
        for (size_t i = 0; i < 500; i++)
            assert_true(is_filled(pieces[i], sizes[i], (unsigned char)(i % 255 + 1)));
        arena_reset(&arena);
        assert_int_equal(arena.used, 0);
    }
    arena_done(&arena);
    arena_done(&arena);
    arena_done(NULL);
}

static void a_limit_is_met_and_not_passed(void **state)
{
    (void)state;
    struct arena arena = {.limit = 1024};
    assert_non_null(arena_alloc(&arena, 512));
    assert_non_null(arena_alloc(&arena, 512));
    assert_false(arena.failed);
    assert_null(arena_alloc(&arena, 1));
    assert_true(arena.failed);
    arena_reset(&arena);
    assert_false(arena.failed);
    assert_null(arena_alloc(&arena, 1025));
    assert_non_null(arena_alloc(&arena, 1024));
    arena_done(&arena);
    assert_int_equal(arena.limit, 1024);
}

static void sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    struct arena arena = {0};
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX - 15));
    assert_null(arena_array(&arena, SIZE_MAX / 2, 3));
    assert_null(arena_array(&arena, (size_t)1 << 33, (size_t)1 << 33));
    assert_null(arena_text(&arena, (struct slice){.data = "", .size = SIZE_MAX}));
    assert_true(arena.failed);
    assert_non_null(arena_array(&arena, 0, 8));
    arena_done(&arena);
}

static void copies_end_with_a_nul_that_does_not_count(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct slice copy = arena_copy(&arena, SLICE("a\0b"));
    assert_true(slice_equal(copy, SLICE("a\0b")));
    assert_int_equal(copy.data[3], 0);
    assert_string_equal(arena_text(&arena, (struct slice){0}), "");
    assert_true(slice_equals(arena_format(&arena, "%d %s", 7, "x"), "7 x"));
    arena.limit = arena.used;
    assert_true(slice_is_empty(arena_copy(&arena, SLICE("x"))));
    assert_true(slice_is_empty(arena_format(&arena, "%s", "x")));
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_clear_and_apart),
        cmocka_unit_test(a_limit_is_met_and_not_passed),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(copies_end_with_a_nul_that_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
