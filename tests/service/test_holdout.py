"""A holdout is an experiment of its own: `holdout:GROUP` with `open` and `held` (cube.md).

The service is asked what each user gets of the two experiments of a group, and each user sends the
exposures that it is told to send.  Who is held, and would else be in a split, is on one side, who
is in a split on the other; so the shares fit though one experiment covers half of all users.
"""

import json
import os
import random
import tempfile
import unittest

import scenario
from gangway import Gangway

USERS = 900
START = scenario.START

EXPERIMENT = """\
experiment: {key}
name: About {key}
hypothesis: It helps.
owner: growth
status: running
variants:
  before: {{control: true}}
  after: {{}}
traffic:
  coverage: {coverage}
  holdout: {{group: q4, share: 30%}}
segments: [role]
metrics:
  goal: {goal}
  why: It is what people come for.
  guardrails: [{{metric: back_day_7, worse_by: 5pp}}]
analysis: {{peeking: always}}
"""


def files():
    metrics = scenario.METRICS.replace("{within}", "7d") + """\
  dealt: {kind: conversion, event: Deal Created, within: 7d}
"""
    return {"guide.yaml": EXPERIMENT.format(key="guide", coverage="50%", goal="activated"),
            "mail.yaml": EXPERIMENT.format(key="mail", coverage="100%", goal="dealt"),
            "metrics.yaml": metrics, "segments.yaml": scenario.SEGMENTS}


def asked(users):
    """Per user and experiment: what the service says."""
    with Gangway(files=files()) as server:
        client = server.client()
        answer = server.post("/v1/assign", {"units": [{"user": user} for user in users],
                                            "experiments": ["guide", "mail"]}, client=client)
        made = {(a["unit"], a["experiment"]): a for a in answer.json["assignments"]}
        listed = [one["experiment"] for one in server.get("/v1/experiments").json["experiments"]]
        single = server.get("/v1/experiments/holdout:q4")
        refused = server.get("/v1/assign/holdout:q4?unit=u1").status
        client.close()
        return made, listed, single, refused


class Holdout(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        users = [f"u{number}" for number in range(USERS)]
        cls.made, cls.listed, cls.single, cls.refused = asked(users)
        cls.folder = tempfile.TemporaryDirectory(prefix="gangway-holdout-")
        cls.experiments = scenario.write_folder(os.path.join(cls.folder.name, "experiments"),
                                                files())
        cls.users = users

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def messages(self, experiments=("guide", "mail")):
        chance = random.Random(4)
        made = []

        def send(time_ms, **message):
            made.append(dict(message, messageId=f"m{len(made)}", type="track",
                             timestamp=scenario.moment(time_ms)))
        for user in self.users:
            first = START + chance.randrange(10 * scenario.DAY)
            for step, key in enumerate(experiments):
                exposure = self.made[user, key]["exposure"]
                if exposure:
                    send(first + step * 3_600_000, userId=user, event="Experiment Viewed",
                         properties={"experiment_id": exposure["experiment_id"],
                                     "variation_id": exposure["variation_id"]})
            held = self.made[user, "mail"]["reason"] == "holdout"
            if chance.random() < (.2 if held else .5):
                send(first + scenario.DAY, userId=user, event="Contact Created")
        return made

    def store(self, name, messages):
        store = os.path.join(self.folder.name, name)
        scenario.import_messages(store, self.experiments, messages)
        return store

    def report(self, store):
        return scenario.report(store, experiment="holdout:q4")

    def document(self, name, messages):
        return json.loads(self.report(self.store(name, messages)))

    def side(self, keys):
        """Users that met a split of one of these, and those who would have, but are held."""
        split = {u for u in self.users for k in keys if self.made[u, k]["reason"] == "split"}
        held = {u for u in self.users for k in keys
                if self.made[u, k]["reason"] == "holdout" and self.made[u, k]["exposure"]}
        return split, held

    def test_both_sides_enter_at_the_same_point(self):
        for name, keys in (("both", ("guide", "mail")), ("half", ("guide",))):
            split, held = self.side(keys)
            self.assertTrue(split and held and not split & held)
            document = self.document(name, self.messages(keys))
            exposed = {v["variant"]: int(v["exposed"]) for v in document["variants"]}
            self.assertEqual(exposed, {"open": len(split), "held": len(held)})
            health = document["health"]
            self.assertEqual((health["mismatch"], health["sample_ratio"]["alarm"]), (0, False))
        # half of the users are not covered: neither side has them
        held = [u for u in self.users if self.made[u, "guide"]["reason"] == "holdout"]
        sent = [u for u in held if self.made[u, "guide"]["exposure"]]
        self.assertTrue(.4 * len(held) < len(sent) < .6 * len(held))

    def test_it_is_reported_like_an_experiment_and_decides_nothing(self):
        store = self.store("reported", self.messages())
        document = json.loads(self.report(store))
        self.assertEqual([(m["metric"], m["role"]) for m in document["metrics"]],
                         [("activated", "goal"), ("dealt", "goal"), ("back_day_7", "secondary")])
        self.assertEqual([v["control"] for v in document["variants"]], [False, True])
        self.assertEqual([v["weight"] for v in document["variants"]], [.7, .3])
        goal = document["metrics"][0]["comparisons"][0]
        self.assertEqual(goal["variant"], "open")
        low, high = goal["difference"]["anytime_interval"]
        self.assertTrue(0 < low < .3 < high)  # .5 against .2 was planted
        self.assertEqual(document["verdict"]["code"], "keep_running")
        self.assertIn("activated is", document["verdict"]["text"])
        self.assertIn("Can it be trusted?  yes", scenario.run(
            "report", "holdout:q4", "--store", store, "--as-of", scenario.AS_OF).decode())
        scenario.run("verify", "--store", store)

    def test_order_leaves_no_trace(self):
        messages = self.messages()
        first = self.report(self.store("first", messages))
        random.Random(9).shuffle(messages)
        self.assertEqual(scenario.undelivered(self.report(self.store("second", messages))),
                         scenario.undelivered(first))

    def test_who_is_held_and_shown_a_flow_is_a_mismatch(self):
        messages = self.messages()
        held = sorted(self.side(("guide", "mail"))[1])
        for number, user in enumerate(held[:4]):
            messages.append({"messageId": f"wrong{number}", "type": "track", "userId": user,
                             "event": "Experiment Viewed",
                             "timestamp": scenario.moment(START - 3_600_000),
                             "properties": {"experiment_id": "mail", "variation_id":
                                            "before" if number == 3 else "after"}})
        document = self.document("shown", messages)
        self.assertEqual(document["health"]["mismatch"], 3)  # the control is what it should meet
        self.assertEqual(document["health"]["crossed"]["open"], 3)

    def test_it_is_listed_and_assigns_nobody(self):
        self.assertEqual(self.listed, ["guide", "mail", "holdout:q4"])
        self.assertEqual((self.single.status, self.single.json["experiment"]), (200, "holdout:q4"))
        self.assertEqual(self.refused, 404)


if __name__ == "__main__":
    unittest.main(verbosity=2)
