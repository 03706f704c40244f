/*
 * The texts of an assignment: its JSON, member by member, and its explanation.
 */

#include "experiment/assign.h"

#include "experiment/fixture.h"
#include "support/support.h"

static void assert_text(struct buffer *out, const char *want)
{
    buffer_add_byte(out, '\0');
    assert_false(out->failed);
    assert_string_equal(out->data, want);
    buffer_clear(out);
}

static void an_assignment_is_written_to_the_last_member(void **state)
{
    (void)state;
    struct experiment experiment = experiment_of("crm");
    struct buffer out = {0};
    struct assignment got = ask(&experiment, "u3");
    assignment_write(&out, &got, SLICE("u3"), "sha256:00");
    assert_text(&out, "{\"unit\":\"u3\",\"kind\":\"user\",\"experiment\":\"crm\",\"phase\":1,"
                      "\"variant\":\"checklist\",\"control\":false,\"in_experiment\":true,"
                      "\"exposure\":{\"experiment_id\":\"crm\",\"variation_id\":\"checklist\","
                      "\"phase\":1},\"reason\":\"split\",\"holdout\":null,"
                      "\"value\":{\"flow\":[],\"max\":3},\"flow\":[{\"step\":\"welcome\","
                      "\"pattern\":\"message\",\"done_when\":null,\"minutes\":null,"
                      "\"trigger\":\"on_start\",\"optional\":false},{\"step\":\"import\","
                      "\"pattern\":\"checklist\",\"done_when\":\"Contact \\\"Created\\\"\","
                      "\"minutes\":2.5,\"trigger\":{\"on_event\":\"Signed Up\"},"
                      "\"optional\":true}],\"config\":{\"max\":3},\"definition\":\"sha256:00\"}");

    experiment.status = EXPERIMENT_PAUSED;
    experiment.phase = 65535;
    experiment.unit = UNIT_ACCOUNT;
    got = ask(&experiment, "\"\xc3\xa9\\");
    assignment_write(&out, &got, SLICE("\"\xc3\xa9\\"), "sha256:00");
    assert_text(&out, "{\"unit\":\"\\\"\xc3\xa9\\\\\",\"kind\":\"account\",\"experiment\":\"crm\","
                      "\"phase\":65535,\"variant\":\"tour\",\"control\":true,"
                      "\"in_experiment\":false,\"exposure\":null,\"reason\":\"paused\","
                      "\"holdout\":null,\"value\":\"tour\",\"flow\":null,\"config\":null,"
                      "\"definition\":\"sha256:00\"}");
    buffer_done(&out);
}

static void a_held_out_unit_is_exposed_to_the_holdout(void **state)
{
    (void)state;
    struct experiment experiment = experiment_of("crm");
    experiment.holdout_group = SLICE("q4");
    experiment.holdout_share = 0.5;
    struct buffer out = {0};
    struct assignment got = ask(&experiment, "u4");
    assignment_write(&out, &got, SLICE("u4"), "sha256:00");
    assert_text(&out, "{\"unit\":\"u4\",\"kind\":\"user\",\"experiment\":\"crm\",\"phase\":1,"
                      "\"variant\":\"tour\",\"control\":true,\"in_experiment\":false,"
                      "\"exposure\":{\"experiment_id\":\"holdout:q4\",\"variation_id\":\"held\","
                      "\"phase\":1},\"reason\":\"holdout\",\"holdout\":\"q4\",\"value\":\"tour\","
                      "\"flow\":null,\"config\":null,\"definition\":\"sha256:00\"}");
    buffer_done(&out);
}

static void an_explanation_names_every_rule_on_the_way(void **state)
{
    (void)state;
    const struct assign_options options = {.now_ms = NOON};
    struct experiment experiment = experiment_of("crm");
    experiment.start_ms = NOON - 1000;
    experiment.audience = &owners;
    experiment.holdout_group = SLICE("q4");
    experiment.holdout_share = 0.05;
    experiment.exclusive_group = SLICE("first-run");
    experiment.exclusive_high = 0.5;
    experiment.coverage = 0.8;
    struct buffer out = {0};
    assign_explain(&out, &experiment, SLICE("u3"), &owner_traits, &options);
    assert_text(&out, "unit u3 (user) of crm, phase 1, running, at 2026-11-20T12:00:00Z\n"
                      "0 assigned elsewhere: assignment is here: no\n"
                      "5 forced: 3 units are named in force: no\n"
                      "6 not started: start 2026-11-20T11:59:59Z: no\n"
                      "7 not in the audience: role = owner: role is \"owner\": no\n"
                      "8 held out: group q4, bucket 0.501 of [0, 0.05): no\n"
                      "10 outside the exclusive range: exclusive group first-run, bucket 0.363 of "
                      "[0, 0.5): no\n"
                      "11 outside the coverage: bucket 0.6757, coverage 80%, tour [0, 0.4), "
                      "checklist [0.5, 0.9): no\n"
                      "12 ended: end none: no\n"
                      "13 split: bucket 0.6757, coverage 80%, tour [0, 0.4), "
                      "checklist [0.5, 0.9): yes\n"
                      "=> checklist, split\n");
    assign_explain(&out, &experiment, SLICE("u3"), NULL, &options);
    assert_text(&out, "unit u3 (user) of crm, phase 1, running, at 2026-11-20T12:00:00Z\n"
                      "0 assigned elsewhere: assignment is here: no\n"
                      "5 forced: 3 units are named in force: no\n"
                      "6 not started: start 2026-11-20T11:59:59Z: no\n"
                      "7 not in the audience: role = owner: role is missing: yes\n"
                      "=> tour, not_in_audience\n");
    buffer_done(&out);
}

static void every_explanation_ends_as_the_assignment_does(void **state)
{
    (void)state;
    const struct assign_options options = {.now_ms = NOON};
    struct experiment experiment = experiment_of("crm");
    experiment.holdout_group = SLICE("q4");
    experiment.holdout_share = 0.1;
    experiment.coverage = 0.7;
    experiment.rollout_to = 1;
    experiment.rollout_coverage = 0.5;
    struct buffer out = {0};
    char text[16], want[64];
    for (unsigned i = 0; i < 400; i++) {
        struct slice id = id_of(i, text);
        experiment.status = (enum experiment_status)(i % 4);
        experiment.has_rollout = i % 8 == 3;
        struct assignment got = assign(&experiment, id, NULL, &options);
        assign_explain(&out, &experiment, id, NULL, &options);
        int size = snprintf(want, sizeof want, "\n=> %s, %s\n", halves[got.variant].name.data,
                            assign_reason_text(got.reason));
        assert_true(slice_ends_with(buffer_slice(&out),
                                    (struct slice){.data = want, .size = (size_t)size}));
        buffer_clear(&out);
    }
    buffer_done(&out);
}

static void an_explained_assignment_ends_with_the_text(void **state)
{
    (void)state;
    const struct assign_options options = {.now_ms = NOON};
    struct experiment experiment = experiment_of("crm");
    experiment.status = EXPERIMENT_PAUSED;
    struct buffer plain = {0}, explained = {0};
    struct assignment got = ask(&experiment, "u3");
    assignment_write(&plain, &got, SLICE("u3"), "sha256:00");
    assignment_write_explained(&explained, &got, SLICE("u3"), "sha256:00", NULL, &options);
    plain.size--; /* the closing brace */
    assert_true(slice_starts_with(buffer_slice(&explained), buffer_slice(&plain)));
    assert_true(
        slice_equals(slice_from(buffer_slice(&explained), plain.size),
                     ",\"explain\":\"unit u3 (user) of crm, phase 1, paused, at "
                     "2026-11-20T12:00:00Z\\n0 assigned elsewhere: assignment is here: no\\n"
                     "3 status: paused: yes\\n=> tour, paused\\n\"}"));
    buffer_done(&plain);
    buffer_done(&explained);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_assignment_is_written_to_the_last_member),
        cmocka_unit_test(a_held_out_unit_is_exposed_to_the_holdout),
        cmocka_unit_test(an_explanation_names_every_rule_on_the_way),
        cmocka_unit_test(an_explained_assignment_ends_with_the_text),
        cmocka_unit_test(every_explanation_ends_as_the_assignment_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
