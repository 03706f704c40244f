"""One writer a store (architecture 15, cli.md): a second one says who has it and exits 3; readers
take no lock and work while a server serves."""

import json
import os
import subprocess
import tempfile
import unittest

import scenario
from gangway import GANGWAY, Gangway

ARGUMENTS = {
    "serve": ["--listen", "127.0.0.1:0"],
    "import": ["-"],
    "rebuild": [],
    "compact": [],
}


def end_of(command, store, experiments, *more):
    """Exit status and standard error of a command that should end by itself."""
    folder = ["--experiments", experiments] if command in ("serve", "import") else []
    done = subprocess.run([GANGWAY, command, "--store", store, *folder, *more],
                          input=b"", stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                          check=False)
    return done.returncode, done.stderr.decode()


class StoreLock(unittest.TestCase):
    def test_a_second_writer_says_who_has_the_store_and_exits_3(self):
        with Gangway(files=scenario.files()) as server:
            for command, more in ARGUMENTS.items():
                status, text = end_of(command, server.store, server.experiments, *more)
                self.assertEqual(status, 3, f"{command}: {text}")
                self.assertIn(str(server.process.pid), text, command)
            self.assertEqual(server.get("/healthz").status, 200)
            self.assertEqual(server.stop(), 0)
            status, text = end_of("import", server.store, server.experiments, "-")
            self.assertEqual(status, 0, text)

    def test_a_second_server_on_the_same_port_exits_3(self):
        with Gangway(files=scenario.files()) as server, tempfile.TemporaryDirectory() as other:
            status, text = end_of("serve", os.path.join(other, "store"), server.experiments,
                                  "--listen", f"127.0.0.1:{server.port}")
            self.assertEqual(status, 3, text)
            self.assertIn(str(server.port), text)

    def test_readers_work_while_a_server_has_the_store(self):
        stream = scenario.Stream(users=50, seed=2)
        with Gangway(files=scenario.files()) as server:
            answer = server.post("/v1/batch", {"batch": stream.messages})
            self.assertEqual(answer.json["accepted"] + answer.json["duplicates"],
                             len(stream.messages))
            server.wait_for_fold()
            self.assertEqual(scenario.exposed(scenario.report(server.store)), 50)
            there = {message["messageId"] for message in scenario.journal(server.store)}
            self.assertEqual(there, {message["messageId"] for message in stream.messages})
            self.assertTrue(scenario.cube(server.store))
            scenario.run("verify", "--store", server.store)
            served = server.get(f"/v1/experiments/flow/report?format=json&as_of={scenario.AS_OF}")
            self.assertEqual(scenario.undelivered(served.body),
                             scenario.undelivered(scenario.report(server.store)))

    def test_a_missing_store_is_exit_3_and_is_not_made(self):
        with tempfile.TemporaryDirectory() as folder:
            store = os.path.join(folder, "none")
            for command, more in {"report": ["flow"], "export": [], "verify": [],
                                  "rebuild": []}.items():
                status, text = end_of(command, store, folder, *more)
                self.assertEqual(status, 3, f"{command}: {text}")
                self.assertIn("none", text)
                self.assertFalse(os.path.exists(store), command)

    def test_a_store_that_import_makes_is_its_owners_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            experiments = scenario.write_folder(os.path.join(folder, "experiments"),
                                                scenario.files())
            store = os.path.join(folder, "a", "store")
            os.mkdir(os.path.dirname(store))
            scenario.import_messages(store, experiments, scenario.Stream(3).messages)
            self.assertEqual(os.stat(store).st_mode & 0o777, 0o700)
            self.assertEqual(os.stat(os.path.join(store, "secret")).st_mode & 0o777, 0o600)

    def test_import_names_each_bad_line_and_keeps_the_good_ones(self):
        with tempfile.TemporaryDirectory() as folder:
            experiments = scenario.write_folder(os.path.join(folder, "experiments"),
                                                scenario.files())
            path = os.path.join(folder, "messages")
            good = json.dumps(scenario.Stream(1).messages[0])
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"{good}\n\n{{\"type\":\"track\"}}\nnot json\n{good}\n")
            done = subprocess.run([GANGWAY, "import", "--store", os.path.join(folder, "store"),
                                   "--experiments", experiments, path], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, check=False, timeout=60)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertEqual(done.stdout.decode(), "1 accepted, 1 duplicates, 2 rejected\n")
            errors = done.stderr.decode().splitlines()
            self.assertEqual([line.split(": ")[0] for line in errors], [f"{path}:3", f"{path}:4"])

    def test_an_address_that_is_not_loopback_is_refused_without_keys(self):
        with tempfile.TemporaryDirectory() as folder:
            experiments = scenario.write_folder(os.path.join(folder, "experiments"),
                                                scenario.files())
            status, text = end_of("serve", os.path.join(folder, "store"), experiments,
                                  "--listen", "0.0.0.0:0")
            self.assertEqual(status, 2, text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
