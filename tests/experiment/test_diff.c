/*
 * Differences: the lists of experiment-files.md, "Changing a running experiment", each entry once;
 * the order of what is told; drafts, phases, things that come and go.
 */

#include "support/support.h"

#include "experiment/diff.h"
#include "files.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static const char metrics_text[] =
    "metrics:\n"
    "  activated: {kind: conversion, all_of: [Contact Created, Email Sent], within: 7d}\n"
    "  habit: {kind: conversion, any_event: {distinct_days: 3}, within: 14d}\n"
    "  nps: {kind: nps, event: NPS Answered, property: score, within: 30d}\n"
    "  seats: {kind: count, event: Seat Added, within: 30d, cap: 500}\n"
    "  signed: {kind: conversion, event: Signed, within: 7d}\n"
    "  finished: {kind: conversion, event: Tour Ended, within: 7d, vanity: true}\n"
    "  unused: {kind: conversion, event: Slept, within: 7d}\n";

static const char segments_text[] = "segments:\n"
                                    "  role: {trait: role, values: [rep, owner]}\n"
                                    "  size: {trait: employees, bands: [1, 2, 11]}\n";

static const char experiment_text[] =
    "experiment: first-run\n"
    "name: A name\n"
    "owner: a team\n"
    "hypothesis: because\n"
    "status: running\n"
    "unit: user\n"
    "phase: 1\n"
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
    "    config: {max: 3}\n"
    "  list:\n"
    "    weight: 50%\n"
    "    name: The list\n"
    "    flow:\n"
    "      - {step: import, pattern: checklist, done_when: Contact Created}\n"
    "force: {qa-1: list}\n"
    "segments: [role, size]\n"
    "metrics:\n"
    "  goal: activated\n"
    "  why: value\n"
    "  secondary: [habit]\n"
    "  guardrails: [{metric: nps, worse_by: 5}]\n"
    "  diagnostics: [finished]\n"
    "analysis:\n"
    "  confidence: 95%\n"
    "  adjust_for: [role]\n"
    "  expect: {baseline: 22%, lift: 10%, units_per_week: 1500}\n";

static struct catalogue *compiled(const char *experiment, const char *metrics, const char *segments)
{
    const struct file_text files[] = {
        {"first-run.yaml", experiment},
        {"metrics.yaml", metrics},
        {"segments.yaml", segments},
    };
    return catalogue_of(files, LENGTH(files));
}

/* "class experiment key: old -> new" a line. */
static char *told(const struct catalogue *before, const struct catalogue *after)
{
    struct changes changes = {0};
    struct buffer out = {0};
    assert_int_equal(catalogue_diff(before, after, &changes, NULL), STATUS_OK);
    for (size_t i = 0; i < changes.count; i++) {
        const struct change *change = &changes.items[i];
        buffer_format(&out, "%s %.*s %.*s: %.*s -> %.*s\n", change_class_texts[change->class],
                      SLICE_ARGS(change->experiment), SLICE_ARGS(change->key),
                      SLICE_ARGS(change->old_text), SLICE_ARGS(change->new_text));
    }
    buffer_add_byte(&out, '\0');
    assert_false(out.failed);
    changes_done(&changes);
    return out.data;
}

static char *told_of_edit(const char *experiment, const char *metrics, const char *segments)
{
    struct catalogue *before = compiled(experiment_text, metrics_text, segments_text);
    struct catalogue *after = compiled(experiment, metrics, segments);
    char *text = told(before, after);
    catalogue_release(before);
    catalogue_release(after);
    return text;
}

static void nothing_changed_is_nothing_told(void **state)
{
    (void)state;
    char *text = told_of_edit(experiment_text, metrics_text, segments_text);
    assert_string_equal(text, "");
    free(text);
}

struct edit {
    const char *from, *to, *told;
};

static void assert_edits(const struct edit *edits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *text = replaced(experiment_text, edits[i].from, edits[i].to);
        char *got = told_of_edit(text, metrics_text, segments_text);
        assert_string_equal(got, edits[i].told);
        free(text);
        free(got);
    }
}

/* clang-format off */
static void texts_costs_coverage_status_and_testers_are_safe(void **state)
{
    (void)state;
    static const struct edit edits[] = {
        {"A name", "Another", "safe first-run name: A name -> Another\n"},
        {"a team", "us", "safe first-run owner: a team -> us\n"},
        {"because", "why not", "safe first-run hypothesis: because -> why not\n"},
        {"status: running", "status: paused", "safe first-run status: running -> paused\n"},
        {"coverage: 80%", "coverage: 90.5%", "safe first-run traffic.coverage: 80% -> 90.5%\n"},
        {"coverage: 80%", "ramp: [{from: 2026-11-01, coverage: 5%}, {from: 2026-11-08, coverage: 80%}]",
         "safe first-run traffic.coverage: 80% -> \n"
         "safe first-run traffic.ramp:  -> 2026-11-01 5%, 2026-11-08 80%\n"},
        {"qa-1: list", "qa-1: tour", "safe first-run force: qa-1: list -> qa-1: tour\n"},
        {"cost_per_unit: 1", "cost_per_unit: 1.25", "safe first-run variants.tour.cost_per_unit: 1 -> 1.25\n"},
        {"The list", "A list", "safe first-run variants.list.name: The list -> A list\n"},
        {"why: value", "why: worth", "safe first-run metrics.why: value -> worth\n"},
        {"status: running", "status: stopped\nrollout: {to: list, coverage: 50%}",
         "safe first-run status: running -> stopped\n"
         "safe first-run rollout:  -> list 50%\n"},
    };
    assert_edits(edits, LENGTH(edits));
}

static void what_is_decided_is_an_amendment(void **state)
{
    (void)state;
    static const struct edit edits[] = {
        {"goal: activated", "goal: signed", "amendment first-run metrics.goal: activated -> signed\n"},
        {"worse_by: 5", "worse_by: 6",
         "amendment first-run metrics.guardrails: nps worse by 5 -> nps worse by 6\n"},
        {"[{metric: nps, worse_by: 5}]", "[]", "amendment first-run metrics.guardrails: nps worse by 5 -> \n"},
        {"lift: 10%", "lift: 12%",
         "amendment first-run analysis.expect: baseline 0.22, lift 0.1, power 80%, 1500 units a week"
         " -> baseline 0.22, lift 0.12, power 80%, 1500 units a week\n"},
        {"start: 2026-11-01", "start: 2026-11-01T12:00:00Z",
         "amendment first-run start: 2026-11-01 -> 2026-11-01T12:00:00Z\n"},
        {"end: 2026-12-15", "end: 2026-12-16", "amendment first-run end: 2026-12-15 -> 2026-12-16\n"},
        {"confidence: 95%", "confidence: 90%", "amendment first-run analysis.confidence: 95% -> 90%\n"},
        {"confidence: 95%", "peeking: fixed", "amendment first-run analysis.peeking: hybrid -> fixed\n"},
        {"confidence: 95%", "correction: holm",
         "amendment first-run analysis.correction: benjamini_hochberg -> holm\n"},
        {"confidence: 95%\n  adjust_for: [role]\n  expect: {baseline: 22%, lift: 10%",
         "lift: absolute\n  adjust_for: [role]\n  expect: {baseline: 22%, lift: 2.5pp",
         "amendment first-run analysis.lift: relative -> absolute\n"
         "amendment first-run analysis.expect: baseline 0.22, lift 0.1, power 80%, 1500 units a week"
         " -> baseline 0.22, lift 0.025, power 80%, 1500 units a week\n"},
        {"confidence: 95%", "min_days: 9", "amendment first-run analysis.min_days: 7 -> 9\n"},
        {"confidence: 95%", "flow_within: 15d", "amendment first-run analysis.flow_within: 30d -> 15d\n"},
        {"adjust_for: [role]", "adjust_for: [role, size]",
         "amendment first-run analysis.adjust_for: role -> role, size\n"},
        {"done_when: Contact Created", "done_when: Email Sent, minutes: 5, trigger: {on_event: A B}, optional: true",
         "amendment first-run variants.list.flow: import checklist until \"Contact Created\" -> "
         "import checklist until \"Email Sent\" minutes 5 on_event \"A B\" optional\n"},
        {"config: {max: 3}", "config: {max: 4}",
         "amendment first-run variants.tour.config: {\"max\":3} -> {\"max\":4}\n"},
        {"    name: The list", "    help: human_assisted\n    name: The list",
         "amendment first-run variants.list.help: self_serve -> human_assisted\n"},
    };
    assert_edits(edits, LENGTH(edits));
}

static void what_is_shown_beside_is_analysis(void **state)
{
    (void)state;
    static const struct edit edits[] = {
        {"secondary: [habit]", "secondary: [habit, seats]",
         "analysis first-run metrics.secondary: habit -> habit, seats\n"},
        {"segments: [role, size]", "segments: [role, size, [role, size]]",
         "analysis first-run segments: role, size -> role, size, role x size\n"},
        {"diagnostics: [finished]", "diagnostics: [finished, seats]",
         "analysis first-run metrics.diagnostics: finished -> finished, seats\n"},
    };
    assert_edits(edits, LENGTH(edits));
}

static const struct edit breaking[] = {
    {"unit: user", "unit: anonymous", "breaking first-run unit: user -> anonymous\n"},
    {"exposure: on_view", "salt: pepper", "breaking first-run salt: first-run -> pepper\n"},
    {"exposure: on_view", "exposure: on_assign", "breaking first-run exposure: on_view -> on_assign\n"},
    {"exposure: on_view", "assignment: elsewhere", "breaking first-run assignment: here -> elsewhere\n"},
    {"exposure: on_view", "serve: variant", "breaking first-run serve: config (object) -> variant\n"},
    {"range: 0%..50%", "range: 0%..40%",
     "breaking first-run traffic.exclusive: runs 0%..50% -> runs 0%..40%\n"},
    {"share: 5%", "share: 4%", "breaking first-run traffic.holdout: q4 5% -> q4 4%\n"},
    {"{employees: {gte: 2}}", "{employees: {gte: 3}}",
     "breaking first-run audience: employees >= 2 -> employees >= 3\n"},
    {"audience: {employees: {gte: 2}}\n", "", "breaking first-run audience: employees >= 2 -> everyone\n"},
    {"  list:\n", "  later: {weight: 0%}\n  list:\n",
     "breaking first-run variants: tour, list -> tour, later, list\n"},
};
/* clang-format on */

static void what_makes_units_comparable_is_breaking(void **state)
{
    (void)state;
    assert_edits(breaking, LENGTH(breaking));
}

static void weights_order_and_control_are_breaking(void **state)
{
    (void)state;
    static const char before_text[] = "experiment: e\nstatus: paused\nanalysis: {peeking: always}\n"
                                      "variants:\n  a: {control: true, weight: 50%}\n"
                                      "  b: {weight: 50%}\n";
    static const struct edit edits[] = {
        {"  a: {control: true, weight: 50%}\n  b: {weight: 50%}\n",
         "  a: {control: true, weight: 40%}\n  b: {weight: 60%}\n",
         "breaking e variants.a.weight: 50% -> 40%\nbreaking e variants.b.weight: 50% -> 60%\n"},
        {"  a: {control: true, weight: 50%}\n  b: {weight: 50%}\n",
         "  b: {weight: 50%}\n  a: {control: true, weight: 50%}\n",
         "breaking e variants: a, b -> b, a\n"},
        {"  a: {control: true, weight: 50%}\n  b: {weight: 50%}\n",
         "  a: {weight: 50%}\n  b: {control: true, weight: 50%}\n",
         "breaking e variants.a.control: true -> false\n"
         "breaking e variants.b.control: false -> true\n"},
    };
    static const char *const nouns[] = {"weights", "variants", "the control"};
    for (size_t i = 0; i < LENGTH(edits); i++) {
        char *text = replaced(before_text, edits[i].from, edits[i].to);
        struct catalogue *before = compiled(before_text, NULL, NULL);
        struct catalogue *after = compiled(text, NULL, NULL);
        char *got = told(before, after);
        assert_string_equal(got, edits[i].told);
        assert_string_equal(experiment_breaks(&before->experiments[0], &after->experiments[0]),
                            nouns[i]);
        free(got);
        free(text);
        catalogue_release(before);
        catalogue_release(after);
    }
}

static const char *broken_by(const char *old_text, const char *new_text)
{
    struct catalogue *before = compiled(old_text, metrics_text, segments_text);
    struct catalogue *after = compiled(new_text, metrics_text, segments_text);
    const char *noun = experiment_breaks(&before->experiments[0], &after->experiments[0]);
    catalogue_release(before);
    catalogue_release(after);
    return noun;
}

static void a_raised_phase_turns_breaking_into_amendment(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(breaking); i++) {
        char *edited = replaced(experiment_text, breaking[i].from, breaking[i].to);
        char *raised = replaced(edited, "phase: 1", "phase: 2");
        assert_non_null(broken_by(experiment_text, edited));
        assert_null(broken_by(experiment_text, raised));
        char *got = told_of_edit(raised, metrics_text, segments_text);
        assert_non_null(strstr(got, "amendment first-run phase: 1 -> 2\n"));
        assert_null(strstr(got, "breaking"));
        free(got);
        free(edited);
        free(raised);
    }
}

static void a_phase_that_falls_is_breaking(void **state)
{
    (void)state;
    char *raised = replaced(experiment_text, "phase: 1", "phase: 2");
    assert_string_equal(broken_by(raised, experiment_text), "the phase");
    assert_null(broken_by(experiment_text, raised));
    free(raised);
}

static void a_draft_cannot_break(void **state)
{
    (void)state;
    char *draft = replaced(experiment_text, "status: running", "status: draft");
    char *other = replaced(experiment_text, "unit: user", "unit: anonymous");
    assert_null(broken_by(draft, other));
    struct catalogue *before = compiled(draft, metrics_text, segments_text);
    struct catalogue *after = compiled(other, metrics_text, segments_text);
    char *got = told(before, after);
    assert_string_equal(got, "safe first-run status: draft -> running\n"
                             "safe first-run unit: user -> anonymous\n");
    free(got);
    free(draft);
    free(other);
    catalogue_release(before);
    catalogue_release(after);
}

static void what_is_no_breaking_change_breaks_nothing(void **state)
{
    (void)state;
    static const char *const edits[][2] = {
        {"coverage: 80%", "coverage: 10%"},     {"goal: activated", "goal: signed"},
        {"end: 2026-12-15", "end: 2026-12-30"}, {"max: 3", "max: 4"},
        {"status: running", "status: stopped"}, {"[habit]", "[habit, seats]"},
        {"qa-1: list", "qa-2: tour"},           {"confidence: 95%", "confidence: 97.5%"},
    };
    for (size_t i = 0; i < LENGTH(edits); i++) {
        char *text = replaced(experiment_text, edits[i][0], edits[i][1]);
        assert_null(broken_by(experiment_text, text));
        free(text);
    }
}

static void a_metric_counts_by_its_role_in_each_experiment(void **state)
{
    (void)state;
    static const struct edit edits[] = {
        {"[Contact Created, Email Sent], within: 7d", "[Contact Created], within: 8d",
         "amendment first-run metrics.yaml:activated.all_of: \"Contact Created\", \"Email Sent\" "
         "-> "
         "\"Contact Created\"\n"
         "amendment first-run metrics.yaml:activated.within: 7d -> 8d\n"},
        {"distinct_days: 3", "distinct_days: 4",
         "amendment first-run metrics.yaml:habit.any_event: on 3 days -> on 4 days\n"},
        {"event: Tour Ended", "event: Tour Left",
         "analysis first-run metrics.yaml:finished.event: \"Tour Ended\" -> \"Tour Left\"\n"},
        {"event: NPS Answered", "event: Asked",
         "amendment first-run metrics.yaml:nps.event: \"NPS Answered\" -> Asked\n"
         "amendment first-run metrics.yaml:not_activity: [\"NPS Answered\"] -> [\"Asked\"]\n"},
        {"kind: nps", "name: Would recommend, kind: nps",
         "safe first-run metrics.yaml:nps.name: nps -> Would recommend\n"},
        {"cap: 500", "cap: 600", "safe  metrics.yaml:seats.cap: 500 -> 600\n"},
        {"  unused: {kind: conversion, event: Slept, within: 7d}\n",
         "  fresh: {kind: count, event: Slept, within: 7d}\n",
         "safe  metrics.yaml:unused: conversion -> \nsafe  metrics.yaml:fresh:  -> count\n"},
    };
    for (size_t i = 0; i < LENGTH(edits); i++) {
        char *text = replaced(metrics_text, edits[i].from, edits[i].to);
        char *got = told_of_edit(experiment_text, text, segments_text);
        assert_string_equal(got, edits[i].told);
        free(text);
        free(got);
    }
}

static void a_segment_is_analysis_unless_it_adjusts(void **state)
{
    (void)state;
    static const struct edit edits[] = {
        {"[1, 2, 11]", "[1, 2, 12]",
         "analysis first-run segments.yaml:size.bands: 1, 2, 11 -> 1, 2, 12\n"},
        {"[rep, owner]", "[rep]",
         "amendment first-run segments.yaml:role.values: rep, owner -> rep\n"},
    };
    for (size_t i = 0; i < LENGTH(edits); i++) {
        char *text = replaced(segments_text, edits[i].from, edits[i].to);
        char *got = told_of_edit(experiment_text, metrics_text, text);
        assert_string_equal(got, edits[i].told);
        free(text);
        free(got);
    }
}

static void who_comes_is_safe_and_who_vanishes_while_running_is_not(void **state)
{
    (void)state;
    static const char running[] = "experiment: b\nstatus: running\nanalysis: {peeking: always}\n"
                                  "variants: {x: {control: true}, y: {}}\n";
    static const char draft[] = "experiment: a\nvariants: {x: {control: true}, y: {}}\n";
    const struct file_text files[] = {{"a.yaml", draft}, {"b.yaml", running}};
    struct catalogue *both = catalogue_of(files, LENGTH(files));
    char *came = told(NULL, both);
    char *went = told(both, NULL);
    assert_string_equal(came, "safe a experiment:  -> draft\nsafe b experiment:  -> running\n");
    assert_string_equal(went, "safe a experiment: draft -> \nbreaking b experiment: running -> \n");
    free(came);
    free(went);
    catalogue_release(both);
}

static void names_with_commas_are_no_hiding_place(void **state)
{
    (void)state;
    const struct file_text two[] = {
        {"metrics.yaml", "metrics: {m: {kind: conversion, any_of: [\"A, B\"], within: 7d}}\n"}};
    const struct file_text one[] = {
        {"metrics.yaml", "metrics: {m: {kind: conversion, any_of: [A, B], within: 7d}}\n"}};
    struct catalogue *before = catalogue_of(two, LENGTH(two));
    struct catalogue *after = catalogue_of(one, LENGTH(one));
    char *got = told(before, after);
    assert_string_equal(got, "safe  metrics.yaml:m.any_of: \"A, B\" -> A, B\n");
    free(got);
    catalogue_release(before);
    catalogue_release(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_changed_is_nothing_told),
        cmocka_unit_test(texts_costs_coverage_status_and_testers_are_safe),
        cmocka_unit_test(what_is_decided_is_an_amendment),
        cmocka_unit_test(what_is_shown_beside_is_analysis),
        cmocka_unit_test(what_makes_units_comparable_is_breaking),
        cmocka_unit_test(weights_order_and_control_are_breaking),
        cmocka_unit_test(a_raised_phase_turns_breaking_into_amendment),
        cmocka_unit_test(a_phase_that_falls_is_breaking),
        cmocka_unit_test(a_draft_cannot_break),
        cmocka_unit_test(what_is_no_breaking_change_breaks_nothing),
        cmocka_unit_test(a_metric_counts_by_its_role_in_each_experiment),
        cmocka_unit_test(a_segment_is_analysis_unless_it_adjusts),
        cmocka_unit_test(who_comes_is_safe_and_who_vanishes_while_running_is_not),
        cmocka_unit_test(names_with_commas_are_no_hiding_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
