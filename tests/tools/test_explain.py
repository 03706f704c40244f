#!/usr/bin/env python3
"""gangway explain: Kitagawa's shares in fractions from raw messages by definition
(tests/oracle/population_oracle.py); cases by hand whose cause is known."""
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
import population_oracle  # noqa: E402
from test_fold_oracle import FOLDER, export_of, gangway, write_catalogue  # noqa: E402

GANGWAY = os.environ["GANGWAY"]
DAY = 86_400_000
AS_OF = "2026-01-20"
RANGES = ("2025-12-20..2026-01-02", "2026-01-03..2026-01-31")
KINDS = ("conversion", "retention", "count", "sum")


def run(*arguments):
    return subprocess.run([GANGWAY, *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)


def canonical(document):
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return re.sub(r"(?<=\d)e-0(?=\d)", "e-", text) + "\n"  # the shortest form of a number


def days_of(text):
    return [fold_oracle.instant(day) // DAY for day in text.split("..")]


def values_by_place(catalogue, name, messages):
    """{segment: {value: [[y of the first range], [y of the second]]}}, how many are too new."""
    ranges, found, new = [days_of(r) for r in RANGES], {}, 0
    metric = catalogue["metrics"][name]
    ends = max(DAY, population_oracle.bounds(metric)[1])
    for person in population_oracle.users(messages).values():
        inside = [i for i, (low, high) in enumerate(ranges) if low <= person.first // DAY <= high]
        if not inside:
            continue
        if not population_oracle.is_mature(person, ends, fold_oracle.instant(AS_OF)):
            new += 1
            continue
        y = fractions.Fraction(population_oracle.value(catalogue, name, person)).limit_denominator(
            10**6)
        for segment, value in person.slices(catalogue, person.first + DAY - 1):
            found.setdefault(segment, {}).setdefault(value, ([], []))[inside[0]].append(y)
    return found, new


def mean(numbers):
    return sum(numbers) / fractions.Fraction(len(numbers))


def kitagawa(values):
    """{value: (within, mix)} in fractions; who lacks a range has the other's rate."""
    totals = [sum(len(v[i]) for v in values.values()) for i in (0, 1)]
    parts = {}
    for value, (before, after) in values.items():
        rates = [mean(y) if y else None for y in (before, after)]
        rates = [rates[1 - i] if r is None else r for i, r in enumerate(rates)]
        shares = [fractions.Fraction(len(y), n) for y, n in zip((before, after), totals)]
        parts[value] = ((shares[0] + shares[1]) / 2 * (rates[1] - rates[0]),
                        (rates[0] + rates[1]) / 2 * (shares[1] - shares[0]))
    return parts


class Explain(unittest.TestCase):
    def close(self, got, want, where):
        want = float(want)
        self.assertLessEqual(abs(got - want), 1e-9 * max(1, abs(want)), (where, got, want))

    def segment(self, got, values, where):
        self.assertEqual({v["value"] for v in got["values"]}, set(values), where)
        parts, sums = kitagawa(values), [0, 0]
        totals = [sum(len(v[i]) for v in values.values()) for i in (0, 1)]
        for row in got["values"]:
            for i, end in enumerate(("from", "to")):
                units = values[row["value"]][i]
                self.assertEqual(row[end]["users"], len(units), where)
                self.close(row[end]["share"], fractions.Fraction(len(units), totals[i]), where)
                if units:
                    self.close(row[end]["rate"], mean(units), where)
                else:
                    self.assertIsNone(row[end]["rate"])
            for i, part in enumerate(("within", "mix")):
                self.close(row[part]["value"], parts[row["value"]][i], (where, row["value"], part))
                sums[i] += row[part]["value"]
        for i, part in enumerate(("within", "mix")):
            self.close(got[part]["value"], sums[i], where)
        return got["within"]["value"] + got["mix"]["value"]

    def compare(self, catalogue, messages, name, document):
        values, new = values_by_place(catalogue, name, messages)
        self.assertEqual(document["users_too_new"], new)
        everyone = values.get(None, {}).get(None, ([], []))
        if not everyone[0] or not everyone[1]:
            self.assertIsNone(document["change"])
            self.assertEqual(document["segments"], [])
            return 0
        change = mean(everyone[1]) - mean(everyone[0])
        self.close(document["change"]["value"], change, name)
        spread = sum((mean([y * y for y in ys]) - mean(ys) ** 2) / len(ys) for ys in everyone)
        self.close(document["change"]["se"], float(spread) ** .5, name)
        self.assertEqual([s["segment"] for s in document["segments"]], sorted(catalogue["segments"]))
        for got in document["segments"]:
            self.close(self.segment(got, values[got["segment"]], (name, got["segment"])), change,
                       name)
        return 1

    def check(self, seed, count, units):
        catalogue = fold_cases.random_catalogue(random.Random(seed))
        messages = fold_cases.random_messages(seed, count, units)
        compared = 0
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            folder = pathlib.Path(name)
            write_catalogue(folder / "experiments", catalogue)
            export_of(folder, "store", messages, verify=False)
            for metric, made in catalogue["metrics"].items():
                call = ("explain", metric, "--from", RANGES[0], "--to", RANGES[1], "--as-of", AS_OF,
                        "--store", folder / "store")
                if made["kind"] not in KINDS:
                    done = run(*call)
                    self.assertEqual((done.returncode, done.stdout), (2, ""))
                    self.assertIn(made["kind"], done.stderr)
                    continue
                text = gangway(*call, "--format", "json")
                document = json.loads(text)
                self.assertEqual(text, canonical(document))
                compared += self.compare(catalogue, messages, metric, document)
            table = gangway(*call[:1], "m0", *call[2:]) if catalogue["metrics"]["m0"]["kind"] in \
                KINDS else ""
        self.assertLessEqual(max(map(len, table.splitlines()), default=0), 80)
        return compared

    def test_random_streams_add_up_by_definition(self):
        compared = 0
        for seed in range(5000, 5005):
            compared += self.check(seed, 700, 400)
        self.assertGreater(compared, 10)

    def test_many_users(self):
        self.assertGreater(self.check(52, 3000, 400), 2)


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
                            (("--segment", "none"), "no segment 'none'")):
            self.assertIn(words, self.explained(weeks, *more, code=2))
        self.assertEqual(run("explain", "acts", "--from", "2026-01-01").returncode, 2)


if __name__ == "__main__":
    unittest.main()
