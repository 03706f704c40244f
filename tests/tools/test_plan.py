"""`gangway plan`: sizes by the formulas of the design, weeks, options, and every exit status."""

import json
import math
import os
import pathlib
import statistics
import subprocess
import tempfile
import unittest

import scenario

GANGWAY = os.environ["GANGWAY"]
SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
EXPERIMENTS = str(SOURCE / "experiments")
NORMAL = statistics.NormalDist()

METRICS = """metrics:
  activated: {kind: conversion, event: Contact Created, within: 7d}
  gone:      {kind: conversion, event: Account Closed, within: 7d, better: lower}
  revenue:   {kind: sum, event: Order Completed, property: revenue, within: 14d, cap: 1000}
  slow:      {kind: time_to, event: Deal Created, within: 30d}
"""
SEGMENTS = "segments:\n  role: {trait: role, values: [owner, rep, manager, other]}\n"
EXPERIMENT = """experiment: first
hypothesis: A test.
status: running
start: 2026-11-02
end: 2027-03-01
variants:
  old: {control: true, weight: 50%}
  new: {weight: 50%}
segments: [role]
metrics:
  goal: GOAL
  why: It is of use.
  guardrails: GUARDRAILS
analysis: ANALYSIS
"""
EXPECT = "{peeking: hybrid, expect: {baseline: 22%, lift: 10%, power: 80%, units_per_week: 3000}}"


def gangway(*arguments, **environment):
    return subprocess.run([GANGWAY, *arguments], capture_output=True, check=False, timeout=60,
                          encoding="utf-8", env=dict(os.environ, NO_COLOR="1", **environment))


def rate_units(low, high, alpha, power=.8):
    """Units a variant: the formula of statistics.md, section 9."""
    middle = (low + high) / 2
    root = (NORMAL.inv_cdf(1 - alpha / 2) * math.sqrt(2 * middle * (1 - middle))
            + NORMAL.inv_cdf(power) * math.sqrt(low * (1 - low) + high * (1 - high)))
    return (root / (high - low)) ** 2


class Plan(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="gangway-test-")
        self.addCleanup(self.folder.cleanup)
        self.declare()

    def write(self, name, text):
        (pathlib.Path(self.folder.name) / name).write_text(text, encoding="utf-8")

    def declare(self, goal="activated", analysis=EXPECT, guardrails="[]"):
        self.write("metrics.yaml", METRICS)
        self.write("segments.yaml", SEGMENTS)
        text = EXPERIMENT.replace("GOAL", goal).replace("ANALYSIS", analysis)
        self.write("first.yaml", text.replace("GUARDRAILS", guardrails))

    def plan(self, *arguments, status=0):
        run = gangway("plan", "first", "--experiments", self.folder.name, *arguments)
        self.assertEqual(run.returncode, status, run.stderr)
        return run

    def document(self, *arguments):
        run = self.plan("--format", "json", *arguments)
        self.assertEqual(run.stderr, "")
        return json.loads(run.stdout)

    def test_units_are_those_of_the_formula_at_the_design_s_level(self):
        for peeking, alpha in (("hybrid", .04), ("fixed", .05)):
            self.declare(analysis=EXPECT.replace("hybrid", peeking))
            got = self.document()
            self.assertAlmostEqual(got["alpha"], alpha, 12)
            self.assertEqual(got["units"], math.ceil(2 * rate_units(.22, .242, alpha)))
            self.assertEqual([v["units"] for v in got["variants"]], [math.ceil(got["units"] / 2)] * 2)
        fixed = got["units"]
        self.declare(analysis=EXPECT.replace("hybrid", "always"))
        self.assertAlmostEqual(self.document()["units"] / fixed, 1.91, 2)

    def test_more_goals_and_variants_share_the_error(self):
        self.declare(goal="[activated, gone]")
        got = self.document()
        self.assertEqual(got["comparisons"], 2)
        self.assertEqual(got["units"], math.ceil(2 * rate_units(.22, .242, .02)))

    def test_weeks_are_enrolment_and_window_in_whole_weeks(self):
        got = self.document()
        enrolment = got["units"] / 3000
        self.assertAlmostEqual(got["duration"]["enrolment_weeks"], enrolment, 9)
        self.assertEqual(got["duration"]["weeks"], math.ceil(enrolment + 1))
        self.assertEqual(got["duration"]["days"], 7 * got["duration"]["weeks"])
        self.assertEqual(got["duration"]["until"], "2026-12-14T00:00:00Z")
        self.assertFalse(got["duration"]["too_long"])
        self.assertEqual(self.document("--lift", "80%")["duration"]["weeks"], 2)

    def test_what_takes_over_eight_weeks_gets_the_nearest_that_does_not(self):
        got = self.document("--units-per-week", "900")
        self.assertTrue(got["duration"]["too_long"])
        last = got["detectable"][-1]
        self.assertEqual((last["weeks"], last["units"]), (8, 6300))
        # What is detectable with n units needs n units.
        low, high = .22, .22 + last["difference"]
        self.assertAlmostEqual(2 * rate_units(low, high, .04), 6300, 3)
        self.assertAlmostEqual(last["lift"], last["difference"] / .22, 12)
        text = self.plan("--units-per-week", "900").stdout
        self.assertIn("not detectable; in 8 weeks +3.09 points", text)

    def test_segments_show_what_their_share_can(self):
        got = self.document()
        (segment,) = got["segments"]
        self.assertEqual((segment["segment"], segment["shares"]), ("role", "assumed equal"))
        (value,) = segment["values"]
        self.assertEqual(value["share"], .25)
        self.assertAlmostEqual(2 * rate_units(.22, .22 + value["difference"], .04),
                               got["units"] / 4, 3)
        self.assertAlmostEqual(got["between_halves"]["difference"] / .022, 2, 1)

    def test_a_fall_is_planned_as_a_fall(self):
        self.declare(goal="gone", analysis=EXPECT.replace("lift: 10%", "lift: -10%"))
        got = self.document()
        self.assertEqual(got["units"], math.ceil(2 * rate_units(.22, .198, .04)))
        self.assertTrue(all(week["difference"] < 0 for week in got["detectable"]))

    def test_a_sum_is_planned_by_its_spread(self):
        expect = "{peeking: fixed, lift: absolute, expect: {baseline: 40, lift: 2, sd: 30}}"
        self.declare(goal="revenue", analysis=expect)
        got = self.document()
        reach = NORMAL.inv_cdf(.975) + NORMAL.inv_cdf(.8)
        normal = 2 * 2 * (reach * 30 / 2) ** 2
        self.assertTrue(normal < got["units"] < normal + 5, got["units"])
        self.assertIsNone(got["duration"])
        self.assertIn("not known: give --units-per-week", self.plan().stdout)
        self.assertAlmostEqual(self.document("--sd", "60")["units"] / got["units"], 4, 2)

    def test_options_stand_in_for_the_file(self):
        got = self.document("--baseline", "30%", "--lift", "3pp", "--power", "90%")
        self.assertEqual(got["units"], math.ceil(2 * rate_units(.3, .33, .04, .9)))
        same = self.document("--baseline", "0.3", "--lift", "10%", "--power", "0.9")
        self.assertEqual(same["units"], got["units"])
        self.declare(analysis=EXPECT.replace("power: 80%", "units: 7777"))
        self.assertEqual(self.document()["units"], 7777)
        self.assertNotEqual(self.document("--lift", "9%")["units"], 7777)

    def test_a_file_that_expects_nothing_wants_the_options(self):
        self.declare(analysis="{peeking: fixed}")
        run = self.plan("--baseline", "22%", status=2)
        self.assertIn("give --baseline and --lift", run.stderr)
        got = self.document("--baseline", "22%", "--lift", "10%")
        self.assertEqual(got["units"], math.ceil(2 * rate_units(.22, .242, .05)))

    def test_guardrails_say_their_power_at_the_worst_rate(self):
        self.declare(guardrails="[{metric: gone, worse_by: 2pp}, {metric: revenue, worse_by: 5}]")
        got = self.document()
        share, money = got["guardrails"]
        units = got["units"] / 2
        power = NORMAL.cdf(.02 / math.sqrt(2 * .25 / units) - NORMAL.inv_cdf(1 - .02))
        self.assertAlmostEqual(share["power"], power, 9)
        self.assertAlmostEqual(share["power_wanted"], .9, 12)
        self.assertIsNone(money["power"])
        self.assertIn("not known", money["reason"])

    def test_what_cannot_be_planned_is_null_and_says_why(self):
        self.declare(goal="slow", analysis="{expect: {baseline: 12d, lift: -2d}}")
        got = self.document()
        self.assertEqual((got["units"], got["status"]), (None, "not_estimable"))
        self.assertIn("planned by its events", got["reason"])
        self.assertIn("planned by its events", self.plan().stdout)
        self.declare()
        self.assertIsNone(self.document("--lift", "900%")["units"])

    def test_calls_that_are_wrong_say_what_is_wanted(self):
        for arguments, text in ((("--baseline", "120%"), "a share such as 22%"),
                                (("--baseline", "x"), "a share such as 22%"),
                                (("--lift", "0%"), "points such as 2pp"),
                                (("--lift", "3"), "points such as 2pp"),
                                (("--power", "20%"), "50% to 99.9%"),
                                (("--sd", "-1"), "a number above 0"),
                                (("--units-per-week", "0"), "units-per-week"),
                                (("--lfit", "3%"), "--lift")):
            run = self.plan(*arguments, status=2)
            self.assertIn(text, run.stderr)
            self.assertEqual(run.stdout, "")
        run = gangway("plan", "frist", "--experiments", self.folder.name)
        self.assertEqual(run.returncode, 2)
        self.assertIn("did you mean 'first'", run.stderr)
        self.assertEqual(gangway("plan", "--experiments", self.folder.name).returncode, 2)
        self.write("first.yaml", "experiment: first\nvariants: 3\n")
        self.plan(status=3)

    def test_a_missing_store_is_exit_3(self):
        self.plan("--store", os.path.join(self.folder.name, "none"), status=3)

    def test_help_names_every_option(self):
        run = gangway("plan", "--help")
        self.assertEqual(run.returncode, 0)
        for name in ("baseline", "lift", "units-per-week", "power", "store", "format"):
            self.assertIn("--" + name, run.stdout)


class Shipped(unittest.TestCase):
    def test_the_shipped_examples_fit_80_columns(self):
        for name in ("crm-first-run", "guided-setup", "setup-steps", "team-breadth"):
            for more in ((), ("--units-per-week", "200")):
                run = gangway("plan", name, "--experiments", EXPERIMENTS, *more)
                self.assertEqual(run.returncode, 0, run.stderr)
                self.assertLessEqual(max(map(len, run.stdout.splitlines())), 80, run.stdout)

    def test_a_store_tells_the_shares_of_segments(self):
        with tempfile.TemporaryDirectory() as folder:
            files, store = (os.path.join(folder, name) for name in ("files", "store"))
            scenario.write_folder(files, scenario.files())
            messages = [message for number in range(90) for message in self.messages(number)]
            scenario.import_messages(store, files, messages)
            asked = ("flow", "--experiments", files, "--baseline", "22%", "--lift", "10%",
                     "--format", "json")
            run = gangway("plan", *asked, "--store", store)
            self.assertEqual(run.returncode, 0, run.stderr)
            (segment,) = json.loads(run.stdout)["segments"]
            self.assertEqual(segment["shares"], "seen")
            shares = {value["value"]: value["share"] for value in segment["values"]}
            self.assertAlmostEqual(shares["sales_rep"], 2 / 3, 9)
            self.assertAlmostEqual(shares["marketer"], 1 / 3, 9)
            whole = json.loads(run.stdout)["units"]
            for value in segment["values"]:
                self.assertEqual(value["units"], math.floor(whole * shares[value["value"]]))
            self.assertIn("role = marketer (33.3%)", gangway("plan", *asked[:-2], "--store",
                                                              store).stdout)

    def messages(self, number):
        """A unit, two of three of them sales reps."""
        unit, role = f"u{number}", "marketer" if number % 3 == 0 else "sales_rep"
        yield {"type": "identify", "userId": unit, "messageId": f"i{number}",
               "timestamp": "2026-09-02T00:00:00Z", "traits": {"role": role}}
        yield {"type": "track", "userId": unit, "messageId": f"e{number}",
               "timestamp": "2026-09-02T00:00:01Z", "event": "Experiment Viewed",
               "properties": {"experiment_id": "flow",
                              "variation_id": "tour" if number // 3 % 2 else "checklist"}}


if __name__ == "__main__":
    unittest.main()
