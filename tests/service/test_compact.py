"""`gangway compact`: smaller, and nothing else is different (cli.md)."""

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import scenario
from gangway import GANGWAY


class Compact(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="gangway-compact-")
        self.store = os.path.join(self.folder, "store")
        experiments = scenario.write_folder(os.path.join(self.folder, "experiments"),
                                            scenario.files())
        stream = scenario.Stream(users=300, seed=9).messages
        for part in scenario.batches(stream, lambda: len(stream) // 4 + 1):
            scenario.import_messages(self.store, experiments, part)

    def tearDown(self):
        shutil.rmtree(self.folder)

    def size(self):
        return sum(os.lstat(os.path.join(place, name)).st_size
                   for place, _, names in os.walk(self.store) for name in names)

    def test_a_store_is_smaller_and_the_same(self):
        before = scenario.report(self.store), scenario.cube(self.store), scenario.journal(self.store)
        size = self.size()
        text = scenario.run("compact", "--store", self.store).decode()
        self.assertRegex(text, r"^journal: \d+ bytes before, \d+ after\nstate: \d+ bytes before, ")
        self.assertLess(self.size(), size)
        self.assertEqual(before, (scenario.report(self.store), scenario.cube(self.store),
                                  scenario.journal(self.store)))
        scenario.run("verify", "--store", self.store)

    def test_a_kill_leaves_a_store_that_is_whole(self):
        chance = random.Random(4)
        want = scenario.report(self.store), scenario.journal(self.store)
        for _ in range(40 if scenario.LONG else 8):
            process = subprocess.Popen([GANGWAY, "compact", "--store", self.store],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(chance.random() * 0.08)
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.assertEqual((scenario.report(self.store), scenario.journal(self.store)), want)
        scenario.run("compact", "--store", self.store)
        self.assertFalse(os.path.exists(os.path.join(self.store, "compact")))
        scenario.run("verify", "--store", self.store)


if __name__ == "__main__":
    unittest.main(verbosity=2)
