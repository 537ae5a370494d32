/* SPDX-License-Identifier: Apache-2.0 */
/* Reading of the allocator's own account: see allocator_account.h. */
#include "shim/record/allocator_account.h"

#include <malloc.h>
#include <string.h>

#include "keeper/base/atomics.h"
#include "keeper/base/clock.h"
#include "keeper/base/syscall.h"
#include "shim/host/real.h"

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
	if (real.MallocExtension_GetNumericProperty(name, &value))
		set(heap, key, value);
}

bool account_take(const struct heap *heap)
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
	} else if (strcmp(real_name(), "tcmalloc") == 0 && real.MallocExtension_GetNumericProperty) {
		set_from_tcmalloc(heap, SEEP_MEMORY_ALLOCATOR_IN_USE, "generic.current_allocated_bytes");
		set_from_tcmalloc(heap, SEEP_MEMORY_ALLOCATOR_MAPPED, "generic.heap_size");
		set_from_tcmalloc(heap, SEEP_MEMORY_ALLOCATOR_FREE, "tcmalloc.pageheap_free_bytes");
	} else if (strcmp(real_name(), "glibc") == 0 && real.mallinfo2) {
		struct mallinfo2 info = real.mallinfo2();
		set(heap, SEEP_MEMORY_ALLOCATOR_IN_USE, info.uordblks + info.hblkhd);
		set(heap, SEEP_MEMORY_ALLOCATOR_FREE, info.fordblks);
		set(heap, SEEP_MEMORY_ALLOCATOR_MAPPED, info.arena + info.hblkhd);
	} else {
		return false;
	}
	set(heap, SEEP_MEMORY_ALLOCATOR_TIME, clock_read_ns(CLOCK_MONOTONIC));
	return true;
}
