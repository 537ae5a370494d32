/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes of areas, and their room: see area_growth.h. */
#include "keeper/heap/area_growth.h"

#include <errno.h>

#include "keeper/base/file.h"
#include "keeper/base/quiet_write.h"
#include "keeper/base/syscall.h"

/* The first room of areas that are filled from their start. The other areas have all of theirs. */
static const struct {
	enum seep_area_id id;
	uint32_t entries;
} first[] = {
    {SEEP_AREA_MODULES, 64},    {SEEP_AREA_STACKS, 1024 * 5},   {SEEP_AREA_SITES, 1024}, {SEEP_AREA_LIFETIMES, 4096},
    {SEEP_AREA_MAPPINGS, 1024}, {SEEP_AREA_MAPPING_SITES, 256}, {SEEP_AREA_LIVE1, 0},    {SEEP_AREA_LIVE2, 0},
    {SEEP_AREA_HOMES1, 0},      {SEEP_AREA_HOMES2, 0},          {SEEP_AREA_INDEX1, 0},   {SEEP_AREA_INDEX2, 0},
};
#define FIRST_COUNT (sizeof first / sizeof *first)

void area_plan_room(struct seep_heap_header *header, bool small)
{
	for (int id = 0; id < SEEP_AREA_COUNT; id++)
		store_relaxed(&header->room[id], header->areas[id].capacity);
	for (size_t i = 0; small && i < FIRST_COUNT; i++) {
		if (first[i].entries < header->areas[first[i].id].capacity)
			store_relaxed(&header->room[first[i].id], first[i].entries);
	}
}

/* The kernel gives a program 65,530 mappings unless it is told otherwise; few programs have a thousand of their own. */
#define MAPPINGS_MOST 16384
#define MAPPING_SITES_MOST 2048
#define MAPPING_EVENTS 1024

/* Smaller rates sample more: more stacks, more live samples, a longer ring. The plan behind each rate's own is
 * smaller: it serves where address space or files may not be that long, or where all the space must be there from
 * the beginning. */
struct capacities {
	uint64_t rate_below;
	uint32_t sites, cells_a_site, lifetimes, ring, index[SEEP_INDEX_LEVELS - 1], live[SEEP_LIVE_LEVELS];
};
static const struct capacities plans[] = {
    {1 << 10, 2 << 20, 8, 8 << 20, 32 << 10, {16 << 10, 256 << 10}, {4 << 10, 128 << 10, 4 << 20}},
    {0, 256 << 10, 6, 1 << 20, 32 << 10, {16 << 10, 64 << 10}, {4 << 10, 128 << 10, 4 << 20}},
    {64 << 10, 512 << 10, 6, 2 << 20, 16 << 10, {16 << 10, 128 << 10}, {4 << 10, 64 << 10, 1 << 20}},
    {0, 64 << 10, 5, 256 << 10, 16 << 10, {16 << 10, 32 << 10}, {4 << 10, 64 << 10, 1 << 20}},
    {UINT64_MAX, 8 << 10, 5, 32 << 10, 4 << 10, {16 << 10, 16 << 10}, {4 << 10, 16 << 10, 64 << 10}},
};

static void plan_apply(struct seep_heap_header *header, const struct capacities *plan, uint64_t max_live)
{
	uint64_t capacity[SEEP_AREA_COUNT] = {
	    [SEEP_AREA_MODULES] = 1024,
	    [SEEP_AREA_INDEX0] = plan->index[0],
	    [SEEP_AREA_INDEX1] = plan->index[1],
	    [SEEP_AREA_INDEX2] = 2 * (uint64_t)plan->sites,
	    [SEEP_AREA_STACKS] = (uint64_t)plan->sites * plan->cells_a_site,
	    [SEEP_AREA_SITES] = plan->sites,
	    [SEEP_AREA_LIFETIMES] = plan->lifetimes,
	    [SEEP_AREA_MAPPINGS] = 2 * MAPPINGS_MOST,
	    [SEEP_AREA_MAPPING_SITES] = 2 * MAPPING_SITES_MOST,
	    [SEEP_AREA_MAPPING_RING] = MAPPING_EVENTS,
	    [SEEP_AREA_RING] = plan->ring,
	};
	for (int level = 0; level < SEEP_LIVE_LEVELS; level++)
		capacity[SEEP_AREA_LIVE0 + level] = plan->live[level];
	if (max_live) { /* the last level alone holds it, with a third to spare against clustering */
		uint64_t slots = 1024;
		while (slots < max_live + max_live / 3 && slots < UINT64_C(1) << 28)
			slots *= 2;
		capacity[SEEP_AREA_LIVE2] = slots;
	}
	uint64_t offset = SEEP_HEAP_AREAS_OFFSET;
	for (int id = 0; id < SEEP_AREA_COUNT; id++) {
		if (id >= SEEP_AREA_HOMES0)
			capacity[id] = capacity[id - SEEP_AREA_HOMES0 + SEEP_AREA_LIVE0];
		header->areas[id] = (struct seep_area){offset, capacity[id]};
		offset += (capacity[id] * heap_entry_bytes((enum seep_area_id)id) + SEEP_HEAP_PAGE - 1) /
			  SEEP_HEAP_PAGE * SEEP_HEAP_PAGE;
	}
	header->file_bytes = offset;
	area_plan_room(header, false);
}

void area_plan(struct seep_heap_header *header, uint64_t rate, uint64_t max_live)
{
	const struct capacities *plan = plans;
	while (rate >= plan->rate_below && plan->rate_below != UINT64_MAX)
		plan++;
	plan_apply(header, plan, max_live);
}

bool area_plan_less(struct seep_heap_header *header, uint64_t max_live)
{
	for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
		if (plans[i].sites < header->areas[SEEP_AREA_SITES].capacity &&
		    plans[i].ring <= header->areas[SEEP_AREA_RING].capacity) {
			plan_apply(header, &plans[i], max_live);
			return true;
		}
	}
	return false;
}

static uint64_t page_up(uint64_t bytes)
{
	return (bytes + SEEP_HEAP_PAGE - 1) / SEEP_HEAP_PAGE * SEEP_HEAP_PAGE;
}

bool area_visit_room(const struct seep_heap_header *header,
		     bool (*visit)(uint64_t offset, uint64_t bytes, void *context), void *context)
{
	uint64_t start = 0, end = SEEP_HEAP_AREAS_OFFSET;
	for (int id = 0; id < SEEP_AREA_COUNT; id++) {
		uint64_t bytes = page_up(load_relaxed(&header->room[id]) * heap_entry_bytes(id));
		if (header->areas[id].offset == end) { /* areas lie one behind another */
			end += bytes;
			continue;
		}
		if (end > start && !visit(start, end - start, context))
			return false;
		start = header->areas[id].offset;
		end = start + bytes;
	}
	return end == start || visit(start, end - start, context);
}

bool area_populate(const struct heap *heap, uint64_t offset, uint64_t bytes, void *context)
{
	(void)context;
	return system_advise((char *)heap->header + offset, bytes, MADV_POPULATE_WRITE) == 0;
}

bool area_can_populate(void)
{
	return system_advise(NULL, 0, MADV_POPULATE_WRITE) == 0;
}

struct growth {
	area_reserver *reserve;
	void *context;
	uint64_t step_bytes; /* at most this much more than the caller asks for */
};

void area_allow(const struct heap *heap, uint64_t bytes)
{
	uint64_t old = load_relaxed(&heap->header->may_grow);
	while (old && !atomic_compare_exchange_weak_explicit(&heap->header->may_grow, &old, 1 + bytes,
							     memory_order_relaxed, memory_order_relaxed))
		;
}

void area_forbid(const struct heap *heap)
{
	store_relaxed(&heap->header->may_grow, 0);
}

static uint64_t area_bytes(enum seep_area_id id, uint64_t entries)
{
	return page_up(entries * heap_entry_bytes(id));
}

static void *area_start(const struct heap *heap, enum seep_area_id id)
{
	return (char *)heap->header + heap->header->areas[id].offset;
}

/* Sets the protection of an area's part beyond its room. A refusal leaves it as it is. */
static void protect_rest(const struct heap *heap, enum seep_area_id id, int protection)
{
	uint64_t room = load_acquire(&heap->header->room[id]), capacity = heap->capacity[id];
	uint64_t from = area_bytes(id, room < capacity ? room : capacity), to = area_bytes(id, capacity);
	if (from < to)
		system_protect((char *)area_start(heap, id) + from, to - from, protection);
}

void area_hold(struct heap *heap)
{
	for (uint32_t id = 0; id < SEEP_AREA_COUNT; id++)
		store_relaxed(&heap->limit[id], area_room(heap, id));
	atomic_thread_fence(memory_order_seq_cst);
	for (uint32_t id = 0; id < SEEP_AREA_COUNT && !heap->shed; id++)
		protect_rest(heap, id, PROT_NONE);
}

static void open_again(void *start, size_t bytes)
{
	system_unlock(start, bytes);
	system_protect(start, bytes, PROT_READ | PROT_WRITE);
}

void area_let_go(struct heap *heap)
{
	area_visit_memory(heap, open_again);
	for (uint32_t id = 0; id < SEEP_AREA_COUNT && !heap->shed; id++)
		store_release(&heap->limit[id], UINT32_MAX);
}

void area_shed(struct heap *heap)
{
	area_forbid(heap);
	for (uint32_t id = 0; id < SEEP_AREA_COUNT && !heap->shed; id++) {
		uint64_t room = load_acquire(&heap->header->room[id]), capacity = heap->capacity[id];
		const uint32_t kept = room < capacity ? (uint32_t)room : (uint32_t)capacity;
		const uint64_t from = area_bytes(id, kept), to = area_bytes(id, capacity);
		if (from < to)
			system_unmap((char *)area_start(heap, id) + from, to - from);
		store_relaxed(&heap->limit[id], kept);
	}
	heap->shed = true;
	heap->bytes = SEEP_HEAP_AREAS_OFFSET;
}

void area_visit_memory(const struct heap *heap, void (*visit)(void *start, size_t bytes))
{
	for (uint32_t id = 0; id < SEEP_AREA_COUNT && heap->shed; id++) {
		const uint64_t bytes = area_bytes(id, load_relaxed(&heap->limit[id]));
		if (bytes)
			visit(area_start(heap, id), bytes);
	}
	visit(heap->header, heap->bytes); /* last: it says where the areas are */
}

/* Entries [from, to) of an area, and what shares a page with them. */
static bool grow(const struct heap *heap, enum seep_area_id id, uint32_t from, uint32_t to, const struct growth *growth)
{
	uint64_t entry = heap_entry_bytes(id), start = from * entry / SEEP_HEAP_PAGE * SEEP_HEAP_PAGE;
	return growth->reserve(heap, heap->header->areas[id].offset + start, page_up(to * entry) - start,
			       growth->context);
}

static uint32_t raise_room(const struct heap *heap, enum seep_area_id id, uint32_t entries, const struct growth *growth)
{
	uint32_t room = area_room(heap, id), capacity = heap->capacity[id];
	if (room >= entries)
		return room;
	uint64_t step = growth->step_bytes / heap_entry_bytes(id), wanted = room + (room < step ? room : step);
	wanted = wanted > entries ? wanted : entries;
	wanted = wanted < capacity || entries > capacity ? wanted : capacity;
	if (wanted > capacity || !grow(heap, id, room, (uint32_t)wanted, growth))
		return room;
	uint64_t old = room;
	while (old < wanted && !atomic_compare_exchange_weak_explicit(&heap->header->room[id], &old, wanted,
								      memory_order_release, memory_order_acquire))
		;
	return area_room(heap, id);
}

static bool raise_level(const struct heap *heap, uint32_t level, const struct growth *growth)
{
	uint32_t slots = heap->capacity[SEEP_AREA_LIVE0 + level];
	return raise_room(heap, SEEP_AREA_HOMES0 + level, slots, growth) >= slots &&
	       raise_room(heap, SEEP_AREA_LIVE0 + level, slots, growth) >= slots;
}

/* In the program. After one refusal the keeper alone asks, because on a full disk the answer may wait for the
 * journal. */
static bool program_reserve(const struct heap *heap, uint64_t offset, uint64_t bytes, void *context)
{
	uint64_t left = load_relaxed(&heap->header->may_grow);
	do {
		if (left <= bytes)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&heap->header->may_grow, &left, left - bytes,
							memory_order_relaxed, memory_order_relaxed));
	if (area_populate(heap, offset, bytes, context))
		return true;
	area_forbid(heap);
	return false;
}

/* A sample waits for no more than this. */
static const struct growth by_program = {.reserve = program_reserve, .step_bytes = UINT64_C(1) << 20};

uint32_t area_room_for(const struct heap *heap, enum seep_area_id id, uint32_t entries)
{
	uint32_t room = area_room(heap, id);
	return room >= entries || entries > heap->capacity[id] ? room : raise_room(heap, id, entries, &by_program);
}

bool area_room_for_whole(const struct heap *heap, enum seep_area_id id)
{
	uint32_t capacity = heap->capacity[id];
	return area_room_for(heap, id, capacity) >= capacity;
}

bool area_room_for_level(const struct heap *heap, uint32_t level)
{
	return area_has_level(heap, level) || raise_level(heap, level, &by_program);
}

static void keep_ahead(const struct heap *heap, enum seep_area_id id, uint64_t used, const struct growth *growth)
{
	uint32_t room = area_room(heap, id);
	if (room < heap->capacity[id] && used > room / 2)
		raise_room(heap, id, room + 1, growth);
}

/* A line of eight slots overflows once in two thousand where a quarter of its level is used. */
static void index_keep_ahead(const struct heap *heap, uint32_t sites, const struct growth *growth)
{
	for (uint32_t id = SEEP_AREA_INDEX1; id <= SEEP_AREA_INDEX2 && sites > heap->capacity[id - 1] / 4; id++)
		raise_room(heap, id, heap->capacity[id], growth);
}

/* Each call in the ring may add two pieces to a state of mappings: its own, and what is behind the hole that it makes. */
static void mappings_keep_ahead(const struct heap *heap, const struct growth *growth)
{
	const struct seep_heap_header *header = heap->header;
	const struct seep_heap_mapping_state *state = &header->mapping_states[load_relaxed(&header->mapping_round) % 2];
	const uint64_t ring = heap->capacity[SEEP_AREA_MAPPING_RING], most = heap->capacity[SEEP_AREA_MAPPINGS];
	const uint64_t waiting = load_relaxed(&header->mapping_head) - state->tail;
	const uint64_t entries = 2 * (state->count + 2 * (waiting < ring ? waiting : ring));
	keep_ahead(heap, SEEP_AREA_MAPPINGS, 2 * (uint64_t)state->count, growth);
	raise_room(heap, SEEP_AREA_MAPPINGS, (uint32_t)(entries < most ? entries : most), growth);
	keep_ahead(heap, SEEP_AREA_MAPPING_SITES, 2 * (uint64_t)state->site_count, growth);
}

void area_keep_ahead(const struct heap *heap, area_reserver *reserve, void *context)
{
	const struct growth growth = {.reserve = reserve, .context = context, .step_bytes = UINT64_MAX};
	const struct seep_heap_header *header = heap->header;
	keep_ahead(heap, SEEP_AREA_MODULES, load_relaxed(&header->module_count), &growth);
	keep_ahead(heap, SEEP_AREA_STACKS, load_relaxed(&header->cell_count), &growth);
	keep_ahead(heap, SEEP_AREA_SITES, load_relaxed(&header->site_count), &growth);
	keep_ahead(heap, SEEP_AREA_LIFETIMES, load_relaxed(&header->lifetime_count), &growth);
	mappings_keep_ahead(heap, &growth);
	index_keep_ahead(heap, load_relaxed(&header->site_count), &growth);
	/* removed is read first: insertions in between only make the result too large */
	uint64_t removed = load_relaxed(&header->live_removed), live = load_relaxed(&header->live_inserted) - removed;
	uint64_t slots = 0;
	for (uint32_t level = 0; level < SEEP_LIVE_LEVELS; level++) {
		if (!area_has_level(heap, level)) {
			if (live > slots / 4)
				raise_level(heap, level, &growth);
			return;
		}
		slots += heap->capacity[SEEP_AREA_LIVE0 + level];
	}
}

static bool run_reserve(uint64_t offset, uint64_t bytes, void *context)
{
	int *file = context;
	return system_allocate(*file, 0, offset, bytes) == 0;
}

int area_reserve_file(int file, const struct seep_heap_header *header)
{
	struct quiet_write quiet = quiet_write_enter();
	int error = (int)file_size_check(header->file_bytes);
	if (!error)
		error = system_truncate(file, header->file_bytes);
	if (!error && !area_visit_room(header, run_reserve, &file))
		error = -ENOSPC;
	quiet_write_leave(&quiet);
	return error;
}
