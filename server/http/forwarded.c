/* Implementation of forwarded.h. */

#include "forwarded.h"

#include "address.h"
#include "base/number.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static const unsigned char four_prefix[12] = {[10] = 0xff, [11] = 0xff};

bool ip_is_unix(const struct ip *ip)
{
    static const struct ip none = {0};
    return ip_equal(ip, &none);
}

bool ip_is_four(const struct ip *ip)
{
    return memcmp(ip->bytes, four_prefix, sizeof four_prefix) == 0;
}

bool ip_is_loopback(const struct ip *ip)
{
    static const struct ip one = {.bytes = {[15] = 1}};
    return ip_is_four(ip) ? ip->bytes[12] == 127 : ip_equal(ip, &one);
}

/* Only an address, nothing around it. */
static bool ip_parse_bare(struct slice text, struct ip *ip)
{
    char copy[INET6_ADDRSTRLEN];
    struct ip made = {0};
    if (!text.size || text.size >= sizeof copy || memchr(text.data, '\0', text.size))
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    if (inet_pton(AF_INET6, copy, made.bytes) != 1) {
        memcpy(made.bytes, four_prefix, sizeof four_prefix);
        if (inet_pton(AF_INET, copy, made.bytes + sizeof four_prefix) != 1)
            return false;
    }
    if (ip_is_unix(&made)) /* `::` is nobody's address */
        return false;
    *ip = made;
    return true;
}

static bool is_port(struct slice text)
{
    uint64_t port;
    return text.size > 1 && text.data[0] == ':' && unsigned_parse(slice_from(text, 1), &port) &&
           port <= 65535;
}

bool ip_parse(struct slice text, struct ip *ip)
{
    if (text.size && text.data[0] == '[') {
        const char *end = memchr(text.data, ']', text.size);
        if (!end)
            return false;
        struct slice inner = {.data = text.data + 1, .size = (size_t)(end - text.data) - 1};
        struct slice rest = slice_from(text, inner.size + 2);
        return (!rest.size || is_port(rest)) && memchr(inner.data, ':', inner.size) &&
               ip_parse_bare(inner, ip);
    }
    const char *colon = text.size ? memchr(text.data, ':', text.size) : NULL;
    const char *dot = text.size ? memchr(text.data, '.', text.size) : NULL;
    if (!colon || !dot || colon < dot)
        return ip_parse_bare(text, ip);
    struct slice host = {.data = text.data, .size = (size_t)(colon - text.data)};
    return is_port(slice_from(text, host.size)) && ip_parse_bare(host, ip);
}

void ip_of_address(const struct address *address, struct ip *ip)
{
    const struct sockaddr_in *four = (const struct sockaddr_in *)&address->storage;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&address->storage;
    *ip = (struct ip){0};
    if (address->storage.ss_family == AF_INET) {
        memcpy(ip->bytes, four_prefix, sizeof four_prefix);
        memcpy(ip->bytes + sizeof four_prefix, &four->sin_addr, 4);
    } else if (address->storage.ss_family == AF_INET6) {
        memcpy(ip->bytes, &six->sin6_addr, sizeof ip->bytes);
    }
}

const char *ip_write(const struct ip *ip, char text[static IP_TEXT_SIZE])
{
    if (ip_is_unix(ip))
        return memcpy(text, "unix", sizeof "unix");
    if (ip_is_four(ip))
        inet_ntop(AF_INET, ip->bytes + sizeof four_prefix, text, IP_TEXT_SIZE);
    else
        inet_ntop(AF_INET6, ip->bytes, text, IP_TEXT_SIZE);
    return text;
}

static bool network_holds(const struct network *network, const struct ip *ip)
{
    size_t whole = network->bits / 8;
    unsigned rest = network->bits % 8;
    if (memcmp(network->ip.bytes, ip->bytes, whole) != 0)
        return false;
    return !rest || (network->ip.bytes[whole] ^ ip->bytes[whole]) >> (8 - rest) == 0;
}

/* Whether nothing stands in the address past its prefix: 10.0.0.1/8 is a mistake. */
static bool network_is_tight(const struct network *network)
{
    for (unsigned bit = network->bits; bit < 128; bit++)
        if (network->ip.bytes[bit / 8] >> (7 - bit % 8) & 1)
            return false;
    return true;
}

static bool network_parse(struct slice text, struct network *network)
{
    const char *slash = memchr(text.data, '/', text.size);
    struct slice host = {.data = text.data,
                         .size = slash ? (size_t)(slash - text.data) : text.size};
    uint64_t bits;
    if (slice_equals(text, "unix")) {
        *network = (struct network){.bits = 128};
        return true;
    }
    if (slice_equals(text, "::/0")) {
        *network = (struct network){.bits = 0};
        return true;
    }
    if (slice_equals(text, "0.0.0.0/0")) {
        *network = (struct network){.bits = 96};
        memcpy(network->ip.bytes, four_prefix, sizeof four_prefix);
        return true;
    }
    if (!host.size || !ip_parse_bare(host, &network->ip))
        return false;
    unsigned most = ip_is_four(&network->ip) && !memchr(host.data, ':', host.size) ? 32 : 128;
    bits = most;
    if (slash && (!unsigned_parse(slice_from(text, host.size + 1), &bits) || bits > most))
        return false;
    network->bits = (unsigned)bits + 128 - most;
    return network_is_tight(network);
}

enum status proxies_add(struct proxies *proxies, const char *text, struct error *error)
{
    struct network network;
    if (proxies->count == PROXIES_MAX)
        return FAIL(error, STATUS_INVALID, "--trusted-proxy", 0, "at most %d networks",
                    PROXIES_MAX);
    if (!network_parse(slice_of(text), &network))
        return FAIL(error, STATUS_INVALID, "--trusted-proxy", 0,
                    "a network is 10.0.0.0/8, 2001:db8::/32, one address, or unix, with no bits "
                    "past its prefix; not '%s'",
                    text);
    proxies->items[proxies->count++] = network;
    return STATUS_OK;
}

bool proxies_trust(const struct proxies *proxies, const struct ip *ip)
{
    for (size_t i = 0; i < proxies->count; i++)
        if (network_holds(&proxies->items[i], ip))
            return true;
    return false;
}

/* Takes the last item off a list with commas, without the space around it. */
static struct slice item_take(struct slice *list)
{
    size_t begin = list->size;
    while (begin > 0 && list->data[begin - 1] != ',')
        begin--;
    struct slice item = slice_from(*list, begin);
    list->size = begin ? begin - 1 : 0;
    while (item.size && (item.data[0] == ' ' || item.data[0] == '\t'))
        item = slice_from(item, 1);
    while (item.size && (item.data[item.size - 1] == ' ' || item.data[item.size - 1] == '\t'))
        item.size--;
    return item;
}

struct ip proxies_client(const struct proxies *proxies, const struct ip *peer,
                         const struct slice *values, size_t count)
{
    struct ip client = *peer;
    for (size_t i = count; i-- > 0;) {
        struct slice list = values[i];
        while (list.size) {
            struct ip next;
            if (!proxies_trust(proxies, &client) || !ip_parse(item_take(&list), &next))
                return client;
            client = next;
        }
    }
    return client;
}
