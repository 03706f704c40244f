"""Backups and restores (cli.md, quality.md "Backup under load restores").

A backup is taken while a server is written to; what was acknowledged before it began is in it; a
store made of it is without a fault and gives the report of the same messages, byte for byte.  What
is no whole backup is refused: one killed half way, one with a changed byte, one without a file.
"""

import json
import os
import random
import resource
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
import unittest

import scenario
from gangway import GANGWAY, Gangway


def end_of(*arguments, size=None):
    """Exit status, standard output and error; `size`: the most bytes that a file may get."""
    def limit():
        if size is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    done = subprocess.run([GANGWAY, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False, timeout=120, restore_signals=False, preexec_fn=limit)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def tree(folder):
    """Names and bytes of all files below."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            if not os.path.islink(path):
                with open(path, "rb") as file:
                    found[os.path.relpath(path, folder)] = file.read()
    return found


def identities(store):
    return [message["messageId"] for message in scenario.journal(store)]


class Sender(threading.Thread):
    """Sends batches one after another until told to stop."""

    def __init__(self, server, messages):
        super().__init__(daemon=True)
        self.server, self.messages = server, messages
        self.acknowledged = []
        self.ends = threading.Event()

    def run(self):
        for batch in scenario.batches(self.messages, lambda: 5):
            if self.ends.is_set():
                return
            if self.server.post("/v1/batch", {"batch": batch}).status == 200:
                self.acknowledged += [message["messageId"] for message in batch]


class UnderLoad(unittest.TestCase):
    def test_a_backup_under_load_restores(self):
        stream = scenario.Stream(users=1500, seed=5)
        with Gangway(files=scenario.files()) as server:
            sender = Sender(server, stream.messages)
            sender.start()
            server.wait_for("some messages", lambda: len(sender.acknowledged) > 200)
            for number in range(3):
                before = list(sender.acknowledged)
                copy = os.path.join(server.folder, f"copy-{number}")
                scenario.run("backup", copy, "--store", server.store)
                restored = os.path.join(server.folder, f"restored-{number}")
                scenario.run("restore", copy, "--store", restored)
                there = set(identities(restored))
                self.assertFalse(set(before) - there, "acknowledged before, and not in it")
                scenario.run("verify", "--store", restored)
            sender.ends.set()
            sender.join(60)
            self.check_same_messages(server.folder, restored, server.experiments)
            self.check_same_bytes(server)

    def check_same_messages(self, folder, restored, experiments):
        again = os.path.join(folder, "again")
        scenario.import_messages(again, experiments, scenario.journal(restored))
        self.assertEqual(scenario.undelivered(scenario.report(restored)),
                         scenario.undelivered(scenario.report(again)))

    def check_same_bytes(self, server):
        """Of a server at rest: with the state and without, the same bytes as its own."""
        server.wait_for_fold()
        want = scenario.report(server.store)
        for more in ([], ["--with-state"]):
            copy = os.path.join(server.folder, "copy" + "".join(more))
            line = scenario.run("backup", copy, "--store", server.store, *more).decode()
            path, sequence, digest = line.rstrip("\n").split("\t")
            self.assertEqual(path, copy)
            self.assertEqual(float(sequence), server.metric("gangway_journal_sequence"))
            self.assertRegex(digest, "^sha256:[0-9a-f]{64}$")
            restored = copy + "-restored"
            self.assertEqual(scenario.run("restore", copy, "--store", restored).decode(),
                             f"{restored}\t{sequence}\t{digest}\n")
            self.assertEqual(scenario.report(restored), want)
            scenario.run("verify", "--store", restored)
            self.assertEqual(scenario.cube(restored), scenario.cube(server.store))

    def test_a_server_on_a_restored_store_goes_on_where_the_backup_ends(self):
        stream = scenario.Stream(users=60, seed=6)
        half = len(stream.messages) // 2
        with Gangway(files=scenario.files()) as server:
            server.post("/v1/batch", {"batch": stream.messages[:half]})
            scenario.run("backup", server.folder + "/copy", "--store", server.store)
            server.post("/v1/batch", {"batch": stream.messages[half:]})
            server.wait_for_fold()
            want = scenario.undelivered(scenario.report(server.store))
            self.assertEqual(server.stop(), 0)
            shutil.rmtree(server.store)
            scenario.run("restore", server.folder + "/copy", "--store", server.store)
            server.start()
            server.post("/v1/batch", {"batch": stream.messages})  # the client sends all again
            server.wait_for_fold()
            self.assertEqual(scenario.undelivered(scenario.report(server.store)), want)
            self.assertEqual(server.stop(), 0)
            scenario.run("verify", "--store", server.store)


class Folders(unittest.TestCase):
    """On one store that no server has."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="gangway-backup-")
        cls.store = os.path.join(cls.folder, "store")
        cls.experiments = scenario.write_folder(os.path.join(cls.folder, "experiments"),
                                                scenario.files())
        scenario.import_messages(cls.store, cls.experiments,
                                 scenario.Stream(users=400, seed=8).messages)
        cls.copy = os.path.join(cls.folder, "copy")
        scenario.run("backup", cls.copy, "--store", cls.store, "--with-state")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def setUp(self):
        self.place = tempfile.mkdtemp(prefix="case-", dir=self.folder)
        self.to = os.path.join(self.place, "to")

    def refused(self, *arguments, says, size=None):
        status, out, text = end_of(*arguments, size=size)
        self.assertEqual(status, 3, text)
        self.assertEqual(out, "")
        self.assertRegex(text, says)

    def test_a_backup_is_its_owners_alone_and_has_what_a_restore_needs(self):
        self.assertEqual(os.stat(self.copy).st_mode & 0o777, 0o700)
        for place, _, names in os.walk(self.copy):
            for name in names:
                info = os.lstat(os.path.join(place, name))
                if stat.S_ISREG(info.st_mode):
                    self.assertEqual(info.st_mode & 0o777, 0o600, name)
        there = tree(self.copy)
        self.assertEqual(there["secret"], tree(self.store)["secret"])
        for name in os.listdir(self.experiments):
            with open(os.path.join(self.experiments, name), "rb") as file:
                self.assertEqual(there["experiments/" + name], file.read())

    def test_the_manifest_is_that_of_sha256sum(self):
        """Size and digest of every other file, as another program finds them."""
        with open(os.path.join(self.copy, "manifest"), encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.assertEqual(lines[0], "gangway backup 1")
        told = {}
        for line in lines[2:]:
            digest, size, name = line.split(" ", 2)
            told[name] = (digest.removeprefix("sha256:"), int(size))
        names = sorted(set(tree(self.copy)) - {"manifest"})
        self.assertEqual(sorted(told), names)
        text = subprocess.run(["sha256sum", *names], cwd=self.copy, stdout=subprocess.PIPE,
                              check=True).stdout.decode()
        for line in text.splitlines():
            digest, name = line.split("  ", 1)
            size = os.path.getsize(os.path.join(self.copy, name))
            self.assertEqual(told[name], (digest, size), name)

    def test_a_backup_into_a_folder_with_something_in_it_is_refused_and_leaves_it(self):
        before = tree(self.copy)
        self.refused("backup", self.copy, "--store", self.store, says="empty folder is wanted")
        self.assertEqual(tree(self.copy), before)
        path = os.path.join(self.place, "file")
        with open(path, "w", encoding="utf-8") as file:
            file.write("x")
        self.refused("backup", path, "--store", self.store, says="this is none")

    def test_an_empty_folder_is_taken(self):
        os.mkdir(self.to)
        scenario.run("backup", self.to, "--store", self.store)
        store = os.path.join(self.place, "a", "b", "store")
        os.makedirs(store)
        scenario.run("restore", self.to, "--store", store)
        self.assertEqual(scenario.report(store), scenario.report(self.store))

    def test_a_store_that_is_there_is_never_written_over(self):
        before = tree(self.store)
        self.refused("restore", self.copy, "--store", self.store, says="something is there")
        self.assertEqual(tree(self.store), before)

    def test_what_is_no_backup_is_refused(self):
        self.refused("restore", self.place, "--store", self.to, says="no whole backup is here")
        self.refused("restore", self.place + "/none", "--store", self.to, says="no whole backup")
        self.refused("restore", self.store, "--store", self.to, says="no whole backup is here")
        self.refused("backup", self.to, "--store", self.place, says="no store is here")
        self.assertFalse(os.path.exists(self.to))

    def test_every_file_changed_missing_or_cut_is_found_before_anything_is_written(self):
        for name, data in sorted(tree(self.copy).items()):
            for change in ("byte", "cut", "gone"):
                if (not data and change != "gone") or (name == "manifest" and change == "byte"):
                    continue
                copy = os.path.join(self.place, "changed")
                shutil.copytree(self.copy, copy, symlinks=True)
                path = os.path.join(copy, name)
                at = len(data) // 2
                if change == "gone":
                    os.unlink(path)
                else:
                    with open(path, "wb") as file:
                        file.write(data[:-1] if change == "cut" else
                                   data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
                status, _, text = end_of("restore", copy, "--store", self.to)
                self.assertEqual(status, 3, f"{name} {change}: {text}")
                self.assertFalse(os.path.exists(self.to), f"{name} {change}")
                shutil.rmtree(copy)

    def test_a_name_that_leads_out_of_the_folder_is_no_name(self):
        for name in ("../secret", "journal/../../x", "/etc/passwd", "", "journal//x", "./secret"):
            copy = os.path.join(self.place, "changed")
            shutil.copytree(self.copy, copy, symlinks=True)
            with open(os.path.join(copy, "manifest"), "a", encoding="utf-8") as file:
                file.write(f"sha256:{'0' * 64} 1 {name}\n")
            self.refused("restore", copy, "--store", self.to, says="the manifest is damaged")
            self.assertFalse(os.path.exists(self.to))
            shutil.rmtree(copy)

    def test_a_newer_format_is_refused(self):
        for old, new in (("gangway backup 1", "gangway backup 2"), ("journal 1 ", "journal 2 ")):
            copy = os.path.join(self.place, "changed")
            shutil.copytree(self.copy, copy, symlinks=True)
            path = os.path.join(copy, "manifest")
            with open(path, encoding="utf-8") as file:
                text = file.read()
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace(old, new, 1))
            self.refused("restore", copy, "--store", self.to, says="format 2")
            shutil.rmtree(copy)

    def test_a_full_disk_leaves_no_backup_and_no_store(self):
        largest = max(len(data) for data in tree(self.copy).values())
        for size in (40, 5000, 100_000, largest // 2):
            self.refused("backup", self.to, "--store", self.store, "--with-state", size=size,
                         says="cannot")
            self.assertFalse(os.path.exists(self.to), size)
            self.refused("restore", self.copy, "--store", self.to, size=size, says="cannot")
            status, _, text = end_of("report", "flow", "--store", self.to)
            self.assertEqual(status, 3)
            self.assertIn("gangway restore", text)
            scenario.run("restore", self.copy, "--store", self.to)  # begins afresh
            self.assertEqual(scenario.report(self.to), scenario.report(self.store))
            shutil.rmtree(self.to)

    def test_a_kill_leaves_nothing_that_passes_for_whole(self):
        chance = random.Random(20_261_124)
        counts = {"half": 0, "whole": 0, "cut": 0, "there": 0}
        for _ in range(60 if scenario.LONG else 15):
            counts[self.killed("backup", self.to, "--store", self.store,
                               delay=chance.random() * 0.12)] += 1
            if os.path.exists(os.path.join(self.to, "manifest")):
                store = os.path.join(self.place, "restored")
                scenario.run("restore", self.to, "--store", store)
                self.assertEqual(scenario.report(store), scenario.report(self.store))
                shutil.rmtree(store)
            elif os.path.exists(self.to):
                self.refused("restore", self.to, "--store", self.place + "/no", says="no whole")
            shutil.rmtree(self.to, ignore_errors=True)
            self.killed("restore", self.copy, "--store", self.to, delay=chance.random() * 0.12)
            if os.path.exists(os.path.join(self.to, "restoring")):
                counts["cut"] += 1
                self.refused("rebuild", "--store", self.to, says="gangway restore")
                scenario.run("restore", self.copy, "--store", self.to)
            elif os.path.exists(self.to) and os.listdir(self.to):
                counts["there"] += 1
                scenario.run("rebuild", "--store", self.to)
            else:
                scenario.run("restore", self.copy, "--store", self.to)
            self.assertEqual(scenario.report(self.to), scenario.report(self.store))
            shutil.rmtree(self.to)
        print(json.dumps(counts))

    def killed(self, *arguments, delay):
        process = subprocess.Popen([GANGWAY, *arguments], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        return "half" if process.wait() == -signal.SIGKILL else "whole"


if __name__ == "__main__":
    unittest.main(verbosity=2)
