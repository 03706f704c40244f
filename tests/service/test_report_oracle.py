#!/usr/bin/env python3
"""The JSON report equals that of the oracle, over random experiments and random populations.

Messages go in by `gangway import`, the report comes out by `gangway report --format json`; the
oracle (tests/oracle/report_oracle.py) reads the same files and messages.  Counts and the verdict by
equality, figures to 1e-9, Miettinen and Nurminen's limits to 1e-8.  A few dozen seeds; hundreds
with GANGWAY_LONG=1.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "oracle")]
import report_oracle  # noqa: E402
import report_worlds  # noqa: E402
import verdict_oracle  # noqa: E402

GANGWAY = os.environ.get("GANGWAY", "gangway")
LONG = os.environ.get("GANGWAY_LONG") == "1"
DAY = report_oracle.DAY


def gangway(*arguments):
    done = subprocess.run([GANGWAY, *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"gangway {arguments}: {done.returncode}\n{done.stdout[-2000:]}"
                             f"{done.stderr[-2000:]}")
    return done.stdout


class Store:
    """Declarations taken into service one after the other, the messages with the first."""

    def __init__(self, folder, declarations, messages):
        self.folder = folder
        lines = folder / "messages.ndjson"
        lines.write_text("".join(json.dumps(m) + "\n" for m in messages), encoding="utf-8")
        self.count = 0
        for catalogue in declarations:
            self.declare(catalogue, lines)
            lines.write_text("", encoding="utf-8")

    def declare(self, catalogue, lines):
        files = self.folder / f"experiments-{self.count}"
        self.count += 1
        files.mkdir()
        for key, file in catalogue["experiments"].items():
            (files / f"{key}.json").write_text(json.dumps(file), encoding="utf-8")
        for name in ("metrics", "segments"):
            (files / f"{name}.json").write_text(json.dumps({name: catalogue[name]}),
                                                encoding="utf-8")
        gangway("import", "--experiments", files, "--store", self.folder / "store", lines)

    def report(self, key, as_of, form="json"):
        return gangway("report", key, "--store", self.folder / "store", "--as-of",
                       report_worlds.stamp(as_of), "--format", form)


def date_of(day):
    return None if day is None else report_worlds.stamp(day * DAY)[:10]


class Differ:
    """Gathers what differs."""

    def __init__(self):
        self.found = []

    def same(self, where, got, want):
        if got != want or isinstance(got, bool) != isinstance(want, bool):
            self.found.append(f"{where}: {got!r}, the oracle has {want!r}")

    def close(self, where, got, want, tolerance=1e-9):
        if isinstance(want, list) and isinstance(got, list) and len(got) == len(want):
            for i, (one, other) in enumerate(zip(got, want)):
                self.close(f"{where}[{i}]", one, other, tolerance)
        elif isinstance(got, (list, str)) or isinstance(want, list) \
                or (got is None) != (want is None):
            self.same(where, got, want)
        elif want is not None and abs(got - want) > tolerance * max(1e-3, abs(want)):
            self.same(where, got, want)


def compare_effect(differ, where, got, want):
    if (got is None) != (want is None):
        differ.same(where, got, want)
    elif want:
        for member, figure in want.items():
            score = member in ("interval", "interval_adjusted")
            differ.close(f"{where}.{member}", got[member], figure, 1e-8 if score else 1e-9)


def compare_comparison(differ, where, got, want, role):
    for member in ("variant", "status"):
        differ.same(f"{where}.{member}", got[member], want[member])
    for member in ("difference", "lift"):
        compare_effect(differ, f"{where}.{member}", got[member], want[member])
    for member in ("p", "p_now", "p_anytime") + (
            ("p_adjusted",) if role in ("goal", "secondary") else ()):
        differ.close(f"{where}.{member}", got[member], want[member])
    if "p_anytime_day" in want and want["p_anytime"] < 1:
        differ.same(f"{where}.p_anytime_cohort", got["p_anytime_cohort"],
                    date_of(want["p_anytime_day"]))
    if role == "guardrail":
        for member, figure in want["guardrail"].items():
            if isinstance(figure, float):
                differ.close(f"{where}.guardrail.{member}", got["guardrail"][member], figure, 1e-8)
            else:
                differ.same(f"{where}.guardrail.{member}", got["guardrail"][member], figure)


def compare_metric(differ, where, got, want):
    for member in ("role", "kind", "final"):
        differ.same(f"{where}.{member}", got[member], want[member])
    for one, other in zip(got["variants"], want["variants"]):
        for member in ("variant", "units", "immature"):
            differ.same(f"{where}.{other['variant']}.{member}", one[member], other[member])
        for member in ("value", "interval"):
            differ.close(f"{where}.{other['variant']}.{member}", one[member], other[member])
    differ.same(f"{where}.comparisons", len(got["comparisons"]), len(want["comparisons"]))
    for one, other in zip(got["comparisons"], want["comparisons"]):
        compare_comparison(differ, f"{where}.{other['variant']}", one, other, want["role"])
    compare_looks(differ, f"{where}.over_time", got["over_time"], want["over_time"])
    differ.same(f"{where}.segments", [s["segment"] for s in got["segments"]],
                [s["segment"] for s in want["segments"]])
    for one, other in zip(got["segments"], want["segments"]):
        compare_segment(differ, f"{where}.by {other['segment']}", one, other)


def compare_looks(differ, where, got, want):
    shown = {look["cohort"]: look for look in got}
    days = {date_of(day): looks for day, looks in want.items()}
    differ.same(f"{where} days", sorted(set(shown) - set(days)), [])
    differ.same(f"{where} missing", [d for d in sorted(set(days) - set(shown))
                                     if shown and d <= max(shown)], [])
    for day in set(shown) & set(days):
        for one, other in zip(shown[day]["comparisons"], days[day]):
            differ.same(f"{where} {day}", one["difference"] is None, other is None)
            if other and one["difference"]:
                differ.close(f"{where} {day}", [one["difference"]["estimate"],
                                                one["difference"]["se"]], list(other[:2]))
                differ.close(f"{where} {day} p_now", one["p_now"], other[2])


def compare_segment(differ, where, got, want):
    values = {v["value"]: v for v in got["values"]}
    differ.same(f"{where} values", sorted(values), sorted(want["values"]))
    for value in set(values) & set(want["values"]):
        for one, other in zip(values[value]["variants"], want["values"][value]):
            for member in ("units", "successes") if other["units"] else ("units",):
                differ.same(f"{where} {value} {other['variant']}", one[member], other[member])
        for one, other in zip(values[value]["comparisons"], want["comparisons"][value]):
            differ.close(f"{where} {value} p_adjusted", one["p_adjusted"],
                         other.get("p_adjusted"))
            compare_comparison(differ, f"{where} {value} {other['variant']}", one, other, "part")
    tests = {h["variant"]: h for h in got.get("heterogeneity_by_variant")
             or filter(None, [got["heterogeneity"]])}
    for other in want["heterogeneity_by_variant"]:
        for member in ("q", "df", "p", "i2", "tau2", "p_adjusted"):
            differ.close(f"{where} {other['variant']} {member}", tests[other["variant"]][member],
                         other[member])
    if not want["heterogeneity_by_variant"]:
        differ.same(f"{where} tested early", [h["q"] for h in tests.values() if h["q"]], [])


def compare_health(differ, got, report, trust):
    ratio = dict(trust["sample_ratio"])
    day = ratio.pop("since_day", None)
    differ.same("since", got["sample_ratio"]["since"], date_of(day))
    differ.same("ratio alarm", got["sample_ratio"]["alarm"], ratio.pop("alarm"))
    for member, figure in ratio.items():
        differ.close(f"sample_ratio.{member}", got["sample_ratio"][member], figure, 1e-7)
    for other in trust["segments"]:
        one = next(s for s in got["sample_ratio"]["segments"] if s["segment"] == other["segment"])
        for member in ("bayes_factor", "bayes_factor_max"):
            differ.close(f"ratio by {other['segment']} {member}", one[member], other[member], 1e-7)
        differ.same(f"ratio by {other['segment']}", one["warning"], other["warning"])
    for name, count in report.crossed.items():
        differ.same(f"crossed {name}", got["crossed"][name], count)
    differ.same("crossed alarm", got["crossed"]["alarm"], trust["crossed"]["alarm"])
    differ.close("crossed p", got["crossed_test"]["p"], trust["crossed"]["p"])
    differ.same("mismatch", got["mismatch"], report.mismatch)
    outside = report.outside()
    differ.same("carried over", got["carried_over"], outside.pop("carried_over", 0))
    outside.pop("skewed", None)
    differ.same("outside", {k: n for k, n in got["outside"].items() if n}, outside)


def oracle_of(world, stop_ms):
    report = report_oracle.Report(world.declarations, world.key, world.messages, world.as_of,
                                  stop_ms)
    plan = report.plan
    roles = [("goal", n, None) for n in plan.goals] + [("secondary", n, None) for n in
                                                       plan.secondary]
    roles += [("guardrail", g["metric"], g["worse_by"]) for g in plan.guardrails]
    roles += [("diagnostic", n, None) for n in plan.diagnostics if n != "answer"]
    metrics = [report.metric(*role) for role in roles]
    report.families(metrics)
    report.heterogeneity_family(metrics)
    report.value_families(metrics)
    trust = {"sample_ratio": report.sample_ratio(), "crossed": report.crossing(),
             "segments": [report.segment_ratio(s) for s in plan.watched] if report.by_day else []}
    return report, metrics, trust, verdict_oracle.verdict(report, metrics, trust)


def differences(world, document, stop_ms):
    report, metrics, trust, verdict = oracle_of(world, stop_ms)
    differ = Differ()
    verdict["flags"] += ["amended"] if document["registered"]["amendments"] else []
    for member, figure in verdict.items():
        if member == "flags":
            figure = sorted(figure)
            document["verdict"]["flags"].sort()
        differ.same(f"verdict.{member}", document["verdict"][member], figure)
    differ.same("final.cohort", document["final"]["cohort"], date_of(report.k))
    differ.same("final.because", document["final"]["because"], report.because)
    differ.same("exposed", {v["variant"]: v["exposed"] for v in document["variants"]},
                report.exposed)
    compare_health(differ, document["health"], report, trust)
    if report.plan.planned:
        differ.close("planned", document["planned"]["units"], report.plan.planned, 1e-3)
    shown = {(m["role"], m["metric"]): m for m in document["metrics"] if m["role"] != "exploratory"}
    for metric in metrics:
        compare_metric(differ, metric["metric"], shown[metric["role"], metric["metric"]], metric)
    return differ.found


def examine(seed, ended=False):
    """(what differs, the document)"""
    now = int(time.time() * 1000)
    world = report_worlds.ended_world(seed, now) if ended else report_worlds.world(seed)
    with tempfile.TemporaryDirectory() as name:
        store = Store(pathlib.Path(name), world.declarations, world.messages)
        taken = int(time.time() * 1000)
        world.as_of = taken if ended else world.as_of
        document = json.loads(store.report(world.key, world.as_of))
    statuses = [c["experiments"][world.key]["status"] for c in world.declarations]
    stop_ms = taken if statuses[-1] == "stopped" else None
    return differences(world, document, stop_ms), document


class ReportOracle(unittest.TestCase):
    def check(self, seeds, ended=False):
        rows = set()
        for seed in seeds:
            found, document = examine(seed, ended)
            self.assertEqual(found, [], (seed, document["as_of"], document["verdict"]["row"]))
            rows.add(document["verdict"]["row"])
        return rows

    def test_the_report_has_the_figures_of_the_oracle(self):
        rows = self.check(range(1000, 1600 if LONG else 1028))
        self.assertGreater(len(rows), 16 if LONG else 9)

    def test_so_after_a_stop_by_hand_and_a_moved_end(self):
        self.assertIn(15, self.check(range(1000, 1100 if LONG else 1005), ended=True))


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        faults, shown = examine(int(argument.strip("e")), argument.endswith("e"))
        print(argument, shown["verdict"]["row"], shown["peeking"], "\n  ".join([""] + faults[:12]))
    if len(sys.argv) == 1:
        unittest.main()
