/*
 * Times and durations.  The calendar is the proleptic Gregorian one in whole-number arithmetic
 * (Hinnant, "chrono-Compatible Low-Level Date Algorithms"): years begin in March, so that the leap
 * day comes last, and 400 years are always 146 097 days.  No C library calendar, no zone database.
 */

#include "base/time.h"

#include "base/number.h"

#include <stdio.h>
#include <time.h>

#define ERA_YEARS 400
#define ERA_DAYS 146097
#define EPOCH_DAYS 719468 /* from 0000-03-01 to 1970-01-01 */
#define YEAR_MIN 1970
#define YEAR_MAX 9999
#define TIME_MAX INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */
#define DURATION_MAX (400 * DAY_MS)
#define SHOWN_SIZE_MAX 64 /* longer texts are not repeated in errors */

struct date {
    int64_t year;
    int month; /* 1..12 */
    int day;   /* 1..31 */
};

static const struct {
    const char *name;
    int days;
} months[] = {
    {"January", 31},   {"February", 28}, {"March", 31},    {"April", 30},
    {"May", 31},       {"June", 30},     {"July", 31},     {"August", 31},
    {"September", 30}, {"October", 31},  {"November", 30}, {"December", 31},
};

/* Largest first, as duration_format tries them; weeks are read only: nobody says "26 weeks". */
static const struct {
    const char *name;
    int64_t size_ms;
    bool is_written;
} units[] = {
    {"w", 7 * DAY_MS, false}, {"d", DAY_MS, true},    {"h", HOUR_MS, true},
    {"min", MINUTE_MS, true}, {"s", SECOND_MS, true}, {"ms", 1, true},
};
#define UNITS_READ 5 /* all but ms */

static int64_t system_now_ms(void *context)
{
    (void)context;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * SECOND_MS + now.tv_nsec / 1000000;
}

const struct clock clock_system = {.now_ms = system_now_ms};

int64_t monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static int64_t floor_divide(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

static int64_t days_from_date(struct date date)
{
    int64_t year = date.year - (date.month <= 2);
    int64_t era = floor_divide(year, ERA_YEARS);
    int64_t year_of_era = year - era * ERA_YEARS;
    int64_t day_of_year = (153 * ((date.month + 9) % 12) + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * ERA_DAYS + day_of_era - EPOCH_DAYS;
}

static struct date date_from_days(int64_t days)
{
    days += EPOCH_DAYS;
    int64_t era = floor_divide(days, ERA_DAYS);
    int64_t day_of_era = days - era * ERA_DAYS;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* 0: March */
    return (struct date){
        .year = year_of_era + era * ERA_YEARS + (month >= 10),
        .month = (int)(month < 10 ? month + 3 : month - 9),
        .day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
    };
}

static int month_days(int64_t year, int month)
{
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return months[month - 1].days + (month == 2 && is_leap);
}

/* The text as an error may repeat it. */
static struct slice shown(struct slice text)
{
    return text.size <= SHOWN_SIZE_MAX && slice_is_utf8(text) ? text : SLICE("this");
}

static enum status fail_time(struct slice text, const char *why, struct error *error)
{
    struct slice name = shown(text);
    return FAIL(error, STATUS_INVALID, "", 0, "'%.*s' is not a date: %s", SLICE_ARGS(name), why);
}

/* `count` digits from `rest`, taken off; -1 when there are none. */
static int take_digits(struct slice *rest, size_t count)
{
    int value = 0;
    if (rest->size < count)
        return -1;
    for (size_t i = 0; i < count; i++) {
        char c = rest->data[i];
        if (c < '0' || c > '9')
            return -1;
        value = value * 10 + (c - '0');
    }
    *rest = slice_from(*rest, count);
    return value;
}

static bool take_one_of(struct slice *rest, const char *wanted)
{
    if (rest->size == 0 || rest->data[0] == '\0' || !strchr(wanted, rest->data[0]))
        return false;
    *rest = slice_from(*rest, 1);
    return true;
}

static const char date_form[] = "write 2026-11-23 or 2026-11-23T18:00:00Z";

static enum status take_date(struct slice text, struct slice *rest, struct date *date,
                             struct error *error)
{
    int year = take_digits(rest, 4);
    bool good = year >= 0 && take_one_of(rest, "-");
    int month = good ? take_digits(rest, 2) : -1;
    good = month >= 0 && take_one_of(rest, "-");
    int day = good ? take_digits(rest, 2) : -1;
    if (day < 0)
        return fail_time(text, date_form, error);
    if (year < YEAR_MIN)
        return fail_time(text, "years begin with 1970", error);
    if (month < 1 || month > 12)
        return fail_time(text, "months are 01 to 12", error);
    if (day < 1 || day > month_days(year, month)) {
        char why[64];
        snprintf(why, sizeof why, "%s %shas %d days", months[month - 1].name,
                 month == 2 ? "of that year " : "", month_days(year, month));
        return fail_time(text, why, error);
    }
    *date = (struct date){.year = year, .month = month, .day = day};
    return STATUS_OK;
}

/* ":SS" with a fraction, cut to milliseconds; -1 when it is none.  60 is a leap second. */
static int64_t take_seconds(struct slice *rest)
{
    int second = take_one_of(rest, ":") ? take_digits(rest, 2) : -1;
    if (second < 0 || second > 60)
        return -1;
    int64_t ms = second * SECOND_MS;
    if (!take_one_of(rest, "."))
        return ms;
    int64_t place = 100;
    int digit = take_digits(rest, 1);
    if (digit < 0)
        return -1;
    for (; digit >= 0; digit = take_digits(rest, 1)) {
        ms += digit * place;
        place /= 10;
    }
    return ms;
}

/* "Z" or "+HH:MM"; false when it is none. */
static bool take_offset(struct slice *rest, int64_t *offset_ms)
{
    *offset_ms = 0;
    if (take_one_of(rest, "Zz"))
        return true;
    bool is_west = rest->size && rest->data[0] == '-';
    if (!take_one_of(rest, "+-"))
        return false;
    int hour = take_digits(rest, 2);
    int minute = take_one_of(rest, ":") ? take_digits(rest, 2) : -1;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
        return false;
    *offset_ms = (hour * HOUR_MS + minute * MINUTE_MS) * (is_west ? -1 : 1);
    return true;
}

static enum status parse_clock(struct slice text, struct slice *rest, int64_t *ms,
                               struct error *error)
{
    int64_t offset_ms;
    int hour = take_digits(rest, 2);
    int minute = take_one_of(rest, ":") ? take_digits(rest, 2) : -1;
    if (hour < 0 || minute < 0)
        return fail_time(text, date_form, error);
    int64_t second_ms = take_seconds(rest);
    if (second_ms < 0)
        return fail_time(text, "seconds are missing or not 00 to 59", error);
    if (hour > 23 || minute > 59)
        return fail_time(text, "a day has 24 hours of 60 minutes", error);
    if (!take_offset(rest, &offset_ms))
        return fail_time(text, "it needs an offset, such as Z or +02:00", error);
    int64_t minute_ms = hour * HOUR_MS + minute * MINUTE_MS - offset_ms;
    bool is_last_of_day = ((minute_ms % DAY_MS) + DAY_MS) % DAY_MS == DAY_MS - MINUTE_MS;
    if (second_ms >= MINUTE_MS && !is_last_of_day)
        return fail_time(text, "a leap second comes at 23:59:60 UTC only", error);
    *ms = minute_ms + second_ms;
    return STATUS_OK;
}

enum status time_parse(struct slice text, int64_t *time_ms, struct error *error)
{
    struct date date = {0};
    struct slice rest = text;
    enum status status = take_date(text, &rest, &date, error);
    if (status)
        return status;
    int64_t ms = 0;
    if (take_one_of(&rest, "Tt "))
        status = parse_clock(text, &rest, &ms, error);
    if (status)
        return status;
    if (rest.size)
        return fail_time(text, date_form, error);
    ms += days_from_date(date) * DAY_MS;
    if (ms < 0 || ms > TIME_MAX)
        return fail_time(text, "it is outside of the years 1970 to 9999", error);
    *time_ms = ms;
    return STATUS_OK;
}

enum status time_parse_relative(struct slice text, int64_t now_ms, int64_t *time_ms,
                                struct error *error)
{
    int64_t ago_ms;
    if (text.size == 0 || text.data[0] != '-')
        return time_parse(text, time_ms, error);
    enum status status = duration_parse(slice_from(text, 1), &ago_ms, error);
    if (status)
        return status;
    *time_ms = now_ms - ago_ms;
    return STATUS_OK;
}

char *time_format(int64_t time_ms, char text[static TIME_TEXT_SIZE])
{
    int64_t days = floor_divide(time_ms, DAY_MS);
    /* Unsigned, because the first day of all begins before INT64_MIN. */
    int64_t ms = (int64_t)((uint64_t)time_ms - (uint64_t)days * (uint64_t)DAY_MS);
    struct date date = date_from_days(days);
    int size = snprintf(text, TIME_TEXT_SIZE, "%04lld-%02d-%02dT%02d:%02d:%02d",
                        (long long)date.year, date.month, date.day, (int)(ms / HOUR_MS),
                        (int)(ms / MINUTE_MS % 60), (int)(ms / SECOND_MS % 60));
    size_t room = TIME_TEXT_SIZE - (size_t)size;
    if (ms % SECOND_MS)
        snprintf(text + size, room, ".%03dZ", (int)(ms % SECOND_MS));
    else
        snprintf(text + size, room, "Z");
    return text;
}

char *day_format(int32_t day, char text[static TIME_TEXT_SIZE])
{
    struct date date = date_from_days(day);
    snprintf(text, TIME_TEXT_SIZE, "%04lld-%02d-%02d", (long long)date.year, date.month, date.day);
    return text;
}

char *day_words(int32_t day, char text[static TIME_TEXT_SIZE])
{
    struct date date = date_from_days(day);
    snprintf(text, TIME_TEXT_SIZE, "%d %s %lld", date.day, months[date.month - 1].name,
             (long long)date.year);
    return text;
}

int32_t day_of(int64_t time_ms)
{
    int64_t days = floor_divide(time_ms, DAY_MS);
    return days < INT32_MIN ? INT32_MIN : days > INT32_MAX ? INT32_MAX : (int32_t)days;
}

/* "7 days" -> "7d": the number and the unit whose first letter follows. */
static enum status fail_duration(struct slice text, size_t digits, struct error *error)
{
    struct slice name = shown(text);
    size_t at = digits;
    while (at < text.size && text.data[at] == ' ')
        at++;
    struct slice word = slice_from(text, at);
    for (size_t i = 0; digits && digits < 10 && i < UNITS_READ; i++)
        if (word.size && units[i].name[0] == (word.data[0] | 0x20))
            return FAIL(error, STATUS_INVALID, "", 0, "'%.*s' is not a duration; write '%.*s%s'",
                        SLICE_ARGS(name), (int)digits, text.data, units[i].name);
    return FAIL(error, STATUS_INVALID, "", 0,
                "'%.*s' is not a duration; write a whole number and s, min, h, d or w, "
                "such as '7d'",
                SLICE_ARGS(name));
}

enum status duration_parse(struct slice text, int64_t *duration_ms, struct error *error)
{
    size_t digits = 0;
    while (digits < text.size && text.data[digits] >= '0' && text.data[digits] <= '9')
        digits++;
    struct slice word = slice_from(text, digits);
    for (size_t i = 0; digits && i < UNITS_READ; i++) {
        int64_t count, ms;
        if (!slice_equals(word, units[i].name))
            continue;
        if (!integer_parse((struct slice){.data = text.data, .size = digits}, &count) ||
            __builtin_mul_overflow(count, units[i].size_ms, &ms) || ms < SECOND_MS ||
            ms > DURATION_MAX)
            return FAIL(error, STATUS_INVALID, "", 0, "'%.*s' is not between 1s and 400d",
                        SLICE_ARGS(shown(text)));
        *duration_ms = ms;
        return STATUS_OK;
    }
    return fail_duration(text, digits, error);
}

char *duration_format(int64_t duration_ms, char text[static TIME_TEXT_SIZE])
{
    if (duration_ms == 0) {
        snprintf(text, TIME_TEXT_SIZE, "0s");
        return text;
    }
    size_t i = 0;
    while (!units[i].is_written || duration_ms % units[i].size_ms != 0)
        i++;
    snprintf(text, TIME_TEXT_SIZE, "%lld%s", (long long)(duration_ms / units[i].size_ms),
             units[i].name);
    return text;
}
