/* SPDX-License-Identifier: Apache-2.0 */
/* The time of samples: see moment.h. */
#include "shim/recording/moment.h"

#include <stdbool.h>
#include <time.h>

#include "keeper/base/atomics.h"
#include "keeper/base/clock.h"

static _Atomic bool stopped;
static seep_atomic64 last_ns;
static _Atomic(const struct seep_heap_header *) keepers;

void moment_stop(const struct seep_heap_header *header)
{
	store_relaxed(&keepers, header);
	if (load_relaxed(&stopped))
		return;
	store_relaxed(&last_ns, clock_read_ns(CLOCK_MONOTONIC));
	store_release(&stopped, true);
}

static uint64_t coarse_ns(void)
{
	const struct seep_heap_header *header = load_relaxed(&keepers);
	uint64_t seen_ns = header ? load_relaxed(&header->alive_ns) : 0;
	uint64_t last = load_relaxed(&last_ns), next;
	do
		next = seen_ns > last ? seen_ns : last + 1;
	while (
	    !atomic_compare_exchange_weak_explicit(&last_ns, &last, next, memory_order_relaxed, memory_order_relaxed));
	return next;
}

uint64_t moment_now_ns(void)
{
	return load_acquire(&stopped) ? coarse_ns() : clock_read_ns(CLOCK_MONOTONIC);
}
