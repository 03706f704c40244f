#!/usr/bin/env python3
"""A CRM's first 90 days as Segment messages: who signed up, what each met, what came of it.

usage: generate.py [--users N] [--folder DIR]

--users N      whole hundreds, a fifth as many accounts (default: the small size, 20 000)
--folder DIR   a file a day, DIR/day-000.ndjson and so on; otherwise lines on standard output by day

population.json declares sizes, roles, channels, rates and what is planted. Accounts sign up over 90
days, on working days and in office hours rather than otherwise; their users follow within two days,
each says who it is, meets the one first-run experiment that it hashes into, and may activate in the
first week, enter a deal in the third, and come back in weeks 2 and 4. On day three its account meets
`invite-team`. A part of the users does all that under a visitor's id which is linked to them.

Variants are those that the service gives (GrowthBook's hash). A user's inclinations are drawn once
and shared by its rates; an account's too, so that members are alike. The same N gives the same bytes.
"""
import argparse
import datetime
import json
import math
import pathlib
import random
import sys

DAY = 86_400_000
HOUR = 3_600_000
EPOCH_DAYS = 719_163
POPULATION = json.loads(pathlib.Path(__file__).with_name("population.json").read_text())
FIRST_RUN = ["short-checklist", "role-tour", "button-colour", "import-wizard", "sample-data"]
CONTROLS = {"short-checklist": "tour", "role-tour": "one_for_all", "button-colour": "blue",
            "import-wizard": "manual", "sample-data": "empty", "invite-team": "later"}
LINES_IN_MEMORY = 400_000


def fnv1a(text, value=0x811C9DC5):
    """32 bits, on the code units of a text that is ASCII."""
    for byte in text.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


SEEDS = {key: fnv1a(key) for key in CONTROLS}


def variant_of(experiment, unit):
    """Two equal shares: below half of 10 000 buckets is the control."""
    place = fnv1a(str(fnv1a(unit, SEEDS[experiment]))) % 10_000
    return CONTROLS[experiment] if place < 5000 else POPULATION["planted"][experiment]["variant"]


def first_run_of(unit):
    return FIRST_RUN[fnv1a(unit + "__first-run") % 1000 // 200]


def cumulated(shares):
    total, found = 0.0, []
    for name, share in shares.items():
        total += share
        found.append((total, name))
    return found


def pick(table, place):
    for until, name in table:
        if place < until:
            return name
    return table[-1][1]


class Days:
    """Lines by day; in files where there is a folder, so that memory stays bounded."""

    def __init__(self, folder, first_day):
        self.folder, self.first_day = folder, first_day
        self.lines, self.held = {}, 0
        self.dates = {}

    def stamp(self, time):
        day, rest = divmod(time, DAY)
        if day not in self.dates:
            self.dates[day] = datetime.date.fromordinal(day + EPOCH_DAYS).isoformat()
        minutes, ms = divmod(rest, 60_000)
        return "%sT%02d:%02d:%02d.%03dZ" % (self.dates[day], minutes // 60, minutes % 60,
                                            ms // 1000, ms % 1000)

    def add(self, time, body):
        self.lines.setdefault(time // DAY, []).append(
            f'{{{body},"timestamp":"{self.stamp(time)}"}}\n')
        self.held += 1
        if self.folder and self.held >= LINES_IN_MEMORY:
            self.flush()

    def flush(self):
        for day in sorted(self.lines):
            text = "".join(self.lines[day])
            if self.folder:
                path = self.folder / f"day-{day - self.first_day:03d}.ndjson"
                with open(path, "a", encoding="ascii") as file:
                    file.write(text)
            else:
                sys.stdout.write(text)
        self.lines, self.held = {}, 0


class Crowd:
    def __init__(self, users, days):
        self.days = days
        self.chance = random.Random(POPULATION["seed"]).random
        self.accounts = users // 5
        self.roles, self.channels = cumulated(POPULATION["roles"]), cumulated(POPULATION["channels"])
        self.rates, self.planted = POPULATION["rates"], POPULATION["planted"]
        weights = [POPULATION["weekday_weights"][(days.first_day + 3 + day) % 7]
                   for day in range(POPULATION["days"])]
        self.day_ends = [sum(weights[:day + 1]) / sum(weights) for day in range(len(weights))]
        self.user = 0

    def office_hour(self):
        """Most at noon UTC, some at any time of the day."""
        if self.chance() < .15:
            return int(self.chance() * DAY)
        return int((8 + 5 * (self.chance() + self.chance())) * HOUR)

    def sizes(self):
        table = list(POPULATION["users_of_20_accounts"])
        while True:
            for place in range(len(table) - 1, 0, -1):
                other = int(self.chance() * (place + 1))
                table[place], table[other] = table[other], table[place]
            yield from table

    def rate(self, name, role, inclination):
        declared = self.rates[name]
        return declared["base"] + declared["role"].get(role, 0) + \
            (declared.get("habit", 0) or declared.get("account", 0)) * (inclination - .5)

    def act(self, number, event, time):
        self.days.add(time, f'"type":"track","event":"{event}","messageId":"{event[0]}{time % DAY}-'
                            f'{number}",{self.carried}')

    def first_run(self, number, unit, role, joined):
        """What the user meets and does for itself."""
        chance = self.chance
        experiment = first_run_of(unit)
        variant = variant_of(experiment, unit)
        met = joined + 1000 + int(chance() * 60_000)
        planted = self.planted[experiment] if variant != CONTROLS[experiment] else {}
        if planted.get("role", role) != role:
            planted = {}
        self.days.add(met, f'"type":"track","event":"Experiment Viewed","messageId":"e{number}",'
                           f'"userId":"{unit}","properties":{{"experiment_id":"{experiment}",'
                           f'"variation_id":"{variant}"}}')
        habit = chance()
        if chance() < self.rate("activated", role, habit) + planted.get("activated", 0):
            wait = chance() * POPULATION["days_to_activation"] * planted.get("time_factor", 1)
            self.act(number, "Contacts Imported", met + 60_000 + int(wait * DAY))
        if chance() < self.rate("active_week_2", role, habit):
            self.act(number, "Email Sent", met + 8 * DAY + int(chance() * 5 * DAY))
        if chance() < self.rate("retained_week_4", role, habit) + planted.get("retained_week_4", 0):
            self.act(number, "Email Sent", met + 28 * DAY + int(chance() * 6.9 * DAY))

    def member(self, account, role, joined, more):
        self.user += 1
        unit, chance = f"user-{self.user}", self.chance
        is_visitor = chance() < POPULATION["under_a_visitors_id"]
        visitor = f'"anonymousId":"visitor-{self.user}"'
        self.carried = visitor if is_visitor else f'"userId":"{unit}"'
        self.days.add(joined, f'"type":"identify","messageId":"i{self.user}","userId":"{unit}",'
                              f'{visitor + "," if is_visitor else ""}'
                              f'"context":{{"groupId":"{account}"}},'
                              f'"traits":{{"role":"{role}",{more}}}')
        self.first_run(self.user, unit, role, joined)

    def account(self, number, size):
        chance, account = self.chance, f"account-{number}"
        place = (number + chance()) / self.accounts
        day = next(day for day, end in enumerate(self.day_ends) if place < end or end >= 1)
        created = (self.days.first_day + day) * DAY + self.office_hour()
        until = (self.days.first_day + POPULATION["days"]) * DAY - HOUR
        low, high = POPULATION["employees_per_user"]
        employees = int(size * math.exp(math.log(low) + chance() * math.log(high / low)))
        more = f'"employees":{employees},"signup_channel":"{pick(self.channels, chance())}"'
        variant = variant_of("invite-team", account)
        met = min(created + 3 * DAY, until)
        selling = self.rate("won_deal", "", chance()) + \
            (self.planted["invite-team"]["won_deal"] if variant != "later" else 0)
        self.days.add(created, f'"type":"group","messageId":"g{number}","userId":"user-'
                               f'{self.user + 1}","groupId":"{account}","traits":{{{more}}}')
        for which in range(size):
            joined = created + 1000 if which == 0 else created + int(chance() * 2 * DAY)
            role = "owner" if which == 0 and chance() < .5 else pick(self.roles, chance())
            self.member(account, role, min(joined, until), more)
            if chance() < selling:
                self.act(self.user, "Deal Created", met + 60_000 + int(chance() * 13.9 * DAY))
        self.days.add(met, f'"type":"track","event":"Experiment Viewed","messageId":"x{number}",'
                           f'"context":{{"groupId":"{account}"}},"properties":{{"experiment_id":'
                           f'"invite-team","variation_id":"{variant}"}}')


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--users", type=int, default=POPULATION["sizes"]["small"]["users"])
    parser.add_argument("--folder", type=pathlib.Path)
    options = parser.parse_args()
    if options.users < 100 or options.users % 100:
        parser.error("--users: whole hundreds")
    if options.folder:
        options.folder.mkdir(parents=True)
    first = datetime.date.fromisoformat(POPULATION["first_day"]).toordinal() - EPOCH_DAYS
    crowd = Crowd(options.users, Days(options.folder, first))
    for number, size in zip(range(crowd.accounts), crowd.sizes()):
        crowd.account(number, size)
    crowd.days.flush()


if __name__ == "__main__":
    main()
