"""Comparisons of every kind with a value, plain and adjusted, a second time from the design's pages.

    comparison(report, name, treatment, segment, value) -> {"difference", "lift", "p", "p_now",
        "adjusted", "unadjusted"} as the report has them
    looks(report, name, treatment) -> {day: (estimate, se) or None}

`report` is a report_oracle.Report: its cells are exact sums over the raw messages.  Everything up to
a mean and its variance is exact here (fractions); least squares are solved exactly too.
"""
import dataclasses
import fractions
import math

import metric_oracle
import report_oracle

Fraction = fractions.Fraction
SHARES = ("conversion", "retention")
JOINT = SHARES + ("count", "sum")


def step_of(metrics, name):
    return Fraction(1, 10**6) if metrics[name]["kind"] in ("sum", "mean") else Fraction(1)


# --- one variant ----------------------------------------------------------------------------------

@dataclasses.dataclass
class Mean:
    """A variant's mean and the variance of it."""
    n: int
    mean: Fraction
    variance: Fraction


def moments(n, s, ss, step):
    if n < 2:
        return None
    mean = Fraction(s, n) * step
    return Mean(n, mean, (Fraction(ss) - Fraction(s * s, n)) * step * step / (n - 1) / n)


def mean_of(metrics, name, fields):
    """The kind's estimator; None where it has none."""
    kind = metrics[name]["kind"]
    if kind in SHARES:
        x = fields.get("x", 0)
        return moments(fields.get("n", 0), x, x, Fraction(1))
    if kind in ("count", "sum"):
        return moments(fields.get("n", 0), fields.get("s", 0), fields.get("ss", 0),
                       step_of(metrics, name))
    if kind == "nps":
        n = fields.get("responded", 0)
        up, down = fields.get("promoters", 0), fields.get("detractors", 0)
        return moments(n, 100 * (up - down), 10**4 * (up + down), Fraction(1))
    n, y, s = fields.get("units", 0), fields.get("y", 0), fields.get("s", 0)
    if n < 2 or not s:
        return None
    squares = (fields.get("yy", 0) * Fraction(s * s) - 2 * Fraction(y * s) * fields.get("ys", 0)
               + Fraction(y * y) * fields.get("ss", 0)) / Fraction(s) ** 4
    step = step_of(metrics, name)
    if kind == "ratio":
        step = step_of(metrics, metrics[name]["numerator"])
        step /= step_of(metrics, metrics[name]["denominator"])
    return Mean(n, Fraction(y, s) * step, squares * step * step * n / (n - 1))


def analysed(metrics, name, fields):
    kind = metrics[name]["kind"]
    return fields.get({"nps": "responded", "mean": "units", "ratio": "units"}.get(kind, "n"), 0)


# --- estimates ------------------------------------------------------------------------------------

@dataclasses.dataclass
class Estimate:
    value: float
    se: float
    freedom: float  # None: normal
    n: int


def freedom_of(parts):
    """Satterthwaite's, of (variance, n) pairs."""
    spread = sum(v * v / (n - 1) for v, n in parts)
    return float(sum(v for v, _ in parts) ** 2 / spread) if spread else None


def plain(one, other):
    """(difference, log ratio) of two means; None where there is none."""
    if one is None or other is None or not one.variance + other.variance:
        return None, None
    parts = [(one.variance, one.n), (other.variance, other.n)]
    made = Estimate(float(one.mean - other.mean), math.sqrt(one.variance + other.variance),
                    freedom_of(parts), one.n + other.n)
    if one.mean <= 0 or other.mean <= 0:
        return made, None
    parts = [(one.variance / one.mean ** 2, one.n), (other.variance / other.mean ** 2, other.n)]
    return made, Estimate(math.log(one.mean / other.mean), math.sqrt(sum(v for v, _ in parts)),
                          freedom_of(parts), one.n + other.n)


def add(sums, fields):
    for field, number in fields.items():
        sums[field] = sums.get(field, 0) + number


def merged(metrics, name, strata):
    """Strata with fewer than two units of a variant go together, with the smallest if need be."""
    def counts(pair):
        return [analysed(metrics, name, fields) for fields, _ in pair]
    if any(sum(counts(p)[k] for p in strata) < 2 for k in (0, 1)):
        return []
    alone = [p for p in strata if min(counts(p)) >= 2]
    rest = [p for p in strata if min(counts(p)) < 2 and sum(counts(p))]
    while rest and min(sum(counts(p)[k] for p in rest) for k in (0, 1)) < 2:
        smallest = min(alone, key=lambda p: sum(counts(p)))
        alone = [p for p in alone if p is not smallest]
        rest.append(smallest)
    if rest:
        other = [({}, {}), ({}, {})]
        for pair in rest:
            for (to, to_z), (fields, z) in zip(other, pair):
                add(to, fields)
                add(to_z, z)
        alone.append(other)
    return alone


def stratified(metrics, name, strata):
    means = [[mean_of(metrics, name, fields) for fields, _ in pair] for pair in strata]
    if any(m is None for pair in means for m in pair):
        return None, None
    total = sum(m.n for pair in means for m in pair)
    weights = [Fraction(one.n + other.n, total) for one, other in means]
    m1, m0 = (sum(w * pair[k].mean for w, pair in zip(weights, means)) for k in (0, 1))
    v1, v0 = (sum(w * w * pair[k].variance for w, pair in zip(weights, means)) for k in (0, 1))
    difference = m1 - m0
    variance = v1 + v0 + sum(w * (a.mean - b.mean - difference) ** 2
                             for w, (a, b) in zip(weights, means)) / total
    if not variance:
        return None, None
    made = Estimate(float(difference), math.sqrt(variance), None, total)
    if m1 <= 0 or m0 <= 0 or metrics[name]["kind"] == "nps":
        return made, None
    logs = v1 / m1 ** 2 + v0 / m0 ** 2 + sum(
        w * ((a.mean - m1) / m1 - (b.mean - m0) / m0) ** 2
        for w, (a, b) in zip(weights, means)) / total
    return made, Estimate(math.log(m1 / m0), math.sqrt(logs), None, total)


# --- least squares --------------------------------------------------------------------------------

def solve(matrix, vector):
    rows = [list(row) + [v] for row, v in zip(matrix, vector)]
    for i in range(len(rows)):
        pivot = next(r for r in range(i, len(rows)) if rows[r][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [v / rows[i][i] for v in rows[i]]
        for r in range(len(rows)):
            if r != i:
                rows[r] = [a - rows[r][i] * b for a, b in zip(rows[r], rows[i])]
    return [row[-1] for row in rows]


class Centred:
    """Centred sums of one variant."""

    def __init__(self, metrics, name, fields, z, q):
        kind, step, unit = metrics[name]["kind"], step_of(metrics, name), Fraction(1, 10**6)
        n = self.n = fields.get("n", 0)
        s, ss = (fields.get("x", 0),) * 2 if kind in SHARES else (fields.get("s", 0),
                                                                  fields.get("ss", 0))
        sums = [z.get(f"z{k + 1}", 0) for k in range(q)]
        self.y, self.z = Fraction(s, n) * step, [Fraction(t, n) * unit for t in sums]
        self.yy = (ss - Fraction(s * s, n)) * step * step
        self.zy = [(fields.get(f"z{k + 1}y", 0) - Fraction(t * s, n)) * step * unit
                   for k, t in enumerate(sums)]
        self.zz = [[(z.get(f"z{min(k, l) + 1}z{max(k, l) + 1}", 0)
                     - Fraction(sums[k] * sums[l], n)) * unit * unit for l in range(q)]
                   for k in range(q)]


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


def quadratic(matrix, v):
    return dot(v, [dot(row, v) for row in matrix])


def plus(a, b):
    return [[x + y for x, y in zip(r, t)] for r, t in zip(a, b)]


def both(metrics, name, pair, q):
    total = [{}, {}]
    for fields, z in pair:
        add(total[0], fields)
        add(total[1], z)
    return Centred(metrics, name, *total, q)


def finish(m1, m0, v1, v0, more, more_logs, freedom, n):
    variance = v1 + v0 + more
    if not variance:
        return None, None
    made = Estimate(float(m1 - m0), math.sqrt(variance), freedom, n)
    if m1 <= 0 or m0 <= 0:
        return made, None
    return made, Estimate(math.log(m1 / m0),
                          math.sqrt(v1 / m1 ** 2 + v0 / m0 ** 2 + more_logs), freedom, n)


def lin(metrics, name, pair, q):
    """One regression; `pair` as ((fields, z), (fields, z)), the treatment's first."""
    sides = [Centred(metrics, name, *side, q) for side in pair]
    whole = both(metrics, name, pair, q)
    slopes = [solve(c.zz, c.zy) for c in sides]
    means, variances = [], []
    for c, slope in zip(sides, slopes):
        gap = [a - b for a, b in zip(whole.z, c.z)]
        means.append(c.y + dot(slope, gap))
        variances.append((c.yy - dot(slope, c.zy)) / (c.n - 1 - q)
                         * (Fraction(1, c.n) + dot(gap, solve(c.zz, gap))))
    gap = [a - b for a, b in zip(*slopes)]
    more = quadratic(whole.zz, gap) / (whole.n * (whole.n - 1))
    logs = 0
    if means[0] > 0 and means[1] > 0:
        gap = [a / means[0] - b / means[1] for a, b in zip(*slopes)]
        logs = quadratic(whole.zz, gap) / (whole.n * (whole.n - 1))
    return finish(*means, *variances, more, logs, whole.n - 2 - 2 * q, whole.n)


def lin_in_strata(metrics, name, strata, q):
    sides = [[Centred(metrics, name, *side, q) for side in pair] for pair in strata]
    wholes = [both(metrics, name, pair, q) for pair in strata]
    total, count, slopes = sum(w.n for w in wholes), len(strata), []
    for k in (0, 1):
        zz, zy = sides[0][k].zz, sides[0][k].zy
        for pair in sides[1:]:
            zz = plus(zz, pair[k].zz)
            zy = [a + b for a, b in zip(zy, pair[k].zy)]
        slopes.append(solve(zz, zy))
    weights = [Fraction(w.n, total) for w in wholes]
    own = [[c.y + dot(slopes[k], [a - b for a, b in zip(whole.z, c.z)])
            for k, c in enumerate(pair)] for pair, whole in zip(sides, wholes)]
    m1, m0 = (sum(w * o[k] for w, o in zip(weights, own)) for k in (0, 1))
    variances, frees = [], []
    for k in (0, 1):
        n = sum(pair[k].n for pair in sides)
        frees.append(n - count - q)
        variances.append(Fraction(n - count, n - count - q) * sum(
            w * w * (pair[k].yy - 2 * dot(slopes[k], pair[k].zy) + quadratic(pair[k].zz, slopes[k]))
            / ((pair[k].n - 1) * pair[k].n) for w, pair in zip(weights, sides)))
    within = wholes[0].zz
    for whole in wholes[1:]:
        within = plus(within, whole.zz)

    def more(gaps, gap):
        return sum(w * g * g for w, g in zip(weights, gaps)) / total + quadratic(
            within, gap) / total ** 2
    plain_more = more([o[0] - o[1] - (m1 - m0) for o in own],
                      [a - b for a, b in zip(*slopes)])
    logs = more([(o[0] - m1) / m1 - (o[1] - m0) / m0 for o in own],
                [a / m1 - b / m0 for a, b in zip(*slopes)]) if m1 > 0 and m0 > 0 else 0
    return finish(m1, m0, *variances, plain_more, logs, sum(frees), total)


# --- of a report ----------------------------------------------------------------------------------

class Question:
    """One comparison of one slice at any day."""

    def __init__(self, report, name, treatment, segment="", value="(all)"):
        self.report, self.name, self.treatment = report, name, treatment
        self.place, self.metrics = (segment, value), report.registered["metrics"]
        self.kind = self.metrics[name]["kind"]
        adjust = report.registered["experiments"][report.key].get("analysis", {}).get(
            "adjust_for", [])
        self.strata = "" if segment else " x ".join(a for a in adjust if isinstance(a, str))
        self.q = sum(isinstance(a, dict) for a in adjust) if self.kind in JOINT else 0

    def side(self, day, variant, segment, value):
        """(fields, covariates) up to the day."""
        sums = {}, {}
        for (population, name, label, cohort, who, metric), fields in self.report.cells.items():
            if (population, name, label, who) == ("main", segment, value, variant) \
                    and cohort <= day and metric in (self.name, "units"):
                add(sums[metric == "units"], fields)
        return sums

    def pair(self, day, segment, value):
        return [self.side(day, who, segment, value)
                for who in (self.treatment, self.report.plan.control)]

    def samples(self, day):
        return [mean_of(self.metrics, self.name, fields)
                for fields, _ in self.pair(day, *self.place)]

    def plain(self, day):
        made, lift = plain(*self.samples(day))
        return made, None if self.kind == "nps" else lift

    def adjusted(self, day):
        """(difference, lift), or (None, None) where nothing can be adjusted."""
        made = None, None
        if self.strata:
            strata = [self.pair(day, "stratum", value)
                      for value in self.report.values_of(self.strata)]
            strata = merged(self.metrics, self.name, strata)
            if len(strata) > 1 and self.q:
                made = lin_in_strata(self.metrics, self.name, strata, self.q)
            elif len(strata) > 1:
                made = stratified(self.metrics, self.name, strata)
        if made[0] is None and self.q:
            made = lin(self.metrics, self.name, self.pair(day, *self.place), self.q)
        return made

    def estimates(self, day):
        made = self.adjusted(day) if self.strata or self.q else (None, None)
        return made if made[0] else self.plain(day)

    def gate(self, day):
        for fields, _ in self.pair(day, *self.place):
            n = analysed(self.metrics, self.name, fields)
            if n < 100 or (self.kind == "sum" and fields.get("nonzero", 0) < 30):
                return False
            if self.kind in SHARES and min(fields.get("x", 0), n - fields.get("x", 0)) < 10:
                return False
        return True


def critical(z, freedom):
    return report_oracle.t_from_normal(z, freedom) if freedom else z


def deviate(estimate):
    z = estimate.value / estimate.se
    if not estimate.freedom:
        return z
    return math.copysign(-report_oracle.NORMAL.inv_cdf(
        report_oracle.t_tail(abs(z), estimate.freedom)), z)


def around(estimate, half, is_log):
    ends = report_oracle.around(estimate.value, half * estimate.se)
    return [math.expm1(e) for e in ends] if is_log else ends


def effect(plan, treatment, shown, now, final, is_log):
    if shown is None:
        return None
    made = {"estimate": math.expm1(shown.value) if is_log else shown.value, "se": shown.se,
            "interval": None, "anytime_interval": None}
    if final:
        z = report_oracle.z_of(plan.fixed / 2)
        made["interval"] = around(shown, critical(z, shown.freedom), is_log)
    if plan.anytime and now:
        c = report_oracle.two_sided_c(plan.anytime, report_oracle.weight(plan.anytime),
                                      now.n / plan.pair[treatment])
        made["anytime_interval"] = around(now, critical(c, now.freedom), is_log)
    return made


def told(question, shown, now, final):
    """As the report tells a pair of (difference, lift), shown and at the latest look."""
    plan, made = question.report.plan, {"p": None, "p_now": None}
    for place, member in enumerate(("difference", "lift")):
        made[member] = effect(plan, question.treatment, shown[place], now[place], final, place == 1)
    if final and shown[0]:
        z = abs(shown[0].value / shown[0].se)
        made["p"] = 2 * (report_oracle.t_tail(z, shown[0].freedom) if shown[0].freedom
                         else math.erfc(z / math.sqrt(2)) / 2)
    if plan.anytime and now[0]:
        made["p_now"] = report_oracle.two_sided_p(deviate(now[0]),
                                                  report_oracle.weight(plan.anytime),
                                                  now[0].n / plan.pair[question.treatment])
    return made


def days_of(report, name):
    metrics = report.registered["metrics"]
    metric = metrics[metrics[name].get("numerator", name)]
    window = metric_oracle.bounds(metric)[1]
    final, latest = report.is_final(window), report.mature(window)
    return final, latest, report.k if final else latest


def comparison(report, name, treatment, segment="", value="(all)"):
    question = Question(report, name, treatment, segment, value)
    final, latest, day = days_of(report, name)
    gate, none = question.gate(latest), (None, None)

    def read(estimates):
        now = estimates(latest) if gate else none
        return told(question, estimates(day) if final else now, now, final)
    made = read(question.estimates)
    made["is_adjusted"] = (final or gate) and question.adjusted(day)[0] is not None \
        if question.strata or question.q else False
    made["unadjusted"] = read(question.plain) if made["is_adjusted"] else None
    return made


def looks(report, name, treatment):
    question, made = Question(report, name, treatment), {}
    for day in range(report.first or 0, days_of(report, name)[1] + 1 if report.by_day else 0):
        found = question.estimates(day)[0] if question.gate(day) else None
        made[day] = (found.value, found.se) if found else None
    return made
