/* SPDX-License-Identifier: Apache-2.0 */
/* Weights of samples, and folding of events into site counters: see sites.h. */
#include "keeper/heap/sites.h"

#include "keeper/base/atomics.h"
#include "keeper/base/floating.h"
#include "keeper/base/numeric.h"
#include "keeper/heap/pool.h"

#define SHORT_LIFETIME_NS 1000000u
#define CERTAIN 1e-4

struct weight weight_of(uint64_t size, uint64_t rate)
{
	double s = size ? (double)size : 1.0;
	double p = rate <= 1 ? 1.0 : numeric_one_minus_exp(s / (double)rate);
	double missed = 1 - p;
	if (missed < CERTAIN)
		return (struct weight){.certain = true, .bytes = (double)size, .objects = 1};
	return (struct weight){
	    .bytes = (double)size / p,
	    .objects = 1 / p,
	    .bytes_variance = (double)size * (double)size * missed / (p * p),
	    .objects_variance = missed / (p * p),
	};
}

void weight_add_to_measure(struct seep_measure *measure, const struct weight *weight)
{
	measure->samples++;
	sum_add_weighted(&measure->bytes, weight->certain, weight->bytes, weight->bytes_variance);
	sum_add_weighted(&measure->objects, weight->certain, weight->objects, weight->objects_variance);
}

uint32_t lifetime_bin(uint64_t lifetime_ns)
{
	return lifetime_ns ? 63u - (uint32_t)__builtin_clzll(lifetime_ns) : 0;
}

static void sum_fold(struct seep_heap_sum *sum, bool certain, double value, double variance)
{
	if (certain) {
		double_add(&sum->certain, value);
		return;
	}
	double_add(&sum->uncertain, value);
	double_add(&sum->variance, variance);
	double_raise(&sum->largest, value);
}

static void measure_fold(struct seep_heap_measure *measure, const struct weight *weight)
{
	add_relaxed(&measure->samples, 1);
	sum_fold(&measure->bytes, weight->certain, weight->bytes, weight->bytes_variance);
	sum_fold(&measure->objects, weight->certain, weight->objects, weight->objects_variance);
}

/* The cell of this bin in the site's chain, appended where it is not there. Two threads may append the same bin at
 * once: then there are two cells, and readers add them up. */
static struct seep_heap_lifetime *lifetime_cell(const struct heap *heap, struct seep_heap_site *site, uint32_t bin)
{
	uint32_t capacity = heap->capacity[SEEP_AREA_LIFETIMES];
	uint32_t first = load_acquire(&site->lifetimes);
	/* a chain is at most a few more than 64 cells; the bound is against a damaged file */
	uint32_t cell = first;
	for (int steps = 0; cell && cell < capacity && steps < 256; steps++) {
		if (load_relaxed(&heap->lifetimes[cell].bin) == bin)
			return &heap->lifetimes[cell];
		cell = load_relaxed(&heap->lifetimes[cell].next);
	}
	uint32_t fresh = pool_take(heap, SEEP_AREA_LIFETIMES);
	if (!fresh)
		return NULL;
	store_relaxed(&heap->lifetimes[fresh].bin, bin);
	do
		store_relaxed(&heap->lifetimes[fresh].next, first);
	while (!atomic_compare_exchange_weak_explicit(&site->lifetimes, &first, fresh, memory_order_release,
						      memory_order_acquire));
	return &heap->lifetimes[fresh];
}

static void lifetime_fold(const struct heap *heap, struct seep_heap_site *site, uint64_t lifetime_ns,
			  const struct weight *weight)
{
	struct seep_heap_lifetime *cell = lifetime_cell(heap, site, lifetime_bin(lifetime_ns));
	if (!cell) {
		heap_count_loss(heap, SEEP_LOSS_LIFETIMES_FULL);
		return;
	}
	add_relaxed(&cell->samples, 1);
	double_add(&cell->objects, weight->objects);
	double_add(&cell->bytes, weight->bytes);
	double_add(&cell->objects_squared, weight->objects * weight->objects);
	double_add(&cell->bytes_squared, weight->bytes * weight->bytes);
}

static __attribute__((noinline)) void fold(const struct heap *heap, const struct event *event)
{
	struct seep_heap_site *site = &heap->sites[event->site < heap->capacity[SEEP_AREA_SITES] ? event->site : 0];
	struct weight weight = weight_of(event->size, heap_rate(heap, event->rate_index));
	if (event->kind == SEEP_EVENT_ALLOCATED) {
		measure_fold(&site->allocated, &weight);
		double_raise(&heap->header->in_use_peak_bytes, double_add(&heap->header->in_use_bytes, weight.bytes));
		return;
	}
	measure_fold(&site->freed, &weight);
	double_add(&heap->header->in_use_bytes, -weight.bytes);
	if (event->kind == SEEP_EVENT_FREED_REMOTELY)
		measure_fold(&site->freed_remotely, &weight);
	if (event->time_ns < SHORT_LIFETIME_NS)
		measure_fold(&site->freed_shortly, &weight);
	if (event->grown)
		measure_fold(&site->freed_grown, &weight);
	lifetime_fold(heap, site, event->time_ns, &weight);
}

void site_fold(const struct heap *heap, const struct event *event)
{
	uint32_t before = floating_enter();
	fold(heap, event);
	floating_leave(before);
}
