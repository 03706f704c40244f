"""`gangway calc power` and `shrunken`: the kinds that no vector has, by hand and undoing each other."""

import json
import math
import unittest

from calc_vectors import ask

REACH_SQUARED = 7.848879734  # (z of .025 + z of .2) squared, from the tables


def answer(family, **given):
    status, answers, told = ask(family, [json.dumps(given)])
    assert status == 0, told
    return answers[0]


class Power(unittest.TestCase):
    def close(self, got, expected, relative=1e-9):
        self.assertTrue(math.isclose(got, expected, rel_tol=relative), (got, expected))

    def test_normal_plans_by_hand(self):
        n = answer("power", kind="normal_n", variance=.37, delta=.02)["n"]
        self.close(n, REACH_SQUARED * 2 * .37 / 4e-4, 1e-8)
        n = answer("power", kind="margin_n", variance=.37, margin=.05, harm=.03)["n"]
        self.close(n, REACH_SQUARED * 2 * .37 / 4e-4, 1e-8)
        self.close(answer("power", kind="design_effect", mean=7, cv=.6, icc=.05)["design_effect"],
                   1.426)
        self.close(answer("power", kind="cuped", r=-.6)["factor"], .64)
        moments = dict(mean_y=6, mean_s=4, variance_y=9, variance_s=5, covariance=3)
        self.close(answer("power", kind="ratio_variance", **moments)["variance"], 11.25 / 16)
        whole = answer("power", kind="normal_mde", sd=3, n=500)["delta"]
        self.close(answer("power", kind="interaction_mde", sd=3, n=500)["delta"], 2 * whole)
        self.close(answer("power", kind="normal_mde", sd=3, n=500, share=.25)["delta"], 2 * whole)

    def test_always_needs_1_91_times_the_units(self):
        fixed = answer("power", kind="normal_n", sd=3, delta=.2)["n"]
        always = answer("power", kind="always_n", sd=3, delta=.2)["n"]
        self.assertTrue(abs(always / fixed - 1.91) < .01)

    def test_units_power_and_effect_undo_each_other(self):
        rows = [("normal", dict(variance_control=.2, variance_treatment=.5)),
                ("always", dict(sd=1.3, planned=4000)),
                ("plan", dict(design="hybrid", metric="rate", baseline=.22, members=2)),
                ("plan", dict(design="always", metric="mean", sd=.4, inflation=1.4)),
                ("plan", dict(design="fixed", metric="normal", sd=.4, ratio=.5))]
        for kind, more in rows:
            n = answer("power", kind=kind + "_n", delta=.03, power=.85, **more)["n"]
            self.close(answer("power", kind=kind + "_power", delta=.03, n=n, **more)["power"], .85,
                       1e-8)
            self.close(answer("power", kind=kind + "_mde", n=n, power=.85, **more)["delta"], .03,
                       1e-7)
        n = answer("power", kind="anova_n", k=4, f=.13)["n"]
        self.close(answer("power", kind="anova_power", k=4, f=.13, n=n)["power"], .8)
        self.close(answer("power", kind="anova_mde", k=4, n=n)["f"], .13, 1e-7)
        n = answer("power", kind="margin_n", sd=.4, margin=.03)["n"]
        self.close(answer("power", kind="margin_power", sd=.4, margin=.03, n=n)["power"], .8)

    def test_a_long_plan_is_not_detectable(self):
        given = dict(kind="duration", per_week=1500, window_weeks=1)
        self.assertEqual(answer("power", n_total=9000, **given)["weeks"], 7)
        long = answer("power", n_total=10501, **given)
        self.assertEqual((long["verdict"], long["reachable_units"]), ("not detectable", 10500))

    def test_what_cannot_be_planned_is_null_and_says_why(self):
        for given in (dict(kind="prop_n_per_arm", p1=.2, p2=.2), dict(kind="t_n_per_arm", delta=0),
                      dict(kind="always_n", sd=1, delta=0)):
            got = answer("power", **given)
            self.assertIsNone(got["n"])
            self.assertEqual(got["status"], "not_estimable")
            self.assertEqual(got["reason"], "not detectable with these units")
        got = answer("power", kind="t_power", n=1, delta=.5)
        self.assertEqual((got["power"], got["status"]), (None, "not_estimable"))

    def test_an_unknown_kind_is_named_with_its_nearest(self):
        status, answers, _ = ask("power", ['{"kind": "prop_powr", "n": 3}'])
        self.assertEqual(status, 2)
        self.assertIn("did you mean 'prop_power'?", answers[0]["error"])


class Shrunken(unittest.TestCase):
    YI = [.031, .012, .045, -.02, .027, .008]
    VI = [.0002, .0001, .0009, .0004, .0003, .0001]

    def test_the_report_form_is_the_quadrature(self):
        """mpmath, 20 digits (tests/stats/test_shrinkage.c has all six)."""
        got = answer("shrunken", yi=self.YI, vi=self.VI)
        self.assertTrue(math.isclose(got["estimate"][3], 0.00804751800328121, rel_tol=1e-6))
        self.assertTrue(math.isclose(got["se"][3], 0.0118828071162473, rel_tol=1e-6))

    def test_too_few_or_without_error_is_null(self):
        for yi, vi in (([.1], [.2]), ([.1, .2], [.1, 0])):
            for family, name in (("shrunken", "estimate"), ("meta_dl_blup", "blup")):
                got = answer(family, yi=yi, vi=vi)
                self.assertIsNone(got[name])
                self.assertEqual(got["status"], "not_estimable")


class Winner(unittest.TestCase):
    def test_a_filtered_effect_matches_roots_at_thirty_digits(self):
        """mpmath (tests/stats/test_winner.c has more)."""
        got = answer("winner", estimate=2.385, se=1, boundary=1.96)
        for name, value in (("conditional_mle", 0.8623488506085066),
                            ("median_unbiased", 1.062184588518618)):
            self.assertTrue(math.isclose(got[name], value, rel_tol=1e-8), got)
        self.assertTrue(math.isclose(got["ci"][1], 4.147463824533971, rel_tol=1e-8), got)

    def test_one_look_is_the_filter(self):
        one = answer("winner", estimate=2.385, se=1, ratios=[1], boundaries=[1.96], stop=1)
        filtered = answer("winner", estimate=2.385, se=1, boundary=1.96)
        self.assertTrue(math.isclose(one["conditional_mle"], filtered["conditional_mle"],
                                     rel_tol=1e-6))

    def test_ten_past_effects_say_what_to_expect_and_nine_do_not(self):
        past = [.031, .012, .045, -.02, .027, .008, .004, -.003, .018, .022]
        errors = [.0002, .0001, .0009, .0004, .0003, .0001, .0002, .0001, .0003, .0004]
        given = dict(estimate=.061, se=math.sqrt(.0003), boundary=2.5)
        got = answer("winner", past_yi=past, past_vi=errors, **given)
        self.assertTrue(math.isclose(got["expected"], 0.0275666882670004, rel_tol=1e-6), got)
        few = answer("winner", past_yi=past[1:], past_vi=errors[1:], **given)
        self.assertEqual((few["expected"], few["reasons"]["expected"]), (None, "too few to compare"))

    def test_an_effect_inside_its_boundary_has_no_correction(self):
        got = answer("winner", estimate=1, se=1, boundary=1.96)
        self.assertEqual((got["conditional_mle"], got["status"]), (None, "not_estimable"))


if __name__ == "__main__":
    unittest.main()
