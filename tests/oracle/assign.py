"""Who gets what, written a second time: the oracle of the golden assignments.

Written from the grammar (sections 3, 6 and 8) and the description of the GrowthBook hash, not from
the C code, with nothing but the standard library.  An experiment is a dict of the words of its file.
`assign(experiment, unit, traits, at_ms)` gives (variant, reason, in_experiment).
"""

import datetime
import fractions
import math
import re

FOUND_IN_EXPERIMENT = {"split"}


# ---- The hash ----

def code_units(text):
    """UTF-16, as a JavaScript string has it."""
    data = text.encode("utf-16-le")
    return [data[i] | data[i + 1] << 8 for i in range(0, len(data), 2)]


def fnv1a(text):
    value = 0x811C9DC5
    for unit in code_units(text):
        value = (value ^ unit) * 0x01000193 & 0xFFFFFFFF
    return value


def bucket1(seed, unit):
    return fnv1a(unit + seed) % 1000 / 1000


def bucket2(seed, unit):
    return fnv1a(str(fnv1a(seed + unit))) % 10000 / 10000


def ranges(weights, coverage):
    low, found = 0.0, []
    for weight in weights:
        found.append((low, low + coverage * weight))
        low += weight
    return found


# ---- Words of the file ----

def percent(text):
    """The double nearest to the share, not a quotient of two rounded ones."""
    return float(fractions.Fraction(text.rstrip("%")) / 100)


def time_ms(text):
    """A date or RFC 3339 as ms since 1970; ValueError when it is neither."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?", text):
        raise ValueError(text)
    fraction = re.search(r"\.(\d+)", text)
    whole = re.sub(r"\.\d+", "", text).replace("Z", "+00:00")
    moment = datetime.datetime.fromisoformat(whole)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    milliseconds = int((fraction.group(1) + "00")[:3]) if fraction else 0
    return int(moment.timestamp()) * 1000 + milliseconds


def number(text):
    """The number that a text wholly is, or None."""
    if isinstance(text, str) and re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", text):
        return float(text)
    return None


def operand_text(operand):
    if isinstance(operand, bool):
        return "true" if operand else "false"
    return str(operand)


# ---- Conditions ----

def lookup(traits, path):
    """The trait of that path and whether it is there; null counts as missing."""
    while isinstance(traits, dict):
        if path in traits:
            return traits[path]
        if "." not in path:
            return None
        head, path = path.split(".", 1)
        traits = traits.get(head)
    return None


def scalar_equals(value, operand):
    text = operand_text(operand)
    if isinstance(value, bool):
        return text == ("true" if value else "false")
    if isinstance(value, (int, float)):
        return number(text) is not None and number(text) == float(value)
    return isinstance(value, str) and value == text


def among(value, operands):
    values = value if isinstance(value, list) else [value]
    return any(scalar_equals(v, o) for v in values for o in operands)


def as_number(value):
    if isinstance(value, bool):
        return None
    return float(value) if isinstance(value, (int, float)) else number(value)


def as_time(value):
    if isinstance(value, str):
        try:
            return time_ms(value)
        except ValueError:
            pass
    seconds = as_number(value)
    return None if seconds is None else seconds * 1000


VERSION = re.compile(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?"
                     r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
                     r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?")


def version(text):
    """A key that sorts as semver 2.0 says, or None."""
    match = VERSION.fullmatch(text) if isinstance(text, str) else None
    if not match:
        return None
    numbers = tuple(int(n or 0) for n in match.groups()[:3])
    if match.group(4) is None:
        return numbers, (1,)
    parts = [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in match.group(4).split(".")]
    return numbers, (0, parts)


def compare(value, operand, holds):
    """`holds(a, b)` of two numbers, times or versions, False where the trait is none."""
    return value is not None and holds(value, operand)


OPERATORS = {
    "eq": lambda v, o: among(v, [o]),
    "ne": lambda v, o: not among(v, [o]),
    "in": among,
    "not_in": lambda v, o: not among(v, o),
    "gt": lambda v, o: compare(as_number(v), float(o), lambda a, b: a > b),
    "gte": lambda v, o: compare(as_number(v), float(o), lambda a, b: a >= b),
    "lt": lambda v, o: compare(as_number(v), float(o), lambda a, b: a < b),
    "lte": lambda v, o: compare(as_number(v), float(o), lambda a, b: a <= b),
    "between": lambda v, o: compare(as_number(v), o, lambda a, b: float(b[0]) <= a <= float(b[1])),
    "starts_with": lambda v, o: isinstance(v, str) and v.startswith(operand_text(o)),
    "ends_with": lambda v, o: isinstance(v, str) and v.endswith(operand_text(o)),
    "contains": lambda v, o: (operand_text(o) in v if isinstance(v, str) else
                              isinstance(v, list) and
                              any(isinstance(i, str) and i == operand_text(o) for i in v)),
    "matches": lambda v, o: isinstance(v, str) and re.search(o, v) is not None,
    "version_gte": lambda v, o: compare(version(v), version(o), lambda a, b: a >= b),
    "version_lt": lambda v, o: compare(version(v), version(o), lambda a, b: a < b),
    "before": lambda v, o: compare(as_time(v), time_ms(o), lambda a, b: a < b),
    "after": lambda v, o: compare(as_time(v), time_ms(o), lambda a, b: a > b),
}


def test_holds(value, test):
    if isinstance(test, list):
        test = {"in": test}
    elif not isinstance(test, dict):
        test = {"eq": test}
    for operator, operand in test.items():
        if operator == "exists":
            if (value is not None) != operand:
                return False
        elif value is None or not OPERATORS[operator](value, operand):
            return False
    return True


def condition_holds(condition, traits):
    for key, part in condition.items():
        if key == "all":
            holds = all(condition_holds(p, traits) for p in part)
        elif key == "any":
            holds = any(condition_holds(p, traits) for p in part)
        elif key == "not":
            holds = not condition_holds(part, traits)
        else:
            holds = test_holds(lookup(traits, key), part)
        if not holds:
            return False
    return True


# ---- Section 8 ----

class Question:
    """One experiment, one unit, one moment."""

    def __init__(self, experiment, unit, traits, at_ms):
        self.experiment, self.unit, self.traits, self.at_ms = experiment, unit, traits, at_ms
        self.traffic = experiment.get("traffic", {})
        self.names = list(experiment["variants"])
        self.control = next(n for n, v in experiment["variants"].items() if v.get("control"))
        self.salt = experiment.get("salt", experiment["experiment"])

    def weights(self):
        variants = self.experiment["variants"].values()
        if any("weight" in v for v in variants):
            return [percent(v["weight"]) for v in variants]
        return [1 / len(variants)] * len(variants)

    def coverage(self):
        if "ramp" not in self.traffic:
            return percent(self.traffic.get("coverage", "100%"))
        reached = [s for s in self.traffic["ramp"] if time_ms(s["from"]) <= self.at_ms]
        return percent(reached[-1]["coverage"]) if reached else 0.0

    def split(self):
        bucket = bucket2(self.salt, self.unit)
        for name, (low, high) in zip(self.names, ranges(self.weights(), self.coverage())):
            if low <= bucket < high:
                return name
        return None

    def held_out(self):
        holdout = self.traffic.get("holdout")
        return holdout is not None and (
            bucket1("__holdout:" + holdout["group"], self.unit) < percent(holdout["share"]))

    def excluded(self):
        exclusive = self.traffic.get("exclusive")
        if exclusive is None:
            return False
        low, high = (percent(p) for p in exclusive["range"].split(".."))
        return not low <= bucket1("__" + exclusive["group"], self.unit) < high

    def rolled_out(self):
        rollout = self.experiment["rollout"]
        had = not self.excluded() and self.split() == rollout["to"]
        below = bucket2(self.salt + ":rollout", self.unit) < percent(rollout.get("coverage", "100%"))
        return had or below


def assign(experiment, unit, traits, at_ms):
    question = Question(experiment, unit, traits, at_ms)
    variant, reason = decide(question, experiment.get("status", "draft"))
    return variant, reason, reason in FOUND_IN_EXPERIMENT


def decide(question, status):
    experiment, control = question.experiment, question.control
    forced = experiment.get("force", {}).get(question.unit)
    if experiment.get("assignment") == "elsewhere":
        return control, "assigned_elsewhere"
    if status == "draft":
        return (forced, "forced") if forced else (control, "draft")
    if status == "paused":
        return control, "paused"
    if status == "stopped" and "rollout" not in experiment:
        return control, "stopped"
    if status == "running" and forced:
        return forced, "forced"
    if question.at_ms < time_ms(experiment["start"]) if "start" in experiment else False:
        return control, "not_started"
    if not condition_holds(experiment.get("audience", {}), question.traits):
        return control, "not_in_audience"
    if question.held_out():
        return control, "holdout"
    if status == "stopped":
        if question.rolled_out():
            return experiment["rollout"]["to"], "rolled_out"
        return control, "stopped"
    if question.excluded():
        return control, "excluded"
    variant = question.split()
    if variant is None:
        return control, "not_in_coverage"
    end = time_ms(experiment["end"]) if "end" in experiment else math.inf
    return variant, "ended" if question.at_ms >= end else "split"
