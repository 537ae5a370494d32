/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which sampled blocks of a running program nobody refers to: no word of its memory and registers lies in them. The program is looked at
 * twice, some seconds apart, and only what is found both times counts: a pointer that is on its way when the program
 * stands still is where it belongs the second time.
 *
 * What a look takes: the sampled blocks, before and after, of which those count that were there all the time; a copy of the
 * program's memory (image.h); all words of it (scan.h), and those that the kernel has (kernel.h).
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
	struct reference_finding *findings; /* by address */
	size_t count;
	uint64_t looked_ns;                  /* monotonic time of the second look */
	uint64_t apart_ns;                   /* from the first */
	uint64_t longest_stop_ns;            /* that the program stood still */
	uint64_t scanned_bytes, scan_cpu_ns; /* of the second look */
	uint64_t unread_bytes;               /* that nobody can read */
	bool hidden;                         /* the kernel holds references that can't be seen */
};

/* Of the process that records into a directory. Takes some seconds. False: the error says why it can't be done; the program
 * is as it was. */
bool references_find(struct references *references, const char *directory, pid_t pid, struct error *error);

/* Of one that stands at its end: looks once, while all of its threads stand still, at its memory itself. */
bool references_find_at_exit(struct references *references, const char *directory, pid_t pid, struct error *error);
void references_free(struct references *references);

#endif
