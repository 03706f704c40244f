#!/usr/bin/env python3
"""Whose a message is: the fold's cube equals the oracle's where ids are tied to each other.

The messages are those of tests/oracle/identity_cases.py, in batches of any size and in any order;
the answers those of tests/oracle/identity_oracle.py.  Then a rebuild gives the same bytes.
"""
import os
import pathlib
import random
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(os.environ["SOURCE_DIR"]) / "tests" / "oracle"))
import fold_oracle  # noqa: E402
import identity_cases  # noqa: E402
from test_fold_oracle import FOLDER, cells_of, export_of, gangway, streams, write_catalogue  # noqa: E402


def cut(chance, messages, parts):
    """In parts of any size, none empty."""
    ends = sorted(chance.sample(range(1, len(messages)), parts - 1)) + [len(messages)]
    return [messages[a:b] for a, b in zip([0] + ends, ends)]


class IdentityOracle(unittest.TestCase):
    def check(self, seed, count, units, parts, again):
        chance = random.Random(seed)
        catalogue = identity_cases.random_catalogue(chance)
        messages = identity_cases.random_messages(seed, count, units)
        cells = 0
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            folder = pathlib.Path(name)
            write_catalogue(folder / "experiments", catalogue)
            for part in cut(chance, messages, parts):
                export = export_of(folder, "store", part, verify=again)
            for key in catalogue["experiments"]:
                want, got = fold_oracle.cells(catalogue, key, messages), cells_of(export, key)
                for place in sorted(set(want) | set(got)):
                    self.assertEqual(got.get(place), want.get(place), (seed, key, place))
                cells += len(want)
            if again:
                gangway("rebuild", "--store", folder / "store")
                self.assertEqual(gangway("export", "--store", folder / "store", "--table", "cube"),
                                 export, seed)
        return cells

    def test_random_ties_in_any_order(self):
        cells, count = 0, streams() * 3 // 4
        first = int(os.environ.get("GANGWAY_SEED", "5000"))
        for seed in range(first, first + count):
            chance = random.Random(-seed)
            cells += self.check(seed, chance.choice([30, 80, 150]), chance.choice([3, 6, 12]),
                                parts=chance.choice([1, 1, 2, 3]), again=seed % 8 == 0)
        print(f"{count} streams agree, seeds {first} to {first + count - 1}: {cells} cells",
              file=sys.stderr)

    def test_many_people(self):
        self.assertGreater(self.check(1, 2500, 150, parts=3, again=True), 500)


if __name__ == "__main__":
    unittest.main()
