"""The verdict's ordered table a second time, from inference.md.

    verdict(report, metrics, trust) -> {"row", "code", "variant", "metric"}

`report` is report_oracle.Report, `metrics` its metrics with p_family and guardrail states, `trust`
its health, `stop_ms` when the files said `stopped`, or None.  Row 2 (damage) is not reached here.
"""
import math

from report_oracle import DAY, instant, metric_oracle

CODES = {1: "not_started", 3: "do_not_trust", 4: "do_not_trust", 5: "do_not_trust", 6: "stop_harm",
         7: "keep_running", 8: "inconclusive", 9: "ship", 10: "ship", 11: "keep_running",
         12: "keep_running", 13: "inconclusive", 14: "inconclusive", 15: "inconclusive",
         16: "no_difference", 17: "inconclusive", 18: "keep_running", 19: "keep_running",
         20: "keep_running", 21: "keep_running", 22: "keep_running"}


class Judge:
    def __init__(self, report, metrics, trust):
        self.report, self.plan, self.trust = report, report.plan, trust
        self.goals = [m for m in metrics if m["role"] == "goal"]
        self.guards = [m for m in metrics if m["role"] == "guardrail"]

    def definition(self, metric):
        return self.report.registered["metrics"][metric["metric"]]

    def window(self, metric):
        return metric_oracle.bounds(self.definition(metric))[1]

    def final(self, metric):
        if self.plan.peeking == "always":
            return self.report.all_in(self.definition(metric))
        return metric["final"]

    def final_look(self, guard):
        return self.report.final_look(self.definition(guard))

    def comparison(self, metric, variant):
        return next(c for c in metric["comparisons"] if c["variant"] == variant)

    def gain(self, metric, estimate):
        lower = self.definition(metric).get("better") == "lower"
        return -estimate if lower else estimate

    def moved(self, goal, variant):
        """1: better, -1: worse, 0: not shown."""
        found = self.comparison(goal, variant)
        gain = self.gain(goal, found["side"])
        return (gain > 0) - (gain < 0) if found["p_family"] <= self.plan.alpha else 0

    def wins(self, variant):
        moved = [self.moved(goal, variant) for goal in self.goals]
        return 1 in moved and -1 not in moved

    def harmed(self, variant):
        return any(self.moved(goal, variant) < 0 for goal in self.goals) or any(
            self.comparison(g, variant)["guardrail"]["state"] == "harmed" for g in self.guards)

    def passed(self, variant):
        return all(self.comparison(g, variant)["guardrail"]["state"] == "passed"
                   for g in self.guards)

    def won(self, variant):
        """The goal that it won, with the smallest p where there are several."""
        return min((g for g in self.goals if self.moved(g, variant) > 0),
                   key=lambda g: self.comparison(g, variant)["p_family"])

    def best(self, variants):
        """The winner with the largest estimate."""
        return max(variants, key=lambda v: self.gain(
            self.won(v), self.comparison(self.won(v), v)["side"]))

    def harms(self, variant):
        """[(adverse estimate / SE, metric)] of what harms it."""
        found = []
        for metric in self.goals + self.guards:
            comparison = self.comparison(metric, variant)
            if (self.moved(metric, variant) < 0 if metric["role"] == "goal"
                    else comparison["guardrail"]["state"] == "harmed"):
                effect = comparison["difference"]
                found.append((-self.gain(metric, effect["estimate"]) / effect["se"],
                              metric["metric"]))
        return found

    def worst(self):
        return max(self.plan.treatments, key=lambda variant: max(self.harms(variant)))

    def trusted(self):
        """Rows 1 to 5."""
        report, plan = self.report, self.plan
        exposed = sum(report.exposed.values())
        start = instant(report.file["start"]) if "start" in report.file else None
        if report.file["status"] == "draft" or (start is not None and report.as_of < start) \
                or not exposed:
            return 1
        if self.trust["sample_ratio"]["alarm"]:
            return 3
        if self.trust["crossed"]["alarm"]:
            return 4
        return 5 if report.mismatch > .01 * exposed else 0

    def decide(self):
        plan, report = self.plan, self.report
        row = self.trusted()
        if row:
            return row, None
        candidates = [v for v in plan.treatments if not self.harmed(v)]
        if not candidates:
            return 6, self.worst()
        status = report.file["status"]
        if not self.goals:
            return (7 if status in ("running", "paused") else 8), None
        winners = [v for v in candidates if self.wins(v)]
        row = self.winning(winners)
        return row if row else (self.waiting(candidates, winners, status), None)

    def is_final(self):
        return all(self.final(goal) for goal in self.goals)

    def run(self, goal):
        return self.report.mature(self.window(goal)) - self.report.first + 1

    def winning(self, winners):
        """A goal is final, and has run, by its own window."""
        clear = [v for v in winners if self.passed(v)]
        early = [v for v in winners if not self.final(self.won(v))]
        short = [v for v in early if self.run(self.won(v)) < self.plan.min_days]
        ahead = [v for v in clear if v in early and v not in short]
        if ahead:
            return 9, self.best(ahead)
        done = [v for v in clear if v not in early]
        if done:
            return 10, self.best(done)
        if short and not self.report.closed:
            self.about = short
            return 11, None
        self.about = [v for v in winners if any(
            not self.final_look(g) and self.comparison(g, v)["guardrail"]["state"] == "open"
            for g in self.guards)]
        if self.about:
            return 12, None
        unshown = [v for v in winners if not self.passed(v) and all(
            self.final_look(g) or self.comparison(g, v)["guardrail"]["state"] == "passed"
            for g in self.guards)]
        if unshown:
            return 13, self.best(unshown)
        return None

    def waiting(self, candidates, winners, status):
        plan, report, first = self.plan, self.report, self.goals[0]
        final = self.is_final()
        found = [self.comparison(first, v) for v in candidates]
        if final and all(self.comparison(g, v)["difference"] is None
                         for v in candidates for g in self.goals):
            return 14
        if self.report.hand and all(self.report.all_in(self.definition(g)) for g in self.goals):
            return 15
        if final and not winners:
            return 16 if plan.mde and all(self.below(first, c) for c in found) else 17
        if self.report.closed:
            return 18
        if status == "paused":
            return 19
        if not any(self.comparison(goal, v)["look"].gate
                   for goal in self.goals for v in plan.treatments):
            return 20
        return 21 if self.slow() else 22

    def below(self, goal, comparison):
        """Whether no improvement as large as planned is left in the final interval."""
        difference = comparison["difference"]
        if difference is None:
            return False
        interval = difference["anytime_interval" if self.plan.peeking == "always" else "interval"]
        if interval is None:
            return False
        return max(self.gain(goal, end) for end in interval) < self.plan.mde

    def slow(self):
        """Whether the final set lies more than eight weeks ahead at the present rate."""
        report, plan = self.report, self.plan
        today = report.as_of // DAY
        whole = min(7, today - report.first)
        if plan.peeking == "always" or whole < 1:
            return False
        units = sum(sum(report.by_day.get(day, {}).values())
                    for day in range(today - whole, today))
        known = [] if report.k is None else [report.k]
        if plan.planned and report.because != "size":
            if not units:
                return (whole == 7 and not known) or any(self.far(day) for day in known)
            missing = plan.planned - sum(report.exposed.values())
            known.append(today + math.ceil(missing / (units / whole)))
        return bool(known) and self.far(min(known))

    def far(self, day):
        return (day + 1) * DAY > self.report.as_of + 56 * DAY

    def named(self, row, variant):
        """The metric that the row speaks of."""
        if row == 6:
            return max(self.harms(variant))[1]
        if row in (9, 10, 11, 12, 13):
            variant = variant or self.best(self.about)
            return self.won(variant)["metric"]
        return self.goals[0]["metric"] if row in (16, 17) else None

    def flags(self, row):
        harmed = [v for v in self.plan.treatments if self.harmed(v)]
        found = []
        if harmed and len(harmed) < len(self.plan.treatments):
            found.append("harms")
        if any(h["p_adjusted"] is not None and h["p_adjusted"] <= self.plan.alpha
               for g in self.goals for s in g["segments"] for h in s["heterogeneity_by_variant"]):
            found.append("segments")
        return found


def verdict(report, metrics, trust):
    judge = Judge(report, metrics, trust)
    row, variant = judge.decide()
    return {"row": row, "code": CODES[row], "variant": variant,
            "metric": judge.named(row, variant), "flags": judge.flags(row)}
