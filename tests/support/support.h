#ifndef TESTS_SUPPORT_SUPPORT_H
#define TESTS_SUPPORT_SUPPORT_H

/*
 * What the tests share: cmocka with the headers it wants, a comparison of doubles that is one
 * (cmocka's own casts to float), and a folder that goes away.
 */

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdbool.h>

/* |got - want| <= relative * |want|; equal infinities and two NaN are close; want 0: |got| <=
 * relative.  Prints both with 17 digits when not. */
bool is_close(double got, double want, double relative);
#define assert_close(got, want, relative)                                                          \
    _assert_true((unsigned long)is_close((got), (want), (relative)), #got " close to " #want,      \
                 __FILE__, __LINE__)

/* A new folder under $TMPDIR; tempdir_remove deletes it with all that is in it. */
char *tempdir_make(char path[static 64]);
void tempdir_remove(const char *path);

#endif
