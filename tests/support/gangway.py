"""The program as its users meet it: started on a free port with a folder of its own, asked over
HTTP, stopped by its process id.  Standard library only.

    with Gangway(files={"one.yaml": EXPERIMENT}) as server:
        answer = server.get("/v1/assign/one?unit=u1")
        assert answer.status == 200 and answer.json["variant"] in ("old", "new")
"""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import openapi

GANGWAY = os.environ.get("GANGWAY", "build/debug/gangway")

METRICS = """\
metrics:
  activated:
    stage: activation
    kind: conversion
    event: Contact Created
    within: 7d
"""


def experiment(key="one", more="", weights=("50%", "50%"), exposure="on_view", status="running"):
    """A file of an experiment with the variants old (control) and new."""
    return f"""\
experiment: {key}
name: {key}
owner: tests
hypothesis: The new flow activates more users than the old one, since it is shorter.
status: {status}
unit: user
start: 2020-01-01
exposure: {exposure}
variants:
  old: {{control: true, weight: {weights[0]}}}
  new: {{weight: {weights[1]}}}
metrics:
  goal: activated
  why: Who has created a contact has begun to use the product.
analysis: {{peeking: always}}
{more}"""


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The code of a problem."""
        return self.json.get("code")

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class Gangway:
    """A server.  `files`: names and texts of the experiments folder; metrics.yaml is there by
    itself.  The folder is removed at the end, and the log printed when the test failed."""

    def __init__(self, files=None, arguments=(), listen="127.0.0.1:0", start=True):
        self.folder = tempfile.mkdtemp(prefix="gangway-service-")
        self.experiments = os.path.join(self.folder, "experiments")
        self.store = os.path.join(self.folder, "store")
        self.log_path = os.path.join(self.folder, "log")
        self.arguments = list(arguments)
        self.listen = listen
        self.process = None
        self.port = None
        self.addresses = []
        os.mkdir(self.experiments)
        self.write("metrics.yaml", METRICS)
        for name, text in (files or {"one.yaml": experiment()}).items():
            self.write(name, text)
        if start:
            self.start()

    def write(self, name, text):
        """Replaces a file as an editor does: beside it, then renamed."""
        path = os.path.join(self.experiments, name)
        with open(path + ".tmp", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(path + ".tmp", path)

    def remove(self, name):
        os.unlink(os.path.join(self.experiments, name))

    def command(self, ready_fd):
        return [GANGWAY, "serve", "--listen", self.listen, "--store", self.store, "--experiments",
                self.experiments, "--ready-fd", str(ready_fd), "--rate-limit", "0",
                *self.arguments]

    def start(self):
        ready, ready_end = os.pipe()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command(ready_end), pass_fds=[ready_end],
                                            stdout=subprocess.DEVNULL, stderr=log)
        os.close(ready_end)
        with os.fdopen(ready, encoding="utf-8") as lines:
            line = lines.readline()
        if not line.startswith("listening on "):
            self.process.wait()
            raise AssertionError(f"did not start: exit {self.process.returncode}\n{self.log()}")
        address = line.removeprefix("listening on ").strip()
        self.addresses.append(address)
        if not address.startswith("unix:"):
            self.port = int(address.rsplit(":", 1)[1])
        return self

    def stop(self, number=signal.SIGTERM, wait=30):
        """Ends it by a signal; the exit status."""
        self.process.send_signal(number)
        try:
            return self.process.wait(wait)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def connect(self, timeout=20):
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def client(self, timeout=20):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def request(self, method, path, body=None, headers=None, client=None):
        one = client or self.client()
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        one.request(method, path, body, headers or {})
        got = one.getresponse()
        answer = Answer(got.status, got.headers, got.read())
        if client is None:
            one.close()
        faults = openapi.answer_faults(method, path, answer)
        if faults:
            raise AssertionError(f"not as /openapi.json says: {faults[:5]}\n{answer}")
        return answer

    def get(self, path, headers=None, client=None):
        return self.request("GET", path, None, headers, client)

    def post(self, path, body, headers=None, client=None):
        return self.request("POST", path, body, headers, client)

    def send(self, text, timeout=20):
        """Raw bytes in, all that comes back until the server closes."""
        with self.connect(timeout) as connection:
            sent = text if isinstance(text, bytes) else text.encode()
            connection.sendall(sent)
            heard = hear(connection)
        faults = openapi.raw_faults(sent, heard)
        if faults:
            raise AssertionError(f"not as /openapi.json says: {faults[:5]}\n{heard[:300]!r}")
        return heard

    def metric(self, name):
        """The value of a metric; its labels are part of the name."""
        for line in self.get("/metrics").body.decode().splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
        return None

    def wait_for(self, what, truth, timeout=20):
        end = time.monotonic() + timeout
        while not truth():
            if time.monotonic() > end:
                raise AssertionError(f"{what} did not come about in {timeout} s")
            time.sleep(0.02)

    def wait_for_fold(self):
        """Until the state has read all that was committed."""
        def is_read():
            return self.metric("gangway_fold_sequence") == self.metric("gangway_journal_sequence")
        self.wait_for("the fold", is_read)

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind and os.path.exists(self.log_path):
            sys.stderr.write(self.log()[-4000:])
        self.close()


def add_key(server, role, name):
    """A new key of that server's store."""
    made = subprocess.run([GANGWAY, "key", "add", "--role", role, "--name", name, "--store",
                           server.store], capture_output=True, text=True, check=True)
    return made.stdout.split()[-1]


def hear(connection):
    """All bytes until the end; a reset is an end too."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def track(user, event, message_id=None, **more):
    message = {"type": "track", "userId": user, "event": event, **more}
    if message_id:
        message["messageId"] = message_id
    return message


def exposure(user, key="one", variant="new", **more):
    return track(user, "Experiment Viewed",
                 properties={"experiment_id": key, "variation_id": variant}, **more)


def main():
    unittest.main(verbosity=2)
