"""gangway validate --store: names that never came, and changes that break what was accepted."""

import json
import os
import subprocess
import tempfile
import unittest

import scenario
from gangway import GANGWAY

EXPERIMENT = """\
experiment: flow
hypothesis: because
status: running
start: 2026-09-01
end: 2026-10-01
assignment: elsewhere
variants:
  tour: {control: true, weight: 50%}
  list: {weight: 50%}
segments: [role]
metrics:
  goal: activated
  why: because
"""
METRICS = """\
# Contact Createt would be wrong
metrics:
  activated: {kind: conversion, any_of: [Contact Created, Deal Lost], within: 7d}
"""
SEGMENTS = """\
segments:
  role: {trait: role, values: [rep]}
  size: {trait: company.size, bands: [1, 10]}
"""
MESSAGES = [
    {"type": "identify", "userId": "u1", "messageId": "m1", "timestamp": "2026-09-02T00:00:00Z",
     "traits": {"role": "rep"}},
    {"type": "track", "userId": "u1", "messageId": "m2", "timestamp": "2026-09-02T00:00:01Z",
     "event": "Contact Created"},
]


class ValidateStore(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = os.path.join(temporary.name, "files")
        self.store = os.path.join(temporary.name, "store")
        self.write(EXPERIMENT)
        scenario.import_messages(self.store, self.folder, MESSAGES)

    def write(self, experiment=EXPERIMENT, metrics=METRICS, segments=SEGMENTS):
        scenario.write_folder(self.folder, {"flow.yaml": experiment, "metrics.yaml": metrics,
                                            "segments.yaml": segments})

    def validate(self, *more, store=None, want=0):
        run = subprocess.run([GANGWAY, "validate", self.folder, *more,
                              "--store", store or self.store],
                             capture_output=True, check=False, encoding="utf-8")
        self.assertEqual(run.returncode, want, run.stderr)
        return run

    def warnings(self):
        document = json.loads(self.validate("--format", "json").stdout)
        self.assertEqual((document["errors"], document["warnings"]),
                         (0, len(document["diagnostics"])))
        return [(os.path.basename(one["path"]), one["line"], one["column"], one["width"],
                 one["code"]) for one in document["diagnostics"]]

    def test_names_that_never_came_are_told_at_their_place(self):
        self.assertEqual(self.warnings(), [
            ("metrics.yaml", 3, METRICS.splitlines()[2].index("Deal Lost") + 1, 9,
             "never-received"),
            ("segments.yaml", 3, SEGMENTS.splitlines()[2].index("company.size") + 1, 12,
             "never-received")])

    def test_the_text_shows_the_line_and_the_mark(self):
        told = self.validate().stderr
        self.assertIn("metrics.yaml:3:59: warning: no message brought the event 'Deal Lost' so far "
                      "[never-received]\n", told)
        self.assertIn("    3 | " + METRICS.splitlines()[2] + "\n", told)
        self.assertRegex(told, r"0 errors, 2 warnings\n\Z")

    def test_strict_says_no_to_them_and_a_name_that_came_is_none(self):
        self.validate("--strict", want=1)
        scenario.import_messages(self.store, self.folder, [
            dict(MESSAGES[0], messageId="m3", traits={"company": {"size": 4}}),
            dict(MESSAGES[1], messageId="m4", event="Deal Lost")])
        self.assertEqual(self.warnings(), [])
        self.validate("--strict")

    def test_an_event_is_no_trait(self):
        self.write(segments=SEGMENTS.replace("company.size", "Contact Created".split()[0]))
        self.assertIn(("segments.yaml", 3, 17, 7, "never-received"), self.warnings())

    def test_a_breaking_change_is_told_until_the_phase_is_raised(self):
        changed = EXPERIMENT.replace("50%", "10%", 1).replace("50%", "90%")
        self.write(changed)
        self.assertEqual([one for one in self.warnings() if one[4] == "breaking-change"],
                         [("flow.yaml", 1, 13, 4, "breaking-change")])
        self.assertIn("breaking change of weights against what the store last accepted",
                      self.validate().stderr)
        self.validate("--strict", want=1)
        self.write(changed.replace("status:", "phase: 2\nstatus:"))
        self.assertEqual([one for one in self.warnings() if one[4] == "breaking-change"], [])

    def test_a_change_that_breaks_nothing_is_none(self):
        self.write(EXPERIMENT.replace("hypothesis: because", "hypothesis: since"))
        self.assertEqual([one[4] for one in self.warnings()], ["never-received"] * 2)

    def test_without_a_store_nothing_is_asked_and_a_missing_one_is_exit_3(self):
        run = subprocess.run([GANGWAY, "validate", self.folder], capture_output=True, check=False,
                             encoding="utf-8")
        self.assertIn("0 warnings", run.stderr)
        self.assertEqual(run.returncode, 0)
        missing = self.store + "-gone"
        self.validate(store=missing, want=3)
        self.assertFalse(os.path.exists(missing))


if __name__ == "__main__":
    unittest.main()
