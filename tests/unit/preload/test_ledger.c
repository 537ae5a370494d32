/* SPDX-License-Identifier: Apache-2.0 */
/* In which class each kind of mapping counts, and that a process's pages are counted as the kernel counts them. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "keeper/base/clock.h"
#include "keeper/ledger/ledger.h"
#include "keeper/ledger/module_ends.h"

static const struct ledger_program program = {
    .executable = "/usr/bin/server", .allocator = "glibc", .heap_file = "/recordings/server.1/heap"};

struct drawn {
	uint64_t start, end;
	const char *permissions, *name;
	bool has_blocks;
	enum seep_ledger_class class;
};

#define MIB (UINT64_C(1) << 20)

static void classified(const struct drawn *drawn, uint32_t count)
{
	struct ledger_mapping mappings[16] = {0};
	char names[1024] = "";
	struct ledger ledger = {.mappings = mappings, .names = names, .count = count, .names_bytes = 1};
	for (uint32_t i = 0; i < count; i++) {
		const char *permissions = drawn[i].permissions;
		mappings[i] = (struct ledger_mapping){
		    .start = drawn[i].start, .end = drawn[i].end, .has_blocks = drawn[i].has_blocks};
		for (int bit = 0; bit < 4; bit++)
			mappings[i].permission |= (uint8_t)((permissions[bit] == "rwxs"[bit]) << bit);
		if (!drawn[i].name[0])
			continue;
		const bool is_same = i && strcmp(names + mappings[i - 1].name, drawn[i].name) == 0;
		mappings[i].name = is_same ? mappings[i - 1].name : ledger.names_bytes;
		mappings[i].inode = drawn[i].name[0] == '/' ? mappings[i].name : 0;
		if (!is_same)
			ledger.names_bytes += (uint32_t)sprintf(names + ledger.names_bytes, "%s", drawn[i].name) + 1;
	}
	ledger_classify(&ledger, &program);
	for (uint32_t i = 0; i < count; i++)
		if (mappings[i].class != drawn[i].class)
			fail_msg("mapping %u (%s) is of class %d, not %d", i, drawn[i].name, mappings[i].class,
				 drawn[i].class);
}

static void files_are_told_by_what_they_are(void **state)
{
	(void)state;
	static const struct drawn drawn[] = {
	    {1 * MIB, 2 * MIB, "r--p", "/usr/bin/server", false, SEEP_LEDGER_PROGRAM},
	    {2 * MIB, 3 * MIB, "r-xp", "/usr/bin/server", false, SEEP_LEDGER_PROGRAM},
	    {3 * MIB, 4 * MIB, "rw-p", "/usr/bin/server", false, SEEP_LEDGER_PROGRAM},
	    {4 * MIB, 5 * MIB, "rw-p", "", false, SEEP_LEDGER_PROGRAM}, /* .bss */
	    {8 * MIB, 9 * MIB, "rw-p", "[heap]", false, SEEP_LEDGER_HEAP},
	    {10 * MIB, 11 * MIB, "r--p", "/usr/lib/libz.so.1", false, SEEP_LEDGER_LIBRARY},
	    {11 * MIB, 12 * MIB, "r-xp", "/usr/lib/libz.so.1", false, SEEP_LEDGER_LIBRARY},
	    {20 * MIB, 21 * MIB, "r--p", "/usr/lib/locale/C.utf8", false, SEEP_LEDGER_FILE},
	    {22 * MIB, 23 * MIB, "rw-s", "/memfd:cache", false, SEEP_LEDGER_SHARED},
	    {24 * MIB, 25 * MIB, "rw-s", "/var/lib/table", false, SEEP_LEDGER_FILE},
	    {26 * MIB, 27 * MIB, "rw-s", "/dev/shm/seep.1.2.3", false, SEEP_LEDGER_SEEP},
	    {28 * MIB, 29 * MIB, "rw-s", "/recordings/server.1/heap", false, SEEP_LEDGER_SEEP},
	    {30 * MIB, 31 * MIB, "r-xp", "/memfd:libseep.so", false, SEEP_LEDGER_SEEP},
	    {32 * MIB, 33 * MIB, "rw-p", "[stack]", false, SEEP_LEDGER_STACK},
	    {34 * MIB, 35 * MIB, "r-xp", "[vdso]", false, SEEP_LEDGER_KERNEL},
	};
	classified(drawn, sizeof drawn / sizeof *drawn);
}

static void private_memory_is_told_by_its_neighbours(void **state)
{
	(void)state;
	static const struct drawn drawn[] = {
	    {64 * MIB, 65 * MIB, "rw-p", "", false, SEEP_LEDGER_HEAP}, /* an arena of glibc's, and its reserve */
	    {65 * MIB, 128 * MIB, "---p", "", false, SEEP_LEDGER_RESERVED},
	    {128 * MIB + 4096, 136 * MIB, "rw-p", "", false, SEEP_LEDGER_UNEXPLAINED},
	    {200 * MIB, 200 * MIB + 4096, "---p", "", false, SEEP_LEDGER_RESERVED}, /* a guard, and a stack */
	    {200 * MIB + 4096, 208 * MIB, "rw-p", "", false, SEEP_LEDGER_STACK},
	    {300 * MIB, 300 * MIB + 4096, "---p", "", false, SEEP_LEDGER_RESERVED},
	    {300 * MIB + 4096, 308 * MIB, "rw-p", "", true, SEEP_LEDGER_HEAP}, /* that has blocks in it */
	    {400 * MIB, 401 * MIB, "rwxp", "", false, SEEP_LEDGER_CODE},
	    {500 * MIB, 501 * MIB, "rw-s", "", false, SEEP_LEDGER_SHARED},
	    {600 * MIB, 601 * MIB, "rw-p", "[anon:pool]", false, SEEP_LEDGER_OWN},
	    {700 * MIB, 701 * MIB, "rw-p", "[anon: glibc: malloc arena]", false, SEEP_LEDGER_HEAP},
	    {800 * MIB, 801 * MIB, "rw-p", "[anon: glibc: pthread stack: 7]", false, SEEP_LEDGER_STACK},
	};
	classified(drawn, sizeof drawn / sizeof *drawn);
}

/* The kernel joins neighbouring mappings, whoever made them. */
static void joined_memory_is_cut_where_calls_say(void **state)
{
	(void)state;
	const uint64_t all = 8 * MIB;
	char *memory = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const uint64_t start = (uintptr_t)memory, end = start + all;
	const struct ledger_piece pieces[] = {
	    {4096, 8192, LEDGER_OWNER_ALLOCATOR}, /* of long ago */
	    {start + MIB, start + 2 * MIB, LEDGER_OWNER_ALLOCATOR},
	    {start + 2 * MIB, start + 3 * MIB, LEDGER_OWNER_PROGRAM},
	    {start + 7 * MIB, end + MIB, LEDGER_OWNER_ALLOCATOR},
	};
	const struct ledger_program other = {.executable = "", .allocator = "jemalloc", .heap_file = ""};
	uint64_t bytes[SEEP_LEDGER_CLASSES] = {0};
	struct ledger ledger;
	assert_true(ledger_read_pieces(&ledger, (uint64_t)getpid(), pieces, 4));
	ledger_classify(&ledger, &other);
	for (uint32_t i = 0; i < ledger.count; i++) {
		const struct ledger_mapping *mapping = &ledger.mappings[i];
		const uint64_t from = mapping->start > start ? mapping->start : start,
			       to = mapping->end < end ? mapping->end : end;
		bytes[mapping->class] += from < to ? to - from : 0;
		assert_true(!i || mapping->start >= ledger.mappings[i - 1].end);
	}
	assert_int_equal(bytes[SEEP_LEDGER_HEAP], 2 * MIB);
	assert_int_equal(bytes[SEEP_LEDGER_OWN], MIB);
	assert_int_equal(bytes[SEEP_LEDGER_UNEXPLAINED], 5 * MIB);
	ledger_free(&ledger);
	munmap(memory, all);
}

/* A module of two pages of a file and three of .bss, behind which five more are mapped. */
static void what_lies_behind_a_module_is_no_part_of_it(void **state)
{
	(void)state;
	enum { PAGE = 4096, PAGES = 12 };
	struct {
		Elf64_Ehdr elf;
		Elf64_Phdr parts[2];
	} head = {
	    .elf = {.e_ident = ELFMAG, .e_phoff = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2},
	    .parts = {{.p_type = PT_LOAD, .p_vaddr = 0, .p_memsz = PAGE},
		      {.p_type = PT_LOAD, .p_vaddr = PAGE + 100, .p_memsz = 4 * PAGE - 200}}};
	const int file = memfd_create("module", 0);
	assert_int_equal(ftruncate(file, 2 * PAGE), 0);
	assert_int_equal(write(file, &head, sizeof head), sizeof head);
	char *memory = mmap(NULL, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const uint64_t start = (uintptr_t)memory + PAGE;
	(void)mmap(memory + PAGE, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, file, 0);
	(void)mmap(memory + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, file, PAGE);
	mprotect(memory + 3 * PAGE, 8 * PAGE, PROT_READ | PROT_WRITE);
	for (int round = 0; round < 3; round++) {
		const bool is_damaged = round == 2;
		uint64_t bytes[SEEP_LEDGER_CLASSES] = {0};
		struct ledger ledger;
		assert_true(ledger_read(&ledger, (uint64_t)getpid()));
		ledger_cut_modules(&ledger, (uint64_t)getpid());
		ledger_classify(&ledger, &program);
		for (uint32_t i = 0; i < ledger.count; i++) {
			const struct ledger_mapping *mapping = &ledger.mappings[i];
			assert_true(!i || mapping->start >= ledger.mappings[i - 1].end);
			if (mapping->start >= start && mapping->end <= start + 10 * PAGE)
				bytes[mapping->class] += mapping->end - mapping->start;
		}
		assert_int_equal(bytes[SEEP_LEDGER_LIBRARY], (is_damaged ? 10 : 5) * PAGE);
		ledger_free(&ledger);
		if (round == 0) /* a mapping of its own then, which the kernel does not join with the .bss */
			assert_int_equal(madvise(memory + 6 * PAGE, 5 * PAGE, MADV_DONTDUMP), 0);
		if (round == 1)
			assert_int_equal(pwrite(file, &(char){0}, 1, 0), 1);
	}
	munmap(memory, PAGES * PAGE);
	close(file);
}

static void gaps_are_found_one_by_one(void **state)
{
	(void)state;
	struct ledger_mapping mappings[] = {
	    {.start = 10, .end = 20}, {.start = 20, .end = 30}, {.start = 40, .end = 50}};
	const struct ledger ledger = {.mappings = mappings, .count = 3};
	static const struct {
		uint64_t start, end, gap, gap_end;
	} cases[] = {{12, 28, 28, 28}, {12, 45, 30, 40}, {0, 45, 0, 10},  {30, 35, 30, 35},
		     {45, 50, 50, 50}, {45, 90, 50, 90}, {60, 70, 60, 70}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t gap_end;
		const uint64_t gap = ledger_gap(&ledger, cases[i].start, cases[i].end, &gap_end);
		assert_int_equal(gap, cases[i].gap);
		if (gap < cases[i].end)
			assert_int_equal(gap_end, cases[i].gap_end);
	}
}

/* Mappings beyond the limit are shown as not looked at. */
static void what_does_not_fit_is_counted_as_unread(void **state)
{
	(void)state;
	static struct ledger_row rows[LEDGER_ROWS];
	struct pages pages = {0};
	struct chunks chunks = {0};
	const struct ledger ledger = {.cut_bytes = 5 * MIB};
	assert_int_equal(ledger_sum(&ledger, &pages, &chunks, rows), 1);
	assert_int_equal(rows[0].class, SEEP_LEDGER_UNEXPLAINED);
	assert_int_equal(rows[0].virtual_bytes, 5 * MIB);
	assert_int_equal(rows[0].pages.unread, 5 * MIB);
}

static void pages_are_counted_as_the_kernel_does(void **state)
{
	(void)state;
	struct pages pages;
	struct page_counts counts = {0};
	char scratch[PAGES_SCRATCH_BYTES];
	const size_t page = 4096, all = 5000 * page; /* more regions than the kernel gathers at a time */
	char *memory = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(memory, all, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < 2000; i++)
		memory[2 * i * page] = 1;
	const uint64_t start = (uintptr_t)memory;
	for (int way = 0; way < 2; way++) { /* by asking the kernel for ranges, if it can, and page by page */
		assert_true(pages_open(&pages, (uint64_t)getpid(), scratch, UINT64_MAX));
		pages.cannot_scan = way != 0;
		counts = (struct page_counts){0};
		pages_count(&pages, start, start + all, false, &counts);
		assert_int_equal(counts.anonymous, 2000 * page);
		assert_int_equal(counts.file + counts.swapped + counts.unread, 0);
		pages_close(&pages);
	}
	/* Time in which a busy machine does not run us does not count. */
	const uint64_t soon = clock_read_ns(CLOCK_THREAD_CPUTIME_ID) + UINT64_C(50000000);
	usleep(60000);
	assert_true(pages_open(&pages, (uint64_t)getpid(), scratch, soon));
	pages_count(&pages, start, start + all, false, &counts);
	assert_int_equal(counts.unread, 0);
	pages_close(&pages);
	assert_true(pages_open(&pages, (uint64_t)getpid(), scratch, 0));
	pages_count(&pages, start, start + all, false, &counts);
	assert_int_equal(counts.unread, all);
	pages_close(&pages);
	munmap(memory, all);
}

/* malloc's mappings are joined with the program's own. A block in one was sampled, and nothing before it tells where it
 * begins. */
static void chunks_are_told_from_what_lies_beside_them(void **state)
{
	(void)state;
	enum { PAGE = 4096 };
	static struct place met[CHUNKS_MET];
	char scratch[PAGES_SCRATCH_BYTES];
	struct pages pages;
	struct chunks chunks;
	char *memory = mmap(NULL, 20 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static const struct {
		unsigned page, pages;
		bool is_chunk;
	} drawn[] = {{0, 3, true}, {3, 2, true}, {5, 7, false}, {12, 4, true}, {16, 4, false}};
	for (unsigned i = 0; i < 5; i++) {
		const uint64_t header[2] = {0, (uint64_t)drawn[i].pages * PAGE | 2};
		if (drawn[i].is_chunk)
			memcpy(memory + drawn[i].page * PAGE, header, sizeof header);
	}
	assert_true(pages_open(&pages, (uint64_t)getpid(), scratch, UINT64_MAX));
	chunks_open(&chunks, (uint64_t)getpid(), &pages, met);
	assert_true(chunks.is_readable);
	const uint64_t begin = (uintptr_t)memory;
	assert_false(chunks_meet(&chunks, begin + 5 * PAGE + 16, 1)); /* no size precedes it */
	assert_false(chunks_meet(&chunks, begin + 12 * PAGE + 32, 1));
	assert_true(chunks_meet(&chunks, begin + 12 * PAGE + 16, 1));
	assert_true(chunks_meet(&chunks, begin + 3 * PAGE + 16, 1));
	/* an aligned block, for which 2 pages less its header are left over before it */
	const uint64_t aligned[2] = {2 * PAGE - 16, (2 * PAGE + 16) | 2};
	memcpy(memory + 14 * PAGE - 16, aligned, sizeof aligned);
	assert_false(chunks_meet(&chunks, begin + 14 * PAGE, 2 * PAGE)); /* a small one is not worth a look */
	assert_true(chunks_meet(&chunks, begin + 14 * PAGE, 1 << 20));
	assert_int_equal(met[chunks.count - 1].address, begin + 12 * PAGE);
	assert_int_equal(met[--chunks.count].value, 4 * PAGE);
	chunks_sort(&chunks);
	struct page_piece all = {.start = begin, .end = begin + 20 * PAGE};
	uint64_t at = begin;
	for (unsigned i = 0; i < 5; i++) {
		bool is_chunk;
		const uint64_t end = chunks_piece(&chunks, &all, at, &is_chunk);
		assert_int_equal(at - begin, drawn[i].page * PAGE);
		assert_int_equal(end - at, drawn[i].pages * PAGE);
		assert_int_equal(is_chunk, drawn[i].is_chunk);
		at = end;
	}
	/* a mapping that begins amid a chunk that was met, and ends before it */
	bool is_chunk;
	const struct page_piece amid = {.start = begin + 13 * PAGE, .end = begin + 15 * PAGE};
	assert_int_equal(chunks_piece(&chunks, &amid, amid.start, &is_chunk) - begin, 15 * PAGE);
	assert_true(is_chunk);
	chunks_close(&chunks);
	pages_close(&pages);
	munmap(memory, 20 * PAGE);
}

/* One call for many: there are holes between them, one with pages of its own, and pieces side by side. */
static void pieces_are_counted_as_each_alone(void **state)
{
	(void)state;
	enum { PAGE = 4096, PIECES = 5 };
	static const unsigned drawn[PIECES][3] = {
	    {0, 4, 2}, {4, 8, 4}, {20, 30, 0}, {40, 41, 1}, {50, 90, 7}}; /* this many of these are touched */
	char scratch[PAGES_SCRATCH_BYTES];
	struct pages pages;
	struct page_piece pieces[PIECES];
	char *memory = mmap(NULL, 100 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(memory, 100 * PAGE, MADV_NOHUGEPAGE);
	memory[35 * PAGE] = 1;
	const uint64_t begin = (uintptr_t)memory;
	for (unsigned i = 0; i < PIECES; i++)
		for (unsigned k = 0; k < drawn[i][2]; k++)
			memory[(drawn[i][1] - 1 - k) * PAGE] = 1;
	for (int way = 0; way < 2; way++) {
		assert_true(pages_open(&pages, (uint64_t)getpid(), scratch, UINT64_MAX));
		pages.cannot_scan = way != 0;
		for (unsigned i = 0; i < PIECES; i++)
			pieces[i] =
			    (struct page_piece){.start = begin + drawn[i][0] * PAGE, .end = begin + drawn[i][1] * PAGE};
		pages_count_pieces(&pages, pieces, PIECES, false);
		for (unsigned i = 0; i < PIECES; i++) {
			assert_int_equal(pieces[i].counts.anonymous, drawn[i][2] * PAGE);
			assert_int_equal(pieces[i].counts.unread, 0);
		}
		pages_close(&pages);
	}
	assert_true(pages_open(&pages, (uint64_t)getpid(), scratch, 0));
	pages_count_pieces(&pages, pieces, PIECES, false);
	assert_int_equal(pieces[0].counts.unread, 4 * PAGE);
	assert_int_equal(pieces[4].counts.unread, 40 * PAGE);
	pages_close(&pages);
	munmap(memory, 100 * PAGE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(files_are_told_by_what_they_are),
	    cmocka_unit_test(private_memory_is_told_by_its_neighbours),
	    cmocka_unit_test(joined_memory_is_cut_where_calls_say),
	    cmocka_unit_test(what_lies_behind_a_module_is_no_part_of_it),
	    cmocka_unit_test(gaps_are_found_one_by_one),
	    cmocka_unit_test(what_does_not_fit_is_counted_as_unread),
	    cmocka_unit_test(pieces_are_counted_as_each_alone),
	    cmocka_unit_test(chunks_are_told_from_what_lies_beside_them),
	    cmocka_unit_test(pages_are_counted_as_the_kernel_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
