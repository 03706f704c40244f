"""`gangway simulate`: chance that repeats, the error rates that the report promises, the power that
`gangway plan` tells, worlds whose truth is known for every kind of metric, and what is refused.

A share of runs is held against a promise by the exact binomial: the chance of seeing as much, were
the promise just kept, is at least one in ten thousand.
"""

import csv
import io
import json
import math
import os
import pathlib
import subprocess
import tempfile
import unittest

GANGWAY = os.environ["GANGWAY"]
SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
UNLIKELY = 1e-4

METRICS = """metrics:
  activated: {kind: conversion, event: Contact Created, within: 3d}
  kept:      {kind: retention, between: [3d, 5d]}
  gone:      {kind: conversion, event: Account Closed, within: 3d, better: lower}
  clicks:    {kind: count, event: Clicked, within: 3d, cap: 60}
  revenue:   {kind: sum, event: Order Completed, property: revenue, within: 3d, cap: 1000}
  size:      {kind: mean, event: Order Completed, property: revenue, within: 3d, cap: 1000}
  happy:     {kind: nps, event: Asked, property: score, within: 3d}
  slow:      {kind: time_to, event: Deal Created, within: 5d}
  a_visit:   {kind: ratio, numerator: revenue, denominator: clicks}
"""
EXPERIMENT = """experiment: first
hypothesis: A test.
status: running
START
variants:
  old: {control: true, weight: 50%}
  new: {weight: 50%}
metrics:
  goal: GOAL
  why: It is of use.
  guardrails: GUARDRAILS
analysis: ANALYSIS
"""
START = "start: 2026-11-02\nend: 2026-11-30"
EXPECT = "expect: {baseline: 30%, lift: 20%, power: 80%, units_per_week: 700}"
GUARDRAILS = "[{metric: gone, worse_by: 9pp}, {metric: kept, worse_by: 9pp}]"


def gangway(*arguments, **environment):
    return subprocess.run([GANGWAY, *arguments], capture_output=True, check=False, timeout=120,
                          encoding="utf-8", env=dict(os.environ, NO_COLOR="1", **environment))


def log_choose(n, k):
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def tail(n, p, first, last):
    """The chance of first to last successes among n."""
    return sum(math.exp(log_choose(n, k) + k * math.log(p) + (n - k) * math.log1p(-p))
               for k in range(max(first, 0), min(last, n) + 1))


class Simulate(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="gangway-test-")
        self.addCleanup(self.folder.cleanup)
        self.declare()

    def declare(self, goal="activated", analysis="{%s}" % EXPECT, guardrails="[]", start=START,
                metrics=METRICS):
        root = pathlib.Path(self.folder.name)
        (root / "metrics.yaml").write_text(metrics, encoding="utf-8")
        text = EXPERIMENT.replace("GOAL", goal).replace("ANALYSIS", analysis)
        text = text.replace("GUARDRAILS", guardrails).replace("START", start)
        (root / "first.yaml").write_text(text, encoding="utf-8")

    def simulate(self, *arguments, status=0):
        run = gangway("simulate", "first", "--experiments", self.folder.name, *arguments)
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        return run

    def document(self, *arguments):
        run = self.simulate("--format", "json", *arguments)
        self.assertEqual(run.stderr, "")
        return json.loads(run.stdout)

    def refused(self, text, *arguments):
        run = self.simulate(*arguments, status=2)
        self.assertEqual(run.stdout, "")
        self.assertIn(text, run.stderr)

    @staticmethod
    def verdicts(world):
        return {v["code"]: v["count"] for v in world["verdicts"]}

    def at_most(self, share, promised):
        """share: {count, of}, or (count, of)."""
        count, of = (share["count"], share["of"]) if isinstance(share, dict) else share
        self.assertGreater(tail(of, promised, count, of), UNLIKELY, (count, of, promised))

    def at_least(self, share, promised):
        count, of = (share["count"], share["of"]) if isinstance(share, dict) else share
        self.assertGreater(tail(of, promised, 0, count), UNLIKELY, (count, of, promised))

    # ---- Chance ----

    def test_a_seed_gives_the_same_bytes_and_another_seed_others(self):
        for form in ("text", "json", "csv"):
            one, same = (self.simulate("--runs", "60", "--seed", "5", "--format", form).stdout
                         for _ in range(2))
            other = self.simulate("--runs", "60", "--seed", "6", "--format", form).stdout
            self.assertEqual(one, same)
            self.assertNotEqual(one, other)

    def test_more_runs_begin_with_the_same_ones(self):
        few, many = (self.verdicts(self.document("--runs", n)["worlds"][0]) for n in ("50", "200"))
        for code, count in few.items():
            self.assertLessEqual(count, many[code])

    # ---- What the report promises ----

    def test_without_an_effect_little_is_shipped_and_little_is_stopped(self):
        for peeking in ("hybrid", "always", "fixed"):
            self.declare(analysis="{peeking: %s, %s}" % (peeking, EXPECT), guardrails=GUARDRAILS)
            world = self.document("--runs", "1000")["worlds"][0]
            verdicts = self.verdicts(world)
            self.assertEqual(sum(verdicts.values()), 1000)
            self.assertEqual(world["difference"], 0)
            self.assertIsNone(world["variant"])
            self.at_most((verdicts["ship"], 1000), .025)
            self.at_most((verdicts["stop_harm"], 1000), .05)
            self.at_most((verdicts["do_not_trust"], 1000), .01)
            self.at_least(world["interval_holds"], .95)
            self.assertEqual(world["wrong"]["count"], verdicts["ship"] + verdicts["stop_harm"])

    def test_the_planned_effect_ships_with_the_power_that_plan_tells(self):
        self.declare(analysis="{peeking: fixed, %s}" % EXPECT)
        plan = json.loads(gangway("plan", "first", "--experiments", self.folder.name,
                                  "--format", "json").stdout)
        got = self.document("--runs", "1500")
        self.assertEqual(got["units_planned"], plan["units"])
        world = got["worlds"][1]
        self.assertAlmostEqual(world["difference"], .06, 12)
        self.assertAlmostEqual(world["lift"], .2, 12)
        self.assertEqual(world["variant"], "new")
        # The normal approximation of the size, and whole days: within two points of the power.
        shipped = (self.verdicts(world)["ship"], 1500)
        self.at_least(shipped, plan["power"] - .02)
        self.at_most(shipped, plan["power"] + .03)

    def test_looking_early_finds_more_and_overstates_it_and_the_correction_helps(self):
        late = self.document("--runs", "600")["worlds"][1]
        self.declare(analysis="{min_days: 1, %s}" % EXPECT)
        early = self.document("--runs", "600", "--effect", "30%")["worlds"][1]
        self.assertGreater(self.verdicts(early)["ship"], self.verdicts(late)["ship"])
        self.assertLess(early["day"]["median"], late["day"]["median"])
        over, corrected = late["overestimate"], late["overestimate_corrected"]
        self.assertGreater(over["mean"], 3 * over["se"])
        self.assertLess(abs(corrected["mean"]), over["mean"])

    def test_a_harm_is_stopped_and_that_is_not_wrong(self):
        world = self.document("--runs", "300", "--effect", "-30%")["worlds"][1]
        verdicts = self.verdicts(world)
        self.at_least((verdicts["stop_harm"], 300), .9)
        self.assertEqual(world["wrong"]["count"], verdicts["ship"])

    def test_lower_is_better_where_the_file_says_so(self):
        self.declare(goal="gone", analysis="{%s}" % EXPECT.replace("lift: 20%", "lift: -20%"))
        world = self.document("--runs", "200", "--effect", "-40%")["worlds"][1]
        self.at_least((self.verdicts(world)["ship"], 200), .9)
        self.assertLess(world["estimate"]["mean"], 0)
        self.assertEqual(world["wrong"]["count"], 0)

    def test_a_guardrail_too_narrow_for_its_units_holds_the_ship_back(self):
        loose, tight = [], []
        for margin, seen in (("20pp", loose), ("1pp", tight)):
            self.declare(guardrails="[{metric: kept, worse_by: %s}]" % margin)
            seen.append(self.document("--runs", "200", "--effect", "40%")["worlds"][1])
        self.assertGreater(self.verdicts(loose[0])["ship"], 190)
        self.assertGreater(loose[0]["guardrails"][0]["share"], .95)
        self.assertLess(self.verdicts(tight[0])["ship"], 30)
        self.assertGreater(tight[0]["unshown"]["share"], .5)
        self.assertLessEqual(tight[0]["unshown"]["count"], self.verdicts(tight[0])["inconclusive"])

    def test_the_verdict_comes_when_the_final_set_is_mature(self):
        self.declare(analysis="{peeking: fixed, %s}" % EXPECT)
        got = self.document("--runs", "100")
        # 100 a day; the day on which the planned number is reached, and the window after it.
        day = math.ceil(got["units_planned"] / 100) + 3
        for world in got["worlds"]:
            self.assertEqual(world["day"], {"median": day, "most": day})

    def test_without_an_end_it_runs_until_the_planned_number_is_mature(self):
        self.declare(analysis="{peeking: fixed, %s}" % EXPECT, start="start: 2026-11-02")
        got = self.document("--runs", "50")
        self.assertIsNone(got["end"])
        self.assertEqual(got["worlds"][0]["day"]["most"],
                         math.ceil(got["units_planned"] / 100) + 3)

    # ---- Kinds ----

    def test_every_kind_shows_the_effect_that_is_true_of_it(self):
        cases = (("activated", "baseline: 30%, lift: 30%", .09),
                 ("kept", "baseline: 60%, lift: 20%", .12),
                 ("clicks", "baseline: 3, lift: 50%, sd: 4", 1.5),
                 ("revenue", "baseline: 40, lift: 40%, sd: 60", 16),
                 ("revenue", "baseline: 40, lift: 40%, sd: 20", 16),
                 ("size", "baseline: 40, lift: 40%, sd: 30", 16),
                 ("happy", "baseline: 10, lift: 15, sd: 80", 15),
                 ("slow", "baseline: 3d, lift: -12h", -.5))
        for goal, expect, truth in cases:
            with self.subTest(goal=goal, expect=expect):
                absolute = "lift: absolute, " if goal in ("happy", "slow") else ""
                self.declare(goal=goal, analysis="{peeking: fixed, %sexpect: {%s, "
                             "units_per_week: 1400, units: 4000}}" % (absolute, expect))
                world = self.document("--runs", "60")["worlds"][1]
                self.assertAlmostEqual(world["difference"], truth, 2)
                self.assertGreater(self.verdicts(world)["ship"], 57)
                over = world["overestimate"]
                self.assertLess(abs(over["mean"]), 4 * over["se"])
                self.assertGreater(over["se"], 0)

    def test_the_spread_that_is_said_is_the_spread_that_is_played(self):
        for goal, baseline, lift, sd in (("revenue", 40, 3, 30), ("revenue", 40, 8, 90),
                                         ("size", 40, 3, 30), ("clicks", 5, .5, 4),
                                         ("happy", 10, 8, 80)):
            with self.subTest(goal=goal, sd=sd):
                self.declare(goal=goal, analysis="{peeking: fixed, lift: absolute, expect: "
                             "{baseline: %s, lift: %s, sd: %s, units_per_week: 1400}}"
                             % (baseline, lift, sd))
                got = self.document("--runs", "400")
                shipped = (self.verdicts(got["worlds"][1])["ship"], 400)
                self.at_least(shipped, .76)
                # A count's spread does not grow with its mean in the plan: the truth has less power.
                self.at_most(shipped, .84)

    # ---- What is said, and what is refused ----

    def test_what_nobody_said_is_assumed_and_told(self):
        self.declare(guardrails="[{metric: gone, worse_by: 3pp}, {metric: clicks, worse_by: 9%}]")
        metrics = {m["metric"]: m for m in self.document("--runs", "10")["metrics"]}
        self.assertFalse(metrics["activated"]["assumed"])
        self.assertEqual((metrics["gone"]["assumed"], metrics["gone"]["baseline"]), (True, .5))
        self.assertEqual((metrics["clicks"]["assumed"], metrics["clicks"]["sd"]), (True, 2))
        said = self.document("--runs", "10", "--baseline", "gone=4%", "--baseline", "clicks=3",
                             "--sd", "clicks=2.5")
        metrics = {m["metric"]: m for m in said["metrics"]}
        self.assertEqual([m["assumed"] for m in metrics.values()], [False] * 3)
        self.assertEqual((metrics["gone"]["baseline"], metrics["clicks"]["baseline"]), (.04, 3))
        text = self.simulate("--runs", "10").stdout
        self.assertIn("Assumed          gone 50%\n", text)
        self.assertIn("say better", text)

    def test_two_effects_are_two_columns(self):
        got = self.document("--runs", "20", "--effect", "10%", "--effect", "3pp")
        self.assertEqual([round(w["difference"], 6) for w in got["worlds"]], [0, .03, .03])
        self.refused("2 times at most", "--effect", "1%", "--effect", "2%", "--effect", "3%")

    def test_an_experiment_that_expects_nothing_is_played_by_options(self):
        self.declare(analysis="{peeking: always}")
        self.refused("give --baseline, --effect and --units-per-week")
        self.refused("--units-per-week", "--baseline", "30%")
        got = self.document("--runs", "20", "--baseline", "30%", "--units-per-week", "700")
        self.assertEqual(len(got["worlds"]), 1)
        got = self.document("--runs", "20", "--baseline", "30%", "--units-per-week", "1400",
                            "--effect", "60%")
        self.at_least((self.verdicts(got["worlds"][1])["ship"], 20), .7)

    def test_what_can_t_be_played_is_refused_with_the_reason(self):
        self.declare(guardrails="[{metric: a_visit, worse_by: 5%}]")
        self.refused("'a_visit' can't be played: it is a ratio")
        self.declare(guardrails="[{metric: revenue, worse_by: 5}]")
        self.refused("--baseline revenue=NUMBER")
        self.document("--runs", "10", "--baseline", "revenue=40")
        self.declare(guardrails="[{metric: revenue, worse_by: 5%}]")
        self.document("--runs", "10")
        self.declare(analysis="{%s}" % EXPECT.replace("700", "7"), start="start: 2026-11-02")
        self.refused("more units a week")
        self.declare()
        self.refused("with that effect: its value is not between", "--effect", "300%")
        for wrong in ("5", "x", "0%", ""):
            self.refused("--effect", "--effect=" + wrong)
        for wrong in ("5", "none=3%", "activated=x"):
            self.refused("--baseline", "--baseline=" + wrong)
        self.refused("--sd", "--sd=-1")
        self.refused("--runs", "--runs", "1")

    # ---- Forms ----

    def test_the_csv_has_the_figures_of_the_json(self):
        self.declare(guardrails=GUARDRAILS)
        got = self.document("--runs", "80")
        rows = list(csv.DictReader(io.StringIO(
            self.simulate("--runs", "80", "--format", "csv").stdout)))
        for world in got["worlds"]:
            mine = {r["figure"]: r for r in rows if float(r["difference"]) == world["difference"]}
            for verdict in world["verdicts"]:
                row = mine[verdict["code"]]
                self.assertEqual([float(row[k]) for k in ("value", "low", "high")],
                                 [verdict[k] for k in ("share", "low", "high")])
            for guardrail in world["guardrails"]:
                self.assertEqual(float(mine["passes:" + guardrail["metric"]]["value"]),
                                 guardrail["share"])
            self.assertEqual(float(mine["day_median"]["value"]), world["day"]["median"])
            if world["overestimate"]:
                self.assertEqual(float(mine["overestimate"]["value"]),
                                 world["overestimate"]["mean"])

    def test_the_text_is_the_kept_one(self):
        self.declare(guardrails=GUARDRAILS)
        text = self.simulate("--runs", "200").stdout
        kept = SOURCE / "tests" / "golden" / "simulate.txt"
        if os.environ.get("GOLDEN_UPDATE"):
            kept.write_text(text, encoding="utf-8")
        self.assertEqual(text, kept.read_text(encoding="utf-8"))
        self.assertLessEqual(max(map(len, text.splitlines())), 80)


if __name__ == "__main__":
    unittest.main()
