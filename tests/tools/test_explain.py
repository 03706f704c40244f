#!/usr/bin/env python3
"""gangway explain: the parts in fractions from raw messages by definition (population_oracle.py,
kitagawa_oracle.py), of experiments from the cells of the fold's oracle; cases by hand whose cause
is known."""
import collections
import csv
import fractions
import io
import json
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
import kitagawa_oracle  # noqa: E402
import population_oracle  # noqa: E402
from metric_oracle import metric_names  # noqa: E402
from test_fold_oracle import FOLDER, export_of, gangway, write_catalogue  # noqa: E402

GANGWAY = os.environ["GANGWAY"]
DAY = 86_400_000
AS_OF = "2026-01-20"
RANGES = ("2025-12-20..2026-01-02", "2026-01-03..2026-01-31")
PARTS = ("within", "weight", "mix")
QUOTIENTS = ("mean", "ratio", "nps", "breadth")


def run(*arguments):
    return subprocess.run([GANGWAY, *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)


def canonical(document):
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return re.sub(r"(?<=\d)e-0(?=\d)", "e-", text) + "\n"  # the shortest form of a number


def days_of(text):
    return [fold_oracle.instant(day) // DAY for day in text.split("..")]


def sums_of(pairs):
    """(n, y, s, yy, ss, ys)"""
    return (len(pairs), sum(y for y, _ in pairs), sum(s for _, s in pairs),
            sum(y * y for y, _ in pairs), sum(s * s for _, s in pairs),
            sum(y * s for y, s in pairs))


def values_by_place(catalogue, name, messages):
    """{segment: {value: (sums of the first range, of the second)}}, how many are too new."""
    ranges, found, new = [days_of(r) for r in RANGES], {}, 0
    metric = catalogue["metrics"][name]
    ends = max(DAY, population_oracle.window_of(catalogue, metric)[1])
    for person in population_oracle.users(messages).values():
        inside = [i for i, (low, high) in enumerate(ranges) if low <= person.first // DAY <= high]
        if not inside:
            continue
        if not population_oracle.is_mature(person, ends, fold_oracle.instant(AS_OF)):
            new += 1
            continue
        pair = population_oracle.amounts(catalogue, name, person)
        for segment, value in person.slices(catalogue, person.first + DAY - 1):
            found.setdefault(segment, {}).setdefault(value, ([], []))[inside[0]].append(pair)
    return {segment: {value: tuple(map(sums_of, periods)) for value, periods in values.items()}
            for segment, values in found.items()}, new


# --- of an experiment: from the cells of the fold's oracle --------------------------------------

def cell_sums(catalogue, name, cells):
    """(n, y, s, yy, ss, ys) of cells {field: number} added up, by cube.md."""
    f = collections.Counter()
    for cell in cells:
        f.update(cell)
    metric, one = catalogue["metrics"][name], fractions.Fraction(1)
    kind = metric["kind"]
    if kind in ("conversion", "retention"):
        return f["n"], one * f["x"], f["n"], one * f["x"], f["n"], one * f["x"]
    if kind in ("count", "sum"):
        step = one / (10**6 if kind == "sum" else 1)
        y, yy = f["s"] * step, f["ss"] * step * step
        return f["n"], y, f["n"], yy, f["n"], y
    if kind in ("mean", "ratio"):
        y, s = population_oracle.quotient_of(catalogue, metric, one, one)
        return f["n"], f["y"] * y, f["s"] * s, f["yy"] * y * y, f["ss"] * s * s, f["ys"] * y * s
    if kind == "nps":
        y = 100 * (one * f["promoters"] - f["detractors"])
        return f["n"], y, f["responded"], 10_000 * (one * f["promoters"] + f["detractors"]), \
            f["responded"], y
    pairs = collections.Counter()
    whole = fractions.Fraction(population_oracle.bounds(metric)[1], DAY)
    for field, number in f.items():
        if field.startswith("0:"):
            place = int(field[2:])
            low, high = (place * 5, place * 5 + 5) if place < 288 else \
                ((place - 264) * 60, (place - 263) * 60)
            pairs[min(whole, fractions.Fraction(low + high, 2 * 24 * 60))] += number
    pairs[whole] += f["n"] - sum(pairs.values())
    y, yy = (sum(day**power * number for day, number in pairs.items()) for power in (1, 2))
    return f["n"], y, f["n"], yy, f["n"], y


def ranges_of(cells):
    """The first half of the days with units and the second, and a moment by which the longest
    windows of some of the second have not passed."""
    days = sorted({day for (population, *_, day, _, metric) in cells
                   if population == "main" and metric == "units"})
    stamps = [fold_cases.stamp(day * DAY)[:10] for day in (
        days[0], days[len(days) // 2 - 1], days[len(days) // 2], days[-1], days[-1] + 14)]
    return ("..".join(stamps[:2]), "..".join(stamps[2:4])), stamps[4]


def values_of_experiment(catalogue, name, cells, variant=None):
    (ranges, as_of), found, new = ranges_of(cells), {}, 0
    ranges = [days_of(r) for r in ranges]
    window = population_oracle.window_of(catalogue, catalogue["metrics"][name])[1]
    last = (fold_oracle.instant(as_of) - window) // DAY - 1
    for (population, segment, value, day, met, metric), fields in cells.items():
        inside = [i for i, (low, high) in enumerate(ranges) if low <= day <= high]
        if population != "main" or segment == "stratum" or not inside or \
                variant not in (None, met):
            continue
        if day > last:
            new += fields.get("n", 0) if (metric, segment) == ("units", "") else 0
            continue
        if metric != name:
            continue
        places = [(segment or None, value)]
        if not segment and variant is None:
            places.append(("variant", met))
        for place, label in places:
            found.setdefault(place, {}).setdefault(label, ([], []))[inside[0]].append(fields)
    return {segment: {value: tuple(cell_sums(catalogue, name, period) for period in periods)
                      for value, periods in values.items()}
            for segment, values in found.items()}, new


class Explain(unittest.TestCase):
    def close(self, got, want, where):
        want = float(want)
        self.assertLessEqual(abs(got - want), 1e-9 * max(1, abs(want)), (where, got, want))

    def part(self, got, want, scale, where):
        self.close(got["value"], want[0], where)
        self.assertLessEqual(abs(got["se"] - want[1]), 1e-7 * max(scale, want[1], 1e-3),
                             (where, got, want))
        for end, sign in zip(got["interval"], (-1, 1)):
            self.close(end, got["value"] + sign * 1.959963984540054 * got["se"], where)

    def parts(self, got, want, kind, scale, where):
        for part in PARTS:
            if part == "weight" and kind not in QUOTIENTS:
                self.assertIsNone(got[part])
                self.assertEqual(want[part][0], 0)
            else:
                self.part(got[part], want[part], scale, (where, part))

    def period(self, got, sums, all_units, kind):
        self.assertEqual(got["units"], sums[0])
        self.close(got["share"], fractions.Fraction(sums[0], all_units), "share")
        if sums[0] and sums[2]:
            self.close(got["rate"], sums[1] / sums[2], "rate")
        else:
            self.assertIsNone(got["rate"])
        if kind in QUOTIENTS and sums[0]:
            self.close(got["weight"], fractions.Fraction(sums[2]) / sums[0], "weight")
        else:
            self.assertIsNone(got["weight"])

    def segment(self, got, values, kind, change, rates, where):
        self.assertEqual({v["value"] for v in got["values"]}, set(values), where)
        whole, parts = kitagawa_oracle.decomposition(values)
        totals = [sum(v[i][0] for v in values.values()) for i in (0, 1)]
        for row in got["values"]:
            for i, end in enumerate(("from", "to")):
                self.period(row[end], values[row["value"]][i], totals[i], kind)
        if whole is None:
            self.assertEqual(got["reason"], "denominator near zero")
            self.assertEqual([got[part] for part in PARTS], [None] * 3)
            return
        self.assertIsNone(got["reason"])
        scale = max(whole["total"][1], *map(abs, rates))
        self.parts(got, whole, kind, scale, where)
        for row in got["values"]:
            self.parts(row, parts[row["value"]], kind, scale, (where, row["value"]))
        for part in PARTS:
            if got[part]:
                self.close(sum(row[part]["value"] for row in got["values"]), got[part]["value"],
                           (where, part))
        self.close(sum(got[part]["value"] for part in PARTS if got[part]), change, where)

    def compare(self, catalogue, values, new, name, document):
        kind = catalogue["metrics"][name]["kind"]
        self.assertEqual(document["units_too_new"], new)
        everyone = values.get(None, {})
        whole, _ = kitagawa_oracle.decomposition(everyone) if everyone and all(
            period[0] for period in list(everyone.values())[0]) else (None, None)
        if whole is None:
            self.assertIsNone(document["change"])
            self.assertEqual(document["segments"], [])
            return 0
        rates = [document[end]["rate"] for end in ("from", "to")]
        self.part(document["change"], whole["total"], max(map(abs, rates)), name)
        self.assertEqual({s["segment"] for s in document["segments"]}, set(values) - {None})
        for got in document["segments"]:
            self.segment(got, values[got["segment"]], kind, document["change"]["value"],
                         rates, (name, got["segment"]))
        return 1

    def explain(self, store, metric, kind, *call):
        call = ("explain", metric, *call, "--store", store)
        if kind == "retention_curve":
            done = run(*call)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn("is a number a bracket", done.stderr)
            return None
        text = gangway(*call, "--format", "json")
        self.assertEqual(text, canonical(json.loads(text)))
        table = gangway(*call)
        self.assertLessEqual(max(map(len, table.splitlines())), 80, table)
        return json.loads(text)

    def check(self, seed, count, units):
        catalogue = fold_cases.random_catalogue(random.Random(seed))
        messages = fold_cases.random_messages(seed, count, units)
        compared = collections.Counter()
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            folder = pathlib.Path(name)
            write_catalogue(folder / "experiments", catalogue)
            export_of(folder, "store", messages, verify=False)
            for metric, made in catalogue["metrics"].items():
                document = self.explain(folder / "store", metric, made["kind"], "--from", RANGES[0],
                                        "--to", RANGES[1], "--as-of", AS_OF)
                if document:
                    compared[made["kind"]] += self.compare(
                        catalogue, *values_by_place(catalogue, metric, messages), metric, document)
        return compared

    def test_random_streams_add_up_by_definition(self):
        compared = collections.Counter()
        for seed in range(5000, 5003):
            compared += self.check(seed, 700, 400)
        for kind in ("conversion", "count", "sum", "mean", "ratio", "nps", "time_to"):
            self.assertGreater(compared[kind], 0, compared)

    def test_many_users(self):
        self.assertGreater(self.check(52, 3000, 400).total(), 5)

    def experiment(self, store, catalogue, file, cells):
        (before, after), as_of = ranges_of(cells)
        compared, key = collections.Counter(), file["experiment"]
        for metric in metric_names(file):
            kind = catalogue["metrics"][metric]["kind"]
            for variant in (None, "a"):
                document = self.explain(store, metric, kind, "--from", before, "--to", after,
                                        "--as-of", as_of, "--experiment", key,
                                        *(("--variant", variant) if variant else ()))
                if document:
                    self.assertEqual((document["experiment"], document["variant"]), (key, variant))
                    values, new = values_of_experiment(catalogue, metric, cells, variant)
                    compared[kind] += self.compare(catalogue, values, new, metric, document)
        return compared

    def experiments(self, seed, count, units):
        catalogue = fold_cases.random_catalogue(random.Random(seed))
        messages = fold_cases.random_messages(seed, count, units)
        compared = collections.Counter()
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            folder = pathlib.Path(name)
            write_catalogue(folder / "experiments", catalogue)
            export_of(folder, "store", messages, verify=False)
            for key, file in catalogue["experiments"].items():
                compared += self.experiment(folder / "store", catalogue, file,
                                            fold_oracle.cells(catalogue, key, messages))
        return compared

    def test_experiments_add_up_by_the_cells_of_the_oracle(self):
        compared = collections.Counter()
        for seed in range(6000, 6002):
            compared += self.experiments(seed, 1200, 300)
        for kind in ("conversion", "count", "sum", "mean", "ratio", "nps", "time_to"):
            self.assertGreater(compared[kind], 0, compared)


def stream(weeks):
    """Two weeks of users: [(role, acts)] each."""
    messages, number = [], 0
    for week, people in enumerate(weeks):
        for role, acts in people:
            number += 1
            base = fold_cases.START + week * 7 * DAY + (number % 7) * DAY
            made = {"userId": f"u{number}", "type": "track", "properties": {},
                    "context": {"traits": {"role": role}}}
            messages.append({**made, "event": "Start", "messageId": f"s{number}",
                             "timestamp": fold_cases.stamp(base)})
            if acts:
                messages.append({**made, "event": "Act", "messageId": f"a{number}",
                                 "timestamp": fold_cases.stamp(base + 3_600_000)})
    return messages


def people(role, count, acting):
    return [(role, i < acting) for i in range(count)]


class ByHand(unittest.TestCase):
    def explained(self, weeks, *more, code=0):
        catalogue = {"metrics": {"acts": {"kind": "conversion", "event": "Act", "within": "7d",
                                          "name": "Acted"}},
                     "experiments": {}, "segments": {
                         "role": {"trait": "role", "values": ["rep", "\u202eowner"]},
                         "all": {"trait": "none", "values": ["x"]}}}
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            folder = pathlib.Path(name)
            write_catalogue(folder / "experiments", catalogue)
            export_of(folder, "store", stream(weeks), verify=False)
            call = ["explain", "acts", "--from", "2026-01-01", "--to", "2026-01-08", "--store",
                    folder / "store", *more]
            if code:
                done = run(*call)
                self.assertEqual((done.returncode, done.stdout), (code, ""), done)
                return done.stderr
            return (json.loads(gangway(*call, "--format", "json")), gangway(*call),
                    list(csv.DictReader(io.StringIO(gangway(*call, "--format", "csv")))))

    def test_only_who_came_changed(self):
        # 80 % of reps act and 20 % of others, in both weeks; reps go from 300 of 400 to 100 of 400
        document, text, _ = self.explained([
            people("rep", 300, 240) + people("\u202eowner", 100, 20),
            people("rep", 100, 80) + people("\u202eowner", 300, 60)], "--segment", "role")
        role = document["segments"][0]
        self.assertAlmostEqual(document["change"]["value"], .35 - .65, 12)
        self.assertAlmostEqual(role["within"]["value"], 0, 12)
        self.assertAlmostEqual(role["mix"]["value"], -.3, 12)
        self.assertIn("Mostly other users came: by role", document["sentence"])
        self.assertIn("Mostly other users came", " ".join(text.split()))
        self.assertNotIn("\u202e", text)

    def test_one_role_changed_and_is_named(self):
        document, text, rows = self.explained([
            people("rep", 200, 100) + people("other", 200, 100),
            people("rep", 200, 40) + people("other", 200, 100)])
        kept = pathlib.Path(os.environ["SOURCE_DIR"], "tests", "golden", "explain.txt")
        if os.environ.get("GANGWAY_REWRITE") == "1":
            kept.write_text(text, encoding="utf-8")
        self.assertEqual(text, kept.read_text(encoding="utf-8"))
        segments = {s["segment"]: s for s in document["segments"]}
        self.assertEqual(sorted(segments), ["all", "role"])
        self.assertAlmostEqual(segments["role"]["within"]["value"], -.15, 12)
        self.assertAlmostEqual(segments["role"]["mix"]["value"], 0, 12)
        self.assertIn("role: rep most of all", document["sentence"])
        by_value = {(r["segment"], r["value"]): r for r in rows}
        self.assertAlmostEqual(float(by_value["role", "rep"]["within"]), -.15, 12)
        self.assertAlmostEqual(float(by_value["role", "(other)"]["within"]), 0, 12)

    def test_what_may_be_chance_is_said(self):
        document, _, _ = self.explained([people("rep", 20, 10), people("rep", 20, 11)])
        self.assertIn("It is not clear that it changed at all.", document["sentence"])

    def test_an_empty_range_has_nothing_to_compare(self):
        document, text, rows = self.explained([people("rep", 20, 10), []])
        self.assertIsNone(document["change"])
        self.assertIn("nothing to compare", " ".join(text.split()))
        self.assertEqual(rows, [])

    def test_wrong_calls_are_told(self):
        weeks = [people("rep", 3, 1), people("rep", 3, 1)]
        for more, words in ((("--to", "2026-01-04"), "share days"),
                            (("--to", "2026-01-09..2026-01-08"), "ends before it begins"),
                            (("--to", "yesterday"), ""), (("--to", "2026-02-30"), "28"),
                            (("--segment", "none"), "no segment 'none'"),
                            (("--experiment", "none"), "no such experiment: 'none'"),
                            (("--variant", "b"), "name the experiment")):
            self.assertIn(words, self.explained(weeks, *more, code=2))
        self.assertEqual(run("explain", "acts", "--from", "2026-01-01").returncode, 2)

    def test_breadth_is_the_mean_of_the_accounts_shares(self):
        # week 1: 20 accounts of 2, one acts, and 20 of 4, one acts; week 2: all acts of the small
        plan = [(20, 2, 1), (20, 4, 1)], [(20, 2, 2), (20, 4, 1)]
        catalogue = {"metrics": {"acts": {"kind": "conversion", "event": "Act", "within": "7d"},
                                 "wide": {"kind": "breadth", "counts": "acts", "within": "7d",
                                          "member": "user"}},
                     "segments": {}, "experiments": {"teams": {
                         "experiment": "teams", "status": "running", "assignment": "elsewhere",
                         "unit": "account", "variants": {"old": {"control": True}, "new": {}},
                         "metrics": {"goal": "wide", "why": "w"}, "analysis": {"expect": {
                             "baseline": "20%", "lift": "10%", "units": 100}}}}}
        messages = []

        def say(account, member, time, event, **more):
            messages.append({"userId": f"{account}-{member}", "type": "track", "event": event,
                             "properties": {}, "context": {"groupId": account},
                             "messageId": f"m{len(messages)}", "timestamp": fold_cases.stamp(time),
                             **more})
        for week, rows in enumerate(plan):
            for accounts, size, acting in rows:
                for number in range(accounts):
                    account = f"a{week}-{size}-{number}"
                    base = fold_cases.START + (7 * week + number % 7) * DAY
                    for member in range(size):
                        say(account, member, base + member, "Start")
                        if member < acting:
                            say(account, member, base + 7_200_000 + member, "Act")
                    say(account, 0, base + 3_600_000, "Experiment Viewed", properties={
                        "experiment_id": "teams", "variation_id": "new" if number % 2 else "old"})
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            folder = pathlib.Path(name)
            write_catalogue(folder / "experiments", catalogue)
            export_of(folder, "store", messages, verify=False)
            call = ("explain", "wide", "--from", "2026-01-01", "--to", "2026-01-08", "--store",
                    folder / "store")
            document = json.loads(gangway(*call, "--experiment", "teams", "--format", "json"))
            refused = run(*call)
        self.assertEqual(document["unit"], "accounts")
        for end, share in (("from", (.5 + .25) / 2), ("to", (1 + .25) / 2)):
            self.assertEqual((document[end]["units"], document[end]["weight"]), (40, 1))
            self.assertAlmostEqual(document[end]["rate"], share, 12)
        # each week 20 of one share and 20 of another: variances .125^2 and .375^2, over 40
        self.assertAlmostEqual(document["change"]["se"], ((.125**2 + .375**2) / 40) ** .5, 12)
        variant = document["segments"][0]
        self.assertAlmostEqual(variant["within"]["value"], .25, 12)
        self.assertAlmostEqual(variant["mix"]["value"] + variant["weight"]["value"], 0, 12)
        self.assertEqual((refused.returncode, refused.stdout), (2, ""))
        self.assertIn("name the experiment", refused.stderr)


if __name__ == "__main__":
    unittest.main()
