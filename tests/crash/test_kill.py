"""Killed at random moments while batches are sent: what was acknowledged is there, nothing twice.

A client sends batches and, like the real ones, sends a batch again until it is acknowledged.  The
server is killed with SIGKILL at a moment that chance picks, restarted on the same store, and so on.
After each restart the journal must hold every message that was acknowledged; at the end the state
must be what its journal gives, and the report that of a run which nobody disturbed.

10 kills; with GANGWAY_LONG=1, 50.
"""

import http.client
import json
import random
import signal
import sys
import threading
import time
import unittest

import scenario
from gangway import Gangway

KILLS = 50 if scenario.LONG else 10
SENDERS = 3
BATCH = 7
SEED = 20_261_124


class Sender(threading.Thread):
    """Sends batches off a list that all senders share, until it is empty or the server is gone."""

    def __init__(self, port, waiting, lock):
        super().__init__(daemon=True)
        self.port, self.waiting, self.lock = port, waiting, lock
        self.acknowledged = []
        self.fault = None

    def run(self):
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        while True:
            with self.lock:
                if not self.waiting:
                    break
                batch = self.waiting.pop(0)
            try:
                if not self.send(client, batch):
                    break
            except (OSError, http.client.HTTPException):
                with self.lock:
                    self.waiting.insert(0, batch)  # nobody said that it is there: again
                break
        client.close()

    def send(self, client, batch):
        client.request("POST", "/v1/batch", json.dumps({"batch": batch}))
        answer = client.getresponse()
        body = answer.read()
        if answer.status != 200 or json.loads(body)["rejected"]:
            self.fault = f"{answer.status} {body[:300]!r}"
            return False
        self.acknowledged += [message["messageId"] for message in batch]
        return True


class Kill(unittest.TestCase):
    def send_until_killed(self, server, waiting, delay):
        """All that was acknowledged before the kill, or, without a delay, in the end."""
        lock = threading.Lock()
        senders = [Sender(server.port, waiting, lock) for _ in range(SENDERS)]
        for sender in senders:
            sender.start()
        if delay is not None:
            time.sleep(delay)
            server.stop(signal.SIGKILL)
        for sender in senders:
            sender.join(60)
            self.assertFalse(sender.is_alive())
            self.assertIsNone(sender.fault)
        return [identity for sender in senders for identity in sender.acknowledged]

    def check_acknowledged(self, server, acknowledged):
        there = {message["messageId"] for message in scenario.journal(server.store)}
        lost = set(acknowledged) - there
        self.assertFalse(lost, f"acknowledged and gone: {sorted(lost)[:5]}")

    def test_what_was_acknowledged_survives_and_counts_once(self):
        chance = random.Random(SEED)
        stream = scenario.Stream(users=60 * KILLS, seed=3)
        messages = list(stream.messages)
        chance.shuffle(messages)
        waiting = list(scenario.batches(messages, lambda: BATCH))
        share = len(waiting) // (KILLS + 1)  # so that no kill meets an empty queue
        acknowledged, resent = [], 0
        with Gangway(files=scenario.files(), start=False) as server:
            for kill in range(KILLS):
                server.start()
                part, waiting = waiting[:2 * share], waiting[2 * share:]
                acknowledged += self.send_until_killed(server, part, chance.random() * 0.15)
                resent += len(part)
                waiting = part + waiting
                self.check_acknowledged(server, acknowledged)
            server.start()
            acknowledged += self.send_until_killed(server, waiting, None)
            self.assertEqual(waiting, [])
            self.check_acknowledged(server, acknowledged)
            server.wait_for_fold()
            self.assertEqual(server.stop(), 0)
            self.assertEqual(set(acknowledged), {message["messageId"] for message in messages})
            scenario.run("verify", "--store", server.store)
            got = scenario.report(server.store)
            carried_over = json.loads(got)["health"]["carried_over"]
            self.assertEqual(scenario.exposed(got) + carried_over, len(stream.users()))
            got_cube = scenario.cube(server.store)
        with Gangway(files=scenario.files()) as server:
            self.send_until_killed(server, list(scenario.batches(stream.messages, lambda: 100)), None)
            server.wait_for_fold()
            self.assertEqual(server.stop(), 0)
            want = scenario.report(server.store)
            want_cube = scenario.cube(server.store)
        self.assertEqual(scenario.undelivered(got), scenario.undelivered(want))
        self.assertEqual(got_cube, want_cube)
        print(f"{KILLS} kills, {len(set(acknowledged))} messages acknowledged, none lost; "
              f"{resent} batches were unanswered and sent again", file=sys.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
