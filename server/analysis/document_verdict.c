/*
 * From a study to the verdict's input: the facts that the table asks for, and the additions that
 * never change the code (inference.md, "The verdict").
 */

#include "document_parts.h"

const char *const unit_words[] = {
    [UNIT_USER] = "users", [UNIT_ACCOUNT] = "accounts", [UNIT_ANONYMOUS] = "visitors"};

/* "role = owner": the named value that deviates first in a segment that warns. */
static struct slice decide_ratio_segment(const struct study *study)
{
    const struct study_group *group = &study->main;
    if (!group->definition)
        return (struct slice){0};
    const struct experiment *experiment = group->definition->experiment;
    for (size_t i = 0; i < experiment->segment_count; i++) {
        size_t count, first = slices_of(&group->cells.cube.slices, i, &count);
        const struct ratio_segment *report = &study->ratio_segments[i];
        for (size_t value = 0; report->warns && value < count; value++)
            if (report->named[value])
                return arena_format(
                    study->arena, "%.*s = %.*s",
                    SLICE_ARGS(experiment->segments[i].segments[0]->title),
                    SLICE_ARGS(group->cells.cube.slices.items[first + value].label));
    }
    return (struct slice){0};
}

static struct slice segmentation_name(struct arena *arena, const struct segmentation *segmentation)
{
    struct slice name = segmentation->segments[0]->title;
    for (size_t i = 1; i < segmentation->count; i++)
        name = arena_format(arena, "%.*s x %.*s", SLICE_ARGS(name),
                            SLICE_ARGS(segmentation->segments[i]->title));
    return name;
}

/* The segmentations between whose values the effect on a goal differs, corrected. */
static struct slice decide_segments(const struct study *study)
{
    struct slice names = {0};
    size_t segmentations =
        study->main.definition ? study->main.definition->experiment->segment_count : 0;
    size_t per_segment = study->plan.goals * study->plan.variants;
    for (size_t i = 0; i < segmentations; i++) {
        bool differs = false;
        for (size_t k = 0; k < per_segment; k++) {
            const struct study_difference *difference = &study->differences[i * per_segment + k];
            differs = differs || (difference->read && difference->p_adjusted <= study->plan.alpha);
        }
        struct slice name =
            segmentation_name(study->arena, &study->main.definition->experiment->segments[i]);
        if (differs)
            names = names.size ? arena_format(study->arena, "%.*s, %.*s", SLICE_ARGS(names),
                                              SLICE_ARGS(name))
                               : name;
    }
    return names;
}

/* T4: as many answer in every variant, or the answers are of other people. */
static void decide_response(const struct study *study, struct verdict_input *input)
{
    for (size_t i = 0; i < study->main.metric_count; i++) {
        const struct metric_result *result = &study->main.slices[0].results[i];
        if (!response_differs(study, result))
            continue;
        input->response = metric_title(&result->metric);
        input->flags |= VERDICT_BIT(VERDICT_FLAG_RESPONSE);
        return;
    }
}

static bool stage_is_near(enum metric_stage stage)
{
    return stage == STAGE_ACQUISITION || stage == STAGE_ACTIVATION;
}

static bool stage_is_far(enum metric_stage stage)
{
    return stage == STAGE_RETENTION || stage == STAGE_MONETISATION;
}

/* Whether the far metric is estimated and not shown to be better for the variant. */
static bool far_does_not_follow(const struct metric_result *metric, size_t variant)
{
    const struct effect_report *difference = &metric->comparisons[variant].difference;
    if (!difference->has_interval && !difference->has_anytime)
        return false;
    struct interval interval =
        difference->has_interval ? difference->interval : difference->anytime;
    return metric->metric.lower_is_better ? interval.high >= 0 : interval.low <= 0;
}

/* An early metric that moved for the better, beside a declared late one that did not. */
static void decide_near_not_far(const struct study *study, struct verdict_input *input)
{
    const struct study_group *group = &study->main;
    size_t places = group->metric_count * group->metric_count * study->plan.variants;
    for (size_t i = 0; i < places; i++) {
        size_t j = i % study->plan.variants, pair = i / study->plan.variants;
        const struct metric_result *near = &group->slices[0].results[pair / group->metric_count];
        const struct metric_result *far = &group->slices[0].results[pair % group->metric_count];
        const struct comparison *moved = &near->comparisons[j];
        double better = near->metric.lower_is_better ? -moved->difference_h : moved->difference_h;
        if (j == study->plan.control || !stage_is_near(near->metric.stage) ||
            !stage_is_far(far->metric.stage) || !moved->has_p_adjusted ||
            moved->p_adjusted > study->plan.alpha || better <= 0 || !far_does_not_follow(far, j))
            continue;
        input->near = metric_title(&near->metric);
        input->far = metric_title(&far->metric);
        input->flags |= VERDICT_BIT(VERDICT_FLAG_NEAR_NOT_FAR);
        return;
    }
}

/* T4 (inference.md): who was erased did not choose it by the variant, or the rest is a selection.
 */
#define ERASED_P .001

static bool erased_differ(const struct study *study)
{
    struct proportion rates[VARIANTS_MAX];
    struct chi_square test;
    for (size_t j = 0; j < study->plan.variants; j++) {
        uint64_t met = study->exposed[j];
        uint64_t erased = study->quality.erased_by[j];
        rates[j] = (struct proportion){.successes = erased < met ? erased : met, .units = met};
    }
    return study->quality.erased &&
           chi_square_homogeneity(rates, study->plan.variants, &test) == REASON_NONE &&
           test.p < ERASED_P;
}

static void decide_flags(const struct study *study, struct verdict_input *input)
{
    decide_near_not_far(study, input);
    decide_response(study, input);
    input->segments_differ = decide_segments(study);
    if (input->segments_differ.size)
        input->flags |= VERDICT_BIT(VERDICT_FLAG_SEGMENTS);
    if ((double)study->quality.mixed_accounts > MIXED_SHARE * (double)study->quality.accounts)
        input->flags |= VERDICT_BIT(VERDICT_FLAG_MIXED_ACCOUNTS);
    if (erased_differ(study))
        input->flags |= VERDICT_BIT(VERDICT_FLAG_ERASURE);
    if (study->amendment_count > 1)
        input->flags |= VERDICT_BIT(VERDICT_FLAG_AMENDED);
    if (study->experiment->has_rollout) {
        input->flags |= VERDICT_BIT(VERDICT_FLAG_ROLLOUT);
        input->rollout = study->experiment->variants[study->experiment->rollout_to].title;
    }
}

void study_decide(struct study *study)
{
    struct slice names[VARIANTS_MAX];
    struct buffer text = {0};
    for (size_t j = 0; j < study->plan.variants; j++)
        names[j] = study->registered->variants[j].title;
    struct verdict_input input = {
        .plan = &study->plan,
        .progress = &study->progress,
        .forecast = &study->forecast,
        .status = study->declared.status,
        .variants = names,
        .exposed = study->exposed,
        .crossed = study->crossed,
        .unit_words = unit_words[study->registered->unit],
        .damage = study->damage,
        .ratio = &study->ratio,
        .ratio_segment = decide_ratio_segment(study),
        .crossing = &study->crossing,
        .mismatched = study->quality.mismatched,
        .goals = study->goals,
        .goal_count = study->plan.goals,
        .guardrails = study->guardrails,
        .guardrail_count = study->plan.guardrails,
        .is_holdout = study->registered->member_count > 0,
    };
    decide_flags(study, &input);
    verdict_of(&input, &study->verdict, &text);
    study->verdict_text = arena_copy(study->arena, buffer_slice(&text));
    study->arena->failed = study->arena->failed || text.failed;
    buffer_done(&text);
}

struct value verdict_value(const struct study *study)
{
    const struct verdict *verdict = &study->verdict;
    struct arena *arena = study->arena;
    struct value object = value_object(), flags = value_list();
    for (size_t flag = 0; flag < VERDICT_FLAG_COUNT; flag++)
        if (verdict->flags & VERDICT_BIT(flag))
            value_append(arena, &flags, value_text(slice_of(verdict_flag_texts[flag])));
    value_add(arena, &object, "code", value_text(slice_of(verdict_code_texts[verdict->code])));
    value_add(arena, &object, "metric",
              verdict->metric ? text_value(arena, verdict->metric->metric.name) : value_null());
    value_add(arena, &object, "variant",
              verdict->variant >= 0
                  ? text_value(arena, study->registered->variants[verdict->variant].name)
                  : value_null());
    value_add(arena, &object, "row", value_integer(verdict->row));
    value_add(arena, &object, "text", value_text(study->verdict_text));
    value_add(arena, &object, "flags", flags);
    return object;
}
