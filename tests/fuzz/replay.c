/*
 * Runs a fuzz target on files, without libFuzzer:
 *
 *     fuzz_query tests/fuzz/corpus/query      all files of the folder, sorted
 *     fuzz_query FILE...                      an input that was found
 *
 * Exit 0 when every input went through; a CHECK that fails aborts, and the last name printed is its
 * input's.
 */

#include "fuzz.h"

#include "base/file.h"

#include <dirent.h>
#include <sys/stat.h>

#define INPUT_SIZE_MAX ((size_t)16 * 1024 * 1024)

static int replay_file(const char *path)
{
    struct arena arena = {0};
    struct slice text;
    struct error error = {0};
    fprintf(stderr, "%s\n", path);
    if (file_read(path, INPUT_SIZE_MAX, &arena, &text, &error)) {
        fprintf(stderr, "%s: %s\n", path, error.text);
        return 1;
    }
    LLVMFuzzerTestOneInput((const uint8_t *)text.data, text.size);
    arena_done(&arena);
    return 0;
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int replay_folder(const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_shown, alphasort);
    int failed = count <= 0; /* an empty corpus shows nothing */
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        failed |= replay_file(path);
        free(entries[i]);
    }
    free(entries);
    return failed;
}

int main(int count, char **arguments)
{
    int failed = 0;
    LLVMFuzzerInitialize(&count, &arguments);
    for (int i = 1; i < count; i++) {
        struct stat found;
        bool is_folder = stat(arguments[i], &found) == 0 && S_ISDIR(found.st_mode);
        failed |= is_folder ? replay_folder(arguments[i]) : replay_file(arguments[i]);
    }
    return failed;
}
