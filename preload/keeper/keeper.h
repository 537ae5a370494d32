/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper: folds the ring's events into the sites, writes snapshots, keeps
 * an eye on memory, its limits and modules. One a recording, told by the lease. It works
 * on the mapping alone and runs as a thread of the program or outside it.
 *
 * In the program it is a bare thread without a C library of its own: nothing
 * here allocates, uses stdio or errno, or takes a lock. It first gives itself a
 * descriptor table of its own and empties it, so what it opens is never seen by
 * the program (close(0); open() still gives 0), nor inherited by its children.
 * Its stack use is below 32 KiB.
 */
#ifndef SEEP_KEEPER_KEEPER_H
#define SEEP_KEEPER_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "heap/heap.h"
#include "keeper/lease.h"
#include "keeper/limits.h"
#include "keeper/place.h"
#include "keeper/schedule.h"

#define KEEPER_PATH_BYTES 4096
/* The program's end waits this long for the keeper, at most. */
#define KEEPER_FINISH_NS UINT64_C(5000000000)

struct keeper {
	struct heap heap;
	bool in_target;
	char directory[KEEPER_PATH_BYTES]; /* absolute: the program may change its working directory */
	uint64_t device, inode;            /* of the directory: another one of that name is not written to */

	const seep_keeper_leave *leave; /* time to go; may be NULL */

	/* outside the target, of a heap file in memory; -1: it is none */
	int file, home; /* it, and its recording's directory */
	struct place place;
	uint64_t place_inode;

	/* the keeper's own */
	uint64_t modules_ns; /* next look at the modules, outside the target */
	uint64_t space_ns;   /* after a refusal: not asked for more space before then */
	struct lease lease;
	struct limits limits;
	struct headroom headroom; /* at the last look */
	struct schedule schedule;
};

/* Binds a keeper to a recording whose directory exists; notes in the heap file what the outside must know. Before the
 * thread is started. False: the directory cannot be examined, or its path is too long. */
bool keeper_prepare(struct keeper *keeper, const struct heap *heap, const char *directory, bool in_target);

/* Outside the target, after keeper_run(), if the program has ended: a heap file in memory whose name was removed moves
 * into the recording; one whose recording was removed is removed as well; a recording that was moved is finished. */
void keeper_tidy(struct keeper *keeper);

/* Closes what a keeper outside the target has open. */
void keeper_let_go(struct keeper *keeper);

/* The thread's entry point. Returns when the program ends (in the target: after header->stop was set and the exit
 * snapshot is written; outside: when the program is gone or header->stop is set), or when another process has the
 * lease. All signals must be blocked. */
void keeper_run(struct keeper *keeper);

/* In the target, as it ends: the exit snapshot, by the keeper's thread or, where there is none, by the caller. Takes
 * KEEPER_FINISH_NS at most, beyond the caller's own writing. False: it was not written, or an outside keeper has the
 * recording; the heap file still holds all. */
bool keeper_finish(struct keeper *keeper);

#endif
