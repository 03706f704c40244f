#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

/*
 * What every fuzz target shares.  A target is one file, fuzz_<what>.c, with fuzz_one (and
 * fuzz_begin where something has to be made first); a corpus of its own stands in corpus/<what>/.
 * It is built twice: with replay.c, which runs the files that are named, in every preset; and with
 * libFuzzer, in the preset `fuzz`.  See tests/README.md.
 *
 * A target says more than "does not crash": what is true of every input stands in a CHECK, which
 * names itself and aborts, in all builds.
 */

#include "base/slice.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* One input, whatever the bytes. */
void fuzz_one(struct slice input);
/* Once, before the first input. */
void fuzz_begin(void);

/* The two names by which libFuzzer calls them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define CHECK(truth)                                                                               \
    do {                                                                                           \
        if (!(truth)) {                                                                            \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #truth);                    \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Cuts the first line off, without its LF. */
static inline struct slice line_cut(struct slice *rest)
{
    struct slice line = *rest;
    const char *end = line.size ? memchr(line.data, '\n', line.size) : NULL;
    if (end)
        line.size = (size_t)(end - line.data);
    *rest = slice_from(*rest, line.size + 1);
    return line;
}

/* A number that depends on every byte (FNV-1a): where an input has no room to say a choice. */
static inline uint64_t number_of(struct slice input)
{
    uint64_t number = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < input.size; i++)
        number = (number ^ (unsigned char)input.data[i]) * UINT64_C(1099511628211);
    return number;
}

#endif
