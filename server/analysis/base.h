#ifndef ANALYSIS_BASE_H
#define ANALYSIS_BASE_H

/*
 * Bases: the state at the end of the journal files that retention dropped (architecture 1), from
 * which states are built from then on.  It is a state environment of its own under STORE/base,
 * published like any other, with one more entry in META:
 *
 *     "base"  u64 sequence | i64 time of its receipt | 32 bytes SHA-256, chained over all other
 * rows: of digest before, table's name, key, value
 *
 * A base is bound to a scheme, as every state is.  Built by the same scheme, a new state begins
 * with its rows.  By another, it begins with its units as they are known: names become the numbers
 * of the new scheme, what the old one did not keep is missing, and everybody is judged anew.  Then
 * META says which definitions had all they need (view_lacks_before):
 *
 *     "lacking"  i64 time of receipt of the base's last record | digests of the definitions that
 *                lack nothing
 *
 * Who is erased with exposures on both sides of the cut is a bare count on either side: the salt
 * under which the journal's ids were replaced is forgotten, and nobody can tell that they are one.
 */

#include "builder.h"

#include "analysis/fold.h"

struct base {
    uint64_t sequence;
    int64_t received_ms;
    struct digest rows;
};

/* Opens the base of options->origin or ->store; NOT_FOUND: there is none. */
MUST_CHECK enum status base_open(const struct fold_options *options, struct state **state,
                                 struct base *base, struct error *error);
/* Into the empty state of `view`, which is prepared (builder_prepare).  STORAGE: there is no base,
 * or none that reaches as far as the journal was dropped. */
MUST_CHECK enum status base_load(const struct fold_options *options,
                                 const struct builder_options *builder_options, struct view *view,
                                 struct error *error);
/* Whether a base is there that was begun before the last erasure was scrubbed: it has to be made
 * anew (base_start does, and base_publish puts it in the place of the old). */
bool base_is_stale(const struct fold_options *options);
/* A builder on a state under STORE/base, with nothing folded but what the old base has. */
MUST_CHECK enum status base_start(const struct fold_options *options,
                                  const struct catalogue_records *catalogues,
                                  struct builder **builder, struct error *error);
MUST_CHECK enum status base_publish(struct builder *builder, struct error *error);

/* base_convert.c: units of a base of another scheme, or from which a person has to be erased: of
 * these keys, `count` of them, nothing stays but bare exposures, each of its UTC day, marked as
 * erased. */
struct erasure_row;
MUST_CHECK enum status base_convert(const struct builder_options *options, struct state *base,
                                    struct view *view, const struct erasure_row *rows, size_t count,
                                    struct error *error);
/* What META says of the definitions that lack something, carried on. */
MUST_CHECK enum status lacking_carry(struct state *base, struct state_transaction *transaction,
                                     struct error *error);

#endif
