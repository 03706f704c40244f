"""What the program says of itself: screens that fit, texts and pages of the manual that name every
option, examples whose options there are, and pages that man, groff and mandoc take without a word.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

GANGWAY = os.environ["GANGWAY"]
SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
ASIDE = ("help", "completion")


def run(*arguments, program=GANGWAY, text=None, **environment):
    return subprocess.run([program, *arguments], capture_output=True, check=False, timeout=60,
                          encoding="utf-8", input=text, env=dict(os.environ, **environment))


def told(*arguments):
    answer = run(*arguments)
    assert answer.returncode == 0 and answer.stderr == "", (arguments, answer)
    return answer.stdout


def commands():
    return [*re.findall(r"^  ([a-z-]+) ", told("--help"), flags=re.M), *ASIDE]


def declared_options(name):
    """The options in the source of a command, so that the tables are not asked about themselves."""
    text = (SOURCE / f"tools/command_{name.replace('-', '_')}.c").read_text(encoding="utf-8")
    return re.findall(r'\{\.name = "([a-z-]+)",\s*\.type', text)


class Screens(unittest.TestCase):
    def test_every_screen_fits_24_lines_of_80_columns(self):
        for call in [["--help"], *([name, "--help"] for name in commands())]:
            lines = told(*call).splitlines()
            self.assertLessEqual(len(lines), 24, call)
            self.assertLessEqual(max(map(len, lines)), 80, call)

    def test_a_screen_names_every_option_and_has_an_example(self):
        for name in commands():
            screen = told(name, "--help")
            self.assertRegex(screen, r"(?m)^    .*\bgangway " + name, name)
            for option in declared_options(name):
                self.assertRegex(screen, rf"--{option}(?![\w-])", name)

    def test_an_option_that_is_not_there_names_the_nearest(self):
        for name in commands():
            for option in declared_options(name):
                answer = run(name, f"--{option}x")
                self.assertEqual(answer.returncode, 2, (name, option))
                self.assertEqual(answer.stdout, "")
                self.assertIn("did you mean '--", answer.stderr, (name, option))
                self.assertIn(f"gangway {name} --help", answer.stderr)


class Texts(unittest.TestCase):
    def test_the_text_of_a_command_is_whole(self):
        for name in commands():
            text = told("help", name)
            for part in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "EXAMPLES"):
                self.assertIn(f"{part}\n", text, name)
            for option in declared_options(name):
                self.assertRegex(text, rf"(?m)^    (-\w, )?--{option}( |$)", name)
                variable = "GANGWAY_" + option.upper().replace("-", "_")
                self.assertIn(f"    {variable}\n", text, name)
            self.assertLessEqual(max(map(len, text.splitlines())), 79, name)

    def test_examples_name_commands_and_options_that_there_are(self):
        for name in commands():
            examples = told("help", name).split("\nEXAMPLES\n")[1]
            calls = re.findall(r"gangway ([a-z-]+)((?: +[^\s|)>]+)*)", examples)
            self.assertTrue(any(called == name for called, _ in calls), name)
            for called, rest in calls:
                text = told("help", called)
                for option in re.findall(r" (--[a-z-]+)", rest):
                    if option != "--local-file":
                        self.assertRegex(text, rf"(?m)^    (-\w, )?{option}( |$)", (name, option))

    def test_every_row_of_texts_is_of_a_command(self):
        texts = (SOURCE / "tools/manual_texts.c").read_text(encoding="utf-8")
        self.assertEqual(sorted(re.findall(r'\{\.command = "([a-z-]+)"', texts)),
                         sorted(commands()))

    def test_help_without_a_command_is_the_list_and_an_unknown_one_exit_2(self):
        self.assertEqual(told("help"), told("--help"))
        answer = run("help", "raport")
        self.assertEqual(answer.returncode, 2)
        self.assertIn("did you mean 'report'", answer.stderr)
        self.assertEqual(run("help", "--output", "x").returncode, 2)


def keys_of(schema, found=None):
    """Every key that a schema has a property for, wherever it stands."""
    found = set() if found is None else found
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            found.update(schema["properties"])
        for value in schema.values():
            keys_of(value, found)
    elif isinstance(schema, list):
        for value in schema:
            keys_of(value, found)
    return found


def described(schema, path=""):
    """(path, schema) of each property that is declared, and not only looked at by a condition."""
    if isinstance(schema, dict):
        for key, value in schema.get("properties", {}).items():
            yield f"{path}/{key}", value
        for key, value in schema.items():
            if key not in ("if", "then", "not", "oneOf", "allOf"):
                yield from described(value, f"{path}/{key}")
    elif isinstance(schema, list):
        for index, value in enumerate(schema):
            yield from described(value, f"{path}/{index}")


class Experiments(unittest.TestCase):
    """gangway-experiments(5) and the schemas that the parser is held against."""

    SCHEMAS = sorted((SOURCE / "experiments/schema").glob("*.schema.json"))

    def test_every_key_of_the_schemas_has_its_item(self):
        text = told("help", "experiments")
        terms = {line.split()[0].split(".")[-1] for line in text.splitlines()
                 if re.match(r"    \S", line)}
        self.assertEqual(len(self.SCHEMAS), 3)
        for path in self.SCHEMAS:
            keys = keys_of(json.loads(path.read_text(encoding="utf-8")))
            self.assertGreater(len(keys), 3)
            self.assertEqual(keys - terms, set(), path.name)

    def test_every_item_has_a_type_and_a_meaning(self):
        text = told("help", "experiments")
        for empty in ("; ;", "        .\n", "        ;", "  \n"):
            self.assertNotIn(empty, text)
        self.assertLessEqual(max(map(len, text.splitlines())), 79)
        for path in self.SCHEMAS:
            for place, value in described(json.loads(path.read_text(encoding="utf-8"))):
                if not place.endswith("/kind"):
                    self.assertIn("description", value, (path.name, place))

    def test_some_items_as_they_are_to_read(self):
        text = re.sub(r"\s+", " ", told("help", "experiments"))
        for item in ("status draft | running | paused | stopped",
                     "unit user | account | anonymous What is randomised; default user.",
                     "analysis.min_days integer Mature days of the goal before 'ship'; default 7.",
                     "metrics.NAME.within duration", "segments.NAME.bands list of numbers",
                     "traffic.ramp[].from date"):
            self.assertIn(f" {item}", text)

    def test_its_examples_are_valid(self):
        text = told("help", "experiments").split("\nEXAMPLES\n")[1].split("\nSEE ALSO\n")[0]
        files = re.findall(r"(?m)^    (\S+\.yaml)\n\n((?:        .*\n)+)", text)
        self.assertEqual([name for name, _ in files],
                         ["shorter-tour.yaml", "metrics.yaml", "segments.yaml"])
        with tempfile.TemporaryDirectory(prefix="gangway-test-") as folder:
            for name, lines in files:
                (pathlib.Path(folder) / name).write_text(
                    re.sub(r"(?m)^        ", "", lines), encoding="utf-8")
            answer = run("validate", "--strict", folder)
            self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="gangway-test-")
        cls.addClassCleanup(cls.folder.cleanup)
        told("help", "--man", "--output", cls.folder.name)
        cls.pages = sorted(pathlib.Path(cls.folder.name).iterdir())

    def test_there_is_a_page_a_command_and_one_of_the_program(self):
        self.assertEqual([page.name for page in self.pages],
                         sorted(["gangway.1", "gangway-experiments.5",
                                 *(f"gangway-{name}.1" for name in commands())]))
        for page in self.pages:
            page.read_bytes().decode("ascii")
            name = page.stem.removeprefix("gangway").removeprefix("-")
            again = told("help", "--man", *([name] if name else []))
            self.assertEqual(page.read_text(encoding="ascii"), again)

    def test_man_and_groff_take_every_page_without_a_warning(self):
        for page in self.pages:
            for call in (["groff", "-man", "-ww", "-Tutf8", "-z", str(page)],
                         ["man", "--warnings", "--local-file", str(page)]):
                answer = run(*call[1:], program=call[0], MANWIDTH="80", LC_ALL="C.UTF-8",
                             MANROFFSEQ="", MAN_KEEP_FORMATTING="")
                self.assertEqual((answer.returncode, answer.stderr), (0, ""), call)

    @unittest.skipUnless(shutil.which("mandoc"), "there is no mandoc here: groff alone has looked")
    def test_mandoc_takes_every_page_too(self):
        for page in self.pages:
            answer = run("-T", "lint", "-W", "error", str(page), program="mandoc")
            self.assertEqual((answer.returncode, answer.stdout), (0, ""), page)

    def test_what_man_shows_can_be_copied_into_a_shell(self):
        """Every option and example stands there byte for byte: no typographic dash or quote."""
        for name in commands():
            page = pathlib.Path(self.folder.name) / f"gangway-{name}.1"
            shown = run("--local-file", str(page), program="man", MANWIDTH="120",
                        LC_ALL="C.UTF-8").stdout
            words = re.sub(r"\s+", " ", shown)
            for option in declared_options(name):
                self.assertIn(f"--{option}", words, name)
            examples = told("help", name).split("\nEXAMPLES\n")[1]
            for line in re.findall(r"(?m)^        (.*)$", examples):
                self.assertIn(re.sub(r"\s+", " ", line), words, name)
            shown.encode("ascii", "strict")

    def test_a_broken_page_is_found(self):
        page = pathlib.Path(self.folder.name) / "broken"
        page.write_text(".TH X 1\n.SH NAME\nx \\- y\n.NOSUCH z\n", encoding="ascii")
        self.addCleanup(page.unlink)
        answer = run("-man", "-ww", "-Tutf8", "-z", str(page), program="groff")
        self.assertIn("NOSUCH", answer.stderr)


class Installed(unittest.TestCase):
    def test_cmake_installs_all_that_the_program_is_used_with(self):
        """Needs the target `manual`, which is part of `all`."""
        with tempfile.TemporaryDirectory(prefix="gangway-test-") as folder:
            prefix = pathlib.Path(folder)
            answer = run("--install", os.environ["BUILD_DIR"], "--prefix", folder, program="cmake")
            self.assertEqual(answer.returncode, 0, answer.stderr)
            program = run("--version", program=str(prefix / "bin/gangway"))
            self.assertEqual(program.stdout, told("--version"))
            for path in ("LICENSE", "README.md", "examples/crm-first-run.yaml",
                         "examples/metrics.yaml", "examples/README.md"):
                shipped = path.replace("examples", "experiments")
                self.assertEqual((prefix / "share/doc/gangway" / path).read_bytes(),
                                 (SOURCE / shipped).read_bytes(), path)
            for path in Experiments.SCHEMAS:
                self.assertEqual((prefix / "share/gangway/schema" / path.name).read_bytes(),
                                 path.read_bytes())
            made = pathlib.Path(os.environ["BUILD_DIR"]) / "server/report/licences.txt"
            self.assertEqual((prefix / "share/doc/gangway/licences.txt").is_file(), made.is_file())
            if made.is_file():
                licences = (prefix / "share/doc/gangway/licences.txt").read_text(encoding="utf-8")
                for package in ("d3", "@observablehq/plot"):
                    self.assertIn(package, licences)
            for name in commands():
                page = prefix / f"share/man/man1/gangway-{name}.1"
                self.assertEqual(page.read_text(encoding="ascii"), told("help", "--man", name))
            for shell, script in (("bash", "bash-completion/completions/gangway"),
                                  ("zsh", "zsh/site-functions/_gangway")):
                self.assertEqual((prefix / "share" / script).read_text(encoding="utf-8"),
                                 told("completion", shell))
            page = prefix / "share/man/man5/gangway-experiments.5"
            self.assertEqual(page.read_text(encoding="ascii"), told("help", "--man", "experiments"))
            for name, part in (("gangway-report", "EXIT STATUS"), ("gangway", "FILES"),
                               ("gangway-experiments", "SEGMENTS")):
                shown = run("-M", str(prefix / "share/man"), name, program="man")
                self.assertIn(part, shown.stdout)
            self.assertEqual(sorted(path.name for path in prefix.iterdir()),
                             ["bin", "lib", "share"])

    def test_the_unit_of_systemd_is_one_that_systemd_takes(self):
        """Its program has to be where it says, so it is put there; the prefix is this test's."""
        if not shutil.which("systemd-analyze"):
            self.skipTest("no systemd-analyze here: the unit is read by eye alone")
        with tempfile.TemporaryDirectory(prefix="gangway-test-") as folder:
            prefix = pathlib.Path(folder)
            answer = run("--install", os.environ["BUILD_DIR"], "--prefix", folder, program="cmake")
            self.assertEqual(answer.returncode, 0, answer.stderr)
            unit = prefix / "lib/systemd/system/gangway.service"
            text = unit.read_text(encoding="utf-8")
            started = re.search(r"(?m)^ExecStart=(\S+) serve$", text)
            self.assertIsNotNone(started)
            self.assertNotIn("@CMAKE", text)
            unit.write_text(text.replace(started[1], str(prefix / "bin/gangway")), encoding="utf-8")
            answer = run("verify", "--man=no", str(unit), program="systemd-analyze")
            mine = [line for line in answer.stderr.splitlines() if "gangway" in line]
            self.assertEqual((answer.returncode, mine), (0, []), answer.stderr)
            broken = prefix / "lib/systemd/system/broken.service"
            broken.write_text(text.replace("StateDirectory=", "StateFolder="), encoding="utf-8")
            answer = run("verify", "--man=no", str(broken), program="systemd-analyze")
            self.assertIn("StateFolder", answer.stderr)

    def test_a_unit_finds_its_store_and_experiments_in_the_environment(self):
        with tempfile.TemporaryDirectory(prefix="gangway-test-") as folder:
            state = pathlib.Path(folder) / "state"
            answer = run("import", "-", text="", STATE_DIRECTORY=str(state),
                         GANGWAY_EXPERIMENTS=str(SOURCE / "experiments"))
            self.assertEqual(answer.returncode, 0, answer.stderr)
            self.assertEqual(state.stat().st_mode & 0o777, 0o700)
            self.assertEqual(run("verify", STATE_DIRECTORY=str(state)).returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=1)
