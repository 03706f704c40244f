/*
 * The file of keys.
 *
 *     gangway keys 1
 *     web client sha256:9f86d0...0a08 2026-11-24T14:00:00Z never -
 *     crm server sha256:60303a...9a1e 2026-11-24T14:02:11.250Z 2027-11-24T00:00:00Z -
 *     old analyst sha256:fd61a0...87b9 2026-05-01T08:00:00Z never revoked=2026-11-24T09:00:00Z
 *     crm server sha256:a4e624...ec61 2026-01-02T03:04:05Z never rotated=2026-11-25T14:02:11.250Z
 *
 * The first line says what it is, in which format.  Then a line a key, in the order in which they
 * were made: name, role, SHA-256 of the key's text, when it was made, when it expires, and how it
 * has ended, one space between, a line end after each.  Times are RFC 3339 in UTC.  `rotated` names
 * the end of the old key's grace.  A name may stand on several lines, of which at most one is not
 * ended; a digest on one.  Anything else is refused with its line, a last line without its end too:
 * a file that was cut off must not pass for one with fewer keys.
 *
 * One SHA-256 is the right hash here.  A slow, salted one protects texts that people choose, since
 * those can be guessed; 32 characters by the kernel's generator out of 62 are 190 bits, which
 * nobody guesses, however fast the hash.  A slow one would only let anybody burn our time with
 * wrong keys.
 *
 * Looking a key up compares the digest of what was given with that of every row, all to the end,
 * in constant time.  So the time tells nobody how near a guess was, nor whose key it is.
 */

#include "store/keys.h"

#include "base/file.h"
#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_LINE "gangway keys 1"
#define FILE_BYTES_MAX ((size_t)KEYS_MAX * 384) /* a line has at most 64 + 8 + 71 + 3 * 40 */
#define FIELDS 6
#define MODE_OTHERS 077

static const struct {
    enum role role;
    const char *text;
    unsigned means;
} roles[] = {
    {ROLE_NONE, "none", ROLE_NONE},
    {ROLE_CLIENT, "client", ROLE_CLIENT},
    {ROLE_SERVER, "server", ROLE_SERVER | ROLE_CLIENT},
    {ROLE_ANALYST, "analyst", ROLE_ANALYST},
    {ROLE_ADMIN, "admin", ROLES_ALL},
};
#define ROLE_ROWS (sizeof roles / sizeof *roles)

const char *role_text(enum role role)
{
    for (size_t i = 0; i < ROLE_ROWS; i++)
        if (roles[i].role == role)
            return roles[i].text;
    return "none";
}

bool role_parse(struct slice text, enum role *role)
{
    for (size_t i = 1; i < ROLE_ROWS; i++) {
        if (!slice_equals(text, roles[i].text))
            continue;
        *role = roles[i].role;
        return true;
    }
    return false;
}

unsigned role_means(enum role role)
{
    for (size_t i = 0; i < ROLE_ROWS; i++)
        if (roles[i].role == role)
            return roles[i].means;
    return ROLE_NONE;
}

void keys_done(struct keys *keys)
{
    free(keys->items);
    *keys = (struct keys){0};
}

static bool is_letter_or_digit(char c)
{
    char lower = (char)(c | 0x20);
    return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z');
}

bool key_name_is_good(struct slice name)
{
    if (!name.size || name.size > KEY_NAME_SIZE_MAX || !is_letter_or_digit(name.data[0]))
        return false;
    for (size_t i = 0; i < name.size; i++)
        if (!is_letter_or_digit(name.data[i]) && !memchr("-_.", name.data[i], 3))
            return false;
    return true;
}

enum key_state key_state(const struct key *key, int64_t now_ms)
{
    if (key->end == KEY_END_REVOKED) /* whatever the clock says */
        return KEY_REVOKED;
    if (key->end == KEY_END_ROTATED && now_ms >= key->end_ms)
        return KEY_ROTATED;
    return key->expires_ms != TIME_NONE && now_ms >= key->expires_ms ? KEY_EXPIRED : KEY_GOOD;
}

const char *key_state_text(enum key_state state)
{
    static const char *const texts[] = {[KEY_GOOD] = "good",
                                        [KEY_EXPIRED] = "expired",
                                        [KEY_REVOKED] = "revoked",
                                        [KEY_ROTATED] = "rotated"};
    return texts[state];
}

const struct key *keys_find(const struct keys *keys, struct slice given)
{
    struct digest digest = hash_sha256(given);
    size_t found = keys->count;
    for (size_t i = 0; i < keys->count; i++) {
        size_t same = digest_equal_in_constant_time(&digest, &keys->items[i].digest);
        size_t mask = (size_t)0 - same;
        found = (found & ~mask) | (i & mask);
    }
    return found < keys->count ? &keys->items[found] : NULL;
}

/* Cuts `*line` into exactly FIELDS parts at single spaces. */
static bool line_split(struct slice line, struct slice fields[static FIELDS])
{
    size_t count = 0;
    size_t begin = 0;
    for (size_t i = 0; i <= line.size; i++) {
        if (i < line.size && line.data[i] != ' ')
            continue;
        if (count == FIELDS)
            return false;
        fields[count++] = (struct slice){.data = line.data + begin, .size = i - begin};
        begin = i + 1;
    }
    return count == FIELDS;
}

static bool time_read(struct slice text, int64_t *time_ms)
{
    return text.size && text.data[text.size - 1] == 'Z' && !time_parse(text, time_ms, NULL);
}

static bool end_read(struct slice text, struct key *key)
{
    static const struct {
        struct slice head;
        enum key_end end;
    } ends[] = {{SLICE_INIT("revoked="), KEY_END_REVOKED},
                {SLICE_INIT("rotated="), KEY_END_ROTATED}};
    if (slice_equals(text, "-"))
        return true;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (!slice_starts_with(text, ends[i].head))
            continue;
        key->end = ends[i].end;
        return time_read(slice_from(text, ends[i].head.size), &key->end_ms);
    }
    return false;
}

/* NULL, or what is wrong with the line. */
static const char *line_read(struct slice line, struct key *key)
{
    struct slice fields[FIELDS];
    if (!line_split(line, fields))
        return "a key's line has six parts, one space between";
    if (!key_name_is_good(fields[0]))
        return "a key's name has 1 to 64 letters, digits, - _ .";
    memcpy(key->name, fields[0].data, fields[0].size);
    if (!role_parse(fields[1], &key->role))
        return "a role is client, server, analyst or admin";
    if (!digest_parse(fields[2], &key->digest))
        return "a key's digest is sha256: and 64 hexadecimal digits";
    key->expires_ms = TIME_NONE;
    if (!time_read(fields[3], &key->created_ms) ||
        (!slice_equals(fields[4], "never") && !time_read(fields[4], &key->expires_ms)))
        return "a time is RFC 3339 in UTC; a key that does not expire has `never`";
    return end_read(fields[5], key) ? NULL : "a key's end is -, revoked=TIME or rotated=TIME";
}

/* NULL, or why the last key can't stand beside those before it. */
static const char *last_key_fault(const struct keys *keys)
{
    const struct key *last = &keys->items[keys->count - 1];
    for (size_t i = 0; i + 1 < keys->count; i++) {
        const struct key *other = &keys->items[i];
        if (digest_equal(&other->digest, &last->digest))
            return "the same key stands here twice";
        if (other->end == KEY_END_NONE && last->end == KEY_END_NONE &&
            strcmp(other->name, last->name) == 0)
            return "two keys of one name, neither of them ended";
    }
    return NULL;
}

/* Cuts the first line off, without its end.  False: there is no line end. */
static bool line_cut(struct slice *rest, struct slice *line)
{
    const char *end = rest->size ? memchr(rest->data, '\n', rest->size) : NULL;
    if (!end)
        return false;
    *line = (struct slice){.data = rest->data, .size = (size_t)(end - rest->data)};
    *rest = slice_from(*rest, line->size + 1);
    return true;
}

static enum status lines_parse(struct slice rest, const char *path, struct keys *keys,
                               struct error *error)
{
    struct slice line;
    for (int number = 2; rest.size; number++) {
        if (!line_cut(&rest, &line))
            return FAIL(error, STATUS_STORAGE, path, number, "the file of keys is cut off here");
        if (keys->count == KEYS_MAX)
            return FAIL(error, STATUS_STORAGE, path, number, "more than %d keys", KEYS_MAX);
        keys->items[keys->count] = (struct key){0};
        const char *fault = line_read(line, &keys->items[keys->count++]);
        if (!fault)
            fault = last_key_fault(keys);
        if (fault)
            return FAIL(error, STATUS_STORAGE, path, number, "%s", fault);
    }
    return STATUS_OK;
}

enum status keys_parse(struct slice text, const char *path, struct keys *keys, struct error *error)
{
    struct slice rest = text;
    struct slice line;
    if (!line_cut(&rest, &line) || !slice_starts_with(line, SLICE("gangway keys ")))
        return FAIL(error, STATUS_STORAGE, path, 1,
                    "this is no file of keys; its first line is '%s'", FIRST_LINE);
    if (!slice_equals(line, FIRST_LINE))
        return FAIL(error, STATUS_STORAGE, path, 1, "a file of keys of a format not known here");
    struct keys made = {.items = calloc(KEYS_MAX, sizeof(struct key))};
    if (!made.items)
        return FAIL(error, STATUS_NO_MEMORY, path, 0, "no memory for the keys");
    enum status status = lines_parse(rest, path, &made, error);
    if (status)
        keys_done(&made);
    else
        *keys = made;
    return status;
}

/* NOT_FOUND, or STORAGE when others may look. */
static enum status mode_check(const char *path, struct error *error)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return FAIL(error, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_STORAGE, path, 0,
                    "cannot look at the file of keys: %s", strerror(errno));
    if (info.st_mode & MODE_OTHERS)
        return FAIL(error, STATUS_STORAGE, path, 0,
                    "the file of keys has mode %04o: nobody but its owner may read or write it "
                    "(chmod 600)",
                    info.st_mode & 07777);
    return STATUS_OK;
}

enum status keys_read(const char *path, struct keys *keys, struct error *error)
{
    struct arena arena = {0};
    struct slice text;
    struct error why = {0};
    enum status status = mode_check(path, error);
    if (status)
        return status;
    status = file_read(path, FILE_BYTES_MAX, &arena, &text, &why);
    if (status && status != STATUS_NOT_FOUND && status != STATUS_NO_MEMORY)
        status = STATUS_STORAGE; /* what is there and can't be read is no mistake of the call */
    if (status)
        error_set(error, status, path, 0, "%s", why.text);
    else
        status = keys_parse(text, path, keys, error);
    arena_done(&arena);
    return status;
}

static void key_write(struct buffer *out, const struct key *key)
{
    char digest[DIGEST_TEXT_SIZE];
    char created[TIME_TEXT_SIZE], expires[TIME_TEXT_SIZE], end[TIME_TEXT_SIZE];
    static const char *const ends[] = {
        [KEY_END_NONE] = "-", [KEY_END_REVOKED] = "revoked=", [KEY_END_ROTATED] = "rotated="};
    buffer_format(out, "%s %s %s %s %s %s%s\n", key->name, role_text(key->role),
                  digest_format(&key->digest, digest), time_format(key->created_ms, created),
                  key->expires_ms == TIME_NONE ? "never" : time_format(key->expires_ms, expires),
                  ends[key->end], key->end ? time_format(key->end_ms, end) : "");
}

void keys_format(const struct keys *keys, struct buffer *out)
{
    buffer_add(out, SLICE(FIRST_LINE "\n"));
    for (size_t i = 0; i < keys->count; i++)
        key_write(out, &keys->items[i]);
}

/* Whose the file is to be, where root writes it: as it was, or as its folder. */
static bool owner_find(const char *path, const char *folder, struct stat *owner)
{
    return geteuid() == 0 && (stat(path, owner) == 0 || stat(folder, owner) == 0);
}

static enum status keys_write(const char *path, const char *folder, const struct keys *keys,
                              struct error *error)
{
    struct buffer text = {0};
    struct stat owner;
    bool has_owner = owner_find(path, folder, &owner);
    keys_format(keys, &text);
    enum status status = buffer_status(&text, error);
    if (!status)
        status = file_write_whole(path, 0600, buffer_slice(&text), error);
    if (!status && has_owner && owner.st_uid != 0 && chown(path, owner.st_uid, owner.st_gid) != 0)
        status = FAIL(error, STATUS_STORAGE, path, 0, "written, but its owner is root now: %s",
                      strerror(errno));
    buffer_done(&text);
    return status;
}

/* The folder of `path`, which is locked while the file changes: the file itself is replaced. */
static enum status folder_lock(const char *path, char folder[static PATH_MAX], int *lock_fd,
                               struct error *error)
{
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) + 1 : 1;
    if (size >= PATH_MAX)
        return FAIL(error, STATUS_INVALID, path, 0, "the path is too long");
    memcpy(folder, slash ? path : ".", size);
    folder[size] = '\0';
    *lock_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*lock_fd < 0)
        return FAIL(error, STATUS_STORAGE, folder, 0, "cannot open the folder of the keys: %s",
                    strerror(errno));
    while (flock(*lock_fd, LOCK_EX) != 0) {
        if (errno == EINTR)
            continue;
        close(*lock_fd);
        return FAIL(error, STATUS_STORAGE, folder, 0, "cannot lock the folder of the keys: %s",
                    strerror(errno));
    }
    return STATUS_OK;
}

/* An empty table with room for all keys. */
static enum status keys_begin(struct keys *keys, struct error *error)
{
    *keys = (struct keys){.items = calloc(KEYS_MAX, sizeof(struct key))};
    return keys->items ? STATUS_OK : FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory for the keys");
}

enum status keys_change(const char *path, keys_change_fn *change, void *context,
                        struct error *error)
{
    char folder[PATH_MAX];
    int lock_fd;
    struct keys keys = {0};
    struct error why = {0};
    enum status status = folder_lock(path, folder, &lock_fd, error);
    if (status)
        return status;
    status = keys_read(path, &keys, &why);
    if (status == STATUS_NOT_FOUND)
        status = keys_begin(&keys, error);
    else if (status)
        error_set(error, status, why.where, why.line, "%s", why.text);
    if (!status)
        status = change(&keys, context, error);
    if (!status)
        status = keys_write(path, folder, &keys, error);
    keys_done(&keys);
    close(lock_fd);
    return status;
}
