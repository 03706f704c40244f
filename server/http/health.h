#ifndef HTTP_HEALTH_H
#define HTTP_HEALTH_H

/*
 * How the last reading of the experiments folder went, for the log, /healthz and /metrics: every
 * surface says so when files are broken and an older version serves (architecture 13).
 */

#include "base/buffer.h"
#include "experiment/catalogue.h"

#include <pthread.h>

struct health {
    pthread_mutex_t lock;
    bool is_good; /* all files as they stand are in service */
    bool is_fold_broken;
    bool is_keys_broken;   /* the file of keys as it stands is not in force */
    size_t errors;         /* in the files */
    int64_t success_ms;    /* the last reading that went well, TIME_NONE: none yet */
    struct buffer reasons; /* JSON list of texts */
};

void health_init(struct health *health);
void health_done(struct health *health);
/* After a reading: what stays behind and why. `failure` (may be NULL) when nothing could be taken.
 */
void health_loaded(struct health *health, const struct settlement *settlement, size_t errors,
                   const char *failure);
void health_fold(struct health *health, bool is_broken);
void health_keys(struct health *health, bool is_broken);

#endif
