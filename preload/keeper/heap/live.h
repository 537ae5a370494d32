/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The live table: which sampled objects are alive. Authoritative: nothing else
 * decides liveness. Lock-free, in the heap file, keyed by address.
 *
 * Three levels, each an open-addressed table of its own (4 Ki slots first, so
 * that a small program touches little memory). An address has one home slot a
 * level; it lives within live_window(level) slots of its home in the first level
 * that had room. homes[level][home] is 1 + the farthest distance at which an entry
 * of that home was ever put (0: none), only ever raised, and raised before the
 * entry is published: a lookup reads that many slots, and no tombstones exist.
 *
 * One address is inserted by the thread that got it from the allocator and
 * removed by the one that gives it back, before the allocator has it: for one
 * address these never run at the same time, unless the program frees twice. A
 * block that is resized stays, tagged as moving, until the call has returned
 * and the new block is about to be put in: a thread that is killed before that
 * has the old block. Meanwhile the allocator may give its address to another
 * thread, which takes the tagged entry out before it puts its own in (an
 * address has one entry at a time); the tag tells the thread that resizes its
 * own entry from another's in the same slot.
 *
 * Slot: FREE -(insert: CAS)-> WRITING -(store-release address)-> the address
 *       -(remove: CAS)-> FREE; the address -(hold: CAS)-> the tagged address
 *       -(drop: CAS)-> FREE, or -(keep: CAS)-> the address.
 * A thread killed in WRITING leaves a slot that is never used again: counted
 * by readers as torn. Readers copy a slot and accept the copy when address and
 * birth read the same before and after (birth is stored last but for address).
 *
 * Invariant: live = inserted - removed, entries counted outside WRITING.
 */
#ifndef SEEP_HEAP_LIVE_H
#define SEEP_HEAP_LIVE_H

#include <stdbool.h>

#include "keeper/heap/heap.h"

/* The last level has nothing behind it: it looks farther before it says that it is full. */
static inline uint32_t live_window(uint32_t level)
{
	return level + 1 < SEEP_LIVE_LEVELS ? 16 : 128;
}

struct live_entry {
	uint64_t address;
	uint64_t size;
	uint64_t birth_ns;
	uint32_t rate_index;
	uint32_t site;
	uint32_t thread;
};

/* Any thread, signal-safe, lock-free. False: no room (the caller counts LIVE_FULL). */
bool live_insert(const struct heap *heap, const struct live_entry *entry);

/* Takes an address out, also one that is held. True: the caller is a user of its site (site_users.h), to be let go when
 * the free is in the ring. False: it is not there. */
bool live_remove(const struct heap *heap, uint64_t address, struct live_entry *entry);

/* An entry whose block is being resized: from live_hold() to live_drop() or live_keep(). */
struct live_hold {
	struct live_entry entry;
	uint64_t word; /* the slot's */
	uint32_t level, slot;
};

/* Tags the entry of an address, before the allocator resizes it; `thread` is the caller's number. False: there is none.
 */
bool live_hold(const struct heap *heap, uint64_t address, uint32_t thread, struct live_hold *hold);

/* The block is gone: takes the entry out, as live_remove(). False: the thread that has the address now has done so. */
bool live_drop(const struct heap *heap, const struct live_hold *hold);

/* The block stays as it was. False: as above. */
bool live_keep(const struct heap *heap, const struct live_hold *hold);

enum live_read { LIVE_EMPTY, LIVE_ENTRY, LIVE_TORN };

/* Reads one slot, for snapshots; any process. LIVE_TORN: being written, or left half-written. */
enum live_read live_read(const struct heap *heap, uint32_t level, uint32_t slot, struct live_entry *entry);

#endif
