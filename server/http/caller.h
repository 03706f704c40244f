#ifndef HTTP_CALLER_H
#define HTTP_CALLER_H

/*
 * Who asks, and what they may do (http-api.md, "Who may do what").  Every request has a caller
 * before its handler runs.  While the service has no key file, everybody is taken for a server, an
 * analyst and an admin; then only loopback is listened on.
 *
 * `roles` is all that the caller may act as, not only the role of its key: a handler asks
 * `caller_may(&request->caller, ROLE_SERVER)` and an admin is meant as well.
 */

#include "store/keys.h"

struct caller {
    unsigned roles;                   /* all that it may act as: a set of enum role */
    enum role role;                   /* of its key, ROLE_NONE without one */
    bool is_known;                    /* by a key */
    char name[KEY_NAME_SIZE_MAX + 1]; /* of the key, never the key itself; "" without one */
};

/* Who asks while there are no keys. */
#define CALLER_EVERYBODY ((struct caller){.roles = ROLES_ALL})

/* Whether the caller may act as one of these. */
static inline bool caller_may(const struct caller *caller, unsigned roles)
{
    return (caller->roles & roles) != 0;
}

#endif
