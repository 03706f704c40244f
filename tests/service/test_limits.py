"""Each limit of http-api.md over a real connection, at the limit and one past it, and what a server
must refuse so that no proxy in front of it reads a request differently."""

import gzip
import json
import os
import select
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

from gangway import Gangway, experiment, hear, main, track


def batch(size):
    """A body of exactly `size` bytes with one good event, filled up by spaces."""
    body = json.dumps({"batch": [track("u1", "Contact Created")]})
    return body[:-1] + " " * (size - len(body)) + "}"


class Limits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Gangway({"one.yaml": experiment(), "draft.yaml": experiment("draft", status="draft")})

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def status(self, text):
        """The status of the first answer to raw bytes, after which the server closes."""
        answer = self.server.send(text)
        self.assertTrue(answer.startswith(b"HTTP/1.1 "), answer[:200])
        return int(answer[9:12])

    def test_request_line(self):
        for size, status in ((8192, 404), (8193, 414)):
            line = "GET /" + "a" * (size - 14) + " HTTP/1.1"
            self.assertEqual(len(line), size)
            got = self.status(line + "\r\nHost: x\r\nConnection: close\r\n\r\n")
            self.assertEqual(got, status)

    def test_header_field(self):
        for size, status in ((8192, 200), (8193, 431)):
            field = "X: " + "a" * (size - 3)
            got = self.status(f"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{field}\r\n\r\n")
            self.assertEqual(got, status)

    def test_head(self):
        for size, status in ((32768, 200), (32769, 431)):
            head = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            while len(head) < size - 2:
                left = size - 2 - len(head)
                line = left if left <= 8000 else 4000
                head += "X: " + "a" * (line - 5) + "\r\n"
            self.assertEqual(len(head) + 2, size)
            self.assertEqual(self.status(head + "\r\n"), status)

    def test_number_of_fields(self):
        for count, status in ((100, 200), (101, 431)):
            fields = "X: y\r\n" * (count - 2)
            got = self.status(f"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{fields}\r\n")
            self.assertEqual(got, status)

    def test_body(self):
        self.assertEqual(self.server.post("/v1/batch", batch(512000)).status, 200)
        answer = self.server.post("/v1/batch", batch(512001))
        self.assertEqual(answer.status, 413)
        self.assertIn(b"512000", answer.body)

    def test_chunked_body(self):
        def chunks(text):
            for at in range(0, len(text), 50000):
                yield text[at:at + 50000].encode()
        for size, status in ((512000, 200), (512001, 413)):
            client = self.server.client()
            client.request("POST", "/v1/batch", chunks(batch(size)), {}, encode_chunked=True)
            self.assertEqual(client.getresponse().status, status)
            client.close()

    def test_body_after_inflating(self):
        headers = {"Content-Encoding": "gzip"}
        for size, status in ((512000, 200), (512001, 413)):
            body = gzip.compress(batch(size).encode())
            self.assertLess(len(body), 10000)
            self.assertEqual(self.server.post("/v1/batch", body, headers).status, status)

    def test_a_bomb_costs_nothing(self):
        body = gzip.compress(b" " * 100_000_000)
        before = self.server.metric("process_resident_memory_bytes")
        answer = self.server.post("/v1/batch", body, {"Content-Encoding": "gzip"})
        self.assertEqual(answer.status, 413)
        after = self.server.metric("process_resident_memory_bytes")
        self.assertLess(after - before, 20_000_000)

    def test_a_huge_length_is_refused_at_once(self):
        got = self.status("POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 1073741824\r\n\r\n")
        self.assertEqual(got, 413)

    def test_event(self):
        def event(size):
            message = track("u1", "Contact Created", properties={"p": ""})
            message["properties"]["p"] = "x" * (size - len(json.dumps(message)))
            self.assertEqual(len(json.dumps(message)), size)
            return message
        answer = self.server.post("/v1/batch", {"batch": [event(32768), event(32769)]})
        self.assertEqual((answer.status, answer.json["accepted"]), (200, 1))
        self.assertEqual([bad["index"] for bad in answer.json["rejected"]], [1])

    def test_depth_of_an_event(self):
        def nested(depth):
            return '{"type":"track","userId":"u1","event":"E","properties":{"p":' \
                + "[" * (depth - 2) + "]" * (depth - 2) + "}}"
        body = f'{{"batch":[{nested(32)},{nested(33)}]}}'
        answer = self.server.post("/v1/batch", body)
        self.assertEqual((answer.status, answer.json["accepted"]), (200, 1), answer)
        self.assertEqual([bad["index"] for bad in answer.json["rejected"]], [1])

    def test_depth_of_an_own_route(self):
        def body(depth):
            lists = "[" * (depth - 4) + "]" * (depth - 4)
            return '{"units":[{"unit":"u1","traits":{"t":' + lists + "}}]}"
        self.assertEqual(self.server.post("/v1/assign", body(32)).status, 200)
        self.assertEqual(self.server.post("/v1/assign", body(33)).status, 400)

    def test_bulk_units(self):
        def units(count):
            return {"units": [{"unit": f"u{i}"} for i in range(count)], "experiments": ["one"]}
        answer = self.server.post("/v1/assign", units(10000))
        self.assertEqual((answer.status, len(answer.json["assignments"])), (200, 10000))
        answer = self.server.post("/v1/assign", units(10001))
        self.assertEqual((answer.status, answer.code), (422, "too-many"))

    def test_bulk_results(self):
        def ask(units, names):
            return self.server.post("/v1/assign", {"units": [{"unit": "u"}] * units,
                                                   "experiments": ["no"] * names})
        answer = ask(1001, 100)
        self.assertEqual((answer.status, answer.code), (422, "too-many"))
        answer = ask(1000, 100)  # 100 000 entries, but more than 8 MiB of answer
        self.assertEqual((answer.status, answer.code), (413, "too-large"))

    def test_bulk_answer(self):
        """Units of equal size, so that the size of an answer is known before it is asked for."""
        def ask(units):
            return self.server.post("/v1/assign", {"units": [{"unit": f"u{i:05d}"} for i in range(units)],
                                                   "experiments": ["draft"] * 20})
        one, two = (len(ask(units).body) for units in (1, 2))
        tail = len(ask(0).body) - len('{"assignments":[')
        most = (8 * 1024 * 1024 + tail - one) // (two - one) + 1
        self.assertLess(most, 5000)
        answer = ask(most)
        self.assertEqual((answer.status, len(answer.body)), (200, one + (most - 1) * (two - one)))
        answer = ask(most + 1)
        self.assertEqual((answer.status, answer.code), (413, "too-large"))

    def test_what_is_smuggled_is_refused(self):
        tail = "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n"
        for head, body in (
                ("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
                ("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n"),
                ("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
                ("Transfer-Encoding:\x0bchunked\r\n", "0\r\n\r\n"),
                ("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
                ("Content-Length: 0\r\nContent-Length: 36\r\n", ""),
                ("Host: y\r\nContent-Length: 0\r\n", ""),
                ("X: y\nContent-Length: 0\r\n", ""),
                ("Transfer-Encoding: chunked\r\n", "0;x\n\r\n\r\n"),
                ("Transfer-Encoding: chunked\r\n", "2\r\n{}XX0\r\n\r\n"),
        ):
            answer = self.server.send(f"POST /v1/batch HTTP/1.1\r\nHost: x\r\n{head}\r\n{body}{tail}")
            self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), (head, answer[:100]))
            self.assertEqual(answer.count(b"HTTP/1.1"), 1, head)

    def test_pipelined_requests_are_answered_in_order(self):
        text = ""
        for i in range(50):
            body = json.dumps(track(f"p{i}", "Contact Created"))
            text += f"POST /v1/track HTTP/1.1\r\nHost: x\r\nX-Request-Id: w{i}\r\n" \
                    f"Content-Length: {len(body)}\r\n\r\n{body}"
            text += f"GET /v1/assign/one?unit=u{i} HTTP/1.1\r\nHost: x\r\nX-Request-Id: r{i}\r\n\r\n"
        text += "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        answer = self.server.send(text).decode()
        ids = [line.split(": ")[1] for line in answer.splitlines() if line.startswith("X-Request-Id")]
        self.assertEqual(ids[:-1], [f"{kind}{i}" for i in range(50) for kind in "wr"])
        self.assertEqual(answer.count("HTTP/1.1 200 OK"), 101)

    def test_java_asks_for_an_upgrade(self):
        got = self.status("GET /healthz HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings, close\r\n"
                          "Host: x\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk\r\n\r\n")
        self.assertEqual(got, 200)

    def test_many_connections_at_once(self):
        connections = [self.server.connect() for _ in range(500)]
        for connection in connections:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        for connection in connections:
            self.assertTrue(connection.recv(4096).startswith(b"HTTP/1.1 200"))
            connection.close()

    def test_the_slow_are_told_and_closed(self):
        """Ten seconds each, all at once."""
        texts = {
            "head": "GET /healthz HTTP/1.1\r\nHost: x\r\nX: ",
            "body": "POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
        }
        answers = {}

        def talk(name, text):
            begin = time.monotonic()
            with self.server.connect(30) as connection:
                connection.sendall(text.encode())
                connection.settimeout(0.5)
                got = b""
                while not got and time.monotonic() - begin < 25:
                    try:
                        got = connection.recv(4096)
                    except TimeoutError:
                        try:
                            connection.sendall(b"a")  # a byte now and then is not enough
                        except OSError:
                            break
                connection.settimeout(10)
                answers[name] = (got + hear(connection), time.monotonic() - begin)

        threads = [threading.Thread(target=talk, args=one) for one in texts.items()]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):  # others are served meanwhile
            self.assertEqual(self.server.get("/v1/assign/one?unit=u1").status, 200)
            time.sleep(0.1)
        for name, (answer, seconds) in answers.items():
            self.assertTrue(answer.startswith(b"HTTP/1.1 408"), (name, answer))
            self.assertGreater(seconds, 9.5)


SLOW_DISK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
/* While the file is there, nothing reaches the disk. */
static void wait_for_it(void) { while (access("HOLD", F_OK) == 0) usleep(20 * 1000); }
int fdatasync(int fd)
{
    wait_for_it();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
}
int fsync(int fd)
{
    wait_for_it();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}
"""


@unittest.skipUnless(shutil.which("cc"), "no C compiler to make a slow disk with")
class SlowDisk(unittest.TestCase):
    """A disk that takes nothing: the queue fills up to its 64 MiB and no further, who comes then is
    told so, and who waits is answered after the commit, not before."""

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="gangway-slow-"))
        self.hold = os.path.join(self.folder, "hold")
        source, library = (os.path.join(self.folder, name) for name in ("slow.c", "slow.so"))
        with open(source, "w", encoding="ascii") as file:
            file.write(SLOW_DISK.replace("HOLD", self.hold))
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        environment = {**os.environ, "LD_PRELOAD": library,
                       "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") +
                                       ":verify_asan_link_order=0:quarantine_size_mb=16"}

        class Slow(Gangway):
            def command(self, ready_fd):
                names = [f"{name}={environment[name]}" for name in ("LD_PRELOAD", "ASAN_OPTIONS")]
                return ["env", *names, *super().command(ready_fd)]
        self.server = self.enterContext(Slow())
        messages = [track(f"qNUMBER-{i}", "E", f"mNUMBER-{i}", properties={"p": "x" * 31_000})
                    for i in range(16)]
        self.body = json.dumps({"batch": messages}, separators=(",", ":"))

    def send(self, number):
        """A batch of nearly the largest size, sent and not heard."""
        body = self.body.replace("NUMBER", f"{number:06d}")
        self.assertLess(len(body), 512000)
        connection = self.server.connect(60)
        self.addCleanup(connection.close)
        connection.sendall(f"POST /v1/batch HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                           f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        return connection

    def test_the_queue_of_the_journal_is_bounded(self):
        memory = self.server.metric("process_resident_memory_bytes")
        open(self.hold, "w", encoding="ascii").close()
        sent, early = [], []
        while not early and len(sent) < 600:
            sent.append(self.send(len(sent)))
            early = select.select(sent, [], [], 0.02)[0]
        self.assertTrue(early)
        self.assertEqual(self.server.get("/v1/assign/one?unit=u1").status, 200)
        early = select.select(sent, [], [], 0)[0]
        for answer in map(hear, early):
            self.assertTrue(answer.startswith(b"HTTP/1.1 503"), "answered before the commit")
            self.assertIn(b"\r\nRetry-After: 1\r\n", answer)
            self.assertIn(b"journal-full", answer)
        # The records, the bodies that they were read from, and what was read: some 270 MB.  An
        # AddressSanitizer doubles it.
        grown = self.server.metric("process_resident_memory_bytes") - memory
        self.assertLess(grown, 800 * 1024 * 1024)
        os.unlink(self.hold)
        late = [hear(connection) for connection in sent if connection not in early]
        taken = [answer for answer in late if answer.startswith(b"HTTP/1.1 200")]
        for answer in late:  # some came while the first refusal was on its way
            self.assertTrue(answer in taken or answer.startswith(b"HTTP/1.1 503"), answer)
        self.assertGreater(len(taken), 64)
        self.assertEqual(self.server.metric('gangway_ingest_events_total{result="accepted"}'),
                         16 * len(taken))
        self.assertTrue(hear(self.send(1000)).startswith(b"HTTP/1.1 200"))


class Descriptors(unittest.TestCase):
    def test_past_the_connections_that_there_are_is_503(self):
        import resource
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)

        class Small(Gangway):
            def command(self, ready_fd):
                return ["sh", "-c", 'ulimit -n 600; exec "$@"', "sh", *super().command(ready_fd)]
        self.assertGreater(hard[1], 600)
        with Small() as server:
            self.assertIn("fewer connections than 10000", server.log())
            held = [server.connect() for _ in range(344)]  # 600 - 256
            time.sleep(0.3)
            self.addCleanup(lambda: [connection.close() for connection in held])
            answers = []
            for _ in range(3):
                with server.connect() as connection:
                    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                    answers.append(hear(connection))
            for answer in answers:
                self.assertTrue(answer.startswith(b"HTTP/1.1 503"), answer)
                head, body = answer.split(b"\r\n\r\n", 1)
                self.assertIn(b"Content-Length: %d\r\n" % len(body), head + b"\r\n")
                self.assertEqual(json.loads(body)["code"], "connections")
            held.pop().close()
            time.sleep(0.5)
            self.assertEqual(server.get("/healthz").status, 200)


if __name__ == "__main__":
    main()
