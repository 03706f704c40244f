/*
 * Lines of `gangway calc`, which reach all of stats/: the first line of an input names the family,
 * the second is what it is asked.
 *
 * Holds for every input: one line comes back, of JSON, with a status; an error is told in both; no
 * figure is anything but a finite number, null, or a text.
 */

#include "../../tools/calc.h"

#include "fuzz.h"

#include "base/json.h"
#include "base/limits.h"

#include <gsl/gsl_errno.h>

void fuzz_begin(void)
{
    gsl_set_error_handler_off();
}

static void check_answer(struct slice answer, const struct error *error)
{
    struct arena arena = {0};
    struct value value;
    CHECK(answer.size && memchr(answer.data, '\n', answer.size) == answer.data + answer.size - 1);
    CHECK(!json_read(&arena, answer, FILE_DEPTH_MAX, &value, NULL));
    struct slice status = value_member_text(&value, "status");
    CHECK(slice_equals(status, "error") == (error->status != STATUS_OK));
    CHECK(!error->status || (error->text[0] && value_member_text(&value, "error").size));
    arena_done(&arena);
}

void fuzz_one(struct slice input)
{
    const struct calc_family *family = calc_family_find(line_cut(&input));
    struct buffer out = {0};
    struct error error = {0};
    if (!family)
        return;
    enum status status = calc_answer(family, line_cut(&input), 1, &out, &error);
    CHECK(status == STATUS_OK || status == STATUS_INVALID);
    check_answer(buffer_slice(&out), &error);
    buffer_done(&out);
}
