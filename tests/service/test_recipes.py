"""The recipes of the researcher's guide (experiments/README.md), as they stand there, against a
server that asks for a key: curl, R and pandas read the same table, to the last digit.

Needs r-base-core and python3-pandas of Debian (tools/setup test), the latter for /usr/bin/python3.
"""

import csv
import io
import os
import pathlib
import re
import shutil
import subprocess
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


class Recipes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        files = {path.name: path.read_text(encoding="utf-8") for path in
                 (SOURCE / "experiments").glob("*.yaml")}
        cls.server = Gangway(files)
        cls.addClassCleanup(cls.server.close)
        batch = []
        for number in range(UNITS):
            traits = traits_of(number)
            query = "&".join(f"{name}={value}" for name, value in traits.items())
            got = cls.server.get(f"/v1/assign/{KEY}?unit=u{number}&{query}").json
            if got.get("variant"):
                batch.append({"type": "identify", "userId": f"u{number}", "traits": traits,
                              "messageId": f"i{number}", "timestamp": f"2026-11-{day_of(number)}T09:00:00Z"})
                batch += messages_of(number, got["variant"])
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
