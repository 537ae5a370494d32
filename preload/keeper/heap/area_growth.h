/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Room: the part of an area whose space is there. A heap file has holes where
 * it has none, and a store into a hole of a full disk (or tmpfs) is a SIGBUS.
 * Areas begin small, and the keeper raises them ahead of need: a reservation
 * for the worst case would cost each of a thousand short processes 10 MB, at
 * small rates 90 to 380. Where the keeper is late the program helps itself by
 * MADV_POPULATE_WRITE, which answers instead of raising the signal.
 *
 * Nobody touches entries beyond header->room. A level of the live table or of
 * the index has all its room or none, and the room of a live level's homes is
 * there before its own is published.
 */
#ifndef SEEP_HEAP_AREA_GROWTH_H
#define SEEP_HEAP_AREA_GROWTH_H

#include <stdbool.h>

#include "keeper/base/atomics.h"
#include "keeper/heap/heap.h"

/* Entries of an area that may be touched, at most its capacity. The limit is read last: see area_hold(). */
static inline uint32_t area_room(const struct heap *heap, enum seep_area_id id)
{
	uint64_t room = load_acquire(&heap->header->room[id]);
	uint32_t limit = load_relaxed(&heap->limit[id]);
	uint32_t most = limit < heap->capacity[id] ? limit : heap->capacity[id];
	return room < most ? (uint32_t)room : most;
}

static inline bool area_is_whole(const struct heap *heap, enum seep_area_id id)
{
	return area_room(heap, id) == heap->capacity[id];
}

static inline bool area_has_level(const struct heap *heap, uint32_t level)
{
	return area_is_whole(heap, SEEP_AREA_LIVE0 + level);
}

/* For a planned header: gives all areas their whole room, or little room to those that can grow. */
void area_plan_room(struct seep_heap_header *header, bool small);

/* Sizes of a new heap file. Capacities are fixed from the rate; max_live raises or lowers the live table (0: from the
 * rate). Fills areas, room (all of it) and file_bytes of a zeroed header. */
void area_plan(struct seep_heap_header *header, uint64_t rate, uint64_t max_live);

/* The same with less capacity than the header has by now. False: there is no smaller plan. */
bool area_plan_less(struct seep_heap_header *header, uint64_t max_live);

/* The heap file's mapping counts against RLIMIT_AS: it may take this part of what the program has left, an eighth. */
#define AREA_ADDRESS_SPACE_PART 8

/* Calls visit for each run of bytes of the file that the plan has room for, page-aligned. False: visit said so. */
bool area_visit_room(const struct seep_heap_header *header,
		     bool (*visit)(uint64_t offset, uint64_t bytes, void *context), void *context);

/* Gives a new file its length and the space that the header's room needs. 0, or -errno. */
int area_reserve_file(int file, const struct seep_heap_header *header);

/* Tries to give an area room for `entries`, and returns the room that it has then. The program calls it where the
 * keeper is late: at most one system call, for a little room, and none beyond what header->may_grow allows. Any thread,
 * signal-safe. */
uint32_t area_room_for(const struct heap *heap, enum seep_area_id id, uint32_t entries);

/* The same for a whole level of the index, and for a level of the live table with its homes. True: the level is
 * there. */
bool area_room_for_whole(const struct heap *heap, enum seep_area_id id);
bool area_room_for_level(const struct heap *heap, uint32_t level);

/* The program may take this much by itself until the keeper looks again. After area_forbid(), or after an attempt that
 * was refused, it may take no more for good. */
#define AREA_ALLOWANCE_BYTES (UINT64_C(256) << 20) /* the largest level of the live table is half of that */
void area_allow(const struct heap *heap, uint64_t bytes);
void area_forbid(const struct heap *heap);

/*
 * For a program that is about to lock its memory: the kernel then brings in every page that can be read, and a heap
 * file at rate 1 has over 2 GiB of holes. From area_hold() to area_let_go() only the areas' room can be read, and no
 * area grows in this process. A thread that reads the old limit has read room before that, so it stays within the room
 * that is found after the new limits are seen by all. area_let_go() unlocks all of it. One thread at a time; no keeper
 * may be at work in this process.
 */
void area_hold(struct heap *heap);
void area_let_go(struct heap *heap);

/*
 * Between these two, for a program that has little address space, or may lock
 * little memory: gives the addresses beyond the areas' room back, for good.
 * What has no room then is counted as lost. heap->bytes is what is left from
 * the file's beginning, and area_visit_memory() finds the rest.
 */
void area_shed(struct heap *heap);

/* Calls visit for each run of the heap's memory, in pages. */
void area_visit_memory(const struct heap *heap, void (*visit)(void *start, size_t bytes));

/* Gets space for bytes of the file, page-aligned. False: there is none. */
typedef bool area_reserver(const struct heap *heap, uint64_t offset, uint64_t bytes, void *context);

/* A reserver that uses MADV_POPULATE_WRITE (Linux 5.14) on the mapping and needs no context. */
bool area_populate(const struct heap *heap, uint64_t offset, uint64_t bytes, void *context);
bool area_can_populate(void);

/* For the keeper: doubles the room of areas that are half used. */
void area_keep_ahead(const struct heap *heap, area_reserver *reserve, void *context);

#endif
