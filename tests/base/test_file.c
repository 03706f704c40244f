/* Files: read whole or not at all, replaced whole or not at all. */

#include "base/file.h"
#include "support/support.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static int folder_begin(void **state)
{
    (void)state;
    return tempdir_make(folder) ? 0 : -1;
}

static int folder_end(void **state)
{
    (void)state;
    tempdir_remove(folder);
    return 0;
}

static char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static size_t names_in_folder(void)
{
    size_t count = 0;
    DIR *open = opendir(folder);
    assert_non_null(open);
    for (struct dirent *entry = readdir(open); entry; entry = readdir(open))
        count += entry->d_name[0] != '.';
    closedir(open);
    return count;
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct slice text;
    struct stat info;
    mode_t mask = umask(077);
    assert_int_equal(file_write_whole(path_of("a"), 0640, SLICE("old"), NULL), STATUS_OK);
    assert_int_equal(file_write_whole(path_of("a"), 0640, SLICE("a\0b\n"), NULL), STATUS_OK);
    umask(mask);
    assert_int_equal(file_read(path_of("a"), 4, &arena, &text, NULL), STATUS_OK);
    assert_true(slice_equal(text, SLICE("a\0b\n")));
    assert_int_equal(text.data[4], 0);
    assert_int_equal(stat(path_of("a"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0640);
    assert_int_equal(names_in_folder(), 1);
    assert_int_equal(file_write_whole(path_of("a"), 0600, (struct slice){0}, NULL), STATUS_OK);
    assert_int_equal(file_read(path_of("a"), 0, &arena, &text, NULL), STATUS_OK);
    assert_int_equal(text.size, 0);
    arena_done(&arena);
}

static void what_cannot_be_read_is_named(void **state)
{
    (void)state;
    struct arena arena = {0}, little = {.limit = 16};
    struct slice text = SLICE("untouched");
    struct error error = {0};
    assert_int_equal(file_write_whole(path_of("a"), 0600, SLICE("12345"), NULL), STATUS_OK);
    assert_int_equal(file_read(path_of("a"), 4, &arena, &text, NULL), STATUS_TOO_LARGE);
    assert_int_equal(file_read(path_of("none"), 4, &arena, &text, &error), STATUS_NOT_FOUND);
    assert_non_null(strstr(error.where, "/none"));
    assert_int_equal(file_read(folder, 4, &arena, &text, NULL), STATUS_INVALID);
    assert_int_equal(mkfifo(path_of("pipe"), 0600), 0);
    assert_int_equal(file_read(path_of("pipe"), 4, &arena, &text, NULL), STATUS_INVALID);
    assert_int_equal(file_write_whole(path_of("b"), 0600, SLICE("0123456789abcdef"), NULL), 0);
    assert_int_equal(file_read(path_of("b"), 99, &little, &text, NULL), STATUS_NO_MEMORY);
    assert_true(slice_equals(text, "untouched"));
    arena_done(&arena);
    arena_done(&little);
}

static void a_failed_write_leaves_nothing_behind(void **state)
{
    (void)state;
    struct error error = {0};
    assert_int_equal(mkdir(path_of("taken"), 0700), 0);
    size_t before = names_in_folder();
    assert_int_not_equal(file_write_whole(path_of("taken"), 0600, SLICE("x"), &error), STATUS_OK);
    assert_int_equal(names_in_folder(), before);
    assert_int_equal(file_write_whole(path_of("none/x"), 0600, SLICE("x"), NULL), STATUS_NOT_FOUND);
}

static void a_folder_is_made_once(void **state)
{
    (void)state;
    struct error error = {0};
    assert_int_equal(folder_make(path_of("new/"), 0700, NULL), STATUS_OK);
    assert_int_equal(folder_make(path_of("new"), 0700, NULL), STATUS_OK);
    assert_int_equal(folder_sync(path_of("new"), NULL), STATUS_OK);
    assert_int_equal(folder_make(path_of("no/parent"), 0700, NULL), STATUS_NOT_FOUND);
    assert_int_equal(file_write_whole(path_of("file"), 0600, SLICE("x"), NULL), STATUS_OK);
    assert_int_equal(folder_make(path_of("file"), 0700, &error), STATUS_CONFLICT);
    assert_non_null(strstr(error.text, "not a folder"));
    assert_int_equal(folder_sync(path_of("none"), NULL), STATUS_NOT_FOUND);
}

static void a_full_disk_is_told_from_a_broken_one(void **state)
{
    (void)state;
    assert_int_equal(status_of_errno(ENOSPC), STATUS_FULL);
    assert_int_equal(status_of_errno(EDQUOT), STATUS_FULL);
    assert_int_equal(status_of_errno(EIO), STATUS_STORAGE);
    assert_int_equal(status_of_errno(EACCES), STATUS_STORAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_is_read, folder_begin, folder_end),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_is_named, folder_begin, folder_end),
        cmocka_unit_test_setup_teardown(a_failed_write_leaves_nothing_behind, folder_begin,
                                        folder_end),
        cmocka_unit_test_setup_teardown(a_folder_is_made_once, folder_begin, folder_end),
        cmocka_unit_test(a_full_disk_is_told_from_a_broken_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
