"""What README.md shows first, and the recipes of the researcher's guide (experiments/README.md), as
they stand there; these against a server that asks for a key: curl, R and pandas read the same.

Needs r-base-core and python3-pandas of Debian (tools/setup test), the latter for /usr/bin/python3.
"""

import csv
import datetime
import io
import os
import pathlib
import re
import shutil
import subprocess
import time
import unittest

import key_ring
from gangway import GANGWAY, Gangway, main

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
GUIDE = (SOURCE / "experiments" / "README.md").read_text(encoding="utf-8")
KEY, UNITS = "crm-first-run", 3000


def block(language):
    """The one block of that language in the guide."""
    [text] = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    return text


def day_of(number):
    return f"{8 + number // 11 % 8:02}"


def messages_of(number, variant):
    person = {"userId": f"u{number}"}
    exposed = {"experiment_id": KEY, "variation_id": variant}
    made = [("track", "Experiment Viewed", "10", {"properties": exposed})]
    if number % 7 < (3 if variant == "tour" else 5):
        made += [("track", "Contact Created", "12", {}),
                 ("track", "Email Sent", "13", {"properties": {"sequence": True}})]
    for place, (kind, event, hour, more) in enumerate(made):
        yield person | {"type": kind, "event": event, "messageId": f"m{number}-{place}",
                        "timestamp": f"2026-11-{day_of(number)}T{hour}:00:00Z"} | more


def traits_of(number):
    return {"role": ("sales_rep", "sales_manager")[number % 2], "employees": 12,
            "company_size": "11-50", "channel": ("paid", "organic")[number // 2 % 2]}


def assigned():
    """The variants of those units who are in the experiment, at a moment within it."""
    found = {}
    for first in range(4):
        traits = [f"--trait={name}={value}" for name, value in traits_of(first).items()]
        ids = "".join(f"u{number}\n" for number in range(first, UNITS, 4))
        run = subprocess.run([GANGWAY, "assign", KEY, "--experiments", SOURCE / "experiments",
                              "--at", "2026-11-10T10:00:00Z", "--format", "csv", *traits],
                             input=ids, capture_output=True, encoding="utf-8", check=True)
        for line in csv.DictReader(io.StringIO(run.stdout)):
            if line["in_experiment"] == "true":
                found[int(line["unit"][1:])] = line["variant"]
    return found


def shipped(shift=0):
    """The files of experiments/, all days moved."""
    def moved(match):
        day = datetime.date.fromisoformat(match[0]) + datetime.timedelta(days=shift)
        return day.isoformat()
    return {path.name: re.sub(r"\b20\d\d-\d\d-\d\d\b", moved, path.read_text(encoding="utf-8"))
            for path in (SOURCE / "experiments").glob("*.yaml")}


class FirstMinutes(unittest.TestCase):
    def test_what_readme_shows_first_works_as_it_stands(self):
        """On the twentieth day of the experiment that ships, whatever day it is."""
        shift = (datetime.date.today() - datetime.date(2026, 11, 20)).days
        readme = (SOURCE / "README.md").read_text(encoding="utf-8")
        [lines] = [text for text in re.findall(r"^```\w*\n(.*?)^```$", readme,
                                               re.MULTILINE | re.DOTALL)
                   if "/v1/assign/" in text]
        with Gangway(shipped(shift)) as server:
            lines = lines.replace("127.0.0.1:8400", f"127.0.0.1:{server.port}")
            asks, report = lines[:lines.rindex("curl ")], lines[lines.rindex("curl "):]
            said = subprocess.run(["sh", "-e"], input=asks.replace("curl ", "curl -fsS "),
                                  capture_output=True, encoding="utf-8", check=True).stdout
            self.assertIn('"variant":"checklist"', said)
            self.assertIn('"in_experiment":true', said)
            self.assertIn('"reason":"SPLIT"', said)
            self.assertEqual(said.count('"accepted":1'), 2)
            server.wait_for_fold()
            time.sleep(1.1)
            told = subprocess.run(["sh", "-e"], input=report.replace("curl ", "curl -fsS "),
                                  capture_output=True, encoding="utf-8", check=True).stdout
            self.assertIn("0 : 1 exposed", told)


class Recipes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Gangway(shipped())
        cls.addClassCleanup(cls.server.close)
        batch = []
        for number, variant in sorted(assigned().items()):
            batch.append({"type": "identify", "userId": f"u{number}", "messageId": f"i{number}",
                          "traits": traits_of(number),
                          "timestamp": f"2026-11-{day_of(number)}T09:00:00Z"})
            batch += messages_of(number, variant)
        for first in range(0, len(batch), 500):
            part = batch[first:first + 500]
            answer = cls.server.post("/v1/batch", {"batch": part})
            assert answer.status == 200 and answer.json["accepted"] == len(part), answer
        cls.server.wait_for_fold()
        key = key_ring.add(cls.server, "analyst", "researcher")
        cls.env = dict(os.environ, GANGWAY_URL=f"http://127.0.0.1:{cls.server.port}",
                       GANGWAY_KEY=key, LC_ALL="C.UTF-8",
                       PATH=f"{os.path.dirname(os.path.abspath(GANGWAY))}:{os.environ['PATH']}")
        cls.env.pop("PYTHONPATH", None)

    def run_recipe(self, *command, text=None):
        run = subprocess.run(command, input=text, cwd=self.server.folder, env=self.env, timeout=300,
                             capture_output=True, encoding="utf-8", check=False)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return run.stdout

    def saved(self, name):
        path = pathlib.Path(self.server.folder, name)
        text = path.read_text(encoding="utf-8")
        path.unlink()
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def table(self):
        """The results as curl of the guide saves them."""
        self.run_recipe("sh", "-e", text=block("sh"))
        return self.saved("crm-first-run-results.csv")

    def test_without_the_key_there_is_nothing(self):
        self.assertEqual(self.server.get(f"/v1/experiments/{KEY}/report?format=csv").status, 401)

    def same(self, got, lines, tolerance=0.0):
        """Numbers as numbers: R and pandas print them in their own way, R with 15 digits."""
        self.assertEqual(len(got), len(lines))
        for one, line in zip(got, lines):
            for name in ("metric", "variant", "segment_value"):
                self.assertEqual(one[name], line[name])
            for name in ("units", "value", "difference", "difference_anytime_low", "shrunken"):
                want = float(line[name]) if line[name] else None
                got_one = float(one[name]) if one[name] else None
                self.assertEqual(got_one is None, want is None, (name, line))
                self.assertTrue(want is None or abs(got_one - want) <= tolerance, (name, line))
            self.assertEqual(one["control"].upper(), line["control"])

    def test_curl_saves_the_table_by_its_name(self):
        lines = self.table()
        self.assertEqual({line["variant"] for line in lines}, {"tour", "checklist"})
        self.assertGreater(sum(line["difference"] != "" for line in lines), 5)

    def test_r(self):
        self.assertTrue(shutil.which("Rscript"), "install r-base-core: tools/setup test")
        out = self.run_recipe("Rscript", "-", text=block("r") +
                              'write.csv(results, "r.csv", row.names = FALSE, na = "")\n')
        self.assertIn("checklist", out)
        self.same(self.saved("r.csv"), self.table(), 1e-12)

    def test_pandas(self):
        out = self.run_recipe("/usr/bin/python3", "-", text=block("python") +
                              'results.to_csv("pandas.csv", index=False)\n')
        self.assertIn("checklist", out)
        self.same(self.saved("pandas.csv"), self.table())


if __name__ == "__main__":
    main()
