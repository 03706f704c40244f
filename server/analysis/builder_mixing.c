/*
 * Mixed accounts: of an experiment of users, the accounts whose exposed users met different
 * variants (inference.md), in cells of their own: population `accounts`, metric `units`.
 *
 * A user is of the account to which it was tied at its first exposure that counts, by that exposure
 * of the variant and of the day.  On the day on which an account has its second such user it adds
 * one to UNITS_N, and on the first day on which two of its users differ one to UNITS_MIXED; so
 * both can be read as of any day.  Of an account at most ACCOUNT_MEMBERS_MAX users are read.
 *
 * What an account adds hangs on exposures and ties of its users alone: it is judged again when a
 * batch changes either (REACH_MIXING), before and after, like all else.
 */

#include "builder_parts.h"

/* What the users of an account met so far, in one definition. */
struct gathered {
    uint64_t users;
    int32_t first, second;        /* the earliest two days, of different users */
    int32_t met_on[VARIANTS_MAX]; /* the first day of each variant */
    bool met[VARIANTS_MAX];
};

/* What an account adds. */
struct mixing {
    bool counts, is_mixed;
    int32_t counts_on, mixed_on;
};

static enum status no_memory(struct error *error)
{
    return FAIL(error, STATUS_NO_MEMORY, "fold", 0, "no memory");
}

static void gathered_add(struct gathered *gathered, int32_t day, uint8_t variant)
{
    if (gathered->users == 0 || day < gathered->first) {
        gathered->second = gathered->first;
        gathered->first = day;
    } else if (gathered->users == 1 || day < gathered->second) {
        gathered->second = day;
    }
    gathered->users++;
    if (!gathered->met[variant] || day < gathered->met_on[variant])
        gathered->met_on[variant] = day;
    gathered->met[variant] = true;
}

/* Two differ from the day on which the second variant came. */
static struct mixing mixing_of(const struct gathered *gathered)
{
    struct mixing mixing = {0};
    int32_t first = 0;
    size_t variants = 0;
    if (!gathered || gathered->users < 2)
        return mixing;
    mixing.counts = true;
    mixing.counts_on = gathered->second;
    for (size_t i = 0; i < VARIANTS_MAX; i++) {
        int32_t day = gathered->met_on[i];
        if (!gathered->met[i])
            continue;
        if (variants == 0 || day < first) {
            mixing.mixed_on = first;
            first = day;
        } else if (variants == 1 || day < mixing.mixed_on) {
            mixing.mixed_on = day;
        }
        variants++;
    }
    mixing.is_mixed = variants > 1;
    return mixing;
}

/* One user of the account, in every definition in which it counts; `gathered` by definition. */
static bool user_gather(struct builder *builder, uint64_t account, const struct unit_record *user,
                        struct gathered **gathered)
{
    const struct scheme *scheme = builder->scheme;
    const struct unit_list *accounts = unit_list_find(user, UNIT_LIST_ACCOUNTS, 0);
    for (size_t i = 0; i < user->count && user->lists[i].type == UNIT_LIST_EXPOSURES; i++) {
        if (user->lists[i].index >= scheme->experiment_count)
            return true; /* said where the user is judged */
        const struct scheme_experiment *experiment = &scheme->experiments[user->lists[i].index];
        for (size_t j = 0; j < experiment->definition_count; j++) {
            uint16_t index = experiment->definitions[j];
            struct unit_link tie;
            int64_t met_ms;
            uint8_t variant;
            if (!contribution_met(&scheme->definitions[index], user, &variant, &met_ms) ||
                !unit_link_at(accounts, met_ms, true, &tie) || tie.number != account)
                continue;
            if (!gathered[index])
                gathered[index] = ARENA_NEW(&builder->unit_arena, struct gathered);
            if (!gathered[index])
                return false;
            gathered_add(gathered[index], day_of(met_ms), variant);
        }
    }
    return true;
}

static enum status side_gather(struct linked_side *side, uint64_t account,
                               struct gathered **gathered, struct error *error)
{
    struct arena *arena = &side->builder->unit_arena;
    struct unit_source source = linked_source(side);
    uint64_t *users;
    size_t count;
    enum status status = unit_members(arena, &source, account, &users, &count, error);
    for (size_t i = 0; !status && i < count && i < ACCOUNT_MEMBERS_MAX; i++) {
        struct unit_record user;
        status = source.record(side, arena, users[i], &user, error);
        if (!status && !user_gather(side->builder, account, &user, gathered))
            status = no_memory(error);
    }
    return status;
}

static bool cell_add(struct builder *builder, const struct scheme_definition *definition,
                     int32_t day, enum units_field field, int sign)
{
    const struct cell_key key = {.definition = definition->definition->number,
                                 .population = POPULATION_ACCOUNTS,
                                 .cohort = day,
                                 .variant = CUBE_NO_VARIANT};
    struct cell_sums *sums = cell_map_at(&builder->cells, &key, definition->cells[0].count, false);
    if (sums)
        sums->values[field] += sign;
    return sums != NULL;
}

static bool mixing_add(struct builder *builder, const struct scheme_definition *definition,
                       const struct mixing *mixing, int sign)
{
    return (!mixing->counts || cell_add(builder, definition, mixing->counts_on, UNITS_N, sign)) &&
           (!mixing->is_mixed ||
            cell_add(builder, definition, mixing->mixed_on, UNITS_MIXED, sign));
}

static bool mixing_equal(const struct mixing *one, const struct mixing *other)
{
    return one->counts == other->counts && one->is_mixed == other->is_mixed &&
           one->counts_on == other->counts_on && one->mixed_on == other->mixed_on;
}

enum status mixing_judge(struct builder *builder, uint64_t account, bool is_new,
                         struct error *error)
{
    const struct scheme *scheme = builder->scheme;
    struct linked_side before = {.builder = builder, .before = true}, now = {.builder = builder};
    arena_reset(&builder->unit_arena);
    linked_trim(&builder->linked);
    struct gathered **was =
        ARENA_ARRAY(&builder->unit_arena, 2 * scheme->definition_count + 1, struct gathered *);
    if (!was)
        return no_memory(error);
    struct gathered **is = was + scheme->definition_count;
    enum status status = is_new ? STATUS_OK : side_gather(&before, account, was, error);
    if (!status)
        status = side_gather(&now, account, is, error);
    for (size_t i = 0; !status && i < scheme->definition_count; i++) {
        const struct scheme_definition *definition = &scheme->definitions[i];
        struct mixing taken = mixing_of(was[i]), given = mixing_of(is[i]);
        if (!mixing_equal(&taken, &given) && (!mixing_add(builder, definition, &taken, -1) ||
                                              !mixing_add(builder, definition, &given, 1)))
            status = no_memory(error);
    }
    return status;
}
