/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper's loop: see keeper.h. */
#include "keeper/loop/keeper.h"

#include <errno.h>
#include <string.h>

#include "keeper/base/atomics.h"
#include "keeper/base/clock.h"
#include "keeper/base/file.h"
#include "keeper/base/floating.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"
#include "keeper/heap/modules.h"
#include "keeper/heap/ring.h"
#include "keeper/heap/area_growth.h"
#include "keeper/mappings/mapping_fold.h"
#include "keeper/files/credentials.h"
#include "keeper/loop/postmortem.h"
#include "keeper/loop/keeper_private.h"
#include "keeper/program/maps.h"
#include "keeper/program/owner.h"
#include "keeper/program/process_memory.h"
#include "keeper/program/namespace.h"
#include "keeper/files/heap_location.h"
#include "keeper/program/process.h"
#include "keeper/snapshot/recycle.h"
#include "keeper/loop/request.h"
#include "keeper/program/process_arguments.h"

#define FINISH_LOOK_NS 20000000
#define LEASE_LOOK_NS 250000000                /* between looks at a lease that another process has */
#define NOBODY UINT32_MAX                      /* no process has this number */
#define REMOVAL_PAUSE_NS UINT64_C(10000000000) /* until a removal is told again; doubled each time */
#define REMOVAL_PAUSE_MOST_NS UINT64_C(3600000000000)

bool keeper_prepare(struct keeper *keeper, const struct heap *heap, const char *directory, bool in_target)
{
	struct stat status;
	memset(keeper, 0, sizeof *keeper); /* not by a literal, which may need the stack that a signal handler lacks */
	keeper->heap = *heap;
	keeper->in_target = in_target;
	keeper->exit_status = -1;
	keeper->file = keeper->home = -1;
	struct text path = text_begin(keeper->directory, sizeof keeper->directory);
	text_add(&path, directory);
	int follow = in_target ? O_NOFOLLOW : 0; /* the program has just made the directory, and followed no link */
	int descriptor = path.cut ? -ENAMETOOLONG : file_open(AT_FDCWD, directory, O_PATH | O_DIRECTORY | follow, 0);
	if (descriptor < 0)
		return false;
	int error = system_stat_descriptor(descriptor, &status);
	system_close(descriptor);
	if (error || (in_target && status.st_uid != system_effective_user()))
		return false; /* another directory is in its place already */
	keeper->device = status.st_dev;
	keeper->inode = status.st_ino;
	if (!in_target && !home_hold(keeper)) {
		keeper_let_go(keeper);
		return false;
	}
	if (in_target) {
		store_relaxed(&heap->header->pid_namespace, process_namespace());
		store_relaxed(&heap->header->alive_ns, clock_read_ns(CLOCK_MONOTONIC));
	} else if (namespace_is_foreign(heap->header)) {
		uint64_t here = namespace_find(heap->header->pid, heap->header->start_ticks);
		keeper->heap.pid_here = here ? here : NOBODY;
	}
	return true;
}

static void credentials_follow(const struct keeper *keeper)
{
	struct credentials program;
	if (!keeper->in_target || !credentials_changed(keeper->heap.header->pid, &program))
		return;
	int directory = home_open(keeper);
	credentials_take(&program, directory);
	if (directory >= 0)
		system_close(directory);
}

/* In the target: is any thread of the program's left beside ours? In a process of its own: is the program there? */
static bool program_is_there(struct keeper *keeper)
{
	const struct seep_heap_header *header = keeper->heap.header;
	if (keeper->in_target)
		return !process_is_alone(&keeper->exit_status);
	if (keeper->program >= 0)
		return !process_has_ended(keeper->program);
	return process_exists(header->pid, header->start_ticks);
}

static bool program_is_another(const struct keeper *keeper)
{
	const struct seep_heap_header *header = keeper->heap.header;
	uint64_t pid = keeper->heap.pid_here ? keeper->heap.pid_here : header->pid;
	uint64_t stack = header->program_stack && !keeper->in_target ? process_stack(pid) : 0;
	return stack && stack != header->program_stack;
}

static bool program_is_alive(struct keeper *keeper)
{
	const struct seep_heap_header *header = keeper->heap.header;
	if (keeper->looks)
		return program_is_there(keeper);
	if (keeper->in_target)
		return true;
	if (keeper->heap.pid_here && keeper->heap.pid_here != NOBODY)
		return process_exists(keeper->heap.pid_here, header->start_ticks);
	return owner_is_alive(header);
}

static void memory_look(struct keeper *keeper, uint64_t now_ns)
{
	if (schedule_memory_due(&keeper->schedule, now_ns)) {
		keeper->replaced = program_is_another(keeper);
		if (keeper->replaced)
			return;
		memory_read_status(&keeper->heap);
		if (memory_is_confined(&keeper->heap)) { /* in a way that the shim does not see */
			store_relaxed(&keeper->heap.header->confined, 1);
			area_forbid(&keeper->heap);
		}
		home_look(keeper);
		arguments_follow(&keeper->heap);
		credentials_follow(keeper);
	}
}

static void removal_tell(struct keeper *keeper, uint32_t removed, uint64_t now_ns)
{
	const bool more = removed > keeper->removed;
	if (!keeper->helper.removal || !removed || (!more && now_ns < keeper->removal_ns))
		return;
	keeper->removal_pause_ns = more ? REMOVAL_PAUSE_NS : 2 * keeper->removal_pause_ns;
	if (keeper->removal_pause_ns > REMOVAL_PAUSE_MOST_NS)
		keeper->removal_pause_ns = REMOVAL_PAUSE_MOST_NS;
	keeper->removed = removed;
	keeper->removal_ns = now_ns + keeper->removal_pause_ns;
	keeper->helper.removal(keeper->directory);
}

static void modules_look(struct keeper *keeper, uint64_t now_ns)
{
	if (keeper->in_target) {
		modules_watch(&keeper->heap);
	} else if (now_ns >= keeper->modules_ns) {
		removal_tell(keeper, maps_watch_modules(&keeper->heap), now_ns);
		keeper->modules_ns = now_ns + MAPS_LOOK_NS;
	}
}

/* Tables that fill give up what nothing needs. Where everything is needed, the keeper does not try at every step. */
static void tables_look(struct keeper *keeper, uint64_t now_ns)
{
	if (now_ns < keeper->recycle_ns || !recycle_is_due(&keeper->heap))
		return;
	if (!keeper->in_target && recycle_wants_modules(&keeper->heap))
		maps_watch_modules(&keeper->heap);
	if (recycle(&keeper->heap) == 0)
		keeper->recycle_ns = now_ns + RECYCLE_LOOK_NS;
}

/* In the target, which no longer records: takes the exit snapshot and answers those who wait for it. The snapshot does
 * not wait for the disk, because the file outlives the program anyway. The caller has the lease. */
static int keeper_complete(struct keeper *keeper)
{
	struct seep_heap_header *header = keeper->heap.header;
	uint32_t request;
	enum seep_trigger ignored;
	uint64_t number = 0;
	arguments_follow(&keeper->heap);
	bool asked = request_pending(header, &request, &ignored);
	ring_fold(&keeper->heap, keeper->heap.capacity[SEEP_AREA_RING], false);
	mapping_fold(&keeper->heap, false);
	int error = keeper_take(keeper, SEEP_TRIGGER_EXIT, false, &number);
	if (error == 0) {
		int directory = home_open(keeper);
		if (directory >= 0) {
			location_settle(directory, header, keeper->heap.bytes);
			system_close(directory);
		}
		store_release(&header->phase, SEEP_HEAP_COMPLETE); /* the program's end waits for this */
	}
	if (asked)
		request_answer(header, request, number, error);
	return error;
}

void keeper_tidy(struct keeper *keeper)
{
	char name[32];
	struct seep_fault ignored;
	if (keeper->file < 0 || program_is_alive(keeper))
		return;
	int directory = home_open(keeper);
	if (directory >= 0) {
		home_rescue(keeper);
		system_close(directory);
	} else if (home_is_removed(keeper)) {
		location_forget(&keeper->location, keeper->location_inode);
	} else { /* moved: nobody else will find it */
		home_rescue(keeper);
		postmortem_finish(keeper->home, false, SEEP_TRIGGER_EXIT, name, &ignored);
	}
}

/* Nothing is left to keep: the last snapshot is written, or the program's end will write it. */
static bool program_is_over(struct keeper *keeper)
{
	if (keeper->leave && load_relaxed(keeper->leave))
		return true;
	bool alive = program_is_alive(keeper);
	if (alive && !keeper->replaced)
		return false;
	if (alive || keeper->in_target) /* nobody else will notice that it no longer records */
		keeper_complete(keeper);
	return true;
}

/* Has the helper look at a program that stands at its end, and lets the program go on. */
static void exit_look(struct keeper *keeper)
{
	struct seep_heap_header *header = keeper->heap.header;
	if (load_acquire(&header->at_exit) != SEEP_EXIT_WAITS)
		return;
	if (keeper->helper.exit)
		keeper->helper.exit(keeper->directory, keeper->helper.context);
	store_release(&header->at_exit, SEEP_EXIT_SEEN);
	system_futex_wake(&header->at_exit, INT32_MAX);
}

/* One round. False: time to leave. */
static bool keeper_step(struct keeper *keeper, uint64_t now_ns, uint64_t *events)
{
	struct seep_heap_header *header = keeper->heap.header;
	if (!lease_renew(&keeper->heap, &keeper->lease))
		return false;
	if (program_is_over(keeper))
		return false;
	/* A keeper that can't see the program must not say that it has seen it; nor is a program alive that is being dumped: a
	 * series that went on would say that growth has ended. */
	if (keeper->heap.pid_here != NOBODY && !(load_relaxed(&header->status) & SEEP_STATUS_DUMPED))
		store_relaxed(&header->alive_ns, now_ns);
	*events = ring_fold(&keeper->heap, keeper->heap.capacity[SEEP_AREA_RING], false);
	area_keep_ahead(&keeper->heap, home_reserve, keeper);
	mapping_fold(&keeper->heap, false); /* into the room that there is now for it */
	modules_look(keeper, now_ns);
	tables_look(keeper, now_ns);
	memory_look(keeper, now_ns);
	if (load_acquire(&header->stop)) {
		if (keeper->in_target || keeper->looks || load_relaxed(&header->status) & SEEP_STATUS_LEFT)
			keeper_complete(keeper);
		return false;
	}
	keeper_take_due(keeper, now_ns);
	exit_look(keeper);
	return true;
}

/* Waits until somebody rouses us, or the program has ended. */
static void keeper_sleep(struct keeper *keeper, uint32_t wake, uint64_t sleep_ns)
{
	struct seep_heap_header *header = keeper->heap.header;
	while (sleep_ns) {
		uint64_t nap_ns = keeper->looks && sleep_ns > KEEPER_LOOK_NS ? KEEPER_LOOK_NS : sleep_ns;
		struct timespec nap = {.tv_sec = (time_t)(nap_ns / 1000000000), .tv_nsec = (long)(nap_ns % 1000000000)};
		if (system_futex_wait(&header->wake, wake, &nap) != -ETIMEDOUT ||
		    (keeper->looks && !program_is_there(keeper)))
			return;
		sleep_ns -= nap_ns;
	}
}

/* Waits until we have the lease. False: there is nothing more to keep. */
static bool lease_await(struct keeper *keeper)
{
	struct seep_heap_header *header = keeper->heap.header;
	for (;;) {
		uint32_t wake = load_acquire(&header->wake);
		if (lease_take(&keeper->heap, &keeper->lease))
			return true;
		if (load_acquire(&header->stop) || load_acquire(&header->phase) == SEEP_HEAP_COMPLETE ||
		    (keeper->leave && load_relaxed(keeper->leave)) || !program_is_alive(keeper) ||
		    program_is_another(keeper))
			return false;
		keeper_sleep(keeper, wake, LEASE_LOOK_NS);
	}
}

static void keep(struct keeper *keeper)
{
	struct seep_heap_header *header = keeper->heap.header;
	keeper->schedule = schedule_begin(clock_read_ns(CLOCK_MONOTONIC), header->start_ns, header->interval_ns);
	for (;;) {
		uint64_t events = 0;
		uint32_t wake = load_acquire(&header->wake);
		if (!keeper_step(keeper, clock_read_ns(CLOCK_MONOTONIC), &events))
			break;
		uint64_t sleep_ns =
		    schedule_sleep(&keeper->schedule, clock_read_ns(CLOCK_MONOTONIC), events,
				   keeper->heap.capacity[SEEP_AREA_RING], double_load(&header->in_use_bytes));
		keeper_sleep(keeper, wake, sleep_ns);
	}
}

static __attribute__((noinline)) void run(struct keeper *keeper)
{
	bool lost = true;
	while (lost && lease_await(keeper)) {
		keep(keeper);
		lost = !lease_renew(&keeper->heap, &keeper->lease); /* another took it, because we had stood still */
		lease_give_back(&keeper->heap, &keeper->lease);
	}
	system_futex_wake(&keeper->heap.header->phase, INT32_MAX);
}

/* A keeper in the target inherits the program's rounding and traps from the thread that started it. */
void keeper_run(struct keeper *keeper)
{
	uint32_t before = floating_enter();
	run(keeper);
	floating_leave(before);
}

static __attribute__((noinline)) int finish(struct keeper *keeper, uint64_t patience_ns)
{
	struct seep_heap_header *header = keeper->heap.header;
	uint64_t start_ns = clock_read_ns(CLOCK_MONOTONIC);
	struct lease lease = {0};
	store_release(&header->stop, 1);
	request_wake(header);
	while (load_acquire(&header->phase) != SEEP_HEAP_COMPLETE) {
		if (lease_take(&keeper->heap, &lease)) {
			/* there is no keeper, or it left without success; a keeper thread's struct is ours now */
			int error = load_acquire(&header->phase) == SEEP_HEAP_COMPLETE ? 0 : keeper_complete(keeper);
			lease_give_back(&keeper->heap, &lease);
			return error;
		}
		if (clock_read_ns(CLOCK_MONOTONIC) - start_ns >= patience_ns)
			return ETIMEDOUT;
		struct timespec nap = {.tv_nsec = FINISH_LOOK_NS};
		system_futex_wait(&header->phase, SEEP_HEAP_RECORDING, &nap);
	}
	return 0;
}

int keeper_finish(struct keeper *keeper, uint64_t patience_ns)
{
	uint32_t before = floating_enter();
	int error = finish(keeper, patience_ns);
	floating_leave(before);
	return error;
}
