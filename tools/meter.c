/*
 * The line of meter.h.  It is cut to the terminal's width, since a line that wraps cannot be
 * written over, and erased with ECMA-48's EL (ESC [ K), which TERM=dumb does not know.
 *
 * Signals: the handler writes the few bytes that erase the line and raises the signal again with
 * its default action.  It is set only where that is the action, so that a command that handles a
 * signal itself keeps its own.
 */

#include "meter.h"

#include "base/time.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REDRAW_MS 100
#define RATE_AFTER_MS 500 /* a rate over less says little */
#define LINE_SIZE 256

static const char erase[] = "\r\033[K";
static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP};

static struct {
    const char *what;
    enum meter_unit unit;
    bool is_shown;
    int64_t begun_ms, drawn_ms;
    volatile sig_atomic_t has_line; /* something stands on the terminal */
} meter;

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

void meter_begin(const char *what, enum meter_unit unit, bool is_wanted)
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
    if (meter.unit == METER_BYTES) {
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

static void add_time_left(char *line, size_t used, uint64_t left, double rate)
{
    double seconds = (double)left / rate;
    uint64_t whole = seconds < 1e6 ? (uint64_t)(seconds + .5) : 1000000;
    unsigned hours = (unsigned)(whole / 3600);
    unsigned minutes = (unsigned)(whole / 60 % 60);
    if (hours)
        snprintf(line + used, LINE_SIZE - used, ", %u:%02u:%02u left", hours, minutes,
                 (unsigned)(whole % 60));
    else
        snprintf(line + used, LINE_SIZE - used, ", %u:%02u left", minutes, (unsigned)(whole % 60));
}

static void write_line(uint64_t done, uint64_t total, int64_t passed_ms, char *line)
{
    static const char *const units[] = {[METER_RECORDS] = " records", [METER_BYTES] = " MB"};
    char one[40];
    char two[40];
    bool has_rate = passed_ms >= RATE_AFTER_MS && done;
    double rate = has_rate ? (double)done * 1000 / (double)passed_ms : 0;
    size_t used =
        (size_t)snprintf(line, LINE_SIZE, "%s: %s", meter.what, amount(done, one, sizeof one));
    if (total)
        used += (size_t)snprintf(
            line + used, LINE_SIZE - used, " of %s%s, %u%%", amount(total, two, sizeof two),
            units[meter.unit],
            (unsigned)((double)(done < total ? done : total) * 100 / (double)total));
    else
        used += (size_t)snprintf(line + used, LINE_SIZE - used, "%s", units[meter.unit]);
    if (has_rate)
        used += (size_t)snprintf(line + used, LINE_SIZE - used, ", %s%s/s",
                                 amount((uint64_t)rate, one, sizeof one),
                                 meter.unit == METER_BYTES ? " MB" : "");
    if (has_rate && total > done)
        add_time_left(line, used, total - done, rate);
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
    char bytes[LINE_SIZE + sizeof erase];
    struct winsize window = {0};
    size_t columns = 79;
    meter.drawn_ms = now;
    write_line(done, total, now - meter.begun_ms, line);
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col)
        columns = window.ws_col - 1u;
    int size = snprintf(bytes, sizeof bytes, "%s%.*s", erase, (int)columns, line);
    meter.has_line = 1;
    if (write(STDERR_FILENO, bytes, (size_t)size) < 0)
        meter.is_shown = false;
}

void meter_pause(void)
{
    if (!meter.has_line)
        return;
    erase_line();
    meter.drawn_ms = now_ms() - REDRAW_MS;
}

void meter_end(void)
{
    if (!meter.is_shown)
        return;
    erase_line();
    signals_set(false);
    meter.is_shown = false;
}
