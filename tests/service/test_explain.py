"""GET /v1/explain: the document of the program, for analysts; what is wrong with a question."""

import csv
import io
import json
import unittest

from gangway import Gangway, experiment, main

METRICS = """metrics:
  activated: {kind: conversion, event: Act, within: 7d}
  acts: {kind: conversion, event: Act, within: 7d, name: Acted}
  weekly: {kind: retention_curve, every: 7d, until: 28d}
"""
SEGMENTS = "segments: {role: {trait: role, values: [rep]}}\n"
QUESTION = "metric=acts&from=2026-01-01&to=2026-01-08&as_of=2026-02-01"


def messages():
    """Of reps half act, then a fifth; of others half."""
    for number in range(400):
        week, rep = number // 200, number % 2
        day = 1 + 7 * week + number % 7
        acts = number % 10 < (5 if not week or not rep else 2)
        for event, hour in (("Start", 9), ("Act", 10)):
            if event == "Start" or acts:
                yield {"type": "track", "userId": f"u{number}", "event": event,
                       "messageId": f"{event}{number}",
                       "timestamp": f"2026-01-{day:02d}T{hour:02d}:00:00Z",
                       "context": {"traits": {"role": "rep" if rep else "owner"}}}


def people(server):
    made = list(messages())
    for first in range(0, len(made), 200):
        sent = server.post("/v1/batch", {"batch": made[first:first + 200]})
        assert sent.json["rejected"] == [], sent
    server.wait_for_fold()


class Explain(unittest.TestCase):
    def test_it_answers_in_three_formats_and_says_what_is_wrong(self):
        with Gangway({"metrics.yaml": METRICS, "segments.yaml": SEGMENTS,
                      "one.yaml": experiment("one")}) as server:
            people(server)
            answer = server.get(f"/v1/explain?{QUESTION}")
            self.assertEqual(answer.status, 200, answer.body)
            document = answer.json
            self.assertEqual([document[end]["units"] for end in ("from", "to")], [200, 200])
            parts = document["segments"][0]
            self.assertAlmostEqual(parts["within"]["value"] + parts["mix"]["value"],
                                   document["change"]["value"], 12)
            self.assertEqual(server.get(f"/v1/explain?{QUESTION}&days=7").json, document)
            self.assertEqual(server.get(f"/v1/explain?{QUESTION.replace('to=2026-01-08', '')}"
                                        "&to=2026-01-08..2026-01-14").json, document)
            short = server.get(f"/v1/explain?{QUESTION}&days=2").json
            self.assertEqual(short["to"]["last"], "2026-01-09")
            text = server.get(f"/v1/explain?{QUESTION}&format=text")
            self.assertIn("Acted went from", text.body.decode())
            rows = list(csv.DictReader(io.StringIO(
                server.get(f"/v1/explain?{QUESTION}&format=csv").body.decode())))
            self.assertEqual({r["segment"] for r in rows}, {"role"})
            self.assert_refused(server)

    def assert_refused(self, server):
        for change, words in ((("metric=acts", "metric=none"), "no metric"),
                              (("metric=acts", "metric=weekly"), "a number a bracket"),
                              (("to=2026-01-08", "to=2026-01-05"), "share days"),
                              (("to=2026-01-08", "to=soon"), "to: "),
                              (("&to=2026-01-08", ""), "to is missing"),
                              (("metric=acts", "metric=acts&segment=none"), "no segment"),
                              (("metric=acts", "metric=acts&variant=a"), "name the experiment"),
                              (("metric=acts", "metric=acts&format=html"), "format is json"),
                              (("metric=acts", "metric=acts&days=0"), "days is a number"),
                              (("metric=acts", "metric=acts&experiment=one"), "does not measure")):
            wrong = server.get(f"/v1/explain?{QUESTION.replace(*change)}")
            self.assertEqual((wrong.status, wrong.code), (400, "bad-parameter"), change)
            self.assertIn(words, json.dumps(wrong.json))
        wrong = server.get(f"/v1/explain?{QUESTION}&experiment=none")
        self.assertEqual((wrong.status, wrong.code), (404, "no-experiment"))
        late = QUESTION.replace("2026-02-01", "2999-01-01")
        self.assertEqual(server.get(f"/v1/explain?{late}").code, "not-yet")

    def test_the_page_is_a_form_that_needs_no_script(self):
        with Gangway({"metrics.yaml": METRICS, "segments.yaml": SEGMENTS,
                      "one.yaml": experiment("one")}) as server:
            people(server)
            form = server.get("/explain")
            self.assertEqual(form.status, 200)
            policy = form.headers["Content-Security-Policy"]
            self.assertIn("form-action 'self'", policy)
            body = form.body.decode()
            self.assertIn('<form class="ask" method="get" action="/explain">', body)
            self.assertIn('<option value="acts">Acted</option>', body)
            self.assertNotIn('value="weekly"', body)  # a curve can't be asked of
            answer = server.get(f"/explain?{QUESTION}&experiment=&segment=&days=7").body.decode()
            self.assertIn("Acted went from", answer)
            self.assertIn('<option value="acts" selected>', answer)
            self.assertEqual(answer.count('<svg class="parts"'), 2)
            wrong = server.get(f"/explain?{QUESTION.replace('to=2026-01-08', 'to=2026-01-05')}")
            self.assertEqual(wrong.status, 200)
            self.assertIn("share days", wrong.body.decode())
            self.assertIn('value="2026-01-05"', wrong.body.decode())


if __name__ == "__main__":
    main()
