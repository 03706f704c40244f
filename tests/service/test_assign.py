"""Asking for variants over HTTP: one, many, explained, and exposures that the service writes."""

import json
import unittest

from gangway import Gangway, experiment, main

FILES = {
    "one.yaml": experiment("one"),
    "assigned.yaml": experiment("assigned", exposure="on_assign"),
    "draft.yaml": experiment("draft", status="draft"),
    "held.yaml": experiment("held", "traffic: {holdout: {group: q4, share: 50%}}\n"),
    "adults.yaml": experiment("adults", "audience: {all: [{age: {gte: 18}}, {tag: {in: [a]}}]}\n"),
    "accounts.yaml": experiment("accounts").replace("unit: user", "unit: account"),
}


class Assign(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Gangway(FILES)

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def test_an_assignment_has_every_member(self):
        answer = self.server.get("/v1/assign/one?unit=u1")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["Content-Type"], "application/json")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        one = answer.json
        self.assertEqual(set(one), {
            "unit", "kind", "experiment", "phase", "variant", "control", "in_experiment", "exposure",
            "reason", "holdout", "value", "flow", "config", "definition"})
        self.assertEqual((one["unit"], one["kind"], one["experiment"]), ("u1", "user", "one"))
        self.assertEqual(one["reason"], "split")
        self.assertEqual(one["exposure"], {
            "experiment_id": "one", "variation_id": one["variant"], "phase": 1})
        self.assertEqual(one["control"], one["variant"] == "old")
        self.assertTrue(one["definition"].startswith("sha256:"))

    def test_the_same_unit_gets_the_same_variant_everywhere(self):
        many = self.server.post("/v1/assign", {
            "units": [{"unit": f"u{i}"} for i in range(200)], "experiments": ["one"]}).json
        variants = [one["variant"] for one in many["assignments"]]
        self.assertEqual(set(variants), {"old", "new"})
        for i in range(0, 200, 20):
            one = self.server.get(f"/v1/assign/one?user=u{i}").json
            self.assertEqual(one["variant"], variants[i])

    def test_traits_come_from_the_query(self):
        def reason(query):
            return self.server.get("/v1/assign/adults?unit=u1&" + query).json["reason"]
        self.assertEqual(reason("age=18&tag=a"), "split")
        self.assertEqual(reason("age=17&tag=a"), "not_in_audience")
        self.assertEqual(reason("age=18&tag=b"), "not_in_audience")
        self.assertEqual(reason("age=18"), "not_in_audience")
        self.assertEqual(reason("%61ge=1%38&tag=a"), "split")

    def test_ids_and_keys_are_percent_decoded(self):
        one = self.server.get("/v1/assign/%6fne?unit=a%20b%2Bc+d%26%C3%A4").json
        self.assertEqual((one["experiment"], one["unit"]), ("one", "a b+c d&\u00e4"))

    def test_what_is_wrong_is_said(self):
        for path, status, code in (
                ("/v1/assign/one", 400, "bad-unit"),
                ("/v1/assign/one?unit=", 400, "bad-unit"),
                ("/v1/assign/one?unit=null", 400, "bad-unit"),
                ("/v1/assign/one?unit=" + "x" * 257, 400, "bad-unit"),
                ("/v1/assign/one?unit=u1&expose=maybe", 400, "bad-parameter"),
                ("/v1/assign/one?unit=u1&unit=u2", 400, "bad-parameter"),
                ("/v1/assign/one?unit=%C3", 400, "bad-parameter"),
                ("/v1/assign/one?unit=%0", 400, "bad-parameter"),
                ("/v1/assign/one?account=a1", 400, "bad-unit"),
                ("/v1/assign/on?unit=u1", 404, "no-experiment"),
                ("/v1/assign/one/two?unit=u1", 404, "no-route"),
        ):
            answer = self.server.get(path)
            self.assertEqual((answer.status, answer.code), (status, code), path)
            self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
            self.assertEqual(answer.json["status"], status)
        self.assertEqual(self.server.get("/v1/assign/one?unit=" + "x" * 256).status, 200)
        self.assertEqual(self.server.get("/v1/assign/on?unit=u1").json["did_you_mean"], "one")
        self.assertNotIn("did_you_mean", self.server.get("/v1/assign/zzzzzz?unit=u1").json)

    def test_head_and_methods(self):
        answer = self.server.request("HEAD", "/v1/assign/one?unit=u1")
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertGreater(int(answer.headers["Content-Length"]), 100)
        answer = self.server.request("DELETE", "/v1/assign/one?unit=u1")
        self.assertEqual((answer.status, answer.headers["Allow"]), (405, "GET, HEAD"))
        answer = self.server.get("/v1/assign")
        self.assertEqual((answer.status, answer.headers["Allow"]), (405, "POST"))

    def test_an_explanation_ends_with_the_decision(self):
        one = self.server.get("/v1/assign/one?unit=u1&explain=true").json
        self.assertIn(one["reason"], one["explain"].splitlines()[-1])
        many = self.server.post("/v1/assign", {"units": [{"unit": "u1"}], "explain": True}).json
        self.assertTrue(all("explain" in one for one in many["assignments"]))

    def test_without_names_all_that_run_and_have_an_id(self):
        def keys(unit):
            many = self.server.post("/v1/assign", {"units": [unit]}).json["assignments"]
            return [one["experiment"] for one in many]
        self.assertEqual(keys({"unit": "u1"}), ["adults", "assigned", "held", "one"])
        self.assertEqual(keys({"account": "a1"}), ["accounts"])
        self.assertEqual(keys({"user": "u1", "account": "a1"}),
                         ["accounts", "adults", "assigned", "held", "one"])

    def test_one_unknown_experiment_blanks_no_page(self):
        answer = self.server.post("/v1/assign", {
            "units": [{"unit": "u1"}, {"account": "a1"}], "experiments": ["gone", "one", "accounts"]})
        self.assertEqual(answer.status, 200)
        got = [(one["experiment"], one["reason"], one["variant"] is None)
               for one in answer.json["assignments"]]
        self.assertEqual(got, [
            ("gone", "unknown_experiment", True), ("one", "split", False),
            ("accounts", "split", False), ("gone", "unknown_experiment", True),
            ("one", "no_unit", True), ("accounts", "split", False)])
        self.assertTrue(answer.json["catalogue"].startswith("sha256:"))

    def test_a_wrong_body_is_pointed_at(self):
        for body, code, pointer in (
                ("{", "bad-json", None),
                ("[]", "wrong-type", ""),
                ({}, "missing-member", "/units"),
                ({"units": {}}, "wrong-type", "/units"),
                ({"units": [], "x": 1}, "unknown-member", "/x"),
                ({"units": [{"unit": "u1"}, {"unit": 7}]}, "wrong-type", "/units/1/unit"),
                ({"units": [{"unit": "u1"}, {"unit": "null"}]}, "bad-unit", "/units/1/unit"),
                ({"units": [{}]}, "bad-unit", "/units/0"),
                ({"units": [{"unit": "u", "trait": {}}]}, "unknown-member", "/units/0/trait"),
                ({"units": [{"unit": "u", "traits": []}]}, "wrong-type", "/units/0/traits"),
                ({"units": [], "experiments": "one"}, "wrong-type", "/experiments"),
                ({"units": [], "experiments": [1]}, "wrong-type", "/experiments"),
                ({"units": [], "expose": "true"}, "wrong-type", "/expose"),
        ):
            answer = self.server.post("/v1/assign", body)
            self.assertEqual((answer.status, answer.code), (400, code), body)
            if pointer is not None:
                self.assertEqual(answer.json["errors"][0]["pointer"], pointer)

    def test_text_plain_is_read_as_json(self):
        answer = self.server.post("/v1/assign", json.dumps({"units": [{"unit": "u1"}]}),
                                  {"Content-Type": "text/plain"})
        self.assertEqual(answer.status, 200)


class Exposures(unittest.TestCase):
    """Each test with a server of its own: the journal's sequence counts what was written."""

    def setUp(self):
        self.server = Gangway(FILES, ["--workers", "1"])
        self.addCleanup(self.server.close)
        self.before = self.server.metric("gangway_journal_sequence")

    def written(self):
        return self.server.metric("gangway_journal_sequence") - self.before

    def test_asking_writes_nothing(self):
        self.server.get("/v1/assign/one?unit=u1")
        self.server.post("/v1/assign", {"units": [{"unit": "u1"}]})
        self.assertEqual(self.written(), 0)

    def test_on_assign_writes_once_before_the_answer(self):
        for _ in range(5):
            self.assertEqual(self.server.get("/v1/assign/assigned?unit=u1").status, 200)
            self.assertEqual(self.written(), 1)
        self.server.get("/v1/assign/assigned?unit=u2")
        self.assertEqual(self.written(), 2)

    def test_in_bulk_only_when_asked(self):
        units = {"units": [{"unit": f"u{i}"} for i in range(100)], "experiments": ["assigned"]}
        self.server.post("/v1/assign", units)
        self.assertEqual(self.written(), 0)
        answer = self.server.post("/v1/assign", {**units, "expose": True})
        self.assertEqual(answer.status, 200)
        self.assertEqual(self.written(), 100)
        self.server.post("/v1/assign", {**units, "expose": True})
        self.assertEqual(self.written(), 100)

    def test_nothing_is_written_of_who_is_not_exposed(self):
        self.assertIsNone(self.server.get("/v1/assign/adults?unit=u1&expose=true").json["exposure"])
        self.assertIsNone(self.server.get("/v1/assign/draft?unit=u1&expose=true").json["exposure"])
        self.assertEqual(self.written(), 0)

    def test_a_holdout_is_an_exposure_of_its_group(self):
        reasons = {}
        for i in range(40):
            one = self.server.get(f"/v1/assign/held?unit=u{i}&expose=true").json
            reasons.setdefault(one["reason"], one["exposure"])
        self.assertEqual(reasons["holdout"]["experiment_id"], "holdout:q4")
        self.assertEqual(reasons["split"]["experiment_id"], "held")
        self.assertEqual(self.written(), 40)

    def test_the_memory_of_exposures_is_bounded_and_forgets_the_oldest(self):
        ids = [f"m{i}" for i in range(100_001)]
        for at in range(0, len(ids), 9000):
            units = [{"unit": one} for one in ids[at:at + 9000]]
            answer = self.server.post("/v1/assign", {
                "units": units, "experiments": ["assigned"], "expose": True})
            self.assertEqual(answer.status, 200)
        self.assertEqual(self.written(), 100_001)
        self.server.get(f"/v1/assign/assigned?unit={ids[-1]}")
        self.assertEqual(self.written(), 100_001)
        self.server.get(f"/v1/assign/assigned?unit={ids[0]}")
        self.assertEqual(self.written(), 100_002)


if __name__ == "__main__":
    main()
