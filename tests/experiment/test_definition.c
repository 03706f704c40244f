/*
 * Canonical texts: written by hand from the meaning of the files, compared with the canonical
 * writer of values, and changed key by key: what decides who is analysed and what is counted
 * changes the definition, what decides when and how it is judged changes the plan, and the rest
 * changes nothing.
 */

#include "support/support.h"

#include "base/json.h"
#include "experiment/definition.h"
#include "files.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static const char metrics_text[] =
    "not_activity: [Tour Ended, Email Opened]\n"
    "metrics:\n"
    "  activated:\n"
    "    kind: conversion\n"
    "    all_of: [Contact Created, {event: Email Sent, times: 2, "
    "where: {sequence: true}}]\n"
    "    within: 7d\n"
    "  back: {kind: retention, between: [7d, 14d]}\n"
    "  nps: {kind: nps, event: NPS Answered, property: score, within: 30d}\n"
    "  seats: {kind: count, event: Seat Added, within: 30d, cap: 500}\n"
    "  money: {kind: sum, event: Paid, property: amount, within: 30d, cap: 99.5}\n"
    "  money_per_seat: {kind: ratio, numerator: money, denominator: seats}\n"
    "  signed: {kind: conversion, event: Signed, within: 7d}\n"
    "  finished: {kind: conversion, event: Tour Ended, within: 7d, vanity: true}\n";

static const char segments_text[] = "segments:\n"
                                    "  role: {trait: role, values: [rep, owner]}\n"
                                    "  size: {trait: employees, bands: [1, 2.5, 11]}\n";

static const char experiment_text[] =
    "experiment: first-run\n"
    "name: A name\n"
    "owner: a team\n"
    "hypothesis: because\n"
    "status: running\n"
    "unit: user\n"
    "phase: 2\n"
    "start: 2026-11-01\n"
    "end: 2026-12-15\n"
    "exposure: on_view\n"
    "traffic:\n"
    "  coverage: 80%\n"
    "  exclusive: {group: runs, range: 0%..50%}\n"
    "  holdout: {group: q4, share: 5%}\n"
    "audience: {employees: {gte: 2}}\n"
    "variants:\n"
    "  tour:\n"
    "    control: true\n"
    "    weight: 50%\n"
    "    cost_per_unit: 1\n"
    "  list:\n"
    "    weight: 50%\n"
    "    flow:\n"
    "      - {step: import, pattern: checklist, done_when: Contact Created, minutes: 5}\n"
    "      - {step: bye, pattern: message}\n"
    "force: {qa-1: list}\n"
    "segments: [role, size, [role, size]]\n"
    "metrics:\n"
    "  goal: activated\n"
    "  why: value\n"
    "  secondary: [back, money_per_seat]\n"
    "  guardrails: [{metric: nps, worse_by: 5}]\n"
    "  diagnostics: [finished]\n"
    "analysis:\n"
    "  confidence: 95%\n"
    "  flow_within: 14d\n"
    "  adjust_for: [role, {trait: employees, cap: 100, missing: 1}]\n"
    "  expect: {baseline: 22%, lift: 10%, units_per_week: 1500}\n";

/* clang-format off */
#define ACTIVATED                                                                                  \
    "{\"events\":[{\"distinct_days\":1,\"event\":\"Contact Created\",\"times\":1},"                \
    "{\"distinct_days\":1,\"event\":\"Email Sent\",\"times\":2,"                                   \
    "\"where\":{\"sequence\":{\"eq\":\"true\"}}}],"                                                \
    "\"form\":\"all_of\",\"from_ms\":0,\"kind\":\"conversion\",\"until_ms\":604800000}"
#define BACK                                                                                       \
    "{\"activity_days\":1,\"form\":\"activity\",\"from_ms\":604800000,\"kind\":\"retention\","     \
    "\"not_activity\":[\"Email Opened\",\"NPS Answered\",\"Tour Ended\"],"                         \
    "\"until_ms\":1209600000}"
#define EVENT(name) "\"events\":[{\"distinct_days\":1,\"event\":\"" name "\",\"times\":1}],"       \
    "\"form\":\"event\",\"from_ms\":0,"
#define FINISHED "{" EVENT("Tour Ended") "\"kind\":\"conversion\",\"until_ms\":604800000}"
#define SEATS "{\"cap_micro\":500000000," EVENT("Seat Added")                                      \
    "\"kind\":\"count\",\"until_ms\":2592000000}"
#define MONEY "{\"cap_micro\":99500000," EVENT("Paid")                                             \
    "\"kind\":\"sum\",\"property\":\"amount\",\"until_ms\":2592000000}"
#define PER_SEAT "{\"denominator\":" SEATS ",\"kind\":\"ratio\",\"numerator\":" MONEY "}"
#define NPS "{" EVENT("NPS Answered")                                                              \
    "\"kind\":\"nps\",\"property\":\"score\",\"until_ms\":2592000000}"

static const char definition_text[] =
    "{\"adjust_for\":{\"covariates\":[{\"cap_micro\":100000000,\"missing_micro\":1000000,"
        "\"trait\":\"employees\"}],\"segments\":[\"role\"]},"
    "\"assignment\":\"here\","
    "\"contribution_version\":7,"
    "\"control\":\"tour\","
    "\"exclusive\":{\"group\":\"runs\",\"high\":0.5,\"low\":0},"
    "\"experiment\":\"first-run\","
    "\"flow_within_ms\":1209600000,"
    "\"flows\":[[],[{\"done_when\":\"Contact Created\",\"step\":\"import\"},{\"step\":\"bye\"}]],"
    "\"holdout\":{\"group\":\"q4\",\"share\":0.05},"
    "\"metrics\":{\"activated\":" ACTIVATED ",\"back\":" BACK ",\"finished\":" FINISHED
        ",\"money_per_seat\":" PER_SEAT ",\"nps\":" NPS "},"
    "\"phase\":2,"
    "\"salt\":\"first-run\","
    "\"segments\":{\"role\":{\"trait\":\"role\",\"values\":[\"rep\",\"owner\"]},"
        "\"size\":{\"bands\":[1,2.5,11],\"trait\":\"employees\"}},"
    "\"slices\":[[\"role\"],[\"size\"],[\"role\",\"size\"]],"
    "\"start_ms\":1793491200000,"
    "\"unit\":\"user\","
    "\"variants\":[\"tour\",\"list\"],"
    "\"weights\":[0.5,0.5]}";
/* clang-format on */

static struct catalogue *compiled(const char *experiment, const char *metrics, const char *segments)
{
    const struct file_text files[] = {
        {"first-run.yaml", experiment},
        {"metrics.yaml", metrics},
        {"segments.yaml", segments},
    };
    return catalogue_of(files, LENGTH(files));
}

static const struct experiment *first(const struct catalogue *catalogue)
{
    assert_int_equal(catalogue->experiment_count, 1);
    return &catalogue->experiments[0];
}

static void definition_is_the_text_that_the_files_mean(void **state)
{
    (void)state;
    struct catalogue *catalogue = compiled(experiment_text, metrics_text, segments_text);
    struct buffer out = {0};
    definition_write_canonical(&out, catalogue, first(catalogue), 7);
    buffer_add_byte(&out, '\0');
    assert_false(out.failed);
    assert_string_equal(out.data, definition_text);
    struct digest wanted = hash_sha256(slice_of(definition_text));
    struct digest digest = definition_digest(catalogue, first(catalogue), 7);
    assert_true(digest_equal(&digest, &wanted));
    buffer_done(&out);
    catalogue_release(catalogue);
}

static void assert_canonical(const struct buffer *out)
{
    struct arena arena = {0};
    struct value value;
    struct error error = {0};
    struct buffer again = {0};
    if (json_read(&arena, buffer_slice(out), 0, &value, &error))
        fail_msg("%s in %.*s", error.text, SLICE_ARGS(buffer_slice(out)));
    value_write(&again, &value);
    buffer_add_byte(&again, '\0');
    struct slice text = buffer_slice(out);
    assert_int_equal(text.size + 1, again.size);
    assert_memory_equal(text.data, again.data, text.size);
    buffer_done(&again);
    arena_done(&arena);
}

static void every_text_is_canonical_json(void **state)
{
    (void)state;
    struct catalogue *catalogue = compiled(experiment_text, metrics_text, segments_text);
    struct buffer out = {0};
    definition_write_canonical(&out, catalogue, first(catalogue), 1);
    assert_canonical(&out);
    buffer_clear(&out);
    plan_write_canonical(&out, catalogue, first(catalogue));
    assert_canonical(&out);
    for (size_t i = 0; i < catalogue->metric_count; i++) {
        buffer_clear(&out);
        metric_write_canonical(&out, catalogue, &catalogue->metrics[i]);
        assert_canonical(&out);
    }
    for (size_t i = 0; i < catalogue->segment_count; i++) {
        buffer_clear(&out);
        segment_write_canonical(&out, &catalogue->segments[i]);
        assert_canonical(&out);
    }
    buffer_done(&out);
    catalogue_release(catalogue);
}

/* One change of one file, and which digests it must move. */
struct edit {
    const char *from, *to;
    bool definition, plan;
};

static void assert_edit(const struct edit *edit, const char *experiment, const char *metrics,
                        const char *segments)
{
    struct catalogue *before = compiled(experiment_text, metrics_text, segments_text);
    struct catalogue *after = compiled(experiment, metrics, segments);
    struct digest definition_before = definition_digest(before, first(before), 1);
    struct digest definition_after = definition_digest(after, first(after), 1);
    struct digest plan_before = plan_digest(before, first(before));
    struct digest plan_after = plan_digest(after, first(after));
    if (digest_equal(&definition_before, &definition_after) == edit->definition)
        fail_msg("'%s' to '%s' %s the definition", edit->from, edit->to,
                 edit->definition ? "must change" : "changes");
    if (digest_equal(&plan_before, &plan_after) == edit->plan)
        fail_msg("'%s' to '%s' %s the plan", edit->from, edit->to,
                 edit->plan ? "must change" : "changes");
    catalogue_release(before);
    catalogue_release(after);
}

static void texts_are_in_neither(void **state)
{
    (void)state;
    static const struct edit edits[] = {
        {"A name", "Another", false, false},
        {"a team", "us", false, false},
        {"because", "why not", false, false},
        {"status: running", "status: paused", false, false},
        {"coverage: 80%", "coverage: 90%", false, false},
        {"coverage: 80%", "ramp: [{from: 2026-11-02, coverage: 5%}]", false, false},
        {"force: {qa-1: list}", "force: {qa-2: tour}", false, false},
        {"cost_per_unit: 1", "cost_per_unit: 2", false, false},
        {"gte: 2", "gte: 3", false, false},
        {"why: value", "why: worth", false, false},
        {"minutes: 5", "minutes: 7", false, false},
        {"pattern: message", "pattern: video", false, false},
        {"exposure: on_view", "exposure: on_assign", false, false},
    };
    for (size_t i = 0; i < LENGTH(edits); i++) {
        char *text = replaced(experiment_text, edits[i].from, edits[i].to);
        assert_edit(&edits[i], text, metrics_text, segments_text);
        free(text);
    }
}

static void each_key_moves_what_it_decides(void **state)
{
    (void)state;
    static const struct edit edits[] = {
        {"experiment: first-run", "experiment: other", true, false},
        {"unit: user", "unit: anonymous", true, false},
        {"phase: 2", "phase: 3", true, false},
        {"start: 2026-11-01", "start: 2026-11-02", true, true},
        {"end: 2026-12-15", "end: 2026-12-16", false, true},
        {"exposure: on_view", "assignment: elsewhere", true, false},
        {"exposure: on_view", "salt: pepper", true, false},
        {"range: 0%..50%", "range: 0%..40%", true, false},
        {"group: runs", "group: walks", true, false},
        {"share: 5%", "share: 4%", true, false},
        {"  list:\n", "  rows:\n", true, false},
        {"force: {qa-1: list}\n", "", false, false},
        {"done_when: Contact Created", "done_when: Email Sent", true, false},
        {"step: bye", "step: hello", true, false},
        {"[role, size, [role, size]]", "[role, size]", true, true},
        {"goal: activated", "goal: signed", true, true},
        {"secondary: [back, ", "secondary: [", true, true},
        {"worse_by: 5", "worse_by: 6", false, true},
        {"diagnostics: [finished]", "diagnostics: [seats]", true, false},
        {"confidence: 95%", "confidence: 90%", false, true},
        {"confidence: 95%", "peeking: fixed", false, true},
        {"confidence: 95%", "lift: absolute", false, true},
        {"confidence: 95%", "correction: holm", false, true},
        {"confidence: 95%", "min_days: 9", false, true},
        {"flow_within: 14d", "flow_within: 15d", true, false},
        {"adjust_for: [role, ", "adjust_for: [size, ", true, true},
        {"cap: 100", "cap: 200", true, true},
        {"missing: 1", "missing: 2", true, true},
        {"lift: 10%", "lift: 11%", false, true},
        {"units_per_week: 1500", "units_per_week: 1501", false, true},
    };
    for (size_t i = 0; i < LENGTH(edits); i++) {
        char *text = replaced(experiment_text, edits[i].from, edits[i].to);
        if (strstr(edits[i].to, "absolute")) { /* its expected lift, too */
            char *whole = replaced(text, "lift: 10%", "lift: 2.2pp");
            free(text);
            text = whole;
        }
        if (strcmp(edits[i].from, "  list:\n") == 0) { /* the variant that is forced, too */
            char *whole = replaced(text, "qa-1: list", "qa-1: rows");
            free(text);
            text = whole;
        }
        assert_edit(&edits[i], text, metrics_text, segments_text);
        free(text);
    }
}

static void order_of_variants_and_weights_are_in_the_definition(void **state)
{
    (void)state;
    static const char in_order[] = "experiment: e\nvariants:\n"
                                   "  a: {control: true, weight: 50%}\n  b: {weight: 50%}\n";
    static const char turned[] = "experiment: e\nvariants:\n"
                                 "  b: {weight: 50%}\n  a: {control: true, weight: 50%}\n";
    static const char weighted[] = "experiment: e\nvariants:\n"
                                   "  a: {control: true, weight: 40%}\n  b: {weight: 60%}\n";
    static const char exchanged[] = "experiment: e\nvariants:\n"
                                    "  a: {weight: 50%}\n  b: {control: true, weight: 50%}\n";
    const char *const texts[] = {in_order, turned, weighted, exchanged};
    struct digest digests[LENGTH(texts)];
    for (size_t i = 0; i < LENGTH(texts); i++) {
        struct catalogue *catalogue = compiled(texts[i], NULL, NULL);
        digests[i] = definition_digest(catalogue, first(catalogue), 1);
        for (size_t k = 0; k < i; k++)
            assert_false(digest_equal(&digests[i], &digests[k]));
        catalogue_release(catalogue);
    }
}

static void shared_definitions_count_where_they_are_used(void **state)
{
    (void)state;
    static const struct edit edits[] = {
        {"within: 7d\n", "within: 8d\n", true, true}, /* of the goal */
        {"times: 2", "times: 3", true, true},
        {"sequence: true", "sequence: false", true, true},
        {"[7d, 14d]", "[7d, 15d]", true, true},
        {"cap: 500", "cap: 501", true, true}, /* in the ratio */
        {"cap: 99.5", "cap: 99.6", true, true},
        {"event: Paid", "event: Spent", true, true},
        {"[Tour Ended, Email Open", "[Email Open", true, true}, /* activity */
        {"[Tour Ended, Email Opened]", "[Email Opened, Tour Ended, Email Opened]", false, false},
        {"event: NPS Answered", "event: Asked", true, true},
        {"within: 7d, vanity", "within: 9d, vanity", true, false}, /* a diagnostic */
        {"kind: retention,", "better: lower, kind: retention,", false, true},
        {"kind: retention,", "name: Back again, kind: retention,", false, false},
        {"kind: retention,", "stage: retention, kind: retention,", false, false},
    };
    for (size_t i = 0; i < LENGTH(edits); i++) {
        char *text = replaced(metrics_text, edits[i].from, edits[i].to);
        assert_edit(&edits[i], experiment_text, text, segments_text);
        free(text);
    }
    static const struct edit of_segments[] = {
        {"[rep, owner]", "[rep]", true, true},
        {"[1, 2.5, 11]", "[1, 3, 11]", true, true},
        {"trait: employees", "trait: seats", true, true},
        {"trait: employees", "name: Size, trait: employees", false, false},
    };
    for (size_t i = 0; i < LENGTH(of_segments); i++) {
        char *text = replaced(segments_text, of_segments[i].from, of_segments[i].to);
        assert_edit(&of_segments[i], experiment_text, metrics_text, text);
        free(text);
    }
}

static void a_metric_is_what_it_counts_whatever_its_name(void **state)
{
    (void)state;
    const struct file_text files[] = {
        {"metrics.yaml", "metrics:\n"
                         "  one: {kind: count, event: A, within: 7d}\n"
                         "  two: {kind: count, event: A, within: 1w, cap: 2000, name: Two}\n"
                         "  other: {kind: count, event: a, within: 7d}\n"},
    };
    struct catalogue *catalogue = catalogue_of(files, LENGTH(files));
    struct digest one = metric_digest(catalogue, catalogue_metric(catalogue, SLICE("one")));
    struct digest two = metric_digest(catalogue, catalogue_metric(catalogue, SLICE("two")));
    struct digest other = metric_digest(catalogue, catalogue_metric(catalogue, SLICE("other")));
    assert_true(digest_equal(&one, &two));
    assert_false(digest_equal(&one, &other));
    catalogue_release(catalogue);
}

static void breadth_takes_the_condition_and_not_the_window_of_what_it_counts(void **state)
{
    (void)state;
    struct digest digests[3];
    static const char *const counted[] = {"event: A, within: 7d", "event: A, within: 9d",
                                          "event: B, within: 7d"};
    for (size_t i = 0; i < LENGTH(counted); i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "metrics:\n"
                 "  active: {kind: conversion, %s}\n"
                 "  wide: {kind: breadth, member: user, counts: active, within: 14d}\n",
                 counted[i]);
        const struct file_text files[] = {{"metrics.yaml", text}};
        struct catalogue *catalogue = catalogue_of(files, LENGTH(files));
        digests[i] = metric_digest(catalogue, catalogue_metric(catalogue, SLICE("wide")));
        catalogue_release(catalogue);
    }
    assert_true(digest_equal(&digests[0], &digests[1]));
    assert_false(digest_equal(&digests[0], &digests[2]));
}

static void metrics_come_in_the_order_of_their_roles(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum metric_role role;
    } wanted[] = {
        {"activated", ROLE_GOAL}, {"back", ROLE_SECONDARY},      {"money_per_seat", ROLE_SECONDARY},
        {"nps", ROLE_GUARDRAIL},  {"finished", ROLE_DIAGNOSTIC},
    };
    struct catalogue *catalogue = compiled(experiment_text, metrics_text, segments_text);
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    assert_int_equal(experiment_metrics(first(catalogue), metrics), LENGTH(wanted));
    for (size_t i = 0; i < LENGTH(wanted); i++) {
        assert_true(slice_equals(metrics[i].metric->name, wanted[i].name));
        assert_int_equal(metrics[i].role, wanted[i].role);
        assert_int_equal(metrics[i].guardrail != NULL, wanted[i].role == ROLE_GUARDRAIL);
    }
    catalogue_release(catalogue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(definition_is_the_text_that_the_files_mean),
        cmocka_unit_test(every_text_is_canonical_json),
        cmocka_unit_test(texts_are_in_neither),
        cmocka_unit_test(each_key_moves_what_it_decides),
        cmocka_unit_test(order_of_variants_and_weights_are_in_the_definition),
        cmocka_unit_test(shared_definitions_count_where_they_are_used),
        cmocka_unit_test(a_metric_is_what_it_counts_whatever_its_name),
        cmocka_unit_test(breadth_takes_the_condition_and_not_the_window_of_what_it_counts),
        cmocka_unit_test(metrics_come_in_the_order_of_their_roles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
