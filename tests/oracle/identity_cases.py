"""Random messages of few people under many ids: equal seeds, equal cases.

Visitors that become users, users of several visitors and accounts, visitors of several users, shared
devices, links late and early, at one instant and often a day, one message under two ids; on top of
all that fold_cases.py makes.
"""
import random

import fold_oracle
import fold_cases
from fold_cases import (HOUR, anchor, random_exposure, random_item, random_outcome, random_share,
                        random_step, random_time_near, random_traits, stamp)

SEATS = [3, 12, "4", 2.5, 0, -1, None, "many", True]

# Which ids a message carries: (user, visitor, account).
CARRIED = [(1, 0, 0)] * 5 + [(0, 1, 0)] * 5 + [(1, 1, 0)] * 2 + [(1, 0, 1)] * 2 + \
    [(0, 1, 1), (0, 0, 1), (1, 1, 1)]


def random_breadth(chance):
    metric = {"kind": "breadth", "member": "user", "counts": "counted",
              "within": chance.choice(["36h", "3d", "7d", "14d"])}
    of = chance.choice([None, "at_exposure", "within", {"trait": "seats"}])
    return dict(metric, of=of) if of else metric


def random_catalogue(chance):
    """fold_cases.random_catalogue, and breadth of use in the account experiment."""
    catalogue = fold_cases.random_catalogue(chance)
    counted = random_share(chance)
    while counted["kind"] != "conversion":
        counted = random_share(chance)
    breadths = {f"breadth{i}": random_breadth(chance) for i in range(2)}
    catalogue["metrics"].update(breadths, counted=counted)
    catalogue["experiments"]["accounts"]["metrics"]["diagnostics"] += list(breadths)
    if chance.random() < .7:
        catalogue["metrics"]["stays"] = {"kind": "retention", "between": ["7d", "14d"]}
        catalogue["core_actions"] = {"landmark": "7d", "retained": "stays", "candidates": [
            random_item(chance) for _ in range(chance.randint(1, 4))]}
    return catalogue


class People:
    """Whose ids go together: mostly the member's own, sometimes a neighbour's."""

    def __init__(self, chance, units):
        self.chance, self.units = chance, units
        self.stray = chance.choice([.05, .2, .5])

    def near(self, member):
        if self.chance.random() >= self.stray:
            return member
        place = self.chance.choice([member // 3 * 3 + self.chance.randrange(3), member + 3])
        return place % self.units

    def user(self, member):
        return f"u{self.near(member)}"

    def visitor(self, member):
        return f"visitor-{self.near(member)}"

    def account(self, member):
        return f"acme-{self.near(member) // 3}"


def put_ids(message, people, member, carried):
    user, visitor, account = carried
    if user:
        message["userId"] = people.user(member)
    if visitor:
        message["anonymousId"] = people.visitor(member)
    if account:
        message["context"] = {"groupId": people.account(member)}


def link_time(chance, base):
    """Often the same instant, or several on a day; some long before or after."""
    return base + chance.choice([0, 0, 12, 24, 25, 30, 36, 60, 24 * 7, 24 * 8, -24, -25, -24 * 3,
                                 chance.randrange(-96, 24 * 20)]) * HOUR + \
        chance.choice([0, 0, 0, 1, -1])


def random_link(chance, message, people, member, base, unique):
    sort = chance.choice(["identify", "identify", "alias", "group", "group"])
    message["type"] = sort
    time = link_time(chance, base)
    if sort == "group":
        message["groupId"] = people.account(member)
        message[chance.choice(["userId"] * 4 + ["anonymousId"])] = "?"
    elif sort == "alias":
        message.update(userId="?", previousId=people.visitor(member))
    else:
        message["userId"] = "?"
        if chance.random() < .8:
            message["anonymousId"] = "?"
        if chance.random() < .2:
            message["context"] = {"groupId": people.account(member)}
    if "userId" in message:
        message["userId"] = people.user(member)
    if "anonymousId" in message:
        message["anonymousId"] = people.visitor(member)
    if sort != "alias" and chance.random() < .4:
        # no two traits of a unit at one instant
        message["traits"] = random_traits(chance)
        if sort == "group" and chance.random() < .7:
            message["traits"] = {"seats": chance.choice(SEATS)}
        time = base + chance.choice([-96, -1, 0, 5]) * HOUR + unique
    return time


def exposure_ids(message, people, member):
    """The id of the experiment's kind has to be there."""
    wanted = {"accounts": 2, "visitors": 1}.get(message["properties"].get("experiment_id"), 0)
    for name in ("userId", "anonymousId"):
        message.pop(name, None)
    traits = message.pop("context", {}).get("traits")
    carried = [int(people.chance.random() < .25) for _ in range(3)]
    carried[wanted] = 1
    put_ids(message, people, member, carried)
    if traits:
        message.setdefault("context", {})["traits"] = traits


def random_message(chance, number, people):
    member = chance.randrange(people.units)
    base, unique = anchor(member, people.units), number + 1
    message = {"messageId": f"m{number}", "receivedAt": "2026-06-01T00:00:00Z"}
    sort = chance.random()
    if sort < .25:
        time = random_link(chance, message, people, member, base, unique)
    elif sort < .5:
        random_exposure(chance, message, member)
        exposure_ids(message, people, member)
        time = base + unique if chance.random() < .3 else base - unique
    else:
        if sort < .85:
            time = random_time_near(chance, base) + random_outcome(chance, message, number)
        else:
            random_step(chance, message)
            time = base + chance.choice([0, 1, 999, 128_500, int(2 ** (chance.random() * 31))])
        put_ids(message, people, member, chance.choice(CARRIED))
        if chance.random() < .1:
            message.setdefault("context", {})["traits"] = random_traits(chance)
            time = base + chance.randrange(-100, 100) * HOUR + unique
    message["timestamp"] = stamp(time)
    return message


def random_kiosk(chance, people):
    """A visitor of about as many users as a shared device has."""
    member = chance.randrange(people.units)
    base = anchor(member, people.units)
    for number in range(chance.choice([17, 19, 20, 21, 22, 25])):
        yield {"messageId": f"k{number}", "type": "identify", "userId": f"guest-{number}",
               "anonymousId": f"visitor-{member}", "receivedAt": "2026-06-01T00:00:00Z",
               "timestamp": stamp(base + chance.randrange(-200, 200) * HOUR)}


def under_other_ids(chance, message, people):
    """The same message again, of the same moment, under an id more, less or other."""
    twin = dict(message)
    member = chance.randrange(people.units)
    name = chance.choice(["userId", "anonymousId"])
    if message["type"] not in ("track", "page", "screen") or \
            message.get("event") in fold_oracle.DIALECTS:
        return twin
    other = {"userId": "anonymousId", "anonymousId": "userId"}[name]
    make = {"userId": people.user, "anonymousId": people.visitor}[name]
    twin[name] = make(member)
    if chance.random() < .7:
        twin.pop(other, None)
    return twin


def random_messages(seed, count, units):
    chance = random.Random(seed)
    people = People(chance, units)
    messages = [random_message(chance, number, people) for number in range(count)]
    for number in range(count // 10):  # another body under the id of one that is there
        twin = dict(chance.choice(messages[:count]))
        time = fold_oracle.instant(twin["timestamp"])
        twin["timestamp"] = stamp(time + (1 + number) * (2 * HOUR + 10_000))
        messages.append(twin)
    for _ in range(count // 8):
        messages.append(under_other_ids(chance, chance.choice(messages[:count]), people))
    if chance.random() < .3:
        messages += random_kiosk(chance, people)
    chance.shuffle(messages)
    return messages
