/*
 * Conditions against odd traits: the first line of an input is a condition as the files write it,
 * the rest the traits in JSON (empty: none).
 *
 * Holds for every condition and any traits: `not` turns the answer, `all` and `any` of one part
 * leave it; the canonical text is JSON; texts for people are UTF-8.
 */

#include "experiment/catalogue.h"

#include "fuzz.h"

#include "base/json.h"
#include "base/limits.h"

/* One experiment each, so that a mistake in one leaves the others. */
static const struct {
    const char *key, *before, *after;
    bool turns;
} forms[] = {
    {"plain", "", "", false},
    {"turned", "{not: ", "}", true},
    {"whole", "{all: [", "]}", false},
    {"either", "{any: [", "]}", false},
};
#define FORMS (sizeof forms / sizeof *forms)

static struct catalogue *compile(struct slice condition)
{
    struct sources sources = {0};
    struct diagnostics found = {0};
    struct catalogue *catalogue = NULL;
    for (size_t i = 0; i < FORMS; i++) {
        struct buffer text = {0};
        struct slice name = slice_of(forms[i].key);
        buffer_format(&text, "experiment: %s\nname: t\nowner: t\nunit: user\naudience: %s",
                      forms[i].key, forms[i].before);
        buffer_add(&text, condition);
        buffer_format(&text,
                      "%s\nvariants:\n  a: {control: true, weight: 50%%}\n  b: {weight: 50%%}\n",
                      forms[i].after);
        CHECK(!sources_add(&sources, name, name, buffer_slice(&text), NULL));
        buffer_done(&text);
    }
    CHECK(!catalogue_compile(&sources, &catalogue, &found, NULL));
    diagnostics_done(&found);
    return catalogue;
}

static void check_texts(const struct condition *condition)
{
    struct arena arena = {0};
    struct buffer out = {0};
    struct value value;
    condition_write(&out, condition);
    CHECK(slice_is_utf8(buffer_slice(&out)));
    buffer_clear(&out);
    condition_write_canonical(&out, condition);
    CHECK(!json_read(&arena, buffer_slice(&out), FILE_DEPTH_MAX, &value, NULL));
    buffer_done(&out);
    arena_done(&arena);
}

static void check_condition(const struct catalogue *catalogue, const struct value *traits)
{
    const struct experiment *plain = catalogue_experiment(catalogue, SLICE("plain"));
    if (!plain || !plain->audience)
        return;
    bool holds = condition_holds(plain->audience, traits);
    check_texts(plain->audience);
    for (size_t i = 1; i < FORMS; i++) {
        const struct experiment *form = catalogue_experiment(catalogue, slice_of(forms[i].key));
        if (form && form->audience) /* one level more may be too deep, and a comment ends a line */
            CHECK(condition_holds(form->audience, traits) == (holds != forms[i].turns));
    }
}

void fuzz_one(struct slice input)
{
    struct arena arena = {0};
    struct value traits;
    struct slice condition = line_cut(&input);
    struct catalogue *catalogue = compile(condition);
    bool has_traits = input.size && !json_read(&arena, input, 0, &traits, NULL);
    check_condition(catalogue, has_traits ? &traits : NULL);
    catalogue_release(catalogue);
    arena_done(&arena);
}
