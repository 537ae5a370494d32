/* SPDX-License-Identifier: Apache-2.0 */
/* The stack and module tables: one site a stack, frames relative to their module, epochs, threads. */
#include <elf.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "keeper/base/atomics.h"
#include "keeper/heap/area_growth.h"
#include "keeper/heap/modules.h"
#include "keeper/heap/site_users.h"
#include "keeper/heap/stacks.h"
#include "keeper/snapshot/recycle.h"
#include "support/heap_maker.h"

/* A module of the test's own: two pages without an ELF header, at an address that the test moves. */
static _Alignas(4096) char image[2][8192];
static struct loaded_module loaded;

static bool find_one(uintptr_t address, struct loaded_module *module)
{
	if (address < loaded.start || address >= loaded.end)
		return false;
	*module = loaded;
	return true;
}

static void load(int number, const char *name)
{
	loaded = (struct loaded_module){.start = (uintptr_t)image[number],
					.end = (uintptr_t)image[number] + sizeof image[number],
					.bias = (uintptr_t)image[number] - 0x1000,
					.name = name};
}

/* Like stack_site(), which overwrites its argument. */
static uint32_t site_of(const struct heap *heap, const uintptr_t *stack, size_t depth, bool truncated)
{
	uintptr_t copy[16];
	memcpy(copy, stack, depth * sizeof *copy);
	return stack_site(heap, copy, depth, truncated);
}

/* A frame of a site's stack, leaf first. */
static uint64_t frame_of(const struct heap *heap, uint32_t site, uint32_t number)
{
	const struct seep_heap_cell *stack = stack_of_site(heap, site);
	assert_non_null(stack);
	struct stack_reader reader = stack_read_begin(heap, stack);
	uint64_t frame = 0;
	for (uint32_t i = 0; i <= number; i++)
		assert_true(stack_read(&reader, &frame));
	return frame;
}

static void same_stack_same_site_other_stack_other_site(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 512 << 10, 0);
	uintptr_t stack[] = {0x1000, 0x2000, 0x3000};
	uint32_t site = site_of(&heap, stack, 3, false);
	assert_int_not_equal(site, 0);
	assert_int_equal(site_of(&heap, stack, 3, false), site);
	assert_int_not_equal(site_of(&heap, stack, 2, false), site);
	assert_int_not_equal(site_of(&heap, stack, 3, true), site);
	stack[1]++;
	assert_int_not_equal(site_of(&heap, stack, 3, false), site);
	assert_int_equal(site_of(&heap, stack, 0, false), 0);
	assert_int_equal(load_relaxed(&heap.header->losses[SEEP_LOSS_STACKS_EMPTY]), 1);
	heap_unmake(&heap);
}

static void frames_are_relative_to_their_module(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 512 << 10, 0);
	load(0, "/lib/one.so");
	uintptr_t stack[] = {loaded.start + 0x10, loaded.end /* the call ends the module */, 0x42,
			     (loaded.start + 5) | FRAME_EXACT};
	uint32_t site = site_of(&heap, stack, 4, false);
	assert_int_equal(frame_of(&heap, site, 0), UINT64_C(1) << 48 | 0x1010);
	assert_int_equal(frame_of(&heap, site, 1), UINT64_C(1) << 48 | 0x3000);
	assert_int_equal(frame_of(&heap, site, 2), 0x42);
	assert_int_equal(frame_of(&heap, site, 3), UINT64_C(1) << 48 | SEEP_FRAME_EXACT | 0x1005);
	assert_string_equal(module_entry(&heap, 1)->path, "/lib/one.so");
	heap_unmake(&heap);
}

static void another_module_at_the_same_place_is_another_entry_and_epoch(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 512 << 10, 0);
	load(0, "/lib/one.so");
	uintptr_t stack[] = {loaded.start + 0x10, 7}, longer[] = {loaded.start + 0x20, 7};
	uint32_t before = site_of(&heap, stack, 2, false);
	load(0, "/lib/two.so"); /* dlclose, then dlopen of something else there */
	uint32_t through_two = site_of(&heap, longer, 2, false);
	assert_int_equal(load_relaxed(&heap.header->module_epoch), 1);
	uint32_t after = site_of(&heap, stack, 2, false);
	assert_int_not_equal(after, before);
	assert_int_equal(SEEP_FRAME_MODULE(frame_of(&heap, before, 0)), 1);
	assert_int_equal(SEEP_FRAME_MODULE(frame_of(&heap, through_two, 0)), 2);
	assert_int_equal(SEEP_FRAME_MODULE(frame_of(&heap, after, 0)), 2);
	assert_true(load_relaxed(&module_entry(&heap, 1)->flags) & SEEP_MODULE_UNLOADED);
	heap_unmake(&heap);
}

/* dlopen and dlclose for days: at the same place, in turn with another, and at a new place each time. */
static void modules_that_come_back_take_no_room(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 512 << 10, 0);
	load(0, "/lib/one.so");
	uintptr_t offsets[] = {0x10, 0x20};
	uint32_t sites[2] = {0}, other = 0;
	for (int turn = 0; turn < 30000; turn++) {
		load(turn % 3 == 2, "/lib/one.so");
		for (int i = 0; i < 2; i++) {
			uintptr_t stack[] = {loaded.start + offsets[i], 7};
			uint32_t site = site_of(&heap, stack, 2, false);
			assert_true(turn == 0 || site == sites[i]);
			assert_int_equal(site_of(&heap, stack, 2, false), site);
			sites[i] = site;
		}
		module_retire(&heap, SEEP_FRAME_MODULE(frame_of(&heap, sites[0], 0)));
		load(0, "/lib/two.so");
		uintptr_t stack[] = {loaded.start + offsets[0], 7};
		uint32_t site = site_of(&heap, stack, 2, false);
		assert_true(site != sites[0] && (turn == 0 || site == other));
		other = site;
		module_retire(&heap, SEEP_FRAME_MODULE(frame_of(&heap, site, 0)));
	}
	assert_int_equal(load_relaxed(&heap.header->module_count), 3);
	assert_int_equal(load_relaxed(&heap.header->site_count), 4);
	heap_unmake(&heap);
}

/* A module that goes takes along only the stacks that go through it. */
static void a_stack_that_does_not_pass_through_a_retired_module_stays(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 512 << 10, 0);
	uintptr_t plain[] = {0x1010, 0x2020};
	uint32_t site = site_of(&heap, plain, 2, false);
	load(0, "/lib/one.so");
	site_of(&heap, (uintptr_t[]){loaded.start + 0x10, 7}, 2, false);
	module_retire(&heap, 1);
	loaded.start = loaded.end = 0;
	assert_int_equal(site_of(&heap, plain, 2, false), site);
	heap_unmake(&heap);
}

static void a_full_table_is_counted_and_files_under_no_site(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 512 << 10, 0);
	uintptr_t stack[2] = {1, 2};
	uint32_t sites = 0;
	while (site_of(&heap, stack, 2, false)) {
		stack[0]++;
		sites++;
	}
	assert_int_equal(sites, heap.capacity[SEEP_AREA_SITES] - 1);
	assert_int_equal(load_relaxed(&heap.header->losses[SEEP_LOSS_STACKS_FULL]), 1);
	stack[0] = 1;
	assert_int_not_equal(site_of(&heap, stack, 2, false), 0);
	heap_unmake(&heap);
}

/* A first page as a linker makes it: one loaded segment, and in it a build id of four bytes. */
static Elf64_Phdr *headers_write(char *page)
{
	Elf64_Ehdr *header = (Elf64_Ehdr *)(void *)page;
	Elf64_Phdr *segments = (Elf64_Phdr *)(void *)(page + sizeof *header);
	Elf64_Nhdr *note = (Elf64_Nhdr *)(void *)(page + 512);
	memset(page, 0, 8192);
	memcpy(header->e_ident, ELFMAG, SELFMAG);
	header->e_phentsize = sizeof *segments;
	header->e_phoff = sizeof *header;
	header->e_phnum = 2;
	segments[0] = (Elf64_Phdr){.p_type = PT_LOAD, .p_vaddr = 0x1000, .p_memsz = 8192};
	segments[1] = (Elf64_Phdr){.p_type = PT_NOTE, .p_vaddr = 0x1000 + 512, .p_memsz = 20};
	*note = (Elf64_Nhdr){.n_type = NT_GNU_BUILD_ID, .n_namesz = 4, .n_descsz = 4};
	memcpy(page + 512 + sizeof *note, "GNU\0\xde\xad\xbe\xef", 8);
	return segments;
}

/* The build id of the module with that first page, registered anew. */
static uint32_t build_id_bytes_of(const char *name)
{
	struct heap heap;
	heap_make(&heap, 512 << 10, 0);
	load(1, name);
	uintptr_t stack[] = {loaded.start + 0x10, 7};
	uint32_t module = SEEP_FRAME_MODULE(frame_of(&heap, site_of(&heap, stack, 2, false), 0));
	uint32_t bytes = module_entry(&heap, module)->build_id_bytes;
	heap_unmake(&heap);
	return bytes;
}

/* A program may overwrite its own headers; packers do, and programs that fear debuggers. */
static void headers_that_were_written_over_lead_nowhere(void **state)
{
	(void)state;
	Elf64_Ehdr *header = (Elf64_Ehdr *)(void *)image[1];
	Elf64_Phdr *segments = headers_write(image[1]);
	assert_int_equal(build_id_bytes_of("/lib/sound.so"), 4);
	segments[0].p_memsz = segments[1].p_memsz = UINT64_C(1) << 46; /* notes to beyond the end */
	segments[1].p_vaddr = 0x1000 + 8188;
	assert_int_equal(build_id_bytes_of("/lib/long.so"), 0);
	segments = headers_write(image[1]);
	segments[0].p_vaddr = 0;
	segments[0].p_memsz = UINT64_MAX;
	segments[1].p_vaddr = UINT64_C(1) << 45; /* notes elsewhere */
	assert_int_equal(build_id_bytes_of("/lib/elsewhere.so"), 0);
	headers_write(image[1]);
	header->e_phoff = UINT64_MAX - 100; /* the sum with their size is small */
	assert_int_equal(build_id_bytes_of("/lib/wrapped.so"), 0);
	headers_write(image[1]);
	header->e_phnum = 60000;
	assert_int_equal(build_id_bytes_of("/lib/many.so"), 0);
	memset(image[1], 0, sizeof image[1]);
}

/* A damaged heap file may say so; fuzz_heap did. */
static void a_table_smaller_than_a_stack_holds_none(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 512 << 10, 0);
	store_relaxed(&heap.sites[1].stack, UINT32_C(1) << 30);
	for (uint32_t cells = 0; cells <= 4; cells++) {
		heap.capacity[SEEP_AREA_STACKS] = cells;
		assert_null(stack_of_site(&heap, 1));
	}
	heap_unmake(&heap);
}

#define THREADS 8
#define STACKS 500

static void *append(void *argument)
{
	struct heap *heap = ((void **)argument)[0];
	uint32_t *sites = ((void **)argument)[1];
	for (uintptr_t round = 0; round < 3; round++) {
		for (uintptr_t i = 0; i < STACKS; i++) {
			uintptr_t stack[3] = {0x1000 + i, 0x77, i * i};
			sites[i] = site_of(heap, stack, 3, false);
		}
	}
	return NULL;
}

static void threads_agree(struct heap *heap)
{
	static uint32_t sites[THREADS][STACKS];
	pthread_t threads[THREADS];
	void *arguments[THREADS][2];
	for (int i = 0; i < THREADS; i++) {
		arguments[i][0] = heap;
		arguments[i][1] = sites[i];
		assert_int_equal(pthread_create(&threads[i], NULL, append, arguments[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (int i = 1; i < THREADS; i++)
		assert_memory_equal(sites[0], sites[i], sizeof sites[0]);
}

static void threads_agree_on_the_site_of_a_stack(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 512 << 10, 0);
	threads_agree(&heap);
	heap_unmake(&heap);
}

/* Levels of the index come while threads look and put in. */
static void threads_agree_while_the_tables_grow(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 512 << 10, 0);
	area_plan_room(heap.header, true);
	store_relaxed(&heap.header->may_grow, UINT64_MAX);
	heap.capacity[SEEP_AREA_INDEX0] = 64;
	heap.capacity[SEEP_AREA_INDEX1] = 1024;
	threads_agree(&heap);
	assert_true(area_is_whole(&heap, SEEP_AREA_INDEX2));
	assert_int_equal(load_relaxed(&heap.header->losses[SEEP_LOSS_STACKS_CUT]), 0);
	heap_unmake(&heap);
}

#ifdef __SANITIZE_THREAD__
#define MANY 20000 /* one thread: races can't be seen */
#else
#define MANY 1000000
#endif

static uint32_t many_site(const struct heap *heap, uintptr_t number)
{
	uintptr_t stack[] = {0x10000 + number % 1009, 0x4000000 + number / 1009, 0x123456};
	uint32_t site = stack_site(heap, stack, 3, false);
	if (site)
		site_let_go(heap, site);
	return site;
}

static bool there_is_space(const struct heap *heap, uint64_t offset, uint64_t bytes, void *context)
{
	(void)context;
	return offset + bytes <= heap->bytes;
}

static void a_million_stacks_have_a_site_each(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 1, 0);
	area_plan_room(heap.header, true);
	store_relaxed(&heap.header->may_grow, UINT64_MAX);
	uint32_t *sites = malloc(MANY * sizeof *sites), wrong = 0;
	assert_non_null(sites);
	for (uint32_t i = 0; i < MANY; i++)
		sites[i] = many_site(&heap, i);
	assert_int_equal(load_relaxed(&heap.header->site_count), MANY + 1);
	for (uint32_t i = 0; i < MANY; i += 7)
		wrong += sites[i] == 0 || many_site(&heap, i) != sites[i];
	assert_int_equal(wrong, 0);
	for (int loss = 0; loss < SEEP_KEYS; loss++)
		assert_int_equal(load_relaxed(&heap.header->losses[loss]), 0);
	area_keep_ahead(&heap, there_is_space, NULL); /* the keeper, who comes last here */
	assert_false(recycle_is_due(&heap));
	free(sites);
	heap_unmake(&heap);
}

static int use_test_finder(void **state)
{
	(void)state;
	modules_set_finder(find_one);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(same_stack_same_site_other_stack_other_site),
	    cmocka_unit_test(frames_are_relative_to_their_module),
	    cmocka_unit_test(another_module_at_the_same_place_is_another_entry_and_epoch),
	    cmocka_unit_test(modules_that_come_back_take_no_room),
	    cmocka_unit_test(a_stack_that_does_not_pass_through_a_retired_module_stays),
	    cmocka_unit_test(a_full_table_is_counted_and_files_under_no_site),
	    cmocka_unit_test(headers_that_were_written_over_lead_nowhere),
	    cmocka_unit_test(a_table_smaller_than_a_stack_holds_none),
	    cmocka_unit_test(threads_agree_on_the_site_of_a_stack),
	    cmocka_unit_test(threads_agree_while_the_tables_grow),
	    cmocka_unit_test(a_million_stacks_have_a_site_each),
	};
	return cmocka_run_group_tests_name("stacks", tests, use_test_finder, NULL);
}
