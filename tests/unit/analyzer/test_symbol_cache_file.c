/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of a file of the cache of names, against files that somebody has made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/memory.h"
#include "support/random.h"
#include "symbols/cache_file.h"
#include "symbols/symbols.h"

enum { ADDRESSES = 6 };
static const uint8_t build_id[20] = {0xab, 0xcd, 1};

/* A file with two lines for each address, of which the first is inlined. */
static struct buffer good_file(void)
{
	struct source_line lines[2 * ADDRESSES];
	struct symbol_address addresses[ADDRESSES];
	struct buffer file = {0};

	for (uint32_t i = 0; i < ADDRESSES; i++) {
		addresses[i] = (struct symbol_address){.address = i + 1, .first_line = 2 * i, .line_count = 2};
		lines[2 * i] = (struct source_line){.function = "inlined", .file = "a.c", .line = 7, .inlined = true};
		lines[2 * i + 1] = (struct source_line){.function = "function"};
	}
	const struct symbol_module module = {.path = "program",
					     .build_id = build_id,
					     .build_id_bytes = sizeof build_id,
					     .addresses = addresses,
					     .address_count = ADDRESSES,
					     .source = "source",
					     .debug_file = "debug",
					     .has_lines = true};
	const struct symbol_lines all = {.lines = lines, .count = 2 * ADDRESSES};
	cache_file_encode(&file, &module, &all, &(struct cache_witness){0});
	return file;
}

/* With a right checksum, only the reader itself protects us from the bytes. */
static void a_forged_file_does_no_harm(void **state)
{
	(void)state;
	const int rounds = getenv("LONG_TESTS") ? 20000 : 4000;
	uint64_t random = 88172645463325252u;
	int decoded = 0;
	struct buffer good = good_file();
	const size_t length = good.length;
	for (int round = 0; round < rounds; round++) {
		unsigned char *bad = memory_allocate(length, 1); /* a copy of its own: a sanitizer sees its end */
		size_t bytes = length;
		memcpy(bad, good.data, length);
		for (int flip = 0; flip < 1 + round % 4; flip++) {
			random_next(&random);
			bad[8 + random % (length - 8)] = (unsigned char)(random >> 40);
			if (round % 8 == 0)
				bytes = sizeof(struct cache_header) + random % (length - sizeof(struct cache_header));
		}
		struct cache_header header;
		memcpy(&header, bad, sizeof header);
		memcpy(header.magic, CACHE_FILE_MAGIC, sizeof header.magic);
		header.version = CACHE_FILE_VERSION;
		header.file_bytes = bytes;
		header.crc = 0;
		memcpy(header.build_id, build_id, sizeof build_id);
		header.build_id_bytes = sizeof build_id;
		memcpy(bad, &header, sizeof header);
		header.crc = (uint32_t)crc32_z(0, bad, bytes);
		memcpy(bad, &header, sizeof header);
		const struct buffer file = {.data = (char *)bad, .length = bytes};
		const struct symbol_module wanted = {
		    .path = "program", .build_id = build_id, .build_id_bytes = sizeof build_id};
		struct string_pool *strings = string_pool_create();
		struct cache_content content;
		if (cache_file_decode(&content, &file, &wanted, strings)) {
			decoded++;
			for (size_t i = 0; i < content.module.address_count; i++) {
				const struct symbol_address *address = &content.module.addresses[i];
				assert_true(address->first_line + address->line_count <= content.lines.count);
				for (uint32_t k = 0; k < address->line_count; k++)
					assert_non_null(content.lines.lines[address->first_line + k].function);
			}
			cache_content_free(&content);
		}
		string_pool_free(strings);
		free(bad);
	}
	buffer_free(&good);
	assert_in_range(decoded, rounds / 100, rounds); /* so that the deepest part was reached */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_forged_file_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
