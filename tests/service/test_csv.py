"""The tables of the report (reports.md, CSV): every cell is the document's, to the last digit, by
a walk of the document written apart; none is left out; hostile values of segments come through; the
program and the server give the same bytes.
"""

import csv
import io
import json
import pathlib
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "oracle")]
import report_oracle  # noqa: E402
import report_worlds  # noqa: E402
import test_report_time  # noqa: E402
from gangway import Gangway, experiment, main  # noqa: E402
from test_report_oracle import Store, gangway  # noqa: E402

RESULTS = """experiment phase as_of watermark definition metric role kind segment segment_value
variant control exposed units immature value value_low value_high difference difference_se
difference_low difference_high difference_anytime_low difference_anytime_high lift lift_se lift_low
lift_high lift_anytime_low lift_anytime_high p p_now p_anytime p_adjusted chance_to_beat_control
shrunken shrunken_low shrunken_high adjusted status reason""".split()
TABLES = "results health flow over_time curve segment_tests".split()
HOSTILE = ["=cmd|' /C calc'!A0", "+1", "-1", "@x", 'say "hi"', "a, b", "two\nlines", "NA", "TRUE",
           "\u202egnp.exe", "<script>", "x" * 100]


def cell(value):
    """A value of the document as its cell: numbers as in the JSON text (json keeps that text)."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return str(value)


def ends(name, interval):
    low, high = interval or (None, None)
    return {f"{name}_low": low, f"{name}_high": high}


def effect(name, found, anytime="anytime_interval"):
    found = found or {}
    return {name: found.get("estimate"), f"{name}_se": found.get("se"),
            **ends(name, found.get("interval")), **ends(f"{name}_anytime", found.get(anytime))}


def head(document):
    return {"experiment": document["experiment"], "phase": document["phase"],
            "as_of": document["as_of"], "watermark": document["delivery"]["watermark"],
            "definition": document["definition"]}


def metric_head(document, metric):
    return head(document) | {name: metric[name] for name in ("metric", "role", "kind")}


def results(document):
    for metric in document["metrics"]:
        places = [(None, "(all)", metric)]
        for segment in metric["segments"]:
            places += [(segment["segment"], value["value"], value) for value in segment["values"]]
        for segment, value, place in places:
            for figure in place["variants"]:
                [variant] = [v for v in document["variants"] if v["variant"] == figure["variant"]]
                compared = [c for c in place["comparisons"] if c["variant"] == figure["variant"]]
                comparison = compared[0] if compared else {}
                shrunken = comparison.get("shrunken") or {}
                said = comparison or figure
                yield (metric_head(document, metric) | {
                    "segment": segment, "segment_value": value, "variant": variant["variant"],
                    "control": variant["control"],
                    "exposed": variant["exposed"] if segment is None else None,
                    "units": figure["units"], "immature": figure["immature"],
                    "value": figure["value"], **ends("value", figure["interval"]),
                    **effect("difference", comparison.get("difference")),
                    **effect("lift", comparison.get("lift")),
                    "shrunken": shrunken.get("estimate"),
                    **ends("shrunken", shrunken.get("interval")),
                    "adjusted": comparison["adjustment"] is not None if comparison else None,
                    "status": said["status"], "reason": said["reason"]}
                    | {name: comparison.get(name) for name in
                       ("p", "p_now", "p_anytime", "p_adjusted", "chance_to_beat_control")})


def health_figures(found, path=(), of=None, variants=()):
    if isinstance(found, dict):
        for name, value in found.items():
            is_thing = path and (path[-1] in ("unknown_traits", "exposure_sources") or
                                 (path == ("crossed",) and name != "alarm"))
            if name != "segment":
                yield from health_figures(value, path if is_thing else (*path, name),
                                          name if is_thing else of, variants)
    elif isinstance(found, list):
        for index, value in enumerate(found):
            about = of
            if isinstance(value, dict):
                about = value["segment"]
            elif path == ("sample_ratio", "expected"):
                about = variants[index]
            yield from health_figures(value, path, about, variants)
    else:
        is_text = isinstance(found, str) and not isinstance(found, Number)
        yield {"figure": ".".join(path), "of": of,
               "value": Number(int(found)) if isinstance(found, bool) else
               None if is_text else found, "text": found if is_text else None}


def health(document):
    names = [v["variant"] for v in document["variants"]]
    for figure in health_figures(document["health"], variants=names):
        yield head(document) | figure


def is_control(document, name):
    return next(v["control"] for v in document["variants"] if v["variant"] == name)


def flow(document):
    for one in document["flow"] or []:
        for step in one["steps"]:
            yield (head(document) | {"variant": one["variant"], "units": one["units"],
                                     "control": is_control(document, one["variant"])}
                   | {name: step[name] for name in
                      "step pattern optional reached completed dismissed failed median_seconds "
                      "expected_minutes actual_minutes".split()}
                   | {name: step[name]["value"] for name in ("reached_share", "drop_off")}
                   | ends("reached_share", step["reached_share"]["interval"])
                   | ends("drop_off", step["drop_off"]["interval"]))


def over_time(document):
    for metric in document["metrics"]:
        for look in metric["over_time"]:
            for compared in look["comparisons"]:
                made = {**effect("difference", compared["difference"]),
                        **effect("lift", compared["lift"])}
                for name in "difference_low difference_high lift_se lift_low lift_high".split():
                    del made[name]
                yield metric_head(document, metric) | made | {
                    "look": look["as_of"], "cohort": look["cohort"], "p_now": compared["p_now"],
                    "variant": compared["variant"]}


def curve(document):
    for metric in document["metrics"]:
        for one in metric.get("curve") or []:
            for event, points in [(None, one["points"])] + [
                    (c["event"], c["points"]) for c in one.get("competing", [])]:
                for point in points:
                    difference = point.get("difference") or {}
                    yield (metric_head(document, metric) | {
                        "variant": one["variant"], "event": event, "value": point["value"],
                        "control": is_control(document, one["variant"]),
                        "difference": difference.get("estimate"),
                        **ends("difference", difference.get("interval")),
                        **ends("value", point["interval"])}
                        | {name: point.get(name) for name in
                           "day at_risk from_days to_days units successes".split()})


def segment_tests(document):
    for metric in document["metrics"]:
        for segment in metric["segments"]:
            tests = segment.get("heterogeneity_by_variant") or [segment["heterogeneity"] or {}]
            for test in tests:
                yield metric_head(document, metric) | {"segment": segment["segment"]} | {
                    name: test.get(name) for name in
                    "variant q df p p_adjusted i2 tau2 reason".split()}


WALKS = {"results": results, "health": health, "flow": flow, "over_time": over_time,
         "curve": curve, "segment_tests": segment_tests}


class Number(str):
    """A number as the JSON has it, digit by digit."""


class Csv(unittest.TestCase):
    def compare(self, table, document, text):
        """How many lines were compared."""
        document = json.loads(document, parse_float=Number, parse_int=Number)
        self.assertTrue(text.endswith("\n"))
        self.assertNotIn("\r", text)
        lines = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
        wanted = [{name: cell(value) for name, value in line.items()}
                  for line in WALKS[table](document)]
        self.assertEqual(len(lines), len(wanted), table)
        if table == "health":  # in the order of a reader, and the JSON in that of names
            lines, wanted = (sorted(all_of, key=lambda line: (line["figure"], line["of"],
                                                              line["text"]))
                             for all_of in (lines, wanted))
        for line, want in zip(lines, wanted):
            self.assertEqual(line, want, table)
        return len(lines)

    def examine(self, store, key, as_of):
        document = store.report(key, as_of)
        counts = {}
        for table in TABLES:
            text = gangway("report", key, "--store", store.folder / "store", "--as-of",
                           report_worlds.stamp(as_of), "--format", "csv", "--table", table)
            counts[table] = self.compare(table, document, text)
            if table == "results":
                self.assertEqual(text.split("\n")[0], ",".join(RESULTS))
                self.assertEqual(store.report(key, as_of, "csv"), text)
        return counts

    def test_every_cell_of_every_table_is_the_documents(self):
        seen = dict.fromkeys(TABLES, 0)
        worlds = [report_worlds.world(seed, most=600) for seed in (3, 5, 8)]
        worlds += [test_report_time.world(seed) for seed in (13, 14, 15)]
        for world in worlds:
            with tempfile.TemporaryDirectory() as folder:
                store = Store(pathlib.Path(folder), world.declarations, world.messages)
                for table, count in self.examine(store, world.key, world.as_of).items():
                    seen[table] += count
        for table, count in seen.items():
            self.assertGreater(count, 10, table)

    def test_hostile_values_of_segments_come_through(self):
        start = report_worlds.START
        day = report_oracle.DAY
        file = {"experiment": "e", "status": "running", "assignment": "elsewhere", "segments": ["s"],
                "start": report_worlds.date_text(start),
                "end": report_worlds.date_text(start + 5 * day),
                "variants": {"a": {"control": True}, "b": {}},
                "metrics": {"goal": "act", "why": "w"}}
        catalogue = {"experiments": {"e": file},
                     "metrics": {"act": {"kind": "conversion", "event": "Act", "within": "1d"}},
                     "segments": {"s": {"trait": "s", "values": HOSTILE}}}
        messages = []
        for number in range(240):
            unit, time = f"u{number}", start + day + number * 1000
            messages.append({"type": "identify", "userId": unit, "messageId": f"i{number}",
                             "timestamp": report_worlds.stamp(time - 1000),
                             "traits": {"s": HOSTILE[number % len(HOSTILE)]},
                             "receivedAt": "2026-06-01T00:00:00Z"})
            messages.append({"type": "track", "userId": unit, "messageId": f"e{number}",
                             "event": "Experiment Viewed", "timestamp": report_worlds.stamp(time),
                             "receivedAt": "2026-06-01T00:00:00Z",
                             "properties": {"experiment_id": "e",
                                            "variation_id": "ab"[number // 12 % 2]}})
        with tempfile.TemporaryDirectory() as folder:
            store = Store(pathlib.Path(folder), [catalogue], messages)
            self.examine(store, "e", start + 9 * day)
            text = store.report("e", start + 9 * day, "csv")
        values = {line["segment_value"] for line in csv.DictReader(io.StringIO(text, newline=""))}
        self.assertEqual(values, {"(all)", *HOSTILE})

    def test_the_server_gives_the_same_to_who_asks_in_any_way(self):
        with Gangway(files={"one.yaml": experiment("one")}) as server:
            for number in range(40):
                server.request("POST", "/v1/track", {
                    "userId": f"u{number}", "event": "Experiment Viewed", "properties":
                    {"experiment_id": "one", "variation_id": ("old", "new")[number % 2]}})
            server.wait_for_fold()
            path = "/v1/experiments/one/report?as_of=2026-11-01"
            for table in TABLES:
                answer = server.get(f"{path}&format=csv&table={table}")
                self.assertEqual(answer.status, 200)
                self.assertEqual(answer.headers["Content-Type"], "text/csv; charset=utf-8")
                self.assertEqual(answer.headers["Content-Disposition"],
                                 f'attachment; filename="one-{table}.csv"')
                accepted = server.get(f"{path}&table={table}", {"Accept": "text/csv"})
                self.assertEqual(accepted.body, answer.body)
                self.compare(table, server.get(path).body, answer.body.decode())
                tag = {"If-None-Match": answer.headers["ETag"]}
                self.assertEqual(server.get(f"{path}&format=csv&table={table}", tag).status, 304)
            self.assertEqual(server.get(path + "&format=csv").body,
                             server.get(path + "&format=csv&table=results").body)
            for wrong in ("&format=csv&table=result", "&format=text&table=results",
                          "&table=results"):
                answer = server.get(path + wrong)
                self.assertEqual((answer.status, answer.code), (400, "bad-parameter"), wrong)


if __name__ == "__main__":
    main()
