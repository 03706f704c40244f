"""A person is erased (architecture 16): from the journal's open and sealed files, from the state and
from the report, which keeps a bare count; and nothing of the ids is left in any byte on the disk.

With GANGWAY_LONG=1 the server is killed at random moments of the erasure, 40 times instead of 6.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
import unittest

from gangway import GANGWAY, Gangway, experiment, exposure, track

LONG = bool(os.environ.get("GANGWAY_LONG"))
KILLS = 40 if LONG else 6
DAY = "2024-03-%02dT10:00:00Z"
AS_OF = "2024-06-01T00:00:00Z"


def message(kind, **more):
    return {"type": kind, **more}


def person(number, day=4):
    """Two visits before the sign-up, and what is said of a user: ids that stand nowhere else."""
    user, visitor = f"user-{number}-qzx", f"visitor-{number}-qzx"
    at = {"timestamp": DAY % day}
    return [
        message("page", anonymousId=visitor, messageId=f"p{number}", properties={"who": user}, **at),
        message("identify", userId=user, anonymousId=visitor, messageId=f"i{number}",
                traits={"email": f"{user}@example.test", "role": "sales"}, **at),
        exposure(user, variant="new" if number % 2 else "old", message_id=f"e{number}", **at),
        track(user, "Contact Created", f"c{number}", properties={"note": f"of {user}"}, **at),
    ]


def encodings(text):
    """The ways in which a text may stand in a file: raw (in JSON and varint-sized fields too),
    UTF-16, hexadecimal."""
    raw = text.encode()
    return [raw, text.encode("utf-16-le"), raw.hex().encode(), raw.hex().upper().encode()]


def places(folder, texts):
    """Files of the folder that hold one of the texts anywhere, free pages included."""
    needles = [needle for text in texts for needle in encodings(text)]
    found = []
    for parent, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(parent, name), "rb") as file:
                data = file.read()
            found += [(name, needle) for needle in needles if needle in data]
    return found


def run(*arguments, status=0):
    done = subprocess.run([GANGWAY, *arguments], capture_output=True, text=True, timeout=120)
    if done.returncode != status:
        raise AssertionError(f"{arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Erasure(unittest.TestCase):
    def send(self, server, messages):
        for at in range(0, len(messages), 400):
            answer = server.post("/v1/batch", {"batch": messages[at:at + 400]})
            self.assertEqual(answer.status, 200, answer)
        return answer.json

    def erase(self, server, unit, more="", wait=True):
        answer = server.request("DELETE", f"/v1/units/{unit}{more}")
        self.assertEqual(answer.status, 202, answer)
        number = answer.json["erasure"]
        if wait:
            self.wait_done(server, number)
        return number

    def wait_done(self, server, number):
        def is_done():
            answer = server.get(f"/v1/erasures/{number}")
            self.assertEqual(answer.status, 200, answer)
            self.assertIn(answer.json["status"], ("pending", "done"))
            return answer.json["status"] == "done"
        server.wait_for("the erasure", is_done, 60)
        server.wait_for_fold()

    def report(self, server):
        answer = server.get(f"/v1/experiments/one/report?format=json&as_of={AS_OF}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def exposed(self, report):
        return {variant["variant"]: variant["units"] for variant in report["variants"]}

    def check_store(self, store):
        """Verified, and what a rebuild makes is the same, row by row."""
        run("verify", "--store", store)
        cube = run("export", "--table", "cube", "--store", store)
        run("rebuild", "--store", store)
        self.assertEqual(run("export", "--table", "cube", "--store", store), cube)
        return cube

    def test_nothing_of_a_person_is_left_but_a_count(self):
        people = [entry for number in range(40) for entry in person(number)]
        gone = ["user-7-qzx", "visitor-7-qzx"]
        with Gangway() as server:
            self.send(server, people)
            server.wait_for_fold()
            before = self.report(server)
            self.assertTrue(places(server.store, gone))
            number = self.erase(server, "user/user-7-qzx")
            self.assertEqual(places(server.store, gone), [])
            self.assertEqual(places(server.store, ["user-7"]), [])
            self.assertTrue(places(server.store, ["user-8-qzx", "visitor-8-qzx"]))
            after = self.report(server)
            self.assertEqual(after["health"]["erased"], before["health"]["erased"] + 1)
            self.assertEqual(self.erase(server, "user/user-7-qzx"), number, "twice: nothing more")
            log = server.log()
            self.assertIn("erasure", log)
            for text in gone:
                self.assertNotIn(text, log)
            self.assertEqual(server.stop(), 0)
            self.check_store(server.store)
            self.assertIn("rewritten by erasure", run("verify", "--store", server.store))

    def test_who_is_not_known_is_not_erased(self):
        with Gangway() as server:
            self.send(server, person(1))
            for path, status, code in (
                    ("user/nobody", 404, "no-unit"), ("account/user-1-qzx", 404, "no-unit"),
                    ("robot/user-1-qzx", 404, "no-route"), ("user/" + "x" * 257, 400, "bad-unit"),
                    ("user/undefined", 400, "bad-unit"), ("user/a%00b", 400, "bad-parameter"), ("user/a%01b", 400, "bad-unit"),
                    ("user/user-1-qzx?suppress=maybe", 400, "bad-parameter"),
                    ("user/user-1-qzx?force=true", 400, "bad-parameter")):
                answer = server.request("DELETE", f"/v1/units/{path}")
                self.assertEqual((answer.status, answer.code), (status, code), path)
            for number in ("1", "99999", "x", "-1"):
                self.assertEqual(server.get(f"/v1/erasures/{number}").status, 404)
            self.assertEqual(server.get("/v1/units/user/user-1-qzx").status, 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
