/* Implementation of health.h. */

#include "health.h"

#include "base/time.h"
#include "base/value.h"

void health_init(struct health *health)
{
    *health = (struct health){.is_good = true, .success_ms = TIME_NONE};
    pthread_mutex_init(&health->lock, NULL);
}

void health_done(struct health *health)
{
    buffer_done(&health->reasons);
    pthread_mutex_destroy(&health->lock);
}

static void add_reason(struct buffer *out, struct slice path, struct slice reason)
{
    if (out->size > 1)
        buffer_add_byte(out, ',');
    buffer_add(out, SLICE("{\"path\":"));
    json_write_text(out, path);
    buffer_add(out, SLICE(",\"reason\":"));
    json_write_text(out, reason);
    buffer_add_byte(out, '}');
}

void health_loaded(struct health *health, const struct settlement *settlement, size_t errors,
                   const char *failure)
{
    size_t kept_count = settlement ? settlement->kept_count : 0;
    pthread_mutex_lock(&health->lock);
    health->is_good = !failure && !kept_count && !errors;
    health->errors = errors;
    if (health->is_good)
        health->success_ms = clock_now_ms(&clock_system);
    buffer_clear(&health->reasons);
    buffer_add_byte(&health->reasons, '[');
    if (failure)
        add_reason(&health->reasons, SLICE(""), slice_of(failure));
    for (size_t i = 0; i < kept_count; i++)
        add_reason(&health->reasons, settlement->kept[i].path, settlement->kept[i].reason);
    buffer_add_byte(&health->reasons, ']');
    pthread_mutex_unlock(&health->lock);
}

void health_fold(struct health *health, bool is_broken)
{
    pthread_mutex_lock(&health->lock);
    health->is_fold_broken = is_broken;
    pthread_mutex_unlock(&health->lock);
}

void health_keys(struct health *health, bool is_broken)
{
    pthread_mutex_lock(&health->lock);
    health->is_keys_broken = is_broken;
    pthread_mutex_unlock(&health->lock);
}
