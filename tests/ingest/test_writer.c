/*
 * The journal writer: what it says is done is on the disk, once; a full queue, a full disk and a
 * failed journal each do what the header promises; lanes on threads of their own (run this one
 * under the thread sanitizer); and SIGKILL at any moment loses nothing that was acknowledged.
 */

#include "ingest/writer.h"

#include "../store/fixture.h"

#include "base/random.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct outcome {
    size_t calls;
    enum status status;
    uint64_t last_sequence;
    size_t duplicates;
};

static void note(void *waiter, enum status status, uint64_t last_sequence, size_t duplicates)
{
    struct outcome *outcome = waiter;
    outcome->calls++;
    outcome->status = status;
    outcome->last_sequence = last_sequence;
    outcome->duplicates = duplicates;
}

static struct hash128 key_of(unsigned char byte)
{
    struct hash128 key = {.bytes = {byte, 7, 1}};
    return key;
}

static struct submission_record record_of(const char *body, unsigned char message,
                                          unsigned char content)
{
    struct submission_record record = {
        .kind = RECORD_MESSAGE,
        .received_ms = 1000,
        .body = slice_of(body),
        .content = key_of(content),
    };
    if (message)
        record.message_key = key_of(message);
    return record;
}

/* A writer whose thread can be held up after a commit, before its outcomes are given out. */
struct bench {
    struct fixture fixture;
    struct writer *writer;
    struct lane *lane;
    pthread_mutex_t gate;
    atomic_uint commits;
    atomic_uint broken;
};

static void bench_committed(void *context, uint64_t last_sequence, int64_t duration_us)
{
    struct bench *bench = context;
    assert_true(last_sequence > 0 && duration_us >= 0);
    atomic_fetch_add(&bench->commits, 1);
    pthread_mutex_lock(&bench->gate);
    pthread_mutex_unlock(&bench->gate);
}

static void bench_broken(void *context, const struct error *error)
{
    struct bench *bench = context;
    assert_int_equal(error->status, STATUS_STORAGE);
    atomic_fetch_add(&bench->broken, 1);
}

static void bench_start(struct bench *bench, size_t map_size, size_t queue_bytes)
{
    struct journal_options options = {.map_size = map_size};
    *bench = (struct bench){.gate = PTHREAD_MUTEX_INITIALIZER};
    fixture_make(&bench->fixture);
    fixture_open(&bench->fixture, &options);
    struct writer_options writer = {
        .journal = bench->fixture.journal,
        .clock = &clock_system,
        .queue_bytes = queue_bytes,
        .committed = bench_committed,
        .broken = bench_broken,
        .context = bench,
    };
    assert_int_equal(writer_open(&writer, &bench->writer, NULL), STATUS_OK);
    bench->lane = writer_lane(bench->writer, NULL, NULL);
    assert_non_null(bench->lane);
}

static void bench_stop(struct bench *bench)
{
    writer_close(bench->writer);
    lane_free(bench->lane);
    fixture_remove(&bench->fixture);
}

static struct outcome submit(struct bench *bench, const struct submission_record *records,
                             size_t count)
{
    struct outcome outcome = {0};
    assert_int_equal(writer_submit(bench->lane, records, count, note, &outcome, NULL), STATUS_OK);
    writer_wait(bench->lane);
    assert_int_equal(writer_collect(bench->lane), 1);
    assert_int_equal(outcome.calls, 1);
    return outcome;
}

static void a_group_is_in_the_journal_when_it_is_done(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, TEST_MAP_SIZE, 0);
    struct submission_record records[] = {record_of("record 1", 1, 1), record_of("record 2", 2, 2)};
    struct outcome outcome = submit(&bench, records, 2);
    assert_int_equal(outcome.status, STATUS_OK);
    assert_int_equal(outcome.last_sequence, 2);
    assert_int_equal(outcome.duplicates, 0);
    struct seen seen = fixture_scan(bench.fixture.journal, 1, 0, NULL);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.wrong, 0);
    assert_int_equal(atomic_load(&bench.commits), 1);
    assert_true(writer_is_working(bench.writer));
    bench_stop(&bench);
}

static void an_equal_message_is_written_once(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, TEST_MAP_SIZE, 0);
    struct submission_record first[] = {record_of("record 1", 1, 1), record_of("record 1", 1, 1),
                                        record_of("record 2", 1, 2)};
    struct outcome outcome = submit(&bench, first, 3);
    assert_int_equal(outcome.duplicates, 1); /* within the batch */
    assert_int_equal(outcome.last_sequence, 2);
    outcome = submit(&bench, first, 3);
    assert_int_equal(outcome.duplicates, 3);
    assert_int_equal(outcome.status, STATUS_OK);
    assert_int_equal(outcome.last_sequence, 2);
    assert_int_equal(atomic_load(&bench.commits), 1); /* nothing to write, nothing written */
    struct submission_record crossed[] = {record_of("record 3", 2, 1), record_of("record 4", 0, 9),
                                          record_of("record 5", 0, 9)};
    outcome = submit(&bench, crossed, 3); /* another id; and no id at all, twice */
    assert_int_equal(outcome.duplicates, 0);
    assert_int_equal(outcome.last_sequence, 5);
    struct seen seen = fixture_scan(bench.fixture.journal, 1, 0, NULL);
    assert_int_equal(seen.count, 5);
    assert_int_equal(seen.wrong, 0);
    bench_stop(&bench);
}

static void a_full_journal_answers_full_and_goes_on(void **state)
{
    (void)state;
    static char large[4 << 20];
    struct bench bench;
    bench_start(&bench, 2 << 20, 0);
    struct submission_record too_much[] = {record_of("record 1", 1, 1), record_of("", 2, 2)};
    too_much[1].body = (struct slice){.data = large, .size = sizeof large};
    struct outcome outcome = submit(&bench, too_much, 2);
    assert_int_equal(outcome.status, STATUS_FULL);
    assert_int_equal(outcome.last_sequence, 0);
    assert_false(writer_is_working(bench.writer));
    assert_false(writer_may_work(bench.writer));
    assert_int_equal(atomic_load(&bench.broken), 0);
    /* What was not written is no duplicate. */
    outcome = submit(&bench, too_much, 1);
    assert_int_equal(outcome.status, STATUS_OK);
    assert_int_equal(outcome.duplicates, 0);
    assert_int_equal(outcome.last_sequence, 1);
    assert_true(writer_is_working(bench.writer));
    assert_clean(bench.fixture.journal, 1);
    bench_stop(&bench);
}

static void the_queue_is_bounded_in_bytes(void **state)
{
    (void)state;
    static char large[600];
    struct bench bench;
    struct outcome outcomes[4] = {0};
    struct error error = {0};
    bench_start(&bench, TEST_MAP_SIZE, 2900);
    struct submission_record record = record_of("", 0, 0);
    record.body = (struct slice){.data = large, .size = sizeof large};
    pthread_mutex_lock(&bench.gate); /* the first commit is held up, its bytes stay counted */
    size_t taken = 0;
    enum status status = STATUS_OK;
    while (!status && taken < 4) {
        status = writer_submit(bench.lane, &record, 1, note, &outcomes[taken], &error);
        taken += !status;
    }
    assert_int_equal(status, STATUS_BUSY);
    assert_int_equal(error.status, STATUS_BUSY);
    assert_int_equal(taken, 3); /* 700 to 1000 bytes each with what stands beside them */
    pthread_mutex_unlock(&bench.gate);
    size_t collected = 0;
    while (collected < taken) {
        writer_wait(bench.lane);
        collected += writer_collect(bench.lane);
    }
    assert_int_equal(outcomes[2].status, STATUS_OK);
    assert_int_equal(outcomes[3].calls, 0); /* BUSY calls nobody back */
    assert_int_equal(submit(&bench, &record, 1).last_sequence, 4);
    static char huge[10000]; /* larger than the queue: taken, because it is empty */
    record.body = (struct slice){.data = huge, .size = sizeof huge};
    assert_int_equal(submit(&bench, &record, 1).last_sequence, 5);
    bench_stop(&bench);
}

static void closing_commits_what_is_queued_and_calls_nobody(void **state)
{
    (void)state;
    struct bench bench;
    struct outcome outcomes[50] = {0};
    bench_start(&bench, TEST_MAP_SIZE, 0);
    for (size_t i = 0; i < 50; i++) {
        char body[32];
        snprintf(body, sizeof body, "record %zu", i + 1);
        struct submission_record record = record_of(body, 0, 0);
        assert_int_equal(writer_submit(bench.lane, &record, 1, note, &outcomes[i], NULL), 0);
    }
    writer_close(bench.writer);
    struct seen seen = fixture_scan(bench.fixture.journal, 1, 0, NULL);
    assert_int_equal(seen.count, 50);
    assert_int_equal(seen.wrong, 0);
    for (size_t i = 0; i < 50; i++)
        assert_int_equal(outcomes[i].calls, 0);
    lane_free(bench.lane);
    fixture_remove(&bench.fixture);
}

static void a_record_without_time_gets_that_of_the_commit(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, TEST_MAP_SIZE, 0);
    struct submission_record record = record_of("record 1", 0, 0);
    record.received_ms = TIME_NONE;
    int64_t before_ms = clock_now_ms(&clock_system);
    assert_int_equal(submit(&bench, &record, 1).status, STATUS_OK);
    int64_t got_ms = journal_last_received_ms(bench.fixture.journal);
    assert_true(got_ms >= before_ms && got_ms <= clock_now_ms(&clock_system));
    bench_stop(&bench);
}

/* Puts a descriptor that can't be written in the place of the journal's. */
static void spoil_journal(const struct fixture *fixture)
{
    char link[64];
    char target[256];
    size_t spoilt = 0;
    int broken = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(broken >= 0);
    for (int file = 3; file < 256; file++) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", file);
        ssize_t size = readlink(link, target, sizeof target);
        struct slice path = {.data = target, .size = size > 0 ? (size_t)size : 0};
        if (!slice_starts_with(path, slice_of(fixture->path)) ||
            !slice_ends_with(path, SLICE(".mdb")))
            continue;
        assert_true(dup2(broken, file) == file);
        spoilt++;
    }
    close(broken);
    assert_true(spoilt >= 1);
}

static void a_failed_journal_is_told_once_and_refuses_all(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, TEST_MAP_SIZE, 0);
    struct submission_record record = record_of("record 1", 1, 1);
    assert_int_equal(submit(&bench, &record, 1).status, STATUS_OK);
    spoil_journal(&bench.fixture);
    for (unsigned char i = 2; i < 6; i++) {
        record = record_of("lost", i, i);
        struct outcome outcome = submit(&bench, &record, 1);
        assert_int_equal(outcome.status, STATUS_STORAGE);
        assert_int_equal(outcome.last_sequence, 0);
    }
    assert_int_equal(atomic_load(&bench.broken), 1);
    assert_false(writer_is_working(bench.writer));
    writer_close(bench.writer);
    lane_free(bench.lane);
    fixture_reopen(&bench.fixture, NULL);
    assert_clean(bench.fixture.journal, 1); /* what was acknowledged, and no more */
    fixture_remove(&bench.fixture);
}

#define LANES 4
#define LANE_GROUPS 300

struct worker {
    struct writer *writer;
    int wake_pipe[2];
    size_t number;
    size_t acknowledged;
    uint64_t last_sequence;
    bool wrong;
};

static void worker_wake(void *context)
{
    struct worker *worker = context;
    if (write(worker->wake_pipe[1], "w", 1) != 1)
        abort();
}

static void worker_done(void *waiter, enum status status, uint64_t last_sequence, size_t duplicates)
{
    struct worker *worker = waiter;
    worker->wrong = worker->wrong || status || duplicates || last_sequence <= worker->last_sequence;
    worker->last_sequence = last_sequence;
    worker->acknowledged++;
}

/* A lane's thread: up to 16 groups in flight, woken through a pipe as a loop would be. */
static void *worker_run(void *argument)
{
    struct worker *worker = argument;
    struct lane *lane = writer_lane(worker->writer, worker_wake, worker);
    size_t submitted = 0;
    while (worker->acknowledged < LANE_GROUPS) {
        while (submitted < LANE_GROUPS && submitted < worker->acknowledged + 16) {
            char body[64];
            snprintf(body, sizeof body, "lane %zu group %zu", worker->number, submitted);
            struct submission_record records[3] = {record_of(body, 0, 0), record_of(body, 0, 0),
                                                   record_of(body, 0, 0)};
            if (writer_submit(lane, records, 3, worker_done, worker, NULL))
                abort();
            submitted++;
        }
        char bytes[64];
        if (read(worker->wake_pipe[0], bytes, sizeof bytes) < 1)
            abort();
        writer_collect(lane);
    }
    lane_free(lane);
    return NULL;
}

struct tally {
    size_t next[LANES]; /* group expected next of each lane, times 3 */
    size_t count;
    bool wrong;
};

static enum status tally_visit(void *context, const struct record *record, struct error *error)
{
    struct tally *tally = context;
    char text[64];
    (void)error;
    size_t lane;
    size_t group;
    snprintf(text, sizeof text, "%.*s", SLICE_ARGS(record->body));
    if (sscanf(text, "lane %zu group %zu", &lane, &group) != 2 || lane >= LANES ||
        tally->next[lane]++ / 3 != group)
        tally->wrong = true;
    tally->count++;
    return STATUS_OK;
}

static void lanes_on_four_threads_get_every_outcome(void **state)
{
    (void)state;
    struct bench bench;
    struct worker workers[LANES];
    pthread_t threads[LANES];
    bench_start(&bench, TEST_MAP_SIZE, 0);
    for (size_t i = 0; i < LANES; i++) {
        workers[i] = (struct worker){.writer = bench.writer, .number = i};
        assert_int_equal(pipe(workers[i].wake_pipe), 0);
        assert_int_equal(pthread_create(&threads[i], NULL, worker_run, &workers[i]), 0);
    }
    for (size_t i = 0; i < LANES; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_false(workers[i].wrong);
        close(workers[i].wake_pipe[0]);
        close(workers[i].wake_pipe[1]);
    }
    struct tally tally = {0};
    struct journal_scan scan = {.from = 1, .visit = tally_visit, .context = &tally};
    assert_int_equal(journal_scan(bench.fixture.journal, &scan, NULL), STATUS_OK);
    assert_int_equal(tally.count, LANES * LANE_GROUPS * 3);
    assert_false(tally.wrong);
    assert_true(atomic_load(&bench.commits) < LANES * LANE_GROUPS); /* commits were shared */
    bench_stop(&bench);
}

/* The crash loop.  The child numbers its records from `next` on and sends each acknowledged number
 * through the pipe; the parent kills it. */
#define CRASH_FLIGHT 8

struct crash_waiter {
    int pipe;
    uint64_t number;
};

static void crash_done(void *waiter, enum status status, uint64_t last_sequence, size_t duplicates)
{
    const struct crash_waiter *acknowledged = waiter;
    (void)last_sequence;
    (void)duplicates;
    if (status || write(acknowledged->pipe, &acknowledged->number, 8) != 8)
        _exit(3);
}

static void crash_child(const char *path, uint64_t next, int acknowledged)
{
    /* Small files: many are sealed and made, so that some kills fall between. */
    struct journal_options options = {.map_size = TEST_MAP_SIZE, .file_bytes = 160 * 1024};
    struct store store;
    struct journal *journal;
    struct writer *writer;
    if (store_open(&store, path, STORE_WRITE, NULL) ||
        journal_open(&store, &options, &journal, NULL))
        _exit(1);
    struct writer_options writing = {.journal = journal, .clock = &clock_system};
    if (writer_open(&writing, &writer, NULL))
        _exit(2);
    struct lane *lane = writer_lane(writer, NULL, NULL);
    struct crash_waiter waiters[CRASH_FLIGHT];
    for (;;) {
        for (size_t i = 0; i < CRASH_FLIGHT; i++) {
            char body[600] = {0};
            snprintf(body, sizeof body, "%llu", (unsigned long long)next);
            struct submission_record record = record_of("", 0, 0);
            record.body = (struct slice){.data = body, .size = sizeof body};
            waiters[i] = (struct crash_waiter){.pipe = acknowledged, .number = next++};
            if (writer_submit(lane, &record, 1, crash_done, &waiters[i], NULL))
                _exit(4);
        }
        for (size_t done = 0; done < CRASH_FLIGHT;) {
            writer_wait(lane);
            done += writer_collect(lane);
        }
    }
}

struct ledger {
    unsigned char *times; /* how often each number stands in the journal */
    uint64_t size;
    uint64_t highest;
};

static enum status ledger_visit(void *context, const struct record *record, struct error *error)
{
    struct ledger *ledger = context;
    char text[32];
    (void)error;
    snprintf(text, sizeof text, "%.*s", 20, record->body.data);
    uint64_t number = strtoull(text, NULL, 10);
    assert_false(record->damaged);
    assert_true(number < ledger->size);
    ledger->times[number]++;
    if (number > ledger->highest)
        ledger->highest = number;
    return STATUS_OK;
}

static void nothing_acknowledged_is_lost_by_a_kill(void **state)
{
    (void)state;
    const unsigned rounds = getenv("GANGWAY_LONG") ? 300 : 20;
    struct random random = {.state = 20};
    struct fixture fixture;
    static bool acknowledged[1 << 22];
    static unsigned char times[1 << 22];
    uint64_t next = 0;
    uint64_t acknowledged_count = 0;
    fixture_make(&fixture);
    store_close(&fixture.store);
    for (unsigned round = 0; round < rounds; round++) {
        int numbers[2];
        assert_int_equal(pipe(numbers), 0);
        pid_t child = fork();
        if (child == 0) {
            close(numbers[0]);
            crash_child(fixture.path, next, numbers[1]);
        }
        close(numbers[1]);
        uint64_t number;
        bool early = round % 4 == 3; /* at any time, in the opening too; else while it writes */
        if (!early && read(numbers[0], &number, 8) == 8)
            acknowledged[number] = true;
        usleep((useconds_t)random_below(&random, 60000));
        kill(child, SIGKILL);
        while (read(numbers[0], &number, 8) == 8) {
            acknowledged[number] = true;
            acknowledged_count++;
        }
        close(numbers[0]);
        int result;
        waitpid(child, &result, 0);
        assert_true(WIFSIGNALED(result)); /* it had no failure of its own */

        struct ledger ledger = {.times = times, .size = sizeof times};
        memset(times, 0, sizeof times);
        assert_int_equal(store_open(&fixture.store, fixture.path, STORE_WRITE, NULL), STATUS_OK);
        fixture_open(&fixture, NULL);
        struct journal_scan scan = {.from = 1, .visit = ledger_visit, .context = &ledger};
        assert_int_equal(journal_scan(fixture.journal, &scan, NULL), STATUS_OK);
        assert_int_equal(scan.gaps, 0);
        for (uint64_t i = 0; i <= ledger.highest; i++)
            assert_true(times[i] <= 1 && (times[i] == 1 || !acknowledged[i]));
        for (uint64_t i = ledger.highest + 1; i < sizeof times; i++)
            assert_false(acknowledged[i]);
        assert_clean(fixture.journal, scan.next - 1);
        journal_close(fixture.journal);
        fixture.journal = NULL;
        store_close(&fixture.store);
        next = ledger.highest + 1;
    }
    assert_true(acknowledged_count > rounds); /* the kills did not all come too early */
    fixture_remove(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_is_in_the_journal_when_it_is_done),
        cmocka_unit_test(an_equal_message_is_written_once),
        cmocka_unit_test(a_full_journal_answers_full_and_goes_on),
        cmocka_unit_test(the_queue_is_bounded_in_bytes),
        cmocka_unit_test(closing_commits_what_is_queued_and_calls_nobody),
        cmocka_unit_test(a_record_without_time_gets_that_of_the_commit),
        cmocka_unit_test(a_failed_journal_is_told_once_and_refuses_all),
        cmocka_unit_test(lanes_on_four_threads_get_every_outcome),
        cmocka_unit_test(nothing_acknowledged_is_lost_by_a_kill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
