/*
 * The log: a line is made in memory and written by one write(2), so lines of several threads never
 * mix.  What cannot be written is lost; a service must not stop because nobody reads its log.
 */

#include "base/log.h"

#include "base/buffer.h"
#include "base/time.h"

#include <errno.h>
#include <unistd.h>

#define LINE_SIZE_MAX ((size_t)16 * 1024)

static const char *const levels[] = {
    [LOG_LEVEL_AUDIT] = "audit", [LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_INFO] = "info",   [LOG_LEVEL_DEBUG] = "debug",
};

static enum log_level level_max = LOG_LEVEL_INFO;
static bool writes_json;

void log_setup(enum log_level level, bool as_json)
{
    level_max = level;
    writes_json = as_json;
}

bool log_level_parse(struct slice text, enum log_level *level)
{
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (!slice_equals(text, levels[i]))
            continue;
        *level = (enum log_level)i;
        return true;
    }
    return false;
}

/* Whether `text` can stand as it is: printable ASCII, nothing that ends a value or quotes. */
static bool is_plain(struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c <= ' ' || c > '~' || c == '"' || c == '=' || c == '\\')
            return false;
    }
    return text.size > 0;
}

/* The mark that turns text around, of which `mark` are the two or three bytes, as JSON has it. */
static void add_mark(struct buffer *line, const char *mark, size_t size)
{
    unsigned first = (unsigned char)mark[0] & (size == 2 ? 0x1f : 0x0f);
    unsigned code = first << 6 | ((unsigned char)mark[1] & 0x3f);
    if (size == 3)
        code = code << 6 | ((unsigned char)mark[2] & 0x3f);
    buffer_format(line, "\\u%04x", code);
}

/* Escaped, without quotes: valid UTF-8 whatever comes, and no control character, not even those of
 * Latin-1, which some terminals obey, nor a mark that turns around what stands beside it. */
static void add_escaped(struct buffer *line, struct slice text)
{
    bool is_utf8 = slice_is_utf8(text);
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        size_t harmful = is_utf8 && byte >= 0x80 ? slice_harmful_size(slice_from(text, i)) : 0;
        if (byte == '"' || byte == '\\')
            buffer_format(line, "\\%c", byte);
        else if (byte < 0x20 || byte == 0x7f)
            buffer_format(line, "\\u%04x", byte);
        else if (byte >= 0x80 && !is_utf8)
            buffer_add(line, SLICE("\\ufffd"));
        else if (harmful) {
            add_mark(line, text.data + i, harmful);
            i += harmful - 1;
        } else
            buffer_add_byte(line, (char)byte);
    }
}

static void add_quoted(struct buffer *line, struct slice text)
{
    buffer_add_byte(line, '"');
    add_escaped(line, text);
    buffer_add_byte(line, '"');
}

static void add_field_text(struct buffer *line, const struct log_field *field)
{
    buffer_format(line, " %s=", field->key);
    if (field->is_number)
        buffer_format(line, "%lld", (long long)field->number);
    else if (is_plain(field->text))
        buffer_add(line, field->text);
    else
        add_quoted(line, field->text);
}

static void add_field_json(struct buffer *line, const struct log_field *field)
{
    buffer_add_byte(line, ',');
    add_quoted(line, slice_of(field->key));
    buffer_add_byte(line, ':');
    if (field->is_number)
        buffer_format(line, "%lld", (long long)field->number);
    else
        add_quoted(line, field->text);
}

/* Adds a field, or nothing of it where it does not fit. */
static void add_field(struct buffer *line, const struct log_field *field)
{
    size_t before = line->size;
    if (writes_json)
        add_field_json(line, field);
    else
        add_field_text(line, field);
    if (!line->failed)
        return;
    line->size = before;
    line->failed = false;
}

static void add_head(struct buffer *line, enum log_level level, const char *module,
                     const char *message)
{
    char time[TIME_TEXT_SIZE];
    time_format(clock_now_ms(&clock_system), time);
    const char *between = writes_json ? "\",\"message\":\"" : " ";
    buffer_format(line, writes_json ? "{\"time\":\"%s\",\"level\":\"%s\",\"module\":\"" : "%s %s ",
                  time, levels[level]);
    add_escaped(line, slice_of(module));
    buffer_add(line, slice_of(between));
    add_escaped(line, slice_of(message));
    if (writes_json)
        buffer_add_byte(line, '"');
}

static void write_line(struct slice line)
{
    ssize_t written;
    do
        written = write(STDERR_FILENO, line.data, line.size);
    while (written < 0 && errno == EINTR);
}

void log_write(enum log_level level, const char *module, const char *message,
               const struct log_field *fields)
{
    if (level > level_max)
        return;
    int error_before = errno;
    struct buffer line = {.limit = LINE_SIZE_MAX};
    add_head(&line, level, module, message);
    for (; fields->key; fields++)
        add_field(&line, fields);
    line.limit = 0; /* the end of the line always fits */
    buffer_add(&line, writes_json ? SLICE("}\n") : SLICE("\n"));
    if (line.failed)
        write_line(SLICE("a line of the log is lost: out of memory\n"));
    else
        write_line(buffer_slice(&line));
    buffer_done(&line);
    errno = error_before;
}
