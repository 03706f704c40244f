"""A slow fold, written from the definitions of the design and from nothing else.

Reads declarations (the JSON form of experiment files) and Segment messages, and gives the cells of
the cube by brute force: all messages of a unit in a list, and each question asked of the whole list.
No state, no batches, no numbers for names; floating point nowhere but in the hash's shares.  Which
messages are a unit's, by links between ids, is identity_oracle.py's.

    cells(catalogue, experiment, messages) -> {(population, segment, value, cohort, variant, metric):
                                               {field: count}}

catalogue: {"experiments": {key: file}, "metrics": {...}, "not_activity": [...], "segments": {...}}
Written for what the tests declare: every kind of metric (metric_oracle.py), flows,
covariates, values and bands, crossings, strata; coverage, weights, forced units, exclusive ranges,
holdouts; start and end.  The declaration is the same at all times, and times are whole
milliseconds.

Rules come from architecture.md 4, 6, 7, 8, 10, 12, the grammar's sections 3, 4, 5, 6, 8, and
cube.md.  Two traits or exposures of a unit at one instant are not given to it: their order is that
of a hash of bytes that only the service writes.
"""
import collections
import datetime

from identity_oracle import KINDS, Identities, first_and_last_of_days
from metric_oracle import (DAY, duration, is_activity, lookup, metric_names, number, text_of,
                           unit_fields)

ID_OF_UNIT = KINDS
LIST_MAX = 2000


def instant(text):
    if len(text) == 10:
        text += "T00:00:00+00:00"
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (moment - epoch) // datetime.timedelta(milliseconds=1)


def percent(text):
    return float(text.rstrip("%")) / 100


# --- who should have met which variant: GrowthBook's hash on UTF-16 code units ------------------

def fnv1a(text):
    value = 0x811C9DC5
    data = text.encode("utf-16-le")
    for i in range(0, len(data), 2):
        value ^= data[i] | data[i + 1] << 8
        value = value * 0x01000193 % 2**32
    return value


def bucket(seed, unit):
    return fnv1a(str(fnv1a(seed + unit))) % 10_000 / 10_000


def bucket_version1(unit, seed):
    return fnv1a(unit + seed) % 1_000 / 1_000


def judge(file, unit, time):
    """(reason, computed variant): the table of section 8 without the audience."""
    names = list(file["variants"])
    control = next(n for n in names if file["variants"][n].get("control"))
    start = instant(file["start"]) if "start" in file else None
    end = instant(file["end"]) if "end" in file else None
    traffic = file.get("traffic", {})
    if file.get("assignment") == "elsewhere":
        if start is not None and time < start:
            return "not_started", None
        if end is not None and time >= end:
            return "ended", None
        return "split", None
    if unit in file.get("force", {}):
        return "forced", file["force"][unit]
    if start is not None and time < start:
        return "not_started", control
    holdout = traffic.get("holdout")
    if holdout and bucket_version1(unit, "__holdout:" + holdout["group"]) < percent(holdout["share"]):
        return "holdout", control
    exclusive = traffic.get("exclusive")
    if exclusive:
        low, high = (percent(part) for part in exclusive["range"].split(".."))
        if not low <= bucket_version1(unit, "__" + exclusive["group"]) < high:
            return "excluded", control
    weights = [percent(v["weight"]) if "weight" in v else 1 / len(names)
               for v in file["variants"].values()]
    coverage = percent(traffic.get("coverage", "100%"))
    place, low = bucket(file.get("salt", file["experiment"]), unit), 0.0
    for name, weight in zip(names, weights):
        if low <= place < low + weight * coverage:
            return ("ended" if end is not None and time >= end else "split"), name
        low += weight
    return "not_in_coverage", control


def reported(file, text):
    names = list(file["variants"])
    if text in names:
        return text
    if text.isdigit() and int(text) < len(names):
        return names[int(text)]
    return None


# --- what a unit's messages say ------------------------------------------------------------------

def segment_values(segment):
    if "bands" in segment:
        bands, labels = segment["bands"], []
        for i, band in enumerate(bands):
            if i + 1 == len(bands):
                labels.append(f"{band}+")
            elif bands[i + 1] - band == 1:
                labels.append(f"{band}")
            else:
                labels.append(f"{band}-{bands[i + 1] - 1}")
        return labels
    return segment["values"]


def segment_value(segment, found, value):
    if not found or value is None:
        return "(unknown)"
    if "bands" in segment:
        place = number(value)
        if place is None:
            return "(unknown)"
        below = [i for i, band in enumerate(segment["bands"]) if band <= place]
        return segment_values(segment)[below[-1]] if below else "(below)"
    if isinstance(value, (list, dict)):
        return "(other)"
    return text_of(value) if text_of(value) in segment["values"] else "(other)"


def first_bodies(messages, key):
    """Of those of one key the earliest."""
    kept = {}
    for message in sorted(messages, key=lambda m: m["time"]):
        kept.setdefault(key(message), message)
    return list(kept.values())


def message_key(message):
    """A message id counts within an event name, of exposures within an experiment."""
    key = (message["event"], message["messageId"])
    if message["type"] == "exposure":
        key += (message["properties"].get("experiment_id"),)
    return key


DIALECTS = {"Experiment Viewed": ("viewed", "experiment_id", "variation_id"),
            "$feature_flag_called": ("flag_called", "$feature_flag", "$feature_flag_response"),
            "feature_flag.evaluation": ("flag_evaluated", "feature_flag.key",
                                        "feature_flag.result.variant")}


def normalised(message):
    """A Segment message as its record holds it."""
    made = dict(message, time=instant(message["timestamp"]))
    made.setdefault("properties", {})
    made["traits"] = message.get("traits") or message.get("context", {}).get("traits") or {}
    made["groupId"] = message.get("groupId") or message.get("context", {}).get("groupId")
    if message["type"] == "page":
        made["event"] = "Page Viewed"
    elif message["type"] == "screen":
        made["event"] = "Screen Viewed"
    elif message["type"] == "track" and message["event"] in DIALECTS:
        made["type"] = "exposure"
        _, *members = DIALECTS[message["event"]]
        made["properties"] = dict(made["properties"], **{
            own: made["properties"][sent] for own, sent in
            zip(("experiment_id", "variation_id"), members) if sent in made["properties"]})
    made.setdefault("event", "")
    return made


# --- what is kept -------------------------------------------------------------------------------

def names_of(items):
    return [i["event"] if isinstance(i, dict) else i for i in items]


def events_of(catalogue, name):
    """Names of events that a metric reads; None among them: any activity."""
    metric = catalogue["metrics"][name]
    if metric["kind"] == "ratio":
        return events_of(catalogue, metric["numerator"]) + events_of(catalogue,
                                                                     metric["denominator"])
    if metric["kind"] == "breadth":
        return events_of(catalogue, metric["counts"]) + names_of(
            catalogue.get("core_actions", {}).get("candidates", []))
    items = metric.get("all_of") or metric.get("any_of") or [metric.get("event")]
    return names_of(items) + metric.get("competing", [])


def counted_events(catalogue, name):
    """The same without those that end a time to an event."""
    found = events_of(catalogue, name)
    return found[:len(found) - len(catalogue["metrics"][name].get("competing", []))]


def kept_since(catalogue):
    """Event name -> the earliest start, less its longest `before`, of those who use it."""
    since = {}
    for file in catalogue["experiments"].values():
        covariates = [c for c in file.get("analysis", {}).get("adjust_for", [])
                      if isinstance(c, dict) and "metric" in c]
        used = [e for n in metric_names(file) + [c["metric"] for c in covariates]
                for e in events_of(catalogue, n)]
        used += [s["done_when"] for v in file["variants"].values() for s in v.get("flow", [])
                 if "done_when" in s]
        before = max([duration(c["before"]) for c in covariates], default=0)
        start = instant(file["start"]) - before if "start" in file else float("-inf")
        for event in used:
            since[event] = min(since.get(event, float("inf")), start)
        since["step", file["experiment"]] = start
    return since


def is_outcome(message):
    return message["type"] in ("track", "page", "screen")


def traits_speak_of(message, kind, is_own):
    """A group call brings the account's traits, an identify call those of the person; what others
    carry is of whom they name."""
    if message["type"] == "group":
        return kind == "account" and is_own
    return kind != "account" or (message["type"] != "identify" and is_own)


class Messages:
    """What belongs to one unit, as far as it is kept."""

    def __init__(self, catalogue, unit, groups):
        self.catalogue, self.unit, self.groups = catalogue, unit, groups
        self.since = kept_since(catalogue)

        def is_kept(message):
            return is_outcome(message) and \
                message["time"] >= self.since.get(message["event"], float("inf"))
        self.hot = set()  # events of which there are more than are kept
        self.outcomes = self.bounded(self.once(is_kept, message_key))
        self.everything = self.activity()

    def bounded(self, messages):
        """Of each event the first LIST_MAX (architecture 10)."""
        kept, count = [], collections.Counter()
        for message in sorted(messages, key=lambda m: m["time"]):
            count[message["event"]] += 1
            if count[message["event"]] <= LIST_MAX:
                kept.append(message)
        self.hot = {event for event, number in count.items() if number > LIST_MAX}
        return kept

    def once(self, select, key):
        """What is chosen, once under the id it came with, then once in the unit."""
        mine = [m for g in self.groups
                for m in first_bodies([m for m in g.messages if select(m)], key)
                if g.belongs(self.unit, m["time"])]
        return first_bodies(mine, key)

    def activity(self):
        found, since = [], self.since.get(None, float("inf"))
        for group in self.groups:
            acts = [m for m in group.messages if is_outcome(m) and m["time"] >= since
                    and is_activity(self.catalogue, m)]
            if not group.is_own:
                ends = set(first_and_last_of_days([m["time"] for m in acts]))
                acts = [m for m in acts if m["time"] in ends]
            found += [m for m in acts if group.belongs(self.unit, m["time"])]
        return found


class Member(Messages):
    """A user while it was of an account: `unit` is (user, account)."""

    def __init__(self, catalogue, identities, unit):
        super().__init__(catalogue, unit, identities.member_groups(*unit))
        self.identities = identities

    def is_tied(self, time):
        user, account = self.unit
        return self.identities.accounts.at(user, time, or_after=False) == account

    def was_tied(self, after, until):
        return any(after < time < until and self.is_tied(time)
                   for time, _, _ in self.identities.accounts.instants[self.unit[0]])


class Unit(Messages):
    """A unit of an experiment."""

    def __init__(self, catalogue, file, unit, identities, groups):
        super().__init__(catalogue, unit, groups)
        self.kind, self.identities = file.get("unit", "user"), identities
        key = file["experiment"]

        def is_step(message):
            return is_outcome(message) and message["event"].startswith("Onboarding Step ") and \
                message["properties"].get("experiment_id") == key and \
                message["time"] >= self.since["step", key]
        self.steps = self.once(is_step, lambda m: message_key(m) + (
            text_of(m["properties"].get("step")),))
        self.exposures = [m for g in groups if g.is_own for m in first_bodies(
            [m for m in g.messages if m["type"] == "exposure"
             and m["properties"].get("experiment_id") == key], message_key)]

    def members(self):
        return [Member(self.catalogue, self.identities, (user, self.unit))
                for user in self.identities.members(self.unit)]

    def trait(self, path, time):
        """(known, value) at that instant."""
        mine = []
        for group in self.groups:
            said = [m for m in group.messages if traits_speak_of(m, self.kind, group.is_own)
                    and lookup(m["traits"], path)[0]]
            mine += [m for m in first_bodies(said, message_key)
                     if group.belongs(self.unit, m["time"])]
        known = [m for m in first_bodies(mine, message_key) if m["time"] <= time]
        if not known:
            return False, None
        return lookup(max(known, key=lambda m: m["time"])["traits"], path)


# --- cells --------------------------------------------------------------------------------------

def slices(catalogue, file, traits_at, main):
    yield "", "(all)"

    def value(name):
        segment = catalogue["segments"][name]
        return segment_value(segment, *traits_at(segment["trait"]))
    for member in file.get("segments", []):
        names = [member] if isinstance(member, str) else member
        if len(names) == 1 or main:
            yield " x ".join(names), " x ".join(value(n) for n in names)
    strata = [n for n in file.get("analysis", {}).get("adjust_for", []) if isinstance(n, str)]
    if strata and main:
        yield "stratum", " x ".join(value(n) for n in strata)


def is_early(catalogue, file, unit, first):
    """Whether a metric's event came less than a day before the exposure, and from the start on.
    Breadth counts the members' events, none of the account's."""
    names = {event for name in metric_names(file)
             if catalogue["metrics"][name]["kind"] != "breadth"
             for event in counted_events(catalogue, name)}
    begin = first - DAY
    if "start" in file:
        begin = max(begin, instant(file["start"]))
    return any(m["event"] in names and begin <= m["time"] < first for m in unit.outcomes)


def is_hot(catalogue, file, own):
    """Whether a list that a figure of the experiment is made from held more than is kept."""
    covariates = [c["metric"] for c in file.get("analysis", {}).get("adjust_for", [])
                  if isinstance(c, dict) and "metric" in c]
    read = {event for name in metric_names(file) + covariates
            if catalogue["metrics"][name]["kind"] != "breadth"
            for event in events_of(catalogue, name)}
    read |= {s["done_when"] for v in file["variants"].values() for s in v.get("flow", [])
             if "done_when" in s}
    return bool(read & own.hot)


def erased_units(file, messages):
    """Of messages of people that were erased, what is left: {(population, day): units}.  The day of
    an exposure is left and its variant; whether it was from inside is asked of dates alone."""
    start = instant(file["start"]) if "start" in file else float("-inf")
    end = instant(file["end"]) if "end" in file else float("inf")
    units = collections.defaultdict(list)
    for message in map(normalised, messages):
        unit = message.get(KINDS[file.get("unit", "user")])
        if unit and message["type"] == "exposure" and not message.get("skewed") and \
                message["properties"].get("experiment_id") == file["experiment"]:
            units[unit].append((message["time"] // DAY * DAY + DAY - 1,
                                reported(file, message["properties"].get("variation_id", ""))))
    found = collections.Counter()
    for met in units.values():
        counting = [m for m in met if m[1] and start <= m[0] < end]
        if counting and min(m[0] for m in met) >= start:
            population = "crossed" if len({m[1] for m in counting}) > 1 else "main"
            found[population, min(m[0] for m in counting) // DAY] += 1
    return dict(found)


def judged_exposures(file, unit, own):
    """(time, reason, variant, computed variant, dialect), in order."""
    judged = []
    for message in sorted(own.exposures, key=lambda m: m["time"]):
        reason, computed = judge(file, unit, message["time"])
        variant = reported(file, message["properties"].get("variation_id", ""))
        if message.get("skewed"):
            reason = "skewed"
        elif reason == "split" and variant is None:
            reason = "unknown_variant"
        judged.append((message["time"], reason, variant, computed,
                       DIALECTS[message["event"]][0]))
    return judged


def unit_cells(catalogue, file, unit, own, met):
    """What one unit adds: pairs of a place and {field: number}.  Where it is analysed it also goes
    to `met`, with the instant and the variant."""
    judged = judged_exposures(file, unit, own)
    if not judged:
        return
    counting = [j for j in judged if j[1] == "split"]
    sure = [j for j in judged if j[1] != "skewed"]
    start = instant(file["start"]) if "start" in file else None
    quality = ["n"] + (["skewed"] if any(j[1] == "skewed" for j in judged) else []) + \
        (["hot"] if is_hot(catalogue, file, own) else [])
    if not counting or (start is not None and sure[0][0] < start):
        time, reason = (judged[0][0], judged[0][1]) if not counting else (sure[0][0], "carried_over")
        mismatch = counting and counting[0][3] not in (None, counting[0][2])
        for field in quality + (["mismatch"] if mismatch else []):
            yield ("outside", "outside", reason, time // DAY, "", "units"), {field: 1}
        return
    first, _, variant, computed, source = counting[0]
    met[unit] = first, variant
    quality.append(source)
    if computed is not None and computed != variant:
        quality.append("mismatch")
    population = "crossed" if len({j[2] for j in counting}) > 1 else "main"

    added = unit_fields(catalogue, file, own, variant, first)
    added["units"].update({field: 1 for field in quality})
    added["units"]["early"] = int(is_early(catalogue, file, own, first))
    for segment, value in slices(catalogue, file, lambda path: own.trait(path, first),
                                 population == "main"):
        place = (population, segment, value, first // DAY, variant)
        for name, fields in added.items():
            kind = catalogue["metrics"].get(name, {}).get("kind")
            crossing, stratum = " x " in segment, segment == "stratum"
            if kind == "time_to" and crossing or name.startswith("step:") and (crossing or stratum):
                continue
            yield place + (name,), fields


def mixed_cells(identities, met):
    """Accounts whose exposed users met different variants, from `met` of the users."""
    users = {}
    for user, (time, variant) in met.items():
        account = identities.account_of(user, time)
        if account:
            users.setdefault(account, []).append((time // DAY, variant))
    for seen in users.values():
        days = sorted(day for day, _ in seen)
        place = "accounts", "", "(all)"
        if len(seen) > 1:
            yield place + (days[1], "", "units"), {"n": 1}
        for day in days:
            if len({variant for on, variant in seen if on <= day}) > 1:
                yield place + (day, "", "units"), {"mixed": 1}
                break


def cells(catalogue, key, messages):
    file = catalogue["experiments"][key]
    identities = Identities([normalised(m) for m in messages])
    added, met = [], {}
    for unit, groups in identities.groups(file.get("unit", "user")).items():
        own = Unit(catalogue, file, unit, identities, groups)
        added += unit_cells(catalogue, file, unit, own, met)
    if file.get("unit", "user") == "user":
        added += mixed_cells(identities, met)
    found = {}
    for place, fields in added:
        sums = found.setdefault(place, {})
        for field, value in fields.items():
            sums[field] = sums.get(field, 0) + value
    return {place: {f: n for f, n in sums.items() if n} for place, sums in found.items()}
