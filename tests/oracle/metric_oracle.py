"""What one unit adds to the cells of a definition, written from grammar.md and cube.md alone.

Every question is asked of the whole list of the unit's messages; nothing is remembered from one
question to the next.  Values are exact: fractions, then whole micro-units.

    unit_fields(catalogue, file, unit, variant, first) -> {metric: {field: number}}

`unit` has .outcomes (each message id within an event name once), .everything (repeated ids too:
activity asks for no id), .steps (messages of steps of this experiment), .trait(path, time), and
.members() of an account: each with outcomes and .everything, .is_tied(time), .was_tied(from, until).
Fields are named as `gangway export --table cube` names them; a bin is the field "map:place".
"""
import fractions
import re

DAY = 86_400_000
HOUR = 3_600_000
UNITS = {"s": 1_000, "min": 60_000, "h": HOUR, "d": DAY, "w": 7 * DAY}
MICRO = 1_000_000
CLAMP = 10**9
NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z")
SHARES = ("conversion", "retention")
JOINT = ("conversion", "retention", "count", "sum")


def duration(text):
    digits = "".join(c for c in text if c.isdigit())
    return int(digits) * UNITS[text[len(digits):]]


# --- numbers ------------------------------------------------------------------------------------

def number(value):
    """A JSON number, or text that is wholly one; else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if isinstance(value, str):
        return float(value) if NUMBER.match(value) else None
    return value


def micro(value):
    """Nearest whole number of micro-units, ties to even; None where 64 bits do not hold it."""
    value = number(value)
    if value is None or value in (float("inf"), float("-inf")):
        return None
    nearest = round(fractions.Fraction(value) * MICRO)
    return nearest if abs(nearest) < 2**63 else None


def text_of(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value)


def lookup(tree, path):
    """(found, value); a member whose whole name has the dots wins."""
    if not isinstance(tree, dict):
        return False, None
    if path in tree:
        return True, tree[path]
    head, dot, rest = path.partition(".")
    return lookup(tree[head], rest) if dot and head in tree else (False, None)


# --- conditions on properties -------------------------------------------------------------------

def test_holds(properties, name, test):
    found, value = lookup(properties, name)
    if not found or value is None:
        return False
    if isinstance(test, list):
        test = {"in": test}
    if not isinstance(test, dict):
        test = {"eq": test}
    for operator, operand in test.items():
        if operator == "eq":
            good = text_of(value) == text_of(operand)
        elif operator == "in":
            good = text_of(value) in [text_of(o) for o in operand]
        elif operator == "gte":
            good = number(value) is not None and number(value) >= operand
        elif operator == "lt":
            good = number(value) is not None and number(value) < operand
        else:
            raise NotImplementedError(operator)
        if not good:
            return False
    return True


def condition_holds(condition, properties):
    return all(test_holds(properties or {}, name, test) for name, test in condition.items())


# --- outcomes -----------------------------------------------------------------------------------

def is_activity(catalogue, message):
    event = message["event"]
    answers = [m["event"] if isinstance(m["event"], str) else m["event"]["event"]
               for m in catalogue["metrics"].values() if m["kind"] == "nps"]
    return not (event in catalogue.get("not_activity", []) or event in answers
                or event.startswith("Onboarding Step "))


def items_of(metric):
    """The event conditions, each in its long form."""
    for form in ("all_of", "any_of"):
        if form in metric:
            return [{"event": i} if isinstance(i, str) else i for i in metric[form]]
    item = metric["event"]
    item = {"event": item} if isinstance(item, str) else dict(item)
    item.update({k: metric[k] for k in ("where", "times", "distinct_days") if k in metric})
    return [item]


class Window:
    def __init__(self, unit, first, low, high):
        self.first = first
        self.outcomes = [m for m in unit.outcomes if first + low <= m["time"] < first + high]
        self.everything = [m for m in unit.everything if first + low <= m["time"] < first + high]

    def hits(self, item):
        return [m for m in self.outcomes if m["event"] == item["event"]
                and condition_holds(item.get("where", {}), m["properties"])]

    def enough(self, item, hits):
        days = {(m["time"] - self.first) // DAY for m in hits}
        return len(hits) >= item.get("times", 1) and len(days) >= item.get("distinct_days", 1)

    def is_met(self, item):
        return self.enough(item, self.hits(item))

    def events(self, item):
        """Those that count: none where there are not `times`, on `distinct_days`."""
        return self.hits(item) if self.is_met(item) else []

    def met_at(self, item):
        hits = self.hits(item)
        for time in sorted({m["time"] for m in hits}):
            if self.enough(item, [m for m in hits if m["time"] <= time]):
                return time
        return None


def bounds(metric):
    if "within" in metric:
        return 0, duration(metric["within"])
    low, high = metric["between"]
    return duration(low), duration(high)


def is_reached(catalogue, metric, window):
    """Whether y = 1."""
    if "all_of" in metric or "any_of" in metric:
        items = items_of(metric)
        met = sum(window.is_met(item) for item in items)
        return met >= (len(items) if "all_of" in metric else metric.get("at_least", 1))
    if "event" in metric:
        return window.is_met(items_of(metric)[0])
    days = {(m["time"] - window.first) // DAY for m in window.everything
            if is_activity(catalogue, m)}
    return len(days) >= metric.get("any_event", {}).get("distinct_days", 1)


# --- kinds --------------------------------------------------------------------------------------

class Reading:
    """One metric of one unit: what went wrong on the way stands beside the answer."""

    def __init__(self):
        self.clamped = False
        self.unread = 0

    def clamp(self, value, limit):
        if abs(value) > limit:
            self.clamped = True
            return limit if value > 0 else -limit
        return value

    def values(self, metric, window):
        """The property of each event that has a number there."""
        found = []
        for message in window.events(items_of(metric)[0]):
            value = micro(lookup(message["properties"], metric["property"])[1])
            if metric["kind"] == "nps" and value is not None \
                    and (value % MICRO or not 0 <= value <= 10 * MICRO):
                value = None
            if value is None:
                self.unread += 1
            else:
                found.append((message["time"], value))
        return found

    def amount(self, catalogue, metric, window):
        """(capped, raw, whether capped, number of events); counts in events, sums in micro-units."""
        if metric["kind"] in SHARES:
            reached = int(is_reached(catalogue, metric, window))
            return reached, reached, False, 0
        if metric["kind"] == "count":
            counted = {id(m) for item in items_of(metric) for m in window.events(item)}
            total = number = len(counted)
            cap = int(fractions.Fraction(str(metric.get("cap", 2000))))
            limit = CLAMP
        else:
            found = self.values(metric, window)
            total, number = sum(value for _, value in found), len(found)
            cap = int(fractions.Fraction(str(metric["cap"])) * MICRO)
            limit = CLAMP * MICRO
        capped = total > cap
        return (self.clamp(cap if capped else total, limit), self.clamp(total, limit), capped,
                number)


def quotient(y, s):
    return {"n": 1, "y": y, "s": s, "yy": y * y, "ss": s * s, "ys": y * s,
            "units": int(y != 0 or s != 0)}


def time_bin(elapsed):
    return elapsed // 300_000 if elapsed < DAY else 288 + (elapsed - DAY) // HOUR


def wait_bin(elapsed):
    seconds = elapsed // 1000
    if seconds < 128:
        return seconds
    octave = seconds.bit_length() - 1
    return 128 + 64 * (octave - 7) + (seconds - 2**octave) // (2**octave // 64)


def time_fields(metric, window, first):
    """The event's moment, or that of the first competing end, whichever comes first."""
    moments = [window.met_at(item) for item in items_of(metric)]
    met = [m for m in moments if m is not None]
    if "all_of" in metric:
        met = [max(met)] if len(met) == len(moments) else []
    ends = [(min(met), 0)] if met else []
    for cause, event in enumerate(metric.get("competing", []), 1):
        times = [m["time"] for m in window.outcomes if m["event"] == event]
        if times:
            ends.append((min(times), cause))
    fields = {"n": 1}
    if ends:
        time, cause = min(ends)
        fields[f"{cause}:{time_bin(time - first)}"] = 1
    return fields


def metric_fields(catalogue, metric, unit, first, reading):
    kind = metric["kind"]
    if kind == "retention_curve":
        every, until = duration(metric["every"]), duration(metric["until"])
        fields = {"n": 1}
        for b in range(until // every):
            window = Window(unit, first, b * every, (b + 1) * every)
            fields[f"x{b + 1}"] = int(is_reached(catalogue, metric, window))
        return fields
    if kind == "breadth":
        return breadth_fields(catalogue, metric, unit, first)
    if kind == "ratio":
        parts = []
        for name in ("numerator", "denominator"):
            part = catalogue["metrics"][metric[name]]
            window = Window(unit, first, *bounds(part))
            parts.append(reading.amount(catalogue, part, window)[0])
        return quotient(*parts)
    window = Window(unit, first, *bounds(metric))
    if kind in SHARES:
        return {"n": 1, "x": int(is_reached(catalogue, metric, window))}
    if kind == "time_to":
        return time_fields(metric, window, first)
    if kind == "nps":
        answers = sorted(reading.values(metric, window))
        fields = {"n": 1, "responded": int(bool(answers))}
        if answers:
            score = answers[0][1] // MICRO
            fields.update(promoters=int(score >= 9), detractors=int(score <= 6))
        return fields
    value, raw, capped, events = reading.amount(catalogue, metric, window)
    if kind == "mean":
        return quotient(value, events)
    fields = {"n": 1, "s": value, "ss": value * value, "raw_s": raw, "raw_ss": raw * raw,
              "nonzero": int(raw != 0), "capped": int(capped)}
    if kind == "count" and metric.get("cap", 2000) <= 1000:
        fields[f"0:{value}"] = 1
    return fields


def breadth_fields(catalogue, metric, unit, first):
    """One account of its size, its active members and their square; beside it their depth: how many
    different core actions each of the active members did."""
    until, of = first + duration(metric["within"]), metric.get("of", "at_exposure")
    counts = catalogue["metrics"][metric["counts"]]
    members = [m for m in unit.members()
               if m.is_tied(first) or of != "at_exposure" and m.was_tied(first, until)]
    windows = [Window(m, first, 0, until - first) for m in members]
    windows = [w for w in windows if is_reached(catalogue, counts, w)]
    active = len(windows)
    candidates = catalogue.get("core_actions", {}).get("candidates", [])
    items = [{"event": i} if isinstance(i, str) else i for i in candidates]
    depth = quotient(sum(w.is_met(i) for w in windows for i in items), active) if items else {}
    size = len(members)
    if isinstance(of, dict):
        found, value = unit.trait(of["trait"], first)
        value = number(value) if found else None
        size = 0 if value is None or value < 0 else int(value // 1)
    return {"n": 1, f"0:{size}": 1, f"1:{size}": active, f"2:{size}": active**2,
            **{"depth_" + name: value for name, value in depth.items() if name != "n"}}


# --- covariates, flows --------------------------------------------------------------------------

def covariates(catalogue, file, unit, first, reading):
    """z_1, z_2, ... in micro-units."""
    made = []
    for one in file.get("analysis", {}).get("adjust_for", []):
        if isinstance(one, str):
            continue
        if "metric" in one:
            metric = catalogue["metrics"][one["metric"]]
            window = Window(unit, first, -duration(one["before"]), 0)
            value = reading.amount(catalogue, metric, window)[0]
            made.append(reading.clamp(value * (1 if metric["kind"] == "sum" else MICRO),
                                      CLAMP * MICRO))
            continue
        found, value = unit.trait(one["trait"], first)
        value = micro(value) if found else None
        if value is None:
            value = micro(one["missing"])
        else:
            value = min(value, micro(one["cap"]))
        made.append(reading.clamp(value, CLAMP * MICRO))
    return made


def flow_fields(file, unit, variant, first):
    """(step, fields) of the variant's own flow."""
    end = first + duration(file.get("analysis", {}).get("flow_within", "30d"))
    views = []
    for place in file["variants"][variant].get("flow", []):
        step = place["step"]

        def times(what, start, step=step):
            return [m["time"] for m in unit.steps
                    if m["event"] == f"Onboarding Step {what}" and start <= m["time"] < end
                    and text_of(m["properties"].get("step")) == step]
        viewed = min(times("Viewed", first), default=None)
        fields = {"n": 1}
        if viewed is not None:
            before = max([v for v in views if v is not None and v <= viewed] + [first])
            done = times("Completed", viewed) + [
                m["time"] for m in unit.outcomes if m["event"] == place.get("done_when")
                and viewed <= m["time"] < end]
            fields.update(reached=1, completed=int(bool(done)),
                          dismissed=int(bool(times("Dismissed", viewed))),
                          failed=int(bool(times("Failed", viewed))))
            fields[f"0:{wait_bin(viewed - before)}"] = 1
            if done:
                fields[f"1:{wait_bin(min(done) - viewed)}"] = 1
        views.append(viewed)
        yield step, fields


# --- all of a unit ------------------------------------------------------------------------------

def metric_names(file):
    metrics = file.get("metrics", {})
    goal = metrics.get("goal", [])
    return ([goal] if isinstance(goal, str) else goal) + metrics.get("secondary", []) \
        + [g["metric"] for g in metrics.get("guardrails", [])] + metrics.get("diagnostics", [])


def y_of(metric, fields):
    return fields["x"] if metric["kind"] in SHARES else fields["s"]


def unit_fields(catalogue, file, unit, variant, first):
    """{metric: fields}, with `units` and `step:NAME` among them."""
    reading, made = Reading(), {}
    names = metric_names(file)
    for name in names:
        made[name] = metric_fields(catalogue, catalogue["metrics"][name], unit, first, reading)
    z = covariates(catalogue, file, unit, first, reading)
    goal = names[0] if names and catalogue["metrics"][names[0]]["kind"] in JOINT else None
    for name in names:
        metric = catalogue["metrics"][name]
        if metric["kind"] not in JOINT:
            continue
        y = y_of(metric, made[name])
        made[name].update({f"z{k}y": value * y for k, value in enumerate(z, 1)})
        if goal and goal != name:
            made[name]["gy"] = y_of(catalogue["metrics"][goal], made[goal]) * y
    units = {f"z{k}": value for k, value in enumerate(z, 1)}
    for k, one in enumerate(z, 1):
        for other_k, other in enumerate(z[k - 1:], k):
            units[f"z{k}z{other_k}"] = one * other
    units.update(clamped=int(reading.clamped), unread=reading.unread)
    made["units"] = units
    for step, fields in flow_fields(file, unit, variant, first):
        made[f"step:{step}"] = fields
    return made
