"""`gangway calc`, time to event: what the vectors do not reach."""

import json
import math
import random
import unittest

from calc_vectors import ask


def one(family, **given):
    """The answer to one input, which must not be an error."""
    status, answers, told = ask(family, [json.dumps(given)])
    assert status == 0, told
    return answers[0]


def error(family, **given):
    status, answers, _ = ask(family, [json.dumps(given)])
    assert status == 2 and answers[0]["status"] == "error", answers
    return answers[0]["error"]


AML = {"time": [9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161],
       "event": [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0]}


class Edges(unittest.TestCase):
    def test_the_order_of_the_units_does_not_matter(self):
        chance = random.Random(3)
        order = list(range(11))
        chance.shuffle(order)
        mixed = {key: [AML[key][i] for i in order] for key in AML}
        self.assertEqual(one("kaplan_meier", **AML), one("kaplan_meier", **mixed))

    def test_quantiles_may_be_asked_for(self):
        answer = one("kaplan_meier", quantile_probs=[.1, .5], **AML)
        self.assertEqual((answer["quantile_probs"], answer["quantiles"]), ([.1, .5], [13, 31]))
        for bad in (0, 1, -1):
            self.assertIn("quantile_probs", error("kaplan_meier", quantile_probs=[bad], **AML))

    def test_nobody_is_no_answer_and_says_so(self):
        for family, given in (("kaplan_meier", {}), ("rmst", {"tau": 1}),
                              ("logrank", {"arm": []}), ("cox", {"arm": []}),
                              ("survival_two_arm", {"arm": [], "tau": 1})):
            answer = one(family, time=[], event=[], **given)
            self.assertEqual((answer["status"], answer["reason"]), ("not_estimable", "no units"))

    def test_without_a_variance_there_is_no_test(self):
        for time, event, arm, reason in (
                ([1, 2, 3], [0, 0, 0], [0, 1, 1], "no events"),
                ([1, 1, 1, 1], [1, 1, 1, 1], [0, 0, 1, 1], "every unit has the same value"),
                ([1, 2, 3], [1, 1, 1], [1, 1, 1], "too few to compare")):
            answer = one("logrank", time=time, event=event, arm=arm)
            self.assertEqual((answer["chisq"], answer["p_value"], answer["reason"]),
                             (None, None, reason))

    def test_a_ratio_that_is_not_finite_leaves_the_score(self):
        answer = one("cox", time=[1, 2, 3, 4], event=[0, 0, 1, 1], arm=[0, 0, 1, 1])
        self.assertIsNone(answer["loghr_efron"])
        answer = one("cox", time=[1, 2, 3, 4], event=[1, 0, 1, 0], arm=[1, 0, 1, 0])
        self.assertIsNone(answer["loghr_efron"])
        self.assertGreater(answer["score_chisq"], 0)

    def test_variants_may_have_any_numbers(self):
        time, event = [1, 2, 2, 3, 5, 8], [1, 1, 0, 1, 1, 1]
        plain = one("logrank", time=time, event=event, arm=[0, 1, 2, 0, 1, 2])
        spread = one("logrank", time=time, event=event, arm=[3, 70, 10**9, 3, 70, 10**9])
        self.assertEqual(plain, spread)
        self.assertEqual(plain["df"], 2)
        self.assertEqual(one("logrank", time=[1] * 16 + [2], event=[1] * 17,
                             arm=[*range(16), 0])["df"], 15)
        self.assertIn("more than 16", error("logrank", time=[1] * 17, event=[1] * 17,
                                            arm=[*range(17)]))

    def test_times_below_zero_and_lists_of_two_lengths_are_refused(self):
        self.assertIn("time: has -1", error("rmst", time=[-1, 2], event=[1, 1], tau=1))
        self.assertIn("event: has 1", error("rmst", time=[1, 2], event=[1], tau=1))
        self.assertIn("end: has 3", error("cumulative_incidence", time=[1], end=[3], tau=1))

    def test_past_the_last_time_the_curve_stays(self):
        answer = one("survival_two_arm", time=[1, 2, 3, 1, 2, 4], event=[1, 0, 0, 0, 1, 0],
                     arm=[0, 0, 0, 1, 1, 1], tau=10)
        self.assertAlmostEqual(answer["rmst0"], 1 + 9 * 2 / 3, 12)
        self.assertEqual((answer["n_risk0"], answer["n_risk1"]), (0, 0))
        self.assertAlmostEqual(answer["rmst_diff"], answer["rmst1"] - answer["rmst0"], 12)


class Incidence(unittest.TestCase):
    def test_with_one_cause_it_is_one_less_the_survival(self):
        curve = one("kaplan_meier", **AML)
        answer = one("cumulative_incidence", time=AML["time"], end=AML["event"], tau=48.3)
        for incidence, survival in zip(answer["incidence"], curve["surv"], strict=True):
            self.assertAlmostEqual(incidence, 1 - survival, 13)
        mean = one("rmst", tau=48.3, **AML)
        self.assertTrue(math.isclose(answer["mean_without"], mean["rmst"], rel_tol=1e-12))
        self.assertTrue(math.isclose(answer["se_without"], mean["se"], rel_tol=1e-9))

    def test_another_end_rules_the_event_out(self):
        answer = one("cumulative_incidence", time=[1, 2, 3, 4], end=[1, 2, 1, 2], tau=4)
        self.assertEqual(answer["incidence"], [.25, .25, .5, .5])
        self.assertEqual(answer["mean_without"], 4 - (.25 * 2 + .5))


if __name__ == "__main__":
    unittest.main()
