/* SPDX-License-Identifier: Apache-2.0 */
/* Limits on the cost of reading a file, since anybody may have made it. The size of the file bounds everything that
 * seep makes of it. seep counts and shows the parts that it leaves out for that reason. Real recordings stay far below
 * the limits. */
#ifndef SEEP_BASE_BUDGET_H
#define SEEP_BASE_BUDGET_H

#include <stdint.h>

enum {
	BUDGET_NAME_BYTES = 4096, /* of a function's or file's name; a longer one is cut with "..." */
	BUDGET_LABEL_BYTES = 128, /* of a module's name in "module+0x1234"; every address has such a label of its own */
	BUDGET_INLINED_LINES = 64,  /* of one address; of a longer chain those in the middle are left out */
	BUDGET_STACK_FRAMES = 4096, /* of one stack in a call tree, inlined calls counted */
	BUDGET_SERIES_SNAPSHOTS =
	    /* judged snapshots of a series: fitting a trend takes the square of their number; a recording keeps 64 */
	256,
	BUDGET_RATIO = 100,        /* memory, and size of documents: bytes for each byte of the inputs */
	BUDGET_DEBUG_RATIO = 24,   /* the child that reads ELF: bytes for each byte of a file */
	BUDGET_SECTION_RATIO = 32, /* times its size that a compressed section may unpack to; real ones come to 10 */
	BUDGET_CHILDREN_CPU_SECONDS = 90, /* CPU time of all children of one command together */
	BUDGET_SERVER_SECONDS = 10, /* a debuginfod server that is slower than the next line for so long is given up */
	BUDGET_SERVER_BYTES_A_SECOND = 16 * 1024,
	BUDGET_SERVERS_SECONDS = 120,  /* time for all requests of one command together */
	BUDGET_SERVER_BYTES = 1 << 30, /* of one debug file */
	BUDGET_SERVER_SOURCES = 200,   /* that one command asks for */
	BUDGET_SERVER_MISSES = 3,      /* of one build: a server that lacks this many has none of its sources */
};

#define BUDGET_MIB (UINT64_C(1) << 20)

/* Nodes of a call tree. A snapshot takes 24 bytes for each of its nodes; inlining makes two or three of one. */
static inline uint64_t budget_tree_nodes(uint64_t input_bytes)
{
	return 150000 + input_bytes / 4;
}

/* The size that a packed input counts as. */
static inline uint64_t budget_packed_bytes(uint64_t file_bytes, uint64_t plain_bytes)
{
	return plain_bytes < 8 * file_bytes ? plain_bytes : 8 * file_bytes;
}

/* The most bytes that a document may have. */
static inline uint64_t budget_document_bytes(uint64_t input_bytes)
{
	return 256 * BUDGET_MIB + BUDGET_RATIO * input_bytes;
}

/* The memory that the process may take beyond that with which it began. */
static inline uint64_t budget_memory_bytes(uint64_t input_bytes)
{
	return 192 * BUDGET_MIB + BUDGET_RATIO * input_bytes;
}

/* The same for the child that reads ELF. */
static inline uint64_t budget_debug_bytes(uint64_t file_bytes)
{
	return 128 * BUDGET_MIB + BUDGET_DEBUG_RATIO * file_bytes;
}

/* The most bytes that a compressed section may unpack to. */
static inline uint64_t budget_section_bytes(uint64_t packed_bytes)
{
	return 4 * BUDGET_MIB + BUDGET_SECTION_RATIO * packed_bytes;
}

#endif
