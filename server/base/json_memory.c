/* Implementation of json_memory.h.  jansson's allocator is one for the process; which arena it
 * serves, or none, is a matter of the thread. */

#include "json_memory.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>

static _Thread_local struct arena *source; /* NULL: jansson is used in the ordinary way */
static _Thread_local jmp_buf leave;

static void *memory_take(size_t size)
{
    if (!source)
        return malloc(size);
    void *memory = arena_alloc(source, size);
    if (!memory)
        longjmp(leave, 1);
    return memory;
}

static void memory_give_back(void *memory)
{
    if (!source)
        free(memory);
}

static void memory_install(void)
{
    json_set_alloc_funcs(memory_take, memory_give_back);
}

json_t *json_load_in(struct arena *arena, struct slice text, size_t flags, json_error_t *problem)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, memory_install);
    if (setjmp(leave)) {
        source = NULL;
        return NULL;
    }
    source = arena;
    json_t *json = json_loadb(text.size ? text.data : "", text.size, flags, problem);
    source = NULL;
    return json;
}
