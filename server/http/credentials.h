#ifndef HTTP_CREDENTIALS_H
#define HTTP_CREDENTIALS_H

/*
 * Where a request may carry its key, and which one counts (http-api.md, "Who may do what").  In
 * this order:
 *
 *     Authorization   Bearer KEY; Basic, the password, else with an empty password the user name;
 *                     or, as some clients do, the bare KEY
 *     X-API-Key       KEY
 *     the path        KEY, on a route whose clients put it there (GrowthBook's)
 *     ?key=           KEY, where no header can be set: a beacon, a link
 *     the body        `writeKey`, `api_key` or `token` of its object, or of the first of a list, or
 *                     of that one's `properties`; on routes that take it there
 *
 * The first place that holds something that reads like a key (`gw_...`) counts, and what stands
 * behind it is not looked at: the head wins over the body.  Something else is passed over, since an
 * analytics SDK wants a write key of some text, and a proxy in front may leave its own password; if
 * no place has a key, it decides between `no-key` and `bad-key`.
 */

#include "request.h"

struct credentials {
    struct slice key; /* empty: none that reads like one; in the head, the body, or the arena */
    bool is_other;    /* something else stood where a key may stand */
};

/* Takes `key` out of the query too, so that it is no trait and in no log. */
struct credentials credentials_of_head(struct request *request);
/* Of the decoded body. */
struct credentials credentials_of_body(const struct request *request);

#endif
