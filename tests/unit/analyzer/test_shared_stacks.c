/* SPDX-License-Identifier: Apache-2.0 */
/* Two snapshots that share their stacks say what they say when each has its own, in whatever order they are read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>

#include "profile/profile.h"
#include "support/sample_program.h"
#include "support/snapshot_maker.h"

#define RATE (512 * 1024)
enum { FRAMES = 3, EARLIER_SITES = 100, LATER_SITES = 300 };

static void add_sites(struct snapshot_maker *maker, uint32_t module, uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++) {
		const struct maker_frame stack[FRAMES] = {{module, 0x1000 + i % 90}, {1, 0x20 + i % 7}, {1, 0x10}};
		snapshot_maker_allocate(maker, snapshot_maker_add_site(maker, stack, FRAMES), 100 + i, 64 + i, 1);
	}
}

/* Writes "earlier" and, with more stacks and a further module, "later"; and "other", whose first stack is another. */
static int snapshots_write(void **state)
{
	scratch_enter(state);
	struct snapshot_maker *maker = snapshot_maker_create(RATE), *other = snapshot_maker_create(RATE);
	add_sites(maker, snapshot_maker_add_module(maker, "/bin/server", "01"), 0, EARLIER_SITES);
	snapshot_maker_write(maker, "earlier");
	add_sites(maker, snapshot_maker_add_module(maker, "/lib/plugin.so", "02"), EARLIER_SITES, LATER_SITES);
	snapshot_maker_header(maker)->number = 2;
	snapshot_maker_write(maker, "later");
	add_sites(other, snapshot_maker_add_module(other, "/bin/server", "01"), 1, EARLIER_SITES);
	snapshot_maker_write(other, "other");
	snapshot_maker_free(maker);
	snapshot_maker_free(other);
	return 0;
}

static struct profile *opened(const char *path)
{
	struct error error = {""};
	struct profile *profile = profile_open(path, &error);

	assert_string_equal(error.text, "");
	assert_non_null(profile);
	return profile;
}

static void assert_says_what_the_file_says(const struct profile *profile, const char *path, bool has_names)
{
	struct profile *alone = opened(path);

	if (has_names)
		profile_symbolize(alone, NULL);
	assert_int_equal(profile->node_count, alone->node_count);
	assert_int_equal(profile->location_count, alone->location_count);
	assert_int_equal(profile->site_count, alone->site_count);
	for (uint32_t i = 0; i < alone->site_count; i++) {
		const struct profile_site *mine = &profile->sites[i], *site = &alone->sites[i];
		assert_true(mine->key == site->key);
		assert_int_equal(mine->depth, site->depth);
		uint32_t a = mine->node, b = site->node;
		for (; a && b; a = profile->nodes[a].parent, b = alone->nodes[b].parent) {
			const struct profile_location *at = &profile->locations[profile->nodes[a].location];
			const struct profile_location *wanted = &alone->locations[alone->nodes[b].location];
			assert_int_equal(at->address, wanted->address);
			assert_int_equal(at->module, wanted->module);
			if (has_names)
				assert_string_equal(profile_lines(profile, at)->function,
						    profile_lines(alone, wanted)->function);
		}
		assert_int_equal(a, b);
	}
	for (uint32_t i = 1; i < alone->module_count && has_names; i++)
		assert_string_equal(profile->modules[i].symbols, alone->modules[i].symbols);
	profile_free(alone);
}

/* Opens both, sharing, and says whether they share. */
static bool open_both(const char *first, const char *second, struct profile **a, struct profile **b)
{
	profile_share_stacks(true);
	*a = opened(first);
	*b = opened(second);
	profile_share_stacks(false);
	return (*a)->nodes == (*b)->nodes && (*a)->locations == (*b)->locations;
}

static void check_both(const char *first, const char *second, bool are_shared, bool larger_is_first)
{
	struct profile *a, *b;

	assert_int_equal(open_both(first, second, &a, &b), are_shared);
	assert_says_what_the_file_says(a, first, false);
	assert_says_what_the_file_says(b, second, false);
	profile_symbolize(larger_is_first ? a : b, NULL);
	profile_symbolize(larger_is_first ? b : a, NULL);
	assert_says_what_the_file_says(a, first, true);
	assert_says_what_the_file_says(b, second, true);
	profile_free(a);
	profile_free(b);
}

static void a_later_snapshot_adds_to_the_stacks_of_an_earlier_one(void **state)
{
	(void)state;
	check_both("earlier", "later", true, false);
	check_both("earlier", "earlier", true, false);
}

static void an_earlier_snapshot_has_the_first_stacks_of_a_later_one(void **state)
{
	(void)state;
	check_both("later", "earlier", true, true);
}

static void names_are_found_whichever_of_two_gets_them_first(void **state)
{
	(void)state;
	check_both("earlier", "later", true, true);
}

static void snapshots_with_other_stacks_share_none(void **state)
{
	(void)state;
	check_both("earlier", "other", false, true);
	check_both("other", "later", false, true);
}

static void stacks_stay_when_one_of_two_goes(void **state)
{
	(void)state;
	struct profile *a, *b;

	assert_true(open_both("earlier", "later", &a, &b));
	profile_free(a);
	assert_says_what_the_file_says(b, "later", false);
	profile_free(b);
	assert_true(open_both("later", "earlier", &a, &b));
	profile_free(a);
	assert_says_what_the_file_says(b, "earlier", false);
	profile_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_later_snapshot_adds_to_the_stacks_of_an_earlier_one),
	    cmocka_unit_test(an_earlier_snapshot_has_the_first_stacks_of_a_later_one),
	    cmocka_unit_test(names_are_found_whichever_of_two_gets_them_first),
	    cmocka_unit_test(snapshots_with_other_stacks_share_none),
	    cmocka_unit_test(stacks_stay_when_one_of_two_goes),
	};

	return cmocka_run_group_tests(tests, snapshots_write, scratch_leave);
}
