#ifndef TESTS_STATS_REFERENCE_H
#define TESTS_STATS_REFERENCE_H

/*
 * Reads tests/stats/reference/<family>.csv: comment lines (tool, version, family), one line of
 * column names, then rows of a name and numbers; nan stands for undefined, inf for infinite.
 *
 *     static struct reference table;
 *     reference_load(&table, "wilson");
 *     for (size_t row = 0; row < table.row_count; row++)
 *         ... reference_at(&table, row, "low")
 *
 * A family that is missing, empty or does not have the asked column fails the test.
 */

#include "stats/hostile.h"
#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REFERENCE_COLUMNS_MAX 20
#define REFERENCE_ROWS_MAX 200
#define REFERENCE_LINE_MAX 1024

struct reference {
    char columns[REFERENCE_COLUMNS_MAX][32];
    size_t column_count;
    char names[REFERENCE_ROWS_MAX][64];
    double values[REFERENCE_ROWS_MAX][REFERENCE_COLUMNS_MAX];
    size_t row_count;
};

static inline void reference_columns(struct reference *table, char *line)
{
    for (char *rest = line, *cell; (cell = strsep(&rest, ",\n")) && *cell;) {
        assert_true(table->column_count < REFERENCE_COLUMNS_MAX);
        snprintf(table->columns[table->column_count++], sizeof *table->columns, "%s", cell);
    }
}

static inline void reference_row(struct reference *table, char *line)
{
    assert_true(table->row_count < REFERENCE_ROWS_MAX);
    char *rest = line;
    size_t row = table->row_count++;
    snprintf(table->names[row], sizeof *table->names, "%s", strsep(&rest, ",\n"));
    for (size_t column = 1; column < table->column_count; column++) {
        char *cell = strsep(&rest, ",\n"), *end;
        assert_non_null(cell);
        table->values[row][column] = strtod(cell, &end);
        assert_true(end != cell && *end == '\0');
    }
}

static inline void reference_load(struct reference *table, const char *family)
{
    char path[512], line[REFERENCE_LINE_MAX];
    snprintf(path, sizeof path, "%s/tests/stats/reference/%s.csv", SOURCE_DIR, family);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    *table = (struct reference){0};
    while (fgets(line, sizeof line, file)) {
        assert_non_null(strchr(line, '\n'));
        if (line[0] == '#')
            continue;
        if (table->column_count == 0)
            reference_columns(table, line);
        else
            reference_row(table, line);
    }
    fclose(file);
    assert_true(table->row_count > 0);
}

static inline double reference_at(const struct reference *table, size_t row, const char *column)
{
    for (size_t i = 1; i < table->column_count; i++)
        if (strcmp(table->columns[i], column) == 0)
            return table->values[row][i];
    fail_msg("no column %s", column);
    return NOT_A_NUMBER;
}

static inline uint64_t reference_count(const struct reference *table, size_t row,
                                       const char *column)
{
    return (uint64_t)reference_at(table, row, column);
}

/* How many rows from `row` on carry its name: the members of one case. */
static inline size_t reference_members(const struct reference *table, size_t row)
{
    size_t end = row;
    while (end < table->row_count && strcmp(table->names[end], table->names[row]) == 0)
        end++;
    return end - row;
}

#endif
