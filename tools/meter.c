/*
 * The line of meter.h.  It is cut to the terminal's width, since a line that wraps cannot be
 * written over, and erased with ECMA-48's EL (ESC [ K), which TERM=dumb does not know.
 *
 * Signals: the handler writes the few bytes that erase the line and raises the signal again with
 * its default action.  It is set only where that is the action, so that a command that handles a
 * signal itself keeps its own.
 *
 * meter_wait has a thread that looks at the clock; the lock is for it.
 */

#include "meter.h"

#include "base/time.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REDRAW_MS 100
#define RATE_AFTER_MS 500 /* a rate over less says little */
#define WAIT_MS 1000      /* who waits less asks nothing */
#define LINE_SIZE 256

static const char erase[] = "\r\033[K";
static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP};

static struct {
    const char *what;
    enum observer_unit unit;
    bool is_shown;
    bool is_waiting; /* a thread shows the time */
    pthread_t waiting;
    pthread_mutex_t lock; /* of what is drawn, and of is_waiting */
    pthread_cond_t waited;
    int64_t begun_ms, drawn_ms;
    volatile sig_atomic_t has_line; /* something stands on the terminal */
} meter = {.lock = PTHREAD_MUTEX_INITIALIZER, .waited = PTHREAD_COND_INITIALIZER};

static int64_t now_ms(void)
{
    return monotonic_us() / 1000;
}

static void erase_line(void)
{
    if (meter.has_line && write(STDERR_FILENO, erase, sizeof erase - 1) < 0)
        meter.is_shown = false; /* the terminal is gone */
    meter.has_line = 0;
}

static void on_signal(int number)
{
    if (meter.has_line && write(STDERR_FILENO, erase, sizeof erase - 1) < 0)
        meter.has_line = 0;
    raise(number); /* SA_RESETHAND has put the default back */
}

static void signals_set(bool on)
{
    for (size_t i = 0; i < sizeof ending_signals / sizeof *ending_signals; i++) {
        struct sigaction old;
        struct sigaction new = {.sa_handler = on ? on_signal : SIG_DFL,
                                .sa_flags = on ? (int)SA_RESETHAND : 0};
        sigemptyset(&new.sa_mask);
        if (sigaction(ending_signals[i], NULL, &old) == 0 &&
            old.sa_handler == (on ? SIG_DFL : on_signal))
            sigaction(ending_signals[i], &new, NULL);
    }
}

void meter_begin(const char *what, enum observer_unit unit, bool is_wanted)
{
    const char *terminal = getenv("TERM");
    meter_end();
    meter.what = what;
    meter.unit = unit;
    meter.is_shown = is_wanted && isatty(STDERR_FILENO) && terminal && *terminal &&
                     strcmp(terminal, "dumb") != 0;
    meter.begun_ms = now_ms();
    meter.drawn_ms = meter.begun_ms - REDRAW_MS;
    if (meter.is_shown)
        signals_set(true);
}

/* Digits in groups of three: 2 000 000; of bytes the megabytes: 12.3. */
static const char *amount(uint64_t value, char *text, size_t size)
{
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    size_t used = 0;
    if (meter.unit == OBSERVER_BYTES) {
        snprintf(text, size, "%.1f", (double)value / 1e6);
        return text;
    }
    for (int i = 0; i < count && used + 2 < size; i++) {
        if (i && (count - i) % 3 == 0)
            text[used++] = ' ';
        text[used++] = digits[i];
    }
    text[used] = '\0';
    return text;
}

/* Parts of the line, in the order in which they stand. */
enum part { PART_SHARE, PART_AMOUNT, PART_RATE, PART_LEFT, PART_COUNT };
#define PART_SIZE 64

static void time_left(uint64_t left, double rate, char part[static PART_SIZE])
{
    double seconds = (double)left / rate;
    uint64_t whole = seconds < 1e6 ? (uint64_t)(seconds + .5) : 1000000;
    unsigned hours = (unsigned)(whole / 3600);
    unsigned minutes = (unsigned)(whole / 60 % 60);
    if (hours)
        snprintf(part, PART_SIZE, "%u:%02u:%02u left", hours, minutes, (unsigned)(whole % 60));
    else
        snprintf(part, PART_SIZE, "%u:%02u left", minutes, (unsigned)(whole % 60));
}

/* An empty part is one that can't be told. */
static void parts_write(uint64_t done, uint64_t total, int64_t passed_ms,
                        char parts[static PART_COUNT][PART_SIZE])
{
    static const char *const units[] = {
        [OBSERVER_RECORDS] = " records", [OBSERVER_RUNS] = " runs", [OBSERVER_BYTES] = " MB"};
    bool is_bytes = meter.unit == OBSERVER_BYTES;
    bool has_rate = passed_ms >= RATE_AFTER_MS && done;
    double rate = has_rate ? (double)done * 1000 / (double)passed_ms : 0;
    char one[24];
    char two[24];
    amount(done, one, sizeof one);
    if (total) {
        double share = (double)(done < total ? done : total) / (double)total;
        snprintf(parts[PART_SHARE], PART_SIZE, "%u%%", (unsigned)(100 * share));
        snprintf(parts[PART_AMOUNT], PART_SIZE, "%s of %s%s", one, amount(total, two, sizeof two),
                 units[meter.unit]);
    } else {
        snprintf(parts[PART_AMOUNT], PART_SIZE, "%s%s", one, units[meter.unit]);
    }
    if (has_rate)
        snprintf(parts[PART_RATE], PART_SIZE, "%s%s/s", amount((uint64_t)rate, two, sizeof two),
                 is_bytes ? " MB" : "");
    if (has_rate && total > done)
        time_left(total - done, rate, parts[PART_LEFT]);
}

static size_t parts_join(char parts[static PART_COUNT][PART_SIZE], char *line)
{
    size_t used = (size_t)snprintf(line, LINE_SIZE, "%s:", meter.what);
    const char *between = " ";
    for (size_t i = 0; i < PART_COUNT; i++) {
        if (!parts[i][0])
            continue;
        used += (size_t)snprintf(line + used, LINE_SIZE - used, "%s%s", between, parts[i]);
        between = ", ";
    }
    return used;
}

/* As much as fits: parts go whole, and what is left is cut. */
static void write_line(uint64_t done, uint64_t total, int64_t passed_ms, size_t columns, char *line)
{
    static const enum part dispensable[] = {PART_RATE, PART_AMOUNT, PART_LEFT};
    char parts[PART_COUNT][PART_SIZE] = {{0}};
    parts_write(done, total, passed_ms, parts);
    size_t size = parts_join(parts, line);
    for (size_t i = 0; size > columns && i < sizeof dispensable / sizeof *dispensable; i++) {
        if (dispensable[i] == PART_AMOUNT && !total)
            continue; /* there is nothing else to tell */
        parts[dispensable[i]][0] = '\0';
        size = parts_join(parts, line);
    }
}

static size_t columns_of_terminal(void)
{
    struct winsize window = {0};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col)
        return window.ws_col - 1u;
    return 79;
}

static void draw(const char *line, size_t columns)
{
    char bytes[LINE_SIZE + sizeof erase];
    int size = snprintf(bytes, sizeof bytes, "%s%.*s", erase, (int)columns, line);
    meter.has_line = 1;
    if (write(STDERR_FILENO, bytes, (size_t)size) < 0)
        meter.is_shown = false;
}

void meter_set(void *context, uint64_t done, uint64_t total)
{
    (void)context;
    if (!meter.is_shown)
        return;
    int64_t now = now_ms();
    if (now - meter.drawn_ms < REDRAW_MS)
        return;
    char line[LINE_SIZE];
    size_t columns = columns_of_terminal();
    meter.drawn_ms = now;
    write_line(done, total, now - meter.begun_ms, columns, line);
    draw(line, columns);
}

/* ---- steps ---- */

static void observer_tells(const struct observer *observer, const char *doing,
                           enum observer_unit unit, uint64_t done, uint64_t total)
{
    (void)observer;
    if (meter.is_waiting || !meter.is_shown || strcmp(meter.what, doing) != 0)
        meter_begin(doing, unit, true);
    meter_set(NULL, done, total);
}

const struct observer *meter_observer(bool is_wanted)
{
    static const struct observer observer = {.tell = observer_tells};
    return is_wanted ? &observer : NULL;
}

/* ---- time alone ---- */

static void *wait_and_show(void *context)
{
    struct timespec until;
    char line[LINE_SIZE];
    (void)context;
    clock_gettime(CLOCK_REALTIME, &until);
    pthread_mutex_lock(&meter.lock);
    while (meter.is_waiting) {
        until.tv_sec += WAIT_MS / 1000;
        while (meter.is_waiting && pthread_cond_timedwait(&meter.waited, &meter.lock, &until) == 0)
            ; /* woken, but not by the clock */
        if (!meter.is_waiting)
            break;
        snprintf(line, sizeof line, "%s: %lld s", meter.what,
                 (long long)((now_ms() - meter.begun_ms) / 1000));
        draw(line, columns_of_terminal());
    }
    pthread_mutex_unlock(&meter.lock);
    return NULL;
}

void meter_wait(const char *what, bool is_wanted)
{
    meter_begin(what, OBSERVER_RECORDS, is_wanted);
    if (!meter.is_shown)
        return;
    meter.is_waiting = true;
    if (pthread_create(&meter.waiting, NULL, wait_and_show, NULL) != 0)
        meter.is_waiting = false; /* nothing is shown then */
}

static void waiting_end(void)
{
    if (!meter.is_waiting)
        return;
    pthread_mutex_lock(&meter.lock);
    meter.is_waiting = false;
    pthread_cond_signal(&meter.waited);
    pthread_mutex_unlock(&meter.lock);
    pthread_join(meter.waiting, NULL);
}

void meter_pause(void)
{
    pthread_mutex_lock(&meter.lock);
    if (meter.has_line) {
        erase_line();
        meter.drawn_ms = now_ms() - REDRAW_MS;
    }
    pthread_mutex_unlock(&meter.lock);
}

void meter_end(void)
{
    waiting_end();
    if (!meter.is_shown)
        return;
    erase_line();
    signals_set(false);
    meter.is_shown = false;
}
