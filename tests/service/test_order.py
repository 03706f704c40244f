"""Order, duplicates and batching leave no trace (architecture 4).

The same messages in order, shuffled with a third of them sent twice, and over HTTP in batches of
any size give the same cube to the last byte, and the same report but for `delivery`; so does what a
rebuild makes of the journal.

1 000 users; with GANGWAY_LONG=1, 20 000 and more shuffles.
"""

import os
import random
import tempfile
import unittest

import scenario
from gangway import Gangway

USERS = 20_000 if scenario.LONG else 1_000
SHUFFLES = 4 if scenario.LONG else 1


class Order(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stream = scenario.Stream(users=USERS, seed=5)
        cls.folder = tempfile.TemporaryDirectory(prefix="gangway-order-")
        cls.experiments = scenario.write_folder(os.path.join(cls.folder.name, "experiments"),
                                                scenario.files())
        store = os.path.join(cls.folder.name, "in-order")
        scenario.import_messages(store, cls.experiments, cls.stream.messages)
        cls.cube = scenario.cube(store)
        cls.report = scenario.undelivered(scenario.report(store))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def check(self, store):
        self.assertEqual(scenario.cube(store), self.cube)
        self.assertEqual(scenario.undelivered(scenario.report(store)), self.report)

    def shuffled(self, seed):
        chance = random.Random(seed)
        messages = self.stream.messages + chance.sample(self.stream.messages,
                                                        len(self.stream.messages) // 3)
        chance.shuffle(messages)
        return chance, messages

    def test_there_is_something_to_compare(self):
        self.assertGreater(len(self.cube.splitlines()), 100)
        exposed = sum(int(variant["exposed"]) for variant in self.report["variants"])
        carried_over = int(self.report["health"]["carried_over"])  # first exposed before the start
        self.assertEqual(exposed + carried_over, USERS)
        crossed = self.report["health"]["crossed"]
        self.assertGreater(int(crossed["tour"]) + int(crossed["checklist"]), 10)
        goal = self.report["metrics"][0]["variants"]
        self.assertGreater(min(int(variant["units"]) for variant in goal), USERS // 3)

    def test_shuffled_and_duplicated_messages_give_the_same_bytes(self):
        for seed in range(SHUFFLES):
            store = os.path.join(self.folder.name, f"shuffled-{seed}")
            _, messages = self.shuffled(seed)
            scenario.import_messages(store, self.experiments, messages)
            self.check(store)
            scenario.run("verify", "--store", store)
            scenario.run("rebuild", "--store", store)
            self.check(store)

    def test_batches_of_any_size_over_http_give_the_same_bytes(self):
        chance, messages = self.shuffled(99)
        with Gangway(files=scenario.files()) as server:
            client = server.client()
            for batch in scenario.batches(messages, lambda: chance.choice([1, 2, 30, 400])):
                answer = server.post("/v1/batch", {"batch": batch}, client=client)
                self.assertEqual((answer.status, answer.json["rejected"]), (200, []))
            client.close()
            server.wait_for_fold()
            self.check(server.store)
            self.assertEqual(server.stop(), 0)
            self.check(server.store)

    def test_what_export_writes_imports_to_the_same_bytes(self):
        _, messages = self.shuffled(7)
        first, second = (os.path.join(self.folder.name, name) for name in ("first", "second"))
        scenario.import_messages(first, self.experiments, messages)
        lines = scenario.run("export", "--store", first)
        scenario.run("import", "--store", second, "--experiments", self.experiments, "-", data=lines)
        self.check(second)
        again = scenario.run("import", "--store", second, "--experiments", self.experiments, "-",
                             data=lines).decode()
        self.assertIn("0 rejected", again)
        self.check(second)


if __name__ == "__main__":
    unittest.main(verbosity=2)
