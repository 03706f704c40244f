#ifndef TOOLS_GIT_FOLDER_H
#define TOOLS_GIT_FOLDER_H

/*
 * The experiment files of a folder as git holds them at a commit: `REV:PATH`, as git itself writes
 * it (`HEAD~1:experiments`; `REV:./PATH` counts from the working folder).  Runs `git`, without a
 * shell.
 */

#include "experiment/catalogue.h"

/* Reads by the rule of grammar.md, 1 (but symbolic links are not followed: what they point at is
 * not part of the commit's folder).  NOT_FOUND when git knows no such folder. */
MUST_CHECK enum status git_folder_read(struct sources *sources, const char *folder,
                                       struct error *error);

#endif
