/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A core dump, as the kernel or gdb makes it: the parts of the process's memory that are in the file, its threads'
 * registers, and the files that were mapped. The file is untrusted: everything is checked before it is used, and read
 * by pread() alone.
 */
#ifndef SEEP_COREDUMP_CORE_DUMP_H
#define SEEP_COREDUMP_CORE_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"

struct core_segment {
	uint64_t start, end; /* addresses */
	uint64_t offset;     /* in the file, for the first `kept` bytes; the others are not in it */
	uint64_t kept;
	uint32_t access;  /* PF_R, PF_W, PF_X */
	const char *file; /* the path of the file that was mapped there; "": none, or unknown */
};

struct core_dump {
	const char *name; /* borrowed */
	int descriptor;
	uint64_t file_bytes;
	uint64_t made_ns;              /* when the file was last written, by the clock of the day */
	pid_t pid;                     /* 0: unknown */
	int signal;                    /* the signal for which it was made; 0: none */
	struct core_segment *segments; /* ascending, without overlaps */
	size_t segment_count;
	size_t thread_count;
	struct buffer registers; /* of all threads, as 8-byte words, vector registers included */
	struct buffer notes;
	size_t file_count; /* how many files are named as mapped; 0: unknown */
};

/* False: nothing is held, and the error names the file and what is wrong with it. */
bool core_dump_open(struct core_dump *core, const char *path, struct error *error);
void core_dump_close(struct core_dump *core);

/* The segment that holds an address; NULL: none. */
const struct core_segment *core_dump_segment(const struct core_dump *core, uint64_t address);

/* False: a part of it is not in the file. */
bool core_dump_read(const struct core_dump *core, uint64_t address, void *to, size_t bytes);

#endif
