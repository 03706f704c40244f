"""Everyone from raw messages, by the definition in analysis/population.h and core_actions.h alone.

    users(catalogue, messages) -> {user id: Person}, each with .first, .outcomes, .trait(path, time)
"""
import fractions

import fold_oracle
from metric_oracle import DAY, MICRO, SHARES, Reading, Window, bounds, duration, is_reached, \
    items_of, lookup, metric_fields


class Person:
    def __init__(self, messages):
        self.messages = messages
        self.first = min(m["time"] for m in messages)
        self.everything = [m for m in messages if fold_oracle.is_outcome(m)]
        self.outcomes = fold_oracle.first_bodies(self.everything, fold_oracle.message_key)

    def trait(self, path, time):
        said = [m for m in self.messages if m["type"] != "group" and lookup(m["traits"], path)[0]]
        known = [m for m in fold_oracle.first_bodies(said, fold_oracle.message_key)
                 if m["time"] <= time]
        if not known:
            return False, None
        return lookup(max(known, key=lambda m: m["time"])["traits"], path)

    def slices(self, catalogue, time):
        yield None, None
        for name, segment in catalogue["segments"].items():
            yield name, fold_oracle.segment_value(segment, *self.trait(segment["trait"], time))


def users(messages):
    by_user = {}
    for message in messages:
        if message.get("userId") and not message.get("skewed"):
            by_user.setdefault(message["userId"], []).append(fold_oracle.normalised(message))
    return {user: Person(mine) for user, mine in by_user.items()}


def is_mature(person, ends, as_of):
    return (person.first // DAY + 1) * DAY + ends <= as_of


def value(catalogue, name, person):
    metric = catalogue["metrics"][name]
    low, high = bounds(metric)
    if metric["kind"] in SHARES:
        return int(is_reached(catalogue, metric, Window(person, person.first, low, high)))
    fields = metric_fields(catalogue, metric, person, person.first, Reading())
    return fields["s"] / 1e6 if metric["kind"] == "sum" else fields["s"]


def window_of(catalogue, metric):
    if metric["kind"] == "ratio":
        return window_of(catalogue, catalogue["metrics"][metric["numerator"]])
    return bounds(metric)


def time_without(metric, window):
    """Days of the window without the event; all of them where a competing end came before it."""
    moments = [window.met_at(item) for item in items_of(metric)]
    met = [m for m in moments if m is not None]
    if "all_of" in metric:
        met = [max(met)] if len(met) == len(moments) else []
    rivals = [m["time"] for m in window.outcomes if m["event"] in metric.get("competing", [])]
    came = met and (not rivals or min(met) <= min(rivals))
    return fractions.Fraction(min(met) - window.first if came else bounds(metric)[1], DAY)


def amounts(catalogue, name, person):
    """(y, s): the metric over users is sum y / sum s."""
    metric, one = catalogue["metrics"][name], fractions.Fraction(1)
    kind = metric["kind"]
    if kind in SHARES or kind == "count":
        return one * value(catalogue, name, person), one
    if kind == "time_to":
        return time_without(metric, Window(person, person.first, *bounds(metric))), one
    fields = metric_fields(catalogue, metric, person, person.first, Reading())
    if kind == "sum":
        return one * fields["s"] / MICRO, one
    if kind == "nps":
        return one * 100 * (fields.get("promoters", 0) - fields.get("detractors", 0)), \
            one * fields.get("responded", 0)
    return quotient_of(catalogue, metric, fields["y"], fields["s"])


def quotient_of(catalogue, metric, y, s):
    """In the metric's own units: a sum and a mean are kept in micro-units."""
    def step(kind):
        return fractions.Fraction(1, MICRO if kind in ("sum", "mean") else 1)
    if metric["kind"] == "mean":
        return y * step("mean"), fractions.Fraction(s)
    return tuple(amount * step(catalogue["metrics"][metric[part]]["kind"])
                 for amount, part in ((y, "numerator"), (s, "denominator")))


def core_tables(catalogue, messages, as_of):
    """{(segment, value): {"users", "retained", "tables": [[n11, n10, n01, n00]], "scores"}}, how
    many were seen, how many of these are too new."""
    core = catalogue["core_actions"]
    landmark = duration(core["landmark"])
    candidates = [{"event": c} if isinstance(c, str) else c for c in core["candidates"]]
    ends = max(landmark, bounds(catalogue["metrics"][core["retained"]])[1])
    found, new, everyone = {}, 0, users(messages)
    for person in everyone.values():
        if not is_mature(person, ends, as_of):
            new += 1
            continue
        back = value(catalogue, core["retained"], person)
        window = Window(person, person.first, 0, landmark)
        done = [window.is_met(candidate) for candidate in candidates]
        for place in person.slices(catalogue, person.first + landmark - 1):
            cell = found.setdefault(place, {"users": 0, "retained": 0,
                                            "tables": [[0] * 4 for _ in candidates],
                                            "scores": [[0, 0] for _ in range(len(done) + 1)]})
            cell["users"] += 1
            cell["retained"] += back
            cell["scores"][sum(done)][back] += 1
            for table, did in zip(cell["tables"], done):
                table[(0 if did else 2) + (0 if back else 1)] += 1
    return found, len(everyone), new


def auc(scores):
    """By all pairs, and DeLong's variance; None where there is none."""
    others = [s for s, (n, _) in enumerate(scores) for _ in range(n)]
    retained = [s for s, (_, n) in enumerate(scores) for _ in range(n)]
    if not others or not retained:
        return None, None

    def psi(x, y):
        return 1.0 if x > y else .5 if x == y else 0.0
    v10 = [sum(psi(x, y) for y in others) / len(others) for x in retained]
    v01 = [sum(psi(x, y) for x in retained) / len(retained) for y in others]
    area = sum(v10) / len(v10)
    if len(v10) < 2 or len(v01) < 2:
        return area, None
    spread = sum(sum((v - area) ** 2 for v in vs) / (len(vs) - 1) / len(vs) for vs in (v10, v01))
    return area, spread
