/*
 * A connection, from its first byte: what an input holds is sent to the whole service as it is,
 * pipelines, broken heads, bodies that do not end.
 *
 * Holds for every input: the service closes, answers only what is HTTP and JSON, never 500, and
 * never more often than it was asked.
 */

#include "fuzz.h"
#include "service.h"

void fuzz_begin(void)
{
    service_begin();
}

void fuzz_one(struct slice input)
{
    struct buffer came = {0};
    size_t answers = 0, lines = 1;
    service_ask(input, &came);
    struct slice rest = buffer_slice(&came);
    while (rest.size) {
        struct parted answer = answer_cut(&rest);
        answer_check(&answer);
        answers += answer.status >= 200;
    }
    for (size_t i = 0; i < input.size; i++)
        lines += input.data[i] == '\n';
    CHECK(answers <= lines);
    buffer_done(&came);
}
