"""What the program says of itself: screens that fit, texts and pages of the manual that name every
option, examples whose options there are, and pages that man, groff and mandoc take without a word.
"""

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
            for part in ("NAME", "SYNOPSIS", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "EXAMPLES"):
                self.assertIn(f"{part}\n", text, name)
            for option in declared_options(name):
                self.assertRegex(text, rf"(?m)^    (-\w, )?--{option}( |$)", name)
                variable = "GANGWAY_" + option.upper().replace("-", "_")
                self.assertIn(f"    {variable}\n", text, name)
            self.assertLessEqual(max(map(len, text.splitlines())), 100, name)

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


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="gangway-test-")
        cls.addClassCleanup(cls.folder.cleanup)
        told("help", "--man", "--output", cls.folder.name)
        cls.pages = sorted(pathlib.Path(cls.folder.name).iterdir())

    def test_there_is_a_page_a_command_and_one_of_the_program(self):
        self.assertEqual([page.name for page in self.pages],
                         sorted(["gangway.1", *(f"gangway-{name}.1" for name in commands())]))
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
    def test_cmake_installs_program_pages_and_licence(self):
        """Needs the target `manual`, which is part of `all`."""
        with tempfile.TemporaryDirectory(prefix="gangway-test-") as folder:
            prefix = pathlib.Path(folder)
            answer = run("--install", os.environ["BUILD_DIR"], "--prefix", folder, program="cmake")
            self.assertEqual(answer.returncode, 0, answer.stderr)
            program = run("--version", program=str(prefix / "bin/gangway"))
            self.assertEqual(program.stdout, told("--version"))
            self.assertTrue((prefix / "share/doc/gangway/LICENSE").is_file())
            for name in commands():
                page = prefix / f"share/man/man1/gangway-{name}.1"
                self.assertEqual(page.read_text(encoding="ascii"), told("help", "--man", name))
            for shell, script in (("bash", "bash-completion/completions/gangway"),
                                  ("zsh", "zsh/site-functions/_gangway")):
                self.assertEqual((prefix / "share" / script).read_text(encoding="utf-8"),
                                 told("completion", shell))
            shown = run("-M", str(prefix / "share/man"), "gangway-report", program="man")
            self.assertIn("EXIT STATUS", shown.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=1)
