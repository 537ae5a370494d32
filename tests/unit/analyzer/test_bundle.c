/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bundles: what is packed can be unpacked, and a cut or damaged bundle does no more harm than one line, even if its
 * checksums were corrected.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "encoding/gzip.h"
#include "base/memory.h"
#include "profile/bundle.h"
#include "reader/bundle_reader.h"
#include "support/snapshot_maker.h"

static char directory[] = "/tmp/seep-bundle.XXXXXX";
static char recording[64], path[64];
static int descriptor;

/* Two snapshots of a program whose module is not on this machine, one with an absolute address. */
static int recording_make(void **state)
{
	(void)state;
	char file[128];

	assert_non_null(mkdtemp(directory));
	snprintf(recording, sizeof recording, "%s/recording", directory);
	descriptor = memfd_create("bundle", MFD_CLOEXEC);
	assert_true(descriptor >= 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
	assert_int_equal(mkdir(recording, 0700), 0);
	struct snapshot_maker *maker = snapshot_maker_create(4096);
	uint32_t program = snapshot_maker_add_module(maker, "/nowhere/server", "a1b2c3d4");
	uint32_t site = snapshot_maker_add_site(maker, (struct maker_frame[]){{program, 0x1234}, {program, 0x5678}}, 2);
	snapshot_maker_allocate(maker, site, 1000, 4096, 20);
	snprintf(file, sizeof file, "%s/000001.seep", recording);
	snapshot_maker_write(maker, file);
	uint32_t other = snapshot_maker_add_site(maker, (struct maker_frame[]){{0, 0x7777}, {program, 0x5678}}, 2);
	snapshot_maker_allocate(maker, other, 2000, 512, 5);
	snapshot_maker_header(maker)->number = 2;
	snapshot_maker_header(maker)->time_ns += 1000;
	snprintf(file, sizeof file, "%s/000002.seep", recording);
	snapshot_maker_write(maker, file);
	snapshot_maker_free(maker);
	return 0;
}

static int recording_remove(void **state)
{
	(void)state;
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", directory);
	return system(command) == 0 ? 0 : -1;
}

static struct buffer bundle_made(void)
{
	struct bundle_summary summary;
	struct buffer out = {0};
	struct error error;

	if (!bundle_write(&out, recording, NULL, &summary, &error))
		fail_msg("%s", error.text);
	assert_int_equal(summary.snapshots, 2);
	assert_int_equal(summary.addresses, 3);
	return out;
}

/* Thousands of files are written here, so they go to one file in memory. */
static void file_write(const void *data, size_t bytes)
{
	assert_int_equal(ftruncate(descriptor, 0), 0);
	assert_int_equal(pwrite(descriptor, data, bytes, 0), bytes);
}

static void every_snapshot_comes_out_with_names(void **state)
{
	(void)state;
	struct buffer bundle = bundle_made();
	struct recording list;
	struct error error;

	file_write(bundle.data, bundle.length);
	assert_true(path_is_recording(path));
	assert_true(recording_list(path, &list, &error));
	assert_int_equal(list.count, 2);
	assert_int_equal(list.entries[0].number, 1);
	for (size_t i = 0; i < list.count; i++) {
		struct profile *profile = profile_open(list.entries[i].path, &error);
		if (!profile)
			fail_msg("%s", error.text);
		assert_int_equal(profile->number, i + 1);
		assert_int_equal(profile->time_ns, list.entries[i].time_ns);
		assert_int_equal(profile->site_count, i + 1);
		for (uint32_t k = 0; k < profile->location_count; k++)
			assert_true(profile->locations[k].given && profile->locations[k].line_count > 0);
		const struct profile_location *leaf = profile_leaf(profile, &profile->sites[0]);
		assert_string_equal(leaf->lines[0].function, "server+0x1234");
		assert_non_null(strstr(profile->modules[leaf->module].symbols, "/nowhere/server"));
		profile_free(profile);
	}
	struct profile *last = profile_open(path, &error);
	assert_non_null(last);
	assert_int_equal(last->number, 2);
	profile_free(last);
	recording_free(&list);
	buffer_free(&bundle);
}

static void the_same_recording_gives_the_same_bytes(void **state)
{
	(void)state;
	struct buffer one = bundle_made(), two = bundle_made();

	assert_int_equal(one.length, two.length);
	assert_memory_equal(one.data, two.data, one.length);
	buffer_free(&one);
	buffer_free(&two);
}

/* Opens the present contents of the file; false: it was refused, in one line. */
static bool opens(void)
{
	struct error error = {.text = ""};
	struct profile *profile = profile_open(path, &error);

	if (!profile) {
		assert_true(strlen(error.text) > 5 && !strchr(error.text, '\n'));
		return false;
	}
	profile_symbolize(profile, NULL);
	for (uint32_t i = 0; i < profile->location_count; i++)
		assert_true(profile->locations[i].line_count > 0);
	profile_free(profile);
	return true;
}

static void a_cut_or_flipped_bundle_is_refused(void **state)
{
	(void)state;
	struct buffer bundle = bundle_made();

	for (size_t length = 0; length < bundle.length; length++) {
		file_write(bundle.data, length);
		assert_false(opens());
	}
	/* The last snapshot does not need the first one; everything else has a checksum. */
	const struct bundle_part *parts = (const struct bundle_part *)(bundle.data + sizeof(struct bundle_header));
	for (size_t place = 0; place < bundle.length; place++) {
		bundle.data[place] ^= (char)(1 << place % 8);
		file_write(bundle.data, bundle.length);
		bundle.data[place] ^= (char)(1 << place % 8);
		const bool is_first = place >= parts[0].offset && place < parts[0].offset + parts[0].packed_bytes;
		assert_int_equal(opens(), is_first);
	}
	buffer_free(&bundle);
}

/* The bundle with other symbols, and right checksums. */
static void write_with_symbols(const struct buffer *bundle, const void *symbols, size_t bytes)
{
	struct buffer out = {0};
	struct bundle_header header;
	struct bundle_part parts[3];

	memcpy(&header, bundle->data, sizeof header);
	memcpy(parts, bundle->data + sizeof header, sizeof parts);
	buffer_append(&out, bundle->data, parts[2].offset);
	gzip_pack(&out, symbols, bytes);
	parts[2].bytes = bytes;
	parts[2].packed_bytes = out.length - parts[2].offset;
	parts[2].crc = (uint32_t)crc32(0, (unsigned char *)out.data + parts[2].offset, (unsigned)parts[2].packed_bytes);
	memcpy(out.data + sizeof header, parts, sizeof parts);
	header.file_bytes = out.length;
	header.table_crc = (uint32_t)crc32(0, (unsigned char *)parts, sizeof parts);
	header.header_crc = 0;
	header.header_crc = (uint32_t)crc32(0, (unsigned char *)&header, sizeof header);
	memcpy(out.data, &header, sizeof header);
	file_write(out.data, out.length);
	buffer_free(&out);
}

static void symbols_that_lie_do_no_harm(void **state)
{
	(void)state;
	struct buffer bundle = bundle_made(), symbols = {0};
	struct bundle opened;
	struct input input;
	struct error error;
	/* All bits and lengths, or some of each byte and field. */
	const size_t step = getenv("LONG_TESTS") ? 1 : 5;

	file_write(bundle.data, bundle.length);
	assert_true(input_open(&input, path, &error));
	assert_true(bundle_open(&opened, &input, &error));
	assert_int_equal(opened.part_count, 3);
	assert_true(bundle_unpack(&opened, &opened.parts[2], &symbols, &error));
	bundle_close(&opened);
	input_close(&input);
	write_with_symbols(&bundle, symbols.data, symbols.length);
	assert_true(opens());
	for (size_t length = 0; length < symbols.length; length += step) {
		write_with_symbols(&bundle, symbols.data, length);
		assert_false(opens());
	}
	for (size_t bit = 0; bit < 8 * symbols.length; bit += step) {
		symbols.data[bit / 8] ^= (char)(1 << bit % 8);
		write_with_symbols(&bundle, symbols.data, symbols.length);
		opens();
		symbols.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	buffer_free(&symbols);
	buffer_free(&bundle);
}

static void a_number_is_nothing_but_digits(void **state)
{
	(void)state;
	static const char *const none[] = {"", "x", "1x", "1#", "1234567890123456789"};
	uint64_t number = 0;

	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		assert_false(bundle_number_parse(none[i], &number));
	assert_true(bundle_number_parse("12", &number));
	assert_int_equal(number, 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_snapshot_comes_out_with_names),
	    cmocka_unit_test(the_same_recording_gives_the_same_bytes),
	    cmocka_unit_test(a_cut_or_flipped_bundle_is_refused),
	    cmocka_unit_test(symbols_that_lie_do_no_harm),
	    cmocka_unit_test(a_number_is_nothing_but_digits),
	};

	return cmocka_run_group_tests(tests, recording_make, recording_remove);
}
