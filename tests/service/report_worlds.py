"""Random experiments and random populations for the tests of the report.

    world(seed), ended_world(seed, now) -> World: the catalogues (one a declaration, in order of
    taking into service), the Segment messages, the key of the experiment, and the moment `as_of`.

Times of traits and exposures of one unit never fall together; all else is at random.  Populations
are drawn so that every state of an experiment comes up: too early, ahead, decided, harmed, split
wrongly, stopped by hand, closed, never begun.
"""
import dataclasses
import datetime
import random

import fold_oracle

DAY = fold_oracle.DAY
HOUR = DAY // 24
START = fold_oracle.instant("2026-01-05")
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
EVENTS = ["Contact", "Mail", "Deal", "Call"]


@dataclasses.dataclass
class World:
    seed: int
    declarations: list  # of catalogues: {"experiments", "metrics", "segments", "not_activity"}
    messages: list
    key: str
    as_of: int


def stamp(time):
    text = (EPOCH + datetime.timedelta(milliseconds=time)).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def date_text(time):
    return stamp(time) if time % DAY else stamp(time)[:10]


# --- the files ------------------------------------------------------------------------------------

def metrics_of(chance):
    made = {}
    for name, event in zip(["m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7"], EVENTS * 2):
        if chance.random() < .7:
            made[name] = {"kind": "conversion", "event": event,
                          "within": chance.choice(["12h", "1d", "3d", "7d"])}
        else:
            made[name] = {"kind": "retention", "event": event,
                          "between": chance.choice([["0d", "2d"], ["1d", "3d"], ["36h", "60h"]])}
        if chance.random() < .3:
            made[name]["better"] = "lower"
    made["answer"] = {"kind": "nps", "event": "NPS Answered", "property": "score", "within": "3d"}
    return made


def worse_by(chance):
    return chance.choice(["1pp", "2pp", "5pp", "10pp", "5%", "12.5%", "30%"])


def expectation(chance, metrics, goal):
    sign = -1 if metrics[goal].get("better") == "lower" else 1
    made = {"baseline": chance.choice(["20%", "30%", "41.5%"])}
    if chance.random() < .5:
        made["units"] = chance.randint(300, 3000)
        made["lift"] = f"{sign * chance.choice([10, 25])}%"
    else:
        made["lift"] = f"{sign * chance.choice([30, 45, 60])}%"
    if chance.random() < .4:
        made["power"] = chance.choice(["70%", "90%"])
    if chance.random() < .5:
        made["units_per_week"] = chance.randint(100, 2000)
    return made


def variants_of(chance):
    names = ["a", "b", "c", "d"][:chance.choice([2, 2, 2, 3, 4])]
    made = {name: {} for name in names}
    made[chance.choice([names[0], names[0], names[-1]])]["control"] = True
    if chance.random() < .3:
        weights = {2: ["60%", "40%"], 3: ["50%", "30%", "20%"], 4: ["40%", "20%", "20%", "20%"]}
        for name, weight in zip(names, weights[len(names)]):
            made[name]["weight"] = weight
    return made


def experiment_of(chance, metrics):
    names = chance.sample([m for m in metrics if m != "answer"], 8)
    days = chance.choice([6, 10, 14, 21])
    file = {"experiment": "e", "status": "running",
            "start": date_text(chance.start), "variants": variants_of(chance), "metrics": {}}
    parts = file["metrics"]
    goals = chance.choice([0, 1, 1, 1, 1, 2, 3])
    if goals:
        parts["goal"] = names[:goals] if goals > 1 else names[0]
        parts["why"] = "it shows value"
    parts["secondary"] = names[3:3 + chance.choice([0, 1, 2])]
    parts["guardrails"] = [{"metric": name, "worse_by": worse_by(chance)}
                           for name in names[5:5 + chance.choice([0, 0, 1, 1, 2])]]
    parts["diagnostics"] = [names[7]] + (["answer"] if chance.random() < .2 else [])
    peeking = chance.choice(["hybrid", "hybrid", "always", "fixed"])
    analysis = {"peeking": peeking, "min_days": chance.choice([0, 3, 7]),
                "confidence": chance.choice(["95%", "95%", "90%", "80%", "99%"])}
    if chance.random() < .3:
        analysis["lift"] = "absolute"
    if chance.random() < .6:
        analysis["correction"] = chance.choice(["none", "holm", "benjamini_hochberg"])
    if goals and chance.random() < .6:
        analysis["expect"] = expectation(chance, metrics, names[0])
        if analysis.get("lift") == "absolute":
            sign = -1 if metrics[names[0]].get("better") == "lower" else 1
            analysis["expect"]["lift"] = f"{sign * chance.choice([3, 8, 12])}pp"
    if "expect" not in analysis or chance.random() < .7:
        file["end"] = date_text(chance.start + days * DAY + chance.choice([0, 0, 7 * HOUR]))
    file["analysis"] = analysis
    if chance.random() < .6:
        file["segments"] = chance.choice([["role"], ["role", "size"], ["role", ["role", "size"]]])
    return file, days


def traffic_of(chance, file):
    if chance.random() < .2:
        file["assignment"] = "elsewhere"
        file["status"] = chance.choice(["running", "running", "paused", "stopped"])
        if chance.random() < .4:
            del file["start"]
        return
    traffic = {}
    if chance.random() < .3:
        traffic["coverage"] = "80%"
    if chance.random() < .2:
        traffic["exclusive"] = {"group": "g", "range": "0%..80%"}
    if chance.random() < .2:
        traffic["holdout"] = {"group": "h", "share": "10%"}
    if traffic:
        file["traffic"] = traffic
    if chance.random() < .3:
        file["force"] = {"u3": list(file["variants"])[-1], "u5": list(file["variants"])[0]}


def amended(chance, file, metrics, days):
    """A later declaration of the same experiment."""
    file = {**file, "metrics": dict(file["metrics"]), "analysis": dict(file["analysis"])}
    metrics = {name: dict(metric) for name, metric in metrics.items()}
    change = chance.choice([0, 1, 1, 1, 2, 3, 4, 5])
    if change == 0:
        file["end"] = date_text(chance.start + chance.randint(3, days + 9) * DAY)
    elif change == 1:
        file["status"] = chance.choice(["stopped", "paused"])
    elif change == 2:
        file["metrics"]["guardrails"] = [{**g, "worse_by": "4pp"}
                                         for g in file["metrics"]["guardrails"]]
        file["analysis"]["confidence"] = "85%"
    elif change == 3:
        file["metrics"]["secondary"] = file["metrics"]["secondary"] + ["extra"]
        metrics["extra"] = {"kind": "conversion", "event": "Deal", "within": "2d"}
    elif change == 4:
        for name in chance.sample(sorted(metrics), 4):
            if metrics[name]["kind"] == "conversion":
                metrics[name]["within"] = "4d"
    else:
        file["analysis"]["peeking"] = "always"
    return file, metrics


# --- the population -------------------------------------------------------------------------------

class Crowd:
    """Draws the messages of a population."""

    def __init__(self, chance, file, metrics, span):
        self.chance, self.file, self.span = chance, file, span
        self.id_name = fold_oracle.ID_OF_UNIT[file.get("unit", "user")]
        self.names = list(file["variants"])
        self.messages = []
        self.clock = 0
        self.received = {"receivedAt": "2026-06-01T00:00:00Z"}
        strength = chance.choice([0, 0, .04, .1, .2, .3, -.1])
        self.rates = {}
        for event in EVENTS:
            base = chance.uniform(.15, .5)
            for name in self.names:
                sign = chance.choice([0, 1, 1, 1, -1])
                lower = any(m.get("better") == "lower" and m.get("event") == event
                            for m in metrics.values())
                self.rates[event, name] = base + sign * strength * (
                    not file["variants"][name].get("control")) * (-1 if lower else 1)
        if chance.random() < .08:
            self.rates = {key: chance.choice([0, 1, 1]) for key in self.rates}
        self.crossing = chance.choice([0, .002, .01, .02, .02, .09])
        self.mismatch = chance.choice([0, .003, .003, .003, .003, .05])
        self.lost = chance.choice([0, 0, 0, 0, 0, 0, .25])  # of one variant's exposures
        self.burst = chance.choice([1, 1, 3])

    def tick(self):
        self.clock += 1
        return self.clock % 3_000_000

    def send(self, unit, kind, time, **more):
        message = {"type": kind, self.id_name: unit, "messageId": f"m{len(self.messages)}",
                   "timestamp": stamp(time), **self.received}
        message.update(more)
        if self.id_name == "groupId":
            del message["groupId"]
            message["userId"] = "w" + unit
            message["context"] = {"groupId": unit}
        self.messages.append(message)

    def expose(self, unit, time, variant):
        self.send(unit, "track", time, event="Experiment Viewed",
                  properties={"experiment_id": self.file["experiment"], "variation_id": variant})

    def unit(self, number):
        chance, unit = self.chance, f"u{number}"
        share = chance.random() ** (1 / self.burst)
        first = chance.start + int(share * self.span * DAY) // 1000 * 1000 + self.tick() % 1000
        if chance.random() < .01:
            first = chance.start - chance.randint(1, 40) * HOUR - self.tick() % 1000
        _, computed = fold_oracle.judge(self.file, unit, first)
        met = computed or chance.choices(self.names, self.weights())[0]
        if met == self.names[-1] and chance.random() < self.lost:
            return
        if chance.random() < .7 and self.file.get("segments"):
            self.send(unit, "identify", first - HOUR,
                      traits={"role": chance.choice(["rep", "rep", "owner", "cfo"]),
                              "size": chance.choice([1, 5, 40, 900])})
        told = met
        if chance.random() < self.mismatch:
            told = chance.choice(self.names)
        elif chance.random() < .003:
            told = "nobody"
        self.expose(unit, first, told)
        if chance.random() < .1:
            self.expose(unit, first + 2 * HOUR, told)
        if chance.random() < self.crossing * (2 if met == self.names[-1] else 1):
            self.expose(unit, first + 3 * HOUR, chance.choice(self.names))
        for event in EVENTS:
            if chance.random() < self.rates[event, met]:
                later = chance.randrange(chance.choice([24, 216])) * HOUR // 2 + 60_000
                self.send(unit, "track", first + later, event=event)

    def weights(self):
        return [fold_oracle.percent(v["weight"]) if "weight" in v else 1
                for v in self.file["variants"].values()]

    def repeat(self):
        for _ in range(len(self.messages) // 40):
            self.messages.append(dict(self.chance.choice(self.messages)))
        self.chance.shuffle(self.messages)


class Chance(random.Random):
    """Chance, and the day on which the experiment begins."""

    def __init__(self, seed, start):
        super().__init__(seed)
        self.start = start


def ended_world(seed, now):
    """An experiment of these days that a later declaration stops, or whose end it moves; `as_of`
    is for the caller to set, once that has been declared."""
    chance = Chance(seed, (now // DAY - 3 - seed % 9) * DAY)
    metrics = metrics_of(chance)
    file, days = experiment_of(chance, metrics)
    whole = (now - chance.start) // DAY
    later = dict(file)
    if chance.random() < .7 or whole < 5:
        later["status"] = "stopped"
    else:
        later["end"] = date_text(chance.start + chance.randint(2, whole - 1) * DAY)
    crowd = Crowd(chance, file, metrics, min(days + 1, whole))
    crowd.received = {}
    for number in range(1500):
        crowd.unit(number)
    crowd.messages = [m for m in crowd.messages if fold_oracle.instant(m["timestamp"]) < now]
    crowd.repeat()
    return World(seed, [catalogue(file, metrics), catalogue(later, metrics)], crowd.messages, "e",
                 None)


def catalogue(file, metrics):
    segments = {"role": {"trait": "role", "values": ["rep", "owner"]},
                "size": {"trait": "size", "bands": [1, 2, 11, 51]}}
    return {"experiments": {"e": file}, "metrics": metrics, "segments": segments,
            "not_activity": []}


def world(seed, most=2400):
    chance = Chance(seed, START)
    metrics = metrics_of(chance)
    file, days = experiment_of(chance, metrics)
    traffic_of(chance, file)
    if chance.random() < .15:
        file["unit"] = chance.choice(["account", "anonymous"])
    declarations = [catalogue(file, metrics)]
    if chance.random() < .3:
        declarations.append(catalogue(*amended(chance, file, metrics, days)))
    crowd = Crowd(chance, file, metrics, days + chance.choice([-2, 0, 3]))
    units = chance.choice([60, 500, 1200, most, most, most]) if chance.random() < .96 else 0
    if file.get("unit") == "account":
        units = units // 8
    for number in range(units):
        crowd.unit(number)
    crowd.repeat()
    as_of = chance.start + chance.randrange(-12, (days + 14) * 24) * HOUR
    as_of += chance.choice([0, 1, 12_345])
    if chance.random() < .2:
        as_of = chance.start + (days + 20) * DAY
    return World(seed, declarations, crowd.messages, "e", as_of)
