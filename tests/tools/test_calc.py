"""`gangway calc`: every vector of every family, and the way it treats lines that are wrong."""

import json
import os
import random
import re
import subprocess
import unittest

import calc_mirror
import calc_vectors
from calc_vectors import GANGWAY, HOSTILE, SOURCE, ask

SEED = 20261124
MUTATIONS = 24  # of each family

COUNTS = '{"counts": [30, 50], "weights": [1, 1]}'


class Vectors(unittest.TestCase):
    def test_every_figure_is_within_its_tolerance(self):
        self.assertEqual(len(calc_vectors.families()), 34)
        wrong, rows = [], []
        known = calc_vectors.known()
        for family in calc_vectors.families():
            if family not in known:
                wrong.append(f"{family}: the program does not have it")
                continue
            figures = calc_vectors.check(family)
            rows.append(figures.row())
            wrong += figures.wrong
        print(f"{'family':<26} {'cases':>5} {'passed':>6} {'figures':>7}  largest relative error")
        print("\n".join(rows), flush=True)
        self.assertEqual(wrong[:40], [])

    def test_a_case_gives_the_same_figures_as_its_bare_input(self):
        for family in calc_vectors.known():
            if family not in calc_vectors.families():
                continue
            given = calc_vectors.cases(family)
            _, whole, _ = ask(family, [json.dumps(case) for case in given])
            _, bare, _ = ask(family, [json.dumps(case["input"]) for case in given])
            for answer in whole:
                del answer["name"]
            self.assertEqual(whole, bare, family)

    def test_the_comparison_sees_a_wrong_figure(self):
        figures = calc_vectors.Figures("welch_t")
        figures.compare("a", "", {"x": 1 + 1e-12, "y": None, "z": ["inf"]},
                        {"x": 1, "y": None, "z": ["inf"]})
        self.assertEqual(figures.wrong, [])
        for got in ({"x": 1 + 2e-9}, {"x": None}, {}, {"x": [1]}, {"x": "1"}):
            figures = calc_vectors.Figures("welch_t")
            figures.compare("a", "", got, {"x": 1})
            self.assertEqual(len(figures.wrong), 1, got)


class List(unittest.TestCase):
    def test_every_family_has_one_line_that_fits(self):
        done = subprocess.run([GANGWAY, "calc", "--list"], capture_output=True, text=True,
                              timeout=60, check=True)
        names = []
        for line in done.stdout.splitlines():
            self.assertLessEqual(len(line), 100, line)
            self.assertRegex(line, r"^[a-z0-9_]+ {2,}\S.*\S$")
            names.append(line.split()[0])
        self.assertEqual(names, sorted(set(names)))

    def test_a_family_that_is_not_there_is_named_with_its_nearest(self):
        done = subprocess.run([GANGWAY, "calc", "srm_chisq_gof2"], input=COUNTS, text=True,
                              capture_output=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("did you mean 'srm_chisq_gof'", done.stderr)
        bare = subprocess.run([GANGWAY, "calc"], input="", text=True, capture_output=True,
                              timeout=60, check=False)
        self.assertEqual((bare.returncode, bare.stdout), (2, ""))


class Lines(unittest.TestCase):
    def errors(self, family, *lines):
        """Each of these lines is wrong; the texts of the answers."""
        status, answers, told = ask(family, lines)
        self.assertEqual(status, 2)
        self.assertEqual([answer["status"] for answer in answers], ["error"] * len(lines))
        for answer in answers:
            self.assertEqual(set(answer) - {"name"}, {"error", "status"})
            self.assertIn("gangway: " + answer["error"] + "\n", told)
        return [answer["error"] for answer in answers]

    def test_answers_stay_beside_their_lines(self):
        lines = [COUNTS, "{", '{"name": "b", "input": ' + COUNTS + "}", "[]", COUNTS]
        status, answers, _ = ask("srm_chisq_gof", lines)
        self.assertEqual(status, 2)
        self.assertEqual([answer["status"] for answer in answers],
                         ["ok", "error", "ok", "error", "ok"])
        self.assertEqual(answers[2]["name"], "b")
        self.assertTrue(answers[1]["error"].startswith("line 2: column "), answers[1])
        self.assertTrue(answers[3]["error"].startswith("line 4: "), answers[3])

    def test_blank_lines_are_counted_and_not_answered(self):
        status, answers, _ = ask("srm_chisq_gof", ["", COUNTS, " \t", "\r", COUNTS, "[]"])
        self.assertEqual((status, len(answers)), (2, 3))
        self.assertIn("line 6:", answers[2]["error"])

    def test_the_last_line_needs_no_end(self):
        for end in ("", "\n", "\r\n", "\n\n"):
            done = subprocess.run([GANGWAY, "calc", "srm_chisq_gof"], input=COUNTS + end,
                                  text=True, capture_output=True, timeout=60, check=True)
            self.assertEqual(done.stdout.count("\n"), 1)
        done = subprocess.run([GANGWAY, "calc", "srm_chisq_gof"], input="", text=True,
                              capture_output=True, timeout=60, check=True)
        self.assertEqual(done.stdout, "")

    def test_bad_input_of_every_kind_is_told_by_its_key(self):
        told = self.errors(
            "srm_chisq_gof", "{}", "3", "null", '"x"', '{"counts": 3, "weights": [1, 1]}',
            '{"counts": [1, null], "weights": [1, 1]}', '{"counts": [1, 1.5], "weights": [1, 1]}',
            '{"counts": [1, -1], "weights": [1, 1]}', '{"counts": [1, 1], "weights": [1, "a"]}',
            '{"counts": [1, 1], "weights": [1, 0]}', '{"counts": [1, 1], "weights": [1, 1, 1]}',
            '{"counts": [], "weights": []}', '{"counts": [1, 9007199254740993], "weights": [1, 1]}',
            '{"counts": [1, NaN], "weights": [1, 1]}', '{"counts": [1, 1e999], "weights": [1, 1]}',
            '{"counts": null, "weights": [1, 1]}', '{"name": "q", "input": 3}',
            '{"counts": [1, 1], "counts": [1, 1], "weights": [1, 1]}', COUNTS + COUNTS)
        for n, (error, part) in enumerate(zip(told, (
                "counts: is missing", "wants an object, not a number", "not null", "not a text",
                "counts: wants a list, not a number", "counts[1]: wants a number, not null",
                "counts[1]: wants a whole number", "counts[1]: wants a whole number",
                "weights[1]: wants a number, not a text", "weights: has 0, not above 0",
                "counts: has 2 items, weights has 3", "weights: wants two", "counts[1]: wants",
                "NaN", "column", "counts: is missing", "input: wants an object", "duplicate",
                "column"), strict=True), 1):
            self.assertTrue(error.startswith(f"line {n}: "), error)
            self.assertIn(part, error)

    def test_numbers_may_be_written_as_any_json_number(self):
        lines = ['{"counts": [3e1, 5.0e1], "weights": [1.0, 1e0]}', COUNTS,
                 '{"weights": [0.5, 0.5], "counts": [30, 50]}']
        status, answers, _ = ask("srm_chisq_gof", lines)
        self.assertEqual(status, 0)
        self.assertEqual([answer["chisq"] for answer in answers], [5, 5, 5])

    def test_keys_that_nothing_reads_are_named(self):
        _, answers, _ = ask("srm_chisq_gof", ['{"counts": [1, 1], "weights": [1, 1], "cnf": 1}'])
        self.assertEqual(answers[0]["ignored"], ["cnf"])

    def test_a_figure_without_an_answer_is_null_with_its_reason(self):
        _, answers, _ = ask("srm_chisq_gof", ['{"counts": [0, 0], "weights": [1, 1]}'])
        self.assertEqual(answers[0], {
            "chisq": None, "df": 1, "log_p": None, "p_value": None, "status": "not_estimable",
            "reason": "no units",
            "reasons": {"chisq": "no units", "log_p": "no units", "p_value": "no units"}})

    def test_a_line_at_the_limit_is_answered_and_one_past_it_is_not(self):
        limits = (SOURCE / "include/base/limits.h").read_text(encoding="utf-8")
        factors = re.search(r"CALC_LINE_MAX \(([^)]*)\)", limits).group(1).split("*")
        limit = 1
        for factor in factors:
            limit *= int(factor)
        for size, state in ((limit, "ok"), (limit + 1, "error"), (3 * limit, "error")):
            line = COUNTS[:-1] + " " * (size - len(COUNTS)) + "}"
            for lines in ([line, COUNTS], [COUNTS, line]):
                status, answers, _ = ask("srm_chisq_gof", lines)
                self.assertEqual({answer["status"] for answer in answers}, {"ok", state})
                self.assertEqual(answers[lines.index(line)]["status"], state)
                self.assertEqual((len(answers), status), (2, 2 if state == "error" else 0))

    def test_a_program_may_keep_the_pipe_open_and_talk(self):
        with subprocess.Popen([GANGWAY, "calc", "srm_chisq_gof"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as talk:
            for line in (COUNTS, "{", COUNTS):
                talk.stdin.write(line.encode() + b"\n")
                talk.stdin.flush()
                self.assertTrue(talk.stdout.readline().endswith(b"}\n"))
            talk.stdin.close()
            self.assertEqual(talk.wait(timeout=60), 2)

    def test_output_that_nobody_takes_ends_it(self):
        full = os.open("/dev/full", os.O_WRONLY)
        self.addCleanup(os.close, full)
        done = subprocess.run([GANGWAY, "calc", "srm_chisq_gof"], input=COUNTS.encode(),
                              stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"cannot write", done.stderr)


class Hostile(unittest.TestCase):
    def check(self, family, lines):
        """None of these crashes, takes long, or is answered with what is no JSON."""
        status, answers, told = ask(family, lines, timeout=120)
        self.assertIn(status, (0, 2), f"{family}: {told[-400:]}")
        self.assertEqual(len(answers), len(lines), family)
        for line, answer in zip(lines, answers):
            self.assertIn(answer["status"], ("ok", "not_estimable", "error"), line)
            self.assertEqual("reason" in answer, answer["status"] == "not_estimable", line)
        return answers

    def test_an_empty_object_is_told_what_it_lacks(self):
        for family in calc_vectors.known():
            for answer in self.check(family, ["{}", '{"input": {}}']):
                self.assertRegex(answer.get("error", ""), r"^line \d: \w+: is missing$", family)

    def test_inputs_with_faults_never_crash_and_never_print_what_is_no_number(self):
        chance = random.Random(SEED)
        families = [name for name in calc_vectors.known() if name in calc_vectors.families()]
        for family in families:
            given = [case["input"] for case in calc_vectors.cases(family)]
            lines = [json.dumps(calc_vectors.mutated(chance, chance.choice(given)))
                     for _ in range(MUTATIONS)]
            self.check(family, lines)

    def test_every_single_hostile_value_in_every_place_is_survived(self):
        for family in calc_vectors.known():
            if family not in calc_vectors.families():
                continue
            case = min((case["input"] for case in calc_vectors.cases(family)),
                       key=lambda value: len(json.dumps(value)))
            lines = []
            for key in case:
                for hostile in HOSTILE:
                    lines.append(json.dumps({**case, key: hostile}))
                    if isinstance(case[key], list) and case[key]:
                        lines.append(json.dumps({**case, key: [hostile, *case[key][1:]]}))
            self.check(family, lines)


class Mirror(unittest.TestCase):
    def differences(self, family, inputs):
        mirror = calc_mirror.MIRROR[family][0]
        _, answers, _ = ask(family, [json.dumps(value) for value in inputs])
        _, mirrored, _ = ask(family, [json.dumps(mirror(value)) for value in inputs])
        relative = max(calc_vectors.FAMILY_TOLERANCE.get(family, 1e-9), 1e-9)
        found = []
        for value, left, right in zip(inputs, answers, mirrored, strict=True):
            if left["status"] == "error" or right["status"] == "error":
                if left["status"] != right["status"]:
                    found.append(f"{left} became {right}")
            else:
                found += [f"{line} of {json.dumps(value)[:300]}" for line in
                          calc_mirror.differences(family, left, right, relative)]
        return found

    def test_exchanging_the_variants_mirrors_the_figures(self):
        chance = random.Random(SEED + 1)
        self.assertLessEqual(set(calc_mirror.MIRROR), set(calc_vectors.families()))
        for family in sorted(set(calc_mirror.MIRROR) & set(calc_vectors.known())):
            given = [case["input"] for case in calc_vectors.cases(family)]
            faulty = [calc_vectors.mutated(chance, chance.choice(given)) for _ in range(MUTATIONS)]
            self.assertEqual(self.differences(family, given + faulty)[:10], [])

    def test_a_figure_that_does_not_mirror_is_seen(self):
        for kind, value, wrong in (("same", 1, 2), ("negate", [1, 2], [-1, -2]),
                                   ("invert", ["inf", 2], [2, "inf"]), ("complement", .2, .2),
                                   ("lift", [0, 1], [0, 1]), ("reverse", [1, 2], [1, 2])):
            wanted = calc_mirror.expected(kind, "x", {"x": value})
            self.assertTrue(calc_mirror.is_near(wanted, wanted, 1e-9))
            self.assertFalse(calc_mirror.is_near(wanted, wrong, 1e-9), kind)


if __name__ == "__main__":
    unittest.main()
