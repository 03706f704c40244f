/* Implementation of tests/support/support.h. */

#include "support/support.h"

#include <gsl/gsl_errno.h>

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* As the program does in main: GSL must not end a test at its first error. */
__attribute__((constructor)) static void gsl_stays_quiet(void)
{
    gsl_set_error_handler_off();
}

bool is_close(double got, double want, double relative)
{
    bool close;
    if (isnan(want) || isnan(got))
        close = isnan(want) && isnan(got);
    else if (isinf(want) || isinf(got))
        close = got == want;
    else
        close = fabs(got - want) <= relative * (want == 0 ? 1 : fabs(want));
    if (!close)
        fprintf(stderr, "got %.17g, want %.17g (relative error %.3g, allowed %.3g)\n", got, want,
                fabs(got - want) / fabs(want), relative);
    return close;
}

char *tempdir_make(char path[static 64])
{
    const char *parent = getenv("TMPDIR");
    snprintf(path, 64, "%s/gangway-test-XXXXXX", parent && *parent ? parent : "/tmp");
    return mkdtemp(path);
}

static int remove_one(const char *path, const struct stat *info, int flag, struct FTW *walk)
{
    (void)info;
    (void)flag;
    (void)walk;
    return remove(path);
}

void tempdir_remove(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
