"""What the service says on the wire, where a client looks twice: every reason of an assignment,
which format an Accept header gets, and answers that stay JSON whatever they quote."""

import gzip
import json
import unittest

from gangway import Gangway, experiment, hear, main, track

REASONS = {
    "elsewhere": "assignment: elsewhere\n",
    "draft": "force: {vip: new}\n",
    "paused": "force: {vip: new}\n",
    "stopped": "force: {vip: new}\n",
    "rolled": "rollout: {to: new, coverage: 50%}\n",
    "running": "force: {vip: new}\n",
    "future": "force: {vip: new}\n",
    "audience": "audience: {role: {in: [rep]}}\n",
    "held": "traffic: {holdout: {group: q4, share: 50%}}\n",
    "ranged": "traffic: {exclusive: {group: top, range: 0%..50%}}\n",
    "covered": "traffic: {coverage: 50%}\n",
    "ended": "end: 2021-01-01\n",
}


def reason_files():
    files = {}
    for key, more in REASONS.items():
        status = {"draft": "draft", "paused": "paused", "stopped": "stopped",
                  "rolled": "stopped"}.get(key, "running")
        text = experiment(key, more, status=status)
        if key == "future":
            text = text.replace("2020-01-01", "2100-01-01")
        files[key + ".yaml"] = text
    return files


class Reasons(unittest.TestCase):
    """grammar.md, section 8, over HTTP."""

    @classmethod
    def setUpClass(cls):
        cls.server = Gangway(reason_files(), ["--workers", "1"])

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def ask(self, key, unit="u1", more=""):
        answer = self.server.get(f"/v1/assign/{key}?unit={unit}{more}&expose=true")
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def seen(self, key):
        """What 100 units get, by reason."""
        return {one["reason"]: one for one in (self.ask(key, f"u{i}") for i in range(100))}

    def expect(self, one, reason, variant, inside, exposure=None):
        self.assertEqual((one["reason"], one["variant"], one["in_experiment"]),
                         (reason, variant, inside), one)
        self.assertEqual(one["control"], one["variant"] == "old")
        self.assertEqual(one["value"], one["variant"])
        self.assertEqual(one["exposure"] and one["exposure"]["experiment_id"], exposure)

    def test_those_that_fit_everyone(self):
        before = self.server.metric("gangway_journal_sequence")
        for key, unit, reason, variant in (
                ("elsewhere", "u1", "assigned_elsewhere", "old"),
                ("draft", "vip", "forced", "new"), ("draft", "u1", "draft", "old"),
                ("paused", "vip", "paused", "old"), ("paused", "u1", "paused", "old"),
                ("stopped", "vip", "stopped", "old"), ("stopped", "u1", "stopped", "old"),
                ("running", "vip", "forced", "new"), ("future", "vip", "forced", "new"),
                ("future", "u1", "not_started", "old"), ("audience", "u1", "not_in_audience", "old"),
        ):
            self.expect(self.ask(key, unit), reason, variant, False)
        self.assertEqual(self.server.metric("gangway_journal_sequence"), before)

    def test_split_and_not_in_coverage(self):
        one = self.ask("audience", "u1", "&role=rep")
        self.expect(one, "split", one["variant"], True, "audience")
        seen = self.seen("covered")
        self.assertEqual(set(seen), {"split", "not_in_coverage"})
        self.expect(seen["not_in_coverage"], "not_in_coverage", "old", False)

    def test_holdout(self):
        seen = self.seen("held")
        self.assertEqual(set(seen), {"split", "holdout"})
        self.expect(seen["holdout"], "holdout", "old", False, "holdout:q4")
        self.assertEqual((seen["holdout"]["holdout"], seen["split"]["holdout"]), ("q4", None))

    def test_a_holdout_takes_the_kind_of_unit_of_its_group(self):
        viewed = {"type": "track", "event": "Experiment Viewed",
                  "properties": {"experiment_id": "holdout:q4", "variation_id": "holdout"}}
        answer = self.server.post("/v1/batch", {"batch": [
            {**viewed, "userId": "u1"}, {**viewed, "anonymousId": "a1"},
            {**viewed, "anonymousId": "a1", "properties": {
                **viewed["properties"], "experiment_id": "holdout:other"}}]}).json
        self.assertEqual((answer["accepted"], len(answer["rejected"])), (2, 1))
        self.assertEqual((answer["rejected"][0]["index"], answer["rejected"][0]["reason"]),
                         (1, "no_unit"))

    def test_excluded(self):
        seen = self.seen("ranged")
        self.assertEqual(set(seen), {"split", "excluded"})
        self.expect(seen["excluded"], "excluded", "old", False)

    def test_rollout(self):
        seen = self.seen("rolled")
        self.assertEqual(set(seen), {"rolled_out", "stopped"})
        self.expect(seen["rolled_out"], "rolled_out", "new", False)
        self.expect(seen["stopped"], "stopped", "old", False)

    def test_nobody_loses_a_flow_at_the_end(self):
        variants = {self.ask("ended", f"u{i}")["variant"] for i in range(50)}
        self.assertEqual(variants, {"old", "new"})
        one = self.ask("ended")
        self.expect(one, "ended", one["variant"], False)


class Wire(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        files = {f"e{i}.yaml": experiment(f"e{i}", status="draft") for i in range(20)}
        cls.server = Gangway({"one.yaml": experiment(), **files}, ["--workers", "1"])

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def status(self, path, **headers):
        return self.server.get(path, headers).status

    def test_an_answer_is_json_whatever_it_quotes(self):
        self.server.wait_for_fold()
        wide = "%C3%A9" * 400
        for path in (f"/v1/experiments?{wide}=1", f"/v1/experiments?x{wide}=1",
                     f"/v1/experiments?xx%F0%9F%98%80{wide}=1", f"/v1/assign/x{wide}?unit=u1",
                     f"/v1/experiments/x{wide}/report"):
            answer = self.server.get(path)
            self.assertIn(answer.status, (400, 404))
            self.assertIn("é" * 100, answer.json["detail"], path)
        body = json.dumps(track("u1", "E"))
        text = f"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Encoding: \xff\xc3\r\n" \
               f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        answer = self.server.send(text.encode("latin-1"))
        self.assertTrue(answer.startswith(b"HTTP/1.1 415 "))
        self.assertIn("'??'", json.loads(answer.split(b"\r\n\r\n", 1)[1])["message"])

    def test_a_member_that_is_not_known_is_pointed_at(self):
        def pointer(body):
            return self.server.post("/v1/assign", body).json["errors"][0]["pointer"]
        self.assertEqual(pointer({"units": [], "a/b~c": 1}), "/a~1b~0c")
        self.assertEqual(pointer({"units": [{"unit": "u1"}, {"unit": "u1", "trait": {}}]}),
                         "/units/1/trait")
        for name in ("é" * 300, "x" + "é" * 300, "~" * 300, "x" + "/" * 300):
            self.assertLess(len(pointer({"units": [], name: 1})), 256)

    def test_who_expects_to_continue_in_capitals_may_too(self):
        with self.server.connect() as connection:
            connection.sendall(b"POST /v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
                               b"Expect: 100-Continue\r\nConnection: close\r\n\r\n")
            self.assertEqual(connection.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.sendall(b"{}")
            self.assertTrue(hear(connection).startswith(b"HTTP/1.1 200 "))

    def test_gzip_in_several_members(self):
        body = json.dumps({"batch": [track("u1", "E"), track("u2", "E")]}).encode()
        headers = {"Content-Encoding": "gzip"}
        whole = b"".join(gzip.compress(body[at:at + 7]) for at in range(0, len(body), 7))
        answer = self.server.post("/v1/batch", whole, headers)
        self.assertEqual((answer.status, answer.json["accepted"]), (200, 2))
        for broken in (whole[:-9], whole[:-1], whole + b"x", whole + b"\0" * 20,
                       whole + gzip.compress(b"x" * 100)[:-1]):
            answer = self.server.post("/v1/batch", broken, headers)
            self.assertEqual((answer.status, answer.code), (400, "bad-encoding"))
        blank = gzip.compress(b" " * 256_000)
        for more, status in ((b"", 200), (b" ", 413)):
            rest = body + b" " * (512_000 - 2 * 256_000 - len(body))
            self.assertEqual(rest, body)
            parts = [gzip.compress(b" " * (256_000 - len(body))), blank, gzip.compress(body + more)]
            self.assertEqual(self.server.post("/v1/batch", b"".join(parts), headers).status, status)

    def test_the_host_is_one(self):
        for host, status in (("a\"b", 400), ("a b", 400), ("a/b", 400), ("\xe9", 400), ("a@b", 400),
                             ("events.example:80", 200), ("[::1]:8400", 200), ("", 200)):
            self.assertEqual(self.status("/v1/projects/k/settings", Host=host), status, host)

    def test_accept(self):
        self.server.wait_for_fold()
        kinds = {"json": "application/json", "text": "text/plain; charset=utf-8",
                 "csv": "text/csv; charset=utf-8", "html": "text/html; charset=utf-8"}
        for accept, wanted in (
                ("*/*", "json"), ("application/*", "json"), ("text/*", "text"),
                ("text/plain, */*", "text"), ("text/html, */*;q=0.8", "html"),
                ("application/json;q=0.1, text/plain", "text"),
                ("text/plain;q=0.5, application/json;q=0.9", "json"),
                ("application/json;q=0, */*", "text"), ("*/*, application/json; q=0.000", "text"),
                ("text/plain;q=0, text/*, */*;q=0.1", "csv"), ("text/csv, */*;q=0.9", "csv"), ("TEXT/Plain;Q=0.3", "text"),
                ("text/plain;format=flowed;q=0.2\t,\tapplication/json ;q=0.4", "json"),
                ("image/png, text/*;q=0.2", "text"), ("*/*;q=0.1, text/plain;q=0.1", "json"),
                ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", "html"),
                ("text/html", "html"), ("text/html;q=0.5, text/csv;q=0.5", "html"),
                ("text/html;q=0.4, text/csv;q=0.5", "csv"), ("application/json, text/html", "json"),
                ("application/json;q=0", None), ("text/plain;q=x", None),
                ("text/plain;q=0,*/*;q=0", None), ("json", None),
        ):
            answer = self.server.get("/v1/experiments/one/report", {"Accept": accept})
            self.assertEqual(answer.status, 200 if wanted else 406, accept)
            if wanted:
                self.assertEqual(answer.headers["Content-Type"], kinds[wanted], accept)
                self.assertEqual(answer.headers["Vary"], "Accept")

    def test_the_format_of_the_query_wins_and_a_page_is_shown_rather_than_saved(self):
        self.server.wait_for_fold()
        path = "/v1/experiments/one/report?as_of=2026-11-01"
        browser = {"Accept": "text/html,*/*;q=0.8"}
        wins = self.server.get(path + "&format=json", browser)
        self.assertEqual(wins.headers["Content-Type"], "application/json")
        shown = self.server.get(path, browser)
        self.assertEqual(shown.body, self.server.get(path + "&format=html").body)
        self.assertEqual(shown.headers["Content-Disposition"], 'inline; filename="one.html"')
        self.assertEqual(shown.headers["Content-Security-Policy"], "frame-ancestors 'none'")
        self.assertIn(b'<meta http-equiv="Content-Security-Policy"', shown.body)

    def test_a_path_that_is_not_there_is_a_page_for_a_browser_and_a_problem_for_a_program(self):
        browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
        for path in ("/nothing", "/v1/nothing", "/experiment/one", "/a%3Cscript%3Ealert(1)"):
            page = self.server.get(path, browser)
            self.assertEqual((page.status, page.headers["Content-Type"], page.headers["Vary"]),
                             (404, "text/html; charset=utf-8", "Accept"), path)
            self.assertIn("default-src 'none'", page.headers["Content-Security-Policy"])
            self.assertIn(b'<a href="/">All experiments</a>', page.body)
            self.assertNotIn(b"<script>alert", page.body)
            for accept in ("*/*", "application/json", "text/html;q=0.5, application/json", None):
                answer = self.server.get(path, {"Accept": accept} if accept else {})
                self.assertEqual((answer.status, answer.code), (404, "no-route"), accept)
                self.assertEqual(answer.headers["Content-Type"], "application/problem+json")

    def test_a_parameter_that_cannot_be_meant_is_refused(self):
        self.server.wait_for_fold()
        for path in ("?status=runing", "?status=running&status=draft", "?owner=a&owner=",
                     "?owner=&owner=a", "/one/report?format=json&format=text"):
            answer = self.server.get("/v1/experiments" + path)
            self.assertEqual((answer.status, answer.code), (400, "bad-parameter"), path)

    def test_what_is_not_there_is_named_right(self):
        self.server.wait_for_fold()
        for path in ("/v1/assign/onee?unit=u1", "/v1/experiments/onee", "/v1/experiments/onee/report",
                     "/v1/experiments/onee?phase=2"):
            answer = self.server.get(path)
            self.assertEqual((answer.status, answer.code), (404, "no-experiment"), path)
            self.assertEqual(answer.json["did_you_mean"], "one", path)
        answer = self.server.get("/v1/experiments/one?phase=2")
        self.assertEqual((answer.status, answer.code), (404, "no-phase"))
        self.assertIn("phase 2", answer.json["detail"])

    def test_bulk_counts_what_it_would_answer(self):
        """20 drafts beside the one that runs: they are not answered, and not counted."""
        units = [{"account": f"a{i}"} for i in range(9_999)] + [{"unit": "u1"}]
        answer = self.server.post("/v1/assign", {"units": units})
        self.assertEqual((answer.status, len(answer.json["assignments"])), (200, 1))

    def test_an_event_that_is_not_read_is_named(self):
        good = {"type": "track", "userId": "u1", "event": "E", "properties": {"p": ""}}
        bad = [json.dumps({**good, "messageId": f"m{i}"}) for i in range(4)]
        bad[0] = bad[0].replace('"p": ""', '"p": "\\u0000"')
        bad[1] = bad[1].replace('"p": ""', '"p": ' + "[" * 40 + "]" * 40)
        bad[2] = bad[2].replace('"p": ""', '"p": "' + "x" * 33_000 + '"')
        bad[3] = bad[3].replace('"m3"', '"m\\u0000"')
        answer = self.server.post("/v1/batch", '{"batch": [' + ", ".join(bad) + "]}")
        self.assertEqual([one["messageId"] for one in answer.json["rejected"]],
                         ["m0", "m1", "m2", None])


if __name__ == "__main__":
    main()
