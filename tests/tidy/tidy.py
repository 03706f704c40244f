#!/usr/bin/env python3
"""Style as a test: rows, library doors, banned calls, names, sizes, dead headers and figures.

usage: tidy.py ROOT        prints PATH:LINE: what is wrong, a line each; exit 1 when there is any

The rules are those of README.md ("The rows and the doors"); a rule that a line breaks for a reason
is passed over where the rule's own word stands in a comment on that line or the one above:
    /* over 70 lines: one table of ... */        before a function
    /* banned: ... */                            beside a call
"""
import functools
import pathlib
import re
import sys

ROW = {"base": 0, "store": 1, "experiment": 1, "stats": 1, "ingest": 2, "analysis": 2,
       "report": 3, "dashboard": 3, "http": 4, "tools": 4}
# The files of row 4 that put the whole together.
COMPOSES = {"tools/command_serve.c": "http/service.h", "tools/command_demo.c": "http/service.h"}
# Header prefix of a library -> the only places that may include it.
DOORS = {
    "event2/": ("server/http/",),
    "http_parser.h": ("server/http/",),
    "zlib.h": ("server/http/",),
    "openssl/ssl.h": ("server/http/",),
    "openssl/": ("server/base/hash", "server/http/"),
    "lmdb.h": ("server/store/store_lmdb.c", "tools/dev/bench_ingest.c"),
    "libfyaml.h": ("server/experiment/parse",),
    "gsl/": ("stats/", "tools/main.c", "tools/dev/"),
    "gmp.h": ("stats/",),
    "jansson.h": ("server/base/json", "server/http/", "server/report/"),
}
BANNED = {
    "strcpy": "arena_copy or snprintf", "strcat": "buffer_add", "sprintf": "snprintf",
    "vsprintf": "vsnprintf", "gets": "getline", "strtok": "slices", "atoi": "integer_parse",
    "atol": "integer_parse", "atof": "number_parse", "strncpy": "arena_copy", "alloca": "arena",
    "setlocale": "nothing: numbers never depend on a locale", "system": "posix_spawn",
}
# What rows 0 to 3 may not do: they return errors.
BANNED_BELOW = {"exit": "return a status", "printf": "return an error", "log_write": "return an error",
                "log_error": "return an error", "log_warn": "return an error",
                "log_info": "return an error"}
LOGS_BELOW = {"include/base/log.h", "server/base/log.c", "server/ingest/writer.c"}
ABBREVIATIONS = re.compile(r"\b(cfg|ctx|mgr|req|conf|tmp|ptr|idx)\b")
FUNCTION_MAX, FILE_MAX, LINE_MAX = 70, 700, 100
INCLUDE = re.compile(r'\s*#\s*include\s+([<"])([^">]+)')


def folder(path):
    """The row's name of a file: server/store/x.c and include/store/x.h are both `store`."""
    first, *rest = path.parts
    return rest[0] if first in ("server", "include") and len(rest) > 1 else first


def without_comments(text):
    """The text with comments and string contents blanked, line by line as before."""
    def blank(match):
        piece = match.group(0)
        if piece.startswith(('"', "'")):
            return piece[0] + " " * (len(piece) - 2) + piece[-1]
        return re.sub(r"[^\n]", " ", piece)
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text,
                  flags=re.S)


def check_include(path, number, kind, header):
    mine, theirs = folder(path), header.split("/")[0]
    name = str(path)
    if kind == '"' and "/" in header:
        if mine == "stats" and theirs != "stats" and header != "base/status.h":
            yield f"{name}:{number}: stats may use base/status.h alone, not {header}"
        elif theirs in ROW and theirs != mine and ROW[theirs] >= ROW[mine] \
                and COMPOSES.get(name) != header:
            yield f"{name}:{number}: {mine} may not include {theirs} ({header}): rows go down"
    for library, places in DOORS.items():
        if header.startswith(library):
            if not name.startswith(places):
                yield f"{name}:{number}: {header} enters only through {', '.join(places)}"
            break


def check_lines(path, lines, code):
    name = str(path)
    below = ROW[folder(path)] < 4
    for number, line in enumerate(lines, 1):
        include = INCLUDE.match(line)
        if include:
            yield from check_include(path, number, *include.groups())
        if len(line) > LINE_MAX:
            yield f"{name}:{number}: {len(line)} columns, at most {LINE_MAX}"
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
            yield f"{name}:{number}: a marker of unfinished work"
        excused = "banned:" in line or (number > 1 and "banned:" in lines[number - 2])
        for call in re.findall(r"(?<![\w.>])([a-z_]\w*)\s*\(", code[number - 1]):
            if excused:
                continue
            if call in BANNED:
                yield f"{name}:{number}: {call} is banned: {BANNED[call]}"
            elif below and call in BANNED_BELOW and name not in LOGS_BELOW:
                yield f"{name}:{number}: {call} below row 4: {BANNED_BELOW[call]}"


def check_names(path, code):
    for number, line in enumerate(code, 1):
        for name in ABBREVIATIONS.findall(line):
            yield f"{path}:{number}: {name} needs learning: write the word"
        if re.match(r"\s*typedef\s+(struct|union|enum)\b[^(]*(\{|;|$)", line):
            yield f"{path}:{number}: a typedef that hides what the type is"


def check_functions(path, lines, code):
    start = None
    for number, line in enumerate(code, 1):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start:
            size = number - start - 1
            if size > FUNCTION_MAX and not excuse_above(lines, start):
                yield f"{path}:{start}: a function of {size} lines, at most {FUNCTION_MAX}"
            start = None


def excuse_above(lines, start):
    above = lines[max(0, start - 14):start]
    return any("over 70 lines:" in line for line in above)


@functools.lru_cache(maxsize=None)
def check_text(path, text):
    """What can be told from the text of one file; kept, because the planted faults ask again."""
    lines = text.split("\n")
    code = without_comments(text).split("\n")
    found = list(check_names(path, code))
    if path.suffix == ".h":
        found += check_guard(path, lines)
    if path.parts[0] == "tests":
        return found
    found += check_lines(path, lines, code)
    found += check_functions(path, lines, code)
    if len(lines) - 1 > FILE_MAX:
        found.append(f"{path}:{len(lines)}: {len(lines) - 1} lines, at most {FILE_MAX}")
    if path.suffix == ".c" and not text.lstrip().startswith("/*"):
        found.append(f"{path}:1: the file does not open with its story")
    return found


def check_own_header(root, path, lines):
    """A source includes its own header before any other, which proves that it stands alone."""
    own = path.with_suffix(".h").name
    if (root / "include" / folder(path) / own).exists():
        own = f"{folder(path)}/{own}"
    elif not (root / path).with_name(own).exists():
        return
    for number, line in enumerate(lines, 1):
        include = INCLUDE.match(line)
        if include:
            if include.group(2) not in (own, f"{folder(path)}/{own}"):
                yield f"{path}:{number}: {own} comes first, a file's own header"
            return


def check_guard(path, lines):
    """The guard of include/store/record.h, and of server/store/record.h, is STORE_RECORD_H."""
    parts = path.parts[1:] if path.parts[0] in ("include", "server") else path.parts
    guard = re.sub(r"\W", "_", "_".join(parts)).upper()
    for number, line in enumerate(lines, 1):
        if line.startswith("#"):
            if line != f"#ifndef {guard}":
                yield f"{path}:{number}: the guard of a header is its path: {guard}"
            return
    yield f"{path}:{len(lines)}: a header without a guard"


def check_dead_headers(root, files):
    included = set()
    for path in files:
        for line in (root / path).read_text(encoding="utf-8").split("\n"):
            match = INCLUDE.match(line)
            if match:
                included.add(match.group(2))
                included.add(str(path.parent / match.group(2)))
    for path in files:
        below = "/".join(path.parts[1:])
        if path.suffix == ".h" and not {str(path), below} & included:
            yield f"{path}:1: nobody includes this header"


def check_vectors(root):
    """Published figures that no test reads prove nothing."""
    tests = "".join(p.read_text(encoding="utf-8") for p in (root / "tests/stats").glob("*.[ch]"))
    for path in sorted((root / "tests/stats/reference").glob("*.csv")):
        if f'"{path.stem}' not in tests and path.name not in tests:
            yield f"{path.relative_to(root)}:1: no test reads these figures"


def check_main(root):
    text = without_comments((root / "tools/main.c").read_text(encoding="utf-8"))
    if "gsl_set_error_handler_off()" not in text:
        yield "tools/main.c:1: GSL's handler stays on, which ends the process at its first error"


def sources(root, tops=("include", "server", "stats", "tools")):
    files = []
    for top in tops:
        files += sorted(p.relative_to(root) for p in (root / top).rglob("*.[ch]"))
    return files


def problems(root):
    files, tests = sources(root), sources(root, ["tests"])
    for path in files + tests:
        text = (root / path).read_text(encoding="utf-8")
        yield from check_text(path, text)
        if path.suffix == ".c" and path in files:
            yield from check_own_header(root, path, text.split("\n"))
    yield from check_dead_headers(root, files + tests)
    yield from check_vectors(root)
    yield from check_main(root)


if __name__ == "__main__":
    found = list(problems(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "tidy: clean")
    sys.exit(bool(found))
