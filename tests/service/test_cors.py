"""Pages of other origins: which may read what, and how a preflight is answered (http-api.md)."""

import subprocess
import unittest

from gangway import GANGWAY, Gangway, add_key, exposure, main, track

APP = "https://app.example"
FOREIGN = "https://evil.example"
SHARED = [("POST", "/v1/track"), ("POST", "/v1/batch"), ("GET", "/v1/assign/one"),
          ("POST", "/v1/assign"), ("GET", "/v1/projects/k/settings"), ("GET", "/healthz")]
KEPT = [("GET", "/v1/experiments"), ("GET", "/v1/experiments/one/report"), ("POST", "/v1/notes"),
        ("DELETE", "/v1/units/user/u1"), ("POST", "/v1/reload"), ("GET", "/metrics")]


def allowed(answer):
    return answer.headers.get("Access-Control-Allow-Origin")


class Cors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Gangway(arguments=["--cors-origin", APP, "--cors-origin", "http://localhost:3000",
                                        "--cors-origin", "https://*.crm.example"])

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def preflight(self, path, method, origin=APP):
        return self.server.request("OPTIONS", path, headers={
            "Origin": origin, "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,content-type,if-none-match,x-api-key"})

    def test_a_preflight_of_a_shared_route_needs_no_key(self):
        for method, path in SHARED:
            answer = self.preflight(path, method)
            self.assertEqual((answer.status, answer.body), (204, b""), path)
            self.assertNotIn("Content-Length", answer.headers)
            self.assertEqual(allowed(answer), APP)
            self.assertIn(method, answer.headers["Access-Control-Allow-Methods"])
            self.assertEqual(answer.headers["Access-Control-Allow-Credentials"], "true")
            self.assertGreater(int(answer.headers["Access-Control-Max-Age"]), 60)
            self.assertEqual(answer.headers["Vary"], "Origin")
            names = answer.headers["Access-Control-Allow-Headers"].split(", ")
            for name in ("authorization", "content-type", "if-none-match", "x-api-key",
                         "x-request-id"):
                self.assertIn(name, names)

    def test_reports_and_administration_are_for_no_other_page(self):
        for method, path in KEPT:
            for answer in (self.preflight(path, method),
                           self.server.request(method, path, headers={"Origin": APP})):
                self.assertEqual((allowed(answer), answer.headers["Vary"]), (None, None), path)

    def test_a_foreign_origin_gets_no_header(self):
        for origin in (FOREIGN, "null", APP + ".evil.example", "http://app.example", APP + ":8443",
                       "https://xapp.example", "https://crm.example", "https://evil/.crm.example",
                       "https://.crm.example", "https://a.crm.example.evil", "HTTPS://APP.EXAMPLE"):
            answer = self.preflight("/v1/track", "POST", origin)
            self.assertEqual((answer.status, answer.headers["Vary"]), (204, "Origin"), origin)
            self.assertFalse([name for name in answer.headers if name.startswith("Access-")], origin)

    def test_names_below_a_star_are_allowed(self):
        for origin in ("https://acme.crm.example", "https://eu.acme.crm.example"):
            self.assertEqual(allowed(self.preflight("/v1/track", "POST", origin)), origin)

    def test_an_answer_is_for_the_origin_that_asked(self):
        for origin in (APP, "http://localhost:3000"):
            answer = self.server.get("/v1/assign/one?unit=u1", {"Origin": origin})
            self.assertEqual((answer.status, allowed(answer)), (200, origin))
            shown = answer.headers["Access-Control-Expose-Headers"].split(", ")
            self.assertEqual(set(shown), {"ETag", "Retry-After", "X-Request-Id"})
            self.assertEqual(answer.headers["Vary"], "Origin")

    def test_without_an_origin_nothing_is_said_but_vary(self):
        answer = self.server.get("/v1/assign/one?unit=u1")
        self.assertEqual((allowed(answer), answer.headers["Vary"]), (None, "Origin"))

    def test_errors_can_be_read_too(self):
        headers = {"Origin": APP}
        cases = ((self.server.post("/v1/track", "{", headers), 400),
                 (self.server.get("/v1/assign/none?unit=u1", headers), 404),
                 (self.server.get("/v1/track", headers), 405),
                 (self.server.post("/v1/track", "x" * 512001, headers), 413),
                 (self.server.post("/v1/track", "x", {**headers, "Content-Encoding": "br"}), 415))
        for answer, status in cases:
            self.assertEqual((answer.status, allowed(answer)), (status, APP))

    def test_options_without_an_origin_says_what_there_is(self):
        for path, methods in (("/v1/track", "POST, OPTIONS"), ("/healthz", "GET, HEAD, OPTIONS"),
                              ("/v1/units/user/u1", "GET, HEAD, DELETE, OPTIONS"),
                              ("/v1/notes/", "GET, HEAD, POST, OPTIONS")):
            answer = self.server.request("OPTIONS", path)
            self.assertEqual((answer.status, answer.headers["Allow"]), (204, methods))
            self.assertIsNone(allowed(answer))
        self.assertEqual(self.server.request("OPTIONS", "/none").status, 404)

    def test_a_connection_goes_on_after_a_preflight(self):
        client = self.server.client()
        for _ in range(3):
            answer = self.server.request("OPTIONS", "/v1/track", client=client, headers={
                "Origin": APP, "Access-Control-Request-Method": "POST"})
            self.assertEqual(answer.status, 204)
            answer = self.server.post("/v1/track", exposure("u1"), {"Origin": APP}, client)
            self.assertEqual(answer.status, 200)
        client.close()

    def test_a_beacon_is_taken(self):
        """A string by navigator.sendBeacon: text/plain, no preflight, no header of its own."""
        answer = self.server.post("/v1/track", str(track("b1", "E")).replace("'", '"'), {
            "Origin": APP, "Content-Type": "text/plain;charset=UTF-8", "Sec-Fetch-Mode": "no-cors",
            "Sec-Fetch-Site": "cross-site"})
        self.assertEqual((answer.status, answer.json["accepted"], allowed(answer)), (200, 1, APP))


class Others(unittest.TestCase):
    def test_with_keys_a_preflight_needs_none_and_a_refusal_can_be_read(self):
        with Gangway(arguments=["--cors-origin", APP], start=False) as server:
            key = add_key(server, "client", "web")
            server.start()
            headers = {"Origin": APP, "Access-Control-Request-Method": "POST"}
            for path in ("/v1/track", "/v1/assign", "/ofrep/v1/evaluate/flags",
                         "/ofrep/v1/evaluate/flags/one"):
                answer = server.request("OPTIONS", path, headers=headers)
                self.assertEqual((answer.status, allowed(answer)), (204, APP), path)
            for given, status in (({}, 401), ({"Authorization": "Bearer x"}, 401),
                                  ({"X-API-Key": key}, 200)):
                answer = server.get("/v1/assign/one?unit=u1", {"Origin": APP, **given})
                self.assertEqual((answer.status, allowed(answer)), (status, APP))
            answer = server.get("/v1/experiments", {"Origin": APP, "X-API-Key": key})
            self.assertEqual((answer.status, allowed(answer)), (403, None))

    def test_by_default_nobody_is_allowed(self):
        with Gangway() as server:
            answer = server.request("OPTIONS", "/v1/track", headers={
                "Origin": APP, "Access-Control-Request-Method": "POST"})
            self.assertEqual((answer.status, allowed(answer), answer.headers["Vary"]),
                             (204, None, None))

    def test_a_star_is_answered_with_the_origin(self):
        with Gangway(arguments=["--cors-origin", "*"]) as server:
            for origin in (APP, "null", "capacitor://localhost"):
                answer = server.request("OPTIONS", "/v1/track", headers={
                    "Origin": origin, "Access-Control-Request-Method": "POST"})
                self.assertEqual((answer.status, allowed(answer)), (204, origin))

    def test_what_is_no_origin_is_refused_at_start(self):
        for text in ("app.example", "https://app.example/", "https://app.example/path", "https://",
                     "https://APP.example", "null", "https://app.example:443", "http://a:80",
                     "https://a:", "https://a:123456", "https://a b", "https://*", "https://x.*.example",
                     "https://[::1", "https://[x]", "", "://a", "https://u@app.example"):
            got = subprocess.run([GANGWAY, "serve", "--cors-origin", text], capture_output=True,
                                 text=True, timeout=20)
            self.assertEqual((got.returncode, "an origin is" in got.stderr), (2, True),
                             (text, got.stderr))


if __name__ == "__main__":
    main()
