"""The vectors of the statistics (tests/stats/reference/*.ndjson), run through `gangway calc`.

A file is a family: its first line says what computed it, every other line is a case with `name`,
`input` and `expected`.  What was computed elsewhere has 17 digits; null is undefined, "inf" is
infinite.  The tolerances are those of the design; a figure that needs another has a row and a
reason.
"""

import copy
import json
import math
import os
import pathlib
import subprocess

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
GANGWAY = os.environ["GANGWAY"]
REFERENCE = SOURCE / "tests" / "stats" / "reference"

CLOSED = 1e-9

# Where something else than a closed form stands behind the whole family: relative tolerance.
FAMILY_TOLERANCE = {
    "beta_binomial": 1e-8,
    "cox": 1e-6,
    "distributions": 1e-10,
    "dunnett_critical": 1e-4,
    "group_sequential": 1e-6,
    "miettinen_nurminen": 1e-8,
    "power": 1e-6,
}

# (family, name) -> (relative, absolute), with the reason.
FIGURE_TOLERANCE = {
    # R's fisher.test stops at uniroot's default step of 1e-4: one unit against one has 39.0005 for
    # 39.  The program's are exact (tests/stats/test_proportion_exact.c has them to 1e-9).
    ("fisher_exact", "odds_ratio_ci"): (1e-3, 0),
    ("fisher_exact", "odds_ratio_cmle"): (1e-3, 0),
    # iterated
    ("meta_dl_blup", "tau2_PM"): (1e-6, 1e-6),
    # R leaves 1e-32 where it is 0
    ("prop_two_sample_ztest", "chisq_yates"): (1e-9, 1e-12),
    # statsmodels takes brentq to its default step (the notes of the family)
    ("prop_diff_ratio_ci", "ratio_score_mn"): (1e-5, 0),
    ("prop_diff_ratio_ci", "ratio_score_koopman_nocorr"): (1e-5, 0),
    ("prop_one_sample_ci", "clopper_pearson"): (1e-10, 0),
    ("prop_one_sample_ci", "clopper_pearson99"): (1e-10, 0),
    # SciPy's quantile of t keeps 9 digits, of which a limit near 0 shows fewer
    ("seq_growthbook", "fixed_ci"): (1e-9, 1e-9),
    ("welch_summary", "ci95"): (1e-9, 1e-9),
    # R adds the margin of .5 and takes it off again
    ("welch_t", "noninf_lower95"): (1e-9, 1e-15),
    # a log Bayes factor is near 0 whenever the split is fair: absolute
    ("seq_srm", "log_bayes_factor"): (0, 1e-8),
    ("seq_srm", "log_bayes_factor_mp"): (0, 1e-8),
    ("seq_srm", "p_value"): (1e-8, 0),
    ("seq_srm", "posterior_prob"): (1e-8, 0),
}

# (family, case) whose digits the reference itself does not have.
CASE_TOLERANCE = {
    # 1 - 1e-9 less 1 - 1e-7 in doubles: R's chi-square is off by 8e-10, its p by 4e-8
    ("prop_two_sample_ztest", "huge_near_one"): (1e-7, 0),
    ("seq_srm", "huge"): (1e-4, 1e-4),
    # every residual is 0; the regression leaves 5e-16
    ("ratio_cluster", "all_full"): (1e-9, 1e-12),
}

# What a vector has and the design does not ask for: (family, path), or (family, case, path) ->
# reason.
EXCEPTED = {
    ("ratio_cluster", "all_full", "user_lm_CR2.p"):
        "a test of what rounding has left of errors that are 0",
    ("beta_binomial", "check_l0_minus_l1_equals_mean_diff"):
        "a check of the reference's own integrals, 0 but for rounding",
    ("prop_diff_ratio_ci", "n1", "ratio_score_mn[0]"):
        "0, as in miettinen_nurminen: statsmodels does not look below 1/2",
    ("prop_diff_ratio_ci", "n1", "ratio_score_koopman_nocorr[0]"): "the same",
}

# What a hostile or careless caller puts where a number belongs.
HOSTILE = [0, -0.0, 1, -1, 2, 0.5, 1e-300, 1e308, -1e308, 5e-324, 2**53, 2**53 + 2, 10**9, 10**15,
           10**30, None, True, "x", "NaN", "inf", [], {}, [1], [[1]], [None]]

# Where exactly 0 is expected, rounding of terms of size 1 may be left.
ZERO_FLOOR = 1e-12


def families():
    return sorted(path.stem for path in REFERENCE.glob("*.ndjson"))


def cases(family):
    lines = (REFERENCE / f"{family}.ndjson").read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines[1:]]
    if family == "seq_srm":
        for case in found:
            sequential_from_digits(case["expected"])
    return found


def sequential_from_digits(expected):
    """The double version of the Bayes factor loses digits at large counts; what follows from it is
    formed here from the 40-digit figures instead."""
    factors = expected["log_bayes_factor_mp"]
    expected["log_bayes_factor"] = factors
    expected["p_value"] = [math.exp(-max(0.0, *factors[:i + 1], -math.inf))
                           for i in range(len(factors))]
    expected["posterior_prob"] = 1 / (1 + math.exp(-factors[-1]))


def refuse(constant):
    raise ValueError(f"{constant} is no JSON")


def ask(family, lines, program=GANGWAY, timeout=120):
    """(exit status, the answers, standard error) of some lines of input."""
    text = "".join(line + "\n" for line in lines)
    done = subprocess.run([program, "calc", family], input=text.encode(), capture_output=True,
                          timeout=timeout, check=False)
    answers = [json.loads(line, parse_constant=refuse) for line in done.stdout.splitlines()]
    return done.returncode, answers, done.stderr.decode()


def known():
    """The families that the program has."""
    done = subprocess.run([GANGWAY, "calc", "--list"], capture_output=True, text=True, timeout=60,
                          check=True)
    return [line.split()[0] for line in done.stdout.splitlines()]


class Figures:
    """What came of comparing one family: counts, what is wrong, and the largest error."""

    def __init__(self, family):
        self.family = family
        self.cases = self.passed = self.figures = 0
        self.wrong = []
        self.largest, self.where = 0.0, ""

    def tolerance(self, case, name):
        if (self.family, case) in CASE_TOLERANCE:
            return CASE_TOLERANCE[self.family, case]
        found = FIGURE_TOLERANCE.get((self.family, name))
        return found or (FAMILY_TOLERANCE.get(self.family, CLOSED), 0)

    def compare(self, case, path, got, expected):
        """Goes down both sides together."""
        if (self.family, path) in EXCEPTED or (self.family, case, path) in EXCEPTED:
            return
        if isinstance(expected, dict) and isinstance(got, dict):
            for key, value in expected.items():
                self.compare(case, f"{path}.{key}" if path else key, got.get(key, "(missing)"),
                             value)
        elif isinstance(expected, list) and isinstance(got, list) and len(got) == len(expected):
            for i, (left, right) in enumerate(zip(got, expected)):
                self.compare(case, f"{path}[{i}]", left, right)
        else:
            self.compare_leaf(case, path, got, expected)

    def compare_leaf(self, case, path, got, expected):
        self.figures += 1
        numbers = all(isinstance(side, (int, float)) and not isinstance(side, bool)
                      for side in (got, expected))
        if not numbers:
            if got != expected:
                self.wrong.append(f"{self.family} {case} {path}: {got!r}, expected {expected!r}")
            return
        relative, absolute = self.tolerance(case, path.split("[")[0])
        gap = abs(got - expected)
        error = gap / abs(expected) if expected else 0.0
        if error > self.largest:
            self.largest, self.where = error, f"{case}.{path}"
        if gap > max(relative * abs(expected), absolute, 0 if expected else ZERO_FLOOR):
            self.wrong.append(f"{self.family} {case} {path}: {got!r}, expected {expected!r}, "
                              f"off by {error:.1e}")

    def row(self):
        return (f"{self.family:<26} {self.cases:>5} {self.passed:>6} {self.figures:>7}  "
                f"{self.largest:.1e} {self.where}")


def check(family):
    """Runs every case of a family."""
    figures = Figures(family)
    given = cases(family)
    status, answers, told = ask(family, [json.dumps(case) for case in given])
    if status or len(answers) != len(given):
        figures.wrong.append(f"{family}: exit status {status}, {len(answers)} answers for "
                             f"{len(given)} lines: {told[:500]}")
    for case, answer in zip(given, answers):
        before = len(figures.wrong)
        figures.cases += 1
        figures.compare(case["name"], "", answer, case["expected"])
        if answer.get("name") != case["name"]:
            figures.wrong.append(f"{family} {case['name']}: the answer is of {answer.get('name')}")
        if "ignored" in answer:
            figures.wrong.append(f"{family} {case['name']}: ignores {answer['ignored']}")
        figures.passed += len(figures.wrong) == before
    return figures


def leaves(value, path=()):
    """The paths of all that stands in a value, lists and objects too."""
    yield path
    items = value.items() if isinstance(value, dict) else \
        enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from leaves(item, (*path, key))


def mutated(chance, value):
    """The value with one to three faults."""
    value = copy.deepcopy(value)
    for _ in range(chance.randint(1, 3)):
        paths = [path for path in leaves(value) if path]
        if not paths:
            break
        *way, last = chance.choice(paths)
        parent = value
        for key in way:
            parent = parent[key]
        fault = chance.randrange(5)
        if fault == 0:
            del parent[last]
        elif fault == 1 and isinstance(parent[last], list):
            parent[last] = (parent[last] * 3)[:chance.randrange(1 + 3 * len(parent[last]))]
        elif fault == 2 and isinstance(parent[last], (int, float)):
            parent[last] *= chance.choice([-1, 1e-9, 1e9, 1e150])
        else:
            parent[last] = copy.deepcopy(chance.choice(HOSTILE))
    return value
