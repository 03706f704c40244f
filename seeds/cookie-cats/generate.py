#!/usr/bin/env python3
"""Cookie Cats as Segment messages: who installed, which gate each met, who came back.

usage: generate.py [--players N]      lines on standard output, in order of time; the same bytes always

The eight counts of population.json are turned into players; each installs at a moment of the
declared days, meets its variant at once, and sends a session on the days on which the counts say
that it came back. Moments come from SplitMix64 with a fixed seed, so nothing here is left to
chance. --players keeps the first N installs: a smaller population for tests.
"""
import argparse
import datetime
import json
import pathlib
import sys

MASK = (1 << 64) - 1
DAY_MS = 86_400_000


class Random:
    """SplitMix64 (Steele, Lea, Flood 2014)."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def below(self, bound):
        return self.next() % bound


def moment(time_ms):
    whole = datetime.datetime.fromtimestamp(time_ms // 1000, datetime.timezone.utc)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{time_ms % 1000:03d}Z"


def players(population):
    """(time of install, player, group), sorted by time."""
    random = Random(30_40)
    begin = datetime.datetime.fromisoformat(population["installs"]["from"].replace("Z", "+00:00"))
    begin_ms = int(begin.timestamp()) * 1000
    span_ms = population["installs"]["days"] * DAY_MS
    found = []
    number = 0
    for group in population["groups"]:
        for _ in range(group["players"]):
            number += 1
            found.append((begin_ms + random.below(span_ms), f"player-{number:06d}", group))
    found.sort(key=lambda player: player[:2])
    return found


def messages(population, limit):
    """(time, message) of every player."""
    random = Random(7)
    experiment = population["experiment"]
    for install_ms, player, group in players(population)[:limit]:
        def track(time_ms, event, **properties):
            return time_ms, {"type": "track", "messageId": f"{player}-{event}-{time_ms - install_ms}",
                             "userId": player, "event": event, "timestamp": moment(time_ms),
                             "properties": properties}
        yield track(install_ms, "Game Installed")
        yield track(install_ms + 1, "Experiment Viewed", experiment_id=experiment,
                    variation_id=group["variant"])
        for day in (1, 7):
            if group[f"day_{day}"]:
                yield track(install_ms + 1 + day * DAY_MS + random.below(DAY_MS), "Session Started")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--players", type=int, help="only the first N installs")
    limit = parser.parse_args().players
    path = pathlib.Path(__file__).with_name("population.json")
    lines = sorted(messages(json.loads(path.read_text(encoding="utf-8")), limit),
                   key=lambda line: (line[0], line[1]["messageId"]))
    for _, message in lines:
        sys.stdout.write(json.dumps(message, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
