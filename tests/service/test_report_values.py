#!/usr/bin/env python3
"""Comparisons of counts, sums, means, ratios and scores, and adjusted ones of every kind, equal
those of an oracle of their own (tests/oracle/value_oracle.py), over random small experiments.

Estimates, errors, intervals, p and every look to 1e-9.  A few worlds; more with GANGWAY_LONG=1.
"""
import json
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
import test_report_oracle  # noqa: E402
import value_oracle  # noqa: E402

LONG = os.environ.get("GANGWAY_LONG") == "1"
DAY, HOUR = report_worlds.DAY, report_worlds.HOUR
METRICS = {"act": {"kind": "conversion", "event": "Contact", "within": "2d"},
           "calls": {"kind": "count", "event": "Call", "within": "2d", "cap": 4},
           "spent": {"kind": "sum", "event": "Deal", "property": "value", "within": "2d",
                     "cap": 90.5},
           "size": {"kind": "mean", "event": "Deal", "property": "value", "within": "2d",
                    "cap": 400},
           "per_call": {"kind": "ratio", "numerator": "spent", "denominator": "calls"},
           "score": {"kind": "nps", "event": "NPS Answered", "property": "score", "within": "2d"}}
SEATS = {"trait": "seats", "cap": 1000, "missing": 2.5}
AGE = {"trait": "age", "cap": 60, "missing": 0}
ADJUST = [[], ["role"], ["role", "size"], [SEATS], [SEATS, AGE], ["role", SEATS],
          ["role", "size", SEATS, AGE]]


def experiment(chance, adjust):
    names = ["a", "b", "c"][:chance.choice([2, 2, 3])]
    file = {"experiment": "e", "status": "running", "start": report_worlds.date_text(
        report_worlds.START), "assignment": "elsewhere",
        "end": report_worlds.date_text(report_worlds.START + chance.choice([5, 7]) * DAY),
        "variants": {n: {"control": True} if n == "a" else {} for n in names},
        "segments": ["role", "size"], "metrics": {"goal": ["act", "spent"], "why": "it shows value",
                                                  "secondary": ["calls", "size", "per_call",
                                                                "score"]},
        "analysis": {"peeking": chance.choice(["hybrid", "hybrid", "always", "fixed"]),
                     "confidence": chance.choice(["95%", "90%"]), "min_days": 0}}
    if adjust:
        file["analysis"]["adjust_for"] = adjust
    return file


class Crowd:
    def __init__(self, chance, file, units):
        self.chance, self.messages, self.variants = chance, [], list(file["variants"])
        for number in range(units):
            self.unit(f"u{number}")

    def send(self, user, event, time, **properties):
        self.messages.append({"type": "track", "event": event, "userId": user,
                              "messageId": f"m{len(self.messages)}",
                              "timestamp": report_worlds.stamp(time), "properties": properties})

    def unit(self, user):
        chance = self.chance
        time = report_worlds.START + chance.randrange(7 * DAY)
        variant, role = chance.choice(self.variants), chance.choice(["rep", "rep", "owner", None])
        traits = {"seats": chance.choice([chance.randint(1, 60), chance.randint(1, 60) / 4]),
                  "age": chance.randint(18, 70), "size": chance.choice([1, 5, 30]), "role": role}
        traits = {k: v for k, v in traits.items() if v is not None and chance.random() < .97}
        self.send(user, "Experiment Viewed", time, experiment_id="e", variation_id=variant)
        self.messages[-1]["context"] = {"traits": traits}
        pull = .2 * (role == "owner") + traits.get("seats", 0) / 150 + .1 * (variant != "a")
        after = time + HOUR
        if chance.random() < .25 + pull:
            self.send(user, "Contact", after)
        for _ in range(chance.choice([0, 0, 1, 2, 3]) + int(4 * pull * chance.random())):
            self.send(user, "Call", after + chance.randrange(30 * HOUR))
        while chance.random() < .3 + pull / 2:
            self.send(user, "Deal", after + chance.randrange(40 * HOUR),
                      value=round(chance.lognormvariate(3 + pull, 1), 2))
        if chance.random() < .5:
            self.send(user, "NPS Answered", after, score=chance.randint(3, 10))


def world(seed):
    chance = random.Random(seed)
    file = experiment(chance, ADJUST[seed % len(ADJUST)])
    crowd = Crowd(chance, file, chance.choice([500, 700]))
    as_of = report_worlds.START + chance.choice([6, 8, 20]) * DAY + chance.randrange(DAY)
    return report_worlds.World(seed, [report_worlds.catalogue(file, METRICS)], crowd.messages, "e",
                               as_of)


def compare(differ, where, got, want):
    for member in ("difference", "lift"):
        one, other = got[member], want[member]
        if (one is None) != (other is None):
            differ.same(f"{where}.{member}", one, other)
        for name, figure in (other or {}).items():
            if one:
                differ.close(f"{where}.{member}.{name}", one[name], figure)
    for member in ("p", "p_now"):
        differ.close(f"{where}.{member}", got[member], want[member])


def compare_all(differ, where, got, want):
    differ.same(f"{where} adjusted", got["adjustment"] is not None, want["is_adjusted"])
    if want["unadjusted"] and got["unadjusted"]:
        compare(differ, f"{where} unadjusted", got["unadjusted"], want["unadjusted"])
        ratio = got["difference"]["se"] / got["unadjusted"]["difference"]["se"]
        differ.close(f"{where} narrower", got["narrower"], 1 - ratio)
    compare(differ, where, got, want)


def differences(document, report):
    differ = test_report_oracle.Differ()
    plain_shares = not report.registered["experiments"]["e"]["analysis"].get("adjust_for")
    for metric in document["metrics"]:
        name = metric["metric"]
        if metric["kind"] == "conversion" and plain_shares:
            continue  # test_report_oracle.py has these
        for found in metric["comparisons"]:
            where = f"{name}.{found['variant']}"
            want = value_oracle.comparison(report, name, found["variant"])
            if want["is_adjusted"] and metric["kind"] == "conversion":
                want["unadjusted"] = None
            if want["is_adjusted"] or metric["kind"] != "conversion":
                compare_all(differ, where, found, want)
            days = {test_report_oracle.date_of(d): look for d, look in
                    value_oracle.looks(report, name, found["variant"]).items()}
            for look in metric["over_time"]:
                one = next(c for c in look["comparisons"] if c["variant"] == found["variant"])
                other = days[look["cohort"]]
                shown = one["difference"] and [one["difference"]["estimate"],
                                               one["difference"]["se"]]
                if metric["kind"] != "conversion":
                    differ.close(f"{where} {look['cohort']}", shown, other and list(other))
        for segment in metric["segments"][:1] if metric["kind"] != "conversion" else []:
            for value in segment["values"]:
                for found in value["comparisons"]:
                    compare_all(differ, f"{name} {value['value']} {found['variant']}", found,
                                value_oracle.comparison(report, name, found["variant"],
                                                        segment["segment"], value["value"]))
    return differ.found


def examine(seed):
    """(what differs, how many comparisons were adjusted, how many had a p)"""
    made = world(seed)
    with tempfile.TemporaryDirectory() as name:
        store = test_report_oracle.Store(pathlib.Path(name), made.declarations, made.messages)
        document = json.loads(store.report("e", made.as_of))
    report = report_oracle.Report(made.declarations, "e", made.messages, made.as_of)
    found = [c for m in document["metrics"] for c in m["comparisons"]]
    return (differences(document, report), sum(c["adjustment"] is not None for c in found),
            sum(c["p"] is not None or c["p_now"] is not None for c in found))


class ReportValues(unittest.TestCase):
    def test_values_and_adjustment_are_those_of_the_oracle(self):
        adjusted = tested = 0
        for seed in range(700, 700 + (140 if LONG else 14)):
            found, one, other = examine(seed)
            self.assertEqual(found, [], seed)
            adjusted, tested = adjusted + one, tested + other
        self.assertGreater(adjusted, 40)
        self.assertGreater(tested, 60)


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print(argument, *examine(int(argument)), sep="\n  ")
    if len(sys.argv) == 1:
        unittest.main()
