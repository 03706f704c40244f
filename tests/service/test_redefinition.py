"""A metric is redefined while the server serves (architecture 3).

Until the new state is built the report is the old one, byte for byte; then it is the new one, which
has the registered definition in its role and the new one beside it as exploratory; and a rebuild of
the same journal gives that report again.
"""

import json
import os
import signal
import time
import unittest

import scenario
from gangway import Gangway

USERS = 30_000 if scenario.LONG else 4_000


class Redefinition(unittest.TestCase):
    def report_of(self, server):
        answer = server.get(f"/v1/experiments/flow/report?format=json&as_of={scenario.AS_OF}")
        self.assertEqual(answer.status, 200, answer)
        return answer.body

    def send(self, server, stream):
        client = server.client()
        for batch in scenario.batches(stream.messages, lambda: 500):
            self.assertEqual(server.post("/v1/batch", {"batch": batch}, client=client).status, 200)
        client.close()
        server.wait_for_fold()

    def test_the_old_report_serves_until_the_new_state_is_built(self):
        stream = scenario.Stream(users=USERS, seed=11)
        with Gangway(files=scenario.files("7d")) as server:
            self.send(server, stream)
            old = scenario.undelivered(self.report_of(server))
            self.assertEqual([metric["metric"] for metric in old["metrics"]],
                             ["activated", "back_day_7"])
            server.write("metrics.yaml", scenario.files("3d")["metrics.yaml"])
            self.assertEqual(server.post("/v1/reload", "").status, 200)
            seen, new = 0, old
            end = time.monotonic() + 60
            while new == old:
                self.assertLess(time.monotonic(), end, "the new definition never came")
                new = scenario.undelivered(self.report_of(server))
                seen += new == old
            server.wait_for_fold()
            self.assertEqual(scenario.undelivered(self.report_of(server)), new)
            self.check_new(old, new)
            self.assertEqual(server.stop(), 0)
            self.assertEqual(scenario.undelivered(scenario.report(server.store)), new)
            cube = scenario.cube(server.store)
            scenario.run("verify", "--store", server.store)
            scenario.run("rebuild", "--store", server.store)
            self.assertEqual(scenario.undelivered(scenario.report(server.store)), new)
            self.assertEqual(scenario.cube(server.store), cube)
            print(f"the old report was served {seen} times meanwhile")

    def check_new(self, old, new):
        """What was registered stays in its role and keeps its figures; the new one is exploratory."""
        roles = [(metric["metric"], metric["role"]) for metric in new["metrics"]]
        self.assertIn(("activated", "goal"), roles)
        self.assertIn(("activated", "exploratory"), roles)
        registered = new["metrics"][roles.index(("activated", "goal"))]
        current = new["metrics"][roles.index(("activated", "exploratory"))]
        self.assertEqual(registered["variants"], old["metrics"][0]["variants"])
        self.assertNotEqual(registered["definition"], current["definition"])
        for before, after in zip(registered["variants"], current["variants"]):
            self.assertLess(float(after["value"]), float(before["value"]))  # 3 days are fewer
        self.assertTrue(new["registered"]["amendments"])

    def test_a_kill_in_the_middle_of_building_ends_in_the_same_report(self):
        """Asked at once after the restart too: what was made by the old definitions must not be
        kept for those who ask when the new ones are there."""
        stream = scenario.Stream(users=1_000, seed=12)
        for _ in range(12 if scenario.LONG else 4):
            with Gangway(files=scenario.files("7d")) as server:
                self.send(server, stream)
                server.write("metrics.yaml", scenario.files("3d")["metrics.yaml"])
                self.assertEqual(server.post("/v1/reload", "").status, 200)
                server.stop(signal.SIGKILL)
                server.start()
                self.report_of(server)
                server.wait_for("the new definition", lambda: len(
                    json.loads(self.report_of(server))["metrics"]) == 3)
                self.assertEqual(server.stop(), 0)
                new = scenario.undelivered(scenario.report(server.store))
                scenario.run("rebuild", "--store", server.store)
                self.assertEqual(scenario.undelivered(scenario.report(server.store)), new)
                states = os.listdir(os.path.join(server.store, "state"))
                self.assertEqual(len(states), 2, states)  # the one in use, and `current`


if __name__ == "__main__":
    unittest.main(verbosity=2)
