#!/usr/bin/env python3
"""Sends Segment messages from standard input, one a line, to a server in batches.

usage: send.py URL [--batch N] [--key KEY]

Every batch waits for its answer, which comes after the server's commit. A 503 or 429 is tried
again after what Retry-After says. Rejected messages are told with their reason; exit 1 then.
"""
import argparse
import base64
import http.client
import json
import sys
import time
import urllib.parse

BODY_MAX = 480_000  # the server takes 512 000 bytes a call


def progress(done, total, began):
    if not sys.stderr.isatty():
        return
    share = done / total if total else 1
    rate = done / max(1e-9, time.monotonic() - began)
    bar = "#" * int(share * 40)
    sys.stderr.write(f"\r  [{bar:<40}] {done:>7} of {total} messages, {rate:,.0f} a second ")
    sys.stderr.flush()


def batches(lines, count_max):
    """Lists of lines, each a body that the server takes."""
    batch, size = [], 0
    for line in lines:
        if batch and (len(batch) == count_max or size + len(line) + 1 > BODY_MAX):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line) + 1
    if batch:
        yield batch


def post(connection, headers, body):
    while True:
        connection.request("POST", "/v1/batch", body, headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status not in (429, 503):
            break
        time.sleep(int(answer.headers.get("Retry-After", "1")))
    if answer.status != 200:
        sys.exit(f"send.py: {answer.status} {content.decode(errors='replace')[:500]}")
    return json.loads(content)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("url")
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--key")
    options = parser.parse_args()
    where = urllib.parse.urlsplit(options.url)
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=60)
    headers = {"Content-Type": "application/json"}
    if options.key:
        headers["Authorization"] = "Basic " + base64.b64encode(f"{options.key}:".encode()).decode()
    lines = [line for line in sys.stdin.buffer.read().split(b"\n") if line]
    sums = {"accepted": 0, "duplicates": 0, "rejected": 0}
    done, began = 0, time.monotonic()
    for batch in batches(lines, options.batch):
        answer = post(connection, headers, b'{"batch":[' + b",".join(batch) + b"]}")
        sums["accepted"] += answer["accepted"]
        sums["duplicates"] += answer["duplicates"]
        for rejected in answer["rejected"]:
            sums["rejected"] += 1
            print(f"line {done + rejected['index'] + 1}: {rejected['error']}", file=sys.stderr)
        done += len(batch)
        progress(done, len(lines), began)
    if sys.stderr.isatty():
        sys.stderr.write("\n")
    print(", ".join(f"{count} {name}" for name, count in sums.items()))
    sys.exit(1 if sums["rejected"] else 0)


if __name__ == "__main__":
    main()
