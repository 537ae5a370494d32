/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the sampled blocks of a running program that nobody refers to: no word of its memory and registers points into
 * them. seep looks twice, some seconds apart, and only what it finds both times counts: a pointer that is being moved
 * when the program stands still has arrived by the second time.
 *
 * A look takes the sampled blocks before and after, and uses those that existed all the time; a copy of the program's
 * memory (image.h); all words of the copy (scan.h), and those that the kernel has (kernel.h).
 */
#ifndef SEEP_REFERENCES_REFERENCES_H
#define SEEP_REFERENCES_REFERENCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <seep/snapshot.h>

#include "base/error.h"

struct reference_finding {
	uint64_t address, birth_ns; /* of a sampled block */
	enum seep_reference state;
};

struct references {
	struct reference_finding *findings; /* sorted by address */
	size_t count;
	uint64_t looked_ns;                  /* monotonic time of the second look */
	uint64_t apart_ns;                   /* between the two looks */
	uint64_t longest_stop_ns;            /* the longest time that the program stood still */
	uint64_t scanned_bytes, scan_cpu_ns; /* for the second look */
	uint64_t unread_bytes;               /* bytes that nobody can read */
	bool hidden;                         /* the kernel holds references that can't be seen */
};

/* For the process that records into a directory. Takes some seconds. False: the error says why it can't be done, and
 * the program is as it was. */
bool references_find(struct references *references, const char *directory, pid_t pid, struct error *error);

/* For a process that waits at its end: looks once, at its own memory, while all of its threads stand still. */
bool references_find_at_exit(struct references *references, const char *directory, pid_t pid, struct error *error);
void references_free(struct references *references);

#endif
