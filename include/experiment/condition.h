#ifndef EXPERIMENT_CONDITION_H
#define EXPERIMENT_CONDITION_H

/*
 * Conditions on traits (audience) and on properties (where): grammar.md, section 6.
 *
 * A condition is compiled once by the parser and then only read: evaluation allocates nothing and
 * takes no lock.  A missing trait fails every test but `exists: false`; null counts as missing.
 */

#include "base/value.h"

#include <regex.h>

enum condition_operator {
    OPERATOR_EQ,
    OPERATOR_NE,
    OPERATOR_IN,
    OPERATOR_NOT_IN,
    OPERATOR_GT,
    OPERATOR_GTE,
    OPERATOR_LT,
    OPERATOR_LTE,
    OPERATOR_BETWEEN,
    OPERATOR_EXISTS,
    OPERATOR_STARTS_WITH,
    OPERATOR_ENDS_WITH,
    OPERATOR_CONTAINS,
    OPERATOR_MATCHES,
    OPERATOR_VERSION_GTE,
    OPERATOR_VERSION_LT,
    OPERATOR_BEFORE,
    OPERATOR_AFTER,
    OPERATOR_COUNT
};

/* An operand as written, and what it is besides. */
struct operand {
    struct slice text;
    bool is_number; /* `text` is wholly a decimal number, `number` */
    double number;
    int64_t time_ms; /* of before, after */
    bool boolean;    /* of exists */
};

enum condition_kind { CONDITION_ALL, CONDITION_ANY, CONDITION_NOT, CONDITION_TEST };

struct condition {
    enum condition_kind kind;
    const struct condition *parts; /* ALL, ANY: part_count; NOT: one */
    size_t part_count;
    struct slice trait; /* TEST: the trait or property, a dotted path */
    enum condition_operator operator;
    const struct operand *operands; /* TEST: operand_count; sorted by text for IN and NOT_IN */
    size_t operand_count;
    const regex_t *pattern; /* MATCHES; freed with the catalogue */
};

/* "eq", "in", ...: the words of the grammar. */
const char *condition_operator_text(enum condition_operator operator);
bool condition_operator_parse(struct slice text, enum condition_operator *found);

/* Whether `condition` holds for the object `traits` (NULL: no traits).  NULL condition: holds. */
bool condition_holds(const struct condition *condition, const struct value *traits);

/* The words of the file, in one line: `role in [sales_rep, owner] and employees >= 2`. */
void condition_write(struct buffer *out, const struct condition *condition);
/* Canonical JSON for definitions: {"all": [...]}, {"trait": {"operator": ...}}. */
void condition_write_canonical(struct buffer *out, const struct condition *condition);

#endif
