/*
 * Arenas: a list of blocks, each twice the size of the one before up to a bound.  What is larger
 * than a block gets one of its own.  Memory comes from malloc and is cleared when it is handed out,
 * so that a reset needs no clearing.
 */

#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_SIZE_MIN ((size_t)4096)
#define BLOCK_SIZE_MAX ((size_t)256 * 1024)

struct arena_block {
    struct arena_block *next;
    size_t size; /* of data */
    size_t used;
    alignas(max_align_t) char data[];
};

static void *arena_refuse(struct arena *arena)
{
    arena->failed = true;
    return NULL;
}

static struct arena_block *arena_grow(struct arena *arena, size_t size)
{
    size_t wanted = BLOCK_SIZE_MIN;
    if (arena->blocks)
        wanted = arena->blocks->size * 2;
    if (wanted > BLOCK_SIZE_MAX)
        wanted = BLOCK_SIZE_MAX;
    if (wanted < size)
        wanted = size;
    struct arena_block *block = NULL;
    if (wanted <= SIZE_MAX - sizeof *block)
        block = malloc(sizeof *block + wanted);
    if (!block)
        return NULL;
    *block = (struct arena_block){.next = arena->blocks, .size = wanted};
    arena->blocks = block;
    return block;
}

/* Not cleared. */
static char *arena_take(struct arena *arena, size_t size)
{
    const size_t unit = alignof(max_align_t);
    if (size > SIZE_MAX - unit)
        return arena_refuse(arena);
    size_t rounded = size ? (size + unit - 1) / unit * unit : unit;
    if (arena->limit && (arena->used > arena->limit || rounded > arena->limit - arena->used))
        return arena_refuse(arena);
    struct arena_block *block = arena->blocks;
    if (!block || rounded > block->size - block->used)
        block = arena_grow(arena, rounded);
    if (!block)
        return arena_refuse(arena);
    char *memory = block->data + block->used;
    block->used += rounded;
    arena->used += rounded;
    return memory;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    char *memory = arena_take(arena, size);
    return memory ? memset(memory, 0, size) : NULL;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        return arena_refuse(arena);
    return arena_alloc(arena, total);
}

char *arena_text(struct arena *arena, struct slice text)
{
    char *copy = text.size < SIZE_MAX ? arena_take(arena, text.size + 1) : arena_refuse(arena);
    if (!copy)
        return NULL;
    if (text.size)
        memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return copy;
}

struct slice arena_copy(struct arena *arena, struct slice text)
{
    char *copy = arena_text(arena, text);
    return (struct slice){.data = copy, .size = copy ? text.size : 0};
}

struct slice arena_format(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = size < 0 ? arena_refuse(arena) : arena_take(arena, (size_t)size + 1);
    if (!text)
        return (struct slice){0};
    va_start(arguments, format);
    vsnprintf(text, (size_t)size + 1, format, arguments);
    va_end(arguments);
    return (struct slice){.data = text, .size = (size_t)size};
}

static void blocks_free(struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
}

void arena_reset(struct arena *arena)
{
    struct arena_block *kept = arena->blocks;
    arena->used = 0;
    arena->failed = false;
    if (!kept)
        return;
    blocks_free(kept->next);
    kept->next = NULL;
    kept->used = 0;
    if (kept->size <= BLOCK_SIZE_MAX)
        return;
    free(kept); /* one large thing should not stay for ever */
    arena->blocks = NULL;
}

void arena_done(struct arena *arena)
{
    if (!arena)
        return;
    blocks_free(arena->blocks);
    *arena = (struct arena){.limit = arena->limit};
}
