#!/usr/bin/env python3
"""stats/EVIDENCE.md tells of every simulation that the program runs, at the bounds that it has now."""
import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(os.environ["SOURCE_DIR"])
PAGE = (ROOT / "stats" / "EVIDENCE.md").read_text(encoding="utf-8")
PROGRAM = pathlib.Path(os.environ["BUILD_DIR"]) / "tools" / "dev" / "simulate_statistics"


def rows(part):
    return [[cell.strip() for cell in line.strip().strip("|").split("|")]
            for line in part.split("\n") if line.startswith("|")][2:]


def table():
    return PAGE.split("<!-- table: begins -->")[1].split("<!-- table: ends -->")[0]


class Evidence(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        listed = subprocess.run([PROGRAM, "--list"], stdout=subprocess.PIPE, text=True, check=True)
        cls.figures = [line.split("|") for line in listed.stdout.strip().split("\n")]

    def test_each_figure_of_the_program_stands_in_the_table_with_its_bounds(self):
        listed = [tuple(figure) for figure in self.figures]
        kept = [(row[0], row[1], "1" if row[2] == "exact" else row[2], row[4], row[5], row[7])
                for row in rows(table())]
        self.assertEqual(kept, listed)

    def test_each_simulation_is_told_in_a_sentence(self):
        told = {name for row in rows(PAGE.split("## What was simulated")[1])
                for name in re.findall(r"`([\w-]+)`", row[0])}
        self.assertEqual(told, {figure[0] for figure in self.figures})

    def test_the_table_says_when_and_how_it_came_about(self):
        self.assertRegex(table(), r"\d{4}-\d\d-\d\d, `tools/simulate-statistics --long --keep`: "
                                  r"long form, seed \d+, .*GSL \d")


if __name__ == "__main__":
    unittest.main(verbosity=1)
