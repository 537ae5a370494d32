/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chi-squared and normal quantiles against values that were computed with
 * 50 digits by mpmath 1.3 (bisection and a root finder on gammainc), against
 * the closed form for two degrees of freedom, and against themselves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "statistics/gamma.h"

#define TOLERANCE 1e-9

static void assert_near(double value, double expected, double tolerance)
{
	if (!(fabs(value - expected) <= tolerance * fabs(expected)))
		fail_msg("%.17g is not %.17g to %g", value, expected, tolerance);
}

static const struct known {
	double probability;
	enum tail tail;
	double degrees, value;
} known[] = {
    {0.025, TAIL_UPPER, 0.01, 0.0071548038346083822},
    {0.5, TAIL_LOWER, 0.01, 7.0166677652356113e-61},
    {1e-10, TAIL_UPPER, 0.01, 29.953260008046145},
    {5e-301, TAIL_UPPER, 0.01, 1359.3654891314881},
    {0.3, TAIL_UPPER, 0.01, 1.1796089231039675e-31},
    {0.025, TAIL_LOWER, 0.5, 5.2732025912599936e-7},
    {0.025, TAIL_UPPER, 0.5, 3.4332352999607756},
    {0.5, TAIL_LOWER, 0.5, 0.087347604705746821},
    {1e-10, TAIL_UPPER, 0.5, 38.949754690941482},
    {5e-301, TAIL_UPPER, 0.5, 1370.5643745451936},
    {0.3, TAIL_UPPER, 0.5, 0.37469645674039436},
    {0.025, TAIL_LOWER, 1, 0.00098206911717525602},
    {0.025, TAIL_UPPER, 1, 5.0238861873148889},
    {0.5, TAIL_LOWER, 1, 0.45493642311957275},
    {1e-10, TAIL_LOWER, 1, 1.5707963267948967e-20},
    {1e-10, TAIL_UPPER, 1, 41.821456364761294},
    {5e-301, TAIL_UPPER, 1, 1375.2579192436524},
    {0.3, TAIL_UPPER, 1, 1.0741941708575854},
    {0.025, TAIL_LOWER, 2, 0.050635615968579754},
    {0.025, TAIL_UPPER, 2, 7.3777589082278725},
    {0.5, TAIL_LOWER, 2, 1.3862943611198906},
    {1e-10, TAIL_LOWER, 2, 2.0000000001000001e-10},
    {1e-10, TAIL_UPPER, 2, 46.051701859880914},
    {5e-301, TAIL_UPPER, 2, 1382.9373501575473},
    {5e-301, TAIL_LOWER, 2, 1.0e-300},
    {0.3, TAIL_UPPER, 2, 2.4079456086518721},
    {0.025, TAIL_LOWER, 3.7, 0.3945768753415167},
    {0.025, TAIL_UPPER, 3.7, 10.618055248352461},
    {0.5, TAIL_LOWER, 3.7, 3.058889359041863},
    {1e-10, TAIL_LOWER, 3.7, 1.0639328667515666e-5},
    {1e-10, TAIL_UPPER, 3.7, 51.758686369762988},
    {5e-301, TAIL_UPPER, 3.7, 1394.1813908740555},
    {5e-301, TAIL_LOWER, 3.7, 1.2806714893504541e-162},
    {0.3, TAIL_UPPER, 3.7, 4.517774031042286},
    {0.025, TAIL_LOWER, 10, 3.2469727802368411},
    {0.025, TAIL_UPPER, 10, 20.483177350807396},
    {0.5, TAIL_LOWER, 10, 9.3418177655919674},
    {1e-10, TAIL_LOWER, 10, 0.05233106563190541},
    {1e-10, TAIL_UPPER, 10, 68.167618138617923},
    {5e-301, TAIL_UPPER, 10, 1429.1660469984704},
    {5e-301, TAIL_LOWER, 10, 4.5358663105321089e-60},
    {0.3, TAIL_UPPER, 10, 11.780722627394013},
    {0.025, TAIL_LOWER, 29.5, 16.418375227619428},
    {0.025, TAIL_UPPER, 29.5, 46.35131647654876},
    {0.5, TAIL_LOWER, 29.5, 28.836078364265779},
    {1e-10, TAIL_LOWER, 29.5, 2.9138108940719409},
    {1e-10, TAIL_UPPER, 29.5, 107.02831210918253},
    {5e-301, TAIL_UPPER, 29.5, 1516.2730498910334},
    {5e-301, TAIL_LOWER, 29.5, 5.5332336095777905e-20},
    {0.3, TAIL_UPPER, 29.5, 32.995850159988599},
    {0.025, TAIL_LOWER, 100, 74.221927474923726},
    {0.025, TAIL_UPPER, 100, 129.56119718583659},
    {0.5, TAIL_LOWER, 100, 99.334129235988456},
    {1e-10, TAIL_LOWER, 100, 34.399823909124818},
    {1e-10, TAIL_UPPER, 100, 217.71420313830923},
    {5e-301, TAIL_UPPER, 100, 1758.2555884049733},
    {5e-301, TAIL_LOWER, 100, 3.8430059496324542e-5},
    {0.3, TAIL_UPPER, 100, 106.90576065384511},
    {0.025, TAIL_LOWER, 1000, 914.25715379925894},
    {0.025, TAIL_UPPER, 1000, 1089.5309127749135},
    {0.5, TAIL_LOWER, 1000, 999.33341240338097},
    {1e-10, TAIL_LOWER, 1000, 741.26807171935294},
    {1e-10, TAIL_UPPER, 1000, 1311.3030082806069},
    {5e-301, TAIL_UPPER, 1000, 3674.2694522695465},
    {5e-301, TAIL_LOWER, 1000, 103.10623423912393},
    {0.3, TAIL_UPPER, 1000, 1022.9598734718893},
    {0.025, TAIL_LOWER, 12345.6, 12039.521019020977},
    {0.025, TAIL_UPPER, 12345.6, 12655.467548608603},
    {0.5, TAIL_LOWER, 12345.6, 12344.933339733753},
    {1e-10, TAIL_LOWER, 12345.6, 11372.173390548885},
    {1e-10, TAIL_UPPER, 12345.6, 13371.644676445282},
    {5e-301, TAIL_UPPER, 12345.6, 19118.7872322022},
    {5e-301, TAIL_LOWER, 12345.6, 7398.3879026274622},
    {0.3, TAIL_UPPER, 12345.6, 12427.515502876711},
};

static void quantile_agrees_with_known_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		assert_near(chi_squared_quantile(known[i].probability, known[i].tail, known[i].degrees), known[i].value,
			    TOLERANCE);
}

static void two_degrees_are_the_exponential_distribution(void **state)
{
	(void)state;
	for (double p = 1e-300; p < 1; p *= 3) {
		assert_near(chi_squared_quantile(p, TAIL_UPPER, 2), -2 * log(p), TOLERANCE);
		assert_near(chi_squared_quantile(p, TAIL_LOWER, 2), -2 * log1p(-p), TOLERANCE);
	}
}

/* The probability beyond a quantile is the requested one, in the requested tail. */
static void quantile_inverts_the_probability(void **state)
{
	static const double probabilities[] = {1e-200, 1e-20, 1e-4, 0.025, 0.5, 0.9};

	(void)state;
	for (double degrees = 0.5; degrees < 9e5; degrees *= 3.7) {
		for (size_t i = 0; i < sizeof probabilities / sizeof *probabilities; i++) {
			for (enum tail tail = TAIL_LOWER; tail <= TAIL_UPPER; tail++) {
				const double x = chi_squared_quantile(probabilities[i], tail, degrees);
				if (x < 1e-290)
					continue;
				assert_near(gamma_probability(degrees / 2, x / 2, tail), probabilities[i], 1e-7);
			}
		}
	}
}

/* There is no jump where the expansion for many degrees takes over. */
static void many_degrees_continue_smoothly(void **state)
{
	static const double probabilities[] = {5e-301, 1e-10, 0.025, 0.4};

	(void)state;
	for (size_t i = 0; i < sizeof probabilities / sizeof *probabilities; i++) {
		for (enum tail tail = TAIL_LOWER; tail <= TAIL_UPPER; tail++) {
			const double below = chi_squared_quantile(probabilities[i], tail, 1e6 - 1);
			const double at = chi_squared_quantile(probabilities[i], tail, 1e6);
			const double above = chi_squared_quantile(probabilities[i], tail, 1e6 + 1);
			assert_near((below + above) / 2, at, 1e-10);
		}
	}
	assert_near(chi_squared_quantile(0.025, TAIL_UPPER, 1e300), 1e300, TOLERANCE);
}

static void normal_quantile_agrees_with_known_values(void **state)
{
	(void)state;
	assert_near(normal_quantile(0.025, TAIL_UPPER), 1.9599639845400545, 1e-14);
	assert_near(normal_quantile(0.025, TAIL_LOWER), -1.9599639845400545, 1e-14);
	assert_near(normal_quantile(1e-10, TAIL_UPPER), 6.3613409024040557, 1e-14);
	assert_near(normal_quantile(0.9, TAIL_LOWER), 1.2815515655446004, 1e-14);
	assert_near(normal_quantile(1e-300, TAIL_LOWER), -37.047096299361199, 1e-14);
	assert_true(fabs(normal_quantile(0.5, TAIL_UPPER)) < 1e-15);
	assert_true(isinf(normal_quantile(0, TAIL_UPPER)));
}

static void what_is_outside_the_domain_is_not_a_number(void **state)
{
	(void)state;
	assert_true(isnan(chi_squared_quantile(0.5, TAIL_LOWER, 0)));
	assert_true(isnan(chi_squared_quantile(0.5, TAIL_LOWER, -1)));
	assert_true(isnan(chi_squared_quantile(1.5, TAIL_LOWER, 1)));
	assert_true(isnan(chi_squared_quantile(NAN, TAIL_LOWER, 1)));
	assert_true(isnan(gamma_probability(0, 1, TAIL_LOWER)));
	assert_true(chi_squared_quantile(0, TAIL_LOWER, 3) == 0);
	assert_true(isinf(chi_squared_quantile(0, TAIL_UPPER, 3)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(quantile_agrees_with_known_values),
	    cmocka_unit_test(two_degrees_are_the_exponential_distribution),
	    cmocka_unit_test(quantile_inverts_the_probability),
	    cmocka_unit_test(many_degrees_continue_smoothly),
	    cmocka_unit_test(normal_quantile_agrees_with_known_values),
	    cmocka_unit_test(what_is_outside_the_domain_is_not_a_number),
	};
	return cmocka_run_group_tests_name("gamma", tests, NULL, NULL);
}
