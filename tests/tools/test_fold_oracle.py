#!/usr/bin/env python3
"""The fold's cube equals that of the oracle, over random declarations and random messages.

Messages go in by `gangway import`, cells come out by `gangway export --table cube`; the oracle
(tests/oracle/fold_oracle.py) reads the same files.  Then the same messages shuffled and repeated
give the same bytes.
"""
import csv
import datetime
import io
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(os.environ["SOURCE_DIR"]) / "tests" / "oracle"))
import fold_cases  # noqa: E402
import fold_oracle  # noqa: E402
from fold_cases import random_catalogue, random_messages, random_metrics  # noqa: E402

GANGWAY = os.environ["GANGWAY"]
# Thousands of small stores: where memory can hold them, no disk is waited for.
FOLDER = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def gangway(*arguments, good=(0,)):
    done = subprocess.run([GANGWAY, *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode not in good:
        raise AssertionError(f"gangway {arguments}: {done.returncode}\n{done.stdout[-2000:]}"
                             f"{done.stderr[-2000:]}")
    return done.stdout


def write_catalogue(folder, catalogue):
    folder.mkdir()
    for key, file in catalogue["experiments"].items():
        (folder / f"{key}.json").write_text(json.dumps(file), encoding="utf-8")
    (folder / "metrics.json").write_text(json.dumps(
        {name: catalogue[name] for name in ("metrics", "not_activity", "core_actions")
         if name in catalogue}))
    (folder / "segments.json").write_text(json.dumps({"segments": catalogue["segments"]}))


def export_of(folder, name, messages, experiments="experiments", verify=True):
    lines = folder / f"{name}.ndjson"
    lines.write_text("".join(json.dumps(m) + "\n" for m in messages), encoding="utf-8")
    gangway("import", "--experiments", folder / experiments, "--store", folder / name, lines)
    if verify:
        gangway("verify", "--store", folder / name)
    return gangway("export", "--store", folder / name, "--table", "cube")


def cells_of(export, key, role=None):
    found = {}
    for line in export.splitlines():
        row = json.loads(line)
        if row["experiment"] != key or (role and row["role"] != role):
            continue
        day = datetime.date.fromisoformat(row["cohort"]).toordinal() - 719_163
        place = (row["population"], row["segment"], row["value"], day, row["variant"],
                 row["metric"])
        found[place] = {f: n for f, n in row["values"].items() if n}
        for bins, at, number in row.get("bins", []):
            found[place][f"{bins}:{at}"] = number
    return found


def streams():
    """How many random streams, each with declarations of its own."""
    if os.environ.get("GANGWAY_STREAMS"):
        return int(os.environ["GANGWAY_STREAMS"])
    return 2000 if os.environ.get("GANGWAY_LONG") == "1" else 200


class FoldOracle(unittest.TestCase):
    def compare(self, catalogue, messages, export, seed, keys=None):
        cells = 0
        for key in keys or catalogue["experiments"]:
            want = fold_oracle.cells(catalogue, key, messages)
            got = cells_of(export, key)
            for place in sorted(set(want) | set(got)):
                self.assertEqual(got.get(place), want.get(place), (seed, key, place))
            cells += len(want)
        return cells

    def check(self, seed, count, units, parts=1, again=True):
        """Messages in so many imports; then shuffled and repeated in one: the same bytes."""
        catalogue = random_catalogue(random.Random(seed))
        messages = random_messages(seed, count, units)
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            folder = pathlib.Path(name)
            write_catalogue(folder / "experiments", catalogue)
            for part in range(parts):
                export = export_of(folder, "store", messages[part::parts], verify=again)
            cells = self.compare(catalogue, messages, export, seed)
            if again:
                more = messages + random.Random(seed).sample(messages, len(messages) // 3)
                random.Random(seed + 1).shuffle(more)
                self.assertEqual(export_of(folder, "shuffled", more), export)
        return cells

    def test_many_units_with_few_messages(self):
        self.assertGreater(self.check(1, 2500, 300), 1000)

    def test_few_units_with_many_messages(self):
        self.assertGreater(self.check(2, 2500, 12), 500)

    def test_random_declarations_and_streams(self):
        cells, count = 0, streams()
        first = int(os.environ.get("GANGWAY_SEED", "1000"))
        for seed in range(first, first + count):
            chance = random.Random(seed)
            cells += self.check(seed, chance.choice([40, 120, 200]), chance.choice([4, 9, 20]),
                                parts=chance.choice([1, 1, 2]), again=seed % 8 == 0)
        print(f"{count} streams agree, seeds {first} to {first + count - 1}: {cells} cells",
              file=sys.stderr)

    def test_a_changed_catalogue_is_folded_from_the_beginning(self):
        chance = random.Random(9)
        before = random_catalogue(chance)
        after = json.loads(json.dumps(before))
        after["metrics"].update(random_metrics(chance))  # every metric another one
        messages = random_messages(9, 1500, 80)
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            folder = pathlib.Path(name)
            write_catalogue(folder / "experiments", before)
            write_catalogue(folder / "changed", after)
            export_of(folder, "store", messages[:1000])
            export = export_of(folder, "store", messages[1000:], "changed")
            for key in before["experiments"]:
                for role, catalogue in (("registered", before), ("current", after)):
                    self.assertEqual(cells_of(export, key, role),
                                     fold_oracle.cells(catalogue, key, messages), (key, role))
            gangway("rebuild", "--store", folder / "store")
            self.assertEqual(gangway("export", "--store", folder / "store", "--table", "cube"),
                             export)

    def test_of_each_event_the_first_two_thousand_count(self):
        for seed, more in ((60, 1500), (60, 2010), (61, 1999), (61, 2700)):
            catalogue = random_catalogue(random.Random(seed))
            messages = random_messages(seed, 120, 6)
            chance, start = random.Random(seed), fold_cases.anchor(1, 6)
            for number in range(more):  # of one moment each, in no order
                messages.append({
                    "type": "track", "userId": "u1", "messageId": f"h{number}", "event": "Mail",
                    "properties": fold_cases.random_properties(chance),
                    "timestamp": fold_cases.stamp(start + 37 + 11 * (number * 7919 % more) * 1009),
                    "receivedAt": "2026-06-01T00:00:00Z"})
            chance.shuffle(messages)
            with tempfile.TemporaryDirectory(dir=FOLDER) as name:
                folder = pathlib.Path(name)
                write_catalogue(folder / "experiments", catalogue)
                for part in range(2):
                    export = export_of(folder, "store", messages[part::2], verify=part == 1)
                # what a user owes to a visitor and an account is bounded before it is theirs
                self.assertGreater(self.compare(catalogue, messages, export, seed,
                                                ("users", "history")), 20)
                self.assertEqual('"hot":1' in export, more > 1900, (seed, more))

    def erased_check(self, seed, count, units, people):
        """Erased in the middle: what came before is as if it had never been, but for a bare count;
        what comes after counts as of somebody new."""
        catalogue = random_catalogue(random.Random(seed))
        messages = random_messages(seed, count, units)
        before, after = messages[:count // 2], messages[count // 2:]
        gone = {f"u{member}" for member in random.Random(seed).sample(range(units), people)}
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            folder = pathlib.Path(name)
            write_catalogue(folder / "experiments", catalogue)
            export_of(folder, "store", before, verify=False)
            for unit in sorted(gone):
                gangway("erase", f"user:{unit}", "--yes", "-q", "--store", folder / "store",
                        good=(0, 1))  # 1: nothing was stored
            export = export_of(folder, "store", after)
            gangway("rebuild", "-q", "--store", folder / "store")
            self.assertEqual(gangway("export", "--store", folder / "store", "--table", "cube"),
                             export)
        left = [m for m in before if m["userId"] not in gone] + after
        erased = [m for m in before if m["userId"] in gone]
        counted = 0
        for key in ("users", "visitors", "history"):  # to an account its users' exposures stay
            file = catalogue["experiments"][key]
            want, got, bare = fold_oracle.cells(catalogue, key, left), cells_of(export, key), {}
            for (population, segment, _, day, _, metric), fields in got.items():
                number = fields.pop("erased", 0)
                if number:
                    self.assertEqual((segment, metric), ("", "units"))
                    bare[population, day] = bare.get((population, day), 0) + number
            got = {place: fields for place, fields in got.items() if fields}
            for place in sorted(set(want) | set(got)):
                self.assertEqual(got.get(place), want.get(place), (seed, key, place))
            self.assertEqual(bare, fold_oracle.erased_units(file, erased), (seed, key))
            counted += sum(bare.values())
        return counted

    def test_the_erased_are_as_if_they_had_never_been_but_for_a_count(self):
        counted = 0
        for seed in range(700, 700 + max(1, streams() // 20)):
            counted += self.erased_check(seed, 160, 9, 2)
        self.assertGreater(counted, 0)

    def test_the_rows_of_csv_are_the_members_of_the_objects(self):
        catalogue = random_catalogue(random.Random(6))
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            folder = pathlib.Path(name)
            write_catalogue(folder / "experiments", catalogue)
            export = export_of(folder, "store", random_messages(6, 800, 40))
            text = gangway("export", "--store", folder / "store", "--table", "cube", "--format",
                           "csv")
        found = {}
        for row in csv.DictReader(io.StringIO(text)):
            place = tuple(row[c] for c in ("experiment", "population", "segment", "value", "cohort",
                                           "variant", "metric"))
            found.setdefault(place, {})[row["field"]] = int(row["number"])
        for line in export.splitlines():
            row = json.loads(line)
            want = dict(row["values"])
            want.update({f"{bins}:{at}": number for bins, at, number in row.get("bins", [])})
            self.assertEqual(found.pop(tuple(row[c] for c in (
                "experiment", "population", "segment", "value", "cohort", "variant", "metric"))),
                want)
        self.assertEqual(found, {})

    def test_what_is_exported_can_be_imported(self):
        catalogue = random_catalogue(random.Random(4))
        messages = random_messages(4, 800, 60)
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            folder = pathlib.Path(name)
            write_catalogue(folder / "experiments", catalogue)
            export = export_of(folder, "store", messages)
            journal = gangway("export", "--store", folder / "store")
            again = [json.loads(line) for line in journal.splitlines()]
            self.assertEqual(export_of(folder, "again", again), export)


if __name__ == "__main__":
    unittest.main()
