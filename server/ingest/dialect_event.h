#ifndef INGEST_DIALECT_EVENT_H
#define INGEST_DIALECT_EVENT_H

/* One event on its way from a dialect to a Segment message: what dialect_posthog.c and
 * dialect_amplitude.c share. */

#include "dialect.h"

struct translation {
    struct arena *arena;
    const struct value *event;
    int64_t received_ms;
    struct value message; /* what is made of it */
    struct value context; /* goes into it at the end */
    struct value traits;  /* the same: by the type of message into it or into its context */
    enum rejection rejection;
    const char *fault;
};

void translate_posthog(struct translation *translation);
void translate_amplitude(struct translation *translation);

/* The member, NULL where it is null or not there. */
const struct value *translation_member(const struct value *object, const char *name);
/* Adds the value to `to` where there is one. */
void translation_copy(struct translation *translation, struct value *to, const char *name,
                      const struct value *value);
/* Adds an object to the message where it has members. */
void translation_add(struct translation *translation, const char *name, struct value object);
void translation_refuse(struct translation *translation, enum rejection rejection,
                        const char *fault);

/* The member of the event that has to be an object, NULL: it is not there.  Refuses another. */
const struct value *translation_object(struct translation *translation, const char *name,
                                       const char *fault);

bool account_type_is_known(struct slice type);
/* The account among groups by type, NULL: none of a known type. */
const struct value *account_of(const struct value *groups);
/* The same, else the first group of any type. */
const struct value *group_of(const struct value *groups);
void traits_merge(struct translation *translation, struct value *traits, const struct value *more);

#endif
