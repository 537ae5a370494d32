/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A core dump, as the kernel or gdb makes it: what of the process's memory is in the file, its threads' registers, and the files
 * that were mapped. Anybody may have made the file: all that it says is checked before it is used, and it is read by pread() alone.
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
	uint64_t offset;     /* in the file, of the first `kept` bytes; the others are not in it */
	uint64_t kept;
	uint32_t access;  /* PF_R, PF_W, PF_X */
	const char *file; /* that was mapped there, by its path; "": none, or it is not told */
};

struct core_dump {
	const char *name; /* borrowed */
	int descriptor;
	uint64_t file_bytes;
	uint64_t made_ns;              /* when the file was last written, of the clock that tells the date */
	pid_t pid;                     /* 0: it is not told */
	int signal;                    /* for which it was made; 0: none */
	struct core_segment *segments; /* ascending, without overlaps */
	size_t segment_count;
	size_t thread_count;
	struct buffer registers; /* of all threads, as words of 8 bytes, vector registers too */
	struct buffer notes;
	size_t file_count; /* that are named as mapped; 0: it is not told which were */
};

/* False: nothing is held, and the error names the file and what is wrong with it. */
bool core_dump_open(struct core_dump *core, const char *path, struct error *error);
void core_dump_close(struct core_dump *core);

/* Which segment an address lies in; NULL: in none. */
const struct core_segment *core_dump_segment(const struct core_dump *core, uint64_t address);

/* False: not all of it is in the file. */
bool core_dump_read(const struct core_dump *core, uint64_t address, void *to, size_t bytes);

#endif
