"""The exit statuses of the command line: every command, and every row of the table that it can
reach.  0 done or yes, 1 no, 2 the call is wrong, 3 could not do it; what is wrong is said on
standard error, and nothing of it on standard output.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import unittest

GANGWAY = os.environ["GANGWAY"]
SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
SHIPPED = str(SOURCE / "experiments")
MESSAGE = {"type": "track", "event": "Contact Created", "userId": "u-1", "messageId": "m-1",
           "timestamp": "2026-11-20T10:00:00Z"}


def gangway(*arguments, text="", **environment):
    return subprocess.run([GANGWAY, *map(str, arguments)], capture_output=True, check=False,
                          input=text, encoding="utf-8", timeout=120,
                          env=dict(os.environ, NO_COLOR="1", **environment))


def commands():
    listed = re.findall(r"^  ([a-z-]+) ", gangway("--help").stdout, flags=re.M)
    return [*listed, "help", "completion"]


class Exits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="gangway-test-")
        cls.addClassCleanup(cls.folder.cleanup)
        root = cls.root = pathlib.Path(cls.folder.name)
        cls.store, cls.none = root / "store", root / "none"
        cls.messages, cls.wrong = root / "messages", root / "wrong"
        cls.messages.write_text(json.dumps(MESSAGE) + "\n", encoding="utf-8")
        cls.wrong.write_text("no message\n", encoding="utf-8")
        cls.broken = root / "broken"
        cls.broken.mkdir()
        (cls.broken / "a.yaml").write_text("experiment: a\nvariants: 3\n", encoding="utf-8")
        cls.plain = root / "plain"
        cls.plain.write_text("")
        made = gangway("import", cls.messages, "--store", cls.store, "--experiments", SHIPPED)
        assert made.returncode == 0, made.stderr

    def expect(self, status, *arguments, **more):
        answer = gangway(*arguments, **more)
        self.assertEqual(answer.returncode, status, (arguments, answer.stdout, answer.stderr))
        if status >= 2:
            self.assertRegex(answer.stderr, r"\S", arguments)
            self.assertNotIn("Assertion", answer.stderr)
        return answer

    def table(self, status, *rows):
        for row in rows:
            with self.subTest(call=" ".join(map(str, row))):
                self.expect(status, *row)

    def test_an_option_that_there_is_not_is_2(self):
        for name in commands():
            with self.subTest(command=name):
                answer = self.expect(2, name, "--no-such-option")
                self.assertEqual(answer.stdout, "")
                self.assertIn(f"gangway {name} --help", answer.stderr)

    def test_help_is_0_and_its_text_goes_to_standard_output(self):
        for call in ((), *((name,) for name in commands())):
            answer = self.expect(0, *call, "--help")
            self.assertEqual(answer.stderr, "")
            self.assertIn("usage: gangway", answer.stdout)
        self.assertRegex(self.expect(0, "--version").stdout,
                         r"^gangway \d+\.\d+\.\d+ \(journal \d+, state \d+\)\n$")
        self.assertEqual(self.expect(2).stdout, "")

    def test_done_is_0(self):
        backup, again = self.root / "backup", self.root / "again"
        store = ("--store", self.store)
        self.table(0, ("validate", SHIPPED), ("diff", SHIPPED, SHIPPED), ("new", "first-tour"),
                   ("assign", "crm-first-run", "--unit", "u-1", "--experiments", SHIPPED),
                   ("plan", "crm-first-run", "--experiments", SHIPPED),
                   ("report", "crm-first-run", *store), ("export", *store), ("rebuild", *store),
                   ("verify", *store), ("backup", backup, *store),
                   ("restore", backup, "--store", again), ("compact", "--store", again),
                   ("key", "add", "--role", "client", "--name", "web", "--store", again),
                   ("key", "list", "--store", again), ("calc", "--list"), ("help", "serve"),
                   ("completion", "bash"), ("completion", "zsh"), ("help", "--man"),
                   ("import", self.messages, "--store", again, "--experiments", SHIPPED),
                   ("erase", "user:u-1", "--yes", "--store", again))

    def test_no_is_1(self):
        warned = self.root / "warned"
        warned.mkdir()
        (warned / "metrics.yaml").write_text(
            "metrics:\n  nobody_uses: {kind: conversion, event: Contact Created, within: 7d}\n")
        changed = self.root / "changed"
        shutil.copytree(SHIPPED, changed)
        file = changed / "team-breadth.yaml"
        text = file.read_text(encoding="utf-8")
        self.assertEqual(text.count("50%"), 2)
        file.write_text(text.replace("50%", "60%", 1).replace("50%", "40%"), encoding="utf-8")
        wrong = self.root / "wrong-store"
        self.table(1, ("validate", self.broken), ("diff", SHIPPED, changed),
                   ("assign", "crm-first-run", "--unit", "u-1", "--trait", "role=nobody-such",
                    "--at", "2020-01-01", "--check", "--experiments", SHIPPED),
                   ("import", self.wrong, "--store", wrong, "--experiments", SHIPPED),
                   ("erase", "user:nobody", "--yes", "--store", self.store))

    def test_a_wrong_call_is_2(self):
        store, files = ("--store", self.store), ("--experiments", SHIPPED)
        self.table(2, ("no-such-command",), ("--no-such",), ("diff", SHIPPED), ("diff",), ("new",),
                   ("assign",), ("plan",), ("report", *store), ("backup", *store), ("restore",),
                   ("erase", *store), ("key", *store), ("completion",), ("completion", "fish"),
                   ("help", "no-such-command"), ("calc", "no_such_family"), ("calc",),
                   ("rebuild", "more", *store), ("verify", "more", *store), ("serve", "more"),
                   ("compact", "more", *store), ("demo", "more"), ("export", "more", *store),
                   ("assign", "no-such", "--unit", "u", *files), ("plan", "no-such", *files),
                   ("report", "no-such", *store),
                   ("export", "--table", "units", "--experiment", "no-such", *store),
                   ("export", "--table", "units", *store),
                   ("export", "--table", "no-such", *store),
                   ("report", "crm-first-run", "--as-of", "no time", *store),
                   ("report", "crm-first-run", "--phase", "0", *store),
                   ("assign", "crm-first-run", "--unit", "u", "--at", "no time", *files),
                   ("assign", "crm-first-run", "--unit", "u", "--format", "xml", *files),
                   ("import", self.none, *files, "--store", self.root / "of-wrong-calls"),
                   ("validate", self.none), ("validate", self.plain),
                   ("diff", self.none, SHIPPED), ("erase", "user:u-1", *store),
                   ("erase", "nonsense", "--yes", *store),
                   ("key", "add", "--role", "nobody", "--name", "x", *store),
                   ("key", "add", "--role", "client", "--name", "x", "--expires", "no", *store),
                   ("key", "revoke", "nobody", *store), ("key", "no-such", *store),
                   ("serve", "--listen", "nonsense", *files, *store),
                   ("serve", "--workers", "0", *files, *store),
                   ("serve", "--tls-cert", self.plain, *files, *store),
                   ("serve", "--listen", "0.0.0.0:0", *files, *store))

    def test_what_cannot_be_done_is_3(self):
        none, files = ("--store", self.none), ("--experiments", SHIPPED)
        broken = ("--experiments", self.broken)
        self.table(3, ("report", "crm-first-run", *none), ("export", *none), ("rebuild", *none),
                   ("verify", *none), ("compact", *none), ("backup", self.root / "to", *none),
                   ("erase", "user:u", "--yes", *none), ("plan", "crm-first-run", *files, *none),
                   ("export", "--table", "cube", *none), ("validate", SHIPPED, *none),
                   ("restore", self.none, "--store", self.root / "unused"),
                   ("restore", self.broken, "--store", self.root / "unused"),
                   ("backup", SHIPPED, "--store", self.store),
                   ("assign", "a", "--unit", "u", *broken), ("plan", "a", *broken),
                   ("import", self.messages, *broken, "--store", self.root / "unused"),
                   ("serve", "--listen", "127.0.0.1:0", *broken, "--store", self.root / "unused"),
                   ("demo", "--listen", "127.0.0.1:0", *broken),
                   ("report", "crm-first-run", "--store", self.plain))
        self.assertFalse(self.none.exists(), "a command that only reads has made the store")

    def test_a_damaged_journal_is_a_no_of_verify(self):
        store = self.root / "damaged"
        shutil.copytree(self.store, store, symlinks=True)
        journal = sorted((store / "journal").glob("*.mdb"))[0]
        data = bytearray(journal.read_bytes())
        at = data.find(b"Contact Created")
        self.assertGreater(at, 0)
        while at >= 0:
            data[at] ^= 1
            at = data.find(b"Contact Created", at)
        journal.write_bytes(data)
        self.expect(1, "verify", "--store", store)
        self.expect(3, "backup", self.root / "of-damaged", "--store", store)

    def test_standard_output_that_is_full_is_not_0(self):
        for call in (("export",), ("report", "crm-first-run"), ("help", "serve")):
            extra = ("--store", str(self.store)) if call[0] != "help" else ()
            with self.subTest(call=call), open("/dev/full", "wb") as full:
                answer = subprocess.run([GANGWAY, *call, *extra], stdout=full, check=False,
                                        stderr=subprocess.PIPE, timeout=60)
                self.assertEqual(answer.returncode, 3, answer.stderr)

    def test_output_is_whole_or_as_it_was(self):
        """A file, a link to one, a folder, no folder, and what is no file: a device that is always
        full, and a pipe, which stay what they are."""
        full = self.root / "full"
        os.mkfifo(self.root / "pipe")
        try:
            os.mknod(full, 0o666 | stat.S_IFCHR, os.makedev(1, 7))
        except PermissionError:  # not root: the system's own cannot be replaced then
            full = pathlib.Path("/dev/full")
        for call in (("report", "crm-first-run"), ("export",)):
            call = (*call, "--store", self.store, "--output")
            file, link = self.root / "out", self.root / "link"
            file.write_text("as it was")
            expected = self.expect(0, *call[:-1]).stdout
            for path in (self.root / "no" / "x", self.root, full):
                answer = self.expect(3, *call, path)
                self.assertRegex(answer.stderr, rf"^gangway: {path}: cannot write")
                self.assertEqual(answer.stdout, "")
            self.assertTrue(stat.S_ISCHR(full.stat().st_mode))
            self.expect(0, *call, file)
            self.assertEqual(file.read_text(encoding="utf-8"), expected)
            file.write_text("as it was")
            link.unlink(missing_ok=True)
            link.symlink_to("out")
            self.expect(0, *call, link)
            self.assertTrue(link.is_symlink())
            self.assertEqual(file.read_text(encoding="utf-8"), expected)
            reader = subprocess.Popen(["cat", self.root / "pipe"], stdout=subprocess.PIPE,
                                      encoding="utf-8")
            self.expect(0, *call, self.root / "pipe")
            self.assertEqual(reader.communicate(timeout=60)[0], expected)
            self.assertEqual(sorted(path.name for path in self.root.glob("*~")), [])
            self.assertEqual(sorted(path.name for path in self.root.glob("*.new")), [])

    def test_a_reader_that_has_gone_ends_it_by_its_signal(self):
        store = self.root / "long"
        many = "".join(json.dumps({**MESSAGE, "messageId": f"m-{n}"}) + "\n" for n in range(3000))
        self.expect(0, "import", "-", "--experiments", SHIPPED, "--store", store, text=many)
        for call in (("export",), ("report", "crm-first-run")):
            process = subprocess.Popen([GANGWAY, *call, "--store", store], stderr=subprocess.PIPE,
                                       stdout=subprocess.PIPE)
            process.stdout.close()
            self.assertEqual(process.stderr.read(), b"")
            process.stderr.close()
            self.assertEqual(process.wait(timeout=60), -signal.SIGPIPE, call)

    def test_the_language_of_the_system_changes_no_byte(self):
        for call in (("report", "crm-first-run", "--store", self.store, "--as-of", "2026-11-23"),
                     ("validate", SHIPPED), ("plan", "crm-first-run", "--experiments", SHIPPED),
                     ("report", "CRM-FIRST-RUM", "--store", self.store), ("--help",)):
            plain = gangway(*call)
            for name in ("tr_TR.UTF-8", "de_DE.UTF-8", "none"):
                turkish = gangway(*call, LANG=name, LC_ALL=name)
                drop = re.compile(r"(?m)^.*(as of|generated|received).*$")
                self.assertEqual([drop.sub("", text) for text in (turkish.stdout, turkish.stderr)],
                                 [drop.sub("", text) for text in (plain.stdout, plain.stderr)])
                self.assertEqual(turkish.returncode, plain.returncode)

    def test_what_is_wrong_is_named_with_what_is_near(self):
        store, files = ("--store", self.store), ("--experiments", SHIPPED)
        days = ("--from", "2026-11-01", "--to", "2026-11-08")
        for call, said in (
                (("raport",), "unknown command 'raport', did you mean 'report'?"),
                (("report", *store), "EXPERIMENT is missing; usage: gangway report EXPERIMENT"),
                (("diff", SHIPPED), "NEW is missing; usage: gangway diff OLD NEW"),
                (("verify", "more", *store), "one argument too many: 'more'; usage: gangway verify"),
                (("report", "crm-frst-run", *store), "did you mean 'crm-first-run'?"),
                (("plan", "crm-frst-run", *files), "did you mean 'crm-first-run'?"),
                (("assign", "crm-frst-run", "--unit", "u", *files), "did you mean 'crm-first-run'?"),
                (("export", "--table", "units", "--experiment", "crm-frst-run", *store),
                 "did you mean 'crm-first-run'?"),
                (("export", "--table", "exposures", "--experiment", "crm-frst-run", *store),
                 "did you mean 'crm-first-run'?"),
                (("export", "--table", "cube", "--experiment", "crm-frst-run", *store),
                 "did you mean 'crm-first-run'?"),
                (("export", "--experiment", "crm-first-run", *store),
                 "--experiment goes with --table units, exposures or cube"),
                (("explain", "activatd", *days, *store),
                 "no metric 'activatd' is declared, did you mean 'activated'?"),
                (("explain", "activated", *days, "--segment", "rle", *store),
                 "no segment 'rle' is declared, did you mean 'role'?"),
                (("core-actions", "--metric", "retained_wek_12", *store),
                 "did you mean 'retained_week_12'?"),
                (("report", "crm-first-run", "--format", "jsn", *store),
                 "gangway: --format takes text, json, csv or html, not 'jsn', did you mean 'json'?"),
                (("plan", "a", "--experiments", self.none),
                 f"{self.none}: No such file or directory; this should be a folder")):
            with self.subTest(call=" ".join(map(str, call))):
                self.assertIn(said, self.expect(2, *call).stderr)

    def test_verbose_says_how_long_it_took_and_quiet_says_nothing(self):
        store = ("--store", self.store)
        for name, more in (("verify", store), ("rebuild", store), ("export", store),
                           ("validate", (SHIPPED,))):
            plain, loud, quiet = (self.expect(0, name, *more, *flag)
                                  for flag in ((), ("-v",), ("-q",)))
            self.assertRegex(loud.stderr, rf"(?m)^gangway: {name} took \d+\.\d\d\d s$")
            self.assertEqual(loud.stderr.splitlines()[:-1], plain.stderr.splitlines())
            self.assertEqual(quiet.stderr, "", name)

    def test_color_is_for_those_who_ask(self):
        report = ("report", "crm-first-run", "--store", self.store)
        self.assertIn("\033[", self.expect(0, *report, "--color", "always").stdout)
        for how in ("auto", "never"):
            self.assertNotIn("\033", self.expect(0, *report, "--color", how).stdout)
        self.expect(2, *report, "--color", "sometimes")


class Served(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="gangway-test-")
        self.addCleanup(self.folder.cleanup)
        self.store = pathlib.Path(self.folder.name) / "store"
        self.server = subprocess.Popen(
            [GANGWAY, "serve", "--listen", "127.0.0.1:0", "--store", self.store, "--experiments",
             SHIPPED], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8")
        self.addCleanup(self.server.stdout.close)
        self.addCleanup(self.end)
        self.address = self.server.stdout.readline().strip().removeprefix("listening on ")

    def end(self):
        if self.server.poll() is None:
            self.server.kill()
            self.server.wait(timeout=60)

    def test_a_store_or_an_address_in_use_is_3(self):
        store = ("--store", self.store)
        for call in (("rebuild", *store), ("compact", *store),
                     ("erase", "user:u-1", "--yes", *store),
                     ("import", "-", "--experiments", SHIPPED, *store),
                     ("serve", "--listen", "127.0.0.1:0", "--experiments", SHIPPED, *store),
                     ("serve", "--listen", self.address, "--experiments", SHIPPED, "--store",
                      self.store.parent / "other")):
            with self.subTest(call=call[0]):
                answer = gangway(*call)
                self.assertEqual(answer.returncode, 3, answer.stderr)
        for name in ("verify", "export"):
            self.assertEqual(gangway(name, *store).returncode, 0, name)

    def test_either_signal_ends_a_server_with_0(self):
        self.server.send_signal(signal.SIGTERM)
        self.assertEqual(self.server.wait(timeout=60), 0)

    def test_an_interrupt_does_too(self):
        self.server.send_signal(signal.SIGINT)
        self.assertEqual(self.server.wait(timeout=60), 0)

    def test_a_second_signal_ends_it_at_once(self):
        host, port = self.address.rsplit(":", 1)
        with socket.create_connection((host, int(port))) as stuck:
            stuck.sendall(b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            self.server.send_signal(signal.SIGTERM)
            with self.assertRaises(subprocess.TimeoutExpired):
                self.server.wait(timeout=1)
            self.server.send_signal(signal.SIGTERM)
            self.assertEqual(self.server.wait(timeout=10), -signal.SIGTERM)


if __name__ == "__main__":
    unittest.main(verbosity=1)
