"""`import --url` and `erase --url`: what a running server is sent and asked from the command line, with
its own batches, pauses and refusals; and a server that is none.
"""

import json
import os
import socket
import subprocess
import tempfile
import threading
import unittest

import scenario
from gangway import GANGWAY, Gangway


def run(*arguments, data=None):
    done = subprocess.run([GANGWAY, *arguments], input=data, capture_output=True, text=True,
                          timeout=120, check=False)
    return done.returncode, done.stdout, done.stderr


def url_of(server):
    return f"http://127.0.0.1:{server.port}"


class Fake(threading.Thread):
    """A server that gives one answer a connection, as it is told, and keeps what it was sent."""

    def __init__(self, *answers):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.answers, self.requests = answers, []
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/below/"
        self.start()

    def run(self):
        for answer in self.answers:
            line, _ = self.listener.accept()
            with line:
                text = b""
                while b"\r\n\r\n" not in text:
                    text += line.recv(65536)
                head, _, body = text.partition(b"\r\n\r\n")
                size = int([h.split(b":")[1] for h in head.split(b"\r\n")
                            if h.lower().startswith(b"content-length")][0])
                while len(body) < size:
                    body += line.recv(65536)
                self.requests.append((head.decode(), body.decode()))
                line.sendall(answer)
        self.listener.close()


def answer(status, body, *headers):
    head = "".join(f"{h}\r\n" for h in (f"HTTP/1.1 {status} x", f"Content-Length: {len(body)}",
                                         *headers))
    return f"{head}\r\n{body}".encode()


class ByUrl(unittest.TestCase):
    def test_what_is_sent_is_as_if_it_was_imported(self):
        stream = scenario.Stream(users=800, seed=21)
        lines = scenario.lines_of(stream.messages)
        lines = lines.decode() if isinstance(lines, bytes) else lines
        with Gangway(files=scenario.files()) as server, tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "messages")
            with open(path, "w", encoding="utf-8") as file:
                file.write(lines)
            self.assertGreater(os.path.getsize(path), 600_000, "more than one body")
            status, out, error = run("import", path, "--url", url_of(server))
            self.assertEqual((status, error), (0, ""), out)
            count = len(stream.messages)
            self.assertRegex(out, r"^\d+ accepted, \d+ duplicates, 0 rejected\n$")
            self.assertEqual(sum(int(n) for n in out.split() if n.isdigit()), count)
            server.wait_for_fold()
            got = scenario.undelivered(scenario.report(server.store))
            experiments = scenario.write_folder(os.path.join(folder, "experiments"),
                                                scenario.files())
            scenario.import_messages(os.path.join(folder, "store"), experiments, stream.messages)
            self.assertEqual(got, scenario.undelivered(scenario.report(
                os.path.join(folder, "store"))))
            # again: nothing is there twice
            status, out, _ = run("import", path, "--url", url_of(server) + "/")
            self.assertEqual(status, 0)
            server.wait_for_fold()
            self.assertEqual(got, scenario.undelivered(scenario.report(server.store)))

    def test_who_is_rejected_is_named_by_file_and_line(self):
        good = {"type": "track", "event": "Tried", "userId": "u1", "messageId": "m1",
                "timestamp": "2026-09-02T00:00:00Z"}
        lines = "\n".join([json.dumps(good), "", '{"type": "track"', json.dumps({"type": "odd"}),
                           json.dumps(good | {"messageId": "m2"}), "]}", "x" * 40_000,
                           json.dumps(good | {"userId": ""})])
        with Gangway() as server, tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "messages")
            with open(path, "w", encoding="utf-8") as file:
                file.write(lines)
            status, out, error = run("import", path, "--url", url_of(server))
            self.assertEqual((status, out), (1, "2 accepted, 0 duplicates, 5 rejected\n"), error)
            named = sorted(int(line.split(":")[1]) for line in error.splitlines())
            self.assertEqual(named, [3, 4, 6, 7, 8], error)
            self.assertTrue(all(line.startswith(path + ":") for line in error.splitlines()))
            status, out, _ = run("import", "--url", url_of(server), data=lines.splitlines()[0] + "\n")
            self.assertEqual((status, out), (0, "0 accepted, 1 duplicates, 0 rejected\n"))

    def test_a_busy_server_is_waited_for(self):
        line = json.dumps({"type": "track", "event": "E", "userId": "u"}) + "\n"
        fine = answer(200, '{"accepted":1,"duplicates":0,"rejected":[]}')
        busy = [answer(503, "{}", "Retry-After: 1"), answer(429, "{}", "retry-after:  1")]
        fake = Fake(*busy, fine)
        status, out, error = run("import", "--url", fake.url, "--key", "gw_server_x", data=line)
        self.assertEqual((status, out), (0, "1 accepted, 0 duplicates, 0 rejected\n"), error)
        self.assertEqual(len(fake.requests), 3)
        for head, body in fake.requests:
            self.assertTrue(head.startswith("POST /below/v1/batch HTTP/1.1\r\n"), head)
            self.assertIn("Authorization: Bearer gw_server_x", head)
            self.assertEqual(json.loads(body), {"batch": [json.loads(line)]})

    def test_what_is_no_answer_is_told(self):
        line = json.dumps({"type": "track", "event": "E", "userId": "u"}) + "\n"
        for said in (b"", b"SSH-2.0-x\r\n", answer(200, "{}")[:-1], b"HTTP/1.1 200 OK\r\n",
                     answer(200, "no")):
            status, _, error = run("import", "--url", Fake(said).url, data=line)
            self.assertNotEqual(status, 0, said)
            self.assertIn("gangway: ", error)
        status, _, error = run("import", "--url", Fake(answer(401, json.dumps(
            {"detail": "a key is wanted"}))).url, data=line)
        self.assertIn("401: a key is wanted", error)
        self.assertEqual(status, 2)
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        status, _, error = run("import", "--url", f"http://127.0.0.1:{port}", data=line)
        self.assertEqual(status, 3)
        self.assertIn("can't be reached", error)
        for url, words in (("https://example.test", "no TLS"), ("ftp://x", "http://HOST"),
                           ("http://", "http://HOST"), ("http://h:80x y/", "http://HOST"),
                           ("http://[::1", "http://HOST"), ("unix:", "http://HOST"),
                           ("http://h/?a=b", "http://HOST"), ("http://h/\r\nX: y", "http://HOST"),
                           ("unix:/" + "x" * 200, "http://HOST"),
                           ("http://" + "h" * 300, "http://HOST")):
            status, _, error = run("import", "--url", url, data=line)
            self.assertEqual(status, 3 if "80x" in url and status == 3 else 2, (url, error))
            if status == 2:
                self.assertIn(words, error, url)

    def test_a_person_is_erased_by_the_server(self):
        odd = "user/7 ä?&#%-qzx"
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "s")
            with Gangway(arguments=["--listen", f"unix:{path}"]) as server:
                for user in (odd, "user-8-qzx"):
                    server.post("/v1/track", {"userId": user, "event": "Tried"})
                line = json.dumps({"type": "track", "event": "E", "userId": odd}) + "\n"
                status, out, error = run("import", "--url", f"unix:{path}", data=line)
                self.assertEqual((status, out), (0, "1 accepted, 0 duplicates, 0 rejected\n"), error)
                self.assertEqual(run("erase", f"user:{odd}", "--url", f"unix:{path}")[0], 2)
                status, out, error = run("erase", f"user:{odd}", "--yes", "--suppress", "--url",
                                         url_of(server))
                self.assertEqual(status, 0, error)
                self.assertRegex(out, r"^erasure \d+: done$")
                status, out, error = run("import", "--url", url_of(server), data=line)
                self.assertEqual(status, 1)
                self.assertIn("this id was erased", error)
                status, _, error = run("erase", "user:nobody", "--yes", "--url", url_of(server))
                self.assertEqual(status, 1)
                self.assertIn("nothing is stored", error)
                left = [m["userId"] for m in scenario.journal(server.store)]
                self.assertEqual(left, ["user-8-qzx"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
