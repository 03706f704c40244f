"""Retention (architecture 1): whole sealed journal files past `--retention` are dropped once the
state at their end is kept as a base; reports go on without the messages, a rebuild starts from the
base, and `verify` says what it can still tell.
"""

import json
import os
import signal
import unittest

import scenario
from gangway import Gangway

SMALL = ["--journal-file-size", "64k", "--workers", "1"]
PAD = "x" * 400  # so that files are full soon


def padded(messages):
    return [{**message, "context": {"page": {"path": PAD}}} for message in messages]


def files_of(store):
    return sorted(name for name in os.listdir(os.path.join(store, "journal"))
                  if name.endswith(".mdb"))


def health(document):
    return json.loads(document)["health"]


class Retention(unittest.TestCase):
    def send(self, server, messages):
        for batch in scenario.batches(padded(messages), lambda: 50):
            answer = server.post("/v1/batch", {"batch": batch})
            self.assertEqual(answer.status, 200, answer)

    def wait_dropped(self, server):
        server.wait_for("files dropped", lambda: len(files_of(server.store)) == 2 and
                        "kept.mdb" in files_of(server.store), 30)

    def restart(self, server, *more):
        self.assertEqual(server.stop(), 0)
        server.arguments = [*SMALL, *more]
        server.start()

    def dropped_server(self, stream):
        """A server whose first messages are all gone but for the last journal file."""
        server = Gangway(files=scenario.files(), arguments=SMALL)
        self.addCleanup(server.close)
        self.send(server, stream.messages)
        server.wait_for_fold()
        self.assertGreater(len(files_of(server.store)), 4)
        return server

    def test_reports_go_on_without_the_messages(self):
        stream = scenario.Stream(users=250, seed=12)
        server = self.dropped_server(stream)
        want = scenario.undelivered(scenario.report(server.store))
        cube = scenario.cube(server.store)
        self.restart(server, "--retention", "1s")
        self.wait_dropped(server)
        self.assertEqual(scenario.undelivered(scenario.report(server.store)), want)
        left = {message["messageId"] for message in scenario.journal(server.store)}
        self.assertLess(len(left), len(stream.messages) / 3)
        text = scenario.run("verify", "--store", server.store).decode()
        self.assertRegex(text, r"dropped: all messages up to sequence \d+, 1 records of catalogues")
        self.assertIn("its rows give its digest", text)
        self.assertIn("state: 0 differences", text)
        self.restart(server, "--retention", "1h")
        self.send(server, stream.messages)  # all again: nothing that counts comes to it
        server.wait_for_fold()
        self.assertEqual(scenario.undelivered(scenario.report(server.store)), want)
        self.assertEqual(server.stop(), 0)
        scenario.run("rebuild", "--store", server.store)
        self.assertEqual(scenario.cube(server.store), cube)
        self.assertEqual(scenario.undelivered(scenario.report(server.store)), want)

    def test_what_comes_after_is_as_if_nothing_had_been_dropped(self):
        stream = scenario.Stream(users=300, seed=13)
        parts = list(scenario.batches(stream.messages, lambda: len(stream.messages) // 3 + 1))
        server = self.dropped_server_in_parts(parts)
        got = scenario.undelivered(scenario.report(server.store))
        cube = scenario.cube(server.store)
        scenario.run("verify", "--store", server.store)
        with Gangway(files=scenario.files()) as other:
            self.send(other, stream.messages)
            other.wait_for_fold()
            self.assertEqual(scenario.undelivered(scenario.report(other.store)), got)
            self.assertEqual(scenario.cube(other.store), cube)

    def dropped_server_in_parts(self, parts):
        """Three parts, with everything dropped but the last file between them."""
        server = Gangway(files=scenario.files(), arguments=[*SMALL, "--retention", "1s"])
        self.addCleanup(server.close)
        for part in parts:
            self.send(server, part)
            server.wait_for_fold()
            self.wait_dropped(server)
        return server

    def test_a_new_definition_is_built_from_what_there_is_and_the_report_says_so(self):
        stream = scenario.Stream(users=250, seed=14)
        server = self.dropped_server(stream)
        document = scenario.report(server.store)
        self.assertNotIn("lacks_before", health(document))
        self.restart(server, "--retention", "1s")
        self.wait_dropped(server)
        for name, text in scenario.files(within="3d").items():
            server.write(name, text)
        server.wait_for("the new definition", lambda: b'"lacks_before"' in
                        scenario.report(server.store), 30)
        # All that it needs had been kept for the definition before it: the numbers are those of
        # the whole journal, and the report warns all the same.
        got = json.loads(scenario.report(server.store))
        self.assertIsNotNone(got["health"].pop("lacks_before"))
        scenario.run("verify", "--store", server.store)
        with Gangway(files=scenario.files()) as other:
            self.send(other, stream.messages)
            for name, text in scenario.files(within="3d").items():
                other.write(name, text)
            other.wait_for("the new definition", lambda: json.loads(
                scenario.report(other.store))["metrics"] == got["metrics"], 30)
            self.assertEqual(json.loads(scenario.report(other.store))["variants"], got["variants"])
        self.assertEqual(server.stop(), 0)
        scenario.run("rebuild", "--store", server.store)
        self.assertEqual(json.loads(scenario.report(server.store))["metrics"], got["metrics"])

    def test_who_is_erased_goes_from_the_base_too(self):
        stream = scenario.Stream(users=250, seed=18)
        server = self.dropped_server(stream)
        self.restart(server, "--retention", "1s")
        self.wait_dropped(server)
        before = scenario.report(server.store)
        base = self.bases(server.store)
        self.restart(server)
        left = {message.get("userId") for message in scenario.journal(server.store)}
        gone = sorted(stream.users() & left)[:5]
        self.assertEqual(len(gone), 5)
        for user in gone:
            self.assertEqual(server.request("DELETE", f"/v1/units/user/{user}").status, 202)
        server.wait_for("a report without them", lambda: health(
            scenario.report(server.store))["erased"] > 0, 30)
        server.wait_for("a base without them", lambda: self.bases(server.store) != base, 30)
        after = scenario.report(server.store)
        met = health(after)["erased"]
        self.assertLessEqual(met, len(gone))
        self.assertEqual(scenario.exposed(before), scenario.exposed(after))  # bare counts stay
        scenario.run("verify", "--store", server.store)
        self.assertEqual(server.stop(), 0)
        scenario.run("rebuild", "--store", server.store)
        self.assertEqual(scenario.undelivered(scenario.report(server.store)),
                         scenario.undelivered(after))

    def bases(self, store):
        return os.readlink(os.path.join(store, "base", "state", "current"))

    def test_who_is_known_from_the_base_alone_is_erased_from_it(self):
        stream = scenario.Stream(users=250, seed=19)
        at = {"timestamp": scenario.moment(scenario.START), "messageId": "early"}
        early = [{"type": "identify", "userId": "early-user", "anonymousId": "early-visitor", **at}]
        stream.messages = early + stream.messages
        server = self.dropped_server(stream)
        self.restart(server, "--retention", "1s")
        self.wait_dropped(server)
        self.restart(server)
        before = scenario.report(server.store)
        base = self.bases(server.store)
        left = {message.get(name) for message in scenario.journal(server.store)
                for name in ("userId", "anonymousId")}
        gone = sorted(stream.users() - left - {"early-user"})[:3] + ["early-user"]
        self.assertEqual(len(gone), 4)
        self.assertFalse({"early-user", "early-visitor"} & left)
        erasures = []
        for user in gone:
            answer = server.request("DELETE", f"/v1/units/user/{user}")
            self.assertEqual(answer.status, 202)
            erasures.append(answer.json["erasure"])
        self.assertEqual(server.request("DELETE", "/v1/units/user/nobody").status, 404)
        server.wait_for("a base without them", lambda: self.bases(server.store) != base, 30)
        server.wait_for("a report without them", lambda: health(
            scenario.report(server.store))["erased"] > 0, 30)
        self.assertLessEqual(health(scenario.report(server.store))["erased"], len(gone))
        self.assertEqual(scenario.exposed(before), scenario.exposed(scenario.report(server.store)))
        # the visitor went with the user, though the link is in no record that is left
        for number in erasures:
            server.wait_for("the erasure", lambda n=number: server.get(
                f"/v1/erasures/{n}").json["status"] == "done", 30)
        self.assertEqual(server.request("DELETE", "/v1/units/anonymous/early-visitor").status, 404)
        for user in gone:  # nobody is known by that id any more
            self.assertEqual(server.request("DELETE", f"/v1/units/user/{user}").status, 202)
        self.assertEqual(server.stop(), 0)
        scenario.run("verify", "--store", server.store)
        # the units of the base come without an id, and add up all the same
        rows = scenario.run("export", "--table", "units", "--experiment", "flow", "--as-of",
                            scenario.AS_OF, "--store", server.store).decode().splitlines()
        rows = [json.loads(row) for row in rows]
        self.assertIn(None, {row["id"] for row in rows})
        units = sum(json.loads(line)["values"].get("n", 0) for line in scenario.run(
            "export", "--table", "cube", "--store", server.store).decode().splitlines()
            if json.loads(line)["metric"] == "units" and json.loads(line)["segment"] == ""
            and json.loads(line)["population"] in ("main", "crossed"))
        self.assertEqual(len(rows), units)
        last = sorted(stream.users() - left)[3]
        scenario.run("erase", f"user:{last}", "--yes", "--store", server.store)
        scenario.run("verify", "--store", server.store)

    def test_a_backup_of_what_is_left_restores(self):
        stream = scenario.Stream(users=250, seed=15)
        server = self.dropped_server(stream)
        self.restart(server, "--retention", "1s")
        self.wait_dropped(server)
        want = scenario.report(server.store)
        copy, store = os.path.join(server.folder, "copy"), os.path.join(server.folder, "restored")
        scenario.run("backup", copy, "--store", server.store)
        scenario.run("restore", copy, "--store", store)
        self.assertEqual(scenario.undelivered(scenario.report(store)), scenario.undelivered(want))
        scenario.run("verify", "--store", store)
        scenario.run("compact", "--store", store)
        scenario.run("verify", "--store", store)
        self.assertEqual(scenario.undelivered(scenario.report(store)), scenario.undelivered(want))

    def test_without_its_base_a_rebuild_refuses_and_verify_says_so(self):
        server = self.dropped_server(scenario.Stream(users=250, seed=16))
        self.restart(server, "--retention", "1s")
        self.wait_dropped(server)
        want = scenario.report(server.store)
        self.assertEqual(server.stop(), 0)
        os.rename(os.path.join(server.store, "base"), os.path.join(server.folder, "gone"))
        scenario.run("rebuild", "--store", server.store, want=3)
        self.assertEqual(scenario.report(server.store), want)
        scenario.run("verify", "--store", server.store, want=3)
        os.rename(os.path.join(server.folder, "gone"), os.path.join(server.store, "base"))
        scenario.run("rebuild", "--store", server.store)
        self.assertEqual(scenario.report(server.store), want)

    def test_a_kill_at_any_moment_loses_nothing_that_counts(self):
        stream = scenario.Stream(users=250, seed=17)
        server = self.dropped_server(stream)
        want = scenario.undelivered(scenario.report(server.store))
        self.assertEqual(server.stop(), 0)
        server.arguments = [*SMALL, "--retention", "1s"]
        for kill in range(30 if scenario.LONG else 8):
            server.start()
            server.process.send_signal(0)
            try:
                server.process.wait(0.02 + 0.03 * kill)
            except Exception:  # still there, as it should be
                pass
            server.stop(signal.SIGKILL)
            self.assertEqual(scenario.undelivered(scenario.report(server.store)), want)
        server.start()
        self.wait_dropped(server)
        self.assertEqual(scenario.undelivered(scenario.report(server.store)), want)
        self.assertEqual(server.stop(), 0)
        scenario.run("verify", "--store", server.store)
        scenario.run("rebuild", "--store", server.store)
        self.assertEqual(scenario.undelivered(scenario.report(server.store)), want)


if __name__ == "__main__":
    unittest.main(verbosity=2)
