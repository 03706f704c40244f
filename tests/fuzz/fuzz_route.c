/*
 * Every route with any body, path and query: the first line of an input is `METHOD TARGET`, the
 * rest the body, sent to the whole service as one request that is framed as it should be.  So what
 * is varied is what a handler reads; fuzz_connection.c varies the framing.
 *
 * Holds for every input: one answer comes, of HTTP and JSON, and never 500.
 */

#include "fuzz.h"
#include "service.h"

void fuzz_begin(void)
{
    service_begin();
}

void fuzz_one(struct slice input)
{
    struct buffer request = {0}, came = {0};
    struct slice line = line_cut(&input);
    buffer_add(&request, line);
    buffer_format(&request, " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
    if (input.size || slice_starts_with(line, SLICE("POST")))
        buffer_format(&request, "Content-Length: %zu\r\n", input.size);
    buffer_add(&request, SLICE("\r\n"));
    buffer_add(&request, input);
    service_ask(buffer_slice(&request), &came);
    struct slice rest = buffer_slice(&came);
    struct parted answer = answer_cut(&rest);
    answer_check(&answer);
    CHECK(!rest.size);
    buffer_done(&request);
    buffer_done(&came);
}
