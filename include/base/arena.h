#ifndef BASE_ARENA_H
#define BASE_ARENA_H

/*
 * Memory that dies together: everything allocated for one request, one snapshot or one batch is
 * freed by one arena_done.  Allocation returns zeroed memory, or NULL when memory or the limit has
 * run out; the arena then also remembers it (`failed`), so that a builder may check once.
 * One thread at a time.
 */

#include "base/slice.h"
#include "base/status.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first, owned */
    size_t used;                /* bytes handed out */
    size_t limit;               /* most bytes allowed, 0: none */
    bool failed;                /* an allocation was refused */
};

void *arena_alloc(struct arena *arena, size_t size); /* aligned for any type, zeroed */
void *arena_array(struct arena *arena, size_t count, size_t size); /* NULL also on overflow */
/* Copies; the copy ends with a NUL that is not counted.  Empty on failure (see `failed`). */
struct slice arena_copy(struct arena *arena, struct slice text);
char *arena_text(struct arena *arena,
                 struct slice text); /* the same as a C string; NULL on failure */
struct slice arena_format(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
void arena_reset(struct arena *arena); /* forgets everything, keeps one block */
void arena_done(struct arena *arena);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, count, type) ((type *)arena_array((arena), (count), sizeof(type)))

#endif
