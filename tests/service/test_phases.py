"""A report is of one phase: the current one, or an earlier one on request (experiment-files.md).

What a phase says of every kind of metric is what an experiment would say that had only the units
of that phase; who was exposed before its start is carried over, and counted.
"""

import json
import os
import random
import tempfile
import unittest

import scenario
from gangway import Gangway

SECOND = "2026-09-11"
SECOND_MS = scenario.START + 10 * scenario.DAY
USERS = 600

METRICS = """\
metrics:
  activated: {kind: conversion, event: Contact Created, within: 7d}
  back: {kind: retention, between: [3d, 7d]}
  weekly: {kind: retention_curve, every: 2d, until: 8d}
  value: {kind: time_to, event: Contact Created, within: 7d}
  contacts: {kind: count, event: Contact Created, within: 7d, cap: 20}
  revenue: {kind: sum, event: Deal Created, property: value, within: 7d, cap: 1000}
  deal: {kind: mean, event: Deal Created, property: value, within: 7d, cap: 1000}
  per_contact: {kind: ratio, numerator: revenue, denominator: contacts}
  nps: {kind: nps, event: NPS Answered, property: score, within: 7d}
"""
NAMES = ["back", "value", "contacts", "revenue", "deal", "per_contact", "nps"]


def files(phase=1, start="2026-09-01"):
    text = scenario.EXPERIMENT.replace("start: 2026-09-01", f"start: {start}\nphase: {phase}")
    text = text.replace("secondary: [back_day_7]",
                        f"secondary: [{', '.join(NAMES)}]\n  diagnostics: [weekly]")
    return {"flow.yaml": text, "metrics.yaml": METRICS, "segments.yaml": scenario.SEGMENTS}


def population():
    """Messages by user: exposed in the first ten days, the next ten, or in both."""
    chance, made = random.Random(11), {}
    for number in range(USERS):
        user, messages = f"user-{number}", []

        def send(time_ms, event, **properties):
            messages.append({"type": "track", "userId": user, "event": event,
                             "messageId": f"{user}-{len(messages)}",
                             "timestamp": scenario.moment(time_ms), "properties": properties})
        first = scenario.START + chance.randrange(20 * scenario.DAY)
        shown = {"experiment_id": "flow", "variation_id": chance.choice(["tour", "checklist"])}
        send(first, "Experiment Viewed", **shown)
        if first < SECOND_MS and chance.random() < .3:
            send(SECOND_MS + chance.randrange(scenario.DAY), "Experiment Viewed", **shown)
        for _ in range(chance.randrange(5)):
            send(first + chance.randrange(9 * scenario.DAY),
                 chance.choice(["Contact Created", "Deal Created"]), value=chance.randrange(100))
        if chance.random() < .5:
            send(first + chance.randrange(scenario.DAY), "NPS Answered", score=chance.randrange(11))
        made[user] = (first, messages)
    return made


def of_metrics(document):
    """What does not depend on which file was registered when."""
    return [{name: metric[name] for name in ("metric", "variants", "comparisons", "curve")
             if name in metric} for metric in document["metrics"]]


class Phases(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="gangway-phases-")
        cls.people = population()
        cls.store = cls.stored("both", cls.people.values(), files(), files(2, SECOND))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def stored(cls, name, people, *declared):
        store = os.path.join(cls.folder.name, name)
        messages = [message for _, some in people for message in some]
        for number, texts in enumerate(declared):
            folder = scenario.write_folder(os.path.join(cls.folder.name, f"{name}-{number}"), texts)
            scenario.import_messages(store, folder, messages if number == 0 else [])
        return store

    def report(self, store, *more):
        return json.loads(scenario.run("report", "flow", "--store", store, "--format", "json",
                                       "--as-of", scenario.AS_OF, *more))

    def exposed(self, document):
        return sum(variant["exposed"] for variant in document["variants"])

    def test_the_current_phase_has_its_own_units_alone(self):
        late = [p for p in self.people.values() if p[0] >= SECOND_MS]
        back = [p for p in self.people.values() if p[0] < SECOND_MS and any(
            m["event"] == "Experiment Viewed" and m["timestamp"] >= SECOND for m in p[1])]
        self.assertTrue(late and back)
        current = self.report(self.store)
        self.assertEqual((current["phase"], self.exposed(current)), (2, len(late)))
        self.assertEqual(current["health"]["carried_over"], len(back))
        alone = self.report(self.stored("late", late, files(2, SECOND)))
        self.assertEqual(len(of_metrics(current)), 9)
        self.assertEqual(of_metrics(current), of_metrics(alone))
        text = scenario.run("report", "flow", "--store", self.store).decode()
        self.assertIn("phase 2", text)
        self.assertIn(f"{len(back)} were first exposed before this phase began", text)

    def test_an_earlier_phase_is_there_on_request(self):
        early = [p for p in self.people.values() if p[0] < SECOND_MS]
        asked = self.report(self.store, "--phase", "1")
        self.assertEqual((asked["phase"], self.exposed(asked)), (1, len(early)))
        self.assertEqual(asked["health"]["carried_over"], 0)
        alone = self.report(self.stored("early", early, files()))
        self.assertEqual([m["variants"] for m in asked["metrics"]],
                         [m["variants"] for m in alone["metrics"]])
        self.assertIn("no phase 3", str(self.fails("--phase", "3")))

    def fails(self, *more):
        try:
            return self.report(self.store, *more)
        except AssertionError as error:
            return error

    def test_so_over_http(self):
        with Gangway(files=files()) as server:
            server.write("flow.yaml", files(2, SECOND)["flow.yaml"])
            self.assertEqual(server.post("/v1/reload", {}).status, 200)
            for _, messages in list(self.people.values())[:100]:
                server.post("/v1/batch", {"batch": messages})
            server.wait_for_fold()
            server.wait_for("phase 2", lambda: server.get(
                "/v1/experiments/flow/report").json["phase"] == 2)
            found = server.get("/v1/experiments/flow/report?phase=1").json
            self.assertEqual(found["phase"], 1)
            self.assertEqual(server.get("/v1/experiments/flow/report?phase=3").code, "no-phase")


if __name__ == "__main__":
    unittest.main(verbosity=2)
