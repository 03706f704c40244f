"""The line of progress, on a terminal: what it says, that nothing of it is left behind, neither at
the end nor after ^C, and that nobody else gets a byte of it.
"""

import fcntl
import json
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import tempfile
import termios
import threading
import time
import unittest

GANGWAY = os.environ["GANGWAY"]
SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
LINES = 12_000
AMOUNT = r"[0-9][0-9 ]*(\.[0-9])?"
LINE = re.compile(rf"[a-z]+: (\d+%, {AMOUNT} of )?{AMOUNT} (records|runs|MB)(, {AMOUNT}( MB)?/s)?"
                  r"(, (\d+:)?\d+:\d\d left)?")
NARROW = re.compile(rf"[a-z]+: (\d+%(, {AMOUNT} of {AMOUNT} (records|MB))?|{AMOUNT} (records|MB))"
                    rf"(, {AMOUNT}( MB)?/s)?(, (\d+:)?\d+:\d\d left)?")


def messages(count, wrong_every=0):
    lines = []
    for number in range(count):
        if wrong_every and number % wrong_every == wrong_every - 1:
            lines.append('{"type": "track"}')
            continue
        lines.append(json.dumps({
            "type": "track", "event": "Contact Created", "userId": f"u-{number % 997}",
            "messageId": f"m-{number}", "timestamp": "2026-11-20T10:00:00Z"}))
    return "\n".join(lines) + "\n"


def screen(written):
    """What a terminal shows of it: lines, each as it was when it was left."""
    lines, column = [""], 0
    for piece in re.findall(r"\033\[K|\r|\n|[^\033\r\n]+", written):
        if piece == "\033[K":
            lines[-1] = lines[-1][:column]
        elif piece == "\r":
            column = 0
        elif piece == "\n":
            lines.append("")
            column = 0
        else:
            lines[-1] = lines[-1][:column] + piece + lines[-1][column + len(piece):]
            column += len(piece)
    return [line for line in lines if line]


class Progress(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="gangway-test-")
        cls.addClassCleanup(cls.folder.cleanup)
        root = pathlib.Path(cls.folder.name)
        cls.messages, cls.wrong = root / "messages", root / "wrong"
        cls.messages.write_text(messages(LINES), encoding="utf-8")
        cls.wrong.write_text(messages(5000, 2500), encoding="utf-8")
        cls.store = root / "store"
        cls.written, _, status = cls.on_terminal(cls.call("import", cls.store, cls.messages))
        assert status == 0, cls.written
        cls.exposed = root / "exposed"
        (root / "exposures").write_text("".join(json.dumps({
            "type": "track", "event": "Experiment Viewed", "userId": f"u-{number}",
            "properties": {"experiment_id": "crm-first-run", "variation_id": "checklist"},
            "messageId": f"m-{number}"}) + "\n" for number in range(300)), encoding="utf-8")
        subprocess.run(cls.call("import", cls.exposed, root / "exposures"), check=True,
                       capture_output=True)

    @staticmethod
    def call(command, store, *more):
        common = ["--experiments", str(SOURCE / "experiments")] if command == "import" else []
        return [GANGWAY, command, "--store", str(store), *common, *map(str, more)]

    @staticmethod
    def on_terminal(call, columns=80, keys=None, term="xterm", given=None):
        """What came on the terminal that is standard error, standard output, exit status.  `keys`
        are typed once something came; `given` is sent on standard input, which stays open."""
        main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

        def take_terminal():
            os.setsid()
            fcntl.ioctl(side, termios.TIOCSCTTY, 0)

        with tempfile.TemporaryFile() as out:
            process = subprocess.Popen(call, stdin=subprocess.PIPE, stdout=out, stderr=side,
                                       preexec_fn=take_terminal, env=dict(os.environ, TERM=term))
            os.close(side)
            if given:
                process.stdin.write(given.encode())
                process.stdin.flush()
            else:
                process.stdin.close()
            written, until = b"", time.monotonic() + 120
            while time.monotonic() < until:
                if not select.select([main], [], [], .1)[0]:
                    continue
                try:
                    piece = os.read(main, 65536)
                except OSError:
                    break
                written += piece
                if keys and piece:
                    os.write(main, keys)
                    keys = None
            status = process.wait(timeout=60)
            if given:
                process.stdin.close()
            os.close(main)
            out.seek(0)
            return written.decode("utf-8"), out.read().decode("utf-8"), status

    def assert_progress(self, written, *names):
        lines = [line for line in re.findall(r"\r\033\[K([^\r\n]+)", written)]
        self.assertTrue(lines)
        for line in lines:
            self.assertIsNotNone(LINE.fullmatch(line), line)
            self.assertLess(len(line), 80)
        for name in names:
            self.assertTrue(any(line.startswith(name + ": ") for line in lines), (name, lines))
        self.assertTrue(written.endswith("\r\033[K"), written[-200:])
        self.assertEqual(screen(written), [])

    def test_import_says_how_far_it_is_and_leaves_nothing(self):
        self.assert_progress(self.written, "import", "fold")
        self.assertRegex(self.written, rf"import: \d+%, {AMOUNT} of 1\.\d MB")

    def test_commands_over_a_whole_store_do(self):
        for command, name in (("rebuild", "rebuild"), ("verify", "verify"), ("export", "export")):
            written, out, status = self.on_terminal(self.call(command, self.store))
            self.assertEqual(status, 0, written)
            self.assert_progress(written, name)
            self.assertNotIn("\033", out)

    def test_simulate_counts_its_runs_and_may_be_interrupted(self):
        call = [GANGWAY, "simulate", "crm-first-run", "--experiments", SOURCE / "experiments"]
        written, out, status = self.on_terminal([*map(str, call), "--runs", "400"])
        self.assertEqual(status, 0, written)
        self.assert_progress(written, "simulate")
        self.assertRegex(written, r"simulate: \d+%, \d+ of 800 runs")
        self.assertNotIn("\033", out)
        written, out, status = self.on_terminal([*map(str, call), "--runs", "100000"],
                                                keys=b"\x03")
        self.assertEqual((status, out), (-signal.SIGINT, ""))
        self.assertEqual(screen(written), [])

    def test_every_step_of_a_long_command_has_its_line(self):
        root = pathlib.Path(self.folder.name)
        backup, again = root / "backup", root / "again"
        for call, steps, said in (
                (self.call("backup", self.store, backup, "--with-state"),
                 ("state", "copy", "check", "digest"), "read back without a fault"),
                (self.call("restore", again, backup), ("check", "copy"), None),
                (self.call("verify", again), ("check", "verify"), None),
                (self.call("erase", again, "user:u-1", "--yes"), ("search", "erase", "state"),
                 None),
                (self.call("compact", again), ("copy", "state"), None)):
            with self.subTest(call=call[1]):
                written, out, status = self.on_terminal(call)
                self.assertEqual(status, 0, written)
                shown = screen(written)
                self.assertEqual(len(shown), bool(said), shown)
                if said:
                    self.assertIn(said, shown[0])
                    written = written[:written.rindex("\033[K") + 3]
                self.assert_progress(written, *steps)
                self.assertNotIn("\033", out)

    def test_a_server_is_sent_what_it_gets_with_progress(self):
        """import --url: the bytes that went."""
        store = pathlib.Path(self.folder.name) / "served"
        server = subprocess.Popen(
            [GANGWAY, "serve", "--listen", "127.0.0.1:0", "--store", store, "--experiments",
             SOURCE / "experiments"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            url = "http://" + server.stdout.readline().decode().split()[-1]
            written, _, status = self.on_terminal(
                [GANGWAY, "import", str(self.messages), "--url", url])
        finally:
            server.terminate()
            server.wait(timeout=60)
            server.stdout.close()
        self.assertEqual(status, 0, written)
        self.assert_progress(written, "import")

    def test_units_and_cube_are_exported_with_progress(self):
        for table, more, name in (("cube", (), "export"), ("exposures", (), "read"),
                                  ("units", ("--experiment", "crm-first-run"), "read")):
            written, _, status = self.on_terminal(
                self.call("export", self.exposed, "--table", table, *more))
            self.assertEqual(status, 0, written)
            self.assert_progress(written, name)

    def test_a_report_that_takes_its_time_says_how_long(self):
        """It waits for a lock that this test holds on the state (LMDB's first byte), and one that
        waits less than a second says nothing."""
        call = self.call("report", self.exposed, "crm-first-run")
        with open(self.exposed / "state/current/lock.mdb", "r+b") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX, 1, 0)
            release = threading.Timer(2.4, fcntl.lockf, (lock, fcntl.LOCK_UN, 1, 0))
            release.start()
            written, out, status = self.on_terminal(call)
            release.join()
        self.assertEqual(status, 0, written)
        self.assertIn("crm-first-run", out)
        self.assertEqual(re.findall(r"\r\033\[K([^\r\n]+)", written), ["read: 1 s", "read: 2 s"])
        self.assertEqual(screen(written), [])
        self.assertEqual(self.on_terminal([*call, "-q"])[0], "")
        self.assertEqual(self.on_terminal(call)[0], "")

    def test_what_validate_reads_back_is_wrapped_on_a_terminal_alone(self):
        """With its words as they are: the same ones in the same order."""
        call = [GANGWAY, "validate", str(SOURCE / "experiments")]
        plain = subprocess.run(call, capture_output=True, check=True, encoding="utf-8").stdout
        self.assertGreater(max(map(len, plain.splitlines())), 100)
        main, side = pty.openpty()
        process = subprocess.Popen(call, stdout=side, stderr=subprocess.DEVNULL)
        os.close(side)
        shown = b""
        while True:
            try:
                shown += os.read(main, 65536)
            except OSError:
                break
        self.assertEqual(process.wait(timeout=60), 0)
        os.close(main)
        lines = shown.decode("utf-8").splitlines()
        self.assertLessEqual(max(map(len, lines)), 79)
        self.assertEqual(" ".join(lines).split(), plain.split())

    def test_a_line_that_is_rejected_stands_by_itself(self):
        store = pathlib.Path(self.folder.name) / "wrong-store"
        written, _, status = self.on_terminal(self.call("import", store, self.wrong))
        self.assertEqual(status, 1)
        shown = screen(written)
        self.assertEqual(len(shown), 2, shown)
        for number, line in zip((2500, 5000), shown):
            self.assertTrue(line.startswith(f"{self.wrong}:{number}: "[:79]), line)

    def test_a_narrow_terminal_gets_no_line_that_wraps(self):
        store = pathlib.Path(self.folder.name) / "narrow-store"
        written, _, status = self.on_terminal(self.call("import", store, self.messages), columns=20)
        self.assertEqual(status, 0)
        lines = re.findall(r"\r\033\[K([^\r\n]+)", written)
        self.assertTrue(lines)
        self.assertLessEqual(max(map(len, lines)), 19)

    def test_in_40_columns_parts_go_whole(self):
        for columns in (40, 32):
            lines = []
            for command in ("rebuild", "verify", "export"):
                written, _, status = self.on_terminal(self.call(command, self.store), columns)
                self.assertEqual(status, 0)
                lines += re.findall(r"\r\033\[K([^\r\n]+)", written)
            self.assertTrue(any("%" in line for line in lines))
            for line in lines:
                self.assertLess(len(line), columns)
                self.assertIsNotNone(NARROW.fullmatch(line), line)

    def test_an_interrupt_leaves_the_terminal_clean(self):
        store = pathlib.Path(self.folder.name) / "interrupted"
        written, out, status = self.on_terminal(self.call("import", store, "-"), keys=b"\x03",
                                                given=messages(1500))
        self.assertEqual((status, out), (-signal.SIGINT, ""))
        self.assertRegex(written, r"import: \S+ MB")
        written = written.replace("^C", "")  # the terminal's own echo of the key, when it comes
        self.assertTrue(written.endswith("\r\033[K"), written)
        self.assertEqual(screen(written), [])

    def test_quiet_says_nothing_and_neither_does_a_dumb_terminal(self):
        for more, term in ((("-q",), "xterm"), ((), "dumb"), ((), "")):
            for command in ("rebuild", "verify", "export", "compact"):
                written, _, status = self.on_terminal(self.call(command, self.store, *more),
                                                      term=term)
                self.assertEqual((written, status), ("", 0), (command, more, term))
            backup = pathlib.Path(self.folder.name) / f"quiet-{term}{len(more)}"
            written, _, status = self.on_terminal(self.call("backup", self.store, backup, *more),
                                                  term=term)
            self.assertEqual(status, 0)
            self.assertNotIn("\033", written)

    def test_what_is_no_terminal_gets_nothing(self):
        for command in ("rebuild", "verify", "export"):
            answer = subprocess.run(self.call(command, self.store), capture_output=True, check=True)
            self.assertEqual(answer.stderr, b"", command)


if __name__ == "__main__":
    unittest.main(verbosity=1)
