"""Change notices: who listens is told once of every catalogue, after every worker has it, and whoever
was away is told when coming back."""

import json
import re
import signal
import ssl
import subprocess
import tempfile
import time
import unittest

from gangway import GANGWAY, Gangway, add_key, experiment, main
from test_tls import make_certificate

FLAGS = "/ofrep/v1/evaluate/flags"
EVENTS = "/ofrep/v1/events"


class Stream:
    """An event source: the head read, chunks undone, events by their blank lines."""

    def __init__(self, server, path=EVENTS, headers="", version="1.1", wrap=None):
        self.socket = server.connect(10)
        if wrap:
            self.socket = wrap(self.socket)
        self.socket.sendall(f"GET {path} HTTP/{version}\r\nHost: x\r\n{headers}\r\n".encode())
        self.raw = b""
        while b"\r\n\r\n" not in self.raw:
            self.raw += self.socket.recv(65536)
        self.head, _, self.raw = self.raw.partition(b"\r\n\r\n")
        self.head = self.head.decode()
        self.status = int(self.head.split(" ")[1])
        self.is_chunked = "transfer-encoding: chunked" in self.head.lower()
        self.is_ended = False
        self.text = ""
        self.events = []
        self.parse()

    def take(self):
        """Reads what is there; False at the end."""
        got = self.socket.recv(65536)
        self.raw += got
        self.parse()
        return bool(got)

    def parse(self):
        while self.is_chunked and b"\r\n" in self.raw:
            size, _, rest = self.raw.partition(b"\r\n")
            size = int(size, 16)
            if len(rest) < size + 2:
                break
            self.text += rest[:size].decode()
            assert rest[size:size + 2] == b"\r\n"
            self.raw = rest[size + 2:]
            self.is_ended = self.is_ended or size == 0
        if not self.is_chunked:
            self.text, self.raw = self.text + self.raw.decode(), b""
        while "\n\n" in self.text:
            block, _, self.text = self.text.partition("\n\n")
            fields = [line.partition(": ") for line in block.split("\n") if line[0] != ":"]
            if fields:
                self.events.append({name: value for name, _, value in fields})

    def wait(self, count=1, seconds=10):
        """Until that many events came."""
        end = time.monotonic() + seconds
        while len(self.events) < count:
            self.socket.settimeout(max(end - time.monotonic(), 0.01))
            if not self.take():
                raise AssertionError("the stream ended")
        return self.events[count - 1]

    def quiet(self, seconds=0.3):
        """All events, after so long."""
        end = time.monotonic() + seconds
        try:
            while True:
                self.socket.settimeout(max(end - time.monotonic(), 0.01))
                if not self.take():
                    break
        except TimeoutError:
            pass
        return self.events

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def data(event):
    return json.loads(event["data"])


class Notices(unittest.TestCase):
    def setUp(self):
        self.server = Gangway({"one.yaml": experiment("one")},
                              ["--workers", "2", "--no-watch"])
        self.count = 0

    def tearDown(self):
        self.server.close()

    def bulk(self, headers=None, path=FLAGS):
        return self.server.post(path, {"context": {"targetingKey": "u1"}}, headers)

    def change(self):
        """A catalogue with one more experiment comes into service."""
        self.count += 1
        self.server.write(f"more-{self.count}.yaml", experiment(f"more-{self.count}"))
        answer = self.server.post("/v1/reload", {})
        self.assertEqual(answer.status, 200)
        return answer.json["catalogue"]

    def stream_path(self):
        stream, = self.bulk().json["eventStreams"]
        return stream["endpoint"]["requestUri"]

    def test_the_bulk_answer_says_where_to_listen(self):
        answer = self.bulk().json
        stream, = answer["eventStreams"]
        self.assertEqual(set(stream), {"type", "endpoint", "inactivityDelaySec"})
        self.assertEqual(set(stream["endpoint"]), {"requestUri"})
        since = answer["metadata"]["catalogue"].removeprefix("sha256:")[:16]
        self.assertEqual(stream["endpoint"]["requestUri"], f"{EVENTS}?since={since}")

    def test_a_stream_is_one_by_its_head(self):
        with Stream(self.server) as stream:
            self.assertTrue(stream.head.startswith("HTTP/1.1 200 OK"))
            for line in ("Content-Type: text/event-stream", "Cache-Control: no-store",
                         "Transfer-Encoding: chunked", "Connection: close"):
                self.assertIn(line, stream.head)
            self.assertNotIn("Content-Length", stream.head)
            self.assertEqual(stream.quiet(), [])
        with Stream(self.server, version="1.0") as stream:
            self.assertNotIn("Transfer-Encoding", stream.head)
            self.change()
            self.assertEqual(stream.wait()["event"], "message")
        answer = self.server.request("HEAD", EVENTS)
        self.assertEqual((answer.status, answer.body), (200, b""))
        answer = self.server.post(EVENTS, "{}")
        self.assertEqual((answer.status, answer.headers["Allow"]), (405, "GET, HEAD"))

    def test_all_who_listen_are_told_once_and_then_asked_by_the_new(self):
        streams = [Stream(self.server, self.stream_path()) for _ in range(6)]
        old = self.bulk()
        catalogue = self.change()
        for stream in streams:
            event = stream.wait()
            self.assertEqual(set(event), {"id", "event", "data"})
            self.assertEqual(event["event"], "message")
            self.assertRegex(event["id"], "^[1-9][0-9]*$")
            self.assertEqual(data(event)["type"], "refetchEvaluation")
            self.assertEqual(data(event)["etag"], catalogue)
            self.assertLess(abs(data(event)["lastModified"] - time.time()), 60)
            hints = f"?flagConfigEtag={catalogue}&flagConfigLastModified=1771622898"
            new = self.bulk({"If-None-Match": old.headers["ETag"]}, FLAGS + hints)
            self.assertEqual(new.status, 200)
            self.assertEqual(new.json["metadata"]["catalogue"], catalogue)
            self.assertEqual(len(new.json["flags"]), 2)
        self.assertEqual(len({stream.events[0]["id"] for stream in streams}), 1)
        for stream in streams:
            self.assertEqual(len(stream.quiet(0.05)), 1)
            stream.close()

    def test_files_that_say_the_same_are_no_news(self):
        with Stream(self.server) as stream:
            self.server.write("one.yaml", experiment("one"))
            self.assertEqual(self.server.post("/v1/reload", {}).status, 200)
            self.server.write("broken.yaml", "experiment: [")
            self.assertEqual(self.server.post("/v1/reload", {}).status, 422)
            self.assertEqual(stream.quiet(), [])

    def test_who_was_away_is_told_when_coming_back(self):
        with Stream(self.server) as stream:
            self.change()
            first = stream.wait()["id"]
        self.change()
        self.change()
        with Stream(self.server, headers=f"Last-Event-ID: {first}\r\n") as stream:
            second = stream.wait()["id"]
            self.assertGreater(int(second), int(first))
            self.assertEqual(len(stream.quiet()), 1, "two missed ones are one")
        with Stream(self.server, headers=f"Last-Event-ID: {second}\r\n") as stream:
            self.assertEqual(stream.quiet(), [])
        for odd in ("0", "x", "-1", "99999999999999999999999", "\xff"):
            with Stream(self.server, headers=f"Last-Event-ID: {odd}\r\n") as stream:
                self.assertEqual(stream.wait()["id"], second)

    def test_ids_go_on_over_a_restart(self):
        with Stream(self.server) as stream:
            self.change()
            first = stream.wait()
        self.server.stop()
        self.server.start()
        back = f"Last-Event-ID: {first['id']}\r\n"
        with Stream(self.server, headers=back) as stream:
            self.assertEqual(stream.quiet(), [])
            self.change()
            second = stream.wait()
            self.assertGreater(int(second["id"]), int(first["id"]))
        self.server.stop()
        self.server.write("later.yaml", experiment("later"))
        self.server.start()
        with Stream(self.server, headers=f"Last-Event-ID: {second['id']}\r\n") as stream:
            third = stream.wait()
            self.assertGreater(int(third["id"]), int(second["id"]))
        with Stream(self.server, headers="Last-Event-ID: 1\r\n") as stream:
            self.assertEqual(stream.wait(), third, "the same notice to everyone")

    def test_nothing_is_missed_between_the_answer_and_the_stream(self):
        path = self.stream_path()
        with Stream(self.server, path) as stream:
            self.assertEqual(stream.quiet(), [])
        self.change()
        with Stream(self.server, path) as stream:
            seen = stream.wait()["id"]
        with Stream(self.server, path, headers=f"Last-Event-ID: {seen}\r\n") as stream:
            self.assertEqual(stream.quiet(), [])
        with Stream(self.server, self.stream_path()) as stream:
            self.assertEqual(stream.quiet(), [])
        for query in ("?since=", "?since=zz", "?since=" + "a" * 500):
            with Stream(self.server, EVENTS + query) as stream:
                self.assertEqual(stream.wait()["id"], seen)
        for query in ("?", "?other=1", "?since=%zz"):
            with Stream(self.server, EVENTS + query) as stream:
                self.assertEqual(stream.quiet(0.1), [])

    def test_a_drain_ends_the_streams_and_waits_for_none(self):
        streams = [Stream(self.server) for _ in range(4)]
        begin = time.monotonic()
        self.assertEqual(self.server.stop(signal.SIGTERM, 10), 0)
        self.assertLess(time.monotonic() - begin, 5)
        for stream in streams:
            while stream.take():
                pass
            self.assertTrue(stream.is_ended)
            stream.close()

    def test_streams_over_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            certificate, key = make_certificate(folder, "tls")
            self.server.stop()
            self.server.arguments += ["--tls-cert", certificate, "--tls-key", key]
            self.server.start()
            context = ssl.create_default_context(cafile=certificate)

            def wrap(plain):
                return context.wrap_socket(plain, server_hostname="127.0.0.1")
            with Stream(self.server, wrap=wrap) as stream:
                self.server.write("more.yaml", experiment("more"))
                self.server.process.send_signal(signal.SIGHUP)
                seen = stream.wait()["id"]
                back = f"Last-Event-ID: {int(seen) - 1}\r\n"
                with Stream(self.server, headers=back, wrap=wrap) as other:
                    self.assertEqual(other.wait()["id"], seen)
                begin = time.monotonic()
                self.assertEqual(self.server.stop(signal.SIGTERM, 10), 0)
                self.assertLess(time.monotonic() - begin, 5)
                while stream.take():
                    pass
                self.assertTrue(stream.is_ended)

    def test_what_comes_on_a_stream_is_not_read(self):
        with Stream(self.server) as stream:
            line = b"GET /v1/assign/one?unit=u1 HTTP/1.1\r\nHost: x\r\n\r\n"
            for _ in range(2000):
                stream.socket.sendall(line)
            self.change()
            stream.wait()
            self.assertEqual(self.server.metric('gangway_http_requests_total{route="/v1/assign/'
                                                '{experiment}",code="200"}') or 0, 0)

    def test_streams_leave_room_for_those_who_ask(self):
        self.server.stop()
        self.server.command = lambda fd: [
            "prlimit", "--nofile=600:600", *Gangway.command(self.server, fd)]
        self.server.start()
        streams = [Stream(self.server) for _ in range(172)]
        self.assertEqual({stream.status for stream in streams}, {200})
        with Stream(self.server) as refused:
            self.assertEqual(refused.status, 503)
            self.assertRegex(refused.head, "Retry-After: [1-9]")
        self.assertEqual(self.bulk().status, 200)
        streams.pop().close()

        def is_taken():
            with Stream(self.server) as stream:
                return stream.status == 200
        self.server.wait_for("room", is_taken)
        for stream in streams:
            stream.close()

    def test_a_notice_keeps_the_contract(self):
        with Stream(self.server, headers="Last-Event-ID: 0\r\n") as stream:
            event = stream.wait()
        self.assertEqual(set(data(event)), {"type", "etag", "lastModified"})
        self.assertIsInstance(data(event)["lastModified"], int)
        self.assertIsInstance(data(event)["etag"], str)
        self.assertTrue(re.fullmatch("[0-9]+", event["id"]))


class Keyed(unittest.TestCase):
    """Where keys are asked for, a page's event source has none to give: the URL has a token."""

    @classmethod
    def setUpClass(cls):
        cls.server = Gangway({"one.yaml": experiment("one")}, start=False)
        cls.keys = {role: add_key(cls.server, role, role + ".key-1")
                    for role in ("client", "server", "analyst", "admin")}
        cls.server.start()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def bulk(self, role):
        return self.server.post(FLAGS, {"context": {"targetingKey": "u1"}},
                                {"X-API-Key": self.keys[role]})

    def path(self, role):
        return self.bulk(role).json["eventStreams"][0]["endpoint"]["requestUri"]

    def refused(self, path, headers=None):
        answer = self.server.get(path, headers)
        return answer.status, answer.json["errorCode"]

    def test_a_key_in_the_head_opens_a_stream_and_others_do_not(self):
        for role, status in (("client", 200), ("server", 200), ("admin", 200), ("analyst", 403)):
            for header in (f"Authorization: Bearer {self.keys[role]}\r\n",
                           f"Authorization: {self.keys[role]}\r\n",
                           f"X-API-Key: {self.keys[role]}\r\n"):
                with Stream(self.server, headers=header) as stream:
                    self.assertEqual(stream.status, status, header)
        with Stream(self.server) as stream:
            self.assertEqual(stream.status, 401)
            self.assertIn("WWW-Authenticate: ", stream.head)
            self.assertIn("Content-Type: application/json", stream.head)

    def test_the_url_of_an_answer_opens_the_stream_alone(self):
        for role in ("client", "server", "admin"):
            path = self.path(role)
            self.assertRegex(path, r"\?since=[0-9a-f]{16}&token=" + role
                             + r"\.key-1\.[0-9]{10}\.[0-9a-f]{32}$")
            self.assertNotIn(self.keys[role], path)
            self.assertEqual(self.bulk(role).headers["ETag"], self.bulk(role).headers["ETag"])
            with Stream(self.server, path) as stream:
                self.assertEqual(stream.status, 200)
                self.assertEqual(stream.quiet(0.1), [])

    def test_a_token_is_good_for_nothing_else(self):
        path, _, token = self.path("server").partition("&token=")
        name, second, mac = token.rsplit(".", 2)
        for bad in ("", ".", "..", name, mac, f"{name}.{second}", f"{name}.{second}.",
                    f"{name}.{int(second) + 43200}.{mac}", f"client.key-1.{second}.{mac}",
                    f"{name}.{second}.{mac[:-1]}{'0' if mac[-1] != '0' else '1'}",
                    f"{name}.{second}.{mac}0", f"{name}.{second}.{mac.upper()}x",
                    f"{name}.-{second}.{mac}", f"{name}.0{second}.{mac}", f"nobody.{second}.{mac}",
                    "%00", "%ff", "a" * 4000):
            self.assertEqual(self.refused(f"{path}&token={bad}"), (401, "GENERAL"), bad)
        for route in (FLAGS, FLAGS + "/one", "/v1/reload", "/v1/batch"):
            answer = self.server.post(f"{route}?token={token}", {"context": {"targetingKey": "u1"}})
            self.assertEqual(answer.status, 401, route)
        self.assertEqual(self.server.get(f"/v1/experiments?token={token}").status, 401)
        bad_key = {"X-API-Key": "gw_client_" + "x" * 32}
        self.assertEqual(self.refused(f"{path}&token={token}", bad_key), (401, "GENERAL"))

    def test_a_token_ends_with_its_key(self):
        with Gangway({"one.yaml": experiment("one")}, start=False) as server:
            key = add_key(server, "client", "web")
            add_key(server, "admin", "other")
            server.start()
            path = server.post(FLAGS, {"context": {"targetingKey": "u1"}}, {"X-API-Key": key}).json[
                "eventStreams"][0]["endpoint"]["requestUri"]
            subprocess.run([GANGWAY, "key", "revoke", "web", "--store", server.store],
                           check=True, capture_output=True)

            def is_refused():
                with Stream(server, path) as stream:
                    return stream.status == 401
            server.wait_for("the end of the key", is_refused)

    def test_no_token_is_logged(self):
        path, _, token = self.path("client").partition("&token=")
        self.refused(f"{path}&token={token}0")
        with Stream(self.server, f"{path}&token={token}") as stream:
            self.assertEqual(stream.status, 200)
        log = self.server.log()
        self.assertIn("bad-key", log)
        self.assertNotIn(token.rsplit(".", 1)[1], log)


if __name__ == "__main__":
    main()
