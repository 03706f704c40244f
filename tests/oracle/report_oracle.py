"""The figures of a report a second time, from the design's pages and from nothing else.

    report(catalogues, experiment, messages, as_of) -> the members of the JSON report that can be
    computed from the files and the messages, as nested dicts and lists in the report's own names

catalogues: the declarations in the order in which they were taken into service, all after the last
message; the first is the registered plan, the last is what the files say now.  Cells come from
fold_oracle.cells, by brute force over the messages; every formula below is from statistics.md and
inference.md, with the standard library's floats.

Conversion and retention only, as this version computes.  Texts are not made here.
"""
import functools
import math
import statistics

import fold_oracle
import metric_oracle
from fold_oracle import DAY, duration, instant, percent

NORMAL = statistics.NormalDist()


def z_of(tail):
    """The quantile whose upper tail is `tail`."""
    return -NORMAL.inv_cdf(tail)


# --- numerics -------------------------------------------------------------------------------------

def root(function, low, high):
    """Where a monotone function is 0, by bisection hastened by false position (Illinois)."""
    at_low, at_high = function(low), function(high)
    if at_low == 0:
        return low
    if at_high == 0:
        return high
    for step in range(400):
        middle = (low + high) / 2
        if step % 3:
            middle = high - at_high * (high - low) / (at_high - at_low)
            if not low < middle < high:
                middle = (low + high) / 2
        if middle in (low, high):
            break
        value = function(middle)
        if value == 0:
            return middle
        if (value < 0) == (at_low < 0):
            low, at_low = middle, value
        else:
            high, at_high = middle, value
    return (low + high) / 2


def gamma_upper(a, x):
    """The regularised upper incomplete gamma function."""
    if x <= 0:
        return 1.0
    scale = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        n = a
        while abs(term) > abs(total) * 1e-17:
            n += 1
            term *= x / n
            total += term
        return 1 - total * scale
    b, c = x + 1 - a, 1e300
    d = 1 / b
    h = d
    for i in range(1, 10_000):
        an = -i * (i - a)
        b += 2
        d = 1 / (an * d + b)
        c = b + an / c
        h *= d * c
        if abs(d * c - 1) < 1e-16:
            break
    return scale * h


def chi_square_tail(statistic, freedom):
    return gamma_upper(freedom / 2, statistic / 2)


def beta_tail(a, b, x):
    """The regularised incomplete beta function."""
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_tail(b, a, 1 - x)
    if x <= 0:
        return 0.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
                     + a * math.log(x) + b * math.log1p(-x)) / a
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    h = d
    for m in range(1, 10_000):
        for an in (m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                   -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))):
            d = 1 / (1 + an * d)
            c = 1 + an / c
            h *= d * c
        if abs(d * c - 1) < 1e-16:
            break
    return front * h


def t_tail(t, freedom):
    """P(T > t) for t >= 0."""
    return beta_tail(freedom / 2, .5, freedom / (freedom + t * t)) / 2


def t_from_normal(c, freedom):
    """t_df(Phi(c)): as rare under Student's t as c is under the normal."""
    tail = NORMAL.cdf(-c)
    return root(lambda t: t_tail(t, freedom) - tail, 0, 1e6 if c > 10 else 1e4)


# --- proportions ----------------------------------------------------------------------------------

def wilson(x, n, alpha):
    z = z_of(alpha / 2)
    centre = (x + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(x * (n - x) / n + z * z / 4)
    return [max(0.0, centre - half), min(1.0, centre + half)]


def score(x1, n1, x0, n0, difference):
    """Miettinen and Nurminen's z at a difference."""
    numerator = x1 / n1 - x0 / n0 - difference
    low, high = max(0.0, -difference), min(1.0, 1 - difference)

    def slope(q0):
        q1 = q0 + difference
        total = 0.0
        for x, n, q in ((x1, n1, q1), (x0, n0, q0)):
            if x:
                total += x / q if q > 0 else math.inf
            if n - x:
                total -= (n - x) / (1 - q) if q < 1 else math.inf
        return total
    inner = (high - low) * 1e-16
    a, b = low + inner, high - inner
    if slope(a) <= 0:
        q0 = low
    elif slope(b) >= 0:
        q0 = high
    else:
        q0 = root(slope, a, b)
    q1 = min(1.0, max(0.0, q0 + difference))
    total = n1 + n0
    variance = (q1 * (1 - q1) / n1 + q0 * (1 - q0) / n0) * total / (total - 1)
    if numerator == 0:
        return 0.0
    return numerator / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, numerator)


@functools.lru_cache(maxsize=None)
def miettinen_nurminen(x1, n1, x0, n0, alpha):
    z, here = z_of(alpha / 2), x1 / n1 - x0 / n0

    def limit(end, sign):
        if abs(score(x1, n1, x0, n0, end)) <= z:
            return end
        low, high = sorted((here, end))
        return root(lambda d: max(-1e9, min(1e9, score(x1, n1, x0, n0, d))) + sign * z, low, high)
    return [limit(-1.0, -1), limit(1.0, 1)]


def score_p(x1, n1, x0, n0):
    total, x = n1 + n0, x1 + x0
    if x in (0, total):
        return 1.0
    p = x / total
    z = (x1 / n1 - x0 / n0) / math.sqrt(p * (1 - p) * (1 / n1 + 1 / n0) * total / (total - 1))
    return math.erfc(abs(z) / math.sqrt(2))


# --- the anytime interval -------------------------------------------------------------------------

def weight(alpha):
    """w = -W_{-1}(-a^2/e) - 1: the other root x of x - ln x = 1 - 2 ln a, less 1."""
    x = 1 - 2 * math.log(alpha)
    for _ in range(200):
        x = 1 - 2 * math.log(alpha) + math.log(x)
    return x - 1


def two_sided_c(alpha, w, r):
    return math.sqrt((1 + 1 / (w * r)) * (math.log1p(w * r) - 2 * math.log(alpha)))


def one_sided_c(alpha, w, r):
    return math.sqrt(2 * (1 + 1 / (w * r)) * math.log1p(math.sqrt(1 + w * r) / (2 * alpha)))


def two_sided_p(z, w, r):
    log_e = -math.log1p(w * r) / 2 + z * z / 2 * w * r / (1 + w * r)
    return min(1.0, math.exp(-log_e))


def one_sided_p(z, w, r):
    """The level at which the one-sided bound touches 0; z > 0 is the adverse side."""
    if z <= 0:
        return 1.0
    power = z * z * w * r / (2 * (1 + w * r))
    return 1.0 if power == 0 else min(1.0, math.sqrt(1 + w * r) / (2 * math.expm1(min(700, power))))


# --- corrections ----------------------------------------------------------------------------------

def holm(ps):
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    made, most = [0.0] * len(ps), 0.0
    for rank, i in enumerate(order):
        most = max(most, min(1.0, (len(ps) - rank) * ps[i]))
        made[i] = most
    return made


def benjamini_hochberg(ps):
    order = sorted(range(len(ps)), key=lambda i: -ps[i])
    made, least = [0.0] * len(ps), 1.0
    for place, i in enumerate(order):
        least = min(least, ps[i] * len(ps) / (len(ps) - place))
        made[i] = least
    return made


CORRECTIONS = {"none": list, "holm": holm, "benjamini_hochberg": benjamini_hochberg}


# --- the plan -------------------------------------------------------------------------------------

class Plan:
    """What was registered."""

    def __init__(self, catalogue, key):
        file = self.file = catalogue["experiments"][key]
        analysis = file.get("analysis", {})
        self.names = list(file["variants"])
        self.control = next(n for n in self.names if file["variants"][n].get("control"))
        self.treatments = [n for n in self.names if n != self.control]
        shares = [percent(v["weight"]) if "weight" in v else 1 / len(self.names)
                  for v in file["variants"].values()]
        self.weights = dict(zip(self.names, [s / math.fsum(shares) for s in shares]))
        self.peeking = analysis.get("peeking", "hybrid")
        self.alpha = 1 - percent(analysis.get("confidence", "95%"))
        self.min_days = analysis.get("min_days", 7)
        self.accounts = file.get("unit", "user") == "account"
        self.absolute = analysis.get("lift", "relative") == "absolute"
        self.correction = analysis.get("correction", "benjamini_hochberg")
        goals = file["metrics"].get("goal", [])
        self.goals = [goals] if isinstance(goals, str) else goals
        self.guardrails = file["metrics"].get("guardrails", [])
        self.secondary = file["metrics"].get("secondary", [])
        self.diagnostics = file["metrics"].get("diagnostics", [])
        self.segments = [" x ".join([s] if isinstance(s, str) else s)
                         for s in file.get("segments", [])]
        self.watched = [s for s in self.segments if " x " not in s]
        self.start = instant(file["start"]) if "start" in file else None
        self.end = instant(file["end"]) if "end" in file else None
        self.anytime = {"hybrid": self.alpha / 5, "always": self.alpha, "fixed": None}[self.peeking]
        self.fixed = {"hybrid": .8 * self.alpha, "always": None, "fixed": self.alpha}[self.peeking]
        self.expect(analysis.get("expect"))

    def expect(self, expect):
        self.planned = self.mde = None
        self.pair = {name: 200 if self.accounts else 2000 for name in self.treatments}
        if not expect:
            return
        base, lift = percent(expect["baseline"]), expect["lift"]
        moved = base * (1 + percent(lift)) if lift.endswith("%") else base + percent(
            lift[:-2] + "%")
        self.mde = abs(moved - base)
        self.planned = expect.get("units")
        if self.planned is None:
            power = percent(expect.get("power", "80%"))
            self.planned = math.ceil(max(self.units(base, moved, power, name)
                                         for name in self.treatments))
        self.pair = {name: self.planned * (self.weights[self.control] + self.weights[name])
                     for name in self.treatments}

    def units(self, base, moved, power, name):
        """All units with which the comparison with `name` has its power."""
        m = len(self.goals) * len(self.treatments)
        alpha = (self.fixed or self.alpha) / m
        k = self.weights[name] / self.weights[self.control]
        pooled = (base + k * moved) / (1 + k)
        z, zb = z_of(alpha / 2), -z_of(power)
        n0 = (z * math.sqrt(pooled * (1 - pooled) * (1 + 1 / k))
              + zb * math.sqrt(base * (1 - base) + moved * (1 - moved) / k)) ** 2 / self.mde ** 2
        if self.peeking == "always":
            c = two_sided_c(alpha, weight(alpha), 1)
            n0 *= ((c + zb) / (z + zb)) ** 2
        return n0 / self.weights[self.control]


# --- one metric against the control ---------------------------------------------------------------

class Series:
    """Units and successes by cohort day, of one metric in one slice."""

    def __init__(self, cells, plan, metric, segment, value, population="main"):
        self.counts = {}
        for place, fields in cells.items():
            if place[:3] == (population, segment, value) and place[5] == metric:
                self.counts[place[3], place[4]] = (fields["n"], fields.get("x", 0))
        self.plan = plan

    def until(self, day, name):
        n = x = 0
        for (cohort, variant), (units, successes) in self.counts.items():
            if variant == name and cohort <= day:
                n, x = n + units, x + successes
        return n, x


def welch(x1, n1, x0, n0):
    """Degrees of freedom of the difference of two rates; None where there are none."""
    if n1 < 2 or n0 < 2:
        return None
    v1, v0 = x1 * (n1 - x1) / n1 ** 3, x0 * (n0 - x0) / n0 ** 3
    spread = v1 * v1 / (n1 - 1) + v0 * v0 / (n0 - 1)
    return (v1 + v0) ** 2 / spread if spread else None


def welch_log(x1, n1, x0, n0):
    """The same of the log ratio, whose two variances are (1 - p)/x."""
    if n1 < 2 or n0 < 2 or not x1 or not x0:
        return None
    v1, v0 = (n1 - x1) / (n1 * x1), (n0 - x0) / (n0 * x0)
    spread = v1 * v1 / (n1 - 1) + v0 * v0 / (n0 - 1)
    return (v1 + v0) ** 2 / spread if spread else None


class Anytime:
    """What one look says of one comparison."""

    def __init__(self, plan, role, series, day, name):
        (n1, x1), (n0, x0) = series.until(day, name), series.until(day, plan.control)
        self.pair = x1, n1, x0, n0
        self.gate = all(n >= (20 if plan.accounts else 100) and min(x, n - x) >= 10
                        for n, x in ((n1, x1), (n0, x0)))
        if not self.gate:
            return
        p1, p0 = x1 / n1, x0 / n0
        v1, v0 = p1 * (1 - p1) / n1, p0 * (1 - p0) / n0
        self.difference, self.se = p1 - p0, math.sqrt(v1 + v0)
        self.ratio, self.ratio_se = p1 / p0, math.sqrt(1 / x1 - 1 / n1 + 1 / x0 - 1 / n0)
        self.freedom = welch(*self.pair) if plan.accounts else None
        self.ratio_freedom = welch_log(*self.pair) if plan.accounts else None
        self.r = (n1 + n0) / plan.pair[name]
        self.plan, self.role = plan, role

    def c(self, c, ratio=False):
        freedom = self.ratio_freedom if ratio else self.freedom
        return t_from_normal(c, freedom) if freedom else c

    def z(self, z):
        """The normal deviate as rare as this one is."""
        if self.freedom is None:
            return z
        return math.copysign(-NORMAL.inv_cdf(t_tail(abs(z), self.freedom)), z)

    def half(self, alpha, w, ratio=False):
        return self.c(two_sided_c(alpha, w, self.r), ratio)

    def bound_c(self, alpha, ratio=False):
        """The factor of a one-sided bound."""
        return self.c(one_sided_c(alpha, weight(2 * alpha), self.r), ratio)


def around(middle, half):
    return [middle - half, middle + half]


def lifted(ratio, half):
    return [math.expm1(math.log(ratio) - half), math.expm1(math.log(ratio) + half)]


# --- the report -----------------------------------------------------------------------------------

class Report:
    def __init__(self, catalogues, key, messages, as_of, stop_ms=None):
        running = [c for c in catalogues if c["experiments"][key]["status"] == "running"]
        self.registered, self.now = (running or catalogues[-1:])[0], catalogues[-1]
        self.key, self.as_of = key, as_of
        self.plan = Plan(self.registered, key)
        self.file = self.now["experiments"][key]
        cells = fold_oracle.cells(self.judging(catalogues[0]), key, messages)
        self.cells = {p: f for p, f in cells.items() if p[3] * DAY < as_of}
        self.exposures()
        self.finality()
        self.closing(stop_ms)

    def judging(self, first):
        """The registered catalogue with what the first declaration says of who counts: all
        exposures are older than it."""
        file = dict(self.registered["experiments"][self.key])
        file.pop("end", None)
        earlier = first["experiments"][self.key]
        if "end" in earlier:
            file["end"] = earlier["end"]
        return {**self.registered, "experiments": {self.key: file}}

    def closing(self, stop_ms):
        """When the last units come in, and whether someone ended it before its time."""
        plan = self.plan
        file_end = instant(self.file["end"]) if "end" in self.file else None
        self.close = min((e for e in (stop_ms, file_end) if e is not None), default=None)
        self.last = (self.close - 1) // DAY if self.close is not None else None
        self.closed = self.file["status"] == "stopped" or (
            self.close is not None and self.close <= self.as_of)
        self.hand = self.close is not None and plan.peeking != "always"
        if self.because == "size":
            self.hand = self.hand and self.last < self.k
        elif self.because == "end":
            self.hand = self.hand and self.close < plan.end

    def exposures(self):
        """First exposures by day, crossed ones by the variant met first."""
        self.by_day, self.crossed, self.exposed = {}, {}, {n: 0 for n in self.plan.names}
        self.crossed = {n: 0 for n in self.plan.names}
        self.mismatch = 0
        for (population, segment, _, day, variant, metric), fields in self.cells.items():
            if metric != "units" or segment or population in ("outside", "accounts"):
                continue
            self.by_day.setdefault(day, {})
            self.by_day[day][variant] = self.by_day[day].get(variant, 0) + fields["n"]
            self.exposed[variant] += fields["n"]
            self.mismatch += fields.get("mismatch", 0)
            if population == "crossed":
                self.crossed[variant] += fields["n"]
        self.first = min(self.by_day, default=None)

    def finality(self):
        plan = self.plan
        size = end = None
        if plan.planned:
            total = 0
            for day in sorted(self.by_day):
                total += sum(self.by_day[day].values())
                if total >= plan.planned:
                    size = day
                    break
        if plan.end is not None:
            end = (plan.end - 1) // DAY
        self.k, self.because = None, None
        if plan.peeking != "always":
            known = [(day, why) for day, why in ((size, "size"), (end, "end")) if day is not None]
            self.k, self.because = min(known, key=lambda k: k[0], default=(None, None))

    def mature(self, window):
        """The last cohort day that is mature."""
        return (self.as_of - window) // DAY - 1

    def is_final(self, window):
        """The final set is mature; who stops before it is complete has no final test."""
        return self.k is not None and self.mature(window) >= self.k and not self.hand

    def all_in(self, metric):
        """No new units come, and the last cohort is mature."""
        return (self.closed and self.last is not None
                and self.mature(metric_oracle.bounds(metric)[1]) >= self.last)

    def final_look(self, metric):
        """Nothing more will be known of it."""
        if self.plan.peeking == "always":
            return self.all_in(metric)
        return (self.is_final(metric_oracle.bounds(metric)[1])
                or (self.hand and self.all_in(metric)))

    # -- parts --

    def value(self, counts, alpha):
        n, x = counts
        if n == 0:
            return {"units": 0, "value": None, "interval": None}
        return {"units": n, "value": x / n, "interval": wilson(x, n, alpha)}

    def comparison(self, role, metric, series, name, margin=None, part=False):
        plan = self.plan
        window = metric_oracle.bounds(metric)[1]
        latest, final = self.mature(window), self.is_final(window)
        look = Anytime(plan, role, series, latest, name)
        (n1, x1), (n0, x0) = (series.until(self.k if final else latest, n)
                              for n in (name, plan.control))
        made = {"variant": name, "p": None, "p_now": None, "p_anytime": None}
        estimated = n1 > 0 and n0 > 0 and (final or look.gate)
        made["status"] = "ok" if estimated else "not_estimable"
        if estimated:
            made["difference"], made["lift"] = self.point(x1, n1, x0, n0)
        else:
            made["difference"] = made["lift"] = None
        if estimated and final:
            self.fixed_part(made, role, (x1, n1, x0, n0), part)
        if look.gate:
            self.anytime_part(made, role, metric, look, series, name, part)
        made["look"] = look
        self.hypothesis(made, role, final)
        if role == "guardrail" and not part:
            self.guardrail(made, metric, margin, look, final)
        return made

    def point(self, x1, n1, x0, n0):
        p1, p0 = x1 / n1, x0 / n0
        difference = {"estimate": p1 - p0, "interval": None, "anytime_interval": None,
                      "interval_adjusted": None,
                      "se": math.sqrt(p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0)}
        if not x1 or not x0 or (x1 == n1 and x0 == n0):
            return difference, None
        return difference, {"estimate": p1 / p0 - 1, "interval": None, "anytime_interval": None,
                            "se": math.sqrt(1 / x1 - 1 / n1 + 1 / x0 - 1 / n0)}

    def fixed_part(self, made, role, pair, part):
        plan = self.plan
        made["p"] = score_p(*pair)
        made["difference"]["interval"] = miettinen_nurminen(*pair, plan.fixed)
        if made["lift"]:
            z = z_of(plan.fixed / 2)
            if plan.accounts and welch_log(*pair):
                z = t_from_normal(z, welch_log(*pair))
            made["lift"]["interval"] = lifted(pair[0] / pair[1] / (pair[2] / pair[3]),
                                              z * made["lift"]["se"])
        m = len(plan.goals) * len(plan.treatments)
        if role == "goal" and m > 1 and not part:
            made["difference"]["interval_adjusted"] = miettinen_nurminen(*pair, plan.fixed / m)

    def anytime_part(self, made, role, metric, look, series, name, part):
        plan, latest = self.plan, self.mature(metric_oracle.bounds(metric)[1])
        if role == "guardrail":
            h = plan.alpha / (len(plan.guardrails) * len(plan.treatments))
            half, ratio_half = look.bound_c(h), look.bound_c(h, True)
        elif plan.anytime:
            half = look.half(plan.anytime, weight(plan.anytime))
            ratio_half = look.half(plan.anytime, weight(plan.anytime), True)
        else:
            return
        made["difference"]["anytime_interval"] = around(look.difference, half * look.se)
        if made["lift"]:
            made["lift"]["anytime_interval"] = lifted(look.ratio, ratio_half * look.ratio_se)
        m = len(plan.goals) * len(plan.treatments)
        if role == "goal" and m > 1 and made["p"] is None and not part:
            made["difference"]["interval_adjusted"] = around(
                look.difference, look.half(plan.anytime / m, weight(plan.anytime)) * look.se)
        made["p_now"] = self.p_of(look, role, metric)
        made["p_anytime"], made["p_anytime_cohort"] = made["p_now"], None
        if part:
            made["p_anytime"] = None
            return
        best = None
        for day in range(self.first, latest + 1):
            then = Anytime(plan, role, series, day, name)
            if then.gate:
                p = self.p_of(then, role, metric)
                if best is None or p < best[0]:
                    best = p, day
        made["p_anytime"], made["p_anytime_day"] = best

    def p_of(self, look, role, metric):
        plan, z = self.plan, look.z(look.difference / look.se) if look.se else 0.0
        if role == "guardrail":
            h = plan.alpha / (len(plan.guardrails) * len(plan.treatments))
            adverse = z if metric.get("better") == "lower" else -z
            return one_sided_p(adverse, weight(2 * h), look.r)
        return two_sided_p(z, weight(plan.anytime), look.r)

    def hypothesis(self, made, role, final):
        """p_h: 1 where there is none yet."""
        now = made["p_now"] if made["p_now"] is not None else 1.0
        fixed = made["p"] if made["p"] is not None else 1.0
        made["p_h"] = {"hybrid": min(1.0, 5 * now, 1.25 * fixed), "always": now,
                       "fixed": fixed}[self.plan.peeking]
        on_fixed = self.plan.peeking == "fixed" or (
            self.plan.peeking == "hybrid" and 1.25 * fixed <= 5 * now)
        made["side"] = made["difference"]["estimate"] if made["difference"] else 0.0
        if not on_fixed and made["look"].gate:
            made["side"] = made["look"].difference

    def guardrail(self, made, metric, worse_by, look, final):
        plan, lower = self.plan, metric.get("better") == "lower"
        relative = worse_by.endswith("%")
        margin = percent(worse_by if relative else worse_by[:-2] + "%")
        bound = None
        if final and made["difference"] and plan.fixed:
            effect = made["lift"] if relative else made["difference"]
            bound = effect["interval"][1 if lower else 0] if effect else None
        elif not final and look.gate and plan.peeking != "fixed":
            c = look.bound_c(plan.alpha / (10 if plan.peeking == "hybrid" else 2), relative)
            ends = (lifted(look.ratio, c * look.ratio_se) if relative
                    else around(look.difference, c * look.se))
            bound = ends[1 if lower else 0]
        state = "open"
        anytime = (made["difference"] or {}).get("anytime_interval")
        if bound is not None and (bound < margin if lower else bound > -margin):
            state = "passed"
        elif anytime and (anytime[0] > 0 if lower else anytime[1] < 0):
            state = "harmed"
        if state == "open" and not made["difference"] and self.final_look(metric):
            state = "blind"
        made["guardrail"] = {"margin": margin, "relative": relative, "worse_by": worse_by,
                             "bound": bound, "state": state}

    # -- metrics, families --

    def metric(self, role, name, margin=None):
        plan, metric = self.plan, self.registered["metrics"][name]
        window = metric_oracle.bounds(metric)[1]
        final = self.is_final(window)
        day = self.k if final else self.mature(window)
        series = Series(self.cells, plan, name, "", "(all)")
        made = {"metric": name, "role": role, "kind": metric["kind"], "final": final,
                "variants": [], "segments": []}
        for variant in plan.names:
            value = self.value(series.until(day, variant), plan.alpha)
            value["immature"] = (series.until(10 ** 9, variant)[0]
                                 - series.until(self.mature(window), variant)[0])
            made["variants"].append({"variant": variant, **value})
        made["comparisons"] = [self.comparison(role, metric, series, n, margin)
                               for n in plan.treatments]
        made["over_time"] = self.over_time(role, metric, series)
        made["segments"] = [self.segment(role, name, metric, margin, s) for s in plan.segments]
        return made

    def over_time(self, role, metric, series):
        """{cohort: [(estimate, se, p_now) or None by treatment]}"""
        plan, window, made = self.plan, metric_oracle.bounds(metric)[1], {}
        for day in range(self.first or 0, self.mature(window) + 1 if self.by_day else 0):
            looks = [Anytime(plan, role, series, day, name) for name in plan.treatments]
            made[day] = [(k.difference, k.se, self.p_of(k, role, metric) if plan.anytime
                          or role == "guardrail" else None) if k.gate else None for k in looks]
        return made

    def segment(self, role, name, metric, margin, segment):
        plan, window = self.plan, metric_oracle.bounds(metric)[1]
        final = self.is_final(window)
        day = self.k if final else self.mature(window)
        values = sorted({p[2] for p in self.cells if p[1] == segment and p[5] == "units"})
        made = {"segment": segment, "values": {}, "comparisons": {},
                "heterogeneity_by_variant": []}
        for value in values:
            series = Series(self.cells, plan, name, segment, value)
            made["values"][value] = [{"variant": v, "units": series.until(day, v)[0],
                                      "successes": series.until(day, v)[1]} for v in plan.names]
            made["comparisons"][value] = [self.comparison("part", metric, series, n, None, True)
                                          for n in plan.treatments]
        tested = role in ("goal",) and (final or plan.peeking == "always")
        for variant in plan.treatments if tested else []:
            pairs = []
            for value in values:
                series = Series(self.cells, plan, name, segment, value)
                (n1, x1), (n0, x0) = series.until(day, variant), series.until(day, plan.control)
                if min(x1, n1 - x1, x0, n0 - x0) >= 5:
                    pairs.append((x1, n1, x0, n0))
            made["heterogeneity_by_variant"].append({"variant": variant, **cochran(pairs)})
        return made

    def families(self, metrics):
        plan = self.plan
        for role, correct in (("goal", holm), ("secondary", CORRECTIONS[plan.correction])):
            declared = len(plan.goals if role == "goal" else plan.secondary) * len(plan.treatments)
            members = [c for m in metrics if m["role"] == role for c in m["comparisons"]]
            ps = [c["p_h"] for c in members]
            ps += [1.0] * (declared - len(ps))
            for member, p in zip(members, correct(ps)):
                known = member["p"] is not None or (member["p_now"] is not None
                                                    and plan.peeking != "fixed")
                member["p_adjusted"] = p if known else None
                member["p_family"] = p

    def value_families(self, metrics):
        """F5b: where the effect differs between a segment's values, those are one family."""
        for metric in metrics:
            for segment in metric["segments"]:
                for place, test in enumerate(segment["heterogeneity_by_variant"]):
                    members = [c[place] for c in segment["comparisons"].values()]
                    size = len(self.values_of(segment["segment"]))
                    for member in members:
                        member["p_adjusted"] = None
                    if test["p_adjusted"] is None or test["p_adjusted"] > self.plan.alpha:
                        continue
                    ps = [1.0 if c["p"] is None else c["p"] for c in members]
                    ps += [1.0] * (size - len(ps))
                    for member, p in zip(members, benjamini_hochberg(ps)):
                        member["p_adjusted"] = p if member["p"] is not None else None

    def values_of(self, segment):
        """All values that a segment, or a crossing, has."""
        count = [()]
        for name in segment.split(" x "):
            declared = self.registered["segments"][name]
            special = ["(below)" if "bands" in declared else "(other)", "(unknown)"]
            count = [c + (v,) for c in count
                     for v in fold_oracle.segment_values(declared) + special]
        return [" x ".join(c) for c in count]

    def heterogeneity_family(self, metrics):
        found = [h for m in metrics if m["role"] == "goal" for s in m["segments"]
                 for h in s["heterogeneity_by_variant"]]
        size = len(self.plan.segments) * len(self.plan.goals) * len(self.plan.treatments)
        ps = [h["p"] if h["p"] is not None else 1.0 for h in found]
        ps += [1.0] * (size - len(ps))
        for member, p in zip(found, benjamini_hochberg(ps)):
            member["p_adjusted"] = p if member["p"] is not None else None

    # -- trust --

    def sample_ratio(self):
        plan, k = self.plan, 1000
        counts = {n: 0 for n in plan.names}
        most = -math.inf
        since = None
        factor = 0.0
        for day in sorted(self.by_day):
            for variant, n in self.by_day[day].items():
                counts[variant] += n
            factor = log_factor(counts, plan.weights, k)
            most = max(most, factor)
            if factor >= math.log(100) and since is None:
                since = day
        total = sum(counts.values())
        if not total:
            return {"alarm": False, "chi_square": None, "p": None}
        expected = {n: total * plan.weights[n] for n in plan.names}
        statistic = math.fsum((counts[n] - expected[n]) ** 2 / expected[n] for n in plan.names)
        p = chi_square_tail(statistic, len(plan.names) - 1)
        return {"chi_square": statistic, "p": p, "bayes_factor": math.exp(factor),
                "bayes_factor_max": math.exp(most), "log_bayes_factor_max": most,
                "alarm": most >= math.log(100) and p < .001, "since_day": since,
                "gap": max(abs(counts[n] / total - plan.weights[n]) for n in plan.names)}

    def segment_ratio(self, segment):
        """The largest mean of the values' Bayes factors over the days; without units it is 1."""
        values = {v: {} for v in self.values_of(segment)}
        for (population, name, value, day, variant, metric), fields in self.cells.items():
            if name == segment and metric == "units" and population in ("main", "crossed"):
                values.setdefault(value, {}).setdefault(day, []).append((variant, fields["n"]))
        counts = {v: {n: 0 for n in self.plan.names} for v in values}
        most, mean = -math.inf, 0.0
        for day in sorted(self.by_day):
            for value, days in values.items():
                for variant, n in days.get(day, []):
                    counts[value][variant] += n
            mean = statistics.fmean(math.exp(log_factor(c, self.plan.weights, 1000))
                                    for c in counts.values())
            most = max(most, mean)
        return {"segment": segment, "bayes_factor": mean, "bayes_factor_max": most,
                "warning": most >= 100 * len(self.plan.watched)}

    def crossing(self):
        total, met = sum(self.exposed.values()), sum(self.crossed.values())
        if not total:
            return {"p": None, "alarm": False}
        p = None
        seen_variants = [n for n in self.plan.names if self.exposed[n]]
        if 0 < met < total and len(seen_variants) > 1:
            statistic = 0.0
            for n in seen_variants:
                for seen, share in ((self.crossed[n], met / total),
                                    (self.exposed[n] - self.crossed[n], 1 - met / total)):
                    expected = self.exposed[n] * share
                    statistic += (seen - expected) ** 2 / expected
            p = chi_square_tail(statistic, len(seen_variants) - 1)
        return {"p": p, "share": met / total,
                "alarm": (p is not None and p < .001) or met / total > .05}

    def outside(self):
        found = {}
        for place, fields in self.cells.items():
            if place[0] == "outside" and place[5] == "units":
                found[place[2]] = found.get(place[2], 0) + fields["n"]
        return found


def log_factor(counts, weights, k):
    total = sum(counts.values())
    return math.lgamma(k) - math.lgamma(k + total) + math.fsum(
        math.lgamma(k * weights[n] + counts[n]) - math.lgamma(k * weights[n])
        - counts[n] * math.log(weights[n]) for n in counts)


def cochran(pairs):
    if len(pairs) < 2:
        return {"q": None, "df": None, "p": None, "i2": None, "tau2": None}
    ys = [x1 / n1 - x0 / n0 for x1, n1, x0, n0 in pairs]
    ws = [1 / (x1 / n1 * (1 - x1 / n1) / n1 + x0 / n0 * (1 - x0 / n0) / n0)
          for x1, n1, x0, n0 in pairs]
    mean = math.fsum(w * y for w, y in zip(ws, ys)) / math.fsum(ws)
    q = math.fsum(w * (y - mean) ** 2 for w, y in zip(ws, ys))
    df = len(pairs) - 1
    spread = math.fsum(ws) - math.fsum(w * w for w in ws) / math.fsum(ws)
    return {"q": q, "df": df, "p": chi_square_tail(q, df),
            "i2": max(0.0, (q - df) / q) if q else 0.0, "tau2": max(0.0, (q - df) / spread)}
