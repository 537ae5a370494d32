/* SPDX-License-Identifier: Apache-2.0 */
#include "top/data/look.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "keeper/base/atomics.h"
#include "keeper/heap/heap.h"
#include "keeper/heap/modules.h"
#include "keeper/heap/sites.h"
#include "keeper/heap/stacks.h"
#include "keeper/snapshot/live_scan.h"
#include "profile/profile.h"
#include "work/clock.h"

enum { WEIGHTS = 1024, DEPTH_MOST = 4096 };

/* Remembers the weights of one size's samples: the same blocks are there at every look. */
struct weights {
	struct {
		uint64_t size, rate;
		struct weight weight;
	} slots[WEIGHTS];
};

static const struct weight *weight_find(struct weights *weights, uint64_t size, uint64_t rate)
{
	const uint64_t mixed = (size ^ rate << 32) * UINT64_C(0x9e3779b97f4a7c15);
	__typeof__(&weights->slots[0]) slot = &weights->slots[mixed >> 54 & (WEIGHTS - 1)];

	if (slot->size != size || slot->rate != rate) {
		slot->size = size;
		slot->rate = rate;
		slot->weight = weight_of(size, rate);
	}
	return &slot->weight;
}

static void bytes_add(struct seep_sum *sum, const struct weight *weight)
{
	sum_add_weighted(sum, weight->certain, weight->bytes, weight->bytes_variance);
}

static void sample_add(struct tally *tally, const struct weight *weight, bool is_young)
{
	tally->samples++;
	bytes_add(&tally->in_use, weight);
	if (is_young)
		bytes_add(&tally->young, weight);
}

static void tally_add(struct tally *tally, const struct tally *more)
{
	tally->samples += more->samples;
	sum_include(&tally->in_use, &more->in_use);
	sum_include(&tally->young, &more->young);
	tally->allocated_bytes += more->allocated_bytes;
	tally->allocations += more->allocations;
}

/* Makes room for `count` sites; new ones are zero. */
static void sites_reserve(struct look *look, uint32_t count)
{
	if (count <= look->site_room)
		return;
	const uint32_t room = count + count / 2;
	look->sites = memory_resize(look->sites, room, sizeof *look->sites);
	memset(look->sites + look->site_room, 0, (room - look->site_room) * sizeof *look->sites);
	look->site_room = room;
}

static void threads_reserve(struct look *look, uint32_t count)
{
	if (count <= look->thread_room)
		return;
	look->threads = memory_resize(look->threads, count, sizeof *look->threads);
	memset(look->threads + look->thread_room, 0, (count - look->thread_room) * sizeof *look->threads);
	look->thread_room = count;
}

/* Makes the same key as a snapshot's reader (profile/moment.c): from the root down, with modules identified by their
 * content. */
static uint64_t key_make(const struct heap *heap, const struct seep_heap_cell *stack)
{
	static uint64_t frames[DEPTH_MOST];
	struct stack_reader reader = stack_read_begin(heap, stack);
	uint32_t depth = 0;
	uint64_t key = 0;

	while (depth < DEPTH_MOST && stack_read(&reader, &frames[depth]))
		depth++;
	for (uint32_t i = depth; i-- > 0;) {
		const struct seep_heap_module *module = module_entry(heap, SEEP_FRAME_MODULE(frames[i]));
		const uint32_t id_bytes =
		    module && module->build_id_bytes <= sizeof module->build_id ? module->build_id_bytes : 0;
		char path[sizeof module->path + 1] = "";
		if (module)
			memcpy(path, module->path, sizeof module->path);
		key = stack_key_extend(key, module ? profile_module_identity(module->build_id, id_bytes, path) : 0,
				       module_address(heap, frames[i]), frames[i] & SEEP_FRAME_EXACT);
	}
	return stack_key_close(key, stack->flags & SEEP_SITE_TRUNCATED, depth);
}

static void site_identify(struct look_site *site, const struct heap *heap, uint32_t number)
{
	const struct seep_heap_cell *stack = number ? stack_of_site(heap, number) : NULL;
	const uint32_t cell = stack ? (uint32_t)(stack - heap->stacks) : 0;
	const uint64_t hash = stack ? stack->words[0] : 0;

	if (site->cell == cell && site->hash == hash && site->key)
		return;
	site->cell = cell;
	site->hash = hash;
	site->key = stack ? key_make(heap, stack) : stack_key_close(0, 0, 0);
}

static double sum_load(const struct seep_heap_sum *sum)
{
	const double value = double_load(&sum->uncertain) + double_load(&sum->certain);

	return value > 0 && value < SEEP_SUM_LIMIT ? value : 0;
}

static void sites_take(struct look *look, const struct heap *heap)
{
	for (uint32_t i = 0; i < look->site_count; i++) {
		const struct seep_heap_measure *allocated = &heap->sites[i].allocated;
		struct look_site *site = &look->sites[i];
		site->tally = (struct tally){.allocated_bytes = sum_load(&allocated->bytes),
					     .allocations = sum_load(&allocated->objects)};
		if (site->tally.allocations > 0)
			site_identify(site, heap, i);
	}
}

static void live_take(struct look *look, const struct heap *heap, uint64_t since_ns)
{
	struct live_scan scan = live_scan_begin(heap);
	struct live_entry entry;

	for (enum live_read what; (what = live_scan_next(&scan, &entry)) != LIVE_EMPTY;) {
		if (what == LIVE_TORN)
			continue;
		const struct weight *weight = weight_find(look->weights, entry.size, heap_rate(heap, entry.rate_index));
		const bool is_young = entry.birth_ns >= since_ns;
		struct look_site *site = &look->sites[entry.site < look->site_count ? entry.site : 0];
		sample_add(&site->tally, weight, is_young);
		if (look->wants_threads)
			sample_add(&look->threads[entry.thread + 1 < look->thread_count ? entry.thread + 1 : 0], weight,
				   is_young);
		if (!site->key)
			site_identify(site, heap, (uint32_t)(site - look->sites));
	}
}

static void memory_take(struct look *look, const struct seep_heap_header *header)
{
	look->memory_known = load_acquire(&header->memory_known);
	for (uint32_t i = 0; i < SEEP_KEYS; i++) {
		look->memory[i] = load_relaxed(&header->memory[i]);
		look->losses[i] = load_relaxed(&header->losses[i]);
	}
}

bool look_take(struct look *look, const struct seep_heap_view *view, uint64_t since_ns)
{
	struct heap heap;
	struct seep_fault fault;

	if (!heap_bind(&heap, view->map, view->bytes, &fault))
		return false;
	const struct seep_heap_header *header = heap.header;
	const uint32_t sites = load_acquire(&header->site_count), threads = load_relaxed(&header->thread_count);
	look->time_ns = clock_monotonic_ns();
	look->start_ns = header->start_ns;
	look->is_joined = load_relaxed(&header->status) & SEEP_STATUS_JOINED;
	look->rate = heap_rate(&heap, load_relaxed(&header->rate_now));
	look->site_count = sites && sites < heap.capacity[SEEP_AREA_SITES] ? sites : heap.capacity[SEEP_AREA_SITES];
	look->thread_count = look->wants_threads ? 1 + (threads < LOOK_THREADS ? threads : LOOK_THREADS) : 0;
	sites_reserve(look, look->site_count);
	threads_reserve(look, look->thread_count);
	look->all = (struct tally){0};
	if (look->thread_count)
		memset(look->threads, 0, look->thread_count * sizeof *look->threads);
	if (!look->weights)
		look->weights = memory_allocate(1, sizeof *look->weights);
	sites_take(look, &heap);
	live_take(look, &heap, since_ns);
	for (uint32_t i = 0; i < look->site_count; i++)
		tally_add(&look->all, &look->sites[i].tally);
	memory_take(look, header);
	return load_acquire(&header->phase) == SEEP_HEAP_RECORDING;
}

void look_free(struct look *look)
{
	free(look->sites);
	free(look->threads);
	free(look->weights);
	*look = (struct look){0};
}
