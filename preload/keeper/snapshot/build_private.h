/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The site half of building a snapshot: which sites are worth an entry, their
 * stacks, counters and lifetimes. Private to build.c and build_sites.c.
 */
#ifndef SEEP_SNAPSHOT_BUILD_PRIVATE_H
#define SEEP_SNAPSHOT_BUILD_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "keeper/heap/ring.h"
#include "keeper/arenas/heap_account.h"
#include "keeper/ledger/ledger_look.h"
#include "keeper/mappings/mapping_fold.h"
#include "keeper/snapshot/build.h"
#include "keeper/image/snapshot_writer.h"
#include "keeper/image/stack_tree.h"

/* An unread event of the ring, in its site's list. */
struct pending {
	struct event event;
	uint32_t next; /* 1 + index; 0: last */
};

/* A site of the heap file. */
struct build_site {
	struct seep_measure in_use;
	uint32_t pending; /* 1 + index of its first; 0: none */
	uint32_t number;  /* in the snapshot; 0: left out, but for site 0 */
	uint32_t node, flags;
	bool counts; /* its counters are in its own entry of the heap file */
};

/* The program's mappings. */
struct build_mappings {
	struct mapping_table table; /* without arrays: it could not be read */
	struct mapping_number {
		uint32_t node, flags;
		uint32_t number; /* in MAPPING_SITES */
		uint64_t opened,
		    opened_bytes; /* of a site that maps without access: parts that are accessible by now */
	} * numbers;              /* by the table's site */
	struct mapping_part {
		uint64_t start, end;
		uint32_t piece; /* of the table */
	} * parts;              /* in use: may be accessed */
	uint32_t part_count, part_capacity;
	struct ledger_piece *owners; /* in order of addresses */
	uint64_t allocator_bytes;    /* that the allocator has mapped */
	uint64_t resident_bytes;     /* of the rest; where `absences` is there */
	struct seep_absence *absences;
	uint32_t absence_count;
};

struct build {
	const struct heap *heap;
	const struct build_options *options;
	struct snapshot_writer image;
	struct tree tree;
	struct pending *pending;
	size_t pending_bytes;
	uint32_t pending_count;
	struct build_site *sites;
	uint64_t site_count;
	uint32_t number_given_up;   /* in the snapshot, of the sites that were given up: behind the last */
	uint32_t recycled;          /* rounds of recycling that were complete then */
	uint64_t tail;              /* of the ring, when its events were read */
	uint64_t begun_ns;          /* when this attempt began */
	uint64_t newest_ns;         /* the youngest birth so far */
	uint64_t losses[SEEP_KEYS]; /* found on the way; then the header's too */
	struct ledger_look look;    /* row_count 0: nobody has looked */
	struct heap_account account;
	struct build_mappings mappings;
};

/* The counts of sites that were given up. */
static inline const struct seep_heap_given_up *build_given_up(const struct build *build)
{
	return &build->heap->header->given_up[build->recycled % 2];
}

/* The steps of mappings, in order. They read them; say whose they are, for the ledger; add their stacks to the tree;
 * look which are in memory, which may be left out; write their sections. */
bool build_mappings_read(struct build *build);
const struct ledger_piece *build_mappings_owners(struct build *build, uint32_t *count);
void build_mappings_number(struct build *build);
void build_mappings_look(struct build *build);
void build_mappings_add_values(struct build *build);
void build_mappings_write(struct build *build);
void build_mappings_free(struct build *build);

/* Adds a value to the section that is open. */
void build_value_add(struct snapshot_writer *image, uint32_t key, uint64_t amount);

/* Writes NODES, SITES and LIFETIMES, and the snapshot's site numbers into LIVE. False: no memory. */
bool build_sites(struct build *build);

#endif
