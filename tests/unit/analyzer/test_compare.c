/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing two profiles: what cancels out, what is new or gone, the verdicts, and which two are compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "compare/comparison.h"
#include "compare/samples.h"
#include "statistics/measure.h"
#include "support/story_comparison.h"

static struct row_sums sums_of(const struct fixture *fixture, const struct comparison_row *row)
{
	return comparison_sums(&fixture->comparison, row);
}

static struct interval growth_of(const struct fixture *fixture, const struct comparison_row *row)
{
	const struct row_sums sums = sums_of(fixture, row);

	return comparison_growth(&fixture->comparison, &sums);
}

static void samples_alive_in_both_cancel(void **state)
{
	struct fixture fixture = story(GROUP_BY_STACK);
	const struct comparison_row *row = row_of(&fixture, "cache_insert");

	(void)state;
	assert_true(fixture.comparison.same_process);
	assert_true(sums_of(&fixture, row).after.samples == 30 && sums_of(&fixture, row).before.samples == 30);
	assert_true(sums_of(&fixture, row).fresh.samples == 0 && sums_of(&fixture, row).gone.samples == 0);
	assert_true(row->growth_bytes == 0 && row->growth_objects == 0);
	assert_true(row->verdict == VERDICT_STEADY && isnan(row->p) && isnan(row->q));
	fixture_free(&fixture);
}

static void growth_is_what_is_new_less_what_is_gone(void **state)
{
	struct fixture fixture = story(GROUP_BY_STACK);
	const struct comparison_row *row = row_of(&fixture, "list_append");

	(void)state;
	assert_int_equal(sums_of(&fixture, row).fresh.samples, 20);
	assert_int_equal(sums_of(&fixture, row).gone.samples, 0);
	assert_near(row->growth_bytes, 20 * (STORY_RATE + 32.0), 1e-6); /* s/p is R + s/2 for small s */
	assert_near(row->growth_objects, 20 * (STORY_RATE / 64.0 + 0.5), 1e-6);
	const struct interval growth = growth_of(&fixture, row);
	assert_true(growth.low > 0 && growth.low < row->growth_bytes && row->growth_bytes < growth.high);
	assert_true(row->verdict == VERDICT_GROWING && row->q <= 0.05 && row->q >= row->p && row->p > 0);
	fixture_free(&fixture);
}

static void a_vanished_site_is_shown_as_shrinking(void **state)
{
	struct fixture fixture = story(GROUP_BY_STACK);
	const struct comparison_row *row = row_of(&fixture, "config_load");

	(void)state;
	assert_true(sums_of(&fixture, row).after.samples == 0 && sums_of(&fixture, row).gone.samples == 15 &&
		    sums_of(&fixture, row).fresh.samples == 0);
	assert_near(row->growth_bytes, -15 * (STORY_RATE + 128.0), 1e-6);
	assert_true(growth_of(&fixture, row).high < 0 && row->verdict == VERDICT_SHRINKING);
	assert_ptr_equal(row, &fixture.comparison.rows[fixture.comparison.count - 1]);
	fixture_free(&fixture);
}

/* This holds even if the later profile does not list the site any more. */
static void a_site_that_only_the_earlier_profile_knows_is_in(void **state)
{
	struct profile *before = story_profile(STORY_AFTER);
	struct profile *after = story_profile_of_another_process();

	(void)state;
	profile_samples(after);
	after->site_count = 1; /* list_append */
	after->sample_count = 40;
	struct fixture fixture = fixture_of(before, after, GROUP_BY_STACK);
	assert_int_equal(fixture.comparison.count, before->site_count);
	const struct comparison_row *row = row_of(&fixture, "cache_insert");
	assert_ptr_equal(fixture.comparison.groups.groups[row->group].profile, before);
	assert_true(sums_of(&fixture, row).gone.samples == 30 && row->verdict == VERDICT_SHRINKING);
	fixture_free(&fixture);
}

static void a_large_block_is_certain_and_has_no_interval(void **state)
{
	struct fixture fixture = story(GROUP_BY_STACK);
	const struct comparison_row *row = row_of(&fixture, "table_resize");

	(void)state;
	assert_true(row->growth_bytes == 200.0 * STORY_RATE);
	assert_true(growth_of(&fixture, row).low == row->growth_bytes &&
		    growth_of(&fixture, row).high == row->growth_bytes);
	assert_true(row->p == 0 && row->q == 0 && row->verdict == VERDICT_GROWING);
	fixture_free(&fixture);
}

static void one_more_sample_is_no_growth(void **state)
{
	struct fixture fixture = story(GROUP_BY_STACK);
	const struct comparison_row *row = row_of(&fixture, "plugin.so+0x3010");

	(void)state;
	assert_true(sums_of(&fixture, row).fresh.samples == 1 && row->growth_bytes > 0);
	assert_true(growth_of(&fixture, row).low < 0 && row->verdict == VERDICT_STEADY && isnan(row->q));
	fixture_free(&fixture);
}

static void rows_are_ordered_by_growth_and_calls_never_contradict_intervals(void **state)
{
	struct fixture fixture = story(GROUP_BY_STACK);
	const struct comparison *comparison = &fixture.comparison;
	double sum = 0;

	(void)state;
	for (uint32_t i = 0; i < comparison->count; i++) {
		const struct comparison_row *row = &comparison->rows[i];
		sum += row->growth_bytes;
		if (i)
			assert_true(comparison->rows[i - 1].growth_bytes >= row->growth_bytes);
		const struct interval growth = growth_of(&fixture, row);
		assert_true((growth.low <= 0 && growth.high >= 0) == isnan(row->p));
		assert_true(isnan(row->p) == (row->verdict == VERDICT_STEADY));
		assert_true((row->verdict == VERDICT_STEADY || row->verdict == VERDICT_UNKNOWN) == isnan(row->q));
		assert_true(isnan(row->q) || (row->q >= row->p && row->q <= CALL_Q));
	}
	assert_near(comparison->total.growth_bytes, sum, 1e-9);
	assert_near(comparison->grown_bytes - comparison->shrunk_bytes, sum, 1e-9);
	assert_near(comparison->seconds, 120, 1e-12);
	fixture_free(&fixture);
}

/* Sites without new or gone samples are not tests: they do not dilute the q-values of the others. */
static void only_what_changed_is_tested(void **state)
{
	struct fixture fixture = story(GROUP_BY_STACK);
	const struct comparison *comparison = &fixture.comparison;
	double largest_p = 0, its_q = 0;
	int tests = 0, significant = 0;

	(void)state;
	for (uint32_t i = 0; i < comparison->count; i++) {
		const struct comparison_row *row = &comparison->rows[i];
		if (row->changes == 0)
			continue;
		tests++;
		significant += !isnan(row->p);
		if (row->p > largest_p) {
			largest_p = row->p;
			its_q = row->q;
		}
	}
	assert_int_equal(tests, 5);
	assert_true(significant > 1 && significant < tests);
	assert_near(its_q, largest_p * tests / significant, 1e-12); /* its rank is the last of those */
	fixture_free(&fixture);
}

static void two_processes_share_no_sample(void **state)
{
	struct fixture fixture =
	    fixture_of(story_profile(STORY_AFTER), story_profile_of_another_process(), GROUP_BY_STACK);
	const struct comparison_row *row = row_of(&fixture, "cache_insert");

	(void)state;
	assert_false(fixture.comparison.same_process);
	assert_true(sums_of(&fixture, row).fresh.samples == 30 && sums_of(&fixture, row).gone.samples == 30);
	assert_true(fabs(row->growth_bytes) < 1 && growth_of(&fixture, row).low < -STORY_RATE &&
		    growth_of(&fixture, row).high > STORY_RATE);
	assert_true(row->verdict == VERDICT_STEADY);
	assert_near(fixture.comparison.seconds, 160, 1e-12); /* of the later one's own life */
	row = row_of(&fixture, "json_alloc");
	assert_near(row->churn_bytes, 400 * (STORY_RATE + 256.0), 1e-6);
	fixture_free(&fixture);
}

/* exec keeps pid and start time, but the recording is another one. */
static void another_recording_of_the_same_pid_is_another_process(void **state)
{
	struct profile *before = story_profile(STORY_BEFORE);
	struct profile *after = story_profile(STORY_AFTER);

	(void)state;
	assert_true(profiles_are_same_process(before, after));
	after->start_ns++;
	assert_false(profiles_are_same_process(before, after));
	after->start_ns--;
	after->boot_id[3] ^= 1;
	assert_false(profiles_are_same_process(before, after));
	profile_free(before);
	profile_free(after);
}

static void an_address_used_again_is_another_sample(void **state)
{
	struct profile *before = story_profile(STORY_BEFORE);
	struct profile *after = story_profile(STORY_BEFORE);

	(void)state;
	after->time_ns += 1000;
	for (uint32_t i = 0; i < after->sample_count; i++) {
		if (profile_samples(after)[i].size == 4096)
			after->samples[i].birth_ns += UINT64_C(30000000000);
	}
	struct fixture fixture = fixture_of(before, after, GROUP_BY_STACK);
	const struct comparison_row *row = row_of(&fixture, "cache_insert");
	assert_true(sums_of(&fixture, row).fresh.samples == 30 && sums_of(&fixture, row).gone.samples == 30 &&
		    row->growth_bytes == 0);
	assert_true(row_of(&fixture, "list_append")->changes == 0);
	fixture_free(&fixture);
}

/* A profile of samples alone. */
struct sampled {
	struct profile profile;
	struct profile_site sites[300];
	struct profile_sample samples[900];
};

/* Adds a site; every fourth of its samples is another one in the later profile. */
static void add_site(struct sampled *sampled, uint64_t key, bool is_later)
{
	const uint32_t site = sampled->profile.site_count++;

	sampled->sites[site].key = key;
	for (uint64_t n = 0; n < key % 4; n++) {
		const uint64_t turn = is_later && n == 2 ? 1000 : 0;
		sampled->samples[sampled->profile.sample_count++] =
		    (struct profile_sample){.address = key / 2 * 16, .birth_ns = key % 2 + n + turn, .site = site};
	}
	sampled->profile.sites = sampled->sites;
	sampled->profile.samples = sampled->samples;
}

static bool has_sample(const struct sampled *sampled, const struct profile_sample *wanted)
{
	for (uint32_t i = 0; i < sampled->profile.sample_count; i++)
		if (sampled->samples[i].address == wanted->address && sampled->samples[i].birth_ns == wanted->birth_ns)
			return true;
	return false;
}

static void samples_are_found_whatever_sites_come_go_and_move(void **state)
{
	static struct sampled before, after;
	bool *in_after, *in_before;

	(void)state;
	for (uint64_t key = 4; key < 804; key += 4)
		add_site(&before, key + key / 4 % 4, false);
	for (uint64_t key = 40; key < 804; key += 4) {
		if (key % 40 != 12)
			add_site(&after, key + key / 4 % 4, true);
		for (uint64_t i = 0; i < 40 && key == 200; i++)
			add_site(&after, 10000 + i, true);
	}
	for (uint64_t key = 4; key < 40; key += 4)
		add_site(&after, key + key / 4 % 4, true);
	after.sites[17].key = 20000; /* its samples are still those of before */
	samples_match(&before.profile, &after.profile, &in_after, &in_before);
	for (uint32_t i = 0; i < before.profile.sample_count; i++)
		assert_int_equal(in_after[i], has_sample(&after, &before.samples[i]));
	for (uint32_t i = 0; i < after.profile.sample_count; i++)
		assert_int_equal(in_before[i], has_sample(&before, &after.samples[i]));
	free(in_after);
	free(in_before);
}

static void without_a_rate_growth_is_the_difference_of_totals(void **state)
{
	struct profile *before = story_profile(STORY_BEFORE);
	struct profile *after = story_profile(STORY_AFTER);

	(void)state;
	before->rate = after->rate = 0;
	struct fixture fixture = fixture_of(before, after, GROUP_BY_STACK);
	const struct comparison_row *row = row_of(&fixture, "list_append");
	assert_false(fixture.comparison.has_intervals);
	assert_near(row->growth_bytes, 20 * (STORY_RATE + 32.0), 1e-6);
	assert_true(row->verdict == VERDICT_NONE && isnan(row->p) && isnan(row->q));
	fixture_free(&fixture);
}

#define SECOND UINT64_C(1000000000)

static void the_recordings_quarter_is_chosen(void **state)
{
	struct recording_entry entries[] = {
	    {.number = 1, .time_ns = 110 * SECOND, .trigger = SEEP_TRIGGER_TIMER},
	    {.number = 2, .time_ns = 120 * SECOND, .trigger = SEEP_TRIGGER_TIMER},
	    {.number = 3, .time_ns = 126 * SECOND, .trigger = SEEP_TRIGGER_PEAK},
	    {.number = 4, .time_ns = 130 * SECOND, .trigger = SEEP_TRIGGER_TIMER},
	    {.number = 5, .time_ns = 200 * SECOND, .trigger = SEEP_TRIGGER_EXIT},
	};
	struct recording recording = {.entries = entries, .count = 5};
	const struct profile last = {.start_ns = 100 * SECOND, .time_ns = 200 * SECOND, .number = 5};

	(void)state;
	assert_int_equal(recording_choose_before(&recording, &last)->number,
			 2); /* 25 s: 2 and 4 are 5 s off, 3 a peak */
	recording.count = 1;
	assert_int_equal(recording_choose_before(&recording, &last)->number, 1);
	entries[0] = entries[2];
	assert_int_equal(recording_choose_before(&recording, &last)->number, 3); /* a peak rather than nothing */
	entries[0] = entries[4];
	assert_null(recording_choose_before(&recording, &last));
}

/* A process that died without a last snapshot: its state comes from the heap file and has no number. */
static void an_unnumbered_last_state_is_compared_with_any_snapshot(void **state)
{
	struct recording_entry entry = {.number = 7, .time_ns = 150 * SECOND, .trigger = SEEP_TRIGGER_TIMER};
	const struct recording recording = {.entries = &entry, .count = 1};
	const struct profile last = {.start_ns = 100 * SECOND, .time_ns = 200 * SECOND};

	(void)state;
	assert_ptr_equal(recording_choose_before(&recording, &last), &entry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(samples_alive_in_both_cancel),
	    cmocka_unit_test(growth_is_what_is_new_less_what_is_gone),
	    cmocka_unit_test(a_vanished_site_is_shown_as_shrinking),
	    cmocka_unit_test(a_site_that_only_the_earlier_profile_knows_is_in),
	    cmocka_unit_test(a_large_block_is_certain_and_has_no_interval),
	    cmocka_unit_test(one_more_sample_is_no_growth),
	    cmocka_unit_test(rows_are_ordered_by_growth_and_calls_never_contradict_intervals),
	    cmocka_unit_test(only_what_changed_is_tested),
	    cmocka_unit_test(two_processes_share_no_sample),
	    cmocka_unit_test(another_recording_of_the_same_pid_is_another_process),
	    cmocka_unit_test(an_address_used_again_is_another_sample),
	    cmocka_unit_test(samples_are_found_whatever_sites_come_go_and_move),
	    cmocka_unit_test(without_a_rate_growth_is_the_difference_of_totals),
	    cmocka_unit_test(the_recordings_quarter_is_chosen),
	    cmocka_unit_test(an_unnumbered_last_state_is_compared_with_any_snapshot),
	};
	return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
