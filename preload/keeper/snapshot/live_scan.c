/* SPDX-License-Identifier: Apache-2.0 */
/* The scan of the live table: see live_scan.h. */
#include "keeper/snapshot/live_scan.h"

#include "keeper/base/atomics.h"
#include "keeper/heap/area_growth.h"

static uint32_t level_slots(const struct live_scan *scan)
{
	return scan->heap->capacity[SEEP_AREA_LIVE0 + scan->level];
}

/* How far the home's entries reach, in slots; bounded, since the byte may be damaged. */
static uint32_t home_reach(const struct live_scan *scan, uint32_t home)
{
	uint32_t reach = load_relaxed(&scan->heap->homes[scan->level][home]), most = live_window(scan->level);
	return reach < most ? reach : most;
}

/* The last homes' windows wrap around: the slots that they reach at the start of the table are its first run. */
static void level_begin(struct live_scan *scan)
{
	uint32_t slots = level_slots(scan), window = live_window(scan->level), wrapped = 0;
	uint32_t first = slots > window ? slots - window : 0;
	for (uint32_t home = first; home < slots; home++) {
		uint32_t end = home + home_reach(scan, home);
		if (end > slots && end - slots > wrapped)
			wrapped = end - slots;
	}
	scan->home = scan->slot = 0;
	scan->stop = wrapped < slots ? wrapped : slots;
}

struct live_scan live_scan_begin(const struct heap *heap)
{
	struct live_scan scan = {.heap = heap};
	level_begin(&scan);
	return scan;
}

/* Most homes of a table that has room never had an entry: eight of those at once are passed over. */
static bool are_unused(const struct live_scan *scan, uint32_t home)
{
	typedef uint64_t __attribute__((may_alias)) eight_homes;
	return home % 8 == 0 && home + 8 <= level_slots(scan) &&
	       __atomic_load_n((const eight_homes *)(const void *)&scan->heap->homes[scan->level][home],
			       __ATOMIC_RELAXED) == 0;
}

/* The next run of slots behind the last one; false: there is none in this level. */
static bool run_find(struct live_scan *scan)
{
	uint32_t slots = level_slots(scan);
	while (scan->home < slots) {
		if (are_unused(scan, scan->home)) {
			scan->home += 8;
			continue;
		}
		uint32_t home = scan->home++, end = home + home_reach(scan, home);
		if (end > slots)
			end = slots;
		if (end <= scan->stop || end == home)
			continue;
		scan->slot = home > scan->stop ? home : scan->stop;
		scan->stop = end;
		return true;
	}
	return false;
}

enum live_read live_scan_next(struct live_scan *scan, struct live_entry *entry)
{
	for (;;) {
		while (scan->slot < scan->stop) {
			enum live_read what = live_read(scan->heap, scan->level, scan->slot++, entry);
			if (what != LIVE_EMPTY)
				return what;
		}
		if (run_find(scan))
			continue;
		if (scan->level + 1 == SEEP_LIVE_LEVELS || !area_has_level(scan->heap, scan->level + 1))
			return LIVE_EMPTY;
		scan->level++;
		level_begin(scan);
	}
}
