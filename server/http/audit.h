#ifndef HTTP_AUDIT_H
#define HTTP_AUDIT_H

/*
 * Who did what that cannot be undone, or needs an admin's key: lines of the log on standard error
 * at the level `audit`, which no --log-level leaves out.
 *
 *     ... audit http request method=DELETE route=/v1/units/{kind}/{id} kind=user key=ops role=admin
 *                            peer=10.0.0.8:4711 client=203.0.113.9 status=202 request=5f0c...
 *     ... audit http reload cause=SIGHUP outcome=taken changes=2 digest=sha256:...
 *     ... audit http key outcome=revoked key=web role=client cause="a change in the folder"
 *     ... audit http keys outcome=taken path=... keys=3 cause=...
 *
 * A `request` is one that was let in to a route that only an admin may ask (reload, erasure, a look
 * at one person, deleting a note), or that came with an admin's key, whatever it asked.  Never in a
 * line: a key, a query, a body, the id of a person.  `client` is who stands behind trusted proxies,
 * else the peer again.
 */

#include "base/log.h"
#include "request.h"
#include "store/keys.h"

/* Once the caller is known and let in: remembers who is at the other end, where a line is due. */
void audit_begin(struct request *request);
/* The answer is made: writes the line, if one is due. */
void audit_answer(struct request *request);

void audit_reload(const char *cause, const char *outcome, const char *digest, size_t changes);
/* One key; the file as a whole. */
void audit_key(const char *outcome, const struct key *key, const char *cause);
void audit_keys(const char *outcome, const char *path, const char *cause, size_t count);

#endif
