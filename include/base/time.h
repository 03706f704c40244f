#ifndef BASE_TIME_H
#define BASE_TIME_H

/*
 * Times are int64_t milliseconds since 1970-01-01T00:00Z; TIME_NONE says that there is none.  Days
 * are int32_t UTC days since 1970-01-01.  The clock is a value with a function, so that tests bring
 * their own.
 */

#include "base/slice.h"
#include "base/status.h"

#define TIME_NONE INT64_MIN
#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

struct clock {
    int64_t (*now_ms)(void *context); /* wall clock */
    void *context;
};
extern const struct clock clock_system;
static inline int64_t clock_now_ms(const struct clock *clock)
{
    return clock->now_ms(clock->context);
}
/* A clock that only goes forward, for durations. */
int64_t monotonic_us(void);

/* `YYYY-MM-DD` (00:00 UTC) or RFC 3339 with an offset (`Z`, `+02:00`), fraction allowed (cut to
 * ms), space or `T` between.  INVALID with text such as "November has 30 days". Years 1970..9999.
 */
MUST_CHECK enum status time_parse(struct slice text, int64_t *time_ms, struct error *error);
/* The same, or relative `-7d`, `-6h`: that long before `now_ms`. */
MUST_CHECK enum status time_parse_relative(struct slice text, int64_t now_ms, int64_t *time_ms,
                                           struct error *error);
/* "2026-11-23T18:00:00Z"; with ".250" where there are milliseconds.  Fits TIME_TEXT_SIZE. */
#define TIME_TEXT_SIZE 32
char *time_format(int64_t time_ms, char text[static TIME_TEXT_SIZE]);
/* "2026-11-23" */
char *day_format(int32_t day, char text[static TIME_TEXT_SIZE]);
/* "23 November 2026", for sentences */
char *day_words(int32_t day, char text[static TIME_TEXT_SIZE]);
int32_t day_of(int64_t time_ms); /* floor */
static inline int64_t day_start_ms(int32_t day)
{
    return day * DAY_MS;
}

/* Whole number and unit without space (`30s`, `5min`, `12h`, `7d`, `2w`), 1 s to 400 d. */
MUST_CHECK enum status duration_parse(struct slice text, int64_t *duration_ms, struct error *error);
/* In the largest of d, h, min, s, ms that is exact: "7d", "36h", "90s"; for people. */
char *duration_format(int64_t duration_ms, char text[static TIME_TEXT_SIZE]);

#endif
