"""/openapi.json: a sound OpenAPI 3.1 document, in which no route and no answer is missing.

That each answer of the service is as it says, is asked of every answer in every service test
(openapi.py); here the document itself is looked at, and that this asking can fail.
"""

import json
import os
import pathlib
import re
import unittest

import json_schema
import openapi
from gangway import Answer, Gangway, main

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
ROLES = {"client", "server", "analyst", "admin"}


def operations(tree):
    for path, item in tree["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def schemas_within(node, place="#"):
    """Every schema of the document with its place: members named schema, and what is in those."""
    if isinstance(node, list):
        for index, one in enumerate(node):
            yield from schemas_within(one, f"{place}/{index}")
    elif isinstance(node, dict):
        for name, one in node.items():
            if name == "schema":
                yield f"{place}/schema", one
            elif name == "schemas" and place == "#/components":
                yield from ((f"{place}/schemas/{key}", schema) for key, schema in one.items())
            else:
                yield from schemas_within(one, f"{place}/{name}")


def references(node):
    if isinstance(node, list):
        for one in node:
            yield from references(one)
    elif isinstance(node, dict):
        for name, one in node.items():
            if name == "$ref" and isinstance(one, str):
                yield one
            else:
                yield from references(one)


def subschemas(schema):
    """The schema and all within it."""
    yield schema
    for name in ("items", "additionalProperties", "not"):
        if isinstance(schema.get(name), dict):
            yield from subschemas(schema[name])
    for name in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(name, []):
            yield from subschemas(one)
    for one in schema.get("properties", {}).values():
        yield from subschemas(one)


def table_of_routes():
    """What routes.c says, read as text: another way than the program's own."""
    text = (SOURCE / "server/http/routes.c").read_text(encoding="utf-8")
    text = text[text.index("const struct route routes[]"):]
    for long, short in re.findall(r'INTAKE_ROW\("([^"]*)", "([^"]*)"', text):
        yield "post", long
        yield "post", short
    for path in re.findall(r'SHIM_ROW\("([^"]*)"', text):
        yield "post", path
    text = text.replace("NOTICES_PATH", '"/ofrep/v1/events"')
    for row in re.findall(r"\{\.method = (METHOD_\w+),\s*\.pattern = (\"[^\"]*\")", text):
        yield row[0].removeprefix("METHOD_").lower(), row[1].strip('"').replace("...}", "}")


class OpenApi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.document = openapi.document()
        cls.tree = cls.document.tree

    def test_it_is_served_without_a_key_and_may_be_kept(self):
        with Gangway() as server:
            answer = server.get("/openapi.json")
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.headers["Content-Type"], "application/json")
            self.assertIn("max-age", answer.headers["Cache-Control"])
            again = server.get("/openapi.json", {"If-None-Match": answer.headers["ETag"]})
            self.assertEqual((again.status, again.body), (304, b""))
            self.assertEqual(answer.json, self.tree)

    def test_every_route_of_the_table_is_there_and_nothing_else(self):
        told = {(method, path) for path, method, _ in operations(self.tree)}
        self.assertEqual(told, set(table_of_routes()))

    def test_every_operation_is_described(self):
        names = []
        for path, method, operation in operations(self.tree):
            with self.subTest(path=path, method=method):
                names.append(operation["operationId"])
                self.assertTrue(operation["summary"])
                self.assertLessEqual(set(operation["x-roles"]), ROLES)
                self.assertEqual(bool(operation["x-roles"]), bool(operation["security"]))
                self.assertTrue(any(status < "400" for status in operation["responses"]),
                                "no answer is described: write it in server/http/openapi/")
                self.assertEqual("x-body-max-bytes" in operation and path != "/v1/reload",
                                 "requestBody" in operation)
                found = {one["name"] for one in operation.get("parameters", [])
                         if one.get("in") == "path"}
                self.assertEqual(found, set(re.findall(r"\{([^}]*)\}", path)))
        self.assertEqual(len(names), len(set(names)))

    def test_its_structure_is_that_of_openapi(self):
        self.assertEqual(self.tree["openapi"], "3.1.0")
        self.assertLessEqual({"title", "version"}, set(self.tree["info"]))
        schemes = set(self.tree["components"]["securitySchemes"])
        for path, method, operation in operations(self.tree):
            with self.subTest(path=path, method=method):
                self.assertRegex(path, "^/")
                self.assertIn(method, openapi.METHODS)
                for one in operation["security"]:
                    self.assertLessEqual(set(one), schemes)
                for parameter in map(self.document.resolved, operation.get("parameters", [])):
                    self.assertIn(parameter["in"], ("path", "query", "header"))
                    self.assertIn("schema", parameter)
                    self.assertTrue(parameter["in"] != "path" or parameter["required"])
                for status, answer in operation["responses"].items():
                    self.assertRegex(status, "^[1-5][0-9][0-9]$")
                    self.assertIn("description", self.document.resolved(answer))

    def test_every_reference_leads_somewhere_and_every_schema_is_used(self):
        used = set(references(self.tree))
        for reference in used:
            with self.subTest(reference=reference):
                self.assertIsInstance(self.document.schema.referred(reference), dict)
        for part in ("schemas", "responses", "parameters"):
            for name in self.tree["components"][part]:
                if part != "responses":  # those of every form are made, and not all are met
                    self.assertIn(f"#/components/{part}/{name}", used)

    def test_every_schema_has_known_words_and_says_which_members_there_are(self):
        known = {name.removeprefix("rule_") for name in dir(json_schema.Schema)
                 if name.startswith("rule_")} | json_schema.QUIET
        for place, schema in schemas_within(self.tree):
            for one in subschemas(schema):
                with self.subTest(place=place):
                    self.assertLessEqual(set(one), known)
                    self.assertLessEqual(set(one.get("required", [])),
                                         set(one.get("properties", {})))

    def test_every_example_is_one(self):
        count = 0
        for place, schema in schemas_within(self.tree):
            for one in subschemas(schema):
                for example in one.get("examples", []):
                    count += 1
                    with self.subTest(place=place):
                        self.assertEqual(list(self.document.schema.check(one, example, "$")), [])
        self.assertGreaterEqual(count, 10)

    def test_no_member_of_the_kept_reports_is_unknown(self):
        """They are of several versions; members are only ever added."""
        report = {"$ref": "#/components/schemas/Report"}
        paths = sorted((SOURCE / "tests/golden").glob("*.json"))
        self.assertGreaterEqual(len(paths), 4)
        for path in paths:
            with self.subTest(kept=path.name):
                document = json.loads(path.read_text(encoding="utf-8"))
                faults = list(self.document.schema.check(report, document, "$"))
                self.assertEqual([one for one in faults if " has no " not in one], [])

    def test_what_is_not_documented_is_found(self):
        def faults(method, path, status, body, media="application/json"):
            text = json.dumps(body).encode() if body is not None else b""
            return openapi.answer_faults(method, path, Answer(status, {"Content-Type": media}, text))
        ready = {"status": "ready"}
        self.assertEqual(faults("GET", "/readyz", 200, ready), [])
        self.assertEqual(faults("HEAD", "/readyz?a", 200, ready), [])
        self.assertTrue(faults("GET", "/readyz", 202, ready))
        self.assertTrue(faults("GET", "/readyz", 200, {"status": "ready", "more": 1}))
        self.assertTrue(faults("GET", "/readyz", 200, {}))
        self.assertTrue(faults("GET", "/readyz", 200, ready, "text/plain"))
        self.assertTrue(faults("GET", "/nothing", 200, {}))
        self.assertTrue(faults("DELETE", "/readyz", 200, ready))
        self.assertTrue(faults("GET", "/v1/events", 403, {"code": "role"}))

    def test_the_same_of_raw_bytes(self):
        ask = b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"

        def heard(status, body):
            return (b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d"
                    b"\r\n\r\n%s" % (status, len(body), body))
        good, odd = heard(200, b'{"status": "ready"}'), heard(200, b'{"status": "odd"}')
        self.assertEqual(openapi.raw_faults(2 * ask, 2 * good), [])
        self.assertTrue(openapi.raw_faults(2 * ask, good + odd))
        self.assertTrue(openapi.raw_faults(ask, heard(500, b"{}")))
        self.assertTrue(openapi.raw_faults(b"nothing\r\n\r\n", heard(400, b"{}")))


if __name__ == "__main__":
    main()
