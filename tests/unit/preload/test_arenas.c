/* SPDX-License-Identifier: Apache-2.0 */
/* glibc's heap taken apart from outside and compared with mallinfo2(), for programs that stand still, run, or are
 * damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "keeper/arenas/heap_account.h"
#include "keeper/ledger/ledger.h"

#define BLOCKS 60000
#define SAMPLED 32 /* every how many blocks one is known */
#define PLENTY UINT64_C(10000000000)

/* What the child says about itself, in memory that both have. */
struct told {
	_Atomic int ready, go_on;
	uint64_t in_use, free, live_count;
	struct seep_live live[BLOCKS / SAMPLED + 64];
};

static struct told *told;
static void *blocks[BLOCKS];
static pthread_barrier_t filled;

static void know(const void *block, size_t size)
{
	told->live[told->live_count++] = (struct seep_live){.address = (uintptr_t)block, .size = size};
}

/* Sizes between 24 and 1,500 bytes; of seven blocks two stay. */
static void fragment(void)
{
	for (size_t i = 0; i < BLOCKS; i++)
		blocks[i] = memset(malloc(24 + i * 7919 % 1477), 1, 24);
	for (size_t i = 0; i < BLOCKS; i++)
		if (i % 7 > 1)
			free(blocks[i]);
		else if (i % SAMPLED == 0)
			know(blocks[i], 24 + i * 7919 % 1477);
}

static void large(void)
{
	for (int i = 0; i < 8; i++) {
		char *block = malloc((size_t)4 << 20);
		memset(block, 1, (size_t)4 << 20);
		know(block, (size_t)4 << 20);
	}
}

static void *fragment_in_arena(void *argument)
{
	for (int i = 0; i < 20000; i++) {
		char *block = memset(malloc(600), 1, 600), *gap = memset(malloc(600), 1, 600);
		free(gap);
		blocks[i] = block;
	}
	pthread_barrier_wait(&filled);
	pause();
	return argument;
}

static void threads(void)
{
	pthread_barrier_init(&filled, NULL, 4);
	for (int i = 0; i < 3; i++)
		pthread_create(&(pthread_t){0}, NULL, fragment_in_arena, NULL);
	pthread_barrier_wait(&filled);
}

/* More than fits into a heap of 64 MiB, so that the arena gets another heap, somewhere else. */
static void *fill_two_heaps(void *argument)
{
	for (int i = 0; i < 1200; i++)
		memset(malloc(80000), 1, 80000);
	pthread_barrier_wait(&filled);
	pause();
	return argument;
}

/* Arenas, and a second heap of one, that come when the process has been looked at already. */
static void late(void)
{
	fragment();
	told->ready = 1;
	while (!told->go_on)
		usleep(1000);
	pthread_barrier_init(&filled, NULL, 3);
	pthread_create(&(pthread_t){0}, NULL, fragment_in_arena, NULL);
	pthread_create(&(pthread_t){0}, NULL, fill_two_heaps, NULL);
	pthread_barrier_wait(&filled);
}

static void trimmed(void)
{
	fragment();
	for (size_t i = 0; i < BLOCKS / 2; i++)
		if (i % 7 <= 1 && i % SAMPLED)
			free(blocks[i]);
	malloc_trim(0);
}

/* Known blocks that are free by now, among other free ones: their headers are still there. */
static void freed_since(void)
{
	enum { SIZE = 1000, KNOWN = 256, FREED = 100 };
	for (size_t i = 0; i < BLOCKS; i++)
		blocks[i] = memset(malloc(SIZE), 1, SIZE);
	for (size_t i = KNOWN; i + KNOWN < BLOCKS; i += KNOWN) {
		know(blocks[i], SIZE);
		for (size_t k = i - FREED; i % (4 * KNOWN) == 0 && k < i + FREED; k++)
			free(blocks[k]);
	}
}

static void damaged(void)
{
	fragment();
	for (size_t i = 0; i < BLOCKS; i += 20 * 7 * SAMPLED)
		((size_t *)blocks[i])[-1] = i % 2 ? 7 : SIZE_MAX - 100;
}

static void never_still(void)
{
	fragment();
	told->ready = 1;
	for (size_t i = 0;; i++) {
		void **block = &blocks[i * 2654435761u % (BLOCKS - 7) / 7 * 7 + 3];
		*block = realloc(i < BLOCKS ? NULL : *block, 16 + i * 104729 % 3000);
	}
}

static pid_t child_start(void (*shape)(void))
{
	told->ready = told->go_on = 0;
	told->live_count = 0;
	const pid_t child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* and no time limit: a busy machine is slow */
		shape();
		const struct mallinfo2 info = mallinfo2();
		told->in_use = info.uordblks + info.hblkhd;
		told->free = info.fordblks;
		told->ready = 2;
		for (;;)
			pause();
	}
	while (!told->ready)
		usleep(1000);
	return child;
}

static void child_end(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* As a snapshot does it. The heap's class goes to *class_bytes. */
static struct heap_account look(pid_t child, uint64_t budget_ns, uint64_t *class_bytes)
{
	static char scratch[PAGES_SCRATCH_BYTES];
	const struct ledger_program program = {.executable = "/x", .allocator = "glibc", .heap_file = "/y"};
	struct heap_account account;
	struct page_counts counts = {0};
	struct ledger ledger;
	struct pages pages;
	assert_true(ledger_read(&ledger, (uint64_t)child));
	for (uint64_t i = 0; i < told->live_count; i++)
		ledger_meet(&ledger, told->live[i].address);
	ledger_classify(&ledger, &program);
	heap_account_take(&account, (uint64_t)child, &ledger, "/lib/libc.so.6", told->live, told->live_count,
			  budget_ns);
	assert_true(pages_open(&pages, (uint64_t)child, scratch, UINT64_MAX));
	for (uint32_t i = 0; i < ledger.count; i++)
		if (ledger.mappings[i].class == SEEP_LEDGER_HEAP)
			pages_count(&pages, ledger.mappings[i].start, ledger.mappings[i].end, false, &counts);
	pages_close(&pages);
	ledger_free(&ledger);
	*class_bytes = counts.anonymous;
	return account;
}

static uint64_t sum_of(const struct heap_account *account)
{
	return account->in_use + account->cached + account->free_pages + account->pinned + account->metadata;
}

static void near(const char *what, uint64_t seen, uint64_t true_bytes, uint64_t most)
{
	if (seen > true_bytes + most || true_bytes > seen + most)
		fail_msg("%s: %llu, not %llu", what, (unsigned long long)seen, (unsigned long long)true_bytes);
}

/* A sanitizer brings an allocator of its own. */
static void want_glibc(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	skip();
#endif
}

/* mallinfo2() counts blocks in threads' caches as in use, and free memory even if it is not in memory. */
static void all_of_it_is_as_mallinfo_says(void **state)
{
	want_glibc();
	(void)state;
	void (*const shapes[])(void) = {fragment, large, threads, freed_since};
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		uint64_t class_bytes;
		const pid_t child = child_start(shapes[i]);
		const struct heap_account account = look(child, PLENTY, &class_bytes);
		child_end(child);
		assert_int_equal(account.state, SEEP_ACCOUNT_KNOWN);
		assert_int_equal(account.spread, 0);
		/* mallinfo2() says less about arenas: each one's free chunks, but only the sum of the memory in use */
		if (shapes[i] != threads)
			near("in use", account.in_use + account.cached, told->in_use, 8192);
		near("sum", sum_of(&account), class_bytes, class_bytes / 200 + 16384);
		assert_true(account.free_pages + account.pinned <= told->free + 8192);
	}
}

static void arenas_that_come_late_are_found(void **state)
{
	want_glibc();
	(void)state;
	uint64_t class_bytes, class_before;
	const pid_t child = child_start(late);
	const struct heap_account before = look(child, PLENTY, &class_before);
	told->go_on = 1;
	while (told->ready < 2)
		usleep(1000);
	const struct heap_account account = look(child, PLENTY, &class_bytes);
	child_end(child);
	assert_int_equal(before.state, SEEP_ACCOUNT_KNOWN);
	assert_int_equal(account.state, SEEP_ACCOUNT_KNOWN);
	near("sum before", sum_of(&before), class_before, class_before / 200 + 16384);
	near("sum", sum_of(&account), class_bytes, class_bytes / 200 + 16384);
	near("what came", account.in_use - before.in_use, 1200 * UINT64_C(80000) + 20000 * UINT64_C(608),
	     UINT64_C(1) << 20);
}

static void memory_that_was_given_back_is_not_counted(void **state)
{
	want_glibc();
	(void)state;
	uint64_t class_bytes;
	const pid_t child = child_start(trimmed);
	const struct heap_account account = look(child, PLENTY, &class_bytes);
	child_end(child);
	near("in use", account.in_use + account.cached, told->in_use, 8192);
	assert_true(account.free_pages < 65536);
	assert_true(account.free_pages + account.pinned + ((uint64_t)1 << 20) < told->free);
	near("sum", sum_of(&account), class_bytes, 65536);
}

static void a_part_of_it_stands_for_all(void **state)
{
	want_glibc();
	(void)state;
	uint64_t class_bytes;
	const pid_t child = child_start(fragment);
	const struct heap_account all = look(child, PLENTY, &class_bytes);
	struct heap_account part = {0};
	for (uint64_t budget_ns = 50000; !part.spread && budget_ns < PLENTY; budget_ns *= 2)
		part = look(child, budget_ns, &class_bytes);
	child_end(child);
	assert_int_equal(part.state, SEEP_ACCOUNT_KNOWN);
	near("in use", part.in_use, all.in_use, 3 * part.spread);
	near("sum", sum_of(&part), class_bytes, 3 * part.spread + class_bytes / 200);
}

static void a_damaged_heap_is_left_out_in_part(void **state)
{
	want_glibc();
	(void)state;
	uint64_t class_bytes;
	const pid_t child = child_start(damaged);
	const struct heap_account account = look(child, PLENTY, &class_bytes);
	child_end(child);
	assert_int_equal(account.state, SEEP_ACCOUNT_KNOWN);
	assert_true(account.in_use > 0 && sum_of(&account) < class_bytes);
}

static void a_program_that_runs_is_seen_as_it_is(void **state)
{
	want_glibc();
	(void)state;
	const pid_t child = child_start(never_still);
	for (int i = 0; i < 30; i++) {
		uint64_t class_bytes;
		const struct heap_account account = look(child, PLENTY, &class_bytes);
		if (account.state == SEEP_ACCOUNT_KNOWN)
			assert_true(sum_of(&account) <= class_bytes + class_bytes / 4);
	}
	child_end(child);
}

static void another_library_has_no_arenas(void **state)
{
	(void)state;
	struct ledger ledger;
	struct heap_account account;
	assert_true(ledger_read(&ledger, (uint64_t)getpid()));
	heap_account_take(&account, (uint64_t)getpid(), &ledger, "/lib/libjemalloc.so.2", NULL, 0, PLENTY);
	ledger_free(&ledger);
	assert_int_equal(account.state, SEEP_ACCOUNT_STRANGE);
}

int main(void)
{
	told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_of_it_is_as_mallinfo_says),
	    cmocka_unit_test(arenas_that_come_late_are_found),
	    cmocka_unit_test(memory_that_was_given_back_is_not_counted),
	    cmocka_unit_test(a_part_of_it_stands_for_all),
	    cmocka_unit_test(a_damaged_heap_is_left_out_in_part),
	    cmocka_unit_test(a_program_that_runs_is_seen_as_it_is),
	    cmocka_unit_test(another_library_has_no_arenas),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
