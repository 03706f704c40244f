"""The golden assignments: what they are about, and the files under tests/cases/assign.

    python3 tests/oracle/assign_cases.py            says what differs from the files (exit 1)
    python3 tests/oracle/assign_cases.py --write    adds the cases that are not there yet

Cases are frozen: nobody's variant may change by a later version, so --write changes no file that
is there.  Each case is a folder: experiment.yaml; units.csv with `unit,at,traits` (JSON);
expected.csv with `unit,variant,reason,in_experiment`, computed by assign.py.
"""

import csv
import io
import json
import pathlib
import re
import sys

import assign

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "cases" / "assign"
NOON = "2026-11-20T12:00:00Z"

HALVES = {"tour": {"control": True, "weight": "50%"}, "checklist": {"weight": "50%"}}
ALWAYS = {"peeking": "always"}
FORCE = {"qa-user-1": "checklist", "tester@crm.example": "tour", "zo\u00eb": "checklist"}

IDS = ([f"user-{n}" for n in range(1, 33)] + list(FORCE) +
       ["Jos\u00e9", "Jose\u0301", "na\u00efve", "\u65e5\u672c\u8a9e", "\u0416\u0435\u043d\u044f",
        "\U0001f600", "a\U0001f680b", "\U0010ffff", "\ud7ff\ue000", "\uff21", "0001", "00000042",
        "6f1c2b1e-9d5c-4a57-9d1e-0a3d2c4b5e6f", "with space", 'quote"d', "comma,id", "x" * 256])


def experiment(key, **more):
    base = {"experiment": key, "hypothesis": "A golden case.", "status": "running",
            "variants": HALVES, "analysis": ALWAYS}
    return {**base, **more}


def units(ids=None, at=NOON, traits=None):
    return [(unit, moment, traits or {}) for unit in ids or IDS
            for moment in ([at] if isinstance(at, str) else at)]


def with_traits(*rows):
    """One unit a row of traits; half of the ids fall to either variant."""
    return [(f"rep-{n}", NOON, traits) for n, traits in enumerate(rows, 1)]


def of(*values):
    """Rows for the trait `t`, one without it, one where it is null."""
    return with_traits(*[{"t": value} for value in values], {}, {"t": None}, {"u": values[0]})


def audience(name, condition, rows):
    return experiment("audience-" + name, audience=condition), rows


TEXTS = of("owner", "Owner", "rep", "", "own", "owner ", "12", 12, 12.0, 12.5, True, False, "true",
           "false", 1, 0, ["owner"], ["rep", 12], [], ["12"], [True], {"owner": 1}, "caf\u00e9",
           "cafe\u0301", [None], [["owner"]], "12.0", -12, 1e3, "1e3")
NUMBERS = of(2, 2.0, 1.999999, 2.000001, 10, 10.0, 10.5, 11, -3, 0, "2", "10", "9", "+2", " 2",
             "2 ", "ten", "", "1e1", "0x10", "nan", "inf", True, [5], "10.", ".5", {"n": 2}, 1e17)
STRINGS = of("crm-17", "xcrm-17", "crm-17x", "CRM-17", "crm-", "crm", "", 17, True, ["crm-17"],
             ["x", "crm-"], "line\ncrm-17", "a.b", "axb", "caf\u00e9", "jo@example.com",
             "jo@example.com.org", "jo@sub.example.com", [17])
VERSIONS = of("2.1.0", "2.1", "2", "2.0.9", "2.0", "1.9.9", "2.10.0", "2.9", "2.1.0-rc.1",
              "2.1.0-alpha", "2.1.1-alpha", "2.1.0+build", "2.1.0-rc.1+5", "v2.1.0", "2.1.0.0",
              "2.1.", ".2", "", 2.1, 3, "10.0.0", "02.01.0", "2.1.0-", "2.1.0-a..b",
              "99999999999999999999999.0.0", ["2.1.0"], "2.1.0-rc.2", "2.1.0-rc.10", "2.1.0-rc")
TIMES = of("2026-11-01", "2026-10-31", "2026-11-02", "2026-11-01T00:00:00Z",
           "2026-11-01T00:00:00.001Z", "2026-10-31T23:59:59.999Z", "2026-11-01T01:00:00+02:00",
           "2026-10-31T23:00:00-02:00", 1793491200, 1793491199, 1793491201, 1793491200.5,
           "1793491199", "1793491201", 0, -1, 1e300, -1e300, "yesterday", "2026-02-30", "",
           "2026-11-01 12:00:00Z", True, ["2026-10-01"], "2026-11", "2024-02-29")
SEATS = with_traits({"plan": {"seats": 3}}, {"plan.seats": 3}, {"plan": {"seats": 1}},
                    {"plan.seats": 1, "plan": {"seats": 3}}, {"plan": {"seats": None}}, {"plan": 3},
                    {"plan": {}}, {}, {"plan": {"tier": {"name": "pro"}}, "plan.seats": "5"})

PEOPLE = with_traits(
    {"role": "sales_rep", "employees": 12, "email": "jo@crm.example"},
    {"role": "sales_rep", "employees": 1, "email": "jo@crm.example"},
    {"role": "sales_rep", "employees": 12, "email": "jo@example.com"},
    {"role": "sales_rep", "employees": 12},
    {"role": "sales_manager", "employees": "2", "email": ""},
    {"role": ["guest", "sales_manager"], "employees": 2},
    {"role": "guest", "employees": 12}, {"employees": 12}, {"role": "sales_rep"}, {})

CASES = [
    (experiment("draft", status="draft", force=FORCE), units()),
    (experiment("running", force=FORCE), units()),
    (experiment("paused", status="paused", force=FORCE), units()),
    (experiment("stopped", status="stopped", force=FORCE), units()),
    (experiment("elsewhere", assignment="elsewhere", force=FORCE), units()),
    (experiment("dates", start="2026-11-01", end="2026-12-15", force={"user-2": "tour"}),
     units(IDS[:12], ["2026-10-31T23:59:59.999Z", "2026-11-01T00:00:00Z", "2026-12-14T23:59:59Z",
                      "2026-12-15T00:00:00Z", "2027-01-01T00:00:00Z"])),
    (experiment("offsets", start="2026-11-01T00:00:00+02:00", end="2026-11-02T00:00:00-05:00"),
     units(IDS[:4], ["2026-10-31T21:59:59Z", "2026-10-31T22:00:00Z", "2026-11-02T04:59:59Z",
                     "2026-11-02T05:00:00Z"])),
    (experiment("ramp", start="2026-11-01", traffic={"ramp": [
        {"from": "2026-11-01", "coverage": "10%"}, {"from": "2026-11-08", "coverage": "45.5%"},
        {"from": "2026-11-15T12:00:00Z", "coverage": "100%"}]}),
     units(at=["2026-11-01T00:00:00Z", "2026-11-07T23:59:59Z", "2026-11-08T00:00:00Z",
               "2026-11-15T11:59:59Z", "2026-11-15T12:00:00Z"])),
    (experiment("ramp-later", traffic={"ramp": [{"from": "2026-11-10", "coverage": "100%"}]}),
     units(IDS[:6], ["2026-11-09T23:59:59Z", "2026-11-10T00:00:00Z"])),
    (experiment("coverage", traffic={"coverage": "33.3%"}), units()),
    (experiment("coverage-none", traffic={"coverage": "0%"}), units(IDS[:10])),
    (experiment("ended-outside", end="2026-11-20", traffic={"coverage": "50%"}), units()),
    (experiment("weights", variants={
        "a": {"weight": "10%", "control": True}, "b": {"weight": "20%"}, "c": {"weight": "30.5%"},
        "d": {"weight": "39.5%"}}), units()),
    (experiment("control-last", traffic={"coverage": "80%"}, variants={
        "one": {}, "two": {}, "three": {"control": True}}), units()),
    (experiment("thirds", variants={
        "a": {"weight": "33.33%", "control": True}, "b": {"weight": "33.33%"},
        "c": {"weight": "33.33%"}}), units()),
    (experiment("sixteen", variants={
        f"v{n:02}": {"control": True} if n == 7 else {} for n in range(16)}), units()),
    (experiment("never", variants={
        "a": {"weight": "0%", "control": True}, "b": {"weight": "100%"}}), units(IDS[:10])),
    (experiment("salted", salt="na\u00efve salt \U0001f9c2", traffic={"coverage": "90%"}), units()),
    (experiment("nested/key:1.0"), units(IDS[:20])),
    (experiment("accounts", unit="account"), units()),
    (experiment("visitors", unit="anonymous", phase=3, start="2026-11-01"), units(IDS[:20])),
    (experiment("exclusive-low", traffic={
        "exclusive": {"group": "first-run", "range": "0%..40.5%"}, "coverage": "90%"}), units()),
    (experiment("exclusive-high", traffic={
        "exclusive": {"group": "first-run", "range": "40.5%..100%"}}), units()),
    (experiment("holdout", traffic={"holdout": {"group": "q4", "share": "20%"}}), units()),
    (experiment("holdout-first", force=FORCE, traffic={
        "holdout": {"group": "q4", "share": "50%"}, "coverage": "50%",
        "exclusive": {"group": "first-run", "range": "0%..50%"}}), units()),
    (experiment("rollout", status="stopped", force=FORCE, rollout={"to": "checklist"}), units()),
    (experiment("rollout-part", status="stopped", traffic={"coverage": "40%"},
                rollout={"to": "checklist", "coverage": "25%"}), units()),
    (experiment("rollout-control", status="stopped", rollout={"to": "tour", "coverage": "0%"}),
     units(IDS[:20])),
    (experiment("rollout-held", status="stopped", start="2026-11-10", audience={"role": "rep"},
                traffic={"holdout": {"group": "q4", "share": "30%"},
                         "exclusive": {"group": "first-run", "range": "50%..100%"}},
                rollout={"to": "checklist", "coverage": "50%"}),
     units(traits={"role": "rep"}) + units(IDS[:4]) + units(IDS[:4], "2026-11-09", {"role": "rep"})),

    audience("eq", {"t": "owner"}, TEXTS),
    audience("eq-number", {"t": {"eq": 12}}, TEXTS),
    audience("eq-boolean", {"t": True}, TEXTS),
    audience("eq-accent", {"t": "caf\u00e9"}, TEXTS),
    audience("ne", {"t": {"ne": "owner"}}, TEXTS),
    audience("in", {"t": ["owner", "12.0", False, "1000"]}, TEXTS),
    audience("not-in", {"t": {"not_in": ["rep", 12, "true"]}}, TEXTS),
    audience("gt", {"t": {"gt": 2}}, NUMBERS),
    audience("gte", {"t": {"gte": 2}}, NUMBERS),
    audience("lt", {"t": {"lt": 10}}, NUMBERS),
    audience("lte", {"t": {"lte": 10}}, NUMBERS),
    audience("between", {"t": {"between": [2, 10]}}, NUMBERS),
    audience("two-operators", {"t": {"gte": -2.5, "lt": 10.5}}, NUMBERS),
    audience("exists", {"t": {"exists": True}}, TEXTS),
    audience("exists-not", {"t": {"exists": False}}, TEXTS),
    audience("starts-with", {"t": {"starts_with": "crm-"}}, STRINGS),
    audience("ends-with", {"t": {"ends_with": "@example.com"}}, STRINGS),
    audience("contains", {"t": {"contains": "crm-"}}, STRINGS),
    audience("matches", {"t": {"matches": "^crm-[0-9]+$"}}, STRINGS),
    audience("matches-dot", {"t": {"matches": "a.b|@(sub\\.)?example"}}, STRINGS),
    audience("version-gte", {"t": {"version_gte": "2.1.0"}}, VERSIONS),
    audience("version-lt", {"t": {"version_lt": "2.1.0-rc.2"}}, VERSIONS),
    audience("before", {"t": {"before": "2026-11-01"}}, TIMES),
    audience("after", {"t": {"after": "2026-11-01T00:00:00Z"}}, TIMES),
    audience("path", {"plan.seats": {"gte": 2}}, SEATS),
    audience("all", {"all": [{"role": {"in": ["sales_rep", "sales_manager"]}},
                             {"employees": {"gte": 2}},
                             {"not": {"email": {"ends_with": "@example.com"}}}]}, PEOPLE),
    audience("any", {"any": [{"role": "guest"}, {"email": {"exists": True}, "employees": 12}]},
             PEOPLE),
    audience("deep", {"not": {"any": [{"all": [{"role": "sales_rep"}, {"not": {"email": {
        "exists": True}}}]}, {"employees": {"lt": 2}}]}}, PEOPLE),
]


# ---- Files ----

PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*|[0-9][0-9A-Za-z.%-]*")
GUESSED = {"true", "false", "null", "yes", "no", "on", "off"}


def scalar(value):
    if isinstance(value, str):
        plain = PLAIN.fullmatch(value) and value.lower() not in GUESSED
        return value if plain else json.dumps(value, ensure_ascii=False)
    return json.dumps(value)


def yaml_lines(value, indent):
    space = "  " * indent
    for key, item in value.items():
        if isinstance(item, dict) and item:
            yield f"{space}{scalar(key)}:"
            yield from yaml_lines(item, indent + 1)
        elif isinstance(item, list):
            yield f"{space}{scalar(key)}: [{', '.join(flow(i) for i in item)}]"
        else:
            yield f"{space}{scalar(key)}: {flow(item)}"


def flow(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(v) for v in value) + "]"
    return scalar(value)


def csv_text(header, rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def files(declared, rows):
    answers = [assign.assign(declared, unit, traits, assign.time_ms(at))
               for unit, at, traits in rows]
    return {
        "experiment.yaml": "\n".join(yaml_lines(declared, 0)) + "\n",
        "units.csv": csv_text(["unit", "at", "traits"], [
            (unit, at, json.dumps(traits, ensure_ascii=False)) for unit, at, traits in rows]),
        "expected.csv": csv_text(["unit", "variant", "reason", "in_experiment"], [
            (row[0], variant, reason, str(inside).lower())
            for row, (variant, reason, inside) in zip(rows, answers)]),
    }


def all_files():
    """Path under FOLDER -> text, for every case."""
    return {pathlib.PurePath(declared["experiment"].replace("/", "-").replace(":", "-")) / name: text
            for declared, rows in CASES for name, text in files(declared, rows).items()}


def differences():
    """What stands in the files otherwise than here, and what is there without being here."""
    wanted = all_files()
    there = {p.relative_to(FOLDER) for p in FOLDER.rglob("*") if p.is_file()}
    found = [f"{path} is not of any case" for path in sorted(there - set(wanted))]
    for path, text in wanted.items():
        if path not in there:
            found.append(f"{path} is missing")
        elif (FOLDER / path).read_text(encoding="utf-8") != text:
            found.append(f"{path} differs")
    return found


def main():
    if sys.argv[1:] == ["--write"]:
        for path, text in all_files().items():
            if not (FOLDER / path).exists():
                (FOLDER / path).parent.mkdir(parents=True, exist_ok=True)
                (FOLDER / path).write_text(text, encoding="utf-8")
    found = differences()
    print("\n".join(found) if found else f"{len(CASES)} cases, as they were")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
