"""/openapi.json, and whether an answer is as it says.

`answer_faults(method, path, answer)` is asked by gangway.py for every answer that a service test
gets: an undocumented route, status, media type or member fails the test that caused it.  The
document is asked from a server of its own, once per program, and kept in the build folder, so that
the servers under test are left alone.
"""

import hashlib
import http.client
import json
import os
import re
import subprocess
import tempfile

import json_schema

GANGWAY = os.environ.get("GANGWAY", "build/debug/gangway")
ERRORS = ("Problem", "EventsError", "OfrepFailure", "PostHogError", "AmplitudeError",
          "EitherError", "Page")
METHODS = ("get", "post", "delete")
ITEMS_MAX = 300  # of a longer list so many are looked at, from its first to its last


def fetch():
    """From a server with nothing to serve, on a free port."""
    with tempfile.TemporaryDirectory(prefix="gangway-openapi-") as folder:
        os.mkdir(os.path.join(folder, "experiments"))
        ready, end = os.pipe()
        process = subprocess.Popen(
            [GANGWAY, "serve", "--listen", "127.0.0.1:0", "--store", os.path.join(folder, "store"),
             "--experiments", os.path.join(folder, "experiments"), "--ready-fd", str(end)],
            pass_fds=[end], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(end)
        try:
            with os.fdopen(ready, encoding="utf-8") as lines:
                port = int(lines.readline().rsplit(":", 1)[1])
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            client.request("GET", "/openapi.json")
            return client.getresponse().read()
        finally:
            process.terminate()
            process.wait()


def kept():
    """The document of this program, from the build folder where it is there already."""
    found = os.stat(GANGWAY)
    folder = os.environ.get("BUILD_DIR", tempfile.gettempdir())
    path = os.path.join(folder, f"openapi-{found.st_mtime_ns}-{found.st_size}.json")
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        text = fetch()
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        file.write(text)
    os.rename(file.name, path)
    for name in os.listdir(folder):
        if name.startswith("openapi-") and os.path.join(folder, name) != path:
            try:
                os.unlink(os.path.join(folder, name))
            except FileNotFoundError:
                pass
    return text


class Document:
    def __init__(self, text):
        self.tree = json.loads(text)
        self.schema = json_schema.Schema(self.tree, ITEMS_MAX)
        self.checked = set()
        self.paths = []
        for path, item in self.tree["paths"].items():
            rest = any(operation.get("x-rest-of-path") for operation in item.values())
            parts = re.split(r"(\{[^}]*\})", path)
            pattern = "".join("[^/]+" if part.startswith("{") else re.escape(part)
                              for part in parts)
            if rest:
                pattern = pattern.removesuffix("[^/]+") + ".+"
            self.paths.append((re.compile(pattern + "/?"), path, item))
        # What has no braces is meant before what has; a key with slashes comes last.
        self.paths.sort(key=lambda row: (row[0].pattern.endswith(".+/?"), row[1].count("{")))

    def item(self, path):
        """The name and item of a path, or None, {}."""
        bare = re.sub(r"^(?i:https?)://[^/]*", "", path).split("?")[0] or "/"
        for pattern, name, item in self.paths:
            if pattern.fullmatch(bare):
                return name, item
        return None, {}

    def resolved(self, node):
        return self.schema.referred(node["$ref"]) if "$ref" in node else node

    def faults(self, method, path, status, media, body):
        """Why the answer is none that is documented; empty when it is."""
        name, item = self.item(path)
        operation = item.get("get" if method == "HEAD" else method.lower())
        if operation is None:
            if method == "OPTIONS" and status == 204:
                return []
            return self.refused(name, status, media, body)
        answer = operation["responses"].get(str(status))
        if answer is None:
            return [f"{method} {name}: {status} is not documented"]
        content = self.resolved(answer).get("content", {})
        return self.content_faults(f"{method} {name}, {status}", content, media, body)

    def refused(self, name, status, media, body):
        """A path or method that there is none of: a problem, of the path's form."""
        if status not in (400, 401, 403, 404, 405, 408, 413, 414, 429, 431, 503, 505):
            return [f"{name or 'no route'}: {status} is not documented"]
        schemas = [{"$ref": f"#/components/schemas/{one}"} for one in ERRORS]
        content = {media.split(";")[0]: {"schema": {"anyOf": schemas}}}
        return self.content_faults(f"{name or 'no route'}, {status}", content, media, body)

    def content_faults(self, title, content, media, body):
        if not body:
            return []
        kind = media.split(";")[0]
        if kind not in content:
            return [f"{title}: {kind or 'a body without a type'} is not documented"]
        if not kind.endswith("json") or "schema" not in content[kind]:
            return []
        key = hashlib.sha1(title.encode() + body).digest()
        if key in self.checked:
            return []
        found = [f"{title}: {fault}"
                 for fault in self.schema.check(content[kind]["schema"], json.loads(body), "$")]
        if not found:
            self.checked.add(key)
        return found


DOCUMENT = None


def document():
    global DOCUMENT
    if DOCUMENT is None:
        DOCUMENT = Document(kept())
    return DOCUMENT


REQUEST_LINE = re.compile(rb"^([A-Z]+) (\S+) HTTP/1\.[01]\r?$", re.MULTILINE)


def answers_within(heard, methods):
    """Status, media type and body of each answer of a connection; a stream is the last."""
    while heard.startswith(b"HTTP/1."):
        head, _, heard = heard.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
        if status < 200:
            continue
        length = int(fields.get(b"Content-Length", 0)) if methods[:1] != ["HEAD"] else 0
        yield status, fields.get(b"Content-Type", b"").decode(), heard[:length]
        heard, methods = heard[length:], methods[1:]


def raw_faults(sent, heard):
    """The same of raw bytes.  Where it can't be told which request an answer is to, and where a
    request was refused before its route was known, an error need only be one in any form."""
    requests = [(method.decode(), path.decode("latin-1"))
                for method, path in REQUEST_LINE.findall(sent)]
    answers = list(answers_within(heard, [method for method, _ in requests]))
    faults = []
    for index, (status, media, body) in enumerate(answers):
        found = []
        if len(answers) == len(requests):
            found = document().faults(*requests[index], status, media, body)
        if status >= 400 and (found or len(answers) != len(requests)):
            found = document().refused(None, status, media, body)
        faults += found
    return faults


def answer_faults(method, path, answer):
    media = answer.headers.get("Content-Type") or ""
    body = b"" if method == "HEAD" else answer.body
    return document().faults(method, path, answer.status, media, body)
