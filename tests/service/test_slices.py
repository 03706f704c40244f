"""`export --table cube` and `verify` beside a server that folds all the while (architecture 15).

What is exported is of one moment: every unit stands in the whole and in one value of the segment,
so a cube of two moments would not add up.  `verify` follows the server and finds nothing.
"""

import collections
import json
import threading
import unittest

import scenario
from gangway import Gangway

USERS = 4_000 if scenario.LONG else 600


class Slices(unittest.TestCase):
    def send(self, server, messages, ended):
        try:
            client = server.client()
            for batch in scenario.batches(messages, lambda: 20):
                answer = server.post("/v1/batch", {"batch": batch}, client=client)
                self.failed = self.failed or answer.status != 200
            client.close()
        finally:
            ended.set()

    def check_cube(self, store):
        sums = collections.defaultdict(int)
        for line in scenario.run("export", "--table", "cube", "--store", store).splitlines():
            cell = json.loads(line)
            if cell["metric"] == "units" and cell["population"] == "main":
                sums[cell["segment"]] += cell["values"]["n"]
        self.assertEqual(sums[""], sums["role"])
        return sums[""]

    def test_a_server_that_folds_on_disturbs_neither_export_nor_verify(self):
        stream = scenario.Stream(users=USERS, seed=11)
        self.failed = False
        with Gangway(files=scenario.files()) as server:
            ended = threading.Event()
            sender = threading.Thread(target=self.send, args=(server, stream.messages, ended))
            sender.start()
            counts = []
            while not ended.is_set():
                counts.append(self.check_cube(server.store))
                scenario.run("verify", "--store", server.store)
            sender.join()
            self.assertFalse(self.failed)
            server.wait_for_fold()
            # No order is asked of the counts: a unit that meets a second variant leaves `main`.
            counts.append(self.check_cube(server.store))
            self.assertGreater(counts[-1], USERS // 2)
            self.assertGreater(len(set(counts)), 1, "the server had ended before the first export")
            scenario.run("verify", "--store", server.store)
            self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
