/*
 * Implementation of demo_people.h.
 *
 * People sign up evenly from the earliest start of a running experiment until tonight, in office
 * hours rather than at night, each into the account that is open at that moment. They meet what the
 * catalogue gives them, step through its flow, and do things: a row of `deeds` each, by chance,
 * some only after another. A variant with a row in `effects` moves those chances. All figures are
 * chosen so that a demo has something to show; none was measured.
 */

#include "demo_people.h"

#include "base/random.h"
#include "base/time.h"
#include "experiment/assign.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define PEOPLE 16000
#define HISTORY_DAYS_MAX 90
#define ACCOUNT_SIZE_MAX 9
#define DEEDS_MAX 20

/* What a variant can do to a person. */
enum push { PUSH_NONE, PUSH_ACTIVATION, PUSH_RETENTION, PUSH_TROUBLE, PUSH_COUNT };

static const struct effect {
    const char *experiment, *variant;
    double push[PUSH_COUNT]; /* added to the chance of a deed of that kind */
} effects[] = {
    {"crm-first-run", "checklist", {[PUSH_ACTIVATION] = .09, [PUSH_RETENTION] = .05}},
    {"setup-steps", "three", {[PUSH_ACTIVATION] = .06, [PUSH_RETENTION] = .02}},
    {"setup-steps", "eight", {[PUSH_ACTIVATION] = -.06, [PUSH_TROUBLE] = .05}},
    {"guided-setup", "coached", {[PUSH_ACTIVATION] = .12, [PUSH_RETENTION] = .06}},
    {"team-breadth", "day_one", {[PUSH_ACTIVATION] = .05, [PUSH_RETENTION] = .03}},
};

/* What people do, each at most once, `from` to `until` days after they signed up, or after the deed
 * that it needs, a row above it. */
static const struct deed {
    const char *event;
    const char *needs; /* NULL: nothing */
    double chance;
    enum push push;
    double from, until;
    const char *property; /* NULL: none; between the two, or true where they are equal */
    unsigned low, high;
} deeds[] = {
    {"Contact Created", NULL, .50, PUSH_ACTIVATION, .01, 4, NULL, 0, 0},
    {"Email Sent", "Contact Created", .58, PUSH_ACTIVATION, .02, 2.5, "sequence", 0, 0},
    {"Meeting Booked", NULL, .22, PUSH_ACTIVATION, .5, 6, NULL, 0, 0},
    {"Teammate Invited", NULL, .30, PUSH_ACTIVATION, .05, 8, NULL, 0, 0},
    {"Pipeline Created", NULL, .35, PUSH_ACTIVATION, .02, 6, NULL, 0, 0},
    {"Landing Page Published", NULL, .18, PUSH_ACTIVATION, 1, 25, NULL, 0, 0},
    {"Deal Created", NULL, .26, PUSH_ACTIVATION, 1, 28, "amount", 200, 9000},
    {"Deal Viewed", NULL, .55, PUSH_RETENTION, 1.5, 3, NULL, 0, 0},
    {"Deal Viewed", NULL, .50, PUSH_RETENTION, 7.5, 13.5, NULL, 0, 0},
    {"Deal Viewed", NULL, .42, PUSH_RETENTION, 28.5, 34.5, NULL, 0, 0},
    {"Failed Task", NULL, .20, PUSH_TROUBLE, .01, 12, NULL, 0, 0},
    {"Ticket Opened", NULL, .10, PUSH_TROUBLE, .2, 25, NULL, 0, 0},
    {"Account Closed", NULL, .04, PUSH_TROUBLE, 2, 28, NULL, 0, 0},
    {"NPS Answered", NULL, .20, PUSH_NONE, 8, 25, "score", 3, 10},
    {"Sequence Started", "Email Sent", .7, PUSH_NONE, .1, 9, NULL, 0, 0},
    {"Plan Purchased", NULL, .08, PUSH_RETENTION, 12, 60, NULL, 0, 0},
    {"Order Completed", "Plan Purchased", 1, PUSH_NONE, .01, .02, "revenue", 20, 900},
    {"Seat Added", "Plan Purchased", .6, PUSH_NONE, .1, 20, NULL, 0, 0},
};
#define DEED_COUNT (sizeof deeds / sizeof *deeds)
static_assert(DEED_COUNT <= DEEDS_MAX, "a person has room for them");

struct person {
    unsigned number;
    int64_t joined_ms;
    char id[32], account[32];
    struct value traits;
    double push[PUSH_COUNT];
    int64_t did_ms[DEEDS_MAX]; /* TIME_NONE: did not */
};

struct line {
    int64_t time_ms;
    size_t at, size; /* in the text */
};

struct crowd {
    const struct catalogue *catalogue;
    struct random seeds;  /* of which each person gets one: what befell others changes nothing */
    struct random random; /* of this person */
    int64_t now_ms, first_ms, last_ms;
    struct arena arena;  /* of one person */
    struct buffer text;  /* lines, in the order in which they were made */
    struct buffer lines; /* a struct line each */
    struct person person;
    unsigned account_number, account_room; /* how many more members it takes */
    struct demo_people_counts counts;
};

static double uniform(struct crowd *crowd, double low, double high)
{
    return low + (high - low) * random_uniform(&crowd->random);
}

static bool happens(struct crowd *crowd, double chance)
{
    return random_uniform(&crowd->random) < chance;
}

/* The rest of a line: who, when, which message.  Nothing that lies in the future has happened. */
static void line_end(struct crowd *crowd, size_t begin, int64_t time_ms)
{
    char when[TIME_TEXT_SIZE];
    if (time_ms > crowd->now_ms) {
        crowd->text.size = begin;
        return;
    }
    time_format(time_ms, when);
    buffer_format(&crowd->text,
                  ",\"userId\":\"%s\",\"messageId\":\"made-up-%zu\",\"timestamp\":\"%s\","
                  "\"receivedAt\":\"%s\"}\n",
                  crowd->person.id, ++crowd->counts.messages, when, when);
    const struct line line = {.time_ms = time_ms, .at = begin, .size = crowd->text.size - begin};
    buffer_add(&crowd->lines, (struct slice){.data = (const char *)&line, .size = sizeof line});
}

static void step_write(struct crowd *crowd, const struct experiment *experiment,
                       const struct flow_step *step, const char *what, int64_t time_ms)
{
    size_t begin = crowd->text.size;
    buffer_format(&crowd->text,
                  "{\"type\":\"track\",\"event\":\"Onboarding Step %s\",\"properties\":"
                  "{\"experiment_id\":\"%.*s\",\"step\":\"%.*s\"}",
                  what, SLICE_ARGS(experiment->key), SLICE_ARGS(step->step));
    line_end(crowd, begin, time_ms);
}

static void event_write(struct crowd *crowd, struct slice event, struct slice properties,
                        int64_t time_ms)
{
    size_t begin = crowd->text.size;
    buffer_format(&crowd->text, "{\"type\":\"track\",\"event\":\"%.*s\"%s%.*s", SLICE_ARGS(event),
                  properties.size ? ",\"properties\":" : "", SLICE_ARGS(properties));
    line_end(crowd, begin, time_ms);
}

/* Writes the exposure. */
static void exposure_write(struct crowd *crowd, const struct experiment *experiment,
                           const struct assignment *assignment, int64_t time_ms)
{
    size_t begin = crowd->text.size;
    bool is_held = assignment->reason == ASSIGN_HOLDOUT;
    struct slice key = is_held ? experiment->holdout_group : experiment->key;
    struct slice variant =
        is_held ? SLICE(HOLDOUT_VARIATION) : experiment->variants[assignment->variant].name;
    buffer_format(&crowd->text,
                  "{\"type\":\"track\",\"event\":\"Experiment Viewed\",\"properties\":"
                  "{\"experiment_id\":\"%s%.*s\",\"variation_id\":\"%.*s\"},"
                  "\"context\":{\"groupId\":\"%s\"}",
                  is_held ? HOLDOUT_PREFIX : "", SLICE_ARGS(key), SLICE_ARGS(variant),
                  crowd->person.account);
    line_end(crowd, begin, time_ms);
    crowd->counts.exposed++;
}

static void person_identify(struct crowd *crowd, bool is_first)
{
    struct person *person = &crowd->person;
    size_t begin = crowd->text.size;
    if (is_first) {
        buffer_format(&crowd->text,
                      "{\"type\":\"group\",\"groupId\":\"%s\",\"traits\":", person->account);
        value_write(&crowd->text, &person->traits);
        line_end(crowd, begin, person->joined_ms);
        begin = crowd->text.size;
    }
    buffer_format(
        &crowd->text,
        "{\"type\":\"identify\",\"context\":{\"groupId\":\"%s\"},\"traits\":", person->account);
    value_write(&crowd->text, &person->traits);
    line_end(crowd, begin, person->joined_ms);
}

/* What an account brings to its members: the same size, channel, plan and day. */
struct team {
    unsigned employees;
    const char *channel, *plan;
    char created[TIME_TEXT_SIZE];
};

static const char *one_of(struct crowd *crowd, const char *const names[static 10])
{
    return names[random_below(&crowd->random, 10)]; /* as often as it stands there */
}

static void team_make(struct crowd *crowd, struct team *team, int64_t created_ms)
{
    static const char *const channels[10] = {"organic", "organic", "organic", "organic", "paid",
                                             "paid",    "paid",    "partner", "invite",  "invite"};
    static const char *const plans[10] = {"free",    "free",        "free",    "free",
                                          "free",    "starter",     "starter", "starter",
                                          "starter", "professional"};
    team->employees = (unsigned)exp(uniform(crowd, log(1.2), log(400)));
    team->channel = one_of(crowd, channels);
    team->plan = one_of(crowd, plans);
    time_format(created_ms, team->created);
    crowd->account_number++;
    crowd->account_room = 1 + (unsigned)random_below(&crowd->random, ACCOUNT_SIZE_MAX);
}

static void person_traits(struct crowd *crowd, const struct team *team)
{
    static const char *const roles[10] = {
        "sales_rep",     "sales_rep", "sales_rep", "sales_rep", "sales_manager",
        "sales_manager", "marketer",  "marketer",  "owner",     "owner"};
    struct arena *arena = &crowd->arena;
    struct value plan = value_object();
    struct value *traits = &crowd->person.traits;
    *traits = value_object();
    value_add(arena, &plan, "tier", value_text(slice_of(team->plan)));
    value_add(arena, traits, "role", value_text(slice_of(one_of(crowd, roles))));
    value_add(arena, traits, "email",
              value_text(arena_format(arena, "%s@made-up.invalid", crowd->person.id)));
    value_add(arena, traits, "employees", value_integer(team->employees));
    value_add(arena, traits, "signup_channel", value_text(slice_of(team->channel)));
    value_add(arena, traits, "plan", plan);
    value_add(arena, traits, "crm_before", value_boolean(happens(crowd, .4)));
    value_add(arena, traits, "app_version", value_text(SLICE("4.3.0")));
    value_add(arena, traits, "created_at", value_text(slice_of(team->created)));
}

static void effect_take(struct person *person, struct slice experiment, struct slice variant)
{
    for (size_t i = 0; i < sizeof effects / sizeof *effects; i++) {
        if (!slice_equals(experiment, effects[i].experiment) ||
            !slice_equals(variant, effects[i].variant))
            continue;
        for (size_t push = 0; push < PUSH_COUNT; push++)
            person->push[push] += effects[i].push[push];
    }
}

/* What a person met, to be stepped through once it is known what they did. */
struct met {
    const struct experiment *experiment;
    size_t variant;
    int64_t time_ms;
};
#define MET_MAX 16

/* Accounts meet theirs with their first member.  *is_in_any: the person or the account is in an
 * experiment. */
static size_t person_meets(struct crowd *crowd, bool is_first, struct met met[static MET_MAX],
                           bool *is_in_any)
{
    struct person *person = &crowd->person;
    size_t count = 0;
    for (size_t i = 0; i < crowd->catalogue->experiment_count && count < MET_MAX; i++) {
        const struct experiment *experiment = &crowd->catalogue->experiments[i];
        bool is_account = experiment->unit == UNIT_ACCOUNT;
        int64_t time_ms = person->joined_ms + (int64_t)uniform(crowd, 1000, 90000);
        const struct assign_options options = {.now_ms = time_ms};
        if (experiment->unit == UNIT_ANONYMOUS || time_ms > crowd->now_ms)
            continue;
        struct slice id = slice_of(is_account ? person->account : person->id);
        struct assignment assignment = assign(experiment, id, &person->traits, &options);
        if (!assignment.exposed)
            continue;
        *is_in_any = true;
        if (is_first || !is_account)
            exposure_write(crowd, experiment, &assignment, time_ms);
        if (assignment.reason == ASSIGN_HOLDOUT)
            continue;
        effect_take(person, experiment->key, experiment->variants[assignment.variant].name);
        if (is_first || !is_account)
            met[count++] = (struct met){experiment, assignment.variant, time_ms};
    }
    return count;
}

static size_t deed_of(const char *event)
{
    size_t i = 0;
    while (i < DEED_COUNT && strcmp(deeds[i].event, event) != 0)
        i++;
    return i;
}

static void deed_write(struct crowd *crowd, const struct deed *deed, int64_t time_ms)
{
    char properties[64] = "";
    if (deed->property && deed->low == deed->high)
        snprintf(properties, sizeof properties, "{\"%s\":true}", deed->property);
    else if (deed->property)
        snprintf(properties, sizeof properties, "{\"%s\":%u}", deed->property,
                 deed->low + (unsigned)random_below(&crowd->random, deed->high - deed->low + 1));
    event_write(crowd, slice_of(deed->event), slice_of(properties), time_ms);
}

static void person_does(struct crowd *crowd)
{
    struct person *person = &crowd->person;
    double habit = uniform(crowd, -.2, .2); /* shared by all that a person does */
    for (size_t i = 0; i < DEED_COUNT; i++) {
        const struct deed *deed = &deeds[i];
        int64_t since_ms = deed->needs ? person->did_ms[deed_of(deed->needs)] : person->joined_ms;
        double chance = deed->chance + person->push[deed->push];
        if (deed->push == PUSH_ACTIVATION || deed->push == PUSH_RETENTION)
            chance += habit;
        double days = uniform(crowd, deed->from, deed->until);
        bool does = happens(crowd, chance) && since_ms != TIME_NONE;
        person->did_ms[i] = does ? since_ms + 120000 + (int64_t)(days * (double)DAY_MS) : TIME_NONE;
        if (does)
            deed_write(crowd, deed, person->did_ms[i]);
    }
}

/* When the step was done, TIME_NONE: never.  A step that waits for what no row of `deeds` tells is
 * done by two thirds. */
static int64_t step_done(struct crowd *crowd, const struct flow_step *step, int64_t viewed_ms)
{
    char event[64];
    snprintf(event, sizeof event, "%.*s", SLICE_ARGS(step->done_when));
    size_t deed = step->done_when.size ? deed_of(event) : DEED_COUNT;
    if (deed < DEED_COUNT) {
        int64_t did_ms = crowd->person.did_ms[deed];
        return did_ms == TIME_NONE || did_ms > viewed_ms ? did_ms : viewed_ms + SECOND_MS;
    }
    int64_t done_ms = viewed_ms + (int64_t)uniform(crowd, 4000, 200000);
    if (!happens(crowd, step->done_when.size ? .66 : .93))
        return TIME_NONE;
    if (step->done_when.size)
        event_write(crowd, step->done_when, (struct slice){0}, done_ms);
    return done_ms;
}

static void person_steps(struct crowd *crowd, const struct met *met)
{
    const struct variant *variant = &met->experiment->variants[met->variant];
    int64_t viewed_ms = met->time_ms;
    for (size_t i = 0; i < variant->flow_count; i++) {
        const struct flow_step *step = &variant->flow[i];
        step_write(crowd, met->experiment, step, "Viewed", viewed_ms);
        int64_t done_ms = step_done(crowd, step, viewed_ms);
        if (done_ms != TIME_NONE) {
            step_write(crowd, met->experiment, step, "Completed", done_ms);
            viewed_ms = done_ms + SECOND_MS;
            continue;
        }
        viewed_ms += (int64_t)uniform(crowd, 5000, 60000);
        bool has_failed = happens(crowd, .15);
        if (has_failed || happens(crowd, .4))
            step_write(crowd, met->experiment, step, has_failed ? "Failed" : "Dismissed",
                       viewed_ms);
        if (!step->optional && !happens(crowd, .5))
            return;
        viewed_ms += SECOND_MS;
    }
}

static int64_t person_joins(struct crowd *crowd, unsigned number)
{
    double place = ((double)number + random_uniform(&crowd->random)) / PEOPLE;
    double span = (double)(crowd->last_ms - crowd->first_ms);
    int64_t time_ms = crowd->first_ms + (int64_t)(place * span);
    int64_t day_ms = day_start_ms(day_of(time_ms));
    if (happens(crowd, .8) && time_ms - day_ms >= DAY_MS / 2)
        time_ms = day_ms + (int64_t)uniform(crowd, 8, 17) * HOUR_MS + (time_ms - day_ms) % HOUR_MS;
    return time_ms;
}

static void person_lives(struct crowd *crowd, unsigned number, struct team *team)
{
    struct person *person = &crowd->person;
    struct met met[MET_MAX];
    bool is_first = crowd->account_room == 0;
    crowd->random.state = random_next(&crowd->seeds);
    *person = (struct person){.number = number, .joined_ms = person_joins(crowd, number)};
    if (person->joined_ms > crowd->now_ms)
        return;
    arena_reset(&crowd->arena);
    if (is_first)
        team_make(crowd, team, person->joined_ms);
    crowd->account_room--;
    snprintf(person->id, sizeof person->id, "made-up-%u", number + 1);
    snprintf(person->account, sizeof person->account, "made-up-team-%u", crowd->account_number);
    person_traits(crowd, team);
    size_t text_size = crowd->text.size, lines_size = crowd->lines.size;
    size_t messages = crowd->counts.messages;
    bool is_in_any = false;
    person_identify(crowd, is_first);
    size_t count = person_meets(crowd, is_first, met, &is_in_any);
    if (!is_in_any) { /* of whom no report speaks */
        crowd->text.size = text_size;
        crowd->lines.size = lines_size;
        crowd->counts.messages = messages;
        return;
    }
    person_does(crowd);
    for (size_t i = 0; i < count; i++)
        person_steps(crowd, &met[i]);
}

static int line_order(const void *a, const void *b)
{
    const struct line *one = a, *other = b;
    if (one->time_ms != other->time_ms)
        return one->time_ms < other->time_ms ? -1 : 1;
    return (one->at > other->at) - (one->at < other->at);
}

/* The start of the first running experiment, at most HISTORY_DAYS_MAX ago. */
static int64_t history_begin(const struct catalogue *catalogue, int64_t now_ms)
{
    int64_t earliest_ms = day_start_ms(day_of(now_ms) - HISTORY_DAYS_MAX);
    int64_t first_ms = now_ms;
    for (size_t i = 0; i < catalogue->experiment_count; i++) {
        const struct experiment *experiment = &catalogue->experiments[i];
        if (experiment->status == EXPERIMENT_RUNNING && experiment->start_ms != TIME_NONE &&
            experiment->start_ms < first_ms)
            first_ms = experiment->start_ms;
    }
    return first_ms < earliest_ms ? earliest_ms : first_ms;
}

static void crowd_sort(struct crowd *crowd, struct buffer *out)
{
    struct line *lines = (struct line *)(void *)crowd->lines.data;
    size_t count = crowd->lines.size / sizeof *lines;
    qsort(lines, count, sizeof *lines, line_order);
    for (size_t i = 0; i < count; i++)
        buffer_add(out,
                   (struct slice){.data = crowd->text.data + lines[i].at, .size = lines[i].size});
}

enum status demo_people_write(const struct catalogue *catalogue, uint64_t seed, int64_t now_ms,
                              struct buffer *out, struct demo_people_counts *counts,
                              struct error *error)
{
    struct crowd crowd = {.catalogue = catalogue,
                          .seeds = {.state = seed},
                          .now_ms = now_ms,
                          .last_ms = day_start_ms(day_of(now_ms) + 1),
                          .first_ms = history_begin(catalogue, now_ms)};
    struct team team = {.employees = 1};
    crowd.counts.people = crowd.first_ms < now_ms ? PEOPLE : 0;
    for (unsigned i = 0; i < crowd.counts.people; i++)
        person_lives(&crowd, i, &team);
    enum status status = buffer_status(&crowd.text, error);
    if (!status)
        status = buffer_status(&crowd.lines, error);
    if (!status && crowd.arena.failed)
        status = FAIL(error, STATUS_NO_MEMORY, "demo", 0, "no memory for the people");
    if (!status && crowd.lines.size)
        crowd_sort(&crowd, out);
    if (!status)
        status = buffer_status(out, error);
    *counts = crowd.counts;
    arena_done(&crowd.arena);
    buffer_done(&crowd.text);
    buffer_done(&crowd.lines);
    return status;
}
