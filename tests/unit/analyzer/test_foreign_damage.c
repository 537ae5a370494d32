/* SPDX-License-Identifier: Apache-2.0 */
/* Other tools' profiles that are cut, damaged or endless do no more harm than one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "export/export.h"
#include "encoding/gzip.h"
#include "encoding/protobuf.h"
#include "support/foreign_dumps.h"

/* Any bytes give a profile in which every index is valid, or one line. */
static void survives(const void *data, size_t bytes)
{
	struct error error;
	struct profile *profile = dump_read(data, bytes, &error);

	if (!profile) {
		assert_true(strlen(error.text) > 5 && !strchr(error.text, '\n'));
		return;
	}
	for (uint32_t i = 0; i < profile->site_count; i++)
		for (uint32_t node = profile->sites[i].node; node; node = profile->nodes[node].parent) {
			assert_true(node < profile->node_count && profile->nodes[node].parent < node);
			const uint32_t location = profile->nodes[node].location;
			assert_true(location < profile->location_count);
			assert_true(profile->locations[location].module < profile->module_count);
		}
	profile_free(profile);
}

static void survives_damage(const void *data, size_t bytes)
{
	unsigned char *copy = memory_allocate(bytes, 1);

	for (size_t length = 0; length < bytes; length++)
		survives(data, length);
	for (size_t bit = 0; bit < 8 * bytes; bit++) {
		memcpy(copy, data, bytes);
		copy[bit / 8] ^= (unsigned char)(1 << bit % 8);
		survives(copy, bytes);
	}
	free(copy);
}

static void texts_survive_truncation_and_bit_flips(void **state)
{
	(void)state;
	survives_damage(jemalloc_dump, strlen(jemalloc_dump));
	survives_damage(gperftools_dump, strlen(gperftools_dump));
	survives_damage(heaptrack_file, strlen(heaptrack_file));
}

static void pprof_survives_truncation_and_bit_flips(void **state)
{
	(void)state;
	struct profile_maker *maker = dump_make_profile();
	struct buffer plain = {0}, packed = {0};

	export_pprof_plain(&plain, profile_maker_profile(maker), NULL);
	export_pprof(&packed, profile_maker_profile(maker), NULL);
	survives_damage(plain.data, plain.length);
	survives_damage(packed.data, packed.length);
	buffer_free(&plain);
	buffer_free(&packed);
	profile_maker_free(maker);
}

static void gzip_stops_at_its_limit(void **state)
{
	(void)state;
	struct buffer packed = {0}, out = {0};
	struct error error;
	size_t offset;
	char *zeros = memory_allocate(1 << 20, 1);

	gzip_pack(&packed, zeros, 1 << 20);
	assert_true(gzip_unpack(&out, packed.data, packed.length, 1 << 20, &offset, &error));
	assert_int_equal(out.length, 1 << 20);
	out.length = 0;
	assert_false(gzip_unpack(&out, packed.data, packed.length, (1 << 20) - 1, &offset, &error));
	assert_true(out.length < 1 << 20);
	/* Members one behind the other are one stream. */
	const size_t one = packed.length;
	gzip_pack(&packed, "tail", 4);
	out.length = 0;
	assert_true(gzip_unpack(&out, packed.data, packed.length, 2 << 20, &offset, &error));
	assert_int_equal(out.length, (1 << 20) + 4);
	for (size_t cut = 2; cut < one; cut += 7) {
		out.length = 0;
		assert_false(gzip_unpack(&out, packed.data, cut, 2 << 20, &offset, &error));
	}
	free(zeros);
	buffer_free(&packed);
	buffer_free(&out);
}

static void varints_survive_the_way_there_and_back(void **state)
{
	(void)state;
	static const uint64_t values[] = {0, 1, 127, 128, 16383, 16384, UINT32_MAX, INT64_MAX, UINT64_MAX};
	struct buffer out = {0};
	uint64_t value;

	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		protobuf_varint(&out, values[i]);
	struct protobuf_reader array = {.at = (unsigned char *)out.data, .end = (unsigned char *)out.data + out.length};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		assert_true(protobuf_next_packed(&array, &value));
		assert_true(value == values[i]);
	}
	assert_false(protobuf_next_packed(&array, &value));
	assert_null(array.fault);
	static const unsigned char endless[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
	array = (struct protobuf_reader){.at = endless, .end = endless + sizeof endless - 1};
	assert_false(protobuf_next_packed(&array, &value));
	assert_non_null(array.fault);
	buffer_free(&out);
}

static void deep_stacks_are_cut_and_say_so(void **state)
{
	(void)state;
	struct buffer text = {0};

	buffer_append_text(&text, "heap profile: 1: 1 [1: 1] @ heapprofile\n1: 1 [1: 1] @");
	for (int i = 0; i < 5000; i++)
		buffer_printf(&text, " 0x%x", 0x1000 + i);
	buffer_append_text(&text, "\n");
	struct profile *profile = dump_read_text(text.data);
	assert_int_equal(profile->sites[0].depth, FOREIGN_DEPTH_MAX);
	assert_true(profile->sites[0].truncated);
	profile_free(profile);
	buffer_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(texts_survive_truncation_and_bit_flips),
	    cmocka_unit_test(pprof_survives_truncation_and_bit_flips),
	    cmocka_unit_test(gzip_stops_at_its_limit),
	    cmocka_unit_test(varints_survive_the_way_there_and_back),
	    cmocka_unit_test(deep_stacks_are_cut_and_say_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
