/* The contract of the state: transactions, order, checksums, and the change from one to the next.
 */

#include "store/state.h"

#include "store/fixture.h"

#include "../../server/store/engine.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct state_options small = {.map_size = TEST_MAP_SIZE};

static bool exists(const struct fixture *fixture, const char *name)
{
    char path[256];
    struct stat info;
    snprintf(path, sizeof path, "%s/state/%s", fixture->path, name);
    return lstat(path, &info) == 0;
}

static void put(struct state *state, enum state_table table, struct slice key, struct slice value)
{
    struct state_transaction *transaction;
    assert_int_equal(state_begin(state, true, &transaction, NULL), STATUS_OK);
    assert_int_equal(state_put(transaction, table, key, value, NULL), STATUS_OK);
    assert_int_equal(state_commit(transaction, NULL), STATUS_OK);
}

static bool has(struct state *state, enum state_table table, struct slice key, const char *want)
{
    struct state_transaction *transaction;
    struct slice value = {0};
    assert_int_equal(state_begin(state, false, &transaction, NULL), STATUS_OK);
    enum status status = state_get(transaction, table, key, &value, NULL);
    bool same = status == STATUS_OK && slice_equals(value, want);
    state_abort(transaction);
    return same;
}

static void a_store_without_state_says_so(void **nothing)
{
    (void)nothing;
    struct fixture fixture;
    struct state *state = NULL;
    fixture_make(&fixture);
    assert_int_equal(state_open(&fixture.store, &small, &state, NULL), STATUS_NOT_FOUND);
    assert_null(state);
    fixture_remove(&fixture);
}

static void a_state_is_current_only_when_published(void **nothing)
{
    (void)nothing;
    struct fixture fixture;
    struct state *state = NULL;
    fixture_make(&fixture);
    assert_int_equal(state_create(&fixture.store, &small, &state, NULL), STATUS_OK);
    put(state, STATE_META, SLICE("k"), SLICE("one"));
    state_close(state);
    assert_false(exists(&fixture, "1")); /* never published: gone */
    struct state_options unsynced = {.map_size = TEST_MAP_SIZE, .unsynced = true};
    assert_int_equal(state_create(&fixture.store, &unsynced, &state, NULL), STATUS_OK);
    put(state, STATE_META, SLICE("k"), SLICE("two"));
    assert_int_equal(state_publish(state, NULL), STATUS_OK);
    put(state, STATE_CUBE, SLICE("k"), SLICE(""));
    state_close(state);
    assert_int_equal(state_open(&fixture.store, &small, &state, NULL), STATUS_OK);
    assert_true(has(state, STATE_META, SLICE("k"), "two"));
    assert_true(has(state, STATE_CUBE, SLICE("k"), ""));
    assert_false(has(state, STATE_CUBE, SLICE("q"), ""));
    state_close(state);
    fixture_remove(&fixture);
}

static void publishing_replaces_and_removes_the_one_before(void **nothing)
{
    (void)nothing;
    struct fixture fixture;
    struct state *old = NULL;
    struct state *new = NULL;
    fixture_make(&fixture);
    assert_int_equal(state_create(&fixture.store, &small, &old, NULL), STATUS_OK);
    put(old, STATE_META, SLICE("k"), SLICE("old"));
    assert_int_equal(state_publish(old, NULL), STATUS_OK);
    assert_int_equal(state_create(&fixture.store, &small, &new, NULL), STATUS_OK);
    put(new, STATE_META, SLICE("k"), SLICE("new"));
    assert_true(exists(&fixture, "1") && exists(&fixture, "2"));
    assert_int_equal(state_publish(new, NULL), STATUS_OK);
    assert_false(exists(&fixture, "1"));
    assert_true(has(old, STATE_META, SLICE("k"), "old")); /* who has it open keeps it */
    assert_true(has(new, STATE_META, SLICE("k"), "new"));
    state_close(old);
    state_close(new);
    assert_true(exists(&fixture, "2") && exists(&fixture, "current"));
    fixture_remove(&fixture);
}

static void the_next_writer_removes_what_a_dead_one_left(void **nothing)
{
    (void)nothing;
    struct fixture fixture;
    struct state *state = NULL;
    char path[256];
    fixture_make(&fixture);
    assert_int_equal(state_create(&fixture.store, &small, &state, NULL), STATUS_OK);
    assert_int_equal(state_publish(state, NULL), STATUS_OK);
    state_close(state);
    snprintf(path, sizeof path, "%s/state/7", fixture.path);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/state/7/data.mdb", fixture.path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    store_close(&fixture.store);
    assert_int_equal(store_open(&fixture.store, fixture.path, STORE_WRITE, NULL), STATUS_OK);
    assert_false(exists(&fixture, "7"));
    assert_true(exists(&fixture, "1"));
    fixture_remove(&fixture);
}

static void what_is_aborted_never_was(void **nothing)
{
    (void)nothing;
    struct fixture fixture;
    struct state *state = NULL;
    struct state_transaction *transaction;
    fixture_make(&fixture);
    assert_int_equal(state_create(&fixture.store, &small, &state, NULL), STATUS_OK);
    put(state, STATE_UNITS, SLICE("a"), SLICE("kept"));
    assert_int_equal(state_begin(state, true, &transaction, NULL), STATUS_OK);
    assert_int_equal(state_put(transaction, STATE_UNITS, SLICE("a"), SLICE("lost"), NULL), 0);
    assert_int_equal(state_delete(transaction, STATE_UNITS, SLICE("missing"), NULL), STATUS_OK);
    state_abort(transaction);
    state_abort(NULL);
    assert_true(has(state, STATE_UNITS, SLICE("a"), "kept"));
    state_close(state);
    fixture_remove(&fixture);
}

static bool collect(void *context, struct slice key, struct slice value)
{
    char *text = context;
    size_t used = strlen(text);
    snprintf(text + used, 64 - used, "%.*s=%.*s ", SLICE_ARGS(key), SLICE_ARGS(value));
    return !slice_equals(value, "stop");
}

static void scanned(struct state *state, struct slice from, struct slice prefix, const char *want)
{
    char text[64] = "";
    struct state_transaction *transaction;
    struct state_scan scan = {.table = STATE_LINKS, .from = from, .prefix = prefix};
    scan.visit = collect;
    scan.context = text;
    assert_int_equal(state_begin(state, false, &transaction, NULL), STATUS_OK);
    assert_int_equal(state_scan(transaction, &scan, NULL), STATUS_OK);
    state_abort(transaction);
    assert_string_equal(text, want);
}

static void a_scan_gives_keys_in_order_from_and_by_prefix(void **nothing)
{
    (void)nothing;
    struct fixture fixture;
    struct state *state = NULL;
    fixture_make(&fixture);
    assert_int_equal(state_create(&fixture.store, &small, &state, NULL), STATUS_OK);
    put(state, STATE_LINKS, SLICE("b2"), SLICE("2"));
    put(state, STATE_LINKS, SLICE("a"), SLICE("0"));
    put(state, STATE_LINKS, SLICE("b1"), SLICE("1"));
    put(state, STATE_LINKS, SLICE("c"), SLICE("stop"));
    put(state, STATE_LINKS, SLICE("d"), SLICE("4"));
    put(state, STATE_NAMES, SLICE("b0"), SLICE("of another table"));
    scanned(state, SLICE(""), SLICE(""), "a=0 b1=1 b2=2 c=stop ");
    scanned(state, SLICE(""), SLICE("b"), "b1=1 b2=2 ");
    scanned(state, SLICE("b2"), SLICE("b"), "b2=2 ");
    scanned(state, SLICE("a"), SLICE("b"), "b1=1 b2=2 ");
    scanned(state, SLICE("c"), SLICE("b"), "");
    scanned(state, SLICE("x"), SLICE(""), "");
    state_close(state);
    fixture_remove(&fixture);
}

/* Writes past state_put, as damage on the disk would. */
static void overwrite(const struct fixture *fixture, struct slice key, struct slice stored)
{
    char path[256];
    const char *names[STATE_TABLE_COUNT];
    struct engine *engine;
    struct engine_transaction *transaction;
    for (int i = 0; i < STATE_TABLE_COUNT; i++)
        names[i] = state_table_text((enum state_table)i);
    struct engine_options options = {.tables = names, .table_count = STATE_TABLE_COUNT};
    options.map_size = TEST_MAP_SIZE;
    snprintf(path, sizeof path, "%s/state/1", fixture->path);
    assert_int_equal(engine_open(path, &options, &engine, NULL), STATUS_OK);
    assert_int_equal(engine_begin(engine, true, &transaction, NULL), STATUS_OK);
    assert_int_equal(engine_put(transaction, STATE_CUBE, key, stored, NULL), STATUS_OK);
    assert_int_equal(engine_commit(transaction, NULL), STATUS_OK);
    engine_close(engine);
}

/* The bytes as stored: value and checksum. */
static void stored_bytes(const struct fixture *fixture, struct slice key, char bytes[32],
                         size_t *size)
{
    char path[256];
    const char *names[] = {"cube"};
    struct engine *engine;
    struct engine_transaction *transaction;
    struct slice stored;
    struct engine_options options = {.tables = names, .table_count = 1};
    options.map_size = TEST_MAP_SIZE;
    snprintf(path, sizeof path, "%s/state/1", fixture->path);
    assert_int_equal(engine_open(path, &options, &engine, NULL), STATUS_OK);
    assert_int_equal(engine_begin(engine, false, &transaction, NULL), STATUS_OK);
    assert_int_equal(engine_get(transaction, 0, key, &stored, NULL), STATUS_OK);
    assert_true(stored.size <= 32);
    memcpy(bytes, stored.data, stored.size);
    *size = stored.size;
    engine_abort(transaction);
    engine_close(engine);
}

static void a_damaged_value_is_never_served(void **nothing)
{
    (void)nothing;
    struct fixture fixture;
    struct state *state = NULL;
    char bytes[32];
    size_t size;
    fixture_make(&fixture);
    assert_int_equal(state_create(&fixture.store, &small, &state, NULL), STATUS_OK);
    put(state, STATE_CUBE, SLICE("key"), SLICE("integers"));
    assert_int_equal(state_publish(state, NULL), STATUS_OK);
    state_close(state);
    stored_bytes(&fixture, SLICE("key"), bytes, &size);
    assert_int_equal(size, 16);
    for (size_t bit = 0; bit <= 8 * size; bit += 5) { /* the last one: cut off */
        char damaged[32];
        memcpy(damaged, bytes, size);
        if (bit < 8 * size)
            damaged[bit / 8] = (char)(damaged[bit / 8] ^ (1 << bit % 8));
        overwrite(&fixture, SLICE("key"),
                  (struct slice){.data = damaged, .size = bit < 8 * size ? size : 7});
        struct state_transaction *transaction;
        struct slice value = {0};
        struct error error = {0};
        struct state_scan scan = {.table = STATE_CUBE, .visit = collect};
        assert_int_equal(state_open(&fixture.store, &small, &state, NULL), STATUS_OK);
        assert_int_equal(state_begin(state, false, &transaction, NULL), STATUS_OK);
        assert_int_equal(state_get(transaction, STATE_CUBE, SLICE("key"), &value, &error),
                         STATUS_STORAGE);
        assert_string_equal(error.where, "cube");
        assert_null(value.data);
        assert_int_equal(state_scan(transaction, &scan, NULL), STATUS_STORAGE);
        state_abort(transaction);
        state_close(state);
    }
    overwrite(&fixture, SLICE("yek"), (struct slice){.data = bytes, .size = size});
    overwrite(&fixture, SLICE("key"), (struct slice){.data = bytes, .size = size});
    assert_int_equal(state_open(&fixture.store, &small, &state, NULL), STATUS_OK);
    assert_true(has(state, STATE_CUBE, SLICE("key"), "integers"));
    assert_false(has(state, STATE_CUBE, SLICE("yek"), "integers")); /* another's value */
    state_close(state);
    fixture_remove(&fixture);
}

static void a_full_map_is_full_and_no_end(void **nothing)
{
    (void)nothing;
    static char large[300000];
    struct fixture fixture;
    struct state *state = NULL;
    struct state_options tiny = {.map_size = 1 << 20};
    struct state_transaction *transaction;
    fixture_make(&fixture);
    assert_int_equal(state_create(&fixture.store, &tiny, &state, NULL), STATUS_OK);
    struct slice value = {.data = large, .size = sizeof large};
    enum status status = STATUS_OK;
    assert_int_equal(state_begin(state, true, &transaction, NULL), STATUS_OK);
    for (char key = 'a'; key < 'k' && !status; key++)
        status = state_put(transaction, STATE_UNITS, (struct slice){.data = &key, .size = 1}, value,
                           NULL);
    assert_int_equal(status, STATUS_FULL);
    state_abort(transaction);
    put(state, STATE_UNITS, SLICE("k"), SLICE("works"));
    assert_true(has(state, STATE_UNITS, SLICE("k"), "works"));
    state_close(state);
    fixture_remove(&fixture);
}

/* A terabyte, or what the machine, a sanitizer or valgrind grants of it. */
static void the_default_map_opens(void **nothing)
{
    (void)nothing;
    struct fixture fixture;
    struct state *state = NULL;
    fixture_make(&fixture);
    assert_int_equal(state_create(&fixture.store, NULL, &state, NULL), STATUS_OK);
    put(state, STATE_META, SLICE("k"), SLICE("v"));
    assert_true(has(state, STATE_META, SLICE("k"), "v"));
    assert_true(state_bytes(state) < 1 << 20);
    state_reader_check(state);
    state_close(state);
    fixture_remove(&fixture);
}

/* Pages of address space in use; the sanitizers reserve terabytes. */
static size_t address_space_bytes(void)
{
    size_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%zu", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return pages * 4096;
}

/* In a child, because the limit is the process's. */
static int short_of_address_space(const struct fixture *fixture)
{
    struct rlimit limit = {.rlim_cur = address_space_bytes() + ((size_t)6 << 30)};
    struct state *state = NULL;
    limit.rlim_max = limit.rlim_cur;
    if (setrlimit(RLIMIT_AS, &limit) || state_create(&fixture->store, NULL, &state, NULL))
        return 1;
    put(state, STATE_META, SLICE("k"), SLICE("v"));
    bool good = has(state, STATE_META, SLICE("k"), "v");
    state_close(state);
    return good ? 0 : 2;
}

static void a_map_that_is_refused_is_halved_until_it_is_granted(void **nothing)
{
    (void)nothing;
    struct fixture fixture;
    int result;
    fixture_make(&fixture);
    pid_t child = fork();
    if (child == 0)
        _exit(short_of_address_space(&fixture));
    waitpid(child, &result, 0);
    assert_int_equal(result, 0);
    fixture_remove(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_store_without_state_says_so),
        cmocka_unit_test(a_state_is_current_only_when_published),
        cmocka_unit_test(publishing_replaces_and_removes_the_one_before),
        cmocka_unit_test(the_next_writer_removes_what_a_dead_one_left),
        cmocka_unit_test(what_is_aborted_never_was),
        cmocka_unit_test(a_scan_gives_keys_in_order_from_and_by_prefix),
        cmocka_unit_test(a_damaged_value_is_never_served),
        cmocka_unit_test(a_full_map_is_full_and_no_end),
        cmocka_unit_test(the_default_map_opens),
        cmocka_unit_test(a_map_that_is_refused_is_halved_until_it_is_granted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
