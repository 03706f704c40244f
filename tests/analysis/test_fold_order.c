/*
 * The fold's promises over random streams: the order of arrival, duplicates and batches change no
 * byte of the cube, and a state built anew equals the one that grew.
 */

#include "stream.h"

static void world_begin(struct world *world)
{
    world_make(world);
    world_declare(world, WORLD_START, stream_files, STREAM_FILES);
}

/* Sends the stream in pieces, folding in batches of random size between them. */
static void world_stream(struct world *world, const struct stream *stream, struct random *random)
{
    struct error error = {0};
    struct fold *fold = NULL;
    struct fold_options options = world_options(world, 100 + random_below(random, 900));
    must(fold_open(&options, &fold, &error), &error);
    for (size_t at = 0; at < stream->count;) {
        size_t piece = 1 + random_below(random, stream->count / 3 + 1);
        if (piece > stream->count - at)
            piece = stream->count - at;
        world_send(world, stream->messages + at, piece);
        at += piece;
        bool more;
        must(fold_advance(fold, &more, &error), &error);
    }
    world_settle(fold);
    fold_close(fold);
}

static char *cube_of(const struct stream *stream, struct random *random)
{
    struct world world;
    world_begin(&world);
    world_stream(&world, stream, random);
    char *cube = world_cube(&world);
    world_remove(&world);
    return cube;
}

static size_t lines(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

static void any_order_any_duplicates_any_batches_give_the_same_cube(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct random random = {.state = seed * 77};
        struct stream stream = stream_make(seed, 1500, 3 + 12 * seed);
        /* A repeat may be the smaller body, so it belongs to the set from the beginning. */
        stream_repeat(&stream, &random, 200);
        char *expected = cube_of(&stream, &random);
        assert_true(lines(expected) > 100);
        for (int round = 0; round < 2; round++) {
            size_t count = stream.count;
            for (size_t i = 0; i < count / 4; i++) { /* exact duplicates */
                stream.messages =
                    realloc(stream.messages, (stream.count + 1) * sizeof *stream.messages);
                assert_non_null(stream.messages);
                stream.messages[stream.count] = stream.messages[random_below(&random, count)];
                stream.count++;
            }
            stream_shuffle(&stream, &random);
            char *cube = cube_of(&stream, &random);
            assert_string_equal(cube, expected);
            free(cube);
        }
        free(expected);
        stream_done(&stream);
    }
}

static void one_unit_with_more_than_it_may_hold_depends_on_no_order(void **state)
{
    (void)state;
    struct random random = {.state = 5};
    struct stream stream = stream_make(99, 16000, 1);
    char *expected = cube_of(&stream, &random);
    stream_shuffle(&stream, &random);
    char *cube = cube_of(&stream, &random);
    assert_string_equal(cube, expected);
    free(cube);
    free(expected);
    stream_done(&stream);
}

static void rebuild_gives_every_row_of_the_state_that_grew(void **state)
{
    (void)state;
    for (uint64_t seed = 50; seed < 52; seed++) {
        struct error error = {0};
        struct world world;
        struct random random = {.state = seed};
        struct stream stream = stream_make(seed, 1200, 20);
        world_begin(&world);
        world_stream(&world, &stream, &random);
        char *grown = world_dump(&world, STATE_META, STATE_NAMES);
        struct fold_options options = world_options(&world, 200 + random_below(&random, 500));
        must(fold_rebuild(&options, NULL, &error), &error);
        char *rebuilt = world_dump(&world, STATE_META, STATE_NAMES);
        assert_string_equal(rebuilt, grown);
        uint64_t differences = 1;
        must(fold_verify(&options, NULL, &differences, &error), &error);
        assert_int_equal(differences, 0);
        free(rebuilt);
        free(grown);
        stream_done(&stream);
        world_remove(&world);
    }
}

struct told {
    int count;
    enum state_table table;
};

static void tell(void *context, enum state_table table, struct slice key)
{
    struct told *told = context;
    assert_true(key.size > 0);
    told->count++;
    told->table = table;
}

static void verify_names_a_cell_that_was_changed(void **state)
{
    (void)state;
    struct error error = {0};
    struct world world;
    struct random random = {.state = 1};
    struct stream stream = stream_make(1, 600, 10);
    world_begin(&world);
    world_stream(&world, &stream, &random);
    struct state *opened = NULL;
    struct state_transaction *transaction = NULL;
    static const struct cell_key made_up = {.definition = 1, .cohort = 7};
    unsigned char key[CELL_KEY_SIZE];
    cell_key_write(&made_up, key);
    must(state_open(&world.store, &(struct state_options){0}, &opened, &error), &error);
    must(state_begin(opened, true, &transaction, &error), &error);
    must(state_put(transaction, STATE_CUBE,
                   (struct slice){.data = (const char *)key, .size = sizeof key},
                   SLICE("\1abcdefghijklmnop"), &error),
         &error);
    must(state_commit(transaction, &error), &error);
    state_close(opened);
    struct told told = {0};
    struct fold_verify_options verify = {.difference = tell, .context = &told};
    struct fold_options options = world_options(&world, 0);
    uint64_t differences = 0;
    must(fold_verify(&options, &verify, &differences, &error), &error);
    assert_int_equal(differences, 1);
    assert_int_equal(told.count, 1);
    assert_int_equal(told.table, STATE_CUBE);
    stream_done(&stream);
    world_remove(&world);
}

/* Puts a byte too many behind every value of the table. */
static void spoil(struct world *world, enum state_table table)
{
    struct error error = {0};
    struct state *opened = NULL;
    struct state_transaction *transaction = NULL;
    char *dump = world_dump(world, table, table);
    must(state_open(&world->store, &(struct state_options){0}, &opened, &error), &error);
    must(state_begin(opened, true, &transaction, &error), &error);
    for (char *line = strchr(dump, '\n'); line && line[1]; line = strchr(line + 1, '\n')) {
        char key[64];
        size_t size = 0;
        for (const char *at = line + 1; *at != ' ' && size < sizeof key; at += 2) {
            unsigned byte;
            assert_int_equal(sscanf(at, "%2x", &byte), 1);
            key[size++] = (char)(unsigned char)byte;
        }
        must(state_put(transaction, table, (struct slice){.data = key, .size = size},
                       SLICE("not what was here"), &error),
             &error);
    }
    must(state_commit(transaction, &error), &error);
    state_close(opened);
    free(dump);
}

static void a_state_that_proves_damaged_is_built_anew(void **state)
{
    (void)state;
    static const enum state_table tables[] = {STATE_UNITS, STATE_CUBE, STATE_META, STATE_DICTIONARY,
                                              STATE_CATALOGUES};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        struct world world;
        struct random random = {.state = 3};
        struct stream stream = stream_make(3, 600, 10), rest = stream;
        world_begin(&world);
        rest.count = 400;
        world_stream(&world, &rest, &random);
        spoil(&world, tables[i]);
        rest.messages += 400;
        rest.count = 200;
        world_stream(&world, &rest, &random);
        char *mended = world_cube(&world), *expected = cube_of(&stream, &random);
        assert_string_equal(mended, expected);
        free(mended);
        free(expected);
        stream_done(&stream);
        world_remove(&world);
    }
}

static void records_that_cannot_be_read_are_counted_and_passed(void **state)
{
    (void)state;
    struct error error = {0};
    struct world world;
    struct random random = {.state = 2};
    struct stream stream = stream_make(2, 300, 5);
    world_begin(&world);
    const struct journal_entry odd[] = {
        {.kind = RECORD_MESSAGE, .received_ms = STREAM_RECEIVED, .body = SLICE("\xff\xff")},
        {.kind = RECORD_CATALOGUE, .received_ms = STREAM_RECEIVED, .body = SLICE("\x03")},
        {.kind = (enum record_kind)77, .received_ms = STREAM_RECEIVED, .body = SLICE("?")},
    };
    world_append(&world, odd, 3);
    world_stream(&world, &stream, &random);
    char *cube = world_cube(&world), *expected = cube_of(&stream, &random);
    assert_string_equal(cube, expected);
    struct fold *fold = NULL;
    struct fold_progress progress;
    struct fold_options options = world_options(&world, 0);
    must(fold_open(&options, &fold, &error), &error);
    fold_progress(fold, &progress);
    assert_int_equal(progress.damaged, 3);
    assert_int_equal(progress.watermark, 304);
    assert_false(progress.building);
    fold_close(fold);
    uint64_t differences = 1;
    must(fold_verify(&options, NULL, &differences, &error), &error);
    assert_int_equal(differences, 0);
    free(cube);
    free(expected);
    stream_done(&stream);
    world_remove(&world);
}

/*
 * The cube of a fixed stream.  When this fails, what a unit contributes has changed: raise
 * CONTRIBUTION_VERSION, so that every state is built anew, and put the digest printed here beside
 * the new version.
 */
static const struct {
    int version;
    const char *digest;
} golden = {5, "sha256:9823a8712db3f8c23c9ab74c57a9db4ae9604ab1720a8cba3736cf7946c809df"};

static void what_units_contribute_changes_with_the_version_alone(void **state)
{
    (void)state;
    struct random random = {.state = 12};
    struct stream stream = stream_make(2026, 3000, 60);
    char *cube = cube_of(&stream, &random);
    struct digest digest = hash_sha256(slice_of(cube));
    char text[DIGEST_TEXT_SIZE];
    digest_format(&digest, text);
    if (golden.version != CONTRIBUTION_VERSION || strcmp(text, golden.digest) != 0)
        fail_msg("version %d gives %s", CONTRIBUTION_VERSION, text);
    free(cube);
    stream_done(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_any_duplicates_any_batches_give_the_same_cube),
        cmocka_unit_test(one_unit_with_more_than_it_may_hold_depends_on_no_order),
        cmocka_unit_test(rebuild_gives_every_row_of_the_state_that_grew),
        cmocka_unit_test(verify_names_a_cell_that_was_changed),
        cmocka_unit_test(what_units_contribute_changes_with_the_version_alone),
        cmocka_unit_test(a_state_that_proves_damaged_is_built_anew),
        cmocka_unit_test(records_that_cannot_be_read_are_counted_and_passed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
