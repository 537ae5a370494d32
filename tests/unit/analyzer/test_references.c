/* SPDX-License-Identifier: Apache-2.0 */
/* To which blocks words refer: the filter, both ways of looking, and blocks that are referenced through others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "references/blocks.h"
#include "leaks/referenced.h"
#include "leaks/share.h"
#include "profile/profile.h"
#include "references/look.h"
#include "references/marks.h"
#include "references/record.h"
#include "render/words/leak_sentence.h"
#include "support/random.h"
#include "support/snapshot_maker.h"

#define GIB (UINT64_C(1) << 30)
#define HEAP UINT64_C(0x555500000000)
#define MAPPED UINT64_C(0x7f0000000000)

static uint64_t random_state = 7;

static uint32_t searched(const struct blocks *blocks, uint64_t address)
{
	for (uint32_t i = 0; i < blocks->count; i++)
		if (address >= blocks->items[i].start && address < blocks->items[i].end)
			return i;
	return BLOCK_NONE;
}

/* Small ones side by side, some over the boundaries of pages and regions, and one of several GiB. */
static void blocks_make(struct blocks *blocks)
{
	*blocks = (struct blocks){0};
	for (uint64_t at = HEAP; at < HEAP + (UINT64_C(1) << 20);) {
		const uint64_t size = random_next(&random_state) % 3000;
		blocks_add(blocks, at, size, at);
		at += size + 16 + random_next(&random_state) % 64;
	}
	blocks_add(blocks, HEAP + GIB - 100, 300, 1);
	blocks_add(blocks, MAPPED + 5000, 3 * GIB, 2);
	blocks_add(blocks, MAPPED + 4 * GIB, 0, 3);
	blocks_add(blocks, BLOCK_ADDRESS_MASK + 1, 10, 4);
	blocks_close(blocks);
}

static uint64_t word_make(const struct blocks *blocks)
{
	const struct block *block = &blocks->items[random_next(&random_state) % blocks->count];

	switch (random_next(&random_state) % 6) {
	case 0:
		return block->start;
	case 1:
		return block->end - random_next(&random_state) % 2;
	case 2:
		return block->start + random_next(&random_state) % (block->end - block->start);
	case 3:
		return block->start - 1;
	case 4:
		return random_next(&random_state);
	default:
		return random_next(&random_state) % 1000;
	}
}

static void a_word_is_found_in_the_block_that_a_search_finds(void **state)
{
	struct blocks blocks;

	(void)state;
	blocks_make(&blocks);
	for (int i = 0; i < 20000; i++) {
		const uint64_t word = word_make(&blocks);
		assert_int_equal(blocks_find(&blocks, word), searched(&blocks, word & BLOCK_ADDRESS_MASK));
		assert_int_equal(blocks_find(&blocks, word | UINT64_C(0xfffe) << 48), blocks_find(&blocks, word));
	}
	assert_int_equal(blocks_find(&blocks, MAPPED + 2 * GIB), searched(&blocks, MAPPED + 5000));
	assert_int_not_equal(blocks_find(&blocks, MAPPED + 4 * GIB), BLOCK_NONE);
	assert_int_equal(blocks_find(&blocks, MAPPED + 4 * GIB + 1), BLOCK_NONE);
	blocks_free(&blocks);
}

static void both_ways_of_looking_find_the_same_words(void **state)
{
	enum { WORDS = 4099 };
	struct blocks blocks;
	char *memory = memory_allocate(WORDS + 1, 8);
	uint32_t plain[WORDS], fours[WORDS];

	(void)state;
	if (words_finder() == words_find_plainly)
		skip();
	blocks_make(&blocks);
	for (int round = 0; round < 20; round++) {
		const size_t count = WORDS - (size_t)round;
		char *words = memory + round % 8; /* no alignment is needed */
		for (size_t i = 0; i < count; i++) {
			const uint64_t word = word_make(&blocks);
			memcpy(words + 8 * i, &word, sizeof word);
		}
		const size_t found = words_find_plainly(&blocks, words, count, plain);
		assert_int_equal(words_find_by_fours(&blocks, words, count, fours), found);
		assert_memory_equal(plain, fours, found * sizeof *plain);
		assert_true(found > count / 4 && found < count);
	}
	free(memory);
	blocks_free(&blocks);
}

static void without_blocks_no_word_is_a_pointer(void **state)
{
	const uint64_t words[8] = {0, 1, UINT64_MAX, HEAP};
	struct blocks blocks = {0};
	uint32_t places[8];

	(void)state;
	blocks_close(&blocks);
	assert_int_equal(words_finder()(&blocks, words, 8, places), 0);
	assert_int_equal(words_find_plainly(&blocks, words, 8, places), 0);
	blocks_free(&blocks);
}

/* Ten blocks of 64 bytes. */
static void ten_make(struct blocks *blocks)
{
	*blocks = (struct blocks){0};
	for (uint64_t i = 0; i < 10; i++)
		blocks_add(blocks, HEAP + i * 100, 64, i);
	blocks_close(blocks);
}

static void what_only_unreferenced_blocks_refer_to_is_not_referenced(void **state)
{
	struct blocks blocks;
	struct marks marks;

	(void)state;
	ten_make(&blocks);
	marks_begin(&marks, &blocks);
	marks_see(&marks, HEAP + 8, HEAP + 0);     /* 0 has its own address */
	marks_see(&marks, HEAP + 100, HEAP + 210); /* 1 -> 2 -> 3 -> 1: a ring that nothing refers to */
	marks_see(&marks, HEAP + 200, HEAP + 310);
	marks_see(&marks, HEAP + 300, HEAP + 110);
	marks_see(&marks, HEAP + 600, HEAP + 763); /* 6 -> 7, seen before 5 -> 6, and a root has 5 */
	marks_see(&marks, HEAP + 500, HEAP + 600);
	marks_see(&marks, 0, HEAP + 510);
	marks_see(&marks, HEAP + 700, HEAP + 864); /* one past the end of 8 */
	marks_see(&marks, HEAP - 8, HEAP + 900);   /* memory that is not a sampled block */
	marks_close(&marks);
	const bool expected[10] = {[5] = true, [6] = true, [7] = true, [9] = true};
	for (int i = 0; i < 10; i++)
		assert_int_equal(marks.is_referenced[i], expected[i]);
	assert_false(marks.is_pointed_at[0]);
	assert_true(marks.is_pointed_at[1] && marks.is_pointed_at[2] && marks.is_pointed_at[3]);
	marks_free(&marks);
	blocks_free(&blocks);
}

static void blocks_that_overlap_count_as_referenced(void **state)
{
	struct blocks blocks = {0};
	struct marks marks;

	(void)state;
	blocks_add(&blocks, HEAP, 100, 1);
	blocks_add(&blocks, HEAP + 50, 20, 2);
	blocks_add(&blocks, HEAP + 200, 30, 3);
	blocks_add(&blocks, HEAP + 200, 40, 4);
	blocks_add(&blocks, HEAP + 300, 40, 5);
	blocks_close(&blocks);
	marks_begin(&marks, &blocks);
	marks_close(&marks);
	for (uint32_t i = 0; i < blocks.count; i++)
		assert_int_equal(marks.is_referenced[i], blocks.items[i].start != HEAP + 300);
	assert_true(blocks_find(&blocks, HEAP + 99) != BLOCK_NONE && blocks_find(&blocks, HEAP + 239) != BLOCK_NONE);
	marks_free(&marks);
	blocks_free(&blocks);
}

/* Three of four samples of one site; the first was born anew since. */
static void findings_become_a_section_of_a_snapshot(void **state)
{
	struct snapshot_maker *maker = snapshot_maker_create(1);
	struct reference_finding findings[4];
	struct references references = {.findings = findings, .count = 4, .looked_ns = 77, .hidden = true};
	struct buffer more = {0}, again = {0};
	struct error error;

	(void)state;
	snapshot_maker_allocate(maker, snapshot_maker_add_site(maker, NULL, 0), 1000, 100, 4);
	struct buffer file = snapshot_maker_finish(maker);
	struct profile *before = profile_open_snapshot(file.data, file.length, "before", &error);
	assert_non_null(before);
	for (uint32_t i = 0; i < 4; i++)
		findings[i] = (struct reference_finding){.address = profile_samples(before)[i].address,
							 .birth_ns = profile_samples(before)[i].birth_ns - (i == 0),
							 .state = i ? i : SEEP_REFERENCE_NOBODY};
	assert_true(references_add(&more, file.data, file.length, "before", &references, &error));
	struct profile *after = profile_open_snapshot(more.data, more.length, "after", &error);
	assert_non_null(after);
	assert_int_equal(after->reference_count, 3);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(after->references[i].address, findings[i + 1].address);
		assert_int_equal(after->references[i].state, i + 1);
	}
	assert_int_equal(after->memory[SEEP_MEMORY_REFERENCES_TIME], 77);
	assert_int_equal(after->memory[SEEP_MEMORY_REFERENCES_HIDDEN], 1);
	assert_int_equal(after->sample_count, before->sample_count);
	assert_false(references_add(&again, more.data, more.length, "after", &references, &error));
	profile_free(before);
	profile_free(after);
	buffer_free(&file);
	buffer_free(&more);
	buffer_free(&again);
	snapshot_maker_free(maker);
}

static void a_share_has_wilsons_interval(void **state)
{
	struct share_sum sum = {0};

	(void)state;
	assert_true(isnan(share_of(&sum)));
	for (int i = 0; i < 10; i++)
		share_add(&sum, 1, UINT64_C(1) << 40, i < 5);
	struct interval interval = share_interval(&sum, ALPHA);
	assert_true(share_of(&sum) == 0.5);
	assert_true(fabs(interval.low - 0.2366) < 1e-4 && fabs(interval.high - 0.7634) < 1e-4);
	for (int i = 0; i < 1000; i++) /* certain samples make it narrow */
		share_add(&sum, UINT64_C(1) << 50, 1, true);
	interval = share_interval(&sum, ALPHA);
	assert_true(interval.low > 0.99 && interval.high <= 1);
	sum = (struct share_sum){0};
	share_add(&sum, 100, 1, true);
	share_add(&sum, 300, 1, false);
	interval = share_interval(&sum, ALPHA);
	assert_true(interval.low == 0.25 && interval.high == 0.25);
}

enum { LOOKED_NS = 1000, OLD_NS = 100 };

/* The verdict for a row of `samples`, `lost` of which are lost. Each stands for about a MiB, or for itself at rate 1;
 * `young` of them were born within the age that makes a block old. */
static struct leak_row row_of(enum leak_verdict verdict, uint64_t samples, uint64_t lost, uint64_t young, uint64_t rate)
{
	struct leak_row row = {.verdict = verdict, .evidence.plateau_age_ns = OLD_NS};
	struct reference_sum sum = {0};

	if (verdict == LEAK_LEAK)
		row.cautions = CAUTION_YOUNG | CAUTION_DYING | CAUTION_PAUSED | CAUTION_VEILED;
	for (uint64_t i = 0; i < samples; i++) {
		const struct profile_sample sample = {
		    .size = 100, .rate = rate, .birth_ns = i < young ? LOOKED_NS - 1 - i : LOOKED_NS - OLD_NS};
		reference_sum_add(&sum, &sample, i < lost);
	}
	row_take_references(&row, &sum, LOOKED_NS);
	return row;
}

static struct leak_row row_make(enum leak_verdict verdict, uint64_t samples, uint64_t lost, uint64_t rate)
{
	return row_of(verdict, samples, lost, 0, rate);
}

static void a_leak_has_the_caution_that_references_give_it(void **state)
{
	const uint64_t rate = 1 << 20;

	(void)state;
	const unsigned all = CAUTION_YOUNG | CAUTION_DYING | CAUTION_PAUSED | CAUTION_VEILED;

	assert_int_equal(row_make(LEAK_LEAK, 0, 0, rate).cautions, all);
	assert_int_equal(row_make(LEAK_LEAK, 4, 0, rate).cautions, all);
	assert_int_equal(row_make(LEAK_LEAK, 5, 0, rate).cautions, all | CAUTION_REFERENCED);
	assert_int_equal(row_make(LEAK_LEAK, 300, 2, rate).cautions, all | CAUTION_REFERENCED);
	assert_int_equal(row_make(LEAK_LEAK, 300, 20, rate).cautions, all);
	assert_int_equal(row_make(LEAK_LEAK, 300, 290, rate).cautions, CAUTION_PAUSED | CAUTION_VEILED);
	assert_int_equal(row_of(LEAK_LEAK, 300, 290, 4, rate).cautions, CAUTION_PAUSED | CAUTION_VEILED);
	assert_int_equal(row_of(LEAK_LEAK, 300, 290, 5, rate).cautions, CAUTION_PAUSED);
	assert_int_equal(row_of(LEAK_LEAK, 300, 20, 20, rate).cautions, all);
	assert_int_equal(row_make(LEAK_GROWING, 300, 0, rate).cautions, 0);
}

static void words_are(enum leak_verdict verdict, uint64_t samples, uint64_t lost, uint64_t rate, const char *expected)
{
	const struct leak_row row = row_make(verdict, samples, lost, rate);
	struct buffer words = {0};

	assert_int_equal(leak_references_append(&words, &row), expected != NULL);
	if (expected)
		assert_string_equal(words.data, expected);
	buffer_free(&words);
}

static void a_share_is_told_in_words(void **state)
{
	const uint64_t rate = 1 << 20;

	(void)state;
	words_are(LEAK_LEAK, 200, 200, rate, "all (at least 98 %) of its bytes are referenced by nobody: lost memory");
	words_are(LEAK_LEAK, 200, 200, 1, "all of its bytes are referenced by nobody: lost memory");
	words_are(LEAK_LEAK, 200, 190, rate,
		  "at least 95 % [91, 98] of its bytes are referenced by nobody: lost memory");
	words_are(LEAK_GROWING, 200, 20, 1, "at least 10 % of its bytes are referenced by nobody");
	words_are(LEAK_LEAK, 1500, 0, rate,
		  "all 1,500 sampled blocks that were looked at are referenced (at most 1 % of its bytes are not)");
	words_are(LEAK_GROWING, 5, 0, 1, "all 5 sampled blocks that were looked at are referenced: a cache or a queue");
	words_are(LEAK_GROWING, 2, 0, 1, "all 2 sampled blocks that were looked at are referenced");
	words_are(LEAK_STEADY, 1500, 0, rate, NULL);
	words_are(LEAK_LEAK, 0, 0, rate, NULL);
}

/* How much is said about that many lost blocks. */
static off_t said_of(size_t lost, size_t count)
{
	int file = memfd_create("said", MFD_CLOEXEC), before = dup(STDERR_FILENO);
	struct stat status;

	assert_true(file >= 0 && before >= 0 && dup2(file, STDERR_FILENO) >= 0);
	references_doubt_say(lost, count);
	dup2(before, STDERR_FILENO);
	close(before);
	assert_int_equal(fstat(file, &status), 0);
	close(file);
	return status.st_size;
}

static void that_most_of_all_is_lost_is_doubted(void **state)
{
	(void)state;
	assert_int_equal(said_of(99, 99), 0);
	assert_int_equal(said_of(50, 100), 0);
	assert_int_not_equal(said_of(51, 100), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_word_is_found_in_the_block_that_a_search_finds),
	    cmocka_unit_test(both_ways_of_looking_find_the_same_words),
	    cmocka_unit_test(without_blocks_no_word_is_a_pointer),
	    cmocka_unit_test(what_only_unreferenced_blocks_refer_to_is_not_referenced),
	    cmocka_unit_test(blocks_that_overlap_count_as_referenced),
	    cmocka_unit_test(findings_become_a_section_of_a_snapshot),
	    cmocka_unit_test(a_share_has_wilsons_interval),
	    cmocka_unit_test(a_leak_has_the_caution_that_references_give_it),
	    cmocka_unit_test(a_share_is_told_in_words),
	    cmocka_unit_test(that_most_of_all_is_lost_is_doubted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
