"""The reviewed articles (tests/golden/*.html) read by another parser: well formed, every id unique,
nothing from elsewhere, and every figure the document's own, both exactly and as it is shown.

A figure is <data class="..." value="EXACT">SHOWN</data>; tests/report/test_article.c holds the
files to the program, byte for byte.
"""
import html.parser
import json
import os
import pathlib
import re
import unittest

GOLDEN = pathlib.Path(os.environ["SOURCE_DIR"]) / "tests" / "golden"
VOID = {"meta", "br", "img", "link", "hr", "input", "circle", "path"}
# What may stand in a paragraph or a cell of ours; anything else in them is a wrong nesting.
PHRASING = {"bdi", "code", "small", "data", "time", "span", "a"}
IN_TABLE = {"table": {"caption", "thead", "tbody"}, "thead": {"tr"}, "tbody": {"tr"},
            "tr": {"th", "td"}, "ul": {"li"}, "dl": {"div"}}


class Article(html.parser.HTMLParser):
    """Elements with strict nesting: what opens is closed in turn, tables and lists hold theirs."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.links, self.faults = [], [], [], []
        self.figures, self.rows, self.headings = [], [], []
        self.feed(text)
        self.close()
        self.faults += [f"{name} is not closed" for name in self.open]

    def handle_starttag(self, tag, attributes):
        parent = self.open[-1] if self.open else None
        given = dict(attributes)
        if len(given) != len(attributes):
            self.faults.append(f"an attribute twice in {tag}")
        if parent in IN_TABLE and tag not in IN_TABLE[parent]:
            self.faults.append(f"{tag} in {parent}")
        if parent in ("p", "td", "h1", "h2", "h3", "summary", "bdi", "data") \
                and tag not in PHRASING:
            self.faults.append(f"{tag} in {parent}")
        self.faults += [f"{name} of {tag}" for name in given
                        if name.startswith("on") or name in ("style", "src")]
        if "id" in given:
            self.ids.append(given["id"])
        if "href" in given:
            self.links.append(given["href"])
        if tag == "tr":
            self.rows.append((given, {}))
        if tag == "data":
            self.figures.append([given["class"], given["value"], "", list(self.open)])
            if self.rows and "tr" in self.open:
                self.rows[-1][1].setdefault(given["class"], given["value"])
        if tag in ("h1", "h2", "h3"):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        if tag not in VOID:
            self.faults.append(f"{tag} closes itself")

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> in {self.open[-1:]}")
        else:
            self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] == "data":
            self.figures[-1][2] += data


def numbers_of(value):
    if isinstance(value, dict):
        for one in value.values():
            yield from numbers_of(one)
    elif isinstance(value, list):
        for one in value:
            yield from numbers_of(one)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield value


UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


def is_shown(exact, shown):
    """Whether `shown` is a rounding of `exact`: as it is, in percent or points, or a duration."""
    if shown == "<0.0001":
        return exact < 1e-4
    match = re.fullmatch(r"([+-]?[0-9,.]+(?:e[+-]?\d+)?)(%| s| min| h| d)?", shown)
    if not match:
        return False
    figure = float(match[1].replace(",", ""))
    digits = match[1].split("e")[0].partition(".")[2]
    step = 10.0 ** -len(digits) * 10.0 ** int((match[1].split("e") + ["0"])[1])
    unit = (match[2] or "").strip()
    scales = [100] if unit == "%" else [1 / UNITS[unit]] if unit else [1, 100]
    # %.2g drops zeros at the end: 1.0 reads "1"; a whole day of units is cut, not rounded.
    slack = max(step, 10.0 ** -(len(match[1].lstrip("+-0.").replace(".", "")))
                * max(abs(figure), 1e-12))
    return any(abs(exact * scale - figure) <= slack for scale in scales)


def cases():
    for path in sorted(GOLDEN.glob("*.html")):
        yield path.stem, path.read_text("utf-8"), json.loads(path.with_suffix(".json").read_text())


class Articles(unittest.TestCase):
    def test_there_are_some(self):
        self.assertGreaterEqual(len(list(cases())), 4)

    def test_markup_is_well_formed_and_every_id_is_unique(self):
        for name, text, _ in cases():
            with self.subTest(name):
                article = Article(text)
                self.assertEqual(article.faults, [])
                self.assertEqual(len(article.ids), len(set(article.ids)))

    def test_links_lead_to_places_of_the_article_and_nothing_is_fetched(self):
        for name, text, _ in cases():
            with self.subTest(name):
                article = Article(text)
                for link in article.links:
                    self.assertTrue(link.startswith("#") and link[1:] in article.ids, link)
                self.assertNotRegex(text, r"https?:")

    def test_headings_begin_at_one_and_leave_no_level_out(self):
        for name, text, _ in cases():
            with self.subTest(name):
                levels = Article(text).headings
                self.assertEqual(levels[0], 1)
                self.assertEqual(levels.count(1), 1)
                self.assertTrue(all(b <= a + 1 for a, b in zip(levels, levels[1:])))

    def test_every_figure_is_a_number_of_the_document(self):
        for name, text, document in cases():
            with self.subTest(name):
                known = set(numbers_of(document))
                figures = Article(text).figures
                self.assertGreater(len(figures), 30)
                for kind, exact, _, _ in figures:
                    self.assertIn(float(exact), known, kind)

    def test_a_figure_is_shown_as_a_rounding_of_itself(self):
        for name, text, _ in cases():
            with self.subTest(name):
                for kind, exact, shown, _ in Article(text).figures:
                    self.assertTrue(is_shown(float(exact), shown), (kind, exact, shown))

    def test_the_rows_of_metrics_say_what_the_document_says_of_them(self):
        for name, text, document in cases():
            rows = Article(text).rows
            for metric in document["metrics"]:
                for one in metric["comparisons"]:
                    if metric["kind"] == "retention_curve":
                        continue
                    with self.subTest(name, metric=metric["metric"], variant=one["variant"]):
                        self.one_row(rows, metric, one)

    def one_row(self, rows, metric, comparison):
        key = {"data-metric": metric["metric"], "data-variant": comparison["variant"]}
        own = [figures for given, figures in rows if key.items() <= given.items()]
        self.assertEqual(len(own), 2, "once at a glance, once in the metric's own table")
        variant = next(v for v in metric["variants"] if v["variant"] == comparison["variant"])
        for figures in own:
            for member in ("value", "units"):
                if variant[member] is not None and (member == "value" or member in figures):
                    self.assertEqual(float(figures[member]), variant[member])
            difference = comparison["difference"]
            if difference is None:
                self.assertNotIn("estimate", figures)
                continue
            self.assertEqual(float(figures["estimate"]), difference["estimate"])
            kept = "interval" if difference["interval"] else "anytime_interval"
            if difference[kept]:
                self.assertEqual([float(figures[kept + "-low"]), float(figures[kept + "-high"])],
                                 difference[kept])


if __name__ == "__main__":
    unittest.main()
