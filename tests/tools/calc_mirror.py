"""What becomes of each figure when treatment and control change places.

MIRROR has a row a family: how its input is mirrored, and for each figure what the mirror does to it:

    same        nothing: a chi-square, a two-sided p, a standard error
    negate      a difference changes its sign, an interval its ends too
    invert      a ratio becomes its reciprocal
    lift        a ratio less 1
    complement  1 less it
    reverse     a list with one item a variant
    @other      it changes places with the figure `other`
"""

import math

SIDES = ("control", "treatment")


def swap_sides(value):
    """Keys of the control become keys of the treatment."""
    def name(key):
        for left, right in (SIDES, SIDES[::-1]):
            if left in key.split("_"):
                return "_".join(right if part == left else part for part in key.split("_"))
        return key

    if isinstance(value, dict):
        return {name(key): swap_sides(item) for key, item in value.items()}
    if isinstance(value, list):
        return [swap_sides(item) for item in value]
    return value


def flip(key):
    """The list `key` says 1 for the treatment and 0 for the control."""
    def mirror(value):
        items = value.get(key)
        if not isinstance(items, list):
            return value
        return {**value, key: [1 - item if item in (0, 1) else item for item in items]}
    return mirror


def turn(key):
    """The list `key` numbers the variants: the last becomes the first."""
    def mirror(value):
        items = value.get(key)
        if not isinstance(items, list) or not items or not all(
                type(x) in (int, float) and x >= 0 and x % 1 == 0 for x in items):
            return value
        return {**value, key: [max(items) - item for item in items]}
    return mirror


def rows(kind, *names):
    return {name: kind for name in names}


MIRROR = {
    "beta_binomial": (swap_sides, {
        "p_treatment_better": "complement",
        "expected_loss_ship_treatment": "@expected_loss_keep_control",
        "post_mean_control": "@post_mean_treatment"}),
    "cox": (flip("arm"), {
        **rows("negate", "loghr_efron", "loghr_breslow"), **rows("invert", "hr_efron", "hr_ci_efron"),
        **rows("same", "se_efron", "wald_p", "lr_chisq", "score_chisq", "se_breslow", "zph_chisq",
               "zph_p")}),
    "fisher_exact": (swap_sides, {
        "p_value": "same", "p_greater": "@p_less",
        **rows("invert", "odds_ratio_cmle", "odds_ratio_ci")}),
    "logrank": (turn("arm"), {
        **rows("same", "chisq", "df", "p_value", "var_om_e_arm1", "chisq_rho1_petopeto", "p_rho1"),
        **rows("reverse", "obs", "exp")}),
    "mann_whitney": (swap_sides, rows("same", "p_normal_cc", "p_normal_nocc")),
    "miettinen_nurminen": (swap_sides, {
        **rows("negate", "diff_mn", "diff_mee_koopman", "z_score_at_0"),
        **rows("invert", "ratio_mn", "ratio_mee_koopman")}),
    "post_stratification": (flip("t"), {
        **rows("negate", "poststrat_est", "unadj_est"),
        **rows("same", "poststrat_se", "unadj_se", "unadj_df", "unadj_p")}),
    "prop_diff_ratio_ci": (swap_sides, {
        **rows("negate", "wald", "agresti_caffo", "newcombe", "z_pooled"),
        **rows("invert", "ratio_log_katz", "ratio_score_mn", "ratio_score_koopman_nocorr",
               "oddsratio_log"),
        "p_pooled": "same"}),
    "prop_two_sample_ztest": (swap_sides, {
        **rows("same", "chisq_pooled", "p_value_pooled", "chisq_yates", "p_value_yates"),
        "wald_diff_ci": "negate", "p_value_one_sided_greater": "complement",
        "p_control": "@p_treatment"}),
    "ratio_cluster": (flip("arm"), {
        "arm0": "@arm1", "diff": "negate", "naive_se_ignoring_cluster": "same"}),
    "relative_lift_log": (swap_sides, {
        **rows("negate", "log_ratio", "log_or", "rd"), "rel_lift_ci": "lift",
        **rows("same", "var_log_ratio", "var_log_or", "var_rd", "p")}),
    "stratified_cmh": (swap_sides, {
        **rows("same", "cmh_chisq", "cmh_p", "cmh_chisq_cc", "cmh_p_cc", "mh_rd_se", "mh_logor_se",
               "mh_logrr_se", "breslow_day_p", "breslow_day_tarone_p"),
        **rows("invert", "mh_or", "mh_or_ci"), **rows("negate", "mh_rd", "mh_logor", "mh_logrr")}),
    "survival_two_arm": (flip("arm"), {
        "rmst0": "@rmst1", "se0": "@se1", "surv0": "@surv1", "se_surv0": "@se_surv1",
        "n_risk0": "@n_risk1"}),
    "welch_summary": (swap_sides, {
        **rows("negate", "t", "ci95"), **rows("same", "p_value", "df")}),
    "welch_t": (swap_sides, {
        **rows("negate", "diff", "t", "ci95", "ci90", "student_t"),
        **rows("same", "se", "df", "p_value", "student_p"), "mean_control": "@mean_treatment",
        "var_control": "@var_treatment"}),
}


def number(value):
    return math.inf if value == "inf" else -math.inf if value == "-inf" else value


def apply(function, value, turned=False):
    """The function on a number or on each of a list, whose ends change places if `turned`."""
    if isinstance(value, list):
        items = [apply(function, item) for item in value]
        return items[::-1] if turned else items
    return None if value is None else function(number(value))


def inverted(value):
    return math.inf if value == 0 else 1 / value


def expected(kind, name, answer):
    """What the mirrored answer has under `name`."""
    if name == "odds_ratio_cmle" and answer["odds_ratio_ci"] == [0, "inf"]:
        return answer[name]  # the margins leave one table: 0 as in R, whichever way round
    if kind == "reverse":
        return None if answer[name] is None else answer[name][::-1]
    function = {"same": lambda x: x, "negate": lambda x: -x, "invert": inverted,
                "lift": lambda x: inverted(1 + x) - 1, "complement": lambda x: 1 - x}[kind]
    return apply(function, answer[name], turned=True)


def is_near(left, right, relative):
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(is_near(left[key], right[key], relative)
                                                   for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(is_near(a, b, relative) for a, b in zip(left, right))
    left, right = number(left), number(right)
    if left is None or right is None or math.isinf(left) or math.isinf(right):
        return left == right
    return abs(left - right) <= relative * max(abs(left), abs(right)) + 1e-12


def lost_digits(lift):
    """A lift so near -1 that 1 more than it has few digits left."""
    return isinstance(lift, list) and min(map(number, lift)) < -.9999


def differences(family, answer, mirrored, relative=1e-9):
    """The figures that the mirror did not treat as its row says."""
    found = []
    for name, kind in MIRROR[family][1].items():
        pairs = [(name, kind[1:]), (kind[1:], name)] if kind[0] == "@" else [(name, name)]
        for here, there in pairs:
            if here not in answer or (kind == "lift" and lost_digits(answer[here])):
                continue
            wanted = answer[here] if kind[0] == "@" else expected(kind, here, answer)
            if not is_near(wanted, mirrored.get(there), relative):
                found.append(f"{family} {here}: {answer[here]!r} became {mirrored.get(there)!r}")
    return found
