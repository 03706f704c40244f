"""gangway validate, diff and new, from outside: what is printed where, and every exit status."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

GANGWAY = os.environ["GANGWAY"]
SOURCE = os.environ["SOURCE_DIR"]
EXPERIMENTS = os.path.join(SOURCE, "experiments")

SHORT = "experiment: short\nvariants: {a: {control: true}, b: {}}\n"
TYPING = """experiment: typing
hypothesis: because
variants:
  a: {control: true}
  b: {}
metrics:
  goal: activatd
  why: value
"""
METRICS = "metrics:\n  activated: {kind: conversion, event: A, within: 7d}\n"


def gangway(*arguments, folder=None, environment=None):
    return subprocess.run([GANGWAY, *arguments], capture_output=True, check=False, cwd=folder,
                          encoding="utf-8", env=dict(os.environ, **(environment or {})))


class Folders(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.top = self.temporary.name

    def folder(self, name, **files):
        path = os.path.join(self.top, name)
        os.makedirs(path, exist_ok=True)
        for base, text in files.items():
            with open(os.path.join(path, base + ".yaml"), "w", encoding="utf-8") as out:
                out.write(text)
        return path


class Validate(Folders):
    def test_shipped_examples_are_valid_without_a_warning(self):
        run = gangway("validate", EXPERIMENTS, "--strict")
        self.assertEqual(run.returncode, 0, run.stderr)
        files = [name for name in os.listdir(EXPERIMENTS) if name.endswith(".yaml")]
        self.assertRegex(run.stderr, r"\A%d experiments, \d+ metrics, \d+ segments: "
                                     r"0 errors, 0 warnings\n\Z" % (len(files) - 2))

    def test_valid_files_are_read_back_in_words(self):
        words = gangway("validate", EXPERIMENTS).stdout
        for line in (
                "crm-first-run, running: Checklist instead of product tour",
                "from 2026-11-01 through 2026-12-14, 44 days (UTC)",
                "10% from 2026-11-01, 80% from 2026-11-08; only the range 0% to below 50% of group "
                "first-run; 5% held out as q4",
                'goal       activated: share with all of "Contact Created", "Email Sent" where '
                "sequence = true, within 7 days of first exposure",
                "the last unit's window of the goal closes on 2026-12-21",
                "company_size = trait employees: (below), 1, 2-10, 11-50, 51-200, 201-1000, 1001+, "
                "(unknown)",
                "from 84 days to before 91 days after first exposure",
                "five 33.33% (control), 5 steps; three 33.33%, 3 steps; eight 33.33%, 8 steps"):
            self.assertIn(line, words)

    def test_mistakes_are_told_on_standard_error_with_the_place(self):
        self.folder("all", typing=TYPING, metrics=METRICS)
        run = gangway("validate", "all", folder=self.top)
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.stdout, "")
        self.assertEqual(
            run.stderr,
            "all/typing.yaml:7:9: error: metric 'activatd' is not declared in metrics.yaml "
            "[unknown-metric]\n"
            "    7 |   goal: activatd\n"
            "      |         ^^^^^^^^ did you mean 'activated'?\n"
            "1 experiment, 1 metric, 0 segments: 1 error, 0 warnings\n")

    def test_warnings_are_a_no_with_strict_only(self):
        folder = self.folder("all", short=SHORT)
        self.assertEqual(gangway("validate", folder).returncode, 0)
        run = gangway("validate", folder, "--strict")
        self.assertEqual(run.returncode, 1)
        self.assertIn("warning", run.stderr)

    def test_the_default_folder_is_experiments(self):
        self.folder("experiments", short=SHORT)
        self.folder("other", typing=TYPING)
        self.assertEqual(gangway("validate", folder=self.top).returncode, 0)
        self.assertEqual(gangway("validate", folder=self.top,
                                 environment={"GANGWAY_EXPERIMENTS": "other"}).returncode, 1)

    def test_an_empty_folder_is_valid(self):
        run = gangway("validate", self.folder("empty"))
        self.assertEqual(run.returncode, 0)
        self.assertIn("0 experiments", run.stderr)

    def test_a_missing_folder_or_a_file_is_a_wrong_call(self):
        self.folder("all", short=SHORT)
        for path in ("nowhere", "all/short.yaml"):
            run = gangway("validate", path, folder=self.top)
            self.assertEqual((run.returncode, run.stdout), (2, ""))
            self.assertIn(path, run.stderr)

    def test_unknown_options_and_formats_are_a_wrong_call(self):
        for arguments in (["--strct"], ["--format", "xml"], ["a", "b"]):
            self.assertEqual(gangway("validate", *arguments).returncode, 2, arguments)

    def test_json_says_all_on_standard_output(self):
        self.folder("all", typing=TYPING, metrics=METRICS, short=SHORT)
        run = gangway("validate", "all", "--format", "json", folder=self.top)
        self.assertEqual((run.returncode, run.stderr), (1, ""))
        document = json.loads(run.stdout)
        self.assertEqual([document[key] for key in ("errors", "experiments", "metrics", "segments")],
                         [1, 2, 1, 0])
        errors = [one for one in document["diagnostics"] if one["severity"] == "error"]
        self.assertEqual(errors, [{
            "severity": "error", "code": "unknown-metric", "path": "all/typing.yaml", "line": 7,
            "column": 9, "width": 8, "text": "metric 'activatd' is not declared in metrics.yaml",
            "hint": "did you mean 'activated'?"}])
        warnings = [one for one in document["diagnostics"] if one["severity"] == "warning"]
        self.assertEqual(len(warnings), document["warnings"])

    def test_github_gets_workflow_commands(self):
        self.folder("all", typing=TYPING, metrics=METRICS)
        run = gangway("validate", "all", "--format", "github", folder=self.top)
        self.assertEqual(run.returncode, 1)
        self.assertEqual(
            run.stdout,
            "::error file=all/typing.yaml,line=7,col=9,endColumn=17,title=unknown-metric::metric "
            "'activatd' is not declared in metrics.yaml: did you mean 'activated'? "
            "[unknown-metric]\n")
        self.assertEqual(run.stderr, "1 experiment, 1 metric, 0 segments: 1 error, 0 warnings\n")

    def test_a_file_cannot_forge_a_workflow_command(self):
        path = self.folder("a,b:c%d")
        with open(os.path.join(path, "one.yaml"), "w", encoding="utf-8") as out:
            out.write('experiment: "x\\n::error::forged %0A"\nvariants: {a: {control: true}, b: {}}\n')
        run = gangway("validate", "a,b:c%d", "--format", "github", folder=self.top)
        self.assertEqual(run.returncode, 1)
        lines = run.stdout.splitlines()
        self.assertTrue(lines)
        for line in lines:
            self.assertRegex(line, r"\A::(error|warning) file=a%2Cb%3Ac%25d/one\.yaml,line=1,")
            self.assertNotIn("%0A", line.replace("%250A", ""))

    def test_quiet_reads_nothing_back(self):
        self.assertEqual(gangway("validate", EXPERIMENTS, "-q").stdout, "")


class Diff(Folders):
    def setUp(self):
        super().setUp()
        self.old = os.path.join(self.top, "old")
        self.new = os.path.join(self.top, "new")
        shutil.copytree(EXPERIMENTS, self.old)
        shutil.copytree(EXPERIMENTS, self.new)

    def edit(self, name, *pairs):
        path = os.path.join(self.new, name)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for before, after in pairs:
            self.assertIn(before, text)
            text = text.replace(before, after, 1)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def test_equal_folders_differ_in_nothing(self):
        run = gangway("diff", self.old, self.new)
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, "", ""))

    def test_each_change_is_a_line_with_its_class(self):
        self.edit("crm-first-run.yaml", ("owner: growth-onboarding", "owner: growth"),
                  ("end: 2026-12-15", "end: 2026-12-20"))
        self.edit("metrics.yaml", ("    within: 7d", "    within: 8d"))
        run = gangway("diff", self.old, self.new)
        self.assertEqual(run.returncode, 0)
        self.assertEqual(run.stdout.splitlines(), [
            "safe       crm-first-run owner: growth-onboarding -> growth",
            "amendment  crm-first-run end: 2026-12-15 -> 2026-12-20",
            "amendment  crm-first-run metrics.yaml:activated.within: 7d -> 8d",
            "amendment  guided-setup metrics.yaml:activated.within: 7d -> 8d",
            "amendment  team-breadth metrics.yaml:activated.within: 7d -> 8d",
        ])

    def test_a_breaking_change_is_a_no(self):
        self.edit("team-breadth.yaml", ("weight: 50%", "weight: 60%"), ("weight: 50%", "weight: 40%"))
        run = gangway("diff", self.old, self.new)
        self.assertEqual(run.returncode, 1)
        self.assertIn("breaking   team-breadth variants.later.weight: 50% -> 60%\n", run.stdout)
        self.edit("team-breadth.yaml", ("start: 2026-11-02", "phase: 2\nstart: 2026-11-20"))
        self.assertEqual(gangway("diff", self.old, self.new).returncode, 0)

    def test_json_has_a_row_a_change(self):
        self.edit("crm-first-run.yaml", ("force: {qa-user-1: checklist, qa-user-2: tour}\n", ""))
        run = gangway("diff", self.old, self.new, "--format", "json")
        self.assertEqual(json.loads(run.stdout), [{
            "class": "safe", "experiment": "crm-first-run", "key": "force",
            "old": "qa-user-1: checklist, qa-user-2: tour", "new": None}])

    def test_a_side_that_is_broken_or_missing_is_told(self):
        self.edit("crm-first-run.yaml", ("goal: activated", "goal: activatd"))
        run = gangway("diff", self.old, self.new)
        self.assertEqual((run.returncode, run.stdout), (3, ""))
        self.assertIn("[unknown-metric]", run.stderr)
        self.assertEqual(gangway("diff", self.old, "nowhere").returncode, 2)
        self.assertEqual(gangway("diff", self.old).returncode, 2)

    def git(self, *arguments):
        names = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *names, *arguments], cwd=self.top, check=True, capture_output=True)

    @unittest.skipUnless(shutil.which("git"), "git is not installed")
    def test_a_side_may_be_a_folder_of_a_commit(self):
        with open(os.path.join(self.new, "a name; with $(signs).yaml"), "w",
                  encoding="utf-8") as out:
            out.write(SHORT)
        self.git("init", "-q")
        self.git("add", "new")
        self.git("commit", "-q", "-m", "first")
        self.edit("crm-first-run.yaml", ("coverage: 80%", "coverage: 90%"))
        run = gangway("diff", "HEAD:new", "new", folder=self.top)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(run.stdout, "safe       crm-first-run traffic.ramp: 2026-11-01 10%, "
                                     "2026-11-08 80% -> 2026-11-01 10%, 2026-11-08 90%\n")
        self.git("commit", "-q", "-a", "-m", "second")
        run = gangway("diff", "HEAD~1:new", "HEAD:./new", folder=self.top)
        self.assertEqual(run.stdout.count("\n"), 1)
        for wrong in ("HEAD:nowhere", "nothing:new", "HEAD:new/metrics.yaml"):
            run = gangway("diff", wrong, "new", folder=self.top)
            self.assertEqual(run.returncode, 2, run.stdout)
            self.assertIn(wrong, run.stderr)

    def test_without_git_it_says_so(self):
        run = gangway("diff", "HEAD:new", self.new, environment={"PATH": "/nonexistent"})
        self.assertEqual(run.returncode, 3)
        self.assertIn("git", run.stderr)


class New(Folders):
    def test_what_new_writes_is_a_valid_draft(self):
        for unit in ("user", "account", "anonymous"):
            run = gangway("new", "growth/first:test", "--unit", unit)
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertIn("TO" + "DO", run.stdout)
            folder = self.folder(unit, new=run.stdout)
            shutil.copytree(os.path.join(EXPERIMENTS, "schema"), os.path.join(folder, "schema"))
            checked = gangway("validate", folder)
            self.assertEqual(checked.returncode, 0, checked.stderr)
            self.assertIn("growth/first:test, draft", checked.stdout)
            self.assertIn("for        %ss\n" % unit, checked.stdout)

    def test_what_it_proposes_is_valid_beside_the_examples(self):
        """With the comment signs taken off, but for those lines that are prose."""
        text = gangway("new", "proposal").stdout
        text = re.sub(r"(?m)^# (?=(start|end|audience|segments|metrics|analysis|  ))", "", text)
        text = text.replace("      # - {step", "      - {step")
        folder = os.path.join(self.top, "all")
        shutil.copytree(EXPERIMENTS, folder)
        with open(os.path.join(folder, "proposal.yaml"), "w", encoding="utf-8") as out:
            out.write(text)
        run = gangway("validate", folder, "--strict")
        self.assertEqual(run.returncode, 0, run.stderr)

    def test_a_key_that_is_none_is_a_wrong_call(self):
        for key in ("a b", "", "x\nowner: y", "holdout:x", "#", "/"):
            run = gangway("new", key)
            self.assertEqual((run.returncode, run.stdout), (2, ""), key)
        self.assertEqual(gangway("new").returncode, 2)
        self.assertEqual(gangway("new", "a", "--unit", "team").returncode, 2)


class Hostile(Folders):
    HARM = '\\e[31m\\u202e\\u2066'

    def test_no_name_reaches_a_terminal_with_what_moves_a_cursor_or_turns_text(self):
        texts = {"metrics": METRICS, "one": SHORT.replace("short", "one").replace(
            "variants", f'name: "a{self.HARM}name"\nowner: "b{self.HARM}"\nvariants')}
        good = self.folder("good", **texts)
        bad = self.folder("bad", **texts | {"two": f'experiment: two\n"k{self.HARM}": 1\n'})
        for words in (["validate", good], ["validate", bad], ["diff", good, bad],
                      ["validate", os.path.join(self.top, "no\x1b[31m\u202esuch")]):
            answer = gangway(*words)
            told = answer.stdout + answer.stderr
            self.assertTrue(told, words)
            for mark in "\x1b\u202e\u2066":
                self.assertNotIn(mark, told, words)
        self.assertIn("a [31m??name", gangway("validate", good).stdout)


if __name__ == "__main__":
    unittest.main()
