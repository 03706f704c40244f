"""Notes are tied to an experiment, shown beside its numbers and never in them (routes.md)."""

import json
import os
import random
import tempfile
import unittest

import scenario
from gangway import Gangway

HOSTILE = "\u001b[2Jrm -rf\r\n\u202e<script>alert(1)</script>\u0000"[:-1]


def note(text="It is not clear where to begin.", **more):
    return {"experiment": "flow", "source": "interview", "text": text, **more}


def files():
    """With a flow, whose steps notes are tied to."""
    made = scenario.files()
    made["flow.yaml"] = made["flow.yaml"].replace(
        "  tour: {control: true, weight: 50%}",
        "  tour: {control: true, weight: 50%, flow: [{step: welcome, pattern: message}]}")
    return made


class Notes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stream = scenario.Stream(users=120, seed=3)
        cls.folder = tempfile.TemporaryDirectory(prefix="gangway-notes-")
        cls.experiments = scenario.write_folder(os.path.join(cls.folder.name, "experiments"),
                                                files())

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def report(self, store):
        return json.loads(scenario.report(store))

    def fill(self, server):
        for batch in scenario.batches(self.stream.messages, lambda: 300):
            self.assertEqual(server.post("/v1/batch", {"batch": batch}).json["rejected"], [])

    def test_notes_stand_beside_the_numbers_and_change_none(self):
        with Gangway(files=files()) as server:
            self.fill(server)
            server.wait_for_fold()
            before = self.report(server.store)
            self.assertEqual(before["notes"], [])
            made = [server.post("/v1/notes", body) for body in (
                note(), note("Step two is hard.", variant="tour", step="welcome", source="coach"),
                note(HOSTILE, segment="role = marketer", unit="user-3", source="ticket"),
                note("é" * 2000, source="diary"))]
            self.assertEqual([one.status for one in made], [201] * 4)
            server.wait_for_fold()
            after = self.report(server.store)
            self.assertEqual([(n["source"], n["variant"], n["segment"], n["step"])
                              for n in after["notes"]],
                             [("interview", None, None, None), ("coach", "tour", None, "welcome"),
                              ("ticket", None, "role = marketer", None),
                              ("diary", None, None, None)])
            self.assertEqual(after["notes"][2]["text"], HOSTILE)
            for document in (before, after):
                document.pop("delivery")
                document.pop("notes")
            self.assertEqual(after, before)
            listed = server.get("/v1/notes?experiment=flow").json["notes"]
            self.assertEqual([n["note"] for n in listed], [one.json["note"] for one in made])
            self.assertEqual(server.get("/v1/notes?experiment=other").json["notes"], [])
            text = scenario.run("report", "flow", "--store", server.store).decode()
            self.assertIn("Step two is hard.", text)
            self.assertNotIn("\u001b", text)
            self.assertNotIn("\u202e", text)

            number = made[1].json["note"]
            self.assertEqual(server.request("DELETE", f"/v1/notes/{number}").status, 200)
            server.wait_for_fold()
            self.assertEqual(len(self.report(server.store)["notes"]), 3)
            self.assertEqual(server.request("DELETE", f"/v1/notes/{number}").code, "no-note")

            # erased with the unit that it is of
            self.assertEqual(server.request("DELETE", "/v1/units/user/user-3").status, 202)
            server.wait_for("the note is gone", lambda: len(
                server.get("/v1/notes?experiment=flow").json["notes"]) == 2)
            self.assertEqual([n["source"] for n in self.report(server.store)["notes"]],
                             ["interview", "diary"])
            self.assertEqual(server.stop(), 0)
            scenario.run("verify", "--store", server.store)
            scenario.run("rebuild", "--store", server.store)
            self.assertEqual(len(self.report(server.store)["notes"]), 2)

    def test_what_is_no_note_is_refused_by_name(self):
        with Gangway(files=files()) as server:
            for body, code in (
                    (note(unknown="x"), "unknown-member"), (note(source="rumour"), "wrong-type"),
                    (note(""), "wrong-type"), (note("x" * 2001), "wrong-type"),
                    (note(5), "wrong-type"), (note(variant="none"), "bad-parameter"),
                    (note(step="welcom"), "bad-parameter"), (note(segment="rol"), "bad-parameter"),
                    (note(segment="role = nobody"), "bad-parameter"),
                    (note(segment="role ="), "bad-parameter"),
                    (note(experiment="flaw"), "no-experiment"), (note(unit="null"), "bad-unit"),
                    ({"experiment": "flow", "source": "coach"}, "missing-member"),
                    ([], "wrong-type")):
                self.assertEqual(server.post("/v1/notes", body).code, code, body)
            self.assertIn("did you mean 'welcome'?", server.post(
                "/v1/notes", note(step="welcom")).json["detail"])
            self.assertIn("did you mean 'marketer'?", server.post(
                "/v1/notes", note(segment="role = marketr")).json["detail"])
            for segment in ("role", "role=marketer", "role = (unknown)"):
                self.assertEqual(server.post("/v1/notes", note(segment=segment)).status, 201)
            self.assertEqual(server.get("/v1/notes?flow=1").code, "bad-parameter")
            self.assertEqual(server.request("DELETE", "/v1/notes/x").code, "no-note")
            # no front end sends one among its events
            answer = server.post("/v1/batch", {"batch": [
                {"type": "note", "userId": "u1", "properties": {
                    "experiment_id": "flow", "source": "coach", "text": "x"}}]})
            self.assertEqual(len(answer.json["rejected"]), 1)

    def test_the_order_of_arrival_leaves_no_trace(self):
        def made(number, day, **properties):
            return {"type": "note", "messageId": f"n{number}",
                    "timestamp": scenario.moment(scenario.START + day * scenario.DAY),
                    "properties": properties}
        messages = [made(i, i % 3, experiment_id="flow", source="diary", text=f"day {i}")
                    for i in range(20)]
        messages += [made(i, 1, experiment_id="flow", source="diary", text=f"again {i}")
                     for i in range(5)]  # another body under an id that is there
        messages += [made(100 + i, 9, deletes=f"n{i}") for i in (2, 7, 19)]
        messages += self.stream.messages[:100]
        seen = []
        for seed in range(3):
            random.Random(seed).shuffle(messages)
            store = os.path.join(self.folder.name, f"order-{seed}")
            scenario.import_messages(store, self.experiments, messages)
            seen.append(scenario.undelivered(scenario.report(store)))
        self.assertEqual(seen[0], seen[1])
        self.assertEqual(seen[0], seen[2])
        texts = [n["text"] for n in seen[0]["notes"]]
        self.assertEqual(len(texts), 17)
        self.assertFalse({"day 2", "day 7", "day 19", "again 2"} & set(texts))
        self.assertIn("day 0", texts)  # of two bodies the earlier
        again = os.path.join(self.folder.name, "again")
        scenario.run("import", "--store", again, "--experiments", self.experiments, "-",
                     data=scenario.run("export", "--store", store))
        self.assertEqual(scenario.undelivered(scenario.report(again)), seen[0])


if __name__ == "__main__":
    unittest.main(verbosity=2)
