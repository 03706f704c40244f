"""`gangway assign` by its words (cli.md), and the golden assignments against their oracle."""

import csv
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
GANGWAY = os.environ["GANGWAY"]
sys.path.insert(0, str(SOURCE / "tests" / "oracle"))
import assign as oracle  # noqa: E402
import assign_cases  # noqa: E402

NOON = "2026-11-20T12:00:00Z"
DECLARED = {
    "experiment": "crm-first-run", "hypothesis": "A test.", "status": "running",
    "start": "2026-11-01", "end": "2026-12-15",
    "audience": {"role": ["owner", "rep"]},
    "variants": {"tour": {"control": True, "weight": "50%"},
                 "checklist": {"weight": "50%", "config": {"max": 3}}},
    "traffic": {"coverage": "80%", "holdout": {"group": "q4", "share": "5%"}},
}


def gangway(*arguments, stdin="", environment=None):
    return subprocess.run([GANGWAY, "assign", *arguments], input=stdin.encode(),
                          capture_output=True, timeout=60, check=False,
                          env={**os.environ, **(environment or {})})


class Assign(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="gangway-test-")
        self.addCleanup(self.folder.cleanup)
        self.declare("crm.yaml", "\n".join(assign_cases.yaml_lines(DECLARED, 0)) + "\n")

    def declare(self, name, text):
        (pathlib.Path(self.folder.name) / name).write_text(text, encoding="utf-8")

    def ask(self, *arguments, status=0, **more):
        done = gangway("crm-first-run", "--experiments", self.folder.name, "--at", NOON,
                       *arguments, **more)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done.stdout.decode()

    def expected(self, unit, traits):
        return oracle.assign(DECLARED, unit, traits, oracle.time_ms(NOON))

    def test_ids_are_answered_in_order_as_the_oracle_does(self):
        ids = [f"user-{n}" for n in range(200)] + ["Jos\u00e9", "\U0001f600", "comma,\"quote"]
        out = self.ask("--trait", "role=rep", stdin="\n".join(ids) + "\n")
        wanted = ["\t".join((unit, *self.expected(unit, {"role": "rep"})[:2])) for unit in ids]
        self.assertEqual(out.splitlines(), wanted)

    def test_line_ends_of_any_kind_are_no_part_of_an_id(self):
        wanted = "".join(self.ask("--unit", unit) for unit in ("a1", "b2", "c3"))
        self.assertEqual(self.ask(stdin="a1\r\nb2\nc3"), wanted)
        self.assertEqual(self.ask("--unit", "-", stdin="a1\nb2\nc3\n"), wanted)
        self.assertEqual(self.ask(stdin=""), "")

    def test_csv_quotes_what_needs_it(self):
        ids = ["plain", "comma,id", 'quote"d', "naïve"]
        rows = list(csv.reader(io.StringIO(self.ask("--format", "csv", stdin="\n".join(ids)))))
        self.assertEqual(rows[0], ["unit", "variant", "reason", "in_experiment"])
        for unit, row in zip(ids, rows[1:], strict=True):
            variant, reason, inside = self.expected(unit, {})
            self.assertEqual(row, [unit, variant, reason, str(inside).lower()])

    def test_json_has_every_member_of_an_assignment(self):
        for n in range(40):
            unit = f"user-{n}"
            got = json.loads(self.ask("--unit", unit, "--trait", "role=rep", "--format", "json"))
            variant, reason, inside = self.expected(unit, {"role": "rep"})
            exposure = {"experiment_id": "crm-first-run", "variation_id": variant, "phase": 1}
            if reason == "holdout":
                exposure = {"experiment_id": "holdout:q4", "variation_id": "held", "phase": 1}
            config = DECLARED["variants"][variant].get("config")
            self.assertRegex(got.pop("definition"), r"^sha256:[0-9a-f]{64}$")
            self.assertEqual(got, {
                "unit": unit, "kind": "user", "experiment": "crm-first-run", "phase": 1,
                "variant": variant, "control": variant == "tour", "in_experiment": inside,
                "exposure": exposure if reason in ("split", "holdout") else None,
                "reason": reason, "holdout": "q4" if reason == "holdout" else None,
                "value": config or {}, "flow": None, "config": config})

    def test_a_trait_given_twice_is_a_list(self):
        self.assertIn("not_in_audience", self.ask("--unit", "u1", "--trait", "role=guest"))
        out = self.ask("--unit", "u1", "--trait", "role=guest", "--trait", "role=rep", "--explain")
        self.assertIn('role is ["guest","rep"]', out)
        self.assertNotIn("not_in_audience", out)

    def test_an_explanation_goes_through_the_rules(self):
        out = self.ask("--unit", "u1", "--explain").splitlines()
        self.assertEqual(out[0], "u1\ttour\tnot_in_audience")
        self.assertEqual(out[-1], "=> tour, not_in_audience")
        self.assertIn("7 not in the audience: role in [owner, rep]: role is missing: yes", out)
        got = json.loads(self.ask("--unit", "u1", "--explain", "--format", "json"))
        self.assertEqual(got["explain"].splitlines(), out[1:])
        self.ask("--unit", "u1", "--explain", "--format", "csv", status=2)

    def test_check_makes_the_answer_the_exit_status(self):
        statuses = set()
        for n in range(30):
            inside = self.expected(f"user-{n}", {"role": "rep"})[2]
            self.ask("--unit", f"user-{n}", "--trait", "role=rep", "--check",
                     status=0 if inside else 1)
            statuses.add(inside)
        self.assertEqual(statuses, {True, False})
        self.ask("--unit", "user-1", "--trait", "role=guest")
        self.ask("--check", status=2, stdin="user-1\n")

    def test_the_moment_is_that_of_at(self):
        arguments = ["crm-first-run", "--experiments", self.folder.name, "--unit", "u1"]
        before = gangway(*arguments, "--at", "2026-10-31T23:59:59Z")
        self.assertIn(b"not_started", before.stdout)
        for wrong in ("tomorrow", "2026-02-30", "7d"):
            done = gangway(*arguments, "--at", wrong)
            self.assertEqual((done.returncode, done.stdout), (2, b""), wrong)

    def test_a_line_that_is_no_id_is_named_and_the_others_are_answered(self):
        done = gangway("crm-first-run", "--experiments", self.folder.name,
                       stdin="user-1\n\nundefined\nuser-2\n" + "x" * 257 + "\n")
        self.assertEqual(done.returncode, 2)
        self.assertEqual([line.split(b"\t")[0] for line in done.stdout.splitlines()],
                         [b"user-1", b"user-2"])
        for line in (b"input:2:", b"input:3:", b"input:5:"):
            self.assertIn(line, done.stderr)
        self.ask("--unit", "null", status=2)
        self.ask("--unit", "", status=2)

    def test_a_wrong_call_is_2_and_says_what_is_near(self):
        done = gangway("crm-frist-run", "--experiments", self.folder.name, "--unit", "u1")
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn(b"did you mean 'crm-first-run'", done.stderr)
        self.ask("--unit", "u1", "--trait", "role", status=2)
        self.ask("--unit", "u1", "--trait", "=x", status=2)
        self.ask("--unit", "u1", "--formt", "csv", status=2)
        self.assertEqual(gangway("--unit", "u1").returncode, 2)
        missing = gangway("x", "--experiments", self.folder.name + "/none", "--unit", "u1")
        self.assertEqual(missing.returncode, 2)

    def test_files_with_errors_are_3_after_their_diagnostics(self):
        self.declare("broken.yaml", "experiment: broken\nstatus: runing\n")
        done = gangway("crm-first-run", "--experiments", self.folder.name, "--unit", "u1")
        self.assertEqual((done.returncode, done.stdout), (3, b""))
        self.assertRegex(done.stderr.decode(), r"broken\.yaml:2:\d+: error: ")

    def test_the_folder_may_come_from_the_environment(self):
        done = gangway("crm-first-run", "--unit", "u1", "--at", NOON,
                       environment={"GANGWAY_EXPERIMENTS": self.folder.name})
        self.assertEqual(done.stdout.decode(), "u1\ttour\tnot_in_audience\n")


class Golden(unittest.TestCase):
    def test_the_golden_assignments_are_those_of_the_oracle(self):
        self.assertEqual(assign_cases.differences(), [])

    def test_every_reason_stands_in_a_golden_case(self):
        found = {oracle.assign(declared, unit, traits, oracle.time_ms(at))[1]
                 for declared, rows in assign_cases.CASES for unit, at, traits in rows}
        header = (SOURCE / "include/experiment/assign.h").read_text(encoding="utf-8")
        reasons = {line.split('"')[1] for line in header.splitlines() if line.startswith("    X(")}
        self.assertEqual(found, reasons)
        self.assertEqual(len(reasons), 13)


if __name__ == "__main__":
    unittest.main()
