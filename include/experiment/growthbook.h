#ifndef EXPERIMENT_GROWTHBOOK_H
#define EXPERIMENT_GROWTHBOOK_H

/*
 * The catalogue as the payload of the GrowthBook SDKs, which evaluate in the client: each
 * experiment a feature whose rules follow the table of grammar.md, section 8, so that the SDK gives
 * every unit the value that the server gives.  Only the value and what is tracked: a held-out unit
 * is tracked as `holdout:GROUP`, variation `held`.
 *
 * The SDKs know units by attributes: `id` is the user, `accountId` the account, `anonymousId` the
 * visitor.  All other attributes are traits.
 *
 * An experiment whose audience means in the SDK's language anything else than here is left out: an
 * SDK that answers otherwise than the server would spoil the experiment in silence.
 *
 * Reference: the conformance cases that the SDKs share, specVersion 0.8.0.
 */

#include "experiment/catalogue.h"

/* {"status":200,"features":{...}} in the order of the keys.  Coverage and dates are those in force
 * at `now_ms`.  Drafts are there only with forced units. */
void growthbook_write(struct buffer *out, const struct catalogue *catalogue, int64_t now_ms);

/* Whether the audience says the same in the SDK's language.  Else `why` gets a reason, one line:
 * "before: of 'signed_up' ...". */
bool growthbook_expresses(const struct experiment *experiment, struct buffer *why);

/* The pieces, for their tests. */
/* The condition as an object; false, with the reason in `why`, when it can't be said exactly. */
bool growthbook_condition_write(struct buffer *out, const struct condition *condition,
                                struct buffer *why);
/* A POSIX extended regular expression (of regcomp's C locale, on bytes) as a JavaScript one that
 * matches the same texts (by UTF-16 code units); false where that can't be promised. */
bool growthbook_pattern_write(struct buffer *out, struct slice pattern);

#endif
