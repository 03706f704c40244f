#ifndef INGEST_DIALECT_H
#define INGEST_DIALECT_H

/*
 * Events of PostHog and Amplitude as Segment messages, so that the rules of an event (message.c)
 * stand in one place.  What an event is called there decides what it is here:
 *
 *     PostHog                          Amplitude                     message
 *     $identify, $set                  $identify                     identify
 *     $groupidentify                   $groupidentify                group
 *     $create_alias                                                  alias
 *     $pageview                        [Amplitude] Page Viewed       page
 *     $screen                          [Amplitude] Screen Viewed     screen
 *     $feature_flag_called             $exposure                     track, an exposure
 *     any other                        any other                     track
 *
 * Whose: Amplitude's user_id and device_id are userId and anonymousId.  PostHog has one
 * `distinct_id`: it is that of a visitor where the SDK says so ($is_identified false, or equal to
 * $device_id), else of a user, whose anonymousId is then the $device_id.
 *
 * Which account: of the groups that an event names, the first whose type is in `account_types`.
 * A group of another type has traits, but nobody is tied to it.
 *
 * Of what an SDK adds by itself (PostHog's `$...` and utm_..., Amplitude's `[Amplitude] ...`) only
 * that is kept which is kept of Segment's context: the path of the page, the language, the
 * campaign.
 */

#include "base/value.h"
#include "ingest/intake.h"

/* How a dialect frames its events. */
struct dialect_frame {
    const char *list;    /* the member that holds the events */
    const char *sent_at; /* when the client sent them */
    const char *id;      /* of an event: its message id */
};
extern const struct dialect_frame dialect_frames[];

/* What came of one event. */
struct dialect_result {
    struct value message;     /* an object with members as Segment has them, `type` among them */
    enum rejection rejection; /* where it is refused */
    const char *fault;        /* NULL: it is not */
};

/* Translates `event` (an object).  Texts are borrowed from it or lie in `arena`, whose `failed`
 * tells when there was no memory. */
struct dialect_result dialect_translate(enum intake_dialect dialect, struct arena *arena,
                                        const struct value *event, int64_t received_ms);

#endif
