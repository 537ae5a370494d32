/* SPDX-License-Identifier: Apache-2.0 */
/* The lease: one consumer, taken over from the dead, and the event that a dead one leaves in doubt. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "keeper/base/atomics.h"
#include "keeper/base/clock.h"
#include "keeper/base/syscall.h"
#include "keeper/heap/ring.h"
#include "keeper/program/lease.h"
#include "keeper/program/process.h"
#include "shim/recording/describe.h"
#include "support/heap_maker.h"
#include "support/recording_maker.h"

static void heap_of_this_process(struct heap *heap)
{
	static struct seep_heap_header identity;
	heap_make(heap, 1, 0);
	describe_process(&identity);
	heap->header->pid = identity.pid;
	heap->header->start_ticks = identity.start_ticks;
	__builtin_memcpy(heap->header->boot_id, identity.boot_id, sizeof identity.boot_id);
}

static void only_one_holds_the_lease(void **state)
{
	(void)state;
	struct heap heap;
	struct lease first = {0}, second = {0};
	heap_of_this_process(&heap);
	assert_int_equal(lease_holder(heap.header), 0);
	assert_false(lease_is_live(heap.header));
	assert_true(lease_take(&heap, &first));
	assert_int_equal(lease_holder(heap.header), getpid());
	assert_true(lease_is_live(heap.header));
	assert_false(lease_take(&heap, &second));
	assert_false(lease_renew(&heap, &second));
	assert_true(lease_renew(&heap, &first));
	lease_give_back(&heap, &first);
	assert_false(lease_renew(&heap, &first));
	assert_true(lease_take(&heap, &second));
	lease_give_back(&heap, &first); /* not his any more: changes nothing */
	assert_true(lease_renew(&heap, &second));
	heap_unmake(&heap);
}

static void another_generation_is_another_lease(void **state)
{
	(void)state;
	struct heap heap;
	struct lease old = {0}, fresh = {0};
	heap_of_this_process(&heap);
	assert_true(lease_take(&heap, &old));
	struct lease kept = old;
	lease_give_back(&heap, &old);
	assert_true(lease_take(&heap, &fresh));
	assert_int_not_equal(kept.word, fresh.word);
	assert_false(lease_renew(&heap, &kept));
	heap_unmake(&heap);
}

/* Forks a child that takes the lease, does `work` and is killed. */
static void holder_dies(const struct heap *heap, void (*work)(const struct heap *heap))
{
	int status;
	pid_t child = child_fork();
	if (child == 0) {
		struct lease lease = {0};
		if (!lease_take(heap, &lease))
			_exit(1);
		work(heap);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(lease_holder(heap->header), child);
}

static void folds_three(const struct heap *heap)
{
	ring_fold(heap, 3, false);
}

/* The first half of ring_fold(). */
static void dies_in_the_middle(const struct heap *heap)
{
	ring_fold(heap, 3, false);
	store_release(&heap->header->ring_folding, load_acquire(&heap->header->ring_tail) + 1);
}

static void a_dead_holders_lease_is_taken_over(void **state)
{
	(void)state;
	struct heap heap;
	struct lease lease = {0};
	heap_of_this_process(&heap);
	recording_allocate(&heap, 1, 10, 10, 0x10000);
	holder_dies(&heap, folds_three);
	assert_false(lease_is_live(heap.header));
	assert_true(lease_take(&heap, &lease));
	assert_int_equal(load_relaxed(&heap.header->losses[SEEP_LOSS_EVENTS_DOUBTED]), 0);
	assert_int_equal(ring_fold(&heap, 100, false), 7);
	heap_unmake(&heap);
}

static void one_event_is_doubted_where_it_died_folding(void **state)
{
	(void)state;
	struct heap heap;
	struct lease lease = {0};
	heap_of_this_process(&heap);
	recording_allocate(&heap, 1, 10, 10, 0x10000);
	holder_dies(&heap, dies_in_the_middle);
	assert_true(lease_take(&heap, &lease));
	assert_int_equal(load_relaxed(&heap.header->losses[SEEP_LOSS_EVENTS_DOUBTED]), 1);
	assert_int_equal(load_relaxed(&heap.header->ring_folding), load_relaxed(&heap.header->ring_tail));
	assert_int_equal(ring_fold(&heap, 100, false), 7);
	lease_give_back(&heap, &lease);
	assert_true(lease_take(&heap, &lease));
	assert_int_equal(load_relaxed(&heap.header->losses[SEEP_LOSS_EVENTS_DOUBTED]), 1); /* once */
	heap_unmake(&heap);
}

static void a_silent_foreign_holder_loses_it(void **state)
{
	(void)state;
	struct heap heap;
	struct lease lease = {0};
	heap_of_this_process(&heap);
	uint64_t now = clock_read_ns(CLOCK_MONOTONIC);
	store_relaxed(&heap.header->lease, UINT64_C(5) << 32 | (uint32_t)getppid());
	store_relaxed(&heap.header->lease_ns, now - LEASE_SILENCE_NS / 2);
	assert_false(lease_take(&heap, &lease));
	store_relaxed(&heap.header->lease_ns, now - 2 * LEASE_SILENCE_NS);
	assert_true(lease_take(&heap, &lease));
	assert_int_equal(lease.word >> 32, 6);
	heap_unmake(&heap);
}

/* The program itself is never taken for dead while it lives, however long its keeper waits for a disk. */
static void the_programs_own_keeper_may_be_silent(void **state)
{
	(void)state;
	struct heap heap;
	struct lease lease = {0}, other = {0};
	heap_of_this_process(&heap);
	assert_true(lease_take(&heap, &lease));
	store_relaxed(&heap.header->lease_ns, 1);
	assert_false(lease_take(&heap, &other));
	heap_unmake(&heap);
}

/* Once a holder has written down who it is, neither its number alone keeps the lease alive, nor what another one wrote
 * down. */
static void a_holder_is_told_by_its_start(void **state)
{
	(void)state;
	struct heap heap;
	struct lease lease = {0}, other = {0};
	heap_of_this_process(&heap);
	heap.header->pid = 1u << 30;
	assert_true(lease_take(&heap, &lease));
	assert_int_equal(load_relaxed(&heap.header->lease_namespace), process_namespace());
	add_relaxed(&heap.header->lease_start_ticks, 1);
	assert_false(lease_is_live(heap.header)); /* the number came again */
	add_relaxed(&heap.header->lease_generation, 1);
	assert_true(lease_is_live(heap.header)); /* written down by somebody else: nothing is known but the silence */
	assert_true(lease_renew(&heap, &lease));
	assert_int_equal(load_relaxed(&heap.header->lease_start_ticks), lease.start_ticks);
	assert_int_equal(load_relaxed(&heap.header->lease_generation), lease.word >> 32);
	assert_false(lease_take(&heap, &other));
	heap_unmake(&heap);
}

/* In a pid namespace of its own, with a /proc that shows another one. */
static int looks_from_inside(const struct heap *heap)
{
	struct lease lease = {0};
	uint64_t now = clock_read_ns(CLOCK_MONOTONIC);
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mount("proc", "/proc", "proc", 0, NULL) != 0)
		return 77;
	if (!lease_is_live(heap->header) || lease_take(heap, &lease))
		return 1;
	store_relaxed(&heap->header->lease_ns, now - 2 * LEASE_SILENCE_NS);
	if (lease_is_live(heap->header) || !lease_take(heap, &lease))
		return 2;
	return 0;
}

static void a_holder_that_cannot_be_seen_lives_until_it_is_silent(void **state)
{
	(void)state;
	struct heap heap;
	struct lease lease = {0};
	int status;
	heap_of_this_process(&heap);
	heap.header->pid = 1u << 30;
	assert_true(lease_take(&heap, &lease));
	pid_t child = child_fork();
	if (child == 0) {
		if (unshare(CLONE_NEWPID | CLONE_NEWNS) != 0)
			_exit(77);
		pid_t inner = child_fork();
		if (inner == 0)
			_exit(looks_from_inside(&heap));
		waitpid(inner, &status, 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		heap_unmake(&heap);
		skip();
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_false(lease_renew(&heap, &lease));
	heap_unmake(&heap);
}

/* Many processes try at once, again and again; only the holder adds to a counter without atomics. */
static void many_who_try_at_once_never_hold_it_together(void **state)
{
	(void)state;
	struct heap heap;
	enum { PROCESSES = 4, ROUNDS = 2000 };
	heap_of_this_process(&heap);
	heap.header->pid = 1u << 30; /* nobody: every holder below is a foreign one */
	volatile uint64_t *counter = (volatile uint64_t *)&heap.header->counted_bytes;
	pid_t children[PROCESSES];
	for (int i = 0; i < PROCESSES; i++) {
		children[i] = child_fork();
		if (children[i] == 0) {
			for (int done = 0; done < ROUNDS;) {
				struct lease lease = {0};
				if (!lease_take(&heap, &lease))
					continue;
				uint64_t value = *counter;
				for (volatile int spin = 0; spin < 20; spin++)
					;
				*counter = value + 1;
				done++;
				lease_give_back(&heap, &lease);
			}
			_exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status;
		waitpid(children[i], &status, 0);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	assert_int_equal(*counter, PROCESSES * ROUNDS);
	heap_unmake(&heap);
}

int main(void)
{
	alarm(1000); /* nothing here waits that long */
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_one_holds_the_lease),
	    cmocka_unit_test(another_generation_is_another_lease),
	    cmocka_unit_test(a_dead_holders_lease_is_taken_over),
	    cmocka_unit_test(one_event_is_doubted_where_it_died_folding),
	    cmocka_unit_test(a_silent_foreign_holder_loses_it),
	    cmocka_unit_test(the_programs_own_keeper_may_be_silent),
	    cmocka_unit_test(a_holder_is_told_by_its_start),
	    cmocka_unit_test(a_holder_that_cannot_be_seen_lives_until_it_is_silent),
	    cmocka_unit_test(many_who_try_at_once_never_hold_it_together),
	};
	return cmocka_run_group_tests_name("keeper_lease", tests, NULL, NULL);
}
