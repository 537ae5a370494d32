/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the heap file of a running program: what every site and every thread has in use. Nothing in the target
 * stops or makes a system call for it, and no snapshot is made: it reads the live table as it is, and for each site the
 * counters and, if its number is new, the stack's key. Counts of allocations lack what the ring still holds, a second's
 * worth at most.
 *
 * The file is untrusted, as everywhere: the functions of libkeeper.a that read it check each index.
 */
#ifndef SEEP_TOP_DATA_LOOK_H
#define SEEP_TOP_DATA_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include <seep/keeper.h>

#include "statistics/measure.h"

struct tally {
	uint64_t samples;              /* live samples */
	struct seep_sum in_use, young; /* their bytes; and the bytes of those born since `since_ns` */
	double allocated_bytes, allocations;
};

struct look_site {
	struct tally tally;
	uint64_t key; /* profile_site.key */
	/* the first cell of its stack: if this differs, the number now belongs to another site; 0: no stack */
	uint32_t cell;
	uint64_t hash; /* hash of that stack */
};

#define LOOK_THREADS 1024 /* later threads are counted together, as number 0 */

struct look {
	uint64_t time_ns;
	struct look_site *sites; /* by the heap file's numbers; number 0 has no stack */
	uint32_t site_count, site_room;
	struct tally *threads; /* by 1 + their numbers; empty unless threads are wanted */
	bool wants_threads;
	uint32_t thread_count, thread_room;
	struct tally all;
	struct weights *weights;
	uint64_t rate, start_ns;
	uint64_t losses[64], memory[64], memory_known; /* as in a profile */
	bool is_joined;                                /* the program ran before its recording began */
};

/* `since_ns`: blocks born from then on are young. False: the file can't be read any more, for example because its
 * recording has ended. */
bool look_take(struct look *look, const struct seep_heap_view *heap, uint64_t since_ns);
void look_free(struct look *look);

#endif
