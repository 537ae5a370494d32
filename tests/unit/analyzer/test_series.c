/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots that are read one after the other, and the history that is made from them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "series/history.h"
#include "profile/profile.h"
#include "statistics/measure.h"
#include "support/snapshot_maker.h"

enum { RATE = 512 * 1024, STACKS = 41 /* a prime */, WIDER_BYTES = 16 };

/* Another stack for each number; many share their callers. */
static uint32_t stack_add(struct snapshot_maker *maker, const uint32_t modules[2], unsigned number)
{
	const struct maker_frame stack[] = {
	    {modules[number % 2], 0x1000 + number}, {modules[1], 0x100 + number / 4}, {modules[0], 0x10}};

	return snapshot_maker_add_site(maker, stack, 3);
}

/* A snapshot of the stacks from `first` on in steps, so that tables of two have little in common. */
static struct snapshot_maker *snapshot_of(unsigned first, unsigned step, bool modules_swapped)
{
	struct snapshot_maker *maker = snapshot_maker_create(RATE);
	uint32_t modules[2];

	for (unsigned i = 0; i < 2; i++)
		modules[i ^ modules_swapped] = snapshot_maker_add_module(maker, i ^ modules_swapped ? "/b" : "/a",
									 i ^ modules_swapped ? "bb" : "aa");
	for (unsigned i = 0; i < STACKS; i++) {
		const unsigned number = (first + i * step) % STACKS;
		snapshot_maker_allocate(maker, stack_add(maker, modules, number), 1000 + number, 64 + number, 2);
	}
	return maker;
}

/* A shutdown is told by how sure the moments before it are. */
static void errors_are_equal(const struct moment *moment, const struct profile *profile)
{
	struct profile_totals totals;
	struct history history;

	profile_totals(profile, &totals);
	history_init(&history, 1, 1);
	assert_true(history_add(&history, moment, true));
	assert_float_equal(history.moments[0].sums.error,
			   sqrt(totals.in_use.bytes.variance) / sum_estimate(&totals.in_use.bytes), 1e-9);
	assert_true(history.moments[0].sums.error > 0);
	history_free(&history);
}

static void moment_equals_profile(struct moment_reader *reader, struct snapshot_maker *maker)
{
	struct buffer file = snapshot_maker_finish(maker);
	struct error error;
	struct moment moment;
	struct profile *profile = profile_open_snapshot(file.data, file.length, "file", &error);

	assert_true(moment_read(reader, file.data, file.length, "file", &moment, &error));
	assert_int_equal(moment.site_count, profile->site_count);
	assert_int_equal(moment.live_count, profile->sample_count);
	for (uint32_t i = 0; i < profile->site_count; i++) {
		assert_true(moment.keys[i] == profile->sites[i].key);
		assert_true(moment.site_in_use[i] == profile->sites[i].in_use.bytes.uncertain);
	}
	errors_are_equal(&moment, profile);
	snapshot_maker_free(maker);
	profile_free(profile);
	buffer_free(&file);
}

static void a_moment_has_the_keys_of_its_profile_whatever_was_read_before(void **state)
{
	struct moment_reader *reader = moment_reader_create();

	(void)state;
	for (unsigned step = 1; step < STACKS; step += 2) {
		struct snapshot_maker *wide = snapshot_of(step, step, step % 4 == 1);
		snapshot_maker_widen_entries(wide, WIDER_BYTES);
		moment_equals_profile(reader, snapshot_of(step / 2, 1, step % 3 == 0));
		moment_equals_profile(reader, wide);
	}
	moment_reader_free(reader);
}

static void a_damaged_snapshot_is_no_moment(void **state)
{
	struct moment_reader *reader = moment_reader_create();
	struct snapshot_maker *maker = snapshot_of(0, 1, false);
	struct buffer file = snapshot_maker_finish(maker);
	struct moment moment;
	struct error error;

	(void)state;
	file.data[file.length / 2] ^= 1;
	assert_false(moment_read(reader, file.data, file.length, "file", &moment, &error));
	file.data[file.length / 2] ^= 1;
	assert_true(moment_read(reader, file.data, file.length, "file", &moment, &error));
	buffer_free(&file);
	snapshot_maker_free(maker);
	moment_reader_free(reader);
}

enum { SITES = 3, LIVE = 6, MOMENTS = 5 };

/* The k-th sample is of site k % SITES, and lives from moment k / 2 to moment k / 2 + 2; the first one is not there in
 * moment 1. Moments have them in their own order. */
static uint32_t live_at(struct seep_live *live, unsigned moment)
{
	uint32_t count = 0;

	for (unsigned i = 0; i < LIVE; i++) {
		const unsigned k = (i * 5 + moment) % LIVE;
		if (moment < k / 2 || moment > k / 2 + 2 || (k == 0 && moment == 1))
			continue;
		live[count++] = (struct seep_live){.address = 4096 * (k + 1),
						   .size = 64 + k,
						   .birth_ns = 100 * (k / 2) + 1,
						   .rate = RATE,
						   .site = k % SITES};
	}
	return count;
}

static void samples_are_followed_in_whatever_order_they_come(void **state)
{
	static const uint64_t keys[] = {11, 22, 33};
	static const double in_use[] = {1, 2, 3};
	struct history history;

	(void)state;
	history_init(&history, MOMENTS, MOMENTS);
	for (unsigned i = 0; i < MOMENTS; i++) {
		struct seep_live live[LIVE];
		const struct moment moment = {.trigger = SEEP_TRIGGER_TIMER,
					      .time_ns = 100 * (i + 1),
					      .pid = 1,
					      .has_samples = true,
					      .site_count = SITES,
					      .keys = keys,
					      .site_in_use = in_use,
					      .live_count = live_at(live, i),
					      .live = live};
		assert_true(history_add(&history, &moment, true));
	}
	assert_int_equal(history.site_count, SITES);
	assert_int_equal(history.object_count, LIVE);
	for (size_t i = 0; i < LIVE; i++) {
		const struct followed *object = &history.objects[i];
		const size_t k = object->address / 4096 - 1;
		assert_int_equal(object->site, k % SITES);
		assert_int_equal(object->first, k / 2);
		assert_int_equal(object->last, k / 2 + 2);
		assert_true(history.in_use[object->site * history.most + 4] == in_use[object->site]);
	}
	history_close(&history);
	history_cut(&history, 2);
	assert_int_equal(history.object_count, 4); /* the others were born later */
	history_free(&history);
}

static void moments_that_are_not_judged_leave_nothing(void **state)
{
	static const uint64_t keys[] = {11, 22, 33};
	static const double in_use[] = {1, 2, 3};
	struct history history;

	(void)state;
	history_init(&history, MOMENTS, 3);
	for (unsigned i = 0; i < MOMENTS; i++) {
		struct seep_live live[LIVE];
		const struct moment moment = {.trigger = i % 2 ? SEEP_TRIGGER_PEAK : SEEP_TRIGGER_TIMER,
					      .pid = 1,
					      .site_count = i == 1 ? SITES : SITES - 1,
					      .keys = keys,
					      .site_in_use = in_use,
					      .live_count = i == 1 || i == 3 ? 1 : live_at(live, i),
					      .live = live};
		/* A site that only an unjudged moment has, and an object that goes at such a moment. */
		live[0] = i == 1   ? (struct seep_live){.address = 7, .size = 1, .birth_ns = 1, .rate = 1, .site = 2}
			  : i == 3 ? (struct seep_live){.address = 4096 * 5, .size = 68, .birth_ns = 201, .rate = RATE}
				   : live[0];
		for (unsigned k = 0; k < moment.live_count; k++)
			live[k].site %= moment.site_count;
		assert_true(history_add(&history, &moment, i % 2 == 0));
	}
	history_close(&history);
	assert_int_equal(history.count, 3);
	assert_int_equal(history.last_trigger, SEEP_TRIGGER_TIMER);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(history.moments[i].place, 2 * i);
		assert_true(history.in_use[2 * history.most + i] == 0); /* of the site that only moment 1 had */
		assert_true(history.in_use[1 * history.most + i] == in_use[1]);
	}
	for (size_t i = 0; i < history.object_count; i++) {
		const struct followed *object = &history.objects[i];
		const size_t k = object->address / 4096 - 1;
		assert_true(object->address >= 4096);
		assert_int_equal(object->first, (k / 2 + 1) / 2);
		assert_int_equal(object->last, (k / 2 + 2) / 2);
	}
	history_free(&history);
}

static void a_moment_of_another_process_is_refused(void **state)
{
	struct moment moment = {.pid = 1, .start_ns = 5};
	struct history history;

	(void)state;
	history_init(&history, 2, 2);
	assert_true(history_add(&history, &moment, true));
	moment.start_ns = 6;
	assert_false(history_add(&history, &moment, true));
	history_free(&history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_moment_has_the_keys_of_its_profile_whatever_was_read_before),
	    cmocka_unit_test(a_damaged_snapshot_is_no_moment),
	    cmocka_unit_test(samples_are_followed_in_whatever_order_they_come),
	    cmocka_unit_test(moments_that_are_not_judged_leave_nothing),
	    cmocka_unit_test(a_moment_of_another_process_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
