/*
 * Which files go into service (architecture 13): each rule once, what two files get wrong together,
 * and a long walk of random folders after which what serves is always without a fault and no
 * running experiment has been lost.
 */

#include "support/support.h"

#include "experiment/catalogue.h"
#include "files.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

#define METRICS "metrics: {m: {kind: conversion, event: A, within: 7d}}\n"
#define ANALYSIS "analysis: {peeking: always}\n"
#define VARIANTS "variants: {x: {control: true, weight: 50%}, y: {weight: 50%}}\n"
#define RUNNING(key) "experiment: " key "\nstatus: running\n" ANALYSIS

static const char a_text[] = RUNNING("a") VARIANTS "metrics: {goal: m, why: value}\n";
static const char a_named[] = RUNNING("a") VARIANTS "metrics: {goal: m, why: value}\nname: New\n";
static const char a_weighted[] =
    RUNNING("a") "variants: {x: {control: true, weight: 40%}, y: {weight: 60%}}\n";
static const char a_raised[] =
    RUNNING("a") "phase: 2\nstart: 2026-11-01\n"
                 "variants: {x: {control: true, weight: 40%}, y: {weight: 60%}}\n";
static const char b_text[] = RUNNING("b") VARIANTS;
static const char b_named[] = RUNNING("b") VARIANTS "name: New\n";
static const char broken[] = "experiment: a\nstatus: runing\nvariants: {x: {}, y: {}}\n";
static const char unreadable[] = "experiment: [\n";

/* Settles those files against `previous`, whose reference it takes; gives what serves then. */
static struct catalogue *settled(struct catalogue *previous, const struct file_text *files,
                                 size_t count, struct buffer *kept)
{
    struct sources sources = {0};
    struct diagnostics found = {0};
    struct settlement settlement = {0};
    struct error error = {0};
    sources_fill(&sources, files, count);
    if (catalogue_settle(&sources, previous, &settlement, &found, &error))
        fail_msg("%s", error.text);
    for (size_t i = 0; i < settlement.kept_count; i++)
        buffer_format(kept, "%.*s: %.*s\n", SLICE_ARGS(settlement.kept[i].path),
                      SLICE_ARGS(settlement.kept[i].reason));
    buffer_add_byte(kept, '\0');
    struct catalogue *catalogue = settlement.catalogue;
    settlement_done(&settlement);
    diagnostics_done(&found);
    catalogue_release(previous);
    assert_non_null(catalogue);
    return catalogue;
}

static struct catalogue *first_load(void)
{
    const struct file_text files[] = {
        {"a.yaml", a_text},
        {"b.yaml", b_text},
        {"metrics.yaml", METRICS},
    };
    struct buffer kept = {0};
    struct catalogue *catalogue = settled(NULL, files, LENGTH(files), &kept);
    assert_string_equal(kept.data, "");
    buffer_done(&kept);
    return catalogue;
}

/* The texts that serve under these names; NULL: none. */
static void assert_serves(const struct catalogue *catalogue, const struct file_text *files,
                          size_t count)
{
    size_t wanted = 0;
    for (size_t i = 0; i < count; i++) {
        const struct source *found = NULL;
        for (size_t k = 0; k < catalogue->sources.count; k++)
            if (slice_equals(catalogue->sources.files[k].name, files[i].name))
                found = &catalogue->sources.files[k];
        wanted += files[i].text != NULL;
        if ((found != NULL) != (files[i].text != NULL))
            fail_msg("%s %s", files[i].name, found ? "serves" : "does not serve");
        if (found && !slice_equals(found->text, files[i].text))
            fail_msg("%s serves another text", files[i].name);
    }
    assert_int_equal(catalogue->sources.count, wanted);
}

struct turn {
    struct file_text read[4], serves[4];
    const char *kept;
};

/* One reload after the first load. */
static void assert_turn(const struct turn *turn)
{
    struct buffer kept = {0};
    struct catalogue *catalogue = settled(first_load(), turn->read, LENGTH(turn->read), &kept);
    assert_string_equal(kept.data, turn->kept);
    size_t count = 0;
    while (count < LENGTH(turn->serves) && turn->serves[count].name)
        count++;
    assert_serves(catalogue, turn->serves, count);
    buffer_done(&kept);
    catalogue_release(catalogue);
}

#define SHARED                                                                                     \
    {                                                                                              \
        "metrics.yaml", METRICS                                                                    \
    }

static void a_good_folder_serves_as_it_is(void **state)
{
    (void)state;
    assert_turn(&(struct turn){
        .read = {{"a.yaml", a_named}, {"b.yaml", b_named}, SHARED},
        .serves = {{"a.yaml", a_named}, {"b.yaml", b_named}, SHARED},
        .kept = "",
    });
}

static void a_broken_file_keeps_its_experiment_while_others_change(void **state)
{
    (void)state;
    assert_turn(&(struct turn){
        .read = {{"a.yaml", broken}, {"b.yaml", b_named}, SHARED},
        .serves = {{"a.yaml", a_text}, {"b.yaml", b_named}, SHARED},
        .kept = "experiments/a.yaml: 2 errors\n",
    });
    assert_turn(&(struct turn){
        .read = {{"a.yaml", unreadable}, {"b.yaml", b_named}, SHARED},
        .serves = {{"a.yaml", a_text}, {"b.yaml", b_named}, SHARED},
        .kept = "experiments/a.yaml: 1 error\n",
    });
}

static void a_broken_new_file_is_left_out(void **state)
{
    (void)state;
    assert_turn(&(struct turn){
        .read = {{"a.yaml", a_text}, {"b.yaml", b_named}, {"c.yaml", unreadable}, SHARED},
        .serves = {{"a.yaml", a_text}, {"b.yaml", b_named}, {"c.yaml", NULL}, SHARED},
        .kept = "experiments/c.yaml: 1 error\n",
    });
}

static void a_running_experiment_does_not_end_with_its_file(void **state)
{
    (void)state;
    assert_turn(&(struct turn){
        .read = {{"b.yaml", b_named}, SHARED},
        .serves = {{"a.yaml", a_text}, {"b.yaml", b_named}, SHARED},
        .kept = "experiments/a.yaml: file is gone\n",
    });
    static const char other[] = RUNNING("other") VARIANTS;
    assert_turn(&(struct turn){
        .read = {{"a.yaml", other}, {"b.yaml", b_text}, SHARED},
        .serves = {{"a.yaml", a_text}, {"b.yaml", b_text}, SHARED},
        .kept = "experiments/a.yaml: it no longer declares 'a'\n",
    });
}

static void a_vanished_draft_or_stopped_one_leaves(void **state)
{
    (void)state;
    static const char draft[] = "experiment: c\n" VARIANTS;
    static const char stopped[] = "experiment: d\nstatus: stopped\n" VARIANTS;
    const struct file_text before[] = {{"c.yaml", draft}, {"d.yaml", stopped}, {"e.yaml", b_text}};
    const struct file_text after[] = {{"e.yaml", b_text}};
    struct buffer kept = {0};
    struct catalogue *catalogue = settled(NULL, before, LENGTH(before), &kept);
    buffer_clear(&kept);
    catalogue = settled(catalogue, after, LENGTH(after), &kept);
    assert_string_equal(kept.data, "");
    assert_serves(catalogue, after, LENGTH(after));
    buffer_done(&kept);
    catalogue_release(catalogue);
}

static void a_breaking_change_waits_for_a_raised_phase(void **state)
{
    (void)state;
    assert_turn(&(struct turn){
        .read = {{"a.yaml", a_weighted}, {"b.yaml", b_named}, SHARED},
        .serves = {{"a.yaml", a_text}, {"b.yaml", b_named}, SHARED},
        .kept = "experiments/a.yaml: breaking change of weights without a raised phase\n",
    });
    assert_turn(&(struct turn){
        .read = {{"a.yaml", a_raised}, {"b.yaml", b_named}, SHARED},
        .serves = {{"a.yaml", a_raised}, {"b.yaml", b_named}, SHARED},
        .kept = "",
    });
}

static void an_experiment_may_move_to_another_file(void **state)
{
    (void)state;
    assert_turn(&(struct turn){
        .read = {{"b.yaml", b_text}, {"moved.yaml", a_named}, SHARED},
        .serves = {{"b.yaml", b_text}, {"moved.yaml", a_named}, SHARED},
        .kept = "",
    });
    assert_turn(&(struct turn){
        .read = {{"b.yaml", b_text}, {"moved.yaml", a_weighted}, SHARED},
        .serves = {{"a.yaml", a_text}, {"b.yaml", b_text}, SHARED},
        .kept = "experiments/moved.yaml: breaking change of weights without a raised phase\n"
                "experiments/a.yaml: file is gone\n",
    });
    assert_turn(&(struct turn){
        .read = {{"b.yaml", b_text}, {"moved.yaml", broken}, SHARED},
        .serves = {{"a.yaml", a_text}, {"b.yaml", b_text}, SHARED},
        .kept = "experiments/moved.yaml: 2 errors\nexperiments/a.yaml: file is gone\n",
    });
}

static void a_broken_shared_file_keeps_everything(void **state)
{
    (void)state;
    assert_turn(&(struct turn){
        .read = {{"a.yaml", a_named},
                 {"b.yaml", b_text},
                 {"metrics.yaml", "metrics: {m: {kind: konversion}}\n"}},
        .serves = {{"a.yaml", a_text}, {"b.yaml", b_text}, SHARED},
        .kept = "experiments/metrics.yaml: 1 error\nexperiments/a.yaml: metrics.yaml has errors\n",
    });
}

static void a_shared_file_that_takes_away_what_serves_keeps_everything(void **state)
{
    (void)state;
    struct buffer kept = {0};
    const struct file_text serves[] = {{"a.yaml", a_text}, {"b.yaml", b_text}, SHARED};
    const struct file_text without_m[] = {
        {"a.yaml", a_text},
        {"b.yaml", b_named},
        {"metrics.yaml", "metrics: {n: {kind: conversion, event: A, within: 7d}}\n"},
    };
    struct catalogue *catalogue = settled(first_load(), without_m, LENGTH(without_m), &kept);
    assert_serves(catalogue, serves, LENGTH(serves));
    assert_non_null(strstr(kept.data, "experiments/metrics.yaml: a.yaml would be in error"));
    const struct file_text gone[] = {
        {"a.yaml", a_text},
        {"b.yaml", b_named},
    };
    buffer_clear(&kept);
    catalogue = settled(catalogue, gone, LENGTH(gone), &kept);
    assert_serves(catalogue, serves, LENGTH(serves));
    assert_non_null(strstr(kept.data, "experiments/metrics.yaml: a.yaml would be in error"));
    buffer_done(&kept);
    catalogue_release(catalogue);
}

static void a_metric_and_who_uses_it_change_together(void **state)
{
    (void)state;
    static const char metrics[] = "metrics: {n: {kind: conversion, event: A, within: 9d}}\n";
    static const char user[] = RUNNING("a") VARIANTS "metrics: {goal: n, why: value}\n";
    assert_turn(&(struct turn){
        .read = {{"a.yaml", user}, {"b.yaml", b_text}, {"metrics.yaml", metrics}},
        .serves = {{"a.yaml", user}, {"b.yaml", b_text}, {"metrics.yaml", metrics}},
        .kept = "",
    });
}

#define RANGE(range) "traffic: {exclusive: {group: g, range: " range "}}\n"

static void what_cannot_stand_beside_the_kept_one_stays_out(void **state)
{
    (void)state;
    /* a's move to the upper half breaks; so c must not get the lower half yet. */
    static const char lower[] = RUNNING("a") VARIANTS RANGE("0%..50%");
    static const char upper[] = RUNNING("a") VARIANTS RANGE("50%..100%");
    static const char c_lower[] = RUNNING("c") VARIANTS RANGE("0%..50%");
    const struct file_text before[] = {{"a.yaml", lower}, {"b.yaml", b_text}};
    const struct file_text after[] = {{"a.yaml", upper}, {"b.yaml", b_named}, {"c.yaml", c_lower}};
    const struct file_text serves[] = {{"a.yaml", lower}, {"b.yaml", b_named}};
    struct buffer kept = {0};
    struct catalogue *catalogue = settled(NULL, before, LENGTH(before), &kept);
    buffer_clear(&kept);
    catalogue = settled(catalogue, after, LENGTH(after), &kept);
    assert_string_equal(kept.data, "experiments/a.yaml: breaking change of the exclusive range "
                                   "without a raised phase\n"
                                   "experiments/c.yaml: 1 error beside what serves\n");
    assert_serves(catalogue, serves, LENGTH(serves));
    buffer_done(&kept);
    catalogue_release(catalogue);
}

static void the_same_folder_read_again_changes_nothing(void **state)
{
    (void)state;
    const struct file_text files[] = {{"a.yaml", broken}, {"b.yaml", b_named}, SHARED};
    struct buffer kept = {0};
    struct catalogue *once = settled(first_load(), files, LENGTH(files), &kept);
    struct digest digest = once->digest;
    char *told = strdup(kept.data);
    buffer_clear(&kept);
    struct catalogue *twice = settled(once, files, LENGTH(files), &kept);
    assert_true(digest_equal(&digest, &twice->digest));
    assert_string_equal(kept.data, told);
    free(told);
    buffer_done(&kept);
    catalogue_release(twice);
}

static void a_broken_first_folder_cannot_serve(void **state)
{
    (void)state;
    const struct file_text files[] = {{"a.yaml", a_text}, {"b.yaml", broken}, SHARED};
    struct sources sources = {0};
    struct diagnostics found = {0};
    struct settlement settlement = {0};
    struct error error = {0};
    sources_fill(&sources, files, LENGTH(files));
    assert_int_equal(catalogue_settle(&sources, NULL, &settlement, &found, &error), STATUS_INVALID);
    assert_null(settlement.catalogue);
    assert_true(found.errors > 0);
    diagnostics_done(&found);
}

/* ---- the walk ---- */

static uint32_t chance(uint64_t *seed, uint32_t below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33) % below;
}

static void assert_no_fault(const struct catalogue *catalogue)
{
    struct sources sources = {0};
    struct diagnostics found = {0};
    struct catalogue *again = NULL;
    for (size_t i = 0; i < catalogue->sources.count; i++) {
        const struct source *file = &catalogue->sources.files[i];
        assert_int_equal(sources_add(&sources, file->path, file->name, file->text, NULL),
                         STATUS_OK);
    }
    assert_int_equal(catalogue_compile(&sources, &again, &found, NULL), STATUS_OK);
    assert_int_equal(found.errors, 0);
    catalogue_release(again);
    diagnostics_done(&found);
}

static void assert_nobody_lost(const struct catalogue *before, const struct catalogue *after)
{
    for (size_t i = 0; i < before->experiment_count; i++) {
        const struct experiment *old_one = &before->experiments[i];
        if (old_one->status == EXPERIMENT_RUNNING && !catalogue_experiment(after, old_one->key))
            fail_msg("running experiment '%.*s' was lost", SLICE_ARGS(old_one->key));
    }
}

static void what_serves_is_never_broken_and_loses_nobody(void **state)
{
    (void)state;
    static const char *const experiments[] = {
        NULL,
        a_text,
        a_named,
        a_weighted,
        a_raised,
        b_text,
        b_named,
        broken,
        unreadable,
        "experiment: a\n" VARIANTS,
        "experiment: b\nstatus: stopped\n" VARIANTS,
        RUNNING("a") VARIANTS RANGE("0%..50%"),
        RUNNING("b") VARIANTS RANGE("20%..70%"),
        RUNNING("b") VARIANTS "metrics: {goal: n, why: value}\n",
        RUNNING("b") "unit: account\n" VARIANTS RANGE("80%..90%"),
    };
    static const char *const shared[] = {
        NULL,
        METRICS,
        METRICS,
        "metrics: {n: {kind: conversion, event: A, within: 7d}}\n",
        "metrics: {m: {kind: count, event: A, within: 7d}, n: {kind: conversion}}\n",
    };
    uint64_t seed = 20261124;
    struct buffer kept = {0};
    struct catalogue *catalogue = first_load();
    for (int turn = 0; turn < 400; turn++) {
        const struct file_text files[] = {
            {"a.yaml", experiments[chance(&seed, LENGTH(experiments))]},
            {"b.yaml", experiments[chance(&seed, LENGTH(experiments))]},
            {"c.yaml", experiments[chance(&seed, LENGTH(experiments))]},
            {"metrics.yaml", shared[chance(&seed, LENGTH(shared))]},
        };
        struct catalogue *before = catalogue_acquire(catalogue);
        buffer_clear(&kept);
        catalogue = settled(catalogue, files, LENGTH(files), &kept);
        assert_no_fault(catalogue);
        assert_nobody_lost(before, catalogue);
        catalogue_release(before);
    }
    buffer_done(&kept);
    catalogue_release(catalogue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_folder_serves_as_it_is),
        cmocka_unit_test(a_broken_file_keeps_its_experiment_while_others_change),
        cmocka_unit_test(a_broken_new_file_is_left_out),
        cmocka_unit_test(a_running_experiment_does_not_end_with_its_file),
        cmocka_unit_test(a_vanished_draft_or_stopped_one_leaves),
        cmocka_unit_test(a_breaking_change_waits_for_a_raised_phase),
        cmocka_unit_test(an_experiment_may_move_to_another_file),
        cmocka_unit_test(a_broken_shared_file_keeps_everything),
        cmocka_unit_test(a_shared_file_that_takes_away_what_serves_keeps_everything),
        cmocka_unit_test(a_metric_and_who_uses_it_change_together),
        cmocka_unit_test(what_cannot_stand_beside_the_kept_one_stays_out),
        cmocka_unit_test(the_same_folder_read_again_changes_nothing),
        cmocka_unit_test(a_broken_first_folder_cannot_serve),
        cmocka_unit_test(what_serves_is_never_broken_and_loses_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
