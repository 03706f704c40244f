#!/usr/bin/env python3
"""`export --table units`: who adds up the rows gets the cube, for every kind of metric.

The streams are those of the oracles of the fold.  From the columns of a unit the integers of a cell
are formed again, as cube.md lists them, and summed by population, slice, cohort and variant.
"""
import csv
import datetime
import io
import json
import os
import pathlib
import random
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(os.environ["SOURCE_DIR"]) / "tests" / "oracle"))
import fold_cases  # noqa: E402
import fold_oracle  # noqa: E402
import identity_cases  # noqa: E402
from test_fold_oracle import FOLDER, cells_of, export_of, gangway, streams, write_catalogue  # noqa: E402

DAY = 86_400_000
DERIVED = {"gy", "depth_yy", "depth_ss", "depth_ys", "depth_units", "cut"}


def micro(value):
    """Exact: the text of a decimal."""
    whole, _, rest = str(value).partition(".")
    sign = -1 if whole.startswith("-") else 1
    return sign * (abs(int(whole)) * 10**6 + int((rest + "000000")[:6] or 0))


def rows_of(store, key, *more):
    text = gangway("export", "--store", store, "--table", "units", "--experiment", key, "--format",
                   "csv", *more)
    return list(csv.DictReader(io.StringIO(text)))


def is_amount(catalogue, name):
    return catalogue["metrics"][name]["kind"] in ("sum", "mean")


def number(text, amount):
    return micro(text) if amount else int(text)


def share(value):
    return {"n": 1, "x": int(value(""))}


def total(value, amount):
    capped, raw = number(value(""), amount), number(value(":raw"), amount)
    return {"n": 1, "s": capped, "ss": capped**2, "raw_s": raw, "raw_ss": raw**2,
            "nonzero": int(raw != 0), "capped": int(capped != raw)}


def ratio(value, amounts):
    y, s = number(value(":numerator"), amounts[0]), number(value(":denominator"), amounts[1])
    return {"n": 1, "y": y, "s": s, "yy": y * y, "ss": s * s, "ys": y * s,
            "units": int(bool(y or s))}


def score(value):
    answer = value("")
    return {"n": 1, "responded": int(answer != ""), "promoters": int(answer == "100"),
            "detractors": int(answer == "-100")}


def bin_of(days):
    """cube.h: 5 minutes to 24 h, then hours."""
    at = round(float(days) * DAY)
    return at // 300_000 if at < DAY else 288 + (at - DAY) // 3_600_000


def time_to(value, competing):
    fields = {"n": 1}
    if value(":happened") == "TRUE":
        fields[f"0:{bin_of(value(':days'))}"] = 1
    elif value(":competing"):
        fields[f"{1 + competing.index(value(':competing'))}:{bin_of(value(':days'))}"] = 1
    return fields


def breadth(value):
    size, active = int(value(":members")), int(value(":active"))
    actions = value(":actions")
    fields = {"n": 1, f"0:{size}": 1}
    if active:
        fields.update({f"1:{size}": active, f"2:{size}": active**2})
    if actions:
        fields.update({"depth_y": int(actions), "depth_s": active})
    return fields


def metric_fields(catalogue, name, row):
    """{field: number} of one metric of one unit; None: not mature."""
    metric = catalogue["metrics"][name]
    kind = metric["kind"]

    def value(suffix):
        return row[f"metric:{name}{suffix}"]
    if kind == "retention_curve":
        brackets = [c for c in row if c.startswith(f"metric:{name}:")]
        return {"n": 1, **{f"x{i + 1}": int(row[c]) for i, c in enumerate(brackets) if row[c]}}
    if kind in ("conversion", "retention"):
        return share(value) if value("") else None
    if kind in ("count", "sum"):
        return total(value, kind == "sum") if value("") else None
    if kind == "mean":
        return ratio(value, (True, False)) if value(":numerator") else None
    if kind == "ratio":
        return ratio(value, [is_amount(catalogue, metric[p]) for p in ("numerator", "denominator")]
                     ) if value(":numerator") else None
    if kind == "nps":
        return score(value)
    if kind == "time_to":
        return time_to(value, metric.get("competing", [])) if value(":days") else None
    return breadth(value) if value(":members") else None


def places_of(row):
    yield "", "(all)"
    for column, value in row.items():
        if column == "stratum" and value:
            yield "stratum", value
        elif column.startswith("segment:") and value:
            yield column[8:], value


def summed(catalogue, key, rows):
    found = {}
    file = catalogue["experiments"][key]
    for row in rows:
        day = datetime.date.fromisoformat(row["cohort"]).toordinal() - 719_163
        for segment, label in places_of(row):
            for name in fold_oracle.metric_names(file):
                if catalogue["metrics"][name]["kind"] == "time_to" and " x " in segment:
                    continue
                fields = metric_fields(catalogue, name, row)
                sums = found.setdefault((row["population"], segment, label, day, row["variant"],
                                         name), {})
                for field, value in (fields or {}).items():
                    sums[field] = sums.get(field, 0) + value
    return found


def wanted(cells, places):
    """The same places of the cube, without what needs two columns or sums of none, and without
    the places of a count, which are its column."""
    made = {}
    for place, fields in cells.items():
        population, _, _, _, _, metric = place
        if population in ("outside", "accounts") or metric == "units" or metric.startswith("step:"):
            continue
        made[place] = {f: n for f, n in fields.items()
                       if f not in DERIVED and not f.startswith("z")}
    return made


class ExportUnits(unittest.TestCase):
    def compare(self, catalogue, store, export, seed):
        count = 0
        for key, file in catalogue["experiments"].items():
            rows = rows_of(store, key)
            got = {place: {f: n for f, n in fields.items() if n}
                   for place, fields in summed(catalogue, key, rows).items()}
            want = wanted(cells_of(export, key), got)
            for place, fields in want.items():
                if catalogue["metrics"][place[5]]["kind"] == "count":
                    want[place] = {f: n for f, n in fields.items() if ":" not in f}
            for place in sorted(set(want) | set(got)):
                self.assertEqual(got.get(place), want.get(place), (seed, key, place))
            self.assertEqual(len({row["id"] for row in rows}), len(rows), (seed, key))
            self.assertTrue(all(row["unit"] == file.get("unit", "user") for row in rows))
            count += len(rows)
        return count

    def check(self, seed, cases, count, units):
        chance = random.Random(seed)
        catalogue = cases.random_catalogue(chance)
        messages = cases.random_messages(seed, count, units)
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            folder = pathlib.Path(name)
            write_catalogue(folder / "experiments", catalogue)
            export = export_of(folder, "store", messages, verify=False)
            return self.compare(catalogue, folder / "store", export, seed)

    def test_rows_of_random_streams_add_up_to_the_cube(self):
        units = 0
        for seed in range(300, 300 + max(1, streams() // 16)):
            units += self.check(seed, fold_cases, 150, 20)
            units += self.check(seed, identity_cases, 150, 12)
        self.assertGreater(units, 10)
        print(f"{units} units add up to the cube", file=sys.stderr)

    def test_many_units(self):
        self.assertGreater(self.check(3, identity_cases, 3000, 300), 200)

    def test_ndjson_says_the_same(self):
        catalogue = fold_cases.random_catalogue(random.Random(5))
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            folder = pathlib.Path(name)
            write_catalogue(folder / "experiments", catalogue)
            export_of(folder, "store", fold_cases.random_messages(5, 600, 60))
            rows = rows_of(folder / "store", "history", "--as-of", "2026-06-01")
            call = ("export", "--store", folder / "store", "--table", "units", "--experiment",
                    "history", "--as-of", "2026-06-01")
            lines = gangway(*call).splitlines()
            out = folder / "rows.ndjson"
            gangway(*call, "--output", out)
            self.assertEqual(out.read_text().splitlines(), lines)
            self.assertEqual(sorted(p.name for p in folder.iterdir() if "~" in p.name), [])
        self.assertGreater(len(rows), 5)
        self.assertEqual(len(lines), len(rows))
        for line, row in zip(lines, rows):
            made = json.loads(line)
            self.assertEqual(list(made), list(row))
            for column, value in made.items():
                want = {None: "", True: "TRUE", False: "FALSE"}.get(value) \
                    if value is None or isinstance(value, bool) else None
                if want is None and not isinstance(value, str):
                    self.assertEqual(float(row[column]), value, column)
                else:
                    self.assertEqual(row[column], value if want is None else want, column)

    def test_what_is_not_mature_is_missing(self):
        metrics = {"soon": {"kind": "conversion", "event": "Mail", "within": "2d"},
                   "late": {"kind": "count", "event": "Mail", "within": "10d", "cap": 9},
                   "back": {"kind": "retention_curve", "every": "1d", "until": "4d"},
                   "first": {"kind": "time_to", "event": "Mail", "within": "7d",
                             "competing": ["Closed"]}}
        catalogue = {"metrics": metrics, "segments": {}, "experiments": {"one": {
            "experiment": "one", "status": "running", "assignment": "elsewhere",
            "variants": {"a": {"control": True}, "b": {}},
            "metrics": {"goal": "soon", "why": "w", "diagnostics": ["late", "back", "first"]},
            "analysis": {"expect": {"baseline": "20%", "lift": "10%", "units": 100}}}}}
        start = fold_cases.START
        messages = []
        for number, (user, event, hours) in enumerate([
                ("u1", None, 0), ("u1", "Mail", 30), ("u2", None, 3 * 24), ("u2", "Mail", 3 * 24 + 1),
                ("u3", None, 10 * 24), ("u4", None, 0), ("u4", "Closed", 5 * 24)]):
            message = {"type": "track", "userId": user, "messageId": f"m{number}",
                       "timestamp": fold_cases.stamp(start + hours * 3_600_000),
                       "event": event or "Experiment Viewed"}
            if not event:
                message["properties"] = {"experiment_id": "one", "variation_id": "a"}
            messages.append(message)
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            folder = pathlib.Path(name)
            write_catalogue(folder / "experiments", catalogue)
            export_of(folder, "store", messages)
            rows = {row["id"]: row for row in rows_of(folder / "store", "one", "--as-of",
                                                      "2026-01-05T12:00:00Z")}
            later = {row["id"]: row for row in rows_of(folder / "store", "one", "--as-of",
                                                       "2026-01-20")}
        self.assertEqual(sorted(rows), ["u1", "u2", "u4"])  # u3's day had not begun
        self.assertEqual(rows["u1"]["metric:soon"], "1")
        self.assertEqual(rows["u2"]["metric:soon"], "")
        self.assertEqual(rows["u1"]["metric:late"], "")
        self.assertEqual([rows["u1"][f"metric:back:{b}"] for b in range(4)], ["0", "1", "0", ""])
        # watched for the whole days after that of its cohort
        self.assertEqual((rows["u1"]["metric:first:days"], rows["u1"]["metric:first:happened"]),
                         (repr(30.5 / 24), "TRUE"))
        self.assertEqual((rows["u4"]["metric:first:days"], rows["u4"]["metric:first:happened"]),
                         ("3", "FALSE"))
        self.assertEqual((rows["u2"]["metric:first:days"], rows["u2"]["metric:first:happened"]),
                         ("", ""))
        self.assertEqual((later["u4"]["metric:first:happened"],
                          later["u4"]["metric:first:competing"]), ("FALSE", "Closed"))
        self.assertEqual((later["u3"]["metric:first:days"], later["u3"]["metric:first:happened"]),
                         ("7", "FALSE"))
        self.assertEqual(later["u2"]["metric:late"], "1")

    def test_exposures_as_received(self):
        catalogue = fold_cases.random_catalogue(random.Random(11))
        messages = fold_cases.random_messages(11, 800, 40)
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            folder = pathlib.Path(name)
            write_catalogue(folder / "experiments", catalogue)
            export_of(folder, "store", messages)
            text = gangway("export", "--store", folder / "store", "--table", "exposures",
                           "--format", "csv")
            one = gangway("export", "--store", folder / "store", "--table", "exposures",
                          "--experiment", "history")
        rows = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual(sum(r["experiment"] == "history" for r in rows), len(one.splitlines()))
        self.assertIn("\n", text)
        self.assertNotIn("\r", text)
        reasons, skewed = set(), {m["messageId"] for m in messages if m.get("skewed")}
        for row in rows:
            file = catalogue["experiments"].get(row["experiment"])
            reasons.add(row["reason"])
            if not file:
                self.assertEqual((row["counts"], row["reason"]), ("FALSE", "not_declared"))
                continue
            if row["message_id"] in skewed:
                self.assertIn(row["reason"], ("skewed", "unknown_variant"))
                continue
            reason, _ = fold_oracle.judge(file, row["id"], fold_oracle.instant(row["time"]))
            if reason == "split" and fold_oracle.reported(file, row["variant"]) is None:
                reason = "unknown_variant"
            self.assertEqual(row["counts"], "TRUE" if reason == "split" else "FALSE")
            self.assertEqual(row["reason"], "" if reason == "split" else reason, row)
        self.assertGreater(len(reasons), 4)

    def test_a_wrong_call_is_told(self):
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            folder = pathlib.Path(name)
            write_catalogue(folder / "experiments", fold_cases.random_catalogue(random.Random(1)))
            export_of(folder, "store", fold_cases.random_messages(1, 20, 4))
            gangway("export", "--store", folder / "store", "--table", "units", good=(2,))
            gangway("export", "--store", folder / "store", "--table", "units", "--experiment",
                    "none", good=(2,))
            gangway("export", "--store", folder / "store", "--table", "units", "--experiment",
                    "users", "--as-of", "2999-01-01", good=(2, 3))
            target = folder / "no" / "rows"
            gangway("export", "--store", folder / "store", "--table", "units", "--experiment",
                    "users", "--output", target, good=(3,))


if __name__ == "__main__":
    unittest.main()
