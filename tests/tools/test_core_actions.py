#!/usr/bin/env python3
"""gangway core-actions: counts from raw messages by definition (tests/oracle/population_oracle.py),
figures by textbook formulas, and what it says when there is nothing to say."""
import csv
import io
import json
import math
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(os.environ["SOURCE_DIR"]) / "tests" / "oracle"))
import fold_cases  # noqa: E402
import fold_oracle  # noqa: E402
import population_oracle  # noqa: E402
import report_oracle  # noqa: E402
from test_fold_oracle import FOLDER, export_of, gangway, write_catalogue  # noqa: E402

GANGWAY = os.environ["GANGWAY"]
Z = 1.959963984540054
AS_OF = "2026-02-18"


def random_case(seed, count, units):
    chance = random.Random(seed)
    catalogue = fold_cases.random_catalogue(chance)
    landmark, window = chance.choice([("7d", ["7d", "14d"]), ("36h", ["2d", "9d"]),
                                      ("1d", ["1d", "2d"]), ("3d", ["4d", "12d"])])
    catalogue["metrics"]["back"] = {"kind": "retention", "between": window}
    if chance.random() < .4:
        catalogue["metrics"]["back"]["event"] = fold_cases.random_item(chance)
    candidates = []
    for _ in range(chance.randint(1, 5)):
        item = fold_cases.random_item(chance)
        if item not in candidates:
            candidates.append(item)
    catalogue["core_actions"] = {"candidates": candidates, "landmark": landmark,
                                 "retained": "back"}
    return catalogue, fold_cases.random_messages(seed, count, units)


def run(*arguments):
    return subprocess.run([GANGWAY, *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)


class CoreActions(unittest.TestCase):
    def close(self, got, want, where, tolerance=1e-9):
        if want is None or got is None:
            self.assertEqual(got, want, where)
        else:
            self.assertLessEqual(abs(got - want), tolerance * max(1, abs(want)), (where, got, want))

    def figures(self, action, table, where):
        n11, n10, n01, n00 = table
        did, others = n11 + n10, n01 + n00
        self.assertEqual((action["did"], action["retained_of_did"], action["retained_of_others"]),
                         (did, n11, n01), where)
        self.close(action["did_share"], did / (did + others), where)
        self.wilson(action["did_share_interval"], did, did + others, where)
        self.close(action["retained_with"], n11 / did if did else None, where)
        self.close(action["retained_without"], n01 / others if others else None, where)
        if not did or not others:
            self.assertIsNone(action["difference"], where)
            self.assertTrue(action["reason"], where)
            return None
        self.close(action["difference"], n11 / did - n01 / others, where)
        low, high = report_oracle.miettinen_nurminen(n11, did, n01, others, .05)
        for got, want in zip(action["difference_interval"], (low, high)):
            self.close(got, want, where, 1e-6)
        if n11 and n01:
            ratio = n11 / did / (n01 / others)
            se = math.sqrt(1 / n11 - 1 / did + 1 / n01 - 1 / others)
            self.close(action["risk_ratio"], ratio, where)
            for got, sign in zip(action["risk_ratio_interval"], (-1, 1)):
                self.close(got, ratio * math.exp(sign * Z * se), where)
        else:
            self.assertIsNone(action["risk_ratio"], where)
        margins = did * others * (n11 + n01) * (n10 + n00)
        if not margins:
            self.assertIsNone(action["phi"], where)
            self.assertIsNone(action["phi_interval"], where)
            return None
        phi = (n11 * n00 - n10 * n01) / math.sqrt(margins)
        self.close(action["phi"], phi, where)
        self.phi_interval(action["phi_interval"], phi, did + others, where)
        p = math.erfc(math.sqrt((did + others) * phi * phi / 2))
        self.close(action["p"], p, where)
        return p

    def phi_interval(self, got, phi, users, where):
        if users <= 3:
            self.assertIsNone(got, where)
        elif abs(phi) > 1 - 1e-12:
            self.assertEqual(got, [round(phi)] * 2, where)
        else:
            for end, sign in zip(got, (-1, 1)):
                self.close(end, math.tanh(math.atanh(phi) + sign * Z / math.sqrt(users - 3)), where)

    def wilson(self, got, did, users, where):
        # the shares p whose score test just keeps what was seen: (did/n - p)^2 = z^2 p (1 - p) / n
        for end in got:
            self.close((did / users - end) ** 2, Z * Z * end * (1 - end) / users, where)
        self.assertTrue(got[0] <= did / users <= got[1] and got[0] < got[1], where)

    def score(self, score, want, where):
        self.assertEqual([[r["users"] - r["retained"], r["retained"]] for r in score["by_actions"]],
                         want, where)
        area, variance = population_oracle.auc(want)
        self.close(score["auc"], area, where)
        if variance is None:
            self.assertIsNone(score["auc_interval"], where)
        else:
            half = Z * math.sqrt(variance)
            self.close(score["auc_interval"][0], max(0, area - half), where)
            self.close(score["auc_interval"][1], min(1, area + half), where)

    def compare(self, catalogue, messages, document, where):
        want, seen, new = population_oracle.core_tables(catalogue, messages,
                                                        fold_oracle.instant(AS_OF))
        self.assertEqual((document["users_seen"], document["users_too_new"]), (seen, new), where)
        found = {(s["segment"], s["value"]): s for s in document["slices"]}
        self.assertEqual(len(found), len(document["slices"]))
        self.assertEqual(set(found), set(want), where)
        family = []
        for place, cell in want.items():
            got = found[place]
            self.assertEqual((got["users"], got["retained"]), (cell["users"], cell["retained"]))
            for action, table in zip(got["actions"], cell["tables"], strict=True):
                family.append((self.figures(action, table, (where, place, action)), action))
            self.score(got["score"], cell["scores"], (where, place))
        adjusted = report_oracle.benjamini_hochberg([1 if p is None else p for p, _ in family])
        for (p, action), q in zip(family, adjusted):
            self.close(action["p_adjusted"], None if p is None else q, where)
            self.assertEqual(action["clear"], p is not None and q < .05)
        return len(family)

    def check(self, seed, count, units):
        catalogue, messages = random_case(seed, count, units)
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            folder = pathlib.Path(name)
            write_catalogue(folder / "experiments", catalogue)
            export_of(folder, "store", messages, verify=False)
            call = ("core-actions", "--store", folder / "store", "--as-of", AS_OF)
            text = gangway(*call, "--format", "json")
            document = json.loads(text)
            table = gangway(*call)
            rows = list(csv.DictReader(io.StringIO(gangway(*call, "--format", "csv"))))
        again = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        self.assertEqual(text, re.sub(r"(?<=\d)e-0(?=\d)", "e-", again) + "\n")
        self.assertLessEqual(max(map(len, table.splitlines())), 80)
        self.assertIn("An association, not an effect", table)
        actions = [(s, a) for s in document["slices"] for a in s["actions"]]
        self.assertEqual(len(rows), len(actions))
        for row, (part, action) in zip(rows, actions):
            self.assertEqual((row["segment"], row["value"], row["action"], row["did"]),
                             (part["segment"] or "", part["value"] or "", action["action"],
                              str(action["did"])))
            low = (action["difference_interval"] or [None])[0]
            self.assertEqual(row["difference_interval:low"], "" if low is None else
                             json.dumps(low) if float(row["difference_interval:low"]) != low else
                             row["difference_interval:low"])
        return self.compare(catalogue, messages, document, seed)

    def test_random_streams_by_definition(self):
        compared = 0
        for seed in range(4000, 4012):
            compared += self.check(seed, 150 + 50 * (seed % 3), 8 + seed % 12)
        self.assertGreater(compared, 200)

    def test_many_users(self):
        self.assertGreater(self.check(41, 3000, 400), 10)

    def test_order_and_repetition_change_nothing(self):
        catalogue, messages = random_case(77, 600, 40)
        more = messages + random.Random(3).sample(messages, 200)
        random.Random(4).shuffle(more)
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            folder = pathlib.Path(name)
            write_catalogue(folder / "experiments", catalogue)
            documents = []
            for store, stream in (("one", messages), ("two", more)):
                export_of(folder, store, stream, verify=False)
                documents.append(gangway("core-actions", "--store", folder / store, "--as-of",
                                         AS_OF, "--format", "json"))
        self.assertEqual(documents[0], documents[1])


def track(user, event, hours, number):
    return {"type": "track", "userId": user, "messageId": f"m{number}", "event": event,
            "properties": {}, "timestamp": fold_cases.stamp(fold_cases.START
                                                            + int(hours * 3_600_000))}


class ByHand(unittest.TestCase):
    METRICS = {"back": {"kind": "retention", "between": ["7d", "14d"]},
               "acts": {"kind": "conversion", "event": "Act", "within": "7d"}}

    def store(self, folder, messages, core=True, experiments=None):
        catalogue = {"metrics": self.METRICS, "experiments": experiments or {},
                     "segments": {"role": {"trait": "role", "values": ["a", "b"]}}}
        if core:
            catalogue["core_actions"] = {"candidates": ["Act", {"event": "Act", "times": 2}],
                                         "landmark": "7d", "retained": "back"}
        write_catalogue(folder / "experiments", catalogue)
        export_of(folder, "store", messages, verify=False)
        return folder / "store"

    def document(self, store, *more):
        return json.loads(gangway("core-actions", "--store", store, "--format", "json", *more))

    def test_an_action_at_the_landmark_is_too_late_and_counts_as_coming_back(self):
        messages = [track("u1", "Start", 0, 1), track("u1", "Act", 7 * 24, 2),
                    track("u2", "Start", 0, 3), track("u2", "Act", 7 * 24 - .001, 4)]
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            store = self.store(pathlib.Path(name), messages)
            everyone = self.document(store)["slices"][0]
        self.assertEqual((everyone["users"], everyone["retained"]), (2, 1))
        self.assertEqual((everyone["actions"][0]["did"],
                          everyone["actions"][0]["retained_of_did"]), (1, 0))

    def test_who_was_seen_too_late_is_not_counted(self):
        messages = [track("u1", "Act", 0, 1), track("u2", "Act", 24, 2)]
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            store = self.store(pathlib.Path(name), messages)
            document = self.document(store, "--as-of", "2026-01-16")
        self.assertEqual((document["users_seen"], document["users_too_new"]), (2, 1))
        self.assertEqual(document["slices"][0]["users"], 1)

    def test_another_landmark_is_asked_for_and_one_after_the_window_begins_is_refused(self):
        messages = [track("u1", "Start", 0, 1), track("u1", "Act", 30, 2)]
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            store = self.store(pathlib.Path(name), messages)
            self.assertEqual(self.document(store, "--days", "1")["slices"][0]["actions"][0]["did"],
                             0)
            self.assertEqual(self.document(store)["slices"][0]["actions"][0]["did"], 1)
            late = run("core-actions", "--store", store, "--days", "8")
        self.assertEqual(late.returncode, 2, late)
        self.assertIn("before the landmark", late.stderr)

    def test_nothing_declared_and_unknown_names_are_told(self):
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            folder = pathlib.Path(name)
            store = self.store(folder, [track("u1", "Act", 0, 1)], core=False)
            done = run("core-actions", "--store", store)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn("metrics.yaml has no core_actions", done.stderr)
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            store = self.store(pathlib.Path(name), [track("u1", "Act", 0, 1)])
            for arguments, words in ((("--metric", "none"), "no metric 'none'"),
                                     (("--metric", "acts"), "no retention metric"),
                                     (("--segment", "none"), "no segment 'none'"),
                                     (("--as-of", "2999-01-01"), "in the future")):
                done = run("core-actions", "--store", store, *arguments)
                self.assertIn(done.returncode, (2, 3), done)
                self.assertIn(words, done.stderr)
                self.assertEqual(done.stdout, "")

    def test_nobody_followed_yet_is_said(self):
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            store = self.store(pathlib.Path(name), [track("u1", "Act", 0, 1)])
            text = gangway("core-actions", "--store", store, "--as-of", "2026-01-03")
        self.assertIn("Nobody has been followed long enough yet.", text)

    def test_an_experiment_that_moved_the_action_stands_beside_it(self):
        file = {"experiment": "push", "status": "running", "assignment": "elsewhere",
                "variants": {"old": {"control": True}, "new": {}},
                "metrics": {"goal": "acts", "why": "w", "secondary": ["back"]},
                "analysis": {"expect": {"baseline": "20%", "lift": "10%", "units": 100}}}
        messages = []
        for number in range(400):
            user, new = f"u{number}", number % 2
            messages.append({**track(user, "Experiment Viewed", number % 5, 10 * number),
                             "properties": {"experiment_id": "push",
                                            "variation_id": "new" if new else "old"}})
            if number % 10 < (6 if new else 3):
                messages.append(track(user, "Act", 30, 10 * number + 1))
            if number % 4 == 0:
                messages.append(track(user, "Act", 8 * 24, 10 * number + 2))
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            store = self.store(pathlib.Path(name), messages, experiments={"push": file})
            document = self.document(store, "--as-of", "2026-02-01")
            text = gangway("core-actions", "--store", store, "--as-of", "2026-02-01")
            report = json.loads(gangway("report", "push", "--store", store, "--as-of", "2026-02-01",
                                        "--format", "json"))
        want = {m["metric"]: m["comparisons"][0]["difference"] for m in report["metrics"]}
        self.assertEqual([(r["action"], r["experiment"], r["variant"])
                          for r in document["experiments"]], [("Act", "push", "new")])
        row = document["experiments"][0]
        for effect, metric in (("action_effect", "acts"), ("retention_effect", "back")):
            self.assertEqual(row[effect], {"metric": metric, **{
                k: want[metric][k] for k in ("estimate", "interval", "level")}})
        self.assertIn("Act in push, new", text)
        kept = pathlib.Path(os.environ["SOURCE_DIR"], "tests", "golden", "core-actions.txt")
        self.assertEqual(text, kept.read_text(encoding="utf-8"))

    def test_hostile_names_move_no_cursor_and_make_no_column(self):
        catalogue = {"metrics": self.METRICS, "experiments": {},
                     "segments": {"role": {"trait": "role", "values": ["\u202eevil", "x" * 200]}},
                     "core_actions": {"candidates": ["=1+1,\"a\"", "\u202e<script>", "A" * 120],
                                      "landmark": "7d", "retained": "back"}}
        messages = [{**track("u1", "=1+1,\"a\"", 1, 1),
                     "context": {"traits": {"role": "\u202eevil"}}},
                    {**track("u2", "A" * 120, 1, 2), "context": {"traits": {"role": "x" * 200}}}]
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            folder = pathlib.Path(name)
            write_catalogue(folder / "experiments", catalogue)
            export_of(folder, "store", messages, verify=False)
            call = ("core-actions", "--store", folder / "store")
            text = gangway(*call)
            rows = list(csv.DictReader(io.StringIO(gangway(*call, "--format", "csv"))))
        self.assertNotIn("\u202e", text)
        self.assertLessEqual(max(map(len, text.splitlines())), 80)
        self.assertEqual({r["action"] for r in rows}, {"=1+1,\"a\"", "\u202e<script>", "A" * 120})


if __name__ == "__main__":
    unittest.main()
