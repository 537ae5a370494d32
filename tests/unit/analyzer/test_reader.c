/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The snapshot reader against broken input: whatever is cut, flipped or forged is refused in one line that names file,
 * offset and fault, or does no harm. Run it with the sanitizers, which notice harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "profile/profile.h"
#include "reader/snapshot_reader.h"
#include "support/snapshot_maker.h"

#define RATE (512 * 1024)

/* A snapshot with something in every section. */
static struct snapshot_maker *small_snapshot(void)
{
	struct snapshot_maker *maker = snapshot_maker_create(RATE);
	uint32_t module = snapshot_maker_add_module(maker, "/usr/bin/server", "0102030405060708");
	const struct maker_frame stack[] = {{module, 0x1111}, {module, 0x2222}, {0, 0x7f0000003333}};

	snapshot_maker_allocate(maker, snapshot_maker_add_site(maker, stack, 3), 1000, 4096, 2);
	snapshot_maker_release(maker, snapshot_maker_add_site(maker, stack + 1, 2), 64, 500, 3);
	snapshot_maker_add_memory(maker, SEEP_MEMORY_RSS, 1 << 20);
	snapshot_maker_add_loss(maker, SEEP_LOSS_RING_HOLES, 3);
	return maker;
}

static struct buffer small_file(void)
{
	struct snapshot_maker *maker = small_snapshot();
	struct buffer file = snapshot_maker_finish(maker);

	snapshot_maker_free(maker);
	return file;
}

/* Opens bytes at the very end of a heap block, so that the sanitizer sees a read of one byte too many. */
static struct profile *open_bytes(const void *data, size_t bytes, struct error *error)
{
	unsigned char *copy = malloc(bytes ? bytes : 1);

	assert_non_null(copy);
	memcpy(copy, data, bytes);
	strcpy(error->text, "");
	struct profile *profile = profile_open_snapshot(copy, bytes, "file", error);
	free(copy);
	return profile;
}

static void assert_refused(const struct buffer *file, const char *text)
{
	struct error error;
	struct profile *profile = open_bytes(file->data, file->length, &error);

	profile_free(profile);
	assert_null(profile);
	assert_string_equal(error.text, text);
}

/* With the checksums made right. `text` is a part of the message. */
static void assert_signed_refused(struct buffer *file, const char *text)
{
	struct error error;

	snapshot_sign(file);
	assert_null(open_bytes(file->data, file->length, &error));
	assert_non_null(strstr(error.text, text));
}

/* Reads every field of a profile, so that the sanitizer sees any that does not belong to it. */
static double profile_touch(const struct profile *profile)
{
	double sum = (double)(strlen(profile->command) + strlen(profile->executable) + strlen(profile->arguments) +
			      strlen(profile->host) + strlen(profile->allocator) + strlen(profile->bypassed));

	for (uint32_t i = 0; i < profile->module_count; i++)
		sum += (double)strlen(profile->modules[i].path);
	for (uint32_t i = 0; i < profile->location_count; i++)
		sum += (double)profile->modules[profile->locations[i].module].start;
	for (uint32_t i = 0; i < profile->site_count; i++) {
		const struct profile_site *site = &profile->sites[i];
		for (uint32_t node = site->node; node; node = profile->nodes[node].parent)
			sum += (double)profile->locations[profile->nodes[node].location].address;
		for (uint32_t j = 0; j < site->lifetime_count; j++)
			sum += site->lifetimes[j].bytes;
	}
	for (uint32_t i = 0; i < profile->sample_count; i++)
		sum += (double)profile->sites[profile_samples(profile)[i].site].in_use.samples;
	return sum;
}

static void whole_snapshot_is_read(void **state)
{
	(void)state;
	struct buffer file = small_file();
	struct error error;
	struct profile *profile = open_bytes(file.data, file.length, &error);

	assert_non_null(profile);
	assert_true(isfinite(profile_touch(profile)));
	assert_string_equal(profile->command, "server");
	assert_int_equal(profile->rate, RATE);
	assert_int_equal(profile->site_count, 2);
	assert_int_equal(profile->sample_count, 2);
	assert_true(profile->has_samples && profile->has_lifetimes);
	assert_int_equal(profile->memory[SEEP_MEMORY_RSS], 1 << 20);
	assert_int_equal(profile->memory_known, 1 << SEEP_MEMORY_RSS);
	assert_int_equal(profile->losses[SEEP_LOSS_RING_HOLES], 3);
	assert_string_equal(profile->modules[1].path, "/usr/bin/server");
	assert_int_equal(profile->modules[1].build_id_bytes, 8);
	profile_free(profile);
	buffer_free(&file);
}

static void cut_anywhere_is_refused(void **state)
{
	(void)state;
	struct buffer file = small_file();
	struct error error;

	for (size_t length = 0; length < file.length; length++) {
		assert_null(open_bytes(file.data, length, &error));
		assert_non_null(strstr(error.text, length ? "file: offset " : "file: the"));
		assert_non_null(strstr(error.text, length ? "truncated: the " : "the file is empty"));
	}
	buffer_free(&file);
}

static void every_flipped_bit_is_refused_or_harmless(void **state)
{
	(void)state;
	struct buffer file = small_file();
	size_t harmless = 0;
	struct error error;

	for (size_t bit = 0; bit < 8 * file.length; bit++) {
		file.data[bit / 8] ^= (char)(1 << bit % 8);
		struct profile *profile = open_bytes(file.data, file.length, &error);
		if (profile)
			harmless++;
		else
			assert_memory_equal(error.text, "file: ", 6);
		profile_free(profile);
		file.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	/* Only the padding behind STRINGS has no checksum. */
	assert_true(harmless <= 8 * 7);
	buffer_free(&file);
}

/* With the checksums made right again, the flipped bit reaches the checks of the entries. */
static void every_flipped_bit_behind_valid_checksums_does_no_harm(void **state)
{
	(void)state;
	struct buffer file = small_file();
	struct error error;

	for (size_t bit = 0; bit < 8 * file.length; bit++) {
		if (bit / 8 >= offsetof(struct seep_snapshot_header, section_count) &&
		    bit / 8 < offsetof(struct seep_snapshot_header, section_count) + 4)
			continue; /* snapshot_sign() would sign past the end */
		struct buffer forged = {0};
		buffer_append(&forged, file.data, file.length);
		forged.data[bit / 8] ^= (char)(1 << bit % 8);
		snapshot_sign(&forged);
		struct profile *profile = open_bytes(forged.data, forged.length, &error);
		if (profile)
			profile_touch(profile);
		else
			assert_memory_equal(error.text, "file: ", 6);
		profile_free(profile);
		buffer_free(&forged);
	}
	buffer_free(&file);
}

static void newer_version_is_named(void **state)
{
	(void)state;
	struct buffer file = small_file();

	((struct seep_snapshot_header *)file.data)->version = 7;
	assert_refused(&file, "file: offset 8: snapshot version 7 is newer than this seep reads (2); update seep");
	buffer_free(&file);
}

static void newer_entries_and_sections_are_skipped(void **state)
{
	(void)state;
	struct snapshot_maker *maker = small_snapshot();
	struct error error;

	snapshot_maker_widen_entries(maker, 24);
	snapshot_maker_add_unknown_section(maker);
	struct buffer file = snapshot_maker_finish(maker);
	struct profile *profile = open_bytes(file.data, file.length, &error);
	assert_non_null(profile);
	assert_int_equal(profile->site_count, 2);
	assert_int_equal(profile->sites[0].depth, 3);
	assert_int_equal(profile_leaf(profile, &profile->sites[0])->address, 0x1111);
	assert_int_equal(profile_samples(profile)[1].size, 4096);
	assert_int_equal(profile->sites[1].lifetimes[0].samples, 3);
	profile_free(profile);
	buffer_free(&file);
	snapshot_maker_free(maker);
}

static void section_table_is_checked(void **state)
{
	(void)state;
	struct buffer file = small_file();
	struct seep_section *nodes = snapshot_section(&file, SEEP_SECTION_NODES), kept = *nodes;

	nodes->offset = file.length + 8;
	assert_signed_refused(&file, "file: offset 160: section NODES is said to have");
	*nodes = kept;
	nodes->offset = snapshot_section(&file, SEEP_SECTION_MODULES)->offset;
	assert_signed_refused(&file, "overlap");
	*nodes = kept;
	nodes->type = SEEP_SECTION_MODULES;
	assert_signed_refused(&file, "file: offset 160: a second MODULES section");
	nodes->type = 4000;
	assert_signed_refused(&file, "file: offset 64: there is no NODES section");
	*nodes = kept;
	nodes->entry_bytes = 16;
	nodes->bytes = 48;
	assert_signed_refused(&file, "file: offset 160: NODES entries of 16 bytes, where there must be 24");
	buffer_free(&file);
}

/* One field of an entry of the small file with a wrong value, and the message that it must cause. */
static void assert_field_refused(enum seep_section_type type, size_t field, const void *value, size_t bytes,
				 const char *what)
{
	struct buffer file = small_file();
	size_t at = snapshot_section(&file, type)->offset + field;
	char text[256];

	memcpy(file.data + at, value, bytes);
	snprintf(text, sizeof text, "file: offset %zu: %s", at, what);
	assert_signed_refused(&file, text);
	buffer_free(&file);
}

#define ASSERT_WORD_REFUSED(section, field, value, what)                                                               \
	assert_field_refused(section, field, &(uint32_t){value}, sizeof(uint32_t), what)
#define ASSERT_SUM_REFUSED(section, field, value)                                                                      \
	assert_field_refused(section, field, &(double){value}, sizeof(double),                                         \
			     (value) > 0 && isfinite(value) ? "a sum is too small or too large for any samples"        \
							    : "a sum is negative, infinite or not a number")

static void every_index_is_checked(void **state)
{
	(void)state;
	const size_t module = sizeof(struct seep_module), node = sizeof(struct seep_node);

	ASSERT_WORD_REFUSED(SEEP_SECTION_PROCESS, offsetof(struct seep_process, host), 60000,
			    "names a text that is not there (60000)");
	ASSERT_WORD_REFUSED(SEEP_SECTION_PROCESS, offsetof(struct seep_process, host), 2,
			    "names a text that is not there (2)");
	ASSERT_WORD_REFUSED(SEEP_SECTION_MODULES, module + offsetof(struct seep_module, path), 60000,
			    "names a text that is not there (60000)");
	ASSERT_WORD_REFUSED(SEEP_SECTION_MODULES, module + offsetof(struct seep_module, build_id_bytes), 33,
			    "a build id of more than 32 bytes (33)");
	ASSERT_WORD_REFUSED(SEEP_SECTION_NODES, 0, 1, "a node's parent does not precede it (1)");
	ASSERT_WORD_REFUSED(SEEP_SECTION_NODES, 2 * node, 2, "a node's parent does not precede it (2)");
	ASSERT_WORD_REFUSED(SEEP_SECTION_NODES, node + offsetof(struct seep_node, module), 2,
			    "names a module that is not there (2)");
	ASSERT_WORD_REFUSED(SEEP_SECTION_SITES, 0, 4, "names a node that is not there (4)");
	ASSERT_WORD_REFUSED(SEEP_SECTION_LIFETIMES, 0, 2, "names a site that is not there (2)");
	ASSERT_WORD_REFUSED(SEEP_SECTION_LIFETIMES, offsetof(struct seep_lifetime, bin), 64,
			    "a lifetime bin above 63 (64)");
	ASSERT_WORD_REFUSED(SEEP_SECTION_LIVE, offsetof(struct seep_live, site), 2,
			    "names a site that is not there (2)");
	ASSERT_WORD_REFUSED(SEEP_SECTION_LIVE, offsetof(struct seep_live, rate), 0, "a sample without a rate (0)");
	assert_field_refused(SEEP_SECTION_STRINGS, 0, "x", 1, "the first text is not empty");
}

static void every_sum_is_checked(void **state)
{
	(void)state;
	const double wrong[] = {NAN, INFINITY, -1, 1e200, 1e99, 1e-300};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		for (size_t measure = offsetof(struct seep_site, allocated); measure < sizeof(struct seep_site);
		     measure += sizeof(struct seep_measure))
			for (size_t field = sizeof(uint64_t); field < sizeof(struct seep_measure); field += 8)
				ASSERT_SUM_REFUSED(SEEP_SECTION_SITES, measure + field, wrong[i]);
		for (size_t field = offsetof(struct seep_lifetime, objects); field < sizeof(struct seep_lifetime);
		     field += 8)
			ASSERT_SUM_REFUSED(SEEP_SECTION_LIFETIMES, field, wrong[i]);
	}
}

static void sites_from_before_they_grew_are_read(void **state)
{
	(void)state;
	struct buffer file = small_file();
	struct seep_section *sites = snapshot_section(&file, SEEP_SECTION_SITES);
	const size_t count = sites->bytes / sites->entry_bytes;
	struct error error;

	for (size_t i = 0; i < count; i++)
		memmove(file.data + sites->offset + i * SEEP_SITE_BYTES_LEAST,
			file.data + sites->offset + i * sizeof(struct seep_site), SEEP_SITE_BYTES_LEAST);
	sites->entry_bytes = SEEP_SITE_BYTES_LEAST;
	sites->bytes = count * SEEP_SITE_BYTES_LEAST;
	snapshot_sign(&file);
	struct profile *profile = profile_open_snapshot(file.data, file.length, "file", &error);
	assert_non_null(profile);
	for (uint32_t i = 0; i < profile->site_count; i++)
		assert_true(!profile->sites[i].freed_how ||
			    profile->freed[profile->sites[i].freed_how].grown.samples == 0);
	profile_free(profile);
	sites->entry_bytes = SEEP_SITE_BYTES_LEAST - 8;
	sites->bytes = count * (SEEP_SITE_BYTES_LEAST - 8);
	assert_signed_refused(&file, "SITES entries of 360 bytes, where there must be 368");
	buffer_free(&file);
}

static void unterminated_text_is_refused(void **state)
{
	(void)state;
	struct buffer file = small_file();
	struct seep_section *strings = snapshot_section(&file, SEEP_SECTION_STRINGS);
	const size_t last = strings->offset + strings->bytes - 1;
	char text[96];

	file.data[last] = 'x';
	snprintf(text, sizeof text, "file: offset %zu: the last text has no end", last);
	assert_signed_refused(&file, text);
	buffer_free(&file);
}

static void stack_beyond_the_limit_is_refused(void **state)
{
	(void)state;
	struct snapshot_maker *maker = snapshot_maker_create(RATE);
	struct maker_frame stack[SNAPSHOT_DEPTH_MAX + 1];
	struct error error;

	for (size_t i = 0; i < SNAPSHOT_DEPTH_MAX + 1; i++)
		stack[i] = (struct maker_frame){0, i};
	snapshot_maker_add_site(maker, stack, SNAPSHOT_DEPTH_MAX);
	struct buffer file = snapshot_maker_finish(maker);
	struct profile *profile = open_bytes(file.data, file.length, &error);
	assert_non_null(profile);
	assert_int_equal(profile->sites[0].depth, SNAPSHOT_DEPTH_MAX);
	profile_free(profile);
	buffer_free(&file);
	snapshot_maker_add_site(maker, stack, SNAPSHOT_DEPTH_MAX + 1);
	file = snapshot_maker_finish(maker);
	assert_null(open_bytes(file.data, file.length, &error));
	assert_non_null(strstr(error.text, "a stack of more than 1024 frames"));
	buffer_free(&file);
	snapshot_maker_free(maker);
}

static void bytes_behind_the_end_are_refused(void **state)
{
	(void)state;
	struct buffer file = small_file();
	char text[96];

	snprintf(text, sizeof text, "file: offset %zu: 3 bytes follow the end of the snapshot", file.length);
	buffer_append(&file, "abc", 3);
	assert_refused(&file, text);
	buffer_free(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whole_snapshot_is_read),
	    cmocka_unit_test(cut_anywhere_is_refused),
	    cmocka_unit_test(every_flipped_bit_is_refused_or_harmless),
	    cmocka_unit_test(every_flipped_bit_behind_valid_checksums_does_no_harm),
	    cmocka_unit_test(newer_version_is_named),
	    cmocka_unit_test(newer_entries_and_sections_are_skipped),
	    cmocka_unit_test(section_table_is_checked),
	    cmocka_unit_test(every_index_is_checked),
	    cmocka_unit_test(every_sum_is_checked),
	    cmocka_unit_test(sites_from_before_they_grew_are_read),
	    cmocka_unit_test(unterminated_text_is_refused),
	    cmocka_unit_test(stack_beyond_the_limit_is_refused),
	    cmocka_unit_test(bytes_behind_the_end_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
