"""Everyone from raw messages, by the definition in analysis/population.h and core_actions.h alone.

    users(catalogue, messages) -> {user id: Person}, each with .first, .outcomes, .trait(path, time)
"""
import fold_oracle
from metric_oracle import DAY, SHARES, Reading, Window, bounds, duration, is_reached, lookup, \
    metric_fields


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
