/*
 * How fast is durable ingest?  Events a second acknowledged after their fsync, in batches of 100,
 * through the journal writer with 1 and with 64 submissions in flight, beside LMDB alone appending
 * the same bytes under the same keys in transactions of 100, synced, in one process and one run.
 *
 *     bench_ingest [BATCHES [ROUNDS]]     default 200 and 5; writes under $TMPDIR, or /tmp
 *
 * The three are measured in turn, ROUNDS times, and the median of each is printed: a disk that is
 * busy with something else then slows all of them.  With one submission in flight both do the same
 * number of fsyncs; with 64 the writer commits what has queued up at once, as it does for the
 * service.  (The one file outside of server/store that includes lmdb.h: it is the reference.)
 */

#include "ingest/writer.h"

#include <ftw.h>
#include <inttypes.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BATCH 100
#define IN_FLIGHT_MAX 64
#define BODY_SIZE 250    /* a track message with a few properties */
#define RECORD_HEADER 20 /* what a record has before its body */
#define ROUNDS_MAX 99
#define MAP_SIZE ((size_t)4 << 30)

struct bench {
    char folder[64];
    size_t batches;
    char bodies[BATCH][BODY_SIZE];
};

static void require(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench_ingest: cannot %s\n", what);
    exit(3);
}

static int remove_one(const char *path, const struct stat *info, int flag, struct FTW *walk)
{
    (void)info;
    (void)flag;
    (void)walk;
    return remove(path);
}

/* Events a second. */
static double rate(const struct bench *bench, int64_t start_us)
{
    return (double)(bench->batches * BATCH) / (1e-6 * (double)(monotonic_us() - start_us));
}

static void lmdb_batch(const struct bench *bench, MDB_env *environment, MDB_dbi table,
                       uint64_t first)
{
    MDB_txn *transaction;
    require(mdb_txn_begin(environment, NULL, 0, &transaction) == 0, "begin a transaction");
    for (size_t i = 0; i < BATCH; i++) {
        char value[RECORD_HEADER + BODY_SIZE] = {1, 1};
        uint64_t key = __builtin_bswap64(first + i);
        memcpy(value + RECORD_HEADER, bench->bodies[i], BODY_SIZE);
        MDB_val name = {.mv_size = sizeof key, .mv_data = &key};
        MDB_val bytes = {.mv_size = sizeof value, .mv_data = value};
        require(mdb_put(transaction, table, &name, &bytes, MDB_APPEND) == 0, "put");
    }
    require(mdb_txn_commit(transaction) == 0, "commit");
}

static double measure_lmdb(const struct bench *bench)
{
    char path[128];
    MDB_env *environment;
    MDB_txn *transaction;
    MDB_dbi table;
    snprintf(path, sizeof path, "%s/alone", bench->folder);
    require(mkdir(path, 0700) == 0, "make a folder");
    require(mdb_env_create(&environment) == 0, "open LMDB");
    require(mdb_env_set_mapsize(environment, MAP_SIZE) == 0, "open LMDB");
    require(mdb_env_open(environment, path, 0, 0600) == 0, "open LMDB");
    require(mdb_txn_begin(environment, NULL, 0, &transaction) == 0, "open LMDB");
    require(mdb_dbi_open(transaction, NULL, 0, &table) == 0, "open LMDB");
    require(mdb_txn_commit(transaction) == 0, "open LMDB");
    int64_t start_us = monotonic_us();
    for (size_t i = 0; i < bench->batches; i++)
        lmdb_batch(bench, environment, table, 1 + i * BATCH);
    double result = rate(bench, start_us);
    mdb_env_close(environment);
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return result;
}

static void acknowledged(void *waiter, enum status status, uint64_t last_sequence,
                         size_t duplicates)
{
    size_t *count = waiter;
    (void)last_sequence;
    require(status == STATUS_OK && duplicates == 0, "write to the journal");
    ++*count;
}

static void submit(const struct bench *bench, struct lane *lane, size_t number, size_t *count)
{
    struct submission_record records[BATCH];
    for (size_t i = 0; i < BATCH; i++) {
        records[i] = (struct submission_record){
            .kind = RECORD_MESSAGE,
            .received_ms = 1764000000000,
            .body = {.data = bench->bodies[i], .size = BODY_SIZE},
        };
        uint64_t id[2] = {(number * BATCH + i + 1) * UINT64_C(0x9e3779b97f4a7c15), number};
        memcpy(records[i].message_key.bytes, id, sizeof id);
    }
    require(!writer_submit(lane, records, BATCH, acknowledged, count, NULL), "queue");
}

static double measure_writer(const struct bench *bench, size_t in_flight)
{
    char path[128];
    struct store store;
    struct journal *journal;
    struct writer *writer;
    snprintf(path, sizeof path, "%s/store", bench->folder);
    require(!store_open(&store, path, STORE_CREATE, NULL), "make a store");
    require(!journal_open(&store, NULL, &journal, NULL), "open the journal");
    struct writer_options options = {.journal = journal, .clock = &clock_system};
    require(!writer_open(&options, &writer, NULL), "start the writer");
    struct lane *lane = writer_lane(writer, NULL, NULL);
    require(lane != NULL, "make a lane");
    size_t submitted = 0;
    size_t done = 0;
    int64_t start_us = monotonic_us();
    while (done < bench->batches) {
        for (; submitted < bench->batches && submitted < done + in_flight; submitted++)
            submit(bench, lane, submitted, &done);
        writer_wait(lane);
        writer_collect(lane);
    }
    double result = rate(bench, start_us);
    lane_free(lane);
    writer_close(writer);
    require(journal_last_sequence(journal) == bench->batches * BATCH, "find all that was written");
    journal_close(journal);
    store_close(&store);
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return result;
}

static int compare(const void *a, const void *b)
{
    const double *left = a;
    const double *right = b;
    return (*left > *right) - (*left < *right);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return values[count / 2];
}

static size_t argument(int count, char **arguments, int index, size_t fallback)
{
    return index < count ? (size_t)strtoull(arguments[index], NULL, 10) : fallback;
}

int main(int count, char **arguments)
{
    static struct bench bench;
    double alone[ROUNDS_MAX];
    double one[ROUNDS_MAX];
    double many[ROUNDS_MAX];
    const char *parent = getenv("TMPDIR");
    bench.batches = argument(count, arguments, 1, 200);
    size_t rounds = argument(count, arguments, 2, 5);
    require(bench.batches > 0 && rounds > 0 && rounds <= ROUNDS_MAX, "read the numbers");
    snprintf(bench.folder, sizeof bench.folder, "%s/gangway-bench-XXXXXX",
             parent && *parent ? parent : "/tmp");
    require(mkdtemp(bench.folder) != NULL, "make a folder");
    for (size_t i = 0; i < BATCH; i++)
        for (size_t j = 0; j < BODY_SIZE; j++)
            bench.bodies[i][j] = (char)('a' + (i * 7 + j) % 26);
    for (size_t round = 0; round < rounds; round++) {
        alone[round] = measure_lmdb(&bench);
        one[round] = measure_writer(&bench, 1);
        many[round] = measure_writer(&bench, IN_FLIGHT_MAX);
    }
    rmdir(bench.folder);
    double reference = median(alone, rounds);
    double single = median(one, rounds);
    double group = median(many, rounds);
    printf("durable events a second, batches of %d of %d bytes, median of %zu rounds of %zu\n",
           BATCH, BODY_SIZE, rounds, bench.batches);
    printf("LMDB alone            %10.0f\n", reference);
    printf("writer,  1 in flight  %10.0f   ratio %.2f (target 0.50)\n", single, single / reference);
    printf("writer, %d in flight  %10.0f   ratio %.2f\n", IN_FLIGHT_MAX, group, group / reference);
    return 0;
}
