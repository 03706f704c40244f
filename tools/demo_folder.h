#ifndef TOOLS_DEMO_FOLDER_H
#define TOOLS_DEMO_FOLDER_H

/*
 * The folder of a demo: under $TMPDIR (else /tmp), mode 0700, with the example experiments that are
 * compiled in and a store filled with made-up people; gone when the demo ends.
 */

#include "demo_people.h"

#define DEMO_PATH_SIZE 512

struct demo_folder {
    char path[DEMO_PATH_SIZE];
    char experiments[DEMO_PATH_SIZE + 16]; /* within, or as the caller gave it */
    char store[DEMO_PATH_SIZE + 16];
    char keys[DEMO_PATH_SIZE + 16]; /* of which there are none */
};

/* Makes the folder.  `experiments` NULL: the examples are written into it, their dates moved so
 * that they run at `now_ms`. */
MUST_CHECK enum status demo_folder_make(struct demo_folder *folder, const char *experiments,
                                        int64_t now_ms, struct error *error);

/* Makes the store: the experiments declared before the first of them began, then the people, then
 * the state.  Diagnostics of invalid files go to standard error. */
MUST_CHECK enum status demo_folder_fill(const struct demo_folder *folder, uint64_t seed,
                                        int64_t now_ms, struct demo_people_counts *counts,
                                        struct error *error);

/* Removes the folder with all that is in it; of a failure nothing is said.  A folder that was not
 * made: nothing. */
void demo_folder_remove(struct demo_folder *folder);

#endif
