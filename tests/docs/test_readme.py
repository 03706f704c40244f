#!/usr/bin/env python3
"""The README tells the truth: its command table is the program's, its paths exist, its words are used."""
import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(os.environ["SOURCE_DIR"])
README = (ROOT / "README.md").read_text(encoding="utf-8")


def table(heading):
    """(first cell, second cell) of the first table under a heading."""
    part = README.split(f"\n{heading}\n", 1)[1]
    rows = []
    for line in part.split("\n"):
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
        elif rows:
            break
    return rows[2:]


class Readme(unittest.TestCase):
    def test_commands_are_those_of_help(self):
        text = subprocess.run([os.environ["GANGWAY"], "--help"], capture_output=True, text=True).stdout
        told = dict(re.findall(r"^  (\w[\w-]*) +(.+)$", text, flags=re.M))
        written = {row[0].strip("`"): row[1] for row in table("## Commands")}
        self.assertEqual(written, told)

    def test_the_paths_it_names_exist(self):
        for path in re.findall(r"`((?:include|server|stats|tools|experiments|seeds|tests)/[\w./-]+)`", README):
            matches = list(ROOT.glob(path.rstrip("/").replace("NAME", "*") + "*"))
            self.assertTrue(matches, path)


if __name__ == "__main__":
    unittest.main(verbosity=1)
