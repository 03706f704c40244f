#!/usr/bin/env python3
"""Times to an event, retention curves and flows in the JSON report equal those of the oracle
(tests/oracle/time_oracle.py), over random experiments and populations of their own: cohorts of
staggered entry, ends that compete, looks before and after the final set, three designs.

A few seeds; hundreds with GANGWAY_LONG=1.
"""
import datetime
import json
import math
import os
import pathlib
import random
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "oracle")]
import report_oracle  # noqa: E402
import report_worlds  # noqa: E402
import time_oracle  # noqa: E402
from test_report_oracle import Differ, Store  # noqa: E402

LONG = os.environ.get("GANGWAY_LONG") == "1"
DAY = report_oracle.DAY
HOUR, MINUTE = DAY // 24, DAY // 1440
STEPS = ["hello", "company", "contact", "invite"]


def metrics_of(chance):
    made = {}
    for name in ("t0", "t1", "t2"):
        made[name] = {"kind": "time_to", "event": chance.choice(["Contact", "Mail"]),
                      "within": chance.choice(["90min", "1d", "25h", "2d", "4d"])}
        if chance.random() < .4:
            made[name]["competing"] = ["Closed", "Left"][:chance.choice([1, 2])]
        if chance.random() < .2:
            made[name]["better"] = "higher"
    made["curve"] = {"kind": "retention_curve", "event": "Mail", "every": "36h", "until": "6d"}
    return made


def flow_of(chance):
    names = sorted(chance.sample(STEPS, chance.randint(1, 4)), key=STEPS.index)
    return [{"step": n, "pattern": "tour", **({"done_when": "Contact"} if n == "contact" else {})}
            for n in names]


def experiment_of(chance, days):
    names = ["a", "b", "c"][:chance.choice([2, 2, 3])]
    variants = {n: ({"flow": flow_of(chance)} if chance.random() < .8 else {}) for n in names}
    variants[chance.choice(names)]["control"] = True
    file = {"experiment": "e", "status": "running", "assignment": "elsewhere",
            "start": report_worlds.date_text(report_worlds.START),
            "end": report_worlds.date_text(report_worlds.START + days * DAY), "variants": variants,
            "metrics": {"goal": "t0", "why": "w", "secondary": ["t1"], "diagnostics": ["curve"],
                        "guardrails": [{"metric": "t2", "worse_by": chance.choice([.05, .5, 2])}]},
            "analysis": {"peeking": chance.choice(["hybrid", "hybrid", "always", "fixed"]),
                         "flow_within": chance.choice(["1d", "3d"])}}
    if chance.random() < .5:
        file["segments"] = ["role"]
    return file


def messages_of(chance, file, days):
    made, names = [], list(file["variants"])
    rates = {n: [chance.uniform(.05, .6) for _ in range(4)] for n in names}

    def send(unit, time, event, **properties):
        made.append({"type": "track", "userId": unit, "event": event, "messageId": f"m{len(made)}",
                     "timestamp": report_worlds.stamp(time), "properties": properties,
                     "receivedAt": "2026-06-01T00:00:00Z"})
    for i in range(chance.choice([60, 900, 900, 1400])):
        variant, unit = chance.choice(names), f"u{i}"
        first = report_worlds.START + int(chance.random() * days * DAY) // 1000 * 1000 + i % 1000
        if chance.random() < .7:
            made.append({"type": "identify", "userId": unit, "messageId": f"m{len(made)}",
                         "timestamp": report_worlds.stamp(first - HOUR),
                         "traits": {"role": chance.choice(["rep", "owner"])},
                         "receivedAt": "2026-06-01T00:00:00Z"})
        send(unit, first, "Experiment Viewed", experiment_id="e", variation_id=variant)
        for event, rate in zip(("Contact", "Mail", "Closed", "Left"), rates[variant]):
            time = first + int(chance.expovariate(rate) * DAY / 2)
            if chance.random() < .8:
                send(unit, time, event)
        at = first
        for place in file["variants"][variant].get("flow", []):
            if chance.random() > .5 + rates[variant][0] / 2:
                break
            at += int(chance.expovariate(1 / 200) * 1000)
            send(unit, at, "Onboarding Step Viewed", experiment_id="e", step=place["step"])
            what = chance.choice(["Completed", "Completed", "Dismissed", "Failed", "Seen"])
            send(unit, at + chance.randrange(900_000), f"Onboarding Step {what}",
                 experiment_id="e", step=place["step"])
    return made


def world(seed):
    chance = random.Random(seed)
    days = chance.choice([5, 8, 11])
    file = experiment_of(chance, days)
    catalogue = {"experiments": {"e": file}, "metrics": metrics_of(chance), "not_activity": [],
                 "segments": {"role": {"trait": "role", "values": ["rep", "owner"]}}}
    as_of = report_worlds.START + chance.randrange(12, (days + 7) * 24) * HOUR + 12_345
    return report_worlds.World(seed, [catalogue], messages_of(chance, file, days), "e", as_of)


def compare_comparison(differ, where, got, want):
    differ.same(f"{where}.status", got["status"] == "ok", want["difference"] is not None)
    differ.same(f"{where}.lift", got["lift"], None)
    for member in ("p", "p_now", "p_anytime"):
        differ.close(f"{where}.{member}", got[member], want[member], 1e-8)
    for member, figure in (want["difference"] or {}).items():
        differ.close(f"{where}.{member}", got["difference"][member], figure, 1e-8)
    if "guardrail" in want:
        differ.same(f"{where}.state", got["guardrail"]["state"], want["guardrail"]["state"])
        differ.close(f"{where}.bound", got["guardrail"]["bound"], want["guardrail"]["bound"], 1e-8)


def compare_variant(differ, where, got, want):
    differ.same(f"{where}.units", got["units"], want["units"])
    if want["value"] is not None:
        differ.same(f"{where}.events", got["contributing"], want["contributing"])
    for member in ("value", "interval"):
        differ.close(f"{where}.{member}", got[member], want[member], 1e-8)


def compare_points(differ, where, got, want):
    if not want:
        differ.same(where, got, [])
        return
    differ.same(f"{where} ends", got[-1]["day"] if got else None, max(want))
    differ.same(f"{where} origin", [got[0]["day"], got[0]["value"]], [0, 0])
    differ.same(f"{where} many", len(got) <= 200, True)
    for point in got[1:]:
        at_risk, share, interval = want[point["day"]]
        differ.same(f"{where} {point['day']} at risk", point["at_risk"], at_risk)
        differ.close(f"{where} {point['day']}", point["value"], share, 1e-8)
        if interval and share > 1e-9:
            differ.close(f"{where} {point['day']} interval", point["interval"], interval, 1e-7)


def compare_time(differ, report, got):
    times, role, plan = time_oracle.Times(report, got["metric"]), got["role"], report.plan
    differ.same(f"{times.name}.final", got["final"], times.final)
    for one in got["variants"]:
        where = f"{times.name}.{one['variant']}"
        compare_variant(differ, where, one, times.variant("", "(all)", one["variant"]))
        median = times.median(one["variant"])
        if median is None or not math.isnan(median):
            differ.close(f"{where}.median", one["median"]["value"], median)
    margin = plan.guardrails[0]["worse_by"] if role == "guardrail" else None
    for one in got["comparisons"]:
        want = times.comparison(role, "", "(all)", one["variant"], margin)
        compare_comparison(differ, f"{times.name} of {one['variant']}", one, want)
    for look in got["over_time"]:
        day = report_oracle.instant(look["cohort"]) // DAY
        differ.same(f"{times.name} {day} as of", look["as_of"][:10],
                    report_worlds.stamp((day + 1) * DAY)[:10])
        for one in look["comparisons"]:
            differ.close(f"{times.name} {day} {one['variant']} p_now", one["p_now"],
                         times.looks(role, one["variant"])[day], 1e-8)
    for one in got["curve"]:
        for cause, part in enumerate([one] + one.get("competing", [])):
            compare_points(differ, f"{times.name} curve {one['variant']} {cause}", part["points"],
                           times.curve(one["variant"], cause))
    for segment in got["segments"]:
        for value in segment["values"]:
            for one in value["variants"]:
                compare_variant(differ, f"{times.name} {value['value']} {one['variant']}", one,
                                times.variant("role", value["value"], one["variant"]))
            for one in value["comparisons"]:
                compare_comparison(differ, f"{times.name} {value['value']}", one, times.comparison(
                    "part", "role", value["value"], one["variant"]))


def compare_brackets(differ, report, got):
    want, alpha = time_oracle.brackets(report, "curve"), report.plan.alpha
    for one in got["curve"]:
        for b, point in enumerate(one["points"]):
            where = f"bracket {one['variant']} {b}"
            (n, x), (n0, x0) = want[one["variant"]][b], want[report.plan.control][b]
            differ.same(where, [point["units"], point["successes"]], [n, x])
            differ.close(f"{where}.value", point["value"], x / n if n else None)
            differ.close(f"{where}.interval", point["interval"],
                         report_oracle.wilson(x, n, alpha) if n else None)
            if one["variant"] != report.plan.control:
                differ.close(f"{where}.difference", (point["difference"] or {}).get("interval"),
                             time_oracle.newcombe(x, n, x0, n0, alpha) if n and n0 else None)


def compare_flow(differ, report, document):
    want = time_oracle.flow(report)
    differ.same("flows", [f["variant"] for f in document["flow"] or []], list(want))
    for one in document["flow"] or []:
        for got, (step, fields) in zip(one["steps"], want[one["variant"]].items()):
            where, reached = f"flow {one['variant']} {step}", fields.get("reached", 0)
            differ.same(where, [got["step"], one["units"]], [step, fields.get("n", 0)])
            for member in ("reached", "completed", "dismissed", "failed"):
                differ.same(f"{where}.{member}", got[member], fields.get(member, 0))
            drop = reached - fields.get("completed", 0)
            differ.close(f"{where}.drop_off", (got["drop_off"] or {}).get("interval"),
                         report_oracle.wilson(drop, reached, report.plan.alpha) if reached
                         else None)
            differ.close(f"{where}.wait", got["median_seconds"], time_oracle.waits(fields, 0))
            inside = time_oracle.waits(fields, 1)
            differ.close(f"{where}.inside", got["actual_minutes"],
                         None if inside is None else inside / 60)
    differs = time_oracle.flow_differs(report)
    got = document["flow_differs"]
    if differs is None or got is None:
        differ.same("differs", got, None if differs is None or differs[1] == 1 else differs)
        return
    differ.close("differs", [got["p"], got["p_adjusted"]], list(differs[1:]), 1e-8)


def examine(seed):
    made = world(seed)
    with tempfile.TemporaryDirectory() as name:
        store = Store(pathlib.Path(name), made.declarations, made.messages)
        document = json.loads(store.report(made.key, made.as_of))
    report = report_oracle.Report(made.declarations, made.key, made.messages, made.as_of)
    differ = Differ()
    for metric in document["metrics"]:
        if metric["kind"] == "time_to":
            compare_time(differ, report, metric)
        else:
            compare_brackets(differ, report, metric)
    compare_flow(differ, report, document)
    return differ.found, document


class ReportTime(unittest.TestCase):
    def test_times_curves_and_flows_are_those_of_the_oracle(self):
        compared = tested = 0
        for seed in range(13, 313 if LONG else 29):
            found, document = examine(seed)
            self.assertEqual(found, [], (seed, document["as_of"], document["peeking"]))
            for metric in document["metrics"]:
                compared += sum(c["difference"] is not None for c in metric["comparisons"])
                tested += sum(c["p"] is not None for c in metric["comparisons"])
        self.assertGreater(compared, 10)
        self.assertGreater(tested, 3)


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        began = datetime.datetime.now()
        faults, shown = examine(int(argument))
        print(argument, shown["peeking"], shown["as_of"], datetime.datetime.now() - began,
              "\n  ".join([""] + faults[:12]))
    if len(sys.argv) == 1:
        unittest.main()
