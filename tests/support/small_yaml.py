"""A reader for the YAML that the shipped files are written in: block and flow mappings and lists,
plain and double-quoted scalars, `>` blocks, comments.  Independent of the program's own reader, and
no more than that: anything else raises.
"""

import json
import re
from decimal import Decimal


def scalar(text):
    """By the YAML 1.2 core schema, as an editor reads it."""
    if text.startswith('"'):
        return json.loads(text)
    if text in ("true", "false"):
        return text == "true"
    if text in ("", "null", "~"):
        return None
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    if re.fullmatch(r"[-+]?[0-9]+\.[0-9]+", text):
        return Decimal(text)
    if text[0] in "&*!|>%@`'":
        raise ValueError("not in the subset: " + text)
    return text


def without_comment(line):
    quoted = False
    for index, char in enumerate(line):
        if char == '"':
            quoted = not quoted
        elif char == "#" and not quoted and (index == 0 or line[index - 1] == " "):
            return line[:index].rstrip()
    return line.rstrip()


class Flow:
    """[a, b] and {a: b} of one line."""

    def __init__(self, text):
        self.text, self.at = text, 0

    def space(self):
        while self.at < len(self.text) and self.text[self.at] == " ":
            self.at += 1

    def word(self, stops):
        self.space()
        start = self.at
        if self.text[self.at] == '"':
            self.at = self.text.index('"', self.at + 1) + 1
        else:
            while self.at < len(self.text) and not self.text[self.at:].startswith(stops):
                self.at += 1
        return self.text[start:self.at].strip()

    def value(self):
        self.space()
        if self.text[self.at] == "[":
            return self.list()
        if self.text[self.at] == "{":
            return self.mapping()
        return scalar(self.word((",", "]", "}")))

    def closes(self, bracket):
        self.space()
        if self.text[self.at] in ("," + bracket):
            self.at += 1
        self.space()
        return self.text[self.at - 1] == bracket

    def list(self):
        self.at += 1
        items = []
        self.space()
        if self.text[self.at] == "]":
            self.at += 1
            return items
        while True:
            items.append(self.value())
            self.space()
            end = self.text[self.at]
            self.at += 1
            if end == "]":
                return items
            if end != ",":
                raise ValueError("a list goes on with " + self.text[self.at - 1:])

    def mapping(self):
        self.at += 1
        pairs = {}
        self.space()
        if self.text[self.at] == "}":
            self.at += 1
            return pairs
        while True:
            key = self.word((":",))
            self.at += 1
            pairs[json.loads(key) if key.startswith('"') else key] = self.value()
            self.space()
            end = self.text[self.at]
            self.at += 1
            if end == "}":
                return pairs
            if end != ",":
                raise ValueError("a mapping goes on with " + self.text[self.at - 1:])


def inline(text):
    if text[:1] in ("[", "{"):
        flow = Flow(text)
        value = flow.value()
        if text[flow.at:].strip():
            raise ValueError("text after a flow value: " + text)
        return value
    return scalar(text)


class Block:
    def __init__(self, text):
        lines = [(line, without_comment(line)) for line in text.split("\n")]
        self.lines = [(len(cut) - len(cut.lstrip()), cut.strip(), raw) for raw, cut in lines]
        self.at = 0

    def next(self):
        while self.at < len(self.lines) and not self.lines[self.at][1]:
            self.at += 1
        return self.lines[self.at] if self.at < len(self.lines) else (-1, "", "")

    def value(self, indent):
        depth, text, _ = self.next()
        if depth < indent:
            return None
        return self.list(depth) if text.startswith("- ") else self.mapping(depth)

    def folded(self, indent):
        words = []
        while self.at < len(self.lines):
            depth, text, raw = self.lines[self.at]
            if text and depth < indent:
                break
            words.append(raw.strip())
            self.at += 1
        return " ".join(words).strip() + "\n"

    def pair(self, text, depth, pairs):
        match = re.match(r'("[^"]*"|[^:]*):(?: +(.*))?$', text)
        if not match:
            raise ValueError("no pair: " + text)
        key, rest = match.group(1), match.group(2) or ""
        key = json.loads(key) if key.startswith('"') else key
        if rest == ">":
            pairs[key] = self.folded(depth + 1)
        elif rest:
            pairs[key] = inline(rest)
        else:
            pairs[key] = self.value(depth + 1)

    def mapping(self, depth):
        pairs = {}
        while True:
            here, text, _ = self.next()
            if here != depth or text.startswith("- "):
                if here > depth:
                    raise ValueError("a line stands too far in: " + text)
                return pairs
            self.at += 1
            self.pair(text, depth, pairs)

    def list(self, depth):
        items = []
        while True:
            here, text, _ = self.next()
            if here != depth or not text.startswith("- "):
                return items
            rest = text[2:].strip()
            if rest[:1] in ("[", "{") or not re.match(r'("[^"]*"|[^:"]+):( |$)', rest):
                self.at += 1
                items.append(inline(rest))
                continue
            self.lines[self.at] = (depth + 2, rest, rest)
            items.append(self.mapping(depth + 2))


def read(text):
    block = Block(text)
    value = block.value(0)
    if block.next()[0] >= 0:
        raise ValueError("the reader stopped at: " + block.next()[1])
    return value
