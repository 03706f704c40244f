"""Whose a message is, by dated links (architecture 9), written from the rules and from nothing else.

    identities = Identities(messages)
    identities.groups(kind) -> {unit: [Group, ...]}

A group is all that came under one id and may count for units of that kind, with the question whose
each of them is.  A unit's own group holds the messages that carry its id, whatever else they carry.
Groups of others hold what carries no id of that kind:

    of a visitor   without a user: the user's of the visitor's last link at or before, else of the
                   first after; and the account's to which that user was tied then
    of a user      without an account: the account's of the user's last tie at or before, else of
                   the first after; without a visitor: the visitor's that the user was linked to
                   last, at or before only

Links: alias, and an identify with both ids; ties: every message with a user and an account.  A
visitor of more than 20 users is a shared device: its links are as if they were not there.
Exposures count for the id that they carry.  A message id counts once under one id, its first
body; then once within the unit.

Two things are as unit_record.h says, since the design leaves them open: of a UTC day and pair the
first and last instant of a link are kept, of a UTC day the first and last instant of activity; of
links at one instant the one whose other id has the larger hash is the last.
"""
import collections

DAY = 86_400_000
SHARED_DEVICE_USERS = 20
KINDS = {"user": "userId", "account": "groupId", "anonymous": "anonymousId"}


def text_hash(kind, text):
    """names.h: FNV-1a begun with the number of the kind, and a last mixing."""
    word = 2**64 - 1
    value = 0xCBF29CE484222325 ^ list(KINDS).index(kind)
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 & word
    value = (value ^ value >> 32) * 0x9E3779B97F4A7C15 & word
    return value ^ value >> 29


def first_and_last_of_days(times):
    days = collections.defaultdict(list)
    for time in times:
        days[time // DAY].append(time)
    return [end(of_day) for of_day in days.values() for end in (min, max)]


class Links:
    """Of ids of one kind to ids of another."""

    def __init__(self, kind, said):
        """said: (time, id, other id)."""
        times = collections.defaultdict(list)
        for time, one, other in said:
            times[one, other].append(time)
        self.instants = collections.defaultdict(list)
        for (one, other), heard in times.items():
            for time in first_and_last_of_days(heard):
                self.instants[one].append((time, text_hash(kind, other), other))

    def others(self, one):
        return {other for _, _, other in self.instants.get(one, [])}

    def at(self, one, time, or_after):
        """The other id; None: none."""
        instants = self.instants.get(one, [])
        before = [i for i in instants if i[0] <= time]
        if before:
            return max(before)[2]
        if not or_after or not instants:
            return None
        first = min(i[0] for i in instants)
        return max(i for i in instants if i[0] == first)[2]


class Group:
    """What came under one id, and whose it is at a time."""

    def __init__(self, messages, owner):
        self.messages = messages
        self.owner = owner  # None: all of it is the unit's own
        self.is_own = owner is None

    def belongs(self, unit, time):
        return self.is_own or self.owner(time) == unit


class Identities:
    def __init__(self, messages):
        """messages: normalised (fold_oracle.normalised)."""
        self.messages = messages
        pairs = [(m["time"], m["userId"], visitor) for m in messages if m.get("userId")
                 for visitor in [self.linked_visitor(m)] if visitor]
        users = collections.defaultdict(set)
        for _, user, visitor in pairs:
            users[visitor].add(user)
        self.shared = {v for v, of in users.items() if len(of) > SHARED_DEVICE_USERS}
        pairs = [p for p in pairs if p[2] not in self.shared]
        ties = [(m["time"], m["userId"], m["groupId"]) for m in messages
                if m.get("userId") and m.get("groupId")]
        self.visitors = Links("anonymous", pairs)
        self.users = Links("user", [(time, visitor, user) for time, user, visitor in pairs])
        self.accounts = Links("account", ties)

    @staticmethod
    def linked_visitor(message):
        if message["type"] == "alias":
            return message.get("previousId")
        return message.get("anonymousId") if message["type"] == "identify" else None

    def user_of(self, visitor, time):
        return self.users.at(visitor, time, or_after=True)

    def account_of(self, user, time):
        return user and self.accounts.at(user, time, or_after=True)

    def visitor_of(self, user, time):
        return self.visitors.at(user, time, or_after=False)

    def carrying(self, name, *without):
        """The messages that carry an id of that name and none of the others, by id."""
        found = collections.defaultdict(list)
        for message in self.messages:
            if message.get(name) and not any(message.get(other) for other in without):
                found[message[name]].append(message)
        return found

    def owed(self, kind):
        """(messages, owner at a time, all who may own some), of each id that owes to `kind`."""
        if kind == "user":
            for visitor, messages in self.carrying("anonymousId", "userId").items():
                yield (messages, lambda time, v=visitor: self.user_of(v, time),
                       self.users.others(visitor))
        elif kind == "anonymous":
            for user, messages in self.carrying("userId", "anonymousId").items():
                yield (messages, lambda time, u=user: self.visitor_of(u, time),
                       self.visitors.others(user))
        else:
            for user, messages in self.carrying("userId", "groupId").items():
                yield (messages, lambda time, u=user: self.account_of(u, time),
                       self.accounts.others(user))
            for visitor, messages in self.carrying("anonymousId", "userId", "groupId").items():
                yield (messages,
                       lambda time, v=visitor: self.account_of(self.user_of(v, time), time),
                       {a for u in self.users.others(visitor) for a in self.accounts.others(u)})

    def groups(self, kind):
        found = collections.defaultdict(list)
        for unit, messages in self.carrying(KINDS[kind]).items():
            found[unit].append(Group(messages, None))
        for messages, owner, owners in self.owed(kind):
            for unit in owners:
                found[unit].append(Group(messages, owner))
        return found

    def members(self, account):
        """The users ever tied to it."""
        return [user for user in list(self.accounts.instants)
                if account in self.accounts.others(user)]

    def member_groups(self, user, account):
        """What the user, and visitors of it, did; owned by (user, account) while both hold."""
        visitors = [v for v in list(self.users.instants) if user in self.users.others(v)]
        alone = self.carrying("anonymousId", "userId")
        return [Group(self.carrying("userId").get(user, []),
                      lambda time: (user, self.account_of(user, time)))] + \
            [Group(alone.get(visitor, []), lambda time, v=visitor: (
                self.user_of(v, time), self.account_of(user, time))) for visitor in visitors]
