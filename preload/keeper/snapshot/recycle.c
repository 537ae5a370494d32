/* SPDX-License-Identifier: Apache-2.0 */
/* Rounds of recycling, sites: see recycle.h. */
#include "keeper/snapshot/recycle.h"

#include <stddef.h>

#include "keeper/base/atomics.h"
#include "keeper/base/syscall.h"
#include "keeper/heap/pool.h"
#include "keeper/heap/ring.h"
#include "keeper/heap/area_growth.h"
#include "keeper/heap/stack_index.h"
#include "keeper/heap/stacks.h"
#include "keeper/image/snapshot_writer.h"
#include "keeper/mappings/mapping_fold.h"
#include "keeper/snapshot/live_scan.h"
#include "keeper/snapshot/recycle_modules.h"

#define CLASSES 66      /* of sites, by how often they were sampled; the first are to go in any case */
#define CHAIN_CELLS 256 /* the most that readers accept */

/* A site in a round. */
enum mark { NEEDED = 1, CANDIDATE = 2 };

struct round {
	const struct heap *heap;
	uint8_t *marks; /* by site */
	uint32_t sites;
	bool modules; /* sites through unloaded modules are to go */
};

bool recycle_has_given_up(const struct heap *heap, uint32_t site, uint32_t round)
{
	uint32_t retired = load_acquire(&heap->sites[site].retired);
	return retired != 0 && retired <= round;
}

static uint32_t used_of(const struct heap *heap, enum seep_area_id id)
{
	return id == SEEP_AREA_MODULES ? recycle_modules_used(heap) : pool_used(heap, id);
}

/* How much of a table that is too full should go, in 256ths. */
static uint32_t excess_of(const struct heap *heap, enum seep_area_id id)
{
	uint32_t room = area_room(heap, id), used = used_of(heap, id);
	return used > room - room / 4 ? (uint32_t)((uint64_t)(used - room / 2) * 256 / used) : 0;
}

static uint32_t excess(const struct heap *heap)
{
	static const enum seep_area_id areas[] = {SEEP_AREA_SITES, SEEP_AREA_STACKS, SEEP_AREA_LIFETIMES};
	uint32_t most = 0;
	for (size_t i = 0; i < sizeof areas / sizeof *areas; i++) {
		uint32_t part = excess_of(heap, areas[i]);
		most = part > most ? part : most;
	}
	return most;
}

bool recycle_wants_modules(const struct heap *heap)
{
	return excess_of(heap, SEEP_AREA_MODULES) != 0;
}

bool recycle_is_due(const struct heap *heap)
{
	return excess(heap) || recycle_wants_modules(heap);
}

static void mark(struct round *round, uint32_t site, enum mark mark)
{
	if (site < round->sites)
		round->marks[site] |= (uint8_t)mark;
}

static void live_mark(struct round *round)
{
	struct live_scan scan = live_scan_begin(round->heap);
	struct live_entry entry;
	enum live_read what;
	while ((what = live_scan_next(&scan, &entry)) != LIVE_EMPTY)
		if (what == LIVE_ENTRY)
			mark(round, entry.site, NEEDED);
}

static void ring_mark(struct round *round)
{
	const struct seep_heap_header *header = round->heap->header;
	uint64_t position = load_acquire(&header->ring_tail), head = load_acquire(&header->ring_head);
	uint64_t capacity = round->heap->capacity[SEEP_AREA_RING];
	if (head > position && head - position > capacity)
		position = head - capacity;
	for (; position < head; position++) {
		struct event event;
		if (ring_read(round->heap, position, &event) == RING_EVENT)
			mark(round, event.site, NEEDED);
	}
}

static void mapping_mark(uint32_t site, void *context)
{
	mark(context, site, NEEDED);
}

static void reopen(struct seep_heap_site *site)
{
	atomic_fetch_add_explicit(&site->users, SEEP_SITE_OPEN - SEEP_SITE_CLOSED, memory_order_release);
}

/* Class of a site that seems to be dead; CLASSES: it is not. */
static uint32_t class_of(const struct round *round, uint32_t number)
{
	const struct seep_heap_site *site = &round->heap->sites[number];
	if (load_acquire(&site->users) != SEEP_SITE_OPEN || round->marks[number] & NEEDED)
		return CLASSES;
	if (round->modules && recycle_names_unloaded(round->heap, number))
		return 0;
	uint64_t samples = load_relaxed(&site->allocated.samples) + load_relaxed(&site->freed.samples);
	return samples ? 64u - (uint32_t)__builtin_clzll(samples) + 1 : 1;
}

static bool site_close(struct round *round, uint32_t number)
{
	uint32_t open = SEEP_SITE_OPEN;
	if (!atomic_compare_exchange_strong_explicit(&round->heap->sites[number].users, &open, SEEP_SITE_CLOSED,
						     memory_order_seq_cst, memory_order_relaxed))
		return false;
	mark(round, number, CANDIDATE);
	return true;
}

/* Closes the candidates that were sampled least, as many as are wanted. */
static void candidates_close(struct round *round, uint64_t part)
{
	uint32_t counts[CLASSES + 1] = {0}, in_service = 0;
	for (uint32_t i = 1; i < round->sites; i++) {
		in_service += load_relaxed(&round->heap->sites[i].users) != 0;
		counts[class_of(round, i)]++;
	}
	uint64_t wanted = (in_service * part + 255) / 256;
	uint32_t last = 1;
	wanted -= wanted < counts[0] ? wanted : counts[0]; /* they go in any case */
	while (wanted > counts[last] && last + 1 < CLASSES)
		wanted -= counts[last++];
	for (uint32_t i = 1; i < round->sites; i++) {
		uint32_t class = class_of(round, i);
		if (class < last || (class == last && wanted > 0))
			wanted -= site_close(round, i) && class == last;
	}
}

static void candidates_drop(struct round *round)
{
	for (uint32_t i = 1; i < round->sites; i++) {
		struct seep_heap_site *site = &round->heap->sites[i];
		if (!(round->marks[i] & CANDIDATE) ||
		    (load_acquire(&site->users) == SEEP_SITE_CLOSED && !(round->marks[i] & NEEDED)))
			continue;
		reopen(site);
		round->marks[i] &= (uint8_t)~CANDIDATE;
	}
}

/* A site that is still a candidate afterwards is in nobody's hand. The order is that of recycle.h. */
static void candidates_check(struct round *round)
{
	live_mark(round);
	candidates_drop(round);
	ring_mark(round);
	mapping_visit_stacks(round->heap, mapping_mark, round);
	candidates_drop(round);
}

static void sum_merge(struct seep_heap_sum *sum, const struct seep_heap_sum *more)
{
	double_add(&sum->uncertain, double_load(&more->uncertain));
	double_add(&sum->variance, double_load(&more->variance));
	double_raise(&sum->largest, double_load(&more->largest));
	double_add(&sum->certain, double_load(&more->certain));
}

static void measure_merge(struct seep_heap_measure *measure, const struct seep_heap_measure *more)
{
	add_relaxed(&measure->samples, load_relaxed(&more->samples));
	sum_merge(&measure->bytes, &more->bytes);
	sum_merge(&measure->objects, &more->objects);
}

static void lifetimes_merge(const struct heap *heap, uint32_t cell, struct seep_heap_lifetime bins[static 64])
{
	for (int steps = 0; cell && cell < heap->capacity[SEEP_AREA_LIFETIMES] && steps < CHAIN_CELLS; steps++) {
		const struct seep_heap_lifetime *from = &heap->lifetimes[cell];
		struct seep_heap_lifetime *bin = &bins[load_relaxed(&from->bin) % 64];
		add_relaxed(&bin->samples, load_relaxed(&from->samples));
		double_add(&bin->objects, double_load(&from->objects));
		double_add(&bin->bytes, double_load(&from->bytes));
		double_add(&bin->objects_squared, double_load(&from->objects_squared));
		double_add(&bin->bytes_squared, double_load(&from->bytes_squared));
		cell = load_relaxed(&from->next);
	}
}

static void site_merge(const struct heap *heap, struct seep_heap_given_up *given_up, const struct seep_heap_site *site)
{
	given_up->sites++;
	measure_merge(&given_up->sums.allocated, &site->allocated);
	measure_merge(&given_up->sums.freed, &site->freed);
	measure_merge(&given_up->sums.freed_remotely, &site->freed_remotely);
	measure_merge(&given_up->sums.freed_shortly, &site->freed_shortly);
	measure_merge(&given_up->sums.freed_grown, &site->freed_grown);
	lifetimes_merge(heap, load_acquire(&site->lifetimes), given_up->lifetimes);
}

/* Moves the candidates' counters to given_up. Returns the number of sites. */
static uint32_t candidates_give_up(struct round *round)
{
	const struct heap *heap = round->heap;
	uint32_t before = load_relaxed(&heap->header->recycled), count = 0;
	struct seep_heap_given_up *next = &heap->header->given_up[(before + 1) % 2];
	words_copy(next, &heap->header->given_up[before % 2], sizeof *next);
	for (uint32_t i = 1; i < round->sites; i++) {
		if (!(round->marks[i] & CANDIDATE))
			continue;
		store_relaxed(&heap->sites[i].retired, before + 1);
		site_merge(heap, next, &heap->sites[i]);
		count++;
	}
	if (count)
		store_release(&heap->header->recycled, before + 1);
	return count;
}

static bool is_given_up(const struct heap *heap, uint32_t site)
{
	return site < heap->capacity[SEEP_AREA_SITES] &&
	       recycle_has_given_up(heap, site, load_relaxed(&heap->header->recycled));
}

static void words_clear(void *from, size_t bytes)
{
	for (size_t i = 0; i < bytes / 8; i++)
		__atomic_store_n((uint64_t *)from + i, 0, __ATOMIC_RELAXED);
}

static void lifetimes_give_back(const struct heap *heap, uint32_t cell)
{
	for (int steps = 0; cell && cell < heap->capacity[SEEP_AREA_LIFETIMES] && steps < CHAIN_CELLS; steps++) {
		uint32_t next = load_relaxed(&heap->lifetimes[cell].next);
		words_clear(&heap->lifetimes[cell], sizeof *heap->lifetimes);
		pool_give(heap, SEEP_AREA_LIFETIMES, cell);
		cell = next;
	}
}

/* A kill in the midst of it loses entries; it never gives one back twice. */
static void site_give_back(const struct heap *heap, uint32_t number)
{
	struct seep_heap_site *site = &heap->sites[number];
	uint32_t lifetimes = load_relaxed(&site->lifetimes), stack = load_relaxed(&site->stack);
	store_release(&site->lifetimes, 0);
	lifetimes_give_back(heap, lifetimes);
	store_release(&site->stack, 0);
	stack_give_back(heap, stack);
	words_clear(&site->allocated, sizeof *site - offsetof(struct seep_heap_site, allocated));
	atomic_fetch_and_explicit(&site->users, ~(uint32_t)SEEP_SITE_CLOSED, memory_order_relaxed);
	store_release(&site->retired, 0); /* from now on its counters are in its own entry again, and they are 0 */
	pool_give(heap, SEEP_AREA_SITES, number);
}

static void given_up_give_back(const struct heap *heap, uint32_t sites)
{
	index_take_out(heap, is_given_up);
	for (uint32_t i = 1; i < sites; i++)
		if (is_given_up(heap, i))
			site_give_back(heap, i);
}

/* Completes or undoes the round of a keeper that died in it. */
static void former_round_end(const struct heap *heap, uint32_t sites)
{
	bool any = false;
	for (uint32_t i = 1; i < sites; i++) {
		struct seep_heap_site *site = &heap->sites[i];
		any |= is_given_up(heap, i);
		if (!(load_relaxed(&site->users) & SEEP_SITE_CLOSED) || is_given_up(heap, i))
			continue;
		store_relaxed(&site->retired, 0);
		reopen(site);
	}
	if (any)
		given_up_give_back(heap, sites);
}

static uint32_t sites_recycle(struct round *round, uint32_t part)
{
	live_mark(round);
	ring_mark(round);
	mapping_visit_stacks(round->heap, mapping_mark, round);
	candidates_close(round, part);
	candidates_check(round);
	uint32_t count = candidates_give_up(round);
	if (count)
		given_up_give_back(round->heap, round->sites);
	return count;
}

uint32_t recycle(const struct heap *heap)
{
	struct round round = {.heap = heap, .sites = load_acquire(&heap->header->site_count)};
	if (round.sites > heap->capacity[SEEP_AREA_SITES])
		round.sites = heap->capacity[SEEP_AREA_SITES];
	former_round_end(heap, round.sites);
	round.modules = recycle_wants_modules(heap);
	round.marks = scratch_map(round.sites);
	if (!round.marks)
		return 0;
	uint32_t count = sites_recycle(&round, excess(heap));
	scratch_unmap(round.marks, round.sites);
	if (round.modules)
		count += recycle_modules(heap);
	return count;
}
