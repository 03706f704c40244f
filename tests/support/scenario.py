"""What the tests of the whole share: a population that is the same for the same seed, the program's
commands, and comparisons of what they print.

A stream has what the world has: users of three roles who met one variant, the other, or both;
outcomes before, at and after the exposure; visitors who became users; messages sent twice, and two
bodies under one messageId.  Every message has a time of its own and no sentAt, so that nothing
depends on when it was received.
"""

import datetime
import json
import os
import random
import subprocess

from gangway import GANGWAY

LONG = os.environ.get("GANGWAY_LONG") == "1"
DAY = 86_400_000
START = 1_788_220_800_000  # 2026-09-01T00:00:00Z
AS_OF = "2026-10-20T00:00:00Z"

METRICS = """\
metrics:
  activated:
    stage: activation
    kind: conversion
    event: Contact Created
    within: {within}
  back_day_7:
    stage: retention
    kind: retention
    between: [7d, 8d]
"""

SEGMENTS = """\
segments:
  role:
    trait: role
    values: [sales_rep, marketer]
"""

EXPERIMENT = """\
experiment: flow
name: Checklist against tour
owner: growth
hypothesis: >
  A checklist lets people begin with what they came for, so more of them make a contact in the first days.
status: running
unit: user
start: 2026-09-01
end: 2026-10-01
assignment: elsewhere
variants:
  tour: {control: true, weight: 50%}
  checklist: {weight: 50%}
segments: [role]
metrics:
  goal: activated
  secondary: [back_day_7]
  why: Whoever has made a contact has begun to work with the product.
analysis: {peeking: always}
"""


def files(within="7d"):
    """The experiments folder: one experiment, its metrics, its segments."""
    return {"flow.yaml": EXPERIMENT, "metrics.yaml": METRICS.replace("{within}", within),
            "segments.yaml": SEGMENTS}


def moment(time_ms):
    seconds, ms = divmod(time_ms, 1000)
    days, second = divmod(seconds, 86400)
    day = datetime.date(1970, 1, 1) + datetime.timedelta(days=days)
    return f"{day}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.{ms:03}Z"


class Stream:
    """Messages of `users` users, in order of time."""

    def __init__(self, users, seed=1):
        self.random = random.Random(seed)
        self.messages = []
        self.number = 0
        for number in range(users):
            self.add_user(number)
        self.messages.sort(key=lambda message: (message["timestamp"], message["messageId"]))

    def add(self, time_ms, **message):
        self.number += 1
        message.setdefault("messageId", f"m{self.number}")
        message["timestamp"] = moment(time_ms)
        self.messages.append(message)

    def add_user(self, number):
        chance = self.random
        user, visitor = f"user-{number}", f"visitor-{number}"
        first = START + chance.randrange(20 * DAY)
        role = chance.choice(["sales_rep", "marketer", "owner", None])
        variant = chance.choice(["tour", "checklist"])
        if role:
            self.add(first - chance.randrange(2 * DAY), type="identify", userId=user,
                     traits={"role": role, "plan": "free"})
        self.expose(first, user, variant)
        for _ in range(chance.randrange(3)):  # seen again
            self.expose(first + chance.randrange(10 * DAY), user, variant)
        if chance.random() < 0.05:  # met the other one too
            other = "tour" if variant == "checklist" else "checklist"
            self.expose(first + chance.randrange(-DAY, 5 * DAY), user, other)
        for _ in range(chance.randrange(4)):
            self.add(first + chance.randrange(-DAY, 12 * DAY), type="track", userId=user,
                     event=chance.choice(["Contact Created", "Deal Created"]),
                     properties={"value": chance.randrange(100)})
        if chance.random() < 0.1:  # was a visitor before, and went on as one
            self.add(first + chance.randrange(DAY), type="identify", userId=user,
                     anonymousId=visitor, traits={"role": role or "owner"})
            self.add(first + chance.randrange(9 * DAY), type="track", anonymousId=visitor,
                     event="Contact Created")
        if chance.random() < 0.05:  # two bodies under one id
            at = first + chance.randrange(5 * DAY)
            for value in (1, 2):
                self.add(at + value, type="track", userId=user, event="Contact Created",
                         messageId=f"twice-{number}", properties={"value": value})

    def expose(self, time_ms, user, variant):
        self.add(time_ms, type="track", userId=user, event="Experiment Viewed",
                 properties={"experiment_id": "flow", "variation_id": variant})

    def users(self):
        return {message["userId"] for message in self.messages
                if message.get("event") == "Experiment Viewed"}


def batches(messages, sizes):
    """The messages cut into batches of sizes that `sizes()` gives."""
    at = 0
    while at < len(messages):
        size = sizes()
        yield messages[at:at + size]
        at += size


def run(*arguments, want=0, data=None):
    """The program's standard output; its exit status is `want`."""
    done = subprocess.run([GANGWAY, *arguments], input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, timeout=300)
    if done.returncode != want:
        raise AssertionError(f"gangway {' '.join(arguments)}: exit {done.returncode}, not {want}\n"
                             f"{done.stdout[-2000:].decode(errors='replace')}"
                             f"{done.stderr[-2000:].decode(errors='replace')}")
    return done.stdout


def write_folder(folder, texts):
    os.makedirs(folder, exist_ok=True)
    for name, text in texts.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    return folder


def lines_of(messages):
    return "".join(json.dumps(message) + "\n" for message in messages).encode()


def import_messages(store, experiments, messages):
    return run("import", "--store", store, "--experiments", experiments, "-",
               data=lines_of(messages)).decode()


def report(store, experiment="flow", as_of=AS_OF):
    """The bytes of the JSON report."""
    return run("report", experiment, "--store", store, "--format", "json", "--as-of", as_of)


def undelivered(document):
    """The report without its member `delivery`; numbers as they are spelt, so equal means equal
    bytes."""
    tree = json.loads(document, parse_float=str, parse_int=str)
    if tree.pop("delivery", None) is None:
        raise AssertionError("no member 'delivery'")
    return tree


def cube(store):
    """The dump of all cells."""
    return run("export", "--table", "cube", "--store", store)


def journal(store):
    """The messages of the journal."""
    return [json.loads(line) for line in run("export", "--store", store).splitlines()]


def exposed(document):
    """Units of all variants."""
    return sum(variant["exposed"] for variant in json.loads(document)["variants"])
