#!/usr/bin/env python3
"""The tree is tidy, and the checker sees what it must: each rule is broken once in a copy."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import tidy

ROOT = pathlib.Path(os.environ["SOURCE_DIR"])


class Tree(unittest.TestCase):
    def test_rows_doors_calls_and_sizes(self):
        self.assertEqual(list(tidy.problems(ROOT)), [])

    def test_format(self):
        files = [str(ROOT / p) for p in tidy.sources(ROOT)]
        files += [str(p) for p in sorted((ROOT / "tests").rglob("*.[ch]"))]
        result = subprocess.run(["clang-format", "--dry-run", "-Werror", *files],
                                capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr[:3000])

    def test_nothing_of_a_machine_is_committed(self):
        listed = subprocess.run(["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True)
        files = listed.stdout.split("\n") if listed.returncode == 0 else []
        found = []
        for name in filter(None, files):
            path = ROOT / name
            if path.is_symlink() or not path.is_file() or path.stat().st_size > 1 << 20:
                continue
            text = path.read_bytes()
            for needle in (b"/" + b"work/", b"/" + b"root/", b"/" + b"farm/", b'"resolved": "' + b"http"):
                if needle in text:
                    found.append(f"{name}: {needle.decode()}")
        self.assertEqual(found, [])


class Checker(unittest.TestCase):
    """Each planted fault is found, in the file and on the line where it stands. All are planted in
    one copy of the tree, each taken out again."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        for top in ("include", "server", "stats", "tools", "tests"):
            shutil.copytree(ROOT / top, cls.folder / top, ignore=shutil.ignore_patterns(
                "__pycache__", "cases", "corpus", "golden", "screens", "node_modules"))

    def put(self, path, text):
        target = self.folder / path
        before = target.read_text() if target.exists() else None
        target.write_text(text)
        self.addCleanup(target.unlink if before is None else lambda: target.write_text(before))

    def plant(self, path, text):
        target = self.folder / path
        before = target.read_text() if target.exists() else ""
        lines = before.count("\n")
        self.put(path, before + text)
        found = [p for p in tidy.problems(self.folder) if p.startswith(f"{path}:")]
        self.assertTrue(found, f"{path}: the planted fault was not found")
        self.assertTrue(any(int(p.split(":")[1]) > lines for p in found), found)

    def test_an_include_against_the_rows(self):
        self.plant("server/store/record.c", '#include "ingest/writer.h"\n')

    def test_an_include_within_a_row(self):
        self.plant("server/store/record.c", '#include "experiment/catalogue.h"\n')

    def test_stats_using_more_than_the_status(self):
        self.plant("stats/proportion.c", '#include "base/slice.h"\n')

    def test_a_library_outside_its_door(self):
        self.plant("server/ingest/writer.c", "#include <lmdb.h>\n")

    def test_a_banned_call(self):
        self.plant("server/http/planted.c",
                   "/* Planted. */\nvoid planted(char *to)\n{\n    strcpy(to, \"x\");\n}\n")

    def test_printing_below_row_four(self):
        self.plant("server/base/planted.c",
                   "/* Planted. */\nvoid planted(void)\n{\n    printf(\"x\");\n}\n")

    def test_a_header_without_its_paths_guard(self):
        self.plant("server/store/planted.h", "#ifndef PLANTED_H\n#define PLANTED_H\n#endif\n")

    def test_a_header_that_nobody_includes(self):
        self.plant("include/store/planted.h",
                   "#ifndef STORE_PLANTED_H\n#define STORE_PLANTED_H\n#endif\n")

    def test_an_own_header_that_is_not_first(self):
        self.put("server/store/planted.h", "#ifndef STORE_PLANTED_H\n#define STORE_PLANTED_H\n"
                 "#endif\n")
        self.plant("server/store/planted.c", '/* Planted. */\n#include <time.h>\n#include "planted.h"\n')

    def test_names_that_need_learning(self):
        self.plant("server/base/planted.c", "/* Planted. */\nstatic int ctx;\n")

    def test_a_hidden_type(self):
        self.plant("server/base/planted.c", "/* Planted. */\ntypedef struct planted planted;\n")

    def test_a_wide_line(self):
        self.plant("server/base/planted.c", f"/* Planted. {'x' * 100} */\n")

    def test_a_marker_of_unfinished_work(self):
        self.plant("server/base/planted.c", "/* Planted. TO" "DO: all */\n")

    def test_a_file_without_its_story(self):
        self.plant("server/base/planted.c", "int planted;\n")

    def test_a_file_over_its_size(self):
        self.plant("server/base/planted.c", "/* Planted. */\n" + "\n" * 700)

    def test_figures_that_no_test_reads(self):
        self.plant("tests/stats/reference/planted.csv", "x\n")

    def test_gsl_that_may_end_the_process(self):
        text = (self.folder / "tools/main.c").read_text()
        self.put("tools/main.c", text.replace("gsl_set_error_handler_off();", ""))
        self.assertEqual([p.split(":")[0] for p in tidy.problems(self.folder)], ["tools/main.c"])

    def test_the_tree_itself_has_none_of_these(self):
        self.assertEqual(list(tidy.problems(self.folder)), [])

    def test_a_long_function_without_a_reason(self):
        body = "    planted();\n" * 71
        self.plant("tools/planted.c", "/* Planted. */\nvoid planted(void)\n{\n" + body + "}\n")

    def test_a_long_function_with_a_reason_passes(self):
        body = "    planted();\n" * 71
        self.put("tools/planted.c", "/* Planted. */\n\n/* over 70 lines: it is planted. */\n"
                 "void planted(void)\n{\n" + body + "}\n")
        self.assertEqual([p for p in tidy.problems(self.folder) if "tools/planted.c" in p], [])

    def test_words_in_comments_and_strings_are_no_calls(self):
        self.put("server/base/planted.c", '/* Planted: strcpy(a, b) */\n'
                 'const char *planted = "printf(x)"; /* exit(1) */\n')
        self.assertEqual([p for p in tidy.problems(self.folder) if "server/base/planted.c" in p], [])


if __name__ == "__main__":
    unittest.main(verbosity=1)
