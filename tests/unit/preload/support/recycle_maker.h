/* SPDX-License-Identifier: Apache-2.0 */
/* Heap files that are soon full, and the steps of a recorder and a keeper on them. */
#ifndef SEEP_TESTS_RECYCLE_MAKER_H
#define SEEP_TESTS_RECYCLE_MAKER_H

#include "keeper/heap/heap.h"
#include "keeper/heap/sites.h"
#include "support/snapshot_parser.h"

#define SITES 64
#define LEAF 0x100000 /* of a stack: this and a number, which is also the size of the blocks from there */

/* A heap file with few sites, and few live samples, which each round reads. */
void small_make(struct heap *heap, uint64_t rate);

uint64_t loss(const struct heap *heap, enum seep_loss_key key);

/* Into the ring or, if that is full, into the site's counters. */
void push(const struct heap *heap, const struct event *event);

/* As the recorder does, from a stack of `depth` frames that `number` decides; the site. */
uint32_t allocate(const struct heap *heap, uint64_t address, unsigned number, unsigned depth);
void release(const struct heap *heap, uint64_t address, uint64_t lifetime_ns);

/* The keeper's step. */
void keep(const struct heap *heap);

struct sums {
	uint64_t allocated, freed, in_use, lifetimes, nameless; /* samples; those in use without a stack */
	double allocated_bytes, freed_bytes;
};

struct sums sums_of(const struct snapshot *snapshot);

/* Whether every live sample has the stack from which it was allocated; sizes tell. */
bool names_are_right(const struct heap *heap);

#endif
