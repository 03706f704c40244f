#!/usr/bin/env python3
"""Assignments over HTTP beside nginx giving fixed answers of the same size.

usage: tools/dev/bench_http.py [--program FILE] [--runs N] [--seconds S] [--connections N]
                               [--sdk FOLDER]

Both servers have one worker; wrk sends both the same requests (experiments with an audience of three
clauses, 1000 units, a client's key): one assignment with its traits in the query, one flag of OFREP with its context
as JSON, and all flags of OFREP. The runs alternate, so that what else the machine
does falls on both. CPU is the time that all threads of a server ran, from /proc/PID/task/*/schedstat,
over the requests answered: it moves far less with the machine's load than requests per second. The
figures printed are medians over the runs, and the ratios are medians of each pair's ratio.

With --sdk, a folder with node_modules/@growthbook/growthbook, that SDK behind node's bare http server
is asked the same in the same turns (all flags: ten calls of the SDK). At the end the bulk call is timed alone: POST /v1/assign of 1000
units with their traits in ten experiments.

Needs nginx and wrk.
"""
import argparse
import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

METRICS = """\
metrics:
  activated: {stage: activation, kind: conversion, event: Contact Created, within: 7d}
"""
EXPERIMENT = """\
experiment: onboarding
name: Checklist against tour
owner: bench
hypothesis: A checklist activates more users than a tour, since it asks for the first action.
status: running
unit: user
start: 2020-01-01
audience:
  all:
    - role: {in: [sales_rep, sales_manager]}
    - employees: {gte: 2}
    - not: {email: {ends_with: "@example.com"}}
variants:
  tour: {control: true, weight: 50%}
  checklist: {weight: 50%}
metrics: {goal: activated, why: Who has created a contact has begun to use the product.}
analysis: {peeking: always}
"""
COPIES = 10  # of the experiment, for the bulk call
BULK_UNITS = 1000
PATH = "/v1/assign/onboarding?unit=user-%d&role=sales_rep&employees=12&email=a%%40firm.org"
FLAGS = "/ofrep/v1/evaluate/flags"
CONTEXT = ('{"context":{"targetingKey":"user-%d","role":"sales_rep","employees":12,'
           '"email":"a@firm.org"}}')


HEADERS = {"Content-Type": "application/json"}  # and the key, once it is made


class Question:
    """What wrk asks, of 1000 units in turn: a path, and for a POST the body, with %d for the unit."""

    def __init__(self, name, path, body=None):
        self.name = name
        self.path = path
        self.body = body

    def script(self):
        call = (f'wrk.format("GET", string.format({json.dumps(self.path)}, i), head)'
                if not self.body else
                f'wrk.format("POST", {json.dumps(self.path)}, head, '
                f'string.format({json.dumps(self.body)}, i))')
        return SCRIPT % call

    def first(self, port):
        """The answer for the first unit."""
        data = self.body and (self.body % 1).encode()
        path = self.path if self.body else self.path % 1
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, HEADERS)
        with urllib.request.urlopen(request) as answer:
            return answer.read().decode()


QUESTIONS = [Question("", PATH), Question("OFREP flag: ", FLAGS + "/onboarding", CONTEXT),
             Question("OFREP all: ", FLAGS, CONTEXT)]

SCRIPT = """\
local requests = {}
local at = 0
local head = {["Content-Type"] = "application/json", ["X-API-Key"] = "KEY"}
init = function()
  for i = 1, 1000 do
    requests[i] = %s
  end
end
request = function()
  at = at %% 1000 + 1
  return requests[at]
end
"""

NGINX = """\
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000; keepalive_timeout 60s; tcp_nodelay on;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:{port}; default_type application/json;
    {locations}
  }}
}}
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def family(pid):
    """The process and its children."""
    found = [pid]
    for path in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in path.read_text().split()]
    return found


def cpu_seconds(pid):
    total = 0
    for one in family(pid):
        for path in pathlib.Path(f"/proc/{one}/task").glob("*/schedstat"):
            total += int(path.read_text().split()[0])
    return total * 1e-9


class Server:
    def __init__(self, name, process, port):
        self.name = name
        self.process = process
        self.port = port

    def run(self, script, seconds, connections):
        before = cpu_seconds(self.process.pid)
        text = subprocess.run(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script,
             f"http://127.0.0.1:{self.port}"], check=True, capture_output=True, text=True).stdout
        cpu = cpu_seconds(self.process.pid) - before
        if "Non-2xx" in text or "Socket errors" in text:
            sys.exit(f"{self.name}: {text}")
        requests = int(re.search(r"(\d+) requests in", text).group(1))
        number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
        p99_us = float(number) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
        return {"cpu_us": cpu / requests * 1e6, "rate": rate, "p99_us": p99_us}


def start_gangway(program, folder):
    experiments = folder / "experiments"
    experiments.mkdir()
    (experiments / "metrics.yaml").write_text(METRICS)
    for copy in range(COPIES):
        key = f"onboarding-{copy}" if copy else "onboarding"
        text = EXPERIMENT.replace("experiment: onboarding", f"experiment: {key}")
        (experiments / f"{key}.yaml").write_text(text)
    store = folder / "store"
    made = subprocess.run([program, "key", "add", "--role", "client", "--name", "bench", "--store",
                           store], check=True, capture_output=True, text=True)
    HEADERS["X-API-Key"] = made.stdout.split()[-1]
    ready, ready_end = os.pipe()
    process = subprocess.Popen(
        [program, "serve", "--listen", "127.0.0.1:0", "--workers", "1", "--rate-limit", "0",
         "--store", store, "--experiments", experiments, "--log-level", "warn", "--ready-fd", str(ready_end)],
        pass_fds=[ready_end], stdout=subprocess.DEVNULL)
    os.close(ready_end)
    with os.fdopen(ready, encoding="utf-8") as lines:
        line = lines.readline()
    if not line:
        sys.exit("gangway did not start")
    return Server("gangway", process, int(line.rsplit(":", 1)[1]))


def location(number, path, body):
    """A path that gives that text: nginx takes 4000 bytes of one word, so it is put together."""
    pieces = [body[at:at + 3000] for at in range(0, len(body), 3000)]
    sets = " ".join(f"set $part{number}_{at} '{piece}';" for at, piece in enumerate(pieces))
    text = "".join(f"${{part{number}_{at}}}" for at in range(len(pieces)))
    return f'location = {path} {{ {sets} return 200 "{text}"; }}'


def start_nginx(folder, bodies):
    port = free_port()
    config = folder / "nginx.conf"
    locations = "\n    ".join(location(number, question.path.partition("?")[0], body)
                              for number, (question, body) in enumerate(bodies))
    config.write_text(NGINX.format(folder=folder, port=port, locations=locations))
    process = subprocess.Popen(["nginx", "-c", config, "-e", folder / "error.log"])
    return await_server("nginx", process, port)


def start_sdk(sdk):
    port = free_port()
    process = subprocess.Popen(["node", ROOT / "tools/dev/bench_growthbook.mjs", sdk, "serve",
                                str(port)])
    return await_server("node", process, port)


def await_server(name, process, port):
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    return Server(name, process, port)


def bulk_rate(server, runs):
    """Assignments a second of the server's CPU, in one call of many units: the median of the calls."""
    units = [{"unit": f"user-{number}",
              "traits": {"role": "sales_rep", "employees": 12, "email": "a@firm.org"}}
             for number in range(BULK_UNITS)]
    names = ["onboarding"] + [f"onboarding-{copy}" for copy in range(1, COPIES)]
    body = json.dumps({"units": units, "experiments": names}).encode()
    rates = []
    for _ in range(3 * runs):
        before = cpu_seconds(server.process.pid)
        url = f"http://127.0.0.1:{server.port}/v1/assign"
        with urllib.request.urlopen(urllib.request.Request(url, body, HEADERS)) as answer:
            count = answer.read().count(b'"variant":')
        rates.append(count / (cpu_seconds(server.process.pid) - before))
    return statistics.median(rates)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(ROOT / "build/release/gangway"))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--sdk")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gangway-bench-") as name:
        folder = pathlib.Path(name)
        gangway = start_gangway(options.program, folder)
        servers = [gangway]
        try:
            bodies = [(question, question.first(gangway.port)) for question in QUESTIONS]
            servers.append(start_nginx(folder, bodies))
            if options.sdk:
                servers.append(start_sdk(options.sdk))
            for question, body in bodies:
                report(question, len(body), compare(servers, question, folder, options), options)
            bulk = bulk_rate(gangway, options.runs)
        finally:
            for server in servers:
                server.process.terminate()
                server.process.wait()
    print(f"bulk call          gangway {bulk:10.0f} assignments a second and core, "
          f"{BULK_UNITS} units in {COPIES} experiments")


def compare(servers, question, folder, options):
    """Results of each server, by its name, turn by turn."""
    script = folder / "requests.lua"
    script.write_text(question.script().replace("KEY", HEADERS["X-API-Key"]))
    for server in servers:
        server.run(script, 1, options.connections)  # warm
    results = {server.name: [] for server in servers}
    for _ in range(options.runs):
        for server in servers:
            results[server.name].append(server.run(script, options.seconds, options.connections))
    return results


def report(question, size, results, options):
    print(f"{question.name}answer of {size} bytes, {options.connections} connections, "
          f"{options.runs} runs of {options.seconds} s")
    ours = results["gangway"]
    for key, what, unit in (("cpu_us", "CPU a request", "us"), ("rate", "requests a second", "/s"),
                            ("p99_us", "p99", "us")):
        for name, theirs in list(results.items())[1:]:
            ratio = statistics.median(one[key] / other[key] for one, other in zip(ours, theirs))
            medians = [statistics.median(one[key] for one in side) for side in (ours, theirs)]
            print(f"{question.name + what:<18} gangway {medians[0]:10.2f} {unit:<3} {name:<5} "
                  f"{medians[1]:10.2f} {unit:<3} ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
