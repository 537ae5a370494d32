/* SPDX-License-Identifier: Apache-2.0 */
/* The common result of the readers of other tools' formats: stacks of addresses or of names, with values, and the
 * modules of these addresses. Every index in it is valid, every number finite, every text fit to print.
 * analyzer/profile/ makes a profile of it. */
#ifndef SEEP_FOREIGN_FOREIGN_PROFILE_H
#define SEEP_FOREIGN_FOREIGN_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <seep/measure.h>

#include "base/budget.h"
#include "base/error.h"
#include "base/map.h"
#include "base/source_line.h"
#include "base/string_pool.h"

enum {
	FOREIGN_DEPTH_MAX = 1024, /* frames of a stack; a longer one loses its outermost callers */
	FOREIGN_TEXT_LIMIT = BUDGET_NAME_BYTES,
};

/* A part of a file that was mapped into memory. */
struct foreign_mapping {
	uint64_t start, limit, file_offset;
	const char *path;  /* fit to print */
	const char *place; /* as the file system has it */
	uint8_t build_id[32];
	uint32_t build_id_bytes;
};

struct foreign_location {
	uint64_t address;    /* in memory */
	uint32_t mapping;    /* index + 1; 0: none */
	uint32_t line_count; /* 0: the source has no names */
	size_t first_line;   /* innermost first */
	bool exact;          /* otherwise it is a return address */
};

struct foreign_stack {
	size_t first_frame; /* leaf first */
	uint32_t depth;
	bool truncated;
	struct seep_measure in_use, allocated;
};

enum foreign_value {
	FOREIGN_INUSE_SPACE = 1 << 0,
	FOREIGN_INUSE_OBJECTS = 1 << 1,
	FOREIGN_ALLOC_SPACE = 1 << 2,
	FOREIGN_ALLOC_OBJECTS = 1 << 3,
};

struct foreign_profile { /* zero-initialise */
	struct string_pool *strings;
	struct foreign_mapping *mappings;
	size_t mapping_count, mapping_capacity;
	struct source_line *lines;
	size_t line_count, line_capacity;
	struct foreign_location *locations;
	size_t location_count, location_capacity;
	uint32_t *frames; /* location indices of all stacks */
	size_t frame_count, frame_capacity;
	struct foreign_stack *stacks;
	size_t stack_count, stack_capacity;
	struct map *by_address; /* for locations without names: from address to index + 1 */
	uint64_t rate;          /* 0: unknown */
	uint64_t plain_bytes;   /* of the input, unpacked */
	const char *format;     /* "jemalloc", ... */
	const char *arguments;  /* the command line, fit to print; NULL: unknown */
	bool has_time;
	uint64_t time_ms;  /* since the program began */
	uint64_t identity; /* for a profile of several moments: equal for all of them */
	uint32_t lacks;    /* values that it does not count, which are 0 in every stack: bits of enum foreign_value */
};

void foreign_profile_free(struct foreign_profile *foreign);

/* The location of a return address, made when it is first asked for. */
uint32_t foreign_profile_address(struct foreign_profile *foreign, uint64_t address);
void foreign_profile_frame(struct foreign_profile *foreign, uint32_t location);

/* Finds the mapping of every location that has none yet, by its address. */
void foreign_profile_map_addresses(struct foreign_profile *foreign);

/* A stack's samples, as they were counted. If sampling has a rate, each stands for more than itself, by their mean
 * size, as jeprof and pprof reckon. Rate 0: they are estimates already. */
struct seep_measure foreign_measure(double objects, double bytes, uint64_t rate);

/* The moment of a file with events whose state is wanted. */
struct foreign_moment {
	enum { FOREIGN_AT_END, FOREIGN_AT_PEAK, FOREIGN_AT_TIME } kind;
	uint64_t time_ms;
};

/* The format of a file, by its first bytes; NULL: seep reads no such format. The whole file then goes to
 * foreign_profile_read(), which fills `foreign` or says in one line what is wrong. Only heaptrack's have moments. */
enum foreign_format {
	FOREIGN_NONE,
	FOREIGN_JEMALLOC,
	FOREIGN_GPERFTOOLS,
	FOREIGN_PPROF,
	FOREIGN_HEAPTRACK,
	FOREIGN_PACKED, /* by gzip or zstd: telling the format may need more than the first bytes */
};
/* seep reads no larger file, and nothing that unpacks to more than this. */
#define FOREIGN_BYTES_LIMIT (UINT64_C(256) << 20)
size_t foreign_plain_limit(size_t packed_bytes);

enum foreign_format foreign_profile_recognize(const unsigned char *head, size_t bytes);
bool foreign_profile_read(struct foreign_profile *foreign, enum foreign_format format, const char *name,
			  const unsigned char *data, size_t bytes, const struct foreign_moment *moment,
			  struct error *error);

/* The readers of single formats. heaptrack's unpacks by itself, because such a file may be too large for memory. */
bool heap_text_read(struct foreign_profile *foreign, const char *name, const char *data, size_t bytes,
		    struct error *error);
bool pprof_read(struct foreign_profile *foreign, const char *name, const unsigned char *data, size_t bytes,
		struct error *error);
bool heaptrack_is_heaptrack(const unsigned char *head, size_t bytes);
bool heaptrack_read(struct foreign_profile *foreign, const char *name, const unsigned char *data, size_t bytes,
		    const struct foreign_moment *moment, struct error *error);

#endif
