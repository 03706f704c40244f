#ifndef BASE_UNIT_H
#define BASE_UNIT_H

/* What is randomised and what an id names: a user, an account, or an anonymous visitor. */

#include "base/slice.h"

enum unit_kind { UNIT_USER, UNIT_ACCOUNT, UNIT_ANONYMOUS, UNIT_KIND_COUNT };

const char *unit_kind_text(enum unit_kind kind); /* "user", "account", "anonymous" */
bool unit_kind_parse(struct slice text, enum unit_kind *kind);

/* Why an id is no id, NULL when it is fine: empty, over 256 bytes, not UTF-8, a control character,
 * or a known placeholder (null, undefined, anonymous, unknown in any case, zeros with or without
 * dashes). */
const char *unit_id_fault(struct slice id);
/* The last of these. */
bool unit_id_is_placeholder(struct slice id);

#endif
