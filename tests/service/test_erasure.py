"""A person is erased (architecture 16): from the journal's open and sealed files, from the state and
from the report, which keeps a bare count; and nothing of the ids is left in any byte on the disk.

With GANGWAY_LONG=1 the server is killed at random moments of the erasure, 40 times instead of 6.
"""

import json
import os
import random
import signal
import subprocess
import tempfile
import time
import unittest

from gangway import GANGWAY, Gangway, exposure, track

LONG = bool(os.environ.get("GANGWAY_LONG"))
KILLS = 40 if LONG else 6
DAY = "2024-03-%02dT10:00:00Z"
AS_OF = "2024-06-01T00:00:00Z"


def message(kind, **more):
    return {"type": kind, **more}


def person(number, day=4, again=""):
    """Two visits before the sign-up, and what is said of a user: ids that stand nowhere else."""
    user, visitor = f"user-{number}-qzx", f"visitor-{number}-qzx"
    at = {"timestamp": DAY % day}
    return [
        message("page", anonymousId=visitor, messageId=f"p{number}{again}", properties={"who": user}, **at),
        message("identify", userId=user, anonymousId=visitor, messageId=f"i{number}{again}",
                traits={"email": f"{user}@example.test", "role": "sales"}, **at),
        exposure(user, variant="new" if number % 2 else "old", message_id=f"e{number}{again}", **at),
        track(user, "Contact Created", f"c{number}{again}", properties={"note": f"of {user}"}, **at),
    ]


def encodings(text):
    """The ways in which a text may stand in a file: raw (in JSON and varint-sized fields too),
    UTF-16, hexadecimal."""
    raw = text.encode()
    return [raw, text.encode("utf-16-le"), raw.hex().encode(), raw.hex().upper().encode()]


def places(folder, texts):
    """Files of the folder that hold one of the texts anywhere, free pages included."""
    needles = [needle for text in texts for needle in encodings(text)]
    found = []
    for parent, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(parent, name), "rb") as file:
                data = file.read()
            found += [(name, needle) for needle in needles if needle in data]
    return found


def run(*arguments, status=0):
    done = subprocess.run([GANGWAY, *arguments], capture_output=True, text=True, timeout=120)
    if done.returncode != status:
        raise AssertionError(f"{arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Erasure(unittest.TestCase):
    def send(self, server, messages):
        for at in range(0, len(messages), 400):
            answer = server.post("/v1/batch", {"batch": messages[at:at + 400]})
            self.assertEqual(answer.status, 200, answer)
        return answer.json

    def erase(self, server, unit, more="", wait=True):
        answer = server.request("DELETE", f"/v1/units/{unit}{more}")
        self.assertEqual(answer.status, 202, answer)
        number = answer.json["erasure"]
        if wait:
            self.wait_done(server, number)
        return number

    def wait_done(self, server, number):
        def is_done():
            answer = server.get(f"/v1/erasures/{number}")
            self.assertEqual(answer.status, 200, answer)
            self.assertIn(answer.json["status"], ("pending", "done"))
            return answer.json["status"] == "done"
        server.wait_for("the erasure", is_done, 60)
        server.wait_for_fold()

    def report(self, server):
        answer = server.get(f"/v1/experiments/one/report?format=json&as_of={AS_OF}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def check_store(self, store):
        """Verified, and what a rebuild makes is the same, row by row."""
        run("verify", "--store", store)
        cube = run("export", "--table", "cube", "--store", store)
        run("rebuild", "--store", store)
        self.assertEqual(run("export", "--table", "cube", "--store", store), cube)
        return cube

    def test_nothing_of_a_person_is_left_but_a_count(self):
        people = [entry for number in range(40) for entry in person(number)]
        gone = ["user-7-qzx", "visitor-7-qzx"]
        with Gangway() as server:
            self.send(server, people)
            server.wait_for_fold()
            before = self.report(server)
            self.assertTrue(places(server.store, gone))
            number = self.erase(server, "user/user-7-qzx")
            self.assertEqual(places(server.store, gone), [])
            self.assertEqual(places(server.store, ["user-7"]), [])
            self.assertTrue(places(server.store, ["user-8-qzx", "visitor-8-qzx"]))
            after = self.report(server)
            self.assertEqual(after["health"]["erased"], before["health"]["erased"] + 1)
            self.assertEqual(self.erase(server, "user/user-7-qzx"), number, "twice: nothing more")
            # read while the server has the store
            export = ("export", "--store", server.store, "--experiment", "one", "--table")
            rows = [json.loads(line) for line in
                    run(*export, "units", "--as-of", AS_OF).splitlines()]
            self.assertEqual({row["id"] for row in rows},
                             {f"user-{n}-qzx" for n in range(40)} - {"user-7-qzx"})
            rows = [json.loads(line) for line in run(*export, "exposures").splitlines()]
            self.assertEqual(len(rows), 40)
            self.assertEqual([(row["id"], row["counts"]) for row in rows
                              if row["reason"] == "erased"], [(None, False)])
            log = server.log()
            self.assertIn("erasure", log)
            for text in gone:
                self.assertNotIn(text, log)
            self.assertEqual(server.stop(), 0)
            self.check_store(server.store)
            self.assertIn("rewritten by erasure", run("verify", "--store", server.store))

    def test_what_is_stored_of_a_person_is_shown_and_is_gone_after(self):
        account = {"context": {"groupId": "company-1-qzx"}}
        with Gangway() as server:
            self.send(server, person(1) + person(2) + [
                track("user-1-qzx", "Deal Won", "d1", timestamp=DAY % 5, **account),
                message("alias", userId="user-1-qzx", previousId="tablet-1-qzx", messageId="a1"),
                message("track", anonymousId="tablet-1-qzx", event="Tapped", messageId="t1"),
                message("identify", userId="user-2-qzx", anonymousId="shared-qzx", messageId="s2"),
                message("identify", userId="user-1-qzx", anonymousId="shared-qzx", messageId="s1"),
            ])
            shown = server.get("/v1/units/user/user-1-qzx").json
            self.assertEqual((shown["kind"], shown["unit"], shown["next"]),
                             ("user", "user-1-qzx", None))
            self.assertEqual({(one["kind"], one["unit"]) for one in shown["joined"]},
                             {("anonymous", "visitor-1-qzx"), ("anonymous", "tablet-1-qzx"),
                              ("anonymous", "shared-qzx"), ("account", "company-1-qzx")})
            def ids(group):
                return {one["messageId"] for one in shown[group]}
            self.assertEqual(ids("exposures"), {"e1"})
            self.assertEqual(ids("traits"), {"i1", "a1", "s1"})
            self.assertEqual(ids("outcomes"), {"p1", "c1", "d1", "t1"})
            self.assertEqual(shown["traits"][0]["traits"]["email"], "user-1-qzx@example.test")
            visitor = server.get("/v1/units/anonymous/visitor-1-qzx").json
            self.assertIn({"kind": "user", "unit": "user-1-qzx"}, visitor["joined"])
            self.erase(server, "user/user-1-qzx")
            for unit in ("user/user-1-qzx", "anonymous/visitor-1-qzx", "anonymous/tablet-1-qzx"):
                self.assertEqual(server.get(f"/v1/units/{unit}").code, "no-unit", unit)
            other = server.get("/v1/units/user/user-2-qzx").json
            self.assertEqual(len(other["exposures"] + other["traits"] + other["outcomes"]), 5)
            self.assertEqual(places(server.store, ["user-1-qzx", "visitor-1-qzx", "tablet-1-qzx",
                                                   "shared-qzx"]), [])
            self.assertEqual(server.stop(), 0)
            self.check_store(server.store)

    def test_sealed_files_are_rewritten_and_others_are_not(self):
        """Each erasure seals the open file, so a few of them make a row of files."""
        with Gangway() as server:
            for number in range(1, 5):
                self.send(server, person(number) + person(10 * number))
                self.erase(server, f"user/user-{10 * number}-qzx")
            self.send(server, [track("user-2-qzx", "Contact Created", "late")])
            journal = os.path.join(server.store, "journal")
            before = {name: os.stat(os.path.join(journal, name)).st_ino
                      for name in os.listdir(journal) if name.endswith(".mdb")}
            self.assertGreaterEqual(len(before), 5)
            self.erase(server, "user/user-2-qzx")
            after = {name: os.stat(os.path.join(journal, name)).st_ino
                     for name in os.listdir(journal) if name.endswith(".mdb")}
            changed = [name for name in before if after[name] != before[name]]
            self.assertEqual(len(changed), 2, "the file of the messages, and that of the late one")
            self.assertEqual(places(server.store, ["user-2-qzx", "visitor-2-qzx"]), [])
            self.assertEqual(self.report(server)["health"]["erased"], 5)
            self.assertEqual(server.stop(), 0)
            self.check_store(server.store)

    def test_without_suppression_the_id_begins_anew_with_it_it_is_refused(self):
        with Gangway() as server:
            self.send(server, person(1) + person(2))
            first = self.erase(server, "user/user-1-qzx")
            self.erase(server, "user/user-2-qzx", "?suppress=true")
            answer = self.send(server, person(1, again="x") + person(2, again="x"))
            self.assertEqual((answer["accepted"], len(answer["rejected"])), (4, 4))
            self.assertEqual({one["reason"] for one in answer["rejected"]}, {"suppressed"})
            self.assertEqual(server.metric(
                'gangway_ingest_rejected_total{reason="suppressed"}'), 4)
            self.assertEqual(server.get("/v1/units/user/user-2-qzx").status, 404)
            self.assertEqual(server.post("/v1/assign", {
                "units": [{"unit": "user-2-qzx"}], "experiments": ["one"], "expose": True}).status,
                200)
            self.assertEqual(places(server.store, ["user-2-qzx", "visitor-2-qzx"]), [])
            server.wait_for_fold()
            self.assertEqual(self.report(server)["health"]["erased"], 2)
            self.assertEqual(server.stop(), 0)
            server.start()
            answer = self.send(server, person(2))
            self.assertEqual(answer["accepted"], 0, "after a restart too")
            self.assertGreater(self.erase(server, "user/user-1-qzx"), first, "it began anew")
            self.assertEqual(places(server.store, ["user-1-qzx", "user-2-qzx"]), [])
            self.assertEqual(server.stop(), 0)
            self.check_store(server.store)

    def test_who_begins_anew_is_exposed_anew(self):
        """A worker remembers exposures that it committed; asked over one connection, it is one."""
        with Gangway() as server:
            client = server.client()
            ask = {"units": [{"unit": "user-9-qzx"}], "experiments": ["one"], "expose": True}
            def exposures():
                self.assertEqual(server.post("/v1/assign", ask, client=client).status, 200)
                return len(server.get("/v1/units/user/user-9-qzx").json["exposures"])
            self.assertEqual([exposures(), exposures()], [1, 1])
            self.erase(server, "user/user-9-qzx")
            self.assertEqual([exposures(), exposures()], [1, 1])
            client.close()

    def test_an_account_goes_and_its_users_stay(self):
        account = {"context": {"groupId": "company-1-qzx"}}
        with Gangway() as server:
            self.send(server, person(1) + [
                track("user-1-qzx", "Deal Won", "d1", timestamp=DAY % 5, **account),
                message("group", userId="user-1-qzx", groupId="company-1-qzx", messageId="g1",
                        traits={"size": "company-1-qzx"})])
            self.erase(server, "account/company-1-qzx")
            self.assertEqual(places(server.store, ["company-1-qzx"]), [])
            shown = server.get("/v1/units/user/user-1-qzx").json
            self.assertIn("d1", [one["messageId"] for one in shown["outcomes"]])
            self.assertEqual(server.stop(), 0)
            self.check_store(server.store)

    def test_erased_while_messages_come_and_reports_are_read(self):
        with Gangway() as server:
            self.send(server, [entry for number in range(300) for entry in person(number)])
            slowest, numbers = 0, []
            for number in range(300, 360):
                if number % 6 == 0:
                    numbers.append(self.erase(server, f"user/user-{number - 300}-qzx", wait=False))
                begin = time.monotonic()
                self.send(server, person(number))
                slowest = max(slowest, time.monotonic() - begin)
                self.report(server)
            for number in numbers:
                self.wait_done(server, number)
            gone = [f"{kind}-{number}-qzx" for number in range(0, 60, 6)
                    for kind in ("user", "visitor")]
            self.assertEqual(places(server.store, gone), [])
            report = self.report(server)
            self.assertEqual(report["health"]["erased"], 10)
            self.assertEqual(server.stop(), 0)
            self.check_store(server.store)
            print(f"the slowest of 60 batches was acknowledged after {1000 * slowest:.0f} ms")

    def test_the_command_line_erases_too(self):
        with Gangway() as server:
            self.send(server, person(1) + person(2))
            server.wait_for_fold()
            run("erase", "user:user-1-qzx", "--yes", "--store", server.store, status=3)
            self.assertEqual(server.stop(), 0)
            run("erase", "user:user-1-qzx", "--store", server.store, status=2)
            run("erase", "nobody", "--yes", "--store", server.store, status=2)
            run("erase", "user:nobody", "--yes", "--store", server.store, status=1)
            told = run("erase", "user:user-1-qzx", "--yes", "-q", "--store", server.store)
            self.assertIn("4 records scrubbed, 1 files rewritten", told)
            told = run("erase", "user:user-1-qzx", "--yes", "-q", "--store", server.store)
            self.assertIn("0 records scrubbed", told)
            self.assertEqual(places(server.store, ["user-1-qzx", "visitor-1-qzx"]), [])
            self.check_store(server.store)
            lines = run("export", "--store", server.store)
            self.assertEqual(len(lines.splitlines()), 4)

    def test_a_pseudonymous_store_never_sees_an_id(self):
        arguments = ["--pseudonymous", "--private", "email,who,note"]
        with Gangway(arguments=arguments) as server:
            self.send(server, [entry for number in range(20) for entry in person(number)])
            assigned = server.post("/v1/assign", {
                "units": [{"unit": "user-30-qzx", "traits": {"email": "thirty-qzx"}}],
                "experiments": ["one"], "expose": True}).json["assignments"][0]
            server.wait_for_fold()
            self.assertEqual(places(server.store, ["-qzx", "example.test"]), [])
            report = self.report(server)
            self.assertEqual(report["health"]["mismatch"], 0, "assignment is not asked again")
            shown = server.get("/v1/units/user/user-3-qzx").json
            self.assertEqual(len(shown["exposures"]), 1)
            self.assertRegex(shown["exposures"][0]["userId"], "^[0-9a-f]{32}$")
            self.assertEqual(server.get("/v1/units/user/user-30-qzx").json["exposures"][0]
                             ["properties"]["variation_id"], assigned["variant"])
            self.assertEqual(shown["traits"][0]["traits"]["role"], "sales")
            rows = run("export", "--store", server.store, "--experiment", "one", "--table", "units",
                       "--as-of", AS_OF).splitlines()
            self.assertEqual(len(rows), 20)
            for row in rows:
                self.assertRegex(json.loads(row)["id"], "^[0-9a-f]{32}$")
            self.erase(server, "user/user-3-qzx")
            self.assertEqual(server.get("/v1/units/user/user-3-qzx").status, 404)
            self.assertEqual(server.stop(), 0)
            server.arguments = arguments[1:]
            server.start()
            self.send(server, person(50))
            self.assertEqual(places(server.store, ["-50-qzx"]), [], "a store stays as it is made")
            self.assertEqual(server.stop(), 0)
            self.check_store(server.store)
        with Gangway() as server:
            self.assertEqual(server.stop(), 0)
            server.arguments = ["--pseudonymous"]
            with self.assertRaises(AssertionError):
                server.start()

    def test_a_restore_erases_again_who_was_erased_since(self):
        gone = ["user-7-qzx", "visitor-7-qzx", "late-7-qzx", "user-9-qzx", "visitor-9-qzx"]
        with Gangway() as server, tempfile.TemporaryDirectory() as folder:
            first, second, third = (os.path.join(folder, name) for name in ("1", "2", "3"))
            self.send(server, [entry for number in range(30) for entry in person(number)] + [
                message("page", anonymousId="late-7-qzx", messageId="late")])
            self.erase(server, "user/user-3-qzx")
            run("backup", first, "--store", server.store)
            # known to be the person's only after the backup
            self.send(server, [message("alias", userId="user-7-qzx", previousId="late-7-qzx",
                                       messageId="a7")])
            self.erase(server, "user/user-7-qzx")
            self.erase(server, "user/user-9-qzx", "?suppress=true")
            run("backup", second, "--store", server.store)
            report = self.report(server)
            self.assertTrue(places(first, gone))
            self.assertEqual(places(second, gone), [])
            for newer in (second, server.store):
                store = os.path.join(folder, f"of-{os.path.basename(newer)}")
                run("restore", first, "--store", store, "--erasures", newer)
                self.assertEqual(places(store, gone), [])
                self.assertTrue(places(store, ["user-8-qzx", "visitor-8-qzx"]))
                self.check_store(store)
                made = json.loads(run("report", "one", "--format", "json", "--as-of", AS_OF,
                                      "--store", store))
                self.assertEqual(made["health"]["erased"], 3)
                self.assertEqual(made["metrics"], report["metrics"])
                # a suppressed id is refused by the restored store too
                lines = os.path.join(folder, "lines")
                with open(lines, "w", encoding="utf-8") as file:
                    file.write(json.dumps(person(9, again="x")[3]) + "\n")
                told = subprocess.run(
                    [GANGWAY, "import", "--experiments", server.experiments, "--store", store,
                     lines], capture_output=True, text=True, timeout=60, check=False)
                self.assertIn("this id was erased", told.stdout + told.stderr)
                self.assertEqual(places(store, ["user-9-qzx"]), [])
            run("restore", first, "--store", third)
            self.assertTrue(places(third, gone), "without the list they are back")
            with Gangway() as other:
                run("restore", first, "--store", os.path.join(folder, "4"), "--erasures",
                    other.store, status=3)
            self.assertFalse(os.path.exists(os.path.join(folder, "4")))

    def test_killed_at_any_moment_it_is_finished_at_the_next_start(self):
        seed = random.randrange(1 << 30)
        chance = random.Random(seed)
        print(f"seed {seed}")
        with Gangway() as server:
            for kill in range(KILLS):
                base = 1000 * kill
                self.send(server, [entry for number in range(base, base + 150)
                                   for entry in person(number)])
                number = self.erase(server, f"user/user-{base + 3}-qzx", wait=False)
                time.sleep(chance.random() * 0.15)
                server.stop(signal.SIGKILL)
                server.start()
                self.wait_done(server, number)
                gone = [f"user-{base + 3}-qzx", f"visitor-{base + 3}-qzx"]
                self.assertEqual(places(server.store, gone), [], seed)
            self.assertEqual(self.report(server)["health"]["erased"], KILLS)
            self.assertEqual(server.stop(), 0)
            self.check_store(server.store)

    def test_who_is_not_known_is_not_erased(self):
        with Gangway() as server:
            self.send(server, person(1))
            for path, status, code in (
                    ("user/nobody", 404, "no-unit"), ("account/user-1-qzx", 404, "no-unit"),
                    ("robot/user-1-qzx", 404, "no-route"), ("user/" + "x" * 257, 400, "bad-unit"),
                    ("user/undefined", 400, "bad-unit"), ("user/a%00b", 400, "bad-parameter"), ("user/a%01b", 400, "bad-unit"),
                    ("user/user-1-qzx?suppress=maybe", 400, "bad-parameter"),
                    ("user/user-1-qzx?force=true", 400, "bad-parameter")):
                answer = server.request("DELETE", f"/v1/units/{path}")
                self.assertEqual((answer.status, answer.code), (status, code), path)
            for number in ("1", "99999", "x", "-1"):
                self.assertEqual(server.get(f"/v1/erasures/{number}").status, 404)
            self.assertEqual(server.get("/v1/units/user/user-1-qzx").status, 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
