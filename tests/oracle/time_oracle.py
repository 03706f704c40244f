"""Times to an event, retention curves and flows of a report a second time, from the raw cells by
cohort and the formulas of cube.md and statistics.md, section 6; nothing is summed cleverly.

    times = Times(report, name)       a report_oracle.Report and a time_to metric
    times.variant(segment, value, variant), times.comparison(...), times.curve(variant, cause)
    brackets(report, name), flow(report), flow_differs(report)
"""
import math

import metric_oracle
import report_oracle
from report_oracle import (DAY, one_sided_c, one_sided_p, two_sided_c, two_sided_p, weight, wilson,
                           z_of)

HOUR, MINUTE = DAY // 24, DAY // 1440


def bin_ends(b):
    if b < 288:
        return b * 5 * MINUTE, (b + 1) * 5 * MINUTE
    return DAY + (b - 288) * HOUR, DAY + (b - 287) * HOUR


def middle(b):
    return sum(bin_ends(b)) / 2 / DAY


class Table:
    """(at risk, {cause: ends}) by bin, of cohorts [(n, {(cause, bin): ends}, watched ms)]."""

    def __init__(self, cohorts, within, causes):
        self.tau, self.causes = within / DAY, causes
        longest = max([w for n, _, w in cohorts if n], default=0)
        self.rows = []
        for b in range(24 * 400):
            if bin_ends(b)[1] > longest:
                break
            seen = [c for c in cohorts if bin_ends(b)[1] <= c[2]]
            risk = sum(n - sum(k for (_, at), k in ends.items() if at < b) for n, ends, _ in seen)
            self.rows.append((risk, [sum(ends.get((c, b), 0) for _, ends, _ in seen)
                                     for c in range(causes)]))
        first = bin_ends(0)[1]
        self.units = sum(n for n, _, w in cohorts if w >= first)
        last = max([b for b in range(24 * 400) if bin_ends(b)[1] <= within], default=None)
        self.whole = last is not None and len(self.rows) == last + 1 and self.units > 0
        self.followed = 0 if last is None else sum(n for n, _, w in cohorts
                                                   if w >= bin_ends(last)[1])
        self.events = sum(d[0] for _, d in self.rows)
        left = [n - sum(d) for n, d in self.rows]
        for before, (n, _) in zip(left, self.rows[1:]):
            if n == 0 and before > 0:
                self.whole = False
            if n == 0:
                break

    def survival(self, causes=None):
        """S after each bin, of the causes (all when not said)."""
        s, made = 1.0, []
        for n, d in self.rows:
            gone = sum(d if causes is None else (d[c] for c in causes))
            if gone:
                s *= (n - gone) / n
            made.append(s)
        return made

    def incidence(self, cause):
        before, f, made = 1.0, 0.0, []
        for (n, d), s in zip(self.rows, self.survival()):
            if d[cause]:
                f += before * d[cause] / n
            before = s
            made.append(f)
        return made

    def share(self, cause):
        """(share that has reached it, its standard error) after each bin."""
        f, s = self.incidence(cause), [1.0] + self.survival()
        made = []
        for t in range(len(self.rows)):
            v = 0.0
            for i in range(t + 1):
                n, d = self.rows[i]
                gone, own, ahead = sum(d), d[cause], f[t] - f[i]
                if not gone:
                    continue
                if n > gone:
                    v += ahead ** 2 * gone / (n * (n - gone))
                v += s[i] ** 2 * own * (n - own) / n ** 3 - 2 * ahead * s[i] * own / n ** 2
            made.append((f[t], math.sqrt(max(0.0, v))))
        return made

    def mean(self):
        """tau less the area under the incidence of the event, and its standard error."""
        f, s = self.incidence(0), [1.0] + self.survival()
        places = [i for i, (_, d) in enumerate(self.rows) if sum(d)]
        times = [middle(i) for i in places] + [self.tau]
        steps = [f[i] for i in places]
        areas = [0.0] * (len(places) + 1)  # under F from each time on
        for k in range(len(places) - 1, -1, -1):
            areas[k] = areas[k + 1] + steps[k] * (times[k + 1] - times[k])
        v = 0.0
        for k, i in enumerate(places):
            n, d = self.rows[i]
            gone, own = sum(d), d[0]
            a = areas[k] - f[i] * (self.tau - times[k])
            b = s[i] * (self.tau - times[k])
            if n > gone:
                v += a * a * gone / (n * (n - gone))
            v += b * b * own * (n - own) / n ** 3 - 2 * a * b * own / n ** 2
        return self.tau - areas[0], math.sqrt(max(0.0, v))


def log_log(share, se, z):
    left = 1 - share
    if left <= 1e-12 or left >= 1 - 1e-15:
        return None
    reach = min(700.0, z * se / left / abs(math.log(left)))
    return [1 - left ** math.exp(-reach), 1 - left ** math.exp(reach)]


def log_rank(treatment, control):
    score = variance = 0.0
    for b in range(max(len(treatment.rows), len(control.rows))):
        (n1, d1), (n0, d0) = (t.rows[b] if b < len(t.rows) else (0, [0])
                              for t in (treatment, control))
        n, d = n1 + n0, d1[0] + d0[0]
        if d:
            score += d1[0] - d * n1 / n
        if d and n > 1:
            variance += d * n1 / n * n0 / n * (n - d) / (n - 1)
    return None if variance <= 0 else report_oracle.chi_square_tail(score ** 2 / variance, 1)


class Times:
    """A time_to metric of a report."""

    def __init__(self, report, name):
        self.report, self.plan, self.name = report, report.plan, name
        self.metric = report.registered["metrics"][name]
        self.within = metric_oracle.bounds(self.metric)[1]
        self.causes = 1 + len(self.metric.get("competing", []))
        self.final = report.is_final(self.within)
        self.latest = report.as_of // DAY - 1
        self.tables, self.starts = {}, {}

    def table(self, segment, value, variant, day, followed):
        key = segment, value, variant, day, followed
        if key not in self.tables:
            cohorts = []
            for place, fields in self.report.cells.items():
                if place[:3] != ("main", segment, value) or place[4:] != (variant, self.name) \
                        or place[3] > day:
                    continue
                ends = {tuple(map(int, f.split(":"))): k for f, k in fields.items() if ":" in f}
                watched = self.within if followed else min(self.within, (day - place[3]) * DAY)
                cohorts.append((fields["n"], ends, watched))
            self.tables[key] = Table(cohorts, self.within, self.causes)
        return self.tables[key]

    def shown(self, segment, value, variant):
        return self.table(segment, value, variant, self.report.k if self.final else self.latest,
                          self.final)

    def variant(self, segment, value, variant):
        table = self.shown(segment, value, variant)
        made = {"variant": variant, "units": table.units, "value": None, "interval": None}
        if table.whole:
            mean, se = table.mean()
            made.update(value=mean, contributing=table.events)
            if se > 0:
                reach = z_of(self.plan.alpha / 2) * se
                made["interval"] = [mean - reach, mean + reach]
        return made

    def curve(self, variant, cause):
        """{day: (at risk, share, interval)} of every bin."""
        table = self.shown("", "(all)", variant)
        z = z_of(self.plan.alpha / 2)
        return {bin_ends(b)[1] / DAY: (table.rows[b][0], share, log_log(share, se, z))
                for b, (share, se) in enumerate(table.share(cause))}

    def median(self, variant):
        """None where it is not reached; nan where S lies on .5 for a while."""
        for b, share in enumerate(self.shown("", "(all)", variant).incidence(0)):
            if abs(share - .5) < 1e-9:
                return math.nan
            if share > .5:
                return middle(b)
        return None

    def look(self, segment, value, variant, day):
        """(difference, se, units) past the gate, else None."""
        both = [self.table(segment, value, v, day, False) for v in (variant, self.plan.control)]
        if any(t.followed < 100 or t.events < 10 for t in both) or not all(t.whole for t in both):
            return None
        return self.gap(both) + (both[0].units + both[1].units,)

    @staticmethod
    def gap(both):
        (m1, s1), (m0, s0) = both[0].mean(), both[1].mean()
        return m1 - m0, math.hypot(s1, s0)

    def ratio(self, segment, value, variant, look):
        """r by information, from the first look past the gate."""
        key = segment, value, variant
        if key not in self.starts:
            days = range(self.report.first, self.latest + 1)
            looks = (self.look(segment, value, variant, day) for day in days)
            self.starts[key] = next(x for x in looks if x)
        _, se, units = self.starts[key]
        return se ** 2 / look[1] ** 2 * units / self.plan.pair[variant]

    def p_of(self, role, look, r):
        z = look[0] / look[1]
        if role == "guardrail":
            harm = self.plan.alpha / (len(self.plan.guardrails) * len(self.plan.treatments))
            lower = self.metric.get("better", "lower") == "lower"
            return one_sided_p(z if lower else -z, weight(2 * harm), r)
        return two_sided_p(z, weight(self.plan.anytime), r)

    def comparison(self, role, segment, value, variant, margin=None):
        plan, made = self.plan, {"difference": None, "p": None, "p_now": None, "p_anytime": None}
        look = self.look(segment, value, variant, self.latest) if self.report.by_day else None
        both = [self.shown(segment, value, v) for v in (variant, plan.control)]
        estimated = all(t.whole for t in both) if self.final else look
        if not estimated or self.gap(both)[1] == 0:
            return made
        estimate, se = self.gap(both)
        effect = made["difference"] = {"estimate": estimate, "se": se, "interval": None,
                                       "anytime_interval": None}
        if self.final and plan.fixed:
            reach = z_of(plan.fixed / 2) * se
            effect["interval"] = [estimate - reach, estimate + reach]
            made["p"] = log_rank(*both)
        c = None
        if look:
            r = self.ratio(segment, value, variant, look)
            if role == "guardrail":
                harm = plan.alpha / (len(plan.guardrails) * len(plan.treatments))
                c = one_sided_c(harm, weight(2 * harm), r)
            elif plan.anytime:
                c = two_sided_c(plan.anytime, weight(plan.anytime), r)
        if c:
            effect["anytime_interval"] = [look[0] - c * look[1], look[0] + c * look[1]]
            made["p_now"] = self.p_of(role, look, r)
            if segment == "":
                made["p_anytime"] = min(p for p in self.looks(role, variant).values() if p)
        if margin is not None:
            made["guardrail"] = self.guardrail(made, look, margin, r if look else None)
        return made

    def guardrail(self, made, look, margin, r):
        plan, effect = self.plan, made["difference"]
        lower = self.metric.get("better", "lower") == "lower"
        bound = None
        if self.final and effect["interval"]:
            bound = effect["interval"][1 if lower else 0]
        elif look and plan.peeking != "fixed":
            a = plan.alpha / (10 if plan.peeking == "hybrid" else 2)
            c = one_sided_c(a, weight(2 * a), r) * look[1]
            bound = look[0] + (c if lower else -c)
        state = "open"
        if bound is not None and (bound < margin if lower else bound > -margin):
            state = "passed"
        elif effect["anytime_interval"] and (effect["anytime_interval"][0] > 0 if lower
                                             else effect["anytime_interval"][1] < 0):
            state = "harmed"
        return {"bound": bound, "state": state}

    def looks(self, role, variant):
        """{day: p_now, None before the gate or where there is none}"""
        made = {}
        for day in range(self.report.first or 0, self.latest + 1 if self.report.by_day else 0):
            look = self.look("", "(all)", variant, day)
            known = look and (self.plan.anytime or role == "guardrail")
            made[day] = self.p_of(role, look, self.ratio("", "(all)", variant, look)) \
                if known else None
        return made


# --- retention curves and flows -------------------------------------------------------------------

def brackets(report, name):
    """{variant: [(units, successes)]}"""
    metric = report.registered["metrics"][name]
    every, until = (metric_oracle.duration(metric[k]) for k in ("every", "until"))
    made = {}
    for variant in report.plan.names:
        made[variant] = []
        for b in range(1, until // every + 1):
            cells = [f for p, f in report.cells.items()
                     if p[:3] == ("main", "", "(all)") and p[4:] == (variant, name)
                     and p[3] <= report.mature(b * every)]
            made[variant].append((sum(f["n"] for f in cells),
                                  sum(f.get(f"x{b}", 0) for f in cells)))
    return made


def newcombe(x1, n1, x0, n0, alpha):
    (l1, u1), (l0, u0) = wilson(x1, n1, alpha), wilson(x0, n0, alpha)
    p1, p0 = x1 / n1, x0 / n0
    return [p1 - p0 - math.hypot(p1 - l1, u0 - p0), p1 - p0 + math.hypot(u1 - p1, p0 - l0)]


def wait_middle(b):
    if b < 128:
        return b + .5
    octave, part = divmod(b - 128, 64)
    return (2 ** (octave + 7) + (part + .5) * 2 ** (octave + 1))


def waits(fields, which):
    ranks = sorted(wait_middle(int(f.split(":")[1])) for f, n in fields.items()
                   if f.startswith(f"{which}:") for _ in range(n))
    if not ranks:
        return None
    return (ranks[(len(ranks) - 1) // 2] + ranks[len(ranks) // 2]) / 2


def flow(report):
    """{variant: {step: fields over the mature cohorts}}"""
    file, made = report.registered["experiments"][report.key], {}
    within = metric_oracle.duration(file.get("analysis", {}).get("flow_within", "30d"))
    for variant, declared in file["variants"].items():
        for step in declared.get("flow", []):
            sums = made.setdefault(variant, {}).setdefault(step["step"], {})
            for place, fields in report.cells.items():
                if place[:3] == ("main", "", "(all)") and place[3] <= report.mature(within) \
                        and place[4:] == (variant, f"step:{step['step']}"):
                    for field, n in fields.items():
                        sums[field] = sums.get(field, 0) + n
    return made


def flow_differs(report):
    """(step, p, p after Holm) of the smallest p, None where nothing is tested."""
    found = {}
    for steps in flow(report).values():
        for step, fields in steps.items():
            found.setdefault(step, []).append((fields.get("reached", 0), fields.get("n", 0)))
    tests = {}
    for step, rates in found.items():
        if len(rates) < 2:
            continue
        rates = [(x, n) for x, n in rates if n]
        x, n = sum(r[0] for r in rates), sum(r[1] for r in rates)
        tests[step] = 1.0
        if len(rates) > 1 and 0 < x < n:
            statistic = sum((k - m * x / n) ** 2 / (m * x / n * (1 - x / n)) for k, m in rates)
            tests[step] = report_oracle.chi_square_tail(statistic, len(rates) - 1)
    if not tests:
        return None
    steps = list(tests)
    ps = [tests[s] for s in steps]
    least = min(range(len(ps)), key=lambda i: ps[i])
    return steps[least], ps[least], report_oracle.holm(ps)[least]
