"""Each role against each route, as one table.  The routes are those of the program (routes.c, as the
compiler sees it): one that has no row here fails, and so does a row without a route."""

import http.client
import os
import re
import subprocess
import unittest

import key_ring
from gangway import Gangway, main

NOBODY, CLIENT, SERVER, ANALYST, ADMIN = "nobody", "client", "server", "analyst", "admin"
CALLERS = (NOBODY, CLIENT, SERVER, ANALYST, ADMIN)

OPEN = {NOBODY, CLIENT, SERVER, ANALYST, ADMIN}
FRONT = {CLIENT, SERVER, ADMIN}
READ = {ANALYST, ADMIN}
OWN = {ADMIN}

# Who gets an answer that is neither 401 nor 403.  From http-api.md and routes.md, by hand.
TABLE = {
    ("GET", "/v1/assign/{experiment}"): FRONT,
    ("POST", "/v1/assign"): FRONT,
    ("POST", "/ofrep/v1/evaluate/flags/{key...}"): FRONT,
    ("POST", "/ofrep/v1/evaluate/flags"): FRONT,
    ("GET", "/ofrep/v1/events"): FRONT,
    ("GET", "/api/features/{key}"): FRONT,
    ("POST", "/v1/batch"): FRONT,
    ("POST", "/v1/b"): FRONT,
    ("POST", "/v1/track"): FRONT,
    ("POST", "/v1/t"): FRONT,
    ("POST", "/v1/identify"): FRONT,
    ("POST", "/v1/i"): FRONT,
    ("POST", "/v1/group"): FRONT,
    ("POST", "/v1/g"): FRONT,
    ("POST", "/v1/alias"): FRONT,
    ("POST", "/v1/a"): FRONT,
    ("POST", "/v1/page"): FRONT,
    ("POST", "/v1/p"): FRONT,
    ("POST", "/v1/screen"): FRONT,
    ("POST", "/v1/s"): FRONT,
    ("POST", "/batch"): FRONT,
    ("POST", "/capture"): FRONT,
    ("POST", "/i/v0/e"): FRONT,
    ("POST", "/e"): FRONT,
    ("POST", "/2/httpapi"): FRONT,
    ("GET", "/v1/projects/{key}/settings"): OPEN,
    ("GET", "/v1/experiments"): READ,
    ("GET", "/v1/experiments/{id}"): READ,
    ("GET", "/v1/experiments/{id}/report"): READ,
    ("GET", "/v1/core-actions"): READ,
    ("GET", "/v1/explain"): READ,
    ("GET", "/v1/events"): READ,
    ("GET", "/v1/units/{kind}/{id}"): OWN,
    ("DELETE", "/v1/units/{kind}/{id}"): OWN,
    ("GET", "/v1/erasures/{n}"): OWN,
    ("POST", "/v1/notes"): READ,
    ("GET", "/v1/notes"): READ,
    ("DELETE", "/v1/notes/{n}"): OWN,
    ("POST", "/v1/reload"): OWN,
    ("GET", "/healthz"): OPEN,
    ("GET", "/readyz"): OPEN,
    ("GET", "/metrics"): READ,
    ("GET", "/openapi.json"): OPEN,
    ("GET", "/"): READ,
    ("GET", "/experiments/{key...}"): READ,
    ("GET", "/core-actions"): READ,
    ("GET", "/explain"): READ,
    ("GET", "/definitions"): READ,
    ("GET", "/example"): OPEN,
    ("GET", "/example/{file}"): OPEN,
    ("GET", "/assets/{name}"): OPEN,
}
# Rows for pages that are on their way; they may be missing from the program.
MAY_BE_MISSING = {("GET", "/openapi.json"), ("GET", "/example/{file}"), ("GET", "/example")}
PARTS = {"experiment": "one", "key...": "one", "key": "x", "kind": "user", "n": "1"}


def routes():
    """(method, pattern) of each row."""
    root = os.environ["SOURCE_DIR"]
    text = subprocess.run(
        ["cc", "-E", "-P", "-D_GNU_SOURCE", f"-I{root}/include", f"-I{root}/server/http",
         f"{root}/server/http/routes.c"], capture_output=True, text=True, check=True).stdout
    table = text.split("const struct route routes[] = {")[1]
    table = re.sub(r'"\s*"', "", table)
    rows = re.findall(r'\.method = METHOD_(\w+),\s*\.pattern = "([^"]+)"', table)
    assert len(rows) == len(re.findall(r"\.handle = ", table)), "a row that is written otherwise"
    return rows


def path_of(pattern):
    return re.sub(r"\{([\w.]+)\}", lambda part: PARTS.get(part[1], "one"), pattern)


class Roles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Gangway(arguments=["--growthbook"])
        cls.keys = {role: key_ring.add(cls.server, role, f"k-{role}") for role in key_ring.ROLES}

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def ask(self, method, pattern, headers):
        """The head of the answer, and of an error its body: a stream of notices has no end."""
        client = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        body = '{"units": []}' if pattern == "/v1/assign" else "{}" if method == "POST" else None
        # As from elsewhere, so that nothing is open for being near.
        client.request(method, path_of(pattern), body, {"X-Forwarded-For": "203.0.113.9", **headers})
        answer = client.getresponse()
        text = answer.read() if answer.status >= 400 else b""
        client.close()
        return answer.status, answer.headers, text

    def test_every_route_has_a_row(self):
        found = set(routes())
        self.assertEqual(found - set(TABLE), set())
        self.assertEqual(set(TABLE) - found - MAY_BE_MISSING, set())

    def test_each_role_against_each_route(self):
        for method, pattern in routes():
            for caller in CALLERS:
                headers = {} if caller == NOBODY else key_ring.bearer(self.keys[caller])
                status, _, text = self.ask(method, pattern, headers)
                let_in = caller in TABLE[method, pattern]
                wanted = None if let_in else 401 if caller == NOBODY else 403
                with self.subTest(route=f"{method} {pattern}", caller=caller):
                    if wanted:
                        self.assertEqual(status, wanted, text)
                    else:
                        self.assertNotIn(status, (401, 403), text)

    def test_a_wrong_key_is_no_key(self):
        for method, pattern in routes():
            status, headers, text = self.ask(method, pattern, key_ring.bearer("gw_admin_" + "a" * 32))
            with self.subTest(route=f"{method} {pattern}"):
                if NOBODY in TABLE[method, pattern]:
                    self.assertNotIn(status, (401, 403), text)
                else:
                    self.assertEqual(status, 401, text)
                    self.assertEqual(headers.get_all("WWW-Authenticate"),
                                     ['Basic realm="gangway"', "Bearer"])

    def test_head_is_asked_for_what_get_is(self):
        for method, pattern in routes():
            if method != "GET" or pattern == "/ofrep/v1/events":
                continue
            with self.subTest(route=pattern):
                status, _, text = self.ask("HEAD", pattern, {})
                self.assertEqual(status == 401, NOBODY not in TABLE[method, pattern])
                self.assertEqual(text, b"")

    def test_a_refusal_says_which_role_it_takes(self):
        answer = self.server.get("/v1/experiments", key_ring.bearer(self.keys[CLIENT]))
        self.assertEqual(answer.code, "role")
        self.assertIn("analyst or admin", answer.json["detail"])
        self.assertIn("client", answer.json["detail"])

    def test_refusals_have_the_form_of_their_protocol(self):
        none, wrong = {}, key_ring.bearer(self.keys[ANALYST])
        for headers, status, code in ((none, 401, "no-key"), (wrong, 403, "role")):
            own = self.server.post("/v1/reload", "{}", headers)
            self.assertEqual((own.status, own.code), (status, code))
            self.assertEqual(own.headers["Content-Type"], "application/problem+json")
            segment = self.server.post("/v1/batch", "{}", headers)
            self.assertEqual((segment.status, segment.json["success"], segment.code),
                             (status, False, code))
            posthog = self.server.post("/e/", "{}", headers)
            self.assertEqual((posthog.status, posthog.json["type"]),
                             (status, "authentication_error"))
            amplitude = self.server.post("/2/httpapi", "{}", headers)
            self.assertEqual((amplitude.status, amplitude.json["code"]), (status, status))
            ofrep = self.server.post("/ofrep/v1/evaluate/flags/one", "{}", headers)
            self.assertEqual(ofrep.status, status)

    def test_explain_is_for_those_who_may_see_rules(self):
        plain = "/v1/assign/one?unit=u"
        wanted = {CLIENT: (200, 403), SERVER: (200, 200), ANALYST: (403, 200), ADMIN: (200, 200)}
        for role, (without, explained) in wanted.items():
            headers = key_ring.bearer(self.keys[role])
            with self.subTest(role=role):
                self.assertEqual(self.server.get(plain, headers).status, without)
                self.assertEqual(self.server.get(plain + "&explain=true", headers).status, explained)
                for explain, status in ((False, without), (True, explained)):
                    body = {"units": [{"user": "u"}], "explain": explain}
                    self.assertEqual(self.server.post("/v1/assign", body, headers).status, status)

    def test_an_analyst_writes_no_exposure(self):
        headers = key_ring.bearer(self.keys[ANALYST])
        for path in ("/v1/assign/one?unit=u&explain=true&expose=true",):
            self.assertEqual(self.server.get(path, headers).code, "role")
        body = {"units": [{"user": "u"}], "explain": True, "expose": True}
        self.assertEqual(self.server.post("/v1/assign", body, headers).code, "role")

    def test_what_is_not_there_asks_nobody(self):
        self.assertEqual(self.server.get("/v1/nothing").status, 404)
        self.assertEqual(self.server.request("DELETE", "/v1/reload").status, 405)


if __name__ == "__main__":
    main()
