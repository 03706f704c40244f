"""OpenFeature's remote evaluation protocol: one flag, all flags, every failure by its code, and tags
that follow the result."""

import json
import os
import re
import unittest

import json_schema
import small_yaml
from gangway import Gangway, add_key, experiment, main


def variants(old, new, more=""):
    return (f"variants:\n  old: {{control: true, weight: 50%, config: {old}}}\n"
            f"  new: {{weight: 50%, config: {new}}}\n{more}")


def configured(key, old, new):
    text = experiment(key)
    return text.replace("variants:\n  old: {control: true, weight: 50%}\n  new: {weight: 50%}\n",
                        variants(old, new))


FILES = {
    "one.yaml": experiment("one"),
    "slashed.yaml": experiment("onboarding/tour:v1"),
    "assigned.yaml": experiment("assigned", exposure="on_assign"),
    "draft.yaml": experiment("draft", "force: {qa-1: new}\n", status="draft"),
    "paused.yaml": experiment("paused", status="paused"),
    "stopped.yaml": experiment("stopped", status="stopped"),
    "rolled.yaml": experiment("rolled", "rollout: {to: new, coverage: 100%}\n", status="stopped"),
    "forced.yaml": experiment("forced", "force: {u1: new}\n"),
    "later.yaml": experiment("later").replace("start: 2020-01-01", "start: 2120-01-01"),
    "ended.yaml": experiment("ended", "end: 2020-06-01\n"),
    "away.yaml": experiment("away", "assignment: elsewhere\n"),
    "closed.yaml": experiment("closed", "traffic: {coverage: 0%}\n"),
    "held.yaml": experiment("held", "traffic: {holdout: {group: q4, share: 50%}}\n"),
    "adults.yaml": experiment("adults", "audience: {all: [{age: {gte: 18}}, {plan.tier: [pro]}]}\n"),
    "accounts.yaml": experiment("accounts").replace("unit: user", "unit: account"),
    "visitors.yaml": experiment("visitors").replace("unit: user", "unit: anonymous"),
    "boolean.yaml": configured("boolean", "false", "true"),
    "number.yaml": configured("number", "1", "2.5"),
    "text.yaml": configured("text", "tour", "list"),
    "object.yaml": configured("object", "{max: 3}", "{max: 5, deep: {list: [1, null]}}"),
}
FLAGS = "/ofrep/v1/evaluate/flags"
REFERENCE = os.environ.get("GANGWAY_REFERENCE") or os.path.join(
    os.environ.get("SOURCE_DIR", "."), "..", "shared", "reference")
DOCUMENT = os.path.join(REFERENCE, "protocols", "ofrep-openapi.yaml")


class Ofrep(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Gangway(FILES)

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def ask(self, key, headers=None, **context):
        return self.server.post(f"{FLAGS}/{key}", {"context": context}, headers)

    def ask_all(self, headers=None, **context):
        return self.server.post(FLAGS, {"context": context}, headers)

    def flags(self, **context):
        return {flag["key"]: flag for flag in self.ask_all(**context).json["flags"]}

    def unit_of(self, key, variant):
        """An id that gets that variant of an experiment."""
        for number in range(1000):
            one = self.server.get(f"/v1/assign/{key}?unit=u{number}").json
            if one["variant"] == variant and one["reason"] == "split":
                return f"u{number}"
        raise AssertionError("nobody gets " + variant)

    # ---- one flag ----

    def test_an_evaluation_is_the_assignment_in_the_words_of_the_protocol(self):
        for number in range(20):
            answer = self.ask("one", targetingKey=f"u{number}")
            one = self.server.get(f"/v1/assign/one?unit=u{number}").json
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.headers["Content-Type"], "application/json")
            self.assertEqual(answer.json, {
                "key": "one", "value": one["variant"], "reason": "SPLIT",
                "variant": one["variant"],
                "metadata": {
                    "experiment": "one", "phase": 1, "control": one["variant"] == "old",
                    "in_experiment": True, "log_exposure": True, "reason": "split",
                    "definition": one["definition"]}})

    def test_each_line_of_the_table_has_its_reason(self):
        for key, unit, reason, ours, value in (
                ("away", "u1", "DISABLED", "assigned_elsewhere", "old"),
                ("draft", "qa-1", "TARGETING_MATCH", "forced", "new"),
                ("draft", "u1", "DISABLED", "draft", "old"),
                ("paused", "u1", "DISABLED", "paused", "old"),
                ("stopped", "u1", "DISABLED", "stopped", "old"),
                ("forced", "u1", "TARGETING_MATCH", "forced", "new"),
                ("later", "u1", "DISABLED", "not_started", "old"),
                ("adults", "u1", "STATIC", "not_in_audience", "old"),
                ("rolled", "u1", "STATIC", "rolled_out", "new"),
                ("closed", "u1", "STATIC", "not_in_coverage", "old"),
        ):
            got = self.ask(key, targetingKey=unit).json
            self.assertEqual((got["reason"], got["metadata"]["reason"], got["value"]),
                             (reason, ours, value), key)
            self.assertNotIn("variant", got, key)
            self.assertIs(got["metadata"]["log_exposure"], False, key)
            self.assertIs(got["metadata"]["in_experiment"], False, key)
        ended = self.ask("ended", targetingKey="u1").json
        self.assertEqual((ended["reason"], ended["metadata"]["reason"]), ("SPLIT", "ended"))
        self.assertNotIn("variant", ended)

    def test_who_is_held_out_is_logged_as_such_and_never_under_the_experiment(self):
        reasons = set()
        for number in range(40):
            got = self.ask("held", targetingKey=f"u{number}").json
            own = self.server.get(f"/v1/assign/held?unit=u{number}").json
            reasons.add(own["reason"])
            self.assertEqual(got["metadata"]["log_exposure"], own["exposure"] is not None)
            if own["reason"] == "holdout":
                self.assertEqual(got["metadata"]["holdout"], "q4")
                self.assertEqual(own["exposure"]["experiment_id"], "holdout:q4")
                self.assertNotIn("variant", got)
                self.assertEqual((got["value"], got["reason"]), ("old", "STATIC"))
            else:
                self.assertNotIn("holdout", got["metadata"])
                self.assertEqual(got["variant"], own["variant"])
        self.assertEqual(reasons, {"holdout", "split"})

    def test_a_value_is_what_serve_says(self):
        for key, old, new in (("boolean", False, True), ("number", 1, 2.5),
                              ("text", "tour", "list"),
                              ("object", {"max": 3}, {"max": 5, "deep": {"list": [1, None]}})):
            for variant, wanted in (("old", old), ("new", new)):
                got = self.ask(key, targetingKey=self.unit_of(key, variant)).json
                self.assertEqual((got["variant"], got["value"]), (variant, wanted))
                self.assertIs(type(got["value"]), type(wanted))

    def test_a_key_is_all_that_follows(self):
        wanted = self.ask("onboarding/tour:v1", targetingKey="u1").json
        self.assertEqual(wanted["key"], "onboarding/tour:v1")
        for path in ("onboarding%2Ftour%3Av1", "onboarding%2ftour:v1", "onboarding/tour%3av1",
                     "%6fnboarding/tour:v1", "onboarding/tour:v1/", "onboarding/tour:v1?a=b"):
            self.assertEqual(self.ask(path, targetingKey="u1").json, wanted, path)
        for path, key in (("onboarding", "onboarding"), ("onboarding//tour:v1", "onboarding//tour:v1"),
                          ("nothing%20here", "nothing here"), ("a%3Fb", "a?b"),
                          ("%0a%22", '\n"'), ("holdout:q4", "holdout:q4"),
                          ("..%2f..%2fetc", "../../etc"), ("%C3%A4", "\u00e4")):
            answer = self.ask(path, targetingKey="u1")
            self.assertEqual(answer.status, 404, path)
            self.assertEqual(answer.json["key"], key)
            self.assertEqual(answer.json["errorCode"], "FLAG_NOT_FOUND")
            self.assertEqual(set(answer.json), {"key", "errorCode", "errorDetails"})

    def test_ids_by_name_win_over_the_targeting_key(self):
        def same(key, unit, **context):
            own = self.server.get(f"/v1/assign/{key}?unit={unit}").json
            self.assertEqual(self.ask(key, **context).json["value"], own["variant"], context)
        for number in range(12):
            unit, other = f"id-{number}", f"other-{number}"
            same("one", unit, targetingKey=unit, account=other, anonymous=other)
            same("one", unit, targetingKey=other, user=unit)
            same("one", unit, targetingKey=other, userId=unit)
            same("one", unit, user=unit)
            same("one", unit, targetingKey=other, userId=other, user=unit)
            same("one", unit, targetingKey=unit, user="", userId="")
            same("one", unit, targetingKey=unit, user={"name": "x"}, userId=7)
            same("visitors", unit, targetingKey=unit, user=other)
            same("visitors", unit, targetingKey=other, anonymous=unit)
            same("visitors", unit, targetingKey=other, anonymousId=unit)
            same("accounts", unit, targetingKey=other, account=unit)
            same("accounts", unit, accountId=unit)
            same("accounts", unit, targetingKey=other, groupId=unit, user=other)

    def test_an_account_is_never_the_targeting_key(self):
        answer = self.ask("accounts", targetingKey="a1")
        self.assertEqual((answer.status, answer.json["key"], answer.json["errorCode"]),
                         (400, "accounts", "TARGETING_KEY_MISSING"))
        flag = self.flags(targetingKey="a1")["accounts"]
        self.assertEqual(flag["errorCode"], "TARGETING_KEY_MISSING")
        self.assertEqual(self.flags(account="a1")["accounts"]["reason"], "SPLIT")

    def test_all_other_members_are_traits(self):
        def reason(**context):
            return self.ask("adults", targetingKey="u1", **context).json["metadata"]["reason"]
        self.assertEqual(reason(age=18, plan={"tier": "pro"}), "split")
        self.assertEqual(reason(age=18.5, plan={"tier": "pro", "odd": [None, {}, True]}), "split")
        self.assertEqual(reason(age=18, plan={"tier": "free"}), "not_in_audience")
        self.assertEqual(reason(age=None, plan={"tier": "pro"}), "not_in_audience")
        self.assertEqual(reason(age=[18], plan={"tier": "pro"}), "not_in_audience")
        self.assertEqual(reason(age=17, plan=None), "not_in_audience")

    def test_what_is_wrong_has_its_code(self):
        for body, code in (
                ({"context": {}}, "TARGETING_KEY_MISSING"),
                ({"context": {"targetingKey": ""}}, "TARGETING_KEY_MISSING"),
                ({"context": {"plan": "pro"}}, "TARGETING_KEY_MISSING"),
                ({"context": {"targetingKey": 7}}, "INVALID_CONTEXT"),
                ({"context": {"targetingKey": None}}, "INVALID_CONTEXT"),
                ({"context": {"targetingKey": ["u1"]}}, "INVALID_CONTEXT"),
                ({"context": {"targetingKey": "null"}}, "INVALID_CONTEXT"),
                ({"context": {"targetingKey": "undefined"}}, "INVALID_CONTEXT"),
                ({"context": {"targetingKey": "00000000-0000"}}, "INVALID_CONTEXT"),
                ({"context": {"targetingKey": "x" * 257}}, "INVALID_CONTEXT"),
                ({"context": {"targetingKey": "a\nb"}}, "INVALID_CONTEXT"),
                ({"context": []}, "INVALID_CONTEXT"),
                ({"context": None}, "INVALID_CONTEXT"),
                ({"context": "u1"}, "INVALID_CONTEXT"),
                ({}, "INVALID_CONTEXT"),
                ("[]", "INVALID_CONTEXT"),
                ("7", "INVALID_CONTEXT"),
                ("", "PARSE_ERROR"),
                ("{", "PARSE_ERROR"),
                ('{"context": {"targetingKey": "u1"}} x', "PARSE_ERROR"),
                ('{"context": {"targetingKey": "u1", "a": NaN}}', "PARSE_ERROR"),
                (b'{"context": {"targetingKey": "\xff"}}', "PARSE_ERROR"),
                ('{"context": {"targetingKey": "\\u0000"}}', "PARSE_ERROR"),
                ("[" * 100000, "PARSE_ERROR"),
                ('{"context":' + '{"a":' * 40 + "1" + "}" * 41, "PARSE_ERROR"),
        ):
            answer = self.server.post(FLAGS + "/one", body)
            self.assertEqual((answer.status, answer.json["errorCode"]), (400, code), body)
            self.assertEqual(answer.json["key"], "one")
            self.assertEqual(answer.headers["Content-Type"], "application/json")
            self.assertTrue(answer.json["errorDetails"])
        self.assertEqual(self.ask("one", targetingKey="x" * 256).status, 200)

    def test_what_is_met_before_the_handler_has_the_form_of_the_protocol_too(self):
        big = "x" * 512001
        for method, path, body, headers, status in (
                ("GET", "/one", None, {}, 405),
                ("PUT", "/a/b%20c", "{}", {}, 405),
                ("POST", "/one", big, {}, 413),
                ("POST", "/one", "{}", {"Content-Encoding": "br"}, 415),
                ("POST", "/one", "no gzip", {"Content-Encoding": "gzip"}, 400),
                ("POST", "/%zz", "{}", {}, 400),
                ("POST", "/%FF", "{}", {}, 400)):
            answer = self.server.request(method, FLAGS + path, body, headers)
            self.assertEqual(answer.status, status, path)
            self.assertEqual(answer.headers["Content-Type"], "application/json", path)
            self.assertEqual(answer.json["errorCode"], "GENERAL")
            keys = {"/one": "one", "/a/b%20c": "a/b c"}
            self.assertEqual(answer.json["key"], keys.get(path, path[1:]))
        answer = self.server.request("GET", FLAGS)
        self.assertEqual((answer.status, answer.headers["Allow"]), (405, "POST"))
        self.assertEqual(set(answer.json), {"errorCode", "errorDetails"})

    def test_the_answer_of_a_single_flag_waits_for_an_exposure_on_assign(self):
        before = self.server.metric("gangway_journal_sequence")
        self.ask("assigned", targetingKey="single-1", age=7)
        self.assertEqual(self.server.metric("gangway_journal_sequence"), before + 1)
        self.ask("assigned", targetingKey="single-1", age=7)
        self.ask("one", targetingKey="single-1")
        self.ask_all(targetingKey="single-2")
        self.assertEqual(self.server.metric("gangway_journal_sequence"), before + 1)

    def test_members_beside_the_context_are_passed_over(self):
        answer = self.server.post(FLAGS + "/one", {
            "context": {"targetingKey": "u1"}, "flags": ["x"], "evaluationId": 7})
        self.assertEqual(answer.status, 200)

    def test_an_answer_to_the_last_byte(self):
        own = self.server.get("/v1/assign/one?unit=u1").json
        self.assertEqual(self.ask("one", targetingKey="u1").body.decode(), (
            '{"key":"one","value":"%s","reason":"SPLIT","variant":"%s","metadata":{"experiment":"one",'
            '"phase":1,"control":%s,"in_experiment":true,"log_exposure":true,"reason":"split",'
            '"definition":"%s"}}') % (own["variant"], own["variant"],
                                      json.dumps(own["control"]), own["definition"]))
        self.assertEqual(self.ask("paused", targetingKey="u1").body.decode().partition(',"def')[0], (
            '{"key":"paused","value":"old","reason":"DISABLED","metadata":{"experiment":"paused",'
            '"phase":1,"control":true,"in_experiment":false,"log_exposure":false,"reason":"paused"'))
        self.assertEqual(self.ask("none", targetingKey="u1").body, (
            b'{"key":"none","errorCode":"FLAG_NOT_FOUND",'
            b'"errorDetails":"there is no experiment \'none\'"}'))

    # ---- all flags ----

    def test_all_flags_are_those_of_single_calls_without_drafts(self):
        answer = self.ask_all(targetingKey="u1", age=30)
        self.assertEqual(answer.status, 200)
        flags = answer.json["flags"]
        keys = [flag["key"] for flag in flags]
        declared = [re.search("experiment: (.*)", text).group(1) for text in FILES.values()]
        self.assertEqual(keys, sorted(set(declared) - {"draft"}))
        for flag in flags:
            self.assertEqual(flag, self.ask(flag["key"], targetingKey="u1", age=30).json)
        self.assertRegex(answer.json["metadata"]["catalogue"], "^sha256:[0-9a-f]{64}$")
        self.assertIn("draft", self.flags(targetingKey="qa-1"))

    def test_a_missing_or_bad_id_is_a_failure_of_that_flag(self):
        flags = self.flags()
        self.assertEqual({flag["errorCode"] for flag in flags.values()}, {"TARGETING_KEY_MISSING"})
        flags = self.flags(targetingKey="null", anonymous="v1")
        self.assertEqual(flags["one"]["errorCode"], "INVALID_CONTEXT")
        self.assertEqual(flags["visitors"]["reason"], "SPLIT")

    def test_a_bad_context_fails_the_whole_call_without_a_key(self):
        for body, code in (({"context": {"targetingKey": 7}}, "INVALID_CONTEXT"),
                           ({"context": []}, "INVALID_CONTEXT"), ({}, "INVALID_CONTEXT"),
                           ("{", "PARSE_ERROR"), ("", "PARSE_ERROR")):
            answer = self.server.post(FLAGS, body)
            self.assertEqual((answer.status, answer.json["errorCode"]), (400, code))
            self.assertEqual(set(answer.json), {"errorCode", "errorDetails"})

    def test_a_tag_follows_the_result(self):
        def tag(**context):
            return self.ask_all(**context).headers["ETag"]
        first = tag(targetingKey="u1", age=30)
        self.assertRegex(first, '^"[0-9a-f]{32}"$')
        self.assertEqual(first, tag(age=30, targetingKey="u1"))
        self.assertEqual(first, tag(age=31, targetingKey="u1"), "the same result")
        self.assertNotEqual(first, tag(targetingKey="u1", age=30, plan={"tier": "pro"}))
        self.assertEqual(len({tag(targetingKey=f"u{i}") for i in range(10)}), 10)

    def test_what_the_client_has_is_not_sent_again(self):
        tag = self.ask_all(targetingKey="u1").headers["ETag"]
        bare = tag.strip('"')
        for header, status in ((tag, 304), ("W/" + tag, 304), ('"x", ' + tag, 304),
                               (f'W/"a" ,\t{tag}  , "b"', 304), ("*", 304),
                               ('"x"', 200), (bare, 200), ("", 200), (tag[:-2] + '"', 200),
                               (",,,", 200), (f'"{bare}', 200)):
            answer = self.ask_all({"If-None-Match": header}, targetingKey="u1")
            self.assertEqual((answer.status, answer.headers["ETag"]), (status, tag), header)
            if status == 304:
                self.assertEqual(answer.body, b"")
                self.assertIsNone(answer.headers["Content-Type"])
        other = self.ask_all({"If-None-Match": tag}, targetingKey="u2")
        self.assertEqual(other.status, 200, "another context is another result")

    def test_hints_of_a_query_are_taken(self):
        for query in ("?flagConfigEtag=abc&flagConfigLastModified=1771622898",
                      "?flagConfigLastModified=2026-01-01T00%3A00%3A00Z", "?", "?flagConfigEtag=%zz"):
            answer = self.server.post(FLAGS + query, {"context": {"targetingKey": "u1"}})
            self.assertEqual(answer.status, 200, query)

    def test_the_contract_holds(self):
        if not os.path.exists(DOCUMENT):
            self.skipTest("NOT CHECKED: no " + DOCUMENT)
        schemas = contract()
        checked = 0
        for context in ({"targetingKey": "u1"}, {"targetingKey": "u7", "account": "a1"}, {},
                        {"targetingKey": "null"}):
            answer = self.ask_all(**context).json
            self.assertEqual(schemas["bulkEvaluationSuccess"](answer), [])
            for key in [flag["key"] for flag in answer["flags"]] + ["draft"]:
                one = self.ask(key, **context)
                name = "serverEvaluationSuccess" if one.status == 200 else "evaluationFailure"
                self.assertEqual(schemas[name](one.json), [], key)
                checked += 1
        self.assertGreater(checked, 50)
        self.assertEqual(schemas["flagNotFound"](self.ask("no", targetingKey="u1").json), [])
        self.assertEqual(schemas["bulkEvaluationFailure"](self.server.post(FLAGS, "{").json), [])
        self.assertNotEqual(schemas["evaluationFailure"]({"errorCode": "GENERAL"}), [])
        self.assertNotEqual(schemas["serverEvaluationSuccess"]({"key": "a", "value": 1}), [])

    def test_an_answer_of_all_flags_is_at_most_8_mib(self):
        large = json.dumps("x" * 16000)
        audience = "audience: {all: [{large: true}]}\n"
        text = configured("KEY", "small", large) + audience + "force: {all: new}\n"
        files = {f"{i}.yaml": text.replace("KEY", f"k{i}") for i in range(530)}
        with Gangway(files) as server:
            answer = server.post(FLAGS, {"context": {"targetingKey": "u1"}})
            self.assertEqual((answer.status, len(answer.json["flags"])), (200, 530))
            answer = server.post(FLAGS, {"context": {"targetingKey": "all"}})
            self.assertEqual((answer.status, answer.json["errorCode"]), (413, "GENERAL"))
            answer = server.post(FLAGS, {"context": {"targetingKey": "u1"}})
            self.assertEqual(answer.status, 200)

    def test_no_experiments_are_no_flags(self):
        with Gangway({"draft.yaml": FILES["draft.yaml"]}) as server:
            answer = server.post(FLAGS, {"context": {"targetingKey": "u1"}})
            self.assertEqual((answer.status, answer.json["flags"]), (200, []))


class Refused(unittest.TestCase):
    """What the keys and the limits say comes in the protocol's form."""

    def check(self, server, headers, status):
        for path, members in ((FLAGS + "/a/b", {"key", "errorCode", "errorDetails"}),
                              (FLAGS, {"errorCode", "errorDetails"})):
            answer = server.post(path, {"context": {"targetingKey": "u1"}}, headers)
            self.assertEqual(answer.status, status)
            self.assertEqual(answer.headers["Content-Type"], "application/json")
            self.assertEqual(set(answer.json), members)
            self.assertEqual(answer.json["errorCode"], "GENERAL")
            self.assertEqual(answer.json.get("key", "a/b"), "a/b")
        return answer

    def test_keys(self):
        with Gangway(start=False) as server:
            keys = {role: add_key(server, role, role) for role in ("client", "server", "analyst")}
            server.start()
            self.assertIn("WWW-Authenticate", self.check(server, {}, 401).headers)
            self.check(server, {"X-API-Key": "gw_client_" + "x" * 32}, 401)
            self.check(server, {"Authorization": "Bearer " + keys["analyst"]}, 403)
            for header in ({"X-API-Key": keys["client"]},
                           {"Authorization": "Bearer " + keys["server"]},
                           {"Authorization": keys["client"]}):
                answer = server.post(FLAGS + "/one", {"context": {"targetingKey": "u1"}}, header)
                self.assertEqual(answer.status, 200)

    def test_rate(self):
        with Gangway(arguments=["--rate-limit", "1/s"]) as server:
            for _ in range(20):
                answer = server.post(FLAGS, {"context": {"targetingKey": "u1"}})
                if answer.status == 429:
                    break
            self.assertEqual(answer.json["errorCode"], "GENERAL")
            self.assertRegex(answer.headers["Retry-After"], "^[1-9][0-9]*$")


QUIET = ("description", "example", "format", "default", "contentMediaType", "contentSchema")


def without_blocks(text):
    """Without the `|` blocks, which the small reader does not know; they hold prose alone."""
    lines, depth = [], None
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        if depth is not None and (not line.strip() or indent > depth):
            continue
        depth = None
        if line.endswith(": |"):
            depth = indent
            continue
        lines.append(line)
    return "\n".join(lines) + "\n"


def plain(schema):
    """The schema in the words of the checker.  Its `oneOf` of values overlaps (an integer is a number
    too, and every object passes for `codeDefaultFlag`), so it is read as `anyOf` without the last:
    we always give a value."""
    if isinstance(schema, list):
        return [plain(one) for one in schema]
    if not isinstance(schema, dict):
        return {} if schema is None else schema
    made = {}
    for name, value in schema.items():
        if name in QUIET and not isinstance(value, dict):
            continue
        if name == "$ref":
            value = value.replace("#/components/schemas/", "#/definitions/")
        if name == "additionalProperties" and value is True:
            continue
        if name == "oneOf" and {"$ref": "#/components/schemas/codeDefaultFlag"} in value:
            name, value = "anyOf", [one for one in value if "codeDefault" not in one["$ref"]]
        made[name] = plain(value)
    made.pop("example", None)
    return made


def contract():
    """The schemas of the protocol's own document, each as a function that lists faults."""
    with open(DOCUMENT, encoding="utf-8") as file:
        text = without_blocks(file.read())
    start = text.index("  schemas:\n")
    schemas = plain(small_yaml.read(text[start:])["schemas"])

    def checker(name):
        root = {"definitions": schemas, "$ref": "#/definitions/" + name}
        return lambda value: json_schema.Schema(root).faults(json_schema.read(json.dumps(value)))
    return {name: checker(name) for name in schemas}


if __name__ == "__main__":
    main()
