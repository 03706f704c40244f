/*
 * What only two files together get wrong: two files of one name, folders that are not read, and
 * experiments that share a key, a range or a holdout (grammar.md, 1 and 3).
 *
 * Each is told in the file whose name sorts later and names the other with its line, once a file
 * and kind: the first other file that it disagrees with.
 */

#include "parse.h"

#include <stdlib.h>

/* ---- Between experiments ---- */

/* "a.yaml:12": within the folder, as everybody who reads it sees it. */
static struct slice place_text(struct parser *parser, const struct experiment_reading *reading,
                               const struct node *node)
{
    return arena_format(&parser->scratch, "%.*s:%u",
                        SLICE_ARGS(shown(parser, reading->document->source->name)),
                        node->place.line);
}

typedef int compare_readings(const void *a, const void *b);

/* By file; keeps files of one group in the order of their names. */
static int compare_paths(const struct experiment_reading *a, const struct experiment_reading *b)
{
    return slice_compare(a->document->source->path, b->document->source->path);
}

static int compare_keys(const void *a, const void *b)
{
    const struct experiment_reading *left = *(struct experiment_reading *const *)a;
    const struct experiment_reading *right = *(struct experiment_reading *const *)b;
    int order = slice_compare(left->experiment->key, right->experiment->key);
    return order ? order : compare_paths(left, right);
}

static int compare_exclusive(const void *a, const void *b)
{
    const struct experiment_reading *left = *(struct experiment_reading *const *)a;
    const struct experiment_reading *right = *(struct experiment_reading *const *)b;
    int order =
        slice_compare(left->experiment->exclusive_group, right->experiment->exclusive_group);
    return order ? order : compare_paths(left, right);
}

static int compare_holdouts(const void *a, const void *b)
{
    const struct experiment_reading *left = *(struct experiment_reading *const *)a;
    const struct experiment_reading *right = *(struct experiment_reading *const *)b;
    int order = slice_compare(left->experiment->holdout_group, right->experiment->holdout_group);
    return order ? order : compare_paths(left, right);
}

static bool has_key(const struct experiment_reading *reading)
{
    return reading->key_good;
}

static bool has_exclusive(const struct experiment_reading *reading)
{
    return reading->exclusive_group != NULL;
}

static bool has_holdout(const struct experiment_reading *reading)
{
    return reading->holdout_group != NULL;
}

/* ---- The checks: `group` are all that share the name, in the order of their files ---- */

static void check_keys(struct parser *parser, struct experiment_reading *const *group, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        parser->document = group[i]->document;
        fault(parser, group[i]->key->place, "repeated-experiment",
              "experiment '%.*s' is declared already, at %.*s",
              SLICE_ARGS(shown(parser, group[i]->experiment->key)),
              SLICE_ARGS(place_text(parser, group[0], group[0]->key)));
    }
}

/* Whether one ends before the other begins. */
static bool dates_apart(const struct experiment *a, const struct experiment *b)
{
    bool a_first = a->end_ms != TIME_NONE && b->start_ms != TIME_NONE && a->end_ms <= b->start_ms;
    bool b_first = b->end_ms != TIME_NONE && a->start_ms != TIME_NONE && b->end_ms <= a->start_ms;
    return a_first || b_first;
}

static bool overlap(const struct experiment_reading *a, const struct experiment_reading *b)
{
    const struct experiment *one = a->experiment, *two = b->experiment;
    return a->exclusive_range && b->exclusive_range && a->times_good && b->times_good &&
           one->status != EXPERIMENT_STOPPED && two->status != EXPERIMENT_STOPPED &&
           one->exclusive_low < two->exclusive_high && two->exclusive_low < one->exclusive_high &&
           !dates_apart(one, two);
}

static void check_units(struct parser *parser, struct experiment_reading *const *group,
                        size_t index, const char *code, const struct node *at,
                        const struct node *first)
{
    const struct experiment *one = group[0]->experiment, *other = group[index]->experiment;
    if (!group[0]->unit_good || !group[index]->unit_good || one->unit == other->unit)
        return;
    fault(parser, at->place, code, "the unit is %s here and %s at %.*s: one group has one unit",
          unit_kind_text(other->unit), unit_kind_text(one->unit),
          SLICE_ARGS(place_text(parser, group[0], first)));
}

static void check_exclusive(struct parser *parser, struct experiment_reading *const *group,
                            size_t count)
{
    for (size_t i = 1; i < count; i++) {
        parser->document = group[i]->document;
        check_units(parser, group, i, "unit-differs", group[i]->exclusive_group,
                    group[0]->exclusive_group);
        size_t before = 0;
        while (before < i && !overlap(group[before], group[i]))
            before++;
        if (before == i)
            continue;
        const struct experiment_reading *other = group[before];
        fault(parser, group[i]->exclusive_range->place, "exclusive-overlap",
              "the range overlaps with %.*s of '%.*s' at %.*s",
              SLICE_ARGS(shown(parser, other->exclusive_range->text)),
              SLICE_ARGS(shown(parser, other->experiment->key)),
              SLICE_ARGS(place_text(parser, other, other->exclusive_range)));
    }
}

static void check_holdouts(struct parser *parser, struct experiment_reading *const *group,
                           size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const struct experiment_reading *first = group[0], *other = group[i];
        parser->document = other->document;
        check_units(parser, group, i, "holdout-differs", other->holdout_group,
                    first->holdout_group);
        if (!first->holdout_share || !other->holdout_share)
            continue;
        /* Both come from whole ten thousandths of a percent by one division. */
        if (first->experiment->holdout_share == other->experiment->holdout_share)
            continue;
        fault(parser, other->holdout_share->place, "holdout-differs",
              "the share is %.*s here and %.*s at %.*s: one holdout has one share",
              SLICE_ARGS(shown(parser, other->holdout_share->text)),
              SLICE_ARGS(shown(parser, first->holdout_share->text)),
              SLICE_ARGS(place_text(parser, first, first->holdout_share)));
    }
}

static struct slice name_key(const struct experiment *experiment)
{
    return experiment->key;
}

static struct slice name_exclusive(const struct experiment *experiment)
{
    return experiment->exclusive_group;
}

static struct slice name_holdout(const struct experiment *experiment)
{
    return experiment->holdout_group;
}

static const struct {
    bool (*has)(const struct experiment_reading *reading);
    compare_readings *compare; /* by name, then by file */
    struct slice (*name)(const struct experiment *experiment);
    void (*check)(struct parser *parser, struct experiment_reading *const *group, size_t count);
} checks[] = {
    {has_key, compare_keys, name_key, check_keys},
    {has_exclusive, compare_exclusive, name_exclusive, check_exclusive},
    {has_holdout, compare_holdouts, name_holdout, check_holdouts},
};

void check_together(struct parser *parser)
{
    struct experiment_reading **sorted =
        ARENA_ARRAY(&parser->scratch, parser->experiment_count, struct experiment_reading *);
    for (size_t k = 0; sorted && k < sizeof checks / sizeof *checks; k++) {
        size_t count = 0;
        for (size_t i = 0; i < parser->experiment_count; i++)
            if (checks[k].has(&parser->experiments[i]))
                sorted[count++] = &parser->experiments[i];
        if (count)
            qsort(sorted, count, sizeof(struct experiment_reading *), checks[k].compare);
        for (size_t from = 0, to; from < count; from = to) {
            struct slice name = checks[k].name(sorted[from]->experiment);
            to = from + 1;
            while (to < count && slice_equal(checks[k].name(sorted[to]->experiment), name))
                to++;
            checks[k].check(parser, sorted + from, to - from);
        }
    }
}
