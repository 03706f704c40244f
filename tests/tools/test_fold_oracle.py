#!/usr/bin/env python3
"""The fold's cube equals that of the oracle, over random declarations and random messages.

Messages go in by `gangway import`, cells come out by `gangway export --table cube`; the oracle
(tests/oracle/fold_oracle.py) reads the same files.  Then the same messages shuffled and repeated
give the same bytes.
"""
import datetime
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(os.environ["SOURCE_DIR"]) / "tests" / "oracle"))
import fold_oracle  # noqa: E402

GANGWAY = os.environ["GANGWAY"]
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
START = fold_oracle.instant("2026-01-01")
HOUR = 3_600_000
DAYS = 40


def stamp(time):
    text = (EPOCH + datetime.timedelta(milliseconds=time)).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def random_item(chance):
    event = chance.choice(["Contact", "Mail", "Deal", "Call"])
    if chance.random() < .4:
        return event
    item = {"event": event}
    if chance.random() < .5:
        item["where"] = chance.choice([{"kind": ["a", "b"]}, {"amount": {"gte": 5}}, {"kind": "a"},
                                       {"kind": "a", "amount": {"lt": 9}}])
    if chance.random() < .3:
        item["times"] = chance.randint(2, 3)
    if chance.random() < .3:
        item["distinct_days"] = chance.randint(2, 3)
    return item


def random_metric(chance):
    within = {"within": chance.choice(["12h", "36h", "3d", "7d", "14d"])}
    form = chance.randrange(6)
    if form == 0:
        return {"kind": "conversion", "event": random_item(chance), **within}
    if form == 1:
        return {"kind": "conversion", "all_of": [random_item(chance) for _ in range(2)], **within}
    if form == 2:
        return {"kind": "conversion", "any_of": [random_item(chance) for _ in range(3)],
                "at_least": chance.randint(1, 3), **within}
    if form == 3:
        return {"kind": "conversion", "any_event": {"distinct_days": chance.randint(1, 4)},
                "within": chance.choice(["1d", "7d", "14d"])}
    between = chance.choice([["0d", "7d"], ["1d", "2d"], ["7d", "14d"], ["36h", "60h"]])
    if form == 4:
        return {"kind": "retention", "between": between}
    return {"kind": "retention", "event": random_item(chance), "between": between}


def random_catalogue(chance):
    metrics = {f"m{i}": random_metric(chance) for i in range(8)}
    metrics["answer"] = {"kind": "nps", "event": "NPS Answered", "property": "score",
                         "within": "30d"}
    segments = {"role": {"trait": "role", "values": ["rep", "owner", "true", "3"]},
                "size": {"trait": "company.size", "bands": [1, 2, 11, 51]},
                "plan": {"trait": "plan", "values": ["free", "pro"]}}

    def experiment(key, **more):
        names = chance.sample(sorted(metrics), 6)
        made = {"experiment": key, "status": "running", "start": "2026-01-03", "end": "2026-02-03",
                "variants": {"a": {"control": True}, "b": {}},
                "segments": ["role", "size", ["role", "plan"]],
                "metrics": {"goal": names[0], "why": "w", "secondary": names[1:4],
                            "diagnostics": names[4:]},
                "analysis": {"adjust_for": ["role"]}}
        made.update(more)
        return made
    experiments = [
        experiment("users", traffic={"coverage": "70%",
                                     "exclusive": {"group": "g", "range": "0%..80%"},
                                     "holdout": {"group": "h", "share": "10%"}},
                   force={"u3": "b"}),
        experiment("accounts", unit="account", segments=["plan"], analysis={},
                   variants={"a": {"control": True, "weight": "60%"}, "b": {"weight": "30%"},
                             "c": {"weight": "10%"}}),
        experiment("visitors", unit="anonymous", segments=["size"], analysis={}),
        experiment("history", assignment="elsewhere"),
    ]
    del experiments[3]["start"]
    return {"experiments": {e["experiment"]: e for e in experiments}, "metrics": metrics,
            "not_activity": ["Beat"], "segments": segments}


def random_message(chance, number, units):
    time = START + chance.randrange(24 * DAYS) * HOUR
    message = {"messageId": f"m{number}", "userId": f"u{chance.randrange(units)}",
               "receivedAt": "2026-06-01T00:00:00Z"}
    if chance.random() < .5:
        message["context"] = {"groupId": f"acme-{chance.randrange(units // 3 + 1)}"}
    if chance.random() < .5:
        message["anonymousId"] = f"visitor-{chance.randrange(units)}"
    sort = chance.random()
    if sort < .55:
        message["type"] = chance.choice(["track", "track", "track", "page", "screen"])
        if message["type"] == "track":
            message["event"] = chance.choice(["Contact", "Mail", "Deal", "Call", "Beat", "Odd",
                                              "NPS Answered", "Onboarding Step Viewed"])
            message["properties"] = chance.choice([{"kind": "a"}, {"kind": "c", "amount": 5}, {},
                                                   {"amount": "7", "kind": "b"},
                                                   {"amount": 4.5, "kind": "a"}])
    elif sort < .8:
        time += number % 3_000_000 + 1
        message.update(type="track", event="Experiment Viewed", properties={
            "experiment_id": chance.choice(["users", "accounts", "visitors", "history", "none"]),
            "variation_id": chance.choice(["a", "a", "a", "b", "1", "c", "x"])})
        if message["properties"]["experiment_id"] == "accounts":
            message["context"] = {"groupId": f"acme-{chance.randrange(units // 3 + 1)}"}
        if message["properties"]["experiment_id"] == "visitors":
            message["anonymousId"] = f"visitor-{chance.randrange(units)}"
        if chance.random() < .3:
            message.setdefault("context", {})["traits"] = random_traits(chance)
        if chance.random() < .05:
            message["skewed"] = True
    else:
        time += number % 3_000_000 + 1
        message.update(type="identify", traits=random_traits(chance))
    message["timestamp"] = stamp(time)
    return message


def random_traits(chance):
    return chance.choice([{"role": "rep"}, {"role": "owner", "plan": "pro"}, {"role": True},
                          {"role": 3}, {"role": ["rep"]}, {"role": None}, {"plan": "free"},
                          {"company": {"size": 10}}, {"company.size": "51"},
                          {"company": {"size": 0.5}, "role": "cfo"}, {"other": 1}])


def random_messages(seed, count, units):
    chance = random.Random(seed)
    messages = [random_message(chance, number, units) for number in range(count)]
    for number in range(count // 10):  # another body under the id of one that is there
        twin = dict(chance.choice(messages[:count]))
        time = fold_oracle.instant(twin["timestamp"]) + (1 + number) * 2 * HOUR + number
        twin["timestamp"] = stamp(time)
        messages.append(twin)
    for _ in range(count // 10):
        messages.append(dict(chance.choice(messages)))
    return messages


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
        {"metrics": catalogue["metrics"], "not_activity": catalogue["not_activity"]}))
    (folder / "segments.json").write_text(json.dumps({"segments": catalogue["segments"]}))


def export_of(folder, name, messages, experiments="experiments"):
    lines = folder / f"{name}.ndjson"
    lines.write_text("".join(json.dumps(m) + "\n" for m in messages), encoding="utf-8")
    gangway("import", "--experiments", folder / experiments, "--store", folder / name, lines)
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
    return found


class FoldOracle(unittest.TestCase):
    def check(self, seed, count, units):
        catalogue = random_catalogue(random.Random(seed))
        messages = random_messages(seed, count, units)
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            write_catalogue(folder / "experiments", catalogue)
            export = export_of(folder, "store", messages)
            for key in catalogue["experiments"]:
                want = fold_oracle.cells(catalogue, key, messages)
                got = cells_of(export, key)
                self.assertGreater(len(want), 10)
                for place in sorted(set(want) | set(got)):
                    self.assertEqual(got.get(place), want.get(place), (seed, key, place))
            again = messages + random.Random(seed).sample(messages, len(messages) // 3)
            random.Random(seed + 1).shuffle(again)
            self.assertEqual(export_of(folder, "shuffled", again), export)

    def test_many_units_with_few_messages(self):
        self.check(1, 2500, 300)

    def test_few_units_with_many_messages(self):
        self.check(2, 2500, 12)

    def test_other_declarations(self):
        for seed in range(3, 8):
            self.check(seed, 900, 60)

    def test_a_changed_catalogue_is_folded_from_the_beginning(self):
        chance = random.Random(9)
        before = random_catalogue(chance)
        after = json.loads(json.dumps(before))
        for name in before["metrics"]:  # every metric another one
            after["metrics"][name] = before["metrics"][name] if name == "answer" \
                else random_metric(chance)
        messages = random_messages(9, 1500, 80)
        with tempfile.TemporaryDirectory() as name:
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

    def test_what_is_exported_can_be_imported(self):
        catalogue = random_catalogue(random.Random(4))
        messages = random_messages(4, 800, 60)
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            write_catalogue(folder / "experiments", catalogue)
            export = export_of(folder, "store", messages)
            journal = gangway("export", "--store", folder / "store")
            again = [json.loads(line) for line in journal.splitlines()]
            self.assertEqual(export_of(folder, "again", again), export)


if __name__ == "__main__":
    unittest.main()
