/* SPDX-License-Identifier: Apache-2.0 */
/* Times as users give them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "options/moment.h"

#define S UINT64_C(1000000000)
#define NOON UINT64_C(1795780800) /* 2026-11-27 12:00 UTC */
#define MIDNIGHT (NOON - 43200)

static uint64_t parse(const char *text)
{
	uint64_t unix_ns = 1;

	return moment_parse_time(text, NOON * S, &unix_ns) ? unix_ns : 0;
}

static void a_date_and_a_clock(void **state)
{
	(void)state;
	assert_int_equal(parse("now"), MOMENT_NOW);
	assert_int_equal(parse("2026-11-27"), MIDNIGHT * S);
	assert_int_equal(parse("2026-11-27T12:00"), NOON * S);
	assert_int_equal(parse("2026-11-27 12:00:05"), (NOON + 5) * S);
	assert_int_equal(parse("2026-11-27T12:00:05.25"), (NOON + 5) * S);
	assert_int_equal(parse("10:00"), (MIDNIGHT + 36000) * S);
	assert_int_equal(parse("@1795780800"), NOON * S);
	assert_int_equal(parse("2026-11-27T12:00Z"), NOON * S);
	assert_int_equal(parse("2026-11-27T12:00+01:00"), (NOON - 3600) * S);
	assert_int_equal(parse("2026-11-27T12:00:00-0530"), (NOON + 19800) * S);
}

static void a_time_without_a_zone_is_local(void **state)
{
	(void)state;
	setenv("TZ", "XYZ-2", 1);
	tzset();
	assert_int_equal(parse("2026-11-27T12:00"), (NOON - 7200) * S);
	assert_int_equal(parse("2026-11-27T12:00Z"), NOON * S);
	setenv("TZ", "UTC", 1);
	tzset();
}

static void an_age_is_a_time_before_now(void **state)
{
	(void)state;
	assert_int_equal(parse("90s"), (NOON - 90) * S);
	assert_int_equal(parse("90m"), (NOON - 5400) * S);
	assert_int_equal(parse("2h"), (NOON - 7200) * S);
	assert_int_equal(parse("7d"), (NOON - 604800) * S);
	assert_int_equal(parse("1w"), (NOON - 604800) * S);
}

static void anything_else_is_refused(void **state)
{
	static const char *const bad[] = {"",
					  "yesterday",
					  "2026",
					  "2026-13-01",
					  "2026-11-32",
					  "1969-12-31",
					  "2026-11-27T",
					  "2026-11-27T24:00",
					  "2026-11-27T12:60",
					  "2026-11-27T12:00x",
					  "12:00+25:00",
					  "-2h",
					  "2 h",
					  "@",
					  "@x",
					  "@99999999999999999999",
					  "99999999999999999999d",
					  "5000w",
					  "2026-11-27T12:00+1"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (parse(bad[i]))
			fail_msg("%s was taken", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_date_and_a_clock),
	    cmocka_unit_test(a_time_without_a_zone_is_local),
	    cmocka_unit_test(an_age_is_a_time_before_now),
	    cmocka_unit_test(anything_else_is_refused),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
