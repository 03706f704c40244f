/* Who asks behind proxies: the addresses, the networks, and the walk from the right. */

#include "../../server/http/address.h"
#include "../../server/http/forwarded.h"

#include "support/support.h"

static const char *reprinted(const char *text)
{
    static char out[IP_TEXT_SIZE];
    struct ip ip;
    return ip_parse(slice_of(text), &ip) ? ip_write(&ip, out) : "none";
}

static void addresses_are_read_as_proxies_write_them(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"203.0.113.9", "203.0.113.9"},
        {"203.0.113.9:4711", "203.0.113.9"},
        {"2001:db8::1", "2001:db8::1"},
        {"2001:DB8:0:0::1", "2001:db8::1"},
        {"[2001:db8::1]", "2001:db8::1"},
        {"[2001:db8::1]:443", "2001:db8::1"},
        {"::ffff:203.0.113.9", "203.0.113.9"},
        {"::ffff:cb00:7109", "203.0.113.9"},
        {"", "none"},
        {"unknown", "none"},
        {"_hidden", "none"},
        {"203.0.113", "none"},
        {"203.0.113.256", "none"},
        {"0203.0.113.9", "none"},
        {"203.0.113.9:", "none"},
        {"203.0.113.9:65536", "none"},
        {"203.0.113.9:x", "none"},
        {"203.0.113.9 ", "none"},
        {"[203.0.113.9]", "none"},
        {"[2001:db8::1", "none"},
        {"[2001:db8::1]443", "none"},
        {"[]", "none"},
        {"::", "none"},
        {"2001:db8::1%eth0", "none"},
        {"1111:2222:3333:4444:5555:6666:7777:8888:9999", "none"},
        {"11111111111111111111111111111111111111111111111111111", "none"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        assert_string_equal(reprinted(pairs[i][0]), pairs[i][1]);
}

static bool holds(const char *network, const char *text)
{
    struct proxies proxies = {0};
    struct ip ip;
    assert_int_equal(proxies_add(&proxies, network, NULL), STATUS_OK);
    assert_true(ip_parse(slice_of(text), &ip));
    return proxies_trust(&proxies, &ip);
}

static void a_network_holds_its_addresses_and_no_other(void **state)
{
    (void)state;
    assert_true(holds("10.0.0.0/8", "10.255.255.255"));
    assert_false(holds("10.0.0.0/8", "11.0.0.0"));
    assert_true(holds("192.168.4.0/22", "192.168.7.255"));
    assert_false(holds("192.168.4.0/22", "192.168.8.0"));
    assert_false(holds("192.168.4.0/22", "192.168.3.255"));
    assert_true(holds("203.0.113.9", "203.0.113.9"));
    assert_false(holds("203.0.113.9", "203.0.113.8"));
    assert_true(holds("0.0.0.0/0", "8.8.8.8"));
    assert_false(holds("0.0.0.0/0", "2001:db8::1"));
    assert_true(holds("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(holds("2001:db8::/33", "2001:db8:8000::1"));
    assert_true(holds("::/0", "8.8.8.8"));
    assert_true(holds("10.0.0.0/8", "::ffff:10.1.2.3"));
    assert_true(holds("::ffff:10.0.0.0/104", "10.1.2.3"));
    assert_true(holds("::1", "::1"));
    assert_false(holds("unix", "127.0.0.1"));
    struct proxies proxies = {0};
    assert_int_equal(proxies_add(&proxies, "unix", NULL), STATUS_OK);
    assert_true(proxies_trust(&proxies, &(struct ip){0}));
}

static void what_is_no_network_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "x",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.1/8",
        "10.0.0.0/8 ",
        "10.0.0.0/-1",
        "10.0.0.0/8/8",
        "2001:db8::/129",
        "2001:db8::1/64",
        "10.0.0",
        "10.0.0.0:80",
        "localhost",
        "/8",
        "10.0.0.0/x",
    };
    struct proxies proxies = {0};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(proxies_add(&proxies, texts[i], NULL), STATUS_INVALID);
    assert_int_equal(proxies.count, 0);
    for (size_t i = 0; i < PROXIES_MAX; i++)
        assert_int_equal(proxies_add(&proxies, "10.0.0.0/8", NULL), STATUS_OK);
    assert_int_equal(proxies_add(&proxies, "10.0.0.0/8", NULL), STATUS_INVALID);
}

/* Trusted: 10.0.0.0/8 and 2001:db8::/32. `second` may be NULL. */
static void client_is(const char *peer, const char *first, const char *second, const char *client)
{
    struct proxies proxies = {0};
    struct slice values[2] = {slice_of(first), slice_of(second)};
    struct ip ip;
    char text[IP_TEXT_SIZE];
    assert_int_equal(proxies_add(&proxies, "10.0.0.0/8", NULL), STATUS_OK);
    assert_int_equal(proxies_add(&proxies, "2001:db8::/32", NULL), STATUS_OK);
    assert_true(ip_parse(slice_of(peer), &ip));
    ip = proxies_client(&proxies, &ip, values, second ? 2 : 1);
    assert_string_equal(ip_write(&ip, text), client);
}

static void the_client_is_the_right_most_that_no_proxy_has(void **state)
{
    (void)state;
    client_is("10.0.0.8", "203.0.113.9", NULL, "203.0.113.9");
    client_is("10.0.0.8", "203.0.113.9, 10.0.0.7", NULL, "203.0.113.9");
    client_is("10.0.0.8", "203.0.113.9", "10.0.0.7", "203.0.113.9");
    client_is("2001:db8::1", "203.0.113.9 ,\t10.0.0.7 , 2001:db8::7", NULL, "203.0.113.9");
    client_is("10.0.0.8", "2001:db9::5", NULL, "2001:db9::5");
}

static void what_a_client_wrote_itself_is_not_believed(void **state)
{
    (void)state;
    client_is("203.0.113.9", "198.51.100.1", NULL, "203.0.113.9");
    client_is("10.0.0.8", "198.51.100.1, 203.0.113.9", NULL, "203.0.113.9");
    client_is("10.0.0.8", "198.51.100.1", "203.0.113.9, 10.0.0.7", "203.0.113.9");
    client_is("10.0.0.8", "10.9.9.9, 203.0.113.9", NULL, "203.0.113.9");
}

static void what_is_no_address_ends_the_walk(void **state)
{
    (void)state;
    client_is("10.0.0.8", "", NULL, "10.0.0.8");
    client_is("10.0.0.8", "unknown", NULL, "10.0.0.8");
    client_is("10.0.0.8", "203.0.113.9, unknown, 10.0.0.7", NULL, "10.0.0.7");
    client_is("10.0.0.8", "203.0.113.9,", NULL, "10.0.0.8");
    client_is("10.0.0.8", ",,,", NULL, "10.0.0.8");
    client_is("10.0.0.8", "10.0.0.1, 10.0.0.2", NULL, "10.0.0.1");
}

static void a_peer_has_the_address_of_its_socket(void **state)
{
    (void)state;
    struct address address;
    struct ip ip;
    assert_int_equal(address_parse("127.0.0.1:80", &address, NULL), STATUS_OK);
    ip_of_address(&address, &ip);
    assert_string_equal(reprinted("127.0.0.1"), "127.0.0.1");
    assert_true(ip_is_four(&ip) && ip_is_loopback(&ip));
    assert_int_equal(address_parse("[::1]:80", &address, NULL), STATUS_OK);
    ip_of_address(&address, &ip);
    assert_true(!ip_is_four(&ip) && ip_is_loopback(&ip));
    assert_int_equal(address_parse("unix:/x", &address, NULL), STATUS_OK);
    ip_of_address(&address, &ip);
    assert_true(ip_is_unix(&ip) && !ip_is_loopback(&ip));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_as_proxies_write_them),
        cmocka_unit_test(a_network_holds_its_addresses_and_no_other),
        cmocka_unit_test(what_is_no_network_is_refused),
        cmocka_unit_test(the_client_is_the_right_most_that_no_proxy_has),
        cmocka_unit_test(what_a_client_wrote_itself_is_not_believed),
        cmocka_unit_test(what_is_no_address_ends_the_walk),
        cmocka_unit_test(a_peer_has_the_address_of_its_socket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
