/*
 * Mappings whose keys are known: one table a mapping, one row a key, one loop for all.
 *
 * The loop tells of unknown, misplaced and missing keys; a row's function reads its value into its
 * field.  Rows are read in the table's order, not the file's, so that a row may lean on those above
 * it.  What needs more than one key is judged afterwards, with fields_*.
 */

#include "parse.h"

#include "base/number.h"

#include <assert.h>

static size_t row_find(const struct table *table, struct slice key)
{
    size_t i = 0;
    while (i < table->count && !slice_equals(key, table->rows[i].key))
        i++;
    return i;
}

static void tell_unknown(struct parser *parser, const struct table *table, uint32_t kind,
                         const struct node *key)
{
    struct nearest nearest = {.typed = key->text};
    for (size_t i = 0; i < table->count; i++)
        if (!table->rows[i].kinds || table->rows[i].kinds & kind)
            nearest_try(&nearest, slice_of(table->rows[i].key));
    fault(parser, key->place, "unknown-key", "'%.*s' is not a key of %s%s%s",
          SLICE_ARGS(shown(parser, key->text)), table->what, table->note ? ": " : "",
          table->note ? table->note : "");
    hint_nearest(parser, &nearest);
}

static void pair_note(struct parser *parser, const struct pair *pair, uint32_t kind,
                      struct fields *fields)
{
    const struct table *table = fields->table;
    size_t i = row_find(table, pair->key.text);
    if (i == table->count) {
        tell_unknown(parser, table, kind, &pair->key);
        return;
    }
    const struct row *row = &table->rows[i];
    if (row->kinds && !(row->kinds & kind)) {
        fault(parser, pair->key.place, "unknown-key", "'%s' does not go with %s", row->key,
              table->what);
        return;
    }
    fields->given[i] = pair;
}

bool mapping_read(struct parser *parser, const struct node *mapping, const struct table *table,
                  uint32_t kind, void *target, struct fields *fields)
{
    assert(table->count <= ROWS_MAX);
    *fields = (struct fields){.table = table, .mapping = mapping};
    if (!type_mapping(parser, mapping))
        return false;
    for (size_t i = 0; i < mapping->count; i++)
        pair_note(parser, &mapping->pairs[i], kind, fields);
    for (size_t i = 0; i < table->count; i++) {
        const struct row *row = &table->rows[i];
        const struct pair *pair = fields->given[i];
        if (!pair && row->needs & kind && !mapping->is_partial)
            fault(parser, mapping->place, "missing-key", "%s needs '%s'", table->what, row->key);
        if (pair)
            fields->good[i] = !row->read || row->read(parser, row, &pair->value, target);
    }
    return true;
}

const struct pair *fields_pair(const struct fields *fields, const char *key)
{
    size_t i = row_find(fields->table, slice_of(key));
    assert(i < fields->table->count);
    return fields->given[i];
}

const struct node *fields_value(const struct fields *fields, const char *key)
{
    const struct pair *pair = fields_pair(fields, key);
    return pair ? &pair->value : NULL;
}

bool fields_good(const struct fields *fields, const char *key)
{
    size_t i = row_find(fields->table, slice_of(key));
    assert(i < fields->table->count);
    return fields->good[i];
}

bool fields_either(struct parser *parser, const struct fields *fields, const char *first,
                   const char *second)
{
    const struct pair *a = fields_pair(fields, first), *b = fields_pair(fields, second);
    if (!a || !b)
        return false;
    const struct pair *later = a > b ? a : b; /* of one array, in the file's order */
    fault(parser, later->key.place, "either-or", "give '%s' or '%s', not both", first, second);
    return true;
}

/* ---- Rows ---- */

#define ROW_OF(name, type, call)                                                                   \
    bool row_##name(struct parser *parser, const struct row *row, const struct node *value,        \
                    void *target)                                                                  \
    {                                                                                              \
        type *field = row_field(row, target);                                                      \
        return call;                                                                               \
    }

ROW_OF(key, struct slice, type_key(parser, value, field))
ROW_OF(name, struct slice, type_name(parser, value, field))
ROW_OF(trait, struct slice, type_trait(parser, value, field))
ROW_OF(event, struct slice, type_event(parser, value, field))
ROW_OF(line, struct slice, type_line(parser, value, field))
ROW_OF(text, struct slice, type_text(parser, value, field))
ROW_OF(boolean, bool, type_boolean(parser, value, field))
ROW_OF(date, int64_t, type_date(parser, value, field))
ROW_OF(duration, int64_t, type_duration(parser, value, field))
ROW_OF(share, double, type_share(parser, value, row->least, row->most, field))
/* Enums have the representation of unsigned: gcc and clang, no negative constant. */
ROW_OF(word, unsigned, type_word(parser, value, row->words, field))

bool row_count(struct parser *parser, const struct row *row, const struct node *value, void *target)
{
    uint32_t *field = row_field(row, target);
    uint64_t count;
    if (!type_integer(parser, value, (uint64_t)row->least, (uint64_t)row->most, &count))
        return false;
    *field = (uint32_t)count;
    return true;
}

/* Within [least, most], where most > least. */
bool row_micro(struct parser *parser, const struct row *row, const struct node *value, void *target)
{
    char low[NUMBER_TEXT_SIZE], high[NUMBER_TEXT_SIZE];
    int64_t *field = row_field(row, target);
    int64_t micro;
    if (!type_number(parser, value, &micro))
        return false;
    double number = (double)micro / (double)MICRO;
    if (row->most > row->least && (number < row->least || number > row->most)) {
        struct slice text = shown(parser, value->text);
        bool is_above = row->least > 0 && row->least <= NUMBER_LEAST;
        const char *least = is_above ? "above 0" : number_format(row->least, low);
        if (row->most >= NUMBER_LIMIT)
            fault(parser, value->place, "out-of-range", "%.*s is out of range: %s%s",
                  SLICE_ARGS(text), least, is_above ? "" : " or more");
        else
            fault(parser, value->place, "out-of-range", "%.*s is out of range: %s to %s",
                  SLICE_ARGS(text), least, number_format(row->most, high));
        return false;
    }
    *field = micro;
    return true;
}

bool row_number(struct parser *parser, const struct row *row, const struct node *value,
                void *target)
{
    double *field = row_field(row, target);
    int64_t micro;
    struct row whole = *row;
    whole.offset = 0;
    if (!row_micro(parser, &whole, value, &micro))
        return false;
    *field = (double)micro / (double)MICRO;
    return true;
}

bool row_node(struct parser *parser, const struct row *row, const struct node *value, void *target)
{
    (void)parser;
    const struct node **field = row_field(row, target);
    *field = value;
    return value->kind != NODE_REFUSED;
}
