"""The same figures to the byte, whoever compiles: gcc and clang, without and with optimisation.

The mathematics, the families of `gangway calc` and what writes numbers are built by each compiler
straight from the sources and given the same lines: every vector of every family, and inputs with
random faults.  The C library and GSL are the machine's own and shared by all, so what differs here
is the compilers': a constant folded differently, a fused multiply-add, a sum in another order.

The short form has three builds; GANGWAY_LONG=1 adds gcc -O3 and clang -O0.

Without clang this fails, unless GANGWAY_WITHOUT_CLANG=1 says that it is known.
"""

import concurrent.futures
import json
import os
import pathlib
import random
import shutil
import subprocess
import unittest

import calc_vectors
from calc_vectors import SOURCE

BUILD = pathlib.Path(os.environ["BUILD_DIR"]) / "same_bytes"
COMPILERS = [("gcc", "-O0"), ("gcc", "-O2"), ("clang", "-O2")]
if os.environ.get("GANGWAY_LONG"):
    COMPILERS += [("gcc", "-O3"), ("clang", "-O0")]
FLAGS = ["-std=gnu17", "-D_GNU_SOURCE", "-ffp-contract=off", "-w", f"-I{SOURCE}/include"]
LIBRARIES = ["-ljansson", "-lgsl", "-lgslcblas", "-lgmp", "-lm"]
BASE = ["arena", "buffer", "json", "json_memory", "json_scan", "number", "slice", "status", "value",
        "value_write"]
FAULTY = 40  # lines of each family
SEED = 17


def sources():
    return [*sorted((SOURCE / "stats").glob("*.c")), *sorted((SOURCE / "tools").glob("calc*.c")),
            *(SOURCE / "server" / "base" / f"{name}.c" for name in BASE),
            SOURCE / "tests" / "tools" / "same_bytes.c"]


def compile_one(compiler, level, source, target):
    cache = ["ccache"] if shutil.which("ccache") else []
    done = subprocess.run([*cache, compiler, level, *FLAGS, "-c", str(source), "-o", str(target)],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{compiler} {level} {source.name}: {done.stderr[:2000]}")
    return str(target)


def build(pool, compiler, level):
    """The program of one compiler and level."""
    folder = BUILD / (compiler + level)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    jobs = [pool.submit(compile_one, compiler, level, source,
                        folder / f"{source.parent.name}_{source.stem}.o")
            for source in sources()]
    program = folder / "same_bytes"
    subprocess.run([compiler, *(job.result() for job in jobs), *LIBRARIES, "-o", str(program)],
                   check=True)
    return program


def lines():
    chance = random.Random(SEED)
    for family in calc_vectors.families():
        given = [case["input"] for case in calc_vectors.cases(family)]
        for value in given:
            yield f"{family}\t{json.dumps(value)}"
        for _ in range(FAULTY):
            yield f"{family}\t{json.dumps(calc_vectors.mutated(chance, chance.choice(given)))}"


def differences(texts, answers, others):
    """At most a few lines that are not the same, in words."""
    found = []
    for text, left, right in zip(texts, answers, others):
        if left != right and len(found) < 8:
            found.append(f"{text[:300]}\n    {left[:600]}\n    {right[:600]}")
    return found


class SameBytes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        chosen = [pair for pair in COMPILERS if shutil.which(pair[0])]
        for missing in sorted({name for name, _ in COMPILERS} - {name for name, _ in chosen}):
            print(f"test_same_bytes: {missing} IS MISSING on this machine", flush=True)
            if os.environ.get("GANGWAY_WITHOUT_CLANG") != "1" or missing != "clang":
                raise AssertionError(f"{missing} is missing: apt-get install {missing}, or set "
                                     "GANGWAY_WITHOUT_CLANG=1 to compare gcc with itself alone")
        with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
            cls.programs = {pair: build(pool, *pair) for pair in chosen}
        cls.texts = list(lines())

    def answers(self, program):
        done = subprocess.run([str(program)], input="\n".join(self.texts) + "\n", text=True,
                              capture_output=True, timeout=300, check=True)
        found = done.stdout.splitlines()
        self.assertEqual(len(found), len(self.texts))
        return found

    def test_every_compiler_and_level_gives_the_same_bytes(self):
        (first, program), *rest = self.programs.items()
        answers = self.answers(program)
        figures = sum(answer.count(",") for answer in answers)
        print(f"{len(self.texts)} lines, about {figures} figures, {len(rest) + 1} builds")
        for pair, other in rest:
            found = differences(self.texts, answers, self.answers(other))
            self.assertEqual(found, [], f"{first} and {pair} differ")

    def test_the_project_compiles_the_mathematics_with_the_same_care(self):
        commands = pathlib.Path(os.environ["BUILD_DIR"], "compile_commands.json")
        rows = [row["command"] for row in json.loads(commands.read_text(encoding="utf-8"))
                if f"{SOURCE}/stats/" in row["file"]]
        self.assertTrue(rows)
        for row in rows:
            self.assertIn(" -ffp-contract=off ", row)
            self.assertNotIn("-ffast-math", row)
            self.assertNotIn("-march", row)

    def test_the_families_are_answered_and_a_difference_is_seen(self):
        program = next(iter(self.programs.values()))
        answers = self.answers(program)
        self.assertGreater(sum('"status":"ok"' in answer for answer in answers), 20)
        changed = [answers[0][:-2] + "x" + answers[0][-1:], *answers[1:]]
        self.assertEqual(len(differences(self.texts, answers, changed)), 1)


if __name__ == "__main__":
    unittest.main()
