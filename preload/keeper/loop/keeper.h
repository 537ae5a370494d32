/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper: folds the ring's events into the sites, writes snapshots, keeps
 * an eye on memory, its limits and modules. The lease sees to it that a
 * recording has one. It works on the mapping alone and runs as a thread of the
 * program or outside it.
 *
 * Nothing here allocates, uses stdio or errno, or takes a lock: in the program
 * it is a bare thread without a C library of its own. There it gets a
 * descriptor table of its own, so that what it opens is never seen by the
 * program (close(0); open() still gives 0), and its children inherit none of
 * it. Its stack use is below 32 KiB.
 */
#ifndef SEEP_LOOP_KEEPER_H
#define SEEP_LOOP_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "keeper/heap/heap.h"
#include "keeper/program/lease.h"
#include "keeper/program/limits.h"
#include "keeper/files/heap_location.h"
#include "keeper/loop/schedule.h"

#define KEEPER_PATH_BYTES 4096
/* The program's end waits this long for the keeper, at most. */
#define KEEPER_FINISH_NS UINT64_C(5000000000)
#define KEEPER_LOOK_NS UINT64_C(200000000)

struct keeper {
	struct heap heap;
	bool in_target;
	char directory[KEEPER_PATH_BYTES]; /* absolute: the program may change its working directory */
	uint64_t device, inode;            /* of the directory: the keeper writes to no other directory of that name */

	const seep_keeper_leave *leave; /* time to go; may be NULL */

	struct seep_keeper_helper helper;
	uint32_t removed; /* modules without their files, when it was last told */
	uint64_t removal_ns, removal_pause_ns;

	/* Nobody tells the keeper that the program has ended: it looks, KEEPER_LOOK_NS apart. In the target: have all
	 * other threads ended (by SYS_exit)? In a process of its own: has the program? By a pidfd, or -1, then by
	 * /proc. */
	bool looks;
	int program;
	_Atomic int exit_status; /* of the program, to end with where the thread is the last; negative: unknown */
	bool replaced;           /* the process has executed another program, whose stack begins elsewhere */

	/* outside the target, of a heap file in memory; -1: it is none */
	int file, home; /* it, and its recording's directory */
	struct heap_location location;
	uint64_t location_inode;

	/* the keeper's own */
	uint64_t recycle_ns;    /* next round of recycling at the earliest */
	uint64_t modules_ns;    /* next look at the modules, outside the target */
	uint64_t ledger_due_ns; /* a snapshot from then on has LEDGER */
	uint64_t space_ns;      /* after a refusal, the keeper asks for no more space before then */
	struct lease lease;
	struct limits limits;
	struct headroom headroom; /* at the last look */
	struct schedule schedule;
};

/* Binds a keeper to a recording whose directory exists, and notes in the heap file what other processes must know. To
 * be called before the thread is started. False: the directory cannot be examined, or its path is too long. */
bool keeper_prepare(struct keeper *keeper, const struct heap *heap, const char *directory, bool in_target);

/* The process that a program has started for its recording: folds events and writes snapshots until the program has
 * ended or executed another, and writes the last one. Returns then, or when another process has the lease. */
void keeper_run_apart(const char *directory);

/* Outside the target, after keeper_run(), if the program has ended: a heap file in memory whose name was removed moves
 * into the recording; one whose recording was removed is removed as well; a recording that was moved is finished. */
void keeper_tidy(struct keeper *keeper);

/* Closes what a keeper outside the target has open. */
void keeper_let_go(struct keeper *keeper);

/* The loop. Returns when the program ends (header->stop is set, and where it is the program's own keeper the exit
 * snapshot is written; in the target also when no other thread is left; outside when the program is gone), or when another
 * process has the lease. All signals must be blocked. */
void keeper_run(struct keeper *keeper);

/* Where the program records no more: has the holder of the lease write the last snapshot, or writes it here where nobody
 * holds it. 0; ETIMEDOUT: it was not written within `patience_ns`, but may be yet; another error number: it can't be.
 * The heap file still holds everything then. */
int keeper_finish(struct keeper *keeper, uint64_t patience_ns);

#endif
