"""Starting, draining, reloading, and starting again with broken files."""

import json
import os
import signal
import subprocess
import threading
import time
import unittest

from gangway import GANGWAY, METRICS, Gangway, experiment, hear, main, track


class Load:
    """Clients that never stop asking; what they got, and what broke."""

    def __init__(self, server, count=6, writes=True):
        self.server = server
        self.writes = writes
        self.stopping = False
        self.statuses = []
        self.accepted = []
        self.broken = []
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(count)]
        for thread in self.threads:
            thread.start()

    def run(self, index):
        client = self.server.client()
        i = 0
        while not self.stopping:
            i += 1
            user = f"l{index}-{i}"
            try:
                if self.writes and i % 2:
                    answer = self.server.post("/v1/track", track(user, "Load", user), client=client)
                else:
                    answer = self.server.get(f"/v1/assign/one?unit={user}", client=client)
            except ConnectionRefusedError:
                return  # the port is closed: not accepted
            except OSError as error:
                self.broken.append(repr(error))
                return
            self.statuses.append(answer.status)
            if answer.status == 200 and self.writes and i % 2:
                self.accepted.append(user)
            if answer.headers["Connection"] == "close":
                client.close()

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join()


class Starting(unittest.TestCase):
    def serve(self, *arguments):
        got = subprocess.run([GANGWAY, "serve", *arguments], capture_output=True, text=True,
                             timeout=20, check=False)
        return got.returncode, got.stderr

    def test_a_port_in_use_is_exit_3(self):
        with Gangway() as server:
            code, text = self.serve("--listen", f"127.0.0.1:{server.port}", "--store",
                                    server.store + "2", "--experiments", server.experiments)
            self.assertEqual(code, 3, text)
            self.assertIn("in use", text)
            self.assertFalse(os.path.exists(server.store + "2"))
            self.assertEqual(server.get("/healthz").status, 200)

    def test_a_store_in_use_is_exit_3(self):
        with Gangway() as server:
            code, text = self.serve("--listen", "127.0.0.1:0", "--store", server.store,
                                    "--experiments", server.experiments)
            self.assertEqual(code, 3, text)

    def test_only_loopback_without_keys(self):
        for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:80"):
            code, text = self.serve("--listen", address)
            self.assertEqual(code, 2, text)
            self.assertIn("gangway key add", text)
        for address in ("nonsense", "127.0.0.1", "127.0.0.1:70000", "unix:", "example.org:80"):
            code, text = self.serve("--listen", address)
            self.assertEqual(code, 2, (address, text))

    def test_a_unix_socket(self):
        with Gangway(start=False) as server:
            path = os.path.join(server.folder, "socket")
            server.listen = "unix:" + path
            server.start()
            import socket
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(path)
                connection.sendall(b"GET /readyz HTTP/1.0\r\n\r\n")
                self.assertTrue(hear(connection).startswith(b"HTTP/1.1 200"))
            self.assertEqual(server.stop(), 0)
            self.assertFalse(os.path.exists(path))

    def test_broken_files_and_nothing_before_is_exit_3(self):
        with Gangway(start=False) as server:
            server.write("one.yaml", "experiment: one\nvariants: 3\n")
            with self.assertRaises(AssertionError) as caught:
                server.start()
            self.assertIn("exit 3", str(caught.exception))
            self.assertIn("line=", server.log())

    def test_a_second_start_with_broken_files_serves_the_last_good_version(self):
        with Gangway({"one.yaml": experiment("one"), "two.yaml": experiment("two")}) as server:
            variants = [server.get(f"/v1/assign/one?unit=u{i}").json["variant"] for i in range(20)]
            self.assertEqual(server.stop(), 0)
            server.write("one.yaml", "experiment: one\nvariants: 3\n")
            server.remove("two.yaml")
            server.start()
            again = [server.get(f"/v1/assign/one?unit=u{i}").json["variant"] for i in range(20)]
            self.assertEqual(again, variants)
            self.assertEqual(server.get("/v1/assign/two?unit=u1").status, 200)
            health = server.get("/healthz")
            self.assertEqual((health.status, health.json["status"]), (200, "degraded"))
            self.assertIn("one.yaml", str(health.json["reasons"]))
            self.assertEqual(server.get("/readyz").status, 200)
            self.assertEqual(server.metric("gangway_config_last_reload_successful"), 0)

    def test_the_folder_gone_serves_the_last_good_version(self):
        with Gangway() as server:
            self.assertEqual(server.stop(), 0)
            os.rename(server.experiments, server.experiments + ".away")
            server.start()
            self.assertEqual(server.get("/v1/assign/one?unit=u1").status, 200)
            self.assertEqual(server.get("/healthz").json["status"], "degraded")
            os.rename(server.experiments + ".away", server.experiments)
            server.wait_for("the folder", lambda: server.get("/healthz").json["status"] == "ok")


class Draining(unittest.TestCase):
    def drain_under_load(self, number):
        with Gangway(arguments=["--workers", "2"]) as server:
            load = Load(server)
            time.sleep(0.7)
            code = server.stop(number)
            load.stop()
            self.assertEqual(code, 0, server.log())
            self.assertEqual(load.broken, [])
            self.assertGreater(len(load.statuses), 50)
            self.assertEqual(set(load.statuses) - {200, 503}, set())
            self.assertLess(load.statuses.count(503), 20)
            server.start()
            server.wait_for_fold()
            seen = {one["name"]: one["count"] for one in server.get("/v1/events").json["events"]}
            self.assertEqual(seen["Load"], len(load.accepted))

    def test_sigterm_drops_no_accepted_request(self):
        self.drain_under_load(signal.SIGTERM)

    def test_sigint_drops_no_accepted_request(self):
        self.drain_under_load(signal.SIGINT)

    def test_an_open_connection_is_told(self):
        with Gangway() as server:
            used, fresh = server.connect(), server.connect()
            used.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertTrue(used.recv(4096).startswith(b"HTTP/1.1 200"))
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.1)
            used.sendall(b"GET /v1/assign/one?unit=u1 HTTP/1.1\r\nHost: x\r\n\r\n")
            fresh.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
            told = hear(used)
            self.assertTrue(told.startswith(b"HTTP/1.1 503"), told)
            self.assertIn(b"Connection: close\r\n", told)
            self.assertIn(b"Retry-After: 1\r\n", told)
            self.assertIn(b"draining", told)
            self.assertTrue(hear(fresh).startswith(b"HTTP/1.1 503"))  # readyz says it
            self.assertEqual(server.process.wait(10), 0)
            used.close()
            fresh.close()

    def test_a_second_signal_ends_it_at_once(self):
        with Gangway() as server:
            with server.connect() as connection:
                connection.sendall(b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
                time.sleep(0.1)
                server.process.send_signal(signal.SIGTERM)
                time.sleep(0.3)
                self.assertIsNone(server.process.poll())
                server.process.send_signal(signal.SIGTERM)
                self.assertEqual(server.process.wait(5), -signal.SIGTERM)

    def test_after_the_drain_time_what_is_open_is_closed(self):
        with Gangway(arguments=["--drain-timeout", "1s"]) as server:
            with server.connect() as connection:
                connection.sendall(b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
                time.sleep(0.1)
                begin = time.monotonic()
                self.assertEqual(server.stop(), 0)
                self.assertLess(time.monotonic() - begin, 9)  # a slow body alone ends after 10 s


class Reloading(unittest.TestCase):
    def keys(self, server):
        return [one["experiment"] for one in server.get("/v1/experiments").json["experiments"]]

    def test_a_new_file_is_taken_without_a_failed_request(self):
        with Gangway(arguments=["--workers", "2"]) as server:
            load = Load(server, 4)
            for i in range(5):
                server.write(f"more{i}.yaml", experiment(f"more{i}"))
                answer = server.post("/v1/reload", "")
                self.assertEqual(answer.status, 200)
                for _ in range(10):  # whichever worker answers
                    self.assertEqual(server.get(f"/v1/assign/more{i}?unit=u1").status, 200)
            load.stop()
            self.assertEqual(set(load.statuses), {200})
            self.assertEqual(load.broken, [])

    def test_the_folder_is_watched(self):
        with Gangway() as server:
            server.write("two.yaml", experiment("two"))
            server.wait_for("the file", lambda: server.get("/v1/assign/two?unit=u").status == 200, 60)
            server.write("two.yaml", experiment("two", status="draft"))
            server.wait_for("the change", lambda: server.get(
                "/v1/assign/two?unit=u").json["reason"] == "draft", 60)

    def test_changes_that_go_on_and_on_are_taken_after_three_seconds(self):
        with Gangway() as server:
            begin = time.monotonic()
            server.write("two.yaml", experiment("two"))
            while server.get("/v1/assign/two?unit=u").status != 200:
                self.assertLess(time.monotonic() - begin, 60, "never taken")
                server.write("note.txt", str(time.monotonic()))
                time.sleep(0.1)
            self.assertGreater(time.monotonic() - begin, 2)

    def test_without_a_watch_sighup_reloads(self):
        with Gangway(arguments=["--no-watch"]) as server:
            server.write("two.yaml", experiment("two"))
            time.sleep(1)
            self.assertEqual(server.get("/v1/assign/two?unit=u").status, 404)
            server.process.send_signal(signal.SIGHUP)
            server.wait_for("the file", lambda: server.get("/v1/assign/two?unit=u").status == 200, 60)

    def test_a_broken_file_keeps_its_last_good_version(self):
        with Gangway({"one.yaml": experiment("one"), "two.yaml": experiment("two")},
                     ["--no-watch"]) as server:
            server.write("one.yaml", "experiment: one\nvariants: 3\n")
            server.write("three.yaml", experiment("three"))
            answer = server.post("/v1/reload", "")
            self.assertEqual((answer.status, answer.code), (422, "broken-files"))
            found = [(one["path"].rsplit("/", 1)[1], one["severity"])
                     for one in answer.json["diagnostics"]]
            self.assertIn(("one.yaml", "error"), found)
            self.assertIn("one.yaml", str(answer.json["kept"]))
            self.assertEqual(server.get("/v1/assign/one?unit=u1").status, 200)
            self.assertEqual(server.get("/v1/assign/three?unit=u1").status, 200)
            self.assertEqual(server.get("/healthz").json["status"], "degraded")
            self.assertGreater(server.metric("gangway_config_errors"), 0)
            server.write("one.yaml", experiment("one"))
            self.assertEqual(server.post("/v1/reload", {}).status, 200)
            self.assertEqual(server.get("/healthz").json, {"status": "ok"})

    def test_a_breaking_change_without_a_phase_is_refused(self):
        with Gangway(arguments=["--no-watch"]) as server:
            server.write("one.yaml", experiment("one", weights=("10%", "90%")))
            answer = server.post("/v1/reload", "")
            self.assertEqual((answer.status, answer.code), (422, "broken-files"))
            self.assertIn("phase", str(answer.json["kept"]))
            self.assertEqual(answer.json["diagnostics"], [])
            self.assertIn("breaking change of weights", server.log())
            self.assertIn("phase", str(server.get("/healthz").json["reasons"]))
            self.assertEqual(server.get("/healthz").json["status"], "degraded")
            server.write("one.yaml", experiment("one", "phase: 2\n", weights=("10%", "90%")))
            self.assertEqual(server.post("/v1/reload", "").json["kept"], [])
            self.assertEqual(server.get("/v1/assign/one?unit=u1").json["phase"], 2)

    def test_what_runs_does_not_end_by_its_file(self):
        """A running one that is gone stays, a draft leaves, and a broken shared file holds all."""
        files = {"one.yaml": experiment(), "two.yaml": experiment("two"),
                 "draft.yaml": experiment("draft", status="draft")}
        with Gangway(files, ["--no-watch"]) as server:
            def states():
                return [server.get(f"/v1/assign/{key}?unit=u1").status
                        for key in ("one", "two", "draft")]
            server.remove("one.yaml")
            server.remove("draft.yaml")
            answer = server.post("/v1/reload", "")
            self.assertEqual((answer.status, answer.code), (422, "broken-files"))
            self.assertIn("file is gone", str(answer.json["kept"]))
            self.assertEqual(states(), [200, 200, 404])
            server.write("metrics.yaml", "metrics: {")
            server.write("two.yaml", experiment("two", status="paused"))
            self.assertEqual(server.post("/v1/reload", "").status, 422)
            self.assertEqual(server.get("/v1/assign/two?unit=u1").json["reason"], "split")
            self.assertEqual(server.stop(), 0)
            server.start()  # with all of it still broken
            self.assertEqual(server.get("/healthz").json["status"], "degraded")
            self.assertEqual(states(), [200, 200, 404])
            self.assertEqual(server.get("/v1/assign/two?unit=u1").json["reason"], "split")
            server.write("metrics.yaml", METRICS)
            server.write("one.yaml", experiment())
            self.assertEqual(server.post("/v1/reload", "").status, 200)
            self.assertEqual(server.get("/healthz").json, {"status": "ok"})
            self.assertEqual(server.get("/v1/assign/two?unit=u1").json["reason"], "paused")

    def test_what_changed_is_told(self):
        with Gangway(arguments=["--no-watch"]) as server:
            before = server.post("/v1/reload", "").json
            self.assertEqual(before["changes"], [])
            server.write("one.yaml", experiment("one").replace("owner: tests", "owner: others"))
            after = server.post("/v1/reload", "").json
            self.assertNotEqual(after["catalogue"], before["catalogue"])
            self.assertIn("owner", [change["key"] for change in after["changes"]])
            self.assertEqual(server.metric("gangway_journal_sequence"), 2)
            server.post("/v1/reload", "")
            self.assertEqual(server.metric("gangway_journal_sequence"), 2)


class Full(unittest.TestCase):
    """A limit on the size of files stands for a full disk."""

    class Limited(Gangway):
        blocks = 4096  # of 512 bytes

        def command(self, ready_fd):
            return ["sh", "-c", f'ulimit -f {self.blocks}; exec "$@"', "sh",
                    *super().command(ready_fd)]

    def test_a_full_disk_is_503_and_loses_nothing_that_was_acknowledged(self):
        with self.Limited(arguments=["--map-size", "64M"]) as server:
            accepted = 0
            for i in range(200):
                batch = [track(f"f{i}-{j}", "Fill", f"m{i}-{j}", properties={"p": "x" * 1000})
                         for j in range(100)]
                answer = server.post("/v1/batch", {"batch": batch})
                if answer.status != 200:
                    break
                accepted += answer.json["accepted"]
            self.assertEqual((answer.status, answer.json["code"]), (503, "disk-full"))
            self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
            self.assertFalse(answer.json["success"])
            self.assertEqual(server.get("/readyz").status, 503)
            self.assertEqual(server.get("/healthz").status, 200)
            self.assertEqual(server.get("/v1/assign/one?unit=u1").status, 200)
            self.assertEqual(server.stop(), 0, server.log())
            server.blocks = 10**9
            server.start()
            server.wait_for_fold()
            seen = {one["name"]: one["count"] for one in server.get("/v1/events").json["events"]}
            self.assertEqual(seen["Fill"], accepted)
            self.assertEqual(server.post("/v1/track", track("u1", "E")).status, 200)
            self.assertEqual(server.get("/readyz").status, 200)


class Operations(unittest.TestCase):
    def test_metrics_are_prometheus_text(self):
        with Gangway() as server:
            server.get("/nothing/here")
            server.get("/v1/assign/one?unit=secret-id")
            text = server.get("/metrics").body.decode()
            names = set()
            for line in text.splitlines():
                if not line.startswith("#"):
                    name, value = line.rsplit(" ", 1)
                    float(value)
                    self.assertNotIn(name, names)
                    names.add(name)
            for wanted in ("gangway_build_info", "gangway_config_last_reload_successful",
                           "gangway_http_connections", "gangway_journal_sequence",
                           "gangway_fold_sequence", "gangway_fold_lag_seconds",
                           "gangway_journal_bytes", "gangway_state_bytes",
                           "gangway_store_free_bytes", "gangway_commit_duration_seconds_count",
                           "gangway_http_request_duration_seconds_bucket",
                           "gangway_ingest_rejected_total", "process_resident_memory_bytes"):
                self.assertTrue(any(name.startswith(wanted) for name in names), wanted)
            self.assertIn('gangway_http_requests_total{route="none",code="404"}', names)
            self.assertNotIn("nothing", text)
            self.assertNotIn("secret-id", text)
            self.assertNotIn("secret-id", server.log())

    def test_the_log_as_json(self):
        with Gangway(arguments=["--log-format", "json"]) as server:
            server.stop()
            for line in server.log().splitlines():
                self.assertIn("message", json.loads(line))


if __name__ == "__main__":
    main()
