#!/usr/bin/env python3
"""How fast the full size is folded and reported, and with how much memory.

usage: measure.py [--users N] [--program PATH] [--folder DIR] [--found]

--users N       1 000 000 by default; 10 000 000 takes about 12 GB of disk and ten times as long
--program PATH  default build/release/gangway
--folder DIR    where the lines and the store are made, and stay; lines that are there are taken.
                Default: a temporary folder, removed again
--found         also what each experiment's report found, as a table

Import writes the journal and folds it once; the figure of the fold is that of `gangway rebuild`, which
does nothing else. Memory is the highest of RssAnon (what is no page cache) and of VmHWM (with the
pages of the store that are mapped) while a command ran. Times are of whole commands, start included;
speeds are also given by the CPU time of all threads, which moves less with the machine's load.
"""
import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
POPULATION = json.loads((HERE / "population.json").read_text(encoding="utf-8"))
REPORTS = 5


def status_of(process, fields):
    """Kilobytes by field; empty when it has ended."""
    try:
        lines = pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return {}
    return {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)
            if name in fields}


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(*arguments):
    """(seconds, {CPU seconds, RssAnon and VmHWM in MB}, output)."""
    highest = {"RssAnon": 0, "VmHWM": 0}
    before = cpu_seconds()
    began = time.monotonic()
    with subprocess.Popen([str(a) for a in arguments], stdout=subprocess.PIPE) as process:
        while True:
            for name, size in status_of(process.pid, highest).items():
                highest[name] = max(highest[name], size)
            try:
                output, _ = process.communicate(timeout=.02)
                break
            except subprocess.TimeoutExpired:
                continue
    if process.returncode:
        sys.exit(f"{arguments[1]}: exit {process.returncode}")
    used = {name: size / 1024 for name, size in highest.items()}
    return time.monotonic() - began, dict(used, CPU=cpu_seconds() - before), output.decode()


def say(what, seconds, used, messages=None):
    speed = ""
    if messages:
        speed = f"{messages / seconds:.0f} messages a second, {messages / used['CPU']:.0f} of CPU"
    print(f"{what:<26} {seconds:>8.3f} s, CPU {used['CPU']:>8.3f} s, own {used['RssAnon']:>5.0f} MB, "
          f"with mapped pages {used['VmHWM']:>6.0f} MB  {speed}", flush=True)


def found(report):
    for metric in report["metrics"]:
        if metric["role"] == "diagnostic":
            continue
        for comparison in metric["comparisons"]:
            said = comparison["reason"]
            if comparison["status"] == "ok" and comparison["difference"]:
                said = (f"{comparison['difference']['estimate']:+.4f} +- "
                        f"{comparison['difference']['se']:.4f}, p {comparison['p_adjusted']:.2g}")
            print(f"  {report['experiment']:<16} {metric['metric']:<16} {said}")
        for segment in metric["segments"]:
            test = segment["heterogeneity"] or {}
            if metric["role"] == "goal" and test.get("p_adjusted") is not None:
                print(f"  {'':<16} {'by ' + segment['segment']:<16} differs: "
                      f"p {test['p_adjusted']:.2g}")


def measure(options, folder):
    program, store, days = options.program, folder / "store", folder / "days"
    if not days.exists():
        began = time.monotonic()
        subprocess.run([sys.executable, str(HERE / "generate.py"), "--users", str(options.users),
                        "--folder", str(days)], check=True)
        print(f"{'generated':<28} {time.monotonic() - began:>9.3f} s", flush=True)
    files = sorted(days.iterdir())
    seconds, used, output = run(program, "import", "--quiet", "--experiments",
                                  HERE / "experiments", "--store", store, *files)
    messages = int(output.split()[0])
    say("import: journal and fold", seconds, used, messages)
    seconds, used, _ = run(program, "rebuild", "--store", store)
    say("rebuild: fold alone", seconds, used, messages)
    for key in POPULATION["planted"]:
        times = [run(program, "report", key, "--store", store, "--format", "json", "--as-of",
                     POPULATION["as_of"]) for _ in range(REPORTS)]
        say(f"report {key}", statistics.median(t[0] for t in times), times[-1][1])
        if options.found:
            found(json.loads(times[-1][2]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--users", type=int, default=POPULATION["sizes"]["full"]["users"])
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/gangway")
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--found", action="store_true")
    options = parser.parse_args()
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
        measure(options, options.folder)
        return
    with tempfile.TemporaryDirectory(prefix="gangway-crm-", dir=os.environ.get("TMPDIR")) as name:
        measure(options, pathlib.Path(name))


if __name__ == "__main__":
    main()
