"""GET /v1/core-actions: the document of the program, for analysts; what is wrong with a question."""

import json
import unittest

from gangway import Gangway, experiment, main

METRICS = """metrics:
  back: {kind: retention, between: [7d, 14d]}
  activated: {kind: conversion, event: Act, within: 7d}
"""
CORE = "core_actions: {candidates: [Act, Look], landmark: 7d, retained: back}\n"
SEGMENTS = "segments: {role: {trait: role, values: [rep]}}\n"


def message(user, event, day, number):
    return {"type": "track", "userId": user, "event": event, "messageId": f"m{number}",
            "timestamp": f"2026-01-{day:02d}T10:00:00Z",
            "context": {"traits": {"role": "rep" if number % 2 else "owner"}}}


def stream():
    made = []
    for user in range(40):
        made.append(message(f"u{user}", "Act" if user % 3 else "Start", 1, 10 * user))
        if user % 4 == 0:
            made.append(message(f"u{user}", "Start", 10, 10 * user + 1))
    return made


class CoreActions(unittest.TestCase):
    def serve(self, core=CORE):
        return Gangway({"metrics.yaml": core + METRICS, "segments.yaml": SEGMENTS,
                        "one.yaml": experiment("one")})

    def test_it_counts_who_acted_and_came_back(self):
        with self.serve() as server:
            sent = server.post("/v1/batch", {"batch": stream()})
            self.assertEqual(sent.json["rejected"], [], sent)
            server.wait_for_fold()
            answer = server.get("/v1/core-actions?as_of=2026-02-01")
            self.assertEqual(answer.status, 200, answer.body)
            document = answer.json
            everyone = document["slices"][0]
            self.assertEqual((document["kind"], everyone["users"], everyone["retained"]),
                             ("association", 40, 10))
            self.assertEqual([a["did"] for a in everyone["actions"]], [26, 0])
            one = server.get("/v1/core-actions?as_of=2026-02-01&segment=role&days=3").json
            self.assertEqual({s["segment"] for s in one["slices"]}, {None, "role"})
            self.assertEqual(one["landmark"], "3 days")
            for query, words in (("metric=none", "no metric"), ("segment=none", "no segment"),
                                 ("metric=activated", "no retention"), ("days=8", "landmark"),
                                 ("days=0", "days is a number"), ("day=1", "no parameter")):
                wrong = server.get(f"/v1/core-actions?{query}")
                self.assertEqual((wrong.status, wrong.code), (400, "bad-parameter"), query)
                self.assertIn(words, json.dumps(wrong.json))
            self.assertEqual(server.get("/v1/core-actions?as_of=2999-01-01").code, "not-yet")

    def test_without_a_declaration_it_says_so(self):
        with self.serve(core="") as server:
            answer = server.get("/v1/core-actions")
            self.assertEqual((answer.status, answer.code), (404, "no-core-actions"))


if __name__ == "__main__":
    main()
