"""The golden documents of tests/golden/worlds.py are what the program makes of their worlds, from
the files and messages to the document and its tables. GOLDEN_UPDATE=1 writes documents and tables
anew; then tests/report writes what is read of them. Read the difference before committing it.

Members that depend on when and how often something was received are set to one value each.
"""
import json
import os
import pathlib
import re
import sys
import unittest

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
sys.path.insert(0, str(SOURCE / "tests/golden"))
import scenario  # noqa: E402
import worlds  # noqa: E402
from gangway import Gangway, main  # noqa: E402

TABLES = ["results", "health", "segment_tests"]


def ask(users, experiments):
    """What the service gives users."""
    with Gangway(files=worlds.HOLDOUT) as server:
        made = {}
        for at in range(0, len(users), 500):
            answer = server.post("/v1/assign", {"units": [{"user": u} for u in users[at:at + 500]],
                                                "experiments": experiments})
            made |= {(a["unit"], a["experiment"]): a for a in answer.json["assignments"]}
        return made


WORLDS = {"value-kinds": worlds.kinds, "accounts": worlds.accounts,
          "holdout": lambda: worlds.holdout(ask)}


def settled(text):
    """The document with what receipt leaves in it set to one value."""
    for pattern, put in ((r'"fold_lag_seconds":[^,}]+', '"fold_lag_seconds":0'),
                         (r'"registered_at":"[^"]+"', '"registered_at":"2026-01-01T00:00:00Z"'),
                         (r'"late":\d+', '"late":0'),
                         (r'"watermark":\d+', '"watermark":4000'),
                         (r'("time":)"[^"]+"', r'\1"2026-02-10T09:00:00Z"'),
                         (r'("note":)\d+', r'\g<1>1')):
        text = re.sub(pattern, put, text)
    return text


def tables(server, key, as_of):
    """Tables in one text, as they are printed."""
    made = []
    for name in TABLES:
        text = scenario.run("report", key, "--store", server.store, "--format", "csv", "--table",
                            name, "--as-of", as_of).decode()
        made.append(f"# {name}\n" + text)
    rows = "\n".join(made)
    # the fourth column is the watermark, on every row but the head
    return re.sub(rf"^((?:\"?{re.escape(key)}\"?),\d+,[^,]*,)\d+", r"\g<1>4000", rows, flags=re.M)


class Golden(unittest.TestCase):
    def made(self, world):
        with Gangway(files=world.files, start=False) as server:
            scenario.import_messages(server.store, server.experiments, world.messages)
            server.start()
            for note in world.notes:
                body = {"experiment": world.key, **note}
                self.assertEqual(server.post("/v1/notes", body).status, 201)
            server.wait_for_fold()
            document = scenario.report(server.store, world.key, world.as_of).decode()
            return settled(document), tables(server, world.key, world.as_of)

    def same(self, got, want, where="document"):
        """Figures to a part in a thousand million: libraries of mathematics differ in the last digit."""
        if isinstance(want, dict) and isinstance(got, dict):
            self.assertEqual(sorted(got), sorted(want), where)
            for name, value in want.items():
                self.same(got[name], value, f"{where}.{name}")
        elif isinstance(want, list) and isinstance(got, list):
            self.assertEqual(len(got), len(want), where)
            for at, value in enumerate(want):
                self.same(got[at], value, f"{where}[{at}]")
        elif isinstance(want, float) and isinstance(got, float):
            self.assertLessEqual(abs(got - want), 1e-9 * max(abs(got), abs(want)) + 1e-12, where)
        else:
            self.assertEqual(got, want, where)

    def same_tables(self, got, want):
        self.assertEqual(got.count("\n"), want.count("\n"))
        for line, wanted in zip(got.split("\n"), want.split("\n")):
            cells, others = line.split(","), wanted.split(",")
            self.assertEqual(len(cells), len(others), wanted)
            for cell, other in zip(cells, others):
                if cell != other:
                    self.same(float(cell), float(other), wanted)

    def test_documents_and_tables_are_what_was_reviewed(self):
        for name, make in WORLDS.items():
            with self.subTest(name):
                document, text = self.made(make())
                places = [SOURCE / f"tests/golden/{name}{end}" for end in (".json", ".csv")]
                if os.environ.get("GOLDEN_UPDATE"):
                    for place, content in zip(places, (document, text)):
                        place.write_text(content, encoding="utf-8")
                self.same(json.loads(document), json.loads(places[0].read_text("utf-8")))
                self.same_tables(text, places[1].read_text("utf-8"))


if __name__ == "__main__":
    main()
