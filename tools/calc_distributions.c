/* `gangway calc`: the distributions as the library itself uses them (stats/normal.h, chi_square.h,
 * beta.h, anytime.h). */

#include "calc.h"

#include "stats/anytime.h"
#include "stats/beta.h"
#include "stats/chi_square.h"
#include "stats/normal.h"

#include <math.h>

/* Degrees of freedom of a table. */
#define DF_MAX 1000000000

static void normal_quantile(struct calc *call)
{
    double p = calc_number_in(call, "p", 0, 1);
    if (!calc_failed(call) && !alpha_is_valid(p))
        calc_bad(call, "p", "is %g, not between 0 and 1", p);
    if (!calc_failed(call))
        calc_put(call, "value", 0 - normal_z_one_sided(p));
}

static void put_tail(struct calc *call, enum reason reason, double p, double log_p)
{
    calc_put_value(call, "value", reason, p);
    calc_put_value(call, "log", reason, log_p);
}

static void normal_tail(struct calc *call)
{
    double x = calc_number(call, "x");
    if (calc_failed(call))
        return;
    struct test test = normal_test_upper(x);
    put_tail(call, isfinite(test.log_p) ? REASON_NONE : REASON_NOT_FINITE, test.p, test.log_p);
}

static void student_tail(struct calc *call)
{
    double x = calc_number(call, "x"), df = calc_positive(call, "df");
    if (calc_failed(call))
        return;
    struct test test = t_test_upper(x, df);
    put_tail(call, isfinite(test.log_p) ? REASON_NONE : REASON_NOT_FINITE, test.p, test.log_p);
}

static void chi_square(struct calc *call)
{
    double x = calc_number(call, "x");
    unsigned df = (unsigned)calc_count_in(call, "df", 1, DF_MAX);
    struct chi_square test = {0};
    if (!calc_failed(call) && x < 0)
        calc_bad(call, "x", "is %g, below 0", x);
    if (calc_failed(call))
        return;
    enum reason reason = chi_square_tail(x, df, &test);
    put_tail(call, reason, test.p, test.log_p);
}

static void beta_lower(struct calc *call)
{
    double x = calc_number_in(call, "x", 0, 1);
    struct beta shape = {.a = calc_positive(call, "a"), .b = calc_positive(call, "b")};
    struct beta_tails tails = {0};
    if (calc_failed(call))
        return;
    enum reason reason = beta_tails(shape, split_of(x), &tails);
    calc_put_value(call, "value", reason, tails.lower);
}

static void log_beta(struct calc *call)
{
    struct beta shape = {.a = calc_positive(call, "a"), .b = calc_positive(call, "b")};
    double value = 0;
    if (calc_failed(call))
        return;
    enum reason reason = beta_log_function(shape, &value);
    calc_put_value(call, "value", reason, value);
}

/* W_{-1}(-alpha^2 / e): what the anytime interval takes from it. */
static void lambert(struct calc *call)
{
    static const char form[] = "-alpha^2*exp(-1)";
    double alpha = calc_alpha(call), w = 0;
    struct slice argument = calc_text_or(call, "x_of_alpha", form);
    if (!calc_failed(call) && !slice_equals(argument, form))
        calc_bad(call, "x_of_alpha", "wants %s", form);
    if (calc_failed(call))
        return;
    enum reason reason = anytime_w(alpha, &w);
    calc_put_value(call, "value", reason, -w - 1);
    calc_put_value(call, "rho2_times_nopt", reason, w);
}

static const struct {
    const char *name;
    void (*run)(struct calc *call);
} functions[] = {
    {"normal_quantile", normal_quantile},
    {"normal_sf", normal_tail},
    {"student_t_sf", student_tail},
    {"chisq_sf", chi_square},
    {"beta_cdf", beta_lower},
    {"ln_beta", log_beta},
    {"lambert_wm1", lambert},
};

static void distribution(struct calc *call)
{
    struct slice name = calc_text(call, "fn");
    if (calc_failed(call))
        return;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (slice_equals(name, functions[i].name)) {
            functions[i].run(call);
            return;
        }
    calc_bad(call, "fn",
             "is none of the functions: normal_quantile, normal_sf, student_t_sf, "
             "chisq_sf, beta_cdf, ln_beta, lambert_wm1");
}

const struct calc_family calc_distributions_families[] = {
    {"distributions", "tails and quantiles: normal, t, chi-square, beta, Lambert W", distribution},
    {.name = NULL},
};
