/* SPDX-License-Identifier: Apache-2.0 */
/* Reading of the allocator's own account: see account.h. */
#include "record/account.h"

#include <malloc.h>
#include <string.h>

#include "base/atomics.h"
#include "base/syscall.h"
#include "host/real.h"

static seep_atomic64 not_before_ns;

/* An account that takes longer is felt as a pause by the thread that takes it, so it is taken more rarely. */
#define CHEAP_NS 100000

static void set(const struct heap *heap, enum seep_memory_key key, uint64_t value)
{
	store_relaxed(&heap->header->memory[key], value);
	or_relaxed(&heap->header->memory_known, UINT64_C(1) << key);
}

static void set_from_mallctl(const struct heap *heap, enum seep_memory_key key, const char *name)
{
	size_t value = 0, bytes = sizeof value;
	if (real.mallctl(name, &value, &bytes, NULL, 0) == 0 && bytes == sizeof value)
		set(heap, key, value);
}

static void set_from_tcmalloc(const struct heap *heap, enum seep_memory_key key, const char *name)
{
	size_t value = 0;
	if (real.tcmalloc_property(name, &value))
		set(heap, key, value);
}

void account_take(const struct heap *heap)
{
	if (strcmp(real_name(), "jemalloc") == 0 && real.mallctl) {
		uint64_t epoch = 1;
		size_t bytes = sizeof epoch;
		real.mallctl("epoch", &epoch, &bytes, &epoch, sizeof epoch);
		set_from_mallctl(heap, SEEP_MEMORY_ALLOCATOR_IN_USE, "stats.allocated");
		set_from_mallctl(heap, SEEP_MEMORY_ALLOCATOR_ACTIVE, "stats.active");
		set_from_mallctl(heap, SEEP_MEMORY_ALLOCATOR_RESIDENT, "stats.resident");
		set_from_mallctl(heap, SEEP_MEMORY_ALLOCATOR_MAPPED, "stats.mapped");
		set_from_mallctl(heap, SEEP_MEMORY_ALLOCATOR_RETAINED, "stats.retained");
	} else if (strcmp(real_name(), "tcmalloc") == 0 && real.tcmalloc_property) {
		set_from_tcmalloc(heap, SEEP_MEMORY_ALLOCATOR_IN_USE, "generic.current_allocated_bytes");
		set_from_tcmalloc(heap, SEEP_MEMORY_ALLOCATOR_MAPPED, "generic.heap_size");
		set_from_tcmalloc(heap, SEEP_MEMORY_ALLOCATOR_FREE, "tcmalloc.pageheap_free_bytes");
	} else if (strcmp(real_name(), "glibc") == 0 && real.mallinfo2) {
		struct mallinfo2 info = real.mallinfo2();
		set(heap, SEEP_MEMORY_ALLOCATOR_IN_USE, info.uordblks + info.hblkhd);
		set(heap, SEEP_MEMORY_ALLOCATOR_FREE, info.fordblks);
		set(heap, SEEP_MEMORY_ALLOCATOR_MAPPED, info.arena + info.hblkhd);
	} else {
		return;
	}
	set(heap, SEEP_MEMORY_ALLOCATOR_TIME, clock_read_ns(CLOCK_MONOTONIC));
}

/*
 * A signal handler runs with its own signal blocked. Where nothing is blocked
 * this is no handler, so no lock of the allocator's is held further up this
 * very stack. A thread that blocks signals for other reasons leaves the
 * account to the next sample of another one.
 */
static bool may_be_in_handler(void)
{
	uint64_t blocked = 0;
	return system_call(SYS_rt_sigprocmask, 0, 0, (long)&blocked, sizeof blocked, 0, 0) != 0 || blocked != 0;
}

void account_take_if_wanted(const struct heap *heap)
{
	uint32_t wanted = load_relaxed(&heap->header->account_wanted);
	uint32_t taken = load_relaxed(&heap->header->account_taken);
	if (wanted == taken)
		return;
	uint64_t start_ns = clock_read_ns(CLOCK_MONOTONIC);
	if (start_ns < load_relaxed(&not_before_ns) || may_be_in_handler() ||
	    !atomic_compare_exchange_strong_explicit(&heap->header->account_taken, &taken, wanted, memory_order_relaxed,
						     memory_order_relaxed))
		return;
	account_take(heap);
	uint64_t now_ns = clock_read_ns(CLOCK_MONOTONIC);
	uint64_t cost_ns = now_ns - start_ns;
	store_relaxed(&not_before_ns, now_ns + (cost_ns < CHEAP_NS ? 1000 : 10000) * cost_ns);
}
