"""gangway report, from outside: formats, moments, --output, --check, and every exit status."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

GANGWAY = os.environ["GANGWAY"]
SOURCE = os.environ["SOURCE_DIR"]
EXPERIMENTS = os.path.join(SOURCE, "experiments")
GENERATE = os.path.join(SOURCE, "seeds", "cookie-cats", "generate.py")
PLAYERS = 4000


def gangway(*arguments):
    return subprocess.run([GANGWAY, *arguments], capture_output=True, check=False,
                          encoding="utf-8", env=dict(os.environ, NO_COLOR="1"))


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.store = os.path.join(cls.temporary.name, "store")
        messages = os.path.join(cls.temporary.name, "messages")
        with open(messages, "wb") as out:
            subprocess.run([sys.executable, "-B", GENERATE, "--players", str(PLAYERS)],
                           stdout=out, check=True)
        run = gangway("import", "--experiments", EXPERIMENTS, "--store", cls.store, messages)
        assert run.returncode == 0, run.stderr

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def report(self, *arguments):
        return gangway("report", *arguments, "--store", self.store)

    def document(self, *arguments):
        run = self.report("cookie-cats", "--format", "json", *arguments)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout, json.loads(run.stdout)

    def test_text_is_the_default_and_names_the_experiment_and_the_verdict(self):
        run = self.report("cookie-cats")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(run.stderr, "")
        self.assertIn("First gate at level 40 instead of 30", run.stdout)
        self.assertIn("Can it be trusted?", run.stdout)
        self.assertNotIn("\033", run.stdout)
        self.assertLessEqual(max(map(len, run.stdout.splitlines())), 80)

    def test_html_is_one_file_that_holds_the_document(self):
        path = os.path.join(self.temporary.name, "report.html")
        run = self.report("cookie-cats", "--format", "html", "--output", path)
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, "", ""))
        with open(path, encoding="utf-8") as file:
            text = file.read()
        data = text.partition('<script type="application/json" id="document">')[2]
        held = json.loads(data.partition("</script>")[0])
        _, document = self.document("--as-of", held["as_of"])
        for one in (held, document):
            del one["delivery"]
        self.assertEqual(held, document)
        self.assertTrue(text.startswith("<!DOCTYPE html>"))

    def test_json_is_canonical_and_counts_every_player(self):
        text, document = self.document()
        again = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        self.assertEqual(sorted(document), list(document))
        self.assertEqual(len(text), len(again) + 1)
        self.assertEqual(sum(v["exposed"] for v in document["variants"]), PLAYERS)
        for metric in document["metrics"]:
            self.assertEqual(sum(v["units"] for v in metric["variants"]), PLAYERS)
            self.assertTrue(metric["final"])

    def test_the_same_moment_gives_the_same_bytes(self):
        first, document = self.document("--as-of", "2026-10-01")
        self.assertEqual(document["as_of"], "2026-10-01T00:00:00Z")
        self.assertEqual(first, self.document("--as-of", "2026-10-01T02:00:00+02:00")[0])

    def test_an_earlier_moment_reads_what_was_mature_then(self):
        document = self.document("--as-of", "2026-09-05")[1]  # all installed on the first day
        self.assertFalse(document["final"]["reached"])
        day, week = document["metrics"]
        self.assertEqual(sum(v["units"] for v in day["variants"]), PLAYERS)
        self.assertEqual(sum(v["units"] for v in week["variants"]), 0)
        self.assertEqual(sum(v["immature"] for v in week["variants"]), PLAYERS)
        self.assertEqual(day["comparisons"][0]["reason"], "before_final")
        self.assertIsNone(day["comparisons"][0]["p"])

    def test_output_holds_what_standard_output_would(self):
        path = os.path.join(self.temporary.name, "report.json")
        run = self.report("cookie-cats", "--format", "json", "--as-of", "2026-10-01",
                          "--output", path)
        self.assertEqual((run.returncode, run.stdout), (0, ""), run.stderr)
        with open(path, encoding="utf-8") as written:
            self.assertEqual(written.read(), self.document("--as-of", "2026-10-01")[0])

    def test_output_that_cannot_be_written_leaves_nothing(self):
        path = os.path.join(self.temporary.name, "no-folder", "report.txt")
        run = self.report("cookie-cats", "--output", path)
        self.assertGreaterEqual(run.returncode, 2)
        self.assertIn("no-folder", run.stderr)
        self.assertFalse(os.path.exists(path))

    def test_check_says_no_by_its_status_alone(self):
        for moment in ("2026-09-05", "2026-10-01"):
            code = self.document("--as-of", moment)[1]["verdict"]["code"]
            want = 1 if code in ("stop_harm", "do_not_trust") else 0
            run = self.report("cookie-cats", "--as-of", moment, "--check")
            self.assertEqual(run.returncode, want, code)

    def verdict_of_check(self, shares, rates):
        """Of an experiment with that many units a variant, of whom so many act: the code of its
        verdict, and what --check ends with."""
        file = {"experiment": "e", "status": "running", "assignment": "elsewhere",
                "start": "2026-01-05", "variants": {"a": {"control": True}, "b": {}},
                "metrics": {"goal": "act", "why": "w"}, "analysis": {"peeking": "always"}}
        metrics = {"metrics": {"act": {"kind": "conversion", "event": "Act", "within": "1d"}}}
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "files"))
            for name, content in (("e", file), ("metrics", metrics)):
                with open(os.path.join(folder, "files", name + ".json"), "w",
                          encoding="utf-8") as out:
                    json.dump(content, out)
            with open(os.path.join(folder, "messages"), "w", encoding="utf-8") as out:
                for variant, share, rate in zip("ab", shares, rates):
                    for number in range(share):
                        unit = {"type": "track", "userId": f"{variant}{number}"}
                        out.write(json.dumps(unit | {
                            "messageId": f"x{variant}{number}", "event": "Experiment Viewed",
                            "timestamp": "2026-01-06T10:00:00Z",
                            "properties": {"experiment_id": "e", "variation_id": variant}}) + "\n")
                        if number < share * rate:
                            out.write(json.dumps(unit | {
                                "messageId": f"y{variant}{number}", "event": "Act",
                                "timestamp": "2026-01-06T11:00:00Z"}) + "\n")
            store = os.path.join(folder, "store")
            run = gangway("import", "--experiments", os.path.join(folder, "files"), "--store",
                          store, os.path.join(folder, "messages"))
            self.assertEqual(run.returncode, 0, run.stderr)
            arguments = ("report", "e", "--store", store, "--as-of", "2026-01-20")
            run = gangway(*arguments, "--format", "json")
            return (json.loads(run.stdout)["verdict"]["code"],
                    gangway(*arguments, "--check").returncode)

    def test_check_ends_with_1_for_harm_and_for_what_is_not_to_be_trusted(self):
        self.assertEqual(self.verdict_of_check((900, 900), (.6, .2)), ("stop_harm", 1))
        self.assertEqual(self.verdict_of_check((900, 300), (.5, .5)), ("do_not_trust", 1))
        self.assertEqual(self.verdict_of_check((900, 900), (.2, .6)), ("ship", 0))

    def test_an_unknown_experiment_is_a_wrong_call_with_a_hint(self):
        run = self.report("cooky-cats")
        self.assertEqual((run.returncode, run.stdout), (2, ""))
        self.assertIn("did you mean 'cookie-cats'?", run.stderr)
        run = self.report("something-else")
        self.assertEqual(run.returncode, 2)
        self.assertIn("something-else", run.stderr)

    def test_wrong_calls(self):
        for arguments in (("cookie-cats", "--as-of", "yesterday"), ("cookie-cats", "--phase", "7"),
                          ("cookie-cats", "--phase", "0"), ("cookie-cats", "--format", "xml"), (),
                          ("cookie-cats", "--table", "results"),
                          ("cookie-cats", "--format", "csv", "--table", "result"),
                          ("cookie-cats", "crm-first-run")):
            run = self.report(*arguments)
            self.assertEqual(run.returncode, 2, (arguments, run.stderr))
            self.assertEqual(run.stdout, "")

    def test_a_moment_in_the_future_is_refused(self):
        run = self.report("cookie-cats", "--as-of", "2199-01-01")
        self.assertEqual((run.returncode, run.stdout), (2, ""))
        self.assertEqual(run.stderr, "gangway: --as-of: 2199-01-01 is in the future; "
                                     "a report is of a moment that has been\n")

    def test_tables_are_of_csv(self):
        run = self.report("cookie-cats", "--format", "csv", "--table", "over_time")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertTrue(run.stdout.startswith("experiment,phase,as_of,"))
        whole = self.report("cookie-cats", "--format", "csv")
        self.assertEqual(len(whole.stdout.splitlines()), 1 + 2 * 2)

    def test_a_missing_store_could_not_be_read(self):
        run = gangway("report", "cookie-cats", "--store", os.path.join(self.temporary.name, "none"))
        self.assertEqual((run.returncode, run.stdout), (3, ""))

    def test_an_experiment_nobody_met_has_not_started(self):
        run = self.report("crm-first-run")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("NOT STARTED", run.stdout)


if __name__ == "__main__":
    unittest.main()
