#!/usr/bin/env python3
"""stats/README.md has every file of stats/ and every family of `gangway calc`, and nothing else."""
import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(os.environ["SOURCE_DIR"])
PAGE = (ROOT / "stats" / "README.md").read_text(encoding="utf-8")


def rows():
    """The cells of every row of a table whose first cell is a file."""
    for line in PAGE.split("\n"):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("| `") and cells[0].endswith(".c`"):
            yield cells


class Statistics(unittest.TestCase):
    def test_every_file_has_one_row_and_every_row_a_file(self):
        told = sorted(cells[0].strip("`") for cells in rows())
        self.assertEqual(told, sorted(path.name for path in (ROOT / "stats").glob("*.c")))

    def test_a_row_says_all_there_is_to_check(self):
        for cells in rows():
            self.assertEqual(len(cells), 7, cells[0])
            self.assertTrue(all(cells), cells[0])

    def test_every_family_of_calc_is_named(self):
        listed = subprocess.run([os.environ["GANGWAY"], "calc", "--list"], capture_output=True,
                                text=True, check=True).stdout
        for line in listed.splitlines():
            self.assertRegex(PAGE, rf"\b{line.split()[0]}\b")

    def test_the_table_of_cases_has_every_family_with_vectors(self):
        table = PAGE.split("```\n")[1]
        told = [line.split()[0] for line in table.splitlines()[1:]]
        folder = ROOT / "tests" / "stats" / "reference"
        self.assertEqual(told, sorted(path.stem for path in folder.glob("*.ndjson")))

    def test_the_tests_it_names_exist(self):
        for name in re.findall(r"\btest_\w+\.(?:c|py)\b", PAGE):
            self.assertTrue(list((ROOT / "tests").glob(f"*/{name}")), name)


if __name__ == "__main__":
    unittest.main(verbosity=1)
