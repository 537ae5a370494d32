/* SPDX-License-Identifier: Apache-2.0 */
/* Which snapshots of a service stay: properties that hold for any store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <seep/snapshot.h>

#include "keeper/store/thinning.h"

#define S UINT64_C(1000000000)
#define DAY (86400 * S)
#define NOW (UINT64_C(1795780800) * S)
#define ENOUGH (UINT64_C(1) << 60)
enum { MOST = 20000, RECORDINGS = 50 };

struct store {
	struct stored_snapshot snapshots[MOST];
	struct stored_recording recordings[RECORDINGS];
	size_t count, recording_count;
};

static uint64_t state = 88172645463325252;

static uint64_t draw(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

static void recording_add(struct store *store, uint64_t start_ns, uint64_t end_ns, uint64_t spacing_ns, bool ended)
{
	uint32_t index = (uint32_t)store->recording_count++;
	uint64_t number = 1;
	store->recordings[index] = (struct stored_recording){.bytes = 1000, .has_ended = ended, .can_go = true};
	for (uint64_t at = start_ns; at <= end_ns && store->count < MOST; at += spacing_ns) {
		uint64_t kind = draw(200);
		uint32_t trigger = kind == 0   ? SEEP_TRIGGER_PEAK
				   : kind == 1 ? SEEP_TRIGGER_LIMIT
				   : kind == 2 ? SEEP_TRIGGER_REQUEST
					       : SEEP_TRIGGER_TIMER;
		store->snapshots[store->count++] = (struct stored_snapshot){.unix_ns = at + draw(S),
									    .bytes = 500 + draw(1000),
									    .number = number++,
									    .recording = index,
									    .trigger = trigger};
	}
}

static struct store *random_store(void)
{
	struct store *store = calloc(1, sizeof *store);
	size_t recordings = 1 + draw(12);
	for (size_t i = 0; i < recordings; i++) {
		uint64_t end_ns = NOW - draw(40 * DAY), lasted_ns = draw(i % 3 ? DAY : 20 * DAY);
		recording_add(store, end_ns - lasted_ns, end_ns, 10 * S + lasted_ns / (100 + draw(1200)), draw(4) > 0);
	}
	return store;
}

static uint64_t choose(struct store *store, uint64_t now_ns, uint64_t budget)
{
	for (size_t i = 0; i < store->recording_count; i++) {
		const struct stored_recording *before = &store->recordings[i];
		store->recordings[i] = (struct stored_recording){
		    .bytes = before->bytes, .has_ended = before->has_ended, .can_go = before->can_go};
	}
	return thinning_choose(store->snapshots, store->count, store->recordings, store->recording_count, now_ns,
			       budget);
}

static int by_number(const void *left, const void *right)
{
	const struct stored_snapshot *a = left, *b = right;
	if (a->recording != b->recording)
		return a->recording < b->recording ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

/* As the next look at the files would find it. */
static void take_away(struct store *store)
{
	size_t kept = 0;
	for (size_t i = 0; i < store->count; i++)
		if (!store->snapshots[i].is_gone)
			store->snapshots[kept++] = store->snapshots[i];
	store->count = kept;
	for (size_t i = 0; i < kept; i++)
		store->snapshots[i].is_edge = store->snapshots[i].is_kept = false;
	for (size_t i = 0; i < store->recording_count; i++)
		store->recordings[i].bytes = store->recordings[i].is_gone ? 0 : store->recordings[i].bytes;
	qsort(store->snapshots, store->count, sizeof *store->snapshots, by_number);
}

static void promised_snapshots_stay(void **context)
{
	(void)context;
	for (int round = 0; round < 40; round++) {
		struct store *store = random_store();
		for (size_t i = 0; i < store->count; i++)
			store->snapshots[i].is_marked = draw(100) == 0;
		choose(store, NOW, ENOUGH);
		for (size_t i = 0; i < store->count; i++) {
			struct stored_snapshot *snapshot = &store->snapshots[i];
			if (store->recordings[snapshot->recording].is_gone) {
				assert_true(store->recordings[snapshot->recording].has_ended);
				assert_true(store->recordings[snapshot->recording].age_ns >= 30 * DAY);
				continue;
			}
			if (snapshot->is_edge || snapshot->is_marked || snapshot->trigger == SEEP_TRIGGER_REQUEST)
				assert_false(snapshot->is_gone);
		}
		free(store);
	}
}

/* The distance from a snapshot that went to the one of the same process that stands for it. */
static void a_removed_snapshot_has_another_nearby(void **context)
{
	(void)context;
	for (int round = 0; round < 20; round++) {
		struct store *store = random_store();
		choose(store, NOW, ENOUGH);
		qsort(store->snapshots, store->count, sizeof *store->snapshots, by_number);
		for (size_t i = 0; i < store->count; i++) {
			struct stored_snapshot *snapshot = &store->snapshots[i];
			uint64_t age = NOW - snapshot->unix_ns, step = age < 3600 * S ? 60 * S
								       : age < DAY    ? 600 * S
										      : 3600 * S;
			size_t k = i;
			if (!snapshot->is_gone || store->recordings[snapshot->recording].is_gone || age >= 29 * DAY)
				continue;
			while (store->snapshots[k].is_gone)
				k--;
			assert_int_equal(store->snapshots[k].recording, snapshot->recording);
			assert_true(snapshot->unix_ns - store->snapshots[k].unix_ns <
				    step + 3600 * S * (age > 23 * 3600 * S));
		}
		free(store);
	}
}

static void doing_it_again_changes_nothing(void **context)
{
	(void)context;
	for (int round = 0; round < 40; round++) {
		struct store *store = random_store();
		uint64_t budget = draw(2) ? ENOUGH : 20000 + draw(3000000);
		uint64_t left = choose(store, NOW, budget);
		take_away(store);
		size_t count = store->count;
		uint64_t again = choose(store, NOW, budget);
		take_away(store);
		assert_int_equal(left, again);
		assert_int_equal(store->count, count);
		free(store);
	}
}

/* Thinning every ten minutes for two days, or once at the end, keeps the same snapshots. */
static void thinning_often_or_once_keeps_the_same(void **context)
{
	(void)context;
	struct store *often = calloc(1, sizeof *often), *once = calloc(1, sizeof *once);
	recording_add(often, NOW - 2 * DAY, NOW, 10 * S, false);
	*once = *often;
	for (uint64_t now = NOW - 2 * DAY; now <= NOW; now += 600 * S) {
		static struct store part;
		part = *often;
		part.count = 0;
		while (part.count < often->count && often->snapshots[part.count].unix_ns <= now)
			part.count++;
		size_t seen = part.count;
		choose(&part, now, ENOUGH);
		take_away(&part);
		memmove(&part.snapshots[part.count], &often->snapshots[seen],
			(often->count - seen) * sizeof *part.snapshots);
		part.count += often->count - seen;
		*often = part;
	}
	choose(often, NOW, ENOUGH);
	take_away(often);
	choose(once, NOW, ENOUGH);
	take_away(once);
	size_t same = 0;
	for (size_t i = 0, k = 0; i < once->count; i++) {
		while (k < often->count && often->snapshots[k].number < once->snapshots[i].number)
			k++;
		same += k < often->count && often->snapshots[k].number == once->snapshots[i].number;
	}
	assert_int_equal(same, once->count); /* looking often loses nothing that a single look would keep */
	assert_in_range(often->count, once->count, once->count + 10); /* peaks that were the last ones for a while */
	free(often);
	free(once);
}

static void thinning_keeps_to_its_budget(void **context)
{
	(void)context;
	for (int round = 0; round < 60; round++) {
		struct store *store = random_store();
		uint64_t budget = 3000 + draw(4000000), counted = 0;
		uint64_t left = choose(store, NOW, budget);
		bool only_edges = true;
		for (size_t i = 0; i < store->count; i++) {
			if (store->snapshots[i].is_gone)
				continue;
			counted += store->snapshots[i].bytes;
			only_edges &=
			    store->snapshots[i].is_edge && !store->recordings[store->snapshots[i].recording].has_ended;
		}
		for (size_t i = 0; i < store->recording_count; i++)
			counted += store->recordings[i].is_gone ? 0 : store->recordings[i].bytes;
		assert_int_equal(counted, left);
		assert_true(left <= budget || only_edges);
		free(store);
	}
}

/* Counters are sums since the beginning, so the difference between any two snapshots that stay is what happened in
 * between. */
static void thinning_changes_no_sum(void **context)
{
	(void)context;
	for (int round = 0; round < 40; round++) {
		struct store *store = random_store();
		static uint64_t counted[RECORDINGS][MOST];
		uint64_t truth[RECORDINGS] = {0}, sums[RECORDINGS] = {0}, before[RECORDINGS] = {0};
		for (size_t i = 0; i < store->count; i++) {
			const struct stored_snapshot *snapshot = &store->snapshots[i];
			truth[snapshot->recording] += draw(1000000);
			counted[snapshot->recording][snapshot->number] = truth[snapshot->recording];
		}
		choose(store, NOW, draw(2) ? ENOUGH : 100000 + draw(3000000));
		qsort(store->snapshots, store->count, sizeof *store->snapshots, by_number);
		for (size_t i = 0; i < store->count; i++) {
			const struct stored_snapshot *snapshot = &store->snapshots[i];
			if (snapshot->is_gone)
				continue;
			uint64_t now = counted[snapshot->recording][snapshot->number];
			assert_true(now >= before[snapshot->recording]);
			sums[snapshot->recording] += now - before[snapshot->recording];
			before[snapshot->recording] = now;
		}
		for (size_t i = 0; i < store->recording_count; i++)
			if (!store->recordings[i].is_gone)
				assert_int_equal(sums[i], truth[i]);
		free(store);
	}
}

static size_t staying(const struct store *store, uint32_t recording)
{
	size_t count = 0;
	for (size_t i = 0; i < store->count; i++)
		count += store->snapshots[i].recording == recording && !store->snapshots[i].is_gone;
	return count;
}

static void a_clock_that_jumps_makes_nothing_old(void **context)
{
	(void)context;
	struct store *store = calloc(1, sizeof *store);
	recording_add(store, NOW - 3600 * S, NOW, 10 * S, true);
	recording_add(store, NOW + 3650 * DAY, NOW + 3650 * DAY + 60 * S, 10 * S, true); /* ten years ahead */
	recording_add(store, NOW - 9000 * DAY, NOW - 9000 * DAY + 60 * S, 10 * S, true); /* and long ago */
	choose(store, NOW + 3650 * DAY + 60 * S, ENOUGH);
	assert_false(store->recordings[0].is_gone);
	assert_false(store->recordings[1].is_gone);
	assert_false(store->recordings[2].is_gone);
	assert_true(staying(store, 0) >= 2);     /* as of a day ago, no more */
	choose(store, NOW - 9000 * DAY, ENOUGH); /* the clock went back */
	assert_true(staying(store, 0) >= 2);
	free(store);
}

static void short_processes_give_way_before_a_long_ones_history(void **context)
{
	(void)context;
	struct store *store = calloc(1, sizeof *store);
	recording_add(store, NOW - 10 * DAY, NOW, 3600 * S, false);
	for (uint64_t i = 0; i < 40; i++)
		recording_add(store, NOW - DAY + i * 60 * S, NOW - DAY + i * 60 * S + 20 * S, 10 * S, true);
	for (size_t i = 1; i < store->recording_count; i++)
		store->recordings[i].bytes = 400000;
	uint64_t left = choose(store, NOW, 2000000);
	assert_true(left <= 2000000);
	assert_true(staying(store, 0) > 100);
	free(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(promised_snapshots_stay),
	    cmocka_unit_test(a_removed_snapshot_has_another_nearby),
	    cmocka_unit_test(doing_it_again_changes_nothing),
	    cmocka_unit_test(thinning_often_or_once_keeps_the_same),
	    cmocka_unit_test(thinning_keeps_to_its_budget),
	    cmocka_unit_test(thinning_changes_no_sum),
	    cmocka_unit_test(a_clock_that_jumps_makes_nothing_old),
	    cmocka_unit_test(short_processes_give_way_before_a_long_ones_history),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
