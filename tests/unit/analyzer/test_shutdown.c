/* SPDX-License-Identifier: Apache-2.0 */
/* A program that ends is judged by what it had before it freed everything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compare/teardown.h"
#include "leaks/leaks.h"
#include "support/series_maker.h"

#define RATE (512 * 1024)
#define SECOND UINT64_C(1000000000)

enum { WORK_S = 240, SHUTDOWN_MS = 3000, STOPS = 50, KINDS = 3 };

/* A leak, a pool and a cache that turns over, until 240 s; then all that is alive is freed in three seconds, the leak's
 * blocks first, second or last. */
static size_t shutdown_samples(struct taken *samples, unsigned order)
{
	size_t count = 0;

	for (unsigned i = 0; i < 60; i++) /* the leak */
		samples[count++] =
		    (struct taken){(uint64_t)(4 * i + 1) * SECOND, UINT64_MAX, 64, 0, false, false, false};
	for (unsigned i = 0; i < 40; i++) /* the pool */
		samples[count++] = (struct taken){SECOND + i, UINT64_MAX, 64, 1, false, false, false};
	for (unsigned i = 0; i < 120; i++) /* the cache: each lives for 60 s */
		samples[count++] = (struct taken){
		    (uint64_t)(2 * i) * SECOND, (uint64_t)(2 * i + 60) * SECOND, 64, 2, false, false, false};
	for (size_t i = 0; i < count; i++) {
		const uint64_t turn = (samples[i].site + order) % KINDS;
		const uint64_t last_ns =
		    WORK_S * SECOND + (turn * SHUTDOWN_MS + (i * 37 % 100) * SHUTDOWN_MS / 100) * 1000000 / KINDS;
		if (samples[i].death_ns > WORK_S * SECOND)
			samples[i].death_ns = last_ns;
	}
	return count;
}

/* Killed at a moment of its shutdown: a snapshot every 10 s, ticks within the shutdown, and the rest that was left. */
static void stop_in_shutdown(unsigned order, unsigned stop)
{
	const uint64_t end_ns = WORK_S * SECOND + (uint64_t)stop * SHUTDOWN_MS * 1000000 / STOPS;
	struct taken samples[220];
	const size_t sample_count = shutdown_samples(samples, order);
	uint64_t times[40];
	size_t count = 0;
	struct leaks leaks;

	for (uint64_t time = 6 * SECOND; time < WORK_S * SECOND; time += 10 * SECOND)
		times[count++] = time;
	for (uint64_t time = WORK_S * SECOND + SECOND / 2; time < end_ns; time += 5 * SECOND / 4)
		times[count++] = time;
	times[count++] = end_ns;
	const struct series_plan plan = {1, times, count, RATE, KINDS};
	struct profile **series = series_make(&plan, samples, sample_count);
	series[count - 1]->trigger = SEEP_TRIGGER_POSTMORTEM;
	const size_t useful = last_useful_of_profiles(series, count);
	leaks_of_profiles(&leaks, series, useful + 1, GROUP_BY_STACK);
	for (uint32_t i = 0; i < leaks.count; i++) {
		const bool leaking = series_site(leaks.groups.groups[leaks.rows[i].group].key, KINDS) == 0;
		if (leaking != (leaks.rows[i].verdict == LEAK_LEAK))
			fail_msg("stopped at %u of %d, order %u: site is called %s", stop, STOPS, order,
				 leak_verdict_name(leaks.rows[i].verdict));
	}
	assert_true(stop < 10 || series[useful]->time_ns <= WORK_S * SECOND);
	leaks_free(&leaks);
	series_free_profiles(series, count);
}

static void a_leak_is_found_at_every_moment_of_the_shutdown(void **state)
{
	(void)state;
	for (unsigned order = 0; order < KINDS; order++)
		for (unsigned stop = 0; stop <= STOPS; stop++)
			stop_in_shutdown(order, stop);
}

/* Two sites leak, one of them into what is freed at the end; a vector beside them doubles, so that much goes away all the time.
 * The last interval before the end has more growth than what the shutdown, which began in it, had freed by then. */
static void a_shutdown_that_begins_behind_growth_is_left_out(void **state)
{
	enum { LEAKED = 60, TICKS = 9, VECTORS = 5 };
	struct taken samples[2 * LEAKED + VECTORS];
	uint64_t times[TICKS + 2];
	size_t count = 0;
	struct leaks leaks;

	(void)state;
	for (unsigned i = 0; i < LEAKED; i++) {
		samples[count++] = (struct taken){i * SECOND + 1, UINT64_MAX, 64, 0, false, false, false};
		samples[count++] =
		    (struct taken){i * SECOND + 2, LEAKED * SECOND + i * SECOND / 20, 64, 1, false, false, false};
	}
	for (unsigned i = 0; i < VECTORS; i++)
		samples[count++] =
		    (struct taken){(2 << i) * SECOND, (4 << i) * SECOND, RATE << i, 2, false, false, false};
	for (unsigned i = 0; i < TICKS; i++)
		times[i] = (5 * i + 5) * SECOND;
	times[TICKS] = LEAKED * SECOND + SECOND / 2;
	times[TICKS + 1] = (LEAKED + 3) * SECOND;
	const struct series_plan plan = {1, times, TICKS + 2, RATE, KINDS};
	struct profile **series = series_make(&plan, samples, count);
	series[TICKS + 1]->trigger = SEEP_TRIGGER_EXIT;
	const size_t useful = last_useful_of_profiles(series, TICKS + 2);
	assert_int_equal(useful, TICKS - 1);
	leaks_of_profiles(&leaks, series, useful + 1, GROUP_BY_STACK);
	for (uint32_t i = 0; i < leaks.count; i++) {
		const size_t site = series_site(leaks.groups.groups[leaks.rows[i].group].key, KINDS);
		assert_int_equal(leaks.rows[i].verdict == LEAK_LEAK, site != 2);
	}
	leaks_free(&leaks);
	/* While it lives, that much may go. */
	series[TICKS + 1]->trigger = SEEP_TRIGGER_TIMER;
	assert_int_equal(last_useful_of_profiles(series, TICKS + 1), TICKS);
	series_free_profiles(series, TICKS + 2);
}

static void what_goes_up_and_down_is_no_shutdown(void **state)
{
	struct teardown_moment moments[8];

	(void)state;
	for (unsigned i = 0; i < 8; i++) /* a sawtooth, caught in its fall */
		moments[i] =
		    (struct teardown_moment){(i + 1) * SECOND, i % 3 == 1 ? 70 : 100 - i % 3, 100 * (i + 1), 0, 0, 0};
	assert_int_equal(teardown_last_useful(moments, 8, 0, true), 7);
	/* The load goes, and the process stays. */
	for (unsigned i = 0; i < 8; i++)
		moments[i] = (struct teardown_moment){(i + 1) * SECOND, i < 7 ? 100 : 30, 100 * (i + 1), 0, 0, 0};
	assert_int_equal(teardown_last_useful(moments, 8, 0, false), 7);
	assert_int_equal(teardown_last_useful(moments, 8, 0, true), 6);
	/* It frees for long, and had fallen once before while it still worked: the shutdown begins after that. */
	struct teardown_moment slow[12];
	for (unsigned i = 0; i < 12; i++)
		slow[i] = (struct teardown_moment){(i + 1) * SECOND,
						   i < 5 ? 100 + 10 * i : i < 6 ? 138 : 130 - 10 * (i - 6),
						   i < 6 ? 100 * (i + 1) : 640,
						   0,
						   0,
						   0};
	assert_int_equal(teardown_last_useful(slow, 12, 0, true), 5);
	/* It has only begun to free, has allocated nothing meanwhile, and the machine is busy. */
	static const double little[] = {960, 980, 1000, 1020, 1040, 1060, 1060, 1055, 1042, 1029.5};
	struct teardown_moment begun[10];
	for (unsigned i = 0; i < 10; i++)
		begun[i] = (struct teardown_moment){(i + 1) * SECOND,  little[i], i < 6 ? 100 * (i + 1) : 600,
						    i < 7 ? 0 : 0.012, 0,         0};
	assert_int_equal(teardown_last_useful(begun, 10, 0, true), 5);
	begun[6].in_use = 1059;
	for (unsigned i = 6; i < 10; i++) /* so it goes on, and has not */
		begun[i].allocated = 100 * (i + 1);
	assert_int_equal(teardown_last_useful(begun, 10, 0, true), 9);
	/* Three in four samples of a small program died by chance, while it worked on. */
	moments[6].error = 0.5;
	assert_int_equal(teardown_last_useful(moments, 8, 0, true), 7);
	/* It frees, and does not allocate any more. */
	moments[7].allocated = 701;
	assert_int_equal(teardown_last_useful(moments, 8, 0, false), 6);
}

/* A collector's heap goes up and down, and the program ends within an interval, in which it works on as usual. */
static void what_falls_while_it_works_before_the_shutdown_is_none(void **state)
{
	static const unsigned in_use[] = {94, 79, 160, 205, 149, 206, 190, 0};
	struct teardown_moment moments[8];

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		moments[i] =
		    (struct teardown_moment){(i + 1) * SECOND, in_use[i], 260 * (i + 1) - (i > 5 ? 60 : 0), 0, 0, 0.1};
	assert_int_equal(teardown_last_useful(moments, 8, 0, true), 6);
	/* A loss that is larger than any before belongs to the shutdown. */
	moments[6].in_use = 100;
	assert_int_equal(teardown_last_useful(moments, 8, 0, true), 5);
	/* The same holds for what it loses while it does nothing else. */
	moments[6].in_use = 190;
	moments[6].allocated = moments[5].allocated + 20;
	moments[7].allocated = moments[6].allocated + 20;
	assert_int_equal(teardown_last_useful(moments, 8, 0, true), 5);
}

/* A server drops its caches, and then nothing happens for a night; in the end it stops. */
static void a_program_at_rest_has_not_shut_down(void **state)
{
	enum { COUNT = 400, DROP = 10 };
	static struct teardown_moment moments[COUNT];

	(void)state;
	for (unsigned i = 0; i < COUNT; i++)
		moments[i] = (struct teardown_moment){
		    (i + 1) * SECOND, i < DROP ? 100 : 40, i < DROP ? 100 * (i + 1) : 100 * DROP, 0, 0, 0};
	assert_int_equal(teardown_last_useful(moments, 100, 0, false), DROP - 1);
	assert_int_equal(teardown_last_useful(moments, COUNT, 0, false), COUNT - 1);
	moments[COUNT - 1].in_use = 1;
	assert_true(moments[teardown_last_useful(moments, COUNT, 0, true)].in_use == 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_leak_is_found_at_every_moment_of_the_shutdown),
	    cmocka_unit_test(a_shutdown_that_begins_behind_growth_is_left_out),
	    cmocka_unit_test(what_goes_up_and_down_is_no_shutdown),
	    cmocka_unit_test(what_falls_while_it_works_before_the_shutdown_is_none),
	    cmocka_unit_test(a_program_at_rest_has_not_shut_down),
	};
	return cmocka_run_group_tests_name("shutdown", tests, NULL, NULL);
}
