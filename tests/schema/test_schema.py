"""The JSON Schemas and the parser agree, on all that a schema can say (grammar.md, 7):

  - what the schema refuses, the parser refuses;
  - what the parser refuses with one of the codes below, the schema refuses, but for what needs a
    second look: at another file, at another key's value, at what kind of metric a name stands for.

Shown on the shipped files and on documents mutated key by key: each key dropped, an unknown one
added to each mapping, each value replaced by values of every type and at the limits.
"""

import copy
import json
import os
import re
import subprocess
import tempfile
import unittest

import json_schema
import small_yaml

GANGWAY = os.environ["GANGWAY"]
SOURCE = os.environ["SOURCE_DIR"]
EXPERIMENTS = os.path.join(SOURCE, "experiments")

# What a schema can say.  (`repeated-key` only where its reader keeps repeated keys.)
SAYABLE = {"unknown-key", "wrong-type", "bad-value", "bad-name", "missing-key", "either-or",
           "out-of-range"}

# What a schema cannot see, by the place that was changed and the text that is told.
SECOND_LOOK = [(re.compile(place), re.compile(text)) for place, text in [
    # which kind of metric a name stands for, and so which unit its figures have
    (r"", r"is in points, which only shares have|is a bare number for a share"),
    (r"'expect', '(baseline|lift)'|'goal'|'analysis', 'lift'", r"is not a percentage|is not a number|is out of range"),
    (r"", r"expect needs 'sd'"),
    # how a value compares with its neighbour
    (r"", r"is more than the \d+ items of 'any_of'"),
    (r"", r"the window is less than 24 hours wide"),
    (r"", r"makes \d+ brackets"),
    # true and "true" are one text
    (r"'values'", r"stands twice"),
]]


def needs_second_look(title, fault):
    return any(place.search(title) and text.search(fault["text"]) for place, text in SECOND_LOOK)


def schema(kind):
    path = os.path.join(EXPERIMENTS, "schema", kind + ".schema.json")
    with open(path, encoding="utf-8") as file:
        return json_schema.Schema(json_schema.read(file.read()))


SCHEMAS = {kind: schema(kind) for kind in ("experiment", "metrics", "segments")}


def kind_of(name):
    base = os.path.splitext(name)[0]
    return base if base in SCHEMAS else "experiment"


def written(document):
    return json.dumps(document, default=float)


# Faults between two files: each mutated experiment stands among hundreds of its like.
BETWEEN_FILES = {"repeated-experiment", "exclusive-overlap", "holdout-differs", "unit-differs"}


def faults_told(files):
    """The errors of `gangway validate` over these files, by file name."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
                out.write(text)
        run = subprocess.run([GANGWAY, "validate", folder, "--format", "json"],
                             capture_output=True, check=False)
    if run.returncode not in (0, 1):
        raise AssertionError("validate ended with %d: %s" % (run.returncode, run.stderr))
    told = {}
    for one in json.loads(run.stdout)["diagnostics"]:
        if one["severity"] == "error" and one["code"] not in BETWEEN_FILES:
            told.setdefault(os.path.basename(one["path"]), []).append(one)
    return told


SHARED_METRICS = {"metrics": {
    "activated": {"kind": "conversion", "event": "A", "within": "7d"},
    "back": {"kind": "retention", "between": ["7d", "14d"]},
    "seats": {"kind": "count", "event": "S", "within": "7d"},
    "nps": {"kind": "nps", "event": "N", "property": "score", "within": "7d"},
    "shown": {"kind": "conversion", "event": "T", "within": "7d", "vanity": True},
}}
SHARED_SEGMENTS = {"segments": {
    "role": {"trait": "role", "values": ["a", "b"]},
    "size": {"trait": "employees", "bands": [1, 10]},
}}

# Between them, these have every key of the grammar.
EXPERIMENTS_WHOLE = [{
    "experiment": "crm/first:run", "name": "A name", "owner": "us", "hypothesis": "because",
    "status": "running", "unit": "user", "phase": 2, "salt": "pepper", "start": "2026-11-01",
    "end": "2026-12-15T12:00:00+01:00", "exposure": "on_view", "assignment": "here",
    "serve": "config",
    "traffic": {"ramp": [{"from": "2026-11-01", "coverage": "5%"},
                         {"from": "2026-11-08", "coverage": "80.5%"}],
                "exclusive": {"group": "runs", "range": "0%..50.5%"},
                "holdout": {"group": "q4", "share": "5%"}},
    "audience": {
        "all": [{"role": ["a", "b"]}, {"any": [{"plan.tier": "free"}, {"seats": 3}]}],
        "not": {"email": {"ends_with": "@example.com"}},
        "a": {"eq": "x"}, "b": {"ne": True}, "c": {"in": ["x", 1]}, "d": {"not_in": ["x"]},
        "e": {"gt": 1, "lt": 9.5}, "f": {"gte": 1, "lte": 9}, "g": {"between": [1, 2]},
        "h": {"exists": False}, "i": {"starts_with": "x"}, "j": {"contains": "x"},
        "k": {"matches": "^a+$"}, "l": {"version_gte": "1.2.3-rc.1"}, "m": {"version_lt": "2"},
        "n": {"before": "2026-12-01"}, "o": {"after": "2026-01-01T00:00:00Z"}},
    "variants": {
        "tour": {"control": True, "name": "The tour", "weight": "50%", "config": {"max": 3}},
        "list": {"weight": "50%", "help": "human_assisted", "cost_per_unit": 0.4,
                 "flow": [{"step": "a", "pattern": "message", "done_when": "Contact Created",
                           "minutes": 5, "trigger": "on_idle", "optional": True},
                          {"step": "b", "pattern": "tour", "trigger": {"on_event": "Signed Up"}}]}},
    "force": {"qa-1": "list"},
    "segments": ["role", "size", ["role", "size"]],
    "metrics": {"goal": ["activated"], "why": "value", "secondary": ["seats"],
                "guardrails": [{"metric": "nps", "worse_by": 5}], "diagnostics": ["shown"]},
    "analysis": {"confidence": "95%", "peeking": "hybrid", "min_days": 7, "flow_within": "30d",
                 "lift": "relative", "correction": "holm",
                 "adjust_for": ["role", {"trait": "employees", "cap": 100, "missing": 0},
                                {"metric": "seats", "before": "28d"}],
                 "expect": {"baseline": "22%", "lift": "10%", "power": "80%",
                            "units_per_week": 3000, "units": 20000}},
}, {
    "experiment": "e", "status": "stopped", "unit": "account", "serve": "variant",
    "traffic": {"coverage": "80%"},
    "variants": {"a": {"control": True}, "b": {}},
    "metrics": {"goal": "activated", "why": "value",
                "guardrails": [{"metric": "back", "worse_by": "2pp"},
                               {"metric": "seats", "worse_by": "3%"}]},
    "analysis": {"peeking": "fixed", "expect": {
        "baseline": "22%", "lift": "-10%", "members": {"mean": 6, "cv": 0.8, "icc": 0.15}}},
    "rollout": {"to": "b", "coverage": "50%"},
}, {
    "experiment": "f", "variants": {"a": {"control": True}, "b": {}},
    "metrics": {"goal": "seats", "why": "value"},
    "analysis": {"peeking": "always", "lift": "absolute",
                 "expect": {"baseline": 3.5, "lift": -0.5, "sd": 2, "units": 900}},
}]

METRICS_WHOLE = {
    "not_activity": ["Email Opened"],
    "core_actions": {"candidates": ["A", {"event": "B", "times": 2}], "landmark": "7d",
                     "retained": "back"},
    "metrics": {
        "c1": {"kind": "conversion", "name": "A name", "description": "words",
               "stage": "activation", "better": "lower", "vanity": True, "event": "A",
               "where": {"p": {"gte": 1}}, "times": 2, "distinct_days": 3, "within": "7d"},
        "c2": {"kind": "conversion", "any_of": ["A", {"event": "B", "where": {"x": "y"},
                                                      "times": 2, "distinct_days": 2}],
               "at_least": 2, "within": "36h"},
        "c3": {"kind": "conversion", "all_of": ["A", "B"], "between": ["0d", "14d"]},
        "c4": {"kind": "conversion", "any_event": {"distinct_days": 3}, "within": "2w"},
        "back": {"kind": "retention", "between": ["7d", "14d"]},
        "back2": {"kind": "retention", "event": "A", "where": {"p": 1}, "between": ["7d", "14d"]},
        "back3": {"kind": "retention", "any_of": ["A", "B"], "between": ["7d", "14d"]},
        "curve": {"kind": "retention_curve", "every": "7d", "until": "28d"},
        "curve2": {"kind": "retention_curve", "event": "A", "every": "1d", "until": "7d"},
        "time": {"kind": "time_to", "event": "A", "within": "30d", "competing": ["Gone"]},
        "time2": {"kind": "time_to", "all_of": ["A", "B"], "within": "30d"},
        "count": {"kind": "count", "event": "A", "within": "30d", "cap": 500},
        "count2": {"kind": "count", "any_of": ["A", "B"], "within": "30d"},
        "sum": {"kind": "sum", "event": "A", "property": "a.b", "within": "30d", "cap": 99.5},
        "mean": {"kind": "mean", "event": "A", "property": "p", "within": "30d", "cap": 9},
        "ratio": {"kind": "ratio", "numerator": "sum", "denominator": "count"},
        "nps": {"kind": "nps", "event": "N", "property": "score", "within": "30d"},
        "wide": {"kind": "breadth", "member": "user", "counts": "c2", "within": "14d",
                 "of": {"trait": "seats"}},
        "wide2": {"kind": "breadth", "member": "user", "counts": "c2", "within": "14d",
                  "of": "within"},
    },
}

SEGMENTS_WHOLE = {"segments": {
    "role": {"trait": "role", "name": "Role", "values": ["a", "b", "true", 3]},
    "size": {"trait": "company.employees", "bands": [0.5, 2, 10]},
}}

VALUES = [
    None, True, False, "true", "yes", 0, 1, 2, 7, -1, 65535, 65536, 1.5, -0.5, 1.2345678, 10 ** 13,
    "0", "1", "007", "1.5", "-1", "", " ", "a", "a b", " a", "A", "a\nb", "a/b", "a//b", "a/", "../b",
    "holdout:x", "all", "ü", "$x", "-x", "_x", "a" * 64, "a" * 65, "a" * 121, "a" * 128, "a" * 129,
    "a" * 257, "a" * 2001, "50%", "0%", "100%", "100.5%", "50.12345%", "-3%", "49%", "99.995%", "50 %",
    "2pp", "0pp", "7d", "0d", "0s", "1s", "400d", "401d", "23h", "24h", "7 days", "1m", "2026-02-29",
    "2024-02-29", "2026-11-31", "2026-11-01T10:00:00Z", "2026-11-01T10:00:00", "2026-13-01",
    "0%..50%", "50%..0%", "0%..101%", "0..1", "0%..33.33%", "1.2.3", "1.2.3.4", "v1", "running",
    "on_event", "user", "hybrid", "holm", "message", "conversion", "higher", "activation",
    "null", "undefined", "0000-00", "(other)", "at_exposure",
    [], ["a"], ["a", "a"], ["a", "b"], ["role", "size", "role", "size"], [["a"]], [1, 2], [1, 2, 3],
    ["7d", "14d"], [{}], [None], {}, {"a": 1}, {"on_event": "A B"}, {"event": "A"}, {"trait": "t"},
    ["x%d" % i for i in range(21)],
]


def places(value, path=()):
    """Every place of a document, with its value."""
    yield path, value
    if isinstance(value, dict):
        for key, member in value.items():
            yield from places(member, path + (key,))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, path + (index,))


def changed(document, path, change):
    """A copy in which `change` was applied to the holder of the place and its last step."""
    document = copy.deepcopy(document)
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    change(holder, path[-1])
    return document


OTHER_TYPES = [None, True, 7, "a", "", [], ["a"], {}, {"a": 1}]
# Every value at every place are 27 000 documents and a minute; without SCHEMA_ALL each place gets
# a third of them, neighbours different ones.
STEP = 1 if os.environ.get("SCHEMA_ALL") else 3


def values_for(value, ordinal):
    if isinstance(value, (dict, list)):
        return OTHER_TYPES
    return VALUES[ordinal % STEP::STEP]


def mutations(document):
    """(title, document) for every place: without it, with other values, with other keys."""
    for ordinal, (path, value) in enumerate(places(document)):
        if path:
            yield "without %s" % (path,), changed(document, path, lambda h, k: h.pop(k))
        for new in values_for(value, ordinal) if path else []:
            if new != value or isinstance(new, bool) != isinstance(value, bool):
                yield ("%s = %.60r" % (path, new),
                       changed(document, path, lambda h, k, new=new: h.__setitem__(k, new)))
        if isinstance(value, dict):
            for key in ("unknown", "x y", "123", "", "goal", "\u00e4"):
                yield ("%s + %r" % (path, key),
                       changed(document, path + (key,), lambda h, k: h.setdefault(k, "x")))
            for key in ("coverage", "event", "values", "bands", "any_of", "within", "between"):
                yield ("%s + %r" % (path, key),
                       changed(document, path + (key,), lambda h, k: h.setdefault(k, "7d")))


def in_lots(things, size):
    things = list(things)
    return [things[at:at + size] for at in range(0, len(things), size)]


class Agreement(unittest.TestCase):
    longMessage = False

    def setUp(self):
        self.count = self.refused = 0
        self.lines = []

    def compare(self, kind, title, document, by_parser):
        by_schema = SCHEMAS[kind].faults(json_schema.read(written(document)))
        self.count += 1
        self.refused += bool(by_schema)
        sayable = [one for one in by_parser
                   if one["code"] in SAYABLE and not needs_second_look(title, one)]
        if by_schema and not by_parser:
            self.lines.append("%s: only the schema refuses: %s" % (title, by_schema[0]))
        if sayable and not by_schema:
            self.lines.append("%s: only the parser refuses: [%s] %s"
                              % (title, sayable[0]["code"], sayable[0]["text"]))

    def conclude(self, least):
        print("%s: %d documents, %d refused, %d disagreements"
              % (self.id().split(".")[-1], self.count, self.refused, len(self.lines)))
        self.assertGreaterEqual(self.refused, least, "too few documents are wrong: no test")
        self.assertLess(self.refused, self.count, "no document is right: no test")
        self.assertEqual(self.lines, [], "\n".join(self.lines))

    def test_experiments_mutated_key_by_key(self):
        shared = {"metrics.json": written(SHARED_METRICS),
                  "segments.json": written(SHARED_SEGMENTS)}
        documents = [("whole", document) for document in EXPERIMENTS_WHOLE]
        for document in EXPERIMENTS_WHOLE:
            documents += mutations(document)
        for lot in in_lots(documents, 400):
            files = {"e%04d.json" % index: written(one) for index, (_, one) in enumerate(lot)}
            told = faults_told(dict(files, **shared))
            for index, (title, one) in enumerate(lot):
                self.compare("experiment", title, one, told.get("e%04d.json" % index, []))
        self.conclude(1000)

    def many_in_one_file(self, kind, bodies, around, size):
        """Bodies of metrics or segments, each in a line of its own of one file."""
        for lot in in_lots(bodies, size):
            lines = ["%s: %s" % (json.dumps(name), written(body)) for name, body in around.items()]
            lines += ['"n%04d": %s' % (index, written(body)) for index, (_, body) in enumerate(lot)]
            text = '{"%s": {\n%s}}' % (kind, ",\n".join(lines))
            told = faults_told({kind + ".json": text}).get(kind + ".json", [])
            for index, (title, body) in enumerate(lot):
                line = 2 + len(around) + index
                self.compare(kind, title, {kind: {"n%04d" % index: body}},
                             [one for one in told if one["line"] == line])

    def test_metrics_mutated_key_by_key(self):
        bodies = METRICS_WHOLE["metrics"]
        around = {name: bodies[name] for name in ("sum", "count", "c2", "back")}
        mutated = [(name, body) for name, body in bodies.items()]
        for name, body in bodies.items():
            mutated += [(name + " " + title, one) for title, one in mutations(body)]
        self.many_in_one_file("metrics", mutated, around, 300)
        self.conclude(1000)

    def test_segments_mutated_key_by_key(self):
        mutated = [(name, body) for name, body in SEGMENTS_WHOLE["segments"].items()]
        for name, body in SEGMENTS_WHOLE["segments"].items():
            mutated += [(name + " " + title, one) for title, one in mutations(body)]
        self.many_in_one_file("segments", mutated, {}, 90)
        self.conclude(200)

    def one_by_one(self, kind, documents):
        for title, one in documents:
            told = faults_told({kind + ".json": written(one)})
            self.compare(kind, title, one, told.get(kind + ".json", []))

    def test_names_and_what_stands_beside_metrics(self):
        back = {"back": METRICS_WHOLE["metrics"]["back"]}
        whole = dict(METRICS_WHOLE, metrics=back)
        beside = [(title, one) for title, one in mutations(whole) if "('metrics', 'back'" not in title]
        names = [("name %r" % name, {"metrics": {name: back["back"]}})
                 for name in VALUES if isinstance(name, str)]
        self.one_by_one("metrics", in_lots(beside, 3)[0] + beside[3::3] + names)
        self.conclude(100)

    def test_names_of_segments(self):
        body = SEGMENTS_WHOLE["segments"]["size"]
        self.one_by_one("segments", [("name %r" % name, {"segments": {name: body}})
                                     for name in VALUES if isinstance(name, str)])
        self.conclude(20)

    def test_every_key_of_a_schema_is_in_a_document(self):
        """So that a new key cannot go untested."""
        used = {step for document in [*EXPERIMENTS_WHOLE, METRICS_WHOLE, SEGMENTS_WHOLE]
                for path, _ in places(document) for step in path if isinstance(step, str)}
        known = {name for kind in SCHEMAS for _, node in places(SCHEMAS[kind].root)
                 if isinstance(node, dict) and isinstance(node.get("properties"), dict)
                 for name in node["properties"]}
        self.assertEqual(known - used, set())

    def test_what_schemas_share_is_the_same_in_each(self):
        definitions = {}
        for kind in SCHEMAS:
            for name, body in SCHEMAS[kind].root["definitions"].items():
                self.assertEqual(definitions.setdefault(name, body), body, name)


class ShippedFiles(unittest.TestCase):
    def files(self):
        for folder in (EXPERIMENTS, os.path.join(SOURCE, "seeds", "cookie-cats")):
            for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
                if name.endswith(".yaml"):
                    yield folder, name

    def test_shipped_files_fit_their_schema(self):
        for folder, name in self.files():
            with self.subTest(name), open(os.path.join(folder, name), encoding="utf-8") as file:
                document = small_yaml.read(file.read())
                self.assertEqual(SCHEMAS[kind_of(name)].faults(document), [])

    def test_shipped_files_name_their_schema_for_editors(self):
        for folder, name in self.files():
            with self.subTest(name), open(os.path.join(folder, name), encoding="utf-8") as file:
                line = file.readline().strip()
                match = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", line)
                self.assertTrue(match, line)
                path = os.path.normpath(os.path.join(folder, match.group(1)))
                self.assertTrue(os.path.isfile(path), path)
                self.assertEqual(os.path.basename(path), kind_of(name) + ".schema.json")


if __name__ == "__main__":
    unittest.main()
