/* SPDX-License-Identifier: Apache-2.0 */
/* Compact sections: anything that is packed comes back bit by bit; damage is refused and stays inside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <seep/keeper.h>

#include "keeper/image/compact.h"
#include "keeper/image/snapshot_writer.h"

#define COUNT 200u

static uint64_t state_of_chance = 1;

static uint64_t chance(void)
{
	state_of_chance = state_of_chance * UINT64_C(6364136223846793005) + 1442695040888963407;
	return state_of_chance >> 11 ^ state_of_chance << 40;
}

/* Everything that a section may hold: bits of any kind, small numbers, nothing. */
static void words_fill(void *entries, size_t bytes)
{
	for (size_t i = 0; i < bytes / 8; i++) {
		const uint64_t words[] = {chance(), chance() % 100, 0, UINT64_C(0x40d0000000000000) + chance() % 8};
		memcpy((char *)entries + 8 * i, &words[chance() % 4], 8);
	}
}

static void entries_fit(enum seep_section_type type, void *entries)
{
	for (uint32_t i = 0; i < COUNT; i++) {
		struct seep_node *node = (struct seep_node *)entries + i;
		struct seep_site *site = (struct seep_site *)entries + i;
		struct seep_lifetime *lifetime = (struct seep_lifetime *)entries + i;
		if (type == SEEP_SECTION_NODES) {
			node->parent = i ? node->parent % i : 0;
			node->reserved = 0;
		} else if (type == SEEP_SECTION_LIFETIMES) {
			lifetime->bin %= 64;
		} else if (type == SEEP_SECTION_SITES) {
			struct seep_measure *measures[] = {&site->allocated,     &site->freed,
							   &site->in_use,        &site->freed_remotely,
							   &site->freed_shortly, &site->freed_grown};
			for (int m = 0; m < 6; m++)
				measures[m]->samples >>= 4; /* there are never as many */
		}
	}
	if (type == SEEP_SECTION_NODES)
		memset(entries, 0, sizeof(struct seep_node));
}

/* Pieces of any length give the same as the whole, and end where it does, also if something is wrong. */
static void unpack_in_pieces(const struct seep_section *section, const void *bytes, const char *whole)
{
	const uint32_t lengths[] = {1, 7, 64, COUNT};
	char *piece = malloc((size_t)COUNT * section->entry_bytes);
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct seep_section_cursor cursor;
		bool fine = true;
		seep_section_open(&cursor, section, bytes);
		while (fine && cursor.next < cursor.count) {
			uint32_t first = cursor.next;
			fine = seep_section_next(&cursor, piece, lengths[i]);
			assert_true(!fine || cursor.next > first);
			if (fine && whole)
				assert_memory_equal(piece, whole + (size_t)first * section->entry_bytes,
						    (size_t)(cursor.next - first) * section->entry_bytes);
		}
		assert_int_equal(fine, whole != NULL);
		assert_true(cursor.from <= cursor.end);
		assert_int_equal(fine, seep_section_next(&cursor, piece, 1));
	}
	free(piece);
}

static void round_trip(enum seep_section_type type, uint32_t entry_bytes)
{
	struct snapshot_writer image;
	size_t bytes = (size_t)COUNT * entry_bytes;
	char *entries = malloc(bytes), *back = malloc(bytes);
	uint64_t fault;
	words_fill(entries, bytes);
	entries_fit(type, entries);
	writer_begin(&image);
	size_t start = image.bytes;
	assert_true(compact_add(&image, type, entries, COUNT));
	struct seep_section section = {
	    .type = type, .entry_bytes = entry_bytes, .bytes = image.bytes - start, .compact_entries = COUNT};
	assert_true(seep_section_is_compact(&section));
	assert_true(seep_section_expand(&section, image.data + start, back, &fault));
	assert_memory_equal(entries, back, bytes);
	unpack_in_pieces(&section, image.data + start, back);
	for (uint64_t cut = section.bytes; cut-- > 0; cut -= cut > 64 ? chance() % 64 : 0) {
		struct seep_section shorter = section;
		shorter.bytes = cut;
		assert_false(seep_section_expand(&shorter, image.data + start, back, &fault));
		assert_true(fault <= cut);
		if (cut % 64 == 0)
			unpack_in_pieces(&shorter, image.data + start, NULL);
	}
	for (int i = 0; i < 2000; i++) {
		image.data[start + chance() % section.bytes] ^= (char)(1u << chance() % 8);
		seep_section_expand(&section, image.data + start, back, &fault);
		assert_true(fault <= section.bytes);
	}
	free(entries);
	free(back);
	writer_drop(&image);
}

static void what_is_packed_comes_back(void **state)
{
	(void)state;
	round_trip(SEEP_SECTION_NODES, sizeof(struct seep_node));
	round_trip(SEEP_SECTION_SITES, sizeof(struct seep_site));
	round_trip(SEEP_SECTION_LIFETIMES, sizeof(struct seep_lifetime));
	round_trip(SEEP_SECTION_LIVE, sizeof(struct seep_live));
}

/* A section of entries of one kind, in `image`. */
static struct seep_section section_pack(struct snapshot_writer *image, enum seep_section_type type, void *entries,
					uint32_t entry_bytes, uint32_t count)
{
	writer_begin(image);
	const size_t start = image->bytes;
	assert_true(compact_add(image, type, entries, count));
	return (struct seep_section){.type = type,
				     .entry_bytes = entry_bytes,
				     .offset = start,
				     .bytes = image->bytes - start,
				     .compact_entries = count};
}

static void sites_in_brief_have_what_was_allocated_and_is_in_use(void **state)
{
	static struct seep_site sites[COUNT];
	char *const brief = malloc(COUNT * SEEP_SITE_BYTES_BRIEF);
	struct snapshot_writer image;
	uint64_t fault;

	(void)state;
	words_fill(sites, sizeof sites);
	entries_fit(SEEP_SECTION_SITES, sites);
	struct seep_section section = section_pack(&image, SEEP_SECTION_SITES, sites, sizeof *sites, COUNT);
	char *const packed = image.data + section.offset;
	assert_true(seep_sites_expand_brief(&section, packed, brief, &fault));
	for (uint32_t i = 0; i < COUNT; i++) {
		sites[i].freed = (struct seep_measure){0};
		assert_memory_equal(&sites[i], brief + i * SEEP_SITE_BYTES_BRIEF, SEEP_SITE_BYTES_BRIEF);
	}
	const uint64_t whole = section.bytes;
	while (section.bytes-- > 1) {
		assert_false(seep_sites_expand_brief(&section, packed, brief, &fault));
		assert_true(fault <= section.bytes);
		section.bytes -= section.bytes > 64 ? chance() % 64 : 0;
	}
	section.bytes = whole;
	for (int i = 0; i < 2000; i++) {
		packed[chance() % whole] ^= (char)(1u << chance() % 8);
		seep_sites_expand_brief(&section, packed, brief, &fault);
		assert_true(fault <= whole);
	}
	free(brief);
	writer_drop(&image);
}

static void nodes_go_on_where_those_before_end(void **state)
{
	static struct seep_node nodes[COUNT], back[COUNT];
	struct snapshot_writer all, part;
	uint64_t fault;

	(void)state;
	words_fill(nodes, sizeof nodes);
	entries_fit(SEEP_SECTION_NODES, nodes);
	const struct seep_section whole = section_pack(&all, SEEP_SECTION_NODES, nodes, sizeof *nodes, COUNT);
	for (uint32_t known = 1; known <= COUNT; known += 33) {
		const struct seep_section first = section_pack(&part, SEEP_SECTION_NODES, nodes, sizeof *nodes, known);
		memset(back, 0xff, sizeof back);
		assert_memory_equal(all.data + whole.offset, part.data + first.offset, first.bytes);
		assert_true(seep_section_expand(&first, part.data + first.offset, back, &fault));
		assert_true(seep_nodes_expand_rest(&whole, all.data + whole.offset, back, known, first.bytes, &fault));
		assert_memory_equal(nodes, back, sizeof nodes);
		writer_drop(&part);
	}
	writer_drop(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_packed_comes_back),
					   cmocka_unit_test(sites_in_brief_have_what_was_allocated_and_is_in_use),
					   cmocka_unit_test(nodes_go_on_where_those_before_end)};
	return cmocka_run_group_tests_name("compact", tests, NULL, NULL);
}
