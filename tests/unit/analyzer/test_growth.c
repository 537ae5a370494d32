/* SPDX-License-Identifier: Apache-2.0 */
/* Which class of memory grew: in a series some of whose snapshots have no ledger, in several processes, in two
 * profiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "account/growth.h"
#include "profile/profile.h"
#include "render/json/growth_json.h"
#include "render/words/account_words.h"
#include "support/snapshot_maker.h"

#define MIB (1 << 20)
enum { MOMENTS = 5, SIZE = 4 * MIB };

/* A moment of a process, some seconds after its start: its heap, its own mappings, and blocks in use, all of which are
 * sampled. Without a ledger nobody looked. */
struct step {
	unsigned seconds, heap, stacks, blocks;
	bool has_ledger;
};

static void history_of(struct history *history, const struct step *steps, size_t count)
{
	static const uint64_t keys[] = {11};
	static const double in_use[] = {1};

	history_init(history, count, count);
	for (size_t i = 0; i < count; i++) {
		struct seep_live live[64];
		struct moment moment = {.trigger = SEEP_TRIGGER_TIMER,
					.start_ns = 1000,
					.time_ns = 1000 + steps[i].seconds * UINT64_C(1000000000),
					.pid = 1,
					.has_samples = true,
					.site_count = 1,
					.keys = keys,
					.site_in_use = in_use,
					.live_count = steps[i].blocks,
					.live = live};
		for (unsigned k = 0; k < steps[i].blocks; k++)
			live[k] =
			    (struct seep_live){.address = 4096 * (k + 1), .size = SIZE, .birth_ns = 1 + k, .rate = 1};
		moment.classes.resident[SEEP_LEDGER_HEAP] = steps[i].heap * (double)MIB;
		moment.classes.resident[SEEP_LEDGER_STACK] = steps[i].stacks * (double)MIB;
		if (steps[i].has_ledger)
			class_sums_close(&moment.classes, (steps[i].heap + steps[i].stacks) * (double)MIB,
					 (steps[i].heap + steps[i].stacks) * (double)MIB);
		assert_true(history_add(history, &moment, true));
	}
	history_close(history);
}

static struct memory_growth growth_of(const struct step *steps, size_t count)
{
	struct history history;

	history_of(&history, steps, count);
	const struct memory_growth growth = memory_growth_of_history(&history);
	history_free(&history);
	return growth;
}

static void moments_without_a_ledger_are_passed_over(void **state)
{
	static const struct step steps[MOMENTS] = {
	    {1, 10, 5, 1, true}, {2, 10, 6, 1, true}, {3, 0, 0, 1, false}, {4, 12, 40, 1, true}, {5, 0, 0, 1, false}};
	const struct memory_growth growth = growth_of(steps, MOMENTS);

	(void)state;
	assert_true(growth.is_known);
	assert_true(growth.from_ns == UINT64_C(2000000000) && growth.to_ns == UINT64_C(4000000000));
	assert_true(memory_growth_of(&growth, SEEP_LEDGER_STACK) == 34.0 * MIB);
	assert_true(memory_growth_of_rss(&growth) == 36.0 * MIB);
	assert_false(growth_of(steps, 1).is_known);
	assert_false(growth_of(steps + 2, 3).is_known);
}

static void growth_of_what_is_in_use_is_no_growth_elsewhere(void **state)
{
	static const struct step used[] = {{5, 20, 1, 4, true}, {10, 60, 1, 14, true}};
	static const struct step kept[] = {{5, 20, 1, 4, true}, {10, 60, 1, 5, true}};
	static const struct step little[] = {{5, 20, 1, 4, true}, {10, 27, 1, 4, true}};
	const struct memory_growth by_use = growth_of(used, 2), by_rest = growth_of(kept, 2),
				   none = growth_of(little, 2);

	(void)state;
	assert_false(memory_growth_is_elsewhere(&by_use));
	assert_true(by_use.in_use == 40.0 * MIB);
	assert_true(memory_growth_is_elsewhere(&by_rest));
	assert_true(memory_growth_of_rest(&by_rest) == 36.0 * MIB);
	assert_false(memory_growth_is_elsewhere(&none));
}

static void what_grew_elsewhere_is_named(void **state)
{
	static const struct step steps[] = {{5, 20, 1, 4, true}, {10, 60, 15, 5, true}};
	static const struct step level[] = {{5, 20, 1, 4, true}, {10, 60, 15, 4, true}};
	const struct memory_growth growth = growth_of(steps, 2), rest = growth_of(level, 2);
	struct buffer text = {0};

	(void)state;
	memory_elsewhere_append(&text, &growth);
	assert_non_null(
	    strstr(text.data, "RSS grew by 54.0 MiB from 5.00 s to 10.0 s, and what is in use by +4.00 MiB"));
	assert_non_null(strstr(text.data, "heap that is not in use, kept by the allocator or touched late, +36.0 MiB"));
	assert_non_null(strstr(text.data, "stacks +14.0 MiB"));
	buffer_free(&text);
	memory_elsewhere_append(&text, &rest);
	assert_non_null(strstr(text.data, ", and what is in use did not: it grew elsewhere"));
	buffer_free(&text);
}

static void processes_add_up_where_all_have_a_ledger(void **state)
{
	static const struct step one[] = {{1, 10, 1, 1, true}, {2, 20, 1, 1, true}, {3, 30, 1, 1, true}};
	static const struct step other[] = {{1, 100, 2, 1, true}, {2, 0, 0, 1, false}, {3, 300, 2, 1, true}};
	struct history histories[2], sum;
	struct history_part parts[2] = {{.history = &histories[0]}, {.history = &histories[1]}};
	size_t youngest;

	(void)state;
	history_of(&histories[0], one, 3);
	history_of(&histories[1], other, 3);
	assert_true(history_sum(&sum, parts, 2, &youngest));
	assert_int_equal(sum.count, 3);
	assert_false(sum.moments[1].classes.is_known);
	assert_true(sum.moments[2].classes.is_known);
	assert_true(sum.moments[2].classes.resident[SEEP_LEDGER_HEAP] == 330.0 * MIB);
	assert_true(sum.moments[2].classes.rss == 333.0 * MIB);
	for (int i = 0; i < 2; i++) {
		free(parts[i].moment_of);
		history_free(&histories[i]);
	}
	history_free(&sum);
}

static unsigned free_pages; /* of the heap of the next snapshots; 0: it is not taken apart */

static void kept_add(struct snapshot_maker *maker)
{
	const uint64_t values[] = {SEEP_ACCOUNT_KNOWN, MIB, MIB / 2, free_pages * (uint64_t)MIB, 0, MIB, MIB, 0};

	for (unsigned i = 0; free_pages && i < sizeof values / sizeof *values; i++)
		snapshot_maker_add_memory(maker, SEEP_MEMORY_HEAP_STATE + i, values[i]);
}

static struct buffer snapshot_of(unsigned heap, unsigned unknown, bool has_ledger)
{
	struct snapshot_maker *maker = snapshot_maker_create(1);

	if (has_ledger) {
		snapshot_maker_add_ledger(maker, SEEP_LEDGER_HEAP, (uint64_t)heap * MIB);
		snapshot_maker_add_ledger(maker, SEEP_LEDGER_HUGE, 8 * MIB);
		snapshot_maker_add_ledger(maker, 12345, (uint64_t)unknown * MIB); /* of a newer seep */
		snapshot_maker_add_memory(maker, SEEP_MEMORY_LEDGER_BEFORE, (heap + unknown) * (uint64_t)MIB);
		snapshot_maker_add_memory(maker, SEEP_MEMORY_LEDGER_AFTER, (heap + unknown + 2) * (uint64_t)MIB);
	}
	kept_add(maker);
	struct buffer file = snapshot_maker_finish(maker);
	snapshot_maker_free(maker);
	return file;
}

static struct profile *profile_of(unsigned heap, unsigned unknown, bool has_ledger)
{
	struct buffer file = snapshot_of(heap, unknown, has_ledger);
	struct error error;
	struct profile *profile = profile_open_snapshot(file.data, file.length, "file", &error);

	assert_non_null(profile);
	buffer_free(&file);
	return profile;
}

static void a_moment_has_the_sums_of_its_profile(void **state)
{
	struct moment_reader *reader = moment_reader_create();
	struct profile *profile = profile_of(20, 3, true);
	const struct memory_growth growth = memory_growth_of_profiles(profile, profile);
	struct buffer file = snapshot_of(20, 3, true), without = snapshot_of(0, 0, false);
	struct moment moment;
	struct error error;

	(void)state;
	assert_true(moment_read(reader, file.data, file.length, "file", &moment, &error));
	assert_true(moment.classes.is_known && growth.is_known);
	assert_true(moment.classes.rss == 24.0 * MIB);
	assert_true(moment.classes.resident[SEEP_LEDGER_UNEXPLAINED] == 4.0 * MIB);
	assert_memory_equal(moment.classes.resident, growth.after.resident, sizeof growth.after.resident);
	assert_true(moment_read(reader, without.data, without.length, "file", &moment, &error));
	assert_false(moment.classes.is_known);
	moment_reader_free(reader);
	buffer_free(&file);
	buffer_free(&without);
	profile_free(profile);
}

static void check_words(const struct profile *before, const struct profile *after, const char *words)
{
	const struct memory_growth growth = memory_growth_of_profiles(before, after);
	struct buffer text = {0};

	memory_growth_append(&text, &growth);
	assert_string_equal(text.data ? text.data : "", words);
	buffer_free(&text);
}

static void of_two_profiles_it_is_said_which_has_no_ledger(void **state)
{
	struct profile *small = profile_of(20, 3, true), *large = profile_of(50, 13, true),
		       *none = profile_of(0, 0, false);

	(void)state;
	check_words(small, large, "RSS +40.0 MiB: heap +30.0 MiB, unexplained +10.0 MiB");
	check_words(small, small, "");
	check_words(none, none, "");
	check_words(none, large,
		    "Where else RSS changed is not known: BEFORE holds no record of the process's mappings.");
	check_words(small, none,
		    "Where else RSS changed is not known: AFTER holds no record of the process's mappings.");
	profile_free(small);
	profile_free(large);
	profile_free(none);
}

static void of_the_heap_it_is_said_what_of_it_is_free(void **state)
{
	(void)state;
	free_pages = 4;
	struct profile *small = profile_of(20, 3, true);
	free_pages = 29;
	struct profile *large = profile_of(50, 13, true);
	free_pages = 0;
	struct profile *not_apart = profile_of(20, 3, true);
	struct json json = {.out = &(struct buffer){0}};

	check_words(small, large, "RSS +40.0 MiB: heap +30.0 MiB (free, whole pages +25.0 MiB), unexplained +10.0 MiB");
	check_words(not_apart, large, "RSS +40.0 MiB: heap +30.0 MiB, unexplained +10.0 MiB");
	const struct memory_growth growth = memory_growth_of_profiles(small, large);
	json_begin_object(&json);
	json_memory_growth(&json, &growth);
	json_end_object(&json);
	assert_non_null(
	    strstr(json.out->data, "{\"part\":\"free_pages\",\"before_bytes\":4194304,\"after_bytes\":30408704}"));
	buffer_free(json.out);
	profile_free(small);
	profile_free(large);
	profile_free(not_apart);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(moments_without_a_ledger_are_passed_over),
	    cmocka_unit_test(growth_of_what_is_in_use_is_no_growth_elsewhere),
	    cmocka_unit_test(what_grew_elsewhere_is_named),
	    cmocka_unit_test(processes_add_up_where_all_have_a_ledger),
	    cmocka_unit_test(a_moment_has_the_sums_of_its_profile),
	    cmocka_unit_test(of_two_profiles_it_is_said_which_has_no_ledger),
	    cmocka_unit_test(of_the_heap_it_is_said_what_of_it_is_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
