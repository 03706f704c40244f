"""Events over the Segment protocol, as its SDKs and their relatives send them."""

import base64
import datetime
import email.utils
import gzip
import json
import threading
import time
import unittest

from gangway import Gangway, exposure, main, track


class Events(unittest.TestCase):
    def setUp(self):
        self.server = Gangway()
        self.addCleanup(self.server.close)

    def names(self):
        self.server.wait_for_fold()
        seen = self.server.get("/v1/events").json
        return {one["name"]: one["count"] for one in seen["events"]}

    def test_a_bad_event_loses_nothing_but_itself(self):
        events = [track(f"u{i}", "Contact Created", f"m{i}") for i in range(50)]
        body = json.dumps({"batch": events}).replace('"u17"', '""')
        body = body.replace('"event": "Contact Created", "messageId": "m30"',
                            '"event": "\\u0000", "messageId": "m30"')
        answer = self.server.post("/v1/batch", body)
        self.assertEqual((answer.status, answer.json["accepted"]), (200, 48))
        bad = [(one["index"], one["messageId"]) for one in answer.json["rejected"]]
        self.assertEqual(bad, [(17, "m17"), (30, "m30")])
        self.assertEqual(self.server.metric('gangway_ingest_events_total{result="rejected"}'), 2)
        self.assertEqual(self.names(), {"Contact Created": 48})

    def test_every_route_with_and_without_a_slash(self):
        bodies = {
            "batch": {"batch": [track("u1", "E")]}, "b": {"batch": [track("u1", "E")]},
            "track": {"userId": "u1", "event": "E"}, "t": {"userId": "u1", "event": "E"},
            "identify": {"userId": "u1", "traits": {"role": "rep"}},
            "i": {"userId": "u1", "traits": {"role": "rep"}},
            "group": {"userId": "u1", "groupId": "a1"}, "g": {"userId": "u1", "groupId": "a1"},
            "alias": {"userId": "u1", "previousId": "x1"},
            "a": {"userId": "u1", "previousId": "x1"},
            "page": {"anonymousId": "x1", "name": "Start"},
            "p": {"anonymousId": "x1", "name": "Start"},
            "screen": {"userId": "u1", "name": "Start"}, "s": {"userId": "u1", "name": "Start"},
        }
        for name, body in bodies.items():
            for path in (f"/v1/{name}", f"/v1/{name}/"):
                answer = self.server.post(path, body)
                self.assertEqual((answer.status, answer.json["accepted"]), (200, 1), (path, answer))
            self.assertEqual(self.server.get(f"/v1/{name}").status, 405)

    def test_json_whatever_the_content_type(self):
        body = json.dumps(track("u1", "E"))
        for kind in ("text/plain", "application/x-www-form-urlencoded", "text/plain;charset=UTF-8",
                     "application/octet-stream", ""):
            headers = {"Content-Type": kind}
            self.assertEqual(self.server.post("/v1/track", body, headers).status, 200, kind)
            headers["Content-Encoding"] = "gzip"
            packed = gzip.compress(body.encode())
            self.assertEqual(self.server.post("/v1/track", packed, headers).status, 200, kind)
        headers = {"Content-Encoding": "br"}
        self.assertEqual(self.server.post("/v1/track", b"x", headers).status, 415)
        headers = {"Content-Encoding": "gzip"}
        self.assertEqual(self.server.post("/v1/track", b"x", headers).status, 400)

    def test_a_body_that_is_not_json_is_placed(self):
        answer = self.server.post("/v1/batch", '{"batch": [\n  {"a": 1},\n')
        self.assertEqual(answer.status, 400)
        self.assertFalse(answer.json["success"])
        self.assertIn("line", answer.json["message"])
        self.assertEqual(self.server.post("/v1/batch", "[]").status, 400)
        self.assertEqual(self.server.post("/v1/batch", '{"batch": 1}').status, 400)

    def test_what_sdks_send_along_is_no_matter(self):
        key = base64.b64encode(b"WRITEKEY:").decode()
        body = {"batch": [track("u1", "E", "m1", context={"library": {"name": "x"}},
                                integrations={}, timestamp="2026-11-24T08:00:00.000Z",
                                type="track", channel="server")],
                "sentAt": "2026-11-24T08:00:00.500Z", "writeKey": "WRITEKEY"}
        answer = self.server.post("/v1/batch?key=k", body, {"Authorization": "Basic " + key})
        self.assertEqual((answer.status, answer.json["accepted"]), (200, 1))

    def test_the_same_again_counts_once(self):
        body = {"batch": [track("u1", "E", f"m{i}", timestamp="2026-11-24T08:00:00Z")
                          for i in range(10)]}
        first = self.server.post("/v1/batch", body).json
        again = self.server.post("/v1/batch", body).json
        self.assertEqual((first["accepted"], first["duplicates"]), (10, 0))
        self.assertEqual((again["accepted"], again["duplicates"]), (0, 10))
        self.assertEqual(self.names(), {"E": 10})

    def test_a_clock_that_is_wrong_by_a_day_is_put_right(self):
        now = time.time()
        def text(seconds):
            return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
        day = 86400
        body = {"batch": [track("u1", "Slow", "m1", timestamp=text(now - day - 60))],
                "sentAt": text(now - day)}
        self.assertEqual(self.server.post("/v1/batch", body).json["accepted"], 1)
        body = {"batch": [track("u1", "Ahead", "m2", timestamp=text(now + 3 * day))]}
        self.assertEqual(self.server.post("/v1/batch", body).json["accepted"], 1)
        self.names()
        seen = {one["name"]: one["first"] for one in self.server.get("/v1/events").json["events"]}
        def seconds(name):
            import calendar
            return calendar.timegm(time.strptime(seen[name][:19], "%Y-%m-%dT%H:%M:%S"))
        self.assertLess(abs(seconds("Slow") - (now - 60)), 10)
        self.assertLess(abs(seconds("Ahead") - now), 10)

    def test_settings_for_analytics_js(self):
        answer = self.server.get("/v1/projects/abc/settings", {"Host": "events.example:80"})
        place = answer.json["integrations"]["Segment.io"]
        self.assertEqual((place["apiKey"], place["apiHost"]), ("abc", "events.example:80/v1"))

    def test_many_at_once_are_all_there(self):
        failures = []

        def send(worker):
            client = self.server.client()
            for i in range(50):
                body = {"batch": [track(f"w{worker}-{i}-{j}", "E") for j in range(5)]}
                answer = self.server.post("/v1/batch", body, client=client)
                if answer.status != 200 or answer.json["accepted"] != 5:
                    failures.append(answer)
            client.close()

        threads = [threading.Thread(target=send, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertEqual(self.names(), {"E": 8 * 50 * 5})

    def test_what_was_acknowledged_survives_a_kill(self):
        self.assertEqual(self.server.post("/v1/track", track("u1", "E")).status, 200)
        self.server.process.kill()
        self.server.process.wait()
        self.server.start()
        self.assertEqual(self.names(), {"E": 1})


class Reports(unittest.TestCase):
    """Exposures and outcomes in, the report out."""

    def setUp(self):
        self.server = Gangway()
        self.addCleanup(self.server.close)

    def send(self):
        old = "2026-10-01T10:00:00Z"
        later = "2026-10-02T10:00:00Z"
        batch = []
        for i in range(40):
            variant = self.server.get(f"/v1/assign/one?unit=u{i}").json["variant"]
            batch.append(exposure(f"u{i}", "one", variant, message_id=f"x{i}", timestamp=old))
            if i % (2 if variant == "new" else 4) == 0:
                batch.append(track(f"u{i}", "Contact Created", f"c{i}", timestamp=later))
        answer = self.server.post("/v1/batch", {"batch": batch})
        self.assertEqual(answer.json["accepted"], len(batch))
        self.server.wait_for_fold()

    def test_json_text_and_tags(self):
        self.send()
        path = "/v1/experiments/one/report"
        answer = self.server.get(path)
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "application/json"))
        tag = answer.headers["ETag"]
        self.assertRegex(tag, '^"[0-9a-f]{32}"$')
        self.assertIn("GMT", answer.headers["Last-Modified"])
        fixed = path + "?as_of=2026-11-01"
        answer = self.server.get(fixed)
        again = self.server.get(fixed, {"If-None-Match": '"x", ' + answer.headers["ETag"]})
        self.assertEqual((again.status, again.body), (304, b""))
        self.assertEqual(again.headers["ETag"], answer.headers["ETag"])
        self.assertEqual(self.server.get(fixed).body, answer.body)
        text = self.server.get(fixed, {"Accept": "text/plain"})
        self.assertTrue(text.headers["Content-Type"].startswith("text/plain"))
        self.assertNotEqual(text.headers["ETag"], answer.headers["ETag"])
        self.assertEqual(self.server.get(fixed + "&format=text").body, text.body)
        wins = self.server.get(fixed + "&format=json", {"Accept": "text/plain"})
        self.assertEqual(wins.headers["Content-Type"], "application/json")
        anything = self.server.get(fixed, {"Accept": "text/html, */*;q=0.8"})
        self.assertEqual(anything.headers["Content-Type"], "text/html; charset=utf-8")
        self.assertEqual(self.server.get(fixed, {"Accept": "image/png"}).status, 406)
        head = self.server.request("HEAD", fixed)
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(int(head.headers["Content-Length"]), len(answer.body))

    def test_a_report_that_stands_is_known_by_its_date(self):
        self.send()
        path = "/v1/experiments/one/report?as_of=2026-11-01"
        time.sleep(1.1)  # a second in which records came is never told while it lasts
        dated = self.server.get(path).headers["Last-Modified"]
        same = self.server.get(path, {"If-Modified-Since": dated})
        self.assertEqual((same.status, same.body), (304, b""))
        moment = email.utils.parsedate_to_datetime(dated)
        for form in ("%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"):
            since = {"If-Modified-Since": moment.strftime(form)}
            self.assertEqual(self.server.get(path, since).status, 304, since)
        earlier = email.utils.format_datetime(moment - datetime.timedelta(seconds=1), usegmt=True)
        for since in (earlier, "yesterday", "", "Tue, 24 Nov 2026"):
            self.assertEqual(self.server.get(path, {"If-Modified-Since": since}).status, 200, since)
        both = {"If-Modified-Since": dated, "If-None-Match": '"x"'}
        self.assertEqual(self.server.get(path, both).status, 200)
        self.server.post("/v1/track", track("u1", "Contact Created", "later"))
        self.server.wait_for_fold()
        self.assertEqual(self.server.get(path, {"If-Modified-Since": dated}).status, 200)

    def test_what_can_not_be_reported(self):
        for query, status, code in (
                ("one/report?as_of=2999-01-01", 409, "not-yet"),
                ("one/report?as_of=yesterday", 400, "bad-parameter"),
                ("one/report?phase=0", 400, "bad-parameter"),
                ("one/report?phase=9", 404, "no-phase"),
                ("one/report?format=pdf", 400, "bad-parameter"),
                ("one/report?table=x", 400, "bad-parameter"),
                ("gone/report", 404, "no-experiment"),
                ("gone", 404, "no-experiment"),
        ):
            self.server.wait_for_fold()
            answer = self.server.get("/v1/experiments/" + query)
            self.assertEqual((answer.status, answer.code), (status, code), query)

    def test_the_list_and_one_experiment(self):
        self.send()
        listed = self.server.get("/v1/experiments").json["experiments"]
        self.assertEqual([one["experiment"] for one in listed], ["one"])
        exposed = listed[0]["exposed"]
        self.assertEqual(sum(exposed.values()), 40)
        self.assertEqual(set(exposed), {"old", "new"})
        self.assertEqual(self.server.get("/v1/experiments?status=draft").json["experiments"], [])
        self.assertEqual(len(self.server.get("/v1/experiments?owner=tests").json["experiments"]), 1)
        one = self.server.get("/v1/experiments/one").json
        self.assertIn("experiment: one", one["source"])
        self.assertEqual(one["definition"], listed[0]["definition"])
        self.assertEqual([phase["phase"] for phase in one["phases"]], [1])
        self.assertEqual(self.server.metric(
            'gangway_exposures_total{experiment="one",variant="new"}'), exposed["new"])
        self.assertEqual(self.server.metric('gangway_sample_ratio_alarm{experiment="one"}'), 0)
        self.server.post("/v1/track", exposure("v1", "one", "nonsense"))
        self.server.wait_for_fold()
        self.assertEqual(self.server.metric(
            'gangway_exposures_outside_total{experiment="one",reason="unknown_variant"}'), 1)

    def test_many_who_ask_the_same_get_the_same(self):
        self.send()
        bodies = []
        def ask():
            bodies.append(self.server.get("/v1/experiments/one/report?as_of=2026-11-01").body)
        threads = [threading.Thread(target=ask) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(bodies), 20)
        self.assertEqual(len(set(bodies)), 1)


if __name__ == "__main__":
    main()
