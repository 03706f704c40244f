"""What strangers try: a web page against a server on loopback, requests that two servers would read
differently, paths that point elsewhere, text that would forge a line of the log, and very many
connections that do nothing."""

import base64
import json
import os
import re
import resource
import socket
import threading
import time
import unittest
import urllib.parse

from gangway import Gangway, add_key, experiment, exposure, hear, main, track

APP = "https://app.example"
LOG_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (audit|error|warn|info|debug) \w+ ")
STATUS = re.compile(rb"HTTP/1\.1 \d\d\d ")
LONG = os.environ.get("GANGWAY_LONG") == "1"


class Strangers(unittest.TestCase):
    """A server without keys takes who reaches it for an admin; a browser must not be led to it."""

    @classmethod
    def setUpClass(cls):
        cls.server = Gangway(arguments=["--cors-origin", APP])
        cls.host = f"127.0.0.1:{cls.server.port}"
        cls.body = json.dumps(track("u1", "E"))

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def written(self):
        return self.server.metric("gangway_journal_sequence")

    def expect(self, code, method, path, body=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.server.request(method, path, body, headers)
        if code is None:
            self.assertLess(answer.status, 400, (path, headers, answer))
        else:
            self.assertEqual((answer.status, answer.json["code"]), (403, code), (path, headers))

    def test_a_form_of_another_site_writes_nothing(self):
        """enctype=text/plain makes JSON that needs no preflight."""
        before = self.written()
        form = {"Content_Type": "text/plain", "Sec_Fetch_Site": "cross-site",
                "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
        for origin in ("https://evil.example", "null", "http://127.0.0.1.evil.example",
                       "http://localhost.evil.example", f"https://evil.example:{self.server.port}"):
            for path in ("/v1/track", "/v1/batch", "/v1/assign", "/v1/notes", "/v1/reload"):
                self.expect("origin", "POST", path, self.body, Origin=origin, **form)
            self.expect("origin", "DELETE", "/v1/units/user/u1", Origin=origin)
            self.expect("origin", "GET", "/v1/units/user/u1", Origin=origin)
        self.assertEqual(self.written(), before)

    def test_an_image_of_another_site_writes_and_reads_nothing(self):
        before = self.written()
        for site in ("cross-site", "same-site"):
            for mode in ("no-cors", "cors", None):
                headers = {"Sec_Fetch_Site": site, **({"Sec_Fetch_Mode": mode} if mode else {})}
                self.expect("origin", "GET", "/v1/assign/one?unit=u1&expose=true", **headers)
                self.expect("origin", "GET", "/v1/experiments", **headers)
        self.assertEqual(self.written(), before)

    def test_a_link_leads_to_a_report_and_writes_nothing(self):
        link = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}
        self.server.wait_for_fold()
        self.expect(None, "GET", "/v1/experiments/one/report", **link)
        self.expect("origin", "GET", "/v1/assign/one?unit=u1&expose=true", **link)
        self.expect("origin", "DELETE", "/v1/units/user/u1", **link)

    def test_who_opened_a_page_keeps_no_hold_of_it_unless_it_was_the_reader(self):
        for site, opener in (("cross-site", "same-origin"), ("same-site", "same-origin"),
                             (None, "same-origin"), ("unheard-of", "same-origin"), ("none", None),
                             ("same-origin", None)):
            headers = {"Sec-Fetch-Mode": "navigate", **({"Sec-Fetch-Site": site} if site else {})}
            for path, status in (("/definitions", 200), ("/experiments/nobody", 404)):
                answer = self.server.get(path, headers)
                self.assertEqual(answer.status, status)
                self.assertEqual(answer.headers.get("Cross-Origin-Opener-Policy"), opener, site)

    def test_a_name_that_was_let_point_here_is_refused(self):
        before = self.written()
        for host in ("evil.example", f"evil.example:{self.server.port}", "localhost.evil.example",
                     "127.0.0.1.evil.example:80", "192.168.1.7:8400", "[2001:db8::1]:8400",
                     "0.0.0.0", "evillocalhost.example", "127.0.0.1@evil.example"[:9] + ".example"):
            self.expect("host", "POST", "/v1/track", self.body, Host=host)
            self.expect("host", "GET", "/v1/experiments", Host=host)
            self.expect("host", "GET", "/v1/experiments", Host=host, Origin=f"http://{host}",
                        Sec_Fetch_Site="same-origin")
            self.expect(None, "GET", "/healthz", Host=host)
        self.assertEqual(self.written(), before)

    def test_own_names_are_answered(self):
        for host in ("localhost", "LOCALHOST:8400", "gangway.localhost:80", "127.0.0.1", "127.1.2.3:9",
                     "[::1]", "[::1]:8400", "gangway", "x:8400", ""):
            self.expect(None, "POST", "/v1/track", self.body, Host=host)

    def test_own_pages_and_those_of_this_machine_and_the_named_pass(self):
        for origin in (f"http://{self.host}", f"http://localhost:{self.server.port}",
                       "http://localhost:3000", "http://127.0.0.1:5173", "http://[::1]:1", APP):
            self.expect(None, "POST", "/v1/track", self.body, Origin=origin,
                        Sec_Fetch_Site="cross-site")
        self.expect(None, "POST", "/v1/track", self.body, Sec_Fetch_Site="same-origin")
        self.expect(None, "POST", "/v1/track", self.body, Sec_Fetch_Site="none")

    def test_the_named_are_for_shared_routes(self):
        self.expect("origin", "POST", "/v1/reload", Origin=APP)
        self.expect("origin", "GET", "/v1/experiments", Origin=APP)

    def test_a_star_names_everybody_for_shared_routes(self):
        with Gangway(arguments=["--cors-origin", "*"]) as server:
            for origin in ("https://any.example", "null"):
                headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
                answer = server.post("/v1/track", self.body, headers)
                self.assertEqual((answer.status, answer.headers["Access-Control-Allow-Origin"]),
                                 (200, origin))
                for method, path in (("POST", "/v1/reload"), ("GET", "/v1/experiments"),
                                     ("DELETE", "/v1/units/user/u1")):
                    answer = server.request(method, path, None, headers)
                    self.assertEqual((answer.status, answer.code), (403, "origin"))

    def test_a_script_sends_none_of_it_and_passes(self):
        self.expect(None, "POST", "/v1/track", self.body)
        self.expect(None, "POST", "/v1/reload", "{}")

    def test_over_a_unix_socket_any_host_is_fine(self):
        path = os.path.join(self.server.folder, "socket")
        with Gangway(listen="unix:" + path):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(path)
                connection.sendall(b"GET /v1/assign/one?unit=u1 HTTP/1.1\r\nHost: any.example\r\n"
                                   b"Connection: close\r\n\r\n")
                self.assertTrue(hear(connection).startswith(b"HTTP/1.1 200"))


class Passwords(unittest.TestCase):
    """A browser that was given an analyst's or admin's key sends it with every request, also with
    those that a page elsewhere makes."""

    @classmethod
    def setUpClass(cls):
        cls.server = Gangway(arguments=["--cors-origin", APP, "--cors-origin", "*"], start=False)
        cls.keys = {role: add_key(cls.server, role, role)
                    for role in ("client", "server", "analyst", "admin")}
        cls.server.start()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def ask(self, role, method, path, body=None, **headers):
        basic = base64.b64encode(f"me:{self.keys[role]}".encode()).decode()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.server.request(method, path, body, {"Authorization": "Basic " + basic, **headers})

    def test_a_form_of_another_site_does_nothing_with_them(self):
        note = json.dumps({"experiment": "one", "source": "s", "text": "t"})
        for origin in ("https://evil.example", "null", "http://localhost:3000", APP):
            for role in ("analyst", "admin"):
                answer = self.ask(role, "POST", "/v1/notes", note, Origin=origin,
                                  Content_Type="text/plain", Sec_Fetch_Site="cross-site")
                self.assertEqual((answer.status, answer.code), (403, "origin"), origin)
            answer = self.ask("admin", "POST", "/v1/reload", "{}", Origin=origin)
            self.assertEqual((answer.status, answer.code), (403, "origin"))
        answer = self.ask("admin", "POST", "/v1/track", json.dumps(track("u1", "E")),
                          Origin="https://evil.example")
        self.assertEqual((answer.status, answer.json["code"]), (403, "origin"))

    def test_own_pages_links_and_scripts_pass(self):
        here = f"http://127.0.0.1:{self.server.port}"
        self.assertEqual(self.ask("admin", "POST", "/v1/reload", "{}", Origin=here,
                                  Sec_Fetch_Site="same-origin").status, 200)
        self.assertEqual(self.ask("admin", "POST", "/v1/reload", "{}").status, 200)
        self.assertEqual(self.ask("analyst", "GET", "/v1/events", Sec_Fetch_Site="cross-site",
                                  Sec_Fetch_Mode="navigate").status, 200)

    def test_with_keys_any_host_is_answered_and_front_ends_are_free(self):
        body = json.dumps(track("u1", "E"))
        for role in ("client", "server"):
            for origin in ("https://any.example", APP):
                answer = self.ask(role, "POST", "/v1/track", body, Host="gangway.example",
                                  Origin=origin, Sec_Fetch_Site="cross-site")
                self.assertEqual(answer.status, 200, answer)
        answer = self.ask("analyst", "GET", "/v1/events", Host="gangway.example")
        self.assertEqual(answer.status, 200)

    def test_a_named_origin_may_use_an_admin_s_key_on_shared_routes(self):
        answer = self.ask("admin", "GET", "/v1/assign/one?unit=u1", Origin=APP)
        self.assertEqual(answer.status, 200)


class Smuggling(unittest.TestCase):
    """One answer, 400, and the end: what follows on the connection is never read as a request."""

    @classmethod
    def setUpClass(cls):
        cls.server = Gangway()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    TAIL = "GET /v1/assign/one?unit=smuggled HTTP/1.1\r\nHost: x\r\n\r\n"

    def refused(self, text, status=400):
        answer = self.server.send((text + self.TAIL).encode("latin-1"))
        self.assertTrue(answer.startswith(b"HTTP/1.1 %d " % status), (text, answer[:200]))
        self.assertEqual(len(STATUS.findall(answer)), 1, text)
        self.assertIn(b"Connection: close\r\n", answer)
        self.assertNotIn(b"smuggled", answer)

    def test_lengths(self):
        for lines in ("Content-Length: +4", "Content-Length: -1", "Content-Length: 0x4",
                      "Content-Length: 4, 4", "Content-Length: 4 4", "Content-Length: 4;q=1",
                      "Content-Length: 4.0", "Content-Length: ", "Content-Length: four",
                      "Content-Length: 99999999999999999999999", "Content-Length: 18446744073709551616",
                      "Content-Length: 4\r\nContent-Length: 4", "Content-Length: 4\r\ncontent-length: 5",
                      "Content-Length : 4", "Content-Length\t: 4", " Content-Length: 4"):
            self.refused(f"POST /v1/track HTTP/1.1\r\nHost: x\r\n{lines}\r\n\r\n")

    def test_transfer_codings(self):
        for lines in ("Transfer-Encoding: chunked\r\nContent-Length: 4",
                      "Content-Length: 4\r\nTransfer-Encoding: chunked",
                      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
                      "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
                      "Transfer-Encoding: identity", "Transfer-Encoding: gzip, chunked",
                      "Transfer-Encoding: xchunked", "Transfer-Encoding: chunked;a=b",
                      "Transfer-Encoding:", "Transfer-Encoding: \x0bchunked",
                      "Transfer-Encoding: \"chunked\"", "Transfer-Encoding : chunked",
                      "Transfer-Encoding: chunked, chunked", "X: y\r\n Transfer-Encoding: chunked"):
            self.refused(f"POST /v1/track HTTP/1.1\r\nHost: x\r\n{lines}\r\n\r\n0\r\n\r\n")
        self.refused("POST /v1/track HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")

    def test_chunks(self):
        for chunks in ("+2\r\n{}\r\n0\r\n\r\n", "0x2\r\n{}\r\n0\r\n\r\n", " 2\r\n{}\r\n0\r\n\r\n",
                       "-2\r\n{}\r\n0\r\n\r\n", "\r\n", "x\r\n", "2\n{}\r\n0\r\n\r\n",
                       "2\r\n{}\n0\r\n\r\n", "2\r\n{}0\r\n\r\n", "2\r\n{}XX0\r\n\r\n",
                       "fffffffffffffffff\r\n{}", "10000000000000000\r\n{}",
                       # Extensions and trailers too: no client of ours sends them.
                       "2;a=b\r\n{}\r\n0\r\n\r\n", "2;\x00\r\n{}\r\n0\r\n\r\n",
                       "2 \r\n{}\r\n0\r\n\r\n", "2\r\n{}\r\n0;x\r\n\r\n",
                       "2\r\n{}\r\n0\r\nX: y\r\n\r\n", "2\r\n{}\r\n0\r\n\n"):
            self.refused("POST /v1/track HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                         + chunks)

    def test_heads(self):
        for head in ("Host: x\r\nHost: y", "Host: x\r\nhost: x", "X: y", "Host: x y", "Host: x/y",
                     "Host: x\r\nX: a\r\n b", "Host: x\r\n\tX: a", "Host: x\nX: a", "Host: x\rX: a",
                     "Host: x\r\nX: a\x00b", "Host: x\r\nX\x00: a", "Host: x\r\n: a", "Host: x\r\nX",
                     "Host: x\r\nX Y: a", "Host: x\r\nX(): a", "Host: x\r\nX: a\x7fb",
                     "Host: x\r\nOrigin: http://a\r\nOrigin: http://b"):
            self.refused(f"GET /healthz HTTP/1.1\r\n{head}\r\n\r\n")

    def test_request_lines(self):
        for line in ("GET  /healthz HTTP/1.1", "GET /healthz  HTTP/1.1", "GET\t/healthz\tHTTP/1.1",
                     " GET /healthz HTTP/1.1", "GET /healthz HTTP/1.1 x", "GET /healthz HTTP/1.1\t",
                     "GET", "GET /a b HTTP/1.1", "GET healthz HTTP/1.1",
                     "GET ? HTTP/1.1", "GET /\x01 HTTP/1.1", "GET /\xe9 HTTP/1.1", "GET /a#b HTTP/1.1",
                     "G@T / HTTP/1.1", "get /healthz HTTP/1.1", "GET /healthz http/1.1",
                     "GET /healthz HTTP/1.", "GET /healthz HTTP/x.1", "GET /healthz HTTP/1.1\x00",
                     "CONNECT x:80 HTTP/1.1", "OPTIONS * HTTP/1.1", "GET ftp://x/healthz HTTP/1.1"):
            self.refused(f"{line}\r\nHost: x\r\n\r\n")
        self.refused("GET /healthz\r\nHost: x\r\n\r\n", 505)  # HTTP/0.9
        self.refused("GET /healthz HTTP/2.0\r\nHost: x\r\n\r\n", 505)
        answer = self.server.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")  # an HTTP/2 client
        self.assertIn(answer[:12], (b"HTTP/1.1 400", b"HTTP/1.1 505"))

    def test_an_upgrade_is_passed_over_and_the_body_stays_a_body(self):
        for name in ("h2c", "websocket", "TLS/1.2"):
            answer = self.server.send(
                f"POST /v1/track HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: {name}\r\n"
                f"Content-Length: {len(self.TAIL)}\r\n\r\n{self.TAIL}")
            self.assertTrue(answer.startswith(b"HTTP/1.1 400"), answer)
            self.assertIn(b"bad-json", answer)
            self.assertEqual(len(STATUS.findall(answer)), 1)

    def test_a_body_where_none_is_taken_ends_the_connection(self):
        for head in ("GET /healthz", "OPTIONS /v1/track", "DELETE /v1/units/user/u", "PUT /v1/track"):
            text = f"{head} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(self.TAIL)}\r\n\r\n"
            answer = self.server.send(text + self.TAIL)
            self.assertEqual(len(STATUS.findall(answer)), 1, (head, answer))
            self.assertNotIn(b"smuggled", answer)

    def test_a_slow_one_in_front_keeps_the_order(self):
        """The first waits for its commit, the others could be answered at once."""
        body = json.dumps({"batch": [exposure(f"s{i}") for i in range(2000)]})
        text = f"POST /v1/batch HTTP/1.1\r\nHost: x\r\nX-Request-Id: slow\r\n" \
               f"Content-Length: {len(body)}\r\n\r\n{body}"
        text += "".join(f"GET /v1/assign/one?unit=u HTTP/1.1\r\nHost: x\r\nX-Request-Id: q{i}\r\n\r\n"
                        for i in range(200))
        text += "HEAD /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: last\r\nConnection: close\r\n\r\n"
        answer = self.server.send(text).decode()
        ids = re.findall(r"X-Request-Id: (\S+)", answer)
        self.assertEqual(ids, ["slow", *[f"q{i}" for i in range(200)], "last"])


class Paths(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Gangway({"one.yaml": experiment(), "a.yaml": experiment("a/b")})

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def status(self, target):
        answer = self.server.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n"
                                  "Connection: close\r\n\r\n")
        return int(answer[9:12])

    def test_no_path_is_made_shorter(self):
        """No segment means anything but itself, so nothing can be reached around a rule for a path."""
        for target in ("/../healthz", "/./healthz", "/v1/../healthz", "/%2e%2e/healthz", "//healthz",
                       "/healthz//", "/v1//experiments", "/healthz/.", "/healthz/..", "/%68ealthz",
                       "/healthz%2f", "/v1%2fexperiments", "/healthz;x", "/HEALTHZ", "/healthz%00",
                       "/../../../../etc/passwd", "/v1/experiments/../../etc/passwd",
                       "/v1/experiments/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/..%5c..%5cetc%5cpasswd",
                       "/v1/experiments/one/../one", "/v1/experiments/one%2freport", "/assets/../x",
                       "/assets/%2e%2e/x", "/assets/..%2fx", "///", "/v1/assign//?unit=u"):
            self.assertEqual(self.status(target), 404, target)

    def test_what_does_not_decode_is_400(self):
        for target in ("/v1/assign/%00?unit=u", "/v1/assign/%zz?unit=u", "/v1/assign/%?unit=u",
                       "/v1/assign/%4?unit=u", "/v1/assign/one?unit=%00", "/v1/assign/one?unit=%zz",
                       "/v1/units/user/%00", "/v1/assign/%ff?unit=u", "/v1/assign/one?unit=%c0%80"):
            self.assertEqual(self.status(target), 400, target)

    def test_an_encoded_slash_is_part_of_a_name(self):
        self.assertIn(self.status("/v1/assign/a%2fb?unit=u"), (200, 404))  # as the grammar has it
        self.assertEqual(self.status("/v1/units/user/a%2f..%2fb"), 404)

    def test_absolute_targets(self):
        for target, status in (("http://localhost/healthz", 200), ("HTTP://x:1/healthz?q", 200),
                               ("http://localhost", 200), ("http://localhost/x", 404), ("https://localhost/healthz", 400),
                               ("http:/healthz", 400), ("http:///healthz", 400)):
            self.assertEqual(self.status(target), status, target)


class Logs(unittest.TestCase):
    def forge(self, server):
        evil = "x\n2026-01-01T00:00:00.000Z error forged all is lost\x1b[31m\u009b\u2028"
        quoted = urllib.parse.quote(evil)
        server.get(f"/v1/assign/{quoted}?unit={quoted}&{quoted}={quoted}")
        server.get(f"/{quoted}")
        server.post("/v1/track", {**track(evil, evil), "messageId": evil})
        server.post("/v1/batch", {"batch": [exposure(evil, evil, evil), {"type": evil}]})
        server.post("/v1/track", f'{{"{evil}": 1'.encode())
        server.request("DELETE", f"/v1/units/user/{quoted}")
        for name in ("X-Request-Id", "User-Agent", "Origin", "X-Forwarded-For", "Authorization",
                     "X-Api-Key", "Content-Encoding"):
            server.send(f"POST /v1/track HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{name}: a\x1b[31m"
                        "b\x85\x9b\" level=error\r\nContent-Length: 2\r\n\r\n{}".encode("latin-1"))
        server.write("evil.yaml", experiment("evil") + "\"a\\nb\\e[31m\": 1\n")
        server.post("/v1/reload", "{}")

    def test_nobody_writes_a_line_of_the_log(self):
        for form in ("text", "json"):
            with Gangway(arguments=["--log-level", "debug", "--log-format", form]) as server:
                self.forge(server)
                server.stop()
                with open(server.log_path, "rb") as file:
                    log = file.read()
            self.assertTrue(log.endswith(b"\n"))
            self.assertGreater(log.count(b"\n"), 3)
            for line in log.decode("utf-8").split("\n")[:-1]:
                if form == "text":
                    self.assertRegex(line, LOG_LINE)
                else:
                    self.assertIn(json.loads(line)["level"], ("audit", "error", "warn", "info", "debug"))
                self.assertNotRegex(line, r"[\x00-\x1f\x7f-\x9f]")
            self.assertNotIn(b"\nforged", log)

    def test_nobody_writes_a_header_of_an_answer(self):
        with Gangway(arguments=["--cors-origin", "*"]) as server:
            for name in ("X-Request-Id", "Origin"):
                for value in ("a\rSet-Cookie: b", "a\nSet-Cookie: b", "a\x00b", "\u010d\u010aSet-Cookie: b",
                              "https://a\x80b", "https://a b", "https://a\"b", "https://a/b", "a b\tc"):
                    answer = server.send(b"GET /v1/assign/one?unit=u HTTP/1.1\r\nHost: x\r\n"
                                         b"Connection: close\r\n" + name.encode() + b": "
                                         + value.encode("utf-8") + b"\r\n\r\n")
                    head = answer.split(b"\r\n\r\n")[0]
                    self.assertNotIn(b"Set-Cookie", head, value)
                    self.assertNotIn(b"Access-Control-Allow-Origin", head, value)
                    self.assertIsNone(re.search(rb"[^\x20-\x7e\r\n]", head), value)


class Crowds(unittest.TestCase):
    def test_ten_thousand_idle_connections(self):
        """As many as the system lets one process open; what is missing of 10 000 is said."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        count = min(10_000, hard - 300)
        if count < 10_000:
            print(f"\nonly {count} of 10 000 connections: the system gives {hard} descriptors", flush=True)
        with Gangway() as server:
            before = server.metric("process_resident_memory_bytes")
            last = server.connect()
            held = [server.connect() for _ in range(count - 1)]
            self.addCleanup(lambda: [one.close() for one in held])
            ask = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"

            def number(name):
                last.sendall(ask)
                text = b""
                while b"gangway_journal_sequence" not in text or not text.endswith(b"\n"):
                    text += last.recv(1 << 20)
                found = re.search(rb"^%s ([\d.e+]+)$" % name, text, re.M)
                return float(found.group(1))
            server.wait_for("all of them", lambda: number(b"gangway_http_connections") >= count)
            grown = number(b"process_resident_memory_bytes") - before
            self.assertLess(grown / count, 4096, "bytes a connection")
            cpu = number(b"process_cpu_seconds_total")
            begin = time.monotonic()
            time.sleep(2)
            share = (number(b"process_cpu_seconds_total") - cpu) / (time.monotonic() - begin)
            self.assertLess(share, 0.5, "of a core, for nothing")
            for one in held[::100]:
                one.sendall(b"GET /v1/assign/one?unit=u1 HTTP/1.1\r\nHost: x\r\n\r\n")
            for one in held[::100]:
                self.assertTrue(one.recv(4096).startswith(b"HTTP/1.1 200"))
            if count == 10_000:
                with server.connect() as one_more:
                    one_more.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                    self.assertTrue(hear(one_more).startswith(b"HTTP/1.1 503"))
            for one in held:
                one.close()
            last.close()
            server.wait_for("room", lambda: server.get("/healthz").status == 200)
            self.assertEqual(server.stop(), 0)

    def test_a_thousand_slow_heads_hold_nobody_up(self):
        with Gangway(arguments=["--workers", "1"]) as server:
            held = [server.connect() for _ in range(1000)]
            self.addCleanup(lambda: [one.close() for one in held])
            for one in held:
                one.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: ")
            for _ in range(5):
                for one in held:
                    one.sendall(b"a")
                self.assertEqual(server.get("/v1/assign/one?unit=u1").status, 200)
            server.wait_for("the end of all", lambda: server.metric("gangway_http_connections") == 1, 20)
            self.assertTrue(hear(held[500]).startswith(b"HTTP/1.1 408"))

    @unittest.skipUnless(LONG, "a minute; with GANGWAY_LONG=1 (short limits: tests/http/test_worker.c)")
    def test_who_is_idle_for_a_minute_or_reads_nothing_for_half_is_closed(self):
        with Gangway() as server:
            ends = {}

            def wait(name, text):
                begin = time.monotonic()
                with server.connect(90) as connection:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                    connection.sendall(text)
                    if name == "reading":
                        while server.metric("gangway_http_connections") > 3:
                            time.sleep(0.5)
                    else:
                        hear(connection)
                    ends[name] = time.monotonic() - begin
            many = json.dumps({"units": [{"unit": f"u{i}"} for i in range(10_000)]})
            texts = {"idle": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "silent": b"",
                     "reading": f"POST /v1/assign HTTP/1.1\r\nHost: x\r\nContent-Length: {len(many)}"
                                f"\r\n\r\n{many}".encode()}
            threads = [threading.Thread(target=wait, args=one) for one in texts.items()]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for name, least, most in (("idle", 59, 65), ("silent", 59, 65), ("reading", 29, 40)):
                self.assertTrue(least < ends[name] < most, ends)


if __name__ == "__main__":
    main()
