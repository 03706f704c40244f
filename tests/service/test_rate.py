"""Rate limits: how much one may ask, who is counted as whom, and what is never refused."""

import json
import subprocess
import unittest

from gangway import GANGWAY, Gangway, add_key, main, track

ASK = "/v1/assign/one?unit=u1"
# Two at once, then one every half second.
LIMIT = ["--rate-limit", "2/s"]


def statuses(server, count, path=ASK, headers=None):
    client = server.client()
    got = [server.get(path, headers, client).status for _ in range(count)]
    client.close()
    return got


def last(ask):
    """The answer after the one that perhaps had just become due."""
    answer = ask()
    return ask() if answer.status == 200 else answer


class Rate(unittest.TestCase):
    def setUp(self):
        self.server = Gangway(arguments=[*LIMIT, "--trusted-proxy", "127.0.0.0/8",
                                         "--workers", "4", "--cors-origin", "https://app.example"])
        self.addCleanup(self.server.close)

    def test_past_the_limit_is_429_with_whole_seconds(self):
        got = statuses(self.server, 50)
        self.assertEqual(got[:2], [200, 200])
        self.assertGreater(got.count(429), 25)
        answer = last(lambda: self.server.get(ASK, {"Origin": "https://app.example"}))
        self.assertEqual((answer.status, answer.code, answer.headers["Retry-After"]),
                         (429, "rate", "1"))
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        self.assertEqual(answer.headers["Access-Control-Allow-Origin"], "https://app.example")
        answer = last(lambda: self.server.post("/v1/track", track("u1", "E")))
        self.assertEqual((answer.status, answer.json["code"], answer.headers["Retry-After"]),
                         (429, "rate", "1"))
        self.assertFalse(answer.json["success"])

    def test_each_protocol_says_it_in_its_own_form(self):
        statuses(self.server, 10)
        for path, members in (("/ofrep/v1/evaluate/flags", {"errorCode": "GENERAL"}),
                              ("/ofrep/v1/evaluate/flags/one", {"errorCode": "GENERAL", "key": "one"}),
                              ("/2/httpapi", {"code": 429}), ("/batch/", {"type": "throttled_error"}),
                              ("/v1/batch", {"success": False, "code": "rate"})):
            answer = last(lambda path=path: self.server.post(path, {}))
            if answer.status == 400:  # it had just become due
                answer = self.server.post(path, {})
            self.assertEqual((answer.status, answer.headers["Retry-After"]), (429, "1"), path)
            self.assertEqual({**answer.json, **members}, answer.json, path)

    def test_workers_do_not_multiply_it(self):
        """Connections dealt out to four workers."""
        got = [self.server.get(ASK).status for _ in range(6)]
        self.assertLess(got.count(200), 4)

    def test_a_connection_goes_on_after_it(self):
        statuses(self.server, 10)
        client = self.server.client()
        self.addCleanup(client.close)
        answer = last(lambda: self.server.post("/v1/track", track("u1", "E"), client=client))
        self.assertEqual(answer.status, 429)
        self.server.wait_for("room", lambda: self.server.get(ASK, client=client).status == 200, 5)

    def test_what_a_supervisor_asks_is_not_limited(self):
        for path in ("/healthz", "/readyz", "/metrics"):
            self.assertEqual(set(statuses(self.server, 20, path)), {200}, path)

    def test_each_client_behind_a_trusted_proxy_has_its_own(self):
        statuses(self.server, 10, headers={"X-Forwarded-For": "203.0.113.9"})
        for client, status in (("203.0.113.9", 429), ("203.0.113.9, 127.0.0.7", 429),
                               ("203.0.113.8", 200), ("203.0.113.9, 203.0.113.7", 200),
                               ("198.51.100.1, 203.0.113.9", 429), ("2001:db8::1", 200)):
            self.expect(client, status)

    def expect(self, client, status):
        def ask():
            return self.server.get(ASK, {"X-Forwarded-For": client})
        self.assertEqual((ask() if status == 200 else last(ask)).status, status, client)

    def test_an_address_of_version_six_counts_by_its_64_bits(self):
        for i in range(10):
            self.server.get(ASK, {"X-Forwarded-For": f"2001:db8:1:2::{i + 1:x}"})
        for client, status in (("2001:db8:1:2:ffff::1", 429), ("2001:db8:1:3::1", 200)):
            self.expect(client, status)


class Keys(unittest.TestCase):
    def setUp(self):
        self.server = Gangway(arguments=[*LIMIT, "--trusted-proxy", "127.0.0.1"], start=False)
        self.addCleanup(self.server.close)
        self.keys = {name: add_key(self.server, "client", name) for name in ("web", "app")}
        self.server.start()

    def ask(self, key, client="203.0.113.9"):
        return self.server.get(ASK, {"X-Forwarded-For": client, "Authorization": f"Bearer {key}"})

    def test_each_key_has_its_own_at_each_address(self):
        for _ in range(10):
            self.ask(self.keys["web"])
        answer = last(lambda: self.ask(self.keys["web"]))
        self.assertEqual((answer.status, answer.headers["Retry-After"]), (429, "1"))
        self.assertEqual(self.ask(self.keys["app"]).status, 200)
        self.assertEqual(self.ask(self.keys["web"], "203.0.113.8").status, 200)

    def test_a_key_in_the_body_counts_as_one_in_the_head(self):
        for _ in range(10):
            self.ask(self.keys["web"])
        answer = last(lambda: self.server.post(
            "/v1/track", {**track("u1", "E"), "writeKey": self.keys["web"]},
            {"X-Forwarded-For": "203.0.113.9"}))
        self.assertEqual(answer.status, 429)

    def test_who_guesses_keys_is_held_up(self):
        got = [self.ask(f"gw_client_{i:032d}").status for i in range(20)]
        self.assertEqual(got[:2], [401, 401])
        self.assertGreater(got.count(429), 10)
        # The right one too, while the wrong ones are waited out; not from another address.
        self.assertEqual(self.ask(self.keys["web"], "203.0.113.8").status, 200)
        self.server.wait_for("the end", lambda: self.ask(self.keys["web"]).status == 200, 5)
        # In the body as in the head.
        for i in range(10):
            answer = self.server.post("/v1/track", {**track("u1", "E"), "writeKey": f"gw_client_{i:032d}"},
                                      {"X-Forwarded-For": "198.51.100.1"})
        self.assertEqual(answer.status, 429)
        self.assertEqual(self.server.get("/healthz", {"X-Forwarded-For": "198.51.100.1"}).status, 200)


class Options(unittest.TestCase):
    def test_nobody_else_is_believed(self):
        with Gangway(arguments=[*LIMIT, "--trusted-proxy", "10.0.0.0/8"]) as server:
            answer = server.get("/v1/projects/k/settings", {
                "X-Forwarded-For": "203.0.113.200", "X-Forwarded-Proto": "https",
                "X-Forwarded-Host": "evil.example"})
            self.assertEqual(answer.status, 200)
            self.assertNotIn(b"evil", answer.body)
            self.assertNotIn(b"https", answer.body)
            for i in range(10):
                server.get(ASK, {"X-Forwarded-For": f"203.0.113.{i}"})
            answer = last(lambda: server.get(ASK, {"X-Forwarded-For": "203.0.113.200"}))
            self.assertEqual(answer.status, 429)

    def test_the_settings_of_a_front_end_name_its_scheme_and_host(self):
        server = self.enterContext(Gangway(arguments=["--trusted-proxy", "127.0.0.1"]))

        def place(headers):
            answer = server.get("/v1/projects/k/settings", headers)
            one = json.loads(answer.body)["integrations"]["Segment.io"]
            return one["protocol"], one["apiHost"]
        here = f"127.0.0.1:{server.port}/v1"
        self.assertEqual(place({}), ("http", here))
        self.assertEqual(place({"X-Forwarded-Proto": "https"}), ("https", here))
        self.assertEqual(place({"X-Forwarded-Proto": "https, http",
                                "X-Forwarded-Host": "gangway.example, inner"}),
                         ("https", "gangway.example/v1"))
        for host in ("a\"b", "a/b", "a b", "\xe9", ""):
            self.assertEqual(place({"X-Forwarded-Host": host}), ("http", here))

    def test_zero_is_no_limit(self):
        with Gangway(arguments=["--rate-limit", "0"]) as server:
            self.assertEqual(set(statuses(server, 300)), {200})

    def test_what_is_no_rate_or_network_is_refused_at_start(self):
        for option, text in (("--rate-limit", "fast"), ("--rate-limit", "10/m"),
                             ("--rate-limit", "-1/s"), ("--rate-limit", "1000001/s"),
                             ("--trusted-proxy", "10.0.0.1/8"), ("--trusted-proxy", "proxy.local")):
            got = subprocess.run([GANGWAY, "serve", option, text], capture_output=True, text=True,
                                 timeout=20)
            self.assertEqual((got.returncode, f"not '{text}'" in got.stderr), (2, True),
                             (text, got.stderr))


if __name__ == "__main__":
    main()
