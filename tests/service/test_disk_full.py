"""The disk fills up: writes are refused with 503 and Retry-After, reading goes on, nothing that was
acknowledged is lost, and when there is room again the same server takes messages again
(architecture 1, http-api.md).

The disk is a limit on the size of files that this test lowers in the running server (RLIMIT_FSIZE
by prlimit): the kernel then refuses writes beyond it, as a full disk does.
"""

import os
import resource
import time
import unittest

import scenario
from gangway import Gangway, track

TEXT = "x" * 8_000


def largest_file(folder):
    return max(os.path.getsize(os.path.join(place, name))
               for place, _, names in os.walk(folder) for name in names)


class DiskFull(unittest.TestCase):
    def setUp(self):
        self.number = 0

    def batch(self):
        """Fifty messages of 8 kB that nobody has sent before."""
        first = self.number
        self.number += 50
        return [track("user-1", "Contact Created", f"big-{number}", timestamp="2026-09-02T00:00:00Z",
                      properties={"text": TEXT}) for number in range(first, self.number)]

    def limit(self, server, size):
        _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, hard))

    def test_a_full_disk_refuses_writes_and_recovers(self):
        with Gangway(files=scenario.files()) as server:
            acknowledged = []
            batch = self.batch()
            self.assertEqual(server.post("/v1/batch", {"batch": batch}).status, 200)
            acknowledged += batch
            server.wait_for_fold()
            self.limit(server, largest_file(server.store) + 2_000_000)
            answer = None
            for _ in range(40):
                batch = self.batch()
                answer = server.post("/v1/batch", {"batch": batch})
                if answer.status != 200:
                    break
                acknowledged += batch
            self.assertEqual(answer.status, 503, answer)
            self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
            self.assertIn(answer.code, ("disk-full", "journal-full"))
            self.assertEqual(server.get("/healthz").status, 200)
            self.assertEqual(server.get("/readyz").status, 503)
            self.assertEqual(server.get("/v1/assign/flow?unit=user-1").status, 200)

            self.limit(server, resource.RLIM_INFINITY)
            server.wait_for("readiness, though nobody dares to write",
                            lambda: server.get("/readyz").status == 200, 10)
            end = time.monotonic() + 20
            while (answer := server.post("/v1/batch", {"batch": batch})).status != 200:
                self.assertEqual(answer.status, 503, answer)
                self.assertLess(time.monotonic(), end, "never recovered")
                time.sleep(0.2)
            acknowledged += batch
            self.assertEqual(server.get("/readyz").status, 200)
            server.wait_for_fold()
            self.assertEqual(server.stop(), 0)
            there = {message["messageId"] for message in scenario.journal(server.store)}
            self.assertFalse({message["messageId"] for message in acknowledged} - there)
            scenario.run("verify", "--store", server.store)


if __name__ == "__main__":
    unittest.main(verbosity=2)
