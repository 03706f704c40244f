#ifndef HTTP_FORWARDED_H
#define HTTP_FORWARDED_H

/*
 * Who asks, when proxies stand between: IP addresses, networks, and the walk over X-Forwarded-For.
 *
 *     X-Forwarded-For: 203.0.113.9, 10.0.0.7        peer 10.0.0.8, trusted 10.0.0.0/8
 *                      ^ the client: the right-most that no trusted proxy has
 *
 * What stands further left was written by the client itself and is not looked at.  Without a
 * trusted peer the header is not looked at either.
 */

#include "base/slice.h"
#include "base/status.h"

struct address;

/* An IPv4 address stands in its IPv6 form ::ffff:a.b.c.d, so that both compare alike; all zero is
 * the peer of a unix socket. */
struct ip {
    unsigned char bytes[16];
};
#define IP_TEXT_SIZE 48

static inline bool ip_equal(const struct ip *a, const struct ip *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}
bool ip_is_unix(const struct ip *ip);
bool ip_is_four(const struct ip *ip);
bool ip_is_loopback(const struct ip *ip); /* 127.0.0.0/8 or ::1 */
/* `1.2.3.4`, `1.2.3.4:80`, `::1`, `[::1]`, `[::1]:80`; false for anything else. */
bool ip_parse(struct slice text, struct ip *ip);
/* Of a peer; that of a unix socket, or one that is gone, is all zero. */
void ip_of_address(const struct address *address, struct ip *ip);
/* "203.0.113.9", "2001:db8::1", "unix". */
const char *ip_write(const struct ip *ip, char text[static IP_TEXT_SIZE]);

struct network {
    struct ip ip;
    unsigned bits; /* of the 128 that count */
};

#define PROXIES_MAX 64

struct proxies {
    struct network items[PROXIES_MAX];
    size_t count;
};

/* `10.0.0.0/8`, `2001:db8::/32`, an address alone, or `unix`: the peers of unix sockets.  INVALID
 * for another text, for bits past the prefix, and past PROXIES_MAX. */
MUST_CHECK enum status proxies_add(struct proxies *proxies, const char *text, struct error *error);
bool proxies_trust(const struct proxies *proxies, const struct ip *ip);
/* The client behind `peer`: `values` are those of the X-Forwarded-For fields, in their order.  What
 * is no address ends the walk: the last that was sure is the client. */
struct ip proxies_client(const struct proxies *proxies, const struct ip *peer,
                         const struct slice *values, size_t count);

#endif
