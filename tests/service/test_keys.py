"""Keys over their whole life: where one may stand, which one counts, expiry, revocation, rotation, a
file that changes or breaks under a running server, and what of all that the log tells."""

import datetime
import gzip
import json
import os
import re
import stat
import subprocess
import time
import unittest

import key_ring
from gangway import GANGWAY, Gangway, experiment, exposure, main, track
from key_ring import basic, bearer

ASK = "/v1/assign/one?unit=u"
READ = "/v1/experiments"


def ago(days):
    moment = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def audit(server):
    """The lines of the audit, newest last, each a dictionary."""
    lines = []
    for line in server.log().splitlines():
        match = re.match(r"\S+ audit http (\w+) (.*)", line)
        if match:
            fields = {name: text.strip('"') for name, text in
                      re.findall(r'(\w+)=("(?:\\.|[^"\\])*"|\S+)', match[2])}
            lines.append({"what": match[1], **fields})
    return lines


class Places(unittest.TestCase):
    """One server, its keys made before any test."""

    @classmethod
    def setUpClass(cls):
        cls.server = Gangway()
        cls.keys = {role: key_ring.add(cls.server, role, f"k-{role}") for role in key_ring.ROLES}
        cls.client, cls.analyst = cls.keys["client"], cls.keys["analyst"]

    @classmethod
    def tearDownClass(cls):
        log = cls.server.log()
        cls.server.close()
        for key in cls.keys.values():
            assert key not in log and key[-32:] not in log and key[-32:-8] not in log

    def status(self, path, headers=None):
        return self.server.get(path, headers).status

    def test_each_place_of_the_head(self):
        key = self.client
        places = [bearer(key), {"Authorization": f"bearer  {key}"}, {"Authorization": key},
                  {"X-API-Key": key}, {"x-api-key": key}, basic(key, ""), basic("anybody", key),
                  basic("", key)]
        for headers in places:
            with self.subTest(headers=list(headers)):
                self.assertEqual(self.status(ASK, headers), 200)
        self.assertEqual(self.status(f"{ASK}&key={key}"), 200)
        self.assertEqual(self.status(f"/v1/assign/one?%6bey={key}&unit=u"), 200)

    def test_a_page_is_read_with_a_password(self):
        self.assertEqual(self.status(READ, basic("ana", self.analyst)), 200)
        answer = self.server.get(READ, basic("ana", "secret"))
        self.assertEqual((answer.status, answer.code), (401, "bad-key"))
        self.assertIn("Basic", answer.headers["WWW-Authenticate"])

    def test_odd_headers_open_nothing(self):
        key = self.analyst
        odd = ["", " ", "Bearer", "Bearer ", "Basic", "Basic ", "Basic !!!!", "Basic Z3c", "Basic =",
               f"Bearer {key}x", f"Bearer {key[:-1]}", f"Bearer {key} x", f"Digest {key}",
               f"Bearer {key.upper()}", f"Bearer{key}", "Bearer gw_analyst_", "Bearer gw_",
               "Bearer " + "gw_" * 2000, f'Bearer "{key}"', f"Basic {key}"]
        for value in odd:
            with self.subTest(value=value[:20]):
                self.assertEqual(self.status(READ, {"Authorization": value}), 401)
        for query in ("key=", "key", f"Key={key}", f"key={key}%00", f"key={key}%0a", f"keys={key}",
                      f"x={key}", f"key={key[:-1]}%zz"):
            self.assertEqual(self.status(f"{READ}?{query}"), 401, query)

    def test_two_of_a_header_are_refused(self):
        for name, value in (("Authorization", f"Bearer {self.analyst}"), ("X-API-Key", self.analyst)):
            line = f"{name}: {value}\r\n"
            answer = self.server.send(f"GET {READ} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                      f"{line}{line}\r\n")
            self.assertIn(b" 400 ", answer[:20])

    def test_the_key_of_a_query_is_no_trait_and_changes_no_answer(self):
        def explained(query, headers=None):
            answer = self.server.get(f"/v1/assign/one?{query}", headers).body.decode()
            return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", answer)
        key = self.keys["server"]
        plain = explained("unit=u&explain=true&a=1&b=2", bearer(key))
        self.assertIn("explain", plain)
        for query in (f"key={key}&unit=u&explain=true&a=1&b=2",
                      f"unit=u&explain=true&a=1&key={key}&b=2",
                      f"unit=u&explain=true&a=1&b=2&key={key}",
                      f"unit=u&explain=true&a=1&b=2&&%6bey={key}&&",
                      f"key=x&unit=u&explain=true&key={key}&a=1&key=&b=2&"):
            self.assertEqual(explained(query), plain)

    def test_the_key_of_a_body(self):
        one = track("u", "Contact Created")
        for member in ("writeKey", "api_key", "token"):
            for body in ({member: self.client, "batch": [one]}, {"batch": [one], member: self.client}):
                answer = self.server.post("/v1/batch", body)
                self.assertEqual((answer.status, answer.json["accepted"]), (200, 1))
            self.assertEqual(self.server.post("/v1/t", {**one, member: self.client}).status, 200)
        packed = gzip.compress(json.dumps({"batch": [one], "writeKey": self.client}).encode())
        self.assertEqual(self.server.post("/v1/b", packed, {"Content-Encoding": "gzip"}).status, 200)

    def test_other_places_of_a_body_hold_no_key(self):
        one = track("u", "Contact Created")
        for body in ({"batch": [{**one, "writeKey": self.client}]}, {"batch": [one], "key": self.client},
                     {"batch": [one], "writeKey": [self.client]}, {"batch": [one], "writeKey": 1},
                     {"batch": [one], "context": {"writeKey": self.client}},
                     {"batch": [one], "writeKey": self.client + "x"}, {"batch": [one]}, [], "x"):
            answer = self.server.post("/v1/batch", json.dumps(body))
            self.assertEqual(answer.status, 401, body)
            self.assertFalse(answer.json["success"])
        self.assertEqual(self.server.post("/v1/batch", "not json").status, 401)
        # Nor may the body of a route that takes it only in the head.
        self.assertEqual(self.server.post("/v1/assign", {"units": [], "token": self.client}).status, 401)

    def test_shims_take_the_key_where_their_sdks_have_it(self):
        event = {"event": "x", "distinct_id": "u"}
        for path, body in (
                ("/batch/", {"api_key": self.client, "batch": [event]}),
                ("/i/v0/e/", {"token": self.client, **event}),
                ("/e/", {**event, "properties": {"token": self.client}}),
                ("/e/", [{**event, "properties": {"token": self.client}}]),
                ("/2/httpapi", {"api_key": self.client,
                                "events": [{"user_id": "user-1", "event_type": "x"}]})):
            answer = self.server.post(path, json.dumps(body))
            self.assertEqual(answer.status, 200, (path, answer))
            text = json.dumps(body).replace(self.client, "phc_somebodys_else")
            self.assertEqual(self.server.post(path, text).status, 401)

    def test_the_head_wins_over_the_body(self):
        body = {"batch": [track("u", "Contact Created")], "writeKey": self.client}
        wrong = "gw_client_" + "0" * 32
        self.assertEqual(self.server.post("/v1/batch", body, bearer(wrong)).status, 401)
        self.assertEqual(self.server.post("/v1/batch", body, bearer(self.analyst)).status, 403)
        body["writeKey"] = wrong
        self.assertEqual(self.server.post("/v1/batch", body, bearer(self.client)).status, 200)
        self.assertEqual(self.server.post(f"/v1/batch?key={self.client}", body).status, 200)
        both = {**bearer(wrong), "X-API-Key": self.client}
        self.assertEqual(self.status(ASK, both), 401)
        both = {**bearer(self.client), "X-API-Key": wrong}
        self.assertEqual(self.status(f"{ASK}&key={wrong}", both), 200)

    def test_what_does_not_read_like_a_key_is_passed_over(self):
        """A write key that an SDK wants, a password of a proxy in front."""
        body = {"batch": [track("u", "Contact Created")], "writeKey": self.client}
        self.assertEqual(self.server.post("/v1/batch", body, basic("stage", "door")).status, 200)
        self.assertEqual(self.status(ASK, {**basic("stage", "door"), "X-API-Key": self.client}), 200)
        for headers, code in (({}, "no-key"), (basic("stage", "door"), "bad-key")):
            self.assertEqual(self.server.get(READ, headers).code, code)

    def test_a_head_without_its_key_is_answered_before_the_body(self):
        head = (f"POST /v1/assign HTTP/1.1\r\nHost: x\r\nContent-Length: 400000\r\n"
                "Expect: 100-continue\r\n\r\n")
        answer = self.server.send(head)
        self.assertTrue(answer.startswith(b"HTTP/1.1 401 "), answer[:100])
        self.assertIn(b"Connection: close", answer)

    def test_one_connection_may_carry_many_callers(self):
        one = self.server.client()
        for _ in range(3):
            self.assertEqual(self.server.get(READ, bearer(self.analyst), one).status, 200)
            self.assertEqual(self.server.get(READ, bearer(self.client), one).status, 403)
            self.assertEqual(self.server.get(READ, None, one).status, 401)
            self.assertEqual(self.server.get("/healthz", None, one).status, 200)
        one.close()

    def test_the_growthbook_sdk_has_its_key_in_the_path(self):
        with Gangway(arguments=["--growthbook"]) as server:
            key = key_ring.add(server, "client", "sdk")
            self.assertEqual(server.get(f"/api/features/{key}").status, 200)
            self.assertEqual(server.get("/api/features/sdk-1234").status, 401)
            self.assertEqual(server.get("/api/features/gw_client_" + "a" * 32).status, 401)
            self.assertNotIn(key, server.log())

    def test_a_page_may_listen_to_notices_with_a_token_in_the_query(self):
        body = {"context": {"targetingKey": "u"}}
        streams = self.server.post("/ofrep/v1/evaluate/flags", body,
                                   {"X-API-Key": self.client}).json["eventStreams"]
        path = streams[0]["endpoint"]["requestUri"]
        self.assertIn("&token=", path)
        self.assertNotIn(self.client, path)
        one = self.server.client()
        one.request("GET", path)
        self.assertEqual(one.getresponse().status, 200)
        one.close()
        own = self.server.post("/ofrep/v1/evaluate/flags", body, bearer(self.keys["server"])).json
        self.assertNotIn("gw_", json.dumps(own))  # a key stands in no URL

    def test_metrics_are_open_over_loopback_and_not_through_a_proxy(self):
        self.assertEqual(self.status("/metrics"), 200)
        for name in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"):
            self.assertEqual(self.status("/metrics", {name: "203.0.113.9"}), 401)
            self.assertEqual(self.status("/metrics", {name: "x", **bearer(self.client)}), 403)
            self.assertEqual(self.status("/metrics", {name: "x", **bearer(self.analyst)}), 200)

    def test_history_is_taken_from_servers_only(self):
        for role, skewed in (("client", True), ("server", False), ("admin", False)):
            with Gangway() as server:
                key = key_ring.add(server, role, "k")
                body = {"batch": [exposure("u", timestamp=ago(31), messageId="1"),
                                  exposure("v", timestamp=ago(29), messageId="2")],
                        "writeKey": key}
                self.assertEqual(server.post("/v1/batch", body).json["accepted"], 2)
                server.stop()
                lines = subprocess.run([GANGWAY, "export", "--store", server.store],
                                       capture_output=True, text=True, check=True).stdout
                kept = [json.loads(line) for line in lines.splitlines()]
                found = [one.get("skewed", False) for one in kept if one.get("event")]
                self.assertEqual(found, [skewed, False], role)


class Life(unittest.TestCase):
    def test_the_first_key_shuts_the_door_of_a_running_server(self):
        with Gangway() as server:
            self.assertEqual(server.get(READ).status, 200)
            self.assertIn("there are no keys", server.log())
            key = key_ring.add(server, "analyst", "ana")
            self.assertEqual(server.get(READ).status, 401)
            self.assertEqual(server.get(READ, bearer(key)).status, 200)
            key_ring.change(server, "revoke", "ana")
            answer = server.get(READ, bearer(key))
            self.assertEqual((answer.status, answer.code), (401, "bad-key"))
            self.assertIn("revoked", answer.json["detail"])
            self.assertEqual(server.get(READ).status, 401)  # no key is good, and one is asked for

    def test_a_change_is_in_force_at_once(self):
        """For connections that are open already too, whichever worker has them."""
        with Gangway() as server:
            key = key_ring.add(server, "client", "web")
            clients = [server.client() for _ in range(8)]
            for one in clients:
                self.assertEqual(server.get(ASK, bearer(key), one).status, 200)
            key_ring.run(server, "revoke", "web")
            begin = time.monotonic()
            while server.get(ASK, bearer(key), clients[0]).status == 200:
                self.assertLess(time.monotonic() - begin, 2)
            for one in clients:
                self.assertEqual(server.get(ASK, bearer(key), one).status, 401)
                one.close()

    def test_a_key_expires_by_the_clock(self):
        with Gangway() as server:
            soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
            key = key_ring.add(server, "client", "web", "--expires", soon.isoformat())
            self.assertEqual(server.get(ASK, bearer(key)).status, 200)
            server.wait_for("expiry", lambda: server.get(ASK, bearer(key)).status == 401)
            self.assertGreaterEqual(datetime.datetime.now(datetime.timezone.utc), soon)
            self.assertIn("expired", server.get(ASK, bearer(key)).json["detail"])

    def test_a_rotated_key_has_its_grace_and_no_more(self):
        with Gangway() as server:
            old = key_ring.add(server, "client", "web")
            new = key_ring.change(server, "rotate", "web", "--grace", "2s")
            for key in (old, new):
                self.assertEqual(server.get(ASK, bearer(key)).status, 200)
            server.wait_for("the end of the grace",
                            lambda: server.get(ASK, bearer(old)).status == 401)
            self.assertIn("replaced", server.get(ASK, bearer(old)).json["detail"])
            self.assertEqual(server.get(ASK, bearer(new)).status, 200)
            newest = key_ring.change(server, "rotate", "web")
            self.assertEqual(server.get(ASK, bearer(new)).status, 401)
            self.assertEqual(server.get(ASK, bearer(newest)).status, 200)

    def write(self, path, text, mode=0o600):
        with open(path + ".aside", "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(path + ".aside", mode)
        os.rename(path + ".aside", path)

    def breaks(self, path):
        """Ways in which a file of keys goes wrong."""
        def dangle():
            os.unlink(path)
            os.symlink("/nowhere", path)
        return [lambda: os.chmod(path, 0o644), lambda: os.unlink(path), dangle,
                lambda: self.write(path, "gangway keys 1\nnonsense\n"), lambda: self.write(path, "")]

    def test_a_file_that_breaks_opens_nothing_and_shuts_nobody_out(self):
        told_line = "can't be read; the keys that were read last stay"
        with Gangway() as server:
            key = key_ring.add(server, "analyst", "ana")
            path = os.path.join(server.store, "keys")
            with open(path, encoding="ascii") as file:
                good = file.read()
            for do in self.breaks(path):
                self.write(path, good)
                server.wait_for("good keys", lambda: server.get("/healthz").json["status"] == "ok")
                lines = server.log().count(told_line)
                do()
                server.wait_for("the log", lambda: server.log().count(told_line) > lines)
                self.assertEqual(server.get(READ).status, 401)
                self.assertEqual(server.get(READ, bearer(key)).status, 200)
                self.assertEqual(server.get("/healthz").json, {"status": "degraded"})
                told = server.get("/healthz", bearer(key)).json
                self.assertEqual((told["status"], told["keys"]), ("degraded", "broken"))
            self.write(path, "gangway keys 1\n")
            server.wait_for("good keys", lambda: server.get("/healthz").json["status"] == "ok")
            self.assertEqual(server.get(READ, bearer(key)).status, 401)
            self.assertEqual(server.get(READ).status, 401)

    def test_a_first_file_that_is_broken_opens_nothing(self):
        with Gangway() as server:
            self.assertEqual(server.get(READ).status, 200)
            self.write(os.path.join(server.store, "keys"), "gangway keys 1\n", 0o666)
            server.wait_for("the door", lambda: server.get(READ).status == 401)

    def test_sighup_reads_the_keys_again(self):
        with Gangway() as server:
            key_ring.add(server, "client", "web")
            taken = server.log().count("keys outcome=taken")
            server.process.send_signal(1)
            server.wait_for("the keys", lambda: server.log().count("cause=SIGHUP") >= 2)
            self.assertGreater(server.log().count("keys outcome=taken"), taken)

    def test_a_file_elsewhere_and_a_folder_that_is_exchanged(self):
        """As an orchestrator mounts a secret: the file is a link into a folder behind a link."""
        with Gangway(start=False) as server:
            mount = os.path.join(server.folder, "mount")
            texts = []
            for version in ("1", "2"):
                folder = os.path.join(server.folder, f"v{version}")
                os.mkdir(folder)
                made = key_ring.run(server, "add", "--role", "analyst", "--name", "ana",
                                    keys=os.path.join(folder, "keys"))
                texts.append(made.stdout.strip())
            os.mkdir(mount)
            os.symlink("../v1", os.path.join(mount, "data"))
            os.symlink("data/keys", os.path.join(mount, "keys"))
            server.arguments += ["--keys", os.path.join(mount, "keys")]
            server.start()
            self.assertEqual(server.get(READ, bearer(texts[0])).status, 200)
            self.assertEqual(server.get(READ, bearer(texts[1])).status, 401)
            os.symlink("../v2", os.path.join(mount, "data.new"))
            os.rename(os.path.join(mount, "data.new"), os.path.join(mount, "data"))
            server.wait_for("the other keys",
                            lambda: server.get(READ, bearer(texts[1])).status == 200)
            self.assertEqual(server.get(READ, bearer(texts[0])).status, 401)


class Start(unittest.TestCase):
    def serve(self, server, *more):
        command = [GANGWAY, "serve", "--store", server.store, "--experiments", server.experiments,
                   *more]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    def test_off_loopback_a_key_is_needed_and_the_command_that_is_told_makes_one(self):
        with Gangway(start=False) as server:
            refused = self.serve(server, "--listen", "0.0.0.0:0")
            self.assertEqual(refused.returncode, 2)
            command = re.search(r"`gangway (key add [^`]+)`", refused.stderr)[1]
            made = subprocess.run([GANGWAY, *command.split()], capture_output=True, text=True,
                                  check=True)
            key = made.stdout.strip()
            server.listen = "0.0.0.0:0"
            server.start()
            self.assertEqual(server.get(ASK).status, 401)
            self.assertEqual(server.get(ASK, bearer(key)).status, 200)

    def test_a_bad_file_of_keys_is_no_start(self):
        with Gangway(start=False) as server:
            key_ring.run(server, "add", "--role", "client", "--name", "web")
            path = os.path.join(server.store, "keys")
            os.chmod(path, 0o640)
            refused = self.serve(server, "--listen", "127.0.0.1:0")
            self.assertEqual(refused.returncode, 3)
            self.assertIn("mode 0640", refused.stderr)
            self.assertIn("chmod 600", refused.stderr)
            os.chmod(path, 0o600)
            with open(path, "a", encoding="ascii") as file:
                file.write("web client")
            refused = self.serve(server, "--listen", "127.0.0.1:0")
            self.assertEqual(refused.returncode, 3)
            self.assertIn("keys:3:", refused.stderr)

    def test_a_file_that_was_named_has_to_be_there(self):
        with Gangway(start=False) as server:
            refused = self.serve(server, "--keys", os.path.join(server.folder, "no"), "--listen",
                                 "127.0.0.1:0")
            self.assertEqual(refused.returncode, 3)
            self.assertIn("gangway key add", refused.stderr)

    def test_public_metrics_ask_nobody(self):
        for arguments, status in (([], 401), (["--public-metrics"], 200)):
            with Gangway(arguments=arguments) as server:
                key_ring.add(server, "client", "web")
                self.assertEqual(server.get("/metrics", {"Via": "1.1 proxy"}).status, status)


class Command(unittest.TestCase):
    def setUp(self):
        self.server = Gangway(start=False)
        self.addCleanup(self.server.close)

    def run_key(self, *arguments):
        return key_ring.run(self.server, *arguments)

    def test_the_list_tells_names_and_never_a_key_or_its_digest(self):
        made = [self.run_key("add", "--role", role, "--name", role).stdout.strip()
                for role in key_ring.ROLES]
        self.assertTrue(all(re.fullmatch(r"gw_(client|server|analyst|admin)_[A-Za-z0-9]{32}", key)
                            for key in made))
        self.run_key("revoke", "admin")
        text = self.run_key("list").stdout
        listed = json.loads(self.run_key("list", "--format", "json").stdout)["keys"]
        self.assertEqual([(key["name"], key["state"]) for key in listed],
                         [("client", "good"), ("server", "good"), ("analyst", "good"),
                          ("admin", "revoked")])
        for key in made:
            self.assertNotIn(key[-32:], text)
            self.assertNotIn(key[-32:], json.dumps(listed))
        self.assertNotIn("sha256", text + json.dumps(listed))
        self.assertEqual([line.split("\t")[0] for line in text.splitlines()],
                         ["name", "client", "server", "analyst", "admin"])

    def test_calls_that_are_wrong(self):
        self.run_key("add", "--role", "client", "--name", "web")
        for arguments, code in ((("add",), 2), (("add", "--name", "x"), 2),
                                (("add", "--role", "root", "--name", "x"), 2),
                                (("add", "--role", "client", "--name", "web"), 3),
                                (("add", "--role", "client", "--name", "a b"), 2),
                                (("add", "--role", "client", "--name", "x" * 65), 2),
                                (("add", "--role", "client", "--name", "x\nadmin"), 2),
                                (("add", "--role", "client", "--name", "x", "--expires", "soon"), 2),
                                (("add", "--role", "client", "--name", "x", "--expires",
                                  "2020-01-01"), 2),
                                (("revoke",), 2), (("revoke", "nobody"), 2), (("rotate", "nobody"), 2),
                                (("list", "web"), 2), (("drop", "web"), 2),
                                (("rotate", "web", "--grace", "long"), 2)):
            result = self.run_key(*arguments)
            self.assertEqual((result.returncode, result.stdout), (code, ""), arguments)
        self.assertEqual(len(json.loads(self.run_key("list", "--format", "json").stdout)["keys"]), 1)

    def test_backup_and_restore_bring_the_keys_with_their_mode(self):
        with Gangway() as server:
            key = key_ring.add(server, "analyst", "ana")
            backup = os.path.join(server.folder, "backup")
            store = server.store
            subprocess.run([GANGWAY, "backup", backup, "--store", store], check=True,
                           capture_output=True)
            server.stop()
            server.store = os.path.join(server.folder, "again")
            subprocess.run([GANGWAY, "restore", backup, "--store", server.store], check=True,
                           capture_output=True)
            mode = os.stat(os.path.join(server.store, "keys")).st_mode
            self.assertEqual(stat.S_IMODE(mode), 0o600)
            server.start()
            self.assertEqual(server.get(READ).status, 401)
            self.assertEqual(server.get(READ, bearer(key)).status, 200)


    def test_a_backup_takes_the_keys_from_where_they_are(self):
        with Gangway(start=False) as server:
            elsewhere = os.path.join(server.folder, "elsewhere")
            made = key_ring.run(server, "add", "--role", "client", "--name", "web", keys=elsewhere)
            server.arguments += ["--keys", elsewhere]
            server.start()
            self.assertEqual(server.get(ASK, bearer(made.stdout.strip())).status, 200)
            link = os.path.join(server.folder, "link")
            os.symlink("elsewhere", link)
            for name, path, code in (("a", elsewhere, 0), ("b", link, 0), ("c", "/nowhere", 3)):
                folder = os.path.join(server.folder, name)
                result = subprocess.run([GANGWAY, "backup", folder, "--store", server.store,
                                         "--keys", path], capture_output=True, check=False)
                self.assertEqual(result.returncode, code, result.stderr)
                self.assertEqual(os.path.exists(os.path.join(folder, "keys")), code == 0)


class Audit(unittest.TestCase):
    def test_what_an_admin_does_is_told_by_name_and_never_whom_it_was_done_to(self):
        with Gangway(arguments=["--log-level", "error"]) as server:
            ops = bearer(key_ring.add(server, "admin", "ops"))
            ana = bearer(key_ring.add(server, "analyst", "ana"))
            web = bearer(key_ring.add(server, "client", "web"))
            server.post("/v1/batch", {"batch": [track("somebody-1234", "Contact Created")]}, web)
            note = server.post("/v1/notes", {"experiment": "one", "source": "interview", "text": "x",
                                             "unit": "somebody-1234"}, ana)
            self.assertEqual(note.status, 201, note)
            number = note.json["note"]
            asked = [("POST", "/v1/reload", 200), ("GET", "/v1/units/user/somebody-1234", 200),
                     ("DELETE", "/v1/units/user/somebody-1234", 202), ("GET", "/v1/erasures/1", None),
                     ("DELETE", f"/v1/notes/{number}", None), ("GET", READ, 200),
                     ("GET", ASK, 200), ("DELETE", "/v1/units/user/nobody-5678", 404)]
            before = len(audit(server))
            for method, path, status in asked:
                answer = server.request(method, path, "{}" if method == "POST" else None, ops)
                if status:
                    self.assertEqual(answer.status, status, answer)
            lines = [line for line in audit(server)[before:] if line["what"] == "request"]
            self.assertEqual(len(lines), len(asked))
            for line, (method, _, status) in zip(lines, asked):
                self.assertEqual((line["key"], line["role"], line["method"]), ("ops", "admin", method))
                self.assertEqual(line["client"], "127.0.0.1")
                self.assertRegex(line["peer"], r"^127\.0\.0\.1:\d+$")
                self.assertEqual(line["status"], str(status or line["status"]))
            self.assertEqual(lines[2]["route"], "/v1/units/{kind}/{id}")
            self.assertEqual(lines[2]["kind"], "user")
            self.assertEqual(lines[4]["n"], str(number))
            for person in ("somebody-1234", "nobody-5678"):
                self.assertNotIn(person, server.log())

    def test_other_keys_leave_no_line_and_refusals_none_of_the_audit(self):
        with Gangway() as server:
            ana = bearer(key_ring.add(server, "analyst", "ana"))
            before = len(audit(server))
            server.get(READ, ana)
            server.post("/v1/reload", "{}", ana)
            server.get(READ)
            self.assertEqual(len(audit(server)), before)
            self.assertIn("reason=role key=ana route=/v1/reload", server.log())

    def test_without_keys_an_admins_route_is_told_too(self):
        with Gangway() as server:
            server.post("/v1/reload", "{}")
            self.assertEqual([line["key"] for line in audit(server) if line["what"] == "request"],
                             ["-"])

    def test_changes_of_files_and_keys_are_told(self):
        with Gangway() as server:
            key_ring.add(server, "client", "web")
            key_ring.change(server, "rotate", "web", "--grace", "1h")
            key_ring.change(server, "revoke", "web")
            told = [(line["outcome"], line["key"]) for line in audit(server) if line["what"] == "key"]
            self.assertEqual(told, [("added", "web"), ("rotated", "web"), ("added", "web"),
                                    ("revoked", "web"), ("revoked", "web")])
            server.write("two.yaml", experiment("two"))
            server.wait_for("the reload", lambda: any(
                line["what"] == "reload" and line["outcome"] == "taken" for line in audit(server)))

    def test_a_client_behind_a_trusted_proxy_is_told_with_the_peer(self):
        with Gangway(arguments=["--trusted-proxy", "127.0.0.1"]) as server:
            ops = key_ring.add(server, "admin", "ops")
            server.post("/v1/reload", "{}", {**bearer(ops), "X-Forwarded-For": "203.0.113.9"})
            line = [line for line in audit(server) if line["what"] == "request"][-1]
            self.assertEqual(line["client"], "203.0.113.9")
            self.assertRegex(line["peer"], r"^127\.0\.0\.1:")

    def test_the_audit_is_json_where_the_log_is(self):
        with Gangway(arguments=["--log-format", "json"]) as server:
            made = key_ring.run(server, "add", "--role", "admin", "--name", "ops").stdout.strip()
            server.wait_for("the keys", lambda: server.get(READ).status == 401)
            server.post("/v1/reload", "{}", bearer(made))
            lines = [json.loads(line) for line in server.log().splitlines()]
            told = [line for line in lines if line["level"] == "audit"]
            self.assertEqual(told[-1]["message"], "request")
            self.assertEqual((told[-1]["key"], told[-1]["status"]), ("ops", 200))


class Injection(unittest.TestCase):
    def test_nothing_of_a_stranger_makes_a_line_or_a_field(self):
        with Gangway() as server:
            ops = key_ring.add(server, "admin", "ops")
            wrong = "gw_admin_" + "x" * 32
            lies = ["a b", "x\" key=root", "x key=root", "\u2028audit", "%0d%0aaudit http request"]
            raw = [b"\x1b[2J", b"\xff\xfe", b"\x7f", b"\xc2\x9b2J"]
            lines = 0
            for lie in lies:
                for headers in ({"X-Request-Id": lie}, {"User-Agent": lie}, {"Authorization": lie},
                                {"X-API-Key": lie}, {"X-Forwarded-For": lie}):
                    safe = {name: text.encode("utf-8") for name, text in headers.items()}
                    if "Authorization" not in headers:
                        safe["Authorization"] = f"Bearer {ops}"
                    server.post("/v1/reload", "{}", safe)
                    lines += 1
            for text in raw:
                for head in (b"X-Request-Id: ", b"User-Agent: ", b"Authorization: Bearer "):
                    server.send(b"POST /v1/reload HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                b"Content-Length: 2\r\n" + head + text + b"\r\n\r\n{}")
            for path in (b"/v1/units/user/a%0aaudit%20http", b"/v1/units/%0aaudit/a",
                         b"/v1/units/user%20status=200/a", b"/v1/notes/1%0a2",
                         b"/v1/reload%0d%0a", b"/v1/units/user/a?x=%0aaudit&key=" + wrong.encode()):
                server.send(b"DELETE " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                            b"Authorization: Bearer " + ops.encode() + b"\r\n\r\n")
                server.send(b"DELETE " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            with open(server.log_path, "rb") as file:
                log = file.read()
            for line in log.splitlines():
                self.assertRegex(line, rb"^\d{4}-\d\d-\d\dT[\d:.]+Z (audit|error|warn|info|debug) ")
            self.assertIsNone(re.search(rb"[\x00-\x09\x0b-\x1f\x7f\xff]", log))
            self.assertNotIn(b"key=root", log)
            for key in (ops, wrong):
                self.assertNotIn(key.encode(), log)
            for line in audit(server):
                if line["what"] == "request":
                    self.assertEqual(line["key"], "ops")

    def test_somebody_who_tries_keys_does_not_fill_the_log(self):
        with Gangway(arguments=["--workers", "1"]) as server:
            key_ring.add(server, "client", "web")
            one = server.client()
            for number in range(300):
                server.get(READ, bearer(f"gw_admin_{number:032}"), one)
            one.close()
            self.assertLessEqual(server.log().count("a request is refused"), 20)

    def test_events_that_are_refused_are_an_error_in_the_log(self):
        with Gangway() as server:
            key_ring.add(server, "client", "web")
            server.post("/v1/batch", {"batch": [track("u", "x")], "writeKey": "wrong"})
            self.assertRegex(server.log(), r"error keys events are refused.*reason=bad-key")


if __name__ == "__main__":
    main()
