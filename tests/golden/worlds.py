"""Worlds whose reports are kept as golden documents: the files that declare them, the messages of
their people, what researchers noted. The same ones each time: a seed, and every moment given.

    world = kinds(), accounts() or holdout(ask) -> World

`ask(users, experiments)` says what the service gives users: {(user, experiment): answer}.

What is planted: people of `short` buy more often and by as much, with fewer calls each; teams of
`guided` have more of their members active; who is held out of all experiments does less.
"""
import dataclasses
import datetime
import random

HOUR = 3_600_000
DAY = 24 * HOUR
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
START = 1_767_571_200_000  # 2026-01-05T00:00:00Z


@dataclasses.dataclass
class World:
    key: str  # of the experiment
    as_of: str
    files: dict
    messages: list
    notes: list = dataclasses.field(default_factory=list)


class Crowd:
    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.messages = []

    def send(self, time, **message):
        made = {"type": "track", "messageId": f"m{len(self.messages)}"} | message
        made["timestamp"] = (EPOCH + datetime.timedelta(milliseconds=time)).isoformat(
            timespec="milliseconds").replace("+00:00", "Z")
        self.messages.append(made)

    def expose(self, time, experiment, variant, **more):
        self.send(time, event="Experiment Viewed", properties={
            "experiment_id": experiment, "variation_id": variant}, **more)

    def moment(self, days):
        return START + self.chance.randrange(days * DAY)


# --- a metric of every kind with a mean -----------------------------------------------------------

KINDS = {
    "metrics.yaml": """\
metrics:
  revenue:
    name: Revenue of the first two weeks
    stage: monetisation
    kind: sum
    event: Order Completed
    property: revenue
    within: 14d
    cap: 2000
  orders: {name: Orders, kind: count, event: Order Completed, within: 14d, cap: 20}
  calls: {name: Calls to support, kind: count, event: Support Called, within: 14d, better: lower}
  order_value:
    name: Size of an order
    kind: mean
    event: Order Completed
    property: revenue
    within: 14d
    cap: 2000
  revenue_per_call: {name: Revenue per call to support, kind: ratio, numerator: revenue, denominator: calls}
  satisfied: {name: Would recommend it, kind: nps, event: NPS Answered, property: score, within: 7d}
  back_week_2: {name: Back in week two, kind: retention, between: [7d, 14d]}
""",
    "segments.yaml": """\
segments:
  role: {trait: role, values: [sales_rep, marketer, owner]}
  channel: {trait: signup_channel, values: [organic, paid]}
""",
    "price-page.yaml": """\
experiment: price-page
name: A price page that begins with the plan that fits
owner: growth-monetisation
hypothesis: Who sees the plan that fits first buys it, and calls nobody to ask which one it is.
status: running
start: 2026-01-05
end: 2026-01-26
assignment: elsewhere
variants:
  table: {control: true, weight: 40%}
  short: {weight: 30%}
  quiz: {weight: 30%}
segments: [role, channel]
metrics:
  goal: revenue
  why: Revenue in the first two weeks is what the product lives on, and who pays, stays.
  secondary: [orders, order_value, revenue_per_call, back_week_2]
  guardrails: [{metric: satisfied, worse_by: 12}, {metric: calls, worse_by: 0.2}]
analysis: {expect: {baseline: 60, sd: 130, lift: 35%, units: 1200}}
""",
}
KINDS_NOTES = [
    {"source": "interview", "text": "Two of five asked whether prices are for a month or a year."},
    {"source": "ticket", "variant": "quiz",
     "text": "Owners say that the quiz asks what they cannot know before they have begun."},
    {"source": "diary", "segment": "role = marketer", "variant": "short",
     "text": "The plan was right. I did not look at the others."},
]


def kinds():
    crowd = Crowd(11)
    chance = crowd.chance
    for number in range(2400):
        user, first = f"user-{number}", crowd.moment(21)
        variant = chance.choices(["table", "short", "quiz"], [4, 3, 3])[0]
        role = chance.choice(["sales_rep", "sales_rep", "marketer", "owner", None])
        traits = {"signup_channel": chance.choice(["organic", "paid", "organic"])}
        if role:
            traits["role"] = role
        crowd.expose(first, "price-page", variant, userId=user, context={"traits": traits})
        buys = .28 + .09 * (variant == "short") + .05 * (role == "owner")
        while chance.random() < buys:
            crowd.send(first + chance.randrange(14 * DAY), userId=user, event="Order Completed",
                       properties={"revenue": round(chance.lognormvariate(4.2, .9), 2)})
        for _ in range(chance.choice([0, 0, 0, 1, 1, 2]) - (variant == "short")):
            crowd.send(first + chance.randrange(14 * DAY), userId=user, event="Support Called")
        if chance.random() < .45:
            crowd.send(first + chance.randrange(7 * DAY), userId=user, event="NPS Answered",
                       properties={"score": min(10, chance.randint(4, 10) + (variant == "short"))})
        if chance.random() < .5:
            crowd.send(first + 7 * DAY + chance.randrange(7 * DAY), userId=user,
                       event="Mail Opened")
        if chance.random() < .01:
            crowd.expose(first + DAY, "price-page", "table", userId=user)
    return World("price-page", "2026-02-12T00:00:00Z", KINDS, crowd.messages, KINDS_NOTES)


# --- accounts -------------------------------------------------------------------------------------

ACCOUNTS = {
    "metrics.yaml": """\
metrics:
  sent_mail: {name: Sent a mail, kind: conversion, event: Email Sent, within: 14d}
  team_active:
    name: Share of the team that sends mail
    stage: activation
    kind: breadth
    member: user
    counts: sent_mail
    within: 14d
  mails: {name: Mails of the team, kind: count, event: Email Sent, within: 14d, cap: 200}
  bought: {name: Bought a plan, stage: monetisation, kind: conversion, event: Plan Purchased, within: 14d}
  first_mail: {name: Days to the first mail, kind: time_to, event: Email Sent, within: 14d}
""",
    "segments.yaml": """\
segments:
  company_size: {trait: employees, bands: [1, 11, 51]}
""",
    "guided-team.yaml": """\
experiment: guided-team
name: The whole team is guided, not who signed up alone
owner: growth-teams
hypothesis: A team whose every member is greeted has more members who work with the product.
status: running
unit: account
start: 2026-01-05
end: 2026-01-26
assignment: elsewhere
variants:
  alone: {control: true}
  guided: {}
segments: [company_size]
metrics:
  goal: team_active
  why: One keen user does not make a team's product.
  secondary: [mails, bought]
  guardrails: [{metric: first_mail, worse_by: 0.5}]
""",
}
ACCOUNTS_NOTES = [
    {"source": "interview", "variant": "guided", "text": "“Everybody got the same mail, twice.”"}]


def accounts():
    crowd = Crowd(23)
    chance = crowd.chance
    for number in range(520):
        account, first = f"account-{number}", crowd.moment(21)
        variant = chance.choice(["alone", "guided"])
        team = chance.choice([1, 2, 2, 3, 4, 6, 9])
        crowd.send(first - HOUR, type="group", userId=f"user-{number}-0", groupId=account,
                   traits={"employees": team * chance.choice([2, 5, 14])})
        for member in range(1, team):
            crowd.send(first - HOUR + member, type="identify", userId=f"user-{number}-{member}",
                       context={"groupId": account}, traits={"role": "sales_rep"})
        crowd.expose(first, "guided-team", variant, userId=f"user-{number}-0",
                     context={"groupId": account})
        for member in range(team):
            if chance.random() < .34 + .14 * (variant == "guided") + .2 * (member == 0):
                for _ in range(chance.choice([1, 1, 2, 5])):
                    crowd.send(first + chance.randrange(14 * DAY), userId=f"user-{number}-{member}",
                               event="Email Sent", context={"groupId": account})
        if chance.random() < .12:
            crowd.send(first + chance.randrange(14 * DAY), userId=f"user-{number}-0",
                       event="Plan Purchased", context={"groupId": account})
    return World("guided-team", "2026-02-12T00:00:00Z", ACCOUNTS, crowd.messages, ACCOUNTS_NOTES)


# --- a holdout ------------------------------------------------------------------------------------

SPLIT = """\
experiment: {key}
name: {name}
owner: growth
hypothesis: It brings people to what they came for.
status: running
start: 2026-01-05
traffic: {{coverage: {coverage}, holdout: {{group: first-quarter, share: 20%}}}}
variants:
  before: {{control: true}}
  after: {{}}
segments: [role]
metrics:
  goal: {goal}
  why: It is what people come for.
analysis: {{peeking: always}}
"""
HOLDOUT = {
    "metrics.yaml": """\
metrics:
  made_contact: {name: Made a contact, kind: conversion, event: Contact Created, within: 7d}
  dealt: {name: Entered a deal, kind: conversion, event: Deal Created, within: 7d}
""",
    "segments.yaml": "segments:\n  role: {trait: role, values: [sales_rep, marketer]}\n",
    "guide.yaml": SPLIT.format(key="guide", name="A guide to begin with", coverage="60%",
                               goal="made_contact"),
    "mail.yaml": SPLIT.format(key="mail", name="A mail on day two", coverage="100%", goal="dealt"),
}


def holdout(ask):
    crowd = Crowd(31)
    chance = crowd.chance
    users = [f"person-{number}" for number in range(1500)]
    told = ask(users, ["guide", "mail"])
    for user in users:
        first, role = crowd.moment(21), chance.choice(["sales_rep", "marketer"])
        for key in ("guide", "mail"):
            exposure = told[user, key].get("exposure")
            if exposure:
                crowd.expose(first, exposure["experiment_id"], exposure["variation_id"],
                             userId=user, context={"traits": {"role": role}})
        is_held = told[user, "mail"]["reason"] == "holdout"
        for event, rate in (("Contact Created", .42 - .14 * is_held),
                            ("Deal Created", .2 - .04 * is_held)):
            if chance.random() < rate:
                crowd.send(first + chance.randrange(7 * DAY), userId=user, event=event)
    return World("holdout:first-quarter", "2026-01-26T00:00:00Z", HOLDOUT, crowd.messages)
