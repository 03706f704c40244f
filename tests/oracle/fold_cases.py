"""Random declarations and messages for the fold and its oracle: equal seeds, equal cases.

Every kind of metric but breadth, flows, covariates; messages late, repeated, skewed, of two bodies
under one id; properties that are text, negative, huge, missing or no number.
"""
import datetime
import random

import fold_oracle

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
START = fold_oracle.instant("2026-01-01")
HOUR = 3_600_000
EVENTS = ["Contact", "Mail", "Deal", "Call"]
STEPS = ["welcome", "tour", "3"]


def stamp(time):
    text = (EPOCH + datetime.timedelta(milliseconds=time)).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def random_item(chance):
    event = chance.choice(EVENTS)
    if chance.random() < .4:
        return event
    item = {"event": event}
    if chance.random() < .4:
        item["where"] = chance.choice([{"kind": ["a", "b"]}, {"amount": {"gte": 5}}, {"kind": "a"},
                                       {"kind": "a", "amount": {"lt": 9}}])
    if chance.random() < .2:
        item["times"] = chance.randint(2, 3)
    if chance.random() < .2:
        item["distinct_days"] = chance.randint(2, 3)
    return item


def within(chance):
    return {"within": chance.choice(["12h", "36h", "3d", "7d", "14d", "90min"])}


def random_share(chance):
    form = chance.randrange(6)
    if form == 0:
        return {"kind": "conversion", "event": random_item(chance), **within(chance)}
    if form == 1:
        return {"kind": "conversion", "all_of": [random_item(chance) for _ in range(2)],
                **within(chance)}
    if form == 2:
        return {"kind": "conversion", "any_of": [random_item(chance) for _ in range(3)],
                "at_least": chance.randint(1, 3), **within(chance)}
    if form == 3:
        return {"kind": "conversion", "any_event": {"distinct_days": chance.randint(1, 4)},
                "within": chance.choice(["1d", "7d", "14d"])}
    between = chance.choice([["0d", "7d"], ["1d", "2d"], ["7d", "14d"], ["36h", "60h"]])
    if form == 4:
        return {"kind": "retention", "between": between}
    return {"kind": "retention", "event": random_item(chance), "between": between}


def random_time(chance):
    metric = {"kind": "time_to", **within(chance)}
    form = chance.choice(["event", "all_of", "any_of"])
    metric[form] = random_item(chance) if form == "event" else \
        [random_item(chance) for _ in range(chance.randint(1, 3))]
    if chance.random() < .6:
        metric["competing"] = chance.sample(EVENTS + ["Closed"], chance.randint(1, 2))
    return metric


def random_curve(chance):
    metric = {"kind": "retention_curve", **chance.choice([
        {"every": "1d", "until": "5d"}, {"every": "7d", "until": "21d"},
        {"every": "36h", "until": "9d"}])}
    if chance.random() < .5:
        metric["event"] = random_item(chance)
    elif chance.random() < .3:
        metric["any_of"] = [random_item(chance), random_item(chance)]
    return metric


def random_count(chance, window=None):
    metric = {"kind": "count", **(window or within(chance))}
    if chance.random() < .5:
        metric["event"] = random_item(chance)
    else:
        metric["any_of"] = [random_item(chance) for _ in range(2)]
    if chance.random() < .6:
        metric["cap"] = chance.choice([1, 3, 2.5, 1000, 1001])
    return metric


def random_sum(chance, window=None, kind="sum"):
    return {"kind": kind, "event": random_item(chance), "property": chance.choice(
        ["amount", "value.net", "price"]), "cap": chance.choice(
            [10, 0.5, 1000, 1000000000, 9000000000, 12.345678]), **(window or within(chance))}


def random_metrics(chance):
    """Names and metrics; `pN` are the parts of ratios."""
    makers = [random_share, random_share, random_time, random_curve, random_count, random_sum,
              lambda c: random_sum(c, kind="mean"),
              lambda c: {"kind": "nps", "event": "NPS Answered", "property": "score",
                         **within(c)}]
    metrics = {f"m{i}": maker(chance) for i, maker in enumerate(makers)}
    metrics["extra"] = chance.choice(makers)(chance)
    window = within(chance)
    parts = [random_count(chance, window), random_sum(chance, window),
             {"kind": "conversion", "event": random_item(chance), **window}]
    metrics["p0"], metrics["p1"] = chance.sample(parts, 2)
    metrics["per"] = {"kind": "ratio", "numerator": "p0", "denominator": "p1"}
    metrics["answer"] = {"kind": "nps", "event": "NPS Answered", "property": "score",
                         "within": "30d"}
    return metrics


def random_flow(chance):
    flow = []
    for step in chance.sample(STEPS, chance.randint(1, 3)):
        made = {"step": step, "pattern": "message"}
        if chance.random() < .4:
            made["done_when"] = chance.choice(EVENTS + ["Odd"])
        flow.append(made)
    return flow


def random_covariates(chance, metrics):
    usable = [n for n, m in metrics.items() if m["kind"] in ("count", "sum", "conversion")]
    made = []
    for _ in range(chance.randrange(4)):
        if chance.random() < .5:
            made.append({"metric": chance.choice(usable), "before": chance.choice(
                ["2d", "7d", "36h"])})
        else:
            made.append({"trait": chance.choice(["company.size", "age"]), "cap": chance.choice(
                [40, 0.25, 5000000000]), "missing": chance.choice([0, -2.5, 7])})
    return made


def random_catalogue(chance, metrics=None):
    metrics = metrics or random_metrics(chance)
    segments = {"role": {"trait": "role", "values": ["rep", "owner", "true", "3"]},
                "size": {"trait": "company.size", "bands": [1, 2, 11, 51]},
                "plan": {"trait": "plan", "values": ["free", "pro"]}}

    def experiment(key, **more):
        names = [n for n in sorted(metrics) if n not in ("p0", "p1")]
        chance.shuffle(names)
        names = [n for n in names if metrics[n]["kind"] != "retention_curve"][:1] + names
        names = list(dict.fromkeys(names))[:chance.randint(5, len(names))]
        curves = [n for n in names[1:4] if metrics[n]["kind"] == "retention_curve"]
        made = {"experiment": key, "status": "running", "start": "2026-01-03", "end": "2026-02-03",
                "variants": {"a": {"control": True, "flow": random_flow(chance)},
                             "b": {"flow": random_flow(chance)} if chance.random() < .7 else {}},
                "segments": ["role", "size", ["role", "plan"]],
                "metrics": {"goal": names[0], "why": "w",
                            "secondary": [n for n in names[1:4] if n not in curves],
                            "diagnostics": names[4:] + curves},
                "analysis": {"adjust_for": ["role"] + random_covariates(chance, metrics),
                             "flow_within": chance.choice(["2d", "10d"])}}
        made["analysis"].update(more.pop("analysis", {}))
        made.update(more)
        return made
    experiments = [
        experiment("users", traffic={"coverage": "70%",
                                     "exclusive": {"group": "g", "range": "0%..80%"},
                                     "holdout": {"group": "h", "share": "10%"}},
                   force={"u3": "b"}),
        experiment("accounts", unit="account", segments=["plan"],
                   analysis={"adjust_for": random_covariates(chance, metrics)},
                   variants={"a": {"control": True, "weight": "60%"}, "b": {"weight": "30%"},
                             "c": {"weight": "10%", "flow": random_flow(chance)}}),
        experiment("visitors", unit="anonymous", segments=["size"], analysis={"adjust_for": []}),
        experiment("history", assignment="elsewhere"),
    ]
    if chance.random() < .7:
        del experiments[3]["start"]
    for made in experiments:
        made["analysis"].setdefault("expect", {"baseline": "20%", "lift": "10%", "units": 1000})
        goal = metrics[made["metrics"]["goal"]]
        if goal["kind"] not in ("conversion", "retention"):
            made["analysis"]["expect"].update(
                {"baseline": "1d"} if goal["kind"] == "time_to" else
                {"baseline": 5, **({} if goal["kind"] == "nps" else {"sd": 3})})
        if goal["kind"] in ("nps", "time_to"):
            made["analysis"]["lift"] = "absolute"
            made["analysis"]["expect"]["lift"] = "-2h" if goal["kind"] == "time_to" else 3
    return {"experiments": {e["experiment"]: e for e in experiments}, "metrics": metrics,
            "not_activity": ["Beat"], "segments": segments}


# --- messages -----------------------------------------------------------------------------------

AMOUNTS = [5, 4.5, "7", 0, -3, 0.1, 1e15, -4e9, 12345678.1234565, "12.5", "1e3", "many", "", None,
           True, [5], {"x": 1}, 9000000000000, 2**63, 0.0000005, 0.0000015, 2.5, 10, 9]


def random_properties(chance):
    made = {}
    if chance.random() < .8:
        made["kind"] = chance.choice(["a", "a", "b", "c"])
    for name in ("amount", "price"):
        if chance.random() < .7:
            made[name] = chance.choice(AMOUNTS[:3] if chance.random() < .5 else AMOUNTS)
    if chance.random() < .4:
        made["value"] = {"net": chance.choice(AMOUNTS)}
    elif chance.random() < .2:
        made["value.net"] = chance.choice(AMOUNTS)
    return made


def random_traits(chance):
    return chance.choice([{"role": "rep"}, {"role": "owner", "plan": "pro"}, {"role": True},
                          {"role": 3, "age": 12.5}, {"role": ["rep"]}, {"role": None, "age": "7"},
                          {"plan": "free", "age": -6e9}, {"company": {"size": 10}},
                          {"company.size": "51"}, {"company": {"size": 0.5}, "role": "cfo"},
                          {"other": 1, "age": "old"}, {"age": 1e300}, {"age": None}])


def anchor(member, units):
    """About when a unit met its variant; those of one account at the same hour."""
    return START + (2 * 24 + (member // 3 * 7919 + units * 31) % (24 * 30)) * HOUR


def random_time_near(chance, base):
    """At, just before and just after the ends of windows; and anywhere between."""
    sort = chance.random()
    if sort < .25:
        return base + chance.choice([0, 0, 1, -1, 90 * 60_000, 12 * HOUR, 24 * HOUR, 36 * HOUR,
                                     60 * HOUR, 72 * HOUR, 7 * 24 * HOUR, 14 * 24 * HOUR,
                                     21 * 24 * HOUR]) + chance.choice([-1, 0, 0, 1])
    if sort < .4:
        return base - chance.randrange(8 * 24 * HOUR)
    return base + int(2 ** (chance.random() * 31))


def random_outcome(chance, message, number):
    message["type"] = chance.choice(["track"] * 8 + ["page", "screen"])
    if message["type"] != "track":
        return 0
    message["event"] = chance.choice(EVENTS * 4 + ["Beat", "Odd", "Closed", "NPS Answered",
                                                   "NPS Answered", "Onboarding Step Viewed"])
    message["properties"] = random_properties(chance)
    if message["event"] != "NPS Answered":
        return 0
    message["properties"] = {"score": chance.choice([0, 6, 7, 8, 9, 10, "9", 11, -1, 6.5, None,
                                                     "ten", 10.0])}
    return number % 3_000_000 + 1


def random_step(chance, message):
    what = chance.choice(["Viewed", "Viewed", "Viewed", "Completed", "Dismissed", "Failed", "Skipped"])
    step = chance.choice(STEPS * 3 + ["unknown"])
    message.update(type="track", event=f"Onboarding Step {what}", properties={
        "experiment_id": chance.choice(["users", "accounts", "history", "history", "history"]
                                       + (["visitors", "none"] if chance.random() < .2 else [])),
        "step": 3 if step == "3" and chance.random() < .5 else step})


def random_exposure(chance, message, member):
    wanted = chance.choice(["users", "accounts", "visitors", "history", "history", "none"])
    message.update(type="track", event="Experiment Viewed", properties={
        "experiment_id": wanted,
        "variation_id": chance.choice("ab") if chance.random() < .15 else
        ["a", "b", "1", "c", "x", "a", "b"][member // 3 % 7]})
    if wanted in ("none", "history") and member % 5 == 0:  # from another tool
        message["event"] = chance.choice(["$feature_flag_called", "feature_flag.evaluation"])
        members = ("$feature_flag", "$feature_flag_response") \
            if message["event"].startswith("$") else \
            ("feature_flag.key", "feature_flag.result.variant")
        message["properties"] = dict(zip(members, message["properties"].values()))
    if wanted == "accounts":
        message["context"] = {"groupId": f"acme-{member // 3}"}
    if wanted == "visitors":
        message["anonymousId"] = f"visitor-{member}"
    if chance.random() < .3:
        message.setdefault("context", {})["traits"] = random_traits(chance)
    if chance.random() < .05:
        message["skewed"] = True


def random_message(chance, number, units):
    member = chance.randrange(units)
    base = anchor(member, units)
    message = {"messageId": f"m{number}", "userId": f"u{member}",
               "receivedAt": "2026-06-01T00:00:00Z"}
    if chance.random() < .5:
        message["context"] = {"groupId": f"acme-{member // 3}"}
    if chance.random() < .5:
        message["anonymousId"] = f"visitor-{member}"
    sort = chance.random()
    if sort < .5:
        time = random_time_near(chance, base) + random_outcome(chance, message, number)
    elif sort < .7:
        random_step(chance, message)
        time = random_time_near(chance, base) if chance.random() < .2 else \
            base + chance.choice([0, 1, 999, 1000, 127_000, 128_500, 300_000, 5_000_000,
                                  int(2 ** (chance.random() * 31))])
    elif sort < .88:
        random_exposure(chance, message, member)
        early = chance.random() < .75  # most meet it at once
        time = base + number % 3_000_000 + 1 if not early else base - number % 3_000_000
    else:
        message.update(type="identify", traits=random_traits(chance))
        time = base + chance.choice([-96, -1, 0, 5]) * HOUR + number % 3_000_000 + 1
    message["timestamp"] = stamp(time)
    return message


def random_messages(seed, count, units):
    chance = random.Random(seed)
    messages = [random_message(chance, number, units) for number in range(count)]
    for number in range(count // 10):  # another body under the id of one that is there
        twin = dict(chance.choice(messages[:count]))
        time = fold_oracle.instant(twin["timestamp"]) + (1 + number) * 2 * HOUR + number
        twin["timestamp"] = stamp(time)
        messages.append(twin)
    for _ in range(count // 10):
        messages.append(dict(chance.choice(messages)))
    return messages
