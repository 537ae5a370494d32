/* SPDX-License-Identifier: Apache-2.0 */
/* Looks through a copy of a process; here it is a child by fork(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "copy/image.h"
#include "copy/room.h"
#include "process/thread.h"
#include "copy/freed.h"
#include "references/scan.h"

enum { MEMORY_BYTES = 16 << 20, PAGE = 4096, BLOCK_AT = 12345 * 8 };

/* `ours`: an address in a mapping that is taken for libseep.so's data; 0: none is. */
static void child_look(pid_t child, struct scan *scan, uint64_t ours)
{
	const struct ledger_program program = {.executable = "", .allocator = "", .heap_file = ""};
	const struct image image = {.pid = child};
	struct ledger ledger;
	pthread_t thread;

	assert_true(ledger_read(&ledger, (uint64_t)child));
	ledger_classify(&ledger, &program);
	for (uint32_t i = 0; i < ledger.count; i++)
		if (ours >= ledger.mappings[i].start && ours < ledger.mappings[i].end)
			ledger.mappings[i].class = SEEP_LEDGER_SEEP;
	scan->image = &image;
	scan->program = child;
	scan->copied = scan->mapped = &ledger;
	scan->deadline_ns = UINT64_MAX;
	assert_true(thread_start(&thread, scan_run, scan, false));
	pthread_join(thread, NULL);
	assert_false(scan->has_failed);
	ledger_free(&ledger);
}

/* A child with `count` words in its memory, a page each; they are nowhere else in it. */
static pid_t child_with_words(char *memory, const volatile uint64_t *inverted, size_t count)
{
	int ends[2];
	char byte = 0;

	assert_int_equal(pipe(ends), 0);
	const pid_t child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (size_t i = 0; i < count; i++)
			*(volatile uint64_t *)(memory + i * PAGE) = ~inverted[i];
		byte = (char)write(ends[1], &byte, 1);
		pause();
		_exit(byte);
	}
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	close(ends[1]);
	return child;
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

/* Each page of which the copy gets its own is a fault that we, who look, have caused. */
static void looking_does_not_make_a_page_the_copys_own(void **state)
{
	uint64_t *memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct blocks blocks = {0};
	struct marks marks;

	(void)state;
	assert_true(memory != MAP_FAILED && madvise(memory, MEMORY_BYTES, MADV_NOHUGEPAGE) == 0);
	blocks_add(&blocks, (uint64_t)(uintptr_t)memory + BLOCK_AT, 64, 1);
	blocks_close(&blocks);
	for (size_t at = 0; at < MEMORY_BYTES; at += PAGE)
		memory[at / 8] = at ? 1 : blocks.low + 8;
	marks_begin(&marks, &blocks);
	struct scan scan = {.marks = &marks};
	const pid_t child = child_with_words(NULL, NULL, 0);
	const long before = faults();
	child_look(child, &scan, 0);
	const long more = faults() - before;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_in_range(more, 0, MEMORY_BYTES / PAGE / 2);
	assert_true(scan.scanned_bytes >= MEMORY_BYTES && marks.is_referenced[0]);
	marks_free(&marks);
	blocks_free(&blocks);
	munmap(memory, MEMORY_BYTES);
}

static void a_copy_needs_room_for_a_part_of_the_program(void **state)
{
	const uint64_t mib = 1 << 20;
	struct room room;
	struct error error;

	(void)state;
	assert_int_equal(room_needed(0, ROOM_TO_BEGIN), 64 * mib);
	assert_int_equal(room_needed(256 * mib, ROOM_TO_BEGIN), 64 * mib);
	assert_int_equal(room_needed(1024 * mib, ROOM_TO_BEGIN), 256 * mib);
	assert_int_equal(room_needed(0, ROOM_TO_STAY), 16 * mib);
	assert_int_equal(room_needed(1024 * mib, ROOM_TO_STAY), 64 * mib);
	if (!room_is_there(&room, getpid(), &error)) /* a busy machine may have none */
		assert_non_null(strstr(error.text, "no room for a copy of its memory"));
	assert_in_range(room.rss_bytes, mib / 4, 16384 * mib);
	room.rss_bytes = UINT64_MAX;
	assert_true(room_is_short(&room));
}

/* Three words, a page each; our own data begins at the first, in a mapping that counts as ours. Returns how many blocks
 * are referenced by the memory behind our data's end. */
static unsigned referenced_behind(int64_t pages)
{
	enum { WORDS = 3 };
	char *memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile uint64_t inverted[WORDS];
	struct blocks blocks = {0};
	struct marks marks;
	static uint64_t first = UINT64_C(1) << 46; /* others each time: freed memory has those of before */
	unsigned referenced = 0;

	assert_true(memory != MAP_FAILED);
	for (uint64_t i = 0; i < WORDS; i++)
		inverted[i] = ~(first + 1000 * i);
	first += 1000 * WORDS;
	const pid_t child = child_with_words(memory, inverted, WORDS);
	for (size_t i = 0; i < WORDS; i++)
		blocks_add(&blocks, ~inverted[i], 64, 1);
	blocks_close(&blocks);
	marks_begin(&marks, &blocks);
	struct scan scan = {.marks = &marks,
			    .shim_end = (uint64_t)((int64_t)(uintptr_t)memory + pages * PAGE - PAGE / 2)};
	child_look(child, &scan, (uint64_t)(uintptr_t)memory);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	for (size_t i = 0; i < WORDS; i++)
		referenced += marks.is_referenced[i];
	marks_free(&marks);
	blocks_free(&blocks);
	munmap(memory, MEMORY_BYTES);
	return referenced;
}

/* The kernel makes one mapping of both, or leaves them side by side. */
static void what_lies_behind_the_librarys_data_is_the_programs(void **state)
{
	(void)state;
	assert_int_equal(referenced_behind(2), 1);
	assert_int_equal(referenced_behind(0), 3);
	assert_int_equal(referenced_behind(-5), 3);
	assert_int_equal(referenced_behind(MEMORY_BYTES / PAGE + 5), 0);
}

enum { HEAP_WORDS = 1024, WORD = 8 };
#define MARK UINT64_C(0x9e3779b97f4a7c15) /* of threads' caches */
#define KEPT UINT64_C(0x7700)

/* A heap of two pages: in each chunk's memory all words are KEPT. `chunks` in words, with a 0 behind them; the rest is
 * the top. */
static void heap_draw(uint64_t heap[static HEAP_WORDS], const unsigned chunks[], const char *kinds)
{
	unsigned at = 0;

	for (unsigned i = 0; i < HEAP_WORDS; i++)
		heap[i] = KEPT;
	for (unsigned i = 0; chunks[i]; at += chunks[i++]) {
		heap[at + 1] = chunks[i] * WORD | (i == 0 || kinds[i - 1] != 'f');
		heap[at + 3] = kinds[i] == 'c' ? MARK : heap[at + 3];
		heap[at + chunks[i]] = kinds[i] == 'f' ? chunks[i] * WORD : KEPT;
	}
	heap[at + 1] = (HEAP_WORDS - at) * WORD | 1;
}

/* In pieces of a page. */
static void heap_strike(uint64_t heap[static HEAP_WORDS], uint64_t start, uint64_t top)
{
	struct freed *freed = memory_allocate(1, sizeof *freed);
	const int file = memfd_create("heap", 0);

	freed->arenas.count = freed->arenas.range_count = freed->arenas.key_count = 1;
	freed->arenas.items[0] = (struct arena){.top = start + top * WORD};
	freed->arenas.ranges[0] = (struct arena_range){start, start + HEAP_WORDS * WORD, 0, 0};
	freed->arenas.keys[0] = MARK;
	assert_int_equal(write(file, heap, HEAP_WORDS * WORD), HEAP_WORDS * WORD);
	for (unsigned at = 0; at < HEAP_WORDS * WORD; at += PAGE)
		freed_strike(freed, (char *)heap + at, start + at, PAGE, file, -start);
	close(file);
	free(freed);
}

static void kept_words_are(const uint64_t heap[static HEAP_WORDS], unsigned from, unsigned to, bool kept)
{
	for (unsigned i = from; i < to; i++)
		if ((heap[i] == KEPT) != kept)
			fail_msg("word %u is %llx", i, (unsigned long long)heap[i]);
}

static void what_is_free_in_the_heap_refers_to_nothing(void **state)
{
	/* the free chunk of 500 words reaches from one page into the other, and its size is repeated there */
	static const unsigned chunks[] = {10, 20, 30, 500, 40, 50, 0};
	uint64_t heap[HEAP_WORDS];

	(void)state;
	heap_draw(heap, chunks, "ucufuc");
	heap_strike(heap, UINT64_C(0x555500000000), 650);
	kept_words_are(heap, 2, 10, true);
	kept_words_are(heap, 12, 30, false);
	kept_words_are(heap, 32, 60, true);
	kept_words_are(heap, 62, 560, false);
	kept_words_are(heap, 562, 600, true);
	kept_words_are(heap, 602, 650, false);
	kept_words_are(heap, 652, HEAP_WORDS, false);

	/* an impossible size: nothing behind it is taken for free; nor is a chunk whose size is not repeated */
	heap_draw(heap, chunks, "ufucuu");
	heap[60 + 1] = UINT64_C(1) << 40;
	heap[30] = 7;
	heap_strike(heap, UINT64_C(0x555500000000), 650);
	kept_words_are(heap, 12, 30, true);
	kept_words_are(heap, 32, 61, true);
	kept_words_are(heap, 64, 561, true);
	kept_words_are(heap, 562, 600, true);
	kept_words_are(heap, 652, HEAP_WORDS, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_copy_needs_room_for_a_part_of_the_program),
	    cmocka_unit_test(what_lies_behind_the_librarys_data_is_the_programs),
	    cmocka_unit_test(what_is_free_in_the_heap_refers_to_nothing),
	    cmocka_unit_test(looking_does_not_make_a_page_the_copys_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
