#!/usr/bin/env python3
"""Events in the words of PostHog and Amplitude: the same records, limits and clock as Segment's.
What their own SDKs send is in tests/clients; here is what an SDK would not."""

import base64
import gzip
import json
import subprocess
import urllib.parse
from datetime import datetime, timedelta, timezone

import gangway
from gangway import GANGWAY, Gangway, unittest

BODY_MAX, EVENT_MAX = 512000, 32768


def posthog(event="Contact Created", user="u1", **more):
    return {"event": event, "distinct_id": user, **more}


def amplitude(event="Contact Created", user="u1", **more):
    return {"event_type": event, "user_id": user, **more}


def at(shift_seconds):
    return (datetime.now(timezone.utc) + timedelta(seconds=shift_seconds)).isoformat()


class Shims(unittest.TestCase):
    def setUp(self):
        self.server = Gangway()
        self.addCleanup(self.server.close)

    def journal(self):
        text = subprocess.run([GANGWAY, "export", "--store", self.server.store],
                              capture_output=True, text=True, check=True).stdout
        return [json.loads(line) for line in text.splitlines()]

    def kept(self, event, dialect=posthog, path="/capture"):
        """The one message that comes of one event."""
        body = event if dialect is posthog else {"api_key": "k", "events": [event]}
        answer = self.server.post(path, body)
        self.assertEqual(answer.status, 200, answer)
        return self.journal()[-1]

    def one(self, event):
        return self.kept(event, amplitude, "/2/httpapi")


class PostHog(Shims):
    def test_every_path_and_a_slash_behind_it(self):
        for number, path in enumerate(("/batch", "/batch/")):
            answer = self.server.post(path, {"api_key": "k", "batch": [posthog(uuid=str(number))]})
            self.assertEqual((answer.status, answer.json), (200, {"status": 1}))
        for path in ("/capture", "/capture/", "/i/v0/e", "/i/v0/e/", "/e", "/e/"):
            answer = self.server.post(path, posthog(user=path.replace("/", "x"), api_key="k"))
            self.assertEqual((answer.status, answer.json), (200, {"status": 1}))
        self.assertEqual(len(self.journal()), 8)

    def test_a_body_may_be_packed_in_every_way_that_its_pages_know(self):
        event = json.dumps([posthog(properties={"name": "J\u00f6\U0001f600"})]).encode()
        encoded = base64.b64encode(event).decode()
        bodies = [(event, {}),
                  (gzip.compress(event), {"Content-Encoding": "gzip"}),
                  (gzip.compress(event), {"Content-Type": "text/plain"}),
                  ("data=" + urllib.parse.quote(encoded, safe=""), {}),
                  ("data=" + encoded, {}),
                  ("data=" + urllib.parse.quote(event), {})]
        for body, headers in bodies:
            answer = self.server.post("/e/?compression=x&ver=1.0&ip=0&_=17", body, headers)
            self.assertEqual((answer.status, answer.json), (200, {"status": 1}), body[:20])
        lines = self.journal()
        self.assertEqual(len(lines), len(bodies))
        self.assertEqual({line["properties"]["name"] for line in lines}, {"J\u00f6\U0001f600"})

    def test_a_body_that_unpacks_to_nothing_good_is_refused(self):
        for body in ("data=%", "data=!!!", b"\x1f\x8b\x08broken", "[", "[1]x", "", "\u00e4", "5"):
            answer = self.server.post("/capture", body.encode() if isinstance(body, str) else body)
            self.assertEqual(answer.status, 400, body)
            self.assertEqual(answer.json["type"], "validation_error")
            self.assertIsNone(answer.json["attr"])
        self.assertEqual(self.journal(), [])

    def test_a_bad_event_is_named_and_the_good_stay(self):
        batch = [posthog(uuid="a"), {"event": "x", "uuid": "b"}, {"distinct_id": "u", "uuid": "c"},
                 posthog(uuid="d", user="null"), 7, posthog(uuid="e", timestamp="yesterday"),
                 posthog(event="$feature_flag_called", uuid="f"), posthog(uuid="g")]
        answer = self.server.post("/batch/", {"api_key": "k", "batch": batch})
        self.assertEqual((answer.status, answer.json["status"]), (200, 1))
        self.assertEqual([(r["index"], r["messageId"], r["reason"]) for r in answer.json["rejected"]],
                         [(1, "b", "no_unit"), (2, "c", "no_event"), (3, "d", "placeholder"),
                          (4, None, "bad_type"), (5, "e", "bad_time"), (6, "f", "bad_exposure")])
        self.assertEqual([line["messageId"] for line in self.journal()], ["a", "g"])

    def test_one_odd_value_loses_one_event(self):
        odd = '{"event":"x","distinct_id":"u","uuid":"o","properties":{"a":1e999}}'
        big = '{"event":"x","distinct_id":12345678901234,"properties":{"a":12345678901234567000}}'
        cut = '{"event":"x","distinct_id":"u","properties":{"a":"\\ud83d"}}'
        answer = self.server.post("/batch", f'{{"batch":[{odd},{big},{cut}]}}')
        self.assertEqual([r["messageId"] for r in answer.json["rejected"]], ["o"])
        self.assertEqual([line["userId"] for line in self.journal()], ["12345678901234", "u"])

    def test_a_single_event_that_is_bad_is_a_400(self):
        answer = self.server.post("/capture", {"api_key": "k", "event": "x"})
        self.assertEqual((answer.status, answer.json["code"]), (400, "no_unit"))
        self.assertEqual(answer.json["detail"], "no distinct_id")

    def test_an_event_at_its_limit_is_taken_and_one_byte_more_is_not(self):
        for over in (0, 1):
            event = posthog(uuid=str(over), properties={"a": ""})
            event["properties"]["a"] = "x" * (EVENT_MAX - len(json.dumps(event)) + over)
            answer = self.server.post("/batch", {"batch": [event]})
            self.assertEqual([r["reason"] for r in answer.json.get("rejected", [])],
                             ["too_large"] * over)

    def test_a_body_at_its_limit_is_taken_and_one_byte_more_is_a_413(self):
        events = [posthog(uuid=str(i), properties={"a": "x" * 30000}) for i in range(16)]
        for over in (0, 1):
            text = json.dumps({"batch": events})
            text += " " * (BODY_MAX - len(text) + over)
            self.assertEqual(self.server.post("/batch/", text).status, 413 if over else 200)
            packed = gzip.compress(text.encode())
            answer = self.server.post("/e/", packed)
            self.assertEqual(answer.status, 413 if over else 200)
        self.assertEqual(answer.json["type"], "validation_error")

    def test_a_bare_list_survives_a_nul_in_one_event(self):
        body = b'[{"event":"x","distinct_id":"a\\u0000"},' \
               b'{"event":"x\x00","distinct_id":"u"},{"event":"x","distinct_id":"u"}]'
        answer = self.server.post("/e/", body)
        self.assertEqual([r["index"] for r in answer.json["rejected"]], [0, 1])
        self.assertEqual(len(self.journal()), 1)

    def test_whose_an_event_is(self):
        ids = {"distinct_id": "v1", "$device_id": "v1"}
        line = self.kept({"event": "x", "properties": ids})
        self.assertEqual((line.get("userId"), line["anonymousId"]), (None, "v1"))
        line = self.kept({"event": "x", "properties": {"distinct_id": "v2", "$is_identified": False}})
        self.assertEqual((line.get("userId"), line["anonymousId"]), (None, "v2"))
        line = self.kept({"event": "x", "properties": {"distinct_id": "u9", "$device_id": "v1"}})
        self.assertEqual((line["userId"], line["anonymousId"]), ("u9", "v1"))
        line = self.kept({"event": "$identify", "distinct_id": "u9", "$set": {"role": "owner"},
                          "properties": {"$anon_distinct_id": "v1", "$set_once": {
                              "role": "x", "b": 1, "$initial_referrer": "http://x", "n": None}}})
        self.assertEqual((line["type"], line["userId"], line["anonymousId"], line["traits"]),
                         ("identify", "u9", "v1", {"b": 1, "role": "owner"}))
        line = self.kept({"event": "$create_alias", "distinct_id": "u9", "properties": {"alias": "v3"}})
        self.assertEqual((line["type"], line["userId"], line["previousId"]), ("alias", "u9", "v3"))
        line = self.kept({"event": "$create_alias", "properties": {**ids, "alias": "u9"}})
        self.assertEqual((line["userId"], line["previousId"]), ("u9", "v1"))
        answer = self.server.post("/capture", posthog(user="$posthog_cookieless"))
        self.assertEqual(answer.json["code"], "no_unit")

    def test_whose_account_an_event_is(self):
        line = self.kept(posthog(properties={"$groups": {"project": "p", "company": "acme"}}))
        self.assertEqual(line["context"]["groupId"], "acme")
        line = self.kept(posthog(properties={"$groups": {"project": "p"}}))
        self.assertNotIn("context", line)
        group = {"$group_type": "company", "$group_key": "acme", "$group_set": {"size": 9}}
        line = self.kept(posthog("$groupidentify", "$company_acme", properties=group))
        self.assertEqual((line["type"], line["groupId"], line["traits"]), ("group", "acme", {"size": 9}))
        self.assertNotIn("userId", line)
        line = self.kept(posthog("$groupidentify", properties=group))
        self.assertEqual(line["userId"], "u1")
        line = self.kept(posthog("$groupidentify", properties={**group, "$group_type": "project"}))
        self.assertNotIn("userId", line)

    def test_what_the_sdk_adds_is_not_kept_but_page_language_and_campaign(self):
        line = self.kept({"event": "$pageview", "properties": {
            "distinct_id": "u1", "token": "k", "$current_url": "http://x/a?mail=m", "$pathname": "/a",
            "$browser_language": "de", "$ip": "1.2.3.4", "utm_source": "s", "utm_campaign": "c",
            "step": "one"}})
        self.assertEqual((line["type"], line["properties"]), ("page", {"step": "one"}))
        self.assertEqual(line["context"], {"page": {"path": "/a"}, "locale": "de",
                                           "campaign": {"source": "s", "name": "c"}})
        line = self.kept(posthog("$screen", properties={"$screen_name": "Start"}))
        self.assertEqual((line["type"], line["properties"]), ("screen", {"name": "Start"}))
        line = self.kept(posthog(**{"$set": {"plan": "pro"}}))
        self.assertEqual(line["context"], {"traits": {"plan": "pro"}})

    def test_a_clock_that_is_an_hour_off_is_set_right(self):
        for shift in (3600, -3600):
            event = posthog(user=f"u{shift}", timestamp=at(shift - 600))
            self.server.post("/batch/", {"batch": [event], "sent_at": at(shift)})
            self.server.post("/capture", {**event, "sent_at": at(shift)})
        self.server.post("/e/", [posthog(offset=600000)])
        for line in self.journal():
            age = datetime.now(timezone.utc) - datetime.fromisoformat(line["timestamp"])
            self.assertLess(abs(age.total_seconds() - 600), 30, line)

    def test_a_retry_counts_once(self):
        body = {"api_key": "k", "sent_at": at(0), "batch": [
            posthog("$feature_flag_called", "u7", uuid="x", timestamp=at(-60),
                    properties={"$feature_flag": "one", "$feature_flag_response": "new"})]}
        for _ in range(2):
            self.server.post("/batch/", body)
        self.server.wait_for_fold()
        report = self.server.get("/v1/experiments/one/report?as_of=" + urllib.parse.quote(at(-0.001)))
        self.assertEqual(report.json["health"]["exposure_sources"],
                         {"$feature_flag_called": 1, "Experiment Viewed": 0, "feature_flag.evaluation": 0})


class Amplitude(Shims):
    def test_the_answer_has_what_the_sdk_waits_for(self):
        body = json.dumps({"api_key": "k", "events": [amplitude()]})
        for path in ("/2/httpapi", "/2/httpapi/", "/batch", "/batch/"):
            answer = self.server.post(path, body)
            self.assertEqual(answer.status, 200)
            self.assertEqual({**answer.json, "server_upload_time": 0},
                             {"code": 200, "events_ingested": 1, "payload_size_bytes": len(body),
                              "server_upload_time": 0})

    def test_bad_events_are_named_by_place_and_member_and_the_good_stay(self):
        events = [amplitude(insert_id="a"), {"event_type": "x"}, {"user_id": "u"},
                  amplitude(user="unknown"), amplitude(time="soon"), amplitude(event_properties=3),
                  amplitude(event="$exposure", event_properties={"flag_key": "one"}),
                  {"device_id": "d"}, amplitude(insert_id="b")]
        for path in ("/2/httpapi", "/batch"):
            answer = self.server.post(path, {"api_key": "k", "events": events})
            self.assertEqual((answer.status, answer.json["code"]), (400, 400))
            self.assertEqual(answer.json["events_with_missing_fields"],
                             {"user_id": [1], "event_type": [2, 7]})
            self.assertEqual(answer.json["events_with_invalid_fields"],
                             {"user_id": [3], "time": [4], "event_properties": [5, 6]})
            self.assertEqual(answer.json["events_ingested"], 2)
        self.assertEqual({line["messageId"] for line in self.journal()}, {"a", "b"})

    def test_a_body_that_is_none_is_refused_with_a_code(self):
        for body in ("", "{", "[]", "{}", '{"events":3}', '{"batch":[]}', "events"):
            answer = self.server.post("/2/httpapi", body)
            self.assertEqual((answer.status, answer.json["code"]), (400, 400), body)
            self.assertTrue(answer.json["error"])

    def test_sizes(self):
        event = amplitude(event_properties={"a": "x" * EVENT_MAX})
        answer = self.server.post("/2/httpapi", {"events": [event, amplitude()]})
        self.assertEqual((answer.status, answer.json["events_with_invalid_fields"]),
                         (400, {"event": [0]}))
        for path in ("/2/httpapi", "/batch"):
            answer = self.server.post(path, '{"events":[]}' + " " * BODY_MAX)
            self.assertEqual((answer.status, answer.json["code"]), (413, 413), path)

    def test_whose_an_event_is_and_what_is_kept(self):
        line = self.one(amplitude(device_id="d1", groups={"company": ["acme", "b"], "x": "y"},
                                  user_properties={"role": "owner", "$set": {"plan": "pro"}},
                                  event_properties={"value": 2, "[Amplitude] Page Path": "/a",
                                                    "[Amplitude] Page URL": "http://x/a?m"},
                                  language="de", ip="1.2.3.4", insert_id="i", time=1700000000000))
        self.assertEqual(
            {name: line[name] for name in ("type", "userId", "anonymousId", "event", "messageId",
                                           "properties", "context", "timestamp")},
            {"type": "track", "userId": "u1", "anonymousId": "d1", "event": "Contact Created",
             "messageId": "i", "properties": {"value": 2}, "timestamp": "2023-11-14T22:13:20Z",
             "context": {"groupId": "acme", "locale": "de", "page": {"path": "/a"},
                         "traits": {"plan": "pro", "role": "owner"}}})
        line = self.one(amplitude("$identify", device_id="d1", user_properties={
            "$setOnce": {"plan": "free", "from": "ad"}, "$set": {"plan": "pro"}, "$add": {"n": 1}}))
        self.assertEqual((line["type"], line["traits"]), ("identify", {"from": "ad", "plan": "pro"}))
        line = self.one({"event_type": "$groupidentify", "groups": {"company": "acme"},
                         "group_properties": {"$set": {"size": 9}}})
        self.assertEqual((line["type"], line["groupId"], line["traits"]), ("group", "acme", {"size": 9}))
        line = self.one(amplitude("[Amplitude] Page Viewed"))
        self.assertEqual(line["type"], "page")
        line = self.one(amplitude("$exposure", event_properties={"flag_key": "one", "variant": "new"}))
        self.assertEqual((line["event"], line["properties"]),
                         ("Experiment Viewed", {"experiment_id": "one", "variation_id": "new"}))

    def test_a_clock_that_is_an_hour_off_is_set_right(self):
        for shift in (3600, -3600):
            sent = datetime.now(timezone.utc) + timedelta(seconds=shift)
            event = amplitude(user=f"u{shift}", time=int(sent.timestamp() * 1000) - 600000)
            self.server.post("/2/httpapi", {"events": [event], "client_upload_time": sent.isoformat()})
        for line in self.journal():
            age = datetime.now(timezone.utc) - datetime.fromisoformat(line["timestamp"])
            self.assertLess(abs(age.total_seconds() - 600), 30, line)


if __name__ == "__main__":
    gangway.main()
