/* SPDX-License-Identifier: Apache-2.0 */
/* When snapshots are taken, and which are kept: on made-up times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "keeper/loop/retention.h"
#include "keeper/loop/schedule.h"

#define SECOND UINT64_C(1000000000)
#define MOST 4096

struct series {
	struct kept_snapshot list[MOST];
	size_t count;
	uint64_t number;
	struct retention limits;
};

/* One more snapshot, then thinning, as a keeper does. */
static void series_add(struct series *series, uint64_t time_ns, bool timer, uint64_t bytes)
{
	size_t chosen;
	series->list[series->count++] =
	    (struct kept_snapshot){.number = ++series->number, .time_ns = time_ns, .bytes = bytes, .timer = timer};
	while ((chosen = retention_choose(series->list, series->count, &series->limits)) != RETENTION_NONE) {
		assert_in_range(chosen, 1, series->count - 2);
		series->count--;
		memmove(&series->list[chosen], &series->list[chosen + 1],
			(series->count - chosen) * sizeof *series->list);
	}
}

static size_t series_kind(const struct series *series, bool timer)
{
	size_t count = 0;
	for (size_t i = 0; i < series->count; i++)
		count += series->list[i].timer == timer;
	return count;
}

static void a_marked_snapshot_stays(void **state)
{
	struct series *series = test_calloc(1, sizeof *series);
	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		series_add(series, i * 10 * SECOND, i % 7 != 0, 1000);
		if (i % 100 == 40)
			series->list[series->count - 1].marked = true;
	}
	size_t marked = 0;
	for (size_t i = 0; i < series->count; i++)
		marked += series->list[i].marked;
	assert_int_equal(marked, 10);
	assert_int_equal(series->count, RETENTION_SNAPSHOTS);
	test_free(series);
}

/* The largest gap of the timer series divided by its smallest, without the newest few. */
static double series_unevenness(const struct series *series)
{
	uint64_t smallest = UINT64_MAX, largest = 0, before = 0;
	for (size_t i = 0, seen = 0; i + 3 < series->count; i++) {
		if (!series->list[i].timer)
			continue;
		uint64_t gap = series->list[i].time_ns - before;
		if (seen++) {
			smallest = gap < smallest ? gap : smallest;
			largest = gap > largest ? gap : largest;
		}
		before = series->list[i].time_ns;
	}
	return (double)largest / (double)smallest;
}

static void a_long_series_stays_even_and_keeps_its_ends(void **state)
{
	(void)state;
	static struct series series;
	srand(3);
	for (uint64_t i = 1; i <= 20000; i++) {
		uint64_t jitter = (uint64_t)rand() % (SECOND / 10);
		series_add(&series, i * 10 * SECOND + jitter, true, 1000);
		assert_int_equal(series.list[0].number, 1);
		assert_int_equal(series.list[series.count - 1].number, i);
		if (i > 200 && i % 17 == 0 && series_unevenness(&series) > 4.2)
			fail_msg("after %lu: gaps differ by %.1f", i, series_unevenness(&series));
	}
	assert_int_equal(series.count, RETENTION_SNAPSHOTS);
}

static void few_snapshots_all_stay(void **state)
{
	(void)state;
	static struct series series;
	for (uint64_t i = 1; i <= RETENTION_SNAPSHOTS; i++)
		series_add(&series, i * SECOND, i % 2, 1000);
	assert_int_equal(series.count, RETENTION_SNAPSHOTS);
}

static void bytes_are_bounded_too(void **state)
{
	(void)state;
	static struct series series = {.limits = {.snapshots = 1000, .bytes = 100000}};
	for (uint64_t i = 1; i <= 300; i++)
		series_add(&series, i * SECOND, true, 5000);
	assert_int_equal(series.count, 20);
	/* the first and the last stay even if these two are already too large */
	memset(&series, 0, sizeof series);
	series.limits = (struct retention){.bytes = 1};
	for (uint64_t i = 1; i <= 5; i++)
		series_add(&series, i * SECOND, true, 5000);
	assert_int_equal(series.count, 2);
	assert_int_equal(series.list[1].number, 5);
}

static void a_series_of_large_snapshots_can_still_be_judged(void **state)
{
	(void)state;
	static struct series series = {.limits = {.bytes = 100000, .has_space = true}};
	for (uint64_t i = 1; i <= 300; i++)
		series_add(&series, i * SECOND, i % 4, 50000);
	assert_in_range(series_kind(&series, true), RETENTION_SERIES - 1, RETENTION_SERIES);
	assert_true(series_unevenness(&series) < 4.2);
	assert_in_range(series_kind(&series, false), 1, 2); /* of the others at most half */
	/* not where others need the space */
	memset(&series, 0, sizeof series);
	series.limits = (struct retention){.bytes = 100000};
	for (uint64_t i = 1; i <= 300; i++)
		series_add(&series, i * SECOND, true, 50000);
	assert_int_equal(series.count, 2);
}

static void many_requests_leave_the_timer_series_its_half(void **state)
{
	(void)state;
	static struct series series;
	for (uint64_t i = 1; i <= 3000; i++)
		series_add(&series, i * SECOND, i % 10 == 0, 1000);
	assert_int_equal(series_kind(&series, true), RETENTION_SNAPSHOTS / 2);
	assert_true(series_unevenness(&series) < 4.2);
}

static void a_few_requests_outlive_any_number_of_timer_snapshots(void **state)
{
	(void)state;
	static struct series series;
	for (uint64_t i = 1; i <= 3000; i++)
		series_add(&series, i * SECOND, i != 500 && i != 900, 1000);
	assert_int_equal(series_kind(&series, false), 2);
	assert_true(series_unevenness(&series) < 4.2);
}

static void times_that_go_backwards_do_no_harm(void **state)
{
	(void)state;
	static struct series series;
	for (uint64_t i = 1; i <= 500; i++)
		series_add(&series, i % 3 ? i * SECOND : UINT64_MAX - i, true, UINT64_MAX / 100);
	assert_in_range(series.count, 2, RETENTION_SNAPSHOTS);
}

static void timer_snapshots_stay_on_the_grid(void **state)
{
	(void)state;
	uint64_t start = 7 * SECOND, now = start;
	struct schedule schedule = schedule_begin(now, start, 10 * SECOND);
	assert_false(schedule_timer_due(&schedule, now));
	schedule_taken(&schedule, start + 90 * SECOND, start + 91 * SECOND, SEEP_TRIGGER_TIMER, false, 0);
	assert_false(schedule_timer_due(&schedule, start + 100 * SECOND - 1));
	assert_true(schedule_timer_due(&schedule, start + 100 * SECOND));
	now = start + 103 * SECOND; /* late */
	schedule_taken(&schedule, now, now, SEEP_TRIGGER_TIMER, false, 0);
	assert_int_equal(schedule.timer_ns, start + 110 * SECOND);
	now = start + 155 * SECOND; /* stood still: missed ticks are left out */
	assert_true(schedule_timer_due(&schedule, now));
	schedule_taken(&schedule, now, now, SEEP_TRIGGER_TIMER, true, 0);
	assert_int_equal(schedule.timer_ns, start + 160 * SECOND);
}

/* On a busy machine writing one may take longer than an interval. That cost every second snapshot of the series. */
static void a_slow_snapshot_costs_no_other(void **state)
{
	(void)state;
	struct schedule schedule = schedule_begin(1000 * SECOND, 0, 10 * SECOND);
	unsigned taken = 0;
	for (uint64_t now = 1000 * SECOND; now < 2000 * SECOND;) {
		if (schedule_timer_due(&schedule, now)) {
			schedule_taken(&schedule, now, now + 11 * SECOND, SEEP_TRIGGER_TIMER, false, 0);
			now += 11 * SECOND;
			taken++;
		} else {
			now += SECOND / 10;
		}
	}
	assert_in_range(taken, 89, 100);
}

static void a_young_recording_has_more_snapshots(void **state)
{
	(void)state;
	static const uint64_t quarters_of_seconds[] = {5,  10, 15, 20,  25,  30,  35,  40,  50,
						       60, 70, 80, 100, 120, 140, 160, 200, 240};
	struct schedule schedule = schedule_begin(0, 0, 10 * SECOND);
	for (size_t i = 0; i < sizeof quarters_of_seconds / sizeof *quarters_of_seconds; i++) {
		uint64_t due = quarters_of_seconds[i] * SECOND / 4;
		assert_int_equal(schedule.timer_ns, due);
		schedule_taken(&schedule, due + 1, due + 1, SEEP_TRIGGER_TIMER, false, 0);
	}
	/* no finer than a machine bears */
	assert_int_equal(schedule_begin(0, 0, SECOND).timer_ns, SECOND / 4);
	assert_int_equal(schedule_begin(0, 0, SECOND / 20).timer_ns, SECOND / 20);
}

static void without_an_interval_there_is_no_timer(void **state)
{
	(void)state;
	struct schedule schedule = schedule_begin(5, 5, 0);
	assert_false(schedule_timer_due(&schedule, UINT64_MAX - 1));
	assert_true(schedule_sleep(&schedule, 6, 0, 4096, 0) <= SCHEDULE_TICK_LONGEST_NS);
}

/* Runs a program whose in-use bytes follow `use`, looking every 50 ms; counts the snapshots that are taken. */
static void schedule_play(double (*use)(double seconds), double seconds, unsigned *timers, unsigned *peaks)
{
	struct schedule schedule = schedule_begin(0, 0, 10 * SECOND);
	*timers = *peaks = 0;
	for (uint64_t now = 0; (double)now < seconds * 1e9; now += SECOND / 20) {
		double in_use = use((double)now / 1e9);
		if (schedule_timer_due(&schedule, now)) {
			schedule_taken(&schedule, now, now, SEEP_TRIGGER_TIMER, false, in_use);
			++*timers;
		} else if (schedule_peak_due(&schedule, now, in_use, 512 << 10)) {
			schedule_taken(&schedule, now, now, SEEP_TRIGGER_PEAK, false, in_use);
			++*peaks;
		}
	}
}

static double growing_to_a_gibibyte(double seconds)
{
	return seconds < 30 ? seconds / 30 * (1 << 30) : 1 << 30;
}

static double flat_with_noise(double seconds)
{
	return (double)(100 << 20) * (seconds > 1) + (double)(((unsigned)(seconds * 20) * 7919) % 8) * (1 << 20);
}

static double spike_between_timers(double seconds)
{
	return seconds > 23 && seconds < 26 ? 300e6 : 100e6 * (seconds > 5);
}

static void peaks_are_few_in_growth_none_in_noise_and_catch_a_spike(void **state)
{
	(void)state;
	unsigned timers, peaks;
	schedule_play(growing_to_a_gibibyte, 60, &timers, &peaks);
	assert_int_equal(timers, 17);
	assert_in_range(peaks, 2, 9);
	schedule_play(flat_with_noise, 300, &timers, &peaks);
	assert_in_range(peaks, 0, 1);
	schedule_play(spike_between_timers, 60, &timers, &peaks);
	assert_int_equal(peaks, 2);
}

static void a_peak_that_could_not_be_written_waits(void **state)
{
	(void)state;
	struct schedule schedule = schedule_begin(0, 0, 0);
	assert_true(schedule_peak_due(&schedule, 1, 100e6, 1));
	schedule_taken(&schedule, 1, 1, SEEP_TRIGGER_PEAK, true, 100e6);
	assert_false(schedule_peak_due(&schedule, SCHEDULE_RETRY_NS, 100e6, 1));
	assert_true(schedule_peak_due(&schedule, 1 + SCHEDULE_RETRY_NS, 100e6, 1));
}

/* Sleeps as told while events come at this rate, for `looks` times; returns the last sleep. */
static uint64_t ring_play(struct schedule *schedule, uint64_t *now_ns, uint64_t events_per_second, int looks)
{
	const uint64_t capacity = 4096;
	uint64_t slept = 0;
	for (int i = 0; i < looks; i++) {
		uint64_t events = (*now_ns - schedule->looked_ns) * events_per_second / SECOND;
		slept = schedule_sleep(schedule, *now_ns, events < capacity ? events : capacity, capacity, 0);
		*now_ns += slept + 100000;
	}
	return slept;
}

static void the_keeper_looks_as_often_as_the_ring_fills(void **state)
{
	(void)state;
	struct schedule schedule = schedule_begin(0, 0, 0);
	uint64_t now = 1;
	assert_int_equal(ring_play(&schedule, &now, 0, 20), SCHEDULE_TICK_LONGEST_NS);
	assert_int_equal(schedule_sleep(&schedule, now, 2048, 4096, 0), 0); /* half full: at once again */
	/* a quarter of the ring, soon after the burst began */
	assert_in_range(ring_play(&schedule, &now, 100000, 8), 8000000, 12000000);
	assert_in_range(ring_play(&schedule, &now, 100000, 100), 8000000, 12000000);
	assert_int_equal(ring_play(&schedule, &now, 100, 20), SCHEDULE_TICK_BUSY_NS);
	assert_int_equal(ring_play(&schedule, &now, 0, 20), SCHEDULE_TICK_LONGEST_NS);
	assert_in_range(ring_play(&schedule, &now, 100000000, 20), 0, SCHEDULE_TICK_SHORTEST_NS);
	schedule.timer_ns = now + 3; /* never past the next timer */
	assert_int_equal(schedule_sleep(&schedule, now, 0, 4096, 0), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_marked_snapshot_stays),
	    cmocka_unit_test(a_long_series_stays_even_and_keeps_its_ends),
	    cmocka_unit_test(few_snapshots_all_stay),
	    cmocka_unit_test(bytes_are_bounded_too),
	    cmocka_unit_test(many_requests_leave_the_timer_series_its_half),
	    cmocka_unit_test(a_few_requests_outlive_any_number_of_timer_snapshots),
	    cmocka_unit_test(times_that_go_backwards_do_no_harm),
	    cmocka_unit_test(timer_snapshots_stay_on_the_grid),
	    cmocka_unit_test(a_slow_snapshot_costs_no_other),
	    cmocka_unit_test(a_young_recording_has_more_snapshots),
	    cmocka_unit_test(a_series_of_large_snapshots_can_still_be_judged),
	    cmocka_unit_test(without_an_interval_there_is_no_timer),
	    cmocka_unit_test(peaks_are_few_in_growth_none_in_noise_and_catch_a_spike),
	    cmocka_unit_test(a_peak_that_could_not_be_written_waits),
	    cmocka_unit_test(the_keeper_looks_as_often_as_the_ring_fills),
	};
	return cmocka_run_group_tests_name("keeper_policy", tests, NULL, NULL);
}
