/* From libFuzzer's names to ours.  A target without fuzz_begin gets this one. */

#include "fuzz.h"

__attribute__((weak)) void fuzz_begin(void) {}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    fuzz_begin();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Of exactly that size, so that the sanitizer sees the first byte past the end. */
    char *copy = malloc(size ? size : 1);
    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    fuzz_one((struct slice){.data = copy, .size = size});
    free(copy);
    return 0;
}
