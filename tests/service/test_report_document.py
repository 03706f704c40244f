"""The JSON report as reports.md lists it, and what must not move it (inference.md, Invariants).

Over random experiments (report_worlds.py): every member is there under its name, with null and a
reason where there is nothing; the text is canonical; p_h and the printed intervals agree; what
comes after the final set, an exploratory segment and a secondary change no number that decides.
"""

import copy
import json
import os
import pathlib
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "oracle")]
import fold_oracle  # noqa: E402
import report_oracle  # noqa: E402
import report_worlds  # noqa: E402
from test_report_oracle import Store  # noqa: E402

LONG = os.environ.get("GANGWAY_LONG") == "1"
DAY = report_oracle.DAY

COMPARISON = {"variant": 0, "status": 0, "reason": 0, "difference": {
    "estimate": 0, "se": 0, "level": 0, "interval": 0, "anytime_level": 0, "anytime_interval": 0,
    "interval_adjusted": 0}, "lift": {
    "estimate": 0, "se": 0, "level": 0, "interval": 0, "anytime_level": 0, "anytime_interval": 0},
    "p": 0, "p_now": 0, "p_anytime": 0, "p_adjusted": 0, "chance_to_beat_control": 0,
    "guardrail": {"worse_by": 0, "margin": 0, "bound": 0, "state": 0}, "unadjusted": 0}
VALUES = [{"variant": 0, "units": 0, "immature": 0, "value": 0, "interval": 0, "status": 0,
           "reason": 0}]
REPORT = {
    **dict.fromkeys("format gangway experiment name owner hypothesis why status start end phase "
                    "confidence peeking as_of definition flow notes".split(), 0),
    "registered": {"plan": 0, "amendments": 0},
    "final": {"cohort": 0, "reached": 0, "because": 0},
    "verdict": {"code": 0, "metric": 0, "variant": 0, "text": 0, "flags": 0},
    "health": {"sample_ratio": dict.fromkeys(
        "chi_square p bayes_factor bayes_factor_max alarm gap since break expected segments".split(), 0),
        "crossed": {"alarm": 0}, "outside": dict.fromkeys(
            "forced not_started holdout excluded not_in_coverage ended unknown_variant".split(), 0),
        **dict.fromkeys("mismatch skewed carried_over erased hot clamped unknown_traits "
                        "exposure_sources never_received gaps mixed_accounts".split(), 0)},
    "delivery": dict.fromkeys("watermark fold_lag_seconds duplicates late registered_at".split(),
                              0),
    "variants": [{"variant": 0, "control": 0, "weight": 0, "exposed": 0}],
    "metrics": [{
        "metric": 0, "role": 0, "kind": 0, "adjusted_for": 0, "definition": 0, "curve": 0,
        "variants": VALUES, "comparisons": [COMPARISON],
        "segments": [{"segment": 0, "heterogeneity": {"q": 0, "df": 0, "p": 0, "i2": 0, "tau2": 0},
                      "values": [{"value": 0, "variants": VALUES,
                                  "comparisons": [{**COMPARISON, "shrunken": 0}]}]}],
        "over_time": [{"as_of": 0, "comparisons": 0}]}],
    "planned": {"units": 0, "days_left": 0, "detectable_lift": 0}}


def missing(shape, found, where=""):
    """The members that are not there; a null has none."""
    if isinstance(shape, list):
        for i, item in enumerate(found or []):
            yield from missing(shape[0], item, f"{where}[{i}]")
    elif isinstance(shape, dict) and found is not None:
        for name, part in shape.items():
            if name not in found:
                yield f"{where}.{name}"
            else:
                yield from missing(part, found[name], f"{where}.{name}")


def strict(text):
    """The document, refusing members out of order or twice."""
    def members(pairs):
        names = [name for name, _ in pairs]
        if names != sorted(set(names)):
            raise AssertionError(f"members out of order or twice: {names}")
        return dict(pairs)
    return json.loads(text, object_pairs_hook=members)


def excludes_zero(interval):
    return interval is not None and not interval[0] <= 0 <= interval[1]


def decided(document):
    """All that F1 to F3 and the verdict read, but for the name of what was declared."""
    kept = {name: document[name] for name in ("variants", "final", "planned", "as_of")}
    kept["metrics"] = [{k: v for k, v in m.items() if k not in ("segments", "definition")}
                       for m in document["metrics"] if m["role"] in ("goal", "guardrail")]
    kept["verdict"] = {k: v for k, v in document["verdict"].items() if k not in ("flags", "text")}
    return kept


class Document(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="gangway-document-")
        self.addCleanup(self.folder.cleanup)
        self.stores = 0

    def report(self, catalogues, messages, as_of, form="json"):
        folder = pathlib.Path(self.folder.name) / str(self.stores)
        self.stores += 1
        folder.mkdir()
        return Store(folder, catalogues, messages).report("e", as_of, form)

    def test_every_member_is_there_and_the_text_is_canonical(self):
        for seed in range(3000, 3080 if LONG else 3004):
            world = report_worlds.world(seed, most=1200)
            text = self.report(world.declarations, world.messages, world.as_of)
            document = strict(text)
            self.assertEqual(list(missing(REPORT, document)), [], seed)
            self.assertEqual(text.count("\n"), 1)
            self.assertNotIn(": ", text.replace(document["verdict"]["text"], "")[:200])
            self.reasons(document)
            self.agreement(document)

    def reasons(self, document):
        """What is not estimable says why; before the final look the reason is named."""
        for metric in document["metrics"]:
            for found in metric["comparisons"]:
                if found["status"] != "ok":
                    self.assertTrue(found["reason"])
                    self.assertIsNone(found["difference"])
                elif found["p"] is None and document["peeking"] != "always":
                    self.assertEqual(found["reason"], "before_final")
                if document["peeking"] == "fixed" and metric["role"] != "guardrail":
                    self.assertIsNone(found["p_now"])
                    self.assertIsNone(found["p_anytime"])
                    self.assertIsNone((found["difference"] or {}).get("anytime_interval"))
                if document["peeking"] == "always":
                    self.assertIsNone(found["p"])
                    self.assertIsNone((found["difference"] or {}).get("interval"))
        self.assertIn("without_largest_unit", document["not_computed"])

    def agreement(self, document):
        """At m = 1, p_h <= a exactly when a printed unadjusted interval excludes 0."""
        goals = [m for m in document["metrics"] if m["role"] == "goal"]
        if len(goals) != 1 or len(goals[0]["comparisons"]) != 1:
            return
        found = goals[0]["comparisons"][0]
        if found["p_adjusted"] is not None:
            difference = found["difference"]
            self.assertEqual(found["p_adjusted"] <= round(1 - document["confidence"], 9),
                             excludes_zero(difference["interval"])
                             or excludes_zero(difference["anytime_interval"]))

    def ordinary(self):
        """A hybrid experiment of two variants with a strong effect, over at its end."""
        for seed in range(4000, 4100):
            world = report_worlds.world(seed)
            file = world.declarations[0]["experiments"]["e"]
            if (len(world.declarations) == 1 and file["analysis"]["peeking"] == "hybrid"
                    and "expect" not in file["analysis"] and file["metrics"].get("goal")
                    and file["metrics"]["guardrails"] and len(world.messages) > 4000
                    and file["status"] == "running" and "unit" not in file
                    and "segments" not in file):
                return world
        raise AssertionError("no such seed")

    def test_what_comes_after_the_final_set_leaves_the_final_test_alone(self):
        world = self.ordinary()
        catalogue = copy.deepcopy(world.declarations[0])
        file = catalogue["experiments"]["e"]
        file["analysis"]["expect"] = {"baseline": "30%", "lift": "30%", "units": 700}
        file["analysis"]["lift"] = "relative"
        del file["end"]
        after = report_worlds.START + 40 * DAY
        whole = self.report([catalogue], world.messages, after)
        cohort = json.loads(whole)["final"]["cohort"]
        last = fold_oracle.instant(cohort) + DAY
        seen = {}
        for message in world.messages:
            if message.get("event") == "Experiment Viewed":
                unit, time = message["userId"], fold_oracle.instant(message["timestamp"])
                seen[unit] = min(seen.get(unit, time), time)
        early = [m for m in world.messages if seen.get(m["userId"], 0) < last]
        self.assertLess(len(early), len(world.messages))
        part = json.loads(self.report([catalogue], early, after))
        whole = json.loads(whole)
        self.assertEqual(part["final"], whole["final"])
        self.assertLess(part["variants"][0]["exposed"], whole["variants"][0]["exposed"])
        for one, other in zip(part["metrics"], whole["metrics"]):
            self.assertTrue(one["final"] and other["final"])
            for a, b in zip(one["comparisons"], other["comparisons"]):
                self.assertEqual(json.dumps([a["p"], a["difference"]["interval"]]),
                                 json.dumps([b["p"], b["difference"]["interval"]]))

    def test_a_moved_end_a_segment_or_a_secondary_moves_no_number_that_decides(self):
        world = self.ordinary()
        first = world.declarations[0]
        for as_of in (report_worlds.START + 9 * DAY, report_worlds.START + 40 * DAY):
            want = decided(json.loads(self.report([first], world.messages, as_of)))
            more = copy.deepcopy(first)
            more["experiments"]["e"]["segments"] = ["role", "size"]
            found = json.loads(self.report([more], world.messages, as_of))
            self.assertEqual(decided(found), want)
            more = copy.deepcopy(first)
            unused = next(m for m in sorted(first["metrics"]) if m not in json.dumps(
                first["experiments"]["e"]["metrics"]))
            more["experiments"]["e"]["metrics"]["secondary"] = \
                first["experiments"]["e"]["metrics"]["secondary"] + [unused]
            found = json.loads(self.report([more], world.messages, as_of))
            self.assertEqual(decided(found), want)
            later = copy.deepcopy(first)
            later["experiments"]["e"]["end"] = "2026-05-05"
            found = json.loads(self.report([first, later], world.messages, as_of))
            self.assertEqual(found["final"], want["final"])
            self.assertEqual([m["comparisons"] for m in found["metrics"]
                              if m["role"] in ("goal", "guardrail")],
                             [m["comparisons"] for m in want["metrics"]])

    def test_the_text_says_of_each_variant_whether_its_own_effect_differs(self):
        said = set()
        for seed in range(5000, 5006):
            chance = report_worlds.Chance(seed, report_worlds.START)
            metrics = report_worlds.metrics_of(chance)
            goal = [m for m in metrics if metrics[m]["kind"] == "conversion"][0]
            file = {"experiment": "e", "status": "running", "start": "2026-01-05",
                    "end": "2026-01-12", "assignment": "elsewhere", "segments": ["role"],
                    "variants": {"a": {"control": True}, "b": {}, "c": {}},
                    "metrics": {"goal": goal, "why": "w"},
                    "analysis": {"peeking": chance.choice(["always", "fixed"]),
                                 "confidence": "60%"}}
            crowd = report_worlds.Crowd(chance, file, metrics, 7)
            crowd.lost = crowd.crossing = crowd.mismatch = 0
            for number in range(1500):
                crowd.unit(number)
            catalogue = report_worlds.catalogue(file, metrics)
            after = report_worlds.START + 30 * DAY
            metric = json.loads(self.report([catalogue], crowd.messages, after))["metrics"][0]
            text = self.report([catalogue], crowd.messages, after, "text")
            for test in metric["segments"][0]["heterogeneity_by_variant"]:
                lines = text.split("\n")
                at = next(i for i, x in enumerate(lines) if f"by role, {test['variant']}: " in x)
                line = lines[at]
                if test["p_adjusted"] is None:
                    self.assertIn("exploratory", line)
                    continue
                words = ("the effect differs" if test["p_adjusted"] <= .4
                         else "no evidence that the effect differs")
                self.assertIn(f": {words} (p ", line)
                shown = float(line.split("(p ")[1].split(")")[0].lstrip("<"))
                self.assertLess(abs(shown - test["p_adjusted"]), .02, line)
                self.assertEqual("not protected against peeking" in lines[at + 1],
                                 file["analysis"]["peeking"] == "always")
                said.add(words)
        self.assertEqual(len(said), 2)


if __name__ == "__main__":
    unittest.main()
