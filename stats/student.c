/*
 * Student's t as a normal with corrections, quick and good to the last digits.
 *
 * With v degrees of freedom, N = v - 1/2 and z = sqrt(N ln(1 + t^2/v)), the density of t dt is
 *     K exp(-z^2/2) g(z^2/N) dz,  g(s) = (sinh(s/2) / (s/2))^{-1/2} = sum c_k s^{2k},
 * in which the first correction is -s^2/48.  So the tail is
 *     Q(t) = Q(z) {sum c_k m_k(z) / N^{2k}} / {sum c_k (4k - 1)!! / N^{2k}},
 * m_k(z) the mean of z^{4k} in the normal's own tail beyond z: m grows from one even power to the
 * next by positive terms alone, mean z^j = z^{j-1} q(z)/Q(z) + (j - 1) mean z^{j-2}, q the normal
 * density.
 *
 * Quantile  the normal's is within z^3/(48 N^2) of z; then steps of third order.
 * Assumes   v >= 16 and ln(1 + t^2/v) <= 1.1, where the eleven terms leave less than 1e-16 (g's
 *           radius is 2 pi), and a normal tail that is no subnormal.
 * Not for   v below 16 or t beyond 1.4 sqrt(v): normal.c asks the beta distribution.
 * Accuracy  tails 2e-14 (1 + z^2/30) relative and quantiles 1e-14 of the beta distribution's tails
 *           at 100 000 random places; mpmath at 50 digits (tests/stats/test_normal.c).
 * Reference Wallace (1959), Annals of Mathematical Statistics 30:1121-1130, for z; Temme (1996),
 *           Special Functions, 11.3, for the expansion.
 */

#include "student.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <math.h>

#define DF_MIN 16
#define SPREAD_MAX 1.1 /* of z^2 / N */
#define Z_MAX 37

/* 1 / sqrt(2 pi) */
#define DENSITY_TOP .39894228040143267794

/* A step so small needs no other: the next would be its cube. */
#define STEP_LAST 1e-5
#define STEPS_MAX 6

/* c_k of g(s) = (sinh(s/2)/(s/2))^{-1/2} = sum c_k s^{2k}: exact fractions, rounded. */
#define TERMS 11
static const double terms[TERMS] = {1,
                                    -1. / 48,
                                    1. / 2560,
                                    -61. / 7741440,
                                    1261. / 7431782400,
                                    -79. / 20761804800,
                                    8.748377596315407e-11,
                                    -2.044523359411974e-12,
                                    4.833351797967704e-14,
                                    -1.152434101767386e-15,
                                    2.76605204359937e-17};

/* What the normal's tail and density at z are multiplied by. */
struct correction {
    double tail, density;
};

/* `mills` is z q(z)/Q(z). */
static struct correction correction_at(double z2, double mills, double n)
{
    double s = z2 / n, step = mills / n, power = 1;
    double mean = 1, whole = 1, tail = 1, all = 1, density = 1;
    for (int k = 1; k < TERMS; k++) {
        double odd = (4 * k - 3) / n, even = (4 * k - 1) / n;
        mean = power * step + odd * mean;
        power *= s;
        mean = power * step + even * mean;
        power *= s;
        whole *= odd * even;
        double more = terms[k] * mean;
        tail += more;
        all += terms[k] * whole;
        density += terms[k] * power;
        if (fabs(more) < DBL_EPSILON / 8)
            break;
    }
    return (struct correction){tail / all, density / all};
}

static double normal_tail(double z)
{
    return erfc(z * M_SQRT1_2) / 2;
}

bool student_tail(double t, double df, double *tail)
{
    double n = df - .5, s = log1p(t / df * t), z2 = n * s, z = sqrt(z2);
    if (!(df >= DF_MIN && s <= SPREAD_MAX && z < Z_MAX))
        return false;
    double plain = normal_tail(z), density = DENSITY_TOP * exp(-z2 / 2);
    *tail = plain * correction_at(z2, z * density / plain, n).tail;
    return true;
}

bool student_quantile(double tail, double df, double *t)
{
    if (!(df >= DF_MIN))
        return false;
    double n = df - .5, z = gsl_cdf_ugaussian_Qinv(tail), step = 1;
    for (int i = 0; i < STEPS_MAX && fabs(step) > STEP_LAST; i++) {
        if (!(z >= 0 && z < Z_MAX && z * z <= SPREAD_MAX * n))
            return false;
        double plain = normal_tail(z), density = DENSITY_TOP * exp(-z * z / 2);
        struct correction by = correction_at(z * z, z * density / plain, n);
        step = (plain * by.tail - tail) / (density * by.density);
        z += step * (1 + z * step / 2);
    }
    *t = sqrt(df * expm1(z * z / n));
    return true;
}
