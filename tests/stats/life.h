#ifndef TESTS_STATS_LIFE_H
#define TESTS_STATS_LIFE_H

/*
 * Units of the reference cases and random ones, as sorted units and as life tables of up to four
 * variants that own their rows.
 */

#include "stats/random.h"
#include "stats/reference.h"
#include "stats/survival.h"

#define LIVES_MAX 1024
#define LIVES_VARIANTS 4

struct lives {
    struct life_unit units[LIVES_MAX];
    size_t count;
    struct life_row rows[LIVES_VARIANTS][LIVES_MAX];
    struct life_table tables[LIVES_VARIANTS];
};

/* Sorts the units and makes a table of each variant; one without units has no rows. */
static inline void lives_tabulate(struct lives *lives)
{
    assert_int_equal(life_units_sort(lives->units, lives->count), REASON_NONE);
    for (unsigned v = 0; v < LIVES_VARIANTS; v++) {
        size_t rows = 0;
        enum reason reason = life_table_of(lives->units, lives->count, v, lives->rows[v], &rows);
        assert_true(reason == REASON_NONE || reason == REASON_NO_UNITS);
        lives->tables[v] = (struct life_table){.rows = lives->rows[v], .count = rows};
    }
}

static inline void lives_add(struct lives *lives, double time, unsigned variant, enum life_end end)
{
    assert_true(lives->count < LIVES_MAX);
    lives->units[lives->count++] = (struct life_unit){.time = time, .variant = variant, .end = end};
}

/* The case of that name in survival_units.csv. */
static inline void lives_load(struct lives *lives, const char *name)
{
    static struct reference table;
    reference_load(&table, "survival_units");
    lives->count = 0;
    for (size_t row = 0; row < table.row_count; row++)
        if (strcmp(table.names[row], name) == 0)
            lives_add(lives, reference_at(&table, row, "time"),
                      (unsigned)reference_count(&table, row, "variant"),
                      reference_at(&table, row, "event") > 0 ? LIFE_EVENT : LIFE_CENSORED);
    assert_true(lives->count > 0);
    lives_tabulate(lives);
}

/* survival_competing_units.csv; stratum 0: all. */
static inline void lives_load_competing(struct lives *lives, unsigned stratum)
{
    static struct reference table;
    reference_load(&table, "survival_competing_units");
    lives->count = 0;
    for (size_t row = 0; row < table.row_count; row++)
        if (stratum == 0 || reference_count(&table, row, "stratum") == stratum)
            lives_add(lives, reference_at(&table, row, "time"),
                      (unsigned)reference_count(&table, row, "variant"),
                      (enum life_end)reference_count(&table, row, "end"));
    assert_true(lives->count > 0);
    lives_tabulate(lives);
}

struct lives_shape {
    size_t count;
    unsigned variants;
    double tick;     /* times are multiples of it: the larger, the more ties */
    double censored; /* shares of the ends */
    double competing;
};

static inline void lives_random(struct lives *lives, struct random *random,
                                struct lives_shape shape)
{
    lives->count = 0;
    for (size_t i = 0; i < shape.count; i++) {
        double time = -log(random_unit(random)) * 4.7, ends = random_unit(random);
        enum life_end end = ends < shape.censored                     ? LIFE_CENSORED
                            : ends < shape.censored + shape.competing ? LIFE_COMPETING
                                                                      : LIFE_EVENT;
        lives_add(lives, floor(time / shape.tick) * shape.tick,
                  (unsigned)(random_next(random) % shape.variants), end);
    }
    lives_tabulate(lives);
}

/* The same table with every unit `times` times. */
static inline struct life_table life_table_times(const struct life_table *table, uint64_t times,
                                                 struct life_row *rows)
{
    for (size_t i = 0; i < table->count; i++) {
        rows[i] = table->rows[i];
        rows[i].at_risk *= times;
        rows[i].events *= times;
        rows[i].competing *= times;
        rows[i].censored *= times;
    }
    return (struct life_table){.rows = rows, .count = table->count};
}

/* nan in a reference stands for "no answer"; else the value must be close. */
static inline void assert_answer(enum reason reason, double got, double want, double relative)
{
    if (isnan(want)) {
        assert_int_not_equal(reason, REASON_NONE);
        return;
    }
    assert_int_equal(reason, REASON_NONE);
    assert_close(got, want, relative);
}

#endif
