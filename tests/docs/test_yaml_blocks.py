"""Every YAML block of the documentation is valid: `gangway validate` over each of them.

A block's kind is its top key: `experiment`, `metrics` or `segments`.  A block of metrics or segments
joins those that ship in experiments/ (its own definition wins), and an experiment stands beside all
of these, so that documentation may name what ships and what the same page declares.  Blocks of
another tool (a service file, a workflow) have none of these keys and are passed over, but only where
their fence says so: ```yaml is for what Gangway reads.
"""

import json
import os
import re
import subprocess
import tempfile
import unittest

import small_yaml

GANGWAY = os.environ["GANGWAY"]
SOURCE = os.environ["SOURCE_DIR"]
KINDS = ("experiment", "metrics", "segments")
SKIPPED = {".git", "build", "node_modules"}


def pages():
    for folder, names, files in os.walk(SOURCE):
        names[:] = sorted(name for name in names if name not in SKIPPED and name[0] != ".")
        for name in sorted(files):
            if name.endswith(".md"):
                yield os.path.join(folder, name)


def blocks(page):
    """(line, text) of each ```yaml block."""
    with open(page, encoding="utf-8") as file:
        text = file.read()
    for match in re.finditer(r"^( *)```ya?ml[^\n]*\n(.*?)^ *```", text, re.S | re.M):
        indent = len(match.group(1))
        lines = [line[indent:] for line in match.group(2).split("\n")]
        yield text.count("\n", 0, match.start()) + 2, "\n".join(lines)


def kind_of(text):
    keys = [line.split(":")[0] for line in text.split("\n") if re.match(r"[a-z_]+:", line)]
    return next((key for key in keys if key in KINDS), None)


def plain(value):
    return json.dumps(value, default=float)


def shipped(kind):
    with open(os.path.join(SOURCE, "experiments", kind + ".yaml"), encoding="utf-8") as file:
        return small_yaml.read(file.read())


def joined(kind, text, page_blocks):
    """The shipped file of that kind with what the page's blocks declare."""
    whole = shipped(kind)
    for _, other in page_blocks:
        if kind_of(other) != kind or other == text:
            continue
        document = small_yaml.read(other)
        whole[kind].update(document.pop(kind))
        whole.update(document)
    if text is not None:
        for name in small_yaml.read(text)[kind]:
            whole[kind].pop(name, None)
    return whole


def validate(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
                out.write(text)
        run = subprocess.run([GANGWAY, "validate", folder], capture_output=True, check=False)
        return run.returncode, run.stderr.decode().replace(folder + "/", "")


def block_as_text(kind, text, page_blocks):
    """A block of metrics as it stands, with the shipped metrics that it does not define after it."""
    rest = joined(kind, text, page_blocks)[kind]
    lines = ["  %s: %s" % (name, plain(body)) for name, body in rest.items()]
    before, key, after = text.partition(kind + ":\n")
    return before + key + after.rstrip("\n") + "\n" + "\n".join(lines) + "\n"


class YamlBlocks(unittest.TestCase):
    def check(self, page_blocks, text):
        kind = kind_of(text)
        self.assertIsNotNone(kind, "no experiment, metrics or segments")
        files = {}
        for shared in ("metrics", "segments"):
            if shared == kind:
                files[kind + ".yaml"] = block_as_text(kind, text, page_blocks)
            else:
                files[shared + ".json"] = plain(joined(shared, None, page_blocks))
        if kind == "experiment":
            files["one.yaml"] = text
        status, told = validate(files)
        self.assertEqual(status, 0, told)

    def test_every_block_of_the_documentation_is_valid(self):
        count = 0
        for page in pages():
            page_blocks = list(blocks(page))
            for line, text in page_blocks:
                with self.subTest("%s:%d" % (os.path.relpath(page, SOURCE), line)):
                    self.check(page_blocks, text)
                    count += 1
        print("%d blocks" % count)
        self.assertGreaterEqual(count, 3)

    def test_a_wrong_block_is_found(self):
        text = "experiment: e\nvariants:\n  a: {control: true}\n  b: {}\nmetrics: {goal: activatd}\n"
        with self.assertRaises(AssertionError) as caught:
            self.check([(1, text)], text)
        self.assertIn("did you mean 'activated'", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
