/* SPDX-License-Identifier: Apache-2.0 */
/* From snapshots and recording directories to profiles: which samples merge, what follows from that, and which file is
 * read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profile/profile.h"
#include "support/sample_program.h"
#include "support/snapshot_maker.h"

#define RATE (512 * 1024)
#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct profile *profile_of(const struct snapshot_maker *maker)
{
	struct buffer file = snapshot_maker_finish(maker);
	struct error error = {""};
	struct profile *profile = profile_open_snapshot(file.data, file.length, "file", &error);

	assert_string_equal(error.text, "");
	assert_non_null(profile);
	buffer_free(&file);
	return profile;
}

static double estimate(const struct seep_sum *sum)
{
	return sum->uncertain + sum->certain;
}

static const struct profile_site *site_at(const struct profile *profile, uint64_t leaf_address)
{
	for (uint32_t i = 0; i < profile->site_count; i++) {
		const struct profile_site *site = &profile->sites[i];
		if (site->depth && profile_leaf(profile, site)->address == leaf_address)
			return site;
	}
	fail_msg("no site at %#llx", (unsigned long long)leaf_address);
	return NULL;
}

static void equal_stacks_in_a_module_known_twice_are_one_site(void **state)
{
	(void)state;
	struct snapshot_maker *maker = snapshot_maker_create(RATE);
	uint32_t once = snapshot_maker_add_module(maker, "/lib/plugin.so", "aabbcc");
	uint32_t other = snapshot_maker_add_module(maker, "/lib/other.so", "ddeeff");
	uint32_t again = snapshot_maker_add_module(maker, "/lib/copy-of-plugin.so", "aabbcc");
	const struct maker_frame first[] = {{once, 0x10}, {other, 0x20}};
	const struct maker_frame second[] = {{again, 0x10}, {other, 0x20}};

	snapshot_maker_module(maker, again)->bias = 0x7000000;
	uint32_t first_site = snapshot_maker_add_site(maker, first, COUNT(first));
	uint32_t second_site = snapshot_maker_add_site(maker, second, COUNT(second));
	snapshot_maker_allocate(maker, second_site, 500, 64, 3);
	snapshot_maker_allocate(maker, first_site, 400, 64, 2);
	snapshot_maker_release(maker, first_site, 64, 100, 4);
	snapshot_maker_release(maker, second_site, 64, 100, 1);
	snapshot_maker_release(maker, second_site, 64, 5000, 2);

	struct profile *profile = profile_of(maker);
	assert_int_equal(profile->site_count, 1);
	const struct profile_site *site = &profile->sites[0];
	assert_int_equal(site->in_use.samples, 5);
	assert_int_equal(site->allocated.samples, 12);
	assert_int_equal(site->freed.samples, 7);
	assert_int_equal(site->lifetime_count, 2);
	assert_int_equal(site->lifetimes[0].bin, 6);
	assert_int_equal(site->lifetimes[0].samples, 5);
	assert_int_equal(site->lifetimes[1].bin, 12);
	assert_int_equal(site->lifetimes[1].samples, 2);
	assert_int_equal(profile->sample_count, 5);
	for (uint32_t i = 0; i < profile->sample_count; i++)
		assert_int_equal(profile_samples(profile)[i].site, 0);
	for (uint32_t i = 1; i < profile->sample_count; i++)
		assert_true(profile_samples(profile)[i - 1].birth_ns < profile_samples(profile)[i].birth_ns);
	profile_free(profile);
	snapshot_maker_free(maker);
}

static void sites_that_differ_stay_apart(void **state)
{
	(void)state;
	struct snapshot_maker *maker = snapshot_maker_create(RATE);
	uint32_t module = snapshot_maker_add_module(maker, "/bin/a", "01");
	uint32_t rebuilt = snapshot_maker_add_module(maker, "/bin/a", "02");
	const struct maker_frame stack[] = {{module, 0x10}, {module, 0x20}};
	const struct maker_frame other_build[] = {{rebuilt, 0x10}, {rebuilt, 0x20}};
	const struct maker_frame reversed[] = {{module, 0x20}, {module, 0x10}};
	const struct maker_frame absolute[] = {{0, 0x10}, {0, 0x20}};

	snapshot_maker_add_site(maker, stack, 2);
	snapshot_maker_add_site(maker, stack, 1);
	snapshot_maker_add_site(maker, other_build, 2);
	snapshot_maker_add_site(maker, reversed, 2);
	snapshot_maker_add_site(maker, absolute, 2);
	snapshot_maker_add_site(maker, NULL, 0);
	uint32_t truncated = snapshot_maker_add_site(maker, stack, 2);
	snapshot_maker_site(maker, truncated)->flags = SEEP_SITE_TRUNCATED;
	struct profile *profile = profile_of(maker);
	assert_int_equal(profile->site_count, 7);
	for (uint32_t i = 0; i < profile->site_count; i++)
		for (uint32_t j = 0; j < i; j++)
			assert_int_not_equal(profile->sites[i].key, profile->sites[j].key);
	assert_int_equal(profile->sites[5].depth, 0);
	assert_true(profile->sites[6].truncated);
	profile_free(profile);
	snapshot_maker_free(maker);
}

static uint32_t add_label(struct snapshot_maker *maker, const char *path)
{
	const uint32_t module = snapshot_maker_add_module(maker, path, NULL);

	snapshot_maker_module(maker, module)->flags = SEEP_MODULE_LABEL;
	return module;
}

static void labels_are_taken_off_stacks_and_told_apart(void **state)
{
	(void)state;
	struct snapshot_maker *maker = snapshot_maker_create(RATE);
	const uint32_t program = snapshot_maker_add_module(maker, "/usr/bin/server", NULL),
		       alice = add_label(maker, "[label] alice"), bob = add_label(maker, "[label] bob"),
		       again = add_label(maker, "[label] alice");
	/* the last two: a label in the middle of a stack is a frame, and a label without a frame is no stack */
	const struct maker_frame stacks[][3] = {
	    {{program, 0x10}, {program, 0x20}, {alice, 0}},
	    {{program, 0x10}, {program, 0x20}, {bob, 0}},
	    {{program, 0x10}, {program, 0x20}, {again, 0}},
	    {{program, 0x30}, {program, 0x20}, {alice, 0}},
	    {{program, 0x10}, {program, 0x20}, {program, 0x40}},
	    {{program, 0x10}, {bob, 0}, {program, 0x50}},
	    {{alice, 0}},
	};
	static const size_t depths[] = {3, 3, 3, 3, 3, 3, 1};
	static const char *const labels[] = {"alice", "bob", "alice", NULL, NULL, "alice"};
	static const uint32_t wanted_depths[] = {2, 2, 2, 3, 3, 0};

	for (size_t i = 0; i < COUNT(stacks); i++)
		snapshot_maker_allocate(maker, snapshot_maker_add_site(maker, stacks[i], depths[i]), 500, 64, 1);
	struct profile *profile = profile_of(maker);
	assert_int_equal(profile->site_count, 6);
	for (uint32_t i = 0; i < profile->site_count; i++) {
		const struct profile_site *site = &profile->sites[i];
		const char *label = profile_site_label(profile, site);
		uint32_t depth = 0;
		assert_string_equal(label ? label : "", labels[i] ? labels[i] : "");
		for (uint32_t node = site->node; node; node = profile->nodes[node].parent)
			depth++;
		assert_int_equal(site->depth, wanted_depths[i]);
		assert_int_equal(depth, wanted_depths[i]);
		for (uint32_t k = 0; k < i; k++)
			assert_true(site->key != profile->sites[k].key);
	}
	assert_true(estimate(&profile->sites[0].in_use.objects) > estimate(&profile->sites[1].in_use.objects));
	profile_free(profile);
	snapshot_maker_free(maker);
}

static void exact_address_is_another_place_than_a_return_address(void **state)
{
	(void)state;
	struct snapshot_maker *maker = snapshot_maker_create(RATE);
	const struct maker_frame stack[] = {{0, 0x10}};

	snapshot_maker_set_exact(maker, snapshot_maker_add_site(maker, stack, 1));
	struct profile *profile = profile_of(maker);
	uint64_t exact_key = profile->sites[0].key;
	assert_true(profile_leaf(profile, &profile->sites[0])->exact);
	profile_free(profile);
	snapshot_maker_free(maker);
	maker = snapshot_maker_create(RATE);
	snapshot_maker_add_site(maker, stack, 1);
	profile = profile_of(maker);
	assert_int_not_equal(profile->sites[0].key, exact_key);
	profile_free(profile);
	snapshot_maker_free(maker);
}

/* Another process: other indices, load addresses and module order, and one more site. */
static void keys_are_equal_across_processes(void **state)
{
	(void)state;
	struct snapshot_maker *one = snapshot_maker_create(RATE), *two = snapshot_maker_create(RATE);
	uint32_t program_one = snapshot_maker_add_module(one, "/bin/a", "0102");
	uint32_t library_one = snapshot_maker_add_module(one, "/lib/nameless.so", NULL);
	uint32_t library_two = snapshot_maker_add_module(two, "/lib/nameless.so", NULL);
	uint32_t program_two = snapshot_maker_add_module(two, "/moved/a", "0102");

	snapshot_maker_module(two, program_two)->bias = 0x555500000000;
	snapshot_maker_add_site(one, (struct maker_frame[]){{program_one, 1}, {library_one, 2}}, 2);
	snapshot_maker_add_site(two, (struct maker_frame[]){{program_two, 9}}, 1);
	snapshot_maker_add_site(two, (struct maker_frame[]){{program_two, 1}, {library_two, 2}}, 2);
	struct profile *profile_one = profile_of(one), *profile_two = profile_of(two);
	assert_int_equal(site_at(profile_one, 1)->key, site_at(profile_two, 1)->key);
	assert_int_not_equal(site_at(profile_two, 9)->key, site_at(profile_two, 1)->key);
	profile_free(profile_one);
	profile_free(profile_two);
	snapshot_maker_free(one);
	snapshot_maker_free(two);
}

static void totals_are_sums_over_sites(void **state)
{
	(void)state;
	struct snapshot_maker *maker = snapshot_maker_create(1);
	struct profile_totals totals;

	uint32_t one = snapshot_maker_add_site(maker, (struct maker_frame[]){{0, 1}}, 1);
	uint32_t two = snapshot_maker_add_site(maker, (struct maker_frame[]){{0, 2}}, 1);
	snapshot_maker_allocate(maker, one, 1, 100, 7);
	snapshot_maker_release(maker, two, 10, 1, 5);
	struct profile *profile = profile_of(maker);
	profile_totals(profile, &totals);
	assert_true(estimate(&totals.in_use.bytes) == 700);
	assert_true(estimate(&totals.in_use.objects) == 7);
	assert_true(estimate(&totals.allocated.bytes) == 750);
	assert_true(estimate(&totals.freed.bytes) == 50);
	assert_int_equal(totals.freed.samples, 5);
	profile_free(profile);
	snapshot_maker_free(maker);
}

static void names_are_fit_to_print(void **state)
{
	(void)state;
	struct snapshot_maker *maker = snapshot_maker_create(RATE);
	static char huge[65536];

	memset(huge, '<', sizeof huge - 1);
	snapshot_maker_process(maker)->command = snapshot_maker_text(maker, "evil\x1b[2J\n");
	snapshot_maker_process(maker)->host = snapshot_maker_text(maker, huge);
	snapshot_maker_add_module(maker, "/tmp/\xff\r", NULL);
	struct profile *profile = profile_of(maker);
	assert_string_equal(profile->command, "evil\\x1b[2J\\x0a");
	assert_int_equal(strlen(profile->host), 1024);
	assert_string_equal(profile->host + 1020, "<...");
	assert_string_equal(profile->modules[1].path, "/tmp/\\xff\\x0d");
	profile_free(profile);
	snapshot_maker_free(maker);
}

static void snapshot_without_sites_is_a_profile(void **state)
{
	(void)state;
	struct snapshot_maker *maker = snapshot_maker_create(RATE);
	struct profile *profile = profile_of(maker);

	assert_int_equal(profile->site_count, 0);
	assert_int_equal(profile->module_count, 1);
	assert_int_equal(profile->trigger, SEEP_TRIGGER_TIMER);
	profile_symbolize(profile, NULL);
	profile_free(profile);
	snapshot_maker_free(maker);
}

static void write_snapshot(const char *path, uint64_t number, uint64_t time_ns, uint32_t trigger)
{
	struct snapshot_maker *maker = snapshot_maker_create(RATE);

	snapshot_maker_header(maker)->number = number;
	snapshot_maker_header(maker)->time_ns = time_ns;
	snapshot_maker_header(maker)->trigger = trigger;
	snapshot_maker_write(maker, path);
	snapshot_maker_free(maker);
}

static void write_text(const char *path, const char *text)
{
	int descriptor = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);

	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, text, strlen(text)), strlen(text));
	close(descriptor);
}

static void recording_lists_its_snapshots_in_order(void **state)
{
	(void)state;
	struct recording recording;
	struct error error;

	assert_int_equal(mkdir("recording", 0700), 0);
	write_snapshot("recording/000010.seep", 10, 3000, SEEP_TRIGGER_EXIT);
	write_snapshot("recording/000009.seep", 9, 2000, SEEP_TRIGGER_TIMER);
	write_snapshot("recording/1000000.seep", 1000000, 4000, 77);
	write_text("recording/000011.seep.tmp", "half");
	write_text("recording/notes.seep", "mine");
	write_text("recording/000012.seep", "damaged");
	assert_true(recording_list("recording", &recording, &error));
	assert_int_equal(recording.count, 4);
	assert_int_equal(recording.entries[0].number, 9);
	assert_int_equal(recording.entries[0].time_ns, 2000);
	assert_int_equal(recording.entries[0].trigger, SEEP_TRIGGER_TIMER);
	assert_string_equal(recording.entries[1].path, "recording/000010.seep");
	assert_int_equal(recording.entries[1].trigger, SEEP_TRIGGER_EXIT);
	assert_int_equal(recording.entries[2].number, 12);
	assert_int_equal(recording.entries[2].time_ns, 0);
	assert_int_equal(recording.entries[3].number, 1000000);
	assert_int_equal(recording.entries[3].trigger, SEEP_TRIGGER_UNKNOWN);
	recording_free(&recording);
}

static void recording_opens_its_last_snapshot(void **state)
{
	(void)state;
	struct error error;

	assert_int_equal(mkdir("recording", 0700), 0);
	write_snapshot("recording/000001.seep", 1, 1000, SEEP_TRIGGER_TIMER);
	write_snapshot("recording/000002.seep", 2, 2000, SEEP_TRIGGER_EXIT);
	struct profile *profile = profile_open("recording", &error);
	assert_non_null(profile);
	assert_int_equal(profile->number, 2);
	assert_string_equal(profile->source, "recording/000002.seep");
	profile_free(profile);
	/* A heap file that can't be read is no reason to refuse the readable files. */
	write_text("recording/heap", "not a heap file");
	profile = profile_open("recording", &error);
	assert_non_null(profile);
	assert_int_equal(profile->number, 2);
	profile_free(profile);
}

static void recording_is_read_without_what_is_damaged(void **state)
{
	(void)state;
	struct error error;

	assert_int_equal(mkdir("recording", 0700), 0);
	write_snapshot("recording/000001.seep", 1, 1000, SEEP_TRIGGER_TIMER);
	write_text("recording/000002.seep", "damaged");
	write_text("recording/000003.seep", "");
	struct profile *profile = profile_open("recording", &error);
	assert_non_null(profile);
	assert_int_equal(profile->number, 1);
	profile_free(profile);
	assert_int_equal(unlink("recording/000001.seep"), 0);
	assert_null(profile_open("recording", &error));
	assert_string_equal(error.text, "recording/000003.seep: the file is empty"); /* the last one's fault */
}

static void recording_without_anything_readable_says_so(void **state)
{
	(void)state;
	struct error error;
	struct recording recording;

	assert_int_equal(mkdir("recording", 0700), 0);
	assert_false(path_is_recording("recording"));
	write_text("recording/heap", "not a heap file");
	assert_true(path_is_recording("recording"));
	assert_null(profile_open("recording", &error));
	assert_non_null(strstr(error.text, "recording/heap: offset "));
	assert_false(recording_list("recording", &recording, &error));
	assert_string_equal(error.text, "recording: this recording has no snapshot yet");
	assert_int_equal(unlink("recording/heap"), 0);
	write_text("recording/000001.seep", "damaged");
	assert_true(path_is_recording("recording"));
	assert_null(profile_open("recording", &error));
	assert_string_equal(error.text, "recording/000001.seep: is not a seep snapshot but text");
	assert_false(path_is_recording("recording/000001.seep"));
	assert_false(path_is_recording("missing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(equal_stacks_in_a_module_known_twice_are_one_site),
	    cmocka_unit_test(sites_that_differ_stay_apart),
	    cmocka_unit_test(labels_are_taken_off_stacks_and_told_apart),
	    cmocka_unit_test(exact_address_is_another_place_than_a_return_address),
	    cmocka_unit_test(keys_are_equal_across_processes),
	    cmocka_unit_test(totals_are_sums_over_sites),
	    cmocka_unit_test(names_are_fit_to_print),
	    cmocka_unit_test(snapshot_without_sites_is_a_profile),
	    cmocka_unit_test_setup_teardown(recording_lists_its_snapshots_in_order, scratch_enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(recording_opens_its_last_snapshot, scratch_enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(recording_is_read_without_what_is_damaged, scratch_enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(recording_without_anything_readable_says_so, scratch_enter, scratch_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
