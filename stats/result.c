/* The words of the reasons of include/stats/result.h. */

#include "stats/result.h"

static const char *const texts[REASON_COUNT] = {
#define X(name, text) [REASON_##name] = (text),
    REASON_MAP(X)
#undef X
};

const char *reason_text(enum reason reason)
{
    return texts[reason < REASON_COUNT ? reason : REASON_INVALID];
}
