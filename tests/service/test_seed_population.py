"""A CRM's first 90 days through the whole program: the report finds what was planted, nothing else.

seeds/crm-90-days, the small size: 20 000 users and 4 000 accounts, each user in one of five first-run
experiments, each account in one of its own. What was planted is declared in population.json. Of the
first hundreds of users the cube is compared with the slow oracle's, by equality; so are the first
players of Cookie Cats.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import scenario
import small_yaml

SOURCE = pathlib.Path(os.environ.get("SOURCE_DIR", "."))
sys.path.insert(0, str(SOURCE / "tests" / "oracle"))
sys.path.insert(0, str(SOURCE / "tests" / "tools"))
import fold_oracle  # noqa: E402
from test_fold_oracle import cells_of  # noqa: E402

SEED = SOURCE / "seeds" / "crm-90-days"
POPULATION = json.loads((SEED / "population.json").read_text(encoding="utf-8"))
AS_OF = POPULATION["as_of"]
ALPHA = .05
# What moves, of goals and secondaries: by how much, of a share.  One user in five is the first of its
# account, and every other of those is an owner, whatever the roles' shares.
MOVES = {
    "short-checklist": {"activated": .1, "retained_week_4": .08},
    "role-tour": {"activated": .2 * .9 * POPULATION["roles"]["marketer"]},
    "button-colour": {},
    "import-wizard": {"activated": .1},
    "sample-data": {"time_to_value": None},
    "invite-team": {"team_selling": .08},
}


def generated(seed, *options):
    return subprocess.run([sys.executable, "-B", str(SOURCE / "seeds" / seed / "generate.py"),
                           *options], stdout=subprocess.PIPE, check=True).stdout


class SeedPopulation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="gangway-crm-")
        cls.store = os.path.join(cls.folder.name, "store")
        counts = scenario.run("import", "--store", cls.store, "--experiments",
                              str(SEED / "experiments"), "-", data=generated("crm-90-days"))
        assert b" 0 duplicates, 0 rejected" in counts, counts
        cls.reports = {key: json.loads(scenario.report(cls.store, key, AS_OF)) for key in MOVES}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def comparisons(self):
        """(experiment, metric, comparison) of goals and secondaries."""
        for key, report in self.reports.items():
            for metric in report["metrics"]:
                if metric["role"] in ("goal", "secondary"):
                    comparison, = metric["comparisons"]
                    self.assertEqual(comparison["status"], "ok", (key, metric["metric"]))
                    yield key, metric, comparison

    def test_the_rows_of_units_give_the_units_and_values_of_the_report(self):
        """A researcher who sums them up: every kind that is a share, a total or a quotient."""
        compared = 0
        for key, report in self.reports.items():
            rows = [json.loads(line) for line in scenario.run(
                "export", "--table", "units", "--experiment", key, "--as-of", AS_OF, "--store",
                self.store).splitlines()]
            for variant in report["variants"]:
                self.assertEqual(variant["exposed"], sum(
                    r["variant"] == variant["variant"] and r["population"] == "main"
                    for r in rows), key)
            for metric in report["metrics"]:
                column = "metric:" + metric["metric"]
                part = {"conversion": "", "retention": "", "count": "", "sum": "",
                        "mean": ":numerator", "ratio": ":numerator",
                        "breadth": ":active"}.get(metric["kind"])
                below = {"mean": ":denominator", "ratio": ":denominator", "breadth": ":members"}
                for shown in metric["variants"] if part is not None else ():
                    mine = [r for r in rows if r["variant"] == shown["variant"] and
                            r["population"] == "main" and r[column + part] is not None]
                    units = [r for r in mine if metric["kind"] != "breadth" or
                             r[column + ":members"]]
                    total = sum(r[column + part] for r in units)
                    size = sum(r[column + below[metric["kind"]]] for r in units) \
                        if metric["kind"] in below else len(units)
                    self.assertEqual(shown["units"], len(units), (key, metric["metric"]))
                    if metric["kind"] != "breadth":  # it has two estimands
                        self.assertAlmostEqual(shown["value"], total / size, 9,
                                               (key, metric["metric"]))
                    compared += 1
        self.assertGreater(compared, 20)

    def test_everyone_is_there(self):
        sizes = POPULATION["sizes"]["small"]
        exposed = {key: sum(v["exposed"] for v in r["variants"]) for key, r in self.reports.items()}
        self.assertEqual(exposed.pop("invite-team"), sizes["accounts"])
        self.assertEqual(sum(exposed.values()), sizes["users"])
        for key, report in self.reports.items():
            health = report["health"]
            self.assertFalse(health["sample_ratio"]["alarm"], key)
            self.assertEqual((health["mismatch"], sum(health["outside"].values()), health["hot"]),
                             (0, 0, 0), key)
            self.assertEqual(set(health["unknown_traits"].values()), {0}, key)

    def test_what_was_planted_is_found_and_nothing_else(self):
        for key, metric, comparison in self.comparisons():
            found = comparison["p_adjusted"] < ALPHA
            self.assertEqual(found, metric["metric"] in MOVES[key], (key, metric["metric"]))

    def test_effects_are_as_large_as_they_were_planted(self):
        for key, metric, comparison in self.comparisons():
            wanted = MOVES[key].get(metric["metric"], 0)
            if wanted is not None and comparison["difference"]:
                gap = abs(comparison["difference"]["estimate"] - wanted)
                self.assertLess(gap, 3 * comparison["difference"]["se"], (key, metric["metric"]))

    def test_one_segment_of_one_experiment_differs(self):
        found = []
        for key, report in self.reports.items():
            for metric in report["metrics"]:
                for segment in metric["segments"]:
                    p = (segment["heterogeneity"] or {}).get("p_adjusted")
                    if metric["role"] == "goal" and p is not None and p < ALPHA:
                        found.append((key, segment["segment"]))
        self.assertEqual(found, [("role-tour", "role")])
        goal = self.reports["role-tour"]["metrics"][0]
        role, = [s for s in goal["segments"] if s["segment"] == "role"]
        for value in role["values"]:
            if value["comparisons"] and value["comparisons"][0]["status"] == "ok":
                low, high = value["comparisons"][0]["difference"]["interval"]
                self.assertEqual(low > 0, value["value"] == "marketer", value["value"])
                self.assertGreater(high, 0, value["value"])

    def test_activation_that_retention_does_not_follow_is_said(self):
        flags = {key: report["verdict"]["flags"] for key, report in self.reports.items()}
        self.assertIn("near_not_far", flags["import-wizard"])
        self.assertNotIn("near_not_far", flags["short-checklist"])

    def test_users_of_one_account_were_split(self):
        """By the hash of each, so of two users every other pair is mixed, of more most are."""
        for key, report in self.reports.items():
            mixed = report["health"]["mixed_accounts"]
            if key == "invite-team":
                self.assertIsNone(mixed)
                continue
            self.assertIn("mixed_accounts", report["verdict"]["flags"])
            self.assertGreater(mixed["share"], .5)
            self.assertLess(mixed["share"], .8)
        codes = {key: report["verdict"]["code"] for key, report in self.reports.items()}
        self.assertEqual((codes["short-checklist"], codes["button-colour"]),
                         ("ship", "inconclusive"))

    def test_only_faster_is_in_the_cube(self):
        cells = cells_of(scenario.cube(self.store).decode(), "sample-data")
        within = {}
        for (population, segment, _, _, variant, metric), fields in cells.items():
            if (population, segment, metric) == ("main", "", "time_to_value"):
                for bins, count in fields.items():
                    if bins.startswith("0:"):
                        place = int(bins[2:])
                        hours = place / 12 if place < 288 else place - 264
                        sums = within.setdefault(variant, [0, 0])
                        sums[hours < 2.4 * 24] += count
        slow, fast = within["empty"], within["sample"]
        self.assertAlmostEqual(slow[1] / sum(slow), .4, delta=.07)
        self.assertLess(fast[0], fast[1] / 20)

    def agree(self, seed, lines, folder):
        """The oracle's cells and the program's, of every experiment that the messages name."""
        catalogue = {"experiments": {}, "metrics": {}, "segments": {}}
        for path in sorted(folder.glob("*.yaml")):
            tree = small_yaml.read(path.read_text(encoding="utf-8"))
            if "experiment" in tree:
                catalogue["experiments"][tree["experiment"]] = tree
            else:
                catalogue.update(tree)
        store = os.path.join(self.folder.name, seed)
        scenario.run("import", "--store", store, "--experiments", str(folder), "-", data=lines)
        export = scenario.cube(store).decode()
        messages = [json.loads(line) for line in lines.splitlines()]
        named = {m["properties"]["experiment_id"] for m in messages
                 if m.get("event") == "Experiment Viewed"}
        for key in named:
            want = fold_oracle.cells(catalogue, key, messages)
            self.assertGreater(len(want), 5, key)
            self.assertEqual(cells_of(export, key), want, key)

    def test_the_oracle_agrees_on_the_first_users(self):
        lines = generated("crm-90-days", "--users", "600" if not scenario.LONG else "5000")
        self.agree("first-users", lines, SEED / "experiments")

    def test_the_oracle_agrees_on_the_first_players(self):
        self.agree("players", generated("cookie-cats", "--players", "1500"), SOURCE / "experiments")


if __name__ == "__main__":
    unittest.main(verbosity=2)
