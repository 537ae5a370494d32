/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing two profiles: what cancels, what is new and gone, verdicts, churn, grouping, and which two are compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare/comparison.h"
#include "compare/inventory.h"
#include "compare/samples.h"
#include "statistics/measure.h"
#include "support/server_story.h"
#include "support/snapshot_maker.h"

/* Two moments and their comparison, made and freed together. */
struct fixture {
	struct profile *before, *after;
	struct comparison comparison;
};

static struct fixture fixture_of(struct profile *before, struct profile *after, enum group_by by)
{
	struct fixture fixture = {.before = before, .after = after};

	comparison_build(&fixture.comparison, before, after, by);
	return fixture;
}

static struct fixture story(enum group_by by)
{
	return fixture_of(story_profile(STORY_BEFORE), story_profile(STORY_AFTER), by);
}

static void fixture_free(struct fixture *fixture)
{
	comparison_free(&fixture->comparison);
	profile_free(fixture->before);
	profile_free(fixture->after);
}

static const struct comparison_row *row_of(const struct fixture *fixture, const char *function)
{
	const struct comparison *comparison = &fixture->comparison;

	for (uint32_t i = 0; i < comparison->count; i++) {
		const struct group *group = &comparison->groups.groups[comparison->rows[i].group];
		const struct source_line *line = group_line(group);
		if (line && strcmp(line->function, function) == 0)
			return &comparison->rows[i];
	}
	fail_msg("no row for %s", function);
	return NULL;
}

static void assert_near(double value, double expected, double tolerance)
{
	if (!(fabs(value - expected) <= tolerance * fmax(fabs(expected), 1e-300)))
		fail_msg("%.17g is not %.17g", value, expected);
}

static struct interval growth_of(const struct fixture *fixture, const struct comparison_row *row)
{
	return comparison_intervals(&fixture->comparison, row).bytes;
}

static void samples_alive_in_both_cancel(void **state)
{
	struct fixture fixture = story(GROUP_BY_STACK);
	const struct comparison_row *row = row_of(&fixture, "cache_insert");

	(void)state;
	assert_true(fixture.comparison.same_process);
	assert_true(row->after.samples == 30 && row->before.samples == 30);
	assert_true(row->fresh.samples == 0 && row->gone.samples == 0);
	assert_true(row->growth_bytes == 0 && row->growth_objects == 0);
	assert_true(row->verdict == VERDICT_STEADY && isnan(row->p) && isnan(row->q));
	fixture_free(&fixture);
}

static void growth_is_what_is_new_less_what_is_gone(void **state)
{
	struct fixture fixture = story(GROUP_BY_STACK);
	const struct comparison_row *row = row_of(&fixture, "list_append");

	(void)state;
	assert_int_equal(row->fresh.samples, 20);
	assert_int_equal(row->gone.samples, 0);
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
	assert_true(row->after.samples == 0 && row->gone.samples == 15 && row->fresh.samples == 0);
	assert_near(row->growth_bytes, -15 * (STORY_RATE + 128.0), 1e-6);
	assert_true(growth_of(&fixture, row).high < 0 && row->verdict == VERDICT_SHRINKING);
	assert_ptr_equal(row, &fixture.comparison.rows[fixture.comparison.count - 1]);
	fixture_free(&fixture);
}

/* Also where the later profile does not list the site any more. */
static void a_site_that_only_the_earlier_profile_knows_is_in(void **state)
{
	struct profile *before = story_profile(STORY_AFTER);
	struct profile *after = story_profile_of_another_process();

	(void)state;
	after->site_count = 1; /* list_append */
	after->sample_count = 40;
	struct fixture fixture = fixture_of(before, after, GROUP_BY_STACK);
	assert_int_equal(fixture.comparison.count, before->site_count);
	const struct comparison_row *row = row_of(&fixture, "cache_insert");
	assert_ptr_equal(fixture.comparison.groups.groups[row->group].profile, before);
	assert_true(row->gone.samples == 30 && row->verdict == VERDICT_SHRINKING);
	fixture_free(&fixture);
}

/* Three stacks through code that was made at run time; the first two differ by where it lay and how well it was compiled. */
static void made_code_is_the_same_at_other_addresses(void **state)
{
	struct source_line lines[] = {
	    {"node::Allocate", "node.cc", 7, false},
	    {"LazyCompile:~f a.js:1", NULL, 0, false},
	    {"LazyCompile:*f a.js:1", NULL, 0, false},
	    {"LazyCompile:~g a.js:9", NULL, 0, false},
	    {"0x3000", NULL, 0, false},
	    {"0x4000", NULL, 0, false},
	};
	struct profile_location locations[6];
	const uint32_t first[] = {0, 1, 4}, second[] = {0, 2, 5, 4}, third[] = {0, 3, 4};
	struct profile_module modules[] = {{.path = ""}, {.path = "/usr/bin/node"}};
	struct profile_site sites[] = {{.key = 1, .stack = first, .depth = 3},
				       {.key = 2, .stack = second, .depth = 4},
				       {.key = 3, .stack = third, .depth = 3}};
	struct profile profile = {.modules = modules,
				  .module_count = 2,
				  .locations = locations,
				  .location_count = 6,
				  .sites = sites,
				  .site_count = 3};
	struct group_table table;

	(void)state;
	for (uint32_t i = 0; i < 6; i++)
		locations[i] = (struct profile_location){
		    .module = i == 0, .line_count = 1, .lines = &lines[i], .address = 0x1000 * (i + 1)};
	group_table_init(&table, GROUP_BY_STACK);
	uint32_t *groups = group_table_add(&table, &profile);
	assert_int_equal(groups[0], groups[1]);
	assert_int_not_equal(groups[0], groups[2]);
	assert_int_equal(table.groups[groups[0]].site_count, 2);
	free(groups);
	group_table_free(&table);

	/* By place it is the function alone, however well it was compiled. */
	const uint32_t plain[] = {1}, optimized[] = {2}, other[] = {3};
	sites[0].stack = plain, sites[1].stack = optimized, sites[2].stack = other;
	sites[0].depth = sites[1].depth = sites[2].depth = 1;
	group_table_init(&table, GROUP_BY_PLACE);
	groups = group_table_add(&table, &profile);
	assert_int_equal(groups[0], groups[1]);
	assert_int_not_equal(groups[0], groups[2]);
	free(groups);
	group_table_free(&table);
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
	assert_true(row->fresh.samples == 1 && row->growth_bytes > 0);
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

/* Sites without new or gone samples are no tests: they do not dilute the q-values of the others. */
static void only_what_changed_is_tested(void **state)
{
	struct fixture fixture = story(GROUP_BY_STACK);
	const struct comparison *comparison = &fixture.comparison;
	double largest_p = 0, its_q = 0;
	int tests = 0, significant = 0;

	(void)state;
	for (uint32_t i = 0; i < comparison->count; i++) {
		const struct comparison_row *row = &comparison->rows[i];
		if (row->fresh.samples + row->gone.samples == 0)
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
	assert_true(row->fresh.samples == 30 && row->gone.samples == 30);
	assert_true(fabs(row->growth_bytes) < 1 && growth_of(&fixture, row).low < -STORY_RATE &&
		    growth_of(&fixture, row).high > STORY_RATE);
	assert_true(row->verdict == VERDICT_STEADY);
	assert_near(fixture.comparison.seconds, 160, 1e-12); /* of the later one's own life */
	row = row_of(&fixture, "json_alloc");
	assert_near(sum_estimate(&row->churn.allocated.bytes), 400 * (STORY_RATE + 256.0), 1e-6);
	fixture_free(&fixture);
}

/* exec keeps pid and start time; the recording is another one. */
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
		if (after->samples[i].size == 4096)
			after->samples[i].birth_ns += UINT64_C(30000000000);
	}
	struct fixture fixture = fixture_of(before, after, GROUP_BY_STACK);
	const struct comparison_row *row = row_of(&fixture, "cache_insert");
	assert_true(row->fresh.samples == 30 && row->gone.samples == 30 && row->growth_bytes == 0);
	assert_true(row_of(&fixture, "list_append")->fresh.samples == 0);
	fixture_free(&fixture);
}

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

/* A site that was given up and came again has its former counters among the retired ones, which is no churn of these. */
static void counters_that_were_retired_are_no_churn(void **state)
{
	struct fixture fixture = fixture_of(retiring_profile(1, 70, 10), retiring_profile(2, 3, 81), GROUP_BY_STACK);
	uint64_t own = 0, retired = 0;

	(void)state;
	for (uint32_t i = 0; i < fixture.comparison.count; i++) {
		const struct comparison_row *row = &fixture.comparison.rows[i];
		const struct group *group = &fixture.comparison.groups.groups[row->group];
		const struct profile_site *site = &group->profile->sites[group->site];
		*(site->retired ? &retired : &own) += row->churn.allocated.samples;
	}
	assert_int_equal(own, 3);
	assert_int_equal(retired, 1);
	assert_int_equal(fixture.comparison.total.churn.allocated.samples, 4);
	fixture_free(&fixture);
}

static void churn_counts_the_period_alone(void **state)
{
	struct fixture fixture = story(GROUP_BY_STACK);
	const struct churn *json = &row_of(&fixture, "json_alloc")->churn;
	const struct churn *queue = &row_of(&fixture, "queue_push")->churn;

	(void)state;
	assert_near(json->bytes_per_second, 300 * (STORY_RATE + 256.0) / 120, 1e-6);
	assert_near(json->allocations_per_second, 300 * (STORY_RATE / 512.0 + 0.5) / 120, 1e-6);
	assert_near(json->median_lifetime_ns, 16384 * sqrt(2), 1e-9); /* the middle of 30 us's bin */
	assert_true(json->shortly == 1 && json->remotely == 0 && json->hotspot);
	assert_true(queue->shortly == 0 && queue->remotely > 0.99 && queue->hotspot);
	assert_int_equal(fixture.comparison.churn_count, 2);
	assert_ptr_equal(&fixture.comparison.rows[fixture.comparison.churn[0]].churn, json);
	assert_false(row_of(&fixture, "list_append")->churn.hotspot);
	assert_true(isnan(row_of(&fixture, "list_append")->churn.shortly));
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

static void groups_add_up_to_the_same_total(void **state)
{
	struct fixture by_site = story(GROUP_BY_STACK);

	(void)state;
	for (enum group_by by = GROUP_BY_FUNCTION; by < GROUP_BY_COUNT; by++) {
		struct fixture fixture = story(by);
		assert_near(fixture.comparison.total.growth_bytes, by_site.comparison.total.growth_bytes, 1e-12);
		double growth = 0;
		for (uint32_t i = 0; i < fixture.comparison.count; i++)
			growth += fixture.comparison.rows[i].growth_bytes;
		assert_near(growth, by_site.comparison.total.growth_bytes, 1e-9);
		fixture_free(&fixture);
	}
	struct fixture by_module = story(GROUP_BY_MODULE);
	assert_int_equal(by_module.comparison.count, 3); /* server, plugin, no stack */
	fixture_free(&by_module);
	fixture_free(&by_site);
}

/* The same function at another address, as after a rebuild: another site, the same function and line. */
static void functions_are_found_again_at_other_addresses(void **state)
{
	struct profile *before = story_profile(STORY_AFTER);
	struct profile *after = story_profile_of_another_process();

	(void)state;
	for (uint32_t i = 0; i < after->site_count; i++)
		after->sites[i].key ^= 0x5555;
	struct fixture sites = fixture_of(before, after, GROUP_BY_STACK);
	assert_int_equal(sites.comparison.count, 2 * before->site_count);
	comparison_free(&sites.comparison);
	for (enum group_by by = GROUP_BY_FUNCTION; by <= GROUP_BY_LINE; by++) {
		comparison_build(&sites.comparison, before, after, by);
		assert_int_equal(sites.comparison.count, before->site_count);
		comparison_free(&sites.comparison);
	}
	profile_free(before);
	profile_free(after);
}

static void inventory_is_ordered_as_asked(void **state)
{
	struct profile *profile = story_profile(STORY_AFTER);

	(void)state;
	for (enum inventory_order order = ORDER_INUSE; order < ORDER_COUNT; order++) {
		struct inventory inventory;
		inventory_build(&inventory, profile, GROUP_BY_STACK, order);
		for (uint32_t i = 1; i < inventory.count; i++)
			assert_true(inventory_row_value(&inventory.rows[i - 1], order) >=
				    inventory_row_value(&inventory.rows[i], order));
		assert_string_equal(inventory_order_names[order], inventory_order_name(order));
		inventory_free(&inventory);
	}
	profile_free(profile);
}

static void inventory_adds_up_and_covers_its_estimates(void **state)
{
	struct profile *profile = story_profile(STORY_AFTER);
	struct inventory inventory;
	struct profile_totals totals;
	double in_use = 0;

	(void)state;
	inventory_build(&inventory, profile, GROUP_BY_STACK, ORDER_INUSE);
	profile_totals(profile, &totals);
	for (uint32_t i = 0; i < inventory.count; i++) {
		const struct inventory_row *row = &inventory.rows[i];
		in_use += sum_estimate(&row->in_use.bytes);
		const struct interval interval = inventory_in_use(&inventory, row);
		assert_true(interval.low <= sum_estimate(&row->in_use.bytes));
		assert_true(interval.high >= sum_estimate(&row->in_use.bytes));
	}
	assert_near(sum_estimate(&inventory.total.in_use.bytes), in_use, 1e-12);
	assert_near(sum_estimate(&totals.in_use.bytes), in_use, 1e-12);
	inventory_free(&inventory);
	profile_free(profile);
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
	    cmocka_unit_test(made_code_is_the_same_at_other_addresses),
	    cmocka_unit_test(a_large_block_is_certain_and_has_no_interval),
	    cmocka_unit_test(one_more_sample_is_no_growth),
	    cmocka_unit_test(rows_are_ordered_by_growth_and_calls_never_contradict_intervals),
	    cmocka_unit_test(only_what_changed_is_tested),
	    cmocka_unit_test(two_processes_share_no_sample),
	    cmocka_unit_test(another_recording_of_the_same_pid_is_another_process),
	    cmocka_unit_test(an_address_used_again_is_another_sample),
	    cmocka_unit_test(churn_counts_the_period_alone),
	    cmocka_unit_test(counters_that_were_retired_are_no_churn),
	    cmocka_unit_test(less_than_the_detection_limit_is_no_hotspot),
	    cmocka_unit_test(without_a_rate_growth_is_the_difference_of_totals),
	    cmocka_unit_test(groups_add_up_to_the_same_total),
	    cmocka_unit_test(functions_are_found_again_at_other_addresses),
	    cmocka_unit_test(inventory_is_ordered_as_asked),
	    cmocka_unit_test(inventory_adds_up_and_covers_its_estimates),
	    cmocka_unit_test(the_recordings_quarter_is_chosen),
	    cmocka_unit_test(an_unnumbered_last_state_is_compared_with_any_snapshot),
	};
	return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
