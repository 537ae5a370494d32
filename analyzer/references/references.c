/* SPDX-License-Identifier: Apache-2.0 */
/* See references.h. */
#include "references/references.h"

#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <seep/keeper.h>
#include <seep/process.h>

#include "base/memory.h"
#include "keeper/base/clock.h"
#include "keeper/snapshot/live_scan.h"
#include "process/thread.h"
#include "copy/freed.h"
#include "references/kernel.h"
#include "copy/permission.h"
#include "copy/room.h"
#include "references/scan.h"

enum {
	PAUSE_MS = 100, /* at most, to stop all threads */
	APART_MS = 2000,
	WATCH_MS = 10,
	WATCHES_A_ROOM = 5, /* watches between two looks at the room that is left */
};

#define SCAN_NS_MOST UINT64_C(120000000000)

struct look {
	struct blocks blocks;
	struct marks marks;
	uint64_t time_ns, scanned_bytes, scan_cpu_ns, unread_bytes;
	bool hidden;
};

struct finder {
	pid_t pid;
	bool is_at_exit;
	struct imaging imaging;
	struct seep_heap_view view;
	struct heap heap;
	struct room room;
	char heap_file[PATH_MAX];
	char libc[sizeof((struct seep_heap_header *)0)->allocator_path + 1]; /* "": its malloc() is not glibc's */
};

static void live_read_all(const struct finder *finder, struct blocks *blocks)
{
	struct live_scan scan = live_scan_begin(&finder->heap);
	struct live_entry entry;

	for (enum live_read what; (what = live_scan_next(&scan, &entry)) != LIVE_EMPTY;)
		if (what == LIVE_ENTRY)
			blocks_add(blocks, entry.address, entry.size, entry.birth_ns);
}

static int block_compare(const void *left, const void *right)
{
	const struct block *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->birth_ns > b->birth_ns) - (a->birth_ns < b->birth_ns);
}

/* Keeps those of the first blocks that are among the second, unchanged. */
static void blocks_meet(struct blocks *before, const struct blocks *after)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < before->count; i++) {
		const struct block *block = &before->items[i];
		const struct block *same =
		    after->count ? bsearch(block, after->items, after->count, sizeof *block, block_compare) : NULL;
		if (same && same->end == block->end)
			before->items[kept++] = *block;
	}
	before->count = kept;
}

static void blocks_sort(struct blocks *blocks)
{
	if (blocks->count)
		qsort(blocks->items, blocks->count, sizeof *blocks->items, block_compare);
}

static bool mappings_read(const struct finder *finder, struct ledger *ledger, pid_t pid, struct error *error)
{
	const struct ledger_program program = {.executable = "", .allocator = "", .heap_file = finder->heap_file};

	if (!ledger_read(ledger, (uint64_t)pid))
		return error_set(error, "%d has ended", (int)finder->pid);
	if (ledger->cut_bytes) {
		ledger_free(ledger);
		return error_set(error, "%d has more than %d mappings", (int)finder->pid, LEDGER_MAPPINGS);
	}
	ledger_classify(ledger, &program);
	return true;
}

static bool ledger_has_named(const struct ledger *ledger, const char *beginning)
{
	for (uint32_t i = 0; i < ledger->count; i++)
		if (strncmp(ledger->names + ledger->mappings[i].name, beginning, strlen(beginning)) == 0)
			return true;
	return false;
}

static bool has_ended(pid_t pid)
{
	char state;

	return !seep_process_shown_as((uint64_t)pid, &state) || state == 'Z' || state == 'X';
}

/* Waits until the scan is done. The scan stops if the program or the copy ends, or memory runs short. */
static bool scan_watch(const struct finder *finder, struct scan *scan, struct error *error)
{
	pthread_t thread;
	const char *why = NULL;
	unsigned watches = 0;

	if (!thread_start(&thread, scan_run, scan, false))
		return error_set(error, "no thread can be made");
	while (!atomic_load(&scan->done)) {
		if (!why && has_ended(finder->pid))
			why = "is of no use, because the program has ended";
		else if (!why && !image_is_there(scan->image))
			why = "has ended";
		else if (!why && !finder->is_at_exit && watches++ % WATCHES_A_ROOM == 0 && room_is_short(&finder->room))
			why = "was given up: memory has run short";
		else if (!why && clock_read_ns(CLOCK_MONOTONIC) > scan->deadline_ns)
			why = "was given up: it took too long";
		if (why)
			atomic_store(&scan->stop, true);
		poll(NULL, 0, WATCH_MS);
	}
	pthread_join(thread, NULL);
	if (!why && scan->has_failed)
		why = "can't be read";
	return !why || error_set(error, "%d: the copy of its memory %s", (int)finder->pid, why);
}

static bool image_scan(struct finder *finder, struct look *look, const struct image *image, struct error *error)
{
	struct ledger copied, mapped;
	struct scan scan = {.image = image,
			    .program = finder->pid,
			    .copied = &copied,
			    .mapped = &mapped,
			    .marks = &look->marks,
			    .shim_end = finder->imaging.work.shim ? finder->imaging.work.shim->end : 0,
			    .deadline_ns = look->time_ns + SCAN_NS_MOST,
			    .gives_way = !finder->is_at_exit};

	if (!mappings_read(finder, &copied, image->pid, error))
		return false;
	if (!mappings_read(finder, &mapped, finder->pid, error)) {
		ledger_free(&copied);
		return false;
	}
	kernel_words_take(&look->marks, finder->pid, &look->hidden);
	look->hidden |= ledger_has_named(&mapped, "/[aio]"); /* the ring that io_setup() makes */
	scan.freed = finder->libc[0] ? freed_find(image->pid, &copied, finder->libc) : NULL;
	struct dead_range *dead = stacks_find_dead(image, &copied, finder->pid, &scan.dead_count);
	scan.dead = dead;
	bool scanned = scan_watch(finder, &scan, error);
	look->scan_cpu_ns = scan.cpu_ns;
	look->scanned_bytes = scan.scanned_bytes;
	look->unread_bytes = scan.unread_bytes;
	free(dead);
	free(scan.freed);
	ledger_free(&mapped);
	ledger_free(&copied);
	return scanned;
}

static void look_free(struct look *look)
{
	marks_free(&look->marks);
	blocks_free(&look->blocks);
}

static bool memory_take(struct finder *finder, struct image *image, const struct ledger *mappings, struct error *error)
{
	return finder->is_at_exit ? image_hold(image, &finder->imaging, error)
				  : image_take(image, &finder->imaging, mappings, error);
}

static void memory_drop(struct finder *finder, struct image *image, const struct ledger *mappings)
{
	if (finder->is_at_exit)
		image_let_go(image, &finder->imaging);
	else
		image_drop(image, &finder->imaging, mappings);
}

/* False: nothing is held. */
static bool look_take(struct finder *finder, struct look *look, struct error *error)
{
	struct ledger mappings;
	struct blocks after = {0};
	struct image image;

	*look = (struct look){.time_ns = clock_read_ns(CLOCK_MONOTONIC)};
	if ((!finder->is_at_exit && !room_is_there(&finder->room, finder->pid, error)) ||
	    !mappings_read(finder, &mappings, finder->pid, error))
		return false;
	live_read_all(finder, &look->blocks);
	bool taken = memory_take(finder, &image, &mappings, error);
	if (taken) {
		live_read_all(finder, &after);
		blocks_sort(&after);
		blocks_meet(&look->blocks, &after);
		free(after.items);
		blocks_close(&look->blocks);
		marks_begin(&look->marks, &look->blocks);
		taken = image_scan(finder, look, &image, error);
		memory_drop(finder, &image, &mappings);
		marks_close(&look->marks);
	}
	ledger_free(&mappings);
	if (!taken)
		look_free(look);
	return taken;
}

/* Joins the findings about blocks that existed both times; the stronger reference counts. */
static void looks_join(struct references *references, const struct look *first, const struct look *second)
{
	references->findings = memory_allocate(first->blocks.count + 1u, sizeof *references->findings);
	for (uint32_t i = 0, k = 0; i < first->blocks.count; i++) {
		const struct block *block = &first->blocks.items[i];
		while (k < second->blocks.count && second->blocks.items[k].start < block->start)
			k++;
		if (k == second->blocks.count || second->blocks.items[k].start != block->start ||
		    second->blocks.items[k].birth_ns != block->birth_ns)
			continue;
		const enum seep_reference one = marks_state(&first->marks, i), other = marks_state(&second->marks, k);
		references->findings[references->count++] = (struct reference_finding){
		    .address = block->start, .birth_ns = block->birth_ns, .state = one < other ? one : other};
	}
	references->looked_ns = second->time_ns;
	references->apart_ns = second->time_ns - first->time_ns;
	references->scanned_bytes = second->scanned_bytes;
	references->scan_cpu_ns = second->scan_cpu_ns;
	references->unread_bytes = second->unread_bytes;
	references->hidden = first->hidden | second->hidden;
}

/* Meanwhile the program's threads may need an answer. */
static void wait_apart(struct finder *finder)
{
	for (double until_ms = tracing_now_ms() + APART_MS; tracing_now_ms() < until_ms; tracing_nap(10))
		tracees_serve(&finder->imaging.work.tracees);
}

static bool looks_take(struct finder *finder, struct references *references, struct error *error)
{
	struct look first, second;

	if (!look_take(finder, &first, error))
		return false;
	if (finder->is_at_exit) {
		looks_join(references, &first, &first);
		look_free(&first);
		return true;
	}
	wait_apart(finder);
	bool taken = look_take(finder, &second, error);
	if (taken) {
		looks_join(references, &first, &second);
		look_free(&second);
	}
	look_free(&first);
	return taken;
}

static bool heap_take(struct finder *finder, const char *directory, struct error *error)
{
	struct seep_fault fault = {0};
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%.*s/%s", PATH_MAX - 8, directory, SEEP_HEAP_NAME);
	if (!realpath(path, finder->heap_file))
		finder->heap_file[0] = 0;
	if (!seep_heap_open(&finder->view, directory, false, &fault))
		return error_set(error, "%s: %s", path, fault.text);
	if (heap_bind(&finder->heap, finder->view.map, finder->view.bytes, &fault)) {
		const struct seep_heap_header *header = finder->heap.header;
		if (strncmp(header->allocator, "glibc", sizeof header->allocator) == 0)
			memcpy(finder->libc, header->allocator_path, sizeof header->allocator_path);
		return true;
	}
	seep_heap_close(&finder->view);
	return error_set(error, "%s: %s", path, fault.text);
}

static bool find(struct references *references, const char *directory, pid_t pid, bool is_at_exit, struct error *error)
{
	struct finder finder = {.pid = pid, .is_at_exit = is_at_exit};

	*references = (struct references){0};
	if (!process_may_be_copied(pid, error) || !heap_take(&finder, directory, error))
		return false;
	bool found = imaging_begin(&finder.imaging, pid, PAUSE_MS, error);
	if (found) {
		found = looks_take(&finder, references, error);
		imaging_end(&finder.imaging);
		references->longest_stop_ns = (uint64_t)(finder.imaging.work.tracees.longest_ms * 1e6);
	}
	seep_heap_close(&finder.view);
	return found;
}

bool references_find(struct references *references, const char *directory, pid_t pid, struct error *error)
{
	return find(references, directory, pid, false, error);
}

bool references_find_at_exit(struct references *references, const char *directory, pid_t pid, struct error *error)
{
	return find(references, directory, pid, true, error);
}

void references_free(struct references *references)
{
	free(references->findings);
	*references = (struct references){0};
}
