/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that comes and goes between two moments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "statistics/measure.h"
#include "support/snapshot_maker.h"
#include "support/story_comparison.h"

static struct profile *retiring_profile(uint64_t number, unsigned own, unsigned retired)
{
	struct snapshot_maker *maker = snapshot_maker_create(1);
	uint32_t program = snapshot_maker_add_module(maker, "/usr/bin/server", "01");
	uint32_t site = snapshot_maker_add_site(maker, (struct maker_frame[]){{program, 0x1010}}, 1);
	uint32_t rest = snapshot_maker_add_site(maker, NULL, 0);
	struct error error = {0};

	snapshot_maker_site(maker, rest)->flags = SEEP_SITE_RETIRED;
	snapshot_maker_release(maker, site, 100, 5, own);
	snapshot_maker_release(maker, rest, 100, 5, retired);
	snapshot_maker_header(maker)->number = number;
	struct buffer file = snapshot_maker_finish(maker);
	struct profile *profile = profile_open_snapshot(file.data, file.length, "retiring", &error);
	assert_non_null(profile);
	profile_symbolize(profile, NULL);
	buffer_free(&file);
	snapshot_maker_free(maker);
	return profile;
}

/* A site that was given up and came back has its former counters among the retired ones; they are not its churn. */
static void counters_that_were_retired_are_no_churn(void **state)
{
	struct fixture fixture = fixture_of(retiring_profile(1, 70, 10), retiring_profile(2, 3, 81), GROUP_BY_STACK);
	uint64_t own = 0, retired = 0;

	(void)state;
	for (uint32_t i = 0; i < fixture.comparison.count; i++) {
		const struct comparison_row *row = &fixture.comparison.rows[i];
		const struct group *group = &fixture.comparison.groups.groups[row->group];
		const struct profile_site *site = &group->profile->sites[group->site];
		*(site->retired ? &retired : &own) += comparison_churn(&fixture.comparison, row).allocated.samples;
	}
	assert_int_equal(own, 3);
	assert_int_equal(retired, 1);
	assert_int_equal(comparison_churn(&fixture.comparison, &fixture.comparison.total).allocated.samples, 4);
	fixture_free(&fixture);
}

static void churn_counts_the_period_alone(void **state)
{
	struct fixture fixture = story(GROUP_BY_STACK);
	const struct comparison *comparison = &fixture.comparison;
	const struct churn json = comparison_churn(comparison, row_of(&fixture, "json_alloc"));
	const struct churn queue = comparison_churn(comparison, row_of(&fixture, "queue_push"));
	const struct churn list = comparison_churn(comparison, row_of(&fixture, "list_append"));

	(void)state;
	assert_near(json.bytes_per_second, 300 * (STORY_RATE + 256.0) / 120, 1e-6);
	assert_near(json.allocations_per_second, 300 * (STORY_RATE / 512.0 + 0.5) / 120, 1e-6);
	assert_near(json.median_lifetime_ns, 16384 * sqrt(2), 1e-9); /* the middle of 30 us's bin */
	assert_true(json.shortly == 1 && json.remotely == 0 && json.hotspot);
	assert_true(queue.shortly == 0 && queue.remotely > 0.99 && queue.hotspot);
	assert_int_equal(fixture.comparison.churn_count, 2);
	assert_ptr_equal(&comparison->rows[comparison->churn[0]], row_of(&fixture, "json_alloc"));
	assert_false(list.hotspot);
	assert_true(isnan(list.shortly));
	fixture_free(&fixture);
}

static void less_than_the_detection_limit_is_no_hotspot(void **state)
{
	struct profile *before = story_profile(STORY_AFTER);
	struct profile *after = story_profile(STORY_AFTER);
	struct profile_site *site = (struct profile_site *)named_site(after, "json_alloc");

	(void)state;
	after->time_ns += UINT64_C(1000000000);
	for (int i = 0; i < 2; i++)
		measure_add_sample(&site->allocated, 512, STORY_RATE);
	struct fixture fixture = fixture_of(before, after, GROUP_BY_STACK);
	assert_int_equal(fixture.comparison.churn_count, 0);
	fixture_free(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counters_that_were_retired_are_no_churn),
	    cmocka_unit_test(churn_counts_the_period_alone),
	    cmocka_unit_test(less_than_the_detection_limit_is_no_hotspot),
	};
	return cmocka_run_group_tests_name("churn", tests, NULL, NULL);
}
