"""Completion in real shells: a bash and a zsh on a terminal of their own, keys typed, the line that
the shell then has read back; and every command, option and choice asked for in bash.
"""

import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time
import unittest

GANGWAY = os.environ["GANGWAY"]
SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
ENVIRONMENT = {"PATH": f"{pathlib.Path(GANGWAY).parent}:/usr/bin:/bin", "TERM": "dumb",
               "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "PS1": "$ "}


def told(*arguments):
    return subprocess.run([GANGWAY, *arguments], capture_output=True, check=True, timeout=60,
                          encoding="utf-8").stdout


def commands():
    return [*re.findall(r"^  ([a-z-]+) ", told("--help"), flags=re.M), "help", "completion"]


def options(name):
    """NAME -> (choices or None) of a command, out of its help in words."""
    part = told("help", name).split("\nOPTIONS\n")[1].split("\nEXIT STATUS\n")[0]
    found = {}
    for term, meaning in re.findall(r"(?m)^    (?:-\w, )?(--[a-z-]+)(?: \S+)?\n((?:        .*\n)+)",
                                    part):
        choices = re.search(r"; one of ([a-z|_-]+)", re.sub(r"\s+", " ", meaning))
        found[term] = choices.group(1).split("|") if choices else None
    return found


class Terminal:
    """A shell on a pseudo-terminal.  ^X writes its line to a file: what completion made of it."""

    def __init__(self, shell, folder, found=None):
        self.line = pathlib.Path(folder) / f"line-{shell}"
        script = pathlib.Path(folder) / "_gangway"
        script.write_text(told("completion", shell), encoding="utf-8")
        call = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}[shell]
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(SOURCE)
            os.execvpe(call[0], call, ENVIRONMENT)
        written = f'printf %s "$READLINE_LINE" > {self.line}.new; mv {self.line}.new {self.line}'
        setup = {
            "bash": [f"source {script}", "bind 'set enable-bracketed-paste off'",
                     f"bind -x '\"\\C-x\": {written}'"],
            "zsh": ["unsetopt zle_bracketed_paste; unset zle_bracketed_paste",
                    found or f"autoload -U compinit; compinit -D -u; source {script}",
                    f'keep() {{ printf %s "$BUFFER" > {self.line}.new; mv {self.line}.new '
                    f'{self.line} }}; zle -N keep; bindkey "^X" keep'],
        }[shell]
        for command in [*setup, f"touch {self.line}.ready"]:
            os.write(self.terminal, command.encode() + b"\n")
        self.wait(lambda: pathlib.Path(f"{self.line}.ready").exists())

    def wait(self, is_done, seconds=60):
        until = time.monotonic() + seconds
        screen = b""
        while not is_done():
            if select.select([self.terminal], [], [], .02)[0]:
                screen += os.read(self.terminal, 65536)
            assert time.monotonic() < until, screen[-2000:]
        return screen

    def complete(self, typed):
        self.line.unlink(missing_ok=True)
        os.write(self.terminal, typed.encode() + b"\t\x18")
        self.wait(self.line.exists)
        os.write(self.terminal, b"\x15")
        return self.line.read_text(encoding="utf-8")

    def close(self):
        os.write(self.terminal, b"\x15exit\n")
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


class Typed(unittest.TestCase):
    """The same keys in both shells."""

    CASES = (
        ("gangway val", "gangway validate "),
        ("gangway report crm", "gangway report crm-first-run "),
        ("gangway report crm-first-run --form", "gangway report crm-first-run --format "),
        ("gangway report --format j", "gangway report --format json "),
        ("gangway assign --format=c", "gangway assign --format=csv "),
        ("gangway import --experiments seeds/crm-90-days/no --exp",
         "gangway import --experiments seeds/crm-90-days/no --experiments "),
        ("gangway export --experiment guided", "gangway export --experiment guided-setup "),
        ("gangway validate experim", "gangway validate experiments/"),
        ("gangway serve --tls-cert LICEN", "gangway serve --tls-cert LICENSE "),
        ("gangway key rot", "gangway key rotate "),
        ("gangway calc srm_chisq_g", "gangway calc srm_chisq_gof "),
        ("gangway help compa", "gangway help compact "),
        ("gangway completion z", "gangway completion zsh "),
        ("gangway help experim", "gangway help experiments "),
        ("gangway explain activ", "gangway explain activated "),
        ("gangway core-actions --metric retained_week_12", "gangway core-actions --metric "
         "retained_week_12 "),
        ("gangway explain activated --segment ro", "gangway explain activated --segment role "),
        ("gangway report crm-first-run --format csv --table over", "gangway report crm-first-run "
         "--format csv --table over_time "),
        ("gangway key rotate front --store", "gangway key rotate front --store "),
        ("gangway report --experiment nothing-like-it", None),
        ("gangway erase user:", None),
        ("gangway nothing-like-it ", None),
    )

    def type_all(self, shell, cases=CASES, found=None):
        with tempfile.TemporaryDirectory(prefix="gangway-test-") as folder:
            terminal = Terminal(shell, folder, found and found.replace("FOLDER", folder))
            self.addCleanup(terminal.close)
            for typed, expected in cases:
                with self.subTest(shell=shell, typed=typed):
                    self.assertEqual(terminal.complete(typed), expected or typed)

    def test_bash_completes_what_is_typed(self):
        self.type_all("bash")

    def test_zsh_completes_what_is_typed(self):
        self.assertTrue(shutil.which("zsh"), "no zsh here: tools/setup test installs it")
        self.type_all("zsh")

    def test_zsh_finds_the_script_in_a_folder_of_fpath(self):
        self.type_all("zsh", self.CASES[:4],
                      "fpath=(FOLDER $fpath); autoload -U compinit; compinit -D -u")


class Asked(unittest.TestCase):
    """All that bash offers, without a terminal."""

    def offered(self, *words, folder=SOURCE, **environment):
        script = ('source /dev/stdin; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gangway; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        answer = subprocess.run(["bash", "--norc", "-c", script, "bash", *words], cwd=folder,
                                input=told("completion", "bash"), capture_output=True, check=False,
                                encoding="utf-8", timeout=60, env=dict(ENVIRONMENT, **environment))
        self.assertEqual((answer.returncode, answer.stderr), (0, ""), words)
        return answer.stdout.split("\n")[:-1] if answer.stdout.strip() else []

    def test_every_command_option_and_choice_is_offered(self):
        self.assertEqual(self.offered("gangway", ""), [*commands(), "--help", "--version"])
        for name in commands():
            offered = options(name)
            self.assertEqual(self.offered("gangway", name, "--"), list(offered), name)
            for option, choices in offered.items():
                if choices:
                    self.assertEqual(self.offered("gangway", name, option, ""), choices)
                    self.assertEqual(self.offered("gangway", name, option, "="), choices)

    def test_experiments_are_those_of_the_folder_that_is_named(self):
        shipped = sorted(re.findall(r"(?m)^experiment: (\S+)", "\n".join(
            file.read_text(encoding="utf-8") for file in (SOURCE / "experiments").glob("*.yaml"))))
        self.assertIn("crm-first-run", shipped)
        self.assertEqual(self.offered("gangway", "plan", ""), shipped)
        with tempfile.TemporaryDirectory(prefix="gangway test-") as folder:
            other = pathlib.Path(folder) / "of ours"
            other.mkdir()
            (other / "a.yaml").write_text("# broken: {\nexperiment: 'half-done'\n  nonsense\n")
            (other / "b.yaml").write_text("segments: {}\nnested:\n  experiment: no\n")
            for words in (("--experiments", str(other)), (f"--experiments={other}",),
                          ("--experiments", "=", str(other))):
                self.assertEqual(self.offered("gangway", "plan", *words, ""), ["half-done"])
            self.assertEqual(self.offered("gangway", "plan", "", GANGWAY_EXPERIMENTS=str(other)),
                             ["half-done"])
            self.assertEqual(self.offered("gangway", "plan", "", folder=folder), [])
            self.assertEqual(self.offered("gangway", "plan", "--experiments", f"{folder}/of"),
                             [str(other)])

    def test_metrics_and_segments_are_those_of_the_folder(self):
        with tempfile.TemporaryDirectory(prefix="gangway test-") as folder:
            (pathlib.Path(folder) / "metrics.yaml").write_text(
                "core_actions:\n  landmark: 7d\nmetrics:\n    # not: this\n    first:\n"
                "        kind: conversion\n    second: {kind: count}\nnot_activity: [A]\n")
            (pathlib.Path(folder) / "segments.yaml").write_text("segments:\n  role: {trait: r}\n")
            files = ("--experiments", folder)
            for words in (("explain", ""), ("core-actions", "--metric", "")):
                self.assertEqual(self.offered("gangway", *words, GANGWAY_EXPERIMENTS=folder),
                                 ["first", "second"])
            self.assertEqual(self.offered("gangway", "explain", *files, "sec"), ["second"])
            self.assertEqual(self.offered("gangway", "explain", "first", *files, "--segment", ""),
                             ["role"])
            self.assertEqual(self.offered("gangway", "explain", "", folder=folder), [])

    def test_names_of_keys_are_those_that_open(self):
        with tempfile.TemporaryDirectory(prefix="gangway test-") as folder:
            store = pathlib.Path(folder) / "store"
            for name in ("web", "back", "gone"):
                told("key", "add", "--role", "client", "--name", name, "--store", str(store))
            told("key", "revoke", "gone", "--store", str(store))
            for word in ("revoke", "rotate"):
                for given in (("--store", str(store)), (f"--keys={store}/keys",)):
                    self.assertEqual(sorted(self.offered("gangway", "key", word, *given, "")),
                                     ["back", "web"])
                self.assertEqual(self.offered("gangway", "key", word, "w",
                                              GANGWAY_STORE=str(store)), ["web"])
            self.assertEqual(self.offered("gangway", "key", "revoke", "--store", folder, ""), [])

    def test_another_shell_is_exit_2(self):
        for shell in ("fish", "common", "", "bash.sh", "x" * 300):
            answer = subprocess.run([GANGWAY, "completion", shell], capture_output=True, check=False)
            self.assertEqual((answer.returncode, answer.stdout), (2, b""), shell)


if __name__ == "__main__":
    unittest.main(verbosity=1)
