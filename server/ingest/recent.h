#ifndef INGEST_RECENT_H
#define INGEST_RECENT_H

/*
 * The messages written lately, to leave out what a client sends again.  A table of sets: a message
 * may stand only in the set that its hash names, and the oldest of a full set gives way.  With 16
 * places in each of 2^17 sets nearly all of the last million messages are in it (of those exactly a
 * million back, 99 in 100: Poisson with mean 8 against 16 places), and the memory is 34 MB at most.
 *
 * 128 bits stand for the pair of message id and content, so a message that is no duplicate is not
 * taken for one.
 */

#include "base/hash.h"

struct recent;

/* NULL when there is no memory; the others take NULL for an empty table that stays empty. */
struct recent *recent_new(void);
void recent_free(struct recent *recent);
/* Whether it is in the table; puts it there where it is not.  A message id of zeros never is. */
bool recent_meets(struct recent *recent, const struct hash128 *message_key,
                  const struct hash128 *content);

#endif
